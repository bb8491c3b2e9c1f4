/* SPDX-License-Identifier: GPL-2.0-only */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli.h"
#include "sim/cli_machine.h"
#include "sim/stress.h"

/* tdpsim stress */

enum { OPT_THREADS = 2048, OPT_VMS, OPT_SECONDS, OPT_SEED, OPT_MIX, OPT_PATIENCE };

static const struct argp_option options[] = {
	{ "threads", OPT_THREADS, "N", 0, "vCPUs of each VM, a thread each, 1 to 16; default 4",
	  0 },
	{ "vms", OPT_VMS, "N", 0, "VMs at a time, 1 or 2; default 1", 0 },
	{ "seconds", OPT_SECONDS, "S", 0, "How long; default 10", 0 },
	{ "seed", OPT_SEED, "X", 0, "Of what the threads choose to do; default 1", 0 },
	{ "mix", OPT_MIX, "NAME", 0,
	  "What they do most: all (default), faults, logs, slots, roots", 0 },
	{ "patience", OPT_PATIENCE, "S", 0,
	  "Threads that do not get on for so many seconds hang; default 10", 0 },
	{ 0 }
};

static enum sim_stress_mix get_mix(const char *arg, struct argp_state *state)
{
	unsigned int mix;

	for (mix = 0; mix < SIM_STRESS_NR_MIXES; mix++)
		if (!strcmp(arg, sim_stress_mix_name(mix)))
			return mix;
	argp_error(state, "there is no mix \"%s\"", arg);
	return SIM_STRESS_ALL;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct sim_stress_config *config = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &config->machine;
		return 0;
	case OPT_THREADS:
		config->vcpus = sim_cli_number(arg, 0, 1, SIM_STRESS_MAX_VCPUS, state,
					       "the number of threads");
		return 0;
	case OPT_VMS:
		config->vms = sim_cli_number(arg, 0, 1, SIM_STRESS_MAX_VMS, state,
					     "the number of VMs");
		return 0;
	case OPT_SECONDS:
		config->seconds = sim_cli_duration(arg, state);
		return 0;
	case OPT_SEED:
		config->seed = sim_cli_number(arg, 0, 0, UINT64_MAX, state, "the seed");
		return 0;
	case OPT_MIX:
		config->mix = get_mix(arg, state);
		return 0;
	case OPT_PATIENCE:
		config->patience = sim_cli_duration(arg, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {
	{ &sim_machine_argp, 0, "The machine:", 1 },
	{ 0 }
};

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.children = children,
	.doc = "Run VMs on real threads: vCPUs, ioctls, the host's memory management, module "
	       "parameters, VMs that come and go.  All that is known to be invariant is watched; "
	       "the last line says \"clean\", or what was found first.",
};

/* So that it can be run again, as far as threads let it. */
static void print_config(const struct sim_stress_config *config)
{
	const struct sim_run_config *machine = &config->machine;
	size_t i;

	printf("tdpsim stress --profile %s --format %s --levels %d --threads %u --vms %u "
	       "--seconds %g --seed %llu --mix %s --maxphyaddr %u", machine->profile->name,
	       machine->cpu.intel ? "ept" : "npt", machine->cpu.levels, config->vcpus, config->vms,
	       config->seconds, (unsigned long long)config->seed, sim_stress_mix_name(config->mix),
	       machine->cpu.maxphyaddr);
	if (!machine->host.thp)
		printf(" --no-thp");
	if (!machine->host.contiguous)
		printf(" --scattered");
	for (i = 0; i < machine->nr_given; i++)
		printf(" --param %s=%s", machine->given[i].name, machine->given[i].value);
	printf("\n");
	fflush(stdout);
}

static int report(const struct sim_stress_result *result)
{
	printf("%llu accesses, %llu of them judged, %llu faults, %llu VMs, %llu checks\n",
	       (unsigned long long)result->nr_accesses, (unsigned long long)result->nr_judged,
	       (unsigned long long)result->nr_faults, (unsigned long long)result->nr_vms,
	       (unsigned long long)result->nr_checks);
	if (!result->nr_found) {
		printf("clean\n");
		return SIM_EXIT_OK;
	}
	printf("found %llu; the first: %s\n", (unsigned long long)result->nr_found, result->first);
	return SIM_EXIT_FOUND;
}

int sim_cmd_stress(int argc, char **argv)
{
	struct sim_stress_config config;
	struct sim_stress_result result;
	int r;

	argv[0] = "tdpsim stress";
	sim_stress_config_init(&config);
	config.lines = stdout;
	argp_parse(&argp, argc, argv, 0, NULL, &config);
	if (!sim_cli_begin())
		return SIM_EXIT_USAGE;
	print_config(&config);
	r = sim_stress_run(&config, &result);
	if (r)
		fprintf(stderr, "tdpsim stress: %s\n", strerror(-r));
	return sim_cli_end(r ? SIM_EXIT_USAGE : report(&result));
}
