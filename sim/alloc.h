/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_ALLOC_H
#define SIM_ALLOC_H

#include <stddef.h>

/*
 * Memory of the simulated world itself, not of its kernel.  On real threads it is the C
 * library's; where a world lives for some microseconds only, it all goes at once.
 */

/** sim_calloc() - zeroed memory for @n things of @size bytes: NULL if there is none. */
void *sim_calloc(size_t n, size_t size);

/** sim_free() - give it back; NULL is allowed. */
void sim_free(void *p);

#endif /* SIM_ALLOC_H */
