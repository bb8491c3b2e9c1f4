/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_FUZZ_SCHEDULE_H
#define SIM_FUZZ_SCHEDULE_H

#include "sim/fuzz/lab.h"

/*
 * A schedule: where a run departs from the default, which is that whoever runs goes on
 * until he cannot, then the next task by number has its turn, and that the answer to
 * every question is no.
 *
 * A departure is told by what its task has done so far, not by the steps of the whole run,
 * so that the others keep their meaning when one is taken away.
 */

enum sim_decision_kind {
	SIM_DECIDE_PREEMPT,	/* the task could go on, but another does */
	SIM_DECIDE_NEXT,	/* it cannot, and another does than the default says */
	SIM_DECIDE_YES,		/* to a question */
	SIM_DECIDE_NR
};

struct sim_decision {
	u8 kind;		/* enum sim_decision_kind */
	u8 task;		/* whose */
	u8 value;		/* the task that goes on, or enum sim_det_question */
	u32 at;			/* its points, times it gave way, or questions of this kind, so far */
};

struct sim_schedule {
	struct sim_decision *d;
	unsigned int nr, room;
};

/** sim_schedule_add() - append: false if memory is short. */
bool sim_schedule_add(struct sim_schedule *s, struct sim_decision d);

/** sim_schedule_remove() - take one away. */
void sim_schedule_remove(struct sim_schedule *s, unsigned int index);

/** sim_schedule_copy() - @to is overwritten, and what it had is used again: false if memory is short. */
bool sim_schedule_copy(struct sim_schedule *to, const struct sim_schedule *from);

/** sim_schedule_free() - free its memory. */
void sim_schedule_free(struct sim_schedule *s);

/** sim_schedule_preemptions() - how many of its decisions are preemptions. */
unsigned int sim_schedule_preemptions(const struct sim_schedule *s);

/** sim_schedule_default() - who goes on if nobody decides. */
unsigned int sim_schedule_default(u32 ready, unsigned int running, bool forced);

/* ---- Recording: around any strategy ---- */

struct sim_recording_strategy {
	struct sim_det_strategy strategy;	/* for sim_det_config */
	const struct sim_det_strategy *inner;
	struct sim_schedule schedule;	/* of the present run */
	bool failed;			/* memory was short */
};

/** sim_recording_strategy_init() - @inner decides, @r remembers. */
void sim_recording_strategy_init(struct sim_recording_strategy *r,
				 const struct sim_det_strategy *inner);

/** sim_recording_strategy_begin() - before each run: nothing is remembered. */
void sim_recording_strategy_begin(struct sim_recording_strategy *r);

/* ---- Replaying ---- */

/*
 * What does not fit is passed over: a decision whose time is gone, or for a task that
 * cannot go on.  So a schedule of which something was taken away is a schedule still.
 */
struct sim_replay_strategy {
	struct sim_det_strategy strategy;
	const struct sim_schedule *schedule;
	/* The next decision of each task, of each kind and question; nr if there is none. */
	unsigned int next[SIM_DET_MAX_TASKS][SIM_DECIDE_YES + SIM_DET_NR_QUESTIONS];
	unsigned int nr_used;		/* decisions that had an effect */
};

/** sim_replay_strategy_begin() - before each run. */
void sim_replay_strategy_begin(struct sim_replay_strategy *r, const struct sim_schedule *schedule);

/* ---- Files ---- */

/* All that is needed to do it again. */
struct sim_schedule_file {
	struct sim_lab_machine machine;
	struct sim_workload *workload;
	struct sim_schedule schedule;
	u64 hash;		/* of the run; 0: not known */
	char fails[256];	/* the first line of its report; empty: it does not fail */
};

/** sim_schedule_file_set_result() - note what came of a run: its hash, and how it failed, if it did. */
void sim_schedule_file_set_result(struct sim_schedule_file *f, const struct sim_det_result *result);

/** sim_schedule_file_write() - false with errno on failure. */
bool sim_schedule_file_write(const char *path, const struct sim_schedule_file *f);

/**
 * sim_schedule_file_read() - read one.
 * @err: on failure "PATH:LINE: what is wrong"
 */
bool sim_schedule_file_read(const char *path, struct sim_schedule_file *f, char *err,
			    size_t err_size);

/** sim_schedule_file_free() - free what is in it. */
void sim_schedule_file_free(struct sim_schedule_file *f);

/**
 * sim_schedule_file_run() - replay it.
 * @observer: or NULL
 * @used: set to the number of decisions that had an effect; NULL: nobody wants to know
 *
 * Return: as sim_lab_init() and sim_lab_run().
 */
int sim_schedule_file_run(const struct sim_schedule_file *f, const struct sim_det_observer *observer,
			  struct sim_det_result *result, unsigned int *used);

#endif /* SIM_FUZZ_SCHEDULE_H */
