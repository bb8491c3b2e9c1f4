/* SPDX-License-Identifier: GPL-2.0-only */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/printk.h>

#include "sim/report.h"

/* A message is cut off here; reports are lines, not pages. */
#define REPORT_LEN_MAX	1024

unsigned int sim_warn_once_epoch = 1;

static unsigned long warn_count;

static void print_report(enum sim_report_kind kind, const char *file, int line, const char *msg)
{
	switch (kind) {
	case SIM_REPORT_WARN:
		fprintf(stderr, "WARNING: %s:%d: %s\n", file, line, msg);
		break;
	case SIM_REPORT_BUG:
		fprintf(stderr, "BUG: %s:%d: %s\n", file, line, msg);
		break;
	case SIM_REPORT_LOG:
		fprintf(stderr, "<%d>%s\n", line, msg);
		break;
	}
}

static sim_report_fn report_handler = print_report;

void sim_set_report_handler(sim_report_fn fn)
{
	__atomic_store_n(&report_handler, fn ? fn : print_report, __ATOMIC_RELEASE);
}

unsigned long sim_warn_count(void)
{
	return __atomic_load_n(&warn_count, __ATOMIC_RELAXED);
}

void sim_warn_once_clear(void)
{
	__atomic_fetch_add(&sim_warn_once_epoch, 1, __ATOMIC_RELAXED);
}

static void report(enum sim_report_kind kind, const char *file, int line, const char *fmt,
		   va_list args)
{
	sim_report_fn handler = __atomic_load_n(&report_handler, __ATOMIC_ACQUIRE);
	char msg[REPORT_LEN_MAX];
	size_t len;

	vsnprintf(msg, sizeof(msg), fmt, args);

	/* Kernel style messages end in a newline or do not; handlers need not care. */
	len = strlen(msg);
	while (len && msg[len - 1] == '\n')
		msg[--len] = '\0';
	handler(kind, file, line, msg);
}

void sim_warn(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	__atomic_fetch_add(&warn_count, 1, __ATOMIC_RELAXED);
	va_start(args, fmt);
	report(SIM_REPORT_WARN, file, line, fmt, args);
	va_end(args);
}

void sim_bug(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report(SIM_REPORT_BUG, file, line, fmt, args);
	va_end(args);
	abort();
}

void sim_printk(int level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report(SIM_REPORT_LOG, NULL, level, fmt, args);
	va_end(args);
}
