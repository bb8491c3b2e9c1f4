/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_X86_NPT_H
#define SIM_X86_NPT_H

/*
 * AMD nested page tables: APM volume 2, 15.25 (nested paging) on top of 5.3
 * (long-mode page translation).  The entries are those of the host's own page
 * tables; names that KVM has for their bits are KVM's.
 */

#include <stdbool.h>
#include <stdint.h>

#include "x86/paging.h"

/* Entries. */
#define PT_PRESENT_MASK		(UINT64_C(1) << 0)
#define PT_WRITABLE_MASK	(UINT64_C(1) << 1)
#define PT_USER_MASK		(UINT64_C(1) << 2)
#define PT_PWT_MASK		(UINT64_C(1) << 3)
#define PT_PCD_MASK		(UINT64_C(1) << 4)
#define PT_ACCESSED_MASK	(UINT64_C(1) << 5)
#define PT_DIRTY_MASK		(UINT64_C(1) << 6)
/* Bit 7 is the page size above the last level, and the PAT bit at the last. */
#define PT_PAGE_SIZE_MASK	(UINT64_C(1) << 7)
#define PT_PAT_MASK		(UINT64_C(1) << 7)
#define PT_GLOBAL_MASK		(UINT64_C(1) << 8)
/* The PAT bit of a 2 MiB or 1 GiB leaf. */
#define PT_DIR_PAT_MASK		(UINT64_C(1) << 12)
#define PT64_NX_SHIFT		63
#define PT64_NX_MASK		(UINT64_C(1) << PT64_NX_SHIFT)

/* EXITINFO1 of a nested page fault. */
#define NPF_PRESENT		(UINT64_C(1) << 0)
#define NPF_WRITE		(UINT64_C(1) << 1)
#define NPF_USER		(UINT64_C(1) << 2)
#define NPF_RESERVED		(UINT64_C(1) << 3)
#define NPF_FETCH		(UINT64_C(1) << 4)
/* Exactly one of these two is set. */
#define NPF_GUEST_FINAL		(UINT64_C(1) << 32)
#define NPF_GUEST_TABLE		(UINT64_C(1) << 33)

/* Exit code of a nested page fault (APM appendix C: VMEXIT_NPF). */
#define SVM_EXIT_NPF	0x400

/**
 * sim_npt_format - the NPT format: long mode of the host, without GMET,
 * supervisor shadow stacks and read-only guest page tables
 */
extern const struct sim_paging_format sim_npt_format;

/**
 * sim_ncr3_valid - whether VMRUN accepts a nested CR3
 * @ncr3: the VMCB field N_CR3
 * @maxphyaddr: physical address width in bits
 *
 * APM 15.25.3: bits that must be zero make VMRUN exit with VMEXIT_INVALID.
 * These are the ones from @maxphyaddr up; the low twelve are PWT, PCD and
 * ignored bits.
 *
 * Return: false if VMRUN would refuse it.
 */
bool sim_ncr3_valid(uint64_t ncr3, unsigned int maxphyaddr);

/**
 * sim_ncr3_root - the root table of a nested CR3
 * @ncr3: the VMCB field N_CR3
 *
 * Return: physical address of the table.
 */
uint64_t sim_ncr3_root(uint64_t ncr3);

#endif /* SIM_X86_NPT_H */
