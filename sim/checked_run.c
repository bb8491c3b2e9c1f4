/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "mmu/mmu.h"
#include "sim/check_host.h"
#include "sim/check_tables.h"
#include "sim/checked_run.h"
#include "sim/mem.h"
#include "sim/report.h"
#include "sim/sim.h"

/* ---- Set-ups ---- */

/* As in the recordings' machines: NPT with 5 levels has no reserved bit to spare. */
static const struct {
	bool ept;
	unsigned int levels;
	bool ad, pml;
} machines[] = {
	{ true, 4, true, true },
	{ true, 4, true, false },
	{ true, 4, false, false },
	{ true, 5, true, true },
	{ true, 5, true, false },
	{ true, 5, false, false },
	{ false, 4, true, false },
	{ false, 5, true, false },
};

#define NR_MACHINES	(sizeof(machines) / sizeof(machines[0]))

bool sim_setup_at(unsigned int index, struct sim_setup *setup)
{
	unsigned int machine = index % NR_MACHINES;

	*setup = (struct sim_setup) {
		.profile = sim_profile_at(index / NR_MACHINES),
		.ept = machines[machine].ept,
		.levels = machines[machine].levels,
		.ad = machines[machine].ad,
		.pml = machines[machine].pml,
	};
	return setup->profile;
}

unsigned int sim_setup_count(void)
{
	struct sim_setup setup;
	unsigned int n = 0;

	while (sim_setup_at(n, &setup))
		n++;
	return n;
}

const char *sim_setup_name(const struct sim_setup *setup, char *buf, size_t size)
{
	const char *ad = "";

	if (setup->ept)
		ad = !setup->ad ? "-noad" : setup->pml ? "-ad-pml" : "-ad";
	snprintf(buf, size, "%s-%s%u%s", setup->profile->name, setup->ept ? "ept" : "npt",
		 setup->levels, ad);
	return buf;
}

int sim_setup_find(const char *name)
{
	struct sim_setup setup;
	char buf[64];
	int i;

	for (i = 0; sim_setup_at(i, &setup); i++)
		if (!strcmp(sim_setup_name(&setup, buf, sizeof(buf)), name))
			return i;
	return -1;
}

/* ---- Warnings ---- */

static char first_warning[256];

static void collect_warning(enum sim_report_kind kind, const char *file, int line,
			    const char *msg)
{
	if (kind == SIM_REPORT_BUG)
		/* The process ends: this is the last chance to tell. */
		fprintf(stderr, "BUG at %s:%d: %s\n", file, line, msg);
	if (kind == SIM_REPORT_WARN && !first_warning[0])
		snprintf(first_warning, sizeof(first_warning), "WARNING at %s:%d: %s", file, line,
			 msg);
}

static bool check_warnings(struct sim_checked_run *run, char *err, size_t err_size)
{
	if (sim_warn_count() == run->warns)
		return true;
	snprintf(err, err_size, "%s", first_warning);
	return false;
}

/* ---- References that KVM takes on the host's pages ---- */

/* One run at a time has its host's operations counted. */
static const struct sim_host_ops *host_ops;
static long nr_references;

static int counted_get_page(struct sim_host *host, const struct kvm_memory_slot *slot, gfn_t gfn,
			    hva_t hva, bool write, struct sim_host_page *page)
{
	int r = host_ops->get_page(host, slot, gfn, hva, write, page);

	nr_references += !r;
	return r;
}

static void counted_put_page(struct sim_host *host, kvm_pfn_t pfn)
{
	nr_references--;
	host_ops->put_page(host, pfn);
}

static void count_references(struct sim_checked_run *run)
{
	host_ops = run->host.host.ops;
	run->host_ops = *host_ops;
	run->host_ops.get_page = counted_get_page;
	run->host_ops.put_page = counted_put_page;
	run->host.host.ops = &run->host_ops;
	nr_references = 0;
}

/* Every page that a fault gets it gives back before it ends. */
static bool check_references(char *err, size_t err_size)
{
	if (!nr_references)
		return true;
	snprintf(err, err_size, "KVM kept %ld references on pages of the host", nr_references);
	return false;
}

/* ---- Runs ---- */

int sim_checked_run_init(struct sim_checked_run *run)
{
	memset(run, 0, sizeof(*run));
	return sim_recorder_init(&run->recorder);
}

void sim_checked_run_exit(struct sim_checked_run *run)
{
	sim_recorder_exit(&run->recorder);
}

static int load_module(const struct sim_setup *setup)
{
	const struct sim_cpu_model cpu = {
		.intel = setup->ept,
		.levels = setup->levels,
		.maxphyaddr = setup->levels == 5 ? 52 : 40,
		.exec_only = true,
		.ept_1g = true,
		.has_ad_bits = true,
		.has_pml = true,
	};
	struct sim_module_params params = sim_module_params_default;

	params.eptad = setup->ad;
	params.pml = setup->pml;
	return kvm_mmu_module_init(setup->profile, &cpu, &params);
}

int sim_checked_run_start(struct sim_checked_run *run, const struct sim_setup *setup,
			  const struct sim_host_model_config *host)
{
	int r = load_module(setup);

	if (r)
		return r;
	r = sim_host_model_init(&run->host, &run->recorder, host);
	if (r)
		return r;

	run->setup = *setup;
	run->nr_ops = 0;
	run->fail_alloc = 0;
	count_references(run);
	sim_machine_init(&run->machine, &run->host.host, &run->recorder);
	sim_recorder_attach(&run->recorder);
	sim_checks_start(&run->checks, &run->host);
	sim_config_defer_work = true;

	first_warning[0] = '\0';
	sim_warn_once_clear();
	sim_set_report_handler(collect_warning);
	run->warns = sim_warn_count();
	rcu_barrier();
	run->pages = sim_mem_pages_in_use();
	run->objects = sim_mem_objects_in_use();
	return 0;
}

/* Waiting for RCU takes longer than most operations, so this check is rarer. */
#define PAGE_COUNT_PERIOD	16

static bool check_vm(struct sim_checked_run *run, char *err, size_t err_size)
{
	struct kvm *kvm = run->machine.kvm;

	if (!sim_check_tables(kvm, err, err_size) ||
	    !sim_check_host(kvm, &run->host, err, err_size))
		return false;
	return run->nr_ops % PAGE_COUNT_PERIOD ||
	       sim_check_page_count(kvm, run->pages, err, err_size);
}

/* Operations that fail, when KVM is short of memory, without an end of the scenario. */
static bool bears_failure(enum sim_op_type type)
{
	switch (type) {
	case SIM_OP_SLOT:
	case SIM_OP_SLOT_FLAGS:
	case SIM_OP_SLOT_MOVE:
	case SIM_OP_SLOT_DELETE:
	case SIM_OP_READ:
	case SIM_OP_WRITE:
	case SIM_OP_EXEC:
	case SIM_OP_SWEEP:
	case SIM_OP_RANDOM:
	case SIM_OP_PREFAULT:
	case SIM_OP_PAGING:
	case SIM_OP_GUEST_MAP:
	case SIM_OP_SMI:
	case SIM_OP_DIRTY_GET:
	case SIM_OP_DIRTY_CLEAR:
		return true;
	default:
		return false;
	}
}

static int run_op(struct sim_checked_run *run, const struct sim_op *op)
{
	int r;

	sim_checks_before(&run->checks, &run->machine, op);
	if (bears_failure(op->type))
		sim_mem_fail_nth(run->fail_alloc);
	r = sim_machine_run(&run->machine, op);
	sim_mem_fail_nth(0);
	run->fail_alloc = 0;
	run->nr_ops++;
	return r;
}

bool sim_checked_run_op(struct sim_checked_run *run, const struct sim_op *op, char *err,
			size_t err_size)
{
	int r = run_op(run, op);

	if (r) {
		snprintf(err, err_size, "the machine failed: %s", strerror(-r));
		return false;
	}
	if (!check_warnings(run, err, err_size) || !check_references(err, err_size) ||
	    !sim_checks_after(&run->checks, &run->machine, op, err, err_size))
		return false;
	return !run->machine.kvm || check_vm(run, err, err_size);
}

static bool check_leaks(struct sim_checked_run *run, char *err, size_t err_size)
{
	unsigned long pages, objects;

	rcu_barrier();
	pages = sim_mem_pages_in_use() - run->pages;
	objects = sim_mem_objects_in_use() - run->objects;
	if (!pages && !objects)
		return true;
	snprintf(err, err_size, "the VM is gone, but left %ld pages and %ld objects", (long)pages,
		 (long)objects);
	return false;
}

bool sim_checked_run_stop(struct sim_checked_run *run, char *err, size_t err_size)
{
	const struct sim_op destroy = { .type = SIM_OP_DESTROY };
	bool ok = true;

	if (run->machine.kvm)
		ok = sim_checked_run_op(run, &destroy, err, err_size);
	sim_machine_exit(&run->machine);
	ok = ok && check_warnings(run, err, err_size) && check_leaks(run, err, err_size);

	sim_config_defer_work = false;
	sim_checks_stop(&run->checks);
	sim_recorder_attach(NULL);
	sim_set_report_handler(NULL);
	sim_host_model_exit(&run->host);
	return ok;
}
