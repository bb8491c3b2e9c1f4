/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_COMPLETION_H
#define _SIM_LINUX_COMPLETION_H

#include <linux/atomic.h>
#include <linux/wait.h>

struct completion {
	atomic_t done;
	struct wait_queue_head wq;
};

/**
 * init_completion() - make one that has not happened
 * @x: what to initialise
 */
static inline void init_completion(struct completion *x)
{
	atomic_set(&x->done, 0);
	init_waitqueue_head(&x->wq);
}

/**
 * complete_all() - it has happened; all who wait go on, now and later
 * @x: the completion
 */
static inline void complete_all(struct completion *x)
{
	atomic_set_release(&x->done, 1);
	wake_up_all(&x->wq);
}

/**
 * wait_for_completion() - sleep until complete_all()
 * @x: the completion
 */
static inline void wait_for_completion(struct completion *x)
{
	wait_event(x->wq, atomic_read_acquire(&x->done));
}

#endif
