/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_FUZZ_HOLD_H
#define SIM_FUZZ_HOLD_H

#include "sim/det/det.h"

/*
 * Where tasks have met: one touched an object, then another did, and one of them wrote.  In a later
 * run whoever comes to such a place is held there until others have been at the object.  This
 * is how a window of two steps is found that a loop passes a thousand times: chance would have to
 * choose the turn too.  After Sen, "Race Directed Random Testing of Concurrent Programs", PLDI
 * 2008.
 */

/* A place in the code, and one of the objects at which tasks met there. */
struct sim_meeting {
	u32 place;		/* sim_det_task.place; 0: none */
	u32 times;
	u64 name;		/* of the object, see sim/det/mem.h */
};

#define SIM_MEETINGS		512
#define SIM_MEETINGS_PROBES	16

/* By a hash of the place, at that index or soon behind it. */
struct sim_meetings {
	unsigned int nr;	/* that are there */
	struct sim_meeting at[SIM_MEETINGS];
};

/** sim_meetings_add() - a task has met another at this place and object. */
void sim_meetings_add(struct sim_meetings *meetings, u32 place, u64 name);

/** sim_meetings_any() - one of them by chance; NULL: there are none. */
const struct sim_meeting *sim_meetings_any(const struct sim_meetings *meetings, u64 *random);

/* One that is to be held, in one run. */
struct sim_hold {
	struct sim_meeting where;
	u32 others;		/* accesses of others that it waits for; 0: until nobody else can run */
	bool held, over;
	unsigned int task;	/* that is held */
	const volatile void *object;
};

/**
 * sim_hold_begin() - choose where to hold.
 *
 * Return: whether there is a place.
 */
bool sim_hold_begin(struct sim_hold *hold, const struct sim_meetings *meetings, u64 *random);

/**
 * sim_hold_step() - a task is about to carry out what it has announced.
 *
 * It may be held from now on; or be one that the held task has waited for.
 *
 * Return: true if the held one shall go on, as soon as this access is done.
 */
bool sim_hold_step(struct sim_hold *hold, const struct sim_det_task *task);

#endif /* SIM_FUZZ_HOLD_H */
