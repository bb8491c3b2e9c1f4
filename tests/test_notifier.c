/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * The MMU notifiers, and how a page fault finds out that the host changed its mind: the retry
 * protocol.  Until v6.7 the range that is being
 * invalidated is kept in host addresses, from v6.8 on in gfns.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/mmu_fixture.h"
#include "tests/mmu_trace_fixture.h"

#define GPA	UINT64_C(0x40000000)
#define SIZE	UINT64_C(0x100000)
#define PAGE	UINT64_C(0x1000)
#define SMM	(1u << 16)

/* ---- What the steps look at ---- */

static struct mmu_vm *vm_for(const struct mmu_config *config)
{
	struct mmu_vm *vm;

	mmu_load(config);
	vm = mmu_vm_create();
	mmu_slot(vm, 0, GPA, SIZE, 0);
	return vm;
}

static struct mmu_vm *vm_simple(const char *profile, bool intel)
{
	const struct mmu_config config = mmu_config(profile, intel);

	return vm_for(&config);
}

/* What the profile compares: the host address of a guest address, or its gfn. */
static u64 address_of(gpa_t gpa)
{
	return mmu_early_profile() ? MMU_HVA_BASE + gpa : gpa >> 12;
}

static bool must_retry(struct mmu_vm *vm, unsigned long seq, gpa_t gpa)
{
	bool ret;

	write_lock(&vm->kvm->mmu_lock);
	ret = mmu_invalidate_retry(vm->kvm, seq, address_of(gpa));
	write_unlock(&vm->kvm->mmu_lock);
	/* The hint without the lock says the same when nobody else is about. */
	assert_int_equal(mmu_invalidate_retry_unsafe(vm->kvm, seq, address_of(gpa)), ret);
	return ret;
}

#define FOR_PROFILES(vm, intel)							\
	for (unsigned int __i = 0; __i < MMU_NR_PROFILES &&			\
	     ((vm) = vm_simple(mmu_profiles[__i], intel)); __i++, mmu_vm_destroy(vm))

/* ---- Begin and end ---- */

/*
 *		in progress	sequence	retries
 * start	1		s		inside the range
 * end		0		s + 1		whoever has read s
 */
static void test_one_invalidation(void **state)
{
	struct mmu_vm *vm;

	FOR_PROFILES(vm, true) {
		struct kvm *kvm = vm->kvm;
		unsigned long seq = kvm->mmu_invalidate_seq;
		gpa_t first = GPA + 4 * PAGE, end = GPA + 8 * PAGE;

		assert_false(must_retry(vm, seq, first));
		mmu_notify_start(vm, first, end);
		assert_int_equal(kvm->mmu_invalidate_in_progress, 1);
		assert_int_equal(kvm->mn_active_invalidate_count, 1);
		assert_int_equal(kvm->mmu_invalidate_seq, seq);
		/* The borders: first and last page, and one beyond each. */
		assert_false(must_retry(vm, seq, first - PAGE));
		assert_true(must_retry(vm, seq, first));
		assert_true(must_retry(vm, seq, end - PAGE));
		assert_false(must_retry(vm, seq, end));

		mmu_notify_end(vm, first, end);
		assert_int_equal(kvm->mmu_invalidate_in_progress, 0);
		assert_int_equal(kvm->mn_active_invalidate_count, 0);
		assert_int_equal(kvm->mmu_invalidate_seq, seq + 1);
		/* Who began before is stale wherever he is; who begins now is not. */
		assert_true(must_retry(vm, seq, first));
		assert_true(must_retry(vm, seq, GPA));
		assert_false(must_retry(vm, seq + 1, first));
	}
}

/*
 * start 2..4, start 8..10	the union, with the gap
 * end 2..4			still the union: it does not shrink
 * start 0..1			grows
 * end, end			nothing
 * start 5..6			begins anew
 */
static void test_nested_invalidations(void **state)
{
	struct mmu_vm *vm;

	FOR_PROFILES(vm, true) {
		struct kvm *kvm = vm->kvm;
		unsigned long seq = kvm->mmu_invalidate_seq;

		mmu_notify_start(vm, GPA + 2 * PAGE, GPA + 4 * PAGE);
		mmu_notify_start(vm, GPA + 8 * PAGE, GPA + 10 * PAGE);
		assert_int_equal(kvm->mmu_invalidate_in_progress, 2);
		assert_false(must_retry(vm, seq, GPA + PAGE));
		assert_true(must_retry(vm, seq, GPA + 2 * PAGE));
		assert_true(must_retry(vm, seq, GPA + 5 * PAGE));
		assert_true(must_retry(vm, seq, GPA + 9 * PAGE));
		assert_false(must_retry(vm, seq, GPA + 10 * PAGE));

		mmu_notify_end(vm, GPA + 2 * PAGE, GPA + 4 * PAGE);
		seq++;
		assert_int_equal(kvm->mmu_invalidate_seq, seq);
		assert_true(must_retry(vm, seq, GPA + 2 * PAGE));
		mmu_notify_start(vm, GPA, GPA + PAGE);
		assert_true(must_retry(vm, seq, GPA));
		assert_true(must_retry(vm, seq, GPA + 9 * PAGE));
		mmu_notify_end(vm, GPA + 8 * PAGE, GPA + 10 * PAGE);
		mmu_notify_end(vm, GPA, GPA + PAGE);
		seq += 2;
		assert_int_equal(kvm->mmu_invalidate_seq, seq);
		assert_int_equal(kvm->mmu_invalidate_in_progress, 0);
		assert_false(must_retry(vm, seq, GPA + 2 * PAGE));

		mmu_notify_start(vm, GPA + 5 * PAGE, GPA + 6 * PAGE);
		assert_false(must_retry(vm, seq, GPA + 2 * PAGE));
		assert_false(must_retry(vm, seq, GPA + 9 * PAGE));
		assert_true(must_retry(vm, seq, GPA + 5 * PAGE));
		mmu_notify_end(vm, GPA + 5 * PAGE, GPA + 6 * PAGE);
	}
}

/* In gfns the range covers what the hit slots have of it, in hvas what the host said. */
static void test_range_across_slots(void **state)
{
	struct mmu_vm *vm;

	FOR_PROFILES(vm, true) {
		struct kvm *kvm = vm->kvm;
		hva_t hole = MMU_HVA_BASE + GPA + SIZE;

		mmu_slot(vm, 1, GPA + 4 * SIZE, SIZE, 0);
		mmu_notify_start(vm, GPA + SIZE - PAGE, GPA + 4 * SIZE + PAGE);
		if (mmu_early_profile()) {
			assert_true(kvm->mmu_invalidate_range_start == hole - PAGE);
			assert_true(kvm->mmu_invalidate_range_end == hole + 3 * SIZE + PAGE);
		} else {
			assert_true(kvm->mmu_invalidate_range_start == (GPA + SIZE - PAGE) >> 12);
			assert_true(kvm->mmu_invalidate_range_end ==
				    (GPA + 4 * SIZE + PAGE) >> 12);
		}
		mmu_notify_end(vm, GPA + SIZE - PAGE, GPA + 4 * SIZE + PAGE);
		assert_int_equal(kvm->mmu_invalidate_seq, 1);
	}
}

/* Memory that is in no slot: no lock, no sequence; only the count for memslot updates. */
static void test_elsewhere(void **state)
{
	struct mmu_vm *vm;

	FOR_PROFILES(vm, true) {
		struct kvm *kvm = vm->kvm;
		unsigned long seq = kvm->mmu_invalidate_seq;

		/* Whoever took mmu_lock would not come back. */
		write_lock(&kvm->mmu_lock);
		mmu_notify_start(vm, GPA - PAGE, GPA);
		mmu_notify_start(vm, GPA + SIZE, GPA + SIZE + PAGE);
		assert_int_equal(kvm->mn_active_invalidate_count, 2);
		assert_int_equal(kvm->mmu_invalidate_in_progress, 0);
		assert_false(kvm_mmu_notifier_clear_flush_young(kvm, MMU_HVA_BASE,
								MMU_HVA_BASE + GPA));
		assert_false(kvm_mmu_notifier_test_young(kvm, MMU_HVA_BASE + GPA + SIZE));
		mmu_notify_end(vm, GPA + SIZE, GPA + SIZE + PAGE);
		mmu_notify_end(vm, GPA - PAGE, GPA);
		write_unlock(&kvm->mmu_lock);
		assert_int_equal(kvm->mmu_invalidate_seq, seq);
		assert_int_equal(kvm->mn_active_invalidate_count, 0);
	}
}

/* kvm_zap_gfn_range(): all faults retry, but only the range is zapped, with a flush. */
static void test_zap_gfn_range(void **state)
{
	struct mmu_vm *vm;

	FOR_PROFILES(vm, true) {
		unsigned long seq = vm->kvm->mmu_invalidate_seq;

		mmu_map(vm->vcpu, GPA, MMU_READ);
		mmu_map(vm->vcpu, GPA + PAGE, MMU_READ);
		trace_start();
		kvm_zap_gfn_range(vm->kvm, (GPA + PAGE) >> 12, (GPA + 2 * PAGE) >> 12);
		trace_stop();
		assert_int_equal(mmu_leaf_level(vm->vcpu, GPA), 1);
		assert_int_equal(mmu_leaf_level(vm->vcpu, GPA + PAGE), 0);
		assert_int_equal(trace_count(TRACE_FLUSH), 1);
		assert_true(trace_get(TRACE_FLUSH, 0)->locked);
		assert_int_equal(vm->kvm->mmu_invalidate_seq, seq + 1);
		assert_int_equal(vm->kvm->mmu_invalidate_in_progress, 0);
	}
}

/* ---- Unmapping ---- */

/* Exactly the touched pages go, and the flush is done under mmu_lock, once, iff one went. */
static void test_unmap(void **state)
{
	struct mmu_vm *vm;

	FOR_PROFILES(vm, false) {
		int i;

		for (i = 0; i < 6; i++)
			mmu_map(vm->vcpu, GPA + i * PAGE, MMU_READ);
		trace_start();
		mmu_notify_start(vm, GPA + 2 * PAGE, GPA + 4 * PAGE);
		trace_stop();
		for (i = 0; i < 6; i++)
			assert_int_equal(mmu_leaf_level(vm->vcpu, GPA + i * PAGE),
					 i == 2 || i == 3 ? 0 : 1);
		assert_int_equal(trace_count(TRACE_FLUSH), 1);
		assert_true(trace_get(TRACE_FLUSH, 0)->locked);
		/* Flushed after the last leaf was zapped. */
		assert_int_equal(trace_log[trace_nr - 1].type, TRACE_FLUSH);
		mmu_notify_end(vm, GPA + 2 * PAGE, GPA + 4 * PAGE);

		trace_start();
		mmu_notify_start(vm, GPA + 2 * PAGE, GPA + 4 * PAGE);
		mmu_notify_end(vm, GPA + 2 * PAGE, GPA + 4 * PAGE);
		trace_stop();
		assert_int_equal(trace_count(TRACE_FLUSH), 0);
		assert_int_equal(trace_count(TRACE_CHANGED), 0);
	}
}

/* One byte of a page is the page; one byte of a huge page is the huge page. */
static void test_unaligned(void **state)
{
	struct mmu_vm *vm;

	FOR_PROFILES(vm, true) {
		int i;

		for (i = 0; i < 5; i++)
			mmu_map(vm->vcpu, GPA + i * PAGE, MMU_READ);
		mmu_notify_start(vm, GPA + 2 * PAGE - 1, GPA + 3 * PAGE + 1);
		mmu_notify_end(vm, GPA + 2 * PAGE - 1, GPA + 3 * PAGE + 1);
		for (i = 0; i < 5; i++)
			assert_int_equal(mmu_leaf_level(vm->vcpu, GPA + i * PAGE),
					 i >= 1 && i <= 3 ? 0 : 1);

		mmu_slot(vm, 1, GPA + MMU_1G, 2 * MMU_2M, 0);
		vm->world.level = PG_LEVEL_2M;
		mmu_map(vm->vcpu, GPA + MMU_1G, MMU_READ);
		mmu_map(vm->vcpu, GPA + MMU_1G + MMU_2M, MMU_READ);
		assert_int_equal(mmu_leaf_level(vm->vcpu, GPA + MMU_1G), 2);
		mmu_notify_start(vm, GPA + MMU_1G + MMU_2M - 1, GPA + MMU_1G + MMU_2M);
		mmu_notify_end(vm, GPA + MMU_1G + MMU_2M - 1, GPA + MMU_1G + MMU_2M);
		assert_int_equal(mmu_leaf_level(vm->vcpu, GPA + MMU_1G), 0);
		assert_int_equal(mmu_leaf_level(vm->vcpu, GPA + MMU_1G + MMU_2M), 2);
	}
}

static void stay_in_smm(struct kvm_vcpu *vcpu)
{
	vcpu->arch.exit.reason = SIM_EXIT_IO;
}

/* The same host memory in both address spaces: both mappings go. */
static void test_both_spaces(void **state)
{
	struct mmu_vm *vm;

	FOR_PROFILES(vm, true) {
		struct kvm_mmu_page *normal, *smm;

		mmu_slot(vm, SMM, GPA, SIZE, 0);
		mmu_map(vm->vcpu, GPA, MMU_READ);
		normal = mmu_root(vm->vcpu);
		vm->world.run_guest = stay_in_smm;
		kvm_inject_smi(vm->vcpu);
		mmu_map(vm->vcpu, GPA, MMU_READ);
		smm = mmu_root(vm->vcpu);
		assert_ptr_not_equal(smm, normal);
		assert_int_equal(*mmu_sptep_in(normal, GPA, 1) >> 11 & 1, 1);
		assert_int_equal(*mmu_sptep_in(smm, GPA, 1) >> 11 & 1, 1);

		trace_start();
		mmu_notify_start(vm, GPA, GPA + PAGE);
		mmu_notify_end(vm, GPA, GPA + PAGE);
		trace_stop();
		assert_int_equal(*mmu_sptep_in(normal, GPA, 1) >> 11 & 1, 0);
		assert_int_equal(*mmu_sptep_in(smm, GPA, 1) >> 11 & 1, 0);
		/* One hold of the lock, one flush, one step of the sequence. */
		assert_int_equal(trace_count(TRACE_CHANGED), 2);
		assert_int_equal(trace_count(TRACE_FLUSH), 1);
		assert_int_equal(vm->kvm->mmu_invalidate_seq, 1);
	}
}

/*
 * An invalid root whose zap has not begun, or yields, still maps the page that the host is about
 * to free: the notifier has to find it.
 */
static void test_invalid_roots_are_unmapped(void **state)
{
	struct mmu_vm *vm;

	FOR_PROFILES(vm, true) {
		struct kvm_gfn_range range = {
			.start = GPA >> 12, .end = (GPA >> 12) + 1, .may_block = true,
		};
		struct kvm *kvm = vm->kvm;
		struct kvm_mmu_page *root;
		int idx;

		mmu_map(vm->vcpu, GPA, MMU_WRITE);
		mmu_map(vm->vcpu, GPA + PAGE, MMU_WRITE);
		root = mmu_root(vm->vcpu);

		mutex_lock(&kvm->slots_lock);
		idx = srcu_read_lock(&kvm->srcu);
		range.slot = gfn_to_memslot_in(__kvm_memslots(kvm, 0), GPA >> 12);
		write_lock(&kvm->mmu_lock);
		kvm_tdp_mmu_invalidate_all_roots(kvm);
		assert_true(root->role.invalid);
		kvm_unmap_gfn_range(kvm, &range);
		assert_int_equal(*mmu_sptep_in(root, GPA, 1) >> 11 & 1, 0);
		assert_int_equal(*mmu_sptep_in(root, GPA + PAGE, 1) >> 11 & 1, 1);
		/* The page is told of its D now, while it is the guest's. */
		assert_int_equal(vm->world.nr_dirty, 1);
		assert_true(vm->world.dirty[0] == mmu_pfn(GPA));
		write_unlock(&kvm->mmu_lock);
		srcu_read_unlock(&kvm->srcu, idx);

		kvm_tdp_mmu_zap_invalidated_roots(kvm);
		mutex_unlock(&kvm->slots_lock);
		assert_int_equal(vm->world.nr_dirty, 2);
		assert_true(vm->world.dirty[1] == mmu_pfn(GPA + PAGE));
		kvm_make_request(KVM_REQ_MMU_FREE_OBSOLETE_ROOTS, vm->vcpu);
		mmu_enter(vm->vcpu);
	}
}

/* ---- Faults ---- */

static struct mmu_vm *hook_vm;
static int hook_calls;
static bool hook_ends;

static void notify_in_get_page(struct mmu_world *world, gfn_t gfn, hva_t hva, bool write)
{
	gpa_t gpa = gfn << 12;

	world->on_get_page = NULL;
	hook_calls++;
	mmu_notify_start(hook_vm, gpa, gpa + PAGE);
	if (hook_ends)
		mmu_notify_end(hook_vm, gpa, gpa + PAGE);
}

/* The page is taken away while the fault gets it: nothing is mapped, and the page is put. */
static void test_invalidated_in_get_page(void **state)
{
	struct mmu_vm *vm;
	int ends;

	for (ends = 0; ends < 2; ends++) {
		FOR_PROFILES(vm, true) {
			hook_vm = vm;
			hook_ends = ends;
			hook_calls = 0;
			mmu_enter(vm->vcpu);
			vm->world.on_get_page = notify_in_get_page;
			assert_int_equal(mmu_fault_now(vm->vcpu, GPA, MMU_WRITE, false),
					 RET_PF_RETRY);
			assert_int_equal(hook_calls, 1);
			assert_int_equal(vm->world.gets, 1);
			assert_int_equal(vm->world.puts, 1);
			assert_int_equal(mmu_leaf_level(vm->vcpu, GPA), 0);

			if (!ends) {
				assert_int_equal(mmu_fault(vm->vcpu, GPA, MMU_WRITE),
						 RET_PF_RETRY);
				mmu_notify_end(vm, GPA, GPA + PAGE);
			}
			mmu_map(vm->vcpu, GPA, MMU_WRITE);
		}
	}
}

/* An invalidation in progress somewhere else does not matter; one that ended meanwhile does. */
static void test_fault_beside_an_invalidation(void **state)
{
	struct mmu_vm *vm;

	FOR_PROFILES(vm, false) {
		mmu_notify_start(vm, GPA + 4 * PAGE, GPA + 6 * PAGE);
		mmu_map(vm->vcpu, GPA + 3 * PAGE, MMU_WRITE);
		mmu_map(vm->vcpu, GPA + 6 * PAGE, MMU_WRITE);
		assert_int_equal(mmu_fault(vm->vcpu, GPA + 4 * PAGE, MMU_WRITE), RET_PF_RETRY);
		assert_int_equal(mmu_fault(vm->vcpu, GPA + 5 * PAGE, MMU_WRITE), RET_PF_RETRY);
		/* Without a slot there is no page that could go. */
		assert_int_equal(mmu_fault(vm->vcpu, GPA + SIZE, MMU_WRITE), RET_PF_EMULATE);
		mmu_notify_end(vm, GPA + 4 * PAGE, GPA + 6 * PAGE);
	}
}

static struct {
	struct kvm *kvm;
	bool held, release, gave_up;
} holder_state;

static void *hold_mmu_lock(void *arg)
{
	sim_thread_init();
	write_lock(&holder_state.kvm->mmu_lock);
	FLAG_SET(holder_state.held);
	if (!within_ns(MUST_NS, FLAG_GET(holder_state.release)))
		FLAG_SET(holder_state.gave_up);
	write_unlock(&holder_state.kvm->mmu_lock);
	sim_thread_exit();
	return NULL;
}

/*
 * From v6.9 on the notifier is asked before mmu_lock is taken too, before the page is got and
 * after: the fault retries while another thread holds the lock.
 */
static void early_check(bool before)
{
	struct mmu_vm *vm = vm_simple("v6.12", true);
	pthread_t holder;
	int r;

	mmu_map(vm->vcpu, GPA + SIZE - PAGE, MMU_WRITE);
	vm->world.gets = vm->world.puts = 0;
	hook_vm = vm;
	hook_ends = false;
	if (before)
		mmu_notify_start(vm, GPA, GPA + PAGE);

	memset(&holder_state, 0, sizeof(holder_state));
	holder_state.kvm = vm->kvm;
	if (before) {
		assert_int_equal(pthread_create(&holder, NULL, hold_mmu_lock, NULL), 0);
		assert_true(within_ns(MUST_NS, FLAG_GET(holder_state.held)));
	} else {
		/* A sequence that changed while the page was got, of an invalidation now over. */
		vm->world.on_get_page = notify_in_get_page;
		hook_ends = true;
		trace_start();
	}
	r = mmu_fault_now(vm->vcpu, GPA, MMU_WRITE, false);
	if (before) {
		FLAG_SET(holder_state.release);
		assert_int_equal(pthread_join(holder, NULL), 0);
		assert_false(holder_state.gave_up);
		assert_int_equal(vm->world.gets, 0);
		mmu_notify_end(vm, GPA, GPA + PAGE);
	} else {
		trace_stop();
		assert_int_equal(vm->world.gets, 1);
		assert_int_equal(vm->world.puts, 1);
	}
	assert_int_equal(r, RET_PF_RETRY);
	mmu_map(vm->vcpu, GPA, MMU_WRITE);
	mmu_vm_destroy(vm);
}

static void test_early_check(void **state)
{
	early_check(true);
	early_check(false);
}

/* Before v6.9 the page is got first, and the check is under the lock only. */
static void test_late_check(void **state)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct mmu_vm *vm = vm_simple(mmu_profiles[i], true);

		mmu_notify_start(vm, GPA, GPA + PAGE);
		assert_int_equal(mmu_fault(vm->vcpu, GPA, MMU_WRITE), RET_PF_RETRY);
		assert_int_equal(vm->world.gets, 1);
		assert_int_equal(vm->world.puts, 1);
		mmu_notify_end(vm, GPA, GPA + PAGE);
		mmu_vm_destroy(vm);
	}
}

/* ---- Aging ---- */

/* With A bits: A of an EPT entry is bit 8, of an NPT entry bit 5.  Clearing it needs no flush. */
static void age_with_a_bits(bool intel)
{
	const u64 accessed = intel ? 1 << 8 : 1 << 5;
	struct mmu_vm *vm;

	FOR_PROFILES(vm, intel) {
		hva_t hva = MMU_HVA_BASE + GPA;
		u64 spte;

		mmu_map(vm->vcpu, GPA, MMU_WRITE);
		spte = mmu_spte(vm->vcpu, GPA, NULL);
		assert_true(spte & accessed);
		trace_start();
		assert_true(kvm_mmu_notifier_test_young(vm->kvm, hva));
		assert_true(mmu_spte(vm->vcpu, GPA, NULL) == spte);
		assert_true(kvm_mmu_notifier_clear_young(vm->kvm, hva, hva + PAGE));
		assert_true(mmu_spte(vm->vcpu, GPA, NULL) == (spte & ~accessed));
		assert_false(kvm_mmu_notifier_test_young(vm->kvm, hva));
		assert_false(kvm_mmu_notifier_clear_young(vm->kvm, hva, hva + PAGE));
		/* Not young: no flush, even where there is one. */
		assert_false(kvm_mmu_notifier_clear_flush_young(vm->kvm, hva, hva + PAGE));
		assert_int_equal(trace_count(TRACE_FLUSH), 0);

		/* The CPU sets A again. */
		*mmu_sptep(vm->vcpu, GPA, 1) |= accessed;
		assert_false(kvm_mmu_notifier_test_young(vm->kvm, hva + PAGE));
		assert_true(kvm_mmu_notifier_clear_flush_young(vm->kvm, hva, hva + PAGE));
		trace_stop();
		assert_true(mmu_spte(vm->vcpu, GPA, NULL) == (spte & ~accessed));
		assert_int_equal(trace_count(TRACE_FLUSH), 1);
		assert_true(trace_get(TRACE_FLUSH, 0)->locked);
		/* D stays where it is. */
		assert_int_equal(vm->world.nr_dirty, 0);
		/* No invalidation: faults do not retry. */
		assert_int_equal(vm->kvm->mmu_invalidate_seq, 0);
	}
}

static void test_age_with_a_bits(void **state)
{
	age_with_a_bits(true);
	age_with_a_bits(false);
}

/*
 * Without A bits (docs/sptes.md): 0x0610000000000877, tracked 0x0750000000000870, restored for
 * a read 0x0610000000000875.  W was the dirty bit, so the page is told.
 */
static void test_age_without_a_bits(void **state)
{
	unsigned int i;

	for (i = 0; i < MMU_NR_PROFILES; i++) {
		struct mmu_config config = mmu_config(mmu_profiles[i], true);
		hva_t hva = MMU_HVA_BASE + GPA;
		struct mmu_vm *vm;
		u64 pa;

		config.params.eptad = false;
		vm = vm_for(&config);
		pa = mmu_pfn(GPA) << 12;
		mmu_map(vm->vcpu, GPA, MMU_WRITE);
		assert_true(mmu_plain(mmu_spte(vm->vcpu, GPA, NULL)) ==
			    (UINT64_C(0x0610000000000877) | pa));
		assert_true(kvm_mmu_notifier_test_young(vm->kvm, hva));
		assert_true(kvm_mmu_notifier_clear_young(vm->kvm, hva, hva + PAGE));
		assert_true(mmu_plain(mmu_spte(vm->vcpu, GPA, NULL)) ==
			    (UINT64_C(0x0750000000000870) | pa));
		assert_true(vm->world.nr_dirty >= 1);
		assert_true(vm->world.dirty[0] == mmu_pfn(GPA));
		assert_false(kvm_mmu_notifier_test_young(vm->kvm, hva));
		assert_false(kvm_mmu_notifier_clear_young(vm->kvm, hva, hva + PAGE));

		/* The next access faults, as if the page were not there, and needs no lock. */
		mmu_map(vm->vcpu, GPA, MMU_READ);
		assert_int_equal(vm->vcpu->stat.pf_fast, 1);
		assert_true(mmu_plain(mmu_spte(vm->vcpu, GPA, NULL)) ==
			    (UINT64_C(0x0610000000000875) | pa));
		trace_start();
		assert_true(kvm_mmu_notifier_clear_flush_young(vm->kvm, hva, hva + PAGE));
		trace_stop();
		assert_int_equal(trace_count(TRACE_FLUSH), 1);
		mmu_vm_destroy(vm);
	}
}

/* ---- change_pte, until v6.10 ---- */

/*
 * Between start and end of an invalidation that covers it, the SPTE is gone already; change_pte
 * matters beside one.  The new page is mapped without rights to write (W, HOST_W, MMU_W) and
 * without A; if the host lets it be written, it is left to a fault.
 */
struct change_pte_result {
	u64 old_spte, unchanged, new_spte, pfn;
	unsigned long flushes, dirty, changes;
};

static void change_pte(struct mmu_vm *vm, bool writable, struct change_pte_result *res)
{
	const struct sim_host_page page = { .pfn = 0x12345, .level = 1, .writable = writable };
	hva_t hva = MMU_HVA_BASE + GPA;

	mmu_map(vm->vcpu, GPA, MMU_WRITE);
	res->pfn = page.pfn;
	res->old_spte = *mmu_sptep(vm->vcpu, GPA, 1);
	/* Nothing in progress: the start found no slot, so there is nothing to do. */
	kvm_mmu_notifier_change_pte(vm->kvm, hva, &page);
	res->unchanged = *mmu_sptep(vm->vcpu, GPA, 1);

	mmu_notify_start(vm, GPA + PAGE, GPA + 2 * PAGE);
	trace_start();
	kvm_mmu_notifier_change_pte(vm->kvm, hva, &page);
	trace_stop();
	res->new_spte = *mmu_sptep(vm->vcpu, GPA, 1);
	res->flushes = trace_count(TRACE_FLUSH);
	res->changes = trace_count(TRACE_CHANGED);
	res->dirty = vm->world.nr_dirty;
	mmu_notify_end(vm, GPA + PAGE, GPA + 2 * PAGE);
}

static void test_change_pte_to_writable(void **state)
{
	unsigned int i;

	for (i = 0; i < MMU_NR_PROFILES * 2; i++) {
		struct mmu_vm *vm = vm_simple(mmu_profiles[i / 2], i % 2);
		bool works = mmu_early_profile();
		struct change_pte_result res;

		change_pte(vm, true, &res);
		assert_true(res.unchanged == res.old_spte);
		assert_true(res.new_spte == (works ? 0 : res.old_spte));
		assert_int_equal(res.flushes, works);
		assert_int_equal(res.changes, works);
		assert_int_equal(res.dirty, works);
		mmu_vm_destroy(vm);
	}
}

/* In a process of its own, whose VM goes with it. */
static bool read_only_pte_is_right(const char *profile, bool intel)
{
	struct mmu_vm *vm = vm_simple(profile, intel);
	const u64 rights = intel ? UINT64_C(3) << 57 | 2 : 0x602;
	const u64 accessed = intel ? 1 << 8 : 1 << 5;
	const u64 addr = UINT64_C(0x000ffffffffff000);
	struct change_pte_result res;

	change_pte(vm, false, &res);
	if (mmu_profile_is("v6.12"))
		return res.new_spte == res.old_spte && !res.flushes && !res.dirty;
	return res.unchanged == res.old_spte &&
	       res.new_spte == ((res.old_spte & ~addr & ~rights & ~accessed) | res.pfn << 12) &&
	       res.flushes == 1 && res.dirty == 1 && res.changes == 2;
}

/* From one page to the other by way of a non-present entry: two changes, and no BUG. */
static void test_change_pte_to_read_only(void **state)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < MMU_NR_PROFILES * 2; i++) {
		/* A leaf that goes straight to another page is a BUG, which ends the process. */
		pid_t child = fork();
		int status = -1;

		if (!child) {
			_exit(!read_only_pte_is_right(mmu_profiles[i / 2], i % 2));
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		wrong += status != 0;
	}
	assert_int_equal(wrong, 0);
}

/* ---- Against memslot updates ---- */

static struct {
	struct mmu_vm *vm;
	bool begun, done;
	int result;
} updater_state;

static void *update_slots(void *arg)
{
	sim_thread_init();
	FLAG_SET(updater_state.begun);
	updater_state.result = mmu_slot_try(updater_state.vm, 1, GPA + 4 * SIZE, SIZE, 0);
	FLAG_SET(updater_state.done);
	sim_thread_exit();
	return NULL;
}

/* Start and end must see the same slots: the update waits until nothing is in progress. */
static void test_update_waits(void **state)
{
	struct mmu_vm *vm;

	FOR_PROFILES(vm, true) {
		pthread_t thread;

		memset(&updater_state, 0, sizeof(updater_state));
		updater_state.vm = vm;
		/* One in a slot and one elsewhere: both count. */
		mmu_notify_start(vm, GPA, GPA + PAGE);
		mmu_notify_start(vm, GPA + 8 * SIZE, GPA + 9 * SIZE);
		assert_int_equal(pthread_create(&thread, NULL, update_slots, NULL), 0);
		assert_true(within_ns(MUST_NS, FLAG_GET(updater_state.begun)));
		assert_false(within_ns(MUST_NOT_NS, FLAG_GET(updater_state.done)));
		mmu_notify_end(vm, GPA, GPA + PAGE);
		assert_false(within_ns(MUST_NOT_NS, FLAG_GET(updater_state.done)));
		mmu_notify_end(vm, GPA + 8 * SIZE, GPA + 9 * SIZE);
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_true(updater_state.done);
		assert_int_equal(updater_state.result, 0);
		mmu_map(vm->vcpu, GPA + 4 * SIZE, MMU_READ);
	}
}

/* ---- The end of the mm ---- */

/* Everything is zapped in every root, without a flush, and only once. */
static void test_release(void **state)
{
	struct mmu_vm *vm;

	FOR_PROFILES(vm, true) {
		mmu_map(vm->vcpu, GPA, MMU_WRITE);
		mmu_map(vm->vcpu, GPA + PAGE, MMU_WRITE);
		trace_start();
		kvm_mmu_notifier_release(vm->kvm);
		trace_stop();
		assert_int_equal(mmu_leaf_level(vm->vcpu, GPA), 0);
		assert_int_equal(atomic64_read(&vm->kvm->stat.pages[0]), 0);
		assert_int_equal(atomic64_read(&vm->kvm->arch.nr_tdp_mmu_pages), 0);
		assert_int_equal(trace_count(TRACE_FLUSH), 0);
		assert_int_equal(vm->world.nr_dirty, 2);
		trace_start();
		kvm_mmu_notifier_release(vm->kvm);
		trace_stop();
		assert_int_equal(trace_count(TRACE_ZAP_ROOT), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_invalidation),
		cmocka_unit_test(test_nested_invalidations),
		cmocka_unit_test(test_range_across_slots),
		cmocka_unit_test(test_elsewhere),
		cmocka_unit_test(test_zap_gfn_range),
		cmocka_unit_test(test_unmap),
		cmocka_unit_test(test_unaligned),
		cmocka_unit_test(test_both_spaces),
		cmocka_unit_test(test_invalid_roots_are_unmapped),
		cmocka_unit_test(test_invalidated_in_get_page),
		cmocka_unit_test(test_fault_beside_an_invalidation),
		cmocka_unit_test(test_early_check),
		cmocka_unit_test(test_late_check),
		cmocka_unit_test(test_age_with_a_bits),
		cmocka_unit_test(test_age_without_a_bits),
		cmocka_unit_test(test_change_pte_to_writable),
		cmocka_unit_test(test_change_pte_to_read_only),
		cmocka_unit_test(test_update_waits),
		cmocka_unit_test(test_release),
	};

	return MMU_RUN_TESTS(tests);
}
