/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sanitizer/asan_interface.h>

#include <linux/align.h>
#include <linux/bug.h>
#include <linux/gfp.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/poison.h>
#include <linux/slab.h>

#include "sim/det/det.h"
#include "sim/det/mem.h"
#include "sim/mem.h"

#define WINDOW_SIZE	(SIM_MEM_END - SIM_MEM_BASE)
#define WINDOW_PAGES	(WINDOW_SIZE >> PAGE_SHIFT)
/* Pages from the bottom, objects from the middle. */
#define OBJECTS_OFFSET	SIM_DET_MEM_HALF
#define LINE_SHIFT	6
#define OBJECT_LINES	((WINDOW_SIZE / 2) >> LINE_SHIFT)
#define MAX_OBJECTS	65535

unsigned long page_offset_base;
unsigned long vmemmap_base;

struct kmem_cache {
	char name[32];
	size_t size, align;
	void (*ctor)(void *object);
	unsigned long in_use;
	unsigned long epoch;	/* the schedule that @in_use is of */
};

struct object {
	const char *name;
	struct kmem_cache *cache;	/* NULL: kmalloc() */
	u32 line;		/* where it begins */
	u32 size;		/* bytes */
	bool freed;
	u8 freed_by;
};

char *sim_det_mem_window;

static struct {
	u16 *owner;		/* of each line of objects: its number, 0: nobody's */
	struct object *objects;
	unsigned int nr_objects;
	size_t next_line;
	size_t next_page;
	unsigned long pages_in_use, objects_in_use;
	unsigned long fail_countdown;
	unsigned long epoch;
	unsigned int init_depth;
} mem;

/* ---- The window ---- */

static void *reserve(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int reserve_all(void)
{
	char *window = reserve(WINDOW_SIZE);
	void *pages = reserve(WINDOW_PAGES * sizeof(struct page));

	mem.owner = reserve(OBJECT_LINES * sizeof(*mem.owner));
	mem.objects = calloc(MAX_OBJECTS + 1, sizeof(*mem.objects));
	if (!window || !pages || !mem.owner || !mem.objects)
		return -ENOMEM;
	page_offset_base = (unsigned long)window - SIM_MEM_BASE;
	vmemmap_base = (unsigned long)pages - (SIM_MEM_BASE >> PAGE_SHIFT) * sizeof(struct page);
	sim_det_mem_window = window;
	return 0;
}

int sim_mem_init(void)
{
	int r = sim_det_mem_window ? 0 : reserve_all();

	mem.init_depth += !r;
	return r;
}

unsigned long sim_mem_exit(void)
{
	if (WARN_ON(!mem.init_depth) || --mem.init_depth)
		return 0;
	return mem.pages_in_use + mem.objects_in_use;
}

void sim_det_mem_reset(void)
{
	/* Before the first sim_mem_init() there is nothing. */
	if (!sim_det_mem_window)
		return;
	memset(mem.owner, 0, mem.next_line * sizeof(*mem.owner));
	memset(virt_to_page(sim_det_mem_window), 0, (mem.next_page >> PAGE_SHIFT) * sizeof(struct page));
	mem.nr_objects = 0;
	mem.next_line = mem.next_page = 0;
	mem.pages_in_use = mem.objects_in_use = 0;
	mem.fail_countdown = 0;
	mem.epoch++;
}

unsigned long sim_mem_pages_in_use(void)
{
	return mem.pages_in_use;
}

unsigned long sim_mem_objects_in_use(void)
{
	return mem.objects_in_use;
}

/* Nothing is ever handed out twice. */
void sim_mem_set_quarantine(unsigned int pages)
{
}

void sim_mem_fail_nth(unsigned long n)
{
	mem.fail_countdown = n;
}

void sim_mem_thread_exit(void)
{
}

static bool may_alloc(gfp_t gfp)
{
	if (gfp & __GFP_DIRECT_RECLAIM)
		might_sleep();
	if (unlikely(mem.fail_countdown) && !--mem.fail_countdown)
		return false;
	return !sim_det_ask(SIM_DET_FAIL_ALLOC);
}

/* Whatever was there, the same schedule shall see the same. */
static void prepare(void *p, size_t size, gfp_t gfp)
{
	ASAN_UNPOISON_MEMORY_REGION(p, size);
	memset(p, gfp & __GFP_ZERO ? 0 : POISON_INUSE, size);
}

/* ---- Addresses ---- */

static bool in_window(const volatile void *addr, size_t *offset)
{
	*offset = (size_t)((const volatile char *)addr - sim_det_mem_window);
	return *offset < WINDOW_SIZE;
}

bool sim_mem_contains(const void *addr)
{
	size_t offset;

	return sim_det_mem_window && in_window(addr, &offset);
}

static struct object *object_at(size_t offset)
{
	return &mem.objects[mem.owner[(offset - OBJECTS_OFFSET) >> LINE_SHIFT]];
}

bool sim_det_mem_object_is_freed(u64 name)
{
	return object_at(name - 1)->freed;
}

bool sim_det_mem_lookup(const volatile void *addr, struct sim_det_memory *memory)
{
	const struct object *object;
	unsigned long flags;
	size_t offset;

	if (!in_window(addr, &offset))
		return false;
	if (offset < OBJECTS_OFFSET) {
		flags = virt_to_page((const void *)addr)->flags;
		*memory = (struct sim_det_memory) {
			.name = "page",
			.number = (unsigned int)(offset >> PAGE_SHIFT) + 1,
			.offset = offset & ~PAGE_MASK,
			.freed = flags & SIM_DET_PAGE_FREED,
			.freed_by = flags >> SIM_DET_PAGE_BY_SHIFT,
		};
		return flags != 0;
	}
	object = object_at(offset);
	*memory = (struct sim_det_memory) {
		.name = object->name,
		.number = (unsigned int)(object - mem.objects),
		.offset = (u32)(offset - OBJECTS_OFFSET - ((size_t)object->line << LINE_SHIFT)),
		.freed = object->freed,
		.freed_by = object->freed_by,
	};
	return memory->number != 0;
}

/* ---- Pages ---- */

unsigned long __get_free_page(gfp_t gfp)
{
	struct page *page;
	char *p;

	if (!may_alloc(gfp) || mem.next_page == OBJECTS_OFFSET)
		return 0;
	p = sim_det_mem_window + mem.next_page;
	mem.next_page += PAGE_SIZE;
	prepare(p, PAGE_SIZE, gfp);
	page = virt_to_page(p);
	page->flags = SIM_DET_PAGE_LIVE;
	page->private = 0;
	mem.pages_in_use++;
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
	sim_det_event("frees", (void *)addr);
	if (WARN(page->flags != SIM_DET_PAGE_LIVE, "free_page() of a page that is free already"))
		return;
	page->flags = SIM_DET_PAGE_FREED | (unsigned long)sim_det_current() << SIM_DET_PAGE_BY_SHIFT;
	page->private = 0;
	mem.pages_in_use--;
	sim_det_freed((void *)addr, PAGE_SIZE);
	memset((void *)addr, POISON_FREE, PAGE_SIZE);
	ASAN_POISON_MEMORY_REGION((void *)addr, PAGE_SIZE);
}

/* ---- Objects ---- */

static void *object_alloc(struct kmem_cache *cache, size_t size, size_t align, gfp_t gfp)
{
	size_t lines = DIV_ROUND_UP(size, 1u << LINE_SHIFT), line, i;
	void *p;

	if (!may_alloc(gfp))
		return NULL;
	line = ALIGN(mem.next_line, max_t(size_t, align >> LINE_SHIFT, 1));
	if (mem.nr_objects == MAX_OBJECTS || lines > OBJECT_LINES - line)
		return NULL;
	mem.next_line = line + lines;
	mem.nr_objects++;
	mem.objects[mem.nr_objects] = (struct object) {
		.name = cache ? cache->name : "kmalloc", .cache = cache,
		.line = (u32)line, .size = (u32)size,
	};
	for (i = 0; i < lines; i++)
		mem.owner[line + i] = (u16)mem.nr_objects;
	p = sim_det_mem_window + OBJECTS_OFFSET + (line << LINE_SHIFT);
	prepare(p, size, gfp);
	mem.objects_in_use++;
	return p;
}

/* What a schedule left that was given up does not count. */
static unsigned long *in_use(struct kmem_cache *cache)
{
	if (cache->epoch != mem.epoch) {
		cache->epoch = mem.epoch;
		cache->in_use = 0;
	}
	return &cache->in_use;
}

/* What @cache may free there, or kfree() if it is NULL: that takes what any cache has made. */
static struct object *object_to_free(void *p, const struct kmem_cache *cache)
{
	const char *name = cache ? cache->name : "kmalloc()";
	struct object *object;
	size_t offset;

	if (WARN(!in_window(p, &offset) || offset < OBJECTS_OFFSET,
		 "%s: a foreign address is freed", name))
		return NULL;
	object = object_at(offset);
	if (WARN(object == mem.objects, "%s: a foreign address is freed", name) ||
	    WARN(offset - OBJECTS_OFFSET != (size_t)object->line << LINE_SHIFT,
		 "%s: an address inside of an object is freed", name) ||
	    WARN(object->freed, "%s: an object is freed twice", name) ||
	    WARN(cache && object->cache != cache, "%s: an object of %s is freed", name,
		 object->name))
		return NULL;
	return object;
}

static void object_free(void *p, const struct kmem_cache *cache)
{
	struct object *object = object_to_free(p, cache);

	if (!object)
		return;
	sim_det_event("frees", p);
	object->freed = true;
	object->freed_by = sim_det_current();
	mem.objects_in_use--;
	if (object->cache)
		--*in_use(object->cache);
	sim_det_freed(p, object->size);
	memset(p, POISON_FREE, object->size);
	ASAN_POISON_MEMORY_REGION(p, object->size);
}

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     slab_flags_t flags, void (*ctor)(void *object))
{
	struct kmem_cache *cache;

	if (WARN_ON(!size || (align & (align - 1))))
		return NULL;
	cache = calloc(1, sizeof(*cache));
	if (!cache)
		return NULL;
	snprintf(cache->name, sizeof(cache->name), "%s", name);
	cache->size = size;
	cache->align = align;
	cache->ctor = ctor;
	return cache;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	if (!cache)
		return;
	WARN(*in_use(cache), "%s: %lu objects are in use and their cache is destroyed",
	     cache->name, *in_use(cache));
	free(cache);
}

void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	void *object = object_alloc(cache, cache->size, cache->align, gfp);

	if (!object)
		return NULL;
	if (cache->ctor)
		cache->ctor(object);
	++*in_use(cache);
	return object;
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	object_free(object, cache);
}

void *kmalloc(size_t size, gfp_t gfp)
{
	return object_alloc(NULL, max_t(size_t, size, 1), sizeof(void *), gfp);
}

void kfree(const void *p)
{
	if (p)
		object_free((void *)(uintptr_t)p, NULL);
}
