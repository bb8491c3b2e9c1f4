/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_FAULT_FIXTURE_H
#define TESTS_FAULT_FIXTURE_H

#include "tests/mmu_fixture.h"
#include "tests/mmu_trace_fixture.h"

/* For tests of faults: a VM with one slot of 1 GiB, on each profile and format. */

#define GPA	UINT64_C(0x40000000)	/* 1 GiB */
#define PAGE	UINT64_C(0x1000)
#define HOLE	UINT64_C(0xfee00000)	/* in no slot */

static inline struct mmu_vm *vm_for(const struct mmu_config *config)
{
	struct mmu_vm *vm;

	mmu_load(config);
	vm = mmu_vm_create();
	mmu_slot(vm, 0, GPA, MMU_1G, 0);
	mmu_enter(vm->vcpu);
	return vm;
}

static inline struct mmu_vm *vm_simple(const char *profile, bool intel)
{
	const struct mmu_config config = mmu_config(profile, intel);

	return vm_for(&config);
}

/* All profiles with both formats. */
#define FOR_ALL(vm)								\
	for (unsigned int __i = 0; __i < MMU_NR_PROFILES * 2 &&			\
	     ((vm) = vm_simple(mmu_profiles[__i / 2], __i % 2)); __i++, mmu_vm_destroy(vm))

static inline u64 pa_of(gpa_t gpa)
{
	return mmu_pfn(gpa) << 12;
}

/* The leaf, without the bit that v6.10 adds to all of EPT's. */
static inline u64 leaf(struct mmu_vm *vm, gpa_t gpa)
{
	return mmu_plain(mmu_spte(vm->vcpu, gpa, NULL));
}

/* As an exit of the guest: 1 to go on, 0 to leave to userspace. */
static inline int exit_fault(struct kvm_vcpu *vcpu, gpa_t gpa, u64 error_code)
{
	int r, idx;

	mmu_enter(vcpu);
	vcpu->run.exit_reason = KVM_EXIT_UNKNOWN;
	idx = srcu_read_lock(&vcpu->kvm->srcu);
	r = kvm_mmu_page_fault(vcpu, gpa, error_code);
	srcu_read_unlock(&vcpu->kvm->srcu, idx);
	return r;
}

#endif /* TESTS_FAULT_FIXTURE_H */
