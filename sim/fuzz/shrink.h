/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_FUZZ_SHRINK_H
#define SIM_FUZZ_SHRINK_H

#include "sim/fuzz/found.h"

/* More preemptions than this nobody wants to read. */
#define SIM_SHRINK_READABLE	4

/* Between shrink.c, which takes away, and fewer.c, which looks for another schedule. */
struct sim_shrinker {
	struct sim_schedule_file *f;	/* the smallest so far that fails */
	struct sim_recording_strategy recording;
	char want[SIM_DET_REPORT_SIZE];	/* the report that it must have */
	double deadline;		/* of sim_cli_seconds() */
	double last_deadline;		/* while it is not SIM_SHRINK_READABLE */
	u64 max_steps;			/* of a run; 0: as in any other */
	struct sim_shrink_stats *stats;
};

/** sim_shrink_seconds_left() - how long shrinking may still take. */
double sim_shrink_seconds_left(const struct sim_shrinker *s);

/** sim_shrink_time_left() - whether there is time for another run. */
bool sim_shrink_time_left(const struct sim_shrinker *s);

/**
 * sim_shrink_run() - one run, whose schedule is recorded.
 * @lab: ready for the workload of the file
 * @strategy: decides
 * @result: of the run
 *
 * Return: whether it fails as the file does.
 */
bool sim_shrink_run(struct sim_shrinker *s, struct sim_lab *lab,
		    const struct sim_det_strategy *strategy, struct sim_det_result *result);

/** sim_shrink_replay() - the same of a file, with the VM's end: whether it fails as the shrinker's does. */
bool sim_shrink_replay(struct sim_shrinker *s, const struct sim_schedule_file *f,
		       struct sim_det_result *result);

/** sim_shrink_take() - the schedule of the last run becomes the file's. */
void sim_shrink_take(struct sim_shrinker *s, const struct sim_det_result *result);

/* ---- fewer.c: the same workload on the same machine, and fewer preemptions ---- */

/**
 * sim_shrink_by_walk() - from one schedule that fails to the next, by small changes.
 *
 * Each becomes the file's that has no more preemptions than it.  So those that hang on each other
 * move together until they meet, and then they are one.
 *
 * Return: whether it has fewer now.
 */
bool sim_shrink_by_walk(struct sim_shrinker *s);

/** sim_shrink_by_chance() - schedules with few preemptions, as PCT draws them: the same. */
bool sim_shrink_by_chance(struct sim_shrinker *s);

/** sim_shrink_by_exploring() - all schedules with fewer, up to two, as far as there is time: the same. */
bool sim_shrink_by_exploring(struct sim_shrinker *s);

#endif /* SIM_FUZZ_SHRINK_H */
