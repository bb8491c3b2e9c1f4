/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LOAD_H
#define SIM_LOAD_H

#include <stddef.h>
#include <stdint.h>

/* The most bytes that a file may have, as it is and unpacked. */
#define SIM_LOAD_MAX	(UINT64_C(1) << 30)

/**
 * sim_load() - read a file into memory and unpack it if it is zstd-compressed.
 * @path: the file; zstd is recognised by its magic number, whatever the name
 * @len: set to the number of bytes on success
 * @err: on failure "PATH: what is wrong"
 * @err_size: bytes at @err
 *
 * Return: the bytes, to be freed by free(), or NULL.
 */
char *sim_load(const char *path, size_t *len, char *err, size_t err_size);

#endif /* SIM_LOAD_H */
