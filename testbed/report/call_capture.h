/* SPDX-License-Identifier: GPL-2.0-or-later */
/* call_capture: one call's packets out of a lab's evidence, as a pcapng file for Wireshark.
 *
 * In order of time, with the keys of TLS connections and names for addresses.  A packet after which
 * nothing came has a comment that says where it was lost and why, as the call's story does.
 * Depends on story, packets, diagnose, model and base.  Pure.
 */
#ifndef TESTBED_REPORT_CALL_CAPTURE_H
#define TESTBED_REPORT_CALL_CAPTURE_H

#include "testbed/diagnose/finding.h"
#include "testbed/packets/observation.h"

/* Appends the file to `out`.  `f` as of story_new.  False: no packets were kept. */
bool call_capture(const model *m, const struct observation *seen, const struct cell *c,
		  const finding *f, GByteArray *out);

#endif
