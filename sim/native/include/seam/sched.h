/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_SEAM_SCHED_H
#define _SIM_SEAM_SCHED_H

#include <linux/types.h>

/* A thread: one of kthread_create(), or any other that has called something which needs one. */
struct task_struct;

/**
 * sim_current() - the task of this thread
 */
struct task_struct *sim_current(void);

#define current		sim_current()

#endif
