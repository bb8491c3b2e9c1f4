/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <linux/bug.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "mmu/mmu.h"
#include "mmu/mmutrace.h"
#include "mmu/x86.h"

/* VMs and vCPUs: creation, destruction, requests, and the memory caches. */

LIST_HEAD(vm_list);
DEFINE_MUTEX(kvm_lock);

/* ---- Memory caches ---- */

static void *mmu_memory_cache_alloc_obj(struct kvm_mmu_memory_cache *mc, gfp_t gfp)
{
	u64 *page;
	int i;

	gfp |= mc->gfp_zero;
	if (mc->kmem_cache)
		return kmem_cache_alloc(mc->kmem_cache, gfp);

	page = (u64 *)__get_free_page(gfp);
	if (page && mc->init_value)
		for (i = 0; i < (int)(PAGE_SIZE / sizeof(u64)); i++)
			page[i] = mc->init_value;
	return page;
}

int kvm_mmu_topup_memory_cache(struct kvm_mmu_memory_cache *mc, int min)
{
	if (mc->nobjs >= min)
		return 0;

	while (mc->nobjs < KVM_ARCH_NR_OBJS_PER_MEMORY_CACHE) {
		void *obj = mmu_memory_cache_alloc_obj(mc, GFP_KERNEL_ACCOUNT);

		if (!obj)
			return mc->nobjs >= min ? 0 : -ENOMEM;
		mc->objects[mc->nobjs++] = obj;
	}
	return 0;
}

int kvm_mmu_memory_cache_nr_free_objects(const struct kvm_mmu_memory_cache *mc)
{
	return mc->nobjs;
}

void kvm_mmu_free_memory_cache(struct kvm_mmu_memory_cache *mc)
{
	while (mc->nobjs) {
		void *obj = mc->objects[--mc->nobjs];

		if (mc->kmem_cache)
			kmem_cache_free(mc->kmem_cache, obj);
		else
			free_page((unsigned long)obj);
	}
}

void *kvm_mmu_memory_cache_alloc(struct kvm_mmu_memory_cache *mc)
{
	/* The caller counted wrong; under mmu_lock there is no way out but this. */
	BUG_ON(!mc->nobjs);
	return mc->objects[--mc->nobjs];
}

/* ---- Requests ---- */

void kvm_make_request(int req, struct kvm_vcpu *vcpu)
{
	/*
	 * What the request is about is visible before the request.  Pairs with the
	 * barrier in kvm_check_request().
	 */
	smp_wmb();
	set_bit(req & KVM_REQUEST_MASK, (unsigned long *)&vcpu->requests);
}

bool kvm_check_request(int req, struct kvm_vcpu *vcpu)
{
	if (!kvm_test_request(req, vcpu))
		return false;
	clear_bit(req & KVM_REQUEST_MASK, (unsigned long *)&vcpu->requests);
	/* Pairs with kvm_make_request(). */
	smp_mb__after_atomic();
	return true;
}

/* Tell a vCPU to leave guest mode: its mode before. */
static int kvm_vcpu_exiting_guest_mode(struct kvm_vcpu *vcpu)
{
	return cmpxchg(&vcpu->mode, IN_GUEST_MODE, EXITING_GUEST_MODE);
}

static void wait_until_outside_guest_mode(struct kvm_vcpu *vcpu)
{
	/* It is on its way: the kick ends the guest, and nothing there takes a lock. */
	while (smp_load_acquire(&vcpu->mode) == EXITING_GUEST_MODE)
		cpu_relax();
}

bool kvm_make_all_cpus_request(struct kvm *kvm, unsigned int req)
{
	struct kvm_vcpu *vcpu;
	bool called = false;
	unsigned long i;

	kvm_for_each_vcpu(i, vcpu, kvm) {
		kvm_make_request(req, vcpu);
		/*
		 * Full barrier between the request and the look at the mode: pairs with
		 * enter_guest_mode(), which sets the mode and then looks at the requests.
		 */
		smp_mb();
		/* Acquire: tables that the guest has walked may be freed after this. */
		if (smp_load_acquire(&vcpu->mode) == OUTSIDE_GUEST_MODE)
			continue;
		if (kvm_vcpu_exiting_guest_mode(vcpu) == IN_GUEST_MODE)
			kvm->world_ops->kick(vcpu);
		called = true;
	}
	if (!called || !(req & KVM_REQUEST_WAIT))
		return called;

	kvm_for_each_vcpu(i, vcpu, kvm)
		wait_until_outside_guest_mode(vcpu);
	return called;
}

void kvm_flush_remote_tlbs(struct kvm *kvm)
{
	trace_kvm_flush_remote_tlbs(kvm);
	atomic64_inc(&kvm->stat.remote_tlb_flush_requests);
	/*
	 * A vCPU that is outside guest mode need not be told to flush now: it will when
	 * it finds the request.
	 */
	if (kvm_make_all_cpus_request(kvm, KVM_REQ_TLB_FLUSH))
		atomic64_inc(&kvm->stat.remote_tlb_flush);
}

void kvm_flush_remote_tlbs_range(struct kvm *kvm, gfn_t start, u64 nr_pages)
{
	const struct sim_world_ops *ops = kvm->world_ops;

	if (!ops->flush_remote_tlbs_range || !ops->flush_remote_tlbs_range(kvm, start, nr_pages))
		kvm_flush_remote_tlbs(kvm);
}

void kvm_flush_remote_tlbs_memslot(struct kvm *kvm, const struct kvm_memory_slot *slot)
{
	/* Two callers with slots_lock never overlap, so no flush is taken for another's. */
	lockdep_assert_held(&kvm->slots_lock);
	kvm_flush_remote_tlbs_range(kvm, slot->base_gfn, slot->npages);
}

void kvm_vm_bugged(struct kvm *kvm)
{
	kvm->vm_bugged = true;
	WRITE_ONCE(kvm->vm_dead, true);
	kvm_make_all_cpus_request(kvm, KVM_REQ_VM_DEAD);
}

/* ---- vCPUs ---- */

static bool vcpu_id_taken(struct kvm *kvm, int id)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;

	kvm_for_each_vcpu(i, vcpu, kvm)
		if (vcpu->vcpu_id == id)
			return true;
	return false;
}

struct kvm_vcpu *kvm_vm_create_vcpu(struct kvm *kvm, int id, void *world)
{
	struct kvm_vcpu *vcpu;
	int r;

	if (id < 0 || id >= KVM_MAX_VCPUS)
		return ERR_PTR(-EINVAL);

	vcpu = kzalloc(sizeof(*vcpu), GFP_KERNEL_ACCOUNT);
	if (!vcpu)
		return ERR_PTR(-ENOMEM);
	vcpu->kvm = kvm;
	vcpu->vcpu_id = id;
	vcpu->world = world;

	mutex_lock(&kvm->lock);
	r = vcpu_id_taken(kvm, id) ? -EEXIST : kvm_arch_vcpu_create(vcpu);
	if (r) {
		mutex_unlock(&kvm->lock);
		kfree(vcpu);
		return ERR_PTR(r);
	}
	WRITE_ONCE(kvm->created_vcpus, kvm->created_vcpus + 1);

	vcpu->vcpu_idx = atomic_read(&kvm->online_vcpus);
	kvm->vcpus[vcpu->vcpu_idx] = vcpu;
	/* The number last: whoever sees it in kvm_for_each_vcpu() finds the vCPU. */
	atomic_set_release(&kvm->online_vcpus, vcpu->vcpu_idx + 1);
	mutex_unlock(&kvm->lock);
	return vcpu;
}

static void kvm_destroy_vcpus(struct kvm *kvm)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;

	kvm_for_each_vcpu(i, vcpu, kvm)
		kvm_mmu_unload(vcpu);
	kvm_for_each_vcpu(i, vcpu, kvm) {
		kvm_arch_vcpu_destroy(vcpu);
		kvm->vcpus[i] = NULL;
		kfree(vcpu);
	}
	atomic_set(&kvm->online_vcpus, 0);
}

/* ---- VMs ---- */

struct kvm *kvm_create_vm(const struct sim_world_ops *ops, void *world)
{
	struct kvm *kvm = kzalloc(sizeof(*kvm), GFP_KERNEL_ACCOUNT);

	if (!kvm)
		return NULL;

	rwlock_init(&kvm->mmu_lock);
	mutex_init(&kvm->slots_lock);
	mutex_init(&kvm->slots_arch_lock);
	mutex_init(&kvm->lock);
	spin_lock_init(&kvm->mn_invalidate_lock);
	init_waitqueue_head(&kvm->mn_memslots_update_wq);
	kvm->world_ops = ops;
	kvm->world = world;
	refcount_set(&kvm->users_count, 1);

	if (init_srcu_struct(&kvm->srcu))
		goto out_free;
	kvm_memslots_init(kvm);
	if (kvm_mmu_init_vm(kvm))
		goto out_srcu;
	if (ops->mmu_notifier_register && ops->mmu_notifier_register(kvm))
		goto out_mmu;

	mutex_lock(&kvm_lock);
	list_add(&kvm->vm_list, &vm_list);
	mutex_unlock(&kvm_lock);
	return kvm;

out_mmu:
	/* Unlike at the end of a VM's life users_count is not 0 here: nobody has put it. */
	kvm_mmu_uninit_vm(kvm);
out_srcu:
	cleanup_srcu_struct(&kvm->srcu);
out_free:
	kfree(kvm);
	return NULL;
}

static void kvm_destroy_vm(struct kvm *kvm)
{
	/* Off the list first: who writes a parameter wakes the workers of all that are on it. */
	mutex_lock(&kvm_lock);
	list_del(&kvm->vm_list);
	mutex_unlock(&kvm_lock);
	kvm_mmu_pre_destroy_vm(kvm);

	/* Unregistering from the mm's notifiers releases, unless the mm's exit did already. */
	kvm_mmu_notifier_release(kvm);
	if (kvm->world_ops->mmu_notifier_unregister)
		kvm->world_ops->mmu_notifier_unregister(kvm);

	kvm_destroy_vcpus(kvm);
	kvm_mmu_uninit_vm(kvm);
	kvm_memslots_destroy(kvm);
	cleanup_srcu_struct(&kvm->srcu);
	kfree(kvm);
}

void kvm_get_kvm(struct kvm *kvm)
{
	refcount_inc(&kvm->users_count);
}

void kvm_put_kvm(struct kvm *kvm)
{
	if (refcount_dec_and_test(&kvm->users_count))
		kvm_destroy_vm(kvm);
}
