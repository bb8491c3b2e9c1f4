/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_SEAM_WAITERS_H
#define _SIM_SEAM_WAITERS_H

#include <linux/types.h>

#define SIM_DET_MAX_TASKS	16

/* Tasks that wait for a lock, first come first served. */
struct sim_waiters {
	u8 nr;
	u8 task[SIM_DET_MAX_TASKS];
};

#endif
