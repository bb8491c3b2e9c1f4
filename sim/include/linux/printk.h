/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_PRINTK_H
#define _SIM_LINUX_PRINTK_H

#include <linux/compiler.h>

/**
 * sim_printk() - a line of the kernel's log
 * @level: 3 error, 4 warning, 6 information: the numbers of the kernel's log levels
 * @fmt: printf() format
 *
 * Goes to the handler of sim_set_report_handler() (sim/report.h); by default to stderr.
 */
void sim_printk(int level, const char *fmt, ...) __printf(2, 3);

#define pr_err(...)	sim_printk(3, __VA_ARGS__)
#define pr_warn(...)	sim_printk(4, __VA_ARGS__)
#define pr_info(...)	sim_printk(6, __VA_ARGS__)

#define SIM_PRINTK_BURST	10

/*
 * The kernel lets ten lines pass in five seconds.  Time would make runs differ from each other, so
 * here each site says its first ten lines and is silent after that.
 */
#define SIM_PRINTK_RATELIMITED(level, ...)					\
do {										\
	static int __printk_said;						\
	if (__atomic_load_n(&__printk_said, __ATOMIC_RELAXED) < SIM_PRINTK_BURST && \
	    __atomic_fetch_add(&__printk_said, 1, __ATOMIC_RELAXED) < SIM_PRINTK_BURST) \
		sim_printk(level, __VA_ARGS__);					\
} while (0)

#define pr_err_ratelimited(...)		SIM_PRINTK_RATELIMITED(3, __VA_ARGS__)
#define pr_warn_ratelimited(...)	SIM_PRINTK_RATELIMITED(4, __VA_ARGS__)
#define pr_info_ratelimited(...)	SIM_PRINTK_RATELIMITED(6, __VA_ARGS__)

#endif
