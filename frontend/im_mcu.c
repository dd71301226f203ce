/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/im_mcu.h"

#include "common/call_sdp.h"
#include "frontend/dialog.h"
#include "frontend/im_history.h"

struct im_participant {
	struct fe_dialog *dialog;
	guint64 number; /* later ones have higher ones */
	bool confirmed;
};

struct chat_conference {
	GPtrArray *participants; /* struct im_participant */
	im_history *history;
};

struct im_mcu {
	const struct fe_context *context;
	GHashTable *conferences; /* id -> struct chat_conference */
	GPtrArray *waiting;	 /* struct delivery: those whose callback is pending */
	guint participants;	 /* of all conferences */
	guint64 joined;		 /* so many have joined until now */
	im_histories *histories;
};

/* One message on its way to all participants, and the request to answer when the last has
 * confirmed. */
struct fan_out {
	im_mcu *mcu;
	char *sender;
	gsize bytes;		 /* that are taken of the sender's room */
	guint refs, outstanding; /* confirmations that are missing, and 1 until all are sent */
	struct fe_flow *flow;
	sip_msg *request;
	char *tag;
	int worst; /* the highest status of 300 and above; 200: none */
};

/* One message on its way to one participant. */
struct delivery {
	im_mcu *mcu;
	struct fan_out *fan_out; /* NULL: an earlier message */
	char *conference_id, *call_id, *remote_tag;
};

static const struct object_shape im_participant_shape =
	OBJECT_SHAPE(im_participant, NULL, OWNS(im_participant, dialog, object_free));

static const struct object_shape chat_conference_shape =
	OBJECT_SHAPE(chat_conference, NULL, OWNS(chat_conference, participants, g_ptr_array_unref),
		     OWNS(chat_conference, history, im_history_free));

static void fan_out_unref(struct fan_out *r)
{
	if (!r || --r->refs > 0)
		return;
	transactions_give_room(r->mcu->context->transactions, r->sender, r->bytes);
	g_free(r->sender);
	fe_flow_unref(r->flow);
	sip_msg_unref(r->request);
	g_free(r->tag);
	g_free(r);
}

static const struct object_shape delivery_shape =
	OBJECT_SHAPE(delivery, NULL, OWNS(delivery, fan_out, fan_out_unref),
		     OWNS_TEXT(delivery, conference_id), OWNS_TEXT(delivery, call_id),
		     OWNS_TEXT(delivery, remote_tag));

im_mcu *im_mcu_new(const struct fe_context *context)
{
	im_mcu *m = g_new0(im_mcu, 1);

	m->context = context;
	m->conferences = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, object_free);
	m->waiting = g_ptr_array_new_with_free_func(object_free);
	m->histories = im_histories_new();
	return m;
}

void im_mcu_free(im_mcu *m)
{
	if (!m)
		return;
	for (guint i = 0; i < m->waiting->len; i++)
		transactions_forget(m->context->transactions, g_ptr_array_index(m->waiting, i));
	g_ptr_array_unref(m->waiting);
	g_hash_table_unref(m->conferences);
	object_free(m->histories);
	g_free(m);
}

guint im_mcu_participants(const im_mcu *m)
{
	return m->participants;
}

gsize im_mcu_history_bytes(const im_mcu *m)
{
	return im_histories_bytes(m->histories);
}

bool im_mcu_is_empty(const im_mcu *m, const struct conference *c)
{
	const struct chat_conference *r = g_hash_table_lookup(m->conferences, c->id);

	return !r || r->participants->len == 0;
}

static void remove_participant_at(im_mcu *m, const struct chat_conference *r, guint i)
{
	g_ptr_array_remove_index(r->participants, i);
	m->participants--;
}

/* The participants and history of a conference, made at its first request; owned by the table. */
static struct chat_conference *chat_of_conference(im_mcu *m, const struct conference *c)
{
	struct chat_conference *r = g_hash_table_lookup(m->conferences, c->id);

	if (r)
		return r;
	r = object_new(&chat_conference_shape);
	r->participants = g_ptr_array_new_with_free_func(object_free);
	r->history = im_history_new(m->histories);
	g_hash_table_insert(m->conferences, g_strdup(c->id), r);
	return r;
}

static struct im_participant *im_find_participant(const struct chat_conference *r,
						  const sip_msg *request)
{
	ptr_array_foreach(struct im_participant, p, r->participants)
		if (fe_dialog_matches(p->dialog, request))
			return p;
	return NULL;
}

static void im_answer(im_mcu *m, struct fe_flow *flow, const sip_msg *request, int status)
{
	transactions_answer(m->context->transactions, flow, request, status, NULL, NULL);
}

/* --- delivery --------------------------------------------------------------------------------- */

/* Whether a status says that the participant's dialog or connection does not exist any more. */
static bool is_gone_status(int status)
{
	static const int gone[] = {404, 408, 430, 480, 481}; /* RFC 3261 12.2.1.2, RFC 5626 */

	for (guint i = 0; i < G_N_ELEMENTS(gone); i++)
		if (gone[i] == status)
			return true;
	return false;
}

/* Removes the participant of a delivery, unless it has left meanwhile. */
static void remove_gone(const struct delivery *d)
{
	const struct chat_conference *r =
		g_hash_table_lookup(d->mcu->conferences, d->conference_id);

	for (guint i = 0; r && i < r->participants->len; i++) {
		const struct im_participant *p = g_ptr_array_index(r->participants, i);

		if (g_str_equal(p->dialog->call_id, d->call_id) &&
		    g_strcmp0(p->dialog->remote_tag, d->remote_tag) == 0) {
			remove_participant_at(d->mcu, r, i);
			return;
		}
	}
}

/* Counts one confirmation; after the last one the sender gets the worst status. */
static void fan_out_confirmed(im_mcu *m, struct fan_out *r, int status)
{
	if (status >= 300)
		r->worst = MAX(r->worst, status);
	if (--r->outstanding == 0)
		transactions_answer(m->context->transactions, r->flow, r->request, r->worst, NULL,
				    r->tag);
}

/* Counts the confirmation, and removes a participant that is gone. */
static void on_delivered(int status, sip_msg *response G_GNUC_UNUSED, gpointer user_data)
{
	struct delivery *d = user_data;

	if (is_gone_status(status))
		remove_gone(d);
	if (d->fan_out)
		fan_out_confirmed(d->mcu, d->fan_out, status);
	g_ptr_array_remove_fast(d->mcu->waiting, d);
}

/* Sends `what` to `p`.  `fan_out` (NULL: an earlier message) counts the confirmation. */
static void deliver_message(im_mcu *m, const char *conference_id, struct im_participant *p,
			    const struct im_text *what, struct fan_out *fan_out)
{
	g_autoptr(sip_msg) request = fe_dialog_request(p->dialog, "MESSAGE");
	g_autofree char *sender = g_strdup_printf("sip:%s", what->sender);
	struct delivery *d = object_new(&delivery_shape);

	sip_add_header(request, "Ms-Sender", sender);
	sip_set_body(request, what->type, what->text, (gssize)what->length);
	d->mcu = m;
	d->conference_id = g_strdup(conference_id);
	d->call_id = g_strdup(p->dialog->call_id);
	d->remote_tag = g_strdup(p->dialog->remote_tag);
	d->fan_out = fan_out;
	if (fan_out) {
		fan_out->refs++;
		fan_out->outstanding++;
	}
	g_ptr_array_add(m->waiting, d);
	if (fe_context_request(m->context, request, IM_DELIVERY_US, on_delivered, d))
		return;
	if (fan_out)
		fan_out_confirmed(m, fan_out, 480);
	g_ptr_array_remove_fast(m->waiting, d);
}

/* What is kept of a message until all have confirmed it; the copy of the request has no body. NULL:
 * its sender has no room for it. */
static struct fan_out *fan_out_new(im_mcu *m, const struct im_participant *sender,
				   struct fe_flow *flow, const sip_msg *request)
{
	g_autoptr(sip_msg) head = sip_msg_copy(request);
	struct fan_out *r;
	gsize bytes;

	sip_set_body(head, NULL, NULL, 0);
	bytes = sip_msg_size(head) + TRANSACTION_BYTES;
	if (!transactions_take_room(m->context->transactions, sender->dialog->user, bytes))
		return NULL;
	r = g_new0(struct fan_out, 1);
	r->mcu = m;
	r->sender = g_strdup(sender->dialog->user);
	r->bytes = bytes;
	r->refs = 1;
	r->outstanding = 1; /* until all are sent */
	r->worst = 200;
	r->flow = fe_flow_ref(flow);
	r->request = g_steal_pointer(&head);
	r->tag = g_strdup(sender->dialog->local_tag);
	return r;
}

/* Sends the text of a MESSAGE to all confirmed participants but its sender, who gets the response
 * when they have confirmed it. */
static void send_to_others(im_mcu *m, const char *conference_id, struct chat_conference *r,
			   const struct im_participant *sender, struct fe_flow *flow,
			   const sip_msg *request)
{
	struct fan_out *fan_out = fan_out_new(m, sender, flow, request);
	struct im_text *what;

	if (!fan_out) {
		transactions_answer_full(m->context->transactions, flow, request);
		return;
	}
	what = im_text_new(sender->dialog->user, request);
	for (guint i = 0; i < r->participants->len; i++) {
		struct im_participant *p = g_ptr_array_index(r->participants, i);

		if (p->confirmed && !g_str_equal(p->dialog->user, what->sender))
			deliver_message(m, conference_id, p, what, fan_out);
	}
	im_history_keep(r->history, what);
	fan_out_confirmed(m, fan_out, 200);
	fan_out_unref(fan_out);
}

/* --- requests --------------------------------------------------------------------------------- */

static void answer_invite(im_mcu *m, const struct im_participant *p, struct fe_flow *flow,
			  const sip_msg *invite)
{
	g_autoptr(sip_msg) ok = fe_dialog_answer(p->dialog, invite, 200, "OK");
	g_autoptr(call_sdp) sdp = call_sdp_new(m->context->address);
	g_autofree char *body = NULL;

	call_sdp_add(sdp, "message");
	body = call_sdp_print(sdp);
	sip_set_body(ok, "application/sdp", body, -1);
	transactions_send(m->context->transactions, flow, ok);
}

/* The oldest participation of a user goes when there are as many as may be. */
static void im_limit_user(im_mcu *m, const char *user)
{
	struct chat_conference *where = NULL;
	guint64 oldest = G_MAXUINT64;
	guint n = 0, at = 0;
	GHashTableIter it;
	gpointer value;

	g_hash_table_iter_init(&it, m->conferences);
	while (g_hash_table_iter_next(&it, NULL, &value)) {
		struct chat_conference *r = value;

		for (guint i = 0; i < r->participants->len; i++) {
			const struct im_participant *p = g_ptr_array_index(r->participants, i);

			if (!g_str_equal(p->dialog->user, user))
				continue;
			n++;
			if (p->number > oldest)
				continue;
			oldest = p->number;
			where = r;
			at = i;
		}
	}
	if (where && n >= IM_PARTICIPATIONS_OF_USER)
		remove_participant_at(m, where, at);
}

/* Adds who has sent a first INVITE.  NULL: there is no room, which was answered. */
static struct im_participant *im_join(im_mcu *m, struct chat_conference *r, struct fe_flow *flow,
				      const sip_msg *invite)
{
	struct im_participant *p;
	struct fe_dialog *d = fe_dialog_new(invite);

	im_limit_user(m, d->user);
	if (r->participants->len >= IM_PARTICIPANTS_OF_CONFERENCE ||
	    m->participants >= IM_PARTICIPANTS_OF_ALL) {
		if (r->participants->len >= IM_PARTICIPANTS_OF_CONFERENCE)
			im_answer(m, flow, invite, 486);
		else
			transactions_answer_full(m->context->transactions, flow, invite);
		object_free(d);
		return NULL;
	}
	p = object_new(&im_participant_shape);
	p->dialog = d;
	p->number = m->joined++;
	g_ptr_array_add(r->participants, p);
	m->participants++;
	return p;
}

static void on_im_invite(im_mcu *m, const char *conference_id G_GNUC_UNUSED,
			 struct chat_conference *r, struct fe_flow *flow, const sip_msg *request)
{
	struct im_participant *p = im_find_participant(r, request);
	g_autoptr(call_sdp) offer = call_sdp_of(request);

	if (!p && sip_to_tag(request)) {
		im_answer(m, flow, request, 481);
	} else if (!call_sdp_is_messages(offer)) {
		im_answer(m, flow, request, 488);
	} else {
		p = p ? p : im_join(m, r, flow, request);
		if (p)
			answer_invite(m, p, flow, request);
	}
}

/* Confirms a participant, who then gets the earlier messages of others. */
static void on_im_ack(im_mcu *m, const char *conference_id, struct chat_conference *r,
		      struct fe_flow *flow G_GNUC_UNUSED, const sip_msg *request)
{
	struct im_participant *p = im_find_participant(r, request);

	if (!p || p->confirmed)
		return;
	p->confirmed = true;
	ptr_array_foreach(const struct im_text, earlier, im_history_texts(r->history))
		if (!g_str_equal(earlier->sender, p->dialog->user))
			deliver_message(m, conference_id, p, earlier, NULL);
}

static void on_im_message(im_mcu *m, const char *conference_id, struct chat_conference *r,
			  struct fe_flow *flow, const sip_msg *request)
{
	const struct im_participant *p = im_find_participant(r, request);

	if (p)
		send_to_others(m, conference_id, r, p, flow, request);
	else
		im_answer(m, flow, request, 481);
}

static void on_im_bye(im_mcu *m, const char *conference_id G_GNUC_UNUSED, struct chat_conference *r,
		      struct fe_flow *flow, const sip_msg *request)
{
	struct im_participant *p = im_find_participant(r, request);

	im_answer(m, flow, request, p ? 200 : 481);
	if (p && g_ptr_array_remove(r->participants, p))
		m->participants--;
}

static const struct {
	const char *method;
	void (*handle)(im_mcu *m, const char *conference_id, struct chat_conference *r,
		       struct fe_flow *flow, const sip_msg *request);
} im_methods[] = {
	{"INVITE", on_im_invite},
	{"ACK", on_im_ack},
	{"MESSAGE", on_im_message},
	{"BYE", on_im_bye},
};

void im_mcu_request(im_mcu *m, const struct conference *c, struct fe_flow *flow,
		    const sip_msg *request)
{
	for (guint i = 0; i < G_N_ELEMENTS(im_methods); i++)
		if (g_str_equal(sip_method(request), im_methods[i].method)) {
			im_methods[i].handle(m, c->id, chat_of_conference(m, c), flow, request);
			return;
		}
	im_answer(m, flow, request, 405);
}

void im_mcu_user_gone(im_mcu *m, const char *user)
{
	GHashTableIter i;
	gpointer value;

	g_hash_table_iter_init(&i, m->conferences);
	while (g_hash_table_iter_next(&i, NULL, &value)) {
		const struct chat_conference *r = value;

		for (guint k = r->participants->len; k > 0; k--) {
			const struct im_participant *p = g_ptr_array_index(r->participants, k - 1);

			if (g_str_equal(p->dialog->user, user))
				remove_participant_at(m, r, k - 1);
		}
	}
}

void im_mcu_conference_ended(im_mcu *m, const struct conference *c)
{
	const struct chat_conference *r = g_hash_table_lookup(m->conferences, c->id);

	if (!r)
		return;
	m->participants -= r->participants->len;
	g_hash_table_remove(m->conferences, c->id);
}
