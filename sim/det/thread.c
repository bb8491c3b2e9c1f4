/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/thread.h"

/* Tasks are registered by being tasks. */

void sim_thread_init(void)
{
}

void sim_thread_exit(void)
{
}

bool sim_thread_registered(void)
{
	return true;
}
