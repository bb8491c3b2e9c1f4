/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>
#include <linux/bug.h>
#include <linux/kernel.h>

#include "sim/host_model_internal.h"

/*
 * Page faults of the host.  Each function below either settles the fault or makes a step
 * towards it and asks for another look (AGAIN), because m->lock was given up for a
 * notifier or because what was there has been replaced.
 */

#define AGAIN		1

#define PROT_READ	1u
#define PROT_WRITE	2u

#define PAGE_OF(hva)	((hva) & ~4095ULL)
#define BLOCK_OF(hva)	((hva) & ~(SIM_PMD_SIZE - 1))

/* ---- anon_vma ---- */

/* Neighbours that might be merged some day share one, or they never could be. */
static bool may_share(const struct sim_vma *a, const struct sim_vma *b)
{
	return a->end == b->start && a->flags == b->flags && !(a->flags & SIM_VMA_HUGETLB);
}

static void prepare_anon_vma(struct sim_host_model *m, struct sim_vma *vma)
{
	const struct sim_vmas *vmas = &m->vmas;
	size_t i = vma - vmas->v;

	if (vma->anon_vma)
		return;
	if (i + 1 < vmas->nr && may_share(vma, vma + 1))
		vma->anon_vma = vma[1].anon_vma;
	if (!vma->anon_vma && i && may_share(vma - 1, vma))
		vma->anon_vma = vma[-1].anon_vma;
	if (!vma->anon_vma)
		vma->anon_vma = ++m->nr_anon_vmas;
}

/* ---- Huge mappings become small ---- */

static void split_huge_entry(struct sim_host_model *m, struct sim_host_pmd *pmd, bool keep_dirty)
{
	u64 entry = pmd->entry, flags = entry & (SIM_PTE_WRITE | SIM_PTE_EXCLUSIVE);
	u64 pfn = sim_pte_pfn(entry), i;

	if (!entry)
		return;
	/* v6.1 leaves the pages' own entries clean: it matters when a protection is undone. */
	if (keep_dirty || !m->config.old_host)
		flags |= entry & SIM_PTE_DIRTY;
	BUG_ON(!sim_host_pt_ptes_alloc(pmd));

	for (i = 0; i < SIM_HOST_PT_ENTRIES; i++)
		pmd->ptes[i] = entry & SIM_PTE_ZERO ? sim_pte(SIM_FRAME_ZERO, SIM_PTE_ZERO) :
						      sim_pte(pfn + i, flags);
	if (!(entry & SIM_PTE_ZERO))
		sim_frames_ref(&m->frames, pfn, SIM_HOST_PT_ENTRIES - 1);
	WRITE_ONCE(pmd->entry, 0);
}

void sim_host_split_pmd(struct sim_host_model *m, u64 hva, bool keep_dirty)
{
	struct sim_host_pmd *pmd = sim_host_pt_pmd(&m->pt, hva);
	u64 start = BLOCK_OF(hva);

	if (!pmd)
		return;
	mutex_unlock(&m->lock);
	sim_host_begin(m, start, start + SIM_PMD_SIZE);
	mutex_lock(&m->lock);
	split_huge_entry(m, pmd, keep_dirty);
	mutex_unlock(&m->lock);
	sim_host_end(m, start, start + SIM_PMD_SIZE);
	mutex_lock(&m->lock);
}

/* ---- Pages of hugetlb ---- */

/*
 * A page of a private mapping starts out read-only, even if the area may be written; a
 * write fault goes on at once to what a write to a read-only page does.
 */
static int fault_hugetlb(struct sim_host_model *m, struct sim_vma *vma, u64 hva, bool write)
{
	bool giant = vma->flags & SIM_VMA_HUGETLB1G;
	struct sim_host_pud *pud = sim_host_pt_pud_alloc(&m->pt, hva);
	struct sim_host_pmd *pmd = giant ? NULL : sim_host_pt_pmd_alloc(&m->pt, hva);
	u64 *entry, pfn;

	if (!pud || (!giant && !pmd))
		return -EFAULT;
	entry = giant ? &pud->entry : &pmd->entry;
	if (!*entry) {
		prepare_anon_vma(m, vma);
		pfn = sim_frames_alloc(&m->frames, giant ? SIM_ORDER_1G : SIM_ORDER_2M,
				       hva & ~(sim_host_page_size(vma) - 1), SIM_FRAME_NONE);
		if (pfn == SIM_FRAME_NONE)
			return -EFAULT;
		WRITE_ONCE(*entry, sim_pte(pfn, SIM_PTE_EXCLUSIVE));
	}
	/* The child of a fork is gone: whose else could it be? */
	if (write)
		WRITE_ONCE(*entry, *entry | SIM_PTE_WRITE | SIM_PTE_DIRTY | SIM_PTE_EXCLUSIVE);
	return 0;
}

/* ---- Transparent huge pages ---- */

static bool may_be_huge(const struct sim_host_model *m, const struct sim_vma *vma, u64 hva)
{
	return m->config.thp && vma->flags & SIM_VMA_HUGEPAGE && sim_host_is_block(vma, hva);
}

/* False: there is no huge page to be had, take a small one. */
static bool fault_new_huge(struct sim_host_model *m, struct sim_vma *vma,
			   struct sim_host_pmd *pmd, u64 hva, bool write)
{
	u64 pfn;

	prepare_anon_vma(m, vma);
	if (!write) {
		WRITE_ONCE(pmd->entry, sim_pte(SIM_FRAME_HUGE_ZERO, SIM_PTE_ZERO));
		return true;
	}
	pfn = sim_frames_alloc(&m->frames, SIM_ORDER_2M, BLOCK_OF(hva), SIM_FRAME_NONE);
	if (pfn == SIM_FRAME_NONE)
		return false;
	memset(pmd->filled, 0, sizeof(pmd->filled));
	WRITE_ONCE(pmd->entry,
		   sim_pte(pfn, SIM_PTE_WRITE | SIM_PTE_DIRTY | SIM_PTE_EXCLUSIVE));
	return true;
}

/* A write to a huge page that is mapped read-only.  The kernel does not copy huge pages. */
static int fault_huge_wp(struct sim_host_model *m, struct sim_host_pmd *pmd, u64 hva)
{
	u64 entry = pmd->entry;

	if (!(entry & SIM_PTE_ZERO) &&
	    (entry & SIM_PTE_EXCLUSIVE || sim_frames_get(&m->frames, sim_pte_pfn(entry))->refs == 1)) {
		WRITE_ONCE(pmd->entry, entry | SIM_PTE_WRITE | SIM_PTE_DIRTY | SIM_PTE_EXCLUSIVE);
		return 0;
	}
	sim_host_split_pmd(m, hva, false);
	return AGAIN;
}

/* ---- Small pages ---- */

/* The frame next to that of the page before. */
static u64 neighbour(const u64 *ptep, u64 hva)
{
	if (!(hva >> 12 & (SIM_HOST_PT_ENTRIES - 1)) || !ptep[-1] || ptep[-1] & SIM_PTE_ZERO)
		return SIM_FRAME_NONE;
	return sim_pte_pfn(ptep[-1]) + 1;
}

static u64 alloc_small(struct sim_host_model *m, const u64 *ptep, u64 hva)
{
	return sim_frames_alloc(&m->frames, 0, PAGE_OF(hva), neighbour(ptep, hva));
}

static int fault_new_small(struct sim_host_model *m, struct sim_vma *vma,
			   struct sim_host_pmd *pmd, u64 hva, bool write)
{
	u64 *ptep = sim_host_pt_ptep(pmd, hva), pfn;

	if (!write) {
		*ptep = sim_pte(SIM_FRAME_ZERO, SIM_PTE_ZERO);
		return 0;
	}
	prepare_anon_vma(m, vma);
	pfn = alloc_small(m, ptep, hva);
	if (pfn == SIM_FRAME_NONE)
		return -EFAULT;
	sim_host_pmd_set_filled(pmd, hva, false);
	*ptep = sim_pte(pfn, SIM_PTE_WRITE | SIM_PTE_DIRTY | SIM_PTE_EXCLUSIVE);
	return 0;
}

/*
 * Copy: the new page takes the place of the old one between the two notifiers.  Somebody
 * may have come first while the lock was not held.
 */
static int copy_page(struct sim_host_model *m, struct sim_vma *vma, struct sim_host_pmd *pmd,
		     u64 hva)
{
	u64 *ptep = sim_host_pt_ptep(pmd, hva), old = *ptep, page = PAGE_OF(hva), pfn;
	bool done = false;

	prepare_anon_vma(m, vma);
	pfn = alloc_small(m, ptep, hva);
	if (pfn == SIM_FRAME_NONE)
		return -EFAULT;

	/* The old page must not become another one's meanwhile. */
	sim_frames_ref(&m->frames, sim_pte_pfn(old), 1);
	mutex_unlock(&m->lock);
	sim_host_begin(m, page, page + 4096);
	mutex_lock(&m->lock);
	ptep = sim_host_pt_ptep(pmd, hva);
	vma = sim_vmas_lookup(&m->vmas, hva);
	if (ptep && *ptep == old && vma && vma->prot & PROT_WRITE) {
		if (old & SIM_PTE_ZERO)
			sim_host_pmd_set_filled(pmd, hva, false);
		*ptep = sim_pte(pfn, SIM_PTE_WRITE | SIM_PTE_DIRTY | SIM_PTE_EXCLUSIVE);
		sim_frames_unref(&m->frames, sim_pte_pfn(old), 1);
		done = true;
	} else {
		sim_frames_unref(&m->frames, pfn, 1);
	}
	sim_frames_unref(&m->frames, sim_pte_pfn(old), 1);
	mutex_unlock(&m->lock);
	if (done && m->config.old_host)
		sim_host_set_pte(m, page, pfn);
	sim_host_end(m, page, page + 4096);
	mutex_lock(&m->lock);
	return AGAIN;
}

/* A write to a small page that is mapped read-only: keep it if nobody else has it. */
static int fault_small_wp(struct sim_host_model *m, struct sim_vma *vma,
			  struct sim_host_pmd *pmd, u64 hva)
{
	u64 *ptep = sim_host_pt_ptep(pmd, hva);

	/* The references are those of the whole huge page if it is part of one. */
	if (!(*ptep & SIM_PTE_ZERO) &&
	    (*ptep & SIM_PTE_EXCLUSIVE ||
	     sim_frames_get(&m->frames, sim_pte_pfn(*ptep))->refs == 1)) {
		*ptep |= SIM_PTE_WRITE | SIM_PTE_DIRTY | SIM_PTE_EXCLUSIVE;
		return 0;
	}
	return copy_page(m, vma, pmd, hva);
}

/* ---- All together ---- */

static int fault_once(struct sim_host_model *m, u64 hva, bool write)
{
	struct sim_vma *vma = sim_vmas_lookup(&m->vmas, hva);
	struct sim_host_pmd *pmd;
	u64 *ptep;

	if (!vma || !(vma->prot & (write ? PROT_WRITE : PROT_READ)))
		return -EFAULT;
	if (vma->flags & SIM_VMA_HUGETLB)
		return fault_hugetlb(m, vma, hva, write);
	pmd = sim_host_pt_pmd_alloc(&m->pt, hva);
	if (!pmd)
		return -EFAULT;

	if (!pmd->entry && !pmd->ptes && may_be_huge(m, vma, hva) &&
	    fault_new_huge(m, vma, pmd, hva, write))
		return 0;
	if (pmd->entry)
		return write && !(pmd->entry & SIM_PTE_WRITE) ? fault_huge_wp(m, pmd, hva) : 0;

	if (!sim_host_pt_ptes_alloc(pmd))
		return -EFAULT;
	ptep = sim_host_pt_ptep(pmd, hva);
	if (!*ptep)
		return fault_new_small(m, vma, pmd, hva, write);
	if (write && !(*ptep & SIM_PTE_WRITE))
		return fault_small_wp(m, vma, pmd, hva);
	return 0;
}

int sim_host_fault(struct sim_host_model *m, u64 hva, bool write)
{
	int r;

	do
		r = fault_once(m, hva, write);
	while (r == AGAIN);
	return r;
}

/* ---- The VMM's own writes ---- */

/* The CPU itself marks the entry; the page has contents now.  Returns where to go on. */
static u64 mark_written(struct sim_host_model *m, u64 hva, u64 end)
{
	struct sim_host_pud *pud = sim_host_pt_pud(&m->pt, hva);
	struct sim_host_pmd *pmd = sim_host_pt_pmd(&m->pt, hva);
	u64 *ptep = sim_host_pt_ptep(pmd, hva);

	if (pud->entry)
		return (hva | (SIM_PUD_SIZE - 1)) + 1;
	if (pmd->entry && hva == BLOCK_OF(hva) && end - hva >= SIM_PMD_SIZE) {
		memset(pmd->filled, 0xff, sizeof(pmd->filled));
		return hva + SIM_PMD_SIZE;
	}
	sim_host_pmd_set_filled(pmd, hva, true);
	if (ptep)
		*ptep |= SIM_PTE_DIRTY;
	return PAGE_OF(hva) + 4096;
}

void sim_host_write(struct sim_host_model *m, u64 hva, u64 size)
{
	u64 end = hva + size;

	mutex_lock(&m->lock);
	while (hva < end) {
		if (sim_host_fault(m, hva, true))
			hva = PAGE_OF(hva) + 4096;
		else
			hva = mark_written(m, hva, end);
	}
	mutex_unlock(&m->lock);
}
