/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/cli_fixture.h"

/*
 * tdpsim decode as its users meet it.  What each bit of a value means is the matter of
 * test_decode.c; here it is that the command leads there, and how it refuses.
 */

#define MAX_WORDS	8
#define COMMAND		"tdpsim decode: "

struct example {
	const char *words[MAX_WORDS];	/* behind "decode" */
	const char *has[4];		/* what is printed */
};

static struct sim_outcome decode(const char *const *words)
{
	const char *argv[MAX_WORDS + 3] = { "tdpsim", "decode" };

	for (size_t i = 0; i < MAX_WORDS && words[i]; i++)
		argv[i + 2] = words[i];
	return sim_run_argv(argv);
}

static void check_examples(const struct example *examples, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		struct sim_outcome outcome = decode(examples[i].words);

		sim_assert_fine(&outcome);
		for (size_t j = 0; j < ARRAY_SIZE(examples[i].has) && examples[i].has[j]; j++)
			sim_assert_has(outcome.out, examples[i].has[j]);
		sim_assert_ends(outcome.out, "\n");
		sim_outcome_free(&outcome);
	}
}

/* What make_spte() makes of a page on EPT, and its kin (v6.1 to v6.12). */
static void test_ept_sptes(void **state)
{
	static const struct example examples[] = {
		{ { "0x6000000029ebb77" },
		  { "EPT SPTE at level 1", "  4K leaf, pfn 0x29eb, rwxu, WB ipat, A D, "
		    "host-writable mmu-writable\n" } },
		/* D clear; write-protected by dirty logging; for good; by the host. */
		{ { "0600000000000977" },
		  { ", rwxu, WB ipat, A, host-writable mmu-writable\n" } },
		{ { "0600000000000975" },
		  { ", r-xu, WB ipat, A, host-writable mmu-writable\n" } },
		{ { "0200000000000975" }, { ", r-xu, WB ipat, A, host-writable\n" } },
		{ { "--as", "spte", "-f", "ept", "975" },
		  { "EPT SPTE at level 1", ", r-xu, WB ipat, A, read-only host page\n" } },
		{ { "0600000000000bf7" }, { "EPT SPTE at level 2", "2M leaf", ", rwxu, " } },
		{ { "--level", "3", "0600000000000bf7" }, { "EPT SPTE at level 3", "1G leaf" } },
		{ { "0600000000000bf3" }, { "2M leaf", ", rw-u" } },
		{ { "0600000000000b07" }, { ", rwxu, UC, A D, " } },
		{ { "--as=spte", "--format=ept", "--level=3", "907" }, { "  table, " } },
		/* Without A and D of the CPU. */
		{ { "0610000000000877" }, { "4K leaf", ", rwxu, " } },
		{ { "0750000000000870" }, { "access-tracked" } },
		/* From v6.10 on, with bit 63. */
		{ { "8600000000000b77" }, { "profile v6.12", ", rwxu, WB ipat, A D, " } },
		{ { "--profile", "v6.12", "8600000000000b77" }, { "profile v6.12" } },
	};

	check_examples(examples, ARRAY_SIZE(examples));
}

static void test_npt_sptes(void **state)
{
	static const struct example examples[] = {
		{ { "-f", "npt", "--as", "spte", "29ebe67" },
		  { "NPT SPTE at level 1", "  4K leaf, pfn 0x29eb, rwxu, A D, "
		    "host-writable mmu-writable\n" } },
		{ { "-f", "npt", "-a", "spte", "e27" },
		  { ", rwxu, A, host-writable mmu-writable\n" } },
		{ { "-f", "npt", "-a", "spte", "e25" },
		  { ", r-xu, A, host-writable mmu-writable\n" } },
		{ { "-f", "npt", "-a", "spte", "a25" }, { ", r-xu, A, host-writable\n" } },
		{ { "-f", "npt", "-a", "spte", "825" }, { ", r-xu, A, read-only host page\n" } },
		{ { "-f", "npt", "-a", "spte", "ee7" }, { "NPT SPTE at level 2", "2M leaf" } },
		{ { "-f", "npt", "-a", "spte", "8000000000000ee7" }, { "2M leaf", ", rw-u" } },
		{ { "-f", "npt", "-a", "spte", "-l", "2", "5000827" },
		  { "NPT SPTE at level 2", "  table, ", "0x5000000" } },
	};

	check_examples(examples, ARRAY_SIZE(examples));
}

/* Generations are split over the value: bits 7:0 to 10:3, bits 18:8 to 62:52. */
static void test_mmio_and_removed_sptes(void **state)
{
	static const struct example examples[] = {
		{ { "-a", "spte", "-f", "ept", "fee00086" }, { "  MMIO, gfn 0xfee00, gen 0x10\n" } },
		{ { "-f", "ept", "00100000fee007fe" }, { "  MMIO, gfn 0xfee00, gen 0x1ff\n" } },
		{ { "-f", "npt", "00080000fee00087" }, { "  MMIO, gfn 0xfee00, gen 0x10\n" } },
		/* L1TF: with 46 bits cached, bits 45:41 are set, and the gfn's own moved up. */
		{ { "-f", "ept", "-a", "spte", "--l1tf", "46", "00003e00fee00086" },
		  { "  MMIO, gfn 0xfee00, gen 0x10\n", "L1TF" } },
		{ { "5a0" }, { "  removed (frozen)\n" } },
		{ { "0x80000000000005a0" }, { "profile v6.12", "  removed (frozen)\n" } },
		{ { "0" }, { "0x0: taken for: ", "  empty\n" } },
	};

	check_examples(examples, ARRAY_SIZE(examples));
}

/* SDM, "Exit Qualification for EPT Violations", and the error codes KVM makes of them. */
static void test_exit_qualifications(void **state)
{
	static const struct example examples[] = {
		/* A write, where all that is left is R. */
		{ { "0x18a" }, { "exit qualification", "  write, final page, mapped r--\n",
				 "0x100000003" } },
		{ { "0x19c" }, { "  fetch, final page, mapped rw-\n", "0x100000011" } },
		{ { "0x181" }, { "  read, final page, not mapped\n", "0x100000004" } },
		{ { "--as", "qual", "0x8b" },
		  { "  read and write, guest paging entry, mapped r--\n", "0x200000007" } },
	};

	check_examples(examples, ARRAY_SIZE(examples));
}

/* APM volume 2, 15.25.6. */
static void test_error_codes(void **state)
{
	static const struct example examples[] = {
		{ { "0x100000004" }, { "NPT error code", "  read, final page, not present\n" } },
		{ { "0x100000006" }, { "  write, final page, not present\n" } },
		{ { "0x100000007" }, { "  write, final page, present, but without the right\n" } },
		{ { "0x100000015" }, { "  fetch, final page, present, but without the right\n" } },
		{ { "0x10000000d" }, { "  read, final page, reserved bit\n", "RSV" } },
		{ { "0x200000006" }, { "  write, guest paging entry, not present\n" } },
		{ { "--as", "error", "0x200000007" },
		  { "  write, guest paging entry, present, but without the right\n" } },
	};

	check_examples(examples, ARRAY_SIZE(examples));
}

/* kvm_mmu_page_role of v6.1 to v6.13, and construct_eptp(). */
static void test_roots(void **state)
{
	static const struct example examples[] = {
		{ { "3784" }, { "role word", "  level 4, as 0, direct, ad, valid\n" } },
		{ { "0x3785" }, { "  level 5, as 0, direct, ad, valid\n" } },
		{ { "0x3781" }, { "  level 1, as 0, direct, ad, valid\n" } },
		{ { "0x13784" }, { "  level 4, as 0, direct, !ad, valid\n" } },
		{ { "0x1003784" }, { "  level 4, as 1 (smm), direct, ad, valid\n" } },
		{ { "0x23784" }, { "  level 4, as 0, guest_mode, direct, ad, valid\n" } },
		{ { "0x3f84" }, { "  level 4, as 0, direct, ad, INVALID\n" } },
		{ { "0x12345605e" }, { "EPTP", "  4 levels, WB, A/D on, root table at 0x123456000\n" } },
		{ { "0x12345601e" }, { "  4 levels, WB, A/D off, " } },
		{ { "0x123456066" }, { "  5 levels, WB, A/D on, " } },
		{ { "0x123456026" }, { "  5 levels, WB, A/D off, " } },
		{ { "--as", "eptp", "0x123456045" }, { "illegal", "VM entry fails" } },
		{ { "--as", "ncr3", "0x123456000" }, { "nCR3", "  root table at 0x123456000\n" } },
		{ { "--as", "ncr3", "--maxphyaddr", "32", "0x123456000" }, { "VMEXIT_INVALID" } },
	};

	check_examples(examples, ARRAY_SIZE(examples));
}

/* "taken for" is a guess, and is not said of what was given. */
static void test_a_kind_that_is_given_is_no_guess(void **state)
{
	static const char *const kinds[] = { "spte", "eptp", "ncr3", "role", "qual", "error" };
	struct sim_outcome outcome = sim_run("decode", "--as", "auto", "3784");

	sim_assert_has(outcome.out, "0x3784: taken for: role word");
	sim_outcome_free(&outcome);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		outcome = sim_run("decode", "--as", kinds[i], "0x3784");
		sim_assert_fine(&outcome);
		sim_assert_starts(outcome.out, "0x3784: ");
		assert_null(strstr(outcome.out, "taken for"));
		sim_outcome_free(&outcome);
	}
}

/* ---- Values ---- */

static void test_several_values(void **state)
{
	static const char *const values[] = { "3784", "0x18a", "0" };
	struct sim_outcome all = sim_run("decode", values[0], values[1], values[2]);
	const char *at = all.out;

	sim_assert_fine(&all);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct sim_outcome one = sim_run("decode", values[i]);

		sim_assert_fine(&one);
		/* In their order, each as it is alone, with an empty line between two. */
		if (i)
			sim_assert_starts(at++, "\n");
		sim_assert_starts(at, one.out);
		at += strlen(one.out);
		sim_outcome_free(&one);
	}
	assert_string_equal(at, "");
	sim_outcome_free(&all);
}

static void test_spellings(void **state)
{
	static const char *const same[] = {
		"6000000029EBB77", "0x06000000029ebb77", "0X6000000029Ebb77",
		"000000000000000006000000029ebb77",
	};
	struct sim_outcome want = sim_run("decode", "0x6000000029ebb77");

	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		struct sim_outcome outcome = sim_run("decode", same[i]);

		sim_assert_fine(&outcome);
		assert_string_equal(outcome.out, want.out);
		sim_outcome_free(&outcome);
	}
	sim_outcome_free(&want);
}

/* Whatever a value is said to be, it may have any bits. */
static void test_extreme_values(void **state)
{
	static const char *const kinds[] = {
		"auto", "spte", "eptp", "ncr3", "role", "qual", "error",
	};
	static const char *const formats[] = { "ept", "npt" };
	static const char *const levels[] = { "1", "2", "3", "4", "5" };
	static const char zeros[] = "0", ones[] = "ffffffffffffffff", high[] = "8000000000000000";

	for (size_t f = 0; f < ARRAY_SIZE(formats); f++) {
		struct sim_outcome outcome;

		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
			outcome = sim_run("decode", "-a", kinds[i], "-f", formats[f], zeros, ones,
					  high);
			sim_assert_fine(&outcome);
			sim_assert_starts(outcome.out, "0x0: ");
			sim_assert_has(outcome.out, "\n\n0xffffffffffffffff: ");
			sim_assert_has(outcome.out, "\n\n0x8000000000000000: ");
			sim_outcome_free(&outcome);
		}
		for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
			outcome = sim_run("decode", "-l", levels[i], "-f", formats[f],
					  "--maxphyaddr", "32", "--profile", "v6.1", ones, zeros,
					  high);
			sim_assert_fine(&outcome);
			sim_assert_has(outcome.out, "profile v6.1");
			sim_outcome_free(&outcome);
		}
	}
}

/* ---- What it refuses ---- */

static void test_bad_values(void **state)
{
	static const char *const values[] = {
		"", "0x", "x", "xyz", "0xg", "12 34", "0x10000000000000000", "11112222333344445",
		" 1", "1 ", "\t1", "+1", "1.5", "0x1,0x2", "T3|0x827", "\xff",
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		char start[64];

		snprintf(start, sizeof(start), COMMAND "\"%s\" ", values[i]);
		sim_assert_refused(sim_run("decode", values[i]), start);
	}
	sim_assert_refused(sim_run("decode", "--", "-1"), COMMAND "\"-1\" ");
	sim_assert_usage(sim_run("decode", "-1"), COMMAND, "'1'");
	/* One that is bad, wherever it stands, and none is taken apart. */
	sim_assert_refused(sim_run("decode", "3784", "0x18a", "nonsense"), COMMAND "\"nonsense\"");
	sim_assert_refused(sim_run("decode", "nonsense", "3784"), COMMAND "\"nonsense\"");
}

static void test_bad_options(void **state)
{
	static const struct { const char *option, *arg; } cases[] = {
		{ "--level", "0" }, { "--level", "6" }, { "--level", "-1" }, { "--level", "" },
		{ "--level", "one" }, { "--level", "1x" }, { "--level", "18446744073709551617" },
		{ "--format", "shadow" }, { "--format", "" }, { "--format", "EPT" },
		{ "--profile", "v9.9" }, { "--profile", "" }, { "--profile", "6.12" },
		{ "--as", "pte" }, { "--as", "" },
		{ "--maxphyaddr", "31" }, { "--maxphyaddr", "53" }, { "--maxphyaddr", "many" },
		{ "--l1tf", "32" }, { "--l1tf", "47" }, { "--l1tf", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char quoted[64];

		snprintf(quoted, sizeof(quoted), "\"%s\"", cases[i].arg);
		sim_assert_usage(sim_run("decode", cases[i].option, cases[i].arg, "3784"), COMMAND,
				 quoted);
	}
	sim_assert_usage(sim_run("decode", "--level"), COMMAND, "level");
	sim_assert_usage(sim_run("decode", "--bits", "1"), COMMAND, "--bits");
	sim_assert_usage(sim_run("decode"), COMMAND, "value");
	sim_assert_usage(sim_run("decode", "--as", "role"), COMMAND, "value");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ept_sptes),
		cmocka_unit_test(test_npt_sptes),
		cmocka_unit_test(test_mmio_and_removed_sptes),
		cmocka_unit_test(test_exit_qualifications),
		cmocka_unit_test(test_error_codes),
		cmocka_unit_test(test_roots),
		cmocka_unit_test(test_a_kind_that_is_given_is_no_guess),
		cmocka_unit_test(test_several_values),
		cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_extreme_values),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_bad_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
