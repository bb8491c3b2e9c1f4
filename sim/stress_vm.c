/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/err.h>
#include <linux/rcupdate.h>

#include "mmu/mmu.h"
#include "sim/stress_internal.h"

/* The life of VMs: one after the other is made, used by many threads, and destroyed. */

/* ---- The beginning ---- */

static int add_slots(struct stress_vm *vm, struct kvm *kvm)
{
	int i, r = 0;

	for (i = 0; !r && i < STRESS_NR_SLOTS; i++) {
		const struct stress_slot *slot = &stress_slots[i];
		u32 flags = stress_random(&vm->thread, 3) ? 0 : KVM_MEM_LOG_DIRTY_PAGES;

		r = stress_set_slot(kvm, slot, slot->gpa, slot->size, flags);
	}
	return r;
}

static int add_vcpus(struct stress_vm *vm, struct kvm *kvm)
{
	unsigned int i;

	for (i = 0; i < vm->thread.stress->config->vcpus; i++) {
		struct stress_vcpu *self = calloc(1, sizeof(*self));
		struct kvm_vcpu *vcpu;

		if (!self)
			return -ENOMEM;
		vm->vcpus[i] = self;
		vcpu = kvm_vm_create_vcpu(kvm, i, &self->cpu);
		if (IS_ERR(vcpu))
			return PTR_ERR(vcpu);
		self->cpu.vcpu = vcpu;
	}
	return 0;
}

static void free_vcpus(struct stress_vm *vm)
{
	unsigned int i;

	for (i = 0; i < SIM_STRESS_MAX_VCPUS && vm->vcpus[i]; i++) {
		sim_cpu_exit(&vm->vcpus[i]->cpu);
		free(vm->vcpus[i]);
		vm->vcpus[i] = NULL;
	}
}

/* With a slot's log that is all set at first, or without; at the VMM's own pace, or not. */
static void choose_dirty_log_protocol(struct stress_vm *vm, struct kvm *kvm)
{
	static const u64 protocols[] = {
		0,
		KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE,
		KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE | KVM_DIRTY_LOG_INITIALLY_SET,
	};

	kvm_vm_enable_manual_dirty_log_protect(kvm, protocols[stress_random(&vm->thread, 3)]);
}

/* Its creation fails now and then, late, and must leave nothing behind. */
static struct kvm *create_empty_vm(struct stress_vm *vm)
{
	struct stress *stress = vm->thread.stress;
	struct kvm *kvm;

	do {
		kvm = kvm_create_vm(&stress_world_ops, vm);
		if (!kvm && stress->config->vms == 1)
			stress_check_leaks(stress);
	} while (!kvm && vm->refused);
	return kvm;
}

static struct kvm *create_vm(struct stress_vm *vm)
{
	struct stress *stress = vm->thread.stress;
	struct kvm *kvm = create_empty_vm(vm);
	int r = -ENOMEM;

	if (!kvm)
		goto out;
	if (stress->config->vms == 1)
		__atomic_store_n(&stress->mmio_over_leaf, false, __ATOMIC_RELAXED);
	/* The VM is on the list already, and writers of parameters look for its worker. */
	mutex_lock(&kvm_lock);
	r = kvm_mmu_post_init_vm(kvm);
	mutex_unlock(&kvm_lock);
	choose_dirty_log_protocol(vm, kvm);
	if (!r)
		r = add_slots(vm, kvm);
	if (!r)
		r = add_vcpus(vm, kvm);
	if (!r)
		return kvm;
	kvm_put_kvm(kvm);
	free_vcpus(vm);
out:
	stress_found(stress, "VM %u could not be made: error %d", vm->number, r);
	return NULL;
}

/* ---- The threads ---- */

static u64 thread_seed(const struct stress_vm *vm, u64 life, unsigned int index)
{
	return (life << 16 | (u64)vm->number << 8 | index) + 1000;
}

/* The reference is the thread's, if there is a thread. */
static void start_thread(struct stress_vm *vm, struct kvm *kvm, struct stress_thread *thread,
			 void (*main)(struct stress_thread *thread), const char *what, u64 life,
			 unsigned int number)
{
	thread->stress = vm->thread.stress;
	thread->vm = vm;
	thread->kvm = kvm;
	kvm_get_kvm(kvm);
	if (!stress_thread_start(thread, main, thread_seed(vm, life, number), "VM %u %s %u",
				 vm->number, what, thread->index))
		return;
	kvm_put_kvm(kvm);
	thread->kvm = NULL;
	stress_found(thread->stress, "no more threads can be made");
}

static void start_threads(struct stress_vm *vm, struct kvm *kvm, u64 life)
{
	unsigned int i, nr = vm->thread.stress->config->vcpus;

	for (i = 0; i < nr; i++) {
		vm->vcpus[i]->thread.index = i;
		start_thread(vm, kvm, &vm->vcpus[i]->thread, stress_vcpu_main, "vCPU", life, i);
	}
	for (i = 0; i < STRESS_MAX_IOCTLS; i++) {
		vm->ioctls[i].index = i;
		start_thread(vm, kvm, &vm->ioctls[i], stress_ioctl_main, "ioctls", life, 100 + i);
	}
}

static void end_thread(struct stress_thread *thread)
{
	if (thread->kvm)
		stress_thread_join(thread);
	thread->kvm = NULL;
}

static void end_vcpus(struct stress_vm *vm)
{
	unsigned int i, nr = vm->thread.stress->config->vcpus;

	stress_doing(&vm->thread, "ends vCPUs");
	for (i = 0; i < nr; i++)
		stress_thread_stop(&vm->vcpus[i]->thread);
	for (i = 0; i < nr; i++)
		end_thread(&vm->vcpus[i]->thread);
}

static void end_ioctls(struct stress_vm *vm)
{
	unsigned int i;

	stress_doing(&vm->thread, "ends ioctls");
	for (i = 0; i < STRESS_MAX_IOCTLS; i++)
		stress_thread_stop(&vm->ioctls[i]);
	for (i = 0; i < STRESS_MAX_IOCTLS; i++)
		end_thread(&vm->ioctls[i]);
}

/* ---- The end.  The host and the parameters go on in each of them. ---- */

/* All is closed in good order. */
static void close_files(struct stress_vm *vm, struct kvm *kvm)
{
	end_vcpus(vm);
	end_ioctls(vm);
	stress_doing(&vm->thread, "puts the VM");
	kvm_put_kvm(kvm);
}

/* The VM's own file is closed first, and whoever is the last to let go destroys it. */
static void close_file_early(struct stress_vm *vm, struct kvm *kvm)
{
	kvm_put_kvm(kvm);
	end_vcpus(vm);
	end_ioctls(vm);
}

/*
 * The owner's memory goes away, and with it all that KVM maps, while others still hold
 * the VM.  vCPUs cannot run without that memory; ioctls still come in.
 */
static void exit_owner(struct stress_vm *vm, struct kvm *kvm)
{
	end_vcpus(vm);
	stress_doing(&vm->thread, "releases the notifiers");
	kvm_mmu_notifier_release(kvm);
	stress_world_ops.mmu_notifier_unregister(kvm);
	stress_sleep(&vm->thread, stress_random(&vm->thread, 2000));
	vm->kvm = NULL;
	kvm_put_kvm(kvm);
	end_ioctls(vm);
}

static void destroy_vm(struct stress_vm *vm, struct kvm *kvm)
{
	static void (*const ends[])(struct stress_vm *vm, struct kvm *kvm) = {
		close_files, close_file_early, exit_owner,
	};
	unsigned int how = stress_random(&vm->thread, 3);

	/* Only an owner that is gone leaves something that can be checked on the way. */
	if (how != 2)
		vm->kvm = NULL;
	ends[how](vm, kvm);
	free_vcpus(vm);
	if (vm->thread.stress->config->vms == 1)
		stress_check_leaks(vm->thread.stress);
	stress_count(&vm->thread.stress->counters.vms, 1);
}

/* Milliseconds. */
static unsigned int choose_life(struct stress_thread *thread)
{
	if (thread->stress->config->mix == SIM_STRESS_ROOTS)
		return 2 + stress_random(thread, 30);
	return 10 + stress_random(thread, 190);
}

void stress_vm_main(struct stress_thread *thread)
{
	struct stress_vm *vm = thread->vm;
	u64 life = 0;

	while (stress_go_on(thread)) {
		struct kvm *kvm;

		stress_doing(thread, "makes a VM");
		kvm = create_vm(vm);
		if (!kvm)
			return;
		start_threads(vm, kvm, life++);
		vm->kvm = kvm;
		stress_sleep(thread, choose_life(thread) * 1000);
		destroy_vm(vm, kvm);
	}
}
