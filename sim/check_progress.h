/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_CHECK_PROGRESS_H
#define SIM_CHECK_PROGRESS_H

#include "mmu/profile.h"
#include "sim/finding.h"

/*
 * That work ends, and lets others work.
 *
 * Invariants:
 *  - a page fault is not retried without bound: so many times at most for one access;
 *  - a walk gets on: it visits so many entries at most before the gfn it has come to grows,
 *    and never yields twice at the same gfn;
 *  - from the moment that a walk should yield, it zaps so many SPTEs at most before it does:
 *    the tables below one entry, where the design zaps them in one go.
 *
 * A set of counters that callers feed; it looks at nothing itself.
 */

/* Threads that are told apart; numbers from 0. */
#define SIM_PROGRESS_THREADS	64

struct sim_progress_limits {
	unsigned int fault_retries;	/* of one fault */
	unsigned int steps;		/* of a walk without getting on */
	unsigned long zaps;		/* of SPTEs once a yield is due */
};

/* One thread: what it has done since it got on the last time. */
struct sim_progress_thread {
	u64 fault_gpa;
	unsigned int retries;
	bool in_walk;
	gfn_t walk_gfn;
	unsigned int steps;
	bool has_yielded;
	gfn_t yield_gfn;
	bool yield_due;
	unsigned long zaps;
};

struct sim_progress {
	struct sim_progress_limits limits;
	struct sim_progress_thread threads[SIM_PROGRESS_THREADS];
	struct sim_finding finding;
};

/**
 * sim_progress_limits_of() - what a profile's design allows.
 *
 * The tables below an entry of the level that a root is zapped at first, or that joining small
 * pages takes out; a walk down all levels and up again, from the root anew after a
 * yield; and retries enough for the invalidations that a fault may meet.
 */
struct sim_progress_limits sim_progress_limits_of(const struct sim_profile *profile);

/** sim_progress_init() - nothing has been done yet. */
void sim_progress_init(struct sim_progress *progress, const struct sim_progress_limits *limits);

/**
 * sim_progress_fault() - a page fault was handled.
 * @who: the thread, below SIM_PROGRESS_THREADS
 * @gpa: of the access
 * @retry: the guest will fault again (RET_PF_RETRY), else it gets on
 */
void sim_progress_fault(struct sim_progress *progress, unsigned int who, gpa_t gpa, bool retry);

/** sim_progress_walk() - a walk begins. */
void sim_progress_walk(struct sim_progress *progress, unsigned int who);

/**
 * sim_progress_step() - a walk visits an entry.
 * @gfn: how far it has come: next_last_level_gfn of struct tdp_iter
 */
void sim_progress_step(struct sim_progress *progress, unsigned int who, gfn_t gfn);

/** sim_progress_yield() - a walk drops its locks at @gfn, as in sim_progress_step(). */
void sim_progress_yield(struct sim_progress *progress, unsigned int who, gfn_t gfn);

/** sim_progress_yield_due() - somebody wants the thread's lock, or its CPU, from now on. */
void sim_progress_yield_due(struct sim_progress *progress, unsigned int who);

/**
 * sim_progress_section() - a new RCU section, or hold of a lock, begins: as at a yield,
 * but for the walk.
 */
void sim_progress_section(struct sim_progress *progress, unsigned int who);

/** sim_progress_zapped() - a present SPTE was taken out; @gfn is for the report. */
void sim_progress_zapped(struct sim_progress *progress, unsigned int who, gfn_t gfn);

#endif /* SIM_CHECK_PROGRESS_H */
