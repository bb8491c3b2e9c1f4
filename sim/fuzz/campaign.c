/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/fuzz/campaign.h"
#include "sim/fuzz/known.h"
#include "sim/fuzz/random.h"

/* ---- A unit: workload, machine, odds ---- */

static u32 draw(struct sim_campaign *c, u32 below)
{
	return sim_random_below(&c->unit_seed, below);
}

/* Every profile but the one that is unsound on purpose. */
static const struct sim_profile *any_profile(struct sim_campaign *c)
{
	const struct sim_profile *profile, *sound[16];
	unsigned int i, nr = 0;

	for (i = 0; (profile = sim_profile_at(i)) && nr < 16; i++)
		if (strcmp(profile->name, "seed-v1"))
			sound[nr++] = profile;
	return sound[draw(c, nr)];
}

/* Every number is drawn whether it is needed or not, so that options do not change the rest. */
static struct sim_lab_machine choose_machine(struct sim_campaign *c, const char *needs)
{
	struct sim_lab_machine m = sim_lab_machine_default();

	m.profile = any_profile(c);
	m.ept = draw(c, 2);
	m.levels = 4 + draw(c, 2);
	m.ad = draw(c, 3);
	m.pml = draw(c, 2);
	m.preempt = draw(c, 4);
	m.nx = draw(c, 2);
	m.eager_split = draw(c, 2);
	m.range_flush = !draw(c, 3);
	/* The set-up has two or three of the slots' changes. */
	m.wrap = draw(c, 4) ? 0 : 1 + draw(c, 8);
	if (needs)
		sim_lab_machine_apply(&m, needs);
	sim_lab_settings_apply(&c->config.settings, &m);
	return m;
}

static const struct sim_workload *stock_workload(struct sim_campaign *c, const char **needs)
{
	const struct sim_stock *stock;
	unsigned int nr = 0;
	char err[128];

	while (sim_stock_at(nr))
		nr++;
	stock = sim_stock_at(draw(c, nr));
	*needs = stock->machine;
	c->parsed = sim_workload_parse(stock->name, stock->text, err, sizeof(err));
	return c->parsed;
}

/* Two in five of those that are not given are made up. */
static const struct sim_workload *choose_workload(struct sim_campaign *c, const char **needs)
{
	bool made = draw(c, 5) < 2;
	u64 seed = sim_random(&c->unit_seed);

	*needs = NULL;
	if (c->config.workload) {
		*needs = c->config.workload_machine;
		return c->config.workload;
	}
	if (!made)
		return stock_workload(c, needs);
	c->made = sim_workload_make(seed);
	return c->made;
}

static void end_unit(struct sim_campaign *c)
{
	sim_lab_exit(&c->lab);
	sim_workload_free(c->made);
	sim_workload_free(c->parsed);
	c->made = c->parsed = NULL;
}

static int begin_unit(struct sim_campaign *c)
{
	static const u32 resched[] = { 0, 2, 8, 32 }, fail_alloc[] = { 0, 0, 0, 0, 8, 32 };
	const struct sim_workload *workload;
	struct sim_lab_machine machine;
	const char *needs;

	end_unit(c);
	c->unit_seed = sim_mix(c->config.seed, c->unit) | 1;
	workload = choose_workload(c, &needs);
	if (!workload)
		return -ENOMEM;
	machine = choose_machine(c, needs);
	c->odds.resched = resched[draw(c, 4)];
	c->odds.fail_alloc = fail_alloc[draw(c, 6)];
	c->odds.fail_cmpxchg = draw(c, 8) ? 0 : 16;
	sim_search_init(&c->search);
	c->search.sharing.coverage = &c->coverage;
	c->nr_corpus = 0;
	c->in_unit = c->unit_steps = 0;
	c->stats->units++;
	return sim_lab_init(&c->lab, workload, &machine);
}

static bool unit_is_over(const struct sim_campaign *c)
{
	if (c->in_unit < SIM_CAMPAIGN_UNIT_MIN)
		return false;
	return c->in_unit == SIM_CAMPAIGN_UNIT_MAX || c->unit_steps >= SIM_CAMPAIGN_UNIT_STEPS;
}

/* ---- Schedules ---- */

/*
 * That a bug of depth d was missed: each run with this depth or a greater one would have found it with
 * a probability of at least 1 / (n k^(d-1)), of n tasks and k steps (search.h).  Runs whose changes
 * could not be everywhere promise nothing.
 */
static void count_run(struct sim_campaign *c)
{
	const struct sim_search *s = &c->search;
	double n = c->lab.workload->nr_threads + 2, k = s->reach > 1 ? s->reach : 2;
	unsigned int d;

	c->stats->schedules++;
	c->stats->hash = sim_mix(c->stats->hash, c->result.hash);
	c->stats->steps += c->result.steps;
	c->stats->choices += s->points;
	if (s->base || s->kind != SIM_SEARCH_PCT || s->reach < s->most)
		return;
	for (d = 1; d <= s->depth; d++)
		c->stats->miss[d] += log1p(-1 / (n * pow(k, d - 1)));
}

/* One in four begins as one that has covered something new. */
static const struct sim_schedule *choose_base(struct sim_campaign *c, u64 seed)
{
	if (!c->nr_corpus || seed % 4)
		return NULL;
	return &c->corpus[(seed >> 8) % c->nr_corpus];
}

static int keep_if_new(struct sim_campaign *c)
{
	struct sim_schedule *entry;

	c->covered_new = c->coverage.nr != c->stats->covered;
	c->stats->covered = c->coverage.nr;
	if (!c->covered_new)
		return 0;
	entry = &c->corpus[c->stats->corpus++ % SIM_CAMPAIGN_CORPUS];
	if (c->nr_corpus < SIM_CAMPAIGN_CORPUS)
		entry = &c->corpus[c->nr_corpus++];
	return sim_schedule_copy(entry, &c->recording.schedule) ? 0 : -ENOMEM;
}

/* Whether the last run has failed in a way that is known: then it counts as one that has not. */
static bool set_known_aside(struct sim_campaign *c)
{
	if (!c->result.failed || c->config.known_too || !sim_known_finding(&c->lab, &c->result))
		return false;
	c->stats->known++;
	c->result.failed = c->covered_new = false;
	return true;
}

int sim_campaign_next(struct sim_campaign *c)
{
	struct sim_det_config config = { .strategy = &c->recording.strategy };
	u64 seed;
	int r;

	if (unit_is_over(c)) {
		c->unit += c->config.step;
		c->in_unit = 0;
	}
	r = c->in_unit ? 0 : begin_unit(c);
	if (r)
		return r;
	seed = sim_mix(sim_mix(c->config.seed, c->unit), c->in_unit + 1);
	sim_search_begin(&c->search, seed, c->odds, choose_base(c, seed));
	sim_recording_strategy_begin(&c->recording);
	c->lab.teardown = !(c->in_unit & 31);
	r = sim_lab_run(&c->lab, &config, &c->result);
	sim_search_end(&c->search);
	c->in_unit++;
	c->unit_steps += c->result.steps;
	if (r || c->recording.failed)
		return r ? r : -ENOMEM;
	count_run(c);
	return set_known_aside(c) ? 0 : keep_if_new(c);
}

int sim_campaign_again(struct sim_campaign *c)
{
	struct sim_replay_strategy replay;
	const struct sim_det_config config = { .strategy = &replay.strategy };
	const struct sim_lab_machine machine = c->lab.machine;
	bool to_the_end = c->lab.teardown;
	u64 hash = c->result.hash;
	int r;

	/* A new lab: nothing that earlier runs have left there may matter. */
	sim_lab_exit(&c->lab);
	r = sim_lab_init(&c->lab, c->lab.workload, &machine);
	if (r)
		return r;
	sim_replay_strategy_begin(&replay, &c->recording.schedule);
	c->lab.teardown = true;
	r = sim_lab_run(&c->lab, &config, &c->result);
	if (r)
		return r;
	if (c->result.failed && !to_the_end) {
		set_known_aside(c);
		return 0;
	}
	return c->result.failed || c->result.hash != hash ? -EIO : 0;
}

bool sim_campaign_take(struct sim_campaign *c, struct sim_schedule_file *f)
{
	memset(f, 0, sizeof(*f));
	f->machine = c->lab.machine;
	sim_schedule_file_set_result(f, &c->result);
	f->workload = sim_workload_copy(c->lab.workload);
	return f->workload && sim_schedule_copy(&f->schedule, &c->recording.schedule);
}

void sim_campaign_init(struct sim_campaign *c, const struct sim_campaign_config *config,
		       struct sim_campaign_stats *stats)
{
	memset(c, 0, sizeof(*c));
	c->config = *config;
	c->stats = stats;
	c->unit = config->first_unit;
	sim_recording_strategy_init(&c->recording, &c->search.strategy);
}

void sim_campaign_exit(struct sim_campaign *c)
{
	unsigned int i;

	end_unit(c);
	for (i = 0; i < SIM_CAMPAIGN_CORPUS; i++)
		sim_schedule_free(&c->corpus[i]);
	sim_schedule_free(&c->recording.schedule);
}
