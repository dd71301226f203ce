/* SPDX-License-Identifier: GPL-2.0-or-later */
/* import: from what an administrator can paste to a topology file.
 *
 * Nouns: an `input` is one pasted text, of one kind, from one node.  Pure: text in, text out.
 * Depends on base (and libyaml, jansson).  docs/IMPORT.md tells what is read from what, and what is
 * guessed.
 */
#ifndef TESTBED_IMPORT_IMPORT_H
#define TESTBED_IMPORT_IMPORT_H

#include "testbed/base/diag.h"

#include <stdbool.h>

/* In the order in which they are read: what tells names and lengths comes first. */
enum import_kind { IMPORT_IP_ADDR, IMPORT_IP_ROUTE, IMPORT_ROUTE_PRINT, IMPORT_SDP, IMPORT_KINDS };

#define IMPORT_BYTES_MAX (1024u * 1024)

struct import_input {
	const char *file; /* for places; "-" is stdin */
	const char *text; /* UTF-8, or UTF-16 with a byte order mark, as PowerShell writes it */
	gsize length;	  /* at most IMPORT_BYTES_MAX */
	const char *node; /* whose it is; import_node_fits(node) */
};

/* "ip-addr", "ip-route", "route-print", "sdp"; NULL-terminated, by enum import_kind. */
extern const char *const import_kind_names[];

/* Whether a node may be called that. */
bool import_node_fits(const char *name);
/* The node's name from a file's: up to the first dot, made to fit.  The caller frees. */
char *import_node_of(const char *file);

/* One topology from all of them; networks of the same subnet are joined.  `kind` is what all are,
 * IMPORT_KINDS: told by the content.  The YAML text, which the caller frees; NULL: errors in `d`.
 * Warnings are there in both cases. */
char *import_topology(const struct import_input *inputs, guint n, enum import_kind kind, diags *d);

#endif
