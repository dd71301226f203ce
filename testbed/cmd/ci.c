/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/ci.h"

#include "common/base/files.h"
#include "testbed/explain/differing.h"
#include "testbed/report/change_sheet.h"
#include "testbed/report/ci.h"

#include <errno.h>
#include <unistd.h>

bool cmd_ci_wanted(const struct options *o)
{
	return o->junit || o->tap || o->github || o->change_report;
}

bool cmd_ci_check(const struct options *o, bool *ret_taken)
{
	guint n = (guint)cmd_is_stdout(o->json) + (guint)cmd_is_stdout(o->tap) +
		  (guint)cmd_is_stdout(o->junit) + (guint)cmd_is_stdout(o->change_report);

	*ret_taken = n > 0;
	return n <= 1 ||
	       cmd_error("only one of --json, --tap, --junit and --change-report can be '-'");
}

/* Writes the text to the file, which is replaced as a whole; "-": to stdout. */
static int write_text(const char *where, const GString *text)
{
	g_autoptr(GError) error = NULL;

	if (cmd_is_stdout(where))
		return cmd_print_document(text->str, (gssize)text->len);
	return files_replace(where, text->str, (gssize)text->len, &error) ? CMD_AS_EXPECTED :
									    cmd_failed(error);
}

static int write_form(const char *where, void (*form)(const struct ci_run *, GString *),
		      const struct ci_run *run)
{
	g_autoptr(GString) text = g_string_new(NULL);

	if (!where)
		return CMD_AS_EXPECTED;
	form(run, text);
	return write_text(where, text);
}

/* Opens the file to add to its end, as the user who called sudo; -1 with `error`. */
static int open_to_append(const char *path, GError **error)
{
	g_autofree char *folder_path = g_path_get_dirname(path), *name = g_path_get_basename(path);
	files_folder folder;
	int fd;

	if (!files_open_folder(folder_path, false, &folder, error))
		return -1;
	fd = files_open_own(&folder, name, error);
	files_close(&folder);
	return fd;
}

/* Other programs have written to the file before. */
static int append_summary(const struct ci_run *run, const char *path)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	int fd = open_to_append(path, &error);
	gsize done = 0;
	ssize_t n = 0;

	if (fd < 0)
		return cmd_failed(error);
	ci_summary(run, text);
	while (done < text->len && (n >= 0 || errno == EINTR)) {
		n = write(fd, text->str + done, text->len - done);
		done += n > 0 ? (gsize)n : 0;
	}
	if (done < text->len)
		cmd_error("cannot write '%s': %s", path, g_strerror(errno));
	close(fd);
	return done == text->len ? CMD_AS_EXPECTED : CMD_INTERNAL;
}

static int write_github(const struct ci_run *run)
{
	const char *path = g_getenv("GITHUB_STEP_SUMMARY");
	g_autoptr(GString) text = g_string_new(NULL);

	ci_annotations(run, text);
	cmd_tell(text->str);
	return path && *path ? append_summary(run, path) : CMD_AS_EXPECTED;
}

/* --- the page that goes with a change --------------------------------------------------------- */

static fix *fix_of(const struct cell *c, const finding *f, gpointer user_data)
{
	const model *m = differing_network(user_data, c->scenario);

	return m ? fix_derive(m, f) : NULL;
}

/* Options that chose the calls of a run; the caller frees it. */
static char *chosen_calls(const struct options *o)
{
	const struct {
		const char *option, *value;
	} given[] = {{"--media", o->media}, {"--pairs", o->pairs}, {"--only", o->only}};
	g_autoptr(GString) text = g_string_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(given); i++) {
		if (!given[i].value)
			continue;
		g_string_append_printf(text, " %s ", given[i].option);
		run_args_word(text, given[i].value);
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

/* "2026-11-30 12:00:00 UTC", which the caller frees; NULL: not known. */
static char *time_text(gint64 us)
{
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(us / G_USEC_PER_SEC);

	return utc && us > 0 ? g_date_time_format(utc, "%F %T UTC") : NULL;
}

/* As HTML, or Markdown where the file's name ends with .md or it is stdout. */
static int write_sheet(const struct change_sheet *sheet, const char *where)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct sheet out = {.out = text,
			    .html = !cmd_is_stdout(where) && !g_str_has_suffix(where, ".md")};

	change_sheet_write(sheet, &out);
	return write_text(where, text);
}

static int write_change_report(const struct ci_subject *of, const struct ci_run *told, differing *d,
			       const struct options *o)
{
	g_autofree char *started = time_text(of->run ? of->run->started_us : 0),
			*only = of->earlier ? NULL : chosen_calls(o);
	const struct change_sheet sheet = {.run = told,
					   .only = only,
					   .compared = of->compared,
					   .fix_of = fix_of,
					   .user_data = d,
					   .started = started};

	return write_sheet(&sheet, o->change_report);
}

int cmd_ci_explained(const explanation *x, const struct storied *told, const struct run_args *made,
		     const struct options *o)
{
	g_autoptr(results) r = o->change_report ? cmd_explained_results(x, told) : NULL;
	g_autofree char *started = time_text(told->run ? told->run->started_us : g_get_real_time());
	struct ci_run run = {.results = r, .base = told->base, .how = *made};
	const struct change_sheet sheet = {.run = &run, .explained = x, .started = started};

	if (!o->change_report)
		return CMD_AS_EXPECTED;
	if (!r)
		return cmd_fail(CMD_INTERNAL, "no change report: no results");
	run.how.folder = x->run_dir;
	return write_sheet(&sheet, o->change_report);
}

/* Writes what the options ask for.  Returns the exit code. */
static int write_forms(const struct ci_run *told, const struct options *o)
{
	int status = write_form(o->junit, ci_junit, told);

	if (status == CMD_AS_EXPECTED)
		status = write_form(o->tap, ci_tap, told);
	if (status == CMD_AS_EXPECTED && o->github)
		status = write_github(told);
	return status;
}

int cmd_ci_write(const struct ci_subject *of, const struct options *o)
{
	char seed[24];
	g_autoptr(model) m = cmd_run_topology(of->run, o);
	g_autoptr(differing) d = m ? differing_new(of->run, m) : NULL;
	struct ci_run told = {.results = of->run->results,
			      .base = m,
			      .findings = d ? differing_findings(d) : NULL,
			      .how = run_args_of(of->run->results, seed),
			      .root = g_getenv("GITHUB_WORKSPACE")};
	int status;

	if (!m)
		return CMD_INPUT;
	told.how.folder = of->folder;
	told.how.topology = cmd_topology_argument(told.how.topology);
	status = write_forms(&told, o);
	if (status == CMD_AS_EXPECTED && o->change_report)
		status = write_change_report(of, &told, d, o);
	return status;
}

int cmd_ci_write_results(const results *r, GHashTable *folders, const struct options *o)
{
	char seed[24];
	const struct ci_run told = {.results = r,
				    .how = run_args_of(r, seed),
				    .folders = folders,
				    .root = g_getenv("GITHUB_WORKSPACE")};
	const struct ci_subject of = {.earlier = true};
	int status = write_forms(&told, o);

	if (status == CMD_AS_EXPECTED && o->change_report)
		status = write_change_report(&of, &told, NULL, o);
	return status;
}
