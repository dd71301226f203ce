/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/session/path.h"

static bool is_type(const struct end_candidate *c, const char *type)
{
	return g_strcmp0(c->type, type) == 0;
}

static bool is_tcp_relay(const struct end_candidate *c)
{
	return is_type(c, "relay") && g_strcmp0(c->relay_transport, "tcp") == 0;
}

static bool same_place(const struct end_candidate *x, const struct end_candidate *y)
{
	return x->address && g_strcmp0(x->address, y->address) == 0 && x->port == y->port;
}

/* `seen` is what one end sees of the other, `own` what that other end calls its own address.  A
 * check that outruns its trickled candidate makes the host candidate look peer-reflexive (RFC 8445
 * section 7.3.1.3), so the address decides, not the word. */
static bool untranslated(const struct end_candidate *seen, const struct end_candidate *own)
{
	return is_type(own, "host") && (is_type(seen, "host") || same_place(seen, own));
}

enum path_class path_of_stream(const struct end_stream *a, const struct end_stream *b)
{
	if (!a || !b || !a->local.type || !a->remote.type || !b->local.type || !b->remote.type)
		return PATH_NONE;
	if (is_tcp_relay(&a->local) || is_tcp_relay(&b->local))
		return PATH_TCP_RELAY;
	if (is_type(&a->local, "relay") || is_type(&b->local, "relay") ||
	    is_type(&a->remote, "relay") || is_type(&b->remote, "relay"))
		return PATH_UDP_RELAY;
	if (untranslated(&a->remote, &b->local) && untranslated(&b->remote, &a->local))
		return PATH_UDP_DIRECT;
	return PATH_UDP_NAT;
}

enum path_class path_of_leg(const struct end_stream *s)
{
	if (!s || !s->local.type || !s->remote.type)
		return PATH_NONE;
	if (is_tcp_relay(&s->local))
		return PATH_TCP_RELAY;
	if (is_type(&s->local, "relay") || is_type(&s->remote, "relay"))
		return PATH_UDP_RELAY;
	return is_type(&s->local, "host") && is_type(&s->remote, "host") ? PATH_UDP_DIRECT :
									   PATH_UDP_NAT;
}

/* path_class lists the paths of a call from the most to the least direct. */
G_STATIC_ASSERT(PATH_UDP_DIRECT < PATH_UDP_NAT && PATH_UDP_NAT < PATH_UDP_RELAY &&
		PATH_UDP_RELAY < PATH_TCP_RELAY);

enum path_class path_of_call(const struct end_report *a, const struct end_report *b)
{
	enum path_class least = PATH_NONE;

	for (guint i = 0; i < a->n_streams; i++) {
		enum path_class path =
			path_of_stream(&a->streams[i], end_report_stream(b, a->streams[i].kind));

		if (path == PATH_NONE)
			return PATH_NONE;
		if (least == PATH_NONE || path > least)
			least = path;
	}
	return least;
}
