/* SPDX-License-Identifier: GPL-2.0-only */

#include <linux/bug.h>
#include <linux/lockdep.h>

#include "sim/mem.h"
#include "sim/native/urcu.h"
#include "sim/thread.h"

static __thread unsigned int init_depth;

#if IS_ENABLED(CONFIG_PROVE_LOCKING)
static __thread struct sim_lockdep lockdep;

struct sim_lockdep *sim_lockdep_self(void)
{
	return &lockdep;
}
#endif

void sim_thread_init(void)
{
	if (!init_depth++)
		sim_urcu_register();
}

void sim_thread_exit(void)
{
	if (WARN_ON(!init_depth) || --init_depth)
		return;

	sim_lockdep_thread_exit();
	sim_mem_thread_exit();
	sim_urcu_unregister();
}

bool sim_thread_registered(void)
{
	return init_depth != 0;
}
