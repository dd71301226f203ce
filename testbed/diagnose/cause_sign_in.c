/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/cause_connection.h"
#include "testbed/diagnose/cause_name.h"
#include "testbed/diagnose/cause_rules.h"
#include "testbed/diagnose/cause_web.h"
#include "testbed/diagnose/service.h"

#include <string.h>

/* A client that could not sign in, as it reports that. */
struct failed {
	const char *end, *stage, *reason, *diagnostics;
	enum reason code;
	json_int_t status;
	const json_t *event;
};

/* --- clients that say little: by the reason alone --------------------------------------------- */

static bool by_reason(struct finding *f, const struct failed *x)
{
	f->code = x->code == REASON_WRONG_CREDENTIALS ? CAUSE_SIP_AUTH :
							cause_of_certificate(x->code);
	if (f->code == CAUSE_UNKNOWN)
		return false;
	f->node = g_strdup(x->end);
	return true;
}

/* --- finding the server and connecting to it -------------------------------------------------- */

static int weight_of(const struct evidence *e, const struct tried *t)
{
	struct finding *x = finding_new(NULL);
	int weight = cause_by_connection(e, x, t) ? cause_weight(e, x) : 0;

	finding_free(x);
	return weight;
}

static bool is_ipv6(const char *address)
{
	return address && strchr(address, ':');
}

/* Of the attempts at the same server by one family and the other the one whose end says more. */
static struct tried telling_attempt(const struct evidence *e, const struct failed *x,
				    const struct tried *first)
{
	struct tried best = *first;

	for (const struct heard *h = NULL;
	     (h = evidence_event(e, x->end, EVENT_CONNECT_FAILED, h));) {
		struct tried t = cause_tried(x->end, h->event);

		if (t.address && g_strcmp0(t.name, first->name) == 0 &&
		    is_ipv6(t.address) != is_ipv6(first->address) &&
		    cause_tried_weight(e, &t) == cause_tried_weight(e, first) &&
		    weight_of(e, &t) > weight_of(e, &best))
			best = t;
	}
	return best;
}

/* By its attempts to connect, of those that say most. */
static bool by_connections(const struct evidence *e, struct finding *f, const struct failed *x)
{
	int most = 0;

	if (!g_str_equal(x->stage, STAGE_TLS))
		return false;
	for (const struct heard *h = NULL;
	     (h = evidence_event(e, x->end, EVENT_CONNECT_FAILED, h));) {
		struct tried t = cause_tried(x->end, h->event);

		most = MAX(most, cause_tried_weight(e, &t));
	}
	for (const struct heard *h = NULL;
	     (h = evidence_event(e, x->end, EVENT_CONNECT_FAILED, h));) {
		struct tried t = cause_tried(x->end, h->event);

		if (cause_tried_weight(e, &t) != most)
			continue;
		t = telling_attempt(e, x, &t);
		if (cause_by_connection(e, f, &t))
			return true;
	}
	return false;
}

/* Whether an answer of the web service names this server. */
static bool is_named_by_web(const struct evidence *e, const char *end, const char *name)
{
	for (const struct heard *h = NULL; (h = evidence_event(e, end, EVENT_WEB, h));) {
		const char *server = member_text(json_object_get(h->event, "sip_server"), "name");

		if (server && g_ascii_strcasecmp(server, name) == 0)
			return true;
	}
	return false;
}

/* Whether a service record that the client was given ("0 0 5061 pool.contoso.com") leads to
 * this name. */
static bool is_target(const struct evidence *e, const char *end, const char *name)
{
	for (const struct heard *h = NULL; (h = evidence_event(e, end, EVENT_DNS, h));) {
		const char *record =
			json_string_value(json_array_get(json_object_get(h->event, "answer"), 0));
		const char *target = record ? strrchr(record, ' ') : NULL;

		if (target && g_ascii_strcasecmp(target + 1, name) == 0)
			return true;
	}
	return false;
}

/* The question whose answer was missing: the first without any answer; else one for the name
 * that the web service or a service record leads to; else the one for the service record that
 * clients inside, or outside, ask for. */
static const json_t *missing_answer(const struct evidence *e, const char *end)
{
	static const char *const labels[] = {"_sip._tls.", "_sipinternaltls._tcp."};
	const char *label = labels[cause_is_inside(e->model, end)];
	const json_t *found = NULL;

	for (const struct heard *h = NULL; (h = evidence_event(e, end, EVENT_DNS, h));) {
		enum reason error = foreign_reason(h->event);
		const char *name = member_text(h->event, "query");

		if (!error || !name)
			continue;
		/* silence, or a refusal */
		if (error != REASON_DNS_NXDOMAIN || is_named_by_web(e, end, name) ||
		    is_target(e, end, name))
			return h->event;
		if (g_str_has_prefix(name, label))
			found = h->event;
	}
	return found;
}

/* By the server that took its connection and ended it, or did not know what to do with it. */
static bool by_server(const struct evidence *e, struct finding *f, const struct failed *x)
{
	const struct tried t = cause_tried(x->end, x->event);

	return !g_str_equal(x->stage, STAGE_TLS) &&
	       json_is_object(json_object_get(x->event, "server")) && cause_led_astray(e, f, &t);
}

/* By the client's DNS questions: no answer came, or the names do not exist. */
static bool by_questions(const struct evidence *e, struct finding *f, const struct failed *x)
{
	const json_t *question =
		g_str_equal(x->stage, STAGE_DNS) ? missing_answer(e, x->end) : NULL;

	return question && cause_by_name(e, f, x->end, member_text(question, "query"), question);
}

static bool is_server_address(const model *m, const char *address)
{
	struct addr a;
	const struct node *n = address && addr_parse(address, &a) ? service_owner(m, &a) : NULL;

	return n && node_shows_certificate(n);
}

/* The client found only servers at ports where none is meant to be, by names that it tries last:
 * what is missing is the answer to an earlier question. */
static bool by_fallbacks(const struct evidence *e, struct finding *f, const struct failed *x)
{
	const json_t *question;

	if (!g_str_equal(x->stage, STAGE_TLS))
		return false;
	for (const struct heard *h = NULL;
	     (h = evidence_event(e, x->end, EVENT_CONNECT_FAILED, h));) {
		struct tried t = cause_tried(x->end, h->event);

		if (!is_server_address(e->model, t.address) ||
		    service_expected_at(e->model, t.address, t.port) ||
		    cause_of_certificate(t.code) != CAUSE_UNKNOWN)
			return false;
	}
	question = missing_answer(e, x->end);
	return question && cause_by_name(e, f, x->end, member_text(question, "query"), question);
}

/* --- registering ------------------------------------------------------------------------------ */

/* The report of the server that refused this user's REGISTER; NULL: there is none. */
static const struct heard *refusal_of(const struct evidence *e, const char *user)
{
	for (const struct heard *h = NULL;
	     (h = evidence_event(e, NULL, EVENT_REQUEST_REFUSED, h));) {
		const char *whom = member_text(h->event, "user");

		if (whom && user && g_ascii_strcasecmp(whom, user) == 0)
			return h;
	}
	return NULL;
}

static void set_domain_cause(struct finding *f, const struct node *server, const char *user)
{
	const char *at = strchr(user, '@'), *domain = at ? at + 1 : user;

	f->code = CAUSE_SIP_NO_ROUTE;
	f->node = g_strdup(server->name);
	f->subject = subject_setting(SETTING_DOMAIN, domain);
	f->why = g_strdup_printf("it does not serve the domain %s", domain);
}

/* A wrong password is at fault at the client, an account at the server. */
static void set_account_cause(struct finding *f, const struct failed *x, const struct node *server,
			      const struct node *client)
{
	const char *user = client->endpoint->user;
	bool password = x->code != REASON_NO_SUCH_USER && x->code != REASON_ACCOUNT_DISABLED &&
			x->code != REASON_NOT_REMOTE;

	f->code = CAUSE_SIP_AUTH;
	f->node = g_strdup(password || !server ? x->end : server->name);
	f->subject = subject_account(client);
	f->why = password ? g_strdup_printf("the server refused the password that it gives for %s",
					    user) :
			    g_strdup_printf("it does not let %s in: %s", user,
					    x->diagnostics ? x->diagnostics : x->reason);
}

static bool by_refusal(const struct evidence *e, struct finding *f, const struct failed *x)
{
	const struct node *client = model_node(e->model, x->end);
	const char *user = client && client->endpoint ? client->endpoint->user : NULL;
	const struct heard *h = refusal_of(e, user);
	const struct node *server = h ? service_node_of(e->model, h->agent) : NULL;

	if (!user || (x->status != 401 && x->status != 403 && x->status != 404 && x->status != 407))
		return false;
	if (server && x->code == REASON_DOMAIN_NOT_SERVED)
		set_domain_cause(f, server, user);
	else
		set_account_cause(f, x, server, client);
	if (h)
		finding_prove(f, "%s answered the REGISTER of %s with %d%s%s", h->agent, user,
			      (int)x->status, x->diagnostics ? ": " : "",
			      x->diagnostics ? x->diagnostics : "");
	return true;
}

/* By the connection from the Edge, which the client reached, to the Front End. */
static bool by_links(const struct evidence *e, struct finding *f, const struct failed *x)
{
	if (!g_str_equal(x->stage, STAGE_REGISTER) && !g_str_equal(x->stage, STAGE_PROVISIONING))
		return false;
	for (const struct heard *h = NULL; (h = evidence_event(e, NULL, EVENT_LINK_FAILED, h));) {
		const struct node *from = service_node_of(e->model, h->agent);
		struct tried t = cause_tried(from ? from->name : "", h->event);

		if (from && node_declared_service(from, SERVICE_EDGE) &&
		    cause_by_connection(e, f, &t))
			return true;
	}
	return false;
}

/* By what a server reports of another one's certificate: with TLS 1.3 the refused side learns
 * of it only later. */
static bool by_refused_edge(const struct evidence *e, struct finding *f, const struct failed *x)
{
	if (g_str_equal(x->stage, STAGE_DNS) || g_str_equal(x->stage, STAGE_TLS))
		return false;
	return cause_refused_server(e, f);
}

/* By what the web answered, of a client that uses nothing else, or to whom nothing else named a
 * server. */
static bool by_web(const struct evidence *e, struct finding *f, const struct failed *x)
{
	const struct node *n = model_node(e->model, x->end);
	bool alone = n && n->endpoint && g_strcmp0(n->endpoint->discovery, "web") == 0;

	return (g_str_equal(x->stage, STAGE_WEB) ||
		(alone &&
		 (g_str_equal(x->stage, STAGE_DNS) || g_str_equal(x->stage, STAGE_TLS)))) &&
	       cause_by_web(e, f, x->end);
}

/* --- the rule --------------------------------------------------------------------------------- */

static bool (*const ways[])(const struct evidence *, struct finding *, const struct failed *) = {
	by_web,	   by_fallbacks, by_connections, by_questions,
	by_server, by_refusal,	 by_links,	 by_refused_edge,
};

bool cause_rule_sign_in(const struct evidence *e, struct finding *f)
{
	const struct heard *h = evidence_event(e, NULL, EVENT_SIGN_IN_FAILED, NULL);
	struct failed x;
	bool found = false;

	if (!h)
		return false;
	x = (struct failed){
		.end = h->agent,
		.stage = member_text(h->event, "stage"),
		.reason = member_text(h->event, "reason"),
		.code = foreign_reason(h->event),
		.diagnostics = member_text(h->event, "diagnostics"),
		.status = member_integer(h->event, "sip_status"),
		.event = h->event,
	};
	if (!x.stage || !x.reason)
		return false;
	g_free(f->what);
	f->what = g_strdup_printf("%s could not sign in", h->agent);
	for (guint i = 0; i < G_N_ELEMENTS(ways) && !found; i++)
		found = ways[i](e, f, &x);
	if (!found && !by_reason(f, &x))
		return false;
	if (!f->node)
		f->node = g_strdup(h->agent);
	if (!f->why)
		f->why = g_strdup(cause_text(f->code));
	return finding_prove(f, "%s gave up in stage %s: %s", h->agent, x.stage, x.reason);
}
