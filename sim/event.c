/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/event.h"
#include "sim/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define GFN_LIMIT	(UINT64_C(1) << 40)	/* 52 bits of physical address */
#define GPA_LIMIT	(UINT64_C(1) << 52)
#define VCPU_LIMIT	1024
#define ERRNO_LIMIT	4096
#define TABLE_LIMIT	(UINT64_C(1) << 32)
#define LEVEL_MAX	5
#define MMIO_LEN_MAX	8	/* bytes that one KVM exit carries */
#define FRAME_MASK	((GFN_LIMIT - 1) << 12)

/* Text under construction, with the length it would have in a buffer that is large enough. */
struct out {
	char *buf;
	size_t size;
	size_t len;
};

__attribute__((format(printf, 2, 3)))
static void put(struct out *out, const char *fmt, ...)
{
	bool room = out->len < out->size;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(room ? out->buf + out->len : NULL, room ? out->size - out->len : 0,
		      fmt, args);
	va_end(args);
	if (n > 0)
		out->len += (size_t)n;
}

/* --- numbers ------------------------------------------------------------------------ */

static bool dec_below(struct sim_word word, uint64_t limit, uint64_t *v)
{
	return sim_text_dec(word, v) && *v < limit;
}

static bool hex_below(struct sim_word word, uint64_t limit, uint64_t *v)
{
	return sim_text_hex(word, v) && *v < limit;
}

static void put_dec(struct out *out, const uint64_t *v)
{
	put(out, "%" PRIu64, *v);
}

static void put_hex(struct out *out, const uint64_t *v)
{
	put(out, "0x%" PRIx64, *v);
}

static bool get_hex(struct sim_word word, uint64_t *v)
{
	return sim_text_hex(word, v);
}

static bool get_count(struct sim_word word, uint64_t *v)
{
	return sim_text_dec(word, v);
}

static bool get_gfn(struct sim_word word, uint64_t *v)
{
	return hex_below(word, GFN_LIMIT, v);
}

static bool get_gpa(struct sim_word word, uint64_t *v)
{
	return hex_below(word, GPA_LIMIT, v);
}

static bool get_vcpu(struct sim_word word, uint64_t *v)
{
	return dec_below(word, VCPU_LIMIT, v);
}

static bool get_bool(struct sim_word word, uint64_t *v)
{
	return dec_below(word, 2, v);
}

static bool get_level(struct sim_word word, uint64_t *v)
{
	return dec_below(word, LEVEL_MAX + 1, v) && *v >= 1;
}

static bool get_access_bits(struct sim_word word, uint64_t *v)
{
	return dec_below(word, 8, v);
}

static bool get_errno(struct sim_word word, uint64_t *v)
{
	return dec_below(word, ERRNO_LIMIT, v);
}

static bool get_failure(struct sim_word word, uint64_t *v)
{
	return get_errno(word, v) && *v >= 1;
}

static bool get_len(struct sim_word word, uint64_t *v)
{
	return dec_below(word, MMIO_LEN_MAX + 1, v) && *v >= 1;
}

static bool get_run(struct sim_word word, uint64_t *v)
{
	return dec_below(word, SIM_RUN_MAX + 1, v) && *v >= 2;
}

/* A system call's result: 0, or the negative of an errno. */
static bool get_ret(struct sim_word word, uint64_t *v)
{
	struct sim_word digits = { word.s + 1, word.n - 1 };

	if (word.n > 1 && word.s[0] == '-') {
		if (!get_failure(digits, v))
			return false;
		*v = -*v;
		return true;
	}
	return dec_below(word, 1, v);
}

static void put_ret(struct out *out, const uint64_t *v)
{
	put(out, "%" PRId64, (int64_t)*v);
}

static bool get_delta(struct sim_word word, uint64_t *v)
{
	struct sim_word digits = { word.s + 1, word.n - 1 };

	if (word.n < 2 || (word.s[0] != '+' && word.s[0] != '-'))
		return false;
	if (!dec_below(digits, UINT64_C(1) << 63, v) || *v == 0)
		return false;
	if (word.s[0] == '-')
		*v = -*v;
	return true;
}

static void put_delta(struct out *out, const uint64_t *v)
{
	put(out, "%+" PRId64, (int64_t)*v);
}

/* --- words -------------------------------------------------------------------------- */

static bool get_pfn(struct sim_word word, uint64_t *v)
{
	if (sim_text_is(word, "none")) {
		*v = SIM_PFN_NONE;
		return true;
	}
	return get_gfn(word, v);
}

static void put_pfn(struct out *out, const uint64_t *v)
{
	if (*v == SIM_PFN_NONE)
		put(out, "none");
	else
		put_hex(out, v);
}

static const struct {
	const char *name;
	unsigned int shift;
} sizes[] = {
	{ "4k", 12 }, { "2m", 21 }, { "1g", 30 },
};

static bool get_size(struct sim_word word, uint64_t *v)
{
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (sim_text_is(word, sizes[i].name)) {
			*v = UINT64_C(1) << sizes[i].shift;
			return true;
		}
	}
	return false;
}

static bool get_huge_size(struct sim_word word, uint64_t *v)
{
	return get_size(word, v) && *v > UINT64_C(4096);
}

static void put_size(struct out *out, const uint64_t *v)
{
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (*v == UINT64_C(1) << sizes[i].shift)
			put(out, "%s", sizes[i].name);
	}
}

/* v[0]: the bits; v[1]: the number of the page table that the entry points to, or 0. */
static bool get_spte(struct sim_word word, uint64_t *v)
{
	const char *bar = memchr(word.s, '|', word.n);
	struct sim_word table, bits = word;

	v[1] = 0;
	if (!bar)
		return sim_text_hex(word, v);
	table.s = word.s + 1;
	table.n = (size_t)(bar - word.s) - 1;
	bits.s = bar + 1;
	bits.n = word.n - (size_t)(bits.s - word.s);
	if (word.s[0] != 'T' || !dec_below(table, TABLE_LIMIT, &v[1]) || v[1] == 0)
		return false;
	return sim_text_hex(bits, v) && !(v[0] & FRAME_MASK);
}

static void put_spte(struct out *out, const uint64_t *v)
{
	if (v[1])
		put(out, "T%" PRIu64 "|", v[1]);
	put_hex(out, v);
}

/* In the order of the role's access bits: exec 1, write 2, user 4. */
static const char * const role_access[8] = {
	"---", "--x", "w--", "w-x", "-u-", "-ux", "wu-", "wux",
};

/* Takes a piece of a word off its front if it is there. */
static bool take(struct sim_word *word, const char *piece)
{
	size_t n = strlen(piece);

	if (word->n < n || memcmp(word->s, piece, n) != 0)
		return false;
	word->s += n;
	word->n -= n;
	return true;
}

static bool get_role(struct sim_word word, uint64_t *v)
{
	unsigned int access = 0;

	*v = SIM_ROLE_DIRECT;
	if (!take(&word, "direct,"))
		return false;
	while (access < 8 && !take(&word, role_access[access]))
		access++;
	if (access == 8)
		return false;
	*v |= (uint64_t)access << SIM_ROLE_ACCESS_SHIFT;
	if (take(&word, ",invalid"))
		*v |= SIM_ROLE_INVALID;
	if (take(&word, ",nxe"))
		*v |= SIM_ROLE_NX;
	else if (!take(&word, ",!nxe"))
		return false;
	if (take(&word, ",!ad"))
		*v |= SIM_ROLE_AD_DISABLED;
	else if (!take(&word, ",ad"))
		return false;
	return word.n == 0;
}

static void put_role(struct out *out, const uint64_t *v)
{
	put(out, "direct,%s%s,%snxe,%sad", role_access[*v >> SIM_ROLE_ACCESS_SHIFT & 7],
	    *v & SIM_ROLE_INVALID ? ",invalid" : "",
	    *v & SIM_ROLE_NX ? "" : "!",
	    *v & SIM_ROLE_AD_DISABLED ? "!" : "");
}

static const char access_letters[] = "rwxu";

static bool get_access(struct sim_word word, uint64_t *v)
{
	*v = 0;
	if (word.n != 4)
		return false;
	for (unsigned int i = 0; i < 4; i++) {
		if (word.s[i] == access_letters[i])
			*v |= UINT64_C(1) << i;
		else if (word.s[i] != '-')
			return false;
	}
	return true;
}

static void put_access(struct out *out, const uint64_t *v)
{
	for (unsigned int i = 0; i < 4; i++)
		put(out, "%c", *v >> i & 1 ? access_letters[i] : '-');
}

static bool get_direction(struct sim_word word, uint64_t *v)
{
	*v = sim_text_is(word, "write");
	return *v || sim_text_is(word, "read");
}

static void put_direction(struct out *out, const uint64_t *v)
{
	put(out, *v ? "write" : "read");
}

static bool get_owner(struct sim_word word, uint64_t *v)
{
	if (sim_text_is(word, "vm")) {
		*v = SIM_STAT_VM;
		return true;
	}
	return take(&word, "vcpu") && get_vcpu(word, v);
}

static void put_owner(struct out *out, const uint64_t *v)
{
	if (*v == SIM_STAT_VM)
		put(out, "vm");
	else
		put(out, "vcpu%" PRIu64, *v);
}

static const char * const stat_names[SIM_STAT_NR] = {
	[SIM_STAT_REMOTE_TLB_FLUSH_REQUESTS]	= "remote_tlb_flush_requests",
	[SIM_STAT_PAGES_4K]			= "pages_4k",
	[SIM_STAT_PAGES_2M]			= "pages_2m",
	[SIM_STAT_PAGES_1G]			= "pages_1g",
	[SIM_STAT_NX_LPAGE_SPLITS]		= "nx_lpage_splits",
	[SIM_STAT_PF_TAKEN]			= "pf_taken",
	[SIM_STAT_PF_FIXED]			= "pf_fixed",
	[SIM_STAT_PF_EMULATE]			= "pf_emulate",
	[SIM_STAT_PF_SPURIOUS]			= "pf_spurious",
	[SIM_STAT_PF_FAST]			= "pf_fast",
	[SIM_STAT_PF_MMIO_SPTE_CREATED]		= "pf_mmio_spte_created",
	[SIM_STAT_TLB_FLUSH]			= "tlb_flush",
};

static bool get_stat_name(struct sim_word word, uint64_t *v)
{
	for (unsigned int i = 0; i < SIM_STAT_NR; i++) {
		if (sim_text_is(word, stat_names[i])) {
			*v = i;
			return true;
		}
	}
	return false;
}

static void put_stat_name(struct out *out, const uint64_t *v)
{
	put(out, "%s", stat_names[*v]);
}

/* --- kinds of field ----------------------------------------------------------------- */

enum kind {
	HEX, COUNT, GFN, GPA, PFN, HOST_PFN, VCPU, BOOL, LEVEL, ACCESS_BITS, ERRNO, FAILURE,
	LEN, RUN, RET, DELTA, SIZE, HUGE_SIZE, SPTE, ROLE, ACCESS, DIRECTION, OWNER, STAT_NAME,
	KIND_NR
};

/* How a kind of field is read, written and named in messages; a SPTE takes two numbers. */
static const struct {
	bool (*get)(struct sim_word word, uint64_t *v);
	void (*put)(struct out *out, const uint64_t *v);
	const char *expects;
} kinds[KIND_NR] = {
	[HEX]		= { get_hex, put_hex, "hex number" },
	[COUNT]		= { get_count, put_dec, "number" },
	[GFN]		= { get_gfn, put_hex, "hex number below 2^40" },
	[GPA]		= { get_gpa, put_hex, "hex number below 2^52" },
	[PFN]		= { get_pfn, put_pfn, "hex number below 2^40, or none" },
	[HOST_PFN]	= { get_gfn, put_hex, "hex number below 2^40" },
	[VCPU]		= { get_vcpu, put_dec, "0 to 1023" },
	[BOOL]		= { get_bool, put_dec, "0 or 1" },
	[LEVEL]		= { get_level, put_dec, "1 to 5" },
	[ACCESS_BITS]	= { get_access_bits, put_dec, "0 to 7" },
	[ERRNO]		= { get_errno, put_dec, "0 to 4095" },
	[FAILURE]	= { get_failure, put_dec, "1 to 4095" },
	[LEN]		= { get_len, put_dec, "1 to 8" },
	[RUN]		= { get_run, put_dec, "2 to 134217728" },
	[RET]		= { get_ret, put_ret, "0, or -1 to -4095" },
	[DELTA]		= { get_delta, put_delta, "+N or -N, not zero" },
	[SIZE]		= { get_size, put_size, "4k, 2m or 1g" },
	[HUGE_SIZE]	= { get_huge_size, put_size, "2m or 1g" },
	[SPTE]		= { get_spte, put_spte, "hex number, or Tn|hex without frame bits" },
	[ROLE]		= { get_role, put_role,
			    "direct,access as wux,[invalid,]nxe or !nxe,ad or !ad" },
	[ACCESS]	= { get_access, put_access, "letters of rwxu, or - in their place" },
	[DIRECTION]	= { get_direction, put_direction, "read or write" },
	[OWNER]		= { get_owner, put_owner, "vm, or vcpu0 to vcpu1023" },
	[STAT_NAME]	= { get_stat_name, put_stat_name, "name of a statistic" },
};

/* --- checks across fields ----------------------------------------------------------- */

static const char *check_range(const struct sim_event *event)
{
	if (event->host_range.start >= event->host_range.end)
		return "the range must end after its start";
	return NULL;
}

static const char *check_dirty(const struct sim_event *event)
{
	if (event->dirty.first > event->dirty.last)
		return "the last page must not come before the first";
	return NULL;
}

static const char *check_stat(const struct sim_event *event)
{
	bool of_vm = event->stat.name < SIM_STAT_VM_NR;

	if (of_vm && event->stat.owner != SIM_STAT_VM)
		return "this is a statistic of the vm, not of a vCPU";
	if (!of_vm && event->stat.owner == SIM_STAT_VM)
		return "this is a statistic of a vCPU, not of the vm";
	return NULL;
}

static const char *check_spte(const struct sim_event *event)
{
	uint64_t pages = UINT64_C(1) << 9 * (event->spte.level - 1);

	if (event->spte.run > 1 && (event->spte.old_table || event->spte.new_table))
		return "entries that point to page tables do not fold (run= with Tn)";
	if (event->spte.gfn + (event->spte.run - 1) * pages >= GFN_LIMIT)
		return "the run goes beyond gfn 2^40";
	return NULL;
}

/* --- the table ---------------------------------------------------------------------- */

/* A field: what stands before its value, separator included, and the kind of the value. */
struct field {
	const char *lead;
	enum kind kind;
};

/*
 * Fields fill v[] from its start, in order.  Two kinds bend the grammar: a RUN
 * may be missing, which means 1, and a HOST_PFN may be replaced by the word
 * "none", with which the line ends.
 */
static const struct row {
	const char *name;
	struct field fields[7];
	const char *(*check)(const struct sim_event *event);
} rows[SIM_EV_NR] = {
	[SIM_EV_HOST_PAGE] = { "host page",
		{ { " gfn=", GFN }, { " pfn=", HOST_PFN }, { " size=", SIZE },
		  { " writable=", BOOL } }, NULL },
	[SIM_EV_HOST_UNMAP] = { "host unmap", { { " ", HEX }, { " ", HEX } }, check_range },
	[SIM_EV_HOST_AGE] = { "host age", { { " ", HEX }, { " ", HEX } }, check_range },
	[SIM_EV_HOST_TEST_AGE] = { "host test_age", { { " ", HEX } }, NULL },
	[SIM_EV_HOST_SET_PTE] = { "host set_pte", { { " ", HEX } }, NULL },
	[SIM_EV_HOST_MAP] = { "host map", { { " ", HEX }, { " size=", HUGE_SIZE } }, NULL },
	[SIM_EV_PAGE_FAULT] = { "page_fault",
		{ { " vcpu=", VCPU }, { " gpa=", GPA }, { " error=", HEX } }, NULL },
	[SIM_EV_SPTE_REQUESTED] = { "spte_requested",
		{ { " gfn=", GFN }, { " pfn=", PFN }, { " level=", LEVEL } }, NULL },
	[SIM_EV_GET_PAGE] = { "get_page",
		{ { " gfn=", GFN }, { " level=", LEVEL }, { " role=", ROLE } }, NULL },
	[SIM_EV_PREPARE_ZAP_PAGE] = { "prepare_zap_page",
		{ { " gfn=", GFN }, { " level=", LEVEL }, { " role=", ROLE } }, NULL },
	[SIM_EV_SPTE] = { "spte",
		{ { " as=", BOOL }, { " gfn=", GFN }, { " level=", LEVEL }, { " old=", SPTE },
		  { " new=", SPTE }, { " run=", RUN } }, check_spte },
	[SIM_EV_SET_SPTE] = { "set_spte",
		{ { " gfn=", GFN }, { " level=", LEVEL }, { " spte=", SPTE },
		  { " access=", ACCESS } }, NULL },
	[SIM_EV_FAST_PAGE_FAULT] = { "fast_page_fault",
		{ { " vcpu=", VCPU }, { " gpa=", GPA }, { " old=", SPTE }, { " new=", SPTE },
		  { " spurious=", BOOL }, { " fixed=", BOOL } }, NULL },
	[SIM_EV_MARK_MMIO_SPTE] = { "mark_mmio_spte",
		{ { " gfn=", GFN }, { " access=", ACCESS_BITS }, { " gen=", HEX } }, NULL },
	[SIM_EV_HANDLE_MMIO_PAGE_FAULT] = { "handle_mmio_page_fault",
		{ { " gpa=", GPA }, { " gfn=", GFN }, { " access=", ACCESS_BITS } }, NULL },
	[SIM_EV_CHECK_MMIO_SPTE] = { "check_mmio_spte",
		{ { " spte=", HEX }, { " kvm_gen=", HEX }, { " spte_gen=", HEX },
		  { " valid=", BOOL } }, NULL },
	[SIM_EV_SPLIT_HUGE_PAGE] = { "split_huge_page",
		{ { " gfn=", GFN }, { " spte=", SPTE }, { " level=", LEVEL },
		  { " errno=", ERRNO } }, NULL },
	[SIM_EV_ZAP_ALL_FAST] = { "zap_all_fast", { { 0 } }, NULL },
	[SIM_EV_INVALIDATE_ALL_ROOTS] = { "invalidate_all_roots", { { 0 } }, NULL },
	[SIM_EV_ZAP_INVALIDATED_ROOTS] = { "zap_invalidated_roots", { { 0 } }, NULL },
	[SIM_EV_ZAP_ROOT] = { "zap_root", { { " level=", LEVEL }, { " shared=", BOOL } }, NULL },
	[SIM_EV_FLUSH_REMOTE_TLBS] = { "flush_remote_tlbs", { { 0 } }, NULL },
	[SIM_EV_RET] = { "ret", { { " ", RET } }, NULL },
	[SIM_EV_EXIT_MMIO] = { "exit mmio",
		{ { " ", DIRECTION }, { " gpa ", GPA }, { " len ", LEN } }, NULL },
	[SIM_EV_EXIT_ERROR] = { "exit error", { { " ", FAILURE } }, NULL },
	[SIM_EV_EXIT_SMM] = { "exit smm", { { 0 } }, NULL },
	[SIM_EV_DIRTY] = { "dirty", { { " ", COUNT }, { "-", COUNT } }, check_dirty },
	[SIM_EV_YOUNG] = { "young", { { " ", BOOL } }, NULL },
	[SIM_EV_STAT] = { "stat",
		{ { " ", OWNER }, { " ", STAT_NAME }, { " ", DELTA } }, check_stat },
};

static unsigned int field_slots(const struct field *field)
{
	return field->kind == SPTE ? 2 : 1;
}

/* --- printing ----------------------------------------------------------------------- */

int sim_event_print(const struct sim_event *event, char *buf, size_t size)
{
	const struct row *row = &rows[event->type];
	const uint64_t *v = event->v;
	struct out out = { buf, size, 0 };

	put(&out, "%s", row->name);
	for (const struct field *f = row->fields; f->lead; f++) {
		if (f->kind == HOST_PFN && *v == SIM_PFN_NONE) {
			put(&out, " none");
			break;
		}
		if (f->kind != RUN || *v > 1) {
			put(&out, "%s", f->lead);
			kinds[f->kind].put(&out, v);
		}
		v += field_slots(f);
	}
	return (int)out.len;
}

/* --- parsing ------------------------------------------------------------------------ */

/* The word at @pos as a message shows it: with the separator dropped if it is one space. */
static struct sim_word word_at(const char *pos)
{
	struct sim_word word = { pos, 0 };

	if (pos[0] == ' ' && pos[1] && pos[1] != ' ')
		word.s++;
	word.n = strcspn(word.s, " ");
	if (word.n == 0)
		word.n = strspn(word.s, " ");
	return word;
}

static const struct row *find_row(const char *text)
{
	for (const struct row *row = rows; row < rows + SIM_EV_NR; row++) {
		size_t n;

		if (row->name[0] != text[0])
			continue;
		n = strlen(row->name);
		if (strncmp(row->name, text, n) == 0 && (text[n] == ' ' || text[n] == '\0'))
			return row;
	}
	return NULL;
}

static void unknown_event(const char *text, char *err, size_t err_size)
{
	struct sim_word word = word_at(text);
	char quote[SIM_QUOTE_SIZE];

	/* The first word of these says too little: show the second as well. */
	if ((sim_text_is(word, "host") || sim_text_is(word, "exit")) && text[word.n])
		word.n += 1 + strcspn(text + word.n + 1, " ");
	snprintf(err, err_size, "expected an event, a result or a host line, found %s",
		 sim_text_quote(word, quote));
}

/*
 * The value of a field goes up to the next field's separator or, where the line
 * has ended too early, to the end of the word.  @found is what stands in the
 * field's place: its name and value, or the word that is there instead.
 */
static bool get_field(const struct field *f, const char *pos, uint64_t *v,
		      struct sim_word *found)
{
	size_t lead = strlen(f->lead);
	char stop[3] = { ' ', f[1].lead ? f[1].lead[0] : ' ', '\0' };
	struct sim_word word;

	*found = word_at(pos);
	if (strncmp(pos, f->lead, lead) != 0)
		return false;
	word.s = pos + lead;
	word.n = strcspn(word.s, stop);
	if (word.n == 0)
		return false;
	found->n = (size_t)(word.s + word.n - found->s);
	return kinds[f->kind].get(word, v);
}

static bool parse_fields(const struct row *row, const char *pos, uint64_t *v,
			 char *err, size_t err_size)
{
	char quote[SIM_QUOTE_SIZE];
	struct sim_word found;

	for (const struct field *f = row->fields; f->lead; f++) {
		if (f->kind == HOST_PFN && strcmp(pos, " none") == 0) {
			*v = SIM_PFN_NONE;
			return true;
		}
		if (f->kind == RUN && *pos == '\0') {
			*v = 1;
			return true;
		}
		if (!get_field(f, pos, v, &found)) {
			snprintf(err, err_size, "%s: expected %s<%s>, found %s", row->name,
				 f->lead + (f->lead[0] == ' '), kinds[f->kind].expects,
				 sim_text_quote(found, quote));
			return false;
		}
		pos = found.s + found.n;
		v += field_slots(f);
	}
	if (*pos) {
		snprintf(err, err_size, "%s: expected the end of the line, found %s", row->name,
			 sim_text_quote(word_at(pos), quote));
		return false;
	}
	return true;
}

bool sim_event_parse(const char *text, struct sim_event *event, char *err, size_t err_size)
{
	uint64_t v[sizeof(event->v) / sizeof(event->v[0])] = { 0 };
	const struct row *row;
	struct sim_event found;
	const char *wrong;

	text += strspn(text, " ");
	row = find_row(text);
	if (!row) {
		unknown_event(text, err, err_size);
		return false;
	}
	if (!parse_fields(row, text + strlen(row->name), v, err, err_size))
		return false;
	found.type = (uint32_t)(row - rows);
	memcpy(found.v, v, sizeof(v));
	wrong = row->check ? row->check(&found) : NULL;
	if (wrong) {
		char quote[SIM_QUOTE_SIZE];
		struct sim_word rest = { text, strlen(text) };

		snprintf(err, err_size, "%s: %s, found %s", row->name, wrong,
			 sim_text_quote(rest, quote));
		return false;
	}
	event->type = found.type;
	memcpy(event->v, v, sizeof(v));
	return true;
}

/* --- comparing and asking ----------------------------------------------------------- */

/*
 * The recorded CPU and the manuals differ in bit 0 of some error codes: NPT
 * faults on a reserved bit (bit 3 without P), and EPT violations on a guest
 * paging entry (bit 7, with bit 1, without bit 8), where bit 0 was left out.
 */
static bool same_error(uint64_t want, uint64_t got, bool ept)
{
	const uint64_t reserved = 1u << 3;
	const uint64_t walk = 1u << 7 | 1u << 1, final = 1u << 8;
	bool unsure = ept ? (want & (walk | final)) == walk : (want & reserved) != 0;

	return ((want ^ got) & ~(unsure ? UINT64_C(1) : 0)) == 0;
}

bool sim_event_equal(const struct sim_event *want, const struct sim_event *got, bool ept)
{
	const uint64_t *a = want->v, *b = got->v;

	if (want->type != got->type)
		return false;
	if (want->type == SIM_EV_PAGE_FAULT)
		return want->page_fault.vcpu == got->page_fault.vcpu &&
		       want->page_fault.gpa == got->page_fault.gpa &&
		       same_error(want->page_fault.error, got->page_fault.error, ept);
	for (const struct field *f = rows[want->type].fields; f->lead; f++) {
		unsigned int n = field_slots(f);

		if (memcmp(a, b, n * sizeof(*a)) != 0)
			return false;
		/* No page: the line ends here, and what follows has no meaning. */
		if (f->kind == HOST_PFN && *a == SIM_PFN_NONE)
			return true;
		a += n;
		b += n;
	}
	return true;
}

unsigned int sim_event_level(const struct sim_event *event)
{
	const uint64_t *v = event->v;

	for (const struct field *f = rows[event->type].fields; f->lead; f++) {
		if (f->kind == LEVEL)
			return (unsigned int)*v;
		v += field_slots(f);
	}
	return 0;
}

const char *sim_stat_name(enum sim_stat stat)
{
	return stat_names[stat];
}

const char *sim_event_type_name(enum sim_event_type type)
{
	return rows[type].name;
}
