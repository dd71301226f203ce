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

/* The IPv6 table while it is read. */
struct six {
	GArray *rows; /* struct six_row */
	bool is_open; /* the gateway of the last row is on the next line */
	bool has_gap; /* the rows that follow are persistent */
};

#define SIX_NEW                                                          \
	{                                                                \
		.rows = g_array_new(FALSE, TRUE, sizeof(struct six_row)) \
	}

struct six_row {
	unsigned number, metric; /* of the interface; of the route */
	struct prefix to;
	struct addr via; /* unset: on link */
	bool persistent;
	struct loc loc;
};

/* A whole number in decimal digits. */
bool is_number(const char *word, unsigned *ret);

/* Takes a line that is no row of the IPv4 table. */
void six_line(struct six *t, const struct line *l);
/* Whether the line begins as a row of the IPv6 table does. */
bool is_six_row(const struct line *l);
/* What the rows say.  `cards`: const struct card *, in the order in which the IPv4 table lists them
 * as interfaces of multicast. */
void six_add(const struct six *t, const GPtrArray *cards, struct facts *f, diags *d);

#endif
