/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "sim/event.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* A line and what it says. */
struct sample {
	const char *text;
	struct sim_event event;
	unsigned int level;
};

#define ROLE_WUX	(7u << SIM_ROLE_ACCESS_SHIFT | SIM_ROLE_DIRECT)

static const struct sample samples[] = {
	{ "host page gfn=0x10 pfn=0x107e09 size=4k writable=1",
	  { SIM_EV_HOST_PAGE, 0, { { 0x10, 0x107e09, 4096, 1 } } }, 0 },
	{ "host page gfn=0x80000 none",
	  { SIM_EV_HOST_PAGE, 0, { { 0x80000, SIM_PFN_NONE } } }, 0 },
	{ "host page gfn=0xffffffffff pfn=0xffffffffff size=1g writable=0",
	  { SIM_EV_HOST_PAGE, 0, { { 0xffffffffff, 0xffffffffff, 1u << 30, 0 } } }, 0 },
	{ "host unmap 0x20000400000 0x20000401000",
	  { SIM_EV_HOST_UNMAP, 0, { { 0x20000400000, 0x20000401000 } } }, 0 },
	{ "host age 0x1 0xffffffffffffffff",
	  { SIM_EV_HOST_AGE, 0, { { 1, UINT64_MAX } } }, 0 },
	{ "host test_age 0x20000000000",
	  { SIM_EV_HOST_TEST_AGE, 0, { { 0x20000000000 } } }, 0 },
	{ "host set_pte 0x20000400000",
	  { SIM_EV_HOST_SET_PTE, 0, { { 0x20000400000 } } }, 0 },
	{ "host map 0x20000600000 size=2m",
	  { SIM_EV_HOST_MAP, 0, { { 0x20000600000, 2u << 20 } } }, 0 },
	{ "page_fault vcpu=1023 gpa=0xfffffffffffff error=0x200000006",
	  { SIM_EV_PAGE_FAULT, 0, { { 1023, 0xfffffffffffff, 0x200000006 } } }, 0 },
	{ "spte_requested gfn=0x80000 pfn=none level=1",
	  { SIM_EV_SPTE_REQUESTED, 0, { { 0x80000, SIM_PFN_NONE, 1 } } }, 1 },
	{ "spte_requested gfn=0x40000 pfn=0xec00 level=2",
	  { SIM_EV_SPTE_REQUESTED, 0, { { 0x40000, 0xec00, 2 } } }, 2 },
	{ "get_page gfn=0x0 level=4 role=direct,wux,nxe,ad",
	  { SIM_EV_GET_PAGE, 0, { { 0, 4, ROLE_WUX | SIM_ROLE_NX } } }, 4 },
	{ "prepare_zap_page gfn=0x0 level=5 role=direct,wux,invalid,!nxe,!ad",
	  { SIM_EV_PREPARE_ZAP_PAGE, 0,
	    { { 0, 5, ROLE_WUX | SIM_ROLE_INVALID | SIM_ROLE_AD_DISABLED } } }, 5 },
	{ "spte as=1 gfn=0x38 level=1 old=0x8000000000000000 new=0x861000000aa4e877",
	  { SIM_EV_SPTE, 0,
	    { { 1, 0x38, 1, 1ULL << 63, 0, 0x861000000aa4e877, 0, 1 } } }, 1 },
	{ "spte as=0 gfn=0x200 level=2 old=T3|0x827 new=T41|0x8010000000000807",
	  { SIM_EV_SPTE, 0, { { 0, 0x200, 2, 0x827, 3, 0x8010000000000807, 41, 1 } } }, 2 },
	{ "spte as=0 gfn=0x0 level=3 old=0x0 new=0x5a0 run=512",
	  { SIM_EV_SPTE, 0, { { 0, 0, 3, 0, 0, 0x5a0, 0, 512 } } }, 3 },
	{ "set_spte gfn=0x80000 level=1 spte=0x3310825 access=r-xu",
	  { SIM_EV_SET_SPTE, 0,
	    { { 0x80000, 1, 0x3310825, 0, SIM_ACCESS_R | SIM_ACCESS_X | SIM_ACCESS_U } } }, 1 },
	{ "fast_page_fault vcpu=1 gpa=0x40200000 old=0x10be00e65 new=0x10be00e67 "
	  "spurious=0 fixed=1",
	  { SIM_EV_FAST_PAGE_FAULT, 0,
	    { { 1, 0x40200000, 0x10be00e65, 0, 0x10be00e67, 0, 0, 1 } } }, 0 },
	{ "mark_mmio_spte gfn=0x80000 access=6 gen=0x3fe",
	  { SIM_EV_MARK_MMIO_SPTE, 0, { { 0x80000, 6, 0x3fe } } }, 0 },
	{ "handle_mmio_page_fault gpa=0x0 gfn=0x80000 access=7",
	  { SIM_EV_HANDLE_MMIO_PAGE_FAULT, 0, { { 0, 0x80000, 7 } } }, 0 },
	{ "check_mmio_spte spte=0x8000080000027 kvm_gen=0x6 spte_gen=0x4 valid=0",
	  { SIM_EV_CHECK_MMIO_SPTE, 0, { { 0x8000080000027, 6, 4, 0 } } }, 0 },
	{ "split_huge_page gfn=0x40000 spte=0x10c000ee7 level=2 errno=12",
	  { SIM_EV_SPLIT_HUGE_PAGE, 0, { { 0x40000, 0x10c000ee7, 0, 2, 12 } } }, 2 },
	{ "zap_all_fast", { SIM_EV_ZAP_ALL_FAST, 0, { { 0 } } }, 0 },
	{ "invalidate_all_roots", { SIM_EV_INVALIDATE_ALL_ROOTS, 0, { { 0 } } }, 0 },
	{ "zap_invalidated_roots", { SIM_EV_ZAP_INVALIDATED_ROOTS, 0, { { 0 } } }, 0 },
	{ "zap_root level=3 shared=1", { SIM_EV_ZAP_ROOT, 0, { { 3, 1 } } }, 3 },
	{ "flush_remote_tlbs", { SIM_EV_FLUSH_REMOTE_TLBS, 0, { { 0 } } }, 0 },
	{ "ret 0", { SIM_EV_RET, 0, { { 0 } } }, 0 },
	{ "ret -22", { SIM_EV_RET, 0, { { (uint64_t)-22 } } }, 0 },
	{ "exit mmio read gpa 0x80000000 len 8",
	  { SIM_EV_EXIT_MMIO, 0, { { 0, 0x80000000, 8 } } }, 0 },
	{ "exit mmio write gpa 0x40016000 len 1",
	  { SIM_EV_EXIT_MMIO, 0, { { 1, 0x40016000, 1 } } }, 0 },
	{ "exit error 14", { SIM_EV_EXIT_ERROR, 0, { { 14 } } }, 0 },
	{ "exit smm", { SIM_EV_EXIT_SMM, 0, { { 0 } } }, 0 },
	{ "young 1", { SIM_EV_YOUNG, 0, { { 1 } } }, 0 },
	{ "dirty 14-512", { SIM_EV_DIRTY, 0, { { 14, 512 } } }, 0 },
	{ "stat vm pages_4k -7",
	  { SIM_EV_STAT, 0, { { SIM_STAT_VM, SIM_STAT_PAGES_4K, (uint64_t)-7 } } }, 0 },
	{ "stat vcpu12 pf_mmio_spte_created +1",
	  { SIM_EV_STAT, 0, { { 12, SIM_STAT_PF_MMIO_SPTE_CREATED, 1 } } }, 0 },
};

/* Both ways, number by number, and the rest of v[] is 0. */
static void test_samples(void **state)
{
	bool seen[SIM_EV_NR] = { false };

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		const struct sample *sample = &samples[i];
		struct sim_event event = { .line = 77 };
		char text[256], err[256] = "";

		if (!sim_event_parse(sample->text, &event, err, sizeof(err)))
			fail_msg("%s: %s", sample->text, err);
		assert_int_equal(event.type, sample->event.type);
		assert_int_equal(event.line, 77);
		for (unsigned int j = 0; j < ARRAY_SIZE(event.v); j++) {
			if (event.v[j] != sample->event.v[j])
				fail_msg("%s: v[%u] is %#llx, expected %#llx", sample->text, j,
					 (unsigned long long)event.v[j],
					 (unsigned long long)sample->event.v[j]);
		}
		assert_int_equal(sim_event_print(&sample->event, text, sizeof(text)),
				 strlen(sample->text));
		assert_string_equal(text, sample->text);
		assert_int_equal(sim_event_level(&event), sample->level);
		seen[event.type] = true;
	}
	for (unsigned int i = 0; i < SIM_EV_NR; i++) {
		if (!seen[i])
			fail_msg("no sample of %s", sim_event_type_name(i));
	}
}

/* Every role word that the fields can spell. */
static void test_roles(void **state)
{
	static const char * const access[] = {
		"---", "--x", "w--", "w-x", "-u-", "-ux", "wu-", "wux",
	};

	for (unsigned int i = 0; i < 64; i++) {
		uint64_t want = SIM_ROLE_DIRECT | (i & 7) << SIM_ROLE_ACCESS_SHIFT |
				(i & 8 ? SIM_ROLE_INVALID : 0) | (i & 16 ? SIM_ROLE_NX : 0) |
				(i & 32 ? SIM_ROLE_AD_DISABLED : 0);
		char text[128], again[128], err[256] = "";
		struct sim_event event;

		snprintf(text, sizeof(text), "get_page gfn=0x0 level=1 role=direct,%s%s,%snxe,%sad",
			 access[i & 7], i & 8 ? ",invalid" : "", i & 16 ? "" : "!",
			 i & 32 ? "!" : "");
		assert_true(sim_event_parse(text, &event, err, sizeof(err)));
		assert_int_equal(event.page.role, want);
		sim_event_print(&event, again, sizeof(again));
		assert_string_equal(again, text);
	}
}

static void test_access_letters(void **state)
{
	for (unsigned int i = 0; i < 16; i++) {
		char text[128], again[128], err[256] = "";
		struct sim_event event;

		snprintf(text, sizeof(text), "set_spte gfn=0x0 level=1 spte=0x0 access=%c%c%c%c",
			 i & SIM_ACCESS_R ? 'r' : '-', i & SIM_ACCESS_W ? 'w' : '-',
			 i & SIM_ACCESS_X ? 'x' : '-', i & SIM_ACCESS_U ? 'u' : '-');
		assert_true(sim_event_parse(text, &event, err, sizeof(err)));
		assert_int_equal(event.set_spte.access, i);
		sim_event_print(&event, again, sizeof(again));
		assert_string_equal(again, text);
	}
}

/* A text that no recording has, and the message it gets. */
static const struct {
	const char *text;
	const char *err;
} bad[] = {
	{ "", "expected an event, a result or a host line, found the end of the line" },
	{ "sptee", "expected an event, a result or a host line, found \"sptee\"" },
	{ "exit hlt", "expected an event, a result or a host line, found \"exit hlt\"" },
	{ "flush_remote_tlbs now", "flush_remote_tlbs: expected the end of the line, found \"now\"" },
	{ "flush_remote_tlbs ", "flush_remote_tlbs: expected the end of the line, found \" \"" },
	{ "zap_root  level=1 shared=0", "zap_root: expected level=<1 to 5>, found \"  \"" },
	{ "zap_root level=\001 shared=0", "zap_root: expected level=<1 to 5>, found \"level=?\"" },
	{ "zap_root level=01 shared=0", "zap_root: expected level=<1 to 5>, found \"level=01\"" },
	{ "zap_root level= shared=0", "zap_root: expected level=<1 to 5>, found \"level=\"" },
	{ "zap_root level=1", "zap_root: expected shared=<0 or 1>, found the end of the line" },
	{ "ret 00", "ret: expected <0, or -1 to -4095>, found \"00\"" },
	{ "ret -0", "ret: expected <0, or -1 to -4095>, found \"-0\"" },
	{ "ret 5", "ret: expected <0, or -1 to -4095>, found \"5\"" },
	{ "ret -4096", "ret: expected <0, or -1 to -4095>, found \"-4096\"" },
	{ "host set_pte 20000400000", "host set_pte: expected <hex number>, found \"20000400000\"" },
	{ "host set_pte 0xABC", "host set_pte: expected <hex number>, found \"0xABC\"" },
	{ "host set_pte 0x0abc", "host set_pte: expected <hex number>, found \"0x0abc\"" },
	{ "host set_pte 0x10000000000000000",
	  "host set_pte: expected <hex number>, found \"0x10000000000000000\"" },
	{ "host page gfn=0x1 none size=4k",
	  "host page: expected pfn=<hex number below 2^40>, found \"none\"" },
	{ "host page gfn=0x1 pfn=none size=4k writable=1",
	  "host page: expected pfn=<hex number below 2^40>, found \"pfn=none\"" },
	{ "dirty 18446744073709551616-1",
	  "dirty: expected <number>, found \"18446744073709551616\"" },
	{ "dirty 1", "dirty: expected -<number>, found the end of the line" },
	{ "stat vm pages_4k +9223372036854775808",
	  "stat: expected <+N or -N, not zero>, found \"+9223372036854775808\"" },
	{ "get_page gfn=0x0 level=1 role=direct,wux,nxe,ad,x",
	  "get_page: expected role=<direct,access as wux,[invalid,]nxe or !nxe,ad or !ad>, "
	  "found \"role=direct,wux,nxe,ad,x\"" },
	{ "set_spte gfn=0x0 level=1 spte=|0x1 access=rwxu",
	  "set_spte: expected spte=<hex number, or Tn|hex without frame bits>, found \"spte=|0x1\"" },
	{ "set_spte gfn=0x0 level=1 spte=T1| access=rwxu",
	  "set_spte: expected spte=<hex number, or Tn|hex without frame bits>, found \"spte=T1|\"" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "expected an event, a result or a host line, "
	  "found \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\"" },
};

static void test_bad_lines(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct sim_event event = { .type = 99, .line = 5 };
		char err[256] = "";

		if (sim_event_parse(bad[i].text, &event, err, sizeof(err)))
			fail_msg("\"%s\" was accepted", bad[i].text);
		assert_string_equal(err, bad[i].err);
		assert_int_equal(event.type, 99);
	}
}

/* Every prefix of a line is another line or an error, never a crash. */
static void test_prefixes(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		char text[256], again[256], err[16];

		snprintf(text, sizeof(text), "%s", samples[i].text);
		for (size_t n = strlen(text); n-- > 0;) {
			struct sim_event event;

			text[n] = '\0';
			if (!sim_event_parse(text, &event, err, sizeof(err)))
				continue;
			sim_event_print(&event, again, sizeof(again));
			assert_string_equal(again, text);
		}
	}
}

/* As snprintf(): the whole length, and what fits. */
static void test_print_into_small_buffers(void **state)
{
	const struct sample *sample = &samples[0];
	size_t len = strlen(sample->text);

	for (size_t size = 0; size <= len + 1; size++) {
		char buf[256];
		size_t fits = size ? size - 1 : 0;

		memset(buf, '#', sizeof(buf));
		assert_int_equal(sim_event_print(&sample->event, buf, size), len);
		if (size)
			assert_int_equal(buf[fits], '\0');
		assert_memory_equal(buf, sample->text, fits);
		assert_int_equal(buf[size], '#');
	}
}

/* --- comparing ---------------------------------------------------------------------- */

static bool equal(const char *want, const char *got, bool ept)
{
	struct sim_event a, b;
	char err[256] = "";

	assert_true(sim_event_parse(want, &a, err, sizeof(err)));
	assert_true(sim_event_parse(got, &b, err, sizeof(err)));
	return sim_event_equal(&a, &b, ept);
}

static bool equal_error(uint64_t want, uint64_t got, bool ept)
{
	char a[128], b[128];

	snprintf(a, sizeof(a), "page_fault vcpu=0 gpa=0x0 error=0x%llx", (unsigned long long)want);
	snprintf(b, sizeof(b), "page_fault vcpu=0 gpa=0x0 error=0x%llx", (unsigned long long)got);
	return equal(a, b, ept);
}

/* Any number changed makes another event, down to the last. */
static void test_every_field_counts(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		const struct sim_event *want = &samples[i].event;
		unsigned int differing = 0, fields = 0;
		struct sim_event got = *want;

		got.line = 1234;
		assert_true(sim_event_equal(want, &got, false));
		assert_true(sim_event_equal(want, &got, true));
		for (unsigned int j = 0; j < ARRAY_SIZE(got.v); j++) {
			got = *want;
			got.v[j] ^= 2;
			differing += !sim_event_equal(want, &got, false);
		}
		/* A field each "=", or each number where fields have no names; T is two. */
		for (const char *c = samples[i].text; *c; c++)
			fields += *c == '=';
		if (fields)
			assert_true(differing >= fields);
		got = *want;
		got.type = (want->type + 1) % SIM_EV_NR;
		assert_false(sim_event_equal(want, &got, false));
	}
	assert_false(equal("dirty 1-2", "dirty 1-3", false));
	assert_false(equal("ret 0", "ret -22", false));
	assert_false(equal("host unmap 0x1 0x2", "host unmap 0x1 0x3", false));
	assert_false(equal("spte as=0 gfn=0x0 level=1 old=T1|0x7 new=0x0",
			   "spte as=0 gfn=0x0 level=1 old=T2|0x7 new=0x0", false));
	assert_false(equal("spte as=0 gfn=0x0 level=1 old=0x0 new=0x0",
			   "spte as=0 gfn=0x0 level=1 old=0x0 new=0x0 run=2", false));
}

/* NPT: bit 0 is in doubt exactly where bit 3 is set. */
static void test_npt_reserved_bit_fault(void **state)
{
	assert_true(equal_error(0x10000000c, 0x10000000d, false));
	assert_true(equal_error(0x10000000e, 0x10000000f, false));
	assert_true(equal_error(0x10000000d, 0x10000000c, false));
	assert_false(equal_error(0x10000000c, 0x10000000f, false));
	assert_false(equal_error(0x10000000c, 0x100000005, false));
	assert_false(equal_error(0x100000004, 0x10000000d, false));
	assert_false(equal_error(0x100000006, 0x100000007, false));
	assert_false(equal_error(0x10000000c, 0x20000000d, false));
	/* The same numbers as EPT qualifications have no such doubt. */
	assert_false(equal_error(0x10000000c, 0x10000000d, true));
}

/* EPT: bit 0 is in doubt for a write to a guest paging entry. */
static void test_ept_guest_table_fault(void **state)
{
	assert_true(equal_error(0x82, 0x83, true));
	assert_true(equal_error(0x83, 0x82, true));
	assert_true(equal_error(0xba, 0xbb, true));
	assert_false(equal_error(0x82, 0x81, true));
	assert_false(equal_error(0x80, 0x81, true));	/* no write */
	assert_false(equal_error(0x782, 0x783, true));	/* the final access */
	assert_false(equal_error(0x2, 0x3, true));	/* no linear address */
	assert_false(equal_error(0x82, 0x8b, true));
	assert_false(equal_error(0x82, 0x83, false));
}

static void test_no_page_ends_the_comparison(void **state)
{
	struct sim_event a = { .type = SIM_EV_HOST_PAGE };
	struct sim_event b;

	a.host_page.gfn = 0x10;
	a.host_page.pfn = SIM_PFN_NONE;
	b = a;
	b.host_page.writable = 1;
	assert_true(sim_event_equal(&a, &b, false));
	b.host_page.pfn = 1;
	assert_false(sim_event_equal(&a, &b, false));
	assert_false(sim_event_equal(&b, &a, false));
}

static void test_names(void **state)
{
	assert_string_equal(sim_event_type_name(SIM_EV_HOST_PAGE), "host page");
	assert_string_equal(sim_event_type_name(SIM_EV_SPTE), "spte");
	assert_string_equal(sim_event_type_name(SIM_EV_STAT), "stat");
	assert_string_equal(sim_stat_name(SIM_STAT_REMOTE_TLB_FLUSH_REQUESTS),
			    "remote_tlb_flush_requests");
	assert_string_equal(sim_stat_name(SIM_STAT_TLB_FLUSH), "tlb_flush");
}

/* A statistic belongs to the VM or to vCPUs, never to both. */
static void test_owner_of_statistics(void **state)
{
	for (unsigned int i = 0; i < SIM_STAT_NR; i++) {
		struct sim_event event;
		char text[128], err[256];
		bool of_vm = i < SIM_STAT_VM_NR;

		snprintf(text, sizeof(text), "stat vm %s +1", sim_stat_name(i));
		assert_int_equal(sim_event_parse(text, &event, err, sizeof(err)), of_vm);
		snprintf(text, sizeof(text), "stat vcpu0 %s +1", sim_stat_name(i));
		assert_int_equal(sim_event_parse(text, &event, err, sizeof(err)), !of_vm);
	}
}

static void test_host_events(void **state)
{
	for (unsigned int i = 0; i < SIM_EV_NR; i++) {
		struct sim_event event = { .type = i };
		bool host = strncmp(sim_event_type_name(i), "host ", 5) == 0;

		assert_int_equal(sim_event_is_host(&event), host);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_access_letters),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_print_into_small_buffers),
		cmocka_unit_test(test_every_field_counts),
		cmocka_unit_test(test_npt_reserved_bit_fault),
		cmocka_unit_test(test_ept_guest_table_fault),
		cmocka_unit_test(test_no_page_ends_the_comparison),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_owner_of_statistics),
		cmocka_unit_test(test_host_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
