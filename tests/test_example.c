/* SPDX-License-Identifier: GPL-2.0-only */

/* The example of README.md: how a test of the MMU is written. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/mmu_fixture.h"

static void test_write_maps_a_dirty_page(void **state)
{
	const struct mmu_config config = mmu_config("v6.12", true);	/* EPT */
	struct mmu_vm *vm;

	mmu_load(&config);
	vm = mmu_vm_create();
	mmu_slot(vm, 0, 0, 0x400000, 0);

	mmu_map(vm->vcpu, 0x3000, MMU_WRITE);
	/* A 4K leaf with all rights, A and D: docs/sptes.md. */
	assert_true(mmu_spte(vm->vcpu, 0x3000, NULL) ==
		    (0x8600000000000b77 | mmu_pfn(0x3000) << 12));

	mmu_vm_destroy(vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write_maps_a_dirty_page),
	};

	return MMU_RUN_TESTS(tests);
}
