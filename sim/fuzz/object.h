/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_FUZZ_OBJECT_H
#define SIM_FUZZ_OBJECT_H

#include <linux/types.h>

/*
 * What lies at an address, for people: "mmu_lock", "root#27->link.next", "SPTE L2 gfn
 * 0x40000".  An object is called by what it was when it was first seen, and keeps its name
 * when it has been freed.  All of this only while the run is on.
 */

enum sim_value_type {
	SIM_VALUE_NONE,		/* nothing to be read: a lock, or not known what it is */
	SIM_VALUE_NUMBER,
	SIM_VALUE_HEX,
	SIM_VALUE_POINTER,
	SIM_VALUE_SPTE,
	SIM_VALUE_ROLE,
	SIM_VALUE_MODE,		/* vcpu->mode */
	SIM_VALUE_REQUESTS,	/* vcpu->requests */
};

#define SIM_OBJECT_NAME_SIZE	48
#define SIM_OBJECT_LABEL_SIZE	32
#define SIM_OBJECT_VALUE_SIZE	48

struct sim_object {
	u64 container;		/* whose part it is: a number that tells them apart; 0: none */
	u8 type;		/* enum sim_value_type */
	u8 size;		/* bytes to be read there; 0: none */
	u8 level;		/* of an SPTE */
	char name[SIM_OBJECT_NAME_SIZE];	/* empty: not in simulated memory */
};

/** sim_object_reset() - a run begins: nothing has been seen. */
void sim_object_reset(void);

/** sim_object_describe() - what lies at an address. */
void sim_object_describe(const volatile void *address, struct sim_object *object);

/** sim_object_label() - the name of the whole that an address is in: false if there is none. */
bool sim_object_label(const volatile void *address, char *buf, size_t size);

/** sim_object_read() - its value: false if it has none, or is freed. */
bool sim_object_read(const volatile void *address, const struct sim_object *object, u64 *value);

/** sim_object_value() - a value that it has, or has had, in words; returns @buf. */
const char *sim_object_value(const struct sim_object *object, u64 value, char *buf, size_t size);

#endif /* SIM_FUZZ_OBJECT_H */
