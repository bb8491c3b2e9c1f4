/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_CLI_H
#define SIM_CLI_H

#include <argp.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

#include "mmu/profile.h"

/* Bytes that hold every message about a file, whatever its path. */
#define SIM_ERR_SIZE	(PATH_MAX + 512)

/* Exit status of every verb. */
#define SIM_EXIT_OK	0
#define SIM_EXIT_FOUND	1	/* it found something, or a comparison failed */
#define SIM_EXIT_USAGE	2	/* bad usage or bad input */

/*
 * The verbs of tdpsim, each in a file cmd_VERB.c.  They parse their own options.
 * @argc, @argv: as of main(), from the verb on
 *
 * Return: the exit status.
 */
int sim_cmd_replay(int argc, char **argv);
int sim_cmd_decode(int argc, char **argv);
int sim_cmd_run(int argc, char **argv);
int sim_cmd_show(int argc, char **argv);
int sim_cmd_stress(int argc, char **argv);

/* ---- What they share ---- */

/** sim_cli_begin() - set the simulator up: false with a message if that fails. */
bool sim_cli_begin(void);

/** sim_cli_end() - take it down: @status, or that of a leak with a message. */
int sim_cli_end(int status);

/** sim_cli_seconds() - a time, to measure by differences. */
double sim_cli_seconds(void);

/**
 * sim_cli_open() - open a file that an option named, for writing.
 * @path: NULL if the option was not given: then *file is NULL
 *
 * Return: false with a message on failure.
 */
bool sim_cli_open(const char *path, FILE **file);

/** sim_cli_close() - close it: false with a message if not everything was written.  NULL is fine. */
bool sim_cli_close(const char *path, FILE *file);

/* ---- Values of options: what is none ends the process with a message and SIM_EXIT_USAGE ---- */

/**
 * sim_cli_number() - a number from @min to @max.
 * @base: as strtoull() takes it
 * @what: what it is, for the message
 */
u64 sim_cli_number(const char *arg, int base, u64 min, u64 max, struct argp_state *state,
		   const char *what);

/** sim_cli_duration() - a number of seconds, above 0 and not above ten million. */
double sim_cli_duration(const char *arg, struct argp_state *state);

/** sim_cli_profile() - the profile of this name. */
const struct sim_profile *sim_cli_profile(const char *arg, struct argp_state *state);

/** sim_cli_is_ept() - the tables' format: true for ept, false for npt. */
bool sim_cli_is_ept(const char *arg, struct argp_state *state);

#endif /* SIM_CLI_H */
