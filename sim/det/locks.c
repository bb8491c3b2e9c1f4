/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/mutex.h>
#include <linux/rwlock.h>
#include <linux/spinlock.h>

#include "sim/det/det.h"

/*
 * Locks as the kernel's, seen from outside: first come, first served.  Whoever releases one
 * hands it to the first who waits, who owns it from then on, whenever he gets to run.
 */

bool sim_config_preemption = true;

/* ---- The queue ---- */

static void enqueue(struct sim_waiters *w, unsigned int task)
{
	w->task[w->nr++] = (u8)task;
}

static unsigned int dequeue(struct sim_waiters *w)
{
	unsigned int first = w->task[0];

	w->nr--;
	memmove(w->task, w->task + 1, w->nr);
	return first;
}

/* ---- Exclusive locks ---- */

static void take(u8 *owner, struct sim_waiters *waiters, const char *what,
		 const volatile void *lock)
{
	unsigned int self = sim_det_current();

	if (!*owner) {
		*owner = (u8)(self + 1);
		return;
	}
	enqueue(waiters, self);
	while (*owner != self + 1)
		sim_det_block(what, lock);
}

static void hand_over(u8 *owner, struct sim_waiters *waiters, const volatile void *lock)
{
	sim_det_event("releases", lock);
	*owner = 0;
	if (!waiters->nr)
		return;
	*owner = (u8)(dequeue(waiters) + 1);
	sim_det_wake(*owner - 1u);
}

void sim_mutex_init(struct mutex *lock, struct sim_lock_class *class)
{
	*lock = (struct mutex) { .owner = 0 };
	sim_lock_set_class(lock, class);
}

void mutex_destroy(struct mutex *lock)
{
	WARN(lock->owner, "a mutex is destroyed while %s holds it",
	     sim_det_task(lock->owner - 1u)->name);
}

void sim_mutex_lock(struct mutex *lock, const char *site)
{
	might_sleep();
	sim_point(SIM_POINT_LOCK, lock);
	sim_lockdep_check(lock, sim_lock_class(lock), SIM_LOCK_MUTEX, site);
	take(&lock->owner, &lock->waiters, "a mutex", lock);
	sim_lockdep_acquire(lock, sim_lock_class(lock), SIM_LOCK_MUTEX, site);
}

bool sim_mutex_trylock(struct mutex *lock, const char *site)
{
	sim_point(SIM_POINT_LOCK, lock);
	if (lock->owner)
		return false;
	lock->owner = (u8)(sim_det_current() + 1);
	sim_lockdep_acquire(lock, sim_lock_class(lock), SIM_LOCK_MUTEX, site);
	return true;
}

void sim_mutex_unlock(struct mutex *lock, const char *site)
{
	sim_lockdep_release(lock, SIM_LOCK_MUTEX, site);
	hand_over(&lock->owner, &lock->waiters, lock);
}

void sim_spin_lock_init(spinlock_t *lock, struct sim_lock_class *class)
{
	*lock = (spinlock_t) { .owner = 0 };
	sim_lock_set_class(lock, class);
}

void sim_spin_lock(spinlock_t *lock, const char *site)
{
	sim_point(SIM_POINT_LOCK, lock);
	sim_lockdep_check(lock, sim_lock_class(lock), SIM_LOCK_SPIN, site);
	take(&lock->owner, &lock->waiters, "a spinlock", lock);
	sim_lockdep_acquire(lock, sim_lock_class(lock), SIM_LOCK_SPIN, site);
}

bool sim_spin_trylock(spinlock_t *lock, const char *site)
{
	sim_point(SIM_POINT_LOCK, lock);
	if (lock->owner)
		return false;
	lock->owner = (u8)(sim_det_current() + 1);
	sim_lockdep_acquire(lock, sim_lock_class(lock), SIM_LOCK_SPIN, site);
	return true;
}

void sim_spin_unlock(spinlock_t *lock, const char *site)
{
	sim_lockdep_release(lock, SIM_LOCK_SPIN, site);
	hand_over(&lock->owner, &lock->waiters, lock);
}

/* ---- Readers and writers ---- */

void sim_rwlock_init(rwlock_t *lock, struct sim_lock_class *class)
{
	*lock = (rwlock_t) { .writer = 0 };
	sim_lock_set_class(lock, class);
}

bool rwlock_is_contended(rwlock_t *lock)
{
	sim_point(SIM_POINT_CONTENDED, lock);
	return lock->waiters.nr != 0;
}

static bool wants_write(const rwlock_t *lock, unsigned int task)
{
	return lock->want_write & BIT(task);
}

/* Let in who is first, and all readers that follow a reader. */
static void admit(rwlock_t *lock)
{
	while (lock->waiters.nr && !lock->writer) {
		unsigned int first = lock->waiters.task[0];

		if (wants_write(lock, first)) {
			if (lock->readers)
				return;
			lock->writer = (u8)(first + 1);
			lock->want_write &= (u16)~BIT(first);
		} else {
			lock->readers++;
		}
		dequeue(&lock->waiters);
		sim_det_wake(first);
	}
}

static bool is_waiting(const rwlock_t *lock, unsigned int task)
{
	unsigned int i;

	for (i = 0; i < lock->waiters.nr; i++)
		if (lock->waiters.task[i] == task)
			return true;
	return false;
}

static void wait_in_queue(rwlock_t *lock, const char *what)
{
	unsigned int self = sim_det_current();

	enqueue(&lock->waiters, self);
	while (is_waiting(lock, self))
		sim_det_block(what, lock);
}

void sim_read_lock(rwlock_t *lock, const char *site)
{
	sim_point(SIM_POINT_LOCK_READ, lock);
	sim_lockdep_check(lock, sim_lock_class(lock), SIM_LOCK_READ, site);
	if (lock->writer || lock->waiters.nr)
		wait_in_queue(lock, "a rwlock, to read");
	else
		lock->readers++;
	sim_det_self()->yields_there = 0;
	sim_lockdep_acquire(lock, sim_lock_class(lock), SIM_LOCK_READ, site);
}

void sim_write_lock(rwlock_t *lock, const char *site)
{
	sim_point(SIM_POINT_LOCK, lock);
	sim_lockdep_check(lock, sim_lock_class(lock), SIM_LOCK_WRITE, site);
	if (lock->writer || lock->readers || lock->waiters.nr) {
		lock->want_write |= (u16)BIT(sim_det_current());
		wait_in_queue(lock, "a rwlock, to write");
	} else {
		lock->writer = (u8)(sim_det_current() + 1);
	}
	sim_det_self()->yields_there = 0;
	sim_lockdep_acquire(lock, sim_lock_class(lock), SIM_LOCK_WRITE, site);
}

bool sim_read_trylock(rwlock_t *lock, const char *site)
{
	sim_point(SIM_POINT_LOCK_READ, lock);
	if (lock->writer || lock->waiters.nr)
		return false;
	lock->readers++;
	sim_lockdep_acquire(lock, sim_lock_class(lock), SIM_LOCK_READ, site);
	return true;
}

bool sim_write_trylock(rwlock_t *lock, const char *site)
{
	sim_point(SIM_POINT_LOCK, lock);
	if (lock->writer || lock->readers || lock->waiters.nr)
		return false;
	lock->writer = (u8)(sim_det_current() + 1);
	sim_lockdep_acquire(lock, sim_lock_class(lock), SIM_LOCK_WRITE, site);
	return true;
}

void sim_read_unlock(rwlock_t *lock, const char *site)
{
	sim_lockdep_release(lock, SIM_LOCK_READ, site);
	sim_det_event("releases", lock);
	lock->readers--;
	admit(lock);
}

void sim_write_unlock(rwlock_t *lock, const char *site)
{
	sim_lockdep_release(lock, SIM_LOCK_WRITE, site);
	sim_det_event("releases", lock);
	lock->writer = 0;
	admit(lock);
}
