/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/bug.h>
#include <linux/kconfig.h>
#include <linux/workqueue.h>

#include "mmu/mmu.h"
#include "mmu/tdp_mmu_internal.h"
#include "mmu/tdp_mmu_zap.h"

/*
 * The lifecycles of roots, as they were and as they were proposed.
 *
 * In the first of them, v5.18, a root dies when its last user lets go of it: it is
 * made invalid, and a worker zaps it.  In all others the TDP MMU has a reference of
 * its own, which keeps a root while nobody uses it, so that a vCPU that comes back
 * finds its tables.  Invalidation ends that: the root gets the invalid bit, which is
 * never taken back, and the TDP MMU's reference passes to whoever will zap it.
 *
 * Then roots are left when the VM goes, and invalidating them there, without
 * mmu_lock and beside a worker that unlinks them, is what the designs between v5.18
 * and v6.4 differ in.
 */

/* ---- May the roots be invalidated now?  mmu_lock for write keeps vCPUs from taking them up. ---- */

/* As merged: a VM without users, or without vCPUs, which has no roots, has nobody to keep out. */
static void assert_lock_if_used(struct kvm *kvm, bool vm_teardown)
{
	if (IS_ENABLED(CONFIG_PROVE_LOCKING) &&
	    refcount_read(&kvm->users_count) && READ_ONCE(kvm->created_vcpus))
		lockdep_assert_held_write(&kvm->mmu_lock);
}

static void assert_lock_always(struct kvm *kvm, bool vm_teardown)
{
	lockdep_assert_held_write(&kvm->mmu_lock);
}

/* v1 of the patch: wrong for a VM whose creation fails, which still has its first user. */
static void assert_lock_if_users(struct kvm *kvm, bool vm_teardown)
{
	if (refcount_read(&kvm->users_count))
		lockdep_assert_held_write(&kvm->mmu_lock);
}

/* v2: nobody is checked any more, not even those who must hold it. */
static void assert_nothing(struct kvm *kvm, bool vm_teardown)
{
}

/* A reviewer's first option: the caller says which it is. */
static void assert_lock_unless_teardown(struct kvm *kvm, bool vm_teardown)
{
	if (!vm_teardown)
		lockdep_assert_held_write(&kvm->mmu_lock);
}

/* The second: at teardown mmu_lock is held for read. */
static void assert_lock_read_at_teardown(struct kvm *kvm, bool vm_teardown)
{
	kvm_lockdep_assert_mmu_lock_held(kvm, vm_teardown);
}

/* ---- Zapped by the caller (v6.6, late 6.1.y) ---- */

static int caller_init_vm(struct kvm *kvm)
{
	return 0;
}

/*
 * The list stands still: mmu_lock for write keeps all others away from it, and in
 * a VM without users there are no others.
 */
static void caller_invalidate_all_roots(struct kvm *kvm, bool vm_teardown)
{
	struct kvm_mmu_page *root;

	assert_lock_if_used(kvm, vm_teardown);
	list_for_each_entry(root, &kvm->arch.tdp_mmu_roots, link) {
		if (sim_read_role(root).invalid)
			continue;
		/* The zap to come takes over the TDP MMU's reference. */
		root->tdp_mmu_scheduled_root_to_zap = true;
		sim_invalidate_root(root);
	}
}

/* Zap a root that was invalidated, and drop the reference that came with the order to. */
static void zap_scheduled_root(struct kvm *kvm, struct kvm_mmu_page *root)
{
	KVM_BUG_ON(!sim_read_role(root).invalid, kvm);
	root->tdp_mmu_scheduled_root_to_zap = false;
	/*
	 * No flush: no vCPU can enter the guest on this root again, and all flush when
	 * they load another.
	 */
	tdp_mmu_zap_root(kvm, root, true);
	/* Not before: notifiers must reach the root while the zap yields. */
	kvm_tdp_mmu_put_root(kvm, root);
}

static void caller_zap_invalidated_roots(struct kvm *kvm)
{
	struct kvm_mmu_page *root;

	read_lock(&kvm->mmu_lock);
	for_each_tdp_mmu_root_yield_safe(kvm, root) {
		/* Others may be invalid too, but zapped before: a vCPU still holds them. */
		if (root->tdp_mmu_scheduled_root_to_zap)
			zap_scheduled_root(kvm, root);
	}
	read_unlock(&kvm->mmu_lock);
}

static void caller_uninit_vm(struct kvm *kvm)
{
	trace_kvm_tdp_mmu_invalidate_all_roots(kvm);
	caller_invalidate_all_roots(kvm, true);
	kvm_tdp_mmu_zap_invalidated_roots(kvm);
}

const struct sim_root_lifecycle sim_roots_zapped_by_caller = {
	.initial_refs = 2,
	.init_vm = caller_init_vm,
	.invalidate_all_roots = caller_invalidate_all_roots,
	.zap_invalidated_roots = caller_zap_invalidated_roots,
	.uninit_vm = caller_uninit_vm,
};

/* ---- Zapped by a worker: what all such designs share ---- */

static int worker_init_vm(struct kvm *kvm)
{
	kvm->arch.tdp_mmu_zap_wq =
		alloc_workqueue("kvm", WQ_UNBOUND | WQ_MEM_RECLAIM | WQ_CPU_INTENSIVE, 0);
	return kvm->arch.tdp_mmu_zap_wq ? 0 : -ENOMEM;
}

static void tdp_mmu_zap_root_work(struct work_struct *work)
{
	struct kvm_mmu_page *root = container_of(work, struct kvm_mmu_page, tdp_mmu_async_work);
	struct kvm *kvm = root->tdp_mmu_async_data;

	read_lock(&kvm->mmu_lock);
	tdp_mmu_zap_root(kvm, root, true);
	/* The reference that came with the work. */
	kvm_tdp_mmu_put_root(kvm, root);
	read_unlock(&kvm->mmu_lock);
}

/* Once in a root's life: queued twice, the item could run once and leak a reference. */
static void tdp_mmu_schedule_zap_root(struct kvm *kvm, struct kvm_mmu_page *root)
{
	root->tdp_mmu_async_data = kvm;
	INIT_WORK(&root->tdp_mmu_async_work, tdp_mmu_zap_root_work);
	queue_work(kvm->arch.tdp_mmu_zap_wq, &root->tdp_mmu_async_work);
}

static void worker_zap_invalidated_roots(struct kvm *kvm)
{
	flush_workqueue(kvm->arch.tdp_mmu_zap_wq);
}

/* Runs what is queued to its end first. */
static void worker_drain(struct kvm *kvm)
{
	destroy_workqueue(kvm->arch.tdp_mmu_zap_wq);
	kvm->arch.tdp_mmu_zap_wq = NULL;
}

/* ---- Roots live until they are invalidated, and a worker zaps them ---- */

/* The TDP MMU's reference goes to the work item: none is taken. */
static void invalidate_and_queue(struct kvm *kvm, struct kvm_mmu_page *root)
{
	if (sim_read_role(root).invalid)
		return;
	sim_invalidate_root(root);
	tdp_mmu_schedule_zap_root(kvm, root);
}

/*
 * At teardown mmu_lock is not held, and the worker unlinks roots, those queued
 * here among them, while the walk goes on.  Inside the RCU read section they stay
 * in memory and lead on to the rest of the list.  Pairs with list_del_rcu() and
 * call_rcu() in kvm_tdp_mmu_put_root().  Holding mmu_lock for read instead would be
 * of no use: the worker holds it for read too.
 */
static void invalidate_all_under_rcu(struct kvm *kvm)
{
	struct kvm_mmu_page *root;

	rcu_read_lock();
	list_for_each_entry_rcu(root, &kvm->arch.tdp_mmu_roots, link)
		invalidate_and_queue(kvm, root);
	rcu_read_unlock();
}

static void v6_4_invalidate_all_roots(struct kvm *kvm, bool vm_teardown)
{
	assert_lock_if_used(kvm, vm_teardown);
	invalidate_all_under_rcu(kvm);
}

/* What invalidates at teardown, and then drains the queue. */
static void v6_4_uninit_vm(struct kvm *kvm)
{
	trace_kvm_tdp_mmu_invalidate_all_roots(kvm);
	kvm_profile->roots->invalidate_all_roots(kvm, true);
	worker_drain(kvm);
}

const struct sim_root_lifecycle sim_roots_zapped_by_worker = {
	.initial_refs = 2,
	.init_vm = worker_init_vm,
	.invalidate_all_roots = v6_4_invalidate_all_roots,
	.zap_invalidated_roots = worker_zap_invalidated_roots,
	.uninit_vm = v6_4_uninit_vm,
};

/* ---- The patch under review ---- */

/*
 * v1: unsound on purpose.  The worker may free the root whose next pointer this is
 * about to read.
 */
static void seed_v1_invalidate_all_roots(struct kvm *kvm, bool vm_teardown)
{
	struct kvm_mmu_page *root;

	assert_lock_if_users(kvm, vm_teardown);
	list_for_each_entry(root, &kvm->arch.tdp_mmu_roots, link)
		invalidate_and_queue(kvm, root);
}

const struct sim_root_lifecycle sim_roots_seed_v1 = {
	.initial_refs = 2,
	.init_vm = worker_init_vm,
	.invalidate_all_roots = seed_v1_invalidate_all_roots,
	.zap_invalidated_roots = worker_zap_invalidated_roots,
	.uninit_vm = v6_4_uninit_vm,
};

static void seed_v2_invalidate_all_roots(struct kvm *kvm, bool vm_teardown)
{
	assert_nothing(kvm, vm_teardown);
	invalidate_all_under_rcu(kvm);
}

const struct sim_root_lifecycle sim_roots_seed_v2 = {
	.initial_refs = 2,
	.init_vm = worker_init_vm,
	.invalidate_all_roots = seed_v2_invalidate_all_roots,
	.zap_invalidated_roots = worker_zap_invalidated_roots,
	.uninit_vm = v6_4_uninit_vm,
};

static void seed_opt1_invalidate_all_roots(struct kvm *kvm, bool vm_teardown)
{
	assert_lock_unless_teardown(kvm, vm_teardown);
	invalidate_all_under_rcu(kvm);
}

const struct sim_root_lifecycle sim_roots_seed_opt1 = {
	.initial_refs = 2,
	.init_vm = worker_init_vm,
	.invalidate_all_roots = seed_opt1_invalidate_all_roots,
	.zap_invalidated_roots = worker_zap_invalidated_roots,
	.uninit_vm = v6_4_uninit_vm,
};

static void seed_opt2_invalidate_all_roots(struct kvm *kvm, bool vm_teardown)
{
	assert_lock_read_at_teardown(kvm, vm_teardown);
	invalidate_all_under_rcu(kvm);
}

/* mmu_lock for read around the walk: it waits for no reader, and the worker is one. */
static void seed_opt2_uninit_vm(struct kvm *kvm)
{
	read_lock(&kvm->mmu_lock);
	trace_kvm_tdp_mmu_invalidate_all_roots(kvm);
	seed_opt2_invalidate_all_roots(kvm, true);
	read_unlock(&kvm->mmu_lock);
	/* Not inside: the worker may need the lock to get done. */
	worker_drain(kvm);
}

const struct sim_root_lifecycle sim_roots_seed_opt2 = {
	.initial_refs = 2,
	.init_vm = worker_init_vm,
	.invalidate_all_roots = seed_opt2_invalidate_all_roots,
	.zap_invalidated_roots = worker_zap_invalidated_roots,
	.uninit_vm = seed_opt2_uninit_vm,
};

/* ---- Roots die with their last user, and a worker zaps them (v5.18 to v6.3) ---- */

/*
 * The last reference of a valid root: make it invalid, and give the count back to
 * the worker.  Zapping here would make the vCPU wait that let go last, and could not
 * yield.  It must be queued before mmu_lock is dropped: kvm_mmu_zap_all_fast() passes
 * over invalid roots and waits for the queue only.
 */
static bool v5_18_last_put(struct kvm *kvm, struct kvm_mmu_page *root)
{
	union kvm_mmu_page_role role = sim_read_role(root);

	/* Readers look at the role while it changes; only this bit ever does. */
	role.invalid = 1;
	role.word = xchg(&root->role.word, role.word);
	if (role.invalid)
		return false;

	refcount_set(&root->tdp_mmu_root_count, 1);
	tdp_mmu_schedule_zap_root(kvm, root);
	return true;
}

static void v5_18_invalidate_all_roots(struct kvm *kvm, bool vm_teardown)
{
	struct kvm_mmu_page *root;

	assert_lock_always(kvm, vm_teardown);
	list_for_each_entry(root, &kvm->arch.tdp_mmu_roots, link) {
		/* Queued already, by the last put or an earlier call. */
		if (sim_read_role(root).invalid)
			continue;
		/* A valid root has users, and under the lock for write none can let go. */
		if (WARN_ON_ONCE(!kvm_tdp_mmu_get_root(root)))
			continue;
		sim_invalidate_root(root);
		tdp_mmu_schedule_zap_root(kvm, root);
	}
}

const struct sim_root_lifecycle sim_roots_die_at_last_put = {
	.initial_refs = 1,
	.last_put = v5_18_last_put,
	.init_vm = worker_init_vm,
	.invalidate_all_roots = v5_18_invalidate_all_roots,
	.zap_invalidated_roots = worker_zap_invalidated_roots,
	/* The vCPUs have let go of all roots, so there is nothing to invalidate. */
	.uninit_vm = worker_drain,
};
