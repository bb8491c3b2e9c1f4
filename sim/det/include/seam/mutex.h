/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_SEAM_MUTEX_H
#define _SIM_SEAM_MUTEX_H

#include <linux/lockdep.h>
#include <seam/waiters.h>

/* All zeroes: free. */
struct mutex {
	u8 owner;		/* its task's number plus one; 0: free */
	struct sim_waiters waiters;
};

#define DEFINE_MUTEX(x)		struct mutex x = { .owner = 0 }

/**
 * mutex_init() - make a mutex that is free
 * @lock: the mutex
 */
void mutex_init(struct mutex *lock);

/**
 * mutex_destroy() - end a mutex that is free
 * @lock: the mutex
 */
void mutex_destroy(struct mutex *lock);

/**
 * sim_mutex_lock() - take a mutex; sleeps
 * @lock: not held by this task
 * @site: where
 */
void sim_mutex_lock(struct mutex *lock, const char *site);

/**
 * sim_mutex_trylock() - take a mutex if it is free
 * @lock: the mutex
 * @site: where
 *
 * Return: true if it was taken.
 */
bool sim_mutex_trylock(struct mutex *lock, const char *site);

/**
 * sim_mutex_unlock() - release a mutex; the first who waits has it then
 * @lock: held by this task
 * @site: where
 */
void sim_mutex_unlock(struct mutex *lock, const char *site);

#define mutex_lock(lock)	sim_mutex_lock(lock, SIM_SITE)
#define mutex_trylock(lock)	sim_mutex_trylock(lock, SIM_SITE)
#define mutex_unlock(lock)	sim_mutex_unlock(lock, SIM_SITE)

#endif
