/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_SIM_H
#define _SIM_SIM_H

/**
 * sim_init() - bring up the world: memory, the RCU worker, and this thread's registration
 *
 * Calls nest; only the first one does something.
 *
 * Return: 0, -ENOMEM or -EAGAIN.
 */
int sim_init(void);

/**
 * sim_exit() - undo sim_init(); the last call takes the world down
 *
 * By the thread that called sim_init(), when all others have ended.  Runs the RCU callbacks that are
 * still waiting, then gives all freed memory back.
 *
 * Return: how many pages and objects are still in use: leaks; 0 if this was not the last call.
 */
unsigned long sim_exit(void);

/**
 * sim_rcu_callbacks_pending() - how many callbacks of call_rcu() have not been called yet
 *
 * One that is running counts.
 */
unsigned long sim_rcu_callbacks_pending(void);

/**
 * sim_rcu_start() - start what runs the callbacks of call_rcu(); for sim_init()
 *
 * Return: 0 or -EAGAIN.
 */
int sim_rcu_start(void);

/**
 * sim_rcu_stop() - run the callbacks that are left, then end what runs them; for sim_exit()
 */
void sim_rcu_stop(void);

#endif
