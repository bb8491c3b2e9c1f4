/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_SEAM_MUTEX_H
#define _SIM_SEAM_MUTEX_H

#include <pthread.h>
#include <linux/lockdep.h>

struct mutex {
	pthread_mutex_t mutex;
	SIM_LOCK_CLASS_MEMBER
};

#define DEFINE_MUTEX(x) \
	struct mutex x = { .mutex = PTHREAD_MUTEX_INITIALIZER, SIM_LOCK_CLASS_INIT(#x) }

/**
 * sim_mutex_init() - make a mutex that is free
 * @lock: the mutex
 * @class: of the mutex
 */
void sim_mutex_init(struct mutex *lock, struct sim_lock_class *class);

/**
 * mutex_destroy() - end a mutex that is free
 * @lock: the mutex
 */
void mutex_destroy(struct mutex *lock);

/**
 * sim_mutex_lock() - take a mutex; sleeps
 * @lock: not held by this thread
 * @site: where
 */
static inline void sim_mutex_lock(struct mutex *lock, const char *site)
{
	might_sleep();
	sim_lockdep_check(lock, sim_lock_class(lock), SIM_LOCK_MUTEX, site);
	pthread_mutex_lock(&lock->mutex);
	sim_lockdep_acquire(lock, sim_lock_class(lock), SIM_LOCK_MUTEX, site);
}

/**
 * sim_mutex_trylock() - take a mutex if it is free
 * @lock: the mutex
 * @site: where
 *
 * Return: true if it was taken.
 */
static inline bool sim_mutex_trylock(struct mutex *lock, const char *site)
{
	if (pthread_mutex_trylock(&lock->mutex))
		return false;
	sim_lockdep_acquire(lock, sim_lock_class(lock), SIM_LOCK_MUTEX, site);
	return true;
}

/**
 * sim_mutex_unlock() - release a mutex
 * @lock: held by this thread
 * @site: where
 */
static inline void sim_mutex_unlock(struct mutex *lock, const char *site)
{
	sim_lockdep_release(lock, SIM_LOCK_MUTEX, site);
	pthread_mutex_unlock(&lock->mutex);
}

#define mutex_init(lock)	sim_mutex_init(lock, SIM_LOCK_CLASS(#lock))
#define mutex_lock(lock)	sim_mutex_lock(lock, SIM_SITE)
#define mutex_trylock(lock)	sim_mutex_trylock(lock, SIM_SITE)
#define mutex_unlock(lock)	sim_mutex_unlock(lock, SIM_SITE)

#endif
