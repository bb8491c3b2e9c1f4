/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdio.h>

#include "mmu/tdp_iter.h"
#include "sim/host_log.h"

static struct sim_host_log *to_log(struct sim_host *host)
{
	return container_of(host, struct sim_host_log, host);
}

/* The next line of the host, or NULL.  "none" pages and maps are looked up, not consumed. */
static const struct sim_event *peek(struct sim_host_log *log)
{
	for (; log->next < log->nr; log->next++) {
		const struct sim_event *event = &log->events[log->next];

		if (!sim_event_is_host(event) || event->type == SIM_EV_HOST_MAP)
			continue;
		if (event->type == SIM_EV_HOST_PAGE && event->host_page.pfn == SIM_PFN_NONE)
			continue;
		return event;
	}
	return NULL;
}

static void deliver_set_pte(struct sim_host_log *log, const struct sim_event *event)
{
	/* The log does not tell the new page.  The old one is unmapped, so none is needed. */
	const struct sim_host_page page = { .level = PG_LEVEL_4K };

	log->next++;
	sim_recorder_add(log->recorder, event);
	sim_host_notify_change_pte(&log->host, event->host_map.hva, &page);
}

/* ---- Notifiers ---- */

/* An invalidation: its end is not logged; it comes after the set_pte that may follow. */
static bool deliver_unmap(struct sim_host_log *log, const struct sim_event *event)
{
	u64 start = event->host_range.start, end = event->host_range.end;
	bool touched;

	log->next++;
	sim_recorder_add(log->recorder, event);
	touched = sim_host_notify_start(&log->host, start, end);

	event = peek(log);
	if (event && event->type == SIM_EV_HOST_SET_PTE)
		deliver_set_pte(log, event);
	sim_host_notify_end(&log->host, start, end);
	return touched;
}

/* Call the notifiers that stand next in the log: whether an invalidation touched a slot. */
static bool deliver_notifiers(struct sim_host_log *log)
{
	const struct sim_event *event;
	bool touched = false;

	while ((event = peek(log)) && event->type != SIM_EV_HOST_PAGE) {
		if (event->type == SIM_EV_HOST_UNMAP) {
			touched |= deliver_unmap(log, event);
			continue;
		}
		if (event->type == SIM_EV_HOST_SET_PTE) {
			deliver_set_pte(log, event);
			continue;
		}
		log->next++;
		sim_recorder_add(log->recorder, event);
		if (event->type == SIM_EV_HOST_AGE)
			sim_host_notify_clear_flush_young(&log->host, event->host_range.start,
							  event->host_range.end);
		else
			sim_recorder_young(log->recorder,
					   sim_host_notify_test_young(&log->host,
								      event->host_map.hva));
	}
	return touched;
}

static int level_of_size(u64 size)
{
	if (size >= 1ULL << 30)
		return PG_LEVEL_1G;
	return size >= 1ULL << 21 ? PG_LEVEL_2M : PG_LEVEL_4K;
}

/* ---- Pages ---- */

/* The frame that a root of the slot's address space maps @gfn to. */
static bool find_mapping(struct kvm *kvm, int as_id, gfn_t gfn, kvm_pfn_t *pfn)
{
	struct kvm_mmu_page *root;
	struct tdp_iter iter;
	bool found = false;

	rcu_read_lock();
	list_for_each_entry(root, &kvm->arch.tdp_mmu_roots, link) {
		if (kvm_mmu_page_as_id(root) != as_id)
			continue;
		for_each_tdp_pte(iter, root, gfn, gfn + 1) {
			if (!tdp_iter_at_leaf(&iter))
				continue;
			*pfn = spte_to_pfn(iter.old_spte) +
			       (gfn & (KVM_PAGES_PER_HPAGE(iter.level) - 1));
			found = true;
		}
	}
	rcu_read_unlock();
	return found;
}

/*
 * A host takes a page away before it gives another in its place, and a huge page lies
 * as its address does.  A damaged recording may say otherwise; it would make KVM's own
 * checks of its host fail.
 */
static bool page_is_possible(struct sim_host_log *log, const struct sim_event *event, int as_id,
			     hva_t hva)
{
	u64 gfn = event->host_page.gfn, given = event->host_page.pfn;
	kvm_pfn_t mapped = 0;

	if (((hva >> PAGE_SHIFT) ^ given) & ((event->host_page.size >> PAGE_SHIFT) - 1)) {
		snprintf(log->why, sizeof(log->why),
			 "frame 0x%llx cannot be part of a huge page at host address 0x%llx",
			 (unsigned long long)given, (unsigned long long)hva);
		log->impossible = event;
		return false;
	}

	if (find_mapping(log->host.kvm, as_id, gfn, &mapped) && mapped != given) {
		snprintf(log->why, sizeof(log->why),
			 "the host gives frame 0x%llx for gfn 0x%llx, which is still mapped to 0x%llx",
			 (unsigned long long)given, (unsigned long long)gfn,
			 (unsigned long long)mapped);
		log->impossible = event;
		return false;
	}
	return true;
}

/*
 * The page is the next line of the log, behind the notifiers that came while the
 * fault was waiting for it.  If one of those touched a slot the fault will be
 * retried, and the log has no page for it: any will do, as it is never mapped.
 */
static int log_get_page(struct sim_host *host, const struct kvm_memory_slot *slot, gfn_t gfn,
			hva_t hva, bool write, struct sim_host_page *page)
{
	struct sim_host_log *log = to_log(host);
	const struct sim_event *event;

	log->in_fault = true;
	if (deliver_notifiers(log)) {
		*page = (struct sim_host_page) { .level = PG_LEVEL_4K };
		return 0;
	}

	event = peek(log);
	if (!event || event->host_page.gfn != gfn)
		return -EFAULT;
	log->next++;
	if (!page_is_possible(log, event, slot->as_id, hva))
		return -EFAULT;

	page->pfn = event->host_page.pfn;
	page->level = level_of_size(event->host_page.size);
	page->writable = event->host_page.writable;
	log->page_level = page->level;
	sim_recorder_host_page(log->recorder, event);
	return 0;
}

static void log_put_page(struct sim_host *host, kvm_pfn_t pfn)
{
	to_log(host)->in_fault = false;
}

static int log_mapping_level(struct sim_host *host, hva_t hva)
{
	struct sim_host_log *log = to_log(host);
	size_t low = 0, high = log->nr;

	if (log->in_fault)
		return log->page_level;

	/* The map lines come first in an operation, with ascending addresses. */
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct sim_event *event = &log->events[mid];

		if (event->type == SIM_EV_HOST_MAP && event->host_map.hva + (1ULL << 21) <= hva)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < log->nr && log->events[low].type == SIM_EV_HOST_MAP &&
	    log->events[low].host_map.hva <= hva)
		return level_of_size(log->events[low].host_map.size);
	return PG_LEVEL_4K;
}

static int log_run_op(struct sim_host *host, const struct sim_op *op)
{
	struct sim_host_log *log = to_log(host);
	size_t i;

	for (i = 0; i < log->nr; i++)
		if (log->events[i].type == SIM_EV_HOST_MAP)
			sim_recorder_add(log->recorder, &log->events[i]);

	switch (op->type) {
	case SIM_OP_MEMORY:
	case SIM_OP_FILL:
	case SIM_OP_MADVISE:
	case SIM_OP_MPROTECT:
	case SIM_OP_MUNMAP:
	case SIM_OP_IDLE:
	case SIM_OP_FORK:
	case SIM_OP_AGE:
	case SIM_OP_TEST_YOUNG:
		if (sim_host_has_vm(host))
			deliver_notifiers(log);
		return log->ret;
	default:
		return 0;
	}
}

static const struct sim_host_ops host_log_ops = {
	.get_page = log_get_page,
	.put_page = log_put_page,
	.mapping_level = log_mapping_level,
	.run_op = log_run_op,
};

void sim_host_log_init(struct sim_host_log *log, struct sim_recorder *recorder)
{
	*log = (struct sim_host_log) {
		.host.ops = &host_log_ops,
		.recorder = recorder,
		.page_level = PG_LEVEL_4K,
	};
}

void sim_host_log_begin(struct sim_host_log *log, const struct sim_event *events, size_t nr)
{
	size_t i;

	log->events = events;
	log->nr = nr;
	log->next = 0;
	log->in_fault = false;
	log->ret = 0;
	for (i = 0; i < nr; i++)
		if (events[i].type == SIM_EV_RET)
			log->ret = (int64_t)events[i].ret.value;
}
