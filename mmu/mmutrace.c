/* SPDX-License-Identifier: GPL-2.0-only */
#include "mmu/mmutrace.h"

const struct kvm_trace_sink *kvm_trace_sink;
