/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <linux/err.h>
#include <linux/srcu.h>
#include <string.h>

#include "mmu/mmu.h"
#include "mmu/module.h"
#include "mmu/spte.h"
#include "mmu/x86.h"
#include "sim/fuzz/lab.h"

/* The operations of a workload, each by the task that comes to it. */

/* Another thread may have been first, so these tell nothing. */
static void expect(const struct sim_race_op *op, int r)
{
	if (r && r != -EINVAL && r != -EEXIST && r != -ENOENT && r != -ENOMEM)
		sim_det_fail("\"%s\" returned %d", op->op.text, r);
}

/* ---- VM, vCPUs and slots ---- */

/* As if the VM had lived for years: so many changes more, and these counters start anew. */
static void age_counters(struct kvm *kvm, unsigned int left)
{
	u64 gen = MMIO_SPTE_GEN_MASK + 1 - (u64)left * KVM_ADDRESS_SPACE_NUM;
	int i;

	for (i = 0; i < KVM_ADDRESS_SPACE_NUM; i++)
		kvm->memslots[i]->generation = gen + (u64)i;
	kvm->mmu_invalidate_seq = 0ul - left;
}

static void do_vm(struct sim_lab *lab, const struct sim_race_op *op)
{
	lab->kvm = kvm_create_vm(&sim_lab_world_ops, lab);
	if (!lab->kvm)
		sim_det_fail("out of memory");
	if (lab->machine.wrap)
		age_counters(lab->kvm, lab->machine.wrap);
	sim_watch_new_vm(lab);
}

static void do_vcpu(struct sim_lab *lab, const struct sim_race_op *op)
{
	struct sim_cpu *cpu = &lab->cpus[op->op.id];
	struct kvm_vcpu *vcpu = kvm_vm_create_vcpu(lab->kvm, (int)op->op.id, cpu);

	if (PTR_ERR(vcpu) == -ENOMEM)
		return;
	if (IS_ERR(vcpu))
		sim_det_fail("\"%s\" returned %ld", op->op.text, PTR_ERR(vcpu));
	cpu->vcpu = vcpu;
	/* The log of the CPU, too: it is filled from its end, and full below 0. */
	if (lab->machine.wrap)
		vcpu->arch.pml_index = (u16)((lab->machine.wrap - 1) % 4);
}

static int set_region(struct sim_lab *lab, const struct sim_op *slot, u64 gpa, u64 size, u32 flags)
{
	const struct kvm_userspace_memory_region region = {
		.slot = (u32)slot->id,
		.flags = flags,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = sim_workload_hva(lab->workload, slot),
	};

	return kvm_set_memory_region(lab->kvm, &region);
}

/* Where it is by now, and with which flags; if it is gone, as the workload has made it. */
static struct sim_op slot_as_it_is(struct sim_lab *lab, u64 id)
{
	struct sim_op now = *sim_workload_slot(lab->workload, id);
	const struct kvm_memory_slot *slot;
	int idx;

	sim_det_quiet(1);
	idx = srcu_read_lock(&lab->kvm->srcu);
	slot = id_to_memslot(__kvm_memslots(lab->kvm, (int)(id >> 16)), (int)(id & 0xffff));
	if (slot) {
		now.gpa = slot->base_gfn << PAGE_SHIFT;
		now.flags = slot->flags & (KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_READONLY);
	}
	srcu_read_unlock(&lab->kvm->srcu, idx);
	sim_det_quiet(-1);
	return now;
}

static void do_slot(struct sim_lab *lab, const struct sim_race_op *op)
{
	const struct sim_op slot = slot_as_it_is(lab, op->op.id);
	int r;

	sim_watch_slot_begin(lab, op);
	switch (op->op.type) {
	case SIM_OP_SLOT:
		r = set_region(lab, &op->op, op->op.gpa, op->op.size, op->op.flags);
		break;
	case SIM_OP_SLOT_DELETE:
		r = set_region(lab, &slot, slot.gpa, 0, 0);
		break;
	case SIM_OP_SLOT_MOVE:
		r = set_region(lab, &slot, op->op.gpa, slot.size, slot.flags);
		break;
	default:
		r = set_region(lab, &slot, slot.gpa, slot.size, op->op.flags);
	}
	sim_watch_slot_end(lab, op, r);
	expect(op, r);
}

/* ---- The guest ---- */

/* KVM_RUN, until the access is done or KVM_RUN fails, as it does where the host has nothing. */
static void run_guest(struct sim_lab *lab, struct sim_cpu *cpu, const struct sim_race_op *op)
{
	while (cpu->ip < cpu->nr_code) {
		int r = kvm_vcpu_run(cpu->vcpu);

		if (r && r != -EFAULT && r != -ENOMEM && r != -EIO)
			sim_det_fail("\"%s\": KVM_RUN returned %d", op->op.text, r);
		if (r || cpu->vcpu->run.exit_reason == KVM_EXIT_INTERNAL_ERROR)
			return;
		if (cpu->vcpu->run.exit_reason == KVM_EXIT_MMIO) {
			sim_watch_mmio(lab, cpu->vcpu);
			sim_cpu_skip_step(cpu);
		}
	}
}

static void do_access(struct sim_lab *lab, const struct sim_race_op *op)
{
	struct sim_cpu *cpu = &lab->cpus[op->op.id];
	enum sim_access_type type = SIM_ACCESS_READ;

	if (op->op.type == SIM_OP_WRITE)
		type = SIM_ACCESS_WRITE;
	else if (op->op.type == SIM_OP_EXEC)
		type = SIM_ACCESS_FETCH;
	sim_cpu_reset(cpu);
	sim_instruction_add(sim_cpu_add_instruction(cpu, SIM_EXIT_IO), type, op->op.gpa, false);
	run_guest(lab, cpu, op);
}

/*
 * Into SMM and out of it, by a write to the slots of SMM, if there are any, and a read of the
 * others: so the vCPU gets both roots.
 */
static void do_smi(struct sim_lab *lab, const struct sim_race_op *op)
{
	struct sim_cpu *cpu = &lab->cpus[op->op.id];
	const struct sim_op *slot = sim_workload_slot(lab->workload, 1u << 16);
	u64 gpa = slot ? slot->gpa : 0;

	kvm_inject_smi(cpu->vcpu);
	sim_cpu_reset(cpu);
	sim_instruction_add(sim_cpu_add_instruction(cpu, SIM_EXIT_RSM), SIM_ACCESS_WRITE, gpa, false);
	sim_instruction_add(sim_cpu_add_instruction(cpu, SIM_EXIT_IO), SIM_ACCESS_READ, gpa, false);
	run_guest(lab, cpu, op);
}

static void do_unload(struct sim_lab *lab, const struct sim_race_op *op)
{
	kvm_mmu_unload(lab->cpus[op->op.id].vcpu);
}

static void do_nested(struct sim_lab *lab, const struct sim_race_op *op)
{
	int idx = srcu_read_lock(&lab->kvm->srcu);

	kvm_set_guest_mode(lab->cpus[op->op.id].vcpu, op->op.on);
	srcu_read_unlock(&lab->kvm->srcu, idx);
}

static void do_prefault(struct sim_lab *lab, const struct sim_race_op *op)
{
	struct kvm_vcpu *vcpu = lab->cpus[op->op.id].vcpu;
	int idx = srcu_read_lock(&lab->kvm->srcu), r;

	kvm_mmu_free_obsolete_roots(vcpu);
	r = kvm_mmu_reload(vcpu);
	if (!r)
		r = kvm_tdp_map_page(vcpu, op->op.gpa, PFERR_GUEST_FINAL_MASK | PFERR_USER_MASK);
	srcu_read_unlock(&lab->kvm->srcu, idx);
	if (r < 0 && r != -EAGAIN && r != -ENOENT && r != -EFAULT && r != -ENOMEM)
		sim_det_fail("\"%s\" returned %d", op->op.text, r);
}

/* ---- The VMM and the administrator ---- */

#define MAX_LOG_PAGES	4096

static void do_dirty_get(struct sim_lab *lab, const struct sim_race_op *op)
{
	unsigned long bitmap[BITS_TO_LONGS(MAX_LOG_PAGES)];
	int r = kvm_vm_ioctl_get_dirty_log(lab->kvm, (u32)op->op.id, bitmap);

	if (!r)
		sim_watch_log_fetched(lab, op->op.id, bitmap);
	expect(op, r);
}

static void do_dirty_clear(struct sim_lab *lab, const struct sim_race_op *op)
{
	unsigned long bitmap[BITS_TO_LONGS(MAX_LOG_PAGES)];
	int r;

	memset(bitmap, 0xff, sizeof(bitmap));
	r = kvm_vm_ioctl_clear_dirty_log(lab->kvm, (u32)op->op.id, op->op.offset, op->op.size,
					 bitmap);
	if (!r)
		sim_watch_log_cleared(lab, op->op.id, op->op.offset, op->op.size);
	expect(op, r);
}

static void do_manual_protect(struct sim_lab *lab, const struct sim_race_op *op)
{
	expect(op, kvm_vm_enable_manual_dirty_log_protect(lab->kvm, op->op.flags));
}

static void do_param(struct sim_lab *lab, const struct sim_race_op *op)
{
	expect(op, kvm_mmu_set_param(op->op.name, op->op.value));
}

static void do_recover(struct sim_lab *lab, const struct sim_race_op *op)
{
	kvm_recover_nx_huge_pages(lab->kvm, 1);
}

static void do_zap_range(struct sim_lab *lab, const struct sim_race_op *op)
{
	gfn_t start = gpa_to_gfn(op->op.gpa), end = gpa_to_gfn(op->op.gpa + op->op.size);

	sim_watch_zap_range_begin(lab);
	kvm_zap_gfn_range(lab->kvm, start, end);
	sim_watch_zap_range_end(lab, start, end);
}

/* The owner's exit: pages go after this, and nobody is told. */
static void do_exit_mm(struct sim_lab *lab, const struct sim_race_op *op)
{
	kvm_mmu_notifier_release(lab->kvm);
	sim_watch_owner_gone(lab);
}

static void do_create_fail(struct sim_lab *lab, const struct sim_race_op *op)
{
	if (kvm_create_vm(&sim_lab_world_ops, lab))
		sim_det_fail("\"%s\" made a VM", op->op.text);
}

static void do_destroy(struct sim_lab *lab, const struct sim_race_op *op)
{
	lab->release_file = true;
	kvm_put_kvm(lab->kvm);
}

/* ---- The host ---- */

static void do_host(struct sim_lab *lab, const struct sim_race_op *op)
{
	int idx = srcu_read_lock(&lab->notifiers);

	/* What it returns depends on what other threads do: nothing to be expected. */
	lab->host.host.ops->run_op(&lab->host.host, &op->op);
	srcu_read_unlock(&lab->notifiers, idx);
}

static void do_clear_young(struct sim_lab *lab, const struct sim_race_op *op)
{
	hva_t start = sim_workload_hva(lab->workload, &op->op);
	int idx = srcu_read_lock(&lab->notifiers);

	sim_host_notify_clear_young(&lab->host.host, start, start + op->op.size);
	srcu_read_unlock(&lab->notifiers, idx);
}

/* ---- All of them ---- */

typedef void (*do_fn)(struct sim_lab *lab, const struct sim_race_op *op);

static const do_fn scenario_ops[SIM_OP_NR] = {
	[SIM_OP_VM] = do_vm,
	[SIM_OP_MEMORY] = do_host,
	[SIM_OP_FILL] = do_host,
	[SIM_OP_SLOT] = do_slot,
	[SIM_OP_SLOT_FLAGS] = do_slot,
	[SIM_OP_SLOT_MOVE] = do_slot,
	[SIM_OP_SLOT_DELETE] = do_slot,
	[SIM_OP_VCPU] = do_vcpu,
	[SIM_OP_READ] = do_access,
	[SIM_OP_WRITE] = do_access,
	[SIM_OP_EXEC] = do_access,
	[SIM_OP_MADVISE] = do_host,
	[SIM_OP_MPROTECT] = do_host,
	[SIM_OP_MUNMAP] = do_host,
	[SIM_OP_IDLE] = do_host,
	[SIM_OP_FORK] = do_host,
	[SIM_OP_AGE] = do_host,
	[SIM_OP_TEST_YOUNG] = do_host,
	[SIM_OP_DIRTY_GET] = do_dirty_get,
	[SIM_OP_DIRTY_CLEAR] = do_dirty_clear,
	[SIM_OP_MANUAL_PROTECT] = do_manual_protect,
	[SIM_OP_PARAM] = do_param,
	[SIM_OP_NX_RECOVER] = do_recover,
	[SIM_OP_SMI] = do_smi,
	[SIM_OP_PREFAULT] = do_prefault,
	[SIM_OP_NESTED] = do_nested,
	[SIM_OP_DESTROY] = do_destroy,
};

static const do_fn own_ops[] = {
	[SIM_RACE_UNLOAD] = do_unload,
	[SIM_RACE_ZAP_RANGE] = do_zap_range,
	[SIM_RACE_CLEAR_YOUNG] = do_clear_young,
	[SIM_RACE_EXIT_MM] = do_exit_mm,
	[SIM_RACE_CREATE_FAIL] = do_create_fail,
};

static do_fn function_of(const struct sim_race_op *op)
{
	return op->type == SIM_RACE_SCENARIO ? scenario_ops[op->op.type] : own_ops[op->type];
}

bool sim_lab_is_hosts(const struct sim_race_op *op)
{
	return function_of(op) == do_host || function_of(op) == do_clear_young;
}

void sim_lab_do(struct sim_lab *lab, const struct sim_race_op *op)
{
	do_fn fn = function_of(op);

	/* One that could not be made does nothing. */
	if (!sim_race_op_uses_vcpu(op) || lab->cpus[op->op.id].vcpu)
		fn(lab, op);
}
