/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/poison.h>

#include "sim/det/crash.h"
#include "sim/det/det.h"
#include "sim/det/mem.h"
#include "sim/report.h"

struct sim_det_task sim_det_tasks[SIM_DET_MAX_TASKS];

/* Who runs when no run is on: locks and RCU work as ever, and nobody else is there. */
static struct sim_det_task nobody = { .name = "nobody", .id = SIM_DET_MAX_TASKS };

static struct {
	struct sim_det_task *current;
	bool running;		/* a run is on */
	bool exploring;
	bool watching;		/* accesses are checked: while exploring, and after it */
	int quiet;
	u32 ready;		/* tasks that can go on, and are not spinning */
	u32 spinning;		/* can, but nothing has changed since they looked */
	unsigned int slice;	/* steps since somebody else took one */
	const struct sim_det_task *slice_of;
	unsigned int idle_spins;	/* turns in which all who could go on were spinning */
	u64 steps, choices, hash, max_steps;
	const struct sim_det_strategy *strategy;
	const struct sim_det_observer *observer;
	struct sim_det_result *result;
	struct sim_fibre host;	/* who called sim_det_run() */
} det = { .current = &nobody };

/*
 * A task that has taken so many steps in a row, while others could go on, has had its time slice: it
 * may be waiting for them in a loop.  The first is longer than any walk of the tables; whoever needs
 * more than that gets shorter ones.
 */
#define MAX_SLICE	20000u
#define NEXT_SLICES	200u

/* All who could go on wait for each other, turn after turn. */
#define MAX_IDLE_SPINS	1000

unsigned int sim_det_current(void)
{
	return det.current->id;
}

struct sim_det_task *sim_det_self(void)
{
	return det.current;
}

const struct sim_det_task *sim_det_task(unsigned int task)
{
	return task < SIM_DET_MAX_TASKS ? &sim_det_tasks[task] : &nobody;
}

struct sim_lockdep *sim_lockdep_self(void)
{
	return &det.current->lockdep;
}

u64 sim_det_steps(void)
{
	return det.steps;
}

bool sim_det_listening;

static void update_listening(void)
{
	sim_det_listening = det.watching && !det.quiet;
}

void sim_det_quiet(int change)
{
	det.quiet += change;
	update_listening();
}

/* ---- Failure ---- */

void sim_det_vfail(const char *fmt, va_list args)
{
	struct sim_det_result *result = det.result;

	if (!det.running) {
		vfprintf(stderr, fmt, args);
		fputc('\n', stderr);
		abort();
	}
	result->failed = true;
	result->task = det.current->id;
	snprintf(result->task_name, sizeof(result->task_name), "%s", det.current->name);
	vsnprintf(result->report, sizeof(result->report), fmt, args);
	/* Also when nothing is explored: here is the only stack that says where it was. */
	if (det.observer && det.observer->event)
		det.observer->event(det.observer->ctx, det.current, "fails", NULL);
	/* The others stop where they are; so does this one. */
	sim_fibre_switch(&det.current->fibre, &det.host);
	__builtin_unreachable();
}

void sim_det_fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	sim_det_vfail(fmt, args);
}

/* A WARN is a finding, and what comes after it is only its consequence. */
static void report_fails(enum sim_report_kind kind, const char *file, int line, const char *msg)
{
	static const char *const kinds[] = {
		[SIM_REPORT_WARN] = "WARNING", [SIM_REPORT_BUG] = "BUG",
	};

	if (kind != SIM_REPORT_LOG)
		sim_det_fail("%s: %s:%d: %s", kinds[kind], file, line, msg);
}

static void describe_blocked(char *buf, size_t size)
{
	struct sim_det_task *task;
	size_t len = 0;

	*buf = '\0';
	sim_det_for_each(task) {
		if (task->state != SIM_DET_BLOCKED || len >= size)
			continue;
		len += (size_t)snprintf(buf + len, size - len, "\n  %s waits for %s", task->name,
					task->waits_for);
		if (len < size && task->lockdep.count)
			len += (size_t)snprintf(buf + len, size - len, ", holds what it took at %s",
					task->lockdep.held[task->lockdep.count - 1].site);
		if (len < size && task->lockdep.rcu_depth)
			len += (size_t)snprintf(buf + len, size - len, ", in an RCU section");
	}
}

static void fail_deadlock(const char *what)
{
	char buf[2048];

	describe_blocked(buf, sizeof(buf));
	sim_det_fail("%s%s", what, buf);
}

/* ---- Who goes on ---- */

static void switch_to(unsigned int to, bool forced)
{
	struct sim_det_task *from = det.current, *next = &sim_det_tasks[to];

	if (det.observer && det.observer->switched && det.exploring)
		det.observer->switched(det.observer->ctx, from->id, to, forced);
	det.current = next;
	sim_fibre_switch(&from->fibre, &next->fibre);
}

/* Without a strategy: the next number, round and round. */
static unsigned int next_after(u32 ready, unsigned int current)
{
	u32 above = ready & ~((2u << current) - 1);

	return (unsigned int)__builtin_ctz(above ? above : ready);
}

static unsigned int pick_forced(u32 ready)
{
	const struct sim_det_strategy *strategy = det.strategy;

	det.current->gaveway += det.exploring;
	if (!(ready & (ready - 1)) || !det.exploring || !strategy)
		return next_after(ready, det.current->id);
	det.choices++;
	return strategy->pick(strategy->ctx, ready, det.current->id, true);
}

/* The current task cannot go on, or should not. */
static void give_way(void)
{
	u32 ready = det.ready;
	unsigned int next;

	if (!ready) {
		/* Whoever spins may look again: perhaps it was its own doing. */
		ready = det.spinning;
		if (!ready)
			fail_deadlock("deadlock: every task waits for another");
		if (++det.idle_spins > MAX_IDLE_SPINS)
			fail_deadlock("livelock: whoever could go on waits for others to change something");
		det.ready = ready;
		det.spinning = 0;
	}
	next = pick_forced(ready);
	if (next != det.current->id)
		switch_to(next, true);
}

void sim_det_block(const char *what, const volatile void *on)
{
	struct sim_det_task *self = det.current;

	if (!det.running || det.quiet)
		sim_det_fail("where nobody else can run something waits for %s", what);
	self->state = SIM_DET_BLOCKED;
	self->waits_for = what;
	self->waits_on = on;
	det.ready &= ~BIT(self->id);
	sim_det_event("waits for", on);
	give_way();
	self->waits_for = NULL;
}

void sim_det_wake(unsigned int task)
{
	struct sim_det_task *t = &sim_det_tasks[task];

	if (t->state != SIM_DET_BLOCKED)
		return;
	t->state = SIM_DET_READY;
	det.ready |= BIT(task);
}

void sim_det_yield(void)
{
	if (!det.running || det.quiet)
		return;
	det.ready &= ~BIT(det.current->id);
	det.spinning |= BIT(det.current->id);
	if (det.exploring && det.strategy && det.strategy->yielded)
		det.strategy->yielded(det.strategy->ctx, det.current->id);
	give_way();
	det.ready |= BIT(det.current->id);
	det.spinning &= ~BIT(det.current->id);
}

void sim_cpu_relax(void)
{
	sim_det_yield();
}

/* ---- Steps ---- */

static void count_hash(u64 value)
{
	det.hash = (det.hash ^ value) * 0x9e3779b97f4a7c15ULL;
	det.hash ^= det.hash >> 29;
}

static void fail_freed(const volatile void *object)
{
	struct sim_det_memory memory = { 0 };

	sim_det_mem_lookup(object, &memory);
	sim_det_fail("use after free: %s touches %s #%u at offset %u, which %s has freed",
		     det.current->name, memory.name, memory.number, memory.offset,
		     sim_det_task(memory.freed_by)->name);
}

/* Pointers that were poisoned, or never set. */
static bool is_wild(const volatile void *object)
{
	uintptr_t p = (uintptr_t)object;

	return p < 4096 || p >> 47;
}

static __always_inline void check_access(const struct sim_det_task *self, const volatile void *object)
{
	if (unlikely(is_wild(object)))
		sim_det_fail("wild access: %s touches address 0x%llx", self->name,
			     (unsigned long long)(uintptr_t)object);
	if (unlikely(sim_det_mem_is_freed(object)))
		fail_freed(object);
}

/* What was announced is carried out when this returns. */
static void carry_out(struct sim_det_task *self)
{
	const volatile void *object = self->object;
	u64 name = sim_det_mem_name(object);

	check_access(self, object);
	if (self->kind == SIM_POINT_READ && sim_det_mem_is_page(name))
		self->last_read = name;
	count_hash(name << 8 | self->id << 4 | self->kind);
	if (unlikely(det.observer) && det.observer->step)
		det.observer->step(det.observer->ctx, self);
}

/*
 * A task's own stack is nobody else's: rcu_dereference() of a local pointer, mostly.  Not a byte
 * more than the stack: what the host has put above it is another thing in every process.
 */
static __always_inline bool is_local(const struct sim_det_task *self, const volatile void *object)
{
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0);

	return (uintptr_t)object - frame <
	       (uintptr_t)self->fibre.stack + self->fibre.stack_size - frame;
}

noinline
void sim_det_point(enum sim_point_kind kind, const volatile void *object, unsigned int line)
{
	struct sim_det_task *self = det.current;
	unsigned int next;

	if (is_local(self, object))
		return;
	/* Nothing is to be chosen any more. */
	if (unlikely(!det.exploring)) {
		check_access(self, object);
		return;
	}
	self->kind = kind;
	self->object = object;
	self->site = __builtin_return_address(0);
	/* The line before it too: many accesses stand in the same line of a header. */
	self->place = self->line * 4096 + line;
	self->line = line;
	self->points++;
	if (unlikely(++det.steps > det.max_steps))
		fail_deadlock("no progress: the run has taken more steps than it ever should");
	if (unlikely(det.spinning)) {
		det.ready |= det.spinning;
		det.spinning = 0;
	}
	det.idle_spins = 0;
	if (det.slice_of != self) {
		det.slice_of = self;
		det.slice = 0;
	}
	if (unlikely(++det.slice > (self->hog ? NEXT_SLICES : MAX_SLICE))) {
		det.slice = 0;
		self->hog = true;
		sim_det_yield();
	}
	if (det.strategy && (det.ready & (det.ready - 1))) {
		det.choices++;
		next = det.strategy->pick(det.strategy->ctx, det.ready, self->id, false);
		if (next != self->id)
			switch_to(next, false);
	}
	carry_out(self);
}

bool sim_det_ask(enum sim_det_question question)
{
	struct sim_det_task *self = det.current;
	bool yes;

	if (!det.exploring || det.quiet || !det.strategy)
		return false;
	self->questions[question]++;
	yes = det.strategy->ask(det.strategy->ctx, question);
	if (yes) {
		count_hash(1u << 16 | question << 8 | self->id);
		if (det.observer && det.observer->answered)
			det.observer->answered(det.observer->ctx, self, question);
	}
	return yes;
}

bool sim_det_cmpxchg_fails(void)
{
	return sim_det_ask(SIM_DET_FAIL_CMPXCHG);
}

void sim_det_freed(const volatile void *p, size_t size)
{
	if (det.exploring && det.strategy && det.strategy->freed)
		det.strategy->freed(det.strategy->ctx, p, size);
}

void sim_det_event(const char *what, const volatile void *object)
{
	if (unlikely(det.observer) && det.observer->event && det.exploring)
		det.observer->event(det.observer->ctx, det.current, what, object);
}

/* ---- Tasks ---- */

static void end_task(void)
{
	struct sim_det_task *self = det.current, *task;

	self->state = SIM_DET_DONE;
	det.ready &= ~BIT(self->id);
	if (self->lockdep.count || self->lockdep.rcu_depth)
		sim_lockdep_thread_exit();
	sim_det_event("ends", NULL);
	/* Only joiners wait for a task itself. */
	sim_det_for_each(task)
		if (task->state == SIM_DET_BLOCKED && task->waits_on == self)
			sim_det_wake(task->id);
	if (self->id == 0)
		sim_fibre_switch(&self->fibre, &det.host);
	give_way();
	__builtin_unreachable();
}

static void task_entry(void)
{
	struct sim_det_task *self = det.current;

	sim_fibre_first(&self->fibre);
	/* Every run has this one, so that the numbers of the others do not depend on who needs it first. */
	if (self->id == 0)
		sim_det_rcu_begin();
	self->fn(self->arg);
	end_task();
}

static void clear_task(struct sim_det_task *task)
{
	struct sim_fibre fibre = task->fibre;
	unsigned int i;

	task->points = task->gaveway = 0;
	task->line = 0;
	task->lockdep.count = task->lockdep.rcu_depth = task->lockdep.atomic_depth = 0;
	for (i = 0; i < SIM_DET_NR_QUESTIONS; i++)
		task->questions[i] = 0;
	for (i = 0; i < SIM_DET_MAX_SRCU; i++)
		task->srcu[i].domain = NULL;
	task->resched = task->hog = false;
	task->last_read = task->yielded_at = 0;
	task->yields_there = 0;
	task->kstate = 0;
	task->kthread = NULL;
	task->waits_for = NULL;
	task->fibre = fibre;
}

static struct sim_det_task *free_slot(void)
{
	unsigned int i;

	for (i = 0; i < SIM_DET_MAX_TASKS; i++)
		if (sim_det_tasks[i].state == SIM_DET_FREE)
			return &sim_det_tasks[i];
	sim_det_fail("more than %d tasks", SIM_DET_MAX_TASKS);
}

static int start_task(struct sim_det_task *task, void (*fn)(void *arg), void *arg)
{
	int r;

	clear_task(task);
	task->id = (unsigned int)(task - sim_det_tasks);
	task->fn = fn;
	task->arg = arg;
	r = sim_fibre_start(&task->fibre, task_entry);
	if (r)
		return r;
	task->state = SIM_DET_READY;
	det.ready |= BIT(task->id);
	return 0;
}

unsigned int sim_det_spawn(void (*fn)(void *arg), void *arg, const char *name, ...)
{
	struct sim_det_task *task = free_slot();
	va_list args;
	int r;

	va_start(args, name);
	vsnprintf(task->name, sizeof(task->name), name, args);
	va_end(args);
	r = start_task(task, fn, arg);
	if (r)
		sim_det_fail("a task cannot be made: error %d", r);
	return task->id;
}

void sim_det_join(unsigned int task)
{
	struct sim_det_task *t = &sim_det_tasks[task];

	while (t->state != SIM_DET_DONE)
		sim_det_block("a task to end", t);
	sim_det_reap(task);
}

void sim_det_reap(unsigned int task)
{
	struct sim_det_task *t = &sim_det_tasks[task];

	det.ready &= ~BIT(task);
	det.spinning &= ~BIT(task);
	t->state = SIM_DET_FREE;
	sim_fibre_drop(&t->fibre);
}

/* ---- Runs ---- */

void sim_det_explore(bool on)
{
	det.exploring = on;
	det.watching = true;
	update_listening();
}

static void drop_all(void)
{
	struct sim_det_task *task;

	sim_det_for_each(task) {
		task->state = SIM_DET_FREE;
		sim_fibre_drop(&task->fibre);
	}
}

static void begin(const struct sim_det_config *config, struct sim_det_result *result)
{
	det.running = true;
	det.exploring = det.watching = false;
	det.quiet = 0;
	update_listening();
	det.ready = det.spinning = 0;
	det.idle_spins = det.slice = 0;
	det.slice_of = NULL;
	det.steps = det.choices = 0;
	det.hash = 0;
	det.max_steps = config->max_steps ? config->max_steps : SIM_DET_MAX_STEPS;
	det.strategy = config->strategy;
	det.observer = config->observer;
	det.result = result;
	result->failed = false;
	result->report[0] = '\0';
	sim_det_mem_reset();
	sim_det_alloc_reset();
	sim_det_rcu_reset();
	sim_warn_once_clear();
	/* So that a schedule tells the same whatever ran before it. */
	sim_lockdep_forget_order();
	sim_set_report_handler(report_fails);
}

int sim_det_run(const struct sim_det_config *config, void (*main)(void *arg), void *arg,
		struct sim_det_result *result)
{
	struct sim_det_task *first = &sim_det_tasks[0];
	int r;

	begin(config, result);
	snprintf(first->name, sizeof(first->name), "main");
	r = start_task(first, main, arg);
	if (!r) {
		sim_crash_catch(true);
		det.current = first;
		sim_fibre_switch(&det.host, &first->fibre);
		sim_crash_catch(false);
	}
	det.current = &nobody;
	det.running = det.exploring = det.watching = false;
	det.quiet = 0;
	update_listening();
	drop_all();
	/* Who comes next must not wait for callbacks that a run has left when it was given up. */
	sim_det_rcu_reset();
	sim_set_report_handler(NULL);
	result->steps = det.steps;
	result->choices = det.choices;
	result->hash = det.hash;
	return r;
}
