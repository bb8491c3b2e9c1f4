/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "mmu/mmu.h"
#include "mmu/spte.h"
#include "sim/check_host.h"
#include "sim/checked_run.h"
#include "sim/sim.h"

/*
 * The checker of tables against the host, and the run that calls all checkers.  Each
 * test breaks one thing by hand, expects the complaint about just that, and mends it.
 *
 *   memory m, 4 MiB of THP, at gpa 1G       memory n, 64 KiB small, at gpa 2G
 *   1G: a huge page, written                2G: a small page, written
 *                                           2G + 4K: the page of zeroes, read
 */

#define HVA_M	SIM_MEMORY_HVA
#define HVA_N	(SIM_MEMORY_HVA + SIM_MEMORY_STRIDE)

static struct sim_checked_run run;
static char complaint[256];

static void op(const char *text)
{
	struct sim_op op = { 0 };

	assert_true(sim_op_parse(text, &op, complaint, sizeof(complaint)));
	if (!sim_checked_run_op(&run, &op, complaint, sizeof(complaint)))
		fail_msg("after \"%s\": %s", text, complaint);
}

static int setup(void **state)
{
	const struct sim_host_model_config host = {
		.thp = true, .contiguous = true, .nr_frames = 1 << 16,
	};
	struct sim_setup setup;

	sim_setup_at(sim_setup_find("v6.12-ept4-ad-pml"), &setup);
	assert_int_equal(sim_checked_run_start(&run, &setup, &host), 0);
	op("vm");
	op("memory m 4m thp");
	op("memory n 64k small");
	op("slot 0 1g 4m m 0");
	op("slot 1 2g 64k n 0");
	op("vcpu 0");
	op("write 0 1g");
	op("write 0 2g");
	op("read 0 0x80001000");
	return 0;
}

static int teardown(void **state)
{
	return sim_checked_run_stop(&run, complaint, sizeof(complaint)) ? 0 : -1;
}

static void assert_complaint(const char *about)
{
	if (sim_check_host(run.machine.kvm, &run.host, complaint, sizeof(complaint)))
		fail_msg("no complaint, expected \"%s\"", about);
	if (!strstr(complaint, about))
		fail_msg("complaint \"%s\", expected \"%s\"", complaint, about);
}

/* The value of a variable for as long as one complaint takes. */
#define assert_complaint_with(variable, value, about)			\
do {									\
	__typeof__((variable) + 0) __saved = (variable);		\
									\
	(variable) = (value);						\
	assert_complaint(about);					\
	(variable) = __saved;						\
	assert_true(sim_check_host(run.machine.kvm, &run.host, complaint, \
				   sizeof(complaint)));			\
} while (0)

/* The last entry on the way to @gpa. */
static u64 *leaf_of(gpa_t gpa)
{
	struct kvm_mmu_page *sp = to_shadow_page(run.machine.kvm->vcpus[0]->arch.mmu->root.hpa);
	u64 *entry;

	for (;;) {
		entry = &sp->spt[gpa >> (3 + 9 * sp->role.level) & 511];
		assert_true(is_shadow_present_pte(*entry));
		if (is_last_spte(*entry, sp->role.level))
			return entry;
		sp = to_shadow_page(*entry & SPTE_BASE_ADDR_MASK);
	}
}

static u64 *host_pte(u64 hva)
{
	u64 *ptep = sim_host_pt_ptep(sim_host_pt_pmd(&run.host.pt, hva), hva);

	assert_non_null(ptep);
	return ptep;
}

static struct sim_frame *frame_of(u64 spte)
{
	return (struct sim_frame *)sim_frame_get(&run.host,
						 (spte & SPTE_BASE_ADDR_MASK) >> PAGE_SHIFT);
}

/* ---- */

static void test_small_page(void **state)
{
	u64 *spte = leaf_of(UINT64_C(2) << 30), *pte = host_pte(HVA_N);
	/* The guest's code. */
	u64 other = *leaf_of(0) & SPTE_BASE_ADDR_MASK;

	/* The host changed its mind, and KVM was not told. */
	assert_complaint_with(*pte, 0, "the host maps nothing there");
	assert_complaint_with(*pte, sim_pte(0x7777, SIM_PTE_WRITE),
			      "the host maps frame 0x7777 there");
	assert_complaint_with(*pte, *pte & ~SIM_PTE_WRITE, "the host does not let it be written");
	/* KVM maps another's page. */
	assert_complaint_with(*spte, (*spte & ~SPTE_BASE_ADDR_MASK) | other, "the host maps frame");
}

static void test_page_of_zeroes(void **state)
{
	u64 *spte = leaf_of((UINT64_C(2) << 30) + 0x1000);

	assert_int_equal((*spte & SPTE_BASE_ADDR_MASK) >> PAGE_SHIFT, SIM_FRAME_ZERO);
	/* Writable, it would be everybody's. */
	assert_complaint_with(*spte, *spte | EPT_SPTE_HOST_WRITABLE,
			      "the host does not let it be written");
}

static void test_huge_page(void **state)
{
	u64 *spte = leaf_of(UINT64_C(1) << 30);
	struct sim_host_pmd *pmd = sim_host_pt_pmd(&run.host.pt, HVA_M), saved = *pmd;
	u64 ptes[512], i;

	assert_true(is_large_pte(*spte));
	assert_true(pmd->entry);
	assert_complaint_with(pmd->entry, pmd->entry + (UINT64_C(512) << 12),
			      "the host maps frame");
	assert_complaint_with(pmd->entry, pmd->entry & ~SIM_PTE_WRITE,
			      "the host does not let it be written");

	/* The same frames, by a page table. */
	for (i = 0; i < 512; i++)
		ptes[i] = saved.entry + (i << 12);
	pmd->entry = 0;
	pmd->ptes = ptes;
	assert_complaint("the host maps it by smaller pages, of level 1");
	*pmd = saved;
}

static void test_frames(void **state)
{
	u64 *spte = leaf_of(UINT64_C(2) << 30);
	struct sim_frame *frame = frame_of(*spte);

	assert_complaint_with(frame->free, true, "is free");
	assert_complaint_with(frame->refs, 2, "has 2 references");
	assert_complaint_with(frame->hva, HVA_M, "is of host address 0x20000000000");
}

static void test_no_memslot(void **state)
{
	u64 *spte = leaf_of(UINT64_C(2) << 30);

	/* 16 pages has the slot; this is the 18th. */
	assert_complaint_with(spte[17], *spte, "no memslot is here");
}

/* ---- The run ---- */

static void test_run_finds_it(void **state)
{
	u64 *spte = leaf_of(UINT64_C(2) << 30), saved = *spte;
	struct sim_op op = { .type = SIM_OP_NX_RECOVER };
	struct kvm *kvm = run.machine.kvm;
	const struct kvm_memory_slot *slot;
	struct sim_host_page page;
	int idx;

	*spte ^= EPT_SPTE_MMU_WRITABLE;
	assert_false(sim_checked_run_op(&run, &op, complaint, sizeof(complaint)));
	assert_non_null(strstr(complaint, "writable, but not MMU-writable"));
	*spte = saved;
	assert_true(sim_checked_run_op(&run, &op, complaint, sizeof(complaint)));

	/* Somebody gets a page and forgets to give it back. */
	idx = srcu_read_lock(&kvm->srcu);
	slot = gfn_to_memslot_in(__kvm_memslots(kvm, 0), 2 << 18);
	assert_int_equal(run.host.host.ops->get_page(&run.host.host, slot, 2 << 18, HVA_N, true,
						     &page), 0);
	srcu_read_unlock(&kvm->srcu, idx);
	assert_false(sim_checked_run_op(&run, &op, complaint, sizeof(complaint)));
	assert_non_null(strstr(complaint, "KVM kept 1 references"));
	run.host.host.ops->put_page(&run.host.host, page.pfn);
	assert_true(sim_checked_run_op(&run, &op, complaint, sizeof(complaint)));
}

static void test_set_ups(void **state)
{
	struct sim_setup setup;
	char name[64];
	unsigned int i;

	/* Eight machines for each profile; names lead back to numbers. */
	assert_int_equal(sim_setup_count() % 8, 0);
	for (i = 0; i < sim_setup_count(); i++) {
		assert_true(sim_setup_at(i, &setup));
		assert_int_equal(sim_setup_find(sim_setup_name(&setup, name, sizeof(name))), i);
	}
	assert_false(sim_setup_at(i, &setup));
	assert_int_equal(sim_setup_find("v6.12-ept4"), -1);
	assert_true(sim_setup_find("v6.4-npt5") >= 0);
}

static bool clean;

static int group_setup(void **state)
{
	return sim_init() || sim_checked_run_init(&run);
}

static int group_teardown(void **state)
{
	sim_checked_run_exit(&run);
	kvm_mmu_module_exit();
	clean = !sim_exit();
	return clean ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_small_page, setup, teardown),
		cmocka_unit_test_setup_teardown(test_page_of_zeroes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_huge_page, setup, teardown),
		cmocka_unit_test_setup_teardown(test_frames, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_memslot, setup, teardown),
		cmocka_unit_test_setup_teardown(test_run_finds_it, setup, teardown),
		cmocka_unit_test(test_set_ups),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown) || !clean;
}
