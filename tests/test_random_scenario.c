/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "sim/machine.h"
#include "sim/random_scenario.h"

/* Random scenarios: legal, the same for the same source, and of every kind of operation. */

#define NR_SEEDS	100
#define NR_OPS		200

struct source {
	struct sim_random_scenario scenario;
	struct sim_op op;
	int left;
};

static const struct sim_op *next_op(void *ctx)
{
	struct source *source = ctx;

	if (!source->left--)
		return NULL;
	return sim_random_scenario_next(&source->scenario, &source->op) ? &source->op : NULL;
}

static void test_legal(void **state)
{
	struct source source;
	unsigned int line;
	uint64_t seed;
	char err[2048];

	for (seed = 0; seed < NR_SEEDS; seed++) {
		sim_random_scenario_init(&source.scenario, seed);
		source.left = NR_OPS;
		if (!sim_machine_check(next_op, &source, err, sizeof(err), &line))
			fail_msg("seed %d: %s", (int)seed, err);
	}
}

/* An operation can be printed, and read as what it was: so a finding can be kept. */
static void test_print(void **state)
{
	char text[SIM_OP_TEXT_SIZE], again[SIM_OP_TEXT_SIZE], err[256];
	struct sim_random_scenario scenario;
	struct sim_op op, copy = { 0 };
	int i;

	sim_random_scenario_init(&scenario, 7);
	for (i = 0; i < 2000; i++) {
		assert_true(sim_random_scenario_next(&scenario, &op));
		assert_true(sim_op_print(&op, text, sizeof(text)) < (int)sizeof(text));
		assert_true(sim_op_parse(text, &copy, err, sizeof(err)));
		sim_op_print(&copy, again, sizeof(again));
		assert_string_equal(text, again);
	}
}

static void test_same_seed(void **state)
{
	struct sim_random_scenario a, b, other;
	struct sim_op x, y, z;
	int i, differ = 0;

	sim_random_scenario_init(&a, 42);
	sim_random_scenario_init(&b, 42);
	sim_random_scenario_init(&other, 43);
	for (i = 0; i < NR_OPS; i++) {
		sim_random_scenario_next(&a, &x);
		sim_random_scenario_next(&b, &y);
		sim_random_scenario_next(&other, &z);
		assert_memory_equal(&x, &y, sizeof(x));
		differ += !!memcmp(&x, &z, sizeof(x));
	}
	assert_true(differ > NR_OPS / 2);
}

static void note_kinds(uint64_t seed, bool seen[SIM_OP_NR])
{
	struct sim_random_scenario scenario;
	struct sim_op op;
	int i;

	sim_random_scenario_init(&scenario, seed);
	sim_random_scenario_next(&scenario, &op);
	assert_int_equal(op.type, SIM_OP_VM);
	for (i = 0; i < 1000; i++) {
		assert_true(sim_random_scenario_next(&scenario, &op));
		assert_int_not_equal(op.type, SIM_OP_VM);
		assert_int_not_equal(op.type, SIM_OP_DESTROY);
		seen[op.type] = true;
	}
}

/*
 * They begin with what all else needs, and everything but the end comes up; some of it at
 * the beginning only, as what cannot be done any more when a slot logs.
 */
static void test_all_kinds(void **state)
{
	bool seen[SIM_OP_NR] = { false };
	int i;

	for (i = 1; i <= 20; i++)
		note_kinds(i, seen);
	for (i = 0; i < SIM_OP_NR; i++)
		if (i != SIM_OP_VM && i != SIM_OP_DESTROY && !seen[i])
			fail_msg("there is no \"%s\"", sim_op_name(i));
}

/* A fuzzer's input: legal at any length, and at an end when the bytes are. */
static void test_bytes(void **state)
{
	uint8_t bytes[300];
	struct source source;
	unsigned int line, i;
	size_t nr;
	char err[2048];

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = i * 151 + (i >> 3) * 29;
	for (nr = 1; nr <= sizeof(bytes); nr += 13) {
		sim_random_scenario_init_bytes(&source.scenario, bytes, nr);
		source.left = -1;
		if (!sim_machine_check(next_op, &source, err, sizeof(err), &line))
			fail_msg("%zu bytes: %s", nr, err);
		assert_int_equal(source.scenario.next, nr);
	}
	sim_random_scenario_init_bytes(&source.scenario, bytes, 0);
	assert_false(sim_random_scenario_next(&source.scenario, &source.op));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_legal),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_same_seed),
		cmocka_unit_test(test_all_kinds),
		cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
