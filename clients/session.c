/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/session.h"

#include "common/error_reason.h"

struct pending_request {
	struct client_session *session;
	session_response_func done;
};

static void session_open(struct client_session *s, struct client_core *core,
			 const struct client_session_ops *ops)
{
	s->core = core;
	s->ops = ops;
	s->refs = 1;
	g_hash_table_insert(core->sessions, s->dialog.call_id, s);
}

void session_open_caller(struct client_session *s, struct client_core *core,
			 const struct client_session_ops *ops, const char *call_id,
			 const char *remote_uri)
{
	dialog_init_caller(&s->dialog, call_id, account_uri(core->account), remote_uri,
			   account_contact(core->account));
	session_open(s, core, ops);
}

void session_open_callee(struct client_session *s, struct client_core *core,
			 const struct client_session_ops *ops, const sip_msg *invite)
{
	dialog_init_callee(&s->dialog, invite, account_contact(core->account));
	session_open(s, core, ops);
}

void session_unref(struct client_session *s)
{
	if (--s->refs > 0)
		return;
	dialog_done(&s->dialog);
	s->ops->destroy(s);
}

void session_close(struct client_session *s)
{
	if (s->closed)
		return;
	s->closed = true;
	g_hash_table_remove(s->core->sessions, s->dialog.call_id);
	session_unref(s);
}

/* Frees a pending request, and gives back its reference to the session. */
static void pending_finish(struct pending_request *p)
{
	g_hash_table_remove(p->session->core->pending, p);
	session_unref(p->session);
	g_free(p);
}

/* Passes a response on, and frees the pending request after the final one. */
static void on_session_response(sip_conn *c G_GNUC_UNUSED, sip_msg *response, const GError *error,
				gpointer data)
{
	struct pending_request *p = data;
	if (p->done)
		p->done(p->session, response, error);
	if (!response || sip_status(response) >= 200)
		pending_finish(p);
}

static gboolean on_no_connection(gpointer data)
{
	g_autoptr(GError) error = reason_error_plain(REASON_NOT_SIGNED_IN);
	on_session_response(NULL, NULL, error, data);
	return G_SOURCE_REMOVE;
}

void session_request(struct client_session *s, sip_msg *request, guint timeout_ms,
		     session_response_func done)
{
	struct pending_request *p = g_new(struct pending_request, 1);
	sip_conn *conn = account_conn(s->core->account);
	*p = (struct pending_request){.session = s, .done = done};
	s->refs++;
	g_hash_table_add(s->core->pending, p);
	if (conn)
		sip_conn_request(conn, request, timeout_ms, on_session_response, p);
	else
		g_idle_add(on_no_connection, p);
	sip_msg_unref(request);
}

static void on_bye_response(struct client_session *s, sip_msg *response,
			    const GError *error G_GNUC_UNUSED)
{
	if (!response || sip_status(response) >= 200)
		session_close(s);
}

void session_send_bye(struct client_session *s, sip_msg *bye, guint timeout_ms)
{
	session_request(s, bye, timeout_ms, on_bye_response);
}

void session_drop_pending(struct client_core *core)
{
	GHashTableIter i;
	gpointer p;
	g_hash_table_iter_init(&i, core->pending);
	while (g_hash_table_iter_next(&i, &p, NULL)) {
		struct client_session *s = ((struct pending_request *)p)->session;
		g_hash_table_iter_remove(&i);
		g_idle_remove_by_data(p);
		session_unref(s);
		g_free(p);
	}
}

void session_refuse(struct client_core *core, const sip_msg *request, int status,
		    const char *reason)
{
	g_autofree char *tag = sip_new_tag();
	g_autoptr(sip_msg) response = sip_response_new(request, status, reason, tag);
	sip_conn_send(account_conn(core->account), response);
}

void session_ack(struct client_session *s)
{
	g_autoptr(sip_msg) ack = dialog_ack(&s->dialog);
	sip_conn *conn = account_conn(s->core->account);
	if (conn)
		sip_conn_request(conn, ack, 0, NULL, NULL);
}

void session_send(struct client_session *s, sip_msg *response)
{
	sip_conn *conn = account_conn(s->core->account);
	if (conn)
		sip_conn_send(conn, response);
	sip_msg_unref(response);
}

void session_respond(struct client_session *s, const sip_msg *request, int status,
		     const char *reason)
{
	session_send(s, dialog_response(&s->dialog, request, status, reason));
}

#define TRICKLE "trickle-ice"

void session_add_supported(sip_msg *m)
{
	sip_add_header(m, "Supported", TRICKLE);
}

bool session_supports_trickle(const sip_msg *m)
{
	const char *value;
	bool found = false;
	for (guint i = 0; !found && (value = sip_header_nth(m, "Supported", i)); i++) {
		g_auto(GStrv) options = g_strsplit_set(value, ", \t", -1);
		found = g_strv_contains((const char *const *)options, TRICKLE);
	}
	return found;
}

void session_add_location(const struct client_session *s, sip_msg *m)
{
	sip_add_header(m, "ms-media-location-type",
		       account_remote_user(s->core->account) ? "Internet" : "Intranet");
}
