/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdarg.h>
#include <stdio.h>

#include "mmu/mmu.h"
#include "sim/check_spte.h"

/* ---- Complaints ---- */

static bool complain(struct sim_spte_check *check, const struct kvm_mmu_page *sp, gfn_t gfn,
		     u64 spte, const char *fmt, ...)
{
	int n = snprintf(check->err, check->err_size,
			 "as %d gfn 0x%llx level %d SPTE 0x%llx: ", kvm_mmu_page_as_id(sp),
			 (unsigned long long)gfn, sp->role.level, (unsigned long long)spte);
	va_list args;

	if (n >= 0 && (size_t)n < check->err_size) {
		va_start(args, fmt);
		vsnprintf(check->err + n, check->err_size - n, fmt, args);
		va_end(args);
	}
	return false;
}

/* ---- Set-up ---- */

u64 sim_spte_leaf_bits(void)
{
	u64 bits = SPTE_MMU_PRESENT_MASK | SPTE_TDP_AD_MASK | SPTE_BASE_ADDR_MASK |
		   PT_WRITABLE_MASK | PT_PAGE_SIZE_MASK;

	bits |= shadow_present_mask | shadow_user_mask | shadow_x_mask | shadow_nx_mask;
	bits |= shadow_accessed_mask | shadow_dirty_mask | shadow_memtype_mask;
	bits |= shadow_host_writable_mask | shadow_mmu_writable_mask | shadow_me_mask;
	/* Only where KVM tracks accesses itself does it have something to save. */
	return bits | (kvm_ad_enabled ? 0 : SHADOW_ACC_TRACK_SAVED_MASK);
}

u64 sim_spte_nonleaf_bits(void)
{
	u64 bits = SPTE_MMU_PRESENT_MASK | shadow_present_mask | PT_WRITABLE_MASK |
		   shadow_user_mask | shadow_x_mask | shadow_me_value;

	return bits | (kvm_ad_enabled ? shadow_accessed_mask : SPTE_TDP_AD_DISABLED);
}

void sim_spte_check_init(struct sim_spte_check *check, struct kvm *kvm,
			 const struct kvm_mmu_page *root, char *err, size_t err_size)
{
	*check = (struct sim_spte_check) {
		.kvm = kvm,
		.slots = __kvm_memslots(kvm, kvm_mmu_page_as_id(root)),
		.format = kvm_cpu.intel ? &sim_ept_format : &sim_npt_format,
		.caps = {
			.maxphyaddr = kvm_cpu.maxphyaddr,
			.levels = root->role.level,
			.exec_only = kvm_cpu.exec_only,
			.page_2m = true,
			.page_1g = !kvm_cpu.intel || kvm_cpu.ept_1g,
			.ad = kvm_ad_enabled,
			.advanced_info = true,
			.nxe = true,
		},
		.leaf_bits = sim_spte_leaf_bits(),
		.log = !root->role.invalid,
		.err = err,
		.err_size = err_size,
	};
	reset_tdp_shadow_zero_bits_mask(&check->rsvd, root->role.level);
}

/* ---- Entries that are not present ---- */

static bool check_mmio(struct sim_spte_check *check, const struct kvm_mmu_page *sp, gfn_t gfn,
		       u64 spte)
{
	u64 gen = check->slots->generation & MMIO_SPTE_GEN_MASK;
	u64 spte_gen = get_mmio_spte_generation(spte);

	if (sp->role.level != PG_LEVEL_4K)
		return complain(check, sp, gfn, spte, "an MMIO SPTE above level 1");
	if (get_mmio_spte_gfn(spte) != gfn)
		return complain(check, sp, gfn, spte, "an MMIO SPTE made for gfn 0x%llx",
				(unsigned long long)get_mmio_spte_gfn(spte));
	/* Each space has every other generation. */
	if ((spte_gen & 1) != (u64)kvm_mmu_page_as_id(sp))
		return complain(check, sp, gfn, spte,
				"an MMIO SPTE with a generation of the other address space");
	/* When it wraps all MMIO SPTEs are zapped, so it only goes up. */
	if (spte_gen > gen)
		return complain(check, sp, gfn, spte,
				"an MMIO SPTE of generation 0x%llx, but the memslots' is 0x%llx",
				(unsigned long long)spte_gen, (unsigned long long)gen);
	if (spte_gen == gen && gfn_to_memslot_in(check->slots, gfn))
		return complain(check, sp, gfn, spte,
				"a current MMIO SPTE where there is a memslot");
	/* It must make the CPU exit in the way that tells it apart. */
	if (!check->format->reserved(&check->caps, spte, PG_LEVEL_4K))
		return complain(check, sp, gfn, spte, "an MMIO SPTE that the CPU takes for legal");
	return true;
}

bool sim_check_empty(struct sim_spte_check *check, const struct kvm_mmu_page *sp, gfn_t gfn,
		     u64 spte)
{
	if (spte == SHADOW_NONPRESENT_VALUE)
		return true;
	if (is_removed_spte(spte))
		return complain(check, sp, gfn, spte, "the removed value was left behind");
	if (!is_mmio_spte(spte))
		return complain(check, sp, gfn, spte, "neither empty nor present nor MMIO");
	return check_mmio(check, sp, gfn, spte);
}

/* ---- Present entries ---- */

static bool check_reserved(struct sim_spte_check *check, const struct kvm_mmu_page *sp, gfn_t gfn,
			   u64 spte)
{
	int level = sp->role.level;
	uint64_t bits;

	if (is_rsvd_spte(&check->rsvd, spte, level))
		return complain(check, sp, gfn, spte, "KVM's masks find reserved bits");
	/* While its rights are taken away for tracking, the CPU takes it for absent. */
	if (!check->format->present(spte)) {
		if (is_access_track_spte(spte))
			return true;
		return complain(check, sp, gfn, spte, "the CPU takes it for not present");
	}
	bits = check->format->reserved(&check->caps, spte, level);
	if (bits)
		return complain(check, sp, gfn, spte, "the CPU reserves bits 0x%llx",
				(unsigned long long)bits);
	if (check->format->leaf(&check->caps, spte, level) != is_last_spte(spte, level))
		return complain(check, sp, gfn, spte,
				"KVM and the CPU do not agree whether it is a leaf");
	return true;
}

bool sim_check_nonleaf(struct sim_spte_check *check, const struct kvm_mmu_page *sp, gfn_t gfn,
		       u64 spte)
{
	u64 bits = sim_spte_nonleaf_bits();

	if ((spte & ~(SPTE_BASE_ADDR_MASK & ~shadow_me_mask)) != bits)
		return complain(check, sp, gfn, spte, "an entry for a table has bits 0x%llx",
				(unsigned long long)bits);
	return check_reserved(check, sp, gfn, spte);
}

static u64 expected_ad_type(const struct kvm_mmu_page *sp)
{
	if (!kvm_ad_enabled)
		return SPTE_TDP_AD_DISABLED;
	return sp->role.guest_mode && enable_pml ? SPTE_TDP_AD_WRPROT_ONLY : SPTE_TDP_AD_ENABLED;
}

/* Tracked or not, the rights that count are those that the guest will find. */
static bool check_rights(struct sim_spte_check *check, const struct kvm_mmu_page *sp, gfn_t gfn,
			 u64 spte)
{
	bool tracked = is_access_track_spte(spte);
	u64 rights = tracked ? restore_acc_track_spte(spte) : spte;
	bool huge = sp->role.level > PG_LEVEL_4K;

	if (!tracked && !kvm_ad_enabled && (spte & SHADOW_ACC_TRACK_SAVED_MASK))
		return complain(check, sp, gfn, spte, "saved rights, but it is not tracked");
	if (!(rights & shadow_user_mask) || (spte & shadow_present_mask) != shadow_present_mask)
		return complain(check, sp, gfn, spte, "the guest cannot read it");
	if (huge && is_nx_huge_page_enabled(check->kvm) && is_executable_pte(rights))
		return complain(check, sp, gfn, spte, "an executable huge page");
	if (!(huge && is_nx_huge_page_enabled(check->kvm)) && !is_executable_pte(rights))
		return complain(check, sp, gfn, spte, "it should be executable");

	if (is_writable_pte(spte) && !is_mmu_writable_spte(spte))
		return complain(check, sp, gfn, spte, "writable, but not MMU-writable");
	if (is_mmu_writable_spte(spte) && !(spte & shadow_host_writable_mask))
		return complain(check, sp, gfn, spte, "MMU-writable, but not host-writable");
	return true;
}

static bool check_leaf_bits(struct sim_spte_check *check, const struct kvm_mmu_page *sp, gfn_t gfn,
			    u64 spte)
{
	bool huge = sp->role.level > PG_LEVEL_4K;
	/* Write-back, whatever the guest says: no device is attached that would not snoop. */
	u64 memtype = shadow_memtype_mask ? 0x70 : 0;

	if (spte & ~check->leaf_bits)
		return complain(check, sp, gfn, spte, "bits 0x%llx have no meaning in a leaf",
				(unsigned long long)(spte & ~check->leaf_bits));
	if (sp->role.level > KVM_MAX_HUGEPAGE_LEVEL)
		return complain(check, sp, gfn, spte, "a leaf above level 3");
	if (!huge && is_large_pte(spte))
		return complain(check, sp, gfn, spte, "a small page that says it is huge");
	if ((spte & SPTE_TDP_AD_MASK) != expected_ad_type(sp))
		return complain(check, sp, gfn, spte, "the A/D type should be 0x%llx",
				(unsigned long long)expected_ad_type(sp));
	if (!check->kvm->arch.noncoherent_dma &&
	    (spte & shadow_memtype_mask & GENMASK_ULL(11, 0)) != memtype)
		return complain(check, sp, gfn, spte, "the memory type should be 0x%llx",
				(unsigned long long)memtype);
	return check_rights(check, sp, gfn, spte) && check_reserved(check, sp, gfn, spte);
}

/* ---- The memslot of a leaf ---- */

static bool size_allowed(const struct kvm_memory_slot *slot, gfn_t gfn, int level)
{
	int shift = KVM_HPAGE_GFN_SHIFT(level);

	if (level == PG_LEVEL_4K)
		return true;
	return !slot->arch.lpage_info[level - 2][(gfn >> shift) -
						 (slot->base_gfn >> shift)].disallow_lpage;
}

/* What a write may have reached since the log began is in the log. */
static bool check_log(struct sim_spte_check *check, const struct kvm_mmu_page *sp, gfn_t gfn,
		      u64 spte, const struct kvm_memory_slot *slot)
{
	gfn_t first = gfn - slot->base_gfn, i;
	bool log_by_d = enable_pml && !spte_ad_need_write_protect(spte);

	if (!is_writable_pte(spte))
		return true;

	if (sp->role.level == PG_LEVEL_4K) {
		/* Where the CPU logs, a writable page without D is one that it will log. */
		if (log_by_d && !(spte & shadow_dirty_mask))
			return true;
		if (!test_bit(first, slot->dirty_bitmap))
			return complain(check, sp, gfn, spte, "written, but not in the dirty log");
		return true;
	}

	/*
	 * A huge page is writable only as long as all of it counts as dirty, which is so
	 * at first if the VMM asked for it.  KVM itself misses a huge page that starts
	 * with the last gfn of the 64 that are cleared; if the slot does not start at a
	 * multiple of 64, these can lie in two huge pages.
	 */
	for (i = slot->base_gfn & 63 ? 1 : 0; i < KVM_PAGES_PER_HPAGE(sp->role.level); i++)
		if (!test_bit(first + i, slot->dirty_bitmap))
			return complain(check, sp, gfn, spte,
					"a huge page of a logging memslot is writable");
	return true;
}

bool sim_check_leaf(struct sim_spte_check *check, const struct kvm_mmu_page *sp, gfn_t gfn,
		    u64 spte)
{
	struct kvm_memory_slot *slot = gfn_to_memslot_in(check->slots, gfn);
	int level = sp->role.level;

	if (!check_leaf_bits(check, sp, gfn, spte))
		return false;
	if (!slot)
		return complain(check, sp, gfn, spte, "no memslot is here");
	if (slot->flags & KVM_MEMSLOT_INVALID)
		return complain(check, sp, gfn, spte, "the memslot is being deleted");
	if (gfn + KVM_PAGES_PER_HPAGE(level) > slot->base_gfn + slot->npages)
		return complain(check, sp, gfn, spte, "it reaches beyond the end of memslot %d",
				slot->id);
	if (!size_allowed(slot, gfn, level))
		return complain(check, sp, gfn, spte, "memslot %d does not allow this size here",
				slot->id);
	if ((slot->flags & KVM_MEM_READONLY) && (spte & shadow_host_writable_mask))
		return complain(check, sp, gfn, spte, "writable, but memslot %d is read-only",
				slot->id);
	if (slot->dirty_bitmap && check->log)
		return check_log(check, sp, gfn, spte, slot);
	return true;
}
