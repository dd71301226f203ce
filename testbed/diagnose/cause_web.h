/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cause web: why a client did not find its server by the web: the name, the way to the site or the
 * reverse proxy, its certificate, what it publishes, and the proxy's own way to the Front End.
 *
 * A client that finds its server by the web alone can't sign in then.  One that goes on to SRV and
 * A records can: that is a remark about a call that works, no cause.
 * Depends on cause_connection, cause_name, service, evidence, finding and model.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_CAUSE_WEB_H
#define TESTBED_DIAGNOSE_CAUSE_WEB_H

#include "testbed/diagnose/evidence.h"
#include "testbed/diagnose/finding.h"

/* Whether it is known why the web did not lead this end, which uses nothing else, to a server that
 * it reaches; then the finding is filled in. */
bool cause_by_web(const struct evidence *e, struct finding *f, const char *end);
/* Adds to the finding of a call that works what kept its ends from their server by the web, though
 * the network has web sites. */
void cause_web_remark(const struct evidence *e, struct finding *f);

#endif
