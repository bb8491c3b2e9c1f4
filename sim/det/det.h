/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_DET_DET_H
#define SIM_DET_DET_H

#include <stdarg.h>
#include <linux/compiler.h>
#include <linux/lockdep.h>
#include <linux/types.h>
#include <seam/waiters.h>

#include "sim/det/fibre.h"

/*
 * The deterministic scheduler.  All tasks of a run are fibres of which one runs at a time.
 * Before each access that another task may see (seam/point.h) the running task announces
 * it, and a strategy decides whose announced access is carried out next.  Nothing else
 * enters into what happens: the same decisions give the same run.
 *
 * A run has one main task.  What it does before sim_det_explore(true) and after
 * sim_det_explore(false) is not part of the schedule: no decisions are asked for there,
 * and others run only while it waits for them.
 */

/* Questions that a strategy answers besides who runs; "no" is always a good answer. */
enum sim_det_question {
	SIM_DET_NEED_RESCHED,	/* is this task's time slice over? */
	SIM_DET_FAIL_ALLOC,	/* shall this allocation fail? */
	SIM_DET_FAIL_CMPXCHG,	/* shall this try_cmpxchg() fail, though nothing has changed? */
	SIM_DET_NR_QUESTIONS
};

enum sim_det_state {
	SIM_DET_FREE,		/* the slot is free */
	SIM_DET_READY,
	SIM_DET_BLOCKED,
	SIM_DET_DONE,
};

#define SIM_DET_NAME_SIZE	24
#define SIM_DET_MAX_SRCU	4	/* domains a task can be in at a time */

struct sim_det_task {
	char name[SIM_DET_NAME_SIZE];
	unsigned int id;
	enum sim_det_state state;
	void (*fn)(void *arg);
	void *arg;
	struct sim_fibre fibre;

	/* What it is about to do: the operation it has announced. */
	enum sim_point_kind kind;
	const volatile void *object;
	void *site;		/* return address of the announcement */
	u32 line;		/* of it */
	u32 place;		/* tells places in the code apart, and is the same in all builds */

	u32 points;		/* announced while exploring */
	u32 gaveway;		/* times that it could not go on, or would not, while exploring */
	u32 questions[SIM_DET_NR_QUESTIONS];	/* asked while exploring */

	const char *waits_for;	/* while it is blocked */
	const volatile void *waits_on;

	/* What the seam keeps of a thread. */
	struct sim_lockdep lockdep;
	u64 rcu_since;		/* the grace periods that had begun at the outermost lock */
	struct {
		const void *domain;
		u64 since;
		unsigned int depth;
	} srcu[SIM_DET_MAX_SRCU];
	bool resched;		/* TIF_NEED_RESCHED */
	bool hog;		/* it has used up a time slice */
	u64 last_read;		/* name of what it has read last in a page: of a table, mostly */
	u64 yielded_at;		/* last_read when it dropped a lock to yield */
	unsigned int yields_there;	/* since it took a lock otherwise */
	unsigned int kstate;	/* TASK_* */
	void *kthread;		/* struct task_struct, if it has asked for one */
};

/* How a run is decided.  All are called on the stack of the task that decides. */
struct sim_det_strategy {
	/*
	 * Who goes on: one of @ready, which are at least two.
	 * @running: who has just announced something, or cannot go on (@forced: then it is
	 *	     not among @ready)
	 */
	unsigned int (*pick)(void *ctx, u32 ready, unsigned int running, bool forced);
	bool (*ask)(void *ctx, enum sim_det_question question);
	/* A task can do no better than wait for others, and looks again later; may be NULL. */
	void (*yielded)(void *ctx, unsigned int task);
	/* Memory is freed, which whoever touches it will notice; may be NULL. */
	void (*freed)(void *ctx, const volatile void *p, size_t size);
	void *ctx;
};

/* What an observer is told; all members may be NULL. */
struct sim_det_observer {
	/* The task that runs carries out now what it has announced. */
	void (*step)(void *ctx, const struct sim_det_task *task);
	/* It has been taken from, or given, the processor. */
	void (*switched)(void *ctx, unsigned int from, unsigned int to, bool forced);
	void (*answered)(void *ctx, const struct sim_det_task *task, enum sim_det_question question);
	/*
	 * Things that are no steps: "releases", "waits for", "leaves RCU section", "leaves SRCU
	 * section", "frees", "ends", "fails"; or an operation of the workload begins.
	 */
	void (*event)(void *ctx, const struct sim_det_task *task, const char *what,
		      const volatile void *object);
	void *ctx;
};

#define SIM_DET_REPORT_SIZE	4096

struct sim_det_result {
	bool failed;
	char report[SIM_DET_REPORT_SIZE];	/* the first line is a summary */
	unsigned int task;	/* that ran when it failed */
	char task_name[SIM_DET_NAME_SIZE];
	u64 steps;		/* while exploring */
	u64 choices;		/* of them, where more than one task could go on */
	u64 hash;		/* of all that happened while exploring */
};

struct sim_det_config {
	const struct sim_det_strategy *strategy;	/* NULL: whoever runs goes on */
	const struct sim_det_observer *observer;	/* NULL: none */
	u64 max_steps;		/* more than this is no progress; 0: SIM_DET_MAX_STEPS */
};

#define SIM_DET_MAX_STEPS	1000000

/**
 * sim_det_run() - one run, from an empty world.
 * @main: the main task; returns when all that it has started has ended
 *
 * Memory of the run before (sim/det/mem.h) is gone.  A run that fails stops in the middle:
 * what its tasks had from malloc() is lost.
 *
 * Return: 0, whether it failed or not; -ENOMEM or -EAGAIN: no task could be made.
 */
int sim_det_run(const struct sim_det_config *config, void (*main)(void *arg), void *arg,
		struct sim_det_result *result);

/**
 * sim_det_explore() - by the main task: from now on (@on) every step is the strategy's.
 *
 * When that is over nothing is chosen or hashed any more, but accesses to what is gone still fail.
 */
void sim_det_explore(bool on);

/**
 * sim_det_spawn() - make a task.
 * @name: printf() format
 *
 * Return: its number; fails the run if there are too many.
 */
unsigned int sim_det_spawn(void (*fn)(void *arg), void *arg, const char *name, ...)
	__attribute__((format(printf, 3, 4)));

/** sim_det_join() - wait for a task's end, and free its slot. */
void sim_det_join(unsigned int task);

/** sim_det_reap() - free the slot of a task that is blocked for ever; it will not go on. */
void sim_det_reap(unsigned int task);

/** sim_det_block() - wait for sim_det_wake(); others run. */
void sim_det_block(const char *what, const volatile void *on);

/** sim_det_wake() - let a task go on that is, or is not, blocked. */
void sim_det_wake(unsigned int task);

/** sim_det_current() - the number of the task that runs. */
unsigned int sim_det_current(void);

/** sim_det_self() - the task that runs; outside of a run there is one that stands for all. */
struct sim_det_task *sim_det_self(void);

/** sim_det_task() - a task by its number. */
const struct sim_det_task *sim_det_task(unsigned int task);

/** sim_det_ask() - have the strategy answer a question; false outside of exploration. */
bool sim_det_ask(enum sim_det_question question);

/** sim_det_freed() - tell the strategy. */
void sim_det_freed(const volatile void *p, size_t size);

/** sim_det_event() - tell the observer. */
void sim_det_event(const char *what, const volatile void *object);

/** sim_det_quiet() - 1: what follows is the checkers' own, and announces nothing; -1: no more. */
void sim_det_quiet(int change);

/** sim_det_yield() - this task cannot do better than wait for others: they go first. */
void sim_det_yield(void);

/** sim_det_steps() - of this run, so far, while exploring. */
u64 sim_det_steps(void);

/** sim_det_fail() - the run has failed; does not return. */
void sim_det_fail(const char *fmt, ...)
	__attribute__((format(printf, 1, 2), noreturn));

/* The same with a va_list. */
void sim_det_vfail(const char *fmt, va_list args) __attribute__((noreturn));

/* ---- For the seam's own files ---- */

/** sim_det_rcu_reset() - a new run: no callbacks, no grace periods. */
void sim_det_rcu_reset(void);

/** sim_det_rcu_begin() - make the task that runs callbacks. */
void sim_det_rcu_begin(void);

/** sim_det_for_each() - call a function for every task that is not free. */
#define sim_det_for_each(task)							\
	for ((task) = sim_det_tasks; (task) < sim_det_tasks + SIM_DET_MAX_TASKS; (task)++) \
		if ((task)->state != SIM_DET_FREE)

extern struct sim_det_task sim_det_tasks[SIM_DET_MAX_TASKS];

#endif /* SIM_DET_DET_H */
