/* SPDX-License-Identifier: GPL-2.0-only */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/machine.h"

/*
 * A look at a scenario as a whole, so that one that cannot be carried out to its
 * end is not begun.
 */
struct checker {
	char *err;
	size_t err_size;
	struct { char name[48]; u64 size; } memories[SIM_MACHINE_MAX_MEMORIES];
	size_t nr_memories;
	struct vm_state {
		bool vcpus[KVM_MAX_VCPUS];
		bool paging[KVM_MAX_VCPUS];
		/* By address space and id: added once, by whatever outcome. */
		bool slots[1u << 17];
		bool made, destroyed;
	} vms[SIM_MAX_VMS];
	struct vm_state *vm;	/* of the present operation */
};

static bool complain(struct checker *check, const char *what, const char *name)
{
	snprintf(check->err, check->err_size, what, name);
	return false;
}

static bool known_memory(struct checker *check, const struct sim_op *op)
{
	size_t i;

	for (i = 0; i < check->nr_memories; i++) {
		if (strcmp(check->memories[i].name, op->name))
			continue;
		if (op->offset > check->memories[i].size ||
		    op->size > check->memories[i].size - op->offset)
			return complain(check, "offset and size are beyond the end of memory \"%s\"",
					op->name);
		return true;
	}
	return complain(check, "no memory is named \"%s\"", op->name);
}

static bool check_memory(struct checker *check, const struct sim_op *op)
{
	size_t i;

	for (i = 0; i < check->nr_memories; i++)
		if (!strcmp(check->memories[i].name, op->name))
			return complain(check, "there is a memory \"%s\" already", op->name);
	if (check->nr_memories == SIM_MACHINE_MAX_MEMORIES)
		return complain(check, "more than 64 memories%s", "");
	strcpy(check->memories[check->nr_memories].name, op->name);
	check->memories[check->nr_memories++].size = op->size;
	return true;
}

static bool check_vcpu(struct checker *check, const struct sim_op *op)
{
	if (op->id >= 60)
		/* Their pages must fit into the 256 KiB of the VM's own memory. */
		return complain(check, "vCPU numbers go up to 59%s", "");
	if (op->type == SIM_OP_VCPU) {
		if (check->vm->vcpus[op->id])
			return complain(check, "this vCPU exists already%s", "");
		check->vm->vcpus[op->id] = true;
		return true;
	}
	if (!check->vm->vcpus[op->id])
		return complain(check, "there is no such vCPU%s", "");
	return true;
}

/* Tables are made once, and there are mappings only in them. */
static bool check_paging(struct checker *check, const struct sim_op *op)
{
	bool *paging;

	if (!check_vcpu(check, op))
		return false;
	paging = &check->vm->paging[op->id];
	if (op->type == SIM_OP_PAGING && *paging)
		return complain(check, "this vCPU has page tables already%s", "");
	if (op->type == SIM_OP_GUEST_MAP && !*paging)
		return complain(check, "this vCPU has no page tables of its own%s", "");
	*paging = true;
	return true;
}

static bool check_slot(struct checker *check, const struct sim_op *op)
{
	if (op->id >= sizeof(check->vm->slots))
		return complain(check, "slot ids go up to 0x1ffff%s", "");
	if (op->type == SIM_OP_SLOT) {
		if (!known_memory(check, op))
			return false;
		check->vm->slots[op->id] = true;
		return true;
	}
	if (!check->vm->slots[op->id])
		return complain(check, "no slot has this id%s", "");
	return true;
}

/* The first VM goes last: what is the host's own is said in its name. */
static bool check_destroy(struct checker *check, const struct sim_op *op)
{
	size_t i;

	for (i = 1; !op->vm && i < SIM_MAX_VMS; i++)
		if (check->vms[i].made && !check->vms[i].destroyed)
			return complain(check, "another VM is still there%s", "");
	check->vm->destroyed = true;
	return true;
}

static bool check_op(struct checker *check, const struct sim_op *op)
{
	check->vm = &check->vms[op->vm];
	if (check->vm->destroyed)
		return complain(check, "the VM was destroyed before%s", "");
	if (!check->vm->made && op->type != SIM_OP_VM)
		return complain(check, "the first operation must be \"vm\"%s", "");

	switch (op->type) {
	case SIM_OP_VM:
		if (check->vm->made)
			return complain(check, "there is a VM already%s", "");
		check->vm->made = true;
		check->vm->slots[SIM_VM_SLOT] = true;
		return true;
	case SIM_OP_DESTROY:
		return check_destroy(check, op);
	case SIM_OP_MEMORY:
		return check_memory(check, op);
	case SIM_OP_FILL:
	case SIM_OP_MADVISE:
	case SIM_OP_MPROTECT:
	case SIM_OP_MUNMAP:
	case SIM_OP_IDLE:
	case SIM_OP_AGE:
	case SIM_OP_TEST_YOUNG:
		return known_memory(check, op);
	case SIM_OP_SLOT:
	case SIM_OP_SLOT_FLAGS:
	case SIM_OP_SLOT_MOVE:
	case SIM_OP_SLOT_DELETE:
	case SIM_OP_DIRTY_GET:
	case SIM_OP_DIRTY_CLEAR:
		return check_slot(check, op);
	case SIM_OP_VCPU:
	case SIM_OP_READ:
	case SIM_OP_WRITE:
	case SIM_OP_EXEC:
	case SIM_OP_SMI:
	case SIM_OP_SWEEP:
	case SIM_OP_RANDOM:
	case SIM_OP_PREFAULT:
	case SIM_OP_NESTED:
		return check_vcpu(check, op);
	case SIM_OP_PAGING:
	case SIM_OP_GUEST_MAP:
		return check_paging(check, op);
	default:
		return true;
	}
}

bool sim_machine_check(const struct sim_op *(*next)(void *ctx), void *ctx, char *err,
		       size_t err_size, unsigned int *line)
{
	struct checker *check = calloc(1, sizeof(*check));
	const struct sim_op *op;
	bool ok = true;

	*line = 0;
	if (!check) {
		snprintf(err, err_size, "out of memory");
		return false;
	}
	check->err = err;
	check->err_size = err_size;
	while (ok && (op = next(ctx))) {
		*line = op->line;
		ok = check_op(check, op);
	}
	free(check);
	return ok;
}

/* ---- Parameters ---- */

static bool is_yes(const char *value)
{
	return !strcmp(value, "Y") || !strcmp(value, "1") || !strcmp(value, "force");
}

static bool is_bool(const char *value)
{
	return is_yes(value) || !strcmp(value, "N") || !strcmp(value, "0") || !strcmp(value, "off");
}

static bool is_number(const char *value, u32 *out)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	*out = n;
	return *value >= '0' && *value <= '9' && !*end && n <= UINT_MAX;
}

bool sim_machine_param(struct sim_module_params *params, const char *name, const char *value)
{
	const struct { const char *name; bool *value; } bools[] = {
		{ "eptad", &params->eptad },
		{ "pml", &params->pml },
		{ "mmio_caching", &params->mmio_caching },
		{ "eager_page_split", &params->eager_page_split },
		{ "flush_on_reuse", &params->flush_on_reuse },
	};
	size_t i;

	if (!strcmp(name, "nx_huge_pages_recovery_ratio"))
		return is_number(value, &params->nx_huge_pages_recovery_ratio);
	if (!strcmp(name, "nx_huge_pages_recovery_period_ms"))
		return is_number(value, &params->nx_huge_pages_recovery_period_ms);
	if (!strcmp(name, "nx_huge_pages") && !strcmp(value, "auto")) {
		params->nx_huge_pages = -1;
		return true;
	}

	if (!is_bool(value))
		return false;
	if (!strcmp(name, "nx_huge_pages")) {
		params->nx_huge_pages = is_yes(value);
		return true;
	}
	/* Without these there would be no TDP MMU. */
	if (!strcmp(name, "ept") || !strcmp(name, "npt") || !strcmp(name, "tdp_mmu"))
		return is_yes(value);
	for (i = 0; i < sizeof(bools) / sizeof(bools[0]); i++) {
		if (!strcmp(name, bools[i].name)) {
			*bools[i].value = is_yes(value);
			return true;
		}
	}
	return false;
}
