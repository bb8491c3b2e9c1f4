/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/recording.h"
#include "sim/replay.h"
#include "tests/fuzz/fuzz.h"

/*
 * The reader of recordings: whatever the text, it answers with a recording or with
 * one line that says where the fault is; and what it has read it can print and
 * read again.
 */

static void check_events(const struct sim_recording *rec)
{
	char text[512];
	size_t i;

	for (i = 0; i < rec->nr_events; i++)
		if (sim_event_print(&rec->events[i], text, sizeof(text)) >= (int)sizeof(text))
			fuzz_fail("an event of %zu bytes", strlen(text));
}

static void check_records(const struct sim_recording *rec)
{
	size_t i, next = 0;

	for (i = 0; i < rec->nr_records; i++) {
		fuzz_check_op(&rec->records[i].op);
		if (rec->records[i].first != next)
			fuzz_fail("record %zu begins at %zu, not %zu", i, rec->records[i].first,
				  next);
		next += rec->records[i].nr;
	}
	if (next != rec->nr_events)
		fuzz_fail("%zu events, but %zu in the records", rec->nr_events, next);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sim_recording *rec;
	char err[512] = "";

	rec = sim_recording_parse("input", (const char *)data, size, err, sizeof(err));
	if (!rec) {
		fuzz_check_message("input", err);
		return 0;
	}
	check_records(rec);
	check_events(rec);
	if (!sim_replay_check(rec, err, sizeof(err)))
		fuzz_check_message("input", err);
	sim_recording_free(rec);
	return 0;
}
