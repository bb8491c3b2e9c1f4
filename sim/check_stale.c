/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>

#include "mmu/mmu.h"
#include "mmu/spte.h"
#include "sim/check_stale.h"
#include "sim/describe.h"

/* ---- A walk that looks and leaves no trace ---- */

/* The entries on the way, from the root down. */
struct trail {
	u64 spte[PT64_ROOT_MAX_LEVEL];
	unsigned int nr;
};

/* An entry as the CPU would see it if it were not tracked. */
static u64 untracked(u64 spte)
{
	if (!is_shadow_present_pte(spte) || !shadow_acc_track_mask || !is_access_track_spte(spte))
		return spte;
	spte = restore_acc_track_spte(spte);
	return is_mmu_writable_spte(spte) ? spte | PT_WRITABLE_MASK : spte;
}

static uint64_t look_at_entry(void *ctx, uint64_t pa)
{
	u64 spte = READ_ONCE(*(u64 *)__va(pa));
	struct trail *trail = ctx;

	trail->spte[trail->nr++] = spte;
	return untracked(spte);
}

static bool set_nothing(void *ctx, uint64_t pa, uint64_t old, uint64_t bits)
{
	return true;
}

struct look {
	const struct sim_paging_format *fmt;
	struct sim_paging_caps caps;
	u64 root;
	struct trail trail;
	struct sim_walk_result res;
};

static void look_for_page(struct look *look, const struct sim_access *access)
{
	const struct sim_walk_mem mem = { look_at_entry, set_nothing, &look->trail };

	sim_walk(look->fmt, &look->caps, look->root, access, &mem, NULL, &look->res);
}

/* The rights above the table that the root leads to at a level, and its address; 0: none. */
static u64 look_for_table(struct look *look, u64 gpa, int level, unsigned int *rights)
{
	u64 table = look->root;
	int at;

	*rights = SIM_RIGHT_ALL;
	for (at = (int)look->caps.levels; at > level; at--) {
		u64 pa = table + sizeof(u64) * sim_pt_index(gpa, at);
		u64 spte = look_at_entry(&look->trail, pa);

		if (!look->fmt->present(spte) || look->fmt->reserved(&look->caps, spte, at) ||
		    look->fmt->leaf(&look->caps, spte, at))
			return 0;
		*rights &= look->fmt->rights(spte);
		table = sim_pt_address(spte, 1);
	}
	return table;
}

/* ---- Verdicts: what is wrong, or NULL ---- */

/* Whether a write that sets no D is one that the dirty log will never show. */
static bool misses_log(struct kvm_vcpu *vcpu, gfn_t gfn)
{
	const struct kvm_memory_slot *slot;
	int idx = srcu_read_lock(&vcpu->kvm->srcu);
	bool misses;

	slot = kvm_vcpu_gfn_to_memslot(vcpu, gfn);
	misses = slot && kvm_slot_dirty_track_enabled(slot) &&
		 !test_bit(gfn - slot->base_gfn, slot->dirty_bitmap);
	srcu_read_unlock(&vcpu->kvm->srcu, idx);
	return misses;
}

static const char *judge_table(struct look *look, const struct sim_access *access,
			       const struct sim_tlb_entry *entry)
{
	unsigned int rights;
	u64 table = look_for_table(look, access->gpa, entry->level, &rights);

	if (!table)
		return "the root leads to no table of this level";
	if (table != entry->hpa)
		return "the root leads to another table";
	if (entry->rights & ~rights)
		return "the entries above the table grant less";
	return NULL;
}

static const char *judge_page(struct kvm_vcpu *vcpu, struct look *look,
			      const struct sim_access *access, const struct sim_tlb_entry *entry)
{
	const struct sim_walk_result *res = &look->res;
	bool dirties = look->fmt->needs(&look->caps, access) & SIM_RIGHT_WRITE;

	look_for_page(look, access);
	if (res->status == SIM_WALK_MISCONFIG)
		return "the tables have a malformed entry";
	if (res->status != SIM_WALK_OK)
		return "the tables do not allow the access";
	if (res->hpa != entry->hpa + (access->gpa - entry->gpa))
		return "the tables map another page";
	if (res->memtype != entry->memtype || res->ipat != entry->ipat)
		return "the tables have another memory type";
	if (dirties && look->caps.ad && !(res->entry & look->fmt->dirty) &&
	    misses_log(vcpu, access->gpa >> PAGE_SHIFT))
		return "D is clear, this write will not set it, and the dirty log misses it";
	return NULL;
}

static bool flush_pending(struct kvm_vcpu *vcpu)
{
	return kvm_test_request(KVM_REQ_TLB_FLUSH, vcpu) ||
	       kvm_test_request(KVM_REQ_TLB_FLUSH_CURRENT, vcpu) ||
	       kvm_test_request(KVM_REQ_MMU_FREE_OBSOLETE_ROOTS, vcpu);
}

/* ---- Reports ---- */

struct text {
	char *buf;
	size_t size, len;
};

__attribute__((format(printf, 2, 3)))
static void add(struct text *text, const char *fmt, ...)
{
	va_list args;
	int n;

	if (text->len >= text->size)
		return;
	va_start(args, fmt);
	n = vsnprintf(text->buf + text->len, text->size - text->len, fmt, args);
	va_end(args);
	text->len += n > 0 ? (size_t)n : 0;
}

static void add_entry(struct text *text, const struct sim_tlb_entry *entry)
{
	add(text, "  cached   tag 0x%" PRIx64 ", gpa 0x%" PRIx64 ", ", entry->tag, entry->gpa);
	if (entry->table)
		add(text, "table of level %d at 0x%" PRIx64, entry->level, entry->hpa);
	else
		add(text, "%s page 0x%" PRIx64, sim_level_size(entry->level), entry->hpa);
	add(text, ", %c%c%c", entry->rights & SIM_RIGHT_READ ? 'r' : '-',
	    entry->rights & SIM_RIGHT_WRITE ? 'w' : '-', entry->rights & SIM_RIGHT_EXEC ? 'x' : '-');
	if (!entry->table && kvm_cpu.intel)
		add(text, ", %s%s", sim_memtype_name(entry->memtype), entry->ipat ? " ipat" : "");
	add(text, "%s\n", entry->dirty_known ? ", D known" : "");
}

static void report_stale(const struct kvm_vcpu *vcpu, const struct sim_access *access,
			 const struct sim_tlb_entry *entry, const struct look *look,
			 const char *verdict, struct text *text)
{
	static const char *const does[] = {
		[SIM_ACCESS_READ] = "reads",
		[SIM_ACCESS_WRITE] = "writes",
		[SIM_ACCESS_FETCH] = "fetches",
	};
	char words[SIM_DESCRIBE_SIZE];
	unsigned int i;

	add(text, "vCPU %d %s gpa 0x%" PRIx64 "%s by a stale %s: %s\n", vcpu->vcpu_id,
	    does[access->type], access->gpa, access->guest_table ? " (a guest table)" : "",
	    entry->table ? "cached table" : "translation", verdict);
	add_entry(text, entry);
	add(text, "  tables   root 0x%" PRIx64 "\n", (uint64_t)look->root);
	for (i = 0; i < look->trail.nr; i++) {
		int level = (int)(look->caps.levels - i);

		sim_describe_spte(look->trail.spte[i], level, 0, words, sizeof(words));
		add(text, "  level %d  0x%016" PRIx64 "  %s\n", level,
		    (uint64_t)look->trail.spte[i], words);
	}
}

bool sim_check_stale(struct kvm_vcpu *vcpu, const struct sim_access *access,
		     const struct sim_tlb_entry *entry, char *report, size_t report_size)
{
	struct text text = { .buf = report, .size = report_size };
	struct look look = {
		.fmt = sim_describe_format(),
		.caps = sim_cpu_caps(vcpu),
		.root = vcpu->arch.mmu->root.hpa,
	};
	const char *verdict = "the vCPU has no root";

	if (flush_pending(vcpu))
		return true;

	if (VALID_PAGE(look.root)) {
		rcu_read_lock();
		verdict = entry->table ? judge_table(&look, access, entry) :
					 judge_page(vcpu, &look, access, entry);
		rcu_read_unlock();
	}
	if (!verdict)
		return true;
	report_stale(vcpu, access, entry, &look, verdict, &text);
	return false;
}

/* ---- All uses ---- */

static struct sim_stale_log *stale_log;

static void judge_use(struct kvm_vcpu *vcpu, const struct sim_access *access,
		      const struct sim_tlb_entry *entry, bool hit)
{
	char report[SIM_STALE_REPORT_SIZE];

	if (!hit)
		return;
	__atomic_fetch_add(&stale_log->nr_judged, 1, __ATOMIC_RELAXED);
	if (sim_check_stale(vcpu, access, entry, report, sizeof(report)))
		return;
	if (!__atomic_fetch_add(&stale_log->nr_stale, 1, __ATOMIC_RELAXED))
		snprintf(stale_log->first, sizeof(stale_log->first), "%s", report);
}

void sim_check_stale_start(struct sim_stale_log *log)
{
	stale_log = log;
	sim_cpu_on_access = judge_use;
}

void sim_check_stale_stop(void)
{
	sim_cpu_on_access = NULL;
	stale_log = NULL;
}
