/* SPDX-License-Identifier: GPL-2.0-only */
#include "mmu/spte.h"
#include "sim/check_change.h"
#include "sim/check_trace.h"
#include "sim/trace_nothing.h"

static struct sim_check_trace *active;

static void judge(const char *how, const u64 *sptep, int as_id, gfn_t gfn, int level,
		  u64 old_spte, u64 new_spte)
{
	const struct sim_change change = {
		.as_id = as_id, .gfn = gfn, .level = level, .old_spte = old_spte,
		.new_spte = new_spte,
	};
	char err[SIM_FINDING_SIZE];

	active->nr_judged++;
	if (!sim_check_change(&change, &active->history, err, sizeof(err)))
		sim_found(&active->finding, "%s", err);
	sim_history_add(&active->history, how, sptep, as_id, gfn, level, old_spte, new_spte);
}

/* ---- What is looked at here ---- */

static void see_kvm_tdp_mmu_spte_changed(int as_id, gfn_t gfn, int level, u64 old_spte,
					 u64 new_spte)
{
	judge("changed", NULL, as_id, gfn, level, old_spte, new_spte);
	if (active->progress && is_shadow_present_pte(old_spte) && !is_shadow_present_pte(new_spte))
		sim_progress_zapped(active->progress, active->who, gfn);
}

/* One on the same address as the last is a retry, until something says that the guest got on. */
static void see_kvm_page_fault(const struct kvm_vcpu *vcpu, gpa_t fault_address, u64 error_code)
{
	if (active->progress)
		sim_progress_fault(active->progress, active->who, fault_address, true);
}

/* Outside mmu_lock, and no tracepoint of its own tells of the change. */
static void see_fast_page_fault(const struct kvm_vcpu *vcpu, const struct kvm_page_fault *fault,
				const u64 *sptep, u64 old_spte, int ret)
{
	const struct kvm_mmu_page *sp;

	if (ret != RET_PF_FIXED)
		return;
	sp = sptep_to_sp(sptep);
	judge("fast page fault", sptep, kvm_mmu_page_as_id(sp),
	      gfn_round_for_level(fault->gfn, sp->role.level), sp->role.level, old_spte,
	      READ_ONCE(*sptep));
}

static void see_kvm_mmu_get_page(const struct kvm_mmu_page *sp, bool created)
{
	if (active->zap)
		sim_check_zap_new_page(active->zap, sp);
}

/* ---- All of them, which are passed on ---- */

/* What is looked at; set by sim_check_trace_start(). */
static struct kvm_trace_sink seen;

#define SEE_AND_PASS_ON(system, name, proto, args, ...)	\
static void pass_on_##name proto			\
{							\
	seen.name args;					\
	if (active->next)				\
		active->next->name args;		\
}
KVM_MMU_TRACEPOINTS(SEE_AND_PASS_ON)

static const struct kvm_trace_sink check_sink = {
#define CHECK_MEMBER(system, event_name, proto, args, ...)	.event_name = pass_on_##event_name,
	KVM_MMU_TRACEPOINTS(CHECK_MEMBER)
#undef CHECK_MEMBER
};

void sim_check_trace_start(struct sim_check_trace *trace)
{
	seen = sim_trace_nothing;
	seen.kvm_tdp_mmu_spte_changed = see_kvm_tdp_mmu_spte_changed;
	seen.kvm_page_fault = see_kvm_page_fault;
	seen.fast_page_fault = see_fast_page_fault;
	seen.kvm_mmu_get_page = see_kvm_mmu_get_page;
	trace->next = kvm_trace_sink;
	active = trace;
	kvm_trace_sink = &check_sink;
}

void sim_check_trace_stop(void)
{
	if (!active)
		return;
	kvm_trace_sink = active->next;
	active = NULL;
}
