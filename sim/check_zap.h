/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_CHECK_ZAP_H
#define SIM_CHECK_ZAP_H

#include "mmu/kvm_host.h"
#include "sim/history.h"

/*
 * That zapping all of a VM, as for a slot that is deleted or moved, is complete when it
 * returns, and stays so.
 *
 * Invariants:
 *  - when kvm_mmu_zap_all_fast() has returned, every root that was valid when it was called
 *    is invalid, if it is there still, and no entry in it is present; no page fault that was
 *    on its way then, nor any later, changes that;
 *  - where no slot update is under way, no root that notifiers or vCPUs can reach has a
 *    present leaf outside a memslot, or in one that is being deleted.
 */

/* More roots than a VM has: six are valid at a time, and the invalid ones do not count. */
#define SIM_ZAP_ROOTS_MAX	64

/* One zap, and the roots that were valid before it. */
struct sim_zap_check {
	struct kvm *kvm;
	const struct sim_history *history;	/* for reports; NULL: none */
	const struct kvm_mmu_page *roots[SIM_ZAP_ROOTS_MAX];
	unsigned int nr_roots;
	bool too_many;		/* some could not be remembered */
};

/**
 * sim_check_zap_begin() - remember the valid roots, just before the zap.
 * @history: appended to reports; NULL: none
 *
 * Nobody changes the list of roots meanwhile.  Takes no lock.
 */
void sim_check_zap_begin(struct sim_zap_check *check, struct kvm *kvm,
			 const struct sim_history *history);

/**
 * sim_check_zap_new_page() - a page-table page was made: tracepoint kvm_mmu_get_page.
 * @sp: the page.  A root that was at its address, and was remembered, is gone.
 */
void sim_check_zap_new_page(struct sim_zap_check *check, const struct kvm_mmu_page *sp);

/**
 * sim_check_zap_done() - judge the roots that were remembered.
 * @err: what is wrong, if something is
 * @err_size: bytes at @err
 *
 * When the zap has returned, and as often as wanted from then on.  Nobody changes the list
 * of roots meanwhile.  Takes no lock.
 *
 * Return: true if all is well.
 */
bool sim_check_zap_done(const struct sim_zap_check *check, char *err, size_t err_size);

/**
 * sim_check_zap_slots() - judge all leaves by the memslots.
 * @kvm: the VM; nobody updates its slots or changes its tables meanwhile
 * @history: appended to reports; NULL: none
 *
 * Takes kvm->srcu.
 *
 * Return: as sim_check_zap_done().
 */
bool sim_check_zap_slots(struct kvm *kvm, const struct sim_history *history, char *err,
			 size_t err_size);

#endif /* SIM_CHECK_ZAP_H */
