/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/fuzz/schedule.h"

/*
 * The file of a schedule:
 *
 *	tdpsim-schedule 1
 *	machine profile=v6.4 format=ept ...
 *	workload NAME
 *		its lines, indented
 *	preempt T N U	T has announced its Nth access, and U goes on
 *	next T N U	the Nth time that T cannot go on: U does
 *	yes T N WHAT	the Nth question of this kind that T asks: resched, fail-alloc
 *	hash 0123456789abcdef
 *	fails the first line of the report
 *
 * Tasks are called by their numbers, which their order of creation gives them: 0 is the
 * main task, 1 runs RCU callbacks, then, where the profile has one, the zap worker, then
 * the threads of the workload.
 */

static const char *const kinds[] = {
	[SIM_DECIDE_PREEMPT] = "preempt", [SIM_DECIDE_NEXT] = "next", [SIM_DECIDE_YES] = "yes",
};

static const char *const questions[] = {
	[SIM_DET_NEED_RESCHED] = "resched", [SIM_DET_FAIL_ALLOC] = "fail-alloc",
	[SIM_DET_FAIL_CMPXCHG] = "fail-cmpxchg",
};

/* ---- Writing ---- */

static void write_thread(FILE *file, const struct sim_race_thread *thread)
{
	unsigned int i;

	for (i = 0; i < thread->nr_ops; i++)
		fprintf(file, "\t%s\n", thread->ops[i].op.text);
}

static void write_decision(FILE *file, const struct sim_decision *d)
{
	fprintf(file, "%s %u %u ", kinds[d->kind], d->task, d->at);
	if (d->kind == SIM_DECIDE_YES)
		fprintf(file, "%s\n", questions[d->value]);
	else
		fprintf(file, "%u\n", d->value);
}

static void write_all(FILE *file, const struct sim_schedule_file *f)
{
	const struct sim_workload *w = f->workload;
	char machine[256];
	unsigned int i;

	fprintf(file, "tdpsim-schedule 1\nmachine %s\nworkload %s\n",
		sim_lab_machine_print(&f->machine, machine, sizeof(machine)), w->name);
	write_thread(file, &w->setup);
	for (i = 0; i < w->nr_threads; i++) {
		fprintf(file, "\tthread %s\n", w->threads[i].name);
		write_thread(file, &w->threads[i]);
	}
	for (i = 0; i < f->schedule.nr; i++)
		write_decision(file, &f->schedule.d[i]);
	if (f->hash)
		fprintf(file, "hash %016" PRIx64 "\n", f->hash);
	if (f->fails[0])
		fprintf(file, "fails %s\n", f->fails);
}

bool sim_schedule_file_write(const char *path, const struct sim_schedule_file *f)
{
	FILE *file = fopen(path, "w");
	bool ok;

	if (!file)
		return false;
	write_all(file, f);
	ok = !ferror(file);
	return !fclose(file) && ok;
}

/* ---- Reading ---- */

struct reader {
	struct sim_schedule_file *f;
	unsigned int line;
	char why[256];
};

static bool wrong(struct reader *r, const char *fmt, const char *what)
{
	char quoted[100];

	/* Of a line without end not so much that nothing else has room. */
	snprintf(quoted, sizeof(quoted), "%s", what);
	if (!r->why[0])
		snprintf(r->why, sizeof(r->why), fmt, quoted);
	return false;
}

/* It may quote anything, and goes to a terminal. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

static bool read_machine(struct reader *r, char *args)
{
	char *save, *word;

	for (word = strtok_r(args, " \t", &save); word; word = strtok_r(NULL, " \t", &save))
		if (!sim_lab_machine_apply(&r->f->machine, word))
			return wrong(r, "no machine has \"%s\"", word);
	return true;
}

static bool read_workload(struct reader *r, char *args)
{
	if (r->f->workload)
		return wrong(r, "a second workload%s", "");
	if (!*args || strlen(args) >= sizeof(r->f->workload->name))
		return wrong(r, "\"%s\" cannot be the name of a workload", args);
	r->f->workload = calloc(1, sizeof(*r->f->workload));
	if (!r->f->workload)
		return wrong(r, "out of memory%s", "");
	strcpy(r->f->workload->name, args);
	return true;
}

static bool get_number(const char *word, unsigned int max, unsigned int *value)
{
	unsigned long n;
	char *end;

	if (!word || *word < '0' || *word > '9')
		return false;
	errno = 0;
	n = strtoul(word, &end, 10);
	*value = (unsigned int)n;
	return !*end && !errno && n <= max;
}

static bool get_question(const char *word, unsigned int *value)
{
	for (*value = 0; word && *value < SIM_DET_NR_QUESTIONS; ++*value)
		if (!strcmp(word, questions[*value]))
			return true;
	return false;
}

static bool read_decision(struct reader *r, unsigned int kind, char *args)
{
	unsigned int task, at, value;
	char *save, *word;
	bool ok;

	ok = get_number(strtok_r(args, " \t", &save), SIM_DET_MAX_TASKS - 1, &task) &&
	     get_number(strtok_r(NULL, " \t", &save), UINT32_MAX, &at);
	word = ok ? strtok_r(NULL, " \t", &save) : NULL;
	if (kind == SIM_DECIDE_YES)
		ok = get_question(word, &value);
	else
		ok = get_number(word, SIM_DET_MAX_TASKS - 1, &value);
	if (!ok || strtok_r(NULL, " \t", &save))
		return wrong(r, "a decision is \"%s TASK COUNT WHAT\"", kinds[kind]);
	return sim_schedule_add(&r->f->schedule, (struct sim_decision) {
			.kind = (u8)kind, .task = (u8)task, .value = (u8)value, .at = at }) ||
	       wrong(r, "out of memory%s", "");
}

static bool read_hash(struct reader *r, const char *args)
{
	/* All its digits, or it was cut off. */
	if (strlen(args) != 16 || strspn(args, "0123456789abcdef") != 16)
		return wrong(r, "\"%s\" is no hash", args);
	r->f->hash = strtoull(args, NULL, 16);
	return true;
}

static bool read_line(struct reader *r, char *line)
{
	char *args = line + strcspn(line, " \t");
	unsigned int kind;

	if (r->line == 1)
		return !strcmp(line, "tdpsim-schedule 1") ||
		       wrong(r, "this is no schedule of version 1%s", "");
	if (*line == '\t' || *line == ' ')
		return r->f->workload ?
		       sim_workload_add_line(r->f->workload, line, r->line, r->why, sizeof(r->why)) :
		       wrong(r, "there is no workload yet%s", "");
	if (*args)
		*args++ = '\0';
	if (!*line || *line == '#')
		return true;
	if (!strcmp(line, "machine"))
		return read_machine(r, args);
	if (!strcmp(line, "workload"))
		return read_workload(r, args);
	if (!strcmp(line, "hash"))
		return read_hash(r, args);
	if (!strcmp(line, "fails"))
		return snprintf(r->f->fails, sizeof(r->f->fails), "%s", args) >= 0;
	for (kind = 0; kind < SIM_DECIDE_NR; kind++)
		if (!strcmp(line, kinds[kind]))
			return read_decision(r, kind, args);
	return wrong(r, "\"%s\" is not understood", line);
}

static bool read_lines(struct reader *r, FILE *file)
{
	char *line = NULL;
	bool ok = true;
	size_t room = 0;
	ssize_t len;

	while (ok && (len = getline(&line, &room, file)) >= 0) {
		r->line++;
		if (len && line[len - 1] == '\n')
			line[--len] = '\0';
		ok = strlen(line) == (size_t)len ? read_line(r, line) :
						   wrong(r, "there is a NUL byte%s", "");
	}
	free(line);
	if (ok && !r->line)
		ok = wrong(r, "this is no schedule of version 1%s", "");
	if (ok && ferror(file))
		ok = wrong(r, "%s", strerror(errno));
	if (ok && !r->f->workload)
		ok = wrong(r, "there is no workload%s", "");
	return ok && sim_workload_check(r->f->workload, r->why, sizeof(r->why), &r->line);
}

bool sim_schedule_file_read(const char *path, struct sim_schedule_file *f, char *err,
			    size_t err_size)
{
	struct reader r = { .f = f };
	FILE *file = fopen(path, "r");
	bool ok;

	memset(f, 0, sizeof(*f));
	f->machine = sim_lab_machine_default();
	if (!file) {
		snprintf(err, err_size, "%s: %s", path, strerror(errno));
		return false;
	}
	ok = read_lines(&r, file);
	fclose(file);
	if (ok)
		return true;
	make_printable(r.why);
	snprintf(err, err_size, "%s:%u: %s", path, r.line ? r.line : 1, r.why);
	sim_schedule_file_free(f);
	return false;
}

void sim_schedule_file_free(struct sim_schedule_file *f)
{
	sim_workload_free(f->workload);
	sim_schedule_free(&f->schedule);
	memset(f, 0, sizeof(*f));
}

/* ---- Running ---- */

void sim_schedule_file_set_result(struct sim_schedule_file *f, const struct sim_det_result *result)
{
	f->hash = result->hash;
	snprintf(f->fails, sizeof(f->fails), "%.*s",
		 result->failed ? (int)strcspn(result->report, "\n") : 0, result->report);
}

int sim_schedule_file_run(const struct sim_schedule_file *f, const struct sim_det_observer *observer,
			  struct sim_det_result *result, unsigned int *used)
{
	static struct sim_lab lab;
	struct sim_replay_strategy replay;
	const struct sim_det_config config = { .strategy = &replay.strategy, .observer = observer };
	int r = sim_lab_init(&lab, f->workload, &f->machine);

	if (r)
		return r;
	lab.teardown = true;
	sim_replay_strategy_begin(&replay, &f->schedule);
	r = sim_lab_run(&lab, &config, result);
	if (used)
		*used = replay.nr_used;
	sim_lab_exit(&lab);
	return r;
}
