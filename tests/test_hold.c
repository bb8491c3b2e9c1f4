/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * Places where tasks have met are remembered, and a task that is held at one goes on when others have been
 * there, or can do nothing without it.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/mutex.h>

#include "sim/det/mem.h"
#include "sim/fuzz/hold.h"
#include "tests/det_fixture.h"

#define ENTRIES	512

static struct sim_meetings meetings;
static struct sim_coverage coverage;
static u64 random_state;

static int clear(void **state)
{
	memset(&meetings, 0, sizeof(meetings));
	random_state = 1;
	return 0;
}

/* ---- What is remembered ---- */

static void nowhere_to_hold(void **state)
{
	struct sim_hold hold;

	assert_null(sim_meetings_any(&meetings, &random_state));
	assert_false(sim_hold_begin(&hold, &meetings, &random_state));
	assert_true(hold.over);
}

/* However often tasks meet at one place, another where they did once comes as often. */
static void places_are_equal(void **state)
{
	unsigned int i, rare = 0;

	for (i = 0; i < 1000; i++)
		sim_meetings_add(&meetings, 11, 1 + i);
	sim_meetings_add(&meetings, 22, 5);
	assert_int_equal(meetings.nr, 2);
	for (i = 0; i < 1000; i++)
		rare += sim_meetings_any(&meetings, &random_state)->place == 22;
	assert_in_range(rare, 400, 600);
}

/* The object that stays is any of those, not the first and not the last. */
static void objects_are_equal(void **state)
{
	unsigned int place, i, early = 0;

	for (place = 1; place <= 200; place++)
		for (i = 0; i < 100; i++)
			sim_meetings_add(&meetings, place, i);
	for (i = 0; i < SIM_MEETINGS; i++)
		early += meetings.at[i].place && meetings.at[i].name < 50;
	assert_int_equal(meetings.nr, 200);
	assert_in_range(early, 60, 140);
}

static void more_places_than_there_is_room_for(void **state)
{
	unsigned int place;

	for (place = 1; place <= 4 * SIM_MEETINGS; place++)
		sim_meetings_add(&meetings, place, place);
	assert_in_range(meetings.nr, SIM_MEETINGS / 2, SIM_MEETINGS);
	assert_non_null(sim_meetings_any(&meetings, &random_state));
}

/* ---- One that is held ---- */

static void goes_on_after_so_many(void **state)
{
	const struct sim_det_task held = { .id = 2, .place = 11, .object = sim_det_mem_window + 8 };
	const struct sim_det_task other = { .id = 3, .place = 22, .object = sim_det_mem_window + 8 };
	const struct sim_det_task elsewhere = { .id = 3, .place = 22,
						.object = sim_det_mem_window + 16 };
	struct sim_hold hold = {
		.where = { .place = 11, .name = sim_det_mem_name(held.object) }, .others = 2,
	};

	assert_false(sim_hold_step(&hold, &other));
	assert_false(hold.held);
	assert_false(sim_hold_step(&hold, &held));
	assert_true(hold.held);
	assert_false(sim_hold_step(&hold, &other));
	assert_false(sim_hold_step(&hold, &elsewhere));
	assert_false(sim_hold_step(&hold, &held));
	assert_true(sim_hold_step(&hold, &other));
}

static void another_object_is_no_reason(void **state)
{
	const struct sim_det_task task = { .id = 2, .place = 11, .object = sim_det_mem_window + 8 };
	struct sim_hold hold = { .where = { .place = 11, .name = 17 } };

	assert_false(sim_hold_step(&hold, &task));
	assert_false(hold.held);
}

/* ---- What a hold finds ---- */

static u64 *table;
static struct mutex mutex;

/* Everything in the table is shared between these two, and of no interest. */
static void read_all(void *arg)
{
	unsigned int i;

	for (i = 0; i < ENTRIES; i++)
		READ_ONCE(table[i]);
}

static void mark_all(void *arg)
{
	unsigned int i;

	for (i = 0; i < ENTRIES; i++)
		WRITE_ONCE(table[i], READ_ONCE(table[i]) | 1);
}

/* A window in the loop above, for one turn of 512. */
static void mark_one(void *arg)
{
	WRITE_ONCE(table[300], READ_ONCE(table[300]) | 2);
}

static void main_of_marks(void *arg)
{
	table = (u64 *)get_zeroed_page(GFP_KERNEL);
	RUN_TASKS(read_all, mark_all, mark_one);
	CHECK(table[300] == 3);
}

static void count(void *arg)
{
	mutex_lock(&mutex);
	WRITE_ONCE(table[0], READ_ONCE(table[0]) + 1);
	mutex_unlock(&mutex);
}

static void main_of_counters(void *arg)
{
	table = (u64 *)get_zeroed_page(GFP_KERNEL);
	mutex_init(&mutex);
	RUN_TASKS(count, count, count);
	CHECK(table[0] == 3);
}

static void raise_flag(void *arg)
{
	WRITE_ONCE(table[0], 1);
}

static void spin_on_flag(void *arg)
{
	unsigned int turns = 0;

	while (!READ_ONCE(table[0])) {
		CHECK(++turns < 1000);
		sim_cpu_relax();
	}
}

static void main_of_spinners(void *arg)
{
	table = (u64 *)get_zeroed_page(GFP_KERNEL);
	RUN_TASKS(spin_on_flag, raise_flag, spin_on_flag);
}

/* Runs with holds until one fails: how many, or @most. */
static unsigned int hold_until_failure(void (*main)(void *arg), u64 seed, unsigned int most)
{
	unsigned int i;

	sim_search_init(&searching);
	memset(&coverage, 0, sizeof(coverage));
	searching.sharing.coverage = &coverage;
	for (i = 0; i < most; i++) {
		sim_search_begin(&searching, seed * 10000 + i, (struct sim_search_odds) { 0 }, NULL);
		searching.kind = SIM_SEARCH_HOLD;
		searching.depth = 1;
		run_config(&(struct sim_det_config) { .strategy = &searching.strategy }, main, NULL);
		sim_search_end(&searching);
		if (result.failed)
			return i;
	}
	return most;
}

/* A preemption at any of some 1500 points would find this once in 500 times. */
static void a_window_of_one_turn(void **state)
{
	unsigned int runs = 0, seed;

	for (seed = 1; seed <= 10; seed++)
		runs += hold_until_failure(main_of_marks, seed, 400);
	assert_in_range(runs, 10, 1500);
}

/* Whoever waits for a lock that a held task has cannot run, and whoever spins for it will not. */
static void nobody_waits_for_ever(void **state)
{
	assert_int_equal(hold_until_failure(main_of_counters, 1, 400), 400);
	assert_int_equal(hold_until_failure(main_of_spinners, 1, 400), 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nowhere_to_hold, clear),
		cmocka_unit_test_setup(places_are_equal, clear),
		cmocka_unit_test_setup(objects_are_equal, clear),
		cmocka_unit_test_setup(more_places_than_there_is_room_for, clear),
		cmocka_unit_test(goes_on_after_so_many),
		cmocka_unit_test(another_object_is_no_reason),
		cmocka_unit_test(a_window_of_one_turn),
		cmocka_unit_test(nobody_waits_for_ever),
	};

	return cmocka_run_group_tests(tests, det_setup, det_teardown);
}
