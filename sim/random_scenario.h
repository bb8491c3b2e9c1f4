/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_RANDOM_SCENARIO_H
#define SIM_RANDOM_SCENARIO_H

#include <stddef.h>
#include <stdint.h>

#include "sim/scenario.h"

/*
 * Random scenarios: legal, as sim_machine_check() has it, but with much in them that
 * KVM must refuse.  Addresses come from small sets, and what was used before is
 * used again, so that slots collide, pages are split and joined, and logs fill.
 */

#define SIM_RANDOM_MEMORIES	6
#define SIM_RANDOM_SLOTS	16
#define SIM_RANDOM_VCPUS	4

/* A slot that KVM should have taken; what it really did is not known here. */
struct sim_random_slot {
	uint64_t id, gpa, size;
	uint32_t flags;
};

struct sim_random_scenario {
	/* The source: a generator, or bytes until they are used up. */
	uint64_t state;
	const uint8_t *bytes;
	size_t nr_bytes, next;

	size_t nr_ops;
	struct { uint64_t size; enum sim_memory_kind kind; } memories[SIM_RANDOM_MEMORIES];
	size_t nr_memories;
	struct sim_random_slot slots[SIM_RANDOM_SLOTS];
	size_t nr_slots;
	uint32_t tried_ids;	/* a bit for each of the low ids that was ever used */
	unsigned int nr_vcpus;
	bool smram, paging;
};

/**
 * sim_random_scenario_init() - a scenario without end, from a seed.
 * @seed: the same seed gives the same scenario
 */
void sim_random_scenario_init(struct sim_random_scenario *scenario, uint64_t seed);

/**
 * sim_random_scenario_init_bytes() - a scenario from the input of a fuzzer.
 * @bytes: each decides about something; they must stay until the end
 * @nr: how many there are
 */
void sim_random_scenario_init_bytes(struct sim_random_scenario *scenario, const uint8_t *bytes,
				    size_t nr);

/**
 * sim_random_scenario_next() - the next operation.
 * @op: filled; its text is empty, sim_op_print() makes one
 *
 * The first is "vm".  "destroy" is not among them.
 *
 * Return: false when the bytes are used up.
 */
bool sim_random_scenario_next(struct sim_random_scenario *scenario, struct sim_op *op);

/**
 * sim_random_below() - a number from the scenario's source.
 * @n: not 0
 *
 * Return: 0 to @n - 1; 0 when the bytes are used up.
 */
uint64_t sim_random_below(struct sim_random_scenario *scenario, uint64_t n);

#endif /* SIM_RANDOM_SCENARIO_H */
