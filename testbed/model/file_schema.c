/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each read function of the tables has a row that says which values it takes.  A row of a table
 * whose read function is private has `like`: other rows that take the same.  A read function that
 * is in no row here would be a hole, and is an error of the program
 * (tests/unit/model/file_schema.c).
 *
 * What is counted (repeat.h) is in the file as it was written: every mapping that may be counted
 * has the key `count`, and every single value may be a text with $(...). */
#include "testbed/model/file_schema.h"

#include "testbed/model/change_args.h"
#include "testbed/model/impair.h"
#include "testbed/model/schema.h"
#include "testbed/model/value.h"

#include <string.h>

#define DIALECT "http://json-schema.org/draft-07/schema#"

static json_t *mapping_schema(json_t *definitions, const struct field *fields,
			      const struct object_type *rest);

/* --- single values ---------------------------------------------------------------------------- */

/* What one read function takes; `definitions` gets what is referred to.  The caller owns it. */
typedef json_t *describe_func(json_t *definitions, const void *arg);

static json_t *reference(const char *name)
{
	return json_pack("{s:o}", "$ref", json_sprintf("#/definitions/%s", name));
}

/* A value, or one that is made by counting. */
static json_t *or_counted(json_t *value)
{
	return json_pack("{s:[o, o]}", "anyOf", value, reference("counted"));
}

static json_t *pattern(const char *expression)
{
	return json_pack("{s:s, s:s}", "type", "string", "pattern", expression);
}

static json_t *describe_text(json_t *definitions G_GNUC_UNUSED, const void *arg G_GNUC_UNUSED)
{
	return json_pack("{s:[s, s, s]}", "type", "string", "number", "boolean");
}

/* "^[A-Za-z0-9_][A-Za-z0-9_.-]*$" */
static char *charset_expression(const struct charset *c)
{
	GString *text = g_string_new("^[A-Za-z0-9");
	const char *const sets[] = {c->first, c->rest};

	for (gsize i = 0; i < G_N_ELEMENTS(sets); i++) {
		bool dash = strchr(sets[i], '-');

		for (const char *at = sets[i]; *at; at++)
			if (*at != '-')
				g_string_append_printf(text, strchr(".*/", *at) ? "\\%c" : "%c",
						       *at);
		g_string_append(text, dash ? "-]" : "]");
		g_string_append(text, i == 0 ? "[A-Za-z0-9" : "*$");
	}
	return g_string_free(text, FALSE);
}

static json_t *describe_word(json_t *definitions G_GNUC_UNUSED, const void *arg)
{
	const struct charset *c = arg;
	g_autofree char *expression = charset_expression(c);

	/* a word of digits is a number to YAML */
	return or_counted(json_pack("{s:[s, s, s], s:s, s:i}", "type", "string", "number",
				    "boolean", "pattern", expression, "maxLength", (int)c->max));
}

static json_t *words_schema(const char *const *names, unsigned allowed)
{
	json_t *list = json_array();

	for (unsigned i = 0; names[i]; i++)
		if (allowed & (1u << i))
			json_array_append_new(list, json_string(names[i]));
	return json_pack("{s:o}", "enum", list);
}

static json_t *describe_words(json_t *definitions G_GNUC_UNUSED, const void *arg)
{
	return or_counted(words_schema(arg, ~0u));
}

/* One word, or a list of them. */
static json_t *describe_mask(json_t *definitions G_GNUC_UNUSED, const void *arg)
{
	const struct mask_type *mask = arg;
	json_t *one = or_counted(words_schema(mask->names, mask->allowed));

	return json_pack("{s:[O, {s:s, s:o}]}", "anyOf", one, "type", "array", "items", one);
}

static json_t *describe_bool(json_t *definitions G_GNUC_UNUSED, const void *arg G_GNUC_UNUSED)
{
	return or_counted(json_pack("{s:s}", "type", "boolean"));
}

static json_t *describe_address(json_t *definitions G_GNUC_UNUSED, const void *arg G_GNUC_UNUSED)
{
	return or_counted(pattern("^[0-9A-Fa-f:]*[.:][0-9A-Fa-f.:]*$"));
}

static json_t *describe_prefix(json_t *definitions G_GNUC_UNUSED, const void *arg)
{
	const struct prefix_type *type = arg;
	g_autofree char *expression =
		g_strdup_printf("^(%s[0-9A-Fa-f:]*[.:][0-9A-Fa-f.:]*(/[0-9]+)%s)$",
				type && type->may_be_default ? "default|" : "",
				type && type->need_length ? "" : "?");

	return or_counted(pattern(expression));
}

/* A whole number, also in quotes. */
static json_t *number_schema(json_int_t least, json_int_t most)
{
	return json_pack("{s:[{s:s, s:I, s:I}, o, o]}", "anyOf", "type", "integer", "minimum",
			 least, "maximum", most, pattern("^[0-9]+$"), reference("counted"));
}

static json_t *describe_port(json_t *definitions G_GNUC_UNUSED, const void *arg G_GNUC_UNUSED)
{
	return number_schema(1, G_MAXUINT16);
}

static json_t *describe_16_bits(json_t *definitions G_GNUC_UNUSED, const void *arg G_GNUC_UNUSED)
{
	return number_schema(0, G_MAXUINT16);
}

static json_t *describe_32_bits(json_t *definitions G_GNUC_UNUSED, const void *arg G_GNUC_UNUSED)
{
	return number_schema(0, G_MAXUINT32);
}

static json_t *describe_ports(json_t *definitions G_GNUC_UNUSED, const void *arg G_GNUC_UNUSED)
{
	json_t *ports = number_schema(1, G_MAXUINT16);

	json_array_append_new(json_object_get(ports, "anyOf"), pattern("^[0-9]+-[0-9]+$"));
	return ports;
}

static json_t *describe_quantity(json_t *definitions G_GNUC_UNUSED, const void *arg)
{
	const struct quantity *q = arg;
	g_autoptr(GString) expression = g_string_new("^[0-9]+(\\.[0-9]+)?(");
	json_t *value;

	for (const struct unit *u = q->units; u->suffix; u++)
		g_string_append_printf(expression, "%s%s", u > q->units ? "|" : "", u->suffix);
	g_string_append(expression, ")$");
	value = pattern(expression->str);
	json_object_set_new(value, "description", json_string(q->what));
	return or_counted(value);
}

static json_t *describe_percent(json_t *definitions G_GNUC_UNUSED, const void *arg G_GNUC_UNUSED)
{
	return or_counted(pattern("^[0-9]+(\\.[0-9]+)?%$"));
}

static json_t *describe_anything(json_t *definitions G_GNUC_UNUSED, const void *arg G_GNUC_UNUSED)
{
	return json_object();
}

/* --- lists and mappings ----------------------------------------------------------------------- */

static json_t *row_schema(json_t *definitions, const struct field *f);

/* The definition of an object type, made when it is first asked for. */
static json_t *object_schema(json_t *definitions, const struct object_type *type)
{
	g_autofree char *name = g_strdelimit(g_strdup(type->what), " ", '-');
	json_t *made;

	if (!json_object_get(definitions, name)) {
		made = mapping_schema(definitions, type->fields, NULL);
		json_object_set_new(json_object_get(made, "properties"), "count",
				    reference("count"));
		json_object_set_new(definitions, name, made);
	}
	return reference(name);
}

static json_t *list_of(json_t *item)
{
	return json_pack("{s:s, s:o}", "type", "array", "items", item);
}

static json_t *describe_objects(json_t *definitions, const void *arg)
{
	return list_of(object_schema(definitions, arg));
}

static json_t *describe_named_objects(json_t *definitions, const void *arg)
{
	const struct object_type *type = arg;

	return json_pack("{s:s, s:o, s:o}", "type", "object", "propertyNames",
			 describe_word(definitions, type->name_arg), "additionalProperties",
			 object_schema(definitions, type));
}

/* A list, or a single value for a list of one. */
static json_t *describe_list(json_t *definitions, const void *arg)
{
	const struct list_type *type = arg;
	const struct field row = {.read = type->item, .arg = type->arg};
	json_t *item = row_schema(definitions, &row), *list = list_of(json_incref(item));

	if (!type->may_be_empty)
		json_object_set_new(list, "minItems", json_integer(1));
	return json_pack("{s:[o, o]}", "anyOf", item, list);
}

static json_t *describe_inline(json_t *definitions, const void *arg)
{
	return mapping_schema(definitions, arg, NULL);
}

static json_t *describe_zero(json_t *definitions G_GNUC_UNUSED, const void *arg G_GNUC_UNUSED)
{
	return json_pack("{s:[i, s]}", "enum", 0, "0");
}

/* 0 takes an impairment away. */
static json_t *describe_impairment(json_t *definitions, const void *arg)
{
	return json_pack("{s:[o, o]}", "anyOf",
			 mapping_schema(definitions, impairment_fields, NULL),
			 describe_zero(definitions, arg));
}

/* A mapping with exactly one of the keys in `properties`, which it takes over. */
static json_t *single_schema(json_t *properties)
{
	json_t *one = json_array();
	const char *key;
	json_t *value;

	json_object_foreach(properties, key, value)
		json_array_append_new(one, json_pack("{s:[s]}", "required", key));
	json_object_set_new(properties, "count", reference("count"));
	return json_pack("{s:s, s:o, s:b, s:o}", "type", "object", "properties", properties,
			 "additionalProperties", false, "oneOf", one);
}

static json_t *describe_services(json_t *definitions, const void *arg)
{
	json_t *kinds = json_object();

	for (const struct field *f = arg; f->key; f++)
		json_object_set_new(kinds, f->key, row_schema(definitions, f));
	return list_of(single_schema(kinds));
}

/* A list of changes, or one. */
static json_t *describe_changes(json_t *definitions, const void *arg G_GNUC_UNUSED)
{
	json_t *kinds = json_object();
	const struct change_kind *kind;

	for (guint i = 0; (kind = change_kind_at(i)); i++)
		json_object_set_new(kinds, kind->name,
				    mapping_schema(definitions, kind->fields, kind->named));
	json_object_set_new(definitions, "change", single_schema(kinds));
	return json_pack("{s:[o, o]}", "anyOf", list_of(reference("change")), reference("change"));
}

static const struct {
	read_func read;
	describe_func *describe;
} descriptions[] = {
	{read_text, describe_text},	    {read_word, describe_word},
	{read_choice, describe_words},	    {read_enum, describe_words},
	{read_mask, describe_mask},	    {read_bool, describe_bool},
	{read_addr, describe_address},	    {read_prefix, describe_prefix},
	{read_port, describe_port},	    {read_number16, describe_16_bits},
	{read_number32, describe_32_bits},  {read_ports, describe_ports},
	{read_quantity, describe_quantity}, {read_percent, describe_percent},
	{read_objects, describe_objects},   {read_named_objects, describe_named_objects},
	{read_array, describe_list},	    {read_texts, describe_list},
	{read_inline, describe_inline},	    {read_nothing, describe_anything},
	{read_zero, describe_zero},	    {read_impairment, describe_impairment},
	{read_services, describe_services}, {change_read_list, describe_changes},
};

static json_t *row_schema(json_t *definitions, const struct field *f)
{
	json_t *any = json_array();

	for (const struct field *like = f->like; like && like->read; like++)
		json_array_append_new(any, row_schema(definitions, like));
	if (f->like && json_array_size(any) > 1)
		return json_pack("{s:o}", "anyOf", any);
	if (f->like) {
		json_t *one = json_incref(json_array_get(any, 0));

		json_decref(any);
		return one;
	}
	json_decref(any);
	for (gsize i = 0; i < G_N_ELEMENTS(descriptions); i++)
		if (descriptions[i].read == f->read)
			return descriptions[i].describe(definitions, f->arg);
	g_error("no description of what '%s' takes", f->key ? f->key : "an item");
}

/* Adds the keys of a table and of those it includes. */
static void add_fields(json_t *definitions, const struct field *fields, json_t *mapping)
{
	json_t *properties = json_object_get(mapping, "properties"),
	       *patterns = json_object_get(mapping, "patternProperties"),
	       *required = json_object_get(mapping, "required");

	for (const struct field *f = fields; f->key || f->include; f++) {
		const char *star = f->key ? strchr(f->key, '*') : NULL;

		if (f->include) {
			add_fields(definitions, f->include, mapping);
		} else if (star) {
			g_autofree char *expression =
				g_strdup_printf("^%.*s", (int)(star - f->key), f->key);

			json_object_set_new(patterns, expression, row_schema(definitions, f));
		} else {
			json_object_set_new(properties, f->key, row_schema(definitions, f));
			if (f->required)
				json_array_append_new(required, json_string(f->key));
		}
	}
}

/* A mapping with these keys; with `rest` others name objects of that type. */
static json_t *mapping_schema(json_t *definitions, const struct field *fields,
			      const struct object_type *rest)
{
	json_t *mapping = json_pack("{s:s, s:{}, s:{}, s:[], s:o}", "type", "object", "properties",
				    "patternProperties", "required", "additionalProperties",
				    rest ? object_schema(definitions, rest) : json_false());

	add_fields(definitions, fields, mapping);
	return mapping;
}

json_t *model_file_schema(void)
{
	json_t *definitions =
		json_pack("{s:o, s:{s:[{s:s, s:i}, {s:s}, {s:s}]}}", "counted",
			  json_pack("{s:s, s:s, s:s}", "description",
				    "made by counting (docs/FORMATS.md, section Repeated parts)",
				    "type", "string", "pattern", "\\$\\("),
			  "count", "anyOf", "type", "integer", "minimum", 1, "type", "string",
			  "type", "object");
	json_t *schema = json_pack("{s:s, s:s, s:s}", "$schema", DIALECT, "title",
				   "testbed topology", "description",
				   "A topology file (docs/FORMATS.md).  'testbed validate' knows "
				   "more: what must fit other parts of the file.");

	json_object_update_new(schema, mapping_schema(definitions, model_fields, NULL));
	json_object_set_new(schema, "definitions", definitions);
	return schema;
}
