/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "sim/fold.h"

/* A pair of neighbouring lines, and the line they fold to (NULL: they do not). */
struct pair {
	const char *prev;
	const char *next;
	const char *folded;
};

static void parse(const char *text, struct sim_event *event)
{
	char err[256] = "";

	if (!sim_event_parse(text, event, err, sizeof(err)))
		fail_msg("%s: %s", text, err);
}

static void check_pairs(const struct pair *pairs, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		const struct pair *pair = &pairs[i];
		const char *want = pair->folded ? pair->folded : pair->prev;
		struct sim_event prev, next;
		char got[256];
		bool folded;

		parse(pair->prev, &prev);
		parse(pair->next, &next);
		folded = sim_fold_spte(&prev, &next);
		sim_event_print(&prev, got, sizeof(got));
		if (folded != (pair->folded != NULL))
			fail_msg("%s\n%s\nexpected %s to fold", pair->prev, pair->next,
				 pair->folded ? "them" : "them not");
		assert_string_equal(got, want);
	}
}

#define CHECK(pairs)	check_pairs(pairs, sizeof(pairs) / sizeof((pairs)[0]))

/* Empty entries that are removed: no frame on either side. */
static void test_empty_entries_fold(void **state)
{
	static const struct pair pairs[] = {
		{ "spte as=0 gfn=0x10 level=1 old=0x0 new=0x5a0",
		  "spte as=0 gfn=0x11 level=1 old=0x0 new=0x5a0",
		  "spte as=0 gfn=0x10 level=1 old=0x0 new=0x5a0 run=2" },
		{ "spte as=0 gfn=0x10 level=1 old=0x0 new=0x5a0 run=100",
		  "spte as=0 gfn=0x74 level=1 old=0x0 new=0x5a0",
		  "spte as=0 gfn=0x10 level=1 old=0x0 new=0x5a0 run=101" },
		{ "spte as=1 gfn=0x200 level=2 old=0x8000000000000000 new=0x80000000000005a0",
		  "spte as=1 gfn=0x400 level=2 old=0x8000000000000000 new=0x80000000000005a0 run=510",
		  "spte as=1 gfn=0x200 level=2 old=0x8000000000000000 new=0x80000000000005a0 run=511" },
		{ "spte as=0 gfn=0x0 level=3 old=0x0 new=0x5a0 run=512",
		  "spte as=0 gfn=0x8000000 level=3 old=0x0 new=0x5a0 run=512",
		  "spte as=0 gfn=0x0 level=3 old=0x0 new=0x5a0 run=1024" },
		{ "spte as=0 gfn=0x0 level=4 old=0x0 new=0x5a0",
		  "spte as=0 gfn=0x8000000 level=4 old=0x0 new=0x5a0",
		  "spte as=0 gfn=0x0 level=4 old=0x0 new=0x5a0 run=2" },
		{ "spte as=0 gfn=0x0 level=5 old=0x0 new=0x5a0",
		  "spte as=0 gfn=0x1000000000 level=5 old=0x0 new=0x5a0",
		  "spte as=0 gfn=0x0 level=5 old=0x0 new=0x5a0 run=2" },
	};

	CHECK(pairs);
}

/* Frames go up by as many pages as an entry of the level maps. */
static void test_frames_in_step_fold(void **state)
{
	static const struct pair pairs[] = {
		{ "spte as=0 gfn=0x10 level=1 old=0x10b8b1e67 new=0x0",
		  "spte as=0 gfn=0x11 level=1 old=0x10b8b2e67 new=0x0",
		  "spte as=0 gfn=0x10 level=1 old=0x10b8b1e67 new=0x0 run=2" },
		{ "spte as=0 gfn=0x40000 level=2 old=0x200200ee7 new=0x200200ee5 run=3",
		  "spte as=0 gfn=0x40600 level=2 old=0x200800ee7 new=0x200800ee5",
		  "spte as=0 gfn=0x40000 level=2 old=0x200200ee7 new=0x200200ee5 run=4" },
		{ "spte as=0 gfn=0x40000 level=3 old=0x40000ee7 new=0x0",
		  "spte as=0 gfn=0x80000 level=3 old=0x80000ee7 new=0x0",
		  "spte as=0 gfn=0x40000 level=3 old=0x40000ee7 new=0x0 run=2" },
		/* The frame below the no-execute bit and EPT's software bits. */
		{ "spte as=0 gfn=0x0 level=1 old=0x86fffffffff10b77 new=0x86fffffffff10b75",
		  "spte as=0 gfn=0x1 level=1 old=0x86fffffffff11b77 new=0x86fffffffff11b75",
		  "spte as=0 gfn=0x0 level=1 old=0x86fffffffff10b77 new=0x86fffffffff10b75 run=2" },
	};

	CHECK(pairs);
}

/* MMIO entries carry the gfn where others have the frame. */
static void test_mmio_entries_fold(void **state)
{
	static const struct pair pairs[] = {
		{ "spte as=0 gfn=0x80000 level=1 old=0x80000026 new=0x0",
		  "spte as=0 gfn=0x80001 level=1 old=0x80001026 new=0x0",
		  "spte as=0 gfn=0x80000 level=1 old=0x80000026 new=0x0 run=2" },
		{ "spte as=0 gfn=0x80000 level=1 old=0x8000080000027 new=0x0",
		  "spte as=0 gfn=0x80001 level=1 old=0x8000080001027 new=0x0",
		  "spte as=0 gfn=0x80000 level=1 old=0x8000080000027 new=0x0 run=2" },
		/* Of two generations. */
		{ "spte as=0 gfn=0x80000 level=1 old=0x80000026 new=0x0",
		  "spte as=0 gfn=0x80001 level=1 old=0x80001036 new=0x0", NULL },
	};

	CHECK(pairs);
}

static void test_other_neighbours_do_not_fold(void **state)
{
	static const struct pair pairs[] = {
		/* address space, level */
		{ "spte as=0 gfn=0x10 level=1 old=0x0 new=0x5a0",
		  "spte as=1 gfn=0x11 level=1 old=0x0 new=0x5a0", NULL },
		{ "spte as=0 gfn=0x0 level=1 old=0x0 new=0x5a0",
		  "spte as=0 gfn=0x1 level=2 old=0x0 new=0x5a0", NULL },
		{ "spte as=0 gfn=0x0 level=2 old=0x0 new=0x5a0",
		  "spte as=0 gfn=0x200 level=1 old=0x0 new=0x5a0", NULL },
		/* gfn: the same, a hole, backwards, the step of another level, inside the run */
		{ "spte as=0 gfn=0x10 level=1 old=0x0 new=0x5a0",
		  "spte as=0 gfn=0x10 level=1 old=0x0 new=0x5a0", NULL },
		{ "spte as=0 gfn=0x10 level=1 old=0x0 new=0x5a0",
		  "spte as=0 gfn=0x12 level=1 old=0x0 new=0x5a0", NULL },
		{ "spte as=0 gfn=0x10 level=1 old=0x0 new=0x5a0",
		  "spte as=0 gfn=0xf level=1 old=0x0 new=0x5a0", NULL },
		{ "spte as=0 gfn=0x0 level=2 old=0x0 new=0x5a0",
		  "spte as=0 gfn=0x1 level=2 old=0x0 new=0x5a0", NULL },
		{ "spte as=0 gfn=0x0 level=1 old=0x0 new=0x5a0 run=2",
		  "spte as=0 gfn=0x1 level=1 old=0x0 new=0x5a0", NULL },
		/* bits of the old value, of the new one */
		{ "spte as=0 gfn=0x10 level=1 old=0x0 new=0x5a0",
		  "spte as=0 gfn=0x11 level=1 old=0x8000000000000000 new=0x5a0", NULL },
		{ "spte as=0 gfn=0x10 level=1 old=0x0 new=0x5a0",
		  "spte as=0 gfn=0x11 level=1 old=0x0 new=0x0", NULL },
		{ "spte as=0 gfn=0x10 level=1 old=0x1000e67 new=0x0",
		  "spte as=0 gfn=0x11 level=1 old=0x1001e47 new=0x0", NULL },
		/* frames: the same (the zero page), out of step, down, only on one side */
		{ "spte as=0 gfn=0x10 level=1 old=0x3310825 new=0x0",
		  "spte as=0 gfn=0x11 level=1 old=0x3310825 new=0x0", NULL },
		{ "spte as=0 gfn=0x10 level=1 old=0x1000e67 new=0x0",
		  "spte as=0 gfn=0x11 level=1 old=0x1002e67 new=0x0", NULL },
		{ "spte as=0 gfn=0x10 level=1 old=0x1001e67 new=0x0",
		  "spte as=0 gfn=0x11 level=1 old=0x1000e67 new=0x0", NULL },
		{ "spte as=0 gfn=0x0 level=2 old=0x200000ee7 new=0x0",
		  "spte as=0 gfn=0x200 level=2 old=0x200001ee7 new=0x0", NULL },
		{ "spte as=0 gfn=0x10 level=1 old=0x0 new=0x0",
		  "spte as=0 gfn=0x11 level=1 old=0x1000 new=0x0", NULL },
		{ "spte as=0 gfn=0x10 level=1 old=0x1000 new=0x0",
		  "spte as=0 gfn=0x11 level=1 old=0x0 new=0x0", NULL },
		{ "spte as=0 gfn=0x10 level=1 old=0x1000e67 new=0x1000e65",
		  "spte as=0 gfn=0x11 level=1 old=0x1001e67 new=0x1000e65", NULL },
	};

	CHECK(pairs);
}

static void test_tables_do_not_fold(void **state)
{
	static const struct pair pairs[] = {
		{ "spte as=0 gfn=0x0 level=2 old=0x0 new=T1|0x827",
		  "spte as=0 gfn=0x200 level=2 old=0x0 new=T2|0x827", NULL },
		{ "spte as=0 gfn=0x0 level=2 old=T1|0x827 new=0x5a0",
		  "spte as=0 gfn=0x200 level=2 old=T2|0x827 new=0x5a0", NULL },
		{ "spte as=0 gfn=0x0 level=2 old=T1|0x827 new=0x5a0",
		  "spte as=0 gfn=0x200 level=2 old=0x827 new=0x5a0", NULL },
		{ "spte as=0 gfn=0x0 level=2 old=0x0 new=0x827",
		  "spte as=0 gfn=0x200 level=2 old=0x0 new=T1|0x827", NULL },
	};

	CHECK(pairs);
}

static void test_only_spte_lines_fold(void **state)
{
	static const struct pair pairs[] = {
		{ "set_spte gfn=0x10 level=1 spte=0x1000e67 access=rwxu",
		  "set_spte gfn=0x11 level=1 spte=0x1001e67 access=rwxu", NULL },
		{ "spte as=0 gfn=0x10 level=1 old=0x0 new=0x5a0", "flush_remote_tlbs", NULL },
		{ "flush_remote_tlbs", "spte as=0 gfn=0x10 level=1 old=0x0 new=0x5a0", NULL },
		{ "flush_remote_tlbs", "flush_remote_tlbs", NULL },
	};

	CHECK(pairs);
}

/* What would not be read back is not made. */
static void test_run_is_bounded(void **state)
{
	static const struct pair pairs[] = {
		{ "spte as=0 gfn=0x0 level=1 old=0x0 new=0x5a0 run=134217727",
		  "spte as=0 gfn=0x7ffffff level=1 old=0x0 new=0x5a0",
		  "spte as=0 gfn=0x0 level=1 old=0x0 new=0x5a0 run=134217728" },
		{ "spte as=0 gfn=0x0 level=1 old=0x0 new=0x5a0 run=134217728",
		  "spte as=0 gfn=0x8000000 level=1 old=0x0 new=0x5a0", NULL },
	};

	CHECK(pairs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_entries_fold),
		cmocka_unit_test(test_frames_in_step_fold),
		cmocka_unit_test(test_mmio_entries_fold),
		cmocka_unit_test(test_other_neighbours_do_not_fold),
		cmocka_unit_test(test_tables_do_not_fold),
		cmocka_unit_test(test_only_spte_lines_fold),
		cmocka_unit_test(test_run_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
