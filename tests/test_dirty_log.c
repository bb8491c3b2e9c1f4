/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * Dirty logging: how it begins and ends in the SPTEs, how writes get into the bitmap, and the
 * ioctls that fetch and clear it.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "tests/mmu_fixture.h"
#include "tests/mmu_trace_fixture.h"

#define GPA	UINT64_C(0x40000000)	/* 1 GiB */
#define PAGE	UINT64_C(0x1000)
#define PAGES	200			/* three words and a bit */
#define SIZE	(PAGES * PAGE)
#define LOG	KVM_MEM_LOG_DIRTY_PAGES
#define W_BIT	UINT64_C(2)

/* How KVM notices the first write to a page. */
enum how {
	PML,		/* the CPU logs when it sets D */
	WP,		/* EPT with A/D, but no PML: write protection */
	NO_AD,		/* EPT without A/D: W is the dirty bit */
	NPT,		/* never any PML */
	NR_HOW,
};

static struct mmu_config config_for(const char *profile, enum how how)
{
	struct mmu_config config = mmu_config(profile, how != NPT);

	config.params.pml = how == PML;
	config.params.eptad = how != NO_AD;
	return config;
}

/* The leaf of a written page, 4 KiB: first as mapped, then as logging leaves it. */
static u64 written_leaf(enum how how)
{
	static const u64 values[NR_HOW] = {
		[PML] = UINT64_C(0x0600000000000b77),
		[WP] = UINT64_C(0x0600000000000b77),
		[NO_AD] = UINT64_C(0x0610000000000877),
		[NPT] = 0xe67,
	};

	return values[how];
}

static u64 logged_leaf(enum how how)
{
	static const u64 values[NR_HOW] = {
		[PML] = UINT64_C(0x0600000000000977),	/* D clear */
		[WP] = UINT64_C(0x0600000000000b75),	/* W clear, D kept */
		[NO_AD] = UINT64_C(0x0610000000000875),
		[NPT] = 0xe65,
	};

	return values[how];
}

/* ---- What the steps look at ---- */

static struct mmu_vm *vm_for(const struct mmu_config *config, u64 size, int host_level)
{
	struct mmu_vm *vm;

	mmu_load(config);
	vm = mmu_vm_create();
	vm->world.level = host_level;
	mmu_slot(vm, 0, GPA, size, 0);
	mmu_enter(vm->vcpu);
	return vm;
}

/* The entry less its frame. */
static u64 bits_of(struct mmu_vm *vm, gpa_t gpa)
{
	u64 spte = mmu_plain(mmu_spte(vm->vcpu, gpa, NULL));

	return spte & ~UINT64_C(0x000ffffffffff000);
}

static void logging(struct mmu_vm *vm, u64 size, bool on)
{
	mmu_slot(vm, 0, GPA, size, on ? LOG : 0);
}

static void get_log(struct mmu_vm *vm, unsigned long *bitmap)
{
	assert_int_equal(kvm_vm_ioctl_get_dirty_log(vm->kvm, 0, bitmap), 0);
}

static int clear_log(struct mmu_vm *vm, u64 first, u32 nr, const unsigned long *bitmap)
{
	return kvm_vm_ioctl_clear_dirty_log(vm->kvm, 0, first, nr, bitmap);
}

static void assert_log(struct mmu_vm *vm, unsigned long w0, unsigned long w1, unsigned long w2,
		       unsigned long w3)
{
	unsigned long bitmap[4] = { 0 };

	get_log(vm, bitmap);
	assert_true(bitmap[0] == w0 && bitmap[1] == w1 && bitmap[2] == w2 && bitmap[3] == w3);
}

#define FOR_ALL_HOW(vm, how, config)						\
	for (unsigned int __i = 0; __i < MMU_NR_PROFILES * NR_HOW &&		\
	     ((how) = __i % NR_HOW, (config) = config_for(mmu_profiles[__i / NR_HOW], how), \
	      (vm) = vm_for(&(config), SIZE, PG_LEVEL_4K)); __i++, mmu_vm_destroy(vm))

/* ---- Beginning ---- */

/* Each written leaf is made such that the next write is noticed; one flush, after mmu_lock. */
static void test_begin(void **state)
{
	struct mmu_config config;
	struct mmu_vm *vm;
	enum how how;

	FOR_ALL_HOW(vm, how, config) {
		mmu_map(vm->vcpu, GPA, MMU_WRITE);
		mmu_map(vm->vcpu, GPA + 199 * PAGE, MMU_WRITE);
		assert_true(bits_of(vm, GPA) == written_leaf(how));
		trace_start();
		logging(vm, SIZE, true);
		trace_stop();
		assert_true(bits_of(vm, GPA) == logged_leaf(how));
		assert_true(bits_of(vm, GPA + 199 * PAGE) == logged_leaf(how));
		assert_int_equal(trace_count(TRACE_CHANGED), 2);
		assert_int_equal(trace_count(TRACE_FLUSH), 1);
		if (IS_ENABLED(CONFIG_PROVE_LOCKING))
			assert_false(trace_get(TRACE_FLUSH, 0)->locked);
		/* What KVM takes from an entry goes to the page, where D or W is the dirty bit. */
		assert_int_equal(vm->world.nr_dirty, how == PML || how == NO_AD ? 2 : 0);
		assert_log(vm, 0, 0, 0, 0);
	}
}

/* Even if there is nothing to protect: somebody else's flush may be outstanding. */
static void test_begin_always_flushes(void **state)
{
	struct mmu_config config;
	struct mmu_vm *vm;
	enum how how;

	FOR_ALL_HOW(vm, how, config) {
		trace_start();
		logging(vm, SIZE, true);
		trace_stop();
		assert_int_equal(trace_count(TRACE_CHANGED), 0);
		assert_int_equal(trace_count(TRACE_FLUSH), 1);
	}
}

/* The CPUs log while at least one slot does; only the first and the last make a request. */
static void test_pml_follows_the_slots(void **state)
{
	struct mmu_config config;
	struct mmu_vm *vm;
	enum how how;

	FOR_ALL_HOW(vm, how, config) {
		struct kvm_vcpu *vcpu = vm->vcpu;
		const int req = KVM_REQ_UPDATE_CPU_DIRTY_LOGGING;

		assert_false(vcpu->arch.pml_enabled);
		logging(vm, SIZE, true);
		assert_int_equal(kvm_test_request(req, vcpu), how == PML);
		mmu_enter(vcpu);
		assert_int_equal(vcpu->arch.pml_enabled, how == PML);
		/* A slot that is born logging counts too. */
		mmu_slot(vm, 1, GPA + MMU_1G, SIZE, LOG);
		assert_false(kvm_test_request(req, vcpu));
		logging(vm, SIZE, false);
		assert_false(kvm_test_request(req, vcpu));
		mmu_enter(vcpu);
		assert_int_equal(vcpu->arch.pml_enabled, how == PML);
		mmu_slot(vm, 1, GPA + MMU_1G, 0, 0);
		assert_int_equal(kvm_test_request(req, vcpu), how == PML);
		mmu_enter(vcpu);
		assert_false(vcpu->arch.pml_enabled);
	}
}

/* ---- Writes ---- */

/* Write protection: the fault sets the bit when it gives W back; a new page, when it is made. */
static void test_faults_log(void **state)
{
	struct mmu_config config;
	struct mmu_vm *vm;
	enum how how;

	FOR_ALL_HOW(vm, how, config) {
		mmu_map(vm->vcpu, GPA + 3 * PAGE, MMU_WRITE);
		logging(vm, SIZE, true);
		if (how != PML) {
			mmu_map(vm->vcpu, GPA + 3 * PAGE, MMU_WRITE_RO);
			assert_true(bits_of(vm, GPA + 3 * PAGE) & W_BIT);
		}
		mmu_map(vm->vcpu, GPA + 65 * PAGE, MMU_WRITE);
		/* A read maps a page writable that the host lets be written: it counts at once. */
		mmu_map(vm->vcpu, GPA + 199 * PAGE, MMU_READ);
		assert_log(vm, how == PML ? 0 : 1 << 3, 1 << 1, 0, 1 << 7);
	}
}

/* A page that is mapped read-only is not dirty. */
static void test_read_only_is_clean(void **state)
{
	struct mmu_config config;
	struct mmu_vm *vm;
	enum how how;

	FOR_ALL_HOW(vm, how, config) {
		logging(vm, SIZE, true);
		vm->world.writable = false;
		mmu_map(vm->vcpu, GPA, MMU_READ);
		assert_log(vm, 0, 0, 0, 0);
	}
}

static unsigned int pml_entries;

/* The guest writes @pml_entries pages: the CPU stores their addresses from the last slot down. */
static void guest_fills_pml(struct kvm_vcpu *vcpu)
{
	unsigned int i;

	for (i = 0; i < pml_entries; i++)
		vcpu->arch.pml_buffer[vcpu->arch.pml_index--] = GPA + i % PAGES * PAGE;
	vcpu->arch.exit.reason = pml_entries == 512 ? SIM_EXIT_PML_FULL : SIM_EXIT_IO;
	pml_entries = 0;
}

/* Any exit empties the buffer; after 512 entries the index has wrapped to 0xffff. */
static void test_pml_is_drained(void **state)
{
	static const unsigned int counts[] = { 1, 65, 200, 511, 512 };
	unsigned int i;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		const struct mmu_config config = config_for("v6.4", PML);
		struct mmu_vm *vm = vm_for(&config, SIZE, PG_LEVEL_4K);
		unsigned int n = counts[i] < PAGES ? counts[i] : PAGES, page;
		unsigned long bitmap[4];

		logging(vm, SIZE, true);
		vm->world.run_guest = guest_fills_pml;
		pml_entries = counts[i];
		mmu_enter(vm->vcpu);
		assert_int_equal(vm->vcpu->arch.pml_index, 511);
		get_log(vm, bitmap);
		for (page = 0; page < PAGES; page++)
			assert_int_equal(test_bit(page, bitmap), page < n);
		assert_log(vm, 0, 0, 0, 0);
		mmu_vm_destroy(vm);
	}
}

/* ---- KVM_GET_DIRTY_LOG ---- */

/* Each bit is returned once, its page protected anew; a flush, after mmu_lock, iff one was set. */
static void test_get(void **state)
{
	struct mmu_config config;
	struct mmu_vm *vm;
	enum how how;

	FOR_ALL_HOW(vm, how, config) {
		logging(vm, SIZE, true);
		mmu_map(vm->vcpu, GPA + 70 * PAGE, MMU_WRITE);
		mmu_map(vm->vcpu, GPA + 199 * PAGE, MMU_WRITE);
		assert_true(bits_of(vm, GPA + 70 * PAGE) == written_leaf(how));
		trace_start();
		assert_log(vm, 0, 1 << 6, 0, 1 << 7);
		trace_stop();
		assert_int_equal(trace_count(TRACE_FLUSH), 1);
		if (IS_ENABLED(CONFIG_PROVE_LOCKING))
			assert_false(trace_get(TRACE_FLUSH, 0)->locked);
		assert_true(bits_of(vm, GPA + 70 * PAGE) == logged_leaf(how));
		assert_true(bits_of(vm, GPA + 199 * PAGE) == logged_leaf(how));

		trace_start();
		assert_log(vm, 0, 0, 0, 0);
		trace_stop();
		assert_int_equal(trace_count(TRACE_FLUSH), 0);
		assert_int_equal(trace_count(TRACE_CHANGED), 0);

		/* Pages whose bits were not set are left alone. */
		*mmu_sptep(vm->vcpu, GPA + 70 * PAGE, 1) |= W_BIT | shadow_dirty_mask;
		mmu_map(vm->vcpu, GPA + 71 * PAGE, MMU_WRITE);
		assert_log(vm, 0, 1 << 7, 0, 0);
		assert_true(bits_of(vm, GPA + 70 * PAGE) == written_leaf(how));
		assert_true(bits_of(vm, GPA + 71 * PAGE) == logged_leaf(how));
	}
}

static void test_get_refusals(void **state)
{
	const struct mmu_config config = config_for("v6.4", PML);
	struct mmu_vm *vm = vm_for(&config, SIZE, PG_LEVEL_4K);
	unsigned long bitmap[4] = { 0 };

	assert_int_equal(kvm_vm_ioctl_get_dirty_log(vm->kvm, 0, bitmap), -ENOENT);
	assert_int_equal(kvm_vm_ioctl_get_dirty_log(vm->kvm, 1, bitmap), -ENOENT);
	assert_int_equal(kvm_vm_ioctl_get_dirty_log(vm->kvm, 1 << 16, bitmap), -ENOENT);
	assert_int_equal(kvm_vm_ioctl_get_dirty_log(vm->kvm, 2 << 16, bitmap), -EINVAL);
	assert_int_equal(kvm_vm_ioctl_get_dirty_log(vm->kvm, 32764, bitmap), -EINVAL);
	assert_int_equal(clear_log(vm, 0, 64, bitmap), -ENOENT);
	mmu_vm_destroy(vm);
}

/* ---- KVM_CLEAR_DIRTY_LOG ---- */

static void manual(struct mmu_vm *vm, u64 flags)
{
	assert_int_equal(kvm_vm_enable_manual_dirty_log_protect(vm->kvm, flags), 0);
}

static void test_manual_flags(void **state)
{
	const struct mmu_config config = config_for("v6.4", PML);
	struct mmu_vm *vm = vm_for(&config, SIZE, PG_LEVEL_4K);

	/* Bit 1 only along with bit 0, and no others. */
	assert_int_equal(kvm_vm_enable_manual_dirty_log_protect(vm->kvm, 2), -EINVAL);
	assert_int_equal(kvm_vm_enable_manual_dirty_log_protect(vm->kvm, 4), -EINVAL);
	assert_int_equal(kvm_vm_enable_manual_dirty_log_protect(vm->kvm, 5), -EINVAL);
	assert_int_equal(kvm_vm_enable_manual_dirty_log_protect(vm->kvm, 3), 0);
	assert_int_equal(kvm_vm_enable_manual_dirty_log_protect(vm->kvm, 1), 0);
	assert_int_equal(kvm_vm_enable_manual_dirty_log_protect(vm->kvm, 0), 0);
	mmu_vm_destroy(vm);
}

/* Get only copies; clear clears what is asked for and set, protects that, and flushes for it. */
static void test_clear(void **state)
{
	struct mmu_config config;
	struct mmu_vm *vm;
	enum how how;

	FOR_ALL_HOW(vm, how, config) {
		unsigned long word = 1 << 6 | 1 << 8;

		manual(vm, KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE);
		logging(vm, SIZE, true);
		mmu_map(vm->vcpu, GPA + 70 * PAGE, MMU_WRITE);
		mmu_map(vm->vcpu, GPA + 71 * PAGE, MMU_WRITE);
		trace_start();
		assert_log(vm, 0, 3 << 6, 0, 0);
		assert_log(vm, 0, 3 << 6, 0, 0);
		assert_int_equal(trace_count(TRACE_FLUSH), 0);
		assert_int_equal(trace_count(TRACE_CHANGED), 0);

		assert_int_equal(clear_log(vm, 64, 64, &word), 0);
		assert_int_equal(trace_count(TRACE_FLUSH), 1);
		assert_int_equal(trace_count(TRACE_CHANGED), 1);
		assert_log(vm, 0, 1 << 7, 0, 0);
		assert_true(bits_of(vm, GPA + 70 * PAGE) == logged_leaf(how));
		assert_true(bits_of(vm, GPA + 71 * PAGE) == written_leaf(how));

		/* Nothing of it is set any more: nothing to protect, nothing to flush. */
		trace_start();
		assert_int_equal(clear_log(vm, 64, 64, &word), 0);
		word = 0;
		assert_int_equal(clear_log(vm, 64, 64, &word), 0);
		trace_stop();
		assert_int_equal(trace_count(TRACE_FLUSH), 0);
		assert_int_equal(trace_count(TRACE_CHANGED), 0);
	}
}

/* 200 pages: whole words, or up to the end. */
static void test_clear_edges(void **state)
{
	const struct mmu_config config = config_for("v6.12", WP);
	struct mmu_vm *vm = vm_for(&config, SIZE, PG_LEVEL_4K);
	unsigned long all[4] = { ~0UL, ~0UL, ~0UL, ~0UL };
	unsigned int i;

	manual(vm, KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE);
	logging(vm, SIZE, true);
	for (i = 0; i < PAGES; i++)
		mmu_map(vm->vcpu, GPA + i * PAGE, MMU_WRITE);

	for (i = 1; i < 64; i++)
		assert_int_equal(clear_log(vm, i, 64, all), -EINVAL);
	assert_int_equal(clear_log(vm, 0, 1, all), -EINVAL);
	assert_int_equal(clear_log(vm, 0, 199, all), -EINVAL);
	assert_int_equal(clear_log(vm, 0, 201, all), -EINVAL);
	assert_int_equal(clear_log(vm, 192, 7, all), -EINVAL);
	assert_int_equal(clear_log(vm, 192, 9, all), -EINVAL);
	assert_int_equal(clear_log(vm, 192, 64, all), -EINVAL);
	assert_int_equal(clear_log(vm, 256, 64, all), -EINVAL);
	assert_int_equal(clear_log(vm, UINT64_MAX & ~UINT64_C(63), 64, all), -EINVAL);
	assert_int_equal(kvm_vm_ioctl_clear_dirty_log(vm->kvm, 2 << 16, 0, 64, all), -EINVAL);
	assert_log(vm, ~0UL, ~0UL, ~0UL, 0xff);

	assert_int_equal(clear_log(vm, 64, 64, all), 0);
	assert_log(vm, ~0UL, 0, ~0UL, 0xff);
	/* Bits beyond the slot's end are nobody's. */
	assert_int_equal(clear_log(vm, 192, 8, all), 0);
	assert_log(vm, ~0UL, 0, ~0UL, 0);
	assert_int_equal(clear_log(vm, 0, 200, all), 0);
	assert_log(vm, 0, 0, 0, 0);
	for (i = 0; i < PAGES; i++)
		assert_false(bits_of(vm, GPA + i * PAGE) & W_BIT);
	mmu_vm_destroy(vm);
}

/* ---- Huge pages ---- */

static bool in_pages(struct mmu_vm *vm, gpa_t gpa, int level)
{
	return mmu_leaf_level(vm->vcpu, gpa) == level;
}

/*
 * Eager splitting: all small, still writable or protected as small pages are.  Without: huge
 * pages lose W (MMU_W stays), with PML D too, and are split by the writes.
 */
static void begin_with_huge_pages(const char *profile, enum how how, bool eager, int level)
{
	struct mmu_config config = config_for(profile, how);
	const u64 mmu_w = how == NPT ? 1 << 10 : UINT64_C(1) << 58;
	gpa_t last = GPA + MMU_1G - PAGE;
	struct mmu_vm *vm;
	u64 bits;

	config.params.eager_page_split = eager;
	vm = vm_for(&config, MMU_1G, level);
	mmu_map(vm->vcpu, GPA, MMU_WRITE);
	if (level == 2)
		mmu_map(vm->vcpu, last, MMU_WRITE);
	assert_true(in_pages(vm, GPA, level) && in_pages(vm, last, level));

	mmu_slot(vm, 0, GPA, MMU_1G, LOG);
	bits = bits_of(vm, last);
	assert_true(in_pages(vm, GPA, eager ? 1 : level));
	assert_true(in_pages(vm, last, eager ? 1 : level));
	assert_true(bits & mmu_w);
	/* Small pages under PML keep W; all else loses it. */
	assert_int_equal(!!(bits & W_BIT), eager && how == PML);
	if (how == PML)
		assert_false(bits & shadow_dirty_mask);
	mmu_vm_destroy(vm);
}

static void test_begin_with_huge_pages(void **state)
{
	unsigned int i, how;

	for (i = 0; i < MMU_NR_PROFILES; i++) {
		for (how = 0; how < NR_HOW; how++) {
			begin_with_huge_pages(mmu_profiles[i], how, true, PG_LEVEL_2M);
			begin_with_huge_pages(mmu_profiles[i], how, false, PG_LEVEL_2M);
			begin_with_huge_pages(mmu_profiles[i], how, false, PG_LEVEL_1G);
		}
	}
	/* Half a million small pages: once. */
	begin_with_huge_pages("v6.4", WP, true, PG_LEVEL_1G);
}

/* Splitting is best effort: without memory the page stays huge, but protected. */
static void test_begin_without_memory(void **state)
{
	unsigned int i;

	for (i = 0; i < MMU_NR_PROFILES; i++) {
		const struct mmu_config config = config_for(mmu_profiles[i], WP);
		bool split_failed = false;
		unsigned long n;

		for (n = 1; n <= 12; n++) {
			struct mmu_vm *vm = vm_for(&config, 2 * MMU_2M, PG_LEVEL_2M);
			int r;

			mmu_map(vm->vcpu, GPA, MMU_WRITE);
			sim_mem_fail_nth(n);
			r = mmu_slot_try(vm, 0, GPA, 2 * MMU_2M, LOG);
			sim_mem_fail_nth(0);
			if (!r) {
				assert_false(bits_of(vm, GPA) & W_BIT);
				split_failed |= !in_pages(vm, GPA, 1);
			} else {
				assert_int_equal(r, -ENOMEM);
				assert_true(in_pages(vm, GPA, 2));
				assert_true(bits_of(vm, GPA) & W_BIT);
			}
			mmu_vm_destroy(vm);
		}
		/* A first failure is made good by a second try, with the locks dropped. */
		assert_false(split_failed);
	}
}

/* ---- All bits set to begin with ---- */

static struct mmu_vm *vm_initially_set(const char *profile, enum how how, bool eager, u64 size)
{
	struct mmu_config config = config_for(profile, how);
	struct mmu_vm *vm;
	gpa_t gpa;

	config.params.eager_page_split = eager;
	vm = vm_for(&config, size, PG_LEVEL_2M);
	manual(vm, KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE | KVM_DIRTY_LOG_INITIALLY_SET);
	for (gpa = GPA; gpa < GPA + size; gpa += MMU_2M)
		mmu_map(vm->vcpu, gpa, MMU_WRITE);
	return vm;
}

/* The bitmap is full, exactly to the end, and not one SPTE is touched. */
static void test_initially_set(void **state)
{
	unsigned int i;

	for (i = 0; i < MMU_NR_PROFILES * NR_HOW; i++) {
		struct mmu_vm *vm = vm_initially_set(mmu_profiles[i / NR_HOW], i % NR_HOW, true,
						     MMU_2M + 8 * PAGE);
		unsigned long bitmap[9];
		u64 spte = bits_of(vm, GPA);
		int word;

		trace_start();
		logging(vm, MMU_2M + 8 * PAGE, true);
		trace_stop();
		assert_int_equal(trace_count(TRACE_CHANGED), 0);
		assert_int_equal(trace_count(TRACE_FLUSH), 0);
		assert_true(in_pages(vm, GPA, 2));
		assert_true(bits_of(vm, GPA) == spte);
		get_log(vm, bitmap);
		for (word = 0; word < 8; word++)
			assert_true(bitmap[word] == ~0UL);
		assert_true(bitmap[8] == 0xff);
		mmu_vm_destroy(vm);
	}
}

/*
 * The first clear splits the huge pages that its bits touch.  Until v6.7 the last gfn was taken
 * for an exclusive end: a huge page that begins right there is not split but write-protected,
 * MMU_W included.
 */
static void clear_initially_set(const char *profile, unsigned long mask, bool old_splits)
{
	struct mmu_vm *vm = vm_initially_set(profile, PML, true, 2 * MMU_2M);
	bool splits = !mmu_early_profile() || old_splits;
	const u64 mmu_w = UINT64_C(1) << 58;

	logging(vm, 2 * MMU_2M, true);
	assert_int_equal(clear_log(vm, 512, 64, &mask), 0);
	/* The page that is not touched stays as it is. */
	assert_true(in_pages(vm, GPA, 2));
	assert_true(bits_of(vm, GPA) & W_BIT);
	assert_true(in_pages(vm, GPA + MMU_2M, splits ? 1 : 2));
	if (splits) {
		int page;

		/* Small pages: D goes where the bit was, W stays. */
		for (page = 0; page < 512; page++) {
			u64 bits = bits_of(vm, GPA + MMU_2M + page * PAGE);
			bool cleared = page < 64 && (mask >> page & 1);

			assert_true(bits & W_BIT);
			assert_int_equal(!(bits & shadow_dirty_mask), cleared);
		}
	} else {
		assert_false(bits_of(vm, GPA + MMU_2M) & (W_BIT | mmu_w));
	}
	mmu_vm_destroy(vm);
}

static void test_clear_initially_set(void **state)
{
	unsigned int i;

	for (i = 0; i < MMU_NR_PROFILES; i++) {
		clear_initially_set(mmu_profiles[i], ~0UL, true);
		clear_initially_set(mmu_profiles[i], 3, true);
		/* first < last, both inside the page. */
		clear_initially_set(mmu_profiles[i], UINT64_C(1) << 63 | 2, true);
		/* One bit in the page: an empty range, but the page begins before it. */
		clear_initially_set(mmu_profiles[i], UINT64_C(1) << 63, true);
		/* One bit, the page's first. */
		clear_initially_set(mmu_profiles[i], 1, false);
	}
}

/*
 * A word that spans two huge pages.  The slot starts 32 pages below a 2 MiB boundary, so bits
 * 31 and 32 of word 0 are the last page below it and the first above.
 */
static void clear_across(const char *profile, unsigned int last_bit)
{
	const struct mmu_config config = config_for(profile, PML);
	unsigned long mask = UINT64_C(1) << 31 | UINT64_C(1) << last_bit;
	gpa_t base = GPA - 32 * PAGE;
	bool splits;
	struct mmu_vm *vm;

	mmu_load(&config);
	splits = !mmu_early_profile() || last_bit > 32;
	vm = mmu_vm_create();
	vm->world.level = PG_LEVEL_2M;
	manual(vm, KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE | KVM_DIRTY_LOG_INITIALLY_SET);
	mmu_slot(vm, 0, base, MMU_2M + 32 * PAGE, 0);
	mmu_map(vm->vcpu, GPA, MMU_WRITE);
	assert_true(in_pages(vm, GPA, 2));
	mmu_slot(vm, 0, base, MMU_2M + 32 * PAGE, LOG);
	assert_int_equal(clear_log(vm, 0, 64, &mask), 0);
	assert_true(in_pages(vm, GPA, splits ? 1 : 2));
	mmu_vm_destroy(vm);
}

static void test_clear_across_huge_pages(void **state)
{
	unsigned int i;

	for (i = 0; i < MMU_NR_PROFILES; i++) {
		clear_across(mmu_profiles[i], 32);
		clear_across(mmu_profiles[i], 33);
		clear_across(mmu_profiles[i], 63);
	}
}

/* Without eager splitting the touched huge page is write-protected for good, in every profile. */
static void test_clear_without_splitting(void **state)
{
	unsigned int i;

	for (i = 0; i < MMU_NR_PROFILES * NR_HOW; i++) {
		struct mmu_vm *vm = vm_initially_set(mmu_profiles[i / NR_HOW], i % NR_HOW, false,
						     2 * MMU_2M);
		const u64 mmu_w = i % NR_HOW == NPT ? 1 << 10 : UINT64_C(1) << 58;
		unsigned long mask = 1 << 5, bitmap[16];

		logging(vm, 2 * MMU_2M, true);
		trace_start();
		assert_int_equal(clear_log(vm, 512, 64, &mask), 0);
		trace_stop();
		assert_int_equal(trace_count(TRACE_FLUSH), 1);
		assert_true(in_pages(vm, GPA + MMU_2M, 2));
		assert_false(bits_of(vm, GPA + MMU_2M) & (W_BIT | mmu_w));
		assert_true(bits_of(vm, GPA) & W_BIT);

		/* The next write makes a small page of it, and is logged. */
		mmu_enter(vm->vcpu);
		assert_int_equal(mmu_fault_now(vm->vcpu, GPA + MMU_2M + 5 * PAGE, MMU_WRITE_RO,
					       false), RET_PF_FIXED);
		assert_true(in_pages(vm, GPA + MMU_2M + 5 * PAGE, 1));
		get_log(vm, bitmap);
		assert_true(bitmap[8] == ~0UL);
		mmu_vm_destroy(vm);
	}
}

/* ---- The end ---- */

/*
 * Tables that a huge page can replace are taken out, each with a flush, and the next fault makes
 * the huge page.  Where host or slot do not allow one the table stays.
 */
static void test_end(void **state)
{
	struct mmu_config config;
	unsigned int i;

	for (i = 0; i < MMU_NR_PROFILES * NR_HOW; i++) {
		u64 size = MMU_2M + 8 * PAGE;
		struct mmu_vm *vm;

		config = config_for(mmu_profiles[i / NR_HOW], i % NR_HOW);
		vm = vm_for(&config, size, PG_LEVEL_2M);
		logging(vm, size, true);
		mmu_map(vm->vcpu, GPA + PAGE, MMU_WRITE);
		mmu_map(vm->vcpu, GPA + MMU_2M, MMU_WRITE);
		assert_true(in_pages(vm, GPA + PAGE, 1));
		trace_start();
		logging(vm, size, false);
		trace_stop();
		assert_true(in_pages(vm, GPA + PAGE, 0));
		/* The ragged end cannot be a huge page. */
		assert_true(in_pages(vm, GPA + MMU_2M, 1));
		assert_int_equal(trace_count(TRACE_PREPARE_ZAP), 1);
		assert_int_equal(trace_count(TRACE_FLUSH), 1);
		mmu_map(vm->vcpu, GPA + PAGE, MMU_WRITE);
		assert_true(in_pages(vm, GPA + PAGE, 2));
		mmu_vm_destroy(vm);
	}
}

static void test_end_with_small_host_pages(void **state)
{
	struct mmu_config config;
	struct mmu_vm *vm;
	enum how how;

	FOR_ALL_HOW(vm, how, config) {
		unsigned long bitmap[4];

		logging(vm, SIZE, true);
		mmu_map(vm->vcpu, GPA, MMU_WRITE);
		trace_start();
		logging(vm, SIZE, false);
		trace_stop();
		assert_true(in_pages(vm, GPA, 1));
		assert_int_equal(trace_count(TRACE_CHANGED), 0);
		assert_int_equal(trace_count(TRACE_FLUSH), 0);
		/* The log is gone with the flag. */
		assert_int_equal(kvm_vm_ioctl_get_dirty_log(vm->kvm, 0, bitmap), -ENOENT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_begin),
		cmocka_unit_test(test_begin_always_flushes),
		cmocka_unit_test(test_pml_follows_the_slots),
		cmocka_unit_test(test_faults_log),
		cmocka_unit_test(test_read_only_is_clean),
		cmocka_unit_test(test_pml_is_drained),
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_get_refusals),
		cmocka_unit_test(test_manual_flags),
		cmocka_unit_test(test_clear),
		cmocka_unit_test(test_clear_edges),
		cmocka_unit_test(test_begin_with_huge_pages),
		cmocka_unit_test(test_begin_without_memory),
		cmocka_unit_test(test_initially_set),
		cmocka_unit_test(test_clear_initially_set),
		cmocka_unit_test(test_clear_across_huge_pages),
		cmocka_unit_test(test_clear_without_splitting),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_end_with_small_host_pages),
	};

	return MMU_RUN_TESTS(tests);
}
