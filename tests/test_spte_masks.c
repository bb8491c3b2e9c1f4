/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/mmu_fixture.h"

/*
 * What loading the module makes of a CPU: the bits of SPTEs, the form of MMIO SPTEs,
 * what KVM must never set, memory types, and the roles and root pointers that follow.
 */

#define BIT63	(UINT64_C(1) << 63)

static const char *const profiles[] = { "v6.1", "v6.4", "v6.12" };

#define for_each_profile(i)	for (unsigned int i = 0; i < ARRAY_SIZE(profiles); i++)

static u64 bits(unsigned int high, unsigned int low)
{
	u64 mask = 0;

	for (unsigned int bit = low; bit <= high; bit++)
		mask |= UINT64_C(1) << bit;
	return mask;
}

/* ---- Masks by vendor and profile ---- */

static void check_common(const char *profile)
{
	bool v6_12 = !strcmp(profile, "v6.12");

	/* From v6.10 on an empty entry has bit 63, and so has one that is being removed. */
	assert_int_equal(SHADOW_NONPRESENT_VALUE, v6_12 ? BIT63 : 0);
	assert_int_equal(REMOVED_SPTE, v6_12 ? UINT64_C(0x80000000000005a0) : 0x5a0);
	assert_int_equal(SPTE_MMU_PRESENT_MASK, 0x800);

	/* Neither is ever mistaken for a mapping or for MMIO. */
	assert_false(is_shadow_present_pte(REMOVED_SPTE));
	assert_false(is_shadow_present_pte(SHADOW_NONPRESENT_VALUE));
	assert_false(is_mmio_spte(REMOVED_SPTE));
	assert_false(is_mmio_spte(SHADOW_NONPRESENT_VALUE));
	assert_true(is_removed_spte(REMOVED_SPTE));
	assert_false(is_removed_spte(SHADOW_NONPRESENT_VALUE));
}

static void masks_of_npt(void **state)
{
	for_each_profile(i) {
		struct mmu_config config = mmu_config(profiles[i], false);

		mmu_load(&config);
		check_common(profiles[i]);
		assert_true(kvm_ad_enabled);
		assert_int_equal(shadow_present_mask, 0x1);
		assert_int_equal(shadow_user_mask, 0x4);
		assert_int_equal(shadow_accessed_mask, 0x20);
		assert_int_equal(shadow_dirty_mask, 0x40);
		assert_int_equal(shadow_nx_mask, BIT63);
		assert_int_equal(shadow_x_mask, 0);
		assert_int_equal(shadow_memtype_mask, 0);
		assert_int_equal(shadow_acc_track_mask, 0);
		assert_int_equal(shadow_host_writable_mask, 0x200);
		assert_int_equal(shadow_mmu_writable_mask, 0x400);
		assert_true(enable_mmio_caching);
		assert_int_equal(shadow_mmio_value, UINT64_C(0x0008000000000001));
		assert_int_equal(shadow_mmio_mask, UINT64_C(0x0008000000000001));
		assert_int_equal(shadow_mmio_access_mask, 0x6);
		assert_int_equal(shadow_me_value, 0);
		assert_int_equal(shadow_me_mask, 0);
		/* There is no page-modification log on AMD, whatever the parameter says. */
		assert_false(enable_pml);
	}
}

static void check_ept(const char *profile, bool ad, bool exec_only)
{
	u64 bit63 = !strcmp(profile, "v6.12") ? BIT63 : 0;

	check_common(profile);
	assert_int_equal(kvm_ad_enabled, ad);
	assert_int_equal(shadow_present_mask, (exec_only ? 0 : 1) | bit63);
	assert_int_equal(shadow_user_mask, 0x1);
	assert_int_equal(shadow_accessed_mask, ad ? 0x100 : 0);
	assert_int_equal(shadow_dirty_mask, ad ? 0x200 : 0);
	assert_int_equal(shadow_nx_mask, 0);
	assert_int_equal(shadow_x_mask, 0x4);
	assert_int_equal(shadow_memtype_mask, 0x78);
	assert_int_equal(shadow_acc_track_mask, 0x7);
	assert_int_equal(shadow_host_writable_mask, UINT64_C(1) << 57);
	assert_int_equal(shadow_mmu_writable_mask, UINT64_C(1) << 58);
	assert_true(enable_mmio_caching);
	assert_int_equal(shadow_mmio_value, 0x6);
	assert_int_equal(shadow_mmio_mask, 0x7 | bit63);
	assert_int_equal(shadow_mmio_access_mask, 0);
	assert_int_equal(shadow_me_value, 0);
}

static void masks_of_ept(void **state)
{
	for_each_profile(i) {
		for (unsigned int bit = 0; bit < 8; bit++) {
			struct mmu_config config = mmu_config(profiles[i], true);

			config.params.eptad = bit & 1;
			config.cpu.has_ad_bits = bit & 2;
			config.cpu.exec_only = bit & 4;
			mmu_load(&config);
			/* A/D needs the CPU and the parameter. */
			check_ept(profiles[i], (bit & 3) == 3, bit & 4);
			assert_int_equal(enable_ept_ad_bits, (bit & 3) == 3);
		}
	}
}

/* PML needs the parameter, the CPU, and A/D in use. */
static void pml_needs_dirty_bits(void **state)
{
	for (unsigned int bit = 0; bit < 16; bit++) {
		struct mmu_config config = mmu_config("v6.4", true);

		config.params.pml = bit & 1;
		config.params.eptad = bit & 2;
		config.cpu.has_pml = bit & 4;
		config.cpu.has_ad_bits = bit & 8;
		mmu_load(&config);
		assert_int_equal(enable_pml, bit == 15);
	}
}

static void refuses_impossible_cpus(void **state)
{
	const struct sim_profile *profile = sim_profile_find("v6.4");
	struct mmu_config config = mmu_config("v6.4", true);

	config.cpu.levels = 3;
	assert_int_equal(kvm_mmu_module_init(profile, &config.cpu, &config.params), -EINVAL);
	config.cpu.levels = 6;
	assert_int_equal(kvm_mmu_module_init(profile, &config.cpu, &config.params), -EINVAL);
	config.cpu.levels = 4;
	config.cpu.maxphyaddr = 53;
	assert_int_equal(kvm_mmu_module_init(profile, &config.cpu, &config.params), -EINVAL);
	config.cpu.maxphyaddr = 46;
	assert_int_equal(kvm_mmu_module_init(profile, &config.cpu, &config.params), 0);
	assert_null(sim_profile_find("v6.3"));
}

/* ---- L1TF ---- */

static void l1tf_masks(void **state)
{
	struct mmu_config config = mmu_config("v6.1", true);

	config.cpu.l1tf = true;
	config.cpu.cache_bits = 46;
	mmu_load(&config);
	assert_int_equal(shadow_nonpresent_or_rsvd_mask, UINT64_C(0x3e0000000000));
	assert_int_equal(shadow_nonpresent_or_rsvd_lower_gfn_mask, UINT64_C(0x1fffffff000));

	config.cpu.cache_bits = 44;
	mmu_load(&config);
	assert_int_equal(shadow_nonpresent_or_rsvd_mask, UINT64_C(0xf8000000000));
	assert_int_equal(shadow_nonpresent_or_rsvd_lower_gfn_mask, UINT64_C(0x7ffffff000));

	/* With that many bits there is no room to move them to: the gfn stays in place. */
	config.cpu.cache_bits = 47;
	mmu_load(&config);
	assert_int_equal(shadow_nonpresent_or_rsvd_mask, 0);
	assert_int_equal(shadow_nonpresent_or_rsvd_lower_gfn_mask, bits(45, 12));

	config.cpu.cache_bits = 46;
	config.cpu.l1tf = false;
	mmu_load(&config);
	assert_int_equal(shadow_nonpresent_or_rsvd_mask, 0);
	assert_int_equal(shadow_nonpresent_or_rsvd_lower_gfn_mask, bits(45, 12));
}

/* ---- When MMIO SPTEs are off ---- */

static void mmio_caching_needs_a_reserved_bit(void **state)
{
	for (unsigned int phys_bits = 50; phys_bits <= 52; phys_bits++) {
		struct mmu_config config = mmu_config("v6.4", false);

		config.cpu.maxphyaddr = phys_bits;
		mmu_load(&config);
		assert_int_equal(enable_mmio_caching, phys_bits < 52);
		assert_int_equal(shadow_mmio_value,
				 phys_bits < 52 ? UINT64_C(0x0008000000000001) : 0);
		/* Nothing is MMIO then, not even what the mask would match. */
		assert_int_equal(is_mmio_spte(UINT64_C(0x0008000000000007)), phys_bits < 52);

		/* EPT misconfigures by its low bits and needs none. */
		config.cpu.intel = true;
		mmu_load(&config);
		assert_true(enable_mmio_caching);
		assert_int_equal(shadow_mmio_value, 6);
	}
}

static void mmio_caching_can_be_refused(void **state)
{
	struct mmu_config config = mmu_config("v6.4", true);

	config.params.mmio_caching = false;
	mmu_load(&config);
	assert_false(enable_mmio_caching);
	assert_int_equal(shadow_mmio_value, 0);
	assert_int_equal(shadow_mmio_mask, 7);
	assert_false(is_mmio_spte(6));
	assert_false(is_mmio_spte(0));

	/* The wish holds until the next load only. */
	config.params.mmio_caching = true;
	mmu_load(&config);
	assert_true(enable_mmio_caching);
}

static unsigned long reports;

static void count_report(enum sim_report_kind kind, const char *file, int line, const char *msg)
{
	reports++;
}

/* Set the masks of MMIO SPTEs: they have to be refused, with or without a WARN. */
static void refuse_mmio_mask(u64 value, u64 mask, bool warns)
{
	reports = 0;
	sim_set_report_handler(count_report);
	kvm_mmu_set_mmio_spte_mask(value, mask, 2);
	sim_set_report_handler(NULL);

	assert_int_equal(reports, warns);
	mmu_expected_warns(reports);
	assert_false(enable_mmio_caching);
	assert_int_equal(shadow_mmio_value, 0);
	/* Mask and access are kept in any case. */
	assert_int_equal(shadow_mmio_mask, mask);
	assert_int_equal(shadow_mmio_access_mask, 2);

	kvm_mmu_set_mmio_spte_mask(6, 7, 0);
	assert_true(enable_mmio_caching);
}

static void bad_mmio_masks_are_refused(void **state)
{
	struct mmu_config config = mmu_config("v6.12", true);

	config.cpu.l1tf = true;
	config.cpu.cache_bits = 44;
	mmu_load(&config);

	/* Bits 10:3 and 62:52 belong to the generation, bit 11 says present. */
	for (unsigned int bit = 0; bit < 64; bit++) {
		u64 mask = UINT64_C(1) << bit | 7;
		bool allowed = bit <= 2 || (bit >= 12 && bit <= 51) || bit == 63;

		if (!allowed)
			refuse_mmio_mask(6, mask, true);
		else
			kvm_mmu_set_mmio_spte_mask(6, mask, 0);
		assert_true(enable_mmio_caching);
	}

	/* Bits 48:44 are where the relocated gfn bits 43:39 go. */
	for (unsigned int bit = 12; bit <= 51; bit++) {
		u64 value = UINT64_C(1) << bit | 6;

		if (bit >= 44 && bit <= 48)
			refuse_mmio_mask(value, value | 7, false);
		else
			kvm_mmu_set_mmio_spte_mask(value, value | 7, 0);
		assert_true(enable_mmio_caching);
	}

	/* A value outside its own mask matches nothing. */
	refuse_mmio_mask(6, 3, true);
	/* 0x80000000000005a0, seen through this mask, would be MMIO. */
	refuse_mmio_mask(BIT63, BIT63 | 7, true);
}

/* ---- Memory encryption ---- */

static void load_sme(struct mmu_config *config, unsigned int c_bit, u8 phys_bits)
{
	*config = mmu_config("v6.4", false);
	config->cpu.maxphyaddr = phys_bits;
	config->cpu.sme_me_mask = UINT64_C(1) << c_bit;
	mmu_load(config);
	assert_int_equal(shadow_me_value, UINT64_C(1) << c_bit);
	assert_int_equal(shadow_me_mask, UINT64_C(1) << c_bit);
}

static void encryption_moves_the_mmio_bit(void **state)
{
	struct mmu_config config;

	/* The first bit past the address, up to 51. */
	load_sme(&config, 47, 43);
	assert_int_equal(shadow_mmio_value, bits(51, 43) | 1);
	assert_int_equal(shadow_mmio_mask, bits(51, 43) | 1);
	assert_int_equal(shadow_mmio_access_mask, 6);

	/* Or, where that is the C-bit, the next. */
	load_sme(&config, 47, 47);
	assert_int_equal(shadow_mmio_value, bits(51, 48) | 1);

	load_sme(&config, 50, 50);
	assert_int_equal(shadow_mmio_value, bits(51, 51) | 1);
	assert_true(enable_mmio_caching);

	/* None is left. */
	load_sme(&config, 51, 51);
	assert_int_equal(shadow_mmio_value, 0);
	assert_false(enable_mmio_caching);
}

/* ---- What KVM must never set ---- */

static void zero_bits_of_ept(void **state)
{
	static const u8 phys_bits[] = { 36, 46, 51, 52 };
	struct rsvd_bits_validate check;

	for (unsigned int i = 0; i < ARRAY_SIZE(phys_bits) * 2; i++) {
		struct mmu_config config = mmu_config("v6.4", true);
		u64 hi = phys_bits[i / 2] < 52 ? bits(51, phys_bits[i / 2]) : 0;

		config.cpu.maxphyaddr = phys_bits[i / 2];
		config.cpu.ept_1g = i % 2;
		mmu_load(&config);
		memset(&check, 0x55, sizeof(check));
		reset_tdp_shadow_zero_bits_mask(&check, 4);

		for (int large = 0; large < 2; large++) {
			assert_int_equal(check.rsvd_bits_mask[large][4], hi | 0xf8);
			assert_int_equal(check.rsvd_bits_mask[large][3], hi | 0xf8);
			assert_int_equal(check.rsvd_bits_mask[large][0], hi);
		}
		assert_int_equal(check.rsvd_bits_mask[0][2], hi | 0x78);
		assert_int_equal(check.rsvd_bits_mask[0][1], hi | 0x78);
		assert_int_equal(check.rsvd_bits_mask[1][2],
				 hi | 0x3ffff000 | (config.cpu.ept_1g ? 0 : 0x80));
		assert_int_equal(check.rsvd_bits_mask[1][1], hi | 0x1ff000);
	}
}

/*
 * By the low six bits: memory types 2, 3 and 7 with any rights, also none; W without R;
 * and X alone, which KVM does not make even if the CPU allows it.
 */
static void bad_memory_types_and_rights(void **state)
{
	struct rsvd_bits_validate check;

	for (unsigned int exec_only = 0; exec_only < 2; exec_only++) {
		struct mmu_config config = mmu_config("v6.4", true);

		config.cpu.exec_only = exec_only;
		mmu_load(&config);
		reset_tdp_shadow_zero_bits_mask(&check, 4);
		assert_int_equal(check.bad_mt_xwr, UINT64_C(0xff545454ffff5454));
	}
}

static void zero_bits_of_npt(void **state)
{
	struct rsvd_bits_validate check;

	for (unsigned int phys_bits = 40; phys_bits <= 52; phys_bits += 4) {
		struct mmu_config config = mmu_config("v6.4", false);
		u64 hi = phys_bits < 52 ? bits(51, phys_bits) : 0;

		config.cpu.maxphyaddr = phys_bits;
		mmu_load(&config);
		memset(&check, 0x55, sizeof(check));
		reset_tdp_shadow_zero_bits_mask(&check, 5);

		for (int large = 0; large < 2; large++) {
			assert_int_equal(check.rsvd_bits_mask[large][4], hi | 0x180);
			assert_int_equal(check.rsvd_bits_mask[large][3], hi | 0x180);
			assert_int_equal(check.rsvd_bits_mask[large][0], hi);
		}
		assert_int_equal(check.rsvd_bits_mask[0][2], hi);
		assert_int_equal(check.rsvd_bits_mask[0][1], hi);
		assert_int_equal(check.rsvd_bits_mask[1][2], hi | bits(29, 13));
		assert_int_equal(check.rsvd_bits_mask[1][1], hi | bits(20, 13));
		assert_int_equal(check.bad_mt_xwr, 0);
	}
}

static void encryption_bit_is_not_reserved(void **state)
{
	struct rsvd_bits_validate check;
	struct mmu_config config;

	load_sme(&config, 47, 43);
	reset_tdp_shadow_zero_bits_mask(&check, 4);
	assert_int_equal(check.rsvd_bits_mask[0][0], bits(51, 43) & ~(UINT64_C(1) << 47));
	assert_int_equal(check.rsvd_bits_mask[1][2],
			 (bits(51, 43) & ~(UINT64_C(1) << 47)) | bits(29, 13));
}

/* The lookup: by bit 7 and level, or by the low six bits. */
static void rsvd_lookup(void **state)
{
	struct mmu_config config = mmu_config("v6.4", true);
	struct rsvd_bits_validate check;

	mmu_load(&config);
	reset_tdp_shadow_zero_bits_mask(&check, 4);

	assert_false(is_rsvd_spte(&check, UINT64_C(0x0600000000000b77), 1));
	assert_true(is_rsvd_spte(&check, UINT64_C(0x0600400000000b77), 1));	/* bit 46 */
	assert_false(is_rsvd_spte(&check, UINT64_C(0x0600000000200bf7), 2));
	assert_true(is_rsvd_spte(&check, UINT64_C(0x0600000000100bf7), 2));	/* bit 20 */
	assert_true(is_rsvd_spte(&check, UINT64_C(0x0600000020000bf7), 3));	/* bit 29 */
	assert_false(is_rsvd_spte(&check, UINT64_C(0x907), 2));
	assert_true(is_rsvd_spte(&check, UINT64_C(0x947), 2));	/* bit 6 of a table's entry */
	assert_true(is_rsvd_spte(&check, UINT64_C(0x987), 4));	/* bit 7 at level 4 */
	assert_true(is_rsvd_spte(&check, UINT64_C(0x86), 1));	/* 110b */
}

/* ---- Memory types ---- */

static u64 memtype(struct mmu_vm *vm, bool is_mmio)
{
	return kvm_x86_get_mt_mask(vm->vcpu, 0x10, is_mmio);
}

static void memory_types(void **state)
{
	static const u8 mtrr[] = { 0, 1, 4, 5, 6 };

	for (unsigned int i = 0; i < ARRAY_SIZE(profiles) * ARRAY_SIZE(mtrr); i++) {
		struct mmu_config config = mmu_config(profiles[i % 3], true);
		bool v6_12 = i % 3 == 2;
		u8 type = mtrr[i / 3];
		struct mmu_vm *vm;

		mmu_load(&config);
		vm = mmu_vm_create();
		vm->vcpu->arch.mtrr_type = type;

		/* All devices snoop: write-back, and the guest's PAT is ignored. */
		vm->vcpu->arch.cr0_cd = true;
		assert_int_equal(memtype(vm, false), 0x70);
		vm->vcpu->arch.cr0_cd = false;
		assert_int_equal(memtype(vm, false), 0x70);

		vm->kvm->arch.noncoherent_dma = true;
		/* From v6.11 on the guest's MTRRs and CR0.CD have no say, its PAT has. */
		assert_int_equal(memtype(vm, false), v6_12 ? 0x30 : type << 3);
		vm->vcpu->arch.cr0_cd = true;
		assert_int_equal(memtype(vm, false), v6_12 ? 0x30 : 0x70);
		vm->kvm->arch.disable_cd_nw_quirk = true;
		assert_int_equal(memtype(vm, false), v6_12 ? 0x30 : 0x40);

		/* A device's registers are uncachable first of all. */
		assert_int_equal(memtype(vm, true), 0);
		vm->kvm->arch.noncoherent_dma = false;
		assert_int_equal(memtype(vm, true), 0);
		mmu_vm_destroy(vm);
	}
}

/* ---- Roles and root pointers ---- */

struct root_case {
	bool intel, eptad, smm, guest_mode;
	int levels;
	u8 phys_bits;
	u32 role;
	u8 low_byte;	/* of EPTP */
};

static const struct root_case root_cases[] = {
	{ true, true, false, false, 4, 46, 0x3784, 0x5e },
	{ true, false, false, false, 4, 46, 0x13784, 0x1e },
	{ true, true, true, false, 4, 46, 0x1003784, 0x5e },
	{ true, true, false, false, 5, 52, 0x3785, 0x66 },
	{ true, false, false, false, 5, 52, 0x13785, 0x26 },
	/* Guests with 48 address bits or less get four levels. */
	{ true, true, false, false, 5, 49, 0x3785, 0x66 },
	{ true, true, false, false, 5, 48, 0x3784, 0x5e },
	{ false, true, false, false, 4, 46, 0x3784, 0 },
	{ false, true, true, false, 4, 46, 0x1003784, 0 },
	/* NPT has the host's paging mode, whatever the guest can address. */
	{ false, true, false, false, 5, 46, 0x3785, 0 },
	{ false, true, false, true, 4, 46, 0x23784, 0 },
};

static void check_root(const char *profile, const struct root_case *c)
{
	struct mmu_config config = mmu_config(profile, c->intel);
	struct kvm_vcpu *vcpu;
	struct mmu_vm *vm;
	u64 low_byte;

	config.params.eptad = c->eptad;
	config.cpu.levels = c->levels;
	config.cpu.maxphyaddr = c->phys_bits;
	mmu_load(&config);
	vm = mmu_vm_create();
	vcpu = vm->vcpu;
	if (c->smm)
		kvm_inject_smi(vcpu);
	kvm_set_guest_mode(vcpu, c->guest_mode);
	mmu_enter(vcpu);

	assert_int_equal(vcpu->arch.mmu->root_role.word, c->role);
	assert_int_equal(mmu_root(vcpu)->role.word, c->role);
	assert_int_equal(kvm_mmu_page_as_id(mmu_root(vcpu)), c->smm);
	assert_int_equal(vcpu->arch.mmu->root.hpa, __pa(mmu_root(vcpu)->spt));
	assert_int_equal(vcpu->arch.hw_pgd & ~UINT64_C(0xfff), vcpu->arch.mmu->root.hpa);
	low_byte = vcpu->arch.hw_pgd & 0xfff;
	mmu_vm_destroy(vm);
	assert_int_equal(low_byte, c->low_byte);
}

static void roles_and_root_pointers(void **state)
{
	for_each_profile(i)
		for (unsigned int n = 0; n < ARRAY_SIZE(root_cases); n++)
			check_root(profiles[i], &root_cases[n]);
}

/*
 * A nested guest without nested paging of its own: L1 has not asked for A/D, so the
 * EPTP leaves them off.
 */
static void eptp_of_nested_guest_has_no_ad(void **state)
{
	static const struct root_case nested = { true, true, false, true, 4, 46, 0x23784, 0x1e };

	check_root("v6.4", &nested);
}

static void encrypted_root_pointer(void **state)
{
	struct mmu_config config;
	struct mmu_vm *vm;

	load_sme(&config, 47, 43);
	vm = mmu_vm_create();
	mmu_enter(vm->vcpu);
	assert_int_equal(vm->vcpu->arch.hw_pgd,
			 vm->vcpu->arch.mmu->root.hpa | UINT64_C(1) << 47);
	mmu_vm_destroy(vm);
}

/*
 * Tables below the root carry its role with their own level.  A root that was
 * invalidated says so in its role, and no vCPU gets it any more.
 */
static void roles_of_children_and_invalid_roots(void **state)
{
	for_each_profile(i) {
		struct mmu_config config = mmu_config(profiles[i], true);
		struct kvm_mmu_page *root;
		struct mmu_vm *vm;

		mmu_load(&config);
		vm = mmu_vm_create();
		mmu_slot(vm, 0, 0, MMU_2M, 0);
		mmu_map(vm->vcpu, 0x5000, MMU_WRITE);
		assert_int_equal(mmu_table(vm->vcpu, 0x5000, 3)->role.word, 0x3783);
		assert_int_equal(mmu_table(vm->vcpu, 0x5000, 2)->role.word, 0x3782);
		assert_int_equal(mmu_table(vm->vcpu, 0x5000, 1)->role.word, 0x3781);

		root = mmu_root(vm->vcpu);
		mutex_lock(&vm->kvm->slots_lock);
		kvm_mmu_zap_all_fast(vm->kvm);
		mutex_unlock(&vm->kvm->slots_lock);
		/* The vCPU still has a reference on it. */
		assert_int_equal(root->role.word, 0x3f84);
		assert_true(is_obsolete_sp(vm->kvm, root));

		mmu_enter(vm->vcpu);
		assert_ptr_not_equal(mmu_root(vm->vcpu), root);
		assert_int_equal(mmu_root(vm->vcpu)->role.word, 0x3784);
		mmu_vm_destroy(vm);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks_of_npt),
		cmocka_unit_test(masks_of_ept),
		cmocka_unit_test(pml_needs_dirty_bits),
		cmocka_unit_test(refuses_impossible_cpus),
		cmocka_unit_test(l1tf_masks),
		cmocka_unit_test(mmio_caching_needs_a_reserved_bit),
		cmocka_unit_test(mmio_caching_can_be_refused),
		cmocka_unit_test(bad_mmio_masks_are_refused),
		cmocka_unit_test(encryption_moves_the_mmio_bit),
		cmocka_unit_test(zero_bits_of_ept),
		cmocka_unit_test(bad_memory_types_and_rights),
		cmocka_unit_test(zero_bits_of_npt),
		cmocka_unit_test(encryption_bit_is_not_reserved),
		cmocka_unit_test(rsvd_lookup),
		cmocka_unit_test(memory_types),
		cmocka_unit_test(roles_and_root_pointers),
		cmocka_unit_test(eptp_of_nested_guest_has_no_ad),
		cmocka_unit_test(encrypted_root_pointer),
		cmocka_unit_test(roles_of_children_and_invalid_roots),
	};

	return MMU_RUN_TESTS(tests);
}
