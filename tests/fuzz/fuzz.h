/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario.h"

/*
 * What the fuzz targets share.  libFuzzer calls LLVMFuzzerTestOneInput() of each, or
 * standalone.c does, which needs no compiler but the one that builds the rest.
 */

/** LLVMFuzzerTestOneInput() - try one input; a finding ends the process. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A finding that is neither a crash nor a sanitizer's report. */
#define fuzz_fail(...)					\
do {							\
	fprintf(stderr, "finding: " __VA_ARGS__);	\
	fprintf(stderr, "\n");				\
	abort();					\
} while (0)

/* A complaint about an input is one line, begins with the input's name and says something. */
static inline void fuzz_check_message(const char *name, const char *err)
{
	size_t len = strlen(name);

	if (strncmp(err, name, len) || err[len] != ':' || !err[len + 1] || strchr(err, '\n'))
		fuzz_fail("a bad message: \"%s\"", err);
}

/* An operation that was read can be printed and read again. */
static inline void fuzz_check_op(const struct sim_op *op)
{
	char text[SIM_OP_TEXT_SIZE], again[SIM_OP_TEXT_SIZE], err[256];
	struct sim_op copy = { 0 };

	sim_op_print(op, text, sizeof(text));
	if (!sim_op_parse(text, &copy, err, sizeof(err)))
		fuzz_fail("\"%s\" is printed as \"%s\": %s", op->text, text, err);
	sim_op_print(&copy, again, sizeof(again));
	if (strcmp(text, again))
		fuzz_fail("\"%s\" is read as \"%s\"", text, again);
}

#endif /* TESTS_FUZZ_FUZZ_H */
