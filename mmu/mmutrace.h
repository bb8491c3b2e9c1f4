/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MMU_MMUTRACE_H
#define MMU_MMUTRACE_H

#include <linux/compiler.h>
#include <linux/tracepoint.h>

#include "mmu/mmu_internal.h"

/*
 * KVM's tracepoints, by their names, with the fields that the kernel's have.
 *
 * Each has two consumers: a USDT probe of the same name, and the sink, a table of
 * functions that the simulator sets to record what happens.  Without a sink a
 * tracepoint costs one predictable branch.
 *
 * A line is: trace system, name, parameters, their names, the fields of the probe.
 */
#define KVM_MMU_TRACEPOINTS(X)								\
	X(kvm, kvm_page_fault,								\
	  (const struct kvm_vcpu *vcpu, gpa_t fault_address, u64 error_code),		\
	  (vcpu, fault_address, error_code),						\
	  vcpu->vcpu_id, fault_address, error_code)					\
	X(kvmmmu, kvm_mmu_get_page, (const struct kvm_mmu_page *sp, bool created),	\
	  (sp, created), sp->mmu_valid_gen, sp->gfn, sp->role.word, created)		\
	X(kvmmmu, kvm_mmu_prepare_zap_page, (const struct kvm_mmu_page *sp),		\
	  (sp), sp->mmu_valid_gen, sp->gfn, sp->role.word)				\
	X(kvmmmu, mark_mmio_spte, (const u64 *sptep, gfn_t gfn, u64 spte),		\
	  (sptep, gfn, spte), sptep, gfn, spte & ACC_ALL, spte)				\
	X(kvmmmu, handle_mmio_page_fault, (u64 addr, gfn_t gfn, unsigned int access),	\
	  (addr, gfn, access), addr, gfn, access)					\
	X(kvmmmu, check_mmio_spte, (u64 spte, u32 kvm_gen, u32 spte_gen),		\
	  (spte, kvm_gen, spte_gen), kvm_gen, spte_gen, spte)				\
	X(kvmmmu, fast_page_fault,							\
	  (const struct kvm_vcpu *vcpu, const struct kvm_page_fault *fault,		\
	   const u64 *sptep, u64 old_spte, int ret),					\
	  (vcpu, fault, sptep, old_spte, ret),						\
	  vcpu->vcpu_id, fault->addr, fault->error_code, sptep, old_spte, ret)		\
	X(kvmmmu, kvm_mmu_zap_all_fast, (const struct kvm *kvm), (kvm),			\
	  kvm->arch.mmu_valid_gen)							\
	X(kvmmmu, kvm_mmu_set_spte, (int level, gfn_t gfn, const u64 *sptep),		\
	  (level, gfn, sptep), gfn, READ_ONCE(*sptep), __pa(sptep), level)				\
	X(kvmmmu, kvm_mmu_spte_requested, (const struct kvm_page_fault *fault),		\
	  (fault), fault->gfn, fault->pfn, fault->goal_level)				\
	X(kvmmmu, kvm_tdp_mmu_spte_changed,						\
	  (int as_id, gfn_t gfn, int level, u64 old_spte, u64 new_spte),		\
	  (as_id, gfn, level, old_spte, new_spte),					\
	  gfn, old_spte, new_spte, level, as_id)					\
	X(kvmmmu, kvm_mmu_split_huge_page, (gfn_t gfn, u64 spte, int level, int err),	\
	  (gfn, spte, level, err), gfn, spte, level, err)				\
	/* These are functions of KVM without a tracepoint, often probed by name. */	\
	X(kvmmmu, kvm_tdp_mmu_invalidate_all_roots, (const struct kvm *kvm), (kvm), kvm)	\
	X(kvmmmu, kvm_tdp_mmu_zap_invalidated_roots, (const struct kvm *kvm), (kvm), kvm)	\
	X(kvmmmu, kvm_tdp_mmu_zap_root,							\
	  (const struct kvm_mmu_page *root, int zap_level, bool shared),		\
	  (root, zap_level, shared), READ_ONCE(root->role.word), zap_level, shared)		\
	X(kvm, kvm_flush_remote_tlbs, (const struct kvm *kvm), (kvm), kvm)

/* Where events go, if anywhere.  All members are set. */
struct kvm_trace_sink {
#define KVM_TRACE_MEMBER(system, name, proto, args, ...)	void (*name) proto;
	KVM_MMU_TRACEPOINTS(KVM_TRACE_MEMBER)
#undef KVM_TRACE_MEMBER
};

/* Set while no thread runs that traces.  NULL: off. */
extern const struct kvm_trace_sink *kvm_trace_sink;

#define KVM_TRACE_FUNCTION(system, name, proto, args, ...)	\
static inline void trace_##name proto				\
{								\
	SIM_PROBE(system, name, __VA_ARGS__);			\
	if (unlikely(kvm_trace_sink))				\
		kvm_trace_sink->name args;			\
}
KVM_MMU_TRACEPOINTS(KVM_TRACE_FUNCTION)
#undef KVM_TRACE_FUNCTION

#endif /* MMU_MMUTRACE_H */
