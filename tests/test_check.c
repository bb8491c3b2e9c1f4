/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sim/check_tables.h"
#include "tests/mmu_fixture.h"

/*
 * The checker of tables.  Each test breaks one thing by hand in tables that are in
 * order, expects the complaint about just that, and mends it again:
 *
 *   slot 0: gpa 2M .. 10M             SMALL, 4 KiB leaf    HUGE, 2 MiB leaf
 *   root (level 4) - table (3) - table (2) -+- table (1) - leaf at 2M
 *                                           +- leaf at 4M (huge)
 *   and elsewhere an MMIO SPTE at HOLE
 */

#define SMALL	UINT64_C(0x200000)
#define HUGE_2M	UINT64_C(0x400000)
#define HOLE	UINT64_C(0xfee00000)
#define SLOT	0

static char complaint[256];

static bool all_well(struct mmu_vm *vm)
{
	complaint[0] = '\0';
	return sim_check_tables(vm->kvm, complaint, sizeof(complaint));
}

static void assert_well(struct mmu_vm *vm)
{
	if (!all_well(vm))
		fail_msg("complaint: %s", complaint);
}

static void assert_complaint(struct mmu_vm *vm, const char *about)
{
	if (all_well(vm))
		fail_msg("no complaint, expected \"%s\"", about);
	if (!strstr(complaint, about))
		fail_msg("complaint \"%s\", expected \"%s\"", complaint, about);
}

/* The value of a variable for as long as one complaint takes. */
#define assert_complaint_with(vm, variable, value, about)	\
do {								\
	/* The sum makes an ordinary type of a bit-field's. */	\
	__typeof__((variable) + 0) __saved = (variable);	\
								\
	(variable) = (value);					\
	assert_complaint(vm, about);				\
	(variable) = __saved;					\
	assert_well(vm);					\
} while (0)

static struct mmu_vm *vm_with(const struct mmu_config *config)
{
	struct mmu_vm *vm;

	mmu_load(config);
	vm = mmu_vm_create();
	mmu_slot(vm, SLOT, SMALL, 4 * MMU_2M, 0);
	mmu_map(vm->vcpu, SMALL, MMU_WRITE);
	vm->world.level = PG_LEVEL_2M;
	mmu_map(vm->vcpu, HUGE_2M, MMU_WRITE);
	vm->world.level = PG_LEVEL_4K;
	assert_int_equal(mmu_fault(vm->vcpu, HOLE, MMU_READ), RET_PF_EMULATE);
	assert_well(vm);
	return vm;
}

static struct mmu_vm *vm_of(const char *profile, bool intel)
{
	struct mmu_config config = mmu_config(profile, intel);

	return vm_with(&config);
}

/* ---- In order ---- */

static void test_in_order(void **state)
{
	unsigned int i;

	for (i = 0; sim_profile_at(i); i++) {
		mmu_vm_destroy_any(vm_of(sim_profile_at(i)->name, true));
		mmu_vm_destroy_any(vm_of(sim_profile_at(i)->name, false));
	}
}

/* A page of small pages that execution made, tracked accesses, a second root. */
static void test_in_order_others(void **state)
{
	struct mmu_config config = mmu_config("v6.12", true);
	struct mmu_vm *vm;

	config.cpu.has_ad_bits = false;
	config.params.nx_huge_pages = 1;
	mmu_load(&config);
	vm = mmu_vm_create();
	mmu_slot(vm, SLOT, SMALL, 4 * MMU_2M, 0);
	vm->world.level = PG_LEVEL_2M;
	mmu_map(vm->vcpu, SMALL, MMU_WRITE);
	mmu_map(vm->vcpu, HUGE_2M, MMU_EXEC);
	assert_int_equal(atomic64_read(&vm->kvm->stat.nx_lpage_splits), 1);
	kvm_mmu_notifier_clear_young(vm->kvm, MMU_HVA_BASE + SMALL,
				     MMU_HVA_BASE + SMALL + 2 * MMU_2M);
	kvm_set_guest_mode(vm->vcpu, true);
	mmu_map(vm->vcpu, SMALL, MMU_READ);
	assert_well(vm);
	mmu_vm_destroy(vm);
}

/* ---- Counters ---- */

static void test_counters(void **state)
{
	struct mmu_vm *vm = vm_of("v6.4", true);
	struct kvm *kvm = vm->kvm;

	/* root, 3 and 2 and 1 below it, and three more on the way to the MMIO SPTE but for the
	 * level 3 table that both share */
	assert_int_equal(atomic64_read(&kvm->arch.nr_tdp_mmu_pages), 5);

	atomic64_inc(&kvm->arch.nr_tdp_mmu_pages);
	assert_complaint(vm, "nr_tdp_mmu_pages is 6, a walk finds 5");
	atomic64_dec(&kvm->arch.nr_tdp_mmu_pages);
	atomic64_inc(&kvm->stat.pages[0]);
	assert_complaint(vm, "pages_4k is 2, a walk finds 1");
	atomic64_dec(&kvm->stat.pages[0]);
	atomic64_dec(&kvm->stat.pages[1]);
	assert_complaint(vm, "pages_2m is 0, a walk finds 1");
	atomic64_inc(&kvm->stat.pages[1]);
	atomic64_inc(&kvm->stat.pages[2]);
	assert_complaint(vm, "pages_1g is 1, a walk finds 0");
	atomic64_dec(&kvm->stat.pages[2]);
	atomic64_inc(&kvm->stat.nx_lpage_splits);
	assert_complaint(vm, "nx_lpage_splits is 1, a walk finds 0");
	atomic64_dec(&kvm->stat.nx_lpage_splits);
	assert_well(vm);
	mmu_vm_destroy(vm);
}

static void test_page_list(void **state)
{
	struct mmu_vm *vm = vm_of("v6.1", true);
	struct kvm_mmu_page *sp = mmu_table(vm->vcpu, SMALL, PG_LEVEL_4K);
	struct kvm_mmu_page stray = { .gfn = 0x77, .role.level = 1 };

	list_del(&sp->link);
	assert_complaint(vm, "4 pages are listed, 5 are linked");
	list_add(&stray.link, &vm->kvm->arch.tdp_mmu_pages);
	assert_complaint(vm, "a page of gfn 0x77 level 1 is listed, not linked");
	list_del(&stray.link);
	list_add(&sp->link, &vm->kvm->arch.tdp_mmu_pages);
	assert_well(vm);
	mmu_vm_destroy(vm);
}

static void test_nx_list(void **state)
{
	struct mmu_vm *vm = vm_of("v6.4", true);
	struct kvm_mmu_page *sp = mmu_table(vm->vcpu, SMALL, PG_LEVEL_4K);
	LIST_HEAD(elsewhere);

	list_add(&sp->possible_nx_huge_page_link, &vm->kvm->arch.possible_nx_huge_pages);
	assert_complaint(vm, "stands in for no huge page");
	sp->nx_huge_page_disallowed = true;
	assert_complaint(vm, "nx_lpage_splits is 0, a walk finds 1");
	list_move(&sp->possible_nx_huge_page_link, &elsewhere);
	atomic64_inc(&vm->kvm->stat.nx_lpage_splits);
	assert_complaint(vm, "0 NX huge pages are listed, 1 are linked");
	atomic64_dec(&vm->kvm->stat.nx_lpage_splits);
	list_del_init(&sp->possible_nx_huge_page_link);
	sp->nx_huge_page_disallowed = false;
	assert_well(vm);
	mmu_vm_destroy(vm);
}

static void test_page_count(void **state)
{
	struct mmu_vm *vm = vm_of("v6.4", true);
	unsigned long page;

	assert_true(sim_check_page_count(vm->kvm, 0, complaint, sizeof(complaint)));
	page = __get_free_page(GFP_KERNEL);
	assert_false(sim_check_page_count(vm->kvm, 0, complaint, sizeof(complaint)));
	assert_non_null(strstr(complaint, "pages are in use"));
	assert_true(sim_check_page_count(vm->kvm, 1, complaint, sizeof(complaint)));
	free_page(page);
	mmu_vm_destroy(vm);
}

/* ---- Links ---- */

static void test_links(void **state)
{
	struct mmu_vm *vm = vm_of("v6.4", true);
	struct kvm_mmu_page *sp = mmu_table(vm->vcpu, SMALL, PG_LEVEL_4K);
	u64 *entry = mmu_sptep(vm->vcpu, SMALL, PG_LEVEL_2M);

	assert_complaint_with(vm, sp->ptep, entry + 1, "another entry points to it");
	assert_complaint_with(vm, sp->gfn, 0x201, "its header has another gfn");
	assert_complaint_with(vm, sp->role.smm, 1, "its role does not follow from its parent's");
	assert_complaint_with(vm, sp->role.level, 2, "its role does not follow from its parent's");
	assert_complaint_with(vm, sp->tdp_mmu_page, false, "no page of the TDP MMU");
	assert_complaint_with(vm, virt_to_page(sp->spt)->private, 0, "there is no page table");
	/* Linked twice: the next free entry points to it, too. */
	assert_complaint_with(vm, entry[4], *entry, "another entry points to it");
	/* A frame outside of the window has no table. */
	assert_complaint_with(vm, entry[4], (*entry & 0xfff) | 0x1000, "there is no page table");
	assert_complaint_with(vm, *entry, *entry & ~PT_WRITABLE_MASK, "an entry for a table has");
	assert_complaint_with(vm, *entry, *entry | EPT_SPTE_MMU_WRITABLE,
			      "an entry for a table has");
	mmu_vm_destroy(vm);
}

/* ---- Roots ---- */

static void test_roots(void **state)
{
	struct mmu_vm *vm = vm_of("v6.12", true);
	struct kvm_mmu_page *root = mmu_root(vm->vcpu);
	struct kvm_mmu *mmu = &vm->vcpu->arch.root_mmu;
	hpa_t other = __pa(mmu_table(vm->vcpu, SMALL, PG_LEVEL_4K)->spt);

	refcount_inc(&root->tdp_mmu_root_count);
	assert_complaint(vm, "root of as 0 (valid): 3 references, but vCPUs have 1");
	refcount_set(&root->tdp_mmu_root_count, 1);
	assert_complaint(vm, "root of as 0 (valid): 1 references, but vCPUs have 1");
	/* As it is after invalidation and zap, but for what it maps. */
	root->role.invalid = 1;
	assert_complaint(vm, "invalid, but SPTE");
	root->role.invalid = 0;
	refcount_set(&root->tdp_mmu_root_count, 2);

	assert_complaint_with(vm, mmu->prev_roots[1].hpa, other, "a root that is not on the list");
	assert_complaint_with(vm, mmu->root_role.smm, 1, "vCPU 0 has the root of another role");
	assert_complaint_with(vm, root->gfn, 1, "its header is not a root's");
	assert_complaint_with(vm, root->ptep, root->spt, "its header is not a root's");
	assert_complaint_with(vm, root->role.access, 3, "is none that a vCPU has");
	assert_complaint_with(vm, root->role.ad_disabled, 1, "is none that a vCPU has");
	assert_complaint_with(vm, virt_to_page(root->spt)->private, 0, "does not point back");
	mmu_vm_destroy(vm);
}

static void test_root_without_reason(void **state)
{
	struct mmu_vm *vm = vm_of("v6.12", true);
	struct kvm_mmu_page *root = mmu_root(vm->vcpu), *second;

	kvm_set_guest_mode(vm->vcpu, true);
	mmu_enter(vm->vcpu);
	second = mmu_root(vm->vcpu);
	assert_ptr_not_equal(root, second);
	assert_well(vm);
	assert_complaint_with(vm, root->role.guest_mode, 1, "two valid ones of role");

	/* Nobody holds it, and it is still there. */
	kvm_mmu_unload(vm->vcpu);
	assert_well(vm);
	second->role.invalid = 1;
	assert_complaint(vm, "1 references, but vCPUs have 0");
	refcount_set(&second->tdp_mmu_root_count, 0);
	assert_complaint(vm, "invalid, and nobody holds it");
	refcount_set(&second->tdp_mmu_root_count, 1);
	second->role.invalid = 0;
	assert_well(vm);
	mmu_vm_destroy(vm);
}

static void test_vm(void **state)
{
	struct mmu_vm *vm = vm_of("v6.4", false);

	assert_complaint_with(vm, vm->kvm->mmu_invalidate_in_progress, 1,
			      "1 invalidations in progress, 0 active");
	assert_complaint_with(vm, vm->kvm->mn_active_invalidate_count, 2,
			      "0 invalidations in progress, 2 active");
	assert_complaint_with(vm, vm->kvm->vm_bugged, true, "the VM is bugged");
	mmu_vm_destroy(vm);
}

/* ---- Entries that are not present ---- */

static void test_empty(void **state)
{
	struct mmu_vm *vm = vm_of("v6.12", true);
	u64 *entry = mmu_sptep(vm->vcpu, SMALL, PG_LEVEL_4K) + 1;

	assert_true(*entry == BIT_ULL(63));
	/* The empty value of other kernels is none here. */
	assert_complaint_with(vm, *entry, 0, "neither empty nor present nor MMIO");
	assert_complaint_with(vm, *entry, 0x80000000000005a0, "the removed value was left behind");
	mmu_vm_destroy(vm);
}

static void check_mmio(struct mmu_vm *vm)
{
	u64 *hole = mmu_sptep(vm->vcpu, HOLE, PG_LEVEL_4K);
	u64 *small = mmu_sptep(vm->vcpu, SMALL, PG_LEVEL_4K);
	u64 *huge = mmu_sptep(vm->vcpu, HOLE, PG_LEVEL_2M);
	int idx = srcu_read_lock(&vm->kvm->srcu);
	u64 mmio;

	/* Bits 10:3 hold the low bits of the generation, which is 2 after the first slot. */
	assert_true((*hole & 0x7f8) == 2 << 3);
	assert_complaint_with(vm, *hole, *hole + 0x1000, "an MMIO SPTE made for gfn 0xfee01");
	assert_complaint_with(vm, *hole, *hole ^ 1 << 3, "generation of the other address space");
	assert_complaint_with(vm, huge[1], *hole, "an MMIO SPTE above level 1");

	/* Generation 6 is yet to come. */
	assert_complaint_with(vm, *hole, (*hole & ~0x7f8ULL) | 6 << 3,
			      "an MMIO SPTE of generation 0x6, but the memslots' is 0x2");

	/* In a slot only one of an earlier generation may be left. */
	mmio = make_mmio_spte(vm->vcpu, (SMALL >> 12) + 1, ACC_ALL);
	assert_complaint_with(vm, small[1], mmio, "a current MMIO SPTE where there is a memslot");
	small[1] = mmio ^ 2 << 3;
	assert_well(vm);
	small[1] = SHADOW_NONPRESENT_VALUE;
	srcu_read_unlock(&vm->kvm->srcu, idx);
}

static void test_mmio(void **state)
{
	struct mmu_vm *vm = vm_of("v6.12", true);

	check_mmio(vm);
	mmu_vm_destroy(vm);
	vm = vm_of("v6.1", false);
	check_mmio(vm);
	mmu_vm_destroy(vm);
}

/* ---- Leaves ---- */

static void test_leaf_bits_ept(void **state)
{
	struct mmu_vm *vm = vm_of("v6.4", true);
	u64 *small = mmu_sptep(vm->vcpu, SMALL, PG_LEVEL_4K);
	u64 *huge = mmu_sptep(vm->vcpu, HUGE_2M, PG_LEVEL_2M);
	u64 *top = mmu_sptep(vm->vcpu, SMALL, 4);

	/* Small RWX with A and D. */
	assert_true((*small & ~GENMASK_ULL(51, 12)) == 0x0600000000000b77);
	assert_complaint_with(vm, *small, *small ^ BIT_ULL(58), "writable, but not MMU-writable");
	assert_complaint_with(vm, *small, *small ^ BIT_ULL(57),
			      "MMU-writable, but not host-writable");
	assert_complaint_with(vm, *small, *small ^ BIT_ULL(0), "the guest cannot read it");
	assert_complaint_with(vm, *small, *small ^ BIT_ULL(2), "it should be executable");
	assert_complaint_with(vm, *small, *small ^ BIT_ULL(52), "the A/D type should be 0x0");
	assert_complaint_with(vm, *small, *small ^ BIT_ULL(6), "the memory type should be 0x70");
	assert_complaint_with(vm, *small, *small ^ BIT_ULL(60), "have no meaning in a leaf");
	assert_complaint_with(vm, *small, *small ^ BIT_ULL(7), "a small page that says it is huge");
	assert_complaint_with(vm, *small, *small ^ BIT_ULL(47), "KVM's masks find reserved bits");
	assert_complaint_with(vm, *huge, *huge ^ BIT_ULL(13), "KVM's masks find reserved bits");
	assert_complaint_with(vm, *top, *top ^ BIT_ULL(7), "a leaf above level 3");
	mmu_vm_destroy(vm);
}

static void test_leaf_bits_npt(void **state)
{
	struct mmu_vm *vm = vm_of("v6.12", false);
	u64 *small = mmu_sptep(vm->vcpu, SMALL, PG_LEVEL_4K);

	/* Small RWX with A and D. */
	assert_true((*small & ~GENMASK_ULL(51, 12)) == 0xe67);
	assert_complaint_with(vm, *small, *small ^ BIT_ULL(10), "writable, but not MMU-writable");
	assert_complaint_with(vm, *small, *small ^ BIT_ULL(9),
			      "MMU-writable, but not host-writable");
	assert_complaint_with(vm, *small, *small ^ BIT_ULL(0), "the guest cannot read it");
	assert_complaint_with(vm, *small, *small ^ BIT_ULL(2), "the guest cannot read it");
	assert_complaint_with(vm, *small, *small ^ BIT_ULL(63), "it should be executable");
	assert_complaint_with(vm, *small, *small ^ BIT_ULL(4), "have no meaning in a leaf");
	assert_complaint_with(vm, *small, *small ^ BIT_ULL(50), "KVM's masks find reserved bits");
	mmu_vm_destroy(vm);
}

static void test_tracked_leaf(void **state)
{
	struct mmu_config config = mmu_config("v6.4", true);
	struct mmu_vm *vm;
	u64 *small;

	config.cpu.has_ad_bits = false;
	vm = vm_with(&config);
	small = mmu_sptep(vm->vcpu, SMALL, PG_LEVEL_4K);
	assert_true((*small & ~GENMASK_ULL(51, 12)) == 0x0610000000000877);
	assert_complaint_with(vm, *small, *small ^ BIT_ULL(54), "saved rights");
	assert_complaint_with(vm, *small, *small ^ BIT_ULL(52), "the A/D type should be");

	/* R and X are saved at bits 54 and 56. */
	kvm_mmu_notifier_clear_young(vm->kvm, MMU_HVA_BASE + SMALL, MMU_HVA_BASE + SMALL + 0x1000);
	assert_true((*small & ~GENMASK_ULL(51, 12)) == 0x0750000000000870);
	assert_well(vm);
	assert_complaint_with(vm, *small, *small ^ BIT_ULL(56), "it should be executable");
	assert_complaint_with(vm, *small, *small ^ BIT_ULL(54), "the guest cannot read it");
	mmu_vm_destroy(vm);
}

static void test_nx_huge_page(void **state)
{
	struct mmu_vm *vm = vm_of("v6.12", true);
	u64 *huge = mmu_sptep(vm->vcpu, HUGE_2M, PG_LEVEL_2M);

	/* Switched on without the zap that belongs to it. */
	nx_huge_pages = 1;
	assert_complaint(vm, "an executable huge page");
	*huge ^= BIT_ULL(2);
	assert_well(vm);
	nx_huge_pages = 0;
	assert_complaint(vm, "it should be executable");
	*huge ^= BIT_ULL(2);
	assert_well(vm);
	mmu_vm_destroy(vm);
}

/* ---- The memslot of a leaf ---- */

static void test_memslot(void **state)
{
	struct mmu_vm *vm = vm_of("v6.12", true);
	u64 *huge = mmu_sptep(vm->vcpu, HUGE_2M, PG_LEVEL_2M);
	struct kvm_memory_slot *slot;
	int idx = srcu_read_lock(&vm->kvm->srcu);

	slot = id_to_memslot(__kvm_memslots(vm->kvm, 0), SLOT);
	/* Block 2 of 4 MiB is the second of the slot. */
	assert_complaint_with(vm, slot->arch.lpage_info[0][1].disallow_lpage, 1,
			      "memslot 0 does not allow this size here");
	assert_complaint_with(vm, slot->flags, KVM_MEM_READONLY, "memslot 0 is read-only");
	assert_complaint_with(vm, slot->flags, KVM_MEMSLOT_INVALID, "is being deleted");
	assert_complaint_with(vm, slot->npages, 3 * 256, "beyond the end of memslot 0");
	assert_complaint_with(vm, slot->base_gfn, (SMALL >> 12) + 1, "no memslot is here");
	/* Behind the end of the slot, at 10 MiB. */
	assert_complaint_with(vm, huge[3], *huge, "no memslot is here");
	srcu_read_unlock(&vm->kvm->srcu, idx);
	mmu_vm_destroy(vm);
}

/* ---- The dirty log ---- */

static struct kvm_memory_slot *start_log(struct mmu_vm *vm)
{
	struct kvm_memory_slot *slot;
	int idx;

	mmu_slot(vm, SLOT, SMALL, 4 * MMU_2M, KVM_MEM_LOG_DIRTY_PAGES);
	idx = srcu_read_lock(&vm->kvm->srcu);
	slot = id_to_memslot(__kvm_memslots(vm->kvm, 0), SLOT);
	srcu_read_unlock(&vm->kvm->srcu, idx);
	return slot;
}

static void test_log_by_write_protection(void **state)
{
	struct mmu_vm *vm = vm_of("v6.12", false);
	u64 *small = mmu_sptep(vm->vcpu, SMALL, PG_LEVEL_4K);
	struct kvm_memory_slot *slot = start_log(vm);

	assert_true(!(*small & BIT_ULL(1)));
	assert_well(vm);
	assert_complaint_with(vm, *small, *small | BIT_ULL(1), "written, but not in the dirty log");
	mmu_map(vm->vcpu, SMALL, MMU_WRITE_RO);
	assert_well(vm);
	assert_complaint_with(vm, slot->dirty_bitmap[0], 0, "written, but not in the dirty log");
	mmu_vm_destroy(vm);
}

static void test_log_by_pml(void **state)
{
	struct mmu_vm *vm = vm_of("v6.12", true);
	u64 *small = mmu_sptep(vm->vcpu, SMALL, PG_LEVEL_4K);

	start_log(vm);
	/* Writable still: the CPU logs when it sets D. */
	assert_true((*small & (BIT_ULL(1) | BIT_ULL(9))) == BIT_ULL(1));
	assert_well(vm);
	assert_complaint_with(vm, *small, *small | BIT_ULL(9), "written, but not in the dirty log");
	mmu_vm_destroy(vm);
}

/* All bits set to begin with: huge pages stay as they are until bits are cleared. */
static void test_log_of_huge_page(void **state)
{
	struct mmu_vm *vm = vm_of("v6.12", false);
	u64 *huge = mmu_sptep(vm->vcpu, HUGE_2M, PG_LEVEL_2M);
	struct kvm_memory_slot *slot;

	assert_int_equal(kvm_vm_enable_manual_dirty_log_protect(vm->kvm, 3), 0);
	slot = start_log(vm);
	assert_true(*huge & BIT_ULL(1));
	assert_well(vm);
	/* Bit 512 and on are of the block at 4 MiB. */
	assert_complaint_with(vm, slot->dirty_bitmap[8 + 2], ~0UL ^ 0x10,
			      "a huge page of a logging memslot is writable");
	mmu_vm_destroy(vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_order),
		cmocka_unit_test(test_in_order_others),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_page_list),
		cmocka_unit_test(test_nx_list),
		cmocka_unit_test(test_page_count),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_roots),
		cmocka_unit_test(test_root_without_reason),
		cmocka_unit_test(test_vm),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_mmio),
		cmocka_unit_test(test_leaf_bits_ept),
		cmocka_unit_test(test_leaf_bits_npt),
		cmocka_unit_test(test_tracked_leaf),
		cmocka_unit_test(test_nx_huge_page),
		cmocka_unit_test(test_memslot),
		cmocka_unit_test(test_log_by_write_protection),
		cmocka_unit_test(test_log_by_pml),
		cmocka_unit_test(test_log_of_huge_page),
	};

	return MMU_RUN_TESTS(tests);
}
