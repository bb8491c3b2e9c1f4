/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_BUG_H
#define _SIM_LINUX_BUG_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/types.h>

/**
 * sim_warn() - report that something which must not happen has happened, and go on
 * @file: where
 * @line: where
 * @fmt: printf() format of what to say
 *
 * Goes to the handler of sim_set_report_handler() (sim/report.h) and is counted.  Any thread, any
 * lock: the report takes none of the simulator's.
 */
void sim_warn(const char *file, int line, const char *fmt, ...) __printf(3, 4) __cold;

/**
 * sim_bug() - report that something which must not happen has happened, and stop
 * @file: where
 * @line: where
 * @fmt: printf() format of what to say
 *
 * Does not return: if the handler does, the process aborts.  A handler may longjmp() out of it.
 */
void sim_bug(const char *file, int line, const char *fmt, ...)
	__printf(3, 4) __cold __attribute__((noreturn));

/*
 * The _ONCE forms remember the epoch in which they have fired.  sim_warn_once_clear() begins a new
 * one, as the kernel's debugfs file clear_warn_once does.
 */
extern unsigned int sim_warn_once_epoch;

/**
 * sim_warn_first_time() - has this site not fired since the last sim_warn_once_clear()?
 * @seen: the site's own memory, 0 at first
 */
static inline bool sim_warn_first_time(unsigned int *seen)
{
	unsigned int epoch = __atomic_load_n(&sim_warn_once_epoch, __ATOMIC_RELAXED);

	return __atomic_exchange_n(seen, epoch, __ATOMIC_RELAXED) != epoch;
}

#define SIM_WARN_IF(cond, first, ...)						\
({										\
	bool __warn_c = !!(cond);						\
	if (unlikely(__warn_c) && (first))					\
		sim_warn(__FILE__, __LINE__, __VA_ARGS__);			\
	unlikely(__warn_c);							\
})

/* Each WARN yields the truth of its condition, whether or not it has been reported. */
#define WARN(cond, ...)		SIM_WARN_IF(cond, true, __VA_ARGS__)
#define WARN_ON(cond)		SIM_WARN_IF(cond, true, "WARN_ON(%s)", #cond)
#define WARN_ONCE(cond, ...)							\
({										\
	static unsigned int __warn_seen;					\
	SIM_WARN_IF(cond, sim_warn_first_time(&__warn_seen), __VA_ARGS__);	\
})
#define WARN_ON_ONCE(cond)	WARN_ONCE(cond, "WARN_ON_ONCE(%s)", #cond)

#define BUG()			sim_bug(__FILE__, __LINE__, "BUG in %s()", __func__)
#define BUG_ON(cond)								\
do {										\
	if (unlikely(cond))							\
		sim_bug(__FILE__, __LINE__, "BUG_ON(%s)", #cond);		\
} while (0)

#endif
