/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sanitizer/asan_interface.h>
#if !defined(__x86_64__)
#include <stdlib.h>
#include <ucontext.h>
#endif

#include "sim/det/baton.h"
#include "sim/det/fibre.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STACK_SIZE	(512u << 10)
#else
#define STACK_SIZE	(64u << 10)
#endif
#define GUARD_SIZE	(4u << 10)

static enum sim_fibre_backend backend;

void sim_fibre_set_backend(enum sim_fibre_backend b)
{
	backend = b;
}

/* ---- Stacks ---- */

static int get_stack(struct sim_fibre *f)
{
	char *stack;

	if (f->stack) {
		/* Whoever had it may have stopped in the middle: his frames are still marked. */
		ASAN_UNPOISON_MEMORY_REGION(f->stack, f->stack_size);
		return 0;
	}
	stack = mmap(NULL, STACK_SIZE + GUARD_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED)
		return -ENOMEM;
	/* An overflow is a fault, and not the neighbour's data. */
	if (mprotect(stack, GUARD_SIZE, PROT_NONE)) {
		munmap(stack, STACK_SIZE + GUARD_SIZE);
		return -ENOMEM;
	}
	f->stack = stack + GUARD_SIZE;
	f->stack_size = STACK_SIZE;
	return 0;
}

bool sim_fibre_contains(const struct sim_fibre *f, const void *addr)
{
	uintptr_t at = (uintptr_t)addr, stack = (uintptr_t)f->stack;

	return f->stack && at >= stack - GUARD_SIZE && at < stack + f->stack_size;
}

void sim_fibre_free(struct sim_fibre *f)
{
	if (f->stack)
		munmap((char *)f->stack - GUARD_SIZE, f->stack_size + GUARD_SIZE);
	memset(f, 0, sizeof(*f));
}

/* ---- The switch: the only code that knows the host's CPU ---- */

#if defined(__x86_64__)

/*
 * The registers that a function must preserve go to the stack, the stack pointer to *save,
 * and all come back from the other stack; "ret" goes on where that one stopped, or, on a
 * new stack, to the fibre's entry.
 */
void sim_fibre_swap(void **save, void *load);
__asm__(".text\n"
	".globl sim_fibre_swap\n"
	".type sim_fibre_swap,@function\n"
	"sim_fibre_swap:\n"
	"	pushq	%rbp\n"
	"	pushq	%rbx\n"
	"	pushq	%r12\n"
	"	pushq	%r13\n"
	"	pushq	%r14\n"
	"	pushq	%r15\n"
	"	movq	%rsp, (%rdi)\n"
	"	movq	%rsi, %rsp\n"
	"	popq	%r15\n"
	"	popq	%r14\n"
	"	popq	%r13\n"
	"	popq	%r12\n"
	"	popq	%rbx\n"
	"	popq	%rbp\n"
	"	ret\n"
	".size sim_fibre_swap,.-sim_fibre_swap\n");

static int prepare(struct sim_fibre *f)
{
	uintptr_t *sp = (uintptr_t *)((char *)f->stack + f->stack_size);

	*--sp = 0;			/* as if it were called from nowhere: a backtrace ends here */
	*--sp = (uintptr_t)f->entry;	/* where "ret" goes */
	sp -= 6;
	memset(sp, 0, 6 * sizeof(*sp));
	f->sp = sp;
	return 0;
}

static void swap(struct sim_fibre *from, struct sim_fibre *to)
{
	sim_fibre_swap(&from->sp, to->sp);
}

#else

static int prepare(struct sim_fibre *f)
{
	ucontext_t *uc = f->sp ? f->sp : malloc(sizeof(*uc));

	if (!uc || getcontext(uc))
		return -ENOMEM;
	uc->uc_stack.ss_sp = f->stack;
	uc->uc_stack.ss_size = f->stack_size;
	uc->uc_link = NULL;
	makecontext(uc, f->entry, 0);
	f->sp = uc;
	return 0;
}

static void swap(struct sim_fibre *from, struct sim_fibre *to)
{
	static ucontext_t first;

	if (!from->sp)
		from->sp = &first;
	swapcontext(from->sp, to->sp);
}

#endif

/* ---- What is left ---- */

#if defined(__SANITIZE_ADDRESS__)

static void swap_told(struct sim_fibre *from, struct sim_fibre *to)
{
	__sanitizer_start_switch_fiber(&from->fake_stack, to->stack, to->stack_size);
	swap(from, to);
	__sanitizer_finish_switch_fiber(from->fake_stack, NULL, NULL);
}

/* The host's own stack is learned when it is first left. */
static void learn_stack(struct sim_fibre *f)
{
	pthread_attr_t attr;

	if (f->stack_size || pthread_getattr_np(pthread_self(), &attr))
		return;
	pthread_attr_getstack(&attr, &f->stack, &f->stack_size);
	pthread_attr_destroy(&attr);
}

void sim_fibre_first(struct sim_fibre *self)
{
	if (!self->baton)
		__sanitizer_finish_switch_fiber(NULL, NULL, NULL);
}

#else

static void swap_told(struct sim_fibre *from, struct sim_fibre *to)
{
	swap(from, to);
}

static void learn_stack(struct sim_fibre *f)
{
}

void sim_fibre_first(struct sim_fibre *self)
{
}

#endif

int sim_fibre_start(struct sim_fibre *f, void (*entry)(void))
{
	int r;

	f->entry = entry;
	r = get_stack(f);
	if (r)
		return r;
	return backend == SIM_FIBRE_THREADS ? sim_baton_start(f) : prepare(f);
}

void sim_fibre_switch(struct sim_fibre *from, struct sim_fibre *to)
{
	if (from->baton || to->baton) {
		sim_baton_switch(from, to);
		return;
	}
	if (!from->entry)
		learn_stack(from);
	swap_told(from, to);
}

void sim_fibre_drop(struct sim_fibre *f)
{
	if (f->baton)
		sim_baton_drop(f);
}
