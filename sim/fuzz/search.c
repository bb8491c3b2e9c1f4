/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <string.h>
#include <linux/bitops.h>

#include "sim/fuzz/random.h"
#include "sim/fuzz/search.h"

/* Whether it may matter who goes first here. */
static bool matters(struct sim_search *s, const struct sim_det_task *task)
{
	const struct sim_shared_object *object;

	/* A walk asks this at every step, and a waiter that comes a step later is as good. */
	if (task->kind == SIM_POINT_CONTENDED)
		return s->all_points;
	object = sim_sharing_touch(&s->sharing, task);
	return !object || object->shared || s->all_points;
}

/* ---- Choices ---- */

static unsigned int nth_ready(u32 ready, unsigned int n)
{
	while (n--)
		ready &= ready - 1;
	return (unsigned int)__builtin_ctz(ready);
}

static unsigned int any_ready(struct sim_search *s, u32 ready)
{
	return nth_ready(ready, sim_random_below(&s->random,
						 (u32)__builtin_popcount(ready)));
}

static unsigned int highest(const struct sim_search *s, u32 ready)
{
	unsigned int best = (unsigned int)__builtin_ctz(ready);

	for (ready &= ready - 1; ready; ready &= ready - 1) {
		unsigned int task = (unsigned int)__builtin_ctz(ready);

		if (s->priority[task] > s->priority[best])
			best = task;
	}
	return best;
}

static unsigned int pick_random(struct sim_search *s, u32 ready, unsigned int running, bool forced)
{
	if (!forced && sim_random_below(&s->random, s->interrupt))
		return running;
	return any_ready(s, ready);
}

static unsigned int pick_pct(struct sim_search *s, u32 ready, unsigned int running, bool forced)
{
	unsigned int i;

	for (i = 0; !forced && i + 1 < s->depth; i++)
		if (s->change[i] == s->points)
			s->priority[running] = s->lowest--;
	return highest(s, ready);
}

static bool same_object(const struct sim_det_task *a, const struct sim_det_task *b)
{
	return a->object == b->object && (sim_point_writes(a->kind) || sim_point_writes(b->kind));
}

static unsigned int pick_pos(struct sim_search *s, u32 ready, unsigned int running, bool forced)
{
	unsigned int next, task;
	u32 others;

	if (!forced)
		s->priority[running] = sim_random(&s->random);
	next = highest(s, ready);
	for (others = ready & ~BIT(next); others; others &= others - 1) {
		task = (unsigned int)__builtin_ctz(others);
		if (same_object(sim_det_task(task), sim_det_task(next)))
			s->priority[task] = sim_random(&s->random);
	}
	return next;
}

/* The tasks that are held. */
static u32 held(const struct sim_search *s)
{
	u32 tasks = 0;
	unsigned int i;

	for (i = 0; i < SIM_SEARCH_HOLDS; i++)
		if (s->hold[i].held && !s->hold[i].over)
			tasks |= BIT(s->hold[i].task);
	return tasks;
}

static void let_all_go(struct sim_search *s)
{
	unsigned int i;

	for (i = 0; i < SIM_SEARCH_HOLDS; i++)
		s->hold[i].over |= s->hold[i].held;
}

static unsigned int pick_hold(struct sim_search *s, u32 ready, unsigned int running, bool forced)
{
	struct sim_hold *hold;
	bool done = false;

	for (hold = s->hold; !forced && hold < s->hold + SIM_SEARCH_HOLDS; hold++) {
		if (!sim_hold_step(hold, sim_det_task(running)))
			continue;
		hold->over = done = true;
		s->priority[hold->task] = U64_MAX;
	}
	/* What it has waited for is what is carried out now. */
	if (done)
		return running;
	if (!(ready & ~held(s)))
		let_all_go(s);
	return pick_pct(s, ready & ~held(s), running, forced);
}

static unsigned int search_pick(void *ctx, u32 ready, unsigned int running, bool forced)
{
	struct sim_search *s = ctx;

	s->picked++;
	if (s->cut) {
		s->cut--;
		if (!forced)
			matters(s, sim_det_task(running));
		return s->replay.strategy.pick(&s->replay, ready, running, forced);
	}
	if (!forced) {
		if (!matters(s, sim_det_task(running)))
			return running;
		s->points++;
	}
	switch (s->kind) {
	case SIM_SEARCH_RANDOM:
		return pick_random(s, ready, running, forced);
	case SIM_SEARCH_PCT:
		return pick_pct(s, ready, running, forced);
	case SIM_SEARCH_HOLD:
		return pick_hold(s, ready, running, forced);
	default:
		return pick_pos(s, ready, running, forced);
	}
}

/* Whoever spins goes behind those he waits for, or they would get a step a turn. */
static void search_yielded(void *ctx, unsigned int task)
{
	struct sim_search *s = ctx;

	s->priority[task] = s->lowest--;
	/* It may be one of these that it waits for. */
	let_all_go(s);
}

static void search_freed(void *ctx, const volatile void *p, size_t size)
{
	struct sim_search *s = ctx;

	sim_sharing_free(&s->sharing, p, size);
}

static bool search_ask(void *ctx, enum sim_det_question question)
{
	struct sim_search *s = ctx;
	const u32 all[SIM_DET_NR_QUESTIONS] = {
		[SIM_DET_NEED_RESCHED] = s->odds.resched,
		[SIM_DET_FAIL_ALLOC] = s->odds.fail_alloc,
		[SIM_DET_FAIL_CMPXCHG] = s->odds.fail_cmpxchg,
	};
	u32 odds = all[question];

	if (s->cut)
		return s->replay.strategy.ask(&s->replay, question);
	return odds && !sim_random_below(&s->random, odds);
}

/* ---- Runs ---- */

void sim_search_init(struct sim_search *s)
{
	sim_sharing_clear(&s->sharing);
	s->mean = s->most = 0;
	s->strategy = (struct sim_det_strategy) {
		.pick = search_pick, .ask = search_ask, .yielded = search_yielded,
		.freed = search_freed, .ctx = s,
	};
}

/* As many of each as this list has. */
static const enum sim_search_kind kinds[] = {
	SIM_SEARCH_PCT, SIM_SEARCH_PCT, SIM_SEARCH_PCT,
	SIM_SEARCH_HOLD, SIM_SEARCH_HOLD, SIM_SEARCH_HOLD,
	SIM_SEARCH_POS, SIM_SEARCH_RANDOM,
};

static void choose_kind(struct sim_search *s)
{
	static const u32 interrupts[] = { 2, 4, 8, 16 };

	s->kind = kinds[sim_random_below(&s->random, sizeof(kinds) / sizeof(kinds[0]))];
	s->depth = 1 + sim_random_below(&s->random, SIM_SEARCH_MAX_DEPTH);
	s->interrupt = interrupts[sim_random_below(&s->random, 4)];
}

/* Mostly one, and mostly where tasks have met. */
static void choose_holds(struct sim_search *s)
{
	unsigned int i, nr = 1 + !sim_random_below(&s->random, 4);
	const struct sim_meetings *from;

	memset(s->hold, 0, sizeof(s->hold));
	for (i = 0; i < SIM_SEARCH_HOLDS; i++) {
		from = sim_random_below(&s->random, 4) ? &s->sharing.meetings : &s->sharing.sections;
		s->hold[i].over = i >= nr || !sim_hold_begin(&s->hold[i], from, &s->random);
	}
	if (s->kind == SIM_SEARCH_HOLD)
		s->depth = 1 + s->depth % 2;
}

/*
 * How long a run will be depends on who goes first: a task that splits a huge page makes a run of thousands
 * of points out of one of a hundred.  Changes among the first hundred only would never come behind
 * the split; changes among thousands hardly ever where most runs have all of theirs.
 */
static void choose_reach(struct sim_search *s)
{
	s->reach = sim_random_below(&s->random, 2) ? s->mean : s->most;
	if (!s->reach)
		s->reach = 64;
}

void sim_search_begin(struct sim_search *s, u64 seed, struct sim_search_odds odds,
		      const struct sim_schedule *base)
{
	unsigned int i;

	s->random = sim_mix(seed, 0) | 1;
	s->odds = odds;
	s->points = s->picked = 0;
	sim_sharing_begin(&s->sharing);
	s->lowest = UINT32_MAX;
	choose_kind(s);
	s->all_points = !sim_random_below(&s->random, 4);
	choose_holds(s);
	choose_reach(s);
	for (i = 0; i < SIM_SEARCH_MAX_DEPTH; i++)
		s->change[i] = 1 + sim_random_below(&s->random, s->reach);
	for (i = 0; i < SIM_DET_MAX_TASKS; i++)
		s->priority[i] = sim_random(&s->random) | BIT_ULL(63);
	s->base = base;
	s->cut = 0;
	if (!base)
		return;
	sim_replay_strategy_begin(&s->replay, base);
	s->cut = 1 + sim_random_below(&s->random, s->picks ? s->picks : 64);
}

void sim_search_end(struct sim_search *s)
{
	s->picks = s->picked;
	if (s->points > s->most)
		s->most = s->points;
	if (!s->mean)
		s->mean = s->points;
	else if (!s->all_points)
		s->mean = (s->mean * 7 + s->points + 7) / 8;
	if (!s->mean)
		s->mean = 1;
}

const char *sim_search_name(const struct sim_search *s, char *buf, size_t size)
{
	if (s->base) {
		snprintf(buf, size, "mutated");
		return buf;
	}
	switch (s->kind) {
	case SIM_SEARCH_RANDOM:
		snprintf(buf, size, "random 1/%u", s->interrupt);
		break;
	case SIM_SEARCH_PCT:
		snprintf(buf, size, "pct %u", s->depth);
		break;
	case SIM_SEARCH_HOLD:
		snprintf(buf, size, "hold");
		break;
	default:
		snprintf(buf, size, "pos");
	}
	return buf;
}
