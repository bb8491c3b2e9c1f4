/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmu/mmu.h"
#include "sim/det/mem.h"
#include "sim/fuzz/lab.h"

/* ---- Machines ---- */

struct sim_lab_machine sim_lab_machine_default(void)
{
	return (struct sim_lab_machine) {
		.profile = sim_profile_find(SIM_PROFILE_DEFAULT),
		.ept = true,
		.levels = 4,
		.ad = true,
		.pml = true,
		.preempt = true,
		.eager_split = true,
		.caches = true,
	};
}

static const struct {
	const char *key;
	size_t offset;
} switches[] = {
	{ "ad", offsetof(struct sim_lab_machine, ad) },
	{ "pml", offsetof(struct sim_lab_machine, pml) },
	{ "preempt", offsetof(struct sim_lab_machine, preempt) },
	{ "nx", offsetof(struct sim_lab_machine, nx) },
	{ "eager-split", offsetof(struct sim_lab_machine, eager_split) },
	{ "caches", offsetof(struct sim_lab_machine, caches) },
	{ "range-flush", offsetof(struct sim_lab_machine, range_flush) },
};

#define NR_SWITCHES	(sizeof(switches) / sizeof(switches[0]))

static bool *switch_of(struct sim_lab_machine *machine, size_t i)
{
	return (bool *)((char *)machine + switches[i].offset);
}

static bool set_switch(bool *on, const char *value)
{
	*on = !strcmp(value, "1");
	return *on || !strcmp(value, "0");
}

static bool set_wrap(struct sim_lab_machine *machine, const char *value)
{
	size_t digits = strspn(value, "0123456789");

	if (!digits || digits > 2 || value[digits])
		return false;
	machine->wrap = (unsigned int)atoi(value);
	return true;
}

bool sim_lab_machine_set(struct sim_lab_machine *machine, const char *key, const char *value)
{
	size_t i;

	if (!strcmp(key, "profile")) {
		machine->profile = sim_profile_find(value);
		return machine->profile;
	}
	if (!strcmp(key, "format")) {
		machine->ept = !strcmp(value, "ept");
		return machine->ept || !strcmp(value, "npt");
	}
	if (!strcmp(key, "levels")) {
		machine->levels = !strcmp(value, "5") ? 5 : 4;
		return !strcmp(value, "4") || !strcmp(value, "5");
	}
	if (!strcmp(key, "wrap"))
		return set_wrap(machine, value);
	for (i = 0; i < NR_SWITCHES; i++)
		if (!strcmp(key, switches[i].key))
			return set_switch(switch_of(machine, i), value);
	return false;
}

bool sim_lab_machine_apply(struct sim_lab_machine *machine, const char *settings)
{
	char key[32], value[32];
	int len;

	do {
		if (sscanf(settings, " %31[^= ]=%31s%n", key, value, &len) != 2 ||
		    !sim_lab_machine_set(machine, key, value))
			return false;
		settings += len;
	} while (settings[strspn(settings, " ")]);
	return true;
}

const char *sim_lab_machine_print(const struct sim_lab_machine *machine, char *buf, size_t size)
{
	struct sim_lab_machine m = *machine;
	size_t len, i;

	len = (size_t)snprintf(buf, size, "profile=%s format=%s levels=%u", m.profile->name,
			       m.ept ? "ept" : "npt", m.levels);
	for (i = 0; i < NR_SWITCHES && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, " %s=%d", switches[i].key,
					*switch_of(&m, i));
	if (m.wrap && len < size)
		snprintf(buf + len, size - len, " wrap=%u", m.wrap);
	return buf;
}

static int load_module(struct sim_lab *lab)
{
	const struct sim_lab_machine *machine = &lab->machine;
	const struct sim_cpu_model cpu = {
		.intel = machine->ept,
		.levels = (int)machine->levels,
		.maxphyaddr = machine->levels == 5 ? 52 : 40,
		.exec_only = true,
		.ept_1g = true,
		.has_ad_bits = true,
		.has_pml = true,
	};
	struct sim_module_params params = sim_module_params_default;

	params.eptad = machine->ad;
	params.pml = machine->pml;
	params.nx_huge_pages = machine->nx;
	params.eager_page_split = machine->eager_split;
	return kvm_mmu_module_init(machine->profile, &cpu, &params);
}

static bool changes_parameters(const struct sim_workload *w)
{
	unsigned int t, i;

	for (t = 0; t < w->nr_threads; t++)
		for (i = 0; i < w->threads[t].nr_ops; i++)
			if (w->threads[t].ops[i].op.type == SIM_OP_PARAM)
				return true;
	for (i = 0; i < w->setup.nr_ops; i++)
		if (w->setup.ops[i].op.type == SIM_OP_PARAM)
			return true;
	return false;
}

/* Pages of 1 GiB that the host may have to find. */
static u64 giant_pages(const struct sim_workload *w)
{
	u64 size = 0;
	unsigned int i;

	for (i = 0; i < w->setup.nr_ops; i++) {
		const struct sim_op *op = &w->setup.ops[i].op;

		if (w->setup.ops[i].type == SIM_RACE_SCENARIO && op->type == SIM_OP_MEMORY &&
		    op->kind == SIM_MEMORY_HUGETLB1G)
			size += op->size;
	}
	return size >> 30;
}

int sim_lab_init(struct sim_lab *lab, const struct sim_workload *workload,
		 const struct sim_lab_machine *machine)
{
	int r;

	memset(lab, 0, sizeof(*lab));
	lab->workload = workload;
	lab->machine = *machine;
	lab->reload = changes_parameters(workload);
	lab->giant_pages = giant_pages(workload);
	r = load_module(lab);
	lab->loaded = !r;
	return r;
}

void sim_lab_exit(struct sim_lab *lab)
{
	if (lab->loaded)
		kvm_mmu_module_exit();
	lab->loaded = false;
}

/* ---- A run ---- */

/* A thread of the workload. */
struct lab_thread {
	struct sim_lab *lab;
	const struct sim_race_thread *thread;
	struct kvm *file;	/* to be put; NULL: it has none */
};

static void do_all(struct sim_lab *lab, const struct sim_race_thread *thread)
{
	unsigned int i;

	for (i = 0; i < thread->nr_ops; i++) {
		lab->doing[sim_det_current()] = &thread->ops[i];
		sim_det_event(thread->ops[i].op.text, NULL);
		sim_lab_do(lab, &thread->ops[i]);
	}
	lab->doing[sim_det_current()] = NULL;
}

/*
 * Whether a thread has a file descriptor of the VM, and so a reference.  One that does the host's work
 * has none: the VM may go meanwhile.
 */
static bool has_file(const struct sim_race_thread *thread)
{
	unsigned int i;

	for (i = 0; i < thread->nr_ops; i++)
		if (!sim_lab_is_hosts(&thread->ops[i]))
			return true;
	return false;
}

static void thread_main(void *arg)
{
	struct lab_thread *self = arg;

	do_all(self->lab, self->thread);
	if (self->file)
		kvm_put_kvm(self->file);
}

static void run_threads(struct sim_lab *lab)
{
	struct lab_thread threads[SIM_WORKLOAD_MAX_THREADS];
	unsigned int tasks[SIM_WORKLOAD_MAX_THREADS];
	const struct sim_workload *w = lab->workload;
	unsigned int i;

	for (i = 0; i < w->nr_threads; i++) {
		threads[i] = (struct lab_thread) { .lab = lab, .thread = &w->threads[i] };
		if (has_file(&w->threads[i])) {
			kvm_get_kvm(lab->kvm);
			threads[i].file = lab->kvm;
		}
		tasks[i] = sim_det_spawn(thread_main, &threads[i], "%s", w->threads[i].name);
	}
	sim_det_explore(true);
	for (i = 0; i < w->nr_threads; i++)
		sim_det_join(tasks[i]);
	sim_det_explore(false);
}

static void start_host(struct sim_lab *lab)
{
	const struct sim_host_model_config config = {
		.thp = true,
		.contiguous = true,
		.old_host = lab->machine.profile->has_change_pte,
		/* 64 MiB are quickly set up.  Each page of 1 GiB is on top, with one to be copied to. */
		.nr_frames = (1u << 14) + (2 * lab->giant_pages << SIM_ORDER_1G),
	};

	if (sim_host_model_init(&lab->host, NULL, &config))
		sim_det_fail("out of memory");
	init_srcu_struct(&lab->notifiers);
}

static void lab_main(void *arg)
{
	struct sim_lab *lab = arg;

	start_host(lab);
	sim_watch_begin(lab);
	do_all(lab, &lab->workload->setup);
	run_threads(lab);
	if (!lab->release_file) {
		sim_lab_check_end(lab);
		if (lab->teardown)
			kvm_put_kvm(lab->kvm);
	}
	if (lab->release_file || lab->teardown)
		sim_lab_check_gone(lab);
	/* The rest of the host goes with the memory of the run. */
}

static void forget_run(struct sim_lab *lab)
{
	unsigned int i;

	sim_watch_stop(lab);
	for (i = 0; i < sizeof(lab->cpus) / sizeof(lab->cpus[0]); i++)
		if (lab->cpus[i].vcpu)
			sim_cpu_exit(&lab->cpus[i]);
	memset(lab->cpus, 0, sizeof(lab->cpus));
	memset(lab->flushes, 0, sizeof(lab->flushes));
	memset(lab->runs_guest, 0, sizeof(lab->runs_guest));
	memset(lab->nr_accesses, 0, sizeof(lab->nr_accesses));
	memset(lab->doing, 0, sizeof(lab->doing));
	/* Of the host only this is from malloc(). */
	sim_vmas_exit(&lab->host.vmas);
	lab->kvm = NULL;
	lab->nr_taken = 0;
	lab->release_file = false;
	/* What the run left in memory is gone, and so are those who knew of it. */
	sim_det_mem_reset();
	INIT_LIST_HEAD(&vm_list);
	mutex_init(&kvm_lock);
}

int sim_lab_run(struct sim_lab *lab, const struct sim_det_config *config,
		struct sim_det_result *result)
{
	struct sim_det_config limited = *config;
	int r = lab->reload || !lab->loaded ? load_module(lab) : 0;

	if (r)
		return r;
	/* One that is split is 262,144 small ones, and each walk over them takes a few steps for each. */
	if (!limited.max_steps)
		limited.max_steps = SIM_DET_MAX_STEPS * (1 + 16 * lab->giant_pages);
	lab->loaded = true;
	sim_config_preemption = lab->machine.preempt;
	sim_config_cpu_caches = lab->machine.caches;
	sim_cpu_on_access = sim_lab_judge_access;
	r = sim_det_run(&limited, lab_main, lab, result);
	sim_cpu_on_access = NULL;
	forget_run(lab);
	return r;
}
