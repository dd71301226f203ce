/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of a lab as JSON, both ways: docs/EXPLAIN-INSIDE.md, "State of a lab".
 *
 * The only place that knows that form.  It is a contract: files of earlier runs are read, and other
 * programs read the files.  What is read may come from an older version, or from anybody: an item
 * of a list whose parts can't be read is left out, and so is a number that does not fit. Depends on
 * netstate and jansson.  Pure.
 */
#ifndef TESTBED_NETSTATE_NETSTATE_JSON_H
#define TESTBED_NETSTATE_NETSTATE_JSON_H

#include "common/base/json.h"
#include "testbed/netstate/netstate.h"

/* NULL: `json` is no object.  The caller owns what comes back. */
netstate *netstate_from_json(const json_t *json);
json_t *netstate_to_json(const netstate *s);

/* "evidence", into `s`. */
void netstate_read_evidence(netstate *s, const json_t *json);
/* The object of one node, a member of "nodes".  Never NULL: of what is no object nothing is told.
 */
node_state *node_state_from_json(const char *name, const json_t *json);
json_t *node_state_to_json(const node_state *n);

/* An item of "conntrack". */
json_t *tracked_to_json(const struct tracked *t);

/* { NODE: [ { "from", "to", "in": IF or null } ] }, as live labs and supervisors are asked. */
GPtrArray *route_questions_from_json(const json_t *json);
json_t *route_questions_to_json(const GPtrArray *questions);

#endif
