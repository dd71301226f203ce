/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/route.h"

#include <string.h>

#define BRANCH_COOKIE "z9hG4bK" /* RFC 3261 section 8.1.1.7 */
#define FLOW_PARAMETER "tb-flow"

/* "FQDN:PORT" as our Via and Path have it; the caller frees. */
static char *sent_by(const char *fqdn)
{
	return g_strdup_printf("%s:%d", fqdn, EDGE_SIP_PORT);
}

/* Adds our Via with the flow's token and the computed branch. */
static void add_via(sip_msg *request, const char *fqdn, const char *token)
{
	const char *received = sip_header_nth(request, "Via", 0);
	g_autofree char *branch = received ? sip_param(received, "branch") : NULL;
	g_autofree char *seed =
		g_strdup_printf("%s %s %s", token, branch ? branch : "", sip_call_id(request));
	g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA1, seed, -1);
	g_autofree char *host = sent_by(fqdn);
	g_autofree char *via = g_strdup_printf("SIP/2.0/TLS %s;branch=" BRANCH_COOKIE
					       "%.24s;" FLOW_PARAMETER "=%s",
					       host, hash, token);

	sip_prepend_header(request, "Via", via);
}

void edge_route_from_client(sip_msg *request, const char *fqdn, const char *token)
{
	char *own;

	while ((own = edge_route_take_token(request, fqdn)))
		g_free(own);
	if (g_strcmp0(sip_method(request), "REGISTER") == 0) {
		g_autofree char *path = g_strdup_printf("<sip:%s@%s:%d;transport=tls;lr>", token,
							fqdn, EDGE_SIP_PORT);

		sip_prepend_header(request, "Path", path); /* RFC 3327 section 5.2 */
	}
	add_via(request, fqdn, token);
}

/* Splits "<sip:USER@HOST:PORT;..." into USER and HOST:PORT, which the caller frees.  False: it has
 * another form. */
static bool split_uri(const char *value, char **ret_user, char **ret_host)
{
	const char *start = strstr(value, "sip:");
	const char *at, *end;

	if (!start)
		return false;
	start += strlen("sip:");
	at = start + strcspn(start, "@;>");
	if (*at != '@')
		return false;
	end = at + 1 + strcspn(at + 1, ";>?");
	*ret_user = g_strndup(start, (gsize)(at - start));
	*ret_host = g_strndup(at + 1, (gsize)(end - at - 1));
	return true;
}

char *edge_route_take_token(sip_msg *request, const char *fqdn)
{
	const char *route = sip_header_nth(request, "Route", 0);
	g_autofree char *user = NULL, *host = NULL, *own = sent_by(fqdn);

	if (!route || !split_uri(route, &user, &host) || g_ascii_strcasecmp(host, own) != 0)
		return NULL;
	sip_pop_header(request, "Route");
	return g_steal_pointer(&user);
}

void edge_route_to_client(sip_msg *request, const char *fqdn, const char *token)
{
	add_via(request, fqdn, token);
}

static bool is_own_via(const char *via, const char *fqdn)
{
	g_autofree char *own = sent_by(fqdn);
	const char *host = strchr(via, ' ');
	gsize length;

	if (!host)
		return false;
	host += strspn(host, " \t");
	length = strcspn(host, "; \t");
	return length == strlen(own) && g_ascii_strncasecmp(host, own, length) == 0;
}

char *edge_route_take_via(sip_msg *response, const char *fqdn)
{
	const char *via = sip_header_nth(response, "Via", 0);
	char *token;

	if (!via || !is_own_via(via, fqdn))
		return NULL;
	token = sip_param(via, FLOW_PARAMETER);
	if (token)
		sip_pop_header(response, "Via");
	return token;
}
