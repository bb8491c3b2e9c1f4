/* SPDX-License-Identifier: GPL-2.0-only */

#include <errno.h>
#include <sys/mman.h>

#include <jemalloc/jemalloc.h>

#include <linux/align.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>

#include "sim/arena.h"
#include "sim/mem.h"
#include "sim/thread.h"

#define WINDOW_SIZE	(SIM_MEM_END - SIM_MEM_BASE)
#define WINDOW_PAGES	(WINDOW_SIZE >> PAGE_SHIFT)

/*
 * One struct page per page of the window.  The distance from a frame number to its struct page is
 * fixed, as with the kernel's vmemmap, and so is the distance from physical to virtual address.
 */
unsigned long page_offset_base;
unsigned long vmemmap_base;

static unsigned int arena_index[SIM_ARENA_COUNT];
static bool arenas_ready;

/* Where the part of the window that no arena has got yet begins. */
static uintptr_t window_next;
static uintptr_t window_end;

/*
 * A thread's own caches, one for each arena: a jemalloc cache holds whatever is freed into it, so
 * one for both would hand out an object's memory as a page.  0 is none, else the number plus one.
 */
static __thread unsigned int thread_cache[SIM_ARENA_COUNT];

static void *window_alloc(extent_hooks_t *hooks, void *new_addr, size_t size, size_t alignment,
			  bool *zero, bool *commit, unsigned int arena)
{
	uintptr_t start, next = __atomic_load_n(&window_next, __ATOMIC_RELAXED);

	(void)hooks;
	(void)arena;

	/* Growing something in place is a wish that an extent hook may refuse. */
	if (new_addr)
		return NULL;
	do {
		start = ALIGN(next, alignment);
		if (start > window_end || size > window_end - start)
			return NULL;
	} while (!__atomic_compare_exchange_n(&window_next, &next, start + size, true,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	*zero = true;
	*commit = true;
	return (void *)start;
}

/* Refused: jemalloc then keeps the extent for itself, and the window never gets holes. */
static bool window_dalloc(extent_hooks_t *hooks, void *addr, size_t size, bool committed,
			  unsigned int arena)
{
	(void)hooks, (void)addr, (void)size, (void)committed, (void)arena;
	return true;
}

static bool window_purge(extent_hooks_t *hooks, void *addr, size_t size, size_t offset,
			 size_t length, unsigned int arena)
{
	(void)hooks, (void)size, (void)arena;
	return madvise((char *)addr + offset, length, MADV_DONTNEED) != 0;
}

static bool window_split(extent_hooks_t *hooks, void *addr, size_t size, size_t size_a,
			 size_t size_b, bool committed, unsigned int arena)
{
	(void)hooks, (void)addr, (void)size, (void)size_a, (void)size_b, (void)committed;
	(void)arena;
	return false;
}

static bool window_merge(extent_hooks_t *hooks, void *addr_a, size_t size_a, void *addr_b,
			 size_t size_b, bool committed, unsigned int arena)
{
	(void)hooks, (void)addr_a, (void)size_a, (void)addr_b, (void)size_b, (void)committed;
	(void)arena;
	return false;
}

static extent_hooks_t window_hooks = {
	.alloc = window_alloc,
	.dalloc = window_dalloc,
	.purge_forced = window_purge,
	.split = window_split,
	.merge = window_merge,
};

static void *reserve(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int window_init(void)
{
	void *window, *pages;

	window = reserve(WINDOW_SIZE);
	if (!window)
		return -ENOMEM;
	pages = reserve(WINDOW_PAGES * sizeof(struct page));
	if (!pages) {
		munmap(window, WINDOW_SIZE);
		return -ENOMEM;
	}

	page_offset_base = (unsigned long)window - SIM_MEM_BASE;
	vmemmap_base = (unsigned long)pages -
		       (SIM_MEM_BASE >> PAGE_SHIFT) * sizeof(struct page);
	window_next = (uintptr_t)window;
	window_end = (uintptr_t)window + WINDOW_SIZE;
	return 0;
}

int sim_arena_init(void)
{
	extent_hooks_t *hooks = &window_hooks;
	size_t len = sizeof(unsigned int);
	int i, ret;

	static_assert(IS_ALIGNED(SIM_MEM_BASE, PAGE_SIZE) && SIM_MEM_END > SIM_MEM_BASE);

	if (arenas_ready)
		return 0;
	if (!window_end) {
		ret = window_init();
		if (ret)
			return ret;
	}
	for (i = 0; i < SIM_ARENA_COUNT; i++) {
		ret = mallctl("arenas.create", &arena_index[i], &len, &hooks, sizeof(hooks));
		if (ret)
			return -ret;
	}
	arenas_ready = true;
	return 0;
}

/* A thread that is not registered would never give its caches back, so it goes without. */
static int cache_flags(enum sim_arena arena)
{
	size_t len = sizeof(unsigned int);
	unsigned int cache;

	if (likely(thread_cache[arena]))
		return MALLOCX_TCACHE(thread_cache[arena] - 1);
	if (!sim_thread_registered() || mallctl("tcache.create", &cache, &len, NULL, 0))
		return MALLOCX_TCACHE_NONE;
	thread_cache[arena] = cache + 1;
	return MALLOCX_TCACHE(cache);
}

void *sim_arena_alloc(enum sim_arena arena, size_t size, size_t align)
{
	if (unlikely(!arenas_ready))
		return NULL;
	return mallocx(size, MALLOCX_ALIGN(align) | MALLOCX_ARENA(arena_index[arena]) |
			     cache_flags(arena));
}

void sim_arena_free(enum sim_arena arena, void *p)
{
	dallocx(p, cache_flags(arena));
}

size_t sim_arena_size(const void *p)
{
	return sallocx((void *)(uintptr_t)p, 0);
}

size_t sim_arena_size_for(size_t size, size_t align)
{
	return nallocx(size, MALLOCX_ALIGN(align));
}

void sim_arena_thread_exit(void)
{
	int i;

	for (i = 0; i < SIM_ARENA_COUNT; i++) {
		unsigned int cache = thread_cache[i] - 1;

		if (!thread_cache[i])
			continue;
		thread_cache[i] = 0;
		mallctl("tcache.destroy", NULL, NULL, &cache, sizeof(cache));
	}
}
