/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What common/sip_*.c share with each other and with their tests; nobody else includes it. */
#ifndef COMMON_SIP_PRIVATE_H
#define COMMON_SIP_PRIVATE_H

#include "common/sip.h"

/* How long the message is that `data` begins with (RFC 3261 section 18.3).
 * Returns 1 and its length when the headers are complete (the body need not be there yet), 0:
 * headers not complete yet, -1 with G_IO_ERROR_INVALID_DATA: no Content-Length, or longer than
 * SIP_MESSAGE_MAX.
 * `*scanned` remembers between calls with more data how far was looked; 0 for a new message. */
int sip_frame(const char *data, gsize length, gsize *scanned, gsize *ret_total, GError **error);

/* Full name of a compact header form ("v" -> "Via"); other names come back as they are. */
const char *sip_header_full_name(const char *name);

/* Where the text at `p` ends: at the first of the characters `ends` outside quotes and angle
 * brackets, or at its own end. */
const char *sip_piece_end(const char *p, const char *ends);

/* Branch of the topmost Via; NULL: none.  The caller frees. */
char *sip_top_branch(const sip_msg *m);

#endif
