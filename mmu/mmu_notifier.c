/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/mm.h>

#include "mmu/mmu.h"
#include "mmu/spte.h"

/*
 * What the host tells KVM of its page tables, and how a page fault finds out that
 * the page it got is not the host's any more.
 *
 * An invalidation has a start, before the host changes its tables, and an end,
 * after that.  A fault reads mmu_invalidate_seq, gets its page without a lock, and
 * then, with mmu_lock held, asks mmu_invalidate_retry():
 *  - start ran, end did not: mmu_invalidate_in_progress says so;
 *  - end ran after the fault had read the sequence: the sequence is another.
 * In both cases the page may be the old one, and the fault begins anew.  If neither
 * is so, a start that comes now waits for mmu_lock, and will find the new SPTE.
 */

/* ---- The retry protocol ---- */

void kvm_mmu_invalidate_begin(struct kvm *kvm)
{
	lockdep_assert_held_write(&kvm->mmu_lock);

	WRITE_ONCE(kvm->mmu_invalidate_in_progress, kvm->mmu_invalidate_in_progress + 1);
	if (kvm->mmu_invalidate_in_progress == 1) {
		WRITE_ONCE(kvm->mmu_invalidate_range_start, INVALID_GPA);
		WRITE_ONCE(kvm->mmu_invalidate_range_end, INVALID_GPA);
	}
}

void kvm_mmu_invalidate_range_add(struct kvm *kvm, u64 start, u64 end)
{
	lockdep_assert_held_write(&kvm->mmu_lock);
	WARN_ON_ONCE(!kvm->mmu_invalidate_in_progress);

	if (kvm->mmu_invalidate_range_start == INVALID_GPA) {
		WRITE_ONCE(kvm->mmu_invalidate_range_start, start);
		WRITE_ONCE(kvm->mmu_invalidate_range_end, end);
		return;
	}
	/*
	 * One range for all that are in progress.  It does not shrink before the last of
	 * them has ended: a few faults too many are retried, none too few.
	 */
	WRITE_ONCE(kvm->mmu_invalidate_range_start, min(kvm->mmu_invalidate_range_start, start));
	WRITE_ONCE(kvm->mmu_invalidate_range_end, max(kvm->mmu_invalidate_range_end, end));
}

void kvm_mmu_invalidate_end(struct kvm *kvm)
{
	lockdep_assert_held_write(&kvm->mmu_lock);

	/*
	 * The sequence first: whoever sees that nothing is in progress any more sees the
	 * new sequence too.  Pairs with smp_rmb() in kvm_faultin_pfn() and below.
	 */
	WRITE_ONCE(kvm->mmu_invalidate_seq, kvm->mmu_invalidate_seq + 1);
	smp_wmb();
	WRITE_ONCE(kvm->mmu_invalidate_in_progress, kvm->mmu_invalidate_in_progress - 1);
	KVM_BUG_ON(kvm->mmu_invalidate_in_progress < 0, kvm);
}

static bool in_invalidated_range(struct kvm *kvm, u64 addr)
{
	return addr >= READ_ONCE(kvm->mmu_invalidate_range_start) &&
	       addr < READ_ONCE(kvm->mmu_invalidate_range_end);
}

bool mmu_invalidate_retry(struct kvm *kvm, unsigned long mmu_seq, u64 addr)
{
	lockdep_assert_held(&kvm->mmu_lock);

	if (kvm->mmu_invalidate_in_progress) {
		/* In progress, and no range: whatever it is about, play safe. */
		if (WARN_ON_ONCE(kvm->mmu_invalidate_range_start == INVALID_GPA))
			return true;
		if (in_invalidated_range(kvm, addr))
			return true;
	}
	return kvm->mmu_invalidate_seq != mmu_seq;
}

bool mmu_invalidate_retry_unsafe(struct kvm *kvm, unsigned long mmu_seq, u64 addr)
{
	if (READ_ONCE(kvm->mmu_invalidate_in_progress) && in_invalidated_range(kvm, addr))
		return true;
	smp_rmb();
	return READ_ONCE(kvm->mmu_invalidate_seq) != mmu_seq;
}

/* ---- From host addresses to slots ---- */

typedef bool (*gfn_handler_t)(struct kvm *kvm, struct kvm_gfn_range *range);

struct kvm_mmu_notifier_range {
	hva_t start;
	hva_t end;
	struct sim_host_page pte;
	gfn_handler_t handler;			/* may be NULL: only begin or end */
	void (*on_lock)(struct kvm *kvm, const struct kvm_mmu_notifier_range *range);
	bool flush_on_ret;
};

/* The part of the range that lies in @slot; false if none does. */
static bool range_in_slot(const struct kvm_mmu_notifier_range *range, struct kvm_memory_slot *slot,
			  struct kvm_gfn_range *gfn_range)
{
	hva_t slot_end = slot->userspace_addr + ((hva_t)slot->npages << PAGE_SHIFT);
	hva_t start = max(range->start, slot->userspace_addr);
	hva_t end = min(range->end, slot_end);

	if (start >= end)
		return false;

	gfn_range->slot = slot;
	/* Every page that the range touches, be it by a byte. */
	gfn_range->start = hva_to_gfn_memslot(start, slot);
	gfn_range->end = hva_to_gfn_memslot(end + PAGE_SIZE - 1, slot);
	gfn_range->pte = range->pte;
	gfn_range->may_block = true;
	return true;
}

struct hva_range_result {
	bool found_memslot;
	bool ret;
};

/*
 * Call the handler for each slot that the range touches.  mmu_lock is taken at the
 * first of them: a range that touches none costs the guest nothing.
 */
static struct hva_range_result
__kvm_handle_hva_range(struct kvm *kvm, const struct kvm_mmu_notifier_range *range)
{
	struct hva_range_result r = { };
	struct kvm_gfn_range gfn_range;
	int as_id, i, idx;

	if (WARN_ON_ONCE(range->end <= range->start))
		return r;

	idx = srcu_read_lock(&kvm->srcu);
	for (as_id = 0; as_id < KVM_ADDRESS_SPACE_NUM; as_id++) {
		struct kvm_memslots *slots = __kvm_memslots(kvm, as_id);

		for (i = 0; i < slots->nr_slots; i++) {
			/* Ascending starts: no later one can overlap. */
			if (slots->by_hva[i]->userspace_addr >= range->end)
				break;
			if (!range_in_slot(range, slots->by_hva[i], &gfn_range))
				continue;

			if (!r.found_memslot) {
				r.found_memslot = true;
				write_lock(&kvm->mmu_lock);
				if (range->on_lock)
					range->on_lock(kvm, range);
				if (!range->handler)
					goto unlock;
			}
			r.ret |= range->handler(kvm, &gfn_range);
		}
	}
	if (range->flush_on_ret && r.ret)
		kvm_flush_remote_tlbs(kvm);
unlock:
	if (r.found_memslot)
		write_unlock(&kvm->mmu_lock);
	srcu_read_unlock(&kvm->srcu, idx);
	return r;
}

/* ---- The notifiers ---- */

static void begin_on_lock(struct kvm *kvm, const struct kvm_mmu_notifier_range *range)
{
	kvm_mmu_invalidate_begin(kvm);
	if (!kvm_profile->invalidate_by_gfn)
		kvm_mmu_invalidate_range_add(kvm, range->start, range->end);
}

static bool begin_and_unmap(struct kvm *kvm, struct kvm_gfn_range *range)
{
	if (kvm_profile->invalidate_by_gfn)
		kvm_mmu_invalidate_range_add(kvm, range->start, range->end);
	return kvm_unmap_gfn_range(kvm, range);
}

bool kvm_mmu_notifier_invalidate_range_start(struct kvm *kvm, hva_t start, hva_t end)
{
	const struct kvm_mmu_notifier_range range = {
		.start = start,
		.end = end,
		.handler = begin_and_unmap,
		.on_lock = begin_on_lock,
		.flush_on_ret = true,
	};

	/*
	 * From here to the end memslots do not change.  Before the slots are looked up:
	 * kvm_swap_active_memslots() waits for the count to be zero under this lock.
	 */
	spin_lock(&kvm->mn_invalidate_lock);
	WRITE_ONCE(kvm->mn_active_invalidate_count, kvm->mn_active_invalidate_count + 1);
	spin_unlock(&kvm->mn_invalidate_lock);

	return __kvm_handle_hva_range(kvm, &range).found_memslot;
}

static void end_on_lock(struct kvm *kvm, const struct kvm_mmu_notifier_range *range)
{
	kvm_mmu_invalidate_end(kvm);
}

void kvm_mmu_notifier_invalidate_range_end(struct kvm *kvm, hva_t start, hva_t end)
{
	const struct kvm_mmu_notifier_range range = {
		.start = start,
		.end = end,
		.on_lock = end_on_lock,
	};
	bool wake;

	__kvm_handle_hva_range(kvm, &range);

	spin_lock(&kvm->mn_invalidate_lock);
	if (!WARN_ON_ONCE(!kvm->mn_active_invalidate_count))
		WRITE_ONCE(kvm->mn_active_invalidate_count, kvm->mn_active_invalidate_count - 1);
	wake = !kvm->mn_active_invalidate_count;
	spin_unlock(&kvm->mn_invalidate_lock);

	/* One memslot update at most can be waiting. */
	if (wake)
		wake_up(&kvm->mn_memslots_update_wq);
}

void kvm_mmu_notifier_change_pte(struct kvm *kvm, hva_t hva, const struct sim_host_page *pte)
{
	const struct kvm_mmu_notifier_range range = {
		.start = hva,
		.end = hva + 1,
		.pte = *pte,
		.handler = kvm_set_spte_gfn,
		.flush_on_ret = true,
	};

	/*
	 * Between a start and an end that cover it the SPTE is gone already, and so it
	 * is always; if nothing is in progress the start found no slot.
	 */
	if (!kvm_profile->has_change_pte || !READ_ONCE(kvm->mmu_invalidate_in_progress))
		return;
	__kvm_handle_hva_range(kvm, &range);
}

static bool handle_young(struct kvm *kvm, hva_t start, hva_t end, gfn_handler_t handler, bool flush)
{
	const struct kvm_mmu_notifier_range range = {
		.start = start,
		.end = end,
		.handler = handler,
		.flush_on_ret = flush,
	};

	return __kvm_handle_hva_range(kvm, &range).ret;
}

bool kvm_mmu_notifier_clear_flush_young(struct kvm *kvm, hva_t start, hva_t end)
{
	return handle_young(kvm, start, end, kvm_age_gfn, true);
}

bool kvm_mmu_notifier_clear_young(struct kvm *kvm, hva_t start, hva_t end)
{
	/*
	 * Without a flush pages may seem older than they are, which costs less than the
	 * flush would.
	 */
	return handle_young(kvm, start, end, kvm_age_gfn, false);
}

bool kvm_mmu_notifier_test_young(struct kvm *kvm, hva_t hva)
{
	return handle_young(kvm, hva, hva + 1, kvm_test_age_gfn, false);
}

void kvm_mmu_notifier_release(struct kvm *kvm)
{
	int idx;

	if (kvm->mn_released)
		return;
	kvm->mn_released = true;

	idx = srcu_read_lock(&kvm->srcu);
	kvm_mmu_zap_all(kvm);
	srcu_read_unlock(&kvm->srcu, idx);
}
