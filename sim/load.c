/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/load.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define FIRST_ROOM	(64u << 10)

/* Bytes that grow. */
struct bytes {
	char *data;
	size_t len;
	size_t cap;
};

/* What is wrong, or NULL. */
static const char *make_room(struct bytes *bytes)
{
	size_t cap = bytes->cap ? bytes->cap * 2 : FIRST_ROOM;
	char *data;

	if (bytes->len < bytes->cap)
		return NULL;
	/* One more than the limit, so that a file of just that size is told from a larger one. */
	if (cap > SIM_LOAD_MAX)
		cap = SIM_LOAD_MAX + 1;
	if (cap == bytes->cap)
		return "more than 1 GiB";
	data = realloc(bytes->data, cap);
	if (!data)
		return "out of memory";
	bytes->data = data;
	bytes->cap = cap;
	return NULL;
}

static const char *read_file(const char *path, struct bytes *bytes)
{
	FILE *file = fopen(path, "rb");
	const char *wrong = NULL;

	if (!file)
		return strerror(errno);
	while (!wrong && !feof(file)) {
		wrong = make_room(bytes);
		if (wrong)
			break;
		bytes->len += fread(bytes->data + bytes->len, 1, bytes->cap - bytes->len, file);
		if (ferror(file))
			wrong = strerror(errno);
	}
	fclose(file);
	return wrong;
}

static bool is_zstd(const struct bytes *bytes)
{
	static const unsigned char magic[4] = { 0x28, 0xb5, 0x2f, 0xfd };

	return bytes->len >= sizeof(magic) && memcmp(bytes->data, magic, sizeof(magic)) == 0;
}

static const char *decompress(ZSTD_DStream *stream, const struct bytes *packed,
			      struct bytes *plain)
{
	ZSTD_inBuffer in = { packed->data, packed->len, 0 };
	size_t left = 1;

	/* Once the input is used up, a frame may still have output to give. */
	for (;;) {
		const char *wrong = make_room(plain);
		ZSTD_outBuffer out;

		if (wrong)
			return wrong;
		out = (ZSTD_outBuffer){ plain->data, plain->cap, plain->len };
		left = ZSTD_decompressStream(stream, &out, &in);
		if (ZSTD_isError(left))
			return ZSTD_getErrorName(left);
		plain->len = out.pos;
		if (in.pos == in.size && (left == 0 || out.pos < out.size))
			break;
	}
	return left ? "the compressed data end in the middle" : NULL;
}

static const char *unpack(const struct bytes *packed, struct bytes *plain)
{
	unsigned long long size = ZSTD_getFrameContentSize(packed->data, packed->len);
	ZSTD_DStream *stream;
	const char *wrong;

	/* A frame that tells its size need not be unpacked to be refused. */
	if (size != ZSTD_CONTENTSIZE_UNKNOWN && size != ZSTD_CONTENTSIZE_ERROR &&
	    size > SIM_LOAD_MAX)
		return "more than 1 GiB";
	stream = ZSTD_createDStream();
	if (!stream)
		return "out of memory";
	wrong = decompress(stream, packed, plain);
	ZSTD_freeDStream(stream);
	return wrong;
}

char *sim_load(const char *path, size_t *len, char *err, size_t err_size)
{
	struct bytes file = { 0 }, plain = { 0 };
	const char *wrong = read_file(path, &file);

	if (!wrong && is_zstd(&file)) {
		wrong = unpack(&file, &plain);
		free(file.data);
		file = plain;
	}
	if (!wrong && file.len > SIM_LOAD_MAX)
		wrong = "more than 1 GiB";
	if (wrong) {
		snprintf(err, err_size, "%s: %s", path, wrong);
		free(file.data);
		return NULL;
	}
	*len = file.len;
	return file.data;
}
