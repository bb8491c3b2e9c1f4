/* SPDX-License-Identifier: GPL-2.0-only */

/* Workqueues, kernel threads and waiting, as the seam offers them on real threads. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/container_of.h>
#include <linux/kthread.h>
#include <linux/rcuwait.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "tests/seam_fixture.h"

struct job {
	struct work_struct work;
	struct workqueue_struct *wq;
	atomic_t *runs;
	int again;		/* how often it queues itself again */
	bool started;
	bool go;		/* it may end */
};

static void run_job(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	atomic_inc(job->runs);
	if (job->again-- > 0)
		queue_work(job->wq, work);
}

/* Keeps the queue busy until it is told to go on. */
static void block_queue(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	FLAG_SET(job->started);
	while (!FLAG_GET(job->go))
		sched_yield();
	atomic_inc(job->runs);
}

static struct workqueue_struct *new_queue(void)
{
	struct workqueue_struct *wq;

	wq = alloc_workqueue("kvm", WQ_UNBOUND | WQ_MEM_RECLAIM | WQ_CPU_INTENSIVE, 0);
	assert_non_null(wq);
	return wq;
}

static void work_pending_twice_runs_once(void **state)
{
	atomic_t blocked = ATOMIC_INIT(0), runs = ATOMIC_INIT(0);
	struct job blocker = { .runs = &blocked }, job = { .runs = &runs };
	struct workqueue_struct *wq = new_queue();

	(void)state;
	INIT_WORK(&blocker.work, block_queue);
	INIT_WORK(&job.work, run_job);
	assert_true(queue_work(wq, &blocker.work));
	assert_true(within_ns(MUST_NS, FLAG_GET(blocker.started)));
	/* It runs, so it is not pending any more. */
	assert_false(work_pending(&blocker.work));

	assert_true(queue_work(wq, &job.work));
	assert_false(queue_work(wq, &job.work));
	assert_true(work_pending(&job.work));
	FLAG_SET(blocker.go);
	flush_workqueue(wq);
	assert_int_equal(atomic_read(&runs), 1);
	assert_int_equal(atomic_read(&blocked), 1);
	assert_false(work_pending(&job.work));

	/* Afterwards it is idle and may be queued again. */
	assert_true(queue_work(wq, &job.work));
	flush_work(&job.work);
	assert_int_equal(atomic_read(&runs), 2);
	assert_false(flush_work(&job.work));
	destroy_workqueue(wq);
	assert_int_equal(reports, 0);
}

static void running_work_can_be_queued_again(void **state)
{
	atomic_t runs = ATOMIC_INIT(0);
	struct job blocker = { .runs = &runs };
	struct workqueue_struct *wq = new_queue();

	(void)state;
	INIT_WORK(&blocker.work, block_queue);
	queue_work(wq, &blocker.work);
	assert_true(within_ns(MUST_NS, FLAG_GET(blocker.started)));
	assert_true(queue_work(wq, &blocker.work));
	FLAG_SET(blocker.go);
	flush_workqueue(wq);
	assert_int_equal(atomic_read(&runs), 2);
	destroy_workqueue(wq);
}

static void destroy_runs_what_is_left(void **state)
{
	atomic_t runs = ATOMIC_INIT(0), blocked = ATOMIC_INIT(0);
	struct job jobs[20], blocker = { .runs = &blocked };
	struct workqueue_struct *wq = new_queue();
	int i;

	(void)state;
	INIT_WORK(&blocker.work, block_queue);
	queue_work(wq, &blocker.work);
	for (i = 0; i < 20; i++) {
		jobs[i] = (struct job) { .runs = &runs, .wq = wq, .again = i == 0 ? 3 : 0 };
		INIT_WORK(&jobs[i].work, run_job);
		assert_true(queue_work(wq, &jobs[i].work));
	}
	FLAG_SET(blocker.go);
	/* One of them goes on queueing itself while the queue is drained. */
	destroy_workqueue(wq);
	assert_int_equal(atomic_read(&runs), 23);
	assert_int_equal(reports, 0);
}

static void free_job(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	atomic_inc(job->runs);
	kfree(job);
}

static void work_may_free_itself_and_be_a_reader(void **state)
{
	atomic_t runs = ATOMIC_INIT(0);
	struct workqueue_struct *wq = new_queue();
	int i;

	(void)state;
	for (i = 0; i < 50; i++) {
		struct job *job = kzalloc(sizeof(*job), GFP_KERNEL);

		assert_non_null(job);
		job->runs = &runs;
		INIT_WORK(&job->work, free_job);
		queue_work(wq, &job->work);
	}
	destroy_workqueue(wq);
	assert_int_equal(atomic_read(&runs), 50);
	assert_int_equal(reports, 0);
}

static void flush_own_queue(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	/* A thread of the simulator's may be an RCU reader without further ado. */
	rcu_read_lock();
	rcu_read_unlock();
	flush_workqueue(job->wq);
	atomic_inc(job->runs);
}

static void flush_from_inside_is_reported(void **state)
{
	atomic_t runs = ATOMIC_INIT(0);
	struct job job = { .runs = &runs };
	struct workqueue_struct *wq = new_queue();

	(void)state;
	job.wq = wq;
	INIT_WORK(&job.work, flush_own_queue);
	queue_work(wq, &job.work);
	flush_workqueue(wq);
	assert_int_equal(atomic_read(&runs), 1);
	assert_reported("a deadlock");
	destroy_workqueue(wq);
}

struct ticker {
	atomic_t turns;
	bool parked_at_least_once;
};

static int tick(void *data)
{
	struct ticker *t = data;

	while (!kthread_should_stop()) {
		if (kthread_should_park()) {
			FLAG_SET(t->parked_at_least_once);
			kthread_parkme();
		}
		atomic_inc(&t->turns);
		sched_yield();
	}
	return 42;
}

static void kthread_parks_and_stops(void **state)
{
	struct ticker t = { .parked_at_least_once = false };
	struct task_struct *task;
	int turns;

	(void)state;
	task = kthread_run(tick, &t, "tick-%d", 1);
	assert_false(IS_ERR(task));
	assert_true(within_ns(MUST_NS, atomic_read(&t.turns) > 0));

	assert_int_equal(kthread_park(task), 0);
	assert_true(FLAG_GET(t.parked_at_least_once));
	turns = atomic_read(&t.turns);
	assert_false(within_ns(MUST_NOT_NS, atomic_read(&t.turns) != turns));
	kthread_unpark(task);
	assert_true(within_ns(MUST_NS, atomic_read(&t.turns) > turns));

	assert_int_equal(kthread_park(task), 0);
	assert_int_equal(kthread_stop(task), 42);
	assert_int_equal(reports, 0);
}

static void kthread_that_was_never_woken_never_ran(void **state)
{
	struct ticker t = { .parked_at_least_once = false };
	struct task_struct *task;

	(void)state;
	task = kthread_create(tick, &t, "tock");
	assert_false(IS_ERR(task));
	assert_false(within_ns(MUST_NOT_NS, atomic_read(&t.turns) > 0));
	assert_int_equal(kthread_stop(task), -EINTR);
	assert_int_equal(atomic_read(&t.turns), 0);
}

struct sleeper {
	atomic_t rounds;
	bool work;
};

/* The loop of every kernel thread that waits for work. */
static int sleep_until_work(void *data)
{
	struct sleeper *s = data;

	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		if (__atomic_exchange_n(&s->work, false, __ATOMIC_SEQ_CST)) {
			atomic_inc(&s->rounds);
			continue;
		}
		schedule();
	}
	set_current_state(TASK_RUNNING);
	return 0;
}

static void no_wake_up_is_lost(void **state)
{
	struct sleeper s = { .work = false };
	struct task_struct *task = kthread_run(sleep_until_work, &s, "sleeper");
	int i;

	(void)state;
	assert_false(IS_ERR(task));
	for (i = 1; i <= 500; i++) {
		FLAG_SET(s.work);
		wake_up_process(task);
		assert_true(within_ns(MUST_NS, atomic_read(&s.rounds) == i));
	}
	/* Asleep or about to be: stop ends it all the same. */
	assert_int_equal(kthread_stop(task), 0);
	assert_int_equal(reports, 0);
}

static void schedule_timeout_ends(void **state)
{
	long long start = now_ns();

	(void)state;
	set_current_state(TASK_INTERRUPTIBLE);
	assert_int_equal(schedule_timeout(2), 0);
	assert_true(now_ns() - start >= 2000000);

	/* Woken before it slept: it returns at once, with most of its time left. */
	set_current_state(TASK_INTERRUPTIBLE);
	assert_int_equal(wake_up_process(current), 1);
	assert_true(schedule_timeout(60 * HZ) > 0);
	assert_int_equal(wake_up_process(current), 0);
	schedule();
}

struct handover {
	struct wait_queue_head wq;
	struct rcuwait rw;
	struct completion done;
	int stage;
};

static void *hand_over(void *arg)
{
	struct handover *h = arg;

	sim_thread_init();
	wait_event(h->wq, READ_ONCE(h->stage) == 1);
	WRITE_ONCE(h->stage, 2);
	rcuwait_wake_up(&h->rw);
	wait_event(h->wq, READ_ONCE(h->stage) == 3);
	complete_all(&h->done);
	sim_thread_exit();
	return NULL;
}

static void waiters_wait_for_their_condition(void **state)
{
	struct handover h = { .stage = 0 };
	pthread_t thread;

	(void)state;
	init_waitqueue_head(&h.wq);
	rcuwait_init(&h.rw);
	init_completion(&h.done);
	assert_int_equal(pthread_create(&thread, NULL, hand_over, &h), 0);

	/* A wake-up without the condition changes nothing. */
	wake_up_all(&h.wq);
	WRITE_ONCE(h.stage, 1);
	wake_up_all(&h.wq);
	rcuwait_wait_event(&h.rw, READ_ONCE(h.stage) == 2, TASK_UNINTERRUPTIBLE);
	assert_false(atomic_read(&h.done.done));
	WRITE_ONCE(h.stage, 3);
	wake_up(&h.wq);
	wait_for_completion(&h.done);
	wait_for_completion(&h.done);
	pthread_join(thread, NULL);
	assert_int_equal(reports, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SEAM_TEST(work_pending_twice_runs_once),
		SEAM_TEST(running_work_can_be_queued_again),
		SEAM_TEST(destroy_runs_what_is_left),
		SEAM_TEST(work_may_free_itself_and_be_a_reader),
		SEAM_TEST(flush_from_inside_is_reported),
		SEAM_TEST(kthread_parks_and_stops),
		SEAM_TEST(kthread_that_was_never_woken_never_ran),
		SEAM_TEST(no_wake_up_is_lost),
		SEAM_TEST(schedule_timeout_ends),
		SEAM_TEST(waiters_wait_for_their_condition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
