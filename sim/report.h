/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_REPORT_H
#define _SIM_REPORT_H

/*
 * Where WARN(), BUG() and the lines of the kernel's log go.  linux/bug.h and linux/printk.h have the
 * sending side.
 */

#include <linux/bug.h>

enum sim_report_kind {
	SIM_REPORT_WARN,
	SIM_REPORT_BUG,
	SIM_REPORT_LOG,		/* a line of pr_err() and its kin */
};

/*
 * @file is NULL for SIM_REPORT_LOG, and @line is then the log level.  @msg has no newline at its
 * end.  May be called by several threads at once.
 */
typedef void (*sim_report_fn)(enum sim_report_kind kind, const char *file, int line,
			      const char *msg);

/**
 * sim_set_report_handler() - decide what becomes of reports
 * @fn: called for each, in the thread that reports; NULL for the default, one line on stderr
 *
 * The handler of a BUG may longjmp() away or exit; if it returns, the process aborts.
 */
void sim_set_report_handler(sim_report_fn fn);

/**
 * sim_warn_count() - how many WARNs have been reported since the process began
 *
 * Whatever the handler did with them.
 */
unsigned long sim_warn_count(void);

/**
 * sim_warn_once_clear() - let every WARN_ONCE() report its next time again
 *
 * What the kernel does when 1 is written to its debugfs file clear_warn_once.
 */
void sim_warn_once_clear(void);

#endif
