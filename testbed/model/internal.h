/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the model layer share and nobody else sees.
 *
 * How a model comes to be: read (schema_*.c, change.c), resolve (names become pointers, defaults
 * that depend on other objects are filled in), check (check_*.c).  Each step goes on after a
 * mistake, so pointers and names may be missing in all of them.
 */
#ifndef TESTBED_MODEL_INTERNAL_H
#define TESTBED_MODEL_INTERNAL_H

#include "testbed/model/model.h"
#include "testbed/model/reader.h"

struct model_source {
	struct source *source;
	const yaml_node_t *expect; /* the rules common to all scenarios, or NULL */
	GPtrArray *buried;	   /* objects that changes took away */
	GPtrArray *extras;	   /* struct source: changes beyond the scenarios' own, in order */
};

/* What resolving and checking need. */
struct check {
	model *m;
	diags *d;
	const struct places *places;
};

/* An error about `loc` with its cure, for the diags of the check. */
void check_error(const struct check *c, struct loc loc, const char *hint, const char *format, ...)
	G_GNUC_PRINTF(4, 5);

/* All named objects have their name (char *) as first member.  NULL when none has it. */
void *named_find(const GPtrArray *objects, const char *name);
/* Adds "no WHAT 'NAME'" with a hint made of the names there are. */
void named_error(diags *d, struct loc loc, const char *what, const char *name,
		 const GPtrArray *objects);

/* Takes an object out of a list.  It is freed with the model only: places know it by its address,
 * which nothing new may get before all checks are done. */
void model_retire(model *m, GPtrArray *list, guint index);

/* Turns names into pointers, and fills in what follows from elsewhere in the model. */
void model_resolve(const struct check *c);

void check_objects(const struct check *c); /* names, references among nodes, networks and sites */
/* Whether a host may have it: not the network's or broadcast address of its subnet. */
bool is_host_address(const struct prefix *p);
void check_addresses(const struct check *c); /* subnets, addresses, tunnels */
void check_routes(const struct check *c);
void check_policies(const struct check *c); /* firewall and NAT */
void check_services(const struct check *c);
void check_scenarios(const struct check *c, struct reader *r); /* conferences and expectations */

#endif
