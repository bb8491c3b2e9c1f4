/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_CHECK_HOST_H
#define SIM_CHECK_HOST_H

#include "sim/host_model.h"

/*
 * The page tables of a VM against those of its host.  For between two operations,
 * when no thread is at work on either.
 */

/**
 * sim_check_host() - whether all that the VM maps is what the host has there now.
 * @kvm: the VM, whose tables sim_check_tables() has found in order
 * @host: its host
 * @err: what is wrong, if something is; one line
 * @err_size: bytes at @err
 *
 * For each leaf, in valid and invalid roots: the host maps the address of its slot, by
 * a page that is no smaller, to the same frames; if the SPTE says that the host lets
 * the page be written, it still does (so it is not shared, nor a page of zeroes); and
 * the frames are in use, by this address.  Else an MMU notifier was missed, or did
 * not do its work.
 *
 * Takes kvm->srcu and the host's lock.
 *
 * Return: true if all is well.
 */
bool sim_check_host(struct kvm *kvm, struct sim_host_model *host, char *err, size_t err_size);

#endif /* SIM_CHECK_HOST_H */
