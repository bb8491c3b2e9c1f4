/* SPDX-License-Identifier: GPL-2.0-only */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "sim/cli.h"
#include "sim/fuzz/verbs.h"

/*
 * The verbs that explore schedules.  They need another seam than the rest, so they are
 * another program; tdpsim starts it.
 */

/* Nothing shall be given back to the system between two schedules. */
const char *malloc_conf = "dirty_decay_ms:-1,muzzy_decay_ms:-1,narenas:1";

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{ "fuzz", sim_cmd_fuzz },
	{ "explore", sim_cmd_explore },
	{ "replay", sim_cmd_replay_schedule },
	{ "shrink", sim_cmd_shrink },
	{ "bench", sim_cmd_bench },
	{ "explain", sim_cmd_explain },
};

int main(int argc, char **argv)
{
	size_t i;

	argp_err_exit_status = SIM_EXIT_USAGE;
	for (i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(argv[1], verbs[i].name))
			return verbs[i].run(argc - 1, argv + 1);
	fprintf(stderr, "This is a part of tdpsim: see tdpsim --help.\n");
	return SIM_EXIT_USAGE;
}
