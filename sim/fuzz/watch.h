/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_FUZZ_WATCH_H
#define SIM_FUZZ_WATCH_H

#include "sim/check_dirty.h"
#include "sim/check_notifier.h"
#include "sim/check_progress.h"
#include "sim/check_zap.h"
#include "sim/det/det.h"
#include "sim/history.h"
#include "sim/host.h"

/*
 * The checkers of sim/check_*.h, around what the threads of a lab do, and some that only
 * make sense where every step is seen:
 *
 *  - a leaf or a table is put where nothing was only after every vCPU has forgotten what
 *    was there before;
 *  - no vCPU uses what the tables do not say any more, another frame, another table, or none,
 *    when whoever changed them has dropped mmu_lock;
 *  - that a page was used or written to, as A and D (or W, without D) tell, is handed to the host
 *    before the SPTE is gone that tells it: at the latest when the notifier returns that takes
 *    the page away.  Whoever asks whether it was used is told so;
 *  - when the owner's memory goes, nothing maps it, be the root valid or not;
 *  - where a memslot is, there is no MMIO, not even while it is being deleted;
 *  - a vCPU enters the guest with PML on if a memslot logs and no nested guest is to run;
 *  - when kvm_zap_gfn_range() returns, what valid roots map there has come since.
 *
 * All that is read here is read at once, between two steps of the schedule.
 */

struct sim_lab;
struct sim_race_op;
struct sim_access;

/* What the guest has done to pages, and KVM has not told the host of. */
enum sim_owed {
	SIM_OWED_ACCESSED,
	SIM_OWED_DIRTY,
	SIM_OWED_NR
};

#define SIM_WATCH_MAX_OWED	64

/* As the SPTE maps it. */
struct sim_owed_page {
	kvm_pfn_t pfn;		/* the first */
	hva_t hva;
	gfn_t gfn;
	u64 size;		/* bytes */
	int as_id;
};

struct sim_owed_pages {
	struct sim_owed_page page[SIM_WATCH_MAX_OWED];
	unsigned int nr;
};

/* Questions for the age of pages. */
struct sim_ages {
	unsigned int asking;	/* now */
	u32 asked;		/* so far */
	/* By task: when it asked. */
	struct sim_age_question {
		struct sim_owed_page page;
		bool young;	/* @page is, as an SPTE says */
		u64 changes;	/* of SPTEs, so far */
		u32 asked, slots_made;
	} question[SIM_DET_MAX_TASKS];
};

/* Invalidations that a task is in: splitting a huge page of the host is one inside of another. */
#define SIM_WATCH_NESTED	2

/* Leafs that came while kvm_zap_gfn_range() was at work. */
#define SIM_WATCH_MAX_NEW	32

struct sim_new_leafs {
	unsigned int ranges;	/* being zapped */
	unsigned int nr;	/* more than SIM_WATCH_MAX_NEW: some are not known */
	struct {
		int as_id;
		gfn_t start, end;
	} leaf[SIM_WATCH_MAX_NEW];
};

struct sim_invalidations {
	struct sim_notifier_check check[SIM_WATCH_NESTED];
	u64 gen[SIM_WATCH_NESTED];	/* of the slots, when it was begun */
	bool started[SIM_WATCH_NESTED];	/* the notifier's start has returned */
	unsigned int nr;		/* those beyond SIM_WATCH_NESTED are not judged */
};

struct sim_watch {
	struct sim_history history;
	/* By the task that does it. */
	struct sim_zap_check zaps[SIM_DET_MAX_TASKS];
	struct sim_invalidations invalidations[SIM_DET_MAX_TASKS];
	u32 zaps_begun, zaps_done;		/* a bit each */
	u64 zap_gen[SIM_DET_MAX_TASKS];		/* if less by then, all is zapped; 0: anyhow */
	u32 zappers;				/* have taken SPTEs out */

	struct sim_new_leafs new_leafs;
	struct sim_dirty dirty;
	unsigned int slot_ioctls;	/* that are under way */
	unsigned int slots_in_making;	/* of them, those that may make or move one */
	u32 slots_made;
	struct sim_progress progress;

	/* By vCPU. */
	hpa_t entered_root[8];		/* that it has entered the guest with */
	u32 fault_slots_made[8];	/* slots_made when it entered, or took its last fault */
	bool fault_in_making[8];	/* there were slots_in_making then */

	/* A fault that found no memslot has put an MMIO SPTE over a page of one made since. */
	bool mmio_over_leaf;
	/* One of the old generation was made between the zap at its wrap and the new generation. */
	bool mmio_before_wrap;
	/* Pages of a huge one that was split while D was set again, and W not yet cleared. */
	struct sim_gfn_range {
		gfn_t start, end;
	} split_dirty;

	/* For a failure "stale ...": what was cached. */
	gfn_t stale_gfn;

	struct sim_owed_pages owed[SIM_OWED_NR];
	struct sim_ages ages;
};

/** sim_watch_begin() - a run begins. */
void sim_watch_begin(struct sim_lab *lab);

/** sim_watch_stop() - it is over, or has failed. */
void sim_watch_stop(struct sim_lab *lab);

/** sim_watch_new_vm() - there is a VM now. */
void sim_watch_new_vm(struct sim_lab *lab);

/** sim_watch_check_end() - when all threads have ended, and the VM is there. */
void sim_watch_check_end(struct sim_lab *lab);

/* ---- Operations: by the task that does them ---- */

/** sim_watch_slot_begin() - before KVM_SET_USER_MEMORY_REGION. */
void sim_watch_slot_begin(struct sim_lab *lab, const struct sim_race_op *op);

/** sim_watch_slot_end() - after it. */
void sim_watch_slot_end(struct sim_lab *lab, const struct sim_race_op *op, int r);

/** sim_watch_zap_range_begin() - before kvm_zap_gfn_range(). */
void sim_watch_zap_range_begin(struct sim_lab *lab);

/** sim_watch_zap_range_end() - after it. */
void sim_watch_zap_range_end(struct sim_lab *lab, gfn_t start, gfn_t end);

/** sim_watch_log_fetched() - KVM_GET_DIRTY_LOG has returned @bitmap. */
void sim_watch_log_fetched(struct sim_lab *lab, u64 slot, const unsigned long *bitmap);

/** sim_watch_log_cleared() - KVM_CLEAR_DIRTY_LOG has returned 0, for all pages given. */
void sim_watch_log_cleared(struct sim_lab *lab, u64 slot, u64 first, u64 nr);

/* ---- watch_guest.c: guests and what they leave behind ---- */

/** sim_watch_slots_known() - what it does from now on goes by the slots that are there. */
void sim_watch_slots_known(struct sim_lab *lab, const struct kvm_vcpu *vcpu);

/** sim_watch_enter() - a vCPU enters the guest. */
void sim_watch_enter(struct sim_lab *lab, struct kvm_vcpu *vcpu);

/** sim_watch_access() - sim_cpu_on_access. */
void sim_watch_access(struct sim_lab *lab, struct kvm_vcpu *vcpu, const struct sim_access *access,
		      const struct sim_tlb_entry *entry, bool hit);

/** sim_watch_mmio() - KVM_RUN has returned for an access where there is no memory. */
void sim_watch_mmio(struct sim_lab *lab, struct kvm_vcpu *vcpu);

/** sim_watch_installed() - an SPTE that was not present is now. */
void sim_watch_installed(struct sim_lab *lab, gfn_t gfn, int level);

/** sim_watch_check_guests() - all that is cached, at the end. */
void sim_watch_check_guests(struct sim_lab *lab);

/* ---- watch_pages.c: what the host has to be told ---- */

/** sim_watch_owe() - a guest uses a page by a translation that is not cached. */
void sim_watch_owe(struct sim_lab *lab, struct kvm_vcpu *vcpu, const struct sim_tlb_entry *entry,
		   bool write);

/** sim_watch_told() - KVM tells the host that a page was used, or written to. */
void sim_watch_told(struct sim_lab *lab, enum sim_owed what, kvm_pfn_t pfn);

/** sim_watch_taken_away() - the host takes a range away, and the notifier has returned. */
void sim_watch_taken_away(struct sim_lab *lab, hva_t start, hva_t end);

/** sim_watch_owner_gone() - the notifier's release has returned. */
void sim_watch_owner_gone(struct sim_lab *lab);

/** sim_watch_age_asked() - the host is about to ask whether a range was used. */
void sim_watch_age_asked(struct sim_lab *lab, hva_t start, hva_t end);

/**
 * sim_watch_age_told() - it was told.
 * @clears: pages are old from now on
 */
void sim_watch_age_told(struct sim_lab *lab, hva_t start, hva_t end, bool clears, bool young);

/** sim_watch_check_owed() - at the end: all that is owed is still in an SPTE. */
void sim_watch_check_owed(struct sim_lab *lab);

#endif /* SIM_FUZZ_WATCH_H */
