/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sim/check_notifier.h"
#include "sim/check_stale.h"
#include "tests/mmu_fixture.h"
#include "tests/mmu_trace_fixture.h"
#include "tests/cpu_fixture.h"

/*
 * Invalidations of host memory: complete, and with the flush missing, for the wrong range or
 * root, after the lock, or after the memory is free.
 */

#define HVA	(MMU_HVA_BASE + G)

static struct sim_notifier_check check;
static struct sim_history history;
static struct sim_stale_log stale;
static char complaint[2048];

/* ---- The host's answers ---- */

/* The flat host maps what it always has; or nothing, once it has freed it. */
static bool host_maps;

static bool lives(void *ctx, hva_t hva, kvm_pfn_t pfn)
{
	return host_maps && pfn == MMU_PFN_BASE + (hva >> 12);
}

static bool all_well(void)
{
	complaint[0] = '\0';
	return sim_check_notifier(&check, lives, NULL, complaint, sizeof(complaint));
}

static void assert_well(void)
{
	if (!all_well())
		fail_msg("%s, %s: %s", kvm_profile->name, kvm_cpu.intel ? "EPT" : "NPT",
			 complaint);
}

static void assert_complaint(const char *about)
{
	if (all_well())
		fail_msg("%s: no complaint, expected \"%s\"", kvm_cpu.intel ? "EPT" : "NPT", about);
	if (!strstr(complaint, about))
		fail_msg("complaint \"%s\", expected \"%s\"", complaint, about);
}

static struct machine *machine_of(const char *profile, bool intel)
{
	const struct mmu_config config = mmu_config(profile, intel);
	struct machine *m = machine_start(&config);

	host_maps = false;
	memset(&stale, 0, sizeof(stale));
	sim_check_stale_start(&stale);
	guest(m, 0, SIM_ACCESS_WRITE, G);
	guest(m, 0, SIM_ACCESS_READ, G + PAGE);
	guest(m, 1, SIM_ACCESS_READ, G);
	return m;
}

static void stop(struct machine *m)
{
	sim_check_stale_stop();
	machine_stop(m);
}

static void begin(struct machine *m, u64 size)
{
	sim_check_notifier_begin(&check, m->vm->kvm, HVA, HVA + size, &history);
}

static void start(struct machine *m, u64 size)
{
	begin(m, size);
	mmu_notify_start(m->vm, G, G + size);
}

static void end(struct machine *m, u64 size)
{
	mmu_notify_end(m->vm, G, G + size);
	sim_check_notifier_end(&check);
}

#define FOR_BOTH_FORMATS(intel)	for (int intel = 0; intel < 2; intel++)

/* ---- Clean ---- */

static void run_clean(const char *profile, bool intel)
{
	struct machine *m = machine_of(profile, intel);

	start(m, PAGE);
	assert_int_equal(check.nr_parts, 1);
	assert_int_equal(check.nr_frames, 1);
	assert_int_equal(check.nr_forgotten, 0);
	assert_well();
	/* One vCPU is in the guest again meanwhile, elsewhere; the other will flush. */
	guest(m, 0, SIM_ACCESS_READ, G + PAGE);
	assert_well();
	end(m, PAGE);
	assert_well();
	/* The same frame is the host's to give again. */
	host_maps = true;
	guest(m, 0, SIM_ACCESS_READ, G);
	assert_well();
	assert_int_equal(stale.nr_stale, 0);
	stop(m);
}

static void test_clean(void **state)
{
	unsigned int i;

	for (i = 0; sim_profile_at(i); i++)
		FOR_BOTH_FORMATS(intel)
			run_clean(sim_profile_at(i)->name, intel);
}

static void test_two_places(void **state)
{
	struct machine *m = machine_of("v6.12", true);
	const struct kvm_userspace_memory_region region = {
		.slot = 1, .guest_phys_addr = 3 * G, .memory_size = 2 * PAGE,
		.userspace_addr = HVA + PAGE,
	};

	assert_int_equal(kvm_set_memory_region(m->vm->kvm, &region), 0);
	guest(m, 0, SIM_ACCESS_READ, G + PAGE);
	guest(m, 0, SIM_ACCESS_READ, 3 * G);
	guest(m, 0, SIM_ACCESS_READ, 3 * G + PAGE);
	begin(m, 3 * PAGE);
	assert_int_equal(check.nr_parts, 2);
	/* Pages 0 and 1, and then 1 and 2: next to each other. */
	assert_int_equal(check.nr_frames, 1);
	assert_int_equal(check.frames[0].first, mmu_pfn(G));
	assert_int_equal(check.frames[0].nr, 3);
	mmu_notify_start(m->vm, G, G + 3 * PAGE);
	assert_well();
	end(m, 3 * PAGE);
	assert_well();
	stop(m);
}

/* ---- Tables ---- */

static void test_leaf_is_left(void **state)
{
	struct machine *m = machine_of("v6.4", true);
	struct kvm_mmu_page *root = mmu_root(m->vm->vcpu);
	u64 *leaf = mmu_sptep(m->vm->vcpu, G, PG_LEVEL_4K), saved = *leaf;

	sim_history_init(&history, NULL);
	sim_history_add(&history, "changed", NULL, 0, G >> 12, 1, 0, saved);
	start(m, PAGE);
	*leaf = saved;
	assert_complaint("between start and end of an invalidation, root of as 0 (valid): "
			 "gfn 0x40000 level 1 SPTE 0x");
	assert_non_null(strstr(complaint, "\n  #1 changed as 0 gfn 0x40000"));
	/* No vCPU runs on it, but a zap to come would hand dirty bits to the frame. */
	root->role.invalid = 1;
	assert_complaint("root of as 0 (invalid): gfn 0x40000");
	root->role.invalid = 0;
	end(m, PAGE);
	assert_complaint("after the end of an invalidation, root of as 0 (valid): gfn 0x40000");
	host_maps = true;
	assert_well();
	*leaf = 0;
	stop(m);
}

/* What a huge page has beyond the range may stay where it is. */
static void test_huge_leaf(void **state)
{
	const struct mmu_config config = mmu_config("v6.4", true);
	struct machine *m = machine_start(&config);
	u64 *leaf, saved;

	m->vm->world.level = PG_LEVEL_2M;
	guest(m, 0, SIM_ACCESS_READ, G + PAGE);
	leaf = mmu_sptep(m->vm->vcpu, G, PG_LEVEL_2M);
	saved = *leaf;
	assert_true(is_large_pte(saved));
	host_maps = false;
	start(m, 2 * PAGE);
	assert_int_equal(check.frames[0].nr, 2);
	assert_well();
	end(m, 2 * PAGE);
	*leaf = saved;
	assert_complaint("gfn 0x40000 level 2 SPTE 0x");
	*leaf = 0;
	assert_well();
	machine_stop(m);
}

static void test_no_room(void **state)
{
	struct machine *m = machine_of("v6.4", true);
	u64 i;

	/* Every other page: no two frames next to each other. */
	for (i = 0; i < 2 * SIM_NOTIFIER_FRAMES_MAX + 4; i += 2)
		guest(m, 0, SIM_ACCESS_READ, G + i * PAGE);
	begin(m, CPU_SIZE);
	assert_int_equal(check.nr_frames, SIM_NOTIFIER_FRAMES_MAX);
	assert_true(check.nr_forgotten > 0);
	stop(m);
}

/* ---- Flushes that are wrong ---- */

/* The request is lost: as if there had been none. */
static void test_no_flush(void **state)
{
	FOR_BOTH_FORMATS(intel) {
		struct machine *m = machine_of("v6.4", intel);

		start(m, PAGE);
		assert_well();
		assert_true(kvm_check_request(KVM_REQ_TLB_FLUSH, m->cpus[1].vcpu));
		assert_complaint("between start and end of an invalidation, vCPU 1 (tag 0x");
		assert_complaint("gfn 0x40000 leads by a cached translation to frame 0x");
		go_on(m, 1, SIM_ACCESS_READ, G);
		assert_int_equal(stale.nr_stale, 1);
		assert_non_null(strstr(stale.first, "vCPU 1 reads gpa 0x40000000 by a stale"));
		end(m, PAGE);
		assert_complaint("after the end of an invalidation, vCPU 1");
		sim_cpu_flush_tlb(m->cpus[1].vcpu, SIM_TLB_FLUSH_ALL);
		assert_well();
		stop(m);
	}
}

static void flush_neighbour(struct kvm_vcpu *vcpu, enum sim_tlb_flush what)
{
	struct sim_cpu *cpu = vcpu->world;

	sim_tlb_flush_gpa(&cpu->tlb, sim_cpu_tlb_tag(vcpu->arch.mmu->root.hpa), G + PAGE);
}

static void flush_other_tag(struct kvm_vcpu *vcpu, enum sim_tlb_flush what)
{
	struct sim_cpu *cpu = vcpu->world;

	sim_tlb_flush_tag(&cpu->tlb, sim_cpu_tlb_tag(vcpu->arch.mmu->root.hpa) + 0x1000);
}

static void run_wrong_flush(bool intel, void (*flush)(struct kvm_vcpu *, enum sim_tlb_flush))
{
	struct machine *m = machine_of("v6.12", intel);

	start(m, PAGE);
	machine_flush = flush;
	/* The request is served, by a flush that does not do it. */
	guest(m, 0, SIM_ACCESS_READ, G + 2 * PAGE);
	assert_complaint("between start and end of an invalidation, vCPU 0 (tag 0x");
	end(m, PAGE);
	assert_complaint("after the end of an invalidation, vCPU 0 (tag 0x");
	go_on(m, 0, SIM_ACCESS_WRITE, G);
	assert_int_equal(stale.nr_stale, 1);
	assert_non_null(strstr(stale.first, "vCPU 0 writes gpa 0x40000000 by a stale translation"));
	machine_flush = sim_cpu_flush_tlb;
	sim_cpu_flush_tlb(m->cpus[0].vcpu, SIM_TLB_FLUSH_ALL);
	assert_well();
	stop(m);
}

static void test_flush_of_wrong_range(void **state)
{
	FOR_BOTH_FORMATS(intel)
		run_wrong_flush(intel, flush_neighbour);
}

static void test_flush_of_wrong_root(void **state)
{
	FOR_BOTH_FORMATS(intel)
		run_wrong_flush(intel, flush_other_tag);
}

/* The start of an invalidation by hand: what can be got wrong there is the order. */
static void start_by_hand(struct machine *m, bool flush_first)
{
	struct kvm *kvm = m->vm->kvm;
	bool flush;

	begin(m, PAGE);
	write_lock(&kvm->mmu_lock);
	flush = kvm_tdp_mmu_zap_leafs(kvm, 0, G >> 12, (G >> 12) + 1, false, false);
	assert_true(flush);
	if (flush_first)
		kvm_flush_remote_tlbs(kvm);
	write_unlock(&kvm->mmu_lock);
}

/*
 *	the host			vCPU 0, in the guest
 *	zaps, drops mmu_lock
 *					uses the page
 *	flushes
 */
static void test_flush_after_unlock(void **state)
{
	FOR_BOTH_FORMATS(intel) {
		struct machine *m = machine_of("v6.4", intel);

		start_by_hand(m, false);
		assert_complaint("between start and end of an invalidation, vCPU 0");
		go_on(m, 0, SIM_ACCESS_READ, G);
		assert_int_equal(stale.nr_stale, 1);
		kvm_flush_remote_tlbs(m->vm->kvm);
		assert_well();
		stop(m);

		m = machine_of("v6.4", intel);
		start_by_hand(m, true);
		assert_well();
		stop(m);
	}
}

/*
 *	the host			vCPU 0, in the guest
 *	zaps, frees the frame
 *					writes the frame
 *	flushes
 */
static void test_frame_is_free_before_the_flush(void **state)
{
	FOR_BOTH_FORMATS(intel) {
		struct machine *m = machine_of("v6.12", intel);

		host_maps = true;
		start_by_hand(m, false);
		sim_check_notifier_end(&check);
		/* As long as the frame is there, all is well but for what check_stale.h says. */
		assert_well();
		host_maps = false;
		assert_complaint("after the end of an invalidation, vCPU 0");
		go_on(m, 0, SIM_ACCESS_WRITE, G);
		assert_non_null(strstr(stale.first, "vCPU 0 writes gpa 0x40000000 by a stale"));
		kvm_flush_remote_tlbs(m->vm->kvm);
		assert_well();
		stop(m);
	}
}

/* The table that a walk would begin at has been freed; a flush would have made it forget. */
static void test_table_is_free_before_the_flush(void **state)
{
	const struct sim_access access = {
		.gpa = G + 2 * PAGE, .type = SIM_ACCESS_READ, .gla_valid = true,
	};

	FOR_BOTH_FORMATS(intel) {
		struct machine *m = machine_of("v6.4", intel);
		struct kvm_vcpu *vcpu = m->vm->vcpu;
		struct sim_tlb_entry entry;
		char report[SIM_STALE_REPORT_SIZE];
		u64 tag = sim_cpu_tlb_tag(vcpu->arch.mmu->root.hpa);

		write_lock(&m->vm->kvm->mmu_lock);
		rcu_read_lock();
		assert_true(kvm_tdp_mmu_zap_sp(m->vm->kvm, mmu_table(vcpu, G, PG_LEVEL_4K)));
		rcu_read_unlock();
		write_unlock(&m->vm->kvm->mmu_lock);
		rcu_barrier();
		assert_true(sim_tlb_lookup_table(&m->cpus[0].tlb, tag, access.gpa, &entry));
		assert_int_equal(entry.level, 1);
		assert_false(sim_check_stale(vcpu, &access, &entry, report, sizeof(report)));
		assert_non_null(strstr(report, "by a stale cached table: the root leads to no table"));
		kvm_flush_remote_tlbs(m->vm->kvm);
		assert_true(sim_check_stale(vcpu, &access, &entry, report, sizeof(report)));
		guest(m, 0, SIM_ACCESS_READ, G + 2 * PAGE);
		assert_int_equal(stale.nr_stale, 0);
		stop(m);
	}
}

/* ---- All that a CPU keeps ---- */

struct kept {
	unsigned int pages, tables;
	u64 gpa;
};

static bool count_entry(void *ctx, const struct sim_tlb_entry *entry)
{
	struct kept *kept = ctx;

	if (entry->table)
		kept->tables++;
	else
		kept->pages++;
	kept->gpa = entry->table ? kept->gpa : entry->gpa;
	return kept->pages < 2;
}

static void test_all_that_is_kept(void **state)
{
	FOR_BOTH_FORMATS(intel) {
		struct machine *m = machine_of("v6.4", intel);
		struct kept kept = { 0 };

		/* vCPU 1 has read a page, and three tables on the way there. */
		assert_true(sim_tlb_for_each(&m->cpus[1].tlb, count_entry, &kept));
		assert_int_equal(kept.pages, 1);
		assert_int_equal(kept.tables, 3);
		assert_int_equal(kept.gpa, G);
		kept = (struct kept) { 0 };
		assert_false(sim_tlb_for_each(&m->cpus[0].tlb, count_entry, &kept));
		assert_int_equal(kept.pages, 2);
		sim_tlb_flush_all(&m->cpus[0].tlb);
		kept = (struct kept) { 0 };
		assert_true(sim_tlb_for_each(&m->cpus[0].tlb, count_entry, &kept));
		assert_int_equal(kept.pages + kept.tables, 0);
		stop(m);
	}
}

/* ---- And by the host, at any time ---- */

static bool well_by_host(struct machine *m)
{
	return sim_check_cached(m->vm->kvm, lives, NULL, NULL, complaint, sizeof(complaint));
}

static void test_by_host(void **state)
{
	FOR_BOTH_FORMATS(intel) {
		struct machine *m = machine_of("v6.12", intel);
		struct kvm_vcpu *vcpu = m->vm->vcpu;

		host_maps = true;
		assert_true(well_by_host(m));
		host_maps = false;
		assert_false(well_by_host(m));
		assert_non_null(strstr(complaint, "vCPU 0 (tag 0x"));
		assert_non_null(strstr(complaint, ": the host does not map it there"));
		/* What is flushed before it can be used is no loss. */
		kvm_flush_remote_tlbs(m->vm->kvm);
		assert_true(well_by_host(m));
		host_maps = true;
		assert_true(kvm_check_request(KVM_REQ_TLB_FLUSH, vcpu));
		assert_true(well_by_host(m));

		/* The slot goes, and the vCPU is not told to drop its root. */
		mmu_slot(m->vm, 0, G, 0, 0);
		assert_true(well_by_host(m));
		assert_true(kvm_check_request(KVM_REQ_MMU_FREE_OBSOLETE_ROOTS, vcpu));
		assert_false(well_by_host(m));
		assert_non_null(strstr(complaint, ": there is no memslot"));
		kvm_make_request(KVM_REQ_MMU_FREE_OBSOLETE_ROOTS, vcpu);
		stop(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_two_places),
		cmocka_unit_test(test_leaf_is_left),
		cmocka_unit_test(test_huge_leaf),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_no_flush),
		cmocka_unit_test(test_flush_of_wrong_range),
		cmocka_unit_test(test_flush_of_wrong_root),
		cmocka_unit_test(test_flush_after_unlock),
		cmocka_unit_test(test_frame_is_free_before_the_flush),
		cmocka_unit_test(test_table_is_free_before_the_flush),
		cmocka_unit_test(test_all_that_is_kept),
		cmocka_unit_test(test_by_host),
	};

	return MMU_RUN_TESTS(tests);
}
