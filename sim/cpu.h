/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_CPU_H
#define SIM_CPU_H

#include "mmu/kvm_host.h"
#include "x86/paging.h"

/*
 * The CPU that a vCPU runs on, in guest mode: it performs the guest's accesses on
 * the tables that KVM loaded, until one of them makes it leave.
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
};

/** sim_cpu_run() - run the guest; struct sim_world_ops.run_guest. */
void sim_cpu_run(struct kvm_vcpu *vcpu);

/** sim_cpu_flush_tlb() - struct sim_world_ops.flush_tlb. */
void sim_cpu_flush_tlb(struct kvm_vcpu *vcpu, enum sim_tlb_flush what);

/** sim_cpu_kick() - struct sim_world_ops.kick. */
void sim_cpu_kick(struct kvm_vcpu *vcpu);

/** sim_cpu_reset() - an empty list of instructions. */
void sim_cpu_reset(struct sim_cpu *cpu);

/** sim_cpu_add_instruction() - append one, to be filled by the caller: never NULL. */
struct sim_instruction *sim_cpu_add_instruction(struct sim_cpu *cpu, enum sim_exit_reason then);

/** sim_cpu_skip_step() - the access that faulted was done by an emulator: go on behind it. */
void sim_cpu_skip_step(struct sim_cpu *cpu);

/** sim_instruction_add() - append an access of a 64-bit guest in user mode, to a page it may write and execute. */
void sim_instruction_add(struct sim_instruction *insn, enum sim_access_type type, u64 gpa,
			 bool guest_table);

#endif /* SIM_CPU_H */
