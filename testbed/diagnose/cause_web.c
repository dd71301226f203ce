/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/cause_web.h"

#include "testbed/diagnose/cause_connection.h"
#include "testbed/diagnose/cause_name.h"
#include "testbed/diagnose/service.h"

#include <string.h>

static const struct reverse_proxy_service *proxy_of(const struct node *n)
{
	const struct service *s = n ? node_declared_service(n, SERVICE_REVERSE_PROXY) : NULL;

	return s ? &s->proxy : NULL;
}

static const struct node *owner_of(const struct evidence *e, const struct tried *t)
{
	struct addr a;

	return t->address && addr_parse(t->address, &a) ? service_owner(e->model, &a) : NULL;
}

/* --- the proxy's next hop --------------------------------------------------------------------- */

/* What is wrong with the certificate that the node shows to who expects `name`, by the file: nginx
 * only tells its client that there was no connection. */
static enum cause_code flaw_of(const struct node *n, const char *name)
{
	const struct certificate *c = &n->certificate;

	if (c->issuer != ISSUER_LAB)
		return CAUSE_TLS_UNTRUSTED;
	if (c->validity != VALIDITY_VALID)
		return CAUSE_TLS_EXPIRED;
	return c->names->len > 0 && !g_ptr_array_find_with_equal_func(c->names, name, g_str_equal,
								      NULL) ?
		       CAUSE_TLS_NAME_MISMATCH :
		       CAUSE_UNKNOWN;
}

static bool by_next_hop_certificate(const struct evidence *e, struct finding *f,
				    const struct node *proxy, const char *next_hop,
				    const struct frontend_service *s)
{
	const struct node *hop = model_node(e->model, next_hop);
	enum cause_code code = hop ? flaw_of(hop, s->fqdn) : CAUSE_UNKNOWN;

	if (code == CAUSE_UNKNOWN)
		return false;
	f->code = code;
	f->node = g_strdup(hop->name);
	f->subject = subject_named(SUBJECT_CERTIFICATE, s->fqdn);
	f->other = g_strdup(proxy->name);
	f->why = g_strdup_printf("%s: %s expects %s", cause_text(code), proxy->name, s->fqdn);
	return true;
}

/* The port of its next hop is that of no web site. */
static bool by_next_hop_port(struct finding *f, const struct node *proxy,
			     const struct reverse_proxy_service *p,
			     const struct frontend_service *s)
{
	g_autofree char *port = g_strdup_printf("%u", (unsigned)p->next_hop_port);

	if (p->next_hop_port == s->web.external_port || p->next_hop_port == s->web.internal_port)
		return false;
	f->code = CAUSE_NO_LISTENER;
	f->node = g_strdup(proxy->name);
	f->other = g_strdup(p->next_hop);
	f->subject = subject_setting(SETTING_NEXT_HOP_PORT, port);
	f->why = g_strdup_printf("no web site of %s is at TCP port %s", s->fqdn, port);
	return true;
}

/* Finds why the proxy got no answer from its next hop.  false: nothing on that way explains it. */
static bool by_next_hop(const struct evidence *e, struct finding *f, const struct node *proxy)
{
	const struct reverse_proxy_service *p = proxy_of(proxy);
	const struct frontend_service *s = p ? model_next_hop(e->model, p->next_hop) : NULL;
	char text[ADDR_TEXT_MAX];

	if (!s)
		return false;
	addr_print(&s->address, text);
	return by_next_hop_port(f, proxy, p, s) ||
	       cause_walk_to_server(e, f, proxy->name, "its next hop", text, PROTO_TCP,
				    p->next_hop_port) ||
	       cause_no_listener(e, f, proxy->name, text, PROTO_TCP, p->next_hop_port) ||
	       by_next_hop_certificate(e, f, proxy, p->next_hop, s);
}

/* --- what was answered ------------------------------------------------------------------------ */

static bool not_published(struct finding *f, const struct node *n, const char *name)
{
	const struct reverse_proxy_service *p = proxy_of(n);

	if (!p || !name)
		return false;
	ptr_array_foreach(const char, published, p->names)
		if (g_ascii_strcasecmp(published, name) == 0)
			return false;
	f->code = CAUSE_WEB_NOT_PUBLISHED;
	f->node = g_strdup(n->name);
	f->subject = subject_setting(SETTING_NAMES, name);
	f->why = g_strdup_printf("%s is not among the names that it publishes", name);
	return true;
}

/* The web service has no such user. */
static bool unknown_user(const struct evidence *e, struct finding *f, const struct tried *t)
{
	const struct node *client = model_node(e->model, t->from), *server;
	const char *user = client && client->endpoint ? client->endpoint->user : NULL;

	for (const struct heard *h = NULL;
	     user && (h = evidence_event(e, NULL, EVENT_WEB_REQUEST, h));) {
		const char *whom = member_text(h->event, "user");

		if (!whom || g_ascii_strcasecmp(whom, user) != 0 ||
		    member_integer(h->event, "status") != 404 ||
		    !member_is(h->event, "path", member_text(t->event, "path")) ||
		    !(server = service_node_of(e->model, h->agent)))
			continue;
		f->code = CAUSE_SIP_AUTH;
		f->node = g_strdup(server->name);
		f->subject = subject_account(client);
		f->why = g_strdup_printf("its web service has no user %s", user);
		return finding_prove(f, "%s answered the request for %s with HTTP 404", h->agent,
				     user);
	}
	return false;
}

/* By an HTTP status that is not 200. */
static bool by_status(const struct evidence *e, struct finding *f, const struct tried *t)
{
	const struct node *n = owner_of(e, t);
	json_int_t status = member_integer(t->event, "status");
	bool found = false;

	if (status == 404)
		found = not_published(f, n, t->name) || unknown_user(e, f, t);
	else if (status == 502 || status == 503 || status == 504)
		found = by_next_hop(e, f, n);
	return found &&
	       finding_prove(f, "%s answered %s with HTTP %d", n->name, t->from, (int)status);
}

/* The certificate lacks the name because it has the names that the proxy publishes. */
static bool by_published_names(const struct evidence *e, struct finding *f, const struct tried *t)
{
	const struct node *n = owner_of(e, t);

	return t->code == REASON_TLS_NAME_MISMATCH && n && n->certificate.names->len == 0 &&
	       not_published(f, n, t->name) &&
	       finding_prove(f, "%s refused the certificate of %s: %s", t->from, n->name,
			     t->reason);
}

/* The answer is for clients on the other side: which site was asked decides it.  A proxy's setting
 * may lead there, else a record does. */
static bool by_location(const struct evidence *e, struct finding *f, const struct tried *t)
{
	const char *location = member_text(t->event, "access_location");
	const struct node *n = owner_of(e, t);
	const struct reverse_proxy_service *p = proxy_of(n);
	const struct frontend_service *s = p ? model_next_hop(e->model, p->next_hop) : NULL;
	bool inside = cause_is_inside(e->model, t->from);
	g_autofree char *port = NULL;

	if (!location || !s || g_ascii_strcasecmp(location, inside ? "Internal" : "External") == 0)
		return false;
	/* the name was for this side, and the proxy's port is that of the other */
	if (!g_str_has_prefix(t->name, inside ? WEB_NAME_INTERNAL : WEB_NAME_EXTERNAL) ||
	    p->next_hop_port != (inside ? s->web.external_port : s->web.internal_port))
		return false;
	port = g_strdup_printf("%u", (unsigned)p->next_hop_port);
	f->code = CAUSE_WEB_WRONG_SITE;
	f->node = g_strdup(n->name);
	f->other = g_strdup(p->next_hop);
	f->subject = subject_setting(SETTING_NEXT_HOP_PORT, port);
	f->why = g_strdup_printf("its next hop's port %s is that of the web site for clients %s",
				 port, inside ? "outside" : "inside");
	return finding_prove(f, "%s was told by the web that it is %s", t->from,
			     inside ? "outside" : "inside");
}

/* --- the client's steps ----------------------------------------------------------------------- */

/* The name by which this end should find its server, inside or outside; the caller frees. */
static char *wanted_name(const struct evidence *e, const char *end)
{
	return g_strconcat(cause_is_inside(e->model, end) ? WEB_NAME_INTERNAL : WEB_NAME_EXTERNAL,
			   e->model->domain, NULL);
}

/* The question for that name to which no answer came; NULL: there was one, or none was asked. */
static const json_t *unanswered(const struct evidence *e, const char *end, const char *name)
{
	const json_t *found = NULL;

	for (const struct heard *h = NULL; (h = evidence_event(e, end, EVENT_DNS, h));) {
		const char *query = member_text(h->event, "query");

		if (!query || g_ascii_strcasecmp(query, name) != 0)
			continue;
		if (json_array_size(json_object_get(h->event, "answer")) > 0)
			return NULL;
		if (!found && foreign_reason(h->event))
			found = h->event;
	}
	return found;
}

/* The end asks a name server of the inside, where its way is closed to the site that it is led to;
 * others at its site ask one of the outside, whose site is open to it. */
static bool by_other_view(const struct evidence *e, struct finding *f, const struct tried *t)
{
	const struct node *n = model_node(e->model, t->from);
	g_autofree char *outside = g_strconcat(WEB_NAME_EXTERNAL, e->model->domain, NULL);
	const struct nrpt_rule *rule;
	struct addr asked, other, site, given;
	char a[ADDR_TEXT_MAX], b[ADDR_TEXT_MAX];

	if (!n || !e->state || !t->address || !addr_parse(t->address, &given) ||
	    !service_named(e->model, outside, &site))
		return false;
	asked = cause_name_server_of(n, outside, &rule);
	other = cause_asked_by_others(e->model, n, outside);
	if (!addr_is_set(&other) || !cause_is_inside_view(e->model, &asked) ||
	    cause_is_inside_view(e->model, &other) || cause_reaches(e, t->from, &given, t->port) ||
	    !cause_reaches(e, t->from, &site, REVERSE_PROXY_PORT))
		return false;
	f->code = CAUSE_DNS_WRONG_VIEW;
	f->node = g_strdup(n->name);
	f->subject = rule ? (struct subject){.kind = SUBJECT_NRPT, .nrpt = rule} :
			    subject_address(&asked);
	f->flow.dst = other;
	f->why = g_strdup_printf("it asks %s, whose names lead it to servers that it can't reach; "
				 "others at its site ask %s",
				 addr_print(&asked, a), addr_print(&other, b));
	return finding_prove(f, "%s had no connection to %s: %s", t->from, t->name, t->reason);
}

static bool leads_from(const json_t *event, const char *name)
{
	const char *found_by = member_text(json_object_get(event, "server"), "found_by");

	return found_by && g_ascii_strcasecmp(found_by, name) == 0;
}

/* By the requests that began at this name (NULL: at any): one whose answer is for clients
 * elsewhere, else the last, which came furthest. */
static bool by_requests(const struct evidence *e, struct finding *f, const char *end,
			const char *name)
{
	struct tried last = {0};

	for (const struct heard *h = NULL; (h = evidence_event(e, end, EVENT_WEB, h));) {
		if (name && !leads_from(h->event, name))
			continue;
		last = cause_tried(end, h->event);
		if (by_location(e, f, &last))
			return true;
	}
	return last.code != REASON_NONE &&
	       (by_status(e, f, &last) || by_published_names(e, f, &last) ||
		by_other_view(e, f, &last) || cause_by_connection(e, f, &last));
}

bool cause_by_web(const struct evidence *e, struct finding *f, const char *end)
{
	g_autofree char *name = wanted_name(e, end);
	const json_t *question = unanswered(e, end, name);

	if (question)
		return cause_by_name(e, f, end, name, question);
	return by_requests(e, f, end, name) || by_requests(e, f, end, NULL);
}

/* --- remarks ---------------------------------------------------------------------------------- */

static bool has_web_sites(const model *m)
{
	for (guint i = 0; i < m->nodes->len; i++) {
		const struct service *s =
			node_declared_service(m->nodes->pdata[i], SERVICE_FRONTEND);

		if (s && s->frontend.web.exist)
			return true;
	}
	return false;
}

/* Whether the end asked the web and signed in by something else. */
static bool went_on(const struct evidence *e, const char *end)
{
	const struct node *n = model_node(e->model, end);
	const struct heard *h = evidence_event(e, end, EVENT_SIGNED_IN, NULL);
	const char *found_by =
		h ? member_text(json_object_get(h->event, "server"), "found_by") : NULL;

	return n && n->endpoint && g_strcmp0(n->endpoint->discovery, "auto") == 0 && found_by &&
	       !g_str_has_prefix(found_by, WEB_NAME_INTERNAL) &&
	       !g_str_has_prefix(found_by, WEB_NAME_EXTERNAL);
}

void cause_web_remark(const struct evidence *e, struct finding *f)
{
	if (!has_web_sites(e->model))
		return;
	ptr_array_foreach(const char, end, e->cell->participants) {
		g_autoptr(finding) why = finding_new(e->cell);

		if (!went_on(e, end) || !cause_by_web(e, why, end))
			continue;
		finding_add_effect(f, why->code, why->node, &why->subject, why->why);
		if (!f->why)
			f->why = g_strdup_printf(
				"%s did not find its server by the web (%s at %s: %s), and went on "
				"to the other names",
				end, cause_name(why->code), why->node, why->why);
	}
}
