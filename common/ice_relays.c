/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/ice_internal.h"

/* UDP first.  A relay that can be reached by UDP must be known by UDP before it is known by TCP:
 * libnice pairs and checks what it has, and once a pair is nominated drops every pair that has not
 * been checked yet.  Asked for at the same moment, TCP was at times the first to be answered when a
 * busy Edge or processor had kept both back for longer than checks are held (ice_checks.c), and the
 * call went over TCP.  So TCP is asked when UDP has answered, has failed, or has been silent for
 * udp_head_start_ms, which leaves room for one lost request or answer.  With that start, and fewer
 * round trips to go, UDP also comes first when one and the same cause keeps back both. */

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

static void ask_by_tcp(ice *i, guint n)
{
	struct ice_stream *s = &i->streams[n];
	s->tcp_asked = true;
	ice_clear_relay_timer(s);
	for (guint k = 0; k < i->n_relays; k++) {
		const struct ice_relay *r = &i->relays[k];
		if (r->tcp_port && nice_agent_set_relay_info(s->agent, s->id, ICE_COMPONENT,
							     r->address, r->tcp_port, r->username,
							     r->password, NICE_RELAY_TYPE_TURN_TCP))
			i->report.relays_tcp_asked++;
	}
}

static gboolean head_start_over(gpointer data)
{
	const struct ice_timer *t = data;
	ice *i = t->owner;
	guint n = t->stream;
	i->streams[n].relay_timer = 0;
	ask_by_tcp(i, n);
	return G_SOURCE_REMOVE;
}

void ice_start_head_start(ice *i, guint n)
{
	struct ice_stream *s = &i->streams[n];
	if (!s->tcp_asked)
		s->relay_timer = ice_timer_add(i, n, i->udp_head_start_ms, head_start_over);
}

void ice_clear_relay_timer(struct ice_stream *s)
{
	if (s->relay_timer)
		g_source_remove(s->relay_timer);
	s->relay_timer = 0;
}

void ice_relay_came_by_udp(ice *i, guint n)
{
	struct ice_stream *s = &i->streams[n];
	if (++s->n_relays_udp_got >= s->n_relays_udp_asked && !s->tcp_asked)
		ask_by_tcp(i, n);
}

static gboolean tcp_alone_is_over(gpointer data)
{
	const struct ice_timer *t = data;
	ice *i = t->owner;
	guint n = t->stream;
	i->streams[n].relay_timer = 0;
	ice_end_gathering(i, n);
	return G_SOURCE_REMOVE;
}

/* libnice 0.1.21 forgets to say that gathering is done when the last thing it gathers is a relay by
 * TCP and that connection is refused or cannot be begun; hence a limit of our own. */
void ice_relays_asked_are_done(ice *i, guint n)
{
	struct ice_stream *s = &i->streams[n];
	if (s->tcp_asked) {
		ice_clear_relay_timer(s);
		ice_end_gathering(i, n);
		return;
	}
	ask_by_tcp(i, n);
	s->relay_timer = ice_timer_add(i, n, ICE_RELIABLE_TIMEOUT_MS, tcp_alone_is_over);
}
