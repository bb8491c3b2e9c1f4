/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "sim/finding.h"
#include "sim/history.h"
#include "tests/mmu_fixture.h"

/* The last changes of SPTEs: kept, found again by place or by address, and printed. */

static struct sim_history history;
static const char *thread_name;

static void who(char name[SIM_HISTORY_WHO_SIZE])
{
	snprintf(name, SIM_HISTORY_WHO_SIZE, "%s", thread_name);
}

static int setup(void **state)
{
	const struct mmu_config config = mmu_config("v6.4", true);

	mmu_load(&config);
	sim_history_init(&history, who);
	thread_name = "vCPU 0";
	return 0;
}

static void test_by_place(void **state)
{
	const struct sim_history_entry *found[4];

	sim_history_add(&history, "changed", NULL, 0, 0x200, 1, 0, 1);
	sim_history_add(&history, "changed", NULL, 0, 0x200, 2, 0, 2);
	sim_history_add(&history, "changed", NULL, 1, 0x200, 1, 0, 3);
	sim_history_add(&history, "changed", NULL, 0, 0x201, 1, 0, 4);
	thread_name = "vCPU 1";
	sim_history_add(&history, "changed", NULL, 0, 0x200, 1, 1, 5);

	assert_int_equal(sim_history_of_gfn(&history, 0, 0x200, 1, found, 4), 2);
	/* The newest first. */
	assert_int_equal(found[0]->new_spte, 5);
	assert_int_equal(found[0]->nr, 5);
	assert_string_equal(found[0]->who, "vCPU 1");
	assert_int_equal(found[1]->new_spte, 1);
	assert_string_equal(found[1]->who, "vCPU 0");
	/* All levels on the way; an entry of level 2 is on that to each of its pages. */
	assert_int_equal(sim_history_of_gfn(&history, 0, 0x201, 0, found, 4), 2);
	assert_int_equal(sim_history_of_gfn(&history, 0, 0x3ff, 0, found, 4), 1);
	assert_int_equal(sim_history_of_gfn(&history, 0, 0x400, 0, found, 4), 0);
	/* As many as fit. */
	assert_int_equal(sim_history_of_gfn(&history, 0, 0x200, 0, found, 2), 2);
}

static void test_by_address(void **state)
{
	const struct sim_history_entry *found[4];
	u64 spte[2] = { 0 };

	sim_history_add(&history, "fast page fault", &spte[0], 0, 7, 1, 0, 1);
	sim_history_add(&history, "changed", NULL, 0, 7, 1, 1, 2);
	sim_history_add(&history, "changed", &spte[1], 0, 8, 1, 0, 3);
	assert_int_equal(sim_history_of_sptep(&history, &spte[0], found, 4), 1);
	assert_string_equal(found[0]->how, "fast page fault");
	assert_int_equal(sim_history_of_sptep(&history, &spte[1], found, 4), 1);
	assert_int_equal(found[0]->new_spte, 3);
}

/* What is old makes room. */
static void test_ring(void **state)
{
	const struct sim_history_entry *found[4];
	int i;

	sim_history_add(&history, "changed", NULL, 0, 1, 1, 0, 1);
	for (i = 1; i < SIM_HISTORY_ENTRIES; i++)
		sim_history_add(&history, "changed", NULL, 0, 2, 1, 0, i);
	assert_int_equal(sim_history_of_gfn(&history, 0, 1, 1, found, 4), 1);
	sim_history_add(&history, "changed", NULL, 0, 2, 1, 0, i);
	assert_int_equal(sim_history_of_gfn(&history, 0, 1, 1, found, 4), 0);
	assert_int_equal(sim_history_of_gfn(&history, 0, 2, 1, found, 4), 4);
	assert_int_equal(found[0]->new_spte, SIM_HISTORY_ENTRIES);
}

static void test_text(void **state)
{
	char text[1024] = "report", small[16] = "report";
	u64 spte = 0;

	sim_history_append(NULL, 0, 7, 1, text, sizeof(text));
	sim_history_append_sptep(NULL, &spte, text, sizeof(text));
	sim_history_append(&history, 0, 7, 1, text, sizeof(text));
	assert_string_equal(text, "report");
	sim_history_add(&history, "changed", &spte, 0, 7, 1, 0, removed_spte);
	sim_history_append(&history, 0, 7, 1, text, sizeof(text));
	assert_string_equal(text, "report\n  #1 vCPU 0 changed as 0 gfn 0x7 level 1: 0x0 (empty)"
			    " -> 0x5a0 (removed (frozen))");
	sim_history_append_sptep(&history, &spte, small, sizeof(small));
	assert_string_equal(small, "report\n  #1 vCP");
	sim_append(small, sizeof(small), "no room");
	assert_string_equal(small, "report\n  #1 vCP");
}

static void test_finding(void **state)
{
	struct sim_finding finding = { 0 };

	sim_found(&finding, "first %d", 1);
	sim_found(&finding, "second %d", 2);
	assert_int_equal(finding.nr, 2);
	assert_string_equal(finding.first, "first 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_by_place, setup),
		cmocka_unit_test_setup(test_by_address, setup),
		cmocka_unit_test_setup(test_ring, setup),
		cmocka_unit_test_setup(test_text, setup),
		cmocka_unit_test(test_finding),
	};

	return MMU_RUN_TESTS(tests);
}
