/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_DECODE_H
#define SIM_DECODE_H

#include <stdio.h>
#include <linux/types.h>

#include "mmu/profile.h"

/*
 * Numbers as people find them in logs, taken apart: every bit with its meaning and
 * with who reads it, the CPU or KVM; and what both make of the whole.
 */

enum sim_decode_kind {
	SIM_DECODE_AUTO,	/* guess from the value */
	SIM_DECODE_SPTE,
	SIM_DECODE_EPTP,
	SIM_DECODE_NCR3,
	SIM_DECODE_ROLE,	/* kvm_mmu_page_role, v6.1 to v6.13 */
	SIM_DECODE_QUAL,	/* exit qualification of an EPT violation */
	SIM_DECODE_ERROR,	/* EXITINFO1 of #NPF, and KVM's own PFERR_* */
	SIM_DECODE_NR
};

struct sim_decode_options {
	enum sim_decode_kind kind;
	bool format_given;	/* else @ept does not count */
	bool ept;		/* EPT, else NPT */
	int level;		/* of an SPTE, 1 to 5; 0: unknown */
	unsigned int maxphyaddr;	/* bits, 32 to 52; 0: unknown */
	unsigned int l1tf_cache_bits;	/* EPT on a CPU with L1TF: its cache's bits; 0: no L1TF */
	const struct sim_profile *profile;	/* NULL: unknown */
};

#define SIM_DECODE_TEXT_SIZE	256

/* A field of the value.  No two rows of a value have a bit in common. */
struct sim_decode_row {
	u8 high, low;
	const char *who;	/* "CPU", "KVM", or "-" for nobody */
	char text[128];
};

/* A value under one reading. */
struct sim_decode_result {
	u64 value;
	enum sim_decode_kind kind;
	bool ept;
	int level;		/* SPTE only */
	unsigned int maxphyaddr;
	unsigned int l1tf_cache_bits;
	const struct sim_profile *profile;

	char title[64];		/* "EPT SPTE at level 1" */
	char what[SIM_DECODE_TEXT_SIZE];	/* in one line */
	char notes[4][128];	/* assumptions */
	unsigned int nr_notes;
	struct sim_decode_row rows[64];	/* ascending */
	unsigned int nr_rows;
	u64 explained;		/* the bits of all rows: each set bit of the value is among them */
	char cpu[SIM_DECODE_TEXT_SIZE];	/* what the CPU does with it; may be empty */
	char kvm[SIM_DECODE_TEXT_SIZE];	/* what KVM takes it for; may be empty */
};

/**
 * sim_decode_kind_find() - a kind by its name.
 * @name: "auto", "spte", "eptp", "ncr3", "role", "qual" or "error"
 * @kind: set on success
 *
 * Return: whether there is such a kind.
 */
bool sim_decode_kind_find(const char *name, enum sim_decode_kind *kind);

/**
 * sim_decode_explain() - take a value apart, under the most likely reading.
 * @opt: what is known of it
 * @value: any value
 * @result: where it goes
 *
 * Loads the module for the time of the call, to have the masks that go with the
 * value: sim_init() has been called, no VM exists, and a module that was loaded is
 * gone afterwards.  What is unknown is assumed, and result->notes says so.
 *
 * Return: 0; -EINVAL for a level, MAXPHYADDR or number of cache bits that no CPU
 * has; -EBUSY if there are VMs; -ENOMEM.
 */
int sim_decode_explain(const struct sim_decode_options *opt, u64 value,
		       struct sim_decode_result *result);

/**
 * sim_decode() - print what sim_decode_explain() finds, and other readings, if there are any.
 * @out: where to
 * @opt: what is known of the value
 * @value: any value
 *
 * Return: as sim_decode_explain(); nothing is printed on failure.
 */
int sim_decode(FILE *out, const struct sim_decode_options *opt, u64 value);

#endif /* SIM_DECODE_H */
