/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <linux/bug.h>
#include <linux/mm.h>

#include "mmu/mmu.h"
#include "mmu/mmutrace.h"
#include "mmu/tdp_iter.h"
#include "mmu/tdp_mmu.h"
#include "mmu/x86.h"

/*
 * The way of a page fault: from the error code of the exit to the tables.
 *
 * kvm_mmu_page_fault()        an exit of the guest
 *   handle_mmio_page_fault()  the entry says: no memory here
 *   kvm_mmu_do_page_fault()
 *     kvm_tdp_page_fault()
 *       fast_page_fault()     rights that the entry may have without a lock
 *       kvm_faultin_pfn()     the host's page
 *       is_page_fault_stale() is it still the host's page?
 *       kvm_tdp_mmu_map()     into the tables
 */

/* ---- MMIO ---- */

/* Remember an MMIO access.  A hit saves the next one the walk. */
static void vcpu_cache_mmio_info(struct kvm_vcpu *vcpu, gfn_t gfn, unsigned int access)
{
	u64 gen = READ_ONCE(kvm_vcpu_memslots(vcpu)->generation);

	/* In the middle of an update nobody knows whether there is a slot. */
	if (gen & KVM_MEMSLOT_GEN_UPDATE_IN_PROGRESS)
		return;

	/* With two-dimensional paging KVM does not know the linear address. */
	vcpu->arch.mmio_gva = 0;
	vcpu->arch.mmio_access = access;
	vcpu->arch.mmio_gfn = gfn;
	vcpu->arch.mmio_gen = gen;
}

static bool vcpu_match_mmio_gpa(struct kvm_vcpu *vcpu, gpa_t gpa)
{
	/* Frame 0 never matches: it is also what an empty cache has. */
	return vcpu->arch.mmio_gen == READ_ONCE(kvm_vcpu_memslots(vcpu)->generation) &&
	       vcpu->arch.mmio_gfn && vcpu->arch.mmio_gfn == gpa_to_gfn(gpa);
}

/* The lowest entry for @addr; true if one on the way has bits that KVM never sets. */
static bool get_mmio_spte(struct kvm_vcpu *vcpu, gpa_t addr, u64 *sptep)
{
	struct rsvd_bits_validate *check = &vcpu->arch.mmu->shadow_zero_check;
	u64 sptes[PT64_ROOT_MAX_LEVEL + 1];
	int root, leaf, level;
	bool reserved = false;

	kvm_tdp_mmu_walk_lockless_begin();
	leaf = kvm_tdp_mmu_get_walk(vcpu, addr, sptes, &root);
	kvm_tdp_mmu_walk_lockless_end();

	if (leaf < 0) {
		*sptep = SHADOW_NONPRESENT_VALUE;
		return false;
	}
	*sptep = sptes[leaf];

	/* An MMIO SPTE has a reserved bit on purpose: do not count it. */
	if (!is_shadow_present_pte(sptes[leaf]))
		leaf++;
	for (level = root; level >= leaf; level--)
		reserved |= is_rsvd_spte(check, sptes[level], level);

	WARN_ONCE(reserved, "reserved bits on the way to gpa 0x%llx", (unsigned long long)addr);
	return reserved;
}

/* Whether the memslots are still those that the MMIO SPTE was made under. */
static bool check_mmio_spte(struct kvm_vcpu *vcpu, u64 spte)
{
	u64 gen = READ_ONCE(kvm_vcpu_memslots(vcpu)->generation);
	u64 kvm_gen = gen & MMIO_SPTE_GEN_MASK;
	u64 spte_gen = get_mmio_spte_generation(spte);

	if (gen & KVM_MEMSLOT_GEN_UPDATE_IN_PROGRESS)
		return false;

	trace_check_mmio_spte(spte, kvm_gen, spte_gen);
	return kvm_gen == spte_gen;
}

static int handle_mmio_page_fault(struct kvm_vcpu *vcpu, gpa_t addr)
{
	u64 spte;

	if (vcpu_match_mmio_gpa(vcpu, addr))
		return RET_PF_EMULATE;
	if (get_mmio_spte(vcpu, addr, &spte))
		return -EINVAL;

	/* Zapped, or mapped, since: let the guest see what is there now. */
	if (!is_mmio_spte(spte))
		return RET_PF_RETRY;
	/* There may be a slot now: find out by a full fault. */
	if (!check_mmio_spte(vcpu, spte))
		return RET_PF_INVALID;

	trace_handle_mmio_page_fault(0, get_mmio_spte_gfn(spte), get_mmio_spte_access(spte));
	vcpu_cache_mmio_info(vcpu, get_mmio_spte_gfn(spte), get_mmio_spte_access(spte));
	return RET_PF_EMULATE;
}

/* ---- Without a lock ---- */

/*
 * Only two things can be mended by a look at the entry: W that is gone for dirty
 * logging, and rights that are gone for access tracking.  A protection fault on a
 * read or a fetch is neither; nor is a missing entry where the CPU has A bits.
 */
static bool page_fault_can_be_fast(const struct kvm_page_fault *fault)
{
	if (fault->rsvd)
		return false;
	if (!fault->present)
		return !kvm_ad_enabled;
	return fault->write;
}

static bool is_access_allowed(const struct kvm_page_fault *fault, u64 spte)
{
	if (fault->exec)
		return is_executable_pte(spte);
	if (fault->write)
		return is_writable_pte(spte);
	return spte & BIT_ULL(0);
}

/* What the entry should be, or its old value if the slow path must decide. */
static u64 fast_pf_new_spte(const struct kvm_page_fault *fault, u64 spte, int level)
{
	u64 new_spte = spte;

	if (!kvm_ad_enabled && is_access_track_spte(spte))
		new_spte = restore_acc_track_spte(new_spte);

	if (fault->write && is_mmu_writable_spte(spte)) {
		new_spte |= PT_WRITABLE_MASK;
		/* A logging slot logs small pages: split the huge one first. */
		if (level > PG_LEVEL_4K && fault->slot &&
		    kvm_slot_dirty_track_enabled(fault->slot))
			return spte;
	}

	return is_access_allowed(fault, new_spte) ? new_spte : spte;
}

/*
 * One try.  @sptep and @old_spte: set to the entry and what was read there.
 *
 * Return: RET_PF_INVALID if this is no case for the fast path, RET_PF_RETRY if the
 * entry changed under it, else the outcome.
 */
static int fast_pf_try(struct kvm_vcpu *vcpu, struct kvm_page_fault *fault, u64 **sptep,
		       u64 *old_spte)
{
	u64 new_spte;
	int level;

	*sptep = kvm_tdp_mmu_fast_pf_get_last_sptep(vcpu, fault->addr, old_spte);
	if (!*sptep)
		return RET_PF_INVALID;
	level = sptep_to_sp(*sptep)->role.level;
	if (!is_present_leaf(*old_spte, level))
		return RET_PF_INVALID;
	/* Another vCPU was faster. */
	if (is_access_allowed(fault, *old_spte))
		return RET_PF_SPURIOUS;

	new_spte = fast_pf_new_spte(fault, *old_spte, level);
	if (new_spte == *old_spte)
		return RET_PF_INVALID;
	/*
	 * The entry may be zapped, or its table unlinked, at any time.  The compare
	 * fails then: in both cases another value was stored.
	 */
	if (cmpxchg64(*sptep, *old_spte, new_spte) != *old_spte)
		return RET_PF_RETRY;

	if (is_writable_pte(new_spte) && !is_writable_pte(*old_spte))
		mark_page_dirty_in_slot(vcpu->kvm, fault->slot, fault->gfn);
	return RET_PF_FIXED;
}

/* Give rights back without mmu_lock, where only rights are missing. */
static int fast_page_fault(struct kvm_vcpu *vcpu, struct kvm_page_fault *fault)
{
	u64 spte = 0, *sptep = NULL;
	int ret, tries = 5;

	if (!page_fault_can_be_fast(fault))
		return RET_PF_INVALID;

	kvm_tdp_mmu_walk_lockless_begin();
	do
		ret = fast_pf_try(vcpu, fault, &sptep, &spte);
	while (ret == RET_PF_RETRY && --tries);
	/* Too much going on here: the slow path waits for its turn. */
	if (ret == RET_PF_RETRY)
		ret = RET_PF_INVALID;
	trace_fast_page_fault(vcpu, fault, sptep, spte, ret);
	kvm_tdp_mmu_walk_lockless_end();

	if (ret != RET_PF_INVALID)
		vcpu->stat.pf_fast++;
	return ret;
}

/* ---- The host's page ---- */

/* What the retry protocol compares: the host address, or from v6.8 on the gfn. */
static u64 invalidation_address(const struct kvm_page_fault *fault)
{
	return kvm_profile->invalidate_by_gfn ? fault->gfn : fault->hva;
}

static int kvm_handle_noslot_fault(struct kvm_vcpu *vcpu, struct kvm_page_fault *fault)
{
	fault->pfn = KVM_PFN_NOSLOT;
	fault->map_writable = false;
	vcpu_cache_mmio_info(vcpu, fault->gfn, ACC_ALL & shadow_mmio_access_mask);

	/* No SPTE can tell of it: emulate straight away, each time. */
	if (!enable_mmio_caching || fault->gfn > kvm_mmu_max_gfn())
		return RET_PF_EMULATE;
	return RET_PF_CONTINUE;
}

static int get_host_page(struct kvm_vcpu *vcpu, struct kvm_page_fault *fault)
{
	struct kvm *kvm = vcpu->kvm;
	struct sim_host_page page;
	int ret;

	/* Reading from a read-only slot is fine; a write is the VMM's. */
	if (fault->write && (fault->slot->flags & KVM_MEM_READONLY)) {
		fault->pfn = KVM_PFN_ERR_RO_FAULT;
		return RET_PF_EMULATE;
	}

	ret = kvm->world_ops->get_page(kvm, fault->slot, fault->gfn, fault->hva, fault->write,
				       &page);
	if (ret == -EHWPOISON) {
		/* The task got a signal; when it returns it may try again. */
		fault->pfn = KVM_PFN_ERR_HWPOISON;
		return RET_PF_RETRY;
	}
	if (ret) {
		fault->pfn = KVM_PFN_ERR_FAULT;
		return -EFAULT;
	}

	fault->pfn = page.pfn;
	fault->map_writable = page.writable && !(fault->slot->flags & KVM_MEM_READONLY);
	return RET_PF_CONTINUE;
}

/*
 * Find the page for fault->gfn.  On RET_PF_CONTINUE it has a reference, or there is
 * no slot and the fault is MMIO.
 */
static int kvm_faultin_pfn(struct kvm_vcpu *vcpu, struct kvm_page_fault *fault)
{
	struct kvm_memory_slot *slot = fault->slot;
	struct kvm *kvm = vcpu->kvm;
	int ret;

	/*
	 * First the sequence, then the page: an invalidation that the page does not know
	 * of changes the sequence after this.  Pairs with the barrier in
	 * kvm_mmu_invalidate_end().
	 */
	fault->mmu_seq = READ_ONCE(kvm->mmu_invalidate_seq);
	smp_rmb();

	if (!slot)
		return kvm_handle_noslot_fault(vcpu, fault);
	/*
	 * Between two steps of a delete or a move; what comes next is not known.  A guest can
	 * try again until it is: each time it leaves kvm->srcu, which the update waits for.
	 * A prefetch stays in it, so it must not try again by itself: both would wait for
	 * ever; so KVM_PRE_FAULT_MEMORY is told to come back.
	 */
	if (slot->flags & KVM_MEMSLOT_INVALID)
		return fault->prefetch ? -EAGAIN : RET_PF_RETRY;

	fault->hva = gfn_to_hva_memslot(slot, fault->gfn);
	/* Not worth the trouble, nor the contention, if it must be done again anyway. */
	if (kvm_profile->early_retry_check &&
	    mmu_invalidate_retry_unsafe(kvm, fault->mmu_seq, invalidation_address(fault)))
		return RET_PF_RETRY;

	ret = get_host_page(vcpu, fault);
	if (ret != RET_PF_CONTINUE)
		return ret;

	if (kvm_profile->early_retry_check &&
	    mmu_invalidate_retry_unsafe(kvm, fault->mmu_seq, invalidation_address(fault))) {
		kvm->world_ops->put_page(kvm, fault->pfn);
		return RET_PF_RETRY;
	}
	return RET_PF_CONTINUE;
}

/* mmu_lock is held: from here to its release nothing that is checked here can change. */
static bool is_page_fault_stale(struct kvm_vcpu *vcpu, struct kvm_page_fault *fault)
{
	hpa_t root_hpa = vcpu->arch.mmu->root.hpa;

	/* The root was invalidated.  Its zap may be over: nothing more may go in. */
	if (is_obsolete_sp(vcpu->kvm, to_shadow_page(root_hpa)))
		return true;

	/* MMIO has no page that could have gone. */
	return fault->slot &&
	       mmu_invalidate_retry(vcpu->kvm, fault->mmu_seq, invalidation_address(fault));
}

/* ---- The size of the mapping ---- */

int kvm_mmu_max_mapping_level(struct kvm *kvm, const struct kvm_memory_slot *slot, gfn_t gfn,
			      int max_level)
{
	int level;

	level = min(max_level, kvm_x86_ops->max_huge_page_level());
	for (; level > PG_LEVEL_4K; level--) {
		gfn_t index = (gfn >> KVM_HPAGE_GFN_SHIFT(level)) -
			      (slot->base_gfn >> KVM_HPAGE_GFN_SHIFT(level));

		if (!slot->arch.lpage_info[level - 2][index].disallow_lpage)
			break;
	}
	if (level == PG_LEVEL_4K)
		return level;
	return min(level, kvm->world_ops->mapping_level(kvm, gfn_to_hva_memslot(slot, gfn)));
}

void kvm_mmu_hugepage_adjust(struct kvm_vcpu *vcpu, struct kvm_page_fault *fault)
{
	kvm_pfn_t mask;

	fault->huge_page_disallowed = fault->exec && fault->nx_huge_page_workaround_enabled;

	if (fault->max_level == PG_LEVEL_4K || is_error_noslot_pfn(fault->pfn))
		return;
	if (kvm_slot_dirty_track_enabled(fault->slot))
		return;

	/* Kept even when it may not be used: it tells which tables stand in for huge pages. */
	fault->req_level = kvm_mmu_max_mapping_level(vcpu->kvm, fault->slot, fault->gfn,
						     fault->max_level);
	if (fault->req_level == PG_LEVEL_4K || fault->huge_page_disallowed)
		return;

	fault->goal_level = fault->req_level;
	mask = KVM_PAGES_PER_HPAGE(fault->goal_level) - 1;
	/* lpage_info sees to it that gfn and hva, and so gfn and pfn, are congruent. */
	WARN_ON_ONCE((fault->gfn & mask) != (fault->pfn & mask));
	fault->pfn &= ~mask;
}

void disallowed_hugepage_adjust(struct kvm_page_fault *fault, u64 spte, int cur_level)
{
	u64 page_mask;

	if (cur_level <= PG_LEVEL_4K || cur_level != fault->goal_level ||
	    !is_shadow_present_pte(spte) || is_large_pte(spte))
		return;

	/*
	 * A table stands where the huge page would go.  It has executable small pages,
	 * so putting a huge page, not executable, in its place would only make the next
	 * fetch put the table back.
	 */
	page_mask = KVM_PAGES_PER_HPAGE(cur_level) - KVM_PAGES_PER_HPAGE(cur_level - 1);
	fault->pfn |= fault->gfn & page_mask;
	fault->goal_level--;
}

/* ---- The fault as a whole ---- */

static int kvm_tdp_page_fault(struct kvm_vcpu *vcpu, struct kvm_page_fault *fault)
{
	struct kvm *kvm = vcpu->kvm;
	kvm_pfn_t orig_pfn;
	int r;

	fault->gfn = gpa_to_gfn(fault->addr);
	fault->slot = kvm_vcpu_gfn_to_memslot(vcpu, fault->gfn);

	r = fast_page_fault(vcpu, fault);
	if (r != RET_PF_INVALID)
		return r;

	/* Allocate now: under mmu_lock nothing may sleep. */
	r = mmu_topup_memory_caches(vcpu);
	if (r)
		return r;

	r = kvm_faultin_pfn(vcpu, fault);
	if (r != RET_PF_CONTINUE)
		return r;

	/* The reference is on this page; the mapping may turn out to begin at another. */
	orig_pfn = fault->pfn;

	read_lock(&kvm->mmu_lock);
	if (is_page_fault_stale(vcpu, fault))
		r = RET_PF_RETRY;
	else
		r = kvm_tdp_mmu_map(vcpu, fault);
	read_unlock(&kvm->mmu_lock);

	if (!is_noslot_pfn(orig_pfn))
		kvm->world_ops->put_page(kvm, orig_pfn);
	return r;
}

static void count_page_fault(struct kvm_vcpu *vcpu, int r)
{
	if (r == RET_PF_FIXED)
		vcpu->stat.pf_fixed++;
	else if (r == RET_PF_EMULATE)
		vcpu->stat.pf_emulate++;
	else if (r == RET_PF_SPURIOUS)
		vcpu->stat.pf_spurious++;
}

int kvm_mmu_do_page_fault(struct kvm_vcpu *vcpu, gpa_t cr2_or_gpa, u64 error_code, bool prefetch)
{
	u64 err = kvm_profile->error_code_64bit ? error_code : (u32)error_code;
	struct kvm_page_fault fault = {
		.addr = cr2_or_gpa,
		.error_code = err,
		.prefetch = prefetch,
		.exec = err & PFERR_FETCH_MASK,
		.write = err & PFERR_WRITE_MASK,
		.present = err & PFERR_PRESENT_MASK,
		.rsvd = err & PFERR_RSVD_MASK,
		.user = err & PFERR_USER_MASK,
		.nx_huge_page_workaround_enabled = is_nx_huge_page_enabled(vcpu->kvm),
		.max_level = KVM_MAX_HUGEPAGE_LEVEL,
		.req_level = PG_LEVEL_4K,
		.goal_level = PG_LEVEL_4K,
	};
	int r;

	if (!prefetch)
		vcpu->stat.pf_taken++;

	r = kvm_tdp_page_fault(vcpu, &fault);

	if (!prefetch)
		count_page_fault(vcpu, r);
	return r;
}

int kvm_mmu_page_fault(struct kvm_vcpu *vcpu, gpa_t cr2_or_gpa, u64 error_code)
{
	int r = RET_PF_INVALID;

	if (WARN_ON_ONCE(!VALID_PAGE(vcpu->arch.mmu->root.hpa)))
		return 1;

	if (error_code & PFERR_RSVD_MASK) {
		r = handle_mmio_page_fault(vcpu, cr2_or_gpa);
		if (r == RET_PF_EMULATE)
			return kvm_emulate_mmio(vcpu, cr2_or_gpa);
	}

	if (r == RET_PF_INVALID) {
		r = kvm_mmu_do_page_fault(vcpu, cr2_or_gpa, error_code, false);
		if (KVM_BUG_ON(r == RET_PF_INVALID, vcpu->kvm))
			return -EIO;
	}

	if (r < 0)
		return r;
	/*
	 * Write-tracked pages are those of guest page tables that are shadowed; there
	 * are none, so what is left for the emulator is MMIO and read-only memory.
	 */
	if (r == RET_PF_EMULATE || r == RET_PF_WRITE_PROTECTED)
		return kvm_emulate_mmio(vcpu, cr2_or_gpa);
	return 1;
}

int kvm_tdp_map_page(struct kvm_vcpu *vcpu, gpa_t gpa, u64 error_code)
{
	u64 sptes[PT64_ROOT_MAX_LEVEL + 1];
	int r, root_level;

	do {
		/* A root that was invalidated is left at the next entry, which is not here. */
		if (kvm_test_request(KVM_REQ_MMU_FREE_OBSOLETE_ROOTS, vcpu))
			return -EAGAIN;
		r = kvm_mmu_do_page_fault(vcpu, gpa, error_code, true);
	} while (r == RET_PF_RETRY);

	if (r < 0)
		return r;
	if (r != RET_PF_FIXED && r != RET_PF_SPURIOUS)
		return -ENOENT;

	kvm_tdp_mmu_walk_lockless_begin();
	r = kvm_tdp_mmu_get_walk(vcpu, gpa, sptes, &root_level);
	kvm_tdp_mmu_walk_lockless_end();
	return r;
}
