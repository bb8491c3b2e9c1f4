/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_EXPECT_H
#define SIM_EXPECT_H

#include "sim/machine.h"

/*
 * Expectations: what a scenario says must be true of the operation before it, or of
 * the page tables behind it.  docs/scenarios.md has the language.
 */
enum sim_expect_type {
	SIM_EXPECT_RET,
	SIM_EXPECT_EXIT,
	SIM_EXPECT_DIRTY,
	SIM_EXPECT_YOUNG,
	SIM_EXPECT_EVENTS,
	SIM_EXPECT_STAT,
	SIM_EXPECT_SPTE,
	SIM_EXPECT_LEVEL,
};

/* What is asked of an SPTE: for each word one bit in @want or @unwanted. */
struct sim_expect_spte {
	u32 want, unwanted;
	bool has_bits, has_pfn;
	u64 bits, pfn;
};

struct sim_expect {
	enum sim_expect_type type;
	unsigned int line;
	s64 number;		/* ret, young, level; events, stat: how many */
	enum sim_event_type event;	/* events; exit: SIM_EV_NR for none */
	enum sim_stat stat;
	bool smm;		/* look in address space 1 */
	bool nested;		/* look under the root of nested guests */
	u64 gpa;
	int level;
	struct sim_expect_spte spte;
	struct sim_event result;	/* exit: the line itself; dirty: the only range */
	bool any_address;	/* exit mmio: whatever it was */
	char text[160];		/* as it was written, for messages */
};

/**
 * sim_expect_parse() - read an expectation.
 * @text: the line behind the word "expect"
 * @err: what is wrong, without file or line
 */
bool sim_expect_parse(const char *text, struct sim_expect *expect, char *err, size_t err_size);

/**
 * sim_expect_holds() - whether it is so.
 * @machine: after an operation
 * @found: what is there instead, in words, if it is not
 */
bool sim_expect_holds(const struct sim_expect *expect, struct sim_machine *machine, char *found,
		      size_t found_size);

#endif /* SIM_EXPECT_H */
