/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * Roots that die with their last user: the reference counts of docs/roots.md, column
 * v5.18, step by step.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/rcupdate.h>
#include <linux/workqueue.h>

#include "tests/mmu_fixture.h"
#include "tests/mmu_trace_fixture.h"
#include "tests/root_fixture.h"

/* Both formats, 4 and 5 levels; the worker starts when it is waited for, or at once. */
static void for_each_machine(void (*timeline)(void), bool defer)
{
	int i;

	for (i = 0; i < 4; i++) {
		struct mmu_config config = mmu_config("v5.18", i & 1);
		unsigned long pages, objects;

		config.cpu.levels = i & 2 ? 5 : 4;
		config.cpu.maxphyaddr = i & 2 ? 52 : 40;
		mmu_load(&config);
		sim_config_defer_work = defer;
		pages = sim_mem_pages_in_use();
		objects = sim_mem_objects_in_use();
		timeline();
		sim_config_defer_work = false;
		assert_int_equal(sim_mem_pages_in_use(), pages);
		assert_int_equal(sim_mem_objects_in_use(), objects);
	}
}

static void wait_for_worker(struct mmu_vm *vm)
{
	flush_workqueue(vm->kvm->arch.tdp_mmu_zap_wq);
	rcu_barrier();
}

/*
 * vCPU0 loads	1
 * vCPU1 loads	2
 * vCPU0 leaves	1
 * vCPU1 leaves	0: invalid, and 1 again, for the worker; still listed, still full
 * worker	zaps, puts: off the list
 * vCPU0 loads	1	another root, empty
 */
static void s1(void)
{
	struct mmu_vm *vm = vm_with_slot();
	struct kvm_vcpu *vcpu0 = vm->vcpu, *vcpu1 = mmu_vcpu_add(vm, 1);
	struct kvm_mmu_page *root;

	mmu_map(vcpu0, PAGE_GPA, MMU_WRITE);
	root = mmu_root(vcpu0);
	assert_root(vm, root, 1, 0);
	mmu_enter(vcpu1);
	assert_root(vm, root, 2, 0);

	kvm_mmu_unload(vcpu0);
	assert_root(vm, root, 1, 0);
	kvm_mmu_unload(vcpu1);
	assert_root(vm, root, 1, 1);
	assert_false(maps_nothing(root));

	wait_for_worker(vm);
	assert_int_equal(nr_listed(vm), 0);
	assert_int_equal(atomic64_read(&vm->kvm->arch.nr_tdp_mmu_pages), 0);

	mmu_enter(vcpu0);
	assert_root(vm, mmu_root(vcpu0), 1, 0);
	assert_true(maps_nothing(mmu_root(vcpu0)));
	mmu_vm_destroy(vm);
}

static void test_s1(void **state)
{
	for_each_machine(s1, true);
}

/*
 * two vCPUs	2
 * delete	3, invalid; zapped at 3; put: 2; the ioctl returns
 * vCPU0 enters	1
 * vCPU1 enters	0	off the list: it was invalid, so it is not queued again
 */
static void s2(void)
{
	struct mmu_vm *vm = vm_with_slot();
	struct kvm_vcpu *vcpu0 = vm->vcpu, *vcpu1 = mmu_vcpu_add(vm, 1);
	struct kvm_mmu_page *root;

	mmu_map(vcpu0, PAGE_GPA, MMU_WRITE);
	mmu_enter(vcpu1);
	root = mmu_root(vcpu0);
	assert_root(vm, root, 2, 0);

	trace_start();
	mmu_slot(vm, 0, 0, 0, 0);
	trace_stop();
	assert_ptr_equal(trace_get(TRACE_ZAP_ROOT, 0)->root, root);
	assert_int_equal(trace_get(TRACE_ZAP_ROOT, 0)->count, 3);
	assert_root(vm, root, 2, 1);
	assert_true(maps_nothing(root));

	mmu_enter(vcpu0);
	assert_root(vm, root, 1, 1);
	assert_root(vm, mmu_root(vcpu0), 1, 0);
	mmu_enter(vcpu1);
	assert_false(is_listed(vm, root));
	assert_int_equal(nr_listed(vm), 1);
	assert_root(vm, mmu_root(vcpu0), 2, 0);
	mmu_vm_destroy(vm);
}

static void test_s2(void **state)
{
	for_each_machine(s2, false);
	for_each_machine(s2, true);
}

/*
 * a vCPU outside	1
 * first delete		2, invalid; zapped; put: 1
 * second delete	passes it over: neither queued nor put again
 * the vCPU enters	0
 */
static void s4(void)
{
	struct mmu_vm *vm = vm_with_slot();
	struct kvm_mmu_page *root;

	mmu_slot(vm, 1, OTHER_GPA, SLOT_SIZE, 0);
	mmu_map(vm->vcpu, PAGE_GPA, MMU_WRITE);
	root = mmu_root(vm->vcpu);
	assert_root(vm, root, 1, 0);

	mmu_slot(vm, 0, 0, 0, 0);
	assert_root(vm, root, 1, 1);
	mmu_slot(vm, 1, OTHER_GPA, 0, 0);
	assert_root(vm, root, 1, 1);

	mmu_enter(vm->vcpu);
	assert_false(is_listed(vm, root));
	mmu_vm_destroy(vm);
}

static void test_s4(void **state)
{
	for_each_machine(s4, false);
	for_each_machine(s4, true);
}

/*
 * The last put while the worker is slow, and then a slot goes: the delete must not
 * return before that root is empty, though it is not the one that made it invalid.
 */
static void last_put_then_delete(void)
{
	struct mmu_vm *vm = vm_with_slot();
	struct kvm_mmu_page *root;

	mmu_map(vm->vcpu, PAGE_GPA, MMU_WRITE);
	root = mmu_root(vm->vcpu);
	kvm_mmu_unload(vm->vcpu);
	assert_root(vm, root, 1, 1);
	assert_false(maps_nothing(root));

	mmu_slot(vm, 0, 0, 0, 0);
	assert_int_equal(nr_listed(vm), 0);
	assert_int_equal(atomic64_read(&vm->kvm->arch.nr_tdp_mmu_pages), 0);
	mmu_vm_destroy(vm);
}

static void test_last_put_then_delete(void **state)
{
	for_each_machine(last_put_then_delete, true);
}

/* S5: the vCPUs' puts queue what is left, and draining the queue empties it. */
static void s5(void)
{
	struct mmu_vm *vm = vm_with_slot();

	mmu_map(vm->vcpu, PAGE_GPA, MMU_WRITE);
	assert_root(vm, mmu_root(vm->vcpu), 1, 0);
	mmu_vm_destroy(vm);
}

static void test_s5(void **state)
{
	for_each_machine(s5, false);
	for_each_machine(s5, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_s1),
		cmocka_unit_test(test_s2),
		cmocka_unit_test(test_s4),
		cmocka_unit_test(test_last_put_then_delete),
		cmocka_unit_test(test_s5),
	};

	return MMU_RUN_TESTS(tests);
}
