/* SPDX-License-Identifier: GPL-2.0-only */
#include <zstd.h>

#include "tests/bad_recordings.h"
#include "tests/cli_fixture.h"

/* replay, show and the help: what they print and how they end.  test_cmd_decode.c has decode. */

#define REAL(name)	TEST_DIR "/recordings/" name ".vec.zst"
#define GOOD		REAL("npt4-v6.1/mmio")

/* ---- Help ---- */

static void test_help(void **state)
{
	static const char *const words[] = { "help", "--help", "-?" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct sim_outcome outcome = sim_run(words[i]);

		sim_assert_fine(&outcome);
		sim_assert_starts(outcome.out, "Usage: tdpsim VERB");
		sim_assert_has(outcome.out, "\n  replay ");
		sim_assert_has(outcome.out, "\n  show ");
		sim_assert_has(outcome.out, "\n  decode ");
		sim_outcome_free(&outcome);
	}
}

static void test_no_verb(void **state)
{
	struct sim_outcome outcome = sim_run_argv((const char *const []){ "tdpsim", NULL });

	assert_int_equal(outcome.status, 2);
	assert_string_equal(outcome.out, "");
	sim_assert_starts(outcome.err, "Usage: tdpsim VERB");
	sim_outcome_free(&outcome);
}

static void test_unknown_verb(void **state)
{
	static const char *const words[] = { "repaly", "", "Replay", "--replay", "replay ", "%s%n" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		char quoted[32];

		snprintf(quoted, sizeof(quoted), "\"%s\"", words[i]);
		sim_assert_usage(sim_run(words[i], GOOD), "tdpsim: ", quoted);
	}
}

static void test_help_of_verbs(void **state)
{
	static const struct { const char *verb, *options[6]; } cases[] = {
		{ "replay", { "--keep-going", "--profile", "--quiet", "FILE..." } },
		{ "show", { "--at", "--dot", "FILE" } },
		{ "decode", { "--as", "--format", "--level", "--profile", "--maxphyaddr",
			      "VALUE..." } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sim_outcome outcome = sim_run(cases[i].verb, "--help");
		char usage[64];

		sim_assert_fine(&outcome);
		snprintf(usage, sizeof(usage), "Usage: tdpsim %s [OPTION...] ", cases[i].verb);
		sim_assert_starts(outcome.out, usage);
		for (size_t j = 0; j < ARRAY_SIZE(cases[i].options) && cases[i].options[j]; j++)
			sim_assert_has(outcome.out, cases[i].options[j]);
		sim_outcome_free(&outcome);
	}
}

/* ---- Files that are no recordings ---- */

static void check_refused(const char *path, const char *start)
{
	sim_assert_refused(sim_run("replay", path), start);
}

/* In a file of its own; @line: the line to blame, 0 if it is the file as a whole. */
static void check_bytes_refused(const void *data, size_t len, unsigned int line)
{
	const char *path = sim_write_file("bad.vec", data, len);
	char start[PATH_MAX];

	if (line)
		snprintf(start, sizeof(start), "%s:%u: ", path, line);
	else
		snprintf(start, sizeof(start), "%s: ", path);
	check_refused(path, start);
}

/* The reader's own messages, behind the name of the file. */
static void check_texts(const struct sim_bad_recording *bad, size_t nr, size_t step)
{
	for (size_t i = 0; i < nr; i += step) {
		const char *path = sim_write_text("bad.vec", bad[i].text);
		struct sim_outcome outcome = sim_run("replay", path);
		char want[PATH_MAX];

		snprintf(want, sizeof(want), "%s%s\n", path, bad[i].err + strlen(BAD_NAME));
		assert_string_equal(outcome.err, want);
		assert_string_equal(outcome.out, "");
		assert_int_equal(outcome.status, 2);
		sim_outcome_free(&outcome);
	}
}

static void test_bad_texts(void **state)
{
	/* The reader's own test has them all; here it is about their way to stderr. */
	check_texts(bad_heads, ARRAY_SIZE(bad_heads), 2);
	check_texts(bad_parameters, ARRAY_SIZE(bad_parameters), 2);
	check_texts(bad_lines, ARRAY_SIZE(bad_lines), 2);
	check_texts(bad_operations, ARRAY_SIZE(bad_operations), 2);
	check_texts(bad_host_lines, ARRAY_SIZE(bad_host_lines), 5);
	check_texts(bad_events, ARRAY_SIZE(bad_events), 9);
	check_texts(bad_results, ARRAY_SIZE(bad_results), 4);
	check_texts(bad_statistics, ARRAY_SIZE(bad_statistics), 4);
}

static void test_bad_bytes(void **state)
{
	static const char nul[] = HEAD "op vm\n  ret 0\0\n" TAIL;
	static const char nul_first[] = "\0" HEAD "op vm\n" TAIL;
	static const char bom[] = "\xef\xbb\xbf" HEAD "op vm\n" TAIL;
	static const char elf[] = "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\76\0\1\0\0\0";
	static const char gzip[] = "\x1f\x8b\x08\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0\0\0";
	char ones[4096];

	check_bytes_refused(nul, sizeof(nul) - 1, 8);
	check_bytes_refused(nul_first, sizeof(nul_first) - 1, 1);
	check_bytes_refused(bom, sizeof(bom) - 1, 1);
	check_bytes_refused(elf, sizeof(elf) - 1, 1);
	check_bytes_refused(gzip, sizeof(gzip) - 1, 1);
	memset(ones, 0xff, sizeof(ones));
	check_bytes_refused(ones, sizeof(ones), 1);
	memset(ones, '\n', sizeof(ones));
	check_bytes_refused(ones, sizeof(ones), 1);
	/* A newline may be all that is missing. */
	check_bytes_refused(HEAD "op vm\nop destroy", strlen(HEAD "op vm\nop destroy"), 8);
}

static void test_no_such_file(void **state)
{
	char name[NAME_MAX + 2], path[2048] = "", start[PATH_MAX];
	const char *file = sim_write_text("file", "");

	check_refused("/nonexistent/x.vec", "/nonexistent/x.vec: ");
	check_refused(TEST_DIR, TEST_DIR ": ");
	snprintf(start, sizeof(start), "%s:1: ", file);
	check_refused(file, start);
	check_refused("/dev/null", "/dev/null:1: ");

	snprintf(path, sizeof(path), "%s/x.vec", file);
	snprintf(start, sizeof(start), "%s: ", path);
	check_refused(path, start);
	memset(name, 'n', NAME_MAX + 1);
	name[NAME_MAX + 1] = '\0';
	snprintf(start, sizeof(start), "%s: ", name);
	check_refused(name, start);

	/* However long the path is, the reason is there. */
	path[0] = '\0';
	for (int i = 0; i < 500; i++)
		strcat(path, "../");
	strcat(path, "nonexistent");
	snprintf(start, sizeof(start), "%s: ", path);
	check_refused(path, start);
}

/* ---- Damaged recordings of real kernels ---- */

/* The number of the line that the last of @len bytes is in. */
static unsigned int last_line(const char *text, size_t len)
{
	unsigned int line = 1;

	for (size_t i = 0; i + 1 < len; i++)
		line += text[i] == '\n';
	return line;
}

static void test_truncated_text(void **state)
{
	size_t len, cut;
	char *text = sim_recording_text(GOOD, &len);
	const char *destroy = strstr(text, "\nop destroy\n");

	assert_non_null(destroy);
	for (unsigned int i = 1; i < 8; i++) {
		cut = len * i / 8;
		/* Whole lines of the last operation may be missing without harm to the form. */
		while (text + cut > destroy + 1 && text[cut - 1] == '\n')
			cut--;
		check_bytes_refused(text, cut, last_line(text, cut));
	}
	cut = (size_t)(destroy + 1 - text);
	check_bytes_refused(text, cut, last_line(text, cut));
	check_bytes_refused(text, len - 1, last_line(text, len));
	free(text);
}

/* The compressed file itself. */
static char *read_bytes(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	static char data[1 << 16];

	assert_non_null(file);
	*len = fread(data, 1, sizeof(data), file);
	assert_in_range(*len, 100, sizeof(data) - 1);
	fclose(file);
	return data;
}

static void test_truncated_zstd(void **state)
{
	size_t len;
	const char *data = read_bytes(GOOD, &len);
	const size_t cuts[] = { 4, 5, 6, 8, 12, len / 4, len / 2, len * 3 / 4, len - 5, len - 1 };

	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++)
		check_bytes_refused(data, cuts[i], 0);
	/* Too short to be told from a text. */
	check_bytes_refused(data, 1, 1);
	check_bytes_refused(data, 3, 1);
}

/* With a checksum, so that no damage can go unnoticed. */
static size_t compress(const char *text, size_t len, char *packed, size_t size)
{
	ZSTD_CCtx *ctx = ZSTD_createCCtx();
	size_t n;

	assert_non_null(ctx);
	assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, 1)));
	n = ZSTD_compress2(ctx, packed, size, text, len);
	assert_false(ZSTD_isError(n));
	ZSTD_freeCCtx(ctx);
	return n;
}

static void test_corrupt_zstd(void **state)
{
	static char packed[1 << 16];
	size_t len, n;
	char *text = sim_recording_text(GOOD, &len);

	n = compress(text, len, packed, sizeof(packed));
	free(text);
	assert_in_range(n, 100, sizeof(packed) - 16);
	for (unsigned int i = 0; i < 8; i++) {
		/* Header, blocks and, at the end, checksum; not the magic number. */
		size_t at = 4 + (n - 5) * i / 7;

		packed[at] ^= 0xff;
		check_bytes_refused(packed, n, 0);
		packed[at] ^= 0xff;
	}
	/* Something behind it that is no frame. */
	memset(packed + n, 'x', 16);
	check_bytes_refused(packed, n + 16, 0);
	packed[0] ^= 1;
	check_bytes_refused(packed, n, 1);
}

/* ---- Recordings that are well-formed and make no sense ---- */

static void test_operations_that_do_not_fit(void **state)
{
	static const struct { const char *ops; unsigned int line; } cases[] = {
		{ "op read 0 0x0\n", 8 },
		{ "op vcpu 0\nop write 1 0x0\n", 9 },
		{ "op exec 59 0x0\n", 8 },
		{ "op smi 0\n", 8 },
		{ "op vcpu 0\n  ret 0\nop vcpu 0\n", 10 },
		{ "op vcpu 60\n", 8 },
		{ "op vcpu 1023\n", 8 },
		{ "op slot 0 1g 4k a 0\n", 8 },
		{ "op memory a 4k small\nop slot 0 1g 4k b 0\n", 9 },
		{ "op memory a 4k small\nop slot 0 1g 8k a 0\n", 9 },
		{ "op memory a 4k small\nop slot 0 1g 4k a 4k\n", 9 },
		{ "op memory a 4k small\nop slot 0 1g 4k a 0xfffffffffffff000\n", 9 },
		{ "op memory a 4k small\n  ret 0\nop memory a 8k thp\n", 10 },
		{ "op slot-flags 1 log\n", 8 },
		{ "op slot-move 1 2g\n", 8 },
		{ "op slot-delete 65535\n", 8 },
		{ "op dirty-get 501\n", 8 },
		{ "op dirty-clear 0 0 64\n", 8 },
		{ "op fill a 0 4k\n", 8 },
		{ "op madvise a 0 4k dontneed\n", 8 },
		{ "op memory a 8k small\nop munmap a 4k 8k\n", 9 },
		{ "op memory a 8k small\nop mprotect a 8k 4k r\n", 9 },
		{ "op memory a 8k small\nop idle a 0 12k\n", 9 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[512];
		int n = snprintf(text, sizeof(text), HEAD "op vm\n%s" TAIL, cases[i].ops);

		check_bytes_refused(text, (size_t)n, cases[i].line);
	}
}

static void test_unknown_kernel(void **state)
{
	static const char *const kernels[] = {
		"6.13.0-1-amd64", "5.18.0", "6.1", "6.10.3", "6.120.1", "v6.5", "V6.1", "16.1.0",
	};

	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		char text[256];
		struct sim_outcome outcome;
		const char *path;

		snprintf(text, sizeof(text), MAGIC "kernel %s\nvendor amd\nformat npt\nlevels 4\n"
			 "maxphyaddr 40\nop vm\n" TAIL, kernels[i]);
		path = sim_write_text("bad.vec", text);
		outcome = sim_run("replay", path);
		sim_assert_has(outcome.err, kernels[i]);
		sim_assert_refused(outcome, path);
	}
}

static void test_unknown_parameter(void **state)
{
	static const char *const params[] = {
		"param huge_pages Y", "param nx_huge_pages maybe", "param mmio_caching 2",
		"param eager_page_split yes", "param nx_huge_pages_recovery_ratio -1",
		"param nx_huge_pages_recovery_period_ms 4294967296",
		/* There would be no TDP MMU. */
		"param tdp_mmu N", "param npt N",
	};

	for (size_t i = 0; i < ARRAY_SIZE(params); i++) {
		char text[256];
		int n = snprintf(text, sizeof(text), HEAD "param flush_on_reuse N\n%s\nop vm\n" TAIL,
				 params[i]);

		check_bytes_refused(text, (size_t)n, 8);
	}
}

/* One that is bad, wherever it stands, and none is replayed. */
static void test_one_bad_of_several(void **state)
{
	const char *bad = sim_write_text("bad.vec", HEAD "op vm\n  ret 1\n" TAIL);
	const char *nonsense = sim_write_text("nonsense.vec", HEAD "op vm\nop smi 0\n" TAIL);
	char bad_line[PATH_MAX], nonsense_line[PATH_MAX];

	snprintf(bad_line, sizeof(bad_line), "%s:8: ", bad);
	snprintf(nonsense_line, sizeof(nonsense_line), "%s:8: ", nonsense);
	sim_assert_refused(sim_run("replay", bad, GOOD), bad_line);
	sim_assert_refused(sim_run("replay", GOOD, bad), bad_line);
	sim_assert_refused(sim_run("replay", GOOD, nonsense, GOOD), nonsense_line);
	sim_assert_refused(sim_run("replay", GOOD, "/nonexistent"), "/nonexistent: ");
	sim_assert_refused(sim_run("replay", "-qk", GOOD, bad, "--profile", "v6.1"), bad_line);
	/* The first is told, and no other. */
	sim_assert_refused(sim_run("replay", GOOD, nonsense, bad), nonsense_line);
}

/* ---- replay ---- */

static void test_replay_of_good_files(void **state)
{
	static const char *const names[] = {
		GOOD, REAL("ept4-v6.12/thp"), REAL("npt5-v6.12/basic"), REAL("ept4-noad-v6.1/age"),
	};
	struct sim_outcome outcome = sim_run("replay", names[0]);
	const char *at;

	sim_assert_fine(&outcome);
	sim_assert_starts(outcome.out, "PASS  " GOOD " ");
	sim_assert_last_line(outcome.out, "1 passed, 0 failed");
	sim_outcome_free(&outcome);

	outcome = sim_run("replay", names[0], names[1], names[2], names[3]);
	sim_assert_fine(&outcome);
	sim_assert_last_line(outcome.out, "4 passed, 0 failed");
	/* One line each, in the order given. */
	at = outcome.out;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char want[PATH_MAX];

		snprintf(want, sizeof(want), "PASS  %s ", names[i]);
		sim_assert_starts(at, want);
		at = strchr(at, '\n') + 1;
	}
	sim_outcome_free(&outcome);
}

/* Compressed or not, by whatever name: it is the content that counts. */
static void test_replay_does_not_look_at_names(void **state)
{
	size_t len;
	char *text = sim_recording_text(GOOD, &len);
	const char *plain = sim_write_file("plain.zst", text, len);
	struct sim_outcome outcome = sim_run("replay", "--", plain);

	free(text);
	sim_assert_fine(&outcome);
	sim_assert_last_line(outcome.out, "1 passed, 0 failed");
	sim_outcome_free(&outcome);
}

/*
 * Change the last hex digit of what the @nth 4K SPTE that is set becomes, from 0; the
 * last one if there are not so many.  Return: the number of the line.
 */
static unsigned int change_digit(char *text, unsigned int nth)
{
	static const char digits[] = "0123456789abcdef";
	char *found = NULL, *digit;

	for (char *line = strstr(text, "\n  spte as="); line;
	     line = strstr(line + 1, "\n  spte as=")) {
		size_t len = strcspn(line + 1, "\n");
		char *level = strstr(line, " level=1 "), *new = strstr(line, " new=0x");

		if (!level || level > line + len || !new || new > line + len)
			continue;
		found = line + 1;
		if (!nth--)
			break;
	}
	assert_non_null(found);
	digit = strstr(found, " new=0x") + strlen(" new=0x");
	digit += strspn(digit, digits) - 1;
	*digit = digits[(strchr(digits, *digit) - digits) ^ 1];
	return last_line(text, (size_t)(found - text) + 1);
}

static void assert_reports(const char *out, const char *path, unsigned int line)
{
	char want[PATH_MAX];

	snprintf(want, sizeof(want), "%s:%u: operation ", path, line);
	sim_assert_has(out, want);
	/* The recorded line is quoted, and its number again. */
	snprintf(want, sizeof(want), "   (line %u)\n", line);
	sim_assert_has(out, want);
}

static void test_replay_notices_one_digit(void **state)
{
	size_t len;
	char *text = sim_recording_text(GOOD, &len), fail_line[PATH_MAX];
	unsigned int line = change_digit(text, 0);
	const char *path = sim_write_file("changed.vec", text, len);
	struct sim_outcome outcome = sim_run("replay", path);

	free(text);
	assert_int_equal(outcome.status, 1);
	assert_string_equal(outcome.err, "");
	sim_assert_starts(outcome.out, path);
	assert_reports(outcome.out, path, line);
	sim_assert_has(outcome.out, "\n    expected  spte as=");
	sim_assert_has(outcome.out, "\n    got       spte as=");
	snprintf(fail_line, sizeof(fail_line), "\nFAIL  %s ", path);
	sim_assert_has(outcome.out, fail_line);
	sim_assert_last_line(outcome.out, "0 passed, 1 failed");
	sim_outcome_free(&outcome);
}

static void test_replay_keeps_going(void **state)
{
	static const char *const options[] = { "-k", "--keep-going" };
	size_t len;
	char *text = sim_recording_text(GOOD, &len);
	unsigned int first = change_digit(text, 0), last = change_digit(text, UINT_MAX);
	const char *path = sim_write_file("changed.vec", text, len);
	struct sim_outcome outcome = sim_run("replay", path);

	free(text);
	assert_int_equal(outcome.status, 1);
	assert_reports(outcome.out, path, first);
	assert_int_equal(sim_count(outcome.out, " differs\n"), 1);
	sim_outcome_free(&outcome);

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		outcome = sim_run("replay", options[i], path);
		assert_int_equal(outcome.status, 1);
		assert_string_equal(outcome.err, "");
		assert_reports(outcome.out, path, first);
		assert_reports(outcome.out, path, last);
		assert_int_equal(sim_count(outcome.out, " differs\n"), 2);
		sim_assert_last_line(outcome.out, "0 passed, 1 failed");
		sim_outcome_free(&outcome);
	}
}

static void test_replay_quiet(void **state)
{
	size_t len;
	char *text = sim_recording_text(GOOD, &len);
	struct sim_outcome outcome = sim_run("replay", "--quiet", GOOD, GOOD);
	const char *path;

	/* The totals alone. */
	sim_assert_fine(&outcome);
	assert_int_equal(sim_count(outcome.out, "\n"), 2);
	sim_assert_last_line(outcome.out, "2 passed, 0 failed");
	sim_outcome_free(&outcome);

	change_digit(text, 0);
	path = sim_write_file("changed.vec", text, len);
	free(text);
	outcome = sim_run("replay", "-q", GOOD, path, GOOD);
	assert_int_equal(outcome.status, 1);
	assert_string_equal(outcome.err, "");
	assert_int_equal(sim_count(outcome.out, "PASS"), 0);
	assert_int_equal(sim_count(outcome.out, "FAIL"), 1);
	sim_assert_last_line(outcome.out, "2 passed, 1 failed");
	sim_outcome_free(&outcome);
}

/* A huge page in the way of a 4K one is zapped by v6.1 and split in place by v6.4. */
static void test_replay_on_another_kernel(void **state)
{
	static const char recording[] = REAL("npt4-v6.1/dirty");
	struct sim_outcome outcome = sim_run("replay", "--profile", "v6.1", recording);

	sim_assert_fine(&outcome);
	sim_assert_last_line(outcome.out, "1 passed, 0 failed");
	sim_outcome_free(&outcome);

	outcome = sim_run("replay", recording, "--profile=v6.4");
	assert_int_equal(outcome.status, 1);
	assert_string_equal(outcome.err, "");
	sim_assert_last_line(outcome.out, "0 passed, 1 failed");
	sim_outcome_free(&outcome);
}

static void test_replay_usage(void **state)
{
	static const char command[] = "tdpsim replay: ";

	sim_assert_usage(sim_run("replay"), command, "recording");
	sim_assert_usage(sim_run("replay", "--quiet"), command, "recording");
	sim_assert_usage(sim_run("replay", "--profile", "v9.9", GOOD), command, "\"v9.9\"");
	sim_assert_usage(sim_run("replay", "-p", "", GOOD), command, "\"\"");
	sim_assert_usage(sim_run("replay", GOOD, "--profile"), command, "profile");
	sim_assert_usage(sim_run("replay", "--quite", GOOD), command, "--quite");
	sim_assert_usage(sim_run("replay", "-z", GOOD), command, "'z'");
}

/* ---- show ---- */

#define SHOWN	REAL("ept4-v6.12/thp")

/* The text of operation @n of a recording, from 1, and how many there are. */
static unsigned int find_operation(const char *path, unsigned int n, char *op, size_t size)
{
	unsigned int nr = 0;
	size_t len;
	char *text = sim_recording_text(path, &len);

	for (const char *at = strstr(text, "\nop "); at; at = strstr(at + 1, "\nop ")) {
		if (++nr == n)
			snprintf(op, size, "%.*s", (int)strcspn(at + 4, "\n"), at + 4);
	}
	free(text);
	return nr;
}

static void check_shown(const struct sim_outcome *outcome, unsigned int n)
{
	char op[256] = "", want[PATH_MAX];
	unsigned int nr = find_operation(SHOWN, n, op, sizeof(op));

	sim_assert_fine(outcome);
	snprintf(want, sizeof(want), SHOWN " after operation %u of %u, \"%s\"\n", n, nr, op);
	sim_assert_starts(outcome->out, want);
}

static void test_show_at(void **state)
{
	char op[256], at[32];
	unsigned int nr = find_operation(SHOWN, 1, op, sizeof(op));
	/* The last operation destroys the VM: the default is the one before. */
	const unsigned int all[] = { 1, nr / 2, nr - 1, nr };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct sim_outcome outcome;

		snprintf(at, sizeof(at), "--at=%u", all[i]);
		outcome = sim_run("show", SHOWN, at);
		check_shown(&outcome, all[i]);
		/* Before there is a vCPU there is no root, and none when the VM is gone. */
		assert_int_equal(!!strstr(outcome.out, "\nroot 1: level 4, as 0, ad, valid"),
				 all[i] > 1 && all[i] < nr);
		sim_outcome_free(&outcome);
	}
	snprintf(at, sizeof(at), "%u", nr + 1);
	sim_assert_refused(sim_run("show", "--at", at, SHOWN), SHOWN ": ");
	sim_assert_refused(sim_run("show", "--at", "18446744073709551615", SHOWN), SHOWN ": ");
}

static void test_show_without_options(void **state)
{
	struct sim_outcome outcome = sim_run("show", SHOWN), same;
	unsigned int nr;
	char op[256], at[32];

	nr = find_operation(SHOWN, 1, op, sizeof(op));
	check_shown(&outcome, nr - 1);
	snprintf(at, sizeof(at), "%u", nr - 1);
	same = sim_run("show", "--at", at, SHOWN);
	assert_string_equal(same.out, outcome.out);
	/* A root of 4 levels, down to pages. */
	sim_assert_has(outcome.out, " L4  table, T1");
	sim_assert_has(outcome.out, " L1  4K leaf, pfn 0x");
	sim_outcome_free(&same);
	sim_outcome_free(&outcome);
}

/* Tables that are not those of the recording are shown, but not passed off as right. */
static void test_show_of_another_outcome(void **state)
{
	size_t len;
	char *text = sim_recording_text(SHOWN, &len), start[PATH_MAX];
	const char *path;
	struct sim_outcome outcome;

	change_digit(text, 0);
	path = sim_write_file("changed.vec", text, len);
	free(text);
	outcome = sim_run("show", path);
	assert_int_equal(outcome.status, 1);
	sim_assert_has(outcome.out, "\nroot 1: ");
	sim_assert_one_line(outcome.err);
	snprintf(start, sizeof(start), "%s: ", path);
	sim_assert_starts(outcome.err, start);
	sim_outcome_free(&outcome);
}

/* Both ends of an edge have a line of their own. */
static void check_edge(const char *graph, const char *line)
{
	char from[16], to[16], want[24];

	assert_int_equal(sscanf(line, " %15s -> %15s [label=", from, to), 2);
	snprintf(want, sizeof(want), "\n\t%s [", from);
	sim_assert_has(graph, want);
	snprintf(want, sizeof(want), "\n\t%s [", to);
	sim_assert_has(graph, want);
}

/* One pair of braces outside of strings, whole strings in each line.  Return: the edges. */
static unsigned int check_graph(const char *graph)
{
	unsigned int edges = 0, quotes = 0;
	int depth = 0;

	sim_assert_starts(graph, "digraph ");
	sim_assert_ends(graph, "\n}\n");
	for (const char *at = graph; *at; at++) {
		quotes += *at == '"';
		if (quotes % 2) {
			assert_int_not_equal(*at, '\n');
			continue;
		}
		depth += *at == '{';
		depth -= *at == '}';
		assert_in_range(depth, 0, 1);
		/* It is closed at the end, and not before. */
		assert_true(depth || at < strchr(graph, '{') || strlen(at) <= 2);
	}
	assert_int_equal(depth, 0);
	for (const char *line = graph; *line; line = strchr(line, '\n') + 1) {
		const char *arrow = strstr(line, " -> ");

		if (!arrow || arrow > strchr(line, '\n'))
			continue;
		check_edge(graph, line);
		edges++;
	}
	return edges;
}

static void test_show_dot(void **state)
{
	char op[256], at[32];
	unsigned int nr = find_operation(SHOWN, 1, op, sizeof(op));
	struct sim_outcome outcome = sim_run("show", "--dot", SHOWN);

	sim_assert_fine(&outcome);
	sim_assert_has(outcome.out, "root 1");
	assert_true(check_graph(outcome.out) > 4);
	sim_outcome_free(&outcome);

	/* A graph even where there is nothing to be seen. */
	outcome = sim_run("show", "--dot", "--at", "1", SHOWN);
	sim_assert_fine(&outcome);
	assert_int_equal(check_graph(outcome.out), 0);
	sim_outcome_free(&outcome);
	snprintf(at, sizeof(at), "%u", nr);
	outcome = sim_run("show", "--dot", "--at", at, SHOWN);
	sim_assert_fine(&outcome);
	assert_int_equal(check_graph(outcome.out), 0);
	sim_outcome_free(&outcome);
}

static void test_show_refuses_bad_files(void **state)
{
	static const struct { const char *text; unsigned int line; } cases[] = {
		{ "", 1 },
		{ "tdp-vector 2\n", 1 },
		{ HEAD "op vm\n", 7 },
		{ HEAD "op vm\n  ret 1\n" TAIL, 8 },
		{ HEAD "op vm\nop read 0 0x0\n" TAIL, 8 },
		{ HEAD "param mmio_caching 2\nop vm\n" TAIL, 7 },
	};
	size_t len;
	const char *data = read_bytes(SHOWN, &len), *path;
	char start[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		path = sim_write_text("bad.vec", cases[i].text);
		snprintf(start, sizeof(start), "%s:%u: ", path, cases[i].line);
		sim_assert_refused(sim_run("show", path), start);
		sim_assert_refused(sim_run("show", "--dot", "--at", "1", path), start);
	}
	path = sim_write_file("bad.vec", data, len / 2);
	snprintf(start, sizeof(start), "%s: ", path);
	sim_assert_refused(sim_run("show", path), start);
	sim_assert_refused(sim_run("show", "/nonexistent"), "/nonexistent: ");
	sim_assert_refused(sim_run("show", TEST_DIR), TEST_DIR ": ");
}

static void test_show_usage(void **state)
{
	static const char command[] = "tdpsim show: ";
	static const char *const numbers[] = {
		"0", "", "-1", "+1", " 1", "1x", "0x1", "one", "18446744073709551616",
	};

	sim_assert_usage(sim_run("show"), command, "file");
	sim_assert_usage(sim_run("show", SHOWN, SHOWN), command, "file");
	sim_assert_usage(sim_run("show", "--all", SHOWN), command, "--all");
	sim_assert_usage(sim_run("show", SHOWN, "--at"), command, "at");
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		char quoted[32];

		snprintf(quoted, sizeof(quoted), "\"%s\"", numbers[i]);
		sim_assert_usage(sim_run("show", "--at", numbers[i], SHOWN), command, quoted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_no_verb),
		cmocka_unit_test(test_unknown_verb),
		cmocka_unit_test(test_help_of_verbs),
		cmocka_unit_test(test_bad_texts),
		cmocka_unit_test(test_bad_bytes),
		cmocka_unit_test(test_no_such_file),
		cmocka_unit_test(test_truncated_text),
		cmocka_unit_test(test_truncated_zstd),
		cmocka_unit_test(test_corrupt_zstd),
		cmocka_unit_test(test_operations_that_do_not_fit),
		cmocka_unit_test(test_unknown_kernel),
		cmocka_unit_test(test_unknown_parameter),
		cmocka_unit_test(test_one_bad_of_several),
		cmocka_unit_test(test_replay_of_good_files),
		cmocka_unit_test(test_replay_does_not_look_at_names),
		cmocka_unit_test(test_replay_notices_one_digit),
		cmocka_unit_test(test_replay_keeps_going),
		cmocka_unit_test(test_replay_quiet),
		cmocka_unit_test(test_replay_on_another_kernel),
		cmocka_unit_test(test_replay_usage),
		cmocka_unit_test(test_show_at),
		cmocka_unit_test(test_show_without_options),
		cmocka_unit_test(test_show_of_another_outcome),
		cmocka_unit_test(test_show_dot),
		cmocka_unit_test(test_show_refuses_bad_files),
		cmocka_unit_test(test_show_usage),
	};

	return cmocka_run_group_tests(tests, sim_cli_setup, sim_cli_teardown);
}
