/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * What a campaign finds is shrunk to what it takes, and fails ever after in the same way.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "sim/cli.h"
#include "sim/fuzz/campaign.h"
#include "sim/fuzz/shrink.h"
#include "tests/det_fixture.h"

static struct sim_schedule_file found;

/* The campaign of a seed, up to its first failure. */
static bool find(u64 seed, struct sim_schedule_file *f)
{
	const struct sim_stock *stock = sim_stock_find("zap-teardown");
	static struct sim_campaign campaign;
	struct sim_campaign_config config = { .seed = seed, .step = 1 };
	struct sim_campaign_stats stats = { 0 };
	struct sim_workload *w;
	char err[256];
	bool ok = true;

	w = sim_workload_parse(stock->name, stock->text, err, sizeof(err));
	config.workload = w;
	sim_lab_settings_add(&config.settings, "profile", "seed-v1");
	/* Which has nothing to do with it. */
	sim_lab_settings_add(&config.settings, "wrap", "7");
	sim_lab_settings_add(&config.settings, "range-flush", "1");
	sim_campaign_init(&campaign, &config, &stats);
	while (ok && !campaign.result.failed && stats.schedules < 20000)
		ok = w && !sim_campaign_next(&campaign);
	ok &= campaign.result.failed && sim_campaign_take(&campaign, f);
	sim_campaign_exit(&campaign);
	sim_workload_free(w);
	return ok;
}

static int find_and_shrink(void **state)
{
	struct sim_shrink_stats stats;

	if (sim_init() || !find(1, &found))
		return -1;
	return sim_shrink(&found, 20, &stats);
}

static int forget(void **state)
{
	sim_schedule_file_free(&found);
	return det_teardown(state);
}

static unsigned int count_ops(const struct sim_workload *w)
{
	unsigned int i, nr = w->setup.nr_ops;

	for (i = 0; i < w->nr_threads; i++)
		nr += w->threads[i].nr_ops;
	return nr;
}

static void shrinks_to_what_it_takes(void **state)
{
	struct sim_schedule_file f;
	struct sim_shrink_stats stats;
	struct sim_det_result before;
	u64 seed;

	for (seed = 2; seed < 4; seed++) {
		assert_true(find(seed, &f));
		assert_int_equal(sim_schedule_file_run(&f, NULL, &before, NULL), 0);
		assert_true(before.failed);
		assert_int_equal(sim_shrink(&f, 20, &stats), 0);
		assert_int_equal(stats.preemptions_after, sim_schedule_preemptions(&f.schedule));
		assert_int_equal(stats.ops_after, count_ops(f.workload));
		assert_in_range(stats.preemptions_after, 0, 2);
		assert_in_range(stats.ops_after, 1, 8);
		assert_in_range(f.schedule.nr, 1, 6);
		assert_true(stats.ops_after < stats.ops_before);
		assert_true(stats.preemptions_after <= stats.preemptions_before);
		assert_in_range(stats.runs, 1, 100000);
		assert_int_equal(sim_schedule_file_run(&f, NULL, &result, NULL), 0);
		assert_failed(f.fails);
		assert_true(sim_same_failure(before.report, result.report));
		assert_int_equal(result.hash, f.hash);
		sim_schedule_file_free(&f);
	}
}

static void an_ordinary_machine_is_left(void **state)
{
	struct sim_lab_machine expected = sim_lab_machine_default();
	char is[128], should_be[128];

	expected.profile = sim_profile_find("seed-v1");
	expected.ept = found.machine.ept;
	assert_string_equal(sim_lab_machine_print(&found.machine, is, sizeof(is)),
			    sim_lab_machine_print(&expected, should_be, sizeof(should_be)));
}

/* The walk alone, from what chance has found with many. */
static void a_walk_leads_to_few_preemptions(void **state)
{
	static struct sim_shrinker s;
	struct sim_shrink_stats stats = { 0 };
	struct sim_schedule_file f;
	unsigned int before = 0, now;
	u64 seed;

	for (seed = 1; before < 6; seed++) {
		assert_in_range(seed, 1, 200);
		assert_true(find(seed, &f));
		before = sim_schedule_preemptions(&f.schedule);
		if (before < 6)
			sim_schedule_file_free(&f);
	}
	s = (struct sim_shrinker) { .f = &f, .stats = &stats, .deadline = sim_cli_seconds() + 20,
				     .last_deadline = sim_cli_seconds() + 20 };
	snprintf(s.want, sizeof(s.want), "%s", f.fails);
	sim_recording_strategy_init(&s.recording, NULL);
	for (now = before; sim_shrink_by_walk(&s); before = now) {
		now = sim_schedule_preemptions(&f.schedule);
		assert_true(now < before);
		assert_int_equal(sim_schedule_file_run(&f, NULL, &result, NULL), 0);
		assert_failed(f.fails);
		assert_int_equal(result.hash, f.hash);
	}
	assert_in_range(now, 0, 2);
	sim_schedule_free(&s.recording.schedule);
	sim_schedule_file_free(&f);
}

static void fails_ever_after(void **state)
{
	unsigned int i, used;

	assert_non_null(strstr(found.fails, "use after free"));
	for (i = 0; i < 100; i++) {
		assert_int_equal(sim_schedule_file_run(&found, NULL, &result, &used), 0);
		assert_failed(found.fails);
		assert_int_equal(result.hash, found.hash);
		/* Decisions without effect have gone too. */
		assert_int_equal(used, found.schedule.nr);
	}
}

/* No decision of those that are left can be spared. */
static void all_decisions_are_needed(void **state)
{
	struct sim_schedule_file f = found;
	unsigned int i;

	for (i = 0; i < found.schedule.nr; i++) {
		memset(&f.schedule, 0, sizeof(f.schedule));
		assert_true(sim_schedule_copy(&f.schedule, &found.schedule));
		sim_schedule_remove(&f.schedule, i);
		assert_int_equal(sim_schedule_file_run(&f, NULL, &result, NULL), 0);
		assert_false(result.failed && sim_same_failure(result.report, found.fails));
		sim_schedule_free(&f.schedule);
	}
}

/* Nor can an operation. */
static void all_operations_are_needed(void **state)
{
	struct sim_schedule_file f = found;
	unsigned int i, line;
	char err[128];

	for (i = 0; i < found.workload->setup.nr_ops; i++) {
		f.workload = sim_workload_copy(found.workload);
		assert_non_null(f.workload);
		sim_workload_drop(&f.workload->setup, i);
		if (sim_workload_check(f.workload, err, sizeof(err), &line)) {
			assert_int_equal(sim_schedule_file_run(&f, NULL, &result, NULL), 0);
			assert_false(result.failed && sim_same_failure(result.report, found.fails));
		}
		sim_workload_free(f.workload);
	}
}

static void what_passes_is_not_shrunk(void **state)
{
	struct sim_schedule_file f = found;
	struct sim_shrink_stats stats;

	memset(&f.schedule, 0, sizeof(f.schedule));
	f.workload = sim_workload_copy(found.workload);
	f.machine.profile = sim_profile_find("v6.12");
	assert_int_equal(sim_shrink(&f, 20, &stats), -EINVAL);
	sim_schedule_file_free(&f);
}

/* Shrinking gives up on runs that take too long, which is no failure that would be one for others. */
static void its_own_limit_is_no_failure(void **state)
{
	struct sim_shrink_stats stats = { 0 };
	static struct sim_shrinker s;

	s = (struct sim_shrinker) { .f = &found, .stats = &stats, .max_steps = 5 };
	snprintf(s.want, sizeof(s.want), "no progress: a yields at one place again and again");
	sim_recording_strategy_init(&s.recording, NULL);
	assert_false(sim_shrink_replay(&s, &found, &result));
	assert_failed("no progress: the run has taken more steps than it ever should");
	assert_true(sim_same_failure(result.report, s.want));
	sim_schedule_free(&s.recording.schedule);
}

static void same_failures(void **state)
{
	assert_true(sim_same_failure("use after free: a touches x #1", "use after free: b touches y"));
	assert_true(sim_same_failure("WARNING: mmu/a.c:12: x is 1", "WARNING: mmu/a.c:12: x is 2"));
	assert_false(sim_same_failure("WARNING: mmu/a.c:12: x", "WARNING: mmu/b.c:12: x"));
	assert_false(sim_same_failure("use after free: a", "deadlock: every task"));
	assert_true(sim_same_failure("deadlock: every task waits for another\n  main waits",
				     "deadlock: every task waits for another\n  a waits"));
	assert_false(sim_same_failure("deadlock: every task", "livelock: whoever could"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shrinks_to_what_it_takes),
		cmocka_unit_test(an_ordinary_machine_is_left),
		cmocka_unit_test(a_walk_leads_to_few_preemptions),
		cmocka_unit_test(fails_ever_after),
		cmocka_unit_test(all_decisions_are_needed),
		cmocka_unit_test(all_operations_are_needed),
		cmocka_unit_test(what_passes_is_not_shrunk),
		cmocka_unit_test(its_own_limit_is_no_failure),
		cmocka_unit_test(same_failures),
	};

	return cmocka_run_group_tests(tests, find_and_shrink, forget);
}
