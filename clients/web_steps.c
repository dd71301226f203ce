/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/web_steps.h"

#include <string.h>

#include "common/base/object.h"

#define HTTPS_PORT 443
#define URL_MAX_CHARS 2048

static const struct {
	guint status;
	enum reason reason;
} statuses[] = {
	{404, REASON_WEB_NOT_FOUND},
	{502, REASON_WEB_BAD_GATEWAY},
	{504, REASON_WEB_GATEWAY_TIMED_OUT},
};

static const struct object_shape web_steps_shape =
	OBJECT_SHAPE(web_steps, NULL, OWNS_TEXT(web_steps, domain), OWNS_TEXT(web_steps, url),
		     OWNS_TEXT(web_steps, host), OWNS_TEXT(web_steps, target),
		     OWNS_TEXT(web_steps, sip.fqdn), OWNS_TEXT(web_steps, words));

/* Fails with the words of the table. */
static enum web_step end_with(struct web_steps *w, enum reason code)
{
	w->code = code;
	w->words = g_strdup(reason_words(code));
	return WEB_STEP_FAILED;
}

/* Whether the host is the domain or in it. */
static bool is_in_domain(const struct web_steps *w, const char *host)
{
	gsize all = strlen(host), own = strlen(w->domain);

	return all >= own && g_ascii_strcasecmp(host + all - own, w->domain) == 0 &&
	       (all == own || host[all - own - 1] == '.');
}

/* Makes `text`, which may be relative to the last URL, the next request, if it may be followed. */
static enum web_step follow(struct web_steps *w, const char *text)
{
	g_autofree char *whole =
		strlen(text) > URL_MAX_CHARS ?
			NULL :
			g_uri_resolve_relative(w->url, text, G_URI_FLAGS_ENCODED, NULL);
	g_autoptr(GUri) uri = whole ? g_uri_parse(whole, G_URI_FLAGS_ENCODED, NULL) : NULL;
	const char *host = uri ? g_uri_get_host(uri) : NULL, *path, *query;

	if (!host || !*host)
		return end_with(w, REASON_ANSWER_UNREADABLE);
	if (strcmp(g_uri_get_scheme(uri), "https") != 0)
		return end_with(w, REASON_WEB_NOT_HTTPS);
	if (!is_in_domain(w, host))
		return end_with(w, REASON_WEB_FOREIGN_HOST);
	if (++w->requests > WEB_REQUESTS_MAX)
		return end_with(w, REASON_WEB_TOO_MANY_REDIRECTS);
	g_free(w->url);
	g_free(w->host);
	g_free(w->target);
	path = g_uri_get_path(uri);
	query = g_uri_get_query(uri);
	w->url = g_steal_pointer(&whole);
	w->host = g_ascii_strdown(host, -1);
	w->port = g_uri_get_port(uri) > 0 ? (guint16)g_uri_get_port(uri) : HTTPS_PORT;
	w->target =
		g_strdup_printf("%s%s%s", *path ? path : "/", query ? "?" : "", query ? query : "");
	return WEB_STEP_REQUEST;
}

struct web_steps *web_steps_new(const char *host, guint16 port, const char *user,
				const char *domain)
{
	struct web_steps *w = object_new(&web_steps_shape);
	g_autofree char *sipuri = g_uri_escape_string(user, "@", FALSE);

	w->domain = g_strdup(domain);
	w->host = g_strdup(host);
	w->port = port;
	w->target = g_strdup_printf("/?sipuri=%s", sipuri);
	w->url = port == HTTPS_PORT ? g_strdup_printf("https://%s%s", host, w->target) :
				      g_strdup_printf("https://%s:%u%s", host, port, w->target);
	w->requests = 1;
	w->location = AUTODISCOVER_NOWHERE;
	return w;
}

void web_steps_free(struct web_steps *w)
{
	object_free(w);
}

static enum web_step take_server(struct web_steps *w, const struct autodiscover *d)
{
	const struct autodiscover_server *s = autodiscover_sip_server(d);

	if (!s)
		return end_with(w, REASON_WEB_NO_SERVER);
	if (!is_in_domain(w, s->fqdn))
		return end_with(w, REASON_WEB_FOREIGN_HOST);
	w->sip = (struct autodiscover_server){.fqdn = g_strdup(s->fqdn), .port = s->port};
	return WEB_STEP_SERVER;
}

static enum web_step take_document(struct web_steps *w, const struct web_answer *answer)
{
	struct autodiscover *d = autodiscover_parse(answer->body, answer->bytes);
	const char *next;
	enum web_step step;

	if (!d)
		return end_with(w, REASON_ANSWER_UNREADABLE);
	w->location = d->location;
	next = autodiscover_href(d, "Redirect");
	if (!next && d->resource != AUTODISCOVER_USER)
		next = autodiscover_href(d, "User");
	step = next ? follow(w, next) : take_server(w, d);
	object_free(d);
	return step;
}

static enum web_step refused(struct web_steps *w, guint status)
{
	for (guint i = 0; i < G_N_ELEMENTS(statuses); i++)
		if (statuses[i].status == status)
			return end_with(w, statuses[i].reason);
	w->code = REASON_WEB_STATUS;
	w->words = g_strdup_printf("HTTP %u", status);
	return WEB_STEP_FAILED;
}

enum web_step web_steps_answer(struct web_steps *w, const struct web_answer *answer)
{
	bool redirect = answer->status == 301 || answer->status == 302 || answer->status == 303 ||
			answer->status == 307 || answer->status == 308;

	if (answer->status == 200)
		return take_document(w, answer);
	return redirect && answer->location ? follow(w, answer->location) :
					      refused(w, answer->status);
}
