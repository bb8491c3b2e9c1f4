/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_CHECKED_RUN_H
#define SIM_CHECKED_RUN_H

#include "sim/checks.h"
#include "sim/host_model.h"
#include "sim/machine.h"

/*
 * A VM on the model of a host, with all that is known to be invariant checked after
 * every operation: for random scenarios, where nobody knows what exactly must come
 * out.
 */

/* What a scenario can be run on. */
struct sim_setup {
	const struct sim_profile *profile;
	bool ept;		/* else NPT */
	unsigned int levels;	/* 4 or 5 */
	bool ad, pml;		/* EPT: the CPU's flags and log are used */
};

/**
 * sim_setup_at() - all profiles, formats, levels, with and without A/D and PML, by number.
 * @index: from 0
 * @setup: filled
 *
 * Return: false past the last one.
 */
bool sim_setup_at(unsigned int index, struct sim_setup *setup);

/** sim_setup_count() - how many there are. */
unsigned int sim_setup_count(void);

/** sim_setup_name() - as in "v6.12-ept4-ad-pml"; returns @buf. */
const char *sim_setup_name(const struct sim_setup *setup, char *buf, size_t size);

/** sim_setup_find() - the number of the set-up of that name, or -1. */
int sim_setup_find(const char *name);

struct sim_checked_run {
	struct sim_setup setup;
	struct sim_recorder recorder;
	struct sim_host_model host;
	struct sim_host_ops host_ops;	/* the host's own, but for counting */
	struct sim_machine machine;
	struct sim_checks checks;
	unsigned long nr_ops;
	/* The n-th allocation of KVM's fails in the next operation that can bear it; 0: none. */
	unsigned long fail_alloc;
	/* In use before there was a VM. */
	unsigned long pages, objects;
	unsigned long warns;
};

/**
 * sim_checked_run_init() - what several runs, one after the other, can share.
 *
 * sim_init() has been called.
 *
 * Return: 0 or -ENOMEM.
 */
int sim_checked_run_init(struct sim_checked_run *run);

/** sim_checked_run_exit() - undo sim_checked_run_init(). */
void sim_checked_run_exit(struct sim_checked_run *run);

/**
 * sim_checked_run_start() - load the module, and get a host ready.
 *
 * Warnings of the kernel's code are collected from here on: each ends the run.
 *
 * Return: 0, -ENOMEM or -EINVAL.
 */
int sim_checked_run_start(struct sim_checked_run *run, const struct sim_setup *setup,
			  const struct sim_host_model_config *host);

/**
 * sim_checked_run_op() - carry out one operation and check.
 * @err: what is broken
 * @err_size: bytes at @err
 *
 * The tables (check_tables.h), the host's pages (check_host.h), that KVM gave back all
 * references to pages of the host, and now and then that every page of KVM's own is
 * accounted for; and all that was seen while it went on (checks.h): every change of an
 * SPTE, every use of a cached translation, every invalidation, zaps, and the dirty log.
 *
 * Return: whether nothing is broken.
 */
bool sim_checked_run_op(struct sim_checked_run *run, const struct sim_op *op, char *err,
			size_t err_size);

/**
 * sim_checked_run_stop() - destroy the VM, if there is one, and check that nothing is left.
 *
 * Return: as sim_checked_run_op().
 */
bool sim_checked_run_stop(struct sim_checked_run *run, char *err, size_t err_size);

#endif /* SIM_CHECKED_RUN_H */
