/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_TRACEPOINT_H
#define _SIM_LINUX_TRACEPOINT_H

/*
 * SIM_PROBE(system, event, fields...): a static probe that perf and bpftrace can
 * attach to.  A no-op instruction while nobody does.
 */
#include <seam/probe.h>

#endif /* _SIM_LINUX_TRACEPOINT_H */
