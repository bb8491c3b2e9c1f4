/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * Schedules as lists of decisions and as files: what was recorded is replayed to the same
 * hash, what was written is read, and what is wrong in a file is told with its line.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "sim/fuzz/random.h"
#include "sim/fuzz/schedule.h"
#include "tests/det_fixture.h"

static char path[64];

static int schedule_setup(void **state)
{
	int fd;

	strcpy(path, "/tmp/test_schedule-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	close(fd);
	return sim_init();
}

static int schedule_teardown(void **state)
{
	unlink(path);
	return det_teardown(state);
}

/* ---- Recording and replaying ---- */

static struct sim_recording_strategy recording;

static void begin_file(struct sim_schedule_file *f, const struct sim_stock *stock,
		       const char *profile, const char *format)
{
	char err[256];

	memset(f, 0, sizeof(*f));
	f->machine = sim_lab_machine_default();
	assert_true(sim_lab_machine_set(&f->machine, "profile", profile));
	assert_true(sim_lab_machine_set(&f->machine, "format", format));
	assert_true(!stock->machine || sim_lab_machine_apply(&f->machine, stock->machine));
	f->workload = sim_workload_parse(stock->name, stock->text, err, sizeof(err));
	assert_non_null(f->workload);
}

static void record(struct sim_schedule_file *f, u64 seed)
{
	const struct sim_search_odds odds = { .resched = 4, .fail_alloc = seed & 1 ? 64 : 0 };
	static struct sim_lab lab;

	sim_search_init(&searching);
	sim_recording_strategy_init(&recording, &searching.strategy);
	assert_int_equal(sim_lab_init(&lab, f->workload, &f->machine), 0);
	lab.teardown = true;
	sim_search_begin(&searching, seed, odds, NULL);
	assert_int_equal(sim_lab_run(&lab, &(struct sim_det_config) {
					.strategy = &recording.strategy }, &result), 0);
	sim_search_end(&searching);
	sim_lab_exit(&lab);
	assert_false(recording.failed);
	sim_schedule_free(&f->schedule);
	f->schedule = recording.schedule;
	f->hash = result.hash;
	snprintf(f->fails, sizeof(f->fails), "%.*s", (int)strcspn(result.report, "\n"),
		 result.report);
}

static void check_replay(const struct sim_schedule_file *f)
{
	unsigned int used;

	assert_int_equal(sim_schedule_file_run(f, NULL, &result, &used), 0);
	assert_int_equal(result.hash, f->hash);
	assert_int_equal(used, f->schedule.nr);
	assert_int_equal(result.failed, f->fails[0] != '\0');
}

static void replay_all(const char *profile, const char *format)
{
	struct sim_schedule_file f;
	unsigned int i, seed;

	for (i = 0; sim_stock_at(i); i++) {
		begin_file(&f, sim_stock_at(i), profile, format);
		for (seed = 1; seed <= 3; seed++) {
			record(&f, seed + 10 * i);
			check_replay(&f);
		}
		sim_schedule_file_free(&f);
	}
}

static void replays_are_equal(void **state)
{
	replay_all("v6.12", "ept");
	replay_all("v6.4", "npt");
	replay_all("v5.18", "ept");
	replay_all("seed-v1", "ept");
}

/* Whatever is taken away, it runs; what is left keeps its meaning, or is passed over. */
static void less_is_a_schedule_too(void **state)
{
	struct sim_schedule_file f;
	unsigned int used, i, changed = 0;
	u64 random = 1;

	begin_file(&f, sim_stock_find("fault-notifier"), "v6.12", "ept");
	do {
		record(&f, sim_random(&random));
	} while (f.schedule.nr < 20);
	while (f.schedule.nr) {
		for (i = 0; i < 1 + f.schedule.nr / 8; i++)
			sim_schedule_remove(&f.schedule, sim_random_below(&random, f.schedule.nr));
		assert_int_equal(sim_schedule_file_run(&f, NULL, &result, &used), 0);
		assert_false(result.failed);
		assert_in_range(used, 0, f.schedule.nr);
		changed += result.hash != f.hash;
	}
	assert_int_not_equal(changed, 0);
	sim_schedule_file_free(&f);
}

/* Decisions that nobody comes to ask for. */
static void nonsense_is_passed_over(void **state)
{
	struct sim_schedule_file f;
	unsigned int used, i;
	u64 hash, random = 1;

	begin_file(&f, sim_stock_find("fault-fault"), "v6.12", "ept");
	assert_int_equal(sim_schedule_file_run(&f, NULL, &result, &used), 0);
	assert_int_equal(used, 0);
	hash = result.hash;
	for (i = 0; i < 200; i++)
		assert_true(sim_schedule_add(&f.schedule, (struct sim_decision) {
			.kind = (u8)(i % SIM_DECIDE_NR), .task = (u8)(8 + i % 8),
			.value = (u8)(i % SIM_DET_NR_QUESTIONS), .at = (u32)sim_random(&random) }));
	assert_int_equal(sim_schedule_file_run(&f, NULL, &result, &used), 0);
	assert_int_equal(used, 0);
	assert_int_equal(result.hash, hash);
	sim_schedule_file_free(&f);
}

/* ---- Lists ---- */

static void lists(void **state)
{
	struct sim_schedule a = { 0 }, b = { 0 };
	unsigned int i;

	for (i = 0; i < 200; i++)
		assert_true(sim_schedule_add(&a, (struct sim_decision) {
					.kind = (u8)(i % 3), .at = i }));
	assert_int_equal(sim_schedule_preemptions(&a), 67);
	assert_true(sim_schedule_copy(&b, &a));
	sim_schedule_remove(&a, 199);
	sim_schedule_remove(&a, 0);
	assert_int_equal(a.nr, 198);
	assert_int_equal(a.d[0].at, 1);
	assert_int_equal(a.d[197].at, 198);
	assert_int_equal(b.nr, 200);
	assert_true(sim_schedule_copy(&b, &a));
	assert_int_equal(b.nr, 198);
	sim_schedule_free(&a);
	sim_schedule_free(&b);
	assert_int_equal(sim_schedule_default(0x0c, 2, false), 2);
	assert_int_equal(sim_schedule_default(0x0c, 2, true), 3);
	assert_int_equal(sim_schedule_default(0x0c, 3, true), 2);
	assert_int_equal(sim_schedule_default(0x8001, 15, true), 0);
}

/* ---- Files ---- */

static void write_text(const char *text, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	fclose(file);
}

static void assert_same_file(const struct sim_schedule_file *a, const struct sim_schedule_file *b)
{
	char x[256], y[256];
	unsigned int i;

	assert_string_equal(sim_lab_machine_print(&a->machine, x, sizeof(x)),
			    sim_lab_machine_print(&b->machine, y, sizeof(y)));
	assert_string_equal(a->workload->name, b->workload->name);
	assert_int_equal(a->workload->nr_threads, b->workload->nr_threads);
	assert_int_equal(a->schedule.nr, b->schedule.nr);
	for (i = 0; i < a->schedule.nr; i++) {
		assert_int_equal(a->schedule.d[i].kind, b->schedule.d[i].kind);
		assert_int_equal(a->schedule.d[i].task, b->schedule.d[i].task);
		assert_int_equal(a->schedule.d[i].value, b->schedule.d[i].value);
		assert_int_equal(a->schedule.d[i].at, b->schedule.d[i].at);
	}
	assert_int_equal(a->hash, b->hash);
	assert_string_equal(a->fails, b->fails);
}

static void check_file(struct sim_schedule_file *f)
{
	struct sim_schedule_file back;
	char err[256];

	assert_true(sim_schedule_file_write(path, f));
	if (!sim_schedule_file_read(path, &back, err, sizeof(err)))
		fail_msg("%s", err);
	assert_same_file(f, &back);
	check_replay(&back);
	sim_schedule_file_free(&back);
}

static void files_come_back(void **state)
{
	struct sim_schedule_file f;
	unsigned int i;

	for (i = 0; sim_stock_at(i); i++) {
		begin_file(&f, sim_stock_at(i), i & 1 ? "seed-v1" : "v6.4", i & 2 ? "npt" : "ept");
		record(&f, i + 1);
		check_file(&f);
		sim_schedule_file_free(&f);
	}
	/* One that fails: its report comes back too. */
	begin_file(&f, sim_stock_find("zap-teardown"), "seed-v1", "ept");
	for (i = 1; !f.fails[0]; i++) {
		assert_in_range(i, 1, 1000);
		record(&f, i);
	}
	check_file(&f);
	sim_schedule_file_free(&f);
}

static void files_that_cannot_be(void **state)
{
	struct sim_schedule_file f;
	char err[256];

	assert_false(sim_schedule_file_read("/nonexistent/x.sched", &f, err, sizeof(err)));
	assert_string_equal(err, "/nonexistent/x.sched: No such file or directory");
	begin_file(&f, sim_stock_at(0), "v6.12", "ept");
	assert_false(sim_schedule_file_write("/nonexistent/x.sched", &f));
	assert_int_equal(errno, ENOENT);
	assert_false(sim_schedule_file_write("/dev/full", &f));
	sim_schedule_file_free(&f);
}

/* ---- Files that are wrong ---- */

#define HEAD	"tdpsim-schedule 1\n"
#define WORK	"workload w\n\tvm\n\tmemory ram 1m small\n\tslot 0 1g 1m ram 0\n"	\
		"\tvcpu 0\n\tvcpu 1\n\tthread a\n\twrite 0 1g\n"
#define T(n)	"\tthread " #n "\n"

static const struct {
	const char *text;
	unsigned int line;
	const char *what;
} bad[] = {
	{ "", 1, "this is no schedule of version 1" },
	{ "\n", 1, "this is no schedule of version 1" },
	{ "tdpsim-schedule 2\n" WORK, 1, "this is no schedule of version 1" },
	{ "tdpsim-schedule\n", 1, "this is no schedule of version 1" },
	{ WORK, 1, "this is no schedule of version 1" },
	{ HEAD, 1, "there is no workload" },
	{ HEAD "machine profile=v6.4\n", 2, "there is no workload" },
	{ HEAD "machine profile=v9.9\n" WORK, 2, "no machine has \"profile=v9.9\"" },
	{ HEAD "machine format=sparc\n" WORK, 2, "no machine has \"format=sparc\"" },
	{ HEAD "machine levels=6\n" WORK, 2, "no machine has \"levels=6\"" },
	{ HEAD "machine ad=2\n" WORK, 2, "no machine has \"ad=2\"" },
	{ HEAD "machine colour=red\n" WORK, 2, "no machine has \"colour=red\"" },
	{ HEAD "machine ad\n" WORK, 2, "no machine has \"ad\"" },
	{ HEAD "workload\n", 2, "\"\" cannot be the name of a workload" },
	{ HEAD "workload a-name-that-is-much-too-long-for-this\n", 2, "cannot be the name" },
	{ HEAD WORK WORK, 10, "a second workload" },
	{ HEAD "\tvm\n", 2, "there is no workload yet" },
	{ HEAD "workload w\n\tfrobnicate 1\n", 3, "frobnicate" },
	{ HEAD "workload w\n\tvm\n\tunload x\n", 4, "\"unload x\" is not understood" },
	{ HEAD "workload w\n\tvm\n\tvm\n\tthread a\n", 4, "there is one VM" },
	{ HEAD "workload w\n\tvcpu 0\n\tthread a\n", 3, "the VM must be made first" },
	{ HEAD "workload w\n\tvm\n\tvcpu 8\n\tthread a\n", 4, "vCPUs 0 to 7 can be made, each once" },
	{ HEAD "workload w\n\tvm\n\tthread a\n\tclear-young ram 0 4k\n", 5, "there is no such memory" },
	{ HEAD "workload w\n\tvm\n\tthread a\n\tclear-young ram\n", 5, "is not understood" },
	{ HEAD "workload w\n\tvm\n\tvcpu 1\n\tthread a\n\tvcpu 1\n", 6,
	  "vCPUs 0 to 7 can be made, each once" },
	{ HEAD "workload w\n\tvm\n\tvcpu 0\n", 4, "there is no thread" },
	{ HEAD "workload w\n\tvm\n\tthread\n", 4, "\"\" cannot be the name of a thread" },
	{ HEAD "workload w\n\tvm\n\tthread a b\n", 4, "cannot be the name of a thread" },
	{ HEAD "workload w\n\tvm\n" T(a) T(b) T(c) T(d) T(e) T(f) T(g) T(h) T(i), 12,
	  "more than 8 threads" },
	{ HEAD WORK "\tthread b\n\twrite 0 1g\n", 11, "another thread uses this vCPU" },
	{ HEAD WORK "\tread 2 1g\n", 10, "there is no such vCPU" },
	{ HEAD WORK "\tslot-delete 7\n", 10, "there is no such slot" },
	{ HEAD WORK "\tmadvise disk 0 4k dontneed\n", 10, "there is no such memory" },
	{ HEAD WORK "\tmadvise ram 1m 4k dontneed\n", 10, "there is no such memory" },
	{ HEAD WORK "\tdestroy\n\tdestroy\n", 11, "one thread destroys the VM" },
	{ HEAD WORK "dance 1 2 3\n", 10, "\"dance\" is not understood" },
	{ HEAD WORK "preempt 3\n", 10, "a decision is \"preempt TASK COUNT WHAT\"" },
	{ HEAD WORK "preempt 16 1 2\n", 10, "a decision is" },
	{ HEAD WORK "preempt 3 1 16\n", 10, "a decision is" },
	{ HEAD WORK "preempt 3 4294967296 2\n", 10, "a decision is" },
	{ HEAD WORK "preempt 3 -1 2\n", 10, "a decision is" },
	{ HEAD WORK "preempt 3 1x 2\n", 10, "a decision is" },
	{ HEAD WORK "preempt 3 1 2 4\n", 10, "a decision is" },
	{ HEAD WORK "next 3 99999999999999999999999 2\n", 10, "a decision is \"next" },
	{ HEAD WORK "yes 3 1 perhaps\n", 10, "a decision is \"yes" },
	{ HEAD WORK "yes 3 1\n", 10, "a decision is \"yes" },
	{ HEAD WORK "hash\n", 10, "is no hash" },
	{ HEAD WORK "hash xyzzy\n", 10, "\"xyzzy\" is no hash" },
	{ HEAD WORK "hash -1\n", 10, "\"-1\" is no hash" },
	{ HEAD WORK "hash 0123\n", 10, "\"0123\" is no hash" },
	{ HEAD WORK "hash 0123456789abcdef0\n", 10, "is no hash" },
};

/* One line, of printable characters, that begins with the place. */
static void assert_wrong(const char *text, size_t len, unsigned int line, const char *what)
{
	struct sim_schedule_file f;
	char err[512], place[100];
	const char *c;

	write_text(text, len);
	if (sim_schedule_file_read(path, &f, err, sizeof(err)))
		fail_msg("is read, and should say \"%s\":\n%.999s", what, text);
	snprintf(place, sizeof(place), "%s:%u: ", path, line);
	if (strncmp(err, place, strlen(place)) || !strstr(err, what))
		fail_msg("\"%s\" and not \"%s%s\":\n%.999s", err, place, what, text);
	for (c = err; *c; c++)
		assert_true(*c >= ' ' && *c <= '~');
}

static void wrong_files_are_told(void **state)
{
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_wrong(bad[i].text, strlen(bad[i].text), bad[i].line, bad[i].what);
}

/* NUL bytes, control characters, and lines without end. */
static void garbage_is_told(void **state)
{
	static const char nul[] = HEAD WORK "preempt 2 1 3\0 and more\n";
	static const char nul_first[] = "\0\0\0\0";
	static const char control[] = HEAD WORK "\033[2J\a\r\n";
	static char big[1 << 20];
	struct sim_schedule_file f;
	char err[512];
	size_t head = strlen(HEAD WORK), i;
	u64 random = 1;

	assert_wrong(nul, sizeof(nul) - 1, 10, "NUL");
	assert_wrong(nul_first, sizeof(nul_first) - 1, 1, "");
	assert_wrong(control, sizeof(control) - 1, 10, "is not understood");
	memset(big, 'x', sizeof(big));
	assert_wrong(big, sizeof(big), 1, "this is no schedule of version 1");
	memcpy(big, HEAD WORK, head);
	assert_wrong(big, sizeof(big), 10, "is not understood");
	big[head] = '\t';
	assert_wrong(big, sizeof(big), 10, "the line is too long");
	memcpy(big + head, "fails ", 6);
	write_text(big, sizeof(big));
	/* Of a report what there is room for. */
	assert_true(sim_schedule_file_read(path, &f, err, sizeof(err)));
	assert_int_equal(strlen(f.fails), sizeof(f.fails) - 1);
	sim_schedule_file_free(&f);
	for (i = 0; i < 4096; i++)
		big[i] = (char)sim_random(&random);
	assert_wrong(big, 4096, 1, "");
	memcpy(big, HEAD, strlen(HEAD));
	big[strlen(HEAD)] = '\1';
	assert_wrong(big, 4096, 2, "");
}

/* A file that ends anywhere: read, if all that it needs is there, or told. */
static void truncated_files(void **state)
{
	struct sim_schedule_file f, part;
	char text[8192], err[512];
	unsigned int read = 0, told = 0;
	size_t len, i;
	FILE *file;

	begin_file(&f, sim_stock_find("zap-notifier"), "v6.12", "ept");
	record(&f, 5);
	assert_true(sim_schedule_file_write(path, &f));
	sim_schedule_file_free(&f);
	file = fopen(path, "r");
	len = fread(text, 1, sizeof(text), file);
	fclose(file);
	for (i = 0; i < len; i += 1 + len / 500) {
		write_text(text, i);
		if (!sim_schedule_file_read(path, &part, err, sizeof(err))) {
			assert_non_null(strstr(err, ": "));
			told++;
			continue;
		}
		read++;
		sim_schedule_file_free(&part);
	}
	assert_in_range(told, 1, 500);
	assert_int_not_equal(read, 0);
}

/* And with any byte changed it is read or told, and what is read runs. */
static void changed_files(void **state)
{
	struct sim_schedule_file f;
	char text[8192], err[512];
	u64 random = 1;
	unsigned int i, read = 0;
	size_t len;
	FILE *file;

	begin_file(&f, sim_stock_find("fault-fault"), "v6.12", "ept");
	record(&f, 5);
	assert_true(sim_schedule_file_write(path, &f));
	sim_schedule_file_free(&f);
	file = fopen(path, "r");
	len = fread(text, 1, sizeof(text), file);
	fclose(file);
	for (i = 0; i < 300; i++) {
		size_t at = sim_random_below(&random, (u32)len);
		char was = text[at];

		text[at] = i & 1 ? (char)sim_random(&random) : (char)('0' + i % 10);
		write_text(text, len);
		if (sim_schedule_file_read(path, &f, err, sizeof(err))) {
			read++;
			assert_int_equal(sim_schedule_file_run(&f, NULL, &result, NULL), 0);
			sim_schedule_file_free(&f);
		}
		text[at] = was;
	}
	assert_in_range(read, 20, 290);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replays_are_equal),
		cmocka_unit_test(less_is_a_schedule_too),
		cmocka_unit_test(nonsense_is_passed_over),
		cmocka_unit_test(lists),
		cmocka_unit_test(files_come_back),
		cmocka_unit_test(files_that_cannot_be),
		cmocka_unit_test(wrong_files_are_told),
		cmocka_unit_test(garbage_is_told),
		cmocka_unit_test(truncated_files),
		cmocka_unit_test(changed_files),
	};

	return cmocka_run_group_tests(tests, schedule_setup, schedule_teardown);
}
