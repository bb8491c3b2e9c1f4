/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/det/crash.h"
#include "sim/det/det.h"

#if defined(__SANITIZE_ADDRESS__)

void sim_crash_catch(bool on)
{
}

void sim_crash_thread(char stack[SIM_CRASH_STACK_SIZE])
{
}

#else

static char handler_stack[SIM_CRASH_STACK_SIZE] __attribute__((aligned(16)));
static bool has_stack;
static bool wanted;

/*
 * The task's stack may be what is broken, so this runs on one of its own, and leaves it for
 * good: the run is over.  The signal is not blocked meanwhile (SA_NODEFER), or the next one
 * would end the process.
 */
static void on_fault(int sig, siginfo_t *info, void *context)
{
	struct sim_det_task *self = sim_det_self();

	(void)context;
	if (!wanted) {
		signal(sig, SIG_DFL);
		raise(sig);
		return;
	}
	if (sim_fibre_contains(&self->fibre, info->si_addr))
		sim_det_fail("%s has overflowed its stack", self->name);
	sim_det_fail("memory fault: %s touches address 0x%llx", self->name,
		     (unsigned long long)(uintptr_t)info->si_addr);
}

void sim_crash_thread(char stack[SIM_CRASH_STACK_SIZE])
{
	const stack_t ss = { .ss_sp = stack, .ss_size = SIM_CRASH_STACK_SIZE };

	if (sigaltstack(&ss, NULL))
		abort();
}

/* Every time: a test's framework may have put its own handlers there meanwhile. */
static void install(void)
{
	struct sigaction action = { .sa_sigaction = on_fault };

	action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGSEGV, &action, NULL) || sigaction(SIGBUS, &action, NULL))
		abort();
}

void sim_crash_catch(bool on)
{
	wanted = on;
	if (!on)
		return;
	if (!has_stack)
		sim_crash_thread(handler_stack);
	has_stack = true;
	install();
}

#endif
