/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cause state: firewalls that let an answer pass only by the session of its question, and never saw
 * the question.
 *
 * Depends on evidence, finding, walk and model.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_CAUSE_STATE_H
#define TESTBED_DIAGNOSE_CAUSE_STATE_H

#include "testbed/diagnose/evidence.h"
#include "testbed/diagnose/finding.h"

/* Turns a finding that a firewall drops `answer` into FW_NO_STATE, when `question` arrived without
 * passing that firewall, and says true.  Not when the firewall's own table has a session of the
 * call for it. */
bool cause_no_state(const struct evidence *e, struct finding *f, const walk *question,
		    const walk *answer);
/* Turns a finding that a provider's node drops `answer` into RETURN_WRONG_EGRESS at the company's
 * own node that sent it to another provider than the question came from, and says true. Providers
 * drop what has another provider's address as source (RFC 2827). */
bool cause_answer_strays(const struct evidence *e, struct finding *f, const walk *question,
			 const walk *answer);

#endif
