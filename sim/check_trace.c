/* SPDX-License-Identifier: GPL-2.0-only */
#include "mmu/spte.h"
#include "sim/check_change.h"
#include "sim/check_trace.h"

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

/* ---- And what is only passed on ---- */

#define SEE_NOTHING(name, proto)	static inline void see_##name proto { }
SEE_NOTHING(kvm_mmu_prepare_zap_page, (const struct kvm_mmu_page *sp))
SEE_NOTHING(mark_mmio_spte, (const u64 *sptep, gfn_t gfn, u64 spte))
SEE_NOTHING(handle_mmio_page_fault, (u64 addr, gfn_t gfn, unsigned int access))
SEE_NOTHING(check_mmio_spte, (u64 spte, u32 kvm_gen, u32 spte_gen))
SEE_NOTHING(kvm_mmu_zap_all_fast, (const struct kvm *kvm))
SEE_NOTHING(kvm_mmu_set_spte, (int level, gfn_t gfn, const u64 *sptep))
SEE_NOTHING(kvm_mmu_spte_requested, (const struct kvm_page_fault *fault))
SEE_NOTHING(kvm_mmu_split_huge_page, (gfn_t gfn, u64 spte, int level, int err))
SEE_NOTHING(kvm_tdp_mmu_invalidate_all_roots, (const struct kvm *kvm))
SEE_NOTHING(kvm_tdp_mmu_zap_invalidated_roots, (const struct kvm *kvm))
SEE_NOTHING(kvm_tdp_mmu_zap_root, (const struct kvm_mmu_page *root, int zap_level, bool shared))
SEE_NOTHING(kvm_flush_remote_tlbs, (const struct kvm *kvm))

#define SEE_AND_PASS_ON(system, name, proto, args, ...)	\
static void pass_on_##name proto			\
{							\
	see_##name args;				\
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
