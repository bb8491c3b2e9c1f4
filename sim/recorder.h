/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_RECORDER_H
#define SIM_RECORDER_H

#include "mmu/kvm_host.h"
#include "sim/event.h"

/*
 * Turns what a VM does into the lines of a recording, an operation at a time: a
 * sink of the tracepoints, and of what the world around the VM tells.
 */

/* A growing array of events. */
struct sim_event_list {
	struct sim_event *events;
	size_t nr, capacity;
};

struct sim_recorder {
	/* Of the present operation, in the three parts in which they are printed. */
	struct sim_event_list results, events, stats;
	/* How many events of each type; of a folded run each counts. */
	u64 nr_of[SIM_EV_NR];
	/* Count events, and keep none: for runs whose lines nobody wants. */
	bool count_only;
	struct sim_event scratch;
	/* SPTE changes seen since sim_recorder_init(), each of a folded run counted. */
	u64 nr_spte_changes;
	bool failed;			/* out of memory: the lists are incomplete */

	/* Numbers of page tables by frame, as the order of their appearance gives them. */
	u32 *table_numbers;
	u32 nr_tables;

	/* The host's last answer to a fault, until it is known whether it will be used. */
	struct sim_event host_page;
	bool have_host_page;

	/* Statistics when the operation began. */
	struct kvm *kvm;
	u64 vm_stat[SIM_STAT_VM_NR];
	struct kvm_vcpu_stat *vcpu_stat;
	bool quiet_invalidation;	/* destroy: its invalidation is not recorded */
};

/** sim_recorder_init() - an empty recorder: 0 or -ENOMEM. */
int sim_recorder_init(struct sim_recorder *rec);

/** sim_recorder_exit() - free what it holds. */
void sim_recorder_exit(struct sim_recorder *rec);

/**
 * sim_recorder_attach() - receive all tracepoints from now on.
 *
 * One recorder at a time, while no other thread traces.  NULL detaches.
 */
void sim_recorder_attach(struct sim_recorder *rec);

/** sim_recorder_begin() - forget the last operation; @kvm may be NULL. */
void sim_recorder_begin(struct sim_recorder *rec, struct kvm *kvm);

/**
 * sim_recorder_end() - compute what the statistics added.
 * @vm: of the VM
 * @vcpus: of the vCPUs
 */
void sim_recorder_end(struct sim_recorder *rec, bool vm, bool vcpus);

/** sim_recorder_add() - an input line, as it is. */
void sim_recorder_add(struct sim_recorder *rec, const struct sim_event *event);

/** sim_recorder_result() - a result of the operation. */
void sim_recorder_result(struct sim_recorder *rec, const struct sim_event *event);

/** sim_recorder_young() - the result of a "test-young". */
void sim_recorder_young(struct sim_recorder *rec, bool young);

/** sim_recorder_host_page() - what the host answered; recorded if the fault gets to use it. */
void sim_recorder_host_page(struct sim_recorder *rec, const struct sim_event *event);

#endif /* SIM_RECORDER_H */
