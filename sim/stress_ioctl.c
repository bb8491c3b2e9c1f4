/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bitops.h>

#include "mmu/mmu.h"
#include "mmu/module.h"
#include "sim/stress_internal.h"

/* What the VMM asks of a VM while its guest runs, and what the administrator changes. */

/*
 * One slot of huge pages, one of small ones; one that moves, to where huge pages do not
 * fit; one that goes and comes back; and two of SMM, other memory at the same addresses.
 */
const struct stress_slot stress_slots[STRESS_NR_SLOTS] = {
	{ .id = 0, .gpa = 1ULL << 30, .size = 8ULL << 20, .hva = STRESS_THP_HVA },
	{ .id = 1, .gpa = (1ULL << 30) + (8ULL << 20), .size = 2ULL << 20,
	  .hva = STRESS_SMALL_HVA },
	{ .id = 2, .gpa = 2ULL << 30, .size = 4ULL << 20, .hva = STRESS_THP_HVA + (8ULL << 20),
	  .move = (16ULL << 20) + 4096 },
	{ .id = 3, .gpa = 3ULL << 30, .size = 1ULL << 20, .hva = STRESS_SMALL_HVA + (2ULL << 20),
	  .may_go = true, .may_be_readonly = true },
	{ .id = 1 << 16 | 0, .gpa = 1ULL << 30, .size = 4ULL << 20,
	  .hva = STRESS_THP_HVA + (12ULL << 20) },
	{ .id = 1 << 16 | 1, .gpa = 2ULL << 30, .size = 2ULL << 20, .hva = STRESS_THP_HVA,
	  .may_go = true },
};

int stress_set_slot(struct kvm *kvm, const struct stress_slot *slot, u64 gpa, u64 size, u32 flags)
{
	const struct kvm_userspace_memory_region region = {
		.slot = slot->id,
		.flags = flags,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = slot->hva,
	};

	return kvm_set_memory_region(kvm, &region);
}

static const struct stress_slot *choose_slot(struct stress_thread *thread)
{
	return &stress_slots[stress_random(thread, STRESS_NR_SLOTS)];
}

static void expect(struct stress_thread *thread, const char *what, int r)
{
	/* Another thread may have been first, so these tell nothing. */
	if (r && r != -EINVAL && r != -EEXIST && r != -ENOENT)
		stress_found(thread->stress, "%s: %s returned %d", thread->name, what, r);
}

/* ---- Memslots ---- */

static void do_log(struct stress_thread *thread)
{
	const struct stress_slot *slot = choose_slot(thread);
	u64 gpa = slot->gpa + (slot->move && stress_random(thread, 2) ? slot->move : 0);
	u32 flags = stress_random(thread, 2) ? KVM_MEM_LOG_DIRTY_PAGES : 0;

	expect(thread, "setting flags", stress_set_slot(thread->kvm, slot, gpa, slot->size, flags));
}

static void do_delete(struct stress_thread *thread)
{
	const struct stress_slot *slot = choose_slot(thread);

	if (slot->may_go)
		expect(thread, "deletion", stress_set_slot(thread->kvm, slot, slot->gpa, 0, 0));
}

static void do_add(struct stress_thread *thread)
{
	const struct stress_slot *slot = choose_slot(thread);
	u32 flags = 0;

	if (!slot->may_go)
		return;
	if (slot->may_be_readonly && !stress_random(thread, 3))
		flags |= KVM_MEM_READONLY;
	if (stress_random(thread, 2))
		flags |= KVM_MEM_LOG_DIRTY_PAGES;
	expect(thread, "addition",
	       stress_set_slot(thread->kvm, slot, slot->gpa, slot->size, flags));
}

static void do_move(struct stress_thread *thread)
{
	const struct stress_slot *slot = choose_slot(thread);
	u64 gpa = slot->gpa + (stress_random(thread, 2) ? slot->move : 0);

	if (slot->move)
		expect(thread, "move", stress_set_slot(thread->kvm, slot, gpa, slot->size, 0));
}

/* ---- Dirty logs ---- */

static void do_get_log(struct stress_thread *thread)
{
	unsigned long bitmap[BITS_TO_LONGS(STRESS_MAX_SLOT_PAGES)];

	expect(thread, "getting the dirty log",
	       kvm_vm_ioctl_get_dirty_log(thread->kvm, choose_slot(thread)->id, bitmap));
}

/* The whole slot, or a stretch of it; all bits or some. */
static void do_clear_log(struct stress_thread *thread)
{
	unsigned long bitmap[BITS_TO_LONGS(STRESS_MAX_SLOT_PAGES)];
	const struct stress_slot *slot = choose_slot(thread);
	u64 pages = slot->size / 4096, first = 0;
	bool all = stress_random(thread, 2);
	size_t i;

	if (stress_random(thread, 2)) {
		first = stress_random(thread, pages / 64) * 64;
		pages = 64 + stress_random(thread, (pages - first) / 64) * 64;
	}
	for (i = 0; i < pages / 64; i++)
		bitmap[i] = all ? ~0UL : stress_random(thread, UINT64_C(1) << 48);
	expect(thread, "clearing the dirty log",
	       kvm_vm_ioctl_clear_dirty_log(thread->kvm, slot->id, first, pages, bitmap));
}

/* ---- What else there is ---- */

static void do_recover(struct stress_thread *thread)
{
	kvm_recover_nx_huge_pages(thread->kvm, 1 + stress_random(thread, 4));
}

/* As when the guest changes its memory types. */
static void do_zap_range(struct stress_thread *thread)
{
	const struct stress_slot *slot = choose_slot(thread);
	gfn_t start = gpa_to_gfn(slot->gpa) + stress_random(thread, slot->size / 4096);

	kvm_zap_gfn_range(thread->kvm, start, start + 1 + stress_random(thread, 1024));
}

static void do_wait(struct stress_thread *thread)
{
	stress_sleep(thread, stress_random(thread, 500));
}

static const struct stress_choice ioctls[] = {
	{ "sets flags",	do_log,		{ 20, 2, 40, 4, 2 } },
	{ "deletes",	do_delete,	{ 10, 1, 4, 20, 10 } },
	{ "adds",	do_add,		{ 10, 1, 4, 20, 10 } },
	{ "moves",	do_move,	{ 10, 1, 4, 20, 10 } },
	{ "gets log",	do_get_log,	{ 20, 2, 40, 4, 2 } },
	{ "clears log",	do_clear_log,	{ 20, 2, 40, 4, 2 } },
	{ "recovers",	do_recover,	{ 10, 4, 4, 4, 4 } },
	{ "zaps range",	do_zap_range,	{ 4, 4, 2, 4, 2 } },
	{ "waits",	do_wait,	{ 40, 80, 40, 20, 40 } },
};

void stress_ioctl_main(struct stress_thread *thread)
{
	while (stress_go_on(thread))
		stress_choose(thread, ioctls, sizeof(ioctls) / sizeof(ioctls[0]));
	stress_doing(thread, "puts the VM");
	kvm_put_kvm(thread->kvm);
}

/* ---- Module parameters: one thread, as sysfs lets in one writer at a time ---- */

static void do_param(struct stress_thread *thread)
{
	static const struct {
		const char *name, *value;
	} writes[] = {
		{ "nx_huge_pages", "force" },
		{ "nx_huge_pages", "off" },
		{ "nx_huge_pages", "force" },
		{ "nx_huge_pages_recovery_ratio", "1" },
		{ "nx_huge_pages_recovery_ratio", "3" },
		{ "nx_huge_pages_recovery_ratio", "0" },
		{ "nx_huge_pages_recovery_period_ms", "1" },
		{ "nx_huge_pages_recovery_period_ms", "7" },
		{ "eager_page_split", "Y" },
		{ "eager_page_split", "N" },
	};
	unsigned int i = stress_random(thread, sizeof(writes) / sizeof(writes[0]));

	expect(thread, writes[i].name, kvm_mmu_set_param(writes[i].name, writes[i].value));
}

static const struct stress_choice params[] = {
	{ "parameter",	do_param,	{ 1, 1, 1, 1, 4 } },
	{ "waits",	do_wait,	{ 9, 9, 9, 9, 4 } },
};

void stress_param_main(struct stress_thread *thread)
{
	while (stress_go_on(thread))
		stress_choose(thread, params, sizeof(params) / sizeof(params[0]));
}
