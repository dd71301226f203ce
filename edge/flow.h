/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SIP flows of the Access Edge: a token for each connection (RFC 5626 section 5.2).
 *
 * A token is valid while its connection is open; a request for another token gets 430.  Tokens are
 * 64 random bits from the kernel, so that nobody can guess one and send on another connection.
 * Apart from that pure.
 */
#ifndef EDGE_FLOW_H
#define EDGE_FLOW_H

#include "common/base/object.h"

#include <glib.h>

enum edge_flow_side { EDGE_FLOW_CLIENT, EDGE_FLOW_INSIDE }; /* whose connection it is */

typedef struct edge_flows edge_flows;

edge_flows *edge_flows_new(void);
/* Adds a flow and returns its new token, which the caller frees.  `connection` is for
 * edge_flows_find to return. */
char *edge_flows_open(edge_flows *f, enum edge_flow_side side, gpointer connection);
void edge_flows_close(edge_flows *f, const char *token); /* the token is unknown from now on */
/* The connection of a token (may be NULL).  NULL: the token is unknown, or belongs to the other
 * side. */
gpointer edge_flows_find(const edge_flows *f, enum edge_flow_side side, const char *token);
guint edge_flows_count(const edge_flows *f, enum edge_flow_side side);

#endif
