/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/mmu_fixture.h"

/*
 * MMIO SPTEs: what a fault on an address without memory leaves behind.  They carry
 * the gfn and 19 bits of the memslot generation, and the CPU cannot use them.
 *
 *	 63   62..52    51..12   11   10..3    2..0
 *	 0    gen 18:8  address  0    gen 7:0  form (and on NPT the access)
 */

#define B(n)	(UINT64_C(1) << (n))

static const char *const profiles[] = { "v6.1", "v6.4", "v6.12" };

/* A CPU, and what of an MMIO SPTE says that it is one. */
struct setup {
	bool intel;
	u8 phys_bits;
	u8 cache_bits;		/* 0: no L1TF */
	u64 form;		/* with all of the access bits */
	u64 moved;		/* L1TF: the gfn bits that are stored five positions up */
};

static const struct setup setups[] = {
	{ true, 46, 0, 0x6, 0 },
	{ true, 52, 0, 0x6, 0 },
	{ true, 46, 46, 0x6, UINT64_C(0x3e0000000000) },
	{ true, 44, 44, 0x6, UINT64_C(0xf8000000000) },
	{ false, 48, 0, UINT64_C(0x0008000000000007), 0 },
	{ false, 51, 0, UINT64_C(0x0008000000000007), 0 },
};

#define NR_CASES	(ARRAY_SIZE(profiles) * ARRAY_SIZE(setups))

/* Load case @n and make a VM that has no memory. */
static struct mmu_vm *load(unsigned int n, const struct setup **setup)
{
	const struct setup *s = &setups[n % ARRAY_SIZE(setups)];
	struct mmu_config config = mmu_config(profiles[n / ARRAY_SIZE(setups)], s->intel);

	config.cpu.maxphyaddr = s->phys_bits;
	config.cpu.l1tf = s->cache_bits;
	config.cpu.cache_bits = s->cache_bits;
	mmu_load(&config);
	*setup = s;
	return mmu_vm_create();
}

/* The SPTE of a gfn in a VM whose slots have generation @gen. */
static u64 make(struct mmu_vm *vm, u64 gen, u64 gfn)
{
	int idx = srcu_read_lock(&vm->kvm->srcu);
	struct kvm_memslots *slots = kvm_vcpu_memslots(vm->vcpu);
	u64 old_gen = slots->generation, spte;

	slots->generation = gen;
	spte = make_mmio_spte(vm->vcpu, gfn, ACC_ALL);
	slots->generation = old_gen;
	srcu_read_unlock(&vm->kvm->srcu, idx);
	return spte;
}

static void check_unusable(const struct setup *s, u64 spte)
{
	const struct sim_paging_format *format = s->intel ? &sim_ept_format : &sim_npt_format;
	const struct sim_paging_caps caps = {
		.maxphyaddr = s->phys_bits, .levels = 4, .exec_only = true,
		.page_2m = true, .page_1g = true, .ad = true, .nxe = true,
	};

	assert_true(is_mmio_spte(spte));
	assert_false(is_shadow_present_pte(spte));
	assert_false(is_removed_spte(spte));
	/* The CPU takes it for present, and malformed: a misconfiguration, or RSV. */
	assert_true(format->present(spte));
	assert_int_not_equal(format->reserved(&caps, spte, 1), 0);
	assert_int_equal(get_mmio_spte_access(spte), s->intel ? 0 : 6);
}

/* ---- The generation ---- */

static void generation_bits(void **state)
{
	for (unsigned int n = 0; n < NR_CASES; n++) {
		const struct setup *s;
		struct mmu_vm *vm = load(n, &s);
		u64 none = make(vm, 0, 0x1234);

		assert_int_equal(none, s->form | 0x1234000 | s->moved);
		for (unsigned int bit = 0; bit < 64; bit++) {
			u64 spte = make(vm, B(bit), 0x1234);
			u64 added = bit < 8 ? B(3 + bit) : bit < 19 ? B(52 + bit - 8) : 0;

			/* Bit 63 of a generation says "being updated": it is not kept. */
			assert_int_equal(spte, none | added);
			assert_int_equal(get_mmio_spte_generation(spte), bit < 19 ? B(bit) : 0);
			check_unusable(s, spte);
		}
		assert_int_equal(get_mmio_spte_generation(make(vm, 0x7ffff, 0x1234)), 0x7ffff);
		check_unusable(s, make(vm, 0x7ffff, 0x1234));
		mmu_vm_destroy(vm);
	}
}

/* No generation moves the gfn, none of its bits is lost or made up. */
static void generation_round_trip(void **state)
{
	for (unsigned int n = 0; n < NR_CASES; n++) {
		const struct setup *s;
		struct mmu_vm *vm = load(n, &s);

		for (u64 gen = 0; gen < 0x80000; gen += 0x1ff) {
			u64 spte = make(vm, gen, 0xfee00);

			assert_int_equal(get_mmio_spte_generation(spte), gen);
			assert_int_equal(get_mmio_spte_gfn(spte), 0xfee00);
		}
		mmu_vm_destroy(vm);
	}
}

/* ---- The gfn ---- */

static void check_gfn(struct mmu_vm *vm, const struct setup *s, u64 gfn)
{
	u64 gpa = gfn << 12, spte = make(vm, 0x2a5a5, gfn);
	u64 gen = UINT64_C(0x2a5) << 52 | 0xa5 << 3;

	assert_int_equal(spte, s->form | gen | gpa | s->moved | (gpa & s->moved) << 5);
	assert_int_equal(get_mmio_spte_gfn(spte), gfn);
	assert_int_equal(get_mmio_spte_generation(spte), 0x2a5a5);
	check_unusable(s, spte);
}

static void gfn_round_trip(void **state)
{
	for (unsigned int n = 0; n < NR_CASES; n++) {
		const struct setup *s;
		struct mmu_vm *vm = load(n, &s);
		u64 last = (UINT64_C(1) << (s->phys_bits - 12)) - 1;

		check_gfn(vm, s, 0);
		check_gfn(vm, s, last);
		for (u64 gfn = 1; gfn <= last; gfn <<= 1) {
			check_gfn(vm, s, gfn);
			check_gfn(vm, s, last & ~gfn);
		}
		/* All combinations of the bits that L1TF moves. */
		for (u64 top = 0; top < 128; top++)
			check_gfn(vm, s, top << (s->phys_bits - 12 - 7) | 0x155);
		mmu_vm_destroy(vm);
	}
}

/* ---- Values that are known ---- */

static void known_values(void **state)
{
	for (unsigned int n = 0; n < NR_CASES; n++) {
		const struct setup *s;
		struct mmu_vm *vm = load(n, &s);
		u64 spte = make(vm, 0x10, 0xfee00);

		if (!s->intel) {
			assert_int_equal(spte, UINT64_C(0x00080000fee00087));
		} else if (s->cache_bits == 46) {
			assert_int_equal(spte, UINT64_C(0x00003e00fee00086));
		} else if (!s->cache_bits) {
			assert_int_equal(spte, UINT64_C(0x00000000fee00086));
			assert_int_equal(make(vm, 0x1ff, 0xfee00), UINT64_C(0x00100000fee007fe));
		}
		mmu_vm_destroy(vm);
	}
}

/* A fault leaves the SPTE behind, with the generation of the vCPU's own space. */
static void fault_makes_mmio_spte(void **state)
{
	for (unsigned int n = 0; n < NR_CASES; n++) {
		const struct setup *s;
		struct mmu_vm *vm = load(n, &s);
		u64 spte, gen;
		int level;

		mmu_slot(vm, 0, 0, MMU_2M, 0);
		mmu_slot(vm, 1, MMU_1G, MMU_2M, 0);
		/* Two updates of space 0, which began with generation 0. */
		assert_int_equal(mmu_fault(vm->vcpu, 0xfee00000, MMU_READ), RET_PF_EMULATE);
		spte = mmu_spte(vm->vcpu, 0xfee00000, &level);
		assert_int_equal(level, 1);
		assert_int_equal(spte, s->form | 4 << 3 | 0xfee00000 | s->moved);

		/* Space 1 began with 1; its slots are SMM's own. */
		kvm_inject_smi(vm->vcpu);
		assert_int_equal(mmu_fault(vm->vcpu, 0xfee00000, MMU_READ), RET_PF_EMULATE);
		gen = get_mmio_spte_generation(mmu_spte(vm->vcpu, 0xfee00000, &level));
		assert_int_equal(gen, 1);
		assert_int_equal(vm->vcpu->stat.pf_mmio_spte_created, 2);
		mmu_vm_destroy(vm);
	}
}

/* ---- What is MMIO and what is not ---- */

/* By the bits that the form takes up, and bit 63. */
static void is_mmio_by_form(void **state)
{
	for (unsigned int n = 0; n < NR_CASES; n++) {
		const struct setup *s;
		struct mmu_vm *vm = load(n, &s);
		bool v6_12 = n / ARRAY_SIZE(setups) == 2;

		for (u64 i = 0; i < 32; i++) {
			u64 spte = (i & 7) | 0xfee00000;
			bool mmio;

			spte |= (i & 8 ? B(63) : 0) | (i & 16 ? B(51) : 0);
			/* Bit 63 of a generation's SPTE is clear; only v6.10 and later ask. */
			if (s->intel)
				mmio = (i & 7) == 6 && !(v6_12 && (i & 8));
			else
				mmio = (i & 1) && (i & 16);
			assert_int_equal(is_mmio_spte(spte), mmio);
		}
		mmu_vm_destroy(vm);
	}
}

/* An SPTE of memory, of any kind, is no MMIO SPTE. */
static void memory_is_not_mmio(void **state)
{
	for (unsigned int n = 0; n < NR_CASES; n++) {
		const struct setup *s;
		struct mmu_vm *vm = load(n, &s);

		mmu_slot(vm, 0, 0, 2 * MMU_2M, 0);
		mmu_map(vm->vcpu, 0x1000, MMU_WRITE);
		assert_false(is_mmio_spte(mmu_spte(vm->vcpu, 0x1000, NULL)));
		assert_false(is_mmio_spte(*mmu_sptep(vm->vcpu, 0x1000, 2)));
		assert_false(is_mmio_spte(mmu_spte(vm->vcpu, 0x2000, NULL)));
		vm->world.level = PG_LEVEL_2M;
		mmu_map(vm->vcpu, MMU_2M, MMU_READ);
		assert_int_equal(mmu_leaf_level(vm->vcpu, MMU_2M), 2);
		assert_false(is_mmio_spte(mmu_spte(vm->vcpu, MMU_2M, NULL)));
		assert_false(is_mmio_spte(REMOVED_SPTE));
		mmu_vm_destroy(vm);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(generation_bits),
		cmocka_unit_test(generation_round_trip),
		cmocka_unit_test(gfn_round_trip),
		cmocka_unit_test(known_values),
		cmocka_unit_test(fault_makes_mmio_spte),
		cmocka_unit_test(is_mmio_by_form),
		cmocka_unit_test(memory_is_not_mmio),
	};

	return MMU_RUN_TESTS(tests);
}
