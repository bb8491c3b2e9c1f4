/* SPDX-License-Identifier: GPL-2.0-only */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli.h"
#include "sim/cli_machine.h"
#include "sim/load.h"
#include "sim/replay.h"
#include "sim/run.h"
#include "sim/show.h"

/* tdpsim show FILE */

enum { OPT_AT = 256, OPT_DOT };

static const struct argp_option options[] = {
	{ "at", OPT_AT, "N", 0,
	  "The tables after operation N, counted from 1; default is the last before the VM is "
	  "destroyed", 0 },
	{ "dot", OPT_DOT, NULL, 0, "A graph for Graphviz instead of a tree", 0 },
	{ 0 }
};

struct arguments {
	struct sim_run_config config;	/* of a scenario; a recording has its own */
	size_t at;
	bool dot;
	const char *file;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;
	char *end;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &args->config;
		return 0;
	case OPT_AT:
		errno = 0;
		args->at = strtoul(arg, &end, 10);
		if (errno || *arg < '0' || *arg > '9' || *end || !args->at)
			argp_error(state, "\"%s\" is not the number of an operation", arg);
		return 0;
	case OPT_DOT:
		args->dot = true;
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

static const struct argp_child children[] = {
	{ &sim_machine_argp, 0, "The machine that a scenario runs on:", 1 },
	{ 0 }
};

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "FILE",
	.children = children,
	.doc = "Carry out a recording or a scenario up to an operation and show the page tables of "
	       "its VM as a tree: runs of equal entries folded, SPTEs in words.",
};

/* ---- Printing ---- */

static void show_machine(const struct arguments *args, const struct sim_machine *machine,
			 size_t nr_ops, const struct sim_op *op)
{
	char text[SIM_OP_TEXT_SIZE];

	if (!args->dot) {
		sim_op_print(op, text, sizeof(text));
		printf("%s after operation %zu of %zu, \"%s\"\n", args->file, args->at, nr_ops,
		       op->text[0] ? op->text : text);
	}
	if (machine->kvm)
		sim_show_tables(stdout, machine->kvm, args->dot);
	else
		fputs(args->dot ? "digraph tables {\n}\n" : "no VM\n", stdout);
}

/* Without --at it is the last operation before the VM goes: false if there are not so many. */
static bool choose_operation(struct arguments *args, size_t nr_ops)
{
	if (!args->at)
		args->at = nr_ops - 1;
	if (args->at <= nr_ops)
		return true;
	fprintf(stderr, "%s: has %zu operations, not %zu\n", args->file, nr_ops, args->at);
	return false;
}

/* ---- A recording ---- */

static int show_replay(struct arguments *args, const struct sim_recording *rec)
{
	const struct sim_replay_options opt = { .keep_going = true, .stop_after = args->at };
	struct sim_replay_result result;
	struct sim_replay replay;
	char err[SIM_ERR_SIZE];
	int r;

	if (sim_replay_start(&replay, rec, NULL, err, sizeof(err))) {
		fprintf(stderr, "%s\n", err);
		return SIM_EXIT_USAGE;
	}
	r = sim_replay_run(&replay, &opt, &result);
	if (!r)
		show_machine(args, &replay.machine, rec->nr_records, &rec->records[args->at - 1].op);
	sim_replay_stop(&replay);

	if (r) {
		fprintf(stderr, "%s\n", replay.err);
		return SIM_EXIT_USAGE;
	}
	if (!result.nr_mismatches)
		return SIM_EXIT_OK;
	fprintf(stderr, "%s: these are not the tables that were recorded: \"replay\" tells where "
		"they begin to differ\n", args->file);
	return SIM_EXIT_FOUND;
}

static int show_recording(struct arguments *args, const char *text, size_t len)
{
	char err[SIM_ERR_SIZE];
	struct sim_recording *rec = sim_recording_parse(args->file, text, len, err, sizeof(err));
	int status = SIM_EXIT_USAGE;

	if (!rec)
		fprintf(stderr, "%s\n", err);
	else if (choose_operation(args, rec->nr_records))
		status = show_replay(args, rec);
	sim_recording_free(rec);
	return status;
}

/* ---- A scenario ---- */

/* The operation with a number, counted from 1, or NULL; and how many there are. */
static const struct sim_op *find_op(const struct sim_script *script, size_t number, size_t *nr_ops)
{
	const struct sim_op *found = NULL;
	size_t i;

	*nr_ops = 0;
	for (i = 0; i < script->nr_steps; i++)
		if (!script->steps[i].is_expect && ++*nr_ops == number)
			found = &script->steps[i].op;
	return found;
}

static int show_run(struct arguments *args, const struct sim_script *script)
{
	struct sim_run_result result;
	struct sim_run run;
	size_t nr_ops;
	int r;

	find_op(script, 0, &nr_ops);
	if (!choose_operation(args, nr_ops))
		return SIM_EXIT_USAGE;

	r = sim_run_start(&run, script, &args->config);
	if (!r) {
		r = sim_run_steps(&run, NULL, NULL, args->at, &result);
		if (!r)
			show_machine(args, &run.machine, nr_ops,
				     find_op(script, args->at, &nr_ops));
		sim_run_stop(&run);
	}
	if (!r)
		return SIM_EXIT_OK;
	fprintf(stderr, "%s: %s\n", args->file, strerror(-r));
	return SIM_EXIT_USAGE;
}

static int show_scenario(struct arguments *args, const char *text, size_t len)
{
	struct sim_script_config config = sim_run_script_config(&args->config);
	char err[SIM_ERR_SIZE];
	struct sim_script *script = sim_script_parse(args->file, text, len, &config, err,
						     sizeof(err));
	int status = SIM_EXIT_USAGE;

	if (script)
		status = show_run(args, script);
	else
		fprintf(stderr, "%s\n", err);
	sim_script_free(script);
	return status;
}

/* A scenario has another first line: its comments apart, "vm". */
static bool is_scenario(const char *path, const char *text, size_t len)
{
	size_t n = strlen(path);

	if (len >= 10 && !memcmp(text, "tdp-vector", 10))
		return false;
	return n > 3 && !strcmp(path + n - 3, ".sc");
}

int sim_cmd_show(int argc, char **argv)
{
	struct arguments args = { 0 };
	char err[SIM_ERR_SIZE], *text;
	size_t len;
	int status;

	argv[0] = "tdpsim show";
	sim_run_config_init(&args.config);
	argp_parse(&argp, argc, argv, 0, NULL, &args);

	text = sim_load(args.file, &len, err, sizeof(err));
	if (!text) {
		fprintf(stderr, "%s\n", err);
		return SIM_EXIT_USAGE;
	}
	if (!sim_cli_begin()) {
		free(text);
		return SIM_EXIT_USAGE;
	}
	if (is_scenario(args.file, text, len))
		status = show_scenario(&args, text, len);
	else
		status = show_recording(&args, text, len);
	free(text);
	return sim_cli_end(status);
}
