/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_STACKS_H
#define SIM_STACKS_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/**
 * sim_stacks_print() - print the stack of each other thread of this process, by function names.
 * @out: where to
 * @wanted: prints a heading for the thread with this id, or returns false to leave it out;
 *	    NULL: all are printed, under the names that they have given themselves
 * @arg: handed to @wanted
 *
 * For a process that hangs and is going to end.  Each thread is interrupted by SIGUSR2, and
 * one that does not answer within a second is said not to.  Functions that the compiler
 * inlined are not shown.
 */
void sim_stacks_print(FILE *out, bool (*wanted)(FILE *out, pid_t tid, void *arg), void *arg);

/** sim_stacks_print_name() - print a heading with the name that a thread has given itself. */
void sim_stacks_print_name(FILE *out, pid_t tid);

#endif /* SIM_STACKS_H */
