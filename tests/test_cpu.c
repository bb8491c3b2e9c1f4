/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A CPU that caches, under KVM: it makes no difference to what comes out, as long as KVM
 * flushes where it must.  Where a flush is left out on purpose, the checker of stale
 * translations sees it; where none is left out, it sees nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glob.h>

#include "sim/check_stale.h"
#include "sim/replay.h"
#include "sim/run.h"
#include "tests/mmu_fixture.h"
#include "x86/ept.h"
#include "x86/npt.h"

#define G	MMU_1G			/* where the slot begins */
#define SIZE	(UINT64_C(16) << 20)
#define PAGE	UINT64_C(0x1000)
#define NR_CPUS	2

/* ------------------------------------------------------------------------- */
/* VMs whose vCPUs run on caching CPUs, and may lose flushes. */

struct machine {
	struct mmu_vm *vm;
	struct sim_cpu cpus[NR_CPUS];
	struct sim_stale_log log;
};

/* The vCPU, by number, that is not told to flush; -1: all are. */
static int victim = -1;

/* A vCPU that is told. */
static int bystander(void)
{
	return victim == 1 ? 0 : 1;
}

static void flush_unless_lost(struct kvm_vcpu *vcpu, enum sim_tlb_flush what)
{
	mmu_world_flush_tlb(vcpu, what);
	if (vcpu->vcpu_id != victim)
		sim_cpu_flush_tlb(vcpu, what);
}

static struct sim_world_ops machine_ops;

static struct machine *machine_start(const struct mmu_config *config)
{
	struct machine *m = calloc(1, sizeof(*m));
	int i;

	assert_non_null(m);
	mmu_load(config);
	m->vm = mmu_vm_create();
	machine_ops = mmu_world_ops;
	machine_ops.run_guest = sim_cpu_run;
	machine_ops.flush_tlb = flush_unless_lost;
	machine_ops.kick = sim_cpu_kick;
	m->vm->kvm->world_ops = &machine_ops;
	for (i = 0; i < NR_CPUS; i++) {
		m->cpus[i].vcpu = i ? mmu_vcpu_add(m->vm, i) : m->vm->vcpu;
		m->cpus[i].vcpu->world = &m->cpus[i];
	}
	sim_check_stale_start(&m->log);
	return m;
}

static void machine_stop(struct machine *m)
{
	int i;

	sim_check_stale_stop();
	mmu_vm_destroy(m->vm);
	for (i = 0; i < NR_CPUS; i++)
		sim_cpu_exit(&m->cpus[i]);
	free(m);
	victim = -1;
}

/* An access of the guest, with all the exits that it takes. */
static void guest(struct machine *m, int cpu, enum sim_access_type type, u64 gpa)
{
	struct sim_cpu *c = &m->cpus[cpu];

	sim_cpu_reset(c);
	sim_instruction_add(sim_cpu_add_instruction(c, SIM_EXIT_IO), type, gpa, false);
	while (c->ip < c->nr_code)
		assert_int_equal(kvm_vcpu_run(c->vcpu), 0);
}

static struct sim_tlb *tlb(struct machine *m, int cpu)
{
	return &m->cpus[cpu].tlb;
}

/* ------------------------------------------------------------------------- */
/* Whatever takes rights away from a guest, with and without the flush. */

static void zap_by_notifier(struct machine *m)
{
	kvm_mmu_notifier_invalidate_range_start(m->vm->kvm, MMU_HVA_BASE + G,
						MMU_HVA_BASE + G + MMU_2M);
	kvm_mmu_notifier_invalidate_range_end(m->vm->kvm, MMU_HVA_BASE + G,
					      MMU_HVA_BASE + G + MMU_2M);
}

static void zap_range(struct machine *m)
{
	kvm_zap_gfn_range(m->vm->kvm, G >> 12, (G >> 12) + 1);
}

static void start_log(struct machine *m)
{
	mmu_slot(m->vm, 0, G, SIZE, KVM_MEM_LOG_DIRTY_PAGES);
}

static void get_log(struct machine *m)
{
	unsigned long bitmap[SIZE / PAGE / 64];

	assert_int_equal(kvm_vm_ioctl_get_dirty_log(m->vm->kvm, 0, bitmap), 0);
	assert_true(bitmap[0] & 1);
}

static void log_one_write(struct machine *m)
{
	start_log(m);
	guest(m, 0, SIM_ACCESS_WRITE, G);
	guest(m, 1, SIM_ACCESS_WRITE, G);
}

/* What was logged in small pages: the host could have a huge one all the time. */
static void log_small_pages(struct machine *m)
{
	m->vm->world.level = PG_LEVEL_2M;
	log_one_write(m);
}

static void end_log(struct machine *m)
{
	mmu_slot(m->vm, 0, G, SIZE, 0);
}

static void use_huge_page(struct machine *m)
{
	m->vm->world.level = PG_LEVEL_2M;
}

/* A fetch from a huge page that must not execute: it makes room for a table. */
static void fetch_small_page(struct machine *m)
{
	guest(m, bystander(), SIM_ACCESS_FETCH, G + PAGE);
}

static void execute_small_page(struct machine *m)
{
	m->vm->world.level = PG_LEVEL_2M;
	guest(m, 0, SIM_ACCESS_FETCH, G);
	guest(m, 1, SIM_ACCESS_FETCH, G);
}

static void recover_huge_page(struct machine *m)
{
	kvm_recover_nx_huge_pages(m->vm->kvm, 1);
}

/* The slot comes back with memory of another place behind it. */
static void replace_slot(struct machine *m)
{
	const struct kvm_userspace_memory_region region = {
		.guest_phys_addr = G,
		.memory_size = SIZE,
		.userspace_addr = 2 * MMU_HVA_BASE + G,
	};

	mmu_slot(m->vm, 0, G, 0, 0);
	assert_int_equal(kvm_set_memory_region(m->vm->kvm, &region), 0);
	/* Another vCPU finds it first; the roots are the same for all. */
	guest(m, bystander(), SIM_ACCESS_READ, G);
}

static void add_smram(struct machine *m)
{
	const struct kvm_userspace_memory_region region = {
		.slot = 1 << 16,
		.guest_phys_addr = G,
		.memory_size = SIZE,
		.userspace_addr = 2 * MMU_HVA_BASE + G,
	};

	assert_int_equal(kvm_set_memory_region(m->vm->kvm, &region), 0);
}

static void enter_smm(struct machine *m)
{
	kvm_inject_smi(m->cpus[0].vcpu);
	kvm_inject_smi(m->cpus[1].vcpu);
}

static void enter_nested(struct machine *m)
{
	kvm_set_guest_mode(m->cpus[0].vcpu, true);
	kvm_set_guest_mode(m->cpus[1].vcpu, true);
}

enum { EPT = 1, NPT = 2, BOTH = EPT | NPT, NX = 4, NO_PML = 8, NO_AD = 16 };

static const struct change {
	const char *name;
	int where;
	void (*before)(struct machine *m);
	void (*change)(struct machine *m);
	enum sim_access_type type;	/* what fills the caches, and uses them */
	u64 offset;			/* from G, of the second */
	const char *profile;		/* NULL: the default one */
	const char *verdict;
} changes[] = {
	{ "notifier", BOTH, NULL, zap_by_notifier, SIM_ACCESS_READ, 0, NULL,
	  "the tables do not allow the access" },
	{ "notifier, v6.1", BOTH, NULL, zap_by_notifier, SIM_ACCESS_WRITE, 8, "v6.1",
	  "the tables do not allow the access" },
	{ "notifier, v6.12", BOTH, NULL, zap_by_notifier, SIM_ACCESS_FETCH, 0, "v6.12",
	  "the tables do not allow the access" },
	{ "notifier, huge page", BOTH, use_huge_page, zap_by_notifier, SIM_ACCESS_READ, PAGE,
	  NULL, "the tables do not allow the access" },
	{ "range", BOTH, NULL, zap_range, SIM_ACCESS_READ, 0, NULL,
	  "the tables do not allow the access" },
	{ "log begins", NPT, NULL, start_log, SIM_ACCESS_WRITE, 0, NULL,
	  "the tables do not allow the access" },
	{ "log begins, no PML", EPT | NO_PML, NULL, start_log, SIM_ACCESS_WRITE, 0, NULL,
	  "the tables do not allow the access" },
	{ "log begins, no A/D", EPT | NO_AD, NULL, start_log, SIM_ACCESS_WRITE, 0, NULL,
	  "the tables do not allow the access" },
	{ "log begins, PML", EPT, NULL, start_log, SIM_ACCESS_WRITE, 0, NULL,
	  "D is clear, this write will not set it, and the dirty log misses it" },
	{ "log is taken", NPT, log_one_write, get_log, SIM_ACCESS_WRITE, 0, NULL,
	  "the tables do not allow the access" },
	{ "log is taken, PML", EPT, log_one_write, get_log, SIM_ACCESS_WRITE, 0, NULL,
	  "D is clear, this write will not set it, and the dirty log misses it" },
	{ "log ends, page", BOTH, log_small_pages, end_log, SIM_ACCESS_WRITE, 0, NULL,
	  "the tables do not allow the access" },
	{ "log ends, table", BOTH, log_small_pages, end_log, SIM_ACCESS_READ, PAGE, NULL,
	  "the root leads to no table of this level" },
	{ "huge page in the way", BOTH | NX, use_huge_page, fetch_small_page, SIM_ACCESS_READ,
	  2 * PAGE, "v6.1", "the tables do not allow the access" },
	{ "NX recovery, page", BOTH | NX, execute_small_page, recover_huge_page,
	  SIM_ACCESS_FETCH, 0, NULL, "the tables do not allow the access" },
	{ "NX recovery, table", BOTH | NX, execute_small_page, recover_huge_page,
	  SIM_ACCESS_FETCH, PAGE, NULL, "the root leads to no table of this level" },
	/* New roots have new EP4TAs, but the same ASID. */
	{ "new root", NPT, NULL, replace_slot, SIM_ACCESS_READ, 0, NULL,
	  "the tables map another page" },
	{ "SMM", NPT, add_smram, enter_smm, SIM_ACCESS_READ, 0, NULL,
	  "the tables do not allow the access" },
	{ "nested guest", NPT, NULL, enter_nested, SIM_ACCESS_READ, 0, NULL,
	  "the tables do not allow the access" },
};

#define NR_CHANGES	(sizeof(changes) / sizeof(changes[0]))

static struct machine *start_change(const struct change *change, bool intel)
{
	struct mmu_config config = mmu_config(change->profile ? change->profile :
							       SIM_PROFILE_DEFAULT, intel);
	struct machine *m;

	config.params.nx_huge_pages = !!(change->where & NX);
	config.params.pml = !(change->where & (NO_PML | NO_AD));
	config.params.eptad = !(change->where & NO_AD);
	m = machine_start(&config);
	mmu_slot(m->vm, 0, G, SIZE, 0);
	if (change->before)
		change->before(m);
	guest(m, 0, change->type, G);
	guest(m, 1, change->type, G);
	return m;
}

/*
 * Both vCPUs have used the page; then comes the change; then both use it again.  The one
 * that lost the flush goes first: a fault of the other would put the same page back.
 */
static void run_change(const struct change *change, bool intel, int lost)
{
	struct machine *m = start_change(change, intel);

	victim = lost;
	change->change(m);
	guest(m, !bystander(), change->type, G + change->offset);
	guest(m, bystander(), change->type, G + change->offset);

	if (lost < 0 && m->log.nr_stale)
		fail_msg("%s: %s", change->name, m->log.first);
	if (lost >= 0) {
		char who[32];

		snprintf(who, sizeof(who), "vCPU %d ", lost);
		if (!m->log.nr_stale)
			fail_msg("%s, %s: the flush that vCPU %d lost is not missed", change->name,
				 intel ? "EPT" : "NPT", lost);
		/* The vCPU that did flush is not the one to be named. */
		if (strncmp(m->log.first, who, strlen(who)) ||
		    !strstr(m->log.first, change->verdict))
			fail_msg("%s, %s, vCPU %d: %s", change->name, intel ? "EPT" : "NPT", lost,
				 m->log.first);
	}
	machine_stop(m);
}

static void run_changes(int lost)
{
	for (size_t i = 0; i < NR_CHANGES; i++) {
		if (changes[i].where & EPT)
			run_change(&changes[i], true, lost);
		if (changes[i].where & NPT)
			run_change(&changes[i], false, lost);
	}
}

static void test_flushes_suffice(void **state)
{
	run_changes(-1);
}

static void test_missing_flush_is_seen(void **state)
{
	run_changes(0);
}

/* The flush that came went to the other vCPU. */
static void test_flush_of_the_wrong_vcpu_is_seen(void **state)
{
	run_changes(1);
}

/* The request is cleared, by whatever mistake, before the vCPU looks at it. */
static void test_lost_request_is_seen(void **state)
{
	struct machine *m = start_change(&changes[0], true);

	zap_by_notifier(m);
	assert_true(kvm_check_request(KVM_REQ_TLB_FLUSH, m->cpus[0].vcpu));
	guest(m, 1, SIM_ACCESS_READ, G + PAGE);
	assert_int_equal(m->log.nr_stale, 0);
	guest(m, 0, SIM_ACCESS_READ, G);
	assert_int_equal(m->log.nr_stale, 1);
	machine_stop(m);
}

/* The report says who, where, what was cached, and what the tables have. */
static void test_report(void **state)
{
	struct machine *m = start_change(&changes[0], true);
	char cached[128];

	victim = 0;
	zap_by_notifier(m);
	guest(m, 0, SIM_ACCESS_READ, G + 0x18);
	snprintf(cached, sizeof(cached), ", gpa 0x40000000, 4K page 0x%llx000, rwx, WB ipat",
		 (unsigned long long)mmu_pfn(G));
	assert_non_null(strstr(m->log.first, "vCPU 0 reads gpa 0x40000018 by a stale translation"));
	assert_non_null(strstr(m->log.first, cached));
	assert_non_null(strstr(m->log.first, "level 2"));
	assert_non_null(strstr(m->log.first, "level 1"));
	assert_non_null(strstr(m->log.first, "empty"));
	machine_stop(m);
}

/* ------------------------------------------------------------------------- */
/* What needs no flush. */

/* While the flush is on its way nothing is wrong yet. */
static void test_pending_flush_excuses(void **state)
{
	static const int excuses[] = {
		KVM_REQ_TLB_FLUSH, KVM_REQ_TLB_FLUSH_CURRENT, KVM_REQ_MMU_FREE_OBSOLETE_ROOTS,
	};
	struct sim_access access = { .gpa = G, .type = SIM_ACCESS_READ, .gla_valid = true };
	struct machine *m = start_change(&changes[0], true);
	struct kvm_vcpu *vcpu = m->cpus[0].vcpu;
	char report[SIM_STALE_REPORT_SIZE];
	struct sim_tlb_entry entry;

	assert_true(sim_tlb_lookup(tlb(m, 0), vcpu->arch.hw_pgd & GENMASK_ULL(51, 12), G, &entry));
	assert_true(sim_check_stale(vcpu, &access, &entry, report, sizeof(report)));
	zap_by_notifier(m);
	assert_true(kvm_check_request(KVM_REQ_TLB_FLUSH, vcpu));
	assert_false(sim_check_stale(vcpu, &access, &entry, report, sizeof(report)));
	for (size_t i = 0; i < ARRAY_SIZE(excuses); i++) {
		kvm_make_request(excuses[i], vcpu);
		assert_true(sim_check_stale(vcpu, &access, &entry, report, sizeof(report)));
		assert_true(kvm_check_request(excuses[i], vcpu));
	}
	/* A request that flushes nothing. */
	kvm_make_request(KVM_REQ_EVENT, vcpu);
	assert_false(sim_check_stale(vcpu, &access, &entry, report, sizeof(report)));
	machine_stop(m);
}

/*
 * Aging without a flush: with A/D the CPU does not see that A is clear, without them not
 * that the SPTE lost R, W and X: there is no fault, and none is missed.
 */
static void test_aging_needs_no_flush(void **state)
{
	for (int ad = 0; ad < 2; ad++) {
		struct mmu_config config = mmu_config(SIM_PROFILE_DEFAULT, true);
		struct machine *m;
		u64 faults, spte;

		config.params.eptad = config.params.pml = ad;
		m = machine_start(&config);
		mmu_slot(m->vm, 0, G, SIZE, 0);
		guest(m, 0, SIM_ACCESS_WRITE, G);
		faults = m->cpus[0].vcpu->stat.pf_taken;
		assert_true(kvm_mmu_notifier_clear_young(m->vm->kvm, MMU_HVA_BASE + G,
							 MMU_HVA_BASE + G + PAGE));
		spte = mmu_spte(m->cpus[0].vcpu, G, NULL);
		guest(m, 0, SIM_ACCESS_WRITE, G);
		assert_int_equal(mmu_spte(m->cpus[0].vcpu, G, NULL), spte);
		assert_int_equal(m->cpus[0].vcpu->stat.pf_taken, faults);

		/* Behind a flush the page is found in use again. */
		assert_false(kvm_mmu_notifier_test_young(m->vm->kvm, MMU_HVA_BASE + G));
		kvm_flush_remote_tlbs(m->vm->kvm);
		guest(m, 0, SIM_ACCESS_WRITE, G);
		assert_true(kvm_mmu_notifier_test_young(m->vm->kvm, MMU_HVA_BASE + G));
		assert_int_equal(m->cpus[0].vcpu->stat.pf_taken, faults + !ad);
		assert_int_equal(m->log.nr_stale, 0);
		machine_stop(m);
	}
}

/* A vCPU whose translation is read-only sees that another one made the page writable. */
static void test_upgrade_by_another_vcpu(void **state)
{
	for (int intel = 0; intel < 2; intel++) {
		struct mmu_config config = mmu_config(SIM_PROFILE_DEFAULT, intel);
		struct machine *m = machine_start(&config);
		u64 walks, faults;

		mmu_slot(m->vm, 0, G, SIZE, 0);
		m->vm->world.writable = false;
		guest(m, 0, SIM_ACCESS_READ, G);
		guest(m, 1, SIM_ACCESS_READ, G);
		m->vm->world.writable = true;
		guest(m, 1, SIM_ACCESS_WRITE, G);

		faults = m->cpus[0].vcpu->stat.pf_taken;
		walks = tlb(m, 0)->nr_walks;
		guest(m, 0, SIM_ACCESS_WRITE, G);
		assert_int_equal(m->cpus[0].vcpu->stat.pf_taken, faults);
		assert_int_equal(tlb(m, 0)->nr_walks, walks + 1);
		assert_int_equal(m->log.nr_stale, 0);
		machine_stop(m);
	}
}

/* ------------------------------------------------------------------------- */
/* Flushes as KVM asks for them. */

static bool has(struct machine *m, u64 tag)
{
	struct sim_tlb_entry entry;

	return sim_tlb_lookup(tlb(m, 0), tag, G, &entry);
}

/* SDM: INVVPID spares guest-physical mappings, single-context INVEPT those of other EP4TAs. */
static void test_flush_kinds_on_intel(void **state)
{
	struct mmu_config config = mmu_config(SIM_PROFILE_DEFAULT, true);
	struct machine *m = machine_start(&config);
	struct kvm_vcpu *vcpu = m->cpus[0].vcpu;
	u64 l1, l2;

	mmu_slot(m->vm, 0, G, SIZE, 0);
	guest(m, 0, SIM_ACCESS_READ, G);
	l1 = vcpu->arch.hw_pgd & GENMASK_ULL(51, 12);
	kvm_set_guest_mode(vcpu, true);
	guest(m, 0, SIM_ACCESS_READ, G);
	l2 = vcpu->arch.hw_pgd & GENMASK_ULL(51, 12);
	assert_int_not_equal(l1, l2);
	/* Another root was loaded, and flushed alone. */
	assert_true(has(m, l1));
	assert_true(has(m, l2));

	sim_cpu_flush_tlb(vcpu, SIM_TLB_FLUSH_GUEST);
	assert_true(has(m, l1) && has(m, l2));
	sim_cpu_flush_tlb(vcpu, SIM_TLB_FLUSH_CURRENT);
	assert_true(has(m, l1) && !has(m, l2));
	guest(m, 0, SIM_ACCESS_READ, G);
	sim_cpu_flush_tlb(vcpu, SIM_TLB_FLUSH_ALL);
	assert_false(has(m, l1) || has(m, l2));
	machine_stop(m);
}

/* AMD: whatever is asked for, the ASID is flushed. */
static void test_flush_kinds_on_amd(void **state)
{
	struct mmu_config config = mmu_config(SIM_PROFILE_DEFAULT, false);
	struct machine *m = machine_start(&config);
	int what;

	mmu_slot(m->vm, 0, G, SIZE, 0);
	for (what = SIM_TLB_FLUSH_ALL; what <= SIM_TLB_FLUSH_GUEST; what++) {
		u64 hits;

		guest(m, 0, SIM_ACCESS_READ, G);
		hits = tlb(m, 0)->nr_hits;
		guest(m, 0, SIM_ACCESS_READ, G);
		assert_int_equal(tlb(m, 0)->nr_hits, hits + 1);
		sim_cpu_flush_tlb(m->cpus[0].vcpu, what);
		guest(m, 0, SIM_ACCESS_READ, G);
		assert_int_equal(tlb(m, 0)->nr_hits, hits + 1);
	}
	machine_stop(m);
}

/* Without caches all is walked for, and nobody is shown anything. */
static void test_caches_off(void **state)
{
	struct mmu_config config = mmu_config(SIM_PROFILE_DEFAULT, true);
	struct machine *m = machine_start(&config);

	mmu_slot(m->vm, 0, G, SIZE, 0);
	sim_config_cpu_caches = false;
	guest(m, 0, SIM_ACCESS_READ, G);
	guest(m, 0, SIM_ACCESS_READ, G);
	sim_config_cpu_caches = true;
	assert_int_equal(m->cpus[0].nr_accesses, 2);
	assert_int_equal(tlb(m, 0)->nr_walks + tlb(m, 0)->nr_hits, 0);
	assert_int_equal(m->log.nr_judged, 0);
	machine_stop(m);
}

/* ------------------------------------------------------------------------- */
/* Recordings and scenarios. */

/* Replay all recordings: how many cached entries were judged on the way. */
static unsigned long replay_all(const char *pattern)
{
	unsigned long nr_judged = 0;
	glob_t paths;

	assert_int_equal(glob(pattern, 0, NULL, &paths), 0);
	for (size_t i = 0; i < paths.gl_pathc; i++) {
		struct sim_replay_options opt = { .out = stdout };
		struct sim_stale_log log = { 0 };
		struct sim_replay_result result;
		struct sim_recording *recording;
		struct sim_replay replay;
		char err[1024];

		recording = sim_recording_read(paths.gl_pathv[i], err, sizeof(err));
		if (!recording || sim_replay_start(&replay, recording, NULL, err, sizeof(err)))
			fail_msg("%s", err);
		sim_check_stale_start(&log);
		assert_int_equal(sim_replay_run(&replay, &opt, &result), 0);
		sim_replay_stop(&replay);
		sim_check_stale_stop();
		sim_recording_free(recording);

		assert_int_equal(result.nr_mismatches, 0);
		if (log.nr_stale)
			fail_msg("%s: %s", paths.gl_pathv[i], log.first);
		nr_judged += log.nr_judged;
	}
	globfree(&paths);
	return nr_judged;
}

/* Real CPUs cache: with caches all comes out as it did there. */
static void test_recordings_with_caches(void **state)
{
	assert_true(replay_all(TEST_DIR "/recordings/*/*.vec.zst") > 10000);
}

/* And without them too: what was recorded does not depend on what a CPU chose to keep. */
static void test_recordings_without_caches(void **state)
{
	sim_config_cpu_caches = false;
	assert_int_equal(replay_all(TEST_DIR "/recordings/*/*.vec.zst"), 0);
	sim_config_cpu_caches = true;
}

static unsigned long run_scenario(const char *path, const struct sim_run_config *config)
{
	struct sim_script_config script_config = sim_run_script_config(config);
	struct sim_stale_log log = { 0 };
	struct sim_run_result result;
	struct sim_script *script;
	struct sim_run run;
	char err[1024];

	script = sim_script_read(path, &script_config, err, sizeof(err));
	if (!script)
		fail_msg("%s", err);
	sim_check_stale_start(&log);
	assert_int_equal(sim_run_start(&run, script, config), 0);
	/* What it expects is another test's business. */
	assert_int_equal(sim_run_steps(&run, NULL, NULL, 0, &result), 0);
	sim_run_stop(&run);
	sim_check_stale_stop();
	sim_script_free(script);
	if (log.nr_stale)
		fail_msg("%s, %s: %s", path, config->cpu.intel ? "EPT" : "NPT", log.first);
	return log.nr_judged;
}

/* The library of scenarios, with all kinds of tables and of dirty logging. */
static void test_scenarios(void **state)
{
	static const struct { bool intel, ad, pml; const char *profile; } machines[] = {
		{ true, true, true, "v6.12" },
		{ true, true, false, "v6.4" },
		{ true, false, false, "v6.1" },
		{ false, true, false, "v6.12" },
		{ false, true, false, "v6.1" },
	};
	unsigned long nr_judged = 0;
	glob_t paths;

	assert_int_equal(glob(TEST_DIR "/scenarios/*.sc", 0, NULL, &paths), 0);
	for (size_t i = 0; i < paths.gl_pathc; i++) {
		for (size_t j = 0; j < ARRAY_SIZE(machines); j++) {
			struct sim_run_config config;

			sim_run_config_init(&config);
			config.profile = sim_profile_find(machines[j].profile);
			config.cpu.intel = machines[j].intel;
			config.cpu.maxphyaddr = 40;
			config.params.eptad = machines[j].ad;
			config.params.pml = machines[j].pml;
			nr_judged += run_scenario(paths.gl_pathv[i], &config);
		}
	}
	globfree(&paths);
	assert_true(nr_judged > 1000);
}

/* A failed test may have left any of it behind. */
static int test_teardown(void **state)
{
	sim_check_stale_stop();
	sim_config_cpu_caches = true;
	victim = -1;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_flushes_suffice, test_teardown),
		cmocka_unit_test_teardown(test_missing_flush_is_seen, test_teardown),
		cmocka_unit_test_teardown(test_flush_of_the_wrong_vcpu_is_seen, test_teardown),
		cmocka_unit_test_teardown(test_lost_request_is_seen, test_teardown),
		cmocka_unit_test_teardown(test_report, test_teardown),
		cmocka_unit_test_teardown(test_pending_flush_excuses, test_teardown),
		cmocka_unit_test_teardown(test_aging_needs_no_flush, test_teardown),
		cmocka_unit_test_teardown(test_upgrade_by_another_vcpu, test_teardown),
		cmocka_unit_test_teardown(test_flush_kinds_on_intel, test_teardown),
		cmocka_unit_test_teardown(test_flush_kinds_on_amd, test_teardown),
		cmocka_unit_test_teardown(test_caches_off, test_teardown),
		cmocka_unit_test_teardown(test_recordings_with_caches, test_teardown),
		cmocka_unit_test_teardown(test_recordings_without_caches, test_teardown),
		cmocka_unit_test_teardown(test_scenarios, test_teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_STDOUT);
	return MMU_RUN_TESTS(tests);
}
