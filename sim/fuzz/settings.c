/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <string.h>

#include "sim/cli.h"
#include "sim/fuzz/settings.h"

static bool add_word(struct sim_lab_settings *settings, const char *word)
{
	struct sim_lab_machine machine = sim_lab_machine_default();

	if (settings->nr == SIM_LAB_MAX_SETTINGS ||
	    strlen(word) >= sizeof(settings->word[0]) || !sim_lab_machine_apply(&machine, word))
		return false;
	strcpy(settings->word[settings->nr++], word);
	return true;
}

bool sim_lab_settings_add(struct sim_lab_settings *settings, const char *key, const char *value)
{
	char word[64];

	return snprintf(word, sizeof(word), "%s=%s", key, value) < (int)sizeof(word) &&
	       add_word(settings, word);
}

void sim_lab_settings_apply(const struct sim_lab_settings *settings,
			    struct sim_lab_machine *machine)
{
	unsigned int i;

	for (i = 0; i < settings->nr; i++)
		sim_lab_machine_apply(machine, settings->word[i]);
}

/* ---- As options ---- */

enum { OPT_PROFILE = 0x500, OPT_FORMAT, OPT_LEVELS, OPT_SET };

static const struct argp_option options[] = {
	{ "profile", OPT_PROFILE, "NAME", 0, "Kernel generation", 0 },
	{ "format", OPT_FORMAT, "FORMAT", 0, "ept or npt", 0 },
	{ "levels", OPT_LEVELS, "N", 0, "4 or 5", 0 },
	{ "set", OPT_SET, "KEY=N", 0,
	  "ad, pml, preempt, nx, eager-split, caches, range-flush: 0 or 1; wrap: 0 to 99", 0 },
	{ 0 }
};

/* Those whose key is a word of its own. */
static bool is_option(const char *word)
{
	return !strncmp(word, "profile=", 8) || !strncmp(word, "format=", 7) ||
	       !strncmp(word, "levels=", 7);
}

void sim_lab_settings_print(const struct sim_lab_settings *settings)
{
	unsigned int i;

	for (i = 0; i < settings->nr; i++) {
		const char *word = settings->word[i];
		int key = (int)strcspn(word, "=");

		if (is_option(word))
			printf(" --%.*s %s", key, word, word + key + 1);
		else
			printf(" --set %s", word);
	}
}

static void add(struct sim_lab_settings *settings, const char *key, const char *value,
		struct argp_state *state)
{
	if (!sim_lab_settings_add(settings, key, value))
		argp_error(state, "more than %d settings", SIM_LAB_MAX_SETTINGS);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct sim_lab_settings *settings = state->input;

	switch (key) {
	case OPT_PROFILE:
		sim_cli_profile(arg, state);
		add(settings, "profile", arg, state);
		return 0;
	case OPT_FORMAT:
		sim_cli_is_ept(arg, state);
		add(settings, "format", arg, state);
		return 0;
	case OPT_LEVELS:
		add(settings, "levels", sim_cli_number(arg, 10, 4, 5, state,
						       "the number of levels") == 5 ? "5" : "4",
		    state);
		return 0;
	case OPT_SET:
		if (!add_word(settings, arg))
			argp_error(state, "no machine has \"%s\"", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp sim_lab_settings_argp = { .options = options, .parser = parse_option };
