/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_SEAM_WAIT_H
#define _SIM_SEAM_WAIT_H

#include <linux/types.h>

struct wait_queue_head {
	unsigned long wakeups;	/* so far; a waiter sleeps while it is what it was */
	u32 waiters;		/* tasks that sleep, by number */
};

#endif
