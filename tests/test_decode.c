/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mmu/kvm_host.h"
#include "sim/decode.h"
#include "sim/sim.h"

/*
 * Values as logs have them.  What they mean is told here by the manuals (SDM: EPT
 * entries, EPTP, exit qualification; APM volume 2, 15.25: nCR3, EXITINFO1) and by the
 * masks and role bits of KVM v6.1 to v6.12.
 */

#define EPT		.format_given = true, .ept = true
#define NPT		.format_given = true
#define ANY		.format_given = false

static struct sim_decode_result explain(const struct sim_decode_options *opt, u64 value)
{
	struct sim_decode_result result;

	assert_int_equal(sim_decode_explain(opt, value, &result), 0);
	assert_int_equal(result.value, value);
	return result;
}

/* ---- Every set bit has exactly one row ---- */

static void check_rows(const struct sim_decode_result *result)
{
	u64 seen = 0;

	assert_in_range(result->nr_rows, 0, 64);
	for (unsigned int i = 0; i < result->nr_rows; i++) {
		const struct sim_decode_row *row = &result->rows[i];

		assert_in_range(row->high, row->low, 63);
		for (unsigned int bit = row->low; bit <= row->high; bit++) {
			assert_false(seen >> bit & 1);
			seen |= UINT64_C(1) << bit;
		}
		if (i)
			assert_true(row->low > result->rows[i - 1].high);
		assert_true(!strcmp(row->who, "CPU") || !strcmp(row->who, "KVM") ||
			    !strcmp(row->who, "-"));
		assert_true(row->text[0]);
	}
	assert_int_equal(result->value & ~seen, 0);
	assert_int_equal(result->explained, seen);
	assert_true(result->title[0] && result->what[0]);
	assert_true(result->cpu[0] || result->kvm[0] || result->kind != SIM_DECODE_SPTE);
}

static u64 next_random(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Noise hardly ever looks like an entry: often make it an almost valid one. */
static u64 random_value(u64 *state)
{
	static const u64 patterns[] = {
		0x06000000029ebb77, 0x060000000f600bf3, 0x0610000000000877, 0x0750000000000870,
		0x0010000000000807, 0x907, 0x827, 0x107e09e67, 0x800000010c000ee7, 0x5a0,
		0xfee00086, 0x00080000fee00087, 0x3784, 0x10000605e, 0x181, 0x100000006, 0,
	};
	u64 noise = next_random(state), pick = next_random(state);

	if (pick % 4 == 0)
		return noise;
	for (unsigned int i = 0; i < pick / 4 % 4; i++)
		noise &= next_random(state);
	return patterns[pick / 16 % (sizeof(patterns) / sizeof(patterns[0]))] ^
	       (pick % 4 == 1 ? noise & ~(noise - 1) : pick % 4 == 2 ? noise : 0);
}

static void test_every_bit_once(void **state)
{
	static const unsigned int maxphyaddr[] = { 0, 32, 40, 46, 51, 52 };
	u64 rng = UINT64_C(0x9e3779b97f4a7c15);

	for (int i = 0; i < 20000; i++) {
		u64 value = random_value(&rng), pick = next_random(&rng);
		const struct sim_decode_options opt = {
			.kind = (enum sim_decode_kind)(pick % SIM_DECODE_NR),
			.format_given = pick >> 8 & 1,
			.ept = pick >> 9 & 1,
			.level = (int)((pick >> 16) % 6),
			.maxphyaddr = maxphyaddr[(pick >> 24) % 6],
			.l1tf_cache_bits = pick >> 10 & 1 ? 0 :
					   36 + (unsigned int)(pick >> 11 & 15),
			/* One past the last is NULL: unknown. */
			.profile = sim_profile_at((unsigned int)(pick >> 32) % 4),
		};
		struct sim_decode_result result = explain(&opt, value);

		check_rows(&result);
		if (opt.kind != SIM_DECODE_AUTO)
			assert_int_equal(result.kind, opt.kind);
		if (opt.kind == SIM_DECODE_SPTE && opt.format_given)
			assert_int_equal(result.ept, opt.ept);
		if (opt.kind == SIM_DECODE_SPTE && opt.level)
			assert_int_equal(result.level, opt.level);
	}
}

/* ---- What it is, without being told ---- */

static void test_guesses(void **state)
{
	static const struct {
		struct sim_decode_options opt;
		u64 value;
		enum sim_decode_kind kind;
		bool ept;
	} cases[] = {
		{ { ANY }, 0x12345605e, SIM_DECODE_EPTP, true },
		{ { ANY }, 0x12345601e, SIM_DECODE_EPTP, true },
		{ { ANY }, 0x123456066, SIM_DECODE_EPTP, true },
		{ { ANY }, 0x123456026, SIM_DECODE_EPTP, true },
		{ { ANY }, 0x3784, SIM_DECODE_ROLE, true },
		{ { ANY }, 0x1003785, SIM_DECODE_ROLE, true },
		{ { ANY }, 0x3f84, SIM_DECODE_ROLE, true },
		{ { NPT }, 0x3784, SIM_DECODE_ROLE, true },
		{ { ANY }, 0x181, SIM_DECODE_QUAL, true },
		{ { ANY }, 0x18a, SIM_DECODE_QUAL, true },
		{ { ANY }, 0x8b, SIM_DECODE_QUAL, true },
		{ { ANY }, 0x19c, SIM_DECODE_QUAL, true },
		{ { ANY }, 0x100000006, SIM_DECODE_ERROR, false },
		{ { ANY }, 0x20000000f, SIM_DECODE_ERROR, false },
		{ { EPT }, 0x100000003, SIM_DECODE_ERROR, true },
		{ { NPT }, 0x6, SIM_DECODE_ERROR, false },
		{ { ANY }, 0x8, SIM_DECODE_ERROR, false },
		{ { NPT }, 0x123456000, SIM_DECODE_NCR3, false },
		{ { ANY }, 0x06000000029ebb77, SIM_DECODE_SPTE, true },
		{ { ANY }, 0x86000000029ebb77, SIM_DECODE_SPTE, true },
		{ { ANY }, 0x29eb975, SIM_DECODE_SPTE, true },
		{ { ANY }, 0x0750000000000870, SIM_DECODE_SPTE, true },
		{ { ANY }, 0x12345907, SIM_DECODE_SPTE, true },
		{ { ANY }, 0xfee00086, SIM_DECODE_SPTE, true },
		{ { ANY }, 0x107e09e67, SIM_DECODE_SPTE, false },
		{ { ANY }, 0x107e09825, SIM_DECODE_SPTE, false },
		{ { ANY }, 0x12345827, SIM_DECODE_SPTE, false },
		{ { ANY }, 0x800000010c000ee7, SIM_DECODE_SPTE, false },
		{ { ANY }, 0x00080000fee00087, SIM_DECODE_SPTE, false },
		{ { NPT }, 0x5a0, SIM_DECODE_SPTE, false },
		{ { NPT, .level = 1 }, 0x12345605e, SIM_DECODE_SPTE, false },
		{ { EPT, .level = 3 }, 0x181, SIM_DECODE_SPTE, true },
		{ { .kind = SIM_DECODE_SPTE }, 0x12345605e, SIM_DECODE_SPTE, true },
		{ { .kind = SIM_DECODE_QUAL, NPT }, 0x12345605e, SIM_DECODE_QUAL, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sim_decode_result result = explain(&cases[i].opt, cases[i].value);

		if (result.kind != cases[i].kind || result.ept != cases[i].ept)
			fail_msg("0x%llx is taken for: %s", (unsigned long long)cases[i].value,
				 result.title);
	}
}

/* ---- What is in it ---- */

struct value {
	struct sim_decode_options opt;
	u64 value;
	int level;
	const char *what;
	const char *fields;	/* rows as "bits:who", C for the CPU, K for KVM, - for nobody */
	const char *cpu, *kvm;	/* how these begin */
};

static void print_fields(const struct sim_decode_result *result, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (unsigned int i = 0; i < result->nr_rows; i++) {
		const struct sim_decode_row *row = &result->rows[i];

		if (i)
			len += (size_t)snprintf(buf + len, size - len, " ");
		if (row->high != row->low)
			len += (size_t)snprintf(buf + len, size - len, "%u-", row->high);
		len += (size_t)snprintf(buf + len, size - len, "%u%c", row->low, row->who[0]);
		assert_true(len < size);
	}
}

static void check_values(const struct value *values, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		const struct value *v = &values[i];
		struct sim_decode_result result = explain(&v->opt, v->value);
		char fields[512];

		check_rows(&result);
		print_fields(&result, fields, sizeof(fields));
		assert_string_equal(result.what, v->what);
		assert_string_equal(fields, v->fields);
		assert_int_equal(result.level, v->level);
		if (v->cpu && strncmp(result.cpu, v->cpu, strlen(v->cpu)))
			assert_string_equal(result.cpu, v->cpu);
		if (v->kvm && strncmp(result.kvm, v->kvm, strlen(v->kvm)))
			assert_string_equal(result.kvm, v->kvm);
	}
}

#define CHECK(values) \
	check_values(values, sizeof(values) / sizeof((values)[0]))

static void test_ept_sptes(void **state)
{
	static const struct value values[] = {
		{ { ANY }, 0x06000000029ebb77, 1,
		  "4K leaf, pfn 0x29eb, rwxu, WB ipat, A D, host-writable mmu-writable",
		  "0C 1C 2C 5-3C 6C 8C 9C 11K 51-12C 57K 58K",
		  "maps 4K at 0x29eb000", "shadow-present, accessed, dirty, writable" },
		/* Dirty logging by write protection: a write has qualification 0x182 | r-x. */
		{ { ANY }, 0x06000000029eb975, 1,
		  "4K leaf, pfn 0x29eb, r-xu, WB ipat, A, host-writable mmu-writable",
		  "0C 2C 5-3C 6C 8C 11K 51-12C 57K 58K",
		  "maps 4K at 0x29eb000; a write is an EPT violation, 0x1aa",
		  "shadow-present, accessed, clean, write-protected for a time" },
		{ { ANY }, 0x02000000029eb975, 1,
		  "4K leaf, pfn 0x29eb, r-xu, WB ipat, A, host-writable",
		  "0C 2C 5-3C 6C 8C 11K 51-12C 57K",
		  "maps 4K", "shadow-present, accessed, clean, write-protected for good" },
		{ { ANY }, 0x29eb975, 1,
		  "4K leaf, pfn 0x29eb, r-xu, WB ipat, A, read-only host page",
		  "0C 2C 5-3C 6C 8C 11K 51-12C",
		  "maps 4K", "shadow-present, accessed, clean, read-only: the host" },
		{ { ANY }, 0x060000000f600bf3, 2,
		  "2M leaf, pfn 0xf600, rw-u (NX huge page), WB ipat, A D, "
		  "host-writable mmu-writable",
		  "0C 1C 5-3C 6C 7C 8C 9C 11K 51-21C 57K 58K",
		  "maps 2M at 0xf600000; a fetch is an EPT violation, 0x19c", "shadow-present" },
		{ { ANY, .level = 3 }, 0x0600000040000bf7, 3,
		  "1G leaf, pfn 0x40000, rwxu, WB ipat, A D, host-writable mmu-writable",
		  "0C 1C 2C 5-3C 6C 7C 8C 9C 11K 51-30C 57K 58K",
		  "maps 1G at 0x40000000", "shadow-present" },
		/* UC is type 0, which deserves its row all the same. */
		{ { ANY }, 0x06000000fed00b07, 1,
		  "4K leaf, pfn 0xfed00, rwxu, UC, A D, host-writable mmu-writable",
		  "0C 1C 2C 5-3C 8C 9C 11K 51-12C 57K 58K", "maps 4K", "shadow-present" },
		{ { ANY }, 0x12345907, 2, "table, pfn 0x12345, A",
		  "0C 1C 2C 8C 11K 51-12C",
		  "goes on to the table at 0x12345000", "shadow-present, points to a table" },
		{ { ANY }, 0x06200000029ebb77, 1,
		  "4K leaf, pfn 0x29eb, rwxu, WB ipat, A D, logged by write protection, "
		  "host-writable mmu-writable",
		  "0C 1C 2C 5-3C 6C 8C 9C 11K 51-12C 53-52K 57K 58K", "maps 4K", NULL },
		{ { ANY }, 0xfee00086, 1, "MMIO, gfn 0xfee00, gen 0x10",
		  "2-0C 10-3K 51-12K 62-52K", "malformed by 0x2: any access is an EPT misconf",
		  "no memory there" },
		{ { ANY }, 0x00100000fee007fe, 1, "MMIO, gfn 0xfee00, gen 0x1ff",
		  "2-0C 10-3K 51-12K 62-52K", "malformed", "no memory there" },
		{ { ANY, .l1tf_cache_bits = 46, .maxphyaddr = 46 }, 0x00003e00fee00086, 1,
		  "MMIO, gfn 0xfee00, gen 0x10", "2-0C 10-3K 40-12K 45-41K 62-52K",
		  "malformed", NULL },
		{ { ANY }, 0x5a0, 1, "removed (frozen)", "10-5K", "not present", "frozen" },
		{ { ANY }, 0, 1, "empty", "", "not present", "empty" },
		{ { EPT }, 0x12345007, 1, "not present to KVM, 0x12345007",
		  "0C 1C 2C 5-3C 51-12C", "maps 4K at 0x12345000", "not shadow-present" },
	};

	CHECK(values);
}

/* Reserved and ignored bits are told apart. */
static void test_ept_other_bits(void **state)
{
	static const struct value values[] = {
		{ { EPT, .level = 2, .maxphyaddr = 46 }, 0x0e00400000001bf7 | BIT_ULL(10), 2,
		  "2M leaf, pfn 0x400000000, rwxu, WB ipat, A D, host-writable mmu-writable, "
		  "reserved 0x400000001000",
		  "0C 1C 2C 5-3C 6C 7C 8C 9C 10- 11K 12C 45-21C 46C 57K 58K 59-",
		  "malformed by 0x400000001000", NULL },
		/* A table's bits 6:3 are reserved, 9, 10 and 62:54 are ignored. */
		{ { EPT, .level = 3 }, 0x0640000012345f4f, 3,
		  "table, pfn 0x12345, A, reserved 0x48",
		  "0C 1C 2C 3C 6C 8C 10-9- 11K 51-12C 54- 58-57-",
		  "malformed by 0x48: any access is an EPT misconfiguration (exit reason 49)",
		  NULL },
		/* Bit 7 of a 4K page is ignored; at level 4 it is reserved. */
		{ { EPT, .level = 1 }, 0x06000000029ebbf7, 1,
		  "4K leaf, pfn 0x29eb, rwxu, WB ipat, A D, host-writable mmu-writable",
		  "0C 1C 2C 5-3C 6C 7- 8C 9C 11K 51-12C 57K 58K", "maps 4K", NULL },
		{ { EPT, .level = 4 }, 0x12345987, 4,
		  "512G leaf, pfn 0x12345, rwxu, UC, A, read-only host page, reserved 0x80",
		  "0C 1C 2C 7C 8C 11K 51-12C", "malformed by 0x80", NULL },
	};

	CHECK(values);
}

static void test_ept_without_ad(void **state)
{
	static const struct value values[] = {
		{ { ANY }, 0x06100000029eb877, 1,
		  "4K leaf, pfn 0x29eb, rwxu, WB ipat, A/D by KVM, host-writable mmu-writable",
		  "0C 1C 2C 5-3C 6C 11K 51-12C 53-52K 57K 58K",
		  "maps 4K", "shadow-present, accessed, dirty, writable" },
		{ { ANY }, 0x07500000029eb870, 1,
		  "4K leaf, pfn 0x29eb, access-tracked (saved r-x), WB ipat, "
		  "host-writable mmu-writable",
		  "5-3K 6K 11K 51-12K 53-52K 54K 56K 57K 58K",
		  "not present: an EPT violation with qualification bits 5:3 clear; "
		  "a read has 0x181",
		  "shadow-present, not accessed since it was aged" },
		/* With A/D off the CPU does not look at bit 8. */
		{ { ANY }, 0x06100000029eb977, 1,
		  "4K leaf, pfn 0x29eb, rwxu, WB ipat, A/D by KVM, host-writable mmu-writable",
		  "0C 1C 2C 5-3C 6C 8- 11K 51-12C 53-52K 57K 58K", "maps 4K", NULL },
		{ { ANY }, 0x0010000012345807, 2, "table, pfn 0x12345, A/D by KVM",
		  "0C 1C 2C 11K 51-12C 53-52K", "goes on", NULL },
	};

	CHECK(values);
}

/* From v6.10 on bit 63 is in all but MMIO SPTEs. */
static void test_v6_12(void **state)
{
	struct sim_decode_options opt = { .kind = SIM_DECODE_SPTE, EPT };
	static const struct value values[] = {
		{ { ANY }, 0x86000000029ebb77, 1,
		  "4K leaf, pfn 0x29eb, rwxu, WB ipat, A D, host-writable mmu-writable",
		  "0C 1C 2C 5-3C 6C 8C 9C 11K 51-12C 57K 58K 63C", "maps 4K", NULL },
		{ { ANY }, 0x8000000012345907, 2, "table, pfn 0x12345, A",
		  "0C 1C 2C 8C 11K 51-12C 63K", "goes on", NULL },
		{ { ANY }, 0x80000000000005a0, 1, "removed (frozen)", "10-5K 63C",
		  "not present", "frozen" },
		{ { EPT }, 0x8000000000000000, 1, "empty (suppress #VE)", "63C",
		  "not present", "empty" },
		{ { NPT }, 0x8000000000000000, 1, "empty (bit 63)", "63K",
		  "not present: an #NPF with P clear; a read has 0x100000004", "empty" },
	};
	struct sim_decode_result result;

	CHECK(values);
	/* The same value before v6.10 is not what KVM leaves behind. */
	result = explain(&opt, 0x80000000000005a0);
	assert_string_equal(result.profile->name, "v6.12");
	opt.profile = sim_profile_find("v6.1");
	result = explain(&opt, 0x80000000000005a0);
	assert_string_equal(result.profile->name, "v6.1");
	assert_string_equal(result.what, "not present to KVM, 0x80000000000005a0");
}

static void test_npt_sptes(void **state)
{
	static const struct value values[] = {
		{ { ANY }, 0x107e09e67, 1,
		  "4K leaf, pfn 0x107e09, rwxu, A D, host-writable mmu-writable",
		  "0C 1C 2C 5C 6C 9K 10K 11K 51-12C",
		  "maps 4K at 0x107e09000", "shadow-present, accessed, dirty, writable" },
		{ { ANY }, 0x107e09e25, 1,
		  "4K leaf, pfn 0x107e09, r-xu, A, host-writable mmu-writable",
		  "0C 2C 5C 9K 10K 11K 51-12C",
		  "maps 4K at 0x107e09000; a write is an #NPF, 0x100000007",
		  "shadow-present, accessed, clean, write-protected for a time" },
		{ { ANY }, 0x800000010c000ee7, 2,
		  "2M leaf, pfn 0x10c000, rw-u (NX huge page), A D, host-writable mmu-writable",
		  "0C 1C 2C 5C 6C 7C 9K 10K 11K 51-21C 63C",
		  "maps 2M at 0x10c000000; a fetch is an #NPF, 0x100000015", "shadow-present" },
		{ { ANY }, 0x12345827, 2, "table, pfn 0x12345, A", "0C 1C 2C 5C 11K 51-12C",
		  "goes on to the table at 0x12345000", "shadow-present, points to a table" },
		/* Bit 12 is PAT and 20:13 are reserved; 8 is ignored, 62:52 are too. */
		{ { NPT, .level = 2 }, 0x400000010c003fe7, 2,
		  "2M leaf, pfn 0x10c000, rwxu, PAT entry 4, A D, host-writable mmu-writable, "
		  "reserved 0x2000",
		  "0C 1C 2C 5C 6C 7C 8- 9K 10K 11K 12C 13C 51-21C 62-",
		  "reserved bits 0x2000: any access is an #NPF with RSV; a read has 0x10000000d",
		  NULL },
		/* Bits 7 and 8 of a level 4 entry are reserved. */
		{ { NPT, .level = 4 }, 0x12345927, 4, "table, pfn 0x12345, A, reserved 0x100",
		  "0C 1C 2C 5C 8C 11K 51-12C", "reserved bits 0x100", NULL },
		/* Without U the guest can do nothing. */
		{ { NPT, .level = 1 }, 0x107e09001, 1, "not present to KVM, 0x107e09001",
		  "0C 51-12C", "maps 4K at 0x107e09000; a read is an #NPF, 0x100000005; "
		  "a write is an #NPF, 0x100000007; a fetch is an #NPF, 0x100000015",
		  "not shadow-present" },
		{ { ANY }, 0x00080000fee00087, 1, "MMIO, gfn 0xfee00, gen 0x10",
		  "0C 2-1K 10-3K 50-12K 51C 62-52K",
		  "reserved bits 0x8000000000000: any access is an #NPF with RSV; "
		  "a read has 0x10000000d", "no memory there" },
		/* Bits from MAXPHYADDR up are no part of the gfn. */
		{ { NPT, .maxphyaddr = 40 }, 0x00080100fee00087, 1,
		  "MMIO, gfn 0xfee00, gen 0x10", "0C 2-1K 10-3K 39-12K 40C 51C 62-52K",
		  "reserved bits 0x8010000000000", NULL },
		/* With 52 bits nothing is reserved, and KVM has no MMIO SPTEs. */
		{ { NPT, .maxphyaddr = 52 }, 0x00080000fee00087, 1,
		  "not present to KVM, 0x80000fee00087", "0C 1C 2C 7C 51-12C",
		  "maps 4K at 0x80000fee00000", NULL },
	};

	CHECK(values);
}

static void test_root_pointers(void **state)
{
	static const struct value values[] = {
		{ { ANY }, 0x12345605e, 0, "4 levels, WB, A/D on, root table at 0x123456000",
		  "2-0C 5-3C 6C 51-12C", "VM entry accepts", "what a vCPU loads with eptad=Y" },
		{ { ANY }, 0x123456026, 0, "5 levels, WB, A/D off, root table at 0x123456000",
		  "2-0C 5-3C 6C 51-12C", "VM entry accepts", "what a vCPU loads with eptad=N" },
		{ { .kind = SIM_DECODE_EPTP, .maxphyaddr = 40 }, 0x10123456958, 0,
		  "4 levels, UC, A/D on, root table at 0x123456000",
		  "2-0C 5-3C 6C 8C 11C 39-12C 40C", "VM entry fails", "never makes" },
		{ { .kind = SIM_DECODE_EPTP }, 0x1234560de, 0,
		  "4 levels, WB, A/D on, root table at 0x123456000", "2-0C 5-3C 6C 7C 51-12C",
		  "VM entry accepts", "never makes" },
		{ { NPT }, 0x123456000, 0, "root table at 0x123456000", "51-12C",
		  "VMRUN accepts", "" },
		{ { .kind = SIM_DECODE_NCR3, .maxphyaddr = 48 }, 0x800000123456039, 0,
		  "root table at 0x123456000", "0- 3C 4C 5- 47-12C 59C",
		  "VMRUN exits with VMEXIT_INVALID", "never sets the low twelve bits" },
	};

	CHECK(values);
}

static void test_roles(void **state)
{
	static const struct value values[] = {
		{ { ANY }, 0x3784, 0, "level 4, as 0, direct, ad, valid",
		  "3-0K 7K 10-8K 12K 13K", "", "a TDP MMU root of 4 levels" },
		{ { ANY }, 0x3785, 0, "level 5, as 0, direct, ad, valid",
		  "3-0K 7K 10-8K 12K 13K", "", "a TDP MMU root of 5 levels" },
		{ { ANY }, 0x3781, 0, "level 1, as 0, direct, ad, valid",
		  "3-0K 7K 10-8K 12K 13K", "", "a table of the TDP MMU that a level 2" },
		{ { ANY }, 0x13784, 0, "level 4, as 0, direct, !ad, valid",
		  "3-0K 7K 10-8K 12K 13K 16K", "", "a TDP MMU root" },
		{ { ANY }, 0x1003784, 0, "level 4, as 1 (smm), direct, ad, valid",
		  "3-0K 7K 10-8K 12K 13K 31-24K", "", "a TDP MMU root" },
		{ { ANY }, 0x23784, 0, "level 4, as 0, guest_mode, direct, ad, valid",
		  "3-0K 7K 10-8K 12K 13K 17K", "", "a TDP MMU root" },
		{ { ANY }, 0x3f84, 0, "level 4, as 0, direct, ad, INVALID",
		  "3-0K 7K 10-8K 11K 12K 13K", "", "a TDP MMU root" },
		/* Shadow paging; bits that no role has. */
		{ { .kind = SIM_DECODE_ROLE }, 0x100083752, 0, "level 2, as 0, shadow, ad, valid",
		  "3-0K 4K 6-5K 10-8K 12K 13K 19K 32-", "", "no page table of the TDP MMU" },
	};

	CHECK(values);
}

static void test_faults(void **state)
{
	static const struct value values[] = {
		/* Exit qualifications, and the error codes that KVM makes of them. */
		{ { ANY }, 0x181, 0, "read, final page, not mapped", "0C 7C 8C", "",
		  "handles it as error code 0x100000004" },
		{ { ANY }, 0x18a, 0, "write, final page, mapped r--", "1C 3C 7C 8C", "",
		  "handles it as error code 0x100000003" },
		{ { ANY }, 0x19c, 0, "fetch, final page, mapped rw-", "2C 3C 4C 7C 8C", "",
		  "handles it as error code 0x100000011" },
		{ { ANY }, 0x8b, 0, "read and write, guest paging entry, mapped r--",
		  "0C 1C 3C 7C", "", "handles it as error code 0x200000007" },
		{ { .kind = SIM_DECODE_QUAL }, 0x80001002, 0,
		  "write, no linear address, not mapped", "1C 12C 31-", "",
		  "handles it as error code 0x200000002" },
		{ { .kind = SIM_DECODE_QUAL }, 0xc000000000000181, 0,
		  "read, final page, not mapped", "0C 7C 8C 63-62-", "", NULL },
		/* The situations of the APM's table. */
		{ { ANY }, 0x100000004, 0, "read, final page, not present", "2C 32C", "",
		  "maps the page" },
		{ { ANY }, 0x100000006, 0, "write, final page, not present", "1C 2C 32C", "",
		  "maps the page" },
		{ { ANY }, 0x100000007, 0, "write, final page, present, but without the right",
		  "0C 1C 2C 32C", "", "may set W" },
		{ { ANY }, 0x100000015, 0, "fetch, final page, present, but without the right",
		  "0C 2C 4C 32C", "", "maps the page anew" },
		{ { ANY }, 0x10000000d, 0, "read, final page, reserved bit", "0C 2C 3C 32C", "",
		  "emulates" },
		{ { ANY }, 0x200000007, 0,
		  "write, guest paging entry, present, but without the right", "0C 1C 2C 33C", "",
		  "a guest page table is write-protected" },
		/* What is left of an EPT misconfiguration; KVM's read and write at once. */
		{ { .kind = SIM_DECODE_ERROR, EPT }, 0x8, 0,
		  "access not told, place not told, reserved bit", "3K", "", "emulates" },
		{ { EPT }, 0x200000007, 0,
		  "read and write, guest paging entry, present, but without the right",
		  "0K 1K 2K 33K", "", "a guest page table is write-protected" },
		{ { .kind = SIM_DECODE_ERROR }, 0x8000000100000104, 0,
		  "read, final page, not present", "2C 8- 32C 63-", "", NULL },
	};

	CHECK(values);
}

/* ---- The assumptions ---- */

static void expect_level(struct sim_decode_options opt, u64 value, int level, const char *note)
{
	struct sim_decode_result result = explain(&opt, value);

	assert_int_equal(result.level, level);
	assert_int_equal(result.nr_notes, note ? 1 : 0);
	if (note)
		assert_string_equal(result.notes[0], note);
}

static void test_assumed_levels(void **state)
{
	const struct sim_decode_options ept = { .kind = SIM_DECODE_SPTE, EPT };
	const struct sim_decode_options npt = { .kind = SIM_DECODE_SPTE, NPT };
	const char *table = "level 2 assumed: writable but not MMU-writable, "
			    "so it points to a table";

	expect_level(ept, 0x06000000029ebb77, 1, "level 1 assumed, since bit 7 is clear");
	expect_level(ept, 0x060000000f600bf7, 2, "level 2 assumed, since bit 7 is set");
	expect_level(ept, 0x0600000040000bf7, 2, "level 2 assumed, since bit 7 is set; "
		     "the address would do for level 3, too");
	expect_level(ept, 0x06000000029ebbf7, 1,
		     "level 1 assumed: no 2M page has an address like this");
	expect_level(ept, 0x12345907, 2, table);
	expect_level(npt, 0x12345827, 2, table);
	/* Read-only: without W a leaf needs nothing else. */
	expect_level(npt, 0x12345825, 1, "level 1 assumed, since bit 7 is clear");
	/* Of what is not present, no bit tells the level, and none need be told. */
	expect_level(ept, 0x5a0, 1, NULL);
	expect_level(ept, 0xfee00086, 1, NULL);
	/* What is given is not assumed. */
	expect_level((struct sim_decode_options) { .kind = SIM_DECODE_SPTE, EPT, .level = 4 },
		     0x12345907, 4, NULL);
}

/* ---- Printing, errors, names ---- */

static void test_print(void **state)
{
	static const char want[] =
		"0xfee0005e: taken for: EPTP\n"
		"  4 levels, WB, A/D on, root table at 0xfee00000\n"
		"\n"
		"  bits   value           who  meaning\n"
		"  2:0    6               CPU  memory type of the tables: WB\n"
		"  5:3    3               CPU  walk length minus 1: 4 levels\n"
		"  6      1               CPU  A and D flags on\n"
		"  51:12  0xfee00         CPU  root table at 0xfee00000\n"
		"\n"
		"  CPU: VM entry accepts it, if the CPU has what it asks for\n"
		"  KVM: what a vCPU loads with eptad=Y\n"
		"\n"
		"  or: EPT SPTE at level 1, profile v6.4: MMIO, gfn 0xfee00, gen 0xb\n";
	const struct sim_decode_options opt = { ANY };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(sim_decode(out, &opt, 0xfee0005e), 0);
	fclose(out);
	assert_string_equal(text, want);
	free(text);
}

static void expect_error(struct sim_decode_options opt, int error)
{
	struct sim_decode_result result;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(sim_decode_explain(&opt, 0x107e09e67, &result), error);
	assert_int_equal(sim_decode(out, &opt, 0x107e09e67), error);
	fclose(out);
	assert_int_equal(len, 0);
	free(text);
}

static void test_errors(void **state)
{
	struct kvm *kvm = calloc(1, sizeof(*kvm));

	assert_non_null(kvm);
	expect_error((struct sim_decode_options) { .level = 6 }, -EINVAL);
	expect_error((struct sim_decode_options) { .level = -1 }, -EINVAL);
	expect_error((struct sim_decode_options) { .maxphyaddr = 31 }, -EINVAL);
	expect_error((struct sim_decode_options) { .maxphyaddr = 53 }, -EINVAL);
	expect_error((struct sim_decode_options) { .l1tf_cache_bits = 16 }, -EINVAL);
	/* The masks belong to whoever has a VM. */
	list_add(&kvm->vm_list, &vm_list);
	expect_error((struct sim_decode_options) { .kind = SIM_DECODE_SPTE }, -EBUSY);
	list_del(&kvm->vm_list);
	free(kvm);
}

static void test_kind_names(void **state)
{
	enum sim_decode_kind kind = SIM_DECODE_AUTO;

	assert_true(sim_decode_kind_find("spte", &kind));
	assert_int_equal(kind, SIM_DECODE_SPTE);
	assert_true(sim_decode_kind_find("eptp", &kind));
	assert_int_equal(kind, SIM_DECODE_EPTP);
	assert_true(sim_decode_kind_find("ncr3", &kind));
	assert_int_equal(kind, SIM_DECODE_NCR3);
	assert_true(sim_decode_kind_find("role", &kind));
	assert_int_equal(kind, SIM_DECODE_ROLE);
	assert_true(sim_decode_kind_find("qual", &kind));
	assert_int_equal(kind, SIM_DECODE_QUAL);
	assert_true(sim_decode_kind_find("error", &kind));
	assert_int_equal(kind, SIM_DECODE_ERROR);
	assert_true(sim_decode_kind_find("auto", &kind));
	assert_int_equal(kind, SIM_DECODE_AUTO);
	assert_false(sim_decode_kind_find("pte", &kind));
	assert_false(sim_decode_kind_find("", &kind));
}

static int start(void **state)
{
	return sim_init();
}

static int stop(void **state)
{
	return (int)sim_exit();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_bit_once),
		cmocka_unit_test(test_guesses),
		cmocka_unit_test(test_ept_sptes),
		cmocka_unit_test(test_ept_other_bits),
		cmocka_unit_test(test_ept_without_ad),
		cmocka_unit_test(test_v6_12),
		cmocka_unit_test(test_npt_sptes),
		cmocka_unit_test(test_root_pointers),
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_assumed_levels),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_kind_names),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
