/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
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

u64 sim_cli_number(const char *arg, int base, u64 min, u64 max, struct argp_state *state,
		   const char *what)
{
	char *end;
	u64 n;

	errno = 0;
	n = strtoull(arg, &end, base);
	/* Signs and blanks in front, which strtoull() would take, are no part of a number. */
	if (errno || *arg < '0' || *arg > '9' || *end || n < min || n > max)
		argp_error(state, "%s must be a number from %llu to %llu, not \"%s\"", what,
			   (unsigned long long)min, (unsigned long long)max, arg);
	return n;
}

double sim_cli_duration(const char *arg, struct argp_state *state)
{
	char *end;
	double seconds = strtod(arg, &end);

	if (*arg < '0' || *arg > '9' || *end || !(seconds > 0 && seconds <= 1e7))
		argp_error(state, "\"%s\" is no number of seconds", arg);
	return seconds;
}

const struct sim_profile *sim_cli_profile(const char *arg, struct argp_state *state)
{
	const struct sim_profile *profile = sim_profile_find(arg);

	if (!profile)
		argp_error(state, "there is no profile \"%s\"", arg);
	return profile;
}

bool sim_cli_is_ept(const char *arg, struct argp_state *state)
{
	bool ept = !strcmp(arg, "ept");

	if (!ept && strcmp(arg, "npt"))
		argp_error(state, "the format is ept or npt, not \"%s\"", arg);
	return ept;
}
