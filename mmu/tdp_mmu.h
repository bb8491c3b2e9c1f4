/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MMU_TDP_MMU_H
#define MMU_TDP_MMU_H

#include "mmu/mmu_internal.h"

/*
 * The TDP MMU as the rest of KVM sees it.  It works on two-dimensional paging
 * tables, which nobody else writes but the CPU (A and D) and fast_page_fault().
 *
 * Locks.  mmu_lock for read lets many install, protect and zap at once, each
 * change one compare-and-exchange; mmu_lock for write makes the holder the only
 * one.  Tables are freed by RCU in both cases, since walks need no lock.
 */

/*
 * How roots live and die.  One constant per design, in tdp_mmu_lifecycle.c; a
 * profile names one.
 */
struct sim_root_lifecycle {
	int initial_refs;	/* of a new root: the vCPU's, and the TDP MMU's own if it has one */
	/*
	 * The last reference of a root was dropped.  True if the root lives on: it was
	 * valid, and has been queued to be zapped.  NULL: that never happens to a valid
	 * root.
	 */
	bool (*last_put)(struct kvm *kvm, struct kvm_mmu_page *root);
	/* Prepare a new VM: 0 or -ENOMEM. */
	int (*init_vm)(struct kvm *kvm);
	/* Mark every valid root invalid and see to it that it will be zapped. */
	void (*invalidate_all_roots)(struct kvm *kvm, bool vm_teardown);
	/* Return when all that were marked have been zapped, and put. */
	void (*zap_invalidated_roots)(struct kvm *kvm);
	/* Zap what is still to be zapped in a VM that nobody uses, for good. */
	void (*uninit_vm)(struct kvm *kvm);
};

extern const struct sim_root_lifecycle sim_roots_die_at_last_put;	/* v5.18 to v6.3 */
extern const struct sim_root_lifecycle sim_roots_seed_v1;	/* the patch, v1: unsound */
extern const struct sim_root_lifecycle sim_roots_seed_v2;	/* v2: walk under RCU, no assertion */
extern const struct sim_root_lifecycle sim_roots_seed_opt1;	/* v2 with a vm_teardown flag */
extern const struct sim_root_lifecycle sim_roots_seed_opt2;	/* v2 with mmu_lock for read */
extern const struct sim_root_lifecycle sim_roots_zapped_by_worker;	/* as merged: v6.4 */
extern const struct sim_root_lifecycle sim_roots_zapped_by_caller;	/* v6.6, late 6.1.y */

/* ---- Roots: tdp_mmu_root.c, zapped in tdp_mmu_zap.c ---- */

/** kvm_mmu_init_tdp_mmu() - prepare a new VM: 0 or -ENOMEM. */
int kvm_mmu_init_tdp_mmu(struct kvm *kvm);

/**
 * kvm_mmu_uninit_tdp_mmu() - zap and free all roots of a VM that nobody uses.
 *
 * No lock; on return no page of the TDP MMU is left and no RCU callback pending.
 */
void kvm_mmu_uninit_tdp_mmu(struct kvm *kvm);

/**
 * kvm_tdp_mmu_get_vcpu_root_hpa() - a root for a vCPU, mmu_lock held for write (until v6.9).
 *
 * Takes a reference on a valid root of the vCPU's root_role, or makes one with two
 * references: the vCPU's, and the TDP MMU's own, which it keeps until the root is
 * invalidated.  The vCPU's caches have been topped up.
 *
 * Return: its physical address.
 */
hpa_t kvm_tdp_mmu_get_vcpu_root_hpa(struct kvm_vcpu *vcpu);

/**
 * kvm_tdp_mmu_alloc_root() - the same from v6.9 on: takes mmu_lock for read itself.
 */
hpa_t kvm_tdp_mmu_alloc_root(struct kvm_vcpu *vcpu);

/** kvm_tdp_mmu_get_root() - take a reference, unless the last one is gone: then false. */
static inline bool kvm_tdp_mmu_get_root(struct kvm_mmu_page *root)
{
	return refcount_inc_not_zero(&root->tdp_mmu_root_count);
}

/**
 * kvm_tdp_mmu_put_root() - drop a reference.
 *
 * The last one goes only after the root was invalidated and zapped; it takes the
 * root off the list and frees it after a grace period.  mmu_lock is held, or the
 * VM has no users.
 */
void kvm_tdp_mmu_put_root(struct kvm *kvm, struct kvm_mmu_page *root);

/**
 * kvm_tdp_mmu_invalidate_all_roots() - make all present roots unfit for use.
 *
 * mmu_lock is held for write, but for a VM that has no users or never had vCPUs.
 * The caller makes the vCPUs drop the roots, before it drops the lock, and then
 * calls kvm_tdp_mmu_zap_invalidated_roots().
 */
void kvm_tdp_mmu_invalidate_all_roots(struct kvm *kvm);

/**
 * kvm_tdp_mmu_zap_invalidated_roots() - zap the roots that were invalidated.
 *
 * slots_lock is held, mmu_lock is not.  May sleep.  On return none of them maps
 * anything.
 */
void kvm_tdp_mmu_zap_invalidated_roots(struct kvm *kvm);

/** kvm_tdp_mmu_zap_all() - zap every root, valid or not; no flush.  Takes no lock, needs write. */
void kvm_tdp_mmu_zap_all(struct kvm *kvm);

/* ---- Faults: tdp_mmu_map.c ---- */

/**
 * kvm_tdp_mmu_map() - make the mapping that a fault asks for.
 *
 * mmu_lock is held for read; the page of @fault is known to be current.
 *
 * Return: RET_PF_*.
 */
int kvm_tdp_mmu_map(struct kvm_vcpu *vcpu, struct kvm_page_fault *fault);

/**
 * kvm_tdp_mmu_get_walk() - the entries for @addr, from the root down.
 * @sptes: where they go, by level
 * @root_level: set to the level of the first
 *
 * Inside kvm_tdp_mmu_walk_lockless_begin().
 *
 * Return: the level of the last, or -1 if there is none.
 */
int kvm_tdp_mmu_get_walk(struct kvm_vcpu *vcpu, gpa_t addr, u64 *sptes, int *root_level);

/**
 * kvm_tdp_mmu_fast_pf_get_last_sptep() - the lowest entry there is for @addr.
 * @spte: set to its value
 *
 * Inside kvm_tdp_mmu_walk_lockless_begin(); the pointer is good until the end of it.
 */
u64 *kvm_tdp_mmu_fast_pf_get_last_sptep(struct kvm_vcpu *vcpu, gpa_t addr, u64 *spte);

static inline void kvm_tdp_mmu_walk_lockless_begin(void)
{
	rcu_read_lock();
}

static inline void kvm_tdp_mmu_walk_lockless_end(void)
{
	rcu_read_unlock();
}

/* ---- Ranges, for memslots and MMU notifiers: tdp_mmu_zap.c ---- */

/**
 * kvm_tdp_mmu_zap_leafs() - zap all leaves that map gfns in [@start, @end) of a space.
 * @flush: a flush is pending from before
 *
 * mmu_lock is held for write, and may be dropped and taken again if @can_yield.
 *
 * Return: whether a flush is pending now.
 */
bool kvm_tdp_mmu_zap_leafs(struct kvm *kvm, int as_id, gfn_t start, gfn_t end, bool can_yield,
			   bool flush);

/** kvm_tdp_mmu_unmap_gfn_range() - the same for an MMU notifier, in all roots, valid or not. */
bool kvm_tdp_mmu_unmap_gfn_range(struct kvm *kvm, struct kvm_gfn_range *range, bool flush);

/**
 * kvm_tdp_mmu_zap_sp() - take out one table with all below it (NX recovery).
 *
 * mmu_lock is held for write, inside an RCU read section.
 *
 * Return: whether it did; then a flush is pending.
 */
bool kvm_tdp_mmu_zap_sp(struct kvm *kvm, struct kvm_mmu_page *sp);

/* ---- Single leaves, for MMU notifiers, mmu_lock held for write: tdp_mmu_age.c ---- */

/** kvm_tdp_mmu_set_spte_gfn() - point at another page: whether to flush. */
bool kvm_tdp_mmu_set_spte_gfn(struct kvm *kvm, struct kvm_gfn_range *range);

/** kvm_tdp_mmu_test_age_gfn() - whether a page of the range was accessed. */
bool kvm_tdp_mmu_test_age_gfn(struct kvm *kvm, struct kvm_gfn_range *range);

/** kvm_tdp_mmu_age_gfn_range() - clear accessed state: whether any was set. */
bool kvm_tdp_mmu_age_gfn_range(struct kvm *kvm, struct kvm_gfn_range *range);

/* ---- Dirty logging: tdp_mmu_log.c ---- */

/**
 * kvm_tdp_mmu_write_protect_gfn() - take W and MMU-writable from the leaf of a gfn.
 *
 * mmu_lock is held for write.  Return: whether it did; flush before dropping the lock.
 */
bool kvm_tdp_mmu_write_protect_gfn(struct kvm *kvm, const struct kvm_memory_slot *slot,
				   gfn_t gfn, int min_level);

/**
 * kvm_tdp_mmu_clear_dirty_pt_masked() - clear D, or W, of 4 KiB leaves.
 * @gfn: first gfn
 * @mask: which of the next 64
 * @wrprot: clear W in any case
 *
 * mmu_lock is held for write.
 */
void kvm_tdp_mmu_clear_dirty_pt_masked(struct kvm *kvm, const struct kvm_memory_slot *slot,
				       gfn_t gfn, unsigned long mask, bool wrprot);

/** kvm_tdp_mmu_clear_dirty_slot() - clear D, or W, of all leaves of a slot.  Read lock. */
bool kvm_tdp_mmu_clear_dirty_slot(struct kvm *kvm, const struct kvm_memory_slot *slot);

/**
 * kvm_tdp_mmu_wrprot_slot() - write-protect all leaves of a slot at @min_level or above.
 *
 * mmu_lock is held for read.  Return: whether an SPTE changed.
 */
bool kvm_tdp_mmu_wrprot_slot(struct kvm *kvm, const struct kvm_memory_slot *slot, int min_level);

/**
 * kvm_tdp_mmu_try_split_huge_pages() - split huge pages in [@start, @end) down to @target_level.
 * @shared: mmu_lock is held for read, else for write
 *
 * A page that cannot be split for lack of memory stays as it is.
 */
void kvm_tdp_mmu_try_split_huge_pages(struct kvm *kvm, const struct kvm_memory_slot *slot,
				      gfn_t start, gfn_t end, int target_level, bool shared);

/**
 * kvm_tdp_mmu_zap_collapsible_sptes() - take out tables that a huge page can replace.
 *
 * mmu_lock is held for read.
 */
void kvm_tdp_mmu_zap_collapsible_sptes(struct kvm *kvm, const struct kvm_memory_slot *slot);

#endif /* MMU_TDP_MMU_H */
