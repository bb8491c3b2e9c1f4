/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/bug.h>
#include <linux/mm.h>

#include "mmu/tdp_iter.h"

/* Point at the entry for the present gfn in the table of the present level, and read it. */
static void load_entry(struct tdp_iter *iter)
{
	iter->sptep = iter->pt_path[iter->level - 1] + SPTE_INDEX(iter->gfn, iter->level);
	iter->old_spte = kvm_tdp_mmu_read_spte(iter->sptep);
}

/* Go to the entry for the target in the table that stands at @level of the path. */
static void enter_table(struct tdp_iter *iter, int level)
{
	iter->gfn = gfn_round_for_level(iter->next_last_level_gfn, level);
	iter->level = level;
	load_entry(iter);
}

void tdp_iter_restart(struct tdp_iter *iter)
{
	enter_table(iter, iter->root_level);
	iter->valid = true;
	/* It has got this far, and must get further before it may yield again. */
	iter->yielded_gfn = iter->next_last_level_gfn;
	iter->yielded = false;
}

void tdp_iter_start(struct tdp_iter *iter, struct kvm_mmu_page *root, int min_level,
		    gfn_t next_last_level_gfn)
{
	int level = root ? sim_read_role(root).level : 0;

	/* A gfn that the tables have no index for, or a root that is none: an empty walk. */
	iter->valid = level >= PG_LEVEL_4K && level <= PT64_ROOT_MAX_LEVEL &&
		      next_last_level_gfn != INVALID_GFN;
	if (WARN_ON_ONCE(!iter->valid))
		return;

	iter->as_id = kvm_mmu_page_as_id(root);
	iter->pt_path[level - 1] = root->spt;
	iter->root_level = level;
	iter->min_level = min_level;
	iter->next_last_level_gfn = next_last_level_gfn;
	tdp_iter_restart(iter);
}

tdp_ptep_t spte_to_child_pt(u64 spte, int level)
{
	if (!is_shadow_present_pte(spte) || is_last_spte(spte, level))
		return NULL;
	return (tdp_ptep_t)__va(spte_to_pfn(spte) << PAGE_SHIFT);
}

static bool step_down(struct tdp_iter *iter)
{
	int below = iter->level - 1;
	tdp_ptep_t table;

	if (below < iter->min_level)
		return false;

	/* The entry may have become a table, or stopped being one, since it was read. */
	iter->old_spte = kvm_tdp_mmu_read_spte(iter->sptep);
	table = spte_to_child_pt(iter->old_spte, iter->level);
	if (table) {
		iter->pt_path[below - 1] = table;
		enter_table(iter, below);
	}
	return table;
}

static bool step_side(struct tdp_iter *iter)
{
	gfn_t next = iter->gfn + KVM_PAGES_PER_HPAGE(iter->level);

	/* The one behind the last entry has index 0, of another table. */
	if (!SPTE_INDEX(next, iter->level))
		return false;

	iter->gfn = iter->next_last_level_gfn = next;
	load_entry(iter);
	return true;
}

static bool step_up(struct tdp_iter *iter)
{
	int above = iter->level + 1;

	if (above > iter->root_level)
		return false;

	iter->gfn = gfn_round_for_level(iter->gfn, above);
	iter->level = above;
	load_entry(iter);
	return true;
}

void tdp_iter_next(struct tdp_iter *iter)
{
	/*
	 * After a yield the position is found anew from the root.  That entry has not
	 * been visited, so stepping on from it would skip it and all below it.
	 */
	if (iter->yielded) {
		tdp_iter_restart(iter);
		return;
	}

	if (step_down(iter))
		return;
	do {
		if (step_side(iter))
			return;
	} while (step_up(iter));
	iter->valid = false;
}
