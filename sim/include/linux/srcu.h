/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_SRCU_H
#define _SIM_LINUX_SRCU_H

/* RCU with readers that may sleep, each domain on its own. */

#include <linux/compiler.h>
#include <linux/lockdep.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <seam/srcu.h>

/* Is this thread in a read-side section of the domain?  For assertions, as rcu_read_lock_held(). */
#define srcu_read_lock_held(ssp)	lockdep_is_held(ssp)

/* Enter a section; what it yields goes to srcu_read_unlock().  Sections nest. */
#define srcu_read_lock(ssp)		sim_srcu_read_lock(ssp, SIM_SITE)
#define srcu_read_unlock(ssp, idx)	sim_srcu_read_unlock(ssp, idx, SIM_SITE)

/* srcu_read_unlock() is a full barrier already. */
#define smp_mb__after_srcu_read_unlock()	barrier()

#define srcu_dereference_check(p, ssp, c)					\
({										\
	sim_rcu_check(srcu_read_lock_held(ssp) || (c), "srcu_dereference(" #p ")"); \
	rcu_dereference_raw(p);							\
})

#define srcu_dereference(p, ssp)	srcu_dereference_check(p, ssp, 0)

/**
 * init_srcu_struct() - make a domain
 * @ssp: the domain
 *
 * Return: 0 or -ENOMEM.
 */
int init_srcu_struct(struct srcu_struct *ssp);

/**
 * cleanup_srcu_struct() - end a domain; readers that are still in it are reported
 * @ssp: the domain
 */
void cleanup_srcu_struct(struct srcu_struct *ssp);

/**
 * synchronize_srcu() - wait until every reader of now has left its section of the domain
 * @ssp: the domain; the caller is in no section of it
 *
 * Sleeps.
 */
void synchronize_srcu(struct srcu_struct *ssp);

/**
 * synchronize_srcu_expedited() - synchronize_srcu(); here both are as quick as they can be
 * @ssp: the domain; the caller is in no section of it
 */
void synchronize_srcu_expedited(struct srcu_struct *ssp);

#endif
