/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/proxy.h"

#include <string.h>

#define CONFERENCE_PREFIX "app:conf:"

static bool is_own_subscription(const sip_msg *request)
{
	g_autofree char *from = sip_uri_user(sip_from_uri(request));
	g_autofree char *target = sip_uri_user(sip_uri(request));

	return g_str_equal(sip_method(request), "SUBSCRIBE") && g_strcmp0(from, target) == 0;
}

/* Requests that are meant for the server whatever user they name (RFC 3903 section 4; the product's
 * SERVICE). */
static bool is_for_server(const sip_msg *request)
{
	return g_str_equal(sip_method(request), "PUBLISH") ||
	       g_str_equal(sip_method(request), "SERVICE");
}

enum proxy_subject fe_proxy_subject(const sip_msg *request)
{
	g_autofree char *opaque = sip_param(sip_uri(request), "opaque");
	g_autofree char *user = sip_uri_user(sip_uri(request));

	if (g_str_equal(sip_method(request), "REGISTER"))
		return SUBJECT_REGISTER;
	if (!user)
		return sip_to_tag(request) ? SUBJECT_USER : SUBJECT_NONE;
	if (g_strcmp0(opaque, "srvr:MRAS") == 0)
		return SUBJECT_MRAS;
	if (g_strcmp0(opaque, CONFERENCE_PREFIX "focusfactory") == 0)
		return SUBJECT_FACTORY;
	if (opaque && g_str_has_prefix(opaque, CONFERENCE_PREFIX))
		return SUBJECT_CONFERENCE;
	if (is_for_server(request))
		return SUBJECT_SERVICE;
	return is_own_subscription(request) ? SUBJECT_SUBSCRIBE : SUBJECT_USER;
}

void fe_proxy_take_routes(sip_msg *request, const char *const *own)
{
	const char *route;

	while ((route = sip_header(request, "Route"))) {
		g_autofree char *uri = sip_value_uri(route);
		g_autofree char *place = sip_uri_place(uri);

		if (!place || !g_strv_contains(own, place))
			return;
		sip_pop_header(request, "Route");
	}
}

/* Proxies ask with 407, servers with 401, and both headers count (RFC 3261 sections 22.2 and
 * 22.3). */
static int check_credentials(registrar *r, const sip_msg *request, const struct fe_flow *flow,
			     const char *user, gint64 now_us, bool *ret_stale)
{
	bool proxied = fe_proxy_subject(request) == SUBJECT_USER;
	enum credentials shown;

	/* It belongs to an INVITE that this connection has sent, or to none, and can't be
	 * challenged. */
	if (g_str_equal(sip_method(request), "CANCEL"))
		return 0;
	shown = registrar_credentials(
		r, request, flow, proxied ? "Proxy-Authorization" : "Authorization", user, now_us);

	if (shown == CREDENTIALS_NONE)
		shown = registrar_credentials(r, request, flow,
					      proxied ? "Authorization" : "Proxy-Authorization",
					      user, now_us);
	*ret_stale = shown == CREDENTIALS_STALE;
	if (shown == CREDENTIALS_GOOD)
		return 0;
	if (shown == CREDENTIALS_ASTRAY)
		return 400;
	return shown == CREDENTIALS_WRONG ? 403 : proxied ? 407 : 401;
}

/* Whom the connection that a request came on is known to speak for: `user` if that is one of them,
 * else another; NULL: nobody.  The caller frees. */
static char *known_sender(const sip_msg *request, const struct fe_flow *flow, const char *user,
			  gint64 now_us)
{
	if (flow->edge)
		return sip_asserted_user(request);
	return g_strdup(sip_users_has(flow->users, user, now_us) ?
				user :
				sip_users_any(flow->users, now_us));
}

int fe_proxy_check_sender(registrar *r, const sip_msg *request, const struct fe_flow *flow,
			  gint64 now_us, bool *ret_stale)
{
	g_autofree char *user = sip_uri_user(sip_from_uri(request));
	g_autofree char *known = user ? known_sender(request, flow, user, now_us) : NULL;

	*ret_stale = false;
	if (flow->outbound || !user)
		return 403;
	if (known)
		return g_str_equal(known, user) ? 0 : 403;
	return check_credentials(r, request, flow, user, now_us, ret_stale);
}

/* Whether a challenge or credentials have to do with our realm, however it is written. */
static bool is_of_realm(const char *value, const char *realm)
{
	g_autofree char *lower = g_ascii_strdown(value, -1), *own = g_ascii_strdown(realm, -1);
	char *to = lower;

	for (const char *from = lower; *from; from++)
		if (*from != '\\')
			*to++ = *from;
	*to = '\0';
	return strstr(lower, own);
}

int fe_proxy_answer_status(const sip_msg *response, const char *realm)
{
	int status = sip_status(response);
	const char *challenge;

	if (status == 430)
		return 480;
	if (status == 407)
		return 403;
	for (guint i = 0; status == 401; i++) {
		challenge = sip_header_nth(response, "WWW-Authenticate", i);
		if (!challenge)
			break;
		if (is_of_realm(challenge, realm))
			return 403;
	}
	return status;
}

void fe_proxy_remove_credentials(sip_msg *request, const char *realm)
{
	g_autoptr(GPtrArray) others = g_ptr_array_new_with_free_func(g_free);
	const char *value;

	sip_remove_header(request, "Proxy-Authorization");
	while ((value = sip_header(request, "Authorization"))) {
		g_autofree char *whose = sip_param(value, "realm");

		if (!whose || !is_of_realm(whose, realm))
			g_ptr_array_add(others, g_strdup(value));
		sip_pop_header(request, "Authorization");
	}
	for (guint i = 0; i < others->len; i++)
		sip_add_header(request, "Authorization", others->pdata[i]);
}

/* The user that a request is for; NULL: nobody here.  The caller frees. */
static char *recipient_of(registrar *r, const sip_msg *request, gint64 now_us)
{
	char *user = sip_uri_user(sip_uri(request));
	const struct binding *b;

	if (user && registrar_has_user(r, user))
		return user;
	g_free(user);
	/* In a dialog To says who it is, whoever has registered the same contact. */
	user = sip_to_tag(request) ? sip_uri_user(sip_to_uri(request)) : NULL;
	if (user && registrar_has_user(r, user))
		return user;
	g_free(user);
	b = registrar_find_contact(r, sip_uri(request), now_us);
	return b ? g_strdup(b->user) : NULL;
}

int fe_proxy_decide(registrar *r, sip_msg *request, gint64 now_us, struct fe_route *ret_route)
{
	g_autofree char *user = recipient_of(r, request, now_us);
	g_autofree char *named = sip_uri_user(sip_uri(request));

	if (!sip_take_hop(request))
		return 483;
	if (!user || !registrar_has_user(r, user))
		return 404;
	if (!registrar_route(r, user, now_us, ret_route))
		return 480;
	if (ret_route->contact && g_strcmp0(named, user) == 0)
		sip_set_uri(request, ret_route->contact);
	return 0;
}
