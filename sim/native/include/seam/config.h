/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_SEAM_CONFIG_H
#define _SIM_SEAM_CONFIG_H

/* The kernel options that code asks for with IS_ENABLED().  What is not here is off. */

#define CONFIG_64BIT			1
#define CONFIG_X86_64			1
#define CONFIG_SMP			1
#define CONFIG_MMU_NOTIFIER		1

/* KVM_ARCH_NR_OBJS_PER_MEMORY_CACHE (v5.9 and later). */
#define SIM_MMU_CACHE_OBJECTS		40

/* The build type is chosen here and nowhere else: assertions cost, and NDEBUG removes them. */
#ifndef NDEBUG
#define CONFIG_PROVE_LOCKING		1
#define CONFIG_PROVE_RCU		1
#define CONFIG_DEBUG_ATOMIC_SLEEP	1
#define CONFIG_PAGE_POISONING		1
#endif

#endif
