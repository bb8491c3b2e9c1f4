/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmu/kvm_host.h"
#include "sim/fuzz/workload.h"
#include "sim/host.h"

/* ---- Reading ---- */

#define BLANKS	" \t\r"

/* Without comment, and blanks at either end. */
static void trim(const char *text, char *buf, size_t size)
{
	size_t len;

	text += strspn(text, BLANKS);
	len = strcspn(text, "#");
	while (len && strchr(BLANKS, text[len - 1]))
		len--;
	snprintf(buf, size, "%.*s", (int)len, text);
}

static bool parse_unload(const char *args, struct sim_race_op *op)
{
	op->type = SIM_RACE_UNLOAD;
	return sim_number_parse(args, strlen(args), &op->op.id) && op->op.id < KVM_MAX_VCPUS;
}

static bool parse_zap_range(const char *args, struct sim_race_op *op)
{
	size_t len = strcspn(args, BLANKS);
	const char *size = args + len + strspn(args + len, BLANKS);

	op->type = SIM_RACE_ZAP_RANGE;
	return sim_number_parse(args, len, &op->op.gpa) &&
	       sim_number_parse(size, strlen(size), &op->op.size);
}

/* The same words as "age" has. */
static bool parse_clear_young(const char *args, struct sim_race_op *op)
{
	char text[SIM_OP_TEXT_SIZE], err[256];
	int len = snprintf(text, sizeof(text), "age %s", args);

	op->type = SIM_RACE_CLEAR_YOUNG;
	return len < (int)sizeof(text) && sim_op_parse(text, &op->op, err, sizeof(err));
}

static bool parse_exit_mm(const char *args, struct sim_race_op *op)
{
	op->type = SIM_RACE_EXIT_MM;
	return !*args;
}

static bool parse_create_fail(const char *args, struct sim_race_op *op)
{
	op->type = SIM_RACE_CREATE_FAIL;
	return !*args;
}

static const struct {
	const char *word;
	bool (*parse)(const char *args, struct sim_race_op *op);
} own_ops[] = {
	{ "unload", parse_unload },
	{ "zap-range", parse_zap_range },
	{ "clear-young", parse_clear_young },
	{ "exit-mm", parse_exit_mm },
	{ "create-fail", parse_create_fail },
};

static bool parse_op(const char *text, struct sim_race_op *op, char *err, size_t err_size)
{
	size_t len = strcspn(text, BLANKS), i;
	const char *args = text + len + strspn(text + len, BLANKS);

	memset(op, 0, sizeof(*op));
	for (i = 0; i < sizeof(own_ops) / sizeof(own_ops[0]); i++) {
		if (strlen(own_ops[i].word) != len || strncmp(own_ops[i].word, text, len))
			continue;
		if (own_ops[i].parse(args, op)) {
			snprintf(op->op.text, sizeof(op->op.text), "%s", text);
			return true;
		}
		snprintf(err, err_size, "\"%s\" is not understood", text);
		return false;
	}
	op->type = SIM_RACE_SCENARIO;
	if (!sim_op_parse(text, &op->op, err, err_size))
		return false;
	snprintf(op->op.text, sizeof(op->op.text), "%s", text);
	return true;
}

static bool add_thread(struct sim_workload *w, const char *name, char *err, size_t err_size)
{
	if (!*name || strlen(name) >= SIM_WORKLOAD_NAME_SIZE || strpbrk(name, BLANKS)) {
		snprintf(err, err_size, "\"%s\" cannot be the name of a thread", name);
		return false;
	}
	if (w->nr_threads == SIM_WORKLOAD_MAX_THREADS) {
		snprintf(err, err_size, "more than %d threads", SIM_WORKLOAD_MAX_THREADS);
		return false;
	}
	strcpy(w->threads[w->nr_threads++].name, name);
	return true;
}

static bool add_op(struct sim_race_thread *thread, const struct sim_race_op *op, char *err,
		   size_t err_size)
{
	if (thread->nr_ops == SIM_WORKLOAD_MAX_OPS) {
		snprintf(err, err_size, "more than %d operations", SIM_WORKLOAD_MAX_OPS);
		return false;
	}
	if (!thread->ops)
		thread->ops = calloc(SIM_WORKLOAD_MAX_OPS, sizeof(*thread->ops));
	if (!thread->ops) {
		snprintf(err, err_size, "out of memory");
		return false;
	}
	thread->ops[thread->nr_ops++] = *op;
	return true;
}

bool sim_workload_add_line(struct sim_workload *w, const char *text, unsigned int line, char *err,
			   size_t err_size)
{
	char buf[SIM_OP_TEXT_SIZE];
	struct sim_race_op op;

	if (strlen(text) >= sizeof(buf)) {
		snprintf(err, err_size, "the line is too long");
		return false;
	}
	trim(text, buf, sizeof(buf));
	if (!*buf)
		return true;
	if (!strncmp(buf, "thread", 6) && (!buf[6] || strchr(BLANKS, buf[6])))
		return add_thread(w, buf + 6 + strspn(buf + 6, BLANKS), err, err_size);
	if (!parse_op(buf, &op, err, err_size))
		return false;
	op.op.line = line;
	return add_op(w->nr_threads ? &w->threads[w->nr_threads - 1] : &w->setup, &op, err,
		      err_size);
}

/* ---- Whether it fits together ---- */

struct check {
	const struct sim_workload *w;
	const struct sim_race_thread *user[KVM_MAX_VCPUS];	/* of a vCPU, if it has one */
	bool made[KVM_MAX_VCPUS];
	unsigned int nr_vms, nr_destroys;
	const char *wrong;
};

bool sim_race_op_uses_vcpu(const struct sim_race_op *op)
{
	if (op->type == SIM_RACE_UNLOAD)
		return true;
	if (op->type != SIM_RACE_SCENARIO)
		return false;
	switch (op->op.type) {
	case SIM_OP_READ:
	case SIM_OP_WRITE:
	case SIM_OP_EXEC:
	case SIM_OP_SMI:
	case SIM_OP_PREFAULT:
	case SIM_OP_NESTED:
		return true;
	default:
		return false;
	}
}

static const char *check_vcpu(struct check *c, const struct sim_race_thread *thread, u64 id)
{
	if (id >= KVM_MAX_VCPUS || !c->made[id])
		return "there is no such vCPU";
	if (thread == &c->w->setup)
		return NULL;
	if (c->user[id] && c->user[id] != thread)
		return "another thread uses this vCPU";
	c->user[id] = thread;
	return NULL;
}

/* Whoever makes one beside others is the one who uses it. */
static const char *check_new_vcpu(struct check *c, const struct sim_race_thread *thread, u64 id)
{
	if (id >= 8 || c->made[id])
		return "vCPUs 0 to 7 can be made, each once";
	c->made[id] = true;
	c->user[id] = thread == &c->w->setup ? NULL : thread;
	return NULL;
}

static bool memory_exists(const struct sim_workload *w, const struct sim_op *op)
{
	unsigned int i;

	for (i = 0; i < w->setup.nr_ops; i++) {
		const struct sim_op *m = &w->setup.ops[i].op;

		if (w->setup.ops[i].type == SIM_RACE_SCENARIO && m->type == SIM_OP_MEMORY &&
		    !strcmp(m->name, op->name))
			return op->offset <= m->size && op->size <= m->size - op->offset;
	}
	return false;
}

static const char *check_scenario_op(struct check *c, const struct sim_race_thread *thread,
				     const struct sim_op *op)
{
	bool setup = thread == &c->w->setup;

	if (op->vm)
		return "a workload has one VM";
	switch (op->type) {
	case SIM_OP_VM:
		return !setup || c->nr_vms++ ? "there is one VM, and it is set up" : NULL;
	case SIM_OP_MEMORY:
		return setup ? NULL : "only the set-up has this";
	case SIM_OP_VCPU:
		return check_new_vcpu(c, thread, op->id);
	case SIM_OP_SLOT:
	case SIM_OP_FILL:
	case SIM_OP_MADVISE:
	case SIM_OP_MPROTECT:
	case SIM_OP_MUNMAP:
	case SIM_OP_IDLE:
	case SIM_OP_AGE:
	case SIM_OP_TEST_YOUNG:
		return memory_exists(c->w, op) ? NULL : "there is no such memory";
	case SIM_OP_SLOT_DELETE:
	case SIM_OP_SLOT_MOVE:
	case SIM_OP_SLOT_FLAGS:
	case SIM_OP_DIRTY_GET:
	case SIM_OP_DIRTY_CLEAR:
		return sim_workload_slot(c->w, op->id) ? NULL : "there is no such slot";
	case SIM_OP_DESTROY:
		return setup || c->nr_destroys++ ? "one thread destroys the VM" : NULL;
	case SIM_OP_SWEEP:
	case SIM_OP_RANDOM:
	case SIM_OP_SMRAM:
		return "a workload has no such operation";
	default:
		return NULL;
	}
}

static bool check_thread(struct check *c, const struct sim_race_thread *thread, unsigned int *line)
{
	unsigned int i;

	for (i = 0; i < thread->nr_ops; i++) {
		const struct sim_race_op *op = &thread->ops[i];

		*line = op->op.line;
		if (op->type == SIM_RACE_SCENARIO)
			c->wrong = check_scenario_op(c, thread, &op->op);
		if (op->type == SIM_RACE_CLEAR_YOUNG && !memory_exists(c->w, &op->op))
			c->wrong = "there is no such memory";
		if (!c->wrong && sim_race_op_uses_vcpu(op))
			c->wrong = check_vcpu(c, thread, op->op.id);
		if (!c->wrong && !c->nr_vms && !(op->type == SIM_RACE_SCENARIO &&
						 op->op.type == SIM_OP_MEMORY))
			c->wrong = "the VM must be made first";
		if (c->wrong)
			return false;
	}
	return true;
}

bool sim_workload_check(const struct sim_workload *w, char *err, size_t err_size,
			unsigned int *line)
{
	struct check c = { .w = w };
	unsigned int i;
	bool ok;

	ok = check_thread(&c, &w->setup, line);
	for (i = 0; ok && i < w->nr_threads; i++)
		ok = check_thread(&c, &w->threads[i], line);
	if (ok && !w->nr_threads) {
		c.wrong = "there is no thread";
		ok = false;
	}
	if (!ok)
		snprintf(err, err_size, "%s", c.wrong);
	return ok;
}

/* ---- Texts ---- */

struct sim_workload *sim_workload_parse(const char *name, const char *text, char *err,
					size_t err_size)
{
	struct sim_workload *w = calloc(1, sizeof(*w));
	char line[SIM_OP_TEXT_SIZE], why[256] = "out of memory";
	unsigned int nr = 0;

	if (!w)
		goto wrong;
	snprintf(w->name, sizeof(w->name), "%s", name);
	while (*text) {
		size_t len = strcspn(text, "\n");

		nr++;
		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		if (len >= sizeof(line))
			snprintf(why, sizeof(why), "the line is too long");
		if (len >= sizeof(line) || !sim_workload_add_line(w, line, nr, why, sizeof(why)))
			goto wrong;
		text += len + (text[len] == '\n');
	}
	if (sim_workload_check(w, why, sizeof(why), &nr))
		return w;
wrong:
	snprintf(err, err_size, "%s:%u: %s", name, nr, why);
	sim_workload_free(w);
	return NULL;
}

static bool copy_thread(struct sim_race_thread *to, const struct sim_race_thread *from)
{
	*to = *from;
	if (!from->ops)
		return true;
	to->ops = calloc(SIM_WORKLOAD_MAX_OPS, sizeof(*to->ops));
	if (!to->ops)
		return false;
	memcpy(to->ops, from->ops, from->nr_ops * sizeof(*to->ops));
	return true;
}

struct sim_workload *sim_workload_copy(const struct sim_workload *w)
{
	struct sim_workload *copy = calloc(1, sizeof(*copy));
	unsigned int i;
	bool ok;

	if (!copy)
		return NULL;
	strcpy(copy->name, w->name);
	ok = copy_thread(&copy->setup, &w->setup);
	for (i = 0; i < w->nr_threads; i++)
		ok &= copy_thread(&copy->threads[i], &w->threads[i]);
	copy->nr_threads = w->nr_threads;
	if (ok)
		return copy;
	sim_workload_free(copy);
	return NULL;
}

void sim_workload_drop(struct sim_race_thread *thread, unsigned int index)
{
	thread->nr_ops--;
	memmove(&thread->ops[index], &thread->ops[index + 1],
		(thread->nr_ops - index) * sizeof(*thread->ops));
}

void sim_workload_free(struct sim_workload *w)
{
	unsigned int i;

	if (!w)
		return;
	free(w->setup.ops);
	for (i = 0; i < w->nr_threads; i++)
		free(w->threads[i].ops);
	free(w);
}

/* ---- Slots ---- */

const struct sim_op *sim_workload_slot(const struct sim_workload *w, u64 id)
{
	const struct sim_race_thread *thread = &w->setup;
	unsigned int t, i;

	for (t = 0; t <= w->nr_threads; t++) {
		for (i = 0; i < thread->nr_ops; i++)
			if (thread->ops[i].type == SIM_RACE_SCENARIO &&
			    thread->ops[i].op.type == SIM_OP_SLOT && thread->ops[i].op.id == id)
				return &thread->ops[i].op;
		thread = &w->threads[t];
	}
	return NULL;
}

u64 sim_workload_hva(const struct sim_workload *w, const struct sim_op *slot)
{
	u64 hva = SIM_MEMORY_HVA;
	unsigned int i;

	for (i = 0; i < w->setup.nr_ops; i++) {
		const struct sim_op *op = &w->setup.ops[i].op;

		if (w->setup.ops[i].type != SIM_RACE_SCENARIO || op->type != SIM_OP_MEMORY)
			continue;
		if (!strcmp(op->name, slot->name))
			break;
		hva += SIM_MEMORY_STRIDE;
	}
	return hva + slot->offset;
}
