/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/fuzz/explain.h"
#include "sim/fuzz/words.h"

/* ---- Text that keeps within the width ---- */

#define MAX_TEXT	640

/* Words that do not fit go to the next line, indented. */
static void wrap(const struct sim_explanation *x, FILE *out, unsigned int indent, const char *text)
{
	unsigned int room = x->opt.width;
	size_t len = strlen(text), cut;

	while (len > room) {
		for (cut = room; cut > room / 2 && text[cut] != ' '; cut--)
			;
		if (text[cut] != ' ')
			cut = room;
		fprintf(out, "%.*s\n%*s", (int)cut, text, (int)indent, "");
		text += cut + (text[cut] == ' ');
		len = strlen(text);
		room = x->opt.width - indent;
	}
	fprintf(out, "%s\n", text);
}

__attribute__((format(printf, 4, 5)))
static void put(const struct sim_explanation *x, FILE *out, unsigned int indent,
		const char *fmt, ...)
{
	char text[MAX_TEXT];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	wrap(x, out, indent, text);
}

/* ---- The head ---- */

/* A thread's operations in one line, or two. */
static void put_thread(const struct sim_explanation *x, FILE *out,
		       const struct sim_race_thread *thread)
{
	char text[200];
	unsigned int i;
	size_t len;

	len = (size_t)snprintf(text, sizeof(text), "  %s: ", thread->name[0] ? thread->name :
			       "set-up");
	for (i = 0; i < thread->nr_ops && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? "; " : "",
					thread->ops[i].op.text);
	if (len >= sizeof(text))
		memcpy(text + sizeof(text) - 4, "...", 4);
	wrap(x, out, 4, text);
}

static void put_head(const struct sim_explanation *x, FILE *out)
{
	const struct sim_workload *w = x->file->workload;
	char machine[256];
	unsigned int i;

	put(x, out, 2, "workload %s on %s", w->name,
	    sim_lab_machine_print(&x->file->machine, machine, sizeof(machine)));
	put_thread(x, out, &w->setup);
	for (i = 0; i < w->nr_threads; i++)
		put_thread(x, out, &w->threads[i]);
	if (x->timeline.dropped)
		put(x, out, 2, "Only the last %u events are known: %llu came before them.",
		    x->timeline.nr, (unsigned long long)x->timeline.dropped);
	if (x->swap.found == SIM_SWAP_ACCESS && x->swap.at != x->swap.decision.at)
		put(x, out, 2, "%s is interrupted at its access %u, not %u as in the schedule: that "
		    "is the latest that fails.", x->timeline.names[x->swap.decision.task],
		    x->swap.at, x->swap.decision.at);
	fputc('\n', out);
}

/* ---- The failure ---- */

/* "  freed     by rcu: tdp_mmu_free_sp (mmu/tdp_mmu.c:46) <- ..." */
static void put_place(const struct sim_explanation *x, FILE *out, const char *what, u32 event)
{
	char line[MAX_TEXT];
	const struct sim_timeline_event *e;
	int len;

	if (event == SIM_EXPLAIN_NONE)
		return;
	e = sim_timeline_at(&x->timeline, event);
	len = snprintf(line, sizeof(line), "  %-9s by %s: ", what, x->timeline.names[e->task]);
	sim_words_site(e, x->opt.width - (unsigned int)len, line + len,
		       sizeof(line) - (size_t)len);
	wrap(x, out, 12, line);
}

static void put_report(const struct sim_explanation *x, FILE *out)
{
	const char *line = x->result.report;
	unsigned int nr;

	/* A report may list many things; the first lines are what it is about. */
	for (nr = 0; *line && nr < 6; nr++) {
		int len = (int)strcspn(line, "\n");

		put(x, out, 4, "%s%.*s", nr ? "  " : "FAILS: ", len, line);
		line += len + (line[len] == '\n');
	}
}

static const char *held(const struct sim_timeline_event *e)
{
	return e->holds[0] ? e->holds : "nothing";
}

static void put_failure(const struct sim_explanation *x, FILE *out)
{
	if (!x->result.failed) {
		put(x, out, 0, "It does not fail.");
		return;
	}
	put_report(x, out);
	put_place(x, out, "unlinked", x->unlink);
	put_place(x, out, "call_rcu", x->retire);
	put_place(x, out, "freed", x->freed);
	put_place(x, out, x->freed == SIM_EXPLAIN_NONE ? "found" : "used", x->fail);
}

/* ---- The swap ---- */

static void put_side(const struct sim_explanation *x, FILE *out, char name, u32 event)
{
	const struct sim_timeline_event *e = sim_timeline_at(&x->timeline, event);
	char words[SIM_WORDS_SIZE], site[MAX_TEXT];

	/* What fails is an access like others, seen from here. */
	sim_words_event(e, words, sizeof(words));
	put(x, out, 5, "  %c: %s %s, holding %s", name, x->timeline.names[e->task],
	    e->type == SIM_TIMELINE_FAIL && e->pending ? words + strlen("FAILS: ") : words,
	    held(e));
	sim_words_site(e, 2 * (x->opt.width - 8), site, sizeof(site));
	put(x, out, 8, "     %s", site);
}

static void put_swap(const struct sim_explanation *x, FILE *out)
{
	if (!x->result.failed)
		return;
	if (x->swap.found == SIM_SWAP_ACCESS && x->early != SIM_EXPLAIN_NONE) {
		put(x, out, 0, "The critical swap: it passes if A comes before B.");
		put_side(x, out, 'A', x->late);
		put_side(x, out, 'B', x->early);
	} else if (x->swap.found >= SIM_SWAP_DECISION) {
		put(x, out, 0, "It fails because %s is interrupted at its access %u; but there is no "
		    "single pair of accesses that makes the difference.",
		    x->timeline.names[x->swap.decision.task], x->swap.decision.at);
	} else {
		put(x, out, 0, "No single preemption is critical: without any one of them it fails as "
		    "well. A smaller schedule may tell more.");
	}
}

/* ---- All of it ---- */

static unsigned int count_lines(const char *text)
{
	unsigned int nr = 0;

	for (; *text; text++)
		nr += *text == '\n';
	return nr;
}

static int print(struct sim_explanation *x, FILE *out)
{
	char *head = NULL, *tail = NULL;
	size_t size;
	FILE *h = open_memstream(&head, &size), *t = open_memstream(&tail, &size);
	unsigned int used;
	int r = -ENOMEM;

	if (h && t) {
		put_head(x, h);
		fputc('\n', t);
		put_failure(x, t);
		put_swap(x, t);
	}
	if (h && t && !fflush(h) && !fflush(t)) {
		used = count_lines(head) + count_lines(tail);
		sim_explain_select(x, x->opt.lines > used + 10 ? x->opt.lines - used : 10);
		fputs(head, out);
		sim_explain_body(x, out);
		fputs(tail, out);
		r = 0;
	}
	if (h)
		fclose(h);
	if (t)
		fclose(t);
	free(head);
	free(tail);
	return r;
}

/* The run that is shown: the failure's, with its decision as late as can be. */
static int watch(struct sim_explanation *x)
{
	struct sim_schedule_file shown = *x->file;
	int r;

	shown.schedule = x->swap.schedule;
	sim_timeline_init(&x->timeline, SIM_TIMELINE_MAX_EVENTS, true);
	r = sim_schedule_file_run(&shown, &x->timeline.observer, &x->result, NULL);
	return !r && x->timeline.failed ? -ENOMEM : r;
}

static int look_for_swap(struct sim_explanation *x)
{
	int r = sim_schedule_file_run(x->file, NULL, &x->result, NULL);

	return r ? r : sim_swap_find(x->file, x->result.task, &x->swap);
}

int sim_explain(FILE *out, const struct sim_schedule_file *f, const struct sim_explain_options *o)
{
	struct sim_explanation *x = calloc(1, sizeof(*x));
	int r;

	if (!x)
		return -ENOMEM;
	x->file = f;
	x->opt = *o;
	if (!x->opt.width)
		x->opt.width = SIM_EXPLAIN_WIDTH;
	if (x->opt.width < SIM_EXPLAIN_MIN_WIDTH)
		x->opt.width = SIM_EXPLAIN_MIN_WIDTH;
	if (x->opt.width > 400)
		x->opt.width = 400;
	if (!x->opt.lines)
		x->opt.lines = SIM_EXPLAIN_LINES;
	r = look_for_swap(x);
	if (!r)
		r = watch(x);
	if (!r)
		r = sim_explain_rank(x);
	if (!r)
		r = print(x, out);
	if (!r && o->json)
		sim_explain_json(x, o->json);
	free(x->rank);
	free(x->shown);
	sim_timeline_free(&x->timeline);
	sim_swap_free(&x->swap);
	free(x);
	return r;
}
