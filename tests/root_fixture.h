/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_ROOT_FIXTURE_H
#define TESTS_ROOT_FIXTURE_H

/*
 * Looking at roots from outside: references, validity, the list.  Include after
 * tests/mmu_trace_fixture.h.
 */

#define SLOT_SIZE	UINT64_C(0x400000)
#define OTHER_GPA	UINT64_C(0x10000000)
#define PAGE_GPA	UINT64_C(0x3000)

static inline unsigned int count_of(const struct kvm_mmu_page *root)
{
	return refcount_read(&root->tdp_mmu_root_count);
}

static inline bool is_listed(const struct mmu_vm *vm, const struct kvm_mmu_page *root)
{
	struct kvm_mmu_page *at;

	list_for_each_entry(at, &vm->kvm->arch.tdp_mmu_roots, link)
		if (at == root)
			return true;
	return false;
}

static inline unsigned int nr_listed(const struct mmu_vm *vm)
{
	struct kvm_mmu_page *at;
	unsigned int n = 0;

	list_for_each_entry(at, &vm->kvm->arch.tdp_mmu_roots, link)
		n++;
	return n;
}

/* A root as its users see it: how many references, valid or not, and on the list. */
#define assert_root(vm, root, count, is_invalid)				\
do {										\
	assert_true(is_listed(vm, root));					\
	assert_int_equal(count_of(root), count);				\
	assert_int_equal((root)->role.invalid, is_invalid);			\
} while (0)

static inline bool maps_nothing(const struct kvm_mmu_page *root)
{
	for (int i = 0; i < 512; i++)
		if (root->spt[i] >> 11 & 1)
			return false;
	return true;
}

static inline struct mmu_vm *vm_with_slot(void)
{
	struct mmu_vm *vm = mmu_vm_create();

	mmu_slot(vm, 0, 0, SLOT_SIZE, 0);
	return vm;
}

/* Run @timeline in all configurations, and see that each leaves no memory behind. */
static inline void for_all(void (*timeline)(void))
{
	unsigned int i;

	for (i = 0; i < MMU_NR_CONFIGS; i++) {
		const struct mmu_config config = mmu_config_at(i);
		unsigned long pages, objects;

		mmu_load(&config);
		pages = sim_mem_pages_in_use();
		objects = sim_mem_objects_in_use();
		timeline();
		assert_int_equal(sim_mem_pages_in_use(), pages);
		assert_int_equal(sim_mem_objects_in_use(), objects);
	}
}

#endif /* TESTS_ROOT_FIXTURE_H */
