/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bitops.h>

#include "sim/fuzz/explain.h"

/* Which events of a run matter to whoever wants to know why it fails. */

/* ---- Who touches what ---- */

struct touched {
	u64 key;		/* 0: the slot is free */
	u32 tasks, writers;	/* by number */
	u8 last;		/* who touched it last, so far; SIM_DET_MAX_TASKS: nobody */
};

struct touched_table {
	struct touched *slots;
	u32 mask;
};

static bool make_table(struct touched_table *table, u32 nr)
{
	u32 size = 64;

	while (size < 2 * nr)
		size *= 2;
	table->slots = calloc(size, sizeof(*table->slots));
	table->mask = size - 1;
	return table->slots;
}

static struct touched *touched(const struct touched_table *table, u64 key)
{
	u32 i = (u32)((key * 0x9e3779b97f4a7c15ULL) >> 32);

	for (;; i++) {
		struct touched *t = &table->slots[i & table->mask];

		if (t->key == key || !t->key) {
			t->key = key;
			return t;
		}
	}
}

static bool is_access(const struct sim_timeline_event *e)
{
	return e->type == SIM_TIMELINE_STEP || e->type == SIM_TIMELINE_FREE ||
	       (e->type == SIM_TIMELINE_FAIL && e->pending);
}

static bool is_lock(const struct sim_timeline_event *e)
{
	return e->kind == SIM_POINT_LOCK || e->kind == SIM_POINT_LOCK_READ;
}

static void count_touches(const struct sim_explanation *x, struct touched_table *objects,
			  struct touched_table *containers)
{
	u32 i;

	for (i = 0; i < x->timeline.nr; i++) {
		const struct sim_timeline_event *e = sim_timeline_at(&x->timeline, i);
		struct touched *t;

		if (!is_access(e) || !e->object)
			continue;
		if (e->described.container)
			touched(containers, e->described.container)->tasks |= BIT(e->task);
		/* A free is of the whole, not of what happens to be its first part. */
		if (e->type == SIM_TIMELINE_FREE)
			continue;
		t = touched(objects, (u64)(uintptr_t)e->object);
		t->tasks |= BIT(e->task);
		if (sim_timeline_is_write(e) || is_lock(e))
			t->writers |= BIT(e->task);
		t->last = SIM_DET_MAX_TASKS;
	}
}

static bool is_shared(const struct touched *t)
{
	return (t->tasks & (t->tasks - 1)) && t->writers;
}

/* ---- What the failure is about ---- */

static u64 failing_container(const struct sim_explanation *x)
{
	const struct sim_timeline_event *e;

	if (x->fail == SIM_EXPLAIN_NONE)
		return 0;
	e = sim_timeline_at(&x->timeline, x->fail);
	return e->pending ? e->described.container : 0;
}

static bool is_store(const struct sim_timeline_event *e)
{
	return e->type == SIM_TIMELINE_STEP && sim_timeline_is_write(e) && e->has_value &&
	       e->before != e->after;
}

/* Whether a store took away a pointer to the object that is called so. */
static bool takes_away(const struct sim_timeline_event *e, const char *label)
{
	return is_store(e) && e->described.type == SIM_VALUE_POINTER && label[0] &&
	       !strcmp(e->old_value, label) && strcmp(e->new_value, label);
}

/* Of something that was freed: who freed it, and, before that, retired and unlinked it. */
static void find_end_of_life(struct sim_explanation *x)
{
	u64 container = failing_container(x);
	const char *label = "";
	u32 i;

	for (i = container ? x->fail : 0; i-- > 0;) {
		const struct sim_timeline_event *e = sim_timeline_at(&x->timeline, i);
		bool same = e->described.container == container;

		if (same && e->type == SIM_TIMELINE_FREE && x->freed == SIM_EXPLAIN_NONE) {
			x->freed = i;
			label = e->label;
		}
		if (x->freed == SIM_EXPLAIN_NONE)
			continue;
		/* The first of the two is the callback. */
		if (same && e->type == SIM_TIMELINE_STEP && e->kind == SIM_POINT_RCU)
			x->retire = i;
		if (takes_away(e, label)) {
			x->unlink = i;
			return;
		}
	}
}

static bool conflicts(const struct sim_timeline_event *a, const struct sim_timeline_event *b)
{
	if (a->task == b->task || !is_access(a) || !is_access(b))
		return false;
	/* The free of the whole is one with every access to a part. */
	if (a->type == SIM_TIMELINE_FREE || b->type == SIM_TIMELINE_FREE)
		return a->described.container && a->described.container == b->described.container;
	return a->object == b->object && (sim_timeline_is_write(a) || sim_timeline_is_write(b) ||
					  is_lock(a) || is_lock(b));
}

/* The access that comes too late, by the number of its task's accesses. */
static u32 find_late(const struct sim_explanation *x)
{
	u32 i;

	for (i = 0; i < x->timeline.nr; i++) {
		const struct sim_timeline_event *e = sim_timeline_at(&x->timeline, i);

		if (e->task == x->swap.decision.task && e->points == x->swap.at &&
		    (e->type == SIM_TIMELINE_STEP ||
		     (e->type == SIM_TIMELINE_FAIL && e->pending)))
			return i;
	}
	return SIM_EXPLAIN_NONE;
}

/*
 * Since the task was interrupted others have done what should have waited: a free of what it
 * was about to touch, or else the first that touches the same, or else whatever came first.
 */
static void find_swap(struct sim_explanation *x)
{
	const struct sim_timeline_event *late;
	u32 i, first = SIM_EXPLAIN_NONE, conflict = SIM_EXPLAIN_NONE;

	if (x->swap.found != SIM_SWAP_ACCESS)
		return;
	x->late = find_late(x);
	if (x->late == SIM_EXPLAIN_NONE)
		return;
	late = sim_timeline_at(&x->timeline, x->late);
	for (i = x->late; i-- > 0;) {
		const struct sim_timeline_event *e = sim_timeline_at(&x->timeline, i);

		if (e->task == late->task && e->type != SIM_TIMELINE_SWITCH)
			break;
		if (e->type == SIM_TIMELINE_STEP)
			first = i;
		if (conflicts(e, late) && (conflict == SIM_EXPLAIN_NONE ||
		    sim_timeline_at(&x->timeline, conflict)->type != SIM_TIMELINE_FREE))
			conflict = i;
	}
	x->early = conflict != SIM_EXPLAIN_NONE ? conflict : first;
}

/* ---- Ranks ---- */

enum {
	RANK_FAIL = 100,
	RANK_SWAP = 95,
	RANK_LIFE = 90,
	RANK_OP = 80,
	RANK_FAILURE = 75,	/* of an allocation, or of try_cmpxchg() */
	RANK_SAME_WRITE = 70,	/* to what the failure is about */
	RANK_SAME_READ = 65,
	RANK_BLOCK = 55,
	RANK_WORK = 52,
	RANK_WRITE = 50,	/* of what several tasks touch */
	RANK_RETIRE = 48,
	RANK_READ = 35,
	RANK_LOCK = 33,
	RANK_UNLOCK = 31,
	RANK_FREE = 25,
	RANK_SECTION = 20,
	RANK_END = 10,
	RANK_AGAIN = 8,		/* no news */
};

static u8 rank_call(const struct sim_timeline_event *e, const struct touched *t, u64 failing)
{
	if (e->kind == SIM_POINT_WORK)
		return t->tasks & (t->tasks - 1) ? RANK_WORK : RANK_SECTION;
	if (e->kind != SIM_POINT_RCU)
		return RANK_END;
	if (!e->described.container || (failing && failing != e->described.container))
		return RANK_SECTION;
	return RANK_RETIRE;
}

static u8 rank_step(const struct sim_explanation *x, const struct sim_timeline_event *e,
		    const struct touched *t)
{
	u64 failing = failing_container(x);
	bool about = failing && e->described.container == failing;

	if (is_lock(e))
		return is_shared(t) ? RANK_LOCK : 0;
	if (e->kind >= SIM_POINT_WAKE)
		return rank_call(e, t, failing);
	if (!is_shared(t))
		return 0;
	if (e->kind != SIM_POINT_READ)
		return about ? RANK_SAME_WRITE : RANK_WRITE;
	/* A lock that is only looked at. */
	if (!e->has_value && e->described.type == SIM_VALUE_NONE)
		return RANK_AGAIN;
	return about ? RANK_SAME_READ : RANK_READ;
}

static void forget_last(const struct touched_table *objects)
{
	u32 i;

	for (i = 0; i <= objects->mask; i++)
		objects->slots[i].last = SIM_DET_MAX_TASKS;
}

/*
 * Of all that a task does to an object before another comes to it, the first and the last are
 * what the others meet.  Once forward, once backward: both see one end of it.
 */
static void find_meetings(const struct sim_explanation *x, const struct touched_table *objects,
			  bool *meets)
{
	u32 n, nr = x->timeline.nr;

	for (n = 0; n < 2 * nr; n++) {
		u32 i = n < nr ? n : 2 * nr - 1 - n;
		const struct sim_timeline_event *e = sim_timeline_at(&x->timeline, i);
		struct touched *t;

		if (n == nr)
			forget_last(objects);
		if (!is_access(e) || !e->object || e->type == SIM_TIMELINE_FREE)
			continue;
		t = touched(objects, (u64)(uintptr_t)e->object);
		meets[i] |= t->last != e->task && t->last != SIM_DET_MAX_TASKS;
		t->last = e->task;
	}
}

static u8 rank(const struct sim_explanation *x, u32 i, const struct touched_table *objects,
	       const struct touched_table *containers, bool meets)
{
	const struct sim_timeline_event *e = sim_timeline_at(&x->timeline, i);
	struct touched *t = e->object ? touched(objects, (u64)(uintptr_t)e->object) : NULL;
	u32 tasks;
	u8 r;

	switch (e->type) {
	case SIM_TIMELINE_STEP:
		r = t ? rank_step(x, e, t) : 0;
		/* Stores matter more: they also tell how it came to be as it is. */
		if (e->kind < SIM_POINT_WAKE && !meets)
			r /= sim_timeline_is_write(e) ? 2 : 4;
		return r;
	case SIM_TIMELINE_RELEASE:
		return is_shared(t) ? RANK_UNLOCK : 0;
	case SIM_TIMELINE_LEAVE:
		return RANK_SECTION;
	case SIM_TIMELINE_BLOCK:
		return e->described.name[0] && is_shared(t) ? RANK_BLOCK : 0;
	case SIM_TIMELINE_FREE:
		tasks = e->described.container ?
			touched(containers, e->described.container)->tasks : 0;
		return tasks & (tasks - 1) ? RANK_FREE : RANK_AGAIN;
	case SIM_TIMELINE_OP:
		return RANK_OP;
	case SIM_TIMELINE_ANSWER:
		return e->to == SIM_DET_NEED_RESCHED ? RANK_AGAIN : RANK_FAILURE;
	case SIM_TIMELINE_END:
		return RANK_END;
	default:
		return 0;
	}
}

static void raise_rank(struct sim_explanation *x, u32 i, u8 to)
{
	if (i != SIM_EXPLAIN_NONE && x->rank[i] < to)
		x->rank[i] = to;
}

static void find_failure(struct sim_explanation *x)
{
	u32 nr = x->timeline.nr;

	x->fail = x->late = x->early = SIM_EXPLAIN_NONE;
	x->unlink = x->retire = x->freed = SIM_EXPLAIN_NONE;
	if (!nr || sim_timeline_at(&x->timeline, nr - 1)->type != SIM_TIMELINE_FAIL)
		return;
	x->fail = nr - 1;
	find_end_of_life(x);
	find_swap(x);
}

int sim_explain_rank(struct sim_explanation *x)
{
	struct touched_table objects, containers = { NULL, 0 };
	u32 i, nr = x->timeline.nr;
	bool *meets = calloc(nr + 1, sizeof(*meets));
	int r = -ENOMEM;

	find_failure(x);
	x->rank = calloc(nr + 1, sizeof(*x->rank));
	x->shown = calloc(nr + 1, sizeof(*x->shown));
	if (!make_table(&objects, nr) || !make_table(&containers, nr) || !x->rank || !x->shown ||
	    !meets)
		goto out;
	count_touches(x, &objects, &containers);
	find_meetings(x, &objects, meets);
	for (i = 0; i < nr; i++)
		x->rank[i] = rank(x, i, &objects, &containers, meets[i]);
	raise_rank(x, x->unlink, RANK_LIFE);
	raise_rank(x, x->retire, RANK_LIFE);
	raise_rank(x, x->freed, RANK_LIFE);
	raise_rank(x, x->late, RANK_SWAP);
	raise_rank(x, x->early, RANK_SWAP);
	raise_rank(x, x->fail, RANK_FAIL);
	r = 0;
out:
	free(objects.slots);
	free(containers.slots);
	free(meets);
	return r;
}

/* ---- As much as fits ---- */

u32 sim_explain_next(const struct sim_explanation *x, u32 from)
{
	u32 i = from;

	while (i < x->timeline.nr && !x->shown[i])
		i++;
	return i;
}

/* Show the best @nr; of equal ones the later, which are nearer to the failure. */
static void show_best(struct sim_explanation *x, u32 nr)
{
	u32 count[RANK_FAIL + 1] = { 0 }, left, i;
	u8 least = RANK_FAIL;

	for (i = 0; i < x->timeline.nr; i++)
		count[x->rank[i]]++;
	for (left = nr; least > RANK_END && count[least] <= left; least--)
		left -= count[least];
	for (i = x->timeline.nr; i-- > 0;) {
		x->shown[i] = x->rank[i] > least;
		if (x->rank[i] == least && left) {
			x->shown[i] = true;
			left--;
		}
	}
}

/* Where a step or two are left out, the lines that say so could as well be the steps. */
static void fill_small(struct sim_explanation *x)
{
	u32 i, from, to, steps;

	for (from = sim_explain_next(x, 0); from < x->timeline.nr; from = to) {
		to = sim_explain_next(x, from + 1);
		for (i = from + 1, steps = 0; i < to; i++)
			steps += sim_timeline_at(&x->timeline, i)->type == SIM_TIMELINE_STEP;
		for (i = from + 1; steps <= 2 && i < to; i++)
			x->shown[i] = sim_timeline_at(&x->timeline, i)->type == SIM_TIMELINE_STEP;
	}
}

void sim_explain_select(struct sim_explanation *x, unsigned int lines)
{
	u32 i, nr;

	if (x->opt.all) {
		for (i = 0; i < x->timeline.nr; i++)
			x->shown[i] = sim_timeline_at(&x->timeline, i)->type != SIM_TIMELINE_SWITCH;
		return;
	}
	for (nr = lines; nr > 4; nr--) {
		show_best(x, nr);
		fill_small(x);
		if (sim_explain_body(x, NULL) <= lines)
			break;
	}
}
