/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Call detail records: one a session, made from the messages that pass.
 *
 * A session begins with an INVITE without To tag and ends with its final response (failure), with
 * BYE, or when the Front End ends.  Show it every accepted request and everything that is sent:
 * what it has seen already it passes over.  No I/O; time is a parameter.
 */
#ifndef FRONTEND_CDR_H
#define FRONTEND_CDR_H

#include "common/sip.h"

#include <jansson.h>

typedef struct cdr cdr;

/* `record` is owned by the callee: { "call", "from", "to", "kind", "status", "diagnostics",
 * "duration_ms" }. kind: "im", "audio", "video", "im-conference", "av-conference" or "unknown";
 * status: the INVITE's final status (0: none came); diagnostics: text of ms-client-diagnostics or
 * null; duration from the 200 to the end. */
typedef void (*cdr_func)(json_t *record, gpointer user_data);

/* `record` is called from cdr_observe and cdr_free. */
cdr *cdr_new(cdr_func record, gpointer user_data);
/* Ends the sessions that are still open, with their records. */
void cdr_free(cdr *c, gint64 now_us);
void cdr_observe(cdr *c, const sip_msg *m, gint64 now_us);
guint cdr_open_sessions(const cdr *c);

#endif
