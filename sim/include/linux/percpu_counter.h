/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_PERCPU_COUNTER_H
#define _SIM_LINUX_PERCPU_COUNTER_H

#include <linux/atomic.h>
#include <linux/types.h>

/* One exact counter; the kernel's is spread over the CPUs and read approximately. */
struct percpu_counter {
	atomic64_t count;
};

/**
 * percpu_counter_init() - make a counter
 * @fbc: the counter
 * @amount: its value
 * @gfp: for the kernel's per-CPU part
 *
 * Return: 0.
 */
static inline int percpu_counter_init(struct percpu_counter *fbc, s64 amount, gfp_t gfp)
{
	(void)gfp;
	atomic64_set(&fbc->count, amount);
	return 0;
}

/**
 * percpu_counter_destroy() - end a counter
 * @fbc: the counter
 */
static inline void percpu_counter_destroy(struct percpu_counter *fbc)
{
	(void)fbc;
}

/**
 * percpu_counter_add() - add to a counter
 * @fbc: the counter
 * @amount: what to add, may be negative
 */
static inline void percpu_counter_add(struct percpu_counter *fbc, s64 amount)
{
	atomic64_add(amount, &fbc->count);
}

/**
 * percpu_counter_inc() - add 1
 * @fbc: the counter
 */
static inline void percpu_counter_inc(struct percpu_counter *fbc)
{
	percpu_counter_add(fbc, 1);
}

/**
 * percpu_counter_dec() - subtract 1
 * @fbc: the counter
 */
static inline void percpu_counter_dec(struct percpu_counter *fbc)
{
	percpu_counter_add(fbc, -1);
}

/**
 * percpu_counter_read_positive() - the value, or 0 if it is negative
 * @fbc: the counter
 */
static inline s64 percpu_counter_read_positive(struct percpu_counter *fbc)
{
	s64 count = atomic64_read(&fbc->count);

	return count > 0 ? count : 0;
}

#endif
