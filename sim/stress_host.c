/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/host_model_internal.h"
#include "sim/stress_internal.h"

/* The host's memory management, at work on the memories of the VMs. */

#define PROT_R		1u
#define PROT_RWX	7u

static const struct {
	const char *name;
	u64 hva, size;
	enum sim_memory_kind kind;
} memories[] = {
	{ "thp", STRESS_THP_HVA, STRESS_THP_SIZE, SIM_MEMORY_THP },
	{ "small", STRESS_SMALL_HVA, STRESS_SMALL_SIZE, SIM_MEMORY_SMALL },
};

#define NR_MEMORIES	(sizeof(memories) / sizeof(memories[0]))

static int run_op(struct stress *stress, const struct sim_op *op)
{
	struct sim_host *host = &stress->host.host;
	int r;

	pthread_rwlock_rdlock(&stress->notifiers);
	r = host->ops->run_op(host, op);
	pthread_rwlock_unlock(&stress->notifiers);
	return r;
}

/* A range of some memory: a page, a few, or whole blocks of 2 MiB. */
static unsigned int choose_range(struct stress_thread *thread, struct sim_op *op)
{
	unsigned int memory = stress_random(thread, 4) ? 0 : 1;
	u64 size = memories[memory].size;

	memset(op, 0, sizeof(*op));
	snprintf(op->name, sizeof(op->name), "%s", memories[memory].name);
	switch (stress_random(thread, 4)) {
	case 0:
		op->size = SIM_PMD_SIZE << stress_random(thread, 2);
		op->offset = stress_random(thread, size / op->size) * op->size;
		break;
	case 1:
		op->size = 4096 * (1 + stress_random(thread, 300));
		op->offset = stress_random(thread, (size - op->size) / 4096) * 4096;
		break;
	default:
		op->size = 4096;
		op->offset = stress_random(thread, size / 4096) * 4096;
	}
	return memory;
}

static void run_on_range(struct stress_thread *thread, enum sim_op_type type,
			 enum sim_advice advice, u32 prot)
{
	struct sim_op op;

	choose_range(thread, &op);
	op.type = type;
	op.advice = advice;
	op.prot = prot;
	/* What it returns depends on what other threads do: nothing to be expected. */
	run_op(thread->stress, &op);
}

static void do_dontneed(struct stress_thread *thread)
{
	run_on_range(thread, SIM_OP_MADVISE, SIM_MADV_DONTNEED, 0);
}

static void do_collapse(struct stress_thread *thread)
{
	run_on_range(thread, SIM_OP_MADVISE, SIM_MADV_COLLAPSE, 0);
}

static void do_hugepage(struct stress_thread *thread)
{
	run_on_range(thread, SIM_OP_MADVISE,
		     stress_random(thread, 4) ? SIM_MADV_HUGEPAGE : SIM_MADV_NOHUGEPAGE, 0);
}

/* Taken away and given back: in between the guests' accesses fail. */
static void do_protect(struct stress_thread *thread)
{
	struct sim_op op;

	choose_range(thread, &op);
	op.type = SIM_OP_MPROTECT;
	op.prot = stress_random(thread, 4) ? PROT_R : 0;
	run_op(thread->stress, &op);
	if (stress_random(thread, 2))
		stress_sleep(thread, stress_random(thread, 200));
	op.prot = PROT_RWX;
	run_op(thread->stress, &op);
}

/* munmap() and mmap() of a whole block, as one: the hole is the guests' to find, not the host's. */
static void do_remap(struct stress_thread *thread)
{
	struct stress *stress = thread->stress;
	unsigned int memory;
	struct sim_op op;
	u64 hva;
	int r;

	memory = choose_range(thread, &op);
	hva = memories[memory].hva + (op.offset & ~(SIM_PMD_SIZE - 1));
	pthread_rwlock_rdlock(&stress->notifiers);
	mutex_lock(&stress->host.mmap_lock);
	r = sim_host_unmap(&stress->host, hva, hva + SIM_PMD_SIZE);
	if (!r)
		r = sim_host_map(&stress->host, hva, SIM_PMD_SIZE, memories[memory].kind);
	mutex_unlock(&stress->host.mmap_lock);
	pthread_rwlock_unlock(&stress->notifiers);
	if (r)
		stress_found(stress, "%s: munmap() and mmap() returned %d", thread->name, r);
}

static void do_fork(struct stress_thread *thread)
{
	const struct sim_op op = { .type = SIM_OP_FORK };

	run_op(thread->stress, &op);
}

static void do_pageout(struct stress_thread *thread)
{
	run_on_range(thread, SIM_OP_IDLE, 0, 0);
}

static void do_age(struct stress_thread *thread)
{
	run_on_range(thread, stress_random(thread, 2) ? SIM_OP_AGE : SIM_OP_TEST_YOUNG, 0, 0);
}

static void do_fill(struct stress_thread *thread)
{
	run_on_range(thread, SIM_OP_FILL, 0, 0);
}

static void do_wait(struct stress_thread *thread)
{
	stress_sleep(thread, stress_random(thread, 300));
}

static const struct stress_choice choices[] = {
	{ "DONTNEED",	do_dontneed,	{ 20, 40, 10, 10, 10 } },
	{ "COLLAPSE",	do_collapse,	{ 10, 10, 10, 10, 4 } },
	{ "HUGEPAGE",	do_hugepage,	{ 4, 4, 4, 4, 1 } },
	{ "mprotect",	do_protect,	{ 10, 10, 4, 4, 4 } },
	{ "munmap",	do_remap,	{ 4, 8, 2, 2, 2 } },
	{ "fork",	do_fork,	{ 4, 8, 2, 2, 2 } },
	{ "PAGEOUT",	do_pageout,	{ 10, 20, 4, 4, 4 } },
	{ "ageing",	do_age,		{ 10, 10, 10, 4, 4 } },
	{ "writes",	do_fill,	{ 10, 10, 4, 4, 4 } },
	{ "waits",	do_wait,	{ 60, 30, 60, 60, 60 } },
};

void stress_host_main(struct stress_thread *thread)
{
	while (stress_go_on(thread))
		stress_choose(thread, choices, sizeof(choices) / sizeof(choices[0]));
}

int stress_host_init(struct stress *stress)
{
	struct sim_host_model_config cfg = stress->config->machine.host;
	size_t i;
	int r;

	cfg.old_host = stress->config->machine.profile->has_change_pte;
	r = sim_host_model_init(&stress->host, NULL, &cfg);
	for (i = 0; !r && i < NR_MEMORIES; i++) {
		struct sim_op op = { .type = SIM_OP_MEMORY, .size = memories[i].size,
				     .kind = memories[i].kind };

		snprintf(op.name, sizeof(op.name), "%s", memories[i].name);
		r = run_op(stress, &op);
	}
	return r;
}
