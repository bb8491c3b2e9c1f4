/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <string.h>

#include "sim/replay.h"
#include "sim/sim.h"

int main(int argc, char **argv)
{
	int i, bad = 0;

	sim_init();
	for (i = 1; i < argc; i++) {
		char err[512];
		struct sim_replay replay;
		struct sim_replay_options opt = { .out = stdout };
		struct sim_replay_result res;
		struct sim_recording *rec = sim_recording_read(argv[i], err, sizeof(err));

		if (!rec || sim_replay_start(&replay, rec, err, sizeof(err))) {
			fprintf(stderr, "%s\n", err);
			return 2;
		}
		sim_replay_run(&replay, &opt, &res);
		printf("%s %s %zu ops %zu events\n", res.nr_mismatches ? "FAIL" : "PASS", argv[i], res.nr_ops, res.nr_events);
		bad += !!res.nr_mismatches;
		sim_replay_stop(&replay);
		sim_recording_free(rec);
	}
	printf("%d failed of %d; leaks %lu\n", bad, argc - 1, sim_exit());
	return !!bad;
}
