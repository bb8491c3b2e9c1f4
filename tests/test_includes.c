/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * Who may include whom.  x86/ knows nothing of KVM, mmu/ knows nothing of the world around it but
 * what the kernel's own headers offer; the simulator knows both.  The compiler cannot check this, as
 * all of it lies on one include path.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const mmu_may[] = {
	"\"mmu/", "\"x86/", "<linux/", "<asm/",
	"<stdbool.h>", "<stddef.h>", "<stdint.h>", "<limits.h>", "<errno.h>", "<string.h>", NULL
};

static const char *const x86_may_not[] = {
	"\"mmu/", "\"sim/", "<mmu/", "<sim/", "<linux/", "<asm/", "<seam/", "<pthread.h>", NULL
};

/* What the shims offer must not come along with what they are made of. */
static const char *const shim_may_not[] = {
	"<urcu", "<jemalloc", "\"mmu/", "\"x86/", "\"sim/", NULL
};

static bool starts_with_one_of(const char *text, const char *const *prefixes)
{
	for (; *prefixes; prefixes++) {
		if (!strncmp(text, *prefixes, strlen(*prefixes)))
			return true;
	}
	return false;
}

/* What a line includes, from its first quote or bracket on; NULL if it is no #include. */
static char *included(char *line)
{
	line += strspn(line, " \t");
	if (*line++ != '#')
		return NULL;
	line += strspn(line, " \t");
	if (!strncmp(line, "include_next", 12))
		return NULL;
	if (strncmp(line, "include", 7))
		return NULL;
	line += 7;
	line += strspn(line, " \t");
	line[strcspn(line, "\r\n")] = '\0';
	return line;
}

typedef bool (*rule_fn)(const char *what);

static bool mmu_rule(const char *what)
{
	return starts_with_one_of(what, mmu_may);
}

static bool x86_rule(const char *what)
{
	return !starts_with_one_of(what, x86_may_not);
}

static bool shim_rule(const char *what)
{
	return !starts_with_one_of(what, shim_may_not);
}

/* Return: how many #includes break the rule; each is printed. */
static int check_file(const char *path, rule_fn rule)
{
	FILE *f = fopen(path, "r");
	char line[512];
	int broken = 0, number = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		char *what = included(line);

		number++;
		if (!what || rule(what))
			continue;
		print_error("%s:%d: may not include %s\n", path, number, what);
		broken++;
	}
	fclose(f);
	return broken;
}

static bool is_source(const char *name)
{
	size_t len = strlen(name);

	return len > 2 && (!strcmp(name + len - 2, ".c") || !strcmp(name + len - 2, ".h"));
}

/* Return: how many #includes in the directory break the rule; -1 if it has no source file. */
static int check_dir(const char *dir, rule_fn rule)
{
	char path[4096];
	struct dirent *entry;
	int broken = 0, files = 0;
	DIR *d;

	snprintf(path, sizeof(path), "%s/../%s", TEST_DIR, dir);
	d = opendir(path);
	if (!d)
		return -1;
	while ((entry = readdir(d))) {
		if (!is_source(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/../%s/%s", TEST_DIR, dir, entry->d_name);
		broken += check_file(path, rule);
		files++;
	}
	closedir(d);
	return files ? broken : -1;
}

static void mmu_includes_kernel_headers_only(void **state)
{
	(void)state;
	assert_int_equal(check_dir("mmu", mmu_rule), 0);
}

static void x86_includes_nothing_of_kvm(void **state)
{
	(void)state;
	assert_int_equal(check_dir("x86", x86_rule), 0);
}

static void shims_hide_what_they_are_made_of(void **state)
{
	(void)state;
	assert_int_equal(check_dir("sim/include/linux", shim_rule), 0);
	assert_int_equal(check_dir("sim/include/asm", shim_rule), 0);
	assert_int_equal(check_dir("sim/native/include/seam", shim_rule), 0);
}

/* A check that finds nothing proves nothing: so it must find what is wrong. */
static void the_check_finds_what_is_wrong(void **state)
{
	static const struct {
		const char *line;
		bool mmu_ok, x86_ok;
	} cases[] = {
		{ "#include <pthread.h>\n", false, false },
		{ "#include <urcu.h>\n", false, true },
		{ "#include <jemalloc/jemalloc.h>\n", false, true },
		{ "  #  include \"sim/mem.h\"\n", false, false },
		{ "#include\t<stdio.h>\n", false, true },
		{ "#include <seam/rcu.h>\n", false, false },
		{ "#include <linux/rcupdate.h>\n", true, false },
		{ "#include \"mmu/spte.h\"\n", true, false },
		{ "#include \"x86/ept.h\"\n", true, true },
		{ "#include <stdint.h>", true, true },
		{ "#include \"spte.h\"\n", false, true },
	};
	char line[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *what;

		snprintf(line, sizeof(line), "%s", cases[i].line);
		what = included(line);
		assert_non_null(what);
		assert_int_equal(mmu_rule(what), cases[i].mmu_ok);
		assert_int_equal(x86_rule(what), cases[i].x86_ok);
	}
	snprintf(line, sizeof(line), "#define include <pthread.h>\n");
	assert_null(included(line));
	snprintf(line, sizeof(line), "int include;\n");
	assert_null(included(line));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mmu_includes_kernel_headers_only),
		cmocka_unit_test(x86_includes_nothing_of_kvm),
		cmocka_unit_test(shims_hide_what_they_are_made_of),
		cmocka_unit_test(the_check_finds_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
