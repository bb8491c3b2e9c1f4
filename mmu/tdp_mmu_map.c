/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/bug.h>
#include <linux/mm.h>

#include "mmu/mmu.h"
#include "mmu/tdp_mmu_internal.h"

/* Page faults in the tables: from the root down to the entry, tables made on the way. */

/* The entry at the goal level was reached: give it its value. */
static int tdp_mmu_map_handle_target_level(struct kvm_vcpu *vcpu, struct kvm_page_fault *fault,
					   struct tdp_iter *iter)
{
	struct kvm_mmu_page *sp = sptep_to_sp(rcu_dereference(iter->sptep));
	u64 old_spte = iter->old_spte, new_spte;
	int ret = RET_PF_FIXED;
	bool wrprot = false;

	if (WARN_ON_ONCE(sp->role.level != fault->goal_level))
		return RET_PF_RETRY;

	if (!fault->slot)
		new_spte = make_mmio_spte(vcpu, iter->gfn, ACC_ALL);
	else
		wrprot = make_spte(vcpu, sp, fault->slot, fault->gfn, fault->pfn, old_spte,
				   fault->prefetch, fault->map_writable, &new_spte);

	if (new_spte == old_spte)
		ret = RET_PF_SPURIOUS;
	else if (tdp_mmu_set_spte_atomic(vcpu->kvm, iter, new_spte))
		return RET_PF_RETRY;
	else if (is_shadow_present_pte(old_spte) && !is_last_spte(old_spte, iter->level))
		/* A table went: the CPU may have it in its paging-structure caches. */
		kvm_flush_remote_tlbs_range(vcpu->kvm, iter->gfn,
					    KVM_PAGES_PER_HPAGE(iter->level));

	if (wrprot && fault->write)
		ret = kvm_profile->write_protected_fault ? RET_PF_WRITE_PROTECTED : RET_PF_EMULATE;

	if (is_mmio_spte(new_spte)) {
		vcpu->stat.pf_mmio_spte_created++;
		trace_mark_mmio_spte(rcu_dereference(iter->sptep), iter->gfn, new_spte);
		return RET_PF_EMULATE;
	}
	trace_kvm_mmu_set_spte(iter->level, iter->gfn, rcu_dereference(iter->sptep));
	return ret;
}

/*
 * Until v6.2, a huge page in the way of a smaller mapping is taken out, with a
 * flush, and faults fill the new table.
 */
static int zap_huge_page_in_the_way(struct kvm *kvm, struct tdp_iter *iter)
{
	int ret = tdp_mmu_zap_spte_atomic(kvm, iter);

	if (!ret)
		/* Another fault may have been here since. */
		iter->old_spte = kvm_tdp_mmu_read_spte(iter->sptep);
	return ret;
}

/* Put a table at @iter's entry, in the place of nothing or of a huge page. */
static int make_table(struct kvm_vcpu *vcpu, struct kvm_page_fault *fault, struct tdp_iter *iter)
{
	struct kvm *kvm = vcpu->kvm;
	struct kvm_mmu_page *sp = tdp_mmu_alloc_sp(vcpu);
	bool track = fault->huge_page_disallowed && fault->req_level >= iter->level;
	int ret;

	tdp_mmu_init_child_sp(sp, iter);
	sp->nx_huge_page_disallowed = fault->huge_page_disallowed;

	if (is_shadow_present_pte(iter->old_spte))
		ret = tdp_mmu_split_huge_page(kvm, iter, sp, true);
	else
		ret = tdp_mmu_link_sp(kvm, iter, sp, true);
	if (ret) {
		/* Another was faster.  Nobody has seen ours. */
		tdp_mmu_free_sp(sp);
		return ret;
	}

	if (track) {
		spin_lock(&kvm->arch.tdp_mmu_pages_lock);
		/* Zapped again already?  Then it must not be put on the list. */
		if (sp->nx_huge_page_disallowed)
			track_possible_nx_huge_page(kvm, sp);
		spin_unlock(&kvm->arch.tdp_mmu_pages_lock);
	}
	return 0;
}

/* Make room for the next level down: 0 to step on, or an error to retry the fault. */
static int descend(struct kvm_vcpu *vcpu, struct kvm_page_fault *fault, struct tdp_iter *iter)
{
	if (is_shadow_present_pte(iter->old_spte)) {
		if (!is_large_pte(iter->old_spte))
			return 0;
		if (!kvm_profile->fault_splits_huge_page) {
			int ret = zap_huge_page_in_the_way(vcpu->kvm, iter);

			if (ret)
				return ret;
			if (is_shadow_present_pte(iter->old_spte))
				return is_large_pte(iter->old_spte) ? -EBUSY : 0;
			if (is_removed_spte(iter->old_spte))
				return -EBUSY;
		}
	}
	return make_table(vcpu, fault, iter);
}

int kvm_tdp_mmu_map(struct kvm_vcpu *vcpu, struct kvm_page_fault *fault)
{
	struct kvm_mmu_page *root = to_shadow_page(vcpu->arch.mmu->root.hpa);
	int ret = RET_PF_RETRY;
	struct tdp_iter iter;

	lockdep_assert_held_read(&vcpu->kvm->mmu_lock);
	kvm_mmu_hugepage_adjust(vcpu, fault);
	trace_kvm_mmu_spte_requested(fault);

	rcu_read_lock();
	for_each_tdp_pte(iter, root, fault->gfn, fault->gfn + 1) {
		if (fault->nx_huge_page_workaround_enabled)
			disallowed_hugepage_adjust(fault, iter.old_spte, iter.level);

		/*
		 * Before the level is looked at: a walk that a frozen entry cut short has
		 * not reached its goal, and a frozen entry at the goal is another's.
		 */
		if (is_removed_spte(iter.old_spte))
			break;
		if (iter.level == fault->goal_level) {
			ret = tdp_mmu_map_handle_target_level(vcpu, fault, &iter);
			break;
		}
		/* Another change won: let the guest fault again and see what stands there then. */
		if (descend(vcpu, fault, &iter))
			break;
	}
	rcu_read_unlock();
	return ret;
}

int kvm_tdp_mmu_get_walk(struct kvm_vcpu *vcpu, gpa_t addr, u64 *sptes, int *root_level)
{
	struct kvm_mmu_page *root = to_shadow_page(vcpu->arch.mmu->root.hpa);
	gfn_t gfn = gpa_to_gfn(addr);
	struct tdp_iter iter;
	int leaf = -1;

	*root_level = sim_read_role(root).level;
	for_each_tdp_pte(iter, root, gfn, gfn + 1) {
		leaf = iter.level;
		sptes[leaf] = iter.old_spte;
	}
	return leaf;
}

u64 *kvm_tdp_mmu_fast_pf_get_last_sptep(struct kvm_vcpu *vcpu, gpa_t addr, u64 *spte)
{
	struct kvm_mmu_page *root = to_shadow_page(vcpu->arch.mmu->root.hpa);
	gfn_t gfn = gpa_to_gfn(addr);
	tdp_ptep_t sptep = NULL;
	struct tdp_iter iter;

	for_each_tdp_pte(iter, root, gfn, gfn + 1) {
		*spte = iter.old_spte;
		sptep = iter.sptep;
	}
	return rcu_dereference(sptep);
}
