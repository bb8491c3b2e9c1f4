/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include <linux/compiler.h>

#include "sim/stress_internal.h"
#include "sim/thread.h"

/* ---- Choices ---- */

/* xorshift64* */
u64 stress_random(struct stress_thread *thread, u64 below)
{
	u64 *state = &thread->random;

	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return ((*state * UINT64_C(0x2545f4914f6cdd1d)) >> 16) % below;
}

/* Neighbouring seeds must not lead to similar states (splitmix64). */
static u64 first_state(u64 seed)
{
	seed += UINT64_C(0x9e3779b97f4a7c15);
	seed = (seed ^ seed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	seed = (seed ^ seed >> 27) * UINT64_C(0x94d049bb133111eb);
	return (seed ^ seed >> 31) | 1;
}

void stress_choose(struct stress_thread *thread, const struct stress_choice *choices,
		   unsigned int nr)
{
	enum sim_stress_mix mix = thread->stress->config->mix;
	u64 sum = 0, at;
	unsigned int i;

	for (i = 0; i < nr; i++)
		sum += choices[i].weight[mix];
	at = stress_random(thread, sum);
	for (i = 0; at >= choices[i].weight[mix]; i++)
		at -= choices[i].weight[mix];
	stress_doing(thread, choices[i].name);
	choices[i].run(thread);
}

/* ---- Standing still ---- */

const char stress_stands_still[] = "stands still";

static bool should_stop(const struct stress_thread *thread)
{
	return __atomic_load_n(&thread->stop, __ATOMIC_RELAXED);
}

/*
 * Who is told to end does not wait for the gate to open: others, who are awaited there,
 * may be waiting for the end.
 */
static void wait_for_gate(struct stress_thread *thread)
{
	struct stress_gate *gate = &thread->stress->gate;

	while (gate->closed && !should_stop(thread))
		pthread_cond_wait(&gate->cond, &gate->lock);
}

static void change_running(struct stress_gate *gate, int change)
{
	gate->running += change;
	pthread_cond_broadcast(&gate->cond);
}

void stress_doing(struct stress_thread *thread, const char *what)
{
	__atomic_store_n(&thread->status->doing, what, __ATOMIC_RELAXED);
}

bool stress_go_on(struct stress_thread *thread)
{
	struct stress_gate *gate = &thread->stress->gate;

	stress_count(&thread->status->nr_done, 1);
	if (unlikely(__atomic_load_n(&gate->closed, __ATOMIC_RELAXED)) && !should_stop(thread)) {
		stress_doing(thread, stress_stands_still);
		pthread_mutex_lock(&gate->lock);
		change_running(gate, -1);
		wait_for_gate(thread);
		change_running(gate, 1);
		pthread_mutex_unlock(&gate->lock);
	}
	return !should_stop(thread);
}

bool stress_sleep(struct stress_thread *thread, unsigned int us)
{
	while (us && stress_go_on(thread)) {
		unsigned int step = us < 500 ? us : 500;

		stress_doing(thread, "sleeps");
		usleep(step);
		us -= step;
	}
	return stress_go_on(thread);
}

void stress_stop_all(struct stress_gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	__atomic_store_n(&gate->closed, true, __ATOMIC_RELAXED);
	while (gate->running)
		pthread_cond_wait(&gate->cond, &gate->lock);
	pthread_mutex_unlock(&gate->lock);
}

void stress_release_all(struct stress_gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	__atomic_store_n(&gate->closed, false, __ATOMIC_RELAXED);
	pthread_cond_broadcast(&gate->cond);
	pthread_mutex_unlock(&gate->lock);
}

/* ---- Threads ---- */

static void *thread_main(void *arg)
{
	struct stress_thread *thread = arg;
	struct stress_gate *gate = &thread->stress->gate;

	__atomic_store_n(&thread->status->tid, gettid(), __ATOMIC_RELAXED);
	sim_thread_init();
	pthread_mutex_lock(&gate->lock);
	wait_for_gate(thread);
	change_running(gate, 1);
	pthread_mutex_unlock(&gate->lock);

	thread->main(thread);

	sim_thread_exit();
	stress_status_put(thread->status);
	pthread_mutex_lock(&gate->lock);
	change_running(gate, -1);
	pthread_mutex_unlock(&gate->lock);
	return NULL;
}

int stress_thread_start(struct stress_thread *thread, void (*main)(struct stress_thread *thread),
			u64 seed, const char *name, ...)
{
	va_list args;

	va_start(args, name);
	vsnprintf(thread->name, sizeof(thread->name), name, args);
	va_end(args);
	thread->main = main;
	thread->random = first_state(thread->stress->config->seed ^ first_state(seed));
	__atomic_store_n(&thread->stop, false, __ATOMIC_RELAXED);
	thread->status = stress_status_get(thread->stress, thread->name);
	if (!thread->status)
		return -EAGAIN;
	if (pthread_create(&thread->thread, NULL, thread_main, thread)) {
		stress_status_put(thread->status);
		return -EAGAIN;
	}
	return 0;
}

void stress_thread_stop(struct stress_thread *thread)
{
	struct stress_gate *gate = &thread->stress->gate;

	pthread_mutex_lock(&gate->lock);
	__atomic_store_n(&thread->stop, true, __ATOMIC_RELAXED);
	pthread_cond_broadcast(&gate->cond);
	pthread_mutex_unlock(&gate->lock);
}

void stress_thread_join(struct stress_thread *thread)
{
	pthread_join(thread->thread, NULL);
}
