/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by common/sip_*.c and their tests; no other file includes it. */
#ifndef COMMON_SIP_PRIVATE_H
#define COMMON_SIP_PRIVATE_H

#include "common/sip.h"

/* Finds the length of the message that `data` begins with (RFC 3261 section 18.3).  Returns 1 and
 * *ret_total when the headers are complete, even if the body is not; 0 when they are not; -1 with
 * G_IO_ERROR_INVALID_DATA when Content-Length is missing, with G_IO_ERROR_MESSAGE_TOO_LARGE when
 * the message is longer than SIP_MESSAGE_MAX.  *scanned keeps the position between calls with more
 * data; it is 0 for a new message. */
int sip_frame(const char *data, gsize length, gsize *scanned, gsize *ret_total, GError **error);

/* The full name of a compact header form ("v" -> "Via"); other names come back as they are.
 * Borrowed. */
const char *sip_header_full_name(const char *name);

/* The first of the characters `ends` at or after `p` that is outside quotes and angle brackets, or
 * the end of the text. */
const char *sip_piece_end(const char *p, const char *ends);

/* The answer (400; 505 for another version, 513 when it is too long) to a request that
 * sip_msg_parse refused with `why`. NULL: it is an ACK or no request, or lacks the headers that an
 * answer needs.  The caller unrefs.
 */
sip_msg *sip_bad_request(const char *data, gsize length, const GError *why);

/* Adds `received`, and the value of `rport`, to the topmost Via of a request that came from `peer`
 * ("address:port"; RFC 3261 section 18.2.1, RFC 3581 section 4). */
void sip_via_received(sip_msg *request, const char *peer);

/* Branch of the topmost Via; NULL: none.  The caller frees. */
char *sip_top_branch(const sip_msg *m);

#endif
