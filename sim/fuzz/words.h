/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_FUZZ_WORDS_H
#define SIM_FUZZ_WORDS_H

#include <stdio.h>

#include "sim/fuzz/symbol.h"
#include "sim/fuzz/timeline.h"

/* Events of a timeline in words.  After the run: debug information is read. */

#define SIM_WORDS_SIZE		192
#define SIM_WORDS_FRAMES	5

/** sim_words_event() - what it does: "SPTE L1 gfn 0x40000: empty -> 4K leaf, ..."; returns @buf. */
const char *sim_words_event(const struct sim_timeline_event *e, char *buf, size_t size);

/**
 * sim_words_function() - the function that does it, not what it does it with.
 *
 * Return: a name; empty if it is nobody's but the seam's.
 */
const char *sim_words_function(const struct sim_timeline_event *e);

/**
 * sim_words_site() - where it does it: "unlink_root (mmu/tdp_mmu_root.c:54) <- caller <- ...".
 * @width: characters there is room for
 */
const char *sim_words_site(const struct sim_timeline_event *e, unsigned int width, char *buf,
			   size_t size);

/** sim_words_place() - the innermost function with file and line; returns @buf. */
const char *sim_words_place(const struct sim_timeline_event *e, char *buf, size_t size);

/** sim_words_object() - the name of what it touches; empty if it has none; returns @buf. */
const char *sim_words_object(const struct sim_timeline_event *e, char *buf, size_t size);

#endif /* SIM_FUZZ_WORDS_H */
