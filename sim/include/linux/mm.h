/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_MM_H
#define _SIM_LINUX_MM_H

#include <asm/page.h>
#include <linux/align.h>
#include <linux/gfp.h>
#include <linux/types.h>

/* What the kernel knows about a page of the direct map, as far as the MMU cares. */
struct page {
	unsigned long private;	/* the owner's; for a page table its struct kvm_mmu_page */
	unsigned long flags;	/* sim/mem.c's */
};

/* The struct page of frame 0 would be here; only those of the window exist. */
extern unsigned long vmemmap_base;

#define PAGE_ALIGNED(addr)	IS_ALIGNED((unsigned long)(addr), PAGE_SIZE)
#define offset_in_page(p)	((unsigned long)(p) & ~PAGE_MASK)

/**
 * pfn_to_page() - the struct page of a frame
 * @pfn: a frame of the direct map's window
 */
static inline struct page *pfn_to_page(unsigned long pfn)
{
	return (struct page *)(vmemmap_base + pfn * sizeof(struct page));
}

/**
 * page_to_pfn() - the frame of a struct page
 * @page: from pfn_to_page() or virt_to_page()
 */
static inline unsigned long page_to_pfn(const struct page *page)
{
	return ((unsigned long)page - vmemmap_base) / sizeof(struct page);
}

/**
 * virt_to_page() - the struct page of the page that an address lies in
 * @addr: in the direct map
 */
static inline struct page *virt_to_page(const void *addr)
{
	return pfn_to_page(__pa(addr) >> PAGE_SHIFT);
}

/**
 * page_address() - the address of a page in the direct map
 * @page: the page
 */
static inline void *page_address(const struct page *page)
{
	return __va(PFN_PHYS(page_to_pfn(page)));
}

#define page_to_virt(page)		page_address(page)
#define page_to_phys(page)		PFN_PHYS(page_to_pfn(page))

#define page_private(page)		((page)->private)

/**
 * set_page_private() - set the owner's word of a page
 * @page: the page, allocated
 * @private: the word
 */
static inline void set_page_private(struct page *page, unsigned long private)
{
	page->private = private;
}

#endif
