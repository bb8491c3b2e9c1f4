/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_FUZZ_FOUND_H
#define SIM_FUZZ_FOUND_H

#include "sim/fuzz/schedule.h"

/* What becomes of a schedule that fails, whoever found it. */

/**
 * sim_handle_failure() - verify, shrink, write down and explain.
 * @f: becomes what is left of it
 * @dir: where the file goes; NULL: the current directory
 *
 * The last line that it prints is the command that replays the file.
 *
 * Return: the exit status.
 */
int sim_handle_failure(struct sim_schedule_file *f, const char *dir);

/**
 * sim_shrink_file() - shrink, write down, explain.
 * @path: NULL: a file in @dir, called by the workload and the hash
 *
 * Return: the exit status.
 */
int sim_shrink_file(struct sim_schedule_file *f, double seconds, const char *path, const char *dir);

/* ---- shrink.c ---- */

struct sim_shrink_stats {
	unsigned int runs;
	unsigned int ops_before, ops_after;
	unsigned int preemptions_before, preemptions_after;
};

/**
 * sim_shrink() - make a failing schedule as small as it gets.
 * @f: fails; stays a schedule that fails in the same way
 * @seconds: how long it may take; thrice that, while more than four preemptions are left
 *
 * What does not matter goes: decisions, operations, what is out of the ordinary about the machine.
 * Then schedules with fewer preemptions are looked for (shrink.h), and so on.
 *
 * Return: 0, -EINVAL if it does not fail, -ENOMEM.
 */
int sim_shrink(struct sim_schedule_file *f, double seconds, struct sim_shrink_stats *stats);

/** sim_same_failure() - whether two reports are of the same kind: what stands before the details. */
bool sim_same_failure(const char *a, const char *b);

/* ---- Options that several verbs have ---- */

/** sim_load_workload() - a stock workload by its name, or a file: NULL with a message in @err. */
struct sim_workload *sim_load_workload(const char *name, const char **machine, char *err,
				       size_t err_size);

#endif /* SIM_FUZZ_FOUND_H */
