/* SPDX-License-Identifier: GPL-2.0-only */

#include <errno.h>

#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/mutex.h>
#include <linux/rwlock.h>
#include <linux/spinlock.h>

bool sim_config_preemption = true;

static void init_mutex(pthread_mutex_t *mutex, int type)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, type);
	BUG_ON(pthread_mutex_init(mutex, &attr));
	pthread_mutexattr_destroy(&attr);
}

void sim_spin_lock_init(spinlock_t *lock, struct sim_lock_class *class)
{
	sim_lock_set_class(lock, class);
	init_mutex(&lock->mutex, PTHREAD_MUTEX_ADAPTIVE_NP);
}

void sim_mutex_init(struct mutex *lock, struct sim_lock_class *class)
{
	sim_lock_set_class(lock, class);
	init_mutex(&lock->mutex, PTHREAD_MUTEX_ADAPTIVE_NP);
}

void mutex_destroy(struct mutex *lock)
{
	WARN_ON(pthread_mutex_destroy(&lock->mutex));
}

void sim_rwlock_init(rwlock_t *lock, struct sim_lock_class *class)
{
	pthread_rwlockattr_t attr;

	/*
	 * The kind named PREFER_WRITER_NP lets new readers in while a writer waits; only this one
	 * keeps them out, as the kernel's lock does.
	 */
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	BUG_ON(pthread_rwlock_init(&lock->lock, &attr));
	pthread_rwlockattr_destroy(&attr);
	lock->waiters = 0;
	sim_lock_set_class(lock, class);
}

/* Counted before it blocks: the holder must be able to see it while it does. */
void sim_read_lock_slow(rwlock_t *lock)
{
	__atomic_fetch_add(&lock->waiters, 1, __ATOMIC_RELAXED);
	BUG_ON(pthread_rwlock_rdlock(&lock->lock));
	__atomic_fetch_sub(&lock->waiters, 1, __ATOMIC_RELAXED);
}

void sim_write_lock_slow(rwlock_t *lock)
{
	__atomic_fetch_add(&lock->waiters, 1, __ATOMIC_RELAXED);
	BUG_ON(pthread_rwlock_wrlock(&lock->lock));
	__atomic_fetch_sub(&lock->waiters, 1, __ATOMIC_RELAXED);
}
