/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/fuzz/timeline.h"

/* ---- The ring ---- */

static bool grow(struct sim_timeline *t)
{
	u32 room = t->room ? t->room * 2 : 1024;
	struct sim_timeline_event *more;

	if (room > t->max)
		room = t->max;
	more = realloc(t->events, room * sizeof(*more));
	if (!more)
		return false;
	t->events = more;
	t->room = room;
	return true;
}

static struct sim_timeline_event *new_slot(struct sim_timeline *t)
{
	struct sim_timeline_event *e;

	if (t->nr == t->room && t->room < t->max && !grow(t)) {
		t->failed = true;
		return NULL;
	}
	if (t->nr < t->room)
		return &t->events[t->nr++];
	e = &t->events[t->first];
	t->first = (t->first + 1) % t->room;
	t->dropped++;
	return e;
}

const struct sim_timeline_event *sim_timeline_at(const struct sim_timeline *t, u32 index)
{
	return &t->events[(t->first + index) % t->room];
}

/* ---- What belongs to an event ---- */

/*
 * Up the frame pointers, as far as they stay on the fibre's stack.  With a sanitizer's
 * frames elsewhere, or on another stack, there is just nothing to be had.
 */
__attribute__((no_sanitize("address", "undefined")))
static unsigned int walk_stack(const struct sim_fibre *fibre, void *const *frame, void **pc,
			       unsigned int max)
{
	const char *bottom = fibre->stack, *top = bottom + fibre->stack_size;
	unsigned int nr = 0;

	while (nr < max) {
		void *const *next;

		if ((const char *)frame < bottom || (const char *)frame > top - 2 * sizeof(*frame) ||
		    ((uintptr_t)frame & (sizeof(*frame) - 1)) || !frame[1])
			break;
		pc[nr++] = frame[1];
		next = frame[0];
		if (next <= frame)
			break;
		frame = next;
	}
	return nr;
}

/* The seam's own frames come first: a step's are those from its site on. */
static void note_callers(struct sim_timeline_event *e, const struct sim_det_task *task,
			 void *const *frame)
{
	void *pc[2 * SIM_TIMELINE_DEPTH];
	unsigned int nr = 0, first = 0;

	if (frame && task->fibre.stack)
		nr = walk_stack(&task->fibre, frame, pc, 2 * SIM_TIMELINE_DEPTH);
	while (first < nr && pc[first] != task->site)
		first++;
	if (e->type == SIM_TIMELINE_FAIL)
		e->pending = first < nr;
	if (first == nr) {
		first = 0;
		/* Of what is no step the site is that of the last one: not its own. */
		if (e->type == SIM_TIMELINE_STEP)
			nr = 0;
	}
	if (!nr && e->type == SIM_TIMELINE_STEP)
		pc[nr++] = task->site;
	for (e->nr_pc = 0; first < nr && e->nr_pc < SIM_TIMELINE_DEPTH; first++)
		e->pc[e->nr_pc++] = pc[first];
}

static const char *mode_name(enum sim_lock_mode mode)
{
	return mode == SIM_LOCK_READ ? " (read)" : mode == SIM_LOCK_WRITE ? " (write)" : "";
}

static void note_locks(struct sim_timeline_event *e, const struct sim_det_task *task)
{
	struct sim_object lock;
	size_t len = 0;
	int i;

	for (i = 0; i < task->lockdep.count && len < sizeof(e->holds); i++) {
		sim_object_describe(task->lockdep.held[i].lock, &lock);
		/* The host's are its own affair. */
		if (lock.name[0])
			len += (size_t)snprintf(e->holds + len, sizeof(e->holds) - len, "%s%s%s",
						len ? ", " : "", lock.name,
						mode_name(task->lockdep.held[i].mode));
	}
	if (task->lockdep.rcu_depth && len < sizeof(e->holds))
		snprintf(e->holds + len, sizeof(e->holds) - len, "%sRCU", len ? ", " : "");
}

/* Only one task runs: what the object is now is what the last step made of it. */
static void finish_last(struct sim_timeline *t)
{
	struct sim_timeline_event *e = t->last;

	t->last = NULL;
	if (!e || !e->has_value)
		return;
	e->has_value = sim_object_read(e->object, &e->described, &e->after);
	if (e->has_value)
		sim_object_value(&e->described, e->after, e->new_value, sizeof(e->new_value));
}

static struct sim_timeline_event *begin_event(struct sim_timeline *t,
					      const struct sim_det_task *task,
					      enum sim_timeline_type type)
{
	struct sim_timeline_event *e;

	finish_last(t);
	e = new_slot(t);
	if (!e)
		return NULL;
	*e = (struct sim_timeline_event) {
		.type = (u8)type, .task = (u8)task->id, .kind = (u8)task->kind,
		.points = task->points, .step = sim_det_steps(), .site = task->site,
	};
	memcpy(t->names[task->id], task->name, sizeof(t->names[0]));
	return e;
}

static void note_object(struct sim_timeline_event *e, const volatile void *object)
{
	e->object = object;
	sim_object_describe(object, &e->described);
	sim_object_label(object, e->label, sizeof(e->label));
	e->has_value = e->type == SIM_TIMELINE_STEP &&
		       sim_object_read(object, &e->described, &e->before);
	if (e->has_value)
		sim_object_value(&e->described, e->before, e->old_value, sizeof(e->old_value));
}

/* ---- The observer ---- */

static void on_step(void *ctx, const struct sim_det_task *task)
{
	struct sim_timeline *t = ctx;
	struct sim_timeline_event *e = begin_event(t, task, SIM_TIMELINE_STEP);

	if (!e)
		return;
	note_object(e, task->object);
	note_callers(e, task, t->backtraces ? __builtin_frame_address(0) : NULL);
	note_locks(e, task);
	t->last = e;
}

static void on_switch(void *ctx, unsigned int from, unsigned int to, bool forced)
{
	struct sim_timeline *t = ctx;
	struct sim_timeline_event *e = begin_event(t, sim_det_task(from), SIM_TIMELINE_SWITCH);

	if (!e)
		return;
	e->to = (u8)to;
	e->forced = forced;
	memcpy(t->names[to], sim_det_task(to)->name, sizeof(t->names[0]));
}

static void on_answer(void *ctx, const struct sim_det_task *task, enum sim_det_question question)
{
	struct sim_timeline *t = ctx;
	struct sim_timeline_event *e = begin_event(t, task, SIM_TIMELINE_ANSWER);

	if (!e)
		return;
	e->to = (u8)question;
	note_callers(e, task, t->backtraces ? __builtin_frame_address(0) : NULL);
}

static enum sim_timeline_type type_of(const char *what)
{
	static const struct {
		const char *what;
		enum sim_timeline_type type;
	} types[] = {
		{ "releases", SIM_TIMELINE_RELEASE },
		{ "waits for", SIM_TIMELINE_BLOCK },
		{ "leaves RCU section", SIM_TIMELINE_LEAVE },
		{ "leaves SRCU section", SIM_TIMELINE_LEAVE },
		{ "frees", SIM_TIMELINE_FREE },
		{ "ends", SIM_TIMELINE_END },
		{ "fails", SIM_TIMELINE_FAIL },
	};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(what, types[i].what))
			return types[i].type;
	return SIM_TIMELINE_OP;
}

static void on_event(void *ctx, const struct sim_det_task *task, const char *what,
		     const volatile void *object)
{
	struct sim_timeline *t = ctx;
	struct sim_timeline_event *e = begin_event(t, task, type_of(what));

	if (!e)
		return;
	e->what = e->type == SIM_TIMELINE_BLOCK ? task->waits_for : what;
	note_callers(e, task, t->backtraces ? __builtin_frame_address(0) : NULL);
	if (e->type == SIM_TIMELINE_FAIL && e->pending)
		object = task->object;
	note_object(e, object);
	note_locks(e, task);
}

void sim_timeline_init(struct sim_timeline *t, u32 max, bool backtraces)
{
	memset(t, 0, sizeof(*t));
	t->max = max;
	t->backtraces = backtraces;
	t->observer = (struct sim_det_observer) {
		.step = on_step, .switched = on_switch, .answered = on_answer, .event = on_event,
		.ctx = t,
	};
	sim_object_reset();
}

bool sim_timeline_is_write(const struct sim_timeline_event *e)
{
	return e->type == SIM_TIMELINE_FREE ||
	       (e->type == SIM_TIMELINE_STEP && (e->kind == SIM_POINT_WRITE ||
						 e->kind == SIM_POINT_RMW));
}

void sim_timeline_free(struct sim_timeline *t)
{
	free(t->events);
	memset(t, 0, sizeof(*t));
}
