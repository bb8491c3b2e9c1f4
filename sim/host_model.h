/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_HOST_MODEL_H
#define SIM_HOST_MODEL_H

#include <linux/mutex.h>

#include "sim/frames.h"
#include "sim/host.h"
#include "sim/host_pt.h"
#include "sim/machine.h"
#include "sim/recorder.h"
#include "sim/vma.h"

/*
 * A model of Linux's memory management, as the process that runs a VM has it: areas,
 * anonymous pages, the page of zeroes, copy-on-write, transparent and explicit huge
 * pages, protection, fork, reclaim, and the MMU notifiers that each of these calls.
 *
 * It knows two kernels, v6.1 and v6.12.  What it leaves out: there is no swap, so
 * reclaim ages and splits but frees nothing; khugepaged does not come by; a child of
 * fork() ends before anybody else runs; memory is never short unless told to be.
 *
 * Any thread may ask for pages.  The host's own operations run one after the other.
 */

struct sim_host_model_config {
	bool thp;		/* a kernel with transparent huge pages, on where advised */
	bool contiguous;	/* frames of neighbouring pages follow each other */
	unsigned long fail_nth;	/* the n-th allocation of a page from now on fails; 0: none */
	bool old_host;		/* as v6.1: set_pte notifier, idle ages; false: as v6.12 */
	u64 nr_frames;		/* 0: SIM_FRAMES_DEFAULT */
};

struct sim_host_model {
	struct sim_host host;
	struct sim_host_model_config config;
	struct sim_recorder *recorder;

	/* One operation of the host at a time: held throughout, KVM never waits for it. */
	struct mutex mmap_lock;
	/*
	 * What is below.  Never held while a notifier runs: KVM may ask for a page then,
	 * and a notifier waits for mmu_lock, whose holders ask for mapping levels.
	 */
	struct mutex lock;
	struct sim_frames frames;
	struct sim_vmas vmas;
	struct sim_host_pt pt;
	u32 nr_anon_vmas;

	char memories[SIM_MACHINE_MAX_MEMORIES][48];
	size_t nr_memories;
	/* Where the guest may have written since the last operation began: bytes. */
	unsigned int written_vm;
	u64 written_gpa, written_size;
};

/**
 * sim_host_model_init() - a host whose VMM has no memory yet.
 * @m: uninitialised
 * @rec: told the "host" lines, as a recording has them; NULL: nobody
 * @cfg: copied
 *
 * m->host is for sim_machine_init().  Frame numbers depend on nothing but the order of
 * what happens.
 *
 * Return: 0; -EINVAL for a number of frames that cannot be; -ENOMEM.
 */
int sim_host_model_init(struct sim_host_model *m, struct sim_recorder *rec,
			const struct sim_host_model_config *cfg);

/** sim_host_model_exit() - free all of it; the VM is gone, or at least will not ask again. */
void sim_host_model_exit(struct sim_host_model *m);

/**
 * sim_frame_get() - the owner record of a frame.
 *
 * Takes no lock, and the record is valid until the host does something: for tests and
 * checkers, between operations.
 *
 * Return: as sim_frames_get(); for the pages of zeroes a record without owner, whose
 * generation is 0.
 */
const struct sim_frame *sim_frame_get(const struct sim_host_model *m, u64 pfn);

/**
 * sim_host_model_lookup() - what the host maps at an address now, without a fault.
 * @hva: any host address
 * @page: on success as get_page() would fill it for a read, but without a reference
 *
 * Return: whether anything is mapped there.
 */
bool sim_host_model_lookup(struct sim_host_model *m, u64 hva, struct sim_host_page *page);

/** sim_host_model_peek() - the same without a lock: for who knows that nobody else runs. */
bool sim_host_model_peek(struct sim_host_model *m, u64 hva, struct sim_host_page *page);

/**
 * sim_host_model_fail_nth() - let an allocation of a page fail.
 * @n: which one from now on; 1 is the next; 0 is none
 *
 * Where a huge page cannot be had small ones do, so only the failure of a small one, or
 * of one of hugetlb, is -EFAULT for a guest.
 */
void sim_host_model_fail_nth(struct sim_host_model *m, unsigned long n);

#endif /* SIM_HOST_MODEL_H */
