/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_MATH64_H
#define _SIM_LINUX_MATH64_H

#include <linux/types.h>

/**
 * div64_u64() - quotient of two 64-bit numbers
 * @dividend: any
 * @divisor: not 0
 */
static inline u64 div64_u64(u64 dividend, u64 divisor)
{
	return dividend / divisor;
}

/**
 * div_u64() - quotient by a 32-bit number
 * @dividend: any
 * @divisor: not 0
 */
static inline u64 div_u64(u64 dividend, u32 divisor)
{
	return dividend / divisor;
}

#endif
