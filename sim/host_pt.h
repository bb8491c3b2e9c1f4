/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_HOST_PT_H
#define SIM_HOST_PT_H

#include <linux/types.h>

/*
 * The page tables of the VMM's process, as much of them as matters: what each address is
 * mapped to, and whether a table exists at all.  The kernel's behaviour depends on the
 * latter too: a 2 MiB block that has a page table, even an empty one, gets no huge page.
 *
 * A radix tree whose tables are made where something is mapped.  Only the owner of the
 * host's lock writes; sim_host_pt_level() reads without it.
 */

/* An entry: a frame number shifted by 12, and these.  0: nothing is mapped. */
#define SIM_PTE_PRESENT		1ULL
#define SIM_PTE_WRITE		2ULL	/* may be written as it is */
#define SIM_PTE_DIRTY		4ULL
#define SIM_PTE_EXCLUSIVE	8ULL	/* anonymous, and of this process alone */
#define SIM_PTE_ZERO		16ULL	/* a page of zeroes that all share */

#define SIM_HOST_PT_ENTRIES		512
#define SIM_PMD_SIZE		(UINT64_C(1) << 21)
#define SIM_PUD_SIZE		(UINT64_C(1) << 30)

static inline u64 sim_pte(u64 pfn, u64 flags)
{
	return pfn << 12 | flags | SIM_PTE_PRESENT;
}

static inline u64 sim_pte_pfn(u64 pte)
{
	return pte >> 12;
}

/* A block of 2 MiB. */
struct sim_host_pmd {
	u64 entry;		/* a huge page; 0 if there is none */
	u64 *ptes;		/* the page table, or NULL; none where there is a huge page */
	u64 filled[8];		/* a bit for each 4 KiB page that is not all zeroes */
};

/* 1 GiB. */
struct sim_host_pud {
	u64 entry;
	struct sim_host_pmd *pmds;	/* or NULL */
};

/* The top: 64 GiB each. */
#define SIM_HOST_REGION_SHIFT	36
#define SIM_HOST_REGIONS	128
#define SIM_HOST_REGION_PUDS	64

struct sim_host_pt {
	struct sim_host_pud *regions[SIM_HOST_REGIONS];
};

/** sim_host_pt_exit() - free the tables; the frames that they map are not touched. */
void sim_host_pt_exit(struct sim_host_pt *pt);

/** sim_host_pt_pud() - the 1 GiB that @hva lies in, or NULL if nothing near it is mapped. */
struct sim_host_pud *sim_host_pt_pud(const struct sim_host_pt *pt, u64 hva);

/** sim_host_pt_pmd() - the 2 MiB that @hva lies in, or NULL if its table does not exist. */
struct sim_host_pmd *sim_host_pt_pmd(const struct sim_host_pt *pt, u64 hva);

/** sim_host_pt_pud_alloc() - the same, made if need be; NULL: the simulator is out of memory. */
struct sim_host_pud *sim_host_pt_pud_alloc(struct sim_host_pt *pt, u64 hva);

/** sim_host_pt_pmd_alloc() - as sim_host_pt_pud_alloc(), for 2 MiB. */
struct sim_host_pmd *sim_host_pt_pmd_alloc(struct sim_host_pt *pt, u64 hva);

/** sim_host_pt_ptes_alloc() - make sure that there is a page table; false if out of memory. */
bool sim_host_pt_ptes_alloc(struct sim_host_pmd *pmd);

/** sim_host_pt_ptep() - the entry of a 4 KiB page, or NULL if there is no page table. */
static inline u64 *sim_host_pt_ptep(const struct sim_host_pmd *pmd, u64 hva)
{
	return pmd && pmd->ptes ? &pmd->ptes[hva >> 12 & (SIM_HOST_PT_ENTRIES - 1)] : NULL;
}

/**
 * sim_host_pt_lookup() - what @hva is mapped to.
 * @level: PG_LEVEL_4K to PG_LEVEL_1G, as the entry is
 *
 * Return: the entry, 0 if there is none.
 */
u64 sim_host_pt_lookup(const struct sim_host_pt *pt, u64 hva, int *level);

/**
 * sim_host_pt_level() - the level at which @hva is mapped, PG_LEVEL_4K if it is not.
 *
 * As the kernel's walk for host_pfn_mapping_level(): without a lock, tables stay.
 */
int sim_host_pt_level(const struct sim_host_pt *pt, u64 hva);

/** sim_host_pmd_set_filled() - note that the page at @hva is not all zeroes, or is. */
static inline void sim_host_pmd_set_filled(struct sim_host_pmd *pmd, u64 hva, bool filled)
{
	u32 i = hva >> 12 & (SIM_HOST_PT_ENTRIES - 1);
	u64 bit = 1ULL << (i % 64);

	if (filled)
		pmd->filled[i / 64] |= bit;
	else
		pmd->filled[i / 64] &= ~bit;
}

/** sim_host_pmd_is_filled() - whether the page at @hva has anything but zeroes. */
static inline bool sim_host_pmd_is_filled(const struct sim_host_pmd *pmd, u64 hva)
{
	u32 i = hva >> 12 & (SIM_HOST_PT_ENTRIES - 1);

	return pmd->filled[i / 64] >> (i % 64) & 1;
}

#endif /* SIM_HOST_PT_H */
