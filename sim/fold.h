/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_FOLD_H
#define SIM_FOLD_H

#include "sim/event.h"

/**
 * sim_fold_spte() - let one "spte" line stand for two neighbouring ones if it can.
 * @prev: the earlier line; its run grows on success
 * @next: the line that follows it at once; may be a run itself
 *
 * They fold if @next goes on where @prev ends: the same address space and level,
 * the gfn that comes after the run, and both in the old and in the new value the
 * same bits, with frames (bits 51:12) that go on in step or are 0 all along.  An
 * entry that points to a page table never folds, since tables have numbers and no
 * frames.  MMIO entries have their gfn where others have a frame, so they fold
 * like mapped pages.  A frame of 0 counts as none: it starts no sequence, or the
 * line would not tell which of the two was meant.
 *
 * Recordings are folded as far as this goes, across tables too.
 *
 * Return: true if @prev now stands for both.
 */
bool sim_fold_spte(struct sim_event *prev, const struct sim_event *next);

#endif /* SIM_FOLD_H */
