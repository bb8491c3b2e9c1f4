/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/bug.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "mmu/mmu.h"
#include "mmu/mmutrace.h"
#include "mmu/spte.h"
#include "mmu/tdp_mmu.h"
#include "mmu/x86.h"

/* Roots of vCPUs, and the MMU's part in the life of a VM. */

/* ---- The role of a vCPU's root ---- */

/*
 * Only what the tables depend on.  Guest CR0, CR4 and EFER are not in it, so the
 * guest can switch paging modes and keep its root.
 */
static union kvm_mmu_page_role kvm_calc_tdp_mmu_root_page_role(struct kvm_vcpu *vcpu)
{
	return (union kvm_mmu_page_role) {
		.level = kvm_x86_ops->get_tdp_level(vcpu),
		.direct = 1,
		.access = ACC_ALL,
		.efer_nx = 1,
		.cr0_wp = 1,
		.ad_disabled = !kvm_ad_enabled,
		.guest_mode = vcpu->arch.guest_mode,
		.smm = vcpu->arch.smm,
	};
}

void kvm_init_mmu(struct kvm_vcpu *vcpu)
{
	struct kvm_mmu *mmu = &vcpu->arch.root_mmu;

	mmu->root_role = kvm_calc_tdp_mmu_root_page_role(vcpu);
	reset_tdp_shadow_zero_bits_mask(&mmu->shadow_zero_check, mmu->root_role.level);
}

void kvm_mmu_reset_context(struct kvm_vcpu *vcpu)
{
	kvm_mmu_unload(vcpu);
	kvm_init_mmu(vcpu);
}

/* ---- Loading ---- */

int mmu_topup_memory_caches(struct kvm_vcpu *vcpu)
{
	int r;

	/* A fault makes at most a table per level below the root. */
	r = kvm_mmu_topup_memory_cache(&vcpu->arch.mmu_shadow_page_cache, PT64_ROOT_MAX_LEVEL);
	if (r)
		return r;
	return kvm_mmu_topup_memory_cache(&vcpu->arch.mmu_page_header_cache, PT64_ROOT_MAX_LEVEL);
}

static void mmu_alloc_direct_roots(struct kvm_vcpu *vcpu)
{
	struct kvm_mmu *mmu = vcpu->arch.mmu;

	if (kvm_profile->root_alloc_shared) {
		mmu->root.hpa = kvm_tdp_mmu_alloc_root(vcpu);
	} else {
		write_lock(&vcpu->kvm->mmu_lock);
		mmu->root.hpa = kvm_tdp_mmu_get_vcpu_root_hpa(vcpu);
		write_unlock(&vcpu->kvm->mmu_lock);
	}
	mmu->root.pgd = 0;
}

void kvm_mmu_load_pgd(struct kvm_vcpu *vcpu)
{
	struct kvm_mmu *mmu = vcpu->arch.mmu;

	if (VALID_PAGE(mmu->root.hpa))
		kvm_x86_ops->load_mmu_pgd(vcpu, mmu->root.hpa, mmu->root_role.level);
}

int kvm_mmu_load(struct kvm_vcpu *vcpu)
{
	int r = mmu_topup_memory_caches(vcpu);

	if (r)
		return r;
	mmu_alloc_direct_roots(vcpu);
	kvm_mmu_load_pgd(vcpu);

	/*
	 * Drop every translation of this root's address that the CPU may have kept:
	 * from an older root at the same address, or from this root before it was left.
	 * That is why nobody flushes when an invalid root is zapped.
	 */
	kvm_vcpu_flush_tlb_current(vcpu);
	return 0;
}

/* ---- Unloading ---- */

static void mmu_free_root_page(struct kvm *kvm, hpa_t *root_hpa)
{
	if (!VALID_PAGE(*root_hpa))
		return;
	kvm_tdp_mmu_put_root(kvm, to_shadow_page(*root_hpa));
	*root_hpa = INVALID_PAGE;
}

static bool has_root_to_free(const struct kvm_mmu *mmu, unsigned long roots_to_free)
{
	int i;

	if ((roots_to_free & KVM_MMU_ROOT_CURRENT) && VALID_PAGE(mmu->root.hpa))
		return true;
	for (i = 0; i < KVM_MMU_NUM_PREV_ROOTS; i++)
		if ((roots_to_free & KVM_MMU_ROOT_PREVIOUS(i)) &&
		    VALID_PAGE(mmu->prev_roots[i].hpa))
			return true;
	return false;
}

void kvm_mmu_free_roots(struct kvm *kvm, struct kvm_mmu *mmu, unsigned long roots_to_free)
{
	bool shared = kvm_profile->root_put_shared;
	int i;

	if (!has_root_to_free(mmu, roots_to_free))
		return;

	sim_mmu_lock(kvm, shared);
	for (i = 0; i < KVM_MMU_NUM_PREV_ROOTS; i++)
		if (roots_to_free & KVM_MMU_ROOT_PREVIOUS(i))
			mmu_free_root_page(kvm, &mmu->prev_roots[i].hpa);
	if (roots_to_free & KVM_MMU_ROOT_CURRENT) {
		mmu_free_root_page(kvm, &mmu->root.hpa);
		mmu->root.pgd = 0;
	}
	sim_mmu_unlock(kvm, shared);
}

void kvm_mmu_unload(struct kvm_vcpu *vcpu)
{
	kvm_mmu_free_roots(vcpu->kvm, &vcpu->arch.root_mmu, KVM_MMU_ROOTS_ALL);
	kvm_mmu_free_roots(vcpu->kvm, &vcpu->arch.guest_mmu, KVM_MMU_ROOTS_ALL);
	WARN_ON(VALID_PAGE(vcpu->arch.root_mmu.root.hpa));
	WARN_ON(VALID_PAGE(vcpu->arch.guest_mmu.root.hpa));
}

bool is_obsolete_sp(struct kvm *kvm, const struct kvm_mmu_page *sp)
{
	/* TDP pages do not look at the generation: their root tells. */
	if (sim_read_role(sp).invalid)
		return true;
	return !sp->tdp_mmu_page && sp->mmu_valid_gen != kvm->arch.mmu_valid_gen;
}

static bool is_obsolete_root(struct kvm *kvm, hpa_t root_hpa)
{
	if (!VALID_PAGE(root_hpa))
		return false;
	return is_obsolete_sp(kvm, to_shadow_page(root_hpa));
}

static void free_obsolete_roots_of(struct kvm *kvm, struct kvm_mmu *mmu)
{
	unsigned long obsolete = is_obsolete_root(kvm, mmu->root.hpa) ? KVM_MMU_ROOT_CURRENT : 0;
	int i;

	for (i = 0; i < KVM_MMU_NUM_PREV_ROOTS; i++)
		if (is_obsolete_root(kvm, mmu->prev_roots[i].hpa))
			obsolete |= KVM_MMU_ROOT_PREVIOUS(i);
	/* It takes mmu_lock, so not for nothing. */
	if (obsolete)
		kvm_mmu_free_roots(kvm, mmu, obsolete);
}

void kvm_mmu_free_obsolete_roots(struct kvm_vcpu *vcpu)
{
	struct kvm_vcpu_arch *arch = &vcpu->arch;

	free_obsolete_roots_of(vcpu->kvm, &arch->root_mmu);
	free_obsolete_roots_of(vcpu->kvm, &arch->guest_mmu);
}

/* ---- Switching between roles, with a small cache ---- */

static bool is_root_usable(const struct kvm_mmu_root_info *root, union kvm_mmu_page_role role)
{
	/* A direct root serves every page directory of the guest. */
	return VALID_PAGE(root->hpa) && sim_read_role(to_shadow_page(root->hpa)).word == role.word;
}

void kvm_mmu_new_pgd(struct kvm_vcpu *vcpu, gpa_t new_pgd)
{
	struct kvm_mmu *mmu = vcpu->arch.mmu;
	union kvm_mmu_page_role role = mmu->root_role;
	int i;

	if (!is_root_usable(&mmu->root, role)) {
		/*
		 * Push the present root into the cache.  What comes out of a place on the
		 * way moves on to the next, until it is one that can be used.
		 */
		for (i = 0; i < KVM_MMU_NUM_PREV_ROOTS; i++) {
			swap(mmu->root, mmu->prev_roots[i]);
			if (is_root_usable(&mmu->root, role))
				break;
		}
		/* The oldest fell out at the end, and fits no better. */
		if (i == KVM_MMU_NUM_PREV_ROOTS) {
			kvm_mmu_free_roots(vcpu->kvm, mmu, KVM_MMU_ROOT_CURRENT);
			return;
		}
	}

	mmu->root.pgd = new_pgd;
	kvm_make_request(KVM_REQ_LOAD_MMU_PGD, vcpu);
	if (force_flush_and_sync_on_reuse)
		kvm_make_request(KVM_REQ_TLB_FLUSH_CURRENT, vcpu);
}

/* ---- Zapping everything ---- */

void kvm_mmu_zap_all_fast(struct kvm *kvm)
{
	lockdep_assert_held(&kvm->slots_lock);

	write_lock(&kvm->mmu_lock);
	trace_kvm_mmu_zap_all_fast(kvm);

	/* For shadow pages.  Two values suffice: slots_lock lets one zap run at a time. */
	kvm->arch.mmu_valid_gen = kvm->arch.mmu_valid_gen ? 0 : 1;

	if (kvm->arch.tdp_mmu_enabled)
		kvm_tdp_mmu_invalidate_all_roots(kvm);

	/*
	 * In the same hold of mmu_lock: a fault that takes the lock next finds its root
	 * obsolete, and a vCPU that enters the guest next drops it first.
	 */
	kvm_make_all_cpus_request(kvm, KVM_REQ_MMU_FREE_OBSOLETE_ROOTS);
	write_unlock(&kvm->mmu_lock);

	/*
	 * Before the caller goes on: once the slot is gone, notifiers do not find what
	 * is left of it in the tables, and a later zap would touch freed pages.
	 */
	if (kvm->arch.tdp_mmu_enabled)
		kvm_tdp_mmu_zap_invalidated_roots(kvm);
	atomic64_inc(&kvm->stat.mmu_invalidations);
}

void kvm_mmu_zap_all(struct kvm *kvm)
{
	write_lock(&kvm->mmu_lock);
	if (kvm->arch.tdp_mmu_enabled)
		kvm_tdp_mmu_zap_all(kvm);
	write_unlock(&kvm->mmu_lock);
}

void kvm_zap_gfn_range(struct kvm *kvm, gfn_t start, gfn_t end)
{
	bool flush = false;
	int i;

	if (WARN_ON_ONCE(end <= start))
		return;

	write_lock(&kvm->mmu_lock);
	kvm_mmu_invalidate_begin(kvm);
	/* All of it: in hvas or gfns alike. */
	kvm_mmu_invalidate_range_add(kvm, 0, ~0ULL);

	for (i = 0; i < KVM_ADDRESS_SPACE_NUM; i++)
		flush = kvm_tdp_mmu_zap_leafs(kvm, i, start, end, true, flush);
	if (flush)
		kvm_flush_remote_tlbs_range(kvm, start, end - start);

	kvm_mmu_invalidate_end(kvm);
	write_unlock(&kvm->mmu_lock);
}

void kvm_arch_memslots_updated(struct kvm *kvm, u64 gen)
{
	lockdep_assert_held(&kvm->slots_lock);
	WARN_ON(gen & KVM_MEMSLOT_GEN_UPDATE_IN_PROGRESS);

	/*
	 * MMIO SPTEs hold 19 bits of it.  When those start anew, an SPTE of long ago
	 * could look current again, so none may be left.  The lowest bit only tells the
	 * address space.
	 */
	gen &= MMIO_SPTE_GEN_MASK;
	if (!(gen & ~1ULL))
		kvm_mmu_zap_all_fast(kvm);
}

/* ---- VMs and vCPUs ---- */

int kvm_mmu_init_vm(struct kvm *kvm)
{
	INIT_LIST_HEAD(&kvm->arch.possible_nx_huge_pages);
	return kvm_mmu_init_tdp_mmu(kvm);
}

void kvm_mmu_uninit_vm(struct kvm *kvm)
{
	kvm_mmu_uninit_tdp_mmu(kvm);
}

static void init_roots(struct kvm_mmu *mmu)
{
	int i;

	mmu->root = KVM_MMU_ROOT_INFO_INVALID;
	for (i = 0; i < KVM_MMU_NUM_PREV_ROOTS; i++)
		mmu->prev_roots[i] = KVM_MMU_ROOT_INFO_INVALID;
}

void kvm_mmu_create(struct kvm_vcpu *vcpu)
{
	vcpu->arch.mmu_page_header_cache.kmem_cache = mmu_page_header_cache;
	vcpu->arch.mmu_page_header_cache.gfp_zero = __GFP_ZERO;
	/* New tables are full of empty entries, whatever empty is. */
	vcpu->arch.mmu_shadow_page_cache.init_value = SHADOW_NONPRESENT_VALUE;
	if (!SHADOW_NONPRESENT_VALUE)
		vcpu->arch.mmu_shadow_page_cache.gfp_zero = __GFP_ZERO;

	vcpu->arch.mmu = &vcpu->arch.root_mmu;
	init_roots(&vcpu->arch.root_mmu);
	init_roots(&vcpu->arch.guest_mmu);
	kvm_init_mmu(vcpu);
}

void kvm_mmu_destroy(struct kvm_vcpu *vcpu)
{
	kvm_mmu_unload(vcpu);
	kvm_mmu_free_memory_cache(&vcpu->arch.mmu_shadow_page_cache);
	kvm_mmu_free_memory_cache(&vcpu->arch.mmu_page_header_cache);
}
