/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The operations of the scenario language; docs/scenarios.md has their meaning. */
enum sim_op_type {
	SIM_OP_VM,
	SIM_OP_MEMORY,
	SIM_OP_FILL,
	SIM_OP_SLOT,
	SIM_OP_SLOT_FLAGS,
	SIM_OP_SLOT_MOVE,
	SIM_OP_SLOT_DELETE,
	SIM_OP_VCPU,
	SIM_OP_READ,
	SIM_OP_WRITE,
	SIM_OP_EXEC,
	SIM_OP_MADVISE,
	SIM_OP_MPROTECT,
	SIM_OP_MUNMAP,
	SIM_OP_IDLE,
	SIM_OP_DIRTY_GET,
	SIM_OP_DIRTY_CLEAR,
	SIM_OP_MANUAL_PROTECT,
	SIM_OP_PARAM,
	SIM_OP_NX_RECOVER,
	SIM_OP_FORK,
	SIM_OP_SMRAM,
	SIM_OP_SMI,
	/* These are the simulator's own: no recording of a real kernel has them. */
	SIM_OP_SWEEP,
	SIM_OP_RANDOM,
	SIM_OP_PREFAULT,
	SIM_OP_AGE,
	SIM_OP_TEST_YOUNG,
	SIM_OP_NESTED,
	SIM_OP_PAGING,
	SIM_OP_GUEST_MAP,
	SIM_OP_DESTROY,
	SIM_OP_NR
};

/* The kind of a "memory": which page sizes the host may use for it. */
enum sim_memory_kind {
	SIM_MEMORY_SMALL,
	SIM_MEMORY_THP,
	SIM_MEMORY_HUGETLB2M,
	SIM_MEMORY_HUGETLB1G,
};

/* The advice of a "madvise". */
enum sim_advice {
	SIM_MADV_DONTNEED,
	SIM_MADV_COLLAPSE,
	SIM_MADV_HUGEPAGE,
	SIM_MADV_NOHUGEPAGE,
};

/* What the accesses of a "sweep" or a "random" are. */
enum sim_op_access {
	SIM_OP_ACCESS_READ,
	SIM_OP_ACCESS_WRITE,
	SIM_OP_ACCESS_EXEC,
	SIM_OP_ACCESS_MIX,	/* reads and writes, one in two */
};

/* Slot flags as the language has them; the values are KVM's KVM_MEM_* bits. */
#define SIM_SLOT_LOG	1u	/* KVM_MEM_LOG_DIRTY_PAGES */
#define SIM_SLOT_RO	2u	/* KVM_MEM_READONLY */

/* Bytes for the text of an operation, its NUL included. */
#define SIM_OP_TEXT_SIZE	160

/* A scenario can have so many VMs, all of one process. */
#define SIM_MAX_VMS	4

/* One operation of a scenario.  Which members count depends on the type. */
struct sim_op {
	enum sim_op_type type;
	unsigned int line;	/* of the file it was read from */
	unsigned int vm;	/* whose it is: the number behind "in", else 0 */
	char name[48];		/* memory, fill, slot, host operations; param: its name */
	char value[16];		/* param: its new value */
	uint64_t id;		/* slot id, or vCPU number */
	uint64_t gpa;		/* slot, slot-move, accesses: bytes */
	uint64_t linear;	/* guest-map */
	uint64_t offset;	/* bytes into the memory; dirty-clear: first page */
	uint64_t size;		/* bytes; dirty-clear: pages */
	uint32_t flags;		/* slot, slot-flags: SIM_SLOT_*; manual-protect: KVM's flags */
	uint32_t prot;		/* mprotect: PROT_READ 1, PROT_WRITE 2, PROT_EXEC 4 */
	uint64_t count;		/* random: number of accesses */
	uint64_t seed;		/* random */
	enum sim_memory_kind kind;
	enum sim_advice advice;
	enum sim_op_access access;	/* sweep, random */
	bool on;		/* nested */
	char text[SIM_OP_TEXT_SIZE];	/* the spelling it was read in; empty if it was made */
};

/**
 * sim_op_parse() - read one operation.
 * @text: the line after the word "op" (in a recording) or the whole line (in a
 *        scenario), NUL terminated, without newline
 * @op: filled on success, but for @line
 * @err: a message on failure, without file or line
 * @err_size: bytes at @err
 *
 * Checks words, numbers and ranges; it does not know which slots or vCPUs exist.
 * What KVM itself judges (the alignment of a slot, the flags of a capability) is
 * left to it.
 *
 * Return: true on success.
 */
bool sim_op_parse(const char *text, struct sim_op *op, char *err, size_t err_size);

/**
 * sim_op_print() - write an operation as it stands in a scenario, canonical spelling.
 * @op: the operation; its text does not count
 * @buf: where the text goes
 * @size: bytes at @buf; SIM_OP_TEXT_SIZE suffice for every operation
 *
 * sim_op_parse() reads the result back to the same operation.
 *
 * Return: the length of the text, as snprintf().
 */
int sim_op_print(const struct sim_op *op, char *buf, size_t size);

/**
 * sim_op_name() - the word an operation of this type starts with.
 * @type: below SIM_OP_NR
 */
const char *sim_op_name(enum sim_op_type type);

/**
 * sim_number_parse() - read a number of the language: decimal or 0x, with a suffix k m g or t.
 * @s: its first character; need not be NUL terminated
 * @n: its length
 *
 * Return: false if it is none, or beyond 64 bits.
 */
bool sim_number_parse(const char *s, size_t n, uint64_t *value);

#endif /* SIM_SCENARIO_H */
