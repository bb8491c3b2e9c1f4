/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/cli.h"
#include "sim/fuzz/campaign.h"
#include "sim/fuzz/found.h"
#include "sim/fuzz/verbs.h"
#include "sim/sim.h"

/* tdpsim fuzz */

#define MAX_JOBS	64

struct fuzz {
	struct sim_campaign_config config;
	const char *workload;
	double seconds;
	u64 schedules;		/* of all processes together; 0: as many as there is time for */
	unsigned int jobs, shard, shards;
	const char *keep;
	struct sim_workload *loaded;
};

/* ---- Options ---- */

enum { OPT_WORKLOAD = 256, OPT_SECONDS, OPT_SCHEDULES,
       OPT_SEED, OPT_JOBS, OPT_SHARD, OPT_KEEP, OPT_LIST, OPT_KNOWN };

static const struct argp_option options[] = {
	{ "workload", OPT_WORKLOAD, "NAME", 0,
	  "A stock workload (see --list), a file, or all (default)", 0 },
	{ "seconds", OPT_SECONDS, "S", 0, "How long; default 10", 0 },
	{ "schedules", OPT_SCHEDULES, "N", 0, "Stop after so many", 0 },
	{ "seed", OPT_SEED, "X", 0, "Of all choices; default 1", 0 },
	{ "jobs", OPT_JOBS, "N", 0, "Processes; default 1", 0 },
	{ "shard", OPT_SHARD, "I/N", 0, "Do the I-th of N parts, from 0", 0 },
	{ "keep", OPT_KEEP, "DIR", 0,
	  "Where what is found goes, and schedules that cover something new (default: what is "
	  "found goes to the current directory)", 0 },
	{ "known", OPT_KNOWN, NULL, 0,
	  "Stop at what is known of kernels as they were (docs/found.md), too", 0 },
	{ "list", OPT_LIST, NULL, 0, "Print the stock workloads", 0 },
	{ 0 }
};

static void list_workloads(void)
{
	const struct sim_stock *stock;
	unsigned int i;

	for (i = 0; (stock = sim_stock_at(i)); i++)
		printf("%-20s %s\n", stock->name, stock->about);
	printf("%-20s %s\n", "all", "all of these in turn, and as many that are made up");
}

static void parse_shard(struct fuzz *fuzz, const char *arg, struct argp_state *state)
{
	char end;

	if (sscanf(arg, "%u/%u%c", &fuzz->shard, &fuzz->shards, &end) != 2 ||
	    *arg == '-' || !fuzz->shards || fuzz->shard >= fuzz->shards)
		argp_error(state, "a shard is I/N with I from 0 to N-1, not \"%s\"", arg);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct fuzz *fuzz = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &fuzz->config.settings;
		return 0;
	case OPT_WORKLOAD:
		fuzz->workload = strcmp(arg, "all") ? arg : NULL;
		return 0;
	case OPT_SECONDS:
		fuzz->seconds = sim_cli_duration(arg, state);
		return 0;
	case OPT_SCHEDULES:
		fuzz->schedules = sim_cli_number(arg, 10, 1, UINT64_MAX, state,
						 "the number of schedules");
		return 0;
	case OPT_SEED:
		fuzz->config.seed = sim_cli_number(arg, 0, 0, UINT64_MAX, state, "the seed");
		return 0;
	case OPT_JOBS:
		fuzz->jobs = (unsigned int)sim_cli_number(arg, 10, 1, MAX_JOBS, state,
							  "the number of jobs");
		return 0;
	case OPT_SHARD:
		parse_shard(fuzz, arg, state);
		return 0;
	case OPT_KEEP:
		fuzz->keep = arg;
		return 0;
	case OPT_KNOWN:
		fuzz->config.known_too = true;
		return 0;
	case OPT_LIST:
		list_workloads();
		exit(SIM_EXIT_OK);
	case ARGP_KEY_ARG:
		argp_error(state, "\"%s\" is no option", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {
	{ &sim_lab_settings_argp, 0, "The machine, as far as it is not left to chance:", 1 },
	{ 0 }
};

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.children = children,
	.doc = "Search the schedules of workloads by chance.  What fails is shrunk, explained and "
	       "written down; the last line is the command that replays it.",
};

/* All that decides what is done, as it can be given again. */
static void print_options(const struct fuzz *fuzz)
{
	printf("tdpsim fuzz --workload %s", fuzz->workload ? fuzz->workload : "all");
	sim_lab_settings_print(&fuzz->config.settings);
	if (fuzz->config.known_too)
		printf(" --known");
	printf(" --seed %llu --jobs %u --shard %u/%u", (unsigned long long)fuzz->config.seed,
	       fuzz->jobs, fuzz->shard, fuzz->shards);
	if (fuzz->schedules)
		printf(" --schedules %llu", (unsigned long long)fuzz->schedules);
	else
		printf(" --seconds %g", fuzz->seconds);
	printf("\n");
	fflush(stdout);
}

/* ---- A process ---- */

/* What the processes and their parent share. */
struct shared {
	struct sim_campaign_stats stats[MAX_JOBS];
	bool stop;
};

static void raw_path(char *path, size_t size, const struct fuzz *fuzz, unsigned int job, pid_t parent)
{
	snprintf(path, size, "%s/.tdpsim-%d-%u.sched", fuzz->keep ? fuzz->keep : ".", (int)parent,
		 job);
}

/* A schedule that covers something new is done twice: the simulator checks itself. */
static int keep_corpus(struct sim_campaign *c, const struct fuzz *fuzz)
{
	struct sim_schedule_file f;
	int r = sim_campaign_again(c);
	char path[1024];
	bool ok;

	if (r == -EIO)
		fprintf(stderr, "tdpsim: the simulator itself is not deterministic: %s\n",
			c->lab.workload->name);
	if (r || !fuzz->keep || !c->covered_new || c->result.failed)
		return r;
	ok = sim_campaign_take(c, &f);
	snprintf(path, sizeof(path), "%s/corpus-%016llx.sched", fuzz->keep,
		 (unsigned long long)f.hash);
	ok = ok && sim_schedule_file_write(path, &f);
	sim_schedule_file_free(&f);
	return ok ? 0 : -EIO;
}

static int run_job(struct fuzz *fuzz, struct shared *shared, unsigned int job, pid_t parent)
{
	static struct sim_campaign c;
	struct sim_campaign_config config = fuzz->config;
	double until = sim_cli_seconds() + fuzz->seconds;
	struct sim_schedule_file f;
	char path[1024];
	u64 n, limit = fuzz->schedules / fuzz->jobs + (job < fuzz->schedules % fuzz->jobs);
	int r = 0;

	config.first_unit = (u64)fuzz->shard * fuzz->jobs + job;
	config.step = (u64)fuzz->shards * fuzz->jobs;
	sim_campaign_init(&c, &config, &shared->stats[job]);
	for (n = 0; !r && !c.result.failed && !__atomic_load_n(&shared->stop, __ATOMIC_RELAXED); n++) {
		if (fuzz->schedules ? n == limit : !(n & 15) && sim_cli_seconds() > until)
			break;
		r = sim_campaign_next(&c);
		if (!r && c.covered_new && !c.result.failed)
			r = keep_corpus(&c, fuzz);
	}
	if (!r && c.result.failed) {
		raw_path(path, sizeof(path), fuzz, job, parent);
		if (!sim_campaign_take(&c, &f) || !sim_schedule_file_write(path, &f))
			r = -errno;
	}
	if (r)
		fprintf(stderr, "tdpsim fuzz: %s\n", strerror(-r));
	return r ? SIM_EXIT_USAGE : c.result.failed ? SIM_EXIT_FOUND : SIM_EXIT_OK;
}

/* ---- All of them ---- */

static struct sim_campaign_stats sum(const struct shared *shared, unsigned int jobs)
{
	struct sim_campaign_stats total = { 0 };
	unsigned int i, d;

	for (i = 0; i < jobs; i++) {
		const struct sim_campaign_stats *s = &shared->stats[i];

		total.schedules += s->schedules;
		total.steps += s->steps;
		total.choices += s->choices;
		total.units += s->units;
		total.corpus += s->corpus;
		total.known += s->known;
		total.hash ^= s->hash;
		/* Each has a map of its own; what they have in common counts once, mostly. */
		if (s->covered > total.covered)
			total.covered = s->covered;
		for (d = 1; d <= SIM_SEARCH_MAX_DEPTH; d++)
			total.miss[d] += s->miss[d];
	}
	return total;
}

static void print_progress(const struct shared *shared, const struct fuzz *fuzz, double seconds)
{
	struct sim_campaign_stats s = sum(shared, fuzz->jobs);

	printf("%5.0f s: %llu schedules, %.0f/s, %llu pairs of sites, %llu units\n", seconds,
	       (unsigned long long)s.schedules, s.schedules / seconds,
	       (unsigned long long)s.covered, (unsigned long long)s.units);
	fflush(stdout);
}

/* Which bugs would have been found: of what depth, and how surely. */
static void print_miss(const struct sim_campaign_stats *s)
{
	unsigned int d;

	for (d = SIM_SEARCH_MAX_DEPTH; d; d--) {
		double p = exp(s->miss[d]);

		if (p > 0.5)
			continue;
		printf("a bug of depth %u that every one of these workloads has would have been missed "
		       "with p < %.2g\n", d, p < 1e-9 ? 1e-9 : p);
		return;
	}
	printf("too few schedules to say what would have been found\n");
}

static void print_end(const struct shared *shared, const struct fuzz *fuzz, double seconds)
{
	struct sim_campaign_stats s = sum(shared, fuzz->jobs);

	printf("%llu schedules in %.1f s: %.0f/s; %.0f steps a schedule, %.0f of them choices; %llu "
	       "pairs of sites\n", (unsigned long long)s.schedules, seconds, s.schedules / seconds,
	       s.schedules ? (double)s.steps / s.schedules : 0,
	       s.schedules ? (double)s.choices / s.schedules : 0, (unsigned long long)s.covered);
	if (s.known)
		printf("%llu times what is known of kernels as they were: docs/found.md\n",
		       (unsigned long long)s.known);
	/* With the same --schedules it is the same: on any machine, in any build. */
	if (fuzz->schedules)
		printf("hash of all of them %016llx\n", (unsigned long long)s.hash);
}

/* Wait for all; the first that ends with something other than 0 stops the rest. */
static int wait_for_jobs(const struct fuzz *fuzz, struct shared *shared, pid_t *pids, int *who)
{
	double start = sim_cli_seconds(), told = start;
	unsigned int left = fuzz->jobs, i;
	int status, worst = 0;

	while (left) {
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (!pid) {
			usleep(20000);
			if (sim_cli_seconds() - told >= 5) {
				told = sim_cli_seconds();
				print_progress(shared, fuzz, told - start);
			}
			continue;
		}
		left--;
		status = WIFEXITED(status) ? WEXITSTATUS(status) : SIM_EXIT_USAGE + WTERMSIG(status);
		for (i = 0; status && !worst && i < fuzz->jobs; i++)
			if (pids[i] == pid)
				*who = (int)i;
		if (status && !worst) {
			worst = status;
			__atomic_store_n(&shared->stop, true, __ATOMIC_RELAXED);
		}
	}
	return worst;
}

static bool start_jobs(struct fuzz *fuzz, struct shared *shared, pid_t *pids)
{
	pid_t parent = getpid();
	unsigned int i;

	for (i = 0; i < fuzz->jobs; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			return false;
		if (!pids[i]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			_exit(run_job(fuzz, shared, i, parent));
		}
	}
	return true;
}

/* No schedule is left of it, but it is known which one it was. */
static int print_crash(const struct shared *shared, int who, const char *how)
{
	const struct sim_campaign_stats *s = &shared->stats[who];

	printf("found: %s of schedule %llu of process %d; the same options with --schedules %llu "
	       "come there again\n", how, (unsigned long long)s->schedules + 1, who,
	       (unsigned long long)s->schedules + 1);
	return SIM_EXIT_FOUND;
}

static int handle_finding(const struct fuzz *fuzz, const struct shared *shared, int who)
{
	struct sim_schedule_file f;
	char path[1024], err[SIM_ERR_SIZE];
	int status;

	raw_path(path, sizeof(path), fuzz, (unsigned int)who, getpid());
	/* Without a schedule: a sanitizer has ended the process, and has said why. */
	if (access(path, F_OK))
		return print_crash(shared, who, "the process ended in the middle");
	if (!sim_schedule_file_read(path, &f, err, sizeof(err))) {
		fprintf(stderr, "tdpsim fuzz: %s\n", err);
		return SIM_EXIT_USAGE;
	}
	unlink(path);
	printf("found: %s\n", f.fails);
	status = sim_handle_failure(&f, fuzz->keep);
	sim_schedule_file_free(&f);
	return status;
}

static int fuzz_all(struct fuzz *fuzz)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double start = sim_cli_seconds();
	pid_t pids[MAX_JOBS];
	int status, who = 0;

	if (shared == MAP_FAILED || !start_jobs(fuzz, shared, pids)) {
		perror("tdpsim fuzz");
		return SIM_EXIT_USAGE;
	}
	status = wait_for_jobs(fuzz, shared, pids, &who);
	print_end(shared, fuzz, sim_cli_seconds() - start);
	if (status > SIM_EXIT_USAGE)
		return print_crash(shared, who, strsignal(status - SIM_EXIT_USAGE));
	if (status == SIM_EXIT_FOUND)
		return handle_finding(fuzz, shared, who);
	if (!status) {
		const struct sim_campaign_stats total = sum(shared, fuzz->jobs);

		printf("nothing found; ");
		print_miss(&total);
	}
	return status;
}

int sim_cmd_fuzz(int argc, char **argv)
{
	struct fuzz fuzz = {
		.config = { .seed = 1 }, .seconds = 10, .jobs = 1, .shards = 1,
	};
	char err[SIM_ERR_SIZE];
	int status;

	argv[0] = "tdpsim fuzz";
	argp_parse(&argp, argc, argv, 0, NULL, &fuzz);
	if (fuzz.workload) {
		fuzz.loaded = sim_load_workload(fuzz.workload, &fuzz.config.workload_machine, err,
						sizeof(err));
		fuzz.config.workload = fuzz.loaded;
		if (!fuzz.loaded) {
			fprintf(stderr, "tdpsim fuzz: %s\n", err);
			return SIM_EXIT_USAGE;
		}
	}
	if (fuzz.keep && mkdir(fuzz.keep, 0777) && errno != EEXIST) {
		fprintf(stderr, "%s: %s\n", fuzz.keep, strerror(errno));
		return SIM_EXIT_USAGE;
	}
	if (!sim_cli_begin())
		return SIM_EXIT_USAGE;
	print_options(&fuzz);
	status = fuzz_all(&fuzz);
	sim_workload_free(fuzz.loaded);
	return status;
}
