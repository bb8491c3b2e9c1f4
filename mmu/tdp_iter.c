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

void tdp_iter_restart(struct tdp_iter *iter)
{
	iter->yielded = false;
	iter->yielded_gfn = iter->next_last_level_gfn;
	iter->level = iter->root_level;
	iter->gfn = gfn_round_for_level(iter->next_last_level_gfn, iter->level);
	load_entry(iter);
	iter->valid = true;
}

void tdp_iter_start(struct tdp_iter *iter, struct kvm_mmu_page *root, int min_level,
		    gfn_t next_last_level_gfn)
{
	/* A gfn that the tables have no index for, or a root that is none: an empty walk. */
	if (WARN_ON_ONCE(!root || root->role.level < PG_LEVEL_4K ||
			 root->role.level > PT64_ROOT_MAX_LEVEL || next_last_level_gfn == INVALID_GFN)) {
		iter->valid = false;
		return;
	}

	iter->next_last_level_gfn = next_last_level_gfn;
	iter->root_level = root->role.level;
	iter->min_level = min_level;
	iter->pt_path[iter->root_level - 1] = (tdp_ptep_t)root->spt;
	iter->as_id = kvm_mmu_page_as_id(root);

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
	tdp_ptep_t child_pt;

	if (iter->level == iter->min_level)
		return false;

	/* The entry may have become a table, or stopped being one, since it was read. */
	iter->old_spte = kvm_tdp_mmu_read_spte(iter->sptep);
	child_pt = spte_to_child_pt(iter->old_spte, iter->level);
	if (!child_pt)
		return false;

	iter->level--;
	iter->pt_path[iter->level - 1] = child_pt;
	iter->gfn = gfn_round_for_level(iter->next_last_level_gfn, iter->level);
	load_entry(iter);
	return true;
}

static bool step_side(struct tdp_iter *iter)
{
	if (SPTE_INDEX(iter->gfn, iter->level) == SPTE_ENT_PER_PAGE - 1)
		return false;

	iter->gfn += KVM_PAGES_PER_HPAGE(iter->level);
	iter->next_last_level_gfn = iter->gfn;
	load_entry(iter);
	return true;
}

static bool step_up(struct tdp_iter *iter)
{
	if (iter->level == iter->root_level)
		return false;

	iter->level++;
	iter->gfn = gfn_round_for_level(iter->gfn, iter->level);
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
