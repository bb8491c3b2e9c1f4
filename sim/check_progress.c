/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>
#include <linux/bug.h>

#include "sim/check_progress.h"

/* ---- Limits ---- */

#define ENTRIES		512ul
/* As many as hosts and ioctls can well get in the way of one access. */
#define FAULT_RETRIES	1000
/*
 * Between two gfns: down five levels, once more from the root after a yield, and for the last
 * entry of a table up again.
 */
#define WALK_STEPS	16

struct sim_progress_limits sim_progress_limits_of(const struct sim_profile *profile)
{
	/* A table of 1G: the tables in it, their tables, and their pages. */
	unsigned long zaps = 1 + ENTRIES + ENTRIES * ENTRIES;

	/* A root whose top is zapped first has more below each entry. */
	if (!profile->zap_levels[0])
		zaps *= ENTRIES;
	return (struct sim_progress_limits) {
		.fault_retries = FAULT_RETRIES,
		.steps = WALK_STEPS,
		.zaps = zaps,
	};
}

void sim_progress_init(struct sim_progress *progress, const struct sim_progress_limits *limits)
{
	memset(progress, 0, sizeof(*progress));
	progress->limits = *limits;
}

static struct sim_progress_thread *thread_of(struct sim_progress *progress, unsigned int who)
{
	BUG_ON(who >= SIM_PROGRESS_THREADS);
	return &progress->threads[who];
}

/* ---- Faults ---- */

void sim_progress_fault(struct sim_progress *progress, unsigned int who, gpa_t gpa, bool retry)
{
	struct sim_progress_thread *thread = thread_of(progress, who);

	if (!retry || gpa != thread->fault_gpa)
		thread->retries = 0;
	thread->fault_gpa = gpa;
	thread->retries += retry;
	if (thread->retries == progress->limits.fault_retries + 1)
		sim_found(&progress->finding,
			  "thread %u: the page fault on gpa 0x%llx was retried more than %u times",
			  who, (unsigned long long)gpa, progress->limits.fault_retries);
}

/* ---- Walks ---- */

void sim_progress_walk(struct sim_progress *progress, unsigned int who)
{
	struct sim_progress_thread *thread = thread_of(progress, who);

	thread->in_walk = false;
	thread->has_yielded = false;
}

void sim_progress_step(struct sim_progress *progress, unsigned int who, gfn_t gfn)
{
	struct sim_progress_thread *thread = thread_of(progress, who);

	if (thread->in_walk && gfn < thread->walk_gfn)
		sim_found(&progress->finding, "thread %u: a walk went back from gfn 0x%llx to 0x%llx",
			  who, (unsigned long long)thread->walk_gfn, (unsigned long long)gfn);
	if (!thread->in_walk || gfn != thread->walk_gfn)
		thread->steps = 0;
	thread->in_walk = true;
	thread->walk_gfn = gfn;
	if (++thread->steps == progress->limits.steps + 1)
		sim_found(&progress->finding,
			  "thread %u: a walk took more than %u steps at gfn 0x%llx and did not get on",
			  who, progress->limits.steps, (unsigned long long)gfn);
}

void sim_progress_yield(struct sim_progress *progress, unsigned int who, gfn_t gfn)
{
	struct sim_progress_thread *thread = thread_of(progress, who);

	if (thread->has_yielded && thread->yield_gfn == gfn)
		sim_found(&progress->finding, "thread %u: a walk yielded twice at gfn 0x%llx", who,
			  (unsigned long long)gfn);
	thread->has_yielded = true;
	thread->yield_gfn = gfn;
	sim_progress_section(progress, who);
}

/* ---- Zaps ---- */

void sim_progress_yield_due(struct sim_progress *progress, unsigned int who)
{
	struct sim_progress_thread *thread = thread_of(progress, who);

	if (!thread->yield_due)
		thread->zaps = 0;
	thread->yield_due = true;
}

void sim_progress_section(struct sim_progress *progress, unsigned int who)
{
	struct sim_progress_thread *thread = thread_of(progress, who);

	thread->yield_due = false;
	thread->zaps = 0;
}

void sim_progress_zapped(struct sim_progress *progress, unsigned int who, gfn_t gfn)
{
	struct sim_progress_thread *thread = thread_of(progress, who);

	if (!thread->yield_due)
		return;
	if (++thread->zaps == progress->limits.zaps + 1)
		sim_found(&progress->finding,
			  "thread %u: zapped more than %lu SPTEs, up to gfn 0x%llx, since it should have yielded",
			  who, progress->limits.zaps, (unsigned long long)gfn);
}
