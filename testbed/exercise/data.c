/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exercise/data.h"

#include "common/base/each.h"
#include "testbed/model/repeat.h"
#include "testbed/model/value.h"

#include <string.h>

static gint by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *data_files(const char *folder, diags *d)
{
	GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;
	g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);
	const char *name;

	if (!dir)
		diags_add(d, DIAG_ERROR, (struct loc){0}, NULL, "%s", error->message);
	while (dir && (name = g_dir_read_name(dir))) {
		if (g_str_has_suffix(name, ".yaml"))
			g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
	}
	g_ptr_array_sort(paths, by_text);
	return paths;
}

void data_read_file(const char *path, const struct field *fields, void *object, diags *d)
{
	g_autoptr(GBytes) bytes = source_read_file(path, d);
	struct source *source = bytes ? repeat_source_new(path, bytes, d) : NULL;
	struct reader r = {.source = source, .d = d, .places = places_new(), .key = "the file"};

	if (source)
		read_mapping(&r, source->root, fields, object, NULL, NULL);
	places_free(r.places);
	source_unref(source);
}

char *data_digest(const GPtrArray *paths)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	g_autoptr(diags) unused = diags_new();

	ptr_array_foreach(const char, path, paths) {
		g_autoptr(GBytes) bytes = source_read_file(path, unused);
		gsize length;
		const void *text = bytes ? g_bytes_get_data(bytes, &length) : NULL;

		if (text)
			g_checksum_update(sum, text, (gssize)length);
	}
	return g_strdup(g_checksum_get_string(sum));
}

void data_check_names(const GPtrArray *objects, size_t name_offset, size_t loc_offset,
		      const char *what, diags *d)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	ptr_array_foreach(char, object, objects) {
		char *name = *(char **)(gpointer)(object + name_offset);
		const struct loc *loc = (gpointer)(object + loc_offset);

		if (!g_hash_table_add(seen, name))
			diags_add(d, DIAG_ERROR, *loc, NULL, "a second %s '%s'", what, name);
	}
}

bool read_prose(struct reader *r, const yaml_node_t *value, void *target,
		const void *arg G_GNUC_UNUSED)
{
	const char *text = read_scalar(r, value);

	for (const char *p = text; p && *p; p++)
		if (g_ascii_iscntrl(*p) && *p != '\n')
			return reader_error(r, value, NULL,
					    "'%s' has a control character other than line ends",
					    r->key);
	if (!text)
		return false;
	g_free(*(char **)target);
	*(char **)target = g_strchomp(g_strdup(text));
	return true;
}

/* The text of a list as it stands in the file; its first line starts where the others do. */
bool read_change_list(struct reader *r, const yaml_node_t *value, void *target,
		      const void *arg G_GNUC_UNUSED)
{
	gsize length;
	const char *text = g_bytes_get_data(r->source->text, &length);
	size_t start = value->start_mark.index, end = MIN(value->end_mark.index, length);

	if (value->type != YAML_SEQUENCE_NODE)
		return reader_error(r, value, "write '- CHANGE' lines", "'%s' is not a list",
				    r->key);
	g_free(*(char **)target);
	*(char **)target = g_strchomp(g_strdup_printf("%*s%.*s", (int)value->start_mark.column, "",
						      (int)(end - start), text + start));
	return true;
}

bool read_level(struct reader *r, const yaml_node_t *value, void *target,
		const void *arg G_GNUC_UNUSED)
{
	unsigned level = 0;

	if (!read_number32(r, value, &level, NULL))
		return false;
	if (level < 1 || level > EXERCISE_LEVELS)
		return reader_error(r, value, NULL, "'%s' is a number from 1 to %d", r->key,
				    EXERCISE_LEVELS);
	*(unsigned *)target = level;
	return true;
}
