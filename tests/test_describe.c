/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "mmu/spte.h"
#include "sim/describe.h"
#include "sim/sim.h"

/*
 * SPTEs in words.  The values are those that KVM's rules give on paper (masks of
 * each format and profile), the words are what the header promises.
 */

struct machine {
	bool intel;
	const char *profile;
	u8 maxphyaddr;
	bool eptad;
	bool exec_only;
	u64 sme_me_mask;
	u8 l1tf_cache_bits;
};

static void load(const struct machine *machine)
{
	struct sim_module_params params = sim_module_params_default;
	struct sim_cpu_model cpu = {
		.intel = machine->intel,
		.levels = 4,
		.maxphyaddr = machine->maxphyaddr,
		.exec_only = machine->exec_only,
		.ept_1g = true,
		.has_ad_bits = true,
		.has_pml = true,
		.l1tf = machine->l1tf_cache_bits,
		.cache_bits = machine->l1tf_cache_bits,
		.sme_me_mask = machine->sme_me_mask,
	};

	params.eptad = machine->eptad;
	assert_int_equal(kvm_mmu_module_init(sim_profile_find(machine->profile), &cpu, &params), 0);
}

struct line {
	u64 spte;
	int level;
	u64 table;
	const char *words;
};

static void check_lines(const struct machine *machine, const struct line *lines, size_t nr)
{
	load(machine);
	for (size_t i = 0; i < nr; i++) {
		char buf[SIM_DESCRIBE_SIZE];
		int len = sim_describe_spte(lines[i].spte, lines[i].level, lines[i].table, buf,
					    sizeof(buf));

		assert_string_equal(buf, lines[i].words);
		assert_int_equal(len, strlen(lines[i].words));
	}
}

#define CHECK(machine, lines) \
	check_lines(machine, lines, sizeof(lines) / sizeof((lines)[0]))

static const struct machine ept = {
	.intel = true, .profile = "v6.1", .maxphyaddr = 46, .eptad = true, .exec_only = true,
};

static void test_ept(void **state)
{
	static const struct line lines[] = {
		{ 0x06000000029ebb77, 1, 0,
		  "4K leaf, pfn 0x29eb, rwxu, WB ipat, A D, host-writable mmu-writable" },
		{ 0x06000000029eb977, 1, 0,
		  "4K leaf, pfn 0x29eb, rwxu, WB ipat, A, host-writable mmu-writable" },
		{ 0x06000000029eba77, 1, 0,
		  "4K leaf, pfn 0x29eb, rwxu, WB ipat, D, host-writable mmu-writable" },
		{ 0x06000000029eb875, 1, 0,
		  "4K leaf, pfn 0x29eb, r-xu, WB ipat, no A D, host-writable mmu-writable" },
		{ 0x02000000029eb975, 1, 0,
		  "4K leaf, pfn 0x29eb, r-xu, WB ipat, A, host-writable" },
		{ 0x29eb975, 1, 0, "4K leaf, pfn 0x29eb, r-xu, WB ipat, A, read-only host page" },
		{ 0x06000000fed00b07, 1, 0,
		  "4K leaf, pfn 0xfed00, rwxu, UC, A D, host-writable mmu-writable" },
		{ 0x060000000f600bf3, 2, 0,
		  "2M leaf, pfn 0xf600, rw-u (NX huge page), WB ipat, A D, "
		  "host-writable mmu-writable" },
		{ 0x0600000040000bf7, 3, 0,
		  "1G leaf, pfn 0x40000, rwxu, WB ipat, A D, host-writable mmu-writable" },
		{ 0x06200000029ebb77, 1, 0,
		  "4K leaf, pfn 0x29eb, rwxu, WB ipat, A D, logged by write protection, "
		  "host-writable mmu-writable" },
		{ 0x907, 4, 3, "table, T3, A" },
		{ 0x12345907, 3, 0, "table, pfn 0x12345, A" },
		{ 0x12345807, 2, 0, "table, pfn 0x12345" },
		{ 0x12345905, 2, 12, "table, T12, r-xu, A" },
		{ 0xfee00086, 1, 0, "MMIO, gfn 0xfee00, gen 0x10" },
		{ 0x00100000fee007fe, 1, 0, "MMIO, gfn 0xfee00, gen 0x1ff" },
		{ 0, 1, 0, "empty" },
		{ 0x5a0, 1, 0, "removed (frozen)" },
		{ 0x5a0, 3, 0, "removed (frozen)" },
		{ 0x1000, 1, 0, "not present to KVM, 0x1000" },
		{ 0x8000000000000000, 1, 0, "not present to KVM, 0x8000000000000000" },
	};

	CHECK(&ept, lines);
}

/* Bits that the CPU reserves: address bits from MAXPHYADDR up, low ones of a large page. */
static void test_ept_reserved(void **state)
{
	static const struct line lines[] = {
		{ 0x0600400000001b77, 1, 0,
		  "4K leaf, pfn 0x400000001, rwxu, WB ipat, A D, host-writable mmu-writable, "
		  "reserved 0x400000000000" },
		{ 0x0600000000201bf7, 2, 0,
		  "2M leaf, pfn 0x200, rwxu, WB ipat, A D, host-writable mmu-writable, "
		  "reserved 0x1000" },
		{ 0x06000000029ebb5f, 1, 0,
		  "4K leaf, pfn 0x29eb, rwxu, illegal type ipat, A D, "
		  "host-writable mmu-writable, reserved 0x18" },
		{ 0x917, 3, 1, "table, T1, A, reserved 0x10" },
		/* W without R, in an entry that is present to KVM: not KVM's MMIO pattern. */
		{ 0x06000000029ebb72, 1, 0,
		  "4K leaf, pfn 0x29eb, -w--, WB ipat, A D, host-writable mmu-writable, "
		  "reserved 0x2" },
	};

	CHECK(&ept, lines);
}

/* From v6.10 on every entry but those of MMIO has bit 63. */
static void test_ept_suppress_ve(void **state)
{
	static const struct machine machine = {
		.intel = true, .profile = "v6.12", .maxphyaddr = 46, .eptad = true,
		.exec_only = true,
	};
	static const struct line lines[] = {
		{ 0x86000000029ebb77, 1, 0,
		  "4K leaf, pfn 0x29eb, rwxu, WB ipat, A D, host-writable mmu-writable" },
		{ 0x8000000012345907, 2, 0, "table, pfn 0x12345, A" },
		{ 0x8000000000000000, 1, 0, "empty (suppress #VE)" },
		{ 0x80000000000005a0, 1, 0, "removed (frozen)" },
		{ 0xfee00086, 1, 0, "MMIO, gfn 0xfee00, gen 0x10" },
		/* MMIO but for bit 63 (W without R is malformed, X alone is not); empty before. */
		{ 0x80000000fee00086, 1, 0,
		  "not present to KVM, 0x80000000fee00086, reserved 0x2" },
		{ 0, 1, 0, "not present to KVM, 0x0" },
	};

	CHECK(&machine, lines);
}

static void test_ept_without_ad(void **state)
{
	static const struct machine machine = {
		.intel = true, .profile = "v6.4", .maxphyaddr = 46, .exec_only = true,
	};
	static const struct line lines[] = {
		{ 0x06100000029eb877, 1, 0,
		  "4K leaf, pfn 0x29eb, rwxu, WB ipat, A/D by KVM, host-writable mmu-writable" },
		{ 0x07500000029eb870, 1, 0,
		  "4K leaf, pfn 0x29eb, access-tracked (saved r-x), WB ipat, "
		  "host-writable mmu-writable" },
		{ 0x065000000f6008f0, 2, 0,
		  "2M leaf, pfn 0xf600, access-tracked (saved r--), WB ipat, "
		  "host-writable mmu-writable" },
		{ 0x06100000029eb875, 1, 0,
		  "4K leaf, pfn 0x29eb, r-xu, WB ipat, A/D by KVM, host-writable mmu-writable" },
		{ 0x0010000000000807, 3, 2, "table, T2, A/D by KVM" },
	};

	CHECK(&machine, lines);
}

/* With L1TF the upper gfn bits stand five higher, and ones where they belong. */
static void test_ept_l1tf(void **state)
{
	static const struct machine machine = {
		.intel = true, .profile = "v6.1", .maxphyaddr = 46, .eptad = true,
		.exec_only = true, .l1tf_cache_bits = 46,
	};
	static const struct line lines[] = {
		{ 0x00003e00fee00086, 1, 0, "MMIO, gfn 0xfee00, gen 0x10" },
		/* gpa bit 41 is at bit 46. */
		{ 0x00007e00fee00086, 1, 0, "MMIO, gfn 0x200fee00, gen 0x10" },
	};

	CHECK(&machine, lines);
}

static void test_npt(void **state)
{
	static const struct machine machine = {
		.profile = "v6.1", .maxphyaddr = 48,
	};
	static const struct line lines[] = {
		{ 0x107e09e67, 1, 0,
		  "4K leaf, pfn 0x107e09, rwxu, A D, host-writable mmu-writable" },
		{ 0x107e09e25, 1, 0,
		  "4K leaf, pfn 0x107e09, r-xu, A, host-writable mmu-writable" },
		{ 0x107e09a25, 1, 0, "4K leaf, pfn 0x107e09, r-xu, A, host-writable" },
		{ 0x107e09825, 1, 0, "4K leaf, pfn 0x107e09, r-xu, A, read-only host page" },
		{ 0x10c000ee7, 2, 0,
		  "2M leaf, pfn 0x10c000, rwxu, A D, host-writable mmu-writable" },
		{ 0x800000010c000ee7, 2, 0,
		  "2M leaf, pfn 0x10c000, rw-u (NX huge page), A D, host-writable mmu-writable" },
		/* Bit 12 of a large page is PAT, no address; 13 is reserved. */
		{ 0x10c003ee7, 2, 0,
		  "2M leaf, pfn 0x10c000, rwxu, PAT entry 4, A D, host-writable mmu-writable, "
		  "reserved 0x2000" },
		{ 0x827, 2, 7, "table, T7, A" },
		{ 0x12345927, 4, 0, "table, pfn 0x12345, A, reserved 0x100" },
		{ 0x00080000fee00087, 1, 0, "MMIO, gfn 0xfee00, gen 0x10" },
		{ 0, 1, 0, "empty" },
		{ 0x5a0, 1, 0, "removed (frozen)" },
	};

	CHECK(&machine, lines);
}

static void test_npt_v6_12(void **state)
{
	static const struct machine machine = {
		.profile = "v6.12", .maxphyaddr = 48,
	};
	static const struct line lines[] = {
		{ 0x107e09e67, 1, 0,
		  "4K leaf, pfn 0x107e09, rwxu, A D, host-writable mmu-writable" },
		{ 0x8000000000000000, 1, 0, "empty (bit 63)" },
		{ 0x80000000000005a0, 1, 0, "removed (frozen)" },
		{ 0x00080000fee00087, 1, 0, "MMIO, gfn 0xfee00, gen 0x10" },
	};

	CHECK(&machine, lines);
}

/* The bit of memory encryption is no part of the frame number. */
static void test_npt_encrypted(void **state)
{
	static const struct machine machine = {
		.profile = "v6.1", .maxphyaddr = 43, .sme_me_mask = UINT64_C(1) << 47,
	};
	static const struct line lines[] = {
		{ 0x800107e09e67, 1, 0,
		  "4K leaf, pfn 0x107e09, rwxu, A D, host-writable mmu-writable, encrypted" },
		{ 0x800012345827, 2, 0, "table, pfn 0x12345, A, encrypted" },
	};

	CHECK(&machine, lines);
}

static void expect_letters(u64 spte, const char *want)
{
	char letters[5];

	sim_spte_access_letters(spte, letters);
	assert_string_equal(letters, want);
}

static void test_letters(void **state)
{
	struct machine machine = ept;

	/* shadow_present_mask is 0: r is bit 0. */
	load(&machine);
	expect_letters(0x7, "rwxu");
	expect_letters(0x4, "--x-");
	expect_letters(0x0, "----");
	/* Without execute-only it is not, and then r is always there. */
	machine.exec_only = false;
	load(&machine);
	expect_letters(0x4, "r-x-");
	machine.intel = false;
	load(&machine);
	expect_letters(0x7, "rwxu");
	expect_letters(0x8000000000000003, "rw--");
}

/* A buffer that is too small is filled up to its end and no further. */
static void test_truncation(void **state)
{
	const char *whole = "MMIO, gfn 0xfee00, gen 0x10";
	char buf[12];

	load(&ept);
	memset(buf, '#', sizeof(buf));
	assert_int_equal(sim_describe_spte(0xfee00086, 1, 0, buf, 8), strlen(whole));
	assert_string_equal(buf, "MMIO, g");
	assert_int_equal(buf[8], '#');
	assert_int_equal(sim_describe_spte(0xfee00086, 1, 0, NULL, 0), strlen(whole));
}

static int start(void **state)
{
	return sim_init();
}

static int stop(void **state)
{
	kvm_mmu_module_exit();
	return (int)sim_exit();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ept),
		cmocka_unit_test(test_ept_reserved),
		cmocka_unit_test(test_ept_suppress_ve),
		cmocka_unit_test(test_ept_without_ad),
		cmocka_unit_test(test_ept_l1tf),
		cmocka_unit_test(test_npt),
		cmocka_unit_test(test_npt_v6_12),
		cmocka_unit_test(test_npt_encrypted),
		cmocka_unit_test(test_letters),
		cmocka_unit_test(test_truncation),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
