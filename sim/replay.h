/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_REPLAY_H
#define SIM_REPLAY_H

#include <limits.h>
#include <stdio.h>

#include "sim/host_log.h"
#include "sim/machine.h"
#include "sim/recording.h"

/*
 * Replay: do what a recording says was done, on a host that answers as the recorded
 * one did, and compare everything that comes of it with what the real kernel did.
 */

struct sim_replay_options {
	bool keep_going;	/* go on behind a mismatch, at the next operation */
	size_t stop_after;	/* operations to carry out; 0: all */
	FILE *out;		/* mismatches; NULL: silent */
	FILE *lines;		/* what the replay did, as a recording; NULL: nowhere */
};

struct sim_replay_result {
	size_t nr_ops;		/* carried out */
	size_t nr_events;	/* lines compared */
	u64 nr_spte_changes;	/* each of a folded run counted */
	size_t nr_mismatches;	/* operations that differ */
	size_t first_mismatch;	/* number of the first of them, from 1 */
};

/* A replay in progress. */
struct sim_replay {
	const struct sim_recording *recording;
	struct sim_recorder recorder;
	struct sim_host_log host;
	struct sim_machine machine;
	char err[PATH_MAX + 512];	/* why sim_replay_run() gave up */
};

/**
 * sim_replay_check() - whether a recording can be replayed at all.
 * @err: if not, "NAME:LINE: what is wrong"
 *
 * There must be a profile for its kernel, its parameters must be known, and its
 * operations must fit together.
 */
bool sim_replay_check(const struct sim_recording *recording, char *err, size_t err_size);

/**
 * sim_replay_load_module() - load the module on a CPU and with parameters as the head says.
 * @rec: any recording
 * @profile: instead of the recorded kernel's; NULL: that
 * @err: on failure "NAME: what is wrong"
 *
 * sim_init() has been called, and no VM exists.  sim_replay_start() does this; it is for
 * those who run the operations of a recording on a host of their own.
 *
 * Return: 0; -EINVAL for a recording that sim_replay_check() does not accept; -ENOMEM.
 */
int sim_replay_load_module(const struct sim_recording *rec, const struct sim_profile *profile,
			   char *err, size_t err_size);

/**
 * sim_replay_start() - load the module as the head says.
 * @recording: one that sim_replay_check() accepts; it must stay until the end
 * @profile: instead of the recorded kernel's; NULL: that
 * @err: on failure "NAME: what is wrong"
 *
 * sim_init() has been called, and no VM exists.
 *
 * Return: 0; -EINVAL for a recording that cannot be replayed; -ENOMEM.
 */
int sim_replay_start(struct sim_replay *replay, const struct sim_recording *recording,
		     const struct sim_profile *profile, char *err, size_t err_size);

/**
 * sim_replay_run() - carry out and compare.
 *
 * Return: 0, whether it matches or not; -EINVAL for a recording of what no host does;
 * -ENOMEM.  On failure replay->err tells what is wrong.
 */
int sim_replay_run(struct sim_replay *replay, const struct sim_replay_options *opt,
		   struct sim_replay_result *result);

/** sim_replay_stop() - destroy what is left of the VM. */
void sim_replay_stop(struct sim_replay *replay);

#endif /* SIM_REPLAY_H */
