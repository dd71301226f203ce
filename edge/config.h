/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The `config` member of the Edge's `start` command (docs/AGENTS.md), read and checked.  Pure. */
#ifndef EDGE_CONFIG_H
#define EDGE_CONFIG_H

#include <jansson.h>

#include "edge/endpoint.h"

struct edge_config {
	char *name, *fqdn, *access_fqdn, *av_fqdn, *domain;
	char *next_hop;
	guint16 next_hop_port;
	char *ca, *certificate, *key;
	char *secret, *realm;		    /* of the relay's credentials */
	char *mras_secret;		    /* what MRAS makes them with */
	gint64 credential_lifetime_ms;	    /* at most; 0: over when they are given */
	struct endpoint internal, access;   /* port 0 */
	struct endpoint internal6, access6; /* IPv6 beside IPv4; unset: none */
	/* Of the relays: [0] av, [1] av6 (unset: none); then by enum turn_transport (av_tcp,
	 * av_tcp6). */
	struct endpoint relay[2][2], advertised[2][2];
	bool relay_family_same; /* relay_family "same" (turn.h) */
	guint16 relay_port_min, relay_port_max;
	guint relays_per_user;
	char **relay_to, **relay_not_to;
	bool runs_access, runs_mras, runs_av; /* its parts */
	bool builtin_av; /* av_engine "builtin"; else only Access Edge and MRAS run */
	guint32 seed;	 /* of relay ports; has_seed false: from the system */
	bool has_seed;
};

/* Members that may be left out: realm (the domain), av_tcp (av), the public addresses (the same as
 * bound), internal6, access6, av6 and av_tcp6 (none; av6), relay_family (ipv4), relay ports
 * (50000-59999), next_hop_port (5061), relay_to and relay_not_to (none), av_engine (builtin),
 * access_fqdn and av_fqdn (fqdn), mras_secret (secret), credential_lifetime_ms (8 hours),
 * relays_per_user (128), parts (all), seed.  NULL with G_IO_ERROR_INVALID_ARGUMENT names the member
 * that is missing or wrong. */
struct edge_config *edge_config_parse(const json_t *object, GError **error);
void edge_config_free(struct edge_config *c);

/* An endpoint's address as text, without port; the caller frees. */
char *edge_address_text(const struct endpoint *e);

#endif
