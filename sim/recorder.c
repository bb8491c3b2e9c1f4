/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mmu/mmutrace.h"
#include "mmu/spte.h"
#include "sim/fold.h"
#include "sim/mem.h"
#include "sim/recorder.h"

/* The recorder that the tracepoints feed. */
static struct sim_recorder *active;

/* ---- Lists ---- */

static struct sim_event *list_add_event(struct sim_recorder *rec, struct sim_event_list *list,
					uint32_t type)
{
	struct sim_event *event;

	if (list->nr == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 256;
		struct sim_event *events = realloc(list->events, capacity * sizeof(*events));

		if (!events) {
			rec->failed = true;
			return &list->events[0];
		}
		list->events = events;
		list->capacity = capacity;
	}
	event = &list->events[list->nr++];
	memset(event, 0, sizeof(*event));
	event->type = type;
	return event;
}

/* Where the event to come is to be put. */
static struct sim_event *add_event(struct sim_recorder *rec, enum sim_event_type type)
{
	rec->nr_of[type]++;
	return rec->count_only ? &rec->scratch : list_add_event(rec, &rec->events, type);
}

static struct sim_event *new_event(enum sim_event_type type)
{
	return add_event(active, type);
}

void sim_recorder_add(struct sim_recorder *rec, const struct sim_event *event)
{
	*add_event(rec, event->type) = *event;
}

void sim_recorder_result(struct sim_recorder *rec, const struct sim_event *event)
{
	*list_add_event(rec, &rec->results, event->type) = *event;
}

void sim_recorder_young(struct sim_recorder *rec, bool young)
{
	struct sim_event *event = list_add_event(rec, &rec->results, SIM_EV_YOUNG);

	event->young.young = young;
}

void sim_recorder_host_page(struct sim_recorder *rec, const struct sim_event *event)
{
	rec->host_page = *event;
	rec->have_host_page = true;
}

/* ---- Values ---- */

#define NR_TABLE_FRAMES	((SIM_MEM_END - SIM_MEM_BASE) >> PAGE_SHIFT)

static u32 *table_number(u64 spte)
{
	return &active->table_numbers[spte_to_pfn(spte) - (SIM_MEM_BASE >> PAGE_SHIFT)];
}

/*
 * An entry that points to a table: frame numbers of tables are an accident, so the
 * table's number stands for it.  @is_new: the table has just been linked here, and
 * nothing that had its frame before counts.
 */
static void split_spte(u64 spte, int level, bool is_new, uint64_t *bits, uint64_t *table)
{
	*bits = spte;
	*table = 0;
	if (!is_shadow_present_pte(spte) || is_last_spte(spte, level))
		return;

	if (is_new)
		*table_number(spte) = ++active->nr_tables;
	*table = *table_number(spte);
	*bits = spte & ~SPTE_BASE_ADDR_MASK;
}

static u64 role_flags(const struct kvm_mmu_page *sp)
{
	union kvm_mmu_page_role role = sp->role;

	return (role.direct ? SIM_ROLE_DIRECT : 0) |
	       (u64)role.access << SIM_ROLE_ACCESS_SHIFT |
	       (role.invalid ? SIM_ROLE_INVALID : 0) |
	       (role.efer_nx ? SIM_ROLE_NX : 0) |
	       (role.ad_disabled ? SIM_ROLE_AD_DISABLED : 0);
}

/* ---- The tracepoints ---- */

static void rec_kvm_page_fault(const struct kvm_vcpu *vcpu, gpa_t fault_address, u64 error_code)
{
	struct sim_event *event = new_event(SIM_EV_PAGE_FAULT);

	event->page_fault.vcpu = vcpu->vcpu_id;
	event->page_fault.gpa = fault_address;
	event->page_fault.error = error_code;
	active->have_host_page = false;
}

static void record_page(enum sim_event_type type, const struct kvm_mmu_page *sp)
{
	struct sim_event *event = new_event(type);

	event->page.gfn = sp->gfn;
	event->page.level = sp->role.level;
	event->page.role = role_flags(sp);
}

static void rec_kvm_mmu_get_page(const struct kvm_mmu_page *sp, bool created)
{
	record_page(SIM_EV_GET_PAGE, sp);
}

static void rec_kvm_mmu_prepare_zap_page(const struct kvm_mmu_page *sp)
{
	record_page(SIM_EV_PREPARE_ZAP_PAGE, sp);
}

static void rec_mark_mmio_spte(const u64 *sptep, gfn_t gfn, u64 spte)
{
	struct sim_event *event = new_event(SIM_EV_MARK_MMIO_SPTE);

	event->mark_mmio.gfn = gfn;
	event->mark_mmio.access = spte & ACC_ALL;
	event->mark_mmio.gen = get_mmio_spte_generation(spte);
}

static void rec_handle_mmio_page_fault(u64 addr, gfn_t gfn, unsigned int access)
{
	struct sim_event *event = new_event(SIM_EV_HANDLE_MMIO_PAGE_FAULT);

	event->handle_mmio.gpa = addr;
	event->handle_mmio.gfn = gfn;
	event->handle_mmio.access = access;
}

static void rec_check_mmio_spte(u64 spte, u32 kvm_gen, u32 spte_gen)
{
	struct sim_event *event = new_event(SIM_EV_CHECK_MMIO_SPTE);

	event->check_mmio.spte = spte;
	event->check_mmio.kvm_gen = kvm_gen;
	event->check_mmio.spte_gen = spte_gen;
	event->check_mmio.valid = kvm_gen == spte_gen;
}

static void rec_fast_page_fault(const struct kvm_vcpu *vcpu, const struct kvm_page_fault *fault,
				const u64 *sptep, u64 old_spte, int ret)
{
	struct sim_event *event = new_event(SIM_EV_FAST_PAGE_FAULT);
	int level = sptep ? sptep_to_sp(sptep)->role.level : PG_LEVEL_4K;
	u64 new_spte = sptep ? READ_ONCE(*sptep) : old_spte;

	event->fast.vcpu = vcpu->vcpu_id;
	event->fast.gpa = fault->addr;
	split_spte(old_spte, level, false, &event->fast.old, &event->fast.old_table);
	split_spte(new_spte, level, false, &event->fast.new, &event->fast.new_table);
	event->fast.spurious = ret == RET_PF_SPURIOUS;
	event->fast.fixed = ret == RET_PF_FIXED;
}

static void rec_kvm_mmu_zap_all_fast(const struct kvm *kvm)
{
	new_event(SIM_EV_ZAP_ALL_FAST);
}

static u64 access_bits(u64 spte)
{
	u64 access = 0;

	/* Without execute-only pages whatever is present can be read. */
	if ((spte & BIT_ULL(0)) || (shadow_present_mask & ~SHADOW_NONPRESENT_VALUE))
		access |= SIM_ACCESS_R;
	if (is_writable_pte(spte))
		access |= SIM_ACCESS_W;
	if (is_executable_pte(spte))
		access |= SIM_ACCESS_X;
	if (spte & shadow_user_mask)
		access |= SIM_ACCESS_U;
	return access;
}

static void rec_kvm_mmu_set_spte(int level, gfn_t gfn, const u64 *sptep)
{
	struct sim_event *event = new_event(SIM_EV_SET_SPTE);
	u64 spte = READ_ONCE(*sptep);

	event->set_spte.gfn = gfn;
	event->set_spte.level = level;
	split_spte(spte, level, false, &event->set_spte.spte, &event->set_spte.table);
	event->set_spte.access = access_bits(spte);
}

/*
 * The fault gets to use the host's answer, so this is where the line of the answer
 * belongs; the answer to a fault that was retried is not recorded.
 */
static void rec_kvm_mmu_spte_requested(const struct kvm_page_fault *fault)
{
	bool noslot = is_noslot_pfn(fault->pfn);
	struct sim_event *event;

	if (noslot) {
		event = new_event(SIM_EV_HOST_PAGE);
		event->host_page.gfn = fault->gfn;
		event->host_page.pfn = SIM_PFN_NONE;
	} else if (active->have_host_page) {
		sim_recorder_add(active, &active->host_page);
	}
	active->have_host_page = false;

	event = new_event(SIM_EV_SPTE_REQUESTED);
	event->requested.gfn = fault->gfn;
	event->requested.pfn = noslot ? SIM_PFN_NONE :
		fault->pfn | (fault->gfn & (KVM_PAGES_PER_HPAGE(fault->goal_level) - 1));
	event->requested.level = fault->goal_level;
}

static void rec_kvm_tdp_mmu_spte_changed(int as_id, gfn_t gfn, int level, u64 old_spte,
					 u64 new_spte)
{
	struct sim_event_list *list = &active->events;
	struct sim_event event = { .type = SIM_EV_SPTE };

	/* Numbers of tables are given out whether anybody looks or not. */
	event.spte.as = as_id;
	event.spte.gfn = gfn;
	event.spte.level = level;
	event.spte.run = 1;
	split_spte(old_spte, level, false, &event.spte.old, &event.spte.old_table);
	split_spte(new_spte, level, true, &event.spte.new, &event.spte.new_table);

	active->nr_spte_changes++;
	if (active->count_only) {
		active->nr_of[SIM_EV_SPTE]++;
		return;
	}
	if (list->nr && sim_fold_spte(&list->events[list->nr - 1], &event)) {
		active->nr_of[SIM_EV_SPTE]++;
		return;
	}
	sim_recorder_add(active, &event);
}

static void rec_kvm_mmu_split_huge_page(gfn_t gfn, u64 spte, int level, int err)
{
	struct sim_event *event = new_event(SIM_EV_SPLIT_HUGE_PAGE);

	event->split.gfn = gfn;
	split_spte(spte, level, false, &event->split.spte, &event->split.table);
	event->split.level = level;
	event->split.err = -err;
}

static void rec_kvm_tdp_mmu_invalidate_all_roots(const struct kvm *kvm)
{
	if (!active->quiet_invalidation)
		new_event(SIM_EV_INVALIDATE_ALL_ROOTS);
}

static void rec_kvm_tdp_mmu_zap_invalidated_roots(const struct kvm *kvm)
{
	new_event(SIM_EV_ZAP_INVALIDATED_ROOTS);
}

static void rec_kvm_tdp_mmu_zap_root(const struct kvm_mmu_page *root, int zap_level, bool shared)
{
	struct sim_event *event = new_event(SIM_EV_ZAP_ROOT);

	event->zap_root.level = zap_level;
	event->zap_root.shared = shared;
}

static void rec_kvm_flush_remote_tlbs(const struct kvm *kvm)
{
	new_event(SIM_EV_FLUSH_REMOTE_TLBS);
}

static const struct kvm_trace_sink recorder_sink = {
#define RECORDER_MEMBER(system, event_name, proto, args, ...)	.event_name = rec_##event_name,
	KVM_MMU_TRACEPOINTS(RECORDER_MEMBER)
#undef RECORDER_MEMBER
};

void sim_recorder_attach(struct sim_recorder *rec)
{
	active = rec;
	kvm_trace_sink = rec ? &recorder_sink : NULL;
}

/* ---- Statistics ---- */

static void read_vm_stat(struct kvm *kvm, u64 *stat)
{
	stat[SIM_STAT_REMOTE_TLB_FLUSH_REQUESTS] =
		atomic64_read(&kvm->stat.remote_tlb_flush_requests);
	stat[SIM_STAT_PAGES_4K] = atomic64_read(&kvm->stat.pages[0]);
	stat[SIM_STAT_PAGES_2M] = atomic64_read(&kvm->stat.pages[1]);
	stat[SIM_STAT_PAGES_1G] = atomic64_read(&kvm->stat.pages[2]);
	stat[SIM_STAT_NX_LPAGE_SPLITS] = atomic64_read(&kvm->stat.nx_lpage_splits);
}

static u64 read_vcpu_stat(const struct kvm_vcpu_stat *stat, enum sim_stat name)
{
	switch (name) {
	case SIM_STAT_PF_TAKEN:			return stat->pf_taken;
	case SIM_STAT_PF_FIXED:			return stat->pf_fixed;
	case SIM_STAT_PF_EMULATE:		return stat->pf_emulate;
	case SIM_STAT_PF_SPURIOUS:		return stat->pf_spurious;
	case SIM_STAT_PF_FAST:			return stat->pf_fast;
	case SIM_STAT_PF_MMIO_SPTE_CREATED:	return stat->pf_mmio_spte_created;
	default:				return stat->tlb_flush;
	}
}

static void add_stat(struct sim_recorder *rec, u64 owner, int name, u64 delta)
{
	struct sim_event *event;

	if (!delta)
		return;
	event = list_add_event(rec, &rec->stats, SIM_EV_STAT);
	event->stat.owner = owner;
	event->stat.name = name;
	event->stat.delta = delta;
}

void sim_recorder_begin(struct sim_recorder *rec, struct kvm *kvm)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;

	rec->results.nr = rec->events.nr = rec->stats.nr = 0;
	memset(rec->nr_of, 0, sizeof(rec->nr_of));
	rec->have_host_page = false;
	rec->quiet_invalidation = false;
	rec->kvm = kvm;
	if (!kvm)
		return;

	read_vm_stat(kvm, rec->vm_stat);
	kvm_for_each_vcpu(i, vcpu, kvm)
		rec->vcpu_stat[i] = vcpu->stat;
}

/* The vCPU with the lowest number above @id, or NULL. */
static struct kvm_vcpu *next_vcpu(struct kvm *kvm, int id)
{
	struct kvm_vcpu *vcpu, *next = NULL;
	unsigned long i;

	kvm_for_each_vcpu(i, vcpu, kvm)
		if (vcpu->vcpu_id > id && (!next || vcpu->vcpu_id < next->vcpu_id))
			next = vcpu;
	return next;
}

void sim_recorder_end(struct sim_recorder *rec, bool vm, bool vcpus)
{
	u64 now[SIM_STAT_VM_NR];
	struct kvm_vcpu *vcpu;
	int name, id;

	if (!rec->kvm)
		return;
	if (vm) {
		read_vm_stat(rec->kvm, now);
		for (name = 0; name < SIM_STAT_VM_NR; name++)
			add_stat(rec, SIM_STAT_VM, name, now[name] - rec->vm_stat[name]);
	}
	if (!vcpus)
		return;
	for (id = -1; (vcpu = next_vcpu(rec->kvm, id)); id = vcpu->vcpu_id)
		for (name = SIM_STAT_VM_NR; name < SIM_STAT_NR; name++)
			add_stat(rec, vcpu->vcpu_id, name,
				 read_vcpu_stat(&vcpu->stat, name) -
				 read_vcpu_stat(&rec->vcpu_stat[vcpu->vcpu_idx], name));
}

/* ---- The recorder itself ---- */

int sim_recorder_init(struct sim_recorder *rec)
{
	memset(rec, 0, sizeof(*rec));
	/* Touched only where there are tables. */
	rec->table_numbers = calloc(NR_TABLE_FRAMES, sizeof(*rec->table_numbers));
	rec->vcpu_stat = calloc(KVM_MAX_VCPUS, sizeof(*rec->vcpu_stat));
	if (!rec->table_numbers || !rec->vcpu_stat ||
	    !list_add_event(rec, &rec->events, 0) || !list_add_event(rec, &rec->results, 0) ||
	    !list_add_event(rec, &rec->stats, 0) || rec->failed) {
		sim_recorder_exit(rec);
		return -ENOMEM;
	}
	return 0;
}

void sim_recorder_exit(struct sim_recorder *rec)
{
	free(rec->table_numbers);
	free(rec->vcpu_stat);
	free(rec->results.events);
	free(rec->events.events);
	free(rec->stats.events);
	memset(rec, 0, sizeof(*rec));
}
