/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/checked_run.h"
#include "sim/random_scenario.h"
#include "sim/sim.h"
#include "tests/fuzz/fuzz.h"

/*
 * The machine: the input chooses kernel, CPU and host, and is then taken for a
 * random scenario (sim/random_scenario.h), each operation of which is checked.
 */

#define MAX_OPS		250
/* Page tables that the checkers walk, all operations together: no input may take seconds. */
#define MAX_TABLES	20000

static struct sim_checked_run run;

static bool ready(void)
{
	static bool done;

	if (!done)
		done = !sim_init() && !sim_checked_run_init(&run);
	return done;
}

static void print_scenario(const struct sim_setup *setup, const uint8_t *data, size_t size,
			   unsigned long nr)
{
	struct sim_random_scenario scenario;
	char text[SIM_OP_TEXT_SIZE], name[64];
	struct sim_op op;

	fprintf(stderr, "# %s\n", sim_setup_name(setup, name, sizeof(name)));
	sim_random_scenario_init_bytes(&scenario, data, size);
	while (nr-- && sim_random_scenario_next(&scenario, &op)) {
		sim_op_print(&op, text, sizeof(text));
		fprintf(stderr, "%s\n", text);
	}
}

static void run_scenario(const struct sim_setup *setup, bool short_of_memory,
			 const uint8_t *data, size_t size)
{
	struct sim_random_scenario scenario;
	u64 nr_tables = 0;
	struct sim_op op;
	char err[256];

	sim_random_scenario_init_bytes(&scenario, data, size);
	while (run.nr_ops < MAX_OPS && nr_tables < MAX_TABLES &&
	       sim_random_scenario_next(&scenario, &op)) {
		/* Where KVM is short of memory, it is so at every eighth operation. */
		if (short_of_memory && run.nr_ops % 8 == 7)
			run.fail_alloc = 1 + run.nr_ops / 8 % 12;
		if (sim_checked_run_op(&run, &op, err, sizeof(err))) {
			nr_tables += atomic64_read(&run.machine.kvm->arch.nr_tdp_mmu_pages);
			continue;
		}
		print_scenario(setup, data, size, run.nr_ops);
		fuzz_fail("after operation %lu: %s", run.nr_ops, err);
	}
	if (sim_checked_run_stop(&run, err, sizeof(err)))
		return;
	print_scenario(setup, data, size, run.nr_ops);
	fuzz_fail("at the end: %s", err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sim_host_model_config host = { .nr_frames = 1 << 20 };
	struct sim_setup setup;

	if (size < 3 || !ready())
		return 0;
	sim_setup_at(data[0] % sim_setup_count(), &setup);
	host.thp = !(data[1] & 1);
	host.contiguous = data[1] & 2;
	host.old_host = setup.profile->has_change_pte && !(data[1] & 4);
	host.fail_nth = data[2];

	if (sim_checked_run_start(&run, &setup, &host))
		fuzz_fail("cannot start");
	run_scenario(&setup, data[1] & 8, data + 3, size - 3);
	return 0;
}
