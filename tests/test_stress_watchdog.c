/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/workqueue.h>

#include "sim/stress.h"
#include "tests/mmu_fixture.h"
#include "tests/race_fixture.h"

/* Threads that wait for each other for ever are reported, by name and with their stacks. */

/* Far longer than what a VM's destruction takes, also on a busy machine. */
#define PATIENCE	1.0

static void stress(void *arg)
{
	struct sim_stress_config config;
	struct sim_stress_result result;

	sim_stress_config_init(&config);
	config.machine.profile = arg;
	config.machine.cpu.levels = 4;
	config.machine.cpu.maxphyaddr = 40;
	config.vcpus = 2;
	config.mix = SIM_STRESS_ROOTS;
	/* Not reached: VMs live for milliseconds, and the first that had a root hangs. */
	config.seconds = 600;
	config.patience = PATIENCE;
	if (sim_stress_run(&config, &result))
		_exit(5);
}

static void test_a_deadlock_is_reported_with_stacks(void **state)
{
	struct race_profile own;
	const struct sim_profile *profile = race_profile(&own, race_uninit_under_write_lock);
	const struct race_outcome *outcome = race_in_child(stress, (void *)profile);

	assert_int_equal(outcome->status, 1);
	race_assert_printed(outcome, "found: deadlock or livelock: no thread has got on\n");
	race_assert_printed(outcome, "VM 0 ");
	/* Who destroys holds the lock and waits for the queue. */
	race_assert_printed(outcome, "    race_uninit_under_write_lock\n");
	/* The worker waits for the lock. */
	race_assert_printed(outcome, "stack of thread \"kvm\":\n");
	if (!RACE_WITH_TSAN)
		race_assert_printed(outcome, "    tdp_mmu_zap_root_work\n");
	/* The main thread. */
	race_assert_printed(outcome, "stack of thread \"test_stress_wat\":\n");
	if (IS_ENABLED(CONFIG_PROVE_LOCKING))
		race_assert_printed(outcome, "  before that: WARNING at ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_deadlock_is_reported_with_stacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
