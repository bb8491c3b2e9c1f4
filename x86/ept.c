/* SPDX-License-Identifier: GPL-2.0-only */
#include "x86/ept.h"

#include <assert.h>

/* The masks and the SIM_RIGHT_* line up, so a shift is all that rights take. */
_Static_assert(VMX_EPT_READABLE_MASK == SIM_RIGHT_READ, "R");
_Static_assert(VMX_EPT_WRITABLE_MASK == SIM_RIGHT_WRITE, "W");
_Static_assert(VMX_EPT_EXECUTABLE_MASK == SIM_RIGHT_EXEC, "X");

static bool ept_present(uint64_t entry)
{
	return entry & VMX_EPT_RWX_MASK;
}

static bool ept_leaf(const struct sim_paging_caps *caps, uint64_t entry, int level)
{
	switch (level) {
	case 1:
		return true;
	case 2:
		return caps->page_2m && (entry & SIM_EPT_PAGE_SIZE_BIT);
	case 3:
		return caps->page_1g && (entry & SIM_EPT_PAGE_SIZE_BIT);
	default:
		return false;
	}
}

/* W, or X where the CPU cannot do without R, in an entry that is not readable. */
static uint64_t ept_unreadable(const struct sim_paging_caps *caps, uint64_t entry)
{
	uint64_t illegal = VMX_EPT_WRITABLE_MASK;

	if (entry & VMX_EPT_READABLE_MASK)
		return 0;
	if (!caps->exec_only)
		illegal |= VMX_EPT_EXECUTABLE_MASK;
	return entry & illegal;
}

static uint64_t ept_bad_memtype(uint64_t entry)
{
	switch ((entry & VMX_EPT_MT_MASK) >> VMX_EPT_MT_EPTE_SHIFT) {
	case SIM_EPT_MT_UC:
	case SIM_EPT_MT_WC:
	case SIM_EPT_MT_WT:
	case SIM_EPT_MT_WP:
	case SIM_EPT_MT_WB:
		return 0;
	default:
		return entry & VMX_EPT_MT_MASK;
	}
}

static uint64_t ept_reserved(const struct sim_paging_caps *caps, uint64_t entry, int level)
{
	uint64_t mask = sim_pt_bits(SIM_PT_ADDRESS_BITS - 1, caps->maxphyaddr);
	uint64_t bad;

	assert(level >= 1 && level <= SIM_PT_MAX_LEVEL);
	if (!ept_present(entry))
		return 0;

	bad = ept_unreadable(caps, entry);
	if (ept_leaf(caps, entry, level)) {
		/* Address bits below the page size; none for a 4 KiB page. */
		mask |= sim_pt_bits(sim_pt_level_shift(level) - 1, SIM_PT_PAGE_SHIFT);
		bad |= ept_bad_memtype(entry);
	} else {
		/* Bit 7 too: it would make a leaf, which this level or CPU has not. */
		mask |= sim_pt_bits(7, 3);
	}
	return bad | (entry & mask);
}

static unsigned int ept_rights(uint64_t entry)
{
	return entry & VMX_EPT_RWX_MASK;
}

static unsigned int ept_needs(const struct sim_paging_caps *caps, const struct sim_access *access)
{
	if (access->guest_table) {
		/* With A/D on every touch of a guest table counts as a write. */
		if (caps->ad || access->guest_table_update)
			return SIM_RIGHT_READ | SIM_RIGHT_WRITE;
		return SIM_RIGHT_READ;
	}
	switch (access->type) {
	case SIM_ACCESS_WRITE:
		return SIM_RIGHT_WRITE;
	case SIM_ACCESS_FETCH:
		return SIM_RIGHT_EXEC;
	default:
		return SIM_RIGHT_READ;
	}
}

static uint64_t ept_fault_info(const struct sim_paging_caps *caps, const struct sim_access *access,
			       enum sim_fault fault, unsigned int rights)
{
	uint64_t qual;

	/* A misconfiguration has no qualification. */
	if (fault == SIM_FAULT_RESERVED)
		return 0;

	/* What the access needs is, bit for bit, what bits 2:0 say it did. */
	qual = ept_needs(caps, access);
	if (fault == SIM_FAULT_RIGHTS)
		qual |= (uint64_t)rights << EPT_VIOLATION_RWX_SHIFT;
	if (!access->gla_valid)
		return qual;

	qual |= EPT_VIOLATION_GVA_IS_VALID;
	if (access->guest_table)
		return qual;

	qual |= EPT_VIOLATION_GVA_TRANSLATED;
	if (caps->advanced_info) {
		qual |= access->linear_user ? SIM_EPT_VIOLATION_GVA_USER : 0;
		qual |= access->linear_writable ? SIM_EPT_VIOLATION_GVA_WRITABLE : 0;
		qual |= access->linear_nx ? SIM_EPT_VIOLATION_GVA_NX : 0;
	}
	return qual;
}

static uint8_t ept_memtype(uint64_t entry, int level, bool *ipat)
{
	*ipat = entry & VMX_EPT_IPAT_BIT;
	return (entry & VMX_EPT_MT_MASK) >> VMX_EPT_MT_EPTE_SHIFT;
}

const struct sim_paging_format sim_ept_format = {
	.name = "ept",
	.present = ept_present,
	.leaf = ept_leaf,
	.reserved = ept_reserved,
	.rights = ept_rights,
	.needs = ept_needs,
	.fault_info = ept_fault_info,
	.memtype = ept_memtype,
	.accessed = VMX_EPT_ACCESS_BIT,
	.dirty = VMX_EPT_DIRTY_BIT,
	.ad_always = false,
	.exit_code = {
		[SIM_WALK_VIOLATION] = EXIT_REASON_EPT_VIOLATION,
		[SIM_WALK_MISCONFIG] = EXIT_REASON_EPT_MISCONFIG,
		[SIM_WALK_PML_FULL] = EXIT_REASON_PML_FULL,
	},
};

bool sim_eptp_valid(uint64_t eptp, uint64_t ept_vpid_cap, unsigned int maxphyaddr)
{
	uint64_t reserved = sim_pt_bits(63, maxphyaddr) | sim_pt_bits(11, 8);
	uint64_t memtype_cap, levels_cap;

	switch (eptp & VMX_EPTP_MT_MASK) {
	case VMX_EPTP_MT_UC:
		memtype_cap = VMX_EPTP_UC_BIT;
		break;
	case VMX_EPTP_MT_WB:
		memtype_cap = VMX_EPTP_WB_BIT;
		break;
	default:
		return false;
	}
	switch (eptp & VMX_EPTP_PWL_MASK) {
	case VMX_EPTP_PWL_4:
		levels_cap = VMX_EPT_PAGE_WALK_4_BIT;
		break;
	case VMX_EPTP_PWL_5:
		levels_cap = VMX_EPT_PAGE_WALK_5_BIT;
		break;
	default:
		return false;
	}
	if (!(ept_vpid_cap & VMX_EPT_AD_BIT))
		reserved |= VMX_EPTP_AD_ENABLE_BIT;
	if (!(ept_vpid_cap & SIM_EPT_SSS_BIT))
		reserved |= SIM_EPTP_SSS_BIT;

	return (ept_vpid_cap & memtype_cap) && (ept_vpid_cap & levels_cap) && !(eptp & reserved);
}

unsigned int sim_eptp_levels(uint64_t eptp)
{
	return (unsigned int)((eptp & VMX_EPTP_PWL_MASK) >> 3) + 1;
}

uint64_t sim_eptp_root(uint64_t eptp)
{
	return sim_pt_address(eptp, 1);
}

struct sim_paging_caps sim_ept_caps(uint64_t eptp, uint64_t ept_vpid_cap, unsigned int maxphyaddr)
{
	assert(sim_eptp_valid(eptp, ept_vpid_cap, maxphyaddr));

	return (struct sim_paging_caps) {
		.maxphyaddr = maxphyaddr,
		.levels = sim_eptp_levels(eptp),
		.exec_only = ept_vpid_cap & VMX_EPT_EXECUTE_ONLY_BIT,
		.page_2m = ept_vpid_cap & VMX_EPT_2MB_PAGE_BIT,
		.page_1g = ept_vpid_cap & VMX_EPT_1GB_PAGE_BIT,
		.ad = eptp & VMX_EPTP_AD_ENABLE_BIT,
		.advanced_info = ept_vpid_cap & SIM_EPT_ADVANCED_INFO_BIT,
	};
}
