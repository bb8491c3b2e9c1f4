/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "sim/stacks.h"

/* Stacks of other threads, by the names of functions that are not exported. */

struct sleeper {
	pthread_t thread;
	const char *name;
	sem_t begun, end;
	bool deaf;
};

/* Not inlined, for it shall be in the stack.   */
static __attribute__((noinline, noclone)) bool waits_in_here(struct sleeper *sleeper)
{
	sem_post(&sleeper->begun);
	while (sem_wait(&sleeper->end))
		if (errno != EINTR)
			return false;
	return true;
}

static void *sleeper_main(void *arg)
{
	struct sleeper *sleeper = arg;
	sigset_t all;

	sigfillset(&all);
	if (sleeper->deaf)
		pthread_sigmask(SIG_BLOCK, &all, NULL);
	pthread_setname_np(pthread_self(), sleeper->name);
	return waits_in_here(sleeper) ? sleeper : NULL;
}

static void begin(struct sleeper *sleeper)
{
	assert_int_equal(sem_init(&sleeper->begun, 0, 0), 0);
	assert_int_equal(sem_init(&sleeper->end, 0, 0), 0);
	assert_int_equal(pthread_create(&sleeper->thread, NULL, sleeper_main, sleeper), 0);
	assert_int_equal(sem_wait(&sleeper->begun), 0);
}

static void end(struct sleeper *sleeper)
{
	void *result;

	assert_int_equal(sem_post(&sleeper->end), 0);
	assert_int_equal(pthread_join(sleeper->thread, &result), 0);
	assert_ptr_equal(result, sleeper);
	sem_destroy(&sleeper->begun);
	sem_destroy(&sleeper->end);
}

static char printed[1 << 14];

static const char *print(bool (*wanted)(FILE *out, pid_t tid, void *arg), void *arg)
{
	FILE *file = tmpfile();
	size_t n;

	assert_non_null(file);
	sim_stacks_print(file, wanted, arg);
	rewind(file);
	n = fread(printed, 1, sizeof(printed) - 1, file);
	printed[n] = '\0';
	fclose(file);
	return printed;
}

static void test_functions_have_names(void **state)
{
	struct sleeper sleeper = { .name = "sleeper" };
	const char *text, *stack;

	begin(&sleeper);
	text = print(NULL, NULL);
	end(&sleeper);
	stack = strstr(text, "stack of thread \"sleeper\":\n");
	assert_non_null(stack);
	assert_non_null(strstr(stack, "    waits_in_here\n"));
	/* Not the thread that asks. */
	assert_null(strstr(text, "test_functions_have_names"));
}

static void test_a_thread_that_does_not_answer(void **state)
{
	struct sleeper sleeper = { .name = "deaf", .deaf = true };
	const char *text;

	begin(&sleeper);
	text = print(NULL, NULL);
	end(&sleeper);
	assert_non_null(strstr(text, "stack of thread \"deaf\":\n    (it does not answer)\n"));
}

static bool leave_out(FILE *out, pid_t tid, void *arg)
{
	++*(int *)arg;
	return false;
}

static void test_threads_that_nobody_wants(void **state)
{
	struct sleeper sleeper = { .name = "sleeper" };
	int nr_asked = 0;
	const char *text;

	begin(&sleeper);
	text = print(leave_out, &nr_asked);
	end(&sleeper);
	assert_string_equal(text, "");
	assert_true(nr_asked >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_functions_have_names),
		cmocka_unit_test(test_a_thread_that_does_not_answer),
		cmocka_unit_test(test_threads_that_nobody_wants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
