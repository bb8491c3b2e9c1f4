/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_STRESS_H
#define SIM_STRESS_H

#include <stdio.h>

#include "sim/run.h"

/*
 * The world on real threads: VMs with a thread for each vCPU, ioctls, the host's memory
 * management, module parameters, NX recovery, and VMs that come and go.  Nothing is
 * recorded and nothing can be replayed: the seed decides what each thread does, the
 * machine it runs on decides when.
 *
 * What is judged:
 *  - a guest's access, while the vCPU is in guest mode: the host maps the address of the
 *    memslot to just that frame, and lets it be written if the access is a write.  As an
 *    MMU notifier does not return before this vCPU has left guest mode, anything else is
 *    an access through a stale translation;
 *  - now and then all threads stop, and sim_check_tables() and sim_check_host() run;
 *  - what KVM_RUN and the ioctls return, every WARN() and BUG(), lockdep in builds with
 *    assertions, and what is left when a VM is gone;
 *  - that threads get on: a watchdog ends the process if none does.
 */

#define SIM_STRESS_MAX_VCPUS	16
#define SIM_STRESS_MAX_VMS	2

/* What weighs more than it would in "all". */
enum sim_stress_mix {
	SIM_STRESS_ALL,
	SIM_STRESS_FAULTS,	/* accesses, and a host that takes pages away */
	SIM_STRESS_LOGS,	/* dirty logging */
	SIM_STRESS_SLOTS,	/* memslots that come, go and move */
	SIM_STRESS_ROOTS,	/* SMIs, unloading, nested guests, parameters; short lives of VMs */
	SIM_STRESS_NR_MIXES
};

/**
 * struct sim_stress_config - what is to be run
 * @machine: profile, CPU, parameters and host
 * @vcpus: of each VM, a thread each; 1 to SIM_STRESS_MAX_VCPUS
 * @vms: at a time; 1 to SIM_STRESS_MAX_VMS
 * @seconds: how long
 * @seed: of all choices
 * @patience: seconds in which no thread gets on, until that is taken for a hang; a single
 *	      thread is given six times as long
 * @mix: which choices are likely
 * @lines: gets a line a second; NULL: nobody does
 */
struct sim_stress_config {
	struct sim_run_config machine;
	unsigned int vcpus;
	unsigned int vms;
	double seconds;
	u64 seed;
	double patience;
	enum sim_stress_mix mix;
	FILE *lines;
};

/* Bytes for the report of what was found first. */
#define SIM_STRESS_REPORT_SIZE	1024

struct sim_stress_result {
	u64 nr_accesses;	/* of guests, that found memory */
	u64 nr_judged;		/* of them, compared with the host's tables */
	u64 nr_faults;
	u64 nr_vms;		/* that were created, and destroyed again */
	u64 nr_checks;		/* of whole VMs, while all threads stood still */
	u64 nr_found;		/* 0: clean */
	char first[SIM_STRESS_REPORT_SIZE];	/* what was found first, if anything */
};

/** sim_stress_mix_name() - "all" and so on; NULL past the last one. */
const char *sim_stress_mix_name(unsigned int mix);

/** sim_stress_config_init() - the default machine, 4 vCPUs, one VM, 10 seconds, seed 1. */
void sim_stress_config_init(struct sim_stress_config *config);

/**
 * sim_stress_run() - run it, in this thread and many others, which have ended on return.
 * @result: filled, unless it could not be started
 *
 * sim_init() has been called, and there is no VM.  A BUG(), or threads that do not get
 * on, end the process with status 1 and a message on stderr.
 *
 * Return: 0, whatever was found; -EINVAL for a CPU that cannot be; -ENOMEM; -EAGAIN if
 * there are too many threads.
 */
int sim_stress_run(const struct sim_stress_config *config, struct sim_stress_result *result);

#endif /* SIM_STRESS_H */
