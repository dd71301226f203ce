/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/route.h"

#include <string.h>

#include "common/sip_trust.h"

#define BRANCH_COOKIE "z9hG4bK" /* RFC 3261 section 8.1.1.7 */

/* "FQDN:PORT" as our Via and Path have it, for one side; the caller frees. */
static char *sent_by(const struct edge_names *names, bool inside)
{
	return inside ? g_strdup_printf("%s:%d", names->inside, EDGE_SIP_PORT) :
			g_strdup_printf("%s:%d", names->outside, names->outside_port);
}

/* The branch of our Via for a request from flow `token` to flow `to`; `n` is the index of the
 * received Via: 0 before ours is added, 1 after.  The caller frees. */
static char *branch_of(const sip_msg *m, guint n, const struct edge_names *names, const char *token,
		       const char *to)
{
	const char *received = sip_header_nth(m, "Via", n);
	g_autofree char *branch = received ? sip_param(received, "branch") : NULL;
	g_autofree char *seed =
		g_strdup_printf("%s %s %s %s", token, to, branch ? branch : "", sip_call_id(m));
	g_autofree char *hash = g_compute_hmac_for_string(
		G_CHECKSUM_SHA256, (const guchar *)names->key, strlen(names->key), seed, -1);

	return g_strdup_printf(BRANCH_COOKIE "%.32s", hash);
}

/* `inwards`: for a request to the Front End; a client takes a Via of another name for another
 * connection than the one that it has. */
static void add_via(sip_msg *request, const struct edge_names *names, bool inwards,
		    const char *token, const char *to)
{
	g_autofree char *branch = branch_of(request, 0, names, token, to);
	g_autofree char *host = sent_by(names, inwards);
	g_autofree char *via = g_strdup_printf("SIP/2.0/TLS %s;branch=%s;" SIP_FLOW_PARAMETER "=%s",
					       host, branch, token);

	sip_prepend_header(request, "Via", via);
}

static char *route_value(const char *token, const char *host, int port)
{
	return g_strdup_printf("<sip:%s@%s:%d;transport=tls;lr>", token, host, port);
}

/* Adds the Routes of both sides, on top that of the side which the request goes to. */
static void record_route(sip_msg *request, const struct edge_names *names, const char *client,
			 bool inwards)
{
	g_autofree char *inside = route_value(client, names->inside, EDGE_SIP_PORT);
	g_autofree char *outside = route_value(client, names->outside, names->outside_port);

	if (!sip_makes_dialog(request))
		return;
	sip_prepend_header(request, "Record-Route", inwards ? outside : inside);
	sip_prepend_header(request, "Record-Route", inwards ? inside : outside);
}

void edge_route_from_client(sip_msg *request, const struct edge_names *names, const char *token,
			    const char *inside)
{
	g_free(edge_route_take_token(request, names));
	if (g_strcmp0(sip_method(request), "REGISTER") == 0) {
		g_autofree char *path = route_value(token, names->inside, EDGE_SIP_PORT);

		sip_prepend_header(request, "Path", path); /* RFC 3327 section 5.2 */
	}
	record_route(request, names, token, true);
	add_via(request, names, true, token, inside);
}

/* The token of a Route of ours; NULL: it is another's.  The caller frees. */
static char *own_token(const char *route, const struct edge_names *names)
{
	g_autofree char *inside = sent_by(names, true), *outside = sent_by(names, false);
	g_autofree char *uri = sip_value_uri(route), *place = sip_uri_place(uri);
	const char *at = place ? strrchr(place, '@') : NULL;

	if (!at || (g_ascii_strcasecmp(at + 1, inside) && g_ascii_strcasecmp(at + 1, outside)))
		return NULL;
	return g_strndup(place, (gsize)(at - place));
}

char *edge_route_take_token(sip_msg *request, const struct edge_names *names)
{
	char *first = NULL, *token;

	while ((token = own_token(sip_header(request, "Route"), names))) {
		sip_pop_header(request, "Route");
		if (first)
			g_free(token);
		else
			first = token;
	}
	return first;
}

void edge_route_to_client(sip_msg *request, const struct edge_names *names, const char *token,
			  const char *client)
{
	record_route(request, names, client, false);
	add_via(request, names, false, token, client);
}

static bool is_own_via(const char *via, const struct edge_names *names)
{
	g_autofree char *inside = sent_by(names, true), *outside = sent_by(names, false);
	const char *start = strchr(via, ' ');
	g_autofree char *host = NULL;

	if (!start)
		return false;
	start += strspn(start, " \t");
	host = g_strndup(start, strcspn(start, "; \t"));
	return !g_ascii_strcasecmp(host, inside) || !g_ascii_strcasecmp(host, outside);
}

char *edge_route_take_via(sip_msg *response, const struct edge_names *names, const char *from)
{
	const char *via = sip_header_nth(response, "Via", 0);
	g_autofree char *token = NULL, *branch = NULL, *expected = NULL;

	if (!via || !is_own_via(via, names))
		return NULL;
	token = sip_param(via, SIP_FLOW_PARAMETER);
	if (!token)
		return NULL;
	branch = sip_param(via, "branch");
	expected = branch_of(response, 1, names, token, from);
	if (g_strcmp0(branch, expected) != 0)
		return NULL;
	sip_pop_header(response, "Via");
	return g_steal_pointer(&token);
}
