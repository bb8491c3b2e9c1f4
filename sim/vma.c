/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bug.h>

#include "sim/vma.h"

void sim_vmas_exit(struct sim_vmas *vmas)
{
	free(vmas->v);
	*vmas = (struct sim_vmas) { 0 };
}

size_t sim_vmas_find(const struct sim_vmas *vmas, u64 addr)
{
	size_t low = 0, high = vmas->nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (vmas->v[mid].end <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct sim_vma *sim_vmas_lookup(const struct sim_vmas *vmas, u64 addr)
{
	size_t i = sim_vmas_find(vmas, addr);

	return i < vmas->nr && vmas->v[i].start <= addr ? &vmas->v[i] : NULL;
}

/* Put @vma before the area that has index @index now. */
static int insert_at(struct sim_vmas *vmas, size_t index, const struct sim_vma *vma)
{
	if (vmas->nr == vmas->capacity) {
		size_t capacity = vmas->capacity ? vmas->capacity * 2 : 16;
		struct sim_vma *v = realloc(vmas->v, capacity * sizeof(*v));

		if (!v)
			return -ENOMEM;
		vmas->v = v;
		vmas->capacity = capacity;
	}
	memmove(&vmas->v[index + 1], &vmas->v[index], (vmas->nr - index) * sizeof(*vma));
	vmas->v[index] = *vma;
	vmas->nr++;
	return 0;
}

int sim_vmas_insert(struct sim_vmas *vmas, const struct sim_vma *vma)
{
	size_t index = sim_vmas_find(vmas, vma->start);

	BUG_ON(vma->start >= vma->end);
	BUG_ON(index < vmas->nr && vmas->v[index].start < vma->end);
	return insert_at(vmas, index, vma);
}

int sim_vmas_split(struct sim_vmas *vmas, size_t index, u64 addr)
{
	struct sim_vma lower = vmas->v[index];
	int r;

	BUG_ON(addr <= lower.start || addr >= lower.end);
	lower.end = addr;
	r = insert_at(vmas, index, &lower);
	if (!r)
		vmas->v[index + 1].start = addr;
	return r;
}

void sim_vmas_remove(struct sim_vmas *vmas, size_t first, size_t nr)
{
	BUG_ON(first + nr > vmas->nr);
	if (!nr)
		return;
	memmove(&vmas->v[first], &vmas->v[first + nr],
		(vmas->nr - first - nr) * sizeof(vmas->v[0]));
	vmas->nr -= nr;
}

bool sim_vmas_can_merge(const struct sim_vma *a, const struct sim_vma *b)
{
	if (a->end != b->start || a->prot != b->prot || a->flags != b->flags)
		return false;
	if (a->flags & SIM_VMA_HUGETLB)
		return false;
	return !a->anon_vma || !b->anon_vma || a->anon_vma == b->anon_vma;
}
