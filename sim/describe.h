/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_DESCRIBE_H
#define SIM_DESCRIBE_H

#include <linux/types.h>

#include "x86/paging.h"

/* SPTEs in words, for people.  kvm_mmu_module_init() has run: its masks say what a bit means. */

/* Bytes that hold every description. */
#define SIM_DESCRIBE_SIZE	224

/* What KVM takes an entry for. */
enum sim_spte_class {
	SIM_SPTE_EMPTY,		/* SHADOW_NONPRESENT_VALUE */
	SIM_SPTE_REMOVED,	/* REMOVED_SPTE, FROZEN_SPTE from v6.11 */
	SIM_SPTE_MMIO,
	SIM_SPTE_FOREIGN,	/* not present to KVM, and none of the above */
	SIM_SPTE_TRACKED,	/* a leaf without R, W and X, by access tracking */
	SIM_SPTE_LEAF,
	SIM_SPTE_TABLE,
};

/**
 * sim_spte_class() - what KVM takes an entry for.
 * @spte: the value
 * @level: 1 to 5
 *
 * The tests of mmu/spte.h, in the order in which KVM may make them: presence is
 * bit 11, but only in entries that are neither removed nor of MMIO.
 */
enum sim_spte_class sim_spte_class(u64 spte, int level);

/**
 * sim_describe_spte() - an SPTE in one line of words.
 * @spte: the value
 * @level: 1 to 5
 * @table: number to print as Tn for an entry that points to a table; 0: print its frame
 * @buf: where the text goes
 * @size: bytes at @buf; SIM_DESCRIBE_SIZE suffice
 *
 * "4K leaf, pfn 0x29eb, rwxu, WB ipat, A D, host-writable mmu-writable", "table, T3, A",
 * "MMIO, gfn 0xfee00, gen 0x10", "removed (frozen)", "empty".  Bits that the CPU
 * reserves are told at the end.  "no A D" is a leaf whose A and D are both clear;
 * "read-only host page" is one that the host does not let be written.
 *
 * Return: the length of the text, as snprintf().
 */
int sim_describe_spte(u64 spte, int level, u64 table, char *buf, size_t size);

/**
 * sim_spte_access_letters() - the rights of an SPTE as the tracepoint kvm_mmu_set_spte prints them.
 * @spte: a present SPTE
 * @out: "rwxu", with '-' for a letter that is missing
 *
 * r is set wherever shadow_present_mask is not 0; u is R in EPT, where no entry has
 * a user bit of its own (arch/x86/kvm/mmu/mmutrace.h, v6.1 to v6.12).
 */
void sim_spte_access_letters(u64 spte, char out[5]);

/**
 * sim_describe_caps() - the CPU the module was loaded on, as x86/ wants it described.
 *
 * Return: the capabilities that go with kvm_cpu and the parameters in force.
 */
struct sim_paging_caps sim_describe_caps(void);

/**
 * sim_describe_format() - the format of the tables that KVM builds.
 *
 * Return: &sim_ept_format or &sim_npt_format.
 */
const struct sim_paging_format *sim_describe_format(void);

/** sim_memtype_name() - a memory type of EPT: "UC", "WC", "WT", "WP", "WB", or "illegal type". */
const char *sim_memtype_name(unsigned int type);

/** sim_level_size() - what an entry of a level covers: "4K", "2M", "1G", "512G", "256T". */
const char *sim_level_size(int level);

#endif /* SIM_DESCRIBE_H */
