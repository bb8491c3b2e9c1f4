/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bitops.h>
#include <linux/kernel.h>

#include "mmu/mmu.h"
#include "sim/machine_internal.h"

/* What a VMM does with dirty logs. */

static u64 slot_pages(struct sim_machine *machine, const struct sim_op *op)
{
	struct sim_machine_slot *slot = machine_find_slot(machine, op->id);

	return slot ? slot->size >> PAGE_SHIFT : 0;
}

/* Runs of set bits become lines. */
static void report_dirty(struct sim_machine *machine, const unsigned long *bitmap, u64 npages)
{
	struct sim_event event = { .type = SIM_EV_DIRTY };
	u64 first, last;

	for (first = 0; first < npages; first = last + 1) {
		first = find_next_bit(bitmap, npages, first);
		if (first >= npages)
			break;
		for (last = first; last + 1 < npages && test_bit(last + 1, bitmap); last++)
			;
		event.dirty.first = first;
		event.dirty.last = last;
		sim_recorder_result(machine->recorder, &event);
	}
}

int machine_op_dirty_get(struct sim_machine *machine, const struct sim_op *op)
{
	u64 npages = slot_pages(machine, op);
	unsigned long *bitmap = calloc(BITS_TO_LONGS(npages) + 1, sizeof(*bitmap));
	int ret;

	if (!bitmap)
		return -ENOMEM;
	ret = kvm_vm_ioctl_get_dirty_log(machine->kvm, op->id, bitmap);
	machine_report_ret(machine, ret);
	if (!ret)
		report_dirty(machine, bitmap, npages);
	free(bitmap);
	return 0;
}

int machine_op_dirty_clear(struct sim_machine *machine, const struct sim_op *op)
{
	size_t longs = BITS_TO_LONGS(op->size);
	unsigned long *bitmap = malloc((longs + 1) * sizeof(*bitmap));

	if (!bitmap)
		return -ENOMEM;
	/* All of the part is to be cleared. */
	memset(bitmap, 0xff, longs * sizeof(*bitmap));
	machine_report_ret(machine, kvm_vm_ioctl_clear_dirty_log(machine->kvm, op->id, op->offset,
							 op->size, bitmap));
	free(bitmap);
	return 0;
}
