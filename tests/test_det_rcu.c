/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * RCU and SRCU of the deterministic seam: a grace period lasts as long as the sections that
 * were open when it began, and may end before those that began later.
 *
 *	reader 1	updater			reader 2
 *	lock
 *			synchronize begins
 *						lock
 *	unlock
 *			synchronize may end
 *						unlock
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/container_of.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/srcu.h>
#include <linux/wait.h>

#include "tests/det_fixture.h"

#define RUNS	400

static struct srcu_struct domain, other_domain;
static int place;

/* ---- Grace periods ---- */

/* How a flavour's readers and writers do it. */
struct flavour {
	int (*lock)(void);
	void (*unlock)(int idx);
	void (*synchronize)(void);
};

static int lock_rcu(void)
{
	rcu_read_lock();
	return 0;
}

static void unlock_rcu(int idx)
{
	rcu_read_unlock();
}

static int lock_srcu(void)
{
	return srcu_read_lock(&domain);
}

static void unlock_srcu(int idx)
{
	srcu_read_unlock(&domain, idx);
}

static void wait_srcu(void)
{
	synchronize_srcu(&domain);
}

static void wait_for_call_rcu(void);

static const struct flavour rcu = { lock_rcu, unlock_rcu, synchronize_rcu };
static const struct flavour srcu = { lock_srcu, unlock_srcu, wait_srcu };
static const struct flavour callbacks = { lock_rcu, unlock_rcu, wait_for_call_rcu };
static const struct flavour no_wait = { lock_rcu, unlock_rcu, NULL };
static const struct flavour *flavour;

/* The section that each task is in, by a number of its own; 0: none. */
static unsigned int section[SIM_DET_MAX_TASKS], nr_sections;
static bool ended_beside_later;		/* in any run */

static void read_twice(void *arg)
{
	unsigned int self = sim_det_current(), i;

	for (i = 0; i < 2; i++) {
		int idx = flavour->lock();

		section[self] = ++nr_sections;
		WRITE_ONCE(place, 1);
		section[self] = 0;
		flavour->unlock(idx);
	}
}

static void read_nested(void *arg)
{
	unsigned int self = sim_det_current();
	int outer = flavour->lock(), inner;

	section[self] = ++nr_sections;
	inner = flavour->lock();
	flavour->unlock(inner);
	WRITE_ONCE(place, 1);
	section[self] = 0;
	flavour->unlock(outer);
}

static void wait_for_all(void *arg)
{
	unsigned int open[SIM_DET_MAX_TASKS], i;

	memcpy(open, section, sizeof(open));
	if (flavour->synchronize)
		flavour->synchronize();
	for (i = 0; i < SIM_DET_MAX_TASKS; i++) {
		CHECK(!open[i] || section[i] != open[i]);
		ended_beside_later |= section[i];
	}
}

static void main_of_grace(void *arg)
{
	init_srcu_struct(&domain);
	memset(section, 0, sizeof(section));
	nr_sections = 0;
	RUN_TASKS(read_twice, read_nested, wait_for_all);
	cleanup_srcu_struct(&domain);
}

static void check_grace_periods(const struct flavour *f)
{
	flavour = f;
	ended_beside_later = false;
	assert_int_not_equal(assert_all_pass(2, main_of_grace, NULL), 0);
	assert_true(ended_beside_later);
	assert_none_fails(RUNS, main_of_grace, NULL);
}

static void grace_periods(void **state)
{
	check_grace_periods(&rcu);
	check_grace_periods(&srcu);
	check_grace_periods(&callbacks);
	flavour = &no_wait;
	assert_one_fails(RUNS, main_of_grace, NULL, "CHECK: !open[i]");
}

/* ---- Callbacks ---- */

struct counted {
	struct rcu_head head;
	int number;
};

static struct counted counted[4];
static int nr_called, nr_queued;
static struct wait_queue_head called;

static void on_called(struct rcu_head *head)
{
	nr_called++;
	wake_up_all(&called);
}

/* synchronize_rcu() by hand. */
static void wait_for_call_rcu(void)
{
	struct rcu_head head;

	nr_called = 0;
	init_waitqueue_head(&called);
	call_rcu(&head, on_called);
	wait_event(called, nr_called);
}

static void on_counted(struct rcu_head *head)
{
	struct counted *c = container_of(head, struct counted, head);

	CHECK(c->number == nr_called);
	nr_called++;
	WRITE_ONCE(place, 1);
}

static void call_four(void *arg)
{
	int i;

	for (i = 0; i < 4; i++) {
		call_rcu(&counted[i].head, on_counted);
		nr_queued++;
	}
	if (arg)
		rcu_barrier();
	CHECK(nr_called == 4);
}

static void wait_only(void *arg)
{
	int due = nr_queued;

	rcu_barrier();
	CHECK(nr_called >= due);
}

static void main_of_callbacks(void *arg)
{
	void (*const fn[])(void *) = { call_four, read_nested, wait_only };
	void *const args[] = { arg, NULL, NULL };
	int i;

	flavour = &rcu;
	nr_called = nr_queued = 0;
	for (i = 0; i < 4; i++)
		counted[i].number = i;
	run_tasks(3, fn, args);
}

static void callbacks_in_order(void **state)
{
	static int yes;

	assert_all_pass(1, main_of_callbacks, &yes);
	assert_none_fails(RUNS, main_of_callbacks, &yes);
	assert_one_fails(RUNS, main_of_callbacks, NULL, "CHECK: nr_called == 4");
}

static void call_again(struct rcu_head *head)
{
	call_rcu(&counted[1].head, on_called);
	nr_called++;
}

static void main_of_recalling(void *arg)
{
	settle();
	nr_called = 0;
	init_waitqueue_head(&called);
	call_rcu(&counted[0].head, call_again);
	rcu_barrier();
	/* The second one may have run too. */
	CHECK(nr_called >= 1);
	rcu_barrier();
	CHECK(nr_called == 2);
}

static void callback_calls_again(void **state)
{
	run_once(main_of_recalling, NULL);
	assert_passed();
}

static void sleep_in_callback(struct rcu_head *head)
{
	might_sleep();
}

static void main_of_sleep(void *arg)
{
	call_rcu(&counted[0].head, sleep_in_callback);
	rcu_barrier();
}

static void main_of_too_many(void *arg)
{
	rcu_read_lock();
	for (;;)
		call_rcu(&counted[0].head, on_called);
}

static void callbacks_that_are_wrong(void **state)
{
	run_once(main_of_sleep, NULL);
	assert_failed("this may sleep, and must not here (an RCU callback)");
	assert_string_equal(result.task_name, "rcu");
	run_once(main_of_too_many, NULL);
	assert_failed("more than 4096 RCU callbacks wait");
	/* And nothing of it is left, for whoever ends the program either. */
	assert_int_equal(sim_rcu_callbacks_pending(), 0);
	run_once(main_of_recalling, NULL);
	assert_passed();
}

/* ---- What it is for: an object that readers find is freed ---- */

struct object {
	struct rcu_head head;
	int value;
};

enum how { NOT_AT_ALL, BY_SYNCHRONIZE, BY_CALLBACK, NO_SECTION };

static struct object *published;
static enum how how;

static void read_published(void *arg)
{
	struct object *object;

	if (how != NO_SECTION)
		rcu_read_lock();
	object = rcu_dereference_raw(published);
	CHECK(READ_ONCE(object->value) == 42);
	if (how != NO_SECTION)
		rcu_read_unlock();
}

static struct object *new_object(void)
{
	struct object *object = kzalloc(sizeof(*object), GFP_KERNEL);

	object->value = 42;
	return object;
}

static void free_object(struct rcu_head *head)
{
	kfree(container_of(head, struct object, head));
}

static void replace(void *arg)
{
	struct object *old = published, *object = new_object();

	rcu_assign_pointer(published, object);
	if (how == BY_CALLBACK) {
		call_rcu(&old->head, free_object);
		return;
	}
	if (how != NOT_AT_ALL)
		synchronize_rcu();
	kfree(old);
}

static void main_of_replace(void *arg)
{
	how = *(enum how *)arg;
	published = new_object();
	RUN_TASKS(read_published, replace, read_published);
	rcu_barrier();
	kfree(published);
}

static void readers_keep_objects(void **state)
{
	enum how way = BY_SYNCHRONIZE;

	assert_all_pass(2, main_of_replace, &way);
	way = BY_CALLBACK;
	assert_all_pass(2, main_of_replace, &way);
	assert_none_fails(RUNS, main_of_replace, &way);
	way = NOT_AT_ALL;
	assert_one_fails(RUNS, main_of_replace, &way, "touches kmalloc #1 at offset 16, which b has freed");
	way = NO_SECTION;
	assert_one_fails(RUNS, main_of_replace, &way, "use after free");
}

/* ---- Waiting for oneself ---- */

static void main_of_self_rcu(void *arg)
{
	rcu_read_lock();
	synchronize_rcu();
}

static void main_of_self_barrier(void *arg)
{
	rcu_read_lock();
	rcu_barrier();
}

static void main_of_self_srcu(void *arg)
{
	int idx;

	init_srcu_struct(&domain);
	idx = srcu_read_lock(&domain);
	synchronize_srcu(&domain);
	srcu_read_unlock(&domain, idx);
}

static void main_of_unlock(void *arg)
{
	rcu_read_unlock();
}

static void main_of_wrong_unlock(void *arg)
{
	int idx;

	init_srcu_struct(&domain);
	init_srcu_struct(&other_domain);
	idx = srcu_read_lock(&domain);
	srcu_read_unlock(&other_domain, idx);
}

static void main_of_busy_cleanup(void *arg)
{
	int idx;

	init_srcu_struct(&domain);
	idx = srcu_read_lock(&domain);
	cleanup_srcu_struct(&domain);
	srcu_read_unlock(&domain, idx);
}

static void waiting_for_oneself_is_told(void **state)
{
	run_once(main_of_self_rcu, NULL);
	assert_failed("this may sleep, and must not here; this thread holds RCU read-side section");
	run_once(main_of_self_barrier, NULL);
	assert_failed("this may sleep, and must not here");
	run_once(main_of_self_srcu, NULL);
	assert_failed("lockdep: ssp is held as srcu since ");
	run_once(main_of_unlock, NULL);
	assert_failed("WARNING: ");
	run_once(main_of_wrong_unlock, NULL);
	assert_failed("lockdep: srcu released at ");
	run_once(main_of_busy_cleanup, NULL);
	assert_failed("cleanup_srcu_struct() of a domain that has readers");
}

/* A section that waits for who waits for it. */
static struct wait_queue_head queue;

static void sleep_in_section(void *arg)
{
	int idx = srcu_read_lock(&domain);

	wait_event(queue, READ_ONCE(place) == 2);
	srcu_read_unlock(&domain, idx);
}

static void synchronize_and_wake(void *arg)
{
	wait_event(queue, READ_ONCE(place) == 1);
	synchronize_srcu(arg);
	WRITE_ONCE(place, 2);
	wake_up_all(&queue);
}

static void main_of_domains(void *arg)
{
	unsigned int task[2];

	settle();
	init_waitqueue_head(&queue);
	init_srcu_struct(&domain);
	init_srcu_struct(&other_domain);
	place = 0;
	task[0] = sim_det_spawn(sleep_in_section, NULL, "reader");
	task[1] = sim_det_spawn(synchronize_and_wake, arg, "writer");
	settle();
	/* The reader is in by now, and sleeps. */
	WRITE_ONCE(place, 1);
	wake_up_all(&queue);
	synchronize_rcu();
	sim_det_join(task[0]);
	sim_det_join(task[1]);
}

static void domains_are_separate(void **state)
{
	run_once(main_of_domains, &other_domain);
	assert_passed();
	run_once(main_of_domains, &domain);
	assert_failed("deadlock: every task waits for another");
	assert_failed("\n  writer waits for an SRCU grace period");
	assert_failed("\n  reader waits for a wake-up, holds what it took at ");
}

static void main_of_deep_nesting(void *arg)
{
	static struct srcu_struct many[SIM_DET_MAX_SRCU + 1];
	int idx[SIM_DET_MAX_SRCU + 1], i, nr = *(int *)arg;

	for (i = 0; i < nr; i++) {
		init_srcu_struct(&many[i]);
		idx[i] = srcu_read_lock(&many[i]);
	}
	/* In the order that they were taken, which is no stack. */
	for (i = 0; i < nr; i++) {
		srcu_read_unlock(&many[i], idx[i]);
		synchronize_srcu(&many[i]);
	}
}

static void sections_have_a_limit(void **state)
{
	int nr = SIM_DET_MAX_SRCU;

	run_once(main_of_deep_nesting, &nr);
	assert_passed();
	nr++;
	run_once(main_of_deep_nesting, &nr);
	assert_failed("main is in more SRCU sections than can be followed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grace_periods),
		cmocka_unit_test(callbacks_in_order),
		cmocka_unit_test(callback_calls_again),
		cmocka_unit_test(callbacks_that_are_wrong),
		cmocka_unit_test(readers_keep_objects),
		cmocka_unit_test(waiting_for_oneself_is_told),
		cmocka_unit_test(domains_are_separate),
		cmocka_unit_test(sections_have_a_limit),
	};

	return cmocka_run_group_tests(tests, det_setup, det_teardown);
}
