/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_FUZZ_SEARCH_H
#define SIM_FUZZ_SEARCH_H

#include "sim/fuzz/schedule.h"
#include "sim/fuzz/sharing.h"

/*
 * Strategies that search by chance.
 *
 * random	At every point the running task is interrupted with the same probability.
 * pct		Every task has a priority, and at d - 1 steps chosen beforehand the one that
 *		runs gets the lowest.  Finds a bug of depth d among n tasks and k steps with a
 *		probability of at least 1 / (n k^(d-1)): Burckhardt et al., "A Randomized
 *		Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS 2010.
 * pos		Every access has a priority, drawn anew for those that race with one that was
 *		just carried out: Yuan et al., "Partial Order Aware Concurrency Sampling",
 *		CAV 2018.
 * hold		As pct, of depth 1 or 2; and one or two that come to places where tasks have met
 *		wait there for others (hold.h).
 *
 * Points before objects that are not shared (sharing.h) are passed over, but for every fourth
 * run, so that a wrong guess is not for ever.
 */

enum sim_search_kind {
	SIM_SEARCH_RANDOM,
	SIM_SEARCH_PCT,
	SIM_SEARCH_POS,
	SIM_SEARCH_HOLD
};

/*
 * mutate	Replays a schedule that has covered something new, up to some step, and goes on by
 *		chance from there.
 */

/* How often a question is answered with yes: once in that many times, 0: never. */
struct sim_search_odds {
	u32 resched;
	u32 fail_alloc;
	u32 fail_cmpxchg;
};

#define SIM_SEARCH_MAX_DEPTH	5
#define SIM_SEARCH_HOLDS	2

struct sim_search {
	struct sim_det_strategy strategy;	/* for sim_det_config */
	enum sim_search_kind kind;
	unsigned int depth;		/* pct */
	u32 interrupt;			/* random: once in that many points */
	struct sim_search_odds odds;
	bool all_points;
	u64 random;

	u32 points;			/* of this run, at which there was something to choose */
	u32 mean, most;			/* of @points, of the runs so far */
	u32 reach;			/* pct: its changes are among so many points */
	u32 change[SIM_SEARCH_MAX_DEPTH];	/* pct: at which of them */
	u64 priority[SIM_DET_MAX_TASKS + 1];
	u64 lowest;
	struct sim_hold hold[SIM_SEARCH_HOLDS];	/* hold */

	struct sim_sharing sharing;

	const struct sim_schedule *base;	/* to be mutated; NULL: not this time */
	struct sim_replay_strategy replay;
	u32 cut;		/* picks of the base that are left */
	u32 picked, picks;	/* of this run, and of the one before */
};

/** sim_search_init() - for runs of one workload on one machine. */
void sim_search_init(struct sim_search *s);

/**
 * sim_search_begin() - before each run.
 * @seed: of all that it decides; it also chooses kind, depth and so on
 * @base: to begin with, or NULL; stays until sim_search_end()
 */
void sim_search_begin(struct sim_search *s, u64 seed, struct sim_search_odds odds,
		      const struct sim_schedule *base);

/** sim_search_end() - after it. */
void sim_search_end(struct sim_search *s);

/** sim_search_name() - "pct 3" and so on; returns @buf. */
const char *sim_search_name(const struct sim_search *s, char *buf, size_t size);

#endif /* SIM_FUZZ_SEARCH_H */
