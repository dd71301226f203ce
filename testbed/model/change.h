/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes: what a scenario does to the base network.  Private to the model layer.
 *
 * Nouns: a `change_kind` is one word of the language ("add-route") with the keys it takes and what
 * it does; all of them are rows of one table.  A `change` is one use of it, still as YAML: it is
 * read for findings when the file is loaded, and again into the model it is applied to.
 */
#ifndef TESTBED_MODEL_CHANGE_H
#define TESTBED_MODEL_CHANGE_H

#include "testbed/model/model.h"
#include "testbed/model/reader.h"

struct change_kind;

struct change {
	const struct change_kind *kind;
	const yaml_node_t *value; /* in the source of the model the scenario belongs to */
	struct loc loc;
};

/* A read_func: reads a list of changes, or a single one, into a GPtrArray of struct change.
 * Reports what is wrong with their keys; whether they fit a network is found out when they are
 * applied. */
bool change_read_list(struct reader *r, const yaml_node_t *value, void *target, const void *arg);

/* Applies changes in order to a model that was read but not yet resolved.  What can't be applied
 * becomes a finding, and the next one is tried.  `r` must read the source that the changes stand
 * in. */
void change_apply_all(struct reader *r, model *m, const GPtrArray *changes);

/* Adds to `names` those of the nodes that the change would add (char *, borrowed from the
 * source). */
void change_new_nodes(struct reader *r, const struct change *change, GPtrArray *names);

#endif
