/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/change_text.h"

#include "testbed/model/change_args.h"
#include "testbed/model/internal.h"
#include "testbed/model/repeat.h"

#include <string.h>

/* Plain as it was written plain, else in double quotes. */
static void print_scalar(const yaml_node_t *value, GString *out)
{
	const char *text = (const char *)value->data.scalar.value;
	bool plain = value->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !strchr(text, '\n');

	if (plain) {
		g_string_append(out, text);
		return;
	}
	g_string_append_c(out, '"');
	for (; *text; text++) {
		if (*text == '\n')
			g_string_append(out, "\\n");
		else if (strchr("\"\\", *text))
			g_string_append_printf(out, "\\%c", *text);
		else
			g_string_append_c(out, *text);
	}
	g_string_append_c(out, '"');
}

/* A value as one line, as it could stand in a file. */
static void print_value(yaml_document_t *document, const yaml_node_t *value, GString *out)
{
	if (value->type == YAML_SCALAR_NODE) {
		print_scalar(value, out);
	} else if (value->type == YAML_SEQUENCE_NODE) {
		const yaml_node_item_t *first = value->data.sequence.items.start;

		g_string_append_c(out, '[');
		for (const yaml_node_item_t *i = first; i < value->data.sequence.items.top; i++) {
			g_string_append(out, i > first ? ", " : "");
			print_value(document, yaml_document_get_node(document, *i), out);
		}
		g_string_append_c(out, ']');
	} else if (value->type == YAML_MAPPING_NODE) {
		const yaml_node_pair_t *first = value->data.mapping.pairs.start;

		g_string_append_c(out, '{');
		for (const yaml_node_pair_t *i = first; i < value->data.mapping.pairs.top; i++) {
			g_string_append(out, i > first ? ", " : "");
			print_value(document, yaml_document_get_node(document, i->key), out);
			g_string_append(out, ": ");
			print_value(document, yaml_document_get_node(document, i->value), out);
		}
		g_string_append_c(out, '}');
	}
}

/* The value of a scalar member; NULL: there is none. */
static const char *member_scalar(yaml_document_t *document, const yaml_node_t *value,
				 const char *key)
{
	const yaml_node_pair_t *i;

	if (value->type != YAML_MAPPING_NODE)
		return NULL;
	for (i = value->data.mapping.pairs.start; i < value->data.mapping.pairs.top; i++) {
		const yaml_node_t *name = yaml_document_get_node(document, i->key),
				  *of = yaml_document_get_node(document, i->value);

		if (name->type == YAML_SCALAR_NODE && of->type == YAML_SCALAR_NODE &&
		    strcmp((const char *)name->data.scalar.value, key) == 0)
			return (const char *)of->data.scalar.value;
	}
	return NULL;
}

char *model_change_text(const model *m, const struct scenario *sc, guint i, char **ret_node)
{
	/* libyaml's functions ask for a document that may be changed, and do not change it */
	yaml_document_t *document =
		(yaml_document_t *)(gpointer)(guintptr)&m->source->source->document;
	const struct change *change = sc->changes->pdata[i];
	GString *text = g_string_new(change->kind->name);

	g_string_append(text, ": ");
	print_value(document, change->value, text);
	*ret_node = g_strdup(member_scalar(document, change->value, "node"));
	return g_string_free(text, FALSE);
}

/* Adds the change {WORD: {...}} as a line; false: it is none. */
static bool add_line(yaml_document_t *document, const yaml_node_t *item, GStrvBuilder *lines)
{
	g_autoptr(GString) text = g_string_new(NULL);

	if (!item || item->type != YAML_MAPPING_NODE)
		return false;
	print_value(document, item, text);
	if (text->len < 2)
		return false;
	g_string_truncate(text, text->len - 1);
	g_string_erase(text, 0, 1);
	g_strv_builder_add(lines, text->str);
	return true;
}

/* Adds all changes of a text; false: it is no list of changes, and some may have been added. */
static bool add_lines(struct source *source, GStrvBuilder *lines)
{
	const yaml_node_t *root = source->root;

	if (root->type != YAML_SEQUENCE_NODE)
		return add_line(&source->document, root, lines);
	for (const yaml_node_item_t *i = root->data.sequence.items.start;
	     i < root->data.sequence.items.top; i++)
		if (!add_line(&source->document, yaml_document_get_node(&source->document, *i),
			      lines))
			return false;
	return true;
}

char **model_change_lines(char *const *texts)
{
	g_autoptr(GStrvBuilder) all = g_strv_builder_new();

	for (; texts && *texts; texts++) {
		g_autoptr(diags) unheard = diags_new();
		g_autoptr(GBytes) bytes = g_bytes_new(*texts, strlen(*texts));
		struct source *source = repeat_source_new("a change", bytes, unheard);
		g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
		g_auto(GStrv) these = NULL;

		if (source && diags_errors(unheard) == 0 && add_lines(source, lines))
			these = g_strv_builder_end(lines);
		source_unref(source);
		if (these)
			g_strv_builder_addv(all, (const char **)(gpointer)these);
		else
			g_strv_builder_add(all, *texts);
	}
	return g_strv_builder_end(all);
}

/* --- what takes a change back ----------------------------------------------------------------- */

#define UNDO_KEYS_MAX 3

/* The keys that the undoing change has besides the nodes: "KEY", or "KEY=FROM" where the other one
 * calls it FROM.  None: it names the nodes that were added. */
static const struct undo_row {
	const char *word, *undo, *keys[UNDO_KEYS_MAX + 1];
} undo_rows[] = {
	{"add-route", "remove-route", {"to", "metric", "table"}},
	{"add-nrpt", "remove-nrpt", {"namespace"}},
	{"block", "remove-rule", {"rule=name"}},
	{"allow", "remove-rule", {"rule=name"}},
	{"reject", "remove-rule", {"rule=name"}},
	{"add-node", "remove-node", {NULL}},
	{"add-record", "remove-record", {"name"}},
	{"add-host", "remove-host", {"name"}},
	{"add-nat", "remove-nat", {"nat=name"}},
	{"add-prefix", "remove-prefix", {"tunnel", "prefix"}},
	{"remove-prefix", "add-prefix", {"tunnel", "prefix"}},
	{"add-policy-rule", "remove-policy-rule", {"from", "in", "table"}},
	{"remove-policy-rule", "add-policy-rule", {"from", "in", "table"}},
	{"link-down", "link-up", {"interface"}},
	{"link-up", "link-down", {"interface"}},
	{"tunnel-down", "tunnel-up", {"tunnel"}},
	{"tunnel-up", "tunnel-down", {"tunnel"}},
	{"stop-service", "start-service", {"service", "part"}},
	{"start-service", "stop-service", {"service", "part"}},
};

/* The value of a key of the mapping; NULL: it has none. */
static const yaml_node_t *member_of(yaml_document_t *document, const yaml_node_t *mapping,
				    const char *key)
{
	for (const yaml_node_pair_t *i = mapping->data.mapping.pairs.start;
	     i < mapping->data.mapping.pairs.top; i++) {
		const yaml_node_t *name = yaml_document_get_node(document, i->key);

		if (name->type == YAML_SCALAR_NODE &&
		    strcmp((const char *)name->data.scalar.value, key) == 0)
			return yaml_document_get_node(document, i->value);
	}
	return NULL;
}

/* Appends "KEY: VALUE" of a mapping's key, if it is there. */
static void carry(yaml_document_t *document, const yaml_node_t *from, const char *key,
		  const char *as, GString *out)
{
	const yaml_node_t *value = member_of(document, from, key);

	if (!value)
		return;
	g_string_append_printf(out, "%s%s: ", g_str_has_suffix(out->str, "{") ? "" : ", ", as);
	print_value(document, value, out);
}

/* Appends the names of a mapping. */
static void name_added(yaml_document_t *document, const yaml_node_t *added, GString *out)
{
	const char *join = "";

	g_string_append(out, "nodes: [");
	for (const yaml_node_pair_t *i = added->data.mapping.pairs.start;
	     i < added->data.mapping.pairs.top; i++, join = ", ") {
		g_string_append(out, join);
		print_value(document, yaml_document_get_node(document, i->key), out);
	}
	g_string_append_c(out, ']');
}

static char *undo_by(const struct undo_row *row, yaml_document_t *document,
		     const yaml_node_t *inner)
{
	GString *text = g_string_new(row->undo);

	g_string_append(text, ": {");
	if (!row->keys[0])
		name_added(document, inner, text);
	carry(document, inner, "node", "node", text);
	carry(document, inner, "nodes", "nodes", text);
	for (guint i = 0; row->keys[i]; i++) {
		g_auto(GStrv) names = g_strsplit(row->keys[i], "=", 2);

		carry(document, inner, names[1] ? names[1] : names[0], names[0], text);
	}
	g_string_append_c(text, '}');
	return g_string_free(text, FALSE);
}

char *model_change_undo(const char *change)
{
	g_autoptr(diags) unheard = diags_new();
	g_autoptr(GBytes) bytes = g_bytes_new(change, strlen(change));
	struct source *source = repeat_source_new("a change", bytes, unheard);
	const yaml_node_t *root = source ? source->root : NULL, *inner = NULL;
	char *undo = NULL;

	for (gsize i = 0; root && root->type == YAML_MAPPING_NODE && i < G_N_ELEMENTS(undo_rows);
	     i++) {
		inner = member_of(&source->document, root, undo_rows[i].word);
		if (inner && inner->type == YAML_MAPPING_NODE) {
			undo = undo_by(&undo_rows[i], &source->document, inner);
			break;
		}
	}
	source_unref(source);
	return undo;
}

const char *model_change_word(guint i)
{
	const struct change_kind *kind = change_kind_at(i);

	return kind ? kind->name : NULL;
}
