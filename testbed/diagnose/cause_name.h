/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cause name: which name server is asked, what it knows, and what others would answer.
 *
 * Depends on service, evidence, finding and model.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_CAUSE_NAME_H
#define TESTBED_DIAGNOSE_CAUSE_NAME_H

#include "testbed/diagnose/evidence.h"
#include "testbed/diagnose/finding.h"

/* Why `name` does not resolve at node `from`.  `question` is the client's event "dns"; NULL: not
 * known, as from servers, which only say that it did not. */
bool cause_by_name(const struct evidence *e, struct finding *f, const char *from, const char *name,
		   const json_t *question);
/* Whether the name server that an end asks is one for the inside: it knows a Front End or an Edge's
 * internal name. */
bool cause_is_inside(const model *m, const char *end);
/* True, with the finding filled in, when `from` was given another address for a server's name than
 * it has. */
bool cause_wrong_answer(const struct evidence *e, struct finding *f, const char *from,
			const char *name, const char *address);

#endif
