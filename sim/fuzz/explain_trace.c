/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>

#include "sim/fuzz/explain.h"
#include "sim/fuzz/words.h"

/*
 * The Trace Event Format, which ui.perfetto.dev and chrome://tracing open.  Time is the
 * number of the event, in microseconds: nothing in a run takes time.
 */

static void put_string(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			fprintf(out, "\\u%04x", c);
		else
			putc(c, out);
	}
	putc('"', out);
}

static void put_member(FILE *out, const char *key, const char *value)
{
	if (!value[0])
		return;
	fprintf(out, ",\"%s\":", key);
	put_string(out, value);
}

static void put_task(FILE *out, unsigned int task, const char *name)
{
	fprintf(out, "{\"ph\":\"M\",\"pid\":1,\"tid\":%u,\"name\":\"thread_name\",\"args\":{\"name\":",
		task);
	put_string(out, name);
	fprintf(out, "}},\n");
}

static void put_args(FILE *out, const struct sim_timeline_event *e)
{
	char text[SIM_WORDS_SIZE];

	fprintf(out, "\"args\":{\"step\":%llu", (unsigned long long)e->step);
	put_member(out, "object", sim_words_object(e, text, sizeof(text)));
	if (e->has_value) {
		put_member(out, "old", e->old_value);
		put_member(out, "new", e->new_value);
		fprintf(out, ",\"old_bits\":\"0x%llx\",\"new_bits\":\"0x%llx\"",
			(unsigned long long)e->before, (unsigned long long)e->after);
	}
	put_member(out, "holds", e->holds);
	if (e->nr_pc)
		put_member(out, "site", sim_words_site(e, sizeof(text), text, sizeof(text)));
	fprintf(out, "}}");
}

static void put_event(const struct sim_explanation *x, FILE *out, u32 i)
{
	const struct sim_timeline_event *e = sim_timeline_at(&x->timeline, i);
	bool instant = e->type != SIM_TIMELINE_STEP;
	char text[SIM_WORDS_SIZE];

	fprintf(out, ",\n{\"ph\":\"%s\",\"pid\":1,\"tid\":%u,\"ts\":%u,%s\"name\":",
		instant ? "i" : "X", e->task, i, instant ? "\"s\":\"t\"," : "\"dur\":1,");
	if (e->type == SIM_TIMELINE_FAIL) {
		put_string(out, x->result.report);
	} else if (e->type == SIM_TIMELINE_SWITCH) {
		snprintf(text, sizeof(text), "%s: %s goes on", e->forced ? "cannot go on" :
			 "interrupted", x->timeline.names[e->to]);
		put_string(out, text);
	} else {
		put_string(out, sim_words_event(e, text, sizeof(text)));
	}
	putc(',', out);
	put_args(out, e);
}

void sim_explain_json(const struct sim_explanation *x, FILE *out)
{
	unsigned int task;
	u32 i;

	fprintf(out, "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n");
	for (task = 0; task < SIM_DET_MAX_TASKS; task++)
		if (x->timeline.names[task][0])
			put_task(out, task, x->timeline.names[task]);
	fprintf(out, "{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\",\"args\":{\"name\":");
	put_string(out, x->file->workload->name);
	fprintf(out, "}}");
	for (i = 0; i < x->timeline.nr; i++)
		put_event(x, out, i);
	fprintf(out, "\n]}\n");
}
