/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * The museum (tests/museum) agrees with itself and with mmu/: every mutant can still be applied, and
 * has a page.  Whether a mutant is found is not for this test: that takes builds and schedules.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmu/profile.h"
#include "sim/fuzz/workload.h"

#define MUSEUM		TEST_DIR "/museum"
#define MAX_ENTRIES	256

/* A line of index.txt. */
struct entry {
	char id[32];
	char patch[128];	/* "-": none */
	char kind[16];
	char workload[32];
	char profile[16];
	char options[128];
};

static struct entry entries[MAX_ENTRIES];
static int nr_entries;

static const char *const kinds[] = { "bug", "static", "equivalent", "hypothesis", NULL };

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++) {
		if (!strcmp(word, *words))
			return true;
	}
	return false;
}

static int read_index(void **state)
{
	FILE *f = fopen(MUSEUM "/index.txt", "r");
	char line[512];

	(void)state;
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		struct entry *e = &entries[nr_entries];

		if (line[0] == '#' || line[strspn(line, " \t\n")] == '\0')
			continue;
		if (nr_entries == MAX_ENTRIES ||
		    sscanf(line, "%31s %127s %15s %31s %15s %127[^\n]", e->id, e->patch, e->kind,
			   e->workload, e->profile, e->options) != 6) {
			print_error("index.txt: %s", line);
			fclose(f);
			return -1;
		}
		nr_entries++;
	}
	fclose(f);
	return nr_entries ? 0 : -1;
}

/* Files of the museum that fit a pattern; *found is the only one, if there is just one. */
static size_t nr_files(const char *pattern, char *found, size_t size)
{
	char path[1024];
	size_t n;
	glob_t g;

	snprintf(path, sizeof(path), "%s/%s", MUSEUM, pattern);
	if (glob(path, 0, NULL, &g))
		return 0;
	n = g.gl_pathc;
	if (found && n == 1)
		snprintf(found, size, "%s", g.gl_pathv[0]);
	globfree(&g);
	return n;
}

/* The page has the name of the patch; that of an entry without one begins with the id. */
static bool find_page(const struct entry *e, char *page, size_t size)
{
	char pattern[160];
	size_t len = strlen(e->patch);
	int n;

	if (!strcmp(e->patch, "-"))
		n = snprintf(pattern, sizeof(pattern), "%s-*.md", e->id);
	else if (len > 6 && !strcmp(e->patch + len - 6, ".patch"))
		n = snprintf(pattern, sizeof(pattern), "%.*s.md", (int)(len - 6), e->patch);
	else
		return false;
	return n < (int)sizeof(pattern) && nr_files(pattern, page, size) == 1;
}

/* The last line of a page that begins with "Finder:". */
static void read_finder(const char *page, char *finder, size_t size)
{
	FILE *f = fopen(page, "r");
	char line[512];

	*finder = '\0';
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "Finder:", 7))
			snprintf(finder, size, "%s", line);
	}
	fclose(f);
}

static void words_are_known(void **state)
{
	int broken = 0;

	(void)state;
	for (const struct entry *e = entries; e < entries + nr_entries; e++) {
		bool equiv = !strcmp(e->kind, "equivalent");

		if (!is_one_of(e->kind, kinds) || !(sim_stock_find(e->workload) || !strcmp(e->workload, "all")) ||
		    !sim_profile_find(e->profile) ||
		    equiv != !strncmp(e->id, "equiv-", 6) ||
		    !strcmp(e->kind, "static") != !strncmp(e->options, "test=", 5)) {
			print_error("%s: kind, workload, profile or options\n", e->id);
			broken++;
		}
		for (const struct entry *other = entries; other < e; other++) {
			if (!strcmp(e->id, other->id)) {
				print_error("%s: twice\n", e->id);
				broken++;
			}
		}
	}
	assert_int_equal(broken, 0);
}

static void every_entry_has_its_page(void **state)
{
	char page[1024], finder[512];
	int broken = 0;

	(void)state;
	for (const struct entry *e = entries; e < entries + nr_entries; e++) {
		size_t len = strlen(e->id);

		if (!find_page(e, page, sizeof(page))) {
			print_error("%s: no page\n", e->id);
			broken++;
			continue;
		}
		if (strcmp(e->patch, "-") && (strncmp(e->patch, e->id, len) || e->patch[len] != '-')) {
			print_error("%s: named %s\n", e->id, e->patch);
			broken++;
		}
		read_finder(page, finder, sizeof(finder));
		if (!strstr(finder, e->workload) || !strstr(finder, e->profile)) {
			print_error("%s: the page's Finder is not the index's\n", e->id);
			broken++;
		}
	}
	assert_int_equal(broken, 0);
}

/* As each entry has a page of its own, and a patch of its own or none, the numbers tell. */
static void every_page_and_patch_has_an_entry(void **state)
{
	size_t patches = 0;

	(void)state;
	for (const struct entry *e = entries; e < entries + nr_entries; e++)
		patches += strcmp(e->patch, "-") != 0;
	assert_int_equal(nr_files("*.patch", NULL, 0), patches);
	/* And README.md, which is no entry's. */
	assert_int_equal(nr_files("*.md", NULL, 0), nr_entries + 1);
}

/* Run a command; what it prints is shown if it fails. */
static bool runs(const char *command)
{
	char line[512], all[4096] = "";
	FILE *f = popen(command, "r");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (strlen(all) + strlen(line) < sizeof(all))
			strcat(all, line);
	}
	if (!pclose(f))
		return true;
	print_error("%s\n%s", command, all);
	return false;
}

static void every_patch_applies(void **state)
{
	char command[2048], dir[] = "/tmp/tdpsim-museum-XXXXXX";
	int broken = 0;

	(void)state;
	if (system("patch --version >/dev/null 2>&1"))
		skip();
	assert_non_null(mkdtemp(dir));
	snprintf(command, sizeof(command), "cp -R '%s/../mmu' '%s/../x86' '%s' 2>&1", TEST_DIR,
		 TEST_DIR, dir);
	broken += !runs(command);
	for (const struct entry *e = entries; e < entries + nr_entries; e++) {
		if (!strcmp(e->patch, "-"))
			continue;
		/* No fuzz, as git apply has none either. */
		snprintf(command, sizeof(command),
			 "patch --dry-run --force --silent -F0 -p1 -d '%s' <'%s/%s' 2>&1", dir,
			 MUSEUM, e->patch);
		broken += !runs(command);
	}
	snprintf(command, sizeof(command), "rm -r '%s' 2>&1", dir);
	broken += !runs(command);
	assert_int_equal(broken, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_known),
		cmocka_unit_test(every_entry_has_its_page),
		cmocka_unit_test(every_page_and_patch_has_an_entry),
		cmocka_unit_test(every_patch_applies),
	};

	return cmocka_run_group_tests(tests, read_index, NULL);
}
