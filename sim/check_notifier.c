/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <linux/kernel.h>

#include "mmu/mmu.h"
#include "mmu/spte.h"
#include "sim/check_leaves.h"
#include "sim/check_notifier.h"
#include "sim/cpu.h"
#include "sim/finding.h"

/* ---- What the range has ---- */

static bool had_frame(const struct sim_notifier_check *check, kvm_pfn_t pfn)
{
	unsigned int i;

	for (i = 0; i < check->nr_frames; i++)
		if (pfn - check->frames[i].first < check->frames[i].nr)
			return true;
	return false;
}

static void remember_frames(struct sim_notifier_check *check, kvm_pfn_t first, u64 nr)
{
	struct sim_notifier_frames *last = check->nr_frames ?
					   &check->frames[check->nr_frames - 1] : NULL;

	if (had_frame(check, first) && had_frame(check, first + nr - 1))
		return;
	if (last && last->first + last->nr == first)
		last->nr += nr;
	else if (check->nr_frames == SIM_NOTIFIER_FRAMES_MAX)
		check->nr_forgotten++;
	else
		check->frames[check->nr_frames++] = (struct sim_notifier_frames) { first, nr };
}

static kvm_pfn_t pfn_of(const struct sim_leaf *leaf)
{
	return (leaf->spte & SPTE_BASE_ADDR_MASK & ~shadow_me_mask) >> PAGE_SHIFT;
}

struct range_walk {
	struct sim_notifier_check *check;
	const struct sim_notifier_part *part;
};

/* Of a huge page only what lies in the range. */
static bool remember_leaf(void *ctx, const struct sim_leaf *leaf)
{
	const struct range_walk *walk = ctx;
	gfn_t start = max(walk->part->start, leaf->gfn);
	gfn_t end = min(walk->part->end, (gfn_t)(leaf->gfn + KVM_PAGES_PER_HPAGE(leaf->level)));

	remember_frames(walk->check, pfn_of(leaf) + (start - leaf->gfn), end - start);
	return true;
}

static bool remember_root(void *ctx, const struct kvm_mmu_page *root)
{
	const struct range_walk *walk = ctx;

	if (kvm_mmu_page_as_id(root) == walk->part->as_id)
		sim_for_each_leaf(root, walk->part->start, walk->part->end, remember_leaf, ctx);
	return true;
}

static void add_part(struct sim_notifier_check *check, const struct kvm_memory_slot *slot,
		     hva_t start, hva_t end)
{
	hva_t slot_end = slot->userspace_addr + ((hva_t)slot->npages << PAGE_SHIFT);
	struct range_walk walk = { .check = check };
	struct sim_notifier_part part;

	start = max(start & PAGE_MASK, slot->userspace_addr);
	end = min(end, slot_end);
	if (start >= end)
		return;
	if (check->nr_parts == SIM_NOTIFIER_SLOTS_MAX) {
		check->nr_forgotten++;
		return;
	}
	part = (struct sim_notifier_part) {
		.as_id = slot->as_id,
		.start = slot->base_gfn + ((start - slot->userspace_addr) >> PAGE_SHIFT),
		.end = slot->base_gfn +
		       ((end - slot->userspace_addr + PAGE_SIZE - 1) >> PAGE_SHIFT),
		.hva = start,
	};
	check->parts[check->nr_parts] = part;
	walk.part = &check->parts[check->nr_parts++];
	sim_for_each_root(check->kvm, remember_root, &walk);
}

void sim_check_notifier_begin(struct sim_notifier_check *check, struct kvm *kvm, hva_t start,
			      hva_t end, const struct sim_history *history)
{
	int idx = srcu_read_lock(&kvm->srcu), as_id, i;

	memset(check, 0, sizeof(*check));
	check->kvm = kvm;
	check->history = history;
	for (as_id = 0; as_id < KVM_ADDRESS_SPACE_NUM; as_id++) {
		const struct kvm_memslots *slots = __kvm_memslots(kvm, as_id);

		for (i = 0; i < slots->nr_slots; i++)
			add_part(check, slots->by_gfn[i], start, end);
	}
	srcu_read_unlock(&kvm->srcu, idx);
}

void sim_check_notifier_end(struct sim_notifier_check *check)
{
	check->ended = true;
}

/* ---- Judging ---- */

struct judge {
	const struct sim_notifier_check *check;
	bool (*lives)(void *ctx, hva_t hva, kvm_pfn_t pfn);
	void *ctx;
	char *err;
	size_t err_size;
	/* What is being looked at. */
	const struct sim_notifier_part *part;
	const struct kvm_vcpu *vcpu;
	u64 tag;
};

/*
 * The first of the old frames of one run in a page of the guest that leads to @pfn, @at being
 * the first gfn of it that counts and @end the end; INVALID_GFN: none does, or all live.
 */
static gfn_t first_of_run(const struct judge *judge, const struct sim_notifier_frames *run,
			  gfn_t at, gfn_t end, kvm_pfn_t pfn)
{
	kvm_pfn_t from = max(pfn, run->first);
	kvm_pfn_t to = min(pfn + (end - at), run->first + run->nr);

	for (; from < to; from++) {
		gfn_t gfn = at + (from - pfn);
		hva_t hva = judge->part->hva + ((gfn - judge->part->start) << PAGE_SHIFT);

		if (!judge->lives || !judge->lives(judge->ctx, hva, from))
			return gfn;
	}
	return INVALID_GFN;
}

/* The first gfn of a page that leads where it must not; INVALID_GFN: none does. */
static gfn_t first_wrong(const struct judge *judge, gfn_t gfn, kvm_pfn_t pfn, u64 pages)
{
	const struct sim_notifier_check *check = judge->check;
	gfn_t at = max(gfn, judge->part->start), end = min((gfn_t)(gfn + pages), judge->part->end);
	gfn_t wrong = INVALID_GFN;
	unsigned int i;

	if (at >= end)
		return INVALID_GFN;
	/*
	 * A fault beside the range may put a huge page there that reaches into it: the retry
	 * protocol asks for the page that faulted.  The host takes that one away whole, by
	 * another notifier, before it takes a part of it.
	 */
	if (!check->ended)
		return gfn < judge->part->start || gfn + pages > judge->part->end ?
		       INVALID_GFN : at;
	for (i = 0; i < check->nr_frames && wrong == INVALID_GFN; i++)
		wrong = first_of_run(judge, &check->frames[i], at, end, pfn + (at - gfn));
	return wrong;
}

static const char *phase(const struct judge *judge)
{
	return judge->check->ended ? "after the end" : "between start and end";
}

static bool judge_leaf(void *ctx, const struct sim_leaf *leaf)
{
	const struct judge *judge = ctx;
	gfn_t gfn = first_wrong(judge, leaf->gfn, pfn_of(leaf), KVM_PAGES_PER_HPAGE(leaf->level));

	if (gfn == INVALID_GFN)
		return true;
	snprintf(judge->err, judge->err_size,
		 "%s of an invalidation, root of as %d (%s): gfn 0x%llx level %d SPTE 0x%llx "
		 "leads to frame 0x%llx",
		 phase(judge), leaf->as_id, leaf->root->role.invalid ? "invalid" : "valid",
		 (unsigned long long)gfn, leaf->level, (unsigned long long)leaf->spte,
		 (unsigned long long)(pfn_of(leaf) + (gfn - leaf->gfn)));
	sim_history_append(judge->check->history, leaf->as_id, gfn, 0, judge->err, judge->err_size);
	return false;
}

static bool judge_root(void *ctx, const struct kvm_mmu_page *root)
{
	const struct judge *judge = ctx;

	if (kvm_mmu_page_as_id(root) != judge->part->as_id)
		return true;
	return sim_for_each_leaf(root, judge->part->start, judge->part->end, judge_leaf, ctx);
}

static bool judge_cached(void *ctx, const struct sim_tlb_entry *entry)
{
	const struct judge *judge = ctx;
	gfn_t gfn;

	if (entry->table || entry->tag != judge->tag)
		return true;
	gfn = first_wrong(judge, entry->gpa >> PAGE_SHIFT, entry->hpa >> PAGE_SHIFT,
			  entry->size >> PAGE_SHIFT);
	if (gfn == INVALID_GFN)
		return true;
	snprintf(judge->err, judge->err_size,
		 "%s of an invalidation, vCPU %d (tag 0x%llx): gfn 0x%llx leads by a cached "
		 "translation to frame 0x%llx",
		 phase(judge), judge->vcpu->vcpu_id, (unsigned long long)entry->tag,
		 (unsigned long long)gfn,
		 (unsigned long long)((entry->hpa >> PAGE_SHIFT) + gfn -
				      (entry->gpa >> PAGE_SHIFT)));
	sim_history_append(judge->check->history, judge->part->as_id, gfn, 0, judge->err,
			   judge->err_size);
	return false;
}

/* Whether what the vCPU has cached for its root is flushed before it can be used. */
static bool will_flush(struct kvm_vcpu *vcpu)
{
	bool invalid = sim_read_role(to_shadow_page(vcpu->arch.mmu->root.hpa)).invalid;

	return kvm_test_request(KVM_REQ_TLB_FLUSH, vcpu) ||
	       kvm_test_request(KVM_REQ_TLB_FLUSH_CURRENT, vcpu) ||
	       (invalid && kvm_test_request(KVM_REQ_MMU_FREE_OBSOLETE_ROOTS, vcpu));
}

/* Whether the vCPU could use what it has cached.  Without a root: it flushes when it loads one. */
static bool may_use_caches(struct kvm_vcpu *vcpu)
{
	return vcpu->world && VALID_PAGE(vcpu->arch.mmu->root.hpa) && !will_flush(vcpu);
}

static bool judge_vcpu(struct judge *judge, struct kvm_vcpu *vcpu)
{
	const struct sim_cpu *cpu = vcpu->world;
	hpa_t root = vcpu->arch.mmu->root.hpa;

	if (!may_use_caches(vcpu) ||
	    (judge->check->in_guest && READ_ONCE(vcpu->mode) == OUTSIDE_GUEST_MODE) ||
	    kvm_mmu_page_as_id(to_shadow_page(root)) != judge->part->as_id)
		return true;
	judge->vcpu = vcpu;
	judge->tag = sim_cpu_tlb_tag(root);
	return sim_tlb_for_each(&cpu->tlb, judge_cached, judge);
}

static bool judge_part(struct judge *judge)
{
	struct kvm *kvm = judge->check->kvm;
	struct kvm_vcpu *vcpu;
	unsigned long i;

	if (!sim_for_each_root(kvm, judge_root, judge))
		return false;
	kvm_for_each_vcpu(i, vcpu, kvm)
		if (!judge_vcpu(judge, vcpu))
			return false;
	return true;
}

bool sim_check_notifier(const struct sim_notifier_check *check,
			bool (*lives)(void *ctx, hva_t hva, kvm_pfn_t pfn), void *ctx,
			char *err, size_t err_size)
{
	struct judge judge = {
		.check = check, .lives = lives, .ctx = ctx, .err = err, .err_size = err_size,
	};
	unsigned int i;

	for (i = 0; i < check->nr_parts; i++) {
		judge.part = &check->parts[i];
		if (!judge_part(&judge))
			return false;
	}
	return true;
}

/* ---- All that is cached ---- */

struct cached {
	bool (*lives)(void *ctx, hva_t hva, kvm_pfn_t pfn);
	void *ctx;
	const struct sim_history *history;
	char *err;
	size_t err_size;
	struct kvm_vcpu *vcpu;
	int as_id;
	u64 tag;
};

static const char *wrong_page(const struct cached *cached, gfn_t gfn, kvm_pfn_t pfn)
{
	struct kvm_memslots *slots = __kvm_memslots(cached->vcpu->kvm, cached->as_id);
	const struct kvm_memory_slot *slot = gfn_to_memslot_in(slots, gfn);

	if (!slot)
		return "there is no memslot";
	if (!cached->lives(cached->ctx, gfn_to_hva_memslot(slot, gfn), pfn))
		return "the host does not map it there";
	return NULL;
}

static bool judge_by_host(void *ctx, const struct sim_tlb_entry *entry)
{
	const struct cached *cached = ctx;
	gfn_t gfn = entry->gpa >> PAGE_SHIFT, pages = entry->size >> PAGE_SHIFT;
	kvm_pfn_t pfn = entry->hpa >> PAGE_SHIFT;
	const char *what;

	if (entry->table || entry->tag != cached->tag)
		return true;
	what = wrong_page(cached, gfn, pfn);
	if (!what)
		what = wrong_page(cached, gfn + pages - 1, pfn + pages - 1);
	if (!what)
		return true;
	snprintf(cached->err, cached->err_size,
		 "vCPU %d (tag 0x%llx): gfn 0x%llx leads by a cached translation to frame 0x%llx: %s",
		 cached->vcpu->vcpu_id, (unsigned long long)entry->tag, (unsigned long long)gfn,
		 (unsigned long long)pfn, what);
	sim_history_append(cached->history, cached->as_id, gfn, 0, cached->err, cached->err_size);
	return false;
}

bool sim_check_cached(struct kvm *kvm, bool (*lives)(void *ctx, hva_t hva, kvm_pfn_t pfn),
		      void *ctx, const struct sim_history *history, char *err, size_t err_size)
{
	struct cached cached = {
		.lives = lives, .ctx = ctx, .history = history, .err = err, .err_size = err_size,
	};
	int idx = srcu_read_lock(&kvm->srcu);
	struct kvm_vcpu *vcpu;
	unsigned long i;
	bool ok = true;

	kvm_for_each_vcpu(i, vcpu, kvm) {
		const struct sim_cpu *cpu = vcpu->world;
		hpa_t root = vcpu->arch.mmu->root.hpa;

		if (!ok || !may_use_caches(vcpu))
			continue;
		cached.vcpu = vcpu;
		cached.as_id = kvm_mmu_page_as_id(to_shadow_page(root));
		cached.tag = sim_cpu_tlb_tag(root);
		ok = sim_tlb_for_each(&cpu->tlb, judge_by_host, &cached);
	}
	srcu_read_unlock(&kvm->srcu, idx);
	return ok;
}
