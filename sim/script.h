/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_SCRIPT_H
#define SIM_SCRIPT_H

#include "sim/expect.h"

/*
 * A scenario file: the operations of the language, and around them loops, variables,
 * conditions and expectations.  Reading one unrolls it into steps.
 */

/* What the conditions of a line (@ept, @v6.12, @5) are about. */
struct sim_script_config {
	const struct sim_profile *profile;
	bool ept;
	unsigned int levels;
};

struct sim_step {
	bool is_expect;
	unsigned int line;
	union {
		struct sim_op op;
		struct sim_expect expect;
	};
};

struct sim_script {
	char *name;
	struct sim_step *steps;
	size_t nr_steps, capacity;
};

/* More steps than this are taken for a mistake. */
#define SIM_SCRIPT_MAX_STEPS	(1u << 20)

/**
 * sim_script_parse() - read a scenario.
 * @name: stands for the file in messages
 * @text: need not be NUL terminated
 * @len: bytes at @text
 * @config: under which it will run
 * @err: on failure "NAME:LINE: what is wrong"
 *
 * Whether the operations fit together is checked too, see sim_machine_check().  A
 * "destroy" is added at the end if there is none.
 *
 * Return: the script, to be freed by sim_script_free(), or NULL.
 */
struct sim_script *sim_script_parse(const char *name, const char *text, size_t len,
				    const struct sim_script_config *config, char *err,
				    size_t err_size);

/** sim_script_read() - the same of a file, plain or zstd-compressed. */
struct sim_script *sim_script_read(const char *path, const struct sim_script_config *config,
				   char *err, size_t err_size);

/** sim_script_free() - free a script; NULL is allowed. */
void sim_script_free(struct sim_script *script);

#endif /* SIM_SCRIPT_H */
