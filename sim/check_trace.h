/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_CHECK_TRACE_H
#define SIM_CHECK_TRACE_H

#include "mmu/mmutrace.h"
#include "sim/check_progress.h"
#include "sim/check_zap.h"
#include "sim/finding.h"
#include "sim/history.h"

/*
 * What feeds checkers from the tracepoints: every change of an SPTE is judged
 * (check_change.h) and remembered (history.h), zaps and page faults are counted
 * (check_progress.h), new pages told to those who must know (check_zap.h).  It stands before whatever sink there
 * is, which still gets everything.
 *
 * One thread at a time, or several of which only one runs.
 */
struct sim_check_trace {
	const struct kvm_trace_sink *next;
	struct sim_history history;
	struct sim_finding finding;	/* illegal changes */
	unsigned long nr_judged;
	struct sim_zap_check *zap;	/* NULL: nobody */
	/*
	 * NULL: nobody.  Each fault is told as a retry: whoever knows that the guest got on
	 * calls sim_progress_fault() himself.
	 */
	struct sim_progress *progress;
	unsigned int who;		/* for @progress: the number of who runs */
};

/**
 * sim_check_trace_start() - stand before the present sink.
 * @trace: all zero, but for what the caller sets: history.who, zap, progress
 *
 * No thread traces.  One at a time in the process.
 */
void sim_check_trace_start(struct sim_check_trace *trace);

/** sim_check_trace_stop() - give the tracepoints back.  No thread traces. */
void sim_check_trace_stop(void);

#endif /* SIM_CHECK_TRACE_H */
