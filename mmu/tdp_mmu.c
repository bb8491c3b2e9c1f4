/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/bug.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "mmu/mmu.h"
#include "mmu/tdp_mmu_internal.h"

/*
 * The bottom layer of the TDP MMU: page-table pages, and changes of SPTEs with all
 * that they bring with them.
 */

/* ---- Pages ---- */

struct kvm_mmu_page *tdp_mmu_alloc_sp(struct kvm_vcpu *vcpu)
{
	struct kvm_mmu_page *sp;

	sp = kvm_mmu_memory_cache_alloc(&vcpu->arch.mmu_page_header_cache);
	sp->spt = kvm_mmu_memory_cache_alloc(&vcpu->arch.mmu_shadow_page_cache);
	return sp;
}

void tdp_mmu_init_sp(struct kvm_mmu_page *sp, tdp_ptep_t sptep, gfn_t gfn,
		     union kvm_mmu_page_role role)
{
	struct page *page = virt_to_page(sp->spt);

	sp->tdp_mmu_page = true;
	sp->ptep = sptep;
	sp->gfn = gfn;
	sp->role = role;
	INIT_LIST_HEAD(&sp->possible_nx_huge_page_link);
	/* So that an entry of the table leads to this header. */
	set_page_private(page, (unsigned long)sp);

	trace_kvm_mmu_get_page(sp, true);
}

void tdp_mmu_free_sp(struct kvm_mmu_page *sp)
{
	u64 *table = sp->spt;

	kmem_cache_free(mmu_page_header_cache, sp);
	free_page((unsigned long)table);
}

void tdp_mmu_free_sp_rcu_callback(struct rcu_head *head)
{
	struct kvm_mmu_page *sp = container_of(head, struct kvm_mmu_page, rcu_head);

	tdp_mmu_free_sp(sp);
}

void tdp_mmu_init_child_sp(struct kvm_mmu_page *child, const struct tdp_iter *iter)
{
	union kvm_mmu_page_role role = sim_read_role(sptep_to_sp(rcu_dereference(iter->sptep)));

	role.level--;
	tdp_mmu_init_sp(child, iter->sptep, iter->gfn, role);
}

void tdp_account_mmu_page(struct kvm *kvm, struct kvm_mmu_page *sp)
{
	if (kvm_profile->pages_on_list) {
		spin_lock(&kvm->arch.tdp_mmu_pages_lock);
		list_add(&sp->link, &kvm->arch.tdp_mmu_pages);
		spin_unlock(&kvm->arch.tdp_mmu_pages_lock);
	}
	atomic64_inc(&kvm->arch.nr_tdp_mmu_pages);
}

/* Undo tdp_account_mmu_page(), and forget the table as an NX huge page in waiting. */
static void tdp_mmu_unlink_sp(struct kvm *kvm, struct kvm_mmu_page *sp)
{
	/*
	 * Under mmu_lock for write only the newest kernels still take the leaf lock;
	 * taking it in both modes is never wrong and costs little.
	 */
	spin_lock(&kvm->arch.tdp_mmu_pages_lock);
	if (kvm_profile->pages_on_list)
		list_del(&sp->link);
	if (sp->nx_huge_page_disallowed)
		untrack_possible_nx_huge_page(kvm, sp);
	spin_unlock(&kvm->arch.tdp_mmu_pages_lock);

	atomic64_dec(&kvm->arch.nr_tdp_mmu_pages);
}

/* ---- What a change brings with it ---- */

/*
 * Take one entry out of a table that nobody can reach any more, and return what
 * was in it.
 *
 * Under the read lock others may be at work in it still: they found the table
 * before it was unlinked.  The freeze value turns their compare-and-exchange away.
 * An entry that is frozen already belongs to somebody who will store a plain value
 * over it, and over ours, so wait for that store.
 *
 * Under the write lock only the CPU (through its paging-structure caches) and
 * fast_page_fault() can be at work, and they only touch present leaves.  Others
 * are left as they are, which the freeze value as a return value says.
 */
static u64 take_removed_entry(tdp_ptep_t sptep, int level, bool shared)
{
	u64 old_spte;

	if (shared) {
		for (;;) {
			old_spte = kvm_tdp_mmu_write_spte_atomic(sptep, REMOVED_SPTE);
			if (!is_removed_spte(old_spte))
				return old_spte;
			cpu_relax();
		}
	}

	old_spte = kvm_tdp_mmu_read_spte(sptep);
	if (!is_shadow_present_pte(old_spte))
		return REMOVED_SPTE;
	return kvm_tdp_mmu_write_spte(sptep, old_spte, REMOVED_SPTE, level);
}

/*
 * Take a table apart that was just unlinked, and all tables below it.  It stays in
 * memory for a grace period: walks may be inside it.
 */
static void handle_removed_pt(struct kvm *kvm, tdp_ptep_t pt, bool shared)
{
	struct kvm_mmu_page *sp = sptep_to_sp(rcu_dereference(pt));
	int level = sp->role.level, as_id = kvm_mmu_page_as_id(sp);
	tdp_ptep_t entry, end = pt + SPTE_ENT_PER_PAGE;
	gfn_t gfn = sp->gfn;

	trace_kvm_mmu_prepare_zap_page(sp);
	tdp_mmu_unlink_sp(kvm, sp);

	for (entry = pt; entry < end; entry++, gfn += KVM_PAGES_PER_HPAGE(level)) {
		u64 old_spte = take_removed_entry(entry, level, shared);

		if (!is_removed_spte(old_spte))
			handle_changed_spte(kvm, as_id, gfn, old_spte, REMOVED_SPTE, level,
					    shared);
	}

	call_rcu(&sp->rcu_head, tdp_mmu_free_sp_rcu_callback);
}

static void kvm_update_page_stats(struct kvm *kvm, int level, long count)
{
	atomic64_add(count, &kvm->stat.pages[level - 1]);
}

/* A leaf went, or lost A or D: what the CPU noted in it must not get lost with it. */
static void hand_ad_bits_to_pfn(struct kvm *kvm, u64 old_spte, u64 new_spte, bool new_present,
				bool pfn_changed)
{
	kvm_pfn_t pfn = spte_to_pfn(old_spte);

	if (is_dirty_spte(old_spte) && (!new_present || !is_dirty_spte(new_spte) || pfn_changed))
		kvm->world_ops->set_pfn_dirty(kvm, pfn);
	if (is_accessed_spte(old_spte) &&
	    (!new_present || !is_accessed_spte(new_spte) || pfn_changed))
		kvm->world_ops->set_pfn_accessed(kvm, pfn);
}

void handle_changed_spte(struct kvm *kvm, int as_id, gfn_t gfn, u64 old_spte, u64 new_spte,
			 int level, bool shared)
{
	bool pfn_changed = spte_to_pfn(old_spte) != spte_to_pfn(new_spte);
	bool was_leaf = is_present_leaf(old_spte, level);
	bool is_leaf = is_present_leaf(new_spte, level);
	bool was_present = is_shadow_present_pte(old_spte);
	bool is_present = is_shadow_present_pte(new_spte);

	WARN_ON_ONCE(gfn != gfn_round_for_level(gfn, level));
	WARN_ON_ONCE(level < PG_LEVEL_4K || level > PT64_ROOT_MAX_LEVEL);

	/*
	 * A leaf goes to another page only by way of a non-present entry and a flush.
	 * Otherwise the guest goes on using the old one through its TLB.
	 */
	if (was_leaf && is_leaf && pfn_changed)
		BUG();

	if (old_spte == new_spte)
		return;
	trace_kvm_tdp_mmu_spte_changed(as_id, gfn, level, old_spte, new_spte);

	if (is_leaf)
		check_spte_writable_invariants(new_spte);

	if (!was_present && !is_present) {
		/* Only MMIO SPTEs and freezing change one non-present value for another. */
		WARN_ONCE(!is_mmio_spte(old_spte) && !is_mmio_spte(new_spte) &&
			  !is_removed_spte(new_spte),
			  "non-present SPTE 0x%llx at gfn 0x%llx changed to 0x%llx",
			  (unsigned long long)old_spte, (unsigned long long)gfn,
			  (unsigned long long)new_spte);
		return;
	}

	if (is_leaf != was_leaf)
		kvm_update_page_stats(kvm, level, is_leaf ? 1 : -1);
	if (was_leaf)
		hand_ad_bits_to_pfn(kvm, old_spte, new_spte, is_present, pfn_changed);

	if (was_present && !was_leaf &&
	    (is_leaf || !is_present || WARN_ON_ONCE(pfn_changed)))
		handle_removed_pt(kvm, spte_to_child_pt(old_spte, level), shared);
}

/* ---- Changing an entry: mmu_lock for read ---- */

int __tdp_mmu_set_spte_atomic(struct tdp_iter *iter, u64 new_spte)
{
	/* A frozen entry is another's; and after a yield this may not even be a table. */
	WARN_ON_ONCE(iter->yielded || is_removed_spte(iter->old_spte));

	/* On failure the present value goes to old_spte: the caller decides anew from it. */
	if (!try_cmpxchg64(rcu_dereference(iter->sptep), &iter->old_spte, new_spte))
		return -EBUSY;
	return 0;
}

int tdp_mmu_set_spte_atomic(struct kvm *kvm, struct tdp_iter *iter, u64 new_spte)
{
	u64 old_spte = iter->old_spte;
	int ret;

	lockdep_assert_held_read(&kvm->mmu_lock);

	ret = __tdp_mmu_set_spte_atomic(iter, new_spte);
	if (ret)
		return ret;

	handle_changed_spte(kvm, iter->as_id, iter->gfn, old_spte, new_spte, iter->level, true);
	return 0;
}

int tdp_mmu_zap_spte_atomic(struct kvm *kvm, struct tdp_iter *iter)
{
	u64 old_spte = iter->old_spte;
	int ret;

	lockdep_assert_held_read(&kvm->mmu_lock);

	ret = __tdp_mmu_set_spte_atomic(iter, REMOVED_SPTE);
	if (ret)
		return ret;

	/* While faults on it spin, only the flush is worth the wait (v6.10). */
	if (!kvm_profile->flush_before_bookkeeping)
		handle_changed_spte(kvm, iter->as_id, iter->gfn, old_spte, REMOVED_SPTE,
				    iter->level, true);

	kvm_flush_remote_tlbs_range(kvm, iter->gfn, KVM_PAGES_PER_HPAGE(iter->level));

	/* Frozen entries are written by none but their owner: a plain store will do. */
	__kvm_tdp_mmu_write_spte(iter->sptep, SHADOW_NONPRESENT_VALUE);

	if (kvm_profile->flush_before_bookkeeping)
		handle_changed_spte(kvm, iter->as_id, iter->gfn, old_spte,
				    SHADOW_NONPRESENT_VALUE, iter->level, true);
	return 0;
}

/* ---- Changing an entry: mmu_lock for write ---- */

u64 tdp_mmu_set_spte(struct kvm *kvm, int as_id, tdp_ptep_t sptep, u64 old_spte, u64 new_spte,
		     gfn_t gfn, int level)
{
	lockdep_assert_held_write(&kvm->mmu_lock);

	/* Nobody freezes a reachable entry while another holds the lock for write. */
	WARN_ON_ONCE(is_removed_spte(old_spte) || is_removed_spte(new_spte));

	old_spte = kvm_tdp_mmu_write_spte(sptep, old_spte, new_spte, level);
	handle_changed_spte(kvm, as_id, gfn, old_spte, new_spte, level, false);
	return old_spte;
}

void tdp_mmu_iter_clear_bits(struct kvm *kvm, struct tdp_iter *iter, u64 mask)
{
	if (!kvm_profile->clears_single_bits) {
		tdp_mmu_iter_set_spte(kvm, iter, iter->old_spte & ~mask);
		return;
	}

	lockdep_assert_held_write(&kvm->mmu_lock);
	iter->old_spte = tdp_mmu_clear_spte_bits(iter->sptep, iter->old_spte, mask, iter->level);
	trace_kvm_tdp_mmu_spte_changed(iter->as_id, iter->gfn, iter->level, iter->old_spte,
				       iter->old_spte & ~mask);
	if (mask & (spte_shadow_dirty_mask(iter->old_spte) | PT_WRITABLE_MASK) &&
	    is_dirty_spte(iter->old_spte))
		kvm->world_ops->set_pfn_dirty(kvm, spte_to_pfn(iter->old_spte));
}

/* ---- Yielding ---- */

bool tdp_mmu_iter_cond_resched(struct kvm *kvm, struct tdp_iter *iter, bool flush, bool shared)
{
	WARN_ON_ONCE(iter->yielded);

	/* Here it yielded the last time: get on first, or it may never. */
	if (iter->next_last_level_gfn == iter->yielded_gfn)
		return false;
	if (!need_resched() && !rwlock_needbreak(&kvm->mmu_lock))
		return false;

	/* Who takes mmu_lock now may rely on it that no CPU uses what was zapped. */
	if (flush)
		kvm_flush_remote_tlbs(kvm);

	WARN_ON_ONCE(iter->gfn > iter->next_last_level_gfn);
	/* Tables that the path leads through may be gone when the locks are back. */
	iter->yielded = true;
	rcu_read_unlock();
	if (!shared)
		cond_resched_rwlock_write(&kvm->mmu_lock);
	else
		cond_resched_rwlock_read(&kvm->mmu_lock);
	rcu_read_lock();
	return true;
}

/* ---- Tables in place of entries ---- */

int tdp_mmu_link_sp(struct kvm *kvm, struct tdp_iter *iter, struct kvm_mmu_page *sp, bool shared)
{
	u64 table_spte = make_nonleaf_spte(sp->spt, !kvm_ad_enabled);
	int ret = 0;

	if (!shared)
		tdp_mmu_iter_set_spte(kvm, iter, table_spte);
	else
		ret = tdp_mmu_set_spte_atomic(kvm, iter, table_spte);

	if (!ret)
		tdp_account_mmu_page(kvm, sp);
	return ret;
}

int tdp_mmu_split_huge_page(struct kvm *kvm, struct tdp_iter *iter, struct kvm_mmu_page *sp,
			    bool shared)
{
	u64 huge_spte = iter->old_spte;
	int index, err;

	/*
	 * Fill the table before anyone can see it.  Plain stores: publishing it by the
	 * compare-and-exchange (or under the write lock) orders them.
	 */
	for (index = 0; index < SPTE_ENT_PER_PAGE; index++)
		sp->spt[index] = make_huge_page_split_spte(kvm, huge_spte, sp->role, index);

	err = tdp_mmu_link_sp(kvm, iter, sp, shared);
	/* The children's pages were part of the huge page, so nothing but numbers changed. */
	if (!err)
		kvm_update_page_stats(kvm, sp->role.level, SPTE_ENT_PER_PAGE);
	trace_kvm_mmu_split_huge_page(iter->gfn, huge_spte, iter->level, err);
	return err;
}
