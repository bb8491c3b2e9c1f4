/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _TESTS_SEAM_FIXTURE_H
#define _TESTS_SEAM_FIXTURE_H

/* What the tests of the seam share: reports that are kept, and waiting for another thread. */

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sim/report.h"
#include "sim/sim.h"
#include "sim/thread.h"

static unsigned long reports;
static char last_report[1024];

static void keep_report(enum sim_report_kind kind, const char *file, int line, const char *msg)
{
	(void)kind, (void)file, (void)line;
	__atomic_fetch_add(&reports, 1, __ATOMIC_SEQ_CST);
	snprintf(last_report, sizeof(last_report), "%s", msg);
}

static int seam_setup(void **state)
{
	(void)state;
	reports = 0;
	last_report[0] = '\0';
	sim_warn_once_clear();
	sim_set_report_handler(keep_report);
	return sim_init();
}

static int seam_teardown(void **state)
{
	unsigned long leaks = sim_exit();

	(void)state;
	sim_set_report_handler(NULL);
	return leaks ? -1 : 0;
}

#define SEAM_TEST(f)	cmocka_unit_test_setup_teardown(f, seam_setup, seam_teardown)

/* Nothing but the one report that was expected; the next step starts from none. */
#define assert_reported(text)							\
do {										\
	assert_int_equal(reports, 1);						\
	assert_non_null(strstr(last_report, text));				\
	reports = 0;								\
} while (0)

static inline long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/*
 * True as soon as @cond is, false if it is not within @ns.  With seconds for what must happen, and
 * with a few milliseconds for what must not.
 */
#define within_ns(ns, cond)							\
({										\
	long long __within_end = now_ns() + (ns);				\
	bool __within_ok;							\
	while (!(__within_ok = (cond)) && now_ns() < __within_end)		\
		sched_yield();							\
	__within_ok;								\
})

#define MUST_NS		10000000000LL
#define MUST_NOT_NS	4000000LL

#define FLAG_SET(flag)	__atomic_store_n(&(flag), true, __ATOMIC_SEQ_CST)
#define FLAG_GET(flag)	__atomic_load_n(&(flag), __ATOMIC_SEQ_CST)

#endif
