/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_MACHINE_INTERNAL_H
#define SIM_MACHINE_INTERNAL_H

#include "sim/machine.h"

/* What the files machine*.c share. */

/* ---- machine.c ---- */

/** machine_report_ret() - the present operation returned this. */
void machine_report_ret(struct sim_machine *machine, s64 ret);

/** machine_find_slot() - a slot of the present VM, NULL if it has none of this id. */
struct sim_machine_slot *machine_find_slot(struct sim_machine *machine, u32 id);

/** machine_memory_hva() - host address of the memory of this name. */
u64 machine_memory_hva(struct sim_machine *machine, const char *name);

/** machine_run_program() - KVM_RUN, until the guest's program is done or KVM_RUN fails. */
void machine_run_program(struct sim_machine *machine, struct sim_cpu *cpu);

/* ---- machine_log.c ---- */

/** machine_op_dirty_get() - the operation "dirty-get". */
int machine_op_dirty_get(struct sim_machine *machine, const struct sim_op *op);

/** machine_op_dirty_clear() - the operation "dirty-clear". */
int machine_op_dirty_clear(struct sim_machine *machine, const struct sim_op *op);

/* ---- machine_paging.c: guests with page tables of their own ---- */

/** machine_op_paging() - the operation "paging". */
int machine_op_paging(struct sim_machine *machine, const struct sim_op *op);

/** machine_op_guest_map() - the operation "guest-map". */
int machine_op_guest_map(struct sim_machine *machine, const struct sim_op *op);

/** machine_has_paging() - whether the addresses that a vCPU accesses are linear ones. */
bool machine_has_paging(struct sim_machine *machine, struct sim_cpu *cpu);

/**
 * machine_linear_access() - one access, by the guest's tables and then KVM's.
 *
 * Return: false if KVM_RUN failed, and the guest cannot go on.
 */
bool machine_linear_access(struct sim_machine *machine, struct sim_cpu *cpu,
			   enum sim_access_type type, u64 linear);

/** machine_forget_contents() - what the host did may have taken the guest's tables away. */
void machine_forget_contents(struct sim_machine *machine, const struct sim_op *op);

#endif /* SIM_MACHINE_INTERNAL_H */
