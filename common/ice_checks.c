/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/ice_internal.h"

/* Holding back.  Once a pair is nominated libnice drops every pair of that component that has not
 * been checked yet (RFC 5245 section 8.1.2), also better ones: with candidates trickling in, a call
 * went over TCP because the UDP relay's candidate came 40 ms before the TCP relay's check was
 * answered.  So checks begin when both ends have gathered, or hold_ms after they could (a relay
 * that never answers must not hold up the others); then the list is whole, the best pairs are sent
 * first, and a pair that is being checked stays.  What comes later is trickled as RFC 8838 has it.
 */

static void count_remote(struct ice_report *r, NiceCandidateType type)
{
	if (type == NICE_CANDIDATE_TYPE_HOST)
		r->remote_host++;
	else if (type == NICE_CANDIDATE_TYPE_RELAYED)
		r->remote_relay++;
	else
		r->remote_srflx++;
}

static bool take_candidate(ice *i, struct ice_stream *s, const char *sdp)
{
	g_autofree char *line = g_strconcat("a=candidate:", sdp, NULL);
	NiceCandidate *c = nice_agent_parse_remote_candidate_sdp(s->agent, s->id, line);
	if (!c)
		return false;
	count_remote(&i->report, c->type);
	GSList *list = g_slist_append(NULL, c);
	/* A repeated candidate (trickled and again in the answer) is recognised there. */
	int added = nice_agent_set_remote_candidates(s->agent, s->id, ICE_COMPONENT, list);
	g_slist_free_full(list, (GDestroyNotify)nice_candidate_free);
	return added > 0;
}

static void gathering_done(ice *i, guint stream)
{
	nice_agent_peer_candidate_gathering_done(i->streams[stream].agent, i->streams[stream].id);
	ice_believe_failure(i, stream);
}

void ice_clear_hold(struct ice_stream *s)
{
	if (s->hold)
		g_source_remove(s->hold);
	s->hold = 0;
}

static void begin_checks(ice *i, guint stream)
{
	struct ice_stream *s = &i->streams[stream];
	g_autoptr(GPtrArray) held = g_steal_pointer(&s->held);
	ice_clear_hold(s);
	for (guint k = 0; held && k < held->len; k++)
		take_candidate(i, s, g_ptr_array_index(held, k));
	if (held && s->remote_gathered)
		gathering_done(i, stream);
}

static gboolean hold_passed(gpointer data)
{
	const struct ice_timer *t = data;
	ice *i = t->owner;
	guint stream = t->stream;
	i->streams[stream].hold = 0;
	begin_checks(i, stream);
	return G_SOURCE_REMOVE;
}

void ice_begin_checks_if_whole(ice *i, guint stream)
{
	struct ice_stream *s = &i->streams[stream];
	if (!s->held || !s->may_check || !s->has_credentials)
		return;
	if (s->gathered && s->remote_gathered)
		begin_checks(i, stream);
	else if (!s->hold)
		s->hold = ice_timer_add(i, stream, i->hold_ms, hold_passed);
}

/* --- the peer --------------------------------------------------------------------------------- */

void ice_set_remote_credentials(ice *i, guint stream, const char *ufrag, const char *pwd)
{
	struct ice_stream *s = &i->streams[stream];
	nice_agent_set_remote_credentials(s->agent, s->id, ufrag, pwd);
	if (s->deadline || s->state == ICE_FAILED)
		return;
	ice_start_deadline(i, stream);
	s->has_credentials = true;
	ice_begin_checks_if_whole(i, stream);
}

bool ice_add_remote_candidate(ice *i, guint stream, const char *sdp)
{
	struct ice_stream *s = &i->streams[stream];
	if (!ice_candidate_is_usable(sdp))
		return false;
	if (!s->held)
		return take_candidate(i, s, sdp);
	g_ptr_array_add(s->held, g_strdup(sdp));
	return true;
}

void ice_remote_gathered(ice *i, guint stream)
{
	struct ice_stream *s = &i->streams[stream];
	if (s->remote_gathered)
		return;
	s->remote_gathered = true;
	if (s->held)
		ice_begin_checks_if_whole(i, stream);
	else
		gathering_done(i, stream);
}

void ice_start_checks(ice *i)
{
	for (guint n = 0; n < i->n_streams; n++) {
		i->streams[n].may_check = true;
		ice_begin_checks_if_whole(i, n);
	}
}
