/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_CPU_H
#define SIM_CPU_H

#include "mmu/kvm_host.h"
#include "x86/paging.h"
#include "x86/tlb.h"

/*
 * The CPU that a vCPU runs on, in guest mode: it performs the guest's accesses on
 * the tables that KVM loaded, until one of them makes it leave.  Translations and
 * upper levels of the tables it keeps for as long as the architecture lets it
 * (x86/tlb.h), also outside guest mode: until KVM asks it to forget them.
 *
 * All of it belongs to the thread of the vCPU, but for @kicked.
 *
 * The guest is a list of instructions.  An instruction is a list of accesses, and
 * starts over from the first of them when the guest is entered again, as a CPU
 * restarts an instruction that faulted; what it has translated before it finds
 * again, unless that was taken away meanwhile.
 */

#define SIM_MAX_STEPS	6

struct sim_instruction {
	struct sim_access steps[SIM_MAX_STEPS];
	unsigned int nr_steps;
	/* How the CPU leaves when all accesses are done; SIM_EXIT_NONE goes on. */
	enum sim_exit_reason then;
};

#define SIM_MAX_INSTRUCTIONS	8

struct sim_cpu {
	struct kvm_vcpu *vcpu;
	struct sim_instruction code[SIM_MAX_INSTRUCTIONS];
	unsigned int nr_code, ip;
	unsigned int step;	/* of the present instruction: where it left */
	unsigned int first_step;	/* where it starts over: behind what was emulated */
	int kicked;		/* an interrupt is pending; atomic */
	u64 nr_accesses;	/* that found memory; the guest's own table walks do not count */
	/* What KVM asked the CPU to forget, by kind. */
	u64 nr_flushes[3];
	struct sim_tlb tlb;
};

/*
 * Whether CPUs cache; true unless somebody wants to compare.  False: every access
 * walks from the root.  May change between two entries to the guest.
 */
extern bool sim_config_cpu_caches;

/*
 * What every use of a cached entry is shown to, NULL if to nobody: for checkers.  The
 * vCPU is in guest mode, on its own thread, and the access has not been carried out.
 * @entry: the translation used, or (@entry->table) a table that a walk begins at;
 *	 where nothing was cached, the translation that the walk has found
 * @hit: it was cached
 *
 * Accesses that fault are not shown, nor any while sim_config_cpu_caches is false.  Set it
 * while no guest runs.
 */
extern void (*sim_cpu_on_access)(struct kvm_vcpu *vcpu, const struct sim_access *access,
				 const struct sim_tlb_entry *entry, bool hit);

/** sim_cpu_run() - run the guest; struct sim_world_ops.run_guest. */
void sim_cpu_run(struct kvm_vcpu *vcpu);

/**
 * sim_cpu_flush_tlb() - struct sim_world_ops.flush_tlb.
 * @what: what KVM's vendor module would be asked for
 *
 * Intel: all is INVEPT global; the current root, if there is one, INVEPT single-context;
 * the guest's linear translations INVVPID, which guest-physical ones survive (SDM volume
 * 3, "Operations that Invalidate Cached Mappings").  AMD: the ASID is flushed, whatever was
 * asked for (svm_flush_tlb_asid(), v6.1 to v6.12).
 */
void sim_cpu_flush_tlb(struct kvm_vcpu *vcpu, enum sim_tlb_flush what);

/** sim_cpu_kick() - struct sim_world_ops.kick. */
void sim_cpu_kick(struct kvm_vcpu *vcpu);

/**
 * sim_cpu_caps() - what the CPU can do, as EPTP or the host's control registers set it up.
 * @vcpu: has had a root loaded
 */
struct sim_paging_caps sim_cpu_caps(const struct kvm_vcpu *vcpu);

/**
 * sim_cpu_tlb_tag() - what its caches have the translations of a root under.
 * @root: address of the root, or EPTP or nCR3
 */
u64 sim_cpu_tlb_tag(hpa_t root);

/** sim_cpu_exit() - free what the caches take; the vCPU will not run again. */
void sim_cpu_exit(struct sim_cpu *cpu);

/** sim_cpu_reset() - an empty list of instructions. */
void sim_cpu_reset(struct sim_cpu *cpu);

/** sim_cpu_add_instruction() - append one, to be filled by the caller: never NULL. */
struct sim_instruction *sim_cpu_add_instruction(struct sim_cpu *cpu, enum sim_exit_reason then);

/** sim_cpu_skip_step() - the access that faulted was done by an emulator: go on behind it. */
void sim_cpu_skip_step(struct sim_cpu *cpu);

/**
 * sim_instruction_add() - append an access of a 64-bit guest in user mode, to a page
 * that it may write and execute.
 */
void sim_instruction_add(struct sim_instruction *insn, enum sim_access_type type, u64 gpa,
			 bool guest_table);

#endif /* SIM_CPU_H */
