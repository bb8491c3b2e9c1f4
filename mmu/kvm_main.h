/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MMU_KVM_MAIN_H
#define MMU_KVM_MAIN_H

/* Included by kvm_host.h, whose structures it needs. */

/* ---- kvm_main.c: VMs, vCPUs, requests (virt/kvm/kvm_main.c) ---- */

extern struct list_head vm_list;	/* all VMs, under kvm_lock */
extern struct mutex kvm_lock;

/**
 * kvm_create_vm() - make a VM.
 * @ops: what it asks of the world
 * @world: handed back to @ops as kvm->world
 *
 * Return: the VM with one user; or NULL when memory is short or the world refuses to
 * call its MMU notifiers, which comes after the MMU has been set up.
 */
struct kvm *kvm_create_vm(const struct sim_world_ops *ops, void *world);

/** kvm_get_kvm() - take a reference on a VM that has one. */
void kvm_get_kvm(struct kvm *kvm);

/** kvm_put_kvm() - drop a reference; the last one destroys the VM and its vCPUs. */
void kvm_put_kvm(struct kvm *kvm);

/**
 * kvm_vm_create_vcpu() - KVM_CREATE_VCPU.
 * @kvm: the VM
 * @id: its number, unique in the VM, below KVM_MAX_VCPUS
 * @world: becomes vcpu->world
 *
 * Takes kvm->lock.
 *
 * Return: the vCPU, outside guest mode and without a root; or ERR_PTR(-EINVAL),
 * ERR_PTR(-EEXIST), ERR_PTR(-ENOMEM).
 */
struct kvm_vcpu *kvm_vm_create_vcpu(struct kvm *kvm, int id, void *world);

/** kvm_vm_bugged() - mark the VM as broken: every vCPU leaves and may not return. */
void kvm_vm_bugged(struct kvm *kvm);

/**
 * kvm_make_all_cpus_request() - leave a request with every vCPU.
 * @req: KVM_REQ_*; with KVM_REQUEST_WAIT, vCPUs in guest mode are made to leave it
 *	 and the caller waits until they have
 *
 * Any lock may be held: a vCPU on its way out of guest mode takes none.
 *
 * Return: whether a vCPU had to be kicked.
 */
bool kvm_make_all_cpus_request(struct kvm *kvm, unsigned int req);

/** kvm_make_request() - leave a request with one vCPU; a full barrier before it is set. */
void kvm_make_request(int req, struct kvm_vcpu *vcpu);

/** kvm_check_request() - whether a request is pending; clears it. */
bool kvm_check_request(int req, struct kvm_vcpu *vcpu);

/** kvm_test_request() - whether a request is pending; leaves it. */
static inline bool kvm_test_request(int req, struct kvm_vcpu *vcpu)
{
	return READ_ONCE(vcpu->requests) & BIT_ULL(req & KVM_REQUEST_MASK);
}

static inline bool kvm_request_pending(struct kvm_vcpu *vcpu)
{
	return READ_ONCE(vcpu->requests);
}

/**
 * kvm_flush_remote_tlbs() - make every vCPU drop all translations before it runs on.
 *
 * Counts in remote_tlb_flush_requests.  Any lock may be held; on return no vCPU
 * runs with an old translation.
 */
void kvm_flush_remote_tlbs(struct kvm *kvm);

/**
 * kvm_flush_remote_tlbs_range() - the same for a range of frames.
 * @start: first gfn
 * @nr_pages: number of gfns
 *
 * Where the world cannot flush a range it is the whole TLB: on bare metal.
 */
void kvm_flush_remote_tlbs_range(struct kvm *kvm, gfn_t start, u64 nr_pages);

/** kvm_flush_remote_tlbs_memslot() - the same for all of a slot; slots_lock is held. */
void kvm_flush_remote_tlbs_memslot(struct kvm *kvm, const struct kvm_memory_slot *slot);

/**
 * kvm_mmu_topup_memory_cache() - fill a cache up to its capacity.
 * @mc: the cache, owned by the caller
 * @min: it suffices if this many objects are in it
 *
 * May sleep.
 *
 * Return: 0, or -ENOMEM with fewer than @min objects.
 */
int kvm_mmu_topup_memory_cache(struct kvm_mmu_memory_cache *mc, int min);

/** kvm_mmu_memory_cache_nr_free_objects() - how many objects are in a cache. */
int kvm_mmu_memory_cache_nr_free_objects(const struct kvm_mmu_memory_cache *mc);

/** kvm_mmu_free_memory_cache() - give back all objects of a cache. */
void kvm_mmu_free_memory_cache(struct kvm_mmu_memory_cache *mc);

/** kvm_mmu_memory_cache_alloc() - take an object; the cache must have been topped up. */
void *kvm_mmu_memory_cache_alloc(struct kvm_mmu_memory_cache *mc);

/* ---- memslots.c ---- */

/**
 * kvm_memslots_init() - the empty slot sets of a new VM; generation i for space i.
 */
void kvm_memslots_init(struct kvm *kvm);

/** kvm_memslots_destroy() - free all slots of a VM that nobody uses any more. */
void kvm_memslots_destroy(struct kvm *kvm);

/**
 * kvm_set_memory_region() - add, delete, move or change a slot (KVM_SET_USER_MEMORY_REGION).
 * @mem: what is wanted
 *
 * Takes slots_lock, slots_arch_lock and, to zap, mmu_lock; waits for SRCU readers
 * and for MMU notifier invalidations.  Behaviour: __kvm_set_memory_region(),
 * v6.1 to v6.12.
 *
 * Return: 0, also if nothing changes; -EINVAL, -EEXIST (overlaps another slot),
 * -ENOMEM.
 */
int kvm_set_memory_region(struct kvm *kvm, const struct kvm_userspace_memory_region *mem);

/** __kvm_memslots() - the active set of a space; under kvm->srcu or slots_lock. */
struct kvm_memslots *__kvm_memslots(struct kvm *kvm, int as_id);

/** kvm_vcpu_memslots() - the active set of the space that a vCPU is in. */
struct kvm_memslots *kvm_vcpu_memslots(struct kvm_vcpu *vcpu);

/** gfn_to_memslot_in() - the slot of a set that holds @gfn, or NULL. */
struct kvm_memory_slot *gfn_to_memslot_in(struct kvm_memslots *slots, gfn_t gfn);

/** kvm_vcpu_gfn_to_memslot() - the slot that holds @gfn in the space a vCPU is in, or NULL. */
struct kvm_memory_slot *kvm_vcpu_gfn_to_memslot(struct kvm_vcpu *vcpu, gfn_t gfn);

/** id_to_memslot() - the slot of a set by its id, or NULL. */
struct kvm_memory_slot *id_to_memslot(struct kvm_memslots *slots, int id);

/** kvm_arch_vcpu_memslots_id() - the address space a vCPU is in: 1 in SMM. */
static inline int kvm_arch_vcpu_memslots_id(const struct kvm_vcpu *vcpu)
{
	return vcpu->arch.smm ? 1 : 0;
}

/** sim_slot_has_gfn() - whether a gfn is one of the slot's. */
static inline bool sim_slot_has_gfn(const struct kvm_memory_slot *slot, gfn_t gfn)
{
	return gfn >= slot->base_gfn && gfn < slot->base_gfn + slot->npages;
}

/** gfn_to_hva_memslot() - the host address of a gfn of the slot. */
static inline hva_t gfn_to_hva_memslot(const struct kvm_memory_slot *slot, gfn_t gfn)
{
	return slot->userspace_addr + ((gfn - slot->base_gfn) << 12);
}

/** hva_to_gfn_memslot() - the gfn of the slot's page at a host address inside it. */
static inline gfn_t hva_to_gfn_memslot(hva_t hva, const struct kvm_memory_slot *slot)
{
	return slot->base_gfn + ((hva - slot->userspace_addr) >> 12);
}

static inline bool kvm_slot_dirty_track_enabled(const struct kvm_memory_slot *slot)
{
	return slot->flags & KVM_MEM_LOG_DIRTY_PAGES;
}

/* ---- dirty_log.c ---- */

/** kvm_prepare_dirty_bitmap() - give a new slot the bitmap that logging needs: 0 or -ENOMEM. */
int kvm_prepare_dirty_bitmap(struct kvm *kvm, struct kvm_memory_slot *slot);

/**
 * mark_page_dirty_in_slot() - note a write of the guest.
 * @slot: may be NULL, or a slot that does not log
 * @gfn: in the slot
 *
 * Any lock may be held.
 */
void mark_page_dirty_in_slot(struct kvm *kvm, const struct kvm_memory_slot *slot, gfn_t gfn);

/** kvm_vcpu_mark_page_dirty() - the same, in the space a vCPU is in; under kvm->srcu. */
void kvm_vcpu_mark_page_dirty(struct kvm_vcpu *vcpu, gfn_t gfn);

/**
 * kvm_vm_ioctl_get_dirty_log() - KVM_GET_DIRTY_LOG.
 * @slot: address space << 16 | id
 * @bitmap: npages bits, rounded up to longs, of the caller
 *
 * Without manual protection the pages it reports are protected anew.  Takes
 * slots_lock and mmu_lock.
 *
 * Return: 0; -EINVAL for a bad id; -ENOENT for a slot that does not log.
 */
int kvm_vm_ioctl_get_dirty_log(struct kvm *kvm, u32 slot, unsigned long *bitmap);

/**
 * kvm_vm_ioctl_clear_dirty_log() - KVM_CLEAR_DIRTY_LOG.
 * @slot: address space << 16 | id
 * @first_page: relative to the slot, a multiple of 64
 * @num_pages: a multiple of 64, or up to the end of the slot
 * @bitmap: the bits to clear, from @first_page on
 *
 * Takes slots_lock and mmu_lock.
 *
 * Return: 0, -EINVAL, -ENOENT.
 */
int kvm_vm_ioctl_clear_dirty_log(struct kvm *kvm, u32 slot, u64 first_page, u32 num_pages,
				 const unsigned long *bitmap);

/** kvm_vm_enable_manual_dirty_log_protect() - KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2: 0 or -EINVAL. */
int kvm_vm_enable_manual_dirty_log_protect(struct kvm *kvm, u64 flags);

static inline bool kvm_dirty_log_manual_protect_and_init_set(struct kvm *kvm)
{
	return kvm->manual_dirty_log_protect & KVM_DIRTY_LOG_INITIALLY_SET;
}

/* ---- mmu_notifier.c ---- */

/**
 * kvm_mmu_notifier_invalidate_range_start() - the host is about to change a range.
 * @start: hva of the first byte
 * @end: hva past the last byte
 *
 * On return no SPTE maps the range and no vCPU has it in its TLB; faults on it are
 * retried until the matching end.  Takes mmu_lock for write if a slot overlaps.
 *
 * Return: whether a slot overlaps.
 */
bool kvm_mmu_notifier_invalidate_range_start(struct kvm *kvm, hva_t start, hva_t end);

/** kvm_mmu_notifier_invalidate_range_end() - the change announced by start is done. */
void kvm_mmu_notifier_invalidate_range_end(struct kvm *kvm, hva_t start, hva_t end);

/** kvm_mmu_notifier_change_pte() - the host's page at @hva is now @pte (until v6.10). */
void kvm_mmu_notifier_change_pte(struct kvm *kvm, hva_t hva, const struct sim_host_page *pte);

/**
 * kvm_mmu_notifier_clear_flush_young() - age a range and flush.
 *
 * Takes mmu_lock for write if a slot overlaps.
 *
 * Return: whether a page in it was young.
 */
bool kvm_mmu_notifier_clear_flush_young(struct kvm *kvm, hva_t start, hva_t end);

/** kvm_mmu_notifier_clear_young() - age a range, no flush: whether a page was young. */
bool kvm_mmu_notifier_clear_young(struct kvm *kvm, hva_t start, hva_t end);

/** kvm_mmu_notifier_test_young() - whether the page at @hva is young. */
bool kvm_mmu_notifier_test_young(struct kvm *kvm, hva_t hva);

/** kvm_mmu_notifier_release() - the owner's mm goes away: zap everything. */
void kvm_mmu_notifier_release(struct kvm *kvm);

/** kvm_mmu_invalidate_begin() - count an invalidation; mmu_lock held for write. */
void kvm_mmu_invalidate_begin(struct kvm *kvm);

/**
 * kvm_mmu_invalidate_range_add() - widen what is being invalidated; mmu_lock held for write.
 * @start: hva or gfn, by profile
 * @end: exclusive
 */
void kvm_mmu_invalidate_range_add(struct kvm *kvm, u64 start, u64 end);

/** kvm_mmu_invalidate_end() - undo kvm_mmu_invalidate_begin(); mmu_lock held for write. */
void kvm_mmu_invalidate_end(struct kvm *kvm);

/**
 * mmu_invalidate_retry() - whether a page got at sequence @mmu_seq may be gone since.
 * @mmu_seq: kvm->mmu_invalidate_seq, read before the page was got
 * @addr: hva or gfn of the page, by profile
 *
 * mmu_lock is held, which makes the answer good until it is dropped.
 */
bool mmu_invalidate_retry(struct kvm *kvm, unsigned long mmu_seq, u64 addr);

/** mmu_invalidate_retry_unsafe() - the same without mmu_lock: a hint, to save the trouble. */
bool mmu_invalidate_retry_unsafe(struct kvm *kvm, unsigned long mmu_seq, u64 addr);

#endif /* MMU_KVM_MAIN_H */
