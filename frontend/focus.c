/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/focus.h"

#include "frontend/c3p.h"

#include <string.h>

#define IDLE_US ((gint64)3600 * G_USEC_PER_SEC)
#define RETRY_AFTER_S "60"

struct focus {
	GHashTable *conferences; /* id -> struct conference */
	focus_ended_func ended;
	focus_empty_func is_empty;
	gpointer user_data;
};

static const struct {
	const char *prefix;
	enum conference_kind kind;
} uri_parts[] = {
	{"app:conf:focus:id:", CONFERENCE_FOCUS},
	{"app:conf:chat:id:", CONFERENCE_CHAT},
	{"app:conf:audio-video:id:", CONFERENCE_AV},
};

static const struct object_shape conference_shape =
	OBJECT_SHAPE(conference, NULL, OWNS_TEXT(conference, id), OWNS_TEXT(conference, organiser),
		     OWNS_TEXT(conference, focus_uri));

static const struct object_shape focus_shape =
	OBJECT_SHAPE(focus, NULL, OWNS_TABLE(focus, conferences));

focus *focus_new(focus_ended_func ended, focus_empty_func is_empty, gpointer user_data)
{
	focus *f = object_new(&focus_shape);

	f->ended = ended;
	f->is_empty = is_empty;
	f->user_data = user_data;
	f->conferences = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, object_free);
	return f;
}

guint focus_count(const focus *f)
{
	return g_hash_table_size(f->conferences);
}

/* Ends and removes the conferences that have been idle for IDLE_US. */
static void end_idle(focus *f, gint64 now_us)
{
	GHashTableIter i;
	gpointer value;

	g_hash_table_iter_init(&i, f->conferences);
	while (g_hash_table_iter_next(&i, NULL, &value)) {
		const struct conference *c = value;

		if (now_us - c->idle_since_us < IDLE_US)
			continue;
		if (f->ended)
			f->ended(c, f->user_data);
		g_hash_table_iter_remove(&i);
	}
}

/* How many conferences a user (NULL: all) has; *ret_oldest: of the empty ones that which is idle
 * for longest, NULL: none is empty. */
static guint count_conferences(const focus *f, const char *user, struct conference **ret_oldest)
{
	GHashTableIter i;
	gpointer value;
	guint n = 0;

	*ret_oldest = NULL;
	g_hash_table_iter_init(&i, f->conferences);
	while (g_hash_table_iter_next(&i, NULL, &value)) {
		struct conference *c = value;

		if (user && !g_str_equal(c->organiser, user))
			continue;
		n++;
		if ((!*ret_oldest || c->idle_since_us < (*ret_oldest)->idle_since_us) &&
		    (!f->is_empty || f->is_empty(c, f->user_data)))
			*ret_oldest = c;
	}
	return n;
}

/* Ends an old conference of a user (NULL: of anybody) when there are `limit`; false: all are in
 * use. */
static bool make_room(focus *f, const char *user, guint limit)
{
	struct conference *oldest;

	if (count_conferences(f, user, &oldest) < limit)
		return true;
	if (!oldest)
		return false;
	if (f->ended)
		f->ended(oldest, f->user_data);
	g_hash_table_remove(f->conferences, oldest->id);
	return true;
}

/* 0, or the status for an organiser who can't have another conference. */
static int refuse_another(focus *f, const char *organiser)
{
	if (!make_room(f, organiser, FOCUS_CONFERENCES_OF_USER))
		return 403;
	if (g_hash_table_size(f->conferences) < FOCUS_CONFERENCES_OF_ALL)
		return 0;
	return make_room(f, NULL, FOCUS_CONFERENCES_OF_ALL) ? 0 : 503;
}

static const struct conference *add_conference(focus *f, const char *organiser, const char *id,
					       gint64 now_us)
{
	struct conference *c = object_new(&conference_shape);

	c->id = g_strdup(id);
	c->organiser = g_strdup(organiser);
	c->focus_uri = g_strdup_printf("sip:%s;gruu;opaque=app:conf:focus:id:%s", organiser, id);
	c->idle_since_us = now_us;
	g_hash_table_insert(f->conferences, c->id, c);
	return c;
}

/* Reads an addConference request.  Returns 0, and *ret for fe_c3p_clear, or the status that refuses
 * it. */
static int read_add_request(const sip_msg *request, struct c3p_request *ret)
{
	gsize length = 0;
	const char *body = sip_body(request, &length);
	g_autofree char *organiser = sip_uri_user(sip_uri(request));
	g_autofree char *sender = sip_uri_user(sip_from_uri(request));

	if (!g_str_equal(sip_method(request), "SERVICE"))
		return 405;
	if (g_strcmp0(organiser, sender) != 0)
		return 403;
	if (!body || g_strcmp0(sip_content_type(request), C3P_TYPE) != 0)
		return 415;
	return fe_c3p_parse(body, length, ret) ? 0 : 400;
}

sip_msg *focus_service(focus *f, const sip_msg *request, gint64 now_us,
		       const struct conference **ret_new)
{
	g_autofree char *organiser = sip_uri_user(sip_uri(request));
	g_autofree char *tag = sip_new_tag();
	g_autofree char *body = NULL;
	struct c3p_request asked = {0};
	int status = read_add_request(request, &asked);
	const struct conference *c;
	sip_msg *answer;

	if (ret_new)
		*ret_new = NULL;
	if (status)
		return sip_response_new(request, status, NULL, tag);
	end_idle(f, now_us);
	c = g_hash_table_lookup(f->conferences, asked.conference_id);
	status = c ? 0 : refuse_another(f, organiser);
	if (status) {
		fe_c3p_clear(&asked);
		answer = sip_response_new(request, status, "Too Many Conferences", tag);
		sip_add_header(answer, "Retry-After", RETRY_AFTER_S);
		return answer;
	}
	if (!c) {
		c = add_conference(f, organiser, asked.conference_id, now_us);
		if (ret_new)
			*ret_new = c;
	}
	/* The organiser can repeat the request and gets the same URI. */
	body = g_str_equal(c->organiser, organiser) ?
		       fe_c3p_success(asked.request_id, c->focus_uri) :
		       fe_c3p_failure(asked.request_id, "conferenceExistsAlready");
	answer = sip_response_new(request, 200, "OK", tag);
	sip_set_body(answer, C3P_TYPE, body, -1);
	fe_c3p_clear(&asked);
	return answer;
}

const struct conference *focus_find(focus *f, const char *uri, gint64 now_us,
				    enum conference_kind *ret_kind)
{
	g_autofree char *organiser = sip_uri_user(uri);
	g_autofree char *opaque = sip_param(uri, "opaque");

	*ret_kind = CONFERENCE_UNKNOWN;
	for (guint i = 0; opaque && i < G_N_ELEMENTS(uri_parts); i++) {
		struct conference *c;

		if (!g_str_has_prefix(opaque, uri_parts[i].prefix))
			continue;
		c = g_hash_table_lookup(f->conferences, opaque + strlen(uri_parts[i].prefix));
		if (!c || g_strcmp0(c->organiser, organiser) != 0)
			return NULL;
		c->idle_since_us = now_us;
		*ret_kind = uri_parts[i].kind;
		return c;
	}
	return NULL;
}
