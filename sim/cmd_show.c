/* SPDX-License-Identifier: GPL-2.0-only */
#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli.h"
#include "sim/replay.h"
#include "sim/show.h"
#include "sim/sim.h"

/* tdpsim show FILE */

enum { OPT_AT = 256, OPT_DOT };

static const struct argp_option options[] = {
	{ "at", OPT_AT, "N", 0,
	  "The tables after operation N, counted from 1; default is the last before the VM is "
	  "destroyed", 0 },
	{ "dot", OPT_DOT, NULL, 0, "A graph for Graphviz instead of a tree", 0 },
	{ 0 }
};

/* A path of any length, and what is wrong with the file. */
#define SIM_ERR_SIZE	(PATH_MAX + 512)

struct arguments {
	size_t at;
	bool dot;
	const char *file;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;
	char *end;

	switch (key) {
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

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "FILE",
	.doc = "Replay a recording up to an operation and show the page tables of its VM as a "
	       "tree: runs of equal entries folded, SPTEs in words.",
};

/* Replay up to operation @at: 1 shown, 0 shown with a warning for tables that differ, or -1. */
static int show_tables(const struct sim_recording *rec, size_t at, bool dot)
{
	const struct sim_replay_options opt = { .keep_going = true, .stop_after = at };
	struct sim_replay_result result;
	struct sim_replay replay;
	char err[SIM_ERR_SIZE];
	int r;

	if (sim_replay_start(&replay, rec, NULL, err, sizeof(err))) {
		fprintf(stderr, "%s\n", err);
		return -1;
	}
	r = sim_replay_run(&replay, &opt, &result);
	if (!r) {
		if (!dot)
			printf("%s after operation %zu of %zu, \"%s\"\n", rec->name, at,
			       rec->nr_records, rec->records[at - 1].op.text);
		if (replay.machine.kvm)
			sim_show_tables(stdout, replay.machine.kvm, dot);
		else
			fputs(dot ? "digraph tables {\n}\n" : "no VM\n", stdout);
	}
	sim_replay_stop(&replay);
	if (r) {
		if (r == -EINVAL)
			fprintf(stderr, "%s\n", replay.err);
		else
			fprintf(stderr, "%s: %s\n", rec->name, strerror(-r));
		return -1;
	}
	return !result.nr_mismatches;
}

int sim_cmd_show(int argc, char **argv)
{
	struct arguments args = { 0 };
	struct sim_recording *rec;
	char err[SIM_ERR_SIZE];
	int shown;

	argv[0] = "tdpsim show";
	argp_parse(&argp, argc, argv, 0, NULL, &args);

	rec = sim_recording_read(args.file, err, sizeof(err));
	if (!rec) {
		fprintf(stderr, "%s\n", err);
		return SIM_EXIT_USAGE;
	}
	if (!args.at)
		args.at = rec->nr_records - 1;
	if (args.at > rec->nr_records) {
		fprintf(stderr, "%s: has %zu operations, not %zu\n", args.file, rec->nr_records,
			args.at);
		sim_recording_free(rec);
		return SIM_EXIT_USAGE;
	}
	if (sim_init()) {
		fprintf(stderr, "tdpsim: cannot set up the simulated memory\n");
		sim_recording_free(rec);
		return SIM_EXIT_USAGE;
	}

	shown = show_tables(rec, args.at, args.dot);
	if (!shown)
		fprintf(stderr, "%s: these are not the tables that were recorded: \"replay\" "
			"tells where they begin to differ\n", args.file);
	sim_recording_free(rec);
	kvm_mmu_module_exit();
	sim_exit();
	return shown > 0 ? SIM_EXIT_OK : shown ? SIM_EXIT_USAGE : SIM_EXIT_FOUND;
}
