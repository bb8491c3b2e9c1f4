/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The caches of a CPU: what is kept and for how long, what a hit skips, what drops what.
 * Reads of table entries are counted: none on a hit, one for each level that no cached
 * table spares.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/paging_fixture.h"
#include "x86/ept.h"
#include "x86/npt.h"
#include "x86/tlb.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Four levels: index 2, 3, 4, 5 from level 4 down. */
#define GPA	(UINT64_C(2) << 39 | UINT64_C(3) << 30 | 4 << 21 | 5 << 12)
#define PAGE	UINT64_C(0x1000)
#define FRAME	UINT64_C(0x9000)
#define TAG	UINT64_C(7)

struct bits {
	const struct sim_paging_format *fmt;
	uint64_t table;		/* non-leaf, all rights, A set */
	uint64_t table_ro;	/* the same without W */
	uint64_t page;		/* 4 KiB leaf, all rights, A and D clear */
	uint64_t page_ro;	/* the same without W */
	uint64_t huge;		/* what a large leaf has in addition */
	uint64_t malformed;
	uint64_t a, d;
};

static const struct bits all_bits[] = {
	{ &sim_ept_format, 0x107, 0x105, 0x37, 0x35, 0x80, UINT64_C(1) << 51, 0x100, 0x200 },
	{ &sim_npt_format, 0x27, 0x25, 0x07, 0x05, 0x80, UINT64_C(1) << 51, 0x20, 0x40 },
};

/* A CPU with its caches, over the tables of the fixture. */
struct machine {
	struct fixture *fx;
	const struct bits *b;
	struct sim_tlb tlb;
	struct sim_walk_mem mem;
	struct sim_tlb_cpu cpu;
	struct sim_tlb_entry entry;
	bool hit;
	unsigned int uses, table_uses;
};

static void machine_init(struct machine *m, const struct bits *b)
{
	*m = (struct machine) { .fx = fixture_new(b->fmt), .b = b };
	m->mem = (struct sim_walk_mem) { fixture_read, fixture_set_bits, m->fx };
	m->cpu = (struct sim_tlb_cpu) {
		.fmt = b->fmt,
		.caps = &m->fx->caps,
		.tag = TAG,
		.mem = &m->mem,
		.pml = &m->fx->pml,
	};
}

static void machine_exit(struct machine *m)
{
	sim_tlb_exit(&m->tlb);
	free(m->fx);
}

/* Fresh tables that map @gpa by @leaf at @level, and nothing cached. */
static void map(struct machine *m, uint64_t gpa, int level, uint64_t leaf)
{
	sim_tlb_flush_all(&m->tlb);
	fixture_map(m->fx, gpa, level, m->b->table, leaf);
	m->cpu.root_pa = m->fx->root;
}

/* The entry of the mapped table of a level, @index places behind that of the mapped page. */
static uint64_t *entry_at(struct machine *m, int level, int index)
{
	return fixture_slot(m->fx, m->fx->entry_pa[level] + 8 * (uint64_t)index);
}

/* An access: how it ended. */
static enum sim_walk_status touch(struct machine *m, uint64_t gpa, enum sim_access_type type)
{
	struct sim_access access = fixture_access(gpa, type);

	m->fx->reads = m->fx->sets = 0;
	m->fx->res = (struct sim_walk_result) { .status = SIM_WALK_OK };
	m->hit = sim_tlb_access(&m->tlb, &m->cpu, &access, &m->entry, &m->fx->res);
	return m->fx->res.status;
}

static void expect_hit(struct machine *m, uint64_t gpa, enum sim_access_type type)
{
	assert_int_equal(touch(m, gpa, type), SIM_WALK_OK);
	assert_true(m->hit);
	assert_int_equal(m->fx->reads, 0);
	assert_int_equal(m->fx->sets, 0);
}

/* A walk that ends well, with as many entries read. */
static void expect_walk(struct machine *m, uint64_t gpa, enum sim_access_type type,
			unsigned int reads)
{
	assert_int_equal(touch(m, gpa, type), SIM_WALK_OK);
	assert_false(m->hit);
	assert_int_equal(m->fx->reads, reads);
}

static void expect_violation(struct machine *m, uint64_t gpa, enum sim_access_type type)
{
	assert_int_equal(touch(m, gpa, type), SIM_WALK_VIOLATION);
	assert_false(m->hit);
}

/* Run a test on both formats. */
static void on_both(void (*test)(struct machine *m))
{
	for (size_t i = 0; i < ARRAY_SIZE(all_bits); i++) {
		struct machine m;

		machine_init(&m, &all_bits[i]);
		test(&m);
		machine_exit(&m);
	}
}

#define BOTH_FORMATS(name)						\
	static void name##_on(struct machine *m);			\
	static void name(void **state)					\
	{								\
		on_both(name##_on);					\
	}								\
	static void name##_on(struct machine *m)

/* ------------------------------------------------------------------------- */
/* Translations. */

/* A page of any size is walked for once, and serves all addresses in it and no other. */
BOTH_FORMATS(test_page_sizes)
{
	static const uint64_t size[] = { 0, 0x1000, 0x200000, 0x40000000 };

	for (int level = 1; level <= 3; level++) {
		uint64_t gpa = GPA & ~(size[level] - 1), frame = 3 * size[level];

		map(m, gpa, level, frame | m->b->page | (level > 1 ? m->b->huge : 0));
		expect_walk(m, gpa + 8, SIM_ACCESS_WRITE, 5 - level);
		assert_int_equal(m->entry.gpa, gpa);
		assert_int_equal(m->entry.size, size[level]);
		assert_int_equal(m->entry.hpa, frame);
		assert_int_equal(m->entry.level, level);

		expect_hit(m, gpa, SIM_ACCESS_READ);
		expect_hit(m, gpa + size[level] - 1, SIM_ACCESS_FETCH);
		assert_false(m->entry.table);
		assert_int_equal(m->entry.gpa, gpa);
		assert_int_equal(m->entry.size, size[level]);
		assert_int_equal(m->entry.hpa, frame);
		assert_int_equal(m->entry.level, level);
		assert_int_equal(m->entry.rights, SIM_RIGHT_ALL);
		assert_true(m->entry.dirty_known);
		expect_violation(m, gpa + size[level], SIM_ACCESS_READ);
		expect_violation(m, gpa - 1, SIM_ACCESS_READ);
	}
}

/* Memory types: EPT WT (4) with IPAT; NPT PWT, which is PAT entry 1. */
BOTH_FORMATS(test_memory_type)
{
	bool ept = m->b->fmt == &sim_ept_format;

	map(m, GPA, 1, FRAME | (ept ? 0x67 : 0x0f));
	expect_walk(m, GPA, SIM_ACCESS_READ, 4);
	expect_hit(m, GPA, SIM_ACCESS_READ);
	assert_int_equal(m->entry.memtype, ept ? 4 : 1);
	assert_int_equal(m->entry.ipat, ept);
}

/* SDM: an EPTP's mappings are used with that EP4TA only.  APM: likewise ASIDs. */
BOTH_FORMATS(test_tags)
{
	map(m, GPA, 1, FRAME | m->b->page);
	expect_walk(m, GPA, SIM_ACCESS_READ, 4);
	m->cpu.tag = TAG + 1;
	expect_walk(m, GPA, SIM_ACCESS_READ, 4);
	expect_hit(m, GPA, SIM_ACCESS_READ);
	assert_int_equal(m->entry.tag, TAG + 1);

	/* One is flushed, and the other is not. */
	sim_tlb_flush_tag(&m->tlb, TAG + 1);
	expect_walk(m, GPA, SIM_ACCESS_READ, 4);
	m->cpu.tag = TAG;
	expect_hit(m, GPA, SIM_ACCESS_READ);

	sim_tlb_flush_tag(&m->tlb, TAG + 5);
	expect_hit(m, GPA, SIM_ACCESS_READ);

	sim_tlb_flush_all(&m->tlb);
	expect_walk(m, GPA, SIM_ACCESS_READ, 4);
	m->cpu.tag = TAG + 1;
	expect_walk(m, GPA, SIM_ACCESS_READ, 4);
}

/* Hyper-V TLFS, HvCallFlushGuestPhysicalAddressList: what overlaps goes, for all tags. */
BOTH_FORMATS(test_flush_range)
{
	map(m, GPA, 1, FRAME | m->b->page);
	expect_walk(m, GPA, SIM_ACCESS_READ, 4);
	*m->fx->entry[1] = 0;

	sim_tlb_flush_range(&m->tlb, GPA - 0x1000, GPA);
	sim_tlb_flush_range(&m->tlb, GPA + 0x1000, GPA + 0x2000);
	expect_hit(m, GPA, SIM_ACCESS_READ);
	sim_tlb_flush_range(&m->tlb, GPA + 0xfff, GPA + 0x1000);
	expect_violation(m, GPA, SIM_ACCESS_READ);
	/* The tables on the way were dropped, too. */
	assert_int_equal(m->fx->reads, 4);
}

/* What is taken away stays usable until a flush; that is why there are flushes. */
BOTH_FORMATS(test_stale_until_flushed)
{
	map(m, GPA, 1, FRAME | m->b->page);
	expect_walk(m, GPA, SIM_ACCESS_WRITE, 4);
	*m->fx->entry[1] = 0;
	expect_hit(m, GPA, SIM_ACCESS_WRITE);
	assert_int_equal(m->entry.hpa, FRAME);
	sim_tlb_flush_tag(&m->tlb, TAG);
	expect_violation(m, GPA, SIM_ACCESS_READ);
}

/* An address that the tables cannot translate finds nothing, not even what is alike below. */
BOTH_FORMATS(test_too_wide)
{
	map(m, GPA, 1, FRAME | m->b->page);
	expect_walk(m, GPA, SIM_ACCESS_READ, 4);
	for (int bit = 48; bit < 64; bit++) {
		expect_violation(m, GPA | UINT64_C(1) << bit, SIM_ACCESS_READ);
		assert_int_equal(m->fx->reads, 0);
	}
	expect_hit(m, GPA, SIM_ACCESS_READ);
}

/* A small page inside a large one that is cached too: the smaller one is used. */
BOTH_FORMATS(test_split_page)
{
	uint64_t gpa = GPA & ~UINT64_C(0x1fffff), table;

	map(m, gpa, 2, UINT64_C(0x600000) | m->b->page | m->b->huge);
	expect_walk(m, gpa, SIM_ACCESS_READ, 3);
	/* Split into the same small pages, without a flush: the large one goes on. */
	table = fixture_new_table(m->fx);
	*fixture_slot(m->fx, table) = UINT64_C(0x600000) | m->b->page;
	*m->fx->entry[2] = table | m->b->table;
	expect_hit(m, gpa, SIM_ACCESS_READ);
	assert_int_equal(m->entry.level, 2);
	/* Its D is not known, so a write looks at the tables. */
	expect_walk(m, gpa, SIM_ACCESS_WRITE, 2);
	expect_hit(m, gpa, SIM_ACCESS_READ);
	assert_int_equal(m->entry.level, 1);
	expect_hit(m, gpa + PAGE, SIM_ACCESS_READ);
	assert_int_equal(m->entry.level, 2);
}

/* ------------------------------------------------------------------------- */
/* A and D. */

/* The first write sets D.  Then a cleared D stays clear: no CPU looks at it until a flush. */
BOTH_FORMATS(test_dirty_known)
{
	map(m, GPA, 1, FRAME | m->b->page);
	expect_walk(m, GPA, SIM_ACCESS_READ, 4);
	assert_int_equal(*m->fx->entry[1], FRAME | m->b->page | m->b->a);
	expect_hit(m, GPA, SIM_ACCESS_READ);
	assert_false(m->entry.dirty_known);

	/* The tables above are known, so that only the leaf is read. */
	expect_walk(m, GPA, SIM_ACCESS_WRITE, 1);
	assert_int_equal(*m->fx->entry[1], FRAME | m->b->page | m->b->a | m->b->d);
	*m->fx->entry[1] = FRAME | m->b->page;
	expect_hit(m, GPA, SIM_ACCESS_WRITE);
	expect_hit(m, GPA, SIM_ACCESS_READ);
	assert_int_equal(*m->fx->entry[1], FRAME | m->b->page);

	sim_tlb_flush_tag(&m->tlb, TAG);
	expect_walk(m, GPA, SIM_ACCESS_WRITE, 4);
	assert_int_equal(*m->fx->entry[1], FRAME | m->b->page | m->b->a | m->b->d);
}

/* D that was set before is known from a read on. */
BOTH_FORMATS(test_dirty_already)
{
	map(m, GPA, 1, FRAME | m->b->page | m->b->d);
	expect_walk(m, GPA, SIM_ACCESS_READ, 4);
	expect_hit(m, GPA, SIM_ACCESS_WRITE);
}

/* EPT without A/D flags: there is none to set. */
static void test_no_flags(void **state)
{
	struct machine m;

	machine_init(&m, &all_bits[0]);
	m.fx->caps.ad = false;
	map(&m, GPA, 1, FRAME | m.b->page);
	expect_walk(&m, GPA, SIM_ACCESS_READ, 4);
	expect_hit(&m, GPA, SIM_ACCESS_WRITE);
	assert_int_equal(*m.fx->entry[1], FRAME | m.b->page);
	machine_exit(&m);
}

/* A touch of a guest table is a write with A/D on, and wants D known. */
BOTH_FORMATS(test_guest_table)
{
	struct sim_access access = fixture_table_access(GPA);

	map(m, GPA, 1, FRAME | m->b->page);
	expect_walk(m, GPA, SIM_ACCESS_READ, 4);
	assert_false(sim_tlb_access(&m->tlb, &m->cpu, &access, &m->entry, &m->fx->res));
	assert_true(*m->fx->entry[1] & m->b->d);
	assert_true(sim_tlb_access(&m->tlb, &m->cpu, &access, &m->entry, &m->fx->res));
}

/* The log gets an entry when D is set, and none from a hit. */
static void test_log(void **state)
{
	struct machine m;

	machine_init(&m, &all_bits[0]);
	m.fx->pml.enabled = true;
	map(&m, GPA, 1, FRAME | m.b->page);
	expect_walk(&m, GPA + 8, SIM_ACCESS_WRITE, 4);
	assert_int_equal(m.fx->pml.index, 510);
	assert_int_equal(m.fx->pml_buffer[511], GPA);
	*m.fx->entry[1] = FRAME | m.b->page;
	expect_hit(&m, GPA, SIM_ACCESS_WRITE);
	assert_int_equal(m.fx->pml.index, 510);

	/* A full log: the access does not happen, and nothing is learned from it. */
	sim_tlb_flush_all(&m.tlb);
	m.fx->pml.index = 0xffff;
	assert_int_equal(touch(&m, GPA, SIM_ACCESS_WRITE), SIM_WALK_PML_FULL);
	assert_false(sim_tlb_lookup(&m.tlb, TAG, GPA, &m.entry));
	assert_false(sim_tlb_lookup_table(&m.tlb, TAG, GPA, &m.entry));
	machine_exit(&m);
}

/* ------------------------------------------------------------------------- */
/* Rights. */

/* Rights that were added need no flush: one walk, from the root, and no fault. */
BOTH_FORMATS(test_rights_added)
{
	map(m, GPA, 1, FRAME | m->b->page_ro);
	expect_walk(m, GPA, SIM_ACCESS_READ, 4);
	*m->fx->entry[1] = FRAME | m->b->page;
	expect_walk(m, GPA, SIM_ACCESS_WRITE, 4);
	expect_hit(m, GPA, SIM_ACCESS_WRITE);

	/* Above the leaf too. */
	map(m, GPA, 1, FRAME | m->b->page);
	*m->fx->entry[3] = (*m->fx->entry[3] & ~m->b->table) | m->b->table_ro;
	expect_walk(m, GPA, SIM_ACCESS_READ, 4);
	*m->fx->entry[3] |= m->b->table;
	expect_walk(m, GPA, SIM_ACCESS_WRITE, 4);
	expect_hit(m, GPA, SIM_ACCESS_WRITE);
	/* And for a neighbour, which meets the old rights in the cached table only. */
	map(m, GPA, 1, FRAME | m->b->page);
	*m->fx->entry[3] = (*m->fx->entry[3] & ~m->b->table) | m->b->table_ro;
	*entry_at(m, 1, 1) = (FRAME + PAGE) | m->b->page;
	expect_walk(m, GPA, SIM_ACCESS_READ, 4);
	*m->fx->entry[3] |= m->b->table;
	expect_walk(m, GPA + PAGE, SIM_ACCESS_WRITE, 1 + 4);
}

BOTH_FORMATS(test_rights_are_those_of_all_levels)
{
	map(m, GPA, 1, FRAME | m->b->page);
	*entry_at(m, 1, 1) = (FRAME + PAGE) | m->b->page;
	*m->fx->entry[4] = (*m->fx->entry[4] & ~m->b->table) | m->b->table_ro;
	expect_walk(m, GPA, SIM_ACCESS_READ, 4);
	assert_int_equal(m->entry.rights, SIM_RIGHT_READ | SIM_RIGHT_EXEC);
	/* By the cached table no less. */
	expect_walk(m, GPA + PAGE, SIM_ACCESS_READ, 1);
	assert_int_equal(m->entry.rights, SIM_RIGHT_READ | SIM_RIGHT_EXEC);
	expect_hit(m, GPA + PAGE, SIM_ACCESS_FETCH);
	expect_violation(m, GPA + PAGE, SIM_ACCESS_WRITE);
	assert_int_equal(m->fx->reads, 4);
}

/*
 * SDM: a violation drops the mappings for its address, the tables on the way too; what
 * translates other addresses alone stays.
 */
BOTH_FORMATS(test_violation_drops)
{
	map(m, GPA, 1, FRAME | m->b->page_ro);
	*entry_at(m, 1, 1) = (FRAME + PAGE) | m->b->page;
	*entry_at(m, 1, 2) = (FRAME + 2 * PAGE) | m->b->page;
	expect_walk(m, GPA, SIM_ACCESS_READ, 4);
	expect_walk(m, GPA + PAGE, SIM_ACCESS_READ, 1);
	expect_violation(m, GPA, SIM_ACCESS_WRITE);
	assert_false(sim_tlb_lookup(&m->tlb, TAG, GPA, &m->entry));
	assert_false(sim_tlb_lookup_table(&m->tlb, TAG, GPA, &m->entry));

	expect_hit(m, GPA + PAGE, SIM_ACCESS_READ);
	expect_walk(m, GPA + 2 * PAGE, SIM_ACCESS_READ, 4);
}

/* Also where no translation was in use, but only a table. */
BOTH_FORMATS(test_violation_drops_tables)
{
	map(m, GPA, 1, FRAME | m->b->page);
	expect_walk(m, GPA, SIM_ACCESS_READ, 4);
	/* By the cached table, and then from the root. */
	expect_violation(m, GPA + PAGE, SIM_ACCESS_READ);
	assert_int_equal(m->fx->reads, 1 + 4);
	assert_false(sim_tlb_lookup_table(&m->tlb, TAG, GPA + PAGE, &m->entry));
	expect_hit(m, GPA, SIM_ACCESS_READ);
}

/* What a leaf grants says nothing of its neighbours: the cached table grants no less. */
BOTH_FORMATS(test_rights_of_a_leaf_are_its_own)
{
	map(m, GPA, 1, FRAME | m->b->page_ro);
	*entry_at(m, 1, 1) = (FRAME + PAGE) | m->b->page;
	expect_walk(m, GPA, SIM_ACCESS_READ, 4);
	expect_walk(m, GPA + PAGE, SIM_ACCESS_WRITE, 1);
	assert_true(sim_tlb_lookup_table(&m->tlb, TAG, GPA, &m->entry));
	assert_int_equal(m->entry.rights, SIM_RIGHT_ALL);
}

BOTH_FORMATS(test_violation_drops_of_its_tag_only)
{
	map(m, GPA, 1, FRAME | m->b->page_ro);
	expect_walk(m, GPA, SIM_ACCESS_READ, 4);
	m->cpu.tag = TAG + 1;
	expect_walk(m, GPA, SIM_ACCESS_READ, 4);
	expect_violation(m, GPA, SIM_ACCESS_WRITE);
	m->cpu.tag = TAG;
	expect_hit(m, GPA, SIM_ACCESS_READ);
}

/* ------------------------------------------------------------------------- */
/* Paging-structure caches. */

/* What lies in the same table of level L costs a walk of L entries. */
BOTH_FORMATS(test_tables_spare_reads)
{
	/* One index further at the level: another entry of the same table. */
	for (int level = 1; level <= 4; level++) {
		uint64_t other = GPA + (UINT64_C(1) << (12 + 9 * (level - 1)));

		map(m, GPA, 1, FRAME | m->b->page);
		/* Both lead to the same tables below, and so to the same page. */
		*entry_at(m, level, 1) = *m->fx->entry[level];
		expect_walk(m, GPA, SIM_ACCESS_READ, 4);
		expect_walk(m, other, SIM_ACCESS_READ, (unsigned int)level);
		assert_int_equal(m->entry.hpa, FRAME);
		expect_hit(m, other, SIM_ACCESS_READ);
	}
}

BOTH_FORMATS(test_table_entries)
{
	map(m, GPA, 1, FRAME | m->b->page);
	expect_walk(m, GPA, SIM_ACCESS_READ, 4);
	assert_true(sim_tlb_lookup_table(&m->tlb, TAG, GPA + PAGE, &m->entry));
	assert_true(m->entry.table);
	assert_int_equal(m->entry.level, 1);
	assert_int_equal(m->entry.size, 0x200000);
	assert_int_equal(m->entry.gpa, GPA & ~UINT64_C(0x1fffff));
	assert_int_equal(m->entry.hpa, m->fx->entry_pa[1] & ~UINT64_C(0xfff));
	/* Further away the next level is the deepest. */
	assert_true(sim_tlb_lookup_table(&m->tlb, TAG, GPA + 0x200000, &m->entry));
	assert_int_equal(m->entry.level, 2);
	assert_true(sim_tlb_lookup_table(&m->tlb, TAG, GPA + 0x40000000, &m->entry));
	assert_int_equal(m->entry.level, 3);
	assert_false(sim_tlb_lookup_table(&m->tlb, TAG, GPA + (UINT64_C(1) << 39), &m->entry));
	assert_false(sim_tlb_lookup_table(&m->tlb, TAG + 1, GPA, &m->entry));
}

static void test_five_levels(void **state)
{
	const uint64_t gpa = GPA | UINT64_C(1) << 48;
	struct machine m;

	machine_init(&m, &all_bits[1]);
	m.fx->caps.levels = 5;
	map(&m, gpa, 1, FRAME | m.b->page);
	*entry_at(&m, 4, 1) = *m.fx->entry[4];
	*entry_at(&m, 5, 1) = *m.fx->entry[5];
	expect_walk(&m, gpa, SIM_ACCESS_READ, 5);
	expect_walk(&m, gpa + (UINT64_C(1) << 39), SIM_ACCESS_READ, 4);
	expect_walk(&m, gpa + (UINT64_C(1) << 48), SIM_ACCESS_READ, 5);
	expect_hit(&m, gpa, SIM_ACCESS_READ);
	machine_exit(&m);
}

/* A table that was taken out of the tree is still walked, until a flush. */
BOTH_FORMATS(test_stale_table)
{
	uint64_t table;

	map(m, GPA, 1, FRAME | m->b->page);
	*entry_at(m, 1, 1) = (FRAME + PAGE) | m->b->page;
	expect_walk(m, GPA, SIM_ACCESS_READ, 4);

	table = fixture_new_table(m->fx);
	*fixture_slot(m->fx, table + (m->fx->entry_pa[1] + 8) % PAGE) = 0xf000 | m->b->page;
	*fixture_slot(m->fx, table + (m->fx->entry_pa[1] + 16) % PAGE) = 0xe000 | m->b->page;
	*m->fx->entry[2] = table | m->b->table;
	expect_walk(m, GPA + PAGE, SIM_ACCESS_READ, 1);
	assert_int_equal(m->entry.hpa, FRAME + PAGE);

	/* A fault that only the old table has is not delivered. */
	expect_walk(m, GPA + 2 * PAGE, SIM_ACCESS_READ, 1 + 4);
	assert_int_equal(m->entry.hpa, 0xe000);

	sim_tlb_flush_tag(&m->tlb, TAG);
	expect_walk(m, GPA + PAGE, SIM_ACCESS_READ, 4);
	assert_int_equal(m->entry.hpa, 0xf000);
}

/* Neither what is not present nor what is malformed is remembered: no flush when it mends. */
BOTH_FORMATS(test_faults_are_not_cached)
{
	for (int level = 1; level <= 4; level++) {
		uint64_t good;

		map(m, GPA, 1, FRAME | m->b->page);
		good = *m->fx->entry[level];
		*m->fx->entry[level] = 0;
		expect_violation(m, GPA, SIM_ACCESS_READ);
		assert_false(sim_tlb_lookup(&m->tlb, TAG, GPA, &m->entry));
		assert_false(sim_tlb_lookup_table(&m->tlb, TAG, GPA, &m->entry));

		*m->fx->entry[level] = good | m->b->malformed;
		assert_int_equal(touch(m, GPA, SIM_ACCESS_READ), SIM_WALK_MISCONFIG);
		assert_false(sim_tlb_lookup(&m->tlb, TAG, GPA, &m->entry));
		assert_false(sim_tlb_lookup_table(&m->tlb, TAG, GPA, &m->entry));

		*m->fx->entry[level] = good;
		expect_walk(m, GPA, SIM_ACCESS_READ, 4);
	}
	/* The same by a cached table. */
	*entry_at(m, 1, 1) = (FRAME + PAGE) | m->b->page | m->b->malformed;
	assert_int_equal(touch(m, GPA + PAGE, SIM_ACCESS_READ), SIM_WALK_MISCONFIG);
	*entry_at(m, 1, 1) = (FRAME + PAGE) | m->b->page;
	assert_int_equal(touch(m, GPA + PAGE, SIM_ACCESS_READ), SIM_WALK_OK);
}

static void count_use(void *ctx, const struct sim_access *access,
		      const struct sim_tlb_entry *entry)
{
	struct machine *m = ctx;

	assert_true(access->gpa - entry->gpa < entry->size);
	/* Before anything is done with it. */
	assert_int_equal(m->fx->reads, 0);
	m->uses += !entry->table;
	m->table_uses += entry->table;
}

BOTH_FORMATS(test_uses_are_shown)
{
	m->cpu.on_use = count_use;
	m->cpu.ctx = m;
	map(m, GPA, 1, FRAME | m->b->page);
	*entry_at(m, 1, 1) = (FRAME + PAGE) | m->b->page;
	expect_walk(m, GPA, SIM_ACCESS_READ, 4);
	assert_int_equal(m->uses + m->table_uses, 0);
	expect_hit(m, GPA, SIM_ACCESS_READ);
	assert_int_equal(m->uses, 1);
	assert_int_equal(m->table_uses, 0);
	expect_walk(m, GPA + PAGE, SIM_ACCESS_READ, 1);
	assert_int_equal(m->uses, 1);
	assert_int_equal(m->table_uses, 1);
	assert_int_equal(m->tlb.nr_hits, 1);
	assert_int_equal(m->tlb.nr_table_hits, 1);
	assert_int_equal(m->tlb.nr_walks, 2);
}

/* ------------------------------------------------------------------------- */
/* A walk from a table below the root. */

BOTH_FORMATS(test_walk_from)
{
	const struct sim_access write = fixture_access(GPA, SIM_ACCESS_WRITE);
	struct sim_walk_start start = { .level = 2, .rights = SIM_RIGHT_ALL };
	struct fixture *fx = m->fx;

	fixture_map(fx, GPA, 1, m->b->table & ~m->b->a, FRAME | m->b->page);
	start.table_pa = fx->entry_pa[2] & ~UINT64_C(0xfff);
	sim_walk_from(fx->fmt, &fx->caps, &start, &write, &m->mem, NULL, &fx->res);
	assert_int_equal(fx->res.status, SIM_WALK_OK);
	assert_int_equal(fx->res.hpa, FRAME);
	assert_int_equal(fx->reads, 2);
	assert_int_equal(fx->read_pa[0], fx->entry_pa[2]);
	assert_int_equal(fx->read_pa[1], fx->entry_pa[1]);
	/* Flags are set where it has been, and nowhere else. */
	assert_false(*fx->entry[4] & m->b->a);
	assert_false(*fx->entry[3] & m->b->a);
	assert_true(*fx->entry[2] & m->b->a);
	assert_true(*fx->entry[1] & m->b->d);
	assert_int_equal(fx->res.top, 2);
	assert_int_equal(fx->res.tables[1].table_pa, start.table_pa);
	assert_int_equal(fx->res.tables[0].table_pa, fx->entry_pa[1] & ~UINT64_C(0xfff));
	assert_int_equal(fx->res.tables[0].level, 1);
	assert_int_equal(fx->res.tables[0].rights, SIM_RIGHT_ALL);

	/* What lies above has not granted writing. */
	start.rights = SIM_RIGHT_READ | SIM_RIGHT_EXEC;
	sim_walk_from(fx->fmt, &fx->caps, &start, &write, &m->mem, NULL, &fx->res);
	assert_int_equal(fx->res.status, SIM_WALK_VIOLATION);
}

/* ------------------------------------------------------------------------- */
/* Much of everything. */

/* Tables without end: one for each level, and every address has a page of its own. */
struct endless {
	uint64_t gpa;
	uint64_t offset;	/* from address to page */
	unsigned int reads;
};

static uint64_t endless_read(void *ctx, uint64_t pa)
{
	struct endless *endless = ctx;
	uint64_t level = pa >> 12;

	endless->reads++;
	if (level > 1)
		return (level - 1) << 12 | 0x27;
	return ((endless->gpa & ~UINT64_C(0xfff)) + endless->offset) | 0x67;
}

static bool endless_set_bits(void *ctx, uint64_t pa, uint64_t old, uint64_t bits)
{
	return true;
}

static bool endless_touch(struct machine *m, struct endless *endless, uint64_t tag, uint64_t gpa)
{
	struct sim_access access = fixture_access(gpa, SIM_ACCESS_WRITE);
	bool hit;

	m->cpu.tag = tag;
	endless->gpa = gpa;
	hit = sim_tlb_access(&m->tlb, &m->cpu, &access, &m->entry, &m->fx->res);
	assert_int_equal(m->entry.tag, tag);
	assert_int_equal(m->entry.gpa, gpa & ~UINT64_C(0xfff));
	return hit;
}

#define NR_PAGES	50000u
#define NR_TAGS		3u
/* Over the whole address space, some side by side and some far apart. */
#define NTH_GPA(i)	(((i) % 500 * PAGE + (i) / 500 * UINT64_C(0x2a40201000)) % (UINT64_C(1) << 40))

static void endless_init(struct machine *m, struct endless *endless)
{
	machine_init(m, &all_bits[1]);
	*endless = (struct endless) { .offset = 0 };
	m->mem = (struct sim_walk_mem) { endless_read, endless_set_bits, endless };
	m->fx->caps.maxphyaddr = 52;
	m->cpu.root_pa = UINT64_C(4) << 12;
}

/* Nothing is evicted: as many pages as there may be, all of them are kept. */
static void test_no_capacity(void **state)
{
	struct endless endless;
	struct machine m;

	endless_init(&m, &endless);
	for (uint64_t tag = 1; tag <= NR_TAGS; tag++) {
		endless.offset = tag << 36;
		for (uint64_t i = 0; i < NR_PAGES; i++)
			assert_false(endless_touch(&m, &endless, tag, NTH_GPA(i)));
	}
	sim_tlb_flush_tag(&m.tlb, 2);
	for (uint64_t i = 0; i < NR_PAGES; i++) {
		assert_true(endless_touch(&m, &endless, 1, NTH_GPA(i)));
		assert_int_equal(m.entry.hpa, NTH_GPA(i) + (UINT64_C(1) << 36));
		assert_true(endless_touch(&m, &endless, 3, NTH_GPA(i)));
		assert_int_equal(m.entry.hpa, NTH_GPA(i) + (UINT64_C(3) << 36));
		assert_false(sim_tlb_lookup(&m.tlb, 2, NTH_GPA(i), &m.entry));
	}
	machine_exit(&m);
}

/* Flushes without end: what was flushed does not come back, the rest does not get lost. */
static void test_many_flushes(void **state)
{
	struct endless endless;
	struct machine m;

	endless_init(&m, &endless);
	endless_touch(&m, &endless, 98, GPA);
	for (uint64_t i = 0; i < 40; i++)
		endless_touch(&m, &endless, 99, NTH_GPA(i * 700));
	sim_tlb_flush_tag(&m.tlb, 98);
	for (uint64_t round = 0; round < 20000; round++) {
		uint64_t tag = 1 + round % 5, gpa = GPA + round % 7 * PAGE;

		endless.offset = round << 20 & UINT64_C(0xffffffffff);
		assert_false(endless_touch(&m, &endless, tag, gpa));
		assert_int_equal(m.entry.hpa, gpa + endless.offset);
		assert_true(endless_touch(&m, &endless, tag, gpa));
		/* Not one that an earlier round has learned. */
		assert_false(sim_tlb_lookup(&m.tlb, tag, GPA + (round + 1) % 7 * PAGE, &m.entry));
		sim_tlb_flush_tag(&m.tlb, tag);
	}
	for (uint64_t i = 0; i < 40; i++)
		assert_true(endless_touch(&m, &endless, 99, NTH_GPA(i * 700)));
	/* Memory does not grow with the number of flushes. */
	assert_true(m.tlb.nr_slots <= 1024);
	assert_true(m.tlb.nr_contexts <= 16);
	machine_exit(&m);
}

/* As soon as it was taken down, it can be used again. */
BOTH_FORMATS(test_exit_empties)
{
	map(m, GPA, 1, FRAME | m->b->page);
	expect_walk(m, GPA, SIM_ACCESS_READ, 4);
	sim_tlb_exit(&m->tlb);
	assert_false(sim_tlb_lookup(&m->tlb, TAG, GPA, &m->entry));
	sim_tlb_flush_gpa(&m->tlb, TAG, GPA);
	expect_walk(m, GPA, SIM_ACCESS_READ, 4);
	expect_hit(m, GPA, SIM_ACCESS_READ);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page_sizes),
		cmocka_unit_test(test_memory_type),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_flush_range),
		cmocka_unit_test(test_stale_until_flushed),
		cmocka_unit_test(test_too_wide),
		cmocka_unit_test(test_split_page),
		cmocka_unit_test(test_dirty_known),
		cmocka_unit_test(test_dirty_already),
		cmocka_unit_test(test_no_flags),
		cmocka_unit_test(test_guest_table),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_rights_added),
		cmocka_unit_test(test_rights_are_those_of_all_levels),
		cmocka_unit_test(test_violation_drops),
		cmocka_unit_test(test_violation_drops_tables),
		cmocka_unit_test(test_rights_of_a_leaf_are_its_own),
		cmocka_unit_test(test_violation_drops_of_its_tag_only),
		cmocka_unit_test(test_tables_spare_reads),
		cmocka_unit_test(test_table_entries),
		cmocka_unit_test(test_five_levels),
		cmocka_unit_test(test_stale_table),
		cmocka_unit_test(test_faults_are_not_cached),
		cmocka_unit_test(test_uses_are_shown),
		cmocka_unit_test(test_walk_from),
		cmocka_unit_test(test_no_capacity),
		cmocka_unit_test(test_many_flushes),
		cmocka_unit_test(test_exit_empties),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
