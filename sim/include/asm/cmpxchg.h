/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_ASM_CMPXCHG_H
#define _SIM_ASM_CMPXCHG_H

/*
 * Atomic exchange on memory that has no atomic type, page-table entries above all.  Every success
 * is a full barrier.  The x86 forms are LOCK CMPXCHG and XCHG (SDM volume 3, section 9.1.2.2).
 */

#include <linux/compiler.h>
#include <linux/types.h>

/* Store @v, yield what was there. */
#define xchg(p, v)								\
({										\
	__typeof__(p) __xchg_p = (p);						\
	sim_point(SIM_POINT_RMW, __xchg_p);					\
	__atomic_exchange_n(__xchg_p, (v), __ATOMIC_SEQ_CST);			\
})

/* Store @new if @old is there; yield what was there. */
#define cmpxchg(p, old, new)							\
({										\
	__typeof__(p) __cmpxchg_p = (p);					\
	__typeof__(*(p)) __cmpxchg_o = (old);					\
	sim_point(SIM_POINT_RMW, __cmpxchg_p);					\
	__atomic_compare_exchange_n(__cmpxchg_p, &__cmpxchg_o, (new), false,	\
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);	\
	__cmpxchg_o;								\
})

/*
 * Store @new if *@oldp is there and yield true; else put what is there in *@oldp.  Whoever calls it
 * must bear that it fails and *@oldp is as before: a schedule may say so.
 */
#define try_cmpxchg(p, oldp, new)						\
({										\
	__typeof__(p) __cmpxchg_p = (p);					\
	sim_point(SIM_POINT_RMW, __cmpxchg_p);					\
	sim_cmpxchg_fails() ?							\
		(*(oldp) = __atomic_load_n(__cmpxchg_p, __ATOMIC_SEQ_CST), false) : \
		__atomic_compare_exchange_n(__cmpxchg_p, (oldp), (new), false,	\
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
})

/**
 * cmpxchg64() - cmpxchg() of a 64-bit word
 * @p: the word
 * @old: stored over only if it is this
 * @new: what to store
 *
 * Return: what was there; equal to @old if @new has been stored.
 */
static __always_inline u64 cmpxchg64(u64 *p, u64 old, u64 new)
{
	return cmpxchg(p, old, new);
}

/**
 * try_cmpxchg64() - try_cmpxchg() of a 64-bit word
 * @p: the word
 * @oldp: stored over only if it is this; on failure gets what was there
 * @new: what to store
 *
 * Return: true if @new has been stored.
 */
static __always_inline bool try_cmpxchg64(u64 *p, u64 *oldp, u64 new)
{
	return try_cmpxchg(p, oldp, new);
}

/**
 * xchg64() - xchg() of a 64-bit word
 * @p: the word
 * @new: what to store
 *
 * Return: what was there.
 */
static __always_inline u64 xchg64(u64 *p, u64 new)
{
	return xchg(p, new);
}

#endif
