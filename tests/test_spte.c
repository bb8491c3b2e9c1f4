/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/mmu_fixture.h"

/*
 * The values of SPTEs, against an oracle that is written in bit numbers: it shares
 * no mask with the code under test.
 */

#define B(n)		(UINT64_C(1) << (n))
#define ADDRESS		UINT64_C(0x000ffffffffff000)
#define PFN		UINT64_C(0x1240000)	/* a multiple of 1 GiB */
#define LOGGED_GFN	UINT64_C(0x40000)

static const char *const profiles[] = { "v6.1", "v6.4", "v6.12" };

/* ---- Set-ups: a profile, a CPU, parameters ---- */

struct setup {
	const char *profile;
	bool intel, ad, exec_only, pml, nx;
};

/* Number @n of all: NPT has neither A/D off nor execute-only nor PML.  False past the end. */
static bool setup_nth(unsigned int n, struct setup *s)
{
	static const unsigned int features[] = {	/* intel, ad, exec_only, pml */
		0x2, 0x1, 0x5, 0x3, 0x7, 0xb, 0xf,
	};
	unsigned int f;

	if (n >= ARRAY_SIZE(profiles) * ARRAY_SIZE(features) * 2)
		return false;
	s->nx = n % 2;
	s->profile = profiles[n / 2 % ARRAY_SIZE(profiles)];
	f = features[n / 2 / ARRAY_SIZE(profiles)];
	s->intel = f & 1;
	s->ad = f & 2;
	s->exec_only = f & 4;
	s->pml = f & 8;
	return true;
}

static void setup_load(const struct setup *s)
{
	struct mmu_config config = mmu_config(s->profile, s->intel);

	config.params.eptad = s->ad;
	config.params.pml = s->pml;
	config.params.nx_huge_pages = s->nx;
	config.cpu.exec_only = s->exec_only;
	mmu_load(&config);
}

static bool is_v6_12(const struct setup *s)
{
	return !strcmp(s->profile, "v6.12");
}

static u64 empty_spte(const struct setup *s)
{
	return is_v6_12(s) ? B(63) : 0;
}

/* What the CPU of the set-up thinks of an entry. */
static const struct sim_paging_format *cpu_format(const struct setup *s)
{
	return s->intel ? &sim_ept_format : &sim_npt_format;
}

static struct sim_paging_caps cpu_caps(const struct setup *s)
{
	return (struct sim_paging_caps) {
		.maxphyaddr = 46, .levels = 4, .exec_only = s->exec_only,
		.page_2m = true, .page_1g = true, .ad = s->ad, .nxe = true,
	};
}

static u64 cpu_reserved(const struct setup *s, u64 spte, int level)
{
	struct sim_paging_caps caps = cpu_caps(s);

	return cpu_format(s)->reserved(&caps, spte, level);
}

/* ---- make_spte() ---- */

enum old_spte {
	OLD_EMPTY, OLD_MMIO, OLD_MMIO_BIT7, OLD_RO_LEAF, OLD_WRITABLE_LEAF, OLD_TABLE, OLD_FROZEN,
	NR_OLD_SPTES,
};

struct input {
	int level;
	bool prefetch, host_writable, vm_disables_nx, guest_mode, logged;
	enum old_spte old;
};

static u64 old_value(const struct setup *s, const struct input *in)
{
	u64 ps = in->level > 1 ? B(7) : 0;
	u64 bit63 = s->intel ? empty_spte(s) : 0;

	switch (in->old) {
	case OLD_EMPTY:
		return empty_spte(s);
	case OLD_FROZEN:
		return empty_spte(s) | 0x5a0;
	case OLD_MMIO:
		return s->intel ? 0x6 : B(51) | 0x7;
	case OLD_MMIO_BIT7:	/* generation 0x10 */
		return (s->intel ? 0x6 : B(51) | 0x7) | B(7);
	case OLD_RO_LEAF:
		return (s->intel ? bit63 | 0x975 : 0x825) | ps | PFN << 12;
	case OLD_WRITABLE_LEAF:
		return (s->intel ? bit63 | B(57) | B(58) | 0xb77 : 0xe67) | ps | PFN << 12;
	default:
		return (s->intel ? bit63 | 0x907 : 0x827) | B(40);
	}
}

/*
 * Bit 1 of the old value makes D be left out: in any entry (v6.4), or only in what
 * passes for a leaf.  Whether the value is present is not asked.
 */
static bool skips_dirty(const struct setup *s, const struct input *in)
{
	u64 old = old_value(s, in);

	if (!(old & B(1)))
		return false;
	return !strcmp(s->profile, "v6.4") || in->level == 1 || (old & B(7));
}

/* The decision table, step by step. */
static u64 oracle(const struct setup *s, const struct input *in)
{
	bool disabled = s->intel && !s->ad;
	bool exec = !(in->level > 1 && s->nx && !in->vm_disables_nx);
	u64 spte = B(11);

	if (disabled)
		spte |= B(52);
	else if (s->pml && in->guest_mode)
		spte |= B(53);

	if (s->intel) {
		spte |= B(0);					/* user, which is R */
		spte |= empty_spte(s);				/* suppress-#VE since v6.10 */
		spte |= exec ? B(2) : 0;
		spte |= B(6) | B(5) | B(4);			/* IPAT, write-back */
	} else {
		spte |= B(0) | B(2);				/* present, user */
		spte |= exec ? 0 : B(63);
	}
	if (!in->prefetch && !disabled)
		spte |= s->intel ? B(8) : B(5);
	if (in->level > 1)
		spte |= B(7);
	spte |= PFN << 12;

	if (in->host_writable) {
		spte |= s->intel ? B(57) | B(58) : B(9) | B(10);
		spte |= B(1);
		if (!skips_dirty(s, in) && !disabled)
			spte |= s->intel ? B(9) : B(6);
	}
	if (in->prefetch && disabled) {
		spte |= B(54) | (exec ? B(56) : 0);
		spte &= ~(B(0) | B(1) | B(2));
	}
	return spte;
}

static struct kvm_memory_slot *slot_of(struct mmu_vm *vm, bool logged)
{
	return id_to_memslot(kvm_vcpu_memslots(vm->vcpu), logged);
}

/* A VM with slot 0 at 0, and slot 1 at LOGGED_GFN, which logs. */
static struct mmu_vm *vm_with_slots(void)
{
	struct mmu_vm *vm = mmu_vm_create();

	mmu_slot(vm, 0, 0, MMU_1G, 0);
	mmu_slot(vm, 1, LOGGED_GFN << 12, MMU_1G, KVM_MEM_LOG_DIRTY_PAGES);
	mmu_enter(vm->vcpu);
	return vm;
}

static u64 call_make_spte(struct mmu_vm *vm, const struct setup *s, const struct input *in)
{
	struct kvm_mmu_page sp = { .role = vm->vcpu->arch.mmu->root_role };
	gfn_t gfn = in->logged ? LOGGED_GFN : 0;
	int idx = srcu_read_lock(&vm->kvm->srcu);
	u64 spte = ~UINT64_C(0);
	bool wrprot;

	sp.role.level = in->level;
	sp.role.guest_mode = in->guest_mode;
	vm->kvm->arch.disable_nx_huge_pages = in->vm_disables_nx;
	write_lock(&vm->kvm->mmu_lock);
	wrprot = make_spte(vm->vcpu, &sp, slot_of(vm, in->logged), gfn, PFN, old_value(s, in),
			   in->prefetch, in->host_writable, &spte);
	write_unlock(&vm->kvm->mmu_lock);
	srcu_read_unlock(&vm->kvm->srcu, idx);
	/* Nothing is write-tracked. */
	assert_false(wrprot);
	return spte;
}

/* What the CPU makes of it: a well-formed leaf with just these rights, or nothing. */
static void check_for_cpu(const struct setup *s, const struct input *in, u64 spte)
{
	bool exec = !(in->level > 1 && s->nx && !in->vm_disables_nx);
	struct sim_paging_caps caps = cpu_caps(s);
	const struct sim_paging_format *format = cpu_format(s);
	bool ipat;

	assert_int_equal(cpu_reserved(s, spte, in->level), 0);
	if (in->prefetch && s->intel && !s->ad) {
		assert_false(format->present(spte));
		return;
	}
	assert_true(format->present(spte));
	assert_true(format->leaf(&caps, spte, in->level));
	assert_int_equal(format->rights(spte), SIM_RIGHT_READ |
			 (in->host_writable ? SIM_RIGHT_WRITE : 0) | (exec ? SIM_RIGHT_EXEC : 0));
	assert_int_equal(format->memtype(spte, in->level, &ipat), s->intel ? 6 : 0);
	assert_int_equal(ipat, s->intel);
}

static void check_make_spte(struct mmu_vm *vm, const struct setup *s, const struct input *in)
{
	int idx = srcu_read_lock(&vm->kvm->srcu);
	unsigned long *bitmap = slot_of(vm, true)->dirty_bitmap;
	u64 want = oracle(s, in), got;

	bitmap[0] = 0;
	got = call_make_spte(vm, s, in);
	if (got != want)
		fail_msg("%s intel %d ad %d xo %d pml %d nx %d; level %d prefetch %d hw %d "
			 "vm-nx-off %d guest %d old %d: 0x%llx instead of 0x%llx",
			 s->profile, s->intel, s->ad, s->exec_only, s->pml, s->nx, in->level,
			 in->prefetch, in->host_writable, in->vm_disables_nx, in->guest_mode,
			 in->old, (unsigned long long)got, (unsigned long long)want);
	/* Only what is writable at once counts as written. */
	assert_int_equal(bitmap[0], in->logged && (want & B(1)));
	srcu_read_unlock(&vm->kvm->srcu, idx);
	check_for_cpu(s, in, got);
}

static void make_spte_all_inputs(void **state)
{
	struct setup s;

	for (unsigned int n = 0; setup_nth(n, &s); n++) {
		struct mmu_vm *vm;

		setup_load(&s);
		vm = vm_with_slots();
		for (unsigned int i = 0; i < 3 * 32 * NR_OLD_SPTES; i++) {
			struct input in = {
				.old = i % NR_OLD_SPTES,
				.prefetch = i / NR_OLD_SPTES & 1,
				.host_writable = i / NR_OLD_SPTES & 2,
				.vm_disables_nx = i / NR_OLD_SPTES & 4,
				.guest_mode = i / NR_OLD_SPTES & 8,
				.logged = i / NR_OLD_SPTES & 16,
				.level = 1 + i / NR_OLD_SPTES / 32,
			};

			if (in.logged && in.level > 1)
				continue;
			check_make_spte(vm, &s, &in);
		}
		vm->kvm->arch.disable_nx_huge_pages = false;
		mmu_vm_destroy(vm);
	}
}

static unsigned long reports;

static void count_report(enum sim_report_kind kind, const char *file, int line, const char *msg)
{
	reports++;
}

static void expect_reports(void)
{
	reports = 0;
	sim_warn_once_clear();
	sim_set_report_handler(count_report);
}

static unsigned long reports_seen(void)
{
	sim_set_report_handler(NULL);
	mmu_expected_warns(reports);
	return reports;
}

/* Writes to a writable huge page would be missing in the log. */
static void writable_huge_page_of_logged_slot_warns(void **state)
{
	const struct setup s = { "v6.4", true, true, true, false, false };
	struct mmu_vm *vm;

	setup_load(&s);
	vm = vm_with_slots();
	for (int writable = 0; writable < 2; writable++) {
		struct input in = { .level = 2, .host_writable = writable, .logged = true };

		expect_reports();
		call_make_spte(vm, &s, &in);
		assert_int_equal(reports_seen(), writable);
	}
	mmu_vm_destroy(vm);
}

/* ---- Values that are known ---- */

static u64 made(struct mmu_vm *vm, const struct setup *s, struct input in)
{
	return call_make_spte(vm, s, &in) & ~(PFN << 12);
}

#define MADE(n, ...)	made(vm, &s, (struct input) { .level = n, ##__VA_ARGS__ })

static void known_values_of_ept(void **state)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(profiles); i++) {
		struct setup s = { profiles[i], true, true, true, true, false };
		u64 bit63 = empty_spte(&s);
		struct mmu_vm *vm;

		setup_load(&s);
		vm = vm_with_slots();
		assert_int_equal(MADE(1, .host_writable = true), bit63 | 0x0600000000000b77);
		assert_int_equal(MADE(1, .host_writable = true, .old = OLD_WRITABLE_LEAF),
				 bit63 | 0x0600000000000977);
		assert_int_equal(MADE(1, .host_writable = true, .prefetch = true),
				 bit63 | 0x0600000000000a77);
		assert_int_equal(MADE(1), bit63 | 0x0000000000000975);
		assert_int_equal(MADE(2, .host_writable = true), bit63 | 0x0600000000000bf7);
		assert_int_equal(MADE(1, .host_writable = true, .guest_mode = true),
				 bit63 | 0x0620000000000b77);
		vm->world.mmio_first = PFN;
		vm->world.mmio_end = PFN + 1;
		assert_int_equal(MADE(1, .host_writable = true), bit63 | 0x0600000000000b07);
		mmu_vm_destroy(vm);

		s.nx = true;
		setup_load(&s);
		vm = vm_with_slots();
		assert_int_equal(MADE(2, .host_writable = true), bit63 | 0x0600000000000bf3);
		mmu_vm_destroy(vm);
	}
}

static void known_values_of_ept_without_ad(void **state)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(profiles); i++) {
		struct setup s = { profiles[i], true, false, true, false, false };
		u64 bit63 = empty_spte(&s), tracked;
		struct mmu_vm *vm;

		setup_load(&s);
		vm = vm_with_slots();
		assert_int_equal(MADE(1, .host_writable = true), bit63 | 0x0610000000000877);
		tracked = MADE(1, .host_writable = true, .prefetch = true);
		assert_int_equal(tracked, bit63 | 0x0750000000000870);
		assert_int_equal(restore_acc_track_spte(tracked), bit63 | 0x0610000000000875);
		mmu_vm_destroy(vm);
	}
}

static void known_values_of_npt(void **state)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(profiles); i++) {
		struct setup s = { profiles[i], false, true, false, false, false };
		struct mmu_vm *vm;

		setup_load(&s);
		vm = vm_with_slots();
		assert_int_equal(MADE(1, .host_writable = true), 0xe67);
		assert_int_equal(MADE(1, .host_writable = true, .old = OLD_WRITABLE_LEAF), 0xe27);
		assert_int_equal(MADE(1, .host_writable = true, .prefetch = true), 0xe47);
		assert_int_equal(MADE(1), 0x825);
		assert_int_equal(MADE(2, .host_writable = true), 0xee7);
		/* The host's MTRRs see to what is not memory. */
		vm->world.mmio_first = PFN;
		vm->world.mmio_end = PFN + 1;
		assert_int_equal(MADE(1, .host_writable = true), 0xe67);
		mmu_vm_destroy(vm);

		s.nx = true;
		setup_load(&s);
		vm = vm_with_slots();
		assert_int_equal(MADE(2, .host_writable = true), UINT64_C(0x8000000000000ee7));
		mmu_vm_destroy(vm);
	}
}

/*
 * The values that operations leave behind.  A 4 KiB page is written (A, D), the slot
 * starts to log by write protection (W goes), then the page is write-protected for
 * good (MMU-writable goes).  With PML the start of logging takes D instead.
 */
static void known_values_after_operations(void **state)
{
	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(profiles) * 2; i++) {
		bool pml = i % 2, intel = i / 2 % 2 || pml;
		struct setup s = { profiles[i / 4], intel, true, true, pml, false };
		u64 bit63 = intel ? empty_spte(&s) : 0;
		u64 pa = mmu_pfn(0x3000) << 12;
		struct kvm_memory_slot *slot;
		struct mmu_vm *vm;

		setup_load(&s);
		vm = mmu_vm_create();
		mmu_slot(vm, 0, 0, MMU_2M, 0);
		mmu_map(vm->vcpu, 0x3000, MMU_WRITE);
		assert_int_equal(mmu_spte(vm->vcpu, 0x3000, NULL) ^ pa,
				 intel ? bit63 | 0x0600000000000b77 : 0xe67);
		assert_int_equal(*mmu_sptep(vm->vcpu, 0x3000, 2) & ~ADDRESS,
				 intel ? bit63 | 0x907 : 0x827);

		mmu_slot(vm, 0, 0, MMU_2M, KVM_MEM_LOG_DIRTY_PAGES);
		assert_int_equal(mmu_spte(vm->vcpu, 0x3000, NULL) ^ pa,
				 pml ? bit63 | 0x0600000000000977 :
				 intel ? bit63 | 0x0600000000000b75 : 0xe65);

		mutex_lock(&vm->kvm->slots_lock);
		slot = id_to_memslot(__kvm_memslots(vm->kvm, 0), 0);
		read_lock(&vm->kvm->mmu_lock);
		assert_int_equal(kvm_tdp_mmu_wrprot_slot(vm->kvm, slot, 1), pml);
		read_unlock(&vm->kvm->mmu_lock);
		assert_int_equal(mmu_spte(vm->vcpu, 0x3000, NULL) ^ pa,
				 pml ? bit63 | 0x0600000000000975 :
				 intel ? bit63 | 0x0600000000000b75 : 0xe65);

		write_lock(&vm->kvm->mmu_lock);
		assert_true(kvm_mmu_slot_gfn_write_protect(vm->kvm, slot, 3, 1));
		assert_false(kvm_mmu_slot_gfn_write_protect(vm->kvm, slot, 3, 1));
		write_unlock(&vm->kvm->mmu_lock);
		mutex_unlock(&vm->kvm->slots_lock);
		assert_int_equal(mmu_spte(vm->vcpu, 0x3000, NULL) ^ pa,
				 pml ? bit63 | 0x0200000000000975 :
				 intel ? bit63 | 0x0200000000000b75 : 0xa65);
		mmu_vm_destroy(vm);
	}
}

/* ---- Predicates ---- */

static const unsigned int predicate_bits[] = {
	0, 1, 2, 5, 6, 7, 8, 9, 10, 11, 52, 53, 54, 56, 57, 58, 63,
};

#define CHECK_PREDICATE(got, want)						\
do {										\
	if (!!(got) != !!(want))						\
		fail_msg("%s of 0x%llx", #got, (unsigned long long)spte);	\
} while (0)

/* Bit by bit; the masks of A, D and rights are those of the format. */
static void check_predicates(const struct setup *s, u64 spte)
{
	bool type_disabled = (spte >> 52 & 3) == 1, w = spte & B(1);
	u64 a = s->intel ? (s->ad ? B(8) : 0) : B(5);
	u64 d = s->intel ? (s->ad ? B(9) : 0) : B(6);
	bool mmu_w = spte & (s->intel ? B(58) : B(10));
	bool tracked = type_disabled && (!s->intel || !(spte & 7));

	CHECK_PREDICATE(is_shadow_present_pte(spte), spte & 0x800);
	CHECK_PREDICATE(is_large_pte(spte), spte & 0x80);
	CHECK_PREDICATE(is_last_spte(spte, 1), true);
	CHECK_PREDICATE(is_last_spte(spte, 2), spte & 0x80);
	CHECK_PREDICATE(is_last_spte(spte, 3), spte & 0x80);
	CHECK_PREDICATE(is_writable_pte(spte), w);
	CHECK_PREDICATE(is_mmu_writable_spte(spte), mmu_w);
	CHECK_PREDICATE(is_executable_pte(spte), s->intel ? spte & B(2) : !(spte & B(63)));
	CHECK_PREDICATE(spte_ad_enabled(spte), !type_disabled);
	CHECK_PREDICATE(spte_ad_need_write_protect(spte), spte >> 52 & 3);
	CHECK_PREDICATE(is_access_track_spte(spte), tracked);
	CHECK_PREDICATE(is_accessed_spte(spte), !type_disabled && a ? spte & a : !tracked);
	CHECK_PREDICATE(is_dirty_spte(spte), !type_disabled && d ? spte & d : w);
	CHECK_PREDICATE(is_removed_spte(spte), spte == (empty_spte(s) | 0x5a0));
	/* With A/D off every SPTE says so; what else would be is no case. */
	if (type_disabled || a)
		CHECK_PREDICATE(spte_has_volatile_bits(spte),
				(!w && mmu_w) || tracked ||
				(!type_disabled && (!(spte & a) || (w && !(spte & d)))));
}

static void predicates(void **state)
{
	struct setup s;

	for (unsigned int n = 0; setup_nth(n, &s); n++) {
		/* Neither of these three is in any of the bits. */
		if (s.nx || s.pml || s.exec_only)
			continue;
		setup_load(&s);
		for (unsigned int i = 0; i < 1u << ARRAY_SIZE(predicate_bits); i++) {
			u64 spte = UINT64_C(0x123456000);

			for (unsigned int bit = 0; bit < ARRAY_SIZE(predicate_bits); bit++)
				if (i >> bit & 1)
					spte |= B(predicate_bits[bit]);
			if ((spte >> 52 & 3) != 3)	/* a type that does not exist */
				check_predicates(&s, spte);
		}
		assert_int_equal(spte_to_pfn(~UINT64_C(0)), UINT64_C(0xffffffffff));
		assert_int_equal(spte_to_pfn(~ADDRESS), 0);
		check_predicates(&s, 0x5a0);
		check_predicates(&s, B(63) | 0x5a0);
	}
}

/* MMU-writable needs host-writable, writable needs MMU-writable: 000, 100, 110, 111. */
static void writable_invariants(void **state)
{
	for (unsigned int intel = 0; intel < 2; intel++) {
		const struct setup s = { "v6.12", intel, true, true, false, false };

		setup_load(&s);
		for (unsigned int i = 0; i < 8; i++) {
			u64 spte = 0x801;

			spte |= i & 1 ? B(1) : 0;
			spte |= i & 2 ? (intel ? B(58) : B(10)) : 0;
			spte |= i & 4 ? (intel ? B(57) : B(9)) : 0;
			expect_reports();
			check_spte_writable_invariants(spte);
			assert_int_equal(reports_seen(),
					 !(i == 0 || i == 4 || i == 6 || i == 7));
		}
	}
}

/* ---- Access tracking ---- */

static void access_tracking(void **state)
{
	struct setup s;

	for (unsigned int n = 0; setup_nth(n, &s); n++) {
		setup_load(&s);
		/* Rights of a page that may be written, by bits 2:0. */
		for (u64 rwx = 1; rwx < 8; rwx += 2) {
			u64 type = s.intel && !s.ad ? B(52) : 0;
			u64 writable = s.intel ? B(57) | B(58) : B(9) | B(10);
			u64 a = s.intel ? B(8) : B(5), d = s.intel ? B(9) : B(6);
			u64 spte = 0x12345800 | writable | rwx | type | (type ? 0 : a | d);
			u64 marked = mark_spte_for_access_track(spte);

			if (!type) {
				/* The CPU will say when it is accessed again. */
				assert_int_equal(marked, spte & ~a);
				assert_int_equal(mark_spte_for_access_track(marked), marked);
				continue;
			}
			assert_int_equal(marked, (spte & ~UINT64_C(7)) |
					 (rwx & 1 ? B(54) : 0) | (rwx & 4 ? B(56) : 0));
			assert_true(is_access_track_spte(marked));
			assert_false(cpu_format(&s)->present(marked));
			assert_int_equal(mark_spte_for_access_track(marked), marked);
			/* W comes back with a write fault, which MMU-writable allows. */
			assert_int_equal(restore_acc_track_spte(marked), spte & ~B(1));
			assert_int_equal(cpu_reserved(&s, spte & ~B(1), 1), 0);
		}
	}
}

/* ---- Other constructors ---- */

static void nonleaf(void **state)
{
	struct setup s;

	for (unsigned int n = 0; setup_nth(n, &s); n++) {
		u64 *table, spte, want;

		setup_load(&s);
		table = (u64 *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
		assert_non_null(table);
		spte = make_nonleaf_spte(table, !s.ad);
		want = __pa(table) | (s.intel ? empty_spte(&s) | 0x807 : 0x807);
		want |= !s.ad ? B(52) : s.intel ? B(8) : B(5);
		assert_int_equal(spte, want);
		assert_int_equal(spte_to_pfn(spte), __pa(table) >> 12);
		for (int level = 2; level <= 5; level++) {
			struct sim_paging_caps caps = cpu_caps(&s);

			assert_int_equal(cpu_reserved(&s, spte, level), 0);
			assert_true(cpu_format(&s)->present(spte));
			assert_false(cpu_format(&s)->leaf(&caps, spte, level));
			assert_int_equal(cpu_format(&s)->rights(spte), SIM_RIGHT_ALL);
		}
		free_page((unsigned long)table);
	}
}

static void encrypted_spte(void **state)
{
	struct mmu_config config = mmu_config("v6.4", false);
	const struct setup s = { "v6.4", false, true, false, false, false };
	struct mmu_vm *vm;
	u64 *table;

	config.cpu.sme_me_mask = B(47);
	mmu_load(&config);
	vm = vm_with_slots();
	assert_int_equal(MADE(1, .host_writable = true), B(47) | 0xe67);
	table = (u64 *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	assert_int_equal(make_nonleaf_spte(table, false), B(47) | 0x827 | __pa(table));
	free_page((unsigned long)table);
	/* What is not memory cannot be encrypted. */
	vm->world.mmio_first = PFN;
	vm->world.mmio_end = PFN + 1;
	assert_int_equal(MADE(1, .host_writable = true), 0xe67);
	mmu_vm_destroy(vm);
}

/* The rights that a 4 KiB child has: X again if only the huge page's size took it. */
static u64 split_oracle(const struct setup *s, u64 huge, int child_level, u32 access,
			bool vm_disables_nx, u64 index)
{
	u64 spte = huge + (index << (child_level == 1 ? 12 : 21));

	if (child_level > 1)
		return spte;
	spte &= ~B(7);
	if (!(access & 1) || !s->nx || vm_disables_nx)
		return spte;
	if (!s->intel)
		return spte & ~B(63);
	/* Of a tracked SPTE the saved X is what counts. */
	return spte | ((spte & B(52)) && !(spte & 7) ? B(56) : B(2));
}

static void check_split(struct mmu_vm *vm, const struct setup *s, u64 huge, int child_level)
{
	for (unsigned int i = 0; i < 512 * 4; i++) {
		union kvm_mmu_page_role role = { .word = 0x3780 | child_level };
		bool off = i & 1;
		u64 got, want;

		role.access = i & 2 ? 7 : 6;
		vm->kvm->arch.disable_nx_huge_pages = off;
		got = make_huge_page_split_spte(vm->kvm, huge, role, i / 4);
		want = split_oracle(s, huge, child_level, role.access, off, i / 4);
		if (got != want)
			fail_msg("child %u of 0x%llx: 0x%llx instead of 0x%llx", i / 4,
				 (unsigned long long)huge, (unsigned long long)got,
				 (unsigned long long)want);
		assert_int_equal(cpu_reserved(s, got, child_level), 0);
	}
	vm->kvm->arch.disable_nx_huge_pages = false;
}

static void huge_page_children(void **state)
{
	struct setup s;

	for (unsigned int n = 0; setup_nth(n, &s); n++) {
		struct mmu_vm *vm;

		setup_load(&s);
		vm = vm_with_slots();
		for (unsigned int i = 0; i < 16; i++) {
			struct input in = {
				.level = 2 + (i & 1), .prefetch = i & 2, .host_writable = i & 4,
				.old = i & 8 ? OLD_WRITABLE_LEAF : OLD_EMPTY,
			};

			check_split(vm, &s, call_make_spte(vm, &s, &in), in.level - 1);
		}
		mmu_vm_destroy(vm);
	}
}

static void only_huge_pages_are_split(void **state)
{
	const struct setup s = { "v6.12", true, true, true, false, false };
	const union kvm_mmu_page_role role = { .word = 0x3781 };
	struct mmu_vm *vm;

	setup_load(&s);
	vm = vm_with_slots();
	/* Not present; and present, but a table. */
	expect_reports();
	assert_int_equal(make_huge_page_split_spte(vm->kvm, B(63) | 0x80, role, 3), B(63));
	assert_int_equal(reports_seen(), 1);
	expect_reports();
	assert_int_equal(make_huge_page_split_spte(vm->kvm, B(63) | 0x907, role, 3), B(63));
	assert_int_equal(reports_seen(), 1);
	mmu_vm_destroy(vm);
}

static void changed_pte(void **state)
{
	struct setup s;

	for (unsigned int n = 0; setup_nth(n, &s); n++) {
		struct mmu_vm *vm;

		setup_load(&s);
		vm = vm_with_slots();
		for (unsigned int i = 0; i < 8; i++) {
			struct input in = {
				.level = 1, .prefetch = i & 1, .host_writable = i & 2,
				.old = i & 4 ? OLD_WRITABLE_LEAF : OLD_EMPTY,
			};
			u64 old = call_make_spte(vm, &s, &in), want;
			u64 got = kvm_mmu_changed_pte_notifier_make_spte(old, 0x3ff00ff);

			want = (old & ~ADDRESS) | UINT64_C(0x3ff00ff000);
			want &= ~(B(1) | (s.intel ? B(57) | B(58) : B(9) | B(10)));
			if (s.ad)
				want &= ~(s.intel ? B(8) : B(5));
			else
				want = (want & ~UINT64_C(7)) | B(54) | B(56);
			assert_int_equal(got, want);
			assert_int_equal(cpu_reserved(&s, got, 1), 0);
		}
		mmu_vm_destroy(vm);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(make_spte_all_inputs),
		cmocka_unit_test(writable_huge_page_of_logged_slot_warns),
		cmocka_unit_test(known_values_of_ept),
		cmocka_unit_test(known_values_of_ept_without_ad),
		cmocka_unit_test(known_values_of_npt),
		cmocka_unit_test(known_values_after_operations),
		cmocka_unit_test(predicates),
		cmocka_unit_test(writable_invariants),
		cmocka_unit_test(access_tracking),
		cmocka_unit_test(nonleaf),
		cmocka_unit_test(encrypted_spte),
		cmocka_unit_test(huge_page_children),
		cmocka_unit_test(only_huge_pages_are_split),
		cmocka_unit_test(changed_pte),
	};

	return MMU_RUN_TESTS(tests);
}
