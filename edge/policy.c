/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/policy.h"

#include <gio/gio.h>
#include <string.h>

struct peer_prefix {
	struct endpoint address;
	guint bits;
};

/* Special-purpose ranges (RFC 6890 and its registries).  `declarable`: relay_to can allow them. */
static const struct {
	enum reason rule;
	const char *address;
	guint bits;
	bool declarable;
} special_ranges[] = {
	{REASON_PEER_UNSPECIFIED, "0.0.0.0", 8, false},
	{REASON_PEER_LOOPBACK, "127.0.0.0", 8, false},
	{REASON_PEER_LINK_LOCAL, "169.254.0.0", 16, false},
	{REASON_PEER_MULTICAST, "224.0.0.0", 4, false},
	{REASON_PEER_BROADCAST, "255.255.255.255", 32, false},
	{REASON_PEER_RESERVED, "240.0.0.0", 4, false},
	{REASON_PEER_PRIVATE, "10.0.0.0", 8, true},
	{REASON_PEER_PRIVATE, "172.16.0.0", 12, true},
	{REASON_PEER_PRIVATE, "192.168.0.0", 16, true},
	{REASON_PEER_SHARED, "100.64.0.0", 10, true}, /* RFC 6598 */
	{REASON_PEER_UNSPECIFIED, "::", 128, false},
	{REASON_PEER_LOOPBACK, "::1", 128, false},
	{REASON_PEER_LINK_LOCAL, "fe80::", 10, false},
	{REASON_PEER_MULTICAST, "ff00::", 8, false},
	{REASON_PEER_PRIVATE, "fec0::", 10, true},
	{REASON_PEER_PRIVATE, "fc00::", 7, true},
	{REASON_PEER_NAT64_LOCAL, "64:ff9b:1::", 48, false}, /* RFC 8215 */
};

struct policy {
	struct endpoint *own, *relays;
	guint n_own, n_relays;
	guint16 relay_port_min, relay_port_max;
	struct prefixes {
		struct peer_prefix *list;
		guint n;
	} relay_to, relay_not_to;
	struct endpoint special[G_N_ELEMENTS(special_ranges)]; /* parsed addresses of the rows */
};

#define V6(...)                                              \
	{                                                    \
		.family = ENDPOINT_V6, .ip = { __VA_ARGS__ } \
	}

/* IPv6 ranges whose addresses embed an IPv4 address at `offset`. */
static const struct {
	enum reason rule;
	struct endpoint prefix;
	guint bits, offset;
	guint8 mask; /* the address is XORed with this */
} embeddings[] = {
	{REASON_PEER_IPV4_MAPPED, V6(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff), 96, 12,
	 0}, /* RFC 4291 section 2.5.5.2 */
	{REASON_PEER_IPV4_TRANSLATED, V6(0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff), 96, 12,
	 0},							 /* RFC 2765 */
	{REASON_PEER_NAT64, V6(0, 0x64, 0xff, 0x9b), 96, 12, 0}, /* RFC 6052 */
	{REASON_PEER_6TO4, V6(0x20, 0x02), 16, 2, 0},		 /* RFC 3056 */
	{REASON_PEER_TEREDO, V6(0x20, 0x01), 32, 12, 0xff},	 /* RFC 4380 */
	{REASON_PEER_IPV4_COMPATIBLE, V6(0), 96, 12, 0},	 /* RFC 4291 section 2.5.5.1 */
};

static bool in_prefix(const struct endpoint *e, const struct endpoint *prefix, guint bits)
{
	guint whole = bits / 8, rest = bits % 8;

	if (e->family != prefix->family || memcmp(e->ip, prefix->ip, whole) != 0)
		return false;
	return rest == 0 || (e->ip[whole] ^ prefix->ip[whole]) >> (8 - rest) == 0;
}

/* Parses "ADDRESS/BITS" or an address alone; false with an error that names the configuration's
 * member. */
static bool parse_peer_prefix(const char *text, const char *member, struct peer_prefix *ret,
			      GError **error)
{
	g_auto(GStrv) parts = g_strsplit(text, "/", 2);
	guint64 bits;

	if (parts[0] && endpoint_parse(parts[0], 0, &ret->address)) {
		guint max = ret->address.family == ENDPOINT_V4 ? 32 : 128;

		bits = max;
		if (!parts[1] || g_ascii_string_to_unsigned(parts[1], 10, 0, max, &bits, NULL)) {
			ret->bits = (guint)bits;
			return true;
		}
	}
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s: not a prefix: '%s'",
		    member, text);
	return false;
}

static bool parse_peer_prefixes(const char *const *texts, const char *member, struct prefixes *ret,
				GError **error)
{
	ret->n = texts ? g_strv_length((char **)(guintptr)texts) : 0;
	ret->list = g_new0(struct peer_prefix, ret->n + 1);
	for (guint i = 0; i < ret->n; i++)
		if (!parse_peer_prefix(texts[i], member, &ret->list[i], error))
			return false;
	return true;
}

policy *policy_new(const struct policy_config *config, GError **error)
{
	policy *p = g_new0(policy, 1);

	if (!parse_peer_prefixes(config->relay_to, "relay_to", &p->relay_to, error) ||
	    !parse_peer_prefixes(config->relay_not_to, "relay_not_to", &p->relay_not_to, error)) {
		policy_free(p);
		return NULL;
	}
	p->own = g_memdup2(config->own, config->n_own * sizeof *config->own);
	p->n_own = config->n_own;
	p->relays = g_memdup2(config->relays, config->n_relays * sizeof *config->relays);
	p->n_relays = config->n_relays;
	p->relay_port_min = config->relay_port_min;
	p->relay_port_max = config->relay_port_max;
	for (gsize i = 0; i < G_N_ELEMENTS(special_ranges); i++)
		endpoint_parse(special_ranges[i].address, 0, &p->special[i]);
	return p;
}

void policy_free(policy *p)
{
	if (!p)
		return;
	g_free(p->own);
	g_free(p->relays);
	g_free(p->relay_to.list);
	g_free(p->relay_not_to.list);
	g_free(p);
}

/* The row of `embeddings` that `peer` is in; G_N_ELEMENTS(embeddings): none. */
static gsize embedding_of(const struct endpoint *peer)
{
	static const struct endpoint unspecified = V6(0);
	gsize i = 0;

	if (in_prefix(peer, &unspecified, 127)) /* :: and ::1 embed nothing */
		return G_N_ELEMENTS(embeddings);
	while (i < G_N_ELEMENTS(embeddings) &&
	       !in_prefix(peer, &embeddings[i].prefix, embeddings[i].bits))
		i++;
	return i;
}

/* The IPv4 address that is embedded in `peer`, or `peer` itself. */
static struct endpoint policy_canonical(const struct endpoint *peer)
{
	struct endpoint v4 = {.family = ENDPOINT_V4, .port = peer->port};
	gsize i = embedding_of(peer);

	if (i == G_N_ELEMENTS(embeddings))
		return *peer;
	for (guint k = 0; k < 4; k++)
		v4.ip[k] = peer->ip[embeddings[i].offset + k] ^ embeddings[i].mask;
	return v4;
}

static bool is_listed(const struct endpoint *list, guint n, const struct endpoint *e)
{
	for (guint i = 0; i < n; i++)
		if (endpoint_same_ip(&list[i], e))
			return true;
	return false;
}

static bool is_declared(const struct prefixes *prefixes, const struct endpoint *e)
{
	for (guint i = 0; i < prefixes->n; i++)
		if (in_prefix(e, &prefixes->list[i].address, prefixes->list[i].bits))
			return true;
	return false;
}

/* As policy_refuses, for an address that embeds no other. */
static enum reason refuses_canonical(const policy *p, const struct endpoint *e,
				     enum policy_scope scope)
{
	if (e->family == ENDPOINT_NONE)
		return REASON_PEER_UNSPECIFIED;
	if (is_declared(&p->relay_not_to, e))
		return REASON_PEER_BY_SETTING;
	if (is_listed(p->relays, p->n_relays, e)) {
		bool relay_port = e->port >= p->relay_port_min && e->port <= p->relay_port_max;

		return scope == POLICY_ADDRESS || relay_port ? REASON_NONE : REASON_PEER_OWN_PORT;
	}
	if (is_listed(p->own, p->n_own, e))
		return REASON_PEER_OWN_ADDRESS;
	for (gsize i = 0; i < G_N_ELEMENTS(special_ranges); i++) {
		if (!in_prefix(e, &p->special[i], special_ranges[i].bits))
			continue;
		return special_ranges[i].declarable && is_declared(&p->relay_to, e) ?
			       REASON_NONE :
			       special_ranges[i].rule;
	}
	return REASON_NONE;
}

enum reason policy_refuses(const policy *p, const struct endpoint *peer, enum policy_scope scope)
{
	struct endpoint e = policy_canonical(peer);
	enum reason rule = refuses_canonical(p, &e, scope);
	gsize i = embedding_of(peer);

	return rule || i == G_N_ELEMENTS(embeddings) ? rule : embeddings[i].rule;
}
