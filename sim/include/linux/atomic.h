/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_ATOMIC_H
#define _SIM_LINUX_ATOMIC_H

/*
 * atomic_t and atomic64_t with the kernel's ordering (Documentation/atomic_t.txt): operations that
 * return nothing are relaxed, operations that return a value are full barriers.
 */

#include <asm/barrier.h>
#include <asm/cmpxchg.h>
#include <linux/compiler.h>
#include <linux/types.h>

#define ATOMIC_INIT(i)		{ (i) }
#define ATOMIC64_INIT(i)	{ (i) }

/*
 * One set of functions for each of the two types.  For a counter v:
 *
 * NAME_read(v), NAME_set(v, i)		marked accesses, relaxed
 * NAME_read_acquire(v)			ordered before what follows
 * NAME_set_release(v, i)		ordered after what precedes
 * NAME_add/sub(i, v), NAME_inc/dec(v)	relaxed
 * NAME_and/or(i, v)			relaxed
 * NAME_add_return/sub_return(i, v),
 * NAME_inc_return/dec_return(v)	full barriers, the new value
 * NAME_fetch_add/sub/and/or(i, v)	full barriers, the old value
 * NAME_dec_and_test(v)			full barrier, true if the new value is 0
 * NAME_inc_not_zero(v)			full barrier, false and no change if the value was 0
 * NAME_xchg(v, new)			full barrier, the old value
 * NAME_cmpxchg(v, old, new)		the old value; full barrier if it equalled old
 */
#define SIM_ATOMIC_ACCESS(name, box, type)					\
static __always_inline type name##_read(const box *v)				\
{										\
	sim_point(SIM_POINT_READ, &v->counter);					\
	return __atomic_load_n(&v->counter, __ATOMIC_RELAXED);			\
}										\
static __always_inline type name##_read_acquire(const box *v)			\
{										\
	sim_point(SIM_POINT_READ, &v->counter);					\
	return __atomic_load_n(&v->counter, __ATOMIC_ACQUIRE);			\
}										\
static __always_inline void name##_set(box *v, type i)				\
{										\
	sim_point(SIM_POINT_WRITE, &v->counter);				\
	__atomic_store_n(&v->counter, i, __ATOMIC_RELAXED);			\
}										\
static __always_inline void name##_set_release(box *v, type i)			\
{										\
	sim_point(SIM_POINT_WRITE, &v->counter);				\
	__atomic_store_n(&v->counter, i, __ATOMIC_RELEASE);			\
}										\
static __always_inline type name##_xchg(box *v, type new)			\
{										\
	sim_point(SIM_POINT_RMW, &v->counter);					\
	return __atomic_exchange_n(&v->counter, new, __ATOMIC_SEQ_CST);		\
}										\
static __always_inline type name##_cmpxchg(box *v, type old, type new)		\
{										\
	sim_point(SIM_POINT_RMW, &v->counter);					\
	__atomic_compare_exchange_n(&v->counter, &old, new, false,		\
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);	\
	return old;								\
}										\
static __always_inline bool name##_try_cmpxchg(box *v, type *old, type new)	\
{										\
	sim_point(SIM_POINT_RMW, &v->counter);					\
	return __atomic_compare_exchange_n(&v->counter, old, new, false,	\
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);	\
}										\
static __always_inline bool name##_inc_not_zero(box *v)				\
{										\
	type old = name##_read(v);						\
										\
	while (old && !name##_try_cmpxchg(v, &old, old + 1))			\
		;								\
	return old != 0;							\
}

#define SIM_ATOMIC_OP(name, box, type, op)					\
static __always_inline void name##_##op(type i, box *v)				\
{										\
	sim_point(SIM_POINT_RMW, &v->counter);					\
	__atomic_fetch_##op(&v->counter, i, __ATOMIC_RELAXED);			\
}										\
static __always_inline type name##_fetch_##op(type i, box *v)			\
{										\
	sim_point(SIM_POINT_RMW, &v->counter);					\
	return __atomic_fetch_##op(&v->counter, i, __ATOMIC_SEQ_CST);		\
}										\
static __always_inline type name##_##op##_return(type i, box *v)		\
{										\
	sim_point(SIM_POINT_RMW, &v->counter);					\
	return __atomic_##op##_fetch(&v->counter, i, __ATOMIC_SEQ_CST);		\
}

#define SIM_ATOMIC_STEP(name, box, type, step, op)				\
static __always_inline void name##_##step(box *v)				\
{										\
	name##_##op(1, v);							\
}										\
static __always_inline type name##_##step##_return(box *v)			\
{										\
	return name##_##op##_return(1, v);					\
}										\
static __always_inline bool name##_##step##_and_test(box *v)			\
{										\
	return name##_##step##_return(v) == 0;					\
}

#define SIM_ATOMIC_TYPE(name, box, type)					\
	SIM_ATOMIC_ACCESS(name, box, type)					\
	SIM_ATOMIC_OP(name, box, type, add)					\
	SIM_ATOMIC_OP(name, box, type, sub)					\
	SIM_ATOMIC_OP(name, box, type, and)					\
	SIM_ATOMIC_OP(name, box, type, or)					\
	SIM_ATOMIC_STEP(name, box, type, inc, add)				\
	SIM_ATOMIC_STEP(name, box, type, dec, sub)

SIM_ATOMIC_TYPE(atomic, atomic_t, int)
SIM_ATOMIC_TYPE(atomic64, atomic64_t, s64)

#endif
