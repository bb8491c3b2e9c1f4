/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/fuzz/explore.h"
#include "sim/fuzz/random.h"
#include "sim/fuzz/search.h"
#include "sim/fuzz/shrink.h"

/* The workload is small by now: thousands of runs are a few seconds. */
#define WALK_STEPS	10000
#define FAR_WALK_STEPS	40000	/* where they are not SIM_SHRINK_READABLE */
#define CHANCES		5000
#define MOST_EXPLORED	2

/* ---- Walking ---- */

static struct sim_decision *any(const struct sim_schedule *schedule, u64 *random)
{
	return &schedule->d[sim_random_below(random, schedule->nr)];
}

static void drop(struct sim_schedule *schedule, u64 *random)
{
	sim_schedule_remove(schedule, sim_random_below(random, schedule->nr));
}

/* Near things matter more often than far ones: by one to some hundred points, in either direction. */
static void move(struct sim_schedule *schedule, u64 *random)
{
	struct sim_decision *d = any(schedule, random);
	u32 by = 1 + sim_random_below(random, 1u << sim_random_below(random, 11));

	if (sim_random_below(random, 2))
		d->at += by;
	else
		d->at = d->at > by ? d->at - by : 1;
}

/* Somebody else goes on, of those that are in the schedule. */
static void redirect(struct sim_schedule *schedule, u64 *random)
{
	struct sim_decision *d = any(schedule, random);

	if (d->kind != SIM_DECIDE_YES)
		d->value = any(schedule, random)->task;
}

/* Where a task cannot go on there is a choice that is no preemption. */
static void choose_next(struct sim_schedule *schedule, u64 *random)
{
	struct sim_decision d = { .kind = SIM_DECIDE_NEXT };

	/* One draw after the other: a list of initializers has no order. */
	d.task = any(schedule, random)->task;
	d.value = any(schedule, random)->task;
	d.at = 1 + sim_random_below(random, 4);
	/* If memory is short there is one change less. */
	sim_schedule_add(schedule, d);
}

/* Who begins is no preemption: the main task, number 0, waits for all the others. */
static void begin_with(struct sim_schedule *schedule, u64 *random)
{
	unsigned int i = sim_random_below(random, schedule->nr);
	struct sim_decision d = { .kind = SIM_DECIDE_NEXT, .task = 0, .at = 1 };

	d.value = schedule->d[i].kind == SIM_DECIDE_YES ? schedule->d[i].task :
							  schedule->d[i].value;
	sim_schedule_remove(schedule, i);
	sim_schedule_add(schedule, d);
}

/* Up to two go, and one or two others are changed. */
static void change(struct sim_schedule *schedule, u64 *random)
{
	unsigned int drops = sim_random_below(random, 3), changes = 1 + sim_random_below(random, 2);

	while (drops-- && schedule->nr)
		drop(schedule, random);
	while (changes-- && schedule->nr) {
		switch (sim_random_below(random, 8)) {
		case 0:
			redirect(schedule, random);
			break;
		case 1:
			choose_next(schedule, random);
			break;
		case 2:
			begin_with(schedule, random);
			break;
		default:
			move(schedule, random);
		}
	}
}

bool sim_shrink_by_walk(struct sim_shrinker *s)
{
	unsigned int before = sim_schedule_preemptions(&s->f->schedule), now = before, i;
	unsigned int steps = before > SIM_SHRINK_READABLE ? FAR_WALK_STEPS : WALK_STEPS;
	struct sim_schedule try = { 0 };
	struct sim_replay_strategy replay;
	struct sim_det_result result;
	static struct sim_lab lab;
	u64 random = 1;

	if (sim_lab_init(&lab, s->f->workload, &s->f->machine))
		return false;
	lab.teardown = true;
	for (i = 0; i < steps && now == before && sim_shrink_time_left(s); i++) {
		if (!sim_schedule_copy(&try, &s->f->schedule))
			break;
		change(&try, &random);
		sim_replay_strategy_begin(&replay, &try);
		if (!sim_shrink_run(s, &lab, &replay.strategy, &result) ||
		    sim_schedule_preemptions(&s->recording.schedule) > now)
			continue;
		sim_shrink_take(s, &result);
		now = sim_schedule_preemptions(&s->f->schedule);
	}
	sim_lab_exit(&lab);
	sim_schedule_free(&try);
	return now < before;
}

/* ---- By chance ---- */

/* PCT and holds make few preemptions.  What else they decide goes when the schedule is shrunk in turn. */
bool sim_shrink_by_chance(struct sim_shrinker *s)
{
	unsigned int before = sim_schedule_preemptions(&s->f->schedule), i;
	const struct sim_search_odds odds = { 0 };
	static struct sim_coverage coverage;
	static struct sim_search search;
	struct sim_det_result result;
	static struct sim_lab lab;
	bool fewer = false;

	if (sim_lab_init(&lab, s->f->workload, &s->f->machine))
		return false;
	lab.teardown = true;
	sim_search_init(&search);
	search.sharing.coverage = &coverage;
	for (i = 0; i < CHANCES && !fewer && sim_shrink_time_left(s); i++) {
		sim_search_begin(&search, i, odds, NULL);
		search.kind = i % 2 ? SIM_SEARCH_HOLD : SIM_SEARCH_PCT;
		fewer = sim_shrink_run(s, &lab, &search.strategy, &result) &&
			sim_schedule_preemptions(&s->recording.schedule) < before;
		sim_search_end(&search);
	}
	if (fewer)
		sim_shrink_take(s, &result);
	sim_lab_exit(&lab);
	return fewer;
}

/* ---- All of them ---- */

static bool explore(struct sim_shrinker *s, unsigned int preemptions)
{
	const struct sim_explore_config config = {
		.want = s->want, .preemptions = preemptions,
		.seconds = sim_shrink_seconds_left(s) / 6,
	};
	struct sim_schedule_file found = *s->f;
	struct sim_explore_result result;
	struct sim_det_result run;
	bool fewer;

	found.schedule = (struct sim_schedule) { 0 };
	/* The search leaves the VM's end out. */
	fewer = !sim_explore(&config, &found, &result) && result.found &&
		sim_shrink_replay(s, &found, &run);
	if (fewer)
		sim_shrink_take(s, &run);
	s->stats->runs += (unsigned int)result.schedules;
	sim_schedule_free(&found.schedule);
	return fewer;
}

bool sim_shrink_by_exploring(struct sim_shrinker *s)
{
	unsigned int now = sim_schedule_preemptions(&s->f->schedule), k;

	for (k = 0; k < now && k <= MOST_EXPLORED && sim_shrink_time_left(s); k++)
		if (explore(s, k))
			return true;
	return false;
}
