/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * Several roots at once: their roles, system management mode, nested guests, and the cache of
 * previous roots that a vCPU has.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/mmu_fixture.h"
#include "tests/mmu_trace_fixture.h"
#include "tests/root_fixture.h"

/* Where system management mode has its memory. */
#define SMM_SLOT	(1u << 16)

/* Only the bits that tables depend on are in a role: level, SMM, nested guest. */
static u32 role_word(int level, bool smm, bool guest_mode)
{
	return 0x3780 | level | (guest_mode ? 0x20000 : 0) | (smm ? 0x1000000 : 0);
}

/* Six roots are all there can be: { 4, 5 levels } x { normal, SMM, nested guest }. */
static void six_roots(void)
{
	struct mmu_vm *vm = vm_with_slot();
	struct kvm_mmu_page *root[6];
	int i, j;

	for (i = 0; i < 6; i++) {
		struct kvm_vcpu *vcpu = i ? mmu_vcpu_add(vm, i) : vm->vcpu;

		vcpu->arch.root_mmu.root_role.word = role_word(4 + i / 3, i % 3 == 1, i % 3 == 2);
		assert_int_equal(kvm_mmu_load(vcpu), 0);
		root[i] = mmu_root(vcpu);
		for (j = 0; j < i; j++)
			assert_ptr_not_equal(root[j], root[i]);
		assert_root(vm, root[i], 2, 0);
		assert_int_equal(root[i]->role.word, role_word(4 + i / 3, i % 3 == 1, i % 3 == 2));
		/* Newest first. */
		assert_ptr_equal(list_first_entry(&vm->kvm->arch.tdp_mmu_roots,
						  struct kvm_mmu_page, link), root[i]);
	}
	assert_int_equal(nr_listed(vm), 6);

	/* All of them are invalidated and zapped, whatever address space they are for. */
	mmu_slot(vm, 0, 0, 0, 0);
	for (i = 0; i < 6; i++)
		assert_root(vm, root[i], 1, 1);
	for (i = 0; i < 6; i++)
		kvm_mmu_unload(vm->kvm->vcpus[i]);
	assert_int_equal(nr_listed(vm), 0);
	mmu_vm_destroy(vm);
}

static void test_six_roots(void **state)
{
	for_all(six_roots);
}

static struct kvm_mmu_page *smm_root;
static unsigned int smm_runs;

/* The handler: one entry in SMM, which ends with RSM; then the guest goes on, to an OUT. */
static void run_smm_handler(struct kvm_vcpu *vcpu)
{
	smm_runs++;
	if (vcpu->arch.smm) {
		smm_root = mmu_root(vcpu);
		vcpu->arch.exit.reason = SIM_EXIT_RSM;
	} else {
		vcpu->arch.exit.reason = SIM_EXIT_IO;
	}
}

/*
 * normal	N 2
 * SMI		N 1, S 2	all roots are dropped, N keeps its tables
 * RSM		N 2, S 1
 */
static void smm(void)
{
	struct mmu_vm *vm = vm_with_slot();
	struct kvm_mmu_page *root;
	u64 spte;

	mmu_slot(vm, SMM_SLOT, 0, SLOT_SIZE, 0);
	mmu_map(vm->vcpu, PAGE_GPA, MMU_WRITE);
	root = mmu_root(vm->vcpu);
	spte = mmu_spte(vm->vcpu, PAGE_GPA, NULL);
	assert_int_equal(root->role.word, role_word(kvm_cpu.levels, false, false));

	smm_root = NULL;
	smm_runs = 0;
	vm->world.run_guest = run_smm_handler;
	kvm_inject_smi(vm->vcpu);
	mmu_enter(vm->vcpu);
	assert_int_equal(smm_runs, 2);
	assert_non_null(smm_root);
	assert_int_equal(smm_root->role.word, role_word(kvm_cpu.levels, true, false));
	assert_ptr_equal(mmu_root(vm->vcpu), root);
	assert_root(vm, root, 2, 0);
	assert_root(vm, smm_root, 1, 0);
	/* Nothing has to be faulted in again. */
	assert_true(mmu_spte(vm->vcpu, PAGE_GPA, NULL) == spte);

	/* The next time the same two roots serve. */
	smm_runs = 0;
	kvm_inject_smi(vm->vcpu);
	mmu_enter(vm->vcpu);
	assert_int_equal(smm_runs, 2);
	assert_int_equal(nr_listed(vm), 2);
	assert_root(vm, smm_root, 1, 0);
	mmu_vm_destroy(vm);
}

static void test_smm(void **state)
{
	for_all(smm);
}

/*
 * normal	N 2
 * nested	N 2 (cached), G 2
 * normal	N 2, G 2 (cached)	taken from the cache, not loaded
 */
static void guest_mode(void)
{
	struct mmu_vm *vm = vm_with_slot();
	struct kvm_mmu_page *root, *nested;
	struct kvm_mmu *mmu = vm->vcpu->arch.mmu;

	mmu_enter(vm->vcpu);
	root = mmu_root(vm->vcpu);

	kvm_set_guest_mode(vm->vcpu, true);
	assert_true(mmu->root.hpa == INVALID_PAGE);
	assert_true(mmu->prev_roots[0].hpa == __pa(root->spt));
	mmu_enter(vm->vcpu);
	nested = mmu_root(vm->vcpu);
	assert_int_equal(nested->role.word, role_word(kvm_cpu.levels, false, true));
	assert_root(vm, root, 2, 0);
	assert_root(vm, nested, 2, 0);

	kvm_set_guest_mode(vm->vcpu, false);
	assert_ptr_equal(mmu_root(vm->vcpu), root);
	assert_true(mmu->prev_roots[0].hpa == __pa(nested->spt));
	assert_true(kvm_test_request(KVM_REQ_LOAD_MMU_PGD, vm->vcpu));
	mmu_enter(vm->vcpu);
	assert_root(vm, root, 2, 0);
	assert_root(vm, nested, 2, 0);
	/* The register has the address of the root in bits 51:12. */
	assert_true((vm->vcpu->arch.hw_pgd & UINT64_C(0x000ffffffffff000)) == __pa(root->spt));

	/* Both are invalidated, and both references of the vCPU go. */
	mmu_slot(vm, 0, 0, 0, 0);
	assert_root(vm, root, 1, 1);
	assert_root(vm, nested, 1, 1);
	mmu_enter(vm->vcpu);
	assert_int_equal(nr_listed(vm), 1);
	assert_true(mmu->prev_roots[0].hpa == INVALID_PAGE);
	mmu_vm_destroy(vm);
}

static void test_guest_mode(void **state)
{
	for_all(guest_mode);
}

/* Make the vCPU want a root of another role, as a nested entry or exit does. */
static struct kvm_mmu_page *switch_role(struct kvm_vcpu *vcpu, u32 word, bool hit)
{
	struct kvm_mmu *mmu = vcpu->arch.mmu;

	mmu->root_role.word = word;
	kvm_mmu_new_pgd(vcpu, 0);
	assert_int_equal(mmu->root.hpa != INVALID_PAGE, hit);
	if (!hit)
		assert_int_equal(kvm_mmu_load(vcpu), 0);
	assert_int_equal(mmu_root(vcpu)->role.word, word);
	return mmu_root(vcpu);
}

/*
 *		current	previous
 * A B C D	D	C B A
 * E		E	D C B	A fell out: 1
 * B		B	E D C	a hit at the last place
 * A		A	B E D	C fell out
 * A		A	B E D	the current root fits: nothing moves
 */
static void prev_roots(void)
{
	static const u32 word[] = { 0x3784, 0x23784, 0x1003784, 0x3785, 0x23785 };
	struct mmu_vm *vm = vm_with_slot();
	struct kvm_mmu *mmu = vm->vcpu->arch.mmu;
	struct kvm_mmu_page *r[5];
	int i;

	vm->vcpu->arch.mmu->root_role.word = word[0];
	assert_int_equal(kvm_mmu_load(vm->vcpu), 0);
	r[0] = mmu_root(vm->vcpu);
	for (i = 1; i < 4; i++)
		r[i] = switch_role(vm->vcpu, word[i], false);
	for (i = 0; i < 4; i++)
		assert_root(vm, r[i], 2, 0);
	for (i = 0; i < 3; i++)
		assert_true(mmu->prev_roots[i].hpa == __pa(r[2 - i]->spt));

	r[4] = switch_role(vm->vcpu, word[4], false);
	assert_root(vm, r[0], 1, 0);
	assert_ptr_equal(switch_role(vm->vcpu, word[1], true), r[1]);
	assert_true(mmu->prev_roots[0].hpa == __pa(r[4]->spt));
	assert_true(mmu->prev_roots[1].hpa == __pa(r[3]->spt));
	assert_true(mmu->prev_roots[2].hpa == __pa(r[2]->spt));
	for (i = 1; i < 5; i++)
		assert_root(vm, r[i], 2, 0);

	assert_ptr_equal(switch_role(vm->vcpu, word[0], false), r[0]);
	assert_root(vm, r[0], 2, 0);
	assert_root(vm, r[2], 1, 0);
	assert_ptr_equal(switch_role(vm->vcpu, word[0], true), r[0]);
	assert_true(mmu->prev_roots[0].hpa == __pa(r[1]->spt));

	kvm_mmu_unload(vm->vcpu);
	for (i = 0; i < 5; i++)
		assert_root(vm, r[i], 1, 0);
	mmu_vm_destroy(vm);
}

static void test_prev_roots(void **state)
{
	for_all(prev_roots);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_six_roots),
		cmocka_unit_test(test_smm),
		cmocka_unit_test(test_guest_mode),
		cmocka_unit_test(test_prev_roots),
	};

	return MMU_RUN_TESTS(tests);
}
