/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>

#include "sim/recording_write.h"
#include "sim/run.h"

/* The head of the recording that a run makes. */
static struct sim_recording_head head_of(const struct sim_run_config *config)
{
	struct sim_recording_head head = {
		.ept = config->cpu.intel,
		.levels = config->cpu.levels,
		.maxphyaddr = config->cpu.maxphyaddr,
		.nr_params = config->nr_given,
	};

	snprintf(head.kernel, sizeof(head.kernel), "%s", config->profile->name);
	memcpy(head.params, config->given, sizeof(config->given));
	return head;
}

void sim_run_config_init(struct sim_run_config *config)
{
	memset(config, 0, sizeof(*config));
	config->profile = sim_profile_find(SIM_PROFILE_DEFAULT);
	config->cpu = (struct sim_cpu_model) {
		.intel = true,
		.levels = 4,
		.exec_only = true,
		.ept_1g = true,
		.has_ad_bits = true,
		.has_pml = true,
	};
	config->params = sim_module_params_default;
	config->host = (struct sim_host_model_config) { .thp = true, .contiguous = true };
}

struct sim_script_config sim_run_script_config(const struct sim_run_config *config)
{
	return (struct sim_script_config) {
		.profile = config->profile,
		.ept = config->cpu.intel,
		.levels = config->cpu.levels,
	};
}

int sim_run_start(struct sim_run *run, const struct sim_script *script,
		  const struct sim_run_config *config)
{
	struct sim_host_model_config host = config->host;
	int r;

	memset(run, 0, sizeof(*run));
	run->script = script;
	run->config = config;

	r = kvm_mmu_module_init(config->profile, &config->cpu, &config->params);
	if (r)
		return r;
	if (sim_recorder_init(&run->recorder))
		return -ENOMEM;
	/* The host's kernel is KVM's. */
	host.old_host = config->profile->has_change_pte;
	r = sim_host_model_init(&run->host, &run->recorder, &host);
	if (r) {
		sim_recorder_exit(&run->recorder);
		return r;
	}
	sim_machine_init(&run->machine, &run->host.host, &run->recorder);
	sim_recorder_attach(&run->recorder);
	sim_config_defer_work = true;
	return 0;
}

void sim_run_stop(struct sim_run *run)
{
	sim_machine_exit(&run->machine);
	sim_config_defer_work = false;
	sim_recorder_attach(NULL);
	sim_host_model_exit(&run->host);
	sim_recorder_exit(&run->recorder);
}

static bool check_expectation(struct sim_run *run, const struct sim_expect *expect,
			      FILE *complaints)
{
	char found[512];

	if (sim_expect_holds(expect, &run->machine, found, sizeof(found)))
		return true;
	if (complaints)
		fprintf(complaints, "%s:%u: expected %s\n%*sfound %s\n", run->script->name,
			expect->line, expect->text, (int)strlen(run->script->name) + 2, "", found);
	return false;
}

int sim_run_steps(struct sim_run *run, FILE *lines, FILE *complaints, size_t stop_after,
		  struct sim_run_result *result)
{
	size_t i;
	int r;

	memset(result, 0, sizeof(*result));
	if (lines) {
		struct sim_recording_head head = head_of(run->config);

		sim_write_head(lines, &head);
	}
	run->recorder.count_only = !lines;

	for (i = 0; i < run->script->nr_steps; i++) {
		const struct sim_step *step = &run->script->steps[i];

		if (step->is_expect) {
			result->nr_expects++;
			result->nr_failed += !check_expectation(run, &step->expect, complaints);
			continue;
		}
		if (stop_after && result->nr_ops == stop_after)
			break;
		r = sim_machine_run(&run->machine, &step->op);
		if (r)
			return r;
		result->nr_ops++;
		result->nr_faults += run->recorder.nr_of[SIM_EV_PAGE_FAULT];
		if (lines)
			sim_write_record(lines, &step->op, &run->recorder);
	}
	result->nr_accesses = run->machine.nr_accesses;
	return 0;
}
