/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_FUZZ_RANDOM_H
#define SIM_FUZZ_RANDOM_H

#include <linux/types.h>

/* Numbers from a seed: the same ones everywhere. */

/** sim_mix() - one number from two, well mixed (the finalizer of splitmix64). */
static inline u64 sim_mix(u64 a, u64 b)
{
	u64 x = a + 0x9e3779b97f4a7c15ULL * (b + 1);

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/** sim_random() - the next one of a state (xorshift64*), which is never 0. */
static inline u64 sim_random(u64 *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

/** sim_random_below() - from 0 to @below - 1. */
static inline u32 sim_random_below(u64 *state, u32 below)
{
	return (u32)((sim_random(state) >> 32) * below >> 32);
}

#endif /* SIM_FUZZ_RANDOM_H */
