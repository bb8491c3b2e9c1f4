/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli.h"
#include "sim/cli_machine.h"
#include "sim/run.h"

enum { OPT_MAXPHYADDR = 1024, OPT_PARAM, OPT_NO_THP, OPT_SCATTERED, OPT_FAIL_FRAME };

static const struct argp_option options[] = {
	{ "profile", 'p', "NAME", 0,
	  "The kernel, as v6.1, v6.4 (default), v6.12: docs/profiles.md", 0 },
	{ "format", 'f', "ept|npt", 0, "The tables' format; default ept", 0 },
	{ "levels", 'l', "4|5", 0, "Levels of the tables; default 4", 0 },
	{ "maxphyaddr", OPT_MAXPHYADDR, "BITS", 0,
	  "Physical address bits, 32 to 52; default 40, or 52 with 5 levels", 0 },
	{ "param", OPT_PARAM, "NAME=VALUE", 0, "A module parameter, as in eptad=N", 0 },
	{ "no-thp", OPT_NO_THP, NULL, 0, "The host has transparent huge pages switched off", 0 },
	{ "scattered", OPT_SCATTERED, NULL, 0, "Neighbouring pages get frames far apart", 0 },
	{ "fail-frame", OPT_FAIL_FRAME, "N", 0, "The host finds no memory for the Nth frame", 0 },
	{ 0 }
};

static void set_param(struct sim_run_config *config, const char *arg, struct argp_state *state)
{
	struct sim_param *param = &config->given[config->nr_given];
	const char *equals = strchr(arg, '=');
	size_t n = equals ? (size_t)(equals - arg) : 0;

	if (config->nr_given == sizeof(config->given) / sizeof(config->given[0]))
		argp_error(state, "too many parameters");
	if (!n || n >= sizeof(param->name) || strlen(equals + 1) >= sizeof(param->value))
		argp_error(state, "\"%s\" is not NAME=VALUE", arg);
	memcpy(param->name, arg, n);
	param->name[n] = '\0';
	strcpy(param->value, equals + 1);
	if (!sim_machine_param(&config->params, param->name, param->value))
		argp_error(state, "no parameter \"%s\" can be \"%s\"", param->name, param->value);
	config->nr_given++;
}

/* Some parameters are of one vendor's module. */
static void check_params(const struct sim_run_config *config, struct argp_state *state)
{
	size_t i;

	for (i = 0; i < config->nr_given; i++) {
		const char *name = config->given[i].name;
		bool of_intel = !strncmp(name, "ept", 3) || !strcmp(name, "pml");

		if ((of_intel && !config->cpu.intel) || (!strcmp(name, "npt") && config->cpu.intel))
			argp_error(state, "parameter \"%s\" does not go with format %s", name,
				   config->cpu.intel ? "ept" : "npt");
	}
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct sim_run_config *config = state->input;

	switch (key) {
	case 'p':
		config->profile = sim_cli_profile(arg, state);
		return 0;
	case 'f':
		config->cpu.intel = sim_cli_is_ept(arg, state);
		return 0;
	case 'l':
		config->cpu.levels = sim_cli_number(arg, 10, 4, 5, state, "the number of levels");
		return 0;
	case OPT_MAXPHYADDR:
		config->cpu.maxphyaddr = sim_cli_number(arg, 10, 32, 52, state,
						      "the number of address bits");
		return 0;
	case OPT_PARAM:
		set_param(config, arg, state);
		return 0;
	case OPT_NO_THP:
		config->host.thp = false;
		return 0;
	case OPT_SCATTERED:
		config->host.contiguous = false;
		return 0;
	case OPT_FAIL_FRAME:
		config->host.fail_nth = sim_cli_number(arg, 10, 1, UINT32_MAX, state,
						     "the number of a frame");
		return 0;
	case ARGP_KEY_END:
		check_params(config, state);
		/* The machines that were recorded have these. */
		if (!config->cpu.maxphyaddr)
			config->cpu.maxphyaddr = config->cpu.levels == 5 ? 52 : 40;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp sim_machine_argp = {
	.options = options,
	.parser = parse_option,
};
