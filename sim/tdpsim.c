/* SPDX-License-Identifier: GPL-2.0-only */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "sim/cli.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
} verbs[] = {
	{ "replay", sim_cmd_replay, "replay recordings of real kernels and compare" },
	{ "run", sim_cmd_run, "run scenarios on a host of their own, and check what they expect" },
	{ "stress", sim_cmd_stress, "run VMs and their host on many threads, and watch for what breaks" },
	{ "show", sim_cmd_show, "show the page tables that a recording or a scenario leads to" },
	{ "decode", sim_cmd_decode, "say in words what an SPTE, EPTP, role or error code is" },
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
			return finish(verbs[i].run(argc - 1, argv + 1));
	fprintf(stderr, "tdpsim: no verb \"%s\"; \"tdpsim help\" lists them\n", argv[1]);
	return SIM_EXIT_USAGE;
}
