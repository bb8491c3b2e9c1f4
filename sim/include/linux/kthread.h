/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_KTHREAD_H
#define _SIM_LINUX_KTHREAD_H

#include <linux/err.h>
#include <linux/sched.h>

/**
 * kthread_create() - make a thread that waits for wake_up_process()
 * @fn: what it runs; its value is what kthread_stop() returns
 * @data: for @fn
 * @name: printf() format of the thread's name
 *
 * Return: the task, or ERR_PTR(-ENOMEM or -EAGAIN).
 */
struct task_struct *kthread_create(int (*fn)(void *data), void *data, const char *name, ...)
	__printf(3, 4);

#define kthread_run(fn, data, ...)						\
({										\
	struct task_struct *__kthread_t = kthread_create(fn, data, __VA_ARGS__);	\
	if (!IS_ERR(__kthread_t))						\
		wake_up_process(__kthread_t);					\
	__kthread_t;								\
})

/**
 * kthread_stop() - tell a thread to end, wake it, wait for it and release it
 * @task: from kthread_create(); gone after that
 *
 * A parked thread is unparked first.
 *
 * Return: what its function returned; -EINTR if it had never been woken and so never ran it.
 */
int kthread_stop(struct task_struct *task);

/**
 * kthread_should_stop() - has kthread_stop() been called on this thread?
 */
bool kthread_should_stop(void);

/**
 * kthread_park() - have a thread wait in kthread_parkme(), and wait until it does
 * @task: calls kthread_should_park() and kthread_parkme() now and then
 *
 * Return: 0, or -ENOSYS if the thread has ended.
 */
int kthread_park(struct task_struct *task);

/**
 * kthread_unpark() - let a parked thread go on
 * @task: the thread
 */
void kthread_unpark(struct task_struct *task);

/**
 * kthread_should_park() - has kthread_park() been called on this thread?
 */
bool kthread_should_park(void);

/**
 * kthread_parkme() - wait here while kthread_should_park()
 */
void kthread_parkme(void);

#endif
