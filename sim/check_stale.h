/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_CHECK_STALE_H
#define SIM_CHECK_STALE_H

#include "sim/cpu.h"

/*
 * That no vCPU uses what KVM has taken away.
 *
 * Invariant: whenever a CPU uses a cached translation, a walk of the vCPU's present root
 * would allow the access and find the same memory with the same type, and a write that
 * sets no D flag, though D is clear, is in the dirty log if its slot has one; and whenever
 * a walk begins at a cached table, the root leads to just that table.
 * Otherwise some flush is missing, came too late, or went to the wrong vCPU
 * (docs/sptes.md; v6.1 to v6.12).
 *
 * Four things are no such loss:
 *  - a cleared A flag, which KVM does not flush for;
 *  - a cleared D flag otherwise: up to v6.12 a prefetch that meets a writable leaf makes it
 *    anew without D.  It tells the host's page, and the dirty log, at once, and KVM flushes
 *    before either is relied on again;
 *  - an entry that was taken R, W and X for access tracking, as it counts as what it is
 *    restored to: likewise;
 *  - anything while a request is pending that will flush: who made it still waits.
 *
 * Sound as long as a change of SPTEs and its flush request cannot be told apart by the
 * guest, as when one thread drives all vCPUs.  With a thread for each, a vCPU may be judged
 * between the two.
 */

/* Bytes that hold every report. */
#define SIM_STALE_REPORT_SIZE	2560

/* What the checker has found; all zero before it starts. */
struct sim_stale_log {
	unsigned long nr_judged;	/* uses of cached entries; atomic */
	unsigned long nr_stale;		/* atomic */
	char first[SIM_STALE_REPORT_SIZE];	/* the report of the first */
};

/**
 * sim_check_stale() - judge one use of a cached entry.
 * @vcpu: in guest mode, on its own thread
 * @access: what it is used for
 * @entry: the translation, or the table
 * @report: if it is stale: what was used, what the tables say, and the entries on the way
 * @report_size: bytes at @report
 *
 * Reads the tables and changes nothing.  Takes kvm->srcu and the RCU read lock.
 *
 * Return: whether all is well.
 */
bool sim_check_stale(struct kvm_vcpu *vcpu, const struct sim_access *access,
		     const struct sim_tlb_entry *entry, char *report, size_t report_size);

/**
 * sim_check_stale_start() - judge all of them from now on; takes sim_cpu_on_access.
 * @log: where findings are noted, until sim_check_stale_stop()
 *
 * No guest runs.
 */
void sim_check_stale_start(struct sim_stale_log *log);

/** sim_check_stale_stop() - judge no more.  No guest runs. */
void sim_check_stale_stop(void);

#endif /* SIM_CHECK_STALE_H */
