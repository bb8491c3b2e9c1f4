/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/script_fixture.h"

/* What is not a scenario, and what is said about it. */

struct bad {
	const char *text, *message;
};

static const struct bad bad_lines[] = {
	{ "", "t:1: there is no operation" },
	{ "# nothing\n\n", "t:2: there is no operation" },
	{ "@npt vm\n", "t:1: there is no operation" },
	{ "vm\r\n", "t:1: a carriage return: lines end in a newline only" },
	{ "vm\n# a comment\r\n", "t:2: a carriage return: lines end in a newline only" },
	{ "VM\n", "t:1: expected an operation, found \"VM\"" },
	{ "vm\nwriet 0 1g\n", "t:2: expected an operation, found \"wriet\"" },
	{ "vm\n\xff\xfe\n", "t:2: expected an operation, found \"??\"" },
	{ "vm\nvcpu 0\x01\n", "t:2: vcpu: expected printable ASCII, found other bytes" },
	{ "vm 1\n", "t:1: vm: expected the end of the line, found \"1\"" },
};

static const struct bad bad_numbers[] = {
	{ "vm\nset x 1q\n", "t:2: expected a number, found \"1q\"" },
	{ "vm\nset x 0x\n", "t:2: expected a number, found \"0x\"" },
	{ "vm\nset x k\n", "t:2: expected a number, found \"k\"" },
	{ "vm\nset x -1\n", "t:2: expected a number, found \"-1\"" },
	{ "vm\nset x 1+\n", "t:2: expected a number, found the end of the line" },
	{ "vm\nset x 1**2\n", "t:2: expected a number, found \"*2\"" },
	{ "vm\nset x 1 + 2\n", "t:2: expected the end of the line, found \"+\"" },
	{ "vm\nset x 18446744073709551616\n",
	  "t:2: expected a number, found \"18446744073709551616\"" },
	{ "vm\nset x 16777216t\n", "t:2: expected a number, found \"16777216t\"" },
	{ "vm\nset x 0xffffffffffffffff+1\n", "t:2: a sum goes beyond 64 bits, or below 0" },
	{ "vm\nset x 1-2\n", "t:2: a sum goes beyond 64 bits, or below 0" },
	{ "vm\nset x 0x100000000*0x100000000\n", "t:2: a product goes beyond 64 bits" },
	{ "vm\nvcpu $x\n", "t:2: expected a variable that has been set, found \"$x\"" },
	{ "vm\nvcpu $\n", "t:2: expected a variable that has been set, found \"$\"" },
	{ "vm\nrepeat 1\nset x 1\nend\nvcpu $x\n",
	  "t:5: expected a variable that has been set, found \"$x\"" },
	/* What the first round has set is unknown in the second. */
	{ "vm\nrepeat 2\nrepeat $i as j\nvcpu $x\nend\nset x 1\nend\n",
	  "t:4: expected a variable that has been set, found \"$x\"" },
	{ "vm\nrepeat 2 as n\nend\nvcpu $n\n",
	  "t:4: expected a variable that has been set, found \"$n\"" },
};

static const struct bad bad_statements[] = {
	{ "vm\nset\n", "t:2: expected a number, found the end of the line" },
	{ "vm\nset 5 5\n", "t:2: expected the name of a variable, found \"5\"" },
	{ "vm\nset a-b 5\n", "t:2: expected the name of a variable, found \"a-b\"" },
	{ "vm\nset sixteen_letters_ 1\n",
	  "t:2: expected the name of a variable, 1 to 15 letters, found \"sixteen_letters_\"" },
	{ "vm\nrepeat\nend\n", "t:2: expected a number, found the end of the line" },
	{ "vm\nrepeat many\nend\n", "t:2: expected a number, found \"many\"" },
	{ "vm\nrepeat 2 times\nend\n",
	  "t:2: expected \"as NAME\" or the end of the line, found \"times\"" },
	{ "vm\nrepeat 2 as\nend\n",
	  "t:2: expected the name of a variable, 1 to 15 letters, found the end of the line" },
	{ "vm\nrepeat 2 as 2\nend\n", "t:2: expected the name of a variable, found \"2\"" },
	{ "vm\nrepeat 2 as a b\nend\n", "t:2: expected the end of the line, found \"b\"" },
	{ "vm\nend\n", "t:2: \"end\" without a \"repeat\"" },
	{ "vm\nrepeat 1\nend\nend\n", "t:4: \"end\" without a \"repeat\"" },
	{ "vm\nrepeat 1\nend repeat\n", "t:3: expected the end of the line, found \"repeat\"" },
	{ "vm\nrepeat 1\n@ept end\n", "t:3: \"end\" takes no conditions" },
	{ "vm\nrepeat 1\n@npt end\n", "t:3: \"end\" takes no conditions" },
	{ "vm\nrepeat 1\nrepeat 1\nend\n", "t:2: this \"repeat\" has no \"end\"" },
	{ "vm\nrepeat 0\n", "t:2: this \"repeat\" has no \"end\"" },
	{ "vm\n@amd fork\n", "t:2: expected @ept, @npt, @4, @5 or @PROFILE, found \"@amd\"" },
	{ "vm\n@v6 fork\n", "t:2: expected @ept, @npt, @4, @5 or @PROFILE, found \"@v6\"" },
	{ "vm\n@ fork\n", "t:2: expected @ept, @npt, @4, @5 or @PROFILE, found \"@\"" },
	{ "vm\n@! fork\n", "t:2: expected @ept, @npt, @4, @5 or @PROFILE, found \"@!\"" },
	{ "vm\n@npt @what fork\n",
	  "t:2: expected @ept, @npt, @4, @5 or @PROFILE, found \"@what\"" },
};

static const struct bad bad_operations[] = {
	{ "vm\nin 4 vm\n", "t:2: in: expected VM (0 to 3), found \"4\"" },
	{ "vm\nin vm\n", "t:2: in: expected VM (0 to 3), found \"vm\"" },
	{ "vm\nin 0\n", "t:2: expected an operation, found the end of the line" },
	{ "vm\nin 0 expect ret 0\n", "t:2: expected an operation, found \"expect\"" },
	{ "vm\nmemory a 5 small\n",
	  "t:2: memory: expected SIZE (a multiple of 4k, 4k to 64g), found \"5\"" },
	{ "vm\nmemory a 65g small\n",
	  "t:2: memory: expected SIZE (a multiple of 4k, 4k to 64g), found \"65g\"" },
	{ "vm\nmemory a 4k huge\n",
	  "t:2: memory: expected KIND (small, thp, hugetlb2m or hugetlb1g), found \"huge\"" },
	{ "vm\nmemory a! 4k small\n",
	  "t:2: memory: expected NAME (1 to 47 letters, digits, _ . or -), found \"a!\"" },
	{ "vm\nslot 0x20000 0 4k a 0\n",
	  "t:2: slot: expected ID (0 to 0x1ffff), found \"0x20000\"" },
	{ "vm\nmemory a 4k small\nslot 0 0 0 a 0\n",
	  "t:3: slot: expected SIZE (a number, not 0), found \"0\"" },
	{ "vm\nmemory a 4k small\nslot 0 0 4k a 0 ro,log\n",
	  "t:3: slot: expected FLAGS (log, ro or log,ro), found \"ro,log\"" },
	{ "vm\nvcpu 1024\n", "t:2: vcpu: expected N (0 to 1023), found \"1024\"" },
	{ "vm\nread 0\n",
	  "t:2: read: expected GPA (a number below 2^52), found the end of the line" },
	{ "vm\nread 0 0x10000000000000\n",
	  "t:2: read: expected GPA (a number below 2^52), found \"0x10000000000000\"" },
	{ "vm\nmadvise a 0 4k free\n", "t:2: madvise: expected ADVICE "
	  "(dontneed, collapse, hugepage or nohugepage), found \"free\"" },
	{ "vm\nmadvise a 8 4k dontneed\n",
	  "t:2: madvise: expected OFFSET (a multiple of 4k), found \"8\"" },
	{ "vm\nmprotect a 0 4k xr\n",
	  "t:2: mprotect: expected PROT (letters of rwx in this order, or none), found \"xr\"" },
	{ "vm\nmunmap a 0 0\n",
	  "t:2: munmap: expected SIZE (a multiple of 4k, not 0), found \"0\"" },
	{ "vm\nmunmap a 0xfffffffffffff000 4k\n",
	  "t:2: munmap: OFFSET + SIZE goes beyond 64 bits" },
	{ "vm\nsweep fetch 0 1g 4k\n",
	  "t:2: sweep: expected ACCESS (read, write, exec or mix), found \"fetch\"" },
	{ "vm\nsweep read 0 1g+8 4k\n", "t:2: sweep: expected GPA (a multiple of 4k below 2^52), "
	  "found \"0x40000008\"" },
	{ "vm\nsweep read 0 0xffffffffff000 8k\n", "t:2: sweep: GPA + SIZE goes beyond 2^52" },
	{ "vm\nrandom read 0 1g 4k 0 1\n",
	  "t:2: random: expected COUNT (1 to 4294967295), found \"0\"" },
	{ "vm\nnested 0 yes\n", "t:2: nested: expected STATE (on or off), found \"yes\"" },
	{ "vm\ndirty-clear 0 0 0x100000000\n",
	  "t:2: dirty-clear: expected N (0 to 4294967295), found \"0x100000000\"" },
	{ "vm\nparam eager_page_split very-long-value-\n", "t:2: param: expected VALUE "
	  "(1 to 15 printable characters), found \"very-long-value-\"" },
};

static const struct bad bad_wholes[] = {
	{ "vcpu 0\n", "t:1: the first operation must be \"vm\"" },
	{ "vm\nvm\n", "t:2: there is a VM already" },
	{ "vm\ndestroy\nvcpu 0\n", "t:3: the VM was destroyed before" },
	{ "vm\ndestroy\ndestroy\n", "t:3: the VM was destroyed before" },
	{ "vm\nvcpu 60\n", "t:2: vCPU numbers go up to 59" },
	{ "vm\nvcpu 0\nvcpu 0\n", "t:3: this vCPU exists already" },
	{ "vm\nread 0 0\n", "t:2: there is no such vCPU" },
	{ "vm\nvcpu 0\nnested 1 on\n", "t:3: there is no such vCPU" },
	{ "vm\nvcpu 0\nguest-map 0 0 0 4k\n", "t:3: this vCPU has no page tables of its own" },
	{ "vm\nvcpu 0\npaging 0 0 4k\npaging 0 0 4k\n",
	  "t:4: this vCPU has page tables already" },
	{ "vm\npaging 0 0 4k\n", "t:2: there is no such vCPU" },
	{ "vm\nfill a 0 4k\n", "t:2: no memory is named \"a\"" },
	{ "vm\nmemory a 4k small\nmemory a 8k thp\n", "t:3: there is a memory \"a\" already" },
	{ "vm\nmemory a 4k small\nfill a 0 8k\n",
	  "t:3: offset and size are beyond the end of memory \"a\"" },
	{ "vm\nmemory a 4k small\nslot 0 0 4k a 4k\n",
	  "t:3: offset and size are beyond the end of memory \"a\"" },
	{ "vm\nslot-delete 0\n", "t:2: no slot has this id" },
	{ "vm\nrepeat 65\nmemory m$i 4k small\nend\n",
	  "t:3: memory: expected NAME (1 to 47 letters, digits, _ . or -), found \"m$i\"" },
	{ "vm\nin 1 vcpu 0\n", "t:2: the first operation must be \"vm\"" },
	{ "vm\nin 1 vm\ndestroy\n", "t:3: another VM is still there" },
	{ "vm\nin 1 vm\nvcpu 0\nin 1 read 0 0\n", "t:4: there is no such vCPU" },
	{ "vm\nrepeat 65\nmemory $i 4k small\nend\n", "t:3: more than 64 memories" },
};

static const struct bad bad_expectations[] = {
	{ "expect ret 0\nvm\n", "t:1: there is no operation before this expectation" },
	{ "vm\nexpect\n", "t:2: expect: expected ret, exit, dirty, young, events, stat, spte or "
	  "level, found the end of the line" },
	{ "vm\nexpect return 0\n", "t:2: expect: expected ret, exit, dirty, young, events, stat, "
	  "spte or level, found \"return\"" },
	{ "vm\nexpect ret\n", "t:2: expect: expected a number, found the end of the line" },
	{ "vm\nexpect ret --1\n", "t:2: expect: expected a number, found \"--1\"" },
	{ "vm\nexpect ret 0 0\n", "t:2: expect: expected the end of the line, found \"0\"" },
	{ "vm\nexpect ret 0x8000000000000000\n",
	  "t:2: expect: expected a number, found \"0x8000000000000000\"" },
	{ "vm\nexpect exit\n",
	  "t:2: expect: expected none, mmio, error or smm, found the end of the line" },
	{ "vm\nexpect exit io\n",
	  "t:2: expect: expected none, mmio, error or smm, found \"io\"" },
	{ "vm\nexpect exit mmio\n",
	  "t:2: expect: expected read or write, found the end of the line" },
	{ "vm\nexpect exit mmio read where\n", "t:2: expect: expected a GPA, found \"where\"" },
	{ "vm\nexpect exit error\n",
	  "t:2: expect: expected an errno, found the end of the line" },
	{ "vm\nexpect dirty\n",
	  "t:2: expect: expected none, or FIRST-LAST, found the end of the line" },
	{ "vm\nexpect dirty 5\n", "t:2: expect: expected none, or FIRST-LAST, found \"5\"" },
	{ "vm\nexpect dirty 5-\n", "t:2: expected a number, found the end of the line" },
	{ "vm\nexpect dirty 1-2-3\n", "t:2: a sum goes beyond 64 bits, or below 0" },
	{ "vm\nexpect young 2\n", "t:2: expect: expected 0 or 1, found \"2\"" },
	{ "vm\nexpect events fault 1\n", "t:2: expect: expected the name of an event, found "
	  "\"fault\"" },
	{ "vm\nexpect events ret 1\n",
	  "t:2: expect: expected the name of an event, found \"ret\"" },
	{ "vm\nexpect events spte -1\n", "t:2: expect: expected how many, found \"-1\"" },
	{ "vm\nexpect stat pf 1\n",
	  "t:2: expect: expected the name of a statistic, found \"pf\"" },
	{ "vm\nexpect stat pf_taken\n",
	  "t:2: expect: expected how much it changes, found the end of the line" },
	{ "vm\nexpect level 1g 6\n", "t:2: expect: expected a level, 0 to 5, found \"6\"" },
	{ "vm\nexpect level smm\n", "t:2: expect: expected a GPA, found the end of the line" },
	{ "vm\nexpect spte 1g 0 leaf\n", "t:2: expect: expected a level, 1 to 5, found \"0\"" },
	{ "vm\nexpect spte 1g 1\n",
	  "t:2: expect: expected a word about an SPTE, found the end of the line" },
	{ "vm\nexpect spte 1g 1 leave\n",
	  "t:2: expect: expected a word about an SPTE, found \"leave\"" },
	{ "vm\nexpect spte 1g 1 !\n", "t:2: expect: expected a word about an SPTE, found \"!\"" },
	{ "vm\nexpect spte 1g 1 bits=\n",
	  "t:2: expect: expected a word about an SPTE, found \"bits=\"" },
};

/* ---- Told by the parser ---- */

static void assert_all_refused(const struct bad *table, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		assert_refused(table[i].text, table[i].message);
}

static void test_bad_scenarios(void **state)
{
	assert_all_refused(bad_lines, ARRAY_SIZE(bad_lines));
	assert_all_refused(bad_numbers, ARRAY_SIZE(bad_numbers));
	assert_all_refused(bad_statements, ARRAY_SIZE(bad_statements));
	assert_all_refused(bad_operations, ARRAY_SIZE(bad_operations));
	assert_all_refused(bad_wholes, ARRAY_SIZE(bad_wholes));
	assert_all_refused(bad_expectations, ARRAY_SIZE(bad_expectations));
	assert_message("vm\nfo\0rk\n", 9, "t:2: a NUL byte");
	assert_message("vm # \0\n", 7, "t:1: a NUL byte");
}

/* ---- The command ---- */

/* A sample of the above: status 2, nothing on stdout, the message on stderr and nothing else. */
static void test_command_refuses(void **state)
{
	static const struct bad *const sample[] = {
		&bad_lines[0], &bad_lines[3], &bad_lines[6], &bad_numbers[10], &bad_numbers[12],
		&bad_statements[10], &bad_statements[15], &bad_operations[1], &bad_wholes[6],
		&bad_expectations[1], &bad_expectations[27],
	};
	char want[512];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sample); i++) {
		const char *path = sim_write_text("s.sc", sample[i]->text);
		struct sim_outcome outcome = sim_run("run", path);

		snprintf(want, sizeof(want), "%s%s\n", path, sample[i]->message + 1);
		assert_int_equal(outcome.status, 2);
		assert_string_equal(outcome.out, "");
		assert_string_equal(outcome.err, want);
		sim_outcome_free(&outcome);
	}
}

static void test_command_tells_what_failed(void **state)
{
	const char *path = sim_write_text("f.sc", "vm\nfork\nexpect ret 1\n");
	struct sim_outcome outcome = sim_run("run", "--quiet", path);
	char want[512];

	snprintf(want, sizeof(want), "%s:3: expected ret 1\n%*sfound ret 0\n", path,
		 (int)strlen(path) + 2, "");
	assert_int_equal(outcome.status, 1);
	assert_string_equal(outcome.err, want);
	sim_outcome_free(&outcome);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_scenarios),
		cmocka_unit_test(test_command_refuses),
		cmocka_unit_test(test_command_tells_what_failed),
	};

	return cmocka_run_group_tests(tests, sim_cli_setup, sim_cli_teardown);
}
