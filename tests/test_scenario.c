/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "sim/scenario.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define K	(UINT64_C(1) << 10)
#define M	(UINT64_C(1) << 20)
#define G	(UINT64_C(1) << 30)
#define T	(UINT64_C(1) << 40)

/* A spelling, what it says, and the canonical spelling of the same. */
struct sample {
	const char *text;
	struct sim_op op;
	const char *canonical;
};

static const struct sample samples[] = {
	{ "vm", { .type = SIM_OP_VM }, "vm" },
	{ "memory a 8m small",
	  { .type = SIM_OP_MEMORY, .name = "a", .size = 8 * M, .kind = SIM_MEMORY_SMALL },
	  "memory a 8m small" },
	{ "memory m0 16384k thp",
	  { .type = SIM_OP_MEMORY, .name = "m0", .size = 16 * M, .kind = SIM_MEMORY_THP },
	  "memory m0 16m thp" },
	{ "memory h 2g hugetlb1g",
	  { .type = SIM_OP_MEMORY, .name = "h", .size = 2 * G, .kind = SIM_MEMORY_HUGETLB1G },
	  "memory h 2g hugetlb1g" },
	{ "memory H-2._ 64g hugetlb2m",
	  { .type = SIM_OP_MEMORY, .name = "H-2._", .size = 64 * G, .kind = SIM_MEMORY_HUGETLB2M },
	  "memory H-2._ 64g hugetlb2m" },
	{ "fill a 0x1000 8192",
	  { .type = SIM_OP_FILL, .name = "a", .offset = 4 * K, .size = 8 * K }, "fill a 4k 8k" },
	{ "slot 0 1g 4m a 0",
	  { .type = SIM_OP_SLOT, .name = "a", .gpa = G, .size = 4 * M },
	  "slot 0 0x40000000 4m a 0" },
	{ "slot 0x2 0x100000000 0x10000 b 0x201000 log,ro",
	  { .type = SIM_OP_SLOT, .id = 2, .name = "b", .gpa = 4 * G, .size = 64 * K,
	    .offset = 2 * M + 4 * K, .flags = SIM_SLOT_LOG | SIM_SLOT_RO },
	  "slot 2 0x100000000 64k b 0x201000 log,ro" },
	/* Misaligned slots are for KVM to refuse. */
	{ "slot 1 0x123 1 a 7 ro",
	  { .type = SIM_OP_SLOT, .id = 1, .name = "a", .gpa = 0x123, .size = 1, .offset = 7,
	    .flags = SIM_SLOT_RO },
	  "slot 1 0x123 0x1 a 0x7 ro" },
	{ "slot-flags 3", { .type = SIM_OP_SLOT_FLAGS, .id = 3 }, "slot-flags 3" },
	{ "slot-flags 3 log", { .type = SIM_OP_SLOT_FLAGS, .id = 3, .flags = SIM_SLOT_LOG },
	  "slot-flags 3 log" },
	{ "slot-move 65535 0xffffffffffffffff",
	  { .type = SIM_OP_SLOT_MOVE, .id = 65535, .gpa = UINT64_MAX },
	  "slot-move 65535 0xffffffffffffffff" },
	{ "slot-delete 1", { .type = SIM_OP_SLOT_DELETE, .id = 1 }, "slot-delete 1" },
	{ "vcpu 1023", { .type = SIM_OP_VCPU, .id = 1023 }, "vcpu 1023" },
	{ "read 0 0x80000008", { .type = SIM_OP_READ, .gpa = 0x80000008 }, "read 0 0x80000008" },
	{ "write 1 2g", { .type = SIM_OP_WRITE, .id = 1, .gpa = 2 * G }, "write 1 0x80000000" },
	{ "exec 1 0xFffffffffffff", { .type = SIM_OP_EXEC, .id = 1, .gpa = (UINT64_C(1) << 52) - 1 },
	  "exec 1 0xfffffffffffff" },
	{ "madvise a 0 4k dontneed",
	  { .type = SIM_OP_MADVISE, .name = "a", .size = 4 * K, .advice = SIM_MADV_DONTNEED },
	  "madvise a 0 4k dontneed" },
	{ "madvise a 2m 0x200000 collapse",
	  { .type = SIM_OP_MADVISE, .name = "a", .offset = 2 * M, .size = 2 * M,
	    .advice = SIM_MADV_COLLAPSE },
	  "madvise a 2m 2m collapse" },
	{ "madvise a 0 1t hugepage",
	  { .type = SIM_OP_MADVISE, .name = "a", .size = T, .advice = SIM_MADV_HUGEPAGE },
	  "madvise a 0 1t hugepage" },
	{ "madvise a 0 4k nohugepage",
	  { .type = SIM_OP_MADVISE, .name = "a", .size = 4 * K, .advice = SIM_MADV_NOHUGEPAGE },
	  "madvise a 0 4k nohugepage" },
	{ "mprotect b 0x1000 0x2000 rx",
	  { .type = SIM_OP_MPROTECT, .name = "b", .offset = 4 * K, .size = 8 * K, .prot = 5 },
	  "mprotect b 4k 8k rx" },
	{ "mprotect b 0 4k none",
	  { .type = SIM_OP_MPROTECT, .name = "b", .size = 4 * K, .prot = 0 },
	  "mprotect b 0 4k none" },
	{ "mprotect b 0 4k rwx",
	  { .type = SIM_OP_MPROTECT, .name = "b", .size = 4 * K, .prot = 7 },
	  "mprotect b 0 4k rwx" },
	{ "mprotect b 0 4k w",
	  { .type = SIM_OP_MPROTECT, .name = "b", .size = 4 * K, .prot = 2 },
	  "mprotect b 0 4k w" },
	{ "munmap b 1m 4k",
	  { .type = SIM_OP_MUNMAP, .name = "b", .offset = M, .size = 4 * K }, "munmap b 1m 4k" },
	{ "idle b 0 2m", { .type = SIM_OP_IDLE, .name = "b", .size = 2 * M }, "idle b 0 2m" },
	{ "dirty-get 0", { .type = SIM_OP_DIRTY_GET }, "dirty-get 0" },
	{ "dirty-clear 1 64 2048",
	  { .type = SIM_OP_DIRTY_CLEAR, .id = 1, .offset = 64, .size = 2048 },
	  "dirty-clear 1 64 2048" },
	{ "dirty-clear 1 0xffffffffffffffff 0",
	  { .type = SIM_OP_DIRTY_CLEAR, .id = 1, .offset = UINT64_MAX },
	  "dirty-clear 1 18446744073709551615 0" },
	{ "manual-protect 3", { .type = SIM_OP_MANUAL_PROTECT, .flags = 3 }, "manual-protect 3" },
	{ "param nx_huge_pages force",
	  { .type = SIM_OP_PARAM, .name = "nx_huge_pages", .value = "force" },
	  "param nx_huge_pages force" },
	{ "nx-recover", { .type = SIM_OP_NX_RECOVER }, "nx-recover" },
	{ "fork", { .type = SIM_OP_FORK }, "fork" },
	{ "smram", { .type = SIM_OP_SMRAM }, "smram" },
	{ "  smi\t 1 ", { .type = SIM_OP_SMI, .id = 1 }, "smi 1" },
	{ "sweep write 2 1g 16m",
	  { .type = SIM_OP_SWEEP, .access = SIM_OP_ACCESS_WRITE, .id = 2, .gpa = 1 << 30,
	    .size = 16 << 20 }, "sweep write 2 0x40000000 16m" },
	{ "random mix 0 0x40000000 4m 1000 0x2a",
	  { .type = SIM_OP_RANDOM, .access = SIM_OP_ACCESS_MIX, .gpa = 1 << 30, .size = 4 << 20,
	    .count = 1000, .seed = 42 }, "random mix 0 0x40000000 4m 1000 0x2a" },
	{ "prefault 1 1g 4k", { .type = SIM_OP_PREFAULT, .id = 1, .gpa = 1 << 30, .size = 4096 },
	  "prefault 1 0x40000000 4k" },
	{ "age a 0 8k", { .type = SIM_OP_AGE, .name = "a", .size = 8192 }, "age a 0 8k" },
	{ "test-young a 4k", { .type = SIM_OP_TEST_YOUNG, .name = "a", .offset = 4096 },
	  "test-young a 4k" },
	{ "nested 3 on", { .type = SIM_OP_NESTED, .id = 3, .on = true }, "nested 3 on" },
	{ "paging 1 1g 64k", { .type = SIM_OP_PAGING, .id = 1, .gpa = 1 << 30, .size = 65536 },
	  "paging 1 0x40000000 64k" },
	{ "guest-map 2 0x7ffffffff000 2m 4k",
	  { .type = SIM_OP_GUEST_MAP, .id = 2, .linear = 0x7ffffffff000, .gpa = 2 * M,
	    .size = 4 * K }, "guest-map 2 0x7ffffffff000 0x200000 4k" },
	{ "destroy", { .type = SIM_OP_DESTROY }, "destroy" },
};

static void parse(const char *text, struct sim_op *op)
{
	char err[256] = "";

	if (!sim_op_parse(text, op, err, sizeof(err)))
		fail_msg("%s: %s", text, err);
}

/* All but the line and the spelling. */
static void assert_same_op(const struct sim_op *a, const struct sim_op *b)
{
	assert_int_equal(a->type, b->type);
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->value, b->value);
	assert_int_equal(a->id, b->id);
	assert_int_equal(a->gpa, b->gpa);
	assert_int_equal(a->offset, b->offset);
	assert_int_equal(a->size, b->size);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->prot, b->prot);
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->advice, b->advice);
	assert_int_equal(a->access, b->access);
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->seed, b->seed);
	assert_int_equal(a->on, b->on);
}

static void test_samples(void **state)
{
	bool seen[SIM_OP_NR] = { false };

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		const struct sample *sample = &samples[i];
		struct sim_op op = { .line = 9, .prot = 77 }, again;
		char text[SIM_OP_TEXT_SIZE];

		parse(sample->text, &op);
		assert_same_op(&op, &sample->op);
		assert_string_equal(op.text, sample->text);
		assert_int_equal(op.line, 9);
		assert_int_equal(sim_op_print(&op, text, sizeof(text)), strlen(sample->canonical));
		assert_string_equal(text, sample->canonical);
		parse(text, &again);
		assert_same_op(&again, &op);
		seen[op.type] = true;
	}
	for (unsigned int i = 0; i < SIM_OP_NR; i++) {
		if (!seen[i])
			fail_msg("no sample of %s", sim_op_name(i));
	}
}

/* Numbers around every suffix come back from their canonical spelling. */
static void test_numbers_come_back(void **state)
{
	for (unsigned int shift = 0; shift < 64; shift++) {
		for (int add = -1; add <= 1; add++) {
			uint64_t value = (UINT64_C(1) << shift) + (uint64_t)(int64_t)add;
			struct sim_op op = { .type = SIM_OP_SLOT, .name = "a" }, again;
			char text[SIM_OP_TEXT_SIZE];

			op.gpa = value;
			op.size = value ? value : 1;
			op.offset = ~value >> 1 & value;
			if (op.offset + op.size < op.size)
				op.offset = 0;
			sim_op_print(&op, text, sizeof(text));
			parse(text, &again);
			assert_same_op(&again, &op);
		}
	}
}

static void test_number_spellings(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} numbers[] = {
		{ "0", 0 }, { "0x0", 0 }, { "007", 7 }, { "0x00Ff", 255 }, { "1k", K },
		{ "3m", 3 * M }, { "0x10g", 16 * G }, { "0k", 0 }, { "15t", 15 * T },
		{ "18446744073709551615", UINT64_MAX }, { "0xffffffffffffffff", UINT64_MAX },
		{ "16777215t", 16777215 * T }, { "18014398509481983k", UINT64_MAX - K + 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct sim_op op;
		char text[64];

		snprintf(text, sizeof(text), "slot-move 0 %s", numbers[i].text);
		parse(text, &op);
		assert_int_equal(op.gpa, numbers[i].value);
	}
}

static void test_bad_numbers(void **state)
{
	static const char * const numbers[] = {
		"0x", "0xk", "k", "-1", "+1", "1kk", "1K", "12ab", "0X10", "1.5m", "0xg0",
		"18446744073709551616", "0x10000000000000000", "16777216t", "0xffffffffffffffffk",
		"18014398509481984k", "1e3", "1_000", "99999999999999999999999",
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct sim_op op = { .id = 42 };
		char text[64], err[256], want[256];

		snprintf(text, sizeof(text), "slot-move 0 %s", numbers[i]);
		if (sim_op_parse(text, &op, err, sizeof(err)))
			fail_msg("\"%s\" was accepted", text);
		snprintf(want, sizeof(want), "slot-move: expected GPA (a number), found \"%s\"",
			 numbers[i]);
		assert_string_equal(err, want);
		assert_int_equal(op.id, 42);
	}
}

static const struct {
	const char *text;
	const char *err;
} bad[] = {
	{ "", "expected an operation, found the end of the line" },
	{ "reads 0 0", "expected an operation, found \"reads\"" },
	{ "VM", "expected an operation, found \"VM\"" },
	{ "vm 1", "vm: expected the end of the line, found \"1\"" },
	{ "memory a", "memory: expected SIZE (a multiple of 4k, 4k to 64g), "
		      "found the end of the line" },
	{ "memory a 0 small", "memory: expected SIZE (a multiple of 4k, 4k to 64g), found \"0\"" },
	{ "memory a 5k small", "memory: expected SIZE (a multiple of 4k, 4k to 64g), found \"5k\"" },
	{ "memory a 65g thp", "memory: expected SIZE (a multiple of 4k, 4k to 64g), found \"65g\"" },
	{ "memory a 4k huge",
	  "memory: expected KIND (small, thp, hugetlb2m or hugetlb1g), found \"huge\"" },
	{ "memory a/b 4k thp",
	  "memory: expected NAME (1 to 47 letters, digits, _ . or -), found \"a/b\"" },
	{ "memory aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 4k thp",
	  "memory: expected NAME (1 to 47 letters, digits, _ . or -), "
	  "found \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\"" },
	{ "fill a 1 4k", "fill: expected OFFSET (a multiple of 4k), found \"1\"" },
	{ "fill a 0 0", "fill: expected SIZE (a multiple of 4k, not 0), found \"0\"" },
	{ "munmap a 0xfffffffffffff000 8k", "munmap: OFFSET + SIZE goes beyond 64 bits" },
	{ "slot 131072 0 4k a 0", "slot: expected ID (0 to 0x1ffff), found \"131072\"" },
	{ "sweep mixed 0 0 4k", "sweep: expected ACCESS (read, write, exec or mix), found \"mixed\"" },
	{ "sweep read 0 1 4k", "sweep: expected GPA (a multiple of 4k below 2^52), found \"1\"" },
	{ "sweep read 0 0xfffffffffe000 16k", "sweep: GPA + SIZE goes beyond 2^52" },
	{ "random read 0 0 4k 0 1", "random: expected COUNT (1 to 4294967295), found \"0\"" },
	{ "nested 0 yes", "nested: expected STATE (on or off), found \"yes\"" },
	{ "guest-map 0 128t 0 4k",
	  "guest-map: expected LINEAR (a multiple of 4k below 2^47), found \"128t\"" },
	{ "guest-map 0 0x7ffffffff000 0 8k", "guest-map: LINEAR + SIZE goes beyond 2^47" },
	{ "paging 0 0xfffffffffe000 16k", "paging: GPA + SIZE goes beyond 2^52" },
	{ "slot 0 1g 0 a 0", "slot: expected SIZE (a number, not 0), found \"0\"" },
	{ "slot 0 1g 4k a 0 ro,log",
	  "slot: expected FLAGS (log, ro or log,ro), found \"ro,log\"" },
	{ "slot 0 1g 4k a 0 log ro", "slot: expected the end of the line, found \"ro\"" },
	{ "slot-flags", "slot-flags: expected ID (0 to 0x1ffff), found the end of the line" },
	{ "vcpu 1024", "vcpu: expected N (0 to 1023), found \"1024\"" },
	{ "read 0", "read: expected GPA (a number below 2^52), found the end of the line" },
	{ "write 0 0x10000000000000",
	  "write: expected GPA (a number below 2^52), found \"0x10000000000000\"" },
	{ "exec 0 0 0", "exec: expected the end of the line, found \"0\"" },
	{ "madvise a 0 4k free",
	  "madvise: expected ADVICE (dontneed, collapse, hugepage or nohugepage), found \"free\"" },
	{ "mprotect a 0 4k xr",
	  "mprotect: expected PROT (letters of rwx in this order, or none), found \"xr\"" },
	{ "mprotect a 0 4k rr",
	  "mprotect: expected PROT (letters of rwx in this order, or none), found \"rr\"" },
	{ "mprotect a 0 4k",
	  "mprotect: expected PROT (letters of rwx in this order, or none), "
	  "found the end of the line" },
	{ "dirty-clear 0 0 4g", "dirty-clear: expected N (0 to 4294967295), found \"4g\"" },
	{ "manual-protect 4294967296",
	  "manual-protect: expected FLAGS (0 to 4294967295), found \"4294967296\"" },
	{ "param x 1234567890123456",
	  "param: expected VALUE (1 to 15 printable characters), found \"1234567890123456\"" },
	{ "param x \x1b[m", "param: expected printable ASCII, found other bytes" },
	{ "smi \xff", "smi: expected printable ASCII, found other bytes" },
	{ "fork 2", "fork: expected the end of the line, found \"2\"" },
	{ "destroy all", "destroy: expected the end of the line, found \"all\"" },
};

static void test_bad_operations(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct sim_op op;
		char err[256] = "";

		if (sim_op_parse(bad[i].text, &op, err, sizeof(err)))
			fail_msg("\"%s\" was accepted", bad[i].text);
		assert_string_equal(err, bad[i].err);
	}
}

/* The spelling is kept, so it has a length. */
static void test_long_text(void **state)
{
	char text[SIM_OP_TEXT_SIZE + 1], err[256];
	struct sim_op op;

	snprintf(text, sizeof(text), "vcpu %0*d", SIM_OP_TEXT_SIZE - 6, 1);
	assert_int_equal(strlen(text), SIM_OP_TEXT_SIZE - 1);
	parse(text, &op);
	assert_int_equal(op.id, 1);
	assert_string_equal(op.text, text);
	snprintf(text, sizeof(text), "vcpu %0*d", SIM_OP_TEXT_SIZE - 5, 1);
	assert_false(sim_op_parse(text, &op, err, sizeof(err)));
	assert_string_equal(err, "vcpu: expected an operation of at most 159 bytes, found 160");
}

/* The longest operation there is fits the buffer that the header promises to suffice. */
static void test_longest_operation(void **state)
{
	struct sim_op op = {
		.type = SIM_OP_SLOT, .id = 65535, .gpa = UINT64_MAX,
		.size = UINT64_MAX / 2, .offset = UINT64_MAX / 2,
		.flags = SIM_SLOT_LOG | SIM_SLOT_RO,
	}, again;
	char text[SIM_OP_TEXT_SIZE];
	int len;

	memset(op.name, 'n', sizeof(op.name) - 1);
	len = sim_op_print(&op, text, sizeof(text));
	assert_in_range(len, 1, sizeof(text) - 1);
	parse(text, &again);
	assert_same_op(&again, &op);
	assert_int_equal(sim_op_print(&op, text, 5), len);
	assert_string_equal(text, "slot");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_numbers_come_back),
		cmocka_unit_test(test_number_spellings),
		cmocka_unit_test(test_bad_numbers),
		cmocka_unit_test(test_bad_operations),
		cmocka_unit_test(test_long_text),
		cmocka_unit_test(test_longest_operation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
