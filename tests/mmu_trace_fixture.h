/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_MMU_TRACE_FIXTURE_H
#define TESTS_MMU_TRACE_FIXTURE_H

/*
 * What the tests of mmu/ see through its tracepoints: the events that matter to them, in the
 * order in which they came, and a hook for tests that act in the middle of something.  Include
 * after tests/mmu_fixture.h.
 */

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include <linux/kconfig.h>
#include <linux/refcount.h>

#include "sim/thread.h"

enum trace_type {
	TRACE_CHANGED,		/* an SPTE: as_id, gfn, level, old_spte, new_spte */
	TRACE_FLUSH,		/* of all TLBs; locked: mmu_lock was held */
	TRACE_ZAP_ROOT,		/* one pass: root, level, shared, count of references */
	TRACE_ZAP_ALL_FAST,
	TRACE_INVALIDATE,
	TRACE_ZAP_INVALIDATED,
	TRACE_PREPARE_ZAP,	/* a table is taken apart: gfn, level */
	TRACE_SPLIT,		/* gfn, level, err */
	TRACE_FAST,		/* fast_page_fault(): ret, old_spte */
	TRACE_CHECK_MMIO,	/* kvm_gen, spte_gen */
	TRACE_HANDLE_MMIO,	/* gfn */
	TRACE_MARK_MMIO,	/* gfn, new_spte */
};

struct trace_record {
	enum trace_type type;
	int as_id, level, ret;
	gfn_t gfn;
	u64 old_spte, new_spte;
	u32 kvm_gen, spte_gen;
	const void *root;
	unsigned int count;
	bool shared, locked;
};

#define TRACE_MAX	4096

static struct trace_record trace_log[TRACE_MAX];
static unsigned long trace_nr;
/* Called with each event, in the thread that made it. */
static void (*trace_hook)(const struct trace_record *event);

static inline void trace_add(struct trace_record event)
{
	unsigned long n = __atomic_fetch_add(&trace_nr, 1, __ATOMIC_SEQ_CST);

	if (n < TRACE_MAX)
		trace_log[n] = event;
	if (trace_hook)
		trace_hook(&event);
}

/* All events, for those that nothing is overridden for. */
#define TRACE_NOTHING(system, name, proto, args, ...) \
static inline void trace_nothing_##name proto { }
KVM_MMU_TRACEPOINTS(TRACE_NOTHING)
#undef TRACE_NOTHING

static inline void trace_on_changed(int as_id, gfn_t gfn, int level, u64 old_spte, u64 new_spte)
{
	trace_add((struct trace_record) { .type = TRACE_CHANGED, .as_id = as_id, .gfn = gfn,
		  .level = level, .old_spte = old_spte, .new_spte = new_spte });
}

static inline void trace_on_flush(const struct kvm *kvm)
{
	trace_add((struct trace_record) { .type = TRACE_FLUSH,
		  .locked = lockdep_is_held(&kvm->mmu_lock) });
}

static inline void trace_on_zap_root(const struct kvm_mmu_page *root, int zap_level, bool shared)
{
	trace_add((struct trace_record) { .type = TRACE_ZAP_ROOT, .root = root,
		  .level = zap_level, .shared = shared,
		  .count = refcount_read(&root->tdp_mmu_root_count) });
}

static inline void trace_on_zap_all_fast(const struct kvm *kvm)
{
	trace_add((struct trace_record) { .type = TRACE_ZAP_ALL_FAST });
}

static inline void trace_on_invalidate(const struct kvm *kvm)
{
	trace_add((struct trace_record) { .type = TRACE_INVALIDATE });
}

static inline void trace_on_zap_invalidated(const struct kvm *kvm)
{
	trace_add((struct trace_record) { .type = TRACE_ZAP_INVALIDATED });
}

static inline void trace_on_prepare_zap(const struct kvm_mmu_page *sp)
{
	trace_add((struct trace_record) { .type = TRACE_PREPARE_ZAP, .gfn = sp->gfn,
		  .level = sp->role.level });
}

static inline void trace_on_split(gfn_t gfn, u64 spte, int level, int err)
{
	trace_add((struct trace_record) { .type = TRACE_SPLIT, .gfn = gfn, .old_spte = spte,
		  .level = level, .ret = err });
}

static inline void trace_on_fast(const struct kvm_vcpu *vcpu, const struct kvm_page_fault *fault,
				 const u64 *sptep, u64 old_spte, int ret)
{
	trace_add((struct trace_record) { .type = TRACE_FAST, .gfn = fault->gfn,
		  .old_spte = old_spte, .ret = ret });
}

static inline void trace_on_check_mmio(u64 spte, u32 kvm_gen, u32 spte_gen)
{
	trace_add((struct trace_record) { .type = TRACE_CHECK_MMIO, .old_spte = spte,
		  .kvm_gen = kvm_gen, .spte_gen = spte_gen });
}

static inline void trace_on_handle_mmio(u64 addr, gfn_t gfn, unsigned int access)
{
	trace_add((struct trace_record) { .type = TRACE_HANDLE_MMIO, .gfn = gfn });
}

static inline void trace_on_mark_mmio(const u64 *sptep, gfn_t gfn, u64 spte)
{
	trace_add((struct trace_record) { .type = TRACE_MARK_MMIO, .gfn = gfn,
		  .new_spte = spte });
}

static const struct kvm_trace_sink trace_sink = {
	.kvm_page_fault = trace_nothing_kvm_page_fault,
	.kvm_mmu_get_page = trace_nothing_kvm_mmu_get_page,
	.kvm_mmu_prepare_zap_page = trace_on_prepare_zap,
	.mark_mmio_spte = trace_on_mark_mmio,
	.handle_mmio_page_fault = trace_on_handle_mmio,
	.check_mmio_spte = trace_on_check_mmio,
	.fast_page_fault = trace_on_fast,
	.kvm_mmu_zap_all_fast = trace_on_zap_all_fast,
	.kvm_mmu_set_spte = trace_nothing_kvm_mmu_set_spte,
	.kvm_mmu_spte_requested = trace_nothing_kvm_mmu_spte_requested,
	.kvm_tdp_mmu_spte_changed = trace_on_changed,
	.kvm_mmu_split_huge_page = trace_on_split,
	.kvm_tdp_mmu_invalidate_all_roots = trace_on_invalidate,
	.kvm_tdp_mmu_zap_invalidated_roots = trace_on_zap_invalidated,
	.kvm_tdp_mmu_zap_root = trace_on_zap_root,
	.kvm_flush_remote_tlbs = trace_on_flush,
};

/* Begin to record, from an empty log. */
static inline void trace_start(void)
{
	trace_nr = 0;
	trace_hook = NULL;
	kvm_trace_sink = &trace_sink;
}

static inline void trace_stop(void)
{
	kvm_trace_sink = NULL;
	trace_hook = NULL;
	assert_true(trace_nr <= TRACE_MAX);
}

static inline unsigned long trace_count(enum trace_type type)
{
	unsigned long i, n = 0;

	for (i = 0; i < trace_nr; i++)
		n += trace_log[i].type == type;
	return n;
}

/* The event of a type by number, from 0; it must be there. */
static inline const struct trace_record *trace_get(enum trace_type type, unsigned long nth)
{
	unsigned long i;

	for (i = 0; i < trace_nr; i++)
		if (trace_log[i].type == type && !nth--)
			return &trace_log[i];
	fail_msg("event %d is missing", type);
	return NULL;
}

/* ---- Every kernel generation, format and depth ---- */

static const char *const mmu_profiles[] = { "v6.1", "v6.4", "v6.12" };

#define MMU_NR_PROFILES	(sizeof(mmu_profiles) / sizeof(mmu_profiles[0]))
#define MMU_NR_CONFIGS	(MMU_NR_PROFILES * 2 * 2)

/* Configuration @i below MMU_NR_CONFIGS: profile, EPT or NPT, 4 or 5 levels. */
static inline struct mmu_config mmu_config_at(unsigned int i)
{
	struct mmu_config config = mmu_config(mmu_profiles[i / 4], i / 2 % 2);

	if (i % 2) {
		/* With up to 48 address bits EPT makes do with four levels. */
		config.cpu.levels = 5;
		config.cpu.maxphyaddr = 50;
	}
	return config;
}

/* Load the module for a profile and a format; 4 levels. */
static inline void mmu_load_simple(const char *profile, bool intel)
{
	const struct mmu_config config = mmu_config(profile, intel);

	mmu_load(&config);
}

static inline bool mmu_profile_is(const char *name)
{
	return !strcmp(kvm_profile->name, name);
}

static inline bool mmu_early_profile(void)
{
	return !mmu_profile_is("v6.12");
}

static inline u64 mmu_flush_requests(const struct mmu_vm *vm)
{
	return atomic64_read(&vm->kvm->stat.remote_tlb_flush_requests);
}

/* An entry without the bit that v6.10 and later set in all entries of EPT. */
static inline u64 mmu_plain(u64 spte)
{
	return kvm_cpu.intel ? spte & ~(UINT64_C(1) << 63) : spte;
}

/* ---- Other threads ---- */

#define FLAG_SET(flag)	__atomic_store_n(&(flag), true, __ATOMIC_SEQ_CST)
#define FLAG_GET(flag)	__atomic_load_n(&(flag), __ATOMIC_SEQ_CST)

static inline long long mmu_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* True as soon as @cond is, false if it is not within @ns. */
#define within_ns(ns, cond)							\
({										\
	long long __within_end = mmu_now_ns() + (ns);				\
	bool __within_ok;							\
	while (!(__within_ok = (cond)) && mmu_now_ns() < __within_end)		\
		sched_yield();							\
	__within_ok;								\
})

/* For what has to happen, and for what must not. */
#define MUST_NS		10000000000LL
#define MUST_NOT_NS	4000000LL

/* ---- WARNs that a test wants to see ---- */

static unsigned long mmu_reports;

static inline void mmu_keep_report(enum sim_report_kind kind, const char *file, int line,
				   const char *msg)
{
	MMU_COUNT(mmu_reports);
}

/* How many reports @statement makes; they do not count against the group. */
#define reports_of(statement)							\
({										\
	unsigned long __warns = sim_warn_count();				\
	mmu_reports = 0;							\
	sim_warn_once_clear();							\
	sim_set_report_handler(mmu_keep_report);				\
	statement;								\
	sim_set_report_handler(NULL);						\
	mmu_expected_warns(sim_warn_count() - __warns);				\
	mmu_reports;								\
})

/* ---- The notifier ---- */

static inline void mmu_notify_start(struct mmu_vm *vm, gpa_t start, gpa_t end)
{
	kvm_mmu_notifier_invalidate_range_start(vm->kvm, MMU_HVA_BASE + start,
						MMU_HVA_BASE + end);
}

static inline void mmu_notify_end(struct mmu_vm *vm, gpa_t start, gpa_t end)
{
	kvm_mmu_notifier_invalidate_range_end(vm->kvm, MMU_HVA_BASE + start, MMU_HVA_BASE + end);
}

#endif /* TESTS_MMU_TRACE_FIXTURE_H */
