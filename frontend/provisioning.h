/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In-band provisioning: the document a client subscribes to at sign-in (docs/PROTOCOL.md).  Pure.
 */
#ifndef FRONTEND_PROVISIONING_H
#define FRONTEND_PROVISIONING_H

#include "common/sip.h"

#define PROVISIONING_EVENT "vnd-microsoft-provisioning-v2"
#define PROVISIONING_TYPE "application/vnd-microsoft-roaming-provisioning-v2+xml"

/* The response to a SUBSCRIBE: 200 with the document for `user` ("dc1@contoso.com") as its
 * piggybacked first notify, or 489 for another event package; the caller unrefs.  `edge` NULL: no
 * mrasUri. */
sip_msg *fe_provisioning_answer(const sip_msg *subscribe, const char *user, const char *edge);

#endif
