/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/bug.h>
#include <linux/sched.h>

#include "mmu/mmu.h"
#include "mmu/spte.h"
#include "sim/check_change.h"
#include "sim/cli.h"
#include "sim/finding.h"
#include "sim/mem.h"
#include "sim/report.h"
#include "sim/stress_internal.h"
#include "sim/trace_nothing.h"

/* ---- What is found ---- */

/* One run at a time: reports of the kernel's code do not say whose they are. */
static struct stress *running;

void stress_found(struct stress *stress, const char *fmt, ...)
{
	struct sim_stress_result *result = stress->result;
	va_list args;

	pthread_mutex_lock(&stress->found_lock);
	if (!result->nr_found++) {
		va_start(args, fmt);
		vsnprintf(result->first, sizeof(result->first), fmt, args);
		va_end(args);
	}
	pthread_mutex_unlock(&stress->found_lock);
}

static void on_report(enum sim_report_kind kind, const char *file, int line, const char *msg)
{
	if (kind == SIM_REPORT_LOG)
		return;
	if (kind == SIM_REPORT_BUG) {
		fprintf(stderr, "found: BUG at %s:%d: %s\n", file, line, msg);
		fflush(NULL);
		_exit(SIM_EXIT_FOUND);
	}
	stress_found(running, "WARNING at %s:%d: %s", file, line, msg);
}

/* ---- Counting, by the tracepoints ---- */

static struct kvm_trace_sink sink;

static void count_root(const struct kvm_mmu_page *sp, bool created)
{
	if (!sp->ptep)
		stress_count(&running->counters.roots, 1);
}

static void count_zap(int as_id, gfn_t gfn, int level, u64 old_spte, u64 new_spte)
{
	const struct sim_change change = {
		.as_id = as_id, .gfn = gfn, .level = level, .old_spte = old_spte,
		.new_spte = new_spte,
	};
	char err[SIM_FINDING_SIZE];

	if (!sim_check_change(&change, NULL, err, sizeof(err)))
		stress_found(running, "%s", err);
	if (is_present_leaf(old_spte, level) && is_mmio_spte(new_spte))
		__atomic_store_n(&running->mmio_over_leaf, true, __ATOMIC_RELAXED);
	if (is_shadow_present_pte(old_spte) && !is_shadow_present_pte(new_spte))
		stress_count(&running->counters.zaps, 1);
}

static void count_flush(const struct kvm *kvm)
{
	stress_count(&running->counters.flushes, 1);
}

static void start_counting(void)
{
	sink = sim_trace_nothing;
	sink.kvm_mmu_get_page = count_root;
	sink.kvm_tdp_mmu_spte_changed = count_zap;
	sink.kvm_flush_remote_tlbs = count_flush;
	kvm_trace_sink = &sink;
}

/* ---- Time slices ---- */

/* A thread's time is up now and then, so that walks yield where nobody waits for the lock. */
static int time_is_up(void)
{
	static __thread unsigned int state;

	state = state * 1664525 + 1013904223;
	return state >> 24 == 0;
}

/* ---- Lines ---- */

/* Since the line before. */
struct tick {
	double time;
	struct stress_counters counters;
};

static struct stress_counters read_counters(const struct stress *stress)
{
	const struct stress_counters *c = &stress->counters;

	return (struct stress_counters) {
		.accesses = __atomic_load_n(&c->accesses, __ATOMIC_RELAXED),
		.judged = __atomic_load_n(&c->judged, __ATOMIC_RELAXED),
		.faults = __atomic_load_n(&c->faults, __ATOMIC_RELAXED),
		.zaps = __atomic_load_n(&c->zaps, __ATOMIC_RELAXED),
		.roots = __atomic_load_n(&c->roots, __ATOMIC_RELAXED),
		.flushes = __atomic_load_n(&c->flushes, __ATOMIC_RELAXED),
		.yields = sim_yield_count() - stress->first_yield,
		.vms = __atomic_load_n(&c->vms, __ATOMIC_RELAXED),
	};
}

static void print_header(FILE *out)
{
	fprintf(out, "%7s %11s %10s %10s %10s %9s %7s %11s %7s %7s\n", "time", "accesses/s",
		"faults/s", "zaps/s", "flushes/s", "yields/s", "roots+", "roots-", "VMs", "checks");
}

static void print_line(struct stress *stress, struct tick *last, double now, double start)
{
	struct stress_counters c = read_counters(stress);
	double s = now - last->time;

	fprintf(stress->config->lines,
		"%6.1fs %11.0f %10.0f %10.0f %10.0f %9.0f %7llu %11llu %7llu %7llu\n", now - start,
		(c.accesses - last->counters.accesses) / s, (c.faults - last->counters.faults) / s,
		(c.zaps - last->counters.zaps) / s, (c.flushes - last->counters.flushes) / s,
		(c.yields - last->counters.yields) / s, (unsigned long long)c.roots,
		(unsigned long long)(c.roots - stress->nr_live_roots), (unsigned long long)c.vms,
		(unsigned long long)stress->result->nr_checks);
	fflush(stress->config->lines);
	*last = (struct tick) { .time = now, .counters = c };
}

/* ---- The run ---- */

#define CHECK_PERIOD	0.04	/* seconds: a few in the life of a VM */
#define LINE_PERIOD	1.0

static void check_all(struct stress *stress)
{
	stress_stop_all(&stress->gate);
	stress_check(stress);
	stress_release_all(&stress->gate);
}

static void run_for(struct stress *stress, double seconds)
{
	double start = sim_cli_seconds(), now = start;
	struct tick last = { .time = start };

	if (stress->config->lines)
		print_header(stress->config->lines);
	while (now - start < seconds) {
		usleep(CHECK_PERIOD * 1e6);
		check_all(stress);
		now = sim_cli_seconds();
		if (stress->config->lines && now - last.time >= LINE_PERIOD)
			print_line(stress, &last, now, start);
	}
}

static int start_thread(struct stress *stress, struct stress_thread *thread,
			void (*main)(struct stress_thread *thread), const char *what,
			unsigned int index, u64 seed)
{
	int r;

	thread->stress = stress;
	thread->index = index;
	r = stress_thread_start(thread, main, seed + index, "%s %u", what, index);
	thread->started = !r;
	return r;
}

static int start_threads(struct stress *stress)
{
	unsigned int i;
	int r;

	r = start_thread(stress, &stress->params, stress_param_main, "parameters", 0, 1);
	for (i = 0; !r && i < STRESS_MAX_HOSTS; i++)
		r = start_thread(stress, &stress->hosts[i], stress_host_main, "host", i, 100);
	for (i = 0; !r && i < stress->config->vms; i++) {
		stress->vms[i].number = i;
		stress->vms[i].thread.vm = &stress->vms[i];
		r = start_thread(stress, &stress->vms[i].thread, stress_vm_main, "VM", i, 200);
	}
	return r;
}

static void end_thread(struct stress_thread *thread)
{
	if (!thread->started)
		return;
	stress_thread_stop(thread);
	stress_thread_join(thread);
}

/* The VMs first: they end while the others are still at work. */
static void end_threads(struct stress *stress)
{
	unsigned int i;

	for (i = 0; i < stress->config->vms; i++)
		end_thread(&stress->vms[i].thread);
	for (i = 0; i < STRESS_MAX_HOSTS; i++)
		end_thread(&stress->hosts[i]);
	end_thread(&stress->params);
}

static int run(struct stress *stress)
{
	struct sim_stress_result *result = stress->result;
	struct stress_counters c;
	int r = stress_watchdog_start(stress);

	if (r)
		return r;
	r = start_threads(stress);
	if (!r)
		run_for(stress, stress->config->seconds);
	end_threads(stress);
	stress_watchdog_stop(stress);
	stress_check_leaks(stress);

	c = read_counters(stress);
	result->nr_accesses = c.accesses;
	result->nr_judged = c.judged;
	result->nr_faults = c.faults;
	result->nr_vms = c.vms;
	return r;
}

/* What the run changes for all of the process. */
static void enter(struct stress *stress)
{
	running = stress;
	stress->first_yield = sim_yield_count();
	sim_warn_once_clear();
	sim_set_report_handler(on_report);
	start_counting();
	sim_resched_hook = time_is_up;
	sim_cpu_on_access = stress_judge_access;
	rcu_barrier();
	stress->pages = sim_mem_pages_in_use();
	stress->objects = sim_mem_objects_in_use();
}

static void leave(void)
{
	sim_cpu_on_access = NULL;
	sim_resched_hook = NULL;
	kvm_trace_sink = NULL;
	sim_set_report_handler(NULL);
	running = NULL;
}

static void init_locks(struct stress *stress)
{
	pthread_rwlockattr_t attr;

	pthread_mutex_init(&stress->found_lock, NULL);
	pthread_mutex_init(&stress->gate.lock, NULL);
	pthread_cond_init(&stress->gate.cond, NULL);
	/* The host never rests: a VM that wants to register would wait for ever. */
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&stress->notifiers, &attr);
	pthread_rwlockattr_destroy(&attr);
}

static void destroy_locks(struct stress *stress)
{
	pthread_rwlock_destroy(&stress->notifiers);
	pthread_cond_destroy(&stress->gate.cond);
	pthread_mutex_destroy(&stress->gate.lock);
	pthread_mutex_destroy(&stress->found_lock);
}

int sim_stress_run(const struct sim_stress_config *config, struct sim_stress_result *result)
{
	const struct sim_run_config *machine = &config->machine;
	struct stress *stress;
	int r;

	memset(result, 0, sizeof(*result));
	if (!config->vcpus || config->vcpus > SIM_STRESS_MAX_VCPUS || !config->vms ||
	    config->vms > SIM_STRESS_MAX_VMS || config->mix >= SIM_STRESS_NR_MIXES ||
	    !(config->patience > 0))
		return -EINVAL;
	r = kvm_mmu_module_init(machine->profile, &machine->cpu, &machine->params);
	if (r)
		return r;
	stress = calloc(1, sizeof(*stress));
	if (!stress)
		return -ENOMEM;

	stress->config = config;
	stress->result = result;
	init_locks(stress);
	r = stress_host_init(stress);
	if (!r) {
		enter(stress);
		r = run(stress);
		leave();
		sim_host_model_exit(&stress->host);
	}
	destroy_locks(stress);
	free(stress);
	return r;
}

/* ---- Configurations ---- */

const char *sim_stress_mix_name(unsigned int mix)
{
	static const char *const names[] = {
		[SIM_STRESS_ALL] = "all",
		[SIM_STRESS_FAULTS] = "faults",
		[SIM_STRESS_LOGS] = "logs",
		[SIM_STRESS_SLOTS] = "slots",
		[SIM_STRESS_ROOTS] = "roots",
	};

	return mix < SIM_STRESS_NR_MIXES ? names[mix] : NULL;
}

void sim_stress_config_init(struct sim_stress_config *config)
{
	memset(config, 0, sizeof(*config));
	sim_run_config_init(&config->machine);
	/* Or there would be no NX huge pages unless forced, and less to do for everybody. */
	config->machine.cpu.itlb_multihit = true;
	config->vcpus = 4;
	config->vms = 1;
	config->seconds = 10;
	config->seed = 1;
	config->patience = 10;
}
