/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_FUZZ_WORKLOAD_H
#define SIM_FUZZ_WORKLOAD_H

#include <linux/types.h>

#include "sim/scenario.h"

/*
 * A workload: what is set up, by one task, and then what several threads do at once.  Its
 * lines are operations of the scenario language (docs/scenarios.md), and some more:
 *
 *	thread NAME		what follows is done by a thread of that name
 *	unload V		vCPU V lets go of its roots
 *	zap-range GPA SIZE	KVM drops a range, as when the guest's memory types change
 *	clear-young NAME OFFSET SIZE	the host ages a range and does not flush, as for page_idle
 *	exit-mm			the memory of the VM's owner goes away: the notifiers' release
 *	create-fail		another VM cannot be made, after its MMU was
 *
 * A vCPU belongs to the one thread that uses it.  "destroy" drops the reference of the VM's
 * file; each thread has one of its own, and whoever is the last to let go destroys the VM.
 */

#define SIM_WORKLOAD_MAX_THREADS	8
#define SIM_WORKLOAD_MAX_OPS		48	/* of a thread, or of the set-up */
#define SIM_WORKLOAD_NAME_SIZE		24

enum sim_race_op_type {
	SIM_RACE_SCENARIO,	/* @op says what */
	SIM_RACE_UNLOAD,
	SIM_RACE_ZAP_RANGE,
	SIM_RACE_CLEAR_YOUNG,
	SIM_RACE_EXIT_MM,
	SIM_RACE_CREATE_FAIL,
};

struct sim_race_op {
	enum sim_race_op_type type;
	struct sim_op op;	/* others use its id, gpa, name, offset, size and text */
};

struct sim_race_thread {
	char name[SIM_WORKLOAD_NAME_SIZE];
	struct sim_race_op *ops;
	unsigned int nr_ops;
};

struct sim_workload {
	char name[SIM_WORKLOAD_NAME_SIZE];
	struct sim_race_thread setup;
	struct sim_race_thread threads[SIM_WORKLOAD_MAX_THREADS];
	unsigned int nr_threads;
};

/**
 * sim_workload_add_line() - read one line into a workload.
 * @w: all zero before the first
 * @text: NUL terminated, without newline; blank lines and comments do nothing
 * @line: its number, for the message of an operation that fails
 * @err: on failure what is wrong, without file or line
 *
 * Return: false on failure.
 */
bool sim_workload_add_line(struct sim_workload *w, const char *text, unsigned int line, char *err,
			   size_t err_size);

/**
 * sim_workload_check() - whether it fits together, when all lines are there.
 * @line: of what is wrong
 *
 * vCPUs, slots and memories must have been set up, and a vCPU used by one thread.
 */
bool sim_workload_check(const struct sim_workload *w, char *err, size_t err_size,
			unsigned int *line);

/** sim_workload_parse() - a whole text: NULL with "NAME:LINE: what is wrong" in @err. */
struct sim_workload *sim_workload_parse(const char *name, const char *text, char *err,
					size_t err_size);

/** sim_workload_copy() - NULL: out of memory. */
struct sim_workload *sim_workload_copy(const struct sim_workload *w);

/** sim_workload_drop() - take an operation away. */
void sim_workload_drop(struct sim_race_thread *thread, unsigned int index);

/** sim_workload_free() - NULL is allowed. */
void sim_workload_free(struct sim_workload *w);

/** sim_workload_slot() - how the workload set up a slot: its "slot" line, or NULL. */
const struct sim_op *sim_workload_slot(const struct sim_workload *w, u64 id);

/** sim_race_op_uses_vcpu() - whether it is an operation of the vCPU op.id. */
bool sim_race_op_uses_vcpu(const struct sim_race_op *op);

/** sim_workload_hva() - where a slot's memory begins in the host. */
u64 sim_workload_hva(const struct sim_workload *w, const struct sim_op *slot);

/* ---- stock.c: those that tdpsim brings along ---- */

struct sim_stock {
	const char *name;
	const char *about;	/* one line */
	const char *text;
	/* Machine options that it needs, for sim_lab_machine_apply(), or NULL. */
	const char *machine;
};

/** sim_stock_at() - by number; NULL past the last one. */
const struct sim_stock *sim_stock_at(unsigned int index);

/** sim_stock_find() - by name, or NULL. */
const struct sim_stock *sim_stock_find(const char *name);

#endif /* SIM_FUZZ_WORKLOAD_H */
