/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runs: lists run folders, and removes old ones.
 *
 * A folder is a run's when testbed's own event run-started is the first line of its events.jsonl.
 * No symbolic link is followed on the way to it or in it, so that a link that somebody has put in
 * such a folder leads nowhere.  A run that is going on holds a lock (rundir.h). */
#include "common/base/files.h"
#include "testbed/cmd/cmd.h"
#include "testbed/cmd/rundir.h"
#include "testbed/explain/finished.h"

#include <fts.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUNS_SCHEMA "testbed.runs/1"
#define RESULTS_BYTES_MAX (256u * 1024u * 1024u)
#define SECONDS_OF_DAY 86400.0

/* One run folder. */
struct kept_run {
	char *parent, *name, *path; /* path: as it is shown */
	gint64 started_us;	    /* since 1970; 0: not recorded */
	guint64 bytes;
	results *results;
	bool running, removed;
};

static void kept_run_free(gpointer data)
{
	struct kept_run *k = data;

	g_free(k->parent);
	g_free(k->name);
	g_free(k->path);
	results_free(k->results);
	g_free(k);
}

/* --- what is there ---------------------------------------------------------------------------- */

/* The results that the run wrote at its end; NULL: it did not, or they are another run's.  The
 * caller frees them. */
static results *results_written(const char *path, const char *run_id)
{
	int fd = files_open_below(path, "results.json", NULL);
	gsize length = 0;
	g_autofree char *text = fd >= 0 ? files_read(fd, RESULTS_BYTES_MAX, &length, NULL) : NULL;
	json_auto_t *document = text ? json_loadb(text, length, 0, NULL) : NULL;
	g_autoptr(results) r = document ? report_results_parse(document, NULL) : NULL;

	if (fd >= 0)
		close(fd);
	return r && g_str_equal(r->run_id, run_id) ? g_steal_pointer(&r) : NULL;
}

/* Reads when the run started and what came of it; false: it is no run. */
static bool read_run_folder(struct kept_run *k)
{
	json_auto_t *start = rundir_start(k->path);
	const json_t *declared = json_object_get(start, "results");
	const char *id = member_text(json_object_get(declared, "run"), "id");

	if (!id)
		return false;
	k->started_us = member_integer(start, "wall_us");
	k->results = results_written(k->path, id);
	/* results.json has no cells that were not run */
	if (!k->results || !k->results->complete) {
		g_autoptr(finished) f = finished_open(k->path, NULL);

		results_free(k->results);
		k->results = f ? g_steal_pointer(&f->results) : NULL;
	}
	return k->results;
}

/* The bytes of all files below, links not followed. */
static guint64 size_of(const char *path)
{
	char *const paths[] = {(char *)(gpointer)(guintptr)path, NULL};
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	guint64 bytes = 0;
	const FTSENT *e;

	while (tree && (e = fts_read(tree)))
		if (e->fts_info == FTS_F)
			bytes += (guint64)e->fts_statp->st_size;
	if (tree)
		fts_close(tree);
	return bytes;
}

/* Adds the folder if it is a run's. */
static void add_run(GPtrArray *runs, const char *parent, const char *name)
{
	struct kept_run *k = g_new0(struct kept_run, 1);

	k->parent = g_strdup(parent);
	k->name = g_strdup(name);
	k->path = g_str_equal(parent, ".") ? g_strdup(name) : g_build_filename(parent, name, NULL);
	k->running = rundir_is_running(k->path);
	if (read_run_folder(k)) {
		k->bytes = size_of(k->path);
		g_ptr_array_add(runs, k);
	} else {
		kept_run_free(k);
	}
}

/* Adds the runs in a folder. */
static void add_runs_in(GPtrArray *runs, const char *folder)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		if (!g_file_test(path, G_FILE_TEST_IS_SYMLINK) &&
		    g_file_test(path, G_FILE_TEST_IS_DIR))
			add_run(runs, folder, name);
	}
}

static gint by_start(gconstpointer x, gconstpointer y)
{
	const struct kept_run *const *a = x, *const *b = y;

	return (*b)->started_us > (*a)->started_us ? 1 :
	       (*b)->started_us < (*a)->started_us ? -1 :
						     strcmp((*a)->path, (*b)->path);
}

/* --- for people ------------------------------------------------------------------------------- */

/* "all as expected", "3 not as expected", "interrupted: ..."; the caller frees it. */
static char *outcome_text(const struct kept_run *k)
{
	struct results_summary sum = results_summarise(k->results);
	g_autofree char *differ = sum.unexpected > 0 ?
					  g_strdup_printf("%u not as expected", sum.unexpected) :
				  sum.not_run > 0 ? g_strdup("none differs so far") :
						    g_strdup("all as expected");

	return g_strconcat(k->running		? "going on: " :
			   k->results->complete ? "" :
						  "interrupted: ",
			   differ, NULL);
}

static void append_run(const struct kept_run *k, GString *out)
{
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(k->started_us / G_USEC_PER_SEC),
			     here = utc ? g_date_time_to_local(utc) : NULL;
	g_autofree char *started = here && k->started_us > 0 ? g_date_time_format(here, "%F %T") :
							       g_strdup("-"),
			*size = g_format_size_full(k->bytes, G_FORMAT_SIZE_IEC_UNITS),
			*outcome = outcome_text(k);
	const char *join = ": ";

	g_string_append_printf(out, "%s%-19s  %s, %s, %u cells, %s\n", k->removed ? "removed " : "",
			       started, k->path, size, results_summarise(k->results).cells,
			       outcome);
	g_string_append_printf(out, "  %s",
			       k->results->topology_name ? k->results->topology_name : "?");
	ptr_array_foreach(const struct scenario_result, s, k->results->scenarios) {
		g_string_append_printf(out, "%s%s", join, s->name);
		join = ", ";
	}
	g_string_append_c(out, '\n');
	for (char *const *change = k->results->changes; change && *change; change++)
		g_string_append_printf(out, "  changed: %s\n", *change);
}

/* --- for programs ----------------------------------------------------------------------------- */

static json_t *run_json(gconstpointer item)
{
	const struct kept_run *k = item;
	struct results_summary sum = results_summarise(k->results);
	json_t *names = json_array(), *changes = json_array();
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(k->started_us / G_USEC_PER_SEC);
	g_autofree char *started =
		utc && k->started_us > 0 ? g_date_time_format_iso8601(utc) : NULL;

	ptr_array_foreach(const struct scenario_result, s, k->results->scenarios)
		json_array_append_new(names, json_string(s->name));
	for (char *const *change = k->results->changes; change && *change; change++)
		json_array_append_new(changes, json_string(*change));
	return json_pack("{s:s, s:s, s:s?, s:s?, s:o, s:o, s:i, s:i, s:i, s:b, s:b, s:I, s:b}",
			 "folder", k->path, "id", k->results->run_id, "started", started,
			 "topology", k->results->topology_name, "scenarios", names, "changes",
			 changes, "cells", (int)sum.cells, "unexpected", (int)sum.unexpected,
			 "not_run", (int)sum.not_run, "complete", (int)k->results->complete,
			 "running", (int)k->running, "bytes", (json_int_t)k->bytes, "removed",
			 (int)k->removed);
}

/* --- the verb --------------------------------------------------------------------------------- */

/* How many of the newest runs stay, and how old one may be; false: an error was printed. */
static bool parse_limits(const struct options *o, guint64 *ret_keep, double *ret_age_s)
{
	char *end = NULL;
	double days = o->older_than ? g_ascii_strtod(o->older_than, &end) : 0;

	*ret_keep = 0;
	*ret_age_s = days * SECONDS_OF_DAY;
	if (!o->prune && (o->keep || o->older_than))
		return cmd_error("--keep and --older-than are for --prune");
	if (o->prune && !o->keep && !o->older_than)
		return cmd_error("--prune: say what may go by --keep N or --older-than DAYS");
	if (o->keep && !g_ascii_string_to_unsigned(o->keep, 10, 0, G_MAXUINT32, ret_keep, NULL))
		return cmd_error("--keep '%s' is not a number", o->keep);
	if (o->older_than && (end == o->older_than || *end || !(days >= 0)))
		return cmd_error("--older-than '%s' is no number of days", o->older_than);
	return true;
}

/* Removes runs, newest first in `runs`, and leaves in it those that are removed.  Returns the exit
 * code. */
static int prune(GPtrArray *runs, guint64 keep, double age_s)
{
	gint64 now_us = g_get_real_time();
	int status = CMD_AS_EXPECTED;
	guint n = 0;

	for (guint i = 0; i < runs->len; i++) {
		struct kept_run *k = runs->pdata[i];

		if (k->running || n++ < keep ||
		    (double)(now_us - k->started_us) < age_s * G_USEC_PER_SEC)
			continue;
		k->removed = rundir_remove(k->parent, k->name);
		if (!k->removed) {
			cmd_error("can't remove %s", k->path);
			status = CMD_INTERNAL;
		}
	}
	for (guint i = runs->len; i-- > 0;)
		if (!((const struct kept_run *)runs->pdata[i])->removed)
			g_ptr_array_remove_index(runs, i);
	return status;
}

static int print_runs(const GPtrArray *runs, const struct options *o)
{
	g_autoptr(GString) text = g_string_new(NULL);

	if (o->json) {
		json_auto_t *document = json_pack("{s:s, s:o}", "schema", RUNS_SCHEMA, "runs",
						  report_list_json(runs, run_json));

		return cmd_write_document(o->json, document, 2);
	}
	for (guint i = 0; i < runs->len; i++)
		append_run(runs->pdata[i], text);
	if (runs->len == 0)
		g_string_append(text, o->prune ? "nothing to remove\n" : "no runs here\n");
	return cmd_print(text->str, (gssize)text->len);
}

int cmd_runs(const struct options *o)
{
	g_autoptr(GPtrArray) runs = g_ptr_array_new_with_free_func(kept_run_free);
	g_autofree char *state = rundir_state();
	int status = CMD_AS_EXPECTED, printed;
	guint64 keep;
	double age_s;

	if (!parse_limits(o, &keep, &age_s))
		return CMD_USAGE;
	for (guint i = 0; o->arguments[i]; i++) {
		if (!g_file_test(o->arguments[i], G_FILE_TEST_IS_DIR))
			return cmd_fail(CMD_USAGE, "'%s' is no folder", o->arguments[i]);
		add_runs_in(runs, o->arguments[i]);
	}
	if (!o->arguments[0]) {
		add_runs_in(runs, state);
		/* what is only somewhere below the feet is not for removing */
		if (!o->prune)
			add_runs_in(runs, ".");
	}
	g_ptr_array_sort(runs, by_start);
	if (o->prune)
		status = prune(runs, keep, age_s);
	printed = print_runs(runs, o);
	return printed != CMD_AS_EXPECTED ? printed : status;
}
