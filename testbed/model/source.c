/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* One visit of all values of a document, to check its limits and keys. */
struct document_check {
	const struct source *source;
	diags *d;
	guint left;	     /* values that may still be visited */
	gsize text_left;     /* bytes of scalars, the same */
	GHashTable *checked; /* numbers of mappings whose keys were compared already: aliases lead
				to them again */
};

static struct loc loc_at(const char *file, size_t line, size_t column)
{
	return (struct loc){.file = file, .line = (int)line + 1, .col = (int)column + 1};
}

struct loc source_loc(const struct source *s, const yaml_node_t *value)
{
	return loc_at(s->file, value->start_mark.line, value->start_mark.column);
}

yaml_node_t *source_value(const struct source *s, int number)
{
	return s->document.nodes.start + (number - 1);
}

/* The place of a byte of the text, for errors that are found before libyaml parses it. */
static struct loc loc_of_byte(const char *file, const char *text, size_t offset)
{
	size_t line = 0, start = 0;

	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n') {
			line++;
			start = i + 1;
		}
	}
	return loc_at(file, line, (size_t)g_utf8_strlen(text + start, (gssize)(offset - start)));
}

static void check_tabs(const char *file, const char *text, size_t length, diags *d)
{
	size_t line = 0;
	bool in_indent = true;

	for (size_t i = 0, start = 0; i < length; i++) {
		if (text[i] == '\n') {
			line++;
			start = i + 1;
			in_indent = true;
		} else if (in_indent && text[i] == '\t') {
			diags_add(d, DIAG_ERROR, loc_at(file, line, i - start),
				  "indent with spaces", "tab used for indentation");
			in_indent = false;
		} else if (text[i] != ' ') {
			in_indent = false;
		}
	}
}

/* Reports what can be seen from the bytes alone: size, encoding, tabs.  False: there is an
 * error. */
static bool check_text(const char *file, const char *text, size_t length, diags *d)
{
	guint before = diags_errors(d);
	const char *nul = memchr(text, '\0', length), *bad;

	if (length > SOURCE_BYTES_MAX)
		diags_add(d, DIAG_ERROR, loc_at(file, 0, 0), NULL, "file is larger than %u MiB",
			  SOURCE_BYTES_MAX >> 20);
	else if (nul)
		diags_add(d, DIAG_ERROR, loc_of_byte(file, text, (size_t)(nul - text)),
			  "is this a text file?", "file holds a NUL byte");
	else if (!g_utf8_validate(text, (gssize)length, &bad))
		diags_add(d, DIAG_ERROR, loc_of_byte(file, text, (size_t)(bad - text)), NULL,
			  "file is not valid UTF-8");
	else
		check_tabs(file, text, length, d);
	return diags_errors(d) == before;
}

static void add_parser_error(const char *file, const yaml_parser_t *parser, diags *d)
{
	g_autofree char *hint = NULL;

	if (parser->context)
		hint = g_strdup_printf("%s that starts in line %zu", parser->context,
				       parser->context_mark.line + 1);
	diags_add(d, DIAG_ERROR,
		  loc_at(file, parser->problem_mark.line, parser->problem_mark.column), hint,
		  "not valid YAML: %s", parser->problem ? parser->problem : "out of memory");
}

/* Counts one event of the parser; false: a limit was met and reported. */
static bool count_event(const yaml_event_t *e, const char *file, guint *depth, guint *values,
			guint *anchors, diags *d)
{
	struct loc loc = loc_at(file, e->start_mark.line, e->start_mark.column);
	bool starts = e->type == YAML_SEQUENCE_START_EVENT || e->type == YAML_MAPPING_START_EVENT;
	const yaml_char_t *anchor =
		e->type == YAML_SCALAR_EVENT	     ? e->data.scalar.anchor :
		e->type == YAML_SEQUENCE_START_EVENT ? e->data.sequence_start.anchor :
		e->type == YAML_MAPPING_START_EVENT  ? e->data.mapping_start.anchor :
						       NULL;

	*anchors += anchor != NULL;
	*values += starts || e->type == YAML_SCALAR_EVENT || e->type == YAML_ALIAS_EVENT;
	*depth += starts;
	*depth -= e->type == YAML_SEQUENCE_END_EVENT || e->type == YAML_MAPPING_END_EVENT;
	if (*depth > SOURCE_DEPTH_MAX)
		return diags_add(d, DIAG_ERROR, loc, NULL,
				 "nested more than %d levels deep, or inside itself",
				 SOURCE_DEPTH_MAX);
	if (*values > SOURCE_VALUES_MAX)
		return diags_add(d, DIAG_ERROR, loc, NULL, "more than %u values",
				 SOURCE_VALUES_MAX);
	return *anchors <= SOURCE_ANCHORS_MAX ||
	       diags_add(d, DIAG_ERROR, loc, NULL, "more than %u anchors", SOURCE_ANCHORS_MAX);
}

/* Reads the text once without making anything of it; false: a limit was met and reported.  What is
 * no YAML is left to the reading proper. */
static bool check_size(const char *file, const char *text, size_t length, diags *d)
{
	guint depth = 0, values = 0, anchors = 0;
	yaml_parser_t parser;
	yaml_event_t event;
	bool ok = true, more = true;

	if (!yaml_parser_initialize(&parser))
		g_error("out of memory");
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	while (ok && more && yaml_parser_parse(&parser, &event)) {
		ok = count_event(&event, file, &depth, &values, &anchors, d);
		more = event.type != YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return ok;
}

/* Reports a second document in the file; false: there is one. */
static bool check_single(const char *file, yaml_parser_t *parser, diags *d)
{
	yaml_document_t second;
	yaml_node_t *root;
	bool single;

	if (!yaml_parser_load(parser, &second)) {
		add_parser_error(file, parser, d);
		return false;
	}
	root = yaml_document_get_root_node(&second);
	single = !root;
	if (root)
		diags_add(d, DIAG_ERROR,
			  loc_at(file, root->start_mark.line, root->start_mark.column),
			  "remove the line '---' before it",
			  "a file holds one document, this is a second one");
	yaml_document_delete(&second);
	return single;
}

/* Parses the text into the document and its root; false with a finding. */
static bool parse_source(struct source *s, diags *d)
{
	size_t length;
	const char *data = g_bytes_get_data(s->text, &length), *text = data ? data : "";
	yaml_parser_t parser;
	bool ok;

	if (!check_text(s->file, text, length, d) || !check_size(s->file, text, length, d))
		return false;
	if (!yaml_parser_initialize(&parser))
		g_error("out of memory");
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	ok = yaml_parser_load(&parser, &s->document);
	if (!ok)
		add_parser_error(s->file, &parser, d);
	s->root = ok ? yaml_document_get_root_node(&s->document) : NULL;
	if (ok && !s->root) {
		diags_add(d, DIAG_ERROR, loc_at(s->file, 0, 0), NULL, "file is empty");
		ok = false;
	}
	ok = ok && check_single(s->file, &parser, d);
	yaml_parser_delete(&parser);
	return ok;
}

/* Reports keys of a mapping that are no plain words or appear twice, once for each mapping. */
static void check_keys(struct document_check *w, const yaml_node_t *mapping)
{
	g_autoptr(GHashTable) keys = g_hash_table_new(g_str_hash, g_str_equal);

	if (!g_hash_table_add(
		    w->checked,
		    GINT_TO_POINTER((int)(mapping - w->source->document.nodes.start) + 1)))
		return;
	for (yaml_node_pair_t *p = mapping->data.mapping.pairs.start;
	     p < mapping->data.mapping.pairs.top; p++) {
		yaml_node_t *key = source_value(w->source, p->key), *first;
		struct loc loc = source_loc(w->source, key);
		char *name = (char *)key->data.scalar.value;

		if (key->type != YAML_SCALAR_NODE || strlen(name) != key->data.scalar.length) {
			diags_add(w->d, DIAG_ERROR, loc, NULL, "a key must be a plain word");
			continue;
		}
		first = g_hash_table_lookup(keys, name);
		if (first) {
			g_autofree char *hint =
				g_strdup_printf("first in line %zu", first->start_mark.line + 1);

			diags_add(w->d, DIAG_ERROR, loc, hint, "key '%s' appears twice", name);
			continue;
		}
		g_hash_table_insert(keys, name, key);
	}
}

/* Visits a value and everything below it; false: a limit was met and reported. */
static bool check_values(struct document_check *w, const yaml_node_t *value, guint depth)
{
	if (depth > SOURCE_DEPTH_MAX)
		return diags_add(w->d, DIAG_ERROR, source_loc(w->source, value), NULL,
				 "nested more than %d levels deep, or inside itself",
				 SOURCE_DEPTH_MAX);
	if (w->left-- == 0)
		return diags_add(w->d, DIAG_ERROR, source_loc(w->source, value), NULL,
				 "more than %u values when aliases are followed",
				 SOURCE_VALUES_MAX);
	if (value->type == YAML_SCALAR_NODE) {
		if (value->data.scalar.length > w->text_left)
			return diags_add(w->d, DIAG_ERROR, source_loc(w->source, value), NULL,
					 "more than %u MiB of text when aliases are followed",
					 SOURCE_TEXT_MAX >> 20);
		w->text_left -= value->data.scalar.length;
	} else if (value->type == YAML_SEQUENCE_NODE) {
		for (int *i = value->data.sequence.items.start; i < value->data.sequence.items.top;
		     i++) {
			if (!check_values(w, source_value(w->source, *i), depth + 1))
				return false;
		}
	} else if (value->type == YAML_MAPPING_NODE) {
		check_keys(w, value);
		for (yaml_node_pair_t *p = value->data.mapping.pairs.start;
		     p < value->data.mapping.pairs.top; p++) {
			if (!check_values(w, source_value(w->source, p->value), depth + 1))
				return false;
		}
	}
	return true;
}

/* Checks limits and keys of the whole document.  False: a limit was met.  Keys that appear twice
 * are findings but no reason to stop: the rest can still be read. */
static bool check_document(struct source *s, diags *d)
{
	struct document_check w = {
		.source = s, .d = d, .left = SOURCE_VALUES_MAX, .text_left = SOURCE_TEXT_MAX};
	bool ok;

	w.checked = g_hash_table_new(NULL, NULL);
	ok = check_values(&w, s->root, 1);
	s->values = SOURCE_VALUES_MAX - w.left;
	g_hash_table_unref(w.checked);
	return ok;
}

struct source *source_new(const char *file, GBytes *text, diags *d)
{
	struct source *s = g_new0(struct source, 1);

	g_atomic_ref_count_init(&s->refs);
	s->file = g_intern_string(file);
	s->text = g_bytes_ref(text);
	if (parse_source(s, d) && check_document(s, d))
		return s;
	source_unref(s);
	return NULL;
}

struct source *source_ref(struct source *s)
{
	g_atomic_ref_count_inc(&s->refs);
	return s;
}

void source_unref(struct source *s)
{
	if (!s || !g_atomic_ref_count_dec(&s->refs))
		return;
	yaml_document_delete(&s->document);
	g_bytes_unref(s->text);
	g_free(s);
}

/* Reads until the buffer is full or the file ends: neither a huge file nor an endless device is
 * read whole.  Returns the number of bytes; -1 with errno. */
static gssize read_all(int fd, char *buffer, size_t size)
{
	size_t filled = 0;

	while (filled < size) {
		ssize_t n = read(fd, buffer + filled, size - filled);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		filled += (size_t)n;
	}
	return (gssize)filled;
}

GBytes *source_read_file(const char *path, diags *d)
{
	struct loc loc = {.file = g_intern_string(path)};
	g_autofree char *buffer = g_malloc(SOURCE_BYTES_MAX + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	gssize length;

	if (fd < 0) {
		diags_add(d, DIAG_ERROR, loc, NULL, "can't open the file: %s", g_strerror(errno));
		return NULL;
	}
	length = read_all(fd, buffer, SOURCE_BYTES_MAX + 1);
	if (length < 0)
		diags_add(d, DIAG_ERROR, loc, NULL, "can't read the file: %s", g_strerror(errno));
	close(fd);
	return length < 0 ? NULL : g_bytes_new(buffer, (gsize)length);
}
