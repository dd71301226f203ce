/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions text: what connection tracking remembers of a call.
 *
 * Depends on sessions.  Pure.
 */
#ifndef TESTBED_REPORT_SESSIONS_TEXT_H
#define TESTBED_REPORT_SESSIONS_TEXT_H

#include "testbed/diagnose/sessions.h"

/* Appends the call's sessions on the nodes of the walks, a line each; nothing where the state tells
 * of none. */
void sessions_text(const struct observation *seen, const struct cell *c, const finding *f,
		   GString *out);

#endif
