/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/recording_write.h"

void sim_write_head(FILE *out, const struct sim_recording_head *head)
{
	size_t i;

	fprintf(out, "tdp-vector 1\nkernel %s\nvendor %s\nformat %s\nlevels %u\nmaxphyaddr %u\n",
		head->kernel, head->ept ? "intel" : "amd", head->ept ? "ept" : "npt", head->levels,
		head->maxphyaddr);
	for (i = 0; i < head->nr_params; i++)
		fprintf(out, "param %s %s\n", head->params[i].name, head->params[i].value);
}

static void write_events(FILE *out, const struct sim_event *events, size_t nr)
{
	char text[256];
	size_t i;

	for (i = 0; i < nr; i++) {
		sim_event_print(&events[i], text, sizeof(text));
		fprintf(out, "  %s\n", text);
	}
}

void sim_write_record(FILE *out, const struct sim_op *op, const struct sim_recorder *rec)
{
	char text[SIM_OP_TEXT_SIZE];
	size_t maps = 0;

	sim_op_print(op, text, sizeof(text));
	fprintf(out, "op %s\n", text);

	/* How the host maps a slot is known before the operation begins. */
	while (maps < rec->events.nr && rec->events.events[maps].type == SIM_EV_HOST_MAP)
		maps++;
	write_events(out, rec->events.events, maps);
	write_events(out, rec->results.events, rec->results.nr);
	write_events(out, rec->events.events + maps, rec->events.nr - maps);
	write_events(out, rec->stats.events, rec->stats.nr);
}
