/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

#include "mmu/mmu.h"
#include "sim/check_host.h"
#include "sim/check_notifier.h"
#include "sim/check_tables.h"
#include "sim/check_zap.h"
#include "sim/finding.h"
#include "sim/mem.h"
#include "sim/stress_internal.h"

/* What is checked of whole VMs, while no thread is at work. */

static u64 count_roots(struct kvm *kvm)
{
	struct list_head *root;
	u64 nr = 0;

	list_for_each(root, &kvm->arch.tdp_mmu_roots)
		nr++;
	return nr;
}

static bool lives(void *ctx, hva_t hva, kvm_pfn_t pfn)
{
	struct sim_host_page page;

	return sim_host_model_lookup(ctx, hva, &page) && page.pfn == pfn;
}

static void check_vm(struct stress *stress, struct stress_vm *vm)
{
	struct kvm *kvm = vm->kvm;
	char err[SIM_FINDING_SIZE];

	if (!sim_check_tables(kvm, err, sizeof(err)) ||
	    !sim_check_host(kvm, &stress->host, err, sizeof(err)) ||
	    !sim_check_zap_slots(kvm, NULL, err, sizeof(err)) ||
	    (!__atomic_load_n(&stress->mmio_over_leaf, __ATOMIC_RELAXED) &&
	     !sim_check_cached(kvm, lives, &stress->host, NULL, err, sizeof(err))) ||
	    (stress->config->vms == 1 &&
	     !sim_check_page_count(kvm, stress->pages, err, sizeof(err))))
		stress_found(stress, "VM %u: %s", vm->number, err);
	stress->nr_live_roots += count_roots(kvm);
	stress->result->nr_checks++;
}

/*
 * KVM's own threads are none of ours: the zap worker is waited for, and the NX recovery
 * worker ends and is started again.
 */
void stress_check(struct stress *stress)
{
	unsigned int i;

	stress->nr_live_roots = 0;
	for (i = 0; i < stress->config->vms; i++) {
		struct kvm *kvm = stress->vms[i].kvm;

		if (!kvm)
			continue;
		if (kvm->arch.tdp_mmu_zap_wq)
			flush_workqueue(kvm->arch.tdp_mmu_zap_wq);
		kvm_mmu_pre_destroy_vm(kvm);
		check_vm(stress, &stress->vms[i]);
		if (kvm_mmu_post_init_vm(kvm))
			stress_found(stress, "no more threads can be made");
	}
}

void stress_check_leaks(struct stress *stress)
{
	unsigned long pages, objects;

	rcu_barrier();
	pages = sim_mem_pages_in_use();
	objects = sim_mem_objects_in_use();
	if (pages != stress->pages || objects != stress->objects)
		stress_found(stress, "a VM is gone, but left %ld pages and %ld objects",
			     (long)(pages - stress->pages), (long)(objects - stress->objects));
}
