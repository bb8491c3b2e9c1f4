/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * The end of a VM, on real threads: T walks the list of roots and invalidates them, the
 * worker W zaps each and takes it off the list.
 *
 *	T: invalidate R, queue it
 *				W: zap R, put: off the list, call_rcu()
 *				(a grace period, if nobody reads under RCU; R is freed)
 *	T: R->link.next
 *
 * T stops after the queueing, in sim_queue_work_hook, until a third thread H has seen W get
 * as far as the test wants it.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

#include "tests/mmu_fixture.h"
#include "tests/race_fixture.h"

static struct {
	struct race_point queued, unlinked, freed;
	struct workqueue_struct *wq;
	bool await_freed;	/* by T; else only until the root is off the list */
	bool freed_in_walk;	/* while T stood on it */
	unsigned int nr_queued;
} race;

static void race_init(bool await_freed)
{
	race.queued = (struct race_point)RACE_POINT("the root is queued");
	race.unlinked = (struct race_point)RACE_POINT("the worker is done with the root");
	race.freed = (struct race_point)RACE_POINT("the root is freed");
	race.await_freed = await_freed;
	race.freed_in_walk = false;
	race.nr_queued = 0;
}

/* H */
static void *helper_main(void *unused)
{
	sim_thread_init();
	race_await(&race.queued);
	flush_workqueue(race.wq);
	race_reach(&race.unlinked);
	rcu_barrier();
	race_reach(&race.freed);
	sim_thread_exit();
	return unused;
}

/* T, which stands on the root that it has just queued. */
static void on_queued(struct workqueue_struct *wq)
{
	if (race.nr_queued++)
		return;
	race.wq = wq;
	race_reach(&race.queued);
	race_await(race.await_freed ? &race.freed : &race.unlinked);
	race.freed_in_walk = race_reached_within(&race.freed, RACE_NOT_MS);
}

/* ---- A VM with one root, which nobody uses ---- */

struct machine {
	const struct sim_profile *profile;
	bool intel;
	int levels;
};

static struct machine machine_at(const struct sim_profile *profile, int i)
{
	return (struct machine) { .profile = profile, .intel = i & 1, .levels = i & 2 ? 5 : 4 };
}

#define NR_MACHINES	4

static struct mmu_vm *vm_with_root(const struct machine *machine)
{
	struct mmu_config config = mmu_config(machine->profile->name, machine->intel);
	struct mmu_vm *vm;

	config.cpu.levels = machine->levels;
	config.cpu.maxphyaddr = machine->levels == 5 ? 52 : 46;
	assert_int_equal(kvm_mmu_module_init(machine->profile, &config.cpu, &config.params), 0);
	vm = mmu_vm_create();
	mmu_slot(vm, 0, 0, MMU_2M, 0);
	mmu_map(vm->vcpu, 0x3000, MMU_WRITE);
	return vm;
}

/* Destroy it with T and W in step; @race has been prepared. */
static void destroy_in_step(struct mmu_vm *vm)
{
	pthread_t helper;

	assert_int_equal(pthread_create(&helper, NULL, helper_main, NULL), 0);
	sim_queue_work_hook = on_queued;
	mmu_vm_destroy(vm);
	sim_queue_work_hook = NULL;
	assert_int_equal(pthread_join(helper, NULL), 0);
}

/* ---- Without RCU ---- */

static void walk_onto_freed_root(void *arg)
{
	race_init(true);
	destroy_in_step(vm_with_root(arg));
	printf("went unnoticed\n");
}

static void assert_use_after_free(const struct machine *machine, const char *function)
{
	struct machine copy = *machine;
	const struct race_outcome *outcome = race_in_child(walk_onto_freed_root, &copy);

	if (!outcome->status)
		fail_msg("%s: no use after free:\n%s", machine->profile->name, outcome->output);
	if (!RACE_WITH_ASAN)
		return;
	race_assert_printed(outcome, "AddressSanitizer: use-after-poison");
	race_assert_printed(outcome, "READ of size 8");
	race_assert_printed(outcome, function);
}

static void test_v1_walks_onto_a_freed_root(void **state)
{
	int i;

	/* Nobody poisons what is freed, so nobody notices. */
	if (!IS_ENABLED(CONFIG_PAGE_POISONING))
		skip();
	for (i = 0; i < NR_MACHINES; i++) {
		const struct machine machine = machine_at(sim_profile_find("seed-v1"), i);

		assert_use_after_free(&machine, "seed_v1_invalidate_all_roots");
	}
}

/* The walk of v1, with mmu_lock held in one way or another. */
static void walk_plainly(struct kvm *kvm)
{
	sim_profile_find("seed-v1")->roots->invalidate_all_roots(kvm, true);
}

static void drain(struct kvm *kvm)
{
	destroy_workqueue(kvm->arch.tdp_mmu_zap_wq);
	kvm->arch.tdp_mmu_zap_wq = NULL;
}

static void uninit_read_lock_without_rcu(struct kvm *kvm)
{
	read_lock(&kvm->mmu_lock);
	walk_plainly(kvm);
	read_unlock(&kvm->mmu_lock);
	drain(kvm);
}

/* The worker holds it for read as well, and two readers do not keep each other out. */
static void test_the_read_lock_is_no_help(void **state)
{
	struct race_profile own;
	const struct machine machine = machine_at(race_profile(&own, uninit_read_lock_without_rcu),
						  1);

	if (!IS_ENABLED(CONFIG_PAGE_POISONING))
		skip();
	assert_use_after_free(&machine, "seed_v1_invalidate_all_roots");
}

/* ---- With RCU ---- */

/* The same moment: the root is off the list, and stays in memory while T stands on it. */
static void test_rcu_keeps_the_root(void **state)
{
	static const char *const names[] = { "v6.4", "seed-v2", "seed-opt1", "seed-opt2" };
	unsigned int i;

	for (i = 0; i < NR_MACHINES * ARRAY_SIZE(names); i++) {
		const struct sim_profile *profile = sim_profile_find(names[i / NR_MACHINES]);
		const struct machine machine = machine_at(profile, i % NR_MACHINES);
		unsigned long warns = sim_warn_count();

		assert_int_equal(sim_init(), 0);
		race_init(false);
		destroy_in_step(vm_with_root(&machine));
		kvm_mmu_module_exit();
		assert_int_equal(sim_exit(), 0);

		assert_int_equal(race.nr_queued, 1);
		assert_false(race.freed_in_walk);
		assert_true(race.freed.reached);
		assert_int_equal(sim_warn_count(), warns);
	}
}

/* ---- mmu_lock for write ---- */

static struct {
	struct kvm *kvm;
	bool worker_waits;	/* while T stood on the root */
	unsigned int count;	/* of its references then */
} exclusive;

/* T, with mmu_lock for write: W can only wait for it. */
static void on_queued_exclusively(struct workqueue_struct *wq)
{
	struct kvm_mmu_page *root = list_first_entry(&exclusive.kvm->arch.tdp_mmu_roots,
						     struct kvm_mmu_page, link);

	while (!rwlock_is_contended(&exclusive.kvm->mmu_lock))
		sched_yield();
	exclusive.worker_waits = true;
	exclusive.count = refcount_read(&root->tdp_mmu_root_count);
}

static void uninit_write_lock_without_rcu(struct kvm *kvm)
{
	write_lock(&kvm->mmu_lock);
	walk_plainly(kvm);
	write_unlock(&kvm->mmu_lock);
	drain(kvm);
}

/* Without RCU, but W is kept out until the walk is over; then the queue is drained. */
static void test_the_write_lock_excludes_the_worker(void **state)
{
	struct race_profile own;
	const struct machine machine = machine_at(race_profile(&own, uninit_write_lock_without_rcu),
						  1);
	unsigned long warns = sim_warn_count();
	struct mmu_vm *vm;

	assert_int_equal(sim_init(), 0);
	vm = vm_with_root(&machine);
	memset(&exclusive, 0, sizeof(exclusive));
	exclusive.kvm = vm->kvm;
	sim_queue_work_hook = on_queued_exclusively;
	mmu_vm_destroy(vm);
	sim_queue_work_hook = NULL;
	kvm_mmu_module_exit();
	assert_int_equal(sim_exit(), 0);

	assert_true(exclusive.worker_waits);
	assert_int_equal(exclusive.count, 1);
	assert_int_equal(sim_warn_count(), warns);
}

static struct race_point destroyed = RACE_POINT("the VM is destroyed");

static void *teardown_main(void *arg)
{
	sim_thread_init();
	kvm_put_kvm(arg);
	race_reach(&destroyed);
	sim_thread_exit();
	return NULL;
}

/* Seconds in which a VM of one page is destroyed if it ever is. */
#define PATIENCE	1

static void destroy_and_watch(void *arg)
{
	struct mmu_vm *vm = vm_with_root(arg);
	pthread_t teardown;

	assert_int_equal(pthread_create(&teardown, NULL, teardown_main, vm->kvm), 0);
	if (race_reached_within(&destroyed, PATIENCE * 1000))
		return;
	sim_stacks_print(stdout, NULL, NULL);
	_exit(1);
}

/*
 *	T: mmu_lock for write, queue R, destroy the queue: wait for W
 *				W: mmu_lock for read: wait for T
 */
static void test_write_lock_across_the_flush_is_a_deadlock(void **state)
{
	struct race_profile own;
	struct machine machine = machine_at(race_profile(&own, race_uninit_under_write_lock), 1);
	const struct race_outcome *outcome = race_in_child(destroy_and_watch, &machine);

	assert_int_equal(outcome->status, 1);
	race_assert_printed(outcome, "race_uninit_under_write_lock\n");
	race_assert_printed(outcome, "teardown_main\n");
	if (!RACE_WITH_TSAN) {
		race_assert_printed(outcome, "tdp_mmu_zap_root_work\n");
		race_assert_printed(outcome, "workqueue_main\n");
	}
	/* To sleep with a rwlock held is wrong whatever comes of it. */
	if (IS_ENABLED(CONFIG_PROVE_LOCKING))
		race_assert_printed(outcome, "lockdep: this may sleep, and must not here");
}

int main(void)
{
	/* First those that fork: ThreadSanitizer cannot, once jemalloc has many locks. */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v1_walks_onto_a_freed_root),
		cmocka_unit_test(test_the_read_lock_is_no_help),
		cmocka_unit_test(test_write_lock_across_the_flush_is_a_deadlock),
		cmocka_unit_test(test_rcu_keeps_the_root),
		cmocka_unit_test(test_the_write_lock_excludes_the_worker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
