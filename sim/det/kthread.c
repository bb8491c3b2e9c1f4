/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include <linux/bug.h>
#include <linux/kthread.h>
#include <linux/slab.h>

#include "sim/det/det.h"

struct task_struct {
	unsigned int task;
	unsigned int state;	/* TASK_* */
	bool should_stop;
	bool should_park;
	bool parked;
	int (*fn)(void *data);
	void *data;
	int result;
};

/* Of the tasks that kthread_create() has not made. */
static struct task_struct own[SIM_DET_MAX_TASKS + 1];

struct task_struct *sim_current(void)
{
	struct sim_det_task *self = sim_det_self();

	if (self->kthread)
		return self->kthread;
	own[self->id].task = self->id;
	return &own[self->id];
}

void set_current_state(unsigned int state)
{
	struct task_struct *task = sim_current();

	sim_point(SIM_POINT_WAKE, task);
	task->state = state;
}

int wake_up_process(struct task_struct *task)
{
	int woken;

	sim_point(SIM_POINT_WAKE, task);
	woken = task->state != TASK_RUNNING;
	task->state = TASK_RUNNING;
	sim_det_wake(task->task);
	return woken;
}

/* With a limit it may be over at once, or any time later: the strategy's choice. */
long schedule_timeout(long timeout)
{
	struct task_struct *task = sim_current();

	might_sleep();
	sim_point(SIM_POINT_WAKE, task);
	while (task->state != TASK_RUNNING && timeout == MAX_SCHEDULE_TIMEOUT)
		sim_det_block("a wake-up", task);
	if (task->state != TASK_RUNNING)
		timeout = 0;
	task->state = TASK_RUNNING;
	return timeout;
}

void schedule(void)
{
	schedule_timeout(MAX_SCHEDULE_TIMEOUT);
}

static void kthread_main(void *arg)
{
	struct task_struct *task = arg;

	sim_det_self()->kthread = task;
	schedule();
	task->result = -EINTR;
	if (!kthread_should_stop()) {
		kthread_parkme();
		task->result = task->fn(task->data);
	}
}

struct task_struct *kthread_create(int (*fn)(void *data), void *data, const char *name, ...)
{
	struct task_struct *task = kzalloc(sizeof(*task), GFP_KERNEL);
	char thread_name[SIM_DET_NAME_SIZE];
	va_list args;

	if (!task)
		return ERR_PTR(-ENOMEM);
	task->state = TASK_UNINTERRUPTIBLE;
	task->fn = fn;
	task->data = data;
	va_start(args, name);
	vsnprintf(thread_name, sizeof(thread_name), name, args);
	va_end(args);
	task->task = sim_det_spawn(kthread_main, task, "%s", thread_name);
	return task;
}

int kthread_stop(struct task_struct *task)
{
	int result;

	might_sleep();
	sim_point(SIM_POINT_TASK, task);
	task->should_stop = true;
	task->should_park = false;
	task->state = TASK_RUNNING;
	sim_det_wake(task->task);
	sim_det_join(task->task);
	result = task->result;
	kfree(task);
	return result;
}

bool kthread_should_stop(void)
{
	sim_point(SIM_POINT_TASK, sim_current());
	return sim_current()->should_stop;
}

bool kthread_should_park(void)
{
	sim_point(SIM_POINT_TASK, sim_current());
	return sim_current()->should_park;
}

void kthread_parkme(void)
{
	struct task_struct *task = sim_current();

	sim_point(SIM_POINT_TASK, task);
	while (task->should_park) {
		task->parked = true;
		/* Who parks waits for the flag by spinning: see kthread_park(). */
		sim_det_yield();
	}
	task->parked = false;
}

int kthread_park(struct task_struct *task)
{
	might_sleep();
	sim_point(SIM_POINT_TASK, task);
	task->should_park = true;
	task->state = TASK_RUNNING;
	sim_det_wake(task->task);
	while (!task->parked) {
		if (sim_det_task(task->task)->state == SIM_DET_DONE)
			return -ENOSYS;
		sim_det_yield();
	}
	return 0;
}

void kthread_unpark(struct task_struct *task)
{
	sim_point(SIM_POINT_TASK, task);
	task->should_park = false;
}
