/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/mmu_fixture.h"
#include "tests/mmu_trace_fixture.h"

/*
 * NX huge pages.  The host maps 2 MiB pages everywhere.  A read maps one without X; a
 * fetch makes a table of 4 KiB pages instead, which the recovery takes out again,
 * oldest first:
 *
 *	level 2 entry --> table of 512 (on the list)	=> empty, flush
 */

#define REGIONS		10
#define REGION(i)	((u64)(i) * MMU_2M)
#define SMM_SLOT	(1u << 16)

static struct mmu_config nx_config(const char *profile, bool intel)
{
	struct mmu_config config = mmu_config(profile, intel);

	config.params.nx_huge_pages = 1;
	return config;
}

/* A VM with memory for all regions, in huge pages; the masks of @profile, NX on. */
static struct mmu_vm *nx_vm(const char *profile, bool intel)
{
	struct mmu_config config = nx_config(profile, intel);
	struct mmu_vm *vm;

	mmu_load(&config);
	vm = mmu_vm_create();
	vm->world.level = PG_LEVEL_2M;
	mmu_slot(vm, 0, 0, REGION(REGIONS), 0);
	return vm;
}

static long nx_tables(const struct mmu_vm *vm)
{
	return atomic64_read(&vm->kvm->stat.nx_lpage_splits);
}

/* The stat and the list are of one mind. */
static void check_nx_tables(struct mmu_vm *vm, long n)
{
	const struct list_head *at;
	long listed = 0;

	for (at = vm->kvm->arch.possible_nx_huge_pages.next;
	     at != &vm->kvm->arch.possible_nx_huge_pages; at = at->next)
		listed++;
	assert_int_equal(nx_tables(vm), n);
	assert_int_equal(listed, n);
}

/* Fetches make tables of regions 0..@n-1, but in another order: 7 has no common divisor with 10. */
static unsigned int nth_made(unsigned int i)
{
	return i * 7 % REGIONS;
}

static void make_tables(struct mmu_vm *vm, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		mmu_map(vm->vcpu, REGION(nth_made(i)) + 0x3000, MMU_EXEC);
	check_nx_tables(vm, n);
}

static bool executable(u64 spte)
{
	return kvm_cpu.intel ? spte & 4 : !(spte >> 63);
}

/* ---- The mappings ---- */

/* A huge page has no X, a small one has; who fetches from a huge page gets small ones. */
static void huge_pages_do_not_execute(void **state)
{
	for (unsigned int i = 0; i < MMU_NR_PROFILES * 2; i++) {
		struct mmu_vm *vm = nx_vm(mmu_profiles[i / 2], i % 2);

		mmu_map(vm->vcpu, REGION(1) + 0x1000, MMU_READ);
		assert_int_equal(mmu_leaf_level(vm->vcpu, REGION(1)), 2);
		assert_false(executable(mmu_spte(vm->vcpu, REGION(1), NULL)));
		check_nx_tables(vm, 0);

		mmu_map(vm->vcpu, REGION(1) + 0x1000, MMU_EXEC | PFERR_PRESENT_MASK);
		assert_int_equal(mmu_leaf_level(vm->vcpu, REGION(1) + 0x1000), 1);
		assert_true(executable(mmu_spte(vm->vcpu, REGION(1) + 0x1000, NULL)));
		check_nx_tables(vm, 1);
		assert_true(mmu_table(vm->vcpu, REGION(1), 1)->nx_huge_page_disallowed);

		/* As long as the table is there, nobody puts the huge page back. */
		if (mmu_leaf_level(vm->vcpu, REGION(1) + 0x5000) == 0)
			mmu_map(vm->vcpu, REGION(1) + 0x5000, MMU_READ);
		assert_int_equal(mmu_leaf_level(vm->vcpu, REGION(1) + 0x5000), 1);
		check_nx_tables(vm, 1);
		mmu_vm_destroy(vm);
	}
}

/* Only tables in the place of a huge page that there could be are on the list. */
static void other_tables_are_not_accounted(void **state)
{
	struct mmu_vm *vm = nx_vm("v6.4", true);

	/* The host has small pages here: no huge page is lost. */
	vm->world.level = PG_LEVEL_4K;
	mmu_map(vm->vcpu, REGION(2), MMU_EXEC);
	check_nx_tables(vm, 0);

	/* A read makes small pages here for the same reason. */
	mmu_map(vm->vcpu, REGION(3), MMU_READ);
	check_nx_tables(vm, 0);

	/* A second page of a table does not count it twice. */
	vm->world.level = PG_LEVEL_2M;
	mmu_map(vm->vcpu, REGION(4), MMU_EXEC);
	mmu_map(vm->vcpu, REGION(4) + 0x1000, MMU_EXEC);
	check_nx_tables(vm, 1);
	mmu_vm_destroy(vm);
}

/* With the mitigation off for a VM, or for all, huge pages execute. */
static void mitigation_off(void **state)
{
	for (int by_vm = 0; by_vm < 2; by_vm++) {
		struct mmu_config config = nx_config("v6.4", true);
		struct mmu_vm *vm;

		config.params.nx_huge_pages = by_vm;
		mmu_load(&config);
		vm = mmu_vm_create();
		vm->kvm->arch.disable_nx_huge_pages = by_vm;
		vm->world.level = PG_LEVEL_2M;
		mmu_slot(vm, 0, 0, REGION(REGIONS), 0);
		mmu_map(vm->vcpu, REGION(1), MMU_EXEC);
		assert_int_equal(mmu_leaf_level(vm->vcpu, REGION(1)), 2);
		assert_true(executable(mmu_spte(vm->vcpu, REGION(1), NULL)));
		check_nx_tables(vm, 0);
		mmu_vm_destroy(vm);
	}
}

/* ---- How often, and how many ---- */

static void recovery_period(void **state)
{
	static const struct { u32 ratio, period_ms; bool nx, runs; u64 period; } cases[] = {
		{ 0, 0, true, false, 0 },
		{ 0, 500, true, false, 0 },
		{ 1, 0, true, true, 3600000 },
		{ 7, 0, true, true, 514285 },
		{ 60, 0, true, true, 60000 },
		{ 3599, 0, true, true, 1000 },
		{ 3600, 0, true, true, 1000 },
		/* Never oftener than once a second by itself ... */
		{ 5000, 0, true, true, 1000 },
		{ UINT32_MAX, 0, true, true, 1000 },
		/* ... but as often as is asked for. */
		{ 60, 1, true, true, 1 },
		{ 5000, 250, true, true, 250 },
		{ 1, UINT32_MAX, true, true, UINT32_MAX },
		{ 60, 0, false, false, 0 },
		{ 60, 500, false, false, 0 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mmu_config config = mmu_config("v6.4", true);
		u64 period = 0;

		config.params.nx_huge_pages = cases[i].nx;
		config.params.nx_huge_pages_recovery_ratio = cases[i].ratio;
		config.params.nx_huge_pages_recovery_period_ms = cases[i].period_ms;
		mmu_load(&config);
		assert_int_equal(calc_nx_huge_pages_recovery_period(&period), cases[i].runs);
		if (cases[i].runs)
			assert_int_equal(period, cases[i].period);
	}
}

/* Whether the table of the region that was the nth to get one is still there. */
static bool has_table(struct mmu_vm *vm, unsigned int nth)
{
	return mmu_table(vm->vcpu, REGION(nth_made(nth)), 1);
}

/*
 * @n tables, one run with @ratio: the first ceil(n / ratio) go, in the order in which
 * they were made, with one flush for all of them, and mmu_lock is held for it.
 */
static void check_run(const char *profile, unsigned int n, unsigned int ratio)
{
	unsigned int gone = ratio ? (n + ratio - 1) / ratio : 0;
	struct mmu_vm *vm = nx_vm(profile, true);

	make_tables(vm, n);
	trace_start();
	kvm_recover_nx_huge_pages(vm->kvm, ratio);
	trace_stop();

	assert_int_equal(trace_count(TRACE_PREPARE_ZAP), gone);
	assert_int_equal(trace_count(TRACE_FLUSH), gone ? 1 : 0);
	for (unsigned int i = 0; i < gone; i++) {
		assert_int_equal(trace_get(TRACE_PREPARE_ZAP, i)->gfn, REGION(nth_made(i)) >> 12);
		assert_int_equal(trace_get(TRACE_PREPARE_ZAP, i)->level, 1);
	}
	if (gone) {
		const struct trace_record *flush = trace_get(TRACE_FLUSH, 0);

		assert_true(flush->locked);
		/* After the last change. */
		assert_ptr_equal(flush, &trace_log[trace_nr - 1]);
	}
	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(has_table(vm, i), i >= gone);
	check_nx_tables(vm, n - gone);
	mmu_vm_destroy(vm);
}

static void oldest_share_is_zapped(void **state)
{
	static const unsigned int ratios[] = { 0, 1, 2, 3, 4, 9, 10, 11, 60 };

	for (unsigned int n = 0; n <= REGIONS; n += n < 2 ? 1 : 4)
		for (unsigned int i = 0; i < ARRAY_SIZE(ratios); i++)
			for (unsigned int p = 0; p < MMU_NR_PROFILES; p++)
				check_run(mmu_profiles[p], n, ratios[i]);
}

/* Gone tables are forgotten, so that the share of the next run is of the rest. */
static void runs_go_on_where_the_last_ended(void **state)
{
	struct mmu_vm *vm = nx_vm("v6.12", true);

	make_tables(vm, 10);
	kvm_recover_nx_huge_pages(vm->kvm, 4);	/* 3 of 10 */
	check_nx_tables(vm, 7);
	kvm_recover_nx_huge_pages(vm->kvm, 4);	/* 2 of 7 */
	check_nx_tables(vm, 5);
	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(has_table(vm, i), i >= 5);

	/* One that comes back is the youngest now. */
	mmu_map(vm->vcpu, REGION(nth_made(0)), MMU_EXEC);
	kvm_recover_nx_huge_pages(vm->kvm, 2);	/* 3 of 6 */
	check_nx_tables(vm, 3);
	assert_true(has_table(vm, 0));
	assert_false(has_table(vm, 7));
	assert_true(has_table(vm, 8));
	mmu_vm_destroy(vm);
}

/* What the recovery is for: whoever only reads gets the huge page back. */
static void huge_page_comes_back(void **state)
{
	for (unsigned int i = 0; i < MMU_NR_PROFILES * 2; i++) {
		struct mmu_vm *vm = nx_vm(mmu_profiles[i / 2], i % 2);

		make_tables(vm, 2);
		kvm_recover_nx_huge_pages(vm->kvm, 1);
		assert_int_equal(mmu_leaf_level(vm->vcpu, REGION(0)), 0);
		mmu_map(vm->vcpu, REGION(0) + 0x3000, MMU_READ);
		assert_int_equal(mmu_leaf_level(vm->vcpu, REGION(0) + 0x3000), 2);
		assert_false(executable(mmu_spte(vm->vcpu, REGION(0), NULL)));
		check_nx_tables(vm, 0);
		/* Who executes does not. */
		mmu_map(vm->vcpu, REGION(7) + 0x3000, MMU_EXEC);
		assert_int_equal(mmu_leaf_level(vm->vcpu, REGION(7) + 0x3000), 1);
		check_nx_tables(vm, 1);
		mmu_vm_destroy(vm);
	}
}

/* A table that goes for another reason is off the list too. */
static void any_zap_unaccounts(void **state)
{
	for (unsigned int p = 0; p < MMU_NR_PROFILES; p++) {
		struct mmu_vm *vm = nx_vm(mmu_profiles[p], true);

		make_tables(vm, 4);
		mutex_lock(&vm->kvm->slots_lock);
		kvm_mmu_zap_all_fast(vm->kvm);
		mutex_unlock(&vm->kvm->slots_lock);
		check_nx_tables(vm, 0);

		make_tables(vm, 4);
		mmu_slot(vm, 0, 0, 0, 0);
		check_nx_tables(vm, 0);
		kvm_recover_nx_huge_pages(vm->kvm, 1);
		mmu_vm_destroy(vm);
	}
}

static int always(void)
{
	return 1;
}

/*
 * The time slice is over at each step:
 *
 *	write lock; zap, flush, drop and take the lock; zap, flush, drop ...; unlock
 *
 * Who gets the lock in between may rely on it that no CPU uses what was taken out.
 */
static void flush_comes_before_the_lock_is_dropped(void **state)
{
	for (unsigned int p = 0; p < MMU_NR_PROFILES; p++) {
		struct mmu_vm *vm = nx_vm(mmu_profiles[p], true);
		bool pending = false;
		unsigned long i;

		make_tables(vm, 5);
		trace_start();
		sim_resched_hook = always;
		kvm_recover_nx_huge_pages(vm->kvm, 1);
		sim_resched_hook = NULL;
		sim_set_need_resched(false);
		trace_stop();

		for (i = 0; i < trace_nr; i++) {
			if (trace_log[i].type == TRACE_PREPARE_ZAP) {
				assert_false(pending);
				pending = true;
			} else if (trace_log[i].type == TRACE_FLUSH) {
				assert_true(trace_log[i].locked);
				assert_true(pending);
				pending = false;
			}
		}
		assert_false(pending);
		assert_int_equal(trace_count(TRACE_FLUSH), 5);
		check_nx_tables(vm, 0);
		mmu_vm_destroy(vm);
	}
}

/* ---- Slots that log ---- */

/*
 * Slot 0 has regions 0..4, slot 1 the others and logs.  From v6.2 on the tables of a
 * logging slot are only forgotten: there would be no huge page anyway.
 */
static void logged_slots(void **state)
{
	for (unsigned int p = 0; p < MMU_NR_PROFILES; p++) {
		bool zaps_logged = !strcmp(mmu_profiles[p], "v6.1");
		struct mmu_config config = nx_config(mmu_profiles[p], true);
		struct mmu_vm *vm;

		mmu_load(&config);
		vm = mmu_vm_create();
		vm->world.level = PG_LEVEL_2M;
		mmu_slot(vm, 0, 0, REGION(5), 0);
		mmu_slot(vm, 1, REGION(5), REGION(5), 0);
		make_tables(vm, 10);
		mmu_slot(vm, 1, REGION(5), REGION(5), KVM_MEM_LOG_DIRTY_PAGES);
		check_nx_tables(vm, 10);

		trace_start();
		kvm_recover_nx_huge_pages(vm->kvm, 1);
		trace_stop();
		assert_int_equal(trace_count(TRACE_PREPARE_ZAP), zaps_logged ? 10 : 5);
		for (unsigned int i = 0; i < 10; i++) {
			struct kvm_mmu_page *sp = mmu_table(vm->vcpu, REGION(i), 1);

			assert_int_equal(sp != NULL, i >= 5 && !zaps_logged);
			if (sp)
				assert_false(sp->nx_huge_page_disallowed);
		}
		check_nx_tables(vm, 0);
		mmu_vm_destroy(vm);
	}
}

/* If all are only forgotten, there is nothing to flush. */
static void forgetting_needs_no_flush(void **state)
{
	struct mmu_vm *vm = nx_vm("v6.4", true);

	make_tables(vm, 3);
	mmu_slot(vm, 0, 0, REGION(REGIONS), KVM_MEM_LOG_DIRTY_PAGES);
	trace_start();
	kvm_recover_nx_huge_pages(vm->kvm, 1);
	trace_stop();
	assert_int_equal(trace_count(TRACE_FLUSH), 0);
	assert_int_equal(trace_count(TRACE_CHANGED), 0);
	check_nx_tables(vm, 0);
	mmu_vm_destroy(vm);
}

/*
 * A table of SMM goes by the slot of SMM, whatever the normal slot at the same
 * address does, if there is one at all.
 */
static void smm_tables_go_by_smm_slots(void **state)
{
	for (unsigned int i = 0; i < MMU_NR_PROFILES * 6; i++) {
		const char *profile = mmu_profiles[i / 6];
		bool smm_logs = i % 2, normal_there = i / 2 % 3, normal_logs = i / 2 % 3 == 2;
		bool zapped = !smm_logs || !strcmp(profile, "v6.1");
		struct mmu_config config = nx_config(profile, true);
		struct mmu_vm *vm;

		mmu_load(&config);
		vm = mmu_vm_create();
		vm->world.level = PG_LEVEL_2M;
		mmu_slot(vm, SMM_SLOT, 0, MMU_2M, 0);
		if (normal_there)
			mmu_slot(vm, 0, 0, MMU_2M, normal_logs ? KVM_MEM_LOG_DIRTY_PAGES : 0);
		kvm_inject_smi(vm->vcpu);
		mmu_map(vm->vcpu, 0x1000, MMU_EXEC);
		assert_int_equal(kvm_mmu_page_as_id(mmu_root(vm->vcpu)), 1);
		check_nx_tables(vm, 1);
		if (smm_logs)
			mmu_slot(vm, SMM_SLOT, 0, MMU_2M, KVM_MEM_LOG_DIRTY_PAGES);

		kvm_recover_nx_huge_pages(vm->kvm, 1);
		assert_int_equal(mmu_table(vm->vcpu, 0, 1) == NULL, zapped);
		check_nx_tables(vm, 0);
		mmu_vm_destroy(vm);
	}
}

/* ---- Parameters ---- */

/* Write nx_huge_pages: whether that zapped both VMs; one or none is wrong. */
static bool write_nx(struct mmu_vm *const vms[2], const char *value, int want)
{
	struct kvm_mmu_page *roots[2];
	unsigned int zapped;

	for (unsigned int i = 0; i < 2; i++) {
		if (mmu_fault(vms[i]->vcpu, 0x1000, MMU_READ) != RET_PF_SPURIOUS)
			assert_int_not_equal(mmu_leaf_level(vms[i]->vcpu, 0x1000), 0);
		roots[i] = mmu_root(vms[i]->vcpu);
	}
	trace_start();
	assert_int_equal(kvm_mmu_set_param("nx_huge_pages", value), want);
	trace_stop();
	zapped = trace_count(TRACE_ZAP_ALL_FAST);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(roots[i]->role.invalid, zapped == 2);
		mmu_enter(vms[i]->vcpu);
		assert_int_equal(mmu_root(vms[i]->vcpu) != roots[i], zapped == 2);
		assert_int_equal(mmu_leaf_level(vms[i]->vcpu, 0x1000) == 0, zapped == 2);
	}
	assert_true(zapped == 0 || zapped == 2);
	return zapped;
}

static void change_of_nx_zaps_all_vms(void **state)
{
	for (unsigned int p = 0; p < MMU_NR_PROFILES; p++) {
		struct mmu_vm *vms[2] = { nx_vm(mmu_profiles[p], true) };

		vms[1] = mmu_vm_create();
		mmu_slot(vms[1], 0, 0, MMU_2M, 0);

		assert_false(write_nx(vms, "force", 0));
		assert_true(write_nx(vms, "off", 0));
		assert_int_equal(nx_huge_pages, 0);
		assert_false(write_nx(vms, "0", 0));
		assert_false(write_nx(vms, "N", 0));
		/* This CPU does not have the erratum. */
		assert_false(write_nx(vms, "auto", 0));
		assert_true(write_nx(vms, "Y", 0));
		assert_int_equal(nx_huge_pages, 1);
		assert_false(write_nx(vms, "1", 0));
		assert_true(write_nx(vms, "auto", 0));
		assert_int_equal(nx_huge_pages, 0);
		assert_true(write_nx(vms, "force", 0));

		/* From here on huge pages execute, or not. */
		mmu_map(vms[0]->vcpu, REGION(1), MMU_EXEC);
		assert_int_equal(mmu_leaf_level(vms[0]->vcpu, REGION(1)), 1);
		assert_true(write_nx(vms, "n", 0));
		mmu_map(vms[0]->vcpu, REGION(1), MMU_EXEC);
		assert_int_equal(mmu_leaf_level(vms[0]->vcpu, REGION(1)), 2);
		mmu_vm_destroy(vms[1]);
		mmu_vm_destroy(vms[0]);
	}
}

static void auto_goes_by_the_erratum(void **state)
{
	for (int erratum = 0; erratum < 2; erratum++) {
		struct mmu_config config = mmu_config("v6.4", true);

		config.cpu.itlb_multihit = erratum;
		mmu_load(&config);
		assert_int_equal(nx_huge_pages, erratum);
		assert_int_equal(kvm_mmu_set_param("nx_huge_pages", erratum ? "off" : "force"), 0);
		assert_int_equal(nx_huge_pages, !erratum);
		assert_int_equal(kvm_mmu_set_param("nx_huge_pages", "auto"), 0);
		assert_int_equal(nx_huge_pages, erratum);
	}
}

static void bad_values_change_nothing(void **state)
{
	static const char *const bad_nx[] = { "", "maybe", "2", "-1", "forced", " off" };
	static const char *const bad_u32[] = { "", "x", "-1", "1x", "4294967296", "0.5" };
	struct mmu_vm *vms[2] = { nx_vm("v6.12", true) };

	vms[1] = mmu_vm_create();
	mmu_slot(vms[1], 0, 0, MMU_2M, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad_nx); i++)
		assert_false(write_nx(vms, bad_nx[i], -EINVAL));
	assert_int_equal(nx_huge_pages, 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad_u32); i++) {
		assert_int_equal(kvm_mmu_set_param("nx_huge_pages_recovery_ratio", bad_u32[i]),
				 -EINVAL);
		assert_int_equal(kvm_mmu_set_param("nx_huge_pages_recovery_period_ms",
						   bad_u32[i]), -EINVAL);
	}
	assert_int_equal(nx_huge_pages_recovery_ratio, 60);
	assert_int_equal(nx_huge_pages_recovery_period_ms, 0);
	assert_int_equal(kvm_mmu_set_param("nx_huge_pages_recovery_ratio", "4294967295"), 0);
	assert_int_equal(nx_huge_pages_recovery_ratio, UINT32_MAX);

	assert_int_equal(kvm_mmu_set_param("eager_page_split", "2"), -EINVAL);
	assert_int_equal(kvm_mmu_set_param("eager_page_split", "N"), 0);
	assert_false(eager_page_split);
	/* Only read when the module is loaded, and there is no such one. */
	assert_int_equal(kvm_mmu_set_param("eptad", "N"), -ENOENT);
	assert_int_equal(kvm_mmu_set_param("nx_huge_page", "off"), -ENOENT);
	mmu_vm_destroy(vms[1]);
	mmu_vm_destroy(vms[0]);
}

/* ---- The worker ---- */

/* A VM with two tables and a worker that has nothing to do for an hour, or for ever. */
static struct mmu_vm *vm_with_worker(bool nx, const char *ratio)
{
	struct mmu_vm *vm = nx_vm("v6.4", true);

	assert_int_equal(kvm_mmu_set_param("nx_huge_pages_recovery_ratio", ratio), 0);
	make_tables(vm, 2);
	/* The tables stay: it is only the worker that is told to sleep. */
	nx_huge_pages = nx;
	assert_int_equal(kvm_mmu_post_init_vm(vm->kvm), 0);
	return vm;
}

/*
 * Write @on and wait until the tables are gone.  The worker looks at the parameters,
 * and then it goes to sleep; as in the kernel, a change in between does not wake it.
 * So take it back and try again.
 */
static void enable_and_wait(struct mmu_vm *vm, const char *name, const char *off, const char *on)
{
	for (int tries = 0; tries < 100 && nx_tables(vm); tries++) {
		assert_int_equal(kvm_mmu_set_param(name, off), 0);
		assert_int_equal(kvm_mmu_set_param(name, on), 0);
		(void)within_ns(MUST_NS / 100, nx_tables(vm) == 0);
	}
	assert_int_equal(nx_tables(vm), 0);
}

static void worker_wakes_for_a_shorter_period(void **state)
{
	struct mmu_vm *vm = vm_with_worker(true, "1");

	assert_false(within_ns(MUST_NOT_NS, nx_tables(vm) != 2));
	enable_and_wait(vm, "nx_huge_pages_recovery_period_ms", "3600000", "1");
	mmu_vm_destroy(vm);
}

/*
 * A new period counts from when the worker went to sleep, not from the change.  The
 * period is cut by a millisecond at a time, so the two meet half way; were each
 * change a new start, the worker would sleep until next to nothing of it is left.
 *
 *	slept	0  1  2 ... 100
 *	period	200 199 ... 100		now
 */
static void new_period_counts_from_the_start(void **state)
{
	struct mmu_vm *vm = vm_with_worker(true, "1");
	int period = 200;
	char value[16];

	while (period > 1 && nx_tables(vm)) {
		snprintf(value, sizeof(value), "%d", --period);
		assert_int_equal(kvm_mmu_set_param("nx_huge_pages_recovery_period_ms", value), 0);
		(void)within_ns(1000000, nx_tables(vm) == 0);
	}
	mmu_vm_destroy(vm);
	assert_true(period > 20);
}

/* It was off, and sleeps without limit; the period counts from now on. */
static void worker_wakes_when_recovery_is_enabled(void **state)
{
	struct mmu_vm *vm = vm_with_worker(true, "0");

	assert_int_equal(kvm_mmu_set_param("nx_huge_pages_recovery_period_ms", "1"), 0);
	assert_false(within_ns(MUST_NOT_NS, nx_tables(vm) != 2));
	enable_and_wait(vm, "nx_huge_pages_recovery_ratio", "0", "1");
	mmu_vm_destroy(vm);
}

/* A change of nx_huge_pages wakes it too, and zaps what it would have waited for. */
static void worker_wakes_when_nx_is_enabled(void **state)
{
	struct mmu_vm *vm = vm_with_worker(false, "1");
	bool recovered = false;

	assert_int_equal(kvm_mmu_set_param("nx_huge_pages_recovery_period_ms", "1"), 0);
	assert_false(within_ns(MUST_NOT_NS, nx_tables(vm) != 2));
	for (int tries = 0; tries < 100 && !recovered; tries++) {
		assert_int_equal(kvm_mmu_set_param("nx_huge_pages", "off"), 0);
		assert_int_equal(kvm_mmu_set_param("nx_huge_pages", "force"), 0);
		assert_int_equal(nx_tables(vm), 0);
		/* It runs from now on: a new table does not last. */
		mmu_map(vm->vcpu, REGION(3), MMU_EXEC);
		recovered = within_ns(MUST_NS / 100, nx_tables(vm) == 0);
	}
	assert_true(recovered);
	mmu_vm_destroy(vm);
}

/* The end of the VM does not wait for the period. */
static void worker_ends_with_its_vm(void **state)
{
	struct mmu_vm *vm = vm_with_worker(true, "1");
	long long begin;

	assert_false(within_ns(MUST_NOT_NS, nx_tables(vm) != 2));
	begin = mmu_now_ns();
	mmu_vm_destroy(vm);
	assert_true(mmu_now_ns() - begin < MUST_NS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(huge_pages_do_not_execute),
		cmocka_unit_test(other_tables_are_not_accounted),
		cmocka_unit_test(mitigation_off),
		cmocka_unit_test(recovery_period),
		cmocka_unit_test(oldest_share_is_zapped),
		cmocka_unit_test(runs_go_on_where_the_last_ended),
		cmocka_unit_test(huge_page_comes_back),
		cmocka_unit_test(any_zap_unaccounts),
		cmocka_unit_test(flush_comes_before_the_lock_is_dropped),
		cmocka_unit_test(logged_slots),
		cmocka_unit_test(forgetting_needs_no_flush),
		cmocka_unit_test(smm_tables_go_by_smm_slots),
		cmocka_unit_test(change_of_nx_zaps_all_vms),
		cmocka_unit_test(auto_goes_by_the_erratum),
		cmocka_unit_test(bad_values_change_nothing),
		cmocka_unit_test(worker_wakes_for_a_shorter_period),
		cmocka_unit_test(new_period_counts_from_the_start),
		cmocka_unit_test(worker_wakes_when_recovery_is_enabled),
		cmocka_unit_test(worker_wakes_when_nx_is_enabled),
		cmocka_unit_test(worker_ends_with_its_vm),
	};

	return MMU_RUN_TESTS(tests);
}
