/* SPDX-License-Identifier: GPL-2.0-only */
#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/cli.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
} verbs[] = {
	{ "replay", sim_cmd_replay, "replay recordings of real kernels, or a schedule, and compare" },
	{ "run", sim_cmd_run, "run scenarios on a host of their own, and check what they expect" },
	{ "stress", sim_cmd_stress, "run VMs and their host on many threads, and watch for what breaks" },
	{ "show", sim_cmd_show, "show the page tables that a recording or a scenario leads to" },
	{ "decode", sim_cmd_decode, "say in words what an SPTE, EPTP, role or error code is" },
	{ "fuzz", NULL, "search the schedules of workloads for one that breaks something" },
	{ "explore", NULL, "run all schedules of a workload up to a number of preemptions" },
	{ "shrink", NULL, "make a schedule that fails as small as it gets" },
	{ "explain", NULL, "show what happens in a schedule, thread by thread, and why it fails" },
	{ "bench", NULL, "measure what schedules cost" },
};

#define NR_VERBS	(sizeof(verbs) / sizeof(verbs[0]))

static void help(FILE *out)
{
	size_t i;

	fprintf(out, "Usage: tdpsim VERB [OPTION...] [ARGUMENT...]\n"
		"The Linux KVM x86 TDP MMU in an ordinary process.\n\n");
	for (i = 0; i < NR_VERBS; i++)
		fprintf(out, "  %-10s %s\n", verbs[i].name, verbs[i].what);
	fprintf(out, "\n\"tdpsim VERB --help\" tells of a verb's options.\n"
		"Exit status: 0 fine, 1 found something or a comparison failed, 2 bad usage or input.\n");
}

/* What was printed must have arrived, or the status would be a lie. */
static int finish(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	perror("tdpsim: standard output");
	return SIM_EXIT_USAGE;
}

/*
 * The verbs without a function here are those of another program beside this one: they are
 * built on the deterministic scheduler (sim/det/), not on real threads.
 */
static int start_det(char **argv)
{
	static const char name[] = "tdpsim-det";
	char path[PATH_MAX + sizeof(name)];
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX);

	while (len > 0 && path[len - 1] != '/')
		len--;
	if (len > 0) {
		memcpy(path + len, name, sizeof(name));
		execv(path, argv);
	}
	fprintf(stderr, "tdpsim: cannot start %s: %s\n", len > 0 ? path : name, strerror(errno));
	return SIM_EXIT_USAGE;
}

/* Both programs can replay something. */
static bool names_schedule(int argc, char **argv)
{
	int i;

	for (i = 2; i < argc; i++) {
		size_t len = strlen(argv[i]);

		if (len > 6 && !strcmp(argv[i] + len - 6, ".sched"))
			return true;
	}
	return false;
}

static int run_verb(size_t verb, int argc, char **argv)
{
	if (!verbs[verb].run || (verbs[verb].run == sim_cmd_replay && names_schedule(argc, argv)))
		return start_det(argv);
	return finish(verbs[verb].run(argc - 1, argv + 1));
}

int main(int argc, char **argv)
{
	size_t i;

	argp_err_exit_status = SIM_EXIT_USAGE;
	if (argc < 2) {
		help(stderr);
		return SIM_EXIT_USAGE;
	}
	if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-?")) {
		help(stdout);
		return finish(SIM_EXIT_OK);
	}

	for (i = 0; i < NR_VERBS; i++)
		if (!strcmp(argv[1], verbs[i].name))
			return run_verb(i, argc, argv);
	fprintf(stderr, "tdpsim: no verb \"%s\"; \"tdpsim help\" lists them\n", argv[1]);
	return SIM_EXIT_USAGE;
}
