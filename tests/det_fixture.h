/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _TESTS_DET_FIXTURE_H
#define _TESTS_DET_FIXTURE_H

/*
 * What the tests of the deterministic scheduler share: runs of a main function, one of them,
 * many by chance, or all of them.
 *
 * A run is left in the middle when it fails, so what runs inside says CHECK(), and the test
 * that started it asserts on the outcome.
 */

#include <stdio.h>
#include <string.h>

#include "sim/det/det.h"
#include "sim/fuzz/explore.h"
#include "sim/fuzz/search.h"
#include "sim/sim.h"

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN	1
#else
#define UNDER_ASAN	0
#endif

static struct sim_det_result result;

#define CHECK(cond)								\
do {										\
	if (!(cond))								\
		sim_det_fail("CHECK: %s, at line %d", #cond, __LINE__);		\
} while (0)

static inline int det_setup(void **state)
{
	return sim_init();
}

static inline int det_teardown(void **state)
{
	return sim_exit() ? -1 : 0;
}

/* ---- Inside a run ---- */

/* The task of RCU callbacks is new too: after this it waits, and is no choice any more. */
static inline void settle(void)
{
	sim_det_yield();
}

/* Tasks, numbered from 2 on in this order, that run at once; returns when all have ended. */
static inline void run_tasks(unsigned int nr, void (*const fn[])(void *arg), void *const arg[])
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h" };
	unsigned int task[8], i;

	settle();
	for (i = 0; i < nr; i++)
		task[i] = sim_det_spawn(fn[i], arg ? arg[i] : NULL, "%s", names[i]);
	sim_det_explore(true);
	for (i = 0; i < nr; i++)
		sim_det_join(task[i]);
	sim_det_explore(false);
}

#define RUN_TASKS(...)								\
do {										\
	void (*const __fn[])(void *) = { __VA_ARGS__ };				\
	run_tasks(sizeof(__fn) / sizeof(__fn[0]), __fn, NULL);			\
} while (0)

/* ---- One run ---- */

static inline void run_config(const struct sim_det_config *config, void (*fn)(void *), void *arg)
{
	assert_int_equal(sim_det_run(config, fn, arg, &result), 0);
}

/* Nobody decides: whoever runs goes on. */
static inline void run_once(void (*fn)(void *), void *arg)
{
	run_config(&(struct sim_det_config) { 0 }, fn, arg);
}

static inline void assert_passed(void)
{
	if (result.failed)
		fail_msg("the run has failed: %s", result.report);
}

static inline void assert_failed(const char *how)
{
	if (!result.failed)
		fail_msg("the run has passed, and not failed with \"%s\"", how);
	if (!strstr(result.report, how))
		fail_msg("the run has not failed with \"%s\" but: %s", how, result.report);
}

/* ---- Many runs: random, PCT and POS in turn ---- */

static struct sim_search searching;

static inline void search_run(u64 seed, struct sim_search_odds odds, void (*fn)(void *), void *arg)
{
	sim_search_begin(&searching, seed, odds, NULL);
	run_config(&(struct sim_det_config) { .strategy = &searching.strategy }, fn, arg);
	sim_search_end(&searching);
}

static inline void assert_none_fails(unsigned int runs, void (*fn)(void *), void *arg)
{
	const struct sim_search_odds odds = { .resched = 4 };
	unsigned int seed;

	sim_search_init(&searching);
	for (seed = 1; seed <= runs; seed++) {
		search_run(seed, odds, fn, arg);
		if (result.failed)
			fail_msg("seed %u: %s", seed, result.report);
	}
}

/* The counterpart: what is wrong on purpose must be found, or the search is blind. */
static inline void assert_one_fails(unsigned int runs, void (*fn)(void *), void *arg,
				    const char *how)
{
	const struct sim_search_odds odds = { .resched = 4 };
	unsigned int seed;

	sim_search_init(&searching);
	for (seed = 1; seed <= runs; seed++) {
		search_run(seed, odds, fn, arg);
		if (result.failed)
			break;
	}
	assert_failed(how);
}

/* ---- All runs ---- */

struct explored_main {
	void (*fn)(void *arg);
	void *arg;
};

static inline int run_explored_main(void *ctx, const struct sim_det_config *config,
				    struct sim_det_result *r)
{
	const struct explored_main *main = ctx;

	return sim_det_run(config, main->fn, main->arg, r);
}

static inline u64 assert_all_pass(unsigned int preemptions, void (*fn)(void *), void *arg)
{
	struct explored_main main = { .fn = fn, .arg = arg };
	const struct sim_explore_config config = {
		.preemptions = preemptions, .resched = true, .run = run_explored_main, .ctx = &main,
	};
	struct sim_explore_result explored;
	struct sim_schedule_file f = { 0 };

	assert_int_equal(sim_explore(&config, &f, &explored), 0);
	sim_schedule_free(&f.schedule);
	if (explored.found)
		fail_msg("schedule %llu: %s", (unsigned long long)explored.schedules, f.fails);
	assert_true(explored.complete);
	return explored.last_round;
}

#endif
