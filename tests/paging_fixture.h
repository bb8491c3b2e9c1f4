/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_PAGING_FIXTURE_H
#define TESTS_PAGING_FIXTURE_H

/*
 * Real second-level tables for the tests of x86/: an array of 4 KiB pages that
 * stands at physical address FIXTURE_BASE, with the callbacks of a walk over it.
 * Include after <cmocka.h>.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "x86/walk.h"

#define FIXTURE_BASE	UINT64_C(0x40000000)
#define FIXTURE_PAGES	8
#define FIXTURE_TRACE	64

struct fixture {
	uint64_t page[FIXTURE_PAGES][SIM_PT_ENTRIES];
	unsigned int used;
	/* What the walk under test has done. */
	uint64_t read_pa[FIXTURE_TRACE];
	unsigned int reads;
	uint64_t set_pa[FIXTURE_TRACE];
	uint64_t set_bits[FIXTURE_TRACE];
	unsigned int sets;
	/* Someone else's change, made just before the set_bits() of that number. */
	void (*interfere)(struct fixture *fx);
	unsigned int interfere_at;
	unsigned int refused;
	/* The path to one page: the entry of each level, [1] the last. */
	uint64_t *entry[SIM_PT_MAX_LEVEL + 1];
	uint64_t entry_pa[SIM_PT_MAX_LEVEL + 1];
	uint64_t root;
	uint64_t pml_buffer[SIM_PML_ENTRIES];
	struct sim_pml pml;
	struct sim_paging_caps caps;
	const struct sim_paging_format *fmt;
	struct sim_walk_result res;
};

static inline uint64_t *fixture_slot(struct fixture *fx, uint64_t pa)
{
	uint64_t offset = pa - FIXTURE_BASE;

	assert_int_equal(pa % sizeof(uint64_t), 0);
	assert_true(pa >= FIXTURE_BASE && offset < sizeof(fx->page));
	return &fx->page[offset / sizeof(fx->page[0])]
			[offset % sizeof(fx->page[0]) / sizeof(uint64_t)];
}

static inline uint64_t fixture_read(void *ctx, uint64_t pa)
{
	struct fixture *fx = ctx;

	assert_true(fx->reads < FIXTURE_TRACE);
	fx->read_pa[fx->reads++] = pa;
	return *fixture_slot(fx, pa);
}

static inline bool fixture_set_bits(void *ctx, uint64_t pa, uint64_t old, uint64_t bits)
{
	struct fixture *fx = ctx;
	uint64_t *slot = fixture_slot(fx, pa);

	assert_true(fx->sets < FIXTURE_TRACE);
	assert_true(bits != 0);
	if (fx->interfere && fx->sets == fx->interfere_at) {
		void (*interfere)(struct fixture *) = fx->interfere;

		fx->interfere = NULL;
		interfere(fx);
	}
	if (*slot != old) {
		fx->refused++;
		return false;
	}
	fx->set_pa[fx->sets] = pa;
	fx->set_bits[fx->sets++] = bits;
	*slot |= bits;
	return true;
}

static inline uint64_t fixture_new_table(struct fixture *fx)
{
	assert_true(fx->used < FIXTURE_PAGES);
	memset(fx->page[fx->used], 0, sizeof(fx->page[0]));
	return FIXTURE_BASE + sizeof(fx->page[0]) * fx->used++;
}

/*
 * Fresh tables that lead to @gpa.  Every non-leaf entry gets @table_bits, the
 * entry of @leaf_level becomes @leaf, whole.
 */
static inline void fixture_map(struct fixture *fx, uint64_t gpa, int leaf_level,
			       uint64_t table_bits, uint64_t leaf)
{
	uint64_t table;

	fx->used = 0;
	memset(fx->entry, 0, sizeof(fx->entry));
	memset(fx->entry_pa, 0, sizeof(fx->entry_pa));
	table = fixture_new_table(fx);
	fx->root = table;
	for (int level = (int)fx->caps.levels; level >= leaf_level; level--) {
		/* Index arithmetic of the test's own: nine bits a level above bit 12. */
		uint64_t index = (gpa >> (12 + 9 * (level - 1))) % 512;

		fx->entry_pa[level] = table + 8 * index;
		fx->entry[level] = fixture_slot(fx, fx->entry_pa[level]);
		if (level > leaf_level) {
			table = fixture_new_table(fx);
			*fx->entry[level] = table | table_bits;
		} else {
			*fx->entry[level] = leaf;
		}
	}
}

/* Walk for @access; the result is in fx->res. */
static inline const struct sim_walk_result *fixture_walk(struct fixture *fx,
							 const struct sim_access *access)
{
	const struct sim_walk_mem mem = {
		.read = fixture_read,
		.set_bits = fixture_set_bits,
		.ctx = fx,
	};

	fx->reads = 0;
	fx->sets = 0;
	fx->refused = 0;
	/* Poison: the walk has to write every member. */
	memset(&fx->res, 0x01, sizeof(fx->res));
	sim_walk(fx->fmt, &fx->caps, fx->root, access, &mem, &fx->pml, &fx->res);
	return &fx->res;
}

/* A final access through a linear address that is user, writable, executable. */
static inline struct sim_access fixture_access(uint64_t gpa, enum sim_access_type type)
{
	return (struct sim_access) {
		.gpa = gpa,
		.type = type,
		.linear_user = true,
		.linear_writable = true,
		.gla_valid = true,
	};
}

/* A read that walks the guest's tables and touches the entry at @gpa. */
static inline struct sim_access fixture_table_access(uint64_t gpa)
{
	return (struct sim_access) {
		.gpa = gpa,
		.type = SIM_ACCESS_READ,
		.guest_table = true,
		.gla_valid = true,
	};
}

static inline struct fixture *fixture_new(const struct sim_paging_format *fmt)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	assert_non_null(fx);
	fx->fmt = fmt;
	fx->caps = (struct sim_paging_caps) {
		.maxphyaddr = 40,
		.levels = 4,
		.exec_only = true,
		.page_2m = true,
		.page_1g = true,
		.ad = true,
		.nxe = true,
		.smep = true,
	};
	fx->pml.buffer = fx->pml_buffer;
	fx->pml.index = SIM_PML_ENTRIES - 1;
	return fx;
}

static inline int fixture_teardown(void **state)
{
	free(*state);
	return 0;
}

#endif /* TESTS_PAGING_FIXTURE_H */
