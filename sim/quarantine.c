/* SPDX-License-Identifier: GPL-2.0-only */

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <sanitizer/asan_interface.h>

#include <linux/bug.h>
#include <linux/kconfig.h>
#include <linux/minmax.h>
#include <linux/poison.h>

#include "sim/quarantine.h"

/* The most that a queue can be told to keep. */
#define QUARANTINE_MAX		65536

/* Larger memory does not wait: a few of these would hold more than all pages together. */
#define QUARANTINE_BYTES_MAX	65536

#if IS_ENABLED(CONFIG_PAGE_POISONING)
#define QUARANTINE_PAGES	64
#define QUARANTINE_OBJECTS	256
#else
#define QUARANTINE_PAGES	0
#define QUARANTINE_OBJECTS	0
#endif

/* gcc says so by a macro, clang by a feature. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN
#endif

#if defined(WITH_ASAN)
#define FREED_IS_UNREADABLE	true
#define IS_UNREADABLE(p)	__asan_address_is_poisoned(p)
#else
#define FREED_IS_UNREADABLE	false
#define IS_UNREADABLE(p)	false
#endif

struct quarantined {
	void *p;
	size_t usable;
	char name[SIM_QUARANTINE_NAME_LEN];
};

/* A ring: the oldest is at @first, @count follow each other from there. */
struct quarantine {
	pthread_mutex_t lock;
	unsigned int first;
	unsigned int count;
	unsigned int limit;
	struct quarantined ring[QUARANTINE_MAX];
};

static struct quarantine quarantines[SIM_ARENA_COUNT] = {
	[SIM_ARENA_PAGES] = {
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.limit = QUARANTINE_PAGES,
	},
	[SIM_ARENA_OBJECTS] = {
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.limit = QUARANTINE_OBJECTS,
	},
};

void sim_poison_alloc(void *p, size_t size, size_t usable, bool zero)
{
	ASAN_POISON_MEMORY_REGION(p, usable);
	ASAN_UNPOISON_MEMORY_REGION(p, size);
	if (zero)
		memset(p, 0, size);
	else if (IS_ENABLED(CONFIG_PAGE_POISONING))
		memset(p, POISON_INUSE, size);
}

static void poison_freed(void *p, size_t usable)
{
	if (IS_ENABLED(CONFIG_PAGE_POISONING)) {
		ASAN_UNPOISON_MEMORY_REGION(p, usable);
		memset(p, POISON_FREE, usable);
	}
	ASAN_POISON_MEMORY_REGION(p, usable);
}

/* The first byte that is not poison; @usable if there is none.  The memory is readable. */
static size_t first_touched(const unsigned char *p, size_t usable)
{
	size_t i;

	/* Equal to its own neighbour all the way: that is one memcmp(), which is quick. */
	if (p[0] == POISON_FREE && !memcmp(p, p + 1, usable - 1))
		return usable;
	for (i = 0; i < usable; i++) {
		if (p[i] != POISON_FREE)
			break;
	}
	return i;
}

bool sim_poison_is_intact(void *p, size_t usable)
{
	if (!IS_ENABLED(CONFIG_PAGE_POISONING))
		return false;
	/*
	 * Under AddressSanitizer freed memory cannot be read, and needs not be.  Nor can
	 * what lies behind the part of a live object that was asked for, and the object
	 * may well begin with the byte that is the poison.
	 */
	if (FREED_IS_UNREADABLE)
		return IS_UNREADABLE(p);
	return first_touched(p, usable) == usable;
}

static void release(enum sim_arena arena, const struct quarantined *q)
{
	size_t at;

	if (IS_ENABLED(CONFIG_PAGE_POISONING)) {
		ASAN_UNPOISON_MEMORY_REGION(q->p, q->usable);
		at = first_touched(q->p, q->usable);
		WARN(at != q->usable, "%s was written after free: byte %zu of %zu is 0x%02x",
		     q->name, at, q->usable, ((unsigned char *)q->p)[at % q->usable]);
		ASAN_POISON_MEMORY_REGION(q->p, q->usable);
	}
	sim_arena_free(arena, q->p);
}

/* Take the oldest out if more than @limit are there. */
static bool pop_beyond(struct quarantine *qn, unsigned int limit, struct quarantined *out)
{
	if (qn->count <= limit)
		return false;
	*out = qn->ring[qn->first];
	qn->first = (qn->first + 1) % QUARANTINE_MAX;
	qn->count--;
	return true;
}

void sim_quarantine_add(enum sim_arena arena, void *p, size_t usable, const char *name)
{
	struct quarantined in = { .p = p, .usable = usable }, out;
	struct quarantine *qn = &quarantines[arena];
	bool full;

	snprintf(in.name, sizeof(in.name), "%s", name);
	poison_freed(p, usable);
	if (!__atomic_load_n(&qn->limit, __ATOMIC_RELAXED) || usable > QUARANTINE_BYTES_MAX) {
		release(arena, &in);
		return;
	}

	pthread_mutex_lock(&qn->lock);
	/* One slot is free after this, also when the limit has just become 0. */
	full = pop_beyond(qn, max(qn->limit, 1u) - 1, &out);
	qn->ring[(qn->first + qn->count++) % QUARANTINE_MAX] = in;
	pthread_mutex_unlock(&qn->lock);

	if (full)
		release(arena, &out);
}

static void shrink(enum sim_arena arena, unsigned int limit)
{
	struct quarantine *qn = &quarantines[arena];
	struct quarantined out;
	bool more;

	do {
		pthread_mutex_lock(&qn->lock);
		more = pop_beyond(qn, limit, &out);
		pthread_mutex_unlock(&qn->lock);
		if (more)
			release(arena, &out);
	} while (more);
}

void sim_quarantine_limit(enum sim_arena arena, unsigned int limit)
{
	struct quarantine *qn = &quarantines[arena];

	limit = min_t(unsigned int, limit, QUARANTINE_MAX);
	pthread_mutex_lock(&qn->lock);
	__atomic_store_n(&qn->limit, limit, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&qn->lock);
	shrink(arena, limit);
}

void sim_quarantine_drain(void)
{
	shrink(SIM_ARENA_PAGES, 0);
	shrink(SIM_ARENA_OBJECTS, 0);
}
