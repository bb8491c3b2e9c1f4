/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <cmocka.h>

#include "sim/guest_paging.h"

/*
 * The guest's half of a two-dimensional walk.  Both halves together are in
 * tests/scenarios/guest_paging_*.sc.
 *
 * Guest memory is 1 MiB at 0, with host addresses from HVA on.  The tables:
 *
 *	0x1000 [1] -> 0x2000 [2] -> 0x3000 [3] -> 0x4000 [4] -> 0x80000
 */

#define HVA		UINT64_C(0x20000000000)
#define GUEST_SIZE	UINT64_C(0x100000)
#define LINEAR		(UINT64_C(1) << 39 | UINT64_C(2) << 30 | 3 << 21 | 4 << 12)
#define ALL		(SIM_GUEST_PRESENT | SIM_GUEST_WRITE | SIM_GUEST_USER)

static const u64 entries[SIM_GUEST_LEVELS] = { 0x1008, 0x2010, 0x3018, 0x4020 };
static const u64 targets[SIM_GUEST_LEVELS] = { 0x2000, 0x3000, 0x4000, 0x80000 };

static struct sim_guest_memory memory;
static const struct sim_guest_paging paging = { .root = 0x1000 };

static u64 hva_of(void *ctx, u64 gpa)
{
	return gpa < GUEST_SIZE ? HVA + gpa : SIM_GUEST_NO_HVA;
}

static const struct sim_guest guest = { .memory = &memory, .hva_of = hva_of };

static int setup(void **state)
{
	int i;

	for (i = 0; i < SIM_GUEST_LEVELS; i++)
		assert_int_equal(sim_guest_store(&guest, entries[i], targets[i] | ALL), 0);
	return 0;
}

static int teardown(void **state)
{
	sim_guest_memory_exit(&memory);
	return 0;
}

static struct sim_guest_walk walk_to(u64 linear, enum sim_access_type type)
{
	struct sim_guest_walk walk;

	sim_guest_walk(&guest, &paging, linear, type, &walk);
	return walk;
}

static void test_words_are_kept(void **state)
{
	assert_true(sim_guest_load(&guest, 0x9008) == 0);
	assert_int_equal(sim_guest_store(&guest, 0x9008, 7), 0);
	assert_int_equal(sim_guest_store(&guest, 0x9ff8, 8), 0);
	assert_true(sim_guest_load(&guest, 0x9008) == 7);
	assert_true(sim_guest_load(&guest, 0x9ff8) == 8);
	assert_true(sim_guest_load(&guest, 0x9000) == 0);
	assert_true(sim_guest_load(&guest, 0xa008) == 0);
	/* Where there is no slot. */
	assert_int_equal(sim_guest_store(&guest, GUEST_SIZE, 7), -EFAULT);
	assert_true(sim_guest_load(&guest, GUEST_SIZE) == 0);
}

static void test_what_the_host_takes_is_gone(void **state)
{
	sim_guest_memory_clear(&memory, HVA + 0x2000, 0x2000);
	assert_true(sim_guest_load(&guest, entries[0]) == (targets[0] | ALL));
	assert_true(sim_guest_load(&guest, entries[1]) == 0);
	assert_true(sim_guest_load(&guest, entries[2]) == 0);
	assert_true(sim_guest_load(&guest, entries[3]) == (targets[3] | ALL));
}

static void test_a_walk_reads_four_entries(void **state)
{
	const struct sim_guest_walk walk = walk_to(LINEAR | 0x123, SIM_ACCESS_READ);

	assert_true(walk.present);
	assert_int_equal(walk.nr, SIM_GUEST_LEVELS);
	assert_memory_equal(walk.entries, entries, sizeof(entries));
	assert_true(walk.gpa == 0x80123);
}

static void test_a_walk_ends_where_nothing_is(void **state)
{
	struct sim_guest_walk walk = walk_to(LINEAR + (1 << 21), SIM_ACCESS_READ);

	assert_false(walk.present);
	assert_int_equal(walk.nr, 3);
	/* The last one that was read is the one that is not present. */
	assert_true(walk.entries[2] == 0x3020);

	walk = walk_to(UINT64_C(1) << 47, SIM_ACCESS_READ);
	assert_false(walk.present);
	assert_int_equal(walk.nr, 0);
}

static void test_the_accesses_of_a_walk(void **state)
{
	const struct sim_guest_walk walk = walk_to(LINEAR, SIM_ACCESS_FETCH);
	struct sim_instruction insn = { .nr_steps = 0 };
	int i;

	sim_guest_walk_program(&walk, SIM_ACCESS_FETCH, &insn);
	assert_int_equal(insn.nr_steps, SIM_GUEST_LEVELS + 1);
	for (i = 0; i <= SIM_GUEST_LEVELS; i++) {
		bool table = i < SIM_GUEST_LEVELS;

		assert_true(insn.steps[i].gpa == (table ? entries[i] : 0x80000));
		assert_int_equal(insn.steps[i].guest_table, table);
		/* A is to be set in all of them. */
		assert_int_equal(insn.steps[i].guest_table_update, table);
		assert_int_equal(insn.steps[i].type, SIM_ACCESS_FETCH);
	}
}

static void test_a_walk_to_nothing_sets_no_flag(void **state)
{
	const struct sim_guest_walk walk = walk_to(LINEAR + (1 << 12), SIM_ACCESS_WRITE);
	struct sim_instruction insn = { .nr_steps = 0 };
	unsigned int i;

	sim_guest_walk_program(&walk, SIM_ACCESS_WRITE, &insn);
	assert_int_equal(insn.nr_steps, SIM_GUEST_LEVELS);
	for (i = 0; i < insn.nr_steps; i++)
		assert_false(insn.steps[i].guest_table_update);
	sim_guest_walk_done(&guest, &walk);
	assert_true(sim_guest_load(&guest, entries[0]) == (targets[0] | ALL));
}

/* A once in all, and D once in the last, by the first write. */
static void test_accessed_and_dirty(void **state)
{
	static const struct { enum sim_access_type type; bool updates[SIM_GUEST_LEVELS]; } steps[] = {
		{ SIM_ACCESS_READ, { true, true, true, true } },
		{ SIM_ACCESS_READ, { false } },
		{ SIM_ACCESS_WRITE, { false, false, false, true } },
		{ SIM_ACCESS_WRITE, { false } },
	};
	size_t i;
	int j;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const struct sim_guest_walk walk = walk_to(LINEAR, steps[i].type);
		struct sim_instruction insn = { .nr_steps = 0 };

		sim_guest_walk_program(&walk, steps[i].type, &insn);
		for (j = 0; j < SIM_GUEST_LEVELS; j++)
			assert_int_equal(insn.steps[j].guest_table_update, steps[i].updates[j]);
		sim_guest_walk_done(&guest, &walk);
	}
	assert_true(sim_guest_load(&guest, entries[2]) == (targets[2] | ALL | SIM_GUEST_ACCESSED));
	assert_true(sim_guest_load(&guest, entries[3]) ==
		    (targets[3] | ALL | SIM_GUEST_ACCESSED | SIM_GUEST_DIRTY));
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_words_are_kept),
		TEST(test_what_the_host_takes_is_gone),
		TEST(test_a_walk_reads_four_entries),
		TEST(test_a_walk_ends_where_nothing_is),
		TEST(test_the_accesses_of_a_walk),
		TEST(test_a_walk_to_nothing_sets_no_flag),
		TEST(test_accessed_and_dirty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
