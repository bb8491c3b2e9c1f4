/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/describe.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <linux/bug.h>

#include "mmu/spte.h"

/* Text under construction, with the length it would have in a buffer that is large enough. */
struct words {
	char *buf;
	size_t size;
	size_t len;
};

__attribute__((format(printf, 2, 3)))
static void put(struct words *words, const char *fmt, ...)
{
	bool room = words->len < words->size;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(room ? words->buf + words->len : NULL, room ? words->size - words->len : 0,
		      fmt, args);
	va_end(args);
	if (n > 0)
		words->len += (size_t)n;
}

const char *sim_memtype_name(unsigned int type)
{
	switch (type) {
	case SIM_EPT_MT_UC:
		return "UC";
	case SIM_EPT_MT_WC:
		return "WC";
	case SIM_EPT_MT_WT:
		return "WT";
	case SIM_EPT_MT_WP:
		return "WP";
	case SIM_EPT_MT_WB:
		return "WB";
	default:
		return "illegal type";
	}
}

const char *sim_level_size(int level)
{
	static const char *const size[] = { "4K", "2M", "1G", "512G", "256T" };

	BUG_ON(level < PG_LEVEL_4K || level > PT64_ROOT_MAX_LEVEL);
	return size[level - 1];
}

const struct sim_paging_format *sim_describe_format(void)
{
	return kvm_cpu.intel ? &sim_ept_format : &sim_npt_format;
}

struct sim_paging_caps sim_describe_caps(void)
{
	return (struct sim_paging_caps) {
		.maxphyaddr = kvm_cpu.maxphyaddr,
		.levels = (unsigned int)kvm_cpu.levels,
		.exec_only = kvm_cpu.exec_only,
		.page_2m = true,
		.page_1g = !kvm_cpu.intel || kvm_cpu.ept_1g,
		.ad = !kvm_cpu.intel || enable_ept_ad_bits,
		.nxe = true,
		.smep = true,
	};
}

void sim_spte_access_letters(u64 spte, char out[5])
{
	out[0] = shadow_present_mask || (spte & PT_PRESENT_MASK) ? 'r' : '-';
	out[1] = is_writable_pte(spte) ? 'w' : '-';
	out[2] = is_executable_pte(spte) ? 'x' : '-';
	out[3] = spte & shadow_user_mask ? 'u' : '-';
	out[4] = '\0';
}

enum sim_spte_class sim_spte_class(u64 spte, int level)
{
	if (is_removed_spte(spte))
		return SIM_SPTE_REMOVED;
	if (spte == SHADOW_NONPRESENT_VALUE)
		return SIM_SPTE_EMPTY;
	if (is_mmio_spte(spte))
		return SIM_SPTE_MMIO;
	if (!is_shadow_present_pte(spte))
		return SIM_SPTE_FOREIGN;
	if (!is_last_spte(spte, level))
		return SIM_SPTE_TABLE;
	return shadow_acc_track_mask && is_access_track_spte(spte) ? SIM_SPTE_TRACKED :
								     SIM_SPTE_LEAF;
}

/* ---- The parts of a leaf ---- */

static void put_rights(struct words *words, u64 spte, int level)
{
	char letters[5];

	if (shadow_acc_track_mask && is_access_track_spte(spte)) {
		u64 saved = spte >> SHADOW_ACC_TRACK_SAVED_BITS_SHIFT;

		put(words, ", access-tracked (saved %c-%c)",
		    saved & VMX_EPT_READABLE_MASK ? 'r' : '-',
		    saved & VMX_EPT_EXECUTABLE_MASK ? 'x' : '-');
		return;
	}
	sim_spte_access_letters(spte, letters);
	put(words, ", %s", letters);
	if (level > PG_LEVEL_4K && !is_executable_pte(spte))
		put(words, " (NX huge page)");
}

static void put_memtype(struct words *words, u64 spte, int level)
{
	unsigned int type;
	bool ipat;

	type = sim_describe_format()->memtype(spte, level, &ipat);
	if (shadow_memtype_mask)
		put(words, ", %s%s", sim_memtype_name(type), ipat ? " ipat" : "");
	else if (type)
		put(words, ", PAT entry %u", type);
}

static void put_accessed_dirty(struct words *words, u64 spte)
{
	bool accessed = spte & shadow_accessed_mask, dirty = spte & shadow_dirty_mask;

	if (!spte_ad_enabled(spte)) {
		if (!is_access_track_spte(spte))
			put(words, ", A/D by KVM");
		return;
	}
	if (accessed && dirty)
		put(words, ", A D");
	else
		put(words, accessed ? ", A" : dirty ? ", D" : ", no A D");
	if (spte_ad_need_write_protect(spte))
		put(words, ", logged by write protection");
}

static void put_writable(struct words *words, u64 spte)
{
	bool host = spte & shadow_host_writable_mask, mmu = is_mmu_writable_spte(spte);

	if (host && mmu)
		put(words, ", host-writable mmu-writable");
	else
		put(words, host ? ", host-writable" :
			   mmu ? ", mmu-writable" : ", read-only host page");
}

static void put_leaf(struct words *words, u64 spte, int level)
{
	/* No page is larger than 1G: a leaf above that is malformed, its address all there is. */
	int size = level > KVM_MAX_HUGEPAGE_LEVEL ? PG_LEVEL_4K : level;
	u64 address = sim_pt_address(spte & ~shadow_me_mask, size);

	put(words, "%s leaf, pfn 0x%" PRIx64, sim_level_size(level), address >> PAGE_SHIFT);
	put_rights(words, spte, level);
	put_memtype(words, spte, level);
	put_accessed_dirty(words, spte);
	put_writable(words, spte);
}

/* ---- The other classes ---- */

static void put_table(struct words *words, u64 spte, u64 table)
{
	char letters[5];

	put(words, "table, ");
	if (table)
		put(words, "T%" PRIu64, table);
	else
		put(words, "pfn 0x%" PRIx64, (u64)spte_to_pfn(spte & ~shadow_me_mask));

	/* All rights is what every table that KVM makes has. */
	sim_spte_access_letters(spte, letters);
	if (!is_writable_pte(spte) || !is_executable_pte(spte) || letters[3] == '-')
		put(words, ", %s", letters);
	if (!spte_ad_enabled(spte))
		put(words, ", A/D by KVM");
	else if (spte & shadow_accessed_mask)
		put(words, ", A");
}

static void put_encrypted(struct words *words, u64 spte)
{
	if (shadow_me_value && (spte & shadow_me_mask) == shadow_me_value)
		put(words, ", encrypted");
}

static void put_reserved(struct words *words, u64 spte, int level)
{
	struct sim_paging_caps caps = sim_describe_caps();
	u64 reserved = sim_describe_format()->reserved(&caps, spte & ~shadow_me_mask, level);

	if (reserved)
		put(words, ", reserved 0x%" PRIx64, reserved);
}

int sim_describe_spte(u64 spte, int level, u64 table, char *buf, size_t size)
{
	struct words words = { .buf = buf, .size = size };

	BUG_ON(level < PG_LEVEL_4K || level > PT64_ROOT_MAX_LEVEL);
	if (size)
		buf[0] = '\0';

	switch (sim_spte_class(spte, level)) {
	case SIM_SPTE_EMPTY:
		put(&words, "empty%s", !spte ? "" :
		    kvm_cpu.intel ? " (suppress #VE)" : " (bit 63)");
		break;
	case SIM_SPTE_REMOVED:
		put(&words, "removed (frozen)");
		break;
	case SIM_SPTE_MMIO:
		put(&words, "MMIO, gfn 0x%" PRIx64 ", gen 0x%" PRIx64,
		    (u64)get_mmio_spte_gfn(spte), get_mmio_spte_generation(spte));
		break;
	case SIM_SPTE_FOREIGN:
		put(&words, "not present to KVM, 0x%" PRIx64, spte);
		put_reserved(&words, spte, level);
		break;
	case SIM_SPTE_TABLE:
		put_table(&words, spte, table);
		put_encrypted(&words, spte);
		put_reserved(&words, spte, level);
		break;
	case SIM_SPTE_TRACKED:
	case SIM_SPTE_LEAF:
		put_leaf(&words, spte, level);
		put_encrypted(&words, spte);
		put_reserved(&words, spte, level);
		break;
	}
	return (int)words.len;
}
