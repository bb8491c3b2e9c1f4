/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_ALIGN_H
#define _SIM_LINUX_ALIGN_H

/* @a is a power of two; the result has the type of @x. */
#define ALIGN_DOWN(x, a)	((x) & ~((__typeof__(x))(a) - 1))
#define ALIGN(x, a)		ALIGN_DOWN((x) + ((__typeof__(x))(a) - 1), a)
#define IS_ALIGNED(x, a)	(((x) & ((__typeof__(x))(a) - 1)) == 0)

/* @y is a power of two. */
#define round_down(x, y)	ALIGN_DOWN(x, y)
#define round_up(x, y)		ALIGN(x, y)

#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))

#endif
