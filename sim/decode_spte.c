/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>
#include <stdio.h>
#include <linux/bug.h>

#include "mmu/spte.h"
#include "sim/decode_rows.h"
#include "sim/describe.h"

/* SPTEs.  Which bits mean what depends on what the CPU and KVM take the entry for. */

#define SPTE_SUPPRESS_VE	VMX_EPT_SUPPRESS_VE_BIT

/* ---- Patterns of KVM's own, without the masks of a loaded module ---- */

/* Empty and removed entries; both formats have the same, before v6.10 and after. */
static bool looks_nonpresent(u64 value)
{
	u64 low = value & ~SPTE_SUPPRESS_VE;

	return !low || low == REMOVED_SPTE_BITS;
}

static bool looks_mmio(u64 value, bool ept)
{
	u64 npt_bits = BIT_ULL(51) | PT_PRESENT_MASK;

	if (value & (SPTE_MMU_PRESENT_MASK | BIT_ULL(63)))
		return false;
	return ept ? (value & VMX_EPT_RWX_MASK) == VMX_EPT_MISCONFIG_WX_VALUE :
		     (value & npt_bits) == npt_bits;
}

/*
 * Every table entry is writable, and none has the bit that a writable leaf has to
 * have.  In EPT, none has a memory type either.
 */
static bool looks_table(u64 value, bool ept)
{
	u64 never = ept ? EPT_SPTE_MMU_WRITABLE | VMX_EPT_MT_MASK | VMX_EPT_IPAT_BIT :
			  DEFAULT_SPTE_MMU_WRITABLE;

	return (value & PT_WRITABLE_MASK) && !(value & (never | PT_PAGE_SIZE_MASK));
}

static bool writable_bits_fit(u64 value, bool ept)
{
	u64 host = ept ? EPT_SPTE_HOST_WRITABLE : DEFAULT_SPTE_HOST_WRITABLE;
	u64 mmu = ept ? EPT_SPTE_MMU_WRITABLE : DEFAULT_SPTE_MMU_WRITABLE;

	return (!(value & mmu) || (value & host)) && (!(value & PT_WRITABLE_MASK) || (value & mmu));
}

static bool looks_present_ept(u64 value)
{
	u64 rwx = value & VMX_EPT_RWX_MASK;
	u64 memtype = (value & (VMX_EPT_MT_MASK | VMX_EPT_IPAT_BIT)) >> VMX_EPT_MT_EPTE_SHIFT;

	if (value & BIT_ULL(10))
		return false;
	if (looks_table(value, true))
		return rwx == VMX_EPT_RWX_MASK && !(value & (BIT_ULL(9) | GENMASK_ULL(62, 53)));
	/* Write-back or uncached, with IPAT or not: all but a guest's unusual MTRRs. */
	if ((memtype & 7) != SIM_EPT_MT_WB && (memtype & 7) != SIM_EPT_MT_UC)
		return false;
	if (!rwx)
		return (value & SPTE_TDP_AD_MASK) == SPTE_TDP_AD_DISABLED;
	return (rwx & VMX_EPT_READABLE_MASK) && writable_bits_fit(value, true);
}

static bool looks_present_npt(u64 value)
{
	u64 never = PT_PWT_MASK | PT_PCD_MASK | PT_GLOBAL_MASK | GENMASK_ULL(62, 52);

	if (!(value & PT_PRESENT_MASK) || !(value & PT_USER_MASK) || (value & never))
		return false;
	if (looks_table(value, false))
		return !(value & (PT_DIRTY_MASK | DEFAULT_SPTE_HOST_WRITABLE | PT64_NX_MASK));
	return writable_bits_fit(value, false);
}

bool sim_decode_spte_plausible(u64 value, bool ept)
{
	if (looks_nonpresent(value) || looks_mmio(value, ept))
		return true;
	if (!(value & SPTE_MMU_PRESENT_MASK))
		return false;
	return ept ? looks_present_ept(value) : looks_present_npt(value);
}

/* ---- What is not given ---- */

static int assume_large_level(struct sim_decode_result *result)
{
	u64 value = result->value;

	if (value & GENMASK_ULL(20, 13)) {
		sim_decode_note(result, "level 1 assumed: no 2M page has an address like this");
		return PG_LEVEL_4K;
	}
	sim_decode_note(result, "level 2 assumed, since bit 7 is set%s",
			value & GENMASK_ULL(29, 21) ? "" :
			"; the address would do for level 3, too");
	return PG_LEVEL_2M;
}

static int assume_level(struct sim_decode_result *result)
{
	u64 value = result->value;

	if (looks_nonpresent(value) || looks_mmio(value, result->ept))
		return PG_LEVEL_4K;
	if (value & PT_PAGE_SIZE_MASK)
		return assume_large_level(result);
	if ((value & SPTE_MMU_PRESENT_MASK) && looks_table(value, result->ept)) {
		sim_decode_note(result, "level 2 assumed: writable but not MMU-writable, "
				"so it points to a table");
		return PG_LEVEL_2M;
	}
	sim_decode_note(result, "level 1 assumed, since bit 7 is clear");
	return PG_LEVEL_4K;
}

static void assume_profile(struct sim_decode_result *result)
{
	bool bit63 = (result->value & SPTE_SUPPRESS_VE) &&
		     (result->ept || looks_nonpresent(result->value));
	const char *name = bit63 ? "v6.12" : SIM_PROFILE_DEFAULT;

	result->profile = sim_profile_find(name);
	BUG_ON(!result->profile);
	if (bit63)
		sim_decode_note(result, "profile v6.12 assumed, since bit 63 is set");
}

static void assume_maxphyaddr(struct sim_decode_result *result)
{
	result->maxphyaddr = SIM_PT_ADDRESS_BITS;
	if (!result->ept && looks_mmio(result->value, false)) {
		/* With 52 bits there is no reserved one, and KVM makes no MMIO SPTEs. */
		result->maxphyaddr = 51;
		sim_decode_note(result, "MAXPHYADDR below 52 assumed, so that bit 51 is reserved");
	}
}

static int load_module(const struct sim_decode_result *result)
{
	struct sim_module_params params = sim_module_params_default;
	const struct sim_cpu_model cpu = {
		.intel = result->ept,
		.levels = result->level == 5 ? 5 : 4,
		.maxphyaddr = (u8)result->maxphyaddr,
		.exec_only = true,
		.ept_1g = true,
		.has_ad_bits = true,
		.has_pml = true,
		.l1tf = result->l1tf_cache_bits,
		.cache_bits = (u8)result->l1tf_cache_bits,
	};

	/* The entry itself says whether KVM used the CPU's flags. */
	if ((result->value & SPTE_MMU_PRESENT_MASK) && !spte_ad_enabled(result->value))
		params.eptad = false;
	return kvm_mmu_module_init(result->profile, &cpu, &params);
}

/* ---- Rows ---- */

static const char *const memtypes[] = {
	"UC", "WC", "illegal", "illegal", "WT", "WP", "WB", "illegal",
};

static const char *const ad_types[] = {
	"the CPU", "KVM, by access tracking and write protection",
	"the CPU; dirty logging by write protection", "an unknown type",
};

static const struct sim_bits ept_rights_bits[] = {
	{ 0, 0, false, CPU, "R: may be read", NULL },
	{ 1, 1, false, CPU, "W: may be written", NULL },
	{ 2, 2, false, CPU, "X: may be executed", NULL },
};

static const struct sim_bits ept_leaf_bits[] = {
	{ 5, 3, true, CPU, "memory type ", memtypes },
	{ 6, 6, false, CPU, "IPAT: the guest's PAT is ignored", NULL },
};

static const struct sim_bits ept_tracked_bits[] = {
	{ 5, 3, true, KVM, "memory type that will be used again: ", memtypes },
	{ 6, 6, false, KVM, "IPAT, which will be used again", NULL },
	{ 7, 7, false, KVM, "maps a large page", NULL },
};

static const struct sim_bits npt_bits[] = {
	{ 0, 0, false, CPU, "P: present", NULL },
	{ 1, 1, false, CPU, "W: may be written", NULL },
	{ 2, 2, false, CPU, "U: open to the guest, which counts as a user", NULL },
	{ 3, 3, false, CPU, "PWT: bit 0 of the PAT index", NULL },
	{ 4, 4, false, CPU, "PCD: bit 1 of the PAT index", NULL },
	{ 5, 5, false, CPU, "A: accessed", NULL },
	{ 63, 63, false, CPU, "NX: may not be executed", NULL },
};

static const struct sim_bits present_bits[] = {
	{ 11, 11, false, KVM, "MMU-present: KVM's own mark of a live entry", NULL },
	{ 53, 52, false, KVM, "A and D kept by ", ad_types },
};

static const struct sim_bits ept_kvm_leaf_bits[] = {
	{ 54, 54, false, KVM, "R as saved by access tracking", NULL },
	{ 56, 56, false, KVM, "X as saved by access tracking", NULL },
	{ 57, 57, false, KVM, "host-writable: the host lets the page be written", NULL },
	{ 58, 58, false, KVM, "MMU-writable: W may be set without mmu_lock", NULL },
};

static const struct sim_bits npt_kvm_leaf_bits[] = {
	{ 9, 9, false, KVM, "host-writable: the host lets the page be written", NULL },
	{ 10, 10, false, KVM, "MMU-writable: W may be set without mmu_lock", NULL },
};

static void add_address(struct sim_decode_result *result, int level, const char *who,
			const char *what)
{
	unsigned int low = sim_pt_level_shift(level), high = result->maxphyaddr - 1;
	u64 address = result->value & sim_pt_bits(high, low);

	sim_decode_add_row(result, high, low, who, "%s 0x%" PRIx64 ", at 0x%" PRIx64, what,
			   address >> 12, address);
}

static const char *suppress_ve_text(void)
{
	return SHADOW_NONPRESENT_VALUE ?
	       "suppress #VE, if that can be raised; KVM sets it in all but MMIO SPTEs" :
	       "suppress #VE, if that can be raised; KVM sets it from v6.10 on only";
}

static void add_ept_present(struct sim_decode_result *result, bool leaf)
{
	int level = result->level;
	bool ad = enable_ept_ad_bits;

	SIM_DECODE_ADD_TABLE(result, ept_rights_bits);
	sim_decode_add_set(result, 8, 8, ad ? CPU : NOBODY,
			   ad ? "A: accessed" : "ignored by the CPU with A/D off");
	if (!leaf) {
		add_address(result, PG_LEVEL_4K, CPU, "table in frame");
		sim_decode_add_set(result, 63, 63, SHADOW_NONPRESENT_VALUE ? KVM : NOBODY,
				   "ignored by the CPU in an entry that points to a table");
		return;
	}
	SIM_DECODE_ADD_TABLE(result, ept_leaf_bits);
	if (level > PG_LEVEL_4K)
		sim_decode_add_set(result, 7, 7, CPU, "maps a page of %s", sim_level_size(level));
	sim_decode_add_set(result, 9, 9, ad ? CPU : NOBODY,
			   ad ? "D: dirty" : "ignored by the CPU with A/D off");
	add_address(result, level, CPU, "frame");
	sim_decode_add_set(result, 63, 63, CPU, "%s", suppress_ve_text());
}

static void add_npt_present(struct sim_decode_result *result, bool leaf)
{
	int level = result->level;

	SIM_DECODE_ADD_TABLE(result, npt_bits);
	if (!leaf) {
		add_address(result, PG_LEVEL_4K, CPU, "table in frame");
		return;
	}
	sim_decode_add_set(result, 6, 6, CPU, "D: dirty");
	if (level == PG_LEVEL_4K) {
		sim_decode_add_set(result, 7, 7, CPU, "PAT: bit 2 of the PAT index");
	} else {
		sim_decode_add_set(result, 7, 7, CPU, "PS: maps a page of %s",
				   sim_level_size(level));
		sim_decode_add_set(result, 12, 12, CPU, "PAT: bit 2 of the PAT index");
	}
	add_address(result, level, CPU, "frame");
}

/* An entry that the CPU cannot use, as KVM remembers it. */
static void add_tracked(struct sim_decode_result *result)
{
	int level = result->value & PT_PAGE_SIZE_MASK ? result->level : PG_LEVEL_4K;

	/* No page is larger than 1G, whatever bit 7 of the entry says. */
	if (level > KVM_MAX_HUGEPAGE_LEVEL)
		level = PG_LEVEL_4K;
	SIM_DECODE_ADD_TABLE(result, ept_tracked_bits);
	add_address(result, level, KVM, "frame");
	sim_decode_add_set(result, 63, 63, CPU, "%s", suppress_ve_text());
}

static void add_mmio(struct sim_decode_result *result)
{
	u64 moved = shadow_nonpresent_or_rsvd_mask;
	unsigned int gfn_high = 63 - (unsigned int)__builtin_clzll(
					shadow_nonpresent_or_rsvd_lower_gfn_mask);

	if (result->ept) {
		sim_decode_add_row(result, 2, 0, CPU, "W and X without R: malformed on purpose");
	} else {
		sim_decode_add_row(result, 0, 0, CPU, "P: present");
		sim_decode_add_set(result, 2, 1, KVM, "access: %s%s",
				   result->value & PT_WRITABLE_MASK ? "w" : "-",
				   result->value & PT_USER_MASK ? "u" : "-");
		/* KVM makes none unless MAXPHYADDR is below 52, so this is above the gfn. */
		sim_decode_add_row(result, 51, 51, CPU, "reserved on purpose");
	}
	sim_decode_add_row(result, 10, 3, KVM, "bits 7:0 of the memslot generation");
	sim_decode_add_row(result, gfn_high, 12, KVM, moved ? "gfn, lower bits" : "gfn");
	sim_decode_add_row(result, 62, 52, KVM, "bits 18:8 of the memslot generation");
	if (moved) {
		unsigned int low = (unsigned int)__builtin_ctzll(moved);

		/* L1TF: an address that no cache has. */
		sim_decode_add_set(result, low + 4, low, KVM, "set on purpose against L1TF");
		sim_decode_add_set(result, low + 9, low + 5, KVM,
				   "gfn, upper bits, moved up by five");
	}
}

static void add_nonpresent(struct sim_decode_result *result, enum sim_spte_class class)
{
	if (class == SIM_SPTE_REMOVED)
		sim_decode_add_row(result, 10, 5, KVM, "the mark of a removed entry");
	if (result->ept)
		sim_decode_add_set(result, 63, 63, CPU, "%s", suppress_ve_text());
	else if (SHADOW_NONPRESENT_VALUE)
		sim_decode_add_set(result, 63, 63, KVM, "in every empty entry from v6.10 on");
}

static void add_rows(struct sim_decode_result *result, const struct sim_paging_caps *caps,
		     enum sim_spte_class class)
{
	const struct sim_paging_format *fmt = sim_describe_format();
	u64 value = result->value;
	bool leaf = fmt->leaf(caps, value, result->level);

	if (class == SIM_SPTE_MMIO)
		add_mmio(result);
	else if (class == SIM_SPTE_REMOVED || class == SIM_SPTE_EMPTY)
		add_nonpresent(result, class);
	else if (!fmt->present(value) && class == SIM_SPTE_TRACKED)
		add_tracked(result);
	else if (!fmt->present(value))
		add_nonpresent(result, class);
	else if (result->ept)
		add_ept_present(result, leaf);
	else
		add_npt_present(result, leaf);

	/* Bits of KVM's own mean something in what is present to KVM only. */
	if (class == SIM_SPTE_TRACKED || class == SIM_SPTE_LEAF || class == SIM_SPTE_TABLE)
		SIM_DECODE_ADD_TABLE(result, present_bits);
	if (class == SIM_SPTE_TRACKED || class == SIM_SPTE_LEAF) {
		if (result->ept)
			SIM_DECODE_ADD_TABLE(result, ept_kvm_leaf_bits);
		else
			SIM_DECODE_ADD_TABLE(result, npt_kvm_leaf_bits);
	}
	sim_decode_add_rest(result, fmt->reserved(caps, value, result->level), CPU,
			    "reserved: must be 0");
	sim_decode_add_rest(result, ~UINT64_C(0), NOBODY, "ignored by the CPU, not used by KVM");
}

/* ---- Verdicts ---- */

static u64 fault_info(const struct sim_paging_caps *caps, enum sim_access_type type,
		      enum sim_fault fault, unsigned int rights)
{
	const struct sim_access access = { .type = type, .gla_valid = true };

	return sim_describe_format()->fault_info(caps, &access, fault, rights);
}

/* What a well-formed entry does to an access that it does not allow. */
static void say_missing_right(struct sim_decode_result *result, const struct sim_paging_caps *caps,
			      unsigned int rights, char *buf, size_t size)
{
	static const struct {
		unsigned int right;
		enum sim_access_type type;
		const char *name;
	} kinds[] = {
		{ SIM_RIGHT_READ, SIM_ACCESS_READ, "read" },
		{ SIM_RIGHT_WRITE, SIM_ACCESS_WRITE, "write" },
		{ SIM_RIGHT_EXEC, SIM_ACCESS_FETCH, "fetch" },
	};
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && len < size; i++) {
		if (rights & kinds[i].right)
			continue;
		len += (size_t)snprintf(buf + len, size - len, "; a %s is %s 0x%" PRIx64,
					kinds[i].name,
					result->ept ? "an EPT violation," : "an #NPF,",
					fault_info(caps, kinds[i].type, SIM_FAULT_RIGHTS, rights));
	}
}

static void say_cpu(struct sim_decode_result *result, const struct sim_paging_caps *caps)
{
	const struct sim_paging_format *fmt = sim_describe_format();
	u64 value = result->value, bad = fmt->reserved(caps, value, result->level);
	char *buf = result->cpu, missing[160];
	size_t size = sizeof(result->cpu);

	if (!fmt->present(value)) {
		snprintf(buf, size, "not present: %s; a read has 0x%" PRIx64,
			 result->ept ? "an EPT violation with qualification bits 5:3 clear" :
				       "an #NPF with P clear",
			 fault_info(caps, SIM_ACCESS_READ, SIM_FAULT_NOT_PRESENT, 0));
	} else if (bad && result->ept) {
		snprintf(buf, size, "malformed by 0x%" PRIx64 ": any access is an EPT "
			 "misconfiguration (exit reason %u)", bad, EXIT_REASON_EPT_MISCONFIG);
	} else if (bad) {
		snprintf(buf, size, "reserved bits 0x%" PRIx64 ": any access is an #NPF with RSV; "
			 "a read has 0x%" PRIx64, bad,
			 fault_info(caps, SIM_ACCESS_READ, SIM_FAULT_RESERVED, 0));
	} else if (!fmt->leaf(caps, value, result->level)) {
		say_missing_right(result, caps, fmt->rights(value), missing, sizeof(missing));
		snprintf(buf, size, "goes on to the table at 0x%" PRIx64 "%s",
			 sim_pt_address(value, PG_LEVEL_4K), missing);
	} else {
		say_missing_right(result, caps, fmt->rights(value), missing, sizeof(missing));
		snprintf(buf, size, "maps %s at 0x%" PRIx64 "%s", sim_level_size(result->level),
			 sim_pt_address(value, result->level), missing);
	}
}

static const char *say_writability(u64 spte)
{
	bool host = spte & shadow_host_writable_mask, mmu = is_mmu_writable_spte(spte);

	if ((mmu && !host) || (is_writable_pte(spte) && !mmu))
		return "rights that KVM never makes: W needs MMU-writable, and that host-writable";
	if (is_writable_pte(spte))
		return "writable";
	if (mmu)
		return "write-protected for a time: a write sets W without mmu_lock";
	return host ? "write-protected for good: the gfn is tracked" :
		      "read-only: the host does not let the page be written";
}

static void say_kvm(struct sim_decode_result *result, enum sim_spte_class class)
{
	u64 value = result->value;
	char *buf = result->kvm;
	size_t size = sizeof(result->kvm);

	switch (class) {
	case SIM_SPTE_EMPTY:
		snprintf(buf, size, "empty: the next fault fills it");
		break;
	case SIM_SPTE_REMOVED:
		snprintf(buf, size, "frozen while someone takes it out: a fault that meets it "
			 "retries");
		break;
	case SIM_SPTE_MMIO:
		snprintf(buf, size, "no memory there: an access is emulated, as long as the "
			 "memslot generation is 0x%" PRIx64, get_mmio_spte_generation(value));
		break;
	case SIM_SPTE_FOREIGN:
		snprintf(buf, size, "not shadow-present (bit 11 is clear): as good as empty");
		break;
	case SIM_SPTE_TABLE:
		snprintf(buf, size, "shadow-present, points to a table");
		break;
	case SIM_SPTE_TRACKED:
		snprintf(buf, size, "shadow-present, not accessed since it was aged: an access "
			 "gives R and X back without mmu_lock");
		break;
	case SIM_SPTE_LEAF:
		snprintf(buf, size, "shadow-present, %s, %s, %s",
			 is_accessed_spte(value) ? "accessed" : "not accessed",
			 is_dirty_spte(value) ? "dirty" : "clean", say_writability(value));
		break;
	}
}

int sim_decode_spte(struct sim_decode_result *result)
{
	struct sim_paging_caps caps;
	enum sim_spte_class class;
	int err;

	if (!result->level)
		result->level = assume_level(result);
	if (!result->profile)
		assume_profile(result);
	if (!result->maxphyaddr)
		assume_maxphyaddr(result);
	err = load_module(result);
	if (err)
		return err;

	caps = sim_describe_caps();
	class = sim_spte_class(result->value, result->level);
	snprintf(result->title, sizeof(result->title), "%s SPTE at level %d, profile %s",
		 result->ept ? "EPT" : "NPT", result->level, result->profile->name);
	sim_describe_spte(result->value, result->level, 0, result->what, sizeof(result->what));
	add_rows(result, &caps, class);
	say_cpu(result, &caps);
	say_kvm(result, class);
	kvm_mmu_module_exit();
	return 0;
}
