/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/ice_internal.h"

/* When checks begin.  When a pair is nominated libnice drops all pairs of that component that it
 * has not checked yet (RFC 5245 section 8.1.2), also better ones.  With candidates trickling in, a
 * call went over TCP because the UDP relay's candidate arrived 40 ms before the TCP relay's check
 * was answered.  So remote candidates are held until both ends have gathered, or for hold_ms after
 * checks were allowed, so that a relay that never answers does not delay the others.  Then libnice
 * gets the whole list and checks the best pairs first.  Candidates that arrive later are added at
 * once (RFC 8838). */

static void count_remote(struct ice_report *r, NiceCandidateType type)
{
	if (type == NICE_CANDIDATE_TYPE_HOST)
		r->remote_host++;
	else if (type == NICE_CANDIDATE_TYPE_RELAYED)
		r->remote_relay++;
	else
		r->remote_srflx++;
}

/* Gives a remote candidate to libnice and counts it; false: libnice has not added it. */
static bool add_to_nice(ice *i, struct ice_stream *s, const char *sdp)
{
	g_autofree char *line = g_strconcat("a=candidate:", sdp, NULL);
	NiceCandidate *c = nice_agent_parse_remote_candidate_sdp(s->agent, s->id, line);
	if (!c)
		return false;
	count_remote(&i->report, c->type);
	GSList *list = g_slist_append(NULL, c);
	/* libnice recognises a repeated candidate (trickled, and again in the answer). */
	int added = nice_agent_set_remote_candidates(s->agent, s->id, ICE_COMPONENT, list);
	g_slist_free_full(list, (GDestroyNotify)nice_candidate_free);
	return added > 0;
}

/* Tells libnice that the peer has no further candidates, and reports a failure that waited for
 * it. */
static void end_of_remote_candidates(ice *i, guint stream)
{
	nice_agent_peer_candidate_gathering_done(i->streams[stream].agent, i->streams[stream].id);
	ice_fail_if_gathered(i, stream);
}

/* Gives all held candidates to libnice; later ones are given to it at once (held is NULL then). */
static void begin_checks(ice *i, guint stream)
{
	struct ice_stream *s = &i->streams[stream];
	g_autoptr(GPtrArray) held = g_steal_pointer(&s->held);
	g_clear_handle_id(&s->hold, g_source_remove);
	for (guint k = 0; held && k < held->len; k++)
		add_to_nice(i, s, g_ptr_array_index(held, k));
	if (held && s->remote_gathered)
		end_of_remote_candidates(i, stream);
}

void ice_begin_checks_if_ready(ice *i, guint stream)
{
	struct ice_stream *s = &i->streams[stream];
	if (!s->held || !s->may_check || !s->has_credentials)
		return;
	if (s->gathered && s->remote_gathered)
		begin_checks(i, stream);
	else if (!s->hold)
		ice_timer_set(i, stream, &s->hold, i->hold_ms, begin_checks);
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
	ice_begin_checks_if_ready(i, stream);
}

bool ice_add_remote_candidate(ice *i, guint stream, const char *sdp)
{
	struct ice_stream *s = &i->streams[stream];
	if (!ice_candidate_is_usable(sdp))
		return false;
	if (!s->held)
		return add_to_nice(i, s, sdp);
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
		ice_begin_checks_if_ready(i, stream);
	else
		end_of_remote_candidates(i, stream);
}

void ice_start_checks(ice *i)
{
	for (guint n = 0; n < i->n_streams; n++) {
		i->streams[n].may_check = true;
		ice_begin_checks_if_ready(i, n);
	}
}
