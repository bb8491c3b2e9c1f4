/* SPDX-License-Identifier: GPL-2.0-only */
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

const char *sim_known_finding(const struct sim_lab *lab, const struct sim_det_result *result)
{
	if (is_unlisted_table(&lab->machine, result))
		return "unlisted-table";
	if (is_mmio_over_leaf(lab, result))
		return "mmio-over-leaf";
	return is_mmio_before_wrap(lab, result) ? "mmio-before-wrap" : NULL;
}
