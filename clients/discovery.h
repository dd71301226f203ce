/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Server discovery: the product's list of DNS names, used in order.
 *
 * The first two names lead to the web service, which names the SIP server; the others lead to SIP
 * servers.  Names are queried in two groups, each in parallel: those of the others when the web
 * service has given no server that can be reached.
 *
 * Pure: answers go in, the next thing to do comes out.
 */
#ifndef CLIENTS_DISCOVERY_H
#define CLIENTS_DISCOVERY_H

#include "clients/config.h"
#include "clients/dns.h"

#include <stdbool.h>

#define DISCOVERY_LOOKUPS 8

typedef struct discovery discovery;

struct discovery_target {
	const char *query; /* the name that led to it: "_sip._tls.contoso.com" */
	const char *name;  /* the name that its certificate must have */
	const char *address;
	const char *address6; /* a second address, of IPv6; NULL: none */
	guint16 port;
	guint lookup; /* its place in the list */
};

enum discovery_step {
	DISCOVERY_QUERY, /* the names of the look-ups of the group of ret->lookup are to be queried
			  */
	DISCOVERY_WAIT,	 /* the answer to the next look-up has not come */
	DISCOVERY_WEB,	 /* *ret is the web service to ask; its answer is for discovery_web */
	DISCOVERY_TRY,	 /* *ret is the next server to try */
	DISCOVERY_NONE,	 /* the list is at its end */
};

/* `families`: how many address families (1 or 2) each name is queried for; `method`: which of the
 * names.  discovery_free accepts NULL. */
discovery *discovery_new(const char *domain, guint families, enum client_discovery method);
void discovery_free(discovery *d);

/* The name and type of look-up `i`, from 0 to DISCOVERY_LOOKUPS - 1; borrowed.  DNS_A stands for
 * addresses of all families. */
const char *discovery_query(const discovery *d, guint i, enum dns_type *ret_type);
/* Where the group of look-up `i` ends: the look-up behind it. */
guint discovery_group_end(const discovery *d, guint i);
/* Takes an answer to look-up `i`.  Returns the SRV target whose addresses must be queried next,
 * borrowed; NULL: none. */
const char *discovery_answer(discovery *d, guint i, const struct dns_answer *answer);
/* Takes the SIP server that the web service of look-up `i` has named; its addresses must be queried
 * next.  NULL: it has named none. */
void discovery_web(discovery *d, guint i, const char *name, guint16 port);
/* Takes an answer to the query for the addresses of such a target. */
void discovery_target_address(discovery *d, guint i, const struct dns_answer *answer);
/* The next step; *ret is set for DISCOVERY_QUERY (its `lookup`), DISCOVERY_WEB and DISCOVERY_TRY,
 * with strings of `d`. */
enum discovery_step discovery_next(discovery *d, struct discovery_target *ret);
/* How many look-ups discovery_next has used so far, for servers or for the web service. */
guint discovery_used(const discovery *d);

#endif
