/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sim/check_change.h"
#include "sim/check_trace.h"
#include "tests/mmu_fixture.h"
#include "tests/mmu_trace_fixture.h"

/*
 * Which SPTE may become which.  Legal changes are those that KVM makes, all of them; illegal
 * ones are legal ones with one thing wrong.
 *
 *   slot 0: gpa 2M .. 10M      SMALL, 4 KiB leaf      HUGE_GPA, 2 MiB leaf
 */

#define SMALL		UINT64_C(0x200000)
#define SMALL_GFN	(SMALL >> 12)
#define HUGE_GPA	UINT64_C(0x400000)
#define HOLE		UINT64_C(0xfee00000)

static char complaint[2048];

static bool legal(int level, gfn_t gfn, u64 old_spte, u64 new_spte, unsigned int known)
{
	const struct sim_change change = {
		.gfn = gfn, .level = level, .old_spte = old_spte, .new_spte = new_spte,
		.known = known,
	};

	return sim_check_change(&change, NULL, complaint, sizeof(complaint));
}

#define assert_legal(level, gfn, old_spte, new_spte)				\
do {										\
	if (!legal(level, gfn, old_spte, new_spte, 0))				\
		fail_msg("%s", complaint);					\
} while (0)

#define assert_wrong_known(level, gfn, old_spte, new_spte, known, why)		\
do {										\
	if (legal(level, gfn, old_spte, new_spte, known))			\
		fail_msg("legal, expected \"%s\"", why);			\
	if (!strstr(complaint, why))						\
		fail_msg("\"%s\", expected \"%s\"", complaint, why);		\
} while (0)

#define assert_wrong(level, gfn, old_spte, new_spte, why)			\
	assert_wrong_known(level, gfn, old_spte, new_spte, 0, why)

static struct mmu_vm *vm_of(const struct mmu_config *config)
{
	struct mmu_vm *vm;

	mmu_load(config);
	vm = mmu_vm_create();
	mmu_slot(vm, 0, SMALL, 4 * MMU_2M, 0);
	return vm;
}

static struct mmu_vm *simple_vm(const char *profile, bool intel)
{
	const struct mmu_config config = mmu_config(profile, intel);
	struct mmu_vm *vm = vm_of(&config);

	mmu_map(vm->vcpu, SMALL, MMU_WRITE);
	vm->world.level = PG_LEVEL_2M;
	mmu_map(vm->vcpu, HUGE_GPA, MMU_WRITE);
	vm->world.level = PG_LEVEL_4K;
	return vm;
}

/* ---- KVM's own ---- */

/* Something of everything that changes SPTEs. */
static void work(struct mmu_vm *vm)
{
	struct kvm_vcpu *vcpu = vm->vcpu;
	unsigned long bitmap[4 * 512 / 64];
	gpa_t gpa;

	vm->world.level = PG_LEVEL_2M;
	for (gpa = SMALL; gpa < SMALL + 4 * MMU_2M; gpa += MMU_2M)
		mmu_fault(vcpu, gpa, MMU_WRITE);
	mmu_fault(vcpu, SMALL, MMU_EXEC);
	mmu_fault(vcpu, HOLE, MMU_READ);
	kvm_mmu_notifier_clear_young(vm->kvm, MMU_HVA_BASE + SMALL, MMU_HVA_BASE + HUGE_GPA);
	mmu_fault(vcpu, SMALL, MMU_READ);
	mmu_slot(vm, 0, SMALL, 4 * MMU_2M, KVM_MEM_LOG_DIRTY_PAGES);
	mmu_fault(vcpu, SMALL, MMU_WRITE_RO);
	mmu_fault(vcpu, HUGE_GPA, MMU_WRITE);
	assert_int_equal(kvm_vm_ioctl_get_dirty_log(vm->kvm, 0, bitmap), 0);
	mmu_slot(vm, 0, SMALL, 4 * MMU_2M, 0);
	mmu_fault(vcpu, HUGE_GPA, MMU_READ);
	kvm_recover_nx_huge_pages(vm->kvm, 1);
	mmu_notify_start(vm, SMALL, SMALL + MMU_2M);
	mmu_notify_end(vm, SMALL, SMALL + MMU_2M);
	vm->world.level = PG_LEVEL_4K;
	mmu_fault(vcpu, SMALL + 0x5000, MMU_READ);
	mmu_slot(vm, 1, HOLE & ~(MMU_2M - 1), MMU_2M, 0);
	mmu_fault(vcpu, HOLE, MMU_READ);
	mmu_slot(vm, 1, HOLE & ~(MMU_2M - 1), 0, 0);
	mmu_fault(vcpu, HUGE_GPA, MMU_READ);
	kvm_zap_gfn_range(vm->kvm, 0, INVALID_GFN);
}

static void test_kvm_is_legal(void **state)
{
	struct sim_check_trace *trace = calloc(1, sizeof(*trace));
	unsigned int i, ad;

	for (i = 0; i < MMU_NR_CONFIGS; i++) {
		for (ad = 0; ad < 2; ad++) {
			struct mmu_config config = mmu_config_at(i);
			struct mmu_vm *vm;

			config.cpu.has_ad_bits = ad;
			config.params.nx_huge_pages = 1;
			vm = vm_of(&config);
			memset(trace, 0, sizeof(*trace));
			sim_check_trace_start(trace);
			work(vm);
			mmu_vm_destroy(vm);
			sim_check_trace_stop();
			if (trace->finding.nr)
				fail_msg("%s", trace->finding.first);
			assert_true(trace->nr_judged > 1000);
		}
	}
	free(trace);
}

/* Whoever was there before gets everything still. */
static void test_passed_on(void **state)
{
	struct sim_check_trace *trace = calloc(1, sizeof(*trace));
	struct mmu_vm *vm = simple_vm("v6.4", true);

	trace_start();
	sim_check_trace_start(trace);
	mmu_map(vm->vcpu, SMALL + 0x1000, MMU_READ);
	sim_check_trace_stop();
	assert_int_equal(trace->nr_judged, 1);
	assert_int_equal(trace_count(TRACE_CHANGED), 1);
	trace_stop();
	free(trace);
	mmu_vm_destroy(vm);
}

/* ---- One thing wrong ---- */

static void test_leaf(void **state)
{
	struct mmu_vm *vm = simple_vm("v6.12", true);
	u64 leaf = mmu_spte(vm->vcpu, SMALL, NULL), empty = SHADOW_NONPRESENT_VALUE;

	assert_legal(1, SMALL_GFN, empty, leaf);
	assert_legal(1, SMALL_GFN, leaf, empty);
	assert_legal(1, SMALL_GFN, leaf, leaf & ~PT_WRITABLE_MASK);
	assert_wrong(1, SMALL_GFN, leaf, leaf + 0x1000, "a leaf went from frame 0x");
	assert_wrong(1, SMALL_GFN, leaf, leaf ^ SPTE_TDP_AD_WRPROT_ONLY, "the A/D type of a leaf");
	assert_wrong(1, SMALL_GFN, empty, leaf | SPTE_TDP_AD_MASK, "no such A/D type");
	assert_wrong(1, SMALL_GFN, empty, leaf & ~shadow_mmu_writable_mask,
		     "writable, but not MMU-writable");
	assert_wrong(1, SMALL_GFN, empty, leaf & ~shadow_host_writable_mask,
		     "MMU-writable, but not host-writable");
	assert_wrong(1, SMALL_GFN, empty, leaf | PT_PAGE_SIZE_MASK, "a small page that says");
	assert_wrong(1, SMALL_GFN, empty, leaf | BIT_ULL(60), "have no meaning in a leaf");
	/* The report begins with the change, in words. */
	assert_non_null(strstr(complaint, "as 0 gfn 0x200 level 1: 0x8000000000000000 (empty"));
	assert_non_null(strstr(complaint, "(4K leaf, pfn 0x"));
	mmu_vm_destroy(vm);
}

static void test_huge_leaf(void **state)
{
	struct mmu_vm *vm = simple_vm("v6.4", false);
	u64 huge = mmu_spte(vm->vcpu, HUGE_GPA, NULL);

	assert_true(is_large_pte(huge));
	assert_legal(2, HUGE_GPA >> 12, 0, huge);
	assert_wrong(2, HUGE_GPA >> 12, 0, huge + 0x1000, "the frame is not aligned");
	assert_wrong(4, 0, 0, huge, "this must not happen to an entry of level 4");
	assert_wrong(2, SMALL_GFN + 1, 0, huge, "no entry of this level begins at the gfn");
	assert_wrong(0, SMALL_GFN, 0, huge, "there is no such level");
	assert_wrong(2, kvm_mmu_max_gfn() + 1, 0, huge, "beyond what the host can address");
	mmu_vm_destroy(vm);
}

static void test_frozen(void **state)
{
	struct mmu_vm *vm = simple_vm("v6.4", true);
	u64 leaf = mmu_spte(vm->vcpu, SMALL, NULL);

	assert_legal(1, SMALL_GFN, leaf, REMOVED_SPTE);
	assert_legal(1, SMALL_GFN, 0, REMOVED_SPTE);
	assert_wrong(1, SMALL_GFN, REMOVED_SPTE, 0, "this must not happen");
	assert_wrong(1, SMALL_GFN, REMOVED_SPTE, leaf, "this must not happen");
	/* Only the owner sees it go. */
	assert_true(legal(1, SMALL_GFN, REMOVED_SPTE, 0, SIM_CHANGE_STORE));
	assert_wrong_known(1, SMALL_GFN, REMOVED_SPTE, leaf, SIM_CHANGE_STORE,
			   "this must not happen");
	assert_wrong_known(1, SMALL_GFN, leaf, REMOVED_SPTE, SIM_CHANGE_EXCLUSIVE,
			   "frozen, though mmu_lock is held for write");
	mmu_vm_destroy(vm);
}

static void test_empty(void **state)
{
	struct mmu_vm *vm = simple_vm("v6.12", true);
	u64 leaf = mmu_spte(vm->vcpu, SMALL, NULL);

	assert_wrong(1, SMALL_GFN, leaf, 0, "bit 63 of an empty entry should be 1");
	assert_wrong(1, SMALL_GFN, leaf, BIT_ULL(63) | 0x1000, "neither empty nor present");
	mmu_vm_destroy(vm);
	vm = simple_vm("v6.4", true);
	leaf = mmu_spte(vm->vcpu, SMALL, NULL);
	assert_wrong(1, SMALL_GFN, leaf, BIT_ULL(63), "bit 63 of an empty entry should be 0");
	mmu_vm_destroy(vm);
}

static void test_mmio(void **state)
{
	struct mmu_vm *vm = simple_vm("v6.4", true);
	u64 table = *mmu_sptep(vm->vcpu, SMALL, PG_LEVEL_2M), mmio;

	assert_int_equal(mmu_fault(vm->vcpu, HOLE, MMU_READ), RET_PF_EMULATE);
	mmio = mmu_spte(vm->vcpu, HOLE, NULL);
	assert_legal(1, HOLE >> 12, 0, mmio);
	assert_wrong(1, (HOLE >> 12) + 1, 0, mmio, "an MMIO SPTE made for gfn 0xfee00");
	assert_wrong(2, HOLE >> 12, 0, mmio, "this must not happen to an entry of level 2");
	assert_wrong(2, SMALL_GFN, table, mmio, "this must not happen to an entry of level 2");
	mmu_vm_destroy(vm);
}

static void test_saved_rights(void **state)
{
	struct mmu_config config = mmu_config("v6.4", true);
	struct mmu_vm *vm;
	u64 leaf;

	config.cpu.has_ad_bits = false;
	vm = vm_of(&config);
	mmu_map(vm->vcpu, SMALL, MMU_WRITE);
	leaf = mmu_spte(vm->vcpu, SMALL, NULL);
	assert_legal(1, SMALL_GFN, leaf, mark_spte_for_access_track(leaf));
	assert_legal(1, SMALL_GFN, mark_spte_for_access_track(leaf), leaf);
	assert_wrong(1, SMALL_GFN, 0, leaf | SHADOW_ACC_TRACK_SAVED_MASK,
		     "saved rights, but it is not tracked");
	mmu_vm_destroy(vm);
}

/* ---- Tables ---- */

/* The value of a variable for as long as one complaint takes. */
#define assert_wrong_with(variable, value, old_spte, new_spte, why)		\
do {										\
	__typeof__((variable) + 0) __saved = (variable);			\
										\
	(variable) = (value);							\
	assert_wrong(2, SMALL_GFN, old_spte, new_spte, why);			\
	(variable) = __saved;							\
	assert_legal(2, SMALL_GFN, old_spte, new_spte);				\
} while (0)

static void test_table(void **state)
{
	struct mmu_vm *vm = simple_vm("v6.4", true);
	u64 table = *mmu_sptep(vm->vcpu, SMALL, PG_LEVEL_2M);
	struct kvm_mmu_page *sp = mmu_table(vm->vcpu, SMALL, PG_LEVEL_4K);

	assert_legal(2, SMALL_GFN, 0, table);
	assert_wrong(2, SMALL_GFN, table, table ^ PT_WRITABLE_MASK, "this must not happen");
	assert_wrong(2, SMALL_GFN, 0, table ^ PT_WRITABLE_MASK, "an entry for a table has the bits");
	assert_wrong(2, SMALL_GFN, 0, (table & ~SPTE_BASE_ADDR_MASK) | 0x1000,
		     "there is no page table");
	assert_wrong(2, SMALL_GFN + 512, 0, table, "its header has another gfn");
	assert_wrong(3, 0, 0, table, "its header has another level");
	assert_wrong_with(sp->tdp_mmu_page, false, 0, table, "it is no page of the TDP MMU");
	assert_wrong_with(sp->ptep, NULL, 0, table, "no entry points to it");
	assert_wrong_with(sp->ptep, sp->ptep + 1, 0, table, "another entry points to it");
	assert_wrong_with(sp->role.smm, 1, 0, table, "another address space");
	assert_wrong_with(sp->possible_nx_huge_page_link.next, NULL, 0, table, "its list node");
	assert_wrong_with(sp->spt[511], 0xdeadbeef0000, 0, table,
			  "entry 511 of the table is 0xdeadbeef0000: not initialised");
	mmu_vm_destroy(vm);
}

/* In a table that a huge page was split into, each page has its part of the frames. */
static void test_split(void **state)
{
	struct mmu_vm *vm = simple_vm("v6.4", true);
	u64 huge = mmu_spte(vm->vcpu, HUGE_GPA, NULL), table;
	struct kvm_mmu_page *sp;

	mmu_slot(vm, 0, SMALL, 4 * MMU_2M, KVM_MEM_LOG_DIRTY_PAGES);
	table = *mmu_sptep(vm->vcpu, HUGE_GPA, PG_LEVEL_2M);
	sp = mmu_table(vm->vcpu, HUGE_GPA, PG_LEVEL_4K);
	assert_legal(2, HUGE_GPA >> 12, huge, table);
	sp->spt[3] += 0x1000;
	assert_wrong(2, HUGE_GPA >> 12, huge, table, "entry 3 of the table maps frame 0x");
	sp->spt[3] -= 0x1000;
	mmu_vm_destroy(vm);
}

/* What others have done to the entry before is told, too. */
static void test_history(void **state)
{
	static struct sim_history history;
	struct mmu_vm *vm = simple_vm("v6.4", true);
	u64 leaf = mmu_spte(vm->vcpu, SMALL, NULL);
	const struct sim_change change = {
		.gfn = SMALL_GFN, .level = 1, .old_spte = leaf, .new_spte = leaf + 0x1000,
	};

	sim_history_init(&history, NULL);
	sim_history_add(&history, "changed", NULL, 0, SMALL_GFN, 1, 0, leaf);
	assert_false(sim_check_change(&change, &history, complaint, sizeof(complaint)));
	assert_non_null(strstr(complaint, "\n  #1 changed as 0 gfn 0x200 level 1: 0x0 (empty) ->"));
	mmu_vm_destroy(vm);
}

/* A tracepoint with a wrong change: the sink finds it. */
static void test_found(void **state)
{
	struct sim_check_trace *trace = calloc(1, sizeof(*trace));
	struct mmu_vm *vm = simple_vm("v6.4", true);
	u64 leaf = mmu_spte(vm->vcpu, SMALL, NULL);

	sim_check_trace_start(trace);
	trace_kvm_tdp_mmu_spte_changed(0, SMALL_GFN, 1, leaf, leaf + 0x1000);
	sim_check_trace_stop();
	assert_int_equal(trace->finding.nr, 1);
	assert_non_null(strstr(trace->finding.first, "a leaf went from frame"));
	assert_int_equal(trace->history.nr, 1);
	free(trace);
	mmu_vm_destroy(vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kvm_is_legal),
		cmocka_unit_test(test_passed_on),
		cmocka_unit_test(test_leaf),
		cmocka_unit_test(test_huge_leaf),
		cmocka_unit_test(test_frozen),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_mmio),
		cmocka_unit_test(test_saved_rights),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_found),
	};

	return MMU_RUN_TESTS(tests);
}
