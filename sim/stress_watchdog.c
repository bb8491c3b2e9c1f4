/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "sim/cli.h"
#include "sim/stacks.h"
#include "sim/stress_internal.h"

/* Threads that wait for each other for ever do not say so: somebody else must notice. */

#define STEP_US		20000
/*
 * How much longer one thread may take than all of them: under a sanitizer, on a busy machine,
 * a single step can take long.
 */
#define ONE_FACTOR	6

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
		__atomic_store_n(&status->tid, 0, __ATOMIC_RELAXED);
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

/* What the watchdog knows when it gives up. */
struct hang {
	struct stress *stress;
	const struct seen *seen;
	double now, limit;	/* who has not got on for @limit seconds hangs */
};

static void print_status(const struct hang *hang, int i)
{
	const struct stress_status *status = &hang->stress->status[i];

	fprintf(stderr, "  %-16s for %5.1f s: %s\n", status->name, hang->now - hang->seen[i].since,
		__atomic_load_n(&status->doing, __ATOMIC_RELAXED));
}

static int status_of(const struct stress *stress, pid_t tid)
{
	int i;

	for (i = 0; i < STRESS_MAX_THREADS; i++)
		if (__atomic_load_n(&stress->status[i].used, __ATOMIC_ACQUIRE) == 1 &&
		    __atomic_load_n(&stress->status[i].tid, __ATOMIC_RELAXED) == tid)
			return i;
	return -1;
}

/*
 * KVM's own threads have no status, and may be what the others wait for.  Who stands still
 * does so because the main thread asked for it.
 */
static bool hangs(FILE *out, pid_t tid, void *arg)
{
	const struct hang *hang = arg;
	int i = status_of(hang->stress, tid);

	if (i < 0) {
		sim_stacks_print_name(out, tid);
		return true;
	}
	if (hang->now - hang->seen[i].since < hang->limit ||
	    __atomic_load_n(&hang->stress->status[i].doing, __ATOMIC_RELAXED) ==
	    stress_stands_still)
		return false;
	fprintf(out, "stack of %s:\n", hang->stress->status[i].name);
	return true;
}

/* The process ends here, so a name that is just changing does no harm. */
static void give_up(struct hang *hang, const char *what)
{
	const struct stress *stress = hang->stress;
	int i;

	fprintf(stderr, "found: deadlock or livelock: %s\n", what);
	/* It may be the reason: a lock that is taken twice, for one. */
	if (__atomic_load_n(&stress->result->nr_found, __ATOMIC_RELAXED))
		fprintf(stderr, "  before that: %s\n", stress->result->first);
	for (i = 0; i < STRESS_MAX_THREADS; i++)
		if (__atomic_load_n(&stress->status[i].used, __ATOMIC_ACQUIRE) == 1)
			print_status(hang, i);
	sim_stacks_print(stderr, hangs, hang);
	fflush(NULL);
	_exit(SIM_EXIT_FOUND);
}

static void look(struct stress *stress, struct seen *seen)
{
	double now = sim_cli_seconds(), latest = 0, patience = stress->config->patience;
	struct hang hang = { .stress = stress, .seen = seen, .now = now, .limit = patience };
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
	if (nr && now - latest > patience)
		give_up(&hang, "no thread has got on");
	hang.limit = patience * ONE_FACTOR;
	for (i = 0; i < STRESS_MAX_THREADS; i++)
		if (now - seen[i].since > hang.limit)
			give_up(&hang, "a thread has not got on");
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
