/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/bug.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#include "mmu/mmu.h"
#include "mmu/tdp_mmu.h"

/*
 * NX huge pages.  Where the CPU has the ITLB multihit erratum no huge page may be
 * executable.  A fetch from one makes a table of small pages instead; a worker
 * takes such tables out again after a while, in case nothing executes there any
 * more.
 */

void track_possible_nx_huge_page(struct kvm *kvm, struct kvm_mmu_page *sp)
{
	if (!list_empty(&sp->possible_nx_huge_page_link))
		return;
	atomic64_inc(&kvm->stat.nx_lpage_splits);
	list_add_tail(&sp->possible_nx_huge_page_link, &kvm->arch.possible_nx_huge_pages);
}

void untrack_possible_nx_huge_page(struct kvm *kvm, struct kvm_mmu_page *sp)
{
	sp->nx_huge_page_disallowed = false;
	if (list_empty(&sp->possible_nx_huge_page_link))
		return;
	atomic64_dec(&kvm->stat.nx_lpage_splits);
	list_del_init(&sp->possible_nx_huge_page_link);
}

static void unaccount_nx_huge_page(struct kvm *kvm, struct kvm_mmu_page *sp)
{
	spin_lock(&kvm->arch.tdp_mmu_pages_lock);
	untrack_possible_nx_huge_page(kvm, sp);
	spin_unlock(&kvm->arch.tdp_mmu_pages_lock);
}

/* Recover the oldest table: whether a flush is pending for it. */
static bool recover_oldest(struct kvm *kvm)
{
	struct kvm_mmu_page *sp = list_first_entry(&kvm->arch.possible_nx_huge_pages,
						   struct kvm_mmu_page,
						   possible_nx_huge_page_link);
	struct kvm_memory_slot *slot = NULL;
	bool flush = false;

	WARN_ON_ONCE(!sp->nx_huge_page_disallowed);

	/* In the table's own address space: SMM has slots of its own. */
	if (kvm_profile->nx_recovery_skips_logged)
		slot = gfn_to_memslot_in(__kvm_memslots(kvm, kvm_mmu_page_as_id(sp)), sp->gfn);

	/* While the slot logs there will be no huge page: only forget the table. */
	if (slot && kvm_slot_dirty_track_enabled(slot))
		unaccount_nx_huge_page(kvm, sp);
	else
		flush = kvm_tdp_mmu_zap_sp(kvm, sp);

	/* Taking a table out takes it off the list. */
	if (WARN_ON_ONCE(sp->nx_huge_page_disallowed))
		unaccount_nx_huge_page(kvm, sp);
	return flush;
}

void kvm_recover_nx_huge_pages(struct kvm *kvm, unsigned int ratio)
{
	u64 pages = atomic64_read(&kvm->stat.nx_lpage_splits);
	u64 to_zap = ratio ? DIV_ROUND_UP(pages, ratio) : 0;
	bool flush = false;
	int srcu_idx;

	srcu_idx = srcu_read_lock(&kvm->srcu);
	write_lock(&kvm->mmu_lock);
	/*
	 * Tables are taken out here, so the TLB must be flushed before the RCU read
	 * section ends: until then their memory stays what the CPU takes it for.
	 */
	rcu_read_lock();

	for (; to_zap && !list_empty(&kvm->arch.possible_nx_huge_pages); to_zap--) {
		flush |= recover_oldest(kvm);

		if (need_resched() || rwlock_needbreak(&kvm->mmu_lock)) {
			if (flush)
				kvm_flush_remote_tlbs(kvm);
			flush = false;
			rcu_read_unlock();
			cond_resched_rwlock_write(&kvm->mmu_lock);
			rcu_read_lock();
		}
	}
	if (flush)
		kvm_flush_remote_tlbs(kvm);

	rcu_read_unlock();
	write_unlock(&kvm->mmu_lock);
	srcu_read_unlock(&kvm->srcu, srcu_idx);
}

bool calc_nx_huge_pages_recovery_period(u64 *period)
{
	u32 ratio = READ_ONCE(nx_huge_pages_recovery_ratio);

	if (!READ_ONCE(nx_huge_pages) || !ratio)
		return false;

	*period = READ_ONCE(nx_huge_pages_recovery_period_ms);
	if (!*period) {
		/* Everything once an hour, but not oftener than every second. */
		ratio = min_t(u32, ratio, 3600u);
		*period = 60 * 60 * 1000 / ratio;
	}
	return true;
}

/* The jiffies left of a period that began at @start; 0 if it is over. */
static long get_nx_huge_page_recovery_timeout(u64 start)
{
	u64 period, now, end;

	if (!calc_nx_huge_pages_recovery_period(&period))
		return MAX_SCHEDULE_TIMEOUT;
	now = get_jiffies_64();
	end = start + period * HZ / 1000;
	return end > now ? end - now : 0;
}

static int kvm_nx_huge_page_recovery_worker(void *data)
{
	struct kvm *kvm = data;

	for (;;) {
		u64 start = get_jiffies_64();
		long remaining;

		/*
		 * A change of the parameters wakes it up, to look at what is left of the
		 * period by the new ones.  The state first: a wake-up that comes between the
		 * look and the sleep must not be lost.
		 */
		for (;;) {
			set_current_state(TASK_INTERRUPTIBLE);
			remaining = get_nx_huge_page_recovery_timeout(start);
			if (kthread_should_stop() || remaining <= 0)
				break;
			schedule_timeout(remaining);
		}
		__set_current_state(TASK_RUNNING);

		if (kthread_should_stop())
			return 0;
		kvm_recover_nx_huge_pages(kvm, READ_ONCE(nx_huge_pages_recovery_ratio));
	}
}

int kvm_mmu_post_init_vm(struct kvm *kvm)
{
	struct task_struct *task;

	task = kthread_run(kvm_nx_huge_page_recovery_worker, kvm, "kvm-nx-lpage-recovery");
	if (IS_ERR(task))
		return PTR_ERR(task);
	kvm->arch.nx_huge_page_recovery_thread = task;
	return 0;
}

void kvm_mmu_pre_destroy_vm(struct kvm *kvm)
{
	if (kvm->arch.nx_huge_page_recovery_thread)
		kthread_stop(kvm->arch.nx_huge_page_recovery_thread);
	kvm->arch.nx_huge_page_recovery_thread = NULL;
}
