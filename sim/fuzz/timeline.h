/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_FUZZ_TIMELINE_H
#define SIM_FUZZ_TIMELINE_H

#include "sim/det/det.h"
#include "sim/fuzz/object.h"

/* All that happens in a run, for those who explain it afterwards. */

enum sim_timeline_type {
	SIM_TIMELINE_STEP,	/* an access is carried out */
	SIM_TIMELINE_SWITCH,	/* another task goes on */
	SIM_TIMELINE_ANSWER,	/* a question is answered with yes */
	SIM_TIMELINE_RELEASE,	/* of a lock */
	SIM_TIMELINE_LEAVE,	/* of an RCU or SRCU section */
	SIM_TIMELINE_BLOCK,
	SIM_TIMELINE_FREE,	/* of memory */
	SIM_TIMELINE_OP,	/* an operation of the workload begins */
	SIM_TIMELINE_END,	/* of a task */
	SIM_TIMELINE_FAIL,	/* of the run; the last */
};

#define SIM_TIMELINE_DEPTH	10

struct sim_timeline_event {
	u8 type;		/* enum sim_timeline_type */
	u8 task;
	u8 to;			/* SWITCH: who goes on; ANSWER: the question */
	u8 kind;		/* STEP, FAIL: enum sim_point_kind of what was announced */
	bool forced;		/* SWITCH: @task could not go on */
	bool pending;		/* FAIL: it was the announced access that failed */
	bool has_value;		/* @before and @after are known */
	u8 nr_pc;
	u32 points;		/* that the task has announced */
	u64 step;		/* of the run */
	const volatile void *object;
	const void *site;	/* the return address of the announcement */
	void *pc[SIM_TIMELINE_DEPTH];	/* return addresses, innermost first; may be none */
	const char *what;	/* BLOCK: for what; OP: its text */
	struct sim_object described;
	char label[SIM_OBJECT_LABEL_SIZE];	/* of the whole that @object is in; or empty */
	u64 before, after;
	char old_value[SIM_OBJECT_VALUE_SIZE], new_value[SIM_OBJECT_VALUE_SIZE];
	char holds[SIM_OBJECT_VALUE_SIZE];	/* locks, RCU sections */
};

struct sim_timeline {
	struct sim_det_observer observer;	/* for sim_det_config */
	bool backtraces;
	struct sim_timeline_event *events;	/* of a ring, once there are too many */
	u32 nr, room, first, max;
	u64 dropped;		/* the oldest, because there were too many */
	bool failed;		/* memory was short: events are missing */
	char names[SIM_DET_MAX_TASKS][SIM_DET_NAME_SIZE];
	/* The step whose effect has not been seen yet, or NULL. */
	struct sim_timeline_event *last;
};

#define SIM_TIMELINE_MAX_EVENTS	(1u << 16)

/**
 * sim_timeline_init() - get ready to watch one run.
 * @max: events to keep, the newest
 * @backtraces: who called is remembered too
 */
void sim_timeline_init(struct sim_timeline *t, u32 max, bool backtraces);

/** sim_timeline_at() - an event, counted from the oldest that is kept. */
const struct sim_timeline_event *sim_timeline_at(const struct sim_timeline *t, u32 index);

/** sim_timeline_is_write() - whether it may have changed what it touches. */
bool sim_timeline_is_write(const struct sim_timeline_event *e);

/** sim_timeline_free() - free its memory. */
void sim_timeline_free(struct sim_timeline *t);

#endif /* SIM_FUZZ_TIMELINE_H */
