/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The `config` member of the Edge's `start` command (docs/AGENTS.md).  Pure. */
#ifndef EDGE_CONFIG_H
#define EDGE_CONFIG_H

#include "common/base/json.h"
#include "edge/endpoint.h"

struct edge_config {
	char *name, *fqdn, *access_fqdn, *av_fqdn;
	char *domain;	/* the SIP domain whose users may come in */
	char *next_hop; /* the Front End's name: resolved, and expected in its certificate */
	guint16 next_hop_port;
	guint16 access_port;		    /* where clients outside reach the Access Edge */
	guint16 av_tcp_port;		    /* where clients reach the A/V Edge over TCP */
	char *ca, *certificate, *key;	    /* PEM files */
	char *secret, *realm;		    /* the A/V Edge checks credentials with these */
	char *mras_secret;		    /* MRAS makes credentials with this */
	gint64 credential_lifetime_ms;	    /* limit; 0: credentials have expired when issued */
	struct endpoint internal, access;   /* port 0 */
	struct endpoint internal6, access6; /* IPv6; unset: none */
	/* Where relays are bound, and which address peers see.  [0] IPv4, [1] IPv6 (unset: none);
	 * then by enum turn_transport of the client: av, av_tcp. */
	struct endpoint relay[2][2], advertised[2][2];
	bool relay_family_same; /* relay_family "same" (turn.h) */
	guint16 relay_port_min, relay_port_max;
	guint relays_per_user;
	guint clients_max;		 /* connections to the Access Edge; 0: its usual limit */
	char **relay_to, **relay_not_to; /* prefixes (policy.h), NULL-terminated */
	bool runs_access, runs_mras, runs_av; /* the parts to run */
	bool builtin_av;		      /* av_engine "builtin"; else another program relays */
	gint64 wall_offset_us;		      /* see edge_wall_us */
};

/* Reads and checks the configuration.  Optional members and their defaults: realm (the domain),
 * av_tcp (av), the public addresses (the bound ones), internal6, access6, av6 and av_tcp6 (none;
 * av6), relay_family (ipv4), relay ports (50000-59999), next_hop_port (5061), access_port and
 * av_tcp_port (443), relay_to and relay_not_to (none), av_engine (builtin), access_fqdn and av_fqdn
 * (fqdn), mras_secret (secret), credential_lifetime_ms (8 hours), relays_per_user (128), parts
 * (all).  NULL with G_IO_ERROR_INVALID_ARGUMENT that names the missing or wrong member. */
struct edge_config *edge_config_parse(const json_t *object, GError **error);
void edge_config_free(struct edge_config *c);

/* The time by which credentials are made and judged, in us since 1970: with the A/V Edge of this
 * program that of its start, moved on by the monotonic clock, so that a jump of the machine's clock
 * makes nothing expire; with another program, which asks the machine's clock, that one. */
gint64 edge_wall_us(const struct edge_config *c);

/* An endpoint's address as text, without port; "none" when it is unset.  The caller frees. */
char *edge_address_text(const struct endpoint *e);

/* Sends an event of docs/AGENTS.md; takes over `fields`. */
typedef void (*edge_event_func)(const char *name, json_t *fields, gpointer user_data);

/* Sends an event `listening` about an address and port; `transport` is "udp", "tcp" or "tls". */
void edge_report_listening(edge_event_func event, gpointer user_data, const char *service,
			   const struct endpoint *local, guint16 port, const char *transport);

#endif
