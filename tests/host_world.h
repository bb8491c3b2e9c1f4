/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_HOST_WORLD_H
#define TESTS_HOST_WORLD_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "sim/host_model.h"
#include "sim/report.h"
#include "sim/sim.h"

/*
 * The model of the host: a scenario is run operation by operation, and what the host
 * did in each is compared as text.  In most of them:
 *
 *	memory a at A, 8 MiB, in slot 0 at 1 GiB
 *	memory b at B, the same, in slot 1 at 2 GiB
 */

#define A	SIM_MEMORY_HVA
#define B	(SIM_MEMORY_HVA + SIM_MEMORY_STRIDE)
#define MIB	(UINT64_C(1) << 20)

struct world {
	struct sim_recorder recorder;
	struct sim_host_model host;
	struct sim_machine machine;
	char text[1 << 16];	/* host lines and results of the last operation */
};

static inline void start(struct world *w, bool old_host, const struct sim_host_model_config *config)
{
	const struct sim_cpu_model cpu = {
		.intel = false, .levels = 4, .maxphyaddr = 40, .exec_only = true,
		.ept_1g = true, .has_ad_bits = true, .has_pml = true,
	};
	const struct sim_profile *profile = sim_profile_find(old_host ? "v6.1" : "v6.12");
	struct sim_host_model_config cfg = { .thp = true, .contiguous = true };

	if (config)
		cfg = *config;
	cfg.old_host = old_host;
	assert_int_equal(kvm_mmu_module_init(profile, &cpu, &sim_module_params_default), 0);
	assert_int_equal(sim_recorder_init(&w->recorder), 0);
	assert_int_equal(sim_host_model_init(&w->host, &w->recorder, &cfg), 0);
	sim_machine_init(&w->machine, &w->host.host, &w->recorder);
	sim_recorder_attach(&w->recorder);
}

static inline void stop(struct world *w)
{
	sim_machine_exit(&w->machine);
	sim_recorder_attach(NULL);
	sim_recorder_exit(&w->recorder);
	sim_host_model_exit(&w->host);
}

static inline void add_lines(struct world *w, const struct sim_event_list *list, bool host)
{
	size_t i;

	for (i = 0; i < list->nr; i++) {
		size_t len = strlen(w->text);

		if (host && !sim_event_is_host(&list->events[i]))
			continue;
		assert_true(sizeof(w->text) - len > 256);
		sim_event_print(&list->events[i], w->text + len, sizeof(w->text) - len - 2);
		strcat(w->text, "\n");
	}
}

static inline void run(struct world *w, const char *text)
{
	struct sim_op op;
	char err[256];

	if (!sim_op_parse(text, &op, err, sizeof(err)))
		fail_msg("%s: %s", text, err);
	assert_int_equal(sim_machine_run(&w->machine, &op), 0);
	w->text[0] = '\0';
	add_lines(w, &w->recorder.events, true);
	add_lines(w, &w->recorder.results, false);
}

/* Run, and compare what the host did and what came of it. */
static inline void expect(struct world *w, const char *op, const char *lines)
{
	run(w, op);
	if (strcmp(w->text, lines))
		fail_msg("%s\nexpected:\n%sgot:\n%s", op, lines, w->text);
}

/* Two memories of a kind in two slots, one vCPU whose own pages are mapped. */
static inline void start_with(struct world *w, bool old_host, const char *kind)
{
	char op[64];

	start(w, old_host, NULL);
	run(w, "vm");
	snprintf(op, sizeof(op), "memory a 8m %s", kind);
	run(w, op);
	snprintf(op, sizeof(op), "memory b 8m %s", kind);
	run(w, op);
	run(w, "slot 0 1g 8m a 0");
	run(w, "slot 1 2g 8m b 0");
	run(w, "vcpu 0");
}

static inline struct sim_host_page at(struct world *w, u64 hva)
{
	struct sim_host_page page;

	if (!sim_host_model_lookup(&w->host, hva, &page))
		fail_msg("nothing is mapped at 0x%llx", (unsigned long long)hva);
	return page;
}

static inline bool is_mapped(struct world *w, u64 hva)
{
	struct sim_host_page page;

	return sim_host_model_lookup(&w->host, hva, &page);
}

static inline const struct sim_frame *frame_at(struct world *w, u64 hva)
{
	return sim_frame_get(&w->host, at(w, hva).pfn);
}

static inline void assert_page(struct world *w, u64 hva, int level, bool writable)
{
	assert_int_equal(at(w, hva).level, level);
	assert_int_equal(at(w, hva).writable, writable);
}

static inline int setup(void **state)
{
	return sim_init();
}

static inline int teardown(void **state)
{
	kvm_mmu_module_exit();
	assert_int_equal(sim_warn_count(), 0);
	return sim_exit() ? -1 : 0;
}

#endif /* TESTS_HOST_WORLD_H */
