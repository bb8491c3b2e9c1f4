/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "mmu/profile.h"
#include "mmu/tdp_mmu.h"

const struct sim_profile *kvm_profile;

/*
 * 6.1.192 stable.  The entry formats and the fault path of v6.1, with two later
 * changes that the stable tree took: roots live until they are invalidated, and
 * whoever invalidates them zaps them.
 */
static const struct sim_profile profile_v6_1 = {
	.name = "v6.1",
	.unsync_skip_needs_leaf = true,
	.guest_mtrrs = true,
	.has_change_pte = true,
	.pages_on_list = true,
	.zap_levels = { PG_LEVEL_1G },
	.roots = &sim_roots_zapped_by_caller,
};

/* Roots die when their last user lets go of them; a worker zaps them. */
static const struct sim_profile profile_v5_18 = {
	.name = "v5.18",
	.guest_mtrrs = true,
	.has_change_pte = true,
	.pages_on_list = true,
	.zap_levels = { PG_LEVEL_1G },
	.zap_all_by_space = true,
	.roots = &sim_roots_die_at_last_put,
};

/*
 * The patch under review, on the kernel of its time (between v6.3 and v6.4): four
 * answers to the question how to invalidate roots at teardown.
 */
#define V6_4_PROFILE(profile_name, lifecycle)			\
	{							\
		.name = profile_name,				\
		.fault_splits_huge_page = true,			\
		.guest_mtrrs = true,				\
		.has_change_pte = true,				\
		.clears_single_bits = true,			\
		.nx_recovery_skips_logged = true,		\
		.zap_levels = { PG_LEVEL_1G },			\
		.roots = lifecycle,				\
	}

static const struct sim_profile profile_seed_v1 = V6_4_PROFILE("seed-v1", &sim_roots_seed_v1);
static const struct sim_profile profile_seed_v2 = V6_4_PROFILE("seed-v2", &sim_roots_seed_v2);
static const struct sim_profile profile_seed_opt1 = V6_4_PROFILE("seed-opt1", &sim_roots_seed_opt1);
static const struct sim_profile profile_seed_opt2 = V6_4_PROFILE("seed-opt2", &sim_roots_seed_opt2);

/* As merged: roots live until they are invalidated; a worker zaps them. */
static const struct sim_profile profile_v6_4 =
	V6_4_PROFILE("v6.4", &sim_roots_zapped_by_worker);

/* 6.12.117: bit 63 in empty entries, roots made and put under the read lock. */
static const struct sim_profile profile_v6_12 = {
	.name = "v6.12",
	.nonpresent_value = BIT_ULL(63),
	.unsync_skip_needs_leaf = true,
	.fault_splits_huge_page = true,
	.invalidate_by_gfn = true,
	.early_retry_check = true,
	.write_protected_fault = true,
	.error_code_64bit = true,
	.flush_before_bookkeeping = true,
	.clears_single_bits = true,
	.split_range_inclusive = true,
	.nx_recovery_skips_logged = true,
	.zap_leafs_valid_only = true,
	.zap_levels = { PG_LEVEL_4K, PG_LEVEL_2M, PG_LEVEL_1G },
	.root_alloc_shared = true,
	.root_put_shared = true,
	.roots = &sim_roots_zapped_by_caller,
};

static const struct sim_profile *const profiles[] = {
	&profile_v5_18,
	&profile_seed_v1,
	&profile_seed_v2,
	&profile_seed_opt1,
	&profile_seed_opt2,
	&profile_v6_4,
	&profile_v6_1,
	&profile_v6_12,
};

const struct sim_profile *sim_profile_at(unsigned int index)
{
	return index < sizeof(profiles) / sizeof(profiles[0]) ? profiles[index] : NULL;
}

const struct sim_profile *sim_profile_find(const char *name)
{
	const struct sim_profile *profile;
	unsigned int i;

	for (i = 0; (profile = sim_profile_at(i)); i++)
		if (!strcmp(profile->name, name))
			return profile;
	return NULL;
}
