/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_SEAM_LOCKDEP_H
#define _SIM_SEAM_LOCKDEP_H

/*
 * Each thread keeps a list of the locks it holds, which the wrappers of the locks maintain.  Only in
 * builds with CONFIG_PROVE_LOCKING; in others all of this is gone.
 */

#include <linux/compiler.h>
#include <linux/kconfig.h>
#include <linux/types.h>

enum sim_lock_mode {
	SIM_LOCK_SPIN	= 1,	/* exclusive, the holder does not sleep */
	SIM_LOCK_READ	= 2,
	SIM_LOCK_WRITE	= 4,
	SIM_LOCK_MUTEX	= 8,	/* exclusive, the holder may sleep */
	SIM_LOCK_SRCU	= 16,	/* a read-side section, may nest and may sleep */
};

#define SIM_LOCK_EXCLUSIVE	(SIM_LOCK_SPIN | SIM_LOCK_WRITE | SIM_LOCK_MUTEX)
#define SIM_LOCK_ANY		(SIM_LOCK_EXCLUSIVE | SIM_LOCK_READ | SIM_LOCK_SRCU)
#define SIM_LOCK_ATOMIC		(SIM_LOCK_SPIN | SIM_LOCK_READ | SIM_LOCK_WRITE)

/* As many as the kernel's lockdep follows in a task. */
#define SIM_LOCKDEP_HELD	48

struct sim_held_lock {
	const volatile void *lock;
	enum sim_lock_mode mode;
	const char *site;
};

/* What a thread holds, oldest first. */
struct sim_lockdep {
	struct sim_held_lock held[SIM_LOCKDEP_HELD];
	int count;
	int rcu_depth;
	int atomic_depth;
};

#if IS_ENABLED(CONFIG_PROVE_LOCKING)

/**
 * sim_lockdep_self() - the list of this thread; each seam has its own idea of what a thread is
 */
struct sim_lockdep *sim_lockdep_self(void);

/**
 * sim_lockdep_check() - is this thread allowed to wait for the lock?  A failure is reported.
 * @lock: going to be taken; holding it already is a deadlock
 * @mode: how
 * @site: where
 */
void sim_lockdep_check(const volatile void *lock, enum sim_lock_mode mode, const char *site);

/**
 * sim_lockdep_acquire() - this thread has taken a lock
 * @lock: the lock
 * @mode: how
 * @site: where
 */
void sim_lockdep_acquire(const volatile void *lock, enum sim_lock_mode mode, const char *site);

/**
 * sim_lockdep_release() - this thread is about to release a lock
 * @lock: the lock; one that is not held so is reported
 * @mode: how it was taken
 * @site: where it is released
 */
void sim_lockdep_release(const volatile void *lock, enum sim_lock_mode mode, const char *site);

/**
 * sim_lockdep_held() - in which ways does this thread hold the lock?
 * @lock: any
 *
 * Return: enum sim_lock_mode bits, 0 if it does not.
 */
unsigned int sim_lockdep_held(const volatile void *lock);

/**
 * sim_lockdep_assert() - report it unless the thread holds the lock in one of the given ways
 * @lock: the lock
 * @modes: enum sim_lock_mode bits
 * @name: how the source calls the lock
 * @file: where the assertion stands
 * @line: where the assertion stands
 */
void sim_lockdep_assert(const volatile void *lock, unsigned int modes, const char *name,
			const char *file, int line);

/**
 * sim_lockdep_assert_not() - report it if the thread holds the lock
 * @lock: the lock
 * @name: how the source calls the lock
 * @file: where the assertion stands
 * @line: where the assertion stands
 */
void sim_lockdep_assert_not(const volatile void *lock, const char *name, const char *file,
			    int line);

/**
 * sim_lockdep_might_sleep() - report it if this thread may not sleep now
 * @but: a lock that does not count, or NULL
 * @file: who asks
 * @line: who asks
 *
 * It may not in an RCU read-side section, in an RCU callback, or with a spinlock or rwlock held.
 */
void sim_lockdep_might_sleep(const volatile void *but, const char *file, int line);

/**
 * sim_lockdep_atomic() - this thread enters or leaves a context that may not sleep
 * @change: 1 or -1
 */
void sim_lockdep_atomic(int change);

/**
 * sim_lockdep_rcu() - this thread enters or leaves an RCU read-side section
 * @change: 1 or -1
 */
void sim_lockdep_rcu(int change);

/**
 * sim_lockdep_rcu_depth() - how many RCU read-side sections this thread is in
 */
int sim_lockdep_rcu_depth(void);

/**
 * sim_lockdep_thread_exit() - report what this thread still holds
 */
void sim_lockdep_thread_exit(void);

#define lockdep_is_held(lock)		(sim_lockdep_held(lock) != 0)
#define lockdep_assert_held(lock) \
	sim_lockdep_assert(lock, SIM_LOCK_ANY, #lock, __FILE__, __LINE__)
#define lockdep_assert_held_write(lock) \
	sim_lockdep_assert(lock, SIM_LOCK_EXCLUSIVE, #lock, __FILE__, __LINE__)
#define lockdep_assert_held_read(lock) \
	sim_lockdep_assert(lock, SIM_LOCK_READ | SIM_LOCK_SRCU, #lock, __FILE__, __LINE__)
#define lockdep_assert_not_held(lock) \
	sim_lockdep_assert_not(lock, #lock, __FILE__, __LINE__)
#define lockdep_assert_once(cond)	((void)WARN_ON_ONCE(!(cond)))
#define might_sleep()			sim_lockdep_might_sleep(NULL, __FILE__, __LINE__)

#else

#define sim_lockdep_check(lock, mode, site)	((void)(site))
#define sim_lockdep_acquire(lock, mode, site)	((void)(site))
#define sim_lockdep_release(lock, mode, site)	((void)(site))
#define sim_lockdep_might_sleep(but, file, line) ((void)0)
#define sim_lockdep_atomic(change)		((void)0)
#define sim_lockdep_rcu(change)			((void)0)
#define sim_lockdep_rcu_depth()			0
#define sim_lockdep_thread_exit()		((void)0)

#define lockdep_is_held(lock)			((void)(lock), true)
#define lockdep_assert_held(lock)		((void)(lock))
#define lockdep_assert_held_write(lock)		((void)(lock))
#define lockdep_assert_held_read(lock)		((void)(lock))
#define lockdep_assert_not_held(lock)		((void)(lock))
#define lockdep_assert_once(cond)		((void)(sizeof(cond)))
#define might_sleep()				((void)0)

#endif

#endif
