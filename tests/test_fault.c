/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * Page faults: the lockless path, the size of mappings, what replaces what, errors, and
 * the page references taken and given back.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "tests/fault_fixture.h"

#define W_BIT	UINT64_C(2)
#define LOG	KVM_MEM_LOG_DIRTY_PAGES

static u64 empty_entry(void)
{
	return mmu_early_profile() ? 0 : UINT64_C(1) << 63;
}

/* ---- fast_page_fault(), 5.6 ---- */

/* Row a: no leaf there.  Only a protection fault on a write is looked at with A/D bits. */
static void test_fast_without_leaf(void **state)
{
	struct mmu_vm *vm;

	FOR_ALL(vm) {
		trace_start();
		mmu_map(vm->vcpu, GPA, MMU_WRITE_RO);
		assert_int_equal(trace_count(TRACE_FAST), 1);
		assert_int_equal(trace_get(TRACE_FAST, 0)->ret, RET_PF_INVALID);
		/* A missing entry is not eligible, nor is a read or a fetch. */
		trace_start();
		mmu_map(vm->vcpu, GPA + PAGE, MMU_WRITE);
		mmu_map(vm->vcpu, GPA + 2 * PAGE, MMU_READ | PFERR_PRESENT_MASK);
		mmu_map(vm->vcpu, GPA + 3 * PAGE, MMU_EXEC | PFERR_PRESENT_MASK);
		trace_stop();
		assert_int_equal(trace_count(TRACE_FAST), 0);
		assert_int_equal(vm->vcpu->stat.pf_fast, 0);
		assert_int_equal(vm->vcpu->stat.pf_fixed, 4);
		assert_int_equal(vm->vcpu->stat.pf_taken, 4);
	}
}

/* Row b: another vCPU was faster. */
static void test_fast_spurious(void **state)
{
	struct mmu_vm *vm;

	FOR_ALL(vm) {
		unsigned long gets;
		u64 spte;

		mmu_map(vm->vcpu, GPA, MMU_WRITE);
		gets = vm->world.gets;
		spte = leaf(vm, GPA);
		assert_int_equal(mmu_fault(vm->vcpu, GPA, MMU_WRITE_RO), RET_PF_SPURIOUS);
		assert_int_equal(vm->vcpu->stat.pf_fast, 1);
		assert_int_equal(vm->vcpu->stat.pf_spurious, 1);
		assert_int_equal(vm->world.gets, gets);
		assert_true(leaf(vm, GPA) == spte);
	}
}

/*
 * Rows d and f: W comes back, the page is logged, and nothing else changes: no A, no D, no flush,
 * no event of a changed SPTE.
 */
static void test_fast_write_protected(void **state)
{
	struct mmu_vm *vm;

	FOR_ALL(vm) {
		unsigned long bitmap[4] = { 0 };
		u64 spte, flushes;

		mmu_slot(vm, 1, GPA + MMU_1G, 0x100000, 0);
		mmu_map(vm->vcpu, GPA + MMU_1G + 70 * PAGE, MMU_WRITE);
		mmu_slot(vm, 1, GPA + MMU_1G, 0x100000, LOG);
		/* As write protection leaves it, with A and D clear too. */
		*mmu_sptep(vm->vcpu, GPA + MMU_1G + 70 * PAGE, 1) &=
			~(W_BIT | shadow_accessed_mask | shadow_dirty_mask);
		spte = leaf(vm, GPA + MMU_1G + 70 * PAGE);

		mmu_enter(vm->vcpu);
		flushes = mmu_flush_requests(vm);
		trace_start();
		mmu_map(vm->vcpu, GPA + MMU_1G + 70 * PAGE, MMU_WRITE_RO);
		trace_stop();
		assert_int_equal(vm->vcpu->stat.pf_fast, 1);
		assert_int_equal(trace_get(TRACE_FAST, 0)->ret, RET_PF_FIXED);
		assert_true(leaf(vm, GPA + MMU_1G + 70 * PAGE) == (spte | W_BIT));
		assert_int_equal(trace_count(TRACE_CHANGED), 0);
		assert_int_equal(mmu_flush_requests(vm), flushes);
		assert_int_equal(kvm_vm_ioctl_get_dirty_log(vm->kvm, 1, bitmap), 0);
		assert_int_equal(bitmap[0], 0);
		assert_int_equal(bitmap[1], 1 << 6);
	}
}

/* Row e: W is not KVM's to give, as MMU_W is clear; the slow path gets a page for writing. */
static void test_fast_host_read_only(void **state)
{
	struct mmu_vm *vm;

	FOR_ALL(vm) {
		vm->world.writable = false;
		mmu_map(vm->vcpu, GPA, MMU_READ);
		assert_true(leaf(vm, GPA) == ((kvm_cpu.intel ? 0x975 : 0x825) | pa_of(GPA)));
		trace_start();
		mmu_map(vm->vcpu, GPA, MMU_WRITE_RO);
		trace_stop();
		assert_int_equal(trace_get(TRACE_FAST, 0)->ret, RET_PF_INVALID);
		assert_int_equal(vm->vcpu->stat.pf_fast, 0);
		assert_true(leaf(vm, GPA) & W_BIT);
	}
}

/* Row d, the exception: a huge page of a slot that logs is split or replaced, not made writable. */
static void test_fast_huge_page_that_logs(void **state)
{
	unsigned int i;

	for (i = 0; i < MMU_NR_PROFILES; i++) {
		struct mmu_config config = mmu_config(mmu_profiles[i], true);
		struct mmu_vm *vm;

		config.params.eager_page_split = false;
		vm = vm_for(&config);
		vm->world.level = PG_LEVEL_2M;
		mmu_slot(vm, 1, 4 * MMU_1G, MMU_2M, 0);
		mmu_map(vm->vcpu, 4 * MMU_1G, MMU_WRITE);
		assert_int_equal(mmu_leaf_level(vm->vcpu, 4 * MMU_1G), 2);
		mmu_slot(vm, 1, 4 * MMU_1G, MMU_2M, LOG);
		assert_int_equal(mmu_leaf_level(vm->vcpu, 4 * MMU_1G), 2);
		assert_false(leaf(vm, 4 * MMU_1G) & W_BIT);

		trace_start();
		mmu_map(vm->vcpu, 4 * MMU_1G + PAGE, MMU_WRITE_RO);
		trace_stop();
		assert_int_equal(trace_get(TRACE_FAST, 0)->ret, RET_PF_INVALID);
		assert_int_equal(mmu_leaf_level(vm->vcpu, 4 * MMU_1G + PAGE), 1);
		assert_true(leaf(vm, 4 * MMU_1G + PAGE) & W_BIT);
		mmu_vm_destroy(vm);
	}
}

/* Without a log the huge page gets W back at once. */
static void test_fast_huge_page(void **state)
{
	struct mmu_vm *vm;

	FOR_ALL(vm) {
		u64 spte;

		vm->world.level = PG_LEVEL_2M;
		mmu_map(vm->vcpu, GPA, MMU_WRITE);
		spte = leaf(vm, GPA);
		*mmu_sptep(vm->vcpu, GPA, 2) &= ~W_BIT;
		mmu_map(vm->vcpu, GPA + 5 * PAGE, MMU_WRITE_RO);
		assert_int_equal(vm->vcpu->stat.pf_fast, 1);
		assert_true(leaf(vm, GPA) == spte);
	}
}

/*
 * Row c, without A/D bits: 0x0750000000000870 is tracked.  A read or a fetch gives R and X back,
 * a write W too.  The entry counts as not present for the CPU.
 */
static void test_fast_access_tracked(void **state)
{
	static const u64 errors[] = { MMU_READ, MMU_EXEC, MMU_WRITE };
	static const u64 values[] = {
		UINT64_C(0x0610000000000875), UINT64_C(0x0610000000000875),
		UINT64_C(0x0610000000000877),
	};
	unsigned int i, access;

	for (i = 0; i < MMU_NR_PROFILES; i++) {
		struct mmu_config config = mmu_config(mmu_profiles[i], true);
		hva_t hva = MMU_HVA_BASE + GPA;
		struct mmu_vm *vm;

		config.params.eptad = false;
		vm = vm_for(&config);
		mmu_map(vm->vcpu, GPA, MMU_WRITE);
		for (access = 0; access < 3; access++) {
			unsigned long gets = vm->world.gets;

			assert_true(kvm_mmu_notifier_clear_young(vm->kvm, hva, hva + PAGE));
			assert_true(leaf(vm, GPA) == (UINT64_C(0x0750000000000870) | pa_of(GPA)));
			mmu_map(vm->vcpu, GPA, errors[access]);
			assert_int_equal(vm->vcpu->stat.pf_fast, access + 1);
			assert_true(leaf(vm, GPA) == (values[access] | pa_of(GPA)));
			assert_int_equal(vm->world.gets, gets);
		}
		/* A missing entry is looked at too, and left to the slow path. */
		trace_start();
		mmu_map(vm->vcpu, GPA + PAGE, MMU_READ);
		trace_stop();
		assert_int_equal(trace_get(TRACE_FAST, 0)->ret, RET_PF_INVALID);
		mmu_vm_destroy(vm);
	}
}

/* ---- Errors of the host ---- */

static void test_host_errors(void **state)
{
	struct mmu_vm *vm;

	FOR_ALL(vm) {
		vm->world.get_page_ret = -EFAULT;
		trace_start();
		assert_int_equal(mmu_fault(vm->vcpu, GPA, MMU_WRITE), -EFAULT);
		assert_int_equal(exit_fault(vm->vcpu, GPA, MMU_WRITE), -EFAULT);
		/* A poisoned page has sent a signal: the guest may try again. */
		vm->world.get_page_ret = -EHWPOISON;
		assert_int_equal(mmu_fault(vm->vcpu, GPA, MMU_WRITE), RET_PF_RETRY);
		trace_stop();
		assert_int_equal(trace_count(TRACE_CHANGED), 0);
		assert_int_equal(vm->world.puts, 0);
		vm->world.get_page_ret = 0;
		mmu_map(vm->vcpu, GPA, MMU_WRITE);
	}
}

static void drain_caches(struct kvm_vcpu *vcpu)
{
	kvm_mmu_free_memory_cache(&vcpu->arch.mmu_shadow_page_cache);
	kvm_mmu_free_memory_cache(&vcpu->arch.mmu_page_header_cache);
}

/* Whatever allocation fails: the fault fails before it has changed anything, or works. */
static void test_out_of_memory(void **state)
{
	unsigned int i;

	for (i = 0; i < MMU_NR_PROFILES; i++) {
		struct mmu_vm *vm = vm_simple(mmu_profiles[i], true);
		unsigned long n, failed = 0;

		for (n = 1; n <= 90; n++) {
			gpa_t gpa = GPA + n * MMU_2M;
			int r;

			drain_caches(vm->vcpu);
			sim_mem_fail_nth(n);
			r = mmu_fault_now(vm->vcpu, gpa, MMU_WRITE, false);
			sim_mem_fail_nth(0);
			if (r == -ENOMEM) {
				failed++;
				assert_int_equal(mmu_leaf_level(vm->vcpu, gpa), 0);
				/* The page was not asked for yet. */
				assert_int_equal(vm->world.gets, n - failed);
			} else {
				assert_int_equal(r, RET_PF_FIXED);
				assert_int_equal(mmu_leaf_level(vm->vcpu, gpa), 1);
			}
			assert_true(n > 1 || r == -ENOMEM);
		}
		/* Not more than one fault can need: five levels, two kinds of memory. */
		assert_true(failed >= 2 && failed <= 10);
		mmu_vm_destroy(vm);
	}
}

/* A vCPU without memory for a root does not run, and runs when there is some again. */
static void test_no_memory_for_a_root(void **state)
{
	unsigned int i;

	for (i = 0; i < MMU_NR_PROFILES; i++) {
		struct mmu_vm *vm = vm_simple(mmu_profiles[i], false);

		kvm_mmu_unload(vm->vcpu);
		drain_caches(vm->vcpu);
		sim_mem_fail_nth(1);
		assert_int_equal(kvm_vcpu_run(vm->vcpu), -ENOMEM);
		sim_mem_fail_nth(0);
		assert_true(vm->vcpu->arch.mmu->root.hpa == INVALID_PAGE);
		mmu_map(vm->vcpu, GPA, MMU_WRITE);
		mmu_vm_destroy(vm);
	}
}

/* ---- The size of a mapping, 5.9 ---- */

static int size_of_mapping(struct mmu_vm *vm, gpa_t gpa, u64 error_code)
{
	mmu_map(vm->vcpu, gpa, error_code);
	return mmu_leaf_level(vm->vcpu, gpa);
}

/* The smallest of what slot and host allow; the page got from the host is the one given back. */
static void test_size_by_host(void **state)
{
	struct mmu_vm *vm;

	FOR_ALL(vm) {
		int level;

		for (level = 1; level <= 3; level++) {
			u64 size = UINT64_C(0x1000) << (9 * (level - 1));
			gpa_t base = (8 + 2 * level) * MMU_1G;
			gpa_t gpa = base + (size > PAGE ? 7 * PAGE : 0);

			mmu_slot(vm, level, base, MMU_1G, 0);
			vm->world.level = level;
			assert_int_equal(size_of_mapping(vm, gpa, MMU_WRITE), level);
			assert_true((leaf(vm, gpa) & UINT64_C(0x000ffffffffff000)) == pa_of(base));
			/* The reference was on the page of the access, not on the first. */
			assert_true(vm->world.last_got == mmu_pfn(gpa));
			assert_true(vm->world.last_put == mmu_pfn(gpa));
			assert_int_equal(vm->world.gets, vm->world.puts);
		}
		assert_int_equal(atomic64_read(&vm->kvm->stat.pages[0]), 1);
		assert_int_equal(atomic64_read(&vm->kvm->stat.pages[1]), 1);
		assert_int_equal(atomic64_read(&vm->kvm->stat.pages[2]), 1);
	}
}

/* A slot of 1 GiB + 2 MiB + 4 KiB at a place off by 2 MiB: the largest page that lies inside. */
static void test_size_by_slot(void **state)
{
	struct mmu_vm *vm;

	FOR_ALL(vm) {
		gpa_t base = 9 * MMU_1G - MMU_2M;

		mmu_slot(vm, 1, base, MMU_1G + 2 * MMU_2M + PAGE, 0);
		vm->world.level = PG_LEVEL_1G;
		assert_int_equal(size_of_mapping(vm, base, MMU_READ), 2);
		assert_int_equal(size_of_mapping(vm, 9 * MMU_1G, MMU_READ), 3);
		assert_int_equal(size_of_mapping(vm, 10 * MMU_1G, MMU_READ), 2);
		assert_int_equal(size_of_mapping(vm, 10 * MMU_1G + MMU_2M, MMU_READ), 1);
	}
}

static void test_size_by_cpu(void **state)
{
	struct mmu_config config = mmu_config("v6.4", true);
	struct mmu_vm *vm;

	config.cpu.ept_1g = false;
	vm = vm_for(&config);
	vm->world.level = PG_LEVEL_1G;
	assert_int_equal(size_of_mapping(vm, GPA, MMU_WRITE), 2);
	mmu_vm_destroy(vm);
}

/* A slot that logs has small pages only. */
static void test_size_while_logging(void **state)
{
	struct mmu_vm *vm;

	FOR_ALL(vm) {
		mmu_slot(vm, 1, 8 * MMU_1G, MMU_1G, LOG);
		vm->world.level = PG_LEVEL_1G;
		assert_int_equal(size_of_mapping(vm, 8 * MMU_1G, MMU_WRITE), 1);
		assert_int_equal(size_of_mapping(vm, 8 * MMU_1G + MMU_2M, MMU_READ), 1);
		assert_int_equal(size_of_mapping(vm, GPA, MMU_READ), 3);
	}
}

/*
 * nx_huge_pages: a fetch makes small pages and marks their table; a read makes a huge page that
 * cannot execute; and where a table is, no huge page replaces it.
 */
static void test_size_with_nx_huge_pages(void **state)
{
	unsigned int i;

	for (i = 0; i < MMU_NR_PROFILES * 2; i++) {
		struct mmu_config config = mmu_config(mmu_profiles[i / 2], i % 2);
		u64 nx = config.cpu.intel ? 0 : UINT64_C(1) << 63, x = config.cpu.intel ? 4 : 0;
		struct mmu_vm *vm;

		config.params.nx_huge_pages = 1;
		vm = vm_for(&config);
		vm->world.level = PG_LEVEL_2M;
		assert_int_equal(size_of_mapping(vm, GPA + 3 * PAGE, MMU_EXEC), 1);
		assert_true(mmu_table(vm->vcpu, GPA, 1)->nx_huge_page_disallowed);
		assert_int_equal(atomic64_read(&vm->kvm->stat.nx_lpage_splits), 1);
		assert_true((leaf(vm, GPA + 3 * PAGE) & (x | nx)) == x);

		assert_int_equal(size_of_mapping(vm, GPA + MMU_2M, MMU_READ), 2);
		assert_true((leaf(vm, GPA + MMU_2M) & (nx | x)) == nx);

		/* The page of the access, at the level below. */
		assert_int_equal(size_of_mapping(vm, GPA + 9 * PAGE, MMU_READ), 1);
		assert_true((leaf(vm, GPA + 9 * PAGE) & UINT64_C(0x000ffffffffff000)) ==
			    pa_of(GPA + 9 * PAGE));
		assert_int_equal(mmu_leaf_level(vm->vcpu, GPA + 3 * PAGE), 1);
		mmu_vm_destroy(vm);
	}
}

/* ---- One kind of entry in the place of another, 5.10 ---- */

/* A table goes, a huge leaf comes: the CPU may have cached the table, so flush. */
static void test_leaf_replaces_table(void **state)
{
	struct mmu_vm *vm;

	FOR_ALL(vm) {
		mmu_map(vm->vcpu, GPA, MMU_WRITE);
		mmu_map(vm->vcpu, GPA + PAGE, MMU_WRITE);
		vm->world.level = PG_LEVEL_2M;
		trace_start();
		assert_int_equal(size_of_mapping(vm, GPA + 2 * PAGE, MMU_WRITE), 2);
		trace_stop();
		assert_int_equal(trace_count(TRACE_FLUSH), 1);
		assert_true(trace_get(TRACE_FLUSH, 0)->locked);
		assert_int_equal(trace_count(TRACE_PREPARE_ZAP), 1);
		assert_int_equal(atomic64_read(&vm->kvm->stat.pages[0]), 0);
		assert_int_equal(atomic64_read(&vm->kvm->stat.pages[1]), 1);
		/* D and A of the small pages are handed over. */
		assert_int_equal(vm->world.nr_dirty, 2);
		assert_int_equal(vm->world.nr_accessed, 2);
	}
}

/*
 * A huge leaf where a small page is wanted.  Until v6.1 it is zapped, with a flush, and only the
 * page of the fault is mapped; from v6.2 on it is split in place, all 512 pages stay.
 */
static void test_huge_leaf_above_goal(void **state)
{
	struct mmu_vm *vm;

	FOR_ALL(vm) {
		bool splits = !mmu_profile_is("v6.1");
		int i, present = 0;

		vm->world.level = PG_LEVEL_2M;
		mmu_map(vm->vcpu, GPA, MMU_WRITE);
		assert_int_equal(mmu_leaf_level(vm->vcpu, GPA), 2);
		vm->world.level = PG_LEVEL_4K;
		mmu_enter(vm->vcpu);
		trace_start();
		assert_true(mmu_fault_now(vm->vcpu, GPA + 7 * PAGE, MMU_READ, false) !=
			    RET_PF_RETRY);
		trace_stop();
		for (i = 0; i < 512; i++) {
			u64 spte = *mmu_sptep(vm->vcpu, GPA + i * PAGE, 1);

			if (!(spte >> 11 & 1)) {
				assert_true(spte == empty_entry());
				continue;
			}
			present++;
			assert_int_equal(spte >> 7 & 1, 0);
			assert_true((spte & UINT64_C(0x000ffffffffff000)) ==
				    pa_of(GPA + i * PAGE));
		}
		assert_int_equal(present, splits ? 512 : 1);
		assert_int_equal(trace_count(TRACE_FLUSH), splits ? 0 : 1);
		assert_int_equal(trace_count(TRACE_SPLIT), splits ? 1 : 0);
		assert_int_equal(mmu_leaf_level(vm->vcpu, GPA + 7 * PAGE), 1);
		assert_int_equal(atomic64_read(&vm->kvm->stat.pages[0]), present);
		assert_int_equal(atomic64_read(&vm->kvm->stat.pages[1]), 0);
	}
}

/* 1 GiB: only the 2 MiB of the fault is split further. */
static void test_huge_leaf_of_1g(void **state)
{
	struct mmu_vm *vm;

	FOR_ALL(vm) {
		bool splits = !mmu_profile_is("v6.1");

		vm->world.level = PG_LEVEL_1G;
		mmu_map(vm->vcpu, GPA, MMU_WRITE);
		assert_int_equal(mmu_leaf_level(vm->vcpu, GPA), 3);
		vm->world.level = PG_LEVEL_4K;
		mmu_enter(vm->vcpu);
		mmu_fault_now(vm->vcpu, GPA + 7 * PAGE, MMU_READ, false);
		assert_int_equal(mmu_leaf_level(vm->vcpu, GPA + 7 * PAGE), 1);
		assert_int_equal(mmu_leaf_level(vm->vcpu, GPA + MMU_2M), splits ? 2 : 0);
		assert_int_equal(mmu_leaf_level(vm->vcpu, GPA + PAGE), splits ? 1 : 0);
		assert_int_equal(atomic64_read(&vm->kvm->stat.pages[0]), splits ? 512 : 1);
		assert_int_equal(atomic64_read(&vm->kvm->stat.pages[1]), splits ? 511 : 0);
		assert_int_equal(atomic64_read(&vm->kvm->stat.pages[2]), 0);
	}
}

/* The same value again: spurious, and no change is traced. */
static void test_spurious(void **state)
{
	struct mmu_vm *vm;

	FOR_ALL(vm) {
		vm->world.writable = false;
		mmu_map(vm->vcpu, GPA, MMU_READ);
		trace_start();
		assert_int_equal(mmu_fault(vm->vcpu, GPA, MMU_READ), RET_PF_SPURIOUS);
		trace_stop();
		assert_int_equal(trace_count(TRACE_CHANGED), 0);
		assert_int_equal(vm->vcpu->stat.pf_spurious, 1);
		/* An upgrade of rights keeps the page, and needs no flush. */
		trace_start();
		mmu_map(vm->vcpu, GPA, MMU_WRITE);
		trace_stop();
		assert_int_equal(trace_count(TRACE_CHANGED), 1);
		assert_int_equal(trace_count(TRACE_FLUSH), 0);
	}
}

/* A root that was invalidated gets nothing more. */
static void test_obsolete_root(void **state)
{
	struct mmu_vm *vm;

	FOR_ALL(vm) {
		mmu_slot(vm, 1, 8 * MMU_1G, 0x1000, 0);
		mmu_map(vm->vcpu, GPA, MMU_WRITE);
		mmu_slot(vm, 1, 8 * MMU_1G, 0, 0);
		assert_int_equal(mmu_fault_now(vm->vcpu, GPA, MMU_WRITE, false), RET_PF_RETRY);
		assert_int_equal(mmu_leaf_level(vm->vcpu, GPA), 0);
		mmu_map(vm->vcpu, GPA, MMU_WRITE);
	}
}

/* ---- Ahead of an access ---- */

static int map_ahead(struct mmu_vm *vm, gpa_t gpa, u64 error_code)
{
	int r, idx = srcu_read_lock(&vm->kvm->srcu);

	r = kvm_tdp_map_page(vm->vcpu, gpa, error_code);
	srcu_read_unlock(&vm->kvm->srcu, idx);
	return r;
}

/* The level of the mapping; A stays clear, and the guest's statistics do not count it. */
static void test_map_page(void **state)
{
	struct mmu_vm *vm;

	FOR_ALL(vm) {
		u64 accessed = kvm_cpu.intel ? 1 << 8 : 1 << 5;

		assert_int_equal(map_ahead(vm, GPA, MMU_READ), 1);
		assert_int_equal(mmu_leaf_level(vm->vcpu, GPA), 1);
		assert_false(leaf(vm, GPA) & accessed);
		vm->world.level = PG_LEVEL_2M;
		assert_int_equal(map_ahead(vm, GPA + MMU_2M, MMU_READ), 2);
		vm->world.level = PG_LEVEL_1G;
		mmu_slot(vm, 1, 8 * MMU_1G, MMU_1G, 0);
		assert_int_equal(map_ahead(vm, 8 * MMU_1G + PAGE, MMU_READ), 3);
		assert_int_equal(vm->vcpu->stat.pf_taken, 0);
		assert_int_equal(vm->vcpu->stat.pf_fixed, 0);

		assert_int_equal(map_ahead(vm, HOLE, MMU_READ), -ENOENT);
		vm->world.get_page_ret = -EFAULT;
		assert_int_equal(map_ahead(vm, GPA + 2 * MMU_2M, MMU_READ), -EFAULT);
		vm->world.get_page_ret = 0;
		drain_caches(vm->vcpu);
		sim_mem_fail_nth(1);
		assert_int_equal(map_ahead(vm, GPA + 2 * MMU_2M, MMU_READ), -ENOMEM);
		sim_mem_fail_nth(0);

		/* The root is about to be left: not a matter of trying again here. */
		mmu_slot(vm, 1, 8 * MMU_1G, 0, 0);
		assert_int_equal(map_ahead(vm, GPA, MMU_READ), -EAGAIN);
		mmu_enter(vm->vcpu);
		assert_int_equal(map_ahead(vm, GPA + PAGE, MMU_READ), 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fast_without_leaf),
		cmocka_unit_test(test_fast_spurious),
		cmocka_unit_test(test_fast_write_protected),
		cmocka_unit_test(test_fast_host_read_only),
		cmocka_unit_test(test_fast_huge_page_that_logs),
		cmocka_unit_test(test_fast_huge_page),
		cmocka_unit_test(test_fast_access_tracked),
		cmocka_unit_test(test_host_errors),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_no_memory_for_a_root),
		cmocka_unit_test(test_size_by_host),
		cmocka_unit_test(test_size_by_slot),
		cmocka_unit_test(test_size_by_cpu),
		cmocka_unit_test(test_size_while_logging),
		cmocka_unit_test(test_size_with_nx_huge_pages),
		cmocka_unit_test(test_leaf_replaces_table),
		cmocka_unit_test(test_huge_leaf_above_goal),
		cmocka_unit_test(test_huge_leaf_of_1g),
		cmocka_unit_test(test_spurious),
		cmocka_unit_test(test_obsolete_root),
		cmocka_unit_test(test_map_page),
	};

	return MMU_RUN_TESTS(tests);
}
