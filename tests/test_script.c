/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/script_fixture.h"

/* The language of scenarios: what a text unrolls to. */

/* ---- Parsing ---- */

static struct sim_script *parse(const char *text, const struct sim_script_config *config)
{
	struct sim_script *script;
	char err[1024];

	script = sim_script_parse("t", text, strlen(text), config, err, sizeof(err));
	if (!script)
		fail_msg("%s", err);
	return script;
}

/* What a script does, on one line: operations, and expectations behind a question mark. */
static void print_steps(const struct sim_script *script, char *buf, size_t size)
{
	size_t len = 0, i;

	buf[0] = '\0';
	for (i = 0; i < script->nr_steps; i++) {
		const struct sim_step *step = &script->steps[i];
		char op[SIM_OP_TEXT_SIZE];

		if (!step->is_expect)
			sim_op_print(&step->op, op, sizeof(op));
		len += snprintf(buf + len, size - len, "%s%s%s", i ? "; " : "",
				step->is_expect ? "? " : "",
				step->is_expect ? step->expect.text : op);
		assert_true(len < size);
	}
}

static void assert_steps_on(const char *text, const struct sim_script_config *config,
			    const char *want)
{
	struct sim_script *script = parse(text, config);
	char got[4096];

	print_steps(script, got, sizeof(got));
	sim_script_free(script);
	assert_string_equal(got, want);
}

static void assert_steps(const char *text, const char *want)
{
	const struct sim_script_config config = default_config();

	assert_steps_on(text, &config, want);
}

/* ---- Text ---- */

static void test_lines(void **state)
{
	assert_steps("vm\n", "vm; destroy");
	assert_steps("vm", "vm; destroy");
	assert_steps("vm\ndestroy\n", "vm; destroy");
	assert_steps("vm\ndestroy\nexpect ret 0\n", "vm; destroy; ? ret 0");
	assert_steps("\n\n  # nothing\nvm # the VM\n#\n", "vm; destroy");
	assert_steps("\tvm\t\n  vcpu \t 0  # first", "vm; vcpu 0; destroy");
	/* A comment needs no blank before it, and may have any bytes but two. */
	assert_steps("vm#\xc3\xa4 \x01\n", "vm; destroy");
	assert_steps("vm\nexpect  ret\t0\n", "vm; ? ret 0; destroy");
}

static void test_line_numbers(void **state)
{
	const struct sim_script_config config = default_config();
	struct sim_script *script = parse("# 1\nvm\n\nrepeat 2\n\tsmram\n\texpect ret 0\nend\nfork",
					  &config);
	static const unsigned int lines[] = { 2, 5, 6, 5, 6, 8, 8 };
	size_t i;

	assert_int_equal(script->nr_steps, ARRAY_SIZE(lines));
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_int_equal(script->steps[i].line, lines[i]);
		if (script->steps[i].is_expect)
			assert_int_equal(script->steps[i].expect.line, lines[i]);
		else
			assert_int_equal(script->steps[i].op.line, lines[i]);
	}
	assert_string_equal(script->name, "t");
	sim_script_free(script);
	sim_script_free(NULL);
}

/* The text need not end in a NUL. */
static void test_length(void **state)
{
	const struct sim_script_config config = default_config();
	char text[] = { 'v', 'm', '\n', 'f', 'o', 'r', 'k', 'X' }, err[256];
	struct sim_script *script;

	script = sim_script_parse("t", text, sizeof(text) - 1, &config, err, sizeof(err));
	assert_non_null(script);
	assert_int_equal(script->nr_steps, 3);
	assert_int_equal(script->steps[1].op.type, SIM_OP_FORK);
	sim_script_free(script);
}

/* ---- Numbers ---- */

static u64 value_of(const char *expression)
{
	const struct sim_script_config config = default_config();
	struct sim_script *script;
	char text[256];
	u64 value;

	snprintf(text, sizeof(text), "vm\nset two 2\nset big 0xffffffffffffffff\n"
		 "memory a 4k small\nslot 0 %s 4k a 0\n", expression);
	script = parse(text, &config);
	value = script->steps[2].op.gpa;
	sim_script_free(script);
	return value;
}

static void test_expressions(void **state)
{
	assert_int_equal(value_of("0"), 0);
	assert_int_equal(value_of("4k"), 4096);
	assert_int_equal(value_of("0x10m"), 16 << 20);
	assert_int_equal(value_of("1t"), 1ULL << 40);
	assert_int_equal(value_of("$two"), 2);
	assert_int_equal(value_of("1+2*3"), 7);
	assert_int_equal(value_of("2*3+1"), 7);
	assert_int_equal(value_of("2*3*4"), 24);
	/* From the left. */
	assert_int_equal(value_of("10-3-2"), 5);
	assert_int_equal(value_of("10-3+2"), 9);
	assert_int_equal(value_of("10-$two*$two"), 6);
	assert_int_equal(value_of("1g+$two*4k-0x1000"), (1 << 30) + 4096);
	/* Up to the limits. */
	assert_int_equal(value_of("$big"), UINT64_MAX);
	assert_int_equal(value_of("0xfffffffffffffffe+1"), UINT64_MAX);
	assert_int_equal(value_of("0xffffffff*0x100000001"), UINT64_MAX);
	assert_int_equal(value_of("$two-2"), 0);
	assert_int_equal(value_of("0*$big"), 0);
}

static void test_variables(void **state)
{
	assert_steps("vm\nset id 3\nvcpu $id\nset id $id+1\nvcpu $id\n",
		     "vm; vcpu 3; vcpu 4; destroy");
	/* Set inside of a loop: gone behind it, and at each round's beginning. */
	assert_steps("vm\nrepeat 2\nset id 5+$i\nvcpu $id\nset id 9\nend\nset id 1\nvcpu $id\n",
		     "vm; vcpu 5; vcpu 6; vcpu 1; destroy");
	/* Set outside and changed inside: the same variable. */
	assert_steps("vm\nset n 0\nrepeat 3\nvcpu $n\nset n $n+2\nend\nvcpu $n\n",
		     "vm; vcpu 0; vcpu 2; vcpu 4; vcpu 6; destroy");
	/* The loop's own may be changed, for the rest of the round. */
	assert_steps("vm\nrepeat 2\nset i $i+10\nvcpu $i\nend\n", "vm; vcpu 10; vcpu 11; destroy");
	/* A loop's variable hides one of the same name. */
	assert_steps("vm\nset i 7\nrepeat 1\nvcpu $i\nend\nvcpu $i\n",
		     "vm; vcpu 0; vcpu 7; destroy");
	/* Names: letters, digits, underscores, 15 of them. */
	assert_steps("vm\nset _a9_ABCDEFGHIJK 1\nvcpu $_a9_ABCDEFGHIJK\n", "vm; vcpu 1; destroy");
	/* In the words of an expectation too. */
	assert_steps("vm\nset n 2\nexpect events page_fault $n*2\n",
		     "vm; ? events page_fault 0x4; destroy");
}

static void test_page_ranges(void **state)
{
	/* The first minus sign stands between the two pages. */
	assert_steps("vm\nexpect dirty 3-5\n", "vm; ? dirty 3-5; destroy");
	assert_steps("vm\nexpect  dirty  3-5\n", "vm; ? dirty 3-5; destroy");
	assert_steps("vm\nset n 4\nexpect dirty $n-$n\nexpect dirty 0-$n*2-1\n",
		     "vm; ? dirty 4-4; ? dirty 0-7; destroy");
	assert_steps("vm\nset n 4\nexpect dirty $n*2-2*$n+1\n", "vm; ? dirty 8-9; destroy");
	assert_steps("vm\nexpect dirty none\n", "vm; ? dirty none; destroy");
}

/* ---- Loops ---- */

static void test_loops(void **state)
{
	assert_steps("vm\nrepeat 3\nvcpu $i\nend\n", "vm; vcpu 0; vcpu 1; vcpu 2; destroy");
	assert_steps("vm\nrepeat 2 as a\nrepeat 2 as b\nvcpu $a*2+$b\nend\nend\n",
		     "vm; vcpu 0; vcpu 1; vcpu 2; vcpu 3; destroy");
	/* The inner one may depend on the outer one. */
	assert_steps("vm\nrepeat 3 as a\nrepeat $a as b\nvcpu $a*10+$b\nend\nend\n",
		     "vm; vcpu 10; vcpu 20; vcpu 21; destroy");
	/* The same name: the inner one hides it. */
	assert_steps("vm\nrepeat 2\nrepeat 1\nend\nvcpu $i\nend\n", "vm; vcpu 0; vcpu 1; destroy");
	/* Never: what is inside is not looked at, but for where it ends. */
	assert_steps("vm\nrepeat 0\nvcpu $unset\nrepeat 3\nnonsense\nend\nend\nfork\n",
		     "vm; fork; destroy");
	assert_steps("vm\nrepeat 2-2\nfork\nend", "vm; destroy");
	assert_steps("repeat 1\nvm\nend\n", "vm; destroy");
}

/* ---- VMs ---- */

/* Those that are left are destroyed at the end, the first one last. */
static void test_vms(void **state)
{
	assert_steps("vm\nin 2 vm\nin 1 vm\nin 2 fork\nin 0 fork\n",
		     "vm; in 2 vm; in 1 vm; in 2 fork; fork; in 2 destroy; in 1 destroy; destroy");
	assert_steps("vm\nin 1 vm\nin 1 destroy\nfork\n",
		     "vm; in 1 vm; in 1 destroy; fork; destroy");
	assert_steps("vm\nrepeat 3\nin 1+$i vm\nend\nin 1 destroy\nin 2 destroy\nin 3 destroy\n"
		     "destroy\n",
		     "vm; in 1 vm; in 2 vm; in 3 vm; in 1 destroy; in 2 destroy; in 3 destroy; "
		     "destroy");
}

/* ---- Conditions ---- */

static void test_conditions(void **state)
{
	static const struct {
		const char *conditions;
		bool ept;
		unsigned int levels;
		const char *profile;
		bool hold;
	} table[] = {
		{ "@ept", true, 4, "v6.4", true },
		{ "@ept", false, 4, "v6.4", false },
		{ "@!ept", false, 4, "v6.4", true },
		{ "@npt", false, 4, "v6.4", true },
		{ "@npt", true, 4, "v6.4", false },
		{ "@!npt", true, 4, "v6.4", true },
		{ "@4", true, 4, "v6.4", true },
		{ "@4", true, 5, "v6.4", false },
		{ "@5", true, 5, "v6.4", true },
		{ "@!5", true, 5, "v6.4", false },
		{ "@v6.12", true, 4, "v6.12", true },
		{ "@v6.12", true, 4, "v6.1", false },
		{ "@v6.1", true, 4, "v6.12", false },
		{ "@!v6.12", true, 4, "v6.1", true },
		{ "@!v6.12", true, 4, "v6.12", false },
		{ "@seed-opt2", true, 4, "seed-opt2", true },
		/* All of them. */
		{ "@ept @4", true, 4, "v6.4", true },
		{ "@ept @4", true, 5, "v6.4", false },
		{ "@ept @4", false, 4, "v6.4", false },
		{ "@npt  @5\t@v6.1", false, 5, "v6.1", true },
		{ "@npt @5 @v6.1", false, 5, "v6.4", false },
		{ "@!v6.1 @!v6.4", true, 4, "v6.12", true },
		{ "@!v6.1 @!v6.4", true, 4, "v6.1", false },
	};
	char text[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		const struct sim_script_config config = {
			.profile = sim_profile_find(table[i].profile),
			.ept = table[i].ept, .levels = table[i].levels,
		};

		assert_non_null(config.profile);
		snprintf(text, sizeof(text), "vm\n%s fork\n", table[i].conditions);
		assert_steps_on(text, &config, table[i].hold ? "vm; fork; destroy" : "vm; destroy");
	}
}

static void test_conditional_statements(void **state)
{
	/* Those that do not hold: nothing is looked at but loops. */
	assert_steps("vm\n@npt nonsense $unset\n@npt set x y z\n@npt expect no\n", "vm; destroy");
	assert_steps("vm\nset n 1\n@npt set n 2\n@ept set n $n+2\nvcpu $n\n",
		     "vm; vcpu 3; destroy");
	assert_steps("vm\n@npt repeat what\nnonsense\nrepeat\nend\nend\nfork\n",
		     "vm; fork; destroy");
	assert_steps("vm\n@ept repeat 2\nvcpu $i\nend\n", "vm; vcpu 0; vcpu 1; destroy");
	assert_steps("vm\n@ept # only a comment\n@npt\n", "vm; destroy");
}

/* ---- Limits ---- */

/* @head and then @n times @c. */
static char *padded(const char *head, size_t n, char c)
{
	size_t len = strlen(head);
	char *text = malloc(len + n + 1);

	assert_non_null(text);
	memcpy(text, head, len);
	memset(text + len, c, n);
	text[len + n] = '\0';
	return text;
}

static void test_line_length(void **state)
{
	char *text = padded("vm", 509, ' ');

	assert_steps(text, "vm; destroy");
	free(text);
	text = padded("vm", 510, ' ');
	assert_refused(text, "t:1: the line is too long");
	free(text);
	/* What is behind the # does not count. */
	text = padded("vm #", 100000, 'x');
	assert_steps(text, "vm; destroy");
	free(text);
	/* An operation is shorter than its line may be. */
	text = padded("vm\nvcpu 0", 151, ' ');
	assert_steps(text, "vm; vcpu 0; destroy");
	free(text);
	text = padded("vm\nvcpu ", 155, '0');
	assert_refused(text, "t:2: vcpu: expected an operation of at most 159 bytes, found 160");
	free(text);
}

/* Loops inside each other: eight. */
static void test_depth(void **state)
{
	char text[256] = "vm\n";
	int i;

	for (i = 0; i < 8; i++)
		strcat(text, "repeat 1\n");
	strcat(text, "fork\n");
	for (i = 0; i < 8; i++)
		strcat(text, "end\n");
	assert_steps(text, "vm; fork; destroy");

	strcpy(text, "vm\n");
	for (i = 0; i < 9; i++)
		strcat(text, "repeat 1\n");
	assert_refused(text, "t:10: more than 8 loops inside each other");
	/* Those that are left out count too. */
	memcpy(text, "vm\n@npt ", 8);
	strcpy(text + 8, "repeat 1\n");
	for (i = 0; i < 8; i++)
		strcat(text, "repeat 1\n");
	assert_refused(text, "t:10: more than 8 loops inside each other");
}

static void test_number_of_variables(void **state)
{
	char text[1024] = "vm\n";
	int i;

	for (i = 0; i < 32; i++)
		sprintf(text + strlen(text), "set v%d %d\n", i, i);
	strcat(text, "vcpu $v31\n");
	assert_steps(text, "vm; vcpu 31; destroy");
	strcat(text, "set v32 1\n");
	assert_refused(text, "t:35: more than 32 variables");
}

/* All rounds of all loops: 2^20. */
static void test_number_of_rounds(void **state)
{
	assert_steps("vm\nrepeat 1024\nrepeat 1023\nend\nend\n", "vm; destroy");
	assert_refused("vm\nrepeat 1024\nrepeat 1024\nend\nend\n",
		       "t:4: more than 1048576 rounds of loops");
	assert_refused("vm\nrepeat 0xffffffffffffffff\nend\n",
		       "t:3: more than 1048576 rounds of loops");
}

static void test_number_of_steps(void **state)
{
	char *text = malloc(1 << 16), *end = text;
	int i;

	assert_non_null(text);
	end += sprintf(end, "vm\nrepeat 1024\n");
	for (i = 0; i < 1024; i++)
		end += sprintf(end, "fork\n");
	strcpy(end, "end\n");
	/* The one step behind 2^20 - 1 of them. */
	assert_refused(text, "t:1026: more than 1048576 steps");
	free(text);
}

/* A message that does not fit is cut, not written past its end. */
static void test_short_buffer(void **state)
{
	const struct sim_script_config config = default_config();
	char err[24];

	memset(err, 'x', sizeof(err));
	assert_null(sim_script_parse("name", "nonsense\n", 9, &config, err, 8));
	assert_string_equal(err, "name:1:");
	assert_int_equal(err[8], 'x');
	assert_null(sim_script_parse("name", "nonsense\n", 9, &config, err, sizeof(err)));
	assert_string_equal(err, "name:1: expected an ope");
}

static void test_file(void **state)
{
	const struct sim_script_config config = default_config();
	struct sim_script *script;
	char err[1024], want[256];
	const char *path;

	path = sim_write_text("ok.sc", "vm\nfork\n");
	script = sim_script_read(path, &config, err, sizeof(err));
	assert_non_null(script);
	assert_string_equal(script->name, path);
	assert_int_equal(script->nr_steps, 3);
	sim_script_free(script);

	path = sim_write_text("bad.sc", "vm\nfrok\n");
	assert_null(sim_script_read(path, &config, err, sizeof(err)));
	snprintf(want, sizeof(want), "%s:2: expected an operation, found \"frok\"", path);
	assert_string_equal(err, want);

	assert_null(sim_script_read("/nowhere/at-all.sc", &config, err, sizeof(err)));
	assert_string_equal(err, "/nowhere/at-all.sc: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_line_numbers),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_page_ranges),
		cmocka_unit_test(test_loops),
		cmocka_unit_test(test_vms),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_conditional_statements),
		cmocka_unit_test(test_line_length),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_number_of_variables),
		cmocka_unit_test(test_number_of_rounds),
		cmocka_unit_test(test_number_of_steps),
		cmocka_unit_test(test_short_buffer),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, sim_cli_setup, sim_cli_teardown);
}
