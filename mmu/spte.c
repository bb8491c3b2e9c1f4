/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/bug.h>

#include "mmu/mmu.h"
#include "mmu/spte.h"
#include "mmu/x86.h"

/* Values of SPTEs: the masks of a format and a profile, and what is made of them. */

bool enable_mmio_caching = true;
bool kvm_ad_enabled;

u64 shadow_nonpresent_value;
u64 removed_spte;
u64 shadow_host_writable_mask;
u64 shadow_mmu_writable_mask;
u64 shadow_present_mask;
u64 shadow_user_mask;
u64 shadow_accessed_mask;
u64 shadow_dirty_mask;
u64 shadow_nx_mask;
u64 shadow_x_mask;
u64 shadow_memtype_mask;
u64 shadow_acc_track_mask;
u64 shadow_mmio_value;
u64 shadow_mmio_mask;
u64 shadow_mmio_access_mask;
u64 shadow_me_value;
u64 shadow_me_mask;
u64 spte_base_addr_mask;
u64 shadow_nonpresent_or_rsvd_mask;
u64 shadow_nonpresent_or_rsvd_lower_gfn_mask;
u8 shadow_phys_bits;

/* How far up an L1TF-safe MMIO SPTE moves the gfn bits that it inverts. */
#define SHADOW_NONPRESENT_OR_RSVD_MASK_LEN	5

/* ---- MMIO SPTEs ---- */

/* Bits 7:0 of the generation go to 10:3 of the SPTE, bits 18:8 to 62:52. */
static u64 generation_mmio_spte_mask(u64 gen)
{
	u64 low = gen & GENMASK_ULL(MMIO_SPTE_GEN_LOW_BITS - 1, 0);
	u64 high = (gen & MMIO_SPTE_GEN_MASK) >> MMIO_SPTE_GEN_LOW_BITS;

	return low << 3 | high << 52;
}

u64 get_mmio_spte_generation(u64 spte)
{
	u64 low = (spte & MMIO_SPTE_GEN_LOW_MASK) >> 3;
	u64 high = (spte & MMIO_SPTE_GEN_HIGH_MASK) >> 52;

	return high << MMIO_SPTE_GEN_LOW_BITS | low;
}

u64 make_mmio_spte(struct kvm_vcpu *vcpu, gfn_t gfn, unsigned int access)
{
	u64 gen = READ_ONCE(kvm_vcpu_memslots(vcpu)->generation) & MMIO_SPTE_GEN_MASK;
	u64 gpa = gfn_to_gpa(gfn);
	u64 spte = generation_mmio_spte_mask(gen);

	WARN_ON_ONCE(!shadow_mmio_value);

	spte |= shadow_mmio_value | (access & shadow_mmio_access_mask);
	/* L1TF: these address bits are forced to 1, their true values kept further up. */
	spte |= gpa | shadow_nonpresent_or_rsvd_mask;
	spte |= (gpa & shadow_nonpresent_or_rsvd_mask) << SHADOW_NONPRESENT_OR_RSVD_MASK_LEN;
	return spte;
}

gfn_t get_mmio_spte_gfn(u64 spte)
{
	u64 gpa = spte & shadow_nonpresent_or_rsvd_lower_gfn_mask;

	gpa |= (spte >> SHADOW_NONPRESENT_OR_RSVD_MASK_LEN) & shadow_nonpresent_or_rsvd_mask;
	return gpa_to_gfn(gpa);
}

/* ---- SPTEs of memory ---- */

/*
 * Whether make_spte() may take it that a writable SPTE was vetted before.  The
 * test does not ask whether the old value is present, so a stale MMIO SPTE, whose
 * bit 1 is set too, passes for one, and before 6.1.y even a page table did.
 */
static bool was_writable(u64 old_spte, int level)
{
	if (kvm_profile->unsync_skip_needs_leaf && !is_last_spte(old_spte, level))
		return false;
	return is_writable_pte(old_spte);
}

/* Rights, A/D type and size: what does not depend on the old value. */
static u64 make_spte_base(struct kvm_vcpu *vcpu, const struct kvm_mmu_page *sp, gfn_t gfn,
			  kvm_pfn_t pfn, unsigned int access)
{
	int level = sp->role.level;
	bool is_mmio = vcpu->kvm->world_ops->is_mmio_pfn(vcpu->kvm, pfn);
	u64 spte = SPTE_MMU_PRESENT_MASK | shadow_present_mask;

	if (sp->role.ad_disabled)
		spte |= SPTE_TDP_AD_DISABLED;
	else if (kvm_mmu_page_ad_need_write_protect(sp))
		spte |= SPTE_TDP_AD_WRPROT_ONLY;

	/* A huge page that may execute is what the ITLB multihit erratum needs. */
	if (level > PG_LEVEL_4K && is_nx_huge_page_enabled(vcpu->kvm))
		access &= ~ACC_EXEC_MASK;

	spte |= access & ACC_EXEC_MASK ? shadow_x_mask : shadow_nx_mask;
	if (access & ACC_USER_MASK)
		spte |= shadow_user_mask;
	if (level > PG_LEVEL_4K)
		spte |= PT_PAGE_SIZE_MASK;
	if (shadow_memtype_mask)
		spte |= kvm_x86_get_mt_mask(vcpu, gfn, is_mmio);
	if (shadow_me_value && !is_mmio)
		spte |= shadow_me_value;
	return spte | pfn << 12;
}

bool make_spte(struct kvm_vcpu *vcpu, const struct kvm_mmu_page *sp,
	       const struct kvm_memory_slot *slot, gfn_t gfn, kvm_pfn_t pfn, u64 old_spte,
	       bool prefetch, bool host_writable, u64 *new_spte)
{
	int level = sp->role.level;
	unsigned int access = sp->role.access;
	u64 spte = make_spte_base(vcpu, sp, gfn, pfn, access);
	bool wrprot = false;

	if (!prefetch)
		spte |= spte_shadow_accessed_mask(spte);

	if (host_writable) {
		spte |= shadow_host_writable_mask;
		if (access & ACC_WRITE_MASK) {
			spte |= PT_WRITABLE_MASK | shadow_mmu_writable_mask;
			/*
			 * Nothing in a VM without shadow paging asks for write
			 * tracking, so the check that is skipped here always
			 * agrees; but D is set on its far side only.
			 */
			if (!was_writable(old_spte, level))
				spte |= spte_shadow_dirty_mask(spte);
		}
	}

	if (prefetch)
		spte = mark_spte_for_access_track(spte);

	WARN_ONCE(is_rsvd_spte(&vcpu->arch.mmu->shadow_zero_check, spte, level),
		  "reserved bits in SPTE 0x%llx at level %d", (unsigned long long)spte, level);

	if (is_writable_pte(spte) && kvm_slot_dirty_track_enabled(slot)) {
		/* Huge pages of a logging slot must not be writable, or writes go unseen. */
		WARN_ON(level > PG_LEVEL_4K);
		mark_page_dirty_in_slot(vcpu->kvm, slot, gfn);
	}

	*new_spte = spte;
	return wrprot;
}

u64 make_nonleaf_spte(const u64 *child_pt, bool ad_disabled)
{
	u64 spte = SPTE_MMU_PRESENT_MASK | __pa(child_pt);

	spte |= shadow_present_mask | PT_WRITABLE_MASK | shadow_user_mask | shadow_x_mask;
	spte |= shadow_me_value;
	/* KVM never looks at A here; preset, it costs the CPU no write. */
	return spte | (ad_disabled ? SPTE_TDP_AD_DISABLED : shadow_accessed_mask);
}

static u64 make_spte_executable(u64 spte)
{
	bool tracked = is_access_track_spte(spte);

	/* The X of a tracked SPTE is among the saved bits: bring it out, set it, save it again. */
	if (tracked)
		spte = restore_acc_track_spte(spte);
	spte = (spte & ~shadow_nx_mask) | shadow_x_mask;
	return tracked ? mark_spte_for_access_track(spte) : spte;
}

u64 make_huge_page_split_spte(struct kvm *kvm, u64 huge_spte, union kvm_mmu_page_role role,
			      int index)
{
	u64 spte = huge_spte;

	if (WARN_ON_ONCE(!is_shadow_present_pte(huge_spte) || !is_large_pte(huge_spte)))
		return SHADOW_NONPRESENT_VALUE;

	spte += ((u64)index * KVM_PAGES_PER_HPAGE(role.level)) << 12;
	if (role.level == PG_LEVEL_4K) {
		/* Small pages may execute, whatever took that from the huge one. */
		spte &= ~PT_PAGE_SIZE_MASK;
		if ((role.access & ACC_EXEC_MASK) && is_nx_huge_page_enabled(kvm))
			spte = make_spte_executable(spte);
	}
	return spte;
}

u64 kvm_mmu_changed_pte_notifier_make_spte(u64 old_spte, kvm_pfn_t new_pfn)
{
	u64 spte = (old_spte & ~SPTE_BASE_ADDR_MASK) | new_pfn << 12;

	spte &= ~(PT_WRITABLE_MASK | shadow_host_writable_mask | shadow_mmu_writable_mask);
	return mark_spte_for_access_track(spte);
}

u64 mark_spte_for_access_track(u64 spte)
{
	u64 saved;

	if (spte_ad_enabled(spte))
		return spte & ~shadow_accessed_mask;
	if (is_access_track_spte(spte))
		return spte;

	check_spte_writable_invariants(spte);
	saved = spte & SHADOW_ACC_TRACK_SAVED_BITS_MASK;
	spte |= saved << SHADOW_ACC_TRACK_SAVED_BITS_SHIFT;
	return spte & ~shadow_acc_track_mask;
}

u64 restore_acc_track_spte(u64 spte)
{
	u64 saved = (spte & SHADOW_ACC_TRACK_SAVED_MASK) >> SHADOW_ACC_TRACK_SAVED_BITS_SHIFT;

	spte &= ~(shadow_acc_track_mask | SHADOW_ACC_TRACK_SAVED_MASK);
	return spte | saved;
}

bool spte_has_volatile_bits(u64 spte)
{
	/* fast_page_fault() may set W at any time, or give rights back. */
	if (!is_writable_pte(spte) && is_mmu_writable_spte(spte))
		return true;
	if (is_access_track_spte(spte))
		return true;
	if (!spte_ad_enabled(spte))
		return false;
	return !(spte & shadow_accessed_mask) ||
	       (is_writable_pte(spte) && !(spte & shadow_dirty_mask));
}

void check_spte_writable_invariants(u64 spte)
{
	if (is_mmu_writable_spte(spte))
		WARN_ONCE(!(spte & shadow_host_writable_mask),
			  "MMU-writable SPTE 0x%llx of a page that the host does not let be written",
			  (unsigned long long)spte);
	else
		WARN_ONCE(is_writable_pte(spte), "writable SPTE 0x%llx that is not MMU-writable",
			  (unsigned long long)spte);
}
