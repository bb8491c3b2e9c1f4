/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_SCHED_H
#define _SIM_LINUX_SCHED_H

#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/rwlock.h>
#include <linux/types.h>
#include <seam/sched.h>

#define HZ			1000
#define MAX_SCHEDULE_TIMEOUT	INT64_MAX

#define TASK_RUNNING		0x0000
#define TASK_INTERRUPTIBLE	0x0001
#define TASK_UNINTERRUPTIBLE	0x0002

/*
 * If set, need_resched() asks this as well.  A true answer sticks until the thread has rescheduled,
 * like the kernel's TIF_NEED_RESCHED.  Set while no other thread runs.
 */
extern int (*sim_resched_hook)(void);

/**
 * sim_set_need_resched() - say that this thread's time slice is over, or is not
 * @need: what need_resched() shall return
 */
void sim_set_need_resched(bool need);

/**
 * need_resched() - should this thread let another one run?
 */
bool need_resched(void);

/**
 * sim_yield_count() - how often a thread has let another one run, since the process began
 */
unsigned long sim_yield_count(void);

/**
 * cond_resched() - let another thread run if need_resched() says so
 *
 * The caller holds no lock that forbids sleeping and is in no RCU read-side section.
 *
 * Return: 1 if it did, else 0.
 */
int cond_resched(void);

/**
 * cond_resched_rwlock_read() - cond_resched() for one who holds a rwlock for reading
 * @lock: held for reading; dropped and taken again if the time slice is over or somebody waits
 *
 * The caller is in no RCU read-side section and holds no other lock that forbids sleeping.
 * Behaviour of v5.12 and later.
 *
 * Return: 1 if the lock was dropped, so that all it protects may have changed; else 0.
 */
int cond_resched_rwlock_read(rwlock_t *lock);

/**
 * cond_resched_rwlock_write() - cond_resched() for one who holds a rwlock for writing
 * @lock: held for writing; dropped and taken again if the time slice is over or somebody waits
 *
 * As cond_resched_rwlock_read().
 *
 * Return: 1 if the lock was dropped, else 0.
 */
int cond_resched_rwlock_write(rwlock_t *lock);

/**
 * schedule() - sleep until woken, if the task's state is not TASK_RUNNING; else let others run
 *
 * With set_current_state() before the caller looks at what it waits for, a wake-up in between makes
 * schedule() return at once: no wake-up is lost.
 */
void schedule(void);

/**
 * schedule_timeout() - schedule() with a limit
 * @timeout: jiffies of 1/HZ seconds, or MAX_SCHEDULE_TIMEOUT
 *
 * Return: the jiffies that were left when the task was woken; 0 if it was not.
 */
long schedule_timeout(long timeout);

/**
 * wake_up_process() - make a task TASK_RUNNING
 * @task: any task that has not been released
 *
 * Return: 1 if it was asleep or about to sleep, else 0.
 */
int wake_up_process(struct task_struct *task);

/**
 * set_current_state() - say how this task will sleep at its next schedule(), as a full barrier
 * @state: TASK_RUNNING, TASK_INTERRUPTIBLE or TASK_UNINTERRUPTIBLE
 */
void set_current_state(unsigned int state);

#define __set_current_state(state)	set_current_state(state)

#endif
