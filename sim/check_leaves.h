/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_CHECK_LEAVES_H
#define SIM_CHECK_LEAVES_H

#include "mmu/kvm_host.h"

/*
 * A walk over the leaves of a VM for checkers: plain reading, none of the walks that are
 * themselves under test.  It believes that tables are well formed (check_tables.h).
 */

struct sim_leaf {
	const struct kvm_mmu_page *root;
	u64 *sptep;
	u64 spte;
	gfn_t gfn;
	int as_id, level;
};

/**
 * sim_for_each_leaf() - call @fn for the present leaves of one root, until it returns false.
 * @start: first gfn
 * @end: and the one behind the last; leaves that reach in are called for too
 *
 * Return: whether @fn returned true each time.
 */
bool sim_for_each_leaf(const struct kvm_mmu_page *root, gfn_t start, gfn_t end,
		       bool (*fn)(void *ctx, const struct sim_leaf *leaf), void *ctx);

/**
 * sim_for_each_root() - the roots on the list, and then those that only vCPUs have.
 *
 * One that several vCPUs have, and the list has not, comes several times.
 *
 * Return: as sim_for_each_leaf().
 */
bool sim_for_each_root(struct kvm *kvm,
		       bool (*fn)(void *ctx, const struct kvm_mmu_page *root), void *ctx);

/**
 * sim_next_entry() - the next entry of a table that is not empty; @end if there is none.
 * @i: where to begin
 * @end: where to end: SPTE_ENT_PER_PAGE for the whole table
 * @empty: SHADOW_NONPRESENT_VALUE
 *
 * Most entries of most tables are empty, and checkers look at all of them: eight at a time.
 */
static inline int sim_next_entry(const u64 *spt, int i, int end, u64 empty)
{
	for (; i < end && (i & 7); i++)
		if (spt[i] != empty)
			return i;
	for (; i + 8 <= end; i += 8) {
		const u64 *e = &spt[i];

		if (((e[0] ^ empty) | (e[1] ^ empty) | (e[2] ^ empty) | (e[3] ^ empty) |
		     (e[4] ^ empty) | (e[5] ^ empty) | (e[6] ^ empty) | (e[7] ^ empty)))
			break;
	}
	while (i < end && spt[i] == empty)
		i++;
	return i;
}

#endif /* SIM_CHECK_LEAVES_H */
