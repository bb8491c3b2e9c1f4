/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_QUARANTINE_H
#define _SIM_QUARANTINE_H

/* Poison in freed memory, and the queue in which it waits.  For sim/mem.c and sim/slab.c only. */

#include <linux/types.h>

#include "sim/arena.h"

#define SIM_QUARANTINE_NAME_LEN	32

/**
 * sim_poison_alloc() - let memory be used, for the bytes that were asked for and no others
 * @p: fresh from its arena
 * @size: bytes that the user may touch
 * @usable: bytes that are there
 * @zero: fill it with zeroes; else it gets, with CONFIG_PAGE_POISONING, a pattern of its own, so
 *	that an object nobody has written to does not look like a freed one
 */
void sim_poison_alloc(void *p, size_t size, size_t usable, bool zero);

/**
 * sim_poison_is_intact() - is all of it still as sim_quarantine_add() has left it?
 * @p: the memory
 * @usable: bytes
 *
 * Without CONFIG_PAGE_POISONING freed memory keeps its contents, and the answer is false.
 */
bool sim_poison_is_intact(void *p, size_t usable);

/**
 * sim_quarantine_add() - poison freed memory and let it wait for its turn to go to its arena
 * @arena: where it goes
 * @p: the memory
 * @usable: bytes that are there
 * @name: what it was, for a report; copied, up to SIM_QUARANTINE_NAME_LEN - 1 bytes
 *
 * What leaves the queue for it is checked: a write after free is reported.
 */
void sim_quarantine_add(enum sim_arena arena, void *p, size_t usable, const char *name);

/**
 * sim_quarantine_limit() - how much may wait
 * @arena: in which queue
 * @limit: how many; what is too much leaves now, oldest first
 */
void sim_quarantine_limit(enum sim_arena arena, unsigned int limit);

/**
 * sim_quarantine_drain() - let everything leave, checked as ever
 */
void sim_quarantine_drain(void);

#endif
