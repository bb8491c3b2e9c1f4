/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * Locks, wait queues, workqueues and threads of the deterministic seam, under all schedules
 * with few preemptions, or under many by chance.  What must not happen is checked inside.
 * RCU: test_det_rcu.c.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/rwlock.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "tests/det_fixture.h"

#define RUNS	400

/* ---- Mutual exclusion ---- */

static struct mutex mutex;
static spinlock_t spinlock;
static rwlock_t rwlock;

static int inside, readers, max_readers, entries, place;

/* With a place to be interrupted at, or this would test nothing. */
static void be_alone(void)
{
	CHECK(!inside && !readers);
	WRITE_ONCE(inside, 1);
	WRITE_ONCE(entries, entries + 1);
	CHECK(inside == 1 && !readers);
	WRITE_ONCE(inside, 0);
}

static void be_among_readers(void)
{
	CHECK(!inside);
	readers++;
	max_readers = max_readers > readers ? max_readers : readers;
	WRITE_ONCE(place, 1);
	CHECK(!inside);
	readers--;
}

static void use_nothing(void *arg)
{
	be_alone();
}

static void use_mutex(void *arg)
{
	int i;

	for (i = 0; i < 2; i++) {
		mutex_lock(&mutex);
		be_alone();
		mutex_unlock(&mutex);
	}
}

static void try_mutex(void *arg)
{
	if (!mutex_trylock(&mutex))
		return;
	be_alone();
	mutex_unlock(&mutex);
}

static void use_spinlock(void *arg)
{
	int i;

	for (i = 0; i < 2; i++) {
		spin_lock(&spinlock);
		be_alone();
		spin_unlock(&spinlock);
	}
}

static void try_spinlock(void *arg)
{
	if (!spin_trylock(&spinlock))
		return;
	be_alone();
	spin_unlock(&spinlock);
}

static void use_writer(void *arg)
{
	write_lock(&rwlock);
	be_alone();
	write_unlock(&rwlock);
}

static void try_writer(void *arg)
{
	if (!write_trylock(&rwlock))
		return;
	be_alone();
	write_unlock(&rwlock);
}

static void use_reader(void *arg)
{
	read_lock(&rwlock);
	be_among_readers();
	read_unlock(&rwlock);
}

static void try_reader(void *arg)
{
	if (!read_trylock(&rwlock))
		return;
	be_among_readers();
	read_unlock(&rwlock);
}

static void reset(void)
{
	mutex_init(&mutex);
	spin_lock_init(&spinlock);
	rwlock_init(&rwlock);
	inside = readers = entries = 0;
}

static void main_of_nothing(void *arg)
{
	reset();
	RUN_TASKS(use_nothing, use_nothing);
}

static void main_of_mutex(void *arg)
{
	reset();
	RUN_TASKS(use_mutex, use_mutex, try_mutex);
	CHECK(entries == 4 || entries == 5);
	mutex_destroy(&mutex);
}

static void main_of_spinlock(void *arg)
{
	reset();
	RUN_TASKS(use_spinlock, use_spinlock, try_spinlock);
	CHECK(entries == 4 || entries == 5);
}

static void main_of_rwlock(void *arg)
{
	reset();
	RUN_TASKS(use_writer, use_reader, use_reader);
	CHECK(entries == 1);
}

static void main_of_rwlock_try(void *arg)
{
	reset();
	RUN_TASKS(try_writer, use_reader, use_writer, try_reader);
	CHECK(entries == 1 || entries == 2);
}

static void locks_exclude(void **state)
{
	assert_one_fails(RUNS, main_of_nothing, NULL, "CHECK: !inside");
	assert_int_not_equal(assert_all_pass(2, main_of_mutex, NULL), 0);
	assert_all_pass(2, main_of_spinlock, NULL);
	max_readers = 0;
	assert_all_pass(2, main_of_rwlock, NULL);
	assert_int_equal(max_readers, 2);
	assert_all_pass(1, main_of_rwlock_try, NULL);
	assert_none_fails(RUNS, main_of_mutex, NULL);
	assert_none_fails(RUNS, main_of_spinlock, NULL);
	assert_none_fails(RUNS, main_of_rwlock_try, NULL);
}

/* ---- Order: a lock's queue is first come, first served ---- */

static char order[16];

static void note(void)
{
	size_t len = strlen(order);

	order[len] = sim_det_self()->name[0];
	order[len + 1] = '\0';
}

static void queue_for_mutex(void *arg)
{
	mutex_lock(&mutex);
	note();
	mutex_unlock(&mutex);
}

/* Tasks that start one after the other, each until it cannot go on, and end in some order. */
static void queue_up(unsigned int nr, void (*const fn[])(void *arg))
{
	unsigned int i, task[8];

	order[0] = '\0';
	for (i = 0; i < nr; i++) {
		task[i] = sim_det_spawn(fn[i], NULL, "%c", 'a' + (int)i);
		settle();
	}
	CHECK(order[0] == '\0');
	mutex_unlock(&mutex);
	for (i = 0; i < nr; i++)
		sim_det_join(task[i]);
}

static void main_of_queue(void *arg)
{
	void (*const fn[])(void *) = { queue_for_mutex, queue_for_mutex, queue_for_mutex };

	reset();
	mutex_lock(&mutex);
	queue_up(3, fn);
	CHECK(!strcmp(order, "abc"));
}

static void mutex_is_fair(void **state)
{
	run_once(main_of_queue, NULL);
	assert_passed();
}

/*
 * The kernel's qrwlock.  main reads; then come, in this order:
 *
 *	a	write_lock	waits for main
 *	b	read_lock	waits behind a, though main reads only
 *	c	read_trylock	fails
 *	d	write_lock	waits behind b
 *	e	read_lock	waits behind d
 */
static void read_in_order(void *arg)
{
	read_lock(&rwlock);
	note();
	read_unlock(&rwlock);
}

static void write_in_order(void *arg)
{
	write_lock(&rwlock);
	note();
	write_unlock(&rwlock);
}

static void fail_to_read(void *arg)
{
	CHECK(!read_trylock(&rwlock));
	CHECK(!write_trylock(&rwlock));
}

static unsigned int spawn_and_run(void (*fn)(void *), const char *name)
{
	unsigned int task = sim_det_spawn(fn, NULL, "%s", name);

	settle();
	return task;
}

static void main_of_qrwlock(void *arg)
{
	unsigned int task[5], i;

	reset();
	settle();
	order[0] = '\0';
	read_lock(&rwlock);
	sim_det_join(spawn_and_run(read_in_order, "r"));
	CHECK(!strcmp(order, "r"));
	CHECK(!rwlock_is_contended(&rwlock) && !rwlock_needbreak(&rwlock));
	task[0] = spawn_and_run(write_in_order, "a");
	CHECK(rwlock_is_contended(&rwlock) && rwlock_needbreak(&rwlock));
	task[1] = spawn_and_run(read_in_order, "b");
	task[2] = spawn_and_run(fail_to_read, "c");
	task[3] = spawn_and_run(write_in_order, "d");
	task[4] = spawn_and_run(read_in_order, "e");
	CHECK(!strcmp(order, "r"));
	/* Whoever yields the lock comes behind all of them. */
	CHECK(cond_resched_rwlock_read(&rwlock));
	CHECK(!strcmp(order, "rabde"));
	CHECK(!rwlock_is_contended(&rwlock));
	CHECK(!cond_resched_rwlock_read(&rwlock));
	read_unlock(&rwlock);
	for (i = 0; i < 5; i++)
		sim_det_join(task[i]);
	write_lock(&rwlock);
	task[0] = spawn_and_run(read_in_order, "x");
	CHECK(rwlock_needbreak(&rwlock));
	CHECK(cond_resched_rwlock_write(&rwlock));
	CHECK(!strcmp(order, "rabdex"));
	write_unlock(&rwlock);
	sim_det_join(task[0]);
}

static void rwlock_is_fair(void **state)
{
	run_once(main_of_qrwlock, NULL);
	assert_passed();
}

static void main_of_no_preemption(void *arg)
{
	unsigned int task;

	reset();
	read_lock(&rwlock);
	task = spawn_and_run(write_in_order, "a");
	CHECK(rwlock_is_contended(&rwlock) && !rwlock_needbreak(&rwlock));
	CHECK(!cond_resched_rwlock_read(&rwlock));
	read_unlock(&rwlock);
	sim_det_join(task);
}

static void no_needbreak_without_preemption(void **state)
{
	sim_config_preemption = false;
	run_once(main_of_no_preemption, NULL);
	sim_config_preemption = true;
	assert_passed();
}

/* Readers that come and go all the time, and a writer: it is not starved. */
static bool written;

static void keep_reading(void *arg)
{
	unsigned int turns = 0;

	while (!READ_ONCE(written)) {
		read_lock(&rwlock);
		WRITE_ONCE(readers, readers + 1);
		read_unlock(&rwlock);
		CHECK(++turns < 5000);
	}
}

static void write_once(void *arg)
{
	write_lock(&rwlock);
	WRITE_ONCE(written, true);
	write_unlock(&rwlock);
}

static void main_of_starvation(void *arg)
{
	reset();
	written = false;
	RUN_TASKS(write_once, keep_reading, keep_reading);
}

static void writer_is_not_starved(void **state)
{
	unsigned int seed;

	/* Only a scheduler that lets the writer come at all can tell. */
	sim_search_init(&searching);
	for (seed = 1; seed <= 100; seed++) {
		sim_search_begin(&searching, seed, (struct sim_search_odds) { 0 }, NULL);
		searching.kind = SIM_SEARCH_RANDOM;
		run_config(&(struct sim_det_config) { .strategy = &searching.strategy },
			   main_of_starvation, NULL);
		sim_search_end(&searching);
		assert_passed();
	}
}

/* ---- Wait queues ---- */

static struct wait_queue_head queue;
static int tickets;

/* The second look is a place to be interrupted at, after the first and before the sleep. */
static void take_ticket(void *arg)
{
	wait_event(queue, READ_ONCE(tickets) > 0 || READ_ONCE(place) < 0);
}

static void give_ticket(void *arg)
{
	WRITE_ONCE(tickets, 1);
	wake_up_all(&queue);
}

/* As if the condition were looked at before the queue is: the wake-up between them is lost. */
static void take_ticket_wrongly(void *arg)
{
	unsigned long ticket;

	if (READ_ONCE(tickets) > 0)
		return;
	ticket = sim_wait_prepare(&queue);
	sim_wait_block(&queue, ticket);
}

static void main_of_tickets(void *arg)
{
	init_waitqueue_head(&queue);
	tickets = 0;
	RUN_TASKS(take_ticket, take_ticket, give_ticket);
}

static void main_of_lost_tickets(void *arg)
{
	init_waitqueue_head(&queue);
	tickets = 0;
	RUN_TASKS(take_ticket_wrongly, give_ticket);
}

static void no_wake_up_is_lost(void **state)
{
	assert_all_pass(2, main_of_tickets, NULL);
	assert_none_fails(RUNS, main_of_tickets, NULL);
	assert_one_fails(RUNS, main_of_lost_tickets, NULL, "a waits for a wake-up");
}

/* ---- Workqueues ---- */

struct item {
	struct work_struct work;
	char name;
	int ran;
	bool running;
};

static struct workqueue_struct *wq;
static struct item items[4];

static void run_item(struct work_struct *work)
{
	struct item *item = container_of(work, struct item, work);
	size_t len = strlen(order);

	CHECK(!inside);
	WRITE_ONCE(inside, 1);
	order[len] = item->name;
	order[len + 1] = '\0';
	WRITE_ONCE(item->ran, item->ran + 1);
	WRITE_ONCE(inside, 0);
}

static void begin_work(void)
{
	unsigned int i;

	order[0] = '\0';
	inside = 0;
	wq = alloc_workqueue("wq", 0, 0);
	for (i = 0; i < 4; i++) {
		items[i] = (struct item) { .name = (char)('0' + i) };
		INIT_WORK(&items[i].work, run_item);
	}
}

static void queue_and_flush(void *arg)
{
	CHECK(queue_work(wq, &items[0].work));
	CHECK(queue_work(wq, &items[1].work));
	flush_workqueue(wq);
	CHECK(items[0].ran == 1 && items[1].ran == 1);
	CHECK(strchr(order, '0') < strchr(order, '1'));
}

static void queue_and_flush_one(void *arg)
{
	CHECK(queue_work(wq, &items[2].work));
	flush_work(&items[2].work);
	CHECK(items[2].ran == 1 && !work_pending(&items[2].work));
}

static void main_of_work(void *arg)
{
	begin_work();
	RUN_TASKS(queue_and_flush, queue_and_flush_one);
	destroy_workqueue(wq);
}

static void work_is_done_in_order(void **state)
{
	assert_all_pass(1, main_of_work, NULL);
	assert_none_fails(RUNS, main_of_work, NULL);
}

/*
 * An item that is queued while it is pending runs once for both, but never before the second
 * has been told so: what that one had written is seen.
 */
static int written_before, told, seen_by_item;

static void run_and_look(struct work_struct *work)
{
	seen_by_item = READ_ONCE(written_before);
	items[0].ran++;
}

static void queue_the_same(void *arg)
{
	bool queued;

	written_before++;
	queued = queue_work(wq, &items[0].work);
	told += queued;
	flush_work(&items[0].work);
	CHECK(items[0].ran >= 1);
}

static void main_of_requeue(void *arg)
{
	begin_work();
	INIT_WORK(&items[0].work, run_and_look);
	written_before = told = seen_by_item = 0;
	RUN_TASKS(queue_the_same, queue_the_same, queue_the_same);
	flush_workqueue(wq);
	CHECK(items[0].ran == told);
	CHECK(seen_by_item == 3);
	destroy_workqueue(wq);
}

static void pending_item_runs_once(void **state)
{
	assert_all_pass(2, main_of_requeue, NULL);
	assert_none_fails(RUNS, main_of_requeue, NULL);
}

/* An item that queues another: destroying the queue waits for both. */
static void run_and_queue(struct work_struct *work)
{
	WRITE_ONCE(items[0].ran, 1);
	CHECK(queue_work(wq, &items[1].work));
}

static void queue_and_destroy(void *arg)
{
	queue_work(wq, &items[0].work);
	queue_work(wq, &items[2].work);
	destroy_workqueue(wq);
	CHECK(items[0].ran == 1 && items[1].ran == 1 && items[2].ran == 1);
}

static void main_of_destroy(void *arg)
{
	begin_work();
	INIT_WORK(&items[0].work, run_and_queue);
	RUN_TASKS(queue_and_destroy);
}

static void queue_something(void *arg)
{
	queue_work(wq, &items[3].work);
}

static void main_of_late_queue(void *arg)
{
	begin_work();
	RUN_TASKS(queue_and_destroy, queue_something);
}

static void destroy_drains(void **state)
{
	assert_all_pass(2, main_of_destroy, NULL);
	assert_none_fails(RUNS, main_of_destroy, NULL);
	assert_one_fails(RUNS, main_of_late_queue, NULL, "");
}

static void flush_from_inside(struct work_struct *work)
{
	flush_workqueue(wq);
}

static void main_of_self_flush(void *arg)
{
	begin_work();
	INIT_WORK(&items[0].work, flush_from_inside);
	queue_work(wq, &items[0].work);
	destroy_workqueue(wq);
}

static void flushing_oneself_is_told(void **state)
{
	run_once(main_of_self_flush, NULL);
	assert_failed("flush_workqueue() from an item of the same queue: a deadlock");
}

/* ---- Threads of the kernel ---- */

static struct task_struct *thread;
static int turns;
static bool is_parked;

static int thread_main(void *data)
{
	while (!kthread_should_stop()) {
		if (kthread_should_park()) {
			is_parked = true;
			kthread_parkme();
			is_parked = false;
		}
		WRITE_ONCE(turns, turns + 1);
		set_current_state(TASK_INTERRUPTIBLE);
		if (!kthread_should_stop() && !kthread_should_park())
			schedule();
		set_current_state(TASK_RUNNING);
	}
	return 42;
}

static void wake_thread(void *arg)
{
	wake_up_process(thread);
}

static void main_of_stop(void *arg)
{
	turns = 0;
	thread = kthread_run(thread_main, NULL, "kthread");
	RUN_TASKS(wake_thread, wake_thread);
	CHECK(kthread_stop(thread) == 42);
	CHECK(turns > 0);
}

static void stop_early(void *arg)
{
	int r = kthread_stop(thread);

	/* Where it has not begun yet it never does. */
	CHECK(r == 42 || r == -EINTR);
	CHECK((r == 42) == (turns > 0) || r == 42);
}

static void main_of_early_stop(void *arg)
{
	turns = 0;
	thread = kthread_run(thread_main, NULL, "kthread");
	RUN_TASKS(stop_early);
}

static void park_it(void *arg)
{
	int before;

	CHECK(!kthread_park(thread));
	before = turns;
	WRITE_ONCE(tickets, 1);
	WRITE_ONCE(tickets, 2);
	CHECK(turns == before);
	kthread_unpark(thread);
}

static void main_of_park(void *arg)
{
	turns = 0;
	is_parked = false;
	thread = kthread_run(thread_main, NULL, "kthread");
	RUN_TASKS(park_it, wake_thread);
	CHECK(kthread_stop(thread) == 42);
	CHECK(!is_parked && turns > 0);
}

static void main_of_unstarted(void *arg)
{
	turns = 0;
	thread = kthread_create(thread_main, NULL, "kthread");
	settle();
	CHECK(kthread_stop(thread) == -EINTR);
	CHECK(!turns);
}

static void threads_stop_and_park(void **state)
{
	run_once(main_of_unstarted, NULL);
	assert_passed();
	assert_all_pass(1, main_of_stop, NULL);
	assert_all_pass(2, main_of_early_stop, NULL);
	assert_all_pass(2, main_of_park, NULL);
	assert_none_fails(RUNS, main_of_stop, NULL);
	assert_none_fails(RUNS, main_of_early_stop, NULL);
	assert_none_fails(RUNS, main_of_park, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(locks_exclude),
		cmocka_unit_test(mutex_is_fair),
		cmocka_unit_test(rwlock_is_fair),
		cmocka_unit_test(no_needbreak_without_preemption),
		cmocka_unit_test(writer_is_not_starved),
		cmocka_unit_test(no_wake_up_is_lost),
		cmocka_unit_test(work_is_done_in_order),
		cmocka_unit_test(pending_item_runs_once),
		cmocka_unit_test(destroy_drains),
		cmocka_unit_test(flushing_oneself_is_told),
		cmocka_unit_test(threads_stop_and_park),
	};

	return cmocka_run_group_tests(tests, det_setup, det_teardown);
}
