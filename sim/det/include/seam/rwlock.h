/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_SEAM_RWLOCK_H
#define _SIM_SEAM_RWLOCK_H

#include <linux/lockdep.h>
#include <seam/waiters.h>

/* All zeroes: free. */
typedef struct {
	u8 writer;		/* its task's number plus one; 0: none */
	u8 readers;		/* that hold it */
	u16 want_write;		/* of the waiters, by task number: who wants it for writing */
	struct sim_waiters waiters;
} rwlock_t;

/**
 * rwlock_init() - make a lock that is free
 * @lock: the lock
 */
void rwlock_init(rwlock_t *lock);

/**
 * rwlock_is_contended() - is somebody waiting for the lock?
 * @lock: the lock
 */
bool rwlock_is_contended(rwlock_t *lock);

/**
 * sim_read_lock() - take a lock for reading
 * @lock: not held by this task
 * @site: where
 *
 * Whoever waits already comes first, reader or writer: the queue of the kernel's qrwlock.
 */
void sim_read_lock(rwlock_t *lock, const char *site);

/**
 * sim_write_lock() - take a lock for writing
 * @lock: not held by this task
 * @site: where
 */
void sim_write_lock(rwlock_t *lock, const char *site);

/**
 * sim_read_trylock() - take a lock for reading if no writer holds it or waits for it
 * @lock: the lock
 * @site: where
 *
 * Return: true if it was taken.
 */
bool sim_read_trylock(rwlock_t *lock, const char *site);

/**
 * sim_write_trylock() - take a lock for writing if it is free
 * @lock: the lock
 * @site: where
 *
 * Return: true if it was taken.
 */
bool sim_write_trylock(rwlock_t *lock, const char *site);

/**
 * sim_read_unlock() - release a lock
 * @lock: held for reading by this task
 * @site: where
 */
void sim_read_unlock(rwlock_t *lock, const char *site);

/**
 * sim_write_unlock() - release a lock
 * @lock: held for writing by this task
 * @site: where
 */
void sim_write_unlock(rwlock_t *lock, const char *site);

#define read_lock(lock)		sim_read_lock(lock, SIM_SITE)
#define write_lock(lock)	sim_write_lock(lock, SIM_SITE)
#define read_trylock(lock)	sim_read_trylock(lock, SIM_SITE)
#define write_trylock(lock)	sim_write_trylock(lock, SIM_SITE)
#define read_unlock(lock)	sim_read_unlock(lock, SIM_SITE)
#define write_unlock(lock)	sim_write_unlock(lock, SIM_SITE)

#endif
