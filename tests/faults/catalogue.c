/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/faults/catalogue.h"

#include "testbed/model/repeat.h"
#include "testbed/model/schema.h"
#include "testbed/model/value.h"

#include <string.h>

static const char *const stage_names[FAULT_STAGE_COUNT + 1] = {
#define X(id, name) name,
	FAULT_STAGES(X)
#undef X
};
static const char *const direction_names[] = {"there", "back", NULL};
static const struct charset charset_cell = {
	.what = "a cell: A-B/audio", .first = "", .rest = "-_./", .max = 128};
static const struct list_type code_list = {.item = read_word, .arg = &charset_cause};
static const struct list_type object_list = {.item = read_text, .may_be_empty = true};

const char *stage_name(enum stage s)
{
	return stage_names[s];
}

/* The text of a list as it stands in the file; its first line starts where the others do. */
static bool read_changes(struct reader *r, const yaml_node_t *value, void *target,
			 const void *arg G_GNUC_UNUSED)
{
	gsize length;
	const char *text = g_bytes_get_data(r->source->text, &length);
	size_t start = value->start_mark.index, end = MIN(value->end_mark.index, length);

	if (value->type != YAML_SEQUENCE_NODE) {
		reader_error(r, value, "write '- CHANGE' lines", "'changes' is not a list");
		return false;
	}
	g_free(*(char **)target);
	*(char **)target = g_strdup_printf("%*s%.*s\n", (int)value->start_mark.column, "",
					   (int)(end - start), text + start);
	return true;
}

static const struct field fault_fields[] = {
	{KEY("topology", read_word, fault, topology, &charset_name), .required = true},
	{KEY("scenario", read_word, fault, scenario, &charset_name), .required = true},
	{KEY("cell", read_word, fault, cell, &charset_cell), .required = true},
	{KEY("changes", read_changes, fault, changes, NULL), .required = true},
	{KEY("code", read_texts, fault, codes, &code_list), .required = true},
	{KEY("node", read_texts, fault, nodes, &name_list), .required = true},
	{KEY("object", read_texts, fault, objects, &object_list), .required = true},
	{KEY("direction", read_choice, fault, direction, direction_names)},
	{KEY("stage", read_enum, fault, stage, stage_names), .required = true},
	{KEY("end", read_word, fault, end, &charset_name)},
	{KEY("hop", read_number16, fault, hop, NULL)},
	{KEY("alone", read_bool, fault, alone, NULL)},
	{0}};

static const struct object_shape fault_shape =
	OBJECT_SHAPE(fault, NULL, OWNS_TEXT(fault, name), OWNS_TEXT(fault, file),
		     OWNS_TEXT(fault, topology), OWNS_TEXT(fault, scenario), OWNS_TEXT(fault, cell),
		     OWNS_TEXT(fault, changes), OWNS_TEXT(fault, direction), OWNS_TEXT(fault, end),
		     OWNS_LIST(fault, codes, g_free), OWNS_LIST(fault, nodes, g_free),
		     OWNS_LIST(fault, objects, g_free));

static const struct object_type fault_type = {
	.what = "fault",
	.shape = &fault_shape,
	.fields = fault_fields,
	.loc_offset = offsetof(struct fault, loc),
	.name_offset = offsetof(struct fault, name),
	.read_name = read_word,
	.name_arg = &charset_name,
};

struct file {
	GPtrArray *faults;
};

static const struct field file_fields[] = {
	{.key = "x-*", .read = read_nothing},
	{KEY("faults", read_named_objects, file, faults, &fault_type), .required = true},
	{0}};

static void load_file(const char *path, GPtrArray *into, diags *d)
{
	g_autoptr(GBytes) bytes = source_read_file(path, d);
	struct source *source = bytes ? repeat_source_new(path, bytes, d) : NULL;
	struct reader r = {.source = source, .d = d, .places = places_new(), .key = "the file"};
	struct file file = {.faults = g_ptr_array_new()};

	if (source)
		read_mapping(&r, source->root, file_fields, &file, NULL, NULL);
	for (guint i = 0; i < file.faults->len; i++) {
		struct fault *f = file.faults->pdata[i];

		f->file = g_path_get_basename(path);
		g_ptr_array_add(into, f);
	}
	g_ptr_array_unref(file.faults);
	places_free(r.places);
	source_unref(source);
}

static void check_names(const GPtrArray *faults, diags *d)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < faults->len; i++) {
		struct fault *f = faults->pdata[i];

		if (!g_hash_table_add(seen, f->name))
			diags_add(d, DIAG_ERROR, f->loc, NULL, "a second fault '%s'", f->name);
	}
}

static gint by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *catalogue_load(const char *folder, diags *d)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(object_free);
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;
	g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);
	const char *name;

	if (!dir)
		diags_add(d, DIAG_ERROR, (struct loc){0}, NULL, "%s", error->message);
	while (dir && (name = g_dir_read_name(dir))) {
		if (g_str_has_suffix(name, ".yaml"))
			g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
	}
	g_ptr_array_sort(paths, by_name);
	for (guint i = 0; i < paths->len; i++)
		load_file(paths->pdata[i], all, d);
	check_names(all, d);
	if (diags_errors(d) == 0)
		return all;
	g_ptr_array_unref(all);
	return NULL;
}

bool fault_precedes(const struct fault *first, const struct fault *second)
{
	if (first->alone || second->alone || !g_str_equal(first->topology, second->topology) ||
	    !g_str_equal(first->scenario, second->scenario) ||
	    !g_str_equal(first->cell, second->cell))
		return false;
	/* Both ends sign in at the same time: nobody can say which fails first. */
	if (g_strcmp0(first->end, second->end) != 0)
		return first->stage < second->stage && second->stage > FAULT_STAGE_TOKEN;
	return first->stage < second->stage ||
	       (first->stage == second->stage && first->hop < second->hop);
}
