/* SPDX-License-Identifier: GPL-2.0-only */

#include <linux/bug.h>
#include <linux/wait.h>

/*
 * A waiter notes how many wake-ups there have been, looks at its condition without any lock, and
 * sleeps only if there has been none since.  So the condition may take locks that who wakes holds.
 */

void init_waitqueue_head(struct wait_queue_head *wq)
{
	BUG_ON(pthread_mutex_init(&wq->lock, NULL));
	BUG_ON(pthread_cond_init(&wq->cond, NULL));
	wq->wakeups = 0;
}

void wake_up_all(struct wait_queue_head *wq)
{
	pthread_mutex_lock(&wq->lock);
	wq->wakeups++;
	pthread_cond_broadcast(&wq->cond);
	pthread_mutex_unlock(&wq->lock);
}

unsigned long sim_wait_prepare(struct wait_queue_head *wq)
{
	unsigned long ticket;

	pthread_mutex_lock(&wq->lock);
	ticket = wq->wakeups;
	pthread_mutex_unlock(&wq->lock);
	return ticket;
}

void sim_wait_block(struct wait_queue_head *wq, unsigned long ticket)
{
	pthread_mutex_lock(&wq->lock);
	while (wq->wakeups == ticket)
		pthread_cond_wait(&wq->cond, &wq->lock);
	pthread_mutex_unlock(&wq->lock);
}
