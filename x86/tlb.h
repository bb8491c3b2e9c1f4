/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_X86_TLB_H
#define SIM_X86_TLB_H

/*
 * What one logical processor remembers of second-level tables: guest-physical
 * translations, and paging-structure caches, which spare a walk its upper levels.
 *
 * Both vendors by one rule, told apart by the tag alone: EPT tags with the EP4TA,
 * bits 51:12 of the EPTP (SDM volume 3, "Caching Translation Information"), NPT with
 * the ASID (APM volume 2, 15.16).  What the architecture lets a CPU keep is kept until
 * it is flushed: there is no capacity, and nothing is evicted by luck.  Combined
 * mappings, from linear addresses, are not modelled: the guest's own tables are no
 * part of this CPU.  So on Intel nothing is kept that INVVPID would drop.
 *
 * Nothing is learned from entries that are not present or malformed, nor by walks
 * that did not end well.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "x86/walk.h"

/**
 * struct sim_tlb_entry - a translation, or a place in the paging-structure caches
 * @tag: EP4TA or ASID
 * @gpa: first guest-physical address that it covers
 * @size: bytes that it covers
 * @hpa: of the page that @gpa is in; of the table
 * @table: it leads to a table
 * @level: of the leaf, 1 to 3; of the table, 1 to 4
 * @rights: SIM_RIGHT_*: the AND over the leaf and all above it; over all above the table
 * @memtype: of a page: as in struct sim_walk_result
 * @ipat: of a page: as there
 * @dirty_known: of a page: a write need not set D
 */
struct sim_tlb_entry {
	uint64_t tag;
	uint64_t gpa, size;
	uint64_t hpa;
	bool table;
	int level;
	unsigned int rights;
	uint8_t memtype;
	bool ipat;
	bool dirty_known;
};

/* Entries of one kind for neighbouring addresses, a word each; 0 where there is none. */
#define SIM_TLB_BLOCK	32u

struct sim_tlb_block {
	uint64_t data[SIM_TLB_BLOCK];
};

struct sim_tlb_slot {
	uint64_t key;
	struct sim_tlb_block *block;
};

/* What is kept under one tag: entries with its present id.  A flush takes the id away. */
struct sim_tlb_context {
	uint64_t tag;
	uint32_t id;		/* 0: nothing is kept */
	uint32_t kinds;		/* of entry, a bit each; others need not be looked for */
};

/**
 * struct sim_tlb - the caches of one logical processor
 * @nr_hits: accesses that a translation served
 * @nr_table_hits: walks that began below the root
 * @nr_walks: walks
 *
 * All zero is an empty one.  The other members are for tlb.c.  Only the processor that it
 * belongs to may touch it.
 */
struct sim_tlb {
	struct sim_tlb_slot *slots;	/* open addressing, a power of two */
	size_t nr_slots, nr_used;	/* used: also those of ids that are gone */
	unsigned int shift;
	struct sim_tlb_block *spare[64];
	unsigned int nr_spare;
	struct sim_tlb_context *contexts;
	size_t nr_contexts, max_contexts, recent;
	uint32_t last_id;
	uint64_t nr_hits, nr_table_hits, nr_walks;
};

/**
 * struct sim_tlb_cpu - the processor around the caches, as it is now
 * @fmt: format of the tables
 * @caps: what the CPU supports; its levels say how deep the tables are
 * @root_pa: physical address of the root table
 * @tag: EP4TA or ASID
 * @mem: where the tables are
 * @pml: the page-modification log, or NULL
 * @on_use: called with every entry that is used, before it is: a translation instead of
 *	a walk, or a table that a walk begins at.  NULL: nobody wants to know.
 * @ctx: for @on_use
 */
struct sim_tlb_cpu {
	const struct sim_paging_format *fmt;
	const struct sim_paging_caps *caps;
	uint64_t root_pa;
	uint64_t tag;
	const struct sim_walk_mem *mem;
	struct sim_pml *pml;
	void (*on_use)(void *ctx, const struct sim_access *access,
		       const struct sim_tlb_entry *entry);
	void *ctx;
};

/**
 * sim_tlb_access() - translate one access by what is cached, else by a walk that is
 * then cached
 * @tlb: the caches
 * @cpu: all else
 * @access: the access
 * @entry: set to the translation used or learned; of no meaning if the access faults
 * @res: set to the end of the walk if there was one; left alone on a hit
 *
 * A translation that grants what the access needs is used, whatever the tables say by
 * now; but a write wants D to be known, and otherwise walks to set it.  With fewer rights
 * it is dropped, with all else that translates the address, and the walk begins at the
 * root: rights that were added need no flush (SDM volume 3, "Operations that Invalidate
 * Cached Mappings"; for NPT the CPU walks again before it delivers #NPF).  Any other walk
 * begins at the deepest table known.  A violation drops what translates the address.  A
 * fault found from a cached table is not delivered until a walk from the root finds it
 * too; on EPT the architecture would allow it.
 *
 * If memory is short nothing new is remembered.
 *
 * Return: true if a translation was used; false if there was a walk.
 */
bool sim_tlb_access(struct sim_tlb *tlb, const struct sim_tlb_cpu *cpu,
		    const struct sim_access *access, struct sim_tlb_entry *entry,
		    struct sim_walk_result *res);

/**
 * sim_tlb_lookup() - the translation of an address
 * @entry: set if there is one, that of the smallest page if there are several
 *
 * Return: whether there is one.
 */
bool sim_tlb_lookup(struct sim_tlb *tlb, uint64_t tag, uint64_t gpa,
		    struct sim_tlb_entry *entry);

/**
 * sim_tlb_lookup_table() - the deepest table on the way to an address
 * @entry: set if one is known
 *
 * Return: whether one is known.  The root never counts.
 */
bool sim_tlb_lookup_table(struct sim_tlb *tlb, uint64_t tag, uint64_t gpa,
			  struct sim_tlb_entry *entry);

/**
 * sim_tlb_for_each() - all that is kept, in no order, until @fn returns false
 * @fn: must not change what is kept
 *
 * Only while the processor does nothing.
 *
 * Return: whether @fn returned true each time.
 */
bool sim_tlb_for_each(const struct sim_tlb *tlb,
		      bool (*fn)(void *ctx, const struct sim_tlb_entry *entry), void *ctx);

/**
 * sim_tlb_flush_gpa() - drop all that translates an address, tables on the way to it too
 *
 * What an EPT violation does for the EP4TA in use.
 */
void sim_tlb_flush_gpa(struct sim_tlb *tlb, uint64_t tag, uint64_t gpa);

/**
 * sim_tlb_flush_range() - drop what translates a part of a range, tables on the way to it too
 * @start: byte of the guest
 * @end: and behind the last
 *
 * Of all tags.  No instruction of a CPU does this: hypervisors offer it to those above them
 * (Hyper-V TLFS, HvCallFlushGuestPhysicalAddressList).
 */
void sim_tlb_flush_range(struct sim_tlb *tlb, uint64_t start, uint64_t end);

/** sim_tlb_flush_tag() - drop all of a tag: INVEPT single-context; TLB_CONTROL 3. */
void sim_tlb_flush_tag(struct sim_tlb *tlb, uint64_t tag);

/** sim_tlb_flush_all() - drop all: INVEPT global; TLB_CONTROL 1. */
void sim_tlb_flush_all(struct sim_tlb *tlb);

/** sim_tlb_exit() - free the memory; it is empty then, and can be used again. */
void sim_tlb_exit(struct sim_tlb *tlb);

#endif /* SIM_X86_TLB_H */
