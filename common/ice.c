#include "common/ice.h"

#include <gio/gio.h>
#include <nice/agent.h>
#include <nice/interfaces.h>
#include <string.h>

/* How a session hangs together.  libnice emits its signals also from inside calls made to it; they
 * are queued here and handed on from the main loop, so that no handler ever runs inside a function of
 * this module.  Packets are the exception: they come straight from the receiving source.
 *
 * Failure.  libnice says FAILED once all pairs have failed, nothing is being gathered and idle-timeout
 * has passed.  A relay whose SYN-ACK never comes keeps gathering alive for stun-reliable-timeout, and a
 * peer that goes silent never ends its own; so each stream has a deadline of its own as well
 * (deadline_ms after the peer's credentials).  libnice's FAILED is believed only when both sides have
 * ended gathering: before that a better candidate may still come.
 *
 * Holding back.  Once a pair is nominated libnice drops every pair of that component that has not been
 * checked yet (RFC 5245 section 8.1.2), also better ones: with candidates trickling in, a call went over
 * TCP because the UDP relay's candidate came 40 ms before the TCP relay's check was answered.  So checks
 * begin when both ends have gathered, or hold_ms after they could (a relay that never answers must not
 * hold up the others); then the list is whole, the best pairs are sent first, and a pair that is being
 * checked stays.  What comes later is trickled as RFC 8838 has it.
 *
 * One agent a stream.  In one agent for all, the pairs of a second stream are frozen until one of the first stream
 * has succeeded (RFC 5245 section 5.7.4), and frozen ones are dropped like unchecked ones: a call's video went over
 * the relay where its audio went straight. */

#define COMPONENT 1
/* TURN over TCP: room for two lost SYNs (1 s and 3 s), and still time for checks before the deadline. */
#define RELIABLE_TIMEOUT_MS 3800

static const struct ice_profile profiles[] = {
	{ .name = "standard", .stun_initial_timeout_ms = 500, .stun_max_retransmissions = 3, .idle_timeout_ms = 4000,
	  .pacing_ms = 10, .hold_ms = 400, .deadline_ms = 6500 },
	{ .name = "fast", .stun_initial_timeout_ms = 200, .stun_max_retransmissions = 2, .idle_timeout_ms = 1000,
	  .pacing_ms = 5, .hold_ms = 200, .deadline_ms = 4500 },
};

enum event_kind { EVENT_CANDIDATE, EVENT_GATHERED, EVENT_STATE };

struct event {
	enum event_kind kind;
	guint stream;
	enum ice_state state;
	struct ice_candidate candidate;
	char *sdp;
};

struct stream {
	NiceAgent *agent;
	GPtrArray *held; /* char *: remote candidates, until checks begin; NULL: they are taken at once */
	bool may_check, has_credentials;
	guint hold; /* source: no longer than hold_ms */
	guint id; /* libnice's */
	enum ice_state state;
	bool gathered, remote_gathered;
	bool failed; /* libnice says so */
	guint deadline; /* source */
	char *ufrag, *pwd;
};

struct ice {
	struct ice_handlers handlers;
	gpointer user_data;
	guint n_streams;
	struct stream *streams;
	guint16 *tcp_ports; /* of the relays, to tell how a selected relay is reached */
	guint n_relays;
	guint deadline_ms, hold_ms;
	struct ice_report report;
	GQueue events; /* struct event */
	guint dispatch; /* source */
	bool closed;
	guint n_open; /* agents that have still to be closed */
};

/* For a timer of one stream. */
struct timer {
	ice *owner;
	guint stream;
};

static const enum ice_candidate_type types[] = {
	[NICE_CANDIDATE_TYPE_HOST] = ICE_HOST,
	[NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE] = ICE_SRFLX,
	[NICE_CANDIDATE_TYPE_PEER_REFLEXIVE] = ICE_PRFLX,
	[NICE_CANDIDATE_TYPE_RELAYED] = ICE_RELAY,
};

const struct ice_profile *ice_profile_by_name(const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(profiles); i++)
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	return NULL;
}

/* --- events to the owner ---------------------------------------------------------------------- */

static void event_free(struct event *e)
{
	g_free(e->sdp);
	g_free(e);
}

static void event_deliver(ice *i, const struct event *e)
{
	switch (e->kind) {
	case EVENT_CANDIDATE:
		i->handlers.candidate(i, e->stream, &e->candidate, e->sdp, i->user_data);
		break;
	case EVENT_GATHERED:
		i->handlers.gathered(i, e->stream, i->user_data);
		break;
	case EVENT_STATE:
		i->handlers.state(i, e->stream, e->state, i->user_data);
		break;
	}
}

static gboolean dispatch_events(gpointer data)
{
	ice *i = data;
	i->dispatch = 0;
	/* A handler may free the session; the memory lives on until it has lingered. */
	while (!i->closed && !g_queue_is_empty(&i->events)) {
		struct event *e = g_queue_pop_head(&i->events);
		event_deliver(i, e);
		event_free(e);
	}
	return G_SOURCE_REMOVE;
}

static void event_queue(ice *i, const struct event *e)
{
	if (i->closed) {
		g_free(e->sdp);
		return;
	}
	g_queue_push_tail(&i->events, g_memdup2(e, sizeof(*e)));
	if (i->dispatch == 0)
		i->dispatch = g_idle_add_full(G_PRIORITY_DEFAULT, dispatch_events, i, NULL);
}

/* --- states ------------------------------------------------------------------------------------- */

static void clear_deadline(struct stream *s)
{
	if (s->deadline)
		g_source_remove(s->deadline);
	s->deadline = 0;
}

static void set_state(ice *i, guint stream, enum ice_state state)
{
	struct stream *s = &i->streams[stream];
	/* Forward only; libnice repeats itself and looks at further pairs after READY. */
	if (state <= s->state || s->state == ICE_READY)
		return;
	s->state = state;
	if (state == ICE_READY || state == ICE_FAILED)
		clear_deadline(s);
	event_queue(i, &(struct event){ .kind = EVENT_STATE, .stream = stream, .state = state });
}

static void believe_failure(ice *i, guint stream)
{
	const struct stream *s = &i->streams[stream];
	if (s->failed && s->gathered && s->remote_gathered)
		set_state(i, stream, ICE_FAILED);
}

static gboolean deadline_passed(gpointer data)
{
	const struct timer *d = data;
	struct stream *s = &d->owner->streams[d->stream];
	s->deadline = 0;
	/* A stream that carries packets is as ready as it will be. */
	set_state(d->owner, d->stream, s->state == ICE_CONNECTED ? ICE_READY : ICE_FAILED);
	return G_SOURCE_REMOVE;
}

static bool find_stream(const ice *i, const NiceAgent *agent, guint *ret_stream)
{
	for (guint n = 0; n < i->n_streams; n++) {
		if (i->streams[n].agent != agent)
			continue;
		*ret_stream = n;
		return true;
	}
	return false;
}

static void on_state(NiceAgent *agent, guint id, guint component, guint state, gpointer data)
{
	static const enum ice_state states[] = {
		[NICE_COMPONENT_STATE_DISCONNECTED] = ICE_GATHERING, [NICE_COMPONENT_STATE_GATHERING] = ICE_GATHERING,
		[NICE_COMPONENT_STATE_CONNECTING] = ICE_CHECKING,    [NICE_COMPONENT_STATE_CONNECTED] = ICE_CONNECTED,
		[NICE_COMPONENT_STATE_READY] = ICE_READY,	     [NICE_COMPONENT_STATE_FAILED] = ICE_FAILED,
	};
	ice *i = data;
	guint stream;
	(void)id;
	(void)component;
	if (state >= G_N_ELEMENTS(states) || !find_stream(i, agent, &stream))
		return;
	i->streams[stream].failed = states[state] == ICE_FAILED;
	if (states[state] == ICE_FAILED)
		believe_failure(i, stream);
	else
		set_state(i, stream, states[state]);
}

/* --- when checks begin ------------------------------------------------------------------------------ */

static void count_remote(struct ice_report *r, NiceCandidateType type)
{
	if (type == NICE_CANDIDATE_TYPE_HOST)
		r->remote_host++;
	else if (type == NICE_CANDIDATE_TYPE_RELAYED)
		r->remote_relay++;
	else
		r->remote_srflx++;
}

static bool take_candidate(ice *i, struct stream *s, const char *sdp)
{
	g_autofree char *line = g_strconcat("a=candidate:", sdp, NULL);
	NiceCandidate *c = nice_agent_parse_remote_candidate_sdp(s->agent, s->id, line);
	if (!c)
		return false;
	count_remote(&i->report, c->type);
	GSList *list = g_slist_append(NULL, c);
	/* A repeated candidate (trickled and again in the answer) is recognised there. */
	int added = nice_agent_set_remote_candidates(s->agent, s->id, COMPONENT, list);
	g_slist_free_full(list, (GDestroyNotify)nice_candidate_free);
	return added > 0;
}

static void gathering_done(ice *i, guint stream)
{
	nice_agent_peer_candidate_gathering_done(i->streams[stream].agent, i->streams[stream].id);
	believe_failure(i, stream);
}

static void clear_hold(struct stream *s)
{
	if (s->hold)
		g_source_remove(s->hold);
	s->hold = 0;
}

static void begin_checks(ice *i, guint stream)
{
	struct stream *s = &i->streams[stream];
	g_autoptr(GPtrArray) held = g_steal_pointer(&s->held);
	clear_hold(s);
	for (guint k = 0; held && k < held->len; k++)
		take_candidate(i, s, g_ptr_array_index(held, k));
	if (held && s->remote_gathered)
		gathering_done(i, stream);
}

static gboolean hold_passed(gpointer data)
{
	const struct timer *t = data;
	ice *i = t->owner;
	guint stream = t->stream;
	i->streams[stream].hold = 0;
	begin_checks(i, stream);
	return G_SOURCE_REMOVE;
}

static guint timer_add(ice *i, guint stream, guint ms, GSourceFunc passed)
{
	struct timer *t = g_new(struct timer, 1);
	*t = (struct timer){ .owner = i, .stream = stream };
	return g_timeout_add_full(G_PRIORITY_DEFAULT, ms, passed, t, g_free);
}

static void begin_checks_if_whole(ice *i, guint stream)
{
	struct stream *s = &i->streams[stream];
	if (!s->held || !s->may_check || !s->has_credentials)
		return;
	if (s->gathered && s->remote_gathered)
		begin_checks(i, stream);
	else if (!s->hold)
		s->hold = timer_add(i, stream, i->hold_ms, hold_passed);
}

/* --- gathering ------------------------------------------------------------------------------------ */

/* libnice ranks relays by how it reaches them (NICE_CANDIDATE_TYPE_PREF_RELAYED_UDP 30, RELAYED 20), and
 * a candidate given to a signal says nothing else about it. */
static enum ice_transport relay_transport_by_priority(guint32 priority)
{
	return priority >> 24 >= 30 ? ICE_UDP : ICE_TCP;
}

static void convert(const NiceCandidate *c, struct ice_candidate *ret)
{
	*ret = (struct ice_candidate){
		.type = types[c->type],
		.transport = c->transport == NICE_CANDIDATE_TRANSPORT_UDP ? ICE_UDP : ICE_TCP,
		.port = (guint16)nice_address_get_port(&c->addr),
		.priority = c->priority,
	};
	if (nice_address_is_valid(&c->addr))
		nice_address_to_string(&c->addr, ret->address);
}

static void count_local(struct ice_report *r, const struct ice_candidate *c)
{
	switch (c->type) {
	case ICE_HOST:
		r->host++;
		break;
	case ICE_SRFLX:
		r->srflx++;
		break;
	case ICE_RELAY:
		r->relay++;
		if (c->relay_transport == ICE_UDP)
			r->relays_udp_got++;
		else
			r->relays_tcp_got++;
		break;
	case ICE_PRFLX:
		break;
	}
}

static void on_candidate(NiceAgent *agent, NiceCandidate *c, gpointer data)
{
	ice *i = data;
	struct event e = { .kind = EVENT_CANDIDATE };
	/* Peer-reflexive ones are found by checks, not gathered (RFC 8445 section 7.2.5.3.1). */
	if (c->type == NICE_CANDIDATE_TYPE_PEER_REFLEXIVE || !find_stream(i, agent, &e.stream))
		return;
	convert(c, &e.candidate);
	if (e.candidate.type == ICE_RELAY)
		e.candidate.relay_transport = relay_transport_by_priority(c->priority);
	count_local(&i->report, &e.candidate);
	g_autofree char *line = nice_agent_generate_local_candidate_sdp(agent, c);
	if (!line)
		return;
	e.sdp = g_strdup(g_str_has_prefix(line, "a=candidate:") ? line + strlen("a=candidate:") : line);
	event_queue(i, &e);
}

static void on_gathered(NiceAgent *agent, guint id, gpointer data)
{
	ice *i = data;
	guint stream;
	(void)id;
	if (!find_stream(i, agent, &stream) || i->streams[stream].gathered)
		return;
	i->streams[stream].gathered = true;
	event_queue(i, &(struct event){ .kind = EVENT_GATHERED, .stream = stream });
	begin_checks_if_whole(i, stream);
	believe_failure(i, stream);
}

static void on_packet(NiceAgent *agent, guint id, guint component, guint length, char *data, gpointer user_data)
{
	ice *i = user_data;
	guint stream;
	(void)id;
	(void)component;
	if (!i->closed && find_stream(i, agent, &stream))
		i->handlers.received(i, stream, (const guint8 *)data, length, i->user_data);
}

static bool is_link_local6(const NiceAddress *a)
{
	return nice_address_ip_version(a) == 6 && IN6_IS_ADDR_LINKLOCAL(&a->s.ip6.sin6_addr);
}

static bool add_local_address(NiceAgent *agent, const char *text)
{
	NiceAddress address;
	nice_address_init(&address);
	return nice_address_set_from_string(&address, text) && !is_link_local6(&address) &&
	       nice_agent_add_local_address(agent, &address);
}

/* libnice prefers what comes first. */
static bool add_local_addresses(NiceAgent *agent, const char *only, const char *only6)
{
	if (only)
		return (!only6 || add_local_address(agent, only6)) && add_local_address(agent, only);
	GList *all = nice_interfaces_get_local_ips(FALSE);
	bool any = false;
	for (const GList *l = all; l; l = l->next)
		any |= add_local_address(agent, l->data);
	g_list_free_full(all, g_free);
	return any;
}

static void add_relay(ice *i, const struct stream *s, const struct ice_relay *r)
{
	if (r->udp_port && nice_agent_set_relay_info(s->agent, s->id, COMPONENT, r->address, r->udp_port, r->username,
						     r->password, NICE_RELAY_TYPE_TURN_UDP))
		i->report.relays_udp_asked++;
	if (r->tcp_port && nice_agent_set_relay_info(s->agent, s->id, COMPONENT, r->address, r->tcp_port, r->username,
						     r->password, NICE_RELAY_TYPE_TURN_TCP))
		i->report.relays_tcp_asked++;
}

static bool start_stream(ice *i, guint n, const struct ice_config *config, GError **error)
{
	struct stream *s = &i->streams[n];
	if (!add_local_addresses(s->agent, config->local_address, config->local_address6)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "no address for ICE");
		return false;
	}
	s->id = nice_agent_add_stream(s->agent, 1);
	if (config->port_min || config->port_max)
		nice_agent_set_port_range(s->agent, s->id, COMPONENT, config->port_min, config->port_max);
	for (guint r = 0; r < config->n_relays; r++)
		add_relay(i, s, &config->relays[r]);
	/* Before gathering: sockets that nobody reads time out silently. */
	nice_agent_attach_recv(s->agent, s->id, COMPONENT, g_main_context_get_thread_default(), on_packet, i);
	nice_agent_get_local_credentials(s->agent, s->id, &s->ufrag, &s->pwd);
	if (nice_agent_gather_candidates(s->agent, s->id))
		return true;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot open a socket on %s for ICE",
		    config->local_address ? config->local_address : "any address");
	return false;
}

static NiceAgent *agent_new(const struct ice_config *config, ice *i)
{
	const struct ice_profile *p = config->profile;
	NiceAgent *agent = nice_agent_new_full(g_main_context_get_thread_default(), NICE_COMPATIBILITY_RFC5245,
					       NICE_AGENT_OPTION_ICE_TRICKLE);
	/* No stun-server: the Allocate answers bring the server-reflexive address, and asking for both makes
	 * every gathering two seconds long. */
	g_object_set(agent, "controlling-mode", (gboolean)config->controlling, "upnp", FALSE, "ice-tcp", FALSE,
		     "stun-initial-timeout", p->stun_initial_timeout_ms, "stun-max-retransmissions",
		     p->stun_max_retransmissions, "stun-reliable-timeout", RELIABLE_TIMEOUT_MS, "idle-timeout",
		     p->idle_timeout_ms, "stun-pacing-timer", p->pacing_ms, NULL);
	nice_agent_set_software(agent, "testbed");
	g_signal_connect(agent, "component-state-changed", G_CALLBACK(on_state), i);
	g_signal_connect(agent, "new-candidate-full", G_CALLBACK(on_candidate), i);
	g_signal_connect(agent, "candidate-gathering-done", G_CALLBACK(on_gathered), i);
	return agent;
}

ice *ice_new(const struct ice_config *config, const struct ice_handlers *handlers, gpointer user_data, GError **error)
{
	ice *i = g_new0(ice, 1);
	i->handlers = *handlers;
	i->user_data = user_data;
	i->n_streams = config->n_streams;
	i->streams = g_new0(struct stream, config->n_streams);
	i->n_relays = config->n_relays;
	i->tcp_ports = g_new0(guint16, config->n_relays + 1);
	for (guint r = 0; r < config->n_relays; r++)
		i->tcp_ports[r] = config->relays[r].tcp_port;
	i->deadline_ms = config->profile->deadline_ms;
	i->hold_ms = config->profile->hold_ms;
	g_queue_init(&i->events);
	for (guint n = 0; n < config->n_streams; n++) {
		i->streams[n].agent = agent_new(config, i);
		i->streams[n].held = g_ptr_array_new_with_free_func(g_free);
		i->streams[n].may_check = config->controlling;
	}
	bool ok = true;
	for (guint n = 0; ok && n < config->n_streams; n++)
		ok = start_stream(i, n, config, error);
	if (ok)
		return i;
	ice_free(i);
	return NULL;
}

static void closed(GObject *agent, GAsyncResult *result, gpointer data)
{
	ice *i = data;
	(void)result;
	g_object_unref(agent);
	if (--i->n_open > 0)
		return;
	for (guint n = 0; n < i->n_streams; n++)
		g_clear_pointer(&i->streams[n].held, g_ptr_array_unref);
	g_free(i->streams);
	g_free(i->tcp_ports);
	g_free(i);
}

void ice_free(ice *i)
{
	if (!i)
		return;
	i->closed = true;
	for (guint n = 0; n < i->n_streams; n++) {
		g_signal_handlers_disconnect_by_data(i->streams[n].agent, i);
		clear_deadline(&i->streams[n]);
		clear_hold(&i->streams[n]);
		g_clear_pointer(&i->streams[n].ufrag, g_free);
		g_clear_pointer(&i->streams[n].pwd, g_free);
	}
	if (i->dispatch)
		g_source_remove(i->dispatch);
	g_queue_clear_full(&i->events, (GDestroyNotify)event_free);
	/* Sends the Refresh with lifetime 0 (RFC 5766 section 7) and calls back when it was answered or timed out. */
	i->n_open = i->n_streams;
	for (guint n = 0, all = i->n_streams; n < all; n++)
		nice_agent_close_async(i->streams[n].agent, closed, i);
}

/* --- the peer -------------------------------------------------------------------------------------- */

void ice_local_credentials(ice *i, guint stream, const char **ret_ufrag, const char **ret_pwd)
{
	*ret_ufrag = i->streams[stream].ufrag;
	*ret_pwd = i->streams[stream].pwd;
}

void ice_set_remote_credentials(ice *i, guint stream, const char *ufrag, const char *pwd)
{
	struct stream *s = &i->streams[stream];
	nice_agent_set_remote_credentials(s->agent, s->id, ufrag, pwd);
	if (s->deadline || s->state == ICE_FAILED)
		return;
	s->deadline = timer_add(i, stream, i->deadline_ms, deadline_passed);
	s->has_credentials = true;
	begin_checks_if_whole(i, stream);
}

bool ice_add_remote_candidate(ice *i, guint stream, const char *sdp)
{
	struct stream *s = &i->streams[stream];
	if (!ice_candidate_is_usable(sdp))
		return false;
	if (!s->held)
		return take_candidate(i, s, sdp);
	g_ptr_array_add(s->held, g_strdup(sdp));
	return true;
}

void ice_remote_gathered(ice *i, guint stream)
{
	struct stream *s = &i->streams[stream];
	if (s->remote_gathered)
		return;
	s->remote_gathered = true;
	if (s->held)
		begin_checks_if_whole(i, stream);
	else
		gathering_done(i, stream);
}

void ice_start_checks(ice *i)
{
	for (guint n = 0; n < i->n_streams; n++) {
		i->streams[n].may_check = true;
		begin_checks_if_whole(i, n);
	}
}

gssize ice_send(ice *i, guint stream, const guint8 *data, gsize length)
{
	return nice_agent_send(i->streams[stream].agent, i->streams[stream].id, COMPONENT, (guint)length, (const char *)data);
}

/* --- what came out ----------------------------------------------------------------------------------- */

enum ice_state ice_stream_state(const ice *i, guint stream)
{
	return i->streams[stream].state;
}

/* `c` must be libnice's own candidate, not a copy: copies have lost their relay. */
static enum ice_transport relay_transport(const ice *i, const NiceCandidate *c)
{
	NiceAddress relay;
	nice_address_init(&relay);
	nice_candidate_relay_address(c, &relay);
	guint port = nice_address_get_port(&relay);
	for (guint r = 0; r < i->n_relays; r++)
		if (i->tcp_ports[r] == port)
			return ICE_TCP;
	return ICE_UDP;
}

bool ice_selected_pair(ice *i, guint stream, struct ice_candidate *ret_local, struct ice_candidate *ret_remote)
{
	NiceCandidate *local, *remote;
	if (!nice_agent_get_selected_pair(i->streams[stream].agent, i->streams[stream].id, COMPONENT, &local, &remote))
		return false;
	convert(local, ret_local);
	convert(remote, ret_remote);
	if (ret_local->type == ICE_RELAY)
		ret_local->relay_transport = relay_transport(i, local);
	return true;
}

void ice_get_report(const ice *i, struct ice_report *ret)
{
	*ret = i->report;
}
