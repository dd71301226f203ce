/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/context.h"

bool fe_context_request(const struct fe_context *s, sip_msg *request, gint64 timeout_us,
			transactions_func done, gpointer user_data)
{
	g_autofree char *user = sip_uri_user(sip_to_uri(request));
	struct fe_route route;

	if (!user ||
	    !registrar_route(s->registrar, user, transactions_now_us(s->transactions), &route))
		return false;
	transactions_request(s->transactions, &route, request, timeout_us, done, user_data);
	return true;
}
