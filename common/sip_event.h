/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is told of a SIP message that passed by: an event `sip` of the agent protocol
 * (docs/AGENTS.md).
 *
 * SIP runs inside TLS, so no capture shows it; who holds an end of the connection can say what it
 * carried. Depends on sip and jansson.  Pure.
 */
#ifndef COMMON_SIP_EVENT_H
#define COMMON_SIP_EVENT_H

#include "common/sip.h"

#include <jansson.h>

/* Members of the event; the caller owns them.  `peer`: the other end of the connection,
 * "address:port".  `call` is the Call-ID, which is the call's name; null for REGISTER and SERVICE,
 * which are about none. NULL for INFO and its responses: they carry candidates one by one as they
 * are found, are half of all messages, and every candidate has an event of its own. */
json_t *sip_event(const sip_msg *m, const char *peer, bool sent);

#endif
