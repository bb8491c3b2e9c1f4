/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/trace_nothing.h"

#define NOTHING_FUNCTION(system, name, proto, args, ...)	static void nothing_##name proto { }
KVM_MMU_TRACEPOINTS(NOTHING_FUNCTION)

const struct kvm_trace_sink sim_trace_nothing = {
#define NOTHING_MEMBER(system, event_name, proto, args, ...)	.event_name = nothing_##event_name,
	KVM_MMU_TRACEPOINTS(NOTHING_MEMBER)
};
