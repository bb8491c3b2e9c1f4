/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/mm.h>

#include "mmu/mmu.h"
#include "mmu/module.h"
#include "mmu/spte.h"
#include "sim/check_leaves.h"
#include "sim/finding.h"
#include "sim/fuzz/lab.h"

/* ---- Cached translations and tables, by what the tables say ---- */

/* What is wrong with a cached entry, for one address that it covers; NULL: nothing. */
static const char *stale_at(const struct sim_tlb_entry *entry, hpa_t root, u64 gpa)
{
	int level = to_shadow_page(root)->role.level;
	u64 *table = __va(root), spte;

	for (;; level--) {
		spte = READ_ONCE(table[sim_pt_index(gpa, level)]);
		if (!is_shadow_present_pte(spte))
			return "nothing is there";
		if (is_last_spte(spte, level))
			break;
		table = __va(spte & SPTE_BASE_ADDR_MASK & ~shadow_me_mask);
		if (entry->table && entry->level == level - 1)
			return __pa(table) == entry->hpa ? NULL : "another table is there";
	}
	if (entry->table)
		return "a page is there";
	spte = (spte & SPTE_BASE_ADDR_MASK & ~shadow_me_mask) | (gpa & ((KVM_PAGES_PER_HPAGE(level) << PAGE_SHIFT) - 1));
	return spte == entry->hpa + (gpa - entry->gpa) ? NULL : "another frame is there";
}

/*
 * Whether the vCPU relies on what it has cached for its root: it has been in the guest with
 * it, and no request is pending that flushes.  From taking the request to the flush itself
 * there is no step.  An invalid root it may use until it is told.
 */
static bool relies_on_caches(const struct sim_lab *lab, struct kvm_vcpu *vcpu)
{
	hpa_t root = vcpu->arch.mmu->root.hpa;

	return VALID_PAGE(root) && root == lab->watch.entered_root[vcpu->vcpu_id] &&
	       !sim_read_role(to_shadow_page(root)).invalid &&
	       !lab->flushes[vcpu->vcpu_id].end &&
	       !kvm_test_request(KVM_REQ_TLB_FLUSH, vcpu) &&
	       !kvm_test_request(KVM_REQ_TLB_FLUSH_CURRENT, vcpu);
}

struct stale_search {
	struct sim_lab *lab;
	struct kvm_vcpu *vcpu;
	u64 tag, start, end;	/* bytes of the guest */
	int level;		/* tables below this */
	const char *when;
};

static void fail_stale(const struct stale_search *s, const struct sim_tlb_entry *entry, u64 gpa,
		       const char *wrong)
{
	int as_id = kvm_mmu_page_as_id(to_shadow_page(s->vcpu->arch.mmu->root.hpa));
	char err[SIM_FINDING_SIZE] = "";

	s->lab->watch.stale_gfn = gpa >> PAGE_SHIFT;
	sim_append(err, sizeof(err), "stale %s: %s, vCPU %d has cached gpa 0x%llx level %d "
		   "as 0x%llx: %s", entry->table ? "table" : "translation", s->when,
		   s->vcpu->vcpu_id, (unsigned long long)entry->gpa, entry->level,
		   (unsigned long long)entry->hpa, wrong);
	sim_history_append(&s->lab->watch.history, as_id, gpa >> PAGE_SHIFT, 0, err, sizeof(err));
	sim_det_fail("%s", err);
}

static bool judge_cached(void *ctx, const struct sim_tlb_entry *entry)
{
	const struct stale_search *s = ctx;
	u64 gpa = max(entry->gpa, s->start);
	const char *wrong;

	if (entry->tag != s->tag || gpa >= s->end || entry->gpa + entry->size <= s->start ||
	    (entry->table && entry->level >= s->level))
		return true;
	wrong = stale_at(entry, s->vcpu->arch.mmu->root.hpa, gpa);
	if (wrong)
		fail_stale(s, entry, gpa, wrong);
	return true;
}

static void judge_caches(struct stale_search *s)
{
	const struct sim_cpu *cpu = s->vcpu->world;
	hpa_t root = s->vcpu->arch.mmu->root.hpa;

	/* With the owner's memory gone nobody runs the guest any more: the release does not flush. */
	if (!cpu || s->vcpu->kvm->mn_released || !relies_on_caches(s->lab, s->vcpu))
		return;
	s->tag = sim_cpu_tlb_tag(root);
	sim_tlb_for_each(&cpu->tlb, judge_cached, s);
}

/* The vCPU that a task has, if it is at an access of one; its faults go to its root. */
static const struct kvm_vcpu *vcpu_of_task(const struct sim_lab *lab, unsigned int task)
{
	const struct sim_race_op *op = lab->doing[task];

	if (!op || op->type != SIM_RACE_SCENARIO)
		return NULL;
	switch (op->op.type) {
	case SIM_OP_READ:
	case SIM_OP_WRITE:
	case SIM_OP_EXEC:
	case SIM_OP_SMI:
	case SIM_OP_PREFAULT:
		return lab->cpus[op->op.id].vcpu;
	default:
		return NULL;
	}
}

/*
 * Whoever takes an entry away keeps others from it, by mmu_lock or by the frozen value, until no CPU
 * has it cached any more.
 */
void sim_watch_installed(struct sim_lab *lab, gfn_t gfn, int level)
{
	struct stale_search s = {
		.lab = lab, .level = level, .start = gfn << PAGE_SHIFT,
		.end = (gfn + KVM_PAGES_PER_HPAGE(level)) << PAGE_SHIFT,
		.when = "an SPTE is put in place",
	};
	const struct kvm_vcpu *self = vcpu_of_task(lab, sim_det_current());
	unsigned long i;

	if (!self)
		return;
	kvm_for_each_vcpu(i, s.vcpu, lab->kvm)
		if (s.vcpu->arch.mmu->root.hpa == self->arch.mmu->root.hpa)
			judge_caches(&s);
}

static bool holds(const struct sim_det_task *task, const void *lock)
{
	int i;

	for (i = 0; i < task->lockdep.count; i++)
		if (task->lockdep.held[i].lock == lock)
			return true;
	return false;
}

/*
 * Whether somebody may be in between the change of an entry and its flush.  Faults change
 * entries too, but then the tracepoint has told.
 */
static bool is_flush_due(const struct sim_lab *lab)
{
	const struct sim_det_task *task;

	sim_det_for_each(task)
		if (((lab->watch.zappers & BIT(task->id)) || !vcpu_of_task(lab, task->id)) &&
		    holds(task, &lab->kvm->mmu_lock))
			return true;
	return false;
}

static void judge_use(struct sim_lab *lab, struct kvm_vcpu *vcpu, const struct sim_access *access,
		      const struct sim_tlb_entry *entry)
{
	const struct stale_search s = {
		.lab = lab, .vcpu = vcpu, .when = "it is used when whoever changed it has dropped mmu_lock",
	};
	const char *wrong;

	if (!relies_on_caches(lab, vcpu))
		return;
	wrong = stale_at(entry, vcpu->arch.mmu->root.hpa, access->gpa);
	if (wrong && !is_flush_due(lab))
		fail_stale(&s, entry, access->gpa, wrong);
}

/* ---- What guests do ---- */

void sim_watch_slots_known(struct sim_lab *lab, const struct kvm_vcpu *vcpu)
{
	struct sim_watch *watch = &lab->watch;

	watch->fault_slots_made[vcpu->vcpu_id] = watch->slots_made;
	watch->fault_in_making[vcpu->vcpu_id] = watch->slots_in_making;
}

/* While slots change their number of logs is ahead of the requests. */
static void check_pml(const struct sim_lab *lab, struct kvm_vcpu *vcpu)
{
	bool wanted = enable_pml && !vcpu->arch.guest_mode &&
		      lab->kvm->arch.cpu_dirty_logging_count;

	if (lab->watch.slot_ioctls || wanted == vcpu->arch.pml_enabled ||
	    kvm_test_request(KVM_REQ_UPDATE_CPU_DIRTY_LOGGING, vcpu))
		return;
	sim_det_fail("PML: vCPU %d enters %s with PML %s, and %s logs", vcpu->vcpu_id,
		     vcpu->arch.guest_mode ? "a nested guest" : "the guest",
		     vcpu->arch.pml_enabled ? "on" : "off",
		     lab->kvm->arch.cpu_dirty_logging_count ? "a memslot" : "no memslot");
}

void sim_watch_enter(struct sim_lab *lab, struct kvm_vcpu *vcpu)
{
	lab->watch.entered_root[vcpu->vcpu_id] = vcpu->arch.mmu->root.hpa;
	/* For EPT misconfigurations: they are no page faults, and no tracepoint tells. */
	sim_watch_slots_known(lab, vcpu);
	sim_det_quiet(1);
	check_pml(lab, vcpu);
	sim_det_quiet(-1);
}

void sim_watch_access(struct sim_lab *lab, struct kvm_vcpu *vcpu, const struct sim_access *access,
		      const struct sim_tlb_entry *entry, bool hit)
{
	if (hit)
		judge_use(lab, vcpu, access, entry);
	if (entry->table)
		return;
	sim_progress_fault(&lab->watch.progress, (unsigned int)vcpu->vcpu_id, access->gpa, false);
	if (!hit)
		sim_watch_owe(lab, vcpu, entry, access->type == SIM_ACCESS_WRITE);
	if (access->type == SIM_ACCESS_WRITE)
		sim_dirty_note_write(&lab->watch.dirty, kvm_arch_vcpu_memslots_id(vcpu),
				     gpa_to_gfn(access->gpa));
}

/* A write that a read-only memslot refuses is the VMM's to emulate. */
static bool has_memory(const struct kvm_vcpu *vcpu, const struct kvm_memory_slot *slot)
{
	return slot && !(vcpu->run.mmio.is_write && (slot->flags & KVM_MEM_READONLY));
}

/*
 * The slot that is there now was there when the fault came, if nobody has changed any since:
 * one that is on its way out is to be waited for, and none is made meanwhile.
 */
void sim_watch_mmio(struct sim_lab *lab, struct kvm_vcpu *vcpu)
{
	gfn_t gfn = gpa_to_gfn(vcpu->run.mmio.phys_addr);
	const struct kvm_memory_slot *slot;
	int idx;

	sim_det_quiet(1);
	idx = srcu_read_lock(&vcpu->kvm->srcu);
	slot = kvm_vcpu_gfn_to_memslot(vcpu, gfn);
	if (has_memory(vcpu, slot) && !lab->watch.fault_in_making[vcpu->vcpu_id] &&
	    lab->watch.fault_slots_made[vcpu->vcpu_id] == lab->watch.slots_made)
		sim_det_fail("MMIO: vCPU %d left the guest for gfn 0x%llx as if there were no memory, "
			     "but there is memslot %d%s", vcpu->vcpu_id, (unsigned long long)gfn,
			     slot->id, slot->flags & KVM_MEMSLOT_INVALID ? ", being deleted" : "");
	srcu_read_unlock(&vcpu->kvm->srcu, idx);
	sim_det_quiet(-1);
}

void sim_watch_check_guests(struct sim_lab *lab)
{
	struct stale_search s = {
		.lab = lab, .level = PT64_ROOT_MAX_LEVEL + 1, .end = U64_MAX,
		.when = "at the end",
	};
	unsigned long i;

	kvm_for_each_vcpu(i, s.vcpu, lab->kvm)
		judge_caches(&s);
}
