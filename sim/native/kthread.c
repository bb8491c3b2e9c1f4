/* SPDX-License-Identifier: GPL-2.0-only */

/* Tasks: what sleeps in schedule() and is woken, and the threads of kthread_create(). */

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <linux/bug.h>
#include <linux/kthread.h>

#include "sim/thread.h"

#define NSEC_PER_SEC	1000000000L
#define NSEC_PER_JIFFY	(NSEC_PER_SEC / HZ)

/* Longer than any run; what is asked for beyond it is the same as no limit. */
#define TIMEOUT_MAX	((long)HZ * 1000000000L)

#define NAME_LEN	16	/* what pthread_setname_np() takes, with its end */

struct task_struct {
	pthread_mutex_t lock;
	pthread_cond_t cond;	/* any of what follows has changed */
	unsigned int state;	/* TASK_* */
	bool should_stop;
	bool should_park;
	bool parked;
	bool exited;
	int (*fn)(void *data);
	void *data;
	int result;
	pthread_t thread;
};

/* Of a thread that is not from kthread_create(). */
static __thread struct task_struct own_task = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.cond = PTHREAD_COND_INITIALIZER,
};
static __thread struct task_struct *kthread_task;

struct task_struct *sim_current(void)
{
	return kthread_task ? kthread_task : &own_task;
}

void set_current_state(unsigned int state)
{
	struct task_struct *task = sim_current();

	/*
	 * With the lock, who wakes comes before or after this: before, and the caller's next look at
	 * its condition finds it true; after, and the task is TASK_RUNNING again.
	 */
	pthread_mutex_lock(&task->lock);
	task->state = state;
	pthread_mutex_unlock(&task->lock);
}

int wake_up_process(struct task_struct *task)
{
	int woken;

	pthread_mutex_lock(&task->lock);
	woken = task->state != TASK_RUNNING;
	task->state = TASK_RUNNING;
	pthread_cond_broadcast(&task->cond);
	pthread_mutex_unlock(&task->lock);
	return woken;
}

static long jiffies_until(const struct timespec *until)
{
	struct timespec now;
	s64 ns;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ns = (until->tv_sec - now.tv_sec) * NSEC_PER_SEC + (until->tv_nsec - now.tv_nsec);
	return ns > 0 ? (long)((ns + NSEC_PER_JIFFY - 1) / NSEC_PER_JIFFY) : 0;
}

static void deadline(struct timespec *until, long timeout)
{
	clock_gettime(CLOCK_MONOTONIC, until);
	until->tv_sec += timeout / HZ;
	until->tv_nsec += timeout % HZ * NSEC_PER_JIFFY;
	if (until->tv_nsec >= NSEC_PER_SEC) {
		until->tv_nsec -= NSEC_PER_SEC;
		until->tv_sec++;
	}
}

long schedule_timeout(long timeout)
{
	struct task_struct *task = sim_current();
	bool limited = timeout <= TIMEOUT_MAX;
	struct timespec until;
	int ret = 0;

	might_sleep();
	if (limited)
		deadline(&until, timeout > 0 ? timeout : 0);

	pthread_mutex_lock(&task->lock);
	while (task->state != TASK_RUNNING && ret != ETIMEDOUT) {
		if (limited)
			ret = pthread_cond_clockwait(&task->cond, &task->lock, CLOCK_MONOTONIC,
						     &until);
		else
			pthread_cond_wait(&task->cond, &task->lock);
	}
	task->state = TASK_RUNNING;
	pthread_mutex_unlock(&task->lock);
	return limited ? jiffies_until(&until) : timeout;
}

void schedule(void)
{
	schedule_timeout(MAX_SCHEDULE_TIMEOUT);
}

static void *kthread_main(void *arg)
{
	struct task_struct *task = arg;

	kthread_task = task;
	sim_thread_init();

	/* Until somebody wakes it; kthread_create() has set the state. */
	schedule();
	task->result = -EINTR;
	if (!kthread_should_stop()) {
		kthread_parkme();
		task->result = task->fn(task->data);
	}
	sim_thread_exit();

	pthread_mutex_lock(&task->lock);
	task->exited = true;
	pthread_cond_broadcast(&task->cond);
	pthread_mutex_unlock(&task->lock);
	return NULL;
}

struct task_struct *kthread_create(int (*fn)(void *data), void *data, const char *name, ...)
{
	struct task_struct *task = calloc(1, sizeof(*task));
	char thread_name[NAME_LEN];
	va_list args;
	int ret;

	if (!task)
		return ERR_PTR(-ENOMEM);
	pthread_mutex_init(&task->lock, NULL);
	pthread_cond_init(&task->cond, NULL);
	task->state = TASK_UNINTERRUPTIBLE;
	task->fn = fn;
	task->data = data;
	ret = pthread_create(&task->thread, NULL, kthread_main, task);
	if (ret) {
		free(task);
		return ERR_PTR(-ret);
	}

	va_start(args, name);
	vsnprintf(thread_name, sizeof(thread_name), name, args);
	va_end(args);
	pthread_setname_np(task->thread, thread_name);
	return task;
}

int kthread_stop(struct task_struct *task)
{
	int result;

	might_sleep();
	pthread_mutex_lock(&task->lock);
	task->should_stop = true;
	task->should_park = false;
	task->state = TASK_RUNNING;
	pthread_cond_broadcast(&task->cond);
	pthread_mutex_unlock(&task->lock);

	pthread_join(task->thread, NULL);
	result = task->result;
	pthread_cond_destroy(&task->cond);
	pthread_mutex_destroy(&task->lock);
	free(task);
	return result;
}

static bool own_flag(const bool *flag)
{
	struct task_struct *task = sim_current();
	bool set;

	pthread_mutex_lock(&task->lock);
	set = *flag;
	pthread_mutex_unlock(&task->lock);
	return set;
}

bool kthread_should_stop(void)
{
	return own_flag(&sim_current()->should_stop);
}

bool kthread_should_park(void)
{
	return own_flag(&sim_current()->should_park);
}

void kthread_parkme(void)
{
	struct task_struct *task = sim_current();

	pthread_mutex_lock(&task->lock);
	while (task->should_park) {
		task->parked = true;
		pthread_cond_broadcast(&task->cond);
		pthread_cond_wait(&task->cond, &task->lock);
	}
	task->parked = false;
	pthread_mutex_unlock(&task->lock);
}

int kthread_park(struct task_struct *task)
{
	int ret;

	might_sleep();
	pthread_mutex_lock(&task->lock);
	task->should_park = true;
	task->state = TASK_RUNNING;
	pthread_cond_broadcast(&task->cond);
	while (!task->parked && !task->exited)
		pthread_cond_wait(&task->cond, &task->lock);
	ret = task->parked ? 0 : -ENOSYS;
	pthread_mutex_unlock(&task->lock);
	return ret;
}

void kthread_unpark(struct task_struct *task)
{
	pthread_mutex_lock(&task->lock);
	task->should_park = false;
	pthread_cond_broadcast(&task->cond);
	pthread_mutex_unlock(&task->lock);
}
