/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The focus factory: makes conferences and finds them by their URIs.
 *
 * The focus URI is sip:ORGANISER;gruu;opaque=app:conf:focus:id:ID; the URIs of MCUs have their kind
 * in place of "focus".  A conference ends when no request for it has come for an hour.  Pure: time
 * is a parameter.
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

/* `ended` (may be NULL) is called when a conference ends.  focus_free accepts NULL. */
typedef void (*focus_ended_func)(const struct conference *c, gpointer user_data);
focus *focus_new(focus_ended_func ended, gpointer user_data);
void focus_free(focus *f);
guint focus_count(const focus *f);

/* The response to SERVICE addConference; the caller unrefs.  200 with a C3P document (failure when
 * another user has this id), 403 when the sender is not the organiser in the URI, 400, 405 or 415.
 * *ret_new (may be NULL) is the conference if it is new, else NULL. */
sip_msg *focus_service(focus *f, const sip_msg *request, gint64 now_us,
		       const struct conference **ret_new);

/* The conference and the part of it that `uri` names; borrowed.  NULL: unknown. */
const struct conference *focus_find(focus *f, const char *uri, gint64 now_us,
				    enum conference_kind *ret_kind);

#endif
