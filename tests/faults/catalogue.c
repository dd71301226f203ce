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
	{.key = "topology",
	 .read = read_word,
	 AT(fault, topology),
	 .arg = &charset_name,
	 .required = true},
	{.key = "scenario",
	 .read = read_word,
	 AT(fault, scenario),
	 .arg = &charset_name,
	 .required = true},
	{.key = "cell", .read = read_word, AT(fault, cell), .arg = &charset_cell, .required = true},
	{.key = "changes", .read = read_changes, AT(fault, changes), .required = true},
	{.key = "code", .read = read_texts, AT(fault, codes), .arg = &code_list, .required = true},
	{.key = "node", .read = read_texts, AT(fault, nodes), .arg = &name_list, .required = true},
	{.key = "object",
	 .read = read_texts,
	 AT(fault, objects),
	 .arg = &object_list,
	 .required = true},
	{.key = "direction", .read = read_choice, AT(fault, direction), .arg = direction_names},
	{.key = "stage", .read = read_enum, AT(fault, stage), .arg = stage_names, .required = true},
	{.key = "end", .read = read_word, AT(fault, end), .arg = &charset_name},
	{.key = "hop", .read = read_number16, AT(fault, hop)},
	{.key = "alone", .read = read_bool, AT(fault, alone)},
	{0}};

static void *fault_new(void)
{
	struct fault *f = g_new0(struct fault, 1);

	f->codes = g_ptr_array_new_with_free_func(g_free);
	f->nodes = g_ptr_array_new_with_free_func(g_free);
	f->objects = g_ptr_array_new_with_free_func(g_free);
	return f;
}

static void fault_free(void *data)
{
	struct fault *f = data;

	g_free(f->name);
	g_free(f->file);
	g_free(f->topology);
	g_free(f->scenario);
	g_free(f->cell);
	g_free(f->changes);
	g_ptr_array_unref(f->codes);
	g_ptr_array_unref(f->nodes);
	g_ptr_array_unref(f->objects);
	g_free(f->direction);
	g_free(f->end);
	g_free(f);
}

static const struct object_type fault_type = {
	.what = "fault",
	.create = fault_new,
	.destroy = fault_free,
	.fields = fault_fields,
	.loc_offset = offsetof(struct fault, loc),
	.name_offset = offsetof(struct fault, name),
	.read_name = read_word,
	.name_arg = &charset_name,
};

struct file {
	GPtrArray *faults;
};

static const struct field file_fields[] = {{.key = "x-*", .read = read_nothing},
					   {.key = "faults",
					    .read = read_named_objects,
					    AT(file, faults),
					    .arg = &fault_type,
					    .required = true},
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
	GPtrArray *all = g_ptr_array_new_with_free_func(fault_free);
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
