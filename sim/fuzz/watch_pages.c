/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/mm.h>

#include "mmu/mmu.h"
#include "mmu/module.h"
#include "mmu/spte.h"
#include "sim/check_leaves.h"
#include "sim/finding.h"
#include "sim/fuzz/lab.h"

/*
 * Pages that the guest has used, or written to, and the host has not been told of.  It is told when
 * the SPTE goes that says so; of use also when it asks.
 */

static const char *const what_was_done[SIM_OWED_NR] = {
	[SIM_OWED_ACCESSED] = "used", [SIM_OWED_DIRTY] = "written",
};

/* ---- The guest owes ---- */

/*
 * Whether the SPTE that the CPU has gone by says so.  It does not for a nested guest without nested
 * EPT: CPUs run those without A and D bits, but SPTEs count as if they had them.
 */
static bool spte_tells(const struct kvm_vcpu *vcpu)
{
	return !kvm_cpu.intel || !kvm_ad_enabled || !vcpu->arch.guest_mode;
}

static void add(struct sim_owed_pages *owed, const struct sim_owed_page *page)
{
	unsigned int i;

	if (owed->nr == SIM_WATCH_MAX_OWED)
		return;
	for (i = 0; i < owed->nr; i++)
		if (owed->page[i].pfn == page->pfn && owed->page[i].gfn == page->gfn &&
		    owed->page[i].as_id == page->as_id)
			return;
	owed->page[owed->nr++] = *page;
}

/* The walk has just found, or set, A and D (or W): nobody can have taken them away since. */
void sim_watch_owe(struct sim_lab *lab, struct kvm_vcpu *vcpu, const struct sim_tlb_entry *entry,
		   bool write)
{
	struct sim_owed_page page = {
		.pfn = entry->hpa >> PAGE_SHIFT,
		.gfn = entry->gpa >> PAGE_SHIFT,
		.size = entry->size,
		.as_id = kvm_arch_vcpu_memslots_id(vcpu),
	};
	const struct kvm_memory_slot *slot = kvm_vcpu_gfn_to_memslot(vcpu, page.gfn);

	if (!slot || !spte_tells(vcpu))
		return;
	page.hva = gfn_to_hva_memslot(slot, page.gfn);
	add(&lab->watch.owed[SIM_OWED_ACCESSED], &page);
	if (write)
		add(&lab->watch.owed[SIM_OWED_DIRTY], &page);
}

void sim_watch_told(struct sim_lab *lab, enum sim_owed what, kvm_pfn_t pfn)
{
	struct sim_owed_pages *owed = &lab->watch.owed[what];
	unsigned int i = 0;

	while (i < owed->nr)
		if (owed->page[i].pfn == pfn)
			owed->page[i] = owed->page[--owed->nr];
		else
			i++;
}

/* ---- What SPTEs say ---- */

struct owed_search {
	const struct sim_owed_page *page;
	enum sim_owed what;
	bool found;
};

static bool says_so(void *ctx, const struct sim_leaf *leaf)
{
	struct owed_search *s = ctx;
	kvm_pfn_t pfn = (leaf->spte & SPTE_BASE_ADDR_MASK & ~shadow_me_mask) >> PAGE_SHIFT;

	s->found |= s->page->pfn - pfn < KVM_PAGES_PER_HPAGE(leaf->level) &&
		    (s->what == SIM_OWED_DIRTY ? is_dirty_spte(leaf->spte) :
						 is_accessed_spte(leaf->spte));
	return !s->found;
}

static bool look_in_root(void *ctx, const struct kvm_mmu_page *root)
{
	struct owed_search *s = ctx;

	if (kvm_mmu_page_as_id(root) != s->page->as_id)
		return true;
	return sim_for_each_leaf(root, s->page->gfn, s->page->gfn + 1, says_so, s);
}

/* Whether KVM still has it in an SPTE, and can tell later. */
static bool is_still_known(struct sim_lab *lab, enum sim_owed what, const struct sim_owed_page *page)
{
	struct owed_search s = { .page = page, .what = what };

	sim_for_each_root(lab->kvm, look_in_root, &s);
	return s.found;
}

/* ---- The host takes pages away ---- */

static void fail_owed(struct sim_lab *lab, enum sim_owed what, const struct sim_owed_page *page,
		      const char *when)
{
	char err[SIM_FINDING_SIZE] = "";

	sim_append(err, sizeof(err), "lost %s: as %d gfn 0x%llx, frame 0x%llx: %s, and the host was "
		   "never told that the guest has %s it", what == SIM_OWED_DIRTY ? "write" : "access",
		   page->as_id, (unsigned long long)page->gfn, (unsigned long long)page->pfn, when,
		   what_was_done[what]);
	sim_history_append(&lab->watch.history, page->as_id, page->gfn, 0, err, sizeof(err));
	sim_det_fail("%s", err);
}

static bool overlaps(const struct sim_owed_page *page, hva_t start, hva_t end)
{
	return page->hva < end && start < page->hva + page->size;
}

/*
 * A huge page that reaches beyond the range may be there again, see check_notifier.h: the
 * host has not taken that away yet.
 */
static void judge_taken_away(struct sim_lab *lab, enum sim_owed what, hva_t start, hva_t end)
{
	const struct sim_owed_pages *owed = &lab->watch.owed[what];
	unsigned int i;

	for (i = 0; i < owed->nr; i++)
		if (owed->page[i].hva >= start && owed->page[i].hva < end &&
		    !is_still_known(lab, what, &owed->page[i]))
			fail_owed(lab, what, &owed->page[i], "the notifier has returned");
}

void sim_watch_taken_away(struct sim_lab *lab, hva_t start, hva_t end)
{
	judge_taken_away(lab, SIM_OWED_DIRTY, start, end);
	/* Somebody who has asked for the age may know the answer, and not have given it yet. */
	if (!lab->watch.ages.asking)
		judge_taken_away(lab, SIM_OWED_ACCESSED, start, end);
}

void sim_watch_check_owed(struct sim_lab *lab)
{
	unsigned int what, i;

	for (what = 0; what < SIM_OWED_NR; what++)
		for (i = 0; i < lab->watch.owed[what].nr; i++)
			if (!is_still_known(lab, what, &lab->watch.owed[what].page[i]))
				fail_owed(lab, what, &lab->watch.owed[what].page[i],
					  "at the end no SPTE tells");
}

/* ---- All pages go ---- */

static bool fail_left(void *ctx, const struct sim_leaf *leaf)
{
	const struct sim_watch *watch = ctx;
	char err[SIM_FINDING_SIZE] = "";

	sim_append(err, sizeof(err), "release: the owner's memory goes, and as %d gfn 0x%llx level %d: "
		   "SPTE 0x%llx maps it", leaf->as_id, (unsigned long long)leaf->gfn, leaf->level,
		   (unsigned long long)leaf->spte);
	sim_history_append(&watch->history, leaf->as_id, leaf->gfn, 0, err, sizeof(err));
	sim_det_fail("%s", err);
}

static bool fail_left_in_root(void *ctx, const struct kvm_mmu_page *root)
{
	return sim_for_each_leaf(root, 0, kvm_mmu_max_gfn() + 1, fail_left, ctx);
}

void sim_watch_owner_gone(struct sim_lab *lab)
{
	sim_det_quiet(1);
	sim_for_each_root(lab->kvm, fail_left_in_root, &lab->watch);
	sim_det_quiet(-1);
}

/* ---- The host asks ---- */

static const struct sim_owed_page *find_young(struct sim_lab *lab, hva_t start, hva_t end)
{
	const struct sim_owed_pages *owed = &lab->watch.owed[SIM_OWED_ACCESSED];
	unsigned int i;

	for (i = 0; i < owed->nr; i++)
		if (overlaps(&owed->page[i], start, end) &&
		    is_still_known(lab, SIM_OWED_ACCESSED, &owed->page[i]))
			return &owed->page[i];
	return NULL;
}

void sim_watch_age_asked(struct sim_lab *lab, hva_t start, hva_t end)
{
	struct sim_ages *ages = &lab->watch.ages;
	struct sim_age_question *question = &ages->question[sim_det_current()];
	const struct sim_owed_page *page;

	ages->asking++;
	ages->asked++;
	page = lab->watch.slot_ioctls ? NULL : find_young(lab, start, end);
	question->young = page;
	if (page)
		question->page = *page;
	question->changes = lab->watch.history.nr;
	question->asked = ages->asked;
	question->slots_made = lab->watch.slots_made;
}

/* With nobody else about, what an SPTE has said at the beginning had to be seen. */
static void judge_old(struct sim_lab *lab, const struct sim_age_question *question)
{
	const struct sim_watch *watch = &lab->watch;

	if (question->young && watch->history.nr == question->changes && !watch->ages.asking &&
	    watch->ages.asked == question->asked && !watch->slot_ioctls &&
	    watch->slots_made == question->slots_made)
		fail_owed(lab, SIM_OWED_ACCESSED, &question->page, "the page is said to be old");
}

void sim_watch_age_told(struct sim_lab *lab, hva_t start, hva_t end, bool clears, bool young)
{
	struct sim_owed_pages *owed = &lab->watch.owed[SIM_OWED_ACCESSED];
	unsigned int i = 0;

	lab->watch.ages.asking--;
	if (!young)
		judge_old(lab, &lab->watch.ages.question[sim_det_current()]);
	while (clears && young && i < owed->nr)
		if (overlaps(&owed->page[i], start, end))
			owed->page[i] = owed->page[--owed->nr];
		else
			i++;
}
