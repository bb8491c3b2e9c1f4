/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/container_of.h>
#include <linux/rcupdate.h>
#include <linux/srcu.h>

#include "sim/det/det.h"
#include "sim/sim.h"

/*
 * Grace periods are numbered as they begin.  A section remembers how many had begun when it
 * was entered: it holds up those that began later, and no other.
 */

static struct {
	u64 begun;
	unsigned long pending;	/* callbacks, the one that runs too */
	bool working;		/* in a callback */
	u32 waiting;		/* tasks that wait for a grace period, RCU's or SRCU's, or for callbacks */
} rcu;

/* A callback that waits for its turn. */
struct queued {
	struct rcu_head *head;
	u64 grace_period;
};

/* More than that many at a time, and one is a leak by itself. */
#define MAX_CALLBACKS	4096

static struct queued ring[MAX_CALLBACKS];
static unsigned int ring_first;

void sim_det_rcu_reset(void)
{
	rcu.begun = 0;
	rcu.pending = 0;
	rcu.working = false;
	rcu.waiting = 0;
	ring_first = 0;
}

int sim_rcu_start(void)
{
	return 0;
}

void sim_rcu_stop(void)
{
}

unsigned long sim_rcu_callbacks_pending(void)
{
	return rcu.pending;
}

/* ---- Sections ---- */

/* Whoever waits looks again; and so does the task of the callbacks. */
static void something_ended(void)
{
	u32 tasks = rcu.waiting;

	rcu.waiting = 0;
	for (; tasks; tasks &= tasks - 1)
		sim_det_wake((unsigned int)__builtin_ctz(tasks));
}

static void wait_for_end(const char *what)
{
	rcu.waiting |= BIT(sim_det_current());
	sim_det_block(what, NULL);
}

void sim_rcu_read_lock(void)
{
	struct sim_det_task *self = sim_det_self();

	/* Between what came before and the section a grace period may end. */
	sim_point(SIM_POINT_RCU, &rcu);
	if (!self->lockdep.rcu_depth++)
		self->rcu_since = rcu.begun;
}

void sim_rcu_read_unlock(void)
{
	struct sim_det_task *self = sim_det_self();

	if (WARN_ON_ONCE(self->lockdep.rcu_depth <= 0))
		return;
	if (--self->lockdep.rcu_depth)
		return;
	sim_det_event("leaves RCU section", NULL);
	something_ended();
}

static bool is_over(u64 grace_period)
{
	struct sim_det_task *task;

	sim_det_for_each(task)
		if (task->lockdep.rcu_depth && task->rcu_since < grace_period)
			return false;
	return true;
}

void synchronize_rcu(void)
{
	u64 grace_period;

	might_sleep();
	sim_point(SIM_POINT_RCU, &rcu);
	grace_period = ++rcu.begun;
	while (!is_over(grace_period))
		wait_for_end("an RCU grace period");
}

/* ---- Callbacks: a task of their own, at its leisure ---- */

static void run_callback(struct rcu_head *head)
{
	rcu.working = true;
	/* Whoever has just freed the object's neighbour may be next. */
	sim_point(SIM_POINT_RCU, head);
	sim_lockdep_atomic(1);
	head->func(head);
	sim_lockdep_atomic(-1);
	rcu.working = false;
	rcu.pending--;
	something_ended();
}

static void callbacks_main(void *unused)
{
	(void)unused;
	for (;;) {
		const struct queued *next = &ring[ring_first % MAX_CALLBACKS];

		if (rcu.pending && is_over(next->grace_period)) {
			ring_first++;
			run_callback(next->head);
			continue;
		}
		wait_for_end("callbacks, or the end of their grace period");
	}
}

void sim_det_rcu_begin(void)
{
	sim_det_spawn(callbacks_main, NULL, "rcu");
}

void call_rcu(struct rcu_head *head, rcu_callback_t func)
{
	struct queued *slot;

	sim_point(SIM_POINT_RCU, head);
	if (rcu.pending == MAX_CALLBACKS)
		sim_det_fail("more than %d RCU callbacks wait", MAX_CALLBACKS);
	slot = &ring[(ring_first + rcu.pending - rcu.working) % MAX_CALLBACKS];
	head->func = func;
	*slot = (struct queued) { .head = head, .grace_period = ++rcu.begun };
	rcu.pending++;
	something_ended();
}

void rcu_barrier(void)
{
	unsigned int last;

	might_sleep();
	sim_point(SIM_POINT_RCU, &rcu);
	last = ring_first + (unsigned int)rcu.pending - rcu.working;
	while ((int)(ring_first - last) < 0 || (ring_first == last && rcu.working))
		wait_for_end("RCU callbacks");
}

/* ---- SRCU ---- */

int init_srcu_struct(struct srcu_struct *ssp)
{
	ssp->grace_periods = 0;
	return 0;
}

static bool srcu_is_over(const struct srcu_struct *ssp, u64 grace_period)
{
	struct sim_det_task *task;
	unsigned int i;

	sim_det_for_each(task)
		for (i = 0; i < SIM_DET_MAX_SRCU; i++)
			if (task->srcu[i].domain == ssp && task->srcu[i].since < grace_period)
				return false;
	return true;
}

void cleanup_srcu_struct(struct srcu_struct *ssp)
{
	WARN(!srcu_is_over(ssp, UINT64_MAX), "cleanup_srcu_struct() of a domain that has readers");
}

int sim_srcu_read_lock(struct srcu_struct *ssp, const char *site)
{
	struct sim_det_task *self = sim_det_self();
	int i, slot = -1;

	sim_point(SIM_POINT_RCU, ssp);
	for (i = 0; i < SIM_DET_MAX_SRCU; i++)
		if (!self->srcu[i].domain)
			slot = i;
	if (slot < 0)
		sim_det_fail("%s is in more SRCU sections than can be followed", self->name);
	self->srcu[slot].domain = ssp;
	self->srcu[slot].since = ssp->grace_periods;
	sim_lockdep_acquire(ssp, SIM_LOCK_SRCU, site);
	return slot;
}

void sim_srcu_read_unlock(struct srcu_struct *ssp, int idx, const char *site)
{
	struct sim_det_task *self = sim_det_self();

	sim_lockdep_release(ssp, SIM_LOCK_SRCU, site);
	if (WARN(idx < 0 || idx >= SIM_DET_MAX_SRCU || self->srcu[idx].domain != ssp,
		 "srcu_read_unlock() of a section that this task is not in"))
		return;
	self->srcu[idx].domain = NULL;
	sim_det_event("leaves SRCU section", ssp);
	something_ended();
}

void synchronize_srcu(struct srcu_struct *ssp)
{
	u64 grace_period;

	might_sleep();
	lockdep_assert_not_held(ssp);
	sim_point(SIM_POINT_RCU, ssp);
	grace_period = ++ssp->grace_periods;
	while (!srcu_is_over(ssp, grace_period))
		wait_for_end("an SRCU grace period");
}

void synchronize_srcu_expedited(struct srcu_struct *ssp)
{
	synchronize_srcu(ssp);
}
