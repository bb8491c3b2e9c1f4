/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_SEAM_PERCPU_H
#define _SIM_SEAM_PERCPU_H

/* One CPU runs all tasks. */
#define DECLARE_PER_CPU(type, name)	extern __typeof__(type) name
#define DEFINE_PER_CPU(type, name)	__typeof__(type) name

#define this_cpu_read(name)		(name)
#define this_cpu_write(name, value)	do { (name) = (value); } while (0)

#endif
