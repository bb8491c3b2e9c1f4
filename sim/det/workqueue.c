/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "sim/det/det.h"

bool sim_config_defer_work;

/* As the native one: items run one after the other, so two numbers say everything. */
struct workqueue_struct {
	struct list_head items;
	unsigned long queued;
	unsigned long completed;
	unsigned int worker;	/* its task */
	bool running;		/* the worker is in an item */
	bool stop;
	u32 waiting;		/* tasks that wait for items to be done */
};

void sim_init_work(struct work_struct *work, void (*func)(struct work_struct *work))
{
	work->entry.next = work->entry.prev = &work->entry;
	work->func = func;
	work->wq = NULL;
	work->ticket = 0;
	work->pending = false;
}

static void item_done(struct workqueue_struct *wq)
{
	u32 tasks = wq->waiting;

	wq->completed++;
	wq->waiting = 0;
	for (; tasks; tasks &= tasks - 1)
		sim_det_wake((unsigned int)__builtin_ctz(tasks));
}

static void run_first(struct workqueue_struct *wq)
{
	struct work_struct *work;
	work_func_t func;

	sim_point(SIM_POINT_WORK, wq);
	work = list_first_entry(&wq->items, struct work_struct, entry);
	/* Announced by its own address too: the item may be gone by mistake. */
	sim_point(SIM_POINT_WORK, work);
	func = work->func;
	/* The kernel has a lock around this. */
	sim_det_quiet(1);
	list_del_init(&work->entry);
	sim_det_quiet(-1);
	work->pending = false;
	/* From here on the item may be gone: its function may free it. */
	func(work);
	item_done(wq);
}

static bool is_idle(const struct workqueue_struct *wq)
{
	return wq->items.next == &wq->items;
}

static void worker_main(void *arg)
{
	struct workqueue_struct *wq = arg;

	while (!wq->stop || !is_idle(wq)) {
		if (is_idle(wq))
			sim_det_block("work", wq);
		else
			run_first(wq);
	}
}

struct workqueue_struct *alloc_workqueue(const char *name, unsigned int flags, int max_active)
{
	struct workqueue_struct *wq = kzalloc(sizeof(*wq), GFP_KERNEL);

	(void)flags;
	(void)max_active;
	if (!wq)
		return NULL;
	INIT_LIST_HEAD(&wq->items);
	wq->worker = sim_det_spawn(worker_main, wq, "%s", name);
	return wq;
}

void destroy_workqueue(struct workqueue_struct *wq)
{
	might_sleep();
	sim_point(SIM_POINT_WORK, wq);
	wq->stop = true;
	sim_det_wake(wq->worker);
	sim_det_join(wq->worker);
	kfree(wq);
}

static bool runs_on(const struct workqueue_struct *wq)
{
	return wq->worker == sim_det_current();
}

bool queue_work(struct workqueue_struct *wq, struct work_struct *work)
{
	/* Both before the first look: nobody comes between "not pending" and the list. */
	sim_point(SIM_POINT_WORK, wq);
	sim_point(SIM_POINT_WORK, work);
	if (work->pending)
		return false;
	if (WARN(wq->stop && !runs_on(wq), "queue_work() on a workqueue that is being destroyed"))
		return false;
	work->pending = true;
	sim_det_quiet(1);
	list_add_tail(&work->entry, &wq->items);
	sim_det_quiet(-1);
	work->ticket = ++wq->queued;
	work->wq = wq;
	sim_det_wake(wq->worker);
	return true;
}

static bool wait_completed(struct workqueue_struct *wq, unsigned long ticket)
{
	bool waited = wq->completed < ticket;

	while (wq->completed < ticket) {
		wq->waiting |= BIT(sim_det_current());
		sim_det_block("work to be done", wq);
	}
	return waited;
}

void flush_workqueue(struct workqueue_struct *wq)
{
	might_sleep();
	if (WARN(runs_on(wq), "flush_workqueue() from an item of the same queue: a deadlock"))
		return;
	sim_point(SIM_POINT_WORK, wq);
	wait_completed(wq, wq->queued);
}

bool flush_work(struct work_struct *work)
{
	struct workqueue_struct *wq;

	might_sleep();
	sim_point(SIM_POINT_WORK, work);
	wq = work->wq;
	if (!wq || WARN(runs_on(wq), "flush_work() from an item of the same queue: a deadlock"))
		return false;
	return wait_completed(wq, work->ticket);
}

bool work_pending(struct work_struct *work)
{
	sim_point(SIM_POINT_WORK, work);
	return work->pending;
}
