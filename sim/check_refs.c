/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdarg.h>
#include <stdio.h>

#include "mmu/mmu.h"
#include "mmu/tdp_mmu.h"
#include "sim/check_refs.h"
#include "sim/sim.h"

struct check {
	struct kvm *kvm;
	unsigned int inside;
	char *err;
	size_t err_size;
};

__attribute__((format(printf, 2, 3)))
static bool complain(const struct check *check, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(check->err, check->err_size, fmt, args);
	va_end(args);
	return false;
}

/* ---- Who holds references ---- */

static u64 references_of_mmu(const struct kvm_mmu *mmu, hpa_t hpa)
{
	u64 nr = mmu->root.hpa == hpa;
	int i;

	for (i = 0; i < KVM_MMU_NUM_PREV_ROOTS; i++)
		nr += mmu->prev_roots[i].hpa == hpa;
	return nr;
}

static u64 references_of_vcpus(struct kvm *kvm, const struct kvm_mmu_page *root)
{
	hpa_t hpa = __pa(root->spt);
	struct kvm_vcpu *vcpu;
	unsigned long i;
	u64 nr = 0;

	kvm_for_each_vcpu(i, vcpu, kvm) {
		nr += references_of_mmu(&vcpu->arch.root_mmu, hpa);
		nr += references_of_mmu(&vcpu->arch.guest_mmu, hpa);
	}
	return nr;
}

/* A zap that was ordered and has not begun. */
static bool zap_is_ordered(const struct kvm_mmu_page *root)
{
	return root->tdp_mmu_scheduled_root_to_zap ||
	       work_pending((struct work_struct *)&root->tdp_mmu_async_work);
}

/* A reference that is no vCPU's: the TDP MMU's own, if it has one, or the zap's to come. */
static bool has_other_reference(const struct kvm_mmu_page *root)
{
	if (!root->role.invalid)
		return kvm_profile->roots->initial_refs > 1;
	return zap_is_ordered(root);
}

/* ---- Roots ---- */

static bool check_root(const struct check *check, const struct kvm_mmu_page *root)
{
	const char *validity = root->role.invalid ? "invalid" : "valid";
	u64 refs = references_of_vcpus(check->kvm, root);
	u64 count = refcount_read(&root->tdp_mmu_root_count);
	u64 least = refs + has_other_reference(root);
	int as_id = kvm_mmu_page_as_id(root);

	if (count < least || count > least + check->inside)
		return complain(check, "root of as %d (%s): %llu references, but vCPUs have %llu%s",
				as_id, validity, (unsigned long long)count,
				(unsigned long long)refs,
				least == refs ? "" : root->role.invalid ? " and a zap to come 1" :
				" and the TDP MMU 1");
	if (!count)
		return complain(check, "root of as %d: %s, and nobody holds it", as_id, validity);
	if (!root->role.invalid && zap_is_ordered(root))
		return complain(check, "root of as %d: valid, but to be zapped", as_id);
	if (root->tdp_mmu_scheduled_root_to_zap && check->kvm->arch.tdp_mmu_zap_wq)
		return complain(check, "root of as %d: to be zapped by the caller, but a worker does",
				as_id);
	return true;
}

static bool is_listed(struct kvm *kvm, hpa_t hpa)
{
	const struct kvm_mmu_page *root;

	list_for_each_entry(root, &kvm->arch.tdp_mmu_roots, link)
		if (__pa(root->spt) == hpa)
			return true;
	return !VALID_PAGE(hpa);
}

static bool check_mmu(const struct check *check, const struct kvm_vcpu *vcpu,
		      const struct kvm_mmu *mmu)
{
	bool known = is_listed(check->kvm, mmu->root.hpa);
	int i;

	for (i = 0; i < KVM_MMU_NUM_PREV_ROOTS; i++)
		known &= is_listed(check->kvm, mmu->prev_roots[i].hpa);
	if (known)
		return true;
	return complain(check, "vCPU %d has a root that is not on the list", vcpu->vcpu_id);
}

bool sim_check_refs(struct kvm *kvm, unsigned int inside, char *err, size_t err_size)
{
	const struct check check = { .kvm = kvm, .inside = inside, .err = err,
				     .err_size = err_size };
	const struct kvm_mmu_page *root;
	struct kvm_vcpu *vcpu;
	unsigned long i;

	list_for_each_entry(root, &kvm->arch.tdp_mmu_roots, link)
		if (!check_root(&check, root))
			return false;
	kvm_for_each_vcpu(i, vcpu, kvm)
		if (!check_mmu(&check, vcpu, &vcpu->arch.root_mmu) ||
		    !check_mmu(&check, vcpu, &vcpu->arch.guest_mmu))
			return false;
	return true;
}

/* ---- The end ---- */

bool sim_check_refs_gone(struct kvm *kvm, char *err, size_t err_size)
{
	const struct check check = { .kvm = kvm, .err = err, .err_size = err_size };
	s64 pages = atomic64_read(&kvm->arch.nr_tdp_mmu_pages);
	unsigned long callbacks = sim_rcu_callbacks_pending();

	if (!list_empty(&kvm->arch.tdp_mmu_roots))
		return complain(&check, "the MMU is gone, but left a root");
	if (pages || !list_empty(&kvm->arch.tdp_mmu_pages))
		return complain(&check, "the MMU is gone, but left %lld tables", (long long)pages);
	if (kvm->arch.tdp_mmu_zap_wq)
		return complain(&check, "the MMU is gone, but left its worker");
	if (callbacks)
		return complain(&check, "the MMU is gone, but left %lu RCU callbacks", callbacks);
	return true;
}
