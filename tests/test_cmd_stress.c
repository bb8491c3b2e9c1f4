/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/cli_fixture.h"

/* tdpsim stress, as its users meet it.  What it finds is for test_stress.c. */

#define COMMAND		"tdpsim stress"

static void test_bad_options(void **state)
{
	sim_assert_usage(sim_run("stress", "--mix", "cocktail"), COMMAND, "\"cocktail\"");
	sim_assert_usage(sim_run("stress", "--threads", "0"), COMMAND, "\"0\"");
	sim_assert_usage(sim_run("stress", "--threads", "17"), COMMAND, "\"17\"");
	sim_assert_usage(sim_run("stress", "--vms", "3"), COMMAND, "\"3\"");
	sim_assert_usage(sim_run("stress", "--seconds", "-1"), COMMAND, "\"-1\"");
	sim_assert_usage(sim_run("stress", "--patience", "0"), COMMAND, "\"0\"");
	sim_assert_usage(sim_run("stress", "--seed", "x"), COMMAND, "\"x\"");
	sim_assert_usage(sim_run("stress", "--profile", "v1.0"), COMMAND, "\"v1.0\"");
}

/* First what is run, in words that run it again; last the verdict. */
static void test_what_the_command_prints(void **state)
{
	static const char first[] = "tdpsim stress --profile v6.1 --format npt --levels 4 "
		"--threads 2 --vms 1 --seconds 0.2 --seed 7 --mix logs --maxphyaddr 40\n";
	struct sim_outcome outcome = sim_run("stress", "--profile", "v6.1", "--format", "npt",
					     "--threads", "2", "--seconds", "0.2", "--seed", "7",
					     "--mix", "logs");

	sim_assert_fine(&outcome);
	sim_assert_starts(outcome.out, first);
	sim_assert_has(outcome.out, "accesses/s");
	sim_assert_last_line(outcome.out, "clean");
	sim_outcome_free(&outcome);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_options),
		cmocka_unit_test(test_what_the_command_prints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
