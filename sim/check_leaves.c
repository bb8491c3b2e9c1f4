/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/kernel.h>
#include <linux/mm.h>

#include "mmu/mmu.h"
#include "mmu/spte.h"
#include "sim/check_leaves.h"

struct leaf_walk {
	const struct kvm_mmu_page *root;
	gfn_t start, end;
	bool (*fn)(void *ctx, const struct sim_leaf *leaf);
	void *ctx;
};

static bool walk_table(const struct leaf_walk *walk, u64 *table, int level, gfn_t first);

static bool visit(const struct leaf_walk *walk, u64 *sptep, int level, gfn_t gfn)
{
	u64 spte = READ_ONCE(*sptep);
	const struct sim_leaf leaf = {
		.root = walk->root, .sptep = sptep, .spte = spte, .gfn = gfn,
		.as_id = kvm_mmu_page_as_id(walk->root), .level = level,
	};

	if (!is_shadow_present_pte(spte))
		return true;
	if (is_last_spte(spte, level))
		return walk->fn(walk->ctx, &leaf);
	return walk_table(walk, __va(spte & SPTE_BASE_ADDR_MASK & ~shadow_me_mask), level - 1, gfn);
}

/* Five levels deep at most. */
static bool walk_table(const struct leaf_walk *walk, u64 *table, int level, gfn_t first)
{
	gfn_t pages = KVM_PAGES_PER_HPAGE(level);
	int i = 0, end = SPTE_ENT_PER_PAGE;

	if (walk->start > first)
		i = (int)min((walk->start - first) / pages, (gfn_t)SPTE_ENT_PER_PAGE);
	if (walk->end < first + end * pages)
		end = walk->end > first ? (int)DIV_ROUND_UP(walk->end - first, pages) : 0;
	for (; (i = sim_next_entry(table, i, end, SHADOW_NONPRESENT_VALUE)) < end; i++)
		if (!visit(walk, &table[i], level, first + i * pages))
			return false;
	return true;
}

bool sim_for_each_leaf(const struct kvm_mmu_page *root, gfn_t start, gfn_t end,
		       bool (*fn)(void *ctx, const struct sim_leaf *leaf), void *ctx)
{
	const struct leaf_walk walk = {
		.root = root, .start = start, .end = end, .fn = fn, .ctx = ctx,
	};

	return walk_table(&walk, root->spt, root->role.level, 0);
}

/* ---- Roots ---- */

static bool is_listed(struct kvm *kvm, hpa_t hpa)
{
	const struct kvm_mmu_page *root;

	list_for_each_entry(root, &kvm->arch.tdp_mmu_roots, link)
		if (__pa(root->spt) == hpa)
			return true;
	return false;
}

static bool visit_cached(struct kvm *kvm, hpa_t hpa,
			 bool (*fn)(void *ctx, const struct kvm_mmu_page *root), void *ctx)
{
	if (!VALID_PAGE(hpa) || is_listed(kvm, hpa))
		return true;
	return fn(ctx, to_shadow_page(hpa));
}

static bool visit_mmu(struct kvm *kvm, const struct kvm_mmu *mmu,
		      bool (*fn)(void *ctx, const struct kvm_mmu_page *root), void *ctx)
{
	int i;

	for (i = 0; i < KVM_MMU_NUM_PREV_ROOTS; i++)
		if (!visit_cached(kvm, mmu->prev_roots[i].hpa, fn, ctx))
			return false;
	return visit_cached(kvm, mmu->root.hpa, fn, ctx);
}

bool sim_for_each_root(struct kvm *kvm,
		       bool (*fn)(void *ctx, const struct kvm_mmu_page *root), void *ctx)
{
	const struct kvm_mmu_page *root;
	struct kvm_vcpu *vcpu;
	unsigned long i;

	list_for_each_entry(root, &kvm->arch.tdp_mmu_roots, link)
		if (!fn(ctx, root))
			return false;
	kvm_for_each_vcpu(i, vcpu, kvm)
		if (!visit_mmu(kvm, &vcpu->arch.root_mmu, fn, ctx) ||
		    !visit_mmu(kvm, &vcpu->arch.guest_mmu, fn, ctx))
			return false;
	return true;
}
