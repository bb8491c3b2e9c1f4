/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The EPT format, against an oracle written from the SDM (chapter "VMX Support
 * for Address Translation"): which entries are present, which map a page, which
 * are malformed, and what a violation reports.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/paging_fixture.h"
#include "x86/ept.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* ------------------------------------------------------------------------- */
/* Names, so that a failure can be read. */

static const char *const level_names[] = { "?", "pte", "pde", "pdpte", "pml4e", "pml5e" };

static const char *const bit_names[64] = {
	[0] = "r", [1] = "w", [2] = "x", [3] = "mt0", [4] = "mt1", [5] = "mt2", [6] = "ipat",
	[7] = "ps", [8] = "a", [9] = "d", [10] = "xu", [63] = "sve",
};

static void describe(char *buf, size_t size, const struct sim_paging_caps *caps, uint64_t e,
		     int level)
{
	size_t n = 0;

	for (int bit = 0; bit < 64 && n < size; bit++) {
		if (!(e >> bit & 1))
			continue;
		if (bit_names[bit])
			n += snprintf(buf + n, size - n, "%s.%s ", level_names[level],
				      bit_names[bit]);
		else
			n += snprintf(buf + n, size - n, "%s.%d ", level_names[level], bit);
	}
	if (n < size)
		snprintf(buf + n, size - n, "cpu.m=%u%s%s%s", caps->maxphyaddr,
			 caps->exec_only ? " cpu.xo" : "", caps->page_2m ? " cpu.2m" : "",
			 caps->page_1g ? " cpu.1g" : "");
}

static void mismatch(const char *what, const struct sim_paging_caps *caps, uint64_t e, int level,
		     uint64_t expected, uint64_t got)
{
	char buf[1024];

	describe(buf, sizeof(buf), caps, e, level);
	fail_msg("%s of %s (0x%016llx): expected 0x%llx, got 0x%llx", what, buf,
		 (unsigned long long)e, (unsigned long long)expected, (unsigned long long)got);
}

/* ------------------------------------------------------------------------- */
/*
 * The oracle.  SDM table "Format of an EPT ... Entry" of each level, and "EPT
 * Misconfigurations".  The reserved fields are spelt as numbers, for the CPU
 * that has huge pages and for the one that has not.
 */
struct oracle {
	bool present;
	bool leaf;
	uint64_t reserved;	/* reserved bits of the entry that are set */
	bool bad_rwx;
	bool bad_memtype;
};

/* Bits 51:M, counted one by one. */
static uint64_t oracle_high(unsigned int maxphyaddr)
{
	uint64_t high = 0;

	for (unsigned int bit = maxphyaddr; bit <= 51; bit++)
		high |= UINT64_C(1) << bit;
	return high;
}

static struct oracle oracle(const struct sim_paging_caps *caps, uint64_t high, uint64_t e,
			    int level)
{
	/* Present entries with R W X = bit 0, 1, 2; [rwx] for a CPU without exec-only. */
	static const bool bad_rwx_no_xo[8] = { [2] = true, [4] = true, [6] = true };
	static const bool bad_rwx_xo[8] = { [2] = true, [6] = true };
	static const bool bad_memtype[8] = { [2] = true, [3] = true, [7] = true };
	struct oracle o = { .present = (e & 7) != 0 };
	bool bit7 = e & 0x80;

	switch (level) {
	case 5:
	case 4:
		o.reserved = high | 0xf8;
		break;
	case 3:
		o.leaf = bit7 && caps->page_1g;
		o.reserved = high | (o.leaf ? 0x3ffff000 : caps->page_1g ? 0x78 : 0xf8);
		break;
	case 2:
		o.leaf = bit7 && caps->page_2m;
		o.reserved = high | (o.leaf ? 0x1ff000 : caps->page_2m ? 0x78 : 0xf8);
		break;
	default:
		o.leaf = true;
		o.reserved = high;
		break;
	}
	o.reserved = o.present ? o.reserved & e : 0;
	o.bad_rwx = caps->exec_only ? bad_rwx_xo[e & 7] : bad_rwx_no_xo[e & 7];
	o.bad_memtype = o.present && o.leaf && bad_memtype[e >> 3 & 7];
	return o;
}

static void check_entry(const struct sim_paging_caps *caps, uint64_t high, uint64_t e, int level)
{
	struct oracle o = oracle(caps, high, e, level);
	uint64_t got = sim_ept_format.reserved(caps, e, level);
	uint64_t blame = (o.bad_rwx ? 0x6 : 0) | (o.bad_memtype ? 0x38 : 0);

	if (sim_ept_format.present(e) != o.present)
		mismatch("present", caps, e, level, o.present, !o.present);
	if (o.present && sim_ept_format.leaf(caps, e, level) != o.leaf)
		mismatch("leaf", caps, e, level, o.leaf, !o.leaf);
	/* The reserved bits exactly; an illegal combination by some of its own bits. */
	if ((got & ~blame) != (o.reserved & ~blame) || (got & ~e))
		mismatch("reserved bits", caps, e, level, o.reserved, got);
	if (o.bad_rwx && !(got & 0x6))
		mismatch("bad RWX", caps, e, level, e & 0x6, got);
	if (o.bad_memtype && !(got & 0x38))
		mismatch("bad memory type", caps, e, level, e & 0x38, got);
}

static const struct sim_paging_caps *caps_variant(unsigned int variant, unsigned int maxphyaddr)
{
	static struct sim_paging_caps caps;

	caps = (struct sim_paging_caps) {
		.maxphyaddr = maxphyaddr,
		.levels = 5,
		.exec_only = variant & 1,
		.page_2m = variant & 2,
		.page_1g = variant & 4,
		.ad = true,
	};
	return &caps;
}

/* All 4096 combinations of bits 11:0, with some high bits, on each CPU. */
static void test_low_bits(void **state)
{
	static const unsigned int widths[] = { 32, 40, 52 };

	for (unsigned int v = 0; v < 8 * ARRAY_SIZE(widths); v++) {
		const struct sim_paging_caps *caps = caps_variant(v % 8, widths[v / 8]);
		uint64_t high = oracle_high(caps->maxphyaddr);
		const uint64_t tops[] = {
			0, UINT64_C(1) << 12, UINT64_C(1) << (caps->maxphyaddr - 1),
			UINT64_C(1) << caps->maxphyaddr, UINT64_C(0xfff) << 52,
		};

		for (int level = 1; level <= 5; level++)
			for (unsigned int t = 0; t < ARRAY_SIZE(tops); t++)
				for (uint64_t low = 0; low < 4096; low++)
					check_entry(caps, high, tops[t] | low, level);
	}
}

/* Each bit of 63:12 alone and all of them but it, for every MAXPHYADDR. */
static void test_high_bits(void **state)
{
	for (unsigned int v = 0; v < 8 * 21; v++) {
		const struct sim_paging_caps *caps = caps_variant(v % 8, 32 + v / 8);
		uint64_t high = oracle_high(caps->maxphyaddr);

		for (uint64_t low = 0; low < 16; low++) {
			/* R W X and bit 7. */
			uint64_t e = (low & 7) | (low & 8) << 4;

			for (int n = 12 * 5; n < 64 * 5; n++) {
				uint64_t bit = UINT64_C(1) << n / 5;

				check_entry(caps, high, e | bit, n % 5 + 1);
				check_entry(caps, high, e | (~UINT64_C(0xfff) & ~bit), n % 5 + 1);
			}
		}
	}
}

/* Whole walks: the kinds of malformed entry give exit 49, the ignored bits none. */
static void test_misconfig_in_walk(void **state)
{
	static const struct {
		const char *what;
		int leaf_level;
		uint64_t leaf;
		enum sim_walk_status status;
	} cases[] = {
		{ "RW page", 1, 0x33, SIM_WALK_OK },
		{ "write-only", 1, 0x32, SIM_WALK_MISCONFIG },
		{ "WX without R", 1, 0x36, SIM_WALK_MISCONFIG },
		{ "WX without R, and an address", 1, 0x2000000006, SIM_WALK_MISCONFIG },
		{ "memory type 2", 1, 0x17, SIM_WALK_MISCONFIG },
		{ "memory type 3", 1, 0x1f, SIM_WALK_MISCONFIG },
		{ "memory type 7", 1, 0x3f, SIM_WALK_MISCONFIG },
		{ "bit 40 = M", 1, UINT64_C(1) << 40 | 0x37, SIM_WALK_MISCONFIG },
		{ "bit 51", 2, UINT64_C(1) << 51 | 0xb7, SIM_WALK_MISCONFIG },
		{ "2M page, bit 12", 2, 0x10b7, SIM_WALK_MISCONFIG },
		{ "2M page, bit 20", 2, 0x1000b7, SIM_WALK_MISCONFIG },
		{ "2M page, bit 21", 2, 0x2000b7, SIM_WALK_OK },
		{ "1G page, bit 29", 3, 0x200000b7, SIM_WALK_MISCONFIG },
		{ "1G page, bit 30", 3, 0x400000b7, SIM_WALK_OK },
		{ "bit 7 in a PML4E", 4, 0x87, SIM_WALK_MISCONFIG },
		{ "ignored bits 11:8, 62:52", 1, UINT64_C(0x7ff) << 52 | 0xf37, SIM_WALK_OK },
		{ "suppress #VE", 1, UINT64_C(1) << 63 | 0x37, SIM_WALK_OK },
		{ "not present, all else set", 1, ~UINT64_C(7), SIM_WALK_VIOLATION },
	};
	struct fixture *fx = *state;

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sim_access access = fixture_access(0x12345678, SIM_ACCESS_READ);

		fixture_map(fx, access.gpa, cases[i].leaf_level, 7, cases[i].leaf);
		fixture_walk(fx, &access);
		if (fx->res.status != cases[i].status)
			fail_msg("%s: expected status %d, got %d", cases[i].what,
				 cases[i].status, fx->res.status);
		if (fx->res.status == SIM_WALK_MISCONFIG)
			assert_int_equal(fx->res.info, 0);
		assert_int_equal(fx->res.gpa, access.gpa);
		assert_int_equal(fx->res.level, cases[i].leaf_level);
	}
	assert_int_equal(sim_ept_format.exit_code[SIM_WALK_OK], 0);
	assert_int_equal(sim_ept_format.exit_code[SIM_WALK_VIOLATION], 48);
	assert_int_equal(sim_ept_format.exit_code[SIM_WALK_MISCONFIG], 49);
	assert_int_equal(sim_ept_format.exit_code[SIM_WALK_PML_FULL], 62);
}

/* ------------------------------------------------------------------------- */
/* Rights and the qualification, by walks. */

enum how { HOW_READ, HOW_WRITE, HOW_FETCH, HOW_TABLE, HOW_TABLE_UPDATE, NR_HOW };

static struct sim_access access_how(enum how how, uint64_t gpa)
{
	struct sim_access access;

	switch (how) {
	case HOW_TABLE:
	case HOW_TABLE_UPDATE:
		access = fixture_table_access(gpa);
		access.guest_table_update = how == HOW_TABLE_UPDATE;
		return access;
	case HOW_WRITE:
		return fixture_access(gpa, SIM_ACCESS_WRITE);
	case HOW_FETCH:
		return fixture_access(gpa, SIM_ACCESS_FETCH);
	default:
		return fixture_access(gpa, SIM_ACCESS_READ);
	}
}

/* Qualification bits 2:0, and, being the same bits, what the access needs. */
static unsigned int oracle_access_bits(enum how how, bool ad)
{
	static const unsigned int bits[NR_HOW][2] = {
		[HOW_READ] = { 1, 1 }, [HOW_WRITE] = { 2, 2 }, [HOW_FETCH] = { 4, 4 },
		[HOW_TABLE] = { 1, 3 }, [HOW_TABLE_UPDATE] = { 3, 3 },
	};

	return bits[how][ad];
}

static void check_rights(struct fixture *fx, unsigned int upper, unsigned int lower, int at,
			 enum how how)
{
	struct sim_access access = access_how(how, 0x8a5000);
	unsigned int both = upper & lower;
	unsigned int needs = oracle_access_bits(how, fx->caps.ad);
	/* Bit 7, and bit 8 if this is not the walk of the guest's tables. */
	uint64_t qual = needs | (how < HOW_TABLE ? 0x180 : 0x80);
	enum sim_walk_status expected;
	bool bad_upper = upper == 2 || upper == 6, bad_lower = lower == 2 || lower == 6;

	fixture_map(fx, access.gpa, 1, 7, 0x123456030 | lower);
	*fx->entry[at] = (*fx->entry[at] & ~UINT64_C(7)) | upper;
	fixture_walk(fx, &access);

	if (!upper || (!bad_upper && !lower))
		expected = SIM_WALK_VIOLATION;
	else if (bad_upper || bad_lower)
		expected = SIM_WALK_MISCONFIG;
	else if ((needs & both) != needs)
		expected = SIM_WALK_VIOLATION;
	else
		expected = SIM_WALK_OK;
	if (upper && lower)
		qual |= both << 3;
	if (expected != SIM_WALK_VIOLATION)
		qual = 0;

	if (fx->res.status != expected || fx->res.info != qual)
		fail_msg("%s.rwx=%u pte.rwx=%u access %d ad %d: expected status %d info 0x%llx, got %d 0x%llx",
			 level_names[at], upper, lower, how, fx->caps.ad, expected,
			 (unsigned long long)qual, fx->res.status,
			 (unsigned long long)fx->res.info);
	if (expected != SIM_WALK_OK)
		return;
	assert_int_equal(fx->res.read, !!(both & 1));
	assert_int_equal(fx->res.write, !!(both & 2));
	assert_int_equal(fx->res.exec, !!(both & 4));
}

/* 8 x 8 rights of two levels, each upper level, each kind of access, A/D off and on. */
static void test_rights(void **state)
{
	struct fixture *fx = *state;

	for (unsigned int n = 0; n < 8 * 8 * 3 * NR_HOW * 2; n++) {
		fx->caps.ad = n & 1;
		check_rights(fx, n / 2 % 8, n / 16 % 8, 2 + n / 128 % 3, n / 384);
	}
}

static void expect_violation(struct fixture *fx, const struct sim_access *access, uint64_t qual)
{
	fixture_walk(fx, access);
	assert_int_equal(fx->res.status, SIM_WALK_VIOLATION);
	if (fx->res.info != qual)
		fail_msg("qualification: expected 0x%llx, got 0x%llx", (unsigned long long)qual,
			 (unsigned long long)fx->res.info);
	assert_int_equal(fx->res.gpa, access->gpa);
	assert_int_equal(fx->sets, 0);
}

/* The values that a hypervisor's tests expect of hardware. */
static void test_known_qualifications(void **state)
{
	struct fixture *fx = *state;
	struct sim_access read = fixture_access(0x1234, SIM_ACCESS_READ);
	struct sim_access write = fixture_access(0x1234, SIM_ACCESS_WRITE);
	struct sim_access fetch = fixture_access(0x1234, SIM_ACCESS_FETCH);
	struct sim_access table = fixture_table_access(0x1238);

	fixture_map(fx, 0x1000, 1, 7, 0x5000 | 0x31);
	expect_violation(fx, &write, 0x18a);
	expect_violation(fx, &table, 0x8b);
	*fx->entry[1] = 0x5000 | 0x33;
	expect_violation(fx, &fetch, 0x19c);
	*fx->entry[1] = 0;
	expect_violation(fx, &read, 0x181);
	expect_violation(fx, &table, 0x83);

	/* A/D off: a plain read unless a guest flag has to be set. */
	fx->caps.ad = false;
	expect_violation(fx, &table, 0x81);
	*fx->entry[1] = 0x5000 | 0x31;
	fixture_walk(fx, &table);
	assert_int_equal(fx->res.status, SIM_WALK_OK);
	table.guest_table_update = true;
	expect_violation(fx, &table, 0x8b);
}

/* Bits 7 to 11 depend on each other: all combinations of what feeds them. */
static void test_advanced_info(void **state)
{
	struct fixture *fx = *state;

	fixture_map(fx, 0x1000, 1, 7, 0);
	for (unsigned int n = 0; n < 64; n++) {
		struct sim_access access = fixture_access(0x1000, SIM_ACCESS_FETCH);
		uint64_t qual = 0x4;

		fx->caps.advanced_info = n & 1;
		access.gla_valid = n & 2;
		access.guest_table = n & 4;
		access.linear_user = n & 8;
		access.linear_writable = n & 16;
		access.linear_nx = n & 32;
		if (access.guest_table)
			qual = 0x3;
		if (access.gla_valid)
			qual |= access.guest_table ? 0x80 : 0x180;
		if (access.gla_valid && !access.guest_table && fx->caps.advanced_info)
			qual |= (n & 8 ? 0x200 : 0) | (n & 16 ? 0x400 : 0) | (n & 32 ? 0x800 : 0);
		expect_violation(fx, &access, qual);
	}

	/* A fetch from a user, writable, executable linear address. */
	fx->caps.advanced_info = true;
	{
		struct sim_access fetch = fixture_access(0x1140, SIM_ACCESS_FETCH);

		expect_violation(fx, &fetch, 0x784);
	}
}

/* PDPTE loads by MOV to CR are reads even with A/D on, and have no linear address. */
static void test_pdpte_load(void **state)
{
	struct fixture *fx = *state;
	struct sim_access load = fixture_access(0x1020, SIM_ACCESS_READ);

	load.gla_valid = false;
	fixture_map(fx, 0x1000, 1, 0x107, 0x5000 | 0x131);
	fixture_walk(fx, &load);
	assert_int_equal(fx->res.status, SIM_WALK_OK);
	assert_false(fx->res.dirty_known);
	assert_int_equal(fx->sets, 0);
	*fx->entry[1] = 0;
	expect_violation(fx, &load, 0x1);
}

/* An access-tracked SPTE keeps its software bits, but the CPU finds no rights. */
static void test_access_tracked(void **state)
{
	struct fixture *fx = *state;
	struct sim_access write = fixture_access(0x1000, SIM_ACCESS_WRITE);

	fx->caps.ad = false;
	fixture_map(fx, 0x1000, 1, 7,
		    UINT64_C(0x7) << 54 | UINT64_C(1) << 52 | 0x5000 | 0x870);
	expect_violation(fx, &write, 0x182);
	assert_int_equal(fx->res.level, 1);
}

/* Four levels translate 48 bits; no entry is looked at, all rights read as 0. */
static void test_gpa_too_wide(void **state)
{
	struct fixture *fx = *state;

	for (unsigned int bit = 0; bit < 64; bit++) {
		struct sim_access access = fixture_access(UINT64_C(1) << bit, SIM_ACCESS_READ);

		for (fx->caps.levels = 4; fx->caps.levels <= 5; fx->caps.levels++) {
			bool wide = bit >= (fx->caps.levels == 4 ? 48 : 52);

			fixture_map(fx, access.gpa, 1, 7, 0x5000 | 0x37);
			if (!wide) {
				fixture_walk(fx, &access);
				assert_int_equal(fx->res.status, SIM_WALK_OK);
				continue;
			}
			expect_violation(fx, &access, 0x181);
			assert_int_equal(fx->reads, 0);
			assert_int_equal(fx->res.level, 0);
			assert_int_equal(fx->res.entry, 0);
		}
	}
}

/* Memory type and IPAT of leafs of each size. */
static void test_memtype(void **state)
{
	static const uint8_t legal[] = { 0, 1, 4, 5, 6 };
	struct fixture *fx = *state;

	for (unsigned int n = 0; n < ARRAY_SIZE(legal) * 3 * 2; n++) {
		struct sim_access access = fixture_access(0, SIM_ACCESS_READ);
		uint8_t type = legal[n % 5];
		int level = n / 5 % 3 + 1;
		bool ipat = n / 15;

		fixture_map(fx, 0, level, 7,
			    0x87 | (uint64_t)type << 3 | (ipat ? 0x40 : 0));
		fixture_walk(fx, &access);
		assert_int_equal(fx->res.status, SIM_WALK_OK);
		assert_int_equal(fx->res.memtype, type);
		assert_int_equal(fx->res.ipat, ipat);
	}
}

/* ------------------------------------------------------------------------- */
/* The EPT pointer. */

/* 4-level and 5-level walks, UC and WB structures, A/D flags, 2M and 1G. */
#define CAP_ALL	(UINT64_C(1) << 0 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 14 | 1 << 16 | 1 << 17 | \
		 1 << 21 | 1 << 22 | 1 << 23)

static void check_eptp(uint64_t eptp, uint64_t cap, unsigned int maxphyaddr)
{
	unsigned int type = eptp & 7, length = eptp >> 3 & 7;
	bool valid = true;

	if (!(type == 0 && (cap >> 8 & 1)) && !(type == 6 && (cap >> 14 & 1)))
		valid = false;
	if (!(length == 3 && (cap >> 6 & 1)) && !(length == 4 && (cap >> 7 & 1)))
		valid = false;
	if ((eptp & 0x40) && !(cap >> 21 & 1))
		valid = false;
	if ((eptp & 0x80) && !(cap >> 23 & 1))
		valid = false;
	if (eptp & 0xf00)
		valid = false;
	if (eptp >> maxphyaddr)
		valid = false;
	if (sim_eptp_valid(eptp, cap, maxphyaddr) != valid)
		fail_msg("eptp 0x%llx, cap 0x%llx, M %u: expected %s", (unsigned long long)eptp,
			 (unsigned long long)cap, maxphyaddr, valid ? "valid" : "invalid");
}

static void test_eptp_valid(void **state)
{
	/* Each of the six capabilities that matter, off and on. */
	static const unsigned int cap_bits[] = { 6, 7, 8, 14, 21, 23 };

	for (unsigned int v = 0; v < 64; v++) {
		uint64_t cap = 0;

		for (unsigned int i = 0; i < 6; i++)
			cap |= (uint64_t)(v >> i & 1) << cap_bits[i];
		for (uint64_t low = 0; low < 4096; low++)
			check_eptp(0x7654321000 | low, cap, 40);
	}
	for (unsigned int m = 32; m <= 52; m++)
		for (unsigned int bit = 12; bit < 64; bit++)
			check_eptp(UINT64_C(1) << bit | 0x5e, CAP_ALL, m);
	/* What KVM writes: WB, four levels, A/D; the same with five. */
	assert_true(sim_eptp_valid(0x12345605e, CAP_ALL, 40));
	assert_true(sim_eptp_valid(0x123456066, CAP_ALL, 40));
}

static void test_eptp_fields(void **state)
{
	struct sim_paging_caps caps = sim_ept_caps(0x12345605e, CAP_ALL, 40);

	assert_int_equal(sim_eptp_root(0x12345605e), 0x123456000);
	assert_int_equal(sim_eptp_levels(0x12345605e), 4);
	assert_int_equal(sim_eptp_levels(0x123456066), 5);
	assert_int_equal(caps.maxphyaddr, 40);
	assert_int_equal(caps.levels, 4);
	assert_true(caps.exec_only && caps.page_2m && caps.page_1g && caps.ad);
	assert_true(caps.advanced_info);

	/* One at a time: nothing but the mandatory 5 levels and WB. */
	caps = sim_ept_caps(0x26, 1 << 7 | 1 << 14, 46);
	assert_int_equal(caps.levels, 5);
	assert_false(caps.exec_only || caps.page_2m || caps.page_1g || caps.ad);
	assert_false(caps.advanced_info);
	assert_true(sim_ept_caps(0x26, 1 << 7 | 1 << 14 | 1 << 0, 46).exec_only);
	assert_true(sim_ept_caps(0x26, 1 << 7 | 1 << 14 | 1 << 16, 46).page_2m);
	assert_true(sim_ept_caps(0x26, 1 << 7 | 1 << 14 | 1 << 17, 46).page_1g);
	assert_true(sim_ept_caps(0x26, 1 << 7 | 1 << 14 | 1 << 22, 46).advanced_info);
	/* The CPU having A/D is not enough: the pointer turns it on. */
	assert_false(sim_ept_caps(0x26, 1 << 7 | 1 << 14 | 1 << 21, 46).ad);
	assert_true(sim_ept_caps(0x66, 1 << 7 | 1 << 14 | 1 << 21, 46).ad);
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
		cmocka_unit_test(test_low_bits),
		cmocka_unit_test(test_high_bits),
		WALK_TEST(test_misconfig_in_walk),
		WALK_TEST(test_rights),
		WALK_TEST(test_known_qualifications),
		WALK_TEST(test_advanced_info),
		WALK_TEST(test_pdpte_load),
		WALK_TEST(test_access_tracked),
		WALK_TEST(test_gpa_too_wide),
		WALK_TEST(test_memtype),
		cmocka_unit_test(test_eptp_valid),
		cmocka_unit_test(test_eptp_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
