/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_COMPILER_H
#define _SIM_LINUX_COMPILER_H

#include <seam/point.h>

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

#undef __always_inline
#define __always_inline	inline __attribute__((always_inline))
#define noinline	__attribute__((noinline))
#define __maybe_unused	__attribute__((unused))
#define __must_check	__attribute__((warn_unused_result))
#define __printf(fmt, args) __attribute__((format(printf, fmt, args)))
#define __cold		__attribute__((cold))
#define fallthrough	__attribute__((fallthrough))

/* Address space marks of sparse; a compiler has nothing to do with them. */
#define __rcu
#define __user
#define __iomem
#define __percpu
#define __read_mostly
#define __ro_after_init
#define __init
#define __exit
#define __force

#define SIM_STRINGIFY_1(x)	#x
#define SIM_STRINGIFY(x)	SIM_STRINGIFY_1(x)

/* Where an operation stands in the source, as one string for reports. */
#define SIM_SITE		__FILE__ ":" SIM_STRINGIFY(__LINE__)

/* The compiler may not move memory accesses across this; the CPU still may. */
#define barrier()	__asm__ __volatile__("" : : : "memory")

/*
 * READ_ONCE(), WRITE_ONCE() - one untorn access that the compiler neither repeats nor drops
 *
 * For scalars of up to 64 bits.  They order nothing (LKMM: "marked", relaxed).  Written with the
 * atomic builtins, so that ThreadSanitizer knows that these accesses may race.
 */
#define READ_ONCE(x)								\
({										\
	__typeof__(&(x)) __once_p = &(x);					\
	sim_point(SIM_POINT_READ, __once_p);					\
	__atomic_load_n((const volatile __typeof__(x) *)__once_p, __ATOMIC_RELAXED); \
})

#define WRITE_ONCE(x, val)							\
do {										\
	__typeof__(&(x)) __once_p = &(x);					\
	__typeof__(x) __once_v = (val);						\
	sim_point(SIM_POINT_WRITE, __once_p);					\
	__atomic_store_n((volatile __typeof__(x) *)__once_p, __once_v, __ATOMIC_RELAXED); \
} while (0)

/* A read that races on purpose and whose value does not matter for correctness. */
#define data_race(expr)	(expr)

#endif
