/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/slab.h>

#include "mmu/mmu.h"

/* The dirty log of a slot: a bitmap, set by writes and fetched by userspace. */

static size_t dirty_bitmap_longs(const struct kvm_memory_slot *slot)
{
	return BITS_TO_LONGS(slot->npages);
}

int kvm_prepare_dirty_bitmap(struct kvm *kvm, struct kvm_memory_slot *slot)
{
	slot->dirty_bitmap = kvcalloc(dirty_bitmap_longs(slot), sizeof(long), GFP_KERNEL_ACCOUNT);
	if (!slot->dirty_bitmap)
		return -ENOMEM;
	if (kvm_dirty_log_manual_protect_and_init_set(kvm))
		bitmap_set(slot->dirty_bitmap, 0, (unsigned int)slot->npages);
	return 0;
}

void mark_page_dirty_in_slot(struct kvm *kvm, const struct kvm_memory_slot *slot, gfn_t gfn)
{
	if (slot && kvm_slot_dirty_track_enabled(slot))
		set_bit(gfn - slot->base_gfn, slot->dirty_bitmap);
}

void kvm_vcpu_mark_page_dirty(struct kvm_vcpu *vcpu, gfn_t gfn)
{
	mark_page_dirty_in_slot(vcpu->kvm, kvm_vcpu_gfn_to_memslot(vcpu, gfn), gfn);
}

int kvm_vm_enable_manual_dirty_log_protect(struct kvm *kvm, u64 flags)
{
	u64 allowed = KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE;

	/* All bits set to begin with makes sense only if userspace clears them itself. */
	if (flags & KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE)
		allowed |= KVM_DIRTY_LOG_INITIALLY_SET;
	if (flags & ~allowed)
		return -EINVAL;
	kvm->manual_dirty_log_protect = flags;
	return 0;
}

/* The slot of an ioctl, under slots_lock: 0, -EINVAL or -ENOENT. */
static int find_logging_slot(struct kvm *kvm, u32 slot, struct kvm_memory_slot **memslot)
{
	int as_id = slot >> 16, id = slot & 0xffff;

	if (as_id >= KVM_ADDRESS_SPACE_NUM || id >= KVM_USER_MEM_SLOTS)
		return -EINVAL;
	*memslot = id_to_memslot(__kvm_memslots(kvm, as_id), id);
	if (!*memslot || !(*memslot)->dirty_bitmap)
		return -ENOENT;
	return 0;
}

/* What the CPUs have logged by themselves comes into the bitmap when they exit. */
static void kvm_arch_sync_dirty_log(struct kvm *kvm)
{
	if (enable_pml)
		kvm_make_all_cpus_request(kvm, KVM_REQ_OUTSIDE_GUEST_MODE);
}

/* Fetch and reset: whether any bit was set, so that SPTEs were protected. */
static bool fetch_and_protect(struct kvm *kvm, struct kvm_memory_slot *memslot,
			      unsigned long *bitmap)
{
	size_t i, longs = dirty_bitmap_longs(memslot);
	bool flush = false;

	write_lock(&kvm->mmu_lock);
	for (i = 0; i < longs; i++) {
		bitmap[i] = 0;
		if (!READ_ONCE(memslot->dirty_bitmap[i]))
			continue;
		flush = true;
		/* Fetch, then protect: a write in between sets its bit anew. */
		bitmap[i] = xchg(&memslot->dirty_bitmap[i], 0);
		kvm_arch_mmu_enable_log_dirty_pt_masked(kvm, memslot, i * BITS_PER_LONG,
							bitmap[i]);
	}
	write_unlock(&kvm->mmu_lock);
	return flush;
}

/* As it is at this moment, word by word: vCPUs go on setting bits. */
static void copy_log(const struct kvm_memory_slot *memslot, unsigned long *bitmap)
{
	size_t i;

	for (i = 0; i < dirty_bitmap_longs(memslot); i++)
		bitmap[i] = READ_ONCE(memslot->dirty_bitmap[i]);
}

int kvm_vm_ioctl_get_dirty_log(struct kvm *kvm, u32 slot, unsigned long *bitmap)
{
	struct kvm_memory_slot *memslot;
	int r;

	mutex_lock(&kvm->slots_lock);
	r = find_logging_slot(kvm, slot, &memslot);
	if (r)
		goto out;

	kvm_arch_sync_dirty_log(kvm);
	if (kvm->manual_dirty_log_protect)
		copy_log(memslot, bitmap);
	else if (fetch_and_protect(kvm, memslot, bitmap))
		/* After mmu_lock, but before another can call: slots_lock is held. */
		kvm_flush_remote_tlbs_memslot(kvm, memslot);
out:
	mutex_unlock(&kvm->slots_lock);
	return r;
}

static bool clear_and_protect(struct kvm *kvm, struct kvm_memory_slot *memslot, u64 first_page,
			      u32 num_pages, const unsigned long *bitmap)
{
	size_t n, longs = BITS_TO_LONGS(num_pages);
	bool flush = false;

	write_lock(&kvm->mmu_lock);
	for (n = 0; n < longs; n++) {
		u64 offset = first_page + n * BITS_PER_LONG;
		atomic64_t *word = (atomic64_t *)&memslot->dirty_bitmap[offset / BITS_PER_LONG];
		unsigned long mask = bitmap[n];

		if (!mask)
			continue;
		/* Only what was set needs protection. */
		mask &= atomic64_fetch_and(~mask, word);
		if (!mask)
			continue;
		flush = true;
		kvm_arch_mmu_enable_log_dirty_pt_masked(kvm, memslot, offset, mask);
	}
	write_unlock(&kvm->mmu_lock);
	return flush;
}

int kvm_vm_ioctl_clear_dirty_log(struct kvm *kvm, u32 slot, u64 first_page, u32 num_pages,
				 const unsigned long *bitmap)
{
	struct kvm_memory_slot *memslot;
	int r;

	if (first_page & 63)
		return -EINVAL;

	mutex_lock(&kvm->slots_lock);
	r = find_logging_slot(kvm, slot, &memslot);
	if (r)
		goto out;

	r = -EINVAL;
	if (first_page > memslot->npages || num_pages > memslot->npages - first_page ||
	    (num_pages < memslot->npages - first_page && (num_pages & 63)))
		goto out;

	kvm_arch_sync_dirty_log(kvm);
	if (clear_and_protect(kvm, memslot, first_page, num_pages, bitmap))
		kvm_flush_remote_tlbs_memslot(kvm, memslot);
	r = 0;
out:
	mutex_unlock(&kvm->slots_lock);
	return r;
}
