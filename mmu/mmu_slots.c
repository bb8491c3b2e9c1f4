/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/bug.h>
#include <linux/kernel.h>

#include "mmu/mmu.h"
#include "mmu/tdp_mmu.h"

/* What memslot changes, dirty logging and the MMU notifiers do to SPTEs. */

/* ---- All of a slot ---- */

void kvm_mmu_slot_remove_write_access(struct kvm *kvm, const struct kvm_memory_slot *memslot,
				      int start_level)
{
	read_lock(&kvm->mmu_lock);
	kvm_tdp_mmu_wrprot_slot(kvm, memslot, start_level);
	read_unlock(&kvm->mmu_lock);
}

void kvm_mmu_slot_leaf_clear_dirty(struct kvm *kvm, const struct kvm_memory_slot *memslot)
{
	read_lock(&kvm->mmu_lock);
	kvm_tdp_mmu_clear_dirty_slot(kvm, memslot);
	read_unlock(&kvm->mmu_lock);
	/*
	 * The caller flushes.  A write through a stale TLB entry until then is in the
	 * log already: all that was written before logging counts as dirty.
	 */
}

void kvm_mmu_slot_try_split_huge_pages(struct kvm *kvm, const struct kvm_memory_slot *memslot,
				       int target_level)
{
	gfn_t start = memslot->base_gfn;

	read_lock(&kvm->mmu_lock);
	kvm_tdp_mmu_try_split_huge_pages(kvm, memslot, start, start + memslot->npages,
					 target_level, true);
	read_unlock(&kvm->mmu_lock);
	/* No flush: where the huge page was writable the small ones are too. */
}

void kvm_mmu_zap_collapsible_sptes(struct kvm *kvm, const struct kvm_memory_slot *memslot)
{
	read_lock(&kvm->mmu_lock);
	kvm_tdp_mmu_zap_collapsible_sptes(kvm, memslot);
	read_unlock(&kvm->mmu_lock);
}

/* ---- Some pages of a slot ---- */

/*
 * With all bits set to begin with, huge pages are still whole and writable when
 * userspace clears the first bits: split or protect those that the bits touch.
 */
static void prepare_initially_set(struct kvm *kvm, struct kvm_memory_slot *slot, gfn_t first,
				  gfn_t last)
{
	/*
	 * Where the last gfn was taken for an exclusive end, a huge page that starts
	 * just there is not split.  If it holds all of the range, the write protection
	 * below catches it; if the range began in the huge page before, nothing does.
	 */
	if (READ_ONCE(eager_page_split))
		kvm_tdp_mmu_try_split_huge_pages(kvm, slot, first,
						 last + (kvm_profile->split_range_inclusive ? 1 : 0),
						 PG_LEVEL_4K, false);

	kvm_mmu_slot_gfn_write_protect(kvm, slot, first, PG_LEVEL_2M);
	/* 64 pages lie in two huge pages at the most. */
	if (ALIGN(first << 12, 1ULL << 21) != ALIGN(last << 12, 1ULL << 21))
		kvm_mmu_slot_gfn_write_protect(kvm, slot, last, PG_LEVEL_2M);
}

void kvm_arch_mmu_enable_log_dirty_pt_masked(struct kvm *kvm, struct kvm_memory_slot *slot,
					     gfn_t gfn_offset, unsigned long mask)
{
	gfn_t base = slot->base_gfn + gfn_offset;

	lockdep_assert_held_write(&kvm->mmu_lock);

	if (kvm_dirty_log_manual_protect_and_init_set(kvm))
		prepare_initially_set(kvm, slot, base + __ffs(mask), base + __fls(mask));

	/* With PML a clear D is enough; without, W must go. */
	kvm_tdp_mmu_clear_dirty_pt_masked(kvm, slot, base, mask, !enable_pml);
}

bool kvm_mmu_slot_gfn_write_protect(struct kvm *kvm, struct kvm_memory_slot *slot, u64 gfn,
				    int min_level)
{
	return kvm_tdp_mmu_write_protect_gfn(kvm, slot, gfn, min_level);
}

/* ---- Logging begins or ends ---- */

static void kvm_mmu_update_cpu_dirty_logging(struct kvm *kvm, bool enable)
{
	int *count = &kvm->arch.cpu_dirty_logging_count;

	lockdep_assert_held(&kvm->slots_lock);
	if (!enable_pml)
		return;

	/* Only the first slot to log, and the last to stop, change anything for the CPUs. */
	WRITE_ONCE(*count, *count + (enable ? 1 : -1));
	WARN_ON_ONCE(*count < 0);
	if (*count == (enable ? 1 : 0))
		kvm_make_all_cpus_request(kvm, KVM_REQ_UPDATE_CPU_DIRTY_LOGGING);
}

static void start_logging(struct kvm *kvm, const struct kvm_memory_slot *new)
{
	/* All pages count as dirty: they are protected when userspace clears their bits. */
	if (kvm_dirty_log_manual_protect_and_init_set(kvm))
		return;

	if (READ_ONCE(eager_page_split))
		kvm_mmu_slot_try_split_huge_pages(kvm, new, PG_LEVEL_4K);

	if (enable_pml) {
		kvm_mmu_slot_leaf_clear_dirty(kvm, new);
		/* The CPU would log only the address of the write, not all of a huge page. */
		kvm_mmu_slot_remove_write_access(kvm, new, PG_LEVEL_2M);
	} else {
		kvm_mmu_slot_remove_write_access(kvm, new, PG_LEVEL_4K);
	}

	/*
	 * Even if no SPTE changed here: another may have changed them without a flush
	 * yet, and this call promises that writes are logged from now on.
	 */
	kvm_flush_remote_tlbs_memslot(kvm, new);
}

void kvm_mmu_slot_apply_flags(struct kvm *kvm, const struct kvm_memory_slot *old,
			      const struct kvm_memory_slot *new, enum kvm_mr_change change)
{
	bool logged = old && kvm_slot_dirty_track_enabled(old);
	bool logs = new && kvm_slot_dirty_track_enabled(new);

	if (logged != logs)
		kvm_mmu_update_cpu_dirty_logging(kvm, logs);

	/* A new or moved slot has no SPTEs yet, a deleted one none any more. */
	if (change != KVM_MR_FLAGS_ONLY || (new->flags & KVM_MEM_READONLY))
		return;
	if (WARN_ON_ONCE(logged == logs))
		return;

	if (logs)
		start_logging(kvm, new);
	else
		kvm_mmu_zap_collapsible_sptes(kvm, new);
}

/* ---- MMU notifiers ---- */

bool kvm_unmap_gfn_range(struct kvm *kvm, struct kvm_gfn_range *range)
{
	return kvm_tdp_mmu_unmap_gfn_range(kvm, range, false);
}

bool kvm_age_gfn(struct kvm *kvm, struct kvm_gfn_range *range)
{
	return kvm_tdp_mmu_age_gfn_range(kvm, range);
}

bool kvm_test_age_gfn(struct kvm *kvm, struct kvm_gfn_range *range)
{
	return kvm_tdp_mmu_test_age_gfn(kvm, range);
}

bool kvm_set_spte_gfn(struct kvm *kvm, struct kvm_gfn_range *range)
{
	return kvm_tdp_mmu_set_spte_gfn(kvm, range);
}
