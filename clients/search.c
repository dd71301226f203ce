/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/search.h"

#include "clients/web.h"
#include "common/error_reason.h"
#include "common/reach.h"
#include "common/sip.h"
#include "common/wire/event.h"
#include "common/wire/pack.h"

#define TLS_MS 3000

/* One look-up of the discovery list. */
struct search_lookup {
	search *owner;
	guint index;
	GPtrArray *events; /* json_t: `dns`, reported in the list's order */
};

struct search {
	const struct client_config *config;
	channel *events;
	tls_identity *identity;
	struct search_handlers handlers;
	gpointer user_data;
	names *names;
	discovery *discovery;
	struct search_lookup lookups[DISCOVERY_LOOKUPS];
	web *web;			/* NULL: not asking the web service */
	reach *connecting;		/* NULL: not connecting */
	struct discovery_target target; /* strings belong to `discovery` */
	const char *ways[2];		/* its addresses, in the order of attempts */
	const char *failed_stage;	/* of the last failure; NULL: none */
	enum reason last_code;
	char *last_words;
	bool over;
};

/* Keeps why an attempt failed, for the case that it is the last one; one to connect to a SIP server
 * says more than one to ask for it. */
static void keep_failure(search *s, const char *stage, enum reason code, const char *at,
			 const char *words)
{
	if (s->failed_stage == STAGE_TLS && stage == STAGE_WEB)
		return;
	s->failed_stage = stage;
	s->last_code = code;
	g_free(s->last_words);
	s->last_words = g_strdup_printf("%s: %s", at, words);
}

/* Sends events `dns` for the look-ups that discovery has used, in the order of the list, not in
 * that of their arrival. */
static void report_lookups(search *s)
{
	for (guint i = 0; i < discovery_used(s->discovery); i++) {
		GPtrArray *list = s->lookups[i].events;
		for (guint k = 0; k < list->len; k++)
			channel_event(s->events, EVENT_DNS,
				      json_incref(g_ptr_array_index(list, k)));
		g_ptr_array_set_size(list, 0);
	}
}

json_t *search_server(const search *s)
{
	const struct discovery_target *t = &s->target;
	return event_pack("{s:s, s:s, s:i, s:s}", "name", t->name, "address", t->address, "port",
			  (int)t->port, "found_by", t->query);
}

static void go_on(search *s);

/* --- connecting ------------------------------------------------------------------------------- */

/* Ends the search, or reports a failed attempt; after the last one it goes on. */
static void on_server_reached(GIOStream *stream, guint way, const GError *error, bool last,
			      gpointer data)
{
	search *s = data;
	s->target.address = s->ways[way];
	if (stream || last)
		g_clear_pointer(&s->connecting, reach_free);
	if (stream) {
		s->over = true;
		s->handlers.found(stream, s->user_data);
		return;
	}
	channel_event(s->events, EVENT_CONNECT_FAILED,
		      error_set(event_pack("{s:o}", "server", search_server(s)), error));
	g_autofree char *at = sip_host_port(s->target.address, s->target.port);
	keep_failure(s, STAGE_TLS, error_reason(error), at, error->message);
	if (last)
		go_on(s);
}

/* Starts connecting to the target; to its IPv6 address first, where it has both (RFC 6724). The
 * kernel chooses the source by its routes, as for any program: a client with a VPN has several
 * addresses. */
static void connect_to_target(search *s)
{
	bool both = s->target.address6;
	s->ways[0] = both ? s->target.address6 : s->target.address;
	s->ways[1] = s->target.address;
	const struct reach_way ways[] = {
		{.address = s->ways[0]},
		{.address = s->ways[1]},
	};
	s->connecting = reach_new(ways, both ? 2 : 1, s->target.port, s->target.name, s->identity,
				  TLS_MS, on_server_reached, s);
}

/* --- asking ----------------------------------------------------------------------------------- */

/* Keeps the event of an answer until its turn has come. */
static void keep_event(const struct search_lookup *l, const struct dns_answer *answer)
{
	g_ptr_array_add(l->events, names_event(l->owner->names, answer));
}

static void on_target_address(const struct dns_answer *answer, gpointer data)
{
	const struct search_lookup *l = data;
	keep_event(l, answer);
	discovery_target_address(l->owner->discovery, l->index, answer);
	go_on(l->owner);
}

/* Passes an answer to discovery; an SRV target's addresses are queried next. */
static void on_lookup(const struct dns_answer *answer, gpointer data)
{
	struct search_lookup *l = data;
	keep_event(l, answer);
	const char *target = discovery_answer(l->owner->discovery, l->index, answer);
	if (target)
		names_query_addresses(l->owner->names, target, on_target_address, l);
	else
		go_on(l->owner);
}

/* A name without an address, which its events tell already. */
static bool is_about_names(enum reason code)
{
	return code == REASON_NO_SERVER_NAME || code == REASON_DNS_NXDOMAIN ||
	       code == REASON_DNS_TIMED_OUT || code == REASON_DNS_REFUSED ||
	       code == REASON_DNS_FAILED;
}

/* Queries the addresses of the server that the web service has named, or goes on without it. */
static void on_web_answer(enum web_step end, const struct web_steps *steps, gpointer data)
{
	search *s = data;
	struct search_lookup *l = &s->lookups[s->target.lookup];
	bool named = end == WEB_STEP_SERVER;
	discovery_web(s->discovery, l->index, named ? steps->sip.fqdn : NULL, steps->sip.port);
	if (named)
		names_query_addresses(s->names, steps->sip.fqdn, on_target_address, l);
	else if (!is_about_names(steps->code))
		keep_failure(s, STAGE_WEB, steps->code, steps->url, steps->words);
	g_clear_pointer(&s->web, web_free);
	if (!named)
		go_on(s);
}

static void query_group(search *s, guint from)
{
	for (guint i = from; i < discovery_group_end(s->discovery, from); i++) {
		enum dns_type type;
		const char *name = discovery_query(s->discovery, i, &type);
		if (type == DNS_SRV)
			names_query_service(s->names, name, on_lookup, &s->lookups[i]);
		else
			names_query_addresses(s->names, name, on_lookup, &s->lookups[i]);
	}
}

static void search_fail(search *s)
{
	struct sip_failure why = {.code = REASON_NO_SERVER_NAME};
	if (s->failed_stage)
		why = (struct sip_failure){.code = s->last_code, .words = s->last_words};
	s->over = true;
	s->handlers.failed(s->failed_stage ? s->failed_stage : STAGE_DNS, why, s->user_data);
}

/* Does what discovery says next.  Does nothing when the next look-up is not answered yet, or while
 * asking or connecting.  At the end of the list the search fails. */
static void go_on(search *s)
{
	struct discovery_target t;
	if (s->web || s->connecting || s->over)
		return;
	enum discovery_step step = discovery_next(s->discovery, &t);
	report_lookups(s);
	switch (step) {
	case DISCOVERY_QUERY:
		query_group(s, t.lookup);
		break;
	case DISCOVERY_WAIT:
		break;
	case DISCOVERY_WEB:
		s->target = t;
		s->web = web_new(s->config, s->events, s->identity, &t, WEB_LIMIT_MS, on_web_answer,
				 s);
		break;
	case DISCOVERY_TRY:
		s->target = t;
		connect_to_target(s);
		break;
	case DISCOVERY_NONE:
		search_fail(s);
		break;
	}
}

/* --- life ------------------------------------------------------------------------------------- */

search *search_new(const struct client_config *config, channel *events, tls_identity *id,
		   const struct search_handlers *handlers, gpointer user_data, GError **error)
{
	names *n = names_new(config, events, error);
	if (!n)
		return NULL;
	search *s = g_new0(search, 1);
	s->config = config;
	s->events = events;
	s->identity = id;
	s->handlers = *handlers;
	s->user_data = user_data;
	s->names = n;
	s->discovery = discovery_new(config->domain, names_families(config), config->discovery);
	for (guint i = 0; i < DISCOVERY_LOOKUPS; i++)
		s->lookups[i] = (struct search_lookup){
			.owner = s,
			.index = i,
			.events = g_ptr_array_new_with_free_func((GDestroyNotify)json_decref)};
	go_on(s);
	return s;
}

void search_free(search *s)
{
	if (!s)
		return;
	g_clear_pointer(&s->web, web_free);
	g_clear_pointer(&s->connecting, reach_free);
	names_free(s->names);
	discovery_free(s->discovery);
	for (guint i = 0; i < DISCOVERY_LOOKUPS; i++)
		g_ptr_array_unref(s->lookups[i].events);
	g_free(s->last_words);
	g_free(s);
}

const char *search_stage(const search *s)
{
	return s->web ? STAGE_WEB : s->connecting ? STAGE_TLS : STAGE_DNS;
}

names *search_names(const search *s)
{
	return s->names;
}
