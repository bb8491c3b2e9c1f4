/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_FUZZ_VERBS_H
#define SIM_FUZZ_VERBS_H

/*
 * The verbs of tdpsim-det, each in a file cmd_VERB.c.
 * @argc, @argv: as of main(), from the verb on
 *
 * Return: the exit status, see sim/cli.h.
 */
int sim_cmd_fuzz(int argc, char **argv);
int sim_cmd_explore(int argc, char **argv);
int sim_cmd_replay_schedule(int argc, char **argv);
int sim_cmd_shrink(int argc, char **argv);
int sim_cmd_explain(int argc, char **argv);
int sim_cmd_bench(int argc, char **argv);

#endif /* SIM_FUZZ_VERBS_H */
