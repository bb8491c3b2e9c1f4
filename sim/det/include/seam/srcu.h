/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_SEAM_SRCU_H
#define _SIM_SEAM_SRCU_H

#include <linux/lockdep.h>
#include <linux/types.h>

/* Who is in a section since when is known by its task. */
struct srcu_struct {
	u64 grace_periods;	/* that have begun */
};

/**
 * sim_srcu_read_lock() - enter a read-side section
 * @ssp: the domain
 * @site: where
 *
 * Return: what srcu_read_unlock() wants.
 */
int sim_srcu_read_lock(struct srcu_struct *ssp, const char *site) __must_check;

/**
 * sim_srcu_read_unlock() - leave a read-side section
 * @ssp: the domain
 * @idx: what srcu_read_lock() returned
 * @site: where
 */
void sim_srcu_read_unlock(struct srcu_struct *ssp, int idx, const char *site);

#endif
