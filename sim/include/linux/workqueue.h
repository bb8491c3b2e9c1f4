/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_WORKQUEUE_H
#define _SIM_LINUX_WORKQUEUE_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/types.h>
#include <seam/workqueue.h>

struct work_struct;
struct workqueue_struct;

typedef void (*work_func_t)(struct work_struct *work);

/* Accepted; each queue has one thread whatever they say. */
#define WQ_UNBOUND		BIT(1)
#define WQ_MEM_RECLAIM		BIT(3)
#define WQ_HIGHPRI		BIT(4)
#define WQ_CPU_INTENSIVE	BIT(5)

/*
 * Let queued work begin only when somebody waits for it.  Then it never runs beside
 * the task that queued it, and the order of what both do is the same in every run.
 * False unless set; not while there are queues.
 */
extern bool sim_config_defer_work;

/*
 * If set, called each time that an item has been queued, by the thread that queued it: where
 * a test makes it wait for the worker.  The item may be gone already.  Set while no other
 * thread runs.  Real threads only: a scheduler that decides every step has no need of it.
 */
extern void (*sim_queue_work_hook)(struct workqueue_struct *wq);

/* A work item starts out idle; INIT_WORK() again only while it is. */
#define INIT_WORK(work, fn)	sim_init_work(work, fn)

/**
 * alloc_workqueue() - make a queue with a thread that runs its work items one after the other
 * @name: for the thread
 * @flags: WQ_*
 * @max_active: how many items may run at once in the kernel; 0 is its default
 *
 * Return: the queue, or NULL.
 */
struct workqueue_struct *alloc_workqueue(const char *name, unsigned int flags, int max_active);

/**
 * destroy_workqueue() - run what is queued, then end the queue
 * @wq: the queue; nobody else queues on it any more, except its own work items
 */
void destroy_workqueue(struct workqueue_struct *wq);

/**
 * queue_work() - have a work item run
 * @wq: the queue
 * @work: not pending on another queue
 *
 * An item stops being pending just before its function is called, so it may queue itself again and
 * may be freed by its function.
 *
 * Return: false if it was pending already: one run serves both.
 */
bool queue_work(struct workqueue_struct *wq, struct work_struct *work);

/**
 * flush_workqueue() - wait until all that was queued before this call has run
 * @wq: the queue; not from one of its own work items
 */
void flush_workqueue(struct workqueue_struct *wq);

/**
 * flush_work() - wait until the work item is neither pending nor running
 * @work: not the one that calls
 *
 * Return: true if there was something to wait for.
 */
bool flush_work(struct work_struct *work);

/**
 * work_pending() - is the item queued and its function not yet called?
 * @work: the item
 */
bool work_pending(struct work_struct *work);

#endif
