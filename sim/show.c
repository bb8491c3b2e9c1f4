/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/show.h"

#include <inttypes.h>
#include <linux/bug.h>
#include <linux/rculist.h>

#include "mmu/tdp_iter.h"
#include "sim/describe.h"

/* Page tables as a tree or as a graph.  Both come from one walk, which finds the runs. */

struct show {
	FILE *out;
	unsigned int root;	/* number of the root that is being shown */
	int root_level;
	u64 nr_tables;		/* numbers given so far */
	u64 nr_runs;		/* dot: nodes for runs so far */
};

/* Where the walk is. */
struct table {
	u64 *spt;
	int level;		/* of its entries */
	gfn_t gfn;		/* first */
	u64 number;		/* 0: the root */
};

/* Entries @first to @first + @nr - 1 of a table; entries that point to a table are alone. */
struct run {
	u64 spte;		/* the first */
	unsigned int first;
	unsigned int nr;
};

/* ---- Runs ---- */

/* Whether bits 51:12 are a frame number, or a gfn, that goes on in step. */
static bool has_frame(enum sim_spte_class class)
{
	return class == SIM_SPTE_LEAF || class == SIM_SPTE_TRACKED || class == SIM_SPTE_MMIO;
}

static struct run next_run(const struct table *table, unsigned int first)
{
	u64 spte = kvm_tdp_mmu_read_spte(&table->spt[first]);
	enum sim_spte_class class = sim_spte_class(spte, table->level);
	u64 step = has_frame(class) ? KVM_PAGES_PER_HPAGE(table->level) << PAGE_SHIFT : 0;
	struct run run = { .spte = spte, .first = first, .nr = 1 };

	if (class == SIM_SPTE_TABLE)
		return run;
	while (first + run.nr < SPTE_ENT_PER_PAGE) {
		u64 next = kvm_tdp_mmu_read_spte(&table->spt[first + run.nr]);

		/* The sum may run into the bits above: then the classes' flags differ. */
		if (next != spte + run.nr * step ||
		    (next & ~SPTE_BASE_ADDR_MASK) != (spte & ~SPTE_BASE_ADDR_MASK))
			break;
		run.nr++;
	}
	return run;
}

static struct table child_table(struct show *show, const struct table *table,
				const struct run *run)
{
	return (struct table) {
		.spt = spte_to_child_pt(run->spte, table->level),
		.level = table->level - 1,
		.gfn = table->gfn + run->first * KVM_PAGES_PER_HPAGE(table->level),
		.number = ++show->nr_tables,
	};
}

static gpa_t run_start(const struct table *table, const struct run *run)
{
	return gfn_to_gpa(table->gfn + run->first * KVM_PAGES_PER_HPAGE(table->level));
}

static gpa_t run_last(const struct table *table, const struct run *run)
{
	gfn_t end = table->gfn + (run->first + run->nr) * KVM_PAGES_PER_HPAGE(table->level);

	return gfn_to_gpa(end) - 1;
}

/* "level 4, as 0, ad, valid, refcount 2" */
static void print_role(FILE *out, struct kvm_mmu_page *root)
{
	union kvm_mmu_page_role role = root->role;

	fprintf(out, "level %u, as %d%s%s, %s, %s, refcount %u", role.level,
		kvm_mmu_role_as_id(role), role.smm ? " (smm)" : "",
		role.guest_mode ? ", guest_mode" : "", role.ad_disabled ? "!ad" : "ad",
		role.invalid ? "INVALID" : "valid",
		(unsigned int)refcount_read(&root->tdp_mmu_root_count));
}

/* ---- The tree ---- */

/* Digits that hold every address of the tables. */
static int gpa_digits(const struct show *show)
{
	return show->root_level > 4 ? 13 : 12;
}

static void print_run(const struct show *show, const struct table *table, const struct run *run,
		      u64 child)
{
	int depth = show->root_level - table->level + 1;
	char words[SIM_DESCRIBE_SIZE], count[16] = "";

	if (run->nr > 1)
		snprintf(count, sizeof(count), "x%u", run->nr);
	sim_describe_spte(run->spte, table->level, child, words, sizeof(words));
	/* What the indentation lacks at the left is filled up at the right. */
	fprintf(show->out, "%*s%0*" PRIx64 "-%0*" PRIx64 "%*s %-4s L%d  %s\n", 2 * depth, "",
		gpa_digits(show), run_start(table, run), gpa_digits(show), run_last(table, run),
		2 * (show->root_level - depth), "", count, table->level, words);
}

static void print_table(struct show *show, const struct table *table)
{
	unsigned int empty = 0;
	struct run run;

	for (unsigned int i = 0; i < SPTE_ENT_PER_PAGE; i += run.nr) {
		run = next_run(table, i);
		switch (sim_spte_class(run.spte, table->level)) {
		case SIM_SPTE_EMPTY:
			empty += run.nr;
			break;
		case SIM_SPTE_TABLE: {
			struct table child = child_table(show, table, &run);

			print_run(show, table, &run, child.number);
			print_table(show, &child);
			break;
		}
		default:
			print_run(show, table, &run, 0);
			break;
		}
	}
	if (empty)
		fprintf(show->out, "%*s(%u empty)\n", 2 * (show->root_level - table->level + 1), "",
			empty);
}

/* ---- The graph ---- */

static void dot_name(FILE *out, const struct show *show, const struct table *table)
{
	if (table->number)
		fprintf(out, "t%" PRIu64, table->number);
	else
		fprintf(out, "r%u", show->root);
}

static void dot_edge(const struct show *show, const struct table *table, const struct run *run,
		     const char *prefix, u64 number)
{
	fputc('\t', show->out);
	dot_name(show->out, show, table);
	fprintf(show->out, " -> %s%" PRIu64 " [label=\"%u", prefix, number, run->first);
	if (run->nr > 1)
		fprintf(show->out, "-%u", run->first + run->nr - 1);
	fprintf(show->out, "\"];\n");
}

static void dot_run(struct show *show, const struct table *table, const struct run *run)
{
	char words[SIM_DESCRIBE_SIZE];
	u64 number = ++show->nr_runs;

	sim_describe_spte(run->spte, table->level, 0, words, sizeof(words));
	fprintf(show->out, "\tl%" PRIu64 " [style=rounded, label=\"", number);
	fprintf(show->out, "%0*" PRIx64 "-%0*" PRIx64, gpa_digits(show), run_start(table, run),
		gpa_digits(show), run_last(table, run));
	if (run->nr > 1)
		fprintf(show->out, " x%u", run->nr);
	/* A label breaks its lines at \n, as two characters. */
	fprintf(show->out, "\\n%s\"];\n", words);
	dot_edge(show, table, run, "l", number);
}

static void dot_table(struct show *show, const struct table *table)
{
	struct run run;

	for (unsigned int i = 0; i < SPTE_ENT_PER_PAGE; i += run.nr) {
		enum sim_spte_class class;

		run = next_run(table, i);
		class = sim_spte_class(run.spte, table->level);
		if (class == SIM_SPTE_TABLE) {
			struct table child = child_table(show, table, &run);

			fprintf(show->out, "\tt%" PRIu64 " [label=\"T%" PRIu64
				"\\nlevel %d from %0*" PRIx64 "\"];\n", child.number, child.number,
				child.level, gpa_digits(show), gfn_to_gpa(child.gfn));
			dot_edge(show, table, &run, "t", child.number);
			dot_table(show, &child);
		} else if (class != SIM_SPTE_EMPTY) {
			dot_run(show, table, &run);
		}
	}
}

/* ---- Roots ---- */

static void show_root(struct show *show, struct kvm_mmu_page *root, bool dot)
{
	const struct table table = {
		.spt = root->spt,
		.level = (int)root->role.level,
		.gfn = root->gfn,
	};

	BUG_ON(table.level < PG_LEVEL_4K || table.level > PT64_ROOT_MAX_LEVEL);
	show->root_level = table.level;
	if (dot) {
		fprintf(show->out, "\tr%u [label=\"root %u\\n", show->root, show->root);
		print_role(show->out, root);
		fprintf(show->out, "\"];\n");
		dot_table(show, &table);
	} else {
		fprintf(show->out, "root %u: ", show->root);
		print_role(show->out, root);
		fputc('\n', show->out);
		print_table(show, &table);
	}
}

void sim_show_tables(FILE *out, struct kvm *kvm, bool dot)
{
	struct show show = { .out = out };
	struct kvm_mmu_page *root;

	if (dot)
		fprintf(out, "digraph tables {\n\trankdir=LR;\n"
			"\tnode [shape=box, fontname=\"monospace\"];\n");
	rcu_read_lock();
	list_for_each_entry_rcu(root, &kvm->arch.tdp_mmu_roots, link) {
		if (!dot && show.root)
			fputc('\n', out);
		show.root++;
		show_root(&show, root, dot);
	}
	rcu_read_unlock();

	if (dot)
		fprintf(out, "}\n");
	else if (!show.root)
		fprintf(out, "no roots\n");
}
