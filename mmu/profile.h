/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MMU_PROFILE_H
#define MMU_PROFILE_H

#include "mmu/kvm_types.h"

struct sim_root_lifecycle;

/*
 * A profile is a kernel generation: the few places in which its TDP MMU differs
 * from the others', as data.  Everything else is one body of code.  The facts
 * behind the knobs, with the commits, are in docs/profiles.md.
 */
struct sim_profile {
	const char *name;

	/* Values of entries. */
	u64 nonpresent_value;	/* SHADOW_NONPRESENT_VALUE: 0, or bit 63 from v6.10 */

	/* Which old SPTEs make make_spte() skip the unsync check, and with it D. */
	bool unsync_skip_needs_leaf;	/* only a leaf, not any entry with bit 1 (6.1.y) */

	/* Page faults. */
	bool fault_splits_huge_page;	/* in place (v6.2); before, zap and map anew */
	bool invalidate_by_gfn;		/* retry range in gfns (v6.8); before, in hvas */
	bool early_retry_check;		/* look at the notifier before mmu_lock too (v6.9) */
	bool write_protected_fault;	/* RET_PF_WRITE_PROTECTED exists (v6.12) */
	bool error_code_64bit;		/* the fault handler sees all of it (v6.10) */

	/* Memory types. */
	bool guest_mtrrs;		/* guest MTRRs decide with non-coherent DMA (until v6.11) */

	/* Shared-mode zaps of a reachable entry. */
	bool flush_before_bookkeeping;	/* freeze, flush, then process (v6.10) */

	/* MMU notifiers. */
	bool has_change_pte;		/* until v6.10 */

	/* Dirty logging. */
	bool clears_single_bits;	/* locked AND of one bit and its own trace (v6.4) */
	bool split_range_inclusive;	/* initially-all-set splits the last gfn too (v6.8) */

	/* NX huge pages. */
	bool nx_recovery_skips_logged;	/* only unaccounts pages of a logged slot (v6.2) */

	/* Page accounting. */
	bool pages_on_list;		/* kvm->arch.tdp_mmu_pages is a list (until v6.2) */

	/* Walks of roots that are invalid already. */
	bool zap_leafs_valid_only;	/* kvm_tdp_mmu_zap_leafs() skips invalid roots (v6.9) */

	/* Which levels a root is zapped at before the root level itself, 0-terminated. */
	u8 zap_levels[4];

	/* How roots are made, put, invalidated and zapped. */
	bool root_alloc_shared;		/* under mmu_lock for read (v6.9) */
	bool root_put_shared;		/* vCPUs put roots under mmu_lock for read (v6.9) */
	bool zap_all_by_space;		/* zap_all takes one address space after the other (v5.18) */
	const struct sim_root_lifecycle *roots;
};

/* The profile that the "module" was loaded with; never NULL after kvm_mmu_module_init(). */
extern const struct sim_profile *kvm_profile;

/**
 * sim_profile_find() - look a profile up by its name.
 * @name: as in "v6.12"
 *
 * Return: the profile, or NULL.
 */
const struct sim_profile *sim_profile_find(const char *name);

/**
 * sim_profile_at() - the profiles by number, for listing them.
 * @index: from 0
 *
 * Return: the profile, or NULL past the last one.
 */
const struct sim_profile *sim_profile_at(unsigned int index);

/* The profile of whoever names none. */
#define SIM_PROFILE_DEFAULT	"v6.4"

#endif /* MMU_PROFILE_H */
