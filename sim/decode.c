/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/decode.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <linux/bug.h>

#include "sim/decode_rows.h"
#include "x86/paging.h"

/* Which kind a value is, and how it is printed.  The kinds themselves are in decode_*.c. */

/* ---- Rows ---- */

void sim_decode_add_row(struct sim_decode_result *result, unsigned int high, unsigned int low,
			const char *who, const char *fmt, ...)
{
	u64 mask = sim_pt_bits(high, low);
	struct sim_decode_row *row;
	unsigned int at;
	va_list args;

	BUG_ON(!mask || (result->explained & mask));
	result->explained |= mask;

	/* Disjoint fields, so the lowest bit gives the order, and 64 rows are enough. */
	for (at = result->nr_rows; at > 0 && result->rows[at - 1].low > low; at--)
		result->rows[at] = result->rows[at - 1];
	result->nr_rows++;

	row = &result->rows[at];
	row->high = (u8)high;
	row->low = (u8)low;
	row->who = who;
	va_start(args, fmt);
	vsnprintf(row->text, sizeof(row->text), fmt, args);
	va_end(args);
}

void sim_decode_add_fields(struct sim_decode_result *result, const struct sim_bits *fields,
			   size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		const struct sim_bits *field = &fields[i];
		u64 v = (result->value & sim_pt_bits(field->high, field->low)) >> field->low;

		if (v || field->always)
			sim_decode_add_row(result, field->high, field->low, field->who, "%s%s",
					   field->text, field->names ? field->names[v] : "");
	}
}

void sim_decode_add_rest(struct sim_decode_result *result, u64 mask, const char *who,
			 const char *text)
{
	u64 rest = result->value & ~result->explained & mask;
	unsigned int low, high;

	for (low = 0; low < 64; low = high + 1) {
		high = low;
		if (!(rest >> low & 1))
			continue;
		while (high < 63 && (rest >> (high + 1) & 1))
			high++;
		sim_decode_add_row(result, high, low, who, "%s", text);
	}
}

void sim_decode_note(struct sim_decode_result *result, const char *fmt, ...)
{
	va_list args;

	BUG_ON(result->nr_notes == sizeof(result->notes) / sizeof(result->notes[0]));
	va_start(args, fmt);
	vsnprintf(result->notes[result->nr_notes++], sizeof(result->notes[0]), fmt, args);
	va_end(args);
}

/* ---- Readings ---- */

/* A kind in a format. */
struct reading {
	enum sim_decode_kind kind;
	bool ept;
};

static const char *const kind_names[SIM_DECODE_NR] = {
	[SIM_DECODE_AUTO] = "auto",
	[SIM_DECODE_SPTE] = "spte",
	[SIM_DECODE_EPTP] = "eptp",
	[SIM_DECODE_NCR3] = "ncr3",
	[SIM_DECODE_ROLE] = "role",
	[SIM_DECODE_QUAL] = "qual",
	[SIM_DECODE_ERROR] = "error",
};

/* The most telling patterns first.  The kinds that a format does not have are left out. */
static const struct reading readings[] = {
	{ SIM_DECODE_ROLE, true },
	{ SIM_DECODE_EPTP, true },
	{ SIM_DECODE_QUAL, true },
	{ SIM_DECODE_ERROR, false },
	{ SIM_DECODE_NCR3, false },
	{ SIM_DECODE_SPTE, true },
	{ SIM_DECODE_SPTE, false },
};

#define NR_READINGS	(sizeof(readings) / sizeof(readings[0]))

bool sim_decode_kind_find(const char *name, enum sim_decode_kind *kind)
{
	for (int i = 0; i < SIM_DECODE_NR; i++) {
		if (!strcmp(name, kind_names[i])) {
			*kind = (enum sim_decode_kind)i;
			return true;
		}
	}
	return false;
}

static bool plausible(const struct reading *reading, u64 value)
{
	switch (reading->kind) {
	case SIM_DECODE_SPTE:
		return sim_decode_spte_plausible(value, reading->ept);
	case SIM_DECODE_EPTP:
		return sim_decode_eptp_plausible(value);
	case SIM_DECODE_NCR3:
		return sim_decode_ncr3_plausible(value);
	case SIM_DECODE_ROLE:
		return sim_decode_role_plausible(value);
	case SIM_DECODE_QUAL:
		return sim_decode_qual_plausible(value);
	case SIM_DECODE_ERROR:
		return sim_decode_error_plausible(value);
	default:
		return false;
	}
}

/* Whether what is known of the value leaves room for this reading. */
static bool allowed(const struct sim_decode_options *opt, const struct reading *reading)
{
	if (opt->kind != SIM_DECODE_AUTO && opt->kind != reading->kind)
		return false;
	/* Only SPTEs have a level. */
	if (opt->level && opt->kind == SIM_DECODE_AUTO && reading->kind != SIM_DECODE_SPTE)
		return false;
	switch (reading->kind) {
	case SIM_DECODE_ROLE:
	case SIM_DECODE_ERROR:
		/* Of both formats: KVM makes an error code of each EPT violation, too. */
		return true;
	default:
		/* To name a kind that only the other format has is to name the format. */
		return !opt->format_given || opt->ept == reading->ept ||
		       (opt->kind != SIM_DECODE_AUTO && opt->kind != SIM_DECODE_SPTE);
	}
}

static size_t find_readings(const struct sim_decode_options *opt, u64 value,
			    const struct reading **found)
{
	size_t nr = 0;

	for (size_t i = 0; i < NR_READINGS; i++)
		if (allowed(opt, &readings[i]) && plausible(&readings[i], value))
			found[nr++] = &readings[i];
	if (nr)
		return nr;

	/* No value that KVM or a CPU makes: the last reading that fits what is known. */
	for (size_t i = NR_READINGS; i-- > 0 && !nr;) {
		/* An SPTE of unknown format counts as EPT. */
		if (allowed(opt, &readings[i]) &&
		    (readings[i].kind != SIM_DECODE_SPTE || readings[i].ept || opt->format_given))
			found[nr++] = &readings[i];
	}
	return nr;
}

static int explain(const struct sim_decode_options *opt, const struct reading *reading, u64 value,
		   struct sim_decode_result *result)
{
	int err = 0;

	memset(result, 0, sizeof(*result));
	result->value = value;
	result->kind = reading->kind;
	result->ept = opt->format_given && reading->kind == SIM_DECODE_ERROR ? opt->ept :
									       reading->ept;
	result->level = opt->level;
	result->maxphyaddr = opt->maxphyaddr;
	result->l1tf_cache_bits = opt->l1tf_cache_bits;
	result->profile = opt->profile;
	if (opt->kind == SIM_DECODE_AUTO && !plausible(reading, value))
		sim_decode_note(result, "not a value that KVM or the CPU makes: a mere guess");
	if (!result->maxphyaddr && reading->kind != SIM_DECODE_SPTE)
		result->maxphyaddr = SIM_PT_ADDRESS_BITS;

	switch (reading->kind) {
	case SIM_DECODE_EPTP:
		sim_decode_eptp(result);
		break;
	case SIM_DECODE_NCR3:
		sim_decode_ncr3(result);
		break;
	case SIM_DECODE_ROLE:
		sim_decode_role(result);
		break;
	case SIM_DECODE_QUAL:
		sim_decode_qual(result);
		break;
	case SIM_DECODE_ERROR:
		sim_decode_error(result);
		break;
	default:
		err = sim_decode_spte(result);
		break;
	}
	if (err)
		return err;
	BUG_ON(value & ~result->explained);
	return 0;
}

static bool options_valid(const struct sim_decode_options *opt)
{
	return opt->kind < SIM_DECODE_NR &&
	       opt->level >= 0 && opt->level <= SIM_PT_MAX_LEVEL &&
	       (!opt->maxphyaddr ||
		(opt->maxphyaddr >= 32 && opt->maxphyaddr <= SIM_PT_ADDRESS_BITS)) &&
	       (!opt->l1tf_cache_bits ||
		(opt->l1tf_cache_bits >= 32 && opt->l1tf_cache_bits <= SIM_PT_ADDRESS_BITS));
}

int sim_decode_explain(const struct sim_decode_options *opt, u64 value,
		       struct sim_decode_result *result)
{
	const struct reading *found[NR_READINGS];

	if (!options_valid(opt))
		return -EINVAL;
	find_readings(opt, value, found);
	return explain(opt, found[0], value, result);
}

/* ---- Printing ---- */

static void print_rows(FILE *out, const struct sim_decode_result *result)
{
	if (!result->nr_rows)
		return;
	fprintf(out, "\n  %-6s %-15s %-4s %s\n", "bits", "value", "who", "meaning");
	for (unsigned int i = 0; i < result->nr_rows; i++) {
		const struct sim_decode_row *row = &result->rows[i];
		u64 v = (result->value & sim_pt_bits(row->high, row->low)) >> row->low;
		char bits[8], number[20];

		if (row->high == row->low)
			snprintf(bits, sizeof(bits), "%u", row->low);
		else
			snprintf(bits, sizeof(bits), "%u:%u", row->high, row->low);
		snprintf(number, sizeof(number), v > 9 ? "0x%" PRIx64 : "%" PRIu64, v);
		fprintf(out, "  %-6s %-15s %-4s %s\n", bits, number, row->who, row->text);
	}
}

static void print_result(FILE *out, const struct sim_decode_options *opt,
			 const struct sim_decode_result *result)
{
	fprintf(out, "0x%" PRIx64 ": %s%s\n", result->value,
		opt->kind == SIM_DECODE_AUTO ? "taken for: " : "", result->title);
	fprintf(out, "  %s\n", result->what);
	for (unsigned int i = 0; i < result->nr_notes; i++)
		fprintf(out, "  (%s)\n", result->notes[i]);
	print_rows(out, result);
	if (result->cpu[0] || result->kvm[0])
		fputc('\n', out);
	if (result->cpu[0])
		fprintf(out, "  CPU: %s\n", result->cpu);
	if (result->kvm[0])
		fprintf(out, "  KVM: %s\n", result->kvm);
}

int sim_decode(FILE *out, const struct sim_decode_options *opt, u64 value)
{
	const struct reading *found[NR_READINGS];
	struct sim_decode_result result;
	size_t nr;
	int err;

	if (!options_valid(opt))
		return -EINVAL;
	nr = find_readings(opt, value, found);
	err = explain(opt, found[0], value, &result);
	if (err)
		return err;
	print_result(out, opt, &result);

	for (size_t i = 1; i < nr; i++) {
		err = explain(opt, found[i], value, &result);
		if (err)
			return err;
		fprintf(out, "%s  or: %s: %s\n", i == 1 ? "\n" : "", result.title, result.what);
	}
	return 0;
}
