/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_DET_MEM_H
#define SIM_DET_MEM_H

#include <linux/mm.h>
#include <linux/types.h>

#include "sim/mem.h"

/*
 * Simulated physical memory for schedules: sim/mem.h has what it offers to the rest.
 *
 * Memory is handed out in ascending order and never twice in one schedule, so an address
 * says who it is, the same in every run, and whatever was freed is known to be for as long
 * as it matters: a quarantine without end.
 */

/* What is known of an object or page that a task is about to touch. */
struct sim_det_memory {
	const char *name;	/* of its cache, or "page" */
	unsigned int number;	/* among all that were made in this schedule, from 1 */
	u32 offset;		/* of the address, in it: bytes */
	bool freed;
	u8 freed_by;		/* its task's number */
};

/** sim_det_mem_reset() - a new schedule: nothing is allocated. */
void sim_det_mem_reset(void);

/** sim_det_alloc_reset() - a new schedule: what sim/alloc.h handed out is free again. */
void sim_det_alloc_reset(void);

/** sim_det_mem_window - where memory begins; before the first sim_mem_init() nowhere. */
extern char *sim_det_mem_window;

/** sim_det_mem_lookup() - what is known of an address: false if it is none of ours. */
bool sim_det_mem_lookup(const volatile void *addr, struct sim_det_memory *memory);

/** sim_det_mem_name() - a number that tells addresses apart, equal in all runs; 0 for others. */
static inline u64 sim_det_mem_name(const volatile void *addr)
{
	u64 offset = (u64)((const volatile char *)addr - sim_det_mem_window);

	return offset < SIM_MEM_END - SIM_MEM_BASE ? offset + 1 : 0;
}

/* Pages lie in the first half of memory, objects in the other: so their names do. */
#define SIM_DET_MEM_HALF	((SIM_MEM_END - SIM_MEM_BASE) / 2)

/** sim_det_mem_is_page() - whether a name is that of an address in a page. */
static inline bool sim_det_mem_is_page(u64 name)
{
	return name && name <= SIM_DET_MEM_HALF;
}

/* struct page.flags; the rest is the number of the task that freed it. */
#define SIM_DET_PAGE_LIVE	1UL
#define SIM_DET_PAGE_FREED	2UL
#define SIM_DET_PAGE_BY_SHIFT	8

/** sim_det_mem_object_is_freed() - sim_det_mem_is_freed() by the name of what is in no page. */
bool sim_det_mem_object_is_freed(u64 name);

/** sim_det_mem_is_freed() - whether an address lies in freed memory; no other is asked for. */
static inline bool sim_det_mem_is_freed(const volatile void *addr)
{
	u64 name = sim_det_mem_name(addr);

	if (sim_det_mem_is_page(name))
		return virt_to_page((const void *)addr)->flags & SIM_DET_PAGE_FREED;
	return name && sim_det_mem_object_is_freed(name);
}

#endif /* SIM_DET_MEM_H */
