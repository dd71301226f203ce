/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/merge.h"

#include "common/base/files.h"
#include "testbed/cmd/ci.h"
#include "testbed/cmd/merge_read.h"
#include "testbed/explain/finished.h"
#include "testbed/report/ci.h"
#include "testbed/report/merge.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define DRAWN_CELLS_MAX 20000 /* more are summed up, not drawn */
#define DIFFERING_MAX 100     /* of those, so many are told */
#define WRITE_BYTES (1024u * 1024u)

/* Where the document of a run is. */
struct merge_source {
	int fd;	     /* of a file; -1: none */
	char *bytes; /* or the document itself, made from events; NULL: none */
};

struct merging {
	merge *merge;
	GArray *sources; /* struct merge_source, as the runs of the merge */
	int out;	 /* where the document is written to */
	GByteArray *unwritten;
};

static void clear_source(gpointer source)
{
	struct merge_source *s = source;

	if (s->fd >= 0)
		close(s->fd);
	g_free(s->bytes);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Adds a run's document (taken over) to the merge, and keeps `source` (taken over) to copy cells
 * from. */
static bool add_source(struct merging *m, const char *name, struct merge_source source,
		       struct merge_document *document, GError **error)
{
	bool ok = document && merge_add_document(m->merge, name, document, error);

	if (ok)
		g_array_append_val(m->sources, source);
	else
		clear_source(&source);
	return ok;
}

/* Adds a run that was cut off by its events: they name the cells that were not run, too. */
static bool add_events(struct merging *m, const char *dir)
{
	g_autoptr(diags) found = diags_new();
	g_autoptr(finished) f = finished_open(dir, found);
	g_autoptr(GError) error = NULL;
	json_auto_t *document = f ? report_results_json(f->results, true) : NULL;
	char *text = document ? report_document_text(document, JSON_REAL_PRECISION(9)) : NULL;
	struct merge_source source = {.fd = -1, .bytes = text};

	if (text &&
	    add_source(m, dir, source, merge_document_new(text, strlen(text), &error), &error))
		return true;
	if (error)
		return cmd_error("%s: %s", dir, error->message);
	merge_add_lost(m->merge, dir);
	return true;
}

/* Adds a run: a document that --json has written, or a folder, by its results.json when the run
 * came to its end. */
static bool add_run(struct merging *m, struct merge_reading *r)
{
	g_autoptr(GError) error = g_steal_pointer(&r->error);
	struct merge_source source = {.fd = r->fd};

	if (!r->document && !error)
		return add_events(m, r->name);
	if (!error) {
		r->fd = -1;
		if (add_source(m, r->name, source, g_steal_pointer(&r->document), &error))
			return true;
	}
	return cmd_error("%s%s: %s", r->name, r->is_file ? "" : "/results.json", error->message);
}

/* As many descriptors as the user may have: each run takes one. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Adds all runs; false: one can't be merged, which was printed. */
static bool add_runs(struct merging *m, char *const *names)
{
	g_autoptr(merge_readers) readers = merge_readers_new(names);
	struct merge_reading *r;

	while ((r = merge_readers_next(readers)))
		if (!add_run(m, r))
			return false;
	merge_end(m->merge);
	return m->merge->runs->len > 0 || cmd_error("of none of these runs anything can be read");
}

/* --- writing ---------------------------------------------------------------------------------- */

static bool read_piece(guint run, gsize at, gsize length, char *to, gpointer user_data,
		       GError **error)
{
	const struct merging *m = user_data;
	const struct merge_source *s = &g_array_index(m->sources, struct merge_source, run);

	if (s->bytes) {
		memcpy(to, s->bytes + at, length);
		return true;
	}
	for (gsize done = 0; done < length;) {
		ssize_t n = pread(s->fd, to + done, length - done, (off_t)(at + done));

		if (n == 0 || (n < 0 && errno != EINTR))
			return tb_error_set(error, TB_ERROR_FAILED, "cannot read '%s' again: %s",
					    merge_run_name(m->merge, run),
					    n == 0 ? "it was cut off" : g_strerror(errno));
		done += (gsize)MAX(n, 0);
	}
	return true;
}

static bool flush_unwritten(struct merging *m, GError **error)
{
	const guint8 *at = m->unwritten->data;
	gsize left = m->unwritten->len;

	while (left > 0) {
		ssize_t n = write(m->out, at, left);

		if (n < 0 && errno != EINTR)
			return tb_error_set(error, TB_ERROR_FAILED, "%s", g_strerror(errno));
		at += MAX(n, 0);
		left -= (gsize)MAX(n, 0);
	}
	g_byte_array_set_size(m->unwritten, 0);
	return true;
}

static bool write_piece(const char *bytes, gsize length, gpointer user_data, GError **error)
{
	struct merging *m = user_data;

	g_byte_array_append(m->unwritten, (const guint8 *)bytes, (guint)length);
	return m->unwritten->len < WRITE_BYTES || flush_unwritten(m, error);
}

/* Writes the merged document to the file; "-": to stdout.  Returns the exit code. */
static int write_document(struct merging *m, const char *where)
{
	const struct merge_pieces pieces = {read_piece, write_piece, m};
	bool to_stdout = cmd_is_stdout(where);
	g_autoptr(GError) error = NULL;
	bool ok;

	m->out = to_stdout ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3) :
			     files_open_output(where, &error);
	if (m->out < 0)
		return cmd_fail(CMD_INTERNAL, "%s", error ? error->message : "no standard output");
	ok = merge_write(m->merge, &pieces, &error) && flush_unwritten(m, &error);
	close(m->out);
	return ok ? CMD_AS_EXPECTED :
		    cmd_fail(CMD_INTERNAL, "cannot write '%s': %s", where, error->message);
}

/* --- text ------------------------------------------------------------------------------------- */

static bool differs(const struct merge_cell *c)
{
	return c->done && !c->as_expected;
}

/* Appends cells that differ, of a matrix that is too large to be drawn. */
static void append_differing(const results *differing, const struct report_style *style,
			     GString *out)
{
	guint told = 0;

	ptr_array_foreach(const struct scenario_result, s, differing->scenarios) {
		ptr_array_foreach(const struct cell, c, s->cells)
			if (told++ < DIFFERING_MAX)
				report_cell_line(c, style, out);
	}
	if (told > DIFFERING_MAX)
		g_string_append_printf(out, "... and %u more that differ\n", told - DIFFERING_MAX);
}

/* The folder of the run that has the cell, borrowed; NULL: it is a document of --json. */
static const char *folder_of(const struct merging *m, const struct merge_cell *c)
{
	const char *name = merge_run_name(m->merge, c->run);

	return g_file_test(name, G_FILE_TEST_IS_DIR) ? name : NULL;
}

/* Appends how the first cell that failed is explained, by the run that has it. */
static void append_explain(const struct merging *m, const struct options *o, const results *r,
			   GString *out)
{
	const struct merge_cell *c = merge_first_failed(m->merge);
	const char *folder = c ? folder_of(m, c) : NULL;
	char seed[24];
	struct run_args made;
	g_autofree char *command = NULL;

	if (!folder)
		return;
	made = cmd_run_args(r, o, folder, seed);
	command = run_args_explain(&made, c->id);
	g_string_append_printf(out, "to see the cause and the fix:\n  %s\n", command);
}

static void append_sum(const merge *m, GString *out)
{
	struct results_summary sum = merge_summarise(m);

	g_string_append_printf(out,
			       "%u cells: %u passed, %u failed, %u errors, %u not run; %u not as "
			       "expected\n",
			       sum.cells, sum.passed, sum.failed, sum.errors, sum.not_run,
			       sum.unexpected);
}

/* Prints what there is, what is missing, and for each run how one of its cells is explained. */
static int print_text(struct merging *m, const struct options *o, const results *r, bool drawn)
{
	struct report_text how = {.style = cmd_style(o, STDOUT_FILENO)};
	g_autoptr(GString) text = g_string_new(NULL);

	if (drawn)
		report_grids(r, &how, text);
	else
		append_differing(r, &how.style, text);
	append_explain(m, o, r, text);
	append_sum(m->merge, text);
	merge_text(m->merge, text);
	return cmd_print(text->str, (gssize)text->len);
}

/* Cell's id -> folder of the run that has it; both are borrowed.  The caller frees the table. */
static GHashTable *folders_of(const struct merging *m)
{
	GHashTable *folders = g_hash_table_new(g_str_hash, g_str_equal);

	ptr_array_foreach(const struct merge_scenario, s, m->merge->scenarios)
		array_foreach(const struct merge_cell, c, s->cells)
			g_hash_table_insert(folders, c->id, (gpointer)(guintptr)folder_of(m, c));
	return folders;
}

static int write_all(struct merging *m, const struct options *o, bool stdout_taken)
{
	const struct merge_pieces pieces = {.read = read_piece, .user_data = m};
	bool drawn = cmd_ci_wanted(o) || merge_summarise(m->merge).cells <= DRAWN_CELLS_MAX;
	int status = o->json ? write_document(m, o->json) : CMD_AS_EXPECTED;
	g_autoptr(GError) error = NULL;
	g_autoptr(results) r = NULL;

	if (status != CMD_AS_EXPECTED || (stdout_taken && !cmd_ci_wanted(o)))
		return status;
	r = merge_results(m->merge, &pieces, drawn ? NULL : differs, &error);
	if (!r)
		return cmd_failed(error);
	if (cmd_ci_wanted(o)) {
		g_autoptr(GHashTable) folders = folders_of(m);

		status = cmd_ci_write_results(r, folders, o);
	}
	if (status == CMD_AS_EXPECTED && !stdout_taken)
		status = print_text(m, o, r, drawn);
	return status;
}

int cmd_report_merge(const struct options *o)
{
	g_autoptr(merge) all = merge_new();
	g_autoptr(GArray) sources = g_array_new(FALSE, FALSE, sizeof(struct merge_source));
	g_autoptr(GByteArray) unwritten = g_byte_array_new();
	struct merging m = {.merge = all, .sources = sources, .unwritten = unwritten};
	bool stdout_taken;
	int status;

	g_array_set_clear_func(sources, clear_source);
	if (o->html)
		return cmd_fail(CMD_USAGE,
				"a page is of one run: testbed report RUNDIR --html FILE");
	if (!*o->arguments)
		return cmd_fail(CMD_USAGE, "usage: testbed report --merge RUNDIR... [OPTION...]");
	if (!cmd_ci_check(o, &stdout_taken))
		return CMD_USAGE;
	raise_descriptor_limit();
	if (!add_runs(&m, o->arguments))
		return CMD_USAGE;
	status = write_all(&m, o, stdout_taken);
	if (status != CMD_AS_EXPECTED)
		return status;
	return merge_summarise(all).unexpected > 0 || !merge_is_complete(all) ? CMD_DIFFERS :
										CMD_AS_EXPECTED;
}
