/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_SLAB_H
#define _SIM_LINUX_SLAB_H

#include <linux/compiler.h>
#include <linux/gfp.h>
#include <linux/types.h>

struct kmem_cache;

#define SLAB_HWCACHE_ALIGN	((slab_flags_t)0x1)
#define SLAB_ACCOUNT		((slab_flags_t)0x2)
#define SLAB_PANIC		((slab_flags_t)0x4)

/**
 * kmem_cache_create() - make a cache of objects of one kind
 * @name: for reports; copied
 * @size: of an object, in bytes
 * @align: in bytes, a power of two; 0 is that of a pointer
 * @flags: SLAB_*; SLAB_HWCACHE_ALIGN aligns to 64 bytes
 * @ctor: called on each object when it is allocated, or NULL
 *
 * Return: the cache, or NULL.
 */
struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     slab_flags_t flags, void (*ctor)(void *object));

#define KMEM_CACHE(tag, flags) \
	kmem_cache_create(#tag, sizeof(struct tag), __alignof__(struct tag), flags, NULL)

/**
 * kmem_cache_destroy() - end a cache; objects that are still in use are reported
 * @cache: the cache, or NULL
 */
void kmem_cache_destroy(struct kmem_cache *cache);

/**
 * kmem_cache_alloc() - an object
 * @cache: of which kind
 * @gfp: GFP_*; with __GFP_DIRECT_RECLAIM the caller may sleep; with __GFP_ZERO it is zeroed
 *
 * Return: the object, in the direct map, or NULL.
 */
void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp);

/**
 * kmem_cache_zalloc() - an object of zeroes
 * @cache: of which kind
 * @gfp: GFP_*
 *
 * Return: the object, or NULL.
 */
void *kmem_cache_zalloc(struct kmem_cache *cache, gfp_t gfp);

/**
 * kmem_cache_free() - give an object back; it is poisoned
 * @cache: where it came from
 * @object: not NULL
 */
void kmem_cache_free(struct kmem_cache *cache, void *object);

/**
 * kmalloc() - memory of any size
 * @size: in bytes
 * @gfp: GFP_*
 *
 * Return: the memory, or NULL.
 */
void *kmalloc(size_t size, gfp_t gfp);

/**
 * kzalloc() - memory of zeroes
 * @size: in bytes
 * @gfp: GFP_*
 *
 * Return: the memory, or NULL.
 */
void *kzalloc(size_t size, gfp_t gfp);

/**
 * kcalloc() - an array of zeroes
 * @n: how many elements
 * @size: of each, in bytes
 * @gfp: GFP_*
 *
 * Return: the array, or NULL; also if its size does not fit a size_t.
 */
void *kcalloc(size_t n, size_t size, gfp_t gfp);

/**
 * kfree() - give memory back; it is poisoned
 * @p: from kmalloc() or one of its kin, or NULL
 */
void kfree(const void *p);

/* Large allocations are served like small ones. */
#define kmalloc_array(n, size, gfp)	kcalloc(n, size, gfp)
#define kvmalloc(size, gfp)		kmalloc(size, gfp)
#define kvzalloc(size, gfp)		kzalloc(size, gfp)
#define kvcalloc(n, size, gfp)		kcalloc(n, size, gfp)
#define kvmalloc_array(n, size, gfp)	kcalloc(n, size, gfp)
#define __vcalloc(n, size, gfp)		kcalloc(n, size, gfp)
#define kvfree(p)			kfree(p)

#endif
