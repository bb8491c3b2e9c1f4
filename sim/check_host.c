/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdarg.h>
#include <stdio.h>

#include "mmu/mmu.h"
#include "mmu/spte.h"
#include "sim/check_host.h"
#include "sim/check_leaves.h"

/* A leaf, and what is known of it. */
struct leaf {
	int as_id, level;
	gfn_t gfn;
	u64 spte;
	hva_t hva;
	kvm_pfn_t pfn;
};

struct walk {
	struct kvm *kvm;
	struct sim_host_model *host;
	char *err;
	size_t err_size;
};

static bool complain(struct walk *walk, const struct leaf *leaf, const char *fmt, ...)
{
	int n = snprintf(walk->err, walk->err_size,
			 "as %d gfn 0x%llx level %d SPTE 0x%llx hva 0x%llx: ", leaf->as_id,
			 (unsigned long long)leaf->gfn, leaf->level,
			 (unsigned long long)leaf->spte, (unsigned long long)leaf->hva);
	va_list args;

	if (n >= 0 && (size_t)n < walk->err_size) {
		va_start(args, fmt);
		vsnprintf(walk->err + n, walk->err_size - n, fmt, args);
		va_end(args);
	}
	return false;
}

static bool check_frame(struct walk *walk, const struct leaf *leaf)
{
	const struct sim_frame *frame = sim_frame_get(walk->host, leaf->pfn);
	unsigned int shift;

	if (!frame)
		return complain(walk, leaf, "no frame has the number 0x%llx",
				(unsigned long long)leaf->pfn);
	if (sim_frames_is_zero(leaf->pfn))
		return true;
	if (frame->free)
		return complain(walk, leaf, "frame 0x%llx is free", (unsigned long long)leaf->pfn);

	/* What was part of a huge page keeps that one's address. */
	shift = frame->order == SIM_ORDER_1G ? 30 : 21;
	if (frame->hva >> shift != leaf->hva >> shift)
		return complain(walk, leaf, "frame 0x%llx is of host address 0x%llx",
				(unsigned long long)leaf->pfn, (unsigned long long)frame->hva);
	/* The host's own mapping: KVM gives back what it takes before a fault ends. */
	if (!frame->order && frame->refs != 1)
		return complain(walk, leaf, "frame 0x%llx has %u references",
				(unsigned long long)leaf->pfn, frame->refs);
	return true;
}

static bool check_leaf(struct walk *walk, const struct leaf *leaf)
{
	struct sim_host_page page;

	if (!sim_host_model_lookup(walk->host, leaf->hva, &page))
		return complain(walk, leaf, "the host maps nothing there");
	if (page.level < leaf->level)
		return complain(walk, leaf, "the host maps it by smaller pages, of level %d",
				page.level);
	if (page.pfn != leaf->pfn)
		return complain(walk, leaf, "the host maps frame 0x%llx there",
				(unsigned long long)page.pfn);
	if ((leaf->spte & shadow_host_writable_mask) && !page.writable)
		return complain(walk, leaf, "the host does not let it be written");
	return check_frame(walk, leaf);
}

static bool check_table(struct walk *walk, const struct kvm_mmu_page *sp);

static bool check_entry(struct walk *walk, const struct kvm_mmu_page *sp, gfn_t gfn, u64 spte)
{
	u64 pa = spte & SPTE_BASE_ADDR_MASK & ~shadow_me_mask;
	struct leaf leaf = {
		.as_id = kvm_mmu_page_as_id(sp), .level = sp->role.level, .gfn = gfn,
		.spte = spte, .pfn = pa >> PAGE_SHIFT,
	};
	const struct kvm_memory_slot *slot;

	if (!is_last_spte(spte, sp->role.level))
		return check_table(walk, to_shadow_page(pa));

	slot = gfn_to_memslot_in(__kvm_memslots(walk->kvm, leaf.as_id), gfn);
	if (!slot)
		return complain(walk, &leaf, "no memslot is here");
	leaf.hva = gfn_to_hva_memslot(slot, gfn);
	return check_leaf(walk, &leaf);
}

static bool check_table(struct walk *walk, const struct kvm_mmu_page *sp)
{
	int i, end = SPTE_ENT_PER_PAGE;

	for (i = 0; (i = sim_next_entry(sp->spt, i, end, SHADOW_NONPRESENT_VALUE)) < end; i++) {
		gfn_t gfn = sp->gfn + i * KVM_PAGES_PER_HPAGE(sp->role.level);

		if (is_shadow_present_pte(sp->spt[i]) &&
		    !check_entry(walk, sp, gfn, sp->spt[i]))
			return false;
	}
	return true;
}

bool sim_check_host(struct kvm *kvm, struct sim_host_model *host, char *err, size_t err_size)
{
	struct walk walk = { .kvm = kvm, .host = host, .err = err, .err_size = err_size };
	int idx = srcu_read_lock(&kvm->srcu);
	const struct kvm_mmu_page *root;
	bool ok = true;

	/* No lock but the slots': the host's own may be taken on the way, and it sleeps. */
	list_for_each_entry(root, &kvm->arch.tdp_mmu_roots, link)
		ok = ok && check_table(&walk, root);
	srcu_read_unlock(&kvm->srcu, idx);
	return ok;
}
