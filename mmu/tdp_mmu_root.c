/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/bug.h>

#include "mmu/mmu.h"
#include "mmu/tdp_mmu_internal.h"

/*
 * Roots: references, the list, and how vCPUs get them.  When a root dies, and who
 * zaps it, is a matter of the lifecycle: tdp_mmu_lifecycle.c.
 *
 * A root has a reference for each vCPU that has it loaded or cached, one for each
 * walk that is at it, and in most designs one that is the TDP MMU's own.  With the
 * last one it leaves the list.
 */

/* ---- References and walks ---- */

struct kvm_mmu_page *tdp_mmu_next_root(struct kvm *kvm, struct kvm_mmu_page *prev_root,
				       bool only_valid)
{
	struct list_head *roots = &kvm->arch.tdp_mmu_roots;
	struct kvm_mmu_page *root;

	lockdep_assert_held(&kvm->mmu_lock);

	/*
	 * Others can unlink roots from under a reader of mmu_lock, but not prev_root, on
	 * which there is a reference: its next pointer leads on.
	 */
	rcu_read_lock();
	if (prev_root)
		root = list_next_or_null_rcu(roots, &prev_root->link, struct kvm_mmu_page, link);
	else
		root = list_first_or_null_rcu(roots, struct kvm_mmu_page, link);

	while (root) {
		/* No reference to be had: its last user is taking it off the list. */
		if ((!only_valid || !sim_read_role(root).invalid) && kvm_tdp_mmu_get_root(root))
			break;
		root = list_next_or_null_rcu(roots, &root->link, struct kvm_mmu_page, link);
	}
	rcu_read_unlock();

	/* Only now: with its last reference prev_root would leave the list. */
	if (prev_root)
		kvm_tdp_mmu_put_root(kvm, prev_root);
	return root;
}

/* mmu_lock held for read is enough to put the last reference, so the list has its own lock. */
static void unlink_root(struct kvm *kvm, struct kvm_mmu_page *root)
{
	spin_lock(&kvm->arch.tdp_mmu_pages_lock);
	list_del_rcu(&root->link);
	spin_unlock(&kvm->arch.tdp_mmu_pages_lock);
}

void kvm_tdp_mmu_put_root(struct kvm *kvm, struct kvm_mmu_page *root)
{
	if (!refcount_dec_and_test(&root->tdp_mmu_root_count))
		return;
	/* Where roots do not live on without users, a valid one goes to be zapped first. */
	if (kvm_profile->roots->last_put && kvm_profile->roots->last_put(kvm, root))
		return;

	/* As long as a root is valid the TDP MMU holds a reference to it. */
	KVM_BUG_ON(!root->tdp_mmu_page || !sim_read_role(root).invalid, kvm);

	unlink_root(kvm, root);
	/* Walkers of the list, and of the tables, may still be looking at it. */
	call_rcu(&root->rcu_head, tdp_mmu_free_sp_rcu_callback);
}

/* ---- Getting a root ---- */

/* tdp_mmu_pages_lock is held. */
static struct kvm_mmu_page *make_root(struct kvm_vcpu *vcpu, union kvm_mmu_page_role role)
{
	struct kvm_mmu_page *root = tdp_mmu_alloc_sp(vcpu);

	tdp_mmu_init_sp(root, NULL, 0, role);
	/* One for the vCPU, and mostly one for the TDP MMU. */
	refcount_set(&root->tdp_mmu_root_count, kvm_profile->roots->initial_refs);
	list_add_rcu(&root->link, &vcpu->kvm->arch.tdp_mmu_roots);
	return root;
}

/* A root that others made for this role, with a reference; or NULL. */
static struct kvm_mmu_page *get_existing_root(struct kvm *kvm, union kvm_mmu_page_role role)
{
	struct kvm_mmu_page *root;

	/* The role's word has the invalid bit: an invalidated root never matches. */
	for_each_tdp_mmu_root(kvm, root, kvm_mmu_role_as_id(role))
		if (sim_read_role(root).word == role.word && kvm_tdp_mmu_get_root(root))
			return root;
	return NULL;
}

hpa_t kvm_tdp_mmu_get_vcpu_root_hpa(struct kvm_vcpu *vcpu)
{
	union kvm_mmu_page_role wanted = vcpu->arch.mmu->root_role;
	struct kvm_mmu_page *root;

	/* Excludes all others that make roots, so one look suffices. */
	lockdep_assert_held_write(&vcpu->kvm->mmu_lock);
	root = get_existing_root(vcpu->kvm, wanted);
	if (root)
		return __pa(root->spt);

	spin_lock(&vcpu->kvm->arch.tdp_mmu_pages_lock);
	root = make_root(vcpu, wanted);
	spin_unlock(&vcpu->kvm->arch.tdp_mmu_pages_lock);
	return __pa(root->spt);
}

/* Under tdp_mmu_pages_lock: a root of this role that was made since the first look. */
static struct kvm_mmu_page *find_root_locked(struct kvm *kvm, union kvm_mmu_page_role role)
{
	struct kvm_mmu_page *root;

	list_for_each_entry(root, &kvm->arch.tdp_mmu_roots, link) {
		/*
		 * Usable roots are made invalid under mmu_lock for write only, and until
		 * then their count does not reach zero.
		 */
		if (sim_read_role(root).word != role.word)
			continue;
		if (!WARN_ON_ONCE(!kvm_tdp_mmu_get_root(root)))
			return root;
	}
	return NULL;
}

hpa_t kvm_tdp_mmu_alloc_root(struct kvm_vcpu *vcpu)
{
	union kvm_mmu_page_role role = vcpu->arch.mmu->root_role;
	struct kvm *kvm = vcpu->kvm;
	struct kvm_mmu_page *root;
	hpa_t hpa;

	read_lock(&kvm->mmu_lock);

	/* First without the leaf lock: nearly always the root is there. */
	for_each_valid_tdp_mmu_root_yield_safe(kvm, root, kvm_mmu_role_as_id(role)) {
		if (sim_read_role(root).word == role.word)
			goto out;	/* the walk's reference becomes the vCPU's */
	}

	spin_lock(&kvm->arch.tdp_mmu_pages_lock);
	root = find_root_locked(kvm, role);
	if (!root)
		root = make_root(vcpu, role);
	spin_unlock(&kvm->arch.tdp_mmu_pages_lock);
out:
	hpa = __pa(root->spt);
	read_unlock(&kvm->mmu_lock);
	/*
	 * The root may be invalidated before the vCPU uses it.  Its reference keeps it
	 * in memory, and the request to drop it is seen before the guest is entered.
	 */
	return hpa;
}

/* ---- Invalidation ---- */

void kvm_tdp_mmu_invalidate_all_roots(struct kvm *kvm)
{
	trace_kvm_tdp_mmu_invalidate_all_roots(kvm);
	kvm_profile->roots->invalidate_all_roots(kvm, false);
}

void kvm_tdp_mmu_zap_invalidated_roots(struct kvm *kvm)
{
	trace_kvm_tdp_mmu_zap_invalidated_roots(kvm);
	kvm_profile->roots->zap_invalidated_roots(kvm);
}

/* ---- The VM's first and last call ---- */

int kvm_mmu_init_tdp_mmu(struct kvm *kvm)
{
	INIT_LIST_HEAD(&kvm->arch.tdp_mmu_roots);
	INIT_LIST_HEAD(&kvm->arch.tdp_mmu_pages);
	spin_lock_init(&kvm->arch.tdp_mmu_pages_lock);
	kvm->arch.tdp_mmu_enabled = true;
	return kvm_profile->roots->init_vm(kvm);
}

void kvm_mmu_uninit_tdp_mmu(struct kvm *kvm)
{
	if (!kvm->arch.tdp_mmu_enabled)
		return;

	/* Roots that nobody used any more are valid still: they go here. */
	kvm_profile->roots->uninit_vm(kvm);

	WARN_ON(atomic64_read(&kvm->arch.nr_tdp_mmu_pages));
	WARN_ON(!list_empty(&kvm->arch.tdp_mmu_pages));
	WARN_ON(!list_empty(&kvm->arch.tdp_mmu_roots));

	/* After the last call_rcu(): wait until all pages are really free. */
	rcu_barrier();
}
