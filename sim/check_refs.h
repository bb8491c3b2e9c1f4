/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_CHECK_REFS_H
#define SIM_CHECK_REFS_H

#include "mmu/kvm_host.h"

/*
 * The reference counts of roots against those who hold references.
 *
 * Invariants:
 *  - the count of a root is the number of vCPUs' caches that have it (root and prev_roots,
 *    of root_mmu and guest_mmu), and one more for the TDP MMU while the root is valid, in
 *    the profiles where it has a reference of its own, or for the zap that is still to come
 *    once it is invalid;
 *  - no root on the list has no reference: the last one takes it off;
 *  - a zap is ordered for invalid roots only, and once for each;
 *  - what a vCPU has cached is on the list;
 *  - when the VM's MMU is gone, so are roots, tables, and callbacks that would free them.
 * docs/roots.md has the counts step by step; all profiles.
 */

/**
 * sim_check_refs() - judge all roots of a VM.
 * @kvm: the VM.  It stands still: nothing changes its list of roots meanwhile.
 * @inside: how many references others may have beside: those of walks over the roots and of
 *	workers that are in the middle of something.  0 where nobody is.
 * @err: what is wrong, if something is; one line
 * @err_size: bytes at @err
 *
 * Takes no lock and changes nothing.
 *
 * Return: true if all is well.
 */
bool sim_check_refs(struct kvm *kvm, unsigned int inside, char *err, size_t err_size);

/**
 * sim_check_refs_gone() - judge what kvm_mmu_uninit_vm() has left behind.
 * @kvm: still in memory
 *
 * Only where no other VM is in the middle of something: RCU callbacks do not say whose
 * they are.
 *
 * Return: as sim_check_refs().
 */
bool sim_check_refs_gone(struct kvm *kvm, char *err, size_t err_size);

#endif /* SIM_CHECK_REFS_H */
