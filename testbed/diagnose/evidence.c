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

bool evidence_lacks_family(const struct evidence *e, const char *node, int family)
{
	return e->state && !evidence_has_default(e, node, family) &&
	       evidence_has_default(e, node, family == AF_INET ? AF_INET6 : AF_INET);
}
