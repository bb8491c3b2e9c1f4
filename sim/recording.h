/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_RECORDING_H
#define SIM_RECORDING_H

#include "sim/event.h"
#include "sim/scenario.h"

/* What the head of a recording says of the machine that was recorded. */
struct sim_recording_head {
	unsigned int kernel_line;
	char kernel[64];	/* as in "6.1.0-56-amd64" */
	bool ept;		/* format ept, else npt */
	unsigned int levels;	/* 4 or 5 */
	unsigned int maxphyaddr;	/* 32..52 */
	size_t nr_params;
	struct sim_param {
		char name[48];
		char value[16];
		unsigned int line;
	} params[32];
};

/* One operation and all that was recorded of it. */
struct sim_record {
	struct sim_op op;
	size_t first;		/* index of its first event in events[] */
	size_t nr;		/* number of its events */
};

/* A whole recording, held in memory. */
struct sim_recording {
	char *name;		/* the path it was read from */
	struct sim_recording_head head;
	struct sim_record *records;
	size_t nr_records;
	struct sim_event *events;
	size_t nr_events;
};

/**
 * sim_recording_read() - read a recording, plain or (by its magic number) zstd-compressed.
 * @path: the file
 * @err: on failure "PATH:LINE: what is wrong" (no line where there is none: "PATH: ...")
 * @err_size: bytes at @err
 *
 * All of the text is checked here: unknown keys, missing or double head lines,
 * operations with too few or too many words, numbers that overflow, events whose
 * fields are missing, doubled, out of order or out of range, events that do not
 * exist or stand in the wrong place, levels and parameters that the format does not
 * have, a file that ends in the middle of a line or whose last operation is not
 * "destroy", NUL bytes, lines beyond 1,024 bytes. More than 1 GiB of text is refused.
 *
 * Return: the recording, to be freed by sim_recording_free(), or NULL.
 */
struct sim_recording *sim_recording_read(const char *path, char *err, size_t err_size);

/**
 * sim_recording_parse() - as sim_recording_read(), of a text in memory (not compressed).
 * @name: stands for the path in messages
 * @text: the text; it need not be NUL terminated
 * @len: bytes at @text
 * @err: as for sim_recording_read()
 * @err_size: bytes at @err
 *
 * Return: as sim_recording_read().
 */
struct sim_recording *sim_recording_parse(const char *name, const char *text, size_t len,
					  char *err, size_t err_size);

/**
 * sim_recording_free() - free what sim_recording_read() or sim_recording_parse() returned.
 * @rec: the recording; NULL is allowed
 */
void sim_recording_free(struct sim_recording *rec);

#endif /* SIM_RECORDING_H */
