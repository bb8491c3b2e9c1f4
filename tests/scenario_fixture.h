/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_SCENARIO_FIXTURE_H
#define TESTS_SCENARIO_FIXTURE_H

/*
 * Scenarios as tests: on every machine and kernel, all that a scenario expects holds, and
 * the recording that it makes is read and replayed to the same recording, to the byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <glob.h>
#include <cmocka.h>

#include "sim/load.h"
#include "sim/replay.h"
#include "sim/report.h"
#include "sim/run.h"
#include "sim/sim.h"

/* A scenario in memory, and the formats that it is tried with. */
struct sim_scenario_text {
	char *name;
	char *text;
	size_t len;
	bool ept, npt;
};

/* ---- The machines ---- */

/* What the recorded machines have. */
static inline unsigned int sim_default_maxphyaddr(unsigned int levels)
{
	return levels == 5 ? 52 : 40;
}

static inline void sim_add_param(struct sim_run_config *config, const char *word, size_t n)
{
	const char *equals = memchr(word, '=', n);
	struct sim_param *param = &config->given[config->nr_given++];

	assert_non_null(equals);
	snprintf(param->name, sizeof(param->name), "%.*s", (int)(equals - word), word);
	snprintf(param->value, sizeof(param->value), "%.*s", (int)(word + n - equals - 1),
		 equals + 1);
	if (!sim_machine_param(&config->params, param->name, param->value))
		fail_msg("no parameter \"%s\" can be \"%s\"", param->name, param->value);
}

/* The line "# param: NAME=VALUE..." that a scenario may begin with. */
static inline void sim_take_params(const struct sim_scenario_text *scenario,
				   struct sim_run_config *config)
{
	static const char intro[] = "# param:";
	const char *pos = scenario->text, *end;

	if (scenario->len < sizeof(intro) || memcmp(pos, intro, sizeof(intro) - 1))
		return;
	end = memchr(pos, '\n', scenario->len);
	assert_non_null(end);
	for (pos += sizeof(intro) - 1; pos < end; ) {
		size_t blanks = strspn(pos, " "), n = strcspn(pos + blanks, " \n");

		if (n)
			sim_add_param(config, pos + blanks, n);
		pos += blanks + n;
	}
}

/* ---- Running one ---- */

struct sim_memory_file {
	FILE *file;
	char *text;
	size_t len;
};

static inline void sim_memory_file_open(struct sim_memory_file *f)
{
	f->file = open_memstream(&f->text, &f->len);
	assert_non_null(f->file);
}

static inline void sim_memory_file_close(struct sim_memory_file *f)
{
	assert_int_equal(fclose(f->file), 0);
}

/* Run a script: its expectations hold.  @out gets the recording. */
static inline void sim_run_and_check(const struct sim_script *script, const char *machine,
				     const struct sim_run_config *config,
				     struct sim_memory_file *out)
{
	struct sim_memory_file complaints;
	struct sim_run_result result;
	struct sim_run run;
	size_t nr_ops = 0, i;

	sim_memory_file_open(&complaints);
	sim_memory_file_open(out);
	assert_int_equal(sim_run_start(&run, script, config), 0);
	assert_int_equal(sim_run_steps(&run, out->file, complaints.file, 0, &result), 0);
	sim_run_stop(&run);
	sim_memory_file_close(out);
	sim_memory_file_close(&complaints);

	if (result.nr_failed || complaints.len)
		fail_msg("on %s:\n%s", machine, complaints.text);
	free(complaints.text);

	for (i = 0; i < script->nr_steps; i++)
		nr_ops += !script->steps[i].is_expect;
	assert_int_equal(result.nr_ops, nr_ops);
	assert_int_equal(result.nr_expects, script->nr_steps - nr_ops);
}

/* Replay a recording: it comes out as it went in. */
static inline void sim_replay_and_check(const char *name, const char *machine,
					const struct sim_memory_file *in)
{
	struct sim_memory_file lines, differences;
	struct sim_replay_options opt = { 0 };
	struct sim_replay_result result;
	struct sim_recording *recording;
	struct sim_replay replay;
	char err[1024];

	recording = sim_recording_parse(name, in->text, in->len, err, sizeof(err));
	if (!recording)
		fail_msg("on %s: %s", machine, err);
	sim_memory_file_open(&lines);
	sim_memory_file_open(&differences);
	opt.lines = lines.file;
	opt.out = differences.file;
	if (sim_replay_start(&replay, recording, NULL, err, sizeof(err)))
		fail_msg("on %s: %s", machine, err);
	if (sim_replay_run(&replay, &opt, &result))
		fail_msg("on %s: %s", machine, replay.err);
	sim_replay_stop(&replay);
	sim_memory_file_close(&lines);
	sim_memory_file_close(&differences);

	if (result.nr_mismatches)
		fail_msg("replay on %s:\n%s", machine, differences.text);
	assert_int_equal(result.nr_ops, recording->nr_records);
	assert_int_equal(lines.len, in->len);
	assert_memory_equal(lines.text, in->text, in->len);
	sim_recording_free(recording);
	free(lines.text);
	free(differences.text);
}

static inline void sim_check_on_machine(const struct sim_scenario_text *scenario,
					const struct sim_run_config *config)
{
	struct sim_script_config conditions = sim_run_script_config(config);
	struct sim_memory_file recording;
	struct sim_script *script;
	char machine[64], err[1024];

	snprintf(machine, sizeof(machine), "%s, %u levels, %s", config->cpu.intel ? "ept" : "npt",
		 config->cpu.levels, config->profile->name);
	script = sim_script_parse(scenario->name, scenario->text, scenario->len, &conditions, err,
				  sizeof(err));
	if (!script)
		fail_msg("on %s: %s", machine, err);
	sim_run_and_check(script, machine, config, &recording);
	sim_replay_and_check(scenario->name, machine, &recording);
	free(recording.text);
	sim_script_free(script);
}

static inline void sim_check_on_machines(const struct sim_scenario_text *scenario, bool intel)
{
	const struct sim_profile *profile;
	struct sim_run_config config;
	unsigned int levels, i;

	for (i = 0; (profile = sim_profile_at(i)); i++) {
		for (levels = 4; levels <= 5; levels++) {
			sim_run_config_init(&config);
			config.profile = profile;
			config.cpu.intel = intel;
			config.cpu.levels = levels;
			config.cpu.maxphyaddr = sim_default_maxphyaddr(levels);
			sim_take_params(scenario, &config);
			/* All parameters that the tests give are of Intel's module. */
			if (intel || !config.nr_given)
				sim_check_on_machine(scenario, &config);
		}
	}
}

/*
 * A test: a scenario, its initial state, on all machines.  Each scenario has a world of its
 * own, so that one that leaks is named.
 */
static inline void sim_test_scenario(void **state)
{
	const struct sim_scenario_text *scenario = *state;
	unsigned long warnings = sim_warn_count();

	assert_int_equal(sim_init(), 0);
	if (scenario->ept)
		sim_check_on_machines(scenario, true);
	if (scenario->npt)
		sim_check_on_machines(scenario, false);
	kvm_mmu_module_exit();
	assert_int_equal(sim_exit(), 0);
	assert_int_equal(sim_warn_count(), warnings);
}

/* ---- All of them ---- */

/* Run a test for each scenario, and free them: what main() returns. */
static inline int sim_test_scenarios(const char *group, struct sim_scenario_text *scenarios,
				     size_t nr)
{
	struct CMUnitTest *tests = calloc(nr, sizeof(*tests));
	size_t i;
	int r;

	if (!tests)
		return 1;
	for (i = 0; i < nr; i++) {
		tests[i].name = scenarios[i].name;
		tests[i].test_func = sim_test_scenario;
		tests[i].initial_state = &scenarios[i];
	}
	r = _cmocka_run_group_tests(group, tests, nr, NULL, NULL);
	free(tests);
	for (i = 0; i < nr; i++) {
		free(scenarios[i].name);
		free(scenarios[i].text);
	}
	free(scenarios);
	return r;
}

/* There are at least so many in tests/scenarios: an empty folder is no success. */
#define SIM_NR_SCENARIOS_MIN	40

static inline bool sim_load_scenario(const char *path, struct sim_scenario_text *scenario)
{
	char err[1024];

	scenario->text = sim_load(path, &scenario->len, err, sizeof(err));
	scenario->name = strdup(strrchr(path, '/') + 1);
	if (!scenario->text)
		fprintf(stderr, "%s\n", err);
	return scenario->text && scenario->name;
}

/* Each file of the library is a test: what main() returns. */
static inline int sim_test_library(bool ept, bool npt)
{
	struct sim_scenario_text *scenarios;
	glob_t found;
	size_t nr, i;

	if (glob(TEST_DIR "/scenarios/*.sc", 0, NULL, &found) ||
	    found.gl_pathc < SIM_NR_SCENARIOS_MIN) {
		fprintf(stderr, "fewer than %d scenarios\n", SIM_NR_SCENARIOS_MIN);
		return 1;
	}
	nr = found.gl_pathc;
	scenarios = calloc(nr, sizeof(*scenarios));
	if (!scenarios)
		return 1;
	for (i = 0; i < nr; i++) {
		scenarios[i].ept = ept;
		scenarios[i].npt = npt;
		if (!sim_load_scenario(found.gl_pathv[i], &scenarios[i]))
			return 1;
	}
	globfree(&found);
	return sim_test_scenarios("scenarios", scenarios, nr);
}

#endif /* TESTS_SCENARIO_FIXTURE_H */
