/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_SEAM_POINT_H
#define _SIM_SEAM_POINT_H

/*
 * Every access that another task may see is announced before it happens, and the scheduler decides
 * then who goes first.  Announced before, not after: so the decision knows what is pending.
 */

#include <stdbool.h>

enum sim_point_kind {
	SIM_POINT_READ,
	SIM_POINT_WRITE,
	SIM_POINT_RMW,
	SIM_POINT_LOCK,		/* exclusively, or for writing */
	SIM_POINT_LOCK_READ,
	SIM_POINT_CONTENDED,	/* does anybody wait for the lock? */
	SIM_POINT_WAKE,		/* a wake-up, or a wait for one */
	SIM_POINT_RCU,		/* the beginning of a section, a callback, a grace period */
	SIM_POINT_WORK,		/* of workqueues */
	SIM_POINT_TASK,		/* of threads: start, stop, join */
	SIM_POINT_NR
};

/**
 * sim_det_point() - announce an access; another task may run before this returns
 * @kind: what is going to happen
 * @object: to which memory
 * @line: of the source, which unlike an address in the code is the same in all builds
 */
void sim_det_point(enum sim_point_kind kind, const volatile void *object, unsigned int line);

/* Whether anybody listens: a schedule is, or was, explored, and this is not a checker's access. */
extern bool sim_det_listening;

#define sim_point(kind, object)							\
do {										\
	if (__builtin_expect(sim_det_listening, 1))				\
		sim_det_point(kind, object, __LINE__);				\
} while (0)

/** sim_det_cmpxchg_fails() - whether the schedule lets the next try_cmpxchg() fail. */
bool sim_det_cmpxchg_fails(void);

#define sim_cmpxchg_fails()							\
	(__builtin_expect(sim_det_listening, 1) && sim_det_cmpxchg_fails())

/**
 * sim_cpu_relax() - one turn of a loop that waits for another CPU: others run first
 */
void sim_cpu_relax(void);

#endif
