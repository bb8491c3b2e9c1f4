/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mmu/spte.h"
#include "sim/show.h"
#include "sim/sim.h"

/*
 * Trees and graphs of tables that are built here by hand:
 *
 *   root 1, level 4        root 2, level 4, SMM, invalid: nothing mapped
 *     [0]  T1, level 3
 *       [1]  T2, level 2
 *         [0]    T3, level 1: two pages in step, a third that is not, MMIO, frozen
 *         [2]    2M leaf
 *     [511] T4, level 3: empty
 */

#define NPT_TABLE	UINT64_C(0x827)
#define NPT_LEAF	UINT64_C(0xe67)

enum { ROOT_1, T1, T2, T3, T4, ROOT_2, NR_TABLES };

struct fixture {
	struct kvm *kvm;
	struct kvm_mmu_page root[2];
	u64 *table[NR_TABLES];
};

static void load(const char *profile)
{
	static const struct sim_cpu_model cpu = { .levels = 4, .maxphyaddr = 48 };

	assert_int_equal(kvm_mmu_module_init(sim_profile_find(profile), &cpu,
					     &sim_module_params_default), 0);
}

static void link_table(struct fixture *fx, int parent, unsigned int index, int child)
{
	fx->table[parent][index] = __pa(fx->table[child]) | NPT_TABLE;
}

static void add_root(struct fixture *fx, int nr, int table, u32 role, int refs)
{
	struct kvm_mmu_page *root = &fx->root[nr];

	root->tdp_mmu_page = true;
	root->role.word = role;
	root->spt = fx->table[table];
	refcount_set(&root->tdp_mmu_root_count, refs);
	list_add(&root->link, fx->kvm->arch.tdp_mmu_roots.prev);
}

static void fill_tables(struct fixture *fx)
{
	for (int i = 0; i < NR_TABLES; i++)
		for (int j = 0; j < SPTE_ENT_PER_PAGE; j++)
			fx->table[i][j] = SHADOW_NONPRESENT_VALUE;

	link_table(fx, ROOT_1, 0, T1);
	link_table(fx, ROOT_1, 511, T4);
	link_table(fx, T1, 1, T2);
	link_table(fx, T2, 0, T3);
	fx->table[T2][2] = UINT64_C(0x10c000ee7);
	fx->table[T3][16] = UINT64_C(0x29eb000) | NPT_LEAF;
	fx->table[T3][17] = UINT64_C(0x29ec000) | NPT_LEAF;
	fx->table[T3][18] = UINT64_C(0x5000000) | NPT_LEAF;
	/* The next frame, but not the same bits. */
	fx->table[T3][19] = UINT64_C(0x5001000) | (NPT_LEAF & ~PT_DIRTY_MASK);
	fx->table[T3][20] = UINT64_C(0x00080000fee00087);
	fx->table[T3][21] = UINT64_C(0x00080000fee01087);
	fx->table[T3][22] = REMOVED_SPTE;
	fx->table[T3][23] = REMOVED_SPTE;
	fx->table[T3][511] = UINT64_C(0x107e09000) | (NPT_LEAF & ~PT_WRITABLE_MASK);
}

static char *show(struct fixture *fx, bool dot)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	sim_show_tables(out, fx->kvm, dot);
	fclose(out);
	assert_non_null(text);
	return text;
}

static void expect(struct fixture *fx, bool dot, const char *want)
{
	char *text = show(fx, dot);

	assert_string_equal(text, want);
	free(text);
}

static const char tree[] =
	"root 1: level 4, as 0, ad, valid, refcount 2\n"
	"  000000000000-007fffffffff            L4  table, T1, A\n"
	"    000040000000-00007fffffff          L3  table, T2, A\n"
	"      000040000000-0000401fffff        L2  table, T3, A\n"
	"        000040010000-000040011fff x2   L1  4K leaf, pfn 0x29eb, rwxu, A D, "
	"host-writable mmu-writable\n"
	"        000040012000-000040012fff      L1  4K leaf, pfn 0x5000, rwxu, A D, "
	"host-writable mmu-writable\n"
	"        000040013000-000040013fff      L1  4K leaf, pfn 0x5001, rwxu, A, "
	"host-writable mmu-writable\n"
	"        000040014000-000040015fff x2   L1  MMIO, gfn 0xfee00, gen 0x10\n"
	"        000040016000-000040017fff x2   L1  removed (frozen)\n"
	"        0000401ff000-0000401fffff      L1  4K leaf, pfn 0x107e09, r-xu, A D, "
	"host-writable mmu-writable\n"
	"        (503 empty)\n"
	"      000040400000-0000405fffff        L2  2M leaf, pfn 0x10c000, rwxu, A D, "
	"host-writable mmu-writable\n"
	"      (510 empty)\n"
	"    (511 empty)\n"
	"  ff8000000000-ffffffffffff            L4  table, T4, A\n"
	"    (512 empty)\n"
	"  (510 empty)\n"
	"\n"
	"root 2: level 4, as 1 (smm), ad, INVALID, refcount 1\n"
	"  (512 empty)\n";

static void test_tree(void **state)
{
	static const char *const profiles[] = { "v6.1", "v6.4", "v6.12" };
	struct fixture *fx = *state;

	add_root(fx, 0, ROOT_1, 0x3784, 2);
	add_root(fx, 1, ROOT_2, 0x1003f84, 1);
	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
		load(profiles[i]);
		fill_tables(fx);
		expect(fx, false, tree);
	}
}

/* A run may reach to the end of its table; then nothing is left to be counted. */
static void test_full_table(void **state)
{
	struct fixture *fx = *state;

	load("v6.1");
	for (u64 i = 0; i < SPTE_ENT_PER_PAGE; i++)
		fx->table[T1][i] = (UINT64_C(0x8000000000000ee7)) | (0x100000000 + (i << 21));
	add_root(fx, 0, T1, 0x23782, 3);
	expect(fx, false,
	       "root 1: level 2, as 0, guest_mode, ad, valid, refcount 3\n"
	       "  000000000000-00003fffffff   x512 L2  2M leaf, pfn 0x100000, "
	       "rw-u (NX huge page), A D, host-writable mmu-writable\n");
}

static void test_no_root(void **state)
{
	struct fixture *fx = *state;

	load("v6.1");
	expect(fx, false, "no roots\n");
	expect(fx, true, "digraph tables {\n\trankdir=LR;\n"
	       "\tnode [shape=box, fontname=\"monospace\"];\n}\n");
}

static void test_dot(void **state)
{
	struct fixture *fx = *state;

	load("v6.12");
	fill_tables(fx);
	/* Keep it short: T3 has a run and a lone entry. */
	for (int i = 18; i < SPTE_ENT_PER_PAGE; i++)
		fx->table[T3][i] = i == 20 ? REMOVED_SPTE : SHADOW_NONPRESENT_VALUE;
	fx->table[ROOT_1][511] = SHADOW_NONPRESENT_VALUE;
	fx->table[T2][2] = SHADOW_NONPRESENT_VALUE;
	add_root(fx, 0, ROOT_1, 0x3784, 2);
	expect(fx, true,
	       "digraph tables {\n"
	       "\trankdir=LR;\n"
	       "\tnode [shape=box, fontname=\"monospace\"];\n"
	       "\tr1 [label=\"root 1\\nlevel 4, as 0, ad, valid, refcount 2\"];\n"
	       "\tt1 [label=\"T1\\nlevel 3 from 000000000000\"];\n"
	       "\tr1 -> t1 [label=\"0\"];\n"
	       "\tt2 [label=\"T2\\nlevel 2 from 000040000000\"];\n"
	       "\tt1 -> t2 [label=\"1\"];\n"
	       "\tt3 [label=\"T3\\nlevel 1 from 000040000000\"];\n"
	       "\tt2 -> t3 [label=\"0\"];\n"
	       "\tl1 [style=rounded, label=\"000040010000-000040011fff x2\\n"
	       "4K leaf, pfn 0x29eb, rwxu, A D, host-writable mmu-writable\"];\n"
	       "\tt3 -> l1 [label=\"16-17\"];\n"
	       "\tl2 [style=rounded, label=\"000040014000-000040014fff\\nremoved (frozen)\"];\n"
	       "\tt3 -> l2 [label=\"20\"];\n"
	       "}\n");
}

/* ---- Set up ---- */

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	if (!fx)
		return -1;
	fx->kvm = calloc(1, sizeof(*fx->kvm));
	if (!fx->kvm || sim_init())
		return -1;
	INIT_LIST_HEAD(&fx->kvm->arch.tdp_mmu_roots);
	for (int i = 0; i < NR_TABLES; i++) {
		fx->table[i] = (u64 *)get_zeroed_page(GFP_KERNEL);
		if (!fx->table[i])
			return -1;
	}
	*state = fx;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	for (int i = 0; i < NR_TABLES; i++)
		free_page((unsigned long)fx->table[i]);
	free(fx->kvm);
	free(fx);
	kvm_mmu_module_exit();
	return (int)sim_exit();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_tree, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_table, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_root, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dot, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
