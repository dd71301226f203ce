/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/av_leg.h"

#include "common/media.h"

#include <gio/gio.h>

struct leg_stream {
	const struct media_profile *profile;
	media_stream *media;
	guint8 key[MEDIA_KEY_BYTES];
	guint payload_type, crypto_tag;
	char *protocol, *mid;
	bool no_rtcp_mux, no_mid;
	GPtrArray *found; /* char *: candidates not reported yet */
	bool gathered, reported_end;
};

struct av_leg {
	struct av_leg_handlers handlers;
	gpointer user_data;
	char *address;
	guint32 ssrc;
	bool has_relay;
	ice *ice;
	struct leg_stream *streams;
	guint n_streams;
	guint reporting; /* idle source: one INFO has all candidates of an iteration of the loop */
	bool was_ready;
	gint64 heard_us;
};

/* The product's codec: the MCU passes packets on from one participant to the others, so all must
 * have the same one. */
static const struct media_profile *leg_profile(const struct call_sdp_media *m, guint *ret_type)
{
	const struct media_profile *p = media_profile_by_kind(m->kind);

	return p && media_profile_is_in(p, m->rtpmaps, ret_type) ? p : NULL;
}

bool av_leg_can_answer(const call_sdp *offer)
{
	guint8 key[MEDIA_KEY_BYTES];
	guint tag, type;

	ptr_array_foreach(const struct call_sdp_media, m, offer->media)
		if (m->rejected || !leg_profile(m, &type) || !m->ufrag || !m->pwd ||
		    !media_crypto_choose(m->cryptos, &tag, key))
			return false;
	return offer->media->len > 0;
}

/* --- events of ICE ---------------------------------------------------------------------------- */

/* Passes the candidates that were found since the last time to the owner, stream by stream. */
static gboolean report_candidates(gpointer data)
{
	av_leg *l = data;
	guint n = l->n_streams;

	l->reporting = 0;
	for (guint i = 0; i < n; i++) {
		struct leg_stream *s = &l->streams[i];
		bool end = s->gathered && !s->reported_end;
		const char *ufrag, *pwd;

		if (s->found->len == 0 && !end)
			continue;
		ice_local_credentials(l->ice, i, &ufrag, &pwd);
		g_ptr_array_add(s->found, NULL);
		s->reported_end |= end;
		l->handlers.candidates(l, i, ufrag, pwd, (const char *const *)s->found->pdata, end,
				       l->user_data);
		g_ptr_array_set_size(s->found, 0);
	}
	return G_SOURCE_REMOVE;
}

static void schedule_report(av_leg *l)
{
	if (!l->reporting)
		l->reporting = g_idle_add(report_candidates, l);
}

static void on_leg_candidate(ice *i G_GNUC_UNUSED, guint stream,
			     const struct ice_candidate *c G_GNUC_UNUSED, const char *sdp,
			     gpointer user_data)
{
	av_leg *l = user_data;

	g_ptr_array_add(l->streams[stream].found, g_strdup(sdp));
	schedule_report(l);
}

static void on_leg_gathered(ice *i G_GNUC_UNUSED, guint stream, gpointer user_data)
{
	av_leg *l = user_data;

	l->streams[stream].gathered = true;
	schedule_report(l);
}

bool av_leg_is_ready(const av_leg *l)
{
	for (guint i = 0; i < l->n_streams; i++)
		if (ice_stream_state(l->ice, i) != ICE_READY)
			return false;
	return true;
}

static void on_leg_state(ice *i G_GNUC_UNUSED, guint stream G_GNUC_UNUSED, enum ice_state state,
			 gpointer user_data)
{
	av_leg *l = user_data;

	if (state == ICE_FAILED) {
		l->handlers.failed(l, l->user_data);
	} else if (state == ICE_READY && !l->was_ready && av_leg_is_ready(l)) {
		l->was_ready = true;
		l->handlers.ready(l, l->user_data);
	}
}

static void on_leg_received(ice *i G_GNUC_UNUSED, guint stream, const guint8 *data, gsize length,
			    gpointer user_data)
{
	av_leg *l = user_data;
	struct leg_stream *s = &l->streams[stream];
	gint64 now_us = g_get_monotonic_time();
	const guint8 *rtp = NULL;
	gsize rtp_length = 0;

	if (!media_stream_receive(s->media, now_us, data, length, &rtp, &rtp_length))
		return;
	l->heard_us = now_us;
	if (rtp)
		l->handlers.rtp(l, s->profile->kind, rtp, rtp_length, l->user_data);
}

/* --- life ------------------------------------------------------------------------------------- */

/* Makes an SRTP stream for each medium of the offer; false with an error. */
static bool start_leg_media(av_leg *l, const call_sdp *offer, GError **error)
{
	for (guint i = 0; i < l->n_streams; i++) {
		const struct call_sdp_media *m = g_ptr_array_index(offer->media, i);
		struct leg_stream *s = &l->streams[i];
		guint8 remote[MEDIA_KEY_BYTES];

		s->found = g_ptr_array_new_with_free_func(g_free);
		s->profile = leg_profile(m, &s->payload_type);
		s->protocol = g_strdup(m->protocol);
		s->mid = g_strdup(m->mid);
		s->no_mid = m->no_mid;
		s->no_rtcp_mux = m->no_rtcp_mux;
		media_key_new(s->key);
		if (!s->profile || !media_crypto_choose(m->cryptos, &s->crypto_tag, remote)) {
			g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
				    "unsupported codec or crypto attribute");
			return false;
		}
		s->media =
			media_stream_new(s->profile, l->ssrc, s->key, remote, l->heard_us, error);
		if (!s->media)
			return false;
		media_stream_payload_type(s->media, s->payload_type);
	}
	return true;
}

/* Makes the ICE session and gives it the offer's credentials and candidates; false with an
 * error. */
static bool start_leg_ice(av_leg *l, const call_sdp *offer, const struct av_leg_config *config,
			  GError **error)
{
	static const struct ice_handlers handlers = {
		.candidate = on_leg_candidate,
		.gathered = on_leg_gathered,
		.state = on_leg_state,
		.received = on_leg_received,
	};
	struct ice_config ice_config = {
		.local_address = config->address,
		.local_address6 = config->address6,
		.relays = config->relay,
		.n_relays = config->relay ? 1 : 0,
		.profile = config->profile,
		.n_streams = l->n_streams,
	};

	l->ice = ice_new(&ice_config, &handlers, l, error);
	if (!l->ice)
		return false;
	for (guint i = 0; i < l->n_streams; i++) {
		const struct call_sdp_media *m = g_ptr_array_index(offer->media, i);

		ice_set_remote_credentials(l->ice, i, m->ufrag, m->pwd);
		av_leg_add_candidates(l, i, m->candidates, m->end_of_candidates);
	}
	return true;
}

av_leg *av_leg_new(const call_sdp *offer, const struct av_leg_config *config,
		   const struct av_leg_handlers *handlers, gpointer user_data, GError **error)
{
	av_leg *l = g_new0(av_leg, 1);

	l->handlers = *handlers;
	l->user_data = user_data;
	l->address = g_strdup(config->address);
	l->ssrc = config->ssrc;
	l->has_relay = config->relay;
	l->n_streams = offer->media->len;
	l->streams = g_new0(struct leg_stream, l->n_streams);
	l->heard_us = g_get_monotonic_time();
	if (start_leg_media(l, offer, error) && start_leg_ice(l, offer, config, error))
		return l;
	av_leg_free(l);
	return NULL;
}

void av_leg_free(av_leg *l)
{
	if (!l)
		return;
	g_clear_handle_id(&l->reporting, g_source_remove);
	ice_free(l->ice);
	for (guint i = 0; i < l->n_streams; i++) {
		g_clear_pointer(&l->streams[i].media, media_stream_free);
		g_clear_pointer(&l->streams[i].found, g_ptr_array_unref);
		g_free(l->streams[i].protocol);
		g_free(l->streams[i].mid);
	}
	g_free(l->streams);
	g_free(l->address);
	g_free(l);
}

/* --- signalling ------------------------------------------------------------------------------- */

char *av_leg_answer(av_leg *l)
{
	g_autoptr(call_sdp) sdp = call_sdp_new(l->address);

	for (guint i = 0; i < l->n_streams; i++) {
		const struct leg_stream *s = &l->streams[i];
		struct call_sdp_media *m = call_sdp_add(sdp, s->profile->kind);
		const char *ufrag, *pwd;

		ice_local_credentials(l->ice, i, &ufrag, &pwd);
		m->ufrag = g_strdup(ufrag);
		m->pwd = g_strdup(pwd);
		m->protocol = g_strdup(s->protocol);
		m->mid = g_strdup(s->mid);
		m->no_mid = s->no_mid;
		m->no_rtcp_mux = s->no_rtcp_mux;
		g_ptr_array_add(m->cryptos, media_crypto_print(s->crypto_tag, s->key));
		g_ptr_array_add(m->rtpmaps,
				g_strdup_printf("%u %s", s->payload_type, s->profile->codec));
		m->ssrc = l->ssrc;
	}
	return call_sdp_print(sdp);
}

void av_leg_add_candidates(av_leg *l, guint stream, const GPtrArray *candidates, bool end)
{
	if (stream >= l->n_streams)
		return;
	for (guint i = 0; i < candidates->len; i++)
		ice_add_remote_candidate(l->ice, stream, g_ptr_array_index(candidates, i));
	if (end)
		ice_remote_gathered(l->ice, stream);
}

void av_leg_start_checks(av_leg *l)
{
	ice_start_checks(l->ice);
}

/* --- media ------------------------------------------------------------------------------------ */

static bool has_path(const av_leg *l, guint stream)
{
	enum ice_state state = ice_stream_state(l->ice, stream);

	return state == ICE_CONNECTED || state == ICE_READY;
}

void av_leg_forward(av_leg *l, const char *kind, const guint8 *rtp, gsize length)
{
	guint8 packet[MEDIA_PACKET_MAX];

	for (guint i = 0; i < l->n_streams; i++) {
		gsize n;

		if (!g_str_equal(l->streams[i].profile->kind, kind) || !has_path(l, i))
			continue;
		n = media_stream_forward(l->streams[i].media, rtp, length, packet);
		if (n > 0)
			ice_send(l->ice, i, packet, n);
		return;
	}
}

/* Whether a packet is RTCP: it has the packet types 192 to 223 (RFC 5761 section 4). */
static bool is_rtcp(const guint8 *packet, gsize length)
{
	return length >= 2 && packet[1] >= 192 && packet[1] <= 223;
}

void av_leg_report(av_leg *l)
{
	gint64 now_us = g_get_monotonic_time(), next_us;
	guint8 packet[MEDIA_PACKET_MAX];

	for (guint i = 0; i < l->n_streams; i++) {
		gsize n = media_stream_next(l->streams[i].media, now_us, packet, &next_us);

		/* media_stream_next returns a report before media; media of our own is dropped. */
		if (n > 0 && is_rtcp(packet, n) && has_path(l, i))
			ice_send(l->ice, i, packet, n);
	}
}

gint64 av_leg_heard_us(const av_leg *l)
{
	return l->heard_us;
}

guint av_leg_ice_warn(const av_leg *l)
{
	struct ice_report r;
	bool no_udp, no_tcp, relays;

	ice_get_report(l->ice, &r);
	no_udp = r.relays_udp_asked > 0 && r.relays_udp_got == 0;
	no_tcp = r.relays_tcp_asked > 0 && r.relays_tcp_got == 0;
	relays = r.relays_udp_got + r.relays_tcp_got > 0 ||
		 (r.remote_relay > 0 && !(no_udp && no_tcp));
	return (no_udp && no_tcp ? 0x101u : 0) | (no_udp ? 0x2u : 0) | (no_tcp ? 0x8u : 0) |
	       (r.host && r.remote_host ? 0x20u : 0) |
	       (r.remote_srflx && !(no_udp && no_tcp) ? 0x40u : 0) | (relays ? 0x80u | 0x200u : 0) |
	       (l->has_relay ? 0 : 0x80000u);
}
