/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/reader.h"

#include <string.h>

#define MERGE_KEY "<<" /* https://yaml.org/type/merge.html */
#define HINT_WORDS_MAX 24

char *reader_hint(const char *word, const char *const *words)
{
	const char *nearest = diag_nearest(word, words);
	GString *all;
	guint count = 0;

	if (nearest)
		return g_strdup_printf("did you mean '%s'?", nearest);
	if (!words[0])
		return NULL;
	all = g_string_new("known: ");
	for (; count < HINT_WORDS_MAX && words[count]; count++)
		g_string_append_printf(all, "%s%s", count > 0 ? ", " : "", words[count]);
	if (words[count])
		g_string_append(all, ", ...");
	return g_string_free(all, FALSE);
}

static const char *yaml_kind_name(const yaml_node_t *value)
{
	switch (value->type) {
	case YAML_SEQUENCE_NODE:
		return "a list";
	case YAML_MAPPING_NODE:
		return "a mapping";
	case YAML_SCALAR_NODE:
		return value->data.scalar.length > 0 ? "a single value" : "nothing";
	case YAML_NO_NODE:
		break;
	}
	return "nothing";
}

/* "'KEY' must be EXPECTED, not a list". */
static bool shape_error(struct reader *r, const yaml_node_t *value, const char *expected)
{
	return reader_error(r, value, NULL, "'%s' must be %s, not %s", r->key, expected,
			    yaml_kind_name(value));
}

const char *read_scalar(struct reader *r, const yaml_node_t *value)
{
	const char *text = (const char *)value->data.scalar.value;

	if (value->type != YAML_SCALAR_NODE) {
		shape_error(r, value, "a single value");
		return NULL;
	}
	if (value->data.scalar.length == 0 ||
	    (value->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	     (strcmp(text, "~") == 0 || strcmp(text, "null") == 0))) {
		reader_error(r, value, NULL, "'%s' has no value", r->key);
		return NULL;
	}
	if (strlen(text) != value->data.scalar.length) {
		reader_error(r, value, NULL, "'%s' holds a NUL character", r->key);
		return NULL;
	}
	return text;
}

/* --- mappings --------------------------------------------------------------------------------- */

/* The text of a key; NULL for one that is no plain word, which the source has reported. */
static const char *key_text(const yaml_node_t *key)
{
	/* The source has reported it already. */
	if (key->type != YAML_SCALAR_NODE ||
	    strlen((const char *)key->data.scalar.value) != key->data.scalar.length)
		return NULL;
	return (const char *)key->data.scalar.value;
}

struct pair_walk {
	GHashTable *seen; /* keys that came first and win */
	read_pair_func each;
	gpointer user_data;
};

static void walk_pairs(struct reader *r, const yaml_node_t *mapping, struct pair_walk *w);

/* Visits the mapping, or list of mappings, that `<<` names. */
static void walk_merged(struct reader *r, const yaml_node_t *value, struct pair_walk *w)
{
	if (value->type == YAML_MAPPING_NODE) {
		walk_pairs(r, value, w);
		return;
	}
	if (value->type != YAML_SEQUENCE_NODE) {
		reader_error(r, value, NULL, "'%s' merges a mapping or a list of them, not %s",
			     MERGE_KEY, yaml_kind_name(value));
		return;
	}
	for (int *i = value->data.sequence.items.start; i < value->data.sequence.items.top; i++) {
		const yaml_node_t *item = source_value(r->source, *i);

		if (item->type == YAML_MAPPING_NODE)
			walk_pairs(r, item, w);
		else
			reader_error(r, item, NULL, "'%s' merges mappings only, not %s", MERGE_KEY,
				     yaml_kind_name(item));
	}
}

/* Calls w->each for each pair whose key was not seen before, the mapping's own before merged
 * ones. */
static void walk_pairs(struct reader *r, const yaml_node_t *mapping, struct pair_walk *w)
{
	const yaml_node_t *merged = NULL;

	for (yaml_node_pair_t *p = mapping->data.mapping.pairs.start;
	     p < mapping->data.mapping.pairs.top; p++) {
		const yaml_node_t *key = source_value(r->source, p->key);
		const char *text = key_text(key);

		if (!text)
			continue;
		if (strcmp(text, MERGE_KEY) == 0)
			merged = source_value(r->source, p->value);
		else if (g_hash_table_add(w->seen, (gpointer)(guintptr)text))
			w->each(r, key, source_value(r->source, p->value), w->user_data);
	}
	/* What is merged comes after the mapping's own keys, wherever it is written. */
	if (merged)
		walk_merged(r, merged, w);
}

bool read_pairs(struct reader *r, const yaml_node_t *value, read_pair_func each, gpointer user_data)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	struct pair_walk w = {.seen = seen, .each = each, .user_data = user_data};

	if (value->type != YAML_MAPPING_NODE)
		return shape_error(r, value, "a mapping");
	walk_pairs(r, value, &w);
	return true;
}

/* The object that an included table's fields belong to: a part of `object`, or what it points
 * to. */
static void *field_object(const struct field *f, void *object)
{
	char *at = (char *)object + f->offset;

	return f->indirect ? *(void **)(void *)at : (void *)at;
}

static bool is_pattern(const char *key)
{
	return key[strlen(key) - 1] == '*';
}

static bool field_matches(const struct field *f, const char *key)
{
	return is_pattern(f->key) ? strncmp(f->key, key, strlen(f->key) - 1) == 0 :
				    strcmp(f->key, key) == 0;
}

/* Adds all keys of a table and of those it includes to a list, borrowed. */
static void collect_keys(const struct field *fields, GPtrArray *keys)
{
	for (const struct field *f = fields; f->key || f->include; f++) {
		if (f->include)
			collect_keys(f->include, keys);
		else if (!is_pattern(f->key))
			g_ptr_array_add(keys, (gpointer)(guintptr)f->key);
	}
}

/* The field of a key; NULL: none.  *object becomes the object that it belongs to. */
static const struct field *find_field(const struct field *fields, const char *key, void **object)
{
	for (const struct field *f = fields; f->key || f->include; f++) {
		if (f->key && field_matches(f, key))
			return f;
		if (f->include) {
			void *inner = field_object(f, *object);
			const struct field *found = find_field(f->include, key, &inner);

			if (found) {
				*object = inner;
				return found;
			}
		}
	}
	return NULL;
}

struct mapping_read {
	const struct field *fields;
	void *object;
	const struct object_type *rest;
	GPtrArray *rest_into;
	GHashTable *given; /* keys of fields that were there */
};

/* Reads one object, for object_free; NULL with a finding when the value is no mapping. */
static void *read_object(struct reader *r, const yaml_node_t *value,
			 const struct object_type *type);

/* Reads an object and its name, the key.  NULL, with a finding, when the value is no mapping. */
static void *read_named_object(struct reader *r, const yaml_node_t *key, const yaml_node_t *value,
			       const struct object_type *type)
{
	void *object = read_object(r, value, type);
	char **name;

	if (!object)
		return NULL;
	name = (char **)(void *)((char *)object + type->name_offset);
	r->key = type->what;
	type->read_name(r, key, name, type->name_arg);
	places_set(r->places, name, source_loc(r->source, key));
	*(struct loc *)(void *)((char *)object + type->loc_offset) = source_loc(r->source, key);
	return object;
}

static void unknown_key(struct reader *r, const yaml_node_t *key, const char *text,
			const struct field *fields)
{
	g_autoptr(GPtrArray) keys = g_ptr_array_new();
	g_autofree char *hint = NULL;

	collect_keys(fields, keys);
	g_ptr_array_add(keys, NULL);
	hint = reader_hint(text, (const char *const *)keys->pdata);
	reader_error(r, key, hint, "unknown key '%s'", text);
}

/* Reads one pair of a mapping: a field's value, a named object, or an error. */
static void read_pair(struct reader *r, const yaml_node_t *key, const yaml_node_t *value,
		      gpointer user_data)
{
	struct mapping_read *m = user_data;
	const char *text = key_text(key);
	void *object = m->object, *target;
	const struct field *f = find_field(m->fields, text, &object);

	r->key = text;
	if (f) {
		target = (char *)object + f->offset;
		g_hash_table_add(m->given, (gpointer)(guintptr)f);
		places_set(r->places, target, source_loc(r->source, value));
		f->read(r, value, target, f->arg);
	} else if (m->rest) {
		void *named = read_named_object(r, key, value, m->rest);

		if (named)
			g_ptr_array_add(m->rest_into, named);
	} else {
		unknown_key(r, key, text, m->fields);
	}
}

/* Reports each required field that was not given. */
static void check_required(struct reader *r, const yaml_node_t *value, const struct field *fields,
			   GHashTable *given)
{
	for (const struct field *f = fields; f->key || f->include; f++) {
		if (f->include)
			check_required(r, value, f->include, given);
		else if (f->required && !g_hash_table_contains(given, f))
			reader_error(r, value, NULL, "'%s' is missing", f->key);
	}
}

bool read_mapping(struct reader *r, const yaml_node_t *value, const struct field *fields,
		  void *object, const struct object_type *rest, GPtrArray *rest_into)
{
	g_autoptr(GHashTable) given = g_hash_table_new(NULL, NULL);
	struct mapping_read m = {.fields = fields,
				 .object = object,
				 .rest = rest,
				 .rest_into = rest_into,
				 .given = given};
	const char *outer_key = r->key;

	if (!read_pairs(r, value, read_pair, &m))
		return false;
	r->key = outer_key;
	check_required(r, value, fields, given);
	return true;
}

static void *read_object(struct reader *r, const yaml_node_t *value, const struct object_type *type)
{
	void *object = object_new(type->shape);

	*(struct loc *)(void *)((char *)object + type->loc_offset) = source_loc(r->source, value);
	if (!read_mapping(r, value, type->fields, object, NULL, NULL)) {
		object_free(object);
		return NULL;
	}
	if (type->check)
		type->check(r, value, object);
	return object;
}

bool read_single(struct reader *r, const yaml_node_t *value, const yaml_node_t **key,
		 const yaml_node_t **inner)
{
	yaml_node_pair_t *pair;

	if (value->type != YAML_MAPPING_NODE)
		return shape_error(r, value, "a mapping with one key");
	pair = value->data.mapping.pairs.start;
	if (value->data.mapping.pairs.top - pair != 1)
		return reader_error(r, value, "start each one with '- '",
				    "an item of '%s' must have exactly one key", r->key);
	*key = source_value(r->source, pair->key);
	*inner = source_value(r->source, pair->value);
	return key_text(*key) != NULL;
}

/* Sets the wanted key (char *) to NULL when this is it. */
static void compare_key(struct reader *r G_GNUC_UNUSED, const yaml_node_t *key,
			const yaml_node_t *value G_GNUC_UNUSED, gpointer user_data)
{
	const char **wanted = user_data;

	if (*wanted && strcmp(key_text(key), *wanted) == 0)
		*wanted = NULL;
}

bool read_has_key(struct reader *r, const yaml_node_t *value, const char *key)
{
	const char *wanted = key;

	return read_pairs(r, value, compare_key, &wanted) && !wanted;
}

/* --- lists ------------------------------------------------------------------------------------ */

bool read_list(struct reader *r, const yaml_node_t *value, read_each_func each, gpointer user_data)
{
	const char *key = r->key;

	if (value->type != YAML_SEQUENCE_NODE)
		return shape_error(r, value, "a list");
	for (int *i = value->data.sequence.items.start; i < value->data.sequence.items.top; i++) {
		r->key = key;
		each(r, source_value(r->source, *i), user_data);
	}
	r->key = key;
	return true;
}

struct objects_read {
	const struct object_type *type;
	GPtrArray *into;
};

static void read_one_object(struct reader *r, const yaml_node_t *value, gpointer user_data)
{
	struct objects_read *o = user_data;
	void *object = read_object(r, value, o->type);

	if (object)
		g_ptr_array_add(o->into, object);
}

bool read_objects(struct reader *r, const yaml_node_t *value, void *target, const void *arg)
{
	struct objects_read o = {.type = arg, .into = *(GPtrArray **)target};

	return read_list(r, value, read_one_object, &o);
}

static void read_one_named(struct reader *r, const yaml_node_t *key, const yaml_node_t *value,
			   gpointer user_data)
{
	struct objects_read *o = user_data;
	void *object;

	r->key = key_text(key);
	object = read_named_object(r, key, value, o->type);
	if (object)
		g_ptr_array_add(o->into, object);
}

bool read_named_objects(struct reader *r, const yaml_node_t *value, void *target, const void *arg)
{
	struct objects_read o = {.type = arg, .into = *(GPtrArray **)target};

	return read_pairs(r, value, read_one_named, &o);
}

struct items_read {
	const struct list_type *type;
	GArray *array;	  /* where items go; NULL: to `texts` */
	GPtrArray *texts; /* char * */
};

static void read_item(struct reader *r, const yaml_node_t *value, gpointer user_data)
{
	struct items_read *items = user_data;
	const void *list = items->array ? (const void *)items->array : (const void *)items->texts;
	union {
		struct addr addr;
		struct prefix prefix;
		uint64_t number;
		char *text;
	} item = {.text = NULL};
	guint index = items->array ? items->array->len : items->texts->len;

	if (!items->type->item(r, value, &item, items->type->arg)) {
		/* it may have been read before something else of it was wrong */
		if (items->texts)
			g_free(item.text);
		return;
	}
	if (items->array)
		g_array_append_vals(items->array, &item, 1);
	else
		g_ptr_array_add(items->texts, item.text);
	places_set_item(r->places, list, index, source_loc(r->source, value));
}

/* Reads a list, or one scalar that stands for a list of one. */
static bool read_items(struct reader *r, const yaml_node_t *value, struct items_read *items)
{
	if (value->type == YAML_SCALAR_NODE) {
		read_item(r, value, items);
		return true;
	}
	if (value->type == YAML_SEQUENCE_NODE && !items->type->may_be_empty &&
	    value->data.sequence.items.start == value->data.sequence.items.top)
		return reader_error(r, value, "leave the key away", "'%s' is an empty list",
				    r->key);
	return read_list(r, value, read_item, items);
}

bool read_array(struct reader *r, const yaml_node_t *value, void *target, const void *arg)
{
	struct items_read items = {.type = arg, .array = *(GArray **)target};

	return read_items(r, value, &items);
}

bool read_texts(struct reader *r, const yaml_node_t *value, void *target, const void *arg)
{
	struct items_read items = {.type = arg, .texts = *(GPtrArray **)target};

	return read_items(r, value, &items);
}

bool read_inline(struct reader *r, const yaml_node_t *value, void *target, const void *arg)
{
	return read_mapping(r, value, arg, target, NULL, NULL);
}

bool read_nothing(struct reader *r G_GNUC_UNUSED, const yaml_node_t *value G_GNUC_UNUSED,
		  void *target G_GNUC_UNUSED, const void *arg G_GNUC_UNUSED)
{
	return true;
}
