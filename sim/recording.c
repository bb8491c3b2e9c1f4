/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/recording.h"
#include "sim/load.h"
#include "sim/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define LINE_MAX_BYTES	1024

enum head_key {
	HEAD_KERNEL, HEAD_VENDOR, HEAD_FORMAT, HEAD_LEVELS, HEAD_MAXPHYADDR, HEAD_NR
};

/* Where in an operation the reader is: what it has seen may only go up. */
enum stage {
	STAGE_RESULTS, STAGE_EVENTS, STAGE_STATS
};

struct reader {
	struct sim_recording *rec;
	const char *text;
	size_t len;
	size_t pos;
	unsigned int line;		/* number of the line in buf; 0 before the first */
	char buf[LINE_MAX_BYTES + 1];
	size_t cap_records;
	size_t cap_events;
	unsigned int head_line[HEAD_NR];	/* where each key was; 0 where it was not yet */
	bool amd;
	enum stage stage;
	bool has_ret;
	size_t last_stat;		/* index of this operation's last one, if in STAGE_STATS */
	char *err;
	size_t err_size;
};

__attribute__((format(printf, 3, 4)))
static bool fail_at(struct reader *r, unsigned int line, const char *fmt, ...)
{
	char msg[320];
	va_list args;

	va_start(args, fmt);
	vsnprintf(msg, sizeof(msg), fmt, args);
	va_end(args);
	snprintf(r->err, r->err_size, "%s:%u: %s", r->rec->name, line ? line : 1, msg);
	return false;
}

#define fail(r, ...)	fail_at(r, (r)->line, __VA_ARGS__)

/* --- lines -------------------------------------------------------------------------- */

static bool check_bytes(struct reader *r, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)r->buf[i];

		if (c == '\r')
			return fail(r, "expected lines that end in a newline alone, "
				    "found a carriage return in column %zu", i + 1);
		if (c == '\t')
			return fail(r, "expected spaces, found a tab in column %zu", i + 1);
		if (c < 0x20 || c > 0x7e)
			return fail(r, "expected printable ASCII, found byte 0x%02x in column %zu",
				    c, i + 1);
	}
	if (n == 0)
		return fail(r, "expected no empty line");
	if (r->buf[n - 1] == ' ')
		return fail(r, "expected no blanks at the end of the line");
	return true;
}

static bool at_end(const struct reader *r)
{
	return r->pos == r->len;
}

/* Puts the next line into buf, checked for what no line may have; not at the end. */
static bool next_line(struct reader *r)
{
	const char *start = r->text + r->pos;
	const char *end = memchr(start, '\n', r->len - r->pos);
	size_t n = end ? (size_t)(end - start) : r->len - r->pos;

	r->line++;
	if (n > LINE_MAX_BYTES)
		return fail(r, "expected at most %d bytes in a line, found %zu",
			    LINE_MAX_BYTES, n);
	if (!end)
		return fail(r, "expected a newline, found the end of the file");
	memcpy(r->buf, start, n);
	r->buf[n] = '\0';
	r->pos += n + 1;
	return check_bytes(r, n);
}

static bool is_op(const char *line)
{
	return strncmp(line, "op", 2) == 0 && (line[2] == ' ' || line[2] == '\0');
}

/* --- the head ----------------------------------------------------------------------- */

static bool copy(struct sim_word word, char *buf, size_t size)
{
	if (word.n == 0 || word.n >= size)
		return false;
	memcpy(buf, word.s, word.n);
	buf[word.n] = '\0';
	return true;
}

static bool head_kernel(struct reader *r, struct sim_word word)
{
	r->rec->head.kernel_line = r->line;
	return copy(word, r->rec->head.kernel, sizeof(r->rec->head.kernel));
}

static bool head_vendor(struct reader *r, struct sim_word word)
{
	r->amd = sim_text_is(word, "amd");
	return r->amd || sim_text_is(word, "intel");
}

static bool head_format(struct reader *r, struct sim_word word)
{
	r->rec->head.ept = sim_text_is(word, "ept");
	return r->rec->head.ept || sim_text_is(word, "npt");
}

static bool head_levels(struct reader *r, struct sim_word word)
{
	r->rec->head.levels = sim_text_is(word, "5") ? 5 : 4;
	return r->rec->head.levels == 5 || sim_text_is(word, "4");
}

static bool head_maxphyaddr(struct reader *r, struct sim_word word)
{
	uint64_t bits;

	if (!sim_text_dec(word, &bits) || bits < 32 || bits > 52)
		return false;
	r->rec->head.maxphyaddr = (unsigned int)bits;
	return true;
}

static const struct {
	const char *name;
	bool (*set)(struct reader *r, struct sim_word word);
	const char *expects;
} head_keys[HEAD_NR] = {
	[HEAD_KERNEL]		= { "kernel", head_kernel, "a version of 1 to 63 characters" },
	[HEAD_VENDOR]		= { "vendor", head_vendor, "amd or intel" },
	[HEAD_FORMAT]		= { "format", head_format, "npt or ept" },
	[HEAD_LEVELS]		= { "levels", head_levels, "4 or 5" },
	[HEAD_MAXPHYADDR]	= { "maxphyaddr", head_maxphyaddr, "32 to 52" },
};

static bool head_end(struct reader *r, const char *what, const char *pos)
{
	struct sim_word word = sim_text_next(&pos);
	char quote[SIM_QUOTE_SIZE];

	if (word.n == 0)
		return true;
	return fail(r, "%s: expected the end of the line, found %s", what,
		    sim_text_quote(word, quote));
}

static bool read_param(struct reader *r, const char *pos)
{
	struct sim_recording_head *head = &r->rec->head;
	struct sim_word name = sim_text_next(&pos);
	struct sim_word value = sim_text_next(&pos);
	struct sim_param param = { .line = r->line };
	char quote[SIM_QUOTE_SIZE];

	if (!copy(name, param.name, sizeof(param.name)))
		return fail(r, "param: expected a name of 1 to 47 characters, found %s",
			    sim_text_quote(name, quote));
	if (!copy(value, param.value, sizeof(param.value)))
		return fail(r, "param: expected a value of 1 to 15 characters, found %s",
			    sim_text_quote(value, quote));
	for (size_t i = 0; i < head->nr_params; i++) {
		if (strcmp(head->params[i].name, param.name) == 0)
			return fail(r, "param: expected each name once, found %s again after "
				    "line %u", param.name, head->params[i].line);
	}
	if (head->nr_params == ARRAY_SIZE(head->params))
		return fail(r, "param: expected at most %zu parameters, found more",
			    ARRAY_SIZE(head->params));
	head->params[head->nr_params++] = param;
	return head_end(r, "param", pos);
}

static bool read_key(struct reader *r)
{
	const char *pos = r->buf;
	struct sim_word key = sim_text_next(&pos);
	char quote[SIM_QUOTE_SIZE];

	if (r->buf[0] == ' ')
		return fail(r, "expected a line of the head or the first operation, "
			    "found an indented line");
	if (strstr(r->buf, "  "))
		return fail(r, "expected one space between words, found more");
	if (sim_text_is(key, "param"))
		return read_param(r, pos);
	for (unsigned int i = 0; i < HEAD_NR; i++) {
		struct sim_word value;

		if (!sim_text_is(key, head_keys[i].name))
			continue;
		if (r->head_line[i])
			return fail(r, "%s: expected once, found again after line %u",
				    head_keys[i].name, r->head_line[i]);
		r->head_line[i] = r->line;
		value = sim_text_next(&pos);
		if (!head_keys[i].set(r, value))
			return fail(r, "%s: expected %s, found %s", head_keys[i].name,
				    head_keys[i].expects, sim_text_quote(value, quote));
		return head_end(r, head_keys[i].name, pos);
	}
	return fail(r, "expected a line of the head or the first operation, found %s",
		    sim_text_quote(key, quote));
}

/* The parameters that only one of the two vendor modules has. */
static bool check_params(struct reader *r)
{
	static const struct {
		const char *name;
		bool ept;
	} owned[] = {
		{ "ept", true }, { "eptad", true }, { "pml", true }, { "npt", false },
	};
	const struct sim_recording_head *head = &r->rec->head;

	for (size_t i = 0; i < head->nr_params; i++) {
		const struct sim_param *param = &head->params[i];

		for (size_t j = 0; j < ARRAY_SIZE(owned); j++) {
			if (strcmp(param->name, owned[j].name) == 0 && owned[j].ept != head->ept)
				return fail_at(r, param->line, "param: expected parameters of "
					       "format %s, found %s",
					       head->ept ? "ept" : "npt", param->name);
		}
	}
	return true;
}

static bool check_head(struct reader *r)
{
	unsigned int later = r->head_line[HEAD_VENDOR] > r->head_line[HEAD_FORMAT] ?
			     r->head_line[HEAD_VENDOR] : r->head_line[HEAD_FORMAT];

	for (unsigned int i = 0; i < HEAD_NR; i++) {
		if (!r->head_line[i])
			return fail(r, "expected a line \"%s\" in the head, found none before "
				    "the first operation", head_keys[i].name);
	}
	if (r->amd == r->rec->head.ept)
		return fail_at(r, later, "expected format %s with vendor %s, found %s",
			       r->amd ? "npt" : "ept", r->amd ? "amd" : "intel",
			       r->amd ? "ept" : "npt");
	return check_params(r);
}

/* Reads up to the first operation, whose line is in buf then. */
static bool read_head(struct reader *r)
{
	static const char magic[] = "tdp-vector 1";

	if (at_end(r))
		return fail(r, "expected \"%s\", found the end of the file", magic);
	if (!next_line(r))
		return false;
	if (strcmp(r->buf, magic) != 0) {
		struct sim_word all = { r->buf, strlen(r->buf) };
		char quote[SIM_QUOTE_SIZE];

		return fail(r, "expected \"%s\", found %s", magic, sim_text_quote(all, quote));
	}
	while (!at_end(r)) {
		if (!next_line(r))
			return false;
		if (is_op(r->buf))
			return check_head(r);
		if (!read_key(r))
			return false;
	}
	return fail(r, "expected \"op vm\" after the head, found the end of the file");
}

/* --- operations and events ---------------------------------------------------------- */

/* Makes room for one more; the array is NULL while it is empty. */
static bool grow(struct reader *r, void **array, size_t nr, size_t *cap, size_t size)
{
	size_t cap_new = *cap ? *cap * 2 : 64;
	void *array_new;

	if (nr < *cap)
		return true;
	if (cap_new > SIZE_MAX / size)
		return fail(r, "out of memory");
	array_new = realloc(*array, cap_new * size);
	if (!array_new)
		return fail(r, "out of memory");
	*array = array_new;
	*cap = cap_new;
	return true;
}

/* The VM that is made first is destroyed last. */
static bool ends_recording(const struct sim_op *op)
{
	return op->type == SIM_OP_DESTROY && !op->vm;
}

static bool read_op(struct reader *r)
{
	struct sim_recording *rec = r->rec;
	void *array = rec->records;
	struct sim_record *record;
	char msg[256];

	if (rec->nr_records && ends_recording(&rec->records[rec->nr_records - 1].op))
		return fail(r, "expected nothing after operation \"destroy\", found another one");
	if (!grow(r, &array, rec->nr_records, &r->cap_records, sizeof(*record)))
		return false;
	rec->records = array;
	record = &rec->records[rec->nr_records];
	memset(record, 0, sizeof(*record));
	if (!sim_op_parse(r->buf + (r->buf[2] ? 3 : 2), &record->op, msg, sizeof(msg)))
		return fail(r, "%s", msg);
	if ((record->op.type == SIM_OP_VM && !record->op.vm) != (rec->nr_records == 0))
		return fail(r, "expected operation \"vm\" first and only there, found \"%s\"",
			    sim_op_name(record->op.type));
	record->op.line = r->line;
	record->first = rec->nr_events;
	rec->nr_records++;
	r->stage = STAGE_RESULTS;
	r->has_ret = false;
	return true;
}

static enum stage stage_of(const struct sim_event *event)
{
	switch (event->type) {
	case SIM_EV_RET:
	case SIM_EV_EXIT_MMIO:
	case SIM_EV_EXIT_ERROR:
	case SIM_EV_EXIT_SMM:
	case SIM_EV_DIRTY:
	case SIM_EV_YOUNG:
		return STAGE_RESULTS;
	case SIM_EV_STAT:
		return STAGE_STATS;
	default:
		return STAGE_EVENTS;
	}
}

/* The vm comes before the vCPUs, and these in their order; so does each one's list. */
static bool stat_before(const struct sim_event *a, const struct sim_event *b)
{
	uint64_t owner_a = a->stat.owner + 1, owner_b = b->stat.owner + 1;

	return owner_a != owner_b ? owner_a < owner_b : a->stat.name < b->stat.name;
}

static bool check_result(struct reader *r, const struct sim_event *event)
{
	enum sim_op_type op = r->rec->records[r->rec->nr_records - 1].op.type;

	if (event->type == SIM_EV_RET && r->has_ret)
		return fail(r, "expected \"ret\" once in an operation, found it again");
	if (event->type == SIM_EV_DIRTY && op != SIM_OP_DIRTY_GET)
		return fail(r, "expected \"dirty\" in operation \"dirty-get\", found it in \"%s\"",
			    sim_op_name(op));
	if (event->type == SIM_EV_YOUNG && op != SIM_OP_TEST_YOUNG)
		return fail(r, "expected \"young\" in operation \"test-young\", found it in \"%s\"",
			    sim_op_name(op));
	if (event->type == SIM_EV_EXIT_SMM && op != SIM_OP_SMI)
		return fail(r, "expected \"exit smm\" in operation \"smi\", found it in \"%s\"",
			    sim_op_name(op));
	r->has_ret |= event->type == SIM_EV_RET;
	return true;
}

static bool check_stat(struct reader *r, const struct sim_event *event)
{
	const struct sim_event *last = &r->rec->events[r->last_stat];

	if (r->stage == STAGE_STATS && !stat_before(last, event))
		return fail(r, "expected statistics in their order and each once, "
			    "found \"%s\" after \"%s\"",
			    sim_stat_name((enum sim_stat)event->stat.name),
			    sim_stat_name((enum sim_stat)last->stat.name));
	r->last_stat = r->rec->nr_events;
	return true;
}

static bool check_place(struct reader *r, const struct sim_event *event)
{
	static const char * const names[] = { "results", "events", "statistics" };
	enum stage stage = stage_of(event);

	/* The host may act at any moment. */
	if (sim_event_is_host(event))
		return true;
	if (stage == STAGE_STATS && !check_stat(r, event))
		return false;
	if (stage < r->stage)
		return fail(r, "expected results, then events, then statistics, "
			    "found \"%s\" after %s", sim_event_type_name(event->type),
			    names[r->stage]);
	r->stage = stage;
	return stage != STAGE_RESULTS || check_result(r, event);
}

static bool read_event(struct reader *r)
{
	struct sim_recording *rec = r->rec;
	size_t indent = strspn(r->buf, " ");
	void *array = rec->events;
	struct sim_event *event;
	char msg[256];

	if (indent != 2)
		return fail(r, "expected an indentation of 2 spaces, found %zu", indent);
	if (!grow(r, &array, rec->nr_events, &r->cap_events, sizeof(*event)))
		return false;
	rec->events = array;
	event = &rec->events[rec->nr_events];
	if (!sim_event_parse(r->buf, event, msg, sizeof(msg)))
		return fail(r, "%s", msg);
	if (sim_event_level(event) > rec->head.levels)
		return fail(r, "%s: expected a level up to %u, which the head gives, found %u",
			    sim_event_type_name(event->type), rec->head.levels,
			    sim_event_level(event));
	if (!check_place(r, event))
		return false;
	event->line = r->line;
	rec->nr_events++;
	rec->records[rec->nr_records - 1].nr++;
	return true;
}

static bool read_body(struct reader *r)
{
	const struct sim_op *last;

	if (!read_op(r))
		return false;
	while (!at_end(r)) {
		if (!next_line(r))
			return false;
		if (is_op(r->buf)) {
			if (!read_op(r))
				return false;
		} else if (r->buf[0] == ' ') {
			if (!read_event(r))
				return false;
		} else {
			const char *pos = r->buf;
			char quote[SIM_QUOTE_SIZE];

			return fail(r, "expected \"op\" or an indented line, found %s",
				    sim_text_quote(sim_text_next(&pos), quote));
		}
	}
	last = &r->rec->records[r->rec->nr_records - 1].op;
	if (!ends_recording(last))
		return fail(r, "expected \"destroy\" as the last operation, found \"%s\"",
			    sim_op_name(last->type));
	return true;
}

/* --- the whole ---------------------------------------------------------------------- */

struct sim_recording *sim_recording_parse(const char *name, const char *text, size_t len,
					  char *err, size_t err_size)
{
	struct reader *r = calloc(1, sizeof(*r));
	struct sim_recording *rec = calloc(1, sizeof(*rec));
	bool ok = false;

	if (rec)
		rec->name = strdup(name);
	if (!r || !rec || !rec->name) {
		snprintf(err, err_size, "%s: out of memory", name);
	} else {
		r->rec = rec;
		r->text = text;
		r->len = len;
		r->err = err;
		r->err_size = err_size;
		ok = read_head(r) && read_body(r);
	}
	free(r);
	if (ok)
		return rec;
	sim_recording_free(rec);
	return NULL;
}

struct sim_recording *sim_recording_read(const char *path, char *err, size_t err_size)
{
	struct sim_recording *rec;
	size_t len;
	char *text = sim_load(path, &len, err, err_size);

	if (!text)
		return NULL;
	rec = sim_recording_parse(path, text, len, err, err_size);
	free(text);
	return rec;
}

void sim_recording_free(struct sim_recording *rec)
{
	if (!rec)
		return;
	free(rec->name);
	free(rec->records);
	free(rec->events);
	free(rec);
}
