/* SPDX-License-Identifier: GPL-2.0-only */

#include <linux/bug.h>
#include <linux/rcupdate.h>

#include "sim/mem.h"
#include "sim/sim.h"
#include "sim/thread.h"

static unsigned int init_depth;

int sim_init(void)
{
	int ret;

	if (init_depth++)
		return 0;

	ret = sim_mem_init();
	if (ret)
		goto err_depth;
	sim_thread_init();
	ret = sim_rcu_start();
	if (ret)
		goto err_thread;
	return 0;

err_thread:
	sim_thread_exit();
	sim_mem_exit();
err_depth:
	init_depth--;
	return ret;
}

unsigned long sim_exit(void)
{
	if (WARN_ON(!init_depth) || --init_depth)
		return 0;

	rcu_barrier();
	sim_rcu_stop();
	sim_thread_exit();
	return sim_mem_exit();
}
