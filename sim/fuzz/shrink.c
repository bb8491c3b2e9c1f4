/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/cli.h"
#include "sim/fuzz/explore.h"
#include "sim/fuzz/found.h"
#include "sim/fuzz/search.h"

struct shrinker {
	struct sim_schedule_file *f;	/* the smallest so far that fails */
	struct sim_recording_strategy recording;
	char want[SIM_DET_REPORT_SIZE];	/* the report that it must have */
	double deadline;
	struct sim_shrink_stats *stats;
};

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

/*
 * Whether @try still fails.  If so it becomes the smallest, in the words of what has really
 * happened: decisions that had no effect are gone.
 */
static bool still_fails(struct shrinker *s, struct sim_schedule_file *try)
{
	struct sim_det_config config = { .strategy = &s->recording.strategy };
	struct sim_replay_strategy replay;
	static struct sim_lab lab;
	struct sim_det_result result;
	char err[128];
	unsigned int line;
	bool fails;

	if (!sim_workload_check(try->workload, err, sizeof(err), &line) ||
	    sim_lab_init(&lab, try->workload, &try->machine))
		return false;
	lab.teardown = true;
	sim_replay_strategy_begin(&replay, &try->schedule);
	s->recording.inner = &replay.strategy;
	sim_recording_strategy_begin(&s->recording);
	s->stats->runs++;
	fails = !sim_lab_run(&lab, &config, &result) && result.failed &&
		sim_same_failure(result.report, s->want);
	sim_lab_exit(&lab);
	if (!fails || s->recording.failed ||
	    !sim_schedule_copy(&try->schedule, &s->recording.schedule))
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
static bool try_it(struct shrinker *s, struct sim_schedule_file *try)
{
	if (!still_fails(s, try)) {
		sim_schedule_file_free(try);
		return false;
	}
	sim_schedule_file_free(s->f);
	*s->f = *try;
	return true;
}

static bool time_left(const struct shrinker *s)
{
	return sim_cli_seconds() < s->deadline;
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

static void shrink_ops(struct shrinker *s)
{
	struct sim_schedule_file try;
	unsigned int t, i;

	for (t = 0; t <= s->f->workload->nr_threads; t++) {
		for (i = thread_at(s->f->workload, t)->nr_ops; i-- > 0 && time_left(s);) {
			if (!copy_of(s->f, &try))
				return;
			sim_workload_drop(thread_at(try.workload, t), i);
			try_it(s, &try);
		}
	}
}

/* ---- Decisions: in big pieces first, then one by one ---- */

static bool drop_decisions(struct shrinker *s, unsigned int first, unsigned int nr)
{
	struct sim_schedule_file try;

	if (!copy_of(s->f, &try))
		return false;
	while (nr--)
		sim_schedule_remove(&try.schedule, first);
	return try_it(s, &try);
}

static void shrink_decisions(struct shrinker *s)
{
	unsigned int piece, at;

	for (piece = (s->f->schedule.nr + 1) / 2; piece; piece /= 2) {
		for (at = 0; at < s->f->schedule.nr && time_left(s);) {
			unsigned int left = s->f->schedule.nr - at;

			/* What took its place is next; if nothing went, what comes behind it. */
			if (!drop_decisions(s, at, piece < left ? piece : left))
				at += piece;
		}
	}
}

/* ---- All of it ---- */

/*
 * Is there a schedule with fewer decisions, and no more preemptions?  Few are needed, mostly: look at
 * all of those.  What chance has found can have hundreds of others that hang on each other, so that
 * none goes by itself.
 */
static void search_fewer(struct shrinker *s)
{
	unsigned int most = sim_schedule_preemptions(&s->f->schedule), k;
	struct sim_explore_config config = { .want = s->want };
	struct sim_explore_result result;
	struct sim_schedule_file try;

	for (k = 0; k <= most && k < 3 && time_left(s); k++) {
		if (s->f->schedule.nr <= k || !copy_of(s->f, &try))
			return;
		config.preemptions = k;
		config.seconds = (s->deadline - sim_cli_seconds()) / 3;
		if (sim_explore(&config, &try, &result) || !result.found ||
		    try.schedule.nr >= s->f->schedule.nr) {
			sim_schedule_file_free(&try);
			continue;
		}
		s->stats->runs += (unsigned int)result.schedules;
		if (try_it(s, &try))
			return;
	}
}

/* A few thousand runs of the smaller workload, by chance: where all schedules would be too many. */
#define CHANCES	20000

/*
 * Does one fail with fewer preemptions?  PCT makes few: where its depth suffices, one less than that.
 * What else it decides goes when it is shrunk in turn.
 */
static bool search_by_chance(struct shrinker *s)
{
	static struct sim_search search;
	const struct sim_search_odds odds = { 0 };
	unsigned int most = sim_schedule_preemptions(&s->f->schedule), i;
	struct sim_det_config config = { .strategy = &s->recording.strategy };
	struct sim_det_result result;
	static struct sim_lab lab;
	bool fewer = false;

	if (sim_lab_init(&lab, s->f->workload, &s->f->machine))
		return false;
	lab.teardown = true;
	sim_search_init(&search);
	s->recording.inner = &search.strategy;
	for (i = 0; i < CHANCES && !fewer && time_left(s); i++) {
		sim_search_begin(&search, i, odds, NULL);
		search.kind = SIM_SEARCH_PCT;
		sim_recording_strategy_begin(&s->recording);
		s->stats->runs++;
		fewer = !sim_lab_run(&lab, &config, &result) && result.failed &&
			sim_same_failure(result.report, s->want) && !s->recording.failed &&
			sim_schedule_preemptions(&s->recording.schedule) < most;
		sim_search_end(&search);
	}
	sim_lab_exit(&lab);
	if (!fewer || !sim_schedule_copy(&s->f->schedule, &s->recording.schedule))
		return false;
	sim_schedule_file_set_result(s->f, &result);
	return true;
}

int sim_shrink(struct sim_schedule_file *f, double seconds, struct sim_shrink_stats *stats)
{
	struct shrinker s = {
		.f = f, .deadline = sim_cli_seconds() + seconds, .stats = stats,
	};
	struct sim_det_result result;
	unsigned int before;
	bool again;
	int r;

	memset(stats, 0, sizeof(*stats));
	r = sim_schedule_file_run(f, NULL, &result, NULL);
	if (r || !result.failed)
		return r ? r : -EINVAL;
	snprintf(s.want, sizeof(s.want), "%s", result.report);
	sim_recording_strategy_init(&s.recording, NULL);
	stats->ops_before = count_ops(f->workload);
	stats->preemptions_before = sim_schedule_preemptions(&f->schedule);
	do {
		before = count_ops(f->workload) + f->schedule.nr;
		shrink_decisions(&s);
		shrink_ops(&s);
		again = count_ops(f->workload) + f->schedule.nr < before;
		/* More than two preemptions are seldom needed, and hard to read. */
		if (!again && sim_schedule_preemptions(&f->schedule) > 2)
			again = search_by_chance(&s);
		if (!again)
			search_fewer(&s);
	} while (again && time_left(&s));
	stats->ops_after = count_ops(f->workload);
	stats->preemptions_after = sim_schedule_preemptions(&f->schedule);
	sim_schedule_free(&s.recording.schedule);
	return 0;
}
