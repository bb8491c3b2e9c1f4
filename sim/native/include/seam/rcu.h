/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_SEAM_RCU_H
#define _SIM_SEAM_RCU_H

#include <linux/lockdep.h>
#include <linux/types.h>

/*
 * RCU is liburcu's, in its memb flavour.  Its headers use kernel names for things that are not the
 * kernel's, so they stay in one .c file.  A thread must be registered (sim/thread.h), or no grace
 * period would wait for it; in builds with assertions rcu_read_lock() reports one that is not.
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

#if IS_ENABLED(CONFIG_PROVE_LOCKING)
#define sim_rcu_read_lock_held()	(sim_lockdep_rcu_depth() > 0)
#else
#define sim_rcu_read_lock_held()	true
#endif

#endif
