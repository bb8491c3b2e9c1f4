/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_CPU_FIXTURE_H
#define TESTS_CPU_FIXTURE_H

/*
 * A VM whose two vCPUs run on caching CPUs, driven by one thread.  Include after
 * tests/mmu_fixture.h.
 *
 *	slot 0: G .. G + CPU_SIZE, host address MMU_HVA_BASE + G
 */

#include "sim/cpu.h"

#define G		MMU_1G
#define CPU_SIZE	(UINT64_C(4) << 20)
#define PAGE		UINT64_C(0x1000)
#define NR_CPUS		2

struct machine {
	struct mmu_vm *vm;
	struct sim_cpu cpus[NR_CPUS];
};

/* What becomes of a flush; the right thing is sim_cpu_flush_tlb(). */
static void (*machine_flush)(struct kvm_vcpu *vcpu, enum sim_tlb_flush what) = sim_cpu_flush_tlb;

static inline void machine_flush_tlb(struct kvm_vcpu *vcpu, enum sim_tlb_flush what)
{
	machine_flush(vcpu, what);
}

static inline struct machine *machine_start(const struct mmu_config *config)
{
	static struct sim_world_ops ops;
	struct machine *m = calloc(1, sizeof(*m));
	int i;

	assert_non_null(m);
	mmu_load(config);
	m->vm = mmu_vm_create();
	ops = mmu_world_ops;
	ops.run_guest = sim_cpu_run;
	ops.flush_tlb = machine_flush_tlb;
	ops.kick = sim_cpu_kick;
	m->vm->kvm->world_ops = &ops;
	for (i = 0; i < NR_CPUS; i++) {
		m->cpus[i].vcpu = i ? mmu_vcpu_add(m->vm, i) : m->vm->vcpu;
		m->cpus[i].vcpu->world = &m->cpus[i];
	}
	machine_flush = sim_cpu_flush_tlb;
	mmu_slot(m->vm, 0, G, CPU_SIZE, 0);
	return m;
}

static inline void machine_stop(struct machine *m)
{
	int i;

	mmu_vm_destroy_any(m->vm);
	for (i = 0; i < NR_CPUS; i++)
		sim_cpu_exit(&m->cpus[i]);
	free(m);
}

static inline void program(struct machine *m, int cpu, enum sim_access_type type, u64 gpa)
{
	struct sim_cpu *c = &m->cpus[cpu];

	sim_cpu_reset(c);
	sim_instruction_add(sim_cpu_add_instruction(c, SIM_EXIT_IO), type, gpa, false);
}

/* An access of the guest, with all the exits that it takes. */
static inline void guest(struct machine *m, int cpu, enum sim_access_type type, u64 gpa)
{
	struct sim_cpu *c = &m->cpus[cpu];

	program(m, cpu, type, gpa);
	while (c->ip < c->nr_code)
		assert_int_equal(kvm_vcpu_run(c->vcpu), 0);
}

/* An access of a guest that was in guest mode all the time: no request is looked at before. */
static inline void go_on(struct machine *m, int cpu, enum sim_access_type type, u64 gpa)
{
	program(m, cpu, type, gpa);
	m->cpus[cpu].kicked = 0;
	sim_cpu_run(m->cpus[cpu].vcpu);
}

#endif /* TESTS_CPU_FIXTURE_H */
