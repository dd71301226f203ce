/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/im_mcu.h"

#include "common/call_sdp.h"
#include "frontend/dialog.h"

struct message {
	char *sender, *type, *text;
	gsize length;
};

struct participant {
	struct fe_dialog *dialog;
	bool confirmed;
};

struct room {
	GPtrArray *participants; /* struct participant */
	GPtrArray *history;	 /* struct message */
};

struct im_mcu {
	const struct station *station;
	GHashTable *rooms;  /* conference id -> struct room */
	GPtrArray *waiting; /* struct delivery: what transactions may still call back */
};

/* One message on its way to all: who is to be answered when the last has confirmed. */
struct round {
	guint refs, outstanding;
	struct fe_flow *flow;
	sip_msg *request;
	char *tag;
	int worst;
};

struct delivery {
	im_mcu *mcu;
	struct round *round; /* NULL: told to a late-comer */
	char *room_id, *call_id, *remote_tag;
};

static void message_free(gpointer data)
{
	struct message *m = data;

	g_free(m->sender);
	g_free(m->type);
	g_free(m->text);
	g_free(m);
}

static void participant_free(gpointer data)
{
	struct participant *p = data;

	fe_dialog_free(p->dialog);
	g_free(p);
}

static void room_free(gpointer data)
{
	struct room *r = data;

	g_ptr_array_unref(r->participants);
	g_ptr_array_unref(r->history);
	g_free(r);
}

static void round_unref(struct round *r)
{
	if (!r || --r->refs > 0)
		return;
	fe_flow_unref(r->flow);
	sip_msg_unref(r->request);
	g_free(r->tag);
	g_free(r);
}

static void delivery_free(gpointer data)
{
	struct delivery *d = data;

	round_unref(d->round);
	g_free(d->room_id);
	g_free(d->call_id);
	g_free(d->remote_tag);
	g_free(d);
}

im_mcu *im_mcu_new(const struct station *station)
{
	im_mcu *m = g_new0(im_mcu, 1);

	m->station = station;
	m->rooms = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, room_free);
	m->waiting = g_ptr_array_new_with_free_func(delivery_free);
	return m;
}

void im_mcu_free(im_mcu *m)
{
	if (!m)
		return;
	for (guint i = 0; i < m->waiting->len; i++)
		transactions_forget(m->station->transactions, g_ptr_array_index(m->waiting, i));
	g_ptr_array_unref(m->waiting);
	g_hash_table_unref(m->rooms);
	g_free(m);
}

guint im_mcu_participants(const im_mcu *m)
{
	GHashTableIter i;
	gpointer value;
	guint n = 0;

	g_hash_table_iter_init(&i, m->rooms);
	while (g_hash_table_iter_next(&i, NULL, &value))
		n += ((const struct room *)value)->participants->len;
	return n;
}

static struct room *room_of(im_mcu *m, const struct conference *c)
{
	struct room *r = g_hash_table_lookup(m->rooms, c->id);

	if (r)
		return r;
	r = g_new0(struct room, 1);
	r->participants = g_ptr_array_new_with_free_func(participant_free);
	r->history = g_ptr_array_new_with_free_func(message_free);
	g_hash_table_insert(m->rooms, g_strdup(c->id), r);
	return r;
}

static struct participant *find_participant(const struct room *r, const sip_msg *request)
{
	for (guint i = 0; i < r->participants->len; i++) {
		struct participant *p = g_ptr_array_index(r->participants, i);

		if (fe_dialog_matches(p->dialog, request))
			return p;
	}
	return NULL;
}

static void answer(im_mcu *m, struct fe_flow *flow, const sip_msg *request, int status)
{
	transactions_answer(m->station->transactions, flow, request, status, NULL, NULL);
}

/* --- delivery --------------------------------------------------------------------------------- */

static bool means_gone(int status)
{
	static const int gone[] = {404, 408, 430, 480, 481}; /* RFC 3261 12.2.1.2, RFC 5626 */

	for (guint i = 0; i < G_N_ELEMENTS(gone); i++)
		if (gone[i] == status)
			return true;
	return false;
}

static void remove_gone(const struct delivery *d)
{
	const struct room *r = g_hash_table_lookup(d->mcu->rooms, d->room_id);

	for (guint i = 0; r && i < r->participants->len; i++) {
		const struct participant *p = g_ptr_array_index(r->participants, i);

		if (g_str_equal(p->dialog->call_id, d->call_id) &&
		    g_strcmp0(p->dialog->remote_tag, d->remote_tag) == 0) {
			g_ptr_array_remove_index(r->participants, i);
			return;
		}
	}
}

static void settle(im_mcu *m, struct round *r, int status)
{
	if (status >= 300)
		r->worst = MAX(r->worst, status);
	if (--r->outstanding == 0)
		transactions_answer(m->station->transactions, r->flow, r->request, r->worst, NULL,
				    r->tag);
}

static void on_delivered(int status, sip_msg *response G_GNUC_UNUSED, gpointer user_data)
{
	struct delivery *d = user_data;

	if (means_gone(status))
		remove_gone(d);
	if (d->round)
		settle(d->mcu, d->round, status);
	g_ptr_array_remove_fast(d->mcu->waiting, d);
}

/* Sends `what` to `p`; `round` (may be NULL) waits for the confirmation. */
static void deliver(im_mcu *m, const char *room_id, struct participant *p,
		    const struct message *what, struct round *round)
{
	g_autoptr(sip_msg) request = fe_dialog_request(p->dialog, "MESSAGE");
	g_autofree char *sender = g_strdup_printf("sip:%s", what->sender);
	struct delivery *d = g_new0(struct delivery, 1);

	sip_add_header(request, "Ms-Sender", sender);
	sip_set_body(request, what->type, what->text, (gssize)what->length);
	d->mcu = m;
	d->room_id = g_strdup(room_id);
	d->call_id = g_strdup(p->dialog->call_id);
	d->remote_tag = g_strdup(p->dialog->remote_tag);
	d->round = round;
	if (round) {
		round->refs++;
		round->outstanding++;
	}
	g_ptr_array_add(m->waiting, d);
	if (station_request(m->station, request, IM_DELIVERY_US, on_delivered, d))
		return;
	if (round)
		settle(m, round, 480);
	g_ptr_array_remove_fast(m->waiting, d);
}

static struct message *remember(struct room *r, const struct participant *sender,
				const sip_msg *request)
{
	struct message *m = g_new0(struct message, 1);
	gsize length = 0;
	const char *text = sip_body(request, &length);

	m->sender = g_strdup(sender->dialog->user);
	m->type = g_strdup(sip_content_type(request) ? sip_content_type(request) :
						       "text/plain;charset=UTF-8");
	m->text = g_strndup(text ? text : "", length);
	m->length = length;
	if (r->history->len == IM_HISTORY_MAX)
		g_ptr_array_remove_index(r->history, 0);
	g_ptr_array_add(r->history, m);
	return m;
}

static void fan_out(im_mcu *m, const char *room_id, struct room *r,
		    const struct participant *sender, struct fe_flow *flow, const sip_msg *request)
{
	const struct message *what = remember(r, sender, request);
	struct round *round = g_new0(struct round, 1);

	round->refs = 1;
	round->outstanding = 1; /* ours, until all are on their way */
	round->worst = 200;
	round->flow = fe_flow_ref(flow);
	round->request = sip_msg_copy(request);
	round->tag = g_strdup(sender->dialog->local_tag);
	for (guint i = 0; i < r->participants->len; i++) {
		struct participant *p = g_ptr_array_index(r->participants, i);

		if (p->confirmed && !g_str_equal(p->dialog->user, what->sender))
			deliver(m, room_id, p, what, round);
	}
	settle(m, round, 200);
	round_unref(round);
}

/* --- requests --------------------------------------------------------------------------------- */

static bool offers_messages(const sip_msg *invite)
{
	gsize length = 0;
	const char *body = sip_body(invite, &length);
	g_autoptr(call_sdp) sdp = body ? call_sdp_parse(body, length, NULL) : NULL;
	const struct call_sdp_media *first =
		sdp && sdp->media->len == 1 ? g_ptr_array_index(sdp->media, 0) : NULL;

	return first && g_strcmp0(first->kind, "message") == 0;
}

static void answer_invite(im_mcu *m, const struct participant *p, struct fe_flow *flow,
			  const sip_msg *invite)
{
	g_autoptr(sip_msg) ok = fe_dialog_answer(p->dialog, invite, 200, "OK");
	g_autoptr(call_sdp) sdp = call_sdp_new(m->station->address);
	g_autofree char *body = NULL;

	call_sdp_add(sdp, "message");
	body = call_sdp_print(sdp);
	sip_set_body(ok, "application/sdp", body, -1);
	transactions_send(m->station->transactions, flow, ok);
}

static void on_invite(im_mcu *m, const char *room_id G_GNUC_UNUSED, struct room *r,
		      struct fe_flow *flow, const sip_msg *request)
{
	struct participant *p = find_participant(r, request);

	if (!p && sip_to_tag(request)) {
		answer(m, flow, request, 481);
	} else if (!offers_messages(request)) {
		answer(m, flow, request, 488);
	} else {
		if (!p) {
			p = g_new0(struct participant, 1);
			p->dialog = fe_dialog_new(request);
			g_ptr_array_add(r->participants, p);
		}
		answer_invite(m, p, flow, request);
	}
}

static void on_ack(im_mcu *m, const char *room_id, struct room *r,
		   struct fe_flow *flow G_GNUC_UNUSED, const sip_msg *request)
{
	struct participant *p = find_participant(r, request);

	if (!p || p->confirmed)
		return;
	p->confirmed = true;
	for (guint i = 0; i < r->history->len; i++) {
		const struct message *earlier = g_ptr_array_index(r->history, i);

		if (!g_str_equal(earlier->sender, p->dialog->user))
			deliver(m, room_id, p, earlier, NULL);
	}
}

static void on_message(im_mcu *m, const char *room_id, struct room *r, struct fe_flow *flow,
		       const sip_msg *request)
{
	const struct participant *p = find_participant(r, request);

	if (p)
		fan_out(m, room_id, r, p, flow, request);
	else
		answer(m, flow, request, 481);
}

static void on_bye(im_mcu *m, const char *room_id G_GNUC_UNUSED, struct room *r,
		   struct fe_flow *flow, const sip_msg *request)
{
	struct participant *p = find_participant(r, request);

	answer(m, flow, request, p ? 200 : 481);
	if (p)
		g_ptr_array_remove(r->participants, p);
}

static const struct {
	const char *method;
	void (*handle)(im_mcu *m, const char *room_id, struct room *r, struct fe_flow *flow,
		       const sip_msg *request);
} methods[] = {
	{"INVITE", on_invite},
	{"ACK", on_ack},
	{"MESSAGE", on_message},
	{"BYE", on_bye},
};

void im_mcu_request(im_mcu *m, const struct conference *c, struct fe_flow *flow,
		    const sip_msg *request)
{
	for (guint i = 0; i < G_N_ELEMENTS(methods); i++)
		if (g_str_equal(sip_method(request), methods[i].method)) {
			methods[i].handle(m, c->id, room_of(m, c), flow, request);
			return;
		}
	answer(m, flow, request, 405);
}

void im_mcu_user_gone(im_mcu *m, const char *user)
{
	GHashTableIter i;
	gpointer value;

	g_hash_table_iter_init(&i, m->rooms);
	while (g_hash_table_iter_next(&i, NULL, &value)) {
		const struct room *r = value;

		for (guint k = r->participants->len; k > 0; k--) {
			const struct participant *p = g_ptr_array_index(r->participants, k - 1);

			if (g_str_equal(p->dialog->user, user))
				g_ptr_array_remove_index(r->participants, k - 1);
		}
	}
}

void im_mcu_conference_ended(im_mcu *m, const struct conference *c)
{
	g_hash_table_remove(m->rooms, c->id);
}
