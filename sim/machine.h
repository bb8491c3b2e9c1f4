/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_MACHINE_H
#define SIM_MACHINE_H

#include "mmu/module.h"
#include "sim/cpu.h"
#include "sim/guest_paging.h"
#include "sim/host.h"
#include "sim/recorder.h"
#include "sim/scenario.h"

/*
 * A VMM and its VM: carries out the operations of a scenario, on a host that it is
 * given, and tells a recorder what came of each.
 */

#define SIM_MACHINE_MAX_MEMORIES	64
#define SIM_VM_SLOT			500
#define SIM_VM_SIZE			(256ULL << 10)
#define SIM_SMRAM_SLOT			(1u << 16)
#define SIM_SMRAM_GPA			0x30000ULL
#define SIM_SMRAM_SIZE			(64ULL << 10)

/* A slot as the VMM remembers it: what an ioctl that changes it must repeat. */
struct sim_machine_slot {
	u32 id;
	u64 gpa, size, hva;	/* bytes */
	u32 flags;		/* KVM_MEM_* */
};

/* What the VMM keeps of one of its VMs. */
struct sim_machine_vm {
	struct kvm *kvm;	/* NULL before it is made, and when it is gone */
	struct sim_cpu *cpus[KVM_MAX_VCPUS];	/* by number */
	struct sim_guest_paging paging[KVM_MAX_VCPUS];
	struct sim_machine_slot *slots;
	size_t nr_slots;
};

struct sim_machine {
	struct sim_host *host;
	struct sim_recorder *recorder;

	struct sim_machine_vm vms[SIM_MAX_VMS];
	/* The one that the present operation is about, and its kvm. */
	struct sim_machine_vm *vm;
	struct kvm *kvm;

	struct sim_guest_memory memory;	/* of all VMs: what their guests have stored */
	char memories[SIM_MACHINE_MAX_MEMORIES][48];
	size_t nr_memories;
	u64 nr_accesses;	/* of the guests that are gone: struct sim_cpu.nr_accesses */
};

/**
 * sim_machine_init() - a VMM without a VM.
 * @host: gets the VM as soon as there is one
 * @recorder: gets the results and statistics of each operation
 */
void sim_machine_init(struct sim_machine *machine, struct sim_host *host,
		      struct sim_recorder *recorder);

/** sim_machine_exit() - destroy what is left; a machine may stop at any operation. */
void sim_machine_exit(struct sim_machine *machine);

/**
 * sim_machine_run() - carry out one operation; sim_recorder has what came of it.
 *
 * Return: 0, or -ENOMEM when the simulator itself is out of memory.
 */
int sim_machine_run(struct sim_machine *machine, const struct sim_op *op);

/**
 * sim_machine_check() - whether the operations fit together, before any of them runs.
 * @next: gives the operations one by one, NULL at the end
 * @err: what is wrong, without file or line
 * @line: line of the operation that is wrong
 *
 * Names must be known, vCPUs and slots must exist when they are used, memories must
 * be large enough.
 */
bool sim_machine_check(const struct sim_op *(*next)(void *ctx), void *ctx, char *err,
		       size_t err_size, unsigned int *line);

/** sim_machine_param() - set one module parameter, by its name, in @params: false if unknown. */
bool sim_machine_param(struct sim_module_params *params, const char *name, const char *value);

#endif /* SIM_MACHINE_H */
