/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/import/tree.h"

#include <jansson.h>
#include <string.h>

bool tree_begins(const char *text)
{
	text += strspn(text, " \t\r\n");
	return *text == '[' || *text == '{';
}

bool tree_is_json(const char *file, const char *text, diags *d)
{
	json_error_t error;
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!json)
		diags_add(d, DIAG_ERROR,
			  (struct loc){file, MAX(error.line, 1), MAX(error.column, 1)},
			  "paste the complete output", "not JSON: %s", error.text);
	json_decref(json);
	return json;
}

bool tree_read(struct tree *j, const char *file, const char *text, diags *d)
{
	yaml_parser_t parser;
	bool good;

	j->file = file;
	if (!tree_is_json(file, text, d))
		return false;
	yaml_parser_initialize(&parser);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
	good = yaml_parser_load(&parser, &j->document);
	if (!good)
		diags_add(d, DIAG_ERROR,
			  (struct loc){file, (int)parser.problem_mark.line + 1,
				       (int)parser.problem_mark.column + 1},
			  NULL, "not JSON: %s", parser.problem ? parser.problem : "no value");
	yaml_parser_delete(&parser);
	return good;
}

void tree_clear(struct tree *j)
{
	yaml_document_delete(&j->document);
}

static struct loc position_of(const struct tree *j, const yaml_node_t *value)
{
	return (struct loc){j->file, (int)value->start_mark.line + 1,
			    (int)value->start_mark.column + 1};
}

bool tree_objects(struct tree *j, diags *d)
{
	const yaml_node_t *top = yaml_document_get_root_node(&j->document);

	if (!top || top->type != YAML_SEQUENCE_NODE)
		return diags_add(d, DIAG_ERROR,
				 top ? position_of(j, top) : (struct loc){j->file, 1, 1},
				 "paste the complete output", "not a list");
	for (const yaml_node_item_t *item = top->data.sequence.items.start;
	     item < top->data.sequence.items.top; item++) {
		const yaml_node_t *value = yaml_document_get_node(&j->document, *item);

		if (value->type != YAML_MAPPING_NODE)
			return diags_add(d, DIAG_ERROR, position_of(j, value), NULL,
					 "not an object");
	}
	return true;
}

const yaml_node_t *tree_item(struct tree *j, const yaml_node_t *list, guint index)
{
	const yaml_node_t *value;

	if (!list || list->type != YAML_SEQUENCE_NODE ||
	    index >= (guint)(list->data.sequence.items.top - list->data.sequence.items.start))
		return NULL;
	value = yaml_document_get_node(&j->document, list->data.sequence.items.start[index]);
	return value->type == YAML_MAPPING_NODE ? value : NULL;
}

const yaml_node_t *tree_object(struct tree *j, guint index)
{
	return tree_item(j, yaml_document_get_root_node(&j->document), index);
}

static bool is_word(const yaml_node_t *value, const char *word)
{
	return value->type == YAML_SCALAR_NODE &&
	       g_str_equal((const char *)value->data.scalar.value, word);
}

const yaml_node_t *tree_member(struct tree *j, const yaml_node_t *object, const char *key)
{
	for (const yaml_node_pair_t *p = object->data.mapping.pairs.start;
	     p < object->data.mapping.pairs.top; p++) {
		if (is_word(yaml_document_get_node(&j->document, p->key), key))
			return yaml_document_get_node(&j->document, p->value);
	}
	return NULL;
}

const char *tree_word(struct tree *j, const yaml_node_t *object, const char *key)
{
	const yaml_node_t *value = tree_member(j, object, key);

	return value && value->type == YAML_SCALAR_NODE ? (const char *)value->data.scalar.value :
							  NULL;
}

bool tree_has(struct tree *j, const yaml_node_t *object, const char *key, const char *word)
{
	const yaml_node_t *list = tree_member(j, object, key);

	if (!list || list->type != YAML_SEQUENCE_NODE)
		return false;
	for (const yaml_node_item_t *item = list->data.sequence.items.start;
	     item < list->data.sequence.items.top; item++) {
		if (is_word(yaml_document_get_node(&j->document, *item), word))
			return true;
	}
	return false;
}

struct loc tree_loc(struct tree *j, const yaml_node_t *object, const char *key)
{
	const yaml_node_t *value = tree_member(j, object, key);

	return position_of(j, value ? value : object);
}

void tree_each_object(const char *file, const char *text, struct facts *f, diags *d,
		      void (*read)(struct tree *j, const yaml_node_t *item, struct facts *f,
				   diags *d))
{
	struct tree j;
	const yaml_node_t *item;

	if (!tree_read(&j, file, text, d))
		return;
	for (guint i = 0, good = tree_objects(&j, d); good && (item = tree_object(&j, i)); i++) {
		if (item->data.mapping.pairs.top > item->data.mapping.pairs.start)
			read(&j, item, f, d);
	}
	tree_clear(&j);
}
