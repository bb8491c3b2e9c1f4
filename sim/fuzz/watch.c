/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/bitops.h>
#include <string.h>

#include "mmu/mmu.h"
#include "mmu/mmutrace.h"
#include "mmu/spte.h"
#include "sim/check_change.h"
#include "sim/check_leaves.h"
#include "sim/check_refs.h"
#include "sim/finding.h"
#include "sim/fuzz/lab.h"
#include "sim/trace_nothing.h"

/* Whose runs are traced: one lab at a time. */
static struct sim_lab *active;

static struct sim_watch *watch_of(struct sim_lab *lab)
{
	return &lab->watch;
}

static void who(char name[SIM_HISTORY_WHO_SIZE])
{
	memcpy(name, sim_det_self()->name, SIM_DET_NAME_SIZE);
}

/* ---- What the tracepoints tell ---- */

static void note_new_leaf(struct sim_new_leafs *leafs, int as_id, gfn_t gfn, int level)
{
	unsigned int n = leafs->nr++;

	if (n >= SIM_WATCH_MAX_NEW)
		return;
	leafs->leaf[n].as_id = as_id;
	leafs->leaf[n].start = gfn;
	leafs->leaf[n].end = gfn + KVM_PAGES_PER_HPAGE(level);
}

static void judge_change(const char *how, const u64 *sptep, int as_id, gfn_t gfn, int level,
			 u64 old_spte, u64 new_spte)
{
	const struct sim_change change = {
		.as_id = as_id, .gfn = gfn, .level = level, .old_spte = old_spte,
		.new_spte = new_spte,
	};
	struct sim_watch *watch = watch_of(active);
	bool exploring = sim_det_listening;
	char err[SIM_FINDING_SIZE];

	sim_det_quiet(1);
	/* What the set-up does is the same in all runs. */
	if (exploring && !sim_check_change(&change, &watch->history, err, sizeof(err)))
		sim_det_fail("change: %s", err);
	sim_history_add(&watch->history, how, sptep, as_id, gfn, level, old_spte, new_spte);
	if (is_shadow_present_pte(old_spte) &&
	    (!is_shadow_present_pte(new_spte) || !is_last_spte(old_spte, level)))
		watch->zappers |= BIT(sim_det_current());
	if (watch->new_leafs.ranges && is_present_leaf(new_spte, level) &&
	    !is_present_leaf(old_spte, level))
		note_new_leaf(&watch->new_leafs, as_id, gfn, level);
	if (exploring && !is_shadow_present_pte(old_spte) && is_shadow_present_pte(new_spte))
		sim_watch_installed(active, gfn, level);
	sim_det_quiet(-1);
}

/* docs/found.md, mmio-over-leaf: what comes of it is no mistake of whoever finds it. */
static void note_mmio_over_leaf(int as_id, gfn_t gfn, int level, u64 old_spte, u64 new_spte)
{
	const struct kvm_memory_slot *slot;

	if (!is_present_leaf(old_spte, level) || !is_mmio_spte(new_spte))
		return;
	sim_det_quiet(1);
	slot = gfn_to_memslot_in(__kvm_memslots(active->kvm, as_id), gfn);
	if (slot && !(slot->flags & KVM_MEMSLOT_INVALID))
		watch_of(active)->mmio_over_leaf = true;
	sim_det_quiet(-1);
}

/* docs/found.md, mmio-before-wrap: as above. */
static void note_mmio_before_wrap(int as_id, u64 new_spte)
{
	u64 gen, spte_gen = get_mmio_spte_generation(new_spte);

	if (!is_mmio_spte(new_spte) ||
	    ((spte_gen + KVM_ADDRESS_SPACE_NUM) & MMIO_SPTE_GEN_MASK) >= KVM_ADDRESS_SPACE_NUM)
		return;
	/* It is the last one before the wrap.  Is that under way? */
	sim_det_quiet(1);
	gen = __kvm_memslots(active->kvm, as_id)->generation;
	if ((gen & (KVM_MEMSLOT_GEN_UPDATE_IN_PROGRESS | MMIO_SPTE_GEN_MASK)) != spte_gen)
		watch_of(active)->mmio_before_wrap = true;
	sim_det_quiet(-1);
}

static bool clears_dirty(const struct sim_history_entry *change)
{
	return is_present_leaf(change->old_spte, change->level) &&
	       is_present_leaf(change->new_spte, change->level) &&
	       is_dirty_spte(change->old_spte) && !is_dirty_spte(change->new_spte);
}

/* docs/found.md, split-between-passes: as above. */
static void note_split_between_passes(int as_id, gfn_t gfn, int level, u64 old_spte, u64 new_spte)
{
	struct sim_watch *watch = watch_of(active);
	const struct sim_history_entry *last;

	if (level == PG_LEVEL_4K || !is_present_leaf(old_spte, level) ||
	    !is_shadow_present_pte(new_spte) || is_last_spte(new_spte, level) ||
	    !is_writable_pte(old_spte) || !is_dirty_spte(old_spte))
		return;
	if (sim_history_of_gfn(&watch->history, as_id, gfn, level, &last, 1) != 1 ||
	    !clears_dirty(last))
		return;
	watch->split_dirty = (struct sim_gfn_range) {
		.start = gfn, .end = gfn + KVM_PAGES_PER_HPAGE(level),
	};
}

static void see_kvm_tdp_mmu_spte_changed(int as_id, gfn_t gfn, int level, u64 old_spte,
					 u64 new_spte)
{
	note_mmio_over_leaf(as_id, gfn, level, old_spte, new_spte);
	note_mmio_before_wrap(as_id, new_spte);
	note_split_between_passes(as_id, gfn, level, old_spte, new_spte);
	judge_change("changed", NULL, as_id, gfn, level, old_spte, new_spte);
}

static void see_fast_page_fault(const struct kvm_vcpu *vcpu, const struct kvm_page_fault *fault,
				const u64 *sptep, u64 old_spte, int ret)
{
	const struct kvm_mmu_page *sp;
	u64 new_spte;

	if (ret != RET_PF_FIXED)
		return;
	/* What is there by now may be somebody else's doing. */
	sim_det_quiet(1);
	sp = sptep_to_sp(sptep);
	new_spte = READ_ONCE(*sptep);
	sim_history_add(&watch_of(active)->history, "fast page fault", sptep,
			kvm_mmu_page_as_id(sp), gfn_round_for_level(fault->gfn, sp->role.level),
			sp->role.level, old_spte, new_spte);
	sim_det_quiet(-1);
}

static void see_kvm_page_fault(const struct kvm_vcpu *vcpu, gpa_t fault_address, u64 error_code)
{
	struct sim_watch *watch = watch_of(active);

	sim_watch_slots_known(active, vcpu);
	sim_progress_fault(&watch->progress, (unsigned int)vcpu->vcpu_id, fault_address, true);
	if (watch->progress.finding.nr)
		sim_det_fail("no progress: %s", watch->progress.finding.first);
}

static void see_kvm_mmu_get_page(const struct kvm_mmu_page *sp, bool created)
{
	struct sim_watch *watch = watch_of(active);
	hpa_t pa = __pa(sp->spt);
	unsigned int i;
	u32 known;

	for (known = watch->zaps_begun | watch->zaps_done; known; known &= known - 1)
		sim_check_zap_new_page(&watch->zaps[__builtin_ctz(known)], sp);
	for (i = 0; i < ARRAY_SIZE(watch->entered_root); i++)
		if (watch->entered_root[i] == pa)
			watch->entered_root[i] = INVALID_PAGE;
}

static struct kvm_trace_sink watch_sink;

static void watch_tracepoints(void)
{
	watch_sink = sim_trace_nothing;
	watch_sink.kvm_tdp_mmu_spte_changed = see_kvm_tdp_mmu_spte_changed;
	watch_sink.fast_page_fault = see_fast_page_fault;
	watch_sink.kvm_page_fault = see_kvm_page_fault;
	watch_sink.kvm_mmu_get_page = see_kvm_mmu_get_page;
	kvm_trace_sink = &watch_sink;
}

/* ---- Invalidations ---- */

static bool lives(void *ctx, hva_t hva, kvm_pfn_t pfn)
{
	struct sim_host_page page;

	return sim_host_model_peek(ctx, hva, &page) && page.pfn == pfn;
}

static u64 slots_generation(struct kvm *kvm)
{
	u64 gen = 0;
	int i;

	for (i = 0; i < KVM_ADDRESS_SPACE_NUM; i++)
		gen += READ_ONCE(kvm->memslots[i])->generation;
	return gen;
}

static void begin_invalidation(struct sim_invalidations *in, struct kvm *kvm, hva_t start, hva_t end)
{
	unsigned int n = in->nr++;

	if (n >= SIM_WATCH_NESTED)
		return;
	sim_check_notifier_begin(&in->check[n], kvm, start, end, &active->watch.history);
	in->check[n].in_guest = true;
	in->started[n] = false;
	in->gen[n] = slots_generation(kvm);
}

/*
 * The innermost.  Between the look at the slots and the start of the notifier they may have
 * changed: then the range may be elsewhere, and is not judged.  After that they cannot.
 */
static void judge_invalidation(struct sim_invalidations *in)
{
	unsigned int n = in->nr - 1;
	char err[SIM_FINDING_SIZE];

	if (n >= SIM_WATCH_NESTED)
		return;
	if (slots_generation(in->check[n].kvm) != in->gen[n])
		in->check[n].nr_parts = 0;
	if (!sim_check_notifier(&in->check[n], lives, &active->host, err, sizeof(err)))
		sim_det_fail("notifier: %s", err);
}

static void see_invalidation(struct kvm *kvm, hva_t start, hva_t end,
			     enum sim_invalidate_step step)
{
	struct sim_invalidations *in = &active->watch.invalidations[sim_det_current()];

	if (!sim_det_listening)
		return;
	sim_det_quiet(1);
	if (step == SIM_INVALIDATE_START)
		begin_invalidation(in, kvm, start, end);
	else if (in->nr && step != SIM_INVALIDATE_ENDED)
		judge_invalidation(in);
	if (step == SIM_INVALIDATE_STARTED && in->nr <= SIM_WATCH_NESTED)
		in->started[in->nr - 1] = true;
	if (step == SIM_INVALIDATE_STARTED)
		sim_watch_taken_away(active, start, end);
	if (step == SIM_INVALIDATE_ENDED && in->nr)
		in->nr--;
	sim_det_quiet(-1);
}

static void see_age(struct kvm *kvm, hva_t start, hva_t end, bool clears, enum sim_age_step step)
{
	/* What the set-up does is the same in all runs; but what it hears is told. */
	sim_det_quiet(1);
	if (step == SIM_AGE_ASK)
		sim_watch_age_asked(active, start, end);
	else
		sim_watch_age_told(active, start, end, clears, step == SIM_AGE_YOUNG);
	sim_det_quiet(-1);
}

/* ---- Slots and their logs ---- */

static bool zaps_all(struct sim_lab *lab, const struct sim_race_op *op)
{
	const struct kvm_memory_slot *slot;
	bool moves = false;
	int idx;

	if (op->op.type == SIM_OP_SLOT_DELETE)
		return true;
	if (op->op.type != SIM_OP_SLOT_MOVE)
		return false;
	idx = srcu_read_lock(&lab->kvm->srcu);
	slot = id_to_memslot(__kvm_memslots(lab->kvm, (int)(op->op.id >> 16)),
			     (int)(op->op.id & 0xffff));
	moves = slot && slot->base_gfn != gpa_to_gfn(op->op.gpa);
	srcu_read_unlock(&lab->kvm->srcu, idx);
	return moves;
}

/* Of the address space that is changed, as far as MMIO SPTEs hold it. */
static u64 mmio_generation(struct sim_lab *lab, const struct sim_race_op *op)
{
	return READ_ONCE(lab->kvm->memslots[op->op.id >> 16])->generation & MMIO_SPTE_GEN_MASK;
}

/* Moving and deleting take two steps, and no MMIO SPTE may be left when the count starts anew. */
static bool may_wrap(struct sim_lab *lab, const struct sim_race_op *op)
{
	return MMIO_SPTE_GEN_MASK + 1 - mmio_generation(lab, op) <= 2 * KVM_ADDRESS_SPACE_NUM;
}

/* New flags make a slot too, if another thread has deleted it. */
static bool makes_slot(const struct sim_race_op *op)
{
	return op->op.type != SIM_OP_SLOT_DELETE;
}

/*
 * It does across a move.  The loss that check_dirty.h knows goes by where the slot was when bits were
 * cleared: nothing is said where that can happen.
 */
static bool log_goes_on(struct sim_lab *lab, const struct sim_race_op *op)
{
	return op->op.type == SIM_OP_SLOT_MOVE &&
	       !kvm_dirty_log_manual_protect_and_init_set(lab->kvm);
}

void sim_watch_slot_begin(struct sim_lab *lab, const struct sim_race_op *op)
{
	struct sim_watch *watch = watch_of(lab);
	u32 task = BIT(sim_det_current());

	sim_det_quiet(1);
	watch->slots_made += makes_slot(op);
	watch->slots_in_making += makes_slot(op);
	watch->zaps_begun &= ~task;
	watch->zaps_done &= ~task;
	/* Where another is at work too, this one may find that there is nothing left to do. */
	if (op->op.type == SIM_OP_SLOT_DELETE ||
	    (!watch->slot_ioctls && (zaps_all(lab, op) || may_wrap(lab, op)))) {
		sim_check_zap_begin(&watch->zaps[sim_det_current()], lab->kvm, &watch->history);
		watch->zaps_begun |= task;
		watch->zap_gen[sim_det_current()] = zaps_all(lab, op) ? 0 : mmio_generation(lab, op);
	}
	watch->slot_ioctls++;
	/* While it lasts it is open what is logged.  Of other slots nothing is known either. */
	if (watch->slot_ioctls > 1)
		sim_dirty_exit(&watch->dirty);
	else if (!log_goes_on(lab, op))
		sim_dirty_forget_slot(&watch->dirty, (int)(op->op.id >> 16),
				      (int)(op->op.id & 0xffff));
	sim_det_quiet(-1);
}

static void note_slots(struct sim_lab *lab)
{
	const struct kvm_memslots *slots;
	int as_id, i;

	for (as_id = 0; as_id < KVM_ADDRESS_SPACE_NUM; as_id++) {
		slots = __kvm_memslots(lab->kvm, as_id);
		for (i = 0; i < slots->nr_slots; i++)
			if (sim_dirty_note_slot(&watch_of(lab)->dirty, as_id, slots->by_gfn[i]->id))
				sim_det_fail("out of memory");
	}
}

void sim_watch_slot_end(struct sim_lab *lab, const struct sim_race_op *op, int r)
{
	struct sim_watch *watch = watch_of(lab);
	u32 task = BIT(sim_det_current());
	char err[SIM_FINDING_SIZE];
	int idx;

	sim_det_quiet(1);
	watch->slots_in_making -= makes_slot(op);
	watch->slot_ioctls--;
	/* It might have started the generation anew, and has not. */
	if (watch->zap_gen[sim_det_current()] &&
	    mmio_generation(lab, op) >= watch->zap_gen[sim_det_current()])
		watch->zaps_begun &= ~task;
	if ((watch->zaps_begun & task) && !r) {
		watch->zaps_done |= task;
		if (!sim_check_zap_done(&watch->zaps[sim_det_current()], err, sizeof(err)))
			sim_det_fail("zap: %s", err);
	}
	watch->zaps_begun &= ~task;
	idx = srcu_read_lock(&lab->kvm->srcu);
	if (!watch->slot_ioctls)
		note_slots(lab);
	srcu_read_unlock(&lab->kvm->srcu, idx);
	sim_det_quiet(-1);
}

/* ---- Ranges that are zapped ---- */

void sim_watch_zap_range_begin(struct sim_lab *lab)
{
	struct sim_new_leafs *leafs = &watch_of(lab)->new_leafs;

	if (!leafs->ranges++)
		leafs->nr = 0;
}

/* Of a huge page that was split since, or made of small ones, a part is new. */
static bool is_new(const struct sim_new_leafs *leafs, const struct sim_leaf *leaf)
{
	gfn_t end = leaf->gfn + KVM_PAGES_PER_HPAGE(leaf->level);
	unsigned int i;

	for (i = 0; i < leafs->nr; i++)
		if (leafs->leaf[i].as_id == leaf->as_id && leafs->leaf[i].start < end &&
		    leafs->leaf[i].end > leaf->gfn)
			return true;
	return false;
}

static bool judge_zapped_leaf(void *ctx, const struct sim_leaf *leaf)
{
	const struct sim_watch *watch = ctx;
	char err[SIM_FINDING_SIZE] = "";

	if (is_new(&watch->new_leafs, leaf))
		return true;
	sim_append(err, sizeof(err), "zap of a range: as %d gfn 0x%llx level %d: SPTE 0x%llx was there "
		   "before, and is there still", leaf->as_id, (unsigned long long)leaf->gfn,
		   leaf->level, (unsigned long long)leaf->spte);
	sim_history_append(&watch->history, leaf->as_id, leaf->gfn, 0, err, sizeof(err));
	sim_det_fail("%s", err);
}

void sim_watch_zap_range_end(struct sim_lab *lab, gfn_t start, gfn_t end)
{
	struct sim_watch *watch = watch_of(lab);
	const struct kvm_mmu_page *root;

	sim_det_quiet(1);
	watch->new_leafs.ranges--;
	if (watch->new_leafs.nr <= SIM_WATCH_MAX_NEW)
		list_for_each_entry(root, &lab->kvm->arch.tdp_mmu_roots, link)
			if (!root->role.invalid)
				sim_for_each_leaf(root, start, end, judge_zapped_leaf, watch);
	sim_det_quiet(-1);
}

void sim_watch_log_fetched(struct sim_lab *lab, u64 slot, const unsigned long *bitmap)
{
	sim_det_quiet(1);
	sim_dirty_note_get(&watch_of(lab)->dirty, (int)(slot >> 16), (int)(slot & 0xffff), bitmap);
	sim_det_quiet(-1);
}

void sim_watch_log_cleared(struct sim_lab *lab, u64 slot, u64 first, u64 nr)
{
	sim_det_quiet(1);
	sim_dirty_note_clear(&watch_of(lab)->dirty, (int)(slot >> 16), (int)(slot & 0xffff), first,
			     nr, NULL);
	sim_det_quiet(-1);
}

/* ---- Runs ---- */

/* A thread that spins is put behind the others at every turn, but they have much to do. */
#define FAULT_RETRIES	20000

void sim_watch_begin(struct sim_lab *lab)
{
	struct sim_watch *watch = watch_of(lab);
	struct sim_progress_limits limits = sim_progress_limits_of(kvm_profile);
	unsigned int i;

	limits.fault_retries = FAULT_RETRIES;
	sim_progress_init(&watch->progress, &limits);
	/* The old ones are of no interest, but need not be wiped. */
	watch->history.nr = 0;
	watch->history.who = who;
	watch->zaps_begun = watch->zaps_done = watch->zappers = 0;
	watch->new_leafs.ranges = 0;
	watch->slot_ioctls = watch->slots_in_making = watch->slots_made = 0;
	watch->owed[SIM_OWED_ACCESSED].nr = watch->owed[SIM_OWED_DIRTY].nr = 0;
	watch->ages.asking = watch->ages.asked = 0;
	watch->mmio_over_leaf = watch->mmio_before_wrap = false;
	watch->split_dirty = (struct sim_gfn_range) { 0 };
	for (i = 0; i < ARRAY_SIZE(watch->invalidations); i++)
		watch->invalidations[i].nr = 0;
	for (i = 0; i < ARRAY_SIZE(watch->entered_root); i++) {
		watch->entered_root[i] = INVALID_PAGE;
		watch->fault_slots_made[i] = 0;
		watch->fault_in_making[i] = false;
	}
	sim_dirty_init(&watch->dirty, NULL, &watch->history);
	active = lab;
	watch_tracepoints();
	sim_host_on_invalidate = see_invalidation;
	sim_host_on_age = see_age;
}

void sim_watch_new_vm(struct sim_lab *lab)
{
	watch_of(lab)->dirty.kvm = lab->kvm;
}

void sim_watch_stop(struct sim_lab *lab)
{
	kvm_trace_sink = NULL;
	sim_host_on_invalidate = NULL;
	sim_host_on_age = NULL;
	active = NULL;
	sim_dirty_exit(&watch_of(lab)->dirty);
}

void sim_watch_check_end(struct sim_lab *lab)
{
	struct sim_watch *watch = watch_of(lab);
	char err[SIM_FINDING_SIZE];
	u32 done;

	for (done = watch->zaps_done; done; done &= done - 1)
		if (!sim_check_zap_done(&watch->zaps[__builtin_ctz(done)], err, sizeof(err)))
			sim_det_fail("at the end: zap: %s", err);
	if (!sim_check_zap_slots(lab->kvm, &watch->history, err, sizeof(err)))
		sim_det_fail("at the end: slots: %s", err);
	if (!sim_check_refs(lab->kvm, 0, err, sizeof(err)))
		sim_det_fail("at the end: references: %s", err);
	if (!sim_check_dirty(&watch->dirty, err, sizeof(err)))
		sim_det_fail("at the end: dirty log: %s", err);
	if (!sim_check_cached(lab->kvm, lives, &lab->host, &watch->history, err, sizeof(err)))
		sim_det_fail("at the end: cached: %s", err);
	sim_watch_check_guests(lab);
	sim_watch_check_owed(lab);
}
