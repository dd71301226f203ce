/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/config.h"

#include "testbed/lab/trust.h"
#include "testbed/model/published_port.h"

#include <string.h>

static json_t *addr_json(const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	return addr_is_set(a) ? json_string(addr_print(a, text)) : json_null();
}

static json_t *prefixes_json(const GArray *prefixes)
{
	json_t *list = json_array();

	for (guint i = 0; i < prefixes->len; i++) {
		struct prefix network = prefix_network(&g_array_index(prefixes, struct prefix, i));
		char text[PREFIX_TEXT_MAX];

		json_array_append_new(list, json_string(prefix_print(&network, text)));
	}
	return list;
}

static const struct edge_service *edge_of(const struct node *n)
{
	/* a stopped one, too: others are told of it nevertheless */
	const struct service *s = node_declared_service(n, SERVICE_EDGE);

	return s ? &s->edge : NULL;
}

bool config_file_is_shared(const char *path)
{
	return g_str_has_prefix(path, CONFIG_LAB_DIR "/");
}

char *config_file_place(const char *node, const char *path)
{
	return g_strdup_printf(CONFIG_LAB_DIR "/%s/files%s", node, path);
}

static char *user_password(const struct config_source *source, const char *user)
{
	return trust_password(source->master, "user", user);
}

char *config_edge_secret(const struct config_source *source, const struct node *node)
{
	return trust_password(source->master, "edge", node->name);
}

#define CREDENTIALS_S (8 * 3600)

/* What a program that speaks no MRAS needs to use the A/V Edge: time-limited credentials, made as
 * MRAS makes them
 * ("TURN REST API"; coturn's use-auth-secret). */
static json_t *relay_json(const struct config_source *source, const struct node *node)
{
	const struct node *media = model_media_edge(source->model, node);
	const struct edge_service *edge = media ? edge_of(media) : NULL;
	g_autofree char *secret = NULL, *username = NULL, *password = NULL;
	guint8 digest[20];
	gsize length = sizeof digest;
	GHmac *hmac;
	gint64 expires_s;

	if (!edge)
		return json_null();
	secret = config_edge_secret(source, media);
	expires_s = g_get_real_time() / G_USEC_PER_SEC +
		    MIN(CREDENTIALS_S, edge->credential_lifetime_ms / 1000);
	username = g_strdup_printf("%" G_GINT64_FORMAT ":%s", expires_s, node->endpoint->user);
	hmac = g_hmac_new(G_CHECKSUM_SHA1, (const guchar *)secret, strlen(secret));
	g_hmac_update(hmac, (const guchar *)username, -1);
	g_hmac_get_digest(hmac, digest, &length);
	g_hmac_unref(hmac);
	password = g_base64_encode(digest, length);
	return json_pack("{s:s, s:s, s:i, s:s, s:s, s:I}", "internal", edge->fqdn, "external",
			 edge->av_fqdn, "tcp_port", (int)edge->av_tcp_port, "username", username,
			 "password", password, "expires", (json_int_t)expires_s);
}

json_t *config_client(const struct config_source *source, const struct node *node)
{
	g_autofree char *password = node->endpoint->password ?
					    g_strdup(node->endpoint->password) :
					    user_password(source, node->endpoint->user);
	struct addr address = node_address(node), address6 = node_address6(node);
	json_t *config =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:s}", "name", node->name, "user",
			  node->endpoint->user, "password", password, "domain",
			  source->model->domain, "ca", CONFIG_TRUST_DIR "/ca.pem", "address",
			  addr_json(&address), "ice_profile", node->endpoint->ice_profile);

	json_object_set_new(config, "discovery", json_string(node->endpoint->discovery));

	if (addr_is_set(&address6) && !addr_equal(&address, &address6))
		json_object_set_new(config, "address6", addr_json(&address6));
	if (source->sip_texts)
		json_object_set_new(config, "sip_texts", json_true());
	if (node->endpoint->packet_time_ms > 0)
		json_object_set_new(config, "packet_ms",
				    json_integer(node->endpoint->packet_time_ms));
	if (node->endpoint->command)
		json_object_set_new(config, "relay", relay_json(source, node));
	return config;
}

/* The first Front End of the user's domain; NULL: none. */
static const struct frontend_service *front_end_of(const model *m)
{
	for (guint i = 0; i < m->nodes->len; i++) {
		const struct service *s =
			node_declared_service(g_ptr_array_index(m->nodes, i), SERVICE_FRONTEND);

		if (s)
			return &s->frontend;
	}
	return NULL;
}

json_t *config_credentials(const struct config_source *source, const struct node *node)
{
	const struct frontend_service *s = front_end_of(source->model);
	g_autofree char *password = user_password(source, node->endpoint->user);

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s?, s:o}", "user", node->endpoint->user,
			 "password", password, "realm", source->model->domain, "domain",
			 source->model->domain, "ca", CONFIG_TRUST_DIR "/ca.pem", "front_end",
			 s ? s->fqdn : NULL, "relay", relay_json(source, node));
}

/* Every user, with the Edge whose relays he is to use. */
static json_t *users_json(const struct config_source *source, const struct frontend_service *s)
{
	json_t *list = json_array();

	ptr_array_foreach(const struct node, n, source->model->nodes) {
		const struct node *media = n->endpoint ? model_media_edge(source->model, n) : NULL;
		const struct edge_service *edge = media ? edge_of(media) : NULL;
		g_autofree char *password = NULL;

		if (!n->endpoint || n->endpoint->account == ACCOUNT_MISSING)
			continue;
		password = user_password(source, n->endpoint->user);
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s?, s:b, s:b}", "user", n->endpoint->user,
					"password", password, "edge",
					edge && s->media_relay ? edge->fqdn : NULL, "enabled",
					n->endpoint->account != ACCOUNT_DISABLED, "remote",
					n->endpoint->account != ACCOUNT_INSIDE_ONLY));
	}
	return list;
}

static void list_edges(const model *m, json_t *names, json_t *edges)
{
	for (guint i = 0; i < m->nodes->len; i++) {
		const struct edge_service *edge = edge_of(g_ptr_array_index(m->nodes, i));

		if (!edge)
			continue;
		json_array_append_new(names, json_string(edge->fqdn));
		json_array_append_new(edges, json_pack("{s:s, s:i}", "fqdn", edge->fqdn,
						       "mras_port", CONFIG_MRAS_PORT));
	}
}

/* Where the supervisor has put the node's certificate and key. */
static void set_identity(json_t *config, const struct node *node)
{
	g_autofree char *certificate = g_strdup_printf(CONFIG_TRUST_DIR "/%s.pem", node->name);
	g_autofree char *key = g_strdup_printf(CONFIG_TRUST_DIR "/%s.key", node->name);

	json_object_set_new(config, "ca", json_string(CONFIG_TRUST_DIR "/ca.pem"));
	json_object_set_new(config, "certificate", json_string(certificate));
	json_object_set_new(config, "key", json_string(key));
}

static void add_name(GPtrArray *names, const char *name)
{
	if (name && !g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
		g_ptr_array_add(names, g_strdup(name));
}

/* The Access Edge that clients outside are led to: the first with this Front End as next hop. */
static const struct edge_service *access_edge_of(const model *m, const struct node *node)
{
	for (guint i = 0; i < m->nodes->len; i++) {
		const struct edge_service *edge = edge_of(g_ptr_array_index(m->nodes, i));

		if (edge && g_strcmp0(edge->next_hop, node->name) == 0)
			return edge;
	}
	return NULL;
}

static json_t *names_json(const GPtrArray *names)
{
	json_t *list = json_array();

	ptr_array_foreach(const char, name, names)
		json_array_append_new(list, json_string(name));
	return list;
}

/* The host names of a site: its own, that of discovery, and what proxies publish of it. */
static json_t *site_names(const model *m, const struct node *node, bool external)
{
	const struct frontend_service *s = &node_service(node, SERVICE_FRONTEND)->frontend;
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	uint16_t port = external ? s->web.external_port : s->web.internal_port;

	add_name(names, external ? s->web.external : s->web.internal);
	g_ptr_array_add(names, g_strconcat(external ? WEB_NAME_EXTERNAL : WEB_NAME_INTERNAL,
					   s->domain, NULL));
	ptr_array_foreach(const struct node, n, m->nodes) {
		const struct service *proxy = node_declared_service(n, SERVICE_REVERSE_PROXY);

		if (proxy && g_strcmp0(proxy->proxy.next_hop, node->name) == 0 &&
		    proxy->proxy.next_hop_port == port)
			ptr_array_foreach(const char, name, proxy->proxy.names)
				add_name(names, name);
	}
	return names_json(names);
}

static json_t *sip_json(const char *name, int port)
{
	return json_pack("{s:s, s:i}", "name", name, "port", port);
}

/* Its web sites. */
static json_t *web_json(const model *m, const struct node *node)
{
	const struct frontend_service *s = &node_service(node, SERVICE_FRONTEND)->frontend;
	const struct edge_service *edge = access_edge_of(m, node);
	json_t *web;

	web = json_pack("{s:i, s:i, s:o, s:o, s:o, s:s, s:s}", "internal_port",
			(int)s->web.internal_port, "external_port", (int)s->web.external_port,
			"names", site_names(m, node, false), "external_names",
			site_names(m, node, true), "sip_internal",
			sip_json(s->fqdn, CONFIG_SIP_PORT), "web_internal", s->web.internal,
			"web_external", s->web.external);
	if (edge)
		json_object_set_new(web, "sip_external",
				    sip_json(edge->access_fqdn, published_access_port(m, edge)));
	return web;
}

json_t *config_frontend(const struct config_source *source, const struct node *node)
{
	const struct frontend_service *s = &node_service(node, SERVICE_FRONTEND)->frontend;
	json_t *trusted = json_array(), *edges = json_array(), *config;

	list_edges(source->model, trusted, edges);
	config = json_pack("{s:s, s:s, s:s, s:o, s:i, s:o, s:o, s:o, s:s?}", "name", node->name,
			   "fqdn", s->fqdn, "domain", s->domain, "address", addr_json(&s->address),
			   "port", CONFIG_SIP_PORT, "trusted_servers", trusted, "users",
			   users_json(source, s), "edges", edges, "cdr",
			   source->cdr ? CONFIG_CDR : NULL);
	if (addr_is_set(&s->address6))
		json_object_set_new(config, "address6", addr_json(&s->address6));
	if (source->sip_texts)
		json_object_set_new(config, "sip_texts", json_true());
	if (s->web.exist)
		json_object_set_new(config, "web", web_json(source->model, node));
	set_identity(config, node);
	return config;
}

static const char *next_hop(const model *m, const struct edge_service *s)
{
	const struct frontend_service *frontend = model_next_hop(m, s->next_hop);

	if (s->next_hop_fqdn)
		return s->next_hop_fqdn;
	return frontend ? frontend->fqdn : NULL;
}

static json_t *parts_json(unsigned parts)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < EDGE_PART_COUNT; i++)
		if (parts & 1u << i)
			json_array_append_new(list, json_string(edge_part_name(i)));
	return list;
}

static void set_addresses(json_t *config, const struct edge_service *s)
{
	const struct {
		const char *name;
		const struct addr *address;
	} rows[] = {
		{"internal", &s->internal},
		{"access", &s->access},
		{"av", &s->av},
		{"av_tcp", &s->av_tcp},
		{"av_public", &s->av_public},
		{"av_tcp_public", &s->av_tcp_public},
		{"internal6", &s->internal6},
		{"access6", &s->access6},
		{"av6", &s->av6},
		{"av_tcp6", &s->av_tcp6},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		if (addr_is_set(rows[i].address))
			json_object_set_new(config, rows[i].name, addr_json(rows[i].address));
}

json_t *config_edge(const struct config_source *source, const struct node *node)
{
	const struct edge_service *s = &node_service(node, SERVICE_EDGE)->edge;
	g_autofree char *secret = config_edge_secret(source, node);
	g_autofree char *mras_secret = trust_password(source->master, "mras", node->name);
	bool builtin = g_strcmp0(s->engine, "coturn") != 0,
	     shared = s->mras_secret == MRAS_SECRET_SHARED;
	json_t *config;

	config = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:o, s:o, s:s?, s:i, s:s, s:s, "
			   "s:I, s:i, s:o, s:s, s:s}",
			   "name", node->name, "fqdn", s->fqdn, "access_fqdn", s->access_fqdn,
			   "av_fqdn", s->av_fqdn, "domain", s->domain, "relay_port_min",
			   (int)s->relay_ports.first, "relay_port_max", (int)s->relay_ports.last,
			   "relay_to", prefixes_json(s->relay_to), "relay_not_to",
			   prefixes_json(s->relay_not_to), "next_hop", next_hop(source->model, s),
			   "next_hop_port", (int)s->next_hop_port, "secret", secret, "mras_secret",
			   shared ? secret : mras_secret, "credential_lifetime_ms",
			   (json_int_t)s->credential_lifetime_ms, "relays_per_user",
			   (int)s->relays_per_user, "parts", parts_json(s->parts), "realm",
			   source->model->domain, "av_engine", builtin ? "builtin" : "none");
	set_addresses(config, s);
	json_object_set_new(config, "access_port", json_integer(s->access_port));
	json_object_set_new(config, "av_tcp_port", json_integer(s->av_tcp_port));
	if (s->relay_family == RELAY_FAMILY_SAME)
		json_object_set_new(config, "relay_family", json_string("same"));
	set_identity(config, node);
	return config;
}

static void add_address(GArray *addresses, const struct addr *a)
{
	if (addr_is_set(a))
		g_array_append_val(addresses, *a);
}

static bool holds(const GArray *addresses, const struct addr *a)
{
	for (guint i = 0; i < addresses->len; i++)
		if (addr_equal(&g_array_index(addresses, struct addr, i), a))
			return true;
	return false;
}

static void add_records(const model *m, const GArray *addresses, GPtrArray *names)
{
	for (guint i = 0; i < m->nodes->len; i++) {
		const struct service *s = node_service(g_ptr_array_index(m->nodes, i), SERVICE_DNS);

		ptr_array_foreach(const struct dns_record, r, s ? s->dns.records : NULL)
			if (addr_is_set(&r->a) && holds(addresses, &r->a))
				add_name(names, r->name);
	}
}

static void add_web_names(GPtrArray *names, const struct frontend_service *s)
{
	static const char *const prefixes[] = {WEB_NAME_INTERNAL, WEB_NAME_EXTERNAL};

	for (gsize i = 0; s->web.exist && i < G_N_ELEMENTS(prefixes); i++) {
		g_autofree char *name = g_strconcat(prefixes[i], s->domain, NULL);

		add_name(names, name);
	}
	if (s->web.exist) {
		add_name(names, s->web.internal);
		add_name(names, s->web.external);
	}
}

char **config_tls_names(const model *m, const struct node *node)
{
	const struct service *frontend = node_service(node, SERVICE_FRONTEND),
			     *relay = node_service(node, SERVICE_EDGE),
			     *proxy = node_service(node, SERVICE_REVERSE_PROXY);
	const struct edge_service *edge = relay ? &relay->edge : NULL;
	g_autoptr(GArray) addresses = g_array_new(FALSE, FALSE, sizeof(struct addr));
	GPtrArray *names = g_ptr_array_new();

	for (guint i = 0; i < node->certificate.names->len; i++)
		add_name(names, node->certificate.names->pdata[i]);
	if (names->len > 0) {
		g_ptr_array_add(names, NULL);
		return (char **)g_ptr_array_free(names, FALSE);
	}
	if (frontend) {
		add_name(names, frontend->frontend.fqdn);
		add_address(addresses, &frontend->frontend.address);
		add_address(addresses, &frontend->frontend.address6);
		add_web_names(names, &frontend->frontend);
	}
	if (proxy) {
		ptr_array_foreach(const char, name, proxy->proxy.names)
			add_name(names, name);
		add_address(addresses, &proxy->proxy.address);
	}
	if (edge) {
		add_name(names, edge->fqdn);
		add_name(names, edge->access_fqdn);
		add_name(names, edge->av_fqdn);
		add_address(addresses, &edge->internal);
		add_address(addresses, &edge->internal6);
		add_address(addresses, &edge->access);
		add_address(addresses, &edge->access6);
		add_address(addresses, &edge->access_public);
	}
	add_records(m, addresses, names);
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(names, FALSE);
}
