/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_FUZZ_CAMPAIGN_H
#define SIM_FUZZ_CAMPAIGN_H

#include "sim/fuzz/schedule.h"
#include "sim/fuzz/search.h"
#include "sim/fuzz/settings.h"

/*
 * A campaign: schedule after schedule, in units.  A unit has one workload, one machine and
 * one set of odds, all of which follow from the seed and the number of the unit; so units
 * can be dealt out to processes and machines that know nothing of each other.
 */

/*
 * The schedules of a unit: so many at least and at most, and in between until they have taken so many
 * steps.  Many short units find more than few long ones: most bugs need the right machine more
 * than a rare schedule.  By steps, or the largest workloads would have most of the time.
 */
#define SIM_CAMPAIGN_UNIT_MIN	32
#define SIM_CAMPAIGN_UNIT_MAX	256
#define SIM_CAMPAIGN_UNIT_STEPS	(1u << 18)

struct sim_campaign_config {
	/* NULL: all of them in turn, and some that are made up. */
	const struct sim_workload *workload;
	const char *workload_machine;	/* options that it needs, or NULL */
	struct sim_lab_settings settings;	/* of the machine; the rest is the seed's choice */
	u64 seed;
	bool known_too;		/* what is known is a failure like any other */
	u64 first_unit, step;	/* units first_unit, first_unit + step, ... */
};

/* What has been seen, of one process; written by it, read by others at any time. */
struct sim_campaign_stats {
	u64 schedules, steps, choices, units;
	double miss[SIM_SEARCH_MAX_DEPTH + 1];	/* log of the odds that a bug of this depth was missed */
	u64 hash;		/* of all runs */
	u64 covered;		/* pairs of sites */
	u64 corpus;		/* schedules that covered something new */
	u64 known;		/* failures that are known, see known.h */
};

/* Schedules of a unit that are kept, to be mutated. */
#define SIM_CAMPAIGN_CORPUS	16

struct sim_campaign {
	struct sim_campaign_config config;
	struct sim_campaign_stats *stats;
	struct sim_lab lab;
	struct sim_search search;
	struct sim_recording_strategy recording;
	struct sim_det_result result;
	struct sim_workload *made;	/* the unit's workload, if it was made up for it */
	struct sim_workload *parsed;	/* or if it is a stock one */
	struct sim_search_odds odds;
	u64 unit, in_unit;
	u64 unit_steps;		/* so far */
	struct sim_coverage coverage;
	struct sim_schedule corpus[SIM_CAMPAIGN_CORPUS];
	unsigned int nr_corpus;
	bool covered_new;	/* by the run that was last */
	u64 unit_seed;
};

/** sim_campaign_init() - get ready; @stats is zero. */
void sim_campaign_init(struct sim_campaign *c, const struct sim_campaign_config *config,
		       struct sim_campaign_stats *stats);

/**
 * sim_campaign_next() - run one more schedule.
 *
 * What is known (known.h) is counted, and does not count as a failure.
 *
 * Return: 0, c->result tells whether it failed; -ENOMEM and so on.
 */
int sim_campaign_next(struct sim_campaign *c);

/**
 * sim_campaign_again() - run the schedule that ran last once more, and its VM to its end.
 *
 * It must not have failed.  Most runs leave their VM as it is, so this one may fail where that one
 * did not; c->result tells.  What is known is counted, as in sim_campaign_next().
 *
 * Return: 0; -EIO: it went another way, so the simulator itself is not deterministic; -ENOMEM
 * and so on.
 */
int sim_campaign_again(struct sim_campaign *c);

/** sim_campaign_take() - the schedule that ran last, as a file: false if memory is short. */
bool sim_campaign_take(struct sim_campaign *c, struct sim_schedule_file *f);

/** sim_campaign_exit() - free all. */
void sim_campaign_exit(struct sim_campaign *c);

/** sim_workload_make() - make.c: a workload from a seed; NULL: out of memory. */
struct sim_workload *sim_workload_make(u64 seed);

#endif /* SIM_FUZZ_CAMPAIGN_H */
