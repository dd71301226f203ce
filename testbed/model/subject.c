/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/subject.h"

static const char *const setting_names[SETTING_COUNT] = {
	[SETTING_CREDENTIAL_LIFETIME] = "credential_lifetime",
	[SETTING_DEFAULT_TTL] = "net.ipv4.ip_default_ttl",
	[SETTING_DOMAIN] = "domain",
	[SETTING_MEDIA_RELAY] = "media_relay",
	[SETTING_MRAS_SECRET] = "mras_secret",
	[SETTING_NAMES] = "names",
	[SETTING_NEXT_HOP_FQDN] = "next_hop_fqdn",
	[SETTING_NEXT_HOP_PORT] = "next_hop_port",
	[SETTING_RELAY_NOT_TO] = "relay_not_to",
	[SETTING_RELAY_PORTS] = "relay_ports",
	[SETTING_RELAYS_PER_USER] = "relays_per_user",
	[SETTING_RESOLVERS] = "resolvers",
};

/* A policy as people read it, and the counter of what it drops. */
static const struct {
	const char *text, *counter;
} policies[FW_CHAIN_COUNT] = {
	[FW_INPUT] = {"input policy", "input-policy"},
	[FW_FORWARD] = {"forward policy", "forward-policy"},
	[FW_OUTPUT] = {"output policy", "output-policy"},
};

const char *setting_name(enum setting setting)
{
	return setting_names[setting];
}

/* --- making ----------------------------------------------------------------------------------- */

struct subject subject_named(enum subject_kind kind, const char *name)
{
	return (struct subject){.kind = kind, .name = g_strdup(name)};
}

struct subject subject_setting(enum setting setting, const char *value)
{
	return (struct subject){
		.kind = SUBJECT_SETTING, .name = g_strdup(value), .setting = setting};
}

struct subject subject_account(const struct node *client)
{
	return (struct subject){.kind = SUBJECT_ACCOUNT, .client = client};
}

struct subject subject_address(const struct addr *a)
{
	return (struct subject){.kind = SUBJECT_ADDRESS, .address = *a};
}

struct subject subject_nat(const struct nat_rule *r)
{
	return (struct subject){.kind = SUBJECT_NAT, .nat = r};
}

struct subject subject_tunnel(const struct tunnel *t)
{
	return (struct subject){.kind = SUBJECT_TUNNEL, .tunnel = t};
}

struct subject subject_iface(const struct node *n, const char *name)
{
	return (struct subject){.kind = SUBJECT_IFACE,
				.name = g_strdup(name),
				.iface = n && name ? node_iface(n, name) : NULL};
}

struct subject subject_route(const struct prefix *to)
{
	return (struct subject){.kind = SUBJECT_ROUTE, .route = {.to = *to}};
}

struct subject subject_route_by(const struct prefix *to, const struct addr *via)
{
	return (struct subject){.kind = SUBJECT_ROUTE, .route = {.to = *to, .via = *via}};
}

struct subject subject_declared_route(const struct route *r)
{
	return (struct subject){.kind = SUBJECT_ROUTE, .route = {.to = r->to, .declared = r}};
}

struct subject subject_copy(const struct subject *s)
{
	struct subject copy = *s;

	copy.name = g_strdup(s->name);
	return copy;
}

void subject_clear(struct subject *s)
{
	g_free(s->name);
	*s = (struct subject){.kind = SUBJECT_NONE};
}

/* --- comparing -------------------------------------------------------------------------------- */

/* The same address, protocol and port, whatever service should listen there. */
static bool listener_equal(const struct listener *a, const struct listener *b)
{
	return addr_equal(&a->address, &b->address) && a->proto == b->proto && a->port == b->port;
}

bool subject_equal(const struct subject *a, const struct subject *b)
{
	if (a->kind != b->kind || g_strcmp0(a->name, b->name) != 0)
		return false;
	switch (a->kind) {
	case SUBJECT_ROUTE:
		return prefix_equal(&a->route.to, &b->route.to) &&
		       addr_equal(&a->route.via, &b->route.via);
	case SUBJECT_RULE:
		return a->rule == b->rule;
	case SUBJECT_POLICY:
		return a->policy == b->policy;
	case SUBJECT_BUILTIN_RULE:
		return g_str_equal(a->builtin_rule, b->builtin_rule);
	case SUBJECT_NAT:
		return a->nat == b->nat;
	case SUBJECT_LISTENER:
	case SUBJECT_PORT:
		return listener_equal(&a->listener, &b->listener);
	case SUBJECT_NRPT:
		return a->nrpt == b->nrpt;
	case SUBJECT_SETTING:
		return a->setting == b->setting;
	case SUBJECT_ACCOUNT:
		return a->client == b->client;
	case SUBJECT_TUNNEL:
		return a->tunnel == b->tunnel;
	case SUBJECT_ADDRESS:
		return addr_equal(&a->address, &b->address);
	case SUBJECT_NONE:
	case SUBJECT_RECORD:
	case SUBJECT_CERTIFICATE:
	case SUBJECT_IFACE:
	case SUBJECT_NETWORK:
	case SUBJECT_PROGRAM:
	case SUBJECT_NODE:
		break;
	}
	return true;
}

/* --- in words --------------------------------------------------------------------------------- */

/* A route's destination, and its gateway where that tells it from others; the caller frees.  A
 * default route of the model is "0.0.0.0/0", as the file's text has it; another one is "default".
 */
static char *route_text(const struct subject *s)
{
	const struct prefix *to = &s->route.to;
	bool by = addr_is_set(&s->route.via);
	char buf[PREFIX_TEXT_MAX], via[ADDR_TEXT_MAX];

	prefix_print(to, buf);
	if ((by || !s->route.declared) && prefix_is_default(to) && to->addr.family == AF_INET)
		g_strlcpy(buf, "default", sizeof buf);
	return by ? g_strdup_printf("%s via %s", buf, addr_print(&s->route.via, via)) :
		    g_strdup(buf);
}

char *listener_service(const struct listener *l)
{
	if (l->service == SERVICE_KIND_COUNT)
		return NULL;
	return g_strjoin(l->part < EDGE_PART_COUNT ? " " : NULL, service_kind_name(l->service),
			 l->part < EDGE_PART_COUNT ? edge_part_name(l->part) : NULL, NULL);
}

static char *listener_text(const struct listener *l)
{
	g_autofree char *service = listener_service(l);
	char buf[ADDR_PORT_TEXT_MAX];

	return g_strdup_printf("%s%s%s", service ? service : "", service ? " " : "",
			       addr_port_print(&l->address, l->port, buf));
}

char *subject_text(const struct subject *s)
{
	char buf[ADDR_TEXT_MAX];

	switch (s->kind) {
	case SUBJECT_NONE:
		return NULL;
	case SUBJECT_ROUTE:
		return route_text(s);
	case SUBJECT_POLICY:
		return g_strdup(policies[s->policy].text);
	case SUBJECT_RULE:
	case SUBJECT_BUILTIN_RULE:
	case SUBJECT_NAT:
		return g_strdup(subject_counter(s));
	case SUBJECT_LISTENER:
		return listener_text(&s->listener);
	case SUBJECT_PORT:
		return g_strdup_printf("%s %s %u", addr_print(&s->listener.address, buf),
				       s->listener.proto == PROTO_UDP ? "UDP" : "TCP",
				       s->listener.port);
	case SUBJECT_NRPT:
		return g_strdup(s->nrpt->namespace);
	case SUBJECT_SETTING:
		return g_strjoin(s->name ? " " : NULL, setting_name(s->setting), s->name, NULL);
	case SUBJECT_ACCOUNT:
		return g_strdup(s->client ? s->client->endpoint->user : s->name);
	case SUBJECT_TUNNEL:
		return g_strdup(s->tunnel->name);
	case SUBJECT_ADDRESS:
		return g_strdup(addr_print(&s->address, buf));
	case SUBJECT_RECORD:
	case SUBJECT_CERTIFICATE:
	case SUBJECT_IFACE:
	case SUBJECT_NETWORK:
	case SUBJECT_PROGRAM:
	case SUBJECT_NODE:
		break;
	}
	return g_strdup(s->name);
}

const char *subject_counter(const struct subject *s)
{
	return s->kind == SUBJECT_RULE	       ? s->rule->name :
	       s->kind == SUBJECT_POLICY       ? policies[s->policy].counter :
	       s->kind == SUBJECT_BUILTIN_RULE ? s->builtin_rule :
	       s->kind == SUBJECT_NAT	       ? s->nat->name :
						 NULL;
}

bool subject_chain(const struct subject *s, enum fw_chain *ret)
{
	if (s->kind != SUBJECT_RULE && s->kind != SUBJECT_POLICY)
		return false;
	*ret = s->kind == SUBJECT_RULE ? s->rule->chain : s->policy;
	return true;
}
