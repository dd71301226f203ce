/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/av_mcu.h"

#include "frontend/av_leg.h"
#include "frontend/dialog.h"
#include "frontend/mcu_relays.h"

#define REPORT_MS 500
#define SILENCE_US (30 * G_USEC_PER_SEC)
#define TRICKLE_TYPE "application/trickle-ice-sdpfrag"

struct av_participant {
	av_mcu *mcu;
	char *conference_id;
	struct fe_dialog *dialog;
	bool remote;	      /* ms-media-location-type is Internet */
	struct fe_flow *flow; /* of the pending INVITE */
	sip_msg *pending;     /* an INVITE that is not answered yet; NULL: none */
	av_leg *leg;	      /* NULL: waits for relays */
};

struct av_mcu {
	const struct fe_context *context;
	mcu_relays *relays;
	GPtrArray *participants; /* struct av_participant, of all conferences */
	guint reports;		 /* source, while there are participants */
};

static void av_answer(av_mcu *m, struct fe_flow *flow, const sip_msg *request, int status)
{
	transactions_answer(m->context->transactions, flow, request, status, NULL, NULL);
}

static void av_participant_free(gpointer data)
{
	struct av_participant *p = data;

	mcu_relays_forget(p->mcu->relays, p);
	av_leg_free(p->leg);
	object_free(p->dialog);
	fe_flow_unref(p->flow);
	g_clear_pointer(&p->pending, sip_msg_unref);
	g_free(p->conference_id);
	g_free(p);
}

av_mcu *av_mcu_new(const struct fe_context *context)
{
	av_mcu *m = g_new0(av_mcu, 1);

	m->context = context;
	m->relays = mcu_relays_new(context);
	m->participants = g_ptr_array_new_with_free_func(av_participant_free);
	return m;
}

void av_mcu_free(av_mcu *m)
{
	if (!m)
		return;
	g_clear_handle_id(&m->reports, g_source_remove);
	g_ptr_array_unref(m->participants);
	object_free(m->relays);
	g_free(m);
}

guint av_mcu_participants(const av_mcu *m)
{
	return m->participants->len;
}

static guint participants_of(const av_mcu *m, const char *conference_id)
{
	guint n = 0;

	ptr_array_foreach(const struct av_participant, p, m->participants)
		n += g_str_equal(p->conference_id, conference_id);
	return n;
}

bool av_mcu_is_empty(const av_mcu *m, const struct conference *c)
{
	return participants_of(m, c->id) == 0;
}

void av_mcu_prepare(av_mcu *m, const struct conference *c)
{
	mcu_relays_prepare(m->relays, registrar_user_edge(m->context->registrar, c->organiser));
}

/* --- requests of our own ---------------------------------------------------------------------- */

static void remove_participant(struct av_participant *p)
{
	g_ptr_array_remove(p->mcu->participants, p);
}

/* The value of ms-client-diagnostics for a call without media (docs/PROTOCOL.md, "Audio and video"
 * 6): 22 when both ends are inside, 23 when one is outside.  The caller frees. */
static char *failure_diagnostics(const struct av_participant *p)
{
	return g_strdup_printf("%d; reason=\"Call failed to establish due to a media connectivity "
			       "failure when %s\"; "
			       "CalleeMediaDebug=\"audio:ICEWarn=0x%x\"",
			       p->remote ? 23 : 22,
			       p->remote ? "one endpoint is internal and the other is remote" :
					   "both endpoints are internal",
			       av_leg_ice_warn(p->leg));
}

/* Sends BYE; `diagnostics` (the value of ms-client-diagnostics) may be NULL. */
static void send_bye(struct av_participant *p, const char *diagnostics)
{
	g_autoptr(sip_msg) bye = fe_dialog_request(p->dialog, "BYE");

	if (diagnostics)
		sip_add_header(bye, "ms-client-diagnostics", diagnostics);
	fe_context_request(p->mcu->context, bye, 0, NULL, NULL);
}

/* Answers the pending INVITE, if there is one, with 500. */
static void refuse_pending(struct av_participant *p)
{
	if (p->pending)
		transactions_answer(p->mcu->context->transactions, p->flow, p->pending, 500,
				    "Media Failed", p->dialog->local_tag);
}

/* Ends the participant's call: refuses a pending INVITE, sends BYE with diagnostics, removes it. */
static void on_leg_failed(av_leg *l G_GNUC_UNUSED, gpointer user_data)
{
	struct av_participant *p = user_data;
	g_autofree char *diagnostics = failure_diagnostics(p);

	refuse_pending(p);
	send_bye(p, diagnostics);
	remove_participant(p);
}

static void on_leg_candidates(av_leg *l G_GNUC_UNUSED, guint stream, const char *ufrag,
			      const char *pwd, const char *const *candidates, bool end,
			      gpointer user_data)
{
	struct av_participant *p = user_data;
	g_autoptr(sip_msg) info = fe_dialog_request(p->dialog, "INFO");
	g_autofree char *body = call_sdpfrag_print(ufrag, pwd, stream, candidates, end);

	sip_add_header(info, "Info-Package", "trickle-ice");
	sip_add_header(info, "Content-Disposition", "Info-Package"); /* RFC 6086 section 8.2 */
	sip_set_body(info, TRICKLE_TYPE, body, -1);
	fe_context_request(p->mcu->context, info, 0, NULL, NULL);
}

/* Answers the pending INVITE with our session description. */
static void send_sdp_answer(struct av_participant *p, int status, const char *reason)
{
	g_autoptr(sip_msg) m = fe_dialog_answer(p->dialog, p->pending, status, reason);
	g_autofree char *sdp = av_leg_answer(p->leg);

	sip_add_header(m, "ms-media-location-type", "Intranet");
	sip_set_body(m, "application/sdp", sdp, -1);
	transactions_send(p->mcu->context->transactions, p->flow, m);
}

static void answer_pending(struct av_participant *p)
{
	send_sdp_answer(p, 200, "OK");
	g_clear_pointer(&p->pending, sip_msg_unref);
	g_clear_pointer(&p->flow, fe_flow_unref);
}

/* Answers a re-INVITE that waited for the final pairs. */
static void on_leg_ready(av_leg *l G_GNUC_UNUSED, gpointer user_data)
{
	struct av_participant *p = user_data;

	if (p->pending)
		answer_pending(p);
}

/* Sends a packet to all other participants of the conference. */
static void on_leg_rtp(av_leg *l, const char *kind, const guint8 *rtp, gsize length,
		       gpointer user_data)
{
	const struct av_participant *p = user_data;

	ptr_array_foreach(const struct av_participant, q, p->mcu->participants)
		if (q->leg && q->leg != l && g_str_equal(q->conference_id, p->conference_id))
			av_leg_forward(q->leg, kind, rtp, length);
}

/* --- joining ---------------------------------------------------------------------------------- */

/* An SSRC made from a name (docs/PROTOCOL.md, "Conferences" 3); ours is from the conference's. */
static guint32 ssrc_of_name(const char *name)
{
	g_autofree char *hex = g_compute_checksum_for_string(G_CHECKSUM_SHA256, name, -1);

	hex[8] = '\0';
	return (guint32)g_ascii_strtoull(hex, NULL, 16);
}

/* Starts the participant's leg when its relay is known (NULL: there is none) and answers its
 * INVITE. */
static void join_with_relay(const struct ice_relay *relay, gpointer user_data)
{
	static const struct av_leg_handlers handlers = {
		.candidates = on_leg_candidates,
		.ready = on_leg_ready,
		.failed = on_leg_failed,
		.rtp = on_leg_rtp,
	};
	struct av_participant *p = user_data;
	const struct fe_context *s = p->mcu->context;
	g_autoptr(call_sdp) offer = call_sdp_of(p->pending);
	struct av_leg_config config = {
		.address = s->address,
		.address6 = s->address6,
		.relay = relay,
		.profile = ice_profile_by_name(s->ice_profile),
		.ssrc = ssrc_of_name(p->conference_id),
	};

	p->leg = av_leg_new(offer, &config, &handlers, p, NULL);
	if (!p->leg) {
		refuse_pending(p);
		remove_participant(p);
		return;
	}
	send_sdp_answer(p, 183, "Session Progress");
	answer_pending(p);
}

/* Sends RTCP to all participants, and ends those from whom nothing has come for SILENCE_US.  The
 * timer stops with the last participant. */
static gboolean send_reports(gpointer data)
{
	av_mcu *m = data;

	for (guint i = m->participants->len; i > 0; i--) {
		struct av_participant *p = g_ptr_array_index(m->participants, i - 1);

		if (!p->leg)
			continue;
		av_leg_report(p->leg);
		if (g_get_monotonic_time() - av_leg_heard_us(p->leg) > SILENCE_US) {
			send_bye(p, NULL);
			remove_participant(p);
		}
	}
	if (m->participants->len > 0)
		return G_SOURCE_CONTINUE;
	m->reports = 0;
	return G_SOURCE_REMOVE;
}

/* Adds a participant that has sent its first INVITE; the answer follows when its relay is known. */
static void av_join(av_mcu *m, const struct conference *c, struct fe_flow *flow,
		    const sip_msg *invite)
{
	struct av_participant *p = g_new0(struct av_participant, 1);

	p->mcu = m;
	p->conference_id = g_strdup(c->id);
	p->dialog = fe_dialog_new(invite);
	p->remote = g_strcmp0(sip_header(invite, "ms-media-location-type"), "Internet") == 0;
	p->flow = fe_flow_ref(flow);
	p->pending = sip_msg_copy(invite);
	g_ptr_array_add(m->participants, p);
	if (!m->reports)
		m->reports = g_timeout_add(REPORT_MS, send_reports, m);
	mcu_relays_get(m->relays, registrar_user_edge(m->context->registrar, c->organiser),
		       join_with_relay, p);
}

/* --- requests --------------------------------------------------------------------------------- */

static struct av_participant *av_find_participant(const av_mcu *m, const sip_msg *request)
{
	ptr_array_foreach(struct av_participant, p, m->participants)
		if (fe_dialog_matches(p->dialog, request))
			return p;
	return NULL;
}

/* Ends the oldest participation of a user when there are as many as may be. */
static void av_limit_user(const av_mcu *m, const char *user)
{
	struct av_participant *oldest = NULL;
	guint n = 0;

	ptr_array_foreach(struct av_participant, p, m->participants) {
		if (!g_str_equal(p->dialog->user, user))
			continue;
		n++;
		oldest = oldest ? oldest : p;
	}
	if (n < AV_PARTICIPATIONS_OF_USER)
		return;
	refuse_pending(oldest);
	send_bye(oldest, NULL);
	remove_participant(oldest);
}

static void on_first_invite(av_mcu *m, const struct conference *c, struct fe_flow *flow,
			    const sip_msg *request)
{
	g_autoptr(call_sdp) offer = call_sdp_of(request);
	g_autofree char *user = sip_uri_user(sip_from_uri(request));

	if (!offer || !av_leg_can_answer(offer)) {
		av_answer(m, flow, request, 488);
		return;
	}
	av_limit_user(m, user);
	if (participants_of(m, c->id) >= AV_PARTICIPANTS_OF_CONFERENCE)
		av_answer(m, flow, request, 486);
	else if (m->participants->len >= AV_PARTICIPANTS_OF_ALL)
		transactions_answer_full(m->context->transactions, flow, request);
	else
		av_join(m, c, flow, request);
}

/* A first INVITE joins; a re-INVITE is answered when our streams have their final pairs. */
static void on_av_invite(av_mcu *m, const struct conference *c, struct fe_flow *flow,
			 const sip_msg *request)
{
	struct av_participant *p = av_find_participant(m, request);

	if (!p && !sip_to_tag(request)) {
		on_first_invite(m, c, flow, request);
	} else if (!p) {
		av_answer(m, flow, request, 481);
	} else if (p->pending) { /* RFC 3261 section 14.2 */
		transactions_answer(m->context->transactions, flow, request, 500, NULL,
				    p->dialog->local_tag);
	} else {
		p->flow = fe_flow_ref(flow);
		p->pending = sip_msg_copy(request);
		if (av_leg_is_ready(p->leg))
			answer_pending(p);
	}
}

static void on_av_ack(av_mcu *m, const struct conference *c G_GNUC_UNUSED,
		      struct fe_flow *flow G_GNUC_UNUSED, const sip_msg *request)
{
	const struct av_participant *p = av_find_participant(m, request);

	if (p && p->leg)
		av_leg_start_checks(p->leg);
}

static void on_av_info(av_mcu *m, const struct conference *c G_GNUC_UNUSED, struct fe_flow *flow,
		       const sip_msg *request)
{
	const struct av_participant *p = av_find_participant(m, request);
	g_autoptr(GPtrArray) candidates = g_ptr_array_new_with_free_func(g_free);
	gsize length = 0;
	const char *body = sip_body(request, &length);
	guint stream = 0;
	bool end = false;

	if (!p || !p->leg) {
		av_answer(m, flow, request, 481);
	} else if (!body || g_strcmp0(sip_content_type(request), TRICKLE_TYPE) != 0) {
		av_answer(m, flow, request, 415);
	} else if (!call_sdpfrag_parse(body, length, &stream, candidates, &end)) {
		av_answer(m, flow, request, 400);
	} else {
		av_answer(m, flow, request, 200);
		av_leg_start_checks(p->leg);
		av_leg_add_candidates(p->leg, stream, candidates, end);
	}
}

static void on_av_bye(av_mcu *m, const struct conference *c G_GNUC_UNUSED, struct fe_flow *flow,
		      const sip_msg *request)
{
	struct av_participant *p = av_find_participant(m, request);

	av_answer(m, flow, request, p ? 200 : 481);
	if (p)
		remove_participant(p);
}

static const struct {
	const char *method;
	void (*handle)(av_mcu *m, const struct conference *c, struct fe_flow *flow,
		       const sip_msg *request);
} av_methods[] = {
	{"INVITE", on_av_invite},
	{"ACK", on_av_ack},
	{"INFO", on_av_info},
	{"BYE", on_av_bye},
};

void av_mcu_request(av_mcu *m, const struct conference *c, struct fe_flow *flow,
		    const sip_msg *request)
{
	for (guint i = 0; i < G_N_ELEMENTS(av_methods); i++)
		if (g_str_equal(sip_method(request), av_methods[i].method)) {
			av_methods[i].handle(m, c, flow, request);
			return;
		}
	av_answer(m, flow, request, 405);
}

void av_mcu_user_gone(av_mcu *m, const char *user)
{
	for (guint i = m->participants->len; i > 0; i--) {
		struct av_participant *p = g_ptr_array_index(m->participants, i - 1);

		if (g_str_equal(p->dialog->user, user))
			remove_participant(p);
	}
}

void av_mcu_hang_up(av_mcu *m)
{
	while (m->participants->len > 0) {
		struct av_participant *p = g_ptr_array_index(m->participants, 0);

		send_bye(p, NULL);
		remove_participant(p);
	}
}
