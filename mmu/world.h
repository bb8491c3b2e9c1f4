/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MMU_WORLD_H
#define MMU_WORLD_H

#include "mmu/kvm_types.h"

/* What the host's memory management answers when KVM asks for the page at an address. */
struct sim_host_page {
	kvm_pfn_t pfn;		/* of the 4 KiB page itself, also inside a huge one */
	int level;		/* size of the host's own mapping: PG_LEVEL_4K..1G */
	bool writable;		/* the host lets it be written as it is */
};

/* What a vCPU is to drop of what its CPU caches. */
enum sim_tlb_flush {
	SIM_TLB_FLUSH_ALL,	/* everything */
	SIM_TLB_FLUSH_CURRENT,	/* translations of the current root */
	SIM_TLB_FLUSH_GUEST,	/* the guest's linear translations */
};

/*
 * What mmu/ asks of the world around it.  sim/ implements it; one set per VM.
 * No function is called with a spinlock held or inside an RCU read section,
 * but for those that say so.
 */
struct sim_world_ops {
	/*
	 * The page that backs @gfn of @slot at host address @hva, made present and,
	 * for a write, broken out of copy-on-write.  May call the MMU notifiers, as
	 * get_user_pages() does.  Takes a reference on the page.
	 * Returns 0, -EFAULT (nothing there, or no permission) or -EHWPOISON.
	 */
	int (*get_page)(struct kvm *kvm, const struct kvm_memory_slot *slot, gfn_t gfn,
			hva_t hva, bool write, struct sim_host_page *page);
	/* Gives back the reference that get_page() took. */
	void (*put_page)(struct kvm *kvm, kvm_pfn_t pfn);
	/*
	 * The level at which the host maps @hva at this moment, PG_LEVEL_4K if it does
	 * not.  Called with mmu_lock held (any mode) and inside an RCU read section.
	 */
	int (*mapping_level)(struct kvm *kvm, hva_t hva);
	/*
	 * KVM hands A and D bits that it is about to lose to the host's page.  Called
	 * with mmu_lock held and inside an RCU read section.
	 */
	void (*set_pfn_dirty)(struct kvm *kvm, kvm_pfn_t pfn);
	void (*set_pfn_accessed)(struct kvm *kvm, kvm_pfn_t pfn);
	/* Whether the frame is a device's, not memory. */
	bool (*is_mmio_pfn)(struct kvm *kvm, kvm_pfn_t pfn);
	/*
	 * Let the guest run on this vCPU until it exits; fills vcpu->arch.exit.
	 * Called in guest mode, requests checked.
	 */
	void (*run_guest)(struct kvm_vcpu *vcpu);
	/*
	 * Drop what the CPU caches.  Called on the vCPU's own thread.
	 */
	void (*flush_tlb)(struct kvm_vcpu *vcpu, enum sim_tlb_flush what);
	/*
	 * Drop what all CPUs cache of a range of frames, and wait for that, as a hypervisor
	 * below KVM may offer (Hyper-V).  False: there is none, KVM asks each vCPU to drop all.
	 * Called under mmu_lock.  NULL: there is never one.
	 */
	bool (*flush_remote_tlbs_range)(struct kvm *kvm, gfn_t start, u64 nr_pages);
	/* Make a running vCPU leave guest mode (an IPI).  Any lock may be held. */
	void (*kick)(struct kvm_vcpu *vcpu);
	/*
	 * From now on call the VM's MMU notifiers.  Nobody is in the middle of an
	 * invalidation when this returns 0, so that whoever hears of an end has heard of
	 * the start.  An errno makes kvm_create_vm() fail: -ENOMEM; -EINTR, as
	 * mmu_notifier_register() returns to a task that shall die.  NULL if there is
	 * nobody to tell.
	 */
	int (*mmu_notifier_register)(struct kvm *kvm);
	/*
	 * The VM has been released from the host's memory and is about to go: call none of
	 * its MMU notifiers any more, and wait for those that are running (the second half
	 * of mmu_notifier_unregister()).  NULL if nobody can be calling any by then.
	 */
	void (*mmu_notifier_unregister)(struct kvm *kvm);
};

#endif /* MMU_WORLD_H */
