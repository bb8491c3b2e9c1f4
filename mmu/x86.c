/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <linux/bug.h>

#include "mmu/mmu.h"
#include "mmu/x86.h"

/* The run loop: requests, entry to the guest, exits. */

const struct kvm_x86_ops *kvm_x86_ops;

/* ---- Local flushes ---- */

static void flush_tlb(struct kvm_vcpu *vcpu, enum sim_tlb_flush what)
{
	vcpu->kvm->world_ops->flush_tlb(vcpu, what);
}

void kvm_vcpu_flush_tlb_current(struct kvm_vcpu *vcpu)
{
	flush_tlb(vcpu, SIM_TLB_FLUSH_CURRENT);
}

static void kvm_vcpu_flush_tlb_all(struct kvm_vcpu *vcpu)
{
	++vcpu->stat.tlb_flush;
	flush_tlb(vcpu, SIM_TLB_FLUSH_ALL);
	/* All includes the current root. */
	kvm_check_request(KVM_REQ_TLB_FLUSH_CURRENT, vcpu);
}

static void kvm_service_local_tlb_flush_requests(struct kvm_vcpu *vcpu)
{
	if (kvm_check_request(KVM_REQ_TLB_FLUSH_CURRENT, vcpu)) {
		++vcpu->stat.tlb_flush;
		kvm_vcpu_flush_tlb_current(vcpu);
	}
	if (kvm_check_request(KVM_REQ_TLB_FLUSH_GUEST, vcpu)) {
		++vcpu->stat.tlb_flush;
		flush_tlb(vcpu, SIM_TLB_FLUSH_GUEST);
	}
}

/* ---- System management mode, nested guests ---- */

/*
 * In and out of SMM the emulator loads CR0, CR3 and CR4 anew, which asks for a
 * flush of the guest's translations; and the address space changes, so the vCPU
 * needs another root.
 */
static void set_smm(struct kvm_vcpu *vcpu, bool smm)
{
	vcpu->arch.smm = smm;
	kvm_mmu_reset_context(vcpu);
	kvm_make_request(KVM_REQ_TLB_FLUSH_GUEST, vcpu);
}

void kvm_inject_smi(struct kvm_vcpu *vcpu)
{
	kvm_make_request(KVM_REQ_SMI, vcpu);
}

static int handle_rsm(struct kvm_vcpu *vcpu)
{
	if (!vcpu->arch.smm)
		return -EINVAL;
	set_smm(vcpu, false);
	return 1;
}

void kvm_set_guest_mode(struct kvm_vcpu *vcpu, bool guest_mode)
{
	vcpu->arch.guest_mode = guest_mode;
	kvm_init_mmu(vcpu);
	kvm_mmu_new_pgd(vcpu, 0);
	/* L1 and L2 may use the same linear addresses for different things. */
	kvm_make_request(KVM_REQ_TLB_FLUSH_GUEST, vcpu);
	/* PML logs addresses of L1, so it is off while L2 runs. */
	kvm_make_request(KVM_REQ_UPDATE_CPU_DIRTY_LOGGING, vcpu);
}

/* ---- Entry ---- */

/* Do what others asked for, in the order that KVM does: 0 or a negative errno. */
static int service_requests(struct kvm_vcpu *vcpu)
{
	if (kvm_check_request(KVM_REQ_VM_DEAD, vcpu))
		return -EIO;
	if (kvm_check_request(KVM_REQ_MMU_FREE_OBSOLETE_ROOTS, vcpu))
		kvm_mmu_free_obsolete_roots(vcpu);
	if (kvm_check_request(KVM_REQ_LOAD_MMU_PGD, vcpu))
		kvm_mmu_load_pgd(vcpu);
	if (kvm_check_request(KVM_REQ_TLB_FLUSH, vcpu))
		kvm_vcpu_flush_tlb_all(vcpu);
	kvm_service_local_tlb_flush_requests(vcpu);
	if (kvm_check_request(KVM_REQ_SMI, vcpu))
		vcpu->arch.smi_pending = true;
	if (kvm_check_request(KVM_REQ_UPDATE_CPU_DIRTY_LOGGING, vcpu))
		kvm_x86_ops->update_cpu_dirty_logging(vcpu);
	/* Only its arrival matters: the vCPU is outside guest mode. */
	kvm_check_request(KVM_REQ_OUTSIDE_GUEST_MODE, vcpu);
	return 0;
}

/*
 * Into guest mode, unless somebody wants something first.  Whoever makes a request
 * sets it and then looks at the mode; here the mode is set and then the requests
 * are looked at.  With a full barrier on both sides one sees the other.
 */
static bool enter_guest_mode(struct kvm_vcpu *vcpu)
{
	smp_store_release(&vcpu->mode, IN_GUEST_MODE);
	/* From here on nothing of the memslots is used. */
	srcu_read_unlock(&vcpu->kvm->srcu, vcpu->srcu_idx);
	smp_mb__after_srcu_read_unlock();

	if (READ_ONCE(vcpu->mode) == EXITING_GUEST_MODE || kvm_request_pending(vcpu))
		return false;
	return true;
}

static void leave_guest_mode(struct kvm_vcpu *vcpu)
{
	/* What the guest did is visible before it counts as having left. */
	smp_store_release(&vcpu->mode, OUTSIDE_GUEST_MODE);
	vcpu->srcu_idx = srcu_read_lock(&vcpu->kvm->srcu);
}

static int vcpu_enter_guest(struct kvm_vcpu *vcpu)
{
	int r;

	if (kvm_request_pending(vcpu)) {
		r = service_requests(vcpu);
		if (r)
			return r;
	}
	if (vcpu->arch.smi_pending && !vcpu->arch.smm) {
		vcpu->arch.smi_pending = false;
		set_smm(vcpu, true);
	}

	r = kvm_mmu_reload(vcpu);
	if (r)
		return r;

	if (!enter_guest_mode(vcpu)) {
		leave_guest_mode(vcpu);
		return 1;
	}
	vcpu->arch.exit = (struct kvm_exit_info) { .reason = SIM_EXIT_NONE };
	vcpu->kvm->world_ops->run_guest(vcpu);
	leave_guest_mode(vcpu);

	return kvm_x86_ops->handle_exit(vcpu);
}

int kvm_vcpu_run(struct kvm_vcpu *vcpu)
{
	int r;

	if (READ_ONCE(vcpu->kvm->vm_dead))
		return -EIO;

	vcpu->run.exit_reason = KVM_EXIT_UNKNOWN;
	vcpu->srcu_idx = srcu_read_lock(&vcpu->kvm->srcu);
	do {
		r = vcpu_enter_guest(vcpu);
	} while (r > 0);
	srcu_read_unlock(&vcpu->kvm->srcu, vcpu->srcu_idx);
	return r;
}

/* ---- Exits that are not page faults: both vendors ---- */

int kvm_emulate_mmio(struct kvm_vcpu *vcpu, gpa_t gpa)
{
	struct kvm_exit_info *exit = &vcpu->arch.exit;

	/* There is nothing to execute where there is no memory. */
	if (exit->fetch) {
		vcpu->run.exit_reason = KVM_EXIT_INTERNAL_ERROR;
		return 0;
	}
	vcpu->run.exit_reason = KVM_EXIT_MMIO;
	vcpu->run.mmio.phys_addr = gpa;
	vcpu->run.mmio.len = exit->len;
	vcpu->run.mmio.is_write = exit->write;
	return 0;
}

int kvm_handle_common_exit(struct kvm_vcpu *vcpu)
{
	switch (vcpu->arch.exit.reason) {
	case SIM_EXIT_IO:
		vcpu->run.exit_reason = KVM_EXIT_IO;
		return 0;
	case SIM_EXIT_RSM:
		return handle_rsm(vcpu);
	case SIM_EXIT_KICK:
		return 1;
	default:
		vcpu->run.exit_reason = KVM_EXIT_INTERNAL_ERROR;
		return 0;
	}
}

/* ---- vCPUs ---- */

int kvm_arch_vcpu_create(struct kvm_vcpu *vcpu)
{
	vcpu->arch.mtrr_type = 6;	/* write-back */
	vcpu->arch.pml_index = 511;
	if (enable_pml) {
		vcpu->arch.pml_buffer = (u64 *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
		if (!vcpu->arch.pml_buffer)
			return -ENOMEM;
	}
	kvm_mmu_create(vcpu);
	/* Slots may be logging already. */
	kvm_make_request(KVM_REQ_UPDATE_CPU_DIRTY_LOGGING, vcpu);
	return 0;
}

void kvm_arch_vcpu_destroy(struct kvm_vcpu *vcpu)
{
	kvm_mmu_destroy(vcpu);
	if (vcpu->arch.pml_buffer)
		free_page((unsigned long)vcpu->arch.pml_buffer);
}
