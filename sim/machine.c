/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/err.h>
#include <linux/kernel.h>

#include "mmu/mmu.h"
#include "mmu/x86.h"
#include "sim/machine_internal.h"

/* ---- The world of the VM: its host and its CPUs ---- */

static struct sim_host *host_of(struct kvm *kvm)
{
	struct sim_machine *machine = kvm->world;

	return machine->host;
}

static int world_get_page(struct kvm *kvm, const struct kvm_memory_slot *slot, gfn_t gfn,
			  hva_t hva, bool write, struct sim_host_page *page)
{
	return host_of(kvm)->ops->get_page(host_of(kvm), slot, gfn, hva, write, page);
}

static void world_put_page(struct kvm *kvm, kvm_pfn_t pfn)
{
	host_of(kvm)->ops->put_page(host_of(kvm), pfn);
}

static int world_mapping_level(struct kvm *kvm, hva_t hva)
{
	return host_of(kvm)->ops->mapping_level(host_of(kvm), hva);
}

/* The hosts so far do not look at the bits that KVM hands back. */
static void world_set_pfn_dirty(struct kvm *kvm, kvm_pfn_t pfn)
{
}

static void world_set_pfn_accessed(struct kvm *kvm, kvm_pfn_t pfn)
{
}

static bool world_is_mmio_pfn(struct kvm *kvm, kvm_pfn_t pfn)
{
	return false;
}

static const struct sim_world_ops machine_world_ops = {
	.get_page = world_get_page,
	.put_page = world_put_page,
	.mapping_level = world_mapping_level,
	.set_pfn_dirty = world_set_pfn_dirty,
	.set_pfn_accessed = world_set_pfn_accessed,
	.is_mmio_pfn = world_is_mmio_pfn,
	.run_guest = sim_cpu_run,
	.flush_tlb = sim_cpu_flush_tlb,
	.kick = sim_cpu_kick,
};

/* ---- Results ---- */

void machine_report_ret(struct sim_machine *machine, s64 ret)
{
	struct sim_event event = { .type = SIM_EV_RET };

	event.ret.value = ret;
	sim_recorder_result(machine->recorder, &event);
}

static void report_exit(struct sim_machine *machine, enum sim_event_type type, s64 value)
{
	struct sim_event event = { .type = type };

	event.ret.value = value;
	sim_recorder_result(machine->recorder, &event);
}

static void report_mmio(struct sim_machine *machine, const struct kvm_run *run)
{
	struct sim_event event = { .type = SIM_EV_EXIT_MMIO };

	event.exit_mmio.write = run->mmio.is_write;
	event.exit_mmio.gpa = run->mmio.phys_addr;
	event.exit_mmio.len = run->mmio.len;
	sim_recorder_result(machine->recorder, &event);
}

/* ---- Slots ---- */

struct sim_machine_slot *machine_find_slot(struct sim_machine *machine, u32 id)
{
	size_t i;

	for (i = 0; i < machine->vm->nr_slots; i++)
		if (machine->vm->slots[i].id == id)
			return &machine->vm->slots[i];
	return NULL;
}

static int remember_slot(struct sim_machine *machine, const struct sim_machine_slot *new)
{
	struct sim_machine_slot *slot = machine_find_slot(machine, new->id), *slots;

	if (slot) {
		*slot = *new;
		return 0;
	}
	slots = realloc(machine->vm->slots, (machine->vm->nr_slots + 1) * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	machine->vm->slots = slots;
	slots[machine->vm->nr_slots++] = *new;
	return 0;
}

static void forget_slot(struct sim_machine *machine, struct sim_machine_slot *slot)
{
	*slot = machine->vm->slots[--machine->vm->nr_slots];
}

static int set_region(struct sim_machine *machine, const struct sim_machine_slot *slot)
{
	const struct kvm_userspace_memory_region region = {
		.slot = slot->id,
		.flags = slot->flags,
		.guest_phys_addr = slot->gpa,
		.memory_size = slot->size,
		.userspace_addr = slot->hva,
	};

	return kvm_set_memory_region(machine->kvm, &region);
}

/* Add a slot and report what KVM said. */
static int add_slot(struct sim_machine *machine, u32 id, u64 gpa, u64 size, u64 hva, u32 flags)
{
	const struct sim_machine_slot slot = {
		.id = id, .gpa = gpa, .size = size, .hva = hva, .flags = flags,
	};
	int ret = set_region(machine, &slot);

	machine_report_ret(machine, ret);
	return ret ? 0 : remember_slot(machine, &slot);
}

u64 machine_memory_hva(struct sim_machine *machine, const char *name)
{
	size_t i;

	for (i = 0; i < machine->nr_memories; i++)
		if (!strcmp(machine->memories[i], name))
			break;
	return SIM_MEMORY_HVA + i * SIM_MEMORY_STRIDE;
}

static int op_slot(struct sim_machine *machine, const struct sim_op *op)
{
	return add_slot(machine, op->id, op->gpa, op->size,
			machine_memory_hva(machine, op->name) + op->offset, op->flags);
}

static int op_slot_change(struct sim_machine *machine, const struct sim_op *op)
{
	struct sim_machine_slot *slot = machine_find_slot(machine, op->id);
	struct sim_machine_slot new;
	int ret;

	if (!slot) {
		/* It was never there, or adding it failed. */
		machine_report_ret(machine, -EINVAL);
		return 0;
	}

	new = *slot;
	if (op->type == SIM_OP_SLOT_DELETE)
		new.size = 0;
	else if (op->type == SIM_OP_SLOT_MOVE)
		new.gpa = op->gpa;
	else
		new.flags = op->flags;

	ret = set_region(machine, &new);
	machine_report_ret(machine, ret);
	if (ret)
		return 0;
	if (op->type == SIM_OP_SLOT_DELETE)
		forget_slot(machine, slot);
	else
		*slot = new;
	return 0;
}

/* ---- vCPUs ---- */

/* Where the guest's own pages lie: docs/scenarios.md. */
#define GUEST_BASE(id)		(0x10000 + (id) * 0x4000ULL)
#define GUEST_PML4(id)		GUEST_BASE(id)
#define GUEST_PDPT(id)		(GUEST_BASE(id) + 0x1000)
#define GUEST_DATA(id)		(GUEST_BASE(id) + 0x2000)
#define GUEST_STACK_TOP(id)	(GUEST_BASE(id) + 0x3000)
#define GUEST_CODE_READ		0x100
#define GUEST_CODE_WRITE	0x140
#define GUEST_CODE_EXEC		0x180
#define SMM_HANDLER		0x38000

/* What every instruction begins with: its code page is found and fetched. */
static struct sim_instruction *start_instruction(struct sim_cpu *cpu, u64 code,
						 enum sim_exit_reason then)
{
	struct sim_instruction *insn = sim_cpu_add_instruction(cpu, then);
	int id = cpu->vcpu->vcpu_id;

	sim_instruction_add(insn, SIM_ACCESS_FETCH, GUEST_PML4(id), true);
	sim_instruction_add(insn, SIM_ACCESS_FETCH, GUEST_PDPT(id), true);
	sim_instruction_add(insn, SIM_ACCESS_FETCH, code, false);
	return insn;
}

static void program_data(struct sim_cpu *cpu, enum sim_access_type type, u64 gpa,
			 enum sim_exit_reason then)
{
	u64 code = type == SIM_ACCESS_WRITE ? GUEST_CODE_WRITE : GUEST_CODE_READ;

	sim_instruction_add(start_instruction(cpu, code, then), type, gpa, false);
}

/* A call: it pushes the return address; then comes the fetch at its target. */
static void program_exec(struct sim_cpu *cpu, u64 gpa)
{
	int id = cpu->vcpu->vcpu_id;

	sim_instruction_add(start_instruction(cpu, GUEST_CODE_EXEC, SIM_EXIT_NONE),
			    SIM_ACCESS_WRITE, GUEST_STACK_TOP(id) - 8, false);
	start_instruction(cpu, gpa, SIM_EXIT_IO);
}

/* The handler in SMM, without paging: an OUT, and back. */
static void program_smm(struct sim_cpu *cpu)
{
	sim_instruction_add(sim_cpu_add_instruction(cpu, SIM_EXIT_IO), SIM_ACCESS_FETCH,
			    SMM_HANDLER, false);
	sim_instruction_add(sim_cpu_add_instruction(cpu, SIM_EXIT_RSM), SIM_ACCESS_FETCH,
			    SMM_HANDLER, false);
}

void machine_run_program(struct sim_machine *machine, struct sim_cpu *cpu)
{
	struct kvm_vcpu *vcpu = cpu->vcpu;

	while (cpu->ip < cpu->nr_code) {
		int r = kvm_vcpu_run(vcpu);

		if (r) {
			report_exit(machine, SIM_EV_EXIT_ERROR, -r);
			return;
		}
		if (vcpu->run.exit_reason == KVM_EXIT_MMIO) {
			report_mmio(machine, &vcpu->run);
			sim_cpu_skip_step(cpu);
		} else if (vcpu->run.exit_reason == KVM_EXIT_INTERNAL_ERROR) {
			report_exit(machine, SIM_EV_EXIT_ERROR, EIO);
			return;
		} else if (vcpu->arch.smm) {
			report_exit(machine, SIM_EV_EXIT_SMM, 0);
		}
	}
}

static int op_vcpu(struct sim_machine *machine, const struct sim_op *op)
{
	struct sim_cpu *cpu = calloc(1, sizeof(*cpu));
	u64 data = GUEST_DATA(op->id);
	struct kvm_vcpu *vcpu;

	if (!cpu)
		return -ENOMEM;
	vcpu = kvm_vm_create_vcpu(machine->kvm, op->id, cpu);
	if (IS_ERR(vcpu)) {
		free(cpu);
		return PTR_ERR(vcpu);
	}
	cpu->vcpu = vcpu;
	machine->vm->cpus[op->id] = cpu;

	program_data(cpu, SIM_ACCESS_WRITE, data, SIM_EXIT_IO);
	program_data(cpu, SIM_ACCESS_READ, data, SIM_EXIT_IO);
	program_data(cpu, SIM_ACCESS_READ, data, SIM_EXIT_IO);
	machine_run_program(machine, cpu);
	return 0;
}

static int op_access(struct sim_machine *machine, const struct sim_op *op)
{
	static const enum sim_access_type types[] = {
		[SIM_OP_READ] = SIM_ACCESS_READ,
		[SIM_OP_WRITE] = SIM_ACCESS_WRITE,
		[SIM_OP_EXEC] = SIM_ACCESS_FETCH,
	};
	struct sim_cpu *cpu = machine->vm->cpus[op->id];

	if (machine_has_paging(machine, cpu)) {
		machine_linear_access(machine, cpu, types[op->type], op->gpa);
		return 0;
	}
	sim_cpu_reset(cpu);
	if (op->type == SIM_OP_EXEC)
		program_exec(cpu, op->gpa);
	else
		program_data(cpu, types[op->type], op->gpa, SIM_EXIT_IO);
	machine_run_program(machine, cpu);
	return 0;
}

static int op_smi(struct sim_machine *machine, const struct sim_op *op)
{
	struct sim_cpu *cpu = machine->vm->cpus[op->id];

	kvm_inject_smi(cpu->vcpu);
	machine_report_ret(machine, 0);

	sim_cpu_reset(cpu);
	program_smm(cpu);
	program_data(cpu, SIM_ACCESS_READ, GUEST_DATA(op->id), SIM_EXIT_IO);
	machine_run_program(machine, cpu);
	return 0;
}

/* ---- Many accesses ---- */

/*
 * One access, by an instruction whose own code page and tables the CPU has at hand.
 * Return: false if KVM_RUN failed, and the guest cannot go on.
 */
static bool access_once(struct sim_machine *machine, struct sim_cpu *cpu,
			enum sim_access_type type, u64 gpa)
{
	size_t nr_results = machine->recorder->results.nr;

	if (machine_has_paging(machine, cpu))
		return machine_linear_access(machine, cpu, type, gpa);
	sim_cpu_reset(cpu);
	sim_instruction_add(sim_cpu_add_instruction(cpu, SIM_EXIT_IO), type, gpa, false);
	machine_run_program(machine, cpu);
	return machine->recorder->results.nr == nr_results ||
	       machine->recorder->results.events[nr_results].type != SIM_EV_EXIT_ERROR;
}

static enum sim_access_type access_type(enum sim_op_access access, bool odd)
{
	static const enum sim_access_type types[] = {
		[SIM_OP_ACCESS_READ] = SIM_ACCESS_READ,
		[SIM_OP_ACCESS_WRITE] = SIM_ACCESS_WRITE,
		[SIM_OP_ACCESS_EXEC] = SIM_ACCESS_FETCH,
	};

	if (access == SIM_OP_ACCESS_MIX)
		return odd ? SIM_ACCESS_WRITE : SIM_ACCESS_READ;
	return types[access];
}

/* The loop's own page is touched once, as in any other access. */
static bool start_loop(struct sim_machine *machine, struct sim_cpu *cpu)
{
	if (machine_has_paging(machine, cpu))
		return true;
	sim_cpu_reset(cpu);
	start_instruction(cpu, GUEST_CODE_READ, SIM_EXIT_IO);
	machine_run_program(machine, cpu);
	return !machine->recorder->results.nr;
}

static int op_sweep(struct sim_machine *machine, const struct sim_op *op)
{
	struct sim_cpu *cpu = machine->vm->cpus[op->id];
	bool go_on = start_loop(machine, cpu);
	u64 offset;

	for (offset = 0; go_on && offset < op->size; offset += PAGE_SIZE)
		go_on = access_once(machine, cpu,
				    access_type(op->access, offset >> PAGE_SHIFT & 1),
				    op->gpa + offset);
	return 0;
}

/* A page and a bit from a 64-bit state (xorshift64*); the state is never 0. */
static u64 next_random(u64 *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

static int op_random(struct sim_machine *machine, const struct sim_op *op)
{
	u64 pages = op->size >> PAGE_SHIFT, state = op->seed * 2 + 1, i;
	struct sim_cpu *cpu = machine->vm->cpus[op->id];
	bool go_on = start_loop(machine, cpu);

	for (i = 0; go_on && i < op->count; i++) {
		u64 random = next_random(&state);

		go_on = access_once(machine, cpu, access_type(op->access, random & 1),
				    op->gpa + (random >> 8) % pages * PAGE_SIZE);
	}
	return 0;
}

/* KVM_PRE_FAULT_MEMORY: every page of the range, by the mapping's own size. */
static int op_prefault(struct sim_machine *machine, const struct sim_op *op)
{
	struct kvm_vcpu *vcpu = machine->vm->cpus[op->id]->vcpu;
	u64 gpa = op->gpa, end = op->gpa + op->size;
	int r = 0, idx;

	idx = srcu_read_lock(&machine->kvm->srcu);
	kvm_mmu_free_obsolete_roots(vcpu);
	kvm_check_request(KVM_REQ_MMU_FREE_OBSOLETE_ROOTS, vcpu);
	r = kvm_mmu_reload(vcpu);
	while (!r && gpa < end) {
		r = kvm_tdp_map_page(vcpu, gpa, PFERR_GUEST_FINAL_MASK | PFERR_USER_MASK);
		if (r > 0) {
			gpa = (gpa | (KVM_PAGES_PER_HPAGE(r) * PAGE_SIZE - 1)) + 1;
			r = 0;
		}
	}
	srcu_read_unlock(&machine->kvm->srcu, idx);
	machine_report_ret(machine, r);
	return 0;
}

static int op_nested(struct sim_machine *machine, const struct sim_op *op)
{
	kvm_set_guest_mode(machine->vm->cpus[op->id]->vcpu, op->on);
	return 0;
}

/* ---- The VM ---- */

static int op_vm(struct sim_machine *machine, const struct sim_op *op)
{
	machine->kvm = kvm_create_vm(&machine_world_ops, machine);
	if (!machine->kvm)
		return -ENOMEM;
	machine->vm->kvm = machine->kvm;
	machine->host->kvm = machine->host->vms[op->vm] = machine->kvm;
	return add_slot(machine, SIM_VM_SLOT, 0, SIM_VM_SIZE,
			SIM_VM_HVA + op->vm * SIM_VM_STRIDE, 0);
}

static int op_smram(struct sim_machine *machine, const struct sim_op *op)
{
	return add_slot(machine, SIM_SMRAM_SLOT, SIM_SMRAM_GPA, SIM_SMRAM_SIZE,
			SIM_SMRAM_HVA + op->vm * SIM_VM_STRIDE, 0);
}

static void destroy_vm(struct sim_machine *machine)
{
	int i;

	machine->host->kvm = machine->host->vms[machine->vm - machine->vms] = NULL;
	kvm_put_kvm(machine->kvm);
	machine->kvm = machine->vm->kvm = NULL;
	for (i = 0; i < KVM_MAX_VCPUS; i++) {
		if (!machine->vm->cpus[i])
			continue;
		machine->nr_accesses += machine->vm->cpus[i]->nr_accesses;
		sim_cpu_exit(machine->vm->cpus[i]);
		free(machine->vm->cpus[i]);
		machine->vm->cpus[i] = NULL;
	}
	memset(machine->vm->paging, 0, sizeof(machine->vm->paging));
	machine->vm->nr_slots = 0;
}

static int op_destroy(struct sim_machine *machine, const struct sim_op *op)
{
	/* KVM's own tracing does not show the invalidation that ends a VM. */
	machine->recorder->quiet_invalidation = true;
	destroy_vm(machine);
	return 0;
}

static int op_manual_protect(struct sim_machine *machine, const struct sim_op *op)
{
	machine_report_ret(machine, kvm_vm_enable_manual_dirty_log_protect(machine->kvm, op->flags));
	return 0;
}

static int op_param(struct sim_machine *machine, const struct sim_op *op)
{
	machine_report_ret(machine, kvm_mmu_set_param(op->name, op->value));
	return 0;
}

static int op_nx_recover(struct sim_machine *machine, const struct sim_op *op)
{
	kvm_recover_nx_huge_pages(machine->kvm, 1);
	return 0;
}

/* ---- Operations ---- */

static const struct {
	int (*run)(struct sim_machine *machine, const struct sim_op *op);
	bool host_ret;		/* the host's system call has a result */
	bool no_vm_stats, no_vcpu_stats;
} operations[SIM_OP_NR] = {
	[SIM_OP_VM]		= { .run = op_vm },
	[SIM_OP_MEMORY]		= { 0 },
	[SIM_OP_FILL]		= { 0 },
	[SIM_OP_SLOT]		= { .run = op_slot },
	[SIM_OP_SLOT_FLAGS]	= { .run = op_slot_change },
	[SIM_OP_SLOT_MOVE]	= { .run = op_slot_change },
	[SIM_OP_SLOT_DELETE]	= { .run = op_slot_change },
	[SIM_OP_VCPU]		= { .run = op_vcpu, .no_vcpu_stats = true },
	[SIM_OP_READ]		= { .run = op_access },
	[SIM_OP_WRITE]		= { .run = op_access },
	[SIM_OP_EXEC]		= { .run = op_access },
	[SIM_OP_MADVISE]	= { .host_ret = true },
	[SIM_OP_MPROTECT]	= { .host_ret = true },
	[SIM_OP_MUNMAP]		= { .host_ret = true },
	[SIM_OP_IDLE]		= { .host_ret = true },
	[SIM_OP_DIRTY_GET]	= { .run = machine_op_dirty_get },
	[SIM_OP_DIRTY_CLEAR]	= { .run = machine_op_dirty_clear },
	[SIM_OP_MANUAL_PROTECT]	= { .run = op_manual_protect },
	[SIM_OP_PARAM]		= { .run = op_param },
	[SIM_OP_NX_RECOVER]	= { .run = op_nx_recover },
	[SIM_OP_FORK]		= { 0 },
	[SIM_OP_SMRAM]		= { .run = op_smram },
	[SIM_OP_SMI]		= { .run = op_smi },
	[SIM_OP_SWEEP]		= { .run = op_sweep },
	[SIM_OP_RANDOM]		= { .run = op_random },
	[SIM_OP_PREFAULT]	= { .run = op_prefault },
	[SIM_OP_AGE]		= { 0 },
	[SIM_OP_TEST_YOUNG]	= { 0 },
	[SIM_OP_NESTED]		= { .run = op_nested },
	[SIM_OP_PAGING]		= { .run = machine_op_paging },
	[SIM_OP_GUEST_MAP]	= { .run = machine_op_guest_map },
	[SIM_OP_DESTROY]	= { .run = op_destroy, .no_vm_stats = true, .no_vcpu_stats = true },
};

/* What follows is about this VM. */
static void use_vm(struct sim_machine *machine, unsigned int vm)
{
	machine->vm = &machine->vms[vm];
	machine->kvm = machine->host->kvm = machine->vm->kvm;
}

int sim_machine_run(struct sim_machine *machine, const struct sim_op *op)
{
	int r = 0, host_ret;

	if (op->type == SIM_OP_MEMORY)
		strcpy(machine->memories[machine->nr_memories++], op->name);

	use_vm(machine, op->vm);
	sim_recorder_begin(machine->recorder, machine->kvm);
	host_ret = machine->host->ops->run_op(machine->host, op);
	if (!host_ret)
		machine_forget_contents(machine, op);
	if (operations[op->type].host_ret)
		machine_report_ret(machine, host_ret);
	if (operations[op->type].run)
		r = operations[op->type].run(machine, op);

	if (!machine->kvm)
		machine->recorder->kvm = NULL;
	sim_recorder_end(machine->recorder, !operations[op->type].no_vm_stats,
			 !operations[op->type].no_vcpu_stats);
	return machine->recorder->failed ? -ENOMEM : r;
}

void sim_machine_init(struct sim_machine *machine, struct sim_host *host,
		      struct sim_recorder *recorder)
{
	memset(machine, 0, sizeof(*machine));
	machine->host = host;
	machine->recorder = recorder;
	machine->vm = &machine->vms[0];
}

void sim_machine_exit(struct sim_machine *machine)
{
	unsigned int i;

	for (i = 0; i < SIM_MAX_VMS; i++) {
		use_vm(machine, i);
		if (machine->kvm)
			destroy_vm(machine);
		free(machine->vm->slots);
		machine->vm->slots = NULL;
	}
	sim_guest_memory_exit(&machine->memory);
}
