/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's look-ups: for the address families that it has itself, and told as events `dns`.
 *
 * Main loop only; nothing blocks.
 */
#ifndef CLIENTS_NAMES_H
#define CLIENTS_NAMES_H

#include "clients/config.h"
#include "clients/dns.h"
#include "common/channel.h"

typedef struct names names;

/* `config` and `events` are borrowed until names_free.  NULL with an error of dns_new. */
names *names_new(const struct client_config *config, channel *events, GError **error);
/* Callbacks of pending queries are not called any more.  Allowed in a callback.  Accepts NULL. */
void names_free(names *n);

/* How many address families the client has, and so how many answers a name gets: 1 or 2. */
guint names_families(const struct client_config *config);
/* Queries the addresses of each such family; `done` is called for each answer. */
void names_query_addresses(names *n, const char *name, dns_func done, gpointer user_data);
void names_query_service(names *n, const char *name, dns_func done, gpointer user_data);
/* The event of an answer; the caller owns it.  names_report sends it. */
json_t *names_event(const names *n, const struct dns_answer *answer);
void names_report(const names *n, const struct dns_answer *answer);

#endif
