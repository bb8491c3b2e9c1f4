/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdarg.h>
#include <stdio.h>
#include <linux/mm.h>

#include "mmu/mmu.h"
#include "mmu/spte.h"
#include "sim/check_change.h"
#include "sim/check_spte.h"
#include "sim/finding.h"
#include "sim/mem.h"

/* ---- The rules ---- */

/* Levels at which an entry of one kind may become one of the other, a bit each. */
#define SMALL	BIT(1)
#define HUGES	(BIT(2) | BIT(3))
#define TOPS	(BIT(4) | BIT(5))
#define LEAFS	(SMALL | HUGES)
#define ALL	(LEAFS | TOPS)
#define TABLES	(HUGES | TOPS)

static const u8 legal[][SIM_SPTE_TABLE + 1] = {
	[SIM_SPTE_EMPTY] = {
		[SIM_SPTE_REMOVED] = ALL, [SIM_SPTE_MMIO] = SMALL, [SIM_SPTE_LEAF] = LEAFS,
		[SIM_SPTE_TRACKED] = LEAFS, [SIM_SPTE_TABLE] = TABLES,
	},
	[SIM_SPTE_REMOVED] = { [SIM_SPTE_EMPTY] = ALL },
	[SIM_SPTE_MMIO] = {
		[SIM_SPTE_EMPTY] = SMALL, [SIM_SPTE_REMOVED] = SMALL, [SIM_SPTE_MMIO] = SMALL,
		[SIM_SPTE_LEAF] = SMALL, [SIM_SPTE_TRACKED] = SMALL,
	},
	[SIM_SPTE_FOREIGN] = { 0 },
	[SIM_SPTE_TRACKED] = {
		[SIM_SPTE_EMPTY] = LEAFS, [SIM_SPTE_REMOVED] = LEAFS, [SIM_SPTE_MMIO] = SMALL,
		[SIM_SPTE_LEAF] = LEAFS, [SIM_SPTE_TRACKED] = LEAFS, [SIM_SPTE_TABLE] = HUGES,
	},
	[SIM_SPTE_LEAF] = {
		[SIM_SPTE_EMPTY] = LEAFS, [SIM_SPTE_REMOVED] = LEAFS, [SIM_SPTE_MMIO] = SMALL,
		[SIM_SPTE_LEAF] = LEAFS, [SIM_SPTE_TRACKED] = LEAFS, [SIM_SPTE_TABLE] = HUGES,
	},
	[SIM_SPTE_TABLE] = {
		[SIM_SPTE_EMPTY] = TABLES, [SIM_SPTE_REMOVED] = TABLES, [SIM_SPTE_LEAF] = HUGES,
		[SIM_SPTE_TRACKED] = HUGES,
	},
};

bool sim_change_is_legal(enum sim_spte_class from, enum sim_spte_class to, int level, bool store)
{
	if (from == SIM_SPTE_REMOVED && !store)
		return false;
	return level >= PG_LEVEL_4K && level <= PT64_ROOT_MAX_LEVEL &&
	       (legal[from][to] >> level & 1);
}

/* ---- Complaints ---- */

struct judge {
	const struct sim_change *change;
	enum sim_spte_class from, to;
	const struct sim_history *history;
	char *err;
	size_t err_size;
};

__attribute__((format(printf, 2, 3)))
static bool complain(const struct judge *judge, const char *fmt, ...)
{
	const struct sim_change *change = judge->change;
	char before[SIM_DESCRIBE_SIZE], after[SIM_DESCRIBE_SIZE], why[256];
	/* There are no words for a level that does not exist. */
	int level = change->level >= PG_LEVEL_4K && change->level <= PT64_ROOT_MAX_LEVEL ?
		    change->level : PG_LEVEL_4K;
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	sim_describe_spte(change->old_spte, level, 0, before, sizeof(before));
	sim_describe_spte(change->new_spte, level, 0, after, sizeof(after));
	snprintf(judge->err, judge->err_size,
		 "as %d gfn 0x%llx level %d: 0x%llx (%s) became 0x%llx (%s): %s", change->as_id,
		 (unsigned long long)change->gfn, change->level,
		 (unsigned long long)change->old_spte, before,
		 (unsigned long long)change->new_spte, after, why);
	sim_history_append(judge->history, change->as_id, change->gfn, 0, judge->err,
			   judge->err_size);
	return false;
}

static bool is_leaf(enum sim_spte_class class)
{
	return class == SIM_SPTE_LEAF || class == SIM_SPTE_TRACKED;
}

/* ---- New values ---- */

static bool check_mmio(const struct judge *judge)
{
	gfn_t gfn = get_mmio_spte_gfn(judge->change->new_spte);

	if (gfn == judge->change->gfn)
		return true;
	return complain(judge, "an MMIO SPTE made for gfn 0x%llx", (unsigned long long)gfn);
}

static bool check_leaf_bits(const struct judge *judge, u64 spte)
{
	int level = judge->change->level;
	bool tracked = is_access_track_spte(spte);

	if (spte & ~sim_spte_leaf_bits())
		return complain(judge, "bits 0x%llx have no meaning in a leaf",
				(unsigned long long)(spte & ~sim_spte_leaf_bits()));
	if (level == PG_LEVEL_4K && is_large_pte(spte))
		return complain(judge, "a small page that says it is huge");
	if (spte_to_pfn(spte & ~shadow_me_mask) & (KVM_PAGES_PER_HPAGE(level) - 1))
		return complain(judge, "the frame is not aligned to the size of the page");
	if ((spte & SPTE_TDP_AD_MASK) == SPTE_TDP_AD_MASK)
		return complain(judge, "no such A/D type");
	if (!tracked && !kvm_ad_enabled && (spte & SHADOW_ACC_TRACK_SAVED_MASK))
		return complain(judge, "saved rights, but it is not tracked");
	if (is_writable_pte(spte) && !is_mmu_writable_spte(spte))
		return complain(judge, "writable, but not MMU-writable");
	if (is_mmu_writable_spte(spte) && !(spte & shadow_host_writable_mask))
		return complain(judge, "MMU-writable, but not host-writable");
	return true;
}

/* Rights, A, D and what KVM knows of the host may differ; nothing else. */
static bool check_leaf(const struct judge *judge)
{
	u64 old = judge->change->old_spte, new = judge->change->new_spte;

	if (!check_leaf_bits(judge, new))
		return false;
	if (!is_leaf(judge->from))
		return true;
	if (spte_to_pfn(old) != spte_to_pfn(new))
		return complain(judge, "a leaf went from frame 0x%llx to 0x%llx while present",
				(unsigned long long)spte_to_pfn(old),
				(unsigned long long)spte_to_pfn(new));
	if ((old ^ new) & SPTE_TDP_AD_MASK)
		return complain(judge, "the A/D type of a leaf changed while it was present");
	return true;
}

/* ---- New tables ---- */

static const char *wrong_header(const struct sim_change *change, const struct kvm_mmu_page *sp)
{
	const struct kvm_mmu_page *parent;

	if (!sp->tdp_mmu_page)
		return "it is no page of the TDP MMU";
	if (sp->role.level != change->level - 1)
		return "its header has another level";
	if (sp->gfn != change->gfn)
		return "its header has another gfn";
	if (kvm_mmu_page_as_id(sp) != change->as_id)
		return "its header has another address space";
	if (!READ_ONCE(sp->possible_nx_huge_page_link.next))
		return "its list node is not initialised";
	if (!sp->ptep)
		return "its header says that no entry points to it";
	parent = sptep_to_sp(sp->ptep);
	if (!parent || parent->role.level != change->level ||
	    parent->gfn + (sp->ptep - parent->spt) * KVM_PAGES_PER_HPAGE(change->level) !=
	    change->gfn)
		return "its header says that another entry points to it";
	return NULL;
}

/* Entry @index of a table that was just linked; others may have been at work on it since. */
static bool check_child_entry(const struct judge *judge, const struct kvm_mmu_page *sp, int index)
{
	u64 spte = READ_ONCE(sp->spt[index]);
	enum sim_spte_class class = sim_spte_class(spte, sp->role.level);
	u64 pfn = spte_to_pfn(judge->change->old_spte);

	if (class == SIM_SPTE_FOREIGN)
		return complain(judge, "entry %d of the table is 0x%llx: not initialised", index,
				(unsigned long long)spte);
	if (!is_leaf(class) || !is_leaf(judge->from))
		return true;
	/* A split changes no translation. */
	pfn += index * KVM_PAGES_PER_HPAGE(sp->role.level);
	if (spte_to_pfn(spte) == pfn)
		return true;
	return complain(judge, "entry %d of the table maps frame 0x%llx, the huge page had 0x%llx",
			index, (unsigned long long)spte_to_pfn(spte), (unsigned long long)pfn);
}

static bool check_new_table(const struct judge *judge)
{
	u64 spte = judge->change->new_spte, pa = spte & SPTE_BASE_ADDR_MASK & ~shadow_me_mask;
	u64 bits = sim_spte_nonleaf_bits();
	const struct kvm_mmu_page *sp;
	const char *what;
	int i;

	if ((spte & ~(SPTE_BASE_ADDR_MASK & ~shadow_me_mask)) != bits)
		return complain(judge, "an entry for a table has the bits 0x%llx, and no others",
				(unsigned long long)bits);
	if (pa < SIM_MEM_BASE || pa >= SIM_MEM_END)
		return complain(judge, "there is no page table");
	sp = to_shadow_page(pa);
	if (!sp || __pa(sp->spt) != pa)
		return complain(judge, "there is no page table");
	what = wrong_header(judge->change, sp);
	if (what)
		return complain(judge, "the table is linked, but %s", what);

	for (i = 0; i < SPTE_ENT_PER_PAGE; i++)
		if (!check_child_entry(judge, sp, i))
			return false;
	return true;
}

/* ---- The change ---- */

static bool check_place(const struct judge *judge)
{
	const struct sim_change *change = judge->change;

	if (change->level < PG_LEVEL_4K || change->level > PT64_ROOT_MAX_LEVEL)
		return complain(judge, "there is no such level");
	if (change->gfn != gfn_round_for_level(change->gfn, change->level))
		return complain(judge, "no entry of this level begins at the gfn");
	if (change->gfn > kvm_mmu_max_gfn())
		return complain(judge, "the gfn is beyond what the host can address");
	return true;
}

static bool check_kinds(const struct judge *judge)
{
	unsigned int known = judge->change->known;
	bool frozen = judge->from == SIM_SPTE_REMOVED || judge->to == SIM_SPTE_REMOVED;

	if (frozen && (known & SIM_CHANGE_EXCLUSIVE))
		return complain(judge, "frozen, though mmu_lock is held for write");
	if (judge->to == SIM_SPTE_FOREIGN &&
	    (judge->change->new_spte ^ SHADOW_NONPRESENT_VALUE) == BIT_ULL(63))
		return complain(judge, "bit 63 of an empty entry should be %d",
				(int)(SHADOW_NONPRESENT_VALUE >> 63));
	if (judge->to == SIM_SPTE_FOREIGN)
		return complain(judge, "neither empty nor present nor MMIO nor frozen");
	if (!sim_change_is_legal(judge->from, judge->to, judge->change->level,
				 known & SIM_CHANGE_STORE))
		return complain(judge, "this must not happen to an entry of level %d",
				judge->change->level);
	return true;
}

bool sim_check_change(const struct sim_change *change, const struct sim_history *history,
		      char *err, size_t err_size)
{
	struct judge judge = {
		.change = change, .history = history, .err = err, .err_size = err_size,
		.from = sim_spte_class(change->old_spte, change->level),
		.to = sim_spte_class(change->new_spte, change->level),
	};

	if (!check_place(&judge))
		return false;
	if (change->old_spte == change->new_spte)
		return true;
	if (!check_kinds(&judge))
		return false;
	if (judge.to == SIM_SPTE_MMIO)
		return check_mmio(&judge);
	if (judge.to == SIM_SPTE_TABLE)
		return check_new_table(&judge);
	return !is_leaf(judge.to) || check_leaf(&judge);
}
