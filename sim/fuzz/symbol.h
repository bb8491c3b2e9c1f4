/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_FUZZ_SYMBOL_H
#define SIM_FUZZ_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * From addresses of this program to its source, by its own debug information.  A function
 * that the compiler has inlined is told as if it had been called.
 *
 * Not on a fibre's stack: it is too small for this.
 */

struct sim_symbol_frame {
	const char *function;	/* "?": not known */
	const char *file;	/* below the root of the source; "?" */
	int line;		/* 0: not known */
};

#define SIM_SYMBOL_MAX_INLINED	12

/* An address: the function that it is in, and those that this was inlined into. */
struct sim_symbol {
	const void *address;
	unsigned int nr;	/* at least one */
	struct sim_symbol_frame frames[SIM_SYMBOL_MAX_INLINED];	/* innermost first */
};

/**
 * sim_symbol_of() - what a return address belongs to.
 *
 * Return: never NULL, and good until sim_symbol_exit().
 */
const struct sim_symbol *sim_symbol_of(const void *return_address);

/**
 * sim_symbol_is_seam() - whether a function belongs to what stands in for the kernel.
 *
 * READ_ONCE(), lists, locks and the like: not they are of interest, but who used them.
 */
bool sim_symbol_is_seam(const struct sim_symbol_frame *frame);

/**
 * sim_symbol_callers() - a backtrace in functions, without those of the seam.
 * @pc: return addresses, innermost first
 *
 * Return: how many there are in @frames, innermost first.
 */
unsigned int sim_symbol_callers(void *const *pc, unsigned int nr, struct sim_symbol_frame *frames,
				unsigned int max);

/** sim_symbol_data() - the variable that an address lies in, as "name+8": false if it is none. */
bool sim_symbol_data(const volatile void *address, char *buf, size_t size);

/** sim_symbol_exit() - forget all. */
void sim_symbol_exit(void);

#endif /* SIM_FUZZ_SYMBOL_H */
