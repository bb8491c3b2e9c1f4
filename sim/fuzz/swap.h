/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_FUZZ_SWAP_H
#define SIM_FUZZ_SWAP_H

#include "sim/fuzz/schedule.h"

/*
 * The decision that a failure hangs on.  Without it the run does not fail; and when the task
 * that it interrupts is let go on a bit longer, access by access, there is one access from
 * which on it does not fail either.  That access came too late.
 */

enum sim_swap_found {
	SIM_SWAP_NO_FAILURE,	/* the schedule does not fail at all */
	SIM_SWAP_NONE,		/* no preemption by itself makes it fail */
	SIM_SWAP_DECISION,	/* one does, but no later place makes it pass */
	SIM_SWAP_ACCESS,	/* all of it */
};

struct sim_swap {
	enum sim_swap_found found;
	unsigned int nr_critical;	/* preemptions without each of which it passes */
	struct sim_decision decision;	/* the one, as it stands in the schedule */
	u32 at;			/* where it may be done at the latest */
	/* The schedule with the decision there: fails; or a copy of the given one. */
	struct sim_schedule schedule;
	unsigned int runs;	/* that it took */
};

/** sim_swap_same_failure() - whether two reports tell of the same kind of failure. */
bool sim_swap_same_failure(const char *a, const char *b);

/**
 * sim_swap_find() - look for it.
 * @file: is left alone
 * @prefer: a task: of several preemptions that are critical, the last of this task is best
 *
 * Return: 0, -ENOMEM, or as sim_schedule_file_run().
 */
int sim_swap_find(const struct sim_schedule_file *file, unsigned int prefer,
		  struct sim_swap *swap);

/** sim_swap_free() - free what is in it. */
void sim_swap_free(struct sim_swap *swap);

#endif /* SIM_FUZZ_SWAP_H */
