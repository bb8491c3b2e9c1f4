/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_X86_PAGING_H
#define SIM_X86_PAGING_H

/*
 * What a second-level page-table format is, apart from any walk over it.
 *
 * EPT and NPT share their shape: 512 entries of 64 bits a table, nine address
 * bits a level, an address in bits 51:12.  They differ in what the other bits
 * mean and in how a fault is told.  A struct sim_paging_format holds just
 * that difference, so that x86/walk.c has one walk and asks no format's name.
 */

#include <stdbool.h>
#include <stdint.h>

#define SIM_PT_ENTRIES		512u
#define SIM_PT_MAX_LEVEL	5
#define SIM_PT_PAGE_SHIFT	12
#define SIM_PT_INDEX_BITS	9
/* Neither vendor has more physical address bits than this in its entries. */
#define SIM_PT_ADDRESS_BITS	52
/* What four levels translate: 12 + 4 * 9. */
#define SIM_PT_ADDRESS_BITS_4_LEVELS	48

/**
 * struct sim_paging_caps - what this CPU model supports and how it is set up
 * @maxphyaddr: physical address width in bits, 32..52 (CPUID 80000008H EAX[7:0])
 * @levels: levels of the walk of the current root, 4 or 5
 * @exec_only: EPT: X without R is legal (IA32_VMX_EPT_VPID_CAP bit 0)
 * @page_2m: EPT: a PDE may map 2 MiB.  NPT ignores it: long mode always can.
 * @page_1g: a PDPTE may map 1 GiB
 * @ad: EPT: EPTP bit 6 is on.  NPT has no such control, so it must be true.
 * @advanced_info: EPT: violations report qualification bits 9 to 11
 * @nxe: NPT: host EFER.NXE (the guest's does not count, APM 15.25)
 * @smep: NPT: host CR4.SMEP; like @nxe it makes a fetch report EXITINFO1 bit 4
 */
struct sim_paging_caps {
	unsigned int maxphyaddr;
	unsigned int levels;
	bool exec_only;
	bool page_2m, page_1g;
	bool ad;
	bool advanced_info;
	bool nxe;
	bool smep;
};

enum sim_access_type { SIM_ACCESS_READ, SIM_ACCESS_WRITE, SIM_ACCESS_FETCH };

/**
 * struct sim_access - one access to a guest-physical address
 * @gpa: the address of the byte
 * @type: type of the final access, or of the one that causes the table walk
 * @guest_table: the access is to an entry of a guest paging structure while the
 *	guest's own tables are walked.  The load of the four PDPTEs by MOV to CR in
 *	PAE mode is not such a walk: it is a read without a linear address (SDM,
 *	"Accessed and Dirty Flags for EPT"), so say READ with @gla_valid false.
 * @guest_table_update: with @guest_table: a guest A or D flag must be set.  It
 *	matters with EPT A/D off, where only then is the access a write too.
 * @linear_user: the linear address is a user-mode one per the guest's tables
 * @linear_writable: it is writable per the guest's tables
 * @linear_nx: it is execute-disabled per the guest's tables
 * @gla_valid: there is a linear address behind the access; normally true
 *
 * The three linear_ flags are read for final accesses only, where the guest's
 * walk is complete.
 */
struct sim_access {
	uint64_t gpa;
	enum sim_access_type type;
	bool guest_table;
	bool guest_table_update;
	bool linear_user, linear_writable, linear_nx;
	bool gla_valid;
};

/**
 * enum sim_walk_status - how a walk ended
 * @SIM_WALK_OK: translated
 * @SIM_WALK_VIOLATION: EPT violation, or #NPF without RSV
 * @SIM_WALK_MISCONFIG: EPT misconfiguration, or #NPF with RSV
 * @SIM_WALK_PML_FULL: a flag must be set and the page-modification log is full
 * @SIM_WALK_NR_STATUS: number of the above
 */
enum sim_walk_status {
	SIM_WALK_OK,
	SIM_WALK_VIOLATION,
	SIM_WALK_MISCONFIG,
	SIM_WALK_PML_FULL,
	SIM_WALK_NR_STATUS,
};

/**
 * enum sim_fault - the condition that makes a walk fault
 * @SIM_FAULT_NONE: none
 * @SIM_FAULT_NOT_PRESENT: an entry is not present, or the address is wider than
 *	what the tables translate
 * @SIM_FAULT_RESERVED: a present entry is malformed
 * @SIM_FAULT_RIGHTS: the walk is complete, its rights do not allow the access
 */
enum sim_fault {
	SIM_FAULT_NONE,
	SIM_FAULT_NOT_PRESENT,
	SIM_FAULT_RESERVED,
	SIM_FAULT_RIGHTS,
};

/* Rights of an entry, and what an access needs.  Those of a walk are the AND. */
#define SIM_RIGHT_READ		1u
#define SIM_RIGHT_WRITE		2u
#define SIM_RIGHT_EXEC		4u
#define SIM_RIGHT_ALL		(SIM_RIGHT_READ | SIM_RIGHT_WRITE | SIM_RIGHT_EXEC)

/**
 * struct sim_paging_format - one format of second-level entries
 * @name: "ept" or "npt"
 * @present: whether the CPU follows the entry at all
 * @leaf: whether a present entry of that level maps a page
 * @reserved: the set bits that make a present entry malformed, 0 if it is well
 *	formed.  A combination that is illegal without any single bit being so
 *	(EPT: W without R) is told by the bits that should not be set.  0 for an
 *	entry that is not present: it has no reserved bits.
 * @rights: SIM_RIGHT_* that a present, well-formed entry grants
 * @needs: SIM_RIGHT_* that an access needs.  One that needs the write right
 *	makes the leaf dirty, in either format.
 * @fault_info: the exit qualification (EPT) or EXITINFO1 (NPT) of a fault;
 *	@rights is the AND over all entries, used for SIM_FAULT_RIGHTS only
 * @memtype: memory type of a leaf.  EPT: its bits 5:3, and bit 6 in @ipat.
 *	NPT: the PAT index, @ipat false.
 * @accessed: the A flag
 * @dirty: the D flag, of leafs only
 * @ad_always: A and D cannot be turned off
 * @exit_code: exit reason (VMX) or exit code (SVM) of each status that is an
 *	exit; 0 for SIM_WALK_OK and for what the format does not have
 *
 * No function takes a lock or fails; entries are plain values, already read.
 */
struct sim_paging_format {
	const char *name;
	bool (*present)(uint64_t entry);
	bool (*leaf)(const struct sim_paging_caps *caps, uint64_t entry, int level);
	uint64_t (*reserved)(const struct sim_paging_caps *caps, uint64_t entry, int level);
	unsigned int (*rights)(uint64_t entry);
	unsigned int (*needs)(const struct sim_paging_caps *caps, const struct sim_access *access);
	uint64_t (*fault_info)(const struct sim_paging_caps *caps, const struct sim_access *access,
			       enum sim_fault fault, unsigned int rights);
	uint8_t (*memtype)(uint64_t entry, int level, bool *ipat);
	uint64_t accessed;
	uint64_t dirty;
	bool ad_always;
	uint32_t exit_code[SIM_WALK_NR_STATUS];
};

/**
 * sim_pt_bits - a mask of the bits @high down to @low, both included
 * @high: highest bit, 63 at most
 * @low: lowest bit
 *
 * Return: the mask; 0 if @high < @low, which is how "bits 51:M" comes out for a
 * MAXPHYADDR of 52.
 */
static inline uint64_t sim_pt_bits(unsigned int high, unsigned int low)
{
	if (high < low)
		return 0;
	return (~UINT64_C(0) >> (63 - high)) & (~UINT64_C(0) << low);
}

/**
 * sim_pt_level_shift - how many address bits an entry of a level spans
 * @level: 1 (4 KiB) to 5
 *
 * Return: 12, 21, 30, 39 or 48.
 */
static inline unsigned int sim_pt_level_shift(int level)
{
	return SIM_PT_PAGE_SHIFT + SIM_PT_INDEX_BITS * (unsigned int)(level - 1);
}

/**
 * sim_pt_index - which entry of a level's table translates an address
 * @gpa: guest-physical address
 * @level: 1 to 5
 *
 * Return: 0..511.
 */
static inline unsigned int sim_pt_index(uint64_t gpa, int level)
{
	return (unsigned int)(gpa >> sim_pt_level_shift(level)) & (SIM_PT_ENTRIES - 1);
}

/**
 * sim_pt_address - the physical address in an entry
 * @entry: a well-formed present entry
 * @level: the level of the page that it maps, or 1 if it refers to a table
 *
 * A 2 MiB or 1 GiB leaf of NPT has a PAT bit among the low bits of that field;
 * they are no part of the address.
 *
 * Return: the address, in bytes.
 */
static inline uint64_t sim_pt_address(uint64_t entry, int level)
{
	return entry & sim_pt_bits(SIM_PT_ADDRESS_BITS - 1, sim_pt_level_shift(level));
}

/**
 * sim_pt_gpa_too_wide - whether the tables cannot translate an address
 * @caps: the levels of the walk
 * @gpa: guest-physical address
 *
 * Four levels translate 48 bits (SDM: bits 51:48 must then be zero).  Five would
 * reach further than any physical address does, so there the limit is 52.
 *
 * Return: true if a bit above the limit is set.
 */
static inline bool sim_pt_gpa_too_wide(const struct sim_paging_caps *caps, uint64_t gpa)
{
	unsigned int width = caps->levels < 5 ? SIM_PT_ADDRESS_BITS_4_LEVELS : SIM_PT_ADDRESS_BITS;

	return gpa >> width;
}

#endif /* SIM_X86_PAGING_H */
