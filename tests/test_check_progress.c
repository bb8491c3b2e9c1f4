/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sim/check_progress.h"
#include "sim/check_trace.h"
#include "tests/mmu_fixture.h"

/* Counters that say when work does not end, or does not let others work. */

static struct sim_progress progress;

static int setup(void **state)
{
	const struct sim_progress_limits limits = { .fault_retries = 3, .steps = 4, .zaps = 2 };

	sim_progress_init(&progress, &limits);
	return 0;
}

static void assert_found(const char *about)
{
	assert_int_equal(progress.finding.nr, 1);
	if (!strstr(progress.finding.first, about))
		fail_msg("\"%s\", expected \"%s\"", progress.finding.first, about);
}

#define assert_quiet()	assert_int_equal(progress.finding.nr, 0)

static void test_faults(void **state)
{
	int i;

	for (i = 0; i < 3; i++)
		sim_progress_fault(&progress, 1, 0x5000, true);
	/* Another thread, or another access, is none of it. */
	sim_progress_fault(&progress, 0, 0x5000, true);
	sim_progress_fault(&progress, 1, 0x6000, true);
	for (i = 0; i < 3; i++)
		sim_progress_fault(&progress, 1, 0x5000, true);
	/* It got on. */
	sim_progress_fault(&progress, 1, 0x5000, false);
	for (i = 0; i < 3; i++)
		sim_progress_fault(&progress, 1, 0x5000, true);
	assert_quiet();
	sim_progress_fault(&progress, 1, 0x5000, true);
	assert_found("thread 1: the page fault on gpa 0x5000 was retried more than 3 times");
	/* Once for each. */
	sim_progress_fault(&progress, 1, 0x5000, true);
	assert_int_equal(progress.finding.nr, 1);
}

static void test_steps(void **state)
{
	gfn_t gfn;
	int i;

	for (gfn = 0; gfn < 100; gfn++)
		for (i = 0; i < 4; i++)
			sim_progress_step(&progress, 0, gfn);
	/* A new walk may begin before the end of the last. */
	sim_progress_walk(&progress, 0);
	for (i = 0; i < 4; i++)
		sim_progress_step(&progress, 0, 7);
	assert_quiet();
	sim_progress_step(&progress, 0, 7);
	assert_found("thread 0: a walk took more than 4 steps at gfn 0x7 and did not get on");
}

static void test_back(void **state)
{
	sim_progress_step(&progress, 0, 7);
	sim_progress_step(&progress, 0, 6);
	assert_found("thread 0: a walk went back from gfn 0x7 to 0x6");
}

static void test_yields(void **state)
{
	sim_progress_yield(&progress, 2, 0x10);
	sim_progress_yield(&progress, 2, 0x11);
	sim_progress_walk(&progress, 2);
	sim_progress_yield(&progress, 2, 0x11);
	assert_quiet();
	sim_progress_yield(&progress, 2, 0x11);
	assert_found("thread 2: a walk yielded twice at gfn 0x11");
}

static void test_zaps(void **state)
{
	int i;

	/* Nobody is kept waiting. */
	for (i = 0; i < 10; i++)
		sim_progress_zapped(&progress, 0, i);
	sim_progress_yield_due(&progress, 0);
	sim_progress_zapped(&progress, 0, 1);
	sim_progress_zapped(&progress, 0, 2);
	sim_progress_section(&progress, 0);
	sim_progress_yield_due(&progress, 0);
	sim_progress_zapped(&progress, 0, 3);
	/* It is due still: that does not start the count anew. */
	sim_progress_yield_due(&progress, 0);
	sim_progress_zapped(&progress, 0, 4);
	assert_quiet();
	sim_progress_zapped(&progress, 0, 5);
	assert_found("thread 0: zapped more than 2 SPTEs, up to gfn 0x5, since it should have yielded");
}

static void test_limits(void **state)
{
	struct sim_progress_limits limits;
	unsigned int i;

	for (i = 0; sim_profile_at(i); i++) {
		limits = sim_progress_limits_of(sim_profile_at(i));
		assert_int_equal(limits.zaps, 1 + 512 + 512 * 512);
		assert_true(limits.steps > 2 * 5);
		assert_true(limits.fault_retries);
	}
}

/* Fed by the tracepoints: a whole table goes without a yield that is due. */
static void test_traced(void **state)
{
	const struct mmu_config config = mmu_config("v6.4", true);
	struct sim_check_trace *trace = calloc(1, sizeof(*trace));
	struct mmu_vm *vm;
	gpa_t gpa;

	mmu_load(&config);
	vm = mmu_vm_create();
	mmu_slot(vm, 0, 0, MMU_2M, 0);
	for (gpa = 0; gpa < 0x5000; gpa += 0x1000)
		mmu_map(vm->vcpu, gpa, MMU_READ);
	trace->progress = &progress;
	sim_check_trace_start(trace);
	kvm_zap_gfn_range(vm->kvm, 0, 2);
	assert_quiet();
	sim_progress_yield_due(&progress, 0);
	kvm_zap_gfn_range(vm->kvm, 2, 5);
	sim_check_trace_stop();
	assert_found("thread 0: zapped more than 2 SPTEs, up to gfn 0x4");
	mmu_vm_destroy(vm);
	free(trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_faults, setup),
		cmocka_unit_test_setup(test_steps, setup),
		cmocka_unit_test_setup(test_back, setup),
		cmocka_unit_test_setup(test_yields, setup),
		cmocka_unit_test_setup(test_zaps, setup),
		cmocka_unit_test(test_limits),
		cmocka_unit_test_setup(test_traced, setup),
	};

	return MMU_RUN_TESTS(tests);
}
