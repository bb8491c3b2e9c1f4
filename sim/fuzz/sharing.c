/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>
#include <linux/bitops.h>

#include "sim/det/mem.h"
#include "sim/fuzz/random.h"
#include "sim/fuzz/sharing.h"

void sim_sharing_clear(struct sim_sharing *s)
{
	memset(s, 0, sizeof(*s));
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

const struct sim_shared_object *sim_sharing_touch(struct sim_sharing *s,
						  const struct sim_det_task *task)
{
	u64 name = sim_det_mem_name(task->object);
	struct sim_shared_object *object;

	if (!name)
		return NULL;
	object = &s->objects[sim_mix(name, 0) % SIM_SHARING_OBJECTS];
	if (object->run != s->run) {
		object->run = s->run;
		object->tasks = 0;
		object->written = false;
	}
	object->tasks |= (u16)BIT(task->id);
	object->written |= sim_point_writes(task->kind);
	if (!object->shared && object->written && (object->tasks & (object->tasks - 1))) {
		object->shared = SIM_SHARED_NEW;
		s->grown = true;
	}
	return object;
}
