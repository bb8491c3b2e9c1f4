/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_BUILD_BUG_H
#define _SIM_LINUX_BUILD_BUG_H

/* The message is optional, unlike with the C11 keyword. */
#undef static_assert
#define static_assert(expr, ...)	_Static_assert(expr, "" #expr)

#define BUILD_BUG_ON_MSG(cond, msg)	_Static_assert(!(cond), msg)
#define BUILD_BUG_ON(cond)		BUILD_BUG_ON_MSG(cond, "BUILD_BUG_ON: " #cond)

/* For branches that the optimiser removes; here, where -O0 keeps them, they report when reached. */
#define BUILD_BUG()			BUG()

#endif
