/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_FUZZ_SETTINGS_H
#define SIM_FUZZ_SETTINGS_H

#include <argp.h>

#include "sim/fuzz/lab.h"

/* What somebody wants of a machine, as words "key=value"; all else is up to whoever makes it. */

#define SIM_LAB_MAX_SETTINGS	16

struct sim_lab_settings {
	char word[SIM_LAB_MAX_SETTINGS][32];
	unsigned int nr;
};

/** sim_lab_settings_add() - false if no machine has that, or if there are too many. */
bool sim_lab_settings_add(struct sim_lab_settings *settings, const char *key, const char *value);

/** sim_lab_settings_apply() - have a machine be so. */
void sim_lab_settings_apply(const struct sim_lab_settings *settings,
			    struct sim_lab_machine *machine);

/** sim_lab_settings_print() - as the options that mean it, each with a blank before it. */
void sim_lab_settings_print(const struct sim_lab_settings *settings);

/*
 * The options --profile, --format, --levels and --set.  A child of a verb's argp; its input is
 * a struct sim_lab_settings.
 */
extern const struct argp sim_lab_settings_argp;

#endif /* SIM_FUZZ_SETTINGS_H */
