/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_HOST_H
#define SIM_HOST_H

#include "mmu/kvm_host.h"
#include "sim/scenario.h"

/*
 * The host's memory management as a VM sees it.  There can be several kinds: one
 * that answers from a recording (host_log.h), or one that models Linux.  A kind
 * embeds struct sim_host and sets its operations.
 */
struct sim_host;

struct sim_host_ops {
	/* As in struct sim_world_ops; they may call the VM's MMU notifiers. */
	int (*get_page)(struct sim_host *host, const struct kvm_memory_slot *slot, gfn_t gfn,
			hva_t hva, bool write, struct sim_host_page *page);
	void (*put_page)(struct sim_host *host, kvm_pfn_t pfn);
	int (*mapping_level)(struct sim_host *host, hva_t hva);
	/*
	 * Before an operation of a scenario.  For those that are the host's own (madvise
	 * and so on) this is all there is to do.
	 * Returns what the host's system call returns: 0 or a negative errno.
	 */
	int (*run_op)(struct sim_host *host, const struct sim_op *op);
};

struct sim_host {
	const struct sim_host_ops *ops;
	struct kvm *kvm;	/* the VM that the present operation is about, or NULL */
	/* All VMs of the process: each registered for the MMU notifiers.  NULL: none. */
	struct kvm *vms[SIM_MAX_VMS];
};

/** sim_host_has_vm() - whether there is anybody to notify. */
bool sim_host_has_vm(const struct sim_host *host);

/* Where an invalidation is, as seen by sim_host_on_invalidate. */
enum sim_invalidate_step {
	SIM_INVALIDATE_START,	/* the VM's start is about to be called */
	SIM_INVALIDATE_STARTED,	/* it has returned */
	SIM_INVALIDATE_END,	/* the VM's end is about to be called */
	SIM_INVALIDATE_ENDED,
};

/*
 * What every invalidation is shown to, for each VM, by whoever calls its notifiers; NULL if
 * to nobody.  For checkers: set while nobody calls notifiers.
 */
extern void (*sim_host_on_invalidate)(struct kvm *kvm, hva_t start, hva_t end,
				      enum sim_invalidate_step step);

/* Where a question for the age of pages is, as seen by sim_host_on_age. */
enum sim_age_step {
	SIM_AGE_ASK,		/* the VM is about to be asked */
	SIM_AGE_OLD,		/* it has answered: the guest has not used them since */
	SIM_AGE_YOUNG,		/* it has */
};

/**
 * sim_host_on_age() - the same for questions for the age.
 * @clears: whether they grow old by it
 */
extern void (*sim_host_on_age)(struct kvm *kvm, hva_t start, hva_t end, bool clears,
			       enum sim_age_step step);

/*
 * The MMU notifiers of all VMs, one after the other: see kvm_main.h.  What they
 * return is true if it is for any of them.
 */
bool sim_host_notify_start(struct sim_host *host, hva_t start, hva_t end);
void sim_host_notify_end(struct sim_host *host, hva_t start, hva_t end);
void sim_host_notify_change_pte(struct sim_host *host, hva_t hva,
				const struct sim_host_page *page);
bool sim_host_notify_clear_flush_young(struct sim_host *host, hva_t start, hva_t end);
bool sim_host_notify_clear_young(struct sim_host *host, hva_t start, hva_t end);
bool sim_host_notify_test_young(struct sim_host *host, hva_t hva);

/* Where the memory of a scenario lies in the host's address space. */
#define SIM_VM_HVA		0x10000000000ULL	/* slot 500: the guest's code and tables */
#define SIM_SMRAM_HVA		0x11000000000ULL
#define SIM_VM_STRIDE		0x00001000000ULL	/* of both, from one VM to the next */
#define SIM_MEMORY_HVA		0x20000000000ULL	/* the first "memory" */
#define SIM_MEMORY_STRIDE	0x01000000000ULL	/* from one to the next */

#endif /* SIM_HOST_H */
