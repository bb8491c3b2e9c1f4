/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_MMU_FIXTURE_H
#define TESTS_MMU_FIXTURE_H

/*
 * What the tests of mmu/ share: loading the module, a flat host around the VM, and
 * reading SPTEs by a walk of the test's own.  Include after <cmocka.h>.
 *
 * The host backs every address: host address h is frame MMU_PFN_BASE + (h >> 12), and
 * slots are made with host address MMU_HVA_BASE + guest address, so that guest,
 * host and physical addresses agree modulo 1 GiB.  Page size and writability of the
 * host's mapping are variables of the test.
 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "mmu/mmu.h"
#include "mmu/mmutrace.h"
#include "mmu/spte.h"
#include "mmu/tdp_mmu.h"
#include "mmu/x86.h"
#include "sim/mem.h"
#include "sim/report.h"
#include "sim/sim.h"

#define MMU_HVA_BASE	UINT64_C(0x100000000)
#define MMU_PFN_BASE	UINT64_C(0x80000)
#define MMU_RECORDS	4096

#define MMU_2M		(UINT64_C(1) << 21)
#define MMU_1G		(UINT64_C(1) << 30)

/* Error codes as the vendors hand them over, final translation of the address. */
#define MMU_READ	(PFERR_GUEST_FINAL_MASK | PFERR_USER_MASK)
#define MMU_WRITE	(PFERR_GUEST_FINAL_MASK | PFERR_WRITE_MASK)
#define MMU_EXEC	(PFERR_GUEST_FINAL_MASK | PFERR_FETCH_MASK)
#define MMU_WRITE_RO	(MMU_WRITE | PFERR_PRESENT_MASK)

/* ---- The host ---- */

struct mmu_world {
	int level;		/* size of the host's mappings, PG_LEVEL_* */
	bool writable;		/* without a write: may the page be mapped writable? */
	int get_page_ret;	/* what get_page() answers, 0 or an errno */
	kvm_pfn_t mmio_first, mmio_end;		/* frames of a device, end excluded */
	/* Called inside get_page(), no lock held, before the answer; may fire notifiers. */
	void (*on_get_page)(struct mmu_world *world, gfn_t gfn, hva_t hva, bool write);
	/* Instead of an exit for I/O. */
	void (*run_guest)(struct kvm_vcpu *vcpu);
	void *test;		/* for the test's own use */

	/* What KVM did; threads may count at the same time. */
	unsigned long gets, puts;
	kvm_pfn_t last_got, last_put;
	unsigned long flushes[SIM_TLB_FLUSH_GUEST + 1];
	unsigned long kicks;
	unsigned long nr_dirty, nr_accessed;
	kvm_pfn_t dirty[MMU_RECORDS], accessed[MMU_RECORDS];
};

#define MMU_COUNT(n)	__atomic_fetch_add(&(n), 1, __ATOMIC_SEQ_CST)

static inline int mmu_world_get_page(struct kvm *kvm, const struct kvm_memory_slot *slot,
				     gfn_t gfn, hva_t hva, bool write,
				     struct sim_host_page *page)
{
	struct mmu_world *world = kvm->world;

	if (world->on_get_page)
		world->on_get_page(world, gfn, hva, write);
	if (world->get_page_ret)
		return world->get_page_ret;
	MMU_COUNT(world->gets);
	page->pfn = MMU_PFN_BASE + (hva >> 12);
	world->last_got = page->pfn;
	page->level = world->level;
	page->writable = write || world->writable;
	return 0;
}

static inline void mmu_world_put_page(struct kvm *kvm, kvm_pfn_t pfn)
{
	struct mmu_world *world = kvm->world;

	MMU_COUNT(world->puts);
	world->last_put = pfn;
}

static inline int mmu_world_mapping_level(struct kvm *kvm, hva_t hva)
{
	struct mmu_world *world = kvm->world;

	return world->level;
}

static inline void mmu_world_set_pfn_dirty(struct kvm *kvm, kvm_pfn_t pfn)
{
	struct mmu_world *world = kvm->world;
	unsigned long n = MMU_COUNT(world->nr_dirty);

	if (n < MMU_RECORDS)
		world->dirty[n] = pfn;
}

static inline void mmu_world_set_pfn_accessed(struct kvm *kvm, kvm_pfn_t pfn)
{
	struct mmu_world *world = kvm->world;
	unsigned long n = MMU_COUNT(world->nr_accessed);

	if (n < MMU_RECORDS)
		world->accessed[n] = pfn;
}

static inline bool mmu_world_is_mmio_pfn(struct kvm *kvm, kvm_pfn_t pfn)
{
	struct mmu_world *world = kvm->world;

	return pfn >= world->mmio_first && pfn < world->mmio_end;
}

static inline void mmu_world_run_guest(struct kvm_vcpu *vcpu)
{
	struct mmu_world *world = vcpu->kvm->world;

	if (world->run_guest)
		world->run_guest(vcpu);
	else
		vcpu->arch.exit.reason = SIM_EXIT_IO;
}

static inline void mmu_world_flush_tlb(struct kvm_vcpu *vcpu, enum sim_tlb_flush what)
{
	struct mmu_world *world = vcpu->kvm->world;

	MMU_COUNT(world->flushes[what]);
}

static inline void mmu_world_kick(struct kvm_vcpu *vcpu)
{
	struct mmu_world *world = vcpu->kvm->world;

	MMU_COUNT(world->kicks);
}

static const struct sim_world_ops mmu_world_ops = {
	.get_page = mmu_world_get_page,
	.put_page = mmu_world_put_page,
	.mapping_level = mmu_world_mapping_level,
	.set_pfn_dirty = mmu_world_set_pfn_dirty,
	.set_pfn_accessed = mmu_world_set_pfn_accessed,
	.is_mmio_pfn = mmu_world_is_mmio_pfn,
	.run_guest = mmu_world_run_guest,
	.flush_tlb = mmu_world_flush_tlb,
	.kick = mmu_world_kick,
};

/* ---- The module ---- */

struct mmu_config {
	const char *profile;
	struct sim_cpu_model cpu;
	struct sim_module_params params;
};

/* A CPU with everything (4 levels, 46 bits, A/D, PML, 1 GiB pages), default parameters. */
static inline struct mmu_config mmu_config(const char *profile, bool intel)
{
	return (struct mmu_config) {
		.profile = profile,
		.cpu = {
			.intel = intel,
			.levels = 4,
			.maxphyaddr = 46,
			.exec_only = true,
			.ept_1g = true,
			.has_ad_bits = true,
			.has_pml = true,
		},
		.params = sim_module_params_default,
	};
}

static inline void mmu_load(const struct mmu_config *config)
{
	const struct sim_profile *profile = sim_profile_find(config->profile);

	/* A test that failed has left its VM behind: the first failure is the one to look at. */
	if (!list_empty(&vm_list))
		skip();
	assert_non_null(profile);
	assert_int_equal(kvm_mmu_module_init(profile, &config->cpu, &config->params), 0);
}

/* ---- VMs ---- */

struct mmu_vm {
	struct mmu_world world;
	struct kvm *kvm;
	struct kvm_vcpu *vcpu;		/* the first one */
};

/* A VM with one vCPU, without slots; the host maps 4 KiB pages, writable. */
static inline struct mmu_vm *mmu_vm_create(void)
{
	struct mmu_vm *vm = calloc(1, sizeof(*vm));

	assert_non_null(vm);
	vm->world.level = PG_LEVEL_4K;
	vm->world.writable = true;
	vm->kvm = kvm_create_vm(&mmu_world_ops, &vm->world);
	assert_non_null(vm->kvm);
	vm->vcpu = kvm_vm_create_vcpu(vm->kvm, 0, NULL);
	assert_false(IS_ERR(vm->vcpu));
	return vm;
}

/* Nothing of the VM may be left, and every page that KVM got from the host was given back. */
static inline void mmu_vm_destroy(struct mmu_vm *vm)
{
	kvm_put_kvm(vm->kvm);
	assert_int_equal(sim_rcu_callbacks_pending(), 0);
	assert_int_equal(vm->world.gets, vm->world.puts);
	free(vm);
}

/*
 * The same for whoever goes through all kernels.  The end of seed-v1 is the race that this project began
 * with: now and then the worker frees what the walk is at.  With all roots invalid, and zapped, before,
 * there is nothing to walk.
 */
static inline void mmu_vm_destroy_any(struct mmu_vm *vm)
{
	if (!strcmp(kvm_profile->name, "seed-v1")) {
		mutex_lock(&vm->kvm->slots_lock);
		kvm_mmu_zap_all_fast(vm->kvm);
		mutex_unlock(&vm->kvm->slots_lock);
	}
	mmu_vm_destroy(vm);
}

static inline struct kvm_vcpu *mmu_vcpu_add(struct mmu_vm *vm, int id)
{
	struct kvm_vcpu *vcpu = kvm_vm_create_vcpu(vm->kvm, id, NULL);

	assert_false(IS_ERR(vcpu));
	return vcpu;
}

/* Set a region of normal memory (address space 0) or, with id | 1 << 16, of SMM: the errno. */
static inline int mmu_slot_try(struct mmu_vm *vm, u32 id, gpa_t gpa, u64 size, u32 flags)
{
	const struct kvm_userspace_memory_region region = {
		.slot = id,
		.flags = flags,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = MMU_HVA_BASE + gpa,
	};

	return kvm_set_memory_region(vm->kvm, &region);
}

/* Create a slot, change its flags, or delete it with size 0. */
static inline void mmu_slot(struct mmu_vm *vm, u32 id, gpa_t gpa, u64 size, u32 flags)
{
	assert_int_equal(mmu_slot_try(vm, id, gpa, size, flags), 0);
}

/* The frame that the host has for a guest address in a slot of mmu_slot(). */
static inline kvm_pfn_t mmu_pfn(gpa_t gpa)
{
	return MMU_PFN_BASE + ((MMU_HVA_BASE + gpa) >> 12);
}

/* Into the guest and out again: requests are served, a root is loaded. */
static inline void mmu_enter(struct kvm_vcpu *vcpu)
{
	assert_int_equal(kvm_vcpu_run(vcpu), 0);
}

/* A page fault on the vCPU as it is, which must have a root: RET_PF_* or an errno. */
static inline int mmu_fault_now(struct kvm_vcpu *vcpu, gpa_t gpa, u64 error_code, bool prefetch)
{
	int idx = srcu_read_lock(&vcpu->kvm->srcu);
	int r = kvm_mmu_do_page_fault(vcpu, gpa, error_code, prefetch);

	srcu_read_unlock(&vcpu->kvm->srcu, idx);
	return r;
}

/* The same after the vCPU served its requests and has a root. */
static inline int mmu_fault(struct kvm_vcpu *vcpu, gpa_t gpa, u64 error_code)
{
	mmu_enter(vcpu);
	return mmu_fault_now(vcpu, gpa, error_code, false);
}

/* The same, and it has to make or mend a mapping. */
static inline void mmu_map(struct kvm_vcpu *vcpu, gpa_t gpa, u64 error_code)
{
	assert_int_equal(mmu_fault(vcpu, gpa, error_code), RET_PF_FIXED);
}

/* ---- Reading SPTEs: nine bits an index, bit 11 present, bit 7 a huge leaf ---- */

static inline struct kvm_mmu_page *mmu_root(struct kvm_vcpu *vcpu)
{
	assert_true(vcpu->arch.mmu->root.hpa != INVALID_PAGE);
	return to_shadow_page(vcpu->arch.mmu->root.hpa);
}

/* The entry for @gpa at @level below @root, NULL if no table of that level is there. */
static inline u64 *mmu_sptep_in(struct kvm_mmu_page *root, gpa_t gpa, int level)
{
	u64 *table = root->spt;
	int at;

	for (at = root->role.level; ; at--) {
		u64 *entry = &table[gpa >> (12 + 9 * (at - 1)) & 511];
		u64 spte = READ_ONCE(*entry);

		if (at == level)
			return entry;
		if (!(spte >> 11 & 1) || (spte >> 7 & 1))
			return NULL;
		table = __va(spte & UINT64_C(0x000ffffffffff000) & ~shadow_me_mask);
	}
}

static inline u64 *mmu_sptep(struct kvm_vcpu *vcpu, gpa_t gpa, int level)
{
	return mmu_sptep_in(mmu_root(vcpu), gpa, level);
}

/* The last entry on the way to @gpa: its value, and its level in *@level unless NULL. */
static inline u64 mmu_spte(struct kvm_vcpu *vcpu, gpa_t gpa, int *level)
{
	u64 *entry = NULL;
	int at;

	for (at = 1; !entry; at++)
		entry = mmu_sptep(vcpu, gpa, at);
	if (level)
		*level = at - 1;
	return READ_ONCE(*entry);
}

/* The level of the leaf that maps @gpa, 0 if none does. */
static inline int mmu_leaf_level(struct kvm_vcpu *vcpu, gpa_t gpa)
{
	int level;
	u64 spte = mmu_spte(vcpu, gpa, &level);

	return spte >> 11 & 1 ? level : 0;
}

/* The table of level @level that translates @gpa, NULL if there is none. */
static inline struct kvm_mmu_page *mmu_table(struct kvm_vcpu *vcpu, gpa_t gpa, int level)
{
	u64 *entry = mmu_sptep(vcpu, gpa, level);

	return entry ? sptep_to_sp(entry) : NULL;
}

/* ---- The group ---- */

static unsigned long mmu_group_warns;
static bool mmu_group_clean;

static inline int mmu_group_setup(void **state)
{
	mmu_group_warns = sim_warn_count();
	return sim_init();
}

/* No leak, no callback left, and no WARN but those that a test expected. */
static inline int mmu_group_teardown(void **state)
{
	unsigned long pending, leaks;
	bool quiet = sim_warn_count() == mmu_group_warns;

	kvm_mmu_module_exit();
	pending = sim_rcu_callbacks_pending();
	leaks = sim_exit();
	mmu_group_clean = quiet && !pending && !leaks;
	if (!mmu_group_clean)
		fprintf(stderr, "WARNs: %s, RCU callbacks left: %lu, leaks: %lu\n",
			quiet ? "none" : "some", pending, leaks);
	return mmu_group_clean ? 0 : -1;
}

/* A test that provokes @n WARNs, and has seen them, says so. */
static inline void mmu_expected_warns(unsigned long n)
{
	mmu_group_warns += n;
}

/*
 * What main() returns.  CMocka does not count a failure of the group's teardown, so
 * ask for its result too.
 */
#define MMU_RUN_TESTS(tests) \
	(cmocka_run_group_tests(tests, mmu_group_setup, mmu_group_teardown) || !mmu_group_clean)

#endif /* TESTS_MMU_FIXTURE_H */
