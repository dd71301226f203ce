/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/ice_internal.h"

/* When checks begin.  When a pair is nominated libnice drops all pairs of that component that it
 * has not checked yet (RFC 5245 section 8.1.2), also better ones.  With candidates trickling in, a
 * call went over TCP because the UDP relay's candidate arrived 40 ms before the TCP relay's check
 * was answered.  So remote candidates are held until both ends have gathered, or for hold_ms after
 * checks were allowed, so that a relay that never answers does not delay the others.  Then libnice
 * gets the whole list and checks the best pairs first.  Candidates that arrive later are added at
 * once (RFC 8838).
 *
 * libnice answers a check by one of its own (RFC 8445 section 7.3.1.4), which it sends before those
 * of better pairs and which nominates.  A peer that began a moment earlier had its relay's pair
 * nominated so while the direct one waited for its turn.  So libnice gets the peer's credentials
 * for each candidate only, and for the stream when it has sent each check once: until then it
 * answers the peer's checks and keeps them in mind.  And until checks begin it does not read
 * checks, once this end has gathered: from an address that it does not know yet, it would make no
 * other pair of that address later.  Where it must react at once, because a check was read before,
 * or already reacts, because further candidates come late, it reads no answers until it has sent
 * all checks. */

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
	c->username = g_strdup(s->remote_ufrag);
	c->password = g_strdup(s->remote_pwd);
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

/* Lets libnice check what sends checks, those that it has answered so far and later ones. */
static void react_to_checks(struct ice_stream *s)
{
	s->reacts = true;
	nice_agent_set_remote_credentials(s->agent, s->id, s->remote_ufrag, s->remote_pwd);
}

/* Counts a tick.  libnice sends one check a tick, and its timer began before this one. */
static void on_pacing(ice *i, guint stream)
{
	struct ice_stream *s = &i->streams[stream];

	if (s->n_unsent > 0) {
		s->n_unsent--;
		ice_timer_set(i, stream, &s->pacing, i->pacing_ms, on_pacing);
	} else if (s->reacts) {
		ice_agent_read(i, stream, true);
	} else {
		react_to_checks(s);
	}
}

void ice_pairs_added(ice *i, guint stream)
{
	struct ice_stream *s = &i->streams[stream];

	if (s->held || s->state >= ICE_CONNECTED)
		return;
	s->n_unsent = ice_agent_count_pairs(s);
	if (s->reacts)
		ice_agent_read(i, stream, false);
	if (!s->pacing)
		on_pacing(i, stream);
}

/* Gives all held candidates to libnice; later ones are given to it at once (held is NULL then). */
static void begin_checks(ice *i, guint stream)
{
	struct ice_stream *s = &i->streams[stream];
	g_autoptr(GPtrArray) held = g_steal_pointer(&s->held);
	bool early = ice_agent_has_unknown_peer(s);

	g_clear_handle_id(&s->hold, g_source_remove);
	for (guint k = 0; k < held->len; k++)
		add_to_nice(i, s, g_ptr_array_index(held, k));
	ice_agent_read(i, stream, true);
	if (early)
		react_to_checks(s);
	ice_pairs_added(i, stream);
	if (s->remote_gathered)
		end_of_remote_candidates(i, stream);
}

void ice_begin_checks_if_ready(ice *i, guint stream)
{
	struct ice_stream *s = &i->streams[stream];
	if (!s->held || !s->may_check || !s->remote_ufrag)
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
	g_free(s->remote_ufrag);
	g_free(s->remote_pwd);
	s->remote_ufrag = g_strdup(ufrag);
	s->remote_pwd = g_strdup(pwd);
	if (s->reacts)
		react_to_checks(s);
	if (s->deadline || s->state == ICE_FAILED)
		return;
	ice_start_deadline(i, stream);
	ice_begin_checks_if_ready(i, stream);
}

bool ice_add_remote_candidate(ice *i, guint stream, const char *sdp)
{
	struct ice_stream *s = &i->streams[stream];
	if (!ice_candidate_is_usable(sdp))
		return false;
	if (s->held) {
		g_ptr_array_add(s->held, g_strdup(sdp));
		return true;
	}
	if (!add_to_nice(i, s, sdp))
		return false;
	ice_pairs_added(i, stream);
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
