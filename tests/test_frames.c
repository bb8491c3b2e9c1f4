/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>

#include "sim/frames.h"
#include "sim/mem.h"

/* The host's frames: alignment, reuse, references, owner records. */

#define HVA	UINT64_C(0x20000000000)

static u64 single(struct sim_frames *frames, u64 hva)
{
	u64 pfn = sim_frames_alloc(frames, 0, hva, SIM_FRAME_NONE);

	assert_true(pfn != SIM_FRAME_NONE);
	return pfn;
}

static u64 huge(struct sim_frames *frames, int order)
{
	u64 pfn = sim_frames_alloc(frames, order, HVA, SIM_FRAME_NONE);

	assert_true(pfn != SIM_FRAME_NONE);
	return pfn;
}

static void test_numbers_that_cannot_be(void **state)
{
	struct sim_frames frames;

	assert_int_equal(sim_frames_init(&frames, 511, true), -EINVAL);
	assert_int_equal(sim_frames_init(&frames, UINT32_MAX, true), -EINVAL);
	assert_int_equal(sim_frames_init(&frames, 512, true), 0);
	sim_frames_exit(&frames);
}

static void test_owner_record(void **state)
{
	const struct sim_frame *frame;
	struct sim_frames frames;
	u64 a, b, generation;

	assert_int_equal(sim_frames_init(&frames, 0, true), 0);
	assert_null(sim_frames_get(&frames, 0));
	a = single(&frames, HVA);
	b = single(&frames, HVA + 4096);
	frame = sim_frames_get(&frames, a);
	assert_non_null(frame);
	assert_false(frame->free);
	assert_int_equal(frame->hva, HVA);
	assert_int_equal(frame->refs, 1);
	assert_int_equal(frame->order, 0);
	assert_int_equal(sim_frames_get(&frames, b)->hva, HVA + 4096);
	assert_int_equal(frames.nr_in_use, 2);

	generation = frame->generation;
	sim_frames_ref(&frames, a, 2);
	sim_frames_unref(&frames, a, 2);
	assert_false(sim_frames_get(&frames, a)->free);
	sim_frames_unref(&frames, a, 1);
	assert_true(sim_frames_get(&frames, a)->free);
	assert_int_equal(frames.nr_in_use, 1);

	/* The next one that wants a frame gets this one, and it is another use of it. */
	assert_int_equal(single(&frames, HVA + 8192), a);
	assert_int_equal(sim_frames_get(&frames, a)->hva, HVA + 8192);
	assert_true(sim_frames_get(&frames, a)->generation != generation);
	sim_frames_exit(&frames);
}

static void test_last_freed_is_first_used(void **state)
{
	struct sim_frames frames;
	u64 a, b, c, big, bigger;

	assert_int_equal(sim_frames_init(&frames, 0, false), 0);
	a = single(&frames, HVA);
	b = single(&frames, HVA);
	c = single(&frames, HVA);
	sim_frames_unref(&frames, b, 1);
	sim_frames_unref(&frames, a, 1);
	sim_frames_unref(&frames, c, 1);
	assert_int_equal(single(&frames, HVA), c);
	assert_int_equal(single(&frames, HVA), a);
	assert_int_equal(single(&frames, HVA), b);

	big = huge(&frames, SIM_ORDER_2M);
	bigger = huge(&frames, SIM_ORDER_1G);
	sim_frames_unref(&frames, big + 17, 1);
	sim_frames_unref(&frames, bigger + 1000, 1);
	assert_int_equal(huge(&frames, SIM_ORDER_2M), big);
	assert_int_equal(huge(&frames, SIM_ORDER_1G), bigger);
	sim_frames_exit(&frames);
}

static void test_neighbours(void **state)
{
	struct sim_frames frames;
	u64 a, b, pfn;
	int i;

	/* Contiguous: one after the other, and where the hint says, if that is free. */
	assert_int_equal(sim_frames_init(&frames, 0, true), 0);
	a = single(&frames, HVA);
	for (i = 1; i < 512; i++)
		assert_int_equal(single(&frames, HVA), a + i);
	sim_frames_unref(&frames, a + 7, 1);
	sim_frames_unref(&frames, a + 9, 1);
	assert_int_equal(sim_frames_alloc(&frames, 0, HVA, a + 7), a + 7);
	assert_int_equal(sim_frames_alloc(&frames, 0, HVA, a + 7), a + 9);
	sim_frames_exit(&frames);

	/* Otherwise never. */
	assert_int_equal(sim_frames_init(&frames, 0, false), 0);
	a = single(&frames, HVA);
	for (i = 1; i < 2000; i++, a = b) {
		b = single(&frames, HVA);
		assert_true(b != a + 1 && b + 1 != a);
	}
	pfn = sim_frames_alloc(&frames, 0, HVA, a + 1);
	assert_true(pfn != a + 1);
	sim_frames_exit(&frames);
}

static void test_huge_pages(void **state)
{
	struct sim_frames frames;
	u64 two, one;

	assert_int_equal(sim_frames_init(&frames, 0, true), 0);
	single(&frames, HVA);
	two = huge(&frames, SIM_ORDER_2M);
	one = huge(&frames, SIM_ORDER_1G);
	assert_int_equal(two % 512, 0);
	assert_int_equal(one % 262144, 0);
	/* All of its frames are one page, with one record. */
	assert_ptr_equal(sim_frames_get(&frames, two + 511), sim_frames_get(&frames, two));
	assert_ptr_equal(sim_frames_get(&frames, one + 262143), sim_frames_get(&frames, one));
	assert_ptr_not_equal(sim_frames_get(&frames, two + 512), sim_frames_get(&frames, two));
	assert_int_equal(sim_frames_get(&frames, one + 5)->order, SIM_ORDER_1G);
	assert_int_equal(frames.nr_in_use, 1 + 512 + 262144);
	sim_frames_exit(&frames);
}

static void test_split(void **state)
{
	u64 mapped[8] = { 1, [7] = 1ULL << 63 }, pfn, generation;
	struct sim_frames frames;

	assert_int_equal(sim_frames_init(&frames, 0, true), 0);
	pfn = huge(&frames, SIM_ORDER_2M);
	sim_frames_ref(&frames, pfn, 1);
	generation = sim_frames_get(&frames, pfn)->generation;
	assert_int_equal(sim_frames_split(&frames, pfn, mapped), 0);

	assert_int_equal(frames.nr_in_use, 2);
	assert_int_equal(sim_frames_get(&frames, pfn)->refs, 1);
	assert_int_equal(sim_frames_get(&frames, pfn)->order, 0);
	assert_int_equal(sim_frames_get(&frames, pfn + 511)->generation, generation);
	assert_false(sim_frames_get(&frames, pfn + 511)->free);
	assert_true(sim_frames_get(&frames, pfn + 1)->free);
	assert_true(sim_frames_get(&frames, pfn + 510)->free);
	/* What was free of it can be had. */
	assert_int_equal(single(&frames, HVA), pfn + 1);
	sim_frames_exit(&frames);
}

static void test_memory_ends(void **state)
{
	struct sim_frames frames;
	u64 a, pfns[512];
	int i;

	/* Two blocks: one whole, one in pieces. */
	assert_int_equal(sim_frames_init(&frames, 1024 + 511, true), 0);
	a = huge(&frames, SIM_ORDER_2M);
	for (i = 0; i < 512; i++)
		pfns[i] = single(&frames, HVA);
	assert_true(sim_frames_alloc(&frames, 0, HVA, SIM_FRAME_NONE) == SIM_FRAME_NONE);
	assert_true(sim_frames_alloc(&frames, SIM_ORDER_2M, HVA, SIM_FRAME_NONE) ==
		    SIM_FRAME_NONE);
	assert_true(sim_frames_alloc(&frames, SIM_ORDER_1G, HVA, SIM_FRAME_NONE) ==
		    SIM_FRAME_NONE);

	/* The pieces make a whole again, once the last of them is free. */
	for (i = 0; i < 511; i++)
		sim_frames_unref(&frames, pfns[i], 1);
	assert_true(sim_frames_alloc(&frames, SIM_ORDER_2M, HVA, SIM_FRAME_NONE) ==
		    SIM_FRAME_NONE);
	sim_frames_unref(&frames, pfns[511], 1);
	assert_int_equal(huge(&frames, SIM_ORDER_2M), pfns[0]);

	/* And a whole one is broken up if only that is left. */
	sim_frames_unref(&frames, a, 1);
	assert_int_equal(single(&frames, HVA) & ~511ULL, a);
	sim_frames_exit(&frames);
}

static void test_told_to_fail(void **state)
{
	struct sim_frames frames;

	assert_int_equal(sim_frames_init(&frames, 0, true), 0);
	sim_frames_fail_nth(&frames, 2);
	single(&frames, HVA);
	assert_true(sim_frames_alloc(&frames, SIM_ORDER_2M, HVA, SIM_FRAME_NONE) ==
		    SIM_FRAME_NONE);
	huge(&frames, SIM_ORDER_2M);
	sim_frames_fail_nth(&frames, 1);
	sim_frames_fail_nth(&frames, 0);
	single(&frames, HVA);
	sim_frames_exit(&frames);
}

/* 64 GiB in huge pages: some must lie beyond the window of the page tables, none inside. */
static void test_window_is_avoided(void **state)
{
	struct sim_frames frames;
	bool above = false, below = false;
	int i;

	assert_int_equal(sim_frames_init(&frames, 0, true), 0);
	for (i = 0; i < 64 * 512; i++) {
		u64 first = huge(&frames, SIM_ORDER_2M) << 12, last = first + (2 << 20) - 1;

		assert_true(last < SIM_MEM_BASE || first >= SIM_MEM_END);
		below |= last < SIM_MEM_BASE;
		above |= first >= SIM_MEM_END;
	}
	assert_true(below && above);
	assert_null(sim_frames_get(&frames, SIM_MEM_BASE >> 12));
	assert_null(sim_frames_get(&frames, (SIM_MEM_END >> 12) - 1));
	sim_frames_exit(&frames);
}

static void test_zero_pages_are_not_counted(void **state)
{
	struct sim_frames frames;

	assert_int_equal(sim_frames_init(&frames, 0, true), 0);
	sim_frames_ref(&frames, SIM_FRAME_ZERO, 3);
	sim_frames_unref(&frames, SIM_FRAME_ZERO, 5);
	sim_frames_unref(&frames, SIM_FRAME_HUGE_ZERO + 511, 1);
	assert_false(sim_frames_is_zero(SIM_FRAME_HUGE_ZERO + 512));
	assert_true(sim_frames_is_zero(SIM_FRAME_HUGE_ZERO + 511));
	assert_false(sim_frames_is_zero(SIM_FRAME_ZERO + 1));
	assert_int_equal(frames.nr_in_use, 0);
	sim_frames_exit(&frames);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_that_cannot_be),
		cmocka_unit_test(test_owner_record),
		cmocka_unit_test(test_last_freed_is_first_used),
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_huge_pages),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_memory_ends),
		cmocka_unit_test(test_told_to_fail),
		cmocka_unit_test(test_window_is_avoided),
		cmocka_unit_test(test_zero_pages_are_not_counted),
	};

	cmocka_set_message_output(CM_OUTPUT_STDOUT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
