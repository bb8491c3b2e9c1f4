/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <string.h>

#include "mmu/mmu.h"
#include "sim/checks.h"
#include "sim/describe.h"

/* One machine at a time is watched. */
static struct sim_checks *active;

/* ---- Accesses ---- */

static void (*judge_stale)(struct kvm_vcpu *vcpu, const struct sim_access *access,
			   const struct sim_tlb_entry *entry, bool hit);

static void see_access(struct kvm_vcpu *vcpu, const struct sim_access *access,
		       const struct sim_tlb_entry *entry, bool hit)
{
	struct sim_paging_caps caps = sim_cpu_caps(vcpu);

	sim_progress_fault(&active->progress, 0, access->gpa, false);
	judge_stale(vcpu, access, entry, hit);
	if (entry->table || vcpu->kvm != active->dirty.kvm)
		return;
	/* Walks of the guest's own tables count as writes where the CPU says so. */
	if (sim_describe_format()->needs(&caps, access) & SIM_RIGHT_WRITE)
		sim_dirty_note_write(&active->dirty, kvm_arch_vcpu_memslots_id(vcpu),
				     gpa_to_gfn(access->gpa));
}

/* ---- Invalidations ---- */

static bool lives(void *ctx, hva_t hva, kvm_pfn_t pfn)
{
	struct sim_host_page page;

	return sim_host_model_lookup(ctx, hva, &page) && page.pfn == pfn;
}

static void see_invalidation(struct kvm *kvm, hva_t start, hva_t end,
			     enum sim_invalidate_step step)
{
	struct sim_notifier_check *check = &active->notifier;
	char err[SIM_FINDING_SIZE];

	if (step == SIM_INVALIDATE_START || check->kvm != kvm) {
		/* Of several VMs the one that was last started is followed. */
		if (step == SIM_INVALIDATE_START)
			sim_check_notifier_begin(check, kvm, start, end, &active->trace.history);
		return;
	}
	if (step == SIM_INVALIDATE_ENDED)
		sim_check_notifier_end(check);
	if (!sim_check_notifier(check, lives, active->host, err, sizeof(err)))
		sim_found(&active->finding, "%s", err);
	if (step == SIM_INVALIDATE_ENDED)
		check->kvm = NULL;
}

/* ---- The dirty log ---- */

static bool op_failed(const struct sim_machine *machine)
{
	const struct sim_event_list *results = &machine->recorder->results;

	return !results->nr || results->events[0].type != SIM_EV_RET ||
	       results->events[0].ret.value;
}

static void see_get(struct sim_checks *checks, const struct sim_machine *machine, u32 id)
{
	const struct sim_event_list *results = &machine->recorder->results;
	size_t i;

	for (i = 0; i < results->nr; i++) {
		const struct sim_event *event = &results->events[i];

		if (event->type == SIM_EV_DIRTY)
			sim_dirty_note_clear(&checks->dirty, id >> 16, id & 0xffff,
					     event->dirty.first,
					     event->dirty.last - event->dirty.first + 1, NULL);
	}
}

static void see_slot(struct sim_checks *checks, u32 id)
{
	if (sim_dirty_note_slot(&checks->dirty, id >> 16, id & 0xffff))
		sim_found(&checks->finding, "the dirty log of slot 0x%x cannot be followed", id);
}

static void see_result(struct sim_checks *checks, const struct sim_machine *machine,
		       const struct sim_op *op)
{
	switch (op->type) {
	case SIM_OP_SLOT:
	case SIM_OP_SLOT_FLAGS:
	case SIM_OP_SLOT_MOVE:
	case SIM_OP_SLOT_DELETE:
		see_slot(checks, op->id);
		break;
	case SIM_OP_DIRTY_GET:
		see_get(checks, machine, op->id);
		break;
	case SIM_OP_DIRTY_CLEAR:
		if (!op_failed(machine))
			sim_dirty_note_clear(&checks->dirty, op->id >> 16, op->id & 0xffff,
					     op->offset, op->size, NULL);
		break;
	default:
		break;
	}
}

/* ---- Operations ---- */

static void who(char name[SIM_HISTORY_WHO_SIZE])
{
	snprintf(name, SIM_HISTORY_WHO_SIZE, "%.*s", SIM_HISTORY_WHO_SIZE - 1, active->doing);
}

/* What was known of one VM is of no use for another, be it at the same address. */
static void follow(struct sim_checks *checks, struct kvm *kvm)
{
	sim_dirty_exit(&checks->dirty);
	sim_dirty_init(&checks->dirty, kvm, &checks->trace.history);
	checks->zap_begun = checks->zap_armed = false;
	memset(&checks->zap, 0, sizeof(checks->zap));
}

/* Whether all must be zapped, if the operation succeeds. */
static bool zaps_all(const struct sim_machine_vm *vm, const struct sim_op *op)
{
	size_t i;

	if (!vm->kvm || op->type == SIM_OP_SLOT_DELETE)
		return vm->kvm;
	/* Nothing happens if the slot is where it shall go. */
	for (i = 0; op->type == SIM_OP_SLOT_MOVE && i < vm->nr_slots; i++)
		if (vm->slots[i].id == op->id)
			return vm->slots[i].gpa != op->gpa;
	return false;
}

void sim_checks_before(struct sim_checks *checks, const struct sim_machine *machine,
		       const struct sim_op *op)
{
	struct kvm *kvm = machine->vms[op->vm].kvm;

	sim_progress_fault(&checks->progress, 0, INVALID_GPA, false);
	sim_op_print(op, checks->doing, sizeof(checks->doing));
	if (op->type == SIM_OP_DESTROY || checks->dirty.kvm != kvm)
		follow(checks, op->type == SIM_OP_DESTROY ? NULL : kvm);
	checks->zap_begun = zaps_all(&machine->vms[op->vm], op);
	if (checks->zap_begun)
		sim_check_zap_begin(&checks->zap, kvm, &checks->trace.history);
}

static bool check_findings(const struct sim_checks *checks, char *err, size_t err_size)
{
	const char *found = NULL;

	if (checks->trace.finding.nr)
		found = checks->trace.finding.first;
	else if (checks->finding.nr)
		found = checks->finding.first;
	else if (checks->progress.finding.nr)
		found = checks->progress.finding.first;
	else if (checks->stale.nr_stale)
		found = checks->stale.first;
	if (found)
		snprintf(err, err_size, "%s", found);
	return !found;
}

bool sim_checks_after(struct sim_checks *checks, const struct sim_machine *machine,
		      const struct sim_op *op, char *err, size_t err_size)
{
	struct kvm *kvm = machine->kvm;

	if (!check_findings(checks, err, err_size))
		return false;
	if (!kvm)
		return true;
	if (checks->dirty.kvm != kvm)
		follow(checks, kvm);
	see_result(checks, machine, op);
	/* An operation that failed may not have come to the zap. */
	if (checks->zap_begun)
		checks->zap_armed = !op_failed(machine);
	if (checks->zap_armed && !sim_check_zap_done(&checks->zap, err, err_size))
		return false;
	if (checks->zap_begun &&
	    !sim_check_zap_slots(kvm, &checks->trace.history, err, err_size))
		return false;
	return check_findings(checks, err, err_size) &&
	       sim_check_cached(kvm, lives, checks->host, &checks->trace.history, err, err_size) &&
	       sim_check_dirty(&checks->dirty, err, err_size);
}

void sim_checks_start(struct sim_checks *checks, struct sim_host_model *host)
{
	struct sim_progress_limits limits;

	memset(checks, 0, sizeof(*checks));
	checks->host = host;
	checks->trace.zap = &checks->zap;
	checks->trace.progress = &checks->progress;
	limits = sim_progress_limits_of(kvm_profile);
	sim_progress_init(&checks->progress, &limits);
	sim_history_init(&checks->trace.history, who);
	active = checks;
	sim_check_trace_start(&checks->trace);
	sim_check_stale_start(&checks->stale);
	judge_stale = sim_cpu_on_access;
	sim_cpu_on_access = see_access;
	sim_host_on_invalidate = see_invalidation;
}

void sim_checks_stop(struct sim_checks *checks)
{
	sim_host_on_invalidate = NULL;
	sim_check_stale_stop();
	sim_check_trace_stop();
	sim_dirty_exit(&checks->dirty);
	active = NULL;
}
