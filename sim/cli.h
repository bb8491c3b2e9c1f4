/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_CLI_H
#define SIM_CLI_H

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

#endif /* SIM_CLI_H */
