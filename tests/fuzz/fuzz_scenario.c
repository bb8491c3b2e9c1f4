/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "sim/script.h"
#include "tests/fuzz/fuzz.h"

/*
 * The reader of scenarios: whatever the text, it answers with steps or with one line
 * that says where the fault is; and an operation that it has read it can print and
 * read again.
 */

static void try_config(const struct sim_script_config *config, const uint8_t *data, size_t size)
{
	struct sim_script *script;
	char err[512] = "";
	size_t i;

	script = sim_script_parse("input", (const char *)data, size, config, err, sizeof(err));
	if (!script) {
		fuzz_check_message("input", err);
		return;
	}
	if (!script->nr_steps)
		fuzz_fail("a scenario without steps");
	for (i = 0; i < script->nr_steps; i++)
		if (!script->steps[i].is_expect)
			fuzz_check_op(&script->steps[i].op);
	sim_script_free(script);
}

/* Whether what follows "repeat" is a number of at most two digits, and no more. */
static bool small_count(const uint8_t *p, const uint8_t *end)
{
	size_t digits = 0;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		digits++;
	return digits <= 2 && (p == end || *p == ' ' || *p == '\n');
}

/*
 * A loop of some digits unrolls to a million steps.  That is the limit, and nothing
 * is found by running into it again and again: such inputs are left out.
 */
static bool repeats_much(const uint8_t *data, size_t size)
{
	size_t i, loops = 0;

	for (i = 0; i + 6 <= size; i++) {
		if (memcmp(data + i, "repeat", 6))
			continue;
		if (++loops > 2 || !small_count(data + i + 6, data + size))
			return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sim_script_config configs[] = {
		{ .profile = sim_profile_find("v6.12"), .ept = true, .levels = 4 },
		{ .profile = sim_profile_find("v6.1"), .ept = false, .levels = 5 },
	};

	if (repeats_much(data, size))
		return 0;
	try_config(&configs[0], data, size);
	try_config(&configs[1], data, size);
	return 0;
}
