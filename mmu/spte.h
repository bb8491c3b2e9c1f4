/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MMU_SPTE_H
#define MMU_SPTE_H

#include "mmu/mmu_internal.h"
#include "x86/ept.h"
#include "x86/npt.h"

/*
 * The bits of a SPTE.  Some the CPU reads, in the place where EPT or NPT has them:
 * those are run-time masks.  The others are KVM's own, in bits that both formats
 * ignore (arch/x86/kvm/mmu/spte.h; docs/sptes.md has every value).
 */

/* Set in every SPTE that maps something; the only test of presence there is. */
#define SPTE_MMU_PRESENT_MASK	BIT_ULL(11)

/* Bits 53:52 say who keeps this SPTE's A and D. */
#define SPTE_TDP_AD_MASK	(3ULL << 52)
#define SPTE_TDP_AD_ENABLED	(0ULL << 52)	/* the CPU */
#define SPTE_TDP_AD_DISABLED	(1ULL << 52)	/* KVM, by access tracking and write protection */
#define SPTE_TDP_AD_WRPROT_ONLY	(2ULL << 52)	/* the CPU; KVM logs by write protection */

/* Bits 51:12 less the memory-encryption bit, which is in their midst. */
#define SPTE_BASE_ADDR_MASK	spte_base_addr_mask
extern u64 spte_base_addr_mask;

/* Bit 1 (writable) and bit 7 (huge) are where both formats have them: PT_*_MASK. */

#define SPTE_ENT_PER_PAGE	512
#define SPTE_INDEX(gfn, level)	(((gfn) >> KVM_HPAGE_GFN_SHIFT(level)) & (SPTE_ENT_PER_PAGE - 1))

/* Where access tracking keeps R and X while they are taken away. */
#define SHADOW_ACC_TRACK_SAVED_BITS_MASK	5ULL
#define SHADOW_ACC_TRACK_SAVED_BITS_SHIFT	54
#define SHADOW_ACC_TRACK_SAVED_MASK \
	(SHADOW_ACC_TRACK_SAVED_BITS_MASK << SHADOW_ACC_TRACK_SAVED_BITS_SHIFT)

/* Host-writable and MMU-writable, where each format has two bits to spare. */
#define DEFAULT_SPTE_HOST_WRITABLE	BIT_ULL(9)
#define DEFAULT_SPTE_MMU_WRITABLE	BIT_ULL(10)
#define EPT_SPTE_HOST_WRITABLE		BIT_ULL(57)
#define EPT_SPTE_MMU_WRITABLE		BIT_ULL(58)

/* An MMIO SPTE carries 19 bits of the memslot generation, in two pieces. */
#define MMIO_SPTE_GEN_LOW_MASK		GENMASK_ULL(10, 3)
#define MMIO_SPTE_GEN_HIGH_MASK		GENMASK_ULL(62, 52)
#define MMIO_SPTE_GEN_LOW_BITS		8
#define MMIO_SPTE_GEN_MASK		GENMASK_ULL(18, 0)
#define SPTE_MMIO_ALLOWED_MASK		(BIT_ULL(63) | GENMASK_ULL(51, 12) | GENMASK_ULL(2, 0))

/*
 * Left in an entry by whoever is taking it out under the read lock: nobody else
 * may touch it until its owner stores another value.
 */
#define REMOVED_SPTE_BITS	0x5a0ULL

extern bool kvm_ad_enabled;

extern u64 shadow_nonpresent_value;
extern u64 removed_spte;
extern u64 shadow_host_writable_mask;
extern u64 shadow_mmu_writable_mask;
extern u64 shadow_present_mask;
extern u64 shadow_user_mask;
extern u64 shadow_accessed_mask;
extern u64 shadow_dirty_mask;
extern u64 shadow_nx_mask;
extern u64 shadow_x_mask;
extern u64 shadow_memtype_mask;
extern u64 shadow_acc_track_mask;
extern u64 shadow_mmio_value;
extern u64 shadow_mmio_mask;
extern u64 shadow_mmio_access_mask;
extern u64 shadow_me_value;
extern u64 shadow_me_mask;
extern u64 shadow_nonpresent_or_rsvd_mask;
extern u64 shadow_nonpresent_or_rsvd_lower_gfn_mask;
extern u8 shadow_phys_bits;

#define SHADOW_NONPRESENT_VALUE	shadow_nonpresent_value
#define REMOVED_SPTE		removed_spte

/* ---- Predicates.  All but the first three mean something for present SPTEs only. ---- */

static inline bool is_shadow_present_pte(u64 pte)
{
	return pte & SPTE_MMU_PRESENT_MASK;
}

static inline bool is_removed_spte(u64 spte)
{
	return spte == REMOVED_SPTE;
}

static inline bool is_mmio_spte(u64 spte)
{
	return (spte & shadow_mmio_mask) == shadow_mmio_value && enable_mmio_caching;
}

static inline bool is_large_pte(u64 pte)
{
	return pte & PT_PAGE_SIZE_MASK;
}

static inline bool is_last_spte(u64 pte, int level)
{
	return level == PG_LEVEL_4K || is_large_pte(pte);
}

static inline bool is_present_leaf(u64 spte, int level)
{
	return is_shadow_present_pte(spte) && is_last_spte(spte, level);
}

static inline bool is_writable_pte(u64 pte)
{
	return pte & PT_WRITABLE_MASK;
}

static inline bool is_mmu_writable_spte(u64 spte)
{
	return spte & shadow_mmu_writable_mask;
}

static inline bool is_executable_pte(u64 spte)
{
	/* EPT allows execution by a bit that is set, NPT by one that is clear. */
	return (spte & (shadow_x_mask | shadow_nx_mask)) == shadow_x_mask;
}

static inline kvm_pfn_t spte_to_pfn(u64 pte)
{
	return (pte & SPTE_BASE_ADDR_MASK) >> 12;
}

static inline bool spte_ad_enabled(u64 spte)
{
	return (spte & SPTE_TDP_AD_MASK) != SPTE_TDP_AD_DISABLED;
}

static inline bool spte_ad_need_write_protect(u64 spte)
{
	return (spte & SPTE_TDP_AD_MASK) != SPTE_TDP_AD_ENABLED;
}

static inline u64 spte_shadow_accessed_mask(u64 spte)
{
	return spte_ad_enabled(spte) ? shadow_accessed_mask : 0;
}

static inline u64 spte_shadow_dirty_mask(u64 spte)
{
	return spte_ad_enabled(spte) ? shadow_dirty_mask : 0;
}

static inline bool is_access_track_spte(u64 spte)
{
	return !spte_ad_enabled(spte) && !(spte & shadow_acc_track_mask);
}

static inline bool is_accessed_spte(u64 spte)
{
	u64 a_bit = spte_shadow_accessed_mask(spte);

	if (a_bit)
		return spte & a_bit;
	/* No A bit: a page that was not accessed has no rights. */
	return !is_access_track_spte(spte);
}

static inline bool is_dirty_spte(u64 spte)
{
	u64 d_bit = spte_shadow_dirty_mask(spte);

	/* No D bit: what can be written counts as written. */
	return d_bit ? spte & d_bit : is_writable_pte(spte);
}

/* ---- MMIO SPTEs ---- */

/** get_mmio_spte_generation() - the generation bits that an MMIO SPTE was made with. */
u64 get_mmio_spte_generation(u64 spte);

/** get_mmio_spte_gfn() - the gfn that an MMIO SPTE was made for. */
gfn_t get_mmio_spte_gfn(u64 spte);

static inline unsigned int get_mmio_spte_access(u64 spte)
{
	return spte & shadow_mmio_access_mask;
}

/* ---- Construction ---- */

/**
 * make_mmio_spte() - the SPTE of a gfn that has no memory.
 * @vcpu: whose memslot generation is stamped in; under kvm->srcu
 * @gfn: of the 4 KiB page
 * @access: ACC_*
 *
 * On EPT it misconfigures, on NPT it has a reserved bit set, so an access is told
 * apart from a missing page without a lookup.
 */
u64 make_mmio_spte(struct kvm_vcpu *vcpu, gfn_t gfn, unsigned int access);

/**
 * make_spte() - the SPTE of a page of memory.
 * @vcpu: the vCPU that faulted
 * @sp: the table it goes into: gives level and A/D type
 * @slot: the memslot of @gfn; a write through a writable SPTE is logged here
 * @gfn: of the access
 * @pfn: aligned to the level
 * @old_spte: the entry's present value
 * @prefetch: not from an access of the guest: leave it marked as not accessed
 * @host_writable: the host lets the page be written
 * @new_spte: where the value goes
 *
 * mmu_lock is held.  Behaviour: make_spte(), v6.1 to v6.12 (docs/sptes.md).
 *
 * Return: whether the gfn must stay write-protected.
 */
bool make_spte(struct kvm_vcpu *vcpu, const struct kvm_mmu_page *sp,
	       const struct kvm_memory_slot *slot, gfn_t gfn, kvm_pfn_t pfn, u64 old_spte,
	       bool prefetch, bool host_writable, u64 *new_spte);

/** make_nonleaf_spte() - the entry that points to the table @child_pt. */
u64 make_nonleaf_spte(const u64 *child_pt, bool ad_disabled);

/**
 * make_huge_page_split_spte() - entry @index of the table that replaces a huge page.
 * @huge_spte: the SPTE of the huge page
 * @role: of the table
 */
u64 make_huge_page_split_spte(struct kvm *kvm, u64 huge_spte, union kvm_mmu_page_role role,
			      int index);

/**
 * kvm_mmu_changed_pte_notifier_make_spte() - @old_spte with another, read-only page.
 */
u64 kvm_mmu_changed_pte_notifier_make_spte(u64 old_spte, kvm_pfn_t new_pfn);

/** mark_spte_for_access_track() - as if not accessed: clear A, or take R, W and X away. */
u64 mark_spte_for_access_track(u64 spte);

/** restore_acc_track_spte() - give R and X back; W comes back with a write fault. */
u64 restore_acc_track_spte(u64 spte);

/**
 * spte_has_volatile_bits() - whether others may change this present leaf under mmu_lock.
 *
 * The CPU may set A or D, and fast_page_fault() may set W or end access tracking.
 */
bool spte_has_volatile_bits(u64 spte);

/** check_spte_writable_invariants() - W needs MMU-writable, which needs host-writable; or WARN. */
void check_spte_writable_invariants(u64 spte);

/* ---- Reserved bits ---- */

/** reset_tdp_shadow_zero_bits_mask() - compute what KVM must never set. */
void reset_tdp_shadow_zero_bits_mask(struct rsvd_bits_validate *check, int root_level);

/** is_rsvd_spte() - whether a present SPTE has a bit that the CPU reserves. */
static inline bool is_rsvd_spte(const struct rsvd_bits_validate *check, u64 spte, int level)
{
	u64 mask = check->rsvd_bits_mask[(spte >> 7) & 1][level - 1];

	return (spte & mask) || (check->bad_mt_xwr & BIT_ULL(spte & 0x3f));
}

/* ---- Set up ---- */

/** kvm_mmu_reset_all_pte_masks() - the masks of NPT, and what both formats share. */
void kvm_mmu_reset_all_pte_masks(void);

/** kvm_mmu_set_ept_masks() - the masks of EPT. */
void kvm_mmu_set_ept_masks(bool has_ad_bits, bool has_exec_only);

/** kvm_mmu_set_me_spte_mask() - memory encryption: what to set, and what to leave alone. */
void kvm_mmu_set_me_spte_mask(u64 me_value, u64 me_mask);

/**
 * kvm_mmu_set_mmio_spte_mask() - how MMIO SPTEs look; switches them off if they cannot work.
 */
void kvm_mmu_set_mmio_spte_mask(u64 mmio_value, u64 mmio_mask, u64 access_mask);

/** kvm_mmu_spte_module_init() - remember what the user wants of MMIO caching. */
void kvm_mmu_spte_module_init(bool mmio_caching);

/** kvm_mmu_max_gfn() - the last gfn that the tables are ever walked to. */
static inline gfn_t kvm_mmu_max_gfn(void)
{
	return (1ULL << (shadow_phys_bits - 12)) - 1;
}

#endif /* MMU_SPTE_H */
