/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MMU_KVM_TYPES_H
#define MMU_KVM_TYPES_H

#include <linux/bits.h>
#include <linux/types.h>

struct kvm;
struct kvm_vcpu;
struct kvm_memory_slot;
struct kvm_mmu;
struct kvm_mmu_page;
struct kvm_page_fault;

/*
 * Address types, as in KVM: an "fn" is a frame number (an address in pages of
 * 4 KiB), an "a" an address in bytes; g is the guest's physical space, hv the
 * host's virtual and hp the host's physical one.
 */
typedef u64 gpa_t;
typedef u64 gfn_t;
typedef u64 hva_t;
typedef u64 hpa_t;
typedef u64 hfn_t;
typedef hfn_t kvm_pfn_t;

#define INVALID_GPA	(~(gpa_t)0)
#define INVALID_PAGE	(~(hpa_t)0)
#define INVALID_GFN	(~(gfn_t)0)
#define KVM_HVA_ERR_BAD	(~(hva_t)0)

static inline gfn_t gpa_to_gfn(gpa_t gpa)
{
	return gpa >> 12;
}

static inline gpa_t gfn_to_gpa(gfn_t gfn)
{
	return gfn << 12;
}

/*
 * A kvm_pfn_t that is no frame says why.  No frame number reaches bit 52, so the
 * codes live above (include/linux/kvm_host.h, v6.1 to v6.12).
 */
#define KVM_PFN_ERR_MASK	(0x7ffULL << 52)
#define KVM_PFN_ERR_NOSLOT_MASK	(0xfffULL << 52)
#define KVM_PFN_NOSLOT		(1ULL << 63)
#define KVM_PFN_ERR_FAULT	(KVM_PFN_ERR_MASK)
#define KVM_PFN_ERR_HWPOISON	(KVM_PFN_ERR_MASK + 1)
#define KVM_PFN_ERR_RO_FAULT	(KVM_PFN_ERR_MASK + 2)

static inline bool is_error_pfn(kvm_pfn_t pfn)
{
	return pfn & KVM_PFN_ERR_MASK;
}

static inline bool is_error_noslot_pfn(kvm_pfn_t pfn)
{
	return pfn & KVM_PFN_ERR_NOSLOT_MASK;
}

static inline bool is_noslot_pfn(kvm_pfn_t pfn)
{
	return pfn == KVM_PFN_NOSLOT;
}

/* Page-table levels, and what an entry of each covers. */
enum pg_level {
	PG_LEVEL_NONE,
	PG_LEVEL_4K,
	PG_LEVEL_2M,
	PG_LEVEL_1G,
	PG_LEVEL_512G,
	PG_LEVEL_256T,
};

#define KVM_MAX_HUGEPAGE_LEVEL	PG_LEVEL_1G
#define KVM_NR_PAGE_SIZES	(KVM_MAX_HUGEPAGE_LEVEL - PG_LEVEL_4K + 1)
#define KVM_HPAGE_GFN_SHIFT(level)	(((level) - 1) * 9)
#define KVM_PAGES_PER_HPAGE(level)	(1ULL << KVM_HPAGE_GFN_SHIFT(level))

static inline gfn_t gfn_round_for_level(gfn_t gfn, int level)
{
	return gfn & ~(KVM_PAGES_PER_HPAGE(level) - 1);
}

/* What a mapping lets the guest do; the bits of kvm_mmu_page_role.access. */
#define ACC_EXEC_MASK	1u
#define ACC_WRITE_MASK	2u
#define ACC_USER_MASK	4u
#define ACC_ALL		(ACC_EXEC_MASK | ACC_WRITE_MASK | ACC_USER_MASK)

/*
 * What a page table is for; roots are found by comparing the whole word
 * (arch/x86/include/asm/kvm_host.h, the layout of v6.1 to v6.13).
 */
union kvm_mmu_page_role {
	u32 word;
	struct {
		u32 level:4;
		u32 has_4_byte_gpte:1;
		u32 quadrant:2;
		u32 direct:1;
		u32 access:3;
		u32 invalid:1;
		u32 efer_nx:1;
		u32 cr0_wp:1;
		u32 smep_andnot_wp:1;
		u32 smap_andnot_wp:1;
		u32 ad_disabled:1;
		u32 guest_mode:1;
		u32 passthrough:1;
		u32 :5;
		/* A byte of its own, so that a role's address space is one load. */
		u32 smm:8;
	};
};

#endif /* MMU_KVM_TYPES_H */
