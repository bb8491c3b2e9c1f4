/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MMU_TDP_MMU_ZAP_H
#define MMU_TDP_MMU_ZAP_H

#include "mmu/mmu_internal.h"

/**
 * tdp_mmu_zap_root() - empty a root.
 * @root: the caller has a reference on it
 * @shared: mmu_lock is held for read, else for write; dropped and retaken on the way
 *
 * No flush: the VM is going away, or the root is invalid and no vCPU runs on it.
 */
void tdp_mmu_zap_root(struct kvm *kvm, struct kvm_mmu_page *root, bool shared);

#endif /* MMU_TDP_MMU_ZAP_H */
