/* SPDX-License-Identifier: GPL-2.0-only */
#include "x86/npt.h"

#include <assert.h>

static bool npt_present(uint64_t entry)
{
	return entry & PT_PRESENT_MASK;
}

static bool npt_leaf(const struct sim_paging_caps *caps, uint64_t entry, int level)
{
	switch (level) {
	case 1:
		return true;
	case 2:
		return entry & PT_PAGE_SIZE_MASK;
	case 3:
		return caps->page_1g && (entry & PT_PAGE_SIZE_MASK);
	default:
		return false;
	}
}

static uint64_t npt_reserved(const struct sim_paging_caps *caps, uint64_t entry, int level)
{
	uint64_t mask = sim_pt_bits(SIM_PT_ADDRESS_BITS - 1, caps->maxphyaddr);

	assert(level >= 1 && level <= SIM_PT_MAX_LEVEL);
	if (!npt_present(entry))
		return 0;

	if (!caps->nxe)
		mask |= PT64_NX_MASK;
	if (npt_leaf(caps, entry, level))
		/* From bit 13: bit 12 is PAT.  Nothing for a 4 KiB page. */
		mask |= sim_pt_bits(sim_pt_level_shift(level) - 1, SIM_PT_PAGE_SHIFT + 1);
	else
		mask |= PT_PAGE_SIZE_MASK;
	if (level >= 4)
		mask |= PT_GLOBAL_MASK;
	return entry & mask;
}

/*
 * A guest is the nested tables' user, whatever its own mode: without U an entry
 * grants nothing.  NX needs no look at EFER.NXE: without that it is reserved, and
 * such an entry never gets here.
 */
static unsigned int npt_rights(uint64_t entry)
{
	unsigned int rights = SIM_RIGHT_READ;

	if (!(entry & PT_USER_MASK))
		return 0;
	if (entry & PT_WRITABLE_MASK)
		rights |= SIM_RIGHT_WRITE;
	if (!(entry & PT64_NX_MASK))
		rights |= SIM_RIGHT_EXEC;
	return rights;
}

static unsigned int npt_needs(const struct sim_paging_caps *caps, const struct sim_access *access)
{
	/* The CPU may set guest A and D, so it takes guest tables for writing. */
	if (access->guest_table)
		return SIM_RIGHT_READ | SIM_RIGHT_WRITE;
	switch (access->type) {
	case SIM_ACCESS_WRITE:
		return SIM_RIGHT_READ | SIM_RIGHT_WRITE;
	case SIM_ACCESS_FETCH:
		return SIM_RIGHT_READ | SIM_RIGHT_EXEC;
	default:
		return SIM_RIGHT_READ;
	}
}

static uint64_t npt_fault_info(const struct sim_paging_caps *caps, const struct sim_access *access,
			       enum sim_fault fault, unsigned int rights)
{
	unsigned int needs = npt_needs(caps, access);
	uint64_t info = NPF_USER;

	if (fault != SIM_FAULT_NOT_PRESENT)
		info |= NPF_PRESENT;
	if (fault == SIM_FAULT_RESERVED)
		info |= NPF_RESERVED;
	if (needs & SIM_RIGHT_WRITE)
		info |= NPF_WRITE;
	if ((needs & SIM_RIGHT_EXEC) && (caps->nxe || caps->smep))
		info |= NPF_FETCH;
	info |= access->guest_table ? NPF_GUEST_TABLE : NPF_GUEST_FINAL;
	return info;
}

static uint8_t npt_memtype(uint64_t entry, int level, bool *ipat)
{
	uint64_t pat = level == 1 ? PT_PAT_MASK : PT_DIR_PAT_MASK;

	*ipat = false;
	return (entry & PT_PWT_MASK ? 1 : 0) | (entry & PT_PCD_MASK ? 2 : 0) | (entry & pat ? 4 : 0);
}

const struct sim_paging_format sim_npt_format = {
	.name = "npt",
	.present = npt_present,
	.leaf = npt_leaf,
	.reserved = npt_reserved,
	.rights = npt_rights,
	.needs = npt_needs,
	.fault_info = npt_fault_info,
	.memtype = npt_memtype,
	.accessed = PT_ACCESSED_MASK,
	.dirty = PT_DIRTY_MASK,
	.ad_always = true,
	.exit_code = {
		[SIM_WALK_VIOLATION] = SVM_EXIT_NPF,
		[SIM_WALK_MISCONFIG] = SVM_EXIT_NPF,
	},
};

bool sim_ncr3_valid(uint64_t ncr3, unsigned int maxphyaddr)
{
	return !(ncr3 & sim_pt_bits(63, maxphyaddr));
}

uint64_t sim_ncr3_root(uint64_t ncr3)
{
	return sim_pt_address(ncr3, 1);
}
