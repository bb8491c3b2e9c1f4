/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "sim/cli.h"
#include "sim/stress_internal.h"

/* Threads that wait for each other for ever do not say so: somebody else must notice. */

#define STEP_US		20000
/* No thread at all gets on. */
#define ALL_SECONDS	10
/* One thread does not; under a sanitizer, on a busy machine, a single step can take long. */
#define ONE_SECONDS	60

struct stress_status *stress_status_get(struct stress *stress, const char *name)
{
	int i;

	for (i = 0; i < STRESS_MAX_THREADS; i++) {
		struct stress_status *status = &stress->status[i];
		int unused = 0;

		/* Taken, but not yet to be looked at. */
		if (!__atomic_compare_exchange_n(&status->used, &unused, -1, false,
						 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			continue;
		snprintf(status->name, sizeof(status->name), "%s", name);
		__atomic_store_n(&status->doing, "starts", __ATOMIC_RELAXED);
		__atomic_store_n(&status->used, 1, __ATOMIC_RELEASE);
		return status;
	}
	return NULL;
}

void stress_status_put(struct stress_status *status)
{
	stress_count(&status->nr_done, 1);
	__atomic_store_n(&status->used, 0, __ATOMIC_RELEASE);
}

/* What was seen of a thread, and since when it has not changed. */
struct seen {
	u64 nr_done;
	double since;
};

static void give_up(struct stress *stress, const struct seen *seen, double now, const char *what)
{
	int i;

	fprintf(stderr, "found: deadlock or livelock: %s\n", what);
	/* It may be the reason: a lock that is taken twice, for one. */
	if (__atomic_load_n(&stress->result->nr_found, __ATOMIC_RELAXED))
		fprintf(stderr, "  before that: %s\n", stress->result->first);
	for (i = 0; i < STRESS_MAX_THREADS; i++) {
		const struct stress_status *status = &stress->status[i];

		/* The process ends here, so a name that is just changing does no harm. */
		if (__atomic_load_n(&status->used, __ATOMIC_ACQUIRE) == 1)
			fprintf(stderr, "  %-16s for %5.1f s: %s\n", status->name,
				now - seen[i].since,
				__atomic_load_n(&status->doing, __ATOMIC_RELAXED));
	}
	fflush(NULL);
	_exit(SIM_EXIT_FOUND);
}

static void look(struct stress *stress, struct seen *seen)
{
	double now = sim_cli_seconds(), latest = 0;
	int i, used, nr = 0;

	for (i = 0; i < STRESS_MAX_THREADS; i++) {
		u64 nr_done = __atomic_load_n(&stress->status[i].nr_done, __ATOMIC_RELAXED);

		used = __atomic_load_n(&stress->status[i].used, __ATOMIC_ACQUIRE);
		if (!used || nr_done != seen[i].nr_done)
			seen[i] = (struct seen) { .nr_done = nr_done, .since = now };
		if (used)
			latest = seen[i].since > latest ? seen[i].since : latest;
		nr += used != 0;
	}
	if (nr && now - latest > ALL_SECONDS)
		give_up(stress, seen, now, "no thread has got on");
	for (i = 0; i < STRESS_MAX_THREADS; i++)
		if (now - seen[i].since > ONE_SECONDS)
			give_up(stress, seen, now, "a thread has not got on");
}

static void *watchdog_main(void *arg)
{
	struct stress *stress = arg;
	struct seen seen[STRESS_MAX_THREADS];
	int i;

	for (i = 0; i < STRESS_MAX_THREADS; i++)
		seen[i] = (struct seen) { .since = sim_cli_seconds() };
	while (!__atomic_load_n(&stress->watchdog_stop, __ATOMIC_RELAXED)) {
		look(stress, seen);
		usleep(STEP_US);
	}
	return NULL;
}

int stress_watchdog_start(struct stress *stress)
{
	return pthread_create(&stress->watchdog, NULL, watchdog_main, stress) ? -EAGAIN : 0;
}

void stress_watchdog_stop(struct stress *stress)
{
	__atomic_store_n(&stress->watchdog_stop, true, __ATOMIC_RELAXED);
	pthread_join(stress->watchdog, NULL);
}
