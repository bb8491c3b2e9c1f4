/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/minmax.h>

#include "sim/alloc.h"
#include "sim/host_model_internal.h"

#define BLOCK_OF(hva)	((hva) & ~(SIM_PMD_SIZE - 1))

/* ---- Splitting a huge page for good ---- */

/*
 * A huge page, mapped as one or by a page table, in part or whole.  It is unmapped area
 * by area, its pages become pages of their own, and they are mapped again.
 */
struct folio {
	struct sim_host_pmd *pmd;
	u64 hva;	/* of the block */
	u64 pfn;	/* of its first frame */
};

/* The entry at @hva if it maps a page of the folio. */
static u64 *folio_ptep(const struct folio *folio, u64 hva)
{
	u64 *ptep = sim_host_pt_ptep(folio->pmd, hva);

	if (!ptep || !*ptep || *ptep & SIM_PTE_ZERO)
		return NULL;
	return sim_pte_pfn(*ptep) >> SIM_ORDER_2M == folio->pfn >> SIM_ORDER_2M ? ptep : NULL;
}

static u32 mapped_pages(const struct folio *folio, u64 start, u64 end)
{
	u32 nr = 0;

	if (folio->pmd->entry)
		return 1;
	for (; start < end; start += 4096)
		nr += folio_ptep(folio, start) != NULL;
	return nr;
}

/* Whoever else has a reference could not be told that the page is another now. */
static bool has_other_users(struct sim_host_model *m, const struct folio *folio)
{
	return sim_frames_get(&m->frames, folio->pfn)->refs !=
	       mapped_pages(folio, folio->hva, folio->hva + SIM_PMD_SIZE);
}

/*
 * Since v6.12 a page that is all zeroes is not worth a frame: it is mapped to the page
 * of zeroes instead.  All others stay where they are.
 */
static bool remap_pages(struct sim_host_model *m, const struct folio *folio)
{
	u64 mapped[8] = { 0 }, end = folio->hva + SIM_PMD_SIZE, hva;
	u32 i;

	for (i = 0, hva = folio->hva; hva < end; i++, hva += 4096)
		if (folio_ptep(folio, hva) &&
		    (m->config.old_host || sim_host_pmd_is_filled(folio->pmd, hva)))
			mapped[i / 64] |= 1ULL << (i % 64);
	for (i = 0, hva = folio->hva; hva < end; i++, hva += 4096) {
		u64 *ptep = folio_ptep(folio, hva);

		if (ptep && !(mapped[i / 64] >> (i % 64) & 1))
			*ptep = sim_pte(SIM_FRAME_ZERO, SIM_PTE_ZERO);
	}
	return !sim_frames_split(&m->frames, folio->pfn, mapped);
}

/*
 * The areas that have a part of the folio, one after the other as long as something of
 * it is mapped: for each the notifiers of the split, if it were still mapped as one, and
 * those of its own range.  Returns behind the last of these ranges, which have not ended.
 */
static u64 begin_unmapping(struct sim_host_model *m, const struct folio *folio)
{
	u64 end = folio->hva + SIM_PMD_SIZE, at = folio->hva;
	size_t i;

	while (at < end && mapped_pages(folio, at, end)) {
		u64 start;

		i = sim_vmas_find(&m->vmas, at);
		if (i == m->vmas.nr || m->vmas.v[i].start >= end)
			break;
		start = max_t(u64, m->vmas.v[i].start, folio->hva);
		at = min_t(u64, m->vmas.v[i].end, end);
		sim_host_split_pmd(m, folio->hva, true);
		mutex_unlock(&m->lock);
		sim_host_begin(m, start, at);
		mutex_lock(&m->lock);
	}
	return at;
}

static void end_unmapping(struct sim_host_model *m, const struct folio *folio, u64 end)
{
	u64 at = folio->hva;
	size_t i;

	for (i = sim_vmas_find(&m->vmas, at); at < end; i++) {
		u64 start = max_t(u64, m->vmas.v[i].start, folio->hva);

		at = min_t(u64, m->vmas.v[i].end, folio->hva + SIM_PMD_SIZE);
		sim_host_end(m, start, at);
	}
}

/*
 * As split_folio().  m->lock is held; given up in between.  The kernel keeps others off
 * by migration entries until it is done; here the invalidations last so long.
 */
static bool split_folio(struct sim_host_model *m, struct sim_host_pmd *pmd, u64 hva, u64 pfn)
{
	const struct folio folio = {
		.pmd = pmd, .hva = BLOCK_OF(hva), .pfn = pfn & ~511ULL,
	};
	bool done = false;
	u64 end;

	if (has_other_users(m, &folio))
		return false;
	end = begin_unmapping(m, &folio);
	/* Again: somebody may have got hold of it while the lock was not held. */
	if (!has_other_users(m, &folio))
		done = remap_pages(m, &folio);
	mutex_unlock(&m->lock);
	end_unmapping(m, &folio, end);
	mutex_lock(&m->lock);
	return done;
}

/* ---- MADV_PAGEOUT ---- */

/*
 * Without swap reclaim comes to nothing, but on its way it asks whether the pages were
 * used (v6.1), and gives huge pages a try as small ones.  v6.12 is not interested in who
 * uses what it was told to page out.
 */
static void age_pages(struct sim_host_model *m, struct sim_host_pmd *pmd, u64 start, u64 end)
{
	for (; start < end; start += 4096) {
		u64 *ptep = sim_host_pt_ptep(pmd, start);

		if (!ptep || !*ptep || *ptep & SIM_PTE_ZERO)
			continue;
		mutex_unlock(&m->lock);
		sim_host_age(m, start, start + 4096);
		mutex_lock(&m->lock);
	}
}

static void reclaim_huge(struct sim_host_model *m, struct sim_host_pmd *pmd, u64 start)
{
	bool young = false;

	if (m->config.old_host) {
		mutex_unlock(&m->lock);
		young = sim_host_age(m, start, start + SIM_PMD_SIZE);
		mutex_lock(&m->lock);
	}
	if (young || !pmd->entry || pmd->entry & SIM_PTE_ZERO)
		return;
	/* The head goes on where it is, the others come next. */
	if (split_folio(m, pmd, start, sim_pte_pfn(pmd->entry)) && m->config.old_host)
		age_pages(m, pmd, start + 4096, start + SIM_PMD_SIZE);
}

/* Pages of huge ones, of which the rest may be elsewhere or gone, become their own first. */
static void split_folios(struct sim_host_model *m, struct sim_host_pmd *pmd, u64 start, u64 end)
{
	for (; start < end; start += 4096) {
		u64 *ptep = sim_host_pt_ptep(pmd, start);
		u64 pfn;

		if (!ptep || !*ptep || *ptep & SIM_PTE_ZERO)
			continue;
		pfn = sim_pte_pfn(*ptep);
		if (sim_frames_get(&m->frames, pfn)->order)
			split_folio(m, pmd, start, pfn);
	}
}

static void pageout_block(struct sim_host_model *m, u64 start, u64 end)
{
	struct sim_host_pmd *pmd = sim_host_pt_pmd(&m->pt, start);

	if (!pmd || pmd->entry & SIM_PTE_ZERO)
		return;
	if (pmd->entry && end - start == SIM_PMD_SIZE) {
		reclaim_huge(m, pmd, start);
		return;
	}
	if (pmd->entry && !split_folio(m, pmd, start, sim_pte_pfn(pmd->entry)))
		return;
	split_folios(m, pmd, start, end);
	if (m->config.old_host)
		age_pages(m, pmd, start, end);
}

int sim_host_pageout(struct sim_host_model *m, const struct sim_vma *vma, u64 start, u64 end)
{
	u64 next;

	if (vma->flags & SIM_VMA_HUGETLB)
		return -EINVAL;
	mutex_lock(&m->lock);
	for (; start < end; start = next) {
		next = sim_host_next(start, end, SIM_PMD_SIZE);
		pageout_block(m, start, next);
	}
	mutex_unlock(&m->lock);
	return 0;
}

/* ---- MADV_COLLAPSE ---- */

/* Whether the references of a page are those of its mappings, all of them in this block. */
static bool only_mapped_here(struct sim_host_model *m, struct sim_host_pmd *pmd, u64 hva, u64 pte)
{
	const struct sim_frame *frame = sim_frames_get(&m->frames, sim_pte_pfn(pte));
	const struct folio folio = {
		.pmd = pmd, .hva = BLOCK_OF(hva), .pfn = sim_pte_pfn(pte) & ~511ULL,
	};

	if (!frame->order)
		return frame->refs == 1;
	return frame->refs == mapped_pages(&folio, folio.hva, folio.hva + SIM_PMD_SIZE);
}

/* Something must be there to collapse, and some of it writable. */
static int scan_block(struct sim_host_model *m, struct sim_host_pmd *pmd, u64 start)
{
	bool writable = false;
	u32 i;

	for (i = 0; i < SIM_HOST_PT_ENTRIES; i++) {
		u64 pte = pmd->ptes[i];

		if (!pte || pte & SIM_PTE_ZERO)
			continue;
		if (!only_mapped_here(m, pmd, start + i * 4096ULL, pte))
			return -EAGAIN;
		writable |= pte & SIM_PTE_WRITE;
	}
	return writable ? 0 : -EINVAL;
}

/* What is not there, or all zeroes, is so in the copy. */
static void replace_block(struct sim_host_model *m, struct sim_host_pmd *pmd, u64 start, u64 pfn)
{
	u32 i;

	for (i = 0; i < SIM_HOST_PT_ENTRIES; i++) {
		if (!pmd->ptes[i] || pmd->ptes[i] & SIM_PTE_ZERO)
			sim_host_pmd_set_filled(pmd, start + i * 4096ULL, false);
		sim_host_zap_pte(m, &pmd->ptes[i]);
	}
	sim_free(pmd->ptes);
	pmd->ptes = NULL;
	WRITE_ONCE(pmd->entry, sim_pte(pfn, SIM_PTE_WRITE | SIM_PTE_DIRTY | SIM_PTE_EXCLUSIVE));
}

static int collapse_block(struct sim_host_model *m, u64 start)
{
	struct sim_host_pmd *pmd = sim_host_pt_pmd(&m->pt, start);
	u64 pfn;
	int r;

	if (pmd && pmd->entry)
		return 0;
	if (!pmd || !pmd->ptes)
		return -EINVAL;
	r = scan_block(m, pmd, start);
	if (r)
		return r;
	pfn = sim_frames_alloc(&m->frames, SIM_ORDER_2M, start, SIM_FRAME_NONE);
	if (pfn == SIM_FRAME_NONE)
		return -ENOMEM;

	mutex_unlock(&m->lock);
	sim_host_begin(m, start, start + SIM_PMD_SIZE);
	mutex_lock(&m->lock);
	r = scan_block(m, pmd, start);
	if (r)
		sim_frames_unref(&m->frames, pfn, 1);
	else
		replace_block(m, pmd, start, pfn);
	mutex_unlock(&m->lock);
	sim_host_end(m, start, start + SIM_PMD_SIZE);
	mutex_lock(&m->lock);
	return r;
}

/* Block by block; the error of the last that failed, unless memory ran out before. */
int sim_host_collapse(struct sim_host_model *m, const struct sim_vma *vma, u64 start, u64 end)
{
	u64 first = round_up(vma->start, SIM_PMD_SIZE);
	int r, ret = 0;

	if (!m->config.thp || vma->flags & (SIM_VMA_NOHUGEPAGE | SIM_VMA_HUGETLB) ||
	    !vma->anon_vma || first + SIM_PMD_SIZE > vma->end)
		return -EINVAL;

	start = round_up(start, SIM_PMD_SIZE);
	end = BLOCK_OF(end);
	mutex_lock(&m->lock);
	for (; start < end; start += SIM_PMD_SIZE) {
		r = collapse_block(m, start);
		if (r)
			ret = r;
		if (r == -ENOMEM)
			break;
	}
	mutex_unlock(&m->lock);
	return ret;
}
