/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS look-ups with c-ares, on the main loop.
 *
 * The servers of /etc/resolv.conf, with two tries of one second each.  One thread; nothing blocks.
 */
#ifndef CLIENTS_DNS_H
#define CLIENTS_DNS_H

#include <glib.h>

#include "common/wire/reason.h"

enum dns_type { DNS_A, DNS_AAAA, DNS_SRV };

struct dns_answer {
	const char *query;
	enum dns_type type;
	enum reason error; /* REASON_DNS_*; REASON_NONE, also without a record */
	GPtrArray *texts; /* char *: each record as text ("10.0.1.10", "0 0 5061 fe.contoso.com") */
	const char *target; /* A, AAAA: first address; SRV: target of the best record; NULL: none */
	guint16 port;	    /* SRV */
};

typedef struct dns dns;
/* `answer` is borrowed for the call. */
typedef void (*dns_func)(const struct dns_answer *answer, gpointer user_data);

/* NULL with G_IO_ERROR_FAILED: c-ares cannot start. */
dns *dns_new(GError **error);
/* Frees the resolver; `done` of pending queries is not called.  Allowed in a callback.  Accepts
 * NULL. */
void dns_free(dns *d);
/* Queries a name (copied); the main loop calls `done` once, later. */
void dns_query(dns *d, const char *name, enum dns_type type, dns_func done, gpointer user_data);
/* Addresses of the name servers, in order; NULL-terminated, the caller frees (g_strfreev). */
char **dns_servers(const dns *d);
const char *dns_type_name(enum dns_type type); /* "A", "AAAA", "SRV" */

#endif
