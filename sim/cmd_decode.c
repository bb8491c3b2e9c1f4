/* SPDX-License-Identifier: GPL-2.0-only */
#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli.h"
#include "sim/decode.h"
#include "sim/sim.h"

/* tdpsim decode VALUE... */

enum { OPT_MAXPHYADDR = 256, OPT_L1TF };

static const struct argp_option options[] = {
	{ "as", 'a', "KIND", 0,
	  "What the values are: spte, eptp, ncr3, role, qual (exit qualification), "
	  "error (code of #NPF and of KVM), or auto (the default: guess)", 0 },
	{ "format", 'f', "ept|npt", 0, "The tables' format", 0 },
	{ "level", 'l', "N", 0, "Level of an SPTE, 1 (4K) to 5", 0 },
	{ "profile", 'p', "NAME", 0, "The kernel, as in v6.12", 0 },
	{ "maxphyaddr", OPT_MAXPHYADDR, "BITS", 0, "Physical address bits, 32 to 52", 0 },
	{ "l1tf", OPT_L1TF, "BITS", 0, "The CPU has L1TF, and caches with so many address bits", 0 },
	{ 0 }
};

struct arguments {
	struct sim_decode_options opt;
	char **values;
	int nr_values;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;

	switch (key) {
	case 'a':
		if (!sim_decode_kind_find(arg, &args->opt.kind))
			argp_error(state, "no kind of value is called \"%s\"", arg);
		return 0;
	case 'f':
		args->opt.format_given = true;
		args->opt.ept = sim_cli_is_ept(arg, state);
		return 0;
	case 'l':
		args->opt.level = sim_cli_number(arg, 0, 1, 5, state, "the level");
		return 0;
	case 'p':
		args->opt.profile = sim_cli_profile(arg, state);
		return 0;
	case OPT_MAXPHYADDR:
		args->opt.maxphyaddr = sim_cli_number(arg, 0, 32, 52, state,
						      "the number of address bits");
		return 0;
	case OPT_L1TF:
		args->opt.l1tf_cache_bits = sim_cli_number(arg, 0, 33, 46, state,
							   "the number of cache bits");
		return 0;
	case ARGP_KEY_ARGS:
		args->values = state->argv + state->next;
		args->nr_values = state->argc - state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no value given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "VALUE...",
	.doc = "Take numbers apart as people find them in logs and traces: every bit with its "
	       "meaning, and whether the CPU reads it or KVM keeps it there for itself.",
};

/* Hex with or without 0x, as logs have both; only 0-9 is hex too. */
static bool parse_value(const char *text, u64 *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 16);
	/* Signs and blanks in front, which strtoull() would take, are no part of a number. */
	return isxdigit((unsigned char)*text) && !errno && !*end;
}

static bool decode_values(const struct arguments *args)
{
	u64 value;
	int i, r;

	for (i = 0; i < args->nr_values; i++)
		if (!parse_value(args->values[i], &value)) {
			fprintf(stderr, "tdpsim decode: \"%s\" is not a hexadecimal number of "
				"64 bits\n", args->values[i]);
			return false;
		}

	for (i = 0; i < args->nr_values; i++) {
		parse_value(args->values[i], &value);
		if (i)
			printf("\n");
		r = sim_decode(stdout, &args->opt, value);
		if (r) {
			fprintf(stderr, "tdpsim decode: %s: %s\n", args->values[i], strerror(-r));
			return false;
		}
	}
	return true;
}

int sim_cmd_decode(int argc, char **argv)
{
	struct arguments args = { 0 };
	bool ok;

	argv[0] = "tdpsim decode";
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	if (sim_init()) {
		fprintf(stderr, "tdpsim: cannot set up the simulated memory\n");
		return SIM_EXIT_USAGE;
	}
	ok = decode_values(&args);
	sim_exit();
	return ok ? SIM_EXIT_OK : SIM_EXIT_USAGE;
}
