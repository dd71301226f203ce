/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers: what a relay that tells nothing itself refused, read off its packets.
 *
 * The built-in A/V Edge tells of each refusal; coturn only answers the client, and that answer is
 * in the capture.  It becomes the event that the built-in one tells: auth-failed, relay-refused,
 * denied. Depends on scope, observe, model and base.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_ANSWERS_H
#define TESTBED_DIAGNOSE_ANSWERS_H

#include "testbed/packets/observation.h"

/* What relays of other engines answered to the call's participants over UDP while it went on:
 * struct heard, which the caller frees with the array; empty where no packets were kept. */
GPtrArray *answers_told(const model *m, const struct cell *c, const struct observation *seen);

#endif
