/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_PERCPU_H
#define _SIM_LINUX_PERCPU_H

/*
 * A thread plays the CPU it runs on: DEFINE_PER_CPU(type, name), DECLARE_PER_CPU(type, name),
 * this_cpu_read(name), this_cpu_write(name, value).
 */

#include <linux/types.h>
#include <seam/percpu.h>

#define __this_cpu_read(name)		this_cpu_read(name)
#define __this_cpu_write(name, value)	this_cpu_write(name, value)

#endif
