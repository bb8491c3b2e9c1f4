/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_CHECKS_H
#define SIM_CHECKS_H

#include "sim/check_dirty.h"
#include "sim/check_notifier.h"
#include "sim/check_stale.h"
#include "sim/check_trace.h"
#include "sim/check_zap.h"
#include "sim/host_model.h"
#include "sim/machine.h"

/*
 * The checkers that watch a machine while it works, put where they hear of everything: the
 * tracepoints, the guests' accesses, the host's invalidations, and the operations.  Beside
 * those that look at a VM that stands still: check_tables.h, check_host.h.
 *
 * For a machine that one thread drives, on the model of a host.
 */
struct sim_checks {
	struct sim_host_model *host;
	char doing[SIM_OP_TEXT_SIZE];	/* the operation, for the history */
	struct sim_check_trace trace;
	struct sim_stale_log stale;
	struct sim_zap_check zap;
	bool zap_begun, zap_armed;	/* asked for; over, and to be judged from then on */
	struct sim_dirty dirty;
	struct sim_notifier_check notifier;
	struct sim_progress progress;
	struct sim_finding finding;	/* of invalidations, and of the checks themselves */
};

/**
 * sim_checks_start() - begin to watch.
 * @checks: any
 * @host: the machine's
 *
 * No VM exists, and whatever else takes tracepoints does so already.  One at a time.
 */
void sim_checks_start(struct sim_checks *checks, struct sim_host_model *host);

/** sim_checks_before() - the machine is about to carry out an operation. */
void sim_checks_before(struct sim_checks *checks, const struct sim_machine *machine,
		       const struct sim_op *op);

/**
 * sim_checks_after() - it has; judge all that was seen, and the VM, if it is there.
 * @err: what is wrong, if something is
 * @err_size: bytes at @err
 *
 * Return: true if all is well.
 */
bool sim_checks_after(struct sim_checks *checks, const struct sim_machine *machine,
		      const struct sim_op *op, char *err, size_t err_size);

/** sim_checks_stop() - watch no more, and free what was needed for it. */
void sim_checks_stop(struct sim_checks *checks);

#endif /* SIM_CHECKS_H */
