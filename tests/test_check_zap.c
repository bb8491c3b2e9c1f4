/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sim/check_leaves.h"
#include "sim/check_trace.h"
#include "sim/check_zap.h"
#include "tests/mmu_fixture.h"
#include "tests/mmu_trace_fixture.h"
#include "tests/root_fixture.h"

/* Whether zapping all is complete, and whether leaves lie in memslots. */

static struct sim_zap_check check;
static struct sim_history history;
static char complaint[2048];

static struct mmu_vm *vm_of(const char *profile)
{
	const struct mmu_config config = mmu_config(profile, true);
	struct mmu_vm *vm;

	mmu_load(&config);
	vm = vm_with_slot();
	mmu_slot(vm, 1, OTHER_GPA, SLOT_SIZE, 0);
	mmu_map(vm->vcpu, PAGE_GPA, MMU_WRITE);
	mmu_map(vm->vcpu, OTHER_GPA, MMU_WRITE);
	return vm;
}

static bool done(void)
{
	return sim_check_zap_done(&check, complaint, sizeof(complaint));
}

static bool in_slots(struct mmu_vm *vm)
{
	return sim_check_zap_slots(vm->kvm, &history, complaint, sizeof(complaint));
}

#define assert_complaint(ok, about)						\
do {										\
	if (ok)									\
		fail_msg("no complaint, expected \"%s\"", about);		\
	if (!strstr(complaint, about))						\
		fail_msg("complaint \"%s\", expected \"%s\"", complaint, about);	\
} while (0)

/* ---- Clean ---- */

static void run_delete(const char *profile)
{
	struct sim_check_trace *trace = calloc(1, sizeof(*trace));
	struct mmu_vm *vm = vm_of(profile);
	struct kvm_vcpu *other = mmu_vcpu_add(vm, 1);

	mmu_map(other, PAGE_GPA + 0x1000, MMU_READ);
	trace->zap = &check;
	sim_check_trace_start(trace);
	sim_check_zap_begin(&check, vm->kvm, &trace->history);
	assert_int_equal(check.nr_roots, 1);
	mmu_slot(vm, 1, OTHER_GPA, 0, 0);
	assert_true(done());
	assert_true(in_slots(vm));
	/* It stays so while the vCPUs, one after the other, take new roots. */
	mmu_map(other, PAGE_GPA, MMU_READ);
	assert_true(done());
	mmu_fault(vm->vcpu, PAGE_GPA, MMU_READ);
	rcu_barrier();
	kvm_mmu_unload(vm->vcpu);
	mmu_fault(vm->vcpu, PAGE_GPA, MMU_READ);
	assert_true(done());
	assert_true(in_slots(vm));
	sim_check_trace_stop();
	mmu_vm_destroy_any(vm);
	free(trace);
}

static void test_delete(void **state)
{
	unsigned int i;

	for (i = 0; sim_profile_at(i); i++)
		run_delete(sim_profile_at(i)->name);
}

/* ---- Incomplete ---- */

static void test_not_invalidated(void **state)
{
	struct mmu_vm *vm = vm_of("v6.4");

	sim_check_zap_begin(&check, vm->kvm, NULL);
	/* As if the walk over the roots had passed over it. */
	assert_complaint(done(), "all was zapped, but it is still valid");
	/* A new root at the same place is none of those that were to be zapped. */
	sim_check_zap_new_page(&check, mmu_root(vm->vcpu));
	assert_true(done());
	mmu_vm_destroy(vm);
}

static void test_not_zapped(void **state)
{
	struct mmu_vm *vm = vm_of("v6.12");
	struct kvm_mmu_page *root = mmu_root(vm->vcpu);

	sim_history_init(&history, NULL);
	sim_history_add(&history, "changed", NULL, 0, 0, root->role.level, 0, root->spt[0]);
	sim_check_zap_begin(&check, vm->kvm, &history);
	root->role.invalid = 1;
	assert_complaint(done(), "root of as 0: zapped, but gfn 0x0 level 4 has SPTE 0x");
	assert_non_null(strstr(complaint, "\n  #1 changed"));
	root->role.invalid = 0;
	mmu_vm_destroy(vm);
}

/* A fault that does not look at its root under mmu_lock brings an entry back. */
static void test_comes_back(void **state)
{
	struct mmu_vm *vm = vm_of("v6.4");
	struct kvm_mmu_page *root = mmu_root(vm->vcpu);
	u64 entry = root->spt[0];

	sim_check_zap_begin(&check, vm->kvm, NULL);
	mmu_slot(vm, 1, OTHER_GPA, 0, 0);
	assert_ptr_equal(mmu_root(vm->vcpu), root);
	assert_true(done());
	root->spt[0] = entry;
	assert_complaint(done(), "root of as 0: zapped, but gfn 0x0 level 4 has SPTE 0x");
	root->spt[0] = 0;
	assert_true(done());
	mmu_vm_destroy(vm);
}

static void test_too_many(void **state)
{
	struct mmu_vm *vm = vm_of("v6.4");

	sim_check_zap_begin(&check, vm->kvm, NULL);
	check.too_many = true;
	assert_complaint(done(), "more than 64 valid roots");
	mmu_vm_destroy(vm);
}

/* ---- Leaves and slots ---- */

static void test_slots(void **state)
{
	struct mmu_vm *vm = vm_of("v6.4");
	u64 *leaf = mmu_sptep(vm->vcpu, OTHER_GPA, PG_LEVEL_4K);
	struct kvm_memory_slot *slot;
	int idx;

	assert_true(in_slots(vm));
	/* Past the end of the slot. */
	mmu_slot(vm, 1, OTHER_GPA, 0, 0);
	mmu_slot(vm, 1, OTHER_GPA, 0x2000, 0);
	mmu_map(vm->vcpu, OTHER_GPA, MMU_READ);
	leaf = mmu_sptep(vm->vcpu, OTHER_GPA, PG_LEVEL_4K);
	leaf[2] = *leaf;
	assert_complaint(in_slots(vm), "root of as 0 (valid): gfn 0x10002 level 1 SPTE 0x");
	assert_complaint(in_slots(vm), "mapped, but there is no memslot");
	leaf[2] = 0;

	idx = srcu_read_lock(&vm->kvm->srcu);
	slot = id_to_memslot(__kvm_memslots(vm->kvm, 0), 1);
	srcu_read_unlock(&vm->kvm->srcu, idx);
	slot->flags |= KVM_MEMSLOT_INVALID;
	assert_complaint(in_slots(vm), "mapped, but the memslot is being deleted");
	slot->flags &= ~KVM_MEMSLOT_INVALID;
	assert_true(in_slots(vm));
	mmu_vm_destroy(vm);
}

static void test_huge_page_at_the_end(void **state)
{
	struct mmu_vm *vm = vm_of("v6.4");
	struct kvm_memory_slot *slot;
	int idx;

	vm->world.level = PG_LEVEL_2M;
	mmu_map(vm->vcpu, OTHER_GPA + MMU_2M, MMU_READ);
	assert_true(in_slots(vm));
	idx = srcu_read_lock(&vm->kvm->srcu);
	slot = id_to_memslot(__kvm_memslots(vm->kvm, 0), 1);
	srcu_read_unlock(&vm->kvm->srcu, idx);
	slot->npages--;
	assert_complaint(in_slots(vm), "reaches beyond the end of the memslot");
	slot->npages++;
	mmu_vm_destroy(vm);
}

/* A root that only a vCPU knows is looked at as well. */
static void test_unlisted_root(void **state)
{
	struct mmu_vm *vm = vm_of("v6.4");
	struct kvm_mmu_page *root = mmu_root(vm->vcpu);
	u64 *leaf = mmu_sptep(vm->vcpu, OTHER_GPA, PG_LEVEL_4K);

	list_del(&root->link);
	assert_true(in_slots(vm));
	leaf[511] = *leaf;
	assert_true(in_slots(vm));
	mmu_slot(vm, 1, OTHER_GPA, SLOT_SIZE, KVM_MEM_LOG_DIRTY_PAGES);
	leaf[511] = 0;
	mmu_sptep(vm->vcpu, PAGE_GPA, PG_LEVEL_2M)[2] =
		*mmu_sptep(vm->vcpu, PAGE_GPA, PG_LEVEL_2M);
	assert_complaint(in_slots(vm), "gfn 0x403 level 1 SPTE 0x");
	mmu_sptep(vm->vcpu, PAGE_GPA, PG_LEVEL_2M)[2] = 0;
	list_add(&root->link, &vm->kvm->arch.tdp_mmu_roots);
	mmu_vm_destroy(vm);
}

/* ---- The walk that checkers use ---- */

struct found {
	gfn_t gfn[8];
	unsigned int nr;
};

static bool note_leaf(void *ctx, const struct sim_leaf *leaf)
{
	struct found *found = ctx;

	found->gfn[found->nr++] = leaf->gfn;
	return found->nr < 3;
}

static void test_walk(void **state)
{
	struct mmu_vm *vm = vm_of("v6.4");
	struct kvm_mmu_page *root = mmu_root(vm->vcpu);
	struct found found = { .nr = 0 };

	mmu_map(vm->vcpu, PAGE_GPA + 0x1000, MMU_READ);
	vm->world.level = PG_LEVEL_2M;
	mmu_map(vm->vcpu, MMU_2M, MMU_READ);

	assert_true(sim_for_each_leaf(root, 4, 4 + 1, note_leaf, &found));
	assert_int_equal(found.nr, 1);
	assert_int_equal(found.gfn[0], 4);
	/* The huge page reaches in. */
	assert_true(sim_for_each_leaf(root, 0x3ff, OTHER_GPA >> 12, note_leaf, &found));
	assert_int_equal(found.nr, 2);
	assert_int_equal(found.gfn[1], 0x200);
	found.nr = 0;
	assert_false(sim_for_each_leaf(root, 0, INVALID_GFN, note_leaf, &found));
	assert_int_equal(found.nr, 3);
	mmu_vm_destroy(vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delete),
		cmocka_unit_test(test_not_invalidated),
		cmocka_unit_test(test_not_zapped),
		cmocka_unit_test(test_comes_back),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_huge_page_at_the_end),
		cmocka_unit_test(test_unlisted_root),
		cmocka_unit_test(test_walk),
	};

	return MMU_RUN_TESTS(tests);
}
