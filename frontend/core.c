/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/core.h"

#include "common/sip_failure.h"
#include "common/wire/pack.h"
#include "frontend/av_mcu.h"
#include "frontend/cdr.h"
#include "frontend/im_mcu.h"
#include "frontend/provisioning.h"
#include "frontend/proxy.h"

#include <string.h>

/* What users take, and so what may be sent to them. */
#define USER_METHODS "INVITE, ACK, CANCEL, BYE, INFO, MESSAGE, OPTIONS, UPDATE, SUBSCRIBE, NOTIFY"

struct fe_core {
	const struct fe_config *config;
	const struct core_io *io;
	gpointer user_data;
	struct transactions_io wire; /* passes messages to `io` and to `cdr` */
	char *sent_by;
	char *record_route;
	char *tag;     /* To of all that is refused here, by which the ACK for it is known */
	char **places; /* "host:port" of each Route that means this proxy */
	transactions *transactions;
	registrar *registrar;
	struct fe_context context;
	focus *focus;
	im_mcu *im;
	av_mcu *av;
	cdr *cdr;
	guint64 requests, forwarded, refused, responses_dropped;
};

/* --- I/O of the parts ------------------------------------------------------------------------- */

static gint64 core_now_us(gpointer user_data)
{
	fe_core *c = user_data;

	return c->io->transactions.now_us(c->user_data);
}

static bool core_send(struct fe_flow *flow, sip_msg *m, gpointer user_data)
{
	fe_core *c = user_data;

	if (!c->io->transactions.send(flow, m, c->user_data))
		return false;
	cdr_observe(c->cdr, m, core_now_us(c));
	return true;
}

static void core_flow_failed(const char *user, const char *route, gpointer user_data)
{
	fe_core *c = user_data;

	registrar_drop(c->registrar, user, route);
}

static int core_answer_status(const sip_msg *response, gpointer user_data)
{
	const fe_core *c = user_data;

	return fe_proxy_answer_status(response, c->config->domain);
}

static void core_wake(gint64 when_us, gpointer user_data)
{
	fe_core *c = user_data;

	c->io->transactions.wake(when_us, c->user_data);
}

static void core_record(json_t *record, gpointer user_data)
{
	fe_core *c = user_data;

	c->io->event(EVENT_SESSION, record, c->user_data);
}

static void core_conference_ended(const struct conference *conference, gpointer user_data)
{
	fe_core *c = user_data;

	im_mcu_conference_ended(c->im, conference);
}

static bool core_conference_is_empty(const struct conference *conference, gpointer user_data)
{
	const fe_core *c = user_data;

	return im_mcu_is_empty(c->im, conference) && av_mcu_is_empty(c->av, conference);
}

/* --- life ------------------------------------------------------------------------------------- */

static void add_users(fe_core *c)
{
	ptr_array_foreach(const struct fe_config_user, u, c->config->users) {
		registrar_add_user(c->registrar, u->user, u->password, u->edge);
		if (u->disabled)
			registrar_disable_user(c->registrar, u->user);
		if (u->inside_only)
			registrar_keep_user_inside(c->registrar, u->user);
	}
}

/* How Routes name this proxy: by name in its own Record-Route, by an address in hand-made ones. */
static void add_routes(fe_core *c)
{
	const struct fe_config *config = c->config;
	const char *const hosts[] = {config->fqdn, config->address, config->address6};
	g_autoptr(GStrvBuilder) places = g_strv_builder_new();

	for (gsize i = 0; i < G_N_ELEMENTS(hosts); i++) {
		g_autofree char *at = hosts[i] ? sip_host_port(hosts[i], config->port) : NULL;
		g_autofree char *place = at ? g_ascii_strdown(at, -1) : NULL;

		if (place)
			g_strv_builder_add(places, place);
	}
	c->places = g_strv_builder_end(places);
	c->record_route =
		g_strdup_printf("<sip:%s:%u;transport=tls;lr>", config->fqdn, config->port);
}

fe_core *fe_core_new(const struct fe_config *config, const struct core_io *io, gpointer user_data)
{
	fe_core *c = g_new0(fe_core, 1);

	c->config = config;
	c->io = io;
	c->user_data = user_data;
	c->wire = (struct transactions_io){
		.now_us = core_now_us,
		.send = core_send,
		.wake = core_wake,
		.flow_failed = core_flow_failed,
		.answer_status = core_answer_status,
	};
	c->sent_by = sip_host_port(config->address, config->port);
	add_routes(c);
	c->tag = sip_new_tag();
	c->cdr = cdr_new(core_record, c);
	c->transactions = transactions_new(c->sent_by, &c->wire, c);
	c->registrar = registrar_new(config->domain);
	add_users(c);
	c->context = (struct fe_context){
		.transactions = c->transactions,
		.registrar = c->registrar,
		.domain = config->domain,
		.address = config->address,
		.address6 = config->address6,
		.ice_profile = config->ice_profile,
		.links = &io->links,
		.links_data = user_data,
	};
	c->focus = focus_new(core_conference_ended, core_conference_is_empty, c);
	c->im = im_mcu_new(&c->context);
	c->av = av_mcu_new(&c->context);
	return c;
}

void fe_core_free(fe_core *c)
{
	if (!c)
		return;
	cdr_free(c->cdr, core_now_us(c));
	av_mcu_free(c->av);
	im_mcu_free(c->im);
	object_free(c->focus);
	object_free(c->registrar);
	object_free(c->transactions);
	g_strfreev(c->places);
	g_free(c->record_route);
	g_free(c->tag);
	g_free(c->sent_by);
	g_free(c);
}

/* --- subjects --------------------------------------------------------------------------------- */

static void core_answer(fe_core *c, struct fe_flow *flow, const sip_msg *request, int status)
{
	transactions_answer(c->transactions, flow, request, status, NULL, c->tag);
}

static void send_and_unref(fe_core *c, struct fe_flow *flow, sip_msg *m)
{
	transactions_send(c->transactions, flow, m);
	sip_msg_unref(m);
}

/* Sends the event `request-refused` for our response to a request. */
static void report_refused(fe_core *c, const struct fe_flow *flow, const sip_msg *request,
			   const sip_msg *response)
{
	g_autofree char *user = sip_uri_user(sip_to_uri(request));
	struct sip_failure why = sip_failure_of(response, NULL);

	c->io->event(EVENT_REQUEST_REFUSED,
		     reason_set(event_pack("{s:s, s:s?, s:i, s:s?, s:s}", "method",
					   sip_method(request), "user", user, "status", why.status,
					   "diagnostics", sip_diagnostics(response), "via",
					   flow->edge ? flow->edge : "direct"),
				why.code, why.words),
		     c->user_data);
}

/* The subject_* functions handle a request of their subject: they answer it, now or later, or pass
 * it on. */
static void subject_register(fe_core *c, struct fe_flow *flow, sip_msg *request)
{
	const struct binding *b;
	sip_msg *response = registrar_register(c->registrar, request, flow, core_now_us(c), &b);

	if (b)
		c->io->event(EVENT_REGISTERED,
			     event_pack("{s:s, s:s, s:b}", "user", b->user, "via",
					b->edge ? b->edge : "direct", "remote_user", !!b->edge),
			     c->user_data);
	else if (sip_status(response) >= 403)
		report_refused(c, flow, request, response);
	if (!flow->edge)
		sip_users_learn(flow->users, response, core_now_us(c));
	send_and_unref(c, flow, response);
}

static void subject_subscribe(fe_core *c, struct fe_flow *flow, sip_msg *request)
{
	g_autofree char *user = sip_uri_user(sip_uri(request));

	send_and_unref(c, flow,
		       fe_provisioning_answer(request, user,
					      registrar_user_edge(c->registrar, user)));
}

static void subject_factory(fe_core *c, struct fe_flow *flow, sip_msg *request)
{
	const struct conference *made;

	send_and_unref(c, flow, focus_service(c->focus, request, core_now_us(c), &made));
	if (made)
		av_mcu_prepare(c->av, made);
}

static void subject_conference(fe_core *c, struct fe_flow *flow, sip_msg *request)
{
	enum conference_kind kind;
	const struct conference *conference =
		focus_find(c->focus, sip_uri(request), core_now_us(c), &kind);

	if (kind == CONFERENCE_CHAT)
		im_mcu_request(c->im, conference, flow, request);
	else if (kind == CONFERENCE_AV)
		av_mcu_request(c->av, conference, flow, request);
	else if (!g_str_equal(sip_method(request), "ACK"))
		core_answer(c, flow, request, conference ? 405 : 404);
}

/* Forwards a request for credentials to the Edge in its URI; 504 when that does not answer
 * (docs/PROTOCOL.md, "Sign-in" 3). */
static void subject_mras(fe_core *c, struct fe_flow *flow, sip_msg *request)
{
	g_autofree char *user = sip_uri_user(sip_uri(request));
	const char *at = user ? strchr(user, '@') : NULL;
	struct fe_route route = {0};

	if (!sip_take_hop(request)) {
		core_answer(c, flow, request, 483);
		return;
	}
	if (at)
		route.flow = c->io->links.mras_flow(at + 1, c->user_data);
	if (route.flow)
		transactions_forward(c->transactions, flow, request, &route, MRAS_FORWARD_US, 504);
	else
		core_answer(c, flow, request, 404);
}

static void subject_user(fe_core *c, struct fe_flow *flow, sip_msg *request)
{
	struct fe_route route;
	int status = fe_proxy_decide(c->registrar, request, core_now_us(c), &route);

	if (g_str_equal(sip_method(request), "ACK")) {
		transactions_forward_ack(c->transactions, flow, request, status ? NULL : &route);
	} else if (status) {
		core_answer(c, flow, request, status);
	} else {
		c->forwarded++;
		if (sip_makes_dialog(request))
			sip_prepend_header(request, "Record-Route", c->record_route);
		transactions_forward(c->transactions, flow, request, &route, 0, 480);
	}
}

/* Presence and the like are not modelled (docs/PROTOCOL.md, "Signalling through the Edge"). */
static void subject_service(fe_core *c, struct fe_flow *flow, sip_msg *request)
{
	sip_msg *answer = sip_response_new(request, 405, NULL, c->tag);

	sip_add_header(answer, "Allow", USER_METHODS);
	send_and_unref(c, flow, answer);
}

static void subject_none(fe_core *c, struct fe_flow *flow, sip_msg *request)
{
	if (!g_str_equal(sip_method(request), "ACK"))
		core_answer(c, flow, request, 404);
}

static void (*const subject_functions[])(fe_core *c, struct fe_flow *flow, sip_msg *request) = {
	[SUBJECT_USER] = subject_user,
	[SUBJECT_REGISTER] = subject_register,
	[SUBJECT_SUBSCRIBE] = subject_subscribe,
	[SUBJECT_FACTORY] = subject_factory,
	[SUBJECT_CONFERENCE] = subject_conference,
	[SUBJECT_MRAS] = subject_mras,
	[SUBJECT_SERVICE] = subject_service,
	[SUBJECT_NONE] = subject_none,
};

/* --- messages --------------------------------------------------------------------------------- */

/* Refuses a request of an unproven sender, with a challenge when the status is 401 or 407.  ACK
 * gets no response. */
static void core_refuse(fe_core *c, struct fe_flow *flow, const sip_msg *request, int status,
			bool stale)
{
	if (g_str_equal(sip_method(request), "ACK"))
		return;
	c->refused++;
	if (status == 403)
		send_and_unref(c, flow,
			       sip_refuse(request, REASON_WRONG_CREDENTIALS, NULL, c->tag,
					  c->config->fqdn));
	else if (status == 400)
		send_and_unref(c, flow, registrar_refuse_astray(request, c->tag));
	else
		send_and_unref(c, flow,
			       registrar_challenge(c->registrar, request, flow, status, c->tag,
						   stale, core_now_us(c)));
}

/* Answers a request that needs an extension of the proxy, or of a server behind it, that there is
 * none of.  true: it was answered. */
static bool refuse_extensions(fe_core *c, struct fe_flow *flow, const sip_msg *request,
			      enum proxy_subject subject)
{
	static const char *const known[] = {"path",
					    "gruu-10",
					    "adhoclist",
					    "msrtc-event-categories",
					    "ms-piggyback-first-notify",
					    NULL};
	sip_msg *answer = sip_refuse_extensions(request, "Proxy-Require", NULL, c->tag);

	if (!answer && subject != SUBJECT_USER && subject != SUBJECT_MRAS)
		answer = sip_refuse_extensions(request, "Require", known, c->tag);
	if (answer)
		send_and_unref(c, flow, answer);
	return answer;
}

/* What no client may send, to nobody.  true: it was answered. */
static bool refuse_unfit(fe_core *c, struct fe_flow *flow, const sip_msg *request)
{
	sip_msg *answer = NULL;

	if (!flow->edge && sip_msg_size(request) > SIP_CLIENT_MESSAGE_MAX)
		answer = sip_refuse_too_long(request);
	else
		answer = sip_refuse_unfit(request, c->tag);
	if (answer && !g_str_equal(sip_method(request), "ACK"))
		transactions_send(c->transactions, flow, answer);
	sip_msg_unref(answer);
	return answer;
}

/* Whether the sender of a request is the user in From; else it was refused.  An ACK can't be
 * challenged: it counts when it is for a session that there is, or for an INVITE of this connection
 * that failed. */
static bool check_sender(fe_core *c, struct fe_flow *flow, sip_msg *request)
{
	bool stale = false;
	int status = fe_proxy_check_sender(c->registrar, request, flow, core_now_us(c), &stale);

	if (!status)
		return true;
	if (!g_str_equal(sip_method(request), "ACK")) {
		core_refuse(c, flow, request, status, stale);
		return false;
	}
	if (status != 403 && cdr_has_session(c->cdr, request))
		return true;
	transactions_forward_ack(c->transactions, flow, request, NULL);
	return false;
}

/* Checks the sender of a request and passes it to the function of its subject. */
static void core_request(fe_core *c, struct fe_flow *flow, sip_msg *request)
{
	enum proxy_subject subject = fe_proxy_subject(request);

	c->requests++;
	if (g_str_equal(sip_method(request), "ACK") && !g_strcmp0(sip_to_tag(request), c->tag))
		return;
	if (refuse_unfit(c, flow, request) || refuse_extensions(c, flow, request, subject))
		return;
	if (subject == SUBJECT_REGISTER) {
		if (flow->outbound)
			core_refuse(c, flow, request, 403, false);
		else
			subject_register(c, flow, request);
		return;
	}
	if (!check_sender(c, flow, request))
		return;
	sip_remove_claims(request);
	fe_proxy_remove_credentials(request, c->config->domain);
	fe_proxy_take_routes(request, (const char *const *)c->places);
	cdr_observe(c->cdr, request, core_now_us(c));
	if (g_str_equal(sip_method(request), "CANCEL")) {
		transactions_cancel(c->transactions, flow, request);
		return;
	}
	if (g_str_equal(sip_method(request), "INVITE")) /* RFC 3261 section 17.2.1 */
		core_answer(c, flow, request, 100);
	subject_functions[subject](c, flow, request);
}

void fe_core_message(fe_core *c, struct fe_flow *flow, sip_msg *m)
{
	if (sip_is_request(m)) {
		core_request(c, flow, m);
		return;
	}
	if (!flow->edge)
		sip_remove_claims(m);
	c->responses_dropped += !transactions_response(c->transactions, flow, m);
}

/* --- flows and time --------------------------------------------------------------------------- */

void fe_core_flow_up(fe_core *c, struct fe_flow *flow)
{
	if (flow->edge && !flow->outbound)
		registrar_edge_up(c->registrar, flow);
}

void fe_core_flow_gone(fe_core *c, struct fe_flow *flow)
{
	g_autoptr(GPtrArray) users = registrar_flow_gone(c->registrar, flow);

	for (guint i = 0; i < users->len; i++) {
		im_mcu_user_gone(c->im, g_ptr_array_index(users, i));
		av_mcu_user_gone(c->av, g_ptr_array_index(users, i));
	}
	transactions_flow_gone(c->transactions, flow);
}

void fe_core_expire(fe_core *c)
{
	transactions_expire(c->transactions);
}

bool fe_core_hang_up(fe_core *c)
{
	bool anybody = av_mcu_participants(c->av) > 0;

	av_mcu_hang_up(c->av);
	return anybody;
}

json_t *fe_core_stats(const fe_core *c)
{
	return event_pack("{s:I, s:I, s:I, s:I, s:i, s:i, s:i, s:i, s:i, s:i}", "requests",
			  (json_int_t)c->requests, "forwarded", (json_int_t)c->forwarded, "refused",
			  (json_int_t)c->refused, "responses_dropped",
			  (json_int_t)c->responses_dropped, "registered",
			  (int)registrar_count(c->registrar), "transactions",
			  (int)transactions_count(c->transactions), "sessions",
			  (int)cdr_open_sessions(c->cdr), "conferences", (int)focus_count(c->focus),
			  "im_participants", (int)im_mcu_participants(c->im), "av_participants",
			  (int)av_mcu_participants(c->av));
}
