/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/bug.h>

#include "mmu/mmu.h"
#include "mmu/mmutrace.h"
#include "mmu/x86.h"
#include "x86/ept.h"

/* Intel: EPT violations and misconfigurations, EPTP, memory types, PML. */

#define PML_ENTITY_NUM	512

static int vmx_get_tdp_level(struct kvm_vcpu *vcpu)
{
	/* A fifth level is of no use to a guest that cannot address it. */
	if (kvm_cpu.levels == 5 && kvm_cpu.maxphyaddr <= 48)
		return 4;
	return kvm_cpu.levels;
}

static int vmx_max_huge_page_level(void)
{
	return kvm_cpu.ept_1g ? PG_LEVEL_1G : PG_LEVEL_2M;
}

static u64 memtype_bits(u64 type, bool ignore_guest_pat)
{
	return type << VMX_EPT_MT_EPTE_SHIFT | (ignore_guest_pat ? VMX_EPT_IPAT_BIT : 0);
}

enum { MTRR_TYPE_UNCACHABLE = 0, MTRR_TYPE_WRBACK = 6 };

static u64 vmx_get_mt_mask(struct kvm_vcpu *vcpu, gfn_t gfn, bool is_mmio)
{
	struct kvm *kvm = vcpu->kvm;

	if (is_mmio)
		return memtype_bits(MTRR_TYPE_UNCACHABLE, false);
	/* All devices snoop: whatever the guest wishes, write-back does no harm. */
	if (!kvm->arch.noncoherent_dma)
		return memtype_bits(MTRR_TYPE_WRBACK, true);
	if (!kvm_profile->guest_mtrrs)
		return memtype_bits(MTRR_TYPE_WRBACK, false);

	if (vcpu->arch.cr0_cd)
		return memtype_bits(kvm->arch.disable_cd_nw_quirk ? MTRR_TYPE_UNCACHABLE :
				    MTRR_TYPE_WRBACK, true);
	return memtype_bits(vcpu->arch.mtrr_type, false);
}

static void vmx_load_mmu_pgd(struct kvm_vcpu *vcpu, hpa_t root_hpa, int root_level)
{
	u64 eptp = VMX_EPTP_MT_WB;

	eptp |= root_level == 5 ? VMX_EPTP_PWL_5 : VMX_EPTP_PWL_4;
	/* L1 has no EPT of its own here, so it cannot have asked for A/D bits in L2. */
	if (enable_ept_ad_bits && !vcpu->arch.guest_mode)
		eptp |= VMX_EPTP_AD_ENABLE_BIT;
	vcpu->arch.hw_pgd = eptp | (root_hpa & GENMASK_ULL(51, 12));
}

/* ---- Page-modification logging ---- */

static void vmx_update_cpu_dirty_logging(struct kvm_vcpu *vcpu)
{
	/* A nested guest's addresses are not what KVM wants logged: wait until L1 runs. */
	vcpu->arch.pml_enabled = enable_pml && !vcpu->arch.guest_mode &&
				 READ_ONCE(vcpu->kvm->arch.cpu_dirty_logging_count);
}

static void vmx_flush_pml_buffer(struct kvm_vcpu *vcpu)
{
	u16 index = vcpu->arch.pml_index;

	if (index == PML_ENTITY_NUM - 1)
		return;

	/* The CPU fills from the end; the index is of the next entry, or wrapped past 0. */
	for (index = index >= PML_ENTITY_NUM ? 0 : index + 1; index < PML_ENTITY_NUM; index++) {
		u64 gpa = vcpu->arch.pml_buffer[index];

		WARN_ON(gpa & (PAGE_SIZE - 1));
		kvm_vcpu_mark_page_dirty(vcpu, gpa_to_gfn(gpa));
	}
	vcpu->arch.pml_index = PML_ENTITY_NUM - 1;
}

/* ---- Exits ---- */

static int handle_ept_violation(struct kvm_vcpu *vcpu)
{
	u64 qual = vcpu->arch.exit.info;
	gpa_t gpa = vcpu->arch.exit.gpa;
	u64 error_code = 0;

	trace_kvm_page_fault(vcpu, gpa, qual);

	if (qual & EPT_VIOLATION_ACC_READ)
		error_code |= PFERR_USER_MASK;
	if (qual & EPT_VIOLATION_ACC_WRITE)
		error_code |= PFERR_WRITE_MASK;
	if (qual & EPT_VIOLATION_ACC_INSTR)
		error_code |= PFERR_FETCH_MASK;
	/* Any right at all means that every entry was present. */
	if (qual & EPT_VIOLATION_RWX_MASK)
		error_code |= PFERR_PRESENT_MASK;
	error_code |= qual & EPT_VIOLATION_GVA_TRANSLATED ? PFERR_GUEST_FINAL_MASK :
							    PFERR_GUEST_PAGE_MASK;
	return kvm_mmu_page_fault(vcpu, gpa, error_code);
}

static int vmx_handle_exit(struct kvm_vcpu *vcpu)
{
	/* Each exit empties the log, so that a kick is enough to bring it up to date. */
	if (enable_pml && !vcpu->arch.guest_mode)
		vmx_flush_pml_buffer(vcpu);

	switch (vcpu->arch.exit.reason) {
	case SIM_EXIT_EPT_VIOLATION:
		return handle_ept_violation(vcpu);
	case SIM_EXIT_EPT_MISCONFIG:
		return kvm_mmu_page_fault(vcpu, vcpu->arch.exit.gpa, PFERR_RSVD_MASK);
	case SIM_EXIT_PML_FULL:
		return 1;
	default:
		return kvm_handle_common_exit(vcpu);
	}
}

const struct kvm_x86_ops vmx_x86_ops = {
	.get_tdp_level = vmx_get_tdp_level,
	.max_huge_page_level = vmx_max_huge_page_level,
	.get_mt_mask = vmx_get_mt_mask,
	.load_mmu_pgd = vmx_load_mmu_pgd,
	.handle_exit = vmx_handle_exit,
	.update_cpu_dirty_logging = vmx_update_cpu_dirty_logging,
};
