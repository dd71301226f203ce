/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PowerShell's output as records of named values: JSON, CSV, lists and tables. */
#include "testbed/import/powershell.h"

#include "common/base/each.h"
#include "testbed/import/tree.h"

#include <string.h>

const char *const record_names[RECORD_KINDS] = {[RECORD_ROUTE] = "DestinationPrefix",
						[RECORD_ADDRESS] = "IPAddress",
						[RECORD_NRPT] = "Namespace",
						[RECORD_RESOLVERS] = "ServerAddresses"};

/* Of the cmdlets of Lync and Skype for Business (cs_cmdlets). */
static const char *const cs_names[] = {"Identity", "PoolFqdn", "ComputerFqdn", NULL};

static bool is_known_name(const char *name)
{
	for (guint i = 0; i < RECORD_KINDS; i++) {
		if (g_str_equal(name, record_names[i]))
			return true;
	}
	return g_strv_contains(cs_names, name);
}

static void word_clear(gpointer data)
{
	g_free(((struct word *)data)->text);
}

static struct record *record_new(struct loc loc)
{
	struct record *r = g_new0(struct record, 1);

	r->loc = loc;
	r->names = g_array_new(FALSE, TRUE, sizeof(struct word));
	r->values = g_array_new(FALSE, TRUE, sizeof(struct word));
	g_array_set_clear_func(r->names, word_clear);
	g_array_set_clear_func(r->values, word_clear);
	return r;
}

static void record_free(gpointer data)
{
	struct record *r = data;

	g_array_unref(r->names);
	g_array_unref(r->values);
	g_free(r);
}

/* Takes `value`. */
static void record_add(struct record *r, const char *name, char *value, struct loc loc)
{
	struct word n = {.text = g_strstrip(g_strdup(name)), .loc = loc};
	struct word v = {.text = g_strstrip(value), .loc = loc};

	g_array_append_val(r->names, n);
	g_array_append_val(r->values, v);
}

const struct word *record_word(const struct record *r, const char *name)
{
	for (guint i = 0; i < r->names->len; i++) {
		const struct word *v = &g_array_index(r->values, struct word, i);

		if (g_ascii_strcasecmp(g_array_index(r->names, struct word, i).text, name) == 0)
			return *v->text ? v : NULL;
	}
	return NULL;
}

const char *record_text(const struct record *r, const char *name)
{
	const struct word *w = record_word(r, name);

	return w ? w->text : NULL;
}

bool record_is(const struct record *r, const char *name, const char *const *words)
{
	const char *text = record_text(r, name);

	for (guint i = 0; text && words[i]; i++) {
		if (g_ascii_strcasecmp(text, words[i]) == 0)
			return true;
	}
	return false;
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void append_item(GString *text, yaml_document_t *document, int index)
{
	const yaml_node_t *value = yaml_document_get_node(document, index);

	if (text->len > 0)
		g_string_append_c(text, ' ');
	if (value->type == YAML_SCALAR_NODE)
		g_string_append(text, (const char *)value->data.scalar.value);
}

/* A list becomes words; Windows PowerShell puts a list into {"value": [...], "Count": n}. */
static char *value_text(struct tree *j, const yaml_node_t *value)
{
	GString *text = g_string_new(NULL);

	if (value->type == YAML_MAPPING_NODE && tree_member(j, value, "value"))
		value = tree_member(j, value, "value");
	if (value->type == YAML_SCALAR_NODE &&
	    !(value->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	      g_str_equal((const char *)value->data.scalar.value, "null")))
		g_string_append(text, (const char *)value->data.scalar.value);
	if (value->type == YAML_SEQUENCE_NODE) {
		for (const yaml_node_item_t *i = value->data.sequence.items.start;
		     i < value->data.sequence.items.top; i++)
			append_item(text, &j->document, *i);
	}
	return g_string_free(text, FALSE);
}

static void read_object(struct tree *j, const yaml_node_t *object, GPtrArray *records)
{
	struct record *r = record_new(tree_loc(j, object, ""));

	for (const yaml_node_pair_t *p = object->data.mapping.pairs.start;
	     p < object->data.mapping.pairs.top; p++) {
		const yaml_node_t *key = yaml_document_get_node(&j->document, p->key);
		const yaml_node_t *value = yaml_document_get_node(&j->document, p->value);

		if (key->type == YAML_SCALAR_NODE)
			record_add(r, (const char *)key->data.scalar.value, value_text(j, value),
				   tree_loc(j, object, (const char *)key->data.scalar.value));
	}
	g_ptr_array_add(records, r);
}

static void read_json_records(const char *file, const char *text, GPtrArray *records, diags *d)
{
	struct tree j;
	const yaml_node_t *top, *item;

	if (!tree_read(&j, file, text, d))
		return;
	top = yaml_document_get_root_node(&j.document);
	if (top && top->type == YAML_MAPPING_NODE) /* ConvertTo-Json of one object */
		read_object(&j, top, records);
	else if (tree_objects(&j, d)) {
		for (guint i = 0; (item = tree_object(&j, i)); i++)
			read_object(&j, item, records);
	}
	tree_clear(&j);
}

/* --- CSV -------------------------------------------------------------------------------------- */

/* Commas, or another one with -UseCulture and -Delimiter: what stands behind the first quoted name,
 * as Windows PowerShell quotes all of them. */
static char delimiter_of(const char *heading)
{
	const char *quote = heading[0] == '"' ? strchr(heading + 1, '"') : NULL;

	if (quote && g_ascii_ispunct(quote[1]))
		return quote[1];
	return strchr(heading, ';') ? ';' : strchr(heading, '\t') ? '\t' : ',';
}

/* The fields of a line; "" within quotes is one. */
static GPtrArray *split_fields(const char *line, char delimiter)
{
	GPtrArray *fields = g_ptr_array_new_with_free_func(g_free);
	GString *field = g_string_new(NULL);
	bool quoted = false;

	for (const char *p = line; *p; p++) {
		if (*p == '"' && quoted && p[1] == '"') {
			g_string_append_c(field, *p++);
		} else if (*p == '"') {
			quoted = !quoted;
		} else if (*p == delimiter && !quoted) {
			g_ptr_array_add(fields, g_strdup(field->str));
			g_string_truncate(field, 0);
		} else {
			g_string_append_c(field, *p);
		}
	}
	g_ptr_array_add(fields, g_string_free(field, FALSE));
	return fields;
}

/* Whether a line is a heading of CSV: several names with delimiters and no spaces, one known. */
static bool is_csv_heading(const struct line *l)
{
	char delimiter = delimiter_of(l->text);
	g_autoptr(GPtrArray) fields = NULL;

	if (!strchr(l->text, delimiter) || (delimiter != '\t' && l->words->len > 1))
		return false;
	fields = split_fields(l->text, delimiter);
	for (guint i = 0; i < fields->len; i++) {
		if (is_known_name(fields->pdata[i]))
			return true;
	}
	return false;
}

static bool is_csv(const char *file, const char *text)
{
	struct line l = {.file = file, .rest = text};
	bool found = false;

	while (line_next(&l))
		found = found || is_csv_heading(&l);
	return found;
}

static void read_csv_records(const char *file, const char *text, GPtrArray *records,
			     diags *d G_GNUC_UNUSED)
{
	struct line l = {.file = file, .rest = text};
	GPtrArray *heading = NULL;
	char delimiter = ',';

	while (line_next(&l)) {
		g_autoptr(GPtrArray) fields = NULL;
		struct record *r;

		if (l.words->len == 0 || g_str_has_prefix(l.text, "#TYPE")) {
			g_clear_pointer(&heading, g_ptr_array_unref);
			continue;
		}
		if (!heading) {
			delimiter = delimiter_of(l.text);
			heading = split_fields(l.text, delimiter);
			continue;
		}
		fields = split_fields(l.text, delimiter);
		r = record_new(line_loc(&l));
		for (guint i = 0; i < MIN(fields->len, heading->len); i++)
			record_add(r, heading->pdata[i], g_strdup(fields->pdata[i]), line_loc(&l));
		g_ptr_array_add(records, r);
	}
	g_clear_pointer(&heading, g_ptr_array_unref);
}

/* --- a list as PowerShell shows it ------------------------------------------------------------ */

/* A value that is too long for the window goes on in the next line, below its beginning. */
static void append_to_last(struct record *r, const struct line *l)
{
	struct word *last = &g_array_index(r->values, struct word, r->values->len - 1);
	char *text = g_strdelimit(g_strdup_printf("%s %s", last->text, l->text), "{},", ' ');

	g_free(last->text);
	last->text = g_strstrip(text);
}

/* "IPAddress         : 10.0.1.5"; an empty line ends a record. */
static void read_list_records(const char *file, const char *text, GPtrArray *records,
			      diags *d G_GNUC_UNUSED)
{
	struct line l = {.file = file, .rest = text};
	struct record *r = NULL;

	while (line_next(&l)) {
		const char *colon = strstr(l.text, " :");
		g_autofree char *name = colon ? g_strndup(l.text, (gsize)(colon - l.text)) : NULL;
		char *value;

		if (l.words->len == 0)
			r = NULL;
		if (!colon && r && line_loc(&l).col > 1)
			append_to_last(r, &l);
		if (!colon)
			continue;
		if (!r) {
			r = record_new(line_loc(&l));
			g_ptr_array_add(records, r);
		}
		value = g_strdup(colon + 2);
		record_add(r, name, g_strdelimit(value, "{},", ' '), line_loc(&l));
	}
}

/* --- a table as PowerShell shows it ----------------------------------------------------------- */

/* A column of a table, as long as the dashes below its heading. */
struct column {
	GString *name; /* in several lines where it is long */
	int first, last;
};

static void column_clear(gpointer data)
{
	g_string_free(((struct column *)data)->name, TRUE);
}

static int word_end(const struct word *w)
{
	return w->loc.col + (int)g_utf8_strlen(w->text, -1) - 1;
}

/* The columns of a line of dashes.  NULL: it is none. */
static GArray *columns_of(const struct line *l)
{
	GArray *columns;

	if (l->words->len < 2 || strspn(l->text, "- ") != strlen(l->text))
		return NULL;
	columns = g_array_new(FALSE, TRUE, sizeof(struct column));
	g_array_set_clear_func(columns, column_clear);
	array_foreach(const struct word, w, l->words) {
		struct column c = {g_string_new(NULL), w->loc.col, word_end(w)};

		g_array_append_val(columns, c);
	}
	return columns;
}

/* The column of a word: of as many words as there are columns the one at its place, else the last
 * that begins before the word ends, as numbers stand at the right. */
static guint column_at(const GArray *columns, const struct line *l, guint word)
{
	guint at = 0;

	if (l->words->len == columns->len)
		return word;
	while (at + 1 < columns->len &&
	       g_array_index(columns, struct column, at + 1).first <= word_end(line_word(l, word)))
		at++;
	return at;
}

static void add_heading(GArray *columns, const char *file, const char *heading)
{
	struct line l = {.file = file, .rest = heading};

	while (line_next(&l)) {
		for (guint i = 0; i < l.words->len; i++)
			g_string_append(g_array_index(columns, struct column,
						      column_at(columns, &l, i))
						.name,
					line_word(&l, i)->text);
	}
}

static void read_table_row(const GArray *columns, const struct line *l, GPtrArray *records)
{
	struct record *r = record_new(line_loc(l));

	for (guint k = 0; k < columns->len; k++) {
		GString *value = g_string_new(NULL);

		for (guint i = 0; i < l->words->len; i++) {
			if (column_at(columns, l, i) == k)
				g_string_append_printf(value, "%s%s", value->len > 0 ? " " : "",
						       line_word(l, i)->text);
		}
		record_add(r, g_array_index(columns, struct column, k).name->str,
			   g_strdelimit(g_string_free(value, FALSE), "{},", ' '), line_loc(l));
	}
	g_ptr_array_add(records, r);
}

/* The heading are the lines above one of dashes; an empty line ends a table. */
static void read_table_records(const char *file, const char *text, GPtrArray *records,
			       diags *d G_GNUC_UNUSED)
{
	struct line l = {.file = file, .rest = text};
	const char *from = text; /* of the heading */
	g_autoptr(GArray) columns = NULL;

	while (line_next(&l)) {
		GArray *new = columns_of(&l);

		if (l.words->len == 0) {
			g_clear_pointer(&columns, g_array_unref);
			from = l.rest;
		} else if (new) {
			g_autofree char *heading = g_strndup(from, (gsize)(l.rest - from));

			g_clear_pointer(&columns, g_array_unref);
			columns = new;
			*g_strrstr(heading, l.text) = '\0';
			add_heading(columns, file, heading);
		} else if (columns) {
			read_table_row(columns, &l, records);
		}
	}
}

GPtrArray *records_read(const char *file, const char *text, diags *d)
{
	GPtrArray *records = g_ptr_array_new_with_free_func(record_free);

	if (tree_begins(text))
		read_json_records(file, text, records, d);
	else if (is_csv(file, text))
		read_csv_records(file, text, records, d);
	else if (strstr(text, "\n--"))
		read_table_records(file, text, records, d);
	else
		read_list_records(file, text, records, d);
	return records;
}
