/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <string.h>

#include "sim/fuzz/words.h"

/* ---- Who and where ---- */

static unsigned int callers(const struct sim_timeline_event *e, struct sim_symbol_frame *frames,
			    unsigned int max)
{
	return sim_symbol_callers(e->pc, e->nr_pc, frames, max);
}

const char *sim_words_function(const struct sim_timeline_event *e)
{
	struct sim_symbol_frame frames[SIM_WORDS_FRAMES];
	unsigned int i, nr = callers(e, frames, SIM_WORDS_FRAMES);

	/* What a header has is a helper as well: who uses it is the one. */
	for (i = 0; i < nr; i++) {
		size_t len = strlen(frames[i].file);

		if (len > 2 && !strcmp(frames[i].file + len - 2, ".c"))
			return frames[i].function;
	}
	return nr && strcmp(frames[0].function, "?") ? frames[0].function : "";
}

const char *sim_words_place(const struct sim_timeline_event *e, char *buf, size_t size)
{
	struct sim_symbol_frame frame;

	if (!callers(e, &frame, 1)) {
		if (!e->nr_pc)
			return memcpy(buf, "?", 2);
		frame = sim_symbol_of(e->pc[0])->frames[0];
	}
	if (frame.line)
		snprintf(buf, size, "%s (%s:%d)", frame.function, frame.file, frame.line);
	else
		snprintf(buf, size, "%s", frame.function);
	return buf;
}

const char *sim_words_site(const struct sim_timeline_event *e, unsigned int width, char *buf,
			   size_t size)
{
	struct sim_symbol_frame frames[SIM_WORDS_FRAMES];
	unsigned int i, nr = callers(e, frames, SIM_WORDS_FRAMES);
	size_t len;

	sim_words_place(e, buf, size);
	len = strlen(buf);
	for (i = 1; i < nr; i++) {
		size_t more = strlen(frames[i].function) + 4;

		if (len + more > width || len + more >= size)
			break;
		len += (size_t)snprintf(buf + len, size - len, " <- %s", frames[i].function);
	}
	return buf;
}

/*
 * What of the seam it used: "read_lock" for what sim_read_lock() announces.  What is no step
 * comes from further inside (@outermost).
 */
static const char *primitive(const struct sim_timeline_event *e, bool outermost)
{
	const char *name = NULL;
	unsigned int i, j;

	for (i = 0; i < e->nr_pc; i++) {
		const struct sim_symbol *symbol = sim_symbol_of(e->pc[i]);

		for (j = 0; j < symbol->nr && sim_symbol_is_seam(&symbol->frames[j]); j++)
			if (!name || outermost)
				name = symbol->frames[j].function;
		if (j < symbol->nr || !outermost)
			break;
	}
	if (name && !strncmp(name, "sim_", 4))
		name += 4;
	return name;
}

const char *sim_words_object(const struct sim_timeline_event *e, char *buf, size_t size)
{
	char *plus;

	buf[0] = '\0';
	if (e->described.name[0])
		snprintf(buf, size, "%s", e->described.name);
	else if (e->object && sim_symbol_data(e->object, buf, size)) {
		plus = strchr(buf, '+');
		/* The lab is where the host and the CPUs are. */
		if (!strncmp(buf, "lab+", 4))
			snprintf(buf, size, "the host's");
		else if (plus)
			*plus = '\0';
	}
	return buf;
}

/* ---- Steps ---- */

static void read_words(const struct sim_timeline_event *e, const char *name, char *buf, size_t size)
{
	if (e->has_value)
		snprintf(buf, size, "reads %s: %s", name, e->old_value);
	else
		snprintf(buf, size, "reads %s", name);
}

static void write_words(const struct sim_timeline_event *e, const char *name, char *buf,
			size_t size)
{
	if (!e->has_value)
		snprintf(buf, size, "%s %s", e->kind == SIM_POINT_RMW ? "changes" : "writes", name);
	else if (e->before != e->after)
		snprintf(buf, size, "%s: %s -> %s", name, e->old_value, e->new_value);
	else if (e->kind == SIM_POINT_RMW)
		snprintf(buf, size, "%s stays %s", name, e->old_value);
	else
		snprintf(buf, size, "%s = %s", name, e->new_value);
}

/* Locks, RCU, work and threads: what is called, and on what. */
static void call_words(const struct sim_timeline_event *e, const char *name, char *buf, size_t size)
{
	static const char *const kinds[] = {
		[SIM_POINT_LOCK] = "lock", [SIM_POINT_LOCK_READ] = "lock to read",
		[SIM_POINT_WAKE] = "wake", [SIM_POINT_RCU] = "RCU", [SIM_POINT_WORK] = "work",
		[SIM_POINT_TASK] = "task",
	};
	const char *what = primitive(e, false);
	const char *whole = e->label[0] ? e->label : name;

	if (!what)
		what = kinds[e->kind];
	if (!strcmp(what, "run_callback"))
		snprintf(buf, size, "runs the RCU callback of %s", whole);
	else if (!strcmp(what, "run_first"))
		snprintf(buf, size, "runs the work of %s", whole);
	else if (e->kind == SIM_POINT_RCU && !e->described.container)
		/* All tasks announce the same object: it says nothing. */
		snprintf(buf, size, "%s()", what);
	else if (!strcmp(what, "call_rcu") || e->kind == SIM_POINT_WORK)
		snprintf(buf, size, "%s(%s)", what, whole);
	else
		snprintf(buf, size, "%s(%s)", what, name);
}

static void step_words(const struct sim_timeline_event *e, char *buf, size_t size)
{
	char name[SIM_OBJECT_NAME_SIZE];

	sim_words_object(e, name, sizeof(name));
	if (!name[0])
		snprintf(name, sizeof(name), "what is its own");
	switch (e->kind) {
	case SIM_POINT_READ:
		read_words(e, name, buf, size);
		break;
	case SIM_POINT_WRITE:
	case SIM_POINT_RMW:
		write_words(e, name, buf, size);
		break;
	default:
		call_words(e, name, buf, size);
	}
}

/* ---- What is no step ---- */

static void leave_words(const struct sim_timeline_event *e, const char *name, char *buf,
			size_t size)
{
	if (strstr(e->what, "SRCU"))
		snprintf(buf, size, "srcu_read_unlock(%s)", name);
	else
		snprintf(buf, size, "rcu_read_unlock()");
}

static void fail_words(const struct sim_timeline_event *e, char *buf, size_t size)
{
	size_t len = (size_t)snprintf(buf, size, "FAILS");

	if (e->pending && len + 2 < size) {
		len += (size_t)snprintf(buf + len, size - len, ": ");
		step_words(e, buf + len, size - len);
	}
}

static void answer_words(const struct sim_timeline_event *e, char *buf, size_t size)
{
	static const char *const words[SIM_DET_NR_QUESTIONS] = {
		[SIM_DET_NEED_RESCHED] = "need_resched() says yes",
		[SIM_DET_FAIL_ALLOC] = "an allocation fails",
		[SIM_DET_FAIL_CMPXCHG] = "try_cmpxchg() fails all the same",
	};

	snprintf(buf, size, "%s", words[e->to]);
}

static void unlock_words(const struct sim_timeline_event *e, const char *name, char *buf,
			 size_t size)
{
	const char *what = primitive(e, true);

	snprintf(buf, size, "%s(%s)", what ? what : "unlock", name);
}

const char *sim_words_event(const struct sim_timeline_event *e, char *buf, size_t size)
{
	char name[SIM_OBJECT_NAME_SIZE];

	sim_words_object(e, name, sizeof(name));
	switch (e->type) {
	case SIM_TIMELINE_STEP:
		step_words(e, buf, size);
		break;
	case SIM_TIMELINE_RELEASE:
		unlock_words(e, name, buf, size);
		break;
	case SIM_TIMELINE_LEAVE:
		leave_words(e, name, buf, size);
		break;
	case SIM_TIMELINE_BLOCK:
		snprintf(buf, size, "waits for %s%s%s%s", e->what, name[0] ? " (" : "", name,
			 name[0] ? ")" : "");
		break;
	case SIM_TIMELINE_FREE:
		snprintf(buf, size, "frees %s", e->label[0] ? e->label : "memory");
		break;
	case SIM_TIMELINE_ANSWER:
		answer_words(e, buf, size);
		break;
	case SIM_TIMELINE_OP:
		snprintf(buf, size, "== %s", e->what);
		break;
	case SIM_TIMELINE_FAIL:
		fail_words(e, buf, size);
		break;
	default:
		snprintf(buf, size, "%s", e->type == SIM_TIMELINE_END ? "ends" : "");
	}
	return buf;
}
