/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_RECORDING_WRITE_H
#define SIM_RECORDING_WRITE_H

#include <stdio.h>

#include "sim/recorder.h"
#include "sim/recording.h"

/** sim_write_head() - the first lines of a recording. */
void sim_write_head(FILE *out, const struct sim_recording_head *head);

/** sim_write_record() - one operation and what came of it, as a recording has it. */
void sim_write_record(FILE *out, const struct sim_op *op, const struct sim_recorder *rec);

#endif /* SIM_RECORDING_WRITE_H */
