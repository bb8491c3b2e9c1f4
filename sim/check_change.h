/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_CHECK_CHANGE_H
#define SIM_CHECK_CHANGE_H

#include "sim/describe.h"
#include "sim/history.h"

/*
 * Which SPTE may become which.
 *
 * Invariants:
 *  - a present leaf never becomes a leaf of another frame, or of another A/D type, without
 *    being non-present in between;
 *  - a table never becomes another table; it goes, or a huge page takes its place, and a
 *    huge page is split into a table that maps the same frames;
 *  - the frozen value is stored into what is live, or empty, and is replaced by its owner
 *    alone, with the empty value; who holds mmu_lock for write neither meets nor stores it
 *    in a table that can be reached;
 *  - an MMIO SPTE stands at level 1, is made for its own gfn, and takes the place of what
 *    can be there: nothing, another MMIO SPTE, or a leaf of a slot that was made while the
 *    fault was on its way;
 *  - what is not present is the profile's empty value (bit 63 set or clear), frozen or MMIO;
 *  - W needs MMU-writable, which needs host-writable; saved rights need a tracked leaf;
 *  - a table is linked when it is complete: its header says where it stands, and all 512
 *    entries have a value that is legal in it.
 * A retry that forgets to look again at what it meets (present? a leaf? of which level?)
 * shows as one of these.  Behaviour: handle_changed_spte(), v5.18 to v6.12.
 *
 * Takes no lock.  Called where the tracepoint is, inside the RCU section of whoever makes the
 * change, any number of other threads may be at work; it then allows what they can do.
 */

/* What the caller knows of a change beside what the tracepoint tells. */
#define SIM_CHANGE_STORE	1u	/* it is the store itself: a frozen value may be replaced */
#define SIM_CHANGE_EXCLUSIVE	2u	/* mmu_lock is held for write, and the table is linked */

/* One change, as the tracepoint kvm_tdp_mmu_spte_changed has it. */
struct sim_change {
	int as_id;
	gfn_t gfn;
	int level;
	u64 old_spte, new_spte;
	unsigned int known;	/* SIM_CHANGE_* */
};

/**
 * sim_change_is_legal() - the table of rules: whether one kind of entry may become another.
 * @level: of the entry
 * @store: not as the tracepoint, which never has a frozen entry as the old one
 */
bool sim_change_is_legal(enum sim_spte_class from, enum sim_spte_class to, int level, bool store);

/**
 * sim_check_change() - judge one change.
 * @history: appended to the report; NULL: there is none
 * @err: the report, if the change is wrong: first the change, then why, then the history
 * @err_size: bytes at @err
 *
 * Return: whether it is legal.
 */
bool sim_check_change(const struct sim_change *change, const struct sim_history *history,
		      char *err, size_t err_size);

#endif /* SIM_CHECK_CHANGE_H */
