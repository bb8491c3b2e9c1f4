/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_TYPES_H
#define _SIM_LINUX_TYPES_H

/*
 * System headers include <linux/types.h> for __u32 and friends, and on this include path they find
 * this file.  So the system's own comes first, and the kernel-internal names are added to it.
 */
#include_next <linux/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The stdint types, so that PRIx64 and friends fit u64 on every host. */
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

typedef u64 phys_addr_t;
typedef unsigned int gfp_t;
typedef unsigned int slab_flags_t;

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	s64 counter;
} atomic64_t;

/* A link of a circular doubly linked list, or its head: an empty list points at itself. */
struct list_head {
	struct list_head *next, *prev;
};

/* What call_rcu() queues; embedded in the object that waits for its grace period. */
struct callback_head {
	struct callback_head *next;
	void (*func)(struct callback_head *head);
};

#define rcu_head callback_head

typedef void (*rcu_callback_t)(struct rcu_head *head);

#endif
