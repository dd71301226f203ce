/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's configuration, from the `start` command (docs/AGENTS.md).  Pure. */
#ifndef CLIENTS_CONFIG_H
#define CLIENTS_CONFIG_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

struct client_config {
	char *name, *user, *password, *domain, *ca, *address, *ice_profile;
	char *address6;	 /* "": none */
	guint packet_ms; /* how much speech a packet to us should hold; 0: not said */
};

/* Whether the client itself has an address of that family: names are asked for such addresses only
 * (RFC 3493 section 6.1, AI_ADDRCONFIG). */
bool client_config_has_ipv4(const struct client_config *c);
bool client_config_has_ipv6(const struct client_config *c);

/* false with G_IO_ERROR_INVALID_ARGUMENT naming the member that is missing or wrong. */
bool client_config_parse(json_t *object, struct client_config *ret, GError **error);
void client_config_done(struct client_config *c);

#endif
