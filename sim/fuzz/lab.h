/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_FUZZ_LAB_H
#define SIM_FUZZ_LAB_H

#include "mmu/module.h"
#include "sim/cpu.h"
#include "sim/det/det.h"
#include "sim/fuzz/watch.h"
#include "sim/fuzz/workload.h"
#include "sim/host_model.h"

/*
 * Where workloads are carried out: a machine, a host, one VM, and a task for each thread
 * of the workload.  One schedule is one life of all of these.
 *
 * What is judged, besides WARN(), BUG(), lockdep, use after free, deadlock and livelock:
 *  - an access of a guest, as it happens: the memslot and the host have just that frame
 *    there, and a write is allowed.  An MMU notifier does not return, and a memslot does
 *    not go, before every vCPU has left guest mode and forgotten, so anything else went
 *    through a stale translation;
 *  - every change of an SPTE, what is cached, slots, notifiers, the dirty log (watch.h), and
 *    that KVM tells the host about pages only while the host has them;
 *  - when all threads have ended: tables, counters and references (check_tables.h,
 *    check_refs.h), the host's pages (check_host.h), the dirty log; and when the VM is gone:
 *    leaks.
 */

/* The machine that a workload runs on. */
struct sim_lab_machine {
	const struct sim_profile *profile;
	bool ept;
	unsigned int levels;
	bool ad, pml;		/* EPT */
	bool preempt;		/* CONFIG_PREEMPTION */
	bool nx;		/* nx_huge_pages=force */
	bool eager_split;
	bool caches;		/* CPUs have TLBs */
	bool range_flush;	/* a hypervisor below flushes ranges of them */
	/*
	 * After how many changes, from the VM's beginning, its counters start anew: the
	 * generation of memslots as far as MMIO SPTEs hold it, and mmu_invalidate_seq.  The logs
	 * that CPUs write (PML) are nearly full.  0: all begins as a kernel's does, and that is
	 * out of reach.
	 */
	unsigned int wrap;
};

/** sim_lab_machine_default() - the default profile on EPT, 4 levels, all features. */
struct sim_lab_machine sim_lab_machine_default(void);

/** sim_lab_machine_set() - "profile=v6.12" and so on: false if there is no such. */
bool sim_lab_machine_set(struct sim_lab_machine *machine, const char *key, const char *value);

/** sim_lab_machine_apply() - the same of "key=value", or of several, with blanks between them. */
bool sim_lab_machine_apply(struct sim_lab_machine *machine, const char *settings);

/** sim_lab_machine_print() - all of it as "key=value", blank separated; returns @buf. */
const char *sim_lab_machine_print(const struct sim_lab_machine *machine, char *buf, size_t size);

/* Page that KVM has taken and not put yet. */
#define SIM_LAB_MAX_TAKEN	32

/* Bytes of the guest that a vCPU's CPU forgets before it runs the guest again; up to 0: none. */
struct sim_lab_flush {
	u64 start, end;
};

struct sim_lab {
	const struct sim_workload *workload;
	struct sim_lab_machine machine;
	bool loaded;		/* the module, for @machine */
	bool reload;		/* the workload changes parameters */
	u64 giant_pages;	/* of 1 GiB, that the host may have to find */
	/*
	 * Whether every run destroys its VM, not only those of a workload that does so.  If
	 * not, the VM is left as it is once it has been checked: that saves most of a run.
	 */
	bool teardown;

	/* Of one run. */
	struct sim_host_model host;
	struct srcu_struct notifiers;	/* held for read by whoever may call MMU notifiers */
	struct kvm *kvm;		/* until main has no reference any more */
	struct sim_cpu cpus[8];
	struct sim_lab_flush flushes[8];
	bool runs_guest[8];
	u64 nr_accesses[8];		/* when the vCPU was last seen */
	const struct sim_race_op *doing[SIM_DET_MAX_TASKS];
	kvm_pfn_t taken[SIM_LAB_MAX_TAKEN];
	unsigned int nr_taken;
	bool release_file;	/* a thread has done "destroy" */
	struct sim_watch watch;
};

/**
 * sim_lab_init() - get ready for a workload.
 * @workload: stays where it is
 *
 * Return: 0; -EINVAL for a machine that cannot be.
 */
int sim_lab_init(struct sim_lab *lab, const struct sim_workload *workload,
		 const struct sim_lab_machine *machine);

/** sim_lab_exit() - no more runs. */
void sim_lab_exit(struct sim_lab *lab);

/**
 * sim_lab_run() - one schedule.
 *
 * Return: as sim_det_run().
 */
int sim_lab_run(struct sim_lab *lab, const struct sim_det_config *config,
		struct sim_det_result *result);

/* ---- For the lab's own files ---- */

/** sim_lab_do() - ops.c: one operation, by the task that runs. */
void sim_lab_do(struct sim_lab *lab, const struct sim_race_op *op);

/** sim_lab_is_hosts() - whether an operation is one of the host's, which knows nothing of VMs. */
bool sim_lab_is_hosts(const struct sim_race_op *op);

/** sim_lab_world_ops - world.c: what mmu/ asks of the lab. */
extern const struct sim_world_ops sim_lab_world_ops;

/** sim_lab_judge_access() - world.c: sim_cpu_on_access. */
void sim_lab_judge_access(struct kvm_vcpu *vcpu, const struct sim_access *access,
			  const struct sim_tlb_entry *entry, bool hit);

/** sim_lab_check_end() - check.c: when all threads have ended, and the VM is there. */
void sim_lab_check_end(struct sim_lab *lab);

/** sim_lab_check_gone() - check.c: when the VM is gone. */
void sim_lab_check_gone(struct sim_lab *lab);

#endif /* SIM_FUZZ_LAB_H */
