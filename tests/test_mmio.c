/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * Accesses to where there is no memory: MMIO SPTEs, the cache of the last access, generations,
 * and slots that are read-only.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "tests/fault_fixture.h"

#define assert_mmio_exit(vcpu, gpa, error_code)					\
do {										\
	assert_int_equal(exit_fault(vcpu, gpa, error_code), 0);			\
	assert_int_equal((vcpu)->run.exit_reason, KVM_EXIT_MMIO);		\
	assert_true((vcpu)->run.mmio.phys_addr == (gpa));			\
} while (0)

/* ---- Read-only slots ---- */

/* A read-only slot: reads are mapped without any right to write, writes are emulated. */
static void test_read_only_slot(void **state)
{
	struct mmu_vm *vm;

	FOR_ALL(vm) {
		gpa_t gpa = 4 * MMU_1G;

		mmu_slot(vm, 1, gpa, 0x10000, KVM_MEM_READONLY);
		assert_int_equal(mmu_fault(vm->vcpu, gpa, MMU_WRITE), RET_PF_EMULATE);
		assert_int_equal(mmu_leaf_level(vm->vcpu, gpa), 0);
		mmu_map(vm->vcpu, gpa, MMU_READ);
		assert_true(leaf(vm, gpa) == ((kvm_cpu.intel ? 0x975 : 0x825) | pa_of(gpa)));
		assert_int_equal(mmu_fault(vm->vcpu, gpa, MMU_WRITE_RO), RET_PF_EMULATE);
		assert_true(leaf(vm, gpa) == ((kvm_cpu.intel ? 0x975 : 0x825) | pa_of(gpa)));
		assert_mmio_exit(vm->vcpu, gpa + 8, MMU_WRITE_RO);
		assert_int_equal(vm->vcpu->stat.pf_mmio_spte_created, 0);
	}
}

/* ---- MMIO ---- */

/* The value at gpa 0xFEE00000, generation 0x10 (docs/sptes.md). */
static void test_mmio_spte(void **state)
{
	struct mmu_vm *vm;

	FOR_ALL(vm) {
		u64 want = kvm_cpu.intel ? UINT64_C(0xfee00086) : UINT64_C(0x00080000fee00087);
		int id;

		for (id = 1; id < 8; id++)
			mmu_slot(vm, id, (4 + id) * MMU_1G, 0x1000, 0);
		trace_start();
		assert_int_equal(mmu_fault(vm->vcpu, HOLE, MMU_READ), RET_PF_EMULATE);
		trace_stop();
		assert_true(*mmu_sptep(vm->vcpu, HOLE, 1) == want);
		assert_int_equal(trace_count(TRACE_MARK_MMIO), 1);
		assert_int_equal(trace_get(TRACE_MARK_MMIO, 0)->gfn, HOLE >> 12);
		assert_int_equal(vm->vcpu->stat.pf_mmio_spte_created, 1);
		assert_int_equal(vm->vcpu->stat.pf_emulate, 1);
		assert_int_equal(vm->world.gets, 0);
	}
}

/*
 * vCPU0 faults		full fault, MMIO SPTE, cache of vCPU0
 * vCPU0 again		cache hit: no walk
 * vCPU1		walk, generation is current, cache of vCPU1
 * vCPU1 again		cache hit
 */
static void test_mmio_cache(void **state)
{
	struct mmu_vm *vm;

	FOR_ALL(vm) {
		struct kvm_vcpu *vcpu1 = mmu_vcpu_add(vm, 1);

		assert_mmio_exit(vm->vcpu, HOLE, MMU_WRITE);
		trace_start();
		assert_mmio_exit(vm->vcpu, HOLE + 4, PFERR_RSVD_MASK);
		assert_int_equal(trace_count(TRACE_CHECK_MMIO), 0);
		assert_mmio_exit(vcpu1, HOLE + 4, PFERR_RSVD_MASK);
		assert_int_equal(trace_count(TRACE_CHECK_MMIO), 1);
		assert_int_equal(trace_get(TRACE_CHECK_MMIO, 0)->kvm_gen, 2);
		assert_int_equal(trace_get(TRACE_CHECK_MMIO, 0)->spte_gen, 2);
		assert_int_equal(trace_count(TRACE_HANDLE_MMIO), 1);
		assert_int_equal(trace_get(TRACE_HANDLE_MMIO, 0)->gfn, HOLE >> 12);
		assert_mmio_exit(vcpu1, HOLE + 8, PFERR_RSVD_MASK);
		assert_int_equal(trace_count(TRACE_CHECK_MMIO), 1);
		trace_stop();
		assert_int_equal(trace_count(TRACE_CHANGED), 0);
	}
}

/* Frame 0 is what an empty cache has: it never hits. */
static void test_mmio_cache_frame_0(void **state)
{
	struct mmu_vm *vm;

	FOR_ALL(vm) {
		assert_mmio_exit(vm->vcpu, UINT64_C(8), MMU_WRITE);
		trace_start();
		assert_mmio_exit(vm->vcpu, UINT64_C(8), PFERR_RSVD_MASK);
		assert_mmio_exit(vm->vcpu, UINT64_C(8), PFERR_RSVD_MASK);
		trace_stop();
		assert_int_equal(trace_count(TRACE_CHECK_MMIO), 2);
	}
}

/* A new slot elsewhere: neither cache nor SPTE is believed, the SPTE is stamped anew. */
static void test_mmio_stale_generation(void **state)
{
	struct mmu_vm *vm;

	FOR_ALL(vm) {
		assert_mmio_exit(vm->vcpu, HOLE, MMU_WRITE);
		assert_int_equal(get_mmio_spte_generation(*mmu_sptep(vm->vcpu, HOLE, 1)), 2);
		mmu_slot(vm, 1, 8 * MMU_1G, 0x1000, 0);
		trace_start();
		assert_mmio_exit(vm->vcpu, HOLE, PFERR_RSVD_MASK);
		trace_stop();
		assert_int_equal(trace_get(TRACE_CHECK_MMIO, 0)->kvm_gen, 4);
		assert_int_equal(trace_get(TRACE_CHECK_MMIO, 0)->spte_gen, 2);
		assert_int_equal(trace_count(TRACE_HANDLE_MMIO), 0);
		assert_int_equal(trace_count(TRACE_MARK_MMIO), 1);
		assert_int_equal(get_mmio_spte_generation(*mmu_sptep(vm->vcpu, HOLE, 1)), 4);

		/* The slot is where the SPTE is: memory is mapped. */
		mmu_slot(vm, 2, HOLE, 0x1000, 0);
		assert_int_equal(exit_fault(vm->vcpu, HOLE, PFERR_RSVD_MASK), 1);
		assert_int_equal(mmu_leaf_level(vm->vcpu, HOLE), 1);
		/* An SPTE that is none any more: the guest looks again. */
		assert_int_equal(exit_fault(vm->vcpu, HOLE, PFERR_RSVD_MASK), 1);
		assert_int_equal(exit_fault(vm->vcpu, 6 * MMU_1G, PFERR_RSVD_MASK), 1);
	}
}

/* In the middle of a memslot update nothing is cached and nothing believed. */
static void test_mmio_in_flux(void **state)
{
	struct mmu_vm *vm;

	FOR_ALL(vm) {
		struct kvm_memslots *slots;
		int idx = srcu_read_lock(&vm->kvm->srcu);

		slots = __kvm_memslots(vm->kvm, 0);
		srcu_read_unlock(&vm->kvm->srcu, idx);
		slots->generation |= KVM_MEMSLOT_GEN_UPDATE_IN_PROGRESS;
		assert_mmio_exit(vm->vcpu, HOLE, MMU_WRITE);
		assert_true(vm->vcpu->arch.mmio_gfn == 0);
		trace_start();
		assert_mmio_exit(vm->vcpu, HOLE, PFERR_RSVD_MASK);
		trace_stop();
		/* By the full way, and without a comparison of generations. */
		assert_int_equal(trace_count(TRACE_CHECK_MMIO), 0);
		assert_int_equal(trace_count(TRACE_HANDLE_MMIO), 0);
		assert_int_equal(trace_count(TRACE_MARK_MMIO), 1);
		slots->generation = 4;
		/* Stamped with the old generation, so stale now. */
		assert_int_equal(get_mmio_spte_generation(*mmu_sptep(vm->vcpu, HOLE, 1)), 2);
	}
}

/* Where no SPTE can say it, every access goes the full way and leaves no entry. */
static void test_mmio_without_caching(void **state)
{
	unsigned int i;

	for (i = 0; i < MMU_NR_PROFILES * 2; i++) {
		struct mmu_config config = mmu_config(mmu_profiles[i / 2], i % 2);
		struct mmu_vm *vm;

		config.params.mmio_caching = false;
		vm = vm_for(&config);
		trace_start();
		assert_int_equal(mmu_fault(vm->vcpu, HOLE, MMU_READ), RET_PF_EMULATE);
		assert_int_equal(mmu_fault(vm->vcpu, HOLE, MMU_WRITE), RET_PF_EMULATE);
		trace_stop();
		assert_int_equal(trace_count(TRACE_CHANGED), 0);
		assert_int_equal(trace_count(TRACE_MARK_MMIO), 0);
		mmu_vm_destroy(vm);
	}
}

/* Beyond what the CPU can address nothing is ever put into the tables. */
static void test_beyond_max_gfn(void **state)
{
	struct mmu_vm *vm;

	FOR_ALL(vm) {
		trace_start();
		assert_int_equal(mmu_fault(vm->vcpu, UINT64_C(1) << 46, MMU_READ),
				 RET_PF_EMULATE);
		assert_int_equal(trace_count(TRACE_CHANGED), 0);
		/* The last page that it can is MMIO like any other. */
		assert_int_equal(mmu_fault(vm->vcpu, (UINT64_C(1) << 46) - PAGE, MMU_READ),
				 RET_PF_EMULATE);
		trace_stop();
		assert_int_equal(trace_count(TRACE_MARK_MMIO), 1);
	}
}

/* KVM never sets a reserved bit; if one is there, it says so and gives up. */
static void test_reserved_bit(void **state)
{
	struct mmu_vm *vm;

	FOR_ALL(vm) {
		int r = 0;

		mmu_map(vm->vcpu, GPA, MMU_WRITE);
		*mmu_sptep(vm->vcpu, GPA, 1) |= UINT64_C(1) << 50;
		assert_int_equal(reports_of(r = exit_fault(vm->vcpu, GPA, PFERR_RSVD_MASK)), 1);
		assert_int_equal(r, -EINVAL);
		*mmu_sptep(vm->vcpu, GPA, 1) &= ~(UINT64_C(1) << 50);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_only_slot),
		cmocka_unit_test(test_mmio_spte),
		cmocka_unit_test(test_mmio_cache),
		cmocka_unit_test(test_mmio_cache_frame_0),
		cmocka_unit_test(test_mmio_stale_generation),
		cmocka_unit_test(test_mmio_in_flux),
		cmocka_unit_test(test_mmio_without_caching),
		cmocka_unit_test(test_beyond_max_gfn),
		cmocka_unit_test(test_reserved_bit),
	};

	return MMU_RUN_TESTS(tests);
}
