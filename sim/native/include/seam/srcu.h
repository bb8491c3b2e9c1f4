/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_SEAM_SRCU_H
#define _SIM_SEAM_SRCU_H

#include <pthread.h>
#include <linux/lockdep.h>
#include <linux/types.h>

/* Readers are counted under one of two indices; who waits turns new ones to the other index. */
struct srcu_struct {
	unsigned long active[2];	/* readers that are in a section, by index */
	unsigned int idx;		/* the index of new readers */
	pthread_mutex_t sync_lock;	/* one grace period at a time */
	SIM_LOCK_CLASS_MEMBER
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
