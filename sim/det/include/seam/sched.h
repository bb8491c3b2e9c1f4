/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_SEAM_SCHED_H
#define _SIM_SEAM_SCHED_H

#include <linux/types.h>

/* A task, as kthread_create() makes them; every other has one too. */
struct task_struct;

/**
 * sim_current() - the one that runs
 */
struct task_struct *sim_current(void);

#define current		sim_current()

#endif
