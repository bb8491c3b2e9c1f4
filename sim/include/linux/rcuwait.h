/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_RCUWAIT_H
#define _SIM_LINUX_RCUWAIT_H

/* One waiter, any number of wakers.  The kernel does without a lock here; a wait queue will do. */

#include <linux/wait.h>

struct rcuwait {
	struct wait_queue_head wq;
};

/**
 * rcuwait_init() - make one
 * @w: what to initialise
 */
static inline void rcuwait_init(struct rcuwait *w)
{
	init_waitqueue_head(&w->wq);
}

/**
 * rcuwait_wake_up() - have the waiter, if there is one, look at its condition again
 * @w: where it waits
 */
static inline void rcuwait_wake_up(struct rcuwait *w)
{
	wake_up_all(&w->wq);
}

/* Sleep until @cond is true; @state is the task state in the kernel. */
#define rcuwait_wait_event(w, cond, state)	wait_event((w)->wq, cond)

#endif
