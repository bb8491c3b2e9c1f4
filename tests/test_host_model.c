/* SPDX-License-Identifier: GPL-2.0-only */
#include <pthread.h>

#include "tests/host_world.h"

/* ---- Small pages ---- */

static void test_reading_shares_the_zero_page(void **state)
{
	struct world w;

	start_with(&w, true, "small");
	run(&w, "read 0 0x40000000");
	run(&w, "read 0 0x80005000");
	assert_int_equal(at(&w, A).pfn, SIM_FRAME_ZERO);
	assert_int_equal(at(&w, B + 0x5000).pfn, SIM_FRAME_ZERO);
	assert_page(&w, A, PG_LEVEL_4K, false);
	assert_false(is_mapped(&w, A + 0x1000));
	stop(&w);
}

/* v6.1 tells the new page between the two notifiers; v6.12 has no such notifier. */
static void test_copy_on_write(void **state)
{
	char page[256];
	struct world w;

	start_with(&w, true, "small");
	run(&w, "read 0 0x40001000");
	run(&w, "write 0 0x40001000");
	snprintf(page, sizeof(page), "host unmap 0x20000001000 0x20000002000\n"
		 "host set_pte 0x20000001000\n"
		 "host page gfn=0x40001 pfn=0x%llx size=4k writable=1\n",
		 (unsigned long long)at(&w, A + 0x1000).pfn);
	assert_string_equal(w.text, page);
	assert_int_equal(frame_at(&w, A + 0x1000)->hva, A + 0x1000);
	stop(&w);

	start_with(&w, false, "small");
	run(&w, "read 0 0x40001000");
	run(&w, "write 0 0x40001000");
	assert_null(strstr(w.text, "set_pte"));
	assert_non_null(strstr(w.text, "host unmap 0x20000001000 0x20000002000\n"));
	stop(&w);
}

/* Writing where nothing is, and writing again, needs no notifier. */
static void test_first_write_is_quiet(void **state)
{
	struct world w;

	start_with(&w, true, "small");
	run(&w, "write 0 0x40001000");
	assert_null(strstr(w.text, "unmap"));
	assert_page(&w, A + 0x1000, PG_LEVEL_4K, true);
	expect(&w, "fill a 0x1000 0x1000", "");
	expect(&w, "fill a 0x2000 0x1000", "");
	stop(&w);
}

static void test_frame_is_used_again(void **state)
{
	struct world w;
	u64 pfn, generation;

	start_with(&w, false, "small");
	run(&w, "write 0 0x40001000");
	pfn = at(&w, A + 0x1000).pfn;
	generation = frame_at(&w, A + 0x1000)->generation;
	expect(&w, "madvise a 0x1000 0x1000 dontneed",
	       "host unmap 0x20000001000 0x20000002000\nret 0\n");
	assert_true(sim_frame_get(&w.host, pfn)->free);
	run(&w, "write 0 0x80003000");
	assert_int_equal(at(&w, B + 0x3000).pfn, pfn);
	assert_int_equal(frame_at(&w, B + 0x3000)->hva, B + 0x3000);
	assert_true(frame_at(&w, B + 0x3000)->generation != generation);
	stop(&w);
}

/* A frame that KVM holds outlives its mapping. */
static void test_references(void **state)
{
	const struct kvm_memory_slot slot = { .userspace_addr = A, .npages = 1 };
	struct sim_host_page page;
	struct world w;

	start_with(&w, false, "small");
	assert_int_equal(w.host.host.ops->get_page(&w.host.host, &slot, 0, A, true, &page), 0);
	assert_int_equal(sim_frame_get(&w.host, page.pfn)->refs, 2);
	run(&w, "madvise a 0 8m dontneed");
	assert_false(is_mapped(&w, A));
	assert_false(sim_frame_get(&w.host, page.pfn)->free);
	w.host.host.ops->put_page(&w.host.host, page.pfn);
	assert_true(sim_frame_get(&w.host, page.pfn)->free);
	stop(&w);
}

static void test_memory_is_short(void **state)
{
	struct world w;

	start_with(&w, false, "small");
	sim_host_model_fail_nth(&w.host, 1);
	expect(&w, "write 0 0x40001000", "exit error 14\n");
	run(&w, "write 0 0x40001000");
	assert_page(&w, A + 0x1000, PG_LEVEL_4K, true);

	/* The copy is made before anybody is told. */
	run(&w, "read 0 0x40002000");
	sim_host_model_fail_nth(&w.host, 1);
	expect(&w, "write 0 0x40002000", "exit error 14\n");
	assert_int_equal(at(&w, A + 0x2000).pfn, SIM_FRAME_ZERO);
	stop(&w);
}

/* ---- Transparent huge pages ---- */

static void test_huge_faults(void **state)
{
	struct world w;

	start_with(&w, true, "thp");
	run(&w, "read 0 0x40201000");
	assert_int_equal(at(&w, A + 0x201000).pfn, SIM_FRAME_HUGE_ZERO + 1);
	assert_page(&w, A + 0x200000, PG_LEVEL_2M, false);
	run(&w, "write 0 0x40401000");
	assert_page(&w, A + 0x401000, PG_LEVEL_2M, true);
	assert_int_equal(at(&w, A + 0x400000).pfn % 512, 0);
	assert_int_equal(frame_at(&w, A + 0x5ff000)->order, SIM_ORDER_2M);
	assert_int_equal(frame_at(&w, A + 0x5ff000)->hva, A + 0x400000);
	stop(&w);
}

/* Only where the area holds the whole block, is advised, and has no page table yet. */
static void test_where_huge_pages_are_not(void **state)
{
	struct world w;

	start(&w, true, NULL);
	run(&w, "vm");
	run(&w, "memory a 0x3ff000 thp");
	run(&w, "memory b 4m thp");
	run(&w, "fill a 0 0x3ff000");
	assert_page(&w, A, PG_LEVEL_2M, true);
	assert_page(&w, A + 2 * MIB, PG_LEVEL_4K, true);
	expect(&w, "madvise b 0 2m nohugepage", "ret 0\n");
	run(&w, "fill b 0 4m");
	assert_page(&w, B, PG_LEVEL_4K, true);
	assert_page(&w, B + 2 * MIB, PG_LEVEL_2M, true);

	/* The table stays when all of its pages go; a huge page leaves none. */
	run(&w, "madvise b 0 2m hugepage");
	run(&w, "madvise b 0 4m dontneed");
	run(&w, "fill b 0 4m");
	assert_page(&w, B, PG_LEVEL_4K, true);
	assert_page(&w, B + 2 * MIB, PG_LEVEL_2M, true);
	stop(&w);

	start(&w, true, &(struct sim_host_model_config) { .thp = false });
	run(&w, "vm");
	run(&w, "memory a 4m thp");
	run(&w, "fill a 0 4m");
	assert_page(&w, A, PG_LEVEL_4K, true);
	expect(&w, "madvise a 0 4m collapse", "ret -22\n");
	expect(&w, "madvise a 0 4m hugepage", "ret -22\n");
	stop(&w);
}

static void test_no_huge_page_to_be_had(void **state)
{
	struct world w;

	start_with(&w, true, "thp");
	sim_host_model_fail_nth(&w.host, 1);
	run(&w, "write 0 0x40000000");
	assert_page(&w, A, PG_LEVEL_4K, true);
	stop(&w);
}

/* A huge page of zeroes is not copied but taken apart, and one small page is copied. */
static void test_write_to_huge_zero_page(void **state)
{
	struct world w;

	start_with(&w, true, "thp");
	run(&w, "read 0 0x40000000");
	expect(&w, "fill a 0x3000 0x1000",
	       "host unmap 0x20000000000 0x20000200000\n"
	       "host unmap 0x20000003000 0x20000004000\n"
	       "host set_pte 0x20000003000\n");
	assert_page(&w, A + 0x3000, PG_LEVEL_4K, true);
	assert_int_equal(at(&w, A + 0x4000).pfn, SIM_FRAME_ZERO);
	stop(&w);
}

/* A part goes: the huge page is mapped by small entries, its frames stay one page. */
static void test_part_of_a_huge_page_goes(void **state)
{
	struct world w;
	u64 pfn;

	start_with(&w, false, "thp");
	run(&w, "fill a 0 2m");
	pfn = at(&w, A).pfn;
	expect(&w, "madvise a 0x1000 0x1000 dontneed",
	       "host unmap 0x20000001000 0x20000002000\n"
	       "host unmap 0x20000000000 0x20000200000\nret 0\n");
	assert_false(is_mapped(&w, A + 0x1000));
	assert_int_equal(at(&w, A + 0x2000).pfn, pfn + 2);
	assert_page(&w, A + 0x2000, PG_LEVEL_4K, true);
	assert_false(sim_frame_get(&w.host, pfn + 1)->free);
	assert_int_equal(sim_frame_get(&w.host, pfn)->refs, 511);
	expect(&w, "madvise a 0x2000 0x1fe000 dontneed",
	       "host unmap 0x20000002000 0x20000200000\nret 0\n");
	assert_false(sim_frame_get(&w.host, pfn + 1)->free);
	run(&w, "madvise a 0 0x1000 dontneed");
	assert_true(sim_frame_get(&w.host, pfn + 1)->free);
	stop(&w);
}

static void test_collapse(void **state)
{
	struct world w;
	u64 old;

	start_with(&w, true, "thp");
	/* Nothing there; then nothing but zeroes. */
	expect(&w, "madvise a 0 2m collapse", "ret -22\n");
	run(&w, "read 0 0x40000000");
	run(&w, "madvise a 0 0x1000 dontneed");
	run(&w, "read 0 0x40000000");
	expect(&w, "madvise a 0 2m collapse", "ret -22\n");

	run(&w, "write 0 0x40005000");
	old = at(&w, A + 0x5000).pfn;
	sim_host_model_fail_nth(&w.host, 1);
	expect(&w, "madvise a 0 2m collapse", "ret -12\n");
	expect(&w, "madvise a 0 2m collapse", "host unmap 0x20000000000 0x20000200000\nret 0\n");
	assert_page(&w, A + 0x5000, PG_LEVEL_2M, true);
	assert_true(sim_frame_get(&w.host, old)->free);
	/* It is huge already. */
	expect(&w, "madvise a 0 2m collapse", "ret 0\n");
	/* No whole block in the range: nothing to do. */
	expect(&w, "madvise a 0x1000 2m collapse", "ret 0\n");
	stop(&w);

	start_with(&w, true, "small");
	run(&w, "fill a 0 2m");
	expect(&w, "madvise a 0 2m collapse", "ret -22\n");
	stop(&w);
}

/* ---- Protection and holes ---- */

/*
 * The bound of an area moves into a block: the block is split first, whether there is a
 * huge page or not.  The other bound lies in a block that is cut already.
 */
static void test_mprotect_notifiers(void **state)
{
	struct world w;

	start_with(&w, false, "small");
	/* No table, no notifier. */
	expect(&w, "mprotect a 0x3000 0x2000 r", "ret 0\n");
	expect(&w, "mprotect a 0x3000 0x2000 rwx", "ret 0\n");
	run(&w, "write 0 0x40000000");
	expect(&w, "mprotect a 0x3000 0x2000 r",
	       "host unmap 0x20000000000 0x20000200000\n"
	       "host unmap 0x20000003000 0x20000005000\nret 0\n");
	expect(&w, "mprotect a 0x3000 0x2000 r", "ret 0\n");
	/* Merged with both sides: no bound moves into a block. */
	expect(&w, "mprotect a 0x3000 0x2000 rwx",
	       "host unmap 0x20000003000 0x20000005000\nret 0\n");
	assert_int_equal(sim_vmas_lookup(&w.host.vmas, A)->end, A + 8 * MIB);
	/* Bounds that lie between blocks. */
	expect(&w, "mprotect a 0 2m r", "host unmap 0x20000000000 0x20000200000\nret 0\n");
	stop(&w);
}

/* v6.1 goes by tables of pages and names what is behind the first; v6.12 by those above. */
static void test_mprotect_of_empty_tables(void **state)
{
	struct world w;

	start_with(&w, true, "small");
	run(&w, "write 0 0x40400000");
	expect(&w, "mprotect a 0 8m r", "host unmap 0x20000400000 0x20000800000\nret 0\n");
	stop(&w);

	start_with(&w, false, "small");
	run(&w, "write 0 0x40400000");
	expect(&w, "mprotect a 0 8m r", "host unmap 0x20000000000 0x20000800000\nret 0\n");
	stop(&w);
}

static void test_protection_holds(void **state)
{
	struct world w;

	start_with(&w, false, "small");
	run(&w, "write 0 0x40000000");
	run(&w, "mprotect a 0 0x1000 r");
	assert_page(&w, A, PG_LEVEL_4K, false);
	expect(&w, "write 0 0x40000000", "exit error 14\n");
	run(&w, "read 0 0x40000000");
	assert_non_null(strstr(w.text, "size=4k writable=0"));
	run(&w, "mprotect a 0 0x1000 none");
	expect(&w, "read 0 0x40000000", "exit error 14\n");
	stop(&w);
}

/*
 * Rights come back: v6.12 gives them to every page that is the process's own, v6.1 to
 * dirty ones only, and pages of a huge page that was split are not dirty there.
 */
static void test_rights_come_back(void **state)
{
	struct world w;

	start_with(&w, true, "thp");
	run(&w, "fill a 0 4m");
	run(&w, "mprotect a 0 0x1000 r");
	run(&w, "mprotect a 0 0x1000 rwx");
	assert_page(&w, A, PG_LEVEL_4K, false);
	assert_page(&w, A + 0x1000, PG_LEVEL_4K, true);
	run(&w, "mprotect a 2m 2m r");
	run(&w, "mprotect a 2m 2m rwx");
	assert_page(&w, A + 2 * MIB, PG_LEVEL_2M, false);
	/* A write gets it back without a copy. */
	expect(&w, "fill a 0 4m", "");
	assert_page(&w, A + 2 * MIB, PG_LEVEL_2M, true);
	/* That has made it dirty. */
	run(&w, "mprotect a 0 0x1000 r");
	run(&w, "mprotect a 0 0x1000 rwx");
	assert_page(&w, A, PG_LEVEL_4K, true);
	stop(&w);

	start_with(&w, false, "thp");
	run(&w, "fill a 0 4m");
	run(&w, "mprotect a 0 0x1000 r");
	run(&w, "mprotect a 0 0x1000 rwx");
	assert_page(&w, A, PG_LEVEL_4K, true);
	run(&w, "mprotect a 2m 2m r");
	run(&w, "mprotect a 2m 2m rwx");
	assert_page(&w, A + 2 * MIB, PG_LEVEL_2M, true);
	stop(&w);
}

static void test_holes(void **state)
{
	struct world w;

	start_with(&w, true, "small");
	run(&w, "fill a 0 8m");
	expect(&w, "munmap a 0x100000 0x1000",
	       "host unmap 0x20000000000 0x20000200000\n"
	       "host unmap 0x20000100000 0x20000101000\nret 0\n");
	expect(&w, "munmap a 0x100000 0x1000", "ret 0\n");
	expect(&w, "read 0 0x40100000", "exit error 14\n");
	expect(&w, "mprotect a 0x100000 0x2000 r", "ret -12\n");
	assert_page(&w, A + 0x101000, PG_LEVEL_4K, true);
	/* madvise goes on behind the hole. */
	expect(&w, "madvise a 0xff000 0x3000 dontneed",
	       "host unmap 0x200000ff000 0x20000100000\n"
	       "host unmap 0x20000101000 0x20000102000\nret -12\n");
	assert_false(is_mapped(&w, A + 0x101000));
	expect(&w, "munmap a 0 8m", "host unmap 0x20000000000 0x20000800000\nret 0\n");
	stop(&w);
}

/* ---- hugetlb ---- */

static void test_hugetlb(void **state)
{
	struct world w;
	u64 pfn;

	start_with(&w, true, "hugetlb2m");
	run(&w, "read 0 0x40000000");
	assert_non_null(strstr(w.text, "size=2m writable=0"));
	pfn = at(&w, A).pfn;
	/* A page of its own from the start: no copy, no notifier. */
	run(&w, "write 0 0x40000000");
	assert_null(strstr(w.text, "unmap"));
	assert_int_equal(at(&w, A).pfn, pfn);
	assert_page(&w, A, PG_LEVEL_2M, true);
	run(&w, "write 0 0x40200000");
	assert_page(&w, A + 2 * MIB, PG_LEVEL_2M, true);

	expect(&w, "madvise a 0x1000 2m dontneed", "ret -22\n");
	expect(&w, "munmap a 0x1000 2m", "ret -22\n");
	expect(&w, "mprotect a 0x1000 2m r", "ret -22\n");
	expect(&w, "idle a 0 2m", "ret -22\n");
	/* Less than a page at the end is left alone; v6.1 calls the notifiers twice. */
	expect(&w, "madvise a 0 0x201000 dontneed",
	       "host unmap 0x20000000000 0x20000200000\n"
	       "host unmap 0x20000000000 0x20000200000\nret 0\n");
	assert_true(sim_frame_get(&w.host, pfn)->free);
	assert_true(is_mapped(&w, A + 2 * MIB));
	sim_host_model_fail_nth(&w.host, 1);
	expect(&w, "read 0 0x40000000", "exit error 14\n");
	stop(&w);

	start(&w, false, NULL);
	run(&w, "vm");
	run(&w, "memory a 1g hugetlb1g");
	run(&w, "fill a 0 1g");
	assert_page(&w, A + 512 * MIB, PG_LEVEL_1G, true);
	assert_int_equal(at(&w, A).pfn % 262144, 0);
	expect(&w, "madvise a 0 1g dontneed", "host unmap 0x20000000000 0x20040000000\nret 0\n");
	stop(&w);
}

static void test_map_lines(void **state)
{
	struct world w;

	start(&w, false, NULL);
	run(&w, "vm");
	run(&w, "memory a 8m thp");
	run(&w, "slot 0 0x40001000 0x4ff000 a 0x1000");
	run(&w, "fill a 0 2m");
	run(&w, "fill a 0x400000 0x1000");
	run(&w, "fill a 0x600000 0x1000");
	/* Blocks that the slot touches, nothing for what is not mapped. */
	expect(&w, "slot-flags 0 log",
	       "host map 0x20000000000 size=2m\nhost map 0x20000400000 size=2m\nret 0\n");
	stop(&w);
}

/* ---- The VMM's own writes ---- */

/* The entry for a far address is set by the VMM, which may write its page after a fork. */
static void test_vmm_writes_guest_tables(void **state)
{
	struct world w;

	start_with(&w, true, "small");
	run(&w, "fork");
	assert_page(&w, SIM_VM_HVA + 0x11000, PG_LEVEL_4K, false);
	run(&w, "read 0 0x2000");
	assert_page(&w, SIM_VM_HVA, PG_LEVEL_4K, false);
	run(&w, "fork");
	run(&w, "read 0 0x40000000");
	assert_page(&w, SIM_VM_HVA + 0x11000, PG_LEVEL_4K, true);
	stop(&w);
}

/* Without a VM there is nobody to be told. */
static void test_without_a_vm(void **state)
{
	struct world w;

	start(&w, true, NULL);
	run(&w, "memory a 4m thp");
	expect(&w, "fill a 0 4m", "");
	expect(&w, "madvise a 0 0x1000 dontneed", "ret 0\n");
	expect(&w, "fork", "");
	expect(&w, "munmap a 0 4m", "ret 0\n");
	assert_int_equal(w.host.frames.nr_in_use, 0);
	stop(&w);
}

/* ---- Several threads ---- */

#define NR_ROUNDS	2000

static void *fault_and_fault(void *arg)
{
	const struct kvm_memory_slot slot = { .userspace_addr = A, .npages = 1024 };
	struct sim_host_model *m = arg;
	u32 i;

	for (i = 0; i < NR_ROUNDS; i++) {
		u64 hva = A + i * 37 % 1024 * 4096;
		struct sim_host_page page;

		if (!m->host.ops->get_page(&m->host, &slot, 0, hva, i & 1, &page))
			m->host.ops->put_page(&m->host, page.pfn);
	}
	return NULL;
}

/* Faults come while the host changes everything: no frame is lost or freed too early. */
static void test_faults_meet_the_host(void **state)
{
	static const char *const ops[] = {
		"madvise a 0x1000 0x100000 dontneed", "fork", "mprotect a 0 0x80000 r", "idle a 0 4m",
		"mprotect a 0 0x80000 rwx", "madvise a 0 4m dontneed", "fill a 0 0x10000",
		"madvise a 0 2m collapse",
	};
	const struct sim_host_model_config config = { .thp = true };
	pthread_t threads[2];
	struct sim_host_model m;
	struct sim_op op;
	char err[256];
	u32 i;

	assert_int_equal(sim_host_model_init(&m, NULL, &config), 0);
	assert_true(sim_op_parse("memory a 4m thp", &op, err, sizeof(err)));
	assert_int_equal(m.host.ops->run_op(&m.host, &op), 0);
	for (i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, fault_and_fault, &m), 0);
	for (i = 0; i < 400; i++) {
		assert_true(sim_op_parse(ops[i % 8], &op, err, sizeof(err)));
		m.host.ops->run_op(&m.host, &op);
	}
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_true(sim_op_parse("munmap a 0 4m", &op, err, sizeof(err)));
	assert_int_equal(m.host.ops->run_op(&m.host, &op), 0);
	assert_int_equal(m.frames.nr_in_use, 0);
	sim_host_model_exit(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reading_shares_the_zero_page),
		cmocka_unit_test(test_copy_on_write),
		cmocka_unit_test(test_first_write_is_quiet),
		cmocka_unit_test(test_frame_is_used_again),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_memory_is_short),
		cmocka_unit_test(test_huge_faults),
		cmocka_unit_test(test_where_huge_pages_are_not),
		cmocka_unit_test(test_no_huge_page_to_be_had),
		cmocka_unit_test(test_write_to_huge_zero_page),
		cmocka_unit_test(test_part_of_a_huge_page_goes),
		cmocka_unit_test(test_collapse),
		cmocka_unit_test(test_mprotect_notifiers),
		cmocka_unit_test(test_mprotect_of_empty_tables),
		cmocka_unit_test(test_protection_holds),
		cmocka_unit_test(test_rights_come_back),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_hugetlb),
		cmocka_unit_test(test_map_lines),
		cmocka_unit_test(test_vmm_writes_guest_tables),
		cmocka_unit_test(test_without_a_vm),
		cmocka_unit_test(test_faults_meet_the_host),
	};

	cmocka_set_message_output(CM_OUTPUT_STDOUT);
	return cmocka_run_group_tests(tests, setup, teardown);
}
