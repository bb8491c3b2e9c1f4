/* SPDX-License-Identifier: GPL-2.0-only */
#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/fuzz/symbol.h"

/* A power of two: some hundred addresses are what a run has. */
#define CACHE_SIZE	4096

static struct {
	Dwfl *dwfl;
	bool failed;
	size_t root_len;	/* of the source root's path, as the debug information has it */
	struct sim_symbol *cache[CACHE_SIZE];
	unsigned int nr_cached;
} symbols;

static const struct sim_symbol_frame unknown = { .function = "?", .file = "?" };

/* ---- The debug information ---- */

static void lookup(const void *address, struct sim_symbol *symbol);

/* This file's own path says where the source is: its end is known. */
static void learn_root(void)
{
	static const char self[] = "sim/fuzz/symbol.c";
	struct sim_symbol here;
	size_t len;

	lookup((const char *)(uintptr_t)sim_symbol_of + 1, &here);
	len = strlen(here.frames[0].file);
	if (len >= sizeof(self) - 1 &&
	    !strcmp(here.frames[0].file + len - (sizeof(self) - 1), self))
		symbols.root_len = len - (sizeof(self) - 1);
}

static bool begin(void)
{
	static char *debuginfo_path;
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_linux_proc_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
		.debuginfo_path = &debuginfo_path,
	};

	if (symbols.dwfl || symbols.failed)
		return symbols.dwfl;
	symbols.dwfl = dwfl_begin(&callbacks);
	if (!symbols.dwfl || dwfl_linux_proc_report(symbols.dwfl, getpid()) ||
	    dwfl_report_end(symbols.dwfl, NULL, NULL)) {
		dwfl_end(symbols.dwfl);
		symbols.dwfl = NULL;
		symbols.failed = true;
		return false;
	}
	learn_root();
	return true;
}

static const char *relative(const char *file)
{
	if (!file)
		return unknown.file;
	if (symbols.root_len < strlen(file))
		file += symbols.root_len;
	return strncmp(file, "./", 2) ? file : file + 2;
}

static const char *function_name(Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	const char *name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attr));

	return name ? name : unknown.function;
}

static int number_attr(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attr;
	Dwarf_Word value;

	if (dwarf_formudata(dwarf_attr(die, name, &attr), &value))
		return 0;
	return (int)value;
}

/* From the innermost function outward; each that is inlined says where it was called. */
static void add_frames(Dwarf_Die *cu, Dwarf_Die *scopes, int nr_scopes, struct sim_symbol *symbol)
{
	struct sim_symbol_frame frame = symbol->frames[0];
	Dwarf_Files *files = NULL;
	size_t nr_files;
	int i;

	if (dwarf_getsrcfiles(cu, &files, &nr_files))
		files = NULL;
	symbol->nr = 0;
	for (i = 0; i < nr_scopes && symbol->nr < SIM_SYMBOL_MAX_INLINED; i++) {
		int tag = dwarf_tag(&scopes[i]);

		if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
			continue;
		frame.function = function_name(&scopes[i]);
		symbol->frames[symbol->nr++] = frame;
		if (tag == DW_TAG_subprogram)
			break;
		frame.line = number_attr(&scopes[i], DW_AT_call_line);
		frame.file = files ? relative(dwarf_filesrc(files,
					(size_t)number_attr(&scopes[i], DW_AT_call_file), NULL,
					NULL)) : unknown.file;
	}
}

/* All scopes of an address, abstract ones too: so it is asked for those of the innermost. */
static int get_scopes(Dwfl_Module *module, Dwarf_Die *cu, Dwarf_Addr pc, Dwarf_Die **scopes)
{
	Dwarf_Die inner;
	Dwarf_Addr bias;
	int nr = dwarf_getscopes(cu, pc, scopes);

	if (nr <= 0)
		return 0;
	if (!dwarf_offdie(dwfl_module_getdwarf(module, &bias), dwarf_dieoffset(&(*scopes)[0]),
			  &inner)) {
		free(*scopes);
		return 0;
	}
	free(*scopes);
	*scopes = NULL;
	nr = dwarf_getscopes_die(&inner, scopes);
	return nr > 0 ? nr : 0;
}

static void lookup(const void *address, struct sim_symbol *symbol)
{
	Dwarf_Addr pc = (Dwarf_Addr)(uintptr_t)address - 1, bias = 0;
	Dwfl_Module *module = dwfl_addrmodule(symbols.dwfl, pc);
	Dwarf_Die *scopes = NULL, *cu;
	Dwfl_Line *line;
	const char *name;

	symbol->address = address;
	symbol->nr = 1;
	symbol->frames[0] = unknown;
	if (!module)
		return;
	name = dwfl_module_addrname(module, pc);
	if (name)
		symbol->frames[0].function = name;
	line = dwfl_module_getsrc(module, pc);
	if (line)
		symbol->frames[0].file = relative(dwfl_lineinfo(line, NULL,
						  &symbol->frames[0].line, NULL, NULL, NULL));
	cu = dwfl_module_addrdie(module, pc, &bias);
	if (cu) {
		struct sim_symbol plain = *symbol;
		int nr = get_scopes(module, cu, pc - bias, &scopes);

		if (nr)
			add_frames(cu, scopes, nr, symbol);
		if (!symbol->nr)
			*symbol = plain;
		free(scopes);
	}
}

/* ---- What others see ---- */

const struct sim_symbol *sim_symbol_of(const void *return_address)
{
	static struct sim_symbol none = { .nr = 1, .frames = { { "?", "?", 0 } } };
	size_t i = ((uintptr_t)return_address * 0x9e3779b97f4a7c15ULL) >> 52;
	struct sim_symbol *symbol;

	for (; symbols.cache[i % CACHE_SIZE]; i++)
		if (symbols.cache[i % CACHE_SIZE]->address == return_address)
			return symbols.cache[i % CACHE_SIZE];
	if (!return_address || !begin() || symbols.nr_cached == CACHE_SIZE / 2)
		return &none;
	symbol = calloc(1, sizeof(*symbol));
	if (!symbol)
		return &none;
	lookup(return_address, symbol);
	symbols.nr_cached++;
	symbols.cache[i % CACHE_SIZE] = symbol;
	return symbol;
}

bool sim_symbol_is_seam(const struct sim_symbol_frame *frame)
{
	static const char *const seam[] = {
		"sim/include/", "sim/det/", "sim/report.c", "sim/refcount.c", "sim/lockdep.c",
		"sim/fuzz/timeline.c", NULL
	};
	unsigned int i;

	for (i = 0; seam[i]; i++)
		if (!strncmp(frame->file, seam[i], strlen(seam[i])))
			return true;
	return false;
}

unsigned int sim_symbol_callers(void *const *pc, unsigned int nr, struct sim_symbol_frame *frames,
				unsigned int max)
{
	unsigned int i, j, found = 0;

	for (i = 0; i < nr; i++) {
		const struct sim_symbol *symbol = sim_symbol_of(pc[i]);

		for (j = 0; j < symbol->nr && found < max; j++) {
			const struct sim_symbol_frame *frame = &symbol->frames[j];

			/* A function that the compiler has split calls itself, it seems. */
			if (sim_symbol_is_seam(frame) ||
			    (found && !strcmp(frames[found - 1].function, frame->function)))
				continue;
			frames[found++] = *frame;
		}
	}
	return found;
}

bool sim_symbol_data(const volatile void *address, char *buf, size_t size)
{
	Dwarf_Addr at = (Dwarf_Addr)(uintptr_t)address;
	Dwfl_Module *module;
	GElf_Off offset;
	const char *name;
	GElf_Sym sym;

	if (!begin())
		return false;
	module = dwfl_addrmodule(symbols.dwfl, at);
	name = module ? dwfl_module_addrinfo(module, at, &offset, &sym, NULL, NULL, NULL) : NULL;
	if (!name || GELF_ST_TYPE(sym.st_info) != STT_OBJECT || offset >= sym.st_size)
		return false;
	if (offset)
		snprintf(buf, size, "%s+%llu", name, (unsigned long long)offset);
	else
		snprintf(buf, size, "%s", name);
	return true;
}

void sim_symbol_exit(void)
{
	unsigned int i;

	for (i = 0; i < CACHE_SIZE; i++)
		free(symbols.cache[i]);
	if (symbols.dwfl)
		dwfl_end(symbols.dwfl);
	memset(&symbols, 0, sizeof(symbols));
}
