/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

#include "mmu/mmu.h"
#include "sim/check_host.h"
#include "sim/check_tables.h"
#include "sim/fuzz/lab.h"
#include "sim/mem.h"
#include "sim/sim.h"

/* What is checked when all threads of a schedule have ended. */

void sim_lab_check_end(struct sim_lab *lab)
{
	struct kvm *kvm = lab->kvm;
	char err[512];

	if (kvm->arch.tdp_mmu_zap_wq)
		flush_workqueue(kvm->arch.tdp_mmu_zap_wq);
	rcu_barrier();
	sim_det_quiet(1);
	if (!sim_check_tables(kvm, err, sizeof(err)) ||
	    !sim_check_page_count(kvm, 0, err, sizeof(err)) ||
	    !sim_check_host(kvm, &lab->host, err, sizeof(err)))
		sim_det_fail("at the end: %s", err);
	sim_watch_check_end(lab);
	sim_det_quiet(-1);
	if (lab->nr_taken)
		sim_det_fail("at the end: KVM keeps %u references on pages of the host",
			     lab->nr_taken);
}

void sim_lab_check_gone(struct sim_lab *lab)
{
	/* kvm_mmu_uninit_vm() waits for the last: their code may be unloaded now. */
	if (sim_rcu_callbacks_pending())
		sim_det_fail("the VM is gone, but left %lu RCU callbacks",
			     sim_rcu_callbacks_pending());
	if (sim_mem_pages_in_use() || sim_mem_objects_in_use())
		sim_det_fail("the VM is gone, but left %lu pages and %lu objects",
			     sim_mem_pages_in_use(), sim_mem_objects_in_use());
}
