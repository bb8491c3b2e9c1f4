/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <string.h>

#include "sim/fuzz/explain.h"
#include "sim/fuzz/words.h"

/* The events that are shown, each in the column of its task. */

#define STEP_WIDTH	8	/* of the numbers on the left */
#define TEXT_WIDTH	60	/* the least that the last column shall have */

struct columns {
	const struct sim_explanation *x;
	FILE *out;		/* NULL: lines are counted only */
	unsigned int lines;
	unsigned int nr;	/* of columns */
	unsigned int offset[SIM_DET_MAX_TASKS];
	u8 task[SIM_DET_MAX_TASKS];	/* of each column */
};

/* ---- Lines ---- */

static void put_line(struct columns *c, const char *text)
{
	size_t len = strlen(text);

	c->lines++;
	if (!c->out)
		return;
	while (len && text[len - 1] == ' ')
		len--;
	fprintf(c->out, "%.*s\n", (int)len, text);
}

/* Text that is too long ends with "..". */
static void clip(char *text, unsigned int width)
{
	if (strlen(text) > width)
		memcpy(text + width - 2, "..", 3);
}

/* Columns are in the order in which their tasks appear. */
static void make_columns(struct columns *c)
{
	bool seen[SIM_DET_MAX_TASKS] = { false };
	unsigned int i, indent, room = c->x->opt.width - STEP_WIDTH;
	u32 n;

	for (n = sim_explain_next(c->x, 0); n < c->x->timeline.nr; n = sim_explain_next(c->x, n + 1)) {
		unsigned int task = sim_timeline_at(&c->x->timeline, n)->task;

		if (!seen[task])
			c->task[c->nr++] = (u8)task;
		seen[task] = true;
	}
	indent = c->nr > 1 && room > TEXT_WIDTH ? (room - TEXT_WIDTH) / (c->nr - 1) : 2;
	for (i = 0; i < c->nr; i++)
		c->offset[c->task[i]] = STEP_WIDTH + i * (indent > 24 ? 24 : indent);
}

static void put_heads(struct columns *c)
{
	char line[512];
	unsigned int i, width = sizeof(line) - 1;

	memset(line, ' ', width);
	line[width] = '\0';
	memcpy(line, "  step", 6);
	for (i = 0; i < c->nr; i++) {
		const char *name = c->x->timeline.names[c->task[i]];

		memcpy(line + c->offset[c->task[i]], name, strlen(name));
	}
	line[c->x->opt.width] = '\0';
	put_line(c, line);
}

/* ---- An event ---- */

static const char *mark(const struct sim_explanation *x, u32 i)
{
	return i == x->late ? "  <== this" : i == x->early ? "  <== before this" : "";
}

static void put_event(struct columns *c, u32 i)
{
	const struct sim_timeline_event *e = sim_timeline_at(&c->x->timeline, i);
	char line[512], words[SIM_WORDS_SIZE];
	const char *function, *marked = mark(c->x, i);
	int len;

	if (!c->out) {
		c->lines++;
		return;
	}
	function = sim_words_function(e);
	sim_words_event(e, words, sizeof(words));
	if (e->type == SIM_TIMELINE_OP)
		function = "";
	len = snprintf(line, sizeof(line), "%6llu", (unsigned long long)e->step);
	snprintf(line + len, sizeof(line) - (size_t)len, "%*s%s%s%s",
		 (int)c->offset[e->task] - len, "", function, function[0] ? ": " : "", words);
	clip(line, c->x->opt.width - (unsigned int)strlen(marked));
	strcat(line, marked);
	put_line(c, line);
}

/* ---- What lies between two of them ---- */

struct gap {
	u32 steps;
	u32 tasks;		/* who has done them */
	u32 preemptions;
	u32 last;		/* the last switch that nobody had to do, or SIM_EXPLAIN_NONE */
};

static struct gap look_at_gap(const struct sim_explanation *x, u32 from, u32 to)
{
	struct gap gap = { .last = SIM_EXPLAIN_NONE };

	for (; from < to; from++) {
		const struct sim_timeline_event *e = sim_timeline_at(&x->timeline, from);

		if (e->type == SIM_TIMELINE_STEP) {
			gap.steps++;
			gap.tasks |= 1u << e->task;
		}
		if (e->type != SIM_TIMELINE_SWITCH)
			continue;
		gap.last = e->forced ? SIM_EXPLAIN_NONE : from;
		gap.preemptions += !e->forced;
	}
	return gap;
}

static void put_fold(struct columns *c, const struct gap *gap)
{
	char line[512];
	const char *comma = " of ";
	unsigned int task;
	int len;

	if (!gap->steps)
		return;
	len = snprintf(line, sizeof(line), "        ... %u more step%s", gap->steps,
		       gap->steps > 1 ? "s" : "");
	for (task = 0; task < SIM_DET_MAX_TASKS; task++)
		if (gap->tasks & (1u << task)) {
			len += snprintf(line + len, sizeof(line) - (size_t)len, "%s%s", comma,
					c->x->timeline.names[task]);
			comma = ", ";
		}
	if (gap->preemptions > 1)
		snprintf(line + len, sizeof(line) - (size_t)len, ", %u preemptions",
			 gap->preemptions);
	clip(line, c->x->opt.width);
	put_line(c, line);
}

static void put_preemption(struct columns *c, const struct sim_timeline_event *e)
{
	char line[512];

	snprintf(line, sizeof(line), "   ---- %s is interrupted, %s goes on ----",
		 c->x->timeline.names[e->task], c->x->timeline.names[e->to]);
	clip(line, c->x->opt.width);
	put_line(c, line);
}

static void put_gap(struct columns *c, u32 from, u32 to)
{
	struct gap gap = look_at_gap(c->x, from, to), part;

	if (gap.last == SIM_EXPLAIN_NONE) {
		put_fold(c, &gap);
		return;
	}
	part = look_at_gap(c->x, from, gap.last);
	put_fold(c, &part);
	put_preemption(c, sim_timeline_at(&c->x->timeline, gap.last));
	part = look_at_gap(c->x, gap.last + 1, to);
	put_fold(c, &part);
}

unsigned int sim_explain_body(const struct sim_explanation *x, FILE *out)
{
	struct columns c = { .x = x, .out = out };
	u32 i, from = 0;

	make_columns(&c);
	put_heads(&c);
	for (i = sim_explain_next(x, 0); i < x->timeline.nr; i = sim_explain_next(x, i + 1)) {
		put_gap(&c, from, i);
		put_event(&c, i);
		from = i + 1;
	}
	put_gap(&c, from, x->timeline.nr);
	return c.lines;
}
