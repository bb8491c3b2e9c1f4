/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * A race is explained: the one of the patch's first version.  At teardown a task walks the list of
 * roots and holds nothing; a worker takes a root off it, and RCU frees it.
 *
 *	close				kvm			rcu
 *	queue_work(root)
 *					list_del_rcu(root)
 *					call_rcu(root)
 *								frees root
 *	reads root->link.next
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmu/mmu.h"
#include "mmu/tdp_mmu.h"
#include "sim/fuzz/explain.h"
#include "sim/fuzz/search.h"
#include "sim/fuzz/symbol.h"
#include "sim/sim.h"

static struct sim_schedule_file race;

/* ---- A schedule that fails ---- */

#define MAX_RUNS	3000

static bool search(struct sim_lab *lab)
{
	const struct sim_search_odds odds = { 0 };
	static struct sim_recording_strategy recorder;
	static struct sim_search strategy;
	static struct sim_det_result result;
	struct sim_det_config config = { 0 };
	u64 seed;

	sim_search_init(&strategy);
	sim_recording_strategy_init(&recorder, &strategy.strategy);
	config.strategy = &recorder.strategy;
	for (seed = 1; seed <= MAX_RUNS; seed++) {
		sim_search_begin(&strategy, seed, odds, NULL);
		sim_recording_strategy_begin(&recorder);
		assert_int_equal(sim_lab_run(lab, &config, &result), 0);
		sim_search_end(&strategy);
		if (!result.failed || !strstr(result.report, "use after free"))
			continue;
		race.schedule = recorder.schedule;
		return true;
	}
	return false;
}

static int find_race(void **state)
{
	const struct sim_stock *stock = sim_stock_find("zap-teardown");
	static struct sim_lab lab;
	char err[256];
	bool found;

	if (sim_init())
		return -1;
	race.machine = sim_lab_machine_default();
	race.workload = sim_workload_parse(stock->name, stock->text, err, sizeof(err));
	if (!race.workload || !sim_lab_machine_set(&race.machine, "profile", "seed-v1") ||
	    sim_lab_init(&lab, race.workload, &race.machine))
		return -1;
	lab.teardown = true;
	found = search(&lab);
	sim_lab_exit(&lab);
	return found ? 0 : -1;
}

static int forget_race(void **state)
{
	sim_schedule_file_free(&race);
	sim_symbol_exit();
	sim_exit();
	return 0;
}

/* ---- Its explanation ---- */

static char *explain(const struct sim_schedule_file *f, struct sim_explain_options opt)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(sim_explain(out, f, &opt), 0);
	fclose(out);
	return text;
}

static void assert_says(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("\"%s\" is missing in:\n%s", what, text);
}

static void assert_fits(const char *text, size_t width, unsigned int lines)
{
	unsigned int nr = 0;

	for (; *text; nr++) {
		size_t len = strcspn(text, "\n");

		if (len > width)
			fail_msg("longer than %zu: %.*s", width, (int)len, text);
		text += len + (text[len] == '\n');
	}
	assert_in_range(nr, 10, lines);
}

static void test_text(void **state)
{
	char *text = explain(&race, (struct sim_explain_options) { 0 });

	assert_fits(text, 100, 60);
	/* Who it is about, and by which functions. */
	assert_says(text, "workload zap-teardown on profile=seed-v1");
	assert_says(text, "seed_v1_invalidate_all_roots");
	assert_says(text, "tdp_mmu_free_sp_rcu_callback");
	assert_says(text, "(mmu/tdp_mmu_lifecycle.c:");
	assert_says(text, "unlink_root");
	assert_says(text, "call_rcu(");
	assert_says(text, "== destroy");
	/* Not the functions that stand in for the kernel's. */
	assert_null(strstr(text, "sim_list_after"));
	assert_null(strstr(text, "list_del_rcu:"));

	assert_says(text, "FAILS: use after free");
	assert_says(text, "unlinked  by kvm");
	assert_says(text, "freed     by rcu");
	assert_says(text, "used      by close");
	free(text);
}

static void test_swap(void **state)
{
	char *text = explain(&race, (struct sim_explain_options) { 0 });
	const char *early, *late;

	assert_says(text, "passes if A comes before B");
	early = strstr(text, "<== before this");
	late = strstr(text, "<== this");
	assert_non_null(early);
	assert_non_null(late);
	/* It fails because they come in this order. */
	assert_true(early < late);
	assert_says(text, "A: close reads");
	assert_says(text, "B: rcu frees");
	free(text);
}

/* Without its decisions the schedule is the default one, which does not fail. */
static void test_no_failure(void **state)
{
	struct sim_schedule_file calm = race;
	char *text;

	memset(&calm.schedule, 0, sizeof(calm.schedule));
	text = explain(&calm, (struct sim_explain_options) { 0 });
	assert_says(text, "It does not fail.");
	assert_null(strstr(text, "<== this"));
	free(text);
}

static void test_widths(void **state)
{
	static const unsigned int widths[] = { 60, 72, 132 };
	unsigned int i;

	for (i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		char *text = explain(&race, (struct sim_explain_options) { .width = widths[i] });

		assert_fits(text, widths[i], 72);
		free(text);
	}
}

static void test_all(void **state)
{
	char *text = explain(&race, (struct sim_explain_options) { .all = true });

	assert_fits(text, 100, 100000);
	assert_null(strstr(text, "more step"));
	assert_says(text, "rcu_read_unlock()");
	assert_says(text, "read_unlock(mmu_lock)");
	free(text);
}

/* ---- The trace ---- */

static const char *string_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) ? json_object_get_string(value) : "";
}

static void count_events(struct json_object *events, unsigned int *slices, unsigned int *failures)
{
	size_t i;

	for (i = 0; i < json_object_array_length(events); i++) {
		struct json_object *event = json_object_array_get_idx(events, i), *tid, *args;

		if (!json_object_object_get_ex(event, "tid", &tid))
			continue;
		assert_in_range(json_object_get_int(tid), 0, SIM_DET_MAX_TASKS - 1);
		if (!strcmp(string_of(event, "ph"), "X")) {
			slices[json_object_get_int(tid)]++;
			assert_true(json_object_object_get_ex(event, "args", &args));
			assert_string_not_equal(string_of(args, "site"), "");
		}
		*failures += !!strstr(string_of(event, "name"), "use after free");
	}
}

static void test_json(void **state)
{
	unsigned int slices[SIM_DET_MAX_TASKS] = { 0 }, failures = 0, task;
	struct json_object *root, *events;
	char *json = NULL, *text;
	size_t size;
	FILE *out = open_memstream(&json, &size);

	assert_non_null(out);
	text = explain(&race, (struct sim_explain_options) { .json = out });
	fclose(out);
	root = json_tokener_parse(json);
	assert_non_null(root);
	assert_true(json_object_object_get_ex(root, "traceEvents", &events));
	count_events(events, slices, &failures);
	/* rcu, kvm and close; main only waits. */
	for (task = 1; task <= 3; task++)
		assert_int_not_equal(slices[task], 0);
	assert_int_equal(failures, 1);
	json_object_put(root);
	free(json);
	free(text);
}

/* ---- Symbols ---- */

static void test_symbol(void **state)
{
	const char *begin = (const char *)(uintptr_t)kvm_mmu_uninit_tdp_mmu;
	const struct sim_symbol *symbol = sim_symbol_of(begin + 1);
	const struct sim_symbol_frame *outer = &symbol->frames[symbol->nr - 1];
	char name[64];

	assert_string_equal(outer->function, "kvm_mmu_uninit_tdp_mmu");
	assert_string_equal(outer->file, "mmu/tdp_mmu_root.c");
	assert_true(outer->line > 0);
	assert_false(sim_symbol_is_seam(outer));
	/* Asked again, it is known. */
	assert_ptr_equal(sim_symbol_of(begin + 1), symbol);

	assert_true(sim_symbol_data(&vm_list, name, sizeof(name)));
	assert_string_equal(name, "vm_list");
}

static void test_unknown_symbol(void **state)
{
	const struct sim_symbol *symbol = sim_symbol_of((void *)16);
	char name[64];

	assert_int_equal(symbol->nr, 1);
	assert_string_equal(symbol->frames[0].function, "?");
	assert_string_equal(symbol->frames[0].file, "?");
	assert_string_equal(sim_symbol_of(NULL)->frames[0].function, "?");
	assert_false(sim_symbol_data(&symbol, name, sizeof(name)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_swap),
		cmocka_unit_test(test_no_failure),
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_symbol),
		cmocka_unit_test(test_unknown_symbol),
	};

	return cmocka_run_group_tests(tests, find_race, forget_race);
}
