/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * Memslots: what KVM_SET_USER_MEMORY_REGION takes and refuses, the generation, huge-page
 * metadata, look-ups, and what an update does to the tables.
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
#define HVA	UINT64_C(0x200000000)	/* 8 GiB: a multiple of 1 GiB too */
#define SIZE	UINT64_C(0x10000)
#define SMM	(1u << 16)

/* ---- What the steps look at ---- */

static struct mmu_vm *load_and_create(const char *profile)
{
	mmu_load_simple(profile, true);
	return mmu_vm_create();
}

static int set_region(struct mmu_vm *vm, u32 slot, u64 gpa, u64 size, u64 hva, u32 flags)
{
	const struct kvm_userspace_memory_region region = {
		.slot = slot,
		.flags = flags,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = hva,
	};

	return kvm_set_memory_region(vm->kvm, &region);
}

/* The active set; it does not change while the test makes no update. */
static struct kvm_memslots *slots_of(struct mmu_vm *vm, int as_id)
{
	struct kvm_memslots *slots;
	int idx = srcu_read_lock(&vm->kvm->srcu);

	slots = __kvm_memslots(vm->kvm, as_id);
	srcu_read_unlock(&vm->kvm->srcu, idx);
	return slots;
}

static u64 generation(struct mmu_vm *vm, int as_id)
{
	return slots_of(vm, as_id)->generation;
}

static struct kvm_memory_slot *slot_at(struct mmu_vm *vm, int as_id, gpa_t gpa)
{
	return gfn_to_memslot_in(slots_of(vm, as_id), gpa >> 12);
}

/* ---- Refusals ---- */

/* No update: the error, the same generation, the same slots. */
#define assert_refused(vm, err, ...)						\
do {										\
	u64 __gen0 = generation(vm, 0), __gen1 = generation(vm, 1);		\
	int __nr = slots_of(vm, 0)->nr_slots;					\
	assert_int_equal(set_region(vm, __VA_ARGS__), err);			\
	assert_int_equal(generation(vm, 0), __gen0);				\
	assert_int_equal(generation(vm, 1), __gen1);				\
	assert_int_equal(slots_of(vm, 0)->nr_slots, __nr);			\
} while (0)

static void test_bad_arguments(void **state)
{
	struct mmu_vm *vm = load_and_create("v6.4");
	unsigned int bit;

	/* Only LOG_DIRTY_PAGES and READONLY are the user's; INVALID (16) is KVM's own. */
	for (bit = 2; bit < 32; bit++)
		assert_refused(vm, -EINVAL, 0, GPA, SIZE, HVA, 1u << bit);

	for (bit = 0; bit < 12; bit++) {
		assert_refused(vm, -EINVAL, 0, GPA + (1u << bit), SIZE, HVA, 0);
		assert_refused(vm, -EINVAL, 0, GPA, SIZE + (1u << bit), HVA, 0);
		assert_refused(vm, -EINVAL, 0, GPA, SIZE, HVA + (1u << bit), 0);
	}

	/* Two address spaces. */
	assert_refused(vm, -EINVAL, 2u << 16, GPA, SIZE, HVA, 0);
	assert_refused(vm, -EINVAL, 0xffffu << 16, GPA, SIZE, HVA, 0);
	assert_refused(vm, -EINVAL, 0xffff, GPA, SIZE, HVA, 0);
	assert_refused(vm, -EINVAL, 0x7fff, GPA, SIZE, HVA, 0);

	/* An end past the last address, in the guest and in the host. */
	assert_refused(vm, -EINVAL, 0, UINT64_C(0xfffffffffffff000), 0x2000, HVA, 0);
	assert_refused(vm, -EINVAL, 0, GPA, 0x2000, UINT64_C(0xfffffffffffff000), 0);

	/* 2^31 pages; the most that can be counted in 31 bits is one less. */
	assert_refused(vm, -EINVAL, 0, 0, UINT64_C(1) << 43, HVA, 0);

	/* Deleting what is not there. */
	assert_refused(vm, -EINVAL, 0, GPA, 0, HVA, 0);
	mmu_vm_destroy(vm);
}

/*
 * A slot that cannot be added leaves nothing behind: not even the room that was made
 * for it, which is too small for the slots of the other address space.
 */
static void test_failed_slot_of_the_other_space(void **state)
{
	struct mmu_vm *vm = load_and_create("v6.4");
	u32 id;

	for (id = 1; id <= 12; id++)
		assert_int_equal(set_region(vm, id, GPA + id * SIZE, SIZE, HVA + id * SIZE, 0), 0);
	/* In SMM's space, beyond the last gfn. */
	assert_int_equal(set_region(vm, 1 << 16 | 1, UINT64_C(1) << 51, SIZE, HVA, 0), -EINVAL);

	for (id = 1; id <= 12; id++)
		assert_int_equal(set_region(vm, id, GPA + id * SIZE, SIZE, HVA + id * SIZE,
					    KVM_MEM_LOG_DIRTY_PAGES), 0);
	for (id = 1; id <= 12; id++)
		assert_int_equal(set_region(vm, id, GPA + id * SIZE, 0, HVA, 0), 0);
	mmu_vm_destroy(vm);
}

/* User slot ids are 0..32763: the last three below SHRT_MAX are KVM's own. */
static void test_id_range(void **state)
{
	struct mmu_vm *vm = load_and_create("v6.4");
	int last_good = set_region(vm, 32763, GPA, SIZE, HVA, 0);
	int first_bad = set_region(vm, 32764, GPA + SIZE, SIZE, HVA, 0);
	int second_bad = set_region(vm, 32765, GPA + 2 * SIZE, SIZE, HVA, 0);
	int third_bad = set_region(vm, 32766, GPA + 3 * SIZE, SIZE, HVA, 0);

	mmu_vm_destroy(vm);
	assert_int_equal(last_good, 0);
	assert_int_equal(first_bad, -EINVAL);
	assert_int_equal(second_bad, -EINVAL);
	assert_int_equal(third_bad, -EINVAL);
}

/* The last gfn is (1 << (MAXPHYADDR - 12)) - 1: 46 bits here. */
static void test_max_gfn(void **state)
{
	static const unsigned int bits[] = { 36, 46, 52 };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		struct mmu_config config = mmu_config("v6.12", true);
		u64 end = UINT64_C(1) << bits[i];
		struct mmu_vm *vm;

		config.cpu.maxphyaddr = bits[i];
		mmu_load(&config);
		vm = mmu_vm_create();
		assert_refused(vm, -EINVAL, 0, end, 0x1000, HVA, 0);
		assert_refused(vm, -EINVAL, 0, end - 0x1000, 0x2000, HVA, 0);
		assert_int_equal(set_region(vm, 0, end - 0x1000, 0x1000, HVA, 0), 0);
		/* A move is found out only when the slot is invalid already: it comes back. */
		assert_int_equal(set_region(vm, 0, end, 0x1000, HVA, 0), -EINVAL);
		assert_int_equal(slot_at(vm, 0, end - 0x1000)->flags, 0);
		assert_int_equal(slots_of(vm, 0)->nr_slots, 1);
		mmu_vm_destroy(vm);
	}
}

static void test_overlap(void **state)
{
	struct mmu_vm *vm = load_and_create("v6.4");

	assert_int_equal(set_region(vm, 0, GPA, SIZE, HVA, 0), 0);
	/* One page at either end, the whole, inside, around. */
	assert_refused(vm, -EEXIST, 1, GPA - SIZE + 0x1000, SIZE, HVA, 0);
	assert_refused(vm, -EEXIST, 1, GPA + SIZE - 0x1000, SIZE, HVA, 0);
	assert_refused(vm, -EEXIST, 1, GPA, SIZE, HVA, 0);
	assert_refused(vm, -EEXIST, 1, GPA + 0x1000, 0x1000, HVA, 0);
	assert_refused(vm, -EEXIST, 1, GPA - SIZE, 3 * SIZE, HVA, 0);

	/* Touching is fine, and so is the other address space. */
	assert_int_equal(set_region(vm, 1, GPA - SIZE, SIZE, HVA, 0), 0);
	assert_int_equal(set_region(vm, 2, GPA + SIZE, SIZE, HVA, 0), 0);
	assert_int_equal(set_region(vm, SMM | 0, GPA, SIZE, HVA, 0), 0);

	/* A move may overlap where the slot itself was, but no other. */
	assert_refused(vm, -EEXIST, 0, GPA + 0x1000, SIZE, HVA, 0);
	assert_int_equal(set_region(vm, 2, GPA + SIZE, 0, HVA, 0), 0);
	assert_int_equal(set_region(vm, 0, GPA + 0x1000, SIZE, HVA, 0), 0);
	assert_int_equal(slot_at(vm, 0, GPA + SIZE)->id, 0);
	assert_null(slot_at(vm, 0, GPA));
	mmu_vm_destroy(vm);
}

/* Size, host address and READONLY of a slot are for life. */
static void test_unchangeable(void **state)
{
	struct mmu_vm *vm = load_and_create("v6.4");

	assert_int_equal(set_region(vm, 0, GPA, SIZE, HVA, 0), 0);
	assert_refused(vm, -EINVAL, 0, GPA, SIZE + 0x1000, HVA, 0);
	assert_refused(vm, -EINVAL, 0, GPA, SIZE - 0x1000, HVA, 0);
	assert_refused(vm, -EINVAL, 0, GPA, SIZE, HVA + 0x1000, 0);
	assert_refused(vm, -EINVAL, 0, GPA, SIZE, HVA, KVM_MEM_READONLY);
	assert_refused(vm, -EINVAL, 0, GPA + SIZE, SIZE, HVA, KVM_MEM_READONLY);

	assert_int_equal(set_region(vm, 1, GPA + SIZE, SIZE, HVA, KVM_MEM_READONLY), 0);
	assert_refused(vm, -EINVAL, 1, GPA + SIZE, SIZE, HVA, 0);
	/* What is no change is fine, and no update. */
	assert_refused(vm, 0, 0, GPA, SIZE, HVA, 0);
	assert_refused(vm, 0, 1, GPA + SIZE, SIZE, HVA, KVM_MEM_READONLY);
	mmu_vm_destroy(vm);
}

/* ---- The generation ---- */

/* CREATE and FLAGS step by 2, DELETE and MOVE, which publish twice, by 4. */
static void generations_of(struct mmu_vm *vm, u32 space)
{
	int as_id = space >> 16;
	u64 gen = generation(vm, as_id), other = generation(vm, !as_id);

	assert_int_equal(gen % 2, as_id);
	assert_int_equal(set_region(vm, space, GPA, SIZE, HVA, 0), 0);
	assert_int_equal(generation(vm, as_id), gen += 2);
	assert_int_equal(set_region(vm, space, GPA, SIZE, HVA, KVM_MEM_LOG_DIRTY_PAGES), 0);
	assert_int_equal(generation(vm, as_id), gen += 2);
	assert_int_equal(set_region(vm, space, GPA, SIZE, HVA, 0), 0);
	assert_int_equal(generation(vm, as_id), gen += 2);
	assert_int_equal(set_region(vm, space, GPA + SIZE, SIZE, HVA, 0), 0);
	assert_int_equal(generation(vm, as_id), gen += 4);
	assert_int_equal(set_region(vm, space, GPA + SIZE, 0, HVA, 0), 0);
	assert_int_equal(generation(vm, as_id), gen += 4);
	assert_int_equal(generation(vm, !as_id), other);
}

static void test_generation(void **state)
{
	unsigned int i;

	for (i = 0; i < MMU_NR_PROFILES; i++) {
		struct mmu_vm *vm = load_and_create(mmu_profiles[i]);

		assert_int_equal(generation(vm, 0), 0);
		assert_int_equal(generation(vm, 1), 1);
		generations_of(vm, 0);
		generations_of(vm, SMM);
		mmu_vm_destroy(vm);
	}
}

static struct mmu_vm *seen_vm;
static u64 seen_generation[2];
static int seen_result;
static unsigned long seen_gets;

static void look_at_generation(const struct trace_record *event)
{
	if (event->type == TRACE_ZAP_ALL_FAST)
		seen_generation[0] = seen_vm->kvm->__memslots[0][0].generation |
				     seen_vm->kvm->__memslots[0][1].generation;
}

/* Between the two publications of a delete the first update is over: bit 63 is gone. */
static void test_generation_between(void **state)
{
	struct mmu_vm *vm = load_and_create("v6.4");

	assert_int_equal(set_region(vm, 0, GPA, SIZE, HVA, 0), 0);
	seen_vm = vm;
	trace_start();
	trace_hook = look_at_generation;
	assert_int_equal(set_region(vm, 0, GPA, 0, HVA, 0), 0);
	trace_stop();
	assert_int_equal(trace_count(TRACE_ZAP_ALL_FAST), 1);
	assert_int_equal(seen_generation[0] >> 63, 0);
	assert_int_equal(generation(vm, 0), 6);
	mmu_vm_destroy(vm);
}

/*
 * MMIO SPTEs have 19 bits of the generation.  When bits 18:1 come round to 0, everything is
 * zapped: once in 2^18 updates of a space.
 */
static void wrap(struct mmu_vm *vm, int as_id)
{
	u32 space = (u32)as_id << 16;
	u64 before = atomic64_read(&vm->kvm->stat.mmu_invalidations);

	slots_of(vm, as_id)->generation = 0x7fffa + as_id;
	assert_int_equal(set_region(vm, space | 1, GPA, SIZE, HVA, 0), 0);
	assert_int_equal(generation(vm, as_id), 0x7fffc + as_id);
	assert_int_equal(set_region(vm, space | 2, GPA + SIZE, SIZE, HVA, 0), 0);
	assert_int_equal(atomic64_read(&vm->kvm->stat.mmu_invalidations), before);
	assert_int_equal(set_region(vm, space | 3, GPA + 2 * SIZE, SIZE, HVA, 0), 0);
	assert_int_equal(generation(vm, as_id), 0x80000 + as_id);
	assert_int_equal(atomic64_read(&vm->kvm->stat.mmu_invalidations), before + 1);
	assert_int_equal(set_region(vm, space | 4, GPA + 3 * SIZE, SIZE, HVA, 0), 0);
	assert_int_equal(atomic64_read(&vm->kvm->stat.mmu_invalidations), before + 1);
}

static void test_wrap(void **state)
{
	unsigned int i;

	for (i = 0; i < MMU_NR_PROFILES; i++) {
		struct mmu_vm *vm = load_and_create(mmu_profiles[i]);

		wrap(vm, 0);
		wrap(vm, 1);
		mmu_vm_destroy(vm);
	}
}

static int exit_of_mmio_fault(struct mmu_vm *vm, gpa_t gpa)
{
	int r, idx;

	mmu_enter(vm->vcpu);
	idx = srcu_read_lock(&vm->kvm->srcu);
	r = kvm_mmu_page_fault(vm->vcpu, gpa, PFERR_RSVD_MASK);
	srcu_read_unlock(&vm->kvm->srcu, idx);
	return r;
}

/*
 * generation 2		MMIO SPTE, stamped 2
 * 0x80000		wrap: all is zapped
 * 0x80002		the low bits are 2 again; the page is in a slot now
 */
static void test_stale_mmio_after_wrap(void **state)
{
	unsigned int i;

	for (i = 0; i < MMU_NR_PROFILES; i++) {
		struct mmu_vm *vm = load_and_create(mmu_profiles[i]);
		gpa_t gpa = GPA + 4 * SIZE;

		assert_int_equal(set_region(vm, 0, GPA, SIZE, HVA, 0), 0);
		assert_int_equal(generation(vm, 0), 2);
		assert_int_equal(mmu_fault(vm->vcpu, gpa, MMU_READ), RET_PF_EMULATE);
		assert_int_equal(exit_of_mmio_fault(vm, gpa), 0);
		assert_int_equal(vm->vcpu->run.exit_reason, KVM_EXIT_MMIO);

		slots_of(vm, 0)->generation = 0x7fffe;
		assert_int_equal(set_region(vm, 1, GPA + SIZE, SIZE, HVA, 0), 0);
		assert_int_equal(set_region(vm, 2, gpa, SIZE, HVA, 0), 0);
		assert_int_equal(generation(vm, 0), 0x80002);
		vm->vcpu->run.exit_reason = KVM_EXIT_UNKNOWN;
		assert_int_equal(exit_of_mmio_fault(vm, gpa), 1);
		assert_int_not_equal(vm->vcpu->run.exit_reason, KVM_EXIT_MMIO);
		mmu_map(vm->vcpu, gpa, MMU_WRITE);
		mmu_vm_destroy(vm);
	}
}

/* ---- Huge-page metadata ---- */

/*
 * Whether a page of 2^order pages at its natural place around @gfn cannot be: it sticks out of
 * the slot, or guest and host address disagree in the bits below its size.
 */
static bool huge_page_is_impossible(u64 base, u64 npages, u64 host_page, u64 gfn, int order)
{
	u64 first = gfn >> order << order, last = first + (UINT64_C(1) << order) - 1;

	if (first < base || last > base + npages - 1)
		return true;
	return ((base ^ host_page) & ((UINT64_C(1) << order) - 1)) != 0;
}

static void check_metadata(u64 base, u64 npages, u64 host_page)
{
	struct mmu_vm *vm = mmu_vm_create();
	const struct kvm_memory_slot *slot;
	int level;
	u64 gfn;

	assert_int_equal(set_region(vm, 0, base << 12, npages << 12, host_page << 12, 0), 0);
	slot = slot_at(vm, 0, base << 12);
	assert_non_null(slot);
	for (level = 2; level <= 3; level++) {
		int order = 9 * (level - 1);
		u64 step = UINT64_C(1) << order;

		for (gfn = base; gfn < base + npages; gfn = (gfn / step + 1) * step) {
			u64 index = (gfn >> order) - (base >> order);

			assert_int_equal(slot->arch.lpage_info[level - 2][index].disallow_lpage,
					 huge_page_is_impossible(base, npages, host_page, gfn,
								 order));
		}
	}
	mmu_vm_destroy(vm);
}

static void test_lpage_info(void **state)
{
	static const u64 bases[] = { 0, 1, 511, 512, 513, 0x40000, 0x40001, 0x3ffff, 0x3fe00 };
	static const u64 sizes[] = { 1, 2, 511, 512, 513, 1024, 1025, 0x40000, 0x80000, 0x7ffff };
	static const u64 offsets[] = { 0, 1, 512, 0x200000 };
	unsigned int b, s, o;

	mmu_load_simple("v6.4", true);
	for (b = 0; b < sizeof(bases) / 8; b++)
		for (s = 0; s < sizeof(sizes) / 8; s++)
			for (o = 0; o < sizeof(offsets) / 8; o++)
				check_metadata(bases[b], sizes[s],
					       0x100000 + bases[b] + offsets[o]);
}

/* Metadata belongs to the place: a move makes it anew, a change of flags keeps it. */
static void test_lpage_info_is_rebuilt(void **state)
{
	struct mmu_vm *vm = load_and_create("v6.4");

	assert_int_equal(set_region(vm, 0, GPA, MMU_2M, HVA, 0), 0);
	assert_int_equal(slot_at(vm, 0, GPA)->arch.lpage_info[0][0].disallow_lpage, 0);
	assert_int_equal(set_region(vm, 0, GPA, MMU_2M, HVA, KVM_MEM_LOG_DIRTY_PAGES), 0);
	assert_int_equal(slot_at(vm, 0, GPA)->arch.lpage_info[0][0].disallow_lpage, 0);
	assert_int_equal(set_region(vm, 0, GPA + 0x1000, MMU_2M, HVA, 0), 0);
	assert_true(slot_at(vm, 0, GPA + 0x1000)->arch.lpage_info[0][0].disallow_lpage);
	assert_true(slot_at(vm, 0, GPA + MMU_2M)->arch.lpage_info[0][1].disallow_lpage);
	mmu_vm_destroy(vm);
}

/* ---- Looking up ---- */

#define NR_RANDOM	200
#define NR_PLACES	512
#define PLACE_PAGES	8

static u64 random_state;

static unsigned int draw(unsigned int below)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (random_state >> 33) % below;
}

struct model {
	int id;		/* -1: none */
	unsigned int npages, offset;
};

/* The same answer as an array by place, for every page. */
static void check_lookup(struct mmu_vm *vm, const struct model *model)
{
	struct kvm_memslots *slots = slots_of(vm, 0);
	gfn_t gfn;

	for (gfn = 0; gfn < NR_PLACES * PLACE_PAGES; gfn++) {
		const struct model *m = &model[gfn / PLACE_PAGES];
		const struct kvm_memory_slot *slot = gfn_to_memslot_in(slots, gfn);
		unsigned int page = gfn % PLACE_PAGES;
		bool inside = m->id >= 0 && page >= m->offset && page < m->offset + m->npages;

		assert_int_equal(slot ? slot->id : -1, inside ? m->id : -1);
		if (slot)
			assert_ptr_equal(id_to_memslot(slots, m->id), slot);
	}
	assert_null(id_to_memslot(slots, NR_PLACES));
}

/* Slots come and go at random places, each with a random part of its place. */
static void test_random_lookup(void **state)
{
	struct mmu_vm *vm = load_and_create("v6.4");
	struct model model[NR_PLACES];
	unsigned int i, place;

	random_state = 42;
	for (place = 0; place < NR_PLACES; place++)
		model[place].id = -1;

	for (i = 0; i < NR_RANDOM; i++) {
		struct model *m = &model[place = draw(NR_PLACES)];
		u64 gpa;

		if (m->id >= 0) {
			gpa = (place * PLACE_PAGES + m->offset) * UINT64_C(0x1000);
			assert_int_equal(set_region(vm, m->id, gpa, 0, HVA, 0), 0);
			m->id = -1;
			continue;
		}
		m->id = place;
		m->offset = draw(PLACE_PAGES);
		m->npages = 1 + draw(PLACE_PAGES - m->offset);
		gpa = (place * PLACE_PAGES + m->offset) * UINT64_C(0x1000);
		assert_int_equal(set_region(vm, m->id, gpa, m->npages * 0x1000, HVA, 0), 0);
		if (i % 20 == 0)
			check_lookup(vm, model);
	}
	check_lookup(vm, model);
	mmu_vm_destroy(vm);
}

/* ---- The order of host addresses ---- */

static void map_one(struct mmu_vm *vm, gpa_t gpa)
{
	mmu_map(vm->vcpu, gpa, MMU_READ);
}

static void assert_unmap_order(struct mmu_vm *vm, gpa_t first, gpa_t second, gpa_t third)
{
	const gpa_t want[] = { first, second, third };
	unsigned int i;

	map_one(vm, first);
	map_one(vm, second);
	map_one(vm, third);
	trace_start();
	kvm_mmu_notifier_invalidate_range_start(vm->kvm, HVA, HVA + 0x1000);
	kvm_mmu_notifier_invalidate_range_end(vm->kvm, HVA, HVA + 0x1000);
	trace_stop();
	assert_int_equal(trace_count(TRACE_CHANGED), 3);
	for (i = 0; i < 3; i++)
		assert_int_equal(trace_get(TRACE_CHANGED, i)->gfn, want[i] >> 12);
}

/*
 * Three slots A, B, C (by guest address C, A, B) of the same host memory.  A notifier visits
 * them by start, and equal starts in the order in which the slots were last changed.
 */
static void test_hva_order(void **state)
{
	gpa_t a = GPA, b = GPA + 0x100000, c = GPA - 0x100000;
	struct mmu_vm *vm = load_and_create("v6.4");

	assert_int_equal(set_region(vm, 0, a, SIZE, HVA, 0), 0);
	assert_int_equal(set_region(vm, 1, b, SIZE, HVA, 0), 0);
	assert_int_equal(set_region(vm, 2, c, SIZE, HVA, 0), 0);
	assert_unmap_order(vm, a, b, c);
	/* A change of A puts it last. */
	assert_int_equal(set_region(vm, 0, a, SIZE, HVA, KVM_MEM_LOG_DIRTY_PAGES), 0);
	assert_unmap_order(vm, b, c, a);
	assert_int_equal(set_region(vm, 1, b + SIZE, SIZE, HVA, 0), 0);
	assert_unmap_order(vm, c, a, b + SIZE);
	mmu_vm_destroy(vm);
}

/* A slot with a lower start comes first, however late it was added. */
static void test_hva_order_by_start(void **state)
{
	struct mmu_vm *vm = load_and_create("v6.12");

	assert_int_equal(set_region(vm, 0, GPA, SIZE, HVA, 0), 0);
	assert_int_equal(set_region(vm, 1, GPA + SIZE, SIZE, HVA - 0x1000, 0), 0);
	map_one(vm, GPA);
	map_one(vm, GPA + SIZE + 0x1000);
	trace_start();
	kvm_mmu_notifier_invalidate_range_start(vm->kvm, HVA, HVA + 0x1000);
	kvm_mmu_notifier_invalidate_range_end(vm->kvm, HVA, HVA + 0x1000);
	trace_stop();
	assert_int_equal(trace_count(TRACE_CHANGED), 2);
	assert_int_equal(trace_get(TRACE_CHANGED, 0)->gfn, (GPA + SIZE + 0x1000) >> 12);
	assert_int_equal(trace_get(TRACE_CHANGED, 1)->gfn, GPA >> 12);
	mmu_vm_destroy(vm);
}

/* ---- What an update does to the tables ---- */

/*
 * CREATE	nothing is zapped
 * FLAGS	nothing is zapped
 * MOVE, DELETE	everything in the VM is, in all slots
 */
static void zaps(const char *profile)
{
	struct mmu_vm *vm = load_and_create(profile);
	gpa_t other = GPA + 0x100000;

	assert_int_equal(set_region(vm, 0, GPA, SIZE, HVA, 0), 0);
	assert_int_equal(set_region(vm, 1, other, SIZE, HVA + SIZE, 0), 0);
	map_one(vm, GPA);
	map_one(vm, other);

	assert_int_equal(set_region(vm, 2, other + SIZE, SIZE, HVA, 0), 0);
	assert_int_equal(set_region(vm, 2, other + SIZE, SIZE, HVA, KVM_MEM_LOG_DIRTY_PAGES), 0);
	mmu_enter(vm->vcpu);
	assert_int_equal(atomic64_read(&vm->kvm->stat.mmu_invalidations), 0);
	assert_int_equal(mmu_leaf_level(vm->vcpu, GPA), 1);
	assert_int_equal(mmu_leaf_level(vm->vcpu, other), 1);

	assert_int_equal(set_region(vm, 2, other + 2 * SIZE, SIZE, HVA, 0), 0);
	assert_int_equal(atomic64_read(&vm->kvm->stat.mmu_invalidations), 1);
	assert_int_equal(mmu_leaf_level(vm->vcpu, GPA), 0);
	mmu_enter(vm->vcpu);
	assert_int_equal(mmu_leaf_level(vm->vcpu, other), 0);

	map_one(vm, GPA);
	map_one(vm, other);
	assert_int_equal(set_region(vm, 1, other, 0, HVA, 0), 0);
	assert_int_equal(atomic64_read(&vm->kvm->stat.mmu_invalidations), 2);
	assert_int_equal(atomic64_read(&vm->kvm->stat.pages[0]), 0);
	mmu_enter(vm->vcpu);
	assert_int_equal(mmu_leaf_level(vm->vcpu, GPA), 0);
	assert_null(slot_at(vm, 0, other));
	mmu_vm_destroy(vm);
}

static void test_zaps(void **state)
{
	unsigned int i;

	for (i = 0; i < MMU_NR_PROFILES; i++)
		zaps(mmu_profiles[i]);
}

/* The log belongs to the slot's pages, wherever they are: it survives a move, not a delete. */
static void test_move_keeps_the_log(void **state)
{
	struct mmu_vm *vm = load_and_create("v6.4");
	unsigned long bitmap = 0;

	assert_int_equal(set_region(vm, 0, GPA, SIZE, HVA, KVM_MEM_LOG_DIRTY_PAGES), 0);
	mmu_map(vm->vcpu, GPA + 0x2000, MMU_WRITE);
	mmu_map(vm->vcpu, GPA + 0xf000, MMU_WRITE);
	assert_int_equal(set_region(vm, 0, GPA + SIZE, SIZE, HVA, KVM_MEM_LOG_DIRTY_PAGES), 0);
	assert_int_equal(kvm_vm_ioctl_get_dirty_log(vm->kvm, 0, &bitmap), 0);
	assert_int_equal(bitmap, 1 << 2 | 1 << 15);

	mmu_map(vm->vcpu, GPA + SIZE, MMU_WRITE);
	assert_int_equal(set_region(vm, 0, GPA + SIZE, 0, HVA, 0), 0);
	assert_int_equal(set_region(vm, 0, GPA + SIZE, SIZE, HVA, KVM_MEM_LOG_DIRTY_PAGES), 0);
	assert_int_equal(kvm_vm_ioctl_get_dirty_log(vm->kvm, 0, &bitmap), 0);
	assert_int_equal(bitmap, 0);

	/* A move that ends logging drops it. */
	assert_int_equal(set_region(vm, 0, GPA, SIZE, HVA, 0), 0);
	assert_int_equal(kvm_vm_ioctl_get_dirty_log(vm->kvm, 0, &bitmap), -ENOENT);
	mmu_vm_destroy(vm);
}

/* ---- Between the two publications ---- */

static void fault_while_invalid(const struct trace_record *event)
{
	struct mmu_vm *vm = seen_vm;

	/* No lock but slots_lock is held here, and the roots are invalid. */
	if (event->type != TRACE_ZAP_INVALIDATED)
		return;
	seen_result = mmu_fault_now(vm->vcpu, GPA + 0x1000, MMU_WRITE, false);
	seen_gets = vm->world.gets;
}

/* A slot that is about to go is no MMIO: the fault retries, and gets no page. */
static void test_invalid_slot_retries(void **state)
{
	unsigned int i;

	for (i = 0; i < MMU_NR_PROFILES; i++) {
		struct mmu_vm *vm = load_and_create(mmu_profiles[i]);
		unsigned long gets;

		assert_int_equal(set_region(vm, 0, GPA, SIZE, HVA, 0), 0);
		map_one(vm, GPA);
		gets = vm->world.gets;
		seen_vm = vm;
		seen_result = -1;
		trace_start();
		trace_hook = fault_while_invalid;
		assert_int_equal(set_region(vm, 0, GPA, 0, HVA, 0), 0);
		trace_stop();
		assert_int_equal(seen_result, RET_PF_RETRY);
		assert_int_equal(seen_gets, gets);
		/* Not for a moment was it taken for MMIO. */
		assert_int_equal(trace_count(TRACE_MARK_MMIO), 0);
		assert_true(vm->vcpu->arch.mmio_gfn == 0);
		/* Afterwards it is MMIO. */
		assert_int_equal(mmu_fault(vm->vcpu, GPA + 0x1000, MMU_WRITE), RET_PF_EMULATE);
		mmu_vm_destroy(vm);
	}
}

/* ---- Short of memory ---- */

/* The slot with id 0, before and after, from which every update starts. */
static void assert_usable(struct mmu_vm *vm)
{
	assert_int_equal(slots_of(vm, 0)->nr_slots, 1);
	assert_non_null(slot_at(vm, 0, GPA));
	assert_int_equal(slot_at(vm, 0, GPA)->flags, 0);
	assert_int_equal(generation(vm, 0) >> 63, 0);
	assert_int_not_equal(mmu_fault(vm->vcpu, GPA, MMU_WRITE), RET_PF_EMULATE);
	assert_int_equal(mmu_leaf_level(vm->vcpu, GPA), 1);
}

static void fail_each(const char *profile, u32 id, u64 gpa, u64 size, u32 flags)
{
	struct mmu_vm *vm = load_and_create(profile);
	unsigned long n;
	int r;

	assert_int_equal(set_region(vm, 0, GPA, SIZE, HVA, 0), 0);
	assert_usable(vm);
	for (n = 1; ; n++) {
		assert_true(n < 100);
		sim_mem_fail_nth(n);
		r = set_region(vm, id, gpa, size, HVA, flags);
		sim_mem_fail_nth(0);
		if (!r)
			break;
		assert_int_equal(r, -ENOMEM);
		assert_usable(vm);
	}
	/* Each of them allocates something. */
	assert_true(n > 1);
	mmu_vm_destroy(vm);
}

static void test_out_of_memory(void **state)
{
	unsigned int i;

	for (i = 0; i < MMU_NR_PROFILES; i++) {
		unsigned long objects;

		mmu_load_simple(mmu_profiles[i], true);
		objects = sim_mem_objects_in_use();
		fail_each(mmu_profiles[i], 1, GPA + SIZE, SIZE, 0);
		fail_each(mmu_profiles[i], 1, GPA + SIZE, SIZE, KVM_MEM_LOG_DIRTY_PAGES);
		fail_each(mmu_profiles[i], 0, GPA, SIZE, KVM_MEM_LOG_DIRTY_PAGES);
		fail_each(mmu_profiles[i], 0, GPA + SIZE, SIZE, 0);
		fail_each(mmu_profiles[i], 0, GPA + SIZE, SIZE, KVM_MEM_LOG_DIRTY_PAGES);
		fail_each(mmu_profiles[i], 0, GPA, 0, 0);
		assert_int_equal(sim_mem_objects_in_use(), objects);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_arguments),
		cmocka_unit_test(test_id_range),
		cmocka_unit_test(test_max_gfn),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_unchangeable),
		cmocka_unit_test(test_generation),
		cmocka_unit_test(test_generation_between),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_stale_mmio_after_wrap),
		cmocka_unit_test(test_lpage_info),
		cmocka_unit_test(test_lpage_info_is_rebuilt),
		cmocka_unit_test(test_random_lookup),
		cmocka_unit_test(test_hva_order),
		cmocka_unit_test(test_hva_order_by_start),
		cmocka_unit_test(test_zaps),
		cmocka_unit_test(test_move_keeps_the_log),
		cmocka_unit_test(test_invalid_slot_retries),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_failed_slot_of_the_other_space),
	};

	return MMU_RUN_TESTS(tests);
}
