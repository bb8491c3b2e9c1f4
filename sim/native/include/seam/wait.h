/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_SEAM_WAIT_H
#define _SIM_SEAM_WAIT_H

#include <pthread.h>

struct wait_queue_head {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	unsigned long wakeups;	/* so far; a waiter sleeps while it is what it was */
};

#endif
