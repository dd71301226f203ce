/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/change_text.h"

#include "testbed/model/change_args.h"
#include "testbed/model/internal.h"

#include <string.h>

/* A value as one line, as it could stand in a file; scalars as they are. */
static void print_value(yaml_document_t *document, const yaml_node_t *value, GString *out)
{
	if (value->type == YAML_SCALAR_NODE) {
		g_string_append_len(out, (const char *)value->data.scalar.value,
				    (gssize)value->data.scalar.length);
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
