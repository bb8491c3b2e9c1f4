/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/host_world.h"

/* What fork leaves behind, and what reclaim does without swap. */

/* ---- fork ---- */

static void test_fork(void **state)
{
	struct world w;
	u64 pfn;

	start_with(&w, true, "small");
	run(&w, "write 0 0x80000000");
	run(&w, "read 0 0x40000000");
	pfn = at(&w, B).pfn;
	/* Nothing in a but the page of zeroes: nothing to copy. */
	expect(&w, "fork", "host unmap 0x10000000000 0x10000040000\n"
			   "host unmap 0x21000000000 0x21000800000\n");
	assert_page(&w, B, PG_LEVEL_4K, false);
	/* The child is gone, so a write keeps the page. */
	expect(&w, "fill b 0 0x1000", "");
	assert_page(&w, B, PG_LEVEL_4K, true);
	assert_int_equal(at(&w, B).pfn, pfn);
	stop(&w);
}

/* Pages of a huge page that is mapped by small entries cannot tell whose they are. */
static void test_fork_and_split(void **state)
{
	struct world w;
	u64 pfn;

	start_with(&w, true, "thp");
	run(&w, "fill a 0 2m");
	pfn = at(&w, A).pfn;
	run(&w, "fork");
	run(&w, "madvise a 0x1000 0x1000 dontneed");
	expect(&w, "fill a 0x2000 0x1000", "host unmap 0x20000002000 0x20000003000\n"
					   "host set_pte 0x20000002000\n");
	assert_true(at(&w, A + 0x2000).pfn != pfn + 2);
	/* A huge page that was not split is kept whole. */
	run(&w, "fill b 0 2m");
	run(&w, "fork");
	expect(&w, "fill b 0 0x1000", "");
	assert_page(&w, B, PG_LEVEL_2M, true);
	stop(&w);
}

/* ---- Reclaim ---- */

static void test_idle_v6_1(void **state)
{
	struct world w;
	char *line;
	int ages;

	start_with(&w, true, "small");
	run(&w, "write 0 0x40001000");
	run(&w, "read 0 0x40002000");
	/* Not the page of zeroes, nor what is not there. */
	expect(&w, "idle a 0 8m", "host age 0x20000001000 0x20000002000\nret 0\n");
	assert_page(&w, A + 0x1000, PG_LEVEL_4K, true);
	stop(&w);

	start_with(&w, true, "thp");
	run(&w, "write 0 0x40000000");
	expect(&w, "idle a 0 2m", "host age 0x20000000000 0x20000200000\nret 0\n");
	assert_page(&w, A, PG_LEVEL_2M, true);
	/* Not used since: no swap to go to, so it is tried in pieces, all but the first anew. */
	run(&w, "idle a 0 2m");
	assert_ptr_equal(strstr(w.text, "host age 0x20000000000 0x20000200000\n"
				"host unmap 0x20000000000 0x20000200000\n"
				"host unmap 0x20000000000 0x20000200000\n"
				"host age 0x20000001000 0x20000002000\n"
				"host age 0x20000002000 0x20000003000\n"), w.text);
	for (ages = 0, line = w.text; (line = strstr(line, "host age")); line++)
		ages++;
	assert_int_equal(ages, 512);
	assert_int_equal(frame_at(&w, A + 0x1000)->order, 0);
	stop(&w);
}

/* v6.12 asks nobody, and gives the page of zeroes for pages that are all zeroes. */
static void test_idle_v6_12(void **state)
{
	struct world w;
	u64 pfn;

	start_with(&w, false, "small");
	run(&w, "write 0 0x40001000");
	expect(&w, "idle a 0 8m", "ret 0\n");
	stop(&w);

	start_with(&w, false, "thp");
	run(&w, "write 0 0x40003000");
	/* Silent: the guest has the whole huge page. */
	expect(&w, "write 0 0x40005000", "");
	pfn = at(&w, A).pfn;
	expect(&w, "idle a 0 2m", "host unmap 0x20000000000 0x20000200000\n"
				  "host unmap 0x20000000000 0x20000200000\nret 0\n");
	assert_int_equal(at(&w, A).pfn, SIM_FRAME_ZERO);
	assert_true(sim_frame_get(&w.host, pfn)->free);
	assert_int_equal(at(&w, A + 0x3000).pfn, pfn + 3);
	assert_int_equal(at(&w, A + 0x5000).pfn, pfn + 5);
	assert_page(&w, A + 0x3000, PG_LEVEL_4K, true);
	assert_int_equal(sim_frame_get(&w.host, pfn + 3)->refs, 1);
	stop(&w);
}

/* A page that is in use by others than its mappings cannot be split. */
static void test_idle_of_a_held_page(void **state)
{
	const struct kvm_memory_slot slot = { .userspace_addr = A, .npages = 2048 };
	struct sim_host_page page;
	struct world w;

	start_with(&w, false, "thp");
	run(&w, "fill a 0 2m");
	assert_int_equal(w.host.host.ops->get_page(&w.host.host, &slot, 0, A, true, &page), 0);
	expect(&w, "idle a 0 2m", "ret 0\n");
	assert_page(&w, A, PG_LEVEL_2M, true);
	w.host.host.ops->put_page(&w.host.host, page.pfn);
	run(&w, "idle a 0 2m");
	assert_page(&w, A, PG_LEVEL_4K, true);
	stop(&w);
}

/* A huge page that two areas share is unmapped area by area. */
static void test_idle_across_areas(void **state)
{
	struct world w;

	start_with(&w, false, "thp");
	run(&w, "fill a 0 2m");
	run(&w, "mprotect a 0x100000 0x100000 r");
	expect(&w, "idle a 0x1000 0x1000",
	       "host unmap 0x20000000000 0x20000200000\n"
	       "host unmap 0x20000000000 0x20000100000\n"
	       "host unmap 0x20000000000 0x20000200000\n"
	       "host unmap 0x20000100000 0x20000200000\nret 0\n");
	assert_int_equal(frame_at(&w, A + 0x1ff000)->order, 0);
	stop(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_fork_and_split),
		cmocka_unit_test(test_idle_v6_1),
		cmocka_unit_test(test_idle_v6_12),
		cmocka_unit_test(test_idle_of_a_held_page),
		cmocka_unit_test(test_idle_across_areas),
	};

	cmocka_set_message_output(CM_OUTPUT_STDOUT);
	return cmocka_run_group_tests(tests, setup, teardown);
}
