/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_ARENA_H
#define _SIM_ARENA_H

/*
 * jemalloc inside the direct map's window: one arena for page tables, one for objects, so that
 * objects never keep a page table's neighbourhood from being given back.  For sim/mem.c and
 * sim/slab.c only.
 */

#include <linux/types.h>

enum sim_arena {
	SIM_ARENA_PAGES,
	SIM_ARENA_OBJECTS,
	SIM_ARENA_COUNT,
};

/**
 * sim_arena_init() - reserve the window and make the arenas; later calls do nothing
 *
 * Return: 0, -ENOMEM, or what jemalloc says.
 */
int sim_arena_init(void);

/**
 * sim_arena_alloc() - memory from an arena, through this thread's cache if it is registered
 * @arena: which one
 * @size: in bytes, not 0
 * @align: in bytes, a power of two
 *
 * Return: the memory, with arbitrary contents, or NULL.
 */
void *sim_arena_alloc(enum sim_arena arena, size_t size, size_t align);

/**
 * sim_arena_free() - give memory back
 * @arena: where it came from
 * @p: the memory
 */
void sim_arena_free(enum sim_arena arena, void *p);

/**
 * sim_arena_size() - how much memory really lies behind an allocation
 * @p: the memory
 *
 * Return: bytes, at least what was asked for.
 */
size_t sim_arena_size(const void *p);

/**
 * sim_arena_size_for() - what sim_arena_size() will say
 * @size: in bytes, not 0
 * @align: in bytes, a power of two
 */
size_t sim_arena_size_for(size_t size, size_t align);

/**
 * sim_arena_thread_exit() - give this thread's caches back to the arenas
 */
void sim_arena_thread_exit(void);

#endif
