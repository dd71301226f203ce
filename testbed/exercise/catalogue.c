/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exercise/catalogue.h"

#include "testbed/exercise/data.h"
#include "testbed/model/schema.h"
#include "testbed/model/value.h"

static const char *const fault_stage_names[FAULT_STAGE_COUNT + 1] = {
#define X(id, name) name,
	FAULT_STAGES(X)
#undef X
};
static const char *const direction_names[] = {"there", "back", NULL};
static const struct charset charset_cell = {
	.what = "a cell: A-B/audio", .first = "", .rest = "-_./", .max = 128};
static const struct list_type code_list = {.item = read_word, .arg = &charset_cause};
static const struct list_type object_list = {.item = read_text, .may_be_empty = true};

const char *fault_stage_name(enum stage s)
{
	return fault_stage_names[s];
}

static const struct field fault_fields[] = {
	{KEY("topology", read_word, fault, topology, &charset_name), .required = true},
	{KEY("scenario", read_word, fault, scenario, &charset_name), .required = true},
	{KEY("cell", read_word, fault, cell, &charset_cell), .required = true},
	{KEY("changes", read_change_list, fault, changes, NULL), .required = true},
	{KEY("code", read_texts, fault, codes, &code_list), .required = true},
	{KEY("node", read_texts, fault, nodes, &name_list), .required = true},
	{KEY("object", read_texts, fault, objects, &object_list), .required = true},
	{KEY("direction", read_choice, fault, direction, direction_names)},
	{KEY("stage", read_enum, fault, stage, fault_stage_names), .required = true},
	{KEY("end", read_word, fault, end, &charset_name)},
	{KEY("hop", read_number16, fault, hop, NULL)},
	{KEY("alone", read_bool, fault, alone, NULL)},
	{KEY("level", read_level, fault, level, NULL)},
	{KEY("latent", read_bool, fault, latent, NULL)},
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

struct fault_file {
	GPtrArray *faults;
	unsigned level; /* of faults that name none */
};

static const struct field file_fields[] = {
	{.key = "x-*", .read = read_nothing},
	{KEY("level", read_level, fault_file, level, NULL)},
	{KEY("faults", read_named_objects, fault_file, faults, &fault_type), .required = true},
	{0}};

GPtrArray *catalogue_load(const char *folder, diags *d)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(object_free);
	g_autoptr(GPtrArray) paths = data_files(folder, d);

	ptr_array_foreach(const char, path, paths) {
		struct fault_file file = {.faults = g_ptr_array_new()};

		data_read_file(path, file_fields, &file, d);
		ptr_array_foreach(struct fault, f, file.faults) {
			f->file = g_path_get_basename(path);
			if (f->level == 0)
				f->level = file.level;
		}
		g_ptr_array_extend_and_steal(all, file.faults);
	}
	data_check_names(all, offsetof(struct fault, name), offsetof(struct fault, loc), "fault",
			 d);
	if (diags_errors(d) == 0)
		return all;
	g_ptr_array_unref(all);
	return NULL;
}

/* --- right or wrong --------------------------------------------------------------------------- */

static bool same(const char *a, const char *b)
{
	return g_str_equal(a, b);
}

/* The name alone, or as a word of a longer description ("10.20.0.0/24 via 10.255.0.2"). */
static bool describes(const char *object, const char *name)
{
	g_auto(GStrv) words = g_strsplit_set(object, " ,()'", -1);

	return g_str_equal(object, name) ||
	       g_strv_contains((const char *const *)(gpointer)words, name);
}

static bool any_fits(const GPtrArray *truth, const char *got,
		     bool (*fits)(const char *, const char *))
{
	if (truth->len == 0)
		return true;
	ptr_array_foreach(const char, name, truth)
		if (fits(got ? got : "", name))
			return true;
	return false;
}

bool fault_is_cause(const struct fault *f, const char *code)
{
	return any_fits(f->codes, code, same);
}

bool fault_is_at(const struct fault *f, const char *node)
{
	return any_fits(f->nodes, node, same);
}

bool fault_is_of(const struct fault *f, const char *object)
{
	return any_fits(f->objects, object, describes);
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
