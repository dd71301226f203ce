/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which server a client finds: the product's list of names, asked side by side, judged in order.
 *
 * Pure: answers go in, the next server to try comes out.  Names are of the domain given.
 */
#ifndef CLIENTS_DISCOVERY_H
#define CLIENTS_DISCOVERY_H

#include "clients/dns.h"

#include <stdbool.h>

#define DISCOVERY_LOOKUPS 8

typedef struct discovery discovery;

struct discovery_target {
	const char *query; /* what found it: "_sip._tls.contoso.com" */
	const char *name;  /* the name its certificate must carry */
	const char *address;
	const char *address6; /* an IPv6 address beside an IPv4 one; NULL: none */
	guint16 port;
	guint lookup;
};

enum discovery_step {
	DISCOVERY_WAIT, /* an answer that comes before all others is still out */
	DISCOVERY_TRY,	/* *ret is the next server; when it can't be reached, ask again */
	DISCOVERY_NONE, /* the list is at its end */
};

/* Each question for addresses is asked `families` times, for A and AAAA or one of them, and
 * answered as often. */
discovery *discovery_new(const char *domain, guint families);
void discovery_free(discovery *d);

/* The i-th question, 0 .. DISCOVERY_LOOKUPS - 1; DNS_A stands for addresses of any family. */
const char *discovery_query(const discovery *d, guint i, enum dns_type *ret_type);
/* Its answer.  Returns the SRV target whose addresses are to be asked for now, or NULL. */
const char *discovery_answer(discovery *d, guint i, const struct dns_answer *answer);
/* The answer to that. */
void discovery_target_address(discovery *d, guint i, const struct dns_answer *answer);
enum discovery_step discovery_next(discovery *d, struct discovery_target *ret);
/* How many look-ups have been judged so far. */
guint discovery_judged(const discovery *d);

#endif
