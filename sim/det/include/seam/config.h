/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_SEAM_CONFIG_H
#define _SIM_SEAM_CONFIG_H

/* The kernel options that code asks for with IS_ENABLED().  What is not here is off. */

#define CONFIG_64BIT			1
#define CONFIG_X86_64			1
#define CONFIG_SMP			1
#define CONFIG_MMU_NOTIFIER		1

/* Whoever explores schedules looks for mistakes: assertions are on in every build. */
#define CONFIG_PROVE_LOCKING		1
#define CONFIG_PROVE_RCU		1
#define CONFIG_DEBUG_ATOMIC_SLEEP	1
#define CONFIG_PAGE_POISONING		1

/*
 * KVM_ARCH_NR_OBJS_PER_MEMORY_CACHE.  The kernel takes 40 at a time; here a VM lives for some
 * microseconds, and what it never uses would be most of its cost.  A walk needs one a level.
 */
#define SIM_MMU_CACHE_OBJECTS		5

#endif
