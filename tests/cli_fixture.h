/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_CLI_FIXTURE_H
#define TESTS_CLI_FIXTURE_H

/*
 * For tests of the command as its users meet it: a process of its own, of which there
 * is nothing but the exit status and what it printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "sim/load.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Nothing that the tests ask for takes a second. */
#define SIM_CLI_TIMEOUT	30

/* ---- Running it ---- */

struct sim_outcome {
	int status;	/* of the exit; 128 + N if signal N ended it */
	char *out, *err;
};

static inline char *sim_read_back(FILE *file)
{
	char *text;
	long len;

	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	len = ftell(file);
	assert_true(len >= 0);
	rewind(file);
	text = malloc((size_t)len + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)len, file), len);
	text[len] = '\0';
	/* No text that the command prints has a NUL in it. */
	assert_int_equal(strlen(text), len);
	fclose(file);
	return text;
}

static inline struct sim_outcome sim_run_argv(const char *const *argv)
{
	FILE *out = tmpfile(), *err = tmpfile();
	struct sim_outcome outcome;
	int status;
	pid_t pid;

	assert_non_null(out);
	assert_non_null(err);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		int null = open("/dev/null", O_RDONLY);

		if (dup2(null, 0) == 0 && dup2(fileno(out), 1) == 1 && dup2(fileno(err), 2) == 2) {
			/* An alarm outlives exec: one that hangs is ended by SIGALRM. */
			alarm(SIM_CLI_TIMEOUT);
			execv(TDPSIM, (char *const *)argv);
		}
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	outcome.out = sim_read_back(out);
	outcome.err = sim_read_back(err);
	return outcome;
}

/* Run the command with these words, of which there is at least one. */
#define sim_run(...)	sim_run_argv((const char *const []){ "tdpsim", __VA_ARGS__, NULL })

static inline void sim_outcome_free(struct sim_outcome *outcome)
{
	free(outcome->out);
	free(outcome->err);
}

/* ---- What it printed ---- */

static inline unsigned int sim_count(const char *text, const char *what)
{
	unsigned int nr = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		nr++;
	return nr;
}

static inline void sim_assert_has(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("no \"%s\" in:\n%s", what, text);
}

static inline void sim_assert_starts(const char *text, const char *what)
{
	if (strncmp(text, what, strlen(what)))
		fail_msg("expected \"%s\" at the start of:\n%s", what, text);
}

static inline void sim_assert_ends(const char *text, const char *what)
{
	size_t len = strlen(text), what_len = strlen(what);

	if (len < what_len || strcmp(text + len - what_len, what))
		fail_msg("expected \"%s\" at the end of:\n%s", what, text);
}

/* The last line is @line; a line ends in a newline. */
static inline void sim_assert_last_line(const char *text, const char *line)
{
	char want[256];

	snprintf(want, sizeof(want), "\n%s\n", line);
	sim_assert_ends(text, want);
}

/* One line, and something in it. */
static inline void sim_assert_one_line(const char *text)
{
	const char *end = strchr(text, '\n');

	if (!end || end == text || end[1])
		fail_msg("expected one line:\n%s", text);
}

/* Input was refused: status 2, nothing on stdout, and one line that starts with @start. */
static inline void sim_assert_refused(struct sim_outcome outcome, const char *start)
{
	if (outcome.status != 2)
		fail_msg("exit status %d, not 2; stderr: %s", outcome.status, outcome.err);
	assert_string_equal(outcome.out, "");
	sim_assert_one_line(outcome.err);
	sim_assert_starts(outcome.err, start);
	/* It says more than where. */
	assert_true(strlen(outcome.err) > strlen(start) + 1);
	sim_outcome_free(&outcome);
}

/*
 * The usage was wrong: status 2, nothing on stdout, a line of @command that names @what,
 * and at most one more, which says where there is help.
 */
static inline void sim_assert_usage(struct sim_outcome outcome, const char *command,
				    const char *what)
{
	if (outcome.status != 2)
		fail_msg("exit status %d, not 2; stderr: %s", outcome.status, outcome.err);
	assert_string_equal(outcome.out, "");
	sim_assert_starts(outcome.err, command);
	sim_assert_has(outcome.err, what);
	assert_in_range(sim_count(outcome.err, "\n"), 1, 2);
	sim_assert_ends(outcome.err, "\n");
	sim_outcome_free(&outcome);
}

/* All went well: status 0, and nothing on stderr. */
static inline void sim_assert_fine(const struct sim_outcome *outcome)
{
	assert_string_equal(outcome->err, "");
	assert_int_equal(outcome->status, 0);
}

/* ---- Files ---- */

static char sim_cli_dir[] = "/tmp/tdpsim-cli-XXXXXX";

static inline int sim_cli_setup(void **state)
{
	return mkdtemp(sim_cli_dir) ? 0 : -1;
}

static inline int sim_cli_teardown(void **state)
{
	DIR *dir = opendir(sim_cli_dir);
	struct dirent *entry;

	if (!dir)
		return -1;
	while ((entry = readdir(dir)))
		if (entry->d_type == DT_REG)
			unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	return rmdir(sim_cli_dir);
}

/* Write a file, or write it anew; the path is good until the next call with this @name. */
static inline const char *sim_write_file(const char *name, const void *data, size_t len)
{
	static struct { char name[32], path[64]; } files[8];
	FILE *file;
	size_t i;

	for (i = 0; files[i].name[0] && strcmp(files[i].name, name); i++)
		assert_true(i + 1 < ARRAY_SIZE(files));
	snprintf(files[i].name, sizeof(files[i].name), "%s", name);
	snprintf(files[i].path, sizeof(files[i].path), "%s/%s", sim_cli_dir, name);
	file = fopen(files[i].path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	return files[i].path;
}

static inline const char *sim_write_text(const char *name, const char *text)
{
	return sim_write_file(name, text, strlen(text));
}

/* A recording of a real kernel, unpacked; NUL terminated. */
static inline char *sim_recording_text(const char *path, size_t *len)
{
	char err[PATH_MAX + 256];
	char *text = sim_load(path, len, err, sizeof(err));

	if (!text)
		fail_msg("%s", err);
	text = realloc(text, *len + 1);
	assert_non_null(text);
	text[*len] = '\0';
	return text;
}

#endif /* TESTS_CLI_FIXTURE_H */
