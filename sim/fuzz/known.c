/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>

#include "sim/fuzz/known.h"
#include "sim/fuzz/symbol.h"

/* Whether the step that failed was announced by this function, or by what it has inlined. */
static bool failed_in(const struct sim_det_result *result, const char *function)
{
	const struct sim_symbol *symbol = sim_symbol_of(sim_det_task(result->task)->site);
	unsigned int i;

	for (i = 0; i < symbol->nr; i++)
		if (!strcmp(symbol->frames[i].function, function))
			return true;
	return false;
}

/* The first that the report names; 0 if it names none. */
static gfn_t reported_gfn(const struct sim_det_result *result)
{
	const char *at = strstr(result->report, "gfn 0x");

	return at ? strtoull(at + 4, NULL, 16) : 0;
}

/*
 * Until 6.2 a table is put on the list of pages after it was linked.  A zap under mmu_lock
 * held for read can take it out in between, and off the list that it is not on.
 */
static bool is_unlisted_table(const struct sim_lab_machine *machine,
			      const struct sim_det_result *result)
{
	return machine->profile->pages_on_list && !strncmp(result->report, "wild access: ", 13) &&
	       failed_in(result, "tdp_mmu_unlink_sp");
}

/*
 * A fault looks its memslot up, finds none, and goes on to an MMIO SPTE; meanwhile a slot is made, and
 * another fault maps a page there.  The first one overwrites that, and nobody flushes.
 */
static bool is_mmio_over_leaf(const struct sim_lab *lab, const struct sim_det_result *result)
{
	return lab->watch.mmio_over_leaf &&
	       (!strncmp(result->report, "stale ", 6) || strstr(result->report, "cached"));
}

/*
 * When the generation of memslots starts anew all roots are zapped, and then the new one is published.
 * A fault in between makes an MMIO SPTE of the old one.
 */
static bool is_mmio_before_wrap(const struct sim_lab *lab, const struct sim_det_result *result)
{
	return lab->watch.mmio_before_wrap && strstr(result->report, "an MMIO SPTE of generation");
}

/*
 * Logging begins, for PML, in two passes: over all D, then over W of huge pages.  A huge page that is
 * written to, and split by a fault, in between leaves small ones with both.
 */
static bool is_split_between_passes(const struct sim_lab *lab, const struct sim_det_result *result)
{
	gfn_t gfn = reported_gfn(result);

	return strstr(result->report, "dirty log") && gfn >= lab->watch.split_dirty.start &&
	       gfn < lab->watch.split_dirty.end;
}

static bool is_of_several_slots(const struct sim_notifier_check *check, gfn_t gfn)
{
	unsigned int i;

	for (i = 0; check->nr_parts > 1 && i < check->nr_parts; i++)
		if (gfn >= check->parts[i].start && gfn < check->parts[i].end)
			return true;
	return false;
}

/*
 * A notifier zaps slot after slot, and each walk begins as if no flush were pending: one that yields
 * drops mmu_lock with that of the slots before it still to come.  It shows in a vCPU that goes on
 * using the page, or in the next invalidation of it, which finds nothing to flush.
 */
static bool is_flush_between_slots(const struct sim_lab *lab, const struct sim_det_result *result)
{
	bool stale = !strncmp(result->report, "stale ", 6);
	gfn_t gfn = stale ? lab->watch.stale_gfn : reported_gfn(result);
	const struct sim_invalidations *in;
	unsigned int task, n;

	if (!stale && (strncmp(result->report, "notifier: ", 10) ||
		       !strstr(result->report, "by a cached translation")))
		return false;
	for (task = 0; task < SIM_DET_MAX_TASKS; task++) {
		in = &lab->watch.invalidations[task];
		/* What the next one fails by is not its own flush. */
		for (n = 0; (stale || task != result->task) && n < in->nr && n < SIM_WATCH_NESTED; n++)
			if (!in->started[n] && is_of_several_slots(&in->check[n], gfn))
				return true;
	}
	return false;
}

const char *sim_known_finding(const struct sim_lab *lab, const struct sim_det_result *result)
{
	if (is_unlisted_table(&lab->machine, result))
		return "unlisted-table";
	if (is_mmio_over_leaf(lab, result))
		return "mmio-over-leaf";
	if (is_mmio_before_wrap(lab, result))
		return "mmio-before-wrap";
	if (is_split_between_passes(lab, result))
		return "split-between-passes";
	return is_flush_between_slots(lab, result) ? "flush-between-slots" : NULL;
}
