/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/config.h"

#include <gio/gio.h>
#include <stddef.h>
#include <arpa/inet.h>
#include <string.h>

#include "common/wire/event.h"
#include "common/wire/pack.h"
#include "edge/allocation.h"

#define CREDENTIAL_LIFETIME_MS (8 * 3600 * 1000)
#define RELAYS_PER_USER 128 /* a call takes 2 to 4, and the conference server is one user */

/* Strings.  `fallback` is the member whose value is the default; NULL: required. */
static const struct {
	const char *member, *fallback;
	gsize offset;
} texts[] = {
	{"name", "fqdn", offsetof(struct edge_config, name)},
	{"fqdn", NULL, offsetof(struct edge_config, fqdn)},
	{"access_fqdn", "fqdn", offsetof(struct edge_config, access_fqdn)},
	{"av_fqdn", "fqdn", offsetof(struct edge_config, av_fqdn)},
	{"domain", NULL, offsetof(struct edge_config, domain)},
	{"next_hop", NULL, offsetof(struct edge_config, next_hop)},
	{"ca", NULL, offsetof(struct edge_config, ca)},
	{"certificate", NULL, offsetof(struct edge_config, certificate)},
	{"key", NULL, offsetof(struct edge_config, key)},
	{"secret", NULL, offsetof(struct edge_config, secret)},
	{"mras_secret", "secret", offsetof(struct edge_config, mras_secret)},
	{"realm", "domain", offsetof(struct edge_config, realm)},
};

/* IPv6 addresses have no public form, as they are never translated. */
static const struct {
	const char *member, *fallback;
	gsize offset;
	bool optional;
} addresses[] = {
	{"internal", NULL, offsetof(struct edge_config, internal), false},
	{"access", NULL, offsetof(struct edge_config, access), false},
	{"av", NULL, offsetof(struct edge_config, relay[0][TURN_UDP]), false},
	{"av_tcp", "av", offsetof(struct edge_config, relay[0][TURN_TCP]), false},
	{"av_public", "av", offsetof(struct edge_config, advertised[0][TURN_UDP]), false},
	{"av_tcp_public", "av_tcp", offsetof(struct edge_config, advertised[0][TURN_TCP]), false},
	{"internal6", NULL, offsetof(struct edge_config, internal6), true},
	{"access6", NULL, offsetof(struct edge_config, access6), true},
	{"av6", NULL, offsetof(struct edge_config, relay[1][TURN_UDP]), true},
	{"av_tcp6", "av6", offsetof(struct edge_config, relay[1][TURN_TCP]), true},
};

static const struct {
	const char *member;
	guint16 fallback;
	gsize offset;
} ports[] = {
	{"next_hop_port", 5061, offsetof(struct edge_config, next_hop_port)},
	{"access_port", 443, offsetof(struct edge_config, access_port)},
	{"av_tcp_port", 443, offsetof(struct edge_config, av_tcp_port)},
	{"relay_port_min", 50000, offsetof(struct edge_config, relay_port_min)},
	{"relay_port_max", 59999, offsetof(struct edge_config, relay_port_max)},
};

static bool config_error(GError **error, const char *member, const char *what)
{
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "config: '%s' %s", member,
		    what);
	return false;
}

static const char *config_text(const json_t *object, const char *member)
{
	const char *text = member_text(object, member);

	return text && *text ? text : NULL;
}

static bool parse_texts(struct edge_config *c, const json_t *object, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		const char *text = config_text(object, texts[i].member);

		if (!text && texts[i].fallback)
			text = config_text(object, texts[i].fallback);
		if (!text)
			return config_error(error, texts[i].member, "is missing");
		*(char **)(void *)((char *)c + texts[i].offset) = g_strdup(text);
	}
	return true;
}

static const char *config_address(const json_t *object, gsize row)
{
	const char *text = config_text(object, addresses[row].member);

	if (text || !addresses[row].fallback)
		return text;
	for (gsize i = 0; i < row; i++)
		if (g_str_equal(addresses[i].member, addresses[row].fallback))
			return config_address(object, i);
	return NULL;
}

static bool parse_addresses(struct edge_config *c, const json_t *object, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(addresses); i++) {
		struct endpoint *e = (struct endpoint *)(void *)((char *)c + addresses[i].offset);
		const char *text = config_address(object, i);

		if ((text || !addresses[i].optional) && !endpoint_parse(text, 0, e))
			return config_error(error, addresses[i].member, "is not an address");
	}
	memcpy(c->advertised[1], c->relay[1], sizeof c->advertised[1]);
	return true;
}

static bool parse_ports(struct edge_config *c, const json_t *object, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(ports); i++) {
		const json_t *value = json_object_get(object, ports[i].member);
		json_int_t port =
			json_is_integer(value) ? json_integer_value(value) : ports[i].fallback;

		if ((value && !json_is_integer(value)) || port < 1 || port > 65535)
			return config_error(error, ports[i].member, "is not a port");
		*(guint16 *)(void *)((char *)c + ports[i].offset) = (guint16)port;
	}
	if (c->relay_port_min > c->relay_port_max)
		return config_error(error, "relay_port_min", "is above relay_port_max");
	return true;
}

static bool parse_prefixes(const json_t *object, const char *member, char ***ret, GError **error)
{
	g_autoptr(GStrvBuilder) prefixes = g_strv_builder_new();
	const json_t *list = json_object_get(object, member), *prefix;
	gsize i;

	json_array_foreach(list, i, prefix) {
		if (!json_is_string(prefix))
			return config_error(error, member, "is not a list of prefixes");
		g_strv_builder_add(prefixes, json_string_value(prefix));
	}
	*ret = g_strv_builder_end(prefixes);
	return true;
}

static bool parse_parts(struct edge_config *c, const json_t *object, GError **error)
{
	const struct {
		const char *name;
		bool *runs;
	} parts[] = {{"access", &c->runs_access}, {"mras", &c->runs_mras}, {"av", &c->runs_av}};
	const json_t *list = json_object_get(object, "parts"), *part;
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(parts); i++)
		*parts[i].runs = !list;
	json_array_foreach(list, i, part) {
		gsize k = 0;

		while (k < G_N_ELEMENTS(parts) &&
		       g_strcmp0(json_string_value(part), parts[k].name) != 0)
			k++;
		if (k == G_N_ELEMENTS(parts))
			return config_error(
				error, "parts",
				"contains something other than \"access\", \"mras\" and \"av\"");
		*parts[k].runs = true;
	}
	return true;
}

/* Limits of credentials and relays. */
static bool parse_grants(struct edge_config *c, const json_t *object, GError **error)
{
	const json_t *life = json_object_get(object, "credential_lifetime_ms");
	const json_t *relays = json_object_get(object, "relays_per_user");

	if (life && (!json_is_integer(life) || json_integer_value(life) < 0))
		return config_error(error, "credential_lifetime_ms", "is not a time");
	if (relays && (!json_is_integer(relays) || json_integer_value(relays) < 0 ||
		       json_integer_value(relays) > G_MAXUINT16))
		return config_error(error, "relays_per_user", "is not a number from 0 to 65535");
	c->credential_lifetime_ms = life ? json_integer_value(life) : CREDENTIAL_LIFETIME_MS;
	c->relays_per_user = relays ? (guint)json_integer_value(relays) : RELAYS_PER_USER;
	return true;
}

static bool parse_rest(struct edge_config *c, const json_t *object, GError **error)
{
	const char *engine = config_text(object, "av_engine");
	const char *family = config_text(object, "relay_family");

	if (!parse_prefixes(object, "relay_to", &c->relay_to, error) ||
	    !parse_prefixes(object, "relay_not_to", &c->relay_not_to, error) ||
	    !parse_parts(c, object, error) || !parse_grants(c, object, error))
		return false;
	if (engine && !g_str_equal(engine, "builtin") && !g_str_equal(engine, "none"))
		return config_error(error, "av_engine", "is neither \"builtin\" nor \"none\"");
	if (family && !g_str_equal(family, "ipv4") && !g_str_equal(family, "same"))
		return config_error(error, "relay_family", "is neither \"ipv4\" nor \"same\"");
	c->relay_family_same = g_strcmp0(family, "same") == 0;
	c->builtin_av = !engine || g_str_equal(engine, "builtin");
	return true;
}

struct edge_config *edge_config_parse(const json_t *object, GError **error)
{
	struct edge_config *c = g_new0(struct edge_config, 1);

	c->wall_offset_us = g_get_real_time() - g_get_monotonic_time();
	if (parse_texts(c, object, error) && parse_addresses(c, object, error) &&
	    parse_ports(c, object, error) && parse_rest(c, object, error))
		return c;
	edge_config_free(c);
	return NULL;
}

void edge_config_free(struct edge_config *c)
{
	if (!c)
		return;
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		g_free(*(char **)(void *)((char *)c + texts[i].offset));
	g_strfreev(c->relay_to);
	g_strfreev(c->relay_not_to);
	g_free(c);
}

gint64 edge_wall_us(const struct edge_config *c)
{
	return c->builtin_av ? g_get_monotonic_time() + c->wall_offset_us : g_get_real_time();
}

void edge_report_listening(edge_event_func event, gpointer user_data, const char *service,
			   const struct endpoint *local, guint16 port, const char *transport)
{
	g_autofree char *address = edge_address_text(local);

	event(EVENT_LISTENING,
	      event_pack("{s:s, s:s, s:i, s:s}", "service", service, "address", address, "port",
			 (int)port, "transport", transport),
	      user_data);
}

char *edge_address_text(const struct endpoint *e)
{
	char text[INET6_ADDRSTRLEN] = "none";

	if (e->family != ENDPOINT_NONE)
		inet_ntop(e->family == ENDPOINT_V4 ? AF_INET : AF_INET6, e->ip, text, sizeof text);
	return g_strdup(text);
}
