/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <linux/mm.h>

#include "sim/machine_internal.h"

/* Guests with page tables of their own: their kernel writes them, their accesses walk them. */

static u64 hva_of(void *ctx, u64 gpa)
{
	const struct sim_machine_vm *vm = ctx;
	size_t i;

	for (i = 0; i < vm->nr_slots; i++) {
		const struct sim_machine_slot *slot = &vm->slots[i];

		/* Not those of SMM. */
		if (!(slot->id >> 16) && gpa - slot->gpa < slot->size)
			return slot->hva + (gpa - slot->gpa);
	}
	return SIM_GUEST_NO_HVA;
}

static struct sim_guest guest_of(struct sim_machine *machine)
{
	return (struct sim_guest) {
		.memory = &machine->memory, .hva_of = hva_of, .ctx = machine->vm,
	};
}

static struct sim_guest_paging *paging_of(struct sim_machine *machine, struct sim_cpu *cpu)
{
	return &machine->vm->paging[cpu->vcpu->vcpu_id];
}

bool machine_has_paging(struct sim_machine *machine, struct sim_cpu *cpu)
{
	return paging_of(machine, cpu)->end != 0;
}

/* ---- Accesses ---- */

/* What became of a program: nothing but its end, exits to the VMM, or an error of KVM_RUN. */
enum outcome { CLEAN, EXITS, FAILED };

static enum outcome run(struct sim_machine *machine, struct sim_cpu *cpu)
{
	size_t before = machine->recorder->results.nr;

	machine_run_program(machine, cpu);
	if (machine->recorder->results.nr == before)
		return CLEAN;
	return machine->recorder->results.events[before].type == SIM_EV_EXIT_ERROR ? FAILED : EXITS;
}

bool machine_linear_access(struct sim_machine *machine, struct sim_cpu *cpu,
			   enum sim_access_type type, u64 linear)
{
	const struct sim_guest guest = guest_of(machine);
	struct sim_guest_walk walk;
	enum outcome outcome;

	sim_guest_walk(&guest, paging_of(machine, cpu), linear, type, &walk);
	sim_cpu_reset(cpu);
	sim_guest_walk_program(&walk, type, sim_cpu_add_instruction(cpu, SIM_EXIT_IO));
	outcome = run(machine, cpu);
	/* What the VMM or an emulator did in place of the CPU set no flag. */
	if (outcome == CLEAN)
		sim_guest_walk_done(&guest, &walk);
	return outcome != FAILED;
}

/* ---- The guest's kernel ---- */

/* It reaches all of its memory by huge mappings, of which the CPU has the translations. */
static int store(struct sim_machine *machine, struct sim_cpu *cpu, u64 gpa, u64 word)
{
	const struct sim_guest guest = guest_of(machine);

	sim_cpu_reset(cpu);
	sim_instruction_add(sim_cpu_add_instruction(cpu, SIM_EXIT_IO), SIM_ACCESS_WRITE, gpa,
			    false);
	return run(machine, cpu) == CLEAN ? sim_guest_store(&guest, gpa, word) : -EFAULT;
}

/* An empty one: the guest writes zeroes over the whole page. */
static int make_table(struct sim_machine *machine, struct sim_cpu *cpu, u64 *table)
{
	struct sim_guest_paging *paging = paging_of(machine, cpu);

	if (paging->next == paging->end)
		return -ENOMEM;
	*table = paging->next;
	paging->next += PAGE_SIZE;
	if (hva_of(machine->vm, *table) != SIM_GUEST_NO_HVA)
		sim_guest_memory_clear(&machine->memory, hva_of(machine->vm, *table), PAGE_SIZE);
	return store(machine, cpu, *table, 0);
}

static u64 entry_of(u64 table, u64 linear, int level)
{
	return table + (linear >> (12 + 9 * (level - 1)) & 511) * sizeof(u64);
}

static int map_page(struct sim_machine *machine, struct sim_cpu *cpu, u64 linear, u64 gpa)
{
	const u64 bits = SIM_GUEST_PRESENT | SIM_GUEST_WRITE | SIM_GUEST_USER;
	const struct sim_guest guest = guest_of(machine);
	u64 table = paging_of(machine, cpu)->root;
	int level, r;

	for (level = SIM_GUEST_LEVELS; level > 1; level--) {
		u64 entry = entry_of(table, linear, level), word = sim_guest_load(&guest, entry);

		if (word & SIM_GUEST_PRESENT) {
			table = word & SIM_GUEST_ADDRESS;
			continue;
		}
		r = make_table(machine, cpu, &table);
		if (!r)
			r = store(machine, cpu, entry, table | bits);
		if (r)
			return r;
	}
	return store(machine, cpu, entry_of(table, linear, 1), gpa | bits);
}

int machine_op_guest_map(struct sim_machine *machine, const struct sim_op *op)
{
	struct sim_cpu *cpu = machine->vm->cpus[op->id];
	u64 offset;
	int r = 0;

	for (offset = 0; !r && offset < op->size; offset += PAGE_SIZE)
		r = map_page(machine, cpu, op->linear + offset, op->gpa + offset);
	machine_report_ret(machine, r);
	return 0;
}

int machine_op_paging(struct sim_machine *machine, const struct sim_op *op)
{
	struct sim_cpu *cpu = machine->vm->cpus[op->id];
	struct sim_guest_paging *paging = paging_of(machine, cpu);

	*paging = (struct sim_guest_paging) {
		.root = op->gpa, .next = op->gpa, .end = op->gpa + op->size,
	};
	machine_report_ret(machine, make_table(machine, cpu, &paging->root));
	return 0;
}

/* ---- The host ---- */

void machine_forget_contents(struct sim_machine *machine, const struct sim_op *op)
{
	bool takes = op->type == SIM_OP_FILL || op->type == SIM_OP_MUNMAP ||
		     (op->type == SIM_OP_MADVISE && op->advice == SIM_MADV_DONTNEED);

	if (takes)
		sim_guest_memory_clear(&machine->memory,
				       machine_memory_hva(machine, op->name) + op->offset,
				       op->size);
}
