/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/scenario.h"
#include "sim/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PAGE_BYTES	UINT64_C(4096)
#define MEMORY_MAX	(UINT64_C(64) << 30)	/* the distance of two memories */
#define GPA_LIMIT	(UINT64_C(1) << 52)
#define LINEAR_LIMIT	(UINT64_C(1) << 47)	/* the user's half with four levels */
#define SLOT_ID_MAX	0x1ffff	/* the address space is in KVM's upper 16 bits */
#define VCPU_MAX	1023

/* --- numbers ------------------------------------------------------------------------ */

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

static unsigned int suffix_shift(char c)
{
	static const char suffixes[] = "kmgt";
	const char *at = c ? strchr(suffixes, c) : NULL;

	return at ? 10 * (unsigned int)(at - suffixes + 1) : 0;
}

/* Decimal or 0x, with one of the suffixes k m g t; false if malformed or beyond 64 bits. */
static bool get_number(struct sim_word word, uint64_t *value)
{
	unsigned int shift = word.n ? suffix_shift(word.s[word.n - 1]) : 0;
	bool hex = word.n > 2 && word.s[0] == '0' && word.s[1] == 'x';
	uint64_t base = hex ? 16 : 10, v = 0;
	size_t i = hex ? 2 : 0, end = word.n - (shift ? 1 : 0);

	if (i >= end)
		return false;
	for (; i < end; i++) {
		uint64_t digit = (uint64_t)digit_of(word.s[i]);

		if (digit >= base || v > (UINT64_MAX - digit) / base)
			return false;
		v = v * base + digit;
	}
	if (v > UINT64_MAX >> shift)
		return false;
	*value = v << shift;
	return true;
}

bool sim_number_parse(const char *s, size_t n, uint64_t *value)
{
	return get_number((struct sim_word){ .s = s, .n = n }, value);
}

static bool get_up_to(struct sim_word word, uint64_t max, uint64_t *value)
{
	return get_number(word, value) && *value <= max;
}

/* The largest suffix that leaves a whole number below 1,024, else hex. */
static void put_bytes(uint64_t value, char *buf, size_t size)
{
	static const char suffixes[] = "kmgt";

	for (unsigned int i = 4; value && i > 0; i--) {
		uint64_t unit = UINT64_C(1) << 10 * i;

		if (value % unit == 0 && value / unit < 1024) {
			snprintf(buf, size, "%" PRIu64 "%c", value / unit, suffixes[i - 1]);
			return;
		}
	}
	snprintf(buf, size, value ? "0x%" PRIx64 : "%" PRIu64, value);
}

static void put_dec(uint64_t value, char *buf, size_t size)
{
	snprintf(buf, size, "%" PRIu64, value);
}

static void put_hex(uint64_t value, char *buf, size_t size)
{
	snprintf(buf, size, "0x%" PRIx64, value);
}

/* --- words -------------------------------------------------------------------------- */

static bool find_word(struct sim_word word, const char * const *words, size_t nr,
		      unsigned int *index)
{
	for (*index = 0; *index < nr; (*index)++) {
		if (sim_text_is(word, words[*index]))
			return true;
	}
	return false;
}

static const char * const memory_kinds[] = {
	[SIM_MEMORY_SMALL]	= "small",
	[SIM_MEMORY_THP]	= "thp",
	[SIM_MEMORY_HUGETLB2M]	= "hugetlb2m",
	[SIM_MEMORY_HUGETLB1G]	= "hugetlb1g",
};

static const char * const advices[] = {
	[SIM_MADV_DONTNEED]	= "dontneed",
	[SIM_MADV_COLLAPSE]	= "collapse",
	[SIM_MADV_HUGEPAGE]	= "hugepage",
	[SIM_MADV_NOHUGEPAGE]	= "nohugepage",
};

static const char * const slot_flags[] = {
	[0]				= "",
	[SIM_SLOT_LOG]			= "log",
	[SIM_SLOT_RO]			= "ro",
	[SIM_SLOT_LOG | SIM_SLOT_RO]	= "log,ro",
};

static const char * const accesses[] = {
	[SIM_OP_ACCESS_READ]	= "read",
	[SIM_OP_ACCESS_WRITE]	= "write",
	[SIM_OP_ACCESS_EXEC]	= "exec",
	[SIM_OP_ACCESS_MIX]	= "mix",
};

static const char * const switches[] = { "off", "on" };

/* In the order of the PROT_* bits: read 1, write 2, execute 4. */
static const char * const prots[] = {
	"none", "r", "w", "rw", "x", "rx", "wx", "rwx",
};

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.' || c == '-';
}

static bool copy_word(struct sim_word word, char *buf, size_t size)
{
	if (word.n == 0 || word.n >= size)
		return false;
	memcpy(buf, word.s, word.n);
	buf[word.n] = '\0';
	return true;
}

static bool get_name(struct sim_word word, char *buf, size_t size)
{
	for (size_t i = 0; i < word.n; i++) {
		if (!is_name_char(word.s[i]))
			return false;
	}
	return copy_word(word, buf, size);
}

/* --- arguments ---------------------------------------------------------------------- */

enum arg {
	END, NAME, VALUE, KIND, MEMORY_SIZE, PAGES_OFFSET, PAGES_SIZE, SLOT_ID, SLOT_GPA,
	SLOT_SIZE, SLOT_OFFSET, SLOT_FLAGS, VCPU, GPA, ADVICE, PROT, FIRST, COUNT, CAP_FLAGS,
	ACCESS, RANGE_GPA, ACCESSES, SEED, SWITCH, LINEAR,
};

static const struct {
	const char *name;
	const char *expects;
} arg_texts[] = {
	[NAME]		= { "NAME", "1 to 47 letters, digits, _ . or -" },
	[VALUE]		= { "VALUE", "1 to 15 printable characters" },
	[KIND]		= { "KIND", "small, thp, hugetlb2m or hugetlb1g" },
	[MEMORY_SIZE]	= { "SIZE", "a multiple of 4k, 4k to 64g" },
	[PAGES_OFFSET]	= { "OFFSET", "a multiple of 4k" },
	[PAGES_SIZE]	= { "SIZE", "a multiple of 4k, not 0" },
	[SLOT_ID]	= { "ID", "0 to 0x1ffff" },
	[SLOT_GPA]	= { "GPA", "a number" },
	[SLOT_SIZE]	= { "SIZE", "a number, not 0" },
	[SLOT_OFFSET]	= { "OFFSET", "a number" },
	[SLOT_FLAGS]	= { "FLAGS", "log, ro or log,ro" },
	[VCPU]		= { "N", "0 to 1023" },
	[GPA]		= { "GPA", "a number below 2^52" },
	[ADVICE]	= { "ADVICE", "dontneed, collapse, hugepage or nohugepage" },
	[PROT]		= { "PROT", "letters of rwx in this order, or none" },
	[FIRST]		= { "FIRST", "a number" },
	[COUNT]		= { "N", "0 to 4294967295" },
	[CAP_FLAGS]	= { "FLAGS", "0 to 4294967295" },
	[ACCESS]	= { "ACCESS", "read, write, exec or mix" },
	[RANGE_GPA]	= { "GPA", "a multiple of 4k below 2^52" },
	[ACCESSES]	= { "COUNT", "1 to 4294967295" },
	[SEED]		= { "SEED", "a number" },
	[SWITCH]	= { "STATE", "on or off" },
	[LINEAR]	= { "LINEAR", "a multiple of 4k below 2^47" },
};

/* SLOT_FLAGS is optional and always last. */
static const struct {
	const char *name;
	enum arg args[7];
} rows[SIM_OP_NR] = {
	[SIM_OP_VM]		= { "vm", { END } },
	[SIM_OP_MEMORY]		= { "memory", { NAME, MEMORY_SIZE, KIND } },
	[SIM_OP_FILL]		= { "fill", { NAME, PAGES_OFFSET, PAGES_SIZE } },
	[SIM_OP_SLOT]		= { "slot", { SLOT_ID, SLOT_GPA, SLOT_SIZE, NAME, SLOT_OFFSET,
					      SLOT_FLAGS } },
	[SIM_OP_SLOT_FLAGS]	= { "slot-flags", { SLOT_ID, SLOT_FLAGS } },
	[SIM_OP_SLOT_MOVE]	= { "slot-move", { SLOT_ID, SLOT_GPA } },
	[SIM_OP_SLOT_DELETE]	= { "slot-delete", { SLOT_ID } },
	[SIM_OP_VCPU]		= { "vcpu", { VCPU } },
	[SIM_OP_READ]		= { "read", { VCPU, GPA } },
	[SIM_OP_WRITE]		= { "write", { VCPU, GPA } },
	[SIM_OP_EXEC]		= { "exec", { VCPU, GPA } },
	[SIM_OP_MADVISE]	= { "madvise", { NAME, PAGES_OFFSET, PAGES_SIZE, ADVICE } },
	[SIM_OP_MPROTECT]	= { "mprotect", { NAME, PAGES_OFFSET, PAGES_SIZE, PROT } },
	[SIM_OP_MUNMAP]		= { "munmap", { NAME, PAGES_OFFSET, PAGES_SIZE } },
	[SIM_OP_IDLE]		= { "idle", { NAME, PAGES_OFFSET, PAGES_SIZE } },
	[SIM_OP_DIRTY_GET]	= { "dirty-get", { SLOT_ID } },
	[SIM_OP_DIRTY_CLEAR]	= { "dirty-clear", { SLOT_ID, FIRST, COUNT } },
	[SIM_OP_MANUAL_PROTECT]	= { "manual-protect", { CAP_FLAGS } },
	[SIM_OP_PARAM]		= { "param", { NAME, VALUE } },
	[SIM_OP_NX_RECOVER]	= { "nx-recover", { END } },
	[SIM_OP_FORK]		= { "fork", { END } },
	[SIM_OP_SMRAM]		= { "smram", { END } },
	[SIM_OP_SMI]		= { "smi", { VCPU } },
	[SIM_OP_SWEEP]		= { "sweep", { ACCESS, VCPU, RANGE_GPA, PAGES_SIZE } },
	[SIM_OP_RANDOM]		= { "random", { ACCESS, VCPU, RANGE_GPA, PAGES_SIZE, ACCESSES,
						SEED } },
	[SIM_OP_PREFAULT]	= { "prefault", { VCPU, RANGE_GPA, PAGES_SIZE } },
	[SIM_OP_AGE]		= { "age", { NAME, PAGES_OFFSET, PAGES_SIZE } },
	[SIM_OP_TEST_YOUNG]	= { "test-young", { NAME, PAGES_OFFSET } },
	[SIM_OP_NESTED]		= { "nested", { VCPU, SWITCH } },
	[SIM_OP_PAGING]		= { "paging", { VCPU, RANGE_GPA, PAGES_SIZE } },
	[SIM_OP_GUEST_MAP]	= { "guest-map", { VCPU, LINEAR, RANGE_GPA, PAGES_SIZE } },
	[SIM_OP_DESTROY]	= { "destroy", { END } },
};

/* --- parsing ------------------------------------------------------------------------ */

static bool get_size(struct sim_word word, uint64_t max, uint64_t *size)
{
	return get_up_to(word, max, size) && *size && *size % PAGE_BYTES == 0;
}

static bool get_flags(struct sim_word word, uint32_t *flags)
{
	return find_word(word, slot_flags, ARRAY_SIZE(slot_flags), flags);
}

static bool get_u32(struct sim_word word, uint32_t *value)
{
	uint64_t v;

	if (!get_up_to(word, UINT32_MAX, &v))
		return false;
	*value = (uint32_t)v;
	return true;
}

static bool get_arg(enum arg arg, struct sim_word word, struct sim_op *op)
{
	unsigned int index = 0;
	bool ok;

	switch (arg) {
	case NAME:
		return get_name(word, op->name, sizeof(op->name));
	case VALUE:
		return copy_word(word, op->value, sizeof(op->value));
	case KIND:
		ok = find_word(word, memory_kinds, ARRAY_SIZE(memory_kinds), &index);
		op->kind = (enum sim_memory_kind)index;
		return ok;
	case ADVICE:
		ok = find_word(word, advices, ARRAY_SIZE(advices), &index);
		op->advice = (enum sim_advice)index;
		return ok;
	case PROT:
		return find_word(word, prots, ARRAY_SIZE(prots), &op->prot);
	case SLOT_FLAGS:
		return word.n == 0 || get_flags(word, &op->flags);
	case MEMORY_SIZE:
		return get_size(word, MEMORY_MAX, &op->size);
	case PAGES_SIZE:
		return get_size(word, UINT64_MAX, &op->size);
	case PAGES_OFFSET:
		return get_number(word, &op->offset) && op->offset % PAGE_BYTES == 0;
	case SLOT_SIZE:
		return get_number(word, &op->size) && op->size;
	case SLOT_OFFSET:
	case FIRST:
		return get_number(word, &op->offset);
	case COUNT:
		return get_up_to(word, UINT32_MAX, &op->size);
	case CAP_FLAGS:
		return get_u32(word, &op->flags);
	case SLOT_ID:
		return get_up_to(word, SLOT_ID_MAX, &op->id);
	case VCPU:
		return get_up_to(word, VCPU_MAX, &op->id);
	case SLOT_GPA:
		return get_number(word, &op->gpa);
	case GPA:
		return get_up_to(word, GPA_LIMIT - 1, &op->gpa);
	case ACCESS:
		ok = find_word(word, accesses, ARRAY_SIZE(accesses), &index);
		op->access = (enum sim_op_access)index;
		return ok;
	case SWITCH:
		ok = find_word(word, switches, ARRAY_SIZE(switches), &index);
		op->on = index;
		return ok;
	case RANGE_GPA:
		return get_up_to(word, GPA_LIMIT - 1, &op->gpa) && op->gpa % PAGE_BYTES == 0;
	case LINEAR:
		return get_up_to(word, LINEAR_LIMIT - 1, &op->linear) &&
		       op->linear % PAGE_BYTES == 0;
	case ACCESSES:
		return get_up_to(word, UINT32_MAX, &op->count) && op->count;
	case SEED:
		return get_number(word, &op->seed);
	case END:
		break;
	}
	return false;
}

static bool find_op(struct sim_word word, enum sim_op_type *type)
{
	for (unsigned int i = 0; i < SIM_OP_NR; i++) {
		if (sim_text_is(word, rows[i].name)) {
			*type = (enum sim_op_type)i;
			return true;
		}
	}
	return false;
}

/* Values that are words of their own must show up in a line as one printable word. */
static bool is_printable(const char *text)
{
	for (; *text; text++) {
		if ((*text < 0x20 || *text > 0x7e) && *text != '\t')
			return false;
	}
	return true;
}

static bool takes_range(enum sim_op_type type)
{
	return type == SIM_OP_SWEEP || type == SIM_OP_RANDOM || type == SIM_OP_PREFAULT ||
	       type == SIM_OP_PAGING || type == SIM_OP_GUEST_MAP;
}

static bool parse_args(const char *pos, struct sim_op *op, char *err, size_t err_size)
{
	const enum arg *arg = rows[op->type].args;
	const char *name = rows[op->type].name;
	char quote[SIM_QUOTE_SIZE];
	struct sim_word word;

	for (; *arg != END; arg++) {
		word = sim_text_next(&pos);
		if (get_arg(*arg, word, op))
			continue;
		snprintf(err, err_size, "%s: expected %s (%s), found %s", name,
			 arg_texts[*arg].name, arg_texts[*arg].expects,
			 sim_text_quote(word, quote));
		return false;
	}
	word = sim_text_next(&pos);
	if (word.n) {
		snprintf(err, err_size, "%s: expected the end of the line, found %s", name,
			 sim_text_quote(word, quote));
		return false;
	}
	if (op->type != SIM_OP_DIRTY_CLEAR && op->offset + op->size < op->offset) {
		snprintf(err, err_size, "%s: OFFSET + SIZE goes beyond 64 bits", name);
		return false;
	}
	if (takes_range(op->type) && op->size > GPA_LIMIT - op->gpa) {
		snprintf(err, err_size, "%s: GPA + SIZE goes beyond 2^52", name);
		return false;
	}
	if (op->type == SIM_OP_GUEST_MAP && op->size > LINEAR_LIMIT - op->linear) {
		snprintf(err, err_size, "%s: LINEAR + SIZE goes beyond 2^47", name);
		return false;
	}
	return true;
}

/* "in N" before an operation: the VM that it is for. */
static bool take_vm(const char **pos, struct sim_word *word, struct sim_op *op, char *err,
		    size_t err_size)
{
	char quote[SIM_QUOTE_SIZE];
	uint64_t vm;

	*word = sim_text_next(pos);
	if (!sim_text_is(*word, "in"))
		return true;
	*word = sim_text_next(pos);
	if (!get_up_to(*word, SIM_MAX_VMS - 1, &vm)) {
		snprintf(err, err_size, "in: expected VM (0 to %d), found %s", SIM_MAX_VMS - 1,
			 sim_text_quote(*word, quote));
		return false;
	}
	op->vm = (unsigned int)vm;
	*word = sim_text_next(pos);
	return true;
}

bool sim_op_parse(const char *text, struct sim_op *op, char *err, size_t err_size)
{
	struct sim_op found = { .line = op->line };
	struct sim_word word;
	const char *pos = text;
	char quote[SIM_QUOTE_SIZE];

	if (!take_vm(&pos, &word, &found, err, err_size))
		return false;
	if (!find_op(word, &found.type)) {
		snprintf(err, err_size, "expected an operation, found %s",
			 sim_text_quote(word, quote));
		return false;
	}
	if (strlen(text) >= sizeof(found.text)) {
		snprintf(err, err_size, "%s: expected an operation of at most %d bytes, found %zu",
			 rows[found.type].name, SIM_OP_TEXT_SIZE - 1, strlen(text));
		return false;
	}
	if (!is_printable(text)) {
		snprintf(err, err_size, "%s: expected printable ASCII, found other bytes",
			 rows[found.type].name);
		return false;
	}
	if (!parse_args(pos, &found, err, err_size))
		return false;
	strcpy(found.text, text);
	*op = found;
	return true;
}

/* --- printing ----------------------------------------------------------------------- */

static void put_arg(enum arg arg, const struct sim_op *op, char *buf, size_t size)
{
	switch (arg) {
	case NAME:
		snprintf(buf, size, "%s", op->name);
		break;
	case VALUE:
		snprintf(buf, size, "%s", op->value);
		break;
	case KIND:
		snprintf(buf, size, "%s", memory_kinds[op->kind]);
		break;
	case ADVICE:
		snprintf(buf, size, "%s", advices[op->advice]);
		break;
	case PROT:
		snprintf(buf, size, "%s", prots[op->prot]);
		break;
	case SLOT_FLAGS:
		snprintf(buf, size, "%s", slot_flags[op->flags]);
		break;
	case MEMORY_SIZE:
	case PAGES_SIZE:
	case SLOT_SIZE:
		put_bytes(op->size, buf, size);
		break;
	case PAGES_OFFSET:
	case SLOT_OFFSET:
		put_bytes(op->offset, buf, size);
		break;
	case FIRST:
		put_dec(op->offset, buf, size);
		break;
	case COUNT:
		put_dec(op->size, buf, size);
		break;
	case CAP_FLAGS:
		put_dec(op->flags, buf, size);
		break;
	case SLOT_ID:
	case VCPU:
		put_dec(op->id, buf, size);
		break;
	case SLOT_GPA:
	case GPA:
		put_hex(op->gpa, buf, size);
		break;
	case ACCESS:
		snprintf(buf, size, "%s", accesses[op->access]);
		break;
	case SWITCH:
		snprintf(buf, size, "%s", switches[op->on]);
		break;
	case RANGE_GPA:
		put_hex(op->gpa, buf, size);
		break;
	case LINEAR:
		put_hex(op->linear, buf, size);
		break;
	case ACCESSES:
		put_dec(op->count, buf, size);
		break;
	case SEED:
		put_hex(op->seed, buf, size);
		break;
	case END:
		buf[0] = '\0';
		break;
	}
}

int sim_op_print(const struct sim_op *op, char *buf, size_t size)
{
	char line[SIM_OP_TEXT_SIZE], in[16] = "";
	size_t len;

	if (op->vm)
		snprintf(in, sizeof(in), "in %u ", op->vm);
	len = (size_t)snprintf(line, sizeof(line), "%s%s", in, rows[op->type].name);

	for (const enum arg *arg = rows[op->type].args; *arg != END; arg++) {
		char word[64];

		put_arg(*arg, op, word, sizeof(word));
		if (word[0])
			len += (size_t)snprintf(line + len, sizeof(line) - len, " %s", word);
	}
	return snprintf(buf, size, "%s", line);
}

const char *sim_op_name(enum sim_op_type type)
{
	return rows[type].name;
}
