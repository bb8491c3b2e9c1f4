/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>
#include <linux/bug.h>
#include <linux/kernel.h>

#include "sim/alloc.h"
#include "sim/frames.h"
#include "sim/mem.h"

#define BLOCK_FRAMES	(1u << SIM_ORDER_2M)
#define GIANT_BLOCKS	(1u << (SIM_ORDER_1G - SIM_ORDER_2M))

/*
 * Frames are numbered twice: by an index without holes, in which the lists are, and by
 * the frame number that everybody else sees.
 */
#define FIRST_PFN	UINT64_C(0x100000)		/* 4 GiB */
#define WINDOW_PFN	(SIM_MEM_BASE >> 12)
#define WINDOW_END_PFN	(SIM_MEM_END >> 12)
#define NR_BELOW	(WINDOW_PFN - FIRST_PFN)
/* Order of single frames that are to be neighbours of none: odd, so that it hits each. */
#define SCATTER		197u

enum block_state {
	BLOCK_NEW,
	BLOCK_FREE,
	BLOCK_WHOLE,
	BLOCK_SINGLES,		/* broken up: frames[] has the records */
	BLOCK_GIANT,		/* first of a 1 GiB page */
	BLOCK_GIANT_TAIL,
};

struct sim_frame_block {
	struct sim_frame whole;		/* the record while it is a huge page */
	struct sim_frame *frames;
	u64 next;			/* in a list of free blocks: index + 1 */
	u16 nr_free;			/* of the single frames */
	u8 state;
};

static u64 index_to_pfn(u64 index)
{
	return index < NR_BELOW ? FIRST_PFN + index : WINDOW_END_PFN + (index - NR_BELOW);
}

/* UINT64_MAX for what is no data frame. */
static u64 pfn_to_index(const struct sim_frames *frames, u64 pfn)
{
	u64 index = UINT64_MAX;

	if (pfn >= FIRST_PFN && pfn < WINDOW_PFN)
		index = pfn - FIRST_PFN;
	else if (pfn >= WINDOW_END_PFN)
		index = pfn - WINDOW_END_PFN + NR_BELOW;
	return index >> SIM_ORDER_2M < frames->nr_blocks ? index : UINT64_MAX;
}

/* ---- Records ---- */

static struct sim_frame *frame_at(const struct sim_frames *frames, u64 index)
{
	u64 number = index >> SIM_ORDER_2M;
	struct sim_frame_block *block = &frames->blocks[number];

	switch (block->state) {
	case BLOCK_NEW:
		return NULL;
	case BLOCK_SINGLES:
		return &block->frames[index & (BLOCK_FRAMES - 1)];
	case BLOCK_GIANT_TAIL:
		return &frames->blocks[number & ~(u64)(GIANT_BLOCKS - 1)].whole;
	default:
		return &block->whole;
	}
}

const struct sim_frame *sim_frames_get(const struct sim_frames *frames, u64 pfn)
{
	u64 index = pfn_to_index(frames, pfn);

	return index == UINT64_MAX ? NULL : frame_at(frames, index);
}

static void own(struct sim_frames *frames, struct sim_frame *frame, int order, u64 hva)
{
	*frame = (struct sim_frame) {
		.hva = hva, .generation = ++frames->generation, .refs = 1, .order = order,
	};
	frames->nr_in_use += 1ULL << order;
}

static void disown(struct sim_frames *frames, struct sim_frame *frame)
{
	frame->free = true;
	frames->nr_in_use -= 1ULL << frame->order;
}

/* ---- The list of free single frames ---- */

static void push_frame(struct sim_frames *frames, u64 index)
{
	struct sim_frame *frame = frame_at(frames, index);

	frame->free = true;
	frame->prev = 0;
	frame->next = frames->free_frame;
	if (frame->next)
		frame_at(frames, frame->next - 1)->prev = index + 1;
	frames->free_frame = index + 1;
	frames->blocks[index >> SIM_ORDER_2M].nr_free++;
}

static void take_frame(struct sim_frames *frames, u64 index)
{
	struct sim_frame *frame = frame_at(frames, index);

	BUG_ON(!frame->free);
	if (frame->prev)
		frame_at(frames, frame->prev - 1)->next = frame->next;
	else
		frames->free_frame = frame->next;
	if (frame->next)
		frame_at(frames, frame->next - 1)->prev = frame->prev;
	frame->free = false;
	frames->blocks[index >> SIM_ORDER_2M].nr_free--;
}

/* ---- Blocks ---- */

static void push_block(struct sim_frames *frames, u64 number)
{
	struct sim_frame_block *block = &frames->blocks[number];

	block->state = BLOCK_FREE;
	block->next = frames->free_block;
	frames->free_block = number + 1;
}

/* A block whose single frames are all free again becomes one that can be had whole. */
static bool reunite_block(struct sim_frames *frames)
{
	u64 number;
	u32 i;

	for (number = 0; number < frames->tail_unused; number++) {
		struct sim_frame_block *block = &frames->blocks[number];

		if (block->state != BLOCK_SINGLES || block->nr_free != BLOCK_FRAMES)
			continue;
		for (i = 0; i < BLOCK_FRAMES; i++)
			take_frame(frames, (number << SIM_ORDER_2M) + i);
		block->whole = block->frames[0];
		block->whole.free = true;
		block->whole.order = SIM_ORDER_2M;
		push_block(frames, number);
		return true;
	}
	return false;
}

/* The number of a block that is nobody's, or UINT64_MAX. */
static u64 take_block(struct sim_frames *frames)
{
	u64 number;

	if (!frames->free_block) {
		if (frames->first_unused < frames->first_giant)
			return frames->first_unused++;
		if (frames->tail_unused < frames->nr_blocks)
			return frames->tail_unused++;
		if (!reunite_block(frames))
			return UINT64_MAX;
	}
	number = frames->free_block - 1;
	frames->free_block = frames->blocks[number].next;
	return number;
}

static struct sim_frame *new_records(struct sim_frame_block *block)
{
	if (!block->frames)
		block->frames = sim_calloc(BLOCK_FRAMES, sizeof(*block->frames));
	return block->frames;
}

/* In which order the single frames of a new block are handed out: the @i-th of them. */
static u32 nth_single(const struct sim_frames *frames, u32 i)
{
	return frames->contiguous ? i : i * SCATTER % BLOCK_FRAMES;
}

/* All of a block, as the list that is empty now: what push_frame() would make, in one go. */
static void list_singles(struct sim_frames *frames, u64 number)
{
	struct sim_frame_block *block = &frames->blocks[number];
	u32 link = (u32)(number << SIM_ORDER_2M) + 1, nth = nth_single(frames, 0), prev = 0, i;

	frames->free_frame = link + nth;
	for (i = 0; i < BLOCK_FRAMES; i++) {
		u32 next = nth_single(frames, i + 1);
		struct sim_frame *frame = &block->frames[nth];

		frame->order = 0;
		frame->free = true;
		frame->prev = prev;
		frame->next = i + 1 < BLOCK_FRAMES ? link + next : 0;
		prev = link + nth;
		nth = next;
	}
	block->nr_free = BLOCK_FRAMES;
}

/* When no single frame is free. */
static bool break_block(struct sim_frames *frames)
{
	u64 number = take_block(frames);
	struct sim_frame_block *block;

	if (number == UINT64_MAX)
		return false;
	block = &frames->blocks[number];
	if (!new_records(block)) {
		block->whole.free = true;
		push_block(frames, number);
		return false;
	}
	block->state = BLOCK_SINGLES;
	list_singles(frames, number);
	return true;
}

/* ---- Allocation ---- */

static u64 alloc_single(struct sim_frames *frames, u64 hva, u64 hint)
{
	u64 index = frames->contiguous ? pfn_to_index(frames, hint) : UINT64_MAX;
	struct sim_frame *frame = index == UINT64_MAX ? NULL : frame_at(frames, index);

	if (!frame || !frame->free || frames->blocks[index >> SIM_ORDER_2M].state != BLOCK_SINGLES) {
		if (!frames->free_frame && !break_block(frames))
			return SIM_FRAME_NONE;
		index = frames->free_frame - 1;
	}
	take_frame(frames, index);
	own(frames, frame_at(frames, index), 0, hva);
	return index_to_pfn(index);
}

static u64 alloc_block(struct sim_frames *frames, u64 hva)
{
	u64 number = take_block(frames);

	if (number == UINT64_MAX)
		return SIM_FRAME_NONE;
	frames->blocks[number].state = BLOCK_WHOLE;
	own(frames, &frames->blocks[number].whole, SIM_ORDER_2M, hva);
	return index_to_pfn(number << SIM_ORDER_2M);
}

static u64 alloc_giant(struct sim_frames *frames, u64 hva)
{
	u64 number, i;

	if (frames->free_giant) {
		number = frames->free_giant - 1;
		frames->free_giant = frames->blocks[number].next;
	} else {
		if (frames->first_giant < frames->first_unused + GIANT_BLOCKS)
			return SIM_FRAME_NONE;
		number = frames->first_giant -= GIANT_BLOCKS;
	}
	frames->blocks[number].state = BLOCK_GIANT;
	for (i = 1; i < GIANT_BLOCKS; i++)
		frames->blocks[number + i].state = BLOCK_GIANT_TAIL;
	own(frames, &frames->blocks[number].whole, SIM_ORDER_1G, hva);
	return index_to_pfn(number << SIM_ORDER_2M);
}

u64 sim_frames_alloc(struct sim_frames *frames, int order, u64 hva, u64 hint)
{
	if (frames->fail_nth && !--frames->fail_nth)
		return SIM_FRAME_NONE;
	if (order == SIM_ORDER_1G)
		return alloc_giant(frames, hva);
	if (order == SIM_ORDER_2M)
		return alloc_block(frames, hva);
	return alloc_single(frames, hva, hint);
}

void sim_frames_fail_nth(struct sim_frames *frames, unsigned long n)
{
	frames->fail_nth = n;
}

/* ---- References ---- */

/* A frame that somebody has. */
static struct sim_frame *used_frame(struct sim_frames *frames, u64 pfn)
{
	u64 index = pfn_to_index(frames, pfn);
	struct sim_frame *frame;

	BUG_ON(index == UINT64_MAX);
	frame = frame_at(frames, index);
	BUG_ON(!frame || frame->free);
	return frame;
}

void sim_frames_ref(struct sim_frames *frames, u64 pfn, u32 nr)
{
	if (!sim_frames_is_zero(pfn))
		used_frame(frames, pfn)->refs += nr;
}

static void release_page(struct sim_frames *frames, struct sim_frame *frame, u64 index)
{
	u64 number = index >> SIM_ORDER_2M;

	disown(frames, frame);
	switch (frame->order) {
	case 0:
		push_frame(frames, index);
		break;
	case SIM_ORDER_2M:
		push_block(frames, number);
		break;
	default:
		/* It stays what it is: nothing else needs 1 GiB in one piece. */
		number &= ~(u64)(GIANT_BLOCKS - 1);
		frames->blocks[number].next = frames->free_giant;
		frames->free_giant = number + 1;
	}
}

void sim_frames_unref(struct sim_frames *frames, u64 pfn, u32 nr)
{
	struct sim_frame *frame;

	if (sim_frames_is_zero(pfn))
		return;
	frame = used_frame(frames, pfn);
	BUG_ON(frame->refs < nr);
	frame->refs -= nr;
	if (!frame->refs)
		release_page(frames, frame, pfn_to_index(frames, pfn));
}

int sim_frames_split(struct sim_frames *frames, u64 pfn, const u64 mapped[8])
{
	u64 index = pfn_to_index(frames, pfn), number = index >> SIM_ORDER_2M;
	struct sim_frame_block *block;
	u32 i;

	BUG_ON(index == UINT64_MAX || index & (BLOCK_FRAMES - 1));
	block = &frames->blocks[number];
	BUG_ON(block->state != BLOCK_WHOLE);
	if (!new_records(block))
		return -ENOMEM;

	block->state = BLOCK_SINGLES;
	block->nr_free = 0;
	for (i = BLOCK_FRAMES; i--;) {
		block->frames[i] = block->whole;
		block->frames[i].order = 0;
		block->frames[i].refs = 1;
		if (!(mapped[i / 64] >> (i % 64) & 1)) {
			block->frames[i].refs = 0;
			disown(frames, &block->frames[i]);
			push_frame(frames, index + i);
		}
	}
	return 0;
}

/* ---- All of them ---- */

int sim_frames_init(struct sim_frames *frames, u64 nr_frames, bool contiguous)
{
	memset(frames, 0, sizeof(*frames));
	if (!nr_frames)
		nr_frames = SIM_FRAMES_DEFAULT;
	/* The list of single frames numbers them by 32 bits. */
	if (nr_frames < BLOCK_FRAMES || nr_frames >= UINT32_MAX)
		return -EINVAL;
	frames->nr_blocks = nr_frames >> SIM_ORDER_2M;
	/* Behind the last whole 1 GiB is the tail, for smaller pages only. */
	frames->first_giant = frames->nr_blocks & ~(u64)(GIANT_BLOCKS - 1);
	frames->tail = frames->tail_unused = frames->first_giant;
	frames->contiguous = contiguous;
	/* Touched only where frames are used. */
	frames->blocks = sim_calloc(frames->nr_blocks, sizeof(*frames->blocks));
	return frames->blocks ? 0 : -ENOMEM;
}

void sim_frames_exit(struct sim_frames *frames)
{
	u64 i;

	/* Blocks outside of these ranges were never touched, or never broken up. */
	for (i = 0; frames->blocks && i < frames->first_unused; i++)
		sim_free(frames->blocks[i].frames);
	for (i = frames->tail; frames->blocks && i < frames->tail_unused; i++)
		sim_free(frames->blocks[i].frames);
	sim_free(frames->blocks);
	memset(frames, 0, sizeof(*frames));
}
