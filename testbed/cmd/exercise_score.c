/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exercise score: what records say, one or those of a class. */
#include "testbed/cmd/cmd.h"
#include "testbed/cmd/rundir.h"
#include "testbed/exercise/data.h"
#include "testbed/exercise/record.h"

#include <string.h>

static gint by_start(gconstpointer a, gconstpointer b)
{
	const exercise_record *const *one = a, *const *other = b;

	return (*one)->started_s < (*other)->started_s ?
		       -1 :
	       (*one)->started_s > (*other)->started_s ?
		       1 :
		       g_strcmp0((*one)->student, (*other)->student);
}

/* Paths of the user's own records; the caller frees the list. */
static GPtrArray *own_paths(void)
{
	g_autofree char *state = rundir_state(),
			*folder = g_build_filename(state, "exercises", NULL);
	GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		if (g_str_has_suffix(name, ".json"))
			g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
	return paths;
}

/* The records in order of time; the caller frees them.  NULL with `error`. */
static GPtrArray *load_all(char *const *named, GError **error)
{
	g_autoptr(GPtrArray) paths = own_paths(), all = g_ptr_array_new_with_free_func(object_free);

	if (named[0])
		g_ptr_array_set_size(paths, 0);
	for (; *named; named++)
		g_ptr_array_add(paths, g_strdup(*named));
	ptr_array_foreach(const char, path, paths) {
		exercise_record *r = record_load(path, error);

		if (!r)
			return NULL;
		g_ptr_array_add(all, r);
	}
	g_ptr_array_sort(all, by_start);
	return g_steal_pointer(&all);
}

/* Appends the score of a record, with its reasons where it is the only one. */
static void add_score(GString *text, const exercise_record *r, bool alone)
{
	struct score s;

	record_score(r, &s);
	g_string_append_printf(text, "%3u %%  %-24s level %u  %s\n", s.percent, r->exercise,
			       r->level, r->student ? r->student : "");
	for (guint i = 0; alone && i < s.reasons->len; i++)
		g_string_append_printf(text, "       %s\n", (const char *)s.reasons->pdata[i]);
	score_clear(&s);
}

int cmd_exercise_score(const struct options *o)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) all = load_all(o->arguments, &error);
	g_autoptr(GString) text = g_string_new(NULL);
	json_auto_t *list = json_array();

	if (!all)
		return cmd_failed(error);
	if (o->csv)
		record_csv_header(text);
	ptr_array_foreach(const exercise_record, r, all) {
		if (o->csv)
			record_csv_row(r, text);
		else
			add_score(text, r, all->len == 1);
		json_array_append_new(list, record_to_json(r));
	}
	if (o->json) {
		json_auto_t *document =
			json_pack("{s:s, s:O}", "schema", "testbed.scores/1", "records", list);

		return cmd_write_document(o->json, document, 1);
	}
	if (all->len == 0 && !o->csv)
		g_string_append(text, "no exercise was started yet; 'testbed exercise list' has "
				      "all\n");
	return cmd_print(text->str, (gssize)text->len);
}
