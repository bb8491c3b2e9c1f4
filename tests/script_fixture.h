/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_SCRIPT_FIXTURE_H
#define TESTS_SCRIPT_FIXTURE_H

#include "tests/cli_fixture.h"
/* linux/kernel.h has its own. */
#undef ARRAY_SIZE
#include "sim/script.h"

/* For tests of the reader of scenarios. */

static inline struct sim_script_config default_config(void)
{
	return (struct sim_script_config) {
		.profile = sim_profile_find("v6.4"), .ept = true, .levels = 4,
	};
}

/* @text is refused, with this message and no other. */
static inline void assert_message(const char *text, size_t len, const char *want)
{
	const struct sim_script_config config = default_config();
	struct sim_script *script;
	char err[1024] = "";

	script = sim_script_parse("t", text, len, &config, err, sizeof(err));
	if (script)
		fail_msg("accepted, where there should have been: %s", want);
	assert_string_equal(err, want);
}

static inline void assert_refused(const char *text, const char *want)
{
	assert_message(text, strlen(text), want);
}

#endif /* TESTS_SCRIPT_FIXTURE_H */
