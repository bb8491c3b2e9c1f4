/* SPDX-License-Identifier: GPL-2.0-only */

#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>

#include <linux/bug.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/workqueue.h>

#include "sim/thread.h"

bool sim_config_defer_work;
void (*sim_queue_work_hook)(struct workqueue_struct *wq);

/*
 * One thread takes the items in the order in which they came, so two numbers say everything: how
 * many were ever queued, and how many have run.
 */
struct workqueue_struct {
	pthread_mutex_t lock;
	pthread_cond_t work;		/* something was queued, or @stop */
	pthread_cond_t done;		/* @completed has grown */
	struct list_head items;
	unsigned long queued;
	unsigned long completed;
	unsigned long wanted;		/* somebody waits for all items up to this one */
	bool stop;
	pthread_t thread;
};

void sim_init_work(struct work_struct *work, void (*func)(struct work_struct *work))
{
	INIT_LIST_HEAD(&work->entry);
	work->func = func;
	work->wq = NULL;
	work->ticket = 0;
	work->pending = false;
}

/* The caller holds wq->lock, which is dropped while the item runs. */
static void run_first(struct workqueue_struct *wq)
{
	struct work_struct *work = list_first_entry(&wq->items, struct work_struct, entry);
	work_func_t func = work->func;

	list_del_init(&work->entry);
	__atomic_store_n(&work->pending, false, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&wq->lock);

	/* From here on the item may be gone: its function may free it. */
	func(work);

	pthread_mutex_lock(&wq->lock);
	wq->completed++;
	pthread_cond_broadcast(&wq->done);
}

/* The caller holds wq->lock. */
static bool may_run(const struct workqueue_struct *wq)
{
	return !list_empty(&wq->items) &&
	       (!sim_config_defer_work || wq->completed < wq->wanted || wq->stop);
}

static void *workqueue_main(void *arg)
{
	struct workqueue_struct *wq = arg;

	sim_thread_init();
	pthread_mutex_lock(&wq->lock);
	for (;;) {
		while (!may_run(wq) && !wq->stop)
			pthread_cond_wait(&wq->work, &wq->lock);
		if (list_empty(&wq->items))
			break;
		run_first(wq);
	}
	pthread_mutex_unlock(&wq->lock);
	sim_thread_exit();
	return NULL;
}

struct workqueue_struct *alloc_workqueue(const char *name, unsigned int flags, int max_active)
{
	struct workqueue_struct *wq = calloc(1, sizeof(*wq));

	(void)flags;
	(void)max_active;
	if (!wq)
		return NULL;
	pthread_mutex_init(&wq->lock, NULL);
	pthread_cond_init(&wq->work, NULL);
	pthread_cond_init(&wq->done, NULL);
	INIT_LIST_HEAD(&wq->items);
	if (pthread_create(&wq->thread, NULL, workqueue_main, wq)) {
		free(wq);
		return NULL;
	}
	/* A name that is too long is refused, and then there is none: no harm. */
	pthread_setname_np(wq->thread, name);
	return wq;
}

void destroy_workqueue(struct workqueue_struct *wq)
{
	might_sleep();
	pthread_mutex_lock(&wq->lock);
	wq->stop = true;
	pthread_cond_signal(&wq->work);
	pthread_mutex_unlock(&wq->lock);

	pthread_join(wq->thread, NULL);
	pthread_cond_destroy(&wq->done);
	pthread_cond_destroy(&wq->work);
	pthread_mutex_destroy(&wq->lock);
	free(wq);
}

static bool runs_on(struct workqueue_struct *wq)
{
	return pthread_equal(wq->thread, pthread_self());
}

bool queue_work(struct workqueue_struct *wq, struct work_struct *work)
{
	bool dropped;

	/* As test_and_set_bit() in the kernel: a full barrier, also when the item was pending. */
	if (__atomic_exchange_n(&work->pending, true, __ATOMIC_SEQ_CST))
		return false;

	pthread_mutex_lock(&wq->lock);
	/* While a queue is drained only its own items may go on queueing. */
	dropped = wq->stop && !runs_on(wq);
	if (!dropped) {
		list_add_tail(&work->entry, &wq->items);
		work->ticket = ++wq->queued;
		__atomic_store_n(&work->wq, wq, __ATOMIC_RELEASE);
		pthread_cond_signal(&wq->work);
	}
	pthread_mutex_unlock(&wq->lock);

	WARN(dropped, "queue_work() on a workqueue that is being destroyed");
	if (dropped)
		__atomic_store_n(&work->pending, false, __ATOMIC_RELEASE);
	else if (unlikely(sim_queue_work_hook))
		sim_queue_work_hook(wq);
	return !dropped;
}

/* The caller holds wq->lock.  Return: true if there was something to wait for. */
static bool wait_completed(struct workqueue_struct *wq, unsigned long ticket)
{
	if (wq->completed >= ticket)
		return false;
	if (wq->wanted < ticket) {
		wq->wanted = ticket;
		pthread_cond_signal(&wq->work);
	}
	while (wq->completed < ticket)
		pthread_cond_wait(&wq->done, &wq->lock);
	return true;
}

void flush_workqueue(struct workqueue_struct *wq)
{
	might_sleep();
	if (WARN(runs_on(wq), "flush_workqueue() from an item of the same queue: a deadlock"))
		return;
	pthread_mutex_lock(&wq->lock);
	wait_completed(wq, wq->queued);
	pthread_mutex_unlock(&wq->lock);
}

bool flush_work(struct work_struct *work)
{
	struct workqueue_struct *wq = __atomic_load_n(&work->wq, __ATOMIC_ACQUIRE);
	bool waited;

	might_sleep();
	if (!wq || WARN(runs_on(wq), "flush_work() from an item of the same queue: a deadlock"))
		return false;
	pthread_mutex_lock(&wq->lock);
	waited = wait_completed(wq, work->ticket);
	pthread_mutex_unlock(&wq->lock);
	return waited;
}

bool work_pending(struct work_struct *work)
{
	return __atomic_load_n(&work->pending, __ATOMIC_ACQUIRE);
}
