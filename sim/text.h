/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_TEXT_H
#define SIM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the readers of recordings and scenarios share: exact numbers, and words
 * of unknown origin made fit for a message.
 */

/* A word inside a line; not NUL terminated. */
struct sim_word {
	const char *s;
	size_t n;
};

/* Bytes that hold every quoted word. */
#define SIM_QUOTE_SIZE	48

/**
 * sim_text_dec() - read all of a word as a decimal number in its shortest spelling.
 * @word: the word
 * @value: set on success
 *
 * Return: false for an empty word, other characters, leading zeros or a value
 * beyond 64 bits.
 */
bool sim_text_dec(struct sim_word word, uint64_t *value);

/**
 * sim_text_hex() - read all of a word as 0x and lower-case hex in its shortest spelling.
 * @word: the word
 * @value: set on success
 *
 * Return: as sim_text_dec().
 */
bool sim_text_hex(struct sim_word word, uint64_t *value);

/**
 * sim_text_is() - whether a word is this text.
 * @word: the word
 * @text: NUL terminated
 */
bool sim_text_is(struct sim_word word, const char *text);

/**
 * sim_text_next() - cut the next word off a line.
 * @pos: where to look; moved behind the word
 *
 * Words are separated by blanks (spaces and tabs).
 *
 * Return: the word, of length 0 at the end of the line.
 */
struct sim_word sim_text_next(const char **pos);

/**
 * sim_text_quote() - show a word in a message.
 * @word: the word, of any bytes
 * @buf: SIM_QUOTE_SIZE bytes
 *
 * Quotes it, shortens it if it is long and replaces what cannot be printed; a
 * word of length 0 reads as the end of the line.
 *
 * Return: @buf.
 */
const char *sim_text_quote(struct sim_word word, char *buf);

#endif /* SIM_TEXT_H */
