/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/bug.h>
#include <linux/mm.h>
#include <asm/cmpxchg.h>

#include "mmu/mmu.h"
#include "mmu/module.h"
#include "sim/cpu.h"
#include "x86/ept.h"
#include "x86/npt.h"
#include "x86/walk.h"

bool sim_config_cpu_caches = true;

void (*sim_cpu_on_access)(struct kvm_vcpu *vcpu, const struct sim_access *access,
			  const struct sim_tlb_entry *entry, bool hit);

/* ---- The guest's instructions ---- */

void sim_cpu_reset(struct sim_cpu *cpu)
{
	cpu->nr_code = cpu->ip = cpu->step = cpu->first_step = 0;
}

struct sim_instruction *sim_cpu_add_instruction(struct sim_cpu *cpu, enum sim_exit_reason then)
{
	struct sim_instruction *insn;

	BUG_ON(cpu->nr_code == SIM_MAX_INSTRUCTIONS);
	insn = &cpu->code[cpu->nr_code++];
	insn->nr_steps = 0;
	insn->then = then;
	return insn;
}

void sim_instruction_add(struct sim_instruction *insn, enum sim_access_type type, u64 gpa,
			 bool guest_table)
{
	BUG_ON(insn->nr_steps == SIM_MAX_STEPS);
	insn->steps[insn->nr_steps++] = (struct sim_access) {
		.gpa = gpa,
		.type = type,
		.guest_table = guest_table,
		.gla_valid = true,
		.linear_user = true,
		.linear_writable = true,
	};
}

void sim_cpu_skip_step(struct sim_cpu *cpu)
{
	cpu->first_step = cpu->step + 1;
}

/* ---- The walk of the real tables ---- */

static uint64_t read_entry(void *ctx, uint64_t pa)
{
	return smp_load_acquire((u64 *)__va(pa));
}

static bool set_entry_bits(void *ctx, uint64_t pa, uint64_t old, uint64_t bits)
{
	return try_cmpxchg64((u64 *)__va(pa), &old, old | bits);
}

static const struct sim_walk_mem walk_mem = {
	.read = read_entry,
	.set_bits = set_entry_bits,
};

struct sim_paging_caps sim_cpu_caps(const struct kvm_vcpu *vcpu)
{
	u64 pgd = vcpu->arch.hw_pgd;

	return (struct sim_paging_caps) {
		.maxphyaddr = kvm_cpu.maxphyaddr,
		.levels = kvm_cpu.intel ? sim_eptp_levels(pgd) : (unsigned int)kvm_cpu.levels,
		.exec_only = kvm_cpu.exec_only,
		.page_2m = true,
		.page_1g = !kvm_cpu.intel || kvm_cpu.ept_1g,
		.ad = !kvm_cpu.intel || (pgd & VMX_EPTP_AD_ENABLE_BIT),
		.advanced_info = true,
		.nxe = true,
	};
}

static void exit_on_fault(struct kvm_vcpu *vcpu, const struct sim_access *access,
			  const struct sim_walk_result *res)
{
	static const enum sim_exit_reason ept_reasons[] = {
		[SIM_WALK_VIOLATION] = SIM_EXIT_EPT_VIOLATION,
		[SIM_WALK_MISCONFIG] = SIM_EXIT_EPT_MISCONFIG,
		[SIM_WALK_PML_FULL] = SIM_EXIT_PML_FULL,
	};
	struct kvm_exit_info *exit = &vcpu->arch.exit;

	exit->reason = kvm_cpu.intel ? ept_reasons[res->status] : SIM_EXIT_NPF;
	exit->info = res->info;
	exit->gpa = res->gpa;
	exit->write = access->type == SIM_ACCESS_WRITE;
	exit->fetch = access->type == SIM_ACCESS_FETCH;
	exit->len = 8;
}

/* ---- Accesses, by the caches or by a walk ---- */

/* Every vCPU has caches of its own, so the same ASID will do for all. */
#define GUEST_ASID	1

#define ROOT_MASK	GENMASK_ULL(51, 12)

u64 sim_cpu_tlb_tag(hpa_t root)
{
	return kvm_cpu.intel ? root & ROOT_MASK : GUEST_ASID;
}

static void show_use(void *ctx, const struct sim_access *access,
		     const struct sim_tlb_entry *entry)
{
	sim_cpu_on_access(ctx, access, entry, true);
}

/* How the CPU is set up while the guest runs. */
struct guest_mode {
	struct sim_paging_caps caps;
	struct sim_pml pml;
	struct sim_tlb_cpu tlb_cpu;
	bool caches;
};

static void set_up(struct guest_mode *guest, struct kvm_vcpu *vcpu)
{
	guest->caps = sim_cpu_caps(vcpu);
	guest->pml = (struct sim_pml) {
		.buffer = vcpu->arch.pml_buffer,
		.index = vcpu->arch.pml_index,
		.enabled = vcpu->arch.pml_enabled,
	};
	guest->tlb_cpu = (struct sim_tlb_cpu) {
		.fmt = kvm_cpu.intel ? &sim_ept_format : &sim_npt_format,
		.caps = &guest->caps,
		.root_pa = vcpu->arch.hw_pgd & ROOT_MASK,
		.tag = sim_cpu_tlb_tag(vcpu->arch.hw_pgd),
		.mem = &walk_mem,
		.pml = &guest->pml,
		.on_use = sim_cpu_on_access ? show_use : NULL,
		.ctx = vcpu,
	};
	guest->caches = READ_ONCE(sim_config_cpu_caches);
}

/* Whether the access finds memory: by the caches, or as @res says. */
static bool translate(struct kvm_vcpu *vcpu, const struct guest_mode *guest,
		      const struct sim_access *access, struct sim_walk_result *res)
{
	const struct sim_tlb_cpu *tlb_cpu = &guest->tlb_cpu;
	struct sim_cpu *cpu = vcpu->world;
	struct sim_tlb_entry entry;

	if (!guest->caches) {
		sim_walk(tlb_cpu->fmt, tlb_cpu->caps, tlb_cpu->root_pa, access, tlb_cpu->mem,
			 tlb_cpu->pml, res);
		return res->status == SIM_WALK_OK;
	}
	if (sim_tlb_access(&cpu->tlb, tlb_cpu, access, &entry, res))
		return true;
	if (res->status != SIM_WALK_OK)
		return false;
	if (sim_cpu_on_access)
		sim_cpu_on_access(vcpu, access, &entry, false);
	return true;
}

/* One access: false if it made the CPU leave guest mode. */
static bool perform_access(struct kvm_vcpu *vcpu, const struct guest_mode *guest,
			   const struct sim_access *access)
{
	struct sim_cpu *cpu = vcpu->world;
	struct sim_walk_result res;

	if (!translate(vcpu, guest, access, &res)) {
		exit_on_fault(vcpu, access, &res);
		return false;
	}
	cpu->nr_accesses += !access->guest_table;
	return true;
}

/* ---- Guest mode ---- */

static void run_guest(struct kvm_vcpu *vcpu, const struct guest_mode *guest)
{
	struct sim_cpu *cpu = vcpu->world;

	while (cpu->ip < cpu->nr_code) {
		const struct sim_instruction *insn = &cpu->code[cpu->ip];

		for (cpu->step = cpu->first_step; cpu->step < insn->nr_steps; cpu->step++) {
			if (READ_ONCE(cpu->kicked) && xchg(&cpu->kicked, 0)) {
				vcpu->arch.exit.reason = SIM_EXIT_KICK;
				return;
			}
			if (!perform_access(vcpu, guest, &insn->steps[cpu->step]))
				return;
		}
		cpu->ip++;
		cpu->first_step = 0;
		if (insn->then != SIM_EXIT_NONE) {
			vcpu->arch.exit.reason = insn->then;
			return;
		}
	}
	/* Nothing to do: as after an OUT. */
	vcpu->arch.exit.reason = SIM_EXIT_IO;
}

void sim_cpu_run(struct kvm_vcpu *vcpu)
{
	struct guest_mode guest;

	set_up(&guest, vcpu);
	run_guest(vcpu, &guest);
	vcpu->arch.pml_index = guest.pml.index;
}

/* ---- What KVM asks of it ---- */

void sim_cpu_flush_tlb(struct kvm_vcpu *vcpu, enum sim_tlb_flush what)
{
	hpa_t root = vcpu->arch.mmu->root.hpa;
	struct sim_cpu *cpu = vcpu->world;

	cpu->nr_flushes[what]++;
	if (!kvm_cpu.intel)
		sim_tlb_flush_tag(&cpu->tlb, GUEST_ASID);
	else if (what == SIM_TLB_FLUSH_ALL)
		sim_tlb_flush_all(&cpu->tlb);
	else if (what == SIM_TLB_FLUSH_CURRENT && VALID_PAGE(root))
		sim_tlb_flush_tag(&cpu->tlb, sim_cpu_tlb_tag(root));
}

void sim_cpu_kick(struct kvm_vcpu *vcpu)
{
	struct sim_cpu *cpu = vcpu->world;

	WRITE_ONCE(cpu->kicked, 1);
}

void sim_cpu_exit(struct sim_cpu *cpu)
{
	sim_tlb_exit(&cpu->tlb);
}
