/* SPDX-License-Identifier: GPL-2.0-only */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli.h"
#include "sim/fuzz/explore.h"
#include "sim/fuzz/found.h"
#include "sim/fuzz/settings.h"
#include "sim/fuzz/verbs.h"

/* tdpsim explore WORKLOAD */

struct arguments {
	struct sim_explore_config config;
	struct sim_lab_settings settings;
	const char *workload, *keep;
	bool quiet;
};

enum { OPT_PREEMPTIONS = 256, OPT_SECONDS, OPT_RESCHED, OPT_EVERYTHING, OPT_KEEP };

static const struct argp_option options[] = {
	{ "preemptions", OPT_PREEMPTIONS, "K", 0, "At most so many, 0 to 8; default 1", 0 },
	{ "seconds", OPT_SECONDS, "S", 0, "Give up after that", 0 },
	{ "resched", OPT_RESCHED, NULL, 0, "The end of a time slice is a preemption too", 0 },
	{ "everything", OPT_EVERYTHING, NULL, 0, "Without reduction, to compare", 0 },
	{ "keep", OPT_KEEP, "DIR", 0, "Where what is found goes (default: here)", 0 },
	{ "quiet", 'q', NULL, 0, "Do not tell how far it is", 0 },
	{ 0 }
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &args->settings;
		return 0;
	case OPT_PREEMPTIONS:
		args->config.preemptions = (unsigned int)sim_cli_number(arg, 10, 0, 8, state,
								"the number of preemptions");
		return 0;
	case OPT_SECONDS:
		args->config.seconds = sim_cli_duration(arg, state);
		return 0;
	case OPT_RESCHED:
		args->config.resched = true;
		return 0;
	case OPT_EVERYTHING:
		args->config.everything = true;
		return 0;
	case OPT_KEEP:
		args->keep = arg;
		return 0;
	case 'q':
		args->quiet = true;
		return 0;
	case ARGP_KEY_ARG:
		if (args->workload)
			argp_error(state, "more than one workload given");
		args->workload = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no workload given; \"tdpsim fuzz --list\" prints them");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {
	{ &sim_lab_settings_argp, 0, "The machine (default: v6.4, EPT, 4 levels, all features):", 1 },
	{ 0 }
};

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.children = children,
	.args_doc = "WORKLOAD",
	.doc = "Run all schedules of a workload, a stock one or a file, that have no more than so "
	       "many preemptions.",
};

static void tell(void *ctx, u64 schedules, double done, double seconds)
{
	double left = done > 0 ? seconds * (1 - done) / done : 0;

	(void)ctx;
	fprintf(stderr, "%5.0f s: %llu schedules, %.1f %% of this round; about %.0f s left\n",
		seconds, (unsigned long long)schedules, done * 100, left);
}

static int explore(struct arguments *args, struct sim_schedule_file *f)
{
	struct sim_explore_result result;
	char machine[256];
	int r;

	printf("tdpsim explore %s --preemptions %u on %s\n", args->workload,
	       args->config.preemptions, sim_lab_machine_print(&f->machine, machine, sizeof(machine)));
	fflush(stdout);
	r = sim_explore(&args->config, f, &result);
	if (r) {
		fprintf(stderr, "tdpsim explore: %s\n", strerror(-r));
		return SIM_EXIT_USAGE;
	}
	printf("%llu schedules in %u rounds, %.1f s: %.0f/s\n", (unsigned long long)result.schedules,
	       result.rounds, result.seconds, result.schedules / result.seconds);
	if (result.found) {
		printf("found: %s\n", f->fails);
		return sim_handle_failure(f, args->keep);
	}
	if (!result.complete) {
		printf("not all of them: the time is over; none of these fails\n");
		return SIM_EXIT_OK;
	}
	printf("all %llu interleavings with at most %u preemptions: none fails\n",
	       (unsigned long long)result.last_round, args->config.preemptions);
	return SIM_EXIT_OK;
}

int sim_cmd_explore(int argc, char **argv)
{
	struct arguments args = {
		.config = { .preemptions = 1, .progress = tell },
	};
	struct sim_schedule_file f = { 0 };
	char err[SIM_ERR_SIZE];
	const char *needs;
	int status;

	argv[0] = "tdpsim explore";
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	if (args.quiet)
		args.config.progress = NULL;
	f.workload = sim_load_workload(args.workload, &needs, err, sizeof(err));
	if (!f.workload) {
		fprintf(stderr, "tdpsim explore: %s\n", err);
		return SIM_EXIT_USAGE;
	}
	if (!sim_cli_begin())
		return SIM_EXIT_USAGE;
	f.machine = sim_lab_machine_default();
	if (needs)
		sim_lab_machine_apply(&f.machine, needs);
	sim_lab_settings_apply(&args.settings, &f.machine);
	status = explore(&args, &f);
	sim_schedule_file_free(&f);
	return status;
}
