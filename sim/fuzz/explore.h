/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_FUZZ_EXPLORE_H
#define SIM_FUZZ_EXPLORE_H

#include "sim/fuzz/schedule.h"

/*
 * All schedules of a workload up to a number of preemptions, one after the other, depth
 * first.  A preemption takes the processor from a task that could go on; whoever goes on
 * when one cannot is free to choose, and costs nothing.
 *
 * Reduction: a task is only preempted before it touches an object that another task
 * touches too, one of them to write.  Sound, and within the same bound: what a task does to
 * objects that are nobody else's can as well come before the preemption as after it, so a
 * preemption there is one at its next access that matters, or none at all if it ends or
 * blocks before.  Which objects matter is not known beforehand.  So the search is done in
 * rounds, each with what all runs of the rounds before have seen; when a round sees nothing
 * new, it was complete.
 *
 * Sleep sets would leave out more, and too much: the schedule that they take for an equal
 * may be beyond the bound (Coons et al., "Bounded Partial-Order Reduction", OOPSLA 2013).
 *
 * A walk asks at every step whether somebody waits for its lock.  That question is no place for
 * a preemption either: a waiter that comes before the step after it is answered there.
 *
 * Questions are answered with no, but that a time slice is over may cost a preemption too.
 */

struct sim_explore_config {
	unsigned int preemptions;	/* at most */
	bool resched;		/* ask whether time slices are over */
	bool everything;	/* no reduction */
	double seconds;		/* give up after that; 0: never */
	u64 schedules;		/* or after so many; 0: never */
	/* What a failure must be like to count, see sim_same_failure(); NULL: anything. */
	const char *want;
	/* Told how far it is, once a second or so; NULL: nobody. */
	void (*progress)(void *ctx, u64 schedules, double done, double seconds);
	/* One schedule of something else, as sim_det_run(); NULL: of the file's workload. */
	int (*run)(void *ctx, const struct sim_det_config *config, struct sim_det_result *result);
	void *ctx;
};

struct sim_explore_result {
	u64 schedules;		/* in all rounds */
	u64 last_round;		/* in the last one: so many there are */
	unsigned int rounds;
	u64 steps;
	bool complete;		/* all of them were run */
	bool found;		/* the schedule in the file fails */
	double seconds;
};

/**
 * sim_explore() - search.
 * @f: workload and machine, if there is no config->run; when one fails, its schedule, hash
 *     and report
 *
 * Return: 0, -EINVAL for a machine that cannot be, -ENOMEM.
 */
int sim_explore(const struct sim_explore_config *config, struct sim_schedule_file *f,
		struct sim_explore_result *result);

#endif /* SIM_FUZZ_EXPLORE_H */
