/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON with the position of each value.  Private to the import layer.
 *
 * jansson decides whether the text is JSON; libyaml, which reads JSON, too, gives the positions.
 */
#ifndef TESTBED_IMPORT_TREE_H
#define TESTBED_IMPORT_TREE_H

#include "testbed/base/diag.h"

#include <stdbool.h>
#include <yaml.h>

struct tree {
	const char *file; /* interned */
	yaml_document_t document;
};

/* Whether the text begins as JSON's lists and objects do. */
bool tree_begins(const char *text);
/* false with an error in `d`: not JSON. */
bool tree_is_json(const char *file, const char *text, diags *d);
/* Reads JSON text.  false with an error in `d`: not JSON.  tree_clear only after true. */
bool tree_read(struct tree *j, const char *file, const char *text, diags *d);
void tree_clear(struct tree *j);

/* tree_objects: whether the top value is a list of objects; if not it adds an error to `d`.
 * tree_object: the object at `index`.  NULL: beyond the end. */
bool tree_objects(struct tree *j, diags *d);
const yaml_node_t *tree_object(struct tree *j, guint index);

/* Calls `read` for each object of a list, but for the empty ones: `ip` prints {} for what it has
 * filtered.  What is no such list is an error in `d`. */
struct facts;
void tree_each_object(const char *file, const char *text, struct facts *f, diags *d,
		      void (*read)(struct tree *j, const yaml_node_t *item, struct facts *f,
				   diags *d));

/* A member of an object.  NULL: none. */
const yaml_node_t *tree_member(struct tree *j, const yaml_node_t *object, const char *key);
/* Text of a member that is a string or a number.  NULL: another kind, or none. */
const char *tree_word(struct tree *j, const yaml_node_t *object, const char *key);
/* The object at `index` of a list.  NULL: beyond the end, not a list, or not an object. */
const yaml_node_t *tree_item(struct tree *j, const yaml_node_t *list, guint index);
/* Whether a member is a list that contains this word. */
bool tree_has(struct tree *j, const yaml_node_t *object, const char *key, const char *word);

/* Position of a member, or of the object when it has no such member. */
struct loc tree_loc(struct tree *j, const yaml_node_t *object, const char *key);

#endif
