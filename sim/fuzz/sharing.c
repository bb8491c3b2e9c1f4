/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>
#include <linux/bitops.h>
#include <linux/mm.h>

#include "sim/det/mem.h"
#include "sim/fuzz/random.h"
#include "sim/fuzz/sharing.h"

void sim_sharing_clear(struct sim_sharing *s)
{
	s->run = 0;
	s->grown = false;
	memset(&s->meetings, 0, sizeof(s->meetings));
	memset(&s->sections, 0, sizeof(s->sections));
	memset(s->objects, 0, sizeof(s->objects));
}

void sim_sharing_begin(struct sim_sharing *s)
{
	s->run++;
}

void sim_sharing_settle(struct sim_sharing *s)
{
	unsigned int i;

	for (i = 0; i < SIM_SHARING_OBJECTS; i++)
		if (s->objects[i].shared)
			s->objects[i].shared = SIM_SHARED;
	s->grown = false;
}

static struct sim_shared_object *object_of(struct sim_sharing *s, u64 name)
{
	u64 offset = name - 1;

	if (sim_det_mem_is_page(name))
		return &s->objects[offset / sizeof(u64) % SIM_SHARING_ENTRIES];
	return &s->objects[SIM_SHARING_ENTRIES + offset / sizeof(u32) % SIM_SHARING_WORDS];
}

static void touch(struct sim_sharing *s, struct sim_shared_object *object, unsigned int task,
		  bool write)
{
	if (object->run != s->run) {
		object->run = s->run;
		object->tasks = 0;
		object->written = false;
	}
	object->tasks |= (u16)BIT(task);
	object->written |= write;
	if (!object->shared && object->written && (object->tasks & (object->tasks - 1))) {
		object->shared = SIM_SHARED_NEW;
		s->grown = true;
	}
}

static void cover(struct sim_coverage *coverage, u32 before, u32 after)
{
	u32 bit = (u32)(sim_mix(before, after) % SIM_COVERAGE_BITS);

	if (coverage->bits[bit / 64] & BIT_ULL(bit % 64))
		return;
	coverage->bits[bit / 64] |= BIT_ULL(bit % 64);
	coverage->nr++;
}

const struct sim_shared_object *sim_sharing_touch(struct sim_sharing *s,
						  const struct sim_det_task *task)
{
	u64 name = sim_det_mem_name(task->object);
	struct sim_shared_object *object;
	bool first;

	if (!name) {
		/* RCU, mostly: a section that ends too early is one that another task comes after. */
		if (s->coverage)
			sim_meetings_add(&s->sections, task->place, 0);
		return NULL;
	}
	object = object_of(s, name);
	first = object->run != s->run;
	touch(s, object, task->id, sim_point_writes(task->kind));
	if (!s->coverage)
		return object;
	if (!first && object->written && object->last_task != task->id) {
		cover(s->coverage, object->last_site, task->place);
		sim_meetings_add(&s->meetings, object->last_site, name);
		sim_meetings_add(&s->meetings, task->place, name);
	}
	object->last_task = (u8)task->id;
	object->last_site = task->place;
	return object;
}

/* Accesses go by the address of what they touch: of a page an entry, else any aligned word. */
void sim_sharing_free(struct sim_sharing *s, const volatile void *p, size_t size)
{
	size_t at, step = size == PAGE_SIZE ? sizeof(u64) : sizeof(u32);
	u64 name = sim_det_mem_name(p);
	struct sim_shared_object *object;

	for (at = 0; name && at < size; at += step) {
		object = object_of(s, name + at);
		/* Whoever touches it first from now on fails, and is no question of who comes first. */
		if (object->run == s->run)
			touch(s, object, sim_det_current(), true);
	}
}
