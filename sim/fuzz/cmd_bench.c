/* SPDX-License-Identifier: GPL-2.0-only */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/cli.h"
#include "sim/fuzz/campaign.h"
#include "sim/fuzz/random.h"
#include "sim/fuzz/verbs.h"

/* tdpsim bench sched: what a schedule costs. */

#define ROUNDS	5	/* of each measurement; the median counts */

/* Time of this process: what other processes take does not count. */
static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec * 1e-9;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), compare);
	return values[ROUNDS / 2];
}

/* ---- The scheduler alone: tasks that do nothing but announce ---- */

struct bare {
	unsigned int tasks, points;
	u64 words[SIM_DET_MAX_TASKS];
	u64 random;
};

struct bare_task {
	struct bare *bare;
	unsigned int number;
};

static void bare_task(void *arg)
{
	const struct bare_task *task = arg;
	unsigned int i;

	for (i = 0; i < task->bare->points; i++)
		WRITE_ONCE(task->bare->words[task->number], i);
}

static void bare_main(void *arg)
{
	struct bare *bare = arg;
	struct bare_task tasks[SIM_DET_MAX_TASKS];
	unsigned int ids[SIM_DET_MAX_TASKS], i;

	for (i = 0; i < bare->tasks; i++) {
		tasks[i] = (struct bare_task) { .bare = bare, .number = i };
		ids[i] = sim_det_spawn(bare_task, &tasks[i], "t%u", i);
	}
	sim_det_explore(true);
	for (i = 0; i < bare->tasks; i++)
		sim_det_join(ids[i]);
	sim_det_explore(false);
}

static unsigned int bare_pick(void *ctx, u32 ready, unsigned int running, bool forced)
{
	struct bare *bare = ctx;
	u32 n = sim_random_below(&bare->random, (u32)__builtin_popcount(ready));

	(void)running, (void)forced;
	while (n--)
		ready &= ready - 1;
	return (unsigned int)__builtin_ctz(ready);
}

static bool bare_ask(void *ctx, enum sim_det_question question)
{
	return false;
}

static bool bench_bare(unsigned int tasks, unsigned int points)
{
	static struct bare bare;
	const struct sim_det_strategy strategy = {
		.pick = bare_pick, .ask = bare_ask, .ctx = &bare,
	};
	const struct sim_det_config config = { .strategy = &strategy };
	unsigned int round, i, runs = 4000000 / (tasks * points);
	struct sim_det_result result;
	double rate[ROUNDS];

	bare = (struct bare) { .tasks = tasks, .points = points, .random = 1 };
	for (round = 0; round < ROUNDS; round++) {
		double start = cpu_seconds();

		for (i = 0; i < runs; i++)
			if (sim_det_run(&config, bare_main, &bare, &result) || result.failed)
				return false;
		rate[round] = runs / (cpu_seconds() - start);
	}
	printf("bare scheduler, random, %u tasks x %3u points: %8.0f schedules/s, %5.1f M points/s\n",
	       tasks, points, median(rate), median(rate) * tasks * points / 1e6);
	return true;
}

/* ---- Workloads, with all checkers on ---- */

/* Of two sizes that are nobody's stock: three threads in some 100 points, four in some 400. */
static const struct sim_stock sizes[] = {
	{ "three", "a vCPU writes a page that is aged and taken away",
	  "vm\n"
	  "memory ram 4m small\n"
	  "slot 0 1g 2m ram 0\n"
	  "vcpu 0\n"
	  "write 0 1g\n"
	  "thread a\n"
	  "write 0 1g\n"
	  "thread kswapd\n"
	  "age ram 0 4k\n"
	  "thread host\n"
	  "madvise ram 0 4k dontneed\n",
	  NULL },
	{ "four", "two vCPUs on pages that are aged and taken away",
	  "vm\n"
	  "memory ram 4m small\n"
	  "slot 0 1g 2m ram 0\n"
	  "vcpu 0\n"
	  "vcpu 1\n"
	  "write 0 1g\n"
	  "read 1 0x40001000\n"
	  "thread a\n"
	  "write 0 1g\n"
	  "read 0 1g\n"
	  "thread b\n"
	  "write 1 0x40001000\n"
	  "write 1 1g\n"
	  "thread kswapd\n"
	  "age ram 0 8k\n"
	  "thread host\n"
	  "madvise ram 0 8k dontneed\n",
	  NULL },
};

static bool bench_workload(const struct sim_stock *stock)
{
	static struct sim_campaign_stats stats;
	static struct sim_campaign c;
	struct sim_campaign_config config = { .seed = 1, .step = 1 };
	const char *name = stock->name;
	double rate[ROUNDS], start;
	struct sim_workload *w;
	unsigned int round, i;
	char err[128];
	bool ok = true;

	w = sim_workload_parse(name, stock->text, err, sizeof(err));
	if (!w)
		return false;
	config.workload = w;
	config.workload_machine = stock->machine;
	sim_lab_settings_add(&config.settings, "profile", SIM_PROFILE_DEFAULT);
	sim_lab_settings_add(&config.settings, "format", "ept");
	sim_lab_settings_add(&config.settings, "levels", "4");
	memset(&stats, 0, sizeof(stats));
	sim_campaign_init(&c, &config, &stats);
	for (round = 0; ok && round < ROUNDS; round++) {
		start = cpu_seconds();
		for (i = 0; ok && i < 8192; i++)
			ok = !sim_campaign_next(&c) && !c.result.failed;
		rate[round] = i / (cpu_seconds() - start);
	}
	if (ok)
		printf("%-18s %u threads, %5.0f points, all checkers: %8.0f schedules/s\n", name,
		       w->nr_threads, (double)stats.steps / stats.schedules, median(rate));
	else
		printf("%s: fails: %s\n", name, c.result.report);
	sim_campaign_exit(&c);
	sim_workload_free(w);
	return ok;
}

/* ---- The verb ---- */

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	bool *sched = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (strcmp(arg, "sched"))
			argp_error(state, "there is no benchmark \"%s\"", arg);
		*sched = true;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no benchmark given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.parser = parse_option,
	.args_doc = "sched",
	.doc = "Measure what schedules cost: the scheduler alone, and workloads with all checkers.  "
	       "Medians of five, by the time of this process.",
};

int sim_cmd_bench(int argc, char **argv)
{
	static const char *const workloads[] = {
		"age-zap", "fault-notifier", "nested-notifiers", "dirty-write", "zap-teardown",
	};
	bool sched = false, ok;
	size_t i;

	argv[0] = "tdpsim bench";
	argp_parse(&argp, argc, argv, 0, NULL, &sched);
	if (!sim_cli_begin())
		return SIM_EXIT_USAGE;
	ok = bench_bare(3, 33) && bench_bare(4, 100) && bench_bare(8, 400);
	for (i = 0; ok && i < sizeof(sizes) / sizeof(sizes[0]); i++)
		ok = bench_workload(&sizes[i]);
	for (i = 0; ok && i < sizeof(workloads) / sizeof(workloads[0]); i++)
		ok = bench_workload(sim_stock_find(workloads[i]));
	return ok ? SIM_EXIT_OK : SIM_EXIT_FOUND;
}
