/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_MEM_H
#define _SIM_MEM_H

/*
 * Simulated physical memory of the host kernel: the part of it in which page tables and the kernel's
 * own objects lie.  linux/gfp.h, linux/mm.h and linux/slab.h are how the MMU uses it.
 *
 * A window of physical addresses is backed by memory, at the same distance everywhere from physical
 * to virtual address, as in the kernel's direct map.  jemalloc serves pages and objects from two
 * arenas inside it, and its per-thread caches play the kernel's per-CPU lists.
 *
 * What is freed is poisoned.  In builds with assertions it then waits in a quarantine, a queue of
 * fixed length, before it can be handed out again, and if somebody has written to it meanwhile, that
 * is reported.  In builds with AddressSanitizer any touch is reported at once.
 */

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/types.h>

/* The physical addresses that exist, the end excluded. */
#define SIM_MEM_BASE		_ULL(0xc00000000)	/* 48 GiB */
#define SIM_MEM_END		_ULL(0x1000000000)	/* 64 GiB */

/**
 * sim_mem_init() - reserve the window and make the arenas
 *
 * Calls nest.  Pages of the window are backed when they are first written.
 *
 * Return: 0, -ENOMEM, or what jemalloc says.
 */
int sim_mem_init(void);

/**
 * sim_mem_exit() - undo sim_mem_init(); the last call empties the quarantine
 *
 * The window stays reserved for the next sim_mem_init(), so addresses stay what they were.
 *
 * Return: pages and objects that are still in use; 0 if this was not the last call.
 */
unsigned long sim_mem_exit(void);

/**
 * sim_mem_pages_in_use() - pages that are allocated now
 *
 * Exact when no other thread allocates or frees.
 */
unsigned long sim_mem_pages_in_use(void);

/**
 * sim_mem_objects_in_use() - objects of all kmem caches, and of kmalloc(), that are allocated now
 *
 * Exact when no other thread allocates or frees.
 */
unsigned long sim_mem_objects_in_use(void);

/**
 * sim_mem_set_quarantine() - how much freed memory is kept from being used again
 * @pages: how many pages; four times as many objects
 *
 * What is too much now leaves the quarantine, oldest first.  At first 64 in builds with assertions,
 * 0 in others.
 */
void sim_mem_set_quarantine(unsigned int pages);

/**
 * sim_mem_fail_nth() - let an allocation of this thread fail
 * @n: which one from now on, pages and objects counted together; 1 is the next; 0 is none
 *
 * The allocation returns NULL, or 0 for a page, and later ones succeed again.
 */
void sim_mem_fail_nth(unsigned long n);

/**
 * sim_mem_contains() - does an address lie in the direct map's window?
 * @addr: any
 */
bool sim_mem_contains(const void *addr);

/**
 * sim_mem_thread_exit() - give this thread's caches of free memory back; for sim_thread_exit()
 */
void sim_mem_thread_exit(void);

#endif
