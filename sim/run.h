/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_RUN_H
#define SIM_RUN_H

#include <stdio.h>

#include "sim/host_model.h"
#include "sim/recording.h"
#include "sim/script.h"

/* Run a scenario on a host that models Linux, and write down what comes of it. */

struct sim_run_config {
	const struct sim_profile *profile;
	struct sim_cpu_model cpu;
	struct sim_module_params params;
	struct sim_host_model_config host;
	/* As they were given, for the head of the recording. */
	struct sim_param given[16];
	size_t nr_given;
};

struct sim_run_result {
	size_t nr_ops, nr_expects, nr_failed;
	u64 nr_accesses;	/* of guests that found memory; counted when their VM is gone */
	u64 nr_faults;		/* that the guests met */
};

/* A run in progress. */
struct sim_run {
	const struct sim_script *script;
	const struct sim_run_config *config;
	struct sim_recorder recorder;
	struct sim_host_model host;
	struct sim_machine machine;
};

/**
 * sim_run_config_init() - the default machine: EPT, 4 levels, the default profile.
 */
void sim_run_config_init(struct sim_run_config *config);

/** sim_run_script_config() - what the conditions of a script are to be judged by. */
struct sim_script_config sim_run_script_config(const struct sim_run_config *config);

/**
 * sim_run_start() - load the module and make the world.
 *
 * sim_init() has been called, and no VM exists.
 *
 * Return: 0, -EINVAL for a CPU that cannot be, or -ENOMEM.
 */
int sim_run_start(struct sim_run *run, const struct sim_script *script,
		  const struct sim_run_config *config);

/**
 * sim_run_steps() - carry out a script.
 * @lines: where the lines of a recording go; NULL: nowhere
 * @complaints: where expectations that fail are told; NULL: nowhere
 * @stop_after: operations to carry out; 0: all
 *
 * Return: 0, whether expectations hold or not; -ENOMEM.
 */
int sim_run_steps(struct sim_run *run, FILE *lines, FILE *complaints, size_t stop_after,
		  struct sim_run_result *result);

/** sim_run_stop() - destroy what is left. */
void sim_run_stop(struct sim_run *run);

#endif /* SIM_RUN_H */
