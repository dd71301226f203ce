/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/cdr.h"

#include "common/call_sdp.h"
#include "common/wire/pack.h"

struct cdr_session {
	char *key, *user; /* user: the caller */
	char *call, *from, *to;
	guint64 number; /* later ones have higher ones */
	const char *kind;
	int status;
	gint64 established_us; /* 0: not yet */
};

struct cdr {
	cdr_func record;
	gpointer user_data;
	GHashTable *sessions; /* Call-ID and initiator's tag -> struct cdr_session */
	GHashTable *counts;   /* caller -> number of sessions */
	guint64 begun;
};

static const struct object_shape cdr_session_shape =
	OBJECT_SHAPE(cdr_session, NULL, OWNS_TEXT(cdr_session, key), OWNS_TEXT(cdr_session, user),
		     OWNS_TEXT(cdr_session, call), OWNS_TEXT(cdr_session, from),
		     OWNS_TEXT(cdr_session, to));

cdr *cdr_new(cdr_func record, gpointer user_data)
{
	cdr *c = g_new0(cdr, 1);

	c->record = record;
	c->user_data = user_data;
	c->sessions = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, object_free);
	c->counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return c;
}

guint cdr_open_sessions(const cdr *c)
{
	return g_hash_table_size(c->sessions);
}

/* "CALL-ID TAG": the key of the session of a message whose initiator has this tag.  The caller
 * frees. */
static char *session_key(const sip_msg *m, const char *initiator_tag)
{
	return g_strdup_printf("%s %s", sip_call_id(m), initiator_tag ? initiator_tag : "");
}

/* The kind by the media of the INVITE's offer: the first of video, audio, message that is in it. */
static const char *media_kind(const sip_msg *invite)
{
	static const struct {
		const char *media, *kind;
	} kinds[] = {{"video", "video"}, {"audio", "audio"}, {"message", "im"}};
	g_autoptr(call_sdp) sdp = call_sdp_of(invite);

	for (guint k = 0; sdp && k < G_N_ELEMENTS(kinds); k++)
		ptr_array_foreach(const struct call_sdp_media, m, sdp->media)
			if (g_strcmp0(m->kind, kinds[k].media) == 0)
				return kinds[k].kind;
	return "unknown";
}

/* The kind of a session, as records have it: by the conference in the URI, else by the media. */
static const char *session_kind(const sip_msg *invite)
{
	g_autofree char *opaque = sip_param(sip_uri(invite), "opaque");

	if (opaque && g_str_has_prefix(opaque, "app:conf:chat:"))
		return "im-conference";
	if (opaque && g_str_has_prefix(opaque, "app:conf:audio-video:"))
		return "av-conference";
	return media_kind(invite);
}

/* Passes the record of a session to the callback.  `last`: the message that ended it, or NULL. */
static void report_session(cdr *c, const struct cdr_session *s, const sip_msg *last, gint64 now_us)
{
	gint64 duration_us = s->established_us ? now_us - s->established_us : 0;

	c->record(event_pack("{s:s, s:s, s:s, s:s, s:i, s:s?, s:I}", "call", s->call, "from",
			     s->from, "to", s->to, "kind", s->kind, "status", s->status,
			     "diagnostics", last ? sip_header(last, "ms-client-diagnostics") : NULL,
			     "duration_ms", (json_int_t)(duration_us / 1000)),
		  c->user_data);
}

static guint count_of(const cdr *c, const char *user)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(c->counts, user));
}

/* Reports and removes the session of that key, which there must be. */
static void end_session(cdr *c, const char *key, const sip_msg *last, gint64 now_us)
{
	const struct cdr_session *s = g_hash_table_lookup(c->sessions, key);
	guint count = count_of(c, s->user) - 1;

	report_session(c, s, last, now_us);
	if (count)
		g_hash_table_replace(c->counts, g_strdup(s->user), GUINT_TO_POINTER(count));
	else
		g_hash_table_remove(c->counts, s->user);
	g_hash_table_remove(c->sessions, key);
}

/* Ends the oldest session of a caller (NULL: of all). */
static void end_oldest(cdr *c, const char *user, gint64 now_us)
{
	const struct cdr_session *oldest = NULL;
	GHashTableIter i;
	gpointer value;

	g_hash_table_iter_init(&i, c->sessions);
	while (g_hash_table_iter_next(&i, NULL, &value)) {
		const struct cdr_session *s = value;

		if ((!user || g_str_equal(s->user, user)) &&
		    (!oldest || s->number < oldest->number))
			oldest = s;
	}
	if (oldest)
		end_session(c, oldest->key, NULL, now_us);
}

static void begin_session(cdr *c, const sip_msg *invite, gint64 now_us)
{
	g_autofree char *key = session_key(invite, sip_from_tag(invite));
	g_autofree char *user = sip_uri_user(sip_from_uri(invite));
	struct cdr_session *s;

	if (!user || g_hash_table_contains(c->sessions, key))
		return;
	if (count_of(c, user) >= CDR_SESSIONS_OF_USER)
		end_oldest(c, user, now_us);
	if (g_hash_table_size(c->sessions) >= CDR_SESSIONS_OF_ALL)
		end_oldest(c, NULL, now_us);
	g_hash_table_replace(c->counts, g_strdup(user), GUINT_TO_POINTER(count_of(c, user) + 1));
	s = object_new(&cdr_session_shape);
	s->key = g_steal_pointer(&key);
	s->user = g_steal_pointer(&user);
	s->number = c->begun++;
	s->call = g_strdup(sip_call_id(invite));
	s->from = g_strdup(sip_from_uri(invite));
	s->to = g_strdup(sip_to_uri(invite));
	s->kind = session_kind(invite);
	g_hash_table_insert(c->sessions, s->key, s);
}

/* Whether a request comes from one of the two users of a session. */
static bool is_of_user(const struct cdr_session *s, const sip_msg *request)
{
	g_autofree char *sender = sip_uri_user(sip_from_uri(request));
	g_autofree char *from = sip_uri_user(s->from), *to = sip_uri_user(s->to);

	return sender && (g_strcmp0(sender, from) == 0 || g_strcmp0(sender, to) == 0);
}

/* The key of the session of a request in a dialog; either end may send it, so the initiator's tag
 * is in From or in To.  The caller frees.  NULL: there is none. */
static char *find_session(const cdr *c, const sip_msg *request)
{
	const char *const tags[] = {sip_from_tag(request), sip_to_tag(request)};

	for (gsize i = 0; i < G_N_ELEMENTS(tags); i++) {
		g_autofree char *key = session_key(request, tags[i]);
		const struct cdr_session *s = g_hash_table_lookup(c->sessions, key);

		if (s && is_of_user(s, request))
			return g_steal_pointer(&key);
	}
	return NULL;
}

bool cdr_has_session(const cdr *c, const sip_msg *request)
{
	g_autofree char *key = find_session(c, request);

	return key;
}

static void end_by_bye(cdr *c, const sip_msg *bye, gint64 now_us)
{
	g_autofree char *key = find_session(c, bye);

	if (key)
		end_session(c, key, bye, now_us);
}

/* Takes the first final response to an INVITE: a success begins the call, a failure ends the
 * session. */
static void observe_response(cdr *c, const sip_msg *response, gint64 now_us)
{
	g_autofree char *key = session_key(response, sip_from_tag(response));
	struct cdr_session *s = g_hash_table_lookup(c->sessions, key);

	if (!s || s->established_us || sip_status(response) < 200)
		return;
	s->status = sip_status(response);
	if (s->status < 300)
		s->established_us = now_us;
	else
		end_session(c, key, response, now_us);
}

void cdr_observe(cdr *c, const sip_msg *m, gint64 now_us)
{
	const char *method = sip_method(m);

	if (!sip_is_request(m) && g_str_equal(method, "INVITE"))
		observe_response(c, m, now_us);
	else if (!sip_is_request(m))
		return;
	else if (g_str_equal(method, "INVITE") && !sip_to_tag(m))
		begin_session(c, m, now_us);
	else if (g_str_equal(method, "BYE"))
		end_by_bye(c, m, now_us);
}

void cdr_free(cdr *c, gint64 now_us)
{
	GHashTableIter i;
	gpointer value;

	if (!c)
		return;
	g_hash_table_iter_init(&i, c->sessions);
	while (g_hash_table_iter_next(&i, NULL, &value))
		report_session(c, value, NULL, now_us);
	g_hash_table_unref(c->sessions);
	g_hash_table_unref(c->counts);
	g_free(c);
}
