/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>
#include <linux/bitops.h>

#include "sim/fuzz/schedule.h"

/* ---- Lists of decisions ---- */

bool sim_schedule_add(struct sim_schedule *s, struct sim_decision d)
{
	if (s->nr == s->room) {
		unsigned int room = s->room ? s->room * 2 : 64;
		struct sim_decision *more = realloc(s->d, room * sizeof(*more));

		if (!more)
			return false;
		s->d = more;
		s->room = room;
	}
	s->d[s->nr++] = d;
	return true;
}

void sim_schedule_remove(struct sim_schedule *s, unsigned int index)
{
	s->nr--;
	memmove(&s->d[index], &s->d[index + 1], (s->nr - index) * sizeof(*s->d));
}

bool sim_schedule_copy(struct sim_schedule *to, const struct sim_schedule *from)
{
	unsigned int i;

	to->nr = 0;
	for (i = 0; i < from->nr; i++)
		if (!sim_schedule_add(to, from->d[i]))
			return false;
	return true;
}

void sim_schedule_free(struct sim_schedule *s)
{
	free(s->d);
	memset(s, 0, sizeof(*s));
}

unsigned int sim_schedule_preemptions(const struct sim_schedule *s)
{
	unsigned int i, nr = 0;

	for (i = 0; i < s->nr; i++)
		nr += s->d[i].kind == SIM_DECIDE_PREEMPT;
	return nr;
}

unsigned int sim_schedule_default(u32 ready, unsigned int running, bool forced)
{
	u32 above;

	if (!forced && (ready & BIT(running)))
		return running;
	above = ready & ~((2u << running) - 1);
	return (unsigned int)__builtin_ctz(above ? above : ready);
}

/* ---- Recording ---- */

static void remember(struct sim_recording_strategy *r, enum sim_decision_kind kind,
		     unsigned int task, unsigned int value, u32 at)
{
	const struct sim_decision d = {
		.kind = (u8)kind, .task = (u8)task, .value = (u8)value, .at = at,
	};

	r->failed |= !sim_schedule_add(&r->schedule, d);
}

static unsigned int recording_pick(void *ctx, u32 ready, unsigned int running, bool forced)
{
	struct sim_recording_strategy *r = ctx;
	unsigned int next = r->inner->pick(r->inner->ctx, ready, running, forced);

	if (next == sim_schedule_default(ready, running, forced))
		return next;
	if (forced)
		remember(r, SIM_DECIDE_NEXT, running, next, sim_det_task(running)->gaveway);
	else
		remember(r, SIM_DECIDE_PREEMPT, running, next, sim_det_task(running)->points);
	return next;
}

static bool recording_ask(void *ctx, enum sim_det_question question)
{
	struct sim_recording_strategy *r = ctx;
	const struct sim_det_task *self = sim_det_self();
	bool yes = r->inner->ask(r->inner->ctx, question);

	if (yes)
		remember(r, SIM_DECIDE_YES, self->id, question, self->questions[question]);
	return yes;
}

static void recording_yielded(void *ctx, unsigned int task)
{
	struct sim_recording_strategy *r = ctx;

	if (r->inner->yielded)
		r->inner->yielded(r->inner->ctx, task);
}

static void recording_freed(void *ctx, const volatile void *p, size_t size)
{
	struct sim_recording_strategy *r = ctx;

	if (r->inner->freed)
		r->inner->freed(r->inner->ctx, p, size);
}

void sim_recording_strategy_init(struct sim_recording_strategy *r,
				 const struct sim_det_strategy *inner)
{
	memset(r, 0, sizeof(*r));
	r->inner = inner;
	r->strategy = (struct sim_det_strategy) {
		.pick = recording_pick, .ask = recording_ask, .yielded = recording_yielded,
		.freed = recording_freed,
		.ctx = r,
	};
}

void sim_recording_strategy_begin(struct sim_recording_strategy *r)
{
	r->schedule.nr = 0;
	r->failed = false;
}

/* ---- Replaying ---- */

/* Decisions are looked for by what they answer: kind, and which question. */
static unsigned int row_of(const struct sim_decision *d)
{
	return d->kind == SIM_DECIDE_YES ? SIM_DECIDE_YES + d->value : d->kind;
}

/* The first decision from @i on that is of this row and task. */
static unsigned int find_next(const struct sim_schedule *s, unsigned int i, unsigned int task,
			      unsigned int row)
{
	while (i < s->nr && (s->d[i].task != task || row_of(&s->d[i]) != row))
		i++;
	return i;
}

/* The decision that is due now, or NULL; those that are overdue are gone. */
static const struct sim_decision *due(struct sim_replay_strategy *r, unsigned int task,
				      unsigned int row, u32 at)
{
	const struct sim_schedule *s = r->schedule;
	unsigned int *next = &r->next[task][row];

	while (*next < s->nr && s->d[*next].at < at)
		*next = find_next(s, *next + 1, task, row);
	return *next < s->nr && s->d[*next].at == at ? &s->d[*next] : NULL;
}

static void use(struct sim_replay_strategy *r, const struct sim_decision *d)
{
	unsigned int row = row_of(d);

	r->next[d->task][row] = find_next(r->schedule, (unsigned int)(d - r->schedule->d) + 1,
					  d->task, row);
	r->nr_used++;
}

static unsigned int replay_pick(void *ctx, u32 ready, unsigned int running, bool forced)
{
	struct sim_replay_strategy *r = ctx;
	const struct sim_det_task *task = sim_det_task(running);
	const struct sim_decision *d = forced ? due(r, running, SIM_DECIDE_NEXT, task->gaveway) :
						due(r, running, SIM_DECIDE_PREEMPT, task->points);

	if (d && (ready & BIT(d->value))) {
		use(r, d);
		return d->value;
	}
	return sim_schedule_default(ready, running, forced);
}

static bool replay_ask(void *ctx, enum sim_det_question question)
{
	struct sim_replay_strategy *r = ctx;
	const struct sim_det_task *self = sim_det_self();
	const struct sim_decision *d = due(r, self->id, SIM_DECIDE_YES + question,
					   self->questions[question]);

	if (d)
		use(r, d);
	return d;
}

void sim_replay_strategy_begin(struct sim_replay_strategy *r, const struct sim_schedule *schedule)
{
	unsigned int task, row;

	r->schedule = schedule;
	r->nr_used = 0;
	r->strategy = (struct sim_det_strategy) {
		.pick = replay_pick, .ask = replay_ask, .ctx = r,
	};
	for (task = 0; task < SIM_DET_MAX_TASKS; task++)
		for (row = 0; row < SIM_DECIDE_YES + SIM_DET_NR_QUESTIONS; row++)
			r->next[task][row] = find_next(schedule, 0, task, row);
}
