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
 * Three tables: who waits for how long while a worker zaps; what it costs to zap in
 * smaller steps; and how long a VM's end takes in each design.
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

#include <linux/rcupdate.h>
#include <linux/rwlock.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "bench/full_vm.h"
#include "mmu/mmu.h"
#include "mmu/mmutrace.h"
#include "mmu/tdp_mmu.h"
#include "sim/sim.h"
#include "sim/thread.h"

#define MAX_RUNS	7
#define MAX_MISSED	20
#define TIME_SLICE_NS	4000000	/* a tick at 250 Hz */

static u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- One measurement ---- */

/* Who wants what while the zap is under way. */
enum waiter {
	NO_LOCK, FLAG, READ_LOCK, WRITE_LOCK, READ_LOCK_BEHIND_WRITER, NR_WAITERS
};

static const char *const waiter_names[] = {
	[NO_LOCK] = "teardown without a lock, under RCU (merged)",
	[FLAG] = "teardown with a vm_teardown flag, under RCU",
	[READ_LOCK] = "teardown with the read lock; a vCPU that faults",
	[WRITE_LOCK] = "teardown with the write lock; an ioctl",
	[READ_LOCK_BEHIND_WRITER] = "a vCPU that faults, behind such a writer",
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
	int invalidated;	/* the root is; atomic */
	int zapping;		/* the zap has begun; atomic */
	u64 zap_start_ns, zap_ns, wait_ns;
	bool missed;		/* the zap was over before the waiter came */
};

/* Only the vCPU's reference is left.  It stays, so the root does too. */
static bool zap_is_over(const struct measurement *m)
{
	struct kvm_mmu_page *root = to_shadow_page(m->kvm->vcpus[0]->arch.mmu->root.hpa);

	return refcount_read(&root->tdp_mmu_root_count) == 1;
}

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

static void spin_until(const int *flag)
{
	while (!__atomic_load_n(flag, __ATOMIC_ACQUIRE))
		cpu_relax();
}

static void *zapper(void *arg)
{
	struct measurement *m = arg;

	sim_thread_init();
	spin_until(&m->invalidated);
	kvm_tdp_mmu_zap_invalidated_roots(m->kvm);
	m->zap_ns = now_ns() - m->zap_start_ns;
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

/* The walk of a design over the list, on which the root is that is being zapped. */
static void invalidate(struct kvm *kvm, const char *design)
{
	sim_profile_find(design)->roots->invalidate_all_roots(kvm, true);
}

static void do_wait(struct measurement *m)
{
	switch (m->waiter) {
	case NO_LOCK:
		invalidate(m->kvm, "v6.4");
		break;
	case FLAG:
		invalidate(m->kvm, "seed-opt1");
		break;
	case WRITE_LOCK:
		write_lock(&m->kvm->mmu_lock);
		invalidate(m->kvm, "v6.4");
		write_unlock(&m->kvm->mmu_lock);
		break;
	default:
		read_lock(&m->kvm->mmu_lock);
		invalidate(m->kvm, "seed-opt2");
		read_unlock(&m->kvm->mmu_lock);
		break;
	}
}

/* A pass begins: the first one, or another. */
static void on_zap_root(const struct kvm_mmu_page *root, int zap_level, bool shared)
{
	struct measurement *m = current_measurement;

	if (!m->zap_start_ns)
		m->zap_start_ns = now_ns();
}

/* From the first change on mmu_lock is held and the zap under way, in the midst of a table. */
static void on_spte_changed(int as_id, gfn_t gfn, int level, u64 old_spte, u64 new_spte)
{
	struct measurement *m = current_measurement;

	if (!__atomic_load_n(&m->zapping, __ATOMIC_RELAXED))
		__atomic_store_n(&m->zapping, 1, __ATOMIC_RELEASE);
}

#define IGNORE_EVENT(system, name, proto, args, ...)	static void ignore_##name proto { }
KVM_MMU_TRACEPOINTS(IGNORE_EVENT)

static struct kvm_trace_sink sink = {
#define IGNORE_MEMBER(system, name, proto, args, ...)	.name = ignore_##name,
	KVM_MMU_TRACEPOINTS(IGNORE_MEMBER)
};

static void measure(struct measurement *m)
{
	pthread_t zap_thread, write_thread;
	u64 start;

	current_measurement = m;
	sink.kvm_tdp_mmu_zap_root = on_zap_root;
	sink.kvm_tdp_mmu_spte_changed = on_spte_changed;
	kvm_trace_sink = &sink;

	/* Where a worker zaps, invalidation queues the root, and this thread only waits. */
	pthread_create(&zap_thread, NULL, zapper, m);
	write_lock(&m->kvm->mmu_lock);
	kvm_tdp_mmu_invalidate_all_roots(m->kvm);
	write_unlock(&m->kvm->mmu_lock);
	__atomic_store_n(&m->invalidated, 1, __ATOMIC_RELEASE);
	spin_until(&m->zapping);

	if (m->waiter == READ_LOCK_BEHIND_WRITER) {
		pthread_create(&write_thread, NULL, writer, m);
		/* Until it waits: or has been served, if the zap was quick. */
		while (!rwlock_is_contended(&m->kvm->mmu_lock) && !zap_is_over(m))
			cpu_relax();
	}

	m->missed = zap_is_over(m);
	start = now_ns();
	do_wait(m);
	m->wait_ns = now_ns() - start;

	pthread_join(zap_thread, NULL);
	if (m->waiter == READ_LOCK_BEHIND_WRITER)
		pthread_join(write_thread, NULL);
	kvm_trace_sink = NULL;
}

static int compare_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

struct summary {
	u64 zap_ns, wait_ns, wait_max_ns;
};

/* It takes long to fill a big root. */
static int nr_runs(u64 gib)
{
	return gib < 8 ? MAX_RUNS : gib < 64 ? 3 : 1;
}

static int run_case(u64 gib, enum preemption preemption, enum waiter waiter,
		    struct summary *summary)
{
	u64 waits[MAX_RUNS], zaps[MAX_RUNS];
	int i, nr = nr_runs(gib), nr_missed = 0;

	for (i = 0; i < nr; ) {
		struct measurement m = { .waiter = waiter, .kvm = make_full_vm(gib << 30) };

		if (!m.kvm)
			return -ENOMEM;
		set_preemption(preemption);
		measure(&m);
		set_preemption(PREEMPT);
		waits[i] = m.wait_ns;
		zaps[i] = m.zap_ns;
		kvm_put_kvm(m.kvm);
		/* Another process had the CPU: nothing was measured. */
		if (!m.missed || ++nr_missed > MAX_MISSED)
			i++;
	}
	qsort(waits, nr, sizeof(waits[0]), compare_u64);
	qsort(zaps, nr, sizeof(zaps[0]), compare_u64);
	summary->wait_ns = waits[nr / 2];
	summary->wait_max_ns = waits[nr - 1];
	summary->zap_ns = zaps[nr / 2];
	return 0;
}

/* ---- The tables ---- */

static void load(const struct sim_profile *profile, int levels)
{
	const struct sim_cpu_model cpu = {
		.intel = true, .levels = levels, .maxphyaddr = 52, .exec_only = true,
		.ept_1g = true, .has_ad_bits = true,
	};
	struct sim_module_params params = sim_module_params_default;

	if (kvm_mmu_module_init(profile, &cpu, &params))
		abort();
}

static void print_title(const char *title, int levels, u64 gib)
{
	printf("\n%s, %d levels, %llu GiB of 4K SPTEs (%llu of them), median of %d\n", title,
	       levels, (unsigned long long)gib, (unsigned long long)(gib << 18), nr_runs(gib));
}

/* Who waits, and for how long. */
static int run_locks(const char *profile, int levels, u64 gib)
{
	struct summary s;
	int p, w, r;

	load(sim_profile_find(profile), levels);
	print_title(profile, levels, gib);
	printf("  %-17s %-48s %12s %12s %12s\n", "preemption", "who wants what", "wait us",
	       "at most us", "zap us");
	for (p = 0; p < NR_PREEMPTIONS; p++) {
		for (w = 0; w < NR_WAITERS; w++) {
			r = run_case(gib, p, w, &s);
			if (r)
				return r;
			printf("  %-17s %-48s %12.1f %12.1f %12.1f\n", preemption_names[p],
			       waiter_names[w], s.wait_ns / 1e3, s.wait_max_ns / 1e3,
			       s.zap_ns / 1e3);
			fflush(stdout);
		}
	}
	return 0;
}

/* The same kernel with the zap in fewer or more passes. */
static int run_steps(const char *name, int levels, u64 gib)
{
	static const struct { const char *name; u8 levels[4]; } steps[] = {
		{ "root", { 0 } },
		{ "1G, root", { PG_LEVEL_1G } },
		{ "2M, 1G, root", { PG_LEVEL_2M, PG_LEVEL_1G } },
		{ "4K, 2M, 1G, root", { PG_LEVEL_4K, PG_LEVEL_2M, PG_LEVEL_1G } },
	};
	struct sim_profile profile = *sim_profile_find(name);
	struct summary alone, with;
	size_t i;
	int r;

	print_title(name, levels, gib);
	printf("  %-17s %18s %18s %18s %18s\n", "passes", "zap undisturbed us", "zap disturbed us",
	       "writer waits us", "at most us");
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		memcpy(profile.zap_levels, steps[i].levels, sizeof(profile.zap_levels));
		load(&profile, levels);
		r = run_case(gib, NO_PREEMPT_ALONE, NO_LOCK, &alone);
		if (!r)
			r = run_case(gib, PREEMPT, WRITE_LOCK, &with);
		if (r)
			return r;
		printf("  %-17s %18.1f %18.1f %18.1f %18.1f\n", steps[i].name, alone.zap_ns / 1e3,
		       with.zap_ns / 1e3, with.wait_ns / 1e3, with.wait_max_ns / 1e3);
		fflush(stdout);
	}
	return 0;
}

/* ---- The end of a VM ---- */

static const struct sim_root_lifecycle *timed_lifecycle;
static u64 uninit_start_ns, uninit_ns;

static void timed_uninit(struct kvm *kvm)
{
	uninit_start_ns = now_ns();
	timed_lifecycle->uninit_vm(kvm);
	uninit_ns = now_ns() - uninit_start_ns;
}

/* What nobody has proposed: v6.4 with mmu_lock for write around the walk. */
static void uninit_with_write_lock(struct kvm *kvm)
{
	write_lock(&kvm->mmu_lock);
	kvm_profile->roots->invalidate_all_roots(kvm, true);
	write_unlock(&kvm->mmu_lock);
	destroy_workqueue(kvm->arch.tdp_mmu_zap_wq);
}

/* As it is: the release of the mm has emptied the roots, or, if not @release, they are full. */
static int run_end(u64 gib, bool release, u64 *uninit, u64 *all)
{
	u64 uninits[MAX_RUNS], alls[MAX_RUNS], start;
	int i, nr = nr_runs(gib);

	for (i = 0; i < nr; i++) {
		struct kvm *kvm = make_full_vm(gib << 30);

		if (!kvm)
			return -ENOMEM;
		start = now_ns();
		if (!release) {
			kvm_mmu_unload(kvm->vcpus[0]);
			kvm_profile->roots->uninit_vm(kvm);
			kvm->arch.tdp_mmu_enabled = false;
		}
		kvm_put_kvm(kvm);
		alls[i] = now_ns() - start;
		rcu_barrier();
		uninits[i] = uninit_ns;
	}
	qsort(uninits, nr, sizeof(uninits[0]), compare_u64);
	qsort(alls, nr, sizeof(alls[0]), compare_u64);
	*uninit = uninits[nr / 2];
	*all = alls[nr / 2];
	return 0;
}

static int run_ends(int levels, u64 gib)
{
	static const char *const designs[] = {
		"v5.18", "seed-v2", "seed-opt1", "seed-opt2", "v6.4", NULL, "v6.1", "v6.12",
	};
	struct sim_root_lifecycle lifecycle, write_locked = *sim_profile_find("v6.4")->roots;
	struct sim_profile profile;
	u64 uninit[2], all[2];
	size_t i;
	int r;

	write_locked.uninit_vm = uninit_with_write_lock;
	print_title("The end of a VM", levels, gib);
	printf("  %-24s %18s %18s %18s\n", "design", "roots, emptied us", "of the end in all us",
	       "roots, full us");
	for (i = 0; i < sizeof(designs) / sizeof(designs[0]); i++) {
		profile = *sim_profile_find(designs[i] ? designs[i] : "v6.4");
		timed_lifecycle = designs[i] ? profile.roots : &write_locked;
		lifecycle = *timed_lifecycle;
		lifecycle.uninit_vm = timed_uninit;
		profile.roots = &lifecycle;
		load(&profile, levels);
		r = run_end(gib, true, &uninit[0], &all[0]);
		if (!r)
			r = run_end(gib, false, &uninit[1], &all[1]);
		if (r)
			return r;
		printf("  %-24s %18.1f %18.1f %18.1f\n", designs[i] ? designs[i] :
		       "v6.4 with the write lock", uninit[0] / 1e3, all[0] / 1e3, uninit[1] / 1e3);
		fflush(stdout);
	}
	return 0;
}

/* ---- Arguments ---- */

enum { TABLE_LOCKS = 1, TABLE_STEPS = 2, TABLE_ENDS = 4, TABLE_ALL = 7 };

static u64 sizes[4] = { 1 };
static int nr_sizes = 1;
static int only_levels;
static unsigned int tables = TABLE_ALL;

static const struct argp_option options[] = {
	{ "levels", 'l', "4|5", 0, "Only tables of so many levels", 0 },
	{ "table", 't', "locks|steps|ends", 0, "Only this one", 0 },
	{ 0 }
};

static unsigned int table_of(const char *arg, struct argp_state *state)
{
	if (!strcmp(arg, "locks"))
		return TABLE_LOCKS;
	if (!strcmp(arg, "steps"))
		return TABLE_STEPS;
	if (strcmp(arg, "ends"))
		argp_error(state, "there is no table \"%s\"", arg);
	return TABLE_ENDS;
}

static void add_size(const char *arg, struct argp_state *state)
{
	char *end;
	u64 gib = strtoull(arg, &end, 10);

	if (*end || !gib || gib > 1024 || state->arg_num == 4)
		argp_error(state, "a size is a number of GiB from 1 to 1024, and there are 4 at most");
	sizes[state->arg_num] = gib;
	nr_sizes = state->arg_num + 1;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'l':
		only_levels = atoi(arg);
		if (only_levels != 4 && only_levels != 5)
			argp_error(state, "there are no tables of \"%s\" levels", arg);
		return 0;
	case 't':
		tables = table_of(arg, state);
		return 0;
	case ARGP_KEY_ARG:
		add_size(arg, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int run_size(u64 gib, int levels)
{
	int r = 0;

	if (tables & TABLE_LOCKS)
		r = run_locks("v6.4", levels, gib);
	if (!r && tables & TABLE_LOCKS)
		r = run_locks("v6.12", levels, gib);
	if (!r && tables & TABLE_STEPS)
		r = run_steps("v6.4", levels, gib);
	if (!r && tables & TABLE_STEPS)
		r = run_steps("v6.12", levels, gib);
	if (!r && tables & TABLE_ENDS)
		r = run_ends(levels, gib);
	return r;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.args_doc = "[GIB...]",
		.doc = "How long one waits for mmu_lock while a full root of so many GiB (default 1) "
		       "is zapped, what that costs in smaller steps, and how long a VM's end takes.",
	};
	int size, levels, r = 0;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	if (sim_init())
		return 2;
	for (size = 0; size < nr_sizes && !r; size++)
		for (levels = 4; levels <= 5 && !r; levels++)
			if (!only_levels || levels == only_levels)
				r = run_size(sizes[size], levels);
	if (r)
		fprintf(stderr, "bench_teardown: out of memory\n");
	kvm_mmu_module_exit();
	return sim_exit() || r ? 2 : 0;
}
