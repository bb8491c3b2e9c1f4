/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <linux/bug.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "mmu/mmu.h"
#include "mmu/module.h"
#include "mmu/spte.h"
#include "mmu/x86.h"

/* Loading the module, and its parameters. */

const struct sim_module_params sim_module_params_default = {
	.eptad = true,
	.pml = true,
	.mmio_caching = true,
	.eager_page_split = true,
	.flush_on_reuse = false,
	.nx_huge_pages = -1,
	.nx_huge_pages_recovery_ratio = 60,
	.nx_huge_pages_recovery_period_ms = 0,
};

struct sim_cpu_model kvm_cpu;
bool enable_ept_ad_bits;
bool enable_pml;
bool eager_page_split;
bool force_flush_and_sync_on_reuse;
int nx_huge_pages;
u32 nx_huge_pages_recovery_ratio;
u32 nx_huge_pages_recovery_period_ms;

struct kmem_cache *mmu_page_header_cache;

static void vmx_hardware_setup(const struct sim_module_params *params)
{
	kvm_x86_ops = &vmx_x86_ops;
	enable_ept_ad_bits = params->eptad && kvm_cpu.has_ad_bits;
	/* The log is made when D is set. */
	enable_pml = params->pml && enable_ept_ad_bits && kvm_cpu.has_pml;
	kvm_mmu_set_ept_masks(enable_ept_ad_bits, kvm_cpu.exec_only);
}

/*
 * With memory encryption the reserved bit of MMIO SPTEs must be one that neither
 * the encryption bit nor the (reduced) address has.
 */
static void svm_adjust_mmio_mask(void)
{
	unsigned int enc_bit = __ffs(kvm_cpu.sme_me_mask);
	unsigned int mask_bit = kvm_cpu.maxphyaddr;
	u64 mask;

	if (mask_bit == enc_bit)
		mask_bit++;
	mask = mask_bit < 52 ? GENMASK_ULL(51, mask_bit) | PT_PRESENT_MASK : 0;
	kvm_mmu_set_mmio_spte_mask(mask, mask, PT_WRITABLE_MASK | PT_USER_MASK);
}

static void svm_hardware_setup(void)
{
	kvm_x86_ops = &svm_x86_ops;
	enable_ept_ad_bits = false;
	enable_pml = false;
	kvm_mmu_set_me_spte_mask(kvm_cpu.sme_me_mask, kvm_cpu.sme_me_mask);
	if (kvm_cpu.sme_me_mask)
		svm_adjust_mmio_mask();
}

int kvm_mmu_module_init(const struct sim_profile *profile, const struct sim_cpu_model *cpu,
			const struct sim_module_params *params)
{
	if (!list_empty(&vm_list))
		return -EBUSY;
	if ((cpu->levels != 4 && cpu->levels != 5) || cpu->maxphyaddr < 32 || cpu->maxphyaddr > 52)
		return -EINVAL;

	if (!mmu_page_header_cache) {
		mmu_page_header_cache = KMEM_CACHE(kvm_mmu_page, SLAB_ACCOUNT);
		if (!mmu_page_header_cache)
			return -ENOMEM;
	}

	kvm_profile = profile;
	kvm_cpu = *cpu;
	kvm_mmu_spte_module_init(params->mmio_caching);
	kvm_mmu_reset_all_pte_masks();
	if (cpu->intel)
		vmx_hardware_setup(params);
	else
		svm_hardware_setup();

	eager_page_split = params->eager_page_split;
	force_flush_and_sync_on_reuse = params->flush_on_reuse;
	nx_huge_pages = params->nx_huge_pages < 0 ? cpu->itlb_multihit : params->nx_huge_pages;
	nx_huge_pages_recovery_ratio = params->nx_huge_pages_recovery_ratio;
	nx_huge_pages_recovery_period_ms = params->nx_huge_pages_recovery_period_ms;
	return 0;
}

void kvm_mmu_module_exit(void)
{
	WARN_ON(!list_empty(&vm_list));
	if (mmu_page_header_cache)
		kmem_cache_destroy(mmu_page_header_cache);
	mmu_page_header_cache = NULL;
}

/* ---- Writing parameters ---- */

static int parse_bool(const char *value, bool *out)
{
	if (!strcmp(value, "Y") || !strcmp(value, "y") || !strcmp(value, "1"))
		*out = true;
	else if (!strcmp(value, "N") || !strcmp(value, "n") || !strcmp(value, "0"))
		*out = false;
	else
		return -EINVAL;
	return 0;
}

static int parse_u32(const char *value, u32 *out)
{
	u64 n = 0;

	if (!*value)
		return -EINVAL;
	for (; *value; value++) {
		if (*value < '0' || *value > '9')
			return -EINVAL;
		n = n * 10 + (*value - '0');
		if (n > UINT_MAX)
			return -EINVAL;
	}
	*out = n;
	return 0;
}

static void wake_recovery_workers(void)
{
	struct kvm *kvm;

	mutex_lock(&kvm_lock);
	list_for_each_entry(kvm, &vm_list, vm_list)
		if (kvm->arch.nx_huge_page_recovery_thread)
			wake_up_process(kvm->arch.nx_huge_page_recovery_thread);
	mutex_unlock(&kvm_lock);
}

static void zap_all_vms(void)
{
	struct kvm *kvm;

	mutex_lock(&kvm_lock);
	list_for_each_entry(kvm, &vm_list, vm_list) {
		mutex_lock(&kvm->slots_lock);
		kvm_mmu_zap_all_fast(kvm);
		mutex_unlock(&kvm->slots_lock);
	}
	mutex_unlock(&kvm_lock);
}

static int set_nx_huge_pages(const char *value)
{
	bool old_value = nx_huge_pages, new_value;

	if (!strcmp(value, "off"))
		new_value = false;
	else if (!strcmp(value, "force"))
		new_value = true;
	else if (!strcmp(value, "auto"))
		new_value = kvm_cpu.itlb_multihit;
	else if (parse_bool(value, &new_value))
		return -EINVAL;

	WRITE_ONCE(nx_huge_pages, new_value);
	/* Huge pages that are mapped now have the wrong rights. */
	if (new_value != old_value) {
		zap_all_vms();
		wake_recovery_workers();
	}
	return 0;
}

/* The sleep of the workers may be too long now. */
static int set_nx_huge_pages_recovery_param(u32 *param, const char *value)
{
	u64 old_period = 0, new_period = 0;
	bool was_enabled = calc_nx_huge_pages_recovery_period(&old_period);
	u32 new_value;

	if (parse_u32(value, &new_value))
		return -EINVAL;
	WRITE_ONCE(*param, new_value);

	if (calc_nx_huge_pages_recovery_period(&new_period) &&
	    (!was_enabled || new_period < old_period))
		wake_recovery_workers();
	return 0;
}

int kvm_mmu_set_param(const char *name, const char *value)
{
	bool split;

	if (!strcmp(name, "nx_huge_pages"))
		return set_nx_huge_pages(value);
	if (!strcmp(name, "nx_huge_pages_recovery_ratio"))
		return set_nx_huge_pages_recovery_param(&nx_huge_pages_recovery_ratio, value);
	if (!strcmp(name, "nx_huge_pages_recovery_period_ms"))
		return set_nx_huge_pages_recovery_param(&nx_huge_pages_recovery_period_ms, value);
	if (!strcmp(name, "eager_page_split")) {
		if (parse_bool(value, &split))
			return -EINVAL;
		WRITE_ONCE(eager_page_split, split);
		return 0;
	}
	return -ENOENT;
}
