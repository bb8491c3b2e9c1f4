/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_SEAM_WORKQUEUE_H
#define _SIM_SEAM_WORKQUEUE_H

#include <linux/types.h>

/* A function to be called later, embedded in what it works on. */
struct work_struct {
	struct list_head entry;
	void (*func)(struct work_struct *work);
	struct workqueue_struct *wq;	/* where it was queued last */
	unsigned long ticket;		/* its place among all that this queue has run */
	bool pending;
};

/**
 * sim_init_work() - make a work item that is idle
 * @work: the item
 * @func: what it calls
 */
void sim_init_work(struct work_struct *work, void (*func)(struct work_struct *work));

#endif
