/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_DET_CRASH_H
#define SIM_DET_CRASH_H

#include <stdbool.h>

/**
 * sim_crash_catch() - turn memory faults of a run into failures of the run.
 * @on: from now on; else they are the process's end again
 *
 * A poisoned pointer that is followed without being announced faults; so does a stack that
 * overflows.  Under AddressSanitizer nothing is caught: its own report says more.
 */
void sim_crash_catch(bool on);

#define SIM_CRASH_STACK_SIZE	(64u << 10)

/** sim_crash_thread() - by each thread of a run: where its faults are handled. */
void sim_crash_thread(char stack[SIM_CRASH_STACK_SIZE]);

#endif /* SIM_DET_CRASH_H */
