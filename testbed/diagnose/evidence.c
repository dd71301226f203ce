/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/evidence.h"

#define STUN_PORT 3478
#define HTTPS_PORT 443

const struct heard *evidence_event(const struct evidence *e, const char *agent, const char *name,
				   const struct heard *after)
{
	bool from_here = after == NULL;

	ptr_array_foreach(const struct heard, h, e->heard) {
		if (from_here && (!agent || g_str_equal(h->agent, agent)) &&
		    member_is(h->event, "event", name))
			return h;
		from_here = from_here || h == after;
	}
	return NULL;
}

const json_t *evidence_relay(const struct evidence *e, const char *end)
{
	const struct heard *h = evidence_event(e, end, EVENT_SIGNED_IN, NULL);

	return h ? json_object_get(h->event, "relay") : NULL;
}

json_int_t relay_port(const json_t *relay, enum ip_proto proto)
{
	const json_t *port = json_object_get(relay, proto == PROTO_UDP ? "udp_port" : "tcp_port");

	return json_is_integer(port) ? json_integer_value(port) :
	       proto == PROTO_UDP    ? STUN_PORT :
				       HTTPS_PORT;
}

bool evidence_is_av(const struct evidence *e)
{
	enum media media = e->cell->media;

	return media == MEDIA_AUDIO || media == MEDIA_VIDEO || media == MEDIA_AV_CONFERENCE;
}

bool evidence_has_default(const struct evidence *e, const char *node, int family)
{
	const node_state *n = netstate_node(e->state, node);

	array_foreach(const struct kernel_route, r, n ? n->routes : NULL)
		if (r->to.addr.family == family && r->to.len == 0 && !kernel_route_refuses(r))
			return true;
	return false;
}

/* Whether the node is an endpoint with addresses of both families. */
static bool is_dual_endpoint(const struct node *n)
{
	return n->endpoint && node_has_family(n, AF_INET) && node_has_family(n, AF_INET6);
}

/* Whether the other endpoints like this one mostly have a default route of IPv4: then this one has
 * lost its own, and was not made without.  A way by IPv6 is still missing at many places. */
static bool others_have_default(const struct evidence *e, const char *node)
{
	const struct node *self = model_node(e->model, node);
	int more = 0;

	if (!self || !is_dual_endpoint(self))
		return false;
	ptr_array_foreach(const struct node, n, e->model->nodes)
		if (n != self && is_dual_endpoint(n))
			more += evidence_has_default(e, n->name, AF_INET) ? 1 : -1;
	return more > 0;
}

enum family_way evidence_family_way(const struct evidence *e, const char *node, int family)
{
	if (!e->state || evidence_has_default(e, node, family) ||
	    !evidence_has_default(e, node, family == AF_INET ? AF_INET6 : AF_INET))
		return FAMILY_AS_MEANT;
	return family == AF_INET && others_have_default(e, node) ? FAMILY_WAY_LOST :
								   FAMILY_NOT_MEANT;
}

bool evidence_lacks_family(const struct evidence *e, const char *node, int family)
{
	return evidence_family_way(e, node, family) == FAMILY_NOT_MEANT;
}
