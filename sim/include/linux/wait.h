/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_WAIT_H
#define _SIM_LINUX_WAIT_H

#include <linux/compiler.h>
#include <linux/lockdep.h>
#include <linux/types.h>
#include <seam/wait.h>

typedef struct wait_queue_head wait_queue_head_t;

/**
 * init_waitqueue_head() - make a wait queue
 * @wq: the queue
 */
void init_waitqueue_head(struct wait_queue_head *wq);

/**
 * wake_up_all() - have all who wait look at their condition again
 * @wq: the queue; what makes a condition true was written before
 */
void wake_up_all(struct wait_queue_head *wq);

/* No exclusive waiters are offered, so one means all. */
#define wake_up(wq)			wake_up_all(wq)
#define wake_up_interruptible(wq)	wake_up_all(wq)

/**
 * sim_wait_prepare() - begin to wait: wake-ups from now on are not missed
 * @wq: the queue
 *
 * Return: what sim_wait_block() wants.
 */
unsigned long sim_wait_prepare(struct wait_queue_head *wq);

/**
 * sim_wait_block() - sleep until somebody has woken the queue since sim_wait_prepare()
 * @wq: the queue
 * @ticket: what sim_wait_prepare() returned
 */
void sim_wait_block(struct wait_queue_head *wq, unsigned long ticket);

/* Sleep until @cond is true.  It is evaluated without any lock of the queue, any number of times. */
#define wait_event(wq, cond)							\
do {										\
	might_sleep();								\
	for (;;) {								\
		unsigned long __wait_ticket = sim_wait_prepare(&(wq));		\
		if (cond)							\
			break;							\
		sim_wait_block(&(wq), __wait_ticket);				\
	}									\
} while (0)

#endif
