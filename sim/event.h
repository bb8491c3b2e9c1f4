/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_EVENT_H
#define SIM_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * One line of a recording: an input of the host, something the MMU did, or a
 * result of an operation.  The text form is documented in docs/recordings.md;
 * every type's fields, in the order in which the text has them, are one row of
 * the table in event.c, which both the parser and the printer follow.
 */
enum sim_event_type {
	/* Inputs: what the host's memory management did. */
	SIM_EV_HOST_PAGE,
	SIM_EV_HOST_UNMAP,
	SIM_EV_HOST_AGE,
	SIM_EV_HOST_TEST_AGE,
	SIM_EV_HOST_SET_PTE,
	SIM_EV_HOST_MAP,
	/* What the MMU did, named after KVM's tracepoints and functions. */
	SIM_EV_PAGE_FAULT,
	SIM_EV_SPTE_REQUESTED,
	SIM_EV_GET_PAGE,
	SIM_EV_PREPARE_ZAP_PAGE,
	SIM_EV_SPTE,
	SIM_EV_SET_SPTE,
	SIM_EV_FAST_PAGE_FAULT,
	SIM_EV_MARK_MMIO_SPTE,
	SIM_EV_HANDLE_MMIO_PAGE_FAULT,
	SIM_EV_CHECK_MMIO_SPTE,
	SIM_EV_SPLIT_HUGE_PAGE,
	SIM_EV_ZAP_ALL_FAST,
	SIM_EV_INVALIDATE_ALL_ROOTS,
	SIM_EV_ZAP_INVALIDATED_ROOTS,
	SIM_EV_ZAP_ROOT,
	SIM_EV_FLUSH_REMOTE_TLBS,
	/* Results of an operation. */
	SIM_EV_RET,
	SIM_EV_EXIT_MMIO,
	SIM_EV_EXIT_ERROR,
	SIM_EV_EXIT_SMM,
	SIM_EV_DIRTY,
	SIM_EV_YOUNG,	/* what a "test-young" found */
	SIM_EV_STAT,
	SIM_EV_NR
};

/* The value of a pfn field that reads "none". */
#define SIM_PFN_NONE	UINT64_MAX
/* The owner of a statistic that belongs to the VM and not to a vCPU. */
#define SIM_STAT_VM	UINT64_MAX
/* The most entries that one folded line stands for: 512 GiB of 4 KiB entries. */
#define SIM_RUN_MAX	(UINT64_C(1) << 27)

/* The statistics a recording may name, in the order in which they are printed. */
enum sim_stat {
	SIM_STAT_REMOTE_TLB_FLUSH_REQUESTS,
	SIM_STAT_PAGES_4K,
	SIM_STAT_PAGES_2M,
	SIM_STAT_PAGES_1G,
	SIM_STAT_NX_LPAGE_SPLITS,
	SIM_STAT_VM_NR,
	SIM_STAT_PF_TAKEN = SIM_STAT_VM_NR,
	SIM_STAT_PF_FIXED,
	SIM_STAT_PF_EMULATE,
	SIM_STAT_PF_SPURIOUS,
	SIM_STAT_PF_FAST,
	SIM_STAT_PF_MMIO_SPTE_CREATED,
	SIM_STAT_TLB_FLUSH,
	SIM_STAT_NR
};

/*
 * An event is its type and up to eight numbers.  A named view per type lies
 * over the array, field for field, so that code can name what a table walks.
 * SPTE values are a pair: the raw bits, and for an entry that points to a page
 * table the number of that table (1 for T1; 0 when it does not), in which case
 * the bits hold no frame number.
 */
struct sim_event {
	uint32_t type;
	uint32_t line;	/* of the file it was read from; 0 if it was produced */
	union {
		uint64_t v[8];
		struct { uint64_t gfn, pfn, size, writable; } host_page;	/* bytes */
		struct { uint64_t start, end; } host_range;	/* unmap, age; end exclusive */
		struct { uint64_t hva, size; } host_map;	/* set_pte, test_age: hva only */
		struct { uint64_t vcpu, gpa, error; } page_fault;
		struct { uint64_t gfn, pfn, level; } requested;
		struct { uint64_t gfn, level, role; } page;	/* get_page, prepare_zap_page */
		struct { uint64_t as, gfn, level, old, old_table, new, new_table, run; } spte;
		struct { uint64_t gfn, level, spte, table, access; } set_spte;
		struct { uint64_t vcpu, gpa, old, old_table, new, new_table, spurious, fixed; } fast;
		struct { uint64_t gfn, access, gen; } mark_mmio;
		struct { uint64_t gpa, gfn, access; } handle_mmio;
		struct { uint64_t spte, kvm_gen, spte_gen, valid; } check_mmio;
		struct { uint64_t gfn, spte, table, level, err; } split;	/* err: positive errno */
		struct { uint64_t level, shared; } zap_root;
		struct { uint64_t value; } ret;		/* a signed number; also exit_error */
		struct { uint64_t write, gpa, len; } exit_mmio;	/* len in bytes */
		struct { uint64_t first, last; } dirty;		/* pages, relative to the slot */
		struct { uint64_t young; } young;		/* 0 or 1 */
		struct { uint64_t owner, name, delta; } stat;	/* SIM_STAT_VM or vCPU; signed delta */
	};
};

/*
 * The role of a page-table page in an event: the bits of the kernel's role word
 * that its tracepoint prints (v6.1 to v6.13 layout).
 */
#define SIM_ROLE_DIRECT		(1u << 7)
#define SIM_ROLE_ACCESS_SHIFT	8	/* 3 bits: exec 1, write 2, user 4 */
#define SIM_ROLE_INVALID	(1u << 11)
#define SIM_ROLE_NX		(1u << 12)
#define SIM_ROLE_AD_DISABLED	(1u << 16)

/* The access letters of set_spte, "rwxu": a set of these bits. */
#define SIM_ACCESS_R	1u
#define SIM_ACCESS_W	2u
#define SIM_ACCESS_X	4u
#define SIM_ACCESS_U	8u

/**
 * sim_event_print() - write an event as the line a recording has, without indentation or newline.
 * @event: the event
 * @buf: where the text goes
 * @size: bytes at @buf; 256 suffice for every event
 *
 * Return: the length of the text, as snprintf().
 */
int sim_event_print(const struct sim_event *event, char *buf, size_t size);

/**
 * sim_event_parse() - read an indented line of a recording.
 * @text: the line, NUL terminated, without newline; leading spaces are skipped
 * @event: filled on success, but for @line
 * @err: a message of at most @err_size bytes on failure, without file or line
 * @err_size: bytes at @err
 *
 * Only the spelling that sim_event_print() has is accepted: the fields in their
 * order, one space between them, numbers without leading zeros, hex in lower case.
 * It knows no head, so a level is checked against 5 only.
 *
 * Return: true on success.
 */
bool sim_event_parse(const char *text, struct sim_event *event, char *err, size_t err_size);

/**
 * sim_event_equal() - compare what a recording has with what was produced.
 *
 * Field by field, with the two exceptions that docs/recordings.md names, for
 * page_fault: bit 0 of the error code is not compared where bit 3 is set in an
 * NPT code (no P bit on an MMIO fault), nor where bits 7 and 1 are set and bit 8
 * is clear in an EPT code (an access to a guest paging entry).
 * @want: from the recording
 * @got: produced
 * @ept: the error codes are EPT exit qualifications
 *
 * The numbers of page tables are compared as they are; a caller whose numbers are
 * not those of the recording renames them first.
 */
bool sim_event_equal(const struct sim_event *want, const struct sim_event *got, bool ept);

/**
 * sim_event_level() - the page-table level that an event speaks of, or 0 if it has none.
 * @event: the event
 */
unsigned int sim_event_level(const struct sim_event *event);

/**
 * sim_event_is_host() - whether the event is an input of the host.
 * @event: the event
 */
static inline bool sim_event_is_host(const struct sim_event *event)
{
	return event->type <= SIM_EV_HOST_MAP;
}

/**
 * sim_stat_name() - KVM's name of a statistic, as in "pf_taken".
 * @stat: below SIM_STAT_NR
 */
const char *sim_stat_name(enum sim_stat stat);

/**
 * sim_event_type_name() - what a line of this type starts with, as in "spte" or "host page".
 * @type: below SIM_EV_NR
 */
const char *sim_event_type_name(enum sim_event_type type);

#endif /* SIM_EVENT_H */
