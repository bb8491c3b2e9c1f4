/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_THREAD_H
#define _SIM_THREAD_H

#include <linux/types.h>

/**
 * sim_thread_init() - make this thread one that may use the simulator
 *
 * Registers it as an RCU reader.  Threads of kthread_create() and of workqueues are born registered.
 * Calls nest.
 */
void sim_thread_init(void);

/**
 * sim_thread_exit() - undo sim_thread_init(), before the thread ends
 *
 * The thread holds no lock and is in no RCU read-side section; what it does hold is reported.  Its
 * caches of free memory go back to where other threads find them.
 */
void sim_thread_exit(void);

/**
 * sim_thread_registered() - is this thread between sim_thread_init() and sim_thread_exit()?
 */
bool sim_thread_registered(void);

#endif
