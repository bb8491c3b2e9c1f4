/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/det/baton.h"
#include "sim/det/crash.h"

/*
 * The baton is a bare futex in functions that ThreadSanitizer does not instrument: a
 * semaphore or an atomic would order whatever one thread did before whatever the next one
 * does, and no data race would ever be reported.
 */
#define NOT_TSAN	__attribute__((no_sanitize("thread"), noinline))

struct sim_baton {
	int turn;		/* 1: it may go on */
	int dropped;
	pthread_t thread;
	void (*entry)(void);
	char signal_stack[SIM_CRASH_STACK_SIZE] __attribute__((aligned(16)));
};

/* Of the thread that is no fibre's. */
static struct sim_baton host_baton;

static struct sim_baton *baton_of(struct sim_fibre *f)
{
	return f->baton ? f->baton : &host_baton;
}

NOT_TSAN static void give_turn(struct sim_baton *b)
{
	__atomic_store_n(&b->turn, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &b->turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

NOT_TSAN static void await_turn(struct sim_baton *b)
{
	while (!__atomic_load_n(&b->turn, __ATOMIC_SEQ_CST))
		syscall(SYS_futex, &b->turn, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	__atomic_store_n(&b->turn, 0, __ATOMIC_SEQ_CST);
}

static void *baton_main(void *arg)
{
	struct sim_baton *b = arg;

	sim_crash_thread(b->signal_stack);
	await_turn(b);
	if (!b->dropped)
		b->entry();
	return NULL;
}

/* On the fibre's own stack, so that what lies on it, and how much may, is the same. */
static int create_thread(struct sim_baton *b, const struct sim_fibre *f)
{
	pthread_attr_t attr;
	int r = pthread_attr_init(&attr);

	if (r)
		return r;
	r = pthread_attr_setstack(&attr, f->stack, f->stack_size);
	if (!r)
		r = pthread_create(&b->thread, &attr, baton_main, b);
	pthread_attr_destroy(&attr);
	return r;
}

int sim_baton_start(struct sim_fibre *f)
{
	struct sim_baton *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return -ENOMEM;
	b->entry = f->entry;
	r = create_thread(b, f);
	if (r) {
		free(b);
		return -r;
	}
	f->baton = b;
	return 0;
}

void sim_baton_switch(struct sim_fibre *from, struct sim_fibre *to)
{
	struct sim_baton *self = baton_of(from);

	give_turn(baton_of(to));
	await_turn(self);
	if (self->dropped)
		pthread_exit(NULL);
}

void sim_baton_drop(struct sim_fibre *f)
{
	f->baton->dropped = 1;
	give_turn(f->baton);
	pthread_join(f->baton->thread, NULL);
	free(f->baton);
	f->baton = NULL;
}
