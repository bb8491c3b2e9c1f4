/* SPDX-License-Identifier: GPL-2.0-only */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "sim/cli.h"
#include "sim/fuzz/explain.h"
#include "sim/fuzz/symbol.h"
#include "sim/fuzz/verbs.h"

/* tdpsim explain FILE */

enum { OPT_JSON = 256, OPT_ALL, OPT_WIDTH };

static const struct argp_option options[] = {
	{ "json", OPT_JSON, "FILE", 0,
	  "Write the run as a trace, too, for ui.perfetto.dev or chrome://tracing", 0 },
	{ "all", OPT_ALL, NULL, 0, "Every event, not only those that fit on a screen", 0 },
	{ "width", OPT_WIDTH, "N", 0, "Characters in a line, 60 to 400 (default: 100)", 0 },
	{ 0 }
};

struct arguments {
	struct sim_explain_options opt;
	const char *json;
	const char *file;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;

	switch (key) {
	case OPT_JSON:
		args->json = arg;
		return 0;
	case OPT_ALL:
		args->opt.all = true;
		return 0;
	case OPT_WIDTH:
		args->opt.width = (unsigned int)sim_cli_number(arg, 10, SIM_EXPLAIN_MIN_WIDTH, 400,
							       state, "the width");
		return 0;
	case ARGP_KEY_ARG:
		if (args->file)
			argp_error(state, "more than one file given");
		args->file = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no file given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "FILE",
	.doc = "Replay a schedule and explain how it fails: what each task does, side by side, in "
	       "the functions of KVM; and which two accesses must not come in this order.",
};

static int explain(struct arguments *args, const struct sim_schedule_file *f)
{
	int r;

	if (!sim_cli_open(args->json, &args->opt.json))
		return SIM_EXIT_USAGE;
	r = sim_explain(stdout, f, &args->opt);
	if (!sim_cli_close(args->json, args->opt.json))
		return SIM_EXIT_USAGE;
	if (!r)
		return SIM_EXIT_OK;
	fprintf(stderr, "%s: %s\n", args->file, strerror(-r));
	return SIM_EXIT_USAGE;
}

int sim_cmd_explain(int argc, char **argv)
{
	struct arguments args = { 0 };
	struct sim_schedule_file f;
	char err[SIM_ERR_SIZE];
	int status;

	argv[0] = "tdpsim explain";
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	if (!sim_schedule_file_read(args.file, &f, err, sizeof(err))) {
		fprintf(stderr, "%s\n", err);
		return SIM_EXIT_USAGE;
	}
	status = SIM_EXIT_USAGE;
	if (sim_cli_begin()) {
		status = explain(&args, &f);
		sim_symbol_exit();
		status = sim_cli_end(status);
	}
	sim_schedule_file_free(&f);
	return status;
}
