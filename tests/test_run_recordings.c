/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <glob.h>

#include "mmu/spte.h"
#include "sim/host_model.h"
#include "sim/replay.h"
#include "sim/report.h"
#include "sim/sim.h"

/*
 * The operations of the recordings, on the model of the host: it must come to the same
 * decisions as the hosts that were recorded did.  Everything is compared, what the host
 * did included; only the numbers of frames may be others, one for one.
 */

/* Recordings whose hosts took decisions that depend on more than the operations. */
static const struct { const char *name, *reason; } exceptions[] = {
	{ NULL, NULL },
};

/* ---- Frames of the recording, and of the model ---- */

#define NR_PFNS		(UINT64_C(1) << 22)	/* 16 GiB: enough for either side */
#define NR_MODEL_FRAMES	(UINT64_C(1) << 21)
#define PAGES_1G	262144
#define FRAME_SHIFT	12
#define FRAME_BITS	UINT64_C(0x000ffffffffff000)

/* The frame that stands for another, in one run. */
struct partner {
	uint32_t run, pfn;
};

static struct renaming {
	struct partner to_model[NR_PFNS], to_recording[NR_PFNS];
	uint64_t generation[NR_PFNS];	/* of the model's frame when it got its partner */
	const struct sim_host_model *model;
	uint32_t run;			/* older entries do not count */
} names;

/* 0 for none. */
static uint64_t partner_of(const struct partner *partner)
{
	return partner->run == names.run ? partner->pfn : 0;
}

/* Whether the model has given the frame up since it got its partner. */
static bool is_over(uint64_t pfn)
{
	const struct sim_frame *frame = sim_frame_get(names.model, pfn);

	return !frame || frame->free || frame->generation != names.generation[pfn];
}

/* A pair stays together for as long as the model's frame is in use. */
static bool pair(uint64_t recorded, uint64_t model)
{
	const struct sim_frame *frame = sim_frame_get(names.model, model);
	uint64_t there, back;

	assert_true(recorded < NR_PFNS && model < NR_PFNS);
	there = partner_of(&names.to_model[recorded]);
	back = partner_of(&names.to_recording[model]);
	if (there == model && back == recorded && !is_over(model))
		return true;
	if (there && there != model && !is_over(there))
		return false;
	if (back && back != recorded && !is_over(model))
		return false;
	if (!frame)
		return false;
	names.to_recording[there].run = 0;
	names.to_model[back].run = 0;
	names.to_model[recorded] = (struct partner) { names.run, model };
	names.to_recording[model] = (struct partner) { names.run, recorded };
	names.generation[model] = frame->generation;
	return true;
}

/* All pages of what the host maps; of a page of 1 GiB, which stays whole, only the first. */
static bool pair_page(const struct sim_event *want, const struct sim_event *got)
{
	uint64_t pages = want->host_page.size >> 12, offset = want->host_page.pfn & (pages - 1);
	uint64_t recorded = want->host_page.pfn - offset, model = got->host_page.pfn - offset, i;

	if ((got->host_page.pfn & (pages - 1)) != offset)
		return false;
	if (pages == PAGES_1G)
		pages = 1;
	for (i = 0; i < pages; i++)
		if (!pair(recorded + i, model + i))
			return false;
	return true;
}

static void rename_pfn(uint64_t *pfn)
{
	uint64_t offset = *pfn & (PAGES_1G - 1), partner;

	if (*pfn >= NR_PFNS)
		return;
	partner = partner_of(&names.to_model[*pfn]);
	if (partner) {
		*pfn = partner;
		return;
	}
	partner = partner_of(&names.to_model[*pfn - offset]);
	if (partner && sim_frame_get(names.model, partner)->order == SIM_ORDER_1G)
		*pfn = partner + offset;
}

static void rename_spte(uint64_t *spte, uint64_t table)
{
	uint64_t pfn = (*spte & FRAME_BITS) >> FRAME_SHIFT;

	/* An MMIO entry has its gfn there. */
	if (table || !is_shadow_present_pte(*spte))
		return;
	rename_pfn(&pfn);
	*spte = (*spte & ~FRAME_BITS) | pfn << FRAME_SHIFT;
}

/* Give a recorded event the model's frames. */
static bool rename_frames(struct sim_event *want,
			  const struct sim_event *got)
{
	switch (want->type) {
	case SIM_EV_HOST_PAGE:
		if (want->host_page.pfn == SIM_PFN_NONE || got->type != SIM_EV_HOST_PAGE ||
		    got->host_page.size != want->host_page.size ||
		    got->host_page.pfn == SIM_PFN_NONE)
			return true;
		if (!pair_page(want, got))
			return false;
		rename_pfn(&want->host_page.pfn);
		return true;
	case SIM_EV_SPTE_REQUESTED:
		rename_pfn(&want->requested.pfn);
		return true;
	case SIM_EV_SPTE:
		rename_spte(&want->spte.old, want->spte.old_table);
		rename_spte(&want->spte.new, want->spte.new_table);
		return true;
	case SIM_EV_SET_SPTE:
		rename_spte(&want->set_spte.spte, want->set_spte.table);
		return true;
	case SIM_EV_FAST_PAGE_FAULT:
		rename_spte(&want->fast.old, want->fast.old_table);
		rename_spte(&want->fast.new, want->fast.new_table);
		return true;
	case SIM_EV_SPLIT_HUGE_PAGE:
		rename_spte(&want->split.spte, want->split.table);
		return true;
	default:
		return true;
	}
}

/* ---- Lines, one for each SPTE ---- */

enum part { RESULTS, EVENTS, STATS, NR_PARTS };

static enum part part_of(const struct sim_event *event)
{
	if (event->type == SIM_EV_STAT)
		return STATS;
	return event->type >= SIM_EV_RET ? RESULTS : EVENTS;
}

struct lines {
	const struct sim_event *event, *end;
	enum part part;
	uint64_t in_run;
};

static uint64_t later_frame(uint64_t spte, uint64_t pages)
{
	return spte & FRAME_BITS ? spte + (pages << FRAME_SHIFT) : spte;
}

/* The next line of the part; what was folded by its frame numbers is unfolded. */
static bool next_line(struct lines *lines, struct sim_event *line)
{
	uint64_t pages;

	while (lines->event < lines->end && part_of(lines->event) != lines->part)
		lines->event++;
	if (lines->event == lines->end)
		return false;
	*line = *lines->event;
	if (line->type != SIM_EV_SPTE) {
		lines->event++;
		return true;
	}
	pages = lines->in_run << 9 * (line->spte.level - 1);
	line->spte.gfn += pages;
	line->spte.old = later_frame(line->spte.old, pages);
	line->spte.new = later_frame(line->spte.new, pages);
	line->spte.run = 1;
	if (++lines->in_run == lines->event->spte.run) {
		lines->event++;
		lines->in_run = 0;
	}
	return true;
}

/* ---- A run ---- */

struct run {
	const struct sim_recording *recording;
	struct sim_recorder recorder;
	struct sim_host_model host;
	struct sim_machine machine;
	char report[1200];	/* the first difference; empty if there is none */
};

static void report_difference(struct run *run, const struct sim_record *record,
			      const struct sim_event *want, const struct sim_event *got)
{
	char want_text[256] = "nothing more", got_text[256] = "nothing more";

	if (want)
		sim_event_print(want, want_text, sizeof(want_text));
	if (got)
		sim_event_print(got, got_text, sizeof(got_text));
	snprintf(run->report, sizeof(run->report), "%s:%u: %s\n    expected %s\n    got      %s\n",
		 run->recording->name, want ? want->line : record->op.line, record->op.text,
		 want_text, got_text);
}

static bool compare_part(struct run *run, const struct sim_record *record, enum part part,
			 const struct sim_event_list *list)
{
	const struct sim_event *events = run->recording->events + record->first;
	struct lines want_lines = { events, events + record->nr, part, 0 };
	struct lines got_lines = { list->events, list->events + list->nr, part, 0 };

	for (;;) {
		struct sim_event want, got, recorded;
		bool have_want = next_line(&want_lines, &want);
		bool have_got = next_line(&got_lines, &got);

		if (!have_want && !have_got)
			return true;
		recorded = want;
		if (have_want && have_got && rename_frames(&want, &got) &&
		    sim_event_equal(&want, &got, run->recording->head.ept))
			continue;
		report_difference(run, record, have_want ? &recorded : NULL,
				  have_got ? &got : NULL);
		return false;
	}
}

static void run_start(struct run *run, const struct sim_recording *recording, bool contiguous)
{
	struct sim_host_model_config config = {
		.thp = true, .contiguous = contiguous, .nr_frames = NR_MODEL_FRAMES,
	};
	char err[512];

	memset(run, 0, sizeof(*run));
	run->recording = recording;
	if (sim_replay_load_module(recording, NULL, err, sizeof(err)))
		fail_msg("%s", err);
	config.old_host = kvm_profile->has_change_pte;
	assert_int_equal(sim_recorder_init(&run->recorder), 0);
	assert_int_equal(sim_host_model_init(&run->host, &run->recorder, &config), 0);
	names.model = &run->host;
	names.run++;
	sim_machine_init(&run->machine, &run->host.host, &run->recorder);
	sim_recorder_attach(&run->recorder);
	sim_config_defer_work = true;
}

static void run_stop(struct run *run)
{
	sim_machine_exit(&run->machine);
	sim_config_defer_work = false;
	sim_recorder_attach(NULL);
	sim_recorder_exit(&run->recorder);
	sim_host_model_exit(&run->host);
}

/* Whether all is as recorded; otherwise run->report has the first difference. */
static bool run_recording(struct run *run, const struct sim_recording *recording, bool contiguous)
{
	const struct sim_recorder *rec = &run->recorder;
	bool same = true;
	size_t i;

	run_start(run, recording, contiguous);
	for (i = 0; same && i < recording->nr_records; i++) {
		const struct sim_record *record = &recording->records[i];

		assert_int_equal(sim_machine_run(&run->machine, &record->op), 0);
		same = compare_part(run, record, EVENTS, &rec->events) &&
		       compare_part(run, record, RESULTS, &rec->results) &&
		       compare_part(run, record, STATS, &rec->stats);
	}
	run_stop(run);
	return same;
}

/* ---- All of them ---- */

static const char *exception_of(const char *path)
{
	size_t i;

	for (i = 0; exceptions[i].name; i++)
		if (strstr(path, exceptions[i].name))
			return exceptions[i].reason;
	return NULL;
}

static void run_all(const char *pattern, bool contiguous)
{
	unsigned int nr_wrong = 0;
	glob_t paths;
	size_t i;

	assert_int_equal(glob(pattern, 0, NULL, &paths), 0);
	assert_true(paths.gl_pathc >= 15);
	for (i = 0; i < paths.gl_pathc; i++) {
		struct sim_recording *recording;
		struct run run;
		char err[512];
		bool same;

		recording = sim_recording_read(paths.gl_pathv[i], err, sizeof(err));
		if (!recording)
			fail_msg("%s", err);
		same = run_recording(&run, recording, contiguous);
		if (same == !exception_of(paths.gl_pathv[i])) {
			sim_recording_free(recording);
			continue;
		}
		nr_wrong++;
		print_error("%s", same ? paths.gl_pathv[i] : run.report);
		if (same)
			print_error(": runs as recorded, but is listed as one that does not\n");
		sim_recording_free(recording);
	}
	globfree(&paths);
	assert_int_equal(nr_wrong, 0);
}

static void test_recordings_run_the_same(void **state)
{
	run_all(TEST_DIR "/recordings/*/*.vec.zst", true);
}

/* Where the host finds its frames must make no difference. */
static void test_frames_do_not_matter(void **state)
{
	run_all(TEST_DIR "/recordings/npt4-*/*.vec.zst", false);
}

/* A model that behaves as the other kernel does is noticed: the comparison is worth something. */
static void test_other_host_differs(void **state)
{
	char err[512];
	struct sim_recording *recording =
		sim_recording_read(TEST_DIR "/recordings/ept4-v6.12/age.vec.zst", err, sizeof(err));
	struct run run;

	if (!recording)
		fail_msg("%s", err);
	run_start(&run, recording, true);
	run.host.config.old_host = true;
	for (size_t i = 0; i < recording->nr_records && !run.report[0]; i++) {
		assert_int_equal(sim_machine_run(&run.machine, &recording->records[i].op), 0);
		compare_part(&run, &recording->records[i], EVENTS, &run.recorder.events);
	}
	assert_non_null(strstr(run.report, "idle a 0 0x4000"));
	assert_non_null(strstr(run.report, "expected nothing more"));
	assert_non_null(strstr(run.report, "got      host age 0x20000000000 0x20000001000"));
	run_stop(&run);
	sim_recording_free(recording);
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
		cmocka_unit_test(test_recordings_run_the_same),
		cmocka_unit_test(test_frames_do_not_matter),
		cmocka_unit_test(test_other_host_differs),
	};

	cmocka_set_message_output(CM_OUTPUT_STDOUT);
	return cmocka_run_group_tests(tests, setup, teardown);
}
