/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * Exploration: as many schedules as there are, none twice, none beyond the bound; and with
 * reduction the same ends as without.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "sim/det/mem.h"
#include "sim/fuzz/random.h"
#include "sim/fuzz/schedule.h"
#include "tests/det_fixture.h"

/* ---- All runs of a main function, and what they came to ---- */

#define MAX_SEEN	(1u << 17)

struct exploring {
	void (*fn)(void *arg);
	void *arg;
	u64 (*outcome)(void);		/* of the run that has just ended */
	unsigned int most;		/* preemptions of a run */
	u64 hashes[MAX_SEEN], outcomes[MAX_SEEN];
	unsigned int nr;
	unsigned int failed;
};

static struct exploring seen;

static int run_and_see(void *ctx, const struct sim_det_config *config, struct sim_det_result *r)
{
	const struct sim_recording_strategy *recording = config->strategy->ctx;
	unsigned int preemptions;
	int error = sim_det_run(config, seen.fn, seen.arg, r);

	preemptions = sim_schedule_preemptions(&recording->schedule);
	seen.most = preemptions > seen.most ? preemptions : seen.most;
	seen.failed += r->failed;
	if (seen.nr == MAX_SEEN)
		return -1;
	seen.hashes[seen.nr] = r->hash;
	seen.outcomes[seen.nr++] = r->failed ? 0 : seen.outcome ? seen.outcome() : 1;
	return error;
}

static int compare(const void *a, const void *b)
{
	const u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static unsigned int distinct(u64 *values, unsigned int nr)
{
	unsigned int i, kept = 0;

	qsort(values, nr, sizeof(*values), compare);
	for (i = 0; i < nr; i++)
		if (!i || values[i] != values[i - 1])
			values[kept++] = values[i];
	return kept;
}

/* All schedules, failing ones too.  Return: how many there are. */
static u64 explore(struct sim_explore_config config, void (*fn)(void *), void *arg)
{
	struct sim_schedule_file f = { 0 };
	struct sim_explore_result explored;

	seen.most = seen.nr = seen.failed = 0;
	seen.fn = fn;
	seen.arg = arg;
	config.run = run_and_see;
	config.want = "nothing that is ever reported";
	assert_int_equal(sim_explore(&config, &f, &explored), 0);
	assert_true(explored.complete);
	assert_false(explored.found);
	assert_int_equal(explored.schedules, seen.nr);
	assert_in_range(seen.most, 0, config.preemptions);
	return explored.last_round;
}

/* ---- How many there are ---- */

#define MAX_TASKS	4

static int *words[MAX_TASKS];
static unsigned int steps[MAX_TASKS], nr_tasks, nr_running;

/* Steps on memory of its own, that matter to nobody but are all explored. */
static void take_steps(void *arg)
{
	unsigned int task = *(unsigned int *)arg, i;

	for (i = 0; i < steps[task]; i++)
		WRITE_ONCE(*words[task], (int)i);
	/* main has no steps meanwhile, as it would if it joined one by one. */
	if (!--nr_running)
		sim_det_wake(0);
}

static void main_of_steps(void *arg)
{
	static unsigned int numbers[MAX_TASKS] = { 0, 1, 2, 3 };
	unsigned int task[MAX_TASKS], i;

	settle();
	nr_running = nr_tasks;
	for (i = 0; i < nr_tasks; i++) {
		words[i] = kzalloc(sizeof(int), GFP_KERNEL);
		task[i] = sim_det_spawn(take_steps, &numbers[i], "t%u", i);
	}
	sim_det_explore(true);
	while (nr_running)
		sim_det_block("all of them", NULL);
	sim_det_explore(false);
	for (i = 0; i < nr_tasks; i++)
		sim_det_join(task[i]);
}

/*
 * By hand: a task of n steps is n + 1 pieces, for what comes before the first is a choice
 * too.  Whoever is taken from the processor with pieces left is preempted.
 */
static u64 count(unsigned int *left, unsigned int running, unsigned int budget)
{
	u64 sum = 0;
	unsigned int i, any = 0;
	bool preempted;

	for (i = 0; i < nr_tasks; i++) {
		any |= left[i];
		preempted = running < nr_tasks && left[running] && i != running;
		if (!left[i] || (preempted && !budget))
			continue;
		left[i]--;
		sum += count(left, i, budget - preempted);
		left[i]++;
	}
	return any ? sum : 1;
}

static void check_count(unsigned int budget)
{
	unsigned int left[MAX_TASKS], i;
	struct sim_explore_config config = { .preemptions = budget, .everything = true };
	u64 nr, expected;

	for (i = 0; i < nr_tasks; i++)
		left[i] = steps[i] + 1;
	expected = count(left, MAX_TASKS, budget);
	nr = explore(config, main_of_steps, NULL);
	assert_int_equal(nr, expected);
	/* Everything is explored at once, without a round to learn from. */
	assert_int_equal(seen.nr, expected);
	assert_int_equal(seen.failed, 0);
}

static void counts_are_right(void **state)
{
	static const unsigned int cases[][MAX_TASKS + 1] = {
		{ 1, 5 }, { 2, 1, 1 }, { 2, 3, 2 }, { 2, 6, 6 }, { 3, 2, 2, 2 }, { 3, 1, 0, 3 },
		{ 4, 1, 1, 1, 1 }, { 4, 0, 0, 0, 0 },
	};
	unsigned int i, budget;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		nr_tasks = cases[i][0];
		memcpy(steps, &cases[i][1], sizeof(steps));
		for (budget = 0; budget < 4; budget++)
			check_count(budget);
		if (i < 4)
			check_count(100);
	}
	/* Two of six steps each: C(14, 7). */
	nr_tasks = 2;
	steps[0] = steps[1] = 6;
	assert_int_equal(explore((struct sim_explore_config) { .preemptions = 100,
				 .everything = true }, main_of_steps, NULL), 3432);
	/* The 13th change of tasks is no preemption: the one before has ended. */
	assert_int_equal(seen.most, 12);
}

/* Where nothing is shared there is nothing to choose but who is first, second and so on. */
static void steps_of_ones_own_are_no_choice(void **state)
{
	nr_tasks = 3;
	steps[0] = steps[1] = steps[2] = 5;
	assert_int_equal(explore((struct sim_explore_config) { .preemptions = 100 },
				 main_of_steps, NULL), 6);
}

/* ---- With reduction, and without ---- */

/*
 * Made-up programs: each task has some operations on a few words of memory, which it alone,
 * or another one too, may use.  What a run comes to is what all words and registers are.
 */
#define NR_WORDS	3
#define MAX_OPS		3

enum op_kind { READ_IT, WRITE_IT, ADD_IT, LOCKED_ADD, RCU_READ, FREE_IT, NR_OPS };

static struct {
	u64 seed;
	u64 *word[NR_WORDS];
	struct mutex *lock;
	u64 registers[MAX_TASKS];
	unsigned int nr_ops;
} program;

static void do_op(unsigned int task, enum op_kind op, u64 *word, u64 *reg)
{
	switch (op) {
	case READ_IT:
		*reg = sim_mix(*reg, READ_ONCE(*word));
		break;
	case WRITE_IT:
		WRITE_ONCE(*word, *reg + task);
		break;
	case ADD_IT:
		WRITE_ONCE(*word, READ_ONCE(*word) + 1);
		break;
	case LOCKED_ADD:
		mutex_lock(program.lock);
		WRITE_ONCE(*word, READ_ONCE(*word) + 1);
		mutex_unlock(program.lock);
		break;
	case RCU_READ:
		rcu_read_lock();
		*reg += READ_ONCE(*word);
		rcu_read_unlock();
		break;
	default:
		/* Whoever touches it from now on fails, if he is not first. */
		kfree(word);
	}
}

static void run_program(void *arg)
{
	unsigned int task = sim_det_current() - 2, i;
	u64 random = sim_mix(program.seed, task) | 1;
	u64 reg = task;

	for (i = 0; i < program.nr_ops; i++) {
		u32 op = sim_random_below(&random, NR_OPS * 4), word;

		/* Freeing is rare: most programs shall come to their end. */
		op = op == 0 ? FREE_IT : op % FREE_IT;
		word = sim_random_below(&random, NR_WORDS + 1);
		do_op(task, op, program.word[word == NR_WORDS ? task % NR_WORDS : word], &reg);
	}
	program.registers[task] = reg;
}

static u64 program_outcome(void)
{
	u64 outcome = 0;
	unsigned int i;

	for (i = 0; i < MAX_TASKS; i++)
		outcome = sim_mix(outcome, program.registers[i]);
	return outcome | 1;
}

static void main_of_program(void *arg)
{
	unsigned int i;

	memset(program.registers, 0, sizeof(program.registers));
	program.lock = kzalloc(sizeof(*program.lock), GFP_KERNEL);
	mutex_init(program.lock);
	for (i = 0; i < NR_WORDS; i++)
		program.word[i] = kzalloc(sizeof(u64), GFP_KERNEL);
	if (*(unsigned int *)arg == 2)
		RUN_TASKS(run_program, run_program);
	else
		RUN_TASKS(run_program, run_program, run_program);
	/* The words too, those that are left. */
	for (i = 0; i < NR_WORDS; i++)
		program.registers[MAX_TASKS - 1] =
			sim_mix(program.registers[MAX_TASKS - 1],
				sim_det_mem_is_freed(program.word[i]) ? 77 : *program.word[i]);
}

/* Return: how many schedules reduction has saved. */
static u64 compare_program(unsigned int tasks, unsigned int budget, unsigned int *nr_outcomes)
{
	struct sim_explore_config config = { .preemptions = budget };
	static u64 all[MAX_SEEN];
	unsigned int nr, nr_reduced;
	u64 with, without;

	config.everything = true;
	without = explore(config, main_of_program, &tasks);
	nr = distinct(seen.outcomes, seen.nr);
	memcpy(all, seen.outcomes, nr * sizeof(*all));
	config.everything = false;
	with = explore(config, main_of_program, &tasks);
	nr_reduced = distinct(seen.outcomes, seen.nr);
	if (nr_reduced != nr || memcmp(all, seen.outcomes, nr * sizeof(*all)))
		fail_msg("program %llu of %u tasks, %u preemptions: %u outcomes, and %u with reduction",
			 (unsigned long long)program.seed, tasks, budget, nr, nr_reduced);
	assert_in_range(with, 1, without);
	*nr_outcomes += nr;
	return without - with;
}

static void reduction_loses_nothing(void **state)
{
	unsigned int budget, nr_outcomes = 0, nr_programs = 0;
	u64 saved = 0;

	seen.outcome = program_outcome;
	for (program.seed = 1; program.seed <= 24; program.seed++) {
		for (budget = 0; budget < 3; budget++) {
			program.nr_ops = MAX_OPS;
			saved += compare_program(2, budget, &nr_outcomes);
			program.nr_ops = 2;
			saved += compare_program(3, budget, &nr_outcomes);
			nr_programs += 2;
		}
	}
	seen.outcome = NULL;
	/* Or there was nothing to lose, or nothing left out. */
	assert_in_range(nr_outcomes, 2 * nr_programs, 1000 * nr_programs);
	assert_int_not_equal(saved, 0);
}

/* ---- Giving up, and telling ---- */

static void gives_up(void **state)
{
	struct explored_main main = { main_of_steps, NULL };
	const struct sim_explore_config config = {
		.preemptions = 100, .everything = true, .schedules = 100,
		.run = run_explored_main, .ctx = &main,
	};
	struct sim_schedule_file f = { 0 };
	struct sim_explore_result explored;

	nr_tasks = 2;
	steps[0] = steps[1] = 6;
	assert_int_equal(sim_explore(&config, &f, &explored), 0);
	assert_int_equal(explored.schedules, 100);
	assert_false(explored.complete || explored.found);
}

static bool late;

static void fail_late(void *arg)
{
	WRITE_ONCE(*words[0], 1);
	CHECK(!late);
}

static void set_late(void *arg)
{
	late = true;
	WRITE_ONCE(*words[0], 2);
	late = false;
}

static void main_of_late(void *arg)
{
	late = false;
	words[0] = kzalloc(sizeof(int), GFP_KERNEL);
	RUN_TASKS(fail_late, set_late);
}

static void found_schedule_is_kept(void **state)
{
	struct explored_main main = { main_of_late, NULL };
	struct sim_explore_config config = { .run = run_explored_main, .ctx = &main };
	struct sim_schedule_file f = { 0 };
	struct sim_explore_result explored;
	struct sim_replay_strategy replay;

	assert_int_equal(sim_explore(&config, &f, &explored), 0);
	assert_true(explored.complete && !explored.found);
	config.preemptions = 1;
	assert_int_equal(sim_explore(&config, &f, &explored), 0);
	assert_true(explored.found);
	assert_non_null(strstr(f.fails, "CHECK: !late"));
	assert_int_equal(sim_schedule_preemptions(&f.schedule), 1);
	sim_replay_strategy_begin(&replay, &f.schedule);
	run_config(&(struct sim_det_config) { .strategy = &replay.strategy }, main_of_late, NULL);
	assert_failed("CHECK: !late");
	assert_int_equal(result.hash, f.hash);
	sim_schedule_free(&f.schedule);
}

/* ---- Workloads ---- */

static void explore_workload(const char *name, const char *profile, unsigned int budget,
			     struct sim_schedule_file *f, struct sim_explore_result *explored)
{
	const struct sim_explore_config config = { .preemptions = budget };
	const struct sim_stock *stock = sim_stock_find(name);
	char err[256];

	memset(f, 0, sizeof(*f));
	f->machine = sim_lab_machine_default();
	assert_true(sim_lab_machine_set(&f->machine, "profile", profile));
	f->workload = sim_workload_parse(name, stock->text, err, sizeof(err));
	assert_non_null(f->workload);
	assert_int_equal(sim_explore(&config, f, explored), 0);
}

static void one_preemption_finds_the_race(void **state)
{
	struct sim_schedule_file f;
	struct sim_explore_result explored;

	explore_workload("zap-teardown", "seed-v1", 1, &f, &explored);
	assert_true(explored.found);
	assert_non_null(strstr(f.fails, "use after free"));
	assert_in_range(sim_schedule_preemptions(&f.schedule), 0, 1);
	assert_int_equal(sim_schedule_file_run(&f, NULL, &result, NULL), 0);
	assert_failed(f.fails);
	assert_int_equal(result.hash, f.hash);
	sim_schedule_file_free(&f);
}

static void one_preemption_finds_nothing_else(void **state)
{
	struct sim_schedule_file f;
	struct sim_explore_result explored;

	explore_workload("zap-teardown", "v6.4", 1, &f, &explored);
	if (explored.found)
		fail_msg("%s", f.fails);
	assert_true(explored.complete);
	sim_schedule_file_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_right),
		cmocka_unit_test(steps_of_ones_own_are_no_choice),
		cmocka_unit_test(reduction_loses_nothing),
		cmocka_unit_test(gives_up),
		cmocka_unit_test(found_schedule_is_kept),
		cmocka_unit_test(one_preemption_finds_the_race),
		cmocka_unit_test(one_preemption_finds_nothing_else),
	};

	return cmocka_run_group_tests(tests, det_setup, det_teardown);
}
