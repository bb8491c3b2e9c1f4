/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/jiffies.h>
#include <linux/sched.h>

#include "sim/det/det.h"

int (*sim_resched_hook)(void);

static unsigned long yields;

void sim_set_need_resched(bool need)
{
	sim_det_self()->resched = need;
}

bool need_resched(void)
{
	struct sim_det_task *self = sim_det_self();

	if (!self->resched)
		self->resched = (sim_resched_hook && sim_resched_hook()) ||
				sim_det_ask(SIM_DET_NEED_RESCHED);
	return self->resched;
}

unsigned long sim_yield_count(void)
{
	return yields;
}

static void yield_now(void)
{
	sim_det_self()->resched = false;
	yields++;
}

int cond_resched(void)
{
	might_sleep();
	if (likely(!need_resched()))
		return 0;
	yield_now();
	return 1;
}

/*
 * A walk that yields looks at the entry that it was at when it goes on, and gets on before it yields
 * again.  Several walks may do so at one place while the lock is held; hardly this many.
 */
#define MAX_YIELDS_THERE	5

/* Taking the lock again is no new beginning: that is up to the caller. */
static unsigned int yield_with_lock(void)
{
	struct sim_det_task *self = sim_det_self();

	yield_now();
	if (self->yielded_at != self->last_read || !self->last_read) {
		self->yielded_at = self->last_read;
		self->yields_there = 0;
	}
	if (++self->yields_there == MAX_YIELDS_THERE)
		sim_det_fail("no progress: %s yields at one place again and again", self->name);
	return self->yields_there;
}

int cond_resched_rwlock_read(rwlock_t *lock)
{
	unsigned int yields_there;

	lockdep_assert_held_read(lock);
	sim_lockdep_might_sleep(lock, __FILE__, __LINE__);

	if (likely(!need_resched() && !rwlock_needbreak(lock)))
		return 0;
	read_unlock(lock);
	yields_there = yield_with_lock();
	read_lock(lock);
	sim_det_self()->yields_there = yields_there;
	return 1;
}

int cond_resched_rwlock_write(rwlock_t *lock)
{
	unsigned int yields_there;

	lockdep_assert_held_write(lock);
	sim_lockdep_might_sleep(lock, __FILE__, __LINE__);

	if (likely(!need_resched() && !rwlock_needbreak(lock)))
		return 0;
	write_unlock(lock);
	yields_there = yield_with_lock();
	write_lock(lock);
	sim_det_self()->yields_there = yields_there;
	return 1;
}

/* Time passes by steps, a thousand to the jiffy. */
u64 get_jiffies_64(void)
{
	return sim_det_steps() / 1000;
}
