/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "sim/fuzz/workload.h"

/* The machine of most: memory at 1 GiB in small pages, two vCPUs. */
#define VM_SMALL				\
	"vm\n"					\
	"memory ram 4m small\n"			\
	"slot 0 1g 2m ram 0\n"			\
	"vcpu 0\n"				\
	"vcpu 1\n"

/* The same, in huge pages. */
#define VM_HUGE					\
	"vm\n"					\
	"memory ram 4m thp\n"			\
	"fill ram 0 4m\n"			\
	"slot 0 1g 4m ram 0\n"			\
	"vcpu 0\n"				\
	"vcpu 1\n"

/* A second address space, so that there can be two roots. */
#define SMM_SLOT	"slot 0x10000 1g 1m ram 0\n"

static const struct sim_stock stock[] = {
	{ "fault-fault", "two vCPUs fault on the same page and on its neighbour",
	  VM_SMALL
	  "thread a\n"
	  "write 0 1g\n"
	  "read 0 0x40001000\n"
	  "thread b\n"
	  "read 1 1g\n"
	  "write 1 0x40001000\n", NULL },
	{ "fault-notifier", "a vCPU faults on a page that the host takes away",
	  VM_SMALL
	  "write 0 1g\n"
	  "thread a\n"
	  "write 0 1g\n"
	  "read 0 1g\n"
	  "thread host\n"
	  "madvise ram 0 4k dontneed\n", NULL },
	{ "zap-teardown", "the VM is destroyed while the worker zaps roots: the seed",
	  VM_SMALL SMM_SLOT
	  "write 0 1g\n"
	  "smi 0\n"
	  "thread close\n"
	  "destroy\n", NULL },
};

const struct sim_stock *sim_stock_at(unsigned int index)
{
	return index < sizeof(stock) / sizeof(stock[0]) ? &stock[index] : NULL;
}

const struct sim_stock *sim_stock_find(const char *name)
{
	const struct sim_stock *s;
	unsigned int i;

	for (i = 0; (s = sim_stock_at(i)); i++)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}
