/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON whose values know where they stand.  Private to the import layer.
 *
 * jansson decides whether the text is JSON; libyaml, which reads JSON too, tells the places.
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

/* False, told in `d` with its place: not JSON. */
bool tree_is_json(const char *file, const char *text, diags *d);
/* False, told in `d`: not JSON.  tree_clear after true only. */
bool tree_read(struct tree *j, const char *file, const char *text, diags *d);
void tree_clear(struct tree *j);

/* The objects of the list at the top, by index; NULL: beyond the end.  Something else than an
 * object, or no list at all, is told in tree_objects. */
bool tree_objects(struct tree *j, diags *d);
const yaml_node_t *tree_object(struct tree *j, guint index);

/* A member; NULL: none. */
const yaml_node_t *tree_member(struct tree *j, const yaml_node_t *object, const char *key);
/* Text or digits of a member; NULL: none, or it is a list or an object. */
const char *tree_word(struct tree *j, const yaml_node_t *object, const char *key);
/* An object of a member that is a list; NULL: beyond the end, no list, no object. */
const yaml_node_t *tree_item(struct tree *j, const yaml_node_t *list, guint index);
/* Whether a member is a list with this word in it. */
bool tree_has(struct tree *j, const yaml_node_t *object, const char *key, const char *word);

/* Where a member stands, or the object when it has none. */
struct loc tree_loc(struct tree *j, const yaml_node_t *object, const char *key);

#endif
