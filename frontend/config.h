/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Front End's configuration, as the `start` command gives it (docs/AGENTS.md).  Values only. */
#ifndef FRONTEND_CONFIG_H
#define FRONTEND_CONFIG_H

#include <glib.h>
#include <stdbool.h>
#include <jansson.h>

struct fe_config_user {
	char *user; /* "dc1@contoso.com", lower case */
	char *password;
	char *edge;    /* media Edge for MRAS; NULL: none */
	bool disabled; /* may not sign in */
};

struct fe_config_edge {
	char *fqdn;
	guint16 mras_port;
};

struct fe_config {
	char *name, *fqdn, *domain, *address;
	char *address6; /* an IPv6 address beside an IPv4 one; NULL: none */
	guint16 port;
	char *ca, *certificate, *key;
	char **trusted_servers; /* NULL-terminated */
	GPtrArray *users;	/* struct fe_config_user */
	GPtrArray *edges;	/* struct fe_config_edge */
	char *cdr;		/* file; NULL: none */
	char *ice_profile;	/* of the A/V MCU; "standard" unless given */
};

/* NULL with G_IO_ERROR_INVALID_ARGUMENT naming the member that is missing or has the wrong type. */
struct fe_config *fe_config_parse(json_t *object, GError **error);
void fe_config_free(struct fe_config *c);
/* NULL: no such Edge. */
const struct fe_config_edge *fe_config_find_edge(const struct fe_config *c, const char *fqdn);

#endif
