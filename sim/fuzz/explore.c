/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bitops.h>

#include "sim/cli.h"
#include "sim/fuzz/explore.h"
#include "sim/fuzz/found.h"
#include "sim/fuzz/sharing.h"

/* A place where there was more to choose from than one. */
struct branch {
	u32 left;		/* to be tried: tasks, or bit 0 for a "yes" */
	u8 taken, nr;		/* the present choice, and of how many */
	u8 done;		/* choices that are over */
	bool forced;		/* the default cannot be had: no choice is a preemption */
};

static bool costs(const struct branch *b)
{
	return b->done && !b->forced;
}

struct explorer {
	const struct sim_explore_config *config;
	struct sim_explore_result *result;
	struct sim_det_strategy strategy;
	struct sim_lab *lab;	/* NULL: config->run */
	struct branch *branches;
	unsigned int nr, room;
	unsigned int at;	/* the next branch that the run comes to */
	unsigned int used;	/* preemptions of this run */
	bool failed;		/* memory was short */
	struct sim_sharing *sharing;
	double start, told;
};

static bool matters(struct explorer *e, const struct sim_det_task *task)
{
	const struct sim_shared_object *object;

	if (task->kind == SIM_POINT_CONTENDED)
		return e->config->everything;
	object = sim_sharing_touch(e->sharing, task);
	return !object || object->shared == SIM_SHARED || e->config->everything;
}

/* What has been seen counts from now on. */
static void next_round(struct explorer *e)
{
	sim_sharing_settle(e->sharing);
	e->nr = 0;
	e->result->rounds++;
	e->result->last_round = 0;
}

/* ---- Choices ---- */

static struct branch *new_branch(struct explorer *e)
{
	if (e->nr == e->room) {
		unsigned int room = e->room ? e->room * 2 : 1024;
		struct branch *more = realloc(e->branches, room * sizeof(*more));

		if (!more) {
			e->failed = true;
			return NULL;
		}
		e->branches = more;
		e->room = room;
	}
	return &e->branches[e->nr++];
}

/* Along the branches of the run before, then the default, with all others left to be tried. */
static const struct branch *choose(struct explorer *e, u32 others, unsigned int def, bool forced)
{
	struct branch *b;

	if (e->at < e->nr) {
		b = &e->branches[e->at++];
		e->used += costs(b);
		return b;
	}
	b = new_branch(e);
	if (!b)
		return NULL;
	*b = (struct branch) {
		.left = others, .taken = (u8)def, .nr = (u8)(1 + __builtin_popcount(others)),
		.forced = forced,
	};
	e->at++;
	return b;
}

static unsigned int explore_pick(void *ctx, u32 ready, unsigned int running, bool forced)
{
	struct explorer *e = ctx;
	unsigned int def = sim_schedule_default(ready, running, forced);
	const struct branch *b;

	/* Whoever spins looks again when it is his turn: with a choice here there were no end. */
	if (forced && sim_det_task(running)->state == SIM_DET_READY)
		return def;
	if (!forced && (!matters(e, sim_det_task(running)) ||
			e->used == e->config->preemptions))
		return def;
	b = choose(e, ready & ~BIT(def), def, forced);
	return b ? b->taken : def;
}

static void explore_freed(void *ctx, const volatile void *p, size_t size)
{
	struct explorer *e = ctx;

	sim_sharing_free(e->sharing, p, size);
}

/* A branch whose alternative, task 1, stands for "yes". */
static bool explore_ask(void *ctx, enum sim_det_question question)
{
	struct explorer *e = ctx;
	const struct branch *b;

	if (!e->config->resched || question != SIM_DET_NEED_RESCHED ||
	    e->used == e->config->preemptions)
		return false;
	b = choose(e, BIT(1), 0, false);
	return b && b->taken;
}

/* The next choice of the last branch that has one: false if there is none. */
static bool backtrack(struct explorer *e)
{
	while (e->nr) {
		struct branch *b = &e->branches[e->nr - 1];

		if (b->left) {
			b->taken = (u8)__builtin_ctz(b->left);
			b->left &= b->left - 1;
			b->done++;
			return true;
		}
		e->nr--;
	}
	return false;
}

/* ---- How far it is ---- */

static double part_done(const struct explorer *e)
{
	double done = 0, part = 1;
	unsigned int i;

	for (i = 0; i < e->nr && part > 1e-12; i++) {
		part /= e->branches[i].nr;
		done += e->branches[i].done * part;
	}
	return done;
}

static void tell(struct explorer *e)
{
	double now = sim_cli_seconds();

	e->result->seconds = now - e->start;
	if (!e->config->progress || now - e->told < 1)
		return;
	e->told = now;
	e->config->progress(e->config->ctx, e->result->schedules, part_done(e), now - e->start);
}

static bool give_up(const struct explorer *e)
{
	return (e->config->seconds && e->result->seconds >= e->config->seconds) ||
	       (e->config->schedules && e->result->schedules >= e->config->schedules);
}

/* ---- Runs ---- */

static void keep(struct explorer *e, struct sim_schedule_file *f,
		 const struct sim_recording_strategy *recording, const struct sim_det_result *run)
{
	e->result->found = true;
	e->failed |= !sim_schedule_copy(&f->schedule, &recording->schedule);
	sim_schedule_file_set_result(f, run);
}

static int run_schedule(struct explorer *e, const struct sim_det_config *config,
			struct sim_det_result *run)
{
	return e->lab ? sim_lab_run(e->lab, config, run) : e->config->run(e->config->ctx, config, run);
}

/* One run: false when there is nothing more to do. */
static bool run_one(struct explorer *e, struct sim_schedule_file *f,
		    struct sim_recording_strategy *recording)
{
	const struct sim_det_config config = { .strategy = &recording->strategy };
	struct sim_det_result run;

	e->at = e->used = 0;
	sim_sharing_begin(e->sharing);
	sim_recording_strategy_begin(recording);
	if (run_schedule(e, &config, &run) || recording->failed) {
		e->failed = true;
		return false;
	}
	e->result->schedules++;
	e->result->last_round++;
	e->result->steps += run.steps;
	if (!run.failed || (e->config->want && !sim_same_failure(run.report, e->config->want)))
		return true;
	keep(e, f, recording, &run);
	return false;
}

static void explore_round(struct explorer *e, struct sim_schedule_file *f,
			  struct sim_recording_strategy *recording)
{
	while (run_one(e, f, recording)) {
		if (!(e->result->schedules & 63))
			tell(e);
		if (give_up(e))
			return;
		if (!backtrack(e)) {
			e->result->complete = e->config->everything || !e->sharing->grown;
			return;
		}
	}
}

int sim_explore(const struct sim_explore_config *config, struct sim_schedule_file *f,
		struct sim_explore_result *result)
{
	struct explorer e = { .config = config, .result = result, .start = sim_cli_seconds() };
	struct sim_recording_strategy recording;
	static struct sim_lab lab;
	int r;

	memset(result, 0, sizeof(*result));
	e.sharing = calloc(1, sizeof(*e.sharing));
	if (!e.sharing)
		return -ENOMEM;
	e.strategy = (struct sim_det_strategy) {
		.pick = explore_pick, .ask = explore_ask, .freed = explore_freed, .ctx = &e,
	};
	sim_recording_strategy_init(&recording, &e.strategy);
	e.lab = config->run ? NULL : &lab;
	r = e.lab ? sim_lab_init(e.lab, f->workload, &f->machine) : 0;
	do {
		if (r)
			break;
		next_round(&e);
		explore_round(&e, f, &recording);
	} while (!e.failed && !result->found && !result->complete && !give_up(&e));
	if (e.lab)
		sim_lab_exit(e.lab);
	result->seconds = sim_cli_seconds() - e.start;
	sim_schedule_free(&recording.schedule);
	free(e.branches);
	free(e.sharing);
	return e.failed ? -ENOMEM : r;
}
