/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_NATIVE_URCU_H
#define _SIM_NATIVE_URCU_H

/* What the rest of sim/native/ needs of liburcu, without its headers. */

/**
 * sim_urcu_register() - make this thread one whose read-side sections count
 */
void sim_urcu_register(void);

/**
 * sim_urcu_unregister() - undo sim_urcu_register(); the thread is in no section
 */
void sim_urcu_unregister(void);

/**
 * sim_urcu_synchronize() - wait until every reader of now has left its section
 */
void sim_urcu_synchronize(void);

#endif
