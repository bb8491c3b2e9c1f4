/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_CLI_MACHINE_H
#define SIM_CLI_MACHINE_H

#include <argp.h>

/*
 * The options that say on which machine a scenario runs: --profile, --format,
 * --levels, --maxphyaddr, --param and those of the host.  A child of a verb's argp; its
 * input is a struct sim_run_config that sim_run_config_init() has filled.
 */
extern const struct argp sim_machine_argp;

#endif /* SIM_CLI_MACHINE_H */
