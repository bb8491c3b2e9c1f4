/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "mmu/mmu.h"
#include "mmu/spte.h"

/*
 * Memslots.  Each address space has two sets.  An update works in the inactive one,
 * publishes it, waits until nobody reads the other any more, and then makes the
 * same change there.  The steps and their order are those of
 * kvm_set_memslot(), v6.1 to v6.12.
 */

/* A slot has at most this many pages, so that they can be counted in 31 bits. */
#define KVM_MEM_MAX_NR_PAGES	((1UL << 31) - 1)
#define KVM_SET_USER_MEMORY_REGION_FLAGS	(KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_READONLY)

/* ---- Looking up ---- */

struct kvm_memslots *__kvm_memslots(struct kvm *kvm, int as_id)
{
	return srcu_dereference_check(kvm->memslots[as_id], &kvm->srcu,
				      lockdep_is_held(&kvm->slots_lock) ||
				      !refcount_read(&kvm->users_count));
}

struct kvm_memslots *kvm_vcpu_memslots(struct kvm_vcpu *vcpu)
{
	return __kvm_memslots(vcpu->kvm, kvm_arch_vcpu_memslots_id(vcpu));
}

/* The number of slots that start at or before @gfn. */
static int nr_slots_up_to(const struct kvm_memslots *slots, gfn_t gfn)
{
	int low = 0, high = slots->nr_slots;

	while (low < high) {
		int mid = low + (high - low) / 2;

		if (slots->by_gfn[mid]->base_gfn <= gfn)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct kvm_memory_slot *gfn_to_memslot_in(struct kvm_memslots *slots, gfn_t gfn)
{
	int hint = READ_ONCE(slots->last_used_slot);
	int nr;

	if (hint < slots->nr_slots && sim_slot_has_gfn(slots->by_gfn[hint], gfn))
		return slots->by_gfn[hint];

	nr = nr_slots_up_to(slots, gfn);
	if (!nr || !sim_slot_has_gfn(slots->by_gfn[nr - 1], gfn))
		return NULL;
	/* Many readers write it, and any value does. */
	WRITE_ONCE(slots->last_used_slot, nr - 1);
	return slots->by_gfn[nr - 1];
}

struct kvm_memory_slot *kvm_vcpu_gfn_to_memslot(struct kvm_vcpu *vcpu, gfn_t gfn)
{
	return gfn_to_memslot_in(kvm_vcpu_memslots(vcpu), gfn);
}

struct kvm_memory_slot *id_to_memslot(struct kvm_memslots *slots, int id)
{
	int i;

	for (i = 0; i < slots->nr_slots; i++)
		if (slots->by_gfn[i]->id == id)
			return slots->by_gfn[i];
	return NULL;
}

/* ---- Sets ---- */

static struct kvm_memslots *kvm_get_inactive_memslots(struct kvm *kvm, int as_id)
{
	struct kvm_memslots *active = __kvm_memslots(kvm, as_id);

	return &kvm->__memslots[as_id][active == &kvm->__memslots[as_id][0]];
}

static void free_arrays(struct kvm_memslots *slots)
{
	kvfree(slots->by_gfn);
	kvfree(slots->by_hva);
	slots->by_gfn = slots->by_hva = NULL;
	slots->capacity = 0;
}

static int alloc_arrays(struct kvm_memslots *slots, int capacity)
{
	slots->by_gfn = kvcalloc(capacity, sizeof(*slots->by_gfn), GFP_KERNEL_ACCOUNT);
	slots->by_hva = kvcalloc(capacity, sizeof(*slots->by_hva), GFP_KERNEL_ACCOUNT);
	if (!slots->by_gfn || !slots->by_hva) {
		free_arrays(slots);
		return -ENOMEM;
	}
	slots->capacity = capacity;
	return 0;
}

/* Give a set that nobody reads the arrays of @room, and free its own. */
static void take_room(struct kvm_memslots *slots, struct kvm_memslots *room)
{
	size_t size = slots->nr_slots * sizeof(*slots->by_gfn);

	if (size) {
		memcpy(room->by_gfn, slots->by_gfn, size);
		memcpy(room->by_hva, slots->by_hva, size);
	}
	swap(slots->by_gfn, room->by_gfn);
	swap(slots->by_hva, room->by_hva);
	swap(slots->capacity, room->capacity);
	free_arrays(room);
}

/*
 * Make room for one more slot in both sets.  The active one cannot be touched
 * before it is inactive, and then it is too late to fail: its room waits in
 * memslots_spare.
 */
static int reserve_slot(struct kvm *kvm, int as_id)
{
	struct kvm_memslots *inactive = kvm_get_inactive_memslots(kvm, as_id);
	struct kvm_memslots *active = __kvm_memslots(kvm, as_id);
	int need = active->nr_slots + 1, capacity = max(8, need * 2);
	struct kvm_memslots room = { };

	if (inactive->capacity < need) {
		if (alloc_arrays(&room, capacity))
			return -ENOMEM;
		take_room(inactive, &room);
	}
	if (active->capacity < need && kvm->memslots_spare.capacity < need) {
		free_arrays(&kvm->memslots_spare);
		return alloc_arrays(&kvm->memslots_spare, capacity);
	}
	return 0;
}

static void remove_from(struct kvm_memory_slot **array, int nr, const struct kvm_memory_slot *slot)
{
	int i = 0;

	while (i < nr && array[i] != slot)
		i++;
	if (WARN_ON_ONCE(i == nr))
		return;
	memmove(array + i, array + i + 1, (nr - i - 1) * sizeof(*array));
}

static void insert_at(struct kvm_memory_slot **array, int nr, int i, struct kvm_memory_slot *slot)
{
	memmove(array + i + 1, array + i, (nr - i) * sizeof(*array));
	array[i] = slot;
}

static void insert_slot(struct kvm_memslots *slots, struct kvm_memory_slot *slot)
{
	int nr = slots->nr_slots, i = 0;

	WARN_ON_ONCE(nr == slots->capacity);
	insert_at(slots->by_gfn, nr, nr_slots_up_to(slots, slot->base_gfn), slot);

	/* Behind those with the same start: they are visited in the order of change. */
	while (i < nr && slots->by_hva[i]->userspace_addr <= slot->userspace_addr)
		i++;
	insert_at(slots->by_hva, nr, i, slot);
	slots->nr_slots++;
}

/* In the inactive set: @old, if any, out and @new, if any, in. */
static void kvm_replace_memslot(struct kvm *kvm, struct kvm_memory_slot *old,
				struct kvm_memory_slot *new)
{
	struct kvm_memslots *slots = kvm_get_inactive_memslots(kvm, old ? old->as_id : new->as_id);

	slots->last_used_slot = 0;
	if (old) {
		remove_from(slots->by_gfn, slots->nr_slots, old);
		remove_from(slots->by_hva, slots->nr_slots, old);
		slots->nr_slots--;
	}
	if (new)
		insert_slot(slots, new);
}

/*
 * Publish the inactive set.  The caller holds slots_arch_lock; it is released here:
 * waiting for SRCU readers with it held could deadlock with one that wants it.
 */
static void kvm_swap_active_memslots(struct kvm *kvm, int as_id)
{
	struct kvm_memslots *slots = kvm_get_inactive_memslots(kvm, as_id);
	struct kvm_memslots *old = __kvm_memslots(kvm, as_id);
	u64 gen = old->generation;

	WARN_ON_ONCE(gen & KVM_MEMSLOT_GEN_UPDATE_IN_PROGRESS);
	/* Until readers of the old set are gone nobody may trust what he derived from either. */
	slots->generation = gen | KVM_MEMSLOT_GEN_UPDATE_IN_PROGRESS;

	/* An invalidation must find the same slots at its start and at its end. */
	spin_lock(&kvm->mn_invalidate_lock);
	while (kvm->mn_active_invalidate_count) {
		spin_unlock(&kvm->mn_invalidate_lock);
		wait_event(kvm->mn_memslots_update_wq,
			   !READ_ONCE(kvm->mn_active_invalidate_count));
		spin_lock(&kvm->mn_invalidate_lock);
	}
	rcu_assign_pointer(kvm->memslots[as_id], slots);
	spin_unlock(&kvm->mn_invalidate_lock);

	mutex_unlock(&kvm->slots_arch_lock);
	synchronize_srcu_expedited(&kvm->srcu);

	/* Spaces count in steps of their number, so that no two generations are equal. */
	gen += KVM_ADDRESS_SPACE_NUM;
	kvm_arch_memslots_updated(kvm, gen);
	WRITE_ONCE(slots->generation, gen);

	/* Nobody reads the old set now: it can have its new room. */
	if (kvm->memslots_spare.capacity)
		take_room(old, &kvm->memslots_spare);
}

/* Publish the change made in the inactive set, and make it in the other one too. */
static void kvm_activate_memslot(struct kvm *kvm, struct kvm_memory_slot *old,
				 struct kvm_memory_slot *new)
{
	kvm_swap_active_memslots(kvm, old ? old->as_id : new->as_id);
	kvm_replace_memslot(kvm, old, new);
}

/* ---- What a slot owns ---- */

static void free_lpage_info(struct kvm_memory_slot *slot)
{
	int i;

	for (i = 0; i < KVM_NR_PAGE_SIZES - 1; i++)
		kvfree(slot->arch.lpage_info[i]);
	memset(&slot->arch, 0, sizeof(slot->arch));
}

/*
 * Where huge pages cannot be: at ragged ends, and everywhere if guest and host
 * address do not agree below the size of the page.
 */
static int alloc_lpage_info(struct kvm_memory_slot *slot, int level)
{
	u64 mask = KVM_PAGES_PER_HPAGE(level) - 1;
	int shift = KVM_HPAGE_GFN_SHIFT(level);
	gfn_t last_gfn = slot->base_gfn + slot->npages - 1;
	u64 lpages = (last_gfn >> shift) - (slot->base_gfn >> shift) + 1, i;
	struct kvm_lpage_info *info;

	info = kvcalloc(lpages, sizeof(*info), GFP_KERNEL_ACCOUNT);
	if (!info)
		return -ENOMEM;
	slot->arch.lpage_info[level - 2] = info;

	if (slot->base_gfn & mask)
		info[0].disallow_lpage = 1;
	if ((slot->base_gfn + slot->npages) & mask)
		info[lpages - 1].disallow_lpage = 1;
	if ((slot->base_gfn ^ (slot->userspace_addr >> PAGE_SHIFT)) & mask)
		for (i = 0; i < lpages; i++)
			info[i].disallow_lpage = 1;
	return 0;
}

static int kvm_alloc_memslot_metadata(struct kvm_memory_slot *slot)
{
	int level;

	memset(&slot->arch, 0, sizeof(slot->arch));
	for (level = PG_LEVEL_2M; level <= KVM_MAX_HUGEPAGE_LEVEL; level++) {
		if (alloc_lpage_info(slot, level)) {
			free_lpage_info(slot);
			return -ENOMEM;
		}
	}
	return 0;
}

static void kvm_free_memslot(struct kvm_memory_slot *slot)
{
	if (!slot)
		return;
	kvfree(slot->dirty_bitmap);
	free_lpage_info(slot);
	kfree(slot);
}

/* ---- An update ---- */

static int prepare_metadata(const struct kvm_memory_slot *old, struct kvm_memory_slot *new,
			    enum kvm_mr_change change)
{
	if (change == KVM_MR_FLAGS_ONLY) {
		new->arch = old->arch;
		return 0;
	}
	if (new->base_gfn + new->npages - 1 > kvm_mmu_max_gfn())
		return -EINVAL;
	return kvm_alloc_memslot_metadata(new);
}

static int kvm_prepare_memory_region(struct kvm *kvm, const struct kvm_memory_slot *old,
				     struct kvm_memory_slot *new, enum kvm_mr_change change)
{
	bool own_bitmap = false;
	int r;

	if (change == KVM_MR_DELETE)
		return 0;

	if (!(new->flags & KVM_MEM_LOG_DIRTY_PAGES)) {
		new->dirty_bitmap = NULL;
	} else if (old && old->dirty_bitmap) {
		/* The log goes on across a move. */
		new->dirty_bitmap = old->dirty_bitmap;
	} else {
		r = kvm_prepare_dirty_bitmap(kvm, new);
		if (r)
			return r;
		own_bitmap = true;
	}

	r = prepare_metadata(old, new, change);
	if (r && own_bitmap)
		kvfree(new->dirty_bitmap);
	if (r)
		new->dirty_bitmap = NULL;
	return r;
}

static void kvm_commit_memory_region(struct kvm *kvm, struct kvm_memory_slot *old,
				     struct kvm_memory_slot *new, enum kvm_mr_change change)
{
	kvm_mmu_slot_apply_flags(kvm, old, new, change);

	if (change == KVM_MR_CREATE)
		return;
	if (change == KVM_MR_DELETE) {
		kvm_free_memslot(old);
		return;
	}

	/* What the new one has taken over is not the old one's to free. */
	if (old->dirty_bitmap == new->dirty_bitmap)
		old->dirty_bitmap = NULL;
	if (change == KVM_MR_FLAGS_ONLY)
		memset(&old->arch, 0, sizeof(old->arch));
	kvm_free_memslot(old);
}

/*
 * A slot that goes, or goes elsewhere: first nobody may fault on it any more, then
 * everything it maps is zapped.  slots_arch_lock is held before and after.
 */
static void kvm_invalidate_memslot(struct kvm *kvm, struct kvm_memory_slot *old,
				   struct kvm_memory_slot *invalid_slot)
{
	*invalid_slot = *old;
	invalid_slot->flags |= KVM_MEMSLOT_INVALID;

	kvm_replace_memslot(kvm, old, invalid_slot);
	/* The set that becomes inactive keeps the valid one: the next step replaces that. */
	kvm_swap_active_memslots(kvm, old->as_id);
	kvm_mmu_zap_all_fast(kvm);
	mutex_lock(&kvm->slots_arch_lock);
}

static int kvm_set_memslot(struct kvm *kvm, struct kvm_memory_slot *old,
			   struct kvm_memory_slot *new, enum kvm_mr_change change)
{
	bool goes = change == KVM_MR_DELETE || change == KVM_MR_MOVE;
	struct kvm_memory_slot *invalid_slot = NULL;
	int r;

	if (change == KVM_MR_CREATE && reserve_slot(kvm, new->as_id))
		return -ENOMEM;
	if (goes) {
		invalid_slot = kzalloc(sizeof(*invalid_slot), GFP_KERNEL_ACCOUNT);
		if (!invalid_slot)
			return -ENOMEM;
	}

	mutex_lock(&kvm->slots_arch_lock);
	if (goes)
		kvm_invalidate_memslot(kvm, old, invalid_slot);

	r = kvm_prepare_memory_region(kvm, old, new, change);
	if (r) {
		/* The valid slot is still in the inactive set: back to that. */
		if (goes)
			kvm_activate_memslot(kvm, invalid_slot, old);
		else
			mutex_unlock(&kvm->slots_arch_lock);
		/* Room for a slot of this space: the next update may be of the other. */
		free_arrays(&kvm->memslots_spare);
		kfree(invalid_slot);
		return r;
	}

	kvm_replace_memslot(kvm, old, new);
	kvm_activate_memslot(kvm, goes ? invalid_slot : old, new);
	kfree(invalid_slot);

	kvm_commit_memory_region(kvm, old, new, change);
	return 0;
}

/* ---- The ioctl ---- */

static bool region_is_sane(const struct kvm_userspace_memory_region *mem)
{
	u64 page_mask = PAGE_SIZE - 1;

	if (mem->flags & ~KVM_SET_USER_MEMORY_REGION_FLAGS)
		return false;
	if ((mem->memory_size | mem->guest_phys_addr | mem->userspace_addr) & page_mask)
		return false;
	/* The ids above are KVM's own. */
	if (mem->slot >> 16 >= KVM_ADDRESS_SPACE_NUM || (mem->slot & 0xffff) >= KVM_USER_MEM_SLOTS)
		return false;
	/* No end may wrap, in the guest nor in the host. */
	if (mem->guest_phys_addr + mem->memory_size < mem->guest_phys_addr ||
	    mem->userspace_addr + mem->memory_size < mem->userspace_addr)
		return false;
	return mem->memory_size >> PAGE_SHIFT <= KVM_MEM_MAX_NR_PAGES;
}

static bool overlaps_other(struct kvm_memslots *slots, int id, gfn_t start, gfn_t end)
{
	int i;

	for (i = 0; i < slots->nr_slots; i++) {
		const struct kvm_memory_slot *slot = slots->by_gfn[i];

		if (slot->id != id && slot->base_gfn < end && start < slot->base_gfn + slot->npages)
			return true;
	}
	return false;
}

/* What @mem asks of the slot that has its id: 0 with *change set, 1 for nothing, -EINVAL. */
static int classify_change(const struct kvm_memory_slot *old,
			   const struct kvm_userspace_memory_region *mem,
			   enum kvm_mr_change *change)
{
	if (!mem->memory_size) {
		*change = KVM_MR_DELETE;
		return old ? 0 : -EINVAL;
	}
	if (!old) {
		*change = KVM_MR_CREATE;
		return 0;
	}

	if (mem->userspace_addr != old->userspace_addr ||
	    mem->memory_size >> PAGE_SHIFT != old->npages ||
	    ((mem->flags ^ old->flags) & KVM_MEM_READONLY))
		return -EINVAL;
	if (gpa_to_gfn(mem->guest_phys_addr) != old->base_gfn)
		*change = KVM_MR_MOVE;
	else if (mem->flags != old->flags)
		*change = KVM_MR_FLAGS_ONLY;
	else
		return 1;
	return 0;
}

static struct kvm_memory_slot *make_memslot(const struct kvm_userspace_memory_region *mem)
{
	struct kvm_memory_slot *slot = kzalloc(sizeof(*slot), GFP_KERNEL_ACCOUNT);

	if (!slot)
		return NULL;
	slot->id = mem->slot & 0xffff;
	slot->as_id = mem->slot >> 16;
	slot->flags = mem->flags;
	slot->userspace_addr = mem->userspace_addr;
	slot->npages = mem->memory_size >> PAGE_SHIFT;
	slot->base_gfn = gpa_to_gfn(mem->guest_phys_addr);
	return slot;
}

static int set_memory_region(struct kvm *kvm, const struct kvm_userspace_memory_region *mem)
{
	int as_id = mem->slot >> 16, id = mem->slot & 0xffff, r;
	struct kvm_memslots *slots = __kvm_memslots(kvm, as_id);
	struct kvm_memory_slot *old = id_to_memslot(slots, id), *new;
	gfn_t start = gpa_to_gfn(mem->guest_phys_addr);
	gfn_t end = start + (mem->memory_size >> PAGE_SHIFT);
	enum kvm_mr_change change;

	r = classify_change(old, mem, &change);
	if (r)
		return r < 0 ? r : 0;
	if (change == KVM_MR_DELETE)
		return kvm_set_memslot(kvm, old, NULL, change);
	if (change != KVM_MR_FLAGS_ONLY && overlaps_other(slots, id, start, end))
		return -EEXIST;
	new = make_memslot(mem);
	if (!new)
		return -ENOMEM;

	r = kvm_set_memslot(kvm, old, new, change);
	if (r)
		kfree(new);
	return r;
}

int kvm_set_memory_region(struct kvm *kvm, const struct kvm_userspace_memory_region *mem)
{
	int r;

	if (!region_is_sane(mem))
		return -EINVAL;
	mutex_lock(&kvm->slots_lock);
	r = set_memory_region(kvm, mem);
	mutex_unlock(&kvm->slots_lock);
	return r;
}

/* ---- The VM's first and last call ---- */

void kvm_memslots_init(struct kvm *kvm)
{
	int i;

	for (i = 0; i < KVM_ADDRESS_SPACE_NUM; i++) {
		/* Distinct from the start, whichever set is looked at. */
		kvm->__memslots[i][0].generation = i;
		rcu_assign_pointer(kvm->memslots[i], &kvm->__memslots[i][0]);
	}
}

void kvm_memslots_destroy(struct kvm *kvm)
{
	int i, n;

	for (i = 0; i < KVM_ADDRESS_SPACE_NUM; i++) {
		struct kvm_memslots *slots = __kvm_memslots(kvm, i);

		/* Both sets hold the same slots. */
		for (n = 0; n < slots->nr_slots; n++)
			kvm_free_memslot(slots->by_gfn[n]);
		free_arrays(&kvm->__memslots[i][0]);
		free_arrays(&kvm->__memslots[i][1]);
	}
	free_arrays(&kvm->memslots_spare);
}
