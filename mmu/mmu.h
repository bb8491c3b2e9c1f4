/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MMU_MMU_H
#define MMU_MMU_H

#include "mmu/mmu_internal.h"

/* What the MMU offers to the rest of KVM (arch/x86/kvm/mmu.h). */

#define VALID_PAGE(x)	((x) != INVALID_PAGE)

/* ---- mmu.c: roots of vCPUs, the MMU's part of VMs ---- */

/** kvm_mmu_init_vm() - the MMU's part of a new VM: 0 or -ENOMEM. */
int kvm_mmu_init_vm(struct kvm *kvm);

/**
 * kvm_mmu_uninit_vm() - undo kvm_mmu_init_vm().
 *
 * Nobody uses the VM: users_count is 0, or its creation has failed and it is still 1.
 */
void kvm_mmu_uninit_vm(struct kvm *kvm);

/** kvm_mmu_create() - the MMU's part of a new vCPU. */
void kvm_mmu_create(struct kvm_vcpu *vcpu);

/** kvm_mmu_destroy() - undo kvm_mmu_create(); the roots have been unloaded. */
void kvm_mmu_destroy(struct kvm_vcpu *vcpu);

/** kvm_init_mmu() - compute the root role from the vCPU's state. */
void kvm_init_mmu(struct kvm_vcpu *vcpu);

/** kvm_mmu_reset_context() - after a mode change: drop all roots, compute the role anew. */
void kvm_mmu_reset_context(struct kvm_vcpu *vcpu);

/**
 * kvm_mmu_load() - give a vCPU a root, and let its CPU forget everything older.
 *
 * Takes mmu_lock.  Return: 0 or -ENOMEM.
 */
int kvm_mmu_load(struct kvm_vcpu *vcpu);

/** kvm_mmu_unload() - drop all of a vCPU's references to roots.  Takes mmu_lock. */
void kvm_mmu_unload(struct kvm_vcpu *vcpu);

/** kvm_mmu_reload() - load a root if there is none: 0 or -ENOMEM. */
static inline int kvm_mmu_reload(struct kvm_vcpu *vcpu)
{
	if (likely(vcpu->arch.mmu->root.hpa != INVALID_PAGE))
		return 0;
	return kvm_mmu_load(vcpu);
}

#define KVM_MMU_ROOT_CURRENT		BIT(0)
#define KVM_MMU_ROOT_PREVIOUS(i)	BIT(1 + (i))
#define KVM_MMU_ROOTS_ALL		(BIT(1 + KVM_MMU_NUM_PREV_ROOTS) - 1)

/**
 * kvm_mmu_free_roots() - drop the roots that @roots_to_free names.
 * @mmu: of a vCPU; only its own thread does this
 * @roots_to_free: KVM_MMU_ROOT_*
 *
 * Takes mmu_lock: for write, or from v6.9 on for read.
 */
void kvm_mmu_free_roots(struct kvm *kvm, struct kvm_mmu *mmu, unsigned long roots_to_free);

/** kvm_mmu_free_obsolete_roots() - drop the roots that have been invalidated. */
void kvm_mmu_free_obsolete_roots(struct kvm_vcpu *vcpu);

/**
 * kvm_mmu_new_pgd() - the root role changed (nested entry or exit): switch the root.
 *
 * The old one goes to the cache of previous roots, and a fitting one is taken from
 * it, if there is one; else the next entry loads one.
 */
void kvm_mmu_new_pgd(struct kvm_vcpu *vcpu, gpa_t new_pgd);

/** kvm_mmu_load_pgd() - write EPTP or nCR3. */
void kvm_mmu_load_pgd(struct kvm_vcpu *vcpu);

/**
 * is_obsolete_sp() - whether a page belongs to an invalidated root.
 *
 * Children are never asked: they go with their root.
 */
bool is_obsolete_sp(struct kvm *kvm, const struct kvm_mmu_page *sp);

/**
 * kvm_mmu_zap_all_fast() - make every mapping of the VM go away, without a long hold of a lock.
 *
 * slots_lock is held.  Takes mmu_lock for write to invalidate, then lets the roots
 * be zapped under mmu_lock for read.  On return nothing that was mapped is.
 */
void kvm_mmu_zap_all_fast(struct kvm *kvm);

/** kvm_mmu_zap_all() - zap everything; the VM is going away.  Takes mmu_lock for write. */
void kvm_mmu_zap_all(struct kvm *kvm);

/**
 * kvm_zap_gfn_range() - zap the leaves of [@start, @end) in both address spaces.
 *
 * For changes of memory type.  Takes mmu_lock for write; page faults retry.
 */
void kvm_zap_gfn_range(struct kvm *kvm, gfn_t start, gfn_t end);

/** kvm_arch_memslots_updated() - a set of slots got generation @gen; zaps if MMIO SPTEs wrap. */
void kvm_arch_memslots_updated(struct kvm *kvm, u64 gen);

/** mmu_topup_memory_caches() - all that a page fault may need: 0 or -ENOMEM. */
int mmu_topup_memory_caches(struct kvm_vcpu *vcpu);

/* ---- mmu_fault.c ---- */

/**
 * kvm_mmu_page_fault() - the guest could not translate @cr2_or_gpa.
 * @error_code: PFERR_*
 *
 * Takes mmu_lock for read.  Under kvm->srcu.
 *
 * Return: 1 to go on with the guest; 0 to leave to userspace (vcpu->run says why);
 * a negative errno.
 */
int kvm_mmu_page_fault(struct kvm_vcpu *vcpu, gpa_t cr2_or_gpa, u64 error_code);

/**
 * kvm_mmu_do_page_fault() - the same without MMIO and emulation.
 * @prefetch: map ahead of an access: no statistics, the page counts as not accessed
 *
 * Return: RET_PF_* or a negative errno.
 */
int kvm_mmu_do_page_fault(struct kvm_vcpu *vcpu, gpa_t cr2_or_gpa, u64 error_code, bool prefetch);

/**
 * kvm_tdp_map_page() - map the page at @gpa ahead of an access (KVM_PRE_FAULT_MEMORY, v6.11).
 *
 * Return: the level of the mapping; -EAGAIN, -ENOENT (no memory there), -EFAULT, -ENOMEM.
 */
int kvm_tdp_map_page(struct kvm_vcpu *vcpu, gpa_t gpa, u64 error_code);

/* ---- mmu_slots.c ---- */

/** kvm_mmu_slot_remove_write_access() - write-protect a slot's leaves at @start_level or above. */
void kvm_mmu_slot_remove_write_access(struct kvm *kvm, const struct kvm_memory_slot *memslot,
				      int start_level);

/** kvm_mmu_slot_leaf_clear_dirty() - clear D of a slot's leaves. */
void kvm_mmu_slot_leaf_clear_dirty(struct kvm *kvm, const struct kvm_memory_slot *memslot);

/** kvm_mmu_slot_try_split_huge_pages() - split a slot's huge pages to @target_level. */
void kvm_mmu_slot_try_split_huge_pages(struct kvm *kvm, const struct kvm_memory_slot *memslot,
				       int target_level);

/** kvm_mmu_zap_collapsible_sptes() - take out a slot's tables that a huge page can replace. */
void kvm_mmu_zap_collapsible_sptes(struct kvm *kvm, const struct kvm_memory_slot *memslot);

/**
 * kvm_arch_mmu_enable_log_dirty_pt_masked() - let the next writes to some pages be noticed.
 * @gfn_offset: of the first, relative to the slot, a multiple of 64
 * @mask: which of the 64
 *
 * mmu_lock is held for write.  The caller flushes.
 */
void kvm_arch_mmu_enable_log_dirty_pt_masked(struct kvm *kvm, struct kvm_memory_slot *slot,
					     gfn_t gfn_offset, unsigned long mask);

/**
 * kvm_mmu_slot_gfn_write_protect() - write-protect one gfn for good; mmu_lock held for write.
 *
 * Return: whether an SPTE changed.
 */
bool kvm_mmu_slot_gfn_write_protect(struct kvm *kvm, struct kvm_memory_slot *slot, u64 gfn,
				    int min_level);

/**
 * kvm_mmu_slot_apply_flags() - start or end dirty logging in the SPTEs (x86.c, v6.1 to v6.12).
 *
 * slots_lock is held; takes mmu_lock.
 */
void kvm_mmu_slot_apply_flags(struct kvm *kvm, const struct kvm_memory_slot *old,
			      const struct kvm_memory_slot *new, enum kvm_mr_change change);

/* ---- What the MMU notifiers call, mmu_lock held for write: mmu_slots.c ---- */

/** kvm_set_spte_gfn() - a page was replaced: whether to flush. */
bool kvm_set_spte_gfn(struct kvm *kvm, struct kvm_gfn_range *range);

/** kvm_test_age_gfn() - whether a page of the range was accessed. */
bool kvm_test_age_gfn(struct kvm *kvm, struct kvm_gfn_range *range);

/** kvm_age_gfn() - the same, and forget it. */
bool kvm_age_gfn(struct kvm *kvm, struct kvm_gfn_range *range);

/** kvm_unmap_gfn_range() - take all mappings of the range out: whether to flush. */
bool kvm_unmap_gfn_range(struct kvm *kvm, struct kvm_gfn_range *range);

/* ---- mmu_nx.c ---- */

/**
 * calc_nx_huge_pages_recovery_period() - how often the recovery worker runs.
 * @period: set to milliseconds
 *
 * Return: whether it runs at all.
 */
bool calc_nx_huge_pages_recovery_period(u64 *period);

/**
 * kvm_recover_nx_huge_pages() - one run of the recovery worker.
 *
 * Takes out the tables that have waited longest, one in @ratio of all (rounded up),
 * so that huge pages can come back.  Takes kvm->srcu and mmu_lock for write.
 */
void kvm_recover_nx_huge_pages(struct kvm *kvm, unsigned int ratio);

/** kvm_mmu_post_init_vm() - start the recovery worker's thread: 0 or an errno. */
int kvm_mmu_post_init_vm(struct kvm *kvm);

/** kvm_mmu_pre_destroy_vm() - stop it. */
void kvm_mmu_pre_destroy_vm(struct kvm *kvm);

#endif /* MMU_MMU_H */
