/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bitops.h>
#include <linux/kernel.h>

#include "mmu/mmu.h"
#include "sim/check_dirty.h"
#include "sim/check_leaves.h"
#include "sim/describe.h"
#include "sim/finding.h"

void sim_dirty_init(struct sim_dirty *dirty, struct kvm *kvm, const struct sim_history *history)
{
	memset(dirty, 0, sizeof(*dirty));
	dirty->kvm = kvm;
	dirty->history = history;
}

void sim_dirty_exit(struct sim_dirty *dirty)
{
	while (dirty->nr_slots)
		free(dirty->slots[--dirty->nr_slots].written);
}

/* ---- Slots ---- */

static struct sim_dirty_slot *find_slot(struct sim_dirty *dirty, int as_id, int id)
{
	unsigned int i;

	for (i = 0; i < dirty->nr_slots; i++)
		if (dirty->slots[i].as_id == as_id && dirty->slots[i].id == id)
			return &dirty->slots[i];
	return NULL;
}

static void forget_slot(struct sim_dirty *dirty, struct sim_dirty_slot *slot)
{
	free(slot->written);
	*slot = dirty->slots[--dirty->nr_slots];
}

static int follow_slot(struct sim_dirty *dirty, const struct kvm_memory_slot *slot)
{
	unsigned long *written;

	if (dirty->nr_slots == SIM_DIRTY_SLOTS_MAX)
		return -ENOSPC;
	written = calloc(BITS_TO_LONGS(slot->npages), sizeof(*written));
	if (!written)
		return -ENOMEM;
	dirty->slots[dirty->nr_slots++] = (struct sim_dirty_slot) {
		.as_id = slot->as_id, .id = slot->id, .npages = slot->npages,
		.written = written,
	};
	return 0;
}

int sim_dirty_note_slot(struct sim_dirty *dirty, int as_id, int id)
{
	int idx = srcu_read_lock(&dirty->kvm->srcu), r = 0;
	const struct kvm_memory_slot *slot = id_to_memslot(__kvm_memslots(dirty->kvm, as_id), id);
	struct sim_dirty_slot *known = find_slot(dirty, as_id, id);
	bool logs = slot && slot->dirty_bitmap;

	/* It goes on when a slot is moved. */
	if (known && (!logs || known->npages != slot->npages)) {
		forget_slot(dirty, known);
		known = NULL;
	}
	if (logs && !known)
		r = follow_slot(dirty, slot);
	srcu_read_unlock(&dirty->kvm->srcu, idx);
	return r;
}

void sim_dirty_forget_slot(struct sim_dirty *dirty, int as_id, int id)
{
	struct sim_dirty_slot *known = find_slot(dirty, as_id, id);

	if (known)
		forget_slot(dirty, known);
}

/* ---- What happens ---- */

static void note_clearing(struct sim_dirty_slot *slot)
{
	slot->may_lose |= !kvm_profile->split_range_inclusive || !READ_ONCE(eager_page_split);
}

void sim_dirty_note_write(struct sim_dirty *dirty, int as_id, gfn_t gfn)
{
	const struct kvm_memory_slot *slot;
	struct sim_dirty_slot *known;
	int idx;

	if (!dirty->nr_slots)
		return;
	idx = srcu_read_lock(&dirty->kvm->srcu);
	slot = gfn_to_memslot_in(__kvm_memslots(dirty->kvm, as_id), gfn);
	known = slot ? find_slot(dirty, as_id, slot->id) : NULL;
	if (known && gfn - slot->base_gfn < known->npages)
		__set_bit(gfn - slot->base_gfn, known->written);
	srcu_read_unlock(&dirty->kvm->srcu, idx);
}

void sim_dirty_note_get(struct sim_dirty *dirty, int as_id, int id, const unsigned long *bitmap)
{
	struct sim_dirty_slot *slot = find_slot(dirty, as_id, id);
	size_t i;

	if (!slot)
		return;
	note_clearing(slot);
	for (i = 0; i < BITS_TO_LONGS(slot->npages); i++)
		slot->written[i] &= ~bitmap[i];
}

void sim_dirty_note_clear(struct sim_dirty *dirty, int as_id, int id, u64 first, u64 nr,
			  const unsigned long *bitmap)
{
	struct sim_dirty_slot *slot = find_slot(dirty, as_id, id);
	u64 i;

	if (!slot)
		return;
	note_clearing(slot);
	for (i = 0; i < nr && first + i < slot->npages; i++)
		if (!bitmap || test_bit(i, bitmap))
			__clear_bit(first + i, slot->written);
}

/* ---- Judging ---- */

/* The CPU fills it from the end; the index is of the next entry, or has wrapped past 0. */
static bool in_log_of_vcpu(const struct kvm_vcpu *vcpu, gfn_t gfn)
{
	u16 i = vcpu->arch.pml_index;

	for (i = i >= 512 ? 0 : i + 1; i < 512; i++)
		if (vcpu->arch.pml_buffer[i] >> PAGE_SHIFT == gfn)
			return true;
	return false;
}

static bool in_log_of_any(struct kvm *kvm, int as_id, gfn_t gfn)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;

	kvm_for_each_vcpu(i, vcpu, kvm)
		if (vcpu->arch.pml_buffer && kvm_arch_vcpu_memslots_id(vcpu) == as_id &&
		    in_log_of_vcpu(vcpu, gfn))
			return true;
	return false;
}

/* The one that KVM loses. */
static bool is_known_loss(struct kvm *kvm, const struct sim_dirty_slot *known,
			  const struct kvm_memory_slot *slot, gfn_t gfn)
{
	return known->may_lose && kvm_dirty_log_manual_protect_and_init_set(kvm) && (slot->base_gfn & 63) &&
	       !(gfn & (KVM_PAGES_PER_HPAGE(PG_LEVEL_2M) - 1));
}

struct report {
	int as_id;
	gfn_t gfn;
	char *err;
	size_t err_size;
};

static bool append_leaf(void *ctx, const struct sim_leaf *leaf)
{
	const struct report *report = ctx;
	char words[SIM_DESCRIBE_SIZE];

	sim_describe_spte(leaf->spte, leaf->level, 0, words, sizeof(words));
	sim_append(report->err, report->err_size, "; level %d SPTE 0x%llx (%s)", leaf->level,
		   (unsigned long long)leaf->spte, words);
	return true;
}

static bool append_root(void *ctx, const struct kvm_mmu_page *root)
{
	const struct report *report = ctx;

	if (kvm_mmu_page_as_id(root) == report->as_id)
		sim_for_each_leaf(root, report->gfn, report->gfn + 1, append_leaf, ctx);
	return true;
}

static bool complain(const struct sim_dirty *dirty, const struct sim_dirty_slot *known, gfn_t gfn,
		     char *err, size_t err_size)
{
	struct report report = { .as_id = known->as_id, .gfn = gfn, .err = err,
				 .err_size = err_size };

	snprintf(err, err_size,
		 "memslot %d of as %d: gfn 0x%llx was written, and the dirty log misses it: "
		 "not reported, not in the bitmap, not in a vCPU's log",
		 known->id, known->as_id, (unsigned long long)gfn);
	sim_for_each_root(dirty->kvm, append_root, &report);
	sim_history_append(dirty->history, known->as_id, gfn, 0, err, err_size);
	return false;
}

static bool check_slot(const struct sim_dirty *dirty, const struct sim_dirty_slot *known,
		       char *err, size_t err_size)
{
	const struct kvm_memory_slot *slot;
	unsigned long lost;
	size_t i;

	slot = id_to_memslot(__kvm_memslots(dirty->kvm, known->as_id), known->id);
	if (!slot || !slot->dirty_bitmap || slot->npages != known->npages)
		return true;
	for (i = 0; i < BITS_TO_LONGS(known->npages); i++) {
		lost = known->written[i] & ~READ_ONCE(slot->dirty_bitmap[i]);
		for (; lost; lost &= lost - 1) {
			gfn_t gfn = slot->base_gfn + i * BITS_PER_LONG + __ffs(lost);

			if (!in_log_of_any(dirty->kvm, known->as_id, gfn) &&
			    !is_known_loss(dirty->kvm, known, slot, gfn))
				return complain(dirty, known, gfn, err, err_size);
		}
	}
	return true;
}

bool sim_check_dirty(const struct sim_dirty *dirty, char *err, size_t err_size)
{
	int idx = srcu_read_lock(&dirty->kvm->srcu);
	unsigned int i;
	bool ok = true;

	for (i = 0; ok && i < dirty->nr_slots; i++)
		ok = check_slot(dirty, &dirty->slots[i], err, err_size);
	srcu_read_unlock(&dirty->kvm->srcu, idx);
	return ok;
}
