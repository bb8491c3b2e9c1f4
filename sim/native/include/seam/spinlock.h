/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_SEAM_SPINLOCK_H
#define _SIM_SEAM_SPINLOCK_H

#include <pthread.h>
#include <linux/lockdep.h>

/*
 * An adaptive mutex: it spins for a moment and then sleeps.  A lock that only spins would burn the
 * time slice of the very thread it waits for when there are more threads than CPUs.
 */
typedef struct spinlock {
	pthread_mutex_t mutex;
	SIM_LOCK_CLASS_MEMBER
} spinlock_t;

#define DEFINE_SPINLOCK(x) \
	spinlock_t x = { .mutex = PTHREAD_MUTEX_INITIALIZER, SIM_LOCK_CLASS_INIT(#x) }

/**
 * sim_spin_lock_init() - make a lock that is free
 * @lock: the lock
 * @class: of the lock
 */
void sim_spin_lock_init(spinlock_t *lock, struct sim_lock_class *class);

/**
 * sim_spin_lock() - take a lock
 * @lock: not held by this thread
 * @site: where
 */
static inline void sim_spin_lock(spinlock_t *lock, const char *site)
{
	sim_lockdep_check(lock, sim_lock_class(lock), SIM_LOCK_SPIN, site);
	pthread_mutex_lock(&lock->mutex);
	sim_lockdep_acquire(lock, sim_lock_class(lock), SIM_LOCK_SPIN, site);
}

/**
 * sim_spin_trylock() - take a lock if it is free
 * @lock: the lock
 * @site: where
 *
 * Return: true if it was taken.
 */
static inline bool sim_spin_trylock(spinlock_t *lock, const char *site)
{
	if (pthread_mutex_trylock(&lock->mutex))
		return false;
	sim_lockdep_acquire(lock, sim_lock_class(lock), SIM_LOCK_SPIN, site);
	return true;
}

/**
 * sim_spin_unlock() - release a lock
 * @lock: held by this thread
 * @site: where
 */
static inline void sim_spin_unlock(spinlock_t *lock, const char *site)
{
	sim_lockdep_release(lock, SIM_LOCK_SPIN, site);
	pthread_mutex_unlock(&lock->mutex);
}

#define spin_lock_init(lock)	sim_spin_lock_init(lock, SIM_LOCK_CLASS(#lock))
#define spin_lock(lock)		sim_spin_lock(lock, SIM_SITE)
#define spin_trylock(lock)	sim_spin_trylock(lock, SIM_SITE)
#define spin_unlock(lock)	sim_spin_unlock(lock, SIM_SITE)

#endif
