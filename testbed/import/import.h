/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes a topology file from output that an administrator pastes.
 *
 * An `input` is one pasted text, of one kind, from one node.  Pure: text in, text out.  Depends on
 * base (and libyaml, jansson).  docs/IMPORT.md says what is read from which text, and what is
 * guessed.
 */
#ifndef TESTBED_IMPORT_IMPORT_H
#define TESTBED_IMPORT_IMPORT_H

#include "testbed/base/diag.h"

#include <stdbool.h>

/* In the order of reading: what names whole servers, then texts with interface names and prefix
 * lengths. */
enum import_kind {
	IMPORT_CS_TOPOLOGY,
	IMPORT_CS_CMDLETS,
	IMPORT_IP_ADDR,
	IMPORT_POWERSHELL,
	IMPORT_IP_RULE,
	IMPORT_IP_ROUTE,
	IMPORT_ROUTE_PRINT,
	IMPORT_NETSTAT,
	IMPORT_SDP,
	IMPORT_KINDS
};

/* A topology document has some 30 kB a pool, twice as much in UTF-16. */
#define IMPORT_BYTES_MAX (8u * 1024 * 1024)

struct import_input {
	const char *file; /* name for diagnostics; "-" is stdin */
	const char *text; /* UTF-8, or UTF-16 with a byte order mark (as of PowerShell) */
	gsize length;	  /* at most IMPORT_BYTES_MAX */
	const char *node; /* its node; import_node_fits(node).  Not used for what tells of all
			     servers */
};

/* "ip-addr", "route-print", ...; NULL-terminated, by enum import_kind. */
extern const char *const import_kind_names[];

/* Whether a node can have this name. */
bool import_node_fits(const char *name);
/* Makes a node's name from a file's: up to the first dot, without unsuitable characters.  The
 * caller frees. */
char *import_node_of(const char *file);

/* Makes one topology of all inputs, as YAML text; the caller frees.  `kind` is the kind of all
 * inputs; IMPORT_KINDS: recognised by their content.  `complete`: adds what calls need and the
 * inputs do not show.  NULL: errors in `d`.  There may be warnings in both cases. */
char *import_topology(const struct import_input *inputs, guint n, enum import_kind kind,
		      bool complete, diags *d);

#endif
