/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/cli.h"
#include "sim/fuzz/explain.h"
#include "sim/fuzz/found.h"
#include "sim/load.h"

/* How long shrinking may take: whoever waits for a finding waits for this too. */
#define SHRINK_SECONDS	20

struct sim_workload *sim_load_workload(const char *name, const char **machine, char *err,
				       size_t err_size)
{
	const struct sim_stock *stock = sim_stock_find(name);
	char *text, *whole, *dot;
	struct sim_workload *w;
	size_t len;

	*machine = stock ? stock->machine : NULL;
	if (stock)
		return sim_workload_parse(stock->name, stock->text, err, err_size);
	text = sim_load(name, &len, err, err_size);
	if (!text)
		return NULL;
	whole = realloc(text, len + 1);
	if (!whole) {
		free(text);
		snprintf(err, err_size, "%s: out of memory", name);
		return NULL;
	}
	whole[len] = '\0';
	w = sim_workload_parse(name, whole, err, err_size);
	free(whole);
	if (!w)
		return NULL;
	/* What is found is called by it: without directory, and without what stands behind a dot. */
	name = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
	snprintf(w->name, sizeof(w->name), "%s", name);
	dot = strchr(w->name, '.');
	if (dot && dot != w->name)
		*dot = '\0';
	return w;
}

static bool verify(const struct sim_schedule_file *f)
{
	struct sim_det_result result;

	if (sim_schedule_file_run(f, NULL, &result, NULL)) {
		fprintf(stderr, "tdpsim: out of memory\n");
		return false;
	}
	if (result.failed && result.hash == f->hash)
		return true;
	printf("The simulator itself is not deterministic here: replayed, the schedule %s with "
	       "hash %016" PRIx64 ", not %016" PRIx64 ".\n", result.failed ? "fails" : "passes",
	       result.hash, f->hash);
	return false;
}

static void choose_path(const struct sim_schedule_file *f, const char *dir, char *path, size_t size)
{
	snprintf(path, size, "%s/%s-%016" PRIx64 ".sched", dir ? dir : ".", f->workload->name,
		 f->hash);
}

int sim_shrink_file(struct sim_schedule_file *f, double seconds, const char *path, const char *dir)
{
	const struct sim_explain_options options = { 0 };
	struct sim_shrink_stats stats;
	char chosen[1024];
	int r = sim_shrink(f, seconds, &stats);

	if (r) {
		fprintf(stderr, "tdpsim: %s\n", r == -EINVAL ? "the schedule does not fail" :
								strerror(-r));
		return SIM_EXIT_USAGE;
	}
	printf("shrunk by %u runs: operations %u to %u, preemptions %u to %u\n\n", stats.runs,
	       stats.ops_before, stats.ops_after, stats.preemptions_before,
	       stats.preemptions_after);
	if (dir && mkdir(dir, 0777) && errno != EEXIST)
		fprintf(stderr, "%s: %s\n", dir, strerror(errno));
	if (!path) {
		choose_path(f, dir, chosen, sizeof(chosen));
		path = chosen;
	}
	if (!sim_schedule_file_write(path, f)) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return SIM_EXIT_USAGE;
	}
	sim_explain(stdout, f, &options);
	printf("\ntdpsim replay %s\n", path);
	return SIM_EXIT_FOUND;
}

int sim_handle_failure(struct sim_schedule_file *f, const char *dir)
{
	char path[1024];

	fflush(stdout);
	if (verify(f))
		return sim_shrink_file(f, SHRINK_SECONDS, NULL, dir);
	choose_path(f, dir, path, sizeof(path));
	sim_schedule_file_write(path, f);
	printf("\ntdpsim replay %s\n", path);
	return SIM_EXIT_FOUND;
}
