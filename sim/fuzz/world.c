/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <linux/mm.h>
#include <linux/srcu.h>

#include "mmu/mmu.h"
#include "sim/check_host.h"
#include "sim/fuzz/lab.h"

/* What mmu/ asks of the world, answered by the lab's host and CPUs. */

static struct sim_lab *lab_of(struct kvm *kvm)
{
	return kvm->world;
}

/* ---- Pages of the host ---- */

static int world_get_page(struct kvm *kvm, const struct kvm_memory_slot *slot, gfn_t gfn,
			  hva_t hva, bool write, struct sim_host_page *page)
{
	struct sim_lab *lab = lab_of(kvm);
	int r, idx = srcu_read_lock(&lab->notifiers);

	r = lab->host.host.ops->get_page(&lab->host.host, slot, gfn, hva, write, page);
	srcu_read_unlock(&lab->notifiers, idx);
	if (r)
		return r;
	if (lab->nr_taken == SIM_LAB_MAX_TAKEN)
		sim_det_fail("KVM keeps references on pages of the host: %u by now",
			     lab->nr_taken);
	lab->taken[lab->nr_taken++] = page->pfn;
	return 0;
}

static void world_put_page(struct kvm *kvm, kvm_pfn_t pfn)
{
	struct sim_lab *lab = lab_of(kvm);
	unsigned int i;

	for (i = 0; i < lab->nr_taken && lab->taken[i] != pfn; i++)
		;
	if (i == lab->nr_taken)
		sim_det_fail("KVM puts a reference on frame 0x%llx that it never took",
			     (unsigned long long)pfn);
	lab->taken[i] = lab->taken[--lab->nr_taken];
	lab->host.host.ops->put_page(&lab->host.host, pfn);
}

static int world_mapping_level(struct kvm *kvm, hva_t hva)
{
	struct sim_lab *lab = lab_of(kvm);

	return lab->host.host.ops->mapping_level(&lab->host.host, hva);
}

/* What was freed is somebody else's by now: nothing may be said about it any more. */
static void check_in_use(struct kvm *kvm, kvm_pfn_t pfn, const char *what)
{
	const struct sim_frame *frame = sim_frame_get(&lab_of(kvm)->host, pfn);

	if (!frame || frame->free || !frame->refs)
		sim_det_fail("KVM marks frame 0x%llx %s after the host has freed it",
			     (unsigned long long)pfn, what);
}

static void world_set_pfn_dirty(struct kvm *kvm, kvm_pfn_t pfn)
{
	check_in_use(kvm, pfn, "dirty");
	sim_watch_told(lab_of(kvm), SIM_OWED_DIRTY, pfn);
}

static void world_set_pfn_accessed(struct kvm *kvm, kvm_pfn_t pfn)
{
	check_in_use(kvm, pfn, "accessed");
	sim_watch_told(lab_of(kvm), SIM_OWED_ACCESSED, pfn);
}

static bool world_is_mmio_pfn(struct kvm *kvm, kvm_pfn_t pfn)
{
	return false;
}

/* The first VM is; the workload's second one is refused, as if its maker were to die. */
static int world_register(struct kvm *kvm)
{
	struct sim_lab *lab = lab_of(kvm);

	if (lab->host.host.vms[0])
		return -EINTR;
	lab->host.host.kvm = lab->host.host.vms[0] = kvm;
	return 0;
}

/* Those who are just calling a notifier come to their end first. */
static void world_unregister(struct kvm *kvm)
{
	struct sim_lab *lab = lab_of(kvm);

	lab->host.host.vms[0] = NULL;
	synchronize_srcu(&lab->notifiers);
}

/* ---- Flushes of a range ---- */

/* The guest does not run on the vCPU, so no walk is going on. */
static void flush_pending(struct sim_lab *lab, int vcpu_id)
{
	struct sim_lab_flush *flush = &lab->flushes[vcpu_id];

	if (flush->end)
		sim_tlb_flush_range(&lab->cpus[vcpu_id].tlb, flush->start, flush->end);
	*flush = (struct sim_lab_flush) { 0 };
}

/* What is pending already may be elsewhere: the flush is of both, and of what lies in between. */
static void add_flush(struct sim_lab_flush *flush, u64 start, u64 end)
{
	flush->start = flush->end ? min(flush->start, start) : start;
	flush->end = max(flush->end, end);
}

/*
 * A vCPU that runs the guest leaves it, and flushes before it does so again, so that no walk is in
 * between; for the others it is done here.
 */
static bool world_flush_range(struct kvm *kvm, gfn_t start, u64 nr_pages)
{
	struct sim_lab *lab = lab_of(kvm);
	struct kvm_vcpu *vcpu;
	unsigned long i;

	if (!lab->machine.range_flush)
		return false;
	kvm_for_each_vcpu(i, vcpu, kvm)
		add_flush(&lab->flushes[vcpu->vcpu_id], start << PAGE_SHIFT,
			  (start + nr_pages) << PAGE_SHIFT);
	kvm_make_all_cpus_request(kvm, KVM_REQ_OUTSIDE_GUEST_MODE);
	sim_det_quiet(1);
	kvm_for_each_vcpu(i, vcpu, kvm)
		if (!lab->runs_guest[vcpu->vcpu_id])
			flush_pending(lab, vcpu->vcpu_id);
	sim_det_quiet(-1);
	return true;
}

/* ---- The guest ---- */

/*
 * A guest that faults where it has faulted waits for another thread: where all tasks share
 * a processor that is nothing but a reason to let others run.
 */
static void world_run_guest(struct kvm_vcpu *vcpu)
{
	struct sim_lab *lab = lab_of(vcpu->kvm);
	struct sim_cpu *cpu = vcpu->world;
	u64 *seen = &lab->nr_accesses[vcpu->vcpu_id];

	flush_pending(lab, vcpu->vcpu_id);
	sim_watch_enter(lab, vcpu);
	lab->runs_guest[vcpu->vcpu_id] = true;
	sim_cpu_run(vcpu);
	lab->runs_guest[vcpu->vcpu_id] = false;
	if (cpu->nr_accesses == *seen && vcpu->stat.pf_taken > 2)
		sim_det_yield();
	*seen = cpu->nr_accesses;
}

static const char *judge(struct sim_lab *lab, struct kvm_vcpu *vcpu,
			 const struct sim_access *access, u64 pfn)
{
	const struct kvm_memory_slot *slot;
	struct sim_host_page page;

	slot = kvm_vcpu_gfn_to_memslot(vcpu, gpa_to_gfn(access->gpa));
	if (!slot)
		return "no memslot is there";
	/* The host's lock may be held by a task that was interrupted: but it changes entry by entry. */
	if (!sim_host_model_peek(&lab->host,
				 gfn_to_hva_memslot(slot, gpa_to_gfn(access->gpa)), &page))
		return "the host maps nothing there";
	if (page.pfn != pfn)
		return "the host maps another frame there";
	if (access->type == SIM_ACCESS_WRITE && !page.writable)
		return "the host does not let it be written";
	return NULL;
}

void sim_lab_judge_access(struct kvm_vcpu *vcpu, const struct sim_access *access,
			  const struct sim_tlb_entry *entry, bool hit)
{
	static const char *const does[] = {
		[SIM_ACCESS_READ] = "reads",
		[SIM_ACCESS_WRITE] = "writes",
		[SIM_ACCESS_FETCH] = "fetches",
	};
	u64 pfn = (entry->hpa + (access->gpa - entry->gpa)) >> PAGE_SHIFT;
	const char *wrong = NULL;
	int idx;

	sim_det_quiet(1);
	idx = srcu_read_lock(&vcpu->kvm->srcu);
	if (!entry->table)
		wrong = judge(lab_of(vcpu->kvm), vcpu, access, pfn);
	if (!wrong)
		sim_watch_access(lab_of(vcpu->kvm), vcpu, access, entry, hit);
	srcu_read_unlock(&vcpu->kvm->srcu, idx);
	sim_det_quiet(-1);
	if (wrong)
		sim_det_fail("stale translation: vCPU %d %s gpa 0x%llx by a %s translation (level "
			     "%d) to frame 0x%llx: %s", vcpu->vcpu_id, does[access->type],
			     (unsigned long long)access->gpa, hit ? "cached" : "new", entry->level,
			     (unsigned long long)pfn, wrong);
}

const struct sim_world_ops sim_lab_world_ops = {
	.get_page = world_get_page,
	.put_page = world_put_page,
	.mapping_level = world_mapping_level,
	.set_pfn_dirty = world_set_pfn_dirty,
	.set_pfn_accessed = world_set_pfn_accessed,
	.is_mmio_pfn = world_is_mmio_pfn,
	.run_guest = world_run_guest,
	.flush_tlb = sim_cpu_flush_tlb,
	.flush_remote_tlbs_range = world_flush_range,
	.kick = sim_cpu_kick,
	.mmu_notifier_register = world_register,
	.mmu_notifier_unregister = world_unregister,
};
