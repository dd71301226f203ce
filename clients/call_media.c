/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "clients/call_internal.h"

#include "common/wire/pack.h"

#define INFO_MS 10000
#define EARLY_MEDIA_MS 1000

/* Sends an event of this call; takes over `fields`. */
static void call_event(struct call *c, const char *name, json_t *fields)
{
	json_object_set_new(fields, "call", event_text(c->base.dialog.call_id));
	channel_event(c->base.core->channel, name, fields);
}

static void remember_first(struct ice_candidate *slot, const struct ice_candidate *c)
{
	if (!slot->address[0])
		*slot = *c;
}

static void candidate_event(struct call_stream *s, const char *side, const struct ice_candidate *c)
{
	json_t *fields = call_candidate_json(c, g_str_equal(side, "local"));
	json_object_set_new(fields, "stream", event_text(s->profile->kind));
	json_object_set_new(fields, "side", event_text(side));
	call_event(s->call, EVENT_CANDIDATE, fields);
}

/* --- trickle ---------------------------------------------------------------------------------- */

/* Sends the candidates of a stream that were not sent yet in an INFO. */
static void send_fragment(struct call *c, struct call_stream *s)
{
	const char *ufrag, *pwd;
	g_autoptr(GPtrArray) fresh = g_ptr_array_new();
	for (; s->announced < s->candidates->len; s->announced++)
		g_ptr_array_add(fresh, g_ptr_array_index(s->candidates, s->announced));
	g_ptr_array_add(fresh, NULL);
	s->end_announced = s->gathered;
	ice_local_credentials(c->ice, s->index, &ufrag, &pwd);
	g_autofree char *body = call_sdpfrag_print(ufrag, pwd, s->line,
						   (const char *const *)fresh->pdata, s->gathered);
	sip_msg *info = dialog_request(&c->base.dialog, "INFO");
	sip_add_header(info, "Info-Package", "trickle-ice");
	sip_set_body(info, "application/trickle-ice-sdpfrag", body, -1);
	session_request(&c->base, info, INFO_MS, NULL);
}

/* Sends an INFO for each stream that has news; it has all candidates of an iteration of the
 * loop. */
static gboolean on_trickle(gpointer data)
{
	struct call *c = data;
	c->trickle = 0;
	g_clear_handle_id(&c->pause, g_source_remove);
	for (guint i = 0; i < c->n_streams; i++) {
		struct call_stream *s = &c->streams[i];
		if (s->announced < s->candidates->len || (s->gathered && !s->end_announced))
			send_fragment(c, s);
	}
	return G_SOURCE_REMOVE;
}

bool call_media_gathered(const struct call *c)
{
	for (guint i = 0; i < c->n_streams; i++)
		if (!c->streams[i].gathered)
			return false;
	return true;
}

static void schedule_trickle(struct call *c)
{
	if (c->offer_waits && call_media_gathered(c))
		call_go_on(c);
	else if (!c->peer_gathers_first && c->can_trickle && c->trickle == 0)
		c->trickle = g_idle_add(on_trickle, c);
}

void call_media_start_trickle(struct call *c)
{
	c->can_trickle = true;
	schedule_trickle(c);
}

/* --- ICE -------------------------------------------------------------------------------------- */

/* Keeps a local candidate for the peer, which gets it with the next INFO, and reports it. */
static void on_call_candidate(ice *i G_GNUC_UNUSED, guint stream,
			      const struct ice_candidate *candidate, const char *sdp, gpointer data)
{
	struct call *c = data;
	struct call_stream *s = &c->streams[stream];
	g_ptr_array_add(s->candidates, g_strdup(sdp));
	if (candidate->type == ICE_HOST)
		remember_first(&s->local_host, candidate);
	if (candidate->type == ICE_RELAY)
		remember_first(&s->local_relay, candidate);
	candidate_event(s, "local", candidate);
	schedule_trickle(c);
}

static void on_call_gathered(ice *i G_GNUC_UNUSED, guint stream, gpointer data)
{
	struct call *c = data;
	c->streams[stream].gathered = true;
	schedule_trickle(c);
}

static void send_packet(gpointer data, const guint8 *packet, gsize length)
{
	const struct call_stream *s = data;
	ice_send(s->call->ice, s->index, packet, length);
}

/* Pauses sending.  A connected pair carries media at once, but ICE may need seconds to find the
 * final pair.  The first EARLY_MEDIA_MS show how soon and how well media flows; then a call between
 * two users pauses until the final pairs are known, so that dozens of calls at the same time do not
 * measure each other's load. */
static gboolean on_pause(gpointer data)
{
	struct call *c = data;
	c->pause = 0;
	call_media_pause(c);
	return G_SOURCE_REMOVE;
}

void call_media_pause(struct call *c)
{
	g_clear_handle_id(&c->pause, g_source_remove);
	c->paused = true;
	for (guint i = 0; i < c->n_streams; i++)
		media_clock_remove(c->base.core->clock, c->streams[i].media);
}

void call_media_resume(struct call *c)
{
	g_clear_handle_id(&c->pause, g_source_remove);
	if (!c->paused)
		return;
	c->paused = false;
	for (guint i = 0; i < c->n_streams; i++)
		if (c->streams[i].sending)
			media_clock_add(c->base.core->clock, c->streams[i].media, send_packet,
					&c->streams[i]);
}

/* Starts sending if there are a pair and the keys, and it was not started before. */
static void start_sending(struct call_stream *s)
{
	if (s->sending || !s->media || ice_stream_state(s->call->ice, s->index) < ICE_CONNECTED ||
	    ice_stream_state(s->call->ice, s->index) == ICE_FAILED)
		return;
	s->sending = true;
	if (s->call->paused)
		return;
	media_clock_add(s->call->base.core->clock, s->media, send_packet, s);
	if (!s->call->pause && !s->call->members && s->call->machine.phase < CALL_TALKING)
		s->call->pause = g_timeout_add(EARLY_MEDIA_MS, on_pause, s->call);
}

static void selected_event(struct call_stream *s)
{
	call_event(s->call, EVENT_SELECTED,
		   event_pack("{s:s, s:o, s:o}", "stream", s->profile->kind, "local",
			      call_candidate_json(&s->local, true), "remote",
			      call_candidate_json(&s->remote, false)));
}

/* Reports a state of ICE, starts sending when there is a pair, and passes the state to the
 * machine. */
static void on_call_ice_state(ice *i, guint stream, enum ice_state state, gpointer data)
{
	struct call *c = data;
	struct call_stream *s = &c->streams[stream];
	call_event(c, EVENT_ICE_STATE,
		   event_pack("{s:s, s:s}", "stream", s->profile->kind, "state",
			      ice_state_name(state)));
	s->has_pair = ice_selected_pair(i, stream, &s->local, &s->remote);
	if (state == ICE_CONNECTED || state == ICE_READY)
		start_sending(s);
	if (state == ICE_READY && s->has_pair)
		selected_event(s);
	call_do(c, call_machine_stream(&c->machine, stream, state));
}

/* Marks the participants whose packets were received. */
static void note_sources(struct call *c, const struct call_stream *s)
{
	struct media_heard heard[CALL_SOURCES_MAX];
	guint n = media_stream_sources(s->media, heard, G_N_ELEMENTS(heard));
	for (guint k = 0; k < n; k++)
		participants_heard_source(c->members, &heard[k]);
}

static void on_call_received(ice *i G_GNUC_UNUSED, guint stream, const guint8 *data, gsize length,
			     gpointer user_data)
{
	struct call *c = user_data;
	struct call_stream *s = &c->streams[stream];
	const guint8 *rtp = NULL;
	gsize rtp_length;
	gint64 now_us = g_get_monotonic_time();
	if (!s->media || !media_stream_receive(s->media, now_us, data, length, &rtp, &rtp_length))
		return;
	c->last_media_us = now_us;
	if (rtp && !c->first_media_us)
		c->first_media_us = now_us;
	if (rtp && c->machine.awaits_media)
		call_heard(c);
	if (!rtp || !c->members)
		return;
	note_sources(c, s);
	call_check_heard(c);
}

static void stream_init(struct call *c, guint index, const struct media_profile *profile)
{
	struct call_stream *s = &c->streams[index];
	*s = (struct call_stream){.call = c,
				  .index = index,
				  .line = index,
				  .profile = profile,
				  .payload_type = profile->payload_type,
				  .crypto_tag = 1};
	media_key_new(s->local_key);
	s->candidates = g_ptr_array_new_with_free_func(g_free);
	s->early = g_ptr_array_new_with_free_func(g_free);
}

bool call_media_open(struct call *c, bool controlling, const char *const *kinds, guint n_kinds,
		     GError **error)
{
	static const struct ice_handlers handlers = {
		.candidate = on_call_candidate,
		.gathered = on_call_gathered,
		.state = on_call_ice_state,
		.received = on_call_received,
	};
	const struct client_core *core = c->base.core;
	const struct account_relay *r = account_relay(core->account);
	struct ice_relay relays[2] = {{.address = r->address,
				       .udp_port = r->udp_port,
				       .tcp_port = r->tcp_port,
				       .username = r->username,
				       .password = r->password}};
	struct ice_config config = {
		.controlling = controlling,
		.local_address = core->config.address,
		.local_address6 = core->config.address6[0] ? core->config.address6 : NULL,
		.all_addresses = true,
		.relays = relays,
		.n_relays = (r->address ? 1u : 0u) + (r->address6 ? 1u : 0u),
		.profile = ice_profile_by_name(core->config.ice_profile),
		.n_streams = n_kinds,
	};
	relays[1] = relays[0];
	relays[1].address = r->address6;
	for (guint i = 0; i < n_kinds; i++)
		stream_init(c, i, media_profile_by_kind(kinds[i]));
	c->n_streams = n_kinds;
	c->base.core->used_ice = true;
	c->ice = ice_new(&config, &handlers, c, error);
	return c->ice;
}

void call_media_close(struct call *c)
{
	g_clear_handle_id(&c->trickle, g_source_remove);
	for (guint i = 0; i < c->n_streams; i++) {
		struct call_stream *s = &c->streams[i];
		media_clock_remove(c->base.core->clock, s->media);
		g_clear_pointer(&s->media, media_stream_free);
		g_clear_pointer(&s->candidates, g_ptr_array_unref);
		g_clear_pointer(&s->early, g_ptr_array_unref);
	}
	c->n_streams = 0;
	g_clear_pointer(&c->ice, ice_free);
}

void call_media_bye(struct call *c)
{
	_Alignas(8) guint8 packet[MEDIA_PACKET_MAX];
	for (guint i = 0; i < c->n_streams; i++) {
		struct call_stream *s = &c->streams[i];
		if (!s->sending)
			continue;
		media_clock_remove(c->base.core->clock, s->media);
		s->sending = false;
		gsize length = media_stream_bye(s->media, packet);
		if (length > 0)
			ice_send(c->ice, s->index, packet, length);
	}
}

/* --- descriptions ----------------------------------------------------------------------------- */

/* Adds the selected candidates only, as the final offer has them (RFC 8839 section 4.4.1.2.2). */
static void describe_final(struct call_sdp_media *m, const struct call_stream *s)
{
	g_autofree char *selected = g_strdup_printf(" %s %u typ ", s->local.address, s->local.port);
	ptr_array_foreach(const char, candidate, s->candidates)
		if (strstr(candidate, selected))
			g_ptr_array_add(m->candidates, g_strdup(candidate));
	m->remote_candidates = g_strdup_printf("1 %s %u", s->remote.address, s->remote.port);
	m->end_of_candidates = true;
}

/* Adds all candidates found so far; they count as sent to the peer.  The first one is the default,
 * at which a peer aims that has not checked any: one that is likely to be reachable (RFC 8445
 * section 5.1.4).  What is trickled comes too late for it. */
static void describe_known(struct call_sdp_media *m, struct call_stream *s)
{
	bool relayed = false;
	for (guint i = 0; i < s->candidates->len; i++) {
		const char *candidate = g_ptr_array_index(s->candidates, i);
		bool first =
			s->call->peer_gathers_first && !relayed && strstr(candidate, " typ relay ");
		g_ptr_array_insert(m->candidates, first ? 0 : -1, g_strdup(candidate));
		relayed |= first;
	}
	s->announced = s->candidates->len;
	m->end_of_candidates = s->end_announced = s->gathered;
}

static void describe_stream(struct call *c, struct call_stream *s, call_sdp *sdp, bool final)
{
	const struct client_config *config = &c->base.core->config;
	const struct call_sdp_media *offered =
		c->offer ? g_ptr_array_index(c->offer->media, s->line) : NULL;
	struct call_sdp_media *m = call_sdp_add(sdp, s->profile->kind);
	const char *ufrag, *pwd;
	ice_local_credentials(c->ice, s->index, &ufrag, &pwd);
	m->ufrag = g_strdup(ufrag);
	m->pwd = g_strdup(pwd);
	g_ptr_array_add(m->cryptos, media_crypto_print(s->crypto_tag, s->local_key));
	if (s->media) /* what was agreed on */
		g_ptr_array_add(m->rtpmaps,
				g_strdup_printf("%u %s", s->payload_type, s->profile->codec));
	else
		media_profile_offer(s->profile->kind, m->rtpmaps);
	if (offered) {
		m->protocol = g_strdup(offered->protocol);
		m->no_rtcp_mux = offered->no_rtcp_mux;
		m->mid = g_strdup(offered->mid);
		m->no_mid = offered->no_mid;
	}
	m->ssrc = participants_ssrc(config->user);
	m->ptime_ms = g_str_equal(s->profile->kind, "audio") ? config->packet_ms : 0;
	if (final && s->has_pair)
		describe_final(m, s);
	else
		describe_known(m, s);
}

static void describe_rejected(call_sdp *sdp, const struct call_sdp_media *offered)
{
	struct call_sdp_media *m = call_sdp_add(sdp, offered->kind);
	m->protocol = g_strdup(offered->protocol);
	m->formats = g_strdup(offered->formats);
	m->rejected = true;
}

static struct call_stream *stream_of_line(struct call *c, guint line)
{
	for (guint i = 0; i < c->n_streams; i++)
		if (c->streams[i].line == line)
			return &c->streams[i];
	return NULL;
}

char *call_media_describe(struct call *c, bool final)
{
	g_autoptr(call_sdp) sdp = call_sdp_new(c->base.core->config.address);
	guint n_lines = c->offer ? c->offer->media->len : c->n_streams;
	for (guint i = 0; i < n_lines; i++) {
		struct call_stream *s = stream_of_line(c, i);
		if (s)
			describe_stream(c, s, sdp, final);
		else
			describe_rejected(sdp, g_ptr_array_index(c->offer->media, i));
	}
	return call_sdp_print(sdp);
}

/* Gives a candidate of the peer to ICE and reports it; ignores one that can't be used. */
static void add_remote_candidate(struct call *c, struct call_stream *s, const char *sdp)
{
	struct ice_candidate candidate;
	if (!ice_add_remote_candidate(c->ice, s->index, sdp) ||
	    !ice_parse_candidate(sdp, &candidate))
		return;
	if (candidate.type == ICE_HOST)
		remember_first(&s->remote_host, &candidate);
	if (candidate.type == ICE_RELAY)
		remember_first(&s->remote_relay, &candidate);
	candidate_event(s, "remote", &candidate);
}

/* What of a medium we can use: ICE, a key and a codec.  false: it lacks one of them. */
static bool is_usable(const struct call_sdp_media *m, const struct media_profile **ret_profile,
		      guint *ret_type, guint *ret_tag, guint8 ret_key[MEDIA_KEY_BYTES])
{
	*ret_profile = media_profile_choose(m->kind, m->rtpmaps, ret_type);
	return *ret_profile && !m->rejected && m->ufrag && m->pwd &&
	       media_crypto_choose(m->cryptos, ret_tag, ret_key);
}

guint call_media_choose(const call_sdp *offer, guint *ret_lines, const char **ret_kinds)
{
	guint n = 0;
	for (guint i = 0; i < offer->media->len && n < CALL_STREAMS_MAX; i++) {
		const struct media_profile *profile;
		guint8 key[MEDIA_KEY_BYTES];
		guint type, tag;
		if (!is_usable(g_ptr_array_index(offer->media, i), &profile, &type, &tag, key))
			continue;
		ret_lines[n] = i;
		ret_kinds[n++] = profile->kind;
	}
	return n;
}

/* Takes key, credentials and candidates of one medium; false: it does not fit the stream. */
static bool take_media(struct call *c, struct call_stream *s, const struct call_sdp_media *m)
{
	guint8 key[MEDIA_KEY_BYTES];
	if (strcmp(m->kind, s->profile->kind) != 0 ||
	    !is_usable(m, &s->profile, &s->payload_type, &s->crypto_tag, key))
		return false;
	s->media = media_stream_new(s->profile, participants_ssrc(c->base.core->config.user),
				    s->local_key, key, g_get_monotonic_time(), NULL);
	if (!s->media)
		return false;
	media_stream_payload_type(s->media, s->payload_type);
	media_stream_packet_times(s->media, m->ptime_ms, c->base.core->config.packet_ms);
	g_autoptr(GPtrArray) early = g_steal_pointer(&s->early);
	ice_set_remote_credentials(c->ice, s->index, m->ufrag, m->pwd);
	for (guint i = 0; i < m->candidates->len; i++)
		add_remote_candidate(c, s, g_ptr_array_index(m->candidates, i));
	for (guint i = 0; i < early->len; i++)
		add_remote_candidate(c, s, g_ptr_array_index(early, i));
	if (m->end_of_candidates || s->early_end || c->peer_gathers_first)
		ice_remote_gathered(c->ice, s->index);
	start_sending(s);
	return true;
}

bool call_media_take(struct call *c, const sip_msg *m)
{
	g_autoptr(call_sdp) sdp = call_sdp_of(m);
	if (!sdp)
		return false;
	c->peer_gathers_first = sdp->no_trickle;
	c->machine.no_final_offer = sdp->no_trickle;
	c->machine.awaits_media = c->machine.caller && sdp->no_trickle;
	if (sdp->no_trickle)
		ice_be_patient(c->ice);
	for (guint i = 0; i < c->n_streams; i++) {
		struct call_stream *s = &c->streams[i];
		if (s->line >= sdp->media->len ||
		    !take_media(c, s, g_ptr_array_index(sdp->media, s->line)))
			return false;
	}
	return true;
}

void call_media_take_fragment(struct call *c, const sip_msg *info)
{
	gsize length = 0;
	const char *body = sip_body(info, &length);
	guint line;
	bool end;
	g_autoptr(GPtrArray) candidates = g_ptr_array_new_with_free_func(g_free);
	struct call_stream *s;
	if (!body || !call_sdpfrag_parse(body, length, &line, candidates, &end) ||
	    !(s = stream_of_line(c, line)))
		return;
	ice_start_checks(c->ice);
	ptr_array_foreach(const char, candidate, candidates)
		if (s->early)
			g_ptr_array_add(s->early, g_strdup(candidate));
		else
			add_remote_candidate(c, s, candidate);
	s->early_end |= end;
	if (end && !s->early)
		ice_remote_gathered(c->ice, s->index);
}
