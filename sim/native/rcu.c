/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * Callbacks of call_rcu().  liburcu's own worker looks at its queue every 10 ms, and so does its
 * rcu_barrier(); a VM could not be destroyed faster than that.  This one gathers callbacks for a
 * moment too, so that many share a grace period, but goes to work at once for rcu_barrier().
 */

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include <linux/container_of.h>
#include <linux/rcupdate.h>

#include "sim/native/urcu.h"
#include "sim/sim.h"
#include "sim/thread.h"

#define GATHER_NS		1000000
#define NSEC_PER_SEC		1000000000

/* What was queued last comes first.  Pushing takes no lock: call_rcu() is on the hot paths. */
static struct rcu_head *queue;
static unsigned long callbacks_pending;

static struct {
	pthread_mutex_t lock;
	pthread_cond_t work;		/* something was queued, or is wanted soon */
	pthread_cond_t done;		/* a barrier's callback has run */
	pthread_t thread;
	unsigned int barriers;		/* how many wait */
	bool running;
	bool stop;
} worker = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.work = PTHREAD_COND_INITIALIZER,
	.done = PTHREAD_COND_INITIALIZER,
};

struct barrier {
	struct rcu_head head;
	bool done;
};

unsigned long sim_rcu_callbacks_pending(void)
{
	return __atomic_load_n(&callbacks_pending, __ATOMIC_ACQUIRE);
}

static bool queue_empty(void)
{
	return !__atomic_load_n(&queue, __ATOMIC_ACQUIRE);
}

/* Return: true if the queue was empty, so that the worker may be asleep. */
static bool push(struct rcu_head *head, rcu_callback_t func)
{
	struct rcu_head *top = __atomic_load_n(&queue, __ATOMIC_RELAXED);

	head->func = func;
	do {
		head->next = top;
	} while (!__atomic_compare_exchange_n(&queue, &top, head, true, __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED));
	return !top;
}

void call_rcu(struct rcu_head *head, rcu_callback_t func)
{
	__atomic_fetch_add(&callbacks_pending, 1, __ATOMIC_RELAXED);
	if (!push(head, func))
		return;

	/* With the lock, or the worker could miss it between its look at the queue and its sleep. */
	pthread_mutex_lock(&worker.lock);
	pthread_cond_signal(&worker.work);
	pthread_mutex_unlock(&worker.lock);
}

/* A barrier's callback; it is not counted as pending, or it would be while rcu_barrier() returns. */
static void barrier_done(struct rcu_head *head)
{
	struct barrier *b = container_of(head, struct barrier, head);

	pthread_mutex_lock(&worker.lock);
	b->done = true;
	worker.barriers--;
	pthread_cond_broadcast(&worker.done);
	pthread_mutex_unlock(&worker.lock);
}

void rcu_barrier(void)
{
	struct barrier b = { .done = false };

	might_sleep();
	if (!sim_rcu_callbacks_pending())
		return;

	pthread_mutex_lock(&worker.lock);
	if (!worker.running || pthread_equal(worker.thread, pthread_self())) {
		pthread_mutex_unlock(&worker.lock);
		WARN(1, "rcu_barrier() waits for callbacks that nobody runs meanwhile");
		return;
	}
	worker.barriers++;
	push(&b.head, barrier_done);
	pthread_cond_signal(&worker.work);
	while (!b.done)
		pthread_cond_wait(&worker.done, &worker.lock);
	pthread_mutex_unlock(&worker.lock);
}

void synchronize_rcu(void)
{
	might_sleep();
	sim_urcu_synchronize();
}

static struct rcu_head *reversed(struct rcu_head *head)
{
	struct rcu_head *list = NULL;

	while (head) {
		struct rcu_head *next = head->next;

		head->next = list;
		list = head;
		head = next;
	}
	return list;
}

/* Everything that is queued now, oldest first, after one grace period for all. */
static void run_batch(void)
{
	struct rcu_head *head = reversed(__atomic_exchange_n(&queue, NULL, __ATOMIC_ACQUIRE));

	sim_urcu_synchronize();
	while (head) {
		struct rcu_head *next = head->next;
		rcu_callback_t func = head->func;

		/* In the kernel callbacks run in softirq context. */
		sim_lockdep_atomic(1);
		func(head);
		sim_lockdep_atomic(-1);
		if (func != barrier_done)
			__atomic_fetch_sub(&callbacks_pending, 1, __ATOMIC_RELEASE);
		head = next;
	}
}

/* The caller holds worker.lock. */
static void gather(void)
{
	struct timespec until;
	int ret = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += GATHER_NS;
	if (until.tv_nsec >= NSEC_PER_SEC) {
		until.tv_nsec -= NSEC_PER_SEC;
		until.tv_sec++;
	}
	while (!worker.stop && !worker.barriers && ret != ETIMEDOUT)
		ret = pthread_cond_clockwait(&worker.work, &worker.lock, CLOCK_MONOTONIC, &until);
}

static void *worker_main(void *unused)
{
	sim_thread_init();
	pthread_mutex_lock(&worker.lock);
	for (;;) {
		while (!worker.stop && queue_empty())
			pthread_cond_wait(&worker.work, &worker.lock);
		if (queue_empty())
			break;
		gather();
		pthread_mutex_unlock(&worker.lock);
		run_batch();
		pthread_mutex_lock(&worker.lock);
	}
	pthread_mutex_unlock(&worker.lock);
	sim_thread_exit();
	return unused;
}

int sim_rcu_start(void)
{
	int ret;

	pthread_mutex_lock(&worker.lock);
	worker.stop = false;
	ret = pthread_create(&worker.thread, NULL, worker_main, NULL);
	worker.running = !ret;
	if (!ret)
		pthread_setname_np(worker.thread, "rcu");
	pthread_mutex_unlock(&worker.lock);
	return -ret;
}

void sim_rcu_stop(void)
{
	pthread_mutex_lock(&worker.lock);
	worker.stop = true;
	pthread_cond_signal(&worker.work);
	pthread_mutex_unlock(&worker.lock);

	/* It empties the queue first, also of what the callbacks queue. */
	pthread_join(worker.thread, NULL);

	pthread_mutex_lock(&worker.lock);
	worker.running = false;
	pthread_mutex_unlock(&worker.lock);
}
