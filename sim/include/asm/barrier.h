/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_ASM_BARRIER_H
#define _SIM_ASM_BARRIER_H

#include <linux/compiler.h>

/*
 * gcc says that ThreadSanitizer does not follow fences.  It need not: what they order here are
 * marked accesses and atomics, which are no data races with or without them.
 */
#if defined(__SANITIZE_THREAD__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtsan"
#endif

/**
 * smp_mb() - all accesses before it are seen before all accesses after it
 */
static __always_inline void smp_mb(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/**
 * smp_rmb() - reads before it are done before reads after it; a little stronger than that in C11
 */
static __always_inline void smp_rmb(void)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
}

/**
 * smp_wmb() - writes before it are seen before writes after it; a little stronger than that in C11
 */
static __always_inline void smp_wmb(void)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

#if defined(__SANITIZE_THREAD__)
#pragma GCC diagnostic pop
#endif

#define smp_mb__before_atomic()	smp_mb()
#define smp_mb__after_atomic()	smp_mb()

#define smp_load_acquire(p)							\
({										\
	__typeof__(p) __acquire_p = (p);					\
	sim_point(SIM_POINT_READ, __acquire_p);					\
	__atomic_load_n(__acquire_p, __ATOMIC_ACQUIRE);				\
})

#define smp_store_release(p, v)							\
do {										\
	__typeof__(p) __release_p = (p);					\
	__typeof__(*(p)) __release_v = (v);					\
	sim_point(SIM_POINT_WRITE, __release_p);				\
	__atomic_store_n(__release_p, __release_v, __ATOMIC_RELEASE);		\
} while (0)

#define smp_store_mb(var, v)							\
do {										\
	WRITE_ONCE(var, v);							\
	smp_mb();								\
} while (0)

/* One turn of a loop that waits for another CPU. */
#define cpu_relax()		sim_cpu_relax()

#endif
