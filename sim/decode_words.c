/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mmu/mmu_internal.h"
#include "sim/decode_rows.h"
#include "sim/describe.h"
#include "x86/ept.h"
#include "x86/npt.h"

/* What is no SPTE: root pointers, role words, and what the CPU says of a fault. */

static const char *const eptp_memtypes[] = {
	"UC", "illegal", "illegal", "illegal", "illegal", "illegal", "WB", "illegal",
};

/* ---- EPTP (SDM, "Extended-Page-Table Pointer") ---- */

static const char *const eptp_walks[] = {
	"illegal walk length", "illegal walk length", "illegal walk length", "4 levels",
	"5 levels", "illegal walk length", "illegal walk length", "illegal walk length",
};

static const struct sim_bits eptp_bits[] = {
	{ 2, 0, true, CPU, "memory type of the tables: ", eptp_memtypes },
	{ 5, 3, true, CPU, "walk length minus 1: ", eptp_walks },
	{ 6, 6, true, CPU, "A and D flags on", NULL },
	{ 7, 7, false, CPU, "rights of supervisor shadow stacks on", NULL },
};

/* All that a CPU may have. */
#define EVERY_EPT_CAP	(VMX_EPT_PAGE_WALK_4_BIT | VMX_EPT_PAGE_WALK_5_BIT | VMX_EPTP_UC_BIT | \
			 VMX_EPTP_WB_BIT | VMX_EPT_AD_BIT | SIM_EPT_SSS_BIT)

/* construct_eptp(): always WB, never shadow stacks. */
static bool kvm_makes_eptp(u64 value)
{
	u64 low = value & sim_pt_bits(11, 0) & ~VMX_EPTP_AD_ENABLE_BIT;

	return low == (VMX_EPTP_MT_WB | VMX_EPTP_PWL_4) || low == (VMX_EPTP_MT_WB | VMX_EPTP_PWL_5);
}

bool sim_decode_eptp_plausible(u64 value)
{
	return kvm_makes_eptp(value) && sim_eptp_valid(value, EVERY_EPT_CAP, SIM_PT_ADDRESS_BITS);
}

void sim_decode_eptp(struct sim_decode_result *result)
{
	u64 value = result->value;
	bool valid = sim_eptp_valid(value, EVERY_EPT_CAP, result->maxphyaddr);

	snprintf(result->title, sizeof(result->title), "EPTP");
	SIM_DECODE_ADD_TABLE(result, eptp_bits);
	sim_decode_add_row(result, result->maxphyaddr - 1, 12, CPU, "root table at 0x%" PRIx64,
			   value & sim_pt_bits(result->maxphyaddr - 1, 12));
	sim_decode_add_rest(result, ~UINT64_C(0), CPU, "reserved: must be 0");

	snprintf(result->what, sizeof(result->what), "%s, %s, A/D %s, root table at 0x%" PRIx64,
		 eptp_walks[(value & VMX_EPTP_PWL_MASK) >> 3],
		 eptp_memtypes[value & VMX_EPTP_MT_MASK],
		 value & VMX_EPTP_AD_ENABLE_BIT ? "on" : "off",
		 value & sim_pt_bits(result->maxphyaddr - 1, 12));
	snprintf(result->cpu, sizeof(result->cpu), "%s", valid ?
		 "VM entry accepts it, if the CPU has what it asks for" :
		 "VM entry fails with an invalid control field");
	if (!kvm_makes_eptp(value))
		snprintf(result->kvm, sizeof(result->kvm), "never makes one like this");
	else
		snprintf(result->kvm, sizeof(result->kvm), "what a vCPU loads with %s",
			 value & VMX_EPTP_AD_ENABLE_BIT ? "eptad=Y" :
			 "eptad=N, or on a CPU without A/D flags");
}

/* ---- nCR3 (APM volume 2, 15.25.3) ---- */

bool sim_decode_ncr3_plausible(u64 value)
{
	return value && !(value & sim_pt_bits(11, 0)) && sim_ncr3_valid(value, SIM_PT_ADDRESS_BITS);
}

void sim_decode_ncr3(struct sim_decode_result *result)
{
	u64 value = result->value;
	u64 root = value & sim_pt_bits(result->maxphyaddr - 1, 12);

	snprintf(result->title, sizeof(result->title), "nCR3");
	sim_decode_add_set(result, 3, 3, CPU, "PWT: write-through access to the root table");
	sim_decode_add_set(result, 4, 4, CPU, "PCD: uncached access to the root table");
	sim_decode_add_row(result, result->maxphyaddr - 1, 12, CPU, "root table at 0x%" PRIx64,
			   root);
	sim_decode_add_rest(result, sim_pt_bits(11, 0), NOBODY, "ignored by the CPU");
	sim_decode_add_rest(result, ~UINT64_C(0), CPU, "reserved: must be 0");

	snprintf(result->what, sizeof(result->what), "root table at 0x%" PRIx64, root);
	snprintf(result->cpu, sizeof(result->cpu), "%s",
		 sim_ncr3_valid(value, result->maxphyaddr) ?
		 "VMRUN accepts it; the number of levels is that of the host's own tables" :
		 "VMRUN exits with VMEXIT_INVALID");
	if (value & sim_pt_bits(11, 0))
		snprintf(result->kvm, sizeof(result->kvm), "never sets the low twelve bits");
}

/* ---- Role words (arch/x86/include/asm/kvm_host.h, v6.1 to v6.13) ---- */

static const char *const role_access[] = {
	"---", "--x", "w--", "w-x", "-u-", "-ux", "wu-", "wux",
};

static const struct sim_bits role_bits[] = {
	{ 3, 0, true, KVM, "level of the table's entries", NULL },
	{ 4, 4, false, KVM, "has_4_byte_gpte: shadows guest tables of 32-bit entries", NULL },
	{ 6, 5, false, KVM, "quadrant of such a guest table", NULL },
	{ 7, 7, false, KVM, "direct: translates guest-physical addresses, or shadows no table",
	  NULL },
	{ 10, 8, true, KVM, "access: ", role_access },
	{ 11, 11, false, KVM, "invalid: of a root that is to be zapped", NULL },
	{ 12, 12, false, KVM, "efer_nx: always set for TDP", NULL },
	{ 13, 13, false, KVM, "cr0_wp: always set for TDP", NULL },
	{ 14, 14, false, KVM, "smep_andnot_wp: shadow paging only", NULL },
	{ 15, 15, false, KVM, "smap_andnot_wp: shadow paging only", NULL },
	{ 16, 16, false, KVM, "ad_disabled: SPTEs without A and D of the CPU", NULL },
	{ 17, 17, false, KVM, "guest_mode: for a nested guest", NULL },
	{ 18, 18, false, KVM, "passthrough: shadow paging only", NULL },
	{ 31, 24, false, KVM, "smm: address space of system management mode", NULL },
};

/* access 7, direct, efer_nx, cr0_wp: what all tables of the TDP MMU have. */
#define TDP_ROLE	0x3780u

bool sim_decode_role_plausible(u64 value)
{
	union kvm_mmu_page_role vary = { .word = 0 };
	u64 level = value & 0xf;

	vary.level = 0xf;
	vary.invalid = 1;
	vary.ad_disabled = 1;
	vary.guest_mode = 1;
	vary.smm = 1;
	return (value & ~(u64)vary.word) == TDP_ROLE && level >= 1 && level <= SIM_PT_MAX_LEVEL;
}

void sim_decode_role(struct sim_decode_result *result)
{
	union kvm_mmu_page_role role = { .word = (u32)result->value };

	snprintf(result->title, sizeof(result->title), "role word (v6.1 to v6.13)");
	SIM_DECODE_ADD_TABLE(result, role_bits);
	sim_decode_add_rest(result, UINT32_MAX, KVM, "unused");
	sim_decode_add_rest(result, ~UINT64_C(0), NOBODY, "beyond the 32 bits of a role word");

	snprintf(result->what, sizeof(result->what), "level %u, as %d%s%s, %s, %s, %s",
		 role.level, role.smm ? 1 : 0, role.smm ? " (smm)" : "",
		 role.guest_mode ? ", guest_mode" : "", role.direct ? "direct" : "shadow",
		 role.ad_disabled ? "!ad" : "ad", role.invalid ? "INVALID" : "valid");
	if (!sim_decode_role_plausible(result->value))
		snprintf(result->kvm, sizeof(result->kvm), "no page table of the TDP MMU");
	else if (role.level < 4)
		snprintf(result->kvm, sizeof(result->kvm),
			 "a table of the TDP MMU that a level %u entry points to", role.level + 1);
	else
		snprintf(result->kvm, sizeof(result->kvm), "a TDP MMU root%s%s",
			 role.level == 4 ? " of 4 levels, or a table below a root of 5" :
					   " of 5 levels",
			 role.invalid ? "; vCPUs drop it at their next entry" : "");
}

/* ---- Faults ---- */

/* "read, final page, mapped r--" */
static void say_fault(struct sim_decode_result *result, const char *access, const char *where,
		      const char *state)
{
	snprintf(result->what, sizeof(result->what), "%s, %s, %s", access, where, state);
}

static const char *access_name(bool read, bool write, bool fetch)
{
	static const char *const names[] = {
		"access not told", "read", "write", "read and write",
		"fetch", "read and fetch", "write and fetch", "read, write and fetch",
	};

	return names[read | write << 1 | fetch << 2];
}

/* SDM, "Exit Qualification for EPT Violations". */
static const struct sim_bits qual_bits[] = {
	{ 0, 0, false, CPU, "the access was a data read", NULL },
	{ 1, 1, false, CPU, "the access was a data write", NULL },
	{ 2, 2, false, CPU, "the access was an instruction fetch", NULL },
	{ 3, 3, false, CPU, "every entry on the way has R", NULL },
	{ 4, 4, false, CPU, "every entry on the way has W", NULL },
	{ 5, 5, false, CPU, "every entry on the way has X", NULL },
	{ 6, 6, false, CPU, "every entry has bit 10 (mode-based execution), else undefined", NULL },
	{ 7, 7, false, CPU, "the guest-linear-address field is valid", NULL },
	{ 8, 8, false, CPU, "to the final page, not to a guest paging entry (if bit 7)", NULL },
	{ 9, 9, false, CPU, "a user-mode linear address (if bits 7 and 8)", NULL },
	{ 10, 10, false, CPU, "writable per the guest's tables (if bits 7 and 8)", NULL },
	{ 11, 11, false, CPU, "execute-disabled per the guest's tables (if bits 7 and 8)", NULL },
	{ 12, 12, false, CPU, "NMIs were unblocked by IRET", NULL },
	{ 13, 13, false, CPU, "a shadow-stack access", NULL },
	{ 14, 14, false, CPU, "the leaf allows supervisor shadow stacks", NULL },
	{ 15, 15, false, CPU, "caused by guest-paging verification", NULL },
	{ 16, 16, false, CPU, "asynchronous to the instruction", NULL },
};

bool sim_decode_qual_plausible(u64 value)
{
	bool data = value & (EPT_VIOLATION_ACC_READ | EPT_VIOLATION_ACC_WRITE);
	bool fetch = value & EPT_VIOLATION_ACC_INSTR;
	u64 advanced = SIM_EPT_VIOLATION_GVA_USER | SIM_EPT_VIOLATION_GVA_WRITABLE |
		       SIM_EPT_VIOLATION_GVA_NX;

	if (value > sim_pt_bits(16, 0) || data == fetch)
		return false;
	/* Each of these is defined only if the one before is set. */
	if ((value & advanced) && !(value & EPT_VIOLATION_GVA_TRANSLATED))
		return false;
	return !(value & EPT_VIOLATION_GVA_TRANSLATED) || (value & EPT_VIOLATION_GVA_IS_VALID);
}

/* What handle_ept_violation() makes of a qualification (v6.1 to v6.12). */
static u64 qual_to_error_code(u64 qual)
{
	u64 error = qual & EPT_VIOLATION_GVA_TRANSLATED ? PFERR_GUEST_FINAL_MASK :
							  PFERR_GUEST_PAGE_MASK;

	error |= qual & EPT_VIOLATION_ACC_READ ? PFERR_USER_MASK : 0;
	error |= qual & EPT_VIOLATION_ACC_WRITE ? PFERR_WRITE_MASK : 0;
	error |= qual & EPT_VIOLATION_ACC_INSTR ? PFERR_FETCH_MASK : 0;
	error |= qual & EPT_VIOLATION_RWX_MASK ? PFERR_PRESENT_MASK : 0;
	return error;
}

void sim_decode_qual(struct sim_decode_result *result)
{
	static const char *const mapped[] = {
		"not mapped", "mapped r--", "mapped -w-", "mapped rw-",
		"mapped --x", "mapped r-x", "mapped -wx", "mapped rwx",
	};
	u64 qual = result->value;

	snprintf(result->title, sizeof(result->title), "exit qualification of an EPT violation");
	SIM_DECODE_ADD_TABLE(result, qual_bits);
	sim_decode_add_rest(result, ~UINT64_C(0), NOBODY, "not used by EPT violations");

	say_fault(result, access_name(qual & EPT_VIOLATION_ACC_READ, qual & EPT_VIOLATION_ACC_WRITE,
				      qual & EPT_VIOLATION_ACC_INSTR),
		  !(qual & EPT_VIOLATION_GVA_IS_VALID) ? "no linear address" :
		  qual & EPT_VIOLATION_GVA_TRANSLATED ? "final page" : "guest paging entry",
		  mapped[(qual & EPT_VIOLATION_RWX_MASK) >> EPT_VIOLATION_RWX_SHIFT]);
	snprintf(result->kvm, sizeof(result->kvm), "handles it as error code 0x%" PRIx64 "%s",
		 qual_to_error_code(qual), qual & EPT_VIOLATION_RWX_MASK ?
		 ": present, but without the right" : ": nothing is mapped there");
}

/* EXITINFO1 (APM volume 2, 15.25.6); what KVM makes of EPT violations has the same bits. */
static const struct sim_bits error_bits[] = {
	{ 0, 0, false, CPU, "P: every entry on the way is present", NULL },
	{ 1, 1, false, CPU, "W: a write", NULL },
	{ 2, 2, false, CPU, "U: as a user (in NPT always)", NULL },
	{ 3, 3, false, CPU, "RSV: a reserved bit is set in an entry", NULL },
	{ 4, 4, false, CPU, "ID: an instruction fetch", NULL },
	{ 5, 5, false, CPU, "PK: protection key", NULL },
	{ 6, 6, false, CPU, "SS: a shadow-stack access", NULL },
	{ 15, 15, false, CPU, "SGX: enclave page cache", NULL },
	{ 31, 31, false, CPU, "RMP: by the reverse map table", NULL },
	{ 32, 32, false, CPU, "translating the final guest-physical address", NULL },
	{ 33, 33, false, CPU, "translating the address of a guest paging entry", NULL },
	{ 34, 34, false, CPU, "ENC: guest page is encrypted", NULL },
	{ 35, 35, false, CPU, "SIZEM: page sizes do not match", NULL },
	{ 36, 36, false, CPU, "VMPL: by the VM's privilege level", NULL },
	{ 37, 37, false, CPU, "SSS: supervisor shadow stack page", NULL },
	{ 48, 48, false, KVM, "implicit access of the emulator", NULL },
	{ 49, 49, false, KVM, "private memory (from v6.10 on)", NULL },
};

/* In EPT's case KVM puts the bits together. */
static const struct sim_bits ept_error_bits[] = {
	{ 0, 0, false, KVM, "P: some right is left, so every entry is present", NULL },
	{ 1, 1, false, KVM, "W: a write (qualification bit 1)", NULL },
	{ 2, 2, false, KVM, "U: a read (qualification bit 0)", NULL },
	{ 3, 3, false, KVM, "RSVD: EPT misconfiguration", NULL },
	{ 4, 4, false, KVM, "F: an instruction fetch (qualification bit 2)", NULL },
	{ 32, 32, false, KVM, "final page (qualification bit 8 set)", NULL },
	{ 33, 33, false, KVM, "guest paging entry (qualification bit 8 clear)", NULL },
	{ 48, 48, false, KVM, "implicit access of the emulator", NULL },
	{ 49, 49, false, KVM, "private memory (from v6.10 on)", NULL },
};

bool sim_decode_error_plausible(u64 value)
{
	u64 where = value & (NPF_GUEST_FINAL | NPF_GUEST_TABLE);
	u64 low = sim_pt_bits(6, 0);
	u64 known = low | sim_pt_bits(37, 31) | PFERR_SGX_MASK | sim_pt_bits(49, 48);

	if ((value & PFERR_WRITE_MASK) && (value & PFERR_FETCH_MASK))
		return false;
	/* Without its upper half, as a 32-bit field of a trace has it. */
	if (!where)
		return value && !(value & ~low);
	return !(value & ~known) && (value & low) && !(where & (where - 1));
}

static void say_error_handling(struct sim_decode_result *result)
{
	u64 error = result->value;
	const char *text;

	if (error & PFERR_RSVD_MASK)
		text = "emulates, if there is an MMIO SPTE of the present generation; "
		       "else handles it as any fault";
	else if (!(error & PFERR_PRESENT_MASK))
		text = result->ept ? "maps the page; without A/D flags it may be access-tracked" :
				     "maps the page";
	else if ((error & PFERR_NESTED_GUEST_PAGE) == PFERR_NESTED_GUEST_PAGE)
		text = "a guest page table is write-protected; may set W without mmu_lock";
	else if (error & PFERR_WRITE_MASK)
		text = "may set W without mmu_lock; else maps the page anew";
	else
		text = "maps the page anew with the right that was missing";
	snprintf(result->kvm, sizeof(result->kvm), "%s", text);
}

void sim_decode_error(struct sim_decode_result *result)
{
	u64 error = result->value;
	bool write = error & PFERR_WRITE_MASK, fetch = error & PFERR_FETCH_MASK;
	/* U is a read in KVM's translation; in NPT, where it is always set, nothing else is. */
	bool read = (error & PFERR_USER_MASK) && (result->ept || (!write && !fetch));

	snprintf(result->title, sizeof(result->title), result->ept ?
		 "error code that KVM makes of an EPT exit" : "NPT error code (EXITINFO1)");
	if (result->ept)
		SIM_DECODE_ADD_TABLE(result, ept_error_bits);
	else
		SIM_DECODE_ADD_TABLE(result, error_bits);
	sim_decode_add_rest(result, ~UINT64_C(0), NOBODY, "unknown");

	say_fault(result, access_name(read, write, fetch),
		  error & PFERR_GUEST_FINAL_MASK ? "final page" :
		  error & PFERR_GUEST_PAGE_MASK ? "guest paging entry" : "place not told",
		  error & PFERR_RSVD_MASK ? "reserved bit" :
		  error & PFERR_PRESENT_MASK ? "present, but without the right" : "not present");
	say_error_handling(result);
}
