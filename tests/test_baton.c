/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * The same schedule on fibres, which are stacks in one thread, and on the baton, where every
 * task is a thread: the same steps, the same end.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <sched.h>
#include <linux/slab.h>

#include "sim/fuzz/schedule.h"
#include "tests/det_fixture.h"

static unsigned int count_threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	unsigned int nr = 0;

	assert_non_null(dir);
	while (readdir(dir))
		nr++;
	closedir(dir);
	return nr - 2;
}

/* What it is without a run: whoever else has threads here, it is not the baton. */
static unsigned int threads_before;

/*
 * A thread that was joined is gone for pthreads; the kernel takes it out of /proc a moment later
 * (it wakes the joiner first).  One that is really left stays, however often it is looked for.
 */
#define LOOKS	100000

static void assert_no_thread_left(void)
{
	unsigned int looks;

	for (looks = 0; looks < LOOKS && count_threads() != threads_before; looks++)
		sched_yield();
	assert_int_equal(count_threads(), threads_before);
}

static int baton_setup(void **state)
{
	threads_before = count_threads();
	return sim_init();
}

/* ---- By themselves ---- */

static int shared;
static unsigned int threads_seen;

static void write_some(void *arg)
{
	int i;

	for (i = 0; i < 5; i++)
		WRITE_ONCE(shared, i);
	threads_seen = count_threads();
}

static void main_of_three(void *arg)
{
	RUN_TASKS(write_some, write_some, write_some);
}

static void tasks_are_threads(void **state)
{
	run_once(main_of_three, NULL);
	assert_passed();
	assert_int_equal(threads_seen, threads_before);
	sim_fibre_set_backend(SIM_FIBRE_THREADS);
	run_once(main_of_three, NULL);
	sim_fibre_set_backend(SIM_FIBRE_STACKS);
	assert_passed();
	/* main, rcu and three; the one that counts last may be left with fewer. */
	assert_in_range(threads_seen - threads_before, 3, 5);
	assert_no_thread_left();
}

static void fail_inside(void *arg)
{
	WRITE_ONCE(shared, 1);
	if (sim_det_current() == 3)
		sim_det_fail("given up");
	sim_det_block("nothing", NULL);
}

static void main_of_failure(void *arg)
{
	RUN_TASKS(fail_inside, fail_inside, fail_inside);
}

static void reap_one(void *arg)
{
	unsigned int i, task;

	for (i = 0; i < 20; i++) {
		task = sim_det_spawn(fail_inside, NULL, "t");
		if (i & 1)
			settle();
		sim_det_reap(task);
	}
}

static void no_thread_is_left(void **state)
{
	unsigned int i;

	sim_fibre_set_backend(SIM_FIBRE_THREADS);
	for (i = 0; i < 10; i++) {
		run_once(main_of_failure, NULL);
		assert_failed("given up");
		assert_no_thread_left();
	}
	run_once(reap_one, NULL);
	assert_passed();
	assert_no_thread_left();
	sim_fibre_set_backend(SIM_FIBRE_STACKS);
}

static void fault_inside(void *arg)
{
	*(volatile int *)arg = 1;
}

static int overflow(int depth)
{
	volatile char big[512];

	big[0] = (char)depth;
	return depth < 1 << 30 ? overflow(depth + 1) + big[0] : 0;
}

static void overflow_inside(void *arg)
{
	shared = overflow(1);
}

static void main_of_fault(void *arg)
{
	RUN_TASKS(fault_inside);
}

static void main_of_overflow(void *arg)
{
	RUN_TASKS(overflow_inside);
}

static void threads_may_fault(void **state)
{
	if (UNDER_ASAN)
		skip();
	sim_fibre_set_backend(SIM_FIBRE_THREADS);
	run_once(main_of_fault, NULL);
	assert_failed("memory fault: a touches address 0x0");
	assert_no_thread_left();
	run_once(main_of_overflow, NULL);
	assert_failed("a has overflowed its stack");
	assert_no_thread_left();
	run_once(main_of_three, NULL);
	assert_passed();
	sim_fibre_set_backend(SIM_FIBRE_STACKS);
}

/* ---- Workloads ---- */

static struct sim_recording_strategy recording;

/* A schedule by chance, of a stock workload. */
static void record(const char *name, const char *profile, u64 seed, struct sim_schedule_file *f)
{
	const struct sim_stock *stock = sim_stock_find(name);
	const struct sim_search_odds odds = { .resched = 8 };
	static struct sim_lab lab;
	char err[256];

	memset(f, 0, sizeof(*f));
	f->machine = sim_lab_machine_default();
	assert_true(sim_lab_machine_set(&f->machine, "profile", profile));
	assert_true(!stock->machine || sim_lab_machine_apply(&f->machine, stock->machine));
	f->workload = sim_workload_parse(name, stock->text, err, sizeof(err));
	assert_non_null(f->workload);
	sim_search_init(&searching);
	sim_recording_strategy_init(&recording, &searching.strategy);
	assert_int_equal(sim_lab_init(&lab, f->workload, &f->machine), 0);
	lab.teardown = true;
	sim_search_begin(&searching, seed, odds, NULL);
	assert_int_equal(sim_lab_run(&lab, &(struct sim_det_config) {
					.strategy = &recording.strategy }, &result), 0);
	sim_search_end(&searching);
	sim_lab_exit(&lab);
	f->schedule = recording.schedule;
	f->hash = result.hash;
	snprintf(f->fails, sizeof(f->fails), "%.*s", (int)strcspn(result.report, "\n"),
		 result.report);
}

static void replay(const struct sim_schedule_file *f, enum sim_fibre_backend backend)
{
	sim_fibre_set_backend(backend);
	assert_int_equal(sim_schedule_file_run(f, NULL, &result, NULL), 0);
	sim_fibre_set_backend(SIM_FIBRE_STACKS);
	if (result.hash != f->hash)
		fail_msg("%s on %s differs on %s: %s", f->workload->name, f->machine.profile->name,
			 backend == SIM_FIBRE_STACKS ? "stacks" : "threads",
			 result.failed ? result.report : "passes");
	assert_int_equal(result.failed, f->fails[0] != '\0');
	if (result.failed)
		assert_memory_equal(result.report, f->fails, strlen(f->fails));
	assert_no_thread_left();
}

static void check_workload(const char *name, const char *profile, unsigned int seeds,
			   unsigned int times, unsigned int *nr_failed)
{
	struct sim_schedule_file f;
	unsigned int seed, i;

	for (seed = 1; seed <= seeds; seed++) {
		record(name, profile, seed, &f);
		*nr_failed += f.fails[0] != '\0';
		for (i = 0; i < times; i++) {
			replay(&f, SIM_FIBRE_STACKS);
			replay(&f, SIM_FIBRE_THREADS);
		}
		sim_schedule_file_free(&f);
	}
}

static void same_on_both(void **state)
{
	unsigned int failed = 0, i;

	for (i = 0; sim_stock_at(i); i++)
		check_workload(sim_stock_at(i)->name, i & 1 ? "v6.4" : "v6.12", 2, 1, &failed);
	assert_int_equal(failed, 0);
}

static void same_failures_on_both(void **state)
{
	unsigned int failed = 0;

	/* 60 schedules, four times each. */
	check_workload("zap-teardown", "seed-v1", 60, 4, &failed);
	assert_in_range(failed, 1, 59);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tasks_are_threads),
		cmocka_unit_test(no_thread_is_left),
		cmocka_unit_test(threads_may_fault),
		cmocka_unit_test(same_on_both),
		cmocka_unit_test(same_failures_on_both),
	};

	return cmocka_run_group_tests(tests, baton_setup, det_teardown);
}
