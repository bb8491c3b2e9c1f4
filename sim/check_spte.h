/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_CHECK_SPTE_H
#define SIM_CHECK_SPTE_H

#include "mmu/spte.h"

/*
 * Invariants of a single SPTE, for sim/check_tables.c: what its bits may be, given
 * the table that it stands in, the memslots, the dirty log and the module.
 */

/* What is the same for all entries of an address space; see sim_spte_check_init(). */
struct sim_spte_check {
	struct kvm *kvm;
	struct kvm_memslots *slots;
	struct rsvd_bits_validate rsvd;
	struct sim_paging_caps caps;
	const struct sim_paging_format *format;
	u64 leaf_bits;		/* all bits that a leaf may have set */
	bool log;		/* writes through this root are possible, and must be logged */
	char *err;		/* "SPTE ...: what is wrong" */
	size_t err_size;
};

/** sim_spte_leaf_bits() - all bits that a leaf may have set. */
u64 sim_spte_leaf_bits(void);

/** sim_spte_nonleaf_bits() - what an entry for a table has beside the table's address. */
u64 sim_spte_nonleaf_bits(void);

/**
 * sim_spte_check_init() - prepare for the entries of one root.
 * @root: the root
 * @err: gets the message when a check fails
 * @err_size: bytes at @err
 *
 * kvm->srcu is held for read until the last check.
 */
void sim_spte_check_init(struct sim_spte_check *check, struct kvm *kvm,
			 const struct kvm_mmu_page *root, char *err, size_t err_size);

/**
 * sim_check_empty() - whether an entry that is not present has a right to its value.
 * @sp: the table
 * @gfn: the first gfn of the entry
 *
 * It is the non-present value, or an MMIO SPTE: of a gfn that no slot has now, or of
 * an earlier memslot generation (docs/sptes.md).  The removed value is for
 * entries that a zap is at work on, so between operations none is left.
 *
 * Return: true if so, else false with the message in @check->err.
 */
bool sim_check_empty(struct sim_spte_check *check, const struct kvm_mmu_page *sp, gfn_t gfn,
		     u64 spte);

/**
 * sim_check_nonleaf() - whether an entry that points to a table has the bits it must have.
 *
 * All rights, A if the CPU keeps A, and nothing else (docs/sptes.md).
 */
bool sim_check_nonleaf(struct sim_spte_check *check, const struct kvm_mmu_page *sp, gfn_t gfn,
		       u64 spte);

/**
 * sim_check_leaf() - whether a leaf may be what it is.
 *
 * Bits: A/D type as the root's role says, rights as format and NX huge pages demand,
 * W only with MMU-writable only with host-writable, no reserved bit, by KVM's own
 * masks and by the rules of the CPU (docs/sptes.md).  Place: wholly in
 * one valid memslot, at a size that the slot allows.  Log: what may have been
 * written since the slot logs is in its bitmap.
 */
bool sim_check_leaf(struct sim_spte_check *check, const struct kvm_mmu_page *sp, gfn_t gfn,
		    u64 spte);

#endif /* SIM_CHECK_SPTE_H */
