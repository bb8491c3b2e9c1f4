/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/fold.h"

#define FRAME_SHIFT	12
#define FRAME_MASK	UINT64_C(0x000ffffffffff000)

/* Whether a value goes on after @pages pages of another. */
static bool continues(uint64_t prev, uint64_t next, uint64_t pages)
{
	uint64_t prev_frame = (prev & FRAME_MASK) >> FRAME_SHIFT;
	uint64_t next_frame = (next & FRAME_MASK) >> FRAME_SHIFT;

	if ((prev ^ next) & ~FRAME_MASK)
		return false;
	if (prev_frame == 0)
		return next_frame == 0;
	return next_frame == prev_frame + pages;
}

bool sim_fold_spte(struct sim_event *prev, const struct sim_event *next)
{
	uint64_t pages;

	if (prev->type != SIM_EV_SPTE || next->type != SIM_EV_SPTE)
		return false;
	if (prev->spte.as != next->spte.as || prev->spte.level != next->spte.level)
		return false;
	if (prev->spte.old_table || prev->spte.new_table ||
	    next->spte.old_table || next->spte.new_table)
		return false;
	if (next->spte.run > SIM_RUN_MAX - prev->spte.run)
		return false;
	pages = prev->spte.run << 9 * (prev->spte.level - 1);
	if (next->spte.gfn != prev->spte.gfn + pages)
		return false;
	if (!continues(prev->spte.old, next->spte.old, pages) ||
	    !continues(prev->spte.new, next->spte.new, pages))
		return false;
	prev->spte.run += next->spte.run;
	return true;
}
