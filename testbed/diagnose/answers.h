/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers: what a relay refused that sends no events, read from its packets.
 *
 * The built-in A/V Edge reports each refusal.  coturn only answers the client, and that answer is
 * in the capture.  Here it becomes the event that the built-in one would send: auth-failed,
 * relay-refused or denied.
 *
 * Depends on scope, observation, foreign_words, model and base.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_ANSWERS_H
#define TESTBED_DIAGNOSE_ANSWERS_H

#include "testbed/packets/observation.h"

/* The events for what relays of other engines answered the call's participants over UDP,
 * during the call: struct heard, which the caller frees with the array.  Empty where no
 * packets were kept. */
GPtrArray *answers_told(const model *m, const struct cell *c, const struct observation *seen);

#endif
