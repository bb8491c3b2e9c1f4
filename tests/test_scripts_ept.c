/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/scenario_fixture.h"

/* The library of scenarios, tests/scenarios/, with EPT: each file is a test, on every kernel. */

int main(void)
{
	return sim_test_library(true, false);
}
