/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/ice_internal.h"

/* UDP before TCP.  libnice checks the pairs that it has, and drops the unchecked ones when a pair
 * is nominated.  When Allocates over UDP and TCP were sent together, a busy Edge or processor at
 * times delayed both for longer than checks are held (ice_checks.c), TCP was answered first, and
 * the call went over TCP.  So Allocates over TCP are sent when UDP has answered, has failed, or has
 * been silent for udp_head_start_ms, which is enough for one lost packet.  As UDP also needs fewer
 * round trips it then comes first, too, when the same cause delays both. */

void ice_ask_relays(ice *i, guint n)
{
	struct ice_stream *s = &i->streams[n];
	s->tcp_asked = true;
	for (guint k = 0; k < i->n_relays; k++) {
		const struct ice_relay *r = &i->relays[k];
		if (r->tcp_port)
			s->tcp_asked = false;
		if (r->udp_port && nice_agent_set_relay_info(s->agent, s->id, ICE_COMPONENT,
							     r->address, r->udp_port, r->username,
							     r->password, NICE_RELAY_TYPE_TURN_UDP))
			s->n_relays_udp_asked++;
	}
	i->report.relays_udp_asked += s->n_relays_udp_asked;
}

/* Lets libnice ask every relay that offers TCP, and counts them for the report.  Stops the
 * timer. */
static void ask_relays_by_tcp(ice *i, guint n)
{
	struct ice_stream *s = &i->streams[n];
	s->tcp_asked = true;
	g_clear_handle_id(&s->relay_timer, g_source_remove);
	for (guint k = 0; k < i->n_relays; k++) {
		const struct ice_relay *r = &i->relays[k];
		if (r->tcp_port && nice_agent_set_relay_info(s->agent, s->id, ICE_COMPONENT,
							     r->address, r->tcp_port, r->username,
							     r->password, NICE_RELAY_TYPE_TURN_TCP))
			i->report.relays_tcp_asked++;
	}
}

void ice_start_head_start(ice *i, guint n)
{
	struct ice_stream *s = &i->streams[n];
	if (!s->tcp_asked)
		ice_timer_set(i, n, &s->relay_timer, i->udp_head_start_ms, ask_relays_by_tcp);
}

void ice_relay_came_by_udp(ice *i, guint n)
{
	struct ice_stream *s = &i->streams[n];
	if (++s->n_relays_udp_got >= s->n_relays_udp_asked && !s->tcp_asked)
		ask_relays_by_tcp(i, n);
}

/* libnice 0.1.21 does not signal the end of gathering when the last thing it gathers is a relay
 * over TCP and the connection is refused or cannot start; hence the timer. */
void ice_gathering_round_ended(ice *i, guint n)
{
	struct ice_stream *s = &i->streams[n];
	if (s->tcp_asked) {
		g_clear_handle_id(&s->relay_timer, g_source_remove);
		ice_end_gathering(i, n);
		return;
	}
	ask_relays_by_tcp(i, n);
	ice_timer_set(i, n, &s->relay_timer, ICE_RELIABLE_TIMEOUT_MS, ice_end_gathering);
}
