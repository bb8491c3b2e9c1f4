/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/fuzz/campaign.h"
#include "sim/fuzz/random.h"

/*
 * Workloads made up from a seed: two slots over memory of small or huge pages, perhaps SMM,
 * perhaps a log; two to four threads that do one to three things each, on few pages, so
 * that they meet.
 */

struct maker {
	struct sim_workload *w;
	u64 random;
	bool huge, smm, failed;
};

static u32 draw(struct maker *m, u32 below)
{
	return sim_random_below(&m->random, below);
}

static __attribute__((format(printf, 2, 3))) void line(struct maker *m, const char *fmt, ...)
{
	char text[SIM_OP_TEXT_SIZE], err[128];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	m->failed |= !sim_workload_add_line(m->w, text, 0, err, sizeof(err));
}

/* The same few pages for all: of slot 0, its second block, of slot 1. */
static u64 any_gpa(struct maker *m)
{
	static const u64 gpas[] = {
		0x40000000, 0x40000000, 0x40001000, 0x40002000, 0x40200000, 0x80000000,
	};

	return gpas[draw(m, 6)];
}

static const char *any_range(struct maker *m)
{
	static const char *const ranges[] = {
		"0 4k", "0 8k", "4k 4k", "0 2m", "2m 2m", "4m 4k",
	};

	return ranges[draw(m, 6)];
}

/* ---- What a thread does ---- */

static void vcpu_op(struct maker *m, unsigned int vcpu)
{
	static const char *const accesses[] = { "write", "write", "write", "read", "exec" };
	u32 n = draw(m, 16);

	if (n == 0)
		line(m, "unload %u", vcpu);
	else if (n == 1 && m->smm)
		line(m, "smi %u", vcpu);
	else if (n == 2)
		line(m, "prefault %u 0x%llx 4k", vcpu, (unsigned long long)any_gpa(m));
	else if (n == 3)
		line(m, "nested %u %s", vcpu, draw(m, 2) ? "on" : "off");
	else
		line(m, "%s %u 0x%llx", accesses[draw(m, 5)], vcpu,
		     (unsigned long long)any_gpa(m));
}

static void host_op(struct maker *m)
{
	switch (draw(m, 10)) {
	case 0:
		line(m, "age ram %s", any_range(m));
		break;
	case 1:
		line(m, "mprotect ram %s r", any_range(m));
		break;
	case 2:
		line(m, "fork");
		break;
	case 3:
		line(m, "madvise ram %s collapse", any_range(m));
		break;
	case 4:
		line(m, "munmap ram %s", any_range(m));
		break;
	case 5:
		line(m, "idle ram %s", any_range(m));
		break;
	default:
		line(m, "madvise ram %s dontneed", any_range(m));
	}
}

static void ioctl_op(struct maker *m)
{
	switch (draw(m, 12)) {
	case 0:
	case 1:
		line(m, "slot-delete 1");
		break;
	case 2:
		line(m, "slot 1 2g 1m ram 4m");
		break;
	case 3:
		line(m, "slot-move 1 3g");
		break;
	case 4:
		line(m, "slot-flags 0 log");
		break;
	case 5:
		line(m, "slot-flags 0");
		break;
	case 6:
	case 7:
		line(m, "dirty-get 0");
		break;
	case 8:
		line(m, "dirty-clear 0 0 64");
		break;
	case 9:
		line(m, "nx-recover");
		break;
	case 10:
		line(m, "zap-range 1g %s", draw(m, 2) ? "4k" : "2m");
		break;
	default:
		if (m->smm)
			line(m, "slot-delete 0x10000");
		else
			line(m, "slot-delete 0");
	}
}

static void make_threads(struct maker *m)
{
	unsigned int vcpus = 1 + draw(m, 2), hosts = draw(m, 3) != 0, ioctls = 1 + !draw(m, 3);
	unsigned int i, n;

	for (i = 0; i < vcpus; i++) {
		line(m, "thread vcpu%u", i);
		for (n = 1 + draw(m, 3); n; n--)
			vcpu_op(m, i);
	}
	for (i = 0; i < hosts; i++) {
		line(m, "thread host");
		for (n = 1 + draw(m, 2); n; n--)
			host_op(m);
	}
	for (i = 0; i < ioctls; i++) {
		line(m, "thread ioctl%u", i);
		for (n = 1 + draw(m, 2); n; n--)
			ioctl_op(m);
	}
	if (!draw(m, 16)) {
		line(m, "thread close");
		line(m, "destroy");
	}
}

static void make_setup(struct maker *m)
{
	unsigned int n;

	m->huge = draw(m, 2);
	m->smm = !draw(m, 4);
	line(m, "vm");
	line(m, "memory ram 6m %s", m->huge ? "thp" : "small");
	if (m->huge || !draw(m, 4))
		line(m, "fill ram 0 6m");
	line(m, "slot 0 1g 4m ram 0");
	line(m, "slot 1 2g 1m ram 4m");
	if (m->smm)
		line(m, "slot 0x10000 1g 2m ram 0");
	line(m, "vcpu 0");
	line(m, "vcpu 1");
	if (!draw(m, 3))
		line(m, "manual-protect %u", 1 + 2 * draw(m, 2));
	if (!draw(m, 4))
		line(m, "nested 0 on");
	for (n = draw(m, 4); n; n--)
		vcpu_op(m, draw(m, 2));
	if (draw(m, 2))
		line(m, "slot-flags 0 log");
	for (n = draw(m, 3); n; n--)
		vcpu_op(m, draw(m, 2));
}

struct sim_workload *sim_workload_make(u64 seed)
{
	struct maker m = { .random = sim_mix(seed, 1) | 1 };

	m.w = calloc(1, sizeof(*m.w));
	if (!m.w)
		return NULL;
	snprintf(m.w->name, sizeof(m.w->name), "made-%llx", (unsigned long long)(seed >> 32));
	make_setup(&m);
	make_threads(&m);
	if (!m.failed)
		return m.w;
	sim_workload_free(m.w);
	return NULL;
}
