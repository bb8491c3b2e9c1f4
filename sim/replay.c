/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "sim/describe.h"
#include "sim/recording_write.h"
#include "sim/replay.h"

/* ---- Set-up from the head of the recording ---- */

static const struct sim_profile *profile_of_kernel(const char *kernel)
{
	static const struct { const char *prefix, *profile; } table[] = {
		{ "6.1.", "v6.1" },
		{ "6.12.", "v6.12" },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (!strncmp(kernel, table[i].prefix, strlen(table[i].prefix)))
			return sim_profile_find(table[i].profile);
	/* A recording of the simulator's own names the profile. */
	return sim_profile_find(kernel);
}

/* Put "NAME:LINE: what is wrong" into @err: always false. */
static bool complain(char *err, size_t err_size, const struct sim_recording *rec,
		     unsigned int line, const char *fmt, ...)
{
	int n = line ? snprintf(err, err_size, "%s:%u: ", rec->name, line) :
		       snprintf(err, err_size, "%s: ", rec->name);
	va_list args;

	if (n >= 0 && (size_t)n < err_size) {
		va_start(args, fmt);
		vsnprintf(err + n, err_size - n, fmt, args);
		va_end(args);
	}
	return false;
}

static bool params_of_head(const struct sim_recording *rec, struct sim_module_params *params,
			   char *err, size_t err_size)
{
	size_t i;

	*params = sim_module_params_default;
	for (i = 0; i < rec->head.nr_params; i++) {
		const struct sim_param *param = &rec->head.params[i];

		if (!sim_machine_param(params, param->name, param->value))
			return complain(err, err_size, rec, param->line,
					"no parameter \"%s\" can be \"%s\"", param->name,
					param->value);
	}
	return true;
}

struct op_cursor {
	const struct sim_recording *rec;
	size_t next;
};

static const struct sim_op *next_op(void *ctx)
{
	struct op_cursor *cursor = ctx;

	if (cursor->next == cursor->rec->nr_records)
		return NULL;
	return &cursor->rec->records[cursor->next++].op;
}

bool sim_replay_check(const struct sim_recording *recording, char *err, size_t err_size)
{
	struct op_cursor cursor = { .rec = recording };
	struct sim_module_params params;
	unsigned int line;
	char what[256];

	if (!profile_of_kernel(recording->head.kernel))
		return complain(err, err_size, recording, recording->head.kernel_line,
				"no profile for kernel \"%s\"", recording->head.kernel);
	if (!params_of_head(recording, &params, err, err_size))
		return false;
	if (!sim_machine_check(next_op, &cursor, what, sizeof(what), &line))
		return complain(err, err_size, recording, line, "%s", what);
	return true;
}

int sim_replay_load_module(const struct sim_recording *rec, const struct sim_profile *profile,
			   char *err, size_t err_size)
{
	const struct sim_cpu_model cpu = {
		.intel = rec->head.ept,
		.levels = rec->head.levels,
		.maxphyaddr = rec->head.maxphyaddr,
		.exec_only = true,
		.ept_1g = true,
		.has_ad_bits = true,
		.has_pml = true,
	};
	struct sim_module_params params;
	int r;

	if (!sim_replay_check(rec, err, err_size) ||
	    !params_of_head(rec, &params, err, err_size))
		return -EINVAL;
	if (!profile)
		profile = profile_of_kernel(rec->head.kernel);
	r = kvm_mmu_module_init(profile, &cpu, &params);
	if (r)
		complain(err, err_size, rec, 0, "cannot load the module: %s", strerror(-r));
	return r;
}

int sim_replay_start(struct sim_replay *replay, const struct sim_recording *recording,
		     const struct sim_profile *profile, char *err, size_t err_size)
{
	int r;

	memset(replay, 0, sizeof(*replay));
	replay->recording = recording;
	r = sim_replay_load_module(recording, profile, err, err_size);
	if (r)
		return r;
	if (sim_recorder_init(&replay->recorder)) {
		complain(err, err_size, recording, 0, "out of memory");
		return -ENOMEM;
	}

	sim_host_log_init(&replay->host, &replay->recorder);
	sim_machine_init(&replay->machine, &replay->host.host, &replay->recorder);
	sim_recorder_attach(&replay->recorder);
	/* The recorder has room for one thread at a time, and a replay for one order of events. */
	sim_config_defer_work = true;
	return 0;
}

void sim_replay_stop(struct sim_replay *replay)
{
	sim_machine_exit(&replay->machine);
	sim_config_defer_work = false;
	sim_recorder_attach(NULL);
	sim_recorder_exit(&replay->recorder);
}

/* ---- Comparison ---- */

enum part { RESULTS, EVENTS, STATS };

static enum part part_of(const struct sim_event *event)
{
	if (event->type == SIM_EV_STAT)
		return STATS;
	return event->type >= SIM_EV_RET ? RESULTS : EVENTS;
}

/* A walk over the recorded lines of one part. */
struct want {
	const struct sim_event *event, *end;
	enum part part;
};

static const struct sim_event *want_next(struct want *want)
{
	while (want->event < want->end) {
		const struct sim_event *event = want->event++;

		if (part_of(event) == want->part)
			return event;
	}
	return NULL;
}

/* The first place where the two differ: either may be NULL, for a line too many or too few. */
struct difference {
	const struct sim_event *want, *got;
	const struct sim_event *got_first;	/* what led there begins here */
};

static bool find_difference(const struct sim_replay *replay, const struct sim_record *record,
			    enum part part, const struct sim_event_list *got, size_t *compared,
			    struct difference *diff)
{
	const struct sim_event *events = replay->recording->events + record->first;
	struct want want = { .event = events, .end = events + record->nr, .part = part };
	size_t i = 0;

	for (;; i++, ++*compared) {
		diff->want = want_next(&want);
		diff->got = i < got->nr ? &got->events[i] : NULL;
		diff->got_first = got->events;
		if (!diff->want && !diff->got)
			return false;
		if (!diff->want || !diff->got ||
		    !sim_event_equal(diff->want, diff->got, replay->recording->head.ept))
			return true;
	}
}

/* ---- Reports ---- */

static void print_spte_words(FILE *out, const char *label, u64 bits, u64 table, int level)
{
	char words[256];

	sim_describe_spte(bits, level, table, words, sizeof(words));
	fprintf(out, "              %-4s %s\n", label, words);
}

static void print_words(FILE *out, const struct sim_event *event)
{
	switch (event->type) {
	case SIM_EV_SPTE:
		print_spte_words(out, "old", event->spte.old, event->spte.old_table,
				 event->spte.level);
		print_spte_words(out, "new", event->spte.new, event->spte.new_table,
				 event->spte.level);
		break;
	case SIM_EV_SET_SPTE:
		print_spte_words(out, "spte", event->set_spte.spte, event->set_spte.table,
				 event->set_spte.level);
		break;
	case SIM_EV_FAST_PAGE_FAULT:
		print_spte_words(out, "old", event->fast.old, event->fast.old_table, PG_LEVEL_4K);
		print_spte_words(out, "new", event->fast.new, event->fast.new_table, PG_LEVEL_4K);
		break;
	default:
		break;
	}
}

static void print_side(FILE *out, const char *side, const struct sim_event *event)
{
	char text[256];

	if (!event) {
		fprintf(out, "    %-9s nothing more\n", side);
		return;
	}
	sim_event_print(event, text, sizeof(text));
	fprintf(out, "    %-9s %s", side, text);
	if (event->line)
		fprintf(out, "   (line %u)", event->line);
	fprintf(out, "\n");
	print_words(out, event);
}

#define NR_LED_THERE	6

static void print_difference(const struct sim_replay *replay, size_t index,
			     const struct difference *diff, FILE *out)
{
	const struct sim_op *op = &replay->recording->records[index].op;
	const struct sim_event *event;
	char text[256];

	fprintf(out, "%s:%u: operation %zu \"%s\" differs\n", replay->recording->name,
		diff->want ? diff->want->line : op->line, index + 1, op->text);

	event = diff->got;
	if (event && event - diff->got_first > 0) {
		size_t before = event - diff->got_first;
		size_t nr = before < NR_LED_THERE ? before : NR_LED_THERE;

		fprintf(out, "  what led there:\n");
		for (event -= nr; nr--; event++) {
			sim_event_print(event, text, sizeof(text));
			fprintf(out, "              %s\n", text);
		}
	}
	print_side(out, "expected", diff->want);
	print_side(out, "got", diff->got);
}

/* ---- The replay ---- */

/* Carry out one operation and compare: whether all of it is as recorded. */
static int replay_one(struct sim_replay *replay, size_t index,
		      const struct sim_replay_options *opt, struct sim_replay_result *result)
{
	const struct sim_record *record = &replay->recording->records[index];
	struct sim_recorder *rec = &replay->recorder;
	/* Events before results: a wrong result mostly follows from them. */
	const struct { enum part part; const struct sim_event_list *got; } parts[] = {
		{ EVENTS, &rec->events }, { RESULTS, &rec->results }, { STATS, &rec->stats },
	};
	struct difference diff;
	int r, i;

	sim_host_log_begin(&replay->host, replay->recording->events + record->first, record->nr);
	r = sim_machine_run(&replay->machine, &record->op);
	if (r) {
		complain(replay->err, sizeof(replay->err), replay->recording, record->op.line,
			 "%s", strerror(-r));
		return r;
	}
	result->nr_ops++;
	if (opt->lines)
		sim_write_record(opt->lines, &record->op, rec);
	/* Behind a mismatch that was passed over, it may be the replay that has gone astray. */
	if (replay->host.impossible && !result->nr_mismatches) {
		complain(replay->err, sizeof(replay->err), replay->recording,
			 replay->host.impossible->line, "%s", replay->host.why);
		return -EINVAL;
	}

	for (i = 0; i < 3; i++) {
		if (!find_difference(replay, record, parts[i].part, parts[i].got,
				     &result->nr_events, &diff))
			continue;
		if (!result->nr_mismatches++)
			result->first_mismatch = index + 1;
		if (opt->out)
			print_difference(replay, index, &diff, opt->out);
		break;
	}
	return 0;
}

int sim_replay_run(struct sim_replay *replay, const struct sim_replay_options *opt,
		   struct sim_replay_result *result)
{
	size_t nr = replay->recording->nr_records, i;
	int r;

	memset(result, 0, sizeof(*result));
	if (opt->lines)
		sim_write_head(opt->lines, &replay->recording->head);
	if (opt->stop_after && opt->stop_after < nr)
		nr = opt->stop_after;

	for (i = 0; i < nr; i++) {
		r = replay_one(replay, i, opt, result);
		if (r)
			return r;
		if (result->nr_mismatches && !opt->keep_going)
			break;
	}
	result->nr_spte_changes = replay->recorder.nr_spte_changes;
	return 0;
}
