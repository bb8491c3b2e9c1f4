/* SPDX-License-Identifier: GPL-2.0-only */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/cli.h"
#include "sim/fuzz/found.h"
#include "sim/fuzz/verbs.h"

/* tdpsim replay FILE.sched, and tdpsim shrink FILE.sched */

struct arguments {
	const char *file, *out;
	unsigned int times;
	double seconds;
	bool threads, quiet, shrink;
};

enum { OPT_TIMES = 256, OPT_BACKEND, OPT_OUT, OPT_SECONDS };

static const struct argp_option replay_options[] = {
	{ "times", OPT_TIMES, "N", 0, "So many times; default 1", 0 },
	{ "backend", OPT_BACKEND, "NAME", 0,
	  "fibres (default), or threads: a pthread each, one at a time, for gdb and valgrind", 0 },
	{ "quiet", 'q', NULL, 0, "Only the last line", 0 },
	{ 0 }
};

static const struct argp_option shrink_options[] = {
	{ "out", OPT_OUT, "FILE", 0, "Where it goes (default: the file itself)", 0 },
	{ "seconds", OPT_SECONDS, "S", 0, "How long it may take; default 60", 0 },
	{ 0 }
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;

	switch (key) {
	case OPT_TIMES:
		args->times = (unsigned int)sim_cli_number(arg, 10, 1, 100000000, state,
							   "the number of times");
		return 0;
	case OPT_BACKEND:
		args->threads = !strcmp(arg, "threads");
		if (!args->threads && strcmp(arg, "fibres"))
			argp_error(state, "there is no backend \"%s\"", arg);
		return 0;
	case OPT_OUT:
		args->out = arg;
		return 0;
	case OPT_SECONDS:
		args->seconds = sim_cli_duration(arg, state);
		return 0;
	case 'q':
		args->quiet = true;
		return 0;
	case ARGP_KEY_ARG:
		if (args->file)
			argp_error(state, "one schedule at a time");
		args->file = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no file given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp replay_argp = {
	.options = replay_options,
	.parser = parse_option,
	.args_doc = "FILE.sched",
	.doc = "Replay a schedule, exactly: the hash of all that happens is compared.",
};

static const struct argp shrink_argp = {
	.options = shrink_options,
	.parser = parse_option,
	.args_doc = "FILE.sched",
	.doc = "Make a schedule that fails as small as it gets, and explain it.",
};

static bool read_file(const char *path, struct sim_schedule_file *f)
{
	char err[SIM_ERR_SIZE];

	if (sim_schedule_file_read(path, f, err, sizeof(err)))
		return sim_cli_begin();
	fprintf(stderr, "tdpsim: %s\n", err);
	return false;
}

/* Whether it went as the file says: else why not. */
static const char *differs(const struct sim_schedule_file *f, const struct sim_det_result *result)
{
	if (f->hash && f->hash != result->hash)
		return "the hash differs: the simulator or the workload is another one";
	if (f->fails[0] && !result->failed)
		return "it passes";
	if (!f->fails[0] && result->failed)
		return "it fails";
	return NULL;
}

static int replay(const struct arguments *args, const struct sim_schedule_file *f)
{
	struct sim_det_result result;
	const char *wrong = NULL;
	unsigned int i, nr = 0;
	int r = 0;

	sim_fibre_set_backend(args->threads ? SIM_FIBRE_THREADS : SIM_FIBRE_STACKS);
	for (i = 0; i < args->times && !r; i++) {
		r = sim_schedule_file_run(f, NULL, &result, NULL);
		wrong = r ? NULL : differs(f, &result);
		nr += !r && !wrong;
	}
	if (r) {
		fprintf(stderr, "tdpsim replay: %s\n", strerror(-r));
		return SIM_EXIT_USAGE;
	}
	if (!args->quiet && result.failed)
		printf("%s: %s\n", result.task_name, result.report);
	if (wrong)
		printf("%s: %s\n", args->file, wrong);
	printf("%s: %u of %u replays as recorded, hash %016" PRIx64 ", %" PRIu64 " steps\n",
	       args->file, nr, args->times, (uint64_t)result.hash, (uint64_t)result.steps);
	if (nr != args->times)
		return SIM_EXIT_FOUND;
	return result.failed ? SIM_EXIT_FOUND : SIM_EXIT_OK;
}

int sim_cmd_replay_schedule(int argc, char **argv)
{
	struct arguments args = { .times = 1 };
	struct sim_schedule_file f;
	int status;

	argv[0] = "tdpsim replay";
	argp_parse(&replay_argp, argc, argv, 0, NULL, &args);
	if (!read_file(args.file, &f))
		return SIM_EXIT_USAGE;
	status = replay(&args, &f);
	sim_schedule_file_free(&f);
	return status;
}

int sim_cmd_shrink(int argc, char **argv)
{
	struct arguments args = { .seconds = 60 };
	struct sim_schedule_file f;
	int status;

	argv[0] = "tdpsim shrink";
	argp_parse(&shrink_argp, argc, argv, 0, NULL, &args);
	if (!read_file(args.file, &f))
		return SIM_EXIT_USAGE;
	status = sim_shrink_file(&f, args.seconds, args.out ? args.out : args.file, NULL);
	sim_schedule_file_free(&f);
	return status;
}
