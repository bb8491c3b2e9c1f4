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

/* One entry of a slot.  1: changed; 0: nothing to do; -EBUSY: it changed meanwhile. */
static int log_slot_entry(struct kvm *kvm, struct tdp_iter *iter, bool wrprot)
{
	u64 bits;
	int err;

	if (tdp_mmu_iter_cond_resched(kvm, iter, false, true) || !tdp_iter_at_leaf(iter))
		return 0;
	bits = write_detection_bits(iter->old_spte, wrprot);
	if (!bits)
		return 0;
	err = tdp_mmu_set_spte_atomic(kvm, iter, iter->old_spte & ~bits);
	return err ? err : 1;
}

/*
 * Have the next write to any leaf of a slot noticed, leaves below @min_level excepted.
 * @wrprot: by clearing W in any case; else D, where the CPU keeps it.
 *
 * Return: whether any changed, so that a flush is needed.
 */
static bool log_slot(struct kvm *kvm, const struct kvm_memory_slot *slot, int min_level,
		     bool wrprot)
{
	gfn_t first = slot->base_gfn;
	struct kvm_mmu_page *root;
	bool changed = false;
	struct tdp_iter iter;
	int ret;

	lockdep_assert_held_read(&kvm->mmu_lock);
	for_each_valid_tdp_mmu_root_yield_safe(kvm, root, slot->as_id) {
		rcu_read_lock();
		for_each_tdp_pte_min_level(iter, root, min_level, first, first + slot->npages) {
			/* All of it anew after a lost race: the entry may be anything now. */
			do
				ret = log_slot_entry(kvm, &iter, wrprot);
			while (ret < 0);
			changed |= ret;
		}
		rcu_read_unlock();
	}
	return changed;
}

bool kvm_tdp_mmu_wrprot_slot(struct kvm *kvm, const struct kvm_memory_slot *slot, int min_level)
{
	return log_slot(kvm, slot, min_level, true);
}

bool kvm_tdp_mmu_clear_dirty_slot(struct kvm *kvm, const struct kvm_memory_slot *slot)
{
	return log_slot(kvm, slot, PG_LEVEL_4K, false);
}

/* The small leaves of one root whose bits are set in @mask, bit 0 being @base_gfn. */
static void log_masked_leaves(struct kvm *kvm, struct kvm_mmu_page *root, gfn_t base_gfn,
			      unsigned long mask, bool wrprot)
{
	gfn_t first = base_gfn + __ffs(mask), last = base_gfn + __fls(mask);
	struct tdp_iter iter;
	u64 bits;

	rcu_read_lock();
	tdp_root_for_each_leaf_pte(iter, root, first, last + 1) {
		/* A huge page that maps them was split or protected before. */
		if (iter.level != PG_LEVEL_4K || !(mask >> (iter.gfn - base_gfn) & 1))
			continue;
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
		log_masked_leaves(kvm, root, gfn, mask, wrprot);
}

/* Protect the leaf of one root that maps @gfn: whether that changed it. */
static bool write_protect_gfn(struct kvm *kvm, struct kvm_mmu_page *root, gfn_t gfn, int min_level)
{
	/* MMU-writable too, or fast_page_fault() would give W back at once. */
	const u64 may_write = PT_WRITABLE_MASK | shadow_mmu_writable_mask;
	struct tdp_iter iter;
	bool changed = false;

	rcu_read_lock();
	for_each_tdp_pte_min_level(iter, root, min_level, gfn, gfn + 1) {
		if (!tdp_iter_at_leaf(&iter))
			continue;
		changed = iter.old_spte & may_write;
		if (changed)
			tdp_mmu_iter_set_spte(kvm, &iter, iter.old_spte & ~may_write);
		break;
	}
	rcu_read_unlock();
	return changed;
}

bool kvm_tdp_mmu_write_protect_gfn(struct kvm *kvm, const struct kvm_memory_slot *slot,
				   gfn_t gfn, int min_level)
{
	struct kvm_mmu_page *root;
	bool flush = false;

	for_each_tdp_mmu_root(kvm, root, slot->as_id)
		flush |= write_protect_gfn(kvm, root, gfn, min_level);
	return flush;
}

/* ---- Splitting ---- */

/* Splitting writes all of the table: it need not be zeroed. */
static struct kvm_mmu_page *alloc_sp(gfp_t gfp)
{
	struct kvm_mmu_page *sp = kmem_cache_zalloc(mmu_page_header_cache, gfp);

	if (!sp)
		return NULL;
	sp->spt = (u64 *)__get_free_page(gfp);
	if (sp->spt)
		return sp;
	kmem_cache_free(mmu_page_header_cache, sp);
	return NULL;
}

/* Leave the walk and mmu_lock, in order to sleep. */
static void leave_walk(struct kvm *kvm, struct tdp_iter *iter, bool shared)
{
	iter->yielded = true;
	rcu_read_unlock();
	sim_mmu_unlock(kvm, shared);
}

static void reenter_walk(struct kvm *kvm, bool shared)
{
	sim_mmu_lock(kvm, shared);
	rcu_read_lock();
}

/* Without sleeping if that works.  Otherwise the locks go for it, and the walk restarts. */
static struct kvm_mmu_page *tdp_mmu_alloc_sp_for_split(struct kvm *kvm, struct tdp_iter *iter,
						       bool shared)
{
	struct kvm_mmu_page *sp = alloc_sp(GFP_NOWAIT | __GFP_ACCOUNT);

	if (!sp) {
		leave_walk(kvm, iter, shared);
		sp = alloc_sp(GFP_KERNEL_ACCOUNT);
		reenter_walk(kvm, shared);
	}
	return sp;
}

/*
 * Split the huge page at the walk's position, if one is there.  @spare: a table that
 * was allocated and not used; it is made and taken here.
 *
 * Return: 0; -EBUSY: the entry changed meanwhile; -ENOMEM.
 */
static int split_entry(struct kvm *kvm, struct tdp_iter *iter, struct kvm_mmu_page **spare,
		       bool shared)
{
	int err;

	if (tdp_mmu_iter_cond_resched(kvm, iter, false, shared))
		return 0;
	if (!is_shadow_present_pte(iter->old_spte) || !is_large_pte(iter->old_spte))
		return 0;

	if (!*spare) {
		*spare = tdp_mmu_alloc_sp_for_split(kvm, iter, shared);
		if (!*spare) {
			trace_kvm_mmu_split_huge_page(iter->gfn, iter->old_spte, iter->level,
						      -ENOMEM);
			return -ENOMEM;
		}
		/* Asleep meanwhile: the walk comes back to see what is there now. */
		if (iter->yielded)
			return 0;
	}

	tdp_mmu_init_child_sp(*spare, iter);
	err = tdp_mmu_split_huge_page(kvm, iter, *spare, shared);
	if (!err)
		*spare = NULL;
	return err;
}

static int tdp_mmu_split_huge_pages_root(struct kvm *kvm, struct kvm_mmu_page *root, gfn_t start,
					 gfn_t end, int target_level, bool shared)
{
	struct kvm_mmu_page *spare = NULL;
	struct tdp_iter iter;
	int err = 0;

	rcu_read_lock();
	/* Preorder: a 1G page is split to 2M before the walk gets to its children. */
	for_each_tdp_pte_min_level(iter, root, target_level + 1, start, end) {
		do
			err = split_entry(kvm, &iter, &spare, shared);
		while (err == -EBUSY);
		if (err)
			break;
	}
	rcu_read_unlock();

	/* Set aside for a page that was gone when the walk came back to it. */
	if (spare)
		tdp_mmu_free_sp(spare);
	return err;
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

/*
 * Take out the table at the walk's position, if a huge page can stand there instead:
 * the next fault makes it.  -EBUSY: the entry changed meanwhile.
 */
static int zap_collapsible_entry(struct kvm *kvm, struct tdp_iter *iter,
				 const struct kvm_memory_slot *slot)
{
	int possible;

	if (tdp_mmu_iter_cond_resched(kvm, iter, false, true))
		return 0;
	if (iter->level > KVM_MAX_HUGEPAGE_LEVEL || !is_shadow_present_pte(iter->old_spte))
		return 0;
	/* Only tables can be joined, and only such as begin in the slot. */
	if (is_last_spte(iter->old_spte, iter->level) || !sim_slot_has_gfn(slot, iter->gfn))
		return 0;

	possible = kvm_mmu_max_mapping_level(kvm, slot, iter->gfn, KVM_MAX_HUGEPAGE_LEVEL);
	return possible < iter->level ? 0 : tdp_mmu_zap_spte_atomic(kvm, iter);
}

void kvm_tdp_mmu_zap_collapsible_sptes(struct kvm *kvm, const struct kvm_memory_slot *slot)
{
	gfn_t first = slot->base_gfn;
	struct kvm_mmu_page *root;
	struct tdp_iter iter;

	lockdep_assert_held_read(&kvm->mmu_lock);
	for_each_valid_tdp_mmu_root_yield_safe(kvm, root, slot->as_id) {
		rcu_read_lock();
		for_each_tdp_pte_min_level(iter, root, PG_LEVEL_2M, first, first + slot->npages)
			while (zap_collapsible_entry(kvm, &iter, slot))
				;
		rcu_read_unlock();
	}
}
