/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * How long does one wait for mmu_lock while a full root is being zapped?
 *
 * The question of the review thread: at VM teardown roots are invalidated while a
 * worker may be zapping one under mmu_lock held for read.  Whoever takes mmu_lock for
 * write then waits for the worker, and whoever takes it for read may wait behind such
 * a writer.  How long, depends on when the worker lets go: with preemption as soon as
 * somebody waits, but not inside a table that it takes out in one go; without, only
 * when the scheduler wants its CPU.
 *
 * docs/teardown.md has the answers that this printed.
 */

#include <argp.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/rculist.h>
#include <linux/rwlock.h>
#include <linux/sched.h>

#include "mmu/mmu.h"
#include "mmu/mmutrace.h"
#include "mmu/tdp_mmu.h"
#include "sim/sim.h"
#include "sim/thread.h"

#define NR_RUNS		7
#define TIME_SLICE_NS	4000000	/* a tick at 250 Hz */

static u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- A world that gives every gfn its own frame ---- */

static int flat_get_page(struct kvm *kvm, const struct kvm_memory_slot *slot, gfn_t gfn,
			 hva_t hva, bool write, struct sim_host_page *page)
{
	*page = (struct sim_host_page) { .pfn = gfn, .level = PG_LEVEL_4K, .writable = true };
	return 0;
}

static void flat_put_page(struct kvm *kvm, kvm_pfn_t pfn)
{
}

static int flat_mapping_level(struct kvm *kvm, hva_t hva)
{
	return PG_LEVEL_4K;
}

static bool flat_is_mmio_pfn(struct kvm *kvm, kvm_pfn_t pfn)
{
	return false;
}

static void flat_run_guest(struct kvm_vcpu *vcpu)
{
	vcpu->arch.exit.reason = SIM_EXIT_IO;
}

static void flat_flush_tlb(struct kvm_vcpu *vcpu, enum sim_tlb_flush what)
{
}

static void flat_kick(struct kvm_vcpu *vcpu)
{
}

static const struct sim_world_ops flat_world = {
	.get_page = flat_get_page,
	.put_page = flat_put_page,
	.mapping_level = flat_mapping_level,
	.set_pfn_dirty = flat_put_page,
	.set_pfn_accessed = flat_put_page,
	.is_mmio_pfn = flat_is_mmio_pfn,
	.run_guest = flat_run_guest,
	.flush_tlb = flat_flush_tlb,
	.kick = flat_kick,
};

/* ---- One measurement ---- */

/* What the waiter does when it has the lock, or instead of having it. */
enum waiter { WALK_UNDER_RCU, READ_LOCK, READ_LOCK_BEHIND_WRITER, WRITE_LOCK, NR_WAITERS };

static const char *const waiter_names[] = {
	[WALK_UNDER_RCU] = "no lock, list walked under RCU",
	[READ_LOCK] = "read lock",
	[READ_LOCK_BEHIND_WRITER] = "read lock, behind a vCPU that wants to write",
	[WRITE_LOCK] = "write lock",
};

/* When the zapper lets go of mmu_lock by itself. */
enum preemption { PREEMPT, NO_PREEMPT_SHARED_CPU, NO_PREEMPT_ALONE, NR_PREEMPTIONS };

static const char *const preemption_names[] = {
	[PREEMPT] = "preemption",
	[NO_PREEMPT_SHARED_CPU] = "none, 4 ms slice",
	[NO_PREEMPT_ALONE] = "none, alone",
};

struct measurement {
	struct kvm *kvm;
	enum waiter waiter;
	int zapping;		/* the zap has begun; atomic */
	u64 zap_ns, wait_ns;
	bool still_zapping;	/* when the waiter had what it wanted */
	int zap_done;
};

static struct measurement *current_measurement;

/* The modelled time slice of the zapping thread. */
static __thread u64 slice_start_ns;

static int slice_is_over(void)
{
	u64 now = now_ns();

	if (!slice_start_ns)
		slice_start_ns = now;
	if (now - slice_start_ns < TIME_SLICE_NS)
		return 0;
	slice_start_ns = now;
	return 1;
}

static void set_preemption(enum preemption preemption)
{
	sim_config_preemption = preemption == PREEMPT;
	sim_resched_hook = preemption == NO_PREEMPT_SHARED_CPU ? slice_is_over : NULL;
}

static void *zapper(void *arg)
{
	struct measurement *m = arg;
	u64 start;

	sim_thread_init();
	start = now_ns();
	kvm_tdp_mmu_zap_invalidated_roots(m->kvm);
	m->zap_ns = now_ns() - start;
	__atomic_store_n(&m->zap_done, 1, __ATOMIC_RELEASE);
	sim_thread_exit();
	return NULL;
}

static void *writer(void *arg)
{
	struct measurement *m = arg;

	sim_thread_init();
	write_lock(&m->kvm->mmu_lock);
	write_unlock(&m->kvm->mmu_lock);
	sim_thread_exit();
	return NULL;
}

static void do_wait(struct measurement *m)
{
	struct kvm_mmu_page *root;

	switch (m->waiter) {
	case WALK_UNDER_RCU:
		rcu_read_lock();
		list_for_each_entry_rcu(root, &m->kvm->arch.tdp_mmu_roots, link)
			barrier();
		rcu_read_unlock();
		break;
	case WRITE_LOCK:
		write_lock(&m->kvm->mmu_lock);
		write_unlock(&m->kvm->mmu_lock);
		break;
	default:
		read_lock(&m->kvm->mmu_lock);
		read_unlock(&m->kvm->mmu_lock);
		break;
	}
}

/* The trace of the zap's first pass tells that mmu_lock is held and the zap under way. */
static void on_zap_root(const struct kvm_mmu_page *root, int zap_level, bool shared)
{
	__atomic_store_n(&current_measurement->zapping, 1, __ATOMIC_RELEASE);
}

#define IGNORE_EVENT(system, name, proto, args, ...)	static void ignore_##name proto { }
KVM_MMU_TRACEPOINTS(IGNORE_EVENT)

static struct kvm_trace_sink sink = {
#define IGNORE_MEMBER(system, name, proto, args, ...)	.name = ignore_##name,
	KVM_MMU_TRACEPOINTS(IGNORE_MEMBER)
};

static void spin_until(const int *flag)
{
	while (!__atomic_load_n(flag, __ATOMIC_ACQUIRE))
		cpu_relax();
}

static void measure(struct measurement *m)
{
	pthread_t zap_thread, write_thread;
	u64 start;

	current_measurement = m;
	sink.kvm_tdp_mmu_zap_root = on_zap_root;
	kvm_trace_sink = &sink;

	write_lock(&m->kvm->mmu_lock);
	kvm_tdp_mmu_invalidate_all_roots(m->kvm);
	write_unlock(&m->kvm->mmu_lock);
	/* Where a worker zaps, invalidation has queued the root, and this thread only waits. */
	pthread_create(&zap_thread, NULL, zapper, m);
	spin_until(&m->zapping);

	if (m->waiter == READ_LOCK_BEHIND_WRITER) {
		pthread_create(&write_thread, NULL, writer, m);
		/* Until it waits: or has been served, if the zap was quick. */
		while (!rwlock_is_contended(&m->kvm->mmu_lock) &&
		       !__atomic_load_n(&m->zap_done, __ATOMIC_ACQUIRE))
			cpu_relax();
	}

	start = now_ns();
	do_wait(m);
	m->wait_ns = now_ns() - start;
	m->still_zapping = !__atomic_load_n(&m->zap_done, __ATOMIC_ACQUIRE);

	pthread_join(zap_thread, NULL);
	if (m->waiter == READ_LOCK_BEHIND_WRITER)
		pthread_join(write_thread, NULL);
	kvm_trace_sink = NULL;
}

/* ---- A VM with a full root ---- */

static struct kvm *make_full_vm(u64 bytes)
{
	const struct kvm_userspace_memory_region region = {
		.memory_size = bytes, .userspace_addr = 1ULL << 40,
	};
	struct kvm *kvm = kvm_create_vm(&flat_world, NULL);
	struct kvm_vcpu *vcpu;
	u64 gpa;
	int idx;

	if (!kvm || kvm_set_memory_region(kvm, &region))
		return NULL;
	vcpu = kvm_vm_create_vcpu(kvm, 0, NULL);
	if (IS_ERR(vcpu))
		return NULL;

	idx = srcu_read_lock(&kvm->srcu);
	if (kvm_mmu_reload(vcpu))
		return NULL;
	for (gpa = 0; gpa < bytes; gpa += PAGE_SIZE)
		if (kvm_mmu_do_page_fault(vcpu, gpa, PFERR_WRITE_MASK, false) != RET_PF_FIXED)
			return NULL;
	srcu_read_unlock(&kvm->srcu, idx);
	return kvm;
}

static int compare_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

struct summary {
	u64 zap_ns, wait_ns, wait_max_ns;
};

static int run_case(u64 bytes, enum preemption preemption, enum waiter waiter,
		    struct summary *summary)
{
	u64 waits[NR_RUNS], zaps[NR_RUNS];
	int i;

	for (i = 0; i < NR_RUNS; i++) {
		struct measurement m = { .waiter = waiter, .kvm = make_full_vm(bytes) };

		if (!m.kvm)
			return -ENOMEM;
		set_preemption(preemption);
		measure(&m);
		set_preemption(PREEMPT);
		waits[i] = m.wait_ns;
		zaps[i] = m.zap_ns;
		kvm_put_kvm(m.kvm);
	}
	qsort(waits, NR_RUNS, sizeof(waits[0]), compare_u64);
	qsort(zaps, NR_RUNS, sizeof(zaps[0]), compare_u64);
	summary->wait_ns = waits[NR_RUNS / 2];
	summary->wait_max_ns = waits[NR_RUNS - 1];
	summary->zap_ns = zaps[NR_RUNS / 2];
	return 0;
}

/* ---- The table ---- */

static void load(const char *profile, int levels)
{
	const struct sim_cpu_model cpu = {
		.intel = true, .levels = levels, .maxphyaddr = 52, .exec_only = true,
		.ept_1g = true, .has_ad_bits = true,
	};
	struct sim_module_params params = sim_module_params_default;

	if (kvm_mmu_module_init(sim_profile_find(profile), &cpu, &params))
		abort();
}

static int run_table(const char *profile, int levels, u64 gib)
{
	struct summary s;
	int p, w, r;

	load(profile, levels);
	printf("\n%s, %d levels, %llu GiB of 4K SPTEs (%llu of them)\n", profile, levels,
	       (unsigned long long)gib, (unsigned long long)(gib << 18));
	printf("  %-17s %-46s %12s %12s %12s\n", "preemption", "who wants mmu_lock", "wait us",
	       "at most us", "zap us");
	for (p = 0; p < NR_PREEMPTIONS; p++) {
		for (w = 0; w < NR_WAITERS; w++) {
			r = run_case(gib << 30, p, w, &s);
			if (r)
				return r;
			printf("  %-17s %-46s %12.1f %12.1f %12.1f\n", preemption_names[p],
			       waiter_names[w], s.wait_ns / 1e3, s.wait_max_ns / 1e3,
			       s.zap_ns / 1e3);
			fflush(stdout);
		}
	}
	return 0;
}

static u64 sizes[4] = { 1 };
static int nr_sizes = 1;

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	char *end;
	u64 gib;

	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	gib = strtoull(arg, &end, 10);
	if (*end || !gib || gib > 1024 || state->arg_num == 4)
		argp_error(state, "a size is a number of GiB from 1 to 1024, and there are 4 at most");
	sizes[state->arg_num] = gib;
	nr_sizes = state->arg_num + 1;
	return 0;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse_option,
		.args_doc = "[GIB...]",
		.doc = "How long one waits for mmu_lock while a full root of so many GiB (default 1) "
		       "is zapped.  Median and maximum of 7 runs each.",
	};
	static const struct { const char *profile; int levels; } cases[] = {
		{ "v6.4", 4 }, { "v6.4", 5 }, { "v6.12", 4 }, { "v6.12", 5 },
	};
	size_t i;
	int size, r = 0;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	if (sim_init())
		return 2;
	for (size = 0; size < nr_sizes && !r; size++)
		for (i = 0; i < sizeof(cases) / sizeof(cases[0]) && !r; i++)
			r = run_table(cases[i].profile, cases[i].levels, sizes[size]);
	if (r)
		fprintf(stderr, "bench_teardown: out of memory\n");
	kvm_mmu_module_exit();
	return sim_exit() || r ? 2 : 0;
}
