/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_DET_FIBRE_H
#define SIM_DET_FIBRE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Coroutines that run one at a time: on stacks of their own in one OS thread (11 ns to
 * switch), or each in an OS thread that waits for its turn (the baton, 1 us), for
 * debuggers and sanitizers that want real threads.  Who uses them cannot tell.
 */

enum sim_fibre_backend {
	SIM_FIBRE_STACKS,
	SIM_FIBRE_THREADS,
};

struct sim_fibre {
	void *sp;		/* where it goes on, while it does not run */
	void *stack;		/* NULL: that of the thread itself */
	size_t stack_size;
	void (*entry)(void);
	void *fake_stack;	/* AddressSanitizer's */
	struct sim_baton *baton;	/* NULL: it is no thread */
};

/** sim_fibre_set_backend() - for fibres that are started from now on. */
void sim_fibre_set_backend(enum sim_fibre_backend backend);

/**
 * sim_fibre_start() - make one that begins at @entry when it is first switched to.
 * @f: zero, or used before: then its stack is used again
 * @entry: never returns
 *
 * Return: 0, -ENOMEM or -EAGAIN.
 */
int sim_fibre_start(struct sim_fibre *f, void (*entry)(void));

/**
 * sim_fibre_switch() - stop here and let another go on.
 * @from: the one that runs
 * @to: started, and not running
 */
void sim_fibre_switch(struct sim_fibre *from, struct sim_fibre *to);

/** sim_fibre_first() - in a fibre: the first thing it does. */
void sim_fibre_first(struct sim_fibre *self);

/** sim_fibre_drop() - it will not go on; its stack is kept for the next one. */
void sim_fibre_drop(struct sim_fibre *f);

/** sim_fibre_free() - give its stack back; it is dropped, or has never been started. */
void sim_fibre_free(struct sim_fibre *f);

/** sim_fibre_contains() - whether an address lies on its stack, or on the guard below. */
bool sim_fibre_contains(const struct sim_fibre *f, const void *addr);

#endif /* SIM_DET_FIBRE_H */
