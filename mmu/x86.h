/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MMU_X86_H
#define MMU_X86_H

#include "mmu/kvm_host.h"

/* The run loop of a vCPU, and what the vendors do in their own ways (x86.c, vmx.c, svm.c). */

struct kvm_x86_ops {
	/* The level of the tables that a vCPU gets. */
	int (*get_tdp_level)(struct kvm_vcpu *vcpu);
	/* Largest page the format can map. */
	int (*max_huge_page_level)(void);
	/* Memory type bits of an SPTE (EPT only). */
	u64 (*get_mt_mask)(struct kvm_vcpu *vcpu, gfn_t gfn, bool is_mmio);
	/* Compose EPTP or nCR3 and load it. */
	void (*load_mmu_pgd)(struct kvm_vcpu *vcpu, hpa_t root_hpa, int root_level);
	/* Deal with vcpu->arch.exit: 1, 0 or a negative errno, as kvm_vcpu_run(). */
	int (*handle_exit)(struct kvm_vcpu *vcpu);
	/* Switch PML on or off as kvm->arch.cpu_dirty_logging_count says. */
	void (*update_cpu_dirty_logging)(struct kvm_vcpu *vcpu);
};

extern const struct kvm_x86_ops vmx_x86_ops;
extern const struct kvm_x86_ops svm_x86_ops;
extern const struct kvm_x86_ops *kvm_x86_ops;

static inline u64 kvm_x86_get_mt_mask(struct kvm_vcpu *vcpu, gfn_t gfn, bool is_mmio)
{
	return kvm_x86_ops->get_mt_mask(vcpu, gfn, is_mmio);
}

/**
 * kvm_vcpu_run() - KVM_RUN: let the guest run until userspace has to do something.
 *
 * Only one thread runs a vCPU.  Takes kvm->srcu, but for the time in the guest.
 *
 * Return: 0, vcpu->run says why; or a negative errno.
 */
int kvm_vcpu_run(struct kvm_vcpu *vcpu);

/** kvm_arch_vcpu_create() - the part of a vCPU that x86 adds: 0 or -ENOMEM. */
int kvm_arch_vcpu_create(struct kvm_vcpu *vcpu);

/** kvm_arch_vcpu_destroy() - undo kvm_arch_vcpu_create(); roots have been unloaded. */
void kvm_arch_vcpu_destroy(struct kvm_vcpu *vcpu);

/** kvm_inject_smi() - queue a system management interrupt. */
void kvm_inject_smi(struct kvm_vcpu *vcpu);

/** kvm_set_guest_mode() - enter or leave a nested guest that runs on KVM's direct tables. */
void kvm_set_guest_mode(struct kvm_vcpu *vcpu, bool guest_mode);

/** kvm_emulate_mmio() - the access that faulted has no memory to go to: as kvm_vcpu_run(). */
int kvm_emulate_mmio(struct kvm_vcpu *vcpu, gpa_t gpa);

/** kvm_handle_common_exit() - the exits that both vendors treat alike: as kvm_vcpu_run(). */
int kvm_handle_common_exit(struct kvm_vcpu *vcpu);

/** kvm_vcpu_flush_tlb_current() - flush the translations of the current root; not counted. */
void kvm_vcpu_flush_tlb_current(struct kvm_vcpu *vcpu);

#endif /* MMU_X86_H */
