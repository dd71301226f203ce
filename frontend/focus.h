/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The focus factory: makes conferences and finds them by their URIs.
 *
 * The focus URI is sip:ORGANISER;gruu;opaque=app:conf:focus:id:ID; the URIs of MCUs have their kind
 * in place of "focus".  A conference ends when no request for it has come for an hour.  When a
 * user, or all, have as many as may be, the one that is idle for longest and empty makes room for a
 * new one. Pure: time is a parameter.
 */
#ifndef FRONTEND_FOCUS_H
#define FRONTEND_FOCUS_H

#include "common/base/object.h"
#include "common/sip.h"

#define FOCUS_CONFERENCES_OF_USER 64u
#define FOCUS_CONFERENCES_OF_ALL 4096u

/* What a URI of a conference names: the conference itself, its IM MCU, or its A/V MCU. */
enum conference_kind { CONFERENCE_FOCUS, CONFERENCE_CHAT, CONFERENCE_AV, CONFERENCE_UNKNOWN };

struct conference {
	char *id;
	char *organiser; /* "dc1@contoso.com" */
	char *focus_uri;
	gint64 idle_since_us; /* monotonic time of the last request for it */
};

typedef struct focus focus;

/* `ended` (may be NULL) is called when a conference ends, `is_empty` (NULL: all are) to ask whether
 * nobody takes part in one; arguments are borrowed. object_free accepts NULL and calls nothing. */
typedef void (*focus_ended_func)(const struct conference *c, gpointer user_data);
typedef bool (*focus_empty_func)(const struct conference *c, gpointer user_data);
focus *focus_new(focus_ended_func ended, focus_empty_func is_empty, gpointer user_data);
guint focus_count(const focus *f); /* conferences that have not ended */

/* Makes the conference that a SERVICE addConference asks for, unless it exists, and returns the
 * response, which the caller unrefs: 200 with a C3P document (failure when another user has this
 * id), 403 when the sender is not the organiser in the URI, or has too many that are not empty, 503
 * when all have, else 400, 405 or 415.  Conferences that
 * were idle for an hour are ended first.  *ret_new (may be NULL) is the conference if it is new,
 * borrowed, else NULL. */
sip_msg *focus_service(focus *f, const sip_msg *request, gint64 now_us,
		       const struct conference **ret_new);

/* The conference that `uri` names, borrowed, and which part of it; it is not idle at `now_us`.
 * NULL, with CONFERENCE_UNKNOWN: there is none. */
const struct conference *focus_find(focus *f, const char *uri, gint64 now_us,
				    enum conference_kind *ret_kind);

#endif
