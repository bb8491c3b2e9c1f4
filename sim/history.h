/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_HISTORY_H
#define SIM_HISTORY_H

#include <stddef.h>
#include <linux/types.h>

#include "mmu/kvm_types.h"

/*
 * What happened to SPTEs of late, and who did it: a ring of the last changes of all
 * SPTEs, for the reports of checkers.
 *
 * What it holds: every change that it was told of, in the order in which it was told,
 * until that many others have come.  The CPU's own changes (A and D) are not among them.
 * One thread at a time.
 */

#define SIM_HISTORY_ENTRIES	1024
#define SIM_HISTORY_WHO_SIZE	40

struct sim_history_entry {
	u64 nr;			/* counted from 1; 0: nothing yet */
	const u64 *sptep;	/* NULL: not known */
	gfn_t gfn;
	int as_id, level;
	u64 old_spte, new_spte;
	const char *how;	/* a constant */
	char who[SIM_HISTORY_WHO_SIZE];
};

struct sim_history {
	u64 nr;			/* changes so far */
	void (*who)(char name[SIM_HISTORY_WHO_SIZE]);
	struct sim_history_entry ring[SIM_HISTORY_ENTRIES];
};

/**
 * sim_history_init() - an empty history.
 * @who: writes the name of whoever makes a change, called in its thread; NULL: nobody is named
 */
void sim_history_init(struct sim_history *history, void (*who)(char name[SIM_HISTORY_WHO_SIZE]));

/**
 * sim_history_add() - an SPTE has changed.
 * @how: by what kind of step; a constant string
 * @sptep: the entry; NULL if the caller does not know it
 * @as_id: address space
 * @gfn: first gfn of the entry
 * @level: of the entry; 0 if the caller knows only @sptep, which then alone counts
 */
void sim_history_add(struct sim_history *history, const char *how, const u64 *sptep, int as_id,
		     gfn_t gfn, int level, u64 old_spte, u64 new_spte);

/**
 * sim_history_of_gfn() - the last changes of the entries for @gfn at @level.
 * @level: 0: of all levels on the way to @gfn
 * @entries: filled, the newest first
 * @max: how many fit
 *
 * Roots of an address space have an entry each: all of them are meant.
 *
 * Return: how many there are, at most @max.
 */
size_t sim_history_of_gfn(const struct sim_history *history, int as_id, gfn_t gfn, int level,
			  const struct sim_history_entry **entries, size_t max);

/** sim_history_of_sptep() - the same for one entry, by its address; where that was known. */
size_t sim_history_of_sptep(const struct sim_history *history, const u64 *sptep,
			    const struct sim_history_entry **entries, size_t max);

/**
 * sim_history_append() - the end of a report: the last changes for @gfn, a line each.
 * @history: NULL: there is none, and nothing is appended
 * @buf: the report so far
 * @size: bytes at @buf
 *
 * Oldest first.  Each line: its number, who, how, where, and both values in words.
 */
void sim_history_append(const struct sim_history *history, int as_id, gfn_t gfn, int level,
			char *buf, size_t size);

/** sim_history_append_sptep() - the same by the address of the entry. */
void sim_history_append_sptep(const struct sim_history *history, const u64 *sptep, char *buf,
			      size_t size);

#endif /* SIM_HISTORY_H */
