/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_CHECK_DIRTY_H
#define SIM_CHECK_DIRTY_H

#include "mmu/kvm_host.h"
#include "sim/history.h"

/*
 * That the dirty log misses no write.
 *
 * Invariant: a write of the guest to a memslot that logs, made since logging began, is
 * either in what userspace was given since, or is still on its way to it: its bit is set in
 * the slot's bitmap, or its address is in a vCPU's page-modification log.  A D flag alone is
 * not on its way: nobody looks for those.
 *
 * "Was given" is a get of the log that has the bit, or a clear of the bit: userspace reads
 * the page after either returns, so writes until then count.  So it is the same for write
 * protection and for PML, for logs that a get resets, and those that userspace clears itself,
 * with all bits set in the beginning or not.
 *
 * One write KVM is known to lose: where all bits are set in the beginning and the slot does
 * not begin at a multiple of 64 pages, a huge page that begins with the last of 64 is neither
 * split nor protected when they are cleared (mmu/mmu_slots.c): until v6.8, and later with
 * eager_page_split off.  That one is not reported.
 *
 * The caller feeds it: writes, and the ioctls when they return.  While an ioctl runs, writes
 * may be noted; its own note comes before anything else is scheduled.
 */

#define SIM_DIRTY_SLOTS_MAX	64

/* A slot that logs: which of its pages were written since userspace was told. */
struct sim_dirty_slot {
	int as_id, id;
	u64 npages;
	unsigned long *written;
	bool may_lose;		/* bits were cleared where the known loss can happen */
};

struct sim_dirty {
	struct kvm *kvm;
	const struct sim_history *history;	/* for reports; NULL: none */
	struct sim_dirty_slot slots[SIM_DIRTY_SLOTS_MAX];
	unsigned int nr_slots;
};

/** sim_dirty_init() - no slot logs, as far as is known. */
void sim_dirty_init(struct sim_dirty *dirty, struct kvm *kvm, const struct sim_history *history);

/** sim_dirty_exit() - free what sim_dirty_note_slot() took; the VM may be gone. */
void sim_dirty_exit(struct sim_dirty *dirty);

/**
 * sim_dirty_note_slot() - KVM_SET_USER_MEMORY_REGION has returned, for this slot.
 *
 * Follows the slot from now on if it logs, and no longer if it does not.  Takes kvm->srcu.
 *
 * Return: 0, -ENOMEM, or -ENOSPC if too many log.
 */
int sim_dirty_note_slot(struct sim_dirty *dirty, int as_id, int id);

/** sim_dirty_forget_slot() - follow a slot no longer, until it is noted again. */
void sim_dirty_forget_slot(struct sim_dirty *dirty, int as_id, int id);

/**
 * sim_dirty_note_write() - the guest writes a page.
 * @as_id: address space that the vCPU is in
 *
 * Takes kvm->srcu.
 */
void sim_dirty_note_write(struct sim_dirty *dirty, int as_id, gfn_t gfn);

/** sim_dirty_note_get() - KVM_GET_DIRTY_LOG has returned @bitmap. */
void sim_dirty_note_get(struct sim_dirty *dirty, int as_id, int id, const unsigned long *bitmap);

/**
 * sim_dirty_note_clear() - KVM_CLEAR_DIRTY_LOG has returned 0.
 * @first: page that bit 0 of @bitmap stands for
 * @nr: how many
 * @bitmap: which of them; NULL: all
 */
void sim_dirty_note_clear(struct sim_dirty *dirty, int as_id, int id, u64 first, u64 nr,
			  const unsigned long *bitmap);

/**
 * sim_check_dirty() - judge all writes that userspace has not been told of.
 * @err: the first that is lost, if one is, with what maps it
 * @err_size: bytes at @err
 *
 * No vCPU runs, and no ioctl is under way.  Takes kvm->srcu.
 *
 * Return: true if none is.
 */
bool sim_check_dirty(const struct sim_dirty *dirty, char *err, size_t err_size);

#endif /* SIM_CHECK_DIRTY_H */
