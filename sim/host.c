/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/host.h"

#define for_each_vm(host, kvm, i)				\
	for ((i) = 0; (i) < SIM_MAX_VMS; (i)++)			\
		if (((kvm) = (host)->vms[i]) == NULL)		\
			continue;				\
		else

void (*sim_host_on_invalidate)(struct kvm *kvm, hva_t start, hva_t end,
			       enum sim_invalidate_step step);

void (*sim_host_on_age)(struct kvm *kvm, hva_t start, hva_t end, bool clears,
			enum sim_age_step step);

static void show(struct kvm *kvm, hva_t start, hva_t end, enum sim_invalidate_step step)
{
	if (sim_host_on_invalidate)
		sim_host_on_invalidate(kvm, start, end, step);
}

bool sim_host_has_vm(const struct sim_host *host)
{
	struct kvm *kvm;
	int i;

	for_each_vm(host, kvm, i)
		return true;
	return false;
}

bool sim_host_notify_start(struct sim_host *host, hva_t start, hva_t end)
{
	bool touched = false;
	struct kvm *kvm;
	int i;

	for_each_vm(host, kvm, i) {
		show(kvm, start, end, SIM_INVALIDATE_START);
		touched |= kvm_mmu_notifier_invalidate_range_start(kvm, start, end);
		show(kvm, start, end, SIM_INVALIDATE_STARTED);
	}
	return touched;
}

void sim_host_notify_end(struct sim_host *host, hva_t start, hva_t end)
{
	struct kvm *kvm;
	int i;

	for_each_vm(host, kvm, i) {
		show(kvm, start, end, SIM_INVALIDATE_END);
		kvm_mmu_notifier_invalidate_range_end(kvm, start, end);
		show(kvm, start, end, SIM_INVALIDATE_ENDED);
	}
}

void sim_host_notify_change_pte(struct sim_host *host, hva_t hva,
				const struct sim_host_page *page)
{
	struct kvm *kvm;
	int i;

	for_each_vm(host, kvm, i)
		kvm_mmu_notifier_change_pte(kvm, hva, page);
}

/* ---- Ages ---- */

static void show_age(struct kvm *kvm, hva_t start, hva_t end, bool clears, enum sim_age_step step)
{
	if (sim_host_on_age)
		sim_host_on_age(kvm, start, end, clears, step);
}

static bool test_young(struct kvm *kvm, hva_t start, hva_t end)
{
	return kvm_mmu_notifier_test_young(kvm, start);
}

/* @ask all of them. */
static bool notify_age(struct sim_host *host, hva_t start, hva_t end, bool clears,
		       bool (*ask)(struct kvm *kvm, hva_t start, hva_t end))
{
	bool any = false, young;
	struct kvm *kvm;
	int i;

	for_each_vm(host, kvm, i) {
		show_age(kvm, start, end, clears, SIM_AGE_ASK);
		young = ask(kvm, start, end);
		show_age(kvm, start, end, clears, young ? SIM_AGE_YOUNG : SIM_AGE_OLD);
		any |= young;
	}
	return any;
}

bool sim_host_notify_clear_flush_young(struct sim_host *host, hva_t start, hva_t end)
{
	return notify_age(host, start, end, true, kvm_mmu_notifier_clear_flush_young);
}

bool sim_host_notify_clear_young(struct sim_host *host, hva_t start, hva_t end)
{
	return notify_age(host, start, end, true, kvm_mmu_notifier_clear_young);
}

bool sim_host_notify_test_young(struct sim_host *host, hva_t hva)
{
	return notify_age(host, hva, hva + 1, false, test_young);
}
