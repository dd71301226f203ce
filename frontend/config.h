/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Front End's configuration, from the `start` command (docs/AGENTS.md).  Pure. */
#ifndef FRONTEND_CONFIG_H
#define FRONTEND_CONFIG_H

#include "common/base/json.h"
#include "common/base/each.h"

#include <glib.h>
#include <stdbool.h>

struct fe_config_user {
	char *user; /* "dc1@contoso.com", as of sip_uri_user */
	char *password;
	char *edge;	  /* the Edge that gives it relays; NULL: none */
	bool disabled;	  /* must not sign in */
	bool inside_only; /* must not sign in through an Edge */
};

struct fe_config_edge {
	char *fqdn;
	guint16 mras_port;
};

/* One of the two web sites.  They differ in who is to reach them, and so in what they answer. */
struct fe_web_site {
	guint16 port;
	char **names;	/* host names that it answers to, NULL-terminated */
	char *links_to; /* host name in the links of its documents; NULL: ours */
	char *sip_name; /* the SIP server for who asks here; NULL: none */
	guint16 sip_port;
};

enum fe_web { FE_WEB_INTERNAL, FE_WEB_EXTERNAL, FE_WEB_SITES };

struct fe_config {
	char *name;	     /* of the node */
	char *fqdn, *domain; /* our host name; the SIP domain whose users we serve */
	char *address;	     /* numeric: where we listen and connect from */
	char *address6;	     /* a second address, of IPv6; NULL: none */
	guint16 port;
	char *ca, *certificate, *key; /* PEM files */
	char **trusted_servers;	      /* names of Edges in their certificates, NULL-terminated */
	guint clients_max;	      /* connections; 0: the usual limit (server.c) */
	GPtrArray *users;	      /* struct fe_config_user */
	GPtrArray *edges;	      /* struct fe_config_edge */
	char *cdr;		      /* file of call detail records; NULL: none */
	char *ice_profile;	      /* of the A/V MCU; default "standard" */
	bool sip_texts;		      /* events `sip` have the message's text */
	bool has_web;		      /* the web sites are there */
	struct fe_web_site web[FE_WEB_SITES];
};

/* Reads and checks a configuration; the caller frees.  NULL with G_IO_ERROR_INVALID_ARGUMENT that
 * names the missing or wrong member. */
struct fe_config *fe_config_parse(json_t *object, GError **error);
void fe_config_free(struct fe_config *c);
/* The Edge of that name, borrowed.  NULL: none. */
const struct fe_config_edge *fe_config_find_edge(const struct fe_config *c, const char *fqdn);

#endif
