/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sim/replay.h"
#include "sim/report.h"
#include "sim/sim.h"

/* Replay notices what differs, and says it in the words that a person needs. */

static struct sim_recording *read_recording(const char *name)
{
	char path[512], err[512];
	struct sim_recording *rec;

	snprintf(path, sizeof(path), "%s/recordings/%s.vec.zst", TEST_DIR, name);
	rec = sim_recording_read(path, err, sizeof(err));
	if (!rec)
		fail_msg("%s", err);
	return rec;
}

/* Replay; the report goes to *text, which the caller frees, if @text is not NULL. */
static struct sim_replay_result replay(const struct sim_recording *rec, const char *profile,
				       bool keep_going, char **text)
{
	struct sim_replay_options opt = { .keep_going = keep_going };
	struct sim_replay_result result;
	struct sim_replay replay;
	char err[512];
	size_t size;

	if (text)
		opt.out = open_memstream(text, &size);
	if (sim_replay_start(&replay, rec, profile ? sim_profile_find(profile) : NULL, err,
			     sizeof(err)))
		fail_msg("%s", err);
	assert_int_equal(sim_replay_run(&replay, &opt, &result), 0);
	sim_replay_stop(&replay);
	if (text)
		fclose(opt.out);
	return result;
}

/* The first event of a type, from the end of @after on. */
static struct sim_event *find_event(struct sim_recording *rec, enum sim_event_type type,
				    size_t after)
{
	size_t i;

	for (i = after; i < rec->nr_events; i++)
		if (rec->events[i].type == type)
			return &rec->events[i];
	fail_msg("the recording has no event of type %d", type);
	return NULL;
}

static void test_everything_is_compared(void **state)
{
	struct sim_recording *rec = read_recording("npt4-v6.1/mmio");
	struct sim_replay_result result = replay(rec, NULL, false, NULL);

	assert_int_equal(result.nr_mismatches, 0);
	assert_int_equal(result.nr_ops, rec->nr_records);
	assert_int_equal(result.nr_events, rec->nr_events);
	sim_recording_free(rec);
}

/* Change one number of one event of each kind that is an output: each must be noticed. */
static void test_each_kind_of_event_is_noticed(void **state)
{
	static const struct { enum sim_event_type type; const char *recording; } cases[] = {
		{ SIM_EV_PAGE_FAULT, "npt4-v6.1/mmio" },
		{ SIM_EV_SPTE_REQUESTED, "npt4-v6.1/mmio" },
		{ SIM_EV_GET_PAGE, "npt4-v6.1/mmio" },
		{ SIM_EV_PREPARE_ZAP_PAGE, "npt4-v6.1/mmio" },
		{ SIM_EV_SPTE, "npt4-v6.1/mmio" },
		{ SIM_EV_SET_SPTE, "npt4-v6.1/mmio" },
		{ SIM_EV_FAST_PAGE_FAULT, "npt4-v6.1/mmio" },
		{ SIM_EV_MARK_MMIO_SPTE, "npt4-v6.1/mmio" },
		{ SIM_EV_HANDLE_MMIO_PAGE_FAULT, "npt4-v6.1/mmio" },
		{ SIM_EV_CHECK_MMIO_SPTE, "npt4-v6.1/mmio" },
		{ SIM_EV_SPLIT_HUGE_PAGE, "ept4-v6.12/dirty" },
		{ SIM_EV_ZAP_ROOT, "npt4-v6.1/mmio" },
		{ SIM_EV_RET, "npt4-v6.1/mmio" },
		{ SIM_EV_EXIT_MMIO, "npt4-v6.1/mmio" },
		{ SIM_EV_DIRTY, "ept4-v6.12/dirty" },
		{ SIM_EV_STAT, "npt4-v6.1/mmio" },
		{ SIM_EV_HOST_PAGE, "npt4-v6.1/mmio" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sim_recording *rec = read_recording(cases[i].recording);
		struct sim_event *event = find_event(rec, cases[i].type, 0);

		event->v[0] ^= 1;
		if (!replay(rec, NULL, false, NULL).nr_mismatches)
			fail_msg("a changed %s is not noticed",
				 sim_event_type_name(cases[i].type));
		sim_recording_free(rec);
	}
}

static void remove_event(struct sim_recording *rec, size_t index)
{
	size_t i;

	memmove(&rec->events[index], &rec->events[index + 1],
		(rec->nr_events - index - 1) * sizeof(rec->events[0]));
	rec->nr_events--;
	for (i = 0; i < rec->nr_records; i++) {
		if (rec->records[i].first > index)
			rec->records[i].first--;
		else if (rec->records[i].first + rec->records[i].nr > index)
			rec->records[i].nr--;
	}
}

/*
 * Leave out each line of a recording in turn: each is missed.  But for inputs of the
 * host, which may be without effect.
 */
static void test_each_missing_line_is_noticed(void **state)
{
	struct sim_recording *whole = read_recording("ept4-v6.12/age");
	size_t nr = whole->nr_events, i;

	sim_recording_free(whole);
	for (i = 0; i < nr; i++) {
		struct sim_recording *rec = read_recording("ept4-v6.12/age");
		unsigned int line = rec->events[i].line;
		bool input = sim_event_is_host(&rec->events[i]);

		remove_event(rec, i);
		if (!replay(rec, NULL, false, NULL).nr_mismatches && !input)
			fail_msg("line %u can be left out unnoticed", line);
		sim_recording_free(rec);
	}
}

static void test_report_names_the_place(void **state)
{
	struct sim_recording *rec = read_recording("ept4-v6.1/basic");
	struct sim_event *event = find_event(rec, SIM_EV_SPTE, 0);
	struct sim_replay_result result;
	char place[600], *text;

	/* The first leaf; without bit 58 it is not MMU-writable. */
	while (event->type != SIM_EV_SPTE || event->spte.level != 1)
		event++;
	event->spte.new ^= 1ULL << 58;
	snprintf(place, sizeof(place), "%s:%u: operation ", rec->name, event->line);
	result = replay(rec, NULL, false, &text);

	assert_int_equal(result.nr_mismatches, 1);
	assert_ptr_equal(strstr(text, place), text);
	assert_non_null(strstr(text, "what led there:"));
	assert_non_null(strstr(text, "    expected  spte as=0"));
	assert_non_null(strstr(text, "    got       spte as=0"));
	/* The differing bit, in words, on one side only. */
	assert_non_null(strstr(text, "mmu-writable"));
	free(text);
	sim_recording_free(rec);
}

static void test_keep_going_shows_all(void **state)
{
	struct sim_recording *rec = read_recording("ept4-v6.1/basic");
	struct sim_event *first = find_event(rec, SIM_EV_SET_SPTE, 0);
	struct sim_event *second = find_event(rec, SIM_EV_MARK_MMIO_SPTE, 0);
	struct sim_replay_result result;
	char *text;

	first->set_spte.level++;
	second->mark_mmio.gen++;
	result = replay(rec, NULL, true, &text);
	assert_int_equal(result.nr_mismatches, 2);
	assert_int_equal(result.nr_ops, rec->nr_records);
	free(text);

	result = replay(rec, NULL, false, &text);
	assert_int_equal(result.nr_mismatches, 1);
	free(text);
	sim_recording_free(rec);
}

/*
 * The worker of v6.4 makes the SPTE changes that v6.1 made in the caller.  Where no
 * huge page is split by a fault only the end differs: destroy_workqueue() instead of
 * another zap of invalidated roots.
 */
static void test_worker_makes_the_same_changes(void **state)
{
	static const char *const machines[] = {
		"ept4", "ept4-nopml", "ept4-noad", "ept5", "npt4", "npt5",
	};
	static const char *const names[] = { "age", "basic", "fork", "levels", "mmio" };
	size_t m, n;

	for (m = 0; m < sizeof(machines) / sizeof(machines[0]); m++) {
		for (n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
			struct sim_replay_result result;
			struct sim_recording *rec;
			char name[64];

			snprintf(name, sizeof(name), "%s-v6.1/%s", machines[m], names[n]);
			rec = read_recording(name);
			result = replay(rec, "v6.4", true, NULL);
			if (result.nr_mismatches != 1 ||
			    result.first_mismatch != rec->nr_records)
				fail_msg("%s: %zu operations differ, from %zu on", name,
					 result.nr_mismatches, result.first_mismatch);
			sim_recording_free(rec);
		}
	}
}

static void test_nonsense_is_refused(void **state)
{
	static const char head[] =
		"tdp-vector 1\nkernel 6.1.0\nvendor amd\nformat npt\nlevels 4\nmaxphyaddr 40\n";
	static const struct { const char *text, *err; } cases[] = {
		{ "op vm\nop slot 0 1g 4k a 0\nop destroy\n", "t:8: no memory is named \"a\"" },
		{ "op vm\nop memory a 4k small\nop memory a 4k small\nop destroy\n",
		  "t:9: there is a memory \"a\" already" },
		{ "op vm\nop memory a 4k small\nop slot 0 1g 8k a 0\nop destroy\n",
		  "t:9: offset and size are beyond the end of memory \"a\"" },
		{ "op vm\nop read 0 0\nop destroy\n", "t:8: there is no such vCPU" },
		{ "op vm\nop vcpu 60\nop destroy\n", "t:8: vCPU numbers go up to 59" },
		{ "op vm\nop vcpu 0\nop vcpu 0\nop destroy\n", "t:9: this vCPU exists already" },
		{ "op vm\nop slot-delete 3\nop destroy\n", "t:8: no slot has this id" },
		{ "op vm\nop dirty-get 3\nop destroy\n", "t:8: no slot has this id" },
		{ "op vm\nop smi 1\nop destroy\n", "t:8: there is no such vCPU" },
		{ "op vm\nop madvise b 0 4k dontneed\nop destroy\n",
		  "t:8: no memory is named \"b\"" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sim_recording *rec;
		char text[1024], err[512];

		snprintf(text, sizeof(text), "%s%s", head, cases[i].text);
		rec = sim_recording_parse("t", text, strlen(text), err, sizeof(err));
		if (!rec)
			fail_msg("%s", err);
		assert_false(sim_replay_check(rec, err, sizeof(err)));
		assert_string_equal(err, cases[i].err);
		sim_recording_free(rec);
	}
}

/* A host that changes a page without taking the old one away is none: KVM would BUG. */
static void test_impossible_host_is_refused(void **state)
{
	const struct sim_replay_options opt = { .keep_going = true };
	struct sim_recording *rec = read_recording("npt4-v6.1/basic");
	struct sim_event *unmap = find_event(rec, SIM_EV_HOST_UNMAP, 0);
	struct sim_replay_result result;
	struct sim_replay replay;
	char err[512], place[600];

	remove_event(rec, unmap - rec->events);
	/* The set_pte behind it is without effect now. */
	snprintf(place, sizeof(place), "%s:%u: the host gives frame 0x1025af for gfn 0x40001, "
		 "which is still mapped to 0x3310", rec->name,
		 find_event(rec, SIM_EV_HOST_PAGE, unmap - rec->events)->line);

	assert_int_equal(sim_replay_start(&replay, rec, NULL, err, sizeof(err)), 0);
	assert_int_equal(sim_replay_run(&replay, &opt, &result), -EINVAL);
	assert_string_equal(replay.err, place);
	sim_replay_stop(&replay);
	sim_recording_free(rec);
}

static int setup(void **state)
{
	return sim_init();
}

static int teardown(void **state)
{
	kvm_mmu_module_exit();
	assert_int_equal(sim_warn_count(), 0);
	return sim_exit() ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_is_compared),
		cmocka_unit_test(test_each_kind_of_event_is_noticed),
		cmocka_unit_test(test_each_missing_line_is_noticed),
		cmocka_unit_test(test_report_names_the_place),
		cmocka_unit_test(test_keep_going_shows_all),
		cmocka_unit_test(test_worker_makes_the_same_changes),
		cmocka_unit_test(test_nonsense_is_refused),
		cmocka_unit_test(test_impossible_host_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_STDOUT);
	return cmocka_run_group_tests(tests, setup, teardown);
}
