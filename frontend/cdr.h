/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Call detail records, one for each session, made from the SIP messages.
 *
 * A session begins with an INVITE without To tag.  It ends with a final response that is a failure,
 * with BYE, or with the Front End.  The caller passes every accepted request and every message that
 * is sent; repeated ones are ignored.  No I/O; time is a parameter.
 */
#ifndef FRONTEND_CDR_H
#define FRONTEND_CDR_H

#include "common/sip.h"

#include <jansson.h>

/* Of sessions that have not ended, of one caller and of all: the oldest gets its record when there
 * is another one. */
#define CDR_SESSIONS_OF_USER 256u
#define CDR_SESSIONS_OF_ALL 8192u

typedef struct cdr cdr;

/* Receives a record, which the callee owns: { "call", "from", "to", "kind", "status",
 * "diagnostics", "duration_ms" }.  kind: "im", "audio", "video", "im-conference", "av-conference"
 * or "unknown"; status: of the final response to the INVITE (0: none); diagnostics:
 * ms-client-diagnostics or null; duration: from the 200 to the end. */
typedef void (*cdr_func)(json_t *record, gpointer user_data);

/* `record` is called from cdr_observe and cdr_free.  For cdr_free. */
cdr *cdr_new(cdr_func record, gpointer user_data);
/* Frees it; open sessions get their records first.  Accepts NULL. */
void cdr_free(cdr *c, gint64 now_us);
/* Begins, continues or ends the session of a message, which is borrowed; ignores messages of
 * none. */
void cdr_observe(cdr *c, const sip_msg *m, gint64 now_us);
guint cdr_open_sessions(const cdr *c);
/* Whether there is a session of a request in a dialog, by Call-ID and tags, and the sender is one
 * of its two users. */
bool cdr_has_session(const cdr *c, const sip_msg *request);

#endif
