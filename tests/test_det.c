/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * The deterministic scheduler by itself: who runs, what a run that cannot go on says, and
 * that the next one knows nothing of it.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/bug.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "sim/mem.h"
#include "tests/det_fixture.h"

static int shared, other;

/* ---- Decisions ---- */

static void ten_writes(void *arg)
{
	int i;

	for (i = 0; i < 10; i++)
		WRITE_ONCE(shared, i);
}

static void three_writers(void *arg)
{
	RUN_TASKS(ten_writes, ten_writes, ten_writes);
}

static void same_decisions_same_hash(void **state)
{
	const struct sim_search_odds odds = { 0 };
	u64 hash, steps, seen[20];
	unsigned int seed, i, same = 0;

	for (seed = 0; seed < 20; seed++) {
		sim_search_init(&searching);
		search_run(seed + 1, odds, three_writers, NULL);
		assert_passed();
		hash = seen[seed] = result.hash;
		steps = result.steps;
		sim_search_init(&searching);
		search_run(seed + 1, odds, three_writers, NULL);
		assert_int_equal(result.hash, hash);
		assert_int_equal(result.steps, steps);
		for (i = 0; i < seed; i++)
			same += seen[i] == hash;
	}
	assert_int_equal(steps, 30);
	/* PCT without a change of priorities has few schedules; the rest are all different. */
	assert_true(same < 20);
}

static unsigned int pick_first(void *ctx, u32 ready, unsigned int running, bool forced)
{
	return (unsigned int)__builtin_ctz(ready);
}

static unsigned int pick_last(void *ctx, u32 ready, unsigned int running, bool forced)
{
	return 31u - (unsigned int)__builtin_clz(ready);
}

static bool say_no(void *ctx, enum sim_det_question question)
{
	return false;
}

static bool say_yes(void *ctx, enum sim_det_question question)
{
	return true;
}

static const struct sim_det_strategy first = { .pick = pick_first, .ask = say_no };
static const struct sim_det_strategy last = { .pick = pick_last, .ask = say_no };
static const struct sim_det_strategy yes = { .pick = pick_first, .ask = say_yes };

static char order[16];

static void note_order(void *arg)
{
	size_t len = strlen(order);

	WRITE_ONCE(shared, 1);
	order[len] = sim_det_self()->name[0];
	order[len + 1] = '\0';
}

static void main_of_order(void *arg)
{
	order[0] = '\0';
	RUN_TASKS(note_order, note_order, note_order);
}

static void strategy_decides(void **state)
{
	u64 hash;

	run_config(&(struct sim_det_config) { .strategy = &first }, main_of_order, NULL);
	assert_passed();
	assert_string_equal(order, "abc");
	hash = result.hash;
	run_config(&(struct sim_det_config) { .strategy = &last }, main_of_order, NULL);
	assert_string_equal(order, "cba");
	assert_int_not_equal(result.hash, hash);
	/* And nobody: the next number. */
	run_once(main_of_order, NULL);
	assert_string_equal(order, "abc");
	assert_int_equal(result.choices, 0);
}

/* ---- Observers ---- */

struct seen {
	unsigned int steps, forced, taken, answers, ends;
};

static void see_step(void *ctx, const struct sim_det_task *task)
{
	((struct seen *)ctx)->steps++;
	assert_ptr_equal(task->object, &shared);
	assert_int_equal(task->kind, SIM_POINT_WRITE);
}

static void see_switch(void *ctx, unsigned int from, unsigned int to, bool forced)
{
	struct seen *seen = ctx;

	assert_int_not_equal(from, to);
	if (forced)
		seen->forced++;
	else
		seen->taken++;
}

static void see_event(void *ctx, const struct sim_det_task *task, const char *what,
		      const volatile void *object)
{
	((struct seen *)ctx)->ends += !strcmp(what, "ends");
}

static void observer_sees_all(void **state)
{
	struct seen seen = { 0 };
	const struct sim_det_observer observer = {
		.step = see_step, .switched = see_switch, .event = see_event, .ctx = &seen,
	};

	run_config(&(struct sim_det_config) { .strategy = &last, .observer = &observer },
		   three_writers, NULL);
	assert_passed();
	assert_int_equal(seen.steps, 30);
	assert_int_equal(seen.ends, 3);
	/* main to c, c to b, b to a, a to main, and back and forth for main to see the other two. */
	assert_in_range(seen.forced, 4, 8);
	assert_int_equal(seen.taken, 0);
}

/* ---- Waiting for ever ---- */

static struct wait_queue_head queue;
static struct mutex mutex;

static void wait_for_ever(void *arg)
{
	mutex_lock(&mutex);
	wait_event(queue, false);
}

static void want_mutex(void *arg)
{
	mutex_lock(&mutex);
	mutex_unlock(&mutex);
}

static void main_of_deadlock(void *arg)
{
	init_waitqueue_head(&queue);
	mutex_init(&mutex);
	RUN_TASKS(wait_for_ever, want_mutex);
}

static void deadlock_tells_who(void **state)
{
	run_once(main_of_deadlock, NULL);
	assert_failed("deadlock: every task waits for another\n");
	assert_failed("\n  main waits for a task to end");
	assert_failed("\n  a waits for a wake-up, holds what it took at ");
	assert_failed("test_det.c:");
	assert_failed("\n  b waits for a mutex");
}

static volatile bool go_a, go_b;

static void wait_for_b(void *arg)
{
	while (!go_b)
		cpu_relax();
	go_a = true;
}

static void wait_for_a(void *arg)
{
	while (!go_a)
		cpu_relax();
	go_b = true;
}

static void let_go(void *arg)
{
	WRITE_ONCE(shared, 1);
	go_a = true;
}

static void main_of_spinners(void *arg)
{
	go_a = go_b = false;
	RUN_TASKS(wait_for_b, wait_for_a);
}

static void main_of_rescue(void *arg)
{
	go_a = go_b = false;
	RUN_TASKS(wait_for_b, wait_for_a, let_go);
}

static void spinners_let_others_run(void **state)
{
	run_once(main_of_rescue, NULL);
	assert_passed();
	assert_none_fails(200, main_of_rescue, NULL);
	assert_int_not_equal(assert_all_pass(2, main_of_rescue, NULL), 0);
}

static void spinners_for_ever(void **state)
{
	run_once(main_of_spinners, NULL);
	assert_failed("livelock: whoever could go on waits for others to change something");
	assert_one_fails(1, main_of_spinners, NULL, "livelock");
}

/* ---- Too long ---- */

static void write_for_ever(void *arg)
{
	for (;;)
		WRITE_ONCE(shared, 1);
}

static void main_of_endless(void *arg)
{
	init_waitqueue_head(&queue);
	mutex_init(&mutex);
	RUN_TASKS(wait_for_ever, write_for_ever);
}

static void endless_run_is_told(void **state)
{
	run_config(&(struct sim_det_config) { .max_steps = 777 }, main_of_endless, NULL);
	assert_failed("no progress: the run has taken more steps than it ever should");
	assert_failed("a waits for a wake-up");
	assert_string_equal(result.task_name, "b");
	assert_int_equal(result.steps, 778);
	run_once(main_of_endless, NULL);
	assert_int_equal(result.steps, SIM_DET_MAX_STEPS + 1);
}

/* As code that forgets cpu_relax(): its time slice is over at some time. */
static void poll_for_a(void *arg)
{
	while (!READ_ONCE(shared))
		;
	while (!READ_ONCE(other))
		;
}

static void set_one(void *arg)
{
	WRITE_ONCE(shared, 1);
	wait_event(queue, READ_ONCE(go_a));
	WRITE_ONCE(other, 1);
}

static void wake_it(void *arg)
{
	WRITE_ONCE(go_a, true);
	wake_up_all(&queue);
}

static void main_of_slices(void *arg)
{
	shared = other = 0;
	go_a = false;
	init_waitqueue_head(&queue);
	RUN_TASKS(poll_for_a, set_one, wake_it);
}

static void slice_ends(void **state)
{
	run_config(&(struct sim_det_config) { .strategy = &first }, main_of_slices, NULL);
	assert_passed();
	/* The first slice is long, the next ones are not. */
	assert_in_range(result.steps, 20000, 22000);
}

/* ---- Tasks ---- */

static void end_at_once(void *arg)
{
	++*(int *)arg;
}

static void block_for_ever(void *arg)
{
	for (;;)
		sim_det_block("nothing", arg);
}

static void main_of_joins(void *arg)
{
	unsigned int task, i;
	int ended = 0;

	/* A slot at a time, many times over: it is given back. */
	for (i = 0; i < 100; i++) {
		task = sim_det_spawn(end_at_once, &ended, "t%u", i);
		CHECK(task == 2);
		if (i & 1)
			settle();
		CHECK(ended == (int)(i + (i & 1)));
		sim_det_join(task);
		CHECK(ended == (int)i + 1);
	}
	for (i = 0; i < 100; i++) {
		task = sim_det_spawn(block_for_ever, NULL, "stuck");
		CHECK(task == 2);
		if (i & 1)
			settle();
		sim_det_reap(task);
		CHECK(sim_det_task(task)->state == SIM_DET_FREE);
	}
}

static void slots_come_back(void **state)
{
	run_once(main_of_joins, NULL);
	assert_passed();
}

static void main_of_many(void *arg)
{
	unsigned int i;

	for (i = 2; i < *(unsigned int *)arg; i++)
		CHECK(sim_det_spawn(block_for_ever, NULL, "t%u", i) == i);
}

static void too_many_tasks(void **state)
{
	unsigned int nr = SIM_DET_MAX_TASKS;

	run_once(main_of_many, &nr);
	assert_passed();
	nr++;
	run_once(main_of_many, &nr);
	assert_failed("more than 16 tasks");
}

/* ---- What ends a run ---- */

static void do_warn(void *arg)
{
	WARN(1, "the %s is wrong", "cat");
}

static void do_bug(void *arg)
{
	BUG_ON(other == 0);
}

static void do_sleep(void *arg)
{
	rcu_read_lock();
	might_sleep();
}

static void do_hold(void *arg)
{
	mutex_lock(&mutex);
}

static void do_wild(void *arg)
{
	/* Not for the compiler to see. */
	struct list_head *volatile poisoned = LIST_POISON1;

	READ_ONCE(poisoned->next);
}

static void do_wait_quietly(void *arg)
{
	sim_det_quiet(1);
	sim_det_block("a miracle", NULL);
}

struct failing {
	void (*fn)(void *arg);
	const char *report;
};

static void main_of_failing(void *arg)
{
	const struct failing *failing = arg;

	/* Nothing is left of the run before. */
	CHECK(!sim_mem_objects_in_use() && !sim_mem_pages_in_use());
	CHECK(sim_det_task(2)->state == SIM_DET_FREE);
	CHECK(!sim_det_self()->lockdep.count && !sim_det_self()->lockdep.rcu_depth);
	CHECK(!sim_rcu_callbacks_pending());
	other = 0;
	mutex_init(&mutex);
	init_waitqueue_head(&queue);
	CHECK(kmalloc(100, GFP_KERNEL) && __get_free_page(GFP_KERNEL));
	RUN_TASKS(failing->fn, block_for_ever);
}

static void failures_end_the_run(void **state)
{
	static const struct failing all[] = {
		{ do_warn, "WARNING: " }, { do_warn, ": the cat is wrong" },
		{ do_bug, "BUG: " }, { do_bug, "test_det.c:" },
		{ do_sleep, "lockdep: this may sleep, and must not here" },
		{ do_hold, "lockdep: a thread ends and holds mutex" },
		{ do_wild, "wild access: a touches address 0x" },
		{ do_wait_quietly, "where nobody else can run something waits for a miracle" },
	};
	unsigned int i;

	for (i = 0; i < 3 * sizeof(all) / sizeof(all[0]); i++) {
		struct failing failing = all[i % (sizeof(all) / sizeof(all[0]))];

		run_once(main_of_failing, &failing);
		assert_failed(failing.report);
		assert_string_equal(result.task_name, "a");
		assert_int_equal(result.task, 2);
		assert_ptr_equal(sim_det_self(), sim_det_task(SIM_DET_MAX_TASKS));
	}
	run_once(three_writers, NULL);
	assert_passed();
}

static int overflow(int depth)
{
	volatile char big[512];

	big[0] = (char)depth;
	return depth < 1 << 30 ? overflow(depth + 1) + big[0] : 0;
}

static void do_overflow(void *arg)
{
	other = overflow(1);
}

static void do_fault(void *arg)
{
	*(volatile char *)arg = 1;
}

static void faults_end_the_run(void **state)
{
	struct failing deep = { do_overflow, NULL }, null = { do_fault, NULL };
	unsigned int i;

	/* Its own report says more, and ends the process. */
	if (UNDER_ASAN)
		skip();
	for (i = 0; i < 3; i++) {
		run_once(main_of_failing, &deep);
		assert_failed("a has overflowed its stack");
		run_once(main_of_failing, &null);
		assert_failed("memory fault: a touches address 0x0");
	}
	run_once(three_writers, NULL);
	assert_passed();
}

/* ---- Questions ---- */

static unsigned int counted;

static void ask_five(void *arg)
{
	int i;

	for (i = 0; i < 5; i++)
		other += sim_det_ask(SIM_DET_NEED_RESCHED);
	counted = sim_det_self()->questions[SIM_DET_NEED_RESCHED];
	CHECK(sim_det_self()->questions[SIM_DET_FAIL_ALLOC] == 0);
	/* Checkers are not asked, and do not announce. */
	sim_det_quiet(1);
	CHECK(!sim_det_ask(SIM_DET_NEED_RESCHED));
	WRITE_ONCE(shared, 1);
	sim_det_quiet(-1);
}

static void main_of_questions(void *arg)
{
	other = 0;
	CHECK(!sim_det_ask(SIM_DET_NEED_RESCHED));
	RUN_TASKS(ask_five);
	CHECK(!sim_det_ask(SIM_DET_NEED_RESCHED));
	CHECK(!sim_det_self()->questions[SIM_DET_NEED_RESCHED]);
}

static void questions_are_asked(void **state)
{
	u64 hash;

	run_once(main_of_questions, NULL);
	assert_passed();
	assert_int_equal(other, 0);
	assert_int_equal(counted, 0);
	assert_int_equal(result.steps, 0);
	hash = result.hash;
	run_config(&(struct sim_det_config) { .strategy = &first }, main_of_questions, NULL);
	assert_int_equal(other, 0);
	assert_int_equal(counted, 5);
	assert_int_equal(result.hash, hash);
	run_config(&(struct sim_det_config) { .strategy = &yes }, main_of_questions, NULL);
	assert_passed();
	assert_int_equal(other, 5);
	assert_int_not_equal(result.hash, hash);
}

/* ---- Time ---- */

static void hold_and_yield(void *arg)
{
	unsigned long before = sim_yield_count();

	CHECK(need_resched());
	CHECK(cond_resched());
	CHECK(sim_yield_count() == before + 1);
}

static void main_of_resched(void *arg)
{
	CHECK(!need_resched() && !cond_resched());
	RUN_TASKS(hold_and_yield);
	sim_set_need_resched(true);
	CHECK(cond_resched() && !cond_resched());
}

static void time_slices_by_question(void **state)
{
	run_config(&(struct sim_det_config) { .strategy = &yes }, main_of_resched, NULL);
	assert_passed();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_decisions_same_hash),
		cmocka_unit_test(strategy_decides),
		cmocka_unit_test(observer_sees_all),
		cmocka_unit_test(deadlock_tells_who),
		cmocka_unit_test(spinners_let_others_run),
		cmocka_unit_test(spinners_for_ever),
		cmocka_unit_test(endless_run_is_told),
		cmocka_unit_test(slice_ends),
		cmocka_unit_test(slots_come_back),
		cmocka_unit_test(too_many_tasks),
		cmocka_unit_test(failures_end_the_run),
		cmocka_unit_test(faults_end_the_run),
		cmocka_unit_test(questions_are_asked),
		cmocka_unit_test(time_slices_by_question),
	};

	return cmocka_run_group_tests(tests, det_setup, det_teardown);
}
