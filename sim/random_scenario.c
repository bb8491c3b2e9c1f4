/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <string.h>

#include "sim/random_scenario.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define K(n)		((uint64_t)(n) << 10)
#define M(n)		((uint64_t)(n) << 20)
#define G(n)		((uint64_t)(n) << 30)

/* The slot that "vm" makes. */
#define VM_SLOT		500
/* The others are 1 to this, but for a few odd ones: more than KVM makes room for at first. */
#define NR_IDS		12

/* ---- The source ---- */

void sim_random_scenario_init(struct sim_random_scenario *scenario, uint64_t seed)
{
	memset(scenario, 0, sizeof(*scenario));
	scenario->state = seed;
}

void sim_random_scenario_init_bytes(struct sim_random_scenario *scenario, const uint8_t *bytes,
				    size_t nr)
{
	memset(scenario, 0, sizeof(*scenario));
	scenario->bytes = bytes;
	scenario->nr_bytes = nr;
}

/* Neighbouring seeds give unrelated sequences (splitmix64). */
static uint64_t next_word(struct sim_random_scenario *scenario)
{
	uint64_t z = scenario->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* As few bytes as @n needs, so that a fuzzer's change of one stays a small change. */
static uint64_t word_of_bytes(struct sim_random_scenario *scenario, uint64_t n)
{
	uint64_t word = 0;

	for (n--; n && scenario->next < scenario->nr_bytes; n >>= 8)
		word = word << 8 | scenario->bytes[scenario->next++];
	return word;
}

uint64_t sim_random_below(struct sim_random_scenario *scenario, uint64_t n)
{
	return (scenario->bytes ? word_of_bytes(scenario, n) : next_word(scenario)) % n;
}

static bool one_in(struct sim_random_scenario *scenario, unsigned int n)
{
	return sim_random_below(scenario, n) == n - 1;
}

#define pick(scenario, array)	((array)[sim_random_below(scenario, ARRAY_SIZE(array))])

/* ---- Memories ---- */

/* Many of few pages: what is rare happens to each of them soon. */
static const uint64_t small_sizes[] = { K(16), K(64), K(256), M(2), M(2) + K(64) };
static const uint64_t huge_sizes[] = { M(2), M(4), M(4), M(6), M(4) };
static const uint64_t thp_sizes[] = { M(2), M(4), M(4), M(6), M(4) + K(64) };

static enum sim_memory_kind random_kind(struct sim_random_scenario *scenario)
{
	static const enum sim_memory_kind kinds[] = {
		SIM_MEMORY_THP, SIM_MEMORY_THP, SIM_MEMORY_THP, SIM_MEMORY_SMALL, SIM_MEMORY_SMALL,
		SIM_MEMORY_HUGETLB2M, SIM_MEMORY_HUGETLB2M,
	};

	/* One of them splits into a quarter of a million pages, so it is rare. */
	if (one_in(scenario, 48))
		return SIM_MEMORY_HUGETLB1G;
	return pick(scenario, kinds);
}

static void name_memory(struct sim_op *op, size_t index)
{
	snprintf(op->name, sizeof(op->name), "m%zu", index);
}

static bool make_memory(struct sim_random_scenario *scenario, struct sim_op *op)
{
	size_t index = scenario->nr_memories;

	if (index == SIM_RANDOM_MEMORIES)
		return false;
	name_memory(op, index);
	op->kind = random_kind(scenario);
	if (op->kind == SIM_MEMORY_SMALL)
		op->size = pick(scenario, small_sizes);
	else if (op->kind == SIM_MEMORY_THP)
		op->size = pick(scenario, thp_sizes);
	else if (op->kind == SIM_MEMORY_HUGETLB2M)
		op->size = pick(scenario, huge_sizes);
	else
		op->size = G(1);
	scenario->memories[index].size = op->size;
	scenario->memories[index].kind = op->kind;
	scenario->nr_memories++;
	return true;
}

/* A range of whole pages of a memory: mostly few pages, or whole blocks of 2 MiB. */
static void random_range(struct sim_random_scenario *scenario, struct sim_op *op)
{
	size_t index = sim_random_below(scenario, scenario->nr_memories);
	uint64_t unit = sim_random_below(scenario, 2) ? M(2) : K(4), size, nr;

	name_memory(op, index);
	size = scenario->memories[index].size;
	/* The host refuses parts of its huge pages. */
	if (scenario->memories[index].kind >= SIM_MEMORY_HUGETLB2M && !one_in(scenario, 8))
		unit = M(2);
	if (unit > size)
		unit = K(4);
	nr = size / unit;
	/* The first few and the last few pages are where the guest is, too. */
	op->offset = (one_in(scenario, 3) ? nr - 1 - sim_random_below(scenario, nr < 4 ? nr : 4) :
		      sim_random_below(scenario, nr < 16 ? nr : 16)) * unit;
	nr = (size - op->offset) / unit;
	op->size = (1 + sim_random_below(scenario, nr < 8 ? nr : 8)) * unit;
}

static bool make_range(struct sim_random_scenario *scenario, struct sim_op *op)
{
	if (!scenario->nr_memories)
		return false;
	random_range(scenario, op);
	return true;
}

static bool make_madvise(struct sim_random_scenario *scenario, struct sim_op *op)
{
	static const enum sim_advice advices[] = {
		SIM_MADV_DONTNEED, SIM_MADV_DONTNEED, SIM_MADV_COLLAPSE, SIM_MADV_COLLAPSE,
		SIM_MADV_HUGEPAGE, SIM_MADV_NOHUGEPAGE,
	};

	op->advice = pick(scenario, advices);
	return make_range(scenario, op);
}

static bool make_mprotect(struct sim_random_scenario *scenario, struct sim_op *op)
{
	/* Mostly back to all rights, or soon nothing would be left to do. */
	static const uint32_t prots[] = { 3, 7, 3, 1, 0, 3, 5, 3 };

	op->prot = pick(scenario, prots);
	return make_range(scenario, op);
}

static bool make_munmap(struct sim_random_scenario *scenario, struct sim_op *op)
{
	/* What is gone does not come back. */
	if (!one_in(scenario, 6))
		return false;
	return make_range(scenario, op);
}

static bool make_test_young(struct sim_random_scenario *scenario, struct sim_op *op)
{
	if (!make_range(scenario, op))
		return false;
	op->size = 0;
	return true;
}

/* ---- Slots ---- */

static const uint64_t slot_gpas[] = {
	M(2), M(4), M(8), M(16), M(24), M(32), G(1), G(1) + M(8), G(2), G(3) - M(2), G(4),
	G(5) - M(4), G(6), G(7), UINT64_C(0x7000000000),
};

static uint64_t random_slot_gpa(struct sim_random_scenario *scenario)
{
	static const uint64_t shifts[] = { K(4), K(64), K(256), M(1), 0x800, UINT64_C(1) << 45 };
	uint64_t gpa = pick(scenario, slot_gpas);

	/* Against the grain of huge pages, or not even of pages, or beyond all memory. */
	return one_in(scenario, 12) ? gpa + pick(scenario, shifts) : gpa;
}

static uint32_t random_flags(struct sim_random_scenario *scenario)
{
	static const uint32_t flags[] = {
		0, 0, 0, 0, SIM_SLOT_LOG, SIM_SLOT_LOG, 0, 0, 0, 0, SIM_SLOT_LOG, SIM_SLOT_RO,
		SIM_SLOT_LOG | SIM_SLOT_RO,
	};

	return pick(scenario, flags);
}

/* Whether KVM should take a slot there.  Below 256 KiB is the VM's own memory. */
static bool fits(struct sim_random_scenario *scenario, uint64_t id, uint64_t gpa, uint64_t size)
{
	size_t i;

	if ((id & 0xffff) >= 32764 || gpa % K(4) || gpa + size > UINT64_C(1) << 40)
		return false;
	for (i = 0; i < scenario->nr_slots; i++) {
		const struct sim_random_slot *slot = &scenario->slots[i];

		if (slot->id != id && slot->id >> 16 == id >> 16 && gpa < slot->gpa + slot->size &&
		    slot->gpa < gpa + size)
			return false;
	}
	return id >> 16 || gpa >= K(256);
}

static struct sim_random_slot *find_slot(struct sim_random_scenario *scenario, uint64_t id)
{
	size_t i;

	for (i = 0; i < scenario->nr_slots; i++)
		if (scenario->slots[i].id == id)
			return &scenario->slots[i];
	return NULL;
}

static struct sim_random_slot *random_slot(struct sim_random_scenario *scenario)
{
	if (!scenario->nr_slots)
		return NULL;
	return &scenario->slots[sim_random_below(scenario, scenario->nr_slots)];
}

static uint64_t random_slot_id(struct sim_random_scenario *scenario)
{
	static const uint64_t odd[] = { 0x10001, 0x10002, 32766, 32767, 0x17fff, VM_SLOT };
	uint64_t id;
	int tries;

	if (one_in(scenario, 12))
		return pick(scenario, odd);
	for (tries = 0; tries < 4; tries++) {
		id = 1 + sim_random_below(scenario, NR_IDS);
		if (!find_slot(scenario, id))
			break;
	}
	return id;
}

/* The place, with a few tries to find one that is free. */
static void place_slot(struct sim_random_scenario *scenario, struct sim_op *op)
{
	int tries = 0;

	do
		op->gpa = random_slot_gpa(scenario);
	while (!fits(scenario, op->id, op->gpa, op->size) && ++tries < 3);
}

static void remember_slot(struct sim_random_scenario *scenario, const struct sim_op *op)
{
	if (op->id < 32)
		scenario->tried_ids |= 1u << op->id;
	if (scenario->nr_slots == SIM_RANDOM_SLOTS || find_slot(scenario, op->id) ||
	    op->id == VM_SLOT || !fits(scenario, op->id, op->gpa, op->size))
		return;
	scenario->slots[scenario->nr_slots++] = (struct sim_random_slot) {
		.id = op->id, .gpa = op->gpa, .size = op->size, .flags = op->flags,
	};
}

static bool make_slot(struct sim_random_scenario *scenario, struct sim_op *op)
{
	static const uint64_t parts[] = { K(4), K(64), M(1), M(2), M(2) + K(4) };
	uint64_t size;
	size_t index;

	if (!scenario->nr_memories)
		return false;
	index = sim_random_below(scenario, scenario->nr_memories);
	size = scenario->memories[index].size;
	name_memory(op, index);
	op->id = random_slot_id(scenario);
	op->size = size;
	if (one_in(scenario, 4)) {
		op->size = pick(scenario, parts);
		if (op->size > size)
			op->size = K(4);
		op->offset = sim_random_below(scenario, 2) ? 0 : size - op->size;
	}
	op->flags = random_flags(scenario);
	place_slot(scenario, op);
	remember_slot(scenario, op);
	return true;
}

/* One that is not there, but was once, or was refused. */
static uint64_t gone_slot(struct sim_random_scenario *scenario)
{
	uint64_t id = 1 + sim_random_below(scenario, NR_IDS);

	return scenario->tried_ids >> id & 1 ? id : VM_SLOT;
}

static bool make_slot_flags(struct sim_random_scenario *scenario, struct sim_op *op)
{
	struct sim_random_slot *slot = random_slot(scenario);

	op->flags = one_in(scenario, 8) ? random_flags(scenario) :
		    sim_random_below(scenario, 2) ? SIM_SLOT_LOG : 0;
	/* The guest's own tables and code lie in this one. */
	if (!slot || one_in(scenario, 12)) {
		op->id = one_in(scenario, 3) ? gone_slot(scenario) : VM_SLOT;
		op->flags &= SIM_SLOT_LOG;
		return true;
	}
	op->id = slot->id;
	/* Read-only is for good: a change of it is refused. */
	if (!one_in(scenario, 12))
		op->flags = (op->flags & ~SIM_SLOT_RO) | (slot->flags & SIM_SLOT_RO);
	if (!((op->flags ^ slot->flags) & SIM_SLOT_RO))
		slot->flags = op->flags;
	return true;
}

static bool make_slot_move(struct sim_random_scenario *scenario, struct sim_op *op)
{
	struct sim_random_slot *slot = random_slot(scenario);

	if (!slot)
		return false;
	op->id = slot->id;
	op->size = slot->size;
	place_slot(scenario, op);
	op->size = 0;
	if (fits(scenario, slot->id, op->gpa, slot->size))
		slot->gpa = op->gpa;
	return true;
}

static bool make_slot_delete(struct sim_random_scenario *scenario, struct sim_op *op)
{
	struct sim_random_slot *slot = random_slot(scenario);

	if (!slot || one_in(scenario, 10)) {
		op->id = gone_slot(scenario);
		slot = find_slot(scenario, op->id);
		/* Without its code the guest could do nothing more. */
		if (op->id == VM_SLOT)
			return false;
	}
	if (slot) {
		op->id = slot->id;
		*slot = scenario->slots[--scenario->nr_slots];
	}
	return true;
}

/* ---- Dirty logs ---- */

/* Mostly one that logs. */
static struct sim_random_slot *random_log(struct sim_random_scenario *scenario)
{
	struct sim_random_slot *slot = NULL;
	int tries;

	for (tries = 0; tries < 4 && !(slot && slot->flags & SIM_SLOT_LOG); tries++)
		slot = random_slot(scenario);
	return slot;
}

static bool make_dirty_get(struct sim_random_scenario *scenario, struct sim_op *op)
{
	struct sim_random_slot *slot = random_log(scenario);

	op->id = slot && !one_in(scenario, 16) ? slot->id : VM_SLOT;
	return true;
}

static bool make_dirty_clear(struct sim_random_scenario *scenario, struct sim_op *op)
{
	struct sim_random_slot *slot = random_log(scenario);
	uint64_t pages;

	if (!slot)
		return false;
	op->id = slot->id;
	pages = slot->size / K(4);
	op->offset = sim_random_below(scenario, pages / 64 < 12 ? pages / 64 + 1 : 12) * 64;
	if (one_in(scenario, 16))
		op->offset += 1 + sim_random_below(scenario, 63);
	if (op->offset < pages && sim_random_below(scenario, 2))
		op->size = pages - op->offset;
	else
		op->size = 64 * (1 + sim_random_below(scenario, 2));
	if (op->offset < pages && op->size > pages - op->offset && !one_in(scenario, 8))
		op->size = pages - op->offset;
	return true;
}

static bool make_manual_protect(struct sim_random_scenario *scenario, struct sim_op *op)
{
	static const uint32_t flags[] = { 0, 1, 3, 3, 2, 4 };
	size_t i;

	/*
	 * A VMM decides this before it logs: pages that count as dirty because all do at
	 * first would be forgotten.
	 */
	for (i = 0; i < scenario->nr_slots; i++)
		if (scenario->slots[i].flags & SIM_SLOT_LOG)
			return false;
	op->flags = pick(scenario, flags);
	return true;
}

/* ---- vCPUs ---- */

static bool make_vcpu(struct sim_random_scenario *scenario, struct sim_op *op)
{
	if (scenario->nr_vcpus == SIM_RANDOM_VCPUS)
		return false;
	op->id = scenario->nr_vcpus++;
	return true;
}

static uint64_t random_gpa(struct sim_random_scenario *scenario)
{
	static const uint64_t holes[] = {
		K(256), K(736), UINT64_C(0xfee00000), UINT64_C(0xfec00000), G(3), G(4) - K(4),
		UINT64_C(0x7fffffffff) - K(4), UINT64_C(1) << 45,
	};
	const struct sim_random_slot *slot = random_slot(scenario);
	uint64_t pages, page;

	if (!slot || one_in(scenario, 16))
		return pick(scenario, holes) & ~UINT64_C(7);
	if (one_in(scenario, 24))
		return sim_random_below(scenario, 64) * K(4);
	/* What is in address space 1 only can be reached in SMM only. */
	if (slot->id >> 16)
		slot = random_slot(scenario);
	pages = slot->size / K(4);
	if (one_in(scenario, 3))
		page = sim_random_below(scenario, pages);
	else
		page = sim_random_below(scenario, pages < 16 ? pages : 16);
	/* The last page, and the first behind it. */
	if (one_in(scenario, 8))
		page = pages - 1 + sim_random_below(scenario, 2);
	return ((slot->gpa + page * K(4)) & ~UINT64_C(7)) % (UINT64_C(1) << 52);
}

static bool make_access(struct sim_random_scenario *scenario, struct sim_op *op)
{
	if (!scenario->nr_vcpus)
		return false;
	op->id = sim_random_below(scenario, scenario->nr_vcpus);
	op->gpa = random_gpa(scenario);
	return true;
}

/* Few pages, but across the border of a huge page if there is one near. */
static bool make_accesses(struct sim_random_scenario *scenario, struct sim_op *op)
{
	if (!make_access(scenario, op))
		return false;
	op->gpa &= ~(K(4) - 1);
	if (one_in(scenario, 4))
		op->gpa = (op->gpa & ~(M(2) - 1)) + M(2) - K(16);
	op->size = K(4) * (1 + sim_random_below(scenario, 16));
	op->access = sim_random_below(scenario, 4);
	op->count = 1 + sim_random_below(scenario, 24);
	op->seed = sim_random_below(scenario, 256);
	return true;
}

static bool make_smram(struct sim_random_scenario *scenario, struct sim_op *op)
{
	if (scenario->smram)
		return false;
	scenario->smram = true;
	return true;
}

static bool make_smi(struct sim_random_scenario *scenario, struct sim_op *op)
{
	if (!scenario->nr_vcpus)
		return false;
	/* Without SMM's memory its code cannot be fetched, and KVM_RUN fails. */
	if (!scenario->smram && !one_in(scenario, 8)) {
		op->type = SIM_OP_SMRAM;
		return make_smram(scenario, op);
	}
	op->id = sim_random_below(scenario, scenario->nr_vcpus);
	return true;
}

static bool make_nested(struct sim_random_scenario *scenario, struct sim_op *op)
{
	if (!scenario->nr_vcpus)
		return false;
	op->id = sim_random_below(scenario, scenario->nr_vcpus);
	op->on = sim_random_below(scenario, 2);
	return true;
}

/* The last vCPU only: where its guest maps nothing, KVM does not hear of its accesses. */
#define PAGING_VCPU	(SIM_RANDOM_VCPUS - 1)

static bool make_paging(struct sim_random_scenario *scenario, struct sim_op *op)
{
	if (scenario->paging || scenario->nr_vcpus <= PAGING_VCPU)
		return false;
	op->id = PAGING_VCPU;
	op->gpa = random_gpa(scenario) & ~(K(4) - 1);
	op->size = K(4) * (4 + sim_random_below(scenario, 28));
	scenario->paging = true;
	return true;
}

/* One to one, so that what others access is there for this one too. */
static bool make_guest_map(struct sim_random_scenario *scenario, struct sim_op *op)
{
	if (!scenario->paging)
		return false;
	op->id = PAGING_VCPU;
	op->gpa = random_gpa(scenario) & ~(K(4) - 1);
	op->linear = op->gpa % (UINT64_C(1) << 46);
	op->size = K(4) * (1 + sim_random_below(scenario, 8));
	return true;
}

/* ---- Others ---- */

static bool make_param(struct sim_random_scenario *scenario, struct sim_op *op)
{
	static const struct { const char *name, *value; } params[] = {
		{ "nx_huge_pages", "force" }, { "nx_huge_pages", "off" },
		{ "nx_huge_pages", "force" }, { "eager_page_split", "Y" },
		{ "eager_page_split", "N" }, { "nx_huge_pages", "maybe" }, { "pml", "N" },
	};
	size_t i = sim_random_below(scenario, ARRAY_SIZE(params));

	strcpy(op->name, params[i].name);
	strcpy(op->value, params[i].value);
	return true;
}

static bool make_plain(struct sim_random_scenario *scenario, struct sim_op *op)
{
	return true;
}

/* ---- The choice ---- */

static const struct {
	enum sim_op_type type;
	unsigned int weight;
	bool (*make)(struct sim_random_scenario *scenario, struct sim_op *op);
} choices[] = {
	{ SIM_OP_WRITE, 36, make_access },
	{ SIM_OP_READ, 28, make_access },
	{ SIM_OP_EXEC, 18, make_access },
	{ SIM_OP_SWEEP, 8, make_accesses },
	{ SIM_OP_RANDOM, 4, make_accesses },
	{ SIM_OP_PREFAULT, 5, make_accesses },
	{ SIM_OP_SLOT, 14, make_slot },
	{ SIM_OP_SLOT_FLAGS, 14, make_slot_flags },
	{ SIM_OP_SLOT_MOVE, 5, make_slot_move },
	{ SIM_OP_SLOT_DELETE, 4, make_slot_delete },
	{ SIM_OP_DIRTY_GET, 14, make_dirty_get },
	{ SIM_OP_DIRTY_CLEAR, 8, make_dirty_clear },
	{ SIM_OP_MANUAL_PROTECT, 3, make_manual_protect },
	{ SIM_OP_MEMORY, 4, make_memory },
	{ SIM_OP_FILL, 10, make_range },
	{ SIM_OP_MADVISE, 18, make_madvise },
	{ SIM_OP_MPROTECT, 6, make_mprotect },
	{ SIM_OP_MUNMAP, 6, make_munmap },
	{ SIM_OP_IDLE, 4, make_range },
	{ SIM_OP_AGE, 6, make_range },
	{ SIM_OP_TEST_YOUNG, 2, make_test_young },
	{ SIM_OP_FORK, 4, make_plain },
	{ SIM_OP_PARAM, 6, make_param },
	{ SIM_OP_NX_RECOVER, 6, make_plain },
	{ SIM_OP_SMRAM, 1, make_smram },
	{ SIM_OP_SMI, 6, make_smi },
	{ SIM_OP_NESTED, 6, make_nested },
	{ SIM_OP_VCPU, 5, make_vcpu },
	{ SIM_OP_PAGING, 2, make_paging },
	{ SIM_OP_GUEST_MAP, 8, make_guest_map },
};

static bool make(struct sim_random_scenario *scenario, struct sim_op *op)
{
	unsigned int total = 0, at;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(choices); i++)
		total += choices[i].weight;
	at = sim_random_below(scenario, total);
	for (i = 0; at >= choices[i].weight; i++)
		at -= choices[i].weight;

	memset(op, 0, sizeof(*op));
	op->type = choices[i].type;
	return choices[i].make(scenario, op);
}

/* Something to work with: memory in slots, and a vCPU. */
static bool make_start(struct sim_random_scenario *scenario, struct sim_op *op)
{
	static const enum sim_op_type types[] = {
		SIM_OP_VM, SIM_OP_MEMORY, SIM_OP_MEMORY, SIM_OP_SLOT, SIM_OP_SLOT, SIM_OP_VCPU,
	};

	memset(op, 0, sizeof(*op));
	op->type = types[scenario->nr_ops];
	switch (op->type) {
	case SIM_OP_MEMORY:
		return make_memory(scenario, op);
	case SIM_OP_SLOT:
		return make_slot(scenario, op);
	case SIM_OP_VCPU:
		return make_vcpu(scenario, op);
	default:
		return true;
	}
}

bool sim_random_scenario_next(struct sim_random_scenario *scenario, struct sim_op *op)
{
	if (scenario->bytes && scenario->next >= scenario->nr_bytes)
		return false;
	if (scenario->nr_ops < 6) {
		/* Here nothing can be in the way. */
		make_start(scenario, op);
	} else {
		while (!make(scenario, op))
			if (scenario->bytes && scenario->next >= scenario->nr_bytes)
				return false;
	}
	scenario->nr_ops++;
	return true;
}
