/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/cli_fixture.h"
/* linux/kernel.h has its own. */
#undef ARRAY_SIZE
#include "sim/report.h"
#include "sim/run.h"
#include "sim/sim.h"

/* Expectations: what holds, and what is found instead of what does not. */

/* Something of everything, so that there is something to expect. */
static const char prelude[] =
	"vm\n"
	"memory ram 4m small\n"
	"fill ram 0 4m\n"
	"slot 0 1g 4m ram 0 log\n"
	"slot 1 2g 4k ram 0 ro\n"
	"smram\n"
	"vcpu 0\n"
	"write 0 1g+8k\n"
	"write 0 1g+12k\n"
	"write 0 1g+20k\n";

/* An operation behind the prelude, and an expectation about it. */
struct sample {
	const char *op, *expect;
	const char *found;	/* instead; NULL if it holds */
};

static const struct sample samples[] = {
	{ "slot 2 1g 4k ram 0", "ret -17", NULL },
	{ "slot 2 1g 4k ram 0", "ret 0", "ret -17" },
	{ "slot 2 3g 4k ram 0", "ret 0", NULL },
	{ "slot 2 3g 4k ram 0", "ret -22", "ret 0" },

	{ "read 0 1g", "exit none", NULL },
	{ "read 0 1g", "exit mmio read", "no exit" },
	{ "read 0 3g", "exit none", "exit mmio read gpa 0xc0000000 len 8" },
	{ "read 0 3g", "exit mmio read", NULL },
	{ "read 0 3g", "exit mmio read 3g", NULL },
	{ "read 0 3g", "exit mmio read 3g+8", "exit mmio read gpa 0xc0000000 len 8" },
	{ "read 0 3g", "exit mmio write", "exit mmio read gpa 0xc0000000 len 8" },
	{ "write 0 2g", "exit mmio write 2g", NULL },
	{ "smi 0", "exit smm", NULL },
	{ "read 0 1g", "exit smm", "no exit" },
	{ "read 0 3g", "exit error 14", "exit mmio read gpa 0xc0000000 len 8" },
	/* Any of several. */
	{ "sweep read 0 3g 8k", "exit mmio read 3g", NULL },
	{ "sweep read 0 3g 8k", "exit mmio read 3g+4k", NULL },
	{ "sweep read 0 3g 8k", "exit mmio read 3g+8k", "exit mmio read gpa 0xc0001000 len 8" },

	{ "dirty-get 0", "dirty 2-3", NULL },
	{ "dirty-get 0", "dirty 5-5", NULL },
	{ "dirty-get 0", "dirty 2-5", "dirty 5-5" },
	{ "dirty-get 0", "dirty 2-2", "dirty 5-5" },
	{ "dirty-get 0", "dirty none", "dirty 5-5" },
	{ "dirty-get 0\ndirty-get 0", "dirty none", NULL },
	{ "dirty-get 0\ndirty-get 0", "dirty 2-3", "nothing dirty" },

	{ "test-young ram 8k", "young 1", NULL },
	{ "test-young ram 8k", "young 0", "young 1" },
	{ "test-young ram 1m", "young 0", NULL },
	{ "read 0 1g", "young 0", "young -1" },

	{ "write 0 1g", "events page_fault 1", NULL },
	{ "write 0 1g", "events page_fault 0", "page_fault 1" },
	{ "write 0 1g+8k", "events page_fault 0", NULL },
	{ "write 0 1g+8k", "events spte 1", "spte 0" },
	/* Each of a folded run. */
	{ "madvise ram 8k 8k dontneed", "events spte 2", NULL },

	{ "write 0 1g", "stat pages_4k 1", NULL },
	{ "write 0 1g", "stat pages_4k 2", "pages_4k 1" },
	{ "madvise ram 0 4m dontneed", "stat pages_4k -3", NULL },
	{ "write 0 1g+8k", "stat pf_taken 0", NULL },

	{ "fork", "level 1g 1", "level 0" },
	{ "fork", "level 1g 0", NULL },
	{ "read 0 1g", "level 1g 1", NULL },
	{ "read 0 1g", "level smm 1g 1", "level 0" },
	{ "smi 0", "level smm 0x38000 1", NULL },
	{ "smi 0", "level 0x38000 1", "level 0" },
	{ "nested 0 on\nread 0 1g", "level nested 1g 1", NULL },
	{ "read 0 1g", "level nested 1g 1", "level 0" },

	{ "read 0 1g", "spte 1g 1 leaf r w x accessed dirty", NULL },
	{ "read 0 1g", "spte 1g 1 present !table !empty !mmio !removed !tracked", NULL },
	{ "read 0 1g", "spte 1g 1 host-writable mmu-writable", NULL },
	{ "read 0 1g", "spte 1g 1 bits=0x0600000000000b77", NULL },
	{ "read 0 1g", "spte 1g 2 table accessed !leaf", NULL },
	{ "read 0 3g", "spte 3g 1 mmio !present !leaf", NULL },
	/* Where there is no table there is an empty entry. */
	{ "read 0 1g", "spte 3g 1 empty !leaf !mmio", NULL },
	{ "read 0 1g", "spte smm 1g 1 empty", NULL },
	{ "read 0 1g", "spte 3g 1 leaf", "no table at that level" },
	{ "read 0 1g", "spte smm 1g 1 leaf", "no root" },
	{ "read 0 1g", "spte 1g 5 table", "no table at that level" },
};

/* A text that is run: the complaints about its expectations. */
static char *complaints_of(const char *text, size_t *nr_failed)
{
	struct sim_script_config conditions;
	struct sim_run_config config;
	struct sim_run_result result;
	struct sim_script *script;
	struct sim_run run;
	char *complaints;
	char err[1024];
	size_t len;
	FILE *file = open_memstream(&complaints, &len);

	assert_non_null(file);
	sim_run_config_init(&config);
	config.cpu.maxphyaddr = 40;
	conditions = sim_run_script_config(&config);
	script = sim_script_parse("t", text, strlen(text), &conditions, err, sizeof(err));
	if (!script)
		fail_msg("%s", err);
	assert_int_equal(sim_run_start(&run, script, &config), 0);
	assert_int_equal(sim_run_steps(&run, NULL, file, 0, &result), 0);
	sim_run_stop(&run);
	sim_script_free(script);
	assert_int_equal(fclose(file), 0);
	*nr_failed = result.nr_failed;
	return complaints;
}

static void test_expectations(void **state)
{
	char text[1024], want[1024], *got;
	size_t nr_failed, i, j;

	for (i = 0; i < ARRAY_SIZE(samples); i++) {
		const struct sample *sample = &samples[i];
		unsigned int line = 2;

		snprintf(text, sizeof(text), "%s%s\nexpect %s\n", prelude, sample->op,
			 sample->expect);
		for (j = 0; text[j]; j++)
			line += text[j] == '\n';
		got = complaints_of(text, &nr_failed);
		want[0] = '\0';
		if (sample->found)
			snprintf(want, sizeof(want), "t:%u: expected ", line - 2);
		if (strncmp(got, want, strlen(want)))
			fail_msg("after \"%s\": \"%s\", not \"%s...\"", sample->op, got, want);
		if (sample->found)
			snprintf(want, sizeof(want), "\n   found %s\n", sample->found);
		if (sample->found ? !strstr(got, want) : *got)
			fail_msg("after \"%s\", \"expect %s\": \"%s\"", sample->op, sample->expect,
				 got);
		assert_int_equal(nr_failed, sample->found != NULL);
		free(got);
	}
}

/* Both lines of a complaint; the entry is told in words; and one failure does not end the run. */
static void test_complaints(void **state)
{
	size_t nr_failed;
	char *got;

	got = complaints_of("vm\nvcpu 0\nread 0 0x12000\n"
			    "expect spte 0x12000 1 leaf !w\n"
			    "expect exit none\n"
			    "expect events page_fault 3*2\n"
			    "fork\n"
			    "expect level 0 1\n", &nr_failed);
	assert_int_equal(nr_failed, 3);
	sim_assert_starts(got, "t:4: expected spte 0x12000 1 leaf !w\n   found 0x");
	sim_assert_has(got, ": 4K leaf, pfn 0x");
	sim_assert_ends(got, "t:6: expected events page_fault 0x6\n   found page_fault 0\n"
			     "t:8: expected level 0 1\n   found level 0\n");
	free(got);
}

static size_t nr_failed_after_read(const char *expect)
{
	char text[1024], *got;
	size_t nr_failed;

	snprintf(text, sizeof(text), "%sread 0 1g\nexpect spte 1g 1 %s\n", prelude, expect);
	got = complaints_of(text, &nr_failed);
	free(got);
	return nr_failed;
}

/* Each word, by itself and negated, of a leaf with all rights. */
static void test_words(void **state)
{
	static const struct { const char *word; bool is; } words[] = {
		{ "empty", false }, { "removed", false }, { "mmio", false }, { "present", true },
		{ "table", false }, { "leaf", true }, { "r", true }, { "w", true }, { "x", true },
		{ "accessed", true }, { "dirty", true }, { "host-writable", true },
		{ "mmu-writable", true }, { "tracked", false },
	};
	char text[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		assert_int_equal(nr_failed_after_read(words[i].word), !words[i].is);
		snprintf(text, sizeof(text), "!%s", words[i].word);
		assert_int_equal(nr_failed_after_read(text), words[i].is);
	}
	/* All of several words must be so. */
	assert_int_equal(nr_failed_after_read("leaf r w table"), 1);
	assert_int_equal(nr_failed_after_read("leaf r !w x"), 1);
	assert_int_equal(nr_failed_after_read("bits=0x0600000000000b77"), 0);
	assert_int_equal(nr_failed_after_read("bits=0x0600000000000b76"), 1);
	assert_int_equal(nr_failed_after_read("leaf bits=0x0600000000000a77"), 1);
}

/* The frame of an entry is a matter of the host, but two entries of one page have the same. */
static void test_pfn(void **state)
{
	unsigned long long spte;
	char text[1024], *got;
	const char *value;
	size_t nr_failed;

	snprintf(text, sizeof(text), "%sread 0 1g\nexpect spte 1g 1 pfn=0\n", prelude);
	got = complaints_of(text, &nr_failed);
	assert_int_equal(nr_failed, 1);
	value = strstr(got, "found 0x");
	assert_non_null(value);
	spte = strtoull(value + strlen("found "), NULL, 16);
	free(got);

	snprintf(text, sizeof(text), "%sread 0 1g\nexpect spte 1g 1 pfn=%llu\n"
		 "read 0 2g\nexpect spte 2g 1 pfn=%llu\n", prelude,
		 (spte & 0xffffffffff000ULL) >> 12, (spte & 0xffffffffff000ULL) >> 12);
	got = complaints_of(text, &nr_failed);
	assert_string_equal(got, "");
	free(got);
}

static int setup(void **state)
{
	return sim_init();
}

static int teardown(void **state)
{
	kvm_mmu_module_exit();
	return sim_exit() || sim_warn_count() ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expectations),
		cmocka_unit_test(test_complaints),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_pfn),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
