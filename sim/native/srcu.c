/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * Sleepable RCU.  A reader counts itself under the current index.  A grace period turns the index,
 * so that new readers gather elsewhere, and waits for the old count to reach zero.
 *
 * A reader may have looked at the index and not yet counted itself when the index turns.  Whatever
 * it then reads is new (barrier A pairs with barrier B), so this grace period need not wait for it;
 * but it stays in the count of an index that is no longer current, where the next grace period,
 * which waits for the other index after its turn, would not see it.  So each grace period waits for
 * both: the one that is not current first, then, after the turn, the one that was.
 */

#include <errno.h>

#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/srcu.h>

#define SPINS_BEFORE_SLEEP	200

/*
 * Who waits sleeps on this, whatever the domain: a reader that has left must not touch its domain
 * any more, as that may be gone as soon as the count is zero.
 */
static pthread_mutex_t wait_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wait_cond = PTHREAD_COND_INITIALIZER;
static unsigned int waiters;

int init_srcu_struct(struct srcu_struct *ssp)
{
	ssp->active[0] = 0;
	ssp->active[1] = 0;
	ssp->idx = 0;
	/* One for all domains. */
	sim_lock_set_class(ssp, SIM_LOCK_CLASS("srcu"));
	return pthread_mutex_init(&ssp->sync_lock, NULL) ? -ENOMEM : 0;
}

void cleanup_srcu_struct(struct srcu_struct *ssp)
{
	WARN(READ_ONCE(ssp->active[0]) || READ_ONCE(ssp->active[1]),
	     "cleanup_srcu_struct() of a domain that has readers");
	pthread_mutex_destroy(&ssp->sync_lock);
}

int sim_srcu_read_lock(struct srcu_struct *ssp, const char *site)
{
	int idx = READ_ONCE(ssp->idx) & 1;

	/* Barrier A: the count is seen before anything of the section is read. */
	__atomic_fetch_add(&ssp->active[idx], 1, __ATOMIC_SEQ_CST);
	smp_mb();
	sim_lockdep_acquire(ssp, sim_lock_class(ssp), SIM_LOCK_SRCU, site);
	return idx;
}

void sim_srcu_read_unlock(struct srcu_struct *ssp, int idx, const char *site)
{
	sim_lockdep_release(ssp, SIM_LOCK_SRCU, site);

	/* Barrier C: all of the section is over before the count says so.  Pairs with D. */
	if (__atomic_fetch_sub(&ssp->active[idx], 1, __ATOMIC_SEQ_CST) != 1)
		return;
	smp_mb();
	if (likely(!__atomic_load_n(&waiters, __ATOMIC_RELAXED)))
		return;
	pthread_mutex_lock(&wait_lock);
	pthread_cond_broadcast(&wait_cond);
	pthread_mutex_unlock(&wait_lock);
}

static bool drained(struct srcu_struct *ssp, unsigned int idx)
{
	/* Barrier D: what the caller does next comes after the sections of those who have left. */
	return !__atomic_load_n(&ssp->active[idx], __ATOMIC_SEQ_CST);
}

static void wait_drained(struct srcu_struct *ssp, unsigned int idx)
{
	int i;

	for (i = 0; i < SPINS_BEFORE_SLEEP; i++) {
		if (drained(ssp, idx))
			return;
		cpu_relax();
	}

	pthread_mutex_lock(&wait_lock);
	/* The last reader looks at @waiters after its count, this looks the other way round. */
	__atomic_fetch_add(&waiters, 1, __ATOMIC_SEQ_CST);
	smp_mb();
	while (!drained(ssp, idx))
		pthread_cond_wait(&wait_cond, &wait_lock);
	__atomic_fetch_sub(&waiters, 1, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&wait_lock);
}

void synchronize_srcu(struct srcu_struct *ssp)
{
	unsigned int idx;

	might_sleep();
	lockdep_assert_not_held(ssp);
	/* Readers may be waiting for what this thread holds. */
	sim_lockdep_check(ssp, sim_lock_class(ssp), SIM_LOCK_SRCU, "synchronize_srcu()");

	pthread_mutex_lock(&ssp->sync_lock);
	/* Barrier B: what the caller has changed is seen by readers who are not counted yet. */
	smp_mb();
	idx = ssp->idx & 1;
	wait_drained(ssp, idx ^ 1);
	WRITE_ONCE(ssp->idx, idx ^ 1);
	smp_mb();
	wait_drained(ssp, idx);
	smp_mb();
	pthread_mutex_unlock(&ssp->sync_lock);
}

void synchronize_srcu_expedited(struct srcu_struct *ssp)
{
	synchronize_srcu(ssp);
}
