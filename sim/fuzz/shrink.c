/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/cli.h"
#include "sim/fuzz/shrink.h"

/* ---- The same failure ---- */

/* Numbers are details, and so is which task or vCPU it was. */
static const char *next_word(const char *s, char *word, size_t size)
{
	size_t len;

	s += strspn(s, " \n");
	len = strcspn(s, " \n");
	snprintf(word, size, "%.*s", (int)len, s);
	return s + len;
}

static bool is_detail(const char *word)
{
	return strpbrk(word, "0123456789") || !strcmp(word, "cached") || !strcmp(word, "new");
}

/* "stale translation: ...", "BUG: file:line: ...": up to the second colon at most. */
bool sim_same_failure(const char *a, const char *b)
{
	char x[64], y[64];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		a = next_word(a, x, sizeof(x));
		b = next_word(b, y, sizeof(y));
		/* A place in the source has numbers and is no detail. */
		if (strchr(x, '/') || strchr(y, '/'))
			return !strcmp(x, y);
		if (is_detail(x) && is_detail(y))
			continue;
		if (strcmp(x, y))
			return false;
		if (i && strchr(x, ':'))
			return true;
	}
	return true;
}

/* ---- Trying ---- */

double sim_shrink_seconds_left(const struct sim_shrinker *s)
{
	bool readable = sim_schedule_preemptions(&s->f->schedule) <= SIM_SHRINK_READABLE;

	return (readable ? s->deadline : s->last_deadline) - sim_cli_seconds();
}

bool sim_shrink_time_left(const struct sim_shrinker *s)
{
	return sim_shrink_seconds_left(s) > 0;
}

bool sim_shrink_run(struct sim_shrinker *s, struct sim_lab *lab,
		    const struct sim_det_strategy *strategy, struct sim_det_result *result)
{
	const struct sim_det_config config = {
		.strategy = &s->recording.strategy, .max_steps = s->max_steps,
	};

	s->recording.inner = strategy;
	sim_recording_strategy_begin(&s->recording);
	s->stats->runs++;
	if (sim_lab_run(lab, &config, result) || !result->failed || s->recording.failed)
		return false;
	/* Failing by a limit that others do not have is not to fail. */
	if (s->max_steps && result->steps > s->max_steps)
		return false;
	return sim_same_failure(result->report, s->want);
}

bool sim_shrink_replay(struct sim_shrinker *s, const struct sim_schedule_file *f,
		       struct sim_det_result *result)
{
	struct sim_replay_strategy replay;
	static struct sim_lab lab;
	bool fails;

	if (sim_lab_init(&lab, f->workload, &f->machine))
		return false;
	lab.teardown = true;
	sim_replay_strategy_begin(&replay, &f->schedule);
	fails = sim_shrink_run(s, &lab, &replay.strategy, result);
	sim_lab_exit(&lab);
	return fails;
}

void sim_shrink_take(struct sim_shrinker *s, const struct sim_det_result *result)
{
	const struct sim_schedule old = s->f->schedule;

	/* The next run writes over it. */
	s->f->schedule = s->recording.schedule;
	s->recording.schedule = old;
	sim_schedule_file_set_result(s->f, result);
}

/*
 * Whether @try still fails.  If so it becomes the smallest, in the words of what has really
 * happened: decisions that had no effect are gone.
 */
static bool still_fails(struct sim_shrinker *s, struct sim_schedule_file *try)
{
	struct sim_det_result result;
	char err[128];
	unsigned int line;

	if (!sim_workload_check(try->workload, err, sizeof(err), &line) ||
	    !sim_shrink_replay(s, try, &result) || !sim_schedule_copy(&try->schedule, &s->recording.schedule))
		return false;
	sim_schedule_file_set_result(try, &result);
	return true;
}

static bool copy_of(const struct sim_schedule_file *f, struct sim_schedule_file *copy)
{
	*copy = *f;
	memset(&copy->schedule, 0, sizeof(copy->schedule));
	copy->workload = sim_workload_copy(f->workload);
	if (copy->workload && sim_schedule_copy(&copy->schedule, &f->schedule))
		return true;
	sim_schedule_file_free(copy);
	return false;
}

/* @try is taken over, or freed. */
static bool try_it(struct sim_shrinker *s, struct sim_schedule_file *try)
{
	if (!still_fails(s, try)) {
		sim_schedule_file_free(try);
		return false;
	}
	sim_schedule_file_free(s->f);
	*s->f = *try;
	return true;
}

/* ---- Operations ---- */

static unsigned int count_ops(const struct sim_workload *w)
{
	unsigned int i, nr = w->setup.nr_ops;

	for (i = 0; i < w->nr_threads; i++)
		nr += w->threads[i].nr_ops;
	return nr;
}

static struct sim_race_thread *thread_at(struct sim_workload *w, unsigned int i)
{
	return i < w->nr_threads ? &w->threads[i] : &w->setup;
}

static void shrink_ops(struct sim_shrinker *s)
{
	struct sim_schedule_file try;
	unsigned int t, i;

	for (t = 0; t <= s->f->workload->nr_threads; t++) {
		for (i = thread_at(s->f->workload, t)->nr_ops; i-- > 0 && sim_shrink_time_left(s);) {
			if (!copy_of(s->f, &try))
				return;
			sim_workload_drop(thread_at(try.workload, t), i);
			try_it(s, &try);
		}
	}
}

/* ---- Decisions: in big pieces first, then one by one ---- */

static bool drop_decisions(struct sim_shrinker *s, unsigned int first, unsigned int nr)
{
	struct sim_schedule_file try;

	if (!copy_of(s->f, &try))
		return false;
	while (nr--)
		sim_schedule_remove(&try.schedule, first);
	return try_it(s, &try);
}

static void shrink_decisions(struct sim_shrinker *s)
{
	unsigned int piece, at;

	for (piece = (s->f->schedule.nr + 1) / 2; piece; piece /= 2) {
		for (at = 0; at < s->f->schedule.nr && sim_shrink_time_left(s);) {
			unsigned int left = s->f->schedule.nr - at;

			/* What took its place is next; if nothing went, what comes behind it. */
			if (!drop_decisions(s, at, piece < left ? piece : left))
				at += piece;
		}
	}
}

/* ---- The machine ---- */

/*
 * What is out of the ordinary goes, if that does not matter.  Profile and format stay: they were asked
 * for, or else they say where the bug is.
 */
static void shrink_machine(struct sim_shrinker *s)
{
	static const char *const ordinary[] = {
		"wrap=0", "range-flush=0", "nx=0", "eager-split=1", "caches=1", "preempt=1", "ad=1",
		"pml=1", "levels=4",
	};
	struct sim_schedule_file try;
	char was[128], is[128];
	size_t i;

	for (i = 0; i < sizeof(ordinary) / sizeof(ordinary[0]) && sim_shrink_time_left(s); i++) {
		if (!copy_of(s->f, &try))
			return;
		sim_lab_machine_apply(&try.machine, ordinary[i]);
		sim_lab_machine_print(&s->f->machine, was, sizeof(was));
		sim_lab_machine_print(&try.machine, is, sizeof(is));
		if (strcmp(was, is))
			try_it(s, &try);
		else
			sim_schedule_file_free(&try);
	}
}

/* ---- All of it ---- */

/*
 * A schedule that is smaller takes no more steps, or little more.  Those that never end cost as much as
 * thousands of others, and do not fail in the way that is wanted; unless that is it.
 */
static u64 max_steps_for(const struct sim_det_result *result)
{
	u64 steps = 10000 + 4 * result->steps;

	return steps < SIM_DET_MAX_STEPS ? steps : 0;
}

static unsigned int size_of(const struct sim_schedule_file *f)
{
	return count_ops(f->workload) + f->schedule.nr;
}

static void drop_what_does_not_matter(struct sim_shrinker *s)
{
	unsigned int before;

	do {
		before = size_of(s->f);
		shrink_decisions(s);
		shrink_ops(s);
		shrink_machine(s);
	} while (size_of(s->f) < before && sim_shrink_time_left(s));
}

/* More than two preemptions are seldom needed, and hard to read. */
static bool find_fewer(struct sim_shrinker *s)
{
	if (sim_schedule_preemptions(&s->f->schedule) > 2 &&
	    (sim_shrink_by_walk(s) || sim_shrink_by_chance(s)))
		return true;
	return sim_shrink_by_exploring(s);
}

int sim_shrink(struct sim_schedule_file *f, double seconds, struct sim_shrink_stats *stats)
{
	struct sim_shrinker s = {
		.f = f, .deadline = sim_cli_seconds() + seconds, .stats = stats,
	};
	struct sim_det_result result;
	int r;

	s.last_deadline = s.deadline + 2 * seconds;
	memset(stats, 0, sizeof(*stats));
	r = sim_schedule_file_run(f, NULL, &result, NULL);
	if (r || !result.failed)
		return r ? r : -EINVAL;
	snprintf(s.want, sizeof(s.want), "%s", result.report);
	s.max_steps = max_steps_for(&result);
	sim_recording_strategy_init(&s.recording, NULL);
	stats->ops_before = count_ops(f->workload);
	stats->preemptions_before = sim_schedule_preemptions(&f->schedule);
	do {
		drop_what_does_not_matter(&s);
	} while (find_fewer(&s));
	stats->ops_after = count_ops(f->workload);
	stats->preemptions_after = sim_schedule_preemptions(&f->schedule);
	sim_schedule_free(&s.recording.schedule);
	return 0;
}
