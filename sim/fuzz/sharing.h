/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_FUZZ_SHARING_H
#define SIM_FUZZ_SHARING_H

#include "sim/det/det.h"
#include "sim/fuzz/hold.h"

/*
 * Which objects are shared: touched by two tasks in one run, and by one of them written.
 * It matters who comes first to those, and to no other.  Objects go by their names, which
 * are the same in all runs, so what one run has shown the next ones know.
 */

/*
 * A place each for 128 pages, by their entries, and for 128 KiB of objects, by their words; those
 * beyond share the places of others, and count as shared if these do.  In the order of memory: a
 * walk of a table goes through a few cache lines.
 */
#define SIM_SHARING_ENTRIES	(1u << 16)
#define SIM_SHARING_WORDS	(1u << 15)
#define SIM_SHARING_OBJECTS	(SIM_SHARING_ENTRIES + SIM_SHARING_WORDS)

struct sim_shared_object {
	u32 run;		/* the last one that touched it */
	u16 tasks;		/* that have, in that run */
	bool written;		/* in that run */
	u8 shared;		/* 0; SIM_SHARED_NEW; SIM_SHARED */
	u8 last_task;		/* of this run, to touch it */
	u32 last_site;		/* where */
};

/*
 * Coverage: which two places in the code have touched an object one after the other, in two
 * tasks.  A bit each, by a hash.
 */
#define SIM_COVERAGE_BITS	(1u << 16)

struct sim_coverage {
	u64 nr;			/* bits that are set */
	u64 bits[SIM_COVERAGE_BITS / 64];
};

#define SIM_SHARED_NEW	1	/* since sim_sharing_settle() */
#define SIM_SHARED	2

struct sim_sharing {
	u32 run;
	bool grown;		/* there are new ones */
	struct sim_coverage *coverage;	/* NULL: nobody wants to know; nor of meetings */
	struct sim_meetings meetings;
	struct sim_meetings sections;	/* places of what is no object: RCU's, mostly */
	struct sim_shared_object objects[SIM_SHARING_OBJECTS];	/* by their names */
};

/** sim_sharing_clear() - nothing is known: another workload. */
void sim_sharing_clear(struct sim_sharing *s);

/** sim_sharing_begin() - a run begins. */
void sim_sharing_begin(struct sim_sharing *s);

/** sim_sharing_settle() - the new ones are new no more. */
void sim_sharing_settle(struct sim_sharing *s);

/**
 * sim_sharing_touch() - a task is about to carry out what it has announced.
 *
 * Return: the object; NULL if it is none of simulated memory: those are few, and shared.
 */
const struct sim_shared_object *sim_sharing_touch(struct sim_sharing *s,
						  const struct sim_det_task *task);

/** sim_sharing_free() - the task that runs frees memory: a write to all of it. */
void sim_sharing_free(struct sim_sharing *s, const volatile void *p, size_t size);

/** sim_point_writes() - whether an access of this kind can change what others find. */
static inline bool sim_point_writes(enum sim_point_kind kind)
{
	return kind != SIM_POINT_READ && kind != SIM_POINT_CONTENDED;
}

#endif /* SIM_FUZZ_SHARING_H */
