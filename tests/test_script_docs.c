/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/scenario_fixture.h"

/* The scenarios in the documentation of the language say what is so, on every machine. */

#define DOCS	TEST_DIR "/../docs/scenarios.md"
#define BEGIN	"\n```scenario\n"
#define END	"\n```\n"

/* The block [text, end) of a page, behind as many empty lines as come before it there. */
static bool take_block(const char *page, const char *text, const char *end,
		       struct sim_scenario_text *scenario)
{
	size_t lines = 0, i;
	char name[64];

	for (i = 0; page + i < text; i++)
		lines += page[i] == '\n';
	scenario->ept = scenario->npt = true;
	scenario->len = lines + (end - text);
	scenario->text = malloc(scenario->len);
	snprintf(name, sizeof(name), "scenarios.md, line %zu", lines);
	scenario->name = strdup(name);
	if (!scenario->text || !scenario->name)
		return false;
	memset(scenario->text, '\n', lines);
	memcpy(scenario->text + lines, text, end - text);
	return true;
}

/* The page, NUL terminated; NULL with a message. */
static char *load_page(void)
{
	char err[1024], *page, *terminated;
	size_t len;

	page = sim_load(DOCS, &len, err, sizeof(err));
	if (!page) {
		fprintf(stderr, "%s\n", err);
		return NULL;
	}
	terminated = strndup(page, len);
	free(page);
	return terminated;
}

int main(void)
{
	struct sim_scenario_text scenarios[32], *copy;
	char *page = load_page();
	const char *pos = page;
	size_t nr = 0;

	if (!page)
		return 1;
	while ((pos = strstr(pos, BEGIN))) {
		const char *text = pos + strlen(BEGIN), *end = strstr(text, END);

		if (!end || nr == sizeof(scenarios) / sizeof(scenarios[0]) ||
		    !take_block(page, text, end + 1, &scenarios[nr++]))
			return 1;
		pos = end;
	}
	free(page);
	if (!nr) {
		fprintf(stderr, "%s: no scenario\n", DOCS);
		return 1;
	}
	copy = malloc(nr * sizeof(*copy));
	if (!copy)
		return 1;
	memcpy(copy, scenarios, nr * sizeof(*copy));
	return sim_test_scenarios("scenarios of the docs", copy, nr);
}
