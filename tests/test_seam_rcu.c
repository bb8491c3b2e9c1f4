/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * RCU and SRCU as the seam offers them.  The promises tested are the kernel's (Documentation/RCU/):
 * nothing that a reader may hold goes away before the reader has left, and what was queued before a
 * barrier has run after it.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/atomic.h>
#include <linux/container_of.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/rwlock.h>
#include <linux/slab.h>
#include <linux/srcu.h>

#include "tests/seam_fixture.h"

/* A reader in a thread of its own, that says when it is in and leaves when it is told. */
struct reader {
	pthread_t thread;
	struct srcu_struct *ssp;	/* NULL: RCU */
	bool in;
	bool go;			/* it may leave */
	bool leaving;			/* set as the last thing in the section */
};

static void *reader_main(void *arg)
{
	struct reader *r = arg;
	int idx = 0;

	sim_thread_init();
	if (r->ssp)
		idx = srcu_read_lock(r->ssp);
	else
		rcu_read_lock();
	FLAG_SET(r->in);
	while (!FLAG_GET(r->go))
		sched_yield();
	FLAG_SET(r->leaving);
	if (r->ssp)
		srcu_read_unlock(r->ssp, idx);
	else
		rcu_read_unlock();
	sim_thread_exit();
	return NULL;
}

static void bring_reader(struct reader *r, struct srcu_struct *ssp)
{
	*r = (struct reader) { .ssp = ssp };
	assert_int_equal(pthread_create(&r->thread, NULL, reader_main, r), 0);
	assert_true(within_ns(MUST_NS, FLAG_GET(r->in)));
}

/* Somebody who waits for readers, and notes whether the one in question was leaving by then. */
struct waiter {
	pthread_t thread;
	struct reader *reader;
	void (*wait)(struct waiter *w);
	bool returned;
	bool reader_was_leaving;
};

static void *waiter_main(void *arg)
{
	struct waiter *w = arg;

	sim_thread_init();
	w->wait(w);
	w->reader_was_leaving = FLAG_GET(w->reader->leaving);
	FLAG_SET(w->returned);
	sim_thread_exit();
	return NULL;
}

/* With a reader inside, the wait does not end; when it has left, the wait ends. */
static void check_waits_for_reader(struct reader *r, void (*wait)(struct waiter *w))
{
	struct waiter w = { .reader = r, .wait = wait };
	bool early;

	assert_int_equal(pthread_create(&w.thread, NULL, waiter_main, &w), 0);
	early = within_ns(MUST_NOT_NS, FLAG_GET(w.returned));
	FLAG_SET(r->go);
	pthread_join(r->thread, NULL);
	pthread_join(w.thread, NULL);
	assert_false(early);
	assert_true(w.reader_was_leaving);
	assert_int_equal(reports, 0);
}

static void wait_synchronize(struct waiter *w)
{
	(void)w;
	synchronize_rcu();
}

static void synchronize_waits_for_the_reader(void **state)
{
	struct reader r;

	(void)state;
	synchronize_rcu();
	bring_reader(&r, NULL);
	check_waits_for_reader(&r, wait_synchronize);
}

struct counted {
	struct rcu_head head;
	int number;
};

static int order;
static int calls;

static void note_call(struct rcu_head *head)
{
	/* The last few are enough, and an int holds them. */
	order = order % 10000000 * 10 + container_of(head, struct counted, head)->number;
	calls++;
}

static void wait_callback(struct waiter *w)
{
	struct counted c = { .number = 1 };

	(void)w;
	call_rcu(&c.head, note_call);
	rcu_barrier();
}

static void callback_waits_for_the_reader(void **state)
{
	struct reader r;

	(void)state;
	calls = 0;
	bring_reader(&r, NULL);
	check_waits_for_reader(&r, wait_callback);
	assert_int_equal(calls, 1);
}

static void callbacks_run_in_order_before_the_barrier_ends(void **state)
{
	struct counted c[5];
	int i;

	(void)state;
	order = 0;
	calls = 0;
	for (i = 0; i < 5; i++) {
		c[i].number = i + 1;
		call_rcu(&c[i].head, note_call);
	}
	rcu_barrier();
	assert_int_equal(calls, 5);
	assert_int_equal(order, 12345);
	assert_int_equal(sim_rcu_callbacks_pending(), 0);
}

static void callbacks_run_without_a_barrier(void **state)
{
	struct counted c = { .number = 1 };

	(void)state;
	call_rcu(&c.head, note_call);
	assert_true(within_ns(MUST_NS, sim_rcu_callbacks_pending() == 0));
}

static struct counted second;

static void queue_second(struct rcu_head *head)
{
	note_call(head);
	second.number = 2;
	call_rcu(&second.head, note_call);
}

static void last_exit_runs_what_callbacks_queue(void **state)
{
	struct counted first = { .number = 1 };

	(void)state;
	order = 0;
	call_rcu(&first.head, queue_second);
	assert_int_equal(sim_exit(), 0);
	assert_int_equal(order, 12);
	assert_int_equal(sim_rcu_callbacks_pending(), 0);
	assert_int_equal(sim_init(), 0);
}

/* liburcu's own would take 10 ms for each of these; a VM's end must not wait for that. */
static void barrier_is_quick(void **state)
{
	struct counted c = { .number = 0 };
	long long start;
	int i;

	(void)state;
	start = now_ns();
	for (i = 0; i < 100; i++)
		rcu_barrier();
	assert_true(now_ns() - start < 5000000);

	calls = 0;
	start = now_ns();
	for (i = 0; i < 100; i++) {
		call_rcu(&c.head, note_call);
		rcu_barrier();
	}
	assert_int_equal(calls, 100);
	assert_true(now_ns() - start < 500000000);
}

static void sleep_in_callback(struct rcu_head *head)
{
	might_sleep();
	note_call(head);
}

static void rcu_misuse_is_reported(void **state)
{
	struct counted c = { .number = 1 };
	static int value = 7;
	static int __rcu *shared = &value;
	rwlock_t lock;

	(void)state;
	if (!IS_ENABLED(CONFIG_PROVE_LOCKING))
		skip();
	rwlock_init(&lock);

	assert_false(rcu_read_lock_held());
	assert_int_equal(*rcu_dereference(shared), 7);
	assert_reported("rcu_dereference(shared)");
	assert_int_equal(*rcu_dereference_protected(shared, lockdep_is_held(&lock)), 7);
	assert_reported("rcu_dereference_protected(shared)");

	write_lock(&lock);
	assert_int_equal(*rcu_dereference_protected(shared, lockdep_is_held(&lock)), 7);
	assert_int_equal(*rcu_dereference_check(shared, lockdep_is_held(&lock)), 7);
	write_unlock(&lock);
	rcu_read_lock();
	rcu_read_lock();
	rcu_read_unlock();
	assert_true(rcu_read_lock_held());
	assert_int_equal(*rcu_dereference(shared), 7);
	rcu_read_unlock();
	assert_int_equal(reports, 0);

	rcu_read_unlock();
	assert_reported("sim_lockdep_rcu_depth()");

	call_rcu(&c.head, sleep_in_callback);
	rcu_barrier();
	assert_reported("an RCU callback");
}

static void *read_unregistered(void *arg)
{
	rcu_read_lock();
	rcu_read_unlock();
	return arg;
}

static void unregistered_reader_is_reported(void **state)
{
	pthread_t thread;

	(void)state;
	if (!IS_ENABLED(CONFIG_PROVE_LOCKING))
		skip();
	assert_int_equal(pthread_create(&thread, NULL, read_unregistered, NULL), 0);
	pthread_join(thread, NULL);
	assert_reported("no grace period waits for");
}

struct element {
	int value;
	struct list_head link;
	struct rcu_head rcu;
};

static void free_element(struct rcu_head *head)
{
	kfree(container_of(head, struct element, rcu));
}

static struct element *new_element(int value)
{
	struct element *e = kzalloc(sizeof(*e), GFP_KERNEL);

	if (e)
		e->value = value;
	return e;
}

static void reader_finds_its_way_from_a_removed_element(void **state)
{
	struct element *a = new_element(1), *b = new_element(2), *c = new_element(3), *e;
	LIST_HEAD(list);
	int seen = 0;

	(void)state;
	list_add_rcu(&b->link, &list);
	list_add_rcu(&a->link, &list);
	list_add_tail_rcu(&c->link, &list);

	rcu_read_lock();
	list_for_each_entry_rcu(e, &list, link) {
		seen = seen * 10 + e->value;
		if (e == b) {
			list_del_rcu(&b->link);
			call_rcu(&b->rcu, free_element);
			/* A moment for a worker that does not wait for readers. */
			within_ns(MUST_NOT_NS, sim_rcu_callbacks_pending() == 0);
		}
	}
	assert_int_equal(seen, 123);
	assert_int_equal(sim_rcu_callbacks_pending(), 1);
	assert_ptr_equal(b->link.prev, LIST_POISON2);
	e = list_first_or_null_rcu(&list, struct element, link);
	assert_ptr_equal(e, a);
	e = list_next_or_null_rcu(&list, &a->link, struct element, link);
	assert_ptr_equal(e, c);
	e = list_next_or_null_rcu(&list, &c->link, struct element, link);
	assert_null(e);
	rcu_read_unlock();

	b = new_element(4);
	list_replace_rcu(&a->link, &b->link);
	assert_ptr_equal(list.next, &b->link);
	call_rcu(&a->rcu, free_element);
	list_del_rcu(&b->link);
	list_del_rcu(&c->link);
	assert_true(list_empty(&list));
	rcu_read_lock();
	assert_null(list_first_or_null_rcu(&list, struct element, link));
	rcu_read_unlock();
	call_rcu(&b->rcu, free_element);
	call_rcu(&c->rcu, free_element);
	rcu_barrier();
	assert_int_equal(reports, 0);
}

static void walk_outside_a_section_is_reported(void **state)
{
	struct element *e;
	LIST_HEAD(list);
	bool allowed = true;

	(void)state;
	if (!IS_ENABLED(CONFIG_PROVE_LOCKING))
		skip();
	list_for_each_entry_rcu(e, &list, link, allowed)
		fail();
	assert_int_equal(reports, 0);
	list_for_each_entry_rcu(e, &list, link)
		fail();
	assert_reported("outside a read-side section");
}

struct churn {
	struct list_head list;
	bool stop;
	unsigned long walks;
	unsigned long wrong;
};

/* 1 and 3 are always there, 2 comes and goes between them. */
static void *walk_churning_list(void *arg)
{
	struct churn *churn = arg;
	struct element *e;

	sim_thread_init();
	while (!FLAG_GET(churn->stop)) {
		int seen = 0;

		rcu_read_lock();
		list_for_each_entry_rcu(e, &churn->list, link)
			seen = seen * 10 + READ_ONCE(e->value);
		rcu_read_unlock();
		churn->wrong += seen != 13 && seen != 123;
		__atomic_fetch_add(&churn->walks, 1, __ATOMIC_RELAXED);
	}
	sim_thread_exit();
	return NULL;
}

static void readers_walk_while_elements_come_and_go(void **state)
{
	struct element *first = new_element(1), *last = new_element(3);
	struct churn churn = { .stop = false };
	pthread_t thread;
	int i;

	(void)state;
	INIT_LIST_HEAD(&churn.list);
	list_add_rcu(&last->link, &churn.list);
	list_add_rcu(&first->link, &churn.list);
	assert_int_equal(pthread_create(&thread, NULL, walk_churning_list, &churn), 0);
	for (i = 0; i < 5000 || __atomic_load_n(&churn.walks, __ATOMIC_RELAXED) < 100; i++) {
		struct element *e = new_element(2);

		/* Where the writer is alone, inserting after an element is list_add_rcu() to it. */
		list_add_rcu(&e->link, &first->link);
		list_del_rcu(&e->link);
		call_rcu(&e->rcu, free_element);
	}
	FLAG_SET(churn.stop);
	pthread_join(thread, NULL);
	assert_int_equal(churn.wrong, 0);
	rcu_barrier();
	kfree(first);
	kfree(last);
	assert_int_equal(reports, 0);
}

static void wait_srcu(struct waiter *w)
{
	synchronize_srcu(w->reader->ssp);
}

static void wait_srcu_expedited(struct waiter *w)
{
	synchronize_srcu_expedited(w->reader->ssp);
}

static void srcu_waits_for_the_reader(void **state)
{
	struct srcu_struct srcu, other;
	struct reader r;

	(void)state;
	assert_int_equal(init_srcu_struct(&srcu), 0);
	assert_int_equal(init_srcu_struct(&other), 0);
	synchronize_srcu(&srcu);
	bring_reader(&r, &srcu);
	/* A reader of one domain is nothing to another, nor to RCU. */
	synchronize_srcu(&other);
	synchronize_rcu();
	check_waits_for_reader(&r, wait_srcu);

	bring_reader(&r, &srcu);
	check_waits_for_reader(&r, wait_srcu_expedited);
	cleanup_srcu_struct(&srcu);
	cleanup_srcu_struct(&other);
	assert_int_equal(reports, 0);
}

/*
 *   reader                      grace period 1      grace period 2
 *   looks at the index: 0
 *                               turns it to 1
 *   counts itself under 0
 *                                                   turns it to 0: must wait for 0 as well
 *
 * The index is turned by hand here, as the moment between look and count cannot be hit.
 */
static void srcu_waits_for_a_reader_of_the_other_index(void **state)
{
	struct srcu_struct srcu;
	struct reader r;

	(void)state;
	assert_int_equal(init_srcu_struct(&srcu), 0);
	bring_reader(&r, &srcu);
	WRITE_ONCE(srcu.idx, srcu.idx + 1);
	check_waits_for_reader(&r, wait_srcu);
	cleanup_srcu_struct(&srcu);
}

static void srcu_sections_nest_and_may_sleep(void **state)
{
	struct srcu_struct srcu, busy;
	static int value = 3;
	int *shared = &value;
	int outer, inner;

	(void)state;
	assert_int_equal(init_srcu_struct(&srcu), 0);
	assert_int_equal(init_srcu_struct(&busy), 0);
	outer = srcu_read_lock(&srcu);
	inner = srcu_read_lock(&srcu);
	srcu_read_unlock(&srcu, inner);
	assert_int_equal(*srcu_dereference(shared, &srcu), 3);
	might_sleep();
	synchronize_rcu();
	assert_int_equal(reports, 0);

	srcu_read_unlock(&srcu, outer);
	smp_mb__after_srcu_read_unlock();
	assert_int_equal(reports, 0);

	if (IS_ENABLED(CONFIG_PROVE_LOCKING)) {
		assert_int_equal(*srcu_dereference(shared, &srcu), 3);
		assert_reported("srcu_dereference(shared)");
	}
	synchronize_srcu(&srcu);
	cleanup_srcu_struct(&srcu);

	outer = srcu_read_lock(&busy);
	cleanup_srcu_struct(&busy);
	assert_reported("has readers");
	srcu_read_unlock(&busy, outer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SEAM_TEST(synchronize_waits_for_the_reader),
		SEAM_TEST(callback_waits_for_the_reader),
		SEAM_TEST(callbacks_run_in_order_before_the_barrier_ends),
		SEAM_TEST(callbacks_run_without_a_barrier),
		SEAM_TEST(last_exit_runs_what_callbacks_queue),
		SEAM_TEST(barrier_is_quick),
		SEAM_TEST(rcu_misuse_is_reported),
		SEAM_TEST(unregistered_reader_is_reported),
		SEAM_TEST(reader_finds_its_way_from_a_removed_element),
		SEAM_TEST(walk_outside_a_section_is_reported),
		SEAM_TEST(readers_walk_while_elements_come_and_go),
		SEAM_TEST(srcu_waits_for_the_reader),
		SEAM_TEST(srcu_waits_for_a_reader_of_the_other_index),
		SEAM_TEST(srcu_sections_nest_and_may_sleep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
