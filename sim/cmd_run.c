/* SPDX-License-Identifier: GPL-2.0-only */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli.h"
#include "sim/cli_machine.h"
#include "sim/run.h"

/* tdpsim run FILE.sc... */

static const struct argp_option options[] = {
	{ "out", 'o', "FILE", 0, "Write the recording there instead of to standard output", 0 },
	{ "quiet", 'q', NULL, 0, "Print no recording: only expectations that fail, and the count",
	  0 },
	{ 0 }
};

struct arguments {
	struct sim_run_config config;
	const char *out;
	bool quiet;
	char **files;
	int nr_files;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &args->config;
		return 0;
	case 'o':
		args->out = arg;
		return 0;
	case 'q':
		args->quiet = true;
		return 0;
	case ARGP_KEY_ARGS:
		args->files = state->argv + state->next;
		args->nr_files = state->argc - state->next;
		if (args->out && args->nr_files > 1)
			argp_error(state, "--out takes the recording of one scenario");
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no scenario given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {
	{ &sim_machine_argp, 0, "The machine:", 1 },
	{ 0 }
};

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "FILE.sc...",
	.children = children,
	.doc = "Run scenarios on a host that behaves as Linux's memory management does, print what "
	       "a recording of it would have, and check what the scenario expects.",
};

/* Run one: the exit status. */
static int run_file(const char *path, const struct arguments *args, FILE *lines)
{
	struct sim_script_config config = sim_run_script_config(&args->config);
	struct sim_run_result result;
	struct sim_script *script;
	struct sim_run run;
	char err[SIM_ERR_SIZE];
	double start;
	int r;

	script = sim_script_read(path, &config, err, sizeof(err));
	if (!script) {
		fprintf(stderr, "%s\n", err);
		return SIM_EXIT_USAGE;
	}
	start = sim_cli_seconds();
	r = sim_run_start(&run, script, &args->config);
	if (!r) {
		r = sim_run_steps(&run, lines, stderr, 0, &result);
		sim_run_stop(&run);
	}
	sim_script_free(script);
	if (r) {
		fprintf(stderr, "%s: %s\n", path, strerror(-r));
		return SIM_EXIT_USAGE;
	}

	if (args->quiet || args->out)
		printf("%s: %zu operations, %llu accesses, %llu faults in %.3f s; %zu expectations, "
		       "%zu failed\n", path, result.nr_ops, (unsigned long long)result.nr_accesses,
		       (unsigned long long)result.nr_faults, sim_cli_seconds() - start,
		       result.nr_expects, result.nr_failed);
	return result.nr_failed ? SIM_EXIT_FOUND : SIM_EXIT_OK;
}

int sim_cmd_run(int argc, char **argv)
{
	struct arguments args = { 0 };
	int status = SIM_EXIT_OK, i;
	FILE *out;

	argv[0] = "tdpsim run";
	sim_run_config_init(&args.config);
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	if (!sim_cli_open(args.out, &out) || !sim_cli_begin())
		return SIM_EXIT_USAGE;

	for (i = 0; i < args.nr_files; i++) {
		int r = run_file(args.files[i], &args, out ? out : args.quiet ? NULL : stdout);

		if (r > status)
			status = r;
	}
	if (!sim_cli_close(args.out, out))
		status = SIM_EXIT_USAGE;
	return sim_cli_end(status);
}
