/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Focus factory: makes conferences and knows them by their URIs.
 *
 * focus URI: sip:ORGANISER;gruu;opaque=app:conf:focus:id:ID; an MCU's has its kind in place of
 * "focus". A conference lives until nobody has spoken to it for an hour.  Pure: time is a
 * parameter.
 */
#ifndef FRONTEND_FOCUS_H
#define FRONTEND_FOCUS_H

#include "common/sip.h"

enum conference_kind { CONFERENCE_FOCUS, CONFERENCE_CHAT, CONFERENCE_AV, CONFERENCE_UNKNOWN };

struct conference {
	char *id;
	char *organiser; /* "dc1@contoso.com" */
	char *focus_uri;
	gint64 idle_since_us;
};

typedef struct focus focus;

/* `ended` (may be NULL) is told when a conference is forgotten. */
typedef void (*focus_ended_func)(const struct conference *c, gpointer user_data);
focus *focus_new(focus_ended_func ended, gpointer user_data);
void focus_free(focus *f);
guint focus_count(const focus *f);

/* Answers SERVICE addConference: 200 with the C3P response (failure when another user has this id),
 * 403 when the sender is not the organiser the URI names, 400, 405, 415.  *ret_new (may be NULL) is
 * the conference when one was made, else NULL. */
sip_msg *focus_service(focus *f, const sip_msg *request, gint64 now_us,
		       const struct conference **ret_new);

/* The conference that `uri` names, and the part of it; NULL: unknown. */
const struct conference *focus_find(focus *f, const char *uri, gint64 now_us,
				    enum conference_kind *ret_kind);

#endif
