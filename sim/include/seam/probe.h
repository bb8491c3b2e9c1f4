/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SEAM_PROBE_H
#define SEAM_PROBE_H

/* The variadic form of the probe macros. */
#define SDT_USE_VARIADIC
#include <sys/sdt.h>

/* A USDT probe: provider "kvmmmu" or "kvm", as the kernel's trace systems are named. */
#define SIM_PROBE(system, event, ...)	STAP_PROBEV(system, event, ##__VA_ARGS__)

#endif /* SEAM_PROBE_H */
