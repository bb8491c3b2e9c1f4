/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_FUZZ_EXPLAIN_H
#define SIM_FUZZ_EXPLAIN_H

#include <stdio.h>

#include "sim/fuzz/schedule.h"
#include "sim/fuzz/swap.h"
#include "sim/fuzz/timeline.h"

/*
 * A race on one screen, as text for a mail: a column for each task that matters, an event
 * a line; how the run fails, and which two accesses decide that it does.
 */

#define SIM_EXPLAIN_WIDTH	100
#define SIM_EXPLAIN_LINES	60
#define SIM_EXPLAIN_MIN_WIDTH	60

struct sim_explain_options {
	unsigned int width;	/* columns; 0: SIM_EXPLAIN_WIDTH */
	unsigned int lines;	/* 0: SIM_EXPLAIN_LINES */
	bool all;		/* every event, however many lines */
	FILE *json;		/* write a trace for Perfetto there; NULL: none */
};

/**
 * sim_explain() - replay a schedule, and explain what happens.
 * @out: where the text goes
 * @f: the schedule; it should fail, but need not
 *
 * If the failure hangs on a preemption, what is shown is the schedule with that as late as
 * it may be (sim/fuzz/swap.h).
 *
 * Return: 0, -ENOMEM, or as sim_schedule_file_run().
 */
int sim_explain(FILE *out, const struct sim_schedule_file *f, const struct sim_explain_options *o);

/* ---- For its own files ---- */

#define SIM_EXPLAIN_NONE	UINT32_MAX

struct sim_explanation {
	const struct sim_schedule_file *file;
	struct sim_explain_options opt;
	struct sim_timeline timeline;
	struct sim_det_result result;
	struct sim_swap swap;
	/* Events by number; SIM_EXPLAIN_NONE: there is none. */
	u32 fail;		/* the failure */
	u32 late, early;	/* it passes if the first of these comes before the other */
	u32 unlink, retire, freed;	/* of what is used after it was freed */
	u8 *rank;		/* of each event: 0 does not matter, 100 matters most */
	bool *shown;		/* of each event */
};

/**
 * sim_explain_rank() - explain_select.c: how much each event matters, and which are those above.
 *
 * Return: 0 or -ENOMEM.
 */
int sim_explain_rank(struct sim_explanation *x);

/** sim_explain_select() - explain_select.c: show as much as fits into so many lines. */
void sim_explain_select(struct sim_explanation *x, unsigned int lines);

/**
 * sim_explain_next() - explain_select.c: which event is shown next.
 *
 * Return: the first that is, from @from on; if there is none, how many events there are.
 */
u32 sim_explain_next(const struct sim_explanation *x, u32 from);

/**
 * sim_explain_body() - explain_columns.c: print what is shown.
 * @out: NULL: only count
 *
 * Return: how many lines that are.
 */
unsigned int sim_explain_body(const struct sim_explanation *x, FILE *out);

/** sim_explain_json() - explain_trace.c: all events, as the Trace Event Format has them. */
void sim_explain_json(const struct sim_explanation *x, FILE *out);

#endif /* SIM_FUZZ_EXPLAIN_H */
