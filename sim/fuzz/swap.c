/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>

#include "sim/fuzz/swap.h"

/* A run is a millisecond or a few; nobody wants to wait longer than some seconds. */
#define MAX_REMOVALS	512
#define MAX_MOVES	256	/* of one decision */
#define MAX_CANDIDATES	8

struct search {
	const struct sim_schedule_file *file;
	struct sim_swap *swap;
	char report[SIM_DET_REPORT_SIZE];
	struct sim_schedule trial;
	struct sim_det_result result;
	int error;
};

bool sim_swap_same_failure(const char *a, const char *b)
{
	size_t len = strcspn(a, ":\n");

	return len == strcspn(b, ":\n") && !strncmp(a, b, len);
}

/* Whether the trial fails as the schedule does. */
static bool fails(struct search *s)
{
	struct sim_schedule_file file = *s->file;

	file.schedule = s->trial;
	s->swap->runs++;
	s->error = sim_schedule_file_run(&file, NULL, &s->result, NULL);
	return !s->error && s->result.failed && sim_swap_same_failure(s->result.report, s->report);
}

static bool fails_without(struct search *s, unsigned int index)
{
	if (!sim_schedule_copy(&s->trial, &s->file->schedule)) {
		s->error = -ENOMEM;
		return true;
	}
	sim_schedule_remove(&s->trial, index);
	return fails(s);
}

/*
 * Let the decision at @index happen @by accesses later.  Those of a task are in the order in
 * which they are due, or they would be passed over.
 */
static void move_later(struct sim_schedule *s, unsigned int index, u32 by)
{
	struct sim_decision moved = s->d[index];
	unsigned int i;

	moved.at += by;
	for (i = index + 1; i < s->nr; i++) {
		struct sim_decision *d = &s->d[i];

		if (d->task != moved.task || d->kind != moved.kind)
			continue;
		if (d->at > moved.at)
			break;
		s->d[index] = *d;
		index = i;
	}
	s->d[index] = moved;
}

static bool fails_later(struct search *s, unsigned int index, u32 by)
{
	if (!sim_schedule_copy(&s->trial, &s->file->schedule)) {
		s->error = -ENOMEM;
		return false;
	}
	move_later(&s->trial, index, by);
	return fails(s);
}

/* How much later it may happen at most; false if there is no end to it. */
static bool find_last_place(struct search *s, unsigned int index, u32 *by)
{
	for (*by = 0; *by < MAX_MOVES; ++*by)
		if (!fails_later(s, index, *by + 1))
			return !s->error;
	return false;
}

static void keep(struct search *s, unsigned int index, u32 by, enum sim_swap_found found)
{
	struct sim_swap *swap = s->swap;

	swap->found = found;
	swap->decision = s->file->schedule.d[index];
	swap->at = swap->decision.at + by;
	if (!sim_schedule_copy(&swap->schedule, &s->file->schedule)) {
		s->error = -ENOMEM;
		return;
	}
	move_later(&swap->schedule, index, by);
}

/* The last ones first: what is near to the failure explains it best. */
static unsigned int find_critical(struct search *s, unsigned int *found)
{
	const struct sim_schedule *schedule = &s->file->schedule;
	unsigned int i, nr = 0, removals = 0;

	for (i = schedule->nr; i-- && removals < MAX_REMOVALS && !s->error;) {
		if (schedule->d[i].kind != SIM_DECIDE_PREEMPT)
			continue;
		removals++;
		if (fails_without(s, i) || s->error)
			continue;
		s->swap->nr_critical++;
		if (nr < MAX_CANDIDATES)
			found[nr++] = i;
	}
	return nr;
}

static void try_candidates(struct search *s, const unsigned int *found, unsigned int nr,
			   unsigned int task, bool equal)
{
	unsigned int i;
	u32 by;

	for (i = 0; i < nr && !s->error && s->swap->found != SIM_SWAP_ACCESS; i++) {
		if ((s->file->schedule.d[found[i]].task == task) != equal)
			continue;
		if (find_last_place(s, found[i], &by))
			keep(s, found[i], by, SIM_SWAP_ACCESS);
		else if (s->swap->found == SIM_SWAP_NONE)
			keep(s, found[i], 0, SIM_SWAP_DECISION);
	}
}

static void find_swap(struct search *s, unsigned int prefer)
{
	unsigned int found[MAX_CANDIDATES], nr;

	s->swap->found = SIM_SWAP_NONE;
	nr = find_critical(s, found);
	try_candidates(s, found, nr, prefer, true);
	try_candidates(s, found, nr, prefer, false);
}

int sim_swap_find(const struct sim_schedule_file *file, unsigned int prefer, struct sim_swap *swap)
{
	static struct search s;

	memset(swap, 0, sizeof(*swap));
	memset(&s, 0, sizeof(s));
	s.file = file;
	s.swap = swap;
	if (!sim_schedule_copy(&swap->schedule, &file->schedule))
		return -ENOMEM;
	s.error = sim_schedule_file_run(file, NULL, &s.result, NULL);
	if (!s.error && s.result.failed) {
		memcpy(s.report, s.result.report, sizeof(s.report));
		find_swap(&s, prefer);
	}
	sim_schedule_free(&s.trial);
	return s.error;
}

void sim_swap_free(struct sim_swap *swap)
{
	sim_schedule_free(&swap->schedule);
	memset(swap, 0, sizeof(*swap));
}
