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

int cond_resched_rwlock_read(rwlock_t *lock)
{
	lockdep_assert_held_read(lock);
	sim_lockdep_might_sleep(lock, __FILE__, __LINE__);

	if (likely(!need_resched() && !rwlock_needbreak(lock)))
		return 0;
	read_unlock(lock);
	yield_now();
	read_lock(lock);
	return 1;
}

int cond_resched_rwlock_write(rwlock_t *lock)
{
	lockdep_assert_held_write(lock);
	sim_lockdep_might_sleep(lock, __FILE__, __LINE__);

	if (likely(!need_resched() && !rwlock_needbreak(lock)))
		return 0;
	write_unlock(lock);
	yield_now();
	write_lock(lock);
	return 1;
}

/* Time passes by steps, a thousand to the jiffy. */
u64 get_jiffies_64(void)
{
	return sim_det_steps() / 1000;
}
