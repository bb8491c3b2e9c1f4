/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_FINDING_H
#define SIM_FINDING_H

#include <stddef.h>

/* What checkers find, as text. */

#define SIM_FINDING_SIZE	2048

/*
 * For checkers that are fed while something goes on, and cannot return a verdict: how
 * often something was wrong, and the report of the first time.  All zero is: never.
 */
struct sim_finding {
	unsigned long nr;
	char first[SIM_FINDING_SIZE];
};

/** sim_found() - note a report; only the first is kept. */
void sim_found(struct sim_finding *finding, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * sim_append() - printf() to the end of a text, cut off where there is no more room.
 * @buf: a text
 * @size: bytes at @buf
 */
void sim_append(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* SIM_FINDING_H */
