/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_DECODE_ROWS_H
#define SIM_DECODE_ROWS_H

#include "sim/decode.h"

/* What the files decode*.c share: rows from tables, and one function for each kind of value. */

#define CPU	"CPU"
#define KVM	"KVM"
#define NOBODY	"-"

/* A field of a format. */
struct sim_bits {
	u8 high, low;
	bool always;			/* worth a row when it is 0, too */
	const char *who;
	const char *text;
	const char *const *names;	/* what follows the text, by value; NULL: nothing */
};

/**
 * sim_decode_add_row() - add a row for the bits @high to @low.
 * @who: CPU, KVM or NOBODY
 *
 * None of the bits has a row yet; it is a BUG otherwise.
 */
void sim_decode_add_row(struct sim_decode_result *result, unsigned int high, unsigned int low,
			const char *who, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/** sim_decode_add_set() - the same, unless the bits are all 0. */
#define sim_decode_add_set(result, high, low, who, ...) do {				\
	if ((result)->value & sim_pt_bits(high, low))					\
		sim_decode_add_row(result, high, low, who, __VA_ARGS__);		\
} while (0)

/** sim_decode_add_fields() - add a row for each field of a table that deserves one. */
void sim_decode_add_fields(struct sim_decode_result *result, const struct sim_bits *fields,
			   size_t nr);

#define SIM_DECODE_ADD_TABLE(result, table) \
	sim_decode_add_fields(result, table, sizeof(table) / sizeof((table)[0]))

/**
 * sim_decode_add_rest() - add rows for the set bits that have none, neighbours together.
 * @mask: only for bits among these
 * @who: CPU, KVM or NOBODY
 * @text: what they all are
 */
void sim_decode_add_rest(struct sim_decode_result *result, u64 mask, const char *who,
			 const char *text);

/** sim_decode_note() - add an assumption to be told. */
void sim_decode_note(struct sim_decode_result *result, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * sim_decode_spte() - explain an SPTE of result->ept's format.
 *
 * Fills in a level and a profile that are not given.  Loads and unloads the module.
 *
 * Return: 0 or what kvm_mmu_module_init() says.
 */
int sim_decode_spte(struct sim_decode_result *result);

/** sim_decode_spte_plausible() - whether KVM would make an SPTE like this. */
bool sim_decode_spte_plausible(u64 value, bool ept);

/** sim_decode_eptp() - explain an EPT pointer (SDM, "Extended-Page-Table Pointer"). */
void sim_decode_eptp(struct sim_decode_result *result);

/** sim_decode_eptp_plausible() - whether KVM loads an EPT pointer with these low bits. */
bool sim_decode_eptp_plausible(u64 value);

/** sim_decode_ncr3() - explain a nested CR3 (APM volume 2, 15.25.3). */
void sim_decode_ncr3(struct sim_decode_result *result);

/** sim_decode_ncr3_plausible() - whether it can be the address of a table. */
bool sim_decode_ncr3_plausible(u64 value);

/** sim_decode_role() - explain a kvm_mmu_page_role (layout of v6.1 to v6.13). */
void sim_decode_role(struct sim_decode_result *result);

/** sim_decode_role_plausible() - whether a table of the TDP MMU can have this role. */
bool sim_decode_role_plausible(u64 value);

/** sim_decode_qual() - explain an exit qualification (SDM, of EPT violations). */
void sim_decode_qual(struct sim_decode_result *result);

/** sim_decode_qual_plausible() - whether an EPT violation can have this qualification. */
bool sim_decode_qual_plausible(u64 value);

/**
 * sim_decode_error() - explain an error code.
 *
 * EXITINFO1 (APM volume 2, 15.25.6), or if result->ept what KVM makes of an EPT exit.
 */
void sim_decode_error(struct sim_decode_result *result);

/** sim_decode_error_plausible() - whether a fault can have this error code, or its low half. */
bool sim_decode_error_plausible(u64 value);

#endif /* SIM_DECODE_ROWS_H */
