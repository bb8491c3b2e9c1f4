/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/srcu.h>

#include "mmu/mmu.h"
#include "sim/host_model_internal.h"

static struct sim_host_model *to_model(struct sim_host *host)
{
	return container_of(host, struct sim_host_model, host);
}

/* ---- Notifiers: first the recorder is told, then KVM, as it is logged before its effects ---- */

static void record_range(struct sim_host_model *m, enum sim_event_type type, u64 start, u64 end)
{
	struct sim_event event = { .type = type };

	event.host_range.start = start;
	event.host_range.end = end;
	if (m->recorder)
		sim_recorder_add(m->recorder, &event);
}

static void record_address(struct sim_host_model *m, enum sim_event_type type, u64 hva, u64 size)
{
	struct sim_event event = { .type = type };

	event.host_map.hva = hva;
	event.host_map.size = size;
	if (m->recorder)
		sim_recorder_add(m->recorder, &event);
}

void sim_host_begin(struct sim_host_model *m, u64 start, u64 end)
{
	if (!sim_host_has_vm(&m->host))
		return;
	record_range(m, SIM_EV_HOST_UNMAP, start, end);
	sim_host_notify_start(&m->host, start, end);
}

void sim_host_end(struct sim_host_model *m, u64 start, u64 end)
{
	sim_host_notify_end(&m->host, start, end);
}

void sim_host_set_pte(struct sim_host_model *m, u64 hva, u64 pfn)
{
	const struct sim_host_page page = { .pfn = pfn, .level = PG_LEVEL_4K, .writable = true };

	if (!sim_host_has_vm(&m->host))
		return;
	record_address(m, SIM_EV_HOST_SET_PTE, hva, 0);
	sim_host_notify_change_pte(&m->host, hva, &page);
}

bool sim_host_age(struct sim_host_model *m, u64 start, u64 end)
{
	if (!sim_host_has_vm(&m->host))
		return false;
	record_range(m, SIM_EV_HOST_AGE, start, end);
	return sim_host_notify_clear_flush_young(&m->host, start, end);
}

static void test_young(struct sim_host_model *m, u64 hva)
{
	bool young;

	if (!sim_host_has_vm(&m->host))
		return;
	record_address(m, SIM_EV_HOST_TEST_AGE, hva, 0);
	young = sim_host_notify_test_young(&m->host, hva);
	if (m->recorder)
		sim_recorder_young(m->recorder, young);
}

/* ---- What KVM asks ---- */

static u64 level_mask(int level)
{
	return (1ULL << 9 * (level - PG_LEVEL_4K)) - 1;
}

static bool fill_page(struct sim_host_model *m, hva_t hva, struct sim_host_page *page)
{
	u64 entry = sim_host_pt_lookup(&m->pt, hva, &page->level);

	page->pfn = sim_pte_pfn(entry) + (hva >> PAGE_SHIFT & level_mask(page->level));
	page->writable = entry & SIM_PTE_WRITE;
	return entry;
}

/* Only a fault that gets to use the page has a line; the recorder sees to that. */
static void record_page(struct sim_host_model *m, gfn_t gfn, const struct sim_host_page *page)
{
	struct sim_event event = { .type = SIM_EV_HOST_PAGE };

	if (!m->recorder)
		return;
	event.host_page.gfn = gfn;
	event.host_page.pfn = page->pfn;
	event.host_page.size = PAGE_SIZE << 9 * (page->level - PG_LEVEL_4K);
	event.host_page.writable = page->writable;
	sim_recorder_host_page(m->recorder, &event);
}

/*
 * As hva_to_pfn(): what is mapped and may be written is taken as it is, without a look at
 * the areas; otherwise there is a fault.  A page for a read is writable if it happens to
 * be, which KVM does not ask for a slot that is read-only.
 */
static int model_get_page(struct sim_host *host, const struct kvm_memory_slot *slot, gfn_t gfn,
			  hva_t hva, bool write, struct sim_host_page *page)
{
	bool read_only = slot->flags & KVM_MEM_READONLY;
	struct sim_host_model *m = to_model(host);
	struct sim_host_pmd *pmd;
	int r = 0;

	mutex_lock(&m->lock);
	if (!fill_page(m, hva, page) || !page->writable || read_only) {
		r = sim_host_fault(m, hva, write);
		if (!r)
			BUG_ON(!fill_page(m, hva, page));
	}
	if (!r) {
		sim_frames_ref(&m->frames, page->pfn, 1);
		pmd = sim_host_pt_pmd(&m->pt, hva);
		if (write && pmd)
			sim_host_pmd_set_filled(pmd, hva, true);
		if (read_only)
			page->writable = false;
	}
	mutex_unlock(&m->lock);
	if (!r)
		record_page(m, gfn, page);
	return r;
}

static void model_put_page(struct sim_host *host, kvm_pfn_t pfn)
{
	struct sim_host_model *m = to_model(host);

	mutex_lock(&m->lock);
	sim_frames_unref(&m->frames, pfn, 1);
	mutex_unlock(&m->lock);
}

static int model_mapping_level(struct sim_host *host, hva_t hva)
{
	return sim_host_pt_level(&to_model(host)->pt, hva);
}

/* ---- What the VMM does besides ---- */

/* The guest's PML4 page and the next one, its PDPT page: docs/scenarios.md. */
#define GUEST_TABLES(op)	\
	(SIM_VM_HVA + (op)->vm * SIM_VM_STRIDE + 0x10000 + (op)->id * 0x4000ULL)
#define GUEST_DIRECT_END	SIM_VM_SIZE

/* Note that a page of the guest is not all zeroes any more, if it may be written at all. */
static void note_guest_write(struct sim_host_model *m, struct kvm *kvm, u64 gpa)
{
	const struct kvm_memory_slot *slot;
	struct sim_host_page page;
	struct sim_host_pmd *pmd;
	u64 hva;

	slot = gfn_to_memslot_in(__kvm_memslots(kvm, 0), gpa >> PAGE_SHIFT);
	if (!slot || slot->flags & KVM_MEM_READONLY)
		return;
	hva = gfn_to_hva_memslot(slot, gpa >> PAGE_SHIFT);
	mutex_lock(&m->lock);
	pmd = sim_host_pt_pmd(&m->pt, hva);
	if (pmd && fill_page(m, hva, &page) && page.writable)
		sim_host_pmd_set_filled(pmd, hva, true);
	mutex_unlock(&m->lock);
}

/*
 * What the guest writes without a fault nobody sees.  An operation that writes has done
 * so by the time of the next one, wherever it got to; the slots are still what they were.
 */
static void settle_guest_writes(struct sim_host_model *m)
{
	struct kvm *kvm = m->host.vms[m->written_vm];
	u64 offset;
	int idx;

	if (kvm && m->written_size) {
		idx = srcu_read_lock(&kvm->srcu);
		for (offset = 0; offset < m->written_size; offset += PAGE_SIZE)
			note_guest_write(m, kvm, m->written_gpa + offset);
		srcu_read_unlock(&kvm->srcu, idx);
	}
	m->written_size = 0;
}

/* What lies beyond the guest's first pages is reached by an entry that the VMM sets. */
static void before_access(struct sim_host_model *m, const struct sim_op *op, u64 size, bool write)
{
	if (op->gpa + size > GUEST_DIRECT_END)
		sim_host_write(m, GUEST_TABLES(op) + PAGE_SIZE, 8);
	if (!write)
		return;
	m->written_vm = op->vm;
	m->written_gpa = op->gpa;
	m->written_size = size;
}

/* The huge pages that touch a slot, for the "map" lines. */
static void record_maps(struct sim_host_model *m, u64 id)
{
	struct kvm *kvm = m->host.kvm;
	const struct kvm_memory_slot *slot;
	struct sim_host_page page;
	u64 hva, end;
	int idx;

	if (!kvm || id >> 16 >= KVM_ADDRESS_SPACE_NUM)
		return;
	idx = srcu_read_lock(&kvm->srcu);
	slot = id_to_memslot(__kvm_memslots(kvm, id >> 16), id & 0xffff);
	hva = slot ? slot->userspace_addr & ~(SIM_PMD_SIZE - 1) : 0;
	end = slot ? slot->userspace_addr + ((u64)slot->npages << PAGE_SHIFT) : 0;
	srcu_read_unlock(&kvm->srcu, idx);

	for (; hva < end; hva += SIM_PMD_SIZE)
		if (sim_host_model_lookup(m, hva, &page) && page.level > PG_LEVEL_4K)
			record_address(m, SIM_EV_HOST_MAP, hva,
				       PAGE_SIZE << 9 * (page.level - PG_LEVEL_4K));
}

/* Memory that the VMM has written all of before it gives it to the guest. */
static int make_written_memory(struct sim_host_model *m, u64 hva, u64 size)
{
	int r = sim_host_map(m, hva, size, SIM_MEMORY_SMALL);

	if (!r)
		sim_host_write(m, hva, size);
	return r;
}

static int make_memory(struct sim_host_model *m, const struct sim_op *op)
{
	if (m->nr_memories == SIM_MACHINE_MAX_MEMORIES)
		return -ENOMEM;
	strcpy(m->memories[m->nr_memories], op->name);
	return sim_host_map(m, SIM_MEMORY_HVA + m->nr_memories++ * SIM_MEMORY_STRIDE, op->size,
			    op->kind);
}

static u64 memory_hva(const struct sim_host_model *m, const struct sim_op *op)
{
	size_t i;

	for (i = 0; i < m->nr_memories; i++)
		if (!strcmp(m->memories[i], op->name))
			break;
	return SIM_MEMORY_HVA + i * SIM_MEMORY_STRIDE + op->offset;
}

static int run_host_call(struct sim_host_model *m, const struct sim_op *op)
{
	u64 start = memory_hva(m, op), end = start + op->size;

	switch (op->type) {
	case SIM_OP_FILL:
		sim_host_write(m, start, op->size);
		return 0;
	case SIM_OP_MADVISE:
		return sim_host_advise(m, start, end, op->advice);
	case SIM_OP_MPROTECT:
		return sim_host_protect(m, start, end, op->prot);
	case SIM_OP_MUNMAP:
		return sim_host_unmap(m, start, end);
	case SIM_OP_IDLE:
		return sim_host_idle(m, start, end);
	case SIM_OP_AGE:
		sim_host_age(m, start, end);
		return 0;
	default:
		test_young(m, start);
		return 0;
	}
}

static int run_op_locked(struct sim_host_model *m, const struct sim_op *op)
{
	switch (op->type) {
	case SIM_OP_VM:
		return make_written_memory(m, SIM_VM_HVA + op->vm * SIM_VM_STRIDE, SIM_VM_SIZE);
	case SIM_OP_SMRAM:
		return make_written_memory(m, SIM_SMRAM_HVA + op->vm * SIM_VM_STRIDE,
					   SIM_SMRAM_SIZE);
	case SIM_OP_MEMORY:
		return make_memory(m, op);
	case SIM_OP_FORK:
		sim_host_fork(m);
		return 0;
	case SIM_OP_SLOT_FLAGS:
		record_maps(m, op->id);
		return 0;
	case SIM_OP_VCPU:
		sim_host_write(m, GUEST_TABLES(op), 2 * PAGE_SIZE);
		return 0;
	case SIM_OP_READ:
	case SIM_OP_WRITE:
	case SIM_OP_EXEC:
		before_access(m, op, 1, op->type == SIM_OP_WRITE);
		return 0;
	case SIM_OP_SWEEP:
	case SIM_OP_RANDOM:
		before_access(m, op, op->size, op->access == SIM_OP_ACCESS_WRITE ||
			      op->access == SIM_OP_ACCESS_MIX);
		return 0;
	case SIM_OP_FILL:
	case SIM_OP_MADVISE:
	case SIM_OP_MPROTECT:
	case SIM_OP_MUNMAP:
	case SIM_OP_IDLE:
	case SIM_OP_AGE:
	case SIM_OP_TEST_YOUNG:
		return run_host_call(m, op);
	default:
		return 0;
	}
}

static int model_run_op(struct sim_host *host, const struct sim_op *op)
{
	struct sim_host_model *m = to_model(host);
	int r;

	mutex_lock(&m->mmap_lock);
	settle_guest_writes(m);
	r = run_op_locked(m, op);
	mutex_unlock(&m->mmap_lock);
	return r;
}

/* ---- For tests and checkers ---- */

const struct sim_frame *sim_frame_get(const struct sim_host_model *m, u64 pfn)
{
	static const struct sim_frame zero = { .refs = 1 };
	static const struct sim_frame huge_zero = { .refs = 1, .order = SIM_ORDER_2M };

	if (pfn == SIM_FRAME_ZERO)
		return &zero;
	return sim_frames_is_zero(pfn) ? &huge_zero : sim_frames_get(&m->frames, pfn);
}

bool sim_host_model_peek(struct sim_host_model *m, u64 hva, struct sim_host_page *page)
{
	return fill_page(m, hva, page);
}

bool sim_host_model_lookup(struct sim_host_model *m, u64 hva, struct sim_host_page *page)
{
	bool found;

	mutex_lock(&m->lock);
	found = fill_page(m, hva, page);
	mutex_unlock(&m->lock);
	return found;
}

void sim_host_model_fail_nth(struct sim_host_model *m, unsigned long n)
{
	mutex_lock(&m->lock);
	sim_frames_fail_nth(&m->frames, n);
	mutex_unlock(&m->lock);
}

/* ---- All of it ---- */

static const struct sim_host_ops host_model_ops = {
	.get_page = model_get_page,
	.put_page = model_put_page,
	.mapping_level = model_mapping_level,
	.run_op = model_run_op,
};

int sim_host_model_init(struct sim_host_model *m, struct sim_recorder *rec,
			const struct sim_host_model_config *cfg)
{
	int r;

	memset(m, 0, sizeof(*m));
	m->host.ops = &host_model_ops;
	m->recorder = rec;
	m->config = *cfg;
	r = sim_frames_init(&m->frames, cfg->nr_frames, cfg->contiguous);
	if (r)
		return r;
	sim_frames_fail_nth(&m->frames, cfg->fail_nth);
	mutex_init(&m->mmap_lock);
	mutex_init(&m->lock);
	return 0;
}

void sim_host_model_exit(struct sim_host_model *m)
{
	sim_host_pt_exit(&m->pt);
	sim_vmas_exit(&m->vmas);
	sim_frames_exit(&m->frames);
	mutex_destroy(&m->mmap_lock);
	mutex_destroy(&m->lock);
}
