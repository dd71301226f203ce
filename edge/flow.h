/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SIP flows of the Access Edge: a token for each connection (RFC 5626 section 5.2).
 *
 * state     | means                                  | leaves by
 * open      | the token leads to the connection      | the connection is gone
 * lost      | the token leads nowhere: 430           |
 * Tokens are 64 random bits from the kernel: who does not know one cannot send on that connection.
 * Pure but for that.
 */
#ifndef EDGE_FLOW_H
#define EDGE_FLOW_H

#include <glib.h>

enum edge_flow_side { EDGE_FLOW_CLIENT, EDGE_FLOW_INSIDE };

typedef struct edge_flows edge_flows;

edge_flows *edge_flows_new(void);
void edge_flows_free(edge_flows *f);
/* Returns the token; the caller frees.  `connection` is the caller's. */
char *edge_flows_open(edge_flows *f, enum edge_flow_side side, gpointer connection);
void edge_flows_close(edge_flows *f, const char *token);
/* The connection; NULL: unknown token, or one of the other side (who came from a client may only be
 * answered towards the inside, and the reverse). */
gpointer edge_flows_find(const edge_flows *f, enum edge_flow_side side, const char *token);
guint edge_flows_count(const edge_flows *f, enum edge_flow_side side);

#endif
