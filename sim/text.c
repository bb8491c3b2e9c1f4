/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/text.h"

#include <stdio.h>
#include <string.h>

bool sim_text_dec(struct sim_word word, uint64_t *value)
{
	uint64_t v = 0;

	if (word.n == 0 || (word.n > 1 && word.s[0] == '0'))
		return false;
	for (size_t i = 0; i < word.n; i++) {
		unsigned int digit = (unsigned char)word.s[i] - '0';

		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*value = v;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool sim_text_hex(struct sim_word word, uint64_t *value)
{
	uint64_t v = 0;

	if (word.n < 3 || word.n > 18 || word.s[0] != '0' || word.s[1] != 'x')
		return false;
	if (word.s[2] == '0' && word.n > 3)
		return false;
	for (size_t i = 2; i < word.n; i++) {
		int digit = hex_digit(word.s[i]);

		if (digit < 0)
			return false;
		v = v << 4 | (uint64_t)digit;
	}
	*value = v;
	return true;
}

bool sim_text_is(struct sim_word word, const char *text)
{
	return strlen(text) == word.n && memcmp(word.s, text, word.n) == 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct sim_word sim_text_next(const char **pos)
{
	struct sim_word word;

	while (is_blank(**pos))
		(*pos)++;
	word.s = *pos;
	while (**pos && !is_blank(**pos))
		(*pos)++;
	word.n = (size_t)(*pos - word.s);
	return word;
}

const char *sim_text_quote(struct sim_word word, char *buf)
{
	const size_t room = SIM_QUOTE_SIZE - sizeof("\"...\"");
	size_t n = word.n < room ? word.n : room;

	if (word.n == 0)
		return strcpy(buf, "the end of the line");
	buf[0] = '"';
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)word.s[i];

		buf[1 + i] = c >= 0x20 && c < 0x7f ? (char)c : '?';
	}
	strcpy(buf + 1 + n, word.n > n ? "...\"" : "\"");
	return buf;
}
