/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/bug.h>

#include "mmu/spte.h"

/* Set-up of the run-time masks: once, when the module is loaded; docs/sptes.md. */

static bool allow_mmio_caching;

void kvm_mmu_spte_module_init(bool mmio_caching)
{
	allow_mmio_caching = mmio_caching;
}

void kvm_mmu_set_mmio_spte_mask(u64 mmio_value, u64 mmio_mask, u64 access_mask)
{
	u64 moved = shadow_nonpresent_or_rsvd_mask << 5;

	enable_mmio_caching = allow_mmio_caching;
	if (!enable_mmio_caching)
		mmio_value = 0;

	/* Only bits that neither the generation nor a relocated gfn needs. */
	if (WARN_ON(mmio_mask & ~SPTE_MMIO_ALLOWED_MASK))
		mmio_value = 0;
	if (mmio_value & moved)
		mmio_value = 0;
	/* An MMIO SPTE must be told from any other by the mask alone. */
	if (WARN_ON((mmio_value & mmio_mask) != mmio_value) ||
	    WARN_ON(mmio_value && (REMOVED_SPTE & mmio_mask) == mmio_value))
		mmio_value = 0;

	if (!mmio_value)
		enable_mmio_caching = false;
	shadow_mmio_value = mmio_value;
	shadow_mmio_mask = mmio_mask;
	shadow_mmio_access_mask = access_mask;
}

void kvm_mmu_set_me_spte_mask(u64 me_value, u64 me_mask)
{
	if (WARN_ON(me_value & ~me_mask))
		me_value = me_mask = 0;
	shadow_me_value = me_value;
	shadow_me_mask = me_mask;
	spte_base_addr_mask = GENMASK_ULL(51, 12) & ~me_mask;
}

void kvm_mmu_set_ept_masks(bool has_ad_bits, bool has_exec_only)
{
	kvm_ad_enabled = has_ad_bits;

	shadow_user_mask = BIT_ULL(0);		/* R */
	shadow_accessed_mask = has_ad_bits ? BIT_ULL(8) : 0;
	shadow_dirty_mask = has_ad_bits ? BIT_ULL(9) : 0;
	shadow_nx_mask = 0;
	shadow_x_mask = BIT_ULL(2);
	/* Without execute-only, an entry that is present must be readable. */
	shadow_present_mask = (has_exec_only ? 0 : BIT_ULL(0)) | SHADOW_NONPRESENT_VALUE;
	shadow_memtype_mask = GENMASK_ULL(6, 3);
	shadow_acc_track_mask = GENMASK_ULL(2, 0);
	shadow_host_writable_mask = EPT_SPTE_HOST_WRITABLE;
	shadow_mmu_writable_mask = EPT_SPTE_MMU_WRITABLE;

	/* W and X without R misconfigures; suppress-#VE must be clear in it. */
	kvm_mmu_set_mmio_spte_mask(6, 7 | SHADOW_NONPRESENT_VALUE, 0);
}

/* L1TF: how much of an MMIO SPTE's address must not look like cached memory. */
static void set_l1tf_masks(void)
{
	u8 low_phys_bits = kvm_cpu.maxphyaddr;

	shadow_nonpresent_or_rsvd_mask = 0;
	if (kvm_cpu.l1tf && kvm_cpu.cache_bits < 52 - 5) {
		low_phys_bits = kvm_cpu.cache_bits - 5;
		shadow_nonpresent_or_rsvd_mask =
			GENMASK_ULL(kvm_cpu.cache_bits - 1, low_phys_bits);
	}
	shadow_nonpresent_or_rsvd_lower_gfn_mask = GENMASK_ULL(low_phys_bits - 1, 12);
}

void kvm_mmu_reset_all_pte_masks(void)
{
	shadow_phys_bits = kvm_cpu.maxphyaddr;
	SHADOW_NONPRESENT_VALUE = kvm_profile->nonpresent_value;
	REMOVED_SPTE = SHADOW_NONPRESENT_VALUE | REMOVED_SPTE_BITS;
	set_l1tf_masks();

	kvm_ad_enabled = true;

	shadow_user_mask = BIT_ULL(2);
	shadow_accessed_mask = BIT_ULL(5);
	shadow_dirty_mask = BIT_ULL(6);
	shadow_nx_mask = PT64_NX_MASK;
	shadow_x_mask = 0;
	shadow_present_mask = BIT_ULL(0);
	shadow_memtype_mask = 0;
	shadow_acc_track_mask = 0;
	kvm_mmu_set_me_spte_mask(0, 0);
	shadow_host_writable_mask = DEFAULT_SPTE_HOST_WRITABLE;
	shadow_mmu_writable_mask = DEFAULT_SPTE_MMU_WRITABLE;

	/* A present entry with a reserved address bit; with 52 address bits there is none. */
	if (shadow_phys_bits < 52)
		kvm_mmu_set_mmio_spte_mask(BIT_ULL(51) | BIT_ULL(0), BIT_ULL(51) | BIT_ULL(0),
					   BIT_ULL(1) | BIT_ULL(2));
	else
		kvm_mmu_set_mmio_spte_mask(0, 0, BIT_ULL(1) | BIT_ULL(2));
}

/* ---- What the CPU reserves ---- */

/*
 * Illegal low six bits of an EPT entry: a bad memory type, W without R, or X alone.
 * KVM never makes the last, though the CPU may allow it.
 */
static u64 ept_bad_mt_xwr(void)
{
	u64 bad = 0;
	unsigned int low;

	for (low = 0; low < 64; low++) {
		unsigned int rwx = low & 7, memtype = low >> 3;

		if (memtype == 2 || memtype == 3 || memtype == 7 ||
		    rwx == 2 || rwx == 6 || rwx == 4)
			bad |= BIT_ULL(low);
	}
	return bad;
}

static void set_ept_zero_bits(struct rsvd_bits_validate *check, u64 hi)
{
	u64 (*mask)[PT64_ROOT_MAX_LEVEL] = check->rsvd_bits_mask;

	mask[0][4] = mask[1][4] = hi | GENMASK_ULL(7, 3);
	mask[0][3] = mask[1][3] = hi | GENMASK_ULL(7, 3);
	mask[0][2] = mask[0][1] = hi | GENMASK_ULL(6, 3);
	mask[1][2] = hi | GENMASK_ULL(29, 12) | (kvm_cpu.ept_1g ? 0 : PT_PAGE_SIZE_MASK);
	mask[1][1] = hi | GENMASK_ULL(20, 12);
	mask[0][0] = mask[1][0] = hi;
	check->bad_mt_xwr = ept_bad_mt_xwr();
}

static void set_npt_zero_bits(struct rsvd_bits_validate *check, u64 hi)
{
	u64 (*mask)[PT64_ROOT_MAX_LEVEL] = check->rsvd_bits_mask;

	mask[0][4] = mask[1][4] = hi | GENMASK_ULL(8, 7);
	mask[0][3] = mask[1][3] = hi | GENMASK_ULL(8, 7);
	mask[0][2] = hi;
	mask[1][2] = hi | GENMASK_ULL(29, 13);
	mask[0][1] = hi;
	mask[1][1] = hi | GENMASK_ULL(20, 13);
	mask[0][0] = mask[1][0] = hi;
	check->bad_mt_xwr = 0;
}

void reset_tdp_shadow_zero_bits_mask(struct rsvd_bits_validate *check, int root_level)
{
	u64 hi = shadow_phys_bits < 52 ? GENMASK_ULL(51, shadow_phys_bits) : 0;
	int i;

	if (kvm_cpu.intel)
		set_ept_zero_bits(check, hi);
	else
		set_npt_zero_bits(check, hi);

	for (i = 0; i < PT64_ROOT_MAX_LEVEL; i++) {
		check->rsvd_bits_mask[0][i] &= ~shadow_me_mask;
		check->rsvd_bits_mask[1][i] &= ~shadow_me_mask;
	}
}
