/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "sim/stacks.h"

/* The stacks of threads that hang: taken by a signal, named by the symbol table of this program. */

/* ---- Names ---- */

/*
 * backtrace_symbols() and dladdr() know exported functions only, and most of the interesting
 * ones are static.  So the program's own symbol table is read, from its file.
 */
static struct {
	const Elf64_Sym *symbols;
	size_t nr;
	const char *names;
	size_t names_size;
	uintptr_t base;		/* what to take off an address */
} table;

/* The program itself comes first. */
static int note_base(struct dl_phdr_info *info, size_t size, void *arg)
{
	table.base = info->dlpi_addr;
	return 1;
}

static void use_sections(const char *file, size_t size)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
	const Elf64_Shdr *sections, *symbols;

	if (size < sizeof(*header) || memcmp(header->e_ident, ELFMAG, SELFMAG) ||
	    header->e_ident[EI_CLASS] != ELFCLASS64 ||
	    header->e_shoff > size || (size - header->e_shoff) / sizeof(*sections) < header->e_shnum)
		return;
	sections = (const Elf64_Shdr *)(file + header->e_shoff);
	for (symbols = sections; symbols < sections + header->e_shnum; symbols++) {
		const Elf64_Shdr *names = sections + symbols->sh_link;

		if (symbols->sh_type != SHT_SYMTAB || symbols->sh_link >= header->e_shnum ||
		    symbols->sh_offset + symbols->sh_size > size ||
		    names->sh_offset + names->sh_size > size)
			continue;
		table.symbols = (const Elf64_Sym *)(file + symbols->sh_offset);
		table.nr = symbols->sh_size / sizeof(*table.symbols);
		table.names = file + names->sh_offset;
		table.names_size = names->sh_size;
	}
}

/* The file stays mapped: this process is about to end. */
static void load_table(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *file;

	if (fd < 0)
		return;
	dl_iterate_phdr(note_base, NULL);
	if (!fstat(fd, &st)) {
		file = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (file != MAP_FAILED)
			use_sections(file, st.st_size);
	}
	close(fd);
}

static const char *own_name(uintptr_t address)
{
	size_t i;

	for (i = 0; i < table.nr; i++) {
		const Elf64_Sym *symbol = &table.symbols[i];

		if (ELF64_ST_TYPE(symbol->st_info) == STT_FUNC &&
		    address - table.base - symbol->st_value < symbol->st_size &&
		    symbol->st_name < table.names_size)
			return table.names + symbol->st_name;
	}
	return NULL;
}

/* @is_return: it is where a call will return to, which may be past the end of its function. */
static void print_frame(FILE *out, void *frame, bool is_return)
{
	uintptr_t address = (uintptr_t)frame - is_return;
	const char *name = own_name(address), *file;
	Dl_info info = { 0 };

	if (!name && dladdr((void *)address, &info))
		name = info.dli_sname;
	if (name) {
		/* Copies that the compiler made have a suffix: foo.isra.0, foo.lto_priv.1. */
		fprintf(out, "    %.*s\n", (int)strcspn(name, ".@"), name);
		return;
	}
	file = info.dli_fname ? strrchr(info.dli_fname, '/') : NULL;
	if (file)
		fprintf(out, "    (in %s)\n", file + 1);
	else
		fprintf(out, "    %p\n", frame);
}

/* ---- Stacks ---- */

#define SIGNAL		SIGUSR2
#define FRAMES_MAX	64
#define ANSWER_SECONDS	1

/* The thread that is being asked, and its answer. */
static struct {
	int tid;		/* atomic; 0: none */
	void *frames[FRAMES_MAX];
	int nr;
	int first;		/* the one that was interrupted; those before are the signal's */
	sem_t done;
} answer;

static void *interrupted_at(const ucontext_t *context)
{
#if defined(__x86_64__)
	return (void *)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
	return (void *)context->uc_mcontext.pc;
#else
	return NULL;
#endif
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
	int saved_errno = errno, tid = (int)syscall(SYS_gettid), i;

	/* Too late, and another is being asked? */
	if (__atomic_load_n(&answer.tid, __ATOMIC_ACQUIRE) != tid)
		return;
	answer.nr = backtrace(answer.frames, FRAMES_MAX);
	answer.first = 0;
	for (i = 0; i < answer.nr && !answer.first; i++)
		if (answer.frames[i] == interrupted_at(context))
			answer.first = i;
	sem_post(&answer.done);
	errno = saved_errno;
}

static bool ask(pid_t tid)
{
	struct timespec until;
	bool answered;

	__atomic_store_n(&answer.tid, tid, __ATOMIC_RELEASE);
	if (syscall(SYS_tgkill, getpid(), tid, SIGNAL))
		return false;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ANSWER_SECONDS;
	while (!(answered = !sem_timedwait(&answer.done, &until)) && errno == EINTR)
		;
	__atomic_store_n(&answer.tid, 0, __ATOMIC_RELEASE);
	return answered;
}

static void print_stack(FILE *out, pid_t tid)
{
	int i;

	if (!ask(tid)) {
		fprintf(out, "    (it does not answer)\n");
		return;
	}
	for (i = answer.first; i < answer.nr; i++)
		print_frame(out, answer.frames[i], i > answer.first);
}

void sim_stacks_print_name(FILE *out, pid_t tid)
{
	char path[64], name[32] = "?";
	FILE *comm;

	snprintf(path, sizeof(path), "/proc/self/task/%d/comm", tid);
	comm = fopen(path, "re");
	if (comm) {
		if (fgets(name, sizeof(name), comm))
			name[strcspn(name, "\n")] = '\0';
		fclose(comm);
	}
	fprintf(out, "stack of thread \"%s\":\n", name);
}

static bool print_any(FILE *out, pid_t tid, void *arg)
{
	sim_stacks_print_name(out, tid);
	return true;
}

void sim_stacks_print(FILE *out, bool (*wanted)(FILE *out, pid_t tid, void *arg), void *arg)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART };
	DIR *threads = opendir("/proc/self/task");
	pid_t self = (pid_t)syscall(SYS_gettid);
	struct dirent *entry;
	void *frame;

	if (!threads)
		return;
	load_table();
	/* The first call loads a library, which is not for a signal handler to do. */
	backtrace(&frame, 1);
	sem_init(&answer.done, 0, 0);
	sigaction(SIGNAL, &action, NULL);
	while ((entry = readdir(threads))) {
		pid_t tid = atoi(entry->d_name);

		if (tid > 0 && tid != self && (wanted ? wanted : print_any)(out, tid, arg))
			print_stack(out, tid);
	}
	closedir(threads);
	fflush(out);
}
