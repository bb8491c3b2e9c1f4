/* SPDX-License-Identifier: GPL-2.0-only */
#include "x86/tlb.h"

#include <stdlib.h>
#include <string.h>

/* ---- Entries ---- */

/*
 * Key of a block: bits 63:43 the id of the context, 42:40 the kind, below it the address in
 * units of what a block covers.  Kinds 0 to 2 are pages of levels 1 to 3, kinds 3 to 6
 * tables of levels 1 to 4.  Ids begin at 1, so no key is 0: that is a free slot.
 *
 * Blocks keep the caches about as dense as the tables themselves.  With a slot for each
 * page a guest with a large working set would wait for memory longer than for a walk.
 */
#define BLOCK_SHIFT	5
#define KIND_SHIFT	40
#define ID_SHIFT	43
#define MAX_ID		((UINT32_C(1) << 21) - 1)
#define NR_PAGE_KINDS	3
#define NR_KINDS	7

/* An entry: the address of the page or the table, and below it: */
#define DATA_RIGHTS		UINT64_C(0x7)	/* never 0 */
#define DATA_MEMTYPE_SHIFT	3
#define DATA_MEMTYPE		UINT64_C(0x7)
#define DATA_IPAT		(UINT64_C(1) << 6)
#define DATA_DIRTY_KNOWN	(UINT64_C(1) << 7)

_Static_assert(SIM_TLB_BLOCK == 1 << BLOCK_SHIFT, "the size of a block");
_Static_assert(SIM_PT_ADDRESS_BITS - SIM_PT_PAGE_SHIFT <= KIND_SHIFT, "addresses fit");
_Static_assert(NR_KINDS <= 1 << (ID_SHIFT - KIND_SHIFT), "kinds fit");

/* How many address bits one entry covers: a table as many as the entry that leads to it. */
static const uint8_t kind_shift[NR_KINDS] = { 12, 21, 30, 21, 30, 39, 48 };

static unsigned int table_kind(int level)
{
	return NR_PAGE_KINDS + (unsigned int)level - 1;
}

static inline uint64_t make_key(uint32_t id, unsigned int kind, uint64_t gpa)
{
	return (uint64_t)id << ID_SHIFT | (uint64_t)kind << KIND_SHIFT |
	       gpa >> kind_shift[kind] >> BLOCK_SHIFT;
}

/* Back from a key: which kind its entries are of, and the address that the @i-th of them is for. */
static inline unsigned int kind_of(uint64_t key)
{
	return key >> KIND_SHIFT & ((1u << (ID_SHIFT - KIND_SHIFT)) - 1);
}

static inline uint64_t gpa_of(uint64_t key, unsigned int i)
{
	uint64_t block = key & ((UINT64_C(1) << KIND_SHIFT) - 1);

	return ((block << BLOCK_SHIFT) + i) << kind_shift[kind_of(key)];
}

static inline unsigned int index_in_block(unsigned int kind, uint64_t gpa)
{
	return (unsigned int)(gpa >> kind_shift[kind]) % SIM_TLB_BLOCK;
}

static inline void unpack(uint64_t tag, uint64_t gpa, unsigned int kind, uint64_t data,
		   struct sim_tlb_entry *entry)
{
	uint64_t size = UINT64_C(1) << kind_shift[kind];

	*entry = (struct sim_tlb_entry) {
		.tag = tag,
		.gpa = gpa & ~(size - 1),
		.size = size,
		.hpa = sim_pt_address(data, 1),
		.table = kind >= NR_PAGE_KINDS,
		.level = (int)(kind >= NR_PAGE_KINDS ? kind - NR_PAGE_KINDS : kind) + 1,
		.rights = data & DATA_RIGHTS,
		.memtype = data >> DATA_MEMTYPE_SHIFT & DATA_MEMTYPE,
		.ipat = data & DATA_IPAT,
		.dirty_known = data & DATA_DIRTY_KNOWN,
	};
}

/* ---- Blocks ---- */

static struct sim_tlb_block *new_block(struct sim_tlb *tlb)
{
	struct sim_tlb_block *block;

	if (!tlb->nr_spare)
		return calloc(1, sizeof(*block));
	block = tlb->spare[--tlb->nr_spare];
	memset(block, 0, sizeof(*block));
	return block;
}

static void give_back_block(struct sim_tlb *tlb, struct sim_tlb_block *block)
{
	if (tlb->nr_spare < sizeof(tlb->spare) / sizeof(tlb->spare[0]))
		tlb->spare[tlb->nr_spare++] = block;
	else
		free(block);
}

/* ---- The hash table of blocks ---- */

#define MIN_SLOTS	128u

/* The slot of a key, or the free one where the search for it ended. */
static inline struct sim_tlb_slot *find_slot(const struct sim_tlb *tlb, uint64_t key)
{
	size_t i = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> tlb->shift);

	while (tlb->slots[i].key != key && tlb->slots[i].key)
		i = (i + 1) & (tlb->nr_slots - 1);
	return &tlb->slots[i];
}

/* The place of an entry; NULL if there is no block for it. */
static inline uint64_t *find_place(const struct sim_tlb *tlb, uint32_t id, unsigned int kind,
				   uint64_t gpa)
{
	const struct sim_tlb_slot *slot = find_slot(tlb, make_key(id, kind, gpa));

	return slot->key ? &slot->block->data[index_in_block(kind, gpa)] : NULL;
}

static void put(struct sim_tlb *tlb, struct sim_tlb_context *context, unsigned int kind,
		uint64_t gpa, uint64_t data)
{
	uint64_t key = make_key(context->id, kind, gpa);
	struct sim_tlb_slot *slot = find_slot(tlb, key);

	if (!slot->key) {
		struct sim_tlb_block *block = new_block(tlb);

		if (!block)
			return;
		*slot = (struct sim_tlb_slot) { .key = key, .block = block };
		tlb->nr_used++;
	}
	slot->block->data[index_in_block(kind, gpa)] = data;
	context->kinds |= UINT32_C(1) << kind;
}

static void set_size(struct sim_tlb *tlb, struct sim_tlb_slot *slots, size_t nr)
{
	tlb->slots = slots;
	tlb->nr_slots = nr;
	tlb->nr_used = 0;
	tlb->shift = 64 - (unsigned int)__builtin_ctzll(nr);
}

/*
 * By id the one that its context is to get, from 1 on; 0 for ids that are gone.  NULL if
 * memory is short.
 */
static uint32_t *map_ids(const struct sim_tlb *tlb)
{
	uint32_t *new_ids = calloc((size_t)tlb->last_id + 1, sizeof(*new_ids)), nr = 0;
	size_t i;

	if (!new_ids)
		return NULL;
	for (i = 0; i < tlb->nr_contexts; i++)
		if (tlb->contexts[i].id)
			new_ids[tlb->contexts[i].id] = ++nr;
	return new_ids;
}

/* Contexts that keep nothing are forgotten. */
static void renumber(struct sim_tlb *tlb, const uint32_t *new_ids)
{
	size_t nr = 0, i;

	for (i = 0; i < tlb->nr_contexts; i++) {
		if (!tlb->contexts[i].id)
			continue;
		tlb->contexts[nr] = tlb->contexts[i];
		tlb->contexts[nr].id = new_ids[tlb->contexts[i].id];
		nr++;
	}
	tlb->nr_contexts = nr;
	tlb->last_id = (uint32_t)nr;
}

static size_t count_live(const struct sim_tlb *tlb, const uint32_t *new_ids)
{
	size_t nr = 0, i;

	for (i = 0; i < tlb->nr_slots; i++)
		nr += new_ids[tlb->slots[i].key >> ID_SHIFT] != 0;
	return nr;
}

static void move_live(struct sim_tlb *tlb, const uint32_t *new_ids,
		      const struct sim_tlb_slot *slots, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		uint64_t id = new_ids[slots[i].key >> ID_SHIFT];
		uint64_t key = id << ID_SHIFT | (slots[i].key & sim_pt_bits(ID_SHIFT - 1, 0));

		if (id) {
			*find_slot(tlb, key) = (struct sim_tlb_slot) { key, slots[i].block };
			tlb->nr_used++;
		} else if (slots[i].key) {
			give_back_block(tlb, slots[i].block);
		}
	}
}

/* A table of the right size, without what is not kept any more: false if memory is short. */
static bool rebuild(struct sim_tlb *tlb, size_t extra)
{
	struct sim_tlb_slot *old = tlb->slots, *slots;
	size_t nr_old = tlb->nr_slots, nr = MIN_SLOTS, want;
	uint32_t *new_ids = map_ids(tlb);

	if (!new_ids)
		return false;
	/* Twice as many can come before the next time. */
	want = (count_live(tlb, new_ids) + extra) * 3;
	while (nr < want)
		nr *= 2;
	slots = calloc(nr, sizeof(*slots));
	if (slots) {
		set_size(tlb, slots, nr);
		move_live(tlb, new_ids, old, nr_old);
		renumber(tlb, new_ids);
		free(old);
	}
	free(new_ids);
	return slots;
}

/* ---- Contexts ---- */

static inline struct sim_tlb_context *find_context(struct sim_tlb *tlb, uint64_t tag)
{
	size_t i = tlb->recent;

	if (i < tlb->nr_contexts && tlb->contexts[i].tag == tag)
		return &tlb->contexts[i];
	for (i = 0; i < tlb->nr_contexts; i++) {
		if (tlb->contexts[i].tag == tag) {
			tlb->recent = i;
			return &tlb->contexts[i];
		}
	}
	return NULL;
}

static struct sim_tlb_context *add_context(struct sim_tlb *tlb, uint64_t tag)
{
	struct sim_tlb_context *contexts = tlb->contexts;
	size_t max = tlb->max_contexts ? tlb->max_contexts * 2 : 4;

	if (tlb->nr_contexts == tlb->max_contexts) {
		contexts = realloc(contexts, max * sizeof(*contexts));
		if (!contexts)
			return NULL;
		tlb->contexts = contexts;
		tlb->max_contexts = max;
	}
	tlb->recent = tlb->nr_contexts++;
	contexts[tlb->recent] = (struct sim_tlb_context) { .tag = tag };
	return &contexts[tlb->recent];
}

/* The context of a tag, with an id and room for @extra blocks; NULL if memory is short. */
static struct sim_tlb_context *get_context(struct sim_tlb *tlb, uint64_t tag, size_t extra)
{
	struct sim_tlb_context *context;

	/* Of eight slots three stay free, so that searches are short. */
	if (tlb->nr_used + extra > tlb->nr_slots / 8 * 5 || tlb->last_id == MAX_ID)
		if (!rebuild(tlb, extra))
			return NULL;
	context = find_context(tlb, tag);
	if (!context)
		context = add_context(tlb, tag);
	if (context && !context->id) {
		/* More roots at a time than there are ids: no machine is that large. */
		if (tlb->last_id == MAX_ID)
			return NULL;
		context->id = ++tlb->last_id;
	}
	return context;
}

/* ---- Lookup ---- */

#define PAGE_KINDS	((UINT32_C(1) << NR_PAGE_KINDS) - 1)
#define TABLE_KINDS	((UINT32_C(1) << NR_KINDS) - 1 - PAGE_KINDS)

/* The first entry that is of one of the kinds, in their order. */
static inline bool lookup(struct sim_tlb *tlb, uint64_t tag, uint64_t gpa, uint32_t kinds,
			  struct sim_tlb_entry *entry)
{
	const struct sim_tlb_context *context = find_context(tlb, tag);

	/* No entry reaches so far, and a key has no room for it. */
	if (!context || gpa >> SIM_PT_ADDRESS_BITS)
		return false;
	for (kinds &= context->kinds; kinds; kinds &= kinds - 1) {
		unsigned int kind = (unsigned int)__builtin_ctz(kinds);
		const uint64_t *place = find_place(tlb, context->id, kind, gpa);

		if (place && *place) {
			unpack(tag, gpa, kind, *place, entry);
			return true;
		}
	}
	return false;
}

bool sim_tlb_lookup(struct sim_tlb *tlb, uint64_t tag, uint64_t gpa,
		    struct sim_tlb_entry *entry)
{
	return lookup(tlb, tag, gpa, PAGE_KINDS, entry);
}

bool sim_tlb_lookup_table(struct sim_tlb *tlb, uint64_t tag, uint64_t gpa,
			  struct sim_tlb_entry *entry)
{
	return lookup(tlb, tag, gpa, TABLE_KINDS, entry);
}

/* ---- All of it ---- */

static const struct sim_tlb_context *context_of_id(const struct sim_tlb *tlb, uint64_t id)
{
	size_t i;

	for (i = 0; i < tlb->nr_contexts; i++)
		if (tlb->contexts[i].id == id)
			return &tlb->contexts[i];
	return NULL;
}

static bool visit_block(const struct sim_tlb_slot *slot, uint64_t tag,
			bool (*fn)(void *ctx, const struct sim_tlb_entry *entry), void *ctx)
{
	unsigned int kind = kind_of(slot->key), i;
	struct sim_tlb_entry entry;

	for (i = 0; i < SIM_TLB_BLOCK; i++) {
		if (!slot->block->data[i])
			continue;
		unpack(tag, gpa_of(slot->key, i), kind, slot->block->data[i], &entry);
		if (!fn(ctx, &entry))
			return false;
	}
	return true;
}

bool sim_tlb_for_each(const struct sim_tlb *tlb,
		      bool (*fn)(void *ctx, const struct sim_tlb_entry *entry), void *ctx)
{
	const struct sim_tlb_context *context;
	size_t i;

	for (i = 0; i < tlb->nr_slots; i++) {
		if (!tlb->slots[i].key)
			continue;
		/* Blocks of ids that are gone lie about until the table is rebuilt. */
		context = context_of_id(tlb, tlb->slots[i].key >> ID_SHIFT);
		if (context && !visit_block(&tlb->slots[i], context->tag, fn, ctx))
			return false;
	}
	return true;
}

/* ---- Flushes ---- */

void sim_tlb_flush_gpa(struct sim_tlb *tlb, uint64_t tag, uint64_t gpa)
{
	const struct sim_tlb_context *context = find_context(tlb, tag);
	unsigned int kind;

	if (!context || gpa >> SIM_PT_ADDRESS_BITS)
		return;
	for (kind = 0; kind < NR_KINDS; kind++) {
		uint64_t *place;

		if (!(context->kinds >> kind & 1))
			continue;
		place = find_place(tlb, context->id, kind, gpa);
		if (place)
			*place = 0;
	}
}

static void drop_overlapping(struct sim_tlb_slot *slot, uint64_t start, uint64_t end)
{
	uint64_t size = UINT64_C(1) << kind_shift[kind_of(slot->key)], gpa;
	unsigned int i;

	for (i = 0; i < SIM_TLB_BLOCK; i++) {
		gpa = gpa_of(slot->key, i);
		if (gpa < end && gpa + size > start)
			slot->block->data[i] = 0;
	}
}

void sim_tlb_flush_range(struct sim_tlb *tlb, uint64_t start, uint64_t end)
{
	size_t i;

	for (i = 0; i < tlb->nr_slots; i++)
		if (tlb->slots[i].key)
			drop_overlapping(&tlb->slots[i], start, end);
}

void sim_tlb_flush_tag(struct sim_tlb *tlb, uint64_t tag)
{
	struct sim_tlb_context *context = find_context(tlb, tag);

	if (!context)
		return;
	context->id = 0;
	context->kinds = 0;
}

void sim_tlb_flush_all(struct sim_tlb *tlb)
{
	tlb->nr_contexts = 0;
}

void sim_tlb_exit(struct sim_tlb *tlb)
{
	size_t i;

	for (i = 0; i < tlb->nr_slots; i++)
		free(tlb->slots[i].block);
	while (tlb->nr_spare)
		free(tlb->spare[--tlb->nr_spare]);
	free(tlb->slots);
	free(tlb->contexts);
	*tlb = (struct sim_tlb) { 0 };
}

/* ---- Accesses ---- */

/* Remember a walk that ended well: the page, and the tables below the one it began at. */
static void learn(struct sim_tlb *tlb, uint64_t tag, const struct sim_walk_result *res)
{
	struct sim_tlb_context *context = get_context(tlb, tag, SIM_PT_MAX_LEVEL);
	uint64_t offset = res->gpa & sim_pt_bits(sim_pt_level_shift(res->level) - 1, 0);
	uint64_t data = (res->hpa - offset) | (uint64_t)res->memtype << DATA_MEMTYPE_SHIFT;
	int level;

	if (!context)
		return;
	data |= res->read ? SIM_RIGHT_READ : 0;
	data |= res->write ? SIM_RIGHT_WRITE : 0;
	data |= res->exec ? SIM_RIGHT_EXEC : 0;
	data |= res->ipat ? DATA_IPAT : 0;
	data |= res->dirty_known ? DATA_DIRTY_KNOWN : 0;
	put(tlb, context, (unsigned int)res->level - 1, res->gpa, data);

	for (level = res->level; level < res->top; level++) {
		const struct sim_walk_start *table = &res->tables[level - 1];

		put(tlb, context, table_kind(level), res->gpa, table->table_pa | table->rights);
	}
}

/* The translation that a walk found, as it would be looked up. */
static void entry_of_walk(uint64_t tag, const struct sim_walk_result *res,
			  struct sim_tlb_entry *entry)
{
	uint64_t size = UINT64_C(1) << sim_pt_level_shift(res->level);

	*entry = (struct sim_tlb_entry) {
		.tag = tag,
		.gpa = res->gpa & ~(size - 1),
		.size = size,
		.hpa = res->hpa & ~(size - 1),
		.level = res->level,
		.rights = (res->read ? SIM_RIGHT_READ : 0) | (res->write ? SIM_RIGHT_WRITE : 0) |
			  (res->exec ? SIM_RIGHT_EXEC : 0),
		.memtype = res->memtype,
		.ipat = res->ipat,
		.dirty_known = res->dirty_known,
	};
}

static void walk_from_root(struct sim_tlb *tlb, const struct sim_tlb_cpu *cpu,
			   const struct sim_access *access, struct sim_walk_result *res)
{
	tlb->nr_walks++;
	sim_walk(cpu->fmt, cpu->caps, cpu->root_pa, access, cpu->mem, cpu->pml, res);
}

/* A walk from the deepest table known: false if none is, and there was no walk. */
static bool walk_from_table(struct sim_tlb *tlb, const struct sim_tlb_cpu *cpu,
			    const struct sim_access *access, struct sim_walk_result *res)
{
	struct sim_walk_start start;
	struct sim_tlb_entry table;

	if (!sim_tlb_lookup_table(tlb, cpu->tag, access->gpa, &table))
		return false;
	start = (struct sim_walk_start) {
		.table_pa = table.hpa,
		.level = table.level,
		.rights = table.rights,
	};
	if (cpu->on_use)
		cpu->on_use(cpu->ctx, access, &table);
	tlb->nr_table_hits++;
	tlb->nr_walks++;
	sim_walk_from(cpu->fmt, cpu->caps, &start, access, cpu->mem, cpu->pml, res);
	return true;
}

static void walk(struct sim_tlb *tlb, const struct sim_tlb_cpu *cpu,
		 const struct sim_access *access, struct sim_walk_result *res)
{
	bool below_root = walk_from_table(tlb, cpu, access, res);

	if (!below_root)
		walk_from_root(tlb, cpu, access, res);
	if (res->status == SIM_WALK_VIOLATION)
		sim_tlb_flush_gpa(tlb, cpu->tag, access->gpa);
	if (below_root && (res->status == SIM_WALK_VIOLATION || res->status == SIM_WALK_MISCONFIG))
		walk_from_root(tlb, cpu, access, res);
}

bool sim_tlb_access(struct sim_tlb *tlb, const struct sim_tlb_cpu *cpu,
		    const struct sim_access *access, struct sim_tlb_entry *entry,
		    struct sim_walk_result *res)
{
	unsigned int needs = cpu->fmt->needs(cpu->caps, access);

	if (lookup(tlb, cpu->tag, access->gpa, PAGE_KINDS, entry)) {
		bool granted = !(needs & ~entry->rights);

		if (granted && (entry->dirty_known || !(needs & SIM_RIGHT_WRITE))) {
			if (cpu->on_use)
				cpu->on_use(cpu->ctx, access, entry);
			tlb->nr_hits++;
			return true;
		}
		if (!granted)
			sim_tlb_flush_gpa(tlb, cpu->tag, access->gpa);
	}

	walk(tlb, cpu, access, res);
	if (res->status == SIM_WALK_OK) {
		learn(tlb, cpu->tag, res);
		entry_of_walk(cpu->tag, res, entry);
	}
	return false;
}
