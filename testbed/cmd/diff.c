/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff and whatif: what changed between two runs. */
#include "common/base/files.h"
#include "testbed/cmd/ci.h"
#include "testbed/cmd/rundir.h"
#include "testbed/cmd/watched_run.h"
#include "testbed/explain/finished.h"
#include "testbed/report/diff.h"

#include <unistd.h>

#define RESULTS_BYTES_MAX (256u * 1024u * 1024u) /* 268 cells have 0.6 MiB */

static int write_page(const diff *d, const char *const names[2], const struct run_args *after,
		      const char *where)
{
	g_autoptr(GString) html = g_string_new(NULL);
	g_autoptr(GError) error = NULL;

	diff_html(d, names, after, html);
	return files_replace(where, html->str, (gssize)html->len, &error) ? CMD_AS_EXPECTED :
									    cmd_failed(error);
}

/* Writes what the options ask for.  Returns CMD_AS_EXPECTED, or the exit code of an error. */
static int write_diff(const diff *d, const char *const names[2], const struct run_args *after,
		      const struct options *o)
{
	const struct report_style style = cmd_style(o, STDOUT_FILENO);
	g_autoptr(GString) text = g_string_new(NULL);
	json_auto_t *document = o->json ? diff_json(d) : NULL;
	int status = CMD_AS_EXPECTED;

	if (document)
		status = cmd_write_document(o->json, document, 2);
	if (status == CMD_AS_EXPECTED && o->html)
		status = write_page(d, names, after, o->html);
	if (status != CMD_AS_EXPECTED || cmd_is_stdout(o->json) || cmd_is_stdout(o->change_report))
		return status;
	diff_text(d, names, after, &style, text);
	return cmd_print(text->str, (gssize)text->len);
}

/* --- diff ------------------------------------------------------------------------------------- */

/* The results of a run: of its folder, or of a document that --json has written.  The caller frees
 * them.  NULL: an error was printed. */
static results *load_run(const char *path)
{
	g_autoptr(diags) found = diags_new();
	g_autoptr(GError) error = NULL;
	json_error_t where;
	g_autofree char *text = NULL;
	json_auto_t *document = NULL;
	gsize length;
	results *r;

	if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
		g_autoptr(finished) f = finished_open(path, found);

		cmd_tell_findings(found);
		return f ? g_steal_pointer(&f->results) : NULL;
	}
	text = cmd_read_file(path, RESULTS_BYTES_MAX, &length);
	if (!text)
		return NULL;
	document = json_loadb(text, length, 0, &where);
	if (!document) {
		cmd_error("%s: neither a run folder nor results: %s", path, where.text);
		return NULL;
	}
	r = report_results_parse(document, &error);
	if (!r)
		cmd_error("%s: %s", path, error->message);
	return r;
}

int cmd_diff(const struct options *o)
{
	g_autofree char *last = o->arguments[1] ? NULL : rundir_last();
	const char *const names[2] = {o->arguments[0], last ? last : o->arguments[1]};
	g_autoptr(results) before = load_run(names[0]);
	g_autoptr(results) after = before ? load_run(names[1]) : NULL;
	g_autoptr(diff) d = after ? diff_new(before, after) : NULL;
	char seed[24];
	struct run_args made;
	int status;

	if (!d)
		return CMD_USAGE;
	made = cmd_run_args(after, o, o->arguments[1], seed);
	/* a document alone can't be explained */
	status = write_diff(d, names, g_file_test(names[1], G_FILE_TEST_IS_DIR) ? &made : NULL, o);
	if (status != CMD_AS_EXPECTED)
		return status;
	return diff_is_empty(d) ? CMD_AS_EXPECTED : CMD_DIFFERS;
}

/* --- whatif ----------------------------------------------------------------------------------- */

static void no_text(const results *r G_GNUC_UNUSED, const GPtrArray *events G_GNUC_UNUSED,
		    const struct options *o G_GNUC_UNUSED, GString *out G_GNUC_UNUSED)
{
}

/* Runs the cells of the options in the network with these changes.  The caller frees the results.
 * NULL: *ret_status is the exit code, and an error was printed. */
static results *run_with(const struct options *o, char **changes, int *ret_status)
{
	static const struct watched_report report = {.text = no_text};
	struct options one = *o;
	g_autoptr(model) m = NULL;
	g_autoptr(matrix_selection) s = NULL;

	one.changes = changes;
	one.json = one.html = one.change_report = NULL;
	*ret_status = CMD_INPUT;
	m = cmd_topology_load(&one);
	s = m ? cmd_select_matrix(m, &one, ret_status) : NULL;
	if (!s)
		return NULL;
	*ret_status = watched_run(s, &one, &report);
	if (*ret_status != CMD_AS_EXPECTED && *ret_status != CMD_DIFFERS)
		return NULL;
	return g_steal_pointer(&s->results);
}

/* Writes the page of --change-report, with the causes by the folder of the run with the change.
 * Returns the exit code. */
static int write_change_report(const diff *d, const struct options *o)
{
	g_autofree char *last = rundir_last();
	g_autoptr(finished) run = finished_open(last, NULL);
	struct options own = *o;

	if (!run || g_strcmp0(run->results->run_id, d->after->run_id) != 0)
		return cmd_fail(CMD_INTERNAL, "--change-report needs a run that is kept");
	own.topology = run->results->topology_file;
	return cmd_ci_write(&(const struct ci_subject){.run = run, .compared = d}, &own);
}

int cmd_whatif(const struct options *o)
{
	static const char *const names[2] = {"the network as it is", "the network as changed"};
	g_autoptr(results) before = NULL, after = NULL;
	g_autoptr(diff) d = NULL;
	struct run_args made;
	char seed[24];
	int status = CMD_USAGE;

	if (!o->changes)
		return cmd_fail(CMD_USAGE, "no change: name one by -c, or a file of them by "
					   "-c @FILE");
	if (!cmd_check_matrix(o))
		return CMD_USAGE;
	before = run_with(o, NULL, &status);
	after = before ? run_with(o, o->changes, &status) : NULL;
	if (!after)
		return status;
	d = diff_new(before, after);
	made = cmd_run_args(after, o, NULL, seed);
	status = write_diff(d, names, &made, o);
	if (status == CMD_AS_EXPECTED && o->change_report)
		status = write_change_report(d, o);
	if (status != CMD_AS_EXPECTED)
		return status;
	return d->counts[DIFF_BROKE] > 0 ? CMD_DIFFERS : CMD_AS_EXPECTED;
}
