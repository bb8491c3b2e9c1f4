/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sim/alloc.h"
#include "sim/det/mem.h"

/*
 * Handed out in ascending order, and taken back all at once when a run begins: also from a
 * run that stopped in the middle.
 */

#define POOL_SIZE	((size_t)64 << 20)
#define ALIGNMENT	((size_t)64)

static char *pool;
static size_t used;

void sim_det_alloc_reset(void)
{
	used = 0;
}

static bool have_pool(void)
{
	if (pool)
		return true;
	pool = mmap(NULL, POOL_SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (pool == MAP_FAILED)
		pool = NULL;
	return pool;
}

void *sim_calloc(size_t n, size_t size)
{
	size_t bytes;
	void *p;

	if (!have_pool() || __builtin_mul_overflow(n, size, &bytes) ||
	    bytes > POOL_SIZE - used)
		return NULL;
	p = pool + used;
	used += (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	return memset(p, 0, bytes);
}

void sim_free(void *p)
{
}
