/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Run folders: what `report` and `explain` read of any events.jsonl is a run or a finding, is
 * written as JSON that is read again, and controls no terminal. */
#include "testbed/explain/finished.h"
#include "testbed/report/explain_json.h"
#include "testbed/report/explain_text.h"
#include "testbed/report/text.h"
#include "testbed/report/timeline.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOPOLOGY "tests/data/topologies/company.yaml"

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static const struct report_style style = {.columns = 80, .colour = true};

static void expect_harmless(const GString *text)
{
	g_autoptr(GString) printed = g_string_new(NULL);

	ink_print(printed, text->str, (gssize)text->len);
	for (const char *at = printed->str; (at = strchr(at, '\x1b')); at++)
		g_assert_true(at[1] == '[' && at[2 + strspn(at + 2, "0123456789;")] == 'm');
	g_assert_null(strpbrk(printed->str, "\a\r\b\x7f"));
}

static void report_all(const results *r)
{
	const struct report_text how = {.style = style};
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *text = report_results_text(r);
	json_t *document = json_loads(text, 0, NULL);
	g_autoptr(results) again = NULL;

	report_text(r, &how, out);
	expect_harmless(out);
	g_assert_nonnull(document);
	again = report_results_parse(document, NULL);
	g_assert_nonnull(again);
	json_decref(document);
}

/* Cells of the topology by their ids, each selected once: that takes longer than all else here. */
static GHashTable *selections;

static GHashTable *select_all(const model *m)
{
	const struct matrix_filter everything = {0};
	g_autoptr(matrix_selection) all = matrix_select(m, &everything, NULL);
	GHashTable *by_id = g_hash_table_new(g_str_hash, g_str_equal);

	ptr_array_foreach(const struct scenario_result, s, all->results->scenarios)
		ptr_array_foreach(const struct cell, c, s->cells)
			g_hash_table_insert(by_id, g_strdup(c->id),
					    explain_select_id(m, c->id, NULL));
	return by_id;
}

static void explain_one(finished *f, const model *m, const char *id)
{
	static const struct explain_options options = {.no_trial = true};
	g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(object_free);
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *document = NULL;
	matrix_selection *s = g_hash_table_lookup(selections, id);
	g_autoptr(explanation) x = NULL;
	struct recorded recorded;

	if (!s)
		return;
	finished_read(f, id, &recorded);
	ptr_array_foreach(const struct heard, h, recorded.seen.heard)
		g_ptr_array_add(events, timeline_event_new(h->agent, h->event));
	report_timeline(recorded.cell, events, true, false, &style, out);
	x = explain_recorded(m, s, &recorded, &options);
	explain_text(x, &(const struct run_args){0}, 2, 80, out);
	expect_harmless(out);
	document = explain_json_text(x);
	g_assert_nonnull(document);
	x->selection = NULL; /* which stays for the next run folder */
}

/* The run folder, in memory where the machine has such a file system. */
static struct {
	char *dir, *path;
	int fd; /* its events.jsonl */
} folder;

static void remove_folder(void)
{
	unlink(folder.path);
	rmdir(folder.dir);
}

static void make_folder(void)
{
	folder.dir = g_mkdtemp(g_strdup("/dev/shm/testbed-fuzz-XXXXXX"));
	if (!folder.dir)
		folder.dir = g_dir_make_tmp("testbed-fuzz-XXXXXX", NULL);
	folder.path = g_build_filename(folder.dir, "events.jsonl", NULL);
	folder.fd = open(folder.path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	g_assert_cmpint(folder.fd, >=, 0);
	atexit(remove_folder);
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
	static model *m;
	g_autoptr(diags) d = diags_new();
	g_autoptr(finished) f = NULL;

	if (!m) {
		m = model_load(TOPOLOGY, d);
		g_assert_nonnull(m);
		selections = select_all(m);
		make_folder();
	}
	g_assert_cmpint(ftruncate(folder.fd, (off_t)size), ==, 0);
	g_assert_cmpint(pwrite(folder.fd, data, size, 0), ==, (gint64)size);
	f = finished_open(folder.dir, d);
	g_assert_true(!f == (diags_errors(d) > 0));
	if (!f)
		return 0;
	report_all(f->results);
	ptr_array_foreach(const struct scenario_result, s, f->results->scenarios)
		ptr_array_foreach(const struct cell, c, s->cells)
			explain_one(f, m, c->id);
	return 0;
}
