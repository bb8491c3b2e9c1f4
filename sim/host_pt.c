/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/compiler.h>

#include "mmu/kvm_types.h"
#include "sim/alloc.h"
#include "sim/host_pt.h"

#define PUD_INDEX(hva)	((hva) >> 30 & (SIM_HOST_REGION_PUDS - 1))
#define PMD_INDEX(hva)	((hva) >> 21 & (SIM_HOST_PT_ENTRIES - 1))

void sim_host_pt_exit(struct sim_host_pt *pt)
{
	u32 region, pud, pmd;

	for (region = 0; region < SIM_HOST_REGIONS; region++) {
		for (pud = 0; pt->regions[region] && pud < SIM_HOST_REGION_PUDS; pud++) {
			struct sim_host_pmd *pmds = pt->regions[region][pud].pmds;

			for (pmd = 0; pmds && pmd < SIM_HOST_PT_ENTRIES; pmd++)
				sim_free(pmds[pmd].ptes);
			sim_free(pmds);
		}
		sim_free(pt->regions[region]);
		pt->regions[region] = NULL;
	}
}

struct sim_host_pud *sim_host_pt_pud(const struct sim_host_pt *pt, u64 hva)
{
	u64 region = hva >> SIM_HOST_REGION_SHIFT;
	struct sim_host_pud *puds;

	if (region >= SIM_HOST_REGIONS)
		return NULL;
	puds = READ_ONCE(pt->regions[region]);
	return puds ? &puds[PUD_INDEX(hva)] : NULL;
}

struct sim_host_pmd *sim_host_pt_pmd(const struct sim_host_pt *pt, u64 hva)
{
	struct sim_host_pud *pud = sim_host_pt_pud(pt, hva);
	struct sim_host_pmd *pmds = pud ? READ_ONCE(pud->pmds) : NULL;

	return pmds ? &pmds[PMD_INDEX(hva)] : NULL;
}

struct sim_host_pud *sim_host_pt_pud_alloc(struct sim_host_pt *pt, u64 hva)
{
	u64 region = hva >> SIM_HOST_REGION_SHIFT;

	if (region >= SIM_HOST_REGIONS)
		return NULL;
	if (!pt->regions[region]) {
		struct sim_host_pud *puds = sim_calloc(SIM_HOST_REGION_PUDS, sizeof(*puds));

		if (!puds)
			return NULL;
		/* Readers without a lock must not see it before its zeroes. */
		__atomic_store_n(&pt->regions[region], puds, __ATOMIC_RELEASE);
	}
	return sim_host_pt_pud(pt, hva);
}

struct sim_host_pmd *sim_host_pt_pmd_alloc(struct sim_host_pt *pt, u64 hva)
{
	struct sim_host_pud *pud = sim_host_pt_pud_alloc(pt, hva);

	if (!pud)
		return NULL;
	if (!pud->pmds) {
		struct sim_host_pmd *pmds = sim_calloc(SIM_HOST_PT_ENTRIES, sizeof(*pmds));

		if (!pmds)
			return NULL;
		__atomic_store_n(&pud->pmds, pmds, __ATOMIC_RELEASE);
	}
	return &pud->pmds[PMD_INDEX(hva)];
}

bool sim_host_pt_ptes_alloc(struct sim_host_pmd *pmd)
{
	if (!pmd->ptes)
		pmd->ptes = sim_calloc(SIM_HOST_PT_ENTRIES, sizeof(*pmd->ptes));
	return pmd->ptes;
}

u64 sim_host_pt_lookup(const struct sim_host_pt *pt, u64 hva, int *level)
{
	struct sim_host_pud *pud = sim_host_pt_pud(pt, hva);
	struct sim_host_pmd *pmd = sim_host_pt_pmd(pt, hva);
	u64 *ptep = sim_host_pt_ptep(pmd, hva);

	*level = PG_LEVEL_1G;
	if (pud && pud->entry)
		return pud->entry;
	*level = PG_LEVEL_2M;
	if (pmd && pmd->entry)
		return pmd->entry;
	*level = PG_LEVEL_4K;
	return ptep ? *ptep : 0;
}

int sim_host_pt_level(const struct sim_host_pt *pt, u64 hva)
{
	struct sim_host_pud *pud = sim_host_pt_pud(pt, hva);
	struct sim_host_pmd *pmd = sim_host_pt_pmd(pt, hva);

	if (pud && READ_ONCE(pud->entry))
		return PG_LEVEL_1G;
	if (pmd && READ_ONCE(pmd->entry))
		return PG_LEVEL_2M;
	return PG_LEVEL_4K;
}
