/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>
#include <cmocka.h>

#include "sim/fold.h"
#include "sim/load.h"
#include "sim/recording.h"
#include "tests/bad_recordings.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Of recordings of real kernels; more may be added, none may get lost. */
#define RECORDINGS_MIN	155

/* --- recordings of real kernels ----------------------------------------------------- */

struct printed {
	char *text;
	size_t len;
};

/* The whole recording as text again. */
static struct printed print_recording(const struct sim_recording *rec)
{
	const struct sim_recording_head *head = &rec->head;
	struct printed out = { 0 };
	FILE *file = open_memstream(&out.text, &out.len);
	char line[256];

	assert_non_null(file);
	fprintf(file, "tdp-vector 1\nkernel %s\nvendor %s\nformat %s\nlevels %u\nmaxphyaddr %u\n",
		head->kernel, head->ept ? "intel" : "amd", head->ept ? "ept" : "npt",
		head->levels, head->maxphyaddr);
	for (size_t i = 0; i < head->nr_params; i++)
		fprintf(file, "param %s %s\n", head->params[i].name, head->params[i].value);
	for (size_t i = 0; i < rec->nr_records; i++) {
		const struct sim_record *record = &rec->records[i];

		fprintf(file, "op %s\n", record->op.text);
		for (size_t j = record->first; j < record->first + record->nr; j++) {
			sim_event_print(&rec->events[j], line, sizeof(line));
			fprintf(file, "  %s\n", line);
		}
	}
	assert_int_equal(fclose(file), 0);
	return out;
}

/* Names the first line that differs. */
static void assert_same_text(const char *name, const char *want, size_t want_len,
			     const struct printed *got)
{
	unsigned int line = 1;

	if (got->len == want_len && memcmp(got->text, want, want_len) == 0)
		return;
	for (size_t i = 0; i < got->len && i < want_len && got->text[i] == want[i]; i++)
		line += want[i] == '\n';
	fail_msg("%s:%u: printed differently", name, line);
}

/* Operations keep their meaning in canonical spelling. */
static void check_ops(const struct sim_recording *rec)
{
	for (size_t i = 0; i < rec->nr_records; i++) {
		const struct sim_op *op = &rec->records[i].op;
		struct sim_op again = { .line = op->line };
		char text[SIM_OP_TEXT_SIZE], err[256];

		sim_op_print(op, text, sizeof(text));
		assert_true(sim_op_parse(text, &again, err, sizeof(err)));
		memcpy(again.text, op->text, sizeof(again.text));
		assert_memory_equal(&again, op, sizeof(*op));
	}
}

/* Recordings are folded as far as possible: no two neighbours fold any more. */
static void check_folding(const struct sim_recording *rec)
{
	for (size_t i = 0; i < rec->nr_records; i++) {
		const struct sim_record *record = &rec->records[i];

		for (size_t j = 1; j < record->nr; j++) {
			struct sim_event prev = rec->events[record->first + j - 1];
			const struct sim_event *next = &rec->events[record->first + j];

			if (sim_fold_spte(&prev, next))
				fail_msg("%s:%u: folds with the line before", rec->name,
					 next->line);
		}
	}
}

/* Each event's own line number leads to its text. */
static void check_lines(const struct sim_recording *rec, const char *text, size_t len)
{
	const struct sim_event *event = rec->events, *end = event + rec->nr_events;
	unsigned int line = 1;

	for (const char *pos = text; pos < text + len; line++) {
		const char *newline = memchr(pos, '\n', (size_t)(text + len - pos));

		if (event < end && event->line == line) {
			assert_int_equal(pos[0], ' ');
			event++;
		} else {
			assert_int_not_equal(pos[0], ' ');
		}
		pos = newline + 1;
	}
	assert_ptr_equal(event, end);
}

static void test_real_recordings(void **state)
{
	glob_t found;

	assert_int_equal(glob(TEST_DIR "/recordings/*/*.vec.zst", 0, NULL, &found), 0);
	assert_in_range(found.gl_pathc, RECORDINGS_MIN, SIZE_MAX);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i];
		struct sim_recording *rec;
		struct printed printed;
		char err[512] = "";
		size_t len = 0;
		char *text = sim_load(path, &len, err, sizeof(err));

		if (!text)
			fail_msg("%s", err);
		rec = sim_recording_parse(path, text, len, err, sizeof(err));
		if (!rec)
			fail_msg("%s", err);
		assert_string_equal(rec->name, path);
		printed = print_recording(rec);
		assert_same_text(path, text, len, &printed);
		check_lines(rec, text, len);
		check_ops(rec);
		check_folding(rec);
		free(printed.text);
		sim_recording_free(rec);
		free(text);
	}
	globfree(&found);
}

/* --- texts made here ---------------------------------------------------------------- */

/* A copy that ends where the text does, so that a byte read too far is noticed. */
static struct sim_recording *parse(const char *text, size_t len, char *err, size_t err_size)
{
	char *copy = malloc(len ? len : 1);
	struct sim_recording *rec;

	assert_non_null(copy);
	memcpy(copy, text, len);
	rec = sim_recording_parse(BAD_NAME, copy, len, err, err_size);
	free(copy);
	return rec;
}

static const char sample[] =
	HEAD "param npt Y\nparam mmio_caching N\n"
	"op vm\n"
	"  ret 0\n"
	"op memory  a 0x400000 thp\n"
	"op slot 0 1g 4m a 0 log\n"
	"  host map 0x20000000000 size=2m\n"
	"  ret 0\n"
	"op write 0 0x40000000\n"
	"  exit mmio write gpa 0x40000000 len 8\n"
	"  host page gfn=0x40000 none\n"
	"  flush_remote_tlbs\n"
	"  stat vm pages_4k +1\n"
	"  stat vcpu0 pf_fixed +1\n"
	"  host unmap 0x1000 0x2000\n"
	"  stat vcpu1 pf_taken +1\n"
	"op dirty-get 0\n"
	"  ret 0\n"
	"  dirty 9-9\n"
	"  dirty 0-3\n"
	"op destroy\n";

static void test_sample(void **state)
{
	char err[512] = "";
	struct sim_recording *rec = parse(sample, strlen(sample), err, sizeof(err));
	const struct sim_record *write;

	assert_string_equal(err, "");
	assert_non_null(rec);
	assert_string_equal(rec->name, "bad");
	assert_string_equal(rec->head.kernel, "6.1.0");
	assert_false(rec->head.ept);
	assert_int_equal(rec->head.levels, 4);
	assert_int_equal(rec->head.maxphyaddr, 40);
	assert_int_equal(rec->head.nr_params, 2);
	assert_string_equal(rec->head.params[1].name, "mmio_caching");
	assert_string_equal(rec->head.params[1].value, "N");
	assert_int_equal(rec->head.params[1].line, 8);
	assert_int_equal(rec->nr_records, 6);
	assert_int_equal(rec->nr_events, 13);
	assert_string_equal(rec->records[1].op.text, "memory  a 0x400000 thp");
	assert_int_equal(rec->records[1].nr, 0);
	write = &rec->records[3];
	assert_int_equal(write->op.type, SIM_OP_WRITE);
	assert_int_equal(write->op.line, 15);
	assert_int_equal(write->first, 3);
	assert_int_equal(write->nr, 7);
	assert_int_equal(rec->events[3].line, 16);
	assert_int_equal(rec->events[3].type, SIM_EV_EXIT_MMIO);
	assert_int_equal(rec->events[9].stat.owner, 1);
	sim_recording_free(rec);
}

/* The keys of the head may come in any order, and a head needs no parameters. */
static void test_order_of_the_head(void **state)
{
	static const char text[] = MAGIC "maxphyaddr 52\nformat ept\nparam pml Y\nlevels 5\n"
		"vendor intel\nkernel x\nop vm\nop destroy\n";
	char err[512] = "";
	struct sim_recording *rec = parse(text, strlen(text), err, sizeof(err));

	assert_string_equal(err, "");
	assert_non_null(rec);
	assert_true(rec->head.ept);
	assert_int_equal(rec->head.levels, 5);
	assert_int_equal(rec->head.maxphyaddr, 52);
	sim_recording_free(rec);
}

/* --- bad recordings ----------------------------------------------------------------- */

static void check_bad(const struct sim_bad_recording *bad, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		char err[512] = "";
		struct sim_recording *rec = parse(bad[i].text, strlen(bad[i].text),
						  err, sizeof(err));

		if (rec)
			fail_msg("accepted, expected: %s", bad[i].err);
		assert_string_equal(err, bad[i].err);
	}
}

static void test_bad_heads(void **state)
{
	check_bad(bad_heads, ARRAY_SIZE(bad_heads));
}

static void test_bad_parameters(void **state)
{
	check_bad(bad_parameters, ARRAY_SIZE(bad_parameters));
}

static void test_too_many_parameters(void **state)
{
	char text[2048], err[512];
	int n = snprintf(text, sizeof(text), HEAD);

	for (int i = 0; i < 33; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "param p%d 1\n", i);
	assert_null(parse(text, (size_t)n, err, sizeof(err)));
	assert_string_equal(err, "bad:39: param: expected at most 32 parameters, found more");
}

static void test_bad_lines(void **state)
{
	check_bad(bad_lines, ARRAY_SIZE(bad_lines));
}

static void test_nul_bytes(void **state)
{
	static const char text[] = HEAD "op vm\n  ret 0\0\n" TAIL;
	char err[512];

	assert_null(parse(text, sizeof(text) - 1, err, sizeof(err)));
	assert_string_equal(err, "bad:8: expected printable ASCII, found byte 0x00 in column 8");
}

static void test_bad_operations(void **state)
{
	check_bad(bad_operations, ARRAY_SIZE(bad_operations));
}

static void test_bad_host_lines(void **state)
{
	check_bad(bad_host_lines, ARRAY_SIZE(bad_host_lines));
}

static void test_bad_events(void **state)
{
	check_bad(bad_events, ARRAY_SIZE(bad_events));
}

static void test_bad_results(void **state)
{
	check_bad(bad_results, ARRAY_SIZE(bad_results));
}

static void test_bad_statistics(void **state)
{
	check_bad(bad_statistics, ARRAY_SIZE(bad_statistics));
}

/* --- files -------------------------------------------------------------------------- */

/* A temporary file with these bytes; @path is filled. */
static void write_file(char *path, const void *data, size_t len)
{
	int fd;

	strcpy(path, "/tmp/tdpsim-recording-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	assert_int_equal(close(fd), 0);
}

/* Reads a file of these bytes; the message without the path goes to @err. */
static struct sim_recording *read_bytes(const void *data, size_t len, char *err, size_t err_size)
{
	char path[64], full[512] = "";
	struct sim_recording *rec;

	write_file(path, data, len);
	rec = sim_recording_read(path, full, sizeof(full));
	unlink(path);
	err[0] = '\0';
	if (!rec) {
		assert_memory_equal(full, path, strlen(path));
		snprintf(err, err_size, "%s", full + strlen(path));
	}
	return rec;
}

static size_t compress(const char *text, size_t len, char *packed, size_t size)
{
	size_t n = ZSTD_compress(packed, size, text, len, 1);

	assert_false(ZSTD_isError(n));
	return n;
}

/* Plain, packed, and packed in two frames are the same recording. */
static void test_files(void **state)
{
	size_t len = strlen(sample), half = len / 2, n;
	struct sim_recording *rec;
	char packed[4096], err[512];

	rec = read_bytes(sample, len, err, sizeof(err));
	assert_non_null(rec);
	assert_int_equal(rec->nr_events, 13);
	sim_recording_free(rec);

	n = compress(sample, len, packed, sizeof(packed));
	rec = read_bytes(packed, n, err, sizeof(err));
	assert_non_null(rec);
	assert_int_equal(rec->nr_events, 13);
	sim_recording_free(rec);

	n = compress(sample, half, packed, sizeof(packed));
	n += compress(sample + half, len - half, packed + n, sizeof(packed) - n);
	rec = read_bytes(packed, n, err, sizeof(err));
	assert_non_null(rec);
	assert_int_equal(rec->nr_events, 13);
	sim_recording_free(rec);
}

static void test_bad_files(void **state)
{
	/* A frame header that promises 1 GiB and a byte. */
	static const unsigned char huge[] = {
		0x28, 0xb5, 0x2f, 0xfd, 0xc0, 0x50, 0x01, 0x00, 0x00, 0x40, 0, 0, 0, 0,
	};
	static const char text[] = HEAD "op vm\n  ret 7\n" TAIL;
	char packed[4096], err[512];
	size_t n;

	assert_null(sim_recording_read("/nonexistent/x.vec", err, sizeof(err)));
	assert_string_equal(err, "/nonexistent/x.vec: No such file or directory");
	assert_null(sim_recording_read("/", err, sizeof(err)));
	assert_string_equal(err, "/: Is a directory");

	assert_null(read_bytes("", 0, err, sizeof(err)));
	assert_string_equal(err, ":1: expected \"tdp-vector 1\", found the end of the file");
	assert_null(read_bytes(huge, sizeof(huge), err, sizeof(err)));
	assert_string_equal(err, ": more than 1 GiB");

	n = compress(text, strlen(text), packed, sizeof(packed));
	assert_null(read_bytes(packed, n, err, sizeof(err)));
	assert_string_equal(err, ":8: ret: expected <0, or -1 to -4095>, found \"7\"");
	assert_null(read_bytes(packed, n - 1, err, sizeof(err)));
	assert_string_equal(err, ": the compressed data end in the middle");
	assert_null(read_bytes(packed, 5, err, sizeof(err)));
	assert_string_equal(err, ": the compressed data end in the middle");
	packed[n] = 'x';
	memset(packed + n, 'x', 16);
	assert_null(read_bytes(packed, n + 16, err, sizeof(err)));
	assert_string_equal(err, ": Unknown frame descriptor");
	/* A block of the type that no frame may have. */
	packed[6] |= 0x06;
	assert_null(read_bytes(packed, n, err, sizeof(err)));
	assert_memory_equal(err, ": ", 2);
}

/* --- any bytes ---------------------------------------------------------------------- */

/* All that is missing at the end is missed. */
static void test_every_truncation(void **state)
{
	char err[512];

	for (size_t len = 0; len < strlen(sample); len++) {
		struct sim_recording *rec = parse(sample, len, err, sizeof(err));

		if (rec)
			fail_msg("accepted with %zu bytes", len);
		assert_memory_equal(err, "bad:", 4);
	}
}

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Damaged text is refused, or is another recording that prints as it was read. */
static void test_damage(void **state)
{
	static const char bytes[] = "0123456789abcdefxTr|=,-+ \n\r\t\377vpog";
	uint32_t seed = 20240229;
	size_t len = strlen(sample);
	unsigned int refused = 0;

	for (unsigned int round = 0; round < 5000; round++) {
		char text[sizeof(sample)], err[64] = "";
		struct sim_recording *rec;
		struct printed printed;

		memcpy(text, sample, sizeof(sample));
		for (unsigned int i = 0; i <= round % 3; i++)
			text[next_random(&seed) % len] =
				bytes[next_random(&seed) % (sizeof(bytes) - 1)];
		rec = parse(text, len, err, sizeof(err));
		if (!rec) {
			refused++;
			assert_memory_equal(err, "bad:", 4);
			continue;
		}
		printed = print_recording(rec);
		assert_same_text("damaged", text, len, &printed);
		free(printed.text);
		sim_recording_free(rec);
	}
	assert_in_range(refused, 1, 4999);
}

static void test_free_of_nothing(void **state)
{
	sim_recording_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_recordings),
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_order_of_the_head),
		cmocka_unit_test(test_bad_heads),
		cmocka_unit_test(test_bad_parameters),
		cmocka_unit_test(test_too_many_parameters),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_nul_bytes),
		cmocka_unit_test(test_bad_operations),
		cmocka_unit_test(test_bad_host_lines),
		cmocka_unit_test(test_bad_events),
		cmocka_unit_test(test_bad_results),
		cmocka_unit_test(test_bad_statistics),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_free_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
