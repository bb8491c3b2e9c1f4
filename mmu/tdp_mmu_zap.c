/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/bug.h>
#include <linux/mm.h>

#include "mmu/mmu.h"
#include "mmu/tdp_mmu_internal.h"
#include "mmu/tdp_mmu_zap.h"

/* Taking mappings out: whole roots, ranges of leaves, single tables. */

static gfn_t tdp_mmu_max_gfn_exclusive(void)
{
	/* No mapping is ever made beyond what the host can address. */
	return kvm_mmu_max_gfn() + 1;
}

/* 0, or -EBUSY if the entry changed meanwhile. */
static int zap_root_entry(struct kvm *kvm, struct tdp_iter *iter, int zap_level, bool shared)
{
	if (tdp_mmu_iter_cond_resched(kvm, iter, false, shared))
		return 0;
	/* Frozen ones count as not present: whoever froze them sees to the rest. */
	if (iter->level > zap_level || !is_shadow_present_pte(iter->old_spte))
		return 0;

	if (shared)
		return tdp_mmu_set_spte_atomic(kvm, iter, SHADOW_NONPRESENT_VALUE);
	tdp_mmu_iter_set_spte(kvm, iter, SHADOW_NONPRESENT_VALUE);
	return 0;
}

/* One pass over a root: take out what stands at @zap_level or below. */
static void __tdp_mmu_zap_root(struct kvm *kvm, struct kvm_mmu_page *root, bool shared,
			       int zap_level)
{
	struct tdp_iter iter;
	int err;

	trace_kvm_tdp_mmu_zap_root(root, zap_level, shared);

	for_each_tdp_pte_min_level(iter, root, zap_level, 0, tdp_mmu_max_gfn_exclusive()) {
		/* After a lost race once more, with what is there now. */
		do
			err = zap_root_entry(kvm, &iter, zap_level, shared);
		while (err);
	}
}

void tdp_mmu_zap_root(struct kvm *kvm, struct kvm_mmu_page *root, bool shared)
{
	const u8 *level;

	/*
	 * The zap may yield, and a notifier that comes then must find the root: it
	 * skips those without a reference.
	 */
	WARN_ON_ONCE(!refcount_read(&root->tdp_mmu_root_count));
	kvm_lockdep_assert_mmu_lock_held(kvm, shared);

	rcu_read_lock();
	/*
	 * Taking out a table takes all below it along, in one go, without yielding.  So
	 * the bulk goes in pieces first, and the upper tables go when they are empty.
	 */
	for (level = kvm_profile->zap_levels; *level; level++)
		__tdp_mmu_zap_root(kvm, root, shared, *level);
	__tdp_mmu_zap_root(kvm, root, shared, sim_read_role(root).level);
	rcu_read_unlock();
}

void kvm_tdp_mmu_zap_all(struct kvm *kvm)
{
	struct kvm_mmu_page *root;
	int as_id;

	lockdep_assert_held_write(&kvm->mmu_lock);

	/*
	 * Invalid ones too: the owner's memory is going away, and nothing may be left
	 * that a zap still to come would hand dirty bits to.
	 */
	if (!kvm_profile->zap_all_by_space) {
		for_each_tdp_mmu_root_yield_safe(kvm, root)
			tdp_mmu_zap_root(kvm, root, false);
		return;
	}
	for (as_id = 0; as_id < KVM_ADDRESS_SPACE_NUM; as_id++)
		for_each_as_tdp_mmu_root_yield_safe(kvm, root, as_id)
			tdp_mmu_zap_root(kvm, root, false);
}

bool kvm_tdp_mmu_zap_sp(struct kvm *kvm, struct kvm_mmu_page *sp)
{
	tdp_ptep_t parent = sp->ptep;
	int parent_level = sp->role.level + 1;
	u64 parent_spte;

	/* A root has no entry that points to it. */
	if (WARN_ON_ONCE(!parent))
		return false;
	parent_spte = kvm_tdp_mmu_read_spte(parent);
	/* Who takes a table out takes it off the list of those that wait to be recovered. */
	if (WARN_ON_ONCE(!is_shadow_present_pte(parent_spte)))
		return false;

	tdp_mmu_set_spte(kvm, kvm_mmu_page_as_id(sp), parent, parent_spte,
			 SHADOW_NONPRESENT_VALUE, sp->gfn, parent_level);
	return true;
}

/* Take the leaves of [start, end) out of one root: whether a flush is pending. */
static bool tdp_mmu_zap_leafs(struct kvm *kvm, struct kvm_mmu_page *root, gfn_t start, gfn_t end,
			      bool can_yield, bool flush)
{
	/* On an invalid root no vCPU runs (v6.9 makes use of that). */
	bool used = !kvm_profile->zap_leafs_valid_only || !sim_read_role(root).invalid;
	gfn_t last = min(end, tdp_mmu_max_gfn_exclusive());
	struct tdp_iter iter;

	lockdep_assert_held_write(&kvm->mmu_lock);

	rcu_read_lock();
	for_each_tdp_pte(iter, root, start, last) {
		/* A yield has flushed what was pending. */
		if (can_yield && tdp_mmu_iter_cond_resched(kvm, &iter, flush, false))
			flush = false;
		else if (tdp_iter_at_leaf(&iter)) {
			tdp_mmu_iter_set_spte(kvm, &iter, SHADOW_NONPRESENT_VALUE);
			flush |= used;
		}
	}
	rcu_read_unlock();

	/*
	 * Only leaves went, so no table waits for the end of the RCU section, and the
	 * flush can wait until mmu_lock is dropped.
	 */
	return flush;
}

/* What is pending from one root is flushed before the walk of the next one yields. */
bool kvm_tdp_mmu_zap_leafs(struct kvm *kvm, int as_id, gfn_t start, gfn_t end, bool can_yield,
			   bool flush)
{
	bool only_valid = kvm_profile->zap_leafs_valid_only;
	struct kvm_mmu_page *root;

	__for_each_tdp_mmu_root_yield_safe(kvm, root, as_id, only_valid)
		flush = tdp_mmu_zap_leafs(kvm, root, start, end, can_yield, flush);
	return flush;
}

bool kvm_tdp_mmu_unmap_gfn_range(struct kvm *kvm, struct kvm_gfn_range *range, bool flush)
{
	struct kvm_mmu_page *root;

	/* The pages go away: no root may know them, not even one that is being zapped. */
	for_each_as_tdp_mmu_root_yield_safe(kvm, root, range->slot->as_id)
		flush = tdp_mmu_zap_leafs(kvm, root, range->start, range->end, range->may_block,
					  flush);
	return flush;
}
