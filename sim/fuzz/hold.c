/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/det/mem.h"
#include "sim/fuzz/hold.h"
#include "sim/fuzz/random.h"

/* NULL: there is no room. */
static struct sim_meeting *meeting_of(struct sim_meetings *meetings, u32 place)
{
	u64 at = sim_mix(place, 0);
	unsigned int i;

	for (i = 0; i < SIM_MEETINGS_PROBES; i++) {
		struct sim_meeting *m = &meetings->at[(at + i) % SIM_MEETINGS];

		if (m->place == place)
			return m;
		if (m->place)
			continue;
		m->place = place;
		meetings->nr++;
		return m;
	}
	return NULL;
}

void sim_meetings_add(struct sim_meetings *meetings, u32 place, u64 name)
{
	struct sim_meeting *m = meeting_of(meetings, place);

	if (!m)
		return;
	/* Each of the objects as likely as any other: the n-th stays with a probability of 1/n. */
	m->times++;
	if (!(sim_mix(place, m->times) % m->times))
		m->name = name;
}

const struct sim_meeting *sim_meetings_any(const struct sim_meetings *meetings, u64 *random)
{
	const struct sim_meeting *m;

	if (!meetings->nr)
		return NULL;
	do
		m = &meetings->at[sim_random_below(random, SIM_MEETINGS)];
	while (!m->place);
	return m;
}

bool sim_hold_begin(struct sim_hold *hold, const struct sim_meetings *meetings, u64 *random)
{
	const struct sim_meeting *where = sim_meetings_any(meetings, random);

	*hold = (struct sim_hold) { .over = !where };
	if (!where)
		return false;
	hold->where = *where;
	hold->others = where->name ? sim_random_below(random, 4) : 0;
	return true;
}

bool sim_hold_step(struct sim_hold *hold, const struct sim_det_task *task)
{
	if (hold->over)
		return false;
	if (!hold->held) {
		if (task->place != hold->where.place ||
		    sim_det_mem_name(task->object) != hold->where.name)
			return false;
		hold->held = true;
		hold->task = task->id;
		hold->object = task->object;
		return false;
	}
	if (task->object != hold->object || task->id == hold->task)
		return false;
	return hold->others && !--hold->others;
}
