/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_TRACE_NOTHING_H
#define SIM_TRACE_NOTHING_H

#include "mmu/mmutrace.h"

/* A sink that nothing comes of: whoever looks at a few tracepoints begins with a copy of it. */
extern const struct kvm_trace_sink sim_trace_nothing;

#endif /* SIM_TRACE_NOTHING_H */
