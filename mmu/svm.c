/* SPDX-License-Identifier: GPL-2.0-only */
#include "mmu/mmu.h"
#include "mmu/mmutrace.h"
#include "mmu/spte.h"
#include "mmu/x86.h"

/* AMD: nested page faults and nCR3. */

/* Nested paging runs in the host's own paging mode. */
static int svm_get_tdp_level(struct kvm_vcpu *vcpu)
{
	return kvm_cpu.levels;
}

static int svm_max_huge_page_level(void)
{
	return PG_LEVEL_1G;
}

static u64 svm_get_mt_mask(struct kvm_vcpu *vcpu, gfn_t gfn, bool is_mmio)
{
	return 0;
}

static void svm_load_mmu_pgd(struct kvm_vcpu *vcpu, hpa_t root_hpa, int root_level)
{
	vcpu->arch.hw_pgd = root_hpa | shadow_me_value;
}

static void svm_update_cpu_dirty_logging(struct kvm_vcpu *vcpu)
{
}

static int npf_interception(struct kvm_vcpu *vcpu)
{
	struct kvm_exit_info *exit = &vcpu->arch.exit;

	trace_kvm_page_fault(vcpu, exit->gpa, exit->info);
	/* EXITINFO1 is laid out as KVM's error codes are. */
	return kvm_mmu_page_fault(vcpu, exit->gpa, exit->info);
}

static int svm_handle_exit(struct kvm_vcpu *vcpu)
{
	if (vcpu->arch.exit.reason == SIM_EXIT_NPF)
		return npf_interception(vcpu);
	return kvm_handle_common_exit(vcpu);
}

const struct kvm_x86_ops svm_x86_ops = {
	.get_tdp_level = svm_get_tdp_level,
	.max_huge_page_level = svm_max_huge_page_level,
	.get_mt_mask = svm_get_mt_mask,
	.load_mmu_pgd = svm_load_mmu_pgd,
	.handle_exit = svm_handle_exit,
	.update_cpu_dirty_logging = svm_update_cpu_dirty_logging,
};
