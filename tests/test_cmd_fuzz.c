/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/cli_fixture.h"

/* tdpsim fuzz, explore, replay FILE.sched, shrink, explain: as their users meet them. */

static void test_bad_options(void **state)
{
	sim_assert_usage(sim_run("fuzz", "--profile", "v1.0"), "tdpsim fuzz", "\"v1.0\"");
	sim_assert_usage(sim_run("fuzz", "--levels", "3"), "tdpsim fuzz", "\"3\"");
	sim_assert_usage(sim_run("fuzz", "--shard", "2/2"), "tdpsim fuzz", "\"2/2\"");
	sim_assert_usage(sim_run("fuzz", "--set", "nx=2"), "tdpsim fuzz", "\"nx=2\"");
	sim_assert_usage(sim_run("fuzz", "--set", "wrap=100"), "tdpsim fuzz", "\"wrap=100\"");
	sim_assert_usage(sim_run("fuzz", "--set", "wrap=-1"), "tdpsim fuzz", "\"wrap=-1\"");
	sim_assert_usage(sim_run("fuzz", "--seconds", "0"), "tdpsim fuzz", "\"0\"");
	sim_assert_usage(sim_run("fuzz", "--jobs", "0"), "tdpsim fuzz", "\"0\"");
	sim_assert_usage(sim_run("fuzz", "fault-fault"), "tdpsim fuzz", "\"fault-fault\"");
	sim_assert_usage(sim_run("explore"), "tdpsim explore", "no workload");
	sim_assert_usage(sim_run("explore", "fault-fault", "--preemptions", "9"),
			 "tdpsim explore", "\"9\"");
	sim_assert_usage(sim_run("shrink"), "tdpsim shrink", "no file");
	sim_assert_usage(sim_run("bench", "coffee"), "tdpsim bench", "\"coffee\"");
	sim_assert_usage(sim_run("replay", "x.sched", "--backend", "hope"), "tdpsim replay",
			 "\"hope\"");
}

/* What is wrong with a file is said with its line. */
static void test_bad_workloads(void **state)
{
	static const struct {
		const char *text, *line;
	} bad[] = {
		{ "vm\nvcpu 0\nthread a\nfly 0\n", ":4: " },
		{ "vm\nthread a\nwrite 0 1g\n", ":3: there is no such vCPU" },
		{ "vm\nvcpu 0\nthread a\nwrite 0 1g\nthread b\nread 0 1g\n",
		  ":6: another thread uses this vCPU" },
		{ "vm\nvcpu 0\n", "there is no thread" },
		{ "vcpu 0\n", ":1: the VM must be made first" },
		{ "vm\nslot 0 1g 1m ram 0\nthread a\n", ":2: there is no such memory" },
		{ "vm\nthread a\nslot-delete 3\n", ":3: there is no such slot" },
		{ "vm\nthread a b\n", ":2: \"a b\" cannot be the name of a thread" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *path = sim_write_text("bad.wl", bad[i].text);
		struct sim_outcome outcome = sim_run("fuzz", "--workload", path);

		assert_int_equal(outcome.status, 2);
		sim_assert_one_line(outcome.err);
		sim_assert_has(outcome.err, bad[i].line);
		sim_outcome_free(&outcome);
	}
	sim_assert_refused(sim_run("fuzz", "--workload", "/nowhere"), "tdpsim fuzz: /nowhere: ");
}

static void test_list(void **state)
{
	struct sim_outcome outcome = sim_run("fuzz", "--list");

	sim_assert_fine(&outcome);
	assert_int_equal(sim_count(outcome.out, "\n"), 38);
	sim_assert_starts(outcome.out, "fault-fault ");
	sim_assert_has(outcome.out, "\nzap-teardown ");
	sim_outcome_free(&outcome);
}

/* The hash in the last but one line: of all that has happened. */
static void get_hash(const struct sim_outcome *outcome, char *hash, size_t size)
{
	const char *at = strstr(outcome->out, "hash of all of them ");

	assert_non_null(at);
	snprintf(hash, size, "%.16s", at + 20);
}

/* The same seed does the same, and another one does not. */
static void test_a_seed_means_something(void **state)
{
	char one[32], again[32], other[32];
	struct sim_outcome outcome;

	outcome = sim_run("fuzz", "--workload", "fault-notifier", "--schedules", "600");
	sim_assert_fine(&outcome);
	sim_assert_has(outcome.out, "600 schedules in ");
	sim_assert_has(outcome.out, "nothing found; ");
	get_hash(&outcome, one, sizeof(one));
	sim_outcome_free(&outcome);
	outcome = sim_run("fuzz", "--workload", "fault-notifier", "--schedules", "600");
	get_hash(&outcome, again, sizeof(again));
	sim_outcome_free(&outcome);
	outcome = sim_run("fuzz", "--workload", "fault-notifier", "--schedules", "600", "--seed", "2");
	get_hash(&outcome, other, sizeof(other));
	sim_outcome_free(&outcome);
	assert_string_equal(one, again);
	assert_string_not_equal(one, other);
}

/* The last line is a command: what it is called with. */
static const char *last_argument(const struct sim_outcome *outcome)
{
	static char path[4096];
	const char *at = strstr(outcome->out, "\ntdpsim replay ");

	assert_non_null(at);
	snprintf(path, sizeof(path), "%.*s", (int)strcspn(at + 15, "\n"), at + 15);
	return path;
}

static void test_from_finding_to_explanation(void **state)
{
	struct sim_outcome outcome;
	const char *file;

	outcome = sim_run("fuzz", "--workload", "zap-teardown", "--profile", "seed-v1",
			  "--seconds", "60", "--keep", sim_cli_dir);
	assert_int_equal(outcome.status, 1);
	sim_assert_has(outcome.out, "\nfound: use after free: ");
	sim_assert_has(outcome.out, "seed_v1_invalidate_all_roots");
	sim_assert_has(outcome.out, "<== before this");
	file = last_argument(&outcome);
	sim_outcome_free(&outcome);

	outcome = sim_run("replay", file, "--times", "20", "-q");
	assert_int_equal(outcome.status, 1);
	sim_assert_has(outcome.out, ": 20 of 20 replays as recorded");
	sim_outcome_free(&outcome);
	outcome = sim_run("replay", file, "--times", "5", "-q", "--backend", "threads");
	assert_int_equal(outcome.status, 1);
	sim_assert_has(outcome.out, ": 5 of 5 replays as recorded");
	sim_outcome_free(&outcome);
	outcome = sim_run("explain", file);
	assert_int_equal(outcome.status, 0);
	sim_assert_has(outcome.out, "FAILS: use after free: ");
	sim_outcome_free(&outcome);
}

static void test_explore(void **state)
{
	struct sim_outcome outcome;

	outcome = sim_run("explore", "zap-teardown", "--preemptions", "1", "-q");
	sim_assert_fine(&outcome);
	sim_assert_has(outcome.out, " interleavings with at most 1 preemptions: none fails\n");
	sim_outcome_free(&outcome);
	outcome = sim_run("explore", "zap-teardown", "--preemptions", "1", "-q", "--profile",
			  "seed-v1", "--keep", sim_cli_dir);
	assert_int_equal(outcome.status, 1);
	sim_assert_has(outcome.out, "\nfound: use after free: ");
	sim_outcome_free(&outcome);
}

/* A race of real kernels (docs/found.md): there until 6.2, and not from then on. */
static void test_unlisted_table(void **state)
{
	static const char workload[] = TEST_DIR "/workloads/unlisted-table.wl";
	struct sim_outcome outcome;

	outcome = sim_run("fuzz", "--workload", workload, "--profile", "v6.1", "--set", "nx=1",
			  "--known", "--seconds", "25", "--keep", sim_cli_dir);
	assert_int_equal(outcome.status, 1);
	sim_assert_has(outcome.out, "\nfound: wild access: ioctl touches address 0x8\n");
	sim_assert_has(outcome.out, "tdp_mmu_unlink_sp: FAILS");
	sim_outcome_free(&outcome);
	/* A search that knows it goes on. */
	outcome = sim_run("fuzz", "--workload", workload, "--profile", "v6.1", "--set", "nx=1",
			  "--schedules", "3000");
	sim_assert_fine(&outcome);
	sim_outcome_free(&outcome);
	outcome = sim_run("fuzz", "--workload", workload, "--profile", "v6.4", "--set", "nx=1",
			  "--known", "--schedules", "3000");
	sim_assert_fine(&outcome);
	sim_outcome_free(&outcome);
}

/* Races of real kernels (docs/found.md): found, and a search that knows them goes on. */
static void check_known(const char *workload, const char *option, const char *value,
			const char *const *words)
{
	struct sim_outcome outcome;

	outcome = sim_run("fuzz", "--workload", workload, option, value, "--known", "--seconds", "25",
			  "--keep", sim_cli_dir);
	assert_int_equal(outcome.status, 1);
	for (; *words; words++)
		sim_assert_has(outcome.out, *words);
	sim_outcome_free(&outcome);
	outcome = sim_run("fuzz", "--workload", workload, option, value, "--schedules", "3000");
	sim_assert_fine(&outcome);
	sim_assert_has(outcome.out, "what is known of kernels as they were");
	sim_outcome_free(&outcome);
}

static void test_mmio_over_leaf(void **state)
{
	static const char *const words[] = { "\nfound: stale translation: ", "(MMIO", NULL };

	check_known(TEST_DIR "/workloads/mmio-over-leaf.wl", "--profile", "v6.12", words);
}

/* A walk that yields with the flush of another memslot owed. */
static void test_flush_between_slots(void **state)
{
	static const char *const words[] = {
		"whoever changed it has dropped mmu_lock, vCPU 0", NULL
	};

	check_known(TEST_DIR "/workloads/flush-between-slots.wl", "--profile", "v6.1", words);
}

/* The same, and another invalidation comes meanwhile. */
static void test_two_invalidations(void **state)
{
	static const char *const words[] = {
		"\nfound: notifier: ", "leads by a cached translation to frame", NULL
	};

	check_known(TEST_DIR "/workloads/two-invalidations.wl", "--profile", "v6.4", words);
}

/* The zap at the wrap of a generation comes before the new one can be seen. */
static void test_mmio_before_wrap(void **state)
{
	static const char workload[] = TEST_DIR "/workloads/mmio-before-wrap.wl";
	static const char *const words[] = {
		"an MMIO SPTE of generation 0x7fffe, but the memslots' is 0x0", NULL
	};
	struct sim_outcome outcome;

	check_known(workload, "--set", "wrap=2", words);
	/* Far from the wrap there is nothing. */
	outcome = sim_run("fuzz", "--workload", workload, "--set", "wrap=0", "--schedules", "2000");
	sim_assert_fine(&outcome);
	assert_int_equal(sim_count(outcome.out, "what is known"), 0);
	sim_outcome_free(&outcome);
}

/* A huge page is taken apart when D is cleared, and W not yet. */
static void test_split_between_passes(void **state)
{
	static const char workload[] = TEST_DIR "/workloads/split-between-passes.wl";
	struct sim_outcome outcome;

	outcome = sim_run("fuzz", "--workload", workload, "--profile", "v6.12", "--format", "ept",
			  "--set", "nx=1", "--set", "eager-split=0", "--known", "--seconds", "25",
			  "--keep", sim_cli_dir);
	assert_int_equal(outcome.status, 1);
	sim_assert_has(outcome.out, "found: at the end: as 0 gfn 0x40002 level 1 SPTE ");
	sim_assert_has(outcome.out, ": written, but not in the dirty log\n");
	sim_outcome_free(&outcome);
	outcome = sim_run("fuzz", "--workload", workload, "--profile", "v6.12", "--format", "ept",
			  "--set", "nx=1", "--set", "eager-split=0", "--schedules", "3000");
	sim_assert_fine(&outcome);
	sim_assert_has(outcome.out, "what is known of kernels as they were");
	sim_outcome_free(&outcome);
	/* Split before, and nothing is left to be split. */
	outcome = sim_run("fuzz", "--workload", workload, "--profile", "v6.12", "--format", "ept",
			  "--set", "nx=1", "--set", "eager-split=1", "--schedules", "3000");
	sim_assert_fine(&outcome);
	assert_int_equal(sim_count(outcome.out, "what is known"), 0);
	sim_outcome_free(&outcome);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_options),
		cmocka_unit_test(test_bad_workloads),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_a_seed_means_something),
		cmocka_unit_test(test_from_finding_to_explanation),
		cmocka_unit_test(test_explore),
		cmocka_unit_test(test_unlisted_table),
		cmocka_unit_test(test_two_invalidations),
		cmocka_unit_test(test_mmio_before_wrap),
		cmocka_unit_test(test_split_between_passes),
		cmocka_unit_test(test_flush_between_slots),
		cmocka_unit_test(test_mmio_over_leaf),
	};

	return cmocka_run_group_tests(tests, sim_cli_setup, sim_cli_teardown);
}
