/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <string.h>

#include "mmu/tdp_iter.h"
#include "sim/describe.h"
#include "sim/expect.h"
#include "sim/text.h"

/* ---- Words about an SPTE ---- */

static bool is_empty(u64 spte, int level)
{
	return spte == SHADOW_NONPRESENT_VALUE;
}

static bool is_removed(u64 spte, int level)
{
	return is_removed_spte(spte);
}

static bool is_mmio(u64 spte, int level)
{
	return is_mmio_spte(spte);
}

static bool is_present(u64 spte, int level)
{
	return is_shadow_present_pte(spte);
}

static bool is_table(u64 spte, int level)
{
	return is_shadow_present_pte(spte) && !is_last_spte(spte, level);
}

static bool is_readable(u64 spte, int level)
{
	return is_shadow_present_pte(spte) && (spte & BIT_ULL(0));
}

static bool is_writable(u64 spte, int level)
{
	return is_shadow_present_pte(spte) && is_writable_pte(spte);
}

static bool is_executable(u64 spte, int level)
{
	return is_readable(spte, level) && is_executable_pte(spte);
}

static bool is_accessed(u64 spte, int level)
{
	return is_shadow_present_pte(spte) && is_accessed_spte(spte);
}

static bool is_dirty(u64 spte, int level)
{
	return is_shadow_present_pte(spte) && is_dirty_spte(spte);
}

static bool is_host_writable(u64 spte, int level)
{
	return is_shadow_present_pte(spte) && (spte & shadow_host_writable_mask);
}

static bool is_mmu_writable(u64 spte, int level)
{
	return is_shadow_present_pte(spte) && is_mmu_writable_spte(spte);
}

static bool is_tracked(u64 spte, int level)
{
	return is_shadow_present_pte(spte) && is_access_track_spte(spte);
}

static const struct {
	const char *word;
	bool (*test)(u64 spte, int level);
} spte_words[] = {
	{ "empty", is_empty }, { "removed", is_removed }, { "mmio", is_mmio },
	{ "present", is_present }, { "table", is_table }, { "leaf", is_present_leaf },
	{ "r", is_readable }, { "w", is_writable }, { "x", is_executable },
	{ "accessed", is_accessed }, { "dirty", is_dirty },
	{ "host-writable", is_host_writable }, { "mmu-writable", is_mmu_writable },
	{ "tracked", is_tracked },
};

#define NR_SPTE_WORDS	(sizeof(spte_words) / sizeof(spte_words[0]))

/* ---- Parsing ---- */

struct parser {
	const char *pos;
	char *err;
	size_t err_size;
};

static bool complain(struct parser *p, const char *expected, struct sim_word word)
{
	char quote[SIM_QUOTE_SIZE];

	snprintf(p->err, p->err_size, "expect: expected %s, found %s", expected,
		 sim_text_quote(word, quote));
	return false;
}

static bool get_number(struct parser *p, const char *what, u64 *value)
{
	struct sim_word word = sim_text_next(&p->pos);

	if (!sim_number_parse(word.s, word.n, value))
		return complain(p, what, word);
	return true;
}

static bool get_signed(struct parser *p, const char *what, s64 *value)
{
	struct sim_word word = sim_text_next(&p->pos);
	bool negative = word.n && word.s[0] == '-';
	u64 magnitude;

	if (!sim_number_parse(word.s + negative, word.n - negative, &magnitude) ||
	    magnitude > INT64_MAX)
		return complain(p, what, word);
	*value = negative ? -(s64)magnitude : (s64)magnitude;
	return true;
}

static bool parse_ret(struct parser *p, struct sim_expect *expect)
{
	return get_signed(p, "a number", &expect->number);
}

static bool parse_young(struct parser *p, struct sim_expect *expect)
{
	struct sim_word word = sim_text_next(&p->pos);

	if (!sim_text_is(word, "0") && !sim_text_is(word, "1"))
		return complain(p, "0 or 1", word);
	expect->number = word.s[0] == '1';
	return true;
}

static bool parse_exit_mmio(struct parser *p, struct sim_expect *expect)
{
	struct sim_word word = sim_text_next(&p->pos);
	const char *rest;
	u64 gpa = 0;

	expect->event = SIM_EV_EXIT_MMIO;
	if (!sim_text_is(word, "read") && !sim_text_is(word, "write"))
		return complain(p, "read or write", word);
	expect->result.exit_mmio.write = sim_text_is(word, "write");

	rest = p->pos;
	expect->any_address = !sim_text_next(&rest).n;
	if (!expect->any_address && !get_number(p, "a GPA", &gpa))
		return false;
	expect->result.exit_mmio.gpa = gpa;
	return true;
}

static bool parse_exit(struct parser *p, struct sim_expect *expect)
{
	struct sim_word word = sim_text_next(&p->pos);

	if (sim_text_is(word, "none")) {
		expect->event = SIM_EV_NR;
		return true;
	}
	if (sim_text_is(word, "smm")) {
		expect->event = SIM_EV_EXIT_SMM;
		return true;
	}
	if (sim_text_is(word, "error")) {
		expect->event = SIM_EV_EXIT_ERROR;
		return get_number(p, "an errno", &expect->result.ret.value);
	}
	if (sim_text_is(word, "mmio"))
		return parse_exit_mmio(p, expect);
	return complain(p, "none, mmio, error or smm", word);
}

static bool parse_dirty(struct parser *p, struct sim_expect *expect)
{
	struct sim_word word = sim_text_next(&p->pos), part;
	const char *dash = word.n ? memchr(word.s, '-', word.n) : NULL;

	if (sim_text_is(word, "none")) {
		expect->number = 0;
		return true;
	}
	expect->number = 1;
	part = word;
	if (dash)
		part.n = dash - word.s;
	if (!dash || !sim_number_parse(part.s, part.n, &expect->result.dirty.first) ||
	    !sim_number_parse(dash + 1, word.s + word.n - dash - 1, &expect->result.dirty.last))
		return complain(p, "none, or FIRST-LAST", word);
	return true;
}

static bool parse_events(struct parser *p, struct sim_expect *expect)
{
	struct sim_word word = sim_text_next(&p->pos);
	u64 number;
	int type;

	for (type = SIM_EV_PAGE_FAULT; type <= SIM_EV_FLUSH_REMOTE_TLBS; type++)
		if (sim_text_is(word, sim_event_type_name(type)))
			break;
	if (type > SIM_EV_FLUSH_REMOTE_TLBS)
		return complain(p, "the name of an event", word);
	expect->event = type;
	if (!get_number(p, "how many", &number))
		return false;
	expect->number = number;
	return true;
}

static bool parse_stat(struct parser *p, struct sim_expect *expect)
{
	struct sim_word word = sim_text_next(&p->pos);
	int stat;

	for (stat = 0; stat < SIM_STAT_NR; stat++)
		if (sim_text_is(word, sim_stat_name(stat)))
			break;
	if (stat == SIM_STAT_NR)
		return complain(p, "the name of a statistic", word);
	expect->stat = stat;
	return get_signed(p, "how much it changes", &expect->number);
}

/* "smm" or "nested", if it is there, and the GPA. */
static bool parse_place(struct parser *p, struct sim_expect *expect)
{
	const char *rest = p->pos;
	struct sim_word word = sim_text_next(&rest);

	expect->smm = sim_text_is(word, "smm");
	expect->nested = sim_text_is(word, "nested");
	if (expect->smm || expect->nested)
		p->pos = rest;
	return get_number(p, "a GPA", &expect->gpa);
}

static bool parse_level_number(struct parser *p, int min, int *level)
{
	struct sim_word word = sim_text_next(&p->pos);
	u64 number;

	if (!sim_number_parse(word.s, word.n, &number) || number > 5 || (int)number < min)
		return complain(p, min ? "a level, 1 to 5" : "a level, 0 to 5", word);
	*level = number;
	return true;
}

static bool parse_level(struct parser *p, struct sim_expect *expect)
{
	int level = 0;

	if (!parse_place(p, expect) || !parse_level_number(p, 0, &level))
		return false;
	expect->number = level;
	return true;
}

/* "NAME=" at the start of a word: the number behind it. */
static bool assignment(struct sim_word word, const char *name, u64 *value)
{
	size_t n = strlen(name);

	return word.n > n && !memcmp(word.s, name, n) &&
	       sim_number_parse(word.s + n, word.n - n, value);
}

static bool parse_spte_word(struct parser *p, struct sim_word word, struct sim_expect_spte *spte)
{
	bool negated = word.n && word.s[0] == '!';
	struct sim_word bare = { .s = word.s + negated, .n = word.n - negated };
	size_t i;

	if (assignment(word, "bits=", &spte->bits)) {
		spte->has_bits = true;
		return true;
	}
	if (assignment(word, "pfn=", &spte->pfn)) {
		spte->has_pfn = true;
		return true;
	}
	for (i = 0; i < NR_SPTE_WORDS; i++) {
		if (!sim_text_is(bare, spte_words[i].word))
			continue;
		*(negated ? &spte->unwanted : &spte->want) |= 1u << i;
		return true;
	}
	return complain(p, "a word about an SPTE", word);
}

static bool parse_spte(struct parser *p, struct sim_expect *expect)
{
	struct sim_word word;

	if (!parse_place(p, expect) || !parse_level_number(p, 1, &expect->level))
		return false;
	word = sim_text_next(&p->pos);
	do {
		if (!parse_spte_word(p, word, &expect->spte))
			return false;
		word = sim_text_next(&p->pos);
	} while (word.n);
	return true;
}

static const struct {
	const char *word;
	bool (*parse)(struct parser *p, struct sim_expect *expect);
} kinds[] = {
	[SIM_EXPECT_RET]	= { "ret", parse_ret },
	[SIM_EXPECT_EXIT]	= { "exit", parse_exit },
	[SIM_EXPECT_DIRTY]	= { "dirty", parse_dirty },
	[SIM_EXPECT_YOUNG]	= { "young", parse_young },
	[SIM_EXPECT_EVENTS]	= { "events", parse_events },
	[SIM_EXPECT_STAT]	= { "stat", parse_stat },
	[SIM_EXPECT_SPTE]	= { "spte", parse_spte },
	[SIM_EXPECT_LEVEL]	= { "level", parse_level },
};

bool sim_expect_parse(const char *text, struct sim_expect *expect, char *err, size_t err_size)
{
	struct parser p = { .pos = text, .err = err, .err_size = err_size };
	struct sim_word word = sim_text_next(&p.pos);
	size_t i;

	memset(expect, 0, sizeof(*expect));
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (sim_text_is(word, kinds[i].word))
			break;
	if (i == sizeof(kinds) / sizeof(kinds[0]))
		return complain(&p, "ret, exit, dirty, young, events, stat, spte or level", word);

	expect->type = i;
	if (!kinds[i].parse(&p, expect))
		return false;
	word = sim_text_next(&p.pos);
	if (word.n)
		return complain(&p, "the end of the line", word);
	snprintf(expect->text, sizeof(expect->text), "%s", text);
	return true;
}

/* ---- Looking ---- */

static const struct sim_event *find_result(struct sim_machine *machine, enum sim_event_type type)
{
	const struct sim_event_list *results = &machine->recorder->results;
	size_t i;

	for (i = 0; i < results->nr; i++)
		if (results->events[i].type == type)
			return &results->events[i];
	return NULL;
}

static bool is_exit(const struct sim_event *event)
{
	return event->type == SIM_EV_EXIT_MMIO || event->type == SIM_EV_EXIT_ERROR ||
	       event->type == SIM_EV_EXIT_SMM;
}

static bool exit_holds(const struct sim_expect *expect, struct sim_machine *machine, char *found,
		       size_t size)
{
	const struct sim_event_list *results = &machine->recorder->results;
	bool any = false;
	size_t i;

	snprintf(found, size, "no exit");
	for (i = 0; i < results->nr; i++) {
		const struct sim_event *event = &results->events[i];

		if (!is_exit(event))
			continue;
		any = true;
		sim_event_print(event, found, size);
		if (event->type != expect->event)
			continue;
		if (event->type == SIM_EV_EXIT_SMM)
			return true;
		if (event->type == SIM_EV_EXIT_ERROR) {
			if (event->ret.value == expect->result.ret.value)
				return true;
			continue;
		}
		if (event->exit_mmio.write == expect->result.exit_mmio.write &&
		    (expect->any_address || event->exit_mmio.gpa == expect->result.exit_mmio.gpa))
			return true;
	}
	return !any && expect->event == SIM_EV_NR;
}

static bool dirty_holds(const struct sim_expect *expect, struct sim_machine *machine, char *found,
			size_t size)
{
	const struct sim_event_list *results = &machine->recorder->results;
	size_t i, nr = 0;

	snprintf(found, size, "nothing dirty");
	for (i = 0; i < results->nr; i++) {
		const struct sim_event *event = &results->events[i];

		if (event->type != SIM_EV_DIRTY)
			continue;
		nr++;
		sim_event_print(event, found, size);
		if (expect->number && event->dirty.first == expect->result.dirty.first &&
		    event->dirty.last == expect->result.dirty.last)
			return true;
	}
	return !nr && !expect->number;
}

static bool number_holds(s64 want, s64 got, const char *what, char *found, size_t size)
{
	snprintf(found, size, "%s %lld", what, (long long)got);
	return want == got;
}

static bool events_hold(const struct sim_expect *expect, struct sim_machine *machine, char *found,
			size_t size)
{
	u64 nr = machine->recorder->nr_of[expect->event];

	return number_holds(expect->number, nr, sim_event_type_name(expect->event), found, size);
}

static bool stat_holds(const struct sim_expect *expect, struct sim_machine *machine, char *found,
		       size_t size)
{
	const struct sim_event_list *stats = &machine->recorder->stats;
	s64 sum = 0;
	size_t i;

	for (i = 0; i < stats->nr; i++)
		if (stats->events[i].stat.name == expect->stat)
			sum += (s64)stats->events[i].stat.delta;
	return number_holds(expect->number, sum, sim_stat_name(expect->stat), found, size);
}

/* The valid root of an address space, or that of nested guests; NULL if there is none. */
static struct kvm_mmu_page *find_root(struct sim_machine *machine, bool smm, bool nested)
{
	struct kvm_mmu_page *root;

	if (!machine->kvm)
		return NULL;
	list_for_each_entry(root, &machine->kvm->arch.tdp_mmu_roots, link)
		if (!root->role.invalid && root->role.guest_mode == nested &&
		    kvm_mmu_page_as_id(root) == smm)
			return root;
	return NULL;
}

/* The entry for @gpa at @level, or at the lowest level there is: its level; 0 without a root. */
static int find_spte(const struct sim_expect *expect, struct sim_machine *machine, int level,
		     u64 *spte)
{
	struct kvm_mmu_page *root = find_root(machine, expect->smm, expect->nested);
	gfn_t gfn = gpa_to_gfn(expect->gpa);
	struct tdp_iter iter;
	int found = 0;

	*spte = SHADOW_NONPRESENT_VALUE;
	if (!root)
		return 0;
	rcu_read_lock();
	for_each_tdp_pte_min_level(iter, root, level, gfn, gfn + 1) {
		found = iter.level;
		*spte = iter.old_spte;
	}
	rcu_read_unlock();
	return found;
}

static bool spte_matches(const struct sim_expect_spte *want, u64 spte, int level)
{
	size_t i;

	if (want->has_bits && (spte & ~SPTE_BASE_ADDR_MASK) != want->bits)
		return false;
	if (want->has_pfn && spte_to_pfn(spte) != want->pfn)
		return false;
	for (i = 0; i < NR_SPTE_WORDS; i++) {
		bool is = spte_words[i].test(spte, level);

		if ((want->want & 1u << i && !is) || (want->unwanted & 1u << i && is))
			return false;
	}
	return true;
}

static bool spte_holds(const struct sim_expect *expect, struct sim_machine *machine, char *found,
		       size_t size)
{
	char words[SIM_DESCRIBE_SIZE];
	u64 spte;
	int level = find_spte(expect, machine, expect->level, &spte);

	if (level == expect->level) {
		sim_describe_spte(spte, level, 0, words, sizeof(words));
		snprintf(found, size, "0x%llx: %s", (unsigned long long)spte, words);
		return spte_matches(&expect->spte, spte, level);
	}

	/* There is no table at that level, so there is nothing. */
	snprintf(found, size, level ? "no table at that level" : "no root");
	return spte_matches(&expect->spte, SHADOW_NONPRESENT_VALUE, expect->level);
}

static bool level_holds(const struct sim_expect *expect, struct sim_machine *machine, char *found,
			size_t size)
{
	u64 spte;
	int level = find_spte(expect, machine, PG_LEVEL_4K, &spte);

	if (!is_present_leaf(spte, level))
		level = 0;
	return number_holds(expect->number, level, "level", found, size);
}

bool sim_expect_holds(const struct sim_expect *expect, struct sim_machine *machine, char *found,
		      size_t found_size)
{
	const struct sim_event *event;

	switch (expect->type) {
	case SIM_EXPECT_RET:
		event = find_result(machine, SIM_EV_RET);
		return number_holds(expect->number, event ? (s64)event->ret.value : 0, "ret",
				    found, found_size);
	case SIM_EXPECT_YOUNG:
		event = find_result(machine, SIM_EV_YOUNG);
		return number_holds(expect->number, event ? (s64)event->young.young : -1, "young",
				    found, found_size);
	case SIM_EXPECT_EXIT:
		return exit_holds(expect, machine, found, found_size);
	case SIM_EXPECT_DIRTY:
		return dirty_holds(expect, machine, found, found_size);
	case SIM_EXPECT_EVENTS:
		return events_hold(expect, machine, found, found_size);
	case SIM_EXPECT_STAT:
		return stat_holds(expect, machine, found, found_size);
	case SIM_EXPECT_SPTE:
		return spte_holds(expect, machine, found, found_size);
	case SIM_EXPECT_LEVEL:
		return level_holds(expect, machine, found, found_size);
	}
	return false;
}
