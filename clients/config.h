/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's configuration, from the `start` command (docs/AGENTS.md).  Pure. */
#ifndef CLIENTS_CONFIG_H
#define CLIENTS_CONFIG_H

#include "common/base/json.h"

#include <glib.h>
#include <stdbool.h>

/* Where a client looks for its server: the web service first, then SRV and A records, as the
 * product does since 2013; or one of the two only. */
enum client_discovery { DISCOVERY_AUTO, DISCOVERY_WEB_ONLY, DISCOVERY_SRV_ONLY };

struct client_config {
	char *name;	       /* of the node */
	char *user, *password; /* "dc1@contoso.com" */
	char *domain;	       /* the SIP domain, for discovery */
	char *ca;	       /* PEM file */
	char *address;	       /* numeric: of this host, to connect and gather from */
	char *ice_profile;
	char *address6; /* "": none */
	enum client_discovery discovery;
	bool sip_texts;	 /* events `sip` have the message's text */
	guint packet_ms; /* wanted milliseconds of speech in a received packet; 0: any */
};

/* Whether the client has an address of that family.  It queries names for such addresses only (as
 * with AI_ADDRCONFIG, RFC 3493 section 6.1). */
bool client_config_has_ipv4(const struct client_config *c);
bool client_config_has_ipv6(const struct client_config *c);

/* Reads and checks a configuration into *ret; client_config_done frees its members.  Returns
 * false with G_IO_ERROR_INVALID_ARGUMENT that names the missing or wrong member; *ret is
 * unchanged then. */
bool client_config_parse(json_t *object, struct client_config *ret, GError **error);
void client_config_done(struct client_config *c);

#endif
