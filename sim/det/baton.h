/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_DET_BATON_H
#define SIM_DET_BATON_H

#include "sim/det/fibre.h"

/* Fibres that are OS threads.  For fibre.c only, which has the same functions for all. */

/** sim_baton_start() - make a thread, on @f's stack, that waits for its first turn: 0 or -errno. */
int sim_baton_start(struct sim_fibre *f);

/** sim_baton_switch() - pass the baton, and wait until it comes back. */
void sim_baton_switch(struct sim_fibre *from, struct sim_fibre *to);

/** sim_baton_drop() - end a thread where it waits, and wait for its end. */
void sim_baton_drop(struct sim_fibre *f);

#endif /* SIM_DET_BATON_H */
