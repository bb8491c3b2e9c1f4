/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>
#include <linux/container_of.h>

#include "mmu/mmu.h"
#include "mmu/x86.h"
#include "sim/stress_internal.h"

/* A vCPU: what its guest does, and what its thread does between two KVM_RUNs. */

static struct stress_vcpu *to_vcpu(struct stress_thread *thread)
{
	return container_of(thread, struct stress_vcpu, thread);
}

static struct stress_vcpu *stress_vcpu_of(struct kvm_vcpu *vcpu)
{
	return container_of((struct sim_cpu *)vcpu->world, struct stress_vcpu, cpu);
}

/* ---- The world that KVM asks ---- */

static struct stress *stress_of(struct kvm *kvm)
{
	return stress_vm_of(kvm)->thread.stress;
}

/* The host's page may have to be read from a disk: long enough for much to happen meanwhile. */
static void wait_for_disk(void)
{
	static __thread unsigned int state;

	state = state * 1664525 + 1013904223;
	if (state >> 25 == 0)
		usleep(300);
}

static int world_get_page(struct kvm *kvm, const struct kvm_memory_slot *slot, gfn_t gfn,
			  hva_t hva, bool write, struct sim_host_page *page)
{
	struct stress *stress = stress_of(kvm);
	struct sim_host *host = &stress->host.host;
	int r;

	/* Copy-on-write calls notifiers. */
	pthread_rwlock_rdlock(&stress->notifiers);
	r = host->ops->get_page(host, slot, gfn, hva, write, page);
	pthread_rwlock_unlock(&stress->notifiers);
	wait_for_disk();
	return r;
}

static void world_put_page(struct kvm *kvm, kvm_pfn_t pfn)
{
	struct sim_host *host = &stress_of(kvm)->host.host;

	host->ops->put_page(host, pfn);
}

static int world_mapping_level(struct kvm *kvm, hva_t hva)
{
	struct sim_host *host = &stress_of(kvm)->host.host;

	return host->ops->mapping_level(host, hva);
}

/* The model does not look at these; but dirtying a page that is free is an error by itself. */
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

/*
 * The guest's program is short, and a kick shall find the guest at work: again and again.
 * A guest that faults where it has faulted waits for another thread, which may need this
 * one's processor to get on.
 */
static void world_run_guest(struct kvm_vcpu *vcpu)
{
	struct stress_vcpu *self = stress_vcpu_of(vcpu);
	u64 nr_accesses = self->cpu.nr_accesses;

	for (;;) {
		sim_cpu_run(vcpu);
		if (self->cpu.nr_accesses == nr_accesses)
			sched_yield();
		if (vcpu->arch.exit.reason != SIM_EXIT_IO || !self->rounds)
			return;
		self->rounds--;
		self->cpu.ip = self->cpu.first_step = 0;
	}
}

/* One in so many is refused: its owner is told to die while it waits. */
#define REFUSE_ONE_IN	8

/* Waits until nobody is in the middle of an invalidation. */
static int world_register(struct kvm *kvm)
{
	struct stress_vm *vm = stress_vm_of(kvm);
	struct stress *stress = stress_of(kvm);

	vm->refused = !stress_random(&vm->thread, REFUSE_ONE_IN);
	if (vm->refused)
		return -EINTR;
	pthread_rwlock_wrlock(&stress->notifiers);
	stress->host.host.vms[vm->number] = kvm;
	pthread_rwlock_unlock(&stress->notifiers);
	return 0;
}

/* Waits for those who are just calling a notifier. */
static void world_unregister(struct kvm *kvm)
{
	struct stress *stress = stress_of(kvm);
	struct kvm **registered = &stress->host.host.vms[stress_vm_of(kvm)->number];

	pthread_rwlock_wrlock(&stress->notifiers);
	if (*registered == kvm)
		*registered = NULL;
	pthread_rwlock_unlock(&stress->notifiers);
}

const struct sim_world_ops stress_world_ops = {
	.get_page = world_get_page,
	.put_page = world_put_page,
	.mapping_level = world_mapping_level,
	.set_pfn_dirty = world_set_pfn_dirty,
	.set_pfn_accessed = world_set_pfn_accessed,
	.is_mmio_pfn = world_is_mmio_pfn,
	.run_guest = world_run_guest,
	.flush_tlb = sim_cpu_flush_tlb,
	.kick = sim_cpu_kick,
	.mmu_notifier_register = world_register,
	.mmu_notifier_unregister = world_unregister,
};

/* ---- Judging accesses ---- */

/* One access in so many: each takes the host's lock, which keeps threads from colliding. */
#define JUDGE_ONE_IN	4

static const char *judge(struct kvm_vcpu *vcpu, const struct sim_access *access, u64 pfn)
{
	struct sim_host_model *host = &stress_of(vcpu->kvm)->host;
	const struct kvm_memory_slot *slot;
	struct sim_host_page page;

	slot = kvm_vcpu_gfn_to_memslot(vcpu, gpa_to_gfn(access->gpa));
	if (!slot)
		return "no memslot is there";
	if (!sim_host_model_lookup(host, gfn_to_hva_memslot(slot, gpa_to_gfn(access->gpa)), &page))
		return "the host maps nothing there";
	if (page.pfn != pfn)
		return "the host maps another frame there";
	if (access->type == SIM_ACCESS_WRITE && !page.writable)
		return "the host does not let it be written";
	return NULL;
}

void stress_judge_access(struct kvm_vcpu *vcpu, const struct sim_access *access,
			 const struct sim_tlb_entry *entry, bool hit)
{
	struct stress_thread *thread = &stress_vcpu_of(vcpu)->thread;
	u64 pfn = (entry->hpa + (access->gpa - entry->gpa)) >> PAGE_SHIFT;
	const char *wrong;
	int idx;

	if (entry->table || stress_random(thread, JUDGE_ONE_IN) ||
	    (hit && __atomic_load_n(&thread->stress->mmio_over_leaf, __ATOMIC_RELAXED)))
		return;
	stress_count(&thread->stress->counters.judged, 1);
	idx = srcu_read_lock(&vcpu->kvm->srcu);
	wrong = judge(vcpu, access, pfn);
	srcu_read_unlock(&vcpu->kvm->srcu, idx);
	if (wrong)
		stress_found(thread->stress,
			     "%s: access of type %d to gpa 0x%llx by a %s translation to frame "
			     "0x%llx (level %d): %s", thread->name, access->type,
			     (unsigned long long)access->gpa, hit ? "cached" : "new",
			     (unsigned long long)pfn, entry->level, wrong);
}

/* ---- The guest's accesses ---- */

enum pattern { SEQUENTIAL, RANDOM, HOT, NR_PATTERNS };

#define HOT_PAGES	8

static u64 page_of_pattern(struct stress_vcpu *self, enum pattern pattern, u64 pages)
{
	switch (pattern) {
	case SEQUENTIAL:
		return self->cursor++ % pages;
	case HOT:
		return stress_random(&self->thread, HOT_PAGES) * 67 % pages;
	default:
		return stress_random(&self->thread, pages);
	}
}

/* Mostly where a slot is, or might be; now and then where never is one. */
static u64 choose_gpa(struct stress_vcpu *self, enum pattern pattern)
{
	struct stress_thread *thread = &self->thread;
	const struct stress_slot *slot = &stress_slots[stress_random(thread, STRESS_NR_SLOTS)];
	u64 gpa = slot->gpa + page_of_pattern(self, pattern, slot->size / 4096) * 4096;

	if (!stress_random(thread, 64))
		return 0xfee00000;
	return gpa + (slot->move && stress_random(thread, 2) ? slot->move : 0);
}

static enum sim_access_type choose_type(struct stress_thread *thread, unsigned int writes)
{
	unsigned int n = stress_random(thread, 16);

	if (n < writes)
		return SIM_ACCESS_WRITE;
	return n == 15 ? SIM_ACCESS_FETCH : SIM_ACCESS_READ;
}

/* From SMM it goes back after a program or two. */
static void write_program(struct stress_vcpu *self, enum pattern pattern, unsigned int writes)
{
	unsigned int nr = 1 + stress_random(&self->thread, SIM_MAX_INSTRUCTIONS), i, n;
	bool rsm = self->cpu.vcpu->arch.smm && stress_random(&self->thread, 2);

	sim_cpu_reset(&self->cpu);
	for (i = 0; i < nr; i++) {
		struct sim_instruction *insn = sim_cpu_add_instruction(&self->cpu,
			rsm && i == nr - 1 ? SIM_EXIT_RSM : SIM_EXIT_NONE);

		for (n = 1 + stress_random(&self->thread, 3); n; n--)
			sim_instruction_add(insn, choose_type(&self->thread, writes),
					    choose_gpa(self, pattern), false);
	}
	self->rounds = rsm ? 0 : stress_random(&self->thread, 32);
}

static void count_vcpu(struct stress_vcpu *self)
{
	struct stress_counters *counters = &self->thread.stress->counters;
	u64 faults = self->cpu.vcpu->stat.pf_taken;

	stress_count(&counters->faults, faults - self->nr_faults);
	self->nr_faults = faults;
	stress_count(&counters->accesses, self->cpu.nr_accesses);
	self->cpu.nr_accesses = 0;
}

/* KVM_RUN until the program is done.  Where the host lets nobody in, it never will be. */
static void run_program(struct stress_vcpu *self)
{
	struct kvm_vcpu *vcpu = self->cpu.vcpu;

	while (self->cpu.ip < self->cpu.nr_code) {
		int r = kvm_vcpu_run(vcpu);

		if (r && r != -EFAULT)
			stress_found(self->thread.stress, "%s: KVM_RUN returned %d",
				     self->thread.name, r);
		if (r || vcpu->run.exit_reason == KVM_EXIT_INTERNAL_ERROR)
			break;
		if (vcpu->run.exit_reason == KVM_EXIT_MMIO)
			sim_cpu_skip_step(&self->cpu);
	}
	count_vcpu(self);
}

static void do_accesses(struct stress_thread *thread)
{
	struct stress_vcpu *self = to_vcpu(thread);

	write_program(self, stress_random(thread, NR_PATTERNS), 4);
	run_program(self);
}

static void do_writes(struct stress_thread *thread)
{
	struct stress_vcpu *self = to_vcpu(thread);

	write_program(self, stress_random(thread, NR_PATTERNS), 14);
	run_program(self);
}

/* ---- What else happens to a vCPU ---- */

/* To any of the VM's, as an interrupt controller would send it. */
static void do_smi(struct stress_thread *thread)
{
	unsigned int nr = thread->stress->config->vcpus;

	kvm_inject_smi(thread->vm->vcpus[stress_random(thread, nr)]->cpu.vcpu);
	do_accesses(thread);
}

static void do_unload(struct stress_thread *thread)
{
	kvm_mmu_unload(to_vcpu(thread)->cpu.vcpu);
	do_accesses(thread);
}

/* A nested guest is entered and left under kvm->srcu, as by any exit. */
static void do_nested(struct stress_thread *thread)
{
	struct kvm_vcpu *vcpu = to_vcpu(thread)->cpu.vcpu;
	int idx = srcu_read_lock(&vcpu->kvm->srcu);

	kvm_set_guest_mode(vcpu, !vcpu->arch.guest_mode);
	srcu_read_unlock(&vcpu->kvm->srcu, idx);
	do_accesses(thread);
}

/* KVM_PRE_FAULT_MEMORY for one page. */
static void do_prefault(struct stress_thread *thread)
{
	struct stress_vcpu *self = to_vcpu(thread);
	struct kvm_vcpu *vcpu = self->cpu.vcpu;
	int idx = srcu_read_lock(&vcpu->kvm->srcu), r;

	kvm_mmu_free_obsolete_roots(vcpu);
	r = kvm_mmu_reload(vcpu);
	if (!r)
		r = kvm_tdp_map_page(vcpu, choose_gpa(self, RANDOM),
				     PFERR_GUEST_FINAL_MASK | PFERR_USER_MASK);
	srcu_read_unlock(&vcpu->kvm->srcu, idx);
	if (r < 0 && r != -EAGAIN && r != -ENOENT && r != -EFAULT)
		stress_found(thread->stress, "%s: prefault returned %d", thread->name, r);
}

static const struct stress_choice choices[] = {
	{ "accesses",	do_accesses,	{ 60, 60, 20, 60, 20 } },
	{ "writes",	do_writes,	{ 20, 40, 60, 20, 10 } },
	{ "SMI",	do_smi,		{ 4, 1, 4, 4, 20 } },
	{ "unload",	do_unload,	{ 4, 1, 2, 4, 20 } },
	{ "nested",	do_nested,	{ 4, 1, 4, 4, 20 } },
	{ "prefault",	do_prefault,	{ 8, 8, 8, 8, 8 } },
};

void stress_vcpu_main(struct stress_thread *thread)
{
	while (stress_go_on(thread))
		stress_choose(thread, choices, sizeof(choices) / sizeof(choices[0]));
	stress_doing(thread, "puts the VM");
	kvm_put_kvm(thread->kvm);
}
