/* SPDX-License-Identifier: GPL-2.0-only */
#include "mmu/mmu.h"
#include "mmu/tdp_mmu_internal.h"

/* What the MMU notifiers do to single leaves: age them, ask their age, change their page. */

typedef bool (*leaf_fn)(struct kvm *kvm, struct tdp_iter *leaf, struct kvm_gfn_range *range);

/* Call @fn for every leaf of the range, in all roots: whether one returned true. */
static bool for_leaves(struct kvm *kvm, struct kvm_gfn_range *range, leaf_fn fn)
{
	gfn_t start = range->start, end = range->end;
	struct kvm_mmu_page *root;
	bool any = false;

	/* Invalid roots too: what they map is still the host's page. */
	for_each_tdp_mmu_root(kvm, root, range->slot->as_id) {
		struct tdp_iter leaf;

		rcu_read_lock();
		tdp_root_for_each_leaf_pte(leaf, root, start, end)
			any |= fn(kvm, &leaf, range);
		rcu_read_unlock();
	}
	return any;
}

/* Without A bits: take the rights away, so that the next access faults and gives them back. */
static void track_accesses(struct kvm *kvm, struct tdp_iter *iter)
{
	u64 new_spte = mark_spte_for_access_track(iter->old_spte);

	if (!kvm_profile->clears_single_bits) {
		/* W is the dirty bit here, and about to go. */
		if (is_writable_pte(iter->old_spte))
			kvm->world_ops->set_pfn_dirty(kvm, spte_to_pfn(iter->old_spte));
		tdp_mmu_iter_set_spte(kvm, iter, new_spte);
		return;
	}

	iter->old_spte = kvm_tdp_mmu_write_spte(iter->sptep, iter->old_spte, new_spte, iter->level);
	if (is_writable_pte(iter->old_spte))
		kvm->world_ops->set_pfn_dirty(kvm, spte_to_pfn(iter->old_spte));
	trace_kvm_tdp_mmu_spte_changed(iter->as_id, iter->gfn, iter->level, iter->old_spte,
				       new_spte);
}

static bool age_gfn_range(struct kvm *kvm, struct tdp_iter *iter, struct kvm_gfn_range *range)
{
	if (!is_accessed_spte(iter->old_spte))
		return false;

	if (spte_ad_enabled(iter->old_spte))
		tdp_mmu_iter_clear_bits(kvm, iter, shadow_accessed_mask);
	else
		track_accesses(kvm, iter);
	return true;
}

static bool test_age_gfn(struct kvm *kvm, struct tdp_iter *iter, struct kvm_gfn_range *range)
{
	return is_accessed_spte(iter->old_spte);
}

static bool set_spte_gfn(struct kvm *kvm, struct tdp_iter *iter, struct kvm_gfn_range *range)
{
	u64 old_spte = iter->old_spte;

	/* The host changes one page's mapping only: that of a huge page it splits first. */
	if (iter->level != PG_LEVEL_4K)
		return false;

	/* By way of the empty value: a leaf never goes straight from one page to another. */
	tdp_mmu_iter_set_spte(kvm, iter, SHADOW_NONPRESENT_VALUE);
	iter->old_spte = SHADOW_NONPRESENT_VALUE;
	if (!range->pte.writable)
		tdp_mmu_iter_set_spte(kvm, iter, kvm_mmu_changed_pte_notifier_make_spte(
					      old_spte, range->pte.pfn));
	return true;
}

bool kvm_tdp_mmu_age_gfn_range(struct kvm *kvm, struct kvm_gfn_range *range)
{
	return for_leaves(kvm, range, age_gfn_range);
}

bool kvm_tdp_mmu_test_age_gfn(struct kvm *kvm, struct kvm_gfn_range *range)
{
	return for_leaves(kvm, range, test_age_gfn);
}

bool kvm_tdp_mmu_set_spte_gfn(struct kvm *kvm, struct kvm_gfn_range *range)
{
	return for_leaves(kvm, range, set_spte_gfn);
}
