/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_VMA_H
#define SIM_VMA_H

#include <linux/types.h>

/*
 * The areas of a process's address space: ascending, disjoint, each with one protection
 * and one set of flags.  How they are split and merged decides which ranges the host's
 * notifiers name, so it follows the kernel's rules (v6.1 mm/mmap.c, v6.12 mm/vma.c).
 */

#define SIM_VMA_HUGEPAGE	1u	/* MADV_HUGEPAGE */
#define SIM_VMA_NOHUGEPAGE	2u	/* MADV_NOHUGEPAGE */
#define SIM_VMA_HUGETLB2M	4u
#define SIM_VMA_HUGETLB1G	8u
#define SIM_VMA_HUGETLB		(SIM_VMA_HUGETLB2M | SIM_VMA_HUGETLB1G)

struct sim_vma {
	u64 start, end;		/* bytes; end exclusive */
	u32 prot;		/* PROT_READ 1, PROT_WRITE 2, PROT_EXEC 4 */
	u32 flags;		/* SIM_VMA_* */
	u32 anon_vma;		/* number of its anon_vma; 0: no anonymous page was ever in it */
};

struct sim_vmas {
	struct sim_vma *v;
	size_t nr, capacity;
};

/** sim_vmas_exit() - free the array. */
void sim_vmas_exit(struct sim_vmas *vmas);

/**
 * sim_vmas_find() - as find_vma(): the first area that ends above @addr.
 *
 * Return: its index, or vmas->nr.
 */
size_t sim_vmas_find(const struct sim_vmas *vmas, u64 addr);

/**
 * sim_vmas_lookup() - the area that @addr lies in, or NULL.
 *
 * Valid until the array changes.
 */
struct sim_vma *sim_vmas_lookup(const struct sim_vmas *vmas, u64 addr);

/**
 * sim_vmas_insert() - add an area where there is none.
 *
 * It is not merged with its neighbours.  Return: 0 or -ENOMEM.
 */
int sim_vmas_insert(struct sim_vmas *vmas, const struct sim_vma *vma);

/**
 * sim_vmas_split() - make two areas of one.
 * @index: the area
 * @addr: inside of it; the second begins here
 *
 * Return: 0 or -ENOMEM.
 */
int sim_vmas_split(struct sim_vmas *vmas, size_t index, u64 addr);

/** sim_vmas_remove() - remove areas from index @first on, @nr of them. */
void sim_vmas_remove(struct sim_vmas *vmas, size_t first, size_t nr);

/**
 * sim_vmas_can_merge() - whether two areas can become one.
 * @a: the lower
 * @b: the upper
 *
 * They must touch, be of one kind, and not have anonymous pages of different anon_vmas.
 * Areas of hugetlb never merge: their file is told when one ends.
 */
bool sim_vmas_can_merge(const struct sim_vma *a, const struct sim_vma *b);

#endif /* SIM_VMA_H */
