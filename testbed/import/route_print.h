/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two tables of Windows' `route print`, as their parsers share them.  Private to route_print
 * and route_print6. */
#ifndef TESTBED_IMPORT_ROUTE_PRINT_H
#define TESTBED_IMPORT_ROUTE_PRINT_H

#include "testbed/import/facts.h"
#include "testbed/import/lines.h"

/* An interface of the IPv4 table. */
struct card {
	struct addr address; /* its first one, as the Interface column has it */
	struct fact_iface *iface;
	bool has_metric, has_subnet;
	unsigned metric; /* of its own routes */
};

struct row {
	struct prefix to;
	struct addr via;   /* unset: on link */
	struct addr iface; /* IPv4: its first address; unset: a persistent route */
	unsigned number;   /* IPv6: of the interface */
	unsigned metric;
	struct loc loc;
};

struct rows {
	GArray *active, *persistent; /* struct row */
};

/* The IPv6 table while it is read. */
struct six {
	struct rows rows;
	struct row *open; /* its gateway is on the next line; NULL */
	bool has_gap;	  /* the rows that follow are persistent */
};

/* A whole number in decimal digits. */
bool is_number(const char *word, unsigned *ret);

struct rows rows_new(void);
void rows_clear(struct rows *t);
bool row_is_on_link(const struct row *r);
/* Whether a route leads to this gateway. */
bool rows_have_gateway(const struct rows *t, const struct addr *a);
/* Adds an active route by that interface.  `onlink`: no subnet of it has the gateway. */
void rows_add_route(const struct rows *t, const struct row *r, char *dev, bool onlink,
		    struct facts *f, diags *d);
/* Warns of persistent routes that are not active; where nothing else is there, adds them. */
void rows_add_persistent(const struct rows *t, struct facts *f, diags *d);

/* Takes a line that is no row of the IPv4 table. */
void six_line(struct six *t, const struct line *l, diags *d);
/* Whether the line begins as a row of the IPv6 table does. */
bool is_six_row(const struct line *l);
/* What the rows say.  `cards`: const struct card *, in the order in which the IPv4 table lists them
 * as interfaces of multicast. */
void six_add(const struct six *t, const GPtrArray *cards, struct facts *f, diags *d);

#endif
