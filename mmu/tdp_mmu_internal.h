/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MMU_TDP_MMU_INTERNAL_H
#define MMU_TDP_MMU_INTERNAL_H

#include <linux/rculist.h>

#include "mmu/mmutrace.h"
#include "mmu/tdp_iter.h"
#include "mmu/tdp_mmu.h"

/* What the files tdp_mmu*.c share.  tdp_mmu.c has the bottom layer: pages and SPTE changes. */

#define tdp_root_for_each_leaf_pte(iter, root, start, end)	\
	for_each_tdp_pte(iter, root, start, end)		\
		if (!tdp_iter_at_leaf(&(iter)))			\
			continue;				\
		else

/* ---- Pages ---- */

/** tdp_mmu_alloc_sp() - a page from a vCPU's caches; it has no role yet. */
struct kvm_mmu_page *tdp_mmu_alloc_sp(struct kvm_vcpu *vcpu);

/** tdp_mmu_free_sp() - free a page that nobody can have seen. */
void tdp_mmu_free_sp(struct kvm_mmu_page *sp);

/** tdp_mmu_free_sp_rcu_callback() - free a page that was visible, after a grace period. */
void tdp_mmu_free_sp_rcu_callback(struct rcu_head *head);

/** tdp_mmu_init_sp() - give a new page its place: parent entry, first gfn and role. */
void tdp_mmu_init_sp(struct kvm_mmu_page *sp, tdp_ptep_t sptep, gfn_t gfn,
		     union kvm_mmu_page_role role);

/** tdp_mmu_init_child_sp() - the same for the table that shall stand below @iter's entry. */
void tdp_mmu_init_child_sp(struct kvm_mmu_page *child, const struct tdp_iter *iter);

/** tdp_account_mmu_page() - count a page that was linked. */
void tdp_account_mmu_page(struct kvm *kvm, struct kvm_mmu_page *sp);

/* ---- SPTE changes ---- */

/**
 * handle_changed_spte() - do what a change of an entry brings with it.
 * @as_id: address space
 * @gfn: first gfn of the entry
 * @old_spte: what was replaced
 * @new_spte: by what
 * @level: level of the entry
 * @shared: mmu_lock is held for read, else for write
 *
 * Statistics, trace, handing A and D to the page, and if the entry pointed to a
 * table that it no longer does, taking that table apart.  Inside an RCU read
 * section.
 */
void handle_changed_spte(struct kvm *kvm, int as_id, gfn_t gfn, u64 old_spte, u64 new_spte,
			 int level, bool shared);

/**
 * __tdp_mmu_set_spte_atomic() - replace iter->old_spte by compare-and-exchange, and no more.
 *
 * Return: 0; or -EBUSY when the entry has another value, which is then in
 * iter->old_spte.
 */
int __tdp_mmu_set_spte_atomic(struct tdp_iter *iter, u64 new_spte);

/** tdp_mmu_set_spte_atomic() - the same and handle_changed_spte(); mmu_lock held for read. */
int tdp_mmu_set_spte_atomic(struct kvm *kvm, struct tdp_iter *iter, u64 new_spte);

/**
 * tdp_mmu_zap_spte_atomic() - take a present entry out of a live table, with the flush.
 *
 * mmu_lock is held for read.  The entry is frozen until no vCPU can use the old
 * translation, so that nobody makes a new one before.
 *
 * Return: 0, or -EBUSY as above.
 */
int tdp_mmu_zap_spte_atomic(struct kvm *kvm, struct tdp_iter *iter);

/**
 * tdp_mmu_set_spte() - write an entry, mmu_lock held for write.
 *
 * Return: the value that was replaced: A, D or W may have been set in it meanwhile.
 */
u64 tdp_mmu_set_spte(struct kvm *kvm, int as_id, tdp_ptep_t sptep, u64 old_spte, u64 new_spte,
		     gfn_t gfn, int level);

/** tdp_mmu_iter_set_spte() - the same for the entry of a walk. */
static inline void tdp_mmu_iter_set_spte(struct kvm *kvm, struct tdp_iter *iter, u64 new_spte)
{
	WARN_ON_ONCE(iter->yielded);
	iter->old_spte = tdp_mmu_set_spte(kvm, iter->as_id, iter->sptep, iter->old_spte, new_spte,
					  iter->gfn, iter->level);
}

/**
 * tdp_mmu_iter_clear_bits() - clear bits of a leaf, mmu_lock held for write.
 *
 * By a locked AND and a trace (v6.4), or as any other change (before).
 */
void tdp_mmu_iter_clear_bits(struct kvm *kvm, struct tdp_iter *iter, u64 mask);

/**
 * tdp_mmu_iter_cond_resched() - let others have the CPU or mmu_lock, if they want it.
 * @flush: flush all TLBs first, if it comes to that
 * @shared: the mode in which mmu_lock is held
 *
 * Only where the walk has got on since the last time.
 *
 * Return: whether the locks were dropped.  Then the caller steps on at once: the
 * position is stale, and so is a pending flush.
 */
bool tdp_mmu_iter_cond_resched(struct kvm *kvm, struct tdp_iter *iter, bool flush, bool shared);

/**
 * tdp_mmu_link_sp() - put a new table in place of iter's entry.
 *
 * The table is filled: it can be used the moment it is linked.
 *
 * Return: 0, or -EBUSY (only if @shared).
 */
int tdp_mmu_link_sp(struct kvm *kvm, struct tdp_iter *iter, struct kvm_mmu_page *sp, bool shared);

/**
 * tdp_mmu_split_huge_page() - replace a huge leaf by the table @sp that maps the same.
 *
 * No flush: the translations stay the same.
 *
 * Return: 0, or -EBUSY (only if @shared).
 */
int tdp_mmu_split_huge_page(struct kvm *kvm, struct tdp_iter *iter, struct kvm_mmu_page *sp,
			    bool shared);

/* ---- Walks over roots ---- */

/**
 * tdp_mmu_next_root() - the next root, with a reference; drops the one on @prev_root.
 * @prev_root: NULL for the first
 * @only_valid: pass over invalid ones
 *
 * mmu_lock is held in any mode, and may be dropped between two calls: the reference
 * keeps the root and with it the place in the list.
 */
struct kvm_mmu_page *tdp_mmu_next_root(struct kvm *kvm, struct kvm_mmu_page *prev_root,
				       bool only_valid);

/* All roots, with a reference on each in turn.  Leaving the loop early, put the root. */
#define for_each_tdp_mmu_root_yield_safe(kvm, root)				\
	for (root = tdp_mmu_next_root(kvm, NULL, false); root;			\
	     root = tdp_mmu_next_root(kvm, root, false))

#define __for_each_tdp_mmu_root_yield_safe(kvm, root, as_id, only_valid)	\
	for (root = tdp_mmu_next_root(kvm, NULL, only_valid); root;		\
	     root = tdp_mmu_next_root(kvm, root, only_valid))			\
		if (kvm_mmu_page_as_id(root) != (as_id))			\
			continue;						\
		else

#define for_each_as_tdp_mmu_root_yield_safe(kvm, root, as_id) \
	__for_each_tdp_mmu_root_yield_safe(kvm, root, as_id, false)

#define for_each_valid_tdp_mmu_root_yield_safe(kvm, root, as_id) \
	__for_each_tdp_mmu_root_yield_safe(kvm, root, as_id, true)

/* The roots of a space, without references: for bodies that keep mmu_lock, held for write. */
#define for_each_tdp_mmu_root(kvm, root, as_id)					\
	list_for_each_entry(root, &(kvm)->arch.tdp_mmu_roots, link)		\
		if (kvm_lockdep_assert_write(kvm),				\
		    kvm_mmu_page_as_id(root) != (as_id))			\
			continue;						\
		else

static inline void kvm_lockdep_assert_write(struct kvm *kvm)
{
	lockdep_assert_held_write(&kvm->mmu_lock);
}

static inline void kvm_lockdep_assert_mmu_lock_held(struct kvm *kvm, bool shared)
{
	if (shared)
		lockdep_assert_held_read(&kvm->mmu_lock);
	else
		lockdep_assert_held_write(&kvm->mmu_lock);
}

#endif /* MMU_TDP_MMU_INTERNAL_H */
