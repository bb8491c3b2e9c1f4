/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "mmu/module.h"
#include "sim/cli.h"
#include "sim/sim.h"

double sim_cli_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec * 1e-9;
}

bool sim_cli_begin(void)
{
	if (!sim_init())
		return true;
	fprintf(stderr, "tdpsim: cannot set up the simulated memory\n");
	return false;
}

int sim_cli_end(int status)
{
	unsigned long leaked;

	kvm_mmu_module_exit();
	leaked = sim_exit();
	if (!leaked)
		return status;
	fprintf(stderr, "tdpsim: %lu pages and objects leaked\n", leaked);
	return SIM_EXIT_FOUND;
}

bool sim_cli_open(const char *path, FILE **file)
{
	*file = NULL;
	if (!path)
		return true;
	*file = fopen(path, "w");
	if (!*file)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	return *file;
}

bool sim_cli_close(const char *path, FILE *file)
{
	bool ok;

	if (!file)
		return true;
	ok = !fflush(file) && !ferror(file);
	ok &= !fclose(file);
	if (!ok)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	return ok;
}
