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

enum proxy_subject fe_proxy_subject(const sip_msg *request)
{
	g_autofree char *opaque = sip_param(sip_uri(request), "opaque");
	g_autofree char *user = sip_uri_user(sip_uri(request));

	if (g_str_equal(sip_method(request), "REGISTER"))
		return SUBJECT_REGISTER;
	if (!user)
		return SUBJECT_NONE;
	if (g_strcmp0(opaque, "srvr:MRAS") == 0)
		return SUBJECT_MRAS;
	if (g_strcmp0(opaque, CONFERENCE_PREFIX "focusfactory") == 0)
		return SUBJECT_FACTORY;
	if (opaque && g_str_has_prefix(opaque, CONFERENCE_PREFIX))
		return SUBJECT_CONFERENCE;
	return is_own_subscription(request) ? SUBJECT_SUBSCRIBE : SUBJECT_USER;
}

int fe_proxy_check_sender(registrar *r, const sip_msg *request, const struct fe_flow *flow,
			  gint64 now_us)
{
	g_autofree char *user = sip_uri_user(sip_from_uri(request));

	if (flow->outbound || !user)
		return 403;
	switch (registrar_sender(r, user, flow, now_us)) {
	case SENDER_TRUE:
		return 0;
	case SENDER_FALSE:
		return 403;
	case SENDER_UNREGISTERED:
		break;
	}
	return fe_proxy_subject(request) == SUBJECT_USER ? 407 : 401;
}

int fe_proxy_decide(registrar *r, sip_msg *request, gint64 now_us, struct fe_route *ret_route)
{
	g_autofree char *user = sip_uri_user(sip_uri(request));

	if (!sip_take_hop(request))
		return 483;
	if (!user || !registrar_has_user(r, user))
		return 404;
	return registrar_route(r, user, now_us, ret_route) ? 0 : 480;
}
