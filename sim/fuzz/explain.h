/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_FUZZ_EXPLAIN_H
#define SIM_FUZZ_EXPLAIN_H
#include <stdio.h>
#include "sim/fuzz/schedule.h"
struct sim_explain_options { bool all; unsigned int width; const char *json; };
int sim_explain(FILE *out, const struct sim_schedule_file *f, const struct sim_explain_options *o);
#endif
