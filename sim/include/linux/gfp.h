/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_GFP_H
#define _SIM_LINUX_GFP_H

#include <asm/page.h>
#include <linux/types.h>

/* The values are our own; only __GFP_ZERO and whether the caller may sleep have an effect. */
#define __GFP_ZERO		((gfp_t)0x01)
#define __GFP_ACCOUNT		((gfp_t)0x02)
#define __GFP_NOWARN		((gfp_t)0x04)
#define __GFP_DIRECT_RECLAIM	((gfp_t)0x08)
#define __GFP_KSWAPD_RECLAIM	((gfp_t)0x10)
#define __GFP_HIGH		((gfp_t)0x20)

#define GFP_KERNEL		(__GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM)
#define GFP_KERNEL_ACCOUNT	(GFP_KERNEL | __GFP_ACCOUNT)
#define GFP_ATOMIC		(__GFP_HIGH | __GFP_KSWAPD_RECLAIM)
#define GFP_NOWAIT		(__GFP_KSWAPD_RECLAIM)

/**
 * __get_free_page() - a page of 4 KiB in the direct map
 * @gfp: GFP_*; with __GFP_DIRECT_RECLAIM the caller may sleep; with __GFP_ZERO the page is zeroed
 *
 * A page that is not zeroed holds arbitrary contents, as in the kernel.
 *
 * Return: its address, or 0.
 */
unsigned long __get_free_page(gfp_t gfp);

/**
 * get_zeroed_page() - __get_free_page() of zeroes
 * @gfp: GFP_*
 *
 * Return: its address, or 0.
 */
unsigned long get_zeroed_page(gfp_t gfp);

/**
 * free_page() - give a page back
 * @addr: from __get_free_page() or get_zeroed_page(); 0 is allowed
 *
 * The page is poisoned; see sim/mem.h for what becomes of it.
 */
void free_page(unsigned long addr);

#endif
