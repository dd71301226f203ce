/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A SIP message as an event `sip` of the agent protocol (docs/AGENTS.md).
 *
 * SIP runs inside TLS, so no capture shows it: an end of the connection must report what it
 * carries. Depends on sip and jansson.  Pure.
 */
#ifndef COMMON_SIP_EVENT_H
#define COMMON_SIP_EVENT_H

#include "common/sip.h"

#include <jansson.h>

/* The members of an event `sip` about this message, sent or received; the caller owns them.  `peer`
 * is the other end of the connection, "address:port".  `call` in it is the Call-ID, which names the
 * call; null for REGISTER and SERVICE, which belong to no call.  Returns NULL for INFO and its
 * responses: they are half of all messages, and each candidate that they carry has an event of its
 * own.  `whole`: with the message's text. */
json_t *sip_event(const sip_msg *m, const char *peer, bool sent, bool whole);

#endif
