/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The NPT format, against an oracle written from the APM (volume 2, 5.3 and
 * 15.25): which entries are present, which map a page, which are malformed, and
 * what EXITINFO1 reports.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/paging_fixture.h"
#include "x86/npt.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define NX	(UINT64_C(1) << 63)

/* ------------------------------------------------------------------------- */
/* Names, so that a failure can be read. */

static const char *const level_names[] = { "?", "pte", "pde", "pdpe", "pml4e", "pml5e" };

static const char *const bit_names[64] = {
	[0] = "p", [1] = "w", [2] = "u", [3] = "pwt", [4] = "pcd", [5] = "a", [6] = "d",
	[7] = "ps", [8] = "g", [63] = "nx",
};

static void mismatch(const char *what, const struct sim_paging_caps *caps, uint64_t e, int level,
		     uint64_t expected, uint64_t got)
{
	char buf[1024];
	size_t n = 0;

	buf[0] = 0;
	for (int bit = 0; bit < 64 && n < sizeof(buf); bit++) {
		if (!(e >> bit & 1))
			continue;
		if (bit_names[bit])
			n += snprintf(buf + n, sizeof(buf) - n, "%s.%s ", level_names[level],
				      bit_names[bit]);
		else
			n += snprintf(buf + n, sizeof(buf) - n, "%s.%d ", level_names[level],
				      bit);
	}
	fail_msg("%s of %scpu.m=%u%s%s (0x%016llx): expected 0x%llx, got 0x%llx", what, buf,
		 caps->maxphyaddr, caps->page_1g ? " cpu.1g" : "", caps->nxe ? " efer.nxe" : "",
		 (unsigned long long)e, (unsigned long long)expected, (unsigned long long)got);
}

/* ------------------------------------------------------------------------- */
/* The oracle: whether one bit is reserved in an entry of a level, bit by bit. */

static bool oracle_leaf(const struct sim_paging_caps *caps, uint64_t e, int level)
{
	bool ps = e & 0x80;

	return level == 1 || (level == 2 && ps) || (level == 3 && ps && caps->page_1g);
}

static bool oracle_bit(const struct sim_paging_caps *caps, int level, bool leaf, unsigned int bit)
{
	if (bit == 63)
		return !caps->nxe;
	if (bit >= 52)
		return false;
	if (bit >= caps->maxphyaddr)
		return true;
	if (leaf && level == 3)
		return bit >= 13 && bit <= 29;
	if (leaf && level == 2)
		return bit >= 13 && bit <= 20;
	if (level >= 4)
		return bit == 7 || bit == 8;
	/* A PDPE of a CPU without 1 GiB pages has no page-size bit. */
	return level == 3 && bit == 7;
}

/* The oracle's answers for one CPU, as masks: [level][leaf]. */
struct oracle {
	uint64_t reserved[6][2];
};

static struct oracle oracle_masks(const struct sim_paging_caps *caps)
{
	struct oracle o = { 0 };

	for (int level = 1; level <= 5; level++)
		for (int leaf = 0; leaf < 2; leaf++)
			for (unsigned int bit = 0; bit < 64; bit++)
				if (oracle_bit(caps, level, leaf, bit))
					o.reserved[level][leaf] |= UINT64_C(1) << bit;
	return o;
}

static void check_entry(const struct sim_paging_caps *caps, const struct oracle *o, uint64_t e,
			int level)
{
	bool present = e & 1;
	bool leaf = oracle_leaf(caps, e, level);
	uint64_t reserved = present ? e & o->reserved[level][leaf] : 0;
	uint64_t got = sim_npt_format.reserved(caps, e, level);
	unsigned int rights = 0;

	if (sim_npt_format.present(e) != present)
		mismatch("present", caps, e, level, present, !present);
	if (present && sim_npt_format.leaf(caps, e, level) != leaf)
		mismatch("leaf", caps, e, level, leaf, !leaf);
	if (got != reserved)
		mismatch("reserved bits", caps, e, level, reserved, got);
	if (!present || reserved)
		return;

	if (e & 4)
		rights = 1 | (e & 2) | (e & NX ? 0 : 4);
	if (sim_npt_format.rights(e) != rights)
		mismatch("rights", caps, e, level, rights, sim_npt_format.rights(e));
}

static struct sim_paging_caps caps_variant(unsigned int variant, unsigned int maxphyaddr)
{
	return (struct sim_paging_caps) {
		.maxphyaddr = maxphyaddr,
		.levels = 5,
		.page_2m = true,
		.page_1g = variant & 1,
		.nxe = variant & 2,
		.ad = true,
	};
}

/* All 4096 combinations of bits 11:0, with some high bits, on each CPU. */
static void test_low_bits(void **state)
{
	static const unsigned int widths[] = { 32, 40, 52 };

	for (unsigned int v = 0; v < 4 * ARRAY_SIZE(widths); v++) {
		struct sim_paging_caps caps = caps_variant(v % 4, widths[v / 4]);
		struct oracle o = oracle_masks(&caps);
		const uint64_t tops[] = {
			0, UINT64_C(1) << 12, UINT64_C(1) << 13, NX,
			UINT64_C(1) << (caps.maxphyaddr - 1),
			UINT64_C(1) << caps.maxphyaddr, UINT64_C(0x7ff) << 52,
		};

		for (int level = 1; level <= 5; level++)
			for (unsigned int t = 0; t < ARRAY_SIZE(tops); t++)
				for (uint64_t low = 0; low < 4096; low++)
					check_entry(&caps, &o, tops[t] | low, level);
	}
}

/* Each bit of 63:12 alone and all of them but it, for every MAXPHYADDR. */
static void test_high_bits(void **state)
{
	for (unsigned int v = 0; v < 4 * 21; v++) {
		struct sim_paging_caps caps = caps_variant(v % 4, 32 + v / 4);
		struct oracle o = oracle_masks(&caps);

		for (uint64_t low = 0; low < 16; low++) {
			/* P W U and bit 7. */
			uint64_t e = (low & 7) | (low & 8) << 4;

			for (int n = 12 * 5; n < 64 * 5; n++) {
				uint64_t bit = UINT64_C(1) << n / 5;

				check_entry(&caps, &o, e | bit, n % 5 + 1);
				check_entry(&caps, &o, e | (~UINT64_C(0xfff) & ~bit), n % 5 + 1);
			}
		}
	}
}

/* ------------------------------------------------------------------------- */
/* EXITINFO1, by walks. */

static void expect(struct fixture *fx, const char *what, const struct sim_access *access,
		   enum sim_walk_status status, uint64_t info)
{
	fixture_walk(fx, access);
	if (fx->res.status != status || fx->res.info != info)
		fail_msg("%s: expected status %d EXITINFO1 0x%llx, got %d 0x%llx", what, status,
			 (unsigned long long)info, fx->res.status,
			 (unsigned long long)fx->res.info);
	assert_int_equal(fx->res.gpa, access->gpa);
	if (status != SIM_WALK_OK)
		assert_int_equal(fx->sets, 0);
}

/* One line for each situation that a hypervisor can meet. */
static void test_exitinfo1(void **state)
{
	enum { R = SIM_ACCESS_READ, W = SIM_ACCESS_WRITE, F = SIM_ACCESS_FETCH, T };
	static const struct {
		const char *what;
		uint64_t pte;
		int access;
		enum sim_walk_status status;
		uint64_t info;
	} cases[] = {
		{ "not present, read", 0, R, SIM_WALK_VIOLATION, 0x100000004 },
		{ "not present, write", 0, W, SIM_WALK_VIOLATION, 0x100000006 },
		{ "not present, fetch", 0, F, SIM_WALK_VIOLATION, 0x100000014 },
		{ "not present but NX, read", NX, R, SIM_WALK_VIOLATION, 0x100000004 },
		{ "U=0, read", 0x5003, R, SIM_WALK_VIOLATION, 0x100000005 },
		{ "U=0, write", 0x5003, W, SIM_WALK_VIOLATION, 0x100000007 },
		{ "U=0, fetch", 0x5003, F, SIM_WALK_VIOLATION, 0x100000015 },
		{ "W=0, write", 0x5005, W, SIM_WALK_VIOLATION, 0x100000007 },
		{ "W=0, read", 0x5005, R, SIM_WALK_OK, 0 },
		{ "W=0, fetch", 0x5005, F, SIM_WALK_OK, 0 },
		{ "NX, fetch", NX | 0x5007, F, SIM_WALK_VIOLATION, 0x100000015 },
		{ "NX, read", NX | 0x5007, R, SIM_WALK_OK, 0 },
		{ "NX, write", NX | 0x5007, W, SIM_WALK_OK, 0 },
		{ "NX, table", NX | 0x5007, T, SIM_WALK_OK, 0 },
		{ "reserved, read", UINT64_C(1) << 51 | 7, R, SIM_WALK_MISCONFIG, 0x10000000d },
		{ "reserved, write", UINT64_C(1) << 51 | 7, W, SIM_WALK_MISCONFIG, 0x10000000f },
		{ "reserved, fetch", UINT64_C(1) << 51 | 7, F, SIM_WALK_MISCONFIG, 0x10000001d },
		{ "reserved and U=0, read", UINT64_C(1) << 40 | 1, R, SIM_WALK_MISCONFIG,
		  0x10000000d },
		{ "reserved but P=0", UINT64_C(1) << 51 | 6, R, SIM_WALK_VIOLATION, 0x100000004 },
		{ "not present, table", 0, T, SIM_WALK_VIOLATION, 0x200000006 },
		{ "W=0, table", 0x5005, T, SIM_WALK_VIOLATION, 0x200000007 },
		{ "U=0, table", 0x5003, T, SIM_WALK_VIOLATION, 0x200000007 },
		{ "reserved, table", UINT64_C(1) << 51 | 7, T, SIM_WALK_MISCONFIG, 0x20000000f },
	};
	struct fixture *fx = *state;

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sim_access access = cases[i].access == T ?
			fixture_table_access(0x7ff8) :
			fixture_access(0x7ff8, (enum sim_access_type)cases[i].access);

		fixture_map(fx, access.gpa, 1, 7, cases[i].pte);
		expect(fx, cases[i].what, &access, cases[i].status, cases[i].info);
	}
	assert_int_equal(sim_npt_format.exit_code[SIM_WALK_OK], 0);
	assert_int_equal(sim_npt_format.exit_code[SIM_WALK_VIOLATION], 0x400);
	assert_int_equal(sim_npt_format.exit_code[SIM_WALK_MISCONFIG], 0x400);
}

/* A fetch that walks the guest's tables is a data access to them. */
static void test_fetch_walks_table(void **state)
{
	struct fixture *fx = *state;
	struct sim_access access = fixture_table_access(0x10000);

	access.type = SIM_ACCESS_FETCH;
	fixture_map(fx, access.gpa, 1, 7, 0);
	expect(fx, "table walk of a fetch", &access, SIM_WALK_VIOLATION, 0x200000006);
	*fx->entry[1] = NX | 0x5007;
	expect(fx, "table page is NX", &access, SIM_WALK_OK, 0);
}

/* U, W and NX taken away at each level, of pages of each size, for each access. */
static void check_rights(struct fixture *fx, int leaf_level, int at, unsigned int pwu, bool nx,
			 unsigned int how)
{
	static const char *const hows[] = { "read", "write", "fetch", "table" };
	struct sim_access access = how == 3 ? fixture_table_access(0x3000) :
		fixture_access(0x3000, (enum sim_access_type)how);
	bool writes = how == 1 || how == 3, allowed;
	uint64_t info = (how == 3 ? UINT64_C(2) : 1) << 32 | 5 | (writes ? 2 : 0) |
			(how == 2 ? 16 : 0);
	char what[80];

	fixture_map(fx, access.gpa, leaf_level, 7, leaf_level > 1 ? 0x87 : 0x7);
	*fx->entry[at] = (*fx->entry[at] & ~UINT64_C(7)) | pwu | (nx ? NX : 0);
	allowed = (pwu & 1) && (pwu & 4) && (!writes || (pwu & 2)) && !(how == 2 && nx);
	if (!(pwu & 1))
		info &= ~UINT64_C(1);
	snprintf(what, sizeof(what), "%s%s%s%s%s of a page of level %d, %s", level_names[at],
		 pwu & 1 ? ".p" : "", pwu & 2 ? ".w" : "", pwu & 4 ? ".u" : "", nx ? ".nx" : "",
		 leaf_level, hows[how]);
	expect(fx, what, &access, allowed ? SIM_WALK_OK : SIM_WALK_VIOLATION,
	       allowed ? 0 : info);
	if (!allowed)
		return;
	assert_true(fx->res.read);
	assert_int_equal(fx->res.write, !!(pwu & 2));
	assert_int_equal(fx->res.exec, !nx);
}

static void test_rights(void **state)
{
	struct fixture *fx = *state;

	fx->caps.levels = 5;
	for (int leaf_level = 1; leaf_level <= 3; leaf_level++)
		for (int at = leaf_level; at <= 5; at++)
			for (unsigned int n = 0; n < 8 * 2 * 4; n++)
				check_rights(fx, leaf_level, at, n % 8, n / 8 % 2, n / 16);
}

/* Without EFER.NXE the NX bit is reserved; SMEP still has a fetch reported. */
static void test_nxe_and_smep(void **state)
{
	struct fixture *fx = *state;
	struct sim_access read = fixture_access(0, SIM_ACCESS_READ);
	struct sim_access fetch = fixture_access(0, SIM_ACCESS_FETCH);

	fx->caps.nxe = false;
	fixture_map(fx, 0, 1, 7, NX | 0x5007);
	expect(fx, "NX reserved, read", &read, SIM_WALK_MISCONFIG, 0x10000000d);
	expect(fx, "NX reserved, fetch, SMEP", &fetch, SIM_WALK_MISCONFIG, 0x10000001d);
	*fx->entry[1] = 0;
	expect(fx, "not present, fetch, SMEP", &fetch, SIM_WALK_VIOLATION, 0x100000014);
	fx->caps.smep = false;
	expect(fx, "not present, fetch", &fetch, SIM_WALK_VIOLATION, 0x100000004);
	fx->caps.nxe = true;
	expect(fx, "not present, fetch, NXE", &fetch, SIM_WALK_VIOLATION, 0x100000014);
	fx->caps.nxe = false;
	*fx->entry[1] = 0x5007;
	expect(fx, "no NX, fetch", &fetch, SIM_WALK_OK, 0);
	assert_true(fx->res.exec);
}

/* Guest tables are dirtied by every walk: nobody has to ask for it. */
static void test_table_is_written(void **state)
{
	struct fixture *fx = *state;
	struct sim_access table = fixture_table_access(0x3000);
	struct sim_access read = fixture_access(0x3000, SIM_ACCESS_READ);

	fixture_map(fx, 0x3000, 1, 7, 0x5007);
	expect(fx, "read", &read, SIM_WALK_OK, 0);
	assert_int_equal(*fx->entry[1], 0x5027);
	assert_false(fx->res.dirty_known);
	expect(fx, "table", &table, SIM_WALK_OK, 0);
	assert_int_equal(*fx->entry[1], 0x5067);
	assert_true(fx->res.dirty_known);
	for (int level = 2; level <= 4; level++)
		assert_int_equal(*fx->entry[level] & 0xfff, 0x27);
}

/* The PAT index is PAT:PCD:PWT, and PAT is no address bit of a large page. */
static void test_pat(void **state)
{
	struct fixture *fx = *state;

	for (unsigned int n = 0; n < 8 * 3; n++) {
		unsigned int pat = n % 8;
		int level = n / 8 + 1;
		uint64_t pat_bit = level == 1 ? 0x80 : 0x1000;
		struct sim_access read = fixture_access(0x123, SIM_ACCESS_READ);

		fixture_map(fx, 0, level, 7,
			    UINT64_C(0x80000000) | (level > 1 ? 0x87 : 0x07) |
			    (pat & 1 ? 0x08 : 0) | (pat & 2 ? 0x10 : 0) | (pat & 4 ? pat_bit : 0));
		expect(fx, "PAT", &read, SIM_WALK_OK, 0);
		assert_int_equal(fx->res.memtype, pat);
		assert_false(fx->res.ipat);
		assert_int_equal(fx->res.hpa, 0x80000123);
	}
}

/* Four levels reach 48 bits: beyond, there is no entry that could be present. */
static void test_gpa_too_wide(void **state)
{
	struct fixture *fx = *state;
	struct sim_access write = fixture_access(UINT64_C(1) << 48 | 0x3000, SIM_ACCESS_WRITE);

	fixture_map(fx, 0x3000, 1, 7, 0x5007);
	expect(fx, "48 bits", &write, SIM_WALK_VIOLATION, 0x100000006);
	assert_int_equal(fx->reads, 0);

	fx->caps.levels = 5;
	fixture_map(fx, write.gpa, 1, 7, 0x5007);
	expect(fx, "five levels", &write, SIM_WALK_OK, 0);
	write.gpa = UINT64_C(1) << 52;
	expect(fx, "52 bits", &write, SIM_WALK_VIOLATION, 0x100000006);
}

static void test_ncr3(void **state)
{
	for (unsigned int m = 32; m <= 52; m++)
		for (unsigned int bit = 0; bit < 64; bit++)
			if (sim_ncr3_valid(UINT64_C(1) << bit, m) != (bit < m))
				fail_msg("nCR3 bit %u, M %u: expected %s", bit, m,
					 bit < m ? "valid" : "invalid");
	assert_int_equal(sim_ncr3_root(0x123456018), 0x123456000);
}

static int setup(void **state)
{
	*state = fixture_new(&sim_npt_format);
	return 0;
}

#define WALK_TEST(f)	cmocka_unit_test_setup_teardown(f, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_low_bits),
		cmocka_unit_test(test_high_bits),
		WALK_TEST(test_exitinfo1),
		WALK_TEST(test_fetch_walks_table),
		WALK_TEST(test_rights),
		WALK_TEST(test_nxe_and_smep),
		WALK_TEST(test_table_is_written),
		WALK_TEST(test_pat),
		WALK_TEST(test_gpa_too_wide),
		cmocka_unit_test(test_ncr3),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
