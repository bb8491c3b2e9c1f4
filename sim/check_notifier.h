/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_CHECK_NOTIFIER_H
#define SIM_CHECK_NOTIFIER_H

#include "mmu/kvm_host.h"
#include "sim/history.h"

/*
 * That nothing leads to memory that the host has taken back.
 *
 * Invariants, for a range of host addresses and an MMU notifier's start and end:
 *  - from the return of the start to the call of the end no root, valid or invalid, has a
 *    present leaf within the range, and no vCPU that could use it has a cached translation;
 *    a huge page that reaches beyond it is the next notifier's, which covers all of it;
 *  - after the end neither leads from the range to a frame that the range had before,
 *    unless the host maps that frame there again.
 * A flush that is missing, that was of another range or root, that comes after mmu_lock is
 * dropped, or after the frames are free, breaks the second half of the first: the
 * translation is there still when the start returns.
 *
 * A cached translation counts if the vCPU would use it when it enters the guest, or goes on
 * in it: of its present root (EPT), or of its ASID (NPT), and no request pending that
 * flushes it first.  Translations under the tags of other roots do not: KVM flushes a
 * root's when it loads it.
 *
 * vcpu->world is a struct sim_cpu, or NULL: then the vCPU caches nothing.
 */

#define SIM_NOTIFIER_FRAMES_MAX	64	/* runs of frames */
#define SIM_NOTIFIER_SLOTS_MAX	16	/* places of the guest that the range is mapped at */

/* Frames that the range had, next to each other. */
struct sim_notifier_frames {
	kvm_pfn_t first;
	u64 nr;
};

/* Where the guest has a part of the range. */
struct sim_notifier_part {
	int as_id;
	gfn_t start, end;	/* end excluded */
	hva_t hva;		/* of @start */
};

struct sim_notifier_check {
	struct kvm *kvm;
	const struct sim_history *history;	/* for reports; NULL: none */
	struct sim_notifier_part parts[SIM_NOTIFIER_SLOTS_MAX];
	unsigned int nr_parts;
	struct sim_notifier_frames frames[SIM_NOTIFIER_FRAMES_MAX];
	unsigned int nr_frames;
	unsigned int nr_forgotten;	/* parts and runs that there was no room for */
	bool ended;
	/*
	 * Only vCPUs count that are in the guest: another may have taken its request, and be
	 * about to flush.  Set after sim_check_notifier_begin().
	 */
	bool in_guest;
};

/**
 * sim_check_notifier_begin() - see what the range has, before the notifier's start.
 * @start: host address of the first byte
 * @end: and behind the last
 * @history: appended to reports; NULL: none
 *
 * Nobody changes tables or slots meanwhile.  Takes kvm->srcu.  What there is no room for is
 * not judged, and counted in nr_forgotten.
 */
void sim_check_notifier_begin(struct sim_notifier_check *check, struct kvm *kvm, hva_t start,
			      hva_t end, const struct sim_history *history);

/** sim_check_notifier_end() - the notifier's end is about to be called, or has been. */
void sim_check_notifier_end(struct sim_notifier_check *check);

/**
 * sim_check_notifier() - judge: as often as wanted, from the return of the start on.
 * @lives: after the end: whether the host maps a frame at an address now, and so it may
 *	be found there again; NULL: it maps none of the old frames
 * @ctx: for @lives
 * @err: what is wrong, if something is
 * @err_size: bytes at @err
 *
 * No vCPU runs, and nobody changes tables meanwhile.  Slots may have changed since: a part
 * whose slot is elsewhere now is judged as it was.  Takes no lock.
 *
 * Return: true if all is well.
 */
bool sim_check_notifier(const struct sim_notifier_check *check,
			bool (*lives)(void *ctx, hva_t hva, kvm_pfn_t pfn), void *ctx,
			char *err, size_t err_size);

/**
 * sim_check_cached() - judge all that the vCPUs have cached and could use, by the host.
 * @lives: whether the host maps a frame at an address now
 * @ctx: for @lives
 * @history: appended to reports; NULL: none
 *
 * Every such translation leads into a memslot, and its first and last frame are what the
 * host maps there.  Between two invalidations only, and when no slot is being updated; no
 * vCPU runs.  Takes kvm->srcu.
 *
 * Return: as sim_check_notifier().
 */
bool sim_check_cached(struct kvm *kvm, bool (*lives)(void *ctx, hva_t hva, kvm_pfn_t pfn),
		      void *ctx, const struct sim_history *history, char *err, size_t err_size);

#endif /* SIM_CHECK_NOTIFIER_H */
