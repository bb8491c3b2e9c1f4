/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mmu/mmu.h"
#include "mmu/spte.h"
#include "sim/check_leaves.h"
#include "sim/check_zap.h"
#include "sim/finding.h"

/* ---- The roots that were valid ---- */

void sim_check_zap_begin(struct sim_zap_check *check, struct kvm *kvm,
			 const struct sim_history *history)
{
	const struct kvm_mmu_page *root;

	memset(check, 0, sizeof(*check));
	check->kvm = kvm;
	check->history = history;
	list_for_each_entry(root, &kvm->arch.tdp_mmu_roots, link) {
		if (sim_read_role(root).invalid)
			continue;
		if (check->nr_roots == SIM_ZAP_ROOTS_MAX)
			check->too_many = true;
		else
			check->roots[check->nr_roots++] = root;
	}
}

void sim_check_zap_new_page(struct sim_zap_check *check, const struct kvm_mmu_page *sp)
{
	unsigned int i;

	for (i = 0; i < check->nr_roots; i++)
		if (check->roots[i] == sp)
			check->roots[i] = check->roots[--check->nr_roots];
}

static bool is_remembered(const struct sim_zap_check *check, const struct kvm_mmu_page *root)
{
	unsigned int i;

	for (i = 0; i < check->nr_roots; i++)
		if (check->roots[i] == root)
			return true;
	return false;
}

static bool check_empty(const struct sim_zap_check *check, const struct kvm_mmu_page *root,
			char *err, size_t err_size)
{
	int level = root->role.level, i;

	for (i = 0; i < SPTE_ENT_PER_PAGE; i++) {
		u64 spte = READ_ONCE(root->spt[i]);
		gfn_t gfn = i * KVM_PAGES_PER_HPAGE(level);

		if (!is_shadow_present_pte(spte))
			continue;
		snprintf(err, err_size,
			 "root of as %d: zapped, but gfn 0x%llx level %d has SPTE 0x%llx",
			 kvm_mmu_page_as_id(root), (unsigned long long)gfn, level,
			 (unsigned long long)spte);
		sim_history_append(check->history, kvm_mmu_page_as_id(root), gfn, level, err,
				   err_size);
		return false;
	}
	return true;
}

bool sim_check_zap_done(const struct sim_zap_check *check, char *err, size_t err_size)
{
	const struct kvm_mmu_page *root;

	if (check->too_many) {
		snprintf(err, err_size, "more than %d valid roots", SIM_ZAP_ROOTS_MAX);
		return false;
	}
	list_for_each_entry(root, &check->kvm->arch.tdp_mmu_roots, link) {
		if (!is_remembered(check, root))
			continue;
		if (!sim_read_role(root).invalid) {
			snprintf(err, err_size,
				 "root of as %d, role 0x%x: all was zapped, but it is still valid",
				 kvm_mmu_page_as_id(root), root->role.word);
			return false;
		}
		if (!check_empty(check, root, err, err_size))
			return false;
	}
	return true;
}

/* ---- Leaves and slots ---- */

struct slots_check {
	struct kvm *kvm;
	const struct sim_history *history;
	char *err;
	size_t err_size;
};

static bool check_leaf(void *ctx, const struct sim_leaf *leaf)
{
	const struct slots_check *check = ctx;
	const struct kvm_memory_slot *slot;
	gfn_t end = leaf->gfn + KVM_PAGES_PER_HPAGE(leaf->level);
	const char *what = NULL;

	slot = gfn_to_memslot_in(__kvm_memslots(check->kvm, leaf->as_id), leaf->gfn);
	if (!slot)
		what = "mapped, but there is no memslot";
	else if (slot->flags & KVM_MEMSLOT_INVALID)
		what = "mapped, but the memslot is being deleted";
	else if (end > slot->base_gfn + slot->npages)
		what = "mapped, but it reaches beyond the end of the memslot";
	if (!what)
		return true;
	snprintf(check->err, check->err_size,
		 "root of as %d (%s): gfn 0x%llx level %d SPTE 0x%llx: %s", leaf->as_id,
		 leaf->root->role.invalid ? "invalid" : "valid", (unsigned long long)leaf->gfn,
		 leaf->level, (unsigned long long)leaf->spte, what);
	sim_history_append(check->history, leaf->as_id, leaf->gfn, leaf->level, check->err,
			   check->err_size);
	return false;
}

static bool check_root(void *ctx, const struct kvm_mmu_page *root)
{
	return sim_for_each_leaf(root, 0, INVALID_GFN, check_leaf, ctx);
}

bool sim_check_zap_slots(struct kvm *kvm, const struct sim_history *history, char *err,
			 size_t err_size)
{
	struct slots_check check = {
		.kvm = kvm, .history = history, .err = err, .err_size = err_size,
	};
	int idx = srcu_read_lock(&kvm->srcu);
	bool ok = sim_for_each_root(kvm, check_root, &check);

	srcu_read_unlock(&kvm->srcu, idx);
	return ok;
}
