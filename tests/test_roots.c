/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * How roots live and die: the reference counts of docs/roots.md, for all designs but v5.18,
 * step by step, in every profile, format and depth.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/rcupdate.h>

#include "tests/mmu_fixture.h"
#include "tests/mmu_trace_fixture.h"
#include "tests/root_fixture.h"

/* The references that a zap by a walk over the roots adds: (d) has one, the worker of (c) none. */
static unsigned int walk_refs(void)
{
	return mmu_profile_is("v6.4") ? 0 : 1;
}

/* ---- S1: load, share, leave, come back ---- */

/*
 * vCPU0 loads	2	the vCPU and the TDP MMU itself
 * vCPU1 loads	3
 * vCPU0 leaves	2
 * vCPU1 leaves	1	valid, and its tables stay
 * vCPU0 loads	2	the same root, with its SPTEs; only the vCPU's TLB is flushed
 */
static void s1(void)
{
	struct mmu_vm *vm = vm_with_slot();
	struct kvm_vcpu *vcpu0 = vm->vcpu, *vcpu1 = mmu_vcpu_add(vm, 1);
	struct kvm_mmu_page *root;
	unsigned long local;
	u64 spte;

	mmu_map(vcpu0, PAGE_GPA, MMU_WRITE);
	root = mmu_root(vcpu0);
	spte = mmu_spte(vcpu0, PAGE_GPA, NULL);
	assert_int_equal(spte >> 11 & 1, 1);
	assert_root(vm, root, 2, 0);
	assert_int_equal(root->role.level, kvm_cpu.levels);

	mmu_enter(vcpu1);
	assert_ptr_equal(mmu_root(vcpu1), root);
	assert_root(vm, root, 3, 0);

	kvm_mmu_unload(vcpu0);
	assert_true(vcpu0->arch.mmu->root.hpa == INVALID_PAGE);
	assert_root(vm, root, 2, 0);
	kvm_mmu_unload(vcpu1);
	assert_root(vm, root, 1, 0);
	assert_true(*mmu_sptep_in(root, PAGE_GPA, 1) == spte);

	local = vm->world.flushes[SIM_TLB_FLUSH_CURRENT];
	mmu_enter(vcpu0);
	assert_ptr_equal(mmu_root(vcpu0), root);
	assert_root(vm, root, 2, 0);
	assert_true(mmu_spte(vcpu0, PAGE_GPA, NULL) == spte);
	assert_true(vm->world.flushes[SIM_TLB_FLUSH_CURRENT] > local);
	assert_int_equal(nr_listed(vm), 1);
	mmu_vm_destroy(vm);
}

static void test_s1(void **state)
{
	for_all(s1);
}

/* ---- S2: a slot goes while two vCPUs have the root ---- */

/*
 * two vCPUs	3
 * delete	3	invalid; zapped, at 3 (c) or with the walk's reference at 4 (d); put: 2
 * vCPU0 enters	1	it has a new root
 * vCPU1 enters	0	off the list, freed
 */
static void s2(void)
{
	struct mmu_vm *vm = vm_with_slot();
	struct kvm_vcpu *vcpu0 = vm->vcpu, *vcpu1 = mmu_vcpu_add(vm, 1);
	struct kvm_mmu_page *root, *fresh;

	mmu_map(vcpu0, PAGE_GPA, MMU_WRITE);
	mmu_enter(vcpu1);
	root = mmu_root(vcpu0);
	assert_root(vm, root, 3, 0);

	trace_start();
	mmu_slot(vm, 0, 0, 0, 0);
	trace_stop();
	assert_ptr_equal(trace_get(TRACE_ZAP_ROOT, 0)->root, root);
	assert_int_equal(trace_get(TRACE_ZAP_ROOT, 0)->count, 3 + walk_refs());
	assert_root(vm, root, 2, 1);
	/* Whoever zaps, the caller or a worker: when the ioctl returns it is done. */
	assert_true(maps_nothing(root));
	assert_int_equal(atomic64_read(&vm->kvm->arch.nr_tdp_mmu_pages), 0);

	assert_true(kvm_test_request(KVM_REQ_MMU_FREE_OBSOLETE_ROOTS, vcpu0));
	mmu_enter(vcpu0);
	fresh = mmu_root(vcpu0);
	assert_ptr_not_equal(fresh, root);
	assert_root(vm, fresh, 2, 0);
	assert_root(vm, root, 1, 1);
	mmu_enter(vcpu1);
	assert_ptr_equal(mmu_root(vcpu1), fresh);
	assert_root(vm, fresh, 3, 0);
	assert_false(is_listed(vm, root));
	assert_int_equal(nr_listed(vm), 1);
	mmu_vm_destroy(vm);
}

static void test_s2(void **state)
{
	for_all(s2);
}

/* ---- S3: a slot goes and no vCPU has the root ---- */

/*
 * idle		1
 * delete	1	invalid; zapped, at 1 (c) or 2 (d); the last put is inside the ioctl
 */
static void s3(void)
{
	struct mmu_vm *vm = vm_with_slot();
	struct kvm_mmu_page *root;

	mmu_map(vm->vcpu, PAGE_GPA, MMU_WRITE);
	root = mmu_root(vm->vcpu);
	kvm_mmu_unload(vm->vcpu);
	assert_root(vm, root, 1, 0);

	trace_start();
	mmu_slot(vm, 0, 0, 0, 0);
	trace_stop();
	assert_ptr_equal(trace_get(TRACE_ZAP_ROOT, 0)->root, root);
	assert_int_equal(trace_get(TRACE_ZAP_ROOT, 0)->count, 1 + walk_refs());
	assert_int_equal(nr_listed(vm), 0);
	rcu_barrier();
	assert_int_equal(sim_rcu_callbacks_pending(), 0);
	mmu_vm_destroy(vm);
}

static void test_s3(void **state)
{
	for_all(s3);
}

/* ---- S4: two slots go while a vCPU stays out with the old root ---- */

/*
 * one vCPU	2
 * delete 1	1	invalid, zapped, the TDP MMU's reference is put
 * delete 2	1	not scheduled again: neither zapped nor put
 * vCPU enters	0	freed
 */
static void s4(void)
{
	struct mmu_vm *vm = vm_with_slot();
	struct kvm_mmu_page *root;

	mmu_slot(vm, 1, OTHER_GPA, SLOT_SIZE, 0);
	mmu_map(vm->vcpu, PAGE_GPA, MMU_WRITE);
	mmu_map(vm->vcpu, OTHER_GPA, MMU_WRITE);
	root = mmu_root(vm->vcpu);
	assert_root(vm, root, 2, 0);

	mmu_slot(vm, 0, 0, 0, 0);
	assert_root(vm, root, 1, 1);
	assert_true(maps_nothing(root));

	trace_start();
	mmu_slot(vm, 1, OTHER_GPA, 0, 0);
	trace_stop();
	assert_int_equal(trace_count(TRACE_ZAP_ALL_FAST), 1);
	assert_int_equal(trace_count(TRACE_ZAP_ROOT), 0);
	assert_root(vm, root, 1, 1);

	mmu_enter(vm->vcpu);
	assert_false(is_listed(vm, root));
	assert_int_equal(nr_listed(vm), 1);
	mmu_vm_destroy(vm);
}

static void test_s4(void **state)
{
	for_all(s4);
}

/* The same edge without slots between: only valid to invalid schedules a zap. */
static void invalidated_twice(void)
{
	struct mmu_vm *vm = vm_with_slot();
	struct kvm_mmu_page *root;

	mmu_map(vm->vcpu, PAGE_GPA, MMU_WRITE);
	root = mmu_root(vm->vcpu);

	mutex_lock(&vm->kvm->slots_lock);
	write_lock(&vm->kvm->mmu_lock);
	kvm_tdp_mmu_invalidate_all_roots(vm->kvm);
	kvm_tdp_mmu_invalidate_all_roots(vm->kvm);
	/* No reference is taken nor put: the TDP MMU's passes to the zap. */
	assert_root(vm, root, 2, 1);
	write_unlock(&vm->kvm->mmu_lock);
	trace_start();
	kvm_tdp_mmu_zap_invalidated_roots(vm->kvm);
	kvm_tdp_mmu_zap_invalidated_roots(vm->kvm);
	trace_stop();
	mutex_unlock(&vm->kvm->slots_lock);

	assert_root(vm, root, 1, 1);
	assert_true(maps_nothing(root));
	mmu_vm_destroy(vm);
}

static void test_invalidated_twice(void **state)
{
	for_all(invalidated_twice);
}

/* ---- Passes of a zap ---- */

/*
 * Until v6.8: 1G, then the root's own level.  From v6.9 on: 4K, 2M, 1G, root.  The zap of an
 * invalid root shares mmu_lock, the release of the mm does not.
 */
static void zap_passes(void)
{
	static const int few[] = { 3 }, many[] = { 1, 2, 3 };
	const int *levels = mmu_early_profile() ? few : many;
	unsigned int nr = mmu_early_profile() ? 1 : 3, i;
	struct mmu_vm *vm = vm_with_slot();

	mmu_map(vm->vcpu, PAGE_GPA, MMU_WRITE);
	trace_start();
	mmu_slot(vm, 0, 0, 0, 0);
	trace_stop();
	assert_int_equal(trace_count(TRACE_ZAP_ROOT), nr + 1);
	for (i = 0; i <= nr; i++) {
		const struct trace_record *pass = trace_get(TRACE_ZAP_ROOT, i);

		assert_int_equal(pass->level, i < nr ? levels[i] : kvm_cpu.levels);
		assert_true(pass->shared);
	}
	/* Nobody flushes for an invalid root: loading the next one does. */
	assert_int_equal(trace_count(TRACE_FLUSH), 0);

	mmu_enter(vm->vcpu);
	trace_start();
	kvm_mmu_notifier_release(vm->kvm);
	trace_stop();
	assert_int_equal(trace_count(TRACE_ZAP_ROOT), nr + 1);
	for (i = 0; i <= nr; i++)
		assert_false(trace_get(TRACE_ZAP_ROOT, i)->shared);
	assert_int_equal(trace_count(TRACE_FLUSH), 0);
	mmu_vm_destroy(vm);
}

static void test_zap_passes(void **state)
{
	for_all(zap_passes);
}

/* ---- S5: the VM goes ---- */

/* Valid, populated roots that nobody has loaded are left for the end: 1 -> invalid -> 0. */
static void s5(void)
{
	struct mmu_vm *vm = vm_with_slot();
	struct kvm_mmu_page *root;

	mmu_map(vm->vcpu, PAGE_GPA, MMU_WRITE);
	root = mmu_root(vm->vcpu);
	kvm_mmu_unload(vm->vcpu);
	assert_root(vm, root, 1, 0);
	mmu_vm_destroy(vm);
}

static void test_s5(void **state)
{
	for_all(s5);
}

/* The mm exits first: its pages are handed back then, and never again. */
static void s5_after_release(void)
{
	struct mmu_vm *vm = vm_with_slot();
	struct mmu_world *world = &vm->world;
	struct kvm_mmu_page *root;

	mmu_map(vm->vcpu, PAGE_GPA, MMU_WRITE);
	root = mmu_root(vm->vcpu);
	assert_int_equal(world->nr_dirty, 0);

	kvm_mmu_notifier_release(vm->kvm);
	assert_int_equal(world->nr_dirty, 1);
	assert_true(world->dirty[0] == mmu_pfn(PAGE_GPA));
	/* It zaps, it does not invalidate. */
	assert_root(vm, root, 2, 0);
	assert_true(maps_nothing(root));

	trace_start();
	kvm_put_kvm(vm->kvm);
	trace_stop();
	assert_int_equal(trace_count(TRACE_CHANGED), 0);
	assert_int_equal(world->nr_dirty, 1);
	assert_int_equal(sim_rcu_callbacks_pending(), 0);
	free(vm);
}

static void test_s5_after_release(void **state)
{
	for_all(s5_after_release);
}

/* Invalid roots that vCPUs still hold, and valid ones, are there together. */
static void teardown_mixed(void)
{
	struct mmu_vm *vm = vm_with_slot();
	struct kvm_vcpu *vcpu1 = mmu_vcpu_add(vm, 1);
	struct kvm_mmu_page *old;

	mmu_map(vm->vcpu, PAGE_GPA, MMU_WRITE);
	mmu_slot(vm, 0, 0, 0, 0);
	old = mmu_root(vm->vcpu);
	mmu_slot(vm, 0, 0, SLOT_SIZE, 0);
	mmu_map(vcpu1, PAGE_GPA, MMU_WRITE);

	assert_root(vm, old, 1, 1);
	assert_root(vm, mmu_root(vcpu1), 2, 0);
	mmu_vm_destroy(vm);
}

static void test_teardown_mixed(void **state)
{
	for_all(teardown_mixed);
}

/* ---- S6: creation fails, or is all there is ---- */

static void fresh_vm(void)
{
	struct kvm *kvm = kvm_create_vm(&mmu_world_ops, NULL);

	assert_non_null(kvm);
	assert_true(list_empty(&kvm->arch.tdp_mmu_roots));
	/* A VM without vCPUs may be half made: no lock is needed, and none is held. */
	kvm_tdp_mmu_invalidate_all_roots(kvm);
	kvm_put_kvm(kvm);
	assert_int_equal(sim_rcu_callbacks_pending(), 0);
}

static void test_fresh_vm(void **state)
{
	for_all(fresh_vm);
}

static void s6(void)
{
	unsigned long pages = sim_mem_pages_in_use(), objects = sim_mem_objects_in_use(), n;
	struct kvm *kvm = NULL;

	for (n = 1; !kvm; n++) {
		assert_true(n < 100);
		sim_mem_fail_nth(n);
		kvm = kvm_create_vm(&mmu_world_ops, NULL);
		sim_mem_fail_nth(0);
		if (kvm)
			break;
		assert_int_equal(sim_mem_pages_in_use(), pages);
		assert_int_equal(sim_mem_objects_in_use(), objects);
		assert_true(list_empty(&vm_list));
	}
	/* At least the VM itself is allocated. */
	assert_true(n > 1);
	kvm_put_kvm(kvm);
}

static void test_s6(void **state)
{
	for_all(s6);
}

static void vcpu_creation_fails(void)
{
	struct mmu_vm *vm = vm_with_slot();
	struct kvm_vcpu *vcpu = NULL;
	unsigned long n;

	for (n = 1; ; n++) {
		unsigned long pages = sim_mem_pages_in_use(), objects = sim_mem_objects_in_use();

		sim_mem_fail_nth(n);
		vcpu = kvm_vm_create_vcpu(vm->kvm, 1, NULL);
		sim_mem_fail_nth(0);
		if (!IS_ERR(vcpu))
			break;
		assert_int_equal(PTR_ERR(vcpu), -ENOMEM);
		assert_int_equal(sim_mem_pages_in_use(), pages);
		assert_int_equal(sim_mem_objects_in_use(), objects);
	}
	assert_true(n > 1);
	mmu_map(vcpu, PAGE_GPA, MMU_WRITE);
	mmu_vm_destroy(vm);
}

static void test_vcpu_creation_fails(void **state)
{
	for_all(vcpu_creation_fails);
}

/* With users and vCPUs, to invalidate needs mmu_lock for write, and somebody must say so. */
static void test_invalidate_needs_the_lock(void **state)
{
	unsigned int i;

	for (i = 0; i < MMU_NR_PROFILES; i++) {
		struct mmu_vm *vm;

		mmu_load_simple(mmu_profiles[i], true);
		vm = vm_with_slot();
		assert_int_equal(reports_of(kvm_tdp_mmu_invalidate_all_roots(vm->kvm)),
				 IS_ENABLED(CONFIG_PROVE_LOCKING) ? 1 : 0);
		mmu_vm_destroy(vm);
	}
}

/* ---- S7: a notifier yields inside a root that loses its other references ---- */

#define S7_PAGES	64

static struct {
	struct mmu_vm *vm;
	struct kvm_mmu_page *root;
	unsigned long hooks;
	pthread_t unmapper;
	unsigned int count_after_put;
} s7_state;

/* (d): the task that invalidated the root zaps it.  In (c) the worker does it by itself. */
static void *s7_zapper(void *arg)
{
	struct kvm *kvm = s7_state.vm->kvm;

	sim_thread_init();
	mutex_lock(&kvm->slots_lock);
	kvm_tdp_mmu_zap_invalidated_roots(kvm);
	mutex_unlock(&kvm->slots_lock);
	sim_thread_exit();
	return NULL;
}

/*
 * Called in the walk of the unmap, which holds mmu_lock for write.  First the vCPU's reference
 * goes; then the walk lets go of the lock until the zapper has been there.
 */
static int s7_resched(void)
{
	struct kvm_vcpu *vcpu = s7_state.vm->vcpu;
	struct kvm *kvm = s7_state.vm->kvm;

	if (!pthread_equal(pthread_self(), s7_state.unmapper))
		return 0;
	if (!s7_state.hooks++) {
		vcpu->arch.mmu->root.hpa = INVALID_PAGE;
		kvm_tdp_mmu_put_root(kvm, s7_state.root);
		s7_state.count_after_put = count_of(s7_state.root);
		within_ns(MUST_NS, rwlock_is_contended(&kvm->mmu_lock));
		return 1;
	}
	if (count_of(s7_state.root) > 1) {
		within_ns(MUST_NS, rwlock_is_contended(&kvm->mmu_lock));
		return 1;
	}
	return 0;
}

/*
 * R populated, one vCPU			2
 * invalidated, zap not begun			2
 * unmap walks R				3	the walk's own
 *   yield: the vCPU's reference is put		2
 *   yield: the zapper zaps and puts		1
 * the walk steps on from R			0	off the list, freed after a grace period
 */
static void s7(void)
{
	struct mmu_vm *vm = vm_with_slot();
	struct kvm *kvm = vm->kvm;
	struct kvm_gfn_range range = { .start = 0, .end = S7_PAGES, .may_block = true };
	pthread_t zapper;
	bool listed;
	gpa_t gpa;
	int idx;

	for (gpa = 0; gpa < S7_PAGES * 0x1000; gpa += 0x1000)
		mmu_map(vm->vcpu, gpa, MMU_WRITE);
	memset(&s7_state, 0, sizeof(s7_state));
	s7_state.vm = vm;
	s7_state.root = mmu_root(vm->vcpu);

	/* The zapper does not give the lock back half way. */
	sim_config_preemption = false;
	s7_state.unmapper = pthread_self();
	sim_resched_hook = s7_resched;
	idx = srcu_read_lock(&kvm->srcu);
	range.slot = gfn_to_memslot_in(__kvm_memslots(kvm, 0), 0);
	write_lock(&kvm->mmu_lock);
	kvm_tdp_mmu_invalidate_all_roots(kvm);
	assert_root(vm, s7_state.root, 2, 1);
	assert_int_equal(pthread_create(&zapper, NULL, s7_zapper, NULL), 0);
	kvm_unmap_gfn_range(kvm, &range);
	sim_resched_hook = NULL;
	sim_config_preemption = true;
	sim_set_need_resched(false);
	listed = is_listed(vm, s7_state.root);
	write_unlock(&kvm->mmu_lock);
	srcu_read_unlock(&kvm->srcu, idx);
	assert_int_equal(pthread_join(zapper, NULL), 0);

	assert_true(s7_state.hooks > 0);
	assert_int_equal(s7_state.count_after_put, 2);
	assert_false(listed);
	assert_int_equal(nr_listed(vm), 0);
	rcu_barrier();
	mmu_vm_destroy(vm);
}

static void test_s7(void **state)
{
	for_all(s7);
}

/* ---- Two VMs ---- */

static void two_vms(void)
{
	struct mmu_vm *one = vm_with_slot(), *two = vm_with_slot();
	struct kvm_mmu_page *root;
	u64 spte;

	mmu_map(one->vcpu, PAGE_GPA, MMU_WRITE);
	mmu_map(two->vcpu, PAGE_GPA, MMU_WRITE);
	root = mmu_root(two->vcpu);
	spte = mmu_spte(two->vcpu, PAGE_GPA, NULL);
	assert_ptr_not_equal(mmu_root(one->vcpu), root);

	mmu_slot(one, 0, 0, 0, 0);
	assert_root(two, root, 2, 0);
	assert_true(mmu_spte(two->vcpu, PAGE_GPA, NULL) == spte);
	assert_false(kvm_test_request(KVM_REQ_MMU_FREE_OBSOLETE_ROOTS, two->vcpu));
	mmu_vm_destroy(one);
	assert_root(two, root, 2, 0);
	assert_true(mmu_spte(two->vcpu, PAGE_GPA, NULL) == spte);
	mmu_vm_destroy(two);
}

static void test_two_vms(void **state)
{
	for_all(two_vms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_s1),
		cmocka_unit_test(test_s2),
		cmocka_unit_test(test_s3),
		cmocka_unit_test(test_s4),
		cmocka_unit_test(test_invalidated_twice),
		cmocka_unit_test(test_zap_passes),
		cmocka_unit_test(test_s5),
		cmocka_unit_test(test_s5_after_release),
		cmocka_unit_test(test_teardown_mixed),
		cmocka_unit_test(test_fresh_vm),
		cmocka_unit_test(test_s6),
		cmocka_unit_test(test_vcpu_creation_fails),
		cmocka_unit_test(test_invalidate_needs_the_lock),
		cmocka_unit_test(test_s7),
		cmocka_unit_test(test_two_vms),
	};

	return MMU_RUN_TESTS(tests);
}
