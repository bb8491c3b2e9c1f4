/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The walk: what it reads and in which order, which fault wins, which flags it
 * sets, what it logs, and what it does when the tables change under it.  What
 * the bits mean is the business of test_ept.c and test_npt.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/paging_fixture.h"
#include "x86/ept.h"
#include "x86/npt.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* An address with another index at each level: 1, 2, 3, 4, 5 from level 5 down. */
#define GPA	(UINT64_C(1) << 48 | UINT64_C(2) << 39 | UINT64_C(3) << 30 | 4 << 21 | 5 << 12 | \
		 0x678)
#define GPA_4	(GPA & ~(UINT64_C(1) << 48))

/* What the tests write into entries, for each format; A and D clear. */
struct bits {
	const struct sim_paging_format *fmt;
	uint64_t table;		/* non-leaf, all rights */
	uint64_t page;		/* 4 KiB leaf, all rights */
	uint64_t huge;		/* what a large leaf has in addition */
	uint64_t read_only;	/* 4 KiB leaf without W */
	uint64_t malformed;	/* bits that make any present entry malformed */
	uint64_t a, d;
};

static const struct bits all_bits[] = {
	{ &sim_ept_format, 0x7, 0x37, 0x80, 0x35, UINT64_C(1) << 51, 0x100, 0x200 },
	{ &sim_npt_format, 0x7, 0x07, 0x80, 0x05, UINT64_C(1) << 51, 0x20, 0x40 },
};

#define for_each_format(b)	for ((b) = all_bits; (b) < all_bits + ARRAY_SIZE(all_bits); (b)++)

static void expect_status(struct fixture *fx, const char *what, enum sim_walk_status status)
{
	if (fx->res.status != status)
		fail_msg("%s, %s, %u levels: expected status %d, got %d", fx->fmt->name, what,
			 fx->caps.levels, status, fx->res.status);
}

static void expect_entry(struct fixture *fx, const char *what, int level, uint64_t expected)
{
	uint64_t got = *fx->entry[level];

	if (got != expected)
		fail_msg("%s, %s, level %d: expected entry 0x%llx, got 0x%llx", fx->fmt->name, what,
			 level, (unsigned long long)expected, (unsigned long long)got);
}

/* ------------------------------------------------------------------------- */
/* Addresses. */

static void check_translation(struct fixture *fx, const struct bits *b, int leaf_level)
{
	static const uint64_t size[] = { 0, 0x1000, 0x200000, 0x40000000 };
	uint64_t gpa = fx->caps.levels == 5 ? GPA : GPA_4;
	struct sim_access access = fixture_access(gpa, SIM_ACCESS_READ);
	uint64_t frame = 7 * size[leaf_level];
	uint64_t leaf = frame | b->page | (leaf_level > 1 ? b->huge : 0);
	unsigned int used = fx->caps.levels - leaf_level + 1;

	fx->fmt = b->fmt;
	fixture_map(fx, gpa, leaf_level, b->table, leaf);
	fixture_walk(fx, &access);

	expect_status(fx, "translation", SIM_WALK_OK);
	assert_int_equal(fx->res.hpa, frame + gpa % size[leaf_level]);
	assert_int_equal(fx->res.gpa, gpa);
	assert_int_equal(fx->res.info, 0);
	assert_int_equal(fx->res.level, leaf_level);
	assert_int_equal(fx->res.entry, leaf);
	assert_true(fx->res.read && fx->res.write && fx->res.exec);
	assert_true(fx->res.a_or_d_set);
	/* One load an entry, the root first. */
	assert_int_equal(fx->reads, used);
	for (unsigned int i = 0; i < used; i++)
		assert_int_equal(fx->read_pa[i], fx->entry_pa[fx->caps.levels - i]);
}

static void test_translation(void **state)
{
	struct fixture *fx = *state;
	const struct bits *b;

	for_each_format(b)
		for (fx->caps.levels = 4; fx->caps.levels <= 5; fx->caps.levels++)
			for (int leaf_level = 1; leaf_level <= 3; leaf_level++)
				check_translation(fx, b, leaf_level);
}

/* The first and the last entry of every table. */
static void test_index_limits(void **state)
{
	static const uint64_t gpas[] = {
		0, 0xfff, UINT64_C(0xffffffffffff), UINT64_C(0xffffffe00000), UINT64_C(0x8000000000),
	};
	struct fixture *fx = *state;

	fx->fmt = &sim_ept_format;
	for (unsigned int i = 0; i < ARRAY_SIZE(gpas); i++) {
		struct sim_access access = fixture_access(gpas[i], SIM_ACCESS_FETCH);

		fixture_map(fx, gpas[i], 1, 0x7, 0x9000 | 0x37);
		fixture_walk(fx, &access);
		expect_status(fx, "index limits", SIM_WALK_OK);
		assert_int_equal(fx->res.hpa, 0x9000 + gpas[i] % 4096);
	}
}

/* ------------------------------------------------------------------------- */
/* Which fault wins. */

/* One fault at each level: the walk stops there and reads nothing below. */
static void test_stops_at_fault(void **state)
{
	struct fixture *fx = *state;
	const struct bits *b;

	fx->caps.levels = 5;
	for_each_format(b) {
		for (int at = 1; at <= 5; at++) {
			struct sim_access access = fixture_access(GPA, SIM_ACCESS_WRITE);
			uint64_t entry;

			fx->fmt = b->fmt;
			fixture_map(fx, GPA, 1, b->table, 0x9000 | b->page);
			*fx->entry[at] |= b->malformed;
			entry = *fx->entry[at];
			fixture_walk(fx, &access);
			expect_status(fx, "malformed", SIM_WALK_MISCONFIG);
			assert_int_equal(fx->reads, 6 - at);
			assert_int_equal(fx->res.level, at);
			assert_int_equal(fx->res.entry, entry);
			assert_int_equal(fx->sets, 0);

			/* The same entry, not present: no bit of it is reserved. */
			*fx->entry[at] &= ~UINT64_C(7);
			fixture_walk(fx, &access);
			expect_status(fx, "not present", SIM_WALK_VIOLATION);
			assert_int_equal(fx->reads, 6 - at);
			assert_int_equal(fx->res.level, at);
			assert_int_equal(fx->res.entry, entry & ~UINT64_C(7));
			assert_int_equal(fx->sets, 0);
			assert_false(fx->res.a_or_d_set);
			assert_int_equal(fx->res.hpa, 0);
		}
	}
}

/*
 *	pml4e R-- -> pdpte -> pde -> pte malformed	write: malformed wins
 *	pml4e ---    (pdpte -> pde -> pte malformed)	not present wins
 */
static void test_fault_order(void **state)
{
	struct fixture *fx = *state;
	const struct bits *b;

	for_each_format(b) {
		struct sim_access access = fixture_access(GPA_4, SIM_ACCESS_WRITE);

		fx->fmt = b->fmt;
		fixture_map(fx, GPA_4, 1, b->table, 0x9000 | b->page | b->malformed);
		*fx->entry[4] &= ~UINT64_C(2);
		fixture_walk(fx, &access);
		expect_status(fx, "no write right above, malformed below", SIM_WALK_MISCONFIG);

		*fx->entry[4] &= ~UINT64_C(7);
		fixture_walk(fx, &access);
		expect_status(fx, "not present above, malformed below", SIM_WALK_VIOLATION);

		/* Without the right above, but complete: the leaf is read before that is told. */
		*fx->entry[4] |= 0x5;
		*fx->entry[1] &= ~b->malformed;
		fixture_walk(fx, &access);
		expect_status(fx, "no write right above", SIM_WALK_VIOLATION);
		assert_int_equal(fx->reads, 4);
		assert_int_equal(fx->res.level, 1);
	}
}

/* EPT: rights that the upper entry has and the lower lacks are not in bits 5:3. */
static void test_violation_reports_and_of_rights(void **state)
{
	struct fixture *fx = *state;
	struct sim_access access = fixture_access(GPA_4, SIM_ACCESS_WRITE);

	fx->fmt = &sim_ept_format;
	fixture_map(fx, GPA_4, 1, 0x7, 0x9000 | 0x33);
	*fx->entry[3] &= ~UINT64_C(2);
	fixture_walk(fx, &access);
	expect_status(fx, "and of rights", SIM_WALK_VIOLATION);
	/* write, R only in common, linear address valid and final */
	assert_int_equal(fx->res.info, 0x18a);
	/* Not present at the last level: none, whatever is above. */
	*fx->entry[1] = 0;
	fixture_walk(fx, &access);
	assert_int_equal(fx->res.info, 0x182);
}

/* ------------------------------------------------------------------------- */
/* Accessed and dirty. */

/* Every pattern of A already set over the levels, and of D in the leaf. */
static void check_flags(struct fixture *fx, const struct bits *b, unsigned int pattern, bool dirty,
			int how)
{
	static const char *const hows[] = { "read", "write", "fetch", "table" };
	struct sim_access access = how == 3 ? fixture_table_access(GPA) :
		fixture_access(GPA, (enum sim_access_type)how);
	bool dirties = how == SIM_ACCESS_WRITE || how == 3;
	unsigned int sets = 0;
	uint64_t expected[6];

	fx->fmt = b->fmt;
	fixture_map(fx, GPA, 1, b->table, 0x9000 | b->page | (dirty ? b->d : 0));
	for (int level = 1; level <= 5; level++) {
		if (pattern >> (level - 1) & 1)
			*fx->entry[level] |= b->a;
		expected[level] = *fx->entry[level] | b->a;
		if (level == 1 && dirties)
			expected[level] |= b->d;
		sets += expected[level] != *fx->entry[level];
	}
	fixture_walk(fx, &access);

	expect_status(fx, hows[how], SIM_WALK_OK);
	for (int level = 1; level <= 5; level++)
		expect_entry(fx, hows[how], level, expected[level]);
	/* One locked write an entry that lacks a flag, none for the others. */
	assert_int_equal(fx->sets, sets);
	assert_int_equal(fx->res.a_or_d_set, sets != 0);
	assert_int_equal(fx->res.dirty_known, dirty || dirties);
}

static void test_flags(void **state)
{
	struct fixture *fx = *state;
	const struct bits *b;

	fx->caps.levels = 5;
	for_each_format(b)
		for (unsigned int n = 0; n < 32 * 2 * 4; n++)
			check_flags(fx, b, n % 32, n / 32 % 2, n / 64);
}

/* D goes into the entry that maps the page, of any size. */
static void test_dirty_of_large_pages(void **state)
{
	struct fixture *fx = *state;
	const struct bits *b;

	for_each_format(b) {
		for (int leaf_level = 1; leaf_level <= 3; leaf_level++) {
			struct sim_access access = fixture_access(GPA_4, SIM_ACCESS_WRITE);
			uint64_t leaf = b->page | (leaf_level > 1 ? b->huge : 0);

			fx->fmt = b->fmt;
			fixture_map(fx, GPA_4, leaf_level, b->table, leaf);
			fixture_walk(fx, &access);
			expect_entry(fx, "dirty", leaf_level, leaf | b->a | b->d);
			for (int level = leaf_level + 1; level <= 4; level++)
				assert_int_equal(*fx->entry[level] & (b->a | b->d), b->a);
		}
	}
}

/* Flags are set from the root down, A and D of the leaf at once. */
static void test_flag_order(void **state)
{
	struct fixture *fx = *state;
	const struct bits *b;

	for_each_format(b) {
		struct sim_access access = fixture_access(GPA_4, SIM_ACCESS_WRITE);

		fx->fmt = b->fmt;
		fixture_map(fx, GPA_4, 1, b->table, 0x9000 | b->page);
		fixture_walk(fx, &access);
		assert_int_equal(fx->sets, 4);
		for (int i = 0; i < 4; i++) {
			assert_int_equal(fx->set_pa[i], fx->entry_pa[4 - i]);
			assert_int_equal(fx->set_bits[i], i < 3 ? b->a : b->a | b->d);
		}
	}
}

/* A walk that faults for lack of rights leaves no trace. */
static void test_no_flags_on_violation(void **state)
{
	struct fixture *fx = *state;
	const struct bits *b;

	for_each_format(b) {
		struct sim_access access = fixture_access(GPA_4, SIM_ACCESS_WRITE);

		fx->fmt = b->fmt;
		fixture_map(fx, GPA_4, 1, b->table, 0x9000 | b->read_only);
		fixture_walk(fx, &access);
		expect_status(fx, "write to a read-only page", SIM_WALK_VIOLATION);
		assert_int_equal(fx->sets, 0);
		expect_entry(fx, "violation", 1, 0x9000 | b->read_only);
		assert_false(fx->res.a_or_d_set);
	}
}

/* EPTP bit 6 off: bits 8 and 9 are ignored, never written, and nothing is logged. */
static void test_ad_off(void **state)
{
	struct fixture *fx = *state;
	struct sim_access write = fixture_access(GPA_4, SIM_ACCESS_WRITE);
	struct sim_access read = fixture_access(GPA_4, SIM_ACCESS_READ);

	fx->fmt = &sim_ept_format;
	fx->caps.ad = false;
	fx->pml.enabled = true;
	fx->pml.index = 0xffff;
	fixture_map(fx, GPA_4, 1, 0x7, 0x9000 | 0x37);
	fixture_walk(fx, &write);
	expect_status(fx, "write, A/D off", SIM_WALK_OK);
	assert_int_equal(fx->sets, 0);
	expect_entry(fx, "A/D off", 1, 0x9000 | 0x37);
	assert_int_equal(fx->pml.index, 0xffff);
	fixture_walk(fx, &read);
	assert_true(fx->res.dirty_known);
	assert_false(fx->res.a_or_d_set);
}

/* ------------------------------------------------------------------------- */
/* Page-modification logging. */

static void pml_setup(struct fixture *fx, uint64_t gpa, int leaf_level)
{
	fx->fmt = &sim_ept_format;
	fx->pml.enabled = true;
	fixture_map(fx, gpa, leaf_level, 0x107, 0x137 | (leaf_level > 1 ? 0x80 : 0));
}

/* 512 writes fill the log from 511 down, then the index is 0xffff: exit 62. */
static void test_pml_countdown(void **state)
{
	struct fixture *fx = *state;
	struct sim_access access = fixture_access(0x5678, SIM_ACCESS_WRITE);

	pml_setup(fx, access.gpa, 1);
	for (int i = 511; i >= 0; i--) {
		assert_int_equal(fx->pml.index, i);
		access.gpa = 0x5000 + i;
		*fx->entry[1] = 0x137;
		fixture_walk(fx, &access);
		expect_status(fx, "logged write", SIM_WALK_OK);
		assert_int_equal(fx->pml_buffer[i], 0x5000);
		fx->pml_buffer[i] = (uint64_t)i;
	}
	assert_int_equal(fx->pml.index, 0xffff);

	*fx->entry[1] = 0x137;
	fixture_walk(fx, &access);
	expect_status(fx, "full", SIM_WALK_PML_FULL);
	assert_int_equal(fx->res.info, 0);
	assert_int_equal(fx->res.gpa, access.gpa);
	assert_int_equal(fx->pml.index, 0xffff);
	expect_entry(fx, "full", 1, 0x137);
	for (int i = 0; i < 512; i++)
		assert_int_equal(fx->pml_buffer[i], i);
}

/* What is logged: a D that goes from 0 to 1, at 4 KiB grain, and nothing else. */
static void test_pml_what_is_logged(void **state)
{
	struct fixture *fx = *state;
	struct sim_access read = fixture_access(GPA_4, SIM_ACCESS_READ);
	struct sim_access write = fixture_access(GPA_4, SIM_ACCESS_WRITE);
	struct sim_access table = fixture_table_access(GPA_4);

	/* A read sets A only. */
	pml_setup(fx, GPA_4, 1);
	*fx->entry[1] &= ~UINT64_C(0x100);
	fixture_walk(fx, &read);
	assert_true(fx->res.a_or_d_set);
	assert_int_equal(fx->pml.index, 511);
	/* A write that finds D set. */
	*fx->entry[1] = 0x237;
	fixture_walk(fx, &write);
	assert_true(fx->res.a_or_d_set);
	assert_int_equal(fx->pml.index, 511);
	/* A walk of a guest table counts as a write. */
	*fx->entry[1] = 0x137;
	fixture_walk(fx, &table);
	assert_int_equal(fx->pml.index, 510);
	assert_int_equal(fx->pml_buffer[511], GPA_4 & ~UINT64_C(0xfff));
	/* Of a 2 MiB page the log has the 4 KiB page that was written. */
	pml_setup(fx, GPA_4, 2);
	fixture_walk(fx, &write);
	assert_int_equal(fx->pml.index, 509);
	assert_int_equal(fx->pml_buffer[510], GPA_4 & ~UINT64_C(0xfff));
	/* Off: no log, and its index does not matter. */
	pml_setup(fx, GPA_4, 1);
	fx->pml.enabled = false;
	fx->pml.index = 0xffff;
	fixture_walk(fx, &write);
	expect_status(fx, "log off", SIM_WALK_OK);
	expect_entry(fx, "log off", 1, 0x337);
	assert_int_equal(fx->pml.index, 0xffff);
}

/* Full matters as soon as any flag is missing, at any level, even for a read. */
static void test_pml_full(void **state)
{
	static const uint16_t full[] = { 512, 513, 0x8000, 0xffff };
	struct fixture *fx = *state;
	struct sim_access read = fixture_access(GPA_4, SIM_ACCESS_READ);

	for (unsigned int i = 0; i < ARRAY_SIZE(full); i++) {
		for (int at = 1; at <= 4; at++) {
			pml_setup(fx, GPA_4, 1);
			fx->pml.index = full[i];
			*fx->entry[at] &= ~UINT64_C(0x100);
			fixture_walk(fx, &read);
			expect_status(fx, "A missing", SIM_WALK_PML_FULL);
			assert_int_equal(fx->sets, 0);
			assert_false(fx->res.a_or_d_set);
			assert_int_equal(fx->pml.index, full[i]);
		}
		pml_setup(fx, GPA_4, 1);
		fixture_walk(fx, &read);
		expect_status(fx, "no flag missing", SIM_WALK_OK);
		/* A violation comes first: the access is not made. */
		*fx->entry[1] = 0;
		fixture_walk(fx, &read);
		expect_status(fx, "full and not present", SIM_WALK_VIOLATION);
	}
}

/* No log at all is like a log that is off. */
static void test_pml_none(void **state)
{
	struct fixture *fx = *state;
	struct sim_access write = fixture_access(GPA_4, SIM_ACCESS_WRITE);
	const struct sim_walk_mem mem = { fixture_read, fixture_set_bits, fx };

	pml_setup(fx, GPA_4, 1);
	sim_walk(fx->fmt, &fx->caps, fx->root, &write, &mem, NULL, &fx->res);
	expect_status(fx, "no log", SIM_WALK_OK);
	expect_entry(fx, "no log", 1, 0x337);
}

/* ------------------------------------------------------------------------- */
/*
 * The tables change between the walk's read and its write.
 *
 *	walk				someone else
 *	read pml4e ... pte
 *	set A in pml4e, pdpte, pde
 *					pte := something else
 *	set A|D in pte: refused
 *	read pml4e ... pte
 */

static void leaf_moves(struct fixture *fx)
{
	*fx->entry[1] = (*fx->entry[1] & UINT64_C(0xfff)) | 0x77000;
}

static void leaf_goes(struct fixture *fx)
{
	*fx->entry[1] = 0;
}

static void leaf_gets_flags(struct fixture *fx)
{
	*fx->entry[1] |= fx->fmt->accessed | fx->fmt->dirty;
}

static void root_entry_goes(struct fixture *fx)
{
	*fx->entry[4] = 0;
}

static const struct sim_walk_result *walk_disturbed(struct fixture *fx, const struct bits *b,
						    void (*interfere)(struct fixture *),
						    unsigned int at)
{
	struct sim_access access = fixture_access(GPA_4, SIM_ACCESS_WRITE);

	fx->fmt = b->fmt;
	fixture_map(fx, GPA_4, 1, b->table, 0x9000 | b->page);
	fx->interfere = interfere;
	fx->interfere_at = at;
	fixture_walk(fx, &access);
	assert_int_equal(fx->refused, 1);
	return &fx->res;
}

static void test_again_from_root(void **state)
{
	struct fixture *fx = *state;
	const struct bits *b;

	for_each_format(b) {
		const struct sim_walk_result *res = walk_disturbed(fx, b, leaf_moves, 3);

		expect_status(fx, "leaf moved", SIM_WALK_OK);
		/* The new page, and the flags in the new entry. */
		assert_int_equal(res->hpa, 0x77678);
		assert_int_equal(res->entry, 0x77000 | b->page);
		expect_entry(fx, "leaf moved", 1, 0x77000 | b->page | b->a | b->d);
		/* Eight loads: both times from the root.  Four writes: A is sticky. */
		assert_int_equal(fx->reads, 8);
		for (int i = 0; i < 8; i++)
			assert_int_equal(fx->read_pa[i], fx->entry_pa[4 - i % 4]);
		assert_int_equal(fx->sets, 4);
	}
}

static void test_again_faults(void **state)
{
	struct fixture *fx = *state;
	const struct bits *b;

	for_each_format(b) {
		/* Upper entries have got A by the time the leaf turns out to be gone. */
		walk_disturbed(fx, b, leaf_goes, 3);
		expect_status(fx, "leaf gone", SIM_WALK_VIOLATION);
		assert_int_equal(fx->res.info, b->fmt == &sim_ept_format ? 0x182 : 0x100000006);
		assert_true(fx->res.a_or_d_set);
		assert_int_equal(fx->res.level, 1);
		expect_entry(fx, "leaf gone", 1, 0);

		/* Gone before the first write: no flag was set anywhere. */
		walk_disturbed(fx, b, root_entry_goes, 0);
		expect_status(fx, "root entry gone", SIM_WALK_VIOLATION);
		assert_false(fx->res.a_or_d_set);
		assert_int_equal(fx->res.level, 4);
		assert_int_equal(fx->reads, 5);
		expect_entry(fx, "root entry gone", 1, 0x9000 | b->page);
	}
}

/* Another CPU sets the same flags first: it logs the page, this one does not. */
static void test_again_flags_already_set(void **state)
{
	struct fixture *fx = *state;

	fx->pml.enabled = true;
	walk_disturbed(fx, &all_bits[0], leaf_gets_flags, 3);
	expect_status(fx, "flags set by another", SIM_WALK_OK);
	assert_int_equal(fx->sets, 3);
	assert_int_equal(fx->pml.index, 511);
	assert_true(fx->res.dirty_known);
}

/* The walk that had to start again logs once. */
static void test_again_logs_once(void **state)
{
	struct fixture *fx = *state;

	fx->pml.enabled = true;
	walk_disturbed(fx, &all_bits[0], leaf_moves, 3);
	expect_status(fx, "moved while logging", SIM_WALK_OK);
	assert_int_equal(fx->pml.index, 510);
	assert_int_equal(fx->pml_buffer[511], GPA_4 & ~UINT64_C(0xfff));
}

static int setup(void **state)
{
	*state = fixture_new(&sim_ept_format);
	return 0;
}

#define WALK_TEST(f)	cmocka_unit_test_setup_teardown(f, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WALK_TEST(test_translation),
		WALK_TEST(test_index_limits),
		WALK_TEST(test_stops_at_fault),
		WALK_TEST(test_fault_order),
		WALK_TEST(test_violation_reports_and_of_rights),
		WALK_TEST(test_flags),
		WALK_TEST(test_dirty_of_large_pages),
		WALK_TEST(test_flag_order),
		WALK_TEST(test_no_flags_on_violation),
		WALK_TEST(test_ad_off),
		WALK_TEST(test_pml_countdown),
		WALK_TEST(test_pml_what_is_logged),
		WALK_TEST(test_pml_full),
		WALK_TEST(test_pml_none),
		WALK_TEST(test_again_from_root),
		WALK_TEST(test_again_faults),
		WALK_TEST(test_again_flags_already_set),
		WALK_TEST(test_again_logs_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
