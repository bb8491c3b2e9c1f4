/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_RACE_FIXTURE_H
#define TESTS_RACE_FIXTURE_H

/*
 * Races on real threads, brought about instead of waited for.  Include after
 * tests/mmu_fixture.h.
 *
 * - Points: a thread waits at one until another has reached it, and so an interleaving is
 *   chosen.  The places from which the simulator calls a test are where threads wait:
 *   sim_queue_work_hook, the trace sink, the world's functions, sim_resched_hook.
 * - Children: what ends a process (a sanitizer's report, a deadlock) happens in a forked
 *   one, whose status and output the test looks at.  Fork while there are no threads: the
 *   simulator is set up in the child, not before.
 */

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim/stacks.h"
#include "sim/thread.h"

/* ---- Points ---- */

/* Longer than all that a point is ever waited for, even on a busy machine. */
#define RACE_SECONDS	20
/* How long it is watched that something does not happen. */
#define RACE_NOT_MS	5

struct race_point {
	const char *name;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool reached;
};

#define RACE_POINT(its_name)				\
	{						\
		.name = its_name,			\
		.lock = PTHREAD_MUTEX_INITIALIZER,	\
		.cond = PTHREAD_COND_INITIALIZER,	\
	}

static inline void race_reach(struct race_point *point)
{
	pthread_mutex_lock(&point->lock);
	point->reached = true;
	pthread_cond_broadcast(&point->cond);
	pthread_mutex_unlock(&point->lock);
}

/* Return: whether it was reached within @ms. */
static inline bool race_reached_within(struct race_point *point, long ms)
{
	struct timespec until;
	int r = 0;
	bool reached;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_mutex_lock(&point->lock);
	while (!point->reached && !r)
		r = pthread_cond_timedwait(&point->cond, &point->lock, &until);
	reached = point->reached;
	pthread_mutex_unlock(&point->lock);
	return reached;
}

/* Wait for another thread; if that never comes, say who does what, and end. */
static inline void race_await(struct race_point *point)
{
	if (race_reached_within(point, RACE_SECONDS * 1000))
		return;
	fprintf(stderr, "\"%s\" was not reached\n", point->name);
	sim_stacks_print(stderr, NULL, NULL);
	_exit(3);
}

/* ---- Children ---- */

struct race_outcome {
	int status;		/* of the exit; 128 + N if signal N ended it */
	char output[1 << 16];	/* of both streams, the beginning of it */
};

/* Not on the stack: there may be a sanitizer, which makes stacks big. */
static struct race_outcome race_outcome;

static inline void race_child(int fd, void (*run)(void *arg), void *arg)
{
	dup2(fd, 1);
	dup2(fd, 2);
	alarm(2 * RACE_SECONDS);
	if (sim_init())
		_exit(4);
	run(arg);
	fflush(NULL);
	_exit(0);
}

/* Run @run(@arg) in a process of its own; its end without more ado is status 0. */
static inline struct race_outcome *race_in_child(void (*run)(void *arg), void *arg)
{
	FILE *file = tmpfile();
	int status;
	size_t n;
	pid_t pid;

	assert_non_null(file);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		race_child(fileno(file), run, arg);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	race_outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	rewind(file);
	n = fread(race_outcome.output, 1, sizeof(race_outcome.output) - 1, file);
	race_outcome.output[n] = '\0';
	fclose(file);
	return &race_outcome;
}

static inline void race_assert_printed(const struct race_outcome *outcome, const char *what)
{
	if (!strstr(outcome->output, what))
		fail_msg("no \"%s\" in this, with status %d:\n%s", what, outcome->status,
			 outcome->output);
}

#if defined(__SANITIZE_ADDRESS__)
#define RACE_WITH_ASAN	1
#else
#define RACE_WITH_ASAN	0
#endif

/* ThreadSanitizer keeps signals from threads that wait for a lock, so they show no stack. */
#if defined(__SANITIZE_THREAD__)
#define RACE_WITH_TSAN	1
#else
#define RACE_WITH_TSAN	0
#endif

/* ---- Profiles with another lifecycle of roots ---- */

struct race_profile {
	struct sim_profile profile;
	struct sim_root_lifecycle roots;
};

/* v6.4, but for what happens to the roots when the VM goes. */
static inline const struct sim_profile *race_profile(struct race_profile *p,
						     void (*uninit_vm)(struct kvm *kvm))
{
	p->profile = *sim_profile_find("v6.4");
	p->roots = *p->profile.roots;
	p->roots.uninit_vm = uninit_vm;
	p->profile.roots = &p->roots;
	return &p->profile;
}

/*
 * mmu_lock for write until the queue is drained: the worker wants it for read, and this
 * thread waits for the worker.
 */
static inline void race_uninit_under_write_lock(struct kvm *kvm)
{
	write_lock(&kvm->mmu_lock);
	kvm_tdp_mmu_invalidate_all_roots(kvm);
	destroy_workqueue(kvm->arch.tdp_mmu_zap_wq);
	kvm->arch.tdp_mmu_zap_wq = NULL;
	write_unlock(&kvm->mmu_lock);
}

#endif /* TESTS_RACE_FIXTURE_H */
