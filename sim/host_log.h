/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_HOST_LOG_H
#define SIM_HOST_LOG_H

#include "sim/event.h"
#include "sim/host.h"
#include "sim/recorder.h"

/*
 * The host of a replay: it does what the host did that was recorded, and nothing of
 * its own.  Its answers are the "host" lines of the operation that is running.
 */
struct sim_host_log {
	struct sim_host host;
	struct sim_recorder *recorder;	/* told what is taken from the log */
	const struct sim_event *events;	/* of the present operation */
	size_t nr, next;
	int64_t ret;			/* the recorded result of a host operation */
	/* The mapping that was answered last, for mapping_level(). */
	int page_level;
	bool in_fault;
	/* A line that no host can have, given those before it, and why; or NULL. */
	const struct sim_event *impossible;
	char why[128];
};

/** sim_host_log_init() - a host that tells @recorder what it replays. */
void sim_host_log_init(struct sim_host_log *log, struct sim_recorder *recorder);

/** sim_host_log_begin() - the host lines are now those among @events. */
void sim_host_log_begin(struct sim_host_log *log, const struct sim_event *events, size_t nr);

#endif /* SIM_HOST_LOG_H */
