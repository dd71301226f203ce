/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/ice_internal.h"

#include <gio/gio.h>
#include <nice/interfaces.h>
#include <string.h>
#include <sys/socket.h>

#include "common/random.h"

/* One agent for each stream.  With one agent for all, the pairs of the second stream stay frozen
 * until a pair of the first has succeeded (RFC 5245 section 5.7.4), and libnice drops frozen pairs
 * at nomination: a call's video went over the relay while its audio went directly. */

static const enum ice_candidate_type types[] = {
	[NICE_CANDIDATE_TYPE_HOST] = ICE_HOST,
	[NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE] = ICE_SRFLX,
	[NICE_CANDIDATE_TYPE_PEER_REFLEXIVE] = ICE_PRFLX,
	[NICE_CANDIDATE_TYPE_RELAYED] = ICE_RELAY,
};

/* --- candidates ------------------------------------------------------------------------------- */

/* How the relay of a candidate is reached.  One that comes with a signal shows this only by its
 * type preference (NICE_CANDIDATE_TYPE_PREF_RELAYED_UDP 30, RELAYED 20). */
static enum ice_transport relay_transport_by_priority(guint32 priority)
{
	return priority >> 24 >= 30 ? ICE_UDP : ICE_TCP;
}

static void candidate_from_nice(const NiceCandidate *c, struct ice_candidate *ret)
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

/* How the relay of the selected local candidate is reached.  `c` must be libnice's own object, as a
 * copy has no relay address. */
static enum ice_transport relay_transport(const ice *i, const NiceCandidate *c)
{
	NiceAddress relay;
	nice_address_init(&relay);
	nice_candidate_relay_address(c, &relay);
	guint port = nice_address_get_port(&relay);
	for (guint r = 0; r < i->n_relays; r++)
		if (i->relays[r].tcp_port == port)
			return ICE_TCP;
	return ICE_UDP;
}

/* The relay candidate that a peer-reflexive one of ours was found through; NULL: none.  A peer
 * inside sees a relay behind a port forward by its inside address (RFC 8445 section 7.2.5.3.1). */
static NiceCandidate *relay_of_reflexive(GSList *own, const NiceCandidate *c)
{
	for (GSList *l = own; l && c->type == NICE_CANDIDATE_TYPE_PEER_REFLEXIVE; l = l->next) {
		NiceCandidate *relay = l->data;

		if (relay->type == NICE_CANDIDATE_TYPE_RELAYED &&
		    nice_address_equal(&relay->addr, &c->base_addr))
			return relay;
	}
	return NULL;
}

bool ice_selected_pair(ice *i, guint stream, struct ice_candidate *ret_local,
		       struct ice_candidate *ret_remote)
{
	NiceCandidate *local, *remote, *relay;
	GSList *own;
	if (!nice_agent_get_selected_pair(i->streams[stream].agent, i->streams[stream].id,
					  ICE_COMPONENT, &local, &remote))
		return false;
	candidate_from_nice(local, ret_local);
	candidate_from_nice(remote, ret_remote);
	if (ret_local->type == ICE_RELAY)
		ret_local->relay_transport = relay_transport(i, local);
	own = nice_agent_get_local_candidates(i->streams[stream].agent, i->streams[stream].id,
					      ICE_COMPONENT);
	relay = relay_of_reflexive(own, local);
	if (relay) {
		candidate_from_nice(relay, ret_local);
		ret_local->relay_transport = relay_transport_by_priority(relay->priority);
	}
	g_slist_free_full(own, (GDestroyNotify)nice_candidate_free);
	return true;
}

/* --- signals of libnice ----------------------------------------------------------------------- */

/* The stream whose agent this is; false: none has it any more. */
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

/* Takes over libnice's state.  FAILED counts only when both ends have gathered (see ice.c). */
static void on_nice_state(NiceAgent *agent, guint id G_GNUC_UNUSED, guint component G_GNUC_UNUSED,
			  guint state, gpointer data)
{
	static const enum ice_state states[] = {
		[NICE_COMPONENT_STATE_DISCONNECTED] = ICE_GATHERING,
		[NICE_COMPONENT_STATE_GATHERING] = ICE_GATHERING,
		[NICE_COMPONENT_STATE_CONNECTING] = ICE_CHECKING,
		[NICE_COMPONENT_STATE_CONNECTED] = ICE_CONNECTED,
		[NICE_COMPONENT_STATE_READY] = ICE_READY,
		[NICE_COMPONENT_STATE_FAILED] = ICE_FAILED,
	};
	ice *i = data;
	guint stream;
	if (state >= G_N_ELEMENTS(states) || !find_stream(i, agent, &stream))
		return;
	i->streams[stream].failed = states[state] == ICE_FAILED;
	if (states[state] == ICE_FAILED)
		ice_fail_if_gathered(i, stream);
	else
		ice_set_state(i, stream, states[state]);
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

/* Counts a local candidate and queues it for the peer. */
static void on_nice_candidate(NiceAgent *agent, NiceCandidate *c, gpointer data)
{
	ice *i = data;
	struct ice_event e = {.kind = ICE_EVENT_CANDIDATE};
	/* Peer-reflexive ones are found by checks, not gathered (RFC 8445 section 7.2.5.3.1). */
	if (c->type == NICE_CANDIDATE_TYPE_PEER_REFLEXIVE || !find_stream(i, agent, &e.stream))
		return;
	candidate_from_nice(c, &e.candidate);
	if (e.candidate.type == ICE_RELAY)
		e.candidate.relay_transport = relay_transport_by_priority(c->priority);
	count_local(&i->report, &e.candidate);
	ice_pairs_added(i, e.stream);
	if (e.candidate.type == ICE_RELAY && e.candidate.relay_transport == ICE_UDP)
		ice_relay_came_by_udp(i, e.stream);
	g_autofree char *line = nice_agent_generate_local_candidate_sdp(agent, c);
	if (!line)
		return;
	e.sdp = g_strdup(g_str_has_prefix(line, "a=candidate:") ? line + strlen("a=candidate:") :
								  line);
	ice_queue_event(i, &e);
}

void ice_end_gathering(ice *i, guint n)
{
	i->streams[n].gathered = true;
	ice_queue_event(i, &(struct ice_event){.kind = ICE_EVENT_GATHERED, .stream = n});
	if (i->streams[n].held)
		ice_agent_read(i, n, false);
	ice_begin_checks_if_ready(i, n);
	ice_fail_if_gathered(i, n);
}

static void on_nice_gathered(NiceAgent *agent, guint id G_GNUC_UNUSED, gpointer data)
{
	ice *i = data;
	guint stream;
	if (find_stream(i, agent, &stream) && !i->streams[stream].gathered)
		ice_gathering_round_ended(i, stream);
}

static void on_nice_packet(NiceAgent *agent, guint id G_GNUC_UNUSED, guint component G_GNUC_UNUSED,
			   guint length, char *data, gpointer user_data)
{
	ice *i = user_data;
	guint stream;
	if (!i->closed && find_stream(i, agent, &stream))
		i->handlers.received(i, stream, (const guint8 *)data, length, i->user_data);
}

void ice_agent_read(ice *i, guint n, bool read)
{
	const struct ice_stream *s = &i->streams[n];

	nice_agent_attach_recv(s->agent, s->id, ICE_COMPONENT,
			       read ? g_main_context_get_thread_default() : i->parked,
			       on_nice_packet, i);
}

/* --- pairs ------------------------------------------------------------------------------------ */

guint ice_agent_count_pairs(const struct ice_stream *s)
{
	GSList *own = nice_agent_get_local_candidates(s->agent, s->id, ICE_COMPONENT);
	GSList *peers = nice_agent_get_remote_candidates(s->agent, s->id, ICE_COMPONENT);
	guint pairs = 0;

	for (const GSList *l = own; l; l = l->next) {
		const NiceCandidate *a = l->data;

		/* The pairs of reflexive ones are those of their base (RFC 8445 section 6.1.2.4).
		 */
		if (a->type != NICE_CANDIDATE_TYPE_HOST && a->type != NICE_CANDIDATE_TYPE_RELAYED)
			continue;
		for (const GSList *r = peers; r; r = r->next) {
			const NiceCandidate *b = r->data;

			pairs += nice_address_ip_version(&a->addr) ==
				 nice_address_ip_version(&b->addr);
		}
	}
	g_slist_free_full(own, (GDestroyNotify)nice_candidate_free);
	g_slist_free_full(peers, (GDestroyNotify)nice_candidate_free);
	return pairs;
}

bool ice_agent_has_unknown_peer(const struct ice_stream *s)
{
	GSList *peers = nice_agent_get_remote_candidates(s->agent, s->id, ICE_COMPONENT);
	bool any = false;

	for (const GSList *r = peers; r; r = r->next)
		any |= ((const NiceCandidate *)r->data)->type == NICE_CANDIDATE_TYPE_PEER_REFLEXIVE;
	g_slist_free_full(peers, (GDestroyNotify)nice_candidate_free);
	return any;
}

/* --- starting --------------------------------------------------------------------------------- */

static bool is_link_local6(const NiceAddress *a)
{
	return nice_address_ip_version(a) == 6 && IN6_IS_ADDR_LINKLOCAL(&a->s.ip6.sin6_addr);
}

/* Lets the agent gather on the address; false: it is none, or it is link-local. */
static bool add_local_address(NiceAgent *agent, const char *text)
{
	NiceAddress address;
	nice_address_init(&address);
	return nice_address_set_from_string(&address, text) && !is_link_local6(&address) &&
	       nice_agent_add_local_address(agent, &address);
}

/* Adds every address of this machine but loopback, link-local ones of IPv6, and these two. */
static bool add_other_addresses(NiceAgent *agent, const char *but, const char *but6)
{
	GList *all = nice_interfaces_get_local_ips(FALSE);
	bool any = false;

	for (const GList *l = all; l; l = l->next) {
		if (g_strcmp0(l->data, but) != 0 && g_strcmp0(l->data, but6) != 0)
			any |= add_local_address(agent, l->data);
	}
	g_list_free_full(all, g_free);
	return any;
}

/* libnice prefers what comes first. */
static bool add_local_addresses(NiceAgent *agent, const struct ice_config *c)
{
	const char *only = c->local_address, *only6 = c->local_address6;

	if (!only)
		return add_other_addresses(agent, NULL, NULL);
	if ((only6 && !add_local_address(agent, only6)) || !add_local_address(agent, only))
		return false;
	if (c->all_addresses)
		add_other_addresses(agent, only, only6);
	return true;
}

/* What arrives while this process waits for a processor must find room: a second of video. */
#define RECEIVE_BUFFER_BYTES (1024 * 1024)

static void enlarge_buffers(const struct ice_stream *s)
{
	GPtrArray *sockets = nice_agent_get_sockets(s->agent, s->id, ICE_COMPONENT);

	for (guint k = 0; sockets && k < sockets->len; k++)
		g_socket_set_option(sockets->pdata[k], SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_BYTES,
				    NULL);
	g_clear_pointer(&sockets, g_ptr_array_unref);
}

bool ice_agent_start(ice *i, guint n, const struct ice_config *config, GError **error)
{
	struct ice_stream *s = &i->streams[n];
	if (!add_local_addresses(s->agent, config)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "no address for ICE");
		return false;
	}
	s->id = nice_agent_add_stream(s->agent, 1);
	if (config->port_min || config->port_max)
		nice_agent_set_port_range(s->agent, s->id, ICE_COMPONENT, config->port_min,
					  config->port_max);
	ice_ask_relays(i, n);
	/* Before gathering: libnice reads a socket only after this call. */
	ice_agent_read(i, n, true);
	/* libnice takes its own from a generator that can be foretold (random.h). */
	s->ufrag = random_hex(4);
	s->pwd = random_hex(16);
	nice_agent_set_local_credentials(s->agent, s->id, s->ufrag, s->pwd);
	ice_start_head_start(i, n);
	if (nice_agent_gather_candidates(s->agent, s->id)) {
		enlarge_buffers(s);
		return true;
	}
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot open a socket on %s for ICE",
		    config->local_address ? config->local_address : "any address");
	return false;
}

NiceAgent *ice_agent_new(const struct ice_config *config, ice *i)
{
	const struct ice_profile *p = config->profile;
	NiceAgent *agent =
		nice_agent_new_full(g_main_context_get_thread_default(), NICE_COMPATIBILITY_RFC5245,
				    NICE_AGENT_OPTION_ICE_TRICKLE);
	/* No stun-server: Allocate responses carry the server-reflexive address (RFC 8656
	 * section 7.3), and asking for both makes gathering last two seconds. */
	g_object_set(agent, "controlling-mode", (gboolean)config->controlling, "upnp", FALSE,
		     "ice-tcp", FALSE, "stun-initial-timeout", p->stun_initial_timeout_ms,
		     "stun-max-retransmissions", p->stun_max_retransmissions,
		     "stun-reliable-timeout", ICE_RELIABLE_TIMEOUT_MS, "idle-timeout",
		     p->idle_timeout_ms, "stun-pacing-timer", p->pacing_ms, NULL);
	nice_agent_set_software(agent, "testbed");
	g_signal_connect(agent, "component-state-changed", G_CALLBACK(on_nice_state), i);
	g_signal_connect(agent, "new-candidate-full", G_CALLBACK(on_nice_candidate), i);
	g_signal_connect(agent, "candidate-gathering-done", G_CALLBACK(on_nice_gathered), i);
	return agent;
}
