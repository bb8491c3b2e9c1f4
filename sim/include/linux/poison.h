/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_POISON_H
#define _SIM_LINUX_POISON_H

/* What a removed list entry points at: not NULL, and never mapped. */
#define LIST_POISON1	((void *)0x100)
#define LIST_POISON2	((void *)0x122)

/* The bytes that fill objects: allocated and not yet written, and freed. */
#define POISON_INUSE	0x5a
#define POISON_FREE	0x6b

#endif
