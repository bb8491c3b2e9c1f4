/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_FUZZ_KNOWN_H
#define SIM_FUZZ_KNOWN_H

#include "sim/fuzz/lab.h"

/*
 * What is found in kernels as they were, and is no mistake of this program: docs/found.md.
 * A search counts these and goes on, or nothing else would ever be found on those profiles.
 */

/**
 * sim_known_finding() - whether a failure is one of them.
 * @lab: where it happened, the last run
 * @result: of the run; the task that failed is still as it was
 *
 * Return: its name, as in docs/found.md, or NULL.
 */
const char *sim_known_finding(const struct sim_lab *lab, const struct sim_det_result *result);

#endif /* SIM_FUZZ_KNOWN_H */
