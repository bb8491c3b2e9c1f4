/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sim/check_refs.h"
#include "tests/mmu_fixture.h"
#include "tests/mmu_trace_fixture.h"
#include "tests/root_fixture.h"

/* References of roots and who holds them, step by step, on every profile; then miscounted. */

static char complaint[256];

static bool all_well(struct kvm *kvm, unsigned int inside)
{
	return sim_check_refs(kvm, inside, complaint, sizeof(complaint));
}

static void assert_well(struct mmu_vm *vm)
{
	if (!all_well(vm->kvm, 0))
		fail_msg("%s: %s", kvm_profile->name, complaint);
}

static void assert_complaint(struct mmu_vm *vm, const char *about)
{
	if (all_well(vm->kvm, 0))
		fail_msg("no complaint, expected \"%s\"", about);
	if (!strstr(complaint, about))
		fail_msg("complaint \"%s\", expected \"%s\"", complaint, about);
}

static struct mmu_vm *vm_of(const char *profile)
{
	const struct mmu_config config = mmu_config(profile, true);
	struct mmu_vm *vm;

	mmu_load(&config);
	vm = vm_with_slot();
	mmu_map(vm->vcpu, PAGE_GPA, MMU_WRITE);
	assert_well(vm);
	return vm;
}

/*
 *	vCPU 0			vCPU 1			the VMM
 *	loads			loads
 *	nested and back
 *	lets go
 *							deletes a slot
 *							deletes another
 *	loads			loads, lets go
 */
static void run_timeline(const char *profile)
{
	struct mmu_vm *vm = vm_of(profile);
	struct kvm_vcpu *other = mmu_vcpu_add(vm, 1);

	mmu_map(other, PAGE_GPA + 0x1000, MMU_READ);
	assert_well(vm);
	kvm_set_guest_mode(vm->vcpu, true);
	assert_well(vm);
	mmu_map(vm->vcpu, PAGE_GPA, MMU_READ);
	assert_well(vm);
	kvm_set_guest_mode(vm->vcpu, false);
	mmu_enter(vm->vcpu);
	assert_well(vm);
	kvm_mmu_unload(vm->vcpu);
	assert_well(vm);

	mmu_slot(vm, 1, OTHER_GPA, SLOT_SIZE, 0);
	mmu_slot(vm, 1, OTHER_GPA, 0, 0);
	assert_well(vm);
	mmu_slot(vm, 1, OTHER_GPA, SLOT_SIZE, 0);
	mmu_slot(vm, 1, OTHER_GPA, 0, 0);
	assert_well(vm);
	mmu_fault(vm->vcpu, PAGE_GPA, MMU_READ);
	mmu_fault(other, PAGE_GPA, MMU_READ);
	assert_well(vm);
	kvm_mmu_unload(other);
	assert_well(vm);
	mmu_vm_destroy_any(vm);
}

static void test_timeline(void **state)
{
	unsigned int i;

	for (i = 0; sim_profile_at(i); i++)
		run_timeline(sim_profile_at(i)->name);
}

/* The last user lets go, and the worker has not come to it yet: its reference counts. */
static void test_zap_to_come(void **state)
{
	struct mmu_vm *vm = vm_of("v5.18");
	struct kvm_mmu_page *root = mmu_root(vm->vcpu);

	sim_config_defer_work = true;
	kvm_mmu_unload(vm->vcpu);
	assert_root(vm, root, 1, 1);
	assert_well(vm);
	refcount_set(&root->tdp_mmu_root_count, 2);
	assert_complaint(vm, "root of as 0 (invalid): 2 references, but vCPUs have 0 and a zap to come 1");
	refcount_set(&root->tdp_mmu_root_count, 1);
	sim_config_defer_work = false;
	mmu_vm_destroy(vm);
}

/* A walk has a reference on the root that it is at; the caller knows that it is there. */
static struct kvm *inside_kvm;
static bool well_with[4];

static void look_from_inside(const struct trace_record *event)
{
	unsigned int i;

	if (event->type != TRACE_ZAP_ROOT)
		return;
	for (i = 0; i < 4; i++)
		well_with[i] = all_well(inside_kvm, i);
}

static void test_inside(void **state)
{
	struct mmu_vm *vm = vm_of("v6.12");

	inside_kvm = vm->kvm;
	trace_start();
	trace_hook = look_from_inside;
	mmu_slot(vm, 0, 0, 0, 0);
	trace_stop();
	/* The walk's, and the one that came with the order to zap. */
	assert_false(well_with[0]);
	assert_false(well_with[1]);
	assert_true(well_with[2]);
	assert_true(well_with[3]);
	assert_well(vm);
	mmu_vm_destroy(vm);
}

/* ---- Miscounted ---- */

static void test_counts(void **state)
{
	struct mmu_vm *vm = vm_of("v6.4");
	struct kvm_mmu_page *root = mmu_root(vm->vcpu);

	refcount_inc(&root->tdp_mmu_root_count);
	assert_complaint(vm, "root of as 0 (valid): 3 references, but vCPUs have 1 and the TDP MMU 1");
	refcount_set(&root->tdp_mmu_root_count, 1);
	assert_complaint(vm, "root of as 0 (valid): 1 references, but vCPUs have 1 and the TDP MMU 1");
	/* One too few is one too few, whoever is inside. */
	assert_false(all_well(vm->kvm, 2));
	refcount_set(&root->tdp_mmu_root_count, 2);
	assert_well(vm);
	mmu_vm_destroy(vm);
}

static void test_dies_at_last_put(void **state)
{
	struct mmu_vm *vm = vm_of("v5.18");
	struct kvm_mmu_page *root = mmu_root(vm->vcpu);

	assert_int_equal(count_of(root), 1);
	refcount_set(&root->tdp_mmu_root_count, 2);
	assert_complaint(vm, "root of as 0 (valid): 2 references, but vCPUs have 1");
	refcount_set(&root->tdp_mmu_root_count, 1);
	mmu_vm_destroy(vm);
}

static void test_nobody_holds_it(void **state)
{
	struct mmu_vm *vm = vm_of("v6.12");
	struct kvm_mmu_page *root = mmu_root(vm->vcpu);

	kvm_mmu_unload(vm->vcpu);
	root->role.invalid = 1;
	assert_complaint(vm, "(invalid): 1 references, but vCPUs have 0");
	refcount_set(&root->tdp_mmu_root_count, 0);
	assert_complaint(vm, "root of as 0: invalid, and nobody holds it");
	refcount_set(&root->tdp_mmu_root_count, 1);
	root->role.invalid = 0;
	root->tdp_mmu_scheduled_root_to_zap = true;
	assert_complaint(vm, "root of as 0: valid, but to be zapped");
	root->tdp_mmu_scheduled_root_to_zap = false;
	assert_well(vm);
	mmu_vm_destroy(vm);
}

static void test_caches(void **state)
{
	struct mmu_vm *vm = vm_of("v6.4");
	struct kvm_vcpu_arch *arch = &vm->vcpu->arch;
	hpa_t table = __pa(mmu_table(vm->vcpu, PAGE_GPA, PG_LEVEL_4K)->spt);
	hpa_t root = arch->root_mmu.root.hpa;

	arch->guest_mmu.prev_roots[2].hpa = root;
	assert_complaint(vm, "2 references, but vCPUs have 2");
	arch->guest_mmu.prev_roots[2].hpa = table;
	assert_complaint(vm, "vCPU 0 has a root that is not on the list");
	arch->guest_mmu.prev_roots[2].hpa = INVALID_PAGE;
	assert_well(vm);
	mmu_vm_destroy(vm);
}

/* ---- The end ---- */

static void no_callback(struct rcu_head *head)
{
}

static bool is_gone(struct kvm *kvm, const char *about)
{
	bool ok = sim_check_refs_gone(kvm, complaint, sizeof(complaint));

	assert_true(ok || strstr(complaint, about));
	return ok;
}

static void test_gone(void **state)
{
	struct mmu_vm *vm = vm_of("v6.4");
	struct kvm *kvm = vm->kvm, *empty = calloc(1, sizeof(*empty));
	struct rcu_head head;

	assert_false(is_gone(kvm, "the MMU is gone, but left a root"));
	mmu_vm_destroy(vm);

	INIT_LIST_HEAD(&empty->arch.tdp_mmu_roots);
	INIT_LIST_HEAD(&empty->arch.tdp_mmu_pages);
	assert_true(is_gone(empty, ""));
	atomic64_set(&empty->arch.nr_tdp_mmu_pages, 2);
	assert_false(is_gone(empty, "left 2 tables"));
	atomic64_set(&empty->arch.nr_tdp_mmu_pages, 0);
	empty->arch.tdp_mmu_zap_wq = (struct workqueue_struct *)empty;
	assert_false(is_gone(empty, "left its worker"));
	empty->arch.tdp_mmu_zap_wq = NULL;
	/* A reader keeps the callback from being called. */
	rcu_read_lock();
	call_rcu(&head, no_callback);
	assert_false(is_gone(empty, "left 1 RCU callbacks"));
	rcu_read_unlock();
	rcu_barrier();
	assert_true(is_gone(empty, ""));
	free(empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timeline),
		cmocka_unit_test(test_zap_to_come),
		cmocka_unit_test(test_inside),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_dies_at_last_put),
		cmocka_unit_test(test_nobody_holds_it),
		cmocka_unit_test(test_caches),
		cmocka_unit_test(test_gone),
	};

	return MMU_RUN_TESTS(tests);
}
