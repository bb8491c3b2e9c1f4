/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_SEAM_POINT_H
#define _SIM_SEAM_POINT_H

/*
 * Every access that another thread may see is announced before it happens, so that a scheduler can
 * decide who goes first.  Real threads need nobody to decide: here the announcement is empty.
 */

enum sim_point_kind {
	SIM_POINT_READ,
	SIM_POINT_WRITE,
	SIM_POINT_RMW,
};

/**
 * sim_point() - announce an access
 * @kind: what is going to happen
 * @object: to which memory
 */
static inline __attribute__((always_inline)) void sim_point(enum sim_point_kind kind,
							    const volatile void *object)
{
	(void)kind;
	(void)object;
}

/* Here try_cmpxchg() fails when the CPU says so. */
#define sim_cmpxchg_fails()	0

#if defined(__x86_64__)
#define SIM_CPU_PAUSE	"pause"
#elif defined(__aarch64__)
#define SIM_CPU_PAUSE	"yield"
#else
#define SIM_CPU_PAUSE	""
#endif

/**
 * sim_cpu_relax() - one turn of a loop that waits for another CPU
 */
static inline __attribute__((always_inline)) void sim_cpu_relax(void)
{
	__asm__ __volatile__(SIM_CPU_PAUSE : : : "memory");
}

#endif
