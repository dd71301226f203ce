/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/serve/gate.h"

#include <string.h>
#include <sys/random.h>

bool gate_init(struct gate *g, guint16 port)
{
	guint8 drawn[GATE_TOKEN_BYTES];

	if (getrandom(drawn, sizeof drawn, 0) != sizeof drawn)
		return false;
	for (guint i = 0; i < sizeof drawn; i++)
		g_snprintf(g->token + 2 * i, 3, "%02x", drawn[i]);
	g_snprintf(g->host, sizeof g->host, "127.0.0.1:%u", port);
	g_snprintf(g->origin, sizeof g->origin, "http://%s", g->host);
	return true;
}

char *gate_url(const struct gate *g)
{
	return g_strdup_printf("%s/%s/", g->origin, g->token);
}

/* What stands behind the token in the path; NULL: it has another token, or none.  Every digit is
 * compared, so that the time tells nobody how many were right. */
static const char *behind_token(const struct gate *g, const char *path)
{
	guint8 differs = 0;

	if (path[0] != '/' || strcspn(path + 1, "/") != GATE_TOKEN_DIGITS)
		return NULL;
	for (guint i = 0; i < GATE_TOKEN_DIGITS; i++)
		differs = (guint8)(differs | (g->token[i] ^ path[1 + i]));
	return differs ? NULL : path + 1 + GATE_TOKEN_DIGITS;
}

enum gate_answer gate_ask(const struct gate *g, const struct gate_request *r)
{
	const char *rest = r->path ? behind_token(g, r->path) : NULL;
	bool page = g_strcmp0(rest, "/") == 0, socket = g_strcmp0(rest, "/socket") == 0;

	if (g_strcmp0(r->host, g->host) != 0)
		return GATE_FORBIDDEN;
	if (!page && !socket)
		return GATE_NOT_FOUND;
	if (g_strcmp0(r->method, "GET") != 0)
		return GATE_WRONG_METHOD;
	/* a browser says the origin of every WebSocket; one who opens a page has none */
	if ((socket || r->origin) && g_strcmp0(r->origin, g->origin) != 0)
		return GATE_FORBIDDEN;
	return socket ? GATE_SOCKET : GATE_PAGE;
}
