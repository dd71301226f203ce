/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection tracking entries ("sessions") of a call, as text.
 *
 * Depends on sessions.  Pure.
 */
#ifndef TESTBED_REPORT_SESSIONS_TEXT_H
#define TESTBED_REPORT_SESSIONS_TEXT_H

#include "testbed/diagnose/sessions.h"

#include <jansson.h>

/* Appends the call's sessions on the nodes of the walks, broken into lines of `columns` columns;
 * nothing when the state does not have sessions. */
void sessions_text(const struct observation *seen, const struct cell *c, const finding *f,
		   guint columns, GString *out);

/* The call's sessions on all nodes as a JSON array, each with its "node"; the caller owns it. */
json_t *sessions_json(const struct observation *seen, const struct cell *c);

#endif
