/* SPDX-License-Identifier: GPL-2.0-only */
#include "x86/walk.h"

#include <assert.h>

/* What one attempt has used: the entries from the first table on, and their rights. */
struct walk_path {
	uint64_t pa[SIM_PT_MAX_LEVEL];
	uint64_t entry[SIM_PT_MAX_LEVEL];
	uint64_t missing[SIM_PT_MAX_LEVEL];
	unsigned int rights_above[SIM_PT_MAX_LEVEL];
	int used;
	int leaf_level;
	unsigned int rights;
};

enum walk_commit { COMMIT_DONE, COMMIT_PML_FULL, COMMIT_AGAIN };

static enum sim_fault walk_descend(const struct sim_paging_format *fmt,
				   const struct sim_paging_caps *caps,
				   const struct sim_walk_start *start,
				   const struct sim_access *access, const struct sim_walk_mem *mem,
				   struct walk_path *path)
{
	uint64_t table = start->table_pa;
	int level = start->level;

	path->used = 0;
	path->leaf_level = 0;
	path->rights = start->rights;
	if (sim_pt_gpa_too_wide(caps, access->gpa))
		return SIM_FAULT_NOT_PRESENT;

	for (;; level--) {
		uint64_t pa = table + sizeof(uint64_t) * sim_pt_index(access->gpa, level);
		uint64_t entry = mem->read(mem->ctx, pa);

		path->pa[path->used] = pa;
		path->entry[path->used] = entry;
		path->rights_above[path->used] = path->rights;
		path->used++;
		path->leaf_level = level;
		if (!fmt->present(entry))
			return SIM_FAULT_NOT_PRESENT;
		if (fmt->reserved(caps, entry, level))
			return SIM_FAULT_RESERVED;
		path->rights &= fmt->rights(entry);
		if (fmt->leaf(caps, entry, level))
			break;
		table = sim_pt_address(entry, 1);
	}

	if (fmt->needs(caps, access) & ~path->rights)
		return SIM_FAULT_RIGHTS;
	return SIM_FAULT_NONE;
}

/* Which flags this access has yet to set, in each entry; their union. */
static uint64_t walk_missing(const struct sim_paging_format *fmt, bool dirties,
			     struct walk_path *path)
{
	uint64_t any = 0;
	int last = path->used - 1;

	for (int i = 0; i <= last; i++) {
		uint64_t want = fmt->accessed;

		if (i == last && dirties)
			want |= fmt->dirty;
		path->missing[i] = want & ~path->entry[i];
		any |= path->missing[i];
	}
	return any;
}

static enum walk_commit walk_set_flags(const struct sim_paging_format *fmt,
				       const struct sim_paging_caps *caps,
				       const struct sim_access *access,
				       const struct sim_walk_mem *mem, struct sim_pml *pml,
				       struct walk_path *path, bool *wrote)
{
	bool dirties = fmt->needs(caps, access) & SIM_RIGHT_WRITE;
	bool logging = pml && pml->enabled;

	assert(path->used >= 1);
	if (!caps->ad || !walk_missing(fmt, dirties, path))
		return COMMIT_DONE;
	/* Even if no D is missing: the SDM allows it, and CPUs need not look. */
	if (logging && pml->index >= SIM_PML_ENTRIES)
		return COMMIT_PML_FULL;

	for (int i = 0; i < path->used; i++) {
		if (!path->missing[i])
			continue;
		if (!mem->set_bits(mem->ctx, path->pa[i], path->entry[i], path->missing[i]))
			return COMMIT_AGAIN;
		*wrote = true;
	}
	if (logging && (path->missing[path->used - 1] & fmt->dirty))
		pml->buffer[pml->index--] = access->gpa & ~sim_pt_bits(SIM_PT_PAGE_SHIFT - 1, 0);
	return COMMIT_DONE;
}

static void walk_fault(const struct sim_paging_format *fmt, const struct sim_paging_caps *caps,
		       const struct sim_access *access, enum sim_fault fault,
		       const struct walk_path *path, struct sim_walk_result *res)
{
	res->status = fault == SIM_FAULT_RESERVED ? SIM_WALK_MISCONFIG : SIM_WALK_VIOLATION;
	res->info = fmt->fault_info(caps, access, fault, path->rights);
}

static void walk_ok(const struct sim_paging_format *fmt, const struct sim_paging_caps *caps,
		    const struct sim_access *access, const struct walk_path *path,
		    struct sim_walk_result *res)
{
	int level = path->leaf_level;
	int last = path->used - 1;
	uint64_t entry = path->entry[last];
	uint64_t offset = access->gpa & sim_pt_bits(sim_pt_level_shift(level) - 1, 0);

	assert(level >= 1 && level <= 3);
	assert(level + last <= (int)caps->levels);
	res->status = SIM_WALK_OK;
	res->hpa = sim_pt_address(entry, level) | offset;
	res->read = path->rights & SIM_RIGHT_READ;
	res->write = path->rights & SIM_RIGHT_WRITE;
	res->exec = path->rights & SIM_RIGHT_EXEC;
	res->memtype = fmt->memtype(entry, level, &res->ipat);
	res->dirty_known = !caps->ad || (entry & fmt->dirty) ||
			   (fmt->needs(caps, access) & SIM_RIGHT_WRITE);
	res->top = level + last;
	for (int i = 0; i <= last; i++)
		res->tables[res->top - i - 1] = (struct sim_walk_start) {
			.table_pa = sim_pt_address(path->pa[i], 1),
			.level = res->top - i,
			.rights = path->rights_above[i],
		};
}

void sim_walk_from(const struct sim_paging_format *fmt, const struct sim_paging_caps *caps,
		   const struct sim_walk_start *start, const struct sim_access *access,
		   const struct sim_walk_mem *mem, struct sim_pml *pml,
		   struct sim_walk_result *res)
{
	enum walk_commit commit = COMMIT_DONE;
	struct walk_path path;
	enum sim_fault fault;
	bool wrote = false;

	assert(caps->levels == 4 || caps->levels == 5);
	assert(caps->ad || !fmt->ad_always);
	assert(start->level >= 1 && start->level <= (int)caps->levels);
	assert(!(start->table_pa & sim_pt_bits(SIM_PT_PAGE_SHIFT - 1, 0)));

	do {
		fault = walk_descend(fmt, caps, start, access, mem, &path);
		if (fault != SIM_FAULT_NONE)
			break;
		commit = walk_set_flags(fmt, caps, access, mem, pml, &path, &wrote);
	} while (commit == COMMIT_AGAIN);

	*res = (struct sim_walk_result) {
		.gpa = access->gpa,
		.entry = path.used ? path.entry[path.used - 1] : 0,
		.level = path.leaf_level,
		.a_or_d_set = wrote,
	};
	if (fault != SIM_FAULT_NONE)
		walk_fault(fmt, caps, access, fault, &path, res);
	else if (commit == COMMIT_PML_FULL)
		res->status = SIM_WALK_PML_FULL;
	else
		walk_ok(fmt, caps, access, &path, res);
}

void sim_walk(const struct sim_paging_format *fmt, const struct sim_paging_caps *caps,
	      uint64_t root_pa, const struct sim_access *access, const struct sim_walk_mem *mem,
	      struct sim_pml *pml, struct sim_walk_result *res)
{
	const struct sim_walk_start root = {
		.table_pa = root_pa,
		.level = (int)caps->levels,
		.rights = SIM_RIGHT_ALL,
	};

	sim_walk_from(fmt, caps, &root, access, mem, pml, res);
}
