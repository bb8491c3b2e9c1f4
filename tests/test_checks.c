/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "mmu/mmu.h"
#include "mmu/mmutrace.h"
#include "mmu/spte.h"
#include "sim/checked_run.h"
#include "sim/sim.h"

/*
 * The checkers that watch a machine, all together: each hears of what goes wrong in the
 * middle of an operation, or between two of them, and the run ends with its report.
 *
 *   memory m, 4 MiB, at gpa 1G, logged; memory n, 64 KiB, at gpa 2G
 */

#define M_GPA	(UINT64_C(1) << 30)
#define N_GPA	(UINT64_C(2) << 30)

static struct sim_checked_run run;
static char complaint[2048];

static bool try_op(const char *text)
{
	struct sim_op op = { 0 };

	assert_true(sim_op_parse(text, &op, complaint, sizeof(complaint)));
	complaint[0] = '\0';
	return sim_checked_run_op(&run, &op, complaint, sizeof(complaint));
}

static void op(const char *text)
{
	if (!try_op(text))
		fail_msg("after \"%s\": %s", text, complaint);
}

static void assert_found(const char *text, const char *about)
{
	if (try_op(text))
		fail_msg("after \"%s\": nothing, expected \"%s\"", text, about);
	if (!strstr(complaint, about))
		fail_msg("after \"%s\": \"%s\", expected \"%s\"", text, complaint, about);
}

static int start(const char *setup_name)
{
	const struct sim_host_model_config host = { .contiguous = true, .nr_frames = 1 << 16 };
	struct sim_setup setup;

	sim_setup_at(sim_setup_find(setup_name), &setup);
	if (sim_checked_run_start(&run, &setup, &host))
		return -1;
	op("vm");
	op("memory m 4m small");
	op("memory n 64k small");
	op("slot 0 1g 4m m 0 log");
	op("slot 1 2g 64k n 0");
	op("vcpu 0");
	op("write 0 1g");
	op("read 0 2g");
	return 0;
}

static int setup_ept(void **state)
{
	return start("v6.4-ept4-ad-pml");
}

static int setup_npt(void **state)
{
	return start("v6.12-npt4");
}

static int teardown(void **state)
{
	/* What was found stays found: forget it, to see that nothing else is left. */
	memset(&run.checks.trace.finding, 0, sizeof(run.checks.trace.finding));
	memset(&run.checks.finding, 0, sizeof(run.checks.finding));
	memset(&run.checks.stale, 0, sizeof(run.checks.stale));
	return sim_checked_run_stop(&run, complaint, sizeof(complaint)) ? 0 : -1;
}

static struct kvm_vcpu *vcpu(void)
{
	return run.machine.kvm->vcpus[0];
}

/* The last entry on the way to @gpa. */
static u64 *leaf_of(gpa_t gpa)
{
	struct kvm_mmu_page *sp = to_shadow_page(vcpu()->arch.mmu->root.hpa);
	u64 *entry;

	for (;;) {
		entry = &sp->spt[gpa >> (3 + 9 * sp->role.level) & 511];
		assert_true(is_shadow_present_pte(*entry));
		if (is_last_spte(*entry, sp->role.level))
			return entry;
		sp = to_shadow_page(*entry & SPTE_BASE_ADDR_MASK);
	}
}

static void test_clean(void **state)
{
	op("write 0 1g");
	op("dirty-get 0");
	op("write 0 1g");
	op("madvise m 0 4k dontneed");
	op("read 0 1g");
	op("slot-move 1 3g");
	op("read 0 3g");
	op("slot-delete 1");
	op("read 0 1g");
	/* Everybody has been at work. */
	assert_true(run.checks.trace.nr_judged > 10);
	assert_true(run.checks.trace.history.nr > 10);
	assert_true(run.checks.stale.nr_judged > 0);
	assert_true(run.checks.zap_armed);
	assert_int_equal(run.checks.dirty.nr_slots, 1);
}

static void test_illegal_change(void **state)
{
	u64 leaf = *leaf_of(M_GPA);

	trace_kvm_tdp_mmu_spte_changed(0, M_GPA >> 12, 1, leaf, leaf + 0x1000);
	assert_found("read 0 2g", "a leaf went from frame 0x");
	/* How it came to be there. */
	assert_non_null(strstr(complaint, " write 0 0x40000000 changed as 0 gfn 0x40000 level 1: "));
}

/* The leaf loses its rights, and nobody flushes. */
static void test_stale(void **state)
{
	u64 *leaf = leaf_of(N_GPA), saved = *leaf;

	op("read 0 2g");
	*leaf = SHADOW_NONPRESENT_VALUE;
	atomic64_dec(&run.machine.kvm->stat.pages[0]);
	assert_found("read 0 2g", "vCPU 0 reads gpa 0x80000000 by a stale translation");
	*leaf = saved;
	atomic64_inc(&run.machine.kvm->stat.pages[0]);
}

/* The host takes a page back, and the flush request gets lost on the way. */
static void (*old_hook)(struct kvm *kvm, hva_t start, hva_t end, enum sim_invalidate_step step);

static void lose_flush(struct kvm *kvm, hva_t start, hva_t end, enum sim_invalidate_step step)
{
	if (step == SIM_INVALIDATE_STARTED)
		kvm_check_request(KVM_REQ_TLB_FLUSH, kvm->vcpus[0]);
	old_hook(kvm, start, end, step);
}

static void test_lost_flush(void **state)
{
	old_hook = sim_host_on_invalidate;
	sim_host_on_invalidate = lose_flush;
	assert_found("madvise n 0 4k dontneed",
		     "between start and end of an invalidation, vCPU 0 (tag 0x");
	sim_host_on_invalidate = old_hook;
	sim_cpu_flush_tlb(vcpu(), SIM_TLB_FLUSH_ALL);
}

/* Or only later, when nobody looks at invalidations. */
static void test_cached(void **state)
{
	op("madvise n 0 4k dontneed");
	assert_true(kvm_check_request(KVM_REQ_TLB_FLUSH, vcpu()));
	assert_found("memory other 4k small", "gfn 0x80000 leads by a cached translation to frame");
	assert_non_null(strstr(complaint, ": the host does not map it there"));
	sim_cpu_flush_tlb(vcpu(), SIM_TLB_FLUSH_ALL);
}

static void test_lost_write(void **state)
{
	struct kvm *kvm = run.machine.kvm;
	struct kvm_memory_slot *slot;
	int idx = srcu_read_lock(&kvm->srcu);

	slot = id_to_memslot(__kvm_memslots(kvm, 0), 0);
	srcu_read_unlock(&kvm->srcu, idx);
	assert_true(test_and_clear_bit(0, slot->dirty_bitmap));
	assert_found("memory other 4k small",
		     "memslot 0 of as 0: gfn 0x40000 was written, and the dirty log misses it");
	set_bit(0, slot->dirty_bitmap);
}

/* A root that was passed over when all were invalidated. */
static void test_zap(void **state)
{
	struct kvm_mmu_page *root = to_shadow_page(vcpu()->arch.mmu->root.hpa);

	op("slot-delete 1");
	assert_true(root->role.invalid);
	root->role.invalid = 0;
	assert_found("memory other 4k small", "all was zapped, but it is still valid");
	root->role.invalid = 1;
}

/* A guest that faults again and again on what is never mended. */
static void test_no_progress(void **state)
{
	unsigned int i, limit = run.checks.progress.limits.fault_retries;

	for (i = 0; i < limit; i++)
		trace_kvm_page_fault(vcpu(), N_GPA, 0);
	op("read 0 2g");
	for (i = 0; i <= limit; i++)
		trace_kvm_page_fault(vcpu(), N_GPA, 0);
	assert_found("read 0 2g", "the page fault on gpa 0x80000000 was retried more than");
	memset(&run.checks.progress.finding, 0, sizeof(run.checks.progress.finding));
}

static bool clean;

static int group_setup(void **state)
{
	return sim_init() || sim_checked_run_init(&run);
}

static int group_teardown(void **state)
{
	sim_checked_run_exit(&run);
	kvm_mmu_module_exit();
	clean = !sim_exit();
	return clean ? 0 : -1;
}

#define BOTH(f)								\
	cmocka_unit_test_setup_teardown(f, setup_ept, teardown),	\
	cmocka_unit_test_setup_teardown(f, setup_npt, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_clean),
		BOTH(test_illegal_change),
		BOTH(test_stale),
		BOTH(test_lost_flush),
		BOTH(test_cached),
		BOTH(test_lost_write),
		BOTH(test_zap),
		BOTH(test_no_progress),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown) || !clean;
}
