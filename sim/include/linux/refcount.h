/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_REFCOUNT_H
#define _SIM_LINUX_REFCOUNT_H

/*
 * Reference counts that stop instead of wrapping (kernel: lib/refcount.c).  A count that was
 * misused is reported once per cause and goes to REFCOUNT_SATURATED, far from both ends, where it
 * stays: the object leaks, which is less harm than freeing it under somebody's feet.
 */

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/types.h>

typedef struct refcount_struct {
	atomic_t refs;
} refcount_t;

#define REFCOUNT_INIT(n)	{ .refs = ATOMIC_INIT(n) }
#define REFCOUNT_MAX		INT32_MAX
#define REFCOUNT_SATURATED	(INT32_MIN / 2)

/**
 * refcount_set() - give a count its value, relaxed
 * @r: the count; nobody else changes it now
 * @n: the value
 */
static inline void refcount_set(refcount_t *r, int n)
{
	atomic_set(&r->refs, n);
}

/**
 * refcount_read() - the value, relaxed
 * @r: the count
 */
static inline unsigned int refcount_read(const refcount_t *r)
{
	return (unsigned int)atomic_read(&r->refs);
}

/**
 * refcount_inc_not_zero() - take a reference, unless the last one has gone
 * @r: the count
 *
 * No ordering beyond what the caller's way to the object gives, as in the kernel.
 *
 * Return: true if a reference was taken; also for a saturated count.
 */
bool refcount_inc_not_zero(refcount_t *r) __must_check;

/**
 * refcount_inc() - take a reference while holding one
 * @r: the count; 0 is reported as use after free, and saturates
 */
void refcount_inc(refcount_t *r);

/**
 * refcount_dec_and_test() - drop a reference
 * @r: the count; going below 0 is reported, and saturates
 *
 * Release ordering; acquire too when the count drops to 0, so that what others did with the object
 * is over before it is freed.
 *
 * Return: true if this was the last one.
 */
bool refcount_dec_and_test(refcount_t *r) __must_check;

/**
 * refcount_dec() - drop a reference that is not the last one
 * @r: the count; reaching 0 is reported, and saturates
 */
void refcount_dec(refcount_t *r);

#endif
