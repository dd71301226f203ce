/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builders for what the two ends of a call report. */
#ifndef TESTS_UNIT_SESSION_ENDS_H
#define TESTS_UNIT_SESSION_ENDS_H

#include "testbed/session/machine.h"

/* "relay/tcp 203.0.113.21:5000": type, relay transport (or nothing), place.  NULL: null. */
json_t *end_candidate_json(const char *text);
/* A call-result or conference-result.  Without `kinds` no stream; `expected` packets, of them
 * `received`. */
json_t *end_result(const char *event, const char *verdict, const char *kinds, const char *local,
		   const char *remote, int received, int expected);

struct cell *pair_cell(enum media media);	/* dc1 calls home1 */
struct cell *conference_cell(enum media media); /* dc1 with branch1 and home1 */

#endif
