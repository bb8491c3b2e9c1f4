/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MMU_TDP_ITER_H
#define MMU_TDP_ITER_H

#include <linux/rcupdate.h>
#include <asm/cmpxchg.h>

#include "mmu/spte.h"

/*
 * How SPTEs are read and written, and how tables are walked.
 *
 * Every walk is inside an RCU read section: a table that is unlinked while the
 * walk is in it stays in memory until the section ends.  So whoever drops
 * mmu_lock in the middle of a walk leaves the section too, and starts again from
 * the root; and whoever takes tables out flushes the TLB before it leaves.
 */

/* A plain store: nobody else writes this entry now. */
static inline void __kvm_tdp_mmu_write_spte(tdp_ptep_t entry, u64 value)
{
	WRITE_ONCE(*rcu_dereference(entry), value);
}

/*
 * What is in the entry at this moment.  The table that it leads to was filled before it was
 * stored: in the kernel the address dependency orders that for the reader, here it is said.
 */
static inline u64 kvm_tdp_mmu_read_spte(tdp_ptep_t entry)
{
	return smp_load_acquire(rcu_dereference(entry));
}

/* An exchange: the value that was there comes back, with all that others set in it. */
static inline u64 kvm_tdp_mmu_write_spte_atomic(tdp_ptep_t entry, u64 value)
{
	return xchg(rcu_dereference(entry), value);
}

/*
 * Even under mmu_lock for write a leaf can change: the CPU sets A and D, and
 * fast_page_fault() sets W.  Only SPTEs to which neither can happen are written by
 * a plain store.
 */
static inline bool kvm_tdp_mmu_spte_need_atomic_write(u64 old_spte, int level)
{
	if (!is_present_leaf(old_spte, level))
		return false;
	return spte_has_volatile_bits(old_spte);
}

/**
 * kvm_tdp_mmu_write_spte() - write an entry, losing nothing that others set in it.
 * @sptep: the entry
 * @old_spte: what it was read as
 * @new_spte: the value to write
 * @level: its level
 *
 * mmu_lock is held for write.
 *
 * Return: the value that was replaced.
 */
static inline u64 kvm_tdp_mmu_write_spte(tdp_ptep_t sptep, u64 old_spte, u64 new_spte, int level)
{
	if (!kvm_tdp_mmu_spte_need_atomic_write(old_spte, level)) {
		__kvm_tdp_mmu_write_spte(sptep, new_spte);
		return old_spte;
	}
	return kvm_tdp_mmu_write_spte_atomic(sptep, new_spte);
}

/**
 * tdp_mmu_clear_spte_bits() - clear bits of a leaf without touching the others.
 * @mask: the bits
 *
 * mmu_lock is held for write.
 *
 * Return: the value before.
 */
static inline u64 tdp_mmu_clear_spte_bits(tdp_ptep_t sptep, u64 old_spte, u64 mask, int level)
{
	if (!kvm_tdp_mmu_spte_need_atomic_write(old_spte, level)) {
		__kvm_tdp_mmu_write_spte(sptep, old_spte & ~mask);
		return old_spte;
	}
	return atomic64_fetch_and(~mask, (atomic64_t *)rcu_dereference(sptep));
}

/* A preorder walk of the tables below a root. */
struct tdp_iter {
	bool valid;		/* false: the walk is over */
	/* The locks were dropped: the position is stale until the walk has restarted. */
	bool yielded;

	/* The present entry: its level, the first gfn it translates, and what it was read as. */
	int level;
	gfn_t gfn;
	tdp_ptep_t sptep;
	u64 old_spte;

	/* The tables on the way to it, by level - 1. */
	tdp_ptep_t pt_path[PT64_ROOT_MAX_LEVEL];
	int root_level;
	int as_id;

	int min_level;		/* do not go below */
	/* Where the walk wants to get to: the gfn of the next entry at the lowest level. */
	gfn_t next_last_level_gfn;
	/* The same at the last yield; yielding there again would be no progress. */
	gfn_t yielded_gfn;
};

/* Whether the walk is at a leaf that maps something. */
static inline bool tdp_iter_at_leaf(const struct tdp_iter *iter)
{
	return is_present_leaf(iter->old_spte, iter->level);
}

/**
 * tdp_iter_start() - begin a walk.
 * @root: the root page
 * @min_level: lowest level to visit
 * @next_last_level_gfn: where to begin
 *
 * Inside an RCU read section.
 */
void tdp_iter_start(struct tdp_iter *iter, struct kvm_mmu_page *root, int min_level,
		    gfn_t next_last_level_gfn);

/** tdp_iter_next() - step on; after a yield, restart without stepping. */
void tdp_iter_next(struct tdp_iter *iter);

/** tdp_iter_restart() - go back to the root and down towards next_last_level_gfn. */
void tdp_iter_restart(struct tdp_iter *iter);

/** spte_to_child_pt() - the table that an entry points to, or NULL. */
tdp_ptep_t spte_to_child_pt(u64 spte, int level);

#define for_each_tdp_pte_min_level(iter, root, min_level, start, end)		\
	for (tdp_iter_start(&(iter), root, min_level, start);			\
	     (iter).valid && (iter).gfn < (end);				\
	     tdp_iter_next(&(iter)))

#define for_each_tdp_pte(iter, root, start, end) \
	for_each_tdp_pte_min_level(iter, root, PG_LEVEL_4K, start, end)

#endif /* MMU_TDP_ITER_H */
