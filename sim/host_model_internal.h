/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_HOST_MODEL_INTERNAL_H
#define SIM_HOST_MODEL_INTERNAL_H

#include "sim/host_model.h"

/* The parts of the host model; host_model.h is for all others. */

/* ---- host_model.c: notifiers ---- */

/**
 * sim_host_begin() - an invalidation begins: told to the recorder, then to KVM.
 *
 * m->lock is not held.  Must be followed by sim_host_end() with the same range.
 * Nothing happens while there is no VM.
 */
void sim_host_begin(struct sim_host_model *m, u64 start, u64 end);

/** sim_host_end() - the invalidation is over: the page tables are changed. */
void sim_host_end(struct sim_host_model *m, u64 start, u64 end);

/** sim_host_set_pte() - the change_pte notifier of old hosts; m->lock is not held. */
void sim_host_set_pte(struct sim_host_model *m, u64 hva, u64 pfn);

/** sim_host_age() - clear-flush-young: whether the guest used the range; m->lock is not held. */
bool sim_host_age(struct sim_host_model *m, u64 start, u64 end);

/* ---- host_fault.c ---- */

/**
 * sim_host_fault() - make a page present, and writable if @write.
 * @hva: any byte of it
 *
 * As handle_mm_fault() of v6.1 and v6.12.  m->lock is held; it is given up in between
 * where copy-on-write calls notifiers.
 *
 * Return: 0, or -EFAULT: no area, no permission, or no memory.
 */
int sim_host_fault(struct sim_host_model *m, u64 hva, bool write);

/** sim_host_write() - the VMM writes to its memory; where it may not, nothing happens. */
void sim_host_write(struct sim_host_model *m, u64 hva, u64 size);

/**
 * sim_host_split_pmd() - map a huge page by a page table.
 * @hva: any address in the block; its table exists or not
 * @keep_dirty: for migration; otherwise v6.1 forgets that the pages are dirty
 *
 * As __split_huge_pmd(): the notifiers are called whether there is a huge page or not,
 * but not if there is no table that could hold one.  m->lock is held; given up in between.
 */
void sim_host_split_pmd(struct sim_host_model *m, u64 hva, bool keep_dirty);

/* ---- host_mm.c: system calls that change areas.  mmap_lock is held, m->lock is not. ---- */

/** sim_host_map() - new memory; 0 or -ENOMEM. */
int sim_host_map(struct sim_host_model *m, u64 hva, u64 size, enum sim_memory_kind kind);

/** sim_host_unmap() - munmap(): 0, -EINVAL or -ENOMEM. */
int sim_host_unmap(struct sim_host_model *m, u64 start, u64 end);

/** sim_host_protect() - mprotect(): 0, -EINVAL or -ENOMEM. */
int sim_host_protect(struct sim_host_model *m, u64 start, u64 end, u32 prot);

/** sim_host_advise() - madvise(): 0, -EINVAL, -EAGAIN or -ENOMEM. */
int sim_host_advise(struct sim_host_model *m, u64 start, u64 end, enum sim_advice advice);

/** sim_host_idle() - MADV_PAGEOUT: 0, -EINVAL for hugetlb, -ENOMEM for a hole. */
int sim_host_idle(struct sim_host_model *m, u64 start, u64 end);

/** sim_host_fork() - fork(), and the child ends at once. */
void sim_host_fork(struct sim_host_model *m);

/* ---- host_reclaim.c.  mmap_lock is held, m->lock is not. ---- */

/** sim_host_pageout() - MADV_PAGEOUT of a part of one area: 0 or -EINVAL. */
int sim_host_pageout(struct sim_host_model *m, const struct sim_vma *vma, u64 start, u64 end);

/** sim_host_collapse() - MADV_COLLAPSE of a part of one area: 0, -EINVAL, -EAGAIN, -ENOMEM. */
int sim_host_collapse(struct sim_host_model *m, const struct sim_vma *vma, u64 start, u64 end);

/* ---- Small things ---- */

/** sim_host_is_block() - whether all of the 2 MiB around @hva lies in @vma. */
static inline bool sim_host_is_block(const struct sim_vma *vma, u64 hva)
{
	u64 start = hva & ~(SIM_PMD_SIZE - 1);

	return vma->start <= start && start + SIM_PMD_SIZE <= vma->end;
}

/** sim_host_next() - where the aligned block of @size that @hva lies in ends, or @end. */
static inline u64 sim_host_next(u64 hva, u64 end, u64 size)
{
	u64 next = (hva | (size - 1)) + 1;

	return next < end ? next : end;
}

/** sim_host_page_size() - of the pages that @vma is made of, or starts out with. */
static inline u64 sim_host_page_size(const struct sim_vma *vma)
{
	if (vma->flags & SIM_VMA_HUGETLB1G)
		return SIM_PUD_SIZE;
	return vma->flags & SIM_VMA_HUGETLB2M ? SIM_PMD_SIZE : 4096;
}

/** sim_host_zap_pte() - take away the 4 KiB mapping in *@ptep, and its reference. */
static inline void sim_host_zap_pte(struct sim_host_model *m, u64 *ptep)
{
	u64 pte = *ptep;

	*ptep = 0;
	if (pte)
		sim_frames_unref(&m->frames, sim_pte_pfn(pte), 1);
}

#endif /* SIM_HOST_MODEL_INTERNAL_H */
