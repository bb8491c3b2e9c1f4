/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MMU_MODULE_H
#define MMU_MODULE_H

#include "mmu/kvm_types.h"
#include "mmu/profile.h"

/* The CPU that KVM finds when its module is loaded. */
struct sim_cpu_model {
	bool intel;		/* EPT, else NPT */
	int levels;		/* 4 or 5: of the tables KVM will build at most */
	u8 maxphyaddr;		/* bits, CPUID 0x80000008 EAX[7:0] */
	bool exec_only;		/* EPT: entries with X alone are legal */
	bool ept_1g;		/* EPT: 1 GiB leaves; NPT always has them */
	bool has_ad_bits;	/* EPT: accessed and dirty flags */
	bool has_pml;		/* EPT: page-modification logging */
	bool l1tf;		/* X86_BUG_L1TF */
	u8 cache_bits;		/* physical bits of the caches, for L1TF */
	bool itlb_multihit;	/* X86_BUG_ITLB_MULTIHIT: nx_huge_pages=auto is on */
	u64 sme_me_mask;	/* NPT: the C-bit, if memory encryption is on */
};

/* Module parameters, with KVM's names and defaults. */
struct sim_module_params {
	bool eptad;			/* Y */
	bool pml;			/* Y */
	bool mmio_caching;		/* Y */
	bool eager_page_split;		/* Y */
	bool flush_on_reuse;		/* N */
	int nx_huge_pages;		/* -1 auto, 0 off, 1 force */
	u32 nx_huge_pages_recovery_ratio;	/* 60 */
	u32 nx_huge_pages_recovery_period_ms;	/* 0: derived from the ratio */
};

extern const struct sim_module_params sim_module_params_default;

/* The CPU and the parameters in force; written by kvm_mmu_module_init() only. */
extern struct sim_cpu_model kvm_cpu;
extern bool enable_ept_ad_bits;
extern bool enable_pml;
extern bool eager_page_split;
extern bool force_flush_and_sync_on_reuse;
extern bool enable_mmio_caching;
extern int nx_huge_pages;
extern u32 nx_huge_pages_recovery_ratio;
extern u32 nx_huge_pages_recovery_period_ms;

/**
 * kvm_mmu_module_init() - load KVM: choose a profile, look at the CPU, set all masks.
 * @profile: the kernel generation
 * @cpu: the CPU
 * @params: the module parameters
 *
 * No VM may exist.  Behaviour: kvm_init() and the vendor modules' hardware setup,
 * v6.1 to v6.12.
 *
 * Return: 0, or -EINVAL for a CPU that no kernel can run on (levels, MAXPHYADDR),
 * or -EBUSY if there are VMs.
 */
int kvm_mmu_module_init(const struct sim_profile *profile, const struct sim_cpu_model *cpu,
			const struct sim_module_params *params);

/** kvm_mmu_module_exit() - unload KVM; no VM may exist. */
void kvm_mmu_module_exit(void);

/**
 * kvm_mmu_set_param() - write a module parameter of a loaded module, as root writes to sysfs.
 * @name: "nx_huge_pages", "nx_huge_pages_recovery_ratio",
 *	  "nx_huge_pages_recovery_period_ms" or "eager_page_split"
 * @value: what is written
 *
 * Changing nx_huge_pages zaps every VM (fast) and wakes the recovery threads.
 * Takes every VM's slots_lock and mmu_lock.
 *
 * Return: 0, -ENOENT for a parameter that cannot be written, -EINVAL for a bad value.
 */
int kvm_mmu_set_param(const char *name, const char *value);

#endif /* MMU_MODULE_H */
