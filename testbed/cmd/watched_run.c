/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/watched_run.h"

#include "common/wire/event.h"
#include "testbed/cmd/ci.h"
#include "testbed/cmd/live_view.h"
#include "testbed/cmd/rundir.h"
#include "testbed/explain/second_look.h"
#include "testbed/cmd/signals.h"
#include "testbed/cmd/story.h"
#include "testbed/explain/reasons.h"
#include "testbed/model/change_text.h"
#include "testbed/matrix/neighbours.h"
#include "testbed/report/events.h"
#include "testbed/report/hops.h"
#include "testbed/report/timeline.h"

#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* One watched_run at work. */
struct watched_run {
	const struct options *options;
	const struct watched_report *report;
	const matrix_selection *selection;
	results *results;
	matrix *matrix;
	rundir *dir; /* NULL: none could be made */
	GPtrArray *events;
	reasons *reasons;
	live_view *view;
	GPtrArray *untold; /* struct cell: failed, their lines wait for their causes */
	bool evidence;	   /* whether it is kept in the run folder */
	bool stdout_taken; /* by JSON, TAP or JUnit: no text goes there */
	bool finds_causes;
	gint64 started_us;
	int signal; /* the one that ended the run; 0: none */
	signals *signals;
};

/* --- progress --------------------------------------------------------------------------------- */

/* Prints the line of a cell; nothing on a terminal with a live drawing. */
static void print_cell(const struct watched_run *s, const struct cell *c)
{
	g_autoptr(GString) line = g_string_new(NULL);
	struct report_style style = cmd_style(s->options, STDERR_FILENO);

	if (s->view->draws || s->options->quiet)
		return;
	report_cell_line(c, &style, line);
	cmd_tell(line->str);
}

/* Tells of a cell once: of one that failed, as soon as its cause is known or nothing more is
 * looked at (`last`). */
static void tell_cell(const struct watched_run *s, const struct cell *c, bool last)
{
	bool waits = s->finds_causes && !last && c->verdict == VERDICT_FAIL && !c->cause;
	bool waited = g_ptr_array_remove(s->untold, (gpointer)(guintptr)c);

	if (c->verdict != VERDICT_PASS) {
		progress_failed(s->view->progress, c);
		live_view_show(s->view);
	}
	if (waits)
		g_ptr_array_add(s->untold, (gpointer)(guintptr)c);
	else if (waited || !last)
		print_cell(s, c);
}

/* Prints an agent's log line with -v. */
static void print_log(const struct watched_run *s, const char *scenario, const char *agent,
		      const json_t *event)
{
	const char *name = member_text(event, "event");
	const char *text = member_text(event, "text");
	g_autofree char *line = g_strdup_printf("%s %s: %s\n", scenario, agent, text ? text : "");

	if (s->options->verbose && !s->view->draws && g_strcmp0(name, EVENT_LOG) == 0 && text)
		cmd_tell(line);
}

/* --- the observer of the matrix --------------------------------------------------------------- */

/* Writes a line (taken over) to events.jsonl; nothing without a run folder. */
static void keep_event_line(const struct watched_run *s, char *line)
{
	if (s->dir)
		rundir_event(s->dir, line);
	g_free(line);
}

static void on_lab_built(const struct scenario_result *sc, const struct lab_build *build,
			 gpointer data)
{
	keep_event_line(data, report_event_lab_built(sc, build->vpn, build->impairment,
						     build->uncontained, g_get_monotonic_time()));
}

static void on_lab_failed(const struct scenario_result *sc, const GError *error, gpointer data)
{
	keep_event_line(data, report_event_lab_failed(sc, error->message, g_get_monotonic_time()));
}

/* Keeps, prints and passes on an event, from which causes are found later. */
static void on_agent_event(const char *scenario, const char *agent, const json_t *event,
			   gpointer data)
{
	const struct watched_run *s = data;

	keep_event_line(s, report_event_agent(scenario, agent, event));
	print_log(s, scenario, agent, event);
	reasons_heard(s->reasons, scenario, agent, event);
	if (!s->report->keep_events)
		return;
	g_ptr_array_add(s->events, timeline_event_new(agent, (json_t *)(gpointer)(guintptr)event));
	progress_heard(s->view->progress, agent, event);
	live_view_show(s->view);
}

static void on_command_sent(const char *scenario, const char *agent, const json_t *command,
			    gpointer data)
{
	keep_event_line(data,
			report_event_command(scenario, agent, command, g_get_monotonic_time()));
}

static void on_cell_started(const struct cell *c, gpointer data)
{
	keep_event_line(data, report_event_cell_started(c, g_get_monotonic_time()));
}

static void on_cell_finished(const struct cell *c, gpointer data)
{
	keep_event_line(data, report_event_cell_finished(c, g_get_monotonic_time()));
	tell_cell(data, c, false);
}

/* Writes the cells whose causes were found once more, and tells of those that waited for them. */
static void keep_causes(const struct watched_run *s, const GPtrArray *told)
{
	ptr_array_foreach(const struct cell, c, told) {
		/* readers take the last event of a cell */
		keep_event_line(s, report_event_cell_finished(c, g_get_monotonic_time()));
		tell_cell(s, c, true);
	}
}

/* Keeps the state as evidence, and finds causes by it. */
static void on_lab_state(const struct scenario_result *sc, const netstate *state,
			 const GError *error, gpointer data)
{
	const struct watched_run *s = data;
	g_autoptr(GPtrArray) told = g_ptr_array_new();

	if (s->evidence)
		keep_event_line(s, report_event_lab_state(sc, state, error ? error->message : NULL,
							  g_get_monotonic_time()));
	reasons_find(s->reasons, sc, state, told);
	keep_causes(s, told);
}

/* Adds to the cell what its call sent over each interface. */
static void on_cell_states(struct cell *c, const netstate *before, const netstate *after,
			   gpointer data)
{
	const struct watched_run *s = data;

	ptr_array_foreach(const struct selected_scenario, one, s->selection->scenarios)
		if (g_str_equal(one->result->name, c->scenario))
			report_hops(c, one->model, before, after);
}

/* Opens the file for a lab's packets; 0: it could not be opened, which was noted. */
static int on_evidence(const struct scenario_result *sc, gpointer data)
{
	const struct watched_run *s = data;
	g_autoptr(GError) error = NULL;
	int fd = rundir_open_evidence(s->dir, sc->name, &error);

	if (fd < 0)
		cmd_note("no evidence is kept of %s: %s", sc->name, error->message);
	return MAX(fd, 0);
}

static const struct matrix_observer observer = {
	.lab_built = on_lab_built,
	.lab_failed = on_lab_failed,
	.agent_event = on_agent_event,
	.command_sent = on_command_sent,
	.cell_started = on_cell_started,
	.cell_finished = on_cell_finished,
};

/* --- signals ---------------------------------------------------------------------------------- */

/* Ends the run at the first signal. */
static void on_signal(int number, gpointer data)
{
	struct watched_run *s = data;

	s->signal = number;
	matrix_cancel(s->matrix);
}

/* --- the run ---------------------------------------------------------------------------------- */

void watched_run_describe(results *r, char *const *changes)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autofree char *when = g_date_time_format(now, "%Y%m%d-%H%M%S");
	struct utsname host;

	r->run_id = g_strdup_printf("%s-%d", when, (int)getpid());
	r->changes = model_change_lines(changes);
	r->version = g_strdup(TESTBED_VERSION);
	r->kernel = g_strdup(uname(&host) == 0 ? host.release : NULL);
}

/* Makes the run folder.  False, with an error printed, when that of --out can't be made; without
 * --out the run goes on without a folder. */
static bool open_run_folder(struct watched_run *s, int *ret_status)
{
	g_autoptr(GError) error = NULL;

	s->dir = rundir_new(s->options->out, s->options->force, s->results->run_id, &error);
	if (s->dir)
		return true;
	if (s->options->out) {
		*ret_status = cmd_failed(error);
		return false;
	}
	cmd_note("this run is not kept: %s", error->message);
	return true;
}

/* Reads --evidence.  False: an error was printed. */
static bool wants_evidence(const struct options *o, bool *ret)
{
	*ret = !o->evidence || g_str_equal(o->evidence, "on");
	if (*ret || g_str_equal(o->evidence, "off"))
		return true;
	return cmd_error("--evidence '%s': on or off", o->evidence);
}

/* Writes the page of --html and what --junit, --tap and --github ask for, from the run folder.
 * Returns the exit code. */
static int write_from_folder(const struct watched_run *s)
{
	const struct options *o = s->options;
	g_autoptr(finished) run = NULL;
	int page = CMD_AS_EXPECTED, ci = CMD_AS_EXPECTED;

	if (!o->html && !cmd_ci_wanted(o))
		return CMD_AS_EXPECTED;
	run = s->dir ? finished_open(rundir_path(s->dir), NULL) : NULL;
	if (!run)
		return cmd_fail(CMD_INTERNAL,
				"--html, --junit, --tap, --github and --change-report need a run "
				"that is kept");
	if (o->html)
		page = cmd_story_page(run, o);
	if (cmd_ci_wanted(o))
		ci = cmd_ci_write(&(const struct ci_subject){.run = run,
							     .folder = o->out,
							     .earlier = o->arguments[0]},
				  o);
	return page != CMD_AS_EXPECTED ? page : ci;
}

/* Whether a lab could not be built, or ended on its own, of which an error is printed: what is not
 * measured differs from nothing. */
static bool some_lab_failed(const results *r)
{
	bool some = false;

	ptr_array_foreach(const struct scenario_result, s, r->scenarios) {
		if (s->error)
			cmd_error("the lab of '%s' failed: %s", s->name, s->error);
		some = some || s->error;
	}
	return some;
}

/* Writes results.json and what the options ask for, then the text.  Returns the exit code. */
static int finish_run(struct watched_run *s, bool ran, const GError *error)
{
	g_autofree char *document = report_results_text(s->results);
	g_autoptr(GError) write_error = NULL;
	int status = CMD_AS_EXPECTED, written;

	if (s->dir && !rundir_finish(s->dir, document, &write_error)) {
		cmd_error("%s", write_error->message);
		status = CMD_INTERNAL;
	}
	if (s->options->json) {
		written = cmd_write_json(s->options->json, document);
		status = written != CMD_AS_EXPECTED ? written : status;
	}
	written = write_from_folder(s);
	status = written != CMD_AS_EXPECTED ? written : status;
	/* Everything is on disk: from here on signals end the process as usual, also while it waits
	 * for the reader of its text. */
	g_clear_pointer(&s->signals, signals_unwatch);
	if (ran && !s->stdout_taken) {
		g_autoptr(GString) text = g_string_new(NULL);

		s->report->text(s->results, s->events, s->options, text);
		written = cmd_print(text->str, (gssize)text->len);
		status = written != CMD_AS_EXPECTED ? written : status;
	}
	if (!ran)
		cmd_error("%s", error->message);
	if (s->signal != 0)
		return CMD_SIGNAL + s->signal;
	if (!ran)
		return cmd_exit_of(error);
	if (status != CMD_AS_EXPECTED)
		return status;
	if (some_lab_failed(s->results))
		return CMD_INTERNAL;
	return results_summarise(s->results).unexpected > 0 ? CMD_DIFFERS : CMD_AS_EXPECTED;
}

/* Prints that packets were lost because the machine's neighbour table was full. */
static void print_refused_neighbours(guint64 before)
{
	guint64 refused = neighbours_refused() - before;

	if (refused > 0)
		cmd_note("the machine's table of neighbours was full %" G_GUINT64_FORMAT
			 " times meanwhile:\n"
			 "  packets were lost that no lab lost.  Make "
			 "net.ipv4.neigh.default.gc_thresh3\n"
			 "  (and net.ipv6's) larger than the nodes of all labs together: sysctl -w",
			 refused);
}

/* Finds the causes that only the packets of the whole run show. */
static void look_again(const struct watched_run *s)
{
	g_autoptr(GPtrArray) told = g_ptr_array_new();

	second_look(s->selection, rundir_path(s->dir), told);
	keep_causes(s, told);
}

/* Runs the matrix with events, progress and signals.  Returns the exit code. */
static int run_watched(struct watched_run *s)
{
	guint64 refused = neighbours_refused();
	g_autoptr(GError) error = NULL;
	bool ran;

	s->started_us = g_get_monotonic_time();
	if (s->dir)
		keep_event_line(s, report_event_run_started(s->results, s->started_us));
	ran = matrix_run(s->matrix, &error);
	if (ran && s->signal == 0 && s->evidence)
		look_again(s);
	live_view_end(s->view);
	while (s->untold->len > 0)
		tell_cell(s, s->untold->pdata[0], true);
	print_refused_neighbours(refused);
	if (s->dir)
		keep_event_line(s, report_event_run_finished(s->results, g_get_monotonic_time()));
	return finish_run(s, ran, error);
}

int watched_run(matrix_selection *selection, const struct options *o,
		const struct watched_report *report)
{
	g_autofree char *program_dir = cmd_program_dir();
	struct matrix_options options = {.program_dir = program_dir,
					 .sip_texts = o->html != NULL,
					 .jobs = (guint)MAX(o->jobs, 0),
					 .at_once = (guint)MAX(o->at_once, 0)};
	struct watched_run s = {
		.options = o,
		.report = report,
		.selection = selection,
		.results = selection->results,
	};
	struct matrix_observer watch = observer;
	g_autoptr(GError) error = NULL;
	int status;
	bool evidence;

	if (!cmd_seed(o, &options.seed) || !cmd_media_ms(o, 0, &options.media_ms) ||
	    !wants_evidence(o, &evidence) || !cmd_ci_check(o, &s.stdout_taken))
		return CMD_USAGE;
	selection->results->seed = options.seed;
	watched_run_describe(selection->results, o->changes);
	/* before there is a folder: a run that has one leaves results in it */
	s.signals = signals_watch(on_signal, &s, &error);
	if (!s.signals)
		return cmd_failed(error);
	if (!open_run_folder(&s, &status)) {
		signals_unwatch(s.signals);
		return status;
	}
	options.run_dir = s.dir ? rundir_path(s.dir) : NULL;
	options.evidence_whole = o->full;
	options.captures = (const char *const *)(gpointer)o->captures;
	s.events = g_ptr_array_new_with_free_func(object_free);
	s.reasons = reasons_new(selection);
	s.evidence = s.dir && evidence;
	if (s.evidence)
		watch.evidence = on_evidence;
	if (s.evidence || reasons_expected(selection))
		watch.lab_state = on_lab_state;
	if (report->keep_events && o->verbose)
		watch.cell_states = on_cell_states;
	s.finds_causes = watch.lab_state != NULL;
	s.untold = g_ptr_array_new();
	s.view = live_view_new(o, !o->verbose && (cmd_redraws() || report->keep_events));
	progress_runs(s.view->progress, s.results);
	s.matrix = matrix_new(selection, &options, &watch, &s);
	status = run_watched(&s);
	matrix_free(s.matrix);
	object_free(s.reasons);
	g_ptr_array_unref(s.events);
	g_ptr_array_unref(s.untold);
	object_free(s.view);
	rundir_free(s.dir);
	return status;
}
