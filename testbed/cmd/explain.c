/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/explain.h"
#include "testbed/cmd/ci.h"
#include "testbed/cmd/live_view.h"

#include "common/base/files.h"
#include "testbed/explain/finished.h"
#include "testbed/model/change_text.h"
#include "testbed/cmd/rundir.h"
#include "testbed/cmd/signals.h"
#include "testbed/report/call_capture.h"
#include "testbed/report/explain_json.h"
#include "testbed/report/explain_text.h"
#include "testbed/diagnose/icewarn.h"

#include <string.h>
#include <unistd.h>

/* Prints what the bits of --icewarn mean.  Returns the exit code. */
static int decode_icewarn(const struct options *o)
{
	g_autoptr(GString) text = g_string_new(NULL);
	guint32 value;

	if (o->arguments[0])
		return cmd_fail(CMD_USAGE, "--icewarn takes no cell");
	if (!icewarn_parse(o->icewarn, &value))
		return cmd_fail(CMD_USAGE,
				"--icewarn '%s' is not a number of 32 bits such as 0x12b, "
				"nor a line with ICEWarn=0x12b",
				o->icewarn);
	g_string_append_printf(text, "ICEWarn 0x%x\n", value);
	icewarn_text(value, text);
	return cmd_print(text->str, (gssize)text->len);
}

bool cmd_explain_medium(const char *text, enum media *ret)
{
	if (media_parse(text ? text : "audio", ret) && *ret <= MEDIA_VIDEO)
		return true;
	return cmd_error("--media '%s': one call has one medium: im, audio or video", text);
}

/* The cell that the arguments name, for a fresh lab; NULL: an error was printed, *ret_status is the
 * exit code. */
static matrix_selection *select_cell(const model *m, const struct options *o, int *ret_status)
{
	g_autoptr(GError) error = NULL;
	matrix_selection *s = NULL;

	*ret_status = CMD_USAGE;

	if (!o->arguments[1]) {
		s = explain_select_id(m, o->arguments[0], &error);
	} else {
		const struct scenario *sc = cmd_scenario(m, o->scenario);
		enum media media;

		if (!sc || !cmd_explain_medium(o->media, &media))
			return NULL;
		s = explain_select_call(m, sc->name, o->arguments[0], o->arguments[1], media,
					&error);
	}
	if (s)
		return s;
	*ret_status = cmd_failed(error);
	return NULL;
}

/* Writes the call's packets to o->write.  Returns the exit code. */
static int write_packets(const explanation *x, const struct storied *told, const struct options *o)
{
	g_autoptr(GByteArray) file = g_byte_array_new();
	g_autoptr(GError) error = NULL;

	if (!call_capture(x->model, &x->seen, told->cell ? told->cell : x->cell, x->finding, file))
		return cmd_fail(CMD_INTERNAL, "-w: no packets of this call were kept");
	/* not by cmd_print, which cleans text */
	return files_replace(cmd_is_stdout(o->write) ? "/dev/fd/1" : o->write,
			     (const char *)file->data, (gssize)file->len, &error) ?
		       CMD_AS_EXPECTED :
		       cmd_failed(error);
}

/* Writes what is asked for of a call whose cause was looked for.  Returns the exit code. */
static int write_found(const explanation *x, const struct storied *told,
		       const struct run_args *made, const struct options *o)
{
	int status = cmd_story_explained(x, told, o);

	if (status == CMD_AS_EXPECTED && o->write)
		status = write_packets(x, told, o);
	if (status == CMD_AS_EXPECTED)
		status = cmd_ci_explained(x, told, made, o);
	return status;
}

/* Writes the explanation as text, JSON, story or page, as the options ask.  Returns the exit code.
 */
static int write_explanation(const explanation *x, const struct storied *told,
			     const struct options *o)
{
	g_auto(GStrv) changes = model_change_lines(o->changes);
	const struct run_args made = {.program = cmd_program(),
				      .topology = cmd_topology_argument(told->base->file),
				      .changes = changes,
				      .allow_commands = o->allow_commands};
	g_autoptr(GString) text = g_string_new(NULL);
	int status = CMD_AS_EXPECTED;

	if (o->json) {
		g_autofree char *document = explain_json_text(x);

		status = cmd_write_json(o->json, document);
	}
	if (status == CMD_AS_EXPECTED && x->finding)
		status = write_found(x, told, &made, o);
	if (status != CMD_AS_EXPECTED || cmd_is_stdout(o->json) || cmd_is_stdout(o->write) ||
	    cmd_is_stdout(o->change_report))
		return status;
	if (x->finding)
		explain_text(x, &made, o->verbose, cmd_columns(STDOUT_FILENO), text);
	return cmd_print(text->str, (gssize)text->len);
}

/* The exit code: of the signal (0: none), of an error in writing (`told`), or of the
 * explanation. */
static int explain_exit_code(const explanation *x, int told, int signal)
{
	if (signal != 0)
		return CMD_SIGNAL + signal;
	if (told != CMD_AS_EXPECTED)
		return told;
	return x->finding->code == CAUSE_UNKNOWN ? CMD_DIFFERS : CMD_AS_EXPECTED;
}

/* --- what is shown meanwhile ------------------------------------------------------------------ */

static void on_stage(enum explain_stage stage, const char *change, gpointer user_data)
{
	static const char *const words[] = {
		[EXPLAIN_CALLING] = "placing the call",
		[EXPLAIN_SEARCHING] = "looking for the cause",
		[EXPLAIN_REPEATING] = "placing the call on a copy",
		[EXPLAIN_TRYING] = "trying on a copy: ",
		[EXPLAIN_COMPARING] = "placing all other calls, without and with the fix",
	};
	live_view *v = user_data;
	g_autofree char *text =
		g_strconcat(words[stage], change ? change + strlen("- ") : NULL, NULL);

	progress_stage(v->progress, g_strdelimit(g_strchomp(text), "\n", ' '));
	live_view_show(v);
}

static void on_runs(const results *r, gpointer user_data)
{
	live_view *v = user_data;

	progress_runs(v->progress, r);
	live_view_show(v);
}

static void on_heard(const char *agent, const json_t *event, gpointer user_data)
{
	live_view *v = user_data;

	progress_heard(v->progress, agent, event);
	live_view_show(v);
}

int cmd_explain_cell(const model *m, matrix_selection *s, struct recorded *recorded,
		     const finished *run, const struct options *o, guint64 seed)
{
	g_autofree char *program_dir = cmd_program_dir(), *uncontained = NULL;
	g_autoptr(GCancellable) cancel = g_cancellable_new();
	g_autoptr(live_view) view = live_view_new(o, true);
	const struct explain_watch watch = {on_stage, on_runs, on_heard, view};
	const struct explain_options options = {.program_dir = program_dir,
						.seed = seed,
						.all = o->all,
						.no_trial = o->no_trial,
						.alternatives = o->verbose > 0 || o->json,
						.cancel = cancel,
						.watch = &watch,
						.ret_uncontained = &uncontained};
	g_autoptr(GError) error = NULL;
	signals *watched = signals_watch(signals_cancel, cancel, &error);
	struct storied told = {.base = m, .cell = recorded ? recorded->cell : NULL, .run = run};
	g_autoptr(explanation) x = NULL;
	int signal;

	if (!watched)
		object_free(s);
	else
		x = recorded ? explain_recorded(m, s, recorded, &options) :
			       explain_cell(m, s, &options, &error);
	live_view_end(view);
	signal = signals_seen(watched);
	signals_unwatch(watched);
	cmd_note_uncontained(uncontained);
	if (!x)
		return cmd_failed(error);
	return explain_exit_code(x, write_explanation(x, &told, o), signal);
}

/* Places the call in a fresh lab and explains it.  Returns the exit code. */
static int explain_fresh(const model *m, const struct options *o, guint64 seed)
{
	int status = cmd_allow_commands(o, m);
	matrix_selection *s = status ? NULL : select_cell(m, o, &status);

	return s ? cmd_explain_cell(m, s, NULL, NULL, o, seed) : status;
}

/* --- an earlier run --------------------------------------------------------------------------- */

/* Explains a cell of an earlier run.  Returns the exit code. */
static int explain_finished(finished *f, const model *m, const char *id, const struct options *o,
			    guint64 seed)
{
	g_autoptr(GError) error = NULL;
	int status = o->no_trial ? 0 : cmd_allow_commands(o, m);
	matrix_selection *s = status ? NULL : explain_select_id(m, id, &error);
	struct recorded recorded;

	if (!s)
		return status ? status : cmd_failed(error);
	finished_read(f, id, &recorded);
	status = cmd_explain_cell(m, s, &recorded, f, o, seed);
	recorded_clear(&recorded);
	return status;
}

/* Prints that the run has no such cell, with a name that is near.  Returns the exit code. */
static int print_no_such_cell(const finished *f, const char *id)
{
	g_autofree char *near = finished_near(f, id);

	return cmd_fail(CMD_USAGE, "run %s has no cell '%s'%s%s%s", f->results->run_id, id,
			near ? " (near: " : "", near ? near : "", near ? ")" : "");
}

/* Prints that the run was of another network, where the run says of which.  Returns the exit code.
 */
static int print_other_network(const finished *f, const char *topology)
{
	g_autoptr(diags) found = diags_new();

	diags_add(found, DIAG_ERROR, f->start, "name the file by -t, and its changes by -c",
		  "%s is not what run %s ran: the file or the changes differ",
		  topology ? topology : "the reference topology", f->results->run_id);
	cmd_tell_findings(found);
	return CMD_USAGE;
}

/* Explains a cell of the run in `dir`, with the run's own topology and changes where the options
 * name none.  Returns the exit code. */
static int explain_run(const char *dir, const char *id, const struct options *o, guint64 seed)
{
	g_autoptr(diags) found = diags_new();
	g_autoptr(finished) f = finished_open(dir, found);
	struct options own = *o;
	g_autoptr(model) m = NULL;

	cmd_tell_findings(found);
	if (!f)
		return CMD_USAGE;
	if (!own.topology)
		own.topology = f->results->topology_file;
	if (!own.changes)
		own.changes = f->results->changes;
	m = cmd_topology_load(&own);
	if (!m && !o->topology)
		cmd_note_elsewhere(own.topology, f->results->run_id);
	if (!m)
		return CMD_INPUT;
	if (!finished_is_of(f, m, own.changes))
		return print_other_network(f, own.topology);
	return finished_cell(f, id) ? explain_finished(f, m, id, &own, seed) :
				      print_no_such_cell(f, id);
}

/* The last run, if it ran this network and has the result of this cell, which the caller frees;
 * NULL: it is another one. */
static finished *last_run_of(const model *m, const struct options *o, const char *id)
{
	g_autofree char *dir = rundir_last();
	g_autoptr(finished) f = finished_open(dir, NULL);
	const struct cell *c = f && finished_is_of(f, m, o->changes) ? finished_cell(f, id) : NULL;

	return c && c->done ? g_steal_pointer(&f) : NULL;
}

/* Explains by the last run if that has the cell, else in a fresh lab. */
static int explain_cell_or_call(const struct options *o, guint64 seed)
{
	g_autoptr(model) m = cmd_topology_load(o);
	g_autoptr(finished) last = NULL;

	if (!m)
		return CMD_INPUT;
	if (!o->arguments[1] && !o->fresh)
		last = last_run_of(m, o, o->arguments[0]);
	return last ? explain_finished(last, m, o->arguments[0], o, seed) :
		      explain_fresh(m, o, seed);
}

/* Whether the path is a run folder: it has an events.jsonl. */
static bool is_run_folder(const char *name)
{
	g_autofree char *events = g_build_filename(name, "events.jsonl", NULL);

	return g_file_test(events, G_FILE_TEST_IS_REGULAR);
}

int cmd_explain(const struct options *o)
{
	char *const *a = o->arguments;
	bool stdout_taken;
	guint64 seed;

	if (o->icewarn)
		return decode_icewarn(o);
	if (!a[0] || (o->run && a[1]))
		return cmd_fail(CMD_USAGE,
				"usage: testbed explain [RUNDIR] CELL | A B [-n LAB] [OPTION...]");
	if (!cmd_seed(o, &seed) || !cmd_ci_check(o, &stdout_taken))
		return CMD_USAGE;
	if (o->run && !o->name)
		return explain_run(o->run, a[0], o, seed);
	/* a cell's id has slashes, an endpoint's name has none */
	if (a[1] && !o->name && (is_run_folder(a[0]) || strchr(a[1], '/')))
		return explain_run(a[0], a[1], o, seed);
	if (a[1] ? cmd_uses_live_lab(o) : o->name != NULL)
		return cmd_explain_live(o, seed);
	return explain_cell_or_call(o, seed);
}
