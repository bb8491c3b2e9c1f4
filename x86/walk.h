/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_X86_WALK_H
#define SIM_X86_WALK_H

/*
 * The hardware walk of second-level tables: one walk, two formats.  It reads
 * real tables, sets A and D in them the way a CPU does, logs to the
 * page-modification log, and tells a fault in the words of the format.
 */

#include <stdbool.h>
#include <stdint.h>

#include "x86/paging.h"

/* Entries of a page-modification log, which fills one page. */
#define SIM_PML_ENTRIES	512u

/**
 * struct sim_walk_mem - how the walker reaches tables
 * @read: one aligned 64-bit load of the entry at physical address @pa
 * @set_bits: a locked read-modify-write of the entry at @pa: if it still equals
 *	@old, sets @bits in it and returns true; otherwise writes nothing and
 *	returns false, and the walker starts again where it began
 * @ctx: the callbacks' own
 *
 * The callbacks may delay, count, or let others run: between any two calls the
 * tables may change in any way.
 */
struct sim_walk_mem {
	uint64_t (*read)(void *ctx, uint64_t pa);
	bool (*set_bits)(void *ctx, uint64_t pa, uint64_t old, uint64_t bits);
	void *ctx;
};

/**
 * struct sim_pml - the page-modification log of one vCPU
 * @buffer: 512 entries
 * @index: the guest PML index: where the next entry goes.  Starts at 511, goes
 *	down, and is 0xffff once the log is full.
 * @enabled: secondary control 17 is on
 */
struct sim_pml {
	uint64_t *buffer;
	uint16_t index;
	bool enabled;
};

/**
 * struct sim_walk_start - where a walk begins
 * @table_pa: physical address of the table that is read first, 4 KiB aligned
 * @level: its level, that of the tables' top for a root
 * @rights: SIM_RIGHT_* that all entries above it grant, SIM_RIGHT_ALL for a root
 */
struct sim_walk_start {
	uint64_t table_pa;
	int level;
	unsigned int rights;
};

/**
 * struct sim_walk_result - what a walk found
 * @status: how it ended
 * @info: EPT: exit qualification of a violation, 0 for other exits.  NPT:
 *	EXITINFO1.  0 on OK.
 * @gpa: the guest-physical address of the access, all its bits
 * @hpa: on OK: the host-physical address of the byte
 * @entry: the last entry read, as it was before this walk set flags in it; 0 if
 *	the address was too wide to read any
 * @level: its level, that of the leaf on OK; 0 if none was read
 * @read: on OK: all entries grant reading
 * @write: on OK: all entries grant writing
 * @exec: on OK: all entries grant fetching
 * @memtype: on OK: memory type of the leaf, see struct sim_paging_format
 * @ipat: on OK: EPT: the guest's PAT is ignored
 * @dirty_known: on OK: D was set, or got set by this walk, or A/D is off so that
 *	there is none: a write through this translation has no flag left to set
 * @tables: on OK: the table of each level that was read, from @top down to @level, in
 *	[level - 1], and what a walk that begins there has to know
 * @top: on OK: level of the table that was read first
 * @a_or_d_set: the walk wrote a flag.  Also if it did not end OK: a walk that
 *	has to start again may find that the access is not allowed any more.
 */
struct sim_walk_result {
	enum sim_walk_status status;
	uint64_t info;
	uint64_t gpa;
	uint64_t hpa;
	uint64_t entry;
	int level;
	bool read, write, exec;
	uint8_t memtype;
	bool ipat;
	bool dirty_known;
	bool a_or_d_set;
	int top;
	struct sim_walk_start tables[SIM_PT_MAX_LEVEL];
};

/**
 * sim_walk() - translate one access to a guest-physical address
 * @fmt: format of the tables
 * @caps: what the CPU supports; its levels say how deep the tables are
 * @root_pa: physical address of the root table, 4 KiB aligned
 * @access: the access
 * @mem: where the tables are
 * @pml: the page-modification log, or NULL.  Without EPT A/D nothing is logged.
 * @res: all of it is written
 *
 * From the root down, each entry is read once and judged: not present faults,
 * else malformed faults, else the walk goes on.  Whether the rights suffice is
 * judged only when the leaf is found, over all entries.  Only then are flags
 * set: A in every entry, D in the leaf if the access is a write (all accesses to
 * guest tables are, with A/D on).  Each entry with a flag missing takes one
 * set_bits(), from the root down.  If any flag is missing and the log is full,
 * the walk ends with SIM_WALK_PML_FULL and nothing is written.
 *
 * SDM volume 3, "EPT Translation Mechanism" and "Page-Modification Logging"; APM
 * volume 2, 15.25.  The SDM leaves open whether A is set on a walk that faults:
 * here it is not.
 *
 * Takes no lock and allocates nothing.  It does not end while set_bits() keeps
 * failing, which takes someone else to change an entry each time.
 */
void sim_walk(const struct sim_paging_format *fmt, const struct sim_paging_caps *caps,
	      uint64_t root_pa, const struct sim_access *access, const struct sim_walk_mem *mem,
	      struct sim_pml *pml, struct sim_walk_result *res);

/**
 * sim_walk_from() - the same, from a table below the root.
 * @start: a table that translates the address, as an earlier walk found it
 *
 * What a CPU does that remembers upper levels (SDM volume 3, "Caching Translation
 * Information"): entries above @start are neither read nor judged, and get no flag.
 * The rest is as in sim_walk().  @start of a root makes it sim_walk().
 */
void sim_walk_from(const struct sim_paging_format *fmt, const struct sim_paging_caps *caps,
		   const struct sim_walk_start *start, const struct sim_access *access,
		   const struct sim_walk_mem *mem, struct sim_pml *pml,
		   struct sim_walk_result *res);

#endif /* SIM_X86_WALK_H */
