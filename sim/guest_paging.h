/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_GUEST_PAGING_H
#define SIM_GUEST_PAGING_H

#include "sim/cpu.h"

/*
 * A guest's own page tables: four levels of 4 KiB pages, in guest memory.
 *
 * Guest memory has contents here, but only where a guest has made tables: the words that it
 * has stored, by host address, so that they stay what they are when the host gives the page
 * another frame, and are gone when the host takes the page away.
 *
 * A linear address is translated in two dimensions: each of the guest's entries is itself an
 * access to a guest-physical address, which the CPU translates by the tables that KVM made;
 * then comes the access.  The CPU does not remember what the guest's tables said.
 */

/* No host address: no memslot is there. */
#define SIM_GUEST_NO_HVA	UINT64_MAX

struct sim_guest_page {
	u64 hva;
	u64 *words;
};

/* All zero is one without contents. */
struct sim_guest_memory {
	struct sim_guest_page *pages;
	size_t nr;
};

/** sim_guest_memory_clear() - the host took these pages away, or wrote over them. */
void sim_guest_memory_clear(struct sim_guest_memory *memory, u64 hva, u64 size);

/** sim_guest_memory_exit() - free all. */
void sim_guest_memory_exit(struct sim_guest_memory *memory);

/**
 * struct sim_guest - where a guest's words are
 * @hva_of: host address of a guest-physical one, SIM_GUEST_NO_HVA if there is none
 */
struct sim_guest {
	struct sim_guest_memory *memory;
	u64 (*hva_of)(void *ctx, u64 gpa);
	void *ctx;
};

/** sim_guest_load() - the word at @gpa; 0 if the guest has stored none, or there is no slot. */
u64 sim_guest_load(const struct sim_guest *guest, u64 gpa);

/** sim_guest_store() - store one: 0; -EFAULT without a slot; -ENOMEM. */
int sim_guest_store(const struct sim_guest *guest, u64 gpa, u64 word);

/* The bits of a guest's entry. */
#define SIM_GUEST_PRESENT	0x01ULL
#define SIM_GUEST_WRITE		0x02ULL
#define SIM_GUEST_USER		0x04ULL
#define SIM_GUEST_ACCESSED	0x20ULL
#define SIM_GUEST_DIRTY		0x40ULL
#define SIM_GUEST_ADDRESS	0x000ffffffffff000ULL

#define SIM_GUEST_LEVELS	4

/**
 * struct sim_guest_paging - the tables of one vCPU
 * @root: CR3
 * @next: the page for the next table
 * @end: of the pages for tables; 0: there are no tables
 */
struct sim_guest_paging {
	u64 root, next, end;
};

/**
 * struct sim_guest_walk - the guest's half of a translation
 * @entries: guest-physical addresses of the entries read, in the order of the walk
 * @words: what they were, and what they will be when A and D have been set
 * @nr: how many
 * @present: all of them were, and @gpa is the translation
 */
struct sim_guest_walk {
	u64 entries[SIM_GUEST_LEVELS];
	u64 words[SIM_GUEST_LEVELS], updated[SIM_GUEST_LEVELS];
	unsigned int nr;
	bool present;
	u64 gpa;
};

/** sim_guest_walk() - translate a linear address as the guest's tables are now. */
void sim_guest_walk(const struct sim_guest *guest, const struct sim_guest_paging *paging,
		    u64 linear, enum sim_access_type type, struct sim_guest_walk *walk);

/**
 * sim_guest_walk_program() - the walk, and behind it the access, as accesses of a CPU.
 * @insn: an instruction without any yet
 *
 * Without a translation the access is left out: the guest has a page fault of its own, of
 * which KVM does not hear.
 */
void sim_guest_walk_program(const struct sim_guest_walk *walk, enum sim_access_type type,
			    struct sim_instruction *insn);

/** sim_guest_walk_done() - all went well: set A and D in the guest's entries. */
void sim_guest_walk_done(const struct sim_guest *guest, const struct sim_guest_walk *walk);

#endif /* SIM_GUEST_PAGING_H */
