/* SPDX-License-Identifier: GPL-2.0-only */
#include <dirent.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

/*
 * A fuzz target without libFuzzer: inputs from files, changed a little at random, or
 * altogether random.  The same arguments do the same.
 *
 *	fuzz_X FILE|DIRECTORY... [--mutate N] [--random N] [--seed S]
 */

struct input {
	uint8_t *data;
	size_t size;
};

#define MAX_INPUTS	4096
#define MAX_SIZE	(64u << 10)
#define RANDOM_SIZE	800

static struct input inputs[MAX_INPUTS];
static size_t nr_inputs;

/* xorshift64*: the state is never 0. */
static uint64_t state = 1;

static uint64_t below(uint64_t n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * UINT64_C(0x2545f4914f6cdd1d) >> 16) % n;
}

static void fatal(const char *what, const char *path)
{
	fprintf(stderr, "%s: %s\n", path, what);
	exit(2);
}

static void add_file(const char *path)
{
	struct input *input = &inputs[nr_inputs++];
	FILE *file = fopen(path, "rb");

	if (nr_inputs == MAX_INPUTS)
		fatal("too many inputs", path);
	if (!file)
		fatal("cannot be opened", path);
	input->data = malloc(MAX_SIZE);
	if (!input->data)
		fatal("out of memory", path);
	input->size = fread(input->data, 1, MAX_SIZE, file);
	fclose(file);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void add_path(const char *path)
{
	struct dirent **names;
	struct stat st;
	char file[4096];
	int i, n;

	if (stat(path, &st))
		fatal("not found", path);
	if (!S_ISDIR(st.st_mode)) {
		add_file(path);
		return;
	}
	/* In order of names: what a directory's own order is is an accident. */
	n = scandir(path, &names, NULL, by_name);
	for (i = 0; i < n; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		if (names[i]->d_name[0] != '.')
			add_file(file);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

/* One change of a few bytes, as a fuzzer makes them. */
static size_t change(uint8_t *data, size_t size)
{
	size_t at = below(size + 1), from = size ? below(size) : 0, nr = 1 + below(8);

	if (nr > size - (at > from ? at : from))
		nr = size - (at > from ? at : from);
	switch (below(5)) {
	case 0:
		if (at < size)
			data[at] ^= 1 << below(8);
		return size;
	case 1:
		if (at < size)
			data[at] = below(256);
		return size;
	case 2:		/* leave out */
		memmove(data + at, data + at + nr, size - at - nr);
		return size - nr;
	case 3:		/* repeat */
		memmove(data + at + nr, data + at, size - at);
		return size + nr;
	default:	/* copy from elsewhere */
		memmove(data + at, data + from, nr);
		return size;
	}
}

/* In a buffer of its own size, so that the sanitizer sees a step over its end. */
static void try_copy(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		fatal("out of memory", "input");
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void try_mutations(uint64_t nr)
{
	static uint8_t data[MAX_SIZE + 256];

	while (nr_inputs && nr--) {
		const struct input *input = &inputs[below(nr_inputs)];
		size_t size = input->size, changes = 1 + below(6);

		memcpy(data, input->data, size);
		while (changes--)
			size = change(data, size);
		try_copy(data, size);
	}
}

static void try_random(uint64_t nr)
{
	uint8_t data[RANDOM_SIZE];
	size_t i, size;

	while (nr--) {
		size = 1 + below(RANDOM_SIZE);
		for (i = 0; i < size; i++)
			data[i] = below(256);
		try_copy(data, size);
	}
}

int main(int argc, char **argv)
{
	uint64_t mutations = 0, random = 0;
	size_t i;
	int arg;

	for (arg = 1; arg < argc; arg++) {
		bool has_value = arg + 1 < argc;

		if (!strcmp(argv[arg], "--mutate") && has_value)
			mutations = strtoull(argv[++arg], NULL, 0);
		else if (!strcmp(argv[arg], "--random") && has_value)
			random = strtoull(argv[++arg], NULL, 0);
		else if (!strcmp(argv[arg], "--seed") && has_value)
			state = strtoull(argv[++arg], NULL, 0) * 2 + 1;
		else
			add_path(argv[arg]);
	}

	for (i = 0; i < nr_inputs; i++)
		try_copy(inputs[i].data, inputs[i].size);
	try_mutations(mutations);
	try_random(random);

	for (i = 0; i < nr_inputs; i++)
		free(inputs[i].data);
	return 0;
}
