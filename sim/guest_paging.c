/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <linux/mm.h>

#include "sim/guest_paging.h"

/* ---- Contents ---- */

static struct sim_guest_page *find_page(const struct sim_guest_memory *memory, u64 hva)
{
	size_t i;

	for (i = 0; i < memory->nr; i++)
		if (memory->pages[i].hva == (hva & PAGE_MASK))
			return &memory->pages[i];
	return NULL;
}

static struct sim_guest_page *make_page(struct sim_guest_memory *memory, u64 hva)
{
	struct sim_guest_page *pages;
	u64 *words;

	pages = realloc(memory->pages, (memory->nr + 1) * sizeof(*pages));
	if (!pages)
		return NULL;
	memory->pages = pages;
	words = calloc(PAGE_SIZE / sizeof(u64), sizeof(u64));
	if (!words)
		return NULL;
	pages[memory->nr] = (struct sim_guest_page) { .hva = hva & PAGE_MASK, .words = words };
	return &pages[memory->nr++];
}

static void drop_page(struct sim_guest_memory *memory, struct sim_guest_page *page)
{
	free(page->words);
	*page = memory->pages[--memory->nr];
}

void sim_guest_memory_clear(struct sim_guest_memory *memory, u64 hva, u64 size)
{
	size_t i = 0;

	while (i < memory->nr) {
		if (memory->pages[i].hva - hva < size)
			drop_page(memory, &memory->pages[i]);
		else
			i++;
	}
}

void sim_guest_memory_exit(struct sim_guest_memory *memory)
{
	while (memory->nr)
		drop_page(memory, &memory->pages[0]);
	free(memory->pages);
	memory->pages = NULL;
}

static size_t word_index(u64 address)
{
	return (address & ~PAGE_MASK) / sizeof(u64);
}

u64 sim_guest_load(const struct sim_guest *guest, u64 gpa)
{
	u64 hva = guest->hva_of(guest->ctx, gpa);
	struct sim_guest_page *page = hva == SIM_GUEST_NO_HVA ? NULL :
				      find_page(guest->memory, hva);

	return page ? page->words[word_index(hva)] : 0;
}

int sim_guest_store(const struct sim_guest *guest, u64 gpa, u64 word)
{
	u64 hva = guest->hva_of(guest->ctx, gpa);
	struct sim_guest_page *page;

	if (hva == SIM_GUEST_NO_HVA)
		return -EFAULT;
	page = find_page(guest->memory, hva);
	if (!page)
		page = make_page(guest->memory, hva);
	if (!page)
		return -ENOMEM;
	page->words[word_index(hva)] = word;
	return 0;
}

/* ---- Walks ---- */

static unsigned int shift_of(int level)
{
	return 12 + 9 * (level - 1);
}

void sim_guest_walk(const struct sim_guest *guest, const struct sim_guest_paging *paging,
		    u64 linear, enum sim_access_type type, struct sim_guest_walk *walk)
{
	u64 table = paging->root;
	int level;

	*walk = (struct sim_guest_walk) { 0 };
	/* The upper half is the guest kernel's, which has nothing there; beyond is no address. */
	if (linear >> (shift_of(SIM_GUEST_LEVELS) + 8))
		return;
	for (level = SIM_GUEST_LEVELS; level; level--) {
		unsigned int i = walk->nr++;
		u64 entry = table + (linear >> shift_of(level) & 511) * sizeof(u64);
		u64 word = sim_guest_load(guest, entry);

		walk->entries[i] = entry;
		walk->words[i] = walk->updated[i] = word;
		if (!(word & SIM_GUEST_PRESENT))
			return;
		walk->updated[i] |= SIM_GUEST_ACCESSED;
		if (level == 1 && type == SIM_ACCESS_WRITE)
			walk->updated[i] |= SIM_GUEST_DIRTY;
		table = word & SIM_GUEST_ADDRESS;
	}
	walk->present = true;
	walk->gpa = table | (linear & ~PAGE_MASK);
}

void sim_guest_walk_program(const struct sim_guest_walk *walk, enum sim_access_type type,
			    struct sim_instruction *insn)
{
	unsigned int i;

	for (i = 0; i < walk->nr; i++) {
		sim_instruction_add(insn, type, walk->entries[i], true);
		/* Flags are set on the way down, but only of a walk that leads somewhere. */
		insn->steps[i].guest_table_update = walk->present &&
						    walk->updated[i] != walk->words[i];
	}
	if (walk->present)
		sim_instruction_add(insn, type, walk->gpa, false);
}

void sim_guest_walk_done(const struct sim_guest *guest, const struct sim_guest_walk *walk)
{
	unsigned int i;

	/* There is a page of contents already wherever a flag is to be set: no store fails. */
	for (i = 0; walk->present && i < walk->nr; i++)
		if (walk->updated[i] != walk->words[i])
			sim_guest_store(guest, walk->entries[i], walk->updated[i]);
}
