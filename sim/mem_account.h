/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_MEM_ACCOUNT_H
#define _SIM_MEM_ACCOUNT_H

/* What all kinds of allocation share.  For sim/mem.c and sim/slab.c only. */

#include <linux/gfp.h>
#include <linux/types.h>

/**
 * sim_mem_may_alloc() - look at an allocation before it is made
 * @gfp: reports it if the allocation may sleep and this thread may not
 *
 * Return: false if this is the one that sim_mem_fail_nth() has chosen to fail.
 */
bool sim_mem_may_alloc(gfp_t gfp);

/**
 * sim_mem_count_object() - count an object
 * @change: 1 when it is allocated, -1 when it is freed
 */
void sim_mem_count_object(long change);

#endif
