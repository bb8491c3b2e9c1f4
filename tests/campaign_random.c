/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim/checked_run.h"
#include "sim/random_scenario.h"
#include "sim/sim.h"

/*
 * Many random scenarios on every profile, format, number of levels, with and without
 * A/D and PML, with all checks after every operation.
 *
 *	campaign_random [--scenarios N] [--ops N] [--seed S] [--jobs J] [--setup NAME]
 *
 * Scenario number i has the seed S + i, and set-up i modulo their number unless one
 * is named.  Each job is a process: when one is broken by a scenario, or dies of it,
 * the scenario is printed, and last the command that does it again.
 */

struct options {
	uint64_t scenarios, ops, seed;
	unsigned int jobs;
	int setup;		/* -1: all in turn */
};

/* None takes a second, so one that takes this long goes round in circles. */
#define SCENARIO_SECONDS_MAX	120

/* What a job shows of itself; in memory that it shares with its parent. */
struct job {
	uint64_t seed;		/* of the present scenario */
	uint64_t ops;		/* operations begun of it */
	uint64_t done, ops_done;
	bool broken;
	char err[2048];
};

/* ---- A scenario ---- */

static void setup_of(const struct options *opt, uint64_t seed, struct sim_setup *setup)
{
	sim_setup_at(opt->setup >= 0 ? (unsigned int)opt->setup : seed % sim_setup_count(), setup);
}

/* The host, and then the operations, from one source; returns whether KVM lacks memory, too. */
static bool start_scenario(struct sim_random_scenario *scenario, uint64_t seed,
			   const struct sim_setup *setup, struct sim_host_model_config *host)
{
	sim_random_scenario_init(scenario, seed);
	*host = (struct sim_host_model_config) {
		.thp = sim_random_below(scenario, 8),
		.contiguous = sim_random_below(scenario, 2),
		.old_host = setup->profile->has_change_pte && sim_random_below(scenario, 4),
		.nr_frames = 1 << 20,
	};
	if (!sim_random_below(scenario, 6))
		host->fail_nth = 1 + sim_random_below(scenario, 300);
	return !sim_random_below(scenario, 6);
}

/* Returns which allocation fails in it. */
static unsigned long next_op(struct sim_random_scenario *scenario, bool short_of_memory,
			     struct sim_op *op)
{
	unsigned long fail = 0;

	if (short_of_memory && !sim_random_below(scenario, 6))
		fail = 1 + sim_random_below(scenario, 12);
	sim_random_scenario_next(scenario, op);
	return fail;
}

static bool run_scenario(struct sim_checked_run *run, const struct options *opt, struct job *job)
{
	struct sim_random_scenario scenario;
	struct sim_host_model_config host;
	struct sim_setup setup;
	bool short_of_memory;
	struct sim_op op;

	setup_of(opt, job->seed, &setup);
	short_of_memory = start_scenario(&scenario, job->seed, &setup, &host);
	job->ops = 0;
	if (sim_checked_run_start(run, &setup, &host)) {
		snprintf(job->err, sizeof(job->err), "cannot start");
		return false;
	}
	while (job->ops < opt->ops) {
		run->fail_alloc = next_op(&scenario, short_of_memory, &op);
		job->ops++;
		if (!sim_checked_run_op(run, &op, job->err, sizeof(job->err)))
			return false;
	}
	job->ops_done += job->ops;
	return sim_checked_run_stop(run, job->err, sizeof(job->err));
}

static void print_scenario(const struct options *opt, uint64_t seed, uint64_t nr)
{
	struct sim_random_scenario scenario;
	char text[SIM_OP_TEXT_SIZE], name[64];
	struct sim_host_model_config host;
	struct sim_setup setup;
	bool short_of_memory;
	unsigned long fail;
	struct sim_op op;

	setup_of(opt, seed, &setup);
	short_of_memory = start_scenario(&scenario, seed, &setup, &host);
	printf("# set-up %s, seed %" PRIu64 "\n",
	       sim_setup_name(&setup, name, sizeof(name)), seed);
	printf("# host: thp %d, contiguous %d, old %d, fails at frame %lu\n", host.thp,
	       host.contiguous, host.old_host, host.fail_nth);
	while (nr--) {
		fail = next_op(&scenario, short_of_memory, &op);
		sim_op_print(&op, text, sizeof(text));
		if (fail)
			printf("%s	# KVM's allocation %lu fails\n", text, fail);
		else
			printf("%s\n", text);
	}
}

/* ---- Jobs ---- */

static int run_job(const struct options *opt, unsigned int index, struct job *job)
{
	static struct sim_checked_run run;
	uint64_t i;

	if (sim_init() || sim_checked_run_init(&run))
		return 2;
	for (i = index; i < opt->scenarios; i += opt->jobs) {
		job->seed = opt->seed + i;
		alarm(SCENARIO_SECONDS_MAX);
		if (!run_scenario(&run, opt, job)) {
			job->broken = true;
			/* What is left of the VM is broken, too: no orderly end. */
			_exit(1);
		}
		job->done++;
	}
	alarm(0);
	sim_checked_run_exit(&run);
	kvm_mmu_module_exit();
	if (sim_exit()) {
		snprintf(job->err, sizeof(job->err), "pages or objects are left at the very end");
		job->broken = true;
	}
	return job->broken;
}

static void report(const struct options *opt, const struct job *job, int status)
{
	char name[64];
	struct sim_setup setup;

	setup_of(opt, job->seed, &setup);
	print_scenario(opt, job->seed, job->ops);
	if (job->broken)
		printf("# broken after operation %" PRIu64 ": %s\n", job->ops, job->err);
	else
		printf("# the process died in operation %" PRIu64 ", of %s %d\n", job->ops,
		       WIFSIGNALED(status) ? "signal" : "exit status",
		       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	printf("campaign_random --scenarios 1 --ops %" PRIu64 " --seed %" PRIu64
	       " --jobs 1 --setup %s\n", opt->ops, job->seed,
	       sim_setup_name(&setup, name, sizeof(name)));
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void print_progress(const struct options *opt, const struct job *jobs, double start)
{
	double took = seconds() - start;
	uint64_t done = 0, ops = 0;
	unsigned int i;

	for (i = 0; i < opt->jobs; i++) {
		done += jobs[i].done;
		ops += jobs[i].ops_done;
	}
	printf("%" PRIu64 " of %" PRIu64 " scenarios, %" PRIu64
	       " operations, %.0f s, %.1f scenarios/s\n", done, opt->scenarios, ops, took,
	       done / (took > 0 ? took : 1));
	fflush(stdout);
}

/* Wait for the jobs; at the first that fails stop the others. */
static int wait_for_jobs(const struct options *opt, struct job *jobs, const pid_t *pids)
{
	double start = seconds(), next = start + 10;
	unsigned int left = opt->jobs, i;
	int status;
	pid_t pid;

	while (left) {
		pid = waitpid(-1, &status, WNOHANG);
		if (!pid) {
			usleep(20000);
			if (seconds() >= next) {
				print_progress(opt, jobs, start);
				next += 10;
			}
			continue;
		}
		left--;
		if (pid < 0 || !status)
			continue;
		for (i = 0; i < opt->jobs; i++)
			if (pids[i] != pid)
				kill(pids[i], SIGTERM);
		print_progress(opt, jobs, start);
		for (i = 0; i < opt->jobs; i++)
			if (pids[i] == pid)
				report(opt, &jobs[i], status);
		return 1;
	}
	print_progress(opt, jobs, start);
	printf("no invariant broken, no leak\n");
	return 0;
}

static int run_jobs(const struct options *opt)
{
	size_t size = opt->jobs * sizeof(struct job);
	struct job *jobs = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				-1, 0);
	pid_t pids[256];
	unsigned int i;

	if (jobs == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	fflush(stdout);
	for (i = 0; i < opt->jobs; i++) {
		pids[i] = fork();
		if (pids[i] < 0) {
			perror("fork");
			return 2;
		}
		if (!pids[i])
			exit(run_job(opt, i, &jobs[i]));
	}
	return wait_for_jobs(opt, jobs, pids);
}

/* ---- Options ---- */

static bool parse_number(const char *text, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	return !errno && *text && !*end;
}

static bool parse_option(struct options *opt, const char *name, const char *value)
{
	uint64_t jobs;

	if (!strcmp(name, "--scenarios"))
		return parse_number(value, &opt->scenarios);
	if (!strcmp(name, "--ops"))
		return parse_number(value, &opt->ops);
	if (!strcmp(name, "--seed"))
		return parse_number(value, &opt->seed);
	if (!strcmp(name, "--jobs")) {
		if (!parse_number(value, &jobs) || !jobs || jobs > 256)
			return false;
		opt->jobs = jobs;
		return true;
	}
	if (!strcmp(name, "--setup")) {
		opt->setup = sim_setup_find(value);
		return opt->setup >= 0;
	}
	return false;
}

int main(int argc, char **argv)
{
	struct options opt = { .scenarios = 100000, .ops = 200, .seed = 1, .jobs = 2, .setup = -1 };
	int i;

	for (i = 1; i < argc; i += 2) {
		if (i + 1 == argc || !parse_option(&opt, argv[i], argv[i + 1])) {
			fprintf(stderr, "usage: campaign_random [--scenarios N] [--ops N] "
				"[--seed S] [--jobs J] [--setup NAME]\n");
			return 2;
		}
	}
	printf("seed %" PRIu64 ", %" PRIu64 " scenarios of %" PRIu64
	       " operations, %u jobs, %u set-ups\n",
	       opt.seed, opt.scenarios, opt.ops, opt.jobs,
	       opt.setup >= 0 ? 1 : sim_setup_count());
	return run_jobs(&opt);
}
