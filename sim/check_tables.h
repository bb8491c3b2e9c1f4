/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_CHECK_TABLES_H
#define SIM_CHECK_TABLES_H

#include "mmu/kvm_host.h"

/*
 * The page tables of a VM as a whole: that they agree with themselves, with the
 * counters, with the memslots and with the vCPUs.  For between two operations, when
 * no thread is at work on the VM.
 */

/**
 * sim_check_tables() - walk all tables of a VM and compare.
 * @kvm: the VM
 * @err: what is wrong, if something is; one line
 * @err_size: bytes at @err
 *
 * Invariants, beside those of single entries (check_spte.h):
 *  - every table is linked exactly once, and its header says where;
 *  - nr_tdp_mmu_pages, the list of pages (where the kernel has one), pages_4k, _2m
 *    and _1g, nx_lpage_splits and the list behind it are what a full walk counts;
 *  - the references of roots are those of check_refs.h; an invalid root whose zap is over
 *    maps nothing; no two valid ones have the same role; a vCPU has loaded one of its own
 *    role;
 *  - no invalidation is in progress and the VM is not bugged.
 * Behaviour: docs/roots.md, v6.4 to v6.12.
 *
 * Takes kvm->srcu, mmu_lock for write and the RCU read lock.
 *
 * Return: true if all is well.
 */
bool sim_check_tables(struct kvm *kvm, char *err, size_t err_size);

/**
 * sim_check_page_count() - whether every page in use is accounted for.
 * @others: pages in use that are not of @kvm
 *
 * The pages of the TDP MMU and those that wait in the vCPUs' caches, and no other.
 * Waits for all RCU callbacks.  Call it after sim_check_tables(), whose counts it
 * believes.
 *
 * Return: as sim_check_tables().
 */
bool sim_check_page_count(struct kvm *kvm, unsigned long others, char *err, size_t err_size);

#endif /* SIM_CHECK_TABLES_H */
