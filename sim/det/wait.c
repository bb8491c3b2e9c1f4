/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/bitops.h>
#include <linux/wait.h>

#include "sim/det/det.h"

void init_waitqueue_head(struct wait_queue_head *wq)
{
	wq->wakeups = 0;
	wq->waiters = 0;
}

void wake_up_all(struct wait_queue_head *wq)
{
	u32 tasks;

	sim_point(SIM_POINT_WAKE, wq);
	tasks = wq->waiters;
	wq->wakeups++;
	wq->waiters = 0;
	for (; tasks; tasks &= tasks - 1)
		sim_det_wake((unsigned int)__builtin_ctz(tasks));
}

unsigned long sim_wait_prepare(struct wait_queue_head *wq)
{
	sim_point(SIM_POINT_WAKE, wq);
	return wq->wakeups;
}

void sim_wait_block(struct wait_queue_head *wq, unsigned long ticket)
{
	while (wq->wakeups == ticket) {
		wq->waiters |= BIT(sim_det_current());
		sim_det_block("a wake-up", wq);
	}
}
