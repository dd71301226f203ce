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

/* Where a model was read from. */
struct model_source {
	struct source *source;
	const yaml_node_t *expect; /* the rules common to all scenarios, or NULL */
	GPtrArray *retired;	   /* objects that changes removed; freed with the model */
	GPtrArray *extras; /* struct source: changes that model_add_changes added, in order */
};

/* What resolving and checking need. */
struct check {
	model *m;
	diags *d;
	const struct places *places;
};

/* Adds an error at `loc`, with printf-like text and a hint (may be NULL), to the check's diags. */
#define check_error(c, loc, hint, ...) diags_add((c)->d, DIAG_ERROR, loc, hint, __VA_ARGS__)

/* The first object of that name; NULL: none, or `name` is NULL.  All named objects have their name
 * (char *) as first member. */
void *named_find(const GPtrArray *objects, const char *name);
/* Adds the error "no WHAT 'NAME'" with a hint made of the names of `objects`. */
void named_error(diags *d, struct loc loc, const char *what, const char *name,
		 const GPtrArray *objects);

/* Removes the object from a list but frees it only with the model: places know it by its address,
 * which no new object may get before all checks are done. */
void model_retire(model *m, GPtrArray *list, guint index);

/* Sets the pointers beside names (NULL where the name is wrong; the checks report it), and fills in
 * what follows from elsewhere in the model: addresses, the default domain, ports. */
void model_resolve(const struct check *c);

/* Each reports what is wrong with its part of the model and goes on. */
void check_objects(const struct check *c); /* names, references among nodes, networks and sites */
/* Whether a host may have the address: not the network's or the broadcast address of the prefix. */
bool is_host_address(const struct prefix *p);
void check_addresses(const struct check *c); /* subnets, addresses, tunnels */
void check_routes(const struct check *c);
void check_policies(const struct check *c); /* firewall and NAT */
void check_services(const struct check *c);
void check_scenarios(const struct check *c, struct reader *r); /* conferences and expectations */

#endif
