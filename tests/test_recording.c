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

#define MAGIC	"tdp-vector 1\n"
#define KEYS	"kernel 6.1.0\nvendor amd\nformat npt\nlevels 4\nmaxphyaddr 40\n"
#define HEAD	MAGIC KEYS
#define TAIL	"op destroy\n"
/* The event under test is in line 8 of these, and the operation in line 8 of the next. */
#define EVENT(line)	HEAD "op vm\n" line "\n" TAIL
#define OP(line)	HEAD "op vm\n" line "\n" TAIL
#define X16(s)		s s s s s s s s s s s s s s s s
#define X64(s)		X16(s) X16(s) X16(s) X16(s)

/* A copy that ends where the text does, so that a byte read too far is noticed. */
static struct sim_recording *parse(const char *text, size_t len, char *err, size_t err_size)
{
	char *copy = malloc(len ? len : 1);
	struct sim_recording *rec;

	assert_non_null(copy);
	memcpy(copy, text, len);
	rec = sim_recording_parse("bad", copy, len, err, err_size);
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

struct bad {
	const char *text;
	const char *err;
};

static void check_bad(const struct bad *bad, size_t nr)
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
	static const struct bad bad[] = {
		{ "", "bad:1: expected \"tdp-vector 1\", found the end of the file" },
		{ "tdp-vector 2\n" KEYS, "bad:1: expected \"tdp-vector 1\", found \"tdp-vector 2\"" },
		{ KEYS, "bad:1: expected \"tdp-vector 1\", found \"kernel 6.1.0\"" },
		{ "tdp-vector 1", "bad:1: expected a newline, found the end of the file" },
		{ MAGIC, "bad:1: expected \"op vm\" after the head, found the end of the file" },
		{ HEAD, "bad:6: expected \"op vm\" after the head, found the end of the file" },
		{ MAGIC MAGIC, "bad:2: expected a line of the head or the first operation, "
			       "found \"tdp-vector\"" },
		{ HEAD "cpu amd\n", "bad:7: expected a line of the head or the first operation, "
				    "found \"cpu\"" },
		{ MAGIC "levels  4\n", "bad:2: expected one space between words, found more" },
		{ HEAD "levels 4\n", "bad:7: levels: expected once, found again after line 5" },
		{ MAGIC "kernel\n", "bad:2: kernel: expected a version of 1 to 63 characters, "
				    "found the end of the line" },
		{ MAGIC "kernel " X64("6") "\n", "bad:2: kernel: expected a version of 1 to 63 "
		  "characters, found \"666666666666666666666666666666666666666666...\"" },
		{ MAGIC "vendor via\n", "bad:2: vendor: expected amd or intel, found \"via\"" },
		{ MAGIC "format shadow\n", "bad:2: format: expected npt or ept, found \"shadow\"" },
		{ MAGIC "levels 3\n", "bad:2: levels: expected 4 or 5, found \"3\"" },
		{ MAGIC "levels 4 5\n", "bad:2: levels: expected the end of the line, found \"5\"" },
		{ MAGIC "maxphyaddr 31\n", "bad:2: maxphyaddr: expected 32 to 52, found \"31\"" },
		{ MAGIC "maxphyaddr 53\n", "bad:2: maxphyaddr: expected 32 to 52, found \"53\"" },
		{ MAGIC "maxphyaddr 0x28\n", "bad:2: maxphyaddr: expected 32 to 52, found \"0x28\"" },
		{ MAGIC "maxphyaddr 18446744073709551656\n",
		  "bad:2: maxphyaddr: expected 32 to 52, found \"18446744073709551656\"" },
		{ MAGIC "vendor amd\nop vm\n",
		  "bad:3: expected a line \"kernel\" in the head, found none before "
		  "the first operation" },
		{ MAGIC "kernel 6\nvendor amd\nformat npt\nlevels 4\nop vm\n" TAIL,
		  "bad:6: expected a line \"maxphyaddr\" in the head, found none before "
		  "the first operation" },
		{ MAGIC "kernel 6\nvendor amd\nformat ept\nlevels 4\nmaxphyaddr 40\nop vm\n" TAIL,
		  "bad:4: expected format npt with vendor amd, found ept" },
		{ MAGIC "format npt\nkernel 6\nvendor intel\nlevels 4\nmaxphyaddr 40\nop vm\n" TAIL,
		  "bad:4: expected format ept with vendor intel, found npt" },
	};

	check_bad(bad, ARRAY_SIZE(bad));
}

static void test_bad_parameters(void **state)
{
	static const struct bad bad[] = {
		{ HEAD "param\n",
		  "bad:7: param: expected a name of 1 to 47 characters, found the end of the line" },
		{ HEAD "param tdp_mmu\n",
		  "bad:7: param: expected a value of 1 to 15 characters, found the end of the line" },
		{ HEAD "param tdp_mmu YYYYYYYYYYYYYYYY\n",
		  "bad:7: param: expected a value of 1 to 15 characters, "
		  "found \"YYYYYYYYYYYYYYYY\"" },
		{ HEAD "param tdp_mmu Y N\n",
		  "bad:7: param: expected the end of the line, found \"N\"" },
		{ HEAD "param tdp_mmu Y\nparam npt Y\nparam tdp_mmu N\n",
		  "bad:9: param: expected each name once, found tdp_mmu again after line 7" },
		{ HEAD "param eptad Y\nop vm\n" TAIL,
		  "bad:7: param: expected parameters of format npt, found eptad" },
		{ MAGIC "kernel 6\nvendor intel\nformat ept\nlevels 4\nmaxphyaddr 40\n"
		  "param npt Y\nop vm\n" TAIL,
		  "bad:7: param: expected parameters of format ept, found npt" },
	};

	check_bad(bad, ARRAY_SIZE(bad));
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
	static const struct bad bad[] = {
		{ HEAD "op vm\n\n" TAIL, "bad:8: expected no empty line" },
		{ HEAD "\nop vm\n" TAIL, "bad:7: expected no empty line" },
		{ HEAD "op vm\n# vm\n" TAIL,
		  "bad:8: expected \"op\" or an indented line, found \"#\"" },
		{ HEAD "op vm\nparam nx_huge_pages N\n" TAIL,
		  "bad:8: expected \"op\" or an indented line, found \"param\"" },
		{ HEAD "op vm\nret 0\n" TAIL,
		  "bad:8: expected \"op\" or an indented line, found \"ret\"" },
		{ HEAD "op vm\nop: fork\n" TAIL,
		  "bad:8: expected \"op\" or an indented line, found \"op:\"" },
		{ HEAD "op vm\r\n" TAIL, "bad:7: expected lines that end in a newline alone, "
					 "found a carriage return in column 6" },
		{ EVENT("\tret 0"), "bad:8: expected spaces, found a tab in column 1" },
		{ EVENT("  ret\t0"), "bad:8: expected spaces, found a tab in column 6" },
		{ EVENT("  ret 0 "), "bad:8: expected no blanks at the end of the line" },
		{ EVENT("  "), "bad:8: expected no blanks at the end of the line" },
		{ HEAD "op vm \n" TAIL, "bad:7: expected no blanks at the end of the line" },
		{ EVENT(" ret 0"), "bad:8: expected an indentation of 2 spaces, found 1" },
		{ EVENT("    ret 0"), "bad:8: expected an indentation of 2 spaces, found 4" },
		{ HEAD "  ret 0\nop vm\n" TAIL,
		  "bad:7: expected a line of the head or the first operation, "
		  "found an indented line" },
		{ EVENT("  ret \xc2\xa0" "0"),
		  "bad:8: expected printable ASCII, found byte 0xc2 in column 7" },
		{ EVENT("  ret \x7f"), "bad:8: expected printable ASCII, found byte 0x7f in column 7" },
		{ HEAD "op vm\nop destroy", "bad:8: expected a newline, found the end of the file" },
		{ EVENT(X64("0123456789abcdef") "0"),
		  "bad:8: expected at most 1024 bytes in a line, found 1025" },
		{ EVENT(X64("0123456789abcdef")), "bad:8: expected \"op\" or an indented line, "
		  "found \"0123456789abcdef0123456789abcdef0123456789...\"" },
	};

	check_bad(bad, ARRAY_SIZE(bad));
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
	static const struct bad bad[] = {
		{ HEAD "op fork\n" TAIL,
		  "bad:7: expected operation \"vm\" first and only there, found \"fork\"" },
		{ OP("op vm"), "bad:8: expected operation \"vm\" first and only there, found \"vm\"" },
		{ HEAD "op\n" TAIL, "bad:7: expected an operation, found the end of the line" },
		{ OP("op jump 0 0x0"), "bad:8: expected an operation, found \"jump\"" },
		{ OP("op read 0"),
		  "bad:8: read: expected GPA (a number below 2^52), found the end of the line" },
		{ OP("op slot 0 1g 0 a 0"),
		  "bad:8: slot: expected SIZE (a number, not 0), found \"0\"" },
		{ OP("op memory a 99999999999999999999 thp"),
		  "bad:8: memory: expected SIZE (a multiple of 4k, 4k to 64g), "
		  "found \"99999999999999999999\"" },
		{ HEAD "op vm\n", "bad:7: expected \"destroy\" as the last operation, found \"vm\"" },
		{ HEAD "op vm\n  ret 0\nop fork\n  flush_remote_tlbs\n",
		  "bad:10: expected \"destroy\" as the last operation, found \"fork\"" },
		{ HEAD "op vm\nop destroy\nop destroy\n",
		  "bad:9: expected nothing after operation \"destroy\", found another one" },
	};

	check_bad(bad, ARRAY_SIZE(bad));
}

static void test_bad_host_lines(void **state)
{
	static const struct bad bad[] = {
		{ EVENT("  host page gfn=0x10000000000 pfn=0x1 size=4k writable=1"),
		  "bad:8: host page: expected gfn=<hex number below 2^40>, "
		  "found \"gfn=0x10000000000\"" },
		{ EVENT("  host page gfn=0x1 pfn=0x1 size=8k writable=1"),
		  "bad:8: host page: expected size=<4k, 2m or 1g>, found \"size=8k\"" },
		{ EVENT("  host page gfn=0x1 pfn=0x1 size=4k writable=2"),
		  "bad:8: host page: expected writable=<0 or 1>, found \"writable=2\"" },
		{ EVENT("  host page gfn=0x1 size=4k pfn=0x1 writable=1"),
		  "bad:8: host page: expected pfn=<hex number below 2^40>, found \"size=4k\"" },
		{ EVENT("  host unmap 0x2000 0x2000"),
		  "bad:8: host unmap: the range must end after its start, "
		  "found \"host unmap 0x2000 0x2000\"" },
		{ EVENT("  host age 0x2000"),
		  "bad:8: host age: expected <hex number>, found the end of the line" },
		{ EVENT("  host test_age 0x2000 0x3000"),
		  "bad:8: host test_age: expected the end of the line, found \"0x3000\"" },
		{ EVENT("  host set_pte 4096"),
		  "bad:8: host set_pte: expected <hex number>, found \"4096\"" },
		{ EVENT("  host map 0x200000 size=4k"),
		  "bad:8: host map: expected size=<2m or 1g>, found \"size=4k\"" },
		{ EVENT("  host swap 0x200000"),
		  "bad:8: expected an event, a result or a host line, found \"host swap\"" },
	};

	check_bad(bad, ARRAY_SIZE(bad));
}

static void test_bad_events(void **state)
{
	static const struct bad bad[] = {
		{ EVENT("  spt as=0"),
		  "bad:8: expected an event, a result or a host line, found \"spt\"" },
		{ EVENT("  spte as=2 gfn=0x0 level=1 old=0x0 new=0x0"),
		  "bad:8: spte: expected as=<0 or 1>, found \"as=2\"" },
		{ EVENT("  spte gfn=0x0 level=1 old=0x0 new=0x0"),
		  "bad:8: spte: expected as=<0 or 1>, found \"gfn=0x0\"" },
		{ EVENT("  spte as=0 as=0 gfn=0x0 level=1 old=0x0 new=0x0"),
		  "bad:8: spte: expected gfn=<hex number below 2^40>, found \"as=0\"" },
		{ EVENT("  spte as=0 gfn=0x0 level=6 old=0x0 new=0x0"),
		  "bad:8: spte: expected level=<1 to 5>, found \"level=6\"" },
		{ EVENT("  spte as=0 gfn=0x0 level=5 old=0x0 new=0x0"),
		  "bad:8: spte: expected a level up to 4, which the head gives, found 5" },
		{ EVENT("  spte as=0 gfn=0x0 level=1 old=0x0"),
		  "bad:8: spte: expected new=<hex number, or Tn|hex without frame bits>, "
		  "found the end of the line" },
		{ EVENT("  spte as=0 gfn=0x0 level=1 old=0x0 new=T0|0x827"),
		  "bad:8: spte: expected new=<hex number, or Tn|hex without frame bits>, "
		  "found \"new=T0|0x827\"" },
		{ EVENT("  spte as=0 gfn=0x0 level=1 old=0x0 new=T1|0x1827"),
		  "bad:8: spte: expected new=<hex number, or Tn|hex without frame bits>, "
		  "found \"new=T1|0x1827\"" },
		{ EVENT("  spte as=0 gfn=0x0 level=1 old=0x0 new=0x12345678901234567"),
		  "bad:8: spte: expected new=<hex number, or Tn|hex without frame bits>, "
		  "found \"new=0x12345678901234567\"" },
		{ EVENT("  spte as=0 gfn=0x0 level=1 old=0x0 new=0x5a0 run=1"),
		  "bad:8: spte: expected run=<2 to 134217728>, found \"run=1\"" },
		{ EVENT("  spte as=0 gfn=0x0 level=1 old=0x0 new=0x5a0 run=134217729"),
		  "bad:8: spte: expected run=<2 to 134217728>, found \"run=134217729\"" },
		{ EVENT("  spte as=0 gfn=0x0 level=1 old=0x0 new=0x5a0 run=2 run=2"),
		  "bad:8: spte: expected the end of the line, found \"run=2\"" },
		{ EVENT("  spte as=0 gfn=0xffffffffff level=1 old=0x0 new=0x5a0 run=2"),
		  "bad:8: spte: the run goes beyond gfn 2^40, "
		  "found \"spte as=0 gfn=0xffffffffff level=1 old=0x0...\"" },
		{ EVENT("  spte as=0 gfn=0x0 level=2 old=0x0 new=T1|0x7 run=2"),
		  "bad:8: spte: entries that point to page tables do not fold (run= with Tn), "
		  "found \"spte as=0 gfn=0x0 level=2 old=0x0 new=T1|0...\"" },
		{ EVENT("  set_spte gfn=0x0 level=1 spte=0x7 access=rwux"),
		  "bad:8: set_spte: expected access=<letters of rwxu, or - in their place>, "
		  "found \"access=rwux\"" },
		{ EVENT("  page_fault vcpu=1024 gpa=0x0 error=0x0"),
		  "bad:8: page_fault: expected vcpu=<0 to 1023>, found \"vcpu=1024\"" },
		{ EVENT("  page_fault vcpu=0 gpa=0x10000000000000 error=0x0"),
		  "bad:8: page_fault: expected gpa=<hex number below 2^52>, "
		  "found \"gpa=0x10000000000000\"" },
		{ EVENT("  page_fault vcpu=0 gpa=0x0 error=4"),
		  "bad:8: page_fault: expected error=<hex number>, found \"error=4\"" },
		{ EVENT("  spte_requested gfn=0x0 pfn=nine level=1"),
		  "bad:8: spte_requested: expected pfn=<hex number below 2^40, or none>, "
		  "found \"pfn=nine\"" },
		{ EVENT("  get_page gfn=0x0 level=1 role=direct,xuw,nxe,ad"),
		  "bad:8: get_page: expected role=<direct,access as wux,[invalid,]nxe or !nxe,"
		  "ad or !ad>, found \"role=direct,xuw,nxe,ad\"" },
		{ EVENT("  prepare_zap_page gfn=0x0 level=1 role=wux,nxe,ad"),
		  "bad:8: prepare_zap_page: expected role=<direct,access as wux,[invalid,]nxe or "
		  "!nxe,ad or !ad>, found \"role=wux,nxe,ad\"" },
		{ EVENT("  fast_page_fault vcpu=0 gpa=0x0 old=0x0 new=0x0 spurious=0"),
		  "bad:8: fast_page_fault: expected fixed=<0 or 1>, found the end of the line" },
		{ EVENT("  mark_mmio_spte gfn=0x0 access=8 gen=0x0"),
		  "bad:8: mark_mmio_spte: expected access=<0 to 7>, found \"access=8\"" },
		{ EVENT("  check_mmio_spte spte=T1|0x7 kvm_gen=0x0 spte_gen=0x0 valid=1"),
		  "bad:8: check_mmio_spte: expected spte=<hex number>, found \"spte=T1|0x7\"" },
		{ EVENT("  split_huge_page gfn=0x0 spte=0x7 level=2 errno=-12"),
		  "bad:8: split_huge_page: expected errno=<0 to 4095>, found \"errno=-12\"" },
		{ EVENT("  zap_root level=5 shared=1"),
		  "bad:8: zap_root: expected a level up to 4, which the head gives, found 5" },
		{ EVENT("  zap_all_fast 1"),
		  "bad:8: zap_all_fast: expected the end of the line, found \"1\"" },
	};

	check_bad(bad, ARRAY_SIZE(bad));
}

static void test_bad_results(void **state)
{
	static const struct bad bad[] = {
		{ EVENT("  ret 1"), "bad:8: ret: expected <0, or -1 to -4095>, found \"1\"" },
		{ EVENT("  ret 0\n  ret 0"),
		  "bad:9: expected \"ret\" once in an operation, found it again" },
		{ EVENT("  exit mmio fetch gpa 0x0 len 8"),
		  "bad:8: exit mmio: expected <read or write>, found \"fetch\"" },
		{ EVENT("  exit mmio read gpa=0x0 len 8"),
		  "bad:8: exit mmio: expected gpa <hex number below 2^52>, found \"gpa=0x0\"" },
		{ EVENT("  exit mmio read gpa 0x0 len 9"),
		  "bad:8: exit mmio: expected len <1 to 8>, found \"len 9\"" },
		{ EVENT("  exit error 0"), "bad:8: exit error: expected <1 to 4095>, found \"0\"" },
		{ EVENT("  exit hlt"),
		  "bad:8: expected an event, a result or a host line, found \"exit hlt\"" },
		{ EVENT("  exit smm"),
		  "bad:8: expected \"exit smm\" in operation \"smi\", found it in \"vm\"" },
		{ EVENT("  dirty 0-0"),
		  "bad:8: expected \"dirty\" in operation \"dirty-get\", found it in \"vm\"" },
		{ HEAD "op vm\nop dirty-get 0\n  dirty 5-4\n" TAIL,
		  "bad:9: dirty: the last page must not come before the first, "
		  "found \"dirty 5-4\"" },
		{ HEAD "op vm\nop dirty-get 0\n  dirty 5\n" TAIL,
		  "bad:9: dirty: expected -<number>, found the end of the line" },
		{ EVENT("  flush_remote_tlbs\n  ret 0"),
		  "bad:9: expected results, then events, then statistics, "
		  "found \"ret\" after events" },
	};

	check_bad(bad, ARRAY_SIZE(bad));
}

static void test_bad_statistics(void **state)
{
	static const struct bad bad[] = {
		{ EVENT("  stat vm pf_taken +1"),
		  "bad:8: stat: this is a statistic of a vCPU, not of the vm, "
		  "found \"stat vm pf_taken +1\"" },
		{ EVENT("  stat vcpu0 pages_4k +1"),
		  "bad:8: stat: this is a statistic of the vm, not of a vCPU, "
		  "found \"stat vcpu0 pages_4k +1\"" },
		{ EVENT("  stat vm pages_512g +1"),
		  "bad:8: stat: expected <name of a statistic>, found \"pages_512g\"" },
		{ EVENT("  stat cpu0 pf_taken +1"),
		  "bad:8: stat: expected <vm, or vcpu0 to vcpu1023>, found \"cpu0\"" },
		{ EVENT("  stat vm pages_4k 1"),
		  "bad:8: stat: expected <+N or -N, not zero>, found \"1\"" },
		{ EVENT("  stat vm pages_4k +0"),
		  "bad:8: stat: expected <+N or -N, not zero>, found \"+0\"" },
		{ EVENT("  stat vm pages_4k +1\n  stat vm pages_4k +1"),
		  "bad:9: expected statistics in their order and each once, "
		  "found \"pages_4k\" after \"pages_4k\"" },
		{ EVENT("  stat vcpu0 pf_taken +1\n  stat vm pages_4k +1"),
		  "bad:9: expected statistics in their order and each once, "
		  "found \"pages_4k\" after \"pf_taken\"" },
		{ EVENT("  stat vcpu1 pf_taken +1\n  stat vcpu0 pf_fixed +1"),
		  "bad:9: expected statistics in their order and each once, "
		  "found \"pf_fixed\" after \"pf_taken\"" },
		{ EVENT("  stat vm pages_4k +1\n  flush_remote_tlbs"),
		  "bad:9: expected results, then events, then statistics, "
		  "found \"flush_remote_tlbs\" after statistics" },
	};

	check_bad(bad, ARRAY_SIZE(bad));
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
