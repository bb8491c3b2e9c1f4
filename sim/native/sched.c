/* SPDX-License-Identifier: GPL-2.0-only */

#include <sched.h>
#include <time.h>

#include <linux/jiffies.h>
#include <linux/sched.h>

/* TIF_NEED_RESCHED of this thread. */
static __thread bool resched_wanted;

int (*sim_resched_hook)(void);

void sim_set_need_resched(bool need)
{
	resched_wanted = need;
}

bool need_resched(void)
{
	if (unlikely(sim_resched_hook) && !resched_wanted)
		resched_wanted = sim_resched_hook() != 0;
	return resched_wanted;
}

static unsigned long yields;

unsigned long sim_yield_count(void)
{
	return __atomic_load_n(&yields, __ATOMIC_RELAXED);
}

static void yield_now(void)
{
	resched_wanted = false;
	__atomic_fetch_add(&yields, 1, __ATOMIC_RELAXED);
	sched_yield();
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

u64 get_jiffies_64(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * HZ + (u64)now.tv_nsec / (1000000000 / HZ);
}
