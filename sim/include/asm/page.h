/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_ASM_PAGE_H
#define _SIM_ASM_PAGE_H

#include <linux/const.h>
#include <linux/types.h>

#define PAGE_SHIFT	12
#define PAGE_SIZE	(_UL(1) << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))

/* The simulated machine has 52 physical address bits, the architecture's maximum. */
#define __PHYSICAL_MASK_SHIFT	52
#define __PHYSICAL_MASK		((_ULL(1) << __PHYSICAL_MASK_SHIFT) - 1)

/*
 * The direct map: a physical address plus page_offset_base is the pointer to it.  Only the window of
 * physical memory that sim/mem.h describes is there; the pages of a guest are numbers and no more.
 */
extern unsigned long page_offset_base;

#define __va(pa)		((void *)(page_offset_base + (unsigned long)(pa)))
#define __pa(va)		((unsigned long)(va) - page_offset_base)

#define PFN_PHYS(pfn)		((phys_addr_t)(pfn) << PAGE_SHIFT)
#define PHYS_PFN(pa)		((unsigned long)((pa) >> PAGE_SHIFT))

#endif
