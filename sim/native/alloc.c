/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>

#include "sim/alloc.h"

void *sim_calloc(size_t n, size_t size)
{
	return calloc(n, size);
}

void sim_free(void *p)
{
	free(p);
}
