/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_SEAM_SPINLOCK_H
#define _SIM_SEAM_SPINLOCK_H

#include <linux/lockdep.h>
#include <seam/waiters.h>

/* All zeroes: free. */
typedef struct spinlock {
	u8 owner;		/* its task's number plus one; 0: free */
	struct sim_waiters waiters;
} spinlock_t;

#define DEFINE_SPINLOCK(x)	spinlock_t x = { .owner = 0 }

/**
 * spin_lock_init() - make a lock that is free
 * @lock: the lock
 */
void spin_lock_init(spinlock_t *lock);

/**
 * sim_spin_lock() - take a lock
 * @lock: not held by this task
 * @site: where
 */
void sim_spin_lock(spinlock_t *lock, const char *site);

/**
 * sim_spin_trylock() - take a lock if it is free
 * @lock: the lock
 * @site: where
 *
 * Return: true if it was taken.
 */
bool sim_spin_trylock(spinlock_t *lock, const char *site);

/**
 * sim_spin_unlock() - release a lock; the first who waits has it then
 * @lock: held by this task
 * @site: where
 */
void sim_spin_unlock(spinlock_t *lock, const char *site);

#define spin_lock(lock)		sim_spin_lock(lock, SIM_SITE)
#define spin_trylock(lock)	sim_spin_trylock(lock, SIM_SITE)
#define spin_unlock(lock)	sim_spin_unlock(lock, SIM_SITE)

#endif
