/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_SEAM_RWLOCK_H
#define _SIM_SEAM_RWLOCK_H

#include <pthread.h>
#include <linux/lockdep.h>

/*
 * A pthread rwlock of the one kind in which a waiting writer holds off new readers.  It cannot say
 * whether somebody waits, so whoever is going to block is counted first; nobody else pays for that.
 */
typedef struct {
	pthread_rwlock_t lock;
	int waiters;
	SIM_LOCK_CLASS_MEMBER
} rwlock_t;

/**
 * sim_rwlock_init() - make a lock that is free
 * @lock: the lock
 * @class: of the lock
 */
void sim_rwlock_init(rwlock_t *lock, struct sim_lock_class *class);

/**
 * sim_read_lock_slow() - wait for a lock, for reading
 * @lock: was not free
 */
void sim_read_lock_slow(rwlock_t *lock);

/**
 * sim_write_lock_slow() - wait for a lock, for writing
 * @lock: was not free
 */
void sim_write_lock_slow(rwlock_t *lock);

/**
 * rwlock_is_contended() - is somebody waiting for the lock?
 * @lock: the lock
 */
static inline bool rwlock_is_contended(rwlock_t *lock)
{
	return __atomic_load_n(&lock->waiters, __ATOMIC_RELAXED) != 0;
}

/**
 * sim_read_lock() - take a lock for reading
 * @lock: not held by this thread
 * @site: where
 */
static inline void sim_read_lock(rwlock_t *lock, const char *site)
{
	sim_lockdep_check(lock, sim_lock_class(lock), SIM_LOCK_READ, site);
	if (unlikely(pthread_rwlock_tryrdlock(&lock->lock)))
		sim_read_lock_slow(lock);
	sim_lockdep_acquire(lock, sim_lock_class(lock), SIM_LOCK_READ, site);
}

/**
 * sim_write_lock() - take a lock for writing
 * @lock: not held by this thread
 * @site: where
 */
static inline void sim_write_lock(rwlock_t *lock, const char *site)
{
	sim_lockdep_check(lock, sim_lock_class(lock), SIM_LOCK_WRITE, site);
	if (unlikely(pthread_rwlock_trywrlock(&lock->lock)))
		sim_write_lock_slow(lock);
	sim_lockdep_acquire(lock, sim_lock_class(lock), SIM_LOCK_WRITE, site);
}

/**
 * sim_read_trylock() - take a lock for reading if no writer holds it or waits for it
 * @lock: the lock
 * @site: where
 *
 * Return: true if it was taken.
 */
static inline bool sim_read_trylock(rwlock_t *lock, const char *site)
{
	if (pthread_rwlock_tryrdlock(&lock->lock))
		return false;
	sim_lockdep_acquire(lock, sim_lock_class(lock), SIM_LOCK_READ, site);
	return true;
}

/**
 * sim_write_trylock() - take a lock for writing if it is free
 * @lock: the lock
 * @site: where
 *
 * Return: true if it was taken.
 */
static inline bool sim_write_trylock(rwlock_t *lock, const char *site)
{
	if (pthread_rwlock_trywrlock(&lock->lock))
		return false;
	sim_lockdep_acquire(lock, sim_lock_class(lock), SIM_LOCK_WRITE, site);
	return true;
}

/**
 * sim_read_unlock() - release a lock
 * @lock: held for reading by this thread
 * @site: where
 */
static inline void sim_read_unlock(rwlock_t *lock, const char *site)
{
	sim_lockdep_release(lock, SIM_LOCK_READ, site);
	pthread_rwlock_unlock(&lock->lock);
}

/**
 * sim_write_unlock() - release a lock
 * @lock: held for writing by this thread
 * @site: where
 */
static inline void sim_write_unlock(rwlock_t *lock, const char *site)
{
	sim_lockdep_release(lock, SIM_LOCK_WRITE, site);
	pthread_rwlock_unlock(&lock->lock);
}

#define rwlock_init(lock)	sim_rwlock_init(lock, SIM_LOCK_CLASS(#lock))
#define read_lock(lock)		sim_read_lock(lock, SIM_SITE)
#define write_lock(lock)	sim_write_lock(lock, SIM_SITE)
#define read_trylock(lock)	sim_read_trylock(lock, SIM_SITE)
#define write_trylock(lock)	sim_write_trylock(lock, SIM_SITE)
#define read_unlock(lock)	sim_read_unlock(lock, SIM_SITE)
#define write_unlock(lock)	sim_write_unlock(lock, SIM_SITE)

#endif
