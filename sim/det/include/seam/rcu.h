/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_SEAM_RCU_H
#define _SIM_SEAM_RCU_H

#include <linux/lockdep.h>
#include <linux/types.h>

/*
 * RCU is a model.  A grace period is over when every section has ended that was open as it began;
 * not a step earlier, and as much later as the scheduler likes.
 */

/**
 * sim_rcu_read_lock() - enter a read-side section
 *
 * Sections nest.  What rcu_dereference() finds in one is not freed before its end.
 */
void sim_rcu_read_lock(void);

/**
 * sim_rcu_read_unlock() - leave a read-side section
 */
void sim_rcu_read_unlock(void);

#define sim_rcu_read_lock_held()	(sim_lockdep_rcu_depth() > 0)

#endif
