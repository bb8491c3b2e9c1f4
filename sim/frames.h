/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_FRAMES_H
#define SIM_FRAMES_H

#include <linux/types.h>

/*
 * The host's data frames: numbers with an owner record each, and no contents.
 *
 * They come in blocks of 512 (2 MiB, aligned).  A block is handed out whole, as a huge
 * page, or broken up into single frames; 512 blocks in a row, aligned, make a 1 GiB page.
 * Blocks are taken from the low end, 1 GiB pages from the high end.  What is freed is
 * handed out first, the last one freed before all others, so a frame that is used after
 * its end soon belongs to somebody else.  Records are made when a block is first used.
 *
 * All is determined by the order of the calls.  Not thread safe: the owner has a lock.
 */

#define SIM_FRAME_NONE		UINT64_MAX
/* The two pages of zeroes that all the host's processes share; never allocated or freed. */
#define SIM_FRAME_ZERO		UINT64_C(0x1000)
#define SIM_FRAME_HUGE_ZERO	UINT64_C(0x1200)
/* Frames of a huge page, as a power of two. */
#define SIM_ORDER_2M		9
#define SIM_ORDER_1G		18
/* What "nr_frames = 0" stands for: 256 GiB. */
#define SIM_FRAMES_DEFAULT	(UINT64_C(1) << 26)

/* Who has a frame.  A huge page has one record, that of its first frame. */
struct sim_frame {
	u64 hva;		/* host address that it was allocated for */
	u64 generation;		/* number of that allocation; differs each time */
	u32 refs;		/* mappings of the host, and references that KVM took */
	u8 order;		/* 0, or SIM_ORDER_* while it is (part of) a huge page */
	bool free;
	u32 prev, next;		/* in the list of free frames: index + 1 */
};

struct sim_frame_block;

struct sim_frames {
	struct sim_frame_block *blocks;
	/* New blocks are those from first_unused to first_giant, and from tail_unused on. */
	u64 nr_blocks, first_unused, first_giant, tail, tail_unused;
	u32 free_frame;			/* heads of the lists of free ones: index + 1 */
	u64 free_block, free_giant;
	u64 generation, nr_in_use;
	unsigned long fail_nth;
	bool contiguous;
};

/**
 * sim_frames_init() - a host with memory.
 * @frames: uninitialised
 * @nr_frames: how many there are, rounded down to whole blocks; 0: SIM_FRAMES_DEFAULT
 * @contiguous: single frames that are new are handed out in ascending order, and next to
 *              the hint if that one is free; otherwise neighbours in time are not
 *              neighbours in memory
 *
 * Frame numbers avoid the window of sim/mem.h, where the page tables are.
 *
 * Return: 0; -EINVAL if there would be no block, or more than the lists can number;
 * -ENOMEM.
 */
int sim_frames_init(struct sim_frames *frames, u64 nr_frames, bool contiguous);

/** sim_frames_exit() - free the records; frames may still be in use. */
void sim_frames_exit(struct sim_frames *frames);

/**
 * sim_frames_alloc() - take a page, with one reference.
 * @order: 0, SIM_ORDER_2M or SIM_ORDER_1G
 * @hva: for the owner record
 * @hint: a frame that would be liked best (order 0, contiguous only), or SIM_FRAME_NONE
 *
 * Return: the number of its first frame, or SIM_FRAME_NONE: out of memory, or told to fail.
 */
u64 sim_frames_alloc(struct sim_frames *frames, int order, u64 hva, u64 hint);

/**
 * sim_frames_fail_nth() - let an allocation fail.
 * @n: which one from now on, of whatever order; 1 is the next; 0 is none
 */
void sim_frames_fail_nth(struct sim_frames *frames, unsigned long n);

/**
 * sim_frames_ref() - take references.
 * @pfn: a frame, or any one of a huge page, in use; the pages of zeroes are not counted
 */
void sim_frames_ref(struct sim_frames *frames, u64 pfn, u32 nr);

/** sim_frames_unref() - drop references; with the last of them the page is free. */
void sim_frames_unref(struct sim_frames *frames, u64 pfn, u32 nr);

/**
 * sim_frames_split() - make 512 pages of a 2 MiB page.
 * @pfn: its first frame
 * @mapped: a bit for each frame that goes on being used, with one reference; the others
 *          become free
 *
 * The references of the huge page are gone.  hva and generation are inherited.
 *
 * Return: 0, or -ENOMEM (of the simulator), and nothing has changed.
 */
int sim_frames_split(struct sim_frames *frames, u64 pfn, const u64 mapped[8]);

/**
 * sim_frames_get() - the owner record of a frame.
 * @pfn: any number
 *
 * Valid until the next call that changes something.
 *
 * Return: the record (of the huge page that @pfn is part of), or NULL if the host has no
 * such data frame or never used it.
 */
const struct sim_frame *sim_frames_get(const struct sim_frames *frames, u64 pfn);

/** sim_frames_is_zero() - whether @pfn belongs to one of the pages of zeroes. */
static inline bool sim_frames_is_zero(u64 pfn)
{
	return pfn == SIM_FRAME_ZERO || pfn >> SIM_ORDER_2M == SIM_FRAME_HUGE_ZERO >> SIM_ORDER_2M;
}

#endif /* SIM_FRAMES_H */
