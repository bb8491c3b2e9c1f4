/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MMU_MMU_INTERNAL_H
#define MMU_MMU_INTERNAL_H

#include <linux/mm.h>

#include "mmu/kvm_host.h"
#include "mmu/module.h"
#include "mmu/profile.h"

typedef u64 __rcu *tdp_ptep_t;

/*
 * A page-table page's header.  The table itself is one 4 KiB page at @spt, whose
 * struct page points back here.
 */
struct kvm_mmu_page {
	/* On kvm->arch.tdp_mmu_roots, or tdp_mmu_pages; under tdp_mmu_pages_lock. */
	struct list_head link;

	bool tdp_mmu_page;
	bool unsync;			/* shadow paging only: always false here */
	union {
		u8 mmu_valid_gen;	/* shadow pages */
		/*
		 * Roots: invalidated, and the TDP MMU's reference not yet put.  Only
		 * touched under slots_lock, or when the VM has no users left.
		 */
		bool tdp_mmu_scheduled_root_to_zap;
	};
	/* This table exists because execution forbade a huge page. */
	bool nx_huge_page_disallowed;

	union kvm_mmu_page_role role;
	gfn_t gfn;			/* first gfn that the table translates */
	u64 *spt;

	refcount_t tdp_mmu_root_count;	/* roots only */
	tdp_ptep_t ptep;		/* the entry that points here; NULL for a root */

	struct list_head possible_nx_huge_page_link;

	/* The zap job of an invalidated root, where a worker does it. */
	struct work_struct tdp_mmu_async_work;
	void *tdp_mmu_async_data;

	struct rcu_head rcu_head;
};

extern struct kmem_cache *mmu_page_header_cache;

static inline struct kvm_mmu_page *to_shadow_page(hpa_t shadow_page)
{
	return (struct kvm_mmu_page *)page_private(pfn_to_page(shadow_page >> PAGE_SHIFT));
}

static inline struct kvm_mmu_page *sptep_to_sp(const u64 *sptep)
{
	return to_shadow_page(__pa(sptep));
}

/* Take, or drop, mmu_lock in the mode that the caller works in. */
static inline void sim_mmu_lock(struct kvm *kvm, bool shared)
{
	if (shared)
		read_lock(&kvm->mmu_lock);
	else
		write_lock(&kvm->mmu_lock);
}

static inline void sim_mmu_unlock(struct kvm *kvm, bool shared)
{
	if (shared)
		read_unlock(&kvm->mmu_lock);
	else
		write_unlock(&kvm->mmu_lock);
}

/*
 * Of a root's role one bit changes, once, and others may be looking at it just then: so it
 * is read as one word, and written as one.
 */
static inline union kvm_mmu_page_role sim_read_role(const struct kvm_mmu_page *sp)
{
	return (union kvm_mmu_page_role) { .word = READ_ONCE(sp->role.word) };
}

/* Make a root invalid.  No two do so at once: see the lifecycles. */
static inline void sim_invalidate_root(struct kvm_mmu_page *root)
{
	union kvm_mmu_page_role role = sim_read_role(root);

	role.invalid = 1;
	WRITE_ONCE(root->role.word, role.word);
}

static inline int kvm_mmu_role_as_id(union kvm_mmu_page_role role)
{
	return role.smm ? 1 : 0;
}

static inline int kvm_mmu_page_as_id(const struct kvm_mmu_page *sp)
{
	return kvm_mmu_role_as_id(sim_read_role(sp));
}

/* SPTEs of a nested guest can be dirty-logged by write protection only: PML logs L2 addresses. */
static inline bool kvm_mmu_page_ad_need_write_protect(const struct kvm_mmu_page *sp)
{
	return sim_read_role(sp).guest_mode && enable_pml;
}

static inline bool is_nx_huge_page_enabled(const struct kvm *kvm)
{
	return READ_ONCE(nx_huge_pages) && !kvm->arch.disable_nx_huge_pages;
}

/* The error code of a page fault; vendors translate their exits to it. */
#define PFERR_PRESENT_MASK	BIT_ULL(0)
#define PFERR_WRITE_MASK	BIT_ULL(1)
#define PFERR_USER_MASK		BIT_ULL(2)
#define PFERR_RSVD_MASK		BIT_ULL(3)
#define PFERR_FETCH_MASK	BIT_ULL(4)
#define PFERR_PK_MASK		BIT_ULL(5)
#define PFERR_SGX_MASK		BIT_ULL(15)
#define PFERR_GUEST_FINAL_MASK	BIT_ULL(32)
#define PFERR_GUEST_PAGE_MASK	BIT_ULL(33)
#define PFERR_IMPLICIT_ACCESS	BIT_ULL(48)
#define PFERR_NESTED_GUEST_PAGE	(PFERR_GUEST_PAGE_MASK | PFERR_WRITE_MASK | PFERR_PRESENT_MASK)

/* What came of a page fault.  A negative value is an errno for KVM_RUN. */
enum {
	RET_PF_CONTINUE = 0,	/* not decided yet: go on */
	RET_PF_RETRY,		/* let the guest try again */
	RET_PF_EMULATE,		/* emulate the instruction */
	RET_PF_WRITE_PROTECTED,	/* the gfn is write-tracked */
	RET_PF_INVALID,		/* not for this path: take the slow one */
	RET_PF_FIXED,		/* the SPTE was made or mended */
	RET_PF_SPURIOUS,	/* the SPTE allowed the access already */
};

/* A page fault on its way through the handler. */
struct kvm_page_fault {
	const gpa_t addr;
	const u64 error_code;
	const bool prefetch;

	const bool exec;
	const bool write;
	const bool present;
	const bool rsvd;
	const bool user;
	const bool nx_huge_page_workaround_enabled;

	u8 max_level;		/* no mapping may be larger */
	u8 req_level;		/* what slot and host would allow */
	u8 goal_level;		/* what will be made */
	/* Execution forbids the huge page that there could be. */
	bool huge_page_disallowed;

	gfn_t gfn;
	struct kvm_memory_slot *slot;
	unsigned long mmu_seq;	/* of the notifier, before the page was got */
	kvm_pfn_t pfn;
	hva_t hva;
	bool map_writable;
};

/* ---- mmu_fault.c ---- */

/** kvm_mmu_hugepage_adjust() - choose the level of a mapping; mmu_lock held for read. */
void kvm_mmu_hugepage_adjust(struct kvm_vcpu *vcpu, struct kvm_page_fault *fault);

/**
 * disallowed_hugepage_adjust() - do not replace a table by a huge page that could not execute.
 * @spte: the entry met at @cur_level on the way down
 */
void disallowed_hugepage_adjust(struct kvm_page_fault *fault, u64 spte, int cur_level);

/**
 * kvm_mmu_max_mapping_level() - the largest page that slot and host allow at @gfn.
 * @max_level: and no larger than this
 *
 * mmu_lock is held (any mode), or an MMU notifier keeps the host's tables still.
 */
int kvm_mmu_max_mapping_level(struct kvm *kvm, const struct kvm_memory_slot *slot, gfn_t gfn,
			      int max_level);

/* ---- mmu_nx.c ---- */

/**
 * track_possible_nx_huge_page() - remember a table for the recovery worker, oldest first.
 *
 * tdp_mmu_pages_lock is held, or mmu_lock for write.
 */
void track_possible_nx_huge_page(struct kvm *kvm, struct kvm_mmu_page *sp);

/** untrack_possible_nx_huge_page() - forget it, if it is remembered; same locks. */
void untrack_possible_nx_huge_page(struct kvm *kvm, struct kvm_mmu_page *sp);

#endif /* MMU_MMU_INTERNAL_H */
