/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/describe.h"
#include "sim/finding.h"
#include "sim/history.h"

#define LINES_MAX	6

void sim_history_init(struct sim_history *history, void (*who)(char name[SIM_HISTORY_WHO_SIZE]))
{
	memset(history, 0, sizeof(*history));
	history->who = who;
}

void sim_history_add(struct sim_history *history, const char *how, const u64 *sptep, int as_id,
		     gfn_t gfn, int level, u64 old_spte, u64 new_spte)
{
	struct sim_history_entry *entry = &history->ring[history->nr % SIM_HISTORY_ENTRIES];

	/* By members: this is done for every change of every run. */
	entry->nr = ++history->nr;
	entry->sptep = sptep;
	entry->gfn = gfn;
	entry->as_id = as_id;
	entry->level = level;
	entry->old_spte = old_spte;
	entry->new_spte = new_spte;
	entry->how = how;
	entry->who[0] = '\0';
	/* A copy: whoever it was may be gone when it is printed. */
	if (history->who)
		history->who(entry->who);
}

/* ---- Looking up ---- */

/* The newest but @back, or NULL past the oldest that is kept. */
static const struct sim_history_entry *entry_at(const struct sim_history *history, u64 back)
{
	if (back >= history->nr || back >= SIM_HISTORY_ENTRIES)
		return NULL;
	return &history->ring[(history->nr - 1 - back) % SIM_HISTORY_ENTRIES];
}

static bool is_of_gfn(const struct sim_history_entry *entry, int as_id, gfn_t gfn, int level)
{
	if (!entry->level || entry->as_id != as_id || (level && entry->level != level))
		return false;
	return gfn_round_for_level(gfn, entry->level) == entry->gfn;
}

size_t sim_history_of_gfn(const struct sim_history *history, int as_id, gfn_t gfn, int level,
			  const struct sim_history_entry **entries, size_t max)
{
	const struct sim_history_entry *entry;
	size_t nr = 0;
	u64 back;

	for (back = 0; nr < max && (entry = entry_at(history, back)); back++)
		if (is_of_gfn(entry, as_id, gfn, level))
			entries[nr++] = entry;
	return nr;
}

size_t sim_history_of_sptep(const struct sim_history *history, const u64 *sptep,
			    const struct sim_history_entry **entries, size_t max)
{
	const struct sim_history_entry *entry;
	size_t nr = 0;
	u64 back;

	for (back = 0; nr < max && (entry = entry_at(history, back)); back++)
		if (entry->sptep == sptep)
			entries[nr++] = entry;
	return nr;
}

/* ---- Text ---- */

static void append_lines(const struct sim_history_entry **entries, size_t nr, char *buf,
			 size_t size)
{
	char before[SIM_DESCRIBE_SIZE], after[SIM_DESCRIBE_SIZE];

	while (nr--) {
		const struct sim_history_entry *entry = entries[nr];
		int level = entry->level ? entry->level : 1;

		sim_describe_spte(entry->old_spte, level, 0, before, sizeof(before));
		sim_describe_spte(entry->new_spte, level, 0, after, sizeof(after));
		sim_append(buf, size, "\n  #%" PRIu64 " %s%s%s as %d gfn 0x%" PRIx64 " level %d: "
			   "0x%" PRIx64 " (%s) -> 0x%" PRIx64 " (%s)", (uint64_t)entry->nr,
			   entry->who, *entry->who ? " " : "", entry->how, entry->as_id,
			   (uint64_t)entry->gfn, entry->level, (uint64_t)entry->old_spte, before,
			   (uint64_t)entry->new_spte, after);
	}
}

void sim_history_append(const struct sim_history *history, int as_id, gfn_t gfn, int level,
			char *buf, size_t size)
{
	const struct sim_history_entry *entries[LINES_MAX];

	if (history)
		append_lines(entries, sim_history_of_gfn(history, as_id, gfn, level, entries,
							 LINES_MAX), buf, size);
}

void sim_history_append_sptep(const struct sim_history *history, const u64 *sptep, char *buf,
			      size_t size)
{
	const struct sim_history_entry *entries[LINES_MAX];

	if (history)
		append_lines(entries, sim_history_of_sptep(history, sptep, entries, LINES_MAX), buf,
			     size);
}
