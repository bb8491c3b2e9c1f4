/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "sim/fuzz/workload.h"

/* Memory at 1 GiB in small pages, and a second slot that can go without being missed. */
#define VM_SMALL				\
	"vm\n"					\
	"memory ram 4m small\n"			\
	"slot 0 1g 2m ram 0\n"			\
	"slot 1 2g 1m ram 2m\n"			\
	"vcpu 0\n"				\
	"vcpu 1\n"

/* With a log on the second slot, and all of it in huge pages. */
#define VM_LOG_HUGE				\
	"vm\n"					\
	"memory ram 6m thp\n"			\
	"fill ram 0 6m\n"			\
	"slot 0 1g 4m ram 0\n"			\
	"slot 1 2g 2m ram 4m\n"		\
	"vcpu 0\n"				\
	"vcpu 1\n"

/* The first in huge pages. */
#define VM_HUGE					\
	"vm\n"					\
	"memory ram 6m thp\n"			\
	"fill ram 0 6m\n"			\
	"slot 0 1g 4m ram 0\n"			\
	"slot 1 2g 1m ram 4m\n"			\
	"vcpu 0\n"				\
	"vcpu 1\n"

/* A second address space, so that a vCPU has two roots. */
#define SMM_SLOT	"slot 0x10000 1g 1m ram 0\n"

/* 1 GiB and some pages on; the language of a workload has no expressions. */
#define PAGE_1		"0x40001000"
#define PAGE_2		"0x40002000"
#define BLOCK_1		"0x40200000"
#define BLOCK_1_PAGE_1	"0x40201000"

static const struct sim_stock stock[] = {
	{ "fault-fault", "two vCPUs fault on the same pages",
	  VM_SMALL
	  "thread a\n"
	  "write 0 1g\n"
	  "read 0 " PAGE_1 "\n"
	  "thread b\n"
	  "read 1 1g\n"
	  "write 1 " PAGE_1 "\n",
	  NULL },
	{ "fault-invalidate", "a vCPU faults while all roots are made invalid",
	  VM_SMALL
	  "write 0 1g\n"
	  "thread a\n"
	  "write 0 1g\n"
	  "write 0 " PAGE_1 "\n"
	  "thread ioctl\n"
	  "slot-delete 1\n",
	  NULL },
	{ "fault-notifier", "vCPUs fault on a page that the host takes away",
	  VM_SMALL
	  "write 0 1g\n"
	  "read 1 " PAGE_1 "\n"
	  "thread a\n"
	  "write 0 1g\n"
	  "read 0 1g\n"
	  "thread b\n"
	  "write 1 " PAGE_1 "\n"
	  "write 1 1g\n"
	  "thread host\n"
	  "madvise ram 0 8k dontneed\n",
	  NULL },
	{ "fault-slot-delete", "vCPUs fault on a memslot that is deleted",
	  VM_SMALL
	  "write 0 2g\n"
	  "thread a\n"
	  "write 0 2g\n"
	  "write 0 " PAGE_1 "\n"
	  "thread b\n"
	  "read 1 2g\n"
	  "write 1 1g\n"
	  "thread ioctl\n"
	  "slot-delete 1\n",
	  NULL },
	{ "zap-notifier", "roots are zapped while the host takes a page away",
	  VM_SMALL
	  "write 0 1g\n"
	  "write 0 " PAGE_1 "\n"
	  "write 1 2g\n"
	  "thread ioctl\n"
	  "slot-delete 1\n"
	  "thread host\n"
	  "madvise ram 0 8k dontneed\n"
	  "thread a\n"
	  "write 0 1g\n",
	  NULL },
	{ "zap-teardown", "the VM is destroyed while the worker zaps roots",
	  /* As a process ends: its memory goes first, with all that is mapped, then its files. */
	  VM_SMALL SMM_SLOT
	  "write 0 1g\n"
	  "smi 0\n"
	  "exit-mm\n"
	  "thread close\n"
	  "destroy\n",
	  NULL },
	{ "zap-exit", "the owner's memory goes while roots are zapped",
	  VM_SMALL
	  "write 0 1g\n"
	  "unload 1\n"
	  "thread a\n"
	  "unload 0\n"
	  "thread ioctl\n"
	  "slot-delete 1\n"
	  "thread exit\n"
	  "exit-mm\n",
	  NULL },
	{ "destroy-notifier", "the VM is destroyed while the host takes pages away and asks for their age",
	  VM_SMALL
	  "write 0 1g\n"
	  "thread close\n"
	  "destroy\n"
	  "thread host\n"
	  "madvise ram 0 4k dontneed\n"
	  "thread kswapd\n"
	  "age ram 4k 4k\n",
	  NULL },
	{ "getroot-invalidate", "vCPUs get a root while all roots are made invalid",
	  VM_SMALL
	  "write 0 1g\n"
	  "thread a\n"
	  "unload 0\n"
	  "write 0 1g\n"
	  "thread b\n"
	  "write 1 1g\n"
	  "thread ioctl\n"
	  "slot-delete 1\n",
	  NULL },
	{ "lastput-invalidate", "the last vCPU lets go of a root while all roots are made invalid",
	  VM_SMALL
	  "write 0 1g\n"
	  "write 1 2g\n"
	  "thread a\n"
	  "unload 0\n"
	  "thread b\n"
	  "unload 1\n"
	  "read 1 2g\n"
	  "thread ioctl\n"
	  "slot-delete 1\n",
	  NULL },
	{ "dirty-write", "a vCPU writes while the dirty log is fetched",
	  VM_SMALL
	  "slot-flags 0 log\n"
	  "write 0 " PAGE_1 "\n"
	  "dirty-get 0\n"
	  "write 0 1g\n"
	  "thread a\n"
	  "write 0 1g\n"
	  "write 0 " PAGE_1 "\n"
	  "write 0 1g\n"
	  "thread ioctl\n"
	  "dirty-get 0\n"
	  "dirty-get 0\n"
	  "thread host\n"
	  "madvise ram 4k 4k dontneed\n",
	  NULL },
	{ "clear-split", "a vCPU writes while clearing the log splits huge pages",
	  VM_HUGE
	  "manual-protect 3\n"
	  "write 0 1g\n"
	  "slot-flags 0 log\n"
	  "thread a\n"
	  "write 0 1g\n"
	  "write 0 " PAGE_1 "\n"
	  "thread ioctl\n"
	  "dirty-get 0\n"
	  "dirty-clear 0 0 64\n",
	  NULL },
	{ "nx-fault", "fetches and writes while huge pages are recovered",
	  VM_LOG_HUGE
	  "write 0 1g\n"
	  "exec 0 1g\n"
	  "exec 0 2g\n"
	  "write 0 0x80001000\n"
	  "slot-flags 1 log\n"
	  "read 0 0x80001000\n"
	  "write 1 " BLOCK_1 "\n"
	  "thread a\n"
	  "write 0 0x80001000\n"
	  "exec 0 " PAGE_1 "\n"
	  "thread b\n"
	  "exec 1 " BLOCK_1 "\n"
	  "write 1 1g\n"
	  "thread worker\n"
	  "nx-recover\n",
	  "nx=1" },
	{ "recover-write", "a vCPU writes by tables that it has cached while recovery takes them away",
	  VM_HUGE
	  "write 0 1g\n"
	  "exec 0 1g\n"
	  "write 0 " PAGE_1 "\n"
	  "slot-flags 0 log\n"
	  "read 0 " PAGE_1 "\n"
	  "thread a\n"
	  "write 0 " PAGE_1 "\n"
	  "thread worker\n"
	  "nx-recover\n",
	  "format=ept nx=1 ad=1 pml=1" },
	{ "fetch-log", "a vCPU fetches from a huge page while logging begins",
	  VM_HUGE
	  "write 0 1g\n"
	  "thread a\n"
	  "exec 0 1g\n"
	  "write 0 " PAGE_1 "\n"
	  "thread ioctl\n"
	  "slot-flags 0 log\n",
	  "nx=1 eager-split=0" },
	{ "fetch-collapse", "a vCPU fetches from a huge page while logging ends",
	  VM_HUGE
	  "slot-flags 0 log\n"
	  "exec 0 1g\n"
	  "thread a\n"
	  "exec 0 " BLOCK_1 "\n"
	  "thread ioctl\n"
	  "slot-flags 0\n",
	  "nx=1" },
	{ "split-fault", "faults on huge pages that logging splits",
	  VM_HUGE
	  "write 0 1g\n"
	  "write 1 " BLOCK_1 "\n"
	  "thread a\n"
	  "write 0 1g\n"
	  "write 0 " PAGE_1 "\n"
	  "thread b\n"
	  "exec 1 1g\n"
	  "write 1 " BLOCK_1 "\n"
	  "thread ioctl\n"
	  "slot-flags 0 log\n",
	  NULL },
	{ "collapse-fault", "faults on small pages that become huge again",
	  VM_HUGE
	  "slot-flags 0 log\n"
	  "write 0 1g\n"
	  "write 1 " PAGE_1 "\n"
	  "thread a\n"
	  "write 0 " PAGE_2 "\n"
	  "exec 0 " BLOCK_1 "\n"
	  "thread b\n"
	  "exec 1 " BLOCK_1_PAGE_1 "\n"
	  "write 1 1g\n"
	  "thread ioctl\n"
	  "slot-flags 0\n",
	  NULL },
	{ "age-zap", "pages are aged while the host takes them away",
	  VM_SMALL
	  "write 0 1g\n"
	  "write 0 " PAGE_1 "\n"
	  "thread a\n"
	  "write 0 1g\n"
	  "write 0 " PAGE_1 "\n"
	  "thread kswapd\n"
	  "age ram 0 8k\n"
	  "age ram 0 8k\n"
	  "thread host\n"
	  "madvise ram 0 4k dontneed\n",
	  NULL },
	{ "fastpf-zap", "writes take the fast path while roots and pages go",
	  VM_SMALL
	  "slot-flags 0 log\n"
	  "write 0 1g\n"
	  "write 1 " PAGE_1 "\n"
	  "dirty-get 0\n"
	  "thread a\n"
	  "write 0 1g\n"
	  "thread b\n"
	  "write 1 " PAGE_1 "\n"
	  "write 1 1g\n"
	  "thread host\n"
	  "madvise ram 0 4k dontneed\n"
	  "thread ioctl\n"
	  "slot-delete 1\n",
	  NULL },
	{ "delete-delete", "two memslots are deleted, and one comes back",
	  VM_SMALL
	  "write 0 1g\n"
	  "write 1 2g\n"
	  "slot 2 3g 1m ram 3m\n"
	  "read 0 3g\n"
	  "thread a\n"
	  "write 0 1g\n"
	  "write 0 3g\n"
	  "thread x\n"
	  "slot-delete 1\n"
	  "thread y\n"
	  "slot-delete 2\n"
	  "slot 2 3g 1m ram 3m\n",
	  NULL },
	{ "smm-invalidate", "vCPUs go in and out of SMM while roots go",
	  VM_SMALL SMM_SLOT
	  "write 0 1g\n"
	  "smi 0\n"
	  "thread a\n"
	  "smi 0\n"
	  "write 0 1g\n"
	  "thread b\n"
	  "smi 1\n"
	  "thread ioctl\n"
	  "slot-delete 1\n"
	  "thread host\n"
	  "madvise ram 0 8k dontneed\n",
	  NULL },
	{ "create-fail", "another VM fails to be made beside one that runs",
	  VM_SMALL
	  "write 0 1g\n"
	  "thread a\n"
	  "write 0 1g\n"
	  "thread vmm\n"
	  "create-fail\n"
	  "thread ioctl\n"
	  "slot-delete 1\n",
	  NULL },
	{ "nested-notifiers", "two invalidations overlap, beside a nested guest",
	  VM_SMALL
	  "nested 1 on\n"
	  "read 0 " PAGE_2 "\n"
	  "read 1 " PAGE_2 "\n"
	  "thread a\n"
	  "read 0 " PAGE_2 "\n"
	  "write 0 1g\n"
	  "thread b\n"
	  "read 1 " PAGE_2 "\n"
	  "write 1 " PAGE_2 "\n"
	  "thread host\n"
	  "madvise ram 0 12k dontneed\n",
	  NULL },
	{ "nested-log", "a vCPU leaves and enters a nested guest while writes are logged",
	  VM_SMALL
	  "slot-flags 0 log\n"
	  "nested 0 on\n"
	  "write 0 " PAGE_1 "\n"
	  "write 1 1g\n"
	  "dirty-get 0\n"
	  "thread a\n"
	  "nested 0 off\n"
	  "write 0 1g\n"
	  "nested 0 on\n"
	  "write 0 " PAGE_1 "\n"
	  "thread b\n"
	  "write 1 " PAGE_1 "\n"
	  "thread ioctl\n"
	  "dirty-get 0\n",
	  NULL },
	{ "smm-log", "what is written in SMM is logged",
	  VM_SMALL SMM_SLOT
	  "slot-flags 0x10000 log\n"
	  "smi 0\n"
	  "dirty-get 0x10000\n"
	  "thread a\n"
	  "smi 0\n"
	  "write 0 1g\n"
	  "thread b\n"
	  "smi 1\n"
	  "thread ioctl\n"
	  "dirty-get 0x10000\n",
	  NULL },
	{ "age-write", "pages of a log are aged while writes take the fast path",
	  VM_SMALL
	  "write 0 1g\n"
	  "slot-flags 0 log\n"
	  "thread a\n"
	  "write 0 1g\n"
	  "thread kswapd\n"
	  "age ram 0 8k\n"
	  "thread ioctl\n"
	  "dirty-get 0\n",
	  NULL },
	{ "age-log", "huge pages are aged while the log of them is cleared",
	  VM_HUGE
	  "manual-protect 3\n"
	  "write 0 1g\n"
	  "slot-flags 0 log\n"
	  "thread a\n"
	  "read 0 1g\n"
	  "write 0 1g\n"
	  "thread kswapd\n"
	  "age ram 0 4k\n"
	  "thread ioctl\n"
	  "dirty-clear 0 0 64\n"
	  "dirty-get 0\n",
	  NULL },
	{ "young-log", "pages are aged without a flush while logging begins",
	  VM_SMALL
	  "write 0 1g\n"
	  "thread a\n"
	  "write 0 1g\n"
	  "thread host\n"
	  "clear-young ram 0 4k\n"
	  "thread ioctl\n"
	  "slot-flags 0 log\n"
	  "dirty-get 0\n",
	  NULL },
	{ "ragged-log", "64 pages that lie in two huge ones are cleared from the log while they are written",
	  "vm\n"
	  "memory ram 6m thp\n"
	  "fill ram 0 6m\n"
	  "slot 0 0x401f0000 3m ram 0x1f0000\n"
	  "vcpu 0\n"
	  "vcpu 1\n"
	  "manual-protect 3\n"
	  "write 0 " BLOCK_1_PAGE_1 "\n"
	  "slot-flags 0 log\n"
	  "thread a\n"
	  "write 0 " BLOCK_1_PAGE_1 "\n"
	  "thread b\n"
	  "write 1 0x401ff000\n"
	  "write 1 " BLOCK_1_PAGE_1 "\n"
	  "thread ioctl\n"
	  "dirty-clear 0 0 64\n",
	  "eager-split=0" },
	{ "split-zap", "huge pages are split for the log while the host takes them away",
	  VM_HUGE
	  "manual-protect 3\n"
	  "write 0 1g\n"
	  "slot-flags 0 log\n"
	  "thread a\n"
	  "write 0 1g\n"
	  "thread host\n"
	  "madvise ram 0 2m dontneed\n"
	  "thread ioctl\n"
	  "dirty-clear 0 0 64\n",
	  NULL },
	{ "range-zap", "a range is zapped that vCPUs use, in SMM too",
	  VM_SMALL SMM_SLOT
	  "write 0 1g\n"
	  "smi 0\n"
	  "thread a\n"
	  "write 0 1g\n"
	  "smi 0\n"
	  "thread b\n"
	  "write 1 1g\n"
	  "thread ioctl\n"
	  "zap-range 1g 4k\n",
	  NULL },
	{ "huge-1g", "a 1 GiB page is taken apart, for the log and for fetches, and taken away",
	  "vm\n"
	  "memory ram 1g hugetlb1g\n"
	  "slot 0 1g 1g ram 0\n"
	  "vcpu 0\n"
	  "vcpu 1\n"
	  "write 0 1g\n"
	  "thread a\n"
	  "exec 0 " BLOCK_1_PAGE_1 "\n"
	  "write 0 " PAGE_1 "\n"
	  "thread b\n"
	  "write 1 " PAGE_2 "\n"
	  "read 1 " BLOCK_1_PAGE_1 "\n"
	  "thread host\n"
	  "madvise ram 0 1g dontneed\n"
	  "thread ioctl\n"
	  "slot-flags 0 log\n"
	  "nx-recover\n",
	  "eager-split=0" },
	{ "move-log", "a memslot is moved while it is logged, and comes back",
	  VM_SMALL
	  "write 0 2g\n"
	  "slot-flags 1 log\n"
	  "write 0 2g\n"
	  "thread a\n"
	  "write 0 2g\n"
	  "thread ioctl\n"
	  "slot-move 1 3g\n"
	  "dirty-get 1\n"
	  "slot-move 1 2g\n",
	  NULL },
	{ "mmio-slot", "MMIO at a place where a memslot comes",
	  VM_SMALL
	  "read 0 3g\n"
	  "read 1 2g\n"
	  "thread a\n"
	  "read 0 3g\n"
	  "write 0 3g\n"
	  "thread b\n"
	  "read 1 2g\n"
	  "thread ioctl\n"
	  "slot-move 1 3g\n",
	  NULL },
	{ "late-vcpus", "two vCPUs are made at once, and run while the host takes a page away",
	  "vm\n"
	  "memory ram 4m small\n"
	  "slot 0 1g 2m ram 0\n"
	  "thread a\n"
	  "vcpu 0\n"
	  "write 0 1g\n"
	  "thread b\n"
	  "vcpu 1\n"
	  "write 1 1g\n"
	  "thread host\n"
	  "madvise ram 0 4k dontneed\n",
	  NULL },
	{ "late-vcpu", "a vCPU is made while another runs and is logged",
	  "vm\n"
	  "memory ram 4m small\n"
	  "slot 0 1g 2m ram 0\n"
	  "slot 1 2g 1m ram 2m\n"
	  "vcpu 0\n"
	  "slot-flags 0 log\n"
	  "write 0 1g\n"
	  "dirty-get 0\n"
	  "thread a\n"
	  "write 0 1g\n"
	  "thread b\n"
	  "vcpu 1\n"
	  "write 1 1g\n"
	  "thread ioctl\n"
	  "slot-delete 1\n"
	  "dirty-get 0\n",
	  NULL },
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
