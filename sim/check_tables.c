/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <linux/mm.h>

#include "mmu/mmu.h"
#include "mmu/spte.h"
#include "mmu/tdp_mmu.h"
#include "sim/check_leaves.h"
#include "sim/check_refs.h"
#include "sim/check_spte.h"
#include "sim/check_tables.h"
#include "sim/mem.h"

struct walk {
	struct kvm *kvm;
	struct sim_spte_check spte;	/* for the present root */
	char *err;
	size_t err_size;

	/* What the walk has met. */
	u64 leafs[KVM_NR_PAGE_SIZES];
	u64 nr_nx;
	const struct kvm_mmu_page **tables;	/* not the roots */
	size_t nr_tables, capacity;
};

static bool complain(struct walk *walk, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(walk->err, walk->err_size, fmt, args);
	va_end(args);
	return false;
}

/* ---- One table ---- */

static bool remember_table(struct walk *walk, const struct kvm_mmu_page *sp)
{
	if (walk->nr_tables == walk->capacity) {
		size_t capacity = walk->capacity ? walk->capacity * 2 : 256;
		void *tables = realloc(walk->tables, capacity * sizeof(*walk->tables));

		if (!tables)
			return complain(walk, "out of memory");
		walk->tables = tables;
		walk->capacity = capacity;
	}
	walk->tables[walk->nr_tables++] = sp;
	return true;
}

/* What the header of the table below @sptep must say. */
static bool check_header(struct walk *walk, const struct kvm_mmu_page *parent, gfn_t gfn,
			 u64 *sptep, const struct kvm_mmu_page *sp)
{
	union kvm_mmu_page_role role = parent->role;
	const char *what = NULL;

	role.level--;
	/* The invalid bit is set in roots alone. */
	role.invalid = sp->role.invalid;

	if (sp->ptep != sptep)
		what = "its header says that another entry points to it";
	else if (sp->gfn != gfn)
		what = "its header has another gfn";
	else if (sp->role.word != role.word)
		what = "its role does not follow from its parent's";
	else if (!sp->tdp_mmu_page)
		what = "it is no page of the TDP MMU";
	else if (!list_empty(&sp->possible_nx_huge_page_link) && !sp->nx_huge_page_disallowed)
		what = "it waits for NX recovery, but stands in for no huge page";
	if (!what)
		return true;
	return complain(walk,
			"table of as %d gfn 0x%llx level %d: %s (header: gfn 0x%llx level %d)",
			kvm_mmu_page_as_id(parent), (unsigned long long)gfn,
			parent->role.level - 1, what, (unsigned long long)sp->gfn, sp->role.level);
}

static const struct kvm_mmu_page *table_at(u64 spte)
{
	u64 pa = spte & SPTE_BASE_ADDR_MASK & ~shadow_me_mask;
	const struct kvm_mmu_page *sp;

	if (pa < SIM_MEM_BASE || pa >= SIM_MEM_END)
		return NULL;
	sp = to_shadow_page(pa);
	return sp && __pa(sp->spt) == pa ? sp : NULL;
}

static bool check_table(struct walk *walk, const struct kvm_mmu_page *sp);

static bool check_entry(struct walk *walk, const struct kvm_mmu_page *sp, gfn_t gfn, u64 *sptep)
{
	const struct kvm_mmu_page *child;
	u64 spte = *sptep;

	if (!is_shadow_present_pte(spte))
		return sim_check_empty(&walk->spte, sp, gfn, spte);
	if (is_last_spte(spte, sp->role.level)) {
		if (!sim_check_leaf(&walk->spte, sp, gfn, spte))
			return false;
		walk->leafs[sp->role.level - 1]++;
		return true;
	}

	child = table_at(spte);
	if (!child)
		return complain(walk,
				"as %d gfn 0x%llx level %d SPTE 0x%llx: there is no page table",
				kvm_mmu_page_as_id(sp), (unsigned long long)gfn, sp->role.level,
				(unsigned long long)spte);
	return sim_check_nonleaf(&walk->spte, sp, gfn, spte) &&
	       check_header(walk, sp, gfn, sptep, child) &&
	       remember_table(walk, child) && check_table(walk, child);
}

/* Five levels deep at most: check_header() has seen to it that levels go down. */
static bool check_table(struct walk *walk, const struct kvm_mmu_page *sp)
{
	int i, end = SPTE_ENT_PER_PAGE;

	if (!list_empty(&sp->possible_nx_huge_page_link))
		walk->nr_nx++;
	for (i = 0; (i = sim_next_entry(sp->spt, i, end, SHADOW_NONPRESENT_VALUE)) < end; i++)
		if (!check_entry(walk, sp, sp->gfn + i * KVM_PAGES_PER_HPAGE(sp->role.level),
				 &sp->spt[i]))
			return false;
	return true;
}

/* ---- Roots ---- */

static const struct kvm_mmu_page *earlier_root_of_role(struct kvm *kvm,
						       const struct kvm_mmu_page *root)
{
	const struct kvm_mmu_page *other;

	list_for_each_entry(other, &kvm->arch.tdp_mmu_roots, link) {
		if (other == root)
			break;
		if (other->role.word == root->role.word)
			return other;
	}
	return NULL;
}

/* Invalid, and its zap is still to come. */
static bool zap_is_ordered(const struct kvm_mmu_page *root)
{
	return root->role.invalid &&
	       work_pending((struct work_struct *)&root->tdp_mmu_async_work);
}

static bool check_root_header(struct walk *walk, const struct kvm_mmu_page *root)
{
	int as_id = kvm_mmu_page_as_id(root);

	if (table_at(__pa(root->spt)) != root)
		return complain(walk, "root of as %d: its page does not point back to it", as_id);
	if (!root->tdp_mmu_page || root->ptep || root->gfn)
		return complain(walk, "root of as %d: its header is not a root's", as_id);
	if (root->role.level < 4 || root->role.level > PT64_ROOT_MAX_LEVEL || !root->role.direct ||
	    root->role.access != ACC_ALL || root->role.ad_disabled != !kvm_ad_enabled)
		return complain(walk, "root of as %d: role 0x%x is none that a vCPU has", as_id,
				root->role.word);
	if (!root->role.invalid && earlier_root_of_role(walk->kvm, root))
		return complain(walk, "root of as %d: there are two valid ones of role 0x%x", as_id,
				root->role.word);
	return true;
}

/* Nobody can load an invalid root.  When its zap is over, it must be empty. */
static bool check_invalid_root(struct walk *walk, const struct kvm_mmu_page *root)
{
	int i;

	for (i = 0; i < SPTE_ENT_PER_PAGE; i++)
		if (is_shadow_present_pte(root->spt[i]))
			return complain(walk, "root of as %d: invalid, but SPTE 0x%llx is present",
					kvm_mmu_page_as_id(root),
					(unsigned long long)root->spt[i]);
	return true;
}

static bool check_roots(struct walk *walk)
{
	const struct kvm_mmu_page *root;

	list_for_each_entry(root, &walk->kvm->arch.tdp_mmu_roots, link) {
		if (!check_root_header(walk, root))
			return false;
		if (root->role.invalid && !zap_is_ordered(root) &&
		    !check_invalid_root(walk, root))
			return false;
		sim_spte_check_init(&walk->spte, walk->kvm, root, walk->err, walk->err_size);
		if (!check_table(walk, root))
			return false;
	}
	return true;
}

/* The root that is loaded is of the mode that the vCPU is in, be it invalid meanwhile. */
static bool role_fits(const struct kvm_mmu *mmu)
{
	union kvm_mmu_page_role role;

	if (!VALID_PAGE(mmu->root.hpa))
		return true;
	role = to_shadow_page(mmu->root.hpa)->role;
	role.invalid = mmu->root_role.invalid;
	return role.word == mmu->root_role.word;
}

static bool check_roots_of_vcpus(struct walk *walk)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;

	kvm_for_each_vcpu(i, vcpu, walk->kvm) {
		const struct kvm_mmu *mmu = &vcpu->arch.root_mmu;

		if (!role_fits(mmu))
			return complain(walk, "vCPU %d has the root of another role than 0x%x",
					vcpu->vcpu_id, mmu->root_role.word);
	}
	return true;
}

/* ---- Counters ---- */

static int compare_pointers(const void *a, const void *b)
{
	uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;

	return (x > y) - (x < y);
}

/* In a list of the right length each member once, and each of them met by the walk. */
static bool check_page_list(struct walk *walk)
{
	const struct kvm_mmu_page *sp;
	size_t nr = 0;

	if (walk->nr_tables)
		qsort(walk->tables, walk->nr_tables, sizeof(*walk->tables), compare_pointers);
	list_for_each_entry(sp, &walk->kvm->arch.tdp_mmu_pages, link) {
		if (!walk->nr_tables ||
		    !bsearch(&sp, walk->tables, walk->nr_tables, sizeof(sp), compare_pointers))
			return complain(walk, "a page of gfn 0x%llx level %d is listed, not linked",
					(unsigned long long)sp->gfn, sp->role.level);
		nr++;
	}
	if (nr != walk->nr_tables)
		return complain(walk, "%zu pages are listed, %zu are linked", nr, walk->nr_tables);
	return true;
}

static bool check_nx_list(struct walk *walk)
{
	s64 stat = atomic64_read(&walk->kvm->stat.nx_lpage_splits);
	const struct kvm_mmu_page *sp;
	s64 nr = 0;

	/* Before the list is looked at: what should have left it may be freed. */
	if (stat != (s64)walk->nr_nx)
		return complain(walk, "nx_lpage_splits is %lld, a walk finds %llu",
				(long long)stat, (unsigned long long)walk->nr_nx);
	list_for_each_entry(sp, &walk->kvm->arch.possible_nx_huge_pages,
			    possible_nx_huge_page_link)
		nr++;
	if (nr != stat)
		return complain(walk, "%lld NX huge pages are listed, %lld are linked",
				(long long)nr, (long long)stat);
	return true;
}

static bool check_counters(struct walk *walk)
{
	struct kvm *kvm = walk->kvm;
	s64 nr_pages = atomic64_read(&kvm->arch.nr_tdp_mmu_pages);
	int i;

	if (nr_pages != (s64)walk->nr_tables)
		return complain(walk, "nr_tdp_mmu_pages is %lld, a walk finds %zu",
				(long long)nr_pages, walk->nr_tables);
	for (i = 0; i < KVM_NR_PAGE_SIZES; i++) {
		s64 stat = atomic64_read(&kvm->stat.pages[i]);

		if (stat != (s64)walk->leafs[i])
			return complain(walk, "pages_%s is %lld, a walk finds %llu",
					i == 0 ? "4k" : i == 1 ? "2m" : "1g", (long long)stat,
					(unsigned long long)walk->leafs[i]);
	}
	if (kvm_profile->pages_on_list && !check_page_list(walk))
		return false;
	return check_nx_list(walk);
}

static bool check_vm(struct walk *walk)
{
	struct kvm *kvm = walk->kvm;

	if (kvm->vm_bugged)
		return complain(walk, "the VM is bugged");
	if (kvm->mmu_invalidate_in_progress || kvm->mn_active_invalidate_count)
		return complain(walk, "%ld invalidations in progress, %lu active",
				kvm->mmu_invalidate_in_progress,
				kvm->mn_active_invalidate_count);
	return true;
}

/* ---- All of it ---- */

bool sim_check_tables(struct kvm *kvm, char *err, size_t err_size)
{
	struct walk walk = { .kvm = kvm, .err = err, .err_size = err_size };
	int idx = srcu_read_lock(&kvm->srcu);
	bool ok;

	write_lock(&kvm->mmu_lock);
	rcu_read_lock();
	ok = check_vm(&walk) && sim_check_refs(kvm, 0, err, err_size) && check_roots(&walk) &&
	     check_roots_of_vcpus(&walk) && check_counters(&walk);
	rcu_read_unlock();
	write_unlock(&kvm->mmu_lock);
	srcu_read_unlock(&kvm->srcu, idx);

	free(walk.tables);
	return ok;
}

bool sim_check_page_count(struct kvm *kvm, unsigned long others, char *err, size_t err_size)
{
	unsigned long want = others + atomic64_read(&kvm->arch.nr_tdp_mmu_pages), got, i;
	const struct kvm_mmu_page *root;
	struct kvm_vcpu *vcpu;

	rcu_barrier();
	list_for_each_entry(root, &kvm->arch.tdp_mmu_roots, link)
		want++;
	kvm_for_each_vcpu(i, vcpu, kvm) {
		want += vcpu->arch.mmu_shadow_page_cache.nobjs;
		want += vcpu->arch.pml_buffer != NULL;
	}

	got = sim_mem_pages_in_use();
	if (got == want)
		return true;
	snprintf(err, err_size, "%lu pages are in use, %lu are accounted for", got, want);
	return false;
}
