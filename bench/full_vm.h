/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_FULL_VM_H
#define BENCH_FULL_VM_H

/* A VM with a full root, in a world that gives every gfn its own frame. */

#include <linux/err.h>
#include <linux/mm.h>

#include "mmu/mmu.h"
#include "mmu/tdp_mmu.h"

static inline int flat_get_page(struct kvm *kvm, const struct kvm_memory_slot *slot, gfn_t gfn,
			 hva_t hva, bool write, struct sim_host_page *page)
{
	*page = (struct sim_host_page) { .pfn = gfn, .level = PG_LEVEL_4K, .writable = true };
	return 0;
}

static inline void flat_put_page(struct kvm *kvm, kvm_pfn_t pfn)
{
}

static inline int flat_mapping_level(struct kvm *kvm, hva_t hva)
{
	return PG_LEVEL_4K;
}

static inline bool flat_is_mmio_pfn(struct kvm *kvm, kvm_pfn_t pfn)
{
	return false;
}

static inline void flat_run_guest(struct kvm_vcpu *vcpu)
{
	vcpu->arch.exit.reason = SIM_EXIT_IO;
}

static inline void flat_flush_tlb(struct kvm_vcpu *vcpu, enum sim_tlb_flush what)
{
}

static inline void flat_kick(struct kvm_vcpu *vcpu)
{
}

static const struct sim_world_ops flat_world = {
	.get_page = flat_get_page,
	.put_page = flat_put_page,
	.mapping_level = flat_mapping_level,
	.set_pfn_dirty = flat_put_page,
	.set_pfn_accessed = flat_put_page,
	.is_mmio_pfn = flat_is_mmio_pfn,
	.run_guest = flat_run_guest,
	.flush_tlb = flat_flush_tlb,
	.kick = flat_kick,
};

/* A VM whose vCPU 0 has a root with @bytes of 4K SPTEs; NULL if memory is short. */
static inline struct kvm *make_full_vm(u64 bytes)
{
	const struct kvm_userspace_memory_region region = {
		.memory_size = bytes, .userspace_addr = 1ULL << 40,
	};
	struct kvm *kvm = kvm_create_vm(&flat_world, NULL);
	struct kvm_vcpu *vcpu;
	u64 gpa;
	int idx;

	if (!kvm || kvm_set_memory_region(kvm, &region))
		return NULL;
	vcpu = kvm_vm_create_vcpu(kvm, 0, NULL);
	if (IS_ERR(vcpu))
		return NULL;

	idx = srcu_read_lock(&kvm->srcu);
	if (kvm_mmu_reload(vcpu))
		return NULL;
	for (gpa = 0; gpa < bytes; gpa += PAGE_SIZE)
		if (kvm_mmu_do_page_fault(vcpu, gpa, PFERR_WRITE_MASK, false) != RET_PF_FIXED)
			return NULL;
	srcu_read_unlock(&kvm->srcu, idx);
	return kvm;
}

#endif /* BENCH_FULL_VM_H */
