/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/load.h"
#include "sim/script.h"
#include "sim/text.h"

#define MAX_DEPTH	8	/* loops inside each other */
#define MAX_VARIABLES	32
#define MAX_LINE	512

struct variable {
	char name[16];
	u64 value;
};

/* A loop that is open: where its body begins, and how far it has got. */
struct loop {
	const char *body;	/* the text behind the "repeat" line */
	unsigned int line;	/* of the first line of the body */
	u64 count, index;
	size_t variable;
	bool skipped;		/* count 0, or a condition that fails: only look for the end */
};

struct reader {
	struct sim_script *script;
	const struct sim_script_config *config;
	const char *pos, *end;
	unsigned int line;
	struct variable variables[MAX_VARIABLES];
	size_t nr_variables;
	struct loop loops[MAX_DEPTH];
	size_t depth;
	u64 iterations;		/* of all loops */
	char *err;
	size_t err_size;
};

static bool complain(struct reader *r, const char *fmt, ...)
{
	int n = snprintf(r->err, r->err_size, "%s:%u: ", r->script->name, r->line);
	va_list args;

	if (n >= 0 && (size_t)n < r->err_size) {
		va_start(args, fmt);
		vsnprintf(r->err + n, r->err_size - n, fmt, args);
		va_end(args);
	}
	return false;
}

static bool complain_word(struct reader *r, const char *expected, struct sim_word word)
{
	char quote[SIM_QUOTE_SIZE];

	return complain(r, "expected %s, found %s", expected, sim_text_quote(word, quote));
}

/* ---- Variables and expressions ---- */

static struct variable *find_variable(struct reader *r, const char *name, size_t n)
{
	size_t i;

	for (i = r->nr_variables; i-- > 0; )
		if (strlen(r->variables[i].name) == n && !memcmp(r->variables[i].name, name, n))
			return &r->variables[i];
	return NULL;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool add_variable(struct reader *r, struct sim_word name, u64 value)
{
	struct variable *variable;
	size_t i;

	for (i = 0; i < name.n; i++)
		if (!is_letter(name.s[i]) && !(i && is_digit(name.s[i])))
			return complain_word(r, "the name of a variable", name);
	if (!name.n || name.n >= sizeof(variable->name))
		return complain_word(r, "the name of a variable, 1 to 15 letters", name);
	if (r->nr_variables == MAX_VARIABLES)
		return complain(r, "more than %d variables", MAX_VARIABLES);

	variable = &r->variables[r->nr_variables++];
	memset(variable, 0, sizeof(*variable));
	memcpy(variable->name, name.s, name.n);
	variable->value = value;
	return true;
}

/* The length of the operand at the start of a word: up to the next operator. */
static size_t operand_length(struct sim_word word)
{
	size_t n = 0;

	while (n < word.n && !strchr("+-*", word.s[n]))
		n++;
	return n;
}

static bool get_operand(struct reader *r, struct sim_word *word, u64 *value)
{
	size_t n = operand_length(*word);

	if (n && word->s[0] == '$') {
		const struct variable *variable = find_variable(r, word->s + 1, n - 1);

		if (!variable)
			return complain_word(r, "a variable that has been set", *word);
		*value = variable->value;
	} else if (!sim_number_parse(word->s, n, value)) {
		return complain_word(r, "a number", *word);
	}
	word->s += n;
	word->n -= n;
	return true;
}

/* OPERAND { "*" OPERAND } */
static bool get_product(struct reader *r, struct sim_word *word, u64 *value)
{
	u64 factor;

	if (!get_operand(r, word, value))
		return false;
	while (word->n && word->s[0] == '*') {
		word->s++;
		word->n--;
		if (!get_operand(r, word, &factor))
			return false;
		if (__builtin_mul_overflow(*value, factor, value))
			return complain(r, "a product goes beyond 64 bits");
	}
	return true;
}

/* PRODUCT { "+" or "-" PRODUCT } */
static bool evaluate(struct reader *r, struct sim_word word, u64 *value)
{
	u64 term;

	if (!get_product(r, &word, value))
		return false;
	while (word.n) {
		bool minus = word.s[0] == '-';

		word.s++;
		word.n--;
		if (!get_product(r, &word, &term))
			return false;
		if (minus ? __builtin_sub_overflow(*value, term, value) :
			    __builtin_add_overflow(*value, term, value))
			return complain(r, "a sum goes beyond 64 bits, or below 0");
	}
	return true;
}

/* A word that needs evaluation: it begins as a number and has more to it. */
static bool is_expression(struct sim_word word)
{
	return word.n && (word.s[0] == '$' ||
			  (is_digit(word.s[0]) && operand_length(word) < word.n));
}

/* Bytes that hold every number, and every range of two. */
#define NUMBERS_SIZE	48

/*
 * Where a range of pages is asked for, "12-13" is one and not a difference: the first
 * minus sign stands between the two numbers.
 */
static bool evaluate_range(struct reader *r, struct sim_word word, char *buf)
{
	const char *dash = memchr(word.s, '-', word.n);
	struct sim_word first = word, last = word;
	u64 from, to;

	if (dash) {
		first.n = dash - word.s;
		last.s = dash + 1;
		last.n = word.n - first.n - 1;
	}
	if (!evaluate(r, first, &from) || !evaluate(r, last, &to))
		return false;
	if (dash)
		snprintf(buf, NUMBERS_SIZE, "%" PRIu64 "-%" PRIu64, from, to);
	else
		snprintf(buf, NUMBERS_SIZE, "%" PRIu64, from);
	return true;
}

static bool evaluate_number(struct reader *r, struct sim_word word, char *buf)
{
	u64 value;

	if (!evaluate(r, word, &value))
		return false;
	snprintf(buf, NUMBERS_SIZE, "0x%" PRIx64, value);
	return true;
}

/* Copy a line with all expressions replaced by numbers. */
static bool substitute(struct reader *r, const char *line, char *out, size_t size)
{
	char numbers[NUMBERS_SIZE];
	const char *pos = line;
	struct sim_word word;
	bool dirty = false;
	size_t len = 0, nr;

	for (nr = 0; (word = sim_text_next(&pos)).n; nr++) {
		bool range = nr == 2 && dirty;

		if (nr == 1)
			dirty = !strcmp(out, "expect") && sim_text_is(word, "dirty");
		if (is_expression(word)) {
			if (!(range ? evaluate_range(r, word, numbers) :
				      evaluate_number(r, word, numbers)))
				return false;
			word = (struct sim_word) { .s = numbers, .n = strlen(numbers) };
		}
		len += snprintf(out + len, size - len, "%s%.*s", nr ? " " : "", (int)word.n,
				word.s);
		if (len >= size)
			return complain(r, "the line is too long");
	}
	out[len] = '\0';
	return true;
}

/* ---- Conditions ---- */

#define CONDITIONS	"@ept, @npt, @4, @5 or @PROFILE"

static bool condition_holds(struct reader *r, struct sim_word word, bool *holds)
{
	const struct sim_script_config *config = r->config;
	char name[32];
	bool negated;
	size_t n;

	negated = word.n > 1 && word.s[1] == '!';
	n = word.n - 1 - negated;
	if (n >= sizeof(name))
		return complain_word(r, CONDITIONS, word);
	memcpy(name, word.s + 1 + negated, n);
	name[n] = '\0';

	if (!strcmp(name, "ept") || !strcmp(name, "npt"))
		*holds = config->ept == !strcmp(name, "ept");
	else if (!strcmp(name, "4") || !strcmp(name, "5"))
		*holds = config->levels == (unsigned int)(name[0] - '0');
	else if (sim_profile_find(name))
		*holds = sim_profile_find(name) == config->profile;
	else
		return complain_word(r, CONDITIONS, word);
	*holds ^= negated;
	return true;
}

/* Take the conditions off the start of a line. */
static bool take_conditions(struct reader *r, const char **line, bool *hold)
{
	const char *pos = *line;
	bool holds = false;

	*hold = true;
	for (;;) {
		struct sim_word word = sim_text_next(&pos);

		if (!word.n || word.s[0] != '@')
			return true;
		if (!condition_holds(r, word, &holds))
			return false;
		*hold &= holds;
		while (*pos == ' ')
			pos++;
		*line = pos;
	}
}

/* ---- Steps ---- */

static struct sim_step *add_step(struct reader *r)
{
	struct sim_script *script = r->script;
	struct sim_step *steps;

	if (script->nr_steps == SIM_SCRIPT_MAX_STEPS) {
		complain(r, "more than %u steps", SIM_SCRIPT_MAX_STEPS);
		return NULL;
	}
	if (script->nr_steps == script->capacity) {
		size_t capacity = script->capacity ? script->capacity * 2 : 64;

		steps = realloc(script->steps, capacity * sizeof(*steps));
		if (!steps) {
			complain(r, "out of memory");
			return NULL;
		}
		script->steps = steps;
		script->capacity = capacity;
	}
	steps = &script->steps[script->nr_steps++];
	memset(steps, 0, sizeof(*steps));
	steps->line = r->line;
	return steps;
}

static bool add_expect(struct reader *r, const char *text)
{
	struct sim_step *step = add_step(r);
	char what[256];

	if (!step)
		return false;
	if (r->script->nr_steps == 1)
		return complain(r, "there is no operation before this expectation");
	step->is_expect = true;
	if (!sim_expect_parse(text, &step->expect, what, sizeof(what)))
		return complain(r, "%s", what);
	step->expect.line = r->line;
	return true;
}

static bool add_op(struct reader *r, const char *text)
{
	struct sim_step *step = add_step(r);
	char what[256];

	if (!step)
		return false;
	if (!sim_op_parse(text, &step->op, what, sizeof(what)))
		return complain(r, "%s", what);
	step->op.line = r->line;
	return true;
}

/* ---- Loops ---- */

static bool open_loop(struct reader *r, const char *pos, bool skipped)
{
	struct sim_word word = sim_text_next(&pos), name = { .s = "i", .n = 1 };
	struct loop *loop;
	u64 count = 0;

	if (r->depth == MAX_DEPTH)
		return complain(r, "more than %d loops inside each other", MAX_DEPTH);
	if (!skipped) {
		if (!evaluate(r, word, &count))
			return false;
		word = sim_text_next(&pos);
		if (word.n) {
			if (!sim_text_is(word, "as"))
				return complain_word(r, "\"as NAME\" or the end of the line", word);
			name = sim_text_next(&pos);
			word = sim_text_next(&pos);
			if (word.n)
				return complain_word(r, "the end of the line", word);
		}
	}

	loop = &r->loops[r->depth++];
	*loop = (struct loop) {
		.body = r->pos, .line = r->line, .count = count, .variable = r->nr_variables,
		.skipped = !count || skipped,
	};
	return add_variable(r, name, 0);
}

/* An "end" belongs to its "repeat", so it cannot be there on some machines only. */
static bool close_loop(struct reader *r, const char *pos, bool conditional)
{
	struct sim_word word = sim_text_next(&pos);
	struct loop *loop;

	if (word.n)
		return complain_word(r, "the end of the line", word);
	if (conditional)
		return complain(r, "\"end\" takes no conditions");
	if (!r->depth)
		return complain(r, "\"end\" without a \"repeat\"");
	loop = &r->loops[r->depth - 1];
	/* What was set inside is gone. */
	r->nr_variables = loop->variable + 1;
	if (++r->iterations > SIM_SCRIPT_MAX_STEPS)
		return complain(r, "more than %u rounds of loops", SIM_SCRIPT_MAX_STEPS);
	if (!loop->skipped && ++loop->index < loop->count) {
		r->variables[loop->variable].value = loop->index;
		r->pos = loop->body;
		r->line = loop->line;
		return true;
	}
	r->nr_variables = loop->variable;
	r->depth--;
	return true;
}

static bool set_variable(struct reader *r, const char *pos)
{
	struct sim_word name = sim_text_next(&pos), word = sim_text_next(&pos), rest;
	struct variable *variable = find_variable(r, name.s, name.n);
	u64 value;

	if (!evaluate(r, word, &value))
		return false;
	rest = sim_text_next(&pos);
	if (rest.n)
		return complain_word(r, "the end of the line", rest);
	if (variable) {
		variable->value = value;
		return true;
	}
	return add_variable(r, name, value);
}

/* ---- Lines ---- */

static bool skipping(const struct reader *r)
{
	size_t i;

	for (i = 0; i < r->depth; i++)
		if (r->loops[i].skipped)
			return true;
	return false;
}

/*
 * A line without comment, conditions taken off.
 * @conditional: there were some
 * @hold: all of them hold
 */
static bool read_statement(struct reader *r, const char *line, bool conditional, bool hold)
{
	const char *pos = line;
	struct sim_word word = sim_text_next(&pos);
	bool skip = skipping(r) || !hold;
	char text[MAX_LINE];

	if (sim_text_is(word, "repeat"))
		return open_loop(r, pos, skip);
	if (sim_text_is(word, "end"))
		return close_loop(r, pos, conditional);
	if (skip)
		return true;
	if (sim_text_is(word, "set"))
		return set_variable(r, pos);

	if (!substitute(r, line, text, sizeof(text)))
		return false;
	if (sim_text_is(word, "expect"))
		return add_expect(r, text + strlen(text[6] ? "expect " : "expect"));
	return add_op(r, text);
}

/* The next line into @buf, without its comment and blanks at its ends; tabs count as blanks. */
static bool next_line(struct reader *r, char *buf, size_t size)
{
	const char *newline = memchr(r->pos, '\n', r->end - r->pos);
	size_t n = (newline ? newline : r->end) - r->pos, i;
	const char *comment = memchr(r->pos, '#', n);

	r->line++;
	if (memchr(r->pos, '\0', n))
		return complain(r, "a NUL byte");
	if (memchr(r->pos, '\r', n))
		return complain(r, "a carriage return: lines end in a newline only");
	if (comment)
		n = comment - r->pos;
	if (n >= size)
		return complain(r, "the line is too long");

	for (i = 0; i < n; i++)
		buf[i] = r->pos[i] == '\t' ? ' ' : r->pos[i];
	while (n && buf[n - 1] == ' ')
		n--;
	buf[n] = '\0';
	r->pos = newline ? newline + 1 : r->end;
	return true;
}

static bool read_lines(struct reader *r)
{
	char buf[MAX_LINE];

	while (r->pos < r->end) {
		const char *line = buf, *start;
		bool hold;

		if (!next_line(r, buf, sizeof(buf)))
			return false;
		while (*line == ' ')
			line++;
		start = line;
		if (!take_conditions(r, &line, &hold))
			return false;
		if (*line && !read_statement(r, line, line != start, hold))
			return false;
	}
	if (r->depth) {
		r->line = r->loops[r->depth - 1].line;
		return complain(r, "this \"repeat\" has no \"end\"");
	}
	return true;
}

/* ---- The script ---- */

struct op_cursor {
	const struct sim_script *script;
	size_t next;
};

static const struct sim_op *next_op(void *ctx)
{
	struct op_cursor *cursor = ctx;

	while (cursor->next < cursor->script->nr_steps) {
		const struct sim_step *step = &cursor->script->steps[cursor->next++];

		if (!step->is_expect)
			return &step->op;
	}
	return NULL;
}

static bool check_script(struct reader *r)
{
	struct op_cursor cursor = { .script = r->script };
	char what[256];

	if (!r->script->nr_steps) {
		/* Not even a line? */
		r->line = r->line ? r->line : 1;
		return complain(r, "there is no operation");
	}
	if (!sim_machine_check(next_op, &cursor, what, sizeof(what), &r->line))
		return complain(r, "%s", what);
	return true;
}

/* Destroy the VMs that are left when the scenario ends: the first one last. */
static bool add_destroys(struct reader *r)
{
	bool left[SIM_MAX_VMS] = { false };
	char text[32];
	size_t i;

	for (i = 0; i < r->script->nr_steps; i++) {
		const struct sim_step *step = &r->script->steps[i];

		if (step->is_expect)
			continue;
		if (step->op.type == SIM_OP_VM)
			left[step->op.vm] = true;
		else if (step->op.type == SIM_OP_DESTROY)
			left[step->op.vm] = false;
	}
	for (i = SIM_MAX_VMS; i-- > 0; ) {
		snprintf(text, sizeof(text), i ? "in %zu destroy" : "destroy", i);
		if (left[i] && !add_op(r, text))
			return false;
	}
	return true;
}

struct sim_script *sim_script_parse(const char *name, const char *text, size_t len,
				    const struct sim_script_config *config, char *err,
				    size_t err_size)
{
	struct reader r = {
		.config = config, .pos = text, .end = text + len, .err = err, .err_size = err_size,
	};

	r.script = calloc(1, sizeof(*r.script));
	if (r.script)
		r.script->name = strdup(name);
	if (!r.script || !r.script->name) {
		snprintf(err, err_size, "%s: out of memory", name);
		sim_script_free(r.script);
		return NULL;
	}

	if (!read_lines(&r) || !add_destroys(&r) || !check_script(&r)) {
		sim_script_free(r.script);
		return NULL;
	}
	return r.script;
}

struct sim_script *sim_script_read(const char *path, const struct sim_script_config *config,
				   char *err, size_t err_size)
{
	struct sim_script *script;
	size_t len;
	char *text = sim_load(path, &len, err, err_size);

	if (!text)
		return NULL;
	script = sim_script_parse(path, text, len, config, err, err_size);
	free(text);
	return script;
}

void sim_script_free(struct sim_script *script)
{
	if (!script)
		return;
	free(script->steps);
	free(script->name);
	free(script);
}
