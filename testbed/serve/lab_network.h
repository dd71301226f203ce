/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network: what the page knows of a lab's network, from the topology's file and the changes that
 * the lab's status tells.
 *
 * An exercise's fault is not among those changes.  The page's index never has it; the model that
 * calls are explained by does, where the exercise lets them be explained.
 * Depends on explain, model and base.  Pure.
 */
#ifndef TESTBED_SERVE_LAB_NETWORK_H
#define TESTBED_SERVE_LAB_NETWORK_H

#include "common/base/json.h"
#include "testbed/model/model.h"

typedef struct lab_network lab_network;

/* One state of the network, which never changes; shared by all calls that were placed in it. */
struct lab_network_state {
	model *model;
	GPtrArray *changes; /* char *: on top of the scenario */
	guint declared;	    /* how many of them the lab was started with */
	json_t *index;	    /* the document testbed.story/1 without cells and nodes */
};
struct lab_network_state *lab_network_state_ref(struct lab_network_state *s);
void lab_network_state_unref(struct lab_network_state *s); /* accepts NULL; from any thread */

struct lab_network_origin {
	model *base; /* taken over; without changes */
	const struct scenario *scenario;
	const char *hidden; /* changes that the model has and the page does not show; NULL: none */
};
lab_network *lab_network_new(const struct lab_network_origin *from);
void lab_network_free(lab_network *n);

/* The network by the status of its lab (docs/LIVE.md), for lab_network_state_unref; `now` (NULL:
 * none) once more when nothing has changed since.  NULL with `error`. */
struct lab_network_state *lab_network_by_status(const lab_network *n, const json_t *status,
						struct lab_network_state *now, GError **error);

/* All scenarios: name, title and the texts of their changes; the caller owns the array. */
json_t *lab_network_scenarios(const lab_network *n);
/* The changes that make scenario `name` of the lab's own one, to be made in place of all that was
 * set: char *, the caller frees.  NULL with `error`: there is none, or the lab's own scenario has
 * changes that it lacks. */
GPtrArray *lab_network_way_to(const lab_network *n, const char *name, GError **error);
/* The scenario that the network is that of, by its changes; NULL: of none. */
const char *lab_network_scenario_of(const lab_network *n, const struct lab_network_state *s);

/* Whether the changes `added` (char *) to these, or with `instead` in place of those that were not
 * declared, name programs that are to run as clients; false also for what can't be made. */
bool lab_network_adds_programs(const lab_network *n, const struct lab_network_state *s,
			       const GPtrArray *added, bool instead);

#endif
