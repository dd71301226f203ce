/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cause untranslated: packets with a private source that leave a network without NAT.
 *
 * What becomes of them is only the consequence: a provider drops them, or nobody knows a way for
 * the answers.  Depends on finding, evidence, walk and model.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_CAUSE_UNTRANSLATED_H
#define TESTBED_DIAGNOSE_CAUSE_UNTRANSLATED_H

#include "testbed/diagnose/evidence.h"
#include "testbed/diagnose/finding.h"

/* Whether the question left a router by an interface to a network of public addresses (or of a
 * provider's own) with a source that the next router can't know. */
bool cause_is_untranslated(const struct evidence *e, const walk *question);
/* The same; then the finding is filled in. */
bool cause_untranslated(const struct evidence *e, struct finding *f, const walk *question);

#endif
