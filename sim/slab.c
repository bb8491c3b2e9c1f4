/* SPDX-License-Identifier: GPL-2.0-only */

#include <stdio.h>
#include <stdlib.h>

#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/minmax.h>
#include <linux/slab.h>

#include "sim/arena.h"
#include "sim/mem.h"
#include "sim/mem_account.h"
#include "sim/quarantine.h"

#define CACHE_LINE_SIZE		64

struct kmem_cache {
	char name[SIM_QUARANTINE_NAME_LEN];
	size_t size;		/* of an object, as asked for */
	size_t align;
	size_t usable;		/* of an object, as it is */
	void (*ctor)(void *object);
	unsigned long in_use;
};

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
	cache->align = max_t(size_t, align, sizeof(void *));
	if (flags & SLAB_HWCACHE_ALIGN)
		cache->align = max_t(size_t, cache->align, CACHE_LINE_SIZE);
	cache->usable = sim_arena_size_for(cache->size, cache->align);
	cache->ctor = ctor;
	return cache;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	unsigned long in_use;

	if (!cache)
		return;
	in_use = __atomic_load_n(&cache->in_use, __ATOMIC_RELAXED);
	WARN(in_use, "%s: %lu objects are in use and their cache is destroyed", cache->name,
	     in_use);
	free(cache);
}

/* Memory for an object of any kind: counted, readable, and zeroed if that was asked for. */
static void *object_alloc(size_t size, size_t align, size_t usable, gfp_t gfp)
{
	void *object;

	if (!sim_mem_may_alloc(gfp))
		return NULL;
	object = sim_arena_alloc(SIM_ARENA_OBJECTS, size, align);
	if (!object)
		return NULL;

	sim_poison_alloc(object, size, usable, gfp & __GFP_ZERO);
	sim_mem_count_object(1);
	return object;
}

/* Return: false, with a report, if it was no object or is free already. */
static bool object_free(void *object, size_t usable, const char *name)
{
	if (WARN(sim_poison_is_intact(object, usable), "%s: an object is freed twice", name))
		return false;
	sim_mem_count_object(-1);
	sim_quarantine_add(SIM_ARENA_OBJECTS, object, usable, name);
	return true;
}

void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	void *object = object_alloc(cache->size, cache->align, cache->usable, gfp);

	if (!object)
		return NULL;
	if (cache->ctor)
		cache->ctor(object);
	__atomic_fetch_add(&cache->in_use, 1, __ATOMIC_RELAXED);
	return object;
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	if (WARN(!sim_mem_contains(object), "%s: kmem_cache_free() of a foreign address",
		 cache->name))
		return;
	if (object_free(object, cache->usable, cache->name))
		__atomic_fetch_sub(&cache->in_use, 1, __ATOMIC_RELAXED);
}

void *kmalloc(size_t size, gfp_t gfp)
{
	size = max_t(size_t, size, 1);
	/* Also larger than any size class: then there is no usable size, and no memory either. */
	return object_alloc(size, sizeof(void *), sim_arena_size_for(size, sizeof(void *)), gfp);
}

void kfree(const void *p)
{
	void *object = (void *)(uintptr_t)p;

	if (!p)
		return;
	if (WARN(!sim_mem_contains(p), "kfree() of a foreign address"))
		return;
	object_free(object, sim_arena_size(p), "kmalloc()");
}
