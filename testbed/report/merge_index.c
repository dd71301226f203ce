/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/merge_index.h"

#include "testbed/base/json_scan.h"

#include <string.h>

#define WORD_BYTES 32
#define SMALL_BYTES_MAX 1000000 /* of all that is not a cell */

/* One walk through a document. */
struct indexing {
	struct merge_document *document;
	struct merge_scenario *scenario; /* the one that is walked */
	struct merge_cell cell;		 /* the same */
	bool has_schema, has_scenarios;
};

static void clear_cell(gpointer cell)
{
	g_free(((struct merge_cell *)cell)->id);
}

static const struct object_shape merge_scenario_shape =
	OBJECT_SHAPE(merge_scenario, NULL, OWNS_TEXT(merge_scenario, name),
		     OWNS(merge_scenario, head, json_decref),
		     OWNS_ARRAY(merge_scenario, cells, merge_cell));

struct merge_scenario *merge_scenario_new(void)
{
	struct merge_scenario *s = object_new(&merge_scenario_shape);

	g_array_set_clear_func(s->cells, clear_cell);
	s->head = json_object();
	return s;
}

static const struct object_shape merge_document_shape =
	OBJECT_SHAPE(merge_document, NULL, OWNS(merge_document, run, json_decref),
		     OWNS(merge_document, topology, json_decref),
		     OWNS_LIST(merge_document, scenarios, object_free));

static bool index_wrong(struct json_scan *s, const char *what)
{
	if (!s->wrong)
		s->wrong = what;
	return false;
}

/* Walks a value that is small and makes an object of it, which the caller owns. */
static json_t *scan_small(struct json_scan *s)
{
	struct json_slice slice;
	json_t *value;

	if (!json_scan_value(s, &slice))
		return NULL;
	value = slice.length <= SMALL_BYTES_MAX ?
			json_loadb(slice.at, slice.length, JSON_DECODE_ANY, NULL) :
			NULL;
	if (!value)
		index_wrong(s, "a value that is too long, or no JSON");
	return value;
}

/* Walks a text, which the caller frees; NULL: it is none. */
static char *scan_text(struct json_scan *s)
{
	json_auto_t *value = scan_small(s);

	if (value && !json_is_string(value))
		index_wrong(s, "no text");
	return g_strdup(json_string_value(value));
}

/* --- cells ------------------------------------------------------------------------------------ */

static bool on_cell_id(struct json_scan *s, struct indexing *i)
{
	g_free(i->cell.id);
	i->cell.id = scan_text(s);
	return i->cell.id != NULL;
}

/* Walks a value and copies its text, as it stands, to `ret`.  False: it is wrong, or longer than
 * any number or verdict. */
static bool scan_word(struct json_scan *s, char ret[static WORD_BYTES])
{
	struct json_slice slice;

	if (!json_scan_value(s, &slice))
		return false;
	if (slice.length >= WORD_BYTES)
		return index_wrong(s, "a value that is too long");
	memcpy(ret, slice.at, slice.length);
	ret[slice.length] = '\0';
	return true;
}

static bool on_cell_number(struct json_scan *s, struct indexing *i)
{
	char word[WORD_BYTES];
	guint64 number;

	if (!scan_word(s, word))
		return false;
	if (!g_ascii_string_to_unsigned(word, 10, 1, G_MAXUINT, &number, NULL))
		return index_wrong(s, "no number of a cell");
	i->cell.number = (guint)number;
	return true;
}

static bool on_cell_verdict(struct json_scan *s, struct indexing *i)
{
	char word[WORD_BYTES];
	size_t length;

	if (!scan_word(s, word))
		return false;
	i->cell.done = !g_str_equal(word, "null");
	if (!i->cell.done)
		return true;
	length = strlen(word);
	word[length - 1] = '\0'; /* without its quotes */
	return verdict_parse(word + 1, &i->cell.verdict) || index_wrong(s, "no verdict");
}

static bool on_cell_as_expected(struct json_scan *s, struct indexing *i)
{
	char word[WORD_BYTES];

	if (!scan_word(s, word))
		return false;
	i->cell.as_expected = g_str_equal(word, "true");
	return true;
}

/* Members that are looked at, and who does. */
struct member_row {
	const char *key;
	bool (*scan)(struct json_scan *s, struct indexing *i);
};

/* Walks the member by its row; one without a row is passed over. */
static bool scan_by_row(struct json_scan *s, const struct json_slice *key, struct indexing *i,
			const struct member_row *rows)
{
	for (; rows->key; rows++)
		if (json_slice_is(key, rows->key))
			return rows->scan(s, i);
	return json_scan_value(s, NULL);
}

static bool on_cell_member(struct json_scan *s, const struct json_slice *key, gpointer user_data)
{
	static const struct member_row rows[] = {{"id", on_cell_id},
						 {"number", on_cell_number},
						 {"verdict", on_cell_verdict},
						 {"as_expected", on_cell_as_expected},
						 {0}};

	return scan_by_row(s, key, user_data, rows);
}

static bool on_cell(struct json_scan *s, gpointer user_data)
{
	struct indexing *i = user_data;

	i->cell = (struct merge_cell){.at = json_scan_at(s)};
	if (!json_scan_object(s, on_cell_member, i) ||
	    (!i->cell.id && !index_wrong(s, "a cell without 'id'"))) {
		g_clear_pointer(&i->cell.id, g_free);
		return false;
	}
	i->cell.length = (gsize)(s->at - s->begin) - i->cell.at;
	g_array_append_val(i->scenario->cells, i->cell);
	return true;
}

/* --- scenarios -------------------------------------------------------------------------------- */

static bool on_scenario_member(struct json_scan *s, const struct json_slice *key,
			       gpointer user_data)
{
	struct indexing *i = user_data;
	g_autofree char *name = NULL;
	json_t *value;

	if (json_slice_is(key, "cells"))
		return json_scan_array(s, on_cell, i);
	value = scan_small(s);
	name = g_strndup(key->at, key->length);
	return value && (json_object_set_new(i->scenario->head, name, value) == 0 ||
			 index_wrong(s, "a key that is no UTF-8"));
}

static bool on_scenario(struct json_scan *s, gpointer user_data)
{
	struct indexing *i = user_data;

	i->scenario = merge_scenario_new();
	g_ptr_array_add(i->document->scenarios, i->scenario);
	if (!json_scan_object(s, on_scenario_member, i))
		return false;
	i->scenario->name = g_strdup(member_text(i->scenario->head, "name"));
	return i->scenario->name || index_wrong(s, "a scenario without 'name'");
}

/* --- the document ----------------------------------------------------------------------------- */

static bool on_schema(struct json_scan *s, struct indexing *i)
{
	g_autofree char *schema = scan_text(s);

	i->has_schema = g_strcmp0(schema, REPORT_SCHEMA) == 0;
	return schema != NULL;
}

static bool on_run(struct json_scan *s, struct indexing *i)
{
	json_decref(i->document->run);
	i->document->run = scan_small(s);
	return i->document->run != NULL;
}

static bool on_topology(struct json_scan *s, struct indexing *i)
{
	json_decref(i->document->topology);
	i->document->topology = scan_small(s);
	return i->document->topology != NULL;
}

static bool on_scenarios(struct json_scan *s, struct indexing *i)
{
	i->has_scenarios = true;
	return json_scan_array(s, on_scenario, i);
}

static bool on_document_member(struct json_scan *s, const struct json_slice *key,
			       gpointer user_data)
{
	static const struct member_row rows[] = {{"schema", on_schema},
						 {"run", on_run},
						 {"topology", on_topology},
						 {"scenarios", on_scenarios},
						 {0}};

	return scan_by_row(s, key, user_data, rows);
}

struct merge_document *merge_document_new(const char *bytes, gsize length, GError **error)
{
	struct merge_document *document = object_new(&merge_document_shape);
	struct indexing i = {.document = document};
	struct json_scan s;
	bool whole;

	json_scan_begin(&s, bytes, length);
	whole = json_scan_object(&s, on_document_member, &i) && json_scan_end(&s);
	if (whole && i.has_schema && i.has_scenarios && json_is_object(document->run) &&
	    json_is_object(document->topology))
		return document;
	if (whole)
		tb_error_set(error, TB_ERROR_INPUT, "not a '%s' document", REPORT_SCHEMA);
	else
		tb_error_set(error, TB_ERROR_INPUT, "not JSON at byte %" G_GSIZE_FORMAT ": %s",
			     (gsize)(s.at - s.begin), s.wrong ? s.wrong : "wrong");
	object_free(document);
	return NULL;
}

/* Ends the walk at the member. */
static bool find_complete(struct json_scan *s, const struct json_slice *key, gpointer user_data)
{
	bool *complete = user_data;
	struct json_slice value;
	bool found = json_slice_is(key, "complete");

	if (!json_scan_value(s, &value))
		return false;
	*complete = found && json_slice_is(&value, "true");
	return !found;
}

bool merge_says_complete(const char *bytes, gsize length)
{
	struct json_scan s;
	bool complete = false;

	json_scan_begin(&s, bytes, length);
	json_scan_object(&s, find_complete, &complete);
	return complete;
}
