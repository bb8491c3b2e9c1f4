/* SPDX-License-Identifier: GPL-2.0-only */

#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/gfp.h>
#include <linux/lockdep.h>
#include <linux/mm.h>

#include "sim/arena.h"
#include "sim/mem.h"
#include "sim/mem_account.h"
#include "sim/quarantine.h"

/* struct page.flags: the page is in somebody's hands. */
#define SIM_PAGE_IN_USE		1UL

/* Objects are smaller than pages, and there are more of them. */
#define OBJECTS_PER_PAGE	4

static unsigned int init_depth;

static unsigned long pages_in_use;
static unsigned long objects_in_use;

/* Counts down to the allocation that fails. */
static __thread unsigned long fail_countdown;

int sim_mem_init(void)
{
	int ret = sim_arena_init();

	if (!ret)
		init_depth++;
	return ret;
}

unsigned long sim_mem_exit(void)
{
	if (WARN_ON(!init_depth) || --init_depth)
		return 0;

	sim_quarantine_drain();
	return sim_mem_pages_in_use() + sim_mem_objects_in_use();
}

unsigned long sim_mem_pages_in_use(void)
{
	return __atomic_load_n(&pages_in_use, __ATOMIC_RELAXED);
}

unsigned long sim_mem_objects_in_use(void)
{
	return __atomic_load_n(&objects_in_use, __ATOMIC_RELAXED);
}

void sim_mem_count_object(long change)
{
	__atomic_fetch_add(&objects_in_use, (unsigned long)change, __ATOMIC_RELAXED);
}

void sim_mem_set_quarantine(unsigned int pages)
{
	sim_quarantine_limit(SIM_ARENA_PAGES, pages);
	sim_quarantine_limit(SIM_ARENA_OBJECTS,
			     pages > UINT32_MAX / OBJECTS_PER_PAGE ? UINT32_MAX :
			     pages * OBJECTS_PER_PAGE);
}

void sim_mem_fail_nth(unsigned long n)
{
	fail_countdown = n;
}

bool sim_mem_may_alloc(gfp_t gfp)
{
	if (gfp & __GFP_DIRECT_RECLAIM)
		might_sleep();
	return likely(!fail_countdown) || --fail_countdown != 0;
}

bool sim_mem_contains(const void *addr)
{
	unsigned long pa = __pa(addr);

	return page_offset_base && pa >= SIM_MEM_BASE && pa < SIM_MEM_END;
}

void sim_mem_thread_exit(void)
{
	sim_arena_thread_exit();
	fail_countdown = 0;
}

unsigned long __get_free_page(gfp_t gfp)
{
	struct page *page;
	void *p;

	if (!sim_mem_may_alloc(gfp))
		return 0;
	p = sim_arena_alloc(SIM_ARENA_PAGES, PAGE_SIZE, PAGE_SIZE);
	if (!p)
		return 0;

	sim_poison_alloc(p, PAGE_SIZE, PAGE_SIZE, gfp & __GFP_ZERO);

	page = virt_to_page(p);
	WARN(page->flags & SIM_PAGE_IN_USE, "a page that is in use was handed out again");
	page->flags = SIM_PAGE_IN_USE;
	page->private = 0;
	__atomic_fetch_add(&pages_in_use, 1, __ATOMIC_RELAXED);
	return (unsigned long)p;
}

void free_page(unsigned long addr)
{
	struct page *page;

	if (!addr)
		return;
	if (WARN(!sim_mem_contains((void *)addr) || !PAGE_ALIGNED(addr),
		 "free_page() of an address that is no page"))
		return;

	page = virt_to_page((void *)addr);
	if (WARN(!(__atomic_fetch_and(&page->flags, ~SIM_PAGE_IN_USE, __ATOMIC_RELAXED) &
		   SIM_PAGE_IN_USE), "free_page() of a page that is free already"))
		return;

	/* So that a stale lookup of the owner finds nobody. */
	page->private = 0;
	__atomic_fetch_sub(&pages_in_use, 1, __ATOMIC_RELAXED);
	sim_quarantine_add(SIM_ARENA_PAGES, (void *)addr, PAGE_SIZE, "a page");
}
