/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <linux/kernel.h>
#include <linux/minmax.h>

#include "sim/host_model_internal.h"

#define PROT_RWX	7u
#define PROT_WRITE	2u

/* ---- The bounds of areas ---- */

/*
 * A bound of an area is about to move to @addr.  If a huge page could lie across it, that
 * page is split first, and the kernel calls the notifiers without looking whether there
 * is one.
 */
static void adjust_trans_huge(struct sim_host_model *m, size_t index, u64 addr)
{
	struct sim_vma vma = m->vmas.v[index];

	if (m->config.thp && addr & (SIM_PMD_SIZE - 1) && sim_host_is_block(&vma, addr))
		sim_host_split_pmd(m, addr, false);
}

/* A page of hugetlb cannot be cut. */
static bool may_split(const struct sim_vma *vma, u64 addr)
{
	return !(addr & (sim_host_page_size(vma) - 1));
}

/* Cut the area at @index at @addr, if @addr is inside of it. */
static int split_vma(struct sim_host_model *m, size_t index, u64 addr)
{
	const struct sim_vma *vma = &m->vmas.v[index];

	if (addr <= vma->start || addr >= vma->end)
		return 0;
	if (!may_split(vma, addr))
		return -EINVAL;
	adjust_trans_huge(m, index, addr);
	return sim_vmas_split(&m->vmas, index, addr);
}

static void join(struct sim_host_model *m, size_t lower, size_t nr)
{
	struct sim_vma *v = &m->vmas.v[lower];
	size_t i;

	for (i = 1; i < nr; i++) {
		v->end = v[i].end;
		if (!v->anon_vma)
			v->anon_vma = v[i].anon_vma;
	}
	sim_vmas_remove(&m->vmas, lower + 1, nr - 1);
}

/* Move the bound between the areas @lower and the next to @addr. */
static void shift(struct sim_host_model *m, size_t lower, u64 addr)
{
	struct sim_vma *v = &m->vmas.v[lower];

	adjust_trans_huge(m, addr < v->end ? lower : lower + 1, addr);
	v = &m->vmas.v[lower];
	/* Whoever grows takes over pages, and needs what their reverse mapping goes by. */
	if (addr < v->end && !v[1].anon_vma)
		v[1].anon_vma = v[0].anon_vma;
	else if (addr > v->end && !v[0].anon_vma)
		v[0].anon_vma = v[1].anon_vma;
	v[0].end = v[1].start = addr;
}

/*
 * Give the part [start, end) of the area at *index another protection and other flags.
 * Merging with a neighbour is tried first, then the area is cut.  Afterwards *index is
 * the area that the part is in.
 */
static int modify_vma(struct sim_host_model *m, size_t *index, u64 start, u64 end, u32 prot,
		      u32 flags)
{
	size_t i = *index;
	struct sim_vma *v = m->vmas.v, part = v[i];
	bool head = start == v[i].start, tail = end == v[i].end, prev, next;
	int r;

	part.start = start;
	part.end = end;
	part.prot = prot;
	part.flags = flags;
	prev = head && i && sim_vmas_can_merge(&v[i - 1], &part);
	next = tail && i + 1 < m->vmas.nr && sim_vmas_can_merge(&part, &v[i + 1]);
	if (prev && next && v[i - 1].anon_vma && v[i + 1].anon_vma &&
	    v[i - 1].anon_vma != v[i + 1].anon_vma)
		next = false;

	if (prev && tail) {
		join(m, i - 1, next ? 3 : 2);
	} else if (prev) {
		shift(m, i - 1, end);
	} else if (next && head) {
		v[i].prot = prot;
		v[i].flags = flags;
		join(m, i, 2);
	} else if (next) {
		shift(m, i, start);
	} else {
		r = split_vma(m, i, start);
		if (!r && !head)
			i++;
		if (!r)
			r = split_vma(m, i, end);
		*index = i;
		if (r)
			return r;
		m->vmas.v[i].prot = prot;
		m->vmas.v[i].flags = flags;
		return 0;
	}
	*index = sim_vmas_find(&m->vmas, start);
	return 0;
}

int sim_host_map(struct sim_host_model *m, u64 hva, u64 size, enum sim_memory_kind kind)
{
	static const u32 flags_of_kind[] = {
		[SIM_MEMORY_SMALL] = SIM_VMA_NOHUGEPAGE,
		[SIM_MEMORY_THP] = SIM_VMA_HUGEPAGE,
		[SIM_MEMORY_HUGETLB2M] = SIM_VMA_HUGETLB2M,
		[SIM_MEMORY_HUGETLB1G] = SIM_VMA_HUGETLB1G,
	};
	struct sim_vma vma = { .start = hva, .prot = PROT_RWX, .flags = flags_of_kind[kind] };
	int r;

	vma.end = hva + round_up(size, sim_host_page_size(&vma));
	mutex_lock(&m->lock);
	r = sim_vmas_insert(&m->vmas, &vma);
	mutex_unlock(&m->lock);
	return r;
}

/* ---- Taking mappings away ---- */

static void zap_ptes(struct sim_host_model *m, struct sim_host_pmd *pmd, u64 start, u64 end)
{
	for (; pmd->ptes && start < end; start += 4096)
		sim_host_zap_pte(m, sim_host_pt_ptep(pmd, start));
}

static void zap_entry(struct sim_host_model *m, u64 *entry)
{
	u64 pfn = sim_pte_pfn(*entry);
	bool present = *entry;

	WRITE_ONCE(*entry, 0);
	if (present)
		sim_frames_unref(&m->frames, pfn, 1);
}

/* Between a begin and an end of its caller.  m->lock is held. */
static void zap_range(struct sim_host_model *m, u64 start, u64 end)
{
	u64 next;

	for (; start < end; start = next) {
		struct sim_host_pud *pud = sim_host_pt_pud(&m->pt, start);
		struct sim_host_pmd *pmd = sim_host_pt_pmd(&m->pt, start);

		next = sim_host_next(start, end, SIM_PUD_SIZE);
		if (pud && pud->entry)
			zap_entry(m, &pud->entry);
		if (!pmd)
			continue;
		next = sim_host_next(start, end, SIM_PMD_SIZE);
		if (pmd->entry && next - start == SIM_PMD_SIZE) {
			zap_entry(m, &pmd->entry);
			continue;
		}
		if (pmd->entry)
			sim_host_split_pmd(m, start, false);
		zap_ptes(m, pmd, start, next);
	}
}

/* Unmap a part of one area.  Before v6.3 the code for hugetlb had notifiers of its own. */
static void unmap_part(struct sim_host_model *m, const struct sim_vma *vma, u64 start, u64 end)
{
	bool own = vma->flags & SIM_VMA_HUGETLB && m->config.old_host;

	if (own)
		sim_host_begin(m, start, end);
	mutex_lock(&m->lock);
	zap_range(m, start, end);
	mutex_unlock(&m->lock);
	if (own)
		sim_host_end(m, start, end);
}

/* Without areas nothing new comes in: so those go first, then what they map. */
static int unmap_areas(struct sim_host_model *m, u64 start, u64 end, size_t first, size_t nr)
{
	struct sim_vma *gone = malloc(nr * sizeof(*gone));
	size_t i;

	if (!gone) {
		mutex_unlock(&m->lock);
		return -ENOMEM;
	}
	for (i = 0; i < nr; i++)
		gone[i] = m->vmas.v[first + i];
	sim_vmas_remove(&m->vmas, first, nr);
	mutex_unlock(&m->lock);

	sim_host_begin(m, start, end);
	for (i = 0; i < nr; i++)
		unmap_part(m, &gone[i], gone[i].start, gone[i].end);
	sim_host_end(m, start, end);
	free(gone);
	return 0;
}

int sim_host_unmap(struct sim_host_model *m, u64 start, u64 end)
{
	size_t first, last;
	int r = 0;

	mutex_lock(&m->lock);
	first = sim_vmas_find(&m->vmas, start);
	if (first < m->vmas.nr && m->vmas.v[first].start < start) {
		r = split_vma(m, first, start);
		first++;
	}
	if (r || first >= m->vmas.nr || m->vmas.v[first].start >= end) {
		mutex_unlock(&m->lock);
		return r;
	}
	last = sim_vmas_find(&m->vmas, end);
	if (last < m->vmas.nr && m->vmas.v[last].start < end) {
		r = split_vma(m, last, end);
		last++;
	}
	if (r) {
		mutex_unlock(&m->lock);
		return r;
	}
	return unmap_areas(m, start, end, first, last - first);
}

/* ---- Protection ---- */

/*
 * Entries of a private mapping lose their right to be written with every change; an area
 * that may be written gives it back to pages that are the process's own.  v6.1 does so
 * only for small ones that are dirty.
 */
static u64 changed(const struct sim_host_model *m, u64 entry, u32 prot, bool huge)
{
	if (!entry)
		return 0;
	entry &= ~SIM_PTE_WRITE;
	if (!(prot & PROT_WRITE) || !(entry & SIM_PTE_EXCLUSIVE))
		return entry;
	if (m->config.old_host && (huge || !(entry & SIM_PTE_DIRTY)))
		return entry;
	return entry | SIM_PTE_WRITE;
}

static void change_block(struct sim_host_model *m, struct sim_host_pmd *pmd, u64 start, u64 end,
			 u32 prot)
{
	if (pmd->entry && end - start != SIM_PMD_SIZE)
		sim_host_split_pmd(m, start, false);
	if (pmd->entry) {
		WRITE_ONCE(pmd->entry, changed(m, pmd->entry, prot, true));
		return;
	}
	for (; pmd->ptes && start < end; start += 4096) {
		u64 *ptep = sim_host_pt_ptep(pmd, start);

		*ptep = changed(m, *ptep, prot, false);
	}
}

/* Where the first table is that has something in it; @end if nowhere. */
static u64 first_populated(struct sim_host_model *m, u64 start, u64 end)
{
	while (start < end) {
		struct sim_host_pmd *pmd = sim_host_pt_pmd(&m->pt, start);

		if (!pmd) {
			start = (start | (SIM_PUD_SIZE - 1)) + 1;
			continue;
		}
		/* v6.12 calls the notifiers one level further up. */
		if (!m->config.old_host || pmd->entry || pmd->ptes)
			return start;
		start = (start | (SIM_PMD_SIZE - 1)) + 1;
	}
	return end;
}

static void change_part(struct sim_host_model *m, u64 start, u64 end, u32 prot)
{
	u64 first, next;

	mutex_lock(&m->lock);
	first = first_populated(m, start, end);
	mutex_unlock(&m->lock);
	if (first >= end)
		return;

	sim_host_begin(m, first, end);
	mutex_lock(&m->lock);
	for (start = first; start < end; start = next) {
		struct sim_host_pmd *pmd = sim_host_pt_pmd(&m->pt, start);

		next = sim_host_next(start, end, pmd ? SIM_PMD_SIZE : SIM_PUD_SIZE);
		if (pmd)
			change_block(m, pmd, start, next, prot);
	}
	mutex_unlock(&m->lock);
	sim_host_end(m, first, end);
}

static void change_hugetlb(struct sim_host_model *m, u64 start, u64 end)
{
	u64 hva;

	sim_host_begin(m, start, end);
	mutex_lock(&m->lock);
	for (hva = start; hva < end; hva += SIM_PMD_SIZE) {
		struct sim_host_pud *pud = sim_host_pt_pud(&m->pt, hva);
		struct sim_host_pmd *pmd = sim_host_pt_pmd(&m->pt, hva);

		if (pud && pud->entry)
			WRITE_ONCE(pud->entry, pud->entry & ~SIM_PTE_WRITE);
		else if (pmd && pmd->entry)
			WRITE_ONCE(pmd->entry, pmd->entry & ~SIM_PTE_WRITE);
	}
	mutex_unlock(&m->lock);
	sim_host_end(m, start, end);
}

/* The kernel goes by 1 GiB in v6.1, each with notifiers of its own, all at once in v6.12. */
static void change_protection(struct sim_host_model *m, const struct sim_vma *vma, u64 start,
			      u64 end)
{
	u64 next;

	if (vma->flags & SIM_VMA_HUGETLB) {
		change_hugetlb(m, start, end);
		return;
	}
	for (; start < end; start = next) {
		next = m->config.old_host ? sim_host_next(start, end, SIM_PUD_SIZE) : end;
		change_part(m, start, next, vma->prot);
	}
}

int sim_host_protect(struct sim_host_model *m, u64 start, u64 end, u32 prot)
{
	u64 next;

	for (; start < end; start = next) {
		struct sim_vma vma;
		bool change;
		size_t i;
		int r = 0;

		mutex_lock(&m->lock);
		i = sim_vmas_find(&m->vmas, start);
		if (i == m->vmas.nr || m->vmas.v[i].start > start) {
			mutex_unlock(&m->lock);
			return -ENOMEM;
		}
		vma = m->vmas.v[i];
		next = min(end, vma.end);
		change = vma.prot != prot;
		if (change) {
			r = modify_vma(m, &i, start, next, prot, vma.flags);
			vma = m->vmas.v[i];
		}
		mutex_unlock(&m->lock);
		if (r)
			return r;
		if (change)
			change_protection(m, &vma, start, next);
	}
	return 0;
}

/* ---- madvise ---- */

/* MADV_DONTNEED of a part of one area.  Pages of hugetlb go whole or not at all. */
static int dontneed(struct sim_host_model *m, const struct sim_vma *vma, u64 start, u64 end)
{
	u64 mask = sim_host_page_size(vma) - 1;

	if (start & mask)
		return -EINVAL;
	end &= ~mask;
	if (start >= end)
		return 0;
	sim_host_begin(m, start, end);
	unmap_part(m, vma, start, end);
	sim_host_end(m, start, end);
	return 0;
}

static int set_huge_flags(struct sim_host_model *m, const struct sim_vma *vma, u64 start, u64 end,
			  enum sim_advice advice)
{
	u32 flags = vma->flags & ~(SIM_VMA_HUGEPAGE | SIM_VMA_NOHUGEPAGE);
	size_t i;
	int r = 0;

	if (!m->config.thp)
		return -EINVAL;
	flags |= advice == SIM_MADV_HUGEPAGE ? SIM_VMA_HUGEPAGE : SIM_VMA_NOHUGEPAGE;
	if (flags == vma->flags)
		return 0;
	mutex_lock(&m->lock);
	i = sim_vmas_find(&m->vmas, start);
	r = modify_vma(m, &i, start, end, vma->prot, flags);
	mutex_unlock(&m->lock);
	return r;
}

static int advise_part(struct sim_host_model *m, const struct sim_vma *vma, u64 start, u64 end,
		       enum sim_advice advice)
{
	switch (advice) {
	case SIM_MADV_DONTNEED:
		return dontneed(m, vma, start, end);
	case SIM_MADV_COLLAPSE:
		return sim_host_collapse(m, vma, start, end);
	default:
		return set_huge_flags(m, vma, start, end, advice);
	}
}

/*
 * Area by area, as madvise_walk_vmas().  A hole is passed over, and told at the end.
 * Areas may be cut by what is done to one, so the next is looked for anew.
 */
static int walk_areas(struct sim_host_model *m, u64 start, u64 end,
		      int (*visit)(struct sim_host_model *m, const struct sim_vma *vma, u64 start,
				   u64 end, enum sim_advice advice),
		      enum sim_advice advice)
{
	int r, hole = 0;

	while (start < end) {
		struct sim_vma vma;
		size_t i;

		mutex_lock(&m->lock);
		i = sim_vmas_find(&m->vmas, start);
		vma = i < m->vmas.nr ? m->vmas.v[i] : (struct sim_vma) { .start = end };
		mutex_unlock(&m->lock);
		if (vma.start > start) {
			hole = -ENOMEM;
			start = vma.start;
			continue;
		}
		r = visit(m, &vma, start, min(end, vma.end), advice);
		if (r)
			return r;
		start = min(end, vma.end);
	}
	return hole;
}

int sim_host_advise(struct sim_host_model *m, u64 start, u64 end, enum sim_advice advice)
{
	return walk_areas(m, start, end, advise_part, advice);
}

static int idle_part(struct sim_host_model *m, const struct sim_vma *vma, u64 start, u64 end,
		     enum sim_advice advice)
{
	return sim_host_pageout(m, vma, start, end);
}

int sim_host_idle(struct sim_host_model *m, u64 start, u64 end)
{
	return walk_areas(m, start, end, idle_part, SIM_MADV_DONTNEED);
}

/* ---- fork ---- */

static u64 shared(u64 entry)
{
	return entry & ~(SIM_PTE_WRITE | SIM_PTE_EXCLUSIVE);
}

static void share_block(struct sim_host_pmd *pmd, u64 start, u64 end)
{
	if (pmd->entry)
		WRITE_ONCE(pmd->entry, shared(pmd->entry));
	for (; pmd->ptes && start < end; start += 4096) {
		u64 *ptep = sim_host_pt_ptep(pmd, start);

		*ptep = shared(*ptep);
	}
}

static void share_area(struct sim_host_model *m, u64 start, u64 end)
{
	u64 next;

	for (; start < end; start = next) {
		struct sim_host_pud *pud = sim_host_pt_pud(&m->pt, start);
		struct sim_host_pmd *pmd = sim_host_pt_pmd(&m->pt, start);

		next = sim_host_next(start, end, pmd ? SIM_PMD_SIZE : SIM_PUD_SIZE);
		if (pmd)
			share_block(pmd, start, next);
		if (pud && pud->entry)
			WRITE_ONCE(pud->entry, shared(pud->entry));
	}
}

/* An area in which no anonymous page ever was has nothing to be copied. */
void sim_host_fork(struct sim_host_model *m)
{
	size_t i;

	for (i = 0; i < m->vmas.nr; i++) {
		struct sim_vma vma;

		mutex_lock(&m->lock);
		vma = m->vmas.v[i];
		mutex_unlock(&m->lock);
		if (!vma.anon_vma)
			continue;
		sim_host_begin(m, vma.start, vma.end);
		mutex_lock(&m->lock);
		share_area(m, vma.start, vma.end);
		mutex_unlock(&m->lock);
		sim_host_end(m, vma.start, vma.end);
	}
}
