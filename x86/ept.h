/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_X86_EPT_H
#define SIM_X86_EPT_H

/*
 * Intel extended page tables: SDM volume 3, chapter "VMX Support for Address
 * Translation"; capability MSR in appendix A.10.  Names that KVM has for these
 * constants are KVM's.
 */

#include <stdbool.h>
#include <stdint.h>

#include "x86/paging.h"

/* Entries. */
#define VMX_EPT_READABLE_MASK		UINT64_C(0x1)
#define VMX_EPT_WRITABLE_MASK		UINT64_C(0x2)
#define VMX_EPT_EXECUTABLE_MASK		UINT64_C(0x4)
#define VMX_EPT_RWX_MASK		UINT64_C(0x7)
#define VMX_EPT_MT_EPTE_SHIFT		3
#define VMX_EPT_MT_MASK			(UINT64_C(7) << VMX_EPT_MT_EPTE_SHIFT)
#define VMX_EPT_IPAT_BIT		(UINT64_C(1) << 6)
#define SIM_EPT_PAGE_SIZE_BIT		(UINT64_C(1) << 7)
#define VMX_EPT_ACCESS_BIT		(UINT64_C(1) << 8)
#define VMX_EPT_DIRTY_BIT		(UINT64_C(1) << 9)
#define VMX_EPT_SUPPRESS_VE_BIT		(UINT64_C(1) << 63)
/* Writable and executable but not readable: malformed on every CPU. */
#define VMX_EPT_MISCONFIG_WX_VALUE	(VMX_EPT_WRITABLE_MASK | VMX_EPT_EXECUTABLE_MASK)

/* Memory types, in entries and in the EPTP; 2, 3 and 7 are illegal. */
#define SIM_EPT_MT_UC			0
#define SIM_EPT_MT_WC			1
#define SIM_EPT_MT_WT			4
#define SIM_EPT_MT_WP			5
#define SIM_EPT_MT_WB			6

/* The EPT pointer. */
#define VMX_EPTP_MT_MASK		UINT64_C(0x7)
#define VMX_EPTP_MT_UC			UINT64_C(0x0)
#define VMX_EPTP_MT_WB			UINT64_C(0x6)
#define VMX_EPTP_PWL_MASK		UINT64_C(0x38)
#define VMX_EPTP_PWL_4			UINT64_C(0x18)
#define VMX_EPTP_PWL_5			UINT64_C(0x20)
#define VMX_EPTP_AD_ENABLE_BIT		(UINT64_C(1) << 6)
#define SIM_EPTP_SSS_BIT		(UINT64_C(1) << 7)

/* IA32_VMX_EPT_VPID_CAP. */
#define MSR_IA32_VMX_EPT_VPID_CAP	0x0000048c
#define VMX_EPT_EXECUTE_ONLY_BIT	(UINT64_C(1) << 0)
#define VMX_EPT_PAGE_WALK_4_BIT		(UINT64_C(1) << 6)
#define VMX_EPT_PAGE_WALK_5_BIT		(UINT64_C(1) << 7)
#define VMX_EPTP_UC_BIT			(UINT64_C(1) << 8)
#define VMX_EPTP_WB_BIT			(UINT64_C(1) << 14)
#define VMX_EPT_2MB_PAGE_BIT		(UINT64_C(1) << 16)
#define VMX_EPT_1GB_PAGE_BIT		(UINT64_C(1) << 17)
#define VMX_EPT_INVEPT_BIT		(UINT64_C(1) << 20)
#define VMX_EPT_AD_BIT			(UINT64_C(1) << 21)
#define SIM_EPT_ADVANCED_INFO_BIT	(UINT64_C(1) << 22)
#define SIM_EPT_SSS_BIT			(UINT64_C(1) << 23)
#define VMX_EPT_EXTENT_CONTEXT_BIT	(UINT64_C(1) << 25)
#define VMX_EPT_EXTENT_GLOBAL_BIT	(UINT64_C(1) << 26)
#define SIM_EPT_INVVPID_BIT		(UINT64_C(1) << 32)
/* Types 0 (address), 1 (single), 2 (all), 3 (single, globals kept). */
#define SIM_EPT_INVVPID_TYPE_BIT(type)	(UINT64_C(1) << (40 + (type)))

/* Exit reasons. */
#define EXIT_REASON_EPT_VIOLATION	48
#define EXIT_REASON_EPT_MISCONFIG	49
#define EXIT_REASON_PML_FULL		62

/* Exit qualification of a violation. */
#define EPT_VIOLATION_ACC_READ		(UINT64_C(1) << 0)
#define EPT_VIOLATION_ACC_WRITE		(UINT64_C(1) << 1)
#define EPT_VIOLATION_ACC_INSTR		(UINT64_C(1) << 2)
#define EPT_VIOLATION_RWX_SHIFT		3
#define EPT_VIOLATION_RWX_MASK		(UINT64_C(7) << EPT_VIOLATION_RWX_SHIFT)
#define EPT_VIOLATION_GVA_IS_VALID	(UINT64_C(1) << 7)
#define EPT_VIOLATION_GVA_TRANSLATED	(UINT64_C(1) << 8)
#define SIM_EPT_VIOLATION_GVA_USER	(UINT64_C(1) << 9)
#define SIM_EPT_VIOLATION_GVA_WRITABLE	(UINT64_C(1) << 10)
#define SIM_EPT_VIOLATION_GVA_NX	(UINT64_C(1) << 11)

/**
 * sim_ept_format - the EPT format, without mode-based execute control and the
 * other optional controls that give meaning to bits 10, 57, 58, 60, 61 and 63
 */
extern const struct sim_paging_format sim_ept_format;

/**
 * sim_eptp_valid - whether VM entry accepts an EPT pointer
 * @eptp: the VMCS field
 * @ept_vpid_cap: IA32_VMX_EPT_VPID_CAP of the CPU
 * @maxphyaddr: physical address width in bits
 *
 * SDM, VM-execution control fields: memory type and walk length must be ones
 * that the CPU has, bits 6 and 7 need their capability, bits 11:8 and those
 * from @maxphyaddr up must be 0.
 *
 * Return: false if VM entry fails with an invalid control field.
 */
bool sim_eptp_valid(uint64_t eptp, uint64_t ept_vpid_cap, unsigned int maxphyaddr);

/**
 * sim_eptp_levels - the walk length that an EPT pointer asks for
 * @eptp: the VMCS field
 *
 * Return: bits 5:3 plus one: 4 or 5 if the pointer is valid.
 */
unsigned int sim_eptp_levels(uint64_t eptp);

/**
 * sim_eptp_root - the root table of an EPT pointer
 * @eptp: the VMCS field
 *
 * Return: physical address of the table.  It is also the EP4TA that tags cached
 * translations.
 */
uint64_t sim_eptp_root(uint64_t eptp);

/**
 * sim_ept_caps - what a walk from an EPT pointer has to know of the CPU
 * @eptp: a valid EPT pointer: gives the levels and whether A/D is on
 * @ept_vpid_cap: IA32_VMX_EPT_VPID_CAP of the CPU: gives the rest
 * @maxphyaddr: physical address width in bits
 *
 * Return: the capabilities, for sim_walk() with sim_ept_format.
 */
struct sim_paging_caps sim_ept_caps(uint64_t eptp, uint64_t ept_vpid_cap, unsigned int maxphyaddr);

#endif /* SIM_X86_EPT_H */
