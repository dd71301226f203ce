/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Foreign words: the only place where the words of an event are read.
 *
 * Our own agents say a code beside every reason (common/wire/reason.h).  Agents of somebody else's
 * making, relays of other engines and the events of earlier runs have words, numbers or kinds of
 * their own; here these become the same codes, so that a rule never looks at a sentence.  Depends
 * on base and common/wire.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_FOREIGN_WORDS_H
#define TESTBED_DIAGNOSE_FOREIGN_WORDS_H

#include "common/wire/reason.h"
#include "testbed/base/addr.h"

/* Why the event says that something failed: by its code, where there is one, else by its numbers
 * and words.  REASON_NONE: it does not say, or nobody knows these words. */
enum reason foreign_reason(const json_t *event);

/* Why a TURN server answered an Allocate with this status; REASON_NONE: for nothing in the table.
 */
enum reason foreign_turn_reason(json_int_t status);
/* The status of a TURN answer that the event tells of; 0: none. */
json_int_t foreign_turn_status(const json_t *event);

/* The name in the certificate that the event tells of; NULL: it does not say.  The caller frees. */
char *foreign_subject(const json_t *event);

/* The server that a failed sign-in was about, where only its words say so: "10.0.1.10:5061: why".
 * False: they do not. */
bool foreign_server(const json_t *event, struct addr *ret_address, uint16_t *ret_port);

#endif
