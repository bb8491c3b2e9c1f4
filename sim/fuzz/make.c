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

#define MIB	(UINT64_C(1) << 20)
#define GIB	(UINT64_C(1) << 30)

/* Where the two slots are, in the guest and in the host's memory, and pages of theirs. */
struct geometry {
	struct {
		u64 gpa, size, offset;
	} slot[2];
	u64 gpas[6];
};

static const struct geometry geometries[] = {
	/* Apart, and huge pages of the host fit. */
	{ { { GIB, 4 * MIB, 0 }, { 2 * GIB, MIB, 4 * MIB } },
	  { 0x40000000, 0x40000000, 0x40001000, 0x40002000, 0x40200000, 0x80000000 } },
	{ { { GIB, 4 * MIB, 0 }, { 2 * GIB, MIB, 4 * MIB } },
	  { 0x40000000, 0x40000000, 0x40001000, 0x40002000, 0x40200000, 0x80000000 } },
	/* Both in one block of 2 MiB, of the guest and of the host. */
	{ { { GIB, 3 * MIB, 0 }, { GIB + 3 * MIB, MIB, 3 * MIB } },
	  { 0x40000000, 0x40001000, 0x40200000, 0x40201000, 0x40300000, 0x40301000 } },
	{ { { GIB + MIB, 3 * MIB, MIB }, { GIB, MIB, 0 } },
	  { 0x40000000, 0x40001000, 0x40100000, 0x40100000, 0x40101000, 0x40200000 } },
	/* It begins sixteen pages before the end of a block: the first word of its log is of two. */
	{ { { GIB + 0x1f0000, 3 * MIB, 0x1f0000 }, { 2 * GIB, MIB, 5 * MIB } },
	  { 0x401f0000, 0x401ff000, 0x40200000, 0x40201000, 0x40201000, 0x80000000 } },
	/* Huge pages of the host lie across those of the guest. */
	{ { { GIB, 4 * MIB, 0x1000 }, { 2 * GIB, MIB, 5 * MIB } },
	  { 0x40000000, 0x40000000, 0x40001000, 0x401ff000, 0x40200000, 0x80000000 } },
};

/* No slot is there, but that slot-move comes here. */
#define ELSEWHERE	0xc0000000

struct maker {
	struct sim_workload *w;
	u64 random;
	const struct geometry *geometry;
	u64 hot;		/* the page that half of all is about: its gpa */
	char range[48];
	bool huge, smm, failed;
	bool late;		/* a thread makes vCPU 1 */
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

/* Of the same few pages for all. */
static u64 any_gpa(struct maker *m)
{
	u32 n = draw(m, 16);

	if (n < 8)
		return m->hot;
	return n == 8 ? ELSEWHERE : m->geometry->gpas[n % 6];
}

/* Which slot the hot page is in. */
static unsigned int hot_slot(const struct maker *m)
{
	return m->hot - m->geometry->slot[1].gpa < m->geometry->slot[1].size;
}

/* A slot that may be logged, mostly that of the hot page. */
static const char *any_slot(struct maker *m)
{
	u32 n = draw(m, 8);

	if (n < 2 && m->smm)
		return "0x10000";
	return hot_slot(m) == (n != 7) ? "1" : "0";
}

static void add_slot(struct maker *m, unsigned int slot, const char *flags)
{
	line(m, "slot %u 0x%llx 0x%llx ram 0x%llx%s", slot,
	     (unsigned long long)m->geometry->slot[slot].gpa,
	     (unsigned long long)m->geometry->slot[slot].size,
	     (unsigned long long)m->geometry->slot[slot].offset, flags);
}

/* In the host's memory. */
static u64 offset_of(const struct maker *m, u64 gpa, unsigned int slot)
{
	return gpa - m->geometry->slot[slot].gpa + m->geometry->slot[slot].offset;
}

/* Of the host's memory: about the hot page, or anywhere. */
static const char *any_range(struct maker *m)
{
	static const char *const ranges[] = {
		"0 4k", "0 8k", "4k 4k", "0 2m", "2m 2m", "4m 4k",
	};
	static const u64 sizes[] = { 0x1000, 0x1000, 0x2000, 2 * MIB };
	u64 at = offset_of(m, m->hot, hot_slot(m)), size;

	if (draw(m, 2))
		return ranges[draw(m, 6)];
	size = sizes[draw(m, 4)];
	snprintf(m->range, sizeof(m->range), "0x%llx 0x%llx",
		 (unsigned long long)(size == 2 * MIB ? at & ~(size - 1) : at),
		 (unsigned long long)size);
	return m->range;
}

/* ---- What a thread does ---- */

static void access_op(struct maker *m, unsigned int vcpu)
{
	static const char *const accesses[] = { "write", "write", "write", "read", "exec" };

	line(m, "%s %u 0x%llx", accesses[draw(m, 5)], vcpu, (unsigned long long)any_gpa(m));
}

static void vcpu_op(struct maker *m, unsigned int vcpu)
{
	u32 n = draw(m, 16);

	if (n == 0)
		line(m, "unload %u", vcpu);
	else if (n == 1 && m->smm)
		line(m, "smi %u", vcpu);
	else if (n == 2)
		line(m, "prefault %u 0x%llx 4k", vcpu, (unsigned long long)any_gpa(m));
	else if (n <= 4)
		line(m, "nested %u %s", vcpu, draw(m, 2) ? "on" : "off");
	if (n > 1)
		access_op(m, vcpu);
}

static void host_op(struct maker *m)
{
	switch (draw(m, 14)) {
	case 0:
	case 7:
		line(m, "age ram %s", any_range(m));
		break;
	case 8:
		line(m, "clear-young ram %s", any_range(m));
		break;
	case 9:
		line(m, "test-young ram 0x%llx", (unsigned long long)offset_of(m, m->hot, hot_slot(m)));
		break;
	case 1:
		line(m, "mprotect ram %s %s", any_range(m), draw(m, 3) ? "r" : "rw");
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
	case 6:
		line(m, "fill ram %s", any_range(m));
		break;
	default:
		line(m, "madvise ram %s dontneed", any_range(m));
	}
}

static void ioctl_op(struct maker *m)
{
	switch (draw(m, 24)) {
	case 0:
	case 1:
	case 2:
		line(m, "slot-delete 1");
		break;
	case 3:
	case 4:
		add_slot(m, 1, "");
		break;
	case 5:
	case 6:
		line(m, "slot-move 1 0x%x", ELSEWHERE);
		break;
	case 7:
	case 8:
	case 9:
		line(m, "slot-flags %s log", any_slot(m));
		break;
	case 10:
	case 11:
		line(m, "slot-flags %s", any_slot(m));
		break;
	case 12:
	case 13:
	case 14:
	case 15:
		line(m, "dirty-get %s", any_slot(m));
		break;
	case 16:
	case 17:
		line(m, "dirty-clear %s %u 64", any_slot(m), draw(m, 3) ? 0 : 256 << draw(m, 2));
		break;
	case 18:
	case 19:
		line(m, "nx-recover");
		break;
	case 20:
	case 21:
		line(m, "zap-range 0x%llx %s", (unsigned long long)any_gpa(m), draw(m, 2) ? "4k" : "2m");
		break;
	case 22:
		line(m, "param nx_huge_pages %s", draw(m, 2) ? "force" : "off");
		break;
	default:
		line(m, "slot-delete %s", m->smm ? "0x10000" : "0");
	}
}

static void make_threads(struct maker *m)
{
	unsigned int vcpus = 1 + draw(m, 2), hosts = draw(m, 3) != 0, ioctls = 1 + !draw(m, 3);
	unsigned int i, n;

	for (i = 0; i < vcpus; i++) {
		line(m, "thread vcpu%u", i);
		if (i && m->late)
			line(m, "vcpu %u", i);
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

static u32 made_vcpu(struct maker *m)
{
	return m->late ? 0 : draw(m, 2);
}

static void make_memory(struct maker *m)
{
	m->huge = draw(m, 2);
	line(m, "memory ram 6m %s", m->huge ? "thp" : "small");
	if (m->huge || !draw(m, 4))
		line(m, "fill ram 0 6m");
}

static void make_slots(struct maker *m)
{
	m->smm = !draw(m, 4);
	add_slot(m, 0, "");
	/* A vCPU may have been there before. */
	if (!draw(m, 4))
		line(m, "read %u 0x%llx", made_vcpu(m), (unsigned long long)m->geometry->gpas[5]);
	add_slot(m, 1, draw(m, 8) ? "" : " ro");
	if (m->smm)
		line(m, "slot 0x10000 1g 2m ram 0");
}

/* A log, perhaps one that has been fetched. */
static void make_log(struct maker *m)
{
	const char *slot = any_slot(m);
	unsigned int n;

	line(m, "slot-flags %s log", slot);
	for (n = draw(m, 3); n; n--)
		vcpu_op(m, made_vcpu(m));
	if (draw(m, 2))
		line(m, "dirty-get %s", slot);
}

static void make_setup(struct maker *m)
{
	unsigned int n;

	m->geometry = &geometries[draw(m, sizeof(geometries) / sizeof(geometries[0]))];
	m->hot = m->geometry->gpas[draw(m, 6)];
	line(m, "vm");
	make_memory(m);
	m->late = !draw(m, 8);
	line(m, "vcpu 0");
	if (!m->late)
		line(m, "vcpu 1");
	make_slots(m);
	if (!draw(m, 3))
		line(m, "manual-protect %u", 1 + 2 * draw(m, 2));
	if (!draw(m, 3))
		line(m, "nested 0 on");
	for (n = draw(m, 4); n; n--)
		vcpu_op(m, made_vcpu(m));
	if (draw(m, 2))
		make_log(m);
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
