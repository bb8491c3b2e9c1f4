/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/bug.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "mmu/mmu.h"
#include "mmu/tdp_mmu_internal.h"

/*
 * Dirty logging: protect leaves or clear their D, split huge pages, and join small
 * ones again when it ends.
 */

/* The bits to clear so that the next write to a leaf is noticed; 0 if it will be already. */
static u64 write_detection_bits(u64 spte, bool wrprot)
{
	u64 mask;

	if (wrprot || spte_ad_need_write_protect(spte))
		mask = PT_WRITABLE_MASK;
	else
		mask = shadow_dirty_mask;
	return spte & mask;
}

/*
 * Clear bits of every leaf of a slot that is at @min_level or above.  @wrprot: W in
 * any case; else D, where the CPU keeps it.
 */
static bool clear_gfn_range(struct kvm *kvm, struct kvm_mmu_page *root,
			    const struct kvm_memory_slot *slot, int min_level, bool wrprot)
{
	gfn_t end = slot->base_gfn + slot->npages;
	bool spte_set = false;
	struct tdp_iter iter;
	u64 bits;

	rcu_read_lock();
	for_each_tdp_pte_min_level(iter, root, min_level, slot->base_gfn, end) {
retry:
		if (tdp_mmu_iter_cond_resched(kvm, &iter, false, true))
			continue;
		/* All of it anew after a lost race: the entry may be anything now. */
		if (!is_shadow_present_pte(iter.old_spte) ||
		    !is_last_spte(iter.old_spte, iter.level))
			continue;

		bits = write_detection_bits(iter.old_spte, wrprot);
		if (!bits)
			continue;
		if (tdp_mmu_set_spte_atomic(kvm, &iter, iter.old_spte & ~bits))
			goto retry;
		spte_set = true;
	}
	rcu_read_unlock();
	return spte_set;
}

bool kvm_tdp_mmu_wrprot_slot(struct kvm *kvm, const struct kvm_memory_slot *slot, int min_level)
{
	struct kvm_mmu_page *root;
	bool spte_set = false;

	lockdep_assert_held_read(&kvm->mmu_lock);
	for_each_valid_tdp_mmu_root_yield_safe(kvm, root, slot->as_id)
		spte_set |= clear_gfn_range(kvm, root, slot, min_level, true);
	return spte_set;
}

bool kvm_tdp_mmu_clear_dirty_slot(struct kvm *kvm, const struct kvm_memory_slot *slot)
{
	struct kvm_mmu_page *root;
	bool spte_set = false;

	lockdep_assert_held_read(&kvm->mmu_lock);
	for_each_valid_tdp_mmu_root_yield_safe(kvm, root, slot->as_id)
		spte_set |= clear_gfn_range(kvm, root, slot, PG_LEVEL_4K, false);
	return spte_set;
}

static void clear_dirty_pt_masked(struct kvm *kvm, struct kvm_mmu_page *root, gfn_t gfn,
				  unsigned long mask, bool wrprot)
{
	struct tdp_iter iter;
	u64 bits;

	rcu_read_lock();
	tdp_root_for_each_leaf_pte(iter, root, gfn + __ffs(mask), gfn + BITS_PER_LONG) {
		if (!mask)
			break;
		if (iter.level > PG_LEVEL_4K || !(mask & (1UL << (iter.gfn - gfn))))
			continue;
		mask &= ~(1UL << (iter.gfn - gfn));

		bits = write_detection_bits(iter.old_spte, wrprot);
		if (bits)
			tdp_mmu_iter_clear_bits(kvm, &iter, bits);
	}
	rcu_read_unlock();
}

void kvm_tdp_mmu_clear_dirty_pt_masked(struct kvm *kvm, const struct kvm_memory_slot *slot,
				       gfn_t gfn, unsigned long mask, bool wrprot)
{
	struct kvm_mmu_page *root;

	if (WARN_ON_ONCE(!mask))
		return;
	for_each_tdp_mmu_root(kvm, root, slot->as_id)
		clear_dirty_pt_masked(kvm, root, gfn, mask, wrprot);
}

static bool write_protect_gfn(struct kvm *kvm, struct kvm_mmu_page *root, gfn_t gfn, int min_level)
{
	bool spte_set = false;
	struct tdp_iter iter;

	rcu_read_lock();
	for_each_tdp_pte_min_level(iter, root, min_level, gfn, gfn + 1) {
		u64 new_spte;

		if (!is_shadow_present_pte(iter.old_spte) ||
		    !is_last_spte(iter.old_spte, iter.level))
			continue;

		/* MMU-writable too, or fast_page_fault() would give W back at once. */
		new_spte = iter.old_spte & ~(PT_WRITABLE_MASK | shadow_mmu_writable_mask);
		if (new_spte == iter.old_spte)
			break;
		tdp_mmu_iter_set_spte(kvm, &iter, new_spte);
		spte_set = true;
	}
	rcu_read_unlock();
	return spte_set;
}

bool kvm_tdp_mmu_write_protect_gfn(struct kvm *kvm, const struct kvm_memory_slot *slot,
				   gfn_t gfn, int min_level)
{
	struct kvm_mmu_page *root;
	bool spte_set = false;

	lockdep_assert_held_write(&kvm->mmu_lock);
	for_each_tdp_mmu_root(kvm, root, slot->as_id)
		spte_set |= write_protect_gfn(kvm, root, gfn, min_level);
	return spte_set;
}

/* ---- Splitting ---- */

static struct kvm_mmu_page *alloc_sp(gfp_t gfp)
{
	struct kvm_mmu_page *sp = kmem_cache_zalloc(mmu_page_header_cache, gfp);

	if (!sp)
		return NULL;
	sp->spt = (u64 *)__get_free_page(gfp);
	if (!sp->spt) {
		kmem_cache_free(mmu_page_header_cache, sp);
		return NULL;
	}
	return sp;
}

/*
 * Without sleeping if that works.  Else drop the locks for it, and restart the walk.
 * The table need not be zeroed: splitting writes all of it.
 */
static struct kvm_mmu_page *tdp_mmu_alloc_sp_for_split(struct kvm *kvm, struct tdp_iter *iter,
						       bool shared)
{
	struct kvm_mmu_page *sp = alloc_sp(GFP_NOWAIT | __GFP_ACCOUNT);

	if (sp)
		return sp;

	rcu_read_unlock();
	if (shared)
		read_unlock(&kvm->mmu_lock);
	else
		write_unlock(&kvm->mmu_lock);

	iter->yielded = true;
	sp = alloc_sp(GFP_KERNEL_ACCOUNT);

	if (shared)
		read_lock(&kvm->mmu_lock);
	else
		write_lock(&kvm->mmu_lock);
	rcu_read_lock();
	return sp;
}

static int tdp_mmu_split_huge_pages_root(struct kvm *kvm, struct kvm_mmu_page *root, gfn_t start,
					 gfn_t end, int target_level, bool shared)
{
	struct kvm_mmu_page *sp = NULL;
	struct tdp_iter iter;
	int ret = 0;

	rcu_read_lock();
	/* Preorder: a 1G page is split to 2M before the walk gets to its children. */
	for_each_tdp_pte_min_level(iter, root, target_level + 1, start, end) {
retry:
		if (tdp_mmu_iter_cond_resched(kvm, &iter, false, shared))
			continue;
		if (!is_shadow_present_pte(iter.old_spte) || !is_large_pte(iter.old_spte))
			continue;

		if (!sp) {
			sp = tdp_mmu_alloc_sp_for_split(kvm, &iter, shared);
			if (!sp) {
				ret = -ENOMEM;
				trace_kvm_mmu_split_huge_page(iter.gfn, iter.old_spte, iter.level,
							      ret);
				break;
			}
			if (iter.yielded)
				continue;
		}

		tdp_mmu_init_child_sp(sp, &iter);
		if (tdp_mmu_split_huge_page(kvm, &iter, sp, shared))
			goto retry;
		sp = NULL;
	}
	rcu_read_unlock();

	/* Set aside for a page that was gone when the walk came back to it. */
	if (sp)
		tdp_mmu_free_sp(sp);
	return ret;
}

void kvm_tdp_mmu_try_split_huge_pages(struct kvm *kvm, const struct kvm_memory_slot *slot,
				      gfn_t start, gfn_t end, int target_level, bool shared)
{
	struct kvm_mmu_page *root;

	kvm_lockdep_assert_mmu_lock_held(kvm, shared);
	for_each_valid_tdp_mmu_root_yield_safe(kvm, root, slot->as_id) {
		if (tdp_mmu_split_huge_pages_root(kvm, root, start, end, target_level, shared)) {
			kvm_tdp_mmu_put_root(kvm, root);
			break;
		}
	}
}

/* ---- Joining ---- */

static void zap_collapsible_spte_range(struct kvm *kvm, struct kvm_mmu_page *root,
				       const struct kvm_memory_slot *slot)
{
	gfn_t start = slot->base_gfn, end = start + slot->npages;
	struct tdp_iter iter;

	rcu_read_lock();
	for_each_tdp_pte_min_level(iter, root, PG_LEVEL_2M, start, end) {
retry:
		if (tdp_mmu_iter_cond_resched(kvm, &iter, false, true))
			continue;
		if (iter.level > KVM_MAX_HUGEPAGE_LEVEL || !is_shadow_present_pte(iter.old_spte))
			continue;
		/* Only tables can be joined, and only if all they map is in the slot. */
		if (is_last_spte(iter.old_spte, iter.level))
			continue;
		if (iter.gfn < start || iter.gfn >= end)
			continue;
		if (kvm_mmu_max_mapping_level(kvm, slot, iter.gfn, KVM_MAX_HUGEPAGE_LEVEL) <
		    iter.level)
			continue;

		/* The next fault makes the huge page. */
		if (tdp_mmu_zap_spte_atomic(kvm, &iter))
			goto retry;
	}
	rcu_read_unlock();
}

void kvm_tdp_mmu_zap_collapsible_sptes(struct kvm *kvm, const struct kvm_memory_slot *slot)
{
	struct kvm_mmu_page *root;

	lockdep_assert_held_read(&kvm->mmu_lock);
	for_each_valid_tdp_mmu_root_yield_safe(kvm, root, slot->as_id)
		zap_collapsible_spte_range(kvm, root, slot);
}
