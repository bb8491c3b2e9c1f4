/* SPDX-License-Identifier: GPL-2.0-only */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli.h"
#include "sim/replay.h"

/* tdpsim replay FILE... */

struct arguments {
	bool keep_going;
	bool quiet;
	const char *out;
	FILE *lines;		/* @out, open */
	const struct sim_profile *profile;
	char **files;
	int nr_files;
};

static const struct argp_option options[] = {
	{ "keep-going", 'k', NULL, 0,
	  "Go on behind a mismatch, at the next operation, to see more", 0 },
	{ "profile", 'p', "NAME", 0,
	  "Replay on another kernel generation than the recorded one, to see what differs", 0 },
	{ "out", 'o', "FILE", 0, "Write what the replay did there, as a recording", 0 },
	{ "quiet", 'q', NULL, 0, "Name only the recordings that fail", 0 },
	{ 0 }
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;

	switch (key) {
	case 'k':
		args->keep_going = true;
		return 0;
	case 'o':
		args->out = arg;
		return 0;
	case 'p':
		args->profile = sim_cli_profile(arg, state);
		return 0;
	case 'q':
		args->quiet = true;
		return 0;
	case ARGP_KEY_ARGS:
		args->files = state->argv + state->next;
		args->nr_files = state->argc - state->next;
		if (args->out && args->nr_files > 1)
			argp_error(state, "--out takes the replay of one recording");
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no recording given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "FILE...",
	.doc = "Carry out the operations of recordings (.vec or .vec.zst) on the simulated MMU, "
	       "answer as the recorded host did, and compare every page fault, page-table page, "
	       "SPTE change, flush, result and statistic with what the real kernel did.",
};

struct totals {
	size_t passed, failed, events;
	u64 spte_changes;
	double seconds;		/* spent replaying, not reading */
};

/* Replay one: false if it could not be, which is the file's fault or memory's. */
static bool replay_file(const struct sim_recording *rec, const struct arguments *args,
			struct totals *totals)
{
	const struct sim_replay_options opt = {
		.keep_going = args->keep_going, .out = stdout, .lines = args->lines,
	};
	struct sim_replay_result result;
	struct sim_replay replay;
	double start = sim_cli_seconds();
	char err[SIM_ERR_SIZE];
	bool passed;
	int r;

	if (sim_replay_start(&replay, rec, args->profile, err, sizeof(err))) {
		fprintf(stderr, "%s\n", err);
		return false;
	}
	r = sim_replay_run(&replay, &opt, &result);
	sim_replay_stop(&replay);
	if (r) {
		fprintf(stderr, "%s\n", replay.err);
		return false;
	}

	totals->seconds += sim_cli_seconds() - start;
	totals->events += result.nr_events;
	totals->spte_changes += result.nr_spte_changes;
	passed = !result.nr_mismatches;
	totals->passed += passed;
	totals->failed += !passed;
	if (!passed || !args->quiet)
		printf("%s  %-50s %5zu operations %6zu events\n", passed ? "PASS" : "FAIL",
		       rec->name, result.nr_ops, result.nr_events);
	return true;
}

/* All files are read before the first is replayed: a bad one ends it before it begins. */
static struct sim_recording **read_files(const struct arguments *args)
{
	struct sim_recording **recs = calloc(args->nr_files, sizeof(*recs));
	char err[SIM_ERR_SIZE];
	int i;

	if (!recs) {
		fprintf(stderr, "tdpsim: out of memory\n");
		return NULL;
	}
	for (i = 0; i < args->nr_files; i++) {
		recs[i] = sim_recording_read(args->files[i], err, sizeof(err));
		if (recs[i] && sim_replay_check(recs[i], err, sizeof(err)))
			continue;
		fprintf(stderr, "%s\n", err);
		for (; i >= 0; i--)
			sim_recording_free(recs[i]);
		free(recs);
		return NULL;
	}
	return recs;
}

static void print_totals(const struct totals *totals)
{
	printf("%zu events compared, %llu SPTE changes replayed in %.3f s: %.1f million a second\n",
	       totals->events, (unsigned long long)totals->spte_changes, totals->seconds,
	       totals->seconds > 0 ? totals->spte_changes / totals->seconds / 1e6 : 0);
	printf("%zu passed, %zu failed\n", totals->passed, totals->failed);
}

/* Replay all, and free them: the exit status. */
static int replay_files(struct sim_recording **recs, const struct arguments *args)
{
	struct totals totals = { 0 };
	bool ok = true;
	int i;

	for (i = 0; i < args->nr_files; i++) {
		ok = ok && replay_file(recs[i], args, &totals);
		sim_recording_free(recs[i]);
	}
	free(recs);
	if (!ok)
		return SIM_EXIT_USAGE;
	print_totals(&totals);
	return totals.failed ? SIM_EXIT_FOUND : SIM_EXIT_OK;
}

int sim_cmd_replay(int argc, char **argv)
{
	struct arguments args = { 0 };
	struct sim_recording **recs;
	int status;

	argv[0] = "tdpsim replay";
	argp_parse(&argp, argc, argv, 0, NULL, &args);

	recs = read_files(&args);
	if (!recs || !sim_cli_open(args.out, &args.lines) || !sim_cli_begin())
		return SIM_EXIT_USAGE;
	status = replay_files(recs, &args);
	if (!sim_cli_close(args.out, args.lines))
		status = SIM_EXIT_USAGE;
	return sim_cli_end(status);
}
